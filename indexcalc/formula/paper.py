"""Formulas as on paper: juxtaposition is the product, ᵀ and ⁻¹ stand above.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> from indexcalc.formula.text import spelled
>>> A, x = leaf(tensor("A", ("n", "n"))), leaf(tensor("x", ("n",)))
>>> spelled(product([transposed(x), A, x]), PAPER)
'xᵀAx'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..sizes import size_text
from ..text.scanner import NAME_PATTERN
from ..text.vocabulary import TABLE
from .style import ATOM, JOINED, POSTFIX, PRODUCT, Said, Style, paper_number
from .text import PLAIN, SHARED, caret, parenthesised, slash
from .tree import POWERS, Formula

SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def beside(factors: Sequence[str]) -> str:
    """Factors side by side, with a space where they would run together."""
    text = factors[0]
    for before, factor in pairwise(factors):
        text += _gap(before, factor) + factor
    return text


def _gap(before: str, after: str) -> str:
    if not before or not after or after[0] == "(":
        return ""
    single = len(after) < 2 or not _wordy(after[1])
    lone = not _wordy(before[-1]) or len(before) < 2 or not _wordy(before[-2])
    counted = before[-1].isdigit() and lone
    digit = after[0].isascii() and after[0].isdigit()
    return "" if single and (lone or counted) and not digit else " "


def _wordy(c: str) -> bool:
    return NAME_PATTERN.fullmatch(f"a{c}") is not None


def _paper_transpose(style: Style, f: Formula, args: list[Said]) -> Said:
    if f.args[0].op == "inv" and args[0].text.endswith("⁻¹"):
        return Said(args[0].text.removesuffix("⁻¹") + "⁻ᵀ", POSTFIX)
    level = ATOM if f.args[0].op in POWERS else POSTFIX
    return Said(f"{style.within(args[0], level)}ᵀ", POSTFIX)


def _paper_inverse(style: Style, f: Formula, args: list[Said]) -> Said:
    if f.args[0].op == "transpose" and args[0].text.endswith("ᵀ"):
        return Said(args[0].text.removesuffix("ᵀ") + "⁻ᵀ", POSTFIX)
    return Said(f"{style.within(args[0], POSTFIX)}⁻¹", POSTFIX)


def _squared(style: Style, f: Formula, args: list[Said]) -> Said:
    """X∘X for a name, else as in the plain style."""
    if f.value == 2 and f.args[0].op == "leaf":
        return Said(f"{args[0].text}{style.signs['∘']}{args[0].text}", PRODUCT)
    return caret("^∘")(style, f, args)


def _norm_marks(square: str) -> Callable[[Style, Formula, list[Said]], Said]:
    """‖x‖; inside another norm by its name."""

    def rule(style: Style, f: Formula, args: list[Said]) -> Said:
        if "‖" in args[0].text:
            return SHARED[f.op](style, f, args)
        return Said(f"‖{args[0].text}‖{square}", POSTFIX if square else ATOM)

    return rule


def _raised(style: Style, f: Formula, args: list[Said]) -> Said:
    whole = isinstance(f.value, int) and f.value > 0
    if not whole:
        return caret("^")(style, f, args)
    exponent = str(f.value).translate(SUPERSCRIPT)
    if f.args[0].op == "inv" and args[0].text.endswith("⁻¹"):
        return Said(args[0].text.removesuffix("¹") + exponent, POSTFIX)
    raised = args[0].text[-1:] in tuple("⁰¹²³⁴⁵⁶⁷⁸⁹")
    base = style.within(args[0], ATOM if raised else POSTFIX)
    return Said(f"{base}{exponent}", POSTFIX)


def _paper_ones(style: Style, f: Formula, args: list[Said]) -> Said:
    text = size_text(f.value)
    if style.bare:
        return Said("𝟏", ATOM)
    if text.isdigit() or (len(text) == 1 and text.isalpha()):
        return Said(f"1_{text}", ATOM)
    return Said(f"ones({text})", ATOM)


def _paper_eye(style: Style, f: Formula, args: list[Said]) -> Said:
    text = size_text(f.value)
    if style.bare:
        return Said("I", ATOM)
    if text.isdigit() or (len(text) == 1 and text.isalpha()):
        return Said(f"I_{text}", ATOM)
    return Said(f"eye({text})", ATOM)


PAPER = Style(
    words={
        **SHARED,
        "transpose": _paper_transpose,
        "inv": _paper_inverse,
        "mpower": _raised,
        "power": _raised,
        "epower": _squared,
        "norm2": _norm_marks(""),
        "normsq": _norm_marks("²"),
        "ones": _paper_ones,
        "eye": _paper_eye,
    },
    joint=JOINED,
    joined=beside,
    number=paper_number,
    over=slash,
    bracketed=parenthesised,
    signs={**PLAIN.signs, " - ": " − ", "-": "−", ".-": " .− ", "∘": "∘", "⊘": "⊘"},
    divides=True,
    reserved=frozenset(name for name in TABLE if len(name) > 1),
    may_be_bare=True,
)


STYLES: dict[str, Any] = {"plain": PLAIN, "paper": PAPER}
