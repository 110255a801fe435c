"""From SymPy: each class against the text language; indices; refusals; derivatives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import (
    Function,
    Heaviside,
    Identity,
    Idx,
    IndexedBase,
    KroneckerDelta,
    KroneckerProduct,
    Lambda,
    LeviCivita,
    Matrix,
    MatrixSymbol,
    Max,
    Piecewise,
    Rational,
    Symbol,
    Trace,
    exp,
    log,
    sqrt,
    symbols,
)
from sympy.matrices.expressions import DotProduct, MatPow, OneMatrix, ZeroMatrix
from sympy.matrices.expressions.blockmatrix import BlockDiagMatrix, BlockMatrix
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.tensor.array.expressions.array_expressions import (
    ArrayAdd,
    ArrayContraction,
    ArrayDiagonal,
    ArrayElementwiseApplyFunc,
    ArraySymbol,
    ArrayTensorProduct,
    OneArray,
    PermuteDims,
    Reshape,
)

import indexcalc as ic
from tests import sympy_derivatives

n, m, k = symbols("n m k")
A, B = MatrixSymbol("A", n, m), MatrixSymbol("B", m, k)
S, M = MatrixSymbol("S", n, n), MatrixSymbol("M", n, n)
x, y, z = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1), MatrixSymbol("z", m, 1)
a, b = symbols("a b")
d = Symbol("d")
i, j, l = symbols("i j l", integer=True)
Y = IndexedBase("Y", shape=(n, m))
SHAPES = {
    "A": "n m",
    "B": "m k",
    "S": "n n",
    "M": "n n",
    "x": "n",
    "y": "n",
    "z": "m",
    "a": "",
    "b": "",
    "Y": "n m",
    "T": "n m n",
}

MATRICES = [
    (A * B, "A*B"),
    (2 * A * B, "2*A*B"),
    (a * S * x, "a*S*x"),
    (x.T * S * x, "x'*S*x"),
    (S.T + M, "S' + M"),
    (S - M / 2, "S - M/2"),
    (S**3, "S*S*S"),
    (S**-1 * x, "inv(S)*x"),
    (S.inv(), "inv(S)"),
    (MatPow(S, -2), "inv(S)*inv(S)"),
    (Trace(S * M), "tr(S*M)"),
    (S.det(), "det(S)"),
    (log(sympy.Determinant(S)), "logdet(S)"),
    (log(sympy.Abs(sympy.Determinant(S))), "logdet(S)"),
    (HadamardProduct(S, M), "S .* M"),
    (HadamardProduct(S, HadamardProduct(M, S)) * x, "(S.*M.*S)*x"),
    (HadamardPower(S, 3), "S.^3"),
    (HadamardPower(S, M), "S.^M"),
    (HadamardPower(2, S), "2.^S"),
    (KroneckerProduct(A, B), "kron(A, B)"),
    (DiagMatrix(x) * S, "Diag(x)*S"),
    (DiagonalMatrix(S), "Diag(diag(S))"),
    (DiagonalOf(S), "diag(S)"),
    (DotProduct(x, S * y), "x'*S*y"),
    (Identity(n) + S, "eye(n) + S"),
    (OneMatrix(n, m), "ones(n, m)"),
    (A + ZeroMatrix(n, m), "A"),
    (x * y.T, "x*y'"),
    (S.applyfunc(exp), "exp(S)"),
    (x.applyfunc(Lambda(d, d**2 + 1)), "x.^2 .+ 1"),
    (S.applyfunc(Lambda(d, a * d)), "a*S"),
    (exp(x.T * S * x), "exp(x'*S*x)"),
    (sqrt(x.T * x), "(x'*x)^0.5"),
    (1 / (1 + exp(-a)), "sigmoid(a)"),
    (exp(a) / (1 + exp(a)), "sigmoid(a)"),
    (log(1 + exp(a)), "softplus(a)"),
    (Max(0, a), "relu(a)"),
    (Max(a, b), "max(a, b)"),
    (Heaviside(a, 0), "heaviside(a)"),
    (Piecewise((a, a > 0), (0, True)), "relu(a)"),
    (n * Trace(S) + a, "n*tr(S) + a"),
    (sympy.sec(a), "1/cos(a)"),
    (a ** Rational(1, 3) * a**b, "a^(1/3)*a^b"),
    (BlockMatrix([[S, A], [A.T, OneMatrix(m, m)]]), "[S, A; A', ones(m, m)]"),
    (BlockDiagMatrix(S, M), "[S, zeros(n, n); zeros(n, n), M]"),
    (sympy.FunctionMatrix(n, n, Lambda((i, j), S[i, j] * x[j, 0])), "S*Diag(x)"),
    (Matrix([[1, 2], [3, 4]]), "[1, 2; 3, 4]"),
    (Matrix([[a, 0], [b, 1]]), "[a, 0; b, 1]"),
    (sympy.Derivative(Trace(S * S), S), "2*S'"),
    (sympy.Derivative(a**3, a, a), "6*a"),
    (Function("f")(a) * a, "a*f(a)"),
    (Function("f")(a**2).diff(a), "2*a*D(f)(a^2)"),
]


@pytest.mark.parametrize(("given", "text"), MATRICES, ids=[t for _, t in MATRICES])
def test_matrices_and_scalars(given: Any, text: str) -> None:
    """The same object as the text language makes."""
    expected = ic.parse(text, {**SHAPES, "f": "function"})
    found = ic.from_sympy(given)
    assert found.shape == expected.shape
    assert found == expected or ic.equal(found, expected) is True


T = ArraySymbol("T", (n, m, n))
ARRAYS = [
    (T, "abc->abc", "T"),
    (ArrayTensorProduct(A, S), "ab,cd->abcd", "A S"),
    (ArrayContraction(ArrayTensorProduct(A, B), (1, 2)), "ab,bc->ac", "A B"),
    (ArrayContraction(A, (0,)), "ab->b", "A"),
    (ArrayContraction(T, (0, 2)), "aba->b", "T"),
    (ArrayDiagonal(T, (0, 2)), "aba->ba", "T"),
    (ArrayDiagonal(ArrayTensorProduct(A, A), (0, 2), (1, 3)), "ab,ab->ab", "A A"),
    (PermuteDims(T, [1, 2, 0]), "abc->bca", "T"),
    (ArrayTensorProduct(OneArray(m), S), "cd->bcd", "S"),
]


@pytest.mark.parametrize(("given", "spec", "names"), ARRAYS)
def test_arrays(given: Any, spec: str, names: str) -> None:
    """The same contraction as einsum makes."""
    operands = [ic.tensor(name, SHAPES[name]) for name in names.split()]
    sizes = {"b": "m"} if spec.startswith("cd") else None
    assert ic.from_sympy(given) == ic.einsum(spec, *operands, sizes=sizes)


def test_more_array_words() -> None:
    """Sums, functions entry by entry, reshapes that group and split."""
    X = ic.tensor("T", "n m n")
    assert ic.from_sympy(ArrayAdd(T, T)) == 2 * X
    assert ic.from_sympy(ArrayElementwiseApplyFunc(Lambda(d, exp(d)), T)) == np.exp(X)
    grouped = Reshape(T, (n * m, n))
    array = np.arange(12.0).reshape(2, 3, 2)
    found = ic.from_sympy(grouped).evaluate(T=array)
    np.testing.assert_array_equal(found, array.reshape(6, 2))
    assert ic.from_sympy(Reshape(grouped, (n, m, n))) == X


# -- indices ---------------------------------------------------------------------------

INDEXED = [
    (sympy.Sum(Y[i, j], (j, 0, m - 1)), "Y*ones(m)"),
    (sympy.Sum(A[i, j] * z[j, 0], (j, 0, m - 1)), "A*z"),
    (sympy.Sum(S[i, j] * KroneckerDelta(i, j), (i, 0, n - 1), (j, 0, n - 1)), "tr(S)"),
    (KroneckerDelta(Idx("i", n), Idx("j", n)), "eye(n)"),
    (KroneckerDelta(Idx("i", n), 2), "e(2, n)"),
    (exp(sympy.Sum(S[i, j], (i, 0, n - 1), (j, 0, n - 1))), "exp(sum(S))"),
    (log(sympy.Sum(exp(x[i, 0]), (i, 0, n - 1))), "lse(x)"),
    (S[0, 1], "e(0,n)'*S*e(1,n)"),
    (sympy.Sum(a, (i, 0, n - 1)), "n*a"),
    (sympy.Sum(S[i, i] * x[i, 0], (i, 0, n - 1)), "diag(S)'*x"),
    (T[Idx("i", n), 0, Idx("j", n)], None),
]


@pytest.mark.parametrize(("given", "text"), INDEXED)
def test_indices(given: Any, text: str | None) -> None:
    """Sums and deltas mean what the text says; free indices are axes."""
    found = ic.from_sympy(given)
    if text is None:
        assert found.ndim == 2
        return
    assert found == ic.parse(text, SHAPES)


def test_free_indices_are_ordered_by_name_or_as_asked() -> None:
    """A[j, i] with free i, j is Aᵀ; `free` says another order."""
    X = ic.tensor("A", "n m")
    assert ic.from_sympy(A[j, i]) == X.T
    assert ic.from_sympy(A[j, i], free="j i") == X
    with pytest.raises(ic.UnknownNameError, match="the free indices are i, j"):
        ic.from_sympy(A[j, i], free="i")


def test_a_free_index_that_nothing_carries_needs_a_range() -> None:
    """It becomes an axis of ones."""
    found = ic.from_sympy(a, free=[Idx("r", 3)])
    assert found == ic.tensor("a") * ic.ones(3)


def test_sums_over_part_of_an_axis() -> None:
    """A literal range within the axis, and an index that is shifted."""
    v = IndexedBase("v", shape=(5,))
    array = np.arange(1.0, 6.0)
    part = ic.from_sympy(sympy.Sum(v[i], (i, 1, 3)))
    assert part.evaluate(v=array) == 9
    steps = ic.from_sympy(sympy.Sum((v[i + 1] - v[i]) ** 2, (i, 0, 3)))
    assert steps.evaluate(v=array**2) == sum((2 * t + 1) ** 2 for t in range(1, 5))
    with pytest.raises(ic.ShapeError, match="indices count from 0"):
        ic.from_sympy(sympy.Sum(v[i], (i, 1, 5)))


def test_shifted_deltas() -> None:
    """δ_{i,j+1} between a range and a longer one; else it is refused."""
    C = IndexedBase("C", shape=(5, 4))
    below = sympy.Sum(C[i, j] * KroneckerDelta(i, j + 1), (i, 0, 4), (j, 0, 3))
    array = np.arange(20.0).reshape(5, 4)
    assert ic.from_sympy(below).evaluate(C=array) == np.trace(array, -1)
    with pytest.raises(ic.UnsupportedError, match="do not lie in each other"):
        ic.from_sympy(KroneckerDelta(Idx("i", 5), Idx("j", 5) + 1))


def test_an_index_without_a_range_has_that_of_its_axis() -> None:
    """Idx("i") on an axis of n."""
    assert ic.from_sympy(Y[Idx("i"), Idx("j")]) == ic.tensor("Y", "n m")


def test_an_index_is_a_number_where_its_range_is_literal() -> None:
    """Σ i v_i."""
    v = IndexedBase("v", shape=(4,))
    found = ic.from_sympy(sympy.Sum(i * v[i], (i, 0, 3)))
    assert found.evaluate(v=np.array([5.0, 1, 1, 2])) == 9
    with pytest.raises(ic.UnsupportedError, match="literal range"):
        ic.from_sympy(sympy.Sum(i * x[i, 0], (i, 0, n - 1)))


def test_levi_civita() -> None:
    """ε_ijk u_j v_k is the cross product."""
    u, v = IndexedBase("u", shape=(3,)), IndexedBase("v", shape=(3,))
    cross = sympy.Sum(LeviCivita(i, j, l) * u[j] * v[l], (j, 0, 2), (l, 0, 2))
    found = ic.from_sympy(cross.subs(i, Idx("i", 3)))
    p, q = np.array([1.0, 2, 3]), np.array([-1.0, 0, 2])
    np.testing.assert_allclose(found.evaluate(u=p, v=q), np.cross(p, q))


def test_equal_names_of_indices_in_two_sums_are_two_indices() -> None:
    """Sums of different lengths may use one letter."""
    both = sympy.Sum(x[i, 0], (i, 0, n - 1)) * sympy.Sum(z[i, 0], (i, 0, m - 1))
    assert ic.from_sympy(both) == ic.parse("sum(x)*sum(z)", SHAPES)


# -- variables -------------------------------------------------------------------------


def test_columns_are_vectors_unless_declared() -> None:
    """A column has one axis; `shapes` keeps the second one, and adds structure."""
    assert ic.from_sympy(S * x).shape == ic.tensor("x", "n").shape
    kept = ic.from_sympy(S * x, {"x": "n 1"})
    assert kept.variables["x"].ndim == 2
    symmetric = ic.from_sympy(x.T * S * x, {"S": "n n : symmetric"})
    assert symmetric.gradient("x") == ic.parse("2*S*x", S="n n : symmetric", x="n")


def test_a_declaration_that_does_not_fit_is_refused() -> None:
    """Both shapes are named."""
    with pytest.raises(ic.ShapeError, match="S is n×n in the expression"):
        ic.from_sympy(S, {"S": "n m"})


def test_positive_symbols_are_positive() -> None:
    """The one assumption that becomes a structure; it comes back."""
    found = ic.from_sympy(Symbol("p", positive=True) ** 2)
    assert found == ic.tensor("p", " : positive") ** 2
    assert ic.to_sympy(found) == Symbol("p", positive=True) ** 2


def test_two_symbols_of_one_name_are_refused() -> None:
    """Symbols of unlike assumptions are unlike to SymPy, and would be one to us."""
    with pytest.raises(ic.UnsupportedError, match="two different symbols are called p"):
        ic.from_sympy(Symbol("p", real=True) + Symbol("p"))
    with pytest.raises(ic.ShapeError, match="A stands for two tensors"):
        ic.from_sympy(Symbol("A") * A)


REFUSED = [
    (A.adjoint(), "Adjoint"),
    (sympy.zoo, "ComplexInfinity"),
    (sympy.Permanent(S), "Permanent"),
    (sympy.Integral(a, a), "Integral"),
    (sympy.Product(a, (i, 0, n)), "Product"),
    (MatPow(S, Rational(1, 3)), "MatPow"),
    (MatPow(S, a), "MatPow"),
    (exp(S), "exp"),
    (sympy.Sum(x[i, 0], (i, 0, n - 2)), "runs from 0 to n - 2"),
    (sympy.Sum(S[i, j], (j, 0, i), (i, 0, n - 1)), "depends on an index"),
    (KroneckerDelta(i, j), "KroneckerDelta|range of the index"),
    (Piecewise((a, a > 0)), "no condition holds"),
    (DiagonalOf(A), "not square"),
    (Symbol("a b"), "not a name"),
    (Symbol("A", commutative=False), "does not commute"),
    (Symbol("n", real=True) * Trace(S), "two different symbols are called n"),
    (IndexedBase("Q")[i, j], "range of the index|shape is not known"),
    ("x + 1", "not an object of SymPy"),
    (MatrixSymbol("W", n - 1, n), "not a size"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_what_cannot_be_read_is_named(given: Any, words: str) -> None:
    """The class, or the reason; never a wrong number."""
    with pytest.raises(ic.IndexCalcError, match=words):
        ic.from_sympy(given)


def test_deep_expressions_are_read_or_refused() -> None:
    """Depth ends in an error of ours at worst."""
    deep = a
    for _ in range(300):
        deep = sympy.sin(deep, evaluate=False) + b
    try:
        found = ic.from_sympy(deep)
    except ic.BudgetError:
        return
    assert set(found.variables) == {"a", "b"}


# -- derivatives that SymPy gets wrong -------------------------------------------------


@pytest.mark.parametrize("case", sympy_derivatives.CASES, ids=lambda case: case.said)
def test_derivatives_are_right_where_sympy_fails(case: sympy_derivatives.Case) -> None:
    """Against scalar calculus, entry by entry."""
    found = sympy_derivatives.ours(case)
    values = sympy_derivatives.values()
    result = found.evaluate({name: values[name] for name in found.variables})
    expected = sympy_derivatives.truth(case)
    np.testing.assert_allclose(np.squeeze(result), expected, rtol=1e-9)


@pytest.mark.skipif(sympy.__version__ != "1.14.0", reason="measured with SymPy 1.14.0")
def test_the_table_of_the_documentation_is_as_measured() -> None:
    """What SymPy gives is measured again, row by row."""
    page = Path(__file__).resolve().parent.parent / "docs/explanation/sympy.md"
    text = page.read_text(encoding="utf-8")
    for case in sympy_derivatives.CASES:
        row = f"| {case.said} | {case.variable} | {sympy_derivatives.verdict(case)} |"
        assert row in text
