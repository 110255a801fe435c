"""All of an answer as plain data, which JSON can hold.

>>> from indexcalc.asking.problem import Asked, read
>>> found = sheet(read(Asked("x'*A*x", {"x": "n"}, ("x",))))
>>> found["answers"][0]["said"]["paper"]
{'text': '(A + Aᵀ)x'}
>>> [(s["name"], s["shape"], s["given"]) for s in found["symbols"]]
[('x', 'n', True), ('A', 'n n', False)]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ..errors import IndexCalcError
from ..face import Expression
from ..sizes import shape_text
from .notation import PLAIN, Manner, each
from .problem import Problem, Symbol

Data: TypeAlias = dict[str, Any]

#: The version of this form; another one means that members changed their meaning.
VERSION = 1
#: What is said of a function, and of its derivatives.
OF_VALUE = ("index", "matrix", "paper", "latex")
OF_DERIVATIVE = (
    *("index", "matrix", "paper", "vec", "slices", "map", "latex", "index-latex"),
    *("einsum", "numpy", "jax", "torch", "python"),
)


def sheet(
    problem: Problem,
    manner: Manner = PLAIN,
    of_value: Sequence[str] = OF_VALUE,
    of_derivative: Sequence[str] = OF_DERIVATIVE,
    mixed: bool = False,
) -> Data:
    """The problem as it was read, and its derivative by each variable in every
    notation: a text each, or the reason why there is none. `mixed` takes the variables
    one after another for a single derivative."""
    wanted = problem.wanted() if problem.order else ()
    groups = [wanted] if mixed and wanted else [(name,) for name in wanted]
    return {
        "version": VERSION,
        "text": problem.asked.text,
        "notation": problem.notation,
        "order": problem.order,
        "symbols": [_symbol(symbol) for symbol in problem.symbols],
        "value": value_data(problem, manner, of_value),
        "answers": [
            answer_data(problem, ", ".join(group), manner, of_derivative, group)
            for group in groups
        ],
    }


def value_data(problem: Problem, manner: Manner, names: Sequence[str]) -> Data:
    """What is said of the function itself."""
    lowered = problem.expression.lowered()
    return {
        **_said(problem.expression, names, manner),
        "lowered": str(lowered),
        "contractions": list(map(str, lowered.contractions)),
    }


def answer_data(
    problem: Problem,
    variable: str,
    manner: Manner,
    names: Sequence[str],
    by: Sequence[str] = (),
) -> Data:
    """What is said of the derivative by one variable, or by several, which `variable`
    then names together."""
    found = problem.derivative(*(by or (variable,)))
    return {"variable": variable, "axes": found.axes(), **_said(found, names, manner)}


def _said(e: Expression, names: Sequence[str], manner: Manner) -> Data:
    said = each(e, names, manner)
    return {
        "shape": shape_text(e.shape),
        "said": said,
        "assumptions": list(e.assumptions),
    }


def _symbol(symbol: Symbol) -> Data:
    return {
        "name": symbol.name,
        "shape": symbol.declaration,
        "kind": symbol.kind,
        "given": symbol.given,
    }


def error_data(error: IndexCalcError) -> Data:
    """A refusal as data: the sentence, the way out, and the place in which text."""
    return {
        "version": VERSION,
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "text": error.text,
        "position": error.position,
    }
