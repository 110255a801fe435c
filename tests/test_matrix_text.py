"""Matrix notation against what is published: as short, and the same; there and back.

`python -m tests.test_matrix_text --write` writes `textbook.txt`, the golden text of
every answer, anew; `python -m tests.random_networks --count 5000` is the long run.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from tests import random_networks as nets
from tests.numeric_derivatives import close, draw
from tests.textbook import LONGER, TABLE, Known, symbols

GOLDEN = Path(__file__).with_name("textbook.txt")
DIMENSIONS = {
    "m": 3,
    "n": 4,
    "p": 2,
    "q": 5,
    "r": 3,
    "k": 3,
    "d": 3,
    "t": 2,
    "l": 2,
    "o": 5,
    "N": 4,
}
#: Answers that need a matrix X n×r of full row rank.
WIDE = {"logdet-XXtAinv"}
#: Rows whose functions SciPy computes.
SCIPY = frozenset({"S10", "expm-dt"})
NETWORKS, TEXTS, GRADIENTS, JACOBIANS, GRAPHS = 300, 150, 100, 100, 500

EVERY = [pytest.param(row, id=f"{row.id} {row.form}") for row in TABLE.values()]


# -- the published answers -------------------------------------------------------------


@cache
def derivative(row: Known) -> Any:
    """The derivative a row is about."""
    e = ic.parse(row.text, row.shapes)
    if row.convention:
        leaf = e.scope[row.variable]
        return ic.Expression(jacobian(e.written, leaf, row.convention), scope=e.scope)
    if row.order == 2:
        return e.hessian(row.variable)
    return e.diff(row.variable)


@cache
def ours(row: Known) -> str:
    """What the package prints, with or without named parts, whichever is shorter."""
    if row.form == "jacobian":
        return str(derivative(row).jacobian_matrix(style="paper").text)
    shown = [derivative(row).matrix("paper", parts=parts) for parts in (False, True)]
    return min(map(str, shown), key=symbols)


def theirs(row: Known) -> Any:
    """The published answer as an expression, its named parts put in."""
    text, named = row.parts
    shapes: dict[str, Any] = dict(row.shapes)
    values: dict[str, Any] = {}
    for name, said in reversed(named.items()):
        values[name] = _filled(ic.parse(said, shapes, paper=True), values)
        shapes[name] = values[name].shape
    return _filled(ic.parse(text, shapes, paper=True), values)


def _filled(e: Any, values: Mapping[str, Any]) -> Any:
    return e.subs({name: values[name] for name in e.variables if name in values})


def whole(row: Known) -> Any:
    """The derivative in the form the answer has."""
    found = derivative(row)
    return found.unfolded() if row.form == "jacobian" else found


def arrays(row: Known) -> dict[str, Any]:
    """Arrays on which everything is defined: positive, square ones invertible."""
    rng = np.random.default_rng(zlib.crc32(row.id.encode()))
    found = {}
    for name, shape in row.shapes.items():
        sizes, _, structure = shape.partition(":")
        numbers = tuple(_number(size, dimensions(row)) for size in sizes.split())
        square = len(numbers) == 2 and numbers[0] == numbers[1]
        found[name] = draw(
            rng, numbers, structure.strip() or ("inv", "pos")[not square]
        )
    return found


def dimensions(row: Known) -> dict[str, int]:
    """The sizes of a row: XXᵀ is regular where X has as many columns as rows."""
    return DIMENSIONS | ({"n": 3} if row.id in WIDE else {})


def _number(size: str, known: Mapping[str, int]) -> int:
    factors = (known.get(f) or int(f) for f in size.split("*"))
    return int(np.prod(list(factors)))


def on(row: Known, arrays: Mapping[str, Any], e: Any) -> Any:
    """The value of an expression."""
    held = {name: arrays[name] for name in e.variables}
    return e.evaluate(held, sizes=dimensions(row))


@pytest.mark.parametrize("row", EVERY)
def test_no_longer_than_the_textbook(row: Known) -> None:
    """In printed symbols; the exceptions are valid where the textbook's is not."""
    longer = symbols(ours(row)) > symbols(row.answer)
    assert longer == (row.id in LONGER), f"{ours(row)} against {row.answer}"


@pytest.mark.parametrize("row", EVERY)
def test_equal_to_the_textbook(row: Known) -> None:
    if row.id in SCIPY:
        pytest.importorskip("scipy")
    assert ic.equal(theirs(row), whole(row)) is not False
    given = arrays(row)
    close(on(row, given, theirs(row)), on(row, given, whole(row)))


def golden() -> str:
    """Every answer as it is printed now."""
    return "".join(f"{row.id} ({row.form}): {_said(row)}\n" for row in TABLE.values())


def _said(row: Known) -> str:
    try:
        return ours(row)
    except ic.UnsupportedError as reason:
        return f"refused, {reason.message}"


def test_golden_text() -> None:
    assert golden() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2Aᵀ(Ax − b)", 9),
        ("−X⁻ᵀabᵀX⁻ᵀ", 10),
        ("Diag(exp(x))", 7),
        ("1_m 1_nᵀ + I_n", 5),
        ("Kc where K = (Bᵀ(E∘afᵀ))∘D", 18),
    ],
)
def test_symbols(text: str, count: int) -> None:
    assert symbols(text) == count


# -- there and back --------------------------------------------------------------------


def astray(kind: str, count: int) -> list[str]:
    """The trips of a kind that did not come back."""
    return [
        f"{trip.verdict} {trip.style}: {trip.text} {drawn.shapes}"
        for drawn in nets.KINDS[kind](0, count)
        for trip in nets.trips(drawn)[0]
        if nets.strays(kind, trip)
    ]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("networks", NETWORKS),
        ("texts", TEXTS),
        ("gradients", GRADIENTS),
        ("jacobians", JACOBIANS),
    ],
)
def test_comes_back(kind: str, count: int) -> None:
    """Plain, paper and LaTeX are read back as what they say; every series–parallel
    network has a form."""
    if kind == "texts":
        pytest.importorskip("jax")
    found = astray(kind, count)
    assert not found, "\n".join(found[:20])


def test_exactly_the_series_parallel_graphs_have_a_form() -> None:
    refused = 0
    for drawn in nets.graphs(0, GRAPHS):
        reason = ic.Expression(drawn.node).why_no_matrix_form()
        assert (reason is None) == nets.has_form(drawn), str(ic.Expression(drawn.node))
        refused += reason is not None
    assert GRAPHS / 4 < refused < 3 * GRAPHS / 4


def test_the_complete_graph_says_why() -> None:
    """K4 is the smallest graph that is not series–parallel."""
    A, B, C, D, E, F = ic.tensors("A B C D E F", "n n")
    k4 = ic.einsum("ij,ik,il,jk,jl,kl->", A, B, C, D, E, F)
    assert k4.why_no_matrix_form()
    with pytest.raises(ic.UnsupportedError):
        k4.matrix()
    opened = ic.einsum("ik,il,jk,jl,kl->ij", B, C, D, E, F)
    assert opened.why_no_matrix_form()
    assert ic.einsum("ik,il,jk,kl->ij", B, C, D, F).why_no_matrix_form() is None


def main() -> None:
    """Writes the golden text anew."""
    parser = argparse.ArgumentParser(description="Golden text of the textbook's table.")
    parser.add_argument("--write", action="store_true", help="write textbook.txt")
    if parser.parse_args().write:
        GOLDEN.write_text(golden(), encoding="utf-8")
    else:
        print(golden(), end="")


if __name__ == "__main__":
    main()
