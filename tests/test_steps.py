"""Derivations: every line has the value of the one before, the last is the engine's.

Each line of a derivation carries a node. Lines about the same thing must evaluate to
the same array, with random arrays for the variables and the differentials and one-hot
vectors for the basis vectors; that is checked for every line of every derivation here.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.comparison.evidence import drawn, smooth_functions
from indexcalc.derivative import jacobian
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor, variables
from indexcalc.sizes import value_of
from indexcalc.steps.derive import METHODS, Derivation, derivation

SIZES = {"k": 3, "m": 4, "n": 3, "p": 2, "q": 2, "r": 2}

#: Name: text, shapes, variable.
CASES: dict[str, tuple[str, dict[str, str], str]] = {
    "row sums": ("(X.*A)*ones(p)", {"X": "n p", "A": "n p"}, "A"),
    "layer": (
        "W*((A*X).*(A*X))*ones(3)",
        {"W": "k k", "A": "k n", "X": "n 3"},
        "X",
    ),
    "triple": ("x.*y.*z", {"x": "n", "y": "n", "z": "n"}, "x"),
    "nested": (
        "a'*((B*((x*c').*D)).*E)*f",
        {"a": "m", "B": "m n", "x": "n", "c": "p", "D": "n p", "E": "m p", "f": "p"},
        "x",
    ),
    "nested vector": (
        "A*((B*((x*c').*D)).*E)*f",
        {"A": "r m", "B": "m n", "x": "n", "c": "p", "D": "n p", "E": "m p", "f": "p"},
        "x",
    ),
    "quadratic": ("x'*A*x", {"A": "n n", "x": "n"}, "x"),
    "rayleigh": ("x'*A*x/(x'*x)", {"A": "n n", "x": "n"}, "x"),
    "cubic": ("(A*x)'*B*(x.*x)", {"A": "n n", "B": "n n", "x": "n"}, "x"),
    "least squares": ("norm2(A*x-b)^2", {"A": "m n", "x": "n", "b": "m"}, "x"),
    "ridge": (
        "normsq(A*x-b) + c*normsq(x)",
        {"A": "m n", "x": "n", "b": "m", "c": ""},
        "x",
    ),
    "norm": ("norm2(X)", {"X": "m n"}, "X"),
    "scaled by norm": ("norm2(x)*x", {"x": "n"}, "x"),
    "trace of inverse": ("tr(A*inv(X)*B)", {"A": "m n", "X": "n n", "B": "n m"}, "X"),
    "gram inverse": ("tr(inv(X'*X))", {"X": "m n"}, "X"),
    "trace square": ("tr((X*A)*(X*A))", {"X": "n n", "A": "n n"}, "X"),
    "trace power": ("tr(X^3)", {"X": "n n"}, "X"),
    "logdet": ("logdet(A*X*A')", {"A": "p n", "X": "n n"}, "X"),
    "det": ("det(X)", {"X": "n n"}, "X"),
    "inverse": ("inv(X)", {"X": "n n"}, "X"),
    "sandwich": ("A*X*B", {"A": "m n", "X": "n p", "B": "p q"}, "X"),
    "transposed": ("(A*X)'*B", {"A": "m n", "X": "n p", "B": "m q"}, "X"),
    "outer": ("(A*x)*(A*x)'", {"A": "m n", "x": "n"}, "x"),
    "scalings": ("Diag(x)*A*Diag(exp(x))", {"A": "n n", "x": "n"}, "x"),
    "diagonal": ("diag(A*X*B)", {"A": "m n", "X": "n p", "B": "p m"}, "X"),
    "both scaled": ("sum(Diag(x)*A*Diag(x))", {"A": "n n", "x": "n"}, "x"),
    "logistic": (
        "sum(log(ones(m)+exp(-y.*(X*w))))",
        {"y": "m", "X": "m n", "w": "n"},
        "w",
    ),
    "factorisation": (
        "sum((W.*(A-U*V')).^2)",
        {"W": "m n", "A": "m n", "U": "m r", "V": "n r"},
        "U",
    ),
    "activation": ("tanh(W*x+b)", {"W": "m n", "x": "n", "b": "m"}, "x"),
    "two layers": (
        "sum(V*sigmoid(W*x))",
        {"V": "k m", "W": "m n", "x": "n"},
        "W",
    ),
    "softmax": ("softmax(A*x)", {"A": "m n", "x": "n"}, "x"),
    "log-sum-exp": ("lse(A*x)", {"A": "m n", "x": "n"}, "x"),
    "gaussian": ("exp(-x'*S*x)", {"S": "n n : symmetric", "x": "n"}, "x"),
    "symmetric": ("tr(S*A*S)", {"S": "n n : symmetric", "A": "n n"}, "S"),
    "symmetric square": ("S*S", {"S": "n n : symmetric"}, "S"),
    "symmetric logdet": ("logdet(S)", {"S": "n n : pd"}, "S"),
    "power": ("x.^3", {"x": "n"}, "x"),
    "by a number": ("exp(t*A)*b", {"t": "", "A": "n n", "b": "n"}, "t"),
    "of a number": ("sin(t)^2*t", {"t": ""}, "t"),
    "kronecker": ("kron(A,X)", {"A": "n p", "X": "m q"}, "X"),
    "kronecker form": (
        "x'*kron(A,B)*x",
        {"A": "p p", "B": "n n", "x": "p*n"},
        "x",
    ),
    "constant": ("b'*b", {"b": "n", "x": "n"}, "x"),
    "itself": ("X", {"X": "m n"}, "X"),
    "third order": (
        'einsum("ijk,k->ij", T, x)*x',
        {"T": "n n n", "x": "n"},
        "x",
    ),
}

#: What matrix notation cannot say.
BEYOND = {("third order", "differential"), ("third order", "vec")}

PAIRS = [(c, m) for c in CASES for m in METHODS if (c, m) not in BEYOND]


@cache
def derived(case: str, method: str, order: int = 1) -> Derivation:
    """The derivation of a case."""
    text, shapes, variable = CASES[case]
    expression = ic.parse(text, shapes)
    return derivation(expression.written, expression.scope[variable], method, order)


class Bindings:
    """Random arrays for what stands in a derivation, the same at every run."""

    def __init__(self, found: Derivation) -> None:
        self.rng = np.random.default_rng(7)
        self.found = found
        roots = [step.value for step in found.steps]
        leaves = variables(found.result, *found.directions, *roots)
        self.arrays = {name: self.array(leaf) for name, leaf in leaves.items()}

    def array(self, leaf: Tensor) -> np.ndarray:
        shape = tuple(value_of(size, SIZES) for size in leaf.shape)
        if leaf in self.found.bases:
            return np.eye(shape[0])[self.rng.integers(shape[0])]
        return drawn(self.rng, shape, leaf.structure, 0)

    def value(self, node: Node) -> np.ndarray:
        functions = dict(smooth_functions(node))
        return evaluate(node, self.arrays, sizes=SIZES, functions=functions)


def assert_lines_agree(found: Derivation) -> None:
    """Lines about the same thing have one value."""
    bound = Bindings(found)
    known: dict[Node, np.ndarray] = {}
    by_left: dict[str, np.ndarray] = {}
    for step in found.steps:
        if step.value not in known:
            known[step.value] = bound.value(step.value)
        here = known[step.value]
        before = by_left.setdefault(step.left, here)
        message = f"{step.left} = {step.right} [{step.rule}]"
        np.testing.assert_allclose(here, before, 1e-9, 1e-9, err_msg=message)


@pytest.mark.parametrize(("case", "method"), PAIRS)
def test_every_line_has_the_value_of_the_line_before(case: str, method: str) -> None:
    assert_lines_agree(derived(case, method))


@pytest.mark.parametrize(("case", "method"), PAIRS)
def test_the_last_line_is_the_derivative(case: str, method: str) -> None:
    found = derived(case, method)
    text, shapes, variable = CASES[case]
    expression = ic.parse(text, shapes)
    bound = Bindings(found)
    engine = jacobian(expression.written, expression.scope[variable])
    expected = bound.value(engine)
    last = bound.value(found.steps[-1].value)
    np.testing.assert_allclose(bound.value(found.result), expected, 1e-9, 1e-9)
    if last.shape != expected.shape:
        rows = int(np.prod([value_of(s, SIZES) for s in expression.written.shape]))
        grouped = expected.reshape((rows, -1), order="F")
        last, expected = last.reshape(grouped.shape), grouped
    np.testing.assert_allclose(last, expected, 1e-9, 1e-9)


@pytest.mark.parametrize(("case", "method"), PAIRS)
def test_no_line_repeats_the_line_before(case: str, method: str) -> None:
    steps = derived(case, method).steps
    shown = [(step.left, step.right) for step in steps]
    assert steps
    assert all(a != b for a, b in pairwise(shown))
    assert all(step.rule for step in steps)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", ["quadratic", "log-sum-exp", "rayleigh"])
def test_second_derivatives_repeat_the_first(case: str, method: str) -> None:
    found = derived(case, method, 2)
    assert_lines_agree(found)
    assert len(found.result.shape) == 2
    assert any(step.rule == "differentiate again" for step in found.steps)


# -- what the worked problems must say -------------------------------------------------


def rights(case: str, method: str) -> list[str]:
    return [step.right for step in derived(case, method).steps]


def spoken(case: str, method: str) -> dict[str, str]:
    """The last thing said about each left side."""
    return {step.left: step.right for step in derived(case, method).steps}


def test_the_nested_scalar_goes_through_H_and_K() -> None:
    """γ = aᵀ(B(xcᵀ∘D)∘E)f has ∂γ/∂x = Kc, K = H∘D, H = Bᵀ(E∘afᵀ)."""
    found = spoken("nested", "differential")
    assert found["H"] == "B'*(E.*(a*f'))"
    assert found["K"] == "D.*H"
    assert found["dg"] == "K*c : dx"
    assert "K*c" in rights("nested", "differential")


def test_the_layer_merges_its_two_terms() -> None:
    """dF = W[2(AX)∘(A dX)]1, and over vec 2(1ᵀ⊗W)Diag(vec(AX))(I⊗A)."""
    forward = rights("layer", "differential")
    assert "W*(d(A*X).*(A*X) + (A*X).*d(A*X))*ones(3)" in forward
    assert "2*W*((A*X).*(A*dX))*ones(3)" in forward
    grouped = rights("layer", "vec")
    assert "2*(ones(3)'⊗W)*Diag(vec(A*X))*(eye(3)⊗A)" in grouped


def test_a_triple_product_is_a_diagonal() -> None:
    for method in METHODS:
        assert spoken("triple", method)["∂f/∂x"] == "Diag(y.*z)"


def test_row_sums_are_said_by_their_entries() -> None:
    """∂y/∂A_ij = X_ij e_i and ∂y_k/∂A = E_kk X."""
    found = spoken("row sums", "differential")
    assert found["∂f_i/∂A"] == "E_ii*X"
    assert found["∂f/∂A_jk"] == "X_jk*e_j"
    assert found["∂f_i/∂A_jk"] == "δ_ij X_ik"


def test_copy_tensors_are_written_before_they_are_contracted() -> None:
    first = derived("row sums", "index").steps[0].right
    assert first.count("H_") == 2
    assert "1_" in first
    assert "δ_ij δ_" in rights("row sums", "index")[3]


def test_parts_have_names_that_nothing_else_bears() -> None:
    x = ic.tensor("x", "n")
    y = np.exp(np.sin(x) * ic.tensor("u", "n")) * ic.tensor("v", "n")
    for method in ("index", "chain"):
        found = derivation(y.written, x.written, method)
        named = [step.left for step in found.steps if step.rule == "name"]
        assert not {"u", "v", "u_i", "v_i"} & set(named)
        assert_lines_agree(found)


def test_a_variable_named_like_a_differential_is_refused() -> None:
    x, dx = ic.tensor("x", "n"), ic.tensor("dx", "n")
    y = x * dx
    for method in ("differential", "vec"):
        with pytest.raises(ic.UnsupportedError, match="dx"):
            derivation(y.written, x.written, method)
    for method in ("index", "chain"):
        assert_lines_agree(derivation(y.written, x.written, method))


def test_basis_vectors_and_free_derivatives_have_names_of_their_own() -> None:
    e, A = ic.tensor("e_i", "n"), ic.tensor("A", "n p")
    found = derivation((A * A @ ic.ones("p") * e).written, A.written)
    assert_lines_agree(found)
    assert e.written not in found.bases
    S, G = ic.tensor("S", "n n : symmetric"), ic.tensor("G", "n n")
    for method in METHODS:
        found = derivation((G @ S @ G).written, S.written, method)
        assert_lines_agree(found)
        assert not any(step.left.startswith("G") for step in found.steps)


def test_an_unknown_function_keeps_its_name() -> None:
    x = ic.tensor("x", "n")
    y = ic.unknown("f")(x * x)
    for method in METHODS:
        found = derivation(y.written, x.written, method)
        assert found.steps[0].left != "f"
        assert_lines_agree(found)


# -- printing --------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_same_bytes_under_any_hash_seed(method: str) -> None:
    program = (
        "import indexcalc as ic; from indexcalc.steps.derive import derivation;"
        "e = ic.parse('x\\'*A*x/(x\\'*x)', A='n n', x='n');"
        f"d = derivation(e.written, e.scope['x'], {method!r});"
        "print(d.text('plain'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "11", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=environment,
    )
    assert done.stdout.strip() == derived("rayleigh", method).text()


@pytest.mark.parametrize(("case", "method"), PAIRS)
def test_latex_is_ascii_and_balanced(case: str, method: str) -> None:
    latex = derived(case, method).latex()
    assert latex.isascii(), sorted({c for c in latex if ord(c) > 127})
    bare = latex.replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    assert latex.count("\\left") == latex.count("\\right")
    assert latex.count("&=") == len(derived(case, method).steps)


def test_markdown_has_one_item_a_step() -> None:
    found = derived("nested", "differential")
    lines = found.markdown().splitlines()
    assert len(lines) == len(found.steps)
    assert lines[0].startswith("1. *write*")


def test_text_shows_each_left_side_once() -> None:
    text = derived("layer", "differential").text("paper")
    assert text == str(derived("layer", "differential"))
    assert sum(line.startswith("df = ") for line in text.splitlines()) == 1


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(("case", "method"), sorted(BEYOND))
def test_what_has_no_matrix_notation_is_refused_with_a_way_out(
    case: str, method: str
) -> None:
    with pytest.raises(ic.UnsupportedError, match="index"):
        derived(case, method)


def test_a_wrong_method_or_order_is_refused() -> None:
    x = ic.tensor("x", "n").written
    with pytest.raises(ic.UnsupportedError, match="differential"):
        derivation(x, x, "guess")
    with pytest.raises(ic.UnsupportedError, match="order 0"):
        derivation(x, x, "index", 0)
    with pytest.raises(ic.UnsupportedError, match="plain, paper or latex"):
        derivation(x, x).text("prose")


def test_only_variables_are_differentiated_by() -> None:
    with pytest.raises(ic.ShapeError):
        derivation(ic.tensor("x", 2).written, ic.constant([1.0, 2.0]).written)


@pytest.mark.parametrize("method", METHODS)
def test_a_derivation_too_long_to_read_is_refused(method: str) -> None:
    x = ic.tensor("x", "n")
    y = x
    for _ in range(500):
        y = np.exp(y)
    with pytest.raises(ic.BudgetError):
        derivation(y.written, x.written, method)


@pytest.mark.parametrize("method", ["differential", "index", "chain", "vec"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "text", ["relu(W*x)", "relu(W*x) + sin(x)", "x'*sign(W*x)", "W⊗W⊗W"]
)
def test_constant_parts_and_triple_products(text: str, order: int, method: str) -> None:
    """Functions that are constant piece by piece, and ⊗ of ⊗: told, line by line of one
    value, or refused with a reason."""
    f = ic.parse(text, W="n n", x="n")
    name = "W" if "⊗" in text else "x"
    order = 1 if "⊗" in text else order
    with contextlib.suppress(ic.UnsupportedError):
        found = f.steps(name, method, order)
        assert_lines_agree(found)
        assert ic.Expression(found.result) == f.diff(*[name] * order)
