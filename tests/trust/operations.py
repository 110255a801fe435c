"""Everything that a user can do with an expression, as a table of small functions.

`OPERATIONS` names them; each takes a `Subject`, an expression with the variable to
differentiate by, and does one thing to the end: what is lazy is asked for.
"""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import indexcalc as ic

SIZE = 2


@dataclass(slots=True)
class Subject:
    """An expression, the name of a variable in it, and the sum of its entries."""

    e: Any
    by: str

    @property
    def scalar(self) -> Any:
        """The expression itself, or the sum of its entries."""
        return np.sum(self.e) if self.e.ndim else self.e

    def arrays(self) -> dict[str, Any]:
        """Values of the variables, a little below one."""
        rng = np.random.default_rng(0)
        return {name: array_for(leaf, rng) for name, leaf in self.e.variables.items()}


def array_for(leaf: Any, rng: np.random.Generator) -> Any:
    """An array for a variable, every size two; symmetric where that is declared."""
    shape = [n if isinstance(n, int) else SIZE for n in leaf.shape]
    array = rng.uniform(0.3, 0.7, shape)
    return array + array.T if leaf.written.structure == "symmetric" else array


def _rebuilt(s: Subject) -> None:
    found = eval(repr(s.e), {"ic": ic})
    assert found == s.e


def _pickled(s: Subject) -> None:
    assert pickle.loads(pickle.dumps(s.e)) == s.e


def _let_go(s: Subject) -> None:
    s.e.node  # noqa: B018
    s.e = None
    gc.collect()


def _renamed(s: Subject) -> None:
    leaf = s.e.variables[s.by]
    fresh = ic.Expression(ic.expr.tensor("fresh", leaf.shape, leaf.written.structure))
    str(s.e.subs({s.by: fresh}))


def _compiled(s: Subject, **options: Any) -> None:
    f = s.e.compile(**options)
    with np.errstate(all="ignore"):
        f(s.arrays())


def _evaluated(s: Subject, **options: Any) -> None:
    with np.errstate(all="ignore"):
        s.e.evaluate(s.arrays(), **options)


def _gradient_value(s: Subject) -> None:
    with np.errstate(all="ignore"):
        s.scalar.gradient(s.by).evaluate(s.arrays())


def _checked(s: Subject) -> None:
    f = s.scalar
    ic.check(f, s.by, f.gradient(s.by))


def _drawn(s: Subject, writer: str = "svg", **options: Any) -> None:
    found = s.e.diagram(**options)
    getattr(found, writer)()


def _unlike(s: Subject) -> None:
    ic.equal(s.e, 2 * s.e)


def _alike(s: Subject) -> None:
    ic.equal(s.e + s.e, 2 * s.e)


def _json(s: Subject) -> None:
    assert ic.expression_from_json(s.e.json()) == s.e


def _each(method: str, /, *args: Any, **options: Any) -> Callable[[Subject], None]:
    """A method of the expression, its answer as text."""

    def operation(s: Subject) -> None:
        str(getattr(s.e, method)(*args, **options))

    return operation


def _by(method: str, /, **options: Any) -> Callable[[Subject], None]:
    """A method of the scalar that takes the variable, its answer as text."""

    def operation(s: Subject) -> None:
        str(getattr(s.scalar, method)(s.by, **options))

    return operation


def _jacobian(method: str) -> Callable[[Subject], None]:
    """A method of the derivative."""

    def operation(s: Subject) -> None:
        str(getattr(s.e.diff(s.by), method)())

    return operation


LANGUAGES = ("numpy", "jax", "torch", "array_api", "julia", "matlab", "eigen")
WRITERS = ("svg", "tikz", "dot", "mermaid", "text", "html", "json", "graph", "png")
METHODS = ("differential", "index", "chain", "vec")

#: Everything by its name.
OPERATIONS: dict[str, Callable[[Subject], object]] = {
    "repr": lambda s: repr(s.e),
    "build": _rebuilt,
    "str": lambda s: str(s.e),
    "index": _each("index"),
    "axes": _each("axes"),
    "lowered": _each("lowered"),
    "node": lambda s: s.e.node,
    "assumptions": lambda s: s.e.assumptions,
    "variables": lambda s: s.e.variables,
    "hash": lambda s: hash(s.e),
    "==": lambda s: s.e == s.e + 1 - 1,
    "expand": lambda s: s.e.expand(),
    "equal": _alike,
    "not equal": _unlike,
    "matrix": _each("matrix"),
    "matrix paper": _each("matrix", "paper"),
    "matrix parts": _each("matrix", parts=True),
    "why none": _each("why_no_matrix_form"),
    "latex": _each("latex"),
    "latex index": _each("latex", "index"),
    "latex einsum": _each("latex", "einsum"),
    "mathml": lambda s: s.e.matrix().mathml(),
    "bundle": lambda s: s.e._repr_mimebundle_(),
    "einsum": _each("einsum"),
    "einsum torch": _each("einsum", "torch"),
    "ledger": _each("ledger"),
    **{f"steps {m}": _by("steps", method=m) for m in METHODS},
    "steps order 2": _by("steps", order=2),
    "diff": lambda s: str(s.e.diff(s.by)),
    "gradient": _by("gradient"),
    "gradient matrix": lambda s: str(s.scalar.gradient(s.by).matrix("paper")),
    "hessian": _by("hessian"),
    "hvp": _by("hvp"),
    "jvp": lambda s: str(s.e.jvp(s.by)),
    "vjp": lambda s: str(s.e.vjp(s.by)),
    "differential": lambda s: str(s.e.differential(s.by)),
    "jacobian matrix": _jacobian("jacobian_matrix"),
    "slices": _jacobian("slices"),
    "linear map": _jacobian("linear_map"),
    "diagonal": _jacobian("gram_diagonal"),
    "subs": _renamed,
    "subs sizes": lambda s: str(s.e.subs(sizes={"n": SIZE})),
    "evaluate": _evaluated,
    "structured": partial(_evaluated, structured=True),
    "in memory": partial(_evaluated, memory_limit="1MB"),
    "gradient value": _gradient_value,
    "compile": _compiled,
    "compile plain": partial(_compiled, style="plain"),
    **{
        f"code {language}": lambda s, language=language: s.e.code(language)
        for language in LANGUAGES
    },
    "plan": lambda s: str(s.e.plan()),
    "plan large": lambda s: str(s.e.plan(n=100_000)),
    "plan diagram": lambda s: s.e.plan().diagram().svg(),
    **{f"draw {w}": partial(_drawn, writer=w) for w in WRITERS},
    "draw unfused": partial(_drawn, fuse=False),
    "draw loop": lambda s: s.e.diagram(s.by).svg(),
    "draw back": lambda s: s.e.diagram().expression(),
    "film": lambda s: s.scalar.film(s.by).svg(),
    "film order 2": lambda s: s.scalar.film(s.by, order=2).svg(),
    "check": _checked,
    "sympy": lambda s: ic.to_sympy(s.e),
    "sympy indexed": lambda s: ic.to_sympy(s.e, form="indexed"),
    "sympy array": lambda s: ic.to_sympy(s.e, form="array"),
    "copy": lambda s: copy.copy(s.e) == s.e,
    "deepcopy": lambda s: copy.deepcopy(s.e) == s.e,
    "pickle": _pickled,
    "json": _json,
    "del": _let_go,
}
