"""Expressions to print as programs: the worked problems, and what one einsum cannot."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from indexcalc import matrix as m
from indexcalc.derivative import gradient, hessian, jacobian
from indexcalc.expr import add, constant, einsum, linear, number, scale, tensor
from indexcalc.functions import call
from indexcalc.nodes import Node
from indexcalc.sizes import dim, plus, times
from indexcalc.structure_matrices import (
    commutation,
    duplication,
    elimination,
    lower_mask,
)

SIZES = {"n": 4, "p": 3, "k": 5, "q": 2, "r": 6}
n, p, k, q, r = (dim(name) for name in SIZES)
X, Y, A = (tensor(name, (n, p)) for name in "XYA")
S, T = tensor("S", (n, n)), tensor("T", (n, n))
x, y, z = (tensor(name, (n,)) for name in "xyz")
c, s = tensor("c", (p,)), tensor("s", ())
B, u, D, E = (
    tensor("B", (p, k)),
    tensor("u", (k,)),
    tensor("D", (k, q)),
    tensor("E", (p, q)),
)
e, f, a, R = (
    tensor("e", (q,)),
    tensor("f", (q,)),
    tensor("a", (p,)),
    tensor("R", (r, p)),
)
V, G, Z = tensor("V", (k, k)), tensor("G", (k, n)), tensor("Z", (n, 3))


def nested() -> Node:
    """(B(u eᵀ ∘ D) ∘ E) f."""
    inner = m.contract(B, m.times(m.outer(u, e), D))
    return m.contract(m.times(inner, E), f)


def layer() -> Node:
    """V(GZ ∘ GZ)1₃."""
    product = m.contract(G, Z)
    return m.contract(m.contract(V, m.times(product, product)), m.ones(3))


def logistic() -> Node:
    """Σ log(1 + exp(−y ∘ Xc)) + s cᵀc."""
    margins = scale(-1, m.times(y, m.contract(X, c)))
    return add(m.total(m.elementwise("softplus", margins)), m.times(s, m.normsq(c)))


low, band = tensor("low", (n, n), "lower"), tensor("band", (n, n), "toeplitz")
belt = tensor("belt", (n, p), "toeplitz")
row_sums = m.contract(m.times(X, A), m.ones(p))
triple = m.times(m.times(x, y), z)
small = constant(np.arange(8.0).reshape(2, 4), "C")
large = constant(np.linspace(0, 1, 64).reshape(4, 16), "W")
wide = tensor("wide", (4,))

CASES: dict[str, Node] = {
    "row sums": row_sums,
    "row sums by A: H X": jacobian(row_sums, A),
    "layer": layer(),
    "layer by Z": jacobian(layer(), Z),
    "triple product": triple,
    "triple product by x": jacobian(triple, x),
    "nested scalar": m.contract(a, nested()),
    "nested scalar by u": gradient(m.contract(a, nested()), u),
    "nested vector by u": jacobian(m.contract(R, nested()), u),
    "logistic loss": logistic(),
    "logistic gradient": gradient(logistic(), c),
    "logistic Hessian": hessian(logistic(), c, c),
    "logistic mixed block": hessian(logistic(), c, y),
    "softmax Jacobian": jacobian(m.softmax(x), x),
    "row softmax Jacobian": jacobian(m.softmax(X), X),
    "log-sum-exp Hessian": hessian(m.lse(x), x, x),
    "log-sum-exp of a matrix": m.lse(X),
    "inverse": m.inv(S),
    "inverse by S": jacobian(m.inv(S), S),
    "log-determinant Hessian": hessian(m.logdet(S), S, S),
    "determinant Hessian": hessian(m.det(S), S, S),
    "adjugate": m.adj(S),
    "Kronecker product": m.kron(X, S),
    "Kronecker product by S": jacobian(m.kron(X, S), S),
    "vec": m.vec(X),
    "vec by X": jacobian(m.vec(X), X),
    "vec in a product": m.contract(m.vec(X), m.vec(Y)),
    "face splitting by X": jacobian(m.face_splitting(X, Y), X),
    "mixed patterns": add(m.diagonal_matrix(x), m.outer(y, y)),
    "three patterns": linear(
        [
            (m.diagonal_matrix(x), 2),
            (m.eye(n), -1),
            (m.outer(y, m.ones(n)), Fraction(1, 3)),
        ],
        (n, n),
    ),
    "sum of a column and a row": add(m.outer(x, m.ones(p)), m.outer(m.ones(n), c)),
    "sum of columns": add(m.outer(x, m.ones(p)), m.ones(n, p)),
    "a scalar": s,
    "a scalar times a matrix": m.times(s, X),
    "a scalar on the diagonal": m.times(s, m.eye(n)),
    "a scalar everywhere": m.spread(s, (n, p)),
    "a number": number(Fraction(2, 3)),
    "the number n": m.trace(m.eye(n)),
    "n + 1": add(m.trace(m.eye(n)), number(1)),
    "a factor n": m.times(m.trace(m.eye(n)), X),
    "a factor read from n+p": m.times(
        m.trace(m.eye(p)), m.times(tensor("w", (plus(n, p),)), m.ones(plus(n, p)))
    ),
    "mean": m.mean(X),
    "mean of columns": m.mean(X, [0]),
    "zero": m.zeros(n, 3),
    "zero scalar": m.zeros(),
    "a bare variable": X,
    "a transpose": m.transpose(X),
    "a diagonal": m.diagonal(S),
    "the identity": m.eye(n),
    "H": m.copy_tensor(n, 3),
    "identity by itself": jacobian(X, X),
    "ones": m.ones(n, 2),
    "1 + x": add(x, m.ones(n)),
    "2/3 x − 2 y": linear([(x, Fraction(2, 3)), (y, -2)], (n,)),
    "0.1 x": scale(Fraction("0.1"), x),
    "a column of size 1": einsum([(x, [0])], [0, ()]),
    "a row of size 1, twice": einsum([(x, [0])], [(), 0, ()]),
    "a scalar as a 1×1 matrix": einsum([(s, [])], [(), ()]),
    "norm": m.norm2(X),
    "norm Hessian": hessian(m.norm2(x), x, x),
    "matrix norm Hessian": hessian(m.norm2(X), X, X),
    "row norms": call("norm2", [X], (1,)),
    "larger of x and 0": m.elementwise("max", x, m.zeros(n)),
    "basis vector": m.contract(X, m.basis(1, p)),
    "entry matrix": m.basis_matrix(1, 2, n, p),
    "blocks": m.block([[S, X], [m.transpose(X), m.eye(p)]]),
    "a function of ones": m.times(m.elementwise("exp", m.ones(n)), x),
    "a function of n": m.times(m.elementwise("exp", m.trace(m.eye(n))), x),
    "Gaussian curvature": hessian(m.total(m.elementwise("erf", x)), x, x),
    "unknown function": m.total(m.unknown("f", m.contract(X, c))),
    "unknown function, Hessian": hessian(m.total(m.unknown("f", x)), x, x),
    "unknown of two": jacobian(m.unknown("g", x, y), x),
    "power of a matrix": m.matrix_power(S, 3),
    "small constant": m.contract(small, m.transpose(wide)),
    "large constant": m.contract(m.transpose(wide), large),
    "Levi-Civita": einsum([(m.levicivita(3), [0, 1, 2]), (Z, [4, 1])], [0, 4, 2]),
    "Hadamard square of a product": m.power(m.contract(X, m.transpose(Y)), 2),
    "reciprocal": m.divide(x, add(y, scale(3, m.ones(n)))),
    "where": m.elementwise("where", m.elementwise("heaviside", x), y, z),
    "lower triangle": jacobian(low, low),
    "upper triangle, rectangular": m.times(
        m.transpose(lower_mask(p, n)), m.power(X, 2)
    ),
    "Toeplitz means": gradient(m.trace(m.contract(S, band)), band),
    "Toeplitz sums": gradient(m.total(m.times(X, belt)), belt, "free_entries"),
    "vech": m.vech(S),
    "duplication": m.contract(duplication(n), m.vech(S)),
    "elimination": m.contract(elimination(n), m.outer(m.vec(S), x)),
    "commutation": m.contract(commutation(n, p), m.vec(X)),
    "grouped reading": einsum(
        [(tensor("long", (times(n, p),)), [0]), (m.vec(X, "C"), [0])], [0]
    ),
}
