r"""Index notation in LaTeX: the formula of `index_text`, spelled for print.

A repeated index is summed; with `sums="explicit"` every sum has its sign, so that the
formula says what an einsum computes without any convention. Basis vectors count from
1, as in papers: e_1 is the first.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> product = einsum([(A, [0, 1]), (x, [1])], [0])
>>> print(index_latex(product))
A_{ij} x_{j}
>>> print(index_latex(product, sums="explicit"))
\sum_{j} A_{ij} x_{j}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from .coefficients import Number
from .errors import UnsupportedError
from .functions import call, power, title
from .index_text import is_bare
from .index_walk import Piece, Spelling, written
from .latex_names import (
    latex_function,
    latex_name,
    latex_number,
    latex_size,
    subscripted_latex,
)
from .nodes import Call, Node
from .sizes import Size, plus

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class IndexLatex:
    """`text` is the formula, `axes` its free indices, `where` the parts that were named
    beside it, as (left side, right side): all of them LaTeX for math mode."""

    text: str
    axes: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        parts = r",\quad ".join(f"{left} = {right}" for left, right in self.where)
        return rf"{self.text} \quad\text{{where}}\quad {parts}" if parts else self.text


def index_latex(
    node: Node,
    axes: Sequence[str] | None = None,
    *,
    sums: Literal["einstein", "explicit"] = "einstein",
) -> IndexLatex:
    r"""The index notation of the fused node in LaTeX; `axes` names the free indices.

    `sums` is "einstein", where repeated indices are summed unsaid, or "explicit".

    >>> from indexcalc.expr import einsum, tensor
    >>> X = tensor("X", ("n", "p"))
    >>> index_latex(einsum([(X, [0, 1])], [0, 0, 1]), ["a", "b", "c"]).text
    '\\delta_{ab} X_{ac}'
    """
    if sums not in ("einstein", "explicit"):
        raise UnsupportedError(
            f"sums={sums!r} is not a way to write sums", hint="einstein or explicit"
        )
    spelling = replace(LATEX, explicit=sums == "explicit")
    found = written(node, spelling, axes)
    return IndexLatex(found.text, found.axes, found.where)


# -- brackets, sums and products -------------------------------------------------------

_TALL = ("\\frac", "\\sum", "\\left")


def bracketed(text: str) -> str:
    r"""Brackets that are as high as what they hold.

    >>> bracketed("a + b"), bracketed(r"\frac{1}{2}")
    ('(a + b)', '\\left(\\frac{1}{2}\\right)')
    """
    tall = any(command in text for command in _TALL)
    return rf"\left({text}\right)" if tall else f"({text})"


def signed_sum_latex(terms: Sequence[tuple[str, Number]]) -> str:
    r"""LaTeX of terms with their coefficients; 0 for none.

    >>> signed_sum_latex([("x", Fraction(-1, 2)), ("y", 1)])
    '-\\frac{1}{2} x + y'
    """
    pieces: list[str] = []
    for text, coefficient in terms:
        negative = not isinstance(coefficient, complex) and coefficient < 0
        size = latex_number(-coefficient if negative else coefficient)
        body = _side_by_side([part for part in (size, text) if part != "1"]) or "1"
        sign = "-" if negative else "+" if pieces else ""
        pieces.append(f"{sign} {body}" if pieces else f"{sign}{body}")
    return " ".join(pieces) or "0"


def _side_by_side(texts: Sequence[str]) -> str:
    """Factors, kept apart where a number or a word would run into another."""
    parts, words = list(texts[:1]), False
    for left, right in pairwise(texts):
        words = words or "\\mathrm" in left
        ones = right.startswith("1_") and left.endswith("}")
        if right[:1].isdigit() and not ones:
            parts.append(r" \cdot ")
        else:
            parts.append(r" \, " if words or "\\mathrm" in right else " ")
        parts.append(right)
    return "".join(parts)


def _product(pieces: Sequence[Piece]) -> str:
    above = [piece.text for piece in pieces if not piece.below]
    below = [piece.text for piece in pieces if piece.below]
    text = _side_by_side(above) or "1"
    return rf"\frac{{{text}}}{{{_side_by_side(below)}}}" if below else text


# -- powers and functions --------------------------------------------------------------


def _divisor(node: Node) -> Node | None:
    """What a factor is 1 over."""
    if not isinstance(node, Call):
        return None
    if node.function == "rnorm":
        return call("norm2", node.args, node.params)
    if node.function != "power":
        return None
    base, exponent = node.args[0], node.params[0]
    if isinstance(base, Call) and base.function == "rnorm":
        return power(call("norm2", base.args, base.params), exponent)
    return power(base, -exponent) if _is_negative(exponent) else None


def _is_negative(exponent: Number) -> bool:
    return not isinstance(exponent, complex) and exponent < 0


def _elementwise(node: Call, args: Sequence[str]) -> str:
    match node.function:
        case "power":
            return _power(node.args[0], args[0], node.params[0])
        case "pow":
            base = args[0] if is_bare(node.args[0], args[0]) else bracketed(args[0])
            return f"{_closed(base)}^{{{args[1]}}}"
        case "abs":
            return rf"\left|{args[0]}\right|"
        case "unknown":
            name = _unknown(*node.params)
        case function:
            name = latex_function(function)
    inner = bracketed(", ".join(args))
    return f"{name}{inner}"


def _unknown(name: str, orders: tuple[int, ...]) -> str:
    r"""f, f', f''; of several arguments f^{(1,0)}."""
    if not any(orders):
        return latex_name(name)
    if len(orders) == 1 and orders[0] < 4:
        return latex_name(name) + "'" * orders[0]
    return f"{_closed(latex_name(name))}^{{({','.join(map(str, orders))})}}"


def _power(base: Node, inner: str, exponent: Number) -> str:
    if _is_negative(exponent):
        return rf"\frac{{1}}{{{_power(base, inner, -exponent)}}}"
    if exponent == 1:
        return inner
    if exponent == HALF:
        return rf"\sqrt{{{inner}}}"
    bare = is_bare(base, inner) and not inner.startswith(("\\frac", "\\sqrt"))
    written_base = _closed(inner if bare else bracketed(inner))
    return f"{written_base}^{{{latex_number(exponent)}}}"


def _closed(text: str) -> str:
    """What may carry a superscript: primes and superscripts are braced."""
    return f"{{{text}}}" if "'" in text or "^" in text else text


def _cored(node: Call, inner: Sequence[str], indices: Sequence[str], batch: int) -> str:
    """A function of whole tensors; its batch indices stand below its arguments."""
    args = [subscripted_latex(text, list(indices[:batch])) for text in inner]
    below = list(indices[batch:])
    name, params = node.function, node.params
    if name == "cofactors" and params[0] == 1:
        return subscripted_latex(rf"\operatorname{{adj}}({args[0]})", below[::-1])
    if name == "cofactors":
        head = rf"\operatorname{{adj}}^{{({params[0]})}}({args[0]})"
        return subscripted_latex(head, below)
    if name in _WHOLE:
        return subscripted_latex(_WHOLE[name].format(args[0]), below)
    head = f"{latex_function(title(node))}({', '.join(args)})"
    return subscripted_latex(head, below)


_WHOLE = {
    "inv": "({}^{{-1}})",
    "det": r"\det({})",
    "logdet": r"\log\left|\det {}\right|",
    "norm2": r"\|{}\|",
    "rnorm": r"\frac{{1}}{{\|{}\|}}",
}


def _constant(node: Call, indices: Sequence[str]) -> str:
    if not node.params:
        return subscripted_latex(latex_function(node.function), list(indices))
    place = node.params[0]
    if node.function == "basis":
        head = f"e_{{{latex_size(plus(place, 1))}}}"
    else:
        head = rf"\operatorname{{embed}}({latex_size(place)})"
    return subscripted_latex(head, list(indices))


def _size(size: Size) -> str:
    text = latex_size(size)
    return bracketed(text) if "+" in text else text


LATEX = Spelling(
    name=latex_name,
    index=latex_name,
    group=lambda indices: f"({''.join(indices)})",
    subscripted=lambda name, indices: subscripted_latex(name, list(indices)),
    copy={"1": "1", "δ": r"\delta", "H": "H"}.__getitem__,
    size=_size,
    elementwise=_elementwise,
    cored=_cored,
    constant=_constant,
    signed_sum=signed_sum_latex,
    product=_product,
    bracketed=bracketed,
    summed=lambda indices: rf"\sum_{{{','.join(indices)}}}",
    divisor=_divisor,
)
