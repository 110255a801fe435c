r"""What a notebook shows of an expression: formulas, in LaTeX and Markdown.

Up to two axes it is the matrix form, with its long parts named. Beyond two axes matrix
notation says little to most readers, and a list says more: the entries with all axes
named, the differential, and the Jacobian matrix over vec; those of them that exist.
What is too large to be said leaves the text alone.

>>> from indexcalc.ways_in import parse
>>> J = parse("(X ∘ A) * ones(p)", X="n p", A="n p").diff("A")
>>> print(bundle(J)["text/markdown"].replace(r"\operatorname{vec}", "vec"))
- entries: $\dfrac{\partial y_{i}}{\partial A_{jk}} = \delta_{ij} X_{ik}$
- differential: $\mathrm{d}y = \left(X \circ \mathrm{d}A\right) \mathbf{1}$
- over vec: $\dfrac{\partial y}{\partial vec(A)^{\top}} = X \bullet I_{n}$
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from .errors import IndexCalcError
from .latex_names import latex_name, subscripted_latex
from .marked import formula
from .nodes import Node

if TYPE_CHECKING:
    from .words.shown import MatrixText

#: The longest formula that is drawn, in characters of LaTeX.
LONGEST = 4000
#: From how many symbols on the parts of a formula are named.
LONG = 30
#: What a value is called, by its order, the first name that is free.
NAMES = {0: "fgφ", 1: "yuv", 2: "FGY"}

#: Where a differential needs no thin space before it.
_AFTER_A_SIGN = re.compile(r"(^|\(|\\circ |[-+:] )\\, ")


class Sayable(Protocol):
    """What is asked of an expression."""

    written: Node
    scope: dict[str, Any]
    value_order: int
    layout: str
    by: tuple[tuple[str, int], ...]

    @property
    def node(self) -> Node:
        """The canonical node."""

    def matrix(self, style: str = "plain", *, parts: bool = False) -> MatrixText:
        """Matrix notation."""

    def linear_map(self, slot: str = "", style: str = "paper") -> MatrixText:
        """The derivative as a map."""

    def jacobian_matrix(
        self, layout: str = "numerator", order: str = "F", style: str = "plain"
    ) -> MatrixText:
        """The derivative over vec."""

    def latex(self, notation: str = "matrix") -> str:
        """LaTeX of a notation."""


def bundle(e: Sayable) -> dict[str, str]:
    """The forms of an expression by their types, the text always among them."""
    found = {"text/plain": text_shown(e)}
    latex = _said(lambda: latex_shown(e))
    if latex:
        found["text/latex"] = rf"$\displaystyle {latex}$"
    if len(e.written.shape) > 2:
        lines = [f"- {what}: {formula(line)}" for what, line in _lines(e)]
        if lines:
            found["text/markdown"] = "\n".join(lines)
    return found


def latex_shown(e: Sayable) -> str:
    """The matrix form, or, where there is none, the entries."""
    if len(e.written.shape) > 2:
        return _entries(e)
    return _matrix(e) or e.latex("index")


def text_shown(e: Sayable) -> str:
    """Index notation; of what is too large to be written, the reason."""
    try:
        return str(e)
    except IndexCalcError as reason:
        return f"<an expression that is not written out: {reason}>"


def _said(say: Callable[[], str]) -> str:
    """What can be said at a length that can be read, or nothing."""
    try:
        found = say()
    except IndexCalcError:
        return ""
    return found if len(found) <= LONGEST else ""


def _matrix(e: Sayable) -> str:
    """The matrix form, with parts where it is long; nothing where there is none."""

    def whole() -> str:
        shown = e.matrix()
        return (e.matrix(parts=True) if shown.length > LONG else shown).latex

    return _said(whole)


# -- more than two axes ----------------------------------------------------------------


def _lines(e: Sayable) -> Iterator[tuple[str, str]]:
    """The ways to say a tensor, each with its name."""
    ways: dict[str, Callable[[Sayable], str]] = {"entries": _entries}
    if len(e.by) == 1 and _own_order(e) >= 0:
        ways["differential"] = _differential
    if len(e.by) == 1 or (len(e.by) == 2 and _own_order(e) == 0):
        ways["over vec"] = _over_vec
    if len(ways) == 1:
        ways["without indices"] = _whole
    for what, say in ways.items():
        found = _said(lambda say=say: say(e))  # type: ignore[misc]
        if found:
            yield what, found


def _own_order(e: Sayable) -> int:
    """How many axes are those of the function itself."""
    return len(e.written.shape) - sum(count for _, count in e.by)


def _name(e: Sayable) -> str:
    """A name for the function that nothing else has."""
    free = [c for c in NAMES[max(0, min(_own_order(e), 2))] if c not in e.scope]
    return latex_name(free[0]) if free else r"\square"


def _whole(e: Sayable) -> str:
    shown = e.matrix()
    return shown.latex if shown.length > 1 else ""


def _entries(e: Sayable) -> str:
    from .index_latex import index_latex

    found = index_latex(e.node)
    return f"{_entry(e, list(found.axes))} = {found}"


def _entry(e: Sayable, axes: list[str]) -> str:
    """The left side: which entry of which derivative the indices are of."""
    own, first = _own_order(e), e.layout == "variable_first"
    if not e.by or own < 0 or (first and len(e.by) > 1):
        return subscripted_latex(_name(e), axes)
    if first:
        axes = axes[len(axes) - own :] + axes[: len(axes) - own]
    above, rest = subscripted_latex(_name(e), axes[:own]), axes[own:]
    below = []
    for name, count in e.by:
        below.append(rf"\partial {subscripted_latex(latex_name(name), rest[:count])}")
        rest = rest[count:]
    power = f"^{{{len(e.by)}}}" if len(e.by) > 1 else ""
    under = r"\,".join(below)
    return rf"\dfrac{{\partial{power} {above}}}{{{under}}}"


def _differential(e: Sayable) -> str:
    name, _ = e.by[0]
    slot = f"d{name}"
    said = e.linear_map(slot).latex
    letter = rf"\, \mathrm{{d}}{latex_name(name)}"
    right = _AFTER_A_SIGN.sub(r"\1", said.replace(latex_name(slot), letter))
    return rf"\mathrm{{d}}{_name(e)} = {right}"


def _over_vec(e: Sayable) -> str:
    above, below = (
        _vec(_name(e), _own_order(e)),
        [rf"\partial {_vec(latex_name(name), order)}" for name, order in e.by],
    )
    power = f"^{{{len(e.by)}}}" if len(e.by) > 1 else ""
    under = r"\,".join(below)
    left = rf"\dfrac{{\partial{power} {above}}}{{{under}^{{\top}}}}"
    return f"{left} = {e.jacobian_matrix().latex}"


def _vec(name: str, order: int) -> str:
    return rf"\operatorname{{vec}}({name})" if order > 1 else name
