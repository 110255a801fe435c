"""Rows: a node as a flat list and back to the identical object; junk is refused."""

from __future__ import annotations

import ast
import gc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from indexcalc.errors import ParseError
from indexcalc.expr import constant, linear, number, scale, tensor
from indexcalc.functions import call, power
from indexcalc.matrix import basis, embed, levicivita, ones, unknown, zeros
from indexcalc.nodes import Node
from indexcalc.rows import from_rows, to_rows
from indexcalc.simplify import fuse
from indexcalc.sizes import dim, plus
from tests.random_nodes import draw

N, M = dim("n"), dim("m")
X, Y = tensor("x", (N,)), tensor("y", (N,))

NODES: dict[str, Node] = {
    "a variable": X,
    "a symmetric one": tensor("S", (N, N), "symmetric"),
    "a composite size": tensor("g", (plus(N * M, 1), 3)),
    "an odd name": tensor('it\'s "x"\n', ()),
    "a constant": constant(np.arange(6.0).reshape(2, 3), "c"),
    "an empty constant": constant(np.zeros((0, 3))),
    "a scalar constant": constant(2.5),
    "big-endian": constant(np.arange(3, dtype=">i4")),
    "complex": constant(np.array([1j, 2])),
    "booleans": constant(np.array([True, False])),
    "a fraction": scale(Fraction(1, 3), X),
    "a decimal": scale(0.1, X),
    "a complex number": scale(1 + 2j, X),
    "an imaginary unit": scale(1j, X),
    "a huge number": scale(10**50, X),
    "minus": scale(-1, X),
    "a number": number(Fraction(-7, 2)),
    "zero": zeros(N, 2),
    "ones": ones(N, 1, 2),
    "a power": power(X, Fraction(1, 2)),
    "a decimal power": power(X, 0.3),
    "a complex power": power(X, 1j),
    "an unknown": unknown("f", X, Y, orders=(1, 2)),
    "a basis vector": basis(2, N),
    "an embedding": embed(plus(N, 1), M, plus(N, M, 2)),
    "Levi-Civita": levicivita(3),
    "cofactors": call("cofactors", [tensor("A", (N, N))], (2,)),
    "a norm": call("norm2", [tensor("A", (M, N, N))], (2,)),
}


@pytest.mark.parametrize("name", NODES)
def test_round_trip(name: str) -> None:
    """The same object, also through the text of the rows."""
    node = NODES[name]
    rows = to_rows(node)
    assert from_rows(rows) is node
    assert from_rows(ast.literal_eval(repr(rows))) is node


def test_random_nodes() -> None:
    """As written and fused, flat and deep."""
    for seed in range(400):
        node = draw(seed).node
        assert from_rows(to_rows(node)) is node, seed
        assert from_rows(to_rows(fuse(node))) is fuse(node), seed
    for seed in range(1_240, 1_280):
        node = draw(seed, 14).node
        assert from_rows(to_rows(node)) is node, seed


def test_a_new_object_when_the_old_one_is_gone() -> None:
    """Rows hold everything: a node that was freed comes back with the same rows."""
    for seed in range(8):
        node = draw(seed).node
        rows, digest = to_rows(node), node.digest
        del node
        gc.collect()
        again = from_rows(rows)
        assert again.digest == digest
        assert to_rows(again) == rows


def test_rows_do_not_remember_how() -> None:
    """Coefficients that became whole print as whole numbers, whoever came first."""
    v = tensor("fresh", (N,))
    half = Fraction(1, 2)
    rows = to_rows(linear([(v, half), (Y, 3), (v, half)], (N,)))
    assert rows[-1] == ("sum", [(0, 1), (1, 3)], "n")


T = ("tensor", "x", "n")
BAD: list[Any] = [
    None,
    5,
    [],
    "ab",
    [5],
    [None],
    [()],
    ["ab"],
    [("nope",)],
    [("tensor", "x")],
    [("tensor", 5, "n")],
    [("tensor", "x", "-1")],
    [("tensor", "x", "n(")],
    [("tensor", "x", ["n"])],
    [("tensor", "x", "n", "blah")],
    [("tensor", "x", "n", "", "extra")],
    [("constant", "c", "<f8", "2", "zz")],
    [("constant", "c", "<f8", "3", "00" * 8)],
    [("constant", "c", "O", "1", "00" * 8)],
    [("constant", "c", "nope", "1", "00" * 8)],
    [("constant", "c", "<f8", "-1", "00" * 8)],
    [("constant", "c", "<f8", "x", "00" * 8)],
    [T, ("einsum", [(0, (0, 1))], [(0,)], "n")],
    [T, ("einsum", [(0, (0,))], [(3,)], "n")],
    [T, ("einsum", [(0, ("a",))], [("a",)], "n")],
    [T, ("einsum", [(0, (0,))], [(0,)], "m")],
    [T, ("einsum", [(1, (0,))], [(0,)], "n")],
    [T, ("einsum", [(-1, (0,))], [(0,)], "n")],
    [T, ("einsum", 3, [(0,)], "n")],
    [T, ("sum", [(0, "abc")], "n")],
    [T, ("sum", [(0, "1/0")], "n")],
    [T, ("sum", [(0, None)], "n")],
    [T, ("sum", [(0, float("nan"))], "n")],
    [T, ("sum", [(0, "nan")], "n")],
    [T, ("sum", [(0, "inf")], "n")],
    [T, ("sum", [(0.5, 1)], "n")],
    [T, ("sum", [(0, 1)], "m")],
    [T, ("sum", [(1, 1)], "n")],
    [T, ("call", "sine", [0], [], "n")],
    [T, ("call", "exp", [0, 0], [], "n")],
    [T, ("call", "exp", [-1], [], "n")],
    [T, ("call", "exp", [1], [], "n")],
    [T, ("call", "exp", [0], [], "m")],
    [T, ("call", "inv", [0], [], "n")],
    [T, ("call", "power", [0], [], "n")],
    [T, ("call", "power", [0], ["q"], "n")],
    [T, ("call", "norm2", [0], [-1], "")],
    [T, ("call", "norm2", [0], [2], "")],
    [T, ("call", "unknown", [0], [], "n")],
    [T, ("call", "unknown", [0], ["f"], "n")],
    [T, ("call", "unknown", [0], ["f", (0, 0)], "n")],
    [("call", "basis", [], [], "n")],
    [("call", "basis", [], ["a"], "n")],
    [("call", "basis", [], [-1], "n")],
    [("call", "basis", [], [3], "2")],
    [("call", "basis", [], [0], "n n")],
    [("call", "embed", [], [0], "n")],
    [("call", "levicivita", [], [3], "3 3 3")],
]


@pytest.mark.parametrize("rows", BAD, ids=repr)
def test_bad_rows(rows: Any) -> None:
    """What `to_rows` never writes is a ParseError, whatever is wrong with it."""
    with pytest.raises(ParseError):
        from_rows(rows)
