"""Every operation on nodes against NumPy, and what it refuses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from indexcalc import matrix as m
from indexcalc.errors import ShapeError, UnknownNameError, UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.expr import number, scale, tensor, zero
from indexcalc.functions import call, ones
from indexcalc.nodes import Node
from indexcalc.sizes import Size, dim, plus, times

N, M, P = dim("n"), dim("m"), dim("p")
SIZES = {"n": 3, "m": 2, "p": 4}
SHAPES: dict[str, tuple[Size, ...]] = {
    "s": (),
    "t": (),
    "x": (N,),
    "y": (N,),
    "z": (M,),
    "A": (N, N),
    "B": (N, M),
    "C": (M, N),
    "D": (N, M),
    "E": (P, M),
    "T": (N, M, P),
}
LEAF = {name: tensor(name, shape) for name, shape in SHAPES.items()}
S, U, X, Y, Z, A, B, C, D, E, T = LEAF.values()
Array = np.ndarray[Any, Any]


def entries() -> dict[str, Array]:
    """Positive entries, so that every power and logarithm is defined."""
    rng = np.random.default_rng(5)
    length = {N: 3, M: 2, P: 4}
    return {
        name: np.asarray(rng.uniform(0.5, 2.0, [length[size] for size in shape]))
        for name, shape in SHAPES.items()
    }


s, t, x, y, z, a, b, c, d, e, T3 = VALUES = entries().values()


def value(node: Node) -> Array:
    """The engine's value."""
    return np.asarray(evaluate(node, entries(), SIZES))


def khatri(left: Array, right: Array) -> Array:
    """Column by column the Kronecker product."""
    return np.stack([np.kron(p, q) for p, q in zip(left.T, right.T, strict=True)], 1)


def softmax(w: Array) -> Array:
    """exp over its sum."""
    return np.exp(w) / np.exp(w).sum(-1, keepdims=True)


OPERATIONS: dict[str, tuple[Node, Any]] = {
    "ones": (m.ones(N, M), np.ones((3, 2))),
    "zeros": (m.zeros(N, M), np.zeros((3, 2))),
    "eye": (m.eye(N), np.eye(3)),
    "copy 0": (m.copy_tensor(N, 0), 3.0),
    "copy 1": (m.copy_tensor(N, 1), np.ones(3)),
    "copy 3": (
        m.copy_tensor(2, 3),
        [[[1, 0], [0, 0]], [[0, 0], [0, 1]]],
    ),
    "basis": (m.basis(2, N), [0, 0, 1]),
    "first of a basis": (m.basis(0, 2), [1, 0]),
    "basis matrix": (m.basis_matrix(2, 1, N, M), np.eye(3)[:, [2]] * np.eye(2)[[1]]),
    "embed": (m.embed(1, 2, 4), np.eye(4)[:, 1:3]),
    "embed all": (m.embed(0, N, N), np.eye(3)),
    "embed at 0": (m.embed(0, 2, 4), np.eye(4)[:, :2]),
    "transpose": (m.transpose(B), b.T),
    "transpose of order 3": (m.transpose(T), T3.transpose(2, 1, 0)),
    "transpose by axes": (m.transpose(T, (1, 2, 0)), T3.transpose(1, 2, 0)),
    "vec": (m.vec(B), b.T.ravel()),
    "vec by rows": (m.vec(B, "C"), b.ravel()),
    "vec of order 3": (m.vec(T), T3.ravel("F")),
    "vech": (m.vech(A), [a[i, j] for j in range(3) for i in range(j, 3)]),
    "diag": (m.diagonal(A), np.diag(a)),
    "Diag": (m.diagonal_matrix(X), np.diag(x)),
    "block": (
        m.block([[A, B], [C, m.zeros(M, M)]]),
        np.block([[a, b], [c, np.zeros((2, 2))]]),
    ),
    "block of columns": (m.block([[X, B]]), np.hstack([x[:, None], b])),
    "block of scalars": (m.block([[S, U]]), [[s, t]]),
    "stacked": (m.stacked([X, Z, Y], 0), np.concatenate([x, z, y])),
    "stacked matrices": (m.stacked([B, D, B], 1), np.hstack([b, d, b])),
    "one stacked": (m.stacked([B], 1), b),
    "times": (m.times(B, D), b * d),
    "scalar times": (m.times(S, B), s * b),
    "times scalar": (m.times(B, S), s * b),
    "scalars": (m.times(S, U), s * t),
    "divide": (m.divide(B, D), b / d),
    "divide by a scalar": (m.divide(B, S), b / s),
    "product": (m.contract(C, B), c @ b),
    "matrix and vector": (m.contract(C, X), c @ x),
    "vector and matrix": (m.contract(X, B), x @ b),
    "over two axes": (
        m.contract(m.transpose(T), m.transpose(B), 2),
        np.tensordot(T3.T, b.T, 2),
    ),
    "outer": (m.outer(B, X), np.multiply.outer(b, x)),
    "A:B": (m.frobenius(B, D), (b * d).sum()),
    "x:y": (m.frobenius(X, Y), x @ y),
    "s:t": (m.frobenius(S, U), s * t),
    "B:T": (m.frobenius(B, T), np.einsum("ij,ijk->k", b, T3)),
    "kron": (m.kron(B, E), np.kron(b, e)),
    "kron of vectors": (m.kron(X, Z), np.kron(x, z)),
    "•": (m.face_splitting(B, A), khatri(b.T, a.T).T),
    "khatri_rao": (m.khatri_rao(B, E), khatri(b, e)),
    "A^0": (m.matrix_power(A, 0), np.eye(3)),
    "A^1": (m.matrix_power(A, 1), a),
    "A^2": (m.matrix_power(A, 2), a @ a),
    "A^5": (m.matrix_power(A, 5), np.linalg.matrix_power(a, 5)),
    "A^6": (m.matrix_power(A, 6), np.linalg.matrix_power(a, 6)),
    "A^-1": (m.matrix_power(A, -1), np.linalg.inv(a)),
    "A^-3": (m.matrix_power(A, -3), np.linalg.matrix_power(a, -3)),
    "trace": (m.trace(A), np.trace(a)),
    "total": (m.total(T), T3.sum()),
    "total over axes": (m.total(T, (0, 2)), T3.sum((0, 2))),
    "total over none": (m.total(B, ()), b),
    "mean": (m.mean(T), T3.mean()),
    "mean over axes": (m.mean(T, (1,)), T3.mean(1)),
    "norm1": (m.norm1(scale(-1, B)), b.sum()),
    "norm2": (m.norm2(B), np.sqrt((b * b).sum())),
    "norm2 of a scalar": (m.norm2(scale(-1, S)), s),
    "normsq": (m.normsq(B), (b * b).sum()),
    "lse": (m.lse(X), np.log(np.exp(x).sum())),
    "lse of a matrix": (m.lse(B), np.log(np.exp(b).sum())),
    "softmax": (m.softmax(B), softmax(b)),
    "inv": (m.inv(A), np.linalg.inv(a)),
    "det": (m.det(A), np.linalg.det(a)),
    "logdet": (m.logdet(A), math.log(abs(np.linalg.det(a)))),
    "adj": (m.adj(A), np.linalg.det(a) * np.linalg.inv(a)),
    "power": (m.power(B, 3), b**3),
    "power of a number node": (m.power(B, number(Fraction(1, 2))), np.sqrt(b)),
    "power by a scalar": (m.power(B, S), b**s),
    "power of a scalar": (m.power(S, B), s**b),
    "entrywise power": (m.power(B, D), b**d),
    "sqrt": (m.elementwise("sqrt", B), np.sqrt(b)),
    "square": (m.elementwise("square", B), b * b),
    "recip": (m.elementwise("recip", B), 1 / b),
    "max with a scalar": (m.elementwise("max", S, B), np.maximum(s, b)),
    "min with a scalar": (m.elementwise("min", B, S), np.minimum(s, b)),
    "atan2": (m.elementwise("atan2", B, D), np.arctan2(b, d)),
    "where": (m.elementwise("where", m.zeros(N, M), B, D), d),
    "spread": (m.spread(S, (N, M)), np.full((3, 2), s)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name: str) -> None:
    """Values and shapes are NumPy's."""
    node, expected = OPERATIONS[name]
    found = value(node)
    assert found.shape == np.shape(expected)
    assert np.allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", range(7))
def test_levi_civita(n: int) -> None:
    """det A = Σ ε A A …, and ε is the constant that is recognised."""
    node = m.levicivita(n)
    assert m.is_levicivita(node)
    array = value(node)
    assert array.shape == (n,) * n
    for p in itertools.permutations(range(n)):
        assert array[p] == round(np.linalg.det(np.eye(n)[list(p)]))
    assert np.abs(array).sum() == math.factorial(n)


def test_what_only_looks_like_a_levi_civita_tensor() -> None:
    """A variable of its name is none, nor another constant."""
    from indexcalc.expr import constant

    assert not m.is_levicivita(tensor("levicivita3", (3, 3, 3)))
    assert not m.is_levicivita(tensor("levicivita2", (3, 3)))
    assert not m.is_levicivita(constant(np.ones((3, 3, 3)), "levicivita3"))
    assert not m.is_levicivita(constant(value(m.levicivita(3)), "epsilon3"))
    assert not m.is_levicivita(X)
    assert not m.is_levicivita(m.ones(N))
    assert not m.is_levicivita(m.times(X, Y))


def test_the_number_that_a_node_is() -> None:
    """Exact numbers only."""
    assert m.literal_number(number(1)) == 1
    assert m.literal_number(zero(())) == 0
    assert m.literal_number(number(Fraction(3, 4))) == Fraction(3, 4)
    assert m.literal_number(number(-2)) == -2
    assert m.literal_number(S) is None
    for other in ("a", "b", "c", "d"):
        assert m.literal_number(m.add(number(1), tensor(other, ()))) is None
    assert m.literal_number(scale(2, S)) is None
    assert m.literal_number(ones((N,))) is None
    assert m.literal_number(zero((N,))) is None


def test_operations_that_change_nothing() -> None:
    """The identical node."""
    assert m.matrix_power(A, 1) is A
    assert m.power(B, number(1)) is B
    assert m.power(B, zero(())) is m.ones(N, M)
    assert m.transpose(m.transpose(T)) is T
    assert m.transpose(T, (0, 1, 2)) is T
    assert m.stacked([X], 0) is X
    assert m.embed(0, N, N) is m.eye(N)
    assert m.embed(0, M, N) is not m.eye(N)
    assert m.embed(1, N, N) is not m.eye(N)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "copy -1": (lambda: m.copy_tensor(N, -1), "cannot have order -1"),
    "basis -1": (lambda: m.basis(-1, N), "no entry -1 on an axis of size n .indices"),
    "basis n": (lambda: m.basis(3, 3), "no entry 3 on an axis of size 3"),
    "transpose": (lambda: m.transpose(B, (0, 2)), "is not an order of the 2 axes of"),
    "transpose twice": (lambda: m.transpose(B, (0, 0)), "not an order"),
    "diag": (lambda: m.diagonal(B), "diag needs a square matrix, and this is n×m"),
    "diag of a vector": (lambda: m.diagonal(X), "diag needs a square matrix"),
    "diag of order 3": (lambda: m.diagonal(T), "diag needs a square matrix"),
    "Diag": (lambda: m.diagonal_matrix(B), "Diag takes a vector, and this is n×m"),
    "Diag of a scalar": (lambda: m.diagonal_matrix(S), "Diag takes a vector"),
    "empty block": (lambda: m.block([]), "without entries"),
    "empty row": (lambda: m.block([[A], []]), "without entries"),
    "block of order 3": (lambda: m.block([[T]]), "a block must be a matrix"),
    "heights": (
        lambda: m.block([[A, C]]),
        "shapes n×n and m×n do not fit along axis 1",
    ),
    "widths": (
        lambda: m.block([[A], [B]]),
        "shapes n×n and n×m do not fit along axis 0",
    ),
    "times": (
        lambda: m.times(B, C),
        "an elementwise product of n×m and m×n .transpose",
    ),
    "times y": (lambda: m.times(X, Z), "product of n and m .shapes must be equal"),
    "contract": (lambda: m.contract(B, B), "product of n×m and n×m: m meets n"),
    "contract s": (lambda: m.contract(S, X), "a product over 1 axes of scalar and n"),
    "contract 2": (lambda: m.contract(X, B, 2), "a product over 2 axes of n and n×m"),
    "contract 2 of 1": (lambda: m.contract(B, X, 2), "a product over 2 axes"),
    "frobenius": (lambda: m.frobenius(X, Z), "a product over 2 axes"),
    "frobenius B": (lambda: m.frobenius(B, C), "n×m meets m×n"),
    "kron": (lambda: m.kron(A, X), "a Kronecker product of n×n and n .give both"),
    "•": (lambda: m.face_splitting(B, C), "• needs as many rows, not n×m and m×n"),
    "• x": (lambda: m.face_splitting(B, X), "• needs a matrix, and this is n"),
    "x •": (lambda: m.face_splitting(X, B), "• needs a matrix, and this is n"),
    "khatri_rao": (lambda: m.khatri_rao(B, A), "as many columns, not n×m and n×n"),
    "khatri_rao T": (lambda: m.khatri_rao(T, A), "khatri_rao needs a matrix"),
    "power": (lambda: m.matrix_power(B, 2), "a matrix power needs a square matrix"),
    "power of x": (lambda: m.matrix_power(X, 2), "a matrix power needs a matrix"),
    "trace": (lambda: m.trace(B), "a trace needs a square matrix, and this is n×m"),
    "trace of x": (lambda: m.trace(X), "a trace needs a matrix, and this is n"),
    "pow": (lambda: m.power(B, X), r"\.\^ of n×m and n"),
    "inv": (lambda: m.inv(B), "inv needs a square matrix, and this is n×m"),
    "inv of x": (lambda: m.inv(X), "inv needs 2 axes, and n has 1"),
    "one argument": (lambda: call("max", [X]), "max takes 2 arguments, not 1"),
    "two arguments": (lambda: call("exp", [X, X]), "exp takes 1 arguments, not 2"),
    "shapes": (lambda: call("max", [X, Z]), "arguments of one shape, not n and m"),
    "unknown": (
        lambda: call("unknown", [X], ("f", (0, 0))),
        "f takes 2 arguments",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """A sentence with both sides."""
    made, message = REFUSED[name]
    with pytest.raises(ShapeError, match=message):
        made()


def test_limits() -> None:
    """Copy tensors to order 32, Levi-Civita tensors of literal size to 6."""
    assert len(m.copy_tensor(N, 32).shape) == 32
    with pytest.raises(UnsupportedError, match="over the limit of 32"):
        m.copy_tensor(N, 33)
    for size in (7, N):
        with pytest.raises(UnsupportedError, match="Levi-Civita"):
            m.levicivita(size)
    with pytest.raises(UnknownNameError, match="nothing is not a function"):
        call("nothing", [X])


def test_symbolic_positions() -> None:
    """An entry of a symbolic axis may be any; blocks lie one after the other."""
    assert m.basis(7, N).shape == (N,)
    stack = m.stacked([X, Z, X], 0)
    assert stack.shape == (plus(N, M, N),)
    assert m.vec(B).shape == (times(N, M),)
    assert m.block([[A, B], [C, m.zeros(M, M)]]).shape == (plus(N, M),) * 2
