"""Into SymPy: values by SymPy's own arithmetic, round trips, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy.matrices.expressions.matexpr import MatrixExpr

import indexcalc as ic
from indexcalc.nodes import Node
from indexcalc.simplify import fuse
from indexcalc.sizes import size_text
from tests import random_nodes, sympy_values

SHAPES = {
    "A": "2 2",
    "B": "2 3",
    "C": "3 2",
    "X": "2 3",
    "x": "2",
    "y": "2",
    "z": "3",
    "s": "",
}

#: Texts with a matrix form in SymPy.
MATRIX = [
    "A*B",
    "x'*A*x",
    "tr(A'*A)",
    "A*x + y",
    "2*A - A'/3",
    "inv(A)*x",
    "det(A)*A",
    "logdet(A)",
    "B.*X",
    "B.^2 .* X",
    "Diag(x)*A",
    "diag(A)",
    "diag(A).*x",
    "kron(A, A)",
    "A*A*A",
    "exp(A)*ones(2)",
    "sin(B*z) .* x",
    "exp(x'*A*x)",
    "sum(B)",
    "norm2(x)",
    "normsq(B)",
    "softmax(x)",
    "lse(x)",
    "sigmoid(s)*x",
    "relu(x)",
    "abs(B)*z",
    "x*y'",
    "s^2 + s*x'*y",
    "ones(2, 3)",
    "eye(2) + A",
    "tr(A)*eye(2)",
    "adj(A)",
    "B : X",
    "(B.*X)*C",
    "A*((B*((x*z').*B)') .* A)",
    "kron(x', A)",
]

#: Texts and derivatives of order three and more.
ARRAYS = [
    ("A*B", "A"),
    ("(X.*B)*ones(3)", "B"),
    ("exp(A)", "A"),
    ("inv(A)*x", "A"),
    ("x.*y", "x"),
    ("Diag(x)*A", "x"),
    ("tr(A)*A", "A"),
]


def arrays() -> dict[str, np.ndarray]:
    """Small rational values; A is invertible."""
    rng = np.random.default_rng(5)
    found = {}
    for name, shape in SHAPES.items():
        sizes = tuple(map(int, shape.split()))
        found[name] = np.round(rng.uniform(0.2, 1.5, sizes), 2)
    found["A"] = found["A"] + 2 * np.eye(2)
    return found


def ours(expression: ic.Expression) -> np.ndarray:
    """Our value."""
    values = arrays()
    return expression.evaluate({name: values[name] for name in expression.variables})


@pytest.mark.parametrize("text", MATRIX)
def test_the_matrix_form_has_the_value(text: str) -> None:
    """SymPy's own arithmetic gives what evaluation gives."""
    expression = ic.parse(text, SHAPES)
    found = ic.to_sympy(expression, form="matrix")
    assert isinstance(found, MatrixExpr | sympy.Expr)
    result = sympy_values.value(found, arrays())
    expected = ours(expression)
    np.testing.assert_allclose(result.reshape(expected.shape), expected, rtol=1e-9)


@pytest.mark.parametrize(("text", "variable"), ARRAYS)
def test_the_array_form_has_the_value(text: str, variable: str) -> None:
    """Derivatives as contractions, diagonals and permutations."""
    expression = ic.parse(text, SHAPES).diff(variable)
    found = ic.to_sympy(expression, form="array")
    expected = ours(expression)
    assert tuple(map(int, found.shape)) == expected.shape
    np.testing.assert_allclose(sympy_values.value(found, arrays()), expected, rtol=1e-9)


@pytest.mark.parametrize("text", ["A*B", "x'*A*x", "inv(A)*x", "det(A)*x", "vec(B)"])
def test_the_indexed_form_has_the_value(text: str) -> None:
    """Sums written out by SymPy, each entry looked up."""
    expression = ic.parse(text, SHAPES)
    _check_indexed(expression)


@pytest.mark.parametrize(("text", "variable"), [("x.*y", "x"), ("(A*x).^2", "A")])
def test_derivatives_have_deltas_in_the_indexed_form(text: str, variable: str) -> None:
    """KroneckerDelta stands where an index is repeated."""
    expression = ic.parse(text, SHAPES).diff(variable)
    assert _check_indexed(expression).has(sympy.KroneckerDelta)


def _check_indexed(expression: ic.Expression) -> sympy.Expr:
    names = ["ijkl"[k] for k in range(expression.ndim)]
    found = ic.to_sympy(expression, form="indexed", axes=names)
    indices = [sympy.Idx(n, s) for n, s in zip(names, expression.shape, strict=True)]
    result = sympy_values.indexed_value(found, indices, arrays())
    np.testing.assert_allclose(result, ours(expression), rtol=1e-9)
    return found


# -- round trips -----------------------------------------------------------------------

LEAF_SHAPES = {
    name: " ".join(map(size_text, shape))
    + (f" : {random_nodes.STRUCTURES[name]}" if name in random_nodes.STRUCTURES else "")
    for name, shape in random_nodes.LEAVES.items()
}


def _back(node: Node, form: str) -> Node | None:
    """The node by way of SymPy; None where SymPy has no such form."""
    names = [f"a{k}" for k in range(len(node.shape))]
    try:
        found = ic.to_sympy(node, form, axes=names if form == "indexed" else ())
    except ic.UnsupportedError:
        return None
    if form != "indexed":
        return ic.from_sympy(found, LEAF_SHAPES).written
    free = [
        sympy.Idx(name, size) for name, size in zip(names, _sizes(node), strict=True)
    ]
    return ic.from_sympy(found, LEAF_SHAPES, free).written


def _sizes(node: Node) -> list[sympy.Expr]:
    from indexcalc.sympy_forms.symbols import size_symbol

    return [size_symbol(size, {}) for size in node.shape]


@pytest.mark.parametrize("form", ["indexed", "array", "matrix"])
def test_round_trips(form: str) -> None:
    """Out and in again: the identical expression, or where SymPy says a function by
    others, one of the same value."""
    identical = written = 0
    for seed in range(150):
        node = random_nodes.draw(seed).node
        back = _back(node, form)
        if back is None:
            continue
        written += 1
        if fuse(back) is fuse(node):
            identical += 1
            continue
        left, right = (_evaluated(n, seed) for n in (node, back))
        np.testing.assert_allclose(
            right.reshape(left.shape), left, rtol=1e-7, atol=1e-9, err_msg=str(seed)
        )
    assert written > 80
    assert identical > 0.4 * written


def _evaluated(node: Node, seed: int) -> np.ndarray:
    values = random_nodes.arrays(seed)
    expression = ic.Expression(node)
    known = {name: values[name] for name in expression.variables}
    with np.errstate(all="ignore"):
        return expression.evaluate(known, sizes=random_nodes.VALUES)


# -- choices and refusals --------------------------------------------------------------


def test_without_a_form_the_matrix_is_preferred() -> None:
    """Two axes give a matrix expression, three an array expression."""
    X, A = ic.tensors("X A", "n p")
    y = (X * A) @ ic.ones("p")
    assert isinstance(ic.to_sympy(y), MatrixExpr)
    assert type(ic.to_sympy(y.diff(A))).__module__.startswith("sympy.tensor.array")


def test_symbols_of_the_caller_are_used() -> None:
    """A symbol that is given stands in the result."""
    n = sympy.Symbol("n")
    A = sympy.MatrixSymbol("A", n, n)
    found = ic.to_sympy(ic.parse("A*A", A="n n"), symbols={"n": n, "A": A})
    assert found == A * A


def test_a_symbol_of_another_shape_is_refused() -> None:
    """The shape of a given symbol must be the variable's."""
    A = sympy.MatrixSymbol("A", 2, 2)
    with pytest.raises(ic.ShapeError, match="the symbol given for A"):
        ic.to_sympy(ic.parse("A'", A="3 3"), symbols={"A": A})


def test_sizes_are_symbols_that_come_back() -> None:
    """The number n comes back as the size n, sums and products of sizes too."""
    expression = ic.parse("tr(A)/n + s", A="n n", s="")
    assert ic.from_sympy(ic.to_sympy(expression)) == expression
    wide = ic.tensor("u", "2*n+m*n")
    assert ic.from_sympy(ic.to_sympy(wide)) == wide


def test_unknown_functions_and_their_derivatives_come_back() -> None:
    """f and f' of an expression, alone and entry by entry."""
    x, s = ic.tensor("x", "n"), ic.tensor("s", "")
    f = ic.unknown("f")
    for expression in (f(x), f(s * s), f(s * s).diff(s), f(x).diff(x).diff(x)):
        assert ic.from_sympy(ic.to_sympy(expression)) == expression
    g = ic.unknown("g")(s, s * s).diff(s)
    assert ic.from_sympy(ic.to_sympy(g)) == g


def test_indices_are_named_as_asked_and_unlike_anything_else() -> None:
    """Names of axes are the caller's; none else is one of a variable."""
    i, x = ic.tensor("i", ""), ic.tensor("x", "n")
    assert "j" in str(ic.to_sympy(i * x, form="indexed"))
    assert "r" in str(ic.to_sympy(x, form="indexed", axes="r"))


@pytest.mark.parametrize(
    ("text", "form", "words"),
    [
        ("max(X, B)", "matrix", "one matrix only"),
        ("A*B", "polynomial", "not a form of SymPy"),
    ],
)
def test_what_sympy_lacks_is_refused(text: str, form: str, words: str) -> None:
    """The error says what is missing."""
    with pytest.raises(ic.UnsupportedError, match=words):
        ic.to_sympy(ic.parse(text, SHAPES), form=form)


def test_deep_expressions_do_not_crash() -> None:
    """SymPy's recursion is at worst an error of ours."""
    s = ic.tensor("s", "")
    deep = s
    for _ in range(600):
        deep = np.exp(deep) + s
    for form in ("matrix", "array", "indexed"):
        try:
            found = ic.to_sympy(deep, form=form)
        except ic.IndexCalcError:
            continue
        assert isinstance(found, sympy.Basic)


def test_a_name_of_an_axis_that_is_taken_is_refused() -> None:
    """An index must not be called as a variable, and bound ones get other names."""
    A, x = ic.tensor("A", "2 2"), ic.tensor("x", "2")
    found = ic.to_sympy(A @ x, form="indexed", axes="j")
    assert len(found.atoms(sympy.Idx)) == 2
    with pytest.raises(ic.UnsupportedError, match="the index x has the name"):
        ic.to_sympy(A @ x, form="indexed", axes="x")
