"""What a reader is told about a problem and its derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from ..asking.notation import NOTATIONS, Manner, said
from ..asking.problem import Problem, Symbol
from ..errors import IndexCalcError
from ..face import Expression
from ..sizes import shape_text
from .reading import Target, function_name
from .terminal import Row, put, reads_paper, remark, rows

#: What is told only where it is asked for by name: forms for programs.
BY_NAME = (
    "mathml",
    "index-mathml",
    "vec-mathml",
    "slices-mathml",
    "python",
    "document",
)
#: What makes a matrix form of a tensor hard to read: its indices say it first then.
_TURNED = "transpose("
#: What signs of tensor formulas mean, for whoever meets them.
MEANINGS = {"H(": "H_ijk = 1 where i = j = k, else 0", "⋆": "(A⋆b)_ijk = A_ij b_k"}
#: What names mean that only this engine has.
TITLES = {
    "rnorm(": "rnorm(x) = 1/‖x‖, and 0 where x is 0",
    "frechet_": "frechet_f(A, E) is the derivative of f at A along E",
    "cofactors": "cofactors(A) is the derivative of det(A), cofactors2(A) the second",
    "diagonals_": "diagonals_ijk = 1 on the k-th diagonal, else 0",
    "polar(": "polar(X) = U Vᵀ, where X = U Σ Vᵀ is the singular value decomposition",
}


def function_told(problem: Problem, manner: Manner, stream: TextIO) -> None:
    """The function as it was read, and what its letters are."""
    text = _formula(problem.expression, manner, stream)
    rows([Row(f"{function_name(problem)} =", text, "formula")], stream, indent=0)
    declared = problem.asked.shapes
    rows([_symbol_row(s, s.name in declared) for s in problem.symbols], stream)


def _symbol_row(symbol: Symbol, is_declared: bool) -> Row:
    found = "sizes inferred" if is_declared else "inferred"
    more = "" if symbol.given else f", {found}"
    return Row(symbol.name, f"{_kind(symbol)}{more}")


def _kind(symbol: Symbol) -> str:
    """What a letter is: its shape, its structure, what that is called."""
    shape = shape_text(symbol.shape)
    return f"{shape} {symbol.kind}" if symbol.shape else symbol.kind


def told(
    target: Target, manner: Manner, stream: TextIO, everything: bool, laid_out: bool
) -> None:
    """A derivative as a formula, and what else is needed to understand it."""
    e = target.expression
    matrix = _formula(e, manner, stream)
    first = str(e) if e.ndim > 2 and _TURNED in matrix else matrix
    put("", stream)
    rows([Row(f"{target.heading} =", first, "formula")], stream, indent=0)
    listed = list(_about(e))
    if everything:
        listed += _all(e, manner)
    else:
        listed += _others(e, first, matrix)
        listed += _titles(e, matrix)
        listed += _by_parts(e, manner, laid_out)
    rows(listed, stream)


def _formula(e: Expression, manner: Manner, stream: TextIO) -> str:
    style = "paper" if reads_paper(stream) else "matrix"
    try:
        return said(e, style, manner)
    except IndexCalcError:
        return str(e)


def _about(e: Expression) -> Iterator[Row]:
    yield Row("shape", f"{shape_text(e.shape)}{_axes(e)}")
    for fact in e.assumptions:
        yield Row("assumes", fact)
    if e.convention:
        yield Row("convention", e.convention)


def _axes(e: Expression) -> str:
    """Which indices are whose, where there are any."""
    names = e.index().axes
    at = len(names) - sum(count for _, count in e.by)
    parts = [f"{', '.join(names[:at])} of the value"] if at else []
    for variable, count in e.by:
        if count:
            parts.append(f"{', '.join(names[at : at + count])} of {variable}")
        at += count
    word = "axis" if len(names) == 1 else "axes"
    return f" ({word} {'; '.join(parts)})" if parts else ""


def _others(e: Expression, first: str, matrix: str) -> Iterator[Row]:
    """The other notations of what was said first, and what its signs mean."""
    reason = e.why_no_matrix_form()
    if reason is not None:
        yield Row("matrix", f"no matrix form: {reason}", "remark")
        return
    for label, text in (("index", str(e)), ("matrix", matrix)):
        if text != first:
            yield Row(label, text)
    for sign, meaning in MEANINGS.items():
        if e.ndim > 2 and sign in matrix:
            yield Row("where", meaning)


def _titles(e: Expression, matrix: str) -> Iterator[Row]:
    """What the engine's own names mean."""
    said_in = f"{matrix} {e}"
    for title, meaning in TITLES.items():
        if title in said_in:
            yield Row("where", meaning)


def _by_parts(e: Expression, manner: Manner, laid_out: bool) -> Iterator[Row]:
    """What a derivative is over vec and slice by slice, where its axes ask for that."""
    wanted = {"vec": laid_out or e.ndim > 2, "slices": e.ndim > 2}
    for notation, is_wanted in wanted.items():
        if e.by and is_wanted:
            yield _row(e, notation, manner)


def _all(e: Expression, manner: Manner) -> Iterator[Row]:
    for notation in NOTATIONS.values():
        if not notation.picture and notation.name not in BY_NAME:
            yield _row(e, notation.name, manner)


def _row(e: Expression, notation: str, manner: Manner) -> Row:
    try:
        return Row(notation, said(e, notation, manner).rstrip())
    except IndexCalcError as error:
        return Row(notation, f"none: {error.message}", "remark")


def symbols_remarked(problem: Problem) -> None:
    """What was inferred, beside an answer that goes elsewhere."""
    found = [f"{s.name}: {_kind(s)}" for s in problem.symbols if not s.given]
    if found:
        remark(f"inferred: {'; '.join(found)}")
