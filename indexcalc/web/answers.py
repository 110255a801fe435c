"""What the page is answered: a request as plain data, an answer as plain data.

The one way in, for the server's processes and for a browser that runs the package by
itself. A bad request is answered too: by the error as data.

>>> found = answer({"kind": "sheet", "text": "x'*A*x", "by": "x"})
>>> found["derivative"]["matrix"]["text"], found["variables"]
('(A + Aᵀ)x', ['x', 'A'])
>>> answer({"kind": "sheet", "text": "x'*"})["error"]
'ParseError'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ..asking.notation import notation_named
from ..asking.notation import said as said_in
from ..asking.problem import Problem, Symbol, read
from ..asking.sheet import error_data
from ..asking.verification import verify
from ..errors import BudgetError, IndexCalcError, InternalError, UnsupportedError
from ..face import Expression
from ..pictures import Diagram
from ..ways_in import check
from .derivations import film_data, steps_data
from .drawings import drawing
from .formulas import (
    Data,
    axes_words,
    index_of,
    left_side,
    map_of,
    matrix_of,
    name_of,
    or_reason,
    over_vec,
    shape_words,
    slices_of,
)
from .requests import Request, asked

#: The version of answers; another one means that members changed their meaning.
VERSION = 1
#: What a problem is differentiated by, where nobody says: the first of these it has.
USUAL = ("x", "X", "w", "W", "θ", "theta", "β", "beta", "z", "y")
#: The notations to copy, in the order of their tabs.
COPIED = (
    *("einsum", "numpy", "jax", "torch", "julia", "matlab", "eigen"),
    *("latex", "index-latex", "sympy", "python"),
)


def answer(request: object) -> Data:
    """The answer to a request; to one that cannot be answered, the reason as data."""
    try:
        wanted = asked(request)
        problem = _chosen(read(wanted.question()), wanted)
        found = _ANSWERS[wanted.kind](problem, wanted)
        return {"version": VERSION, "kind": wanted.kind, **found}
    except IndexCalcError as error:
        return error_data(error)
    except (RecursionError, MemoryError):
        return error_data(BudgetError("this expression is too large for the page"))
    except Exception as error:  # whatever it is, the page is told
        return _unexpected(error)


def _unexpected(error: Exception) -> Data:
    said = str(error if isinstance(error, InternalError) else InternalError("it broke"))
    told = error_data(IndexCalcError(f"{type(error).__name__}: {said}"))
    return {**told, "error": "InternalError"}


def _chosen(problem: Problem, wanted: Request) -> Problem:
    """The problem with the variables to differentiate by: those asked for that it has,
    those that its text says, or the usual one; none where it is not differentiated."""
    has = problem.variables
    usual = [name for name in (*problem.by[:1], *USUAL, *has) if name in has]
    first = wanted.by if wanted.by in has else "".join(usual[:1])
    if not first or not problem.order:
        return replace(problem, by=(), order=0)
    second = wanted.then if wanted.then in has else first
    return replace(problem, by=(first, second)[: problem.order])


def differentiated(problem: Problem) -> Expression:
    """The derivative that is asked for; the function itself at order 0."""
    if len(set(problem.by)) == 2:
        return problem.derivative(*problem.by)
    return problem.derivative(*problem.by[:1], order=problem.order)


# -- the sheet -------------------------------------------------------------------------


def _sheet(problem: Problem, wanted: Request) -> Data:
    function = problem.expression
    name = name_of(function)
    return {
        "text": wanted.text,
        "notation": problem.notation,
        "order": problem.order,
        "by": "".join(problem.by[:1]),
        "then": "".join(problem.by[1:2]),
        "missing": [n for n in (wanted.by, wanted.then) if n and n not in problem.by],
        "symbols": [_symbol(symbol) for symbol in problem.symbols],
        "variables": list(problem.variables),
        "value": {"left": left_side(name, ()), **_said(function, name)},
        "derivative": _derivative(problem, wanted, name) if problem.order else None,
    }


def _symbol(symbol: Symbol) -> Data:
    return {
        "name": symbol.name,
        "sizes": symbol.declaration.partition(" : ")[0],
        "structure": symbol.structure,
        "order": len(symbol.shape),
    }


def _said(e: Expression, name: str) -> Data:
    return {
        "matrix": matrix_of(e),
        "index": index_of(e, name),
        "shape": shape_words(e),
        "ndim": e.ndim,
        "assumptions": list(e.assumptions),
    }


def _derivative(problem: Problem, wanted: Request, name: str) -> Data:
    found = differentiated(problem)
    return {
        "left": left_side(name, problem.by),
        **_said(found, name),
        "axes": axes_words(found),
        "vec": over_vec(found, wanted.layout, wanted.vec),
        "map": map_of(found),
        "slices": slices_of(found, name) if found.ndim > 2 else [],
    }


# -- what the tabs show ----------------------------------------------------------------


def _code(problem: Problem, wanted: Request) -> Data:
    found = differentiated(problem)
    return {"programs": [_program(found, name) for name in COPIED]}


def _program(e: Expression, name: str) -> Data:
    title = notation_named(name).title
    return {
        "name": name,
        "title": title,
        **or_reason(lambda: {"text": said_in(e, name)}),
    }


def _diagram(problem: Problem, wanted: Request) -> Data:
    e = problem.expression
    drawn: list[tuple[str, str, Callable[[], Diagram]]] = [
        ("written", "as it was written", partial(e.diagram, fuse=False)),
        ("function", "the function", e.diagram),
    ]
    if problem.order:
        before = problem.derivative(problem.by[0], order=problem.order - 1)
        last = problem.by[-1]
        drawn += [
            ("before", "the derivative, not worked out", partial(before.diagram, last)),
            ("derivative", "the derivative", differentiated(problem).diagram),
        ]
    return {"pictures": [_picture(k, *row) for k, row in enumerate(drawn)]}


def _picture(number: int, name: str, title: str, draw: Callable[[], Diagram]) -> Data:
    found = or_reason(lambda: drawing(draw(), number))
    return {"name": name, "title": title, **found}


def _steps(problem: Problem, wanted: Request) -> Data:
    _require_order(problem)
    return steps_data(*_last_of(problem), method=wanted.method)


def _film(problem: Problem, wanted: Request) -> Data:
    _require_order(problem)
    return film_data(*_last_of(problem))


def _last_of(problem: Problem) -> tuple[Expression, str, int]:
    """What is derived, by what, how often: of a mixed derivative the last step."""
    if len(set(problem.by)) == 2:
        return problem.derivative(problem.by[0], order=1), problem.by[1], 1
    return problem.expression, problem.by[0], problem.order


def _check(problem: Problem, wanted: Request) -> Data:
    _require_order(problem)
    verdict = check(
        problem.expression,
        list(problem.by) if len(set(problem.by)) == 2 else problem.by[0],
        wanted.answer,
        order=problem.order,
        shapes=problem.shapes,
    )
    return {
        "right": bool(verdict),
        "verdict": verdict.kind,
        "text": str(verdict),
        "expected": matrix_of(verdict.expected),
    }


def _verify(problem: Problem, wanted: Request) -> Data:
    _require_order(problem)
    if len(set(problem.by)) == 2:
        raise UnsupportedError(
            "a mixed derivative is not compared with differences here",
            hint="choose one variable twice",
        )
    found = verify(problem, problem.by[0], wanted.seed)
    return {
        "right": found.right,
        "text": str(found),
        "error_size": found.error,
        "sizes": found.sizes,
        "arrays": [_array(name, array) for name, array in found.arrays.items()],
        "value": _array("", found.value),
        "derivative": _array("", found.derivative),
    }


def _array(name: str, array: object) -> Data:
    values = np.asarray(array)
    text = np.array2string(
        values, precision=4, suppress_small=True, threshold=200, max_line_width=72
    )
    return {"name": name, "shape": list(values.shape), "text": text}


def _require_order(problem: Problem) -> None:
    if not problem.order:
        raise UnsupportedError(
            "nothing is differentiated", hint="choose a variable and the order 1 or 2"
        )


_ANSWERS: dict[str, Callable[[Problem, Request], Data]] = {
    "sheet": _sheet,
    "code": _code,
    "diagram": _diagram,
    "steps": _steps,
    "film": _film,
    "check": _check,
    "verify": _verify,
}
