"""The text language: every operator and function, what it means and what it refuses.

Each text is compared with the node that `matrix` builds by hand: the same object once
both are fused. Errors are compared by type, place and hint.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from indexcalc import expr, matrix, structure_matrices
from indexcalc.errors import (
    IndexCalcError,
    ParseError,
    ShapeError,
)
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, variables
from indexcalc.simplify import fuse
from indexcalc.sizes import dim, parse_shape, plus, shape_text, times, triangle
from indexcalc.text import parse
from indexcalc.text.squares import FRECHET, SPECTRAL
from indexcalc.text.vocabulary import ELEMENTWISE, OF_SEVERAL, TABLE
from tests.text_declarations import SHAPES


def leaf(name: str) -> Node:
    written = str(SHAPES[name]).partition(":")
    return expr.tensor(name, parse_shape(written[0]), written[2].strip())


A, B, C, D, E, K = (leaf(name) for name in "ABCDEK")
x, y, z, s, t, U, u, Q, T, V = (leaf(name) for name in "xyzstUuQTV")
n, p = dim("n"), dim("p")
one_n = matrix.ones(n)
row_y = expr.einsum([(y, [0])], [[], 0])


def transposed(a: Node) -> Node:
    return matrix.transpose(a)


def same(text: str, node: Node, **options: bool) -> bool:
    return fuse(parse(text, SHAPES, **options).node) is fuse(node)


MEANINGS: list[tuple[str, str, Node]] = [
    # sums
    ("x + y", "column", matrix.add(x, y)),
    ("x' - y'", "row", expr.linear([(x, 1), (y, -1)], x.shape)),
    ("x − y", "column", expr.linear([(x, 1), (y, -1)], x.shape)),
    ("C .+ s", "matrix", matrix.add(C, matrix.spread(s, C.shape))),
    ("1.+x", "column", matrix.add(one_n, x)),
    (
        "s .- C",
        "matrix",
        expr.linear([(matrix.spread(s, C.shape), 1), (C, -1)], C.shape),
    ),
    ("Q + s", "scalar", matrix.add(matrix.total(Q), s)),
    ("-x.^2", "column", expr.scale(-1, matrix.power(x, 2))),
    ("--x", "column", x),
    ("x - -y", "column", matrix.add(x, y)),
    # products
    ("2*x", "column", expr.scale(2, x)),
    ("x*s", "column", matrix.times(s, x)),
    ("A*B", "matrix", matrix.contract(A, B)),
    ("A*x", "column", matrix.contract(A, x)),
    ("x'*C", "row", matrix.contract(x, C)),
    ("x'*y", "scalar", matrix.contract(x, y)),
    ("x*y'", "matrix", matrix.outer(x, y)),
    ("x*z'*z", "column", matrix.contract(matrix.outer(x, z), z)),
    ("Q*C", "matrix", matrix.times(matrix.total(Q), C)),
    ("C/2", "matrix", expr.scale(0.5, C)),
    ("x/s", "column", matrix.divide(x, s)),
    ("1/3*s", "scalar", expr.scale(Fraction(1, 3), s)),
    ("1./x", "column", matrix.power(x, -1)),
    ("C.*D", "matrix", matrix.times(C, D)),
    ("C∘D⊙C", "matrix", matrix.times(matrix.times(C, D), C)),
    ("x⊘y", "column", matrix.divide(x, y)),
    ("s.*C", "matrix", matrix.times(s, C)),
    ("C:D", "scalar", matrix.frobenius(C, D)),
    ("x:y", "scalar", matrix.contract(x, y)),
    ("C⊗D", "matrix", matrix.kron(C, D)),
    ("x⊗y", "column", matrix.kron(x, y)),
    ("x'⊗y'", "row", matrix.kron(x, y)),
    ("x⊗z'", "matrix", matrix.outer(x, z)),
    ("x⋆C", "tensor", matrix.outer(x, C)),
    ("C•D", "matrix", matrix.face_splitting(C, D)),
    ("x•C", "matrix", expr.einsum([(x, [0]), (C, [0, 1])], [0, 1])),
    ("T*x", "matrix", matrix.contract(T, x)),
    ("T:A", "column", matrix.contract(T, A, 2)),
    # suffixes
    ("A'", "matrix", transposed(A)),
    ("Aᵀ", "matrix", transposed(A)),
    ("A.T", "matrix", transposed(A)),
    ("A^T", "matrix", transposed(A)),
    ("A^-1'", "matrix", transposed(matrix.inv(A))),
    ("A⁻¹", "matrix", matrix.inv(A)),
    ("A^3", "matrix", matrix.matrix_power(A, 3)),
    ("A²", "matrix", matrix.matrix_power(A, 2)),
    ("A^(1+1)", "matrix", matrix.matrix_power(A, 2)),
    ("s^t", "scalar", matrix.power(s, t)),
    ("s^+2", "scalar", matrix.power(s, 2)),
    ("s³", "scalar", matrix.power(s, 3)),
    ("(x'*y)^0.5", "scalar", matrix.power(matrix.contract(x, y), 0.5)),
    ("C.^2", "matrix", matrix.power(C, 2)),
    ("C.^D", "matrix", matrix.power(C, D)),
    ("C.^s", "matrix", matrix.power(C, s)),
    ("2^3^2", "scalar", expr.number(64)),
    ("2.5e-1*s", "scalar", expr.scale(0.25, s)),
    ("x'''", "row", x),
    # reductions
    ("sum(C)", "scalar", matrix.total(C)),
    ("sum1(C)", "column", matrix.total(C, [1])),
    ("sum0(C)", "row", matrix.total(C, [0])),
    ("sum0(C)*z", "scalar", matrix.contract(matrix.total(C, [0]), z)),
    ("sum0(C) + z", "column", matrix.add(matrix.total(C, [0]), z)),
    ("sum0(C) + z'", "row", matrix.add(matrix.total(C, [0]), z)),
    ("mean(C)", "scalar", matrix.mean(C)),
    ("norm1(x)", "scalar", matrix.norm1(x)),
    ("norm2(C)", "scalar", matrix.norm2(C)),
    ("normsq(C)", "scalar", matrix.normsq(C)),
    ("lse(x)", "scalar", matrix.lse(x)),
    ("softmax(x')", "row", matrix.softmax(x)),
    # linear algebra
    ("tr(A)", "scalar", matrix.trace(A)),
    ("trace(x'*A*x)", "scalar", matrix.contract(x, matrix.contract(A, x))),
    ("frob(C,D)", "scalar", matrix.frobenius(C, D)),
    ("det(A)", "scalar", matrix.det(A)),
    ("logdet(A)", "scalar", matrix.logdet(A)),
    ("inv(A)", "matrix", matrix.inv(A)),
    ("adj(A)", "matrix", matrix.adj(A)),
    ("diag(A)", "column", matrix.diagonal(A)),
    ("diag(x)", "matrix", matrix.diagonal_matrix(x)),
    ("Diag(x')", "matrix", matrix.diagonal_matrix(x)),
    ("vec(C)", "column", matrix.vec(C)),
    ("vech(U)", "column", matrix.vech(U)),
    ("vech(A)", "column", matrix.vech(A)),
    ("kron(C,D)", "matrix", matrix.kron(C, D)),
    ("outer(x,z)", "matrix", matrix.outer(x, z)),
    ("khatri_rao(C,K)", "matrix", matrix.khatri_rao(C, K)),
    ("max(x,0)", "column", matrix.elementwise("max", x, expr.number(0))),
    ("min(C,D)", "matrix", matrix.elementwise("min", C, D)),
    ("f(x)", "column", matrix.unknown("f", x)),
    ("D(f)(x)", "column", matrix.unknown("f", x, orders=(1,))),
    ("f′(x)", "column", matrix.unknown("f", x, orders=(1,))),
    ("D(D(f))(x)", "column", matrix.unknown("f", x, orders=(2,))),
    ("D(g,1,0)(x,y)", "column", matrix.unknown("g", x, y, orders=(1, 0))),
    ("g(x,s)", "column", matrix.unknown("g", x, matrix.spread(s, x.shape))),
    ("arcsin(x)", "column", matrix.elementwise("asin", x)),
    ("arccos(x)", "column", matrix.elementwise("acos", x)),
    ("arctan(x)", "column", matrix.elementwise("atan", x)),
    ("ln(x)", "column", matrix.elementwise("log", x)),
    # constants
    ("ones(n)", "column", one_n),
    ("ones(n,p)", "matrix", matrix.ones(n, p)),
    ("zeros(3)", "column", matrix.zeros(3)),
    ("ones(2*n+1)", "column", matrix.ones(plus(times(2, n), 1))),
    ("ones(n*(n+1)/2)", "column", matrix.ones(triangle(n))),
    ("tril(n)", "matrix", structure_matrices.lower_mask(n, n)),
    ("tril(n,p)", "matrix", structure_matrices.lower_mask(n, p)),
    ("diagonals(n,p)", "tensor", structure_matrices.diagonals(n, p)),
    ("diagonallengths(n,p)", "matrix", structure_matrices.diagonal_lengths(n, p)),
    ("duplication(n)", "matrix", structure_matrices.duplication(n)),
    ("elimination(n)", "matrix", structure_matrices.elimination(n)),
    ("commutation(n,p)", "matrix", structure_matrices.commutation(n, p)),
    ("eye(n)", "matrix", matrix.eye(n)),
    ("A + eye", "matrix", matrix.add(A, matrix.eye(n))),
    ("I*C", "matrix", C),
    ("vector(1)'*C", "row", matrix.total(C, [0])),
    ("C + matrix(1)", "matrix", matrix.add(C, matrix.ones(n, p))),
    ("C*𝟏", "column", matrix.total(C, [1])),
    ("H(n)", "tensor", matrix.copy_tensor(n, 3)),
    ("H(n):(C*D')", "column", matrix.total(matrix.times(C, D), [1])),
    ("H(n)*C", "tensor", matrix.contract(matrix.copy_tensor(n, 3), C)),
    ("delta(n,4)", "tensor", matrix.copy_tensor(n, 4)),
    ("delta(n,0)", "scalar", expr.size_node(n)),
    ("e(0,3)", "column", matrix.basis(0, 3)),
    ("e(2,n)", "column", matrix.basis(2, n)),
    ("E(0,1,n,p)", "matrix", matrix.basis_matrix(0, 1, n, p)),
    ("levicivita(3)", "tensor", matrix.levicivita(3)),
    ("tr(A)/n", "scalar", matrix.divide(matrix.trace(A), expr.size_node(n))),
    # blocks
    ("[A, x; y', s]", "matrix", matrix.block([[A, x], [row_y, s]])),
    ("[x, y]", "matrix", matrix.block([[x, y]])),
    ("[A]", "matrix", A),
    # tensors
    ('einsum("ij,kj->ik", C, D)', "matrix", matrix.contract(C, transposed(D))),
    ('einsum("i->ii", x)', "matrix", matrix.diagonal_matrix(x)),
    ('einsum("ij,jk", A, B)', "matrix", matrix.contract(A, B)),
    ('einsum("ba", C)', "matrix", transposed(C)),
    ("transpose(T, 2,0,1)", "tensor", matrix.transpose(T, [2, 0, 1])),
    ("transpose(C)", "matrix", transposed(C)),
    ("transpose(C, 1, 0)", "matrix", transposed(C)),
    # names
    ("α", "column", expr.tensor("α", (n,))),
    ("lambda", "column", expr.tensor("lambda", (n,))),
    ("S", "matrix", expr.tensor("S", (n, n), "symmetric")),
]


@pytest.mark.parametrize(("text", "kind", "node"), MEANINGS, ids=lambda v: str(v)[:40])
def test_meaning(text: str, kind: str, node: Node) -> None:
    found = parse(text, SHAPES)
    assert found.kind == kind
    assert fuse(found.node) is fuse(node)


#: What test_complex holds to its meaning.
COMPLEX = ("conj", "real", "imag")


def test_every_function_has_a_meaning_here() -> None:
    written = " ".join(text for text, _, _ in MEANINGS)
    missing = [name for name in TABLE if f"{name}(" not in written]
    elsewhere = {*SPECTRAL, *FRECHET, *COMPLEX}
    assert set(missing) <= {*ELEMENTWISE, *OF_SEVERAL, *elsewhere, "matrix", "vector"}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str) -> None:
    assert same(f"{name}(C)", matrix.elementwise(name, C))
    assert parse(f"{name}(x')", SHAPES).kind == "row"
    assert parse(f"{name}(s)", SHAPES).kind == "scalar"


# -- values ----------------------------------------------------------------------------

VALUES = {
    "A": np.arange(9.0).reshape(3, 3) + np.eye(3),
    "C": np.arange(6.0).reshape(3, 2) / 7,
    "x": np.array([1.0, 2.0, -0.5]),
    "y": np.array([0.3, -1.0, 2.0]),
    "z": np.array([2.0, -3.0]),
    "s": np.array(1.5),
    "V": np.array([[1.0, 2, 3], [4, 5, 6]]),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[x; y]", lambda v: np.concatenate([v["x"], v["y"]])),
        ("[x', y']", lambda v: np.concatenate([v["x"], v["y"]])),
        ("[1, 2; 3, s]", lambda v: np.array([[1, 2], [3, 1.5]])),
        ("[1; s; x]", lambda v: np.concatenate([[1, 1.5], v["x"]])),
        ("[C; z']", lambda v: np.vstack([v["C"], v["z"]])),
        ("[C, x]", lambda v: np.column_stack([v["C"], v["x"]])),
        ("x'⊗C", lambda v: np.kron(v["x"][None], v["C"])),
        ("x⊗C", lambda v: np.kron(v["x"][:, None], v["C"])),
        ("C⊗z'", lambda v: np.kron(v["C"], v["z"][None])),
        ("x'•y'", lambda v: np.kron(v["x"], v["y"])),
        ("vec(V)", lambda v: v["V"].ravel(order="F")),
        ("E(0,2,3,4)", lambda v: np.eye(12)[2].reshape(3, 4)),
        (
            "A^3*x/s - A'*y",
            lambda v: v["A"] @ v["A"] @ v["A"] @ v["x"] / 1.5 - v["A"].T @ v["y"],
        ),
        ("exp(-C).^2*z", lambda v: np.exp(-v["C"]) ** 2 @ v["z"]),
        ("x'*A*y*x", lambda v: v["x"] @ v["A"] @ v["y"] * v["x"]),
        ("sum0(C)'", lambda v: v["C"].sum(0)),
        ("mean(A) - tr(A)/n", lambda v: v["A"].mean() - np.trace(v["A"]) / 3),
        (
            "max(x, y) - min(x, 0)",
            lambda v: np.maximum(v["x"], v["y"]) - np.minimum(v["x"], 0),
        ),
        ("[1, 2; 3, 4]*V", lambda v: np.array([[1, 2], [3, 4]]) @ v["V"]),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_value(text: str, value: object) -> None:
    assert callable(value)
    node = parse(text, SHAPES).node
    known = {name: VALUES[name] for name in variables(node)}
    np.testing.assert_allclose(evaluate(node, known), value(VALUES), rtol=1e-12)


# -- inference -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("A*x", {"A": "m n", "x": "n"}),
        ("x'*A*x", {"x": "m", "A": "m m"}),
        ("A*B + C'", {"A": "m n", "B": "n p", "C": "p m"}),
        ("(A⊗B)*x", {"A": "m n", "B": "p q", "x": "n*q"}),
        ("ones(n)'*x/n", {"x": "n"}),
        ("I*x + c*y", {"x": "m", "c": "", "y": "m"}),
        ("λ*normsq(x)", {"λ": "", "x": "m"}),
        ("A*ones(m) + x", {"A": "n m", "x": "n"}),
        ("[A, x]", {"A": "m n", "x": "m"}),
        ("vec(A)'*x", {"A": "m n", "x": "m*n"}),
    ],
)
def test_infer(text: str, shapes: dict[str, str]) -> None:
    found = parse(text, {}, infer=True)
    assert found.inferred == {
        name: parse_shape(shape) for name, shape in shapes.items()
    }
    assert found.shapes == found.inferred


def test_declarations_win_over_the_letter() -> None:
    found = parse("A*b", {"b": "n"}, infer=True)
    assert found.kind == "column"
    assert [shape_text(shape) for shape in found.shapes.values()] == ["n", "m×n"]
    assert list(found.inferred) == ["A"]


@pytest.mark.parametrize("text", ["sum(eye)", "vector(1)", "tr(I)", "sum(𝟏)"])
def test_a_size_that_nothing_gives(text: str) -> None:
    with pytest.raises(ParseError, match="nothing gives the size"):
        parse(text, SHAPES)


def test_sizes_that_cannot_be_equal() -> None:
    with pytest.raises(ShapeError, match="cannot be made equal"):
        parse("(A⊗B)*x", {"x": "r"}, infer=True)


# -- declarations ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["n n", ("n", "n"), ["n", dim("n")], "n, n"])
def test_spellings_of_a_shape(shape: object) -> None:
    assert parse("A", {"A": shape}).node is A


def test_a_declared_name_shadows_a_constant() -> None:
    shapes = {"H": "n n", "I": "n", "e": "", "n": "", "x": "n"}
    assert parse("H*I*e", shapes).kind == "column"
    assert parse("H(n)*x", shapes).kind == "matrix"
    assert parse("n*x", shapes).node is matrix.times(expr.tensor("n", ()), x)


def test_a_size_is_a_scalar() -> None:
    assert same("n*p", matrix.times(expr.size_node(n), expr.size_node(p)))
    assert parse("q*ones(q)", {}).kind == "column"


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"S": "n p : symmetric"}, "only a square matrix is symmetric"),
        ({"x": "n : diagonal"}, "only a matrix is diagonal"),
        ({"A": "n n : round"}, "'round' is not a structure"),
        ({"2x": "n"}, "'2x' is not a name"),
        ({"a b": "n"}, "'a b' is not a name"),
        ({3: "n"}, "3 is not a name"),
        ({"x": None}, "None is not a size"),
        ({"x": 2.5}, "2.5 is not a size"),
        ({"x": -1}, "negative"),
        ({"x": "n^2"}, "is not a size"),
    ],
)
def test_bad_declarations(shapes: dict[str, object], message: str) -> None:
    with pytest.raises(IndexCalcError, match=message.replace("^", r"\^")):
        parse("1", shapes)


def test_positive_needs_no_matrix() -> None:
    found = parse("x", {"x": "n : positive"})
    assert found.node is expr.tensor("x", (n,), "positive")
    assert found.shapes == {"x": (n,)}


# -- the face of the module ------------------------------------------------------------


def test_lark_is_loaded_with_the_first_text() -> None:
    program = (
        "import sys; import indexcalc.text as t; before = 'lark' in sys.modules;"
        "t.parse('1'); print(before, 'lark' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["False", "True"]
