r"""Formulas for the page: MathML, plain text and LaTeX of each, or why there is none.

>>> from indexcalc.ways_in import parse
>>> J = parse("(X ∘ A) * ones(p)", X="n p", A="n p").diff("A")
>>> over_vec(J, "numerator", "F")["text"], map_of(J)["latex"]
('X•I_n', 'h \\mapsto \\left(X \\circ h\\right) \\mathbf{1}')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import IndexCalcError
from ..face import Expression
from ..formula_image import mathml
from ..index_latex import index_latex
from ..latex_names import latex_name, subscripted_latex
from ..sizes import size_text
from ..steps.problem import VALUE_NAMES
from ..words.shown import MatrixText

Data: TypeAlias = dict[str, Any]

#: The longest formula that is set, in characters of LaTeX; longer ones are text.
LONGEST = 8_000
#: What a formula with the copy tensor needs to be understood.
COPY = "Hᵢⱼₖ is 1 where i = j = k, else 0"
#: From how many symbols on the parts of a formula are named.
LONG = 30


def formula(text: str, latex: str) -> Data:
    """A formula in the three ways that a page needs; where it cannot be set, in two."""
    found: Data = {"text": text, "latex": latex}
    if len(latex) <= LONGEST:
        with suppress(IndexCalcError):
            found["mathml"] = mathml(latex)
    return found


def or_reason(said: Callable[[], Data]) -> Data:
    """What can be said, or the reason why it cannot."""
    try:
        return said()
    except IndexCalcError as error:
        return {"reason": error.message}


def matrix_of(e: Expression) -> Data:
    """Matrix notation, with names for the parts of a long formula."""

    def said() -> Data:
        shown = e.matrix("paper")
        if shown.length > LONG and e.ndim < 3:
            shown = e.matrix("paper", parts=True)
        plain = str(e.matrix())
        found = {**formula(str(shown), shown.latex), "plain": plain}
        return {**found, "note": COPY} if "\\mathcal{H}" in shown.latex else found

    return or_reason(said)


def index_of(e: Expression, function: str) -> Data:
    """Index notation, after the entry of the function or derivative that it is."""

    def said() -> Data:
        text, latex = e.index(), index_latex(e.written)
        left = formula(
            _entry(e, function, text.axes, _PLAIN),
            _entry(e, function, latex.axes, _LATEX),
        )
        return {**formula(str(text), str(latex)), "left": left}

    return or_reason(said)


@dataclass(frozen=True, slots=True)
class _Writing:
    """How the left side of an entry is written."""

    name: Callable[[str], str]
    below: Callable[[str, list[str]], str]
    ratio: Callable[[str, list[str]], str]


def _below(name: str, indices: list[str]) -> str:
    return f"{name}_{''.join(indices)}" if indices else name


def _ratio(above: str, below: list[str]) -> str:
    power = "²" if len(below) == 2 else ""
    return f"∂{power}{above}/{''.join(f'∂{part}' for part in below)}"


def _ratio_latex(above: str, below: list[str]) -> str:
    power = "^{2}" if len(below) == 2 else ""
    listed = r"\,".join(rf"\partial {part}" for part in below)
    return rf"\frac{{\partial{power} {above}}}{{{listed}}}"


_PLAIN = _Writing(str, _below, _ratio)
_LATEX = _Writing(latex_name, subscripted_latex, _ratio_latex)


def _entry(e: Expression, function: str, axes: Sequence[str], way: _Writing) -> str:
    """∂y_i/∂A_jk: the entry whose indices are the axes, the value's first."""
    names, order = list(axes), e.ndim - sum(count for _, count in e.by)
    above = way.below(function, names[:order])
    below, at = [], order
    for name, count in e.by:
        below.append(way.below(way.name(name), names[at : at + count]))
        at += count
    return way.ratio(above, below) if below else above


def over_vec(e: Expression, layout: str, order: str) -> Data:
    """One matrix over vec of the value and the variable, and how it is laid out."""

    def said() -> Data:
        shown = e.jacobian_matrix(layout, order, "paper")
        text = str(shown).removesuffix(f"   ({shown.note})")
        return {**formula(text, shown.latex), "note": shown.note}

    return or_reason(said)


def map_of(e: Expression) -> Data:
    """The linear map that a derivative is."""

    def said() -> Data:
        shown = e.linear_map()
        slot = latex_name(shown.lead.removesuffix(" ↦ "))
        return formula(str(shown), rf"{slot} \mapsto {shown.latex}")

    return or_reason(said)


def slices_of(e: Expression, function: str) -> list[Data]:
    """A derivative slice by slice; nothing where it cannot be said."""
    try:
        return [_slice(part, function) for part in e.slices()]
    except IndexCalcError:
        return []


def _slice(part: MatrixText, function: str) -> Data:
    text, latex = _leads(part.lead, function)
    return formula(f"{text} = {part.text}", f"{latex} = {part.latex}")


def _leads(lead: str, function: str) -> tuple[str, str]:
    r"""∂y_k/∂A = with the name of the function, as text and in LaTeX.

    >>> _leads("∂y/∂A_ij = ", "f")
    ('∂f/∂A_ij', '\\frac{\\partial f}{\\partial A_{ij}}')
    """
    above, _, below = lead.removesuffix(" = ").rpartition("/∂")
    value = _held(above.removeprefix("∂"))
    name, indices = (value[0] if above.startswith("∂(") else function), value[1]
    variable, held = _held(below)
    text = f"∂{_below(name, indices)}/∂{_below(variable, held)}"
    top = subscripted_latex(_nested(name), indices)
    bottom = subscripted_latex(latex_name(variable), held)
    return text, rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def _held(text: str) -> tuple[str, list[str]]:
    """A name and the indices, small letters, after its last underscore."""
    name, mark, indices = text.rpartition("_")
    if mark and indices.isalpha() and len(indices) <= 2:
        return name, list(indices)
    return text, []


def _nested(name: str) -> str:
    """A name in LaTeX, or the first derivative that stands in its place."""
    if not name.startswith("("):
        return latex_name(name)
    f, _, x = name.strip("()").removeprefix("∂").partition("/∂")
    return (
        rf"\left(\frac{{\partial {latex_name(f)}}}{{\partial {latex_name(x)}}}\right)"
    )


# -- what stands before a formula, and words for shapes --------------------------------


def name_of(e: Expression) -> str:
    """What a function is called: as in its derivation, the first name that is free."""
    names = VALUE_NAMES[min(e.ndim, len(VALUE_NAMES) - 1)]
    return next((name for name in names if name not in e.scope), names[0])


def left_side(function: str, by: Sequence[str]) -> Data:
    """∂f/∂x, or the function itself where nothing is differentiated."""
    if not by:
        return formula(function, function)
    names = [latex_name(name) for name in by]
    if len(by) == 1:
        text, below = f"∂{function}/∂{by[0]}", rf"\partial {names[0]}"
        return formula(text, rf"\frac{{\partial {function}}}{{{below}}}")
    if by[0] == by[1]:
        below, told = rf"\partial {{{names[0]}}}^{{2}}", f"∂{by[0]}²"
    else:
        below = rf"\partial {names[0]}\,\partial {names[1]}"
        told = f"∂{by[0]}∂{by[1]}"
    return formula(
        f"∂²{function}/{told}", rf"\frac{{\partial^{{2}} {function}}}{{{below}}}"
    )


def shape_words(e: Expression) -> str:
    """A shape in words.

    >>> from indexcalc.ways_in import parse
    >>> shape_words(parse("A", A="n p")), shape_words(parse("c", c=""))
    ('a matrix of n × p', 'a scalar')
    """
    sizes = " × ".join(size_text(size) for size in e.shape)
    kinds = ("a scalar", f"a vector of {sizes}", f"a matrix of {sizes}")
    if e.ndim < len(kinds):
        return kinds[e.ndim]
    return f"a tensor of order {e.ndim}, {sizes}"


def axes_words(e: Expression) -> str:
    """Which axes are whose, where there is a choice and they have names.

    >>> from indexcalc.ways_in import parse
    >>> axes_words(parse("A*x", A="m n", x="n").diff("x"))
    'axes i of the value; j of x'
    """
    try:
        names = list(e.index().axes)
    except IndexCalcError:
        return ""
    counts = [("the value", e.ndim - sum(count for _, count in e.by)), *e.by]
    told, at = [], 0
    for whose, count in counts:
        told += [f"{', '.join(names[at : at + count])} of {whose}"] if count else []
        at += count
    return f"axes {'; '.join(told)}" if len(told) > 1 else ""
