"""fuse, expand and the laws: same value, canonical, idempotent, linear in size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import BudgetError
from indexcalc.evaluate import evaluate
from indexcalc.expansion import expand, same
from indexcalc.expr import add, einsum, is_zero, linear, number, scale, tensor, zero
from indexcalc.functions import call, power
from indexcalc.matrix import (
    adj,
    contract,
    det,
    diagonal,
    diagonal_matrix,
    divide,
    elementwise,
    eye,
    inv,
    kron,
    logdet,
    norm2,
    ones,
    outer,
    spread,
    times,
    total,
    trace,
    transpose,
    vec,
    zeros,
)
from indexcalc.nodes import Node, Tensor, toposort, variables
from indexcalc.simplify import fuse, fuse_with_assumptions
from indexcalc.sizes import dim
from tests.random_nodes import (
    VALUES,
    Drawn,
    Environment,
    arrays,
    draw,
    leaf_tensors,
)

N, M = dim("n"), dim("m")
A, B, C = (tensor(name, (N, N)) for name in "ABC")
S = tensor("S", (N, N), "symmetric")
X, Y, Z = (tensor(name, (N,)) for name in "xyz")
SEEDS = range(400)
DEEP = range(3_000, 3_040)


def value(node: Node, env: Environment) -> np.ndarray[Any, Any]:
    """The engine's value of a random node."""
    return evaluate(node, env, VALUES, None, list(leaf_tensors().values()))


def close(got: Any, want: Any, tolerance: float = 1e-9) -> bool:
    """Equal shapes, and an error below tolerance · (1 + max |want|)."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return False
    bound = tolerance * (1 + np.abs(want).max(initial=0))
    return bool(np.abs(got - want).max(initial=0) <= bound)


def random_cases() -> Iterator[tuple[Drawn, Environment]]:
    """Small nodes, and some deep ones."""
    for seed in SEEDS:
        yield draw(seed), arrays(seed)
    for seed in DEEP:
        yield draw(seed, 16), arrays(seed)


# -- random nodes ----------------------------------------------------------------------


def test_fuse_keeps_the_value_and_is_idempotent() -> None:
    """Against the naive interpreter; fusing again changes nothing."""
    for drawn, env in random_cases():
        want = drawn.value(env)
        fused = fuse(drawn.node)
        assert fuse(fused) is fused, drawn.node
        assert fused.shape == drawn.node.shape
        assert close(value(drawn.node, env), want), drawn.node
        assert close(value(fused, env), want), drawn.node


def test_expand_keeps_the_value_and_is_idempotent() -> None:
    """Where the budget allows it, and it nearly always does."""
    refused = 0
    for drawn, env in random_cases():
        try:
            expanded = expand(drawn.node, 1_000)
        except BudgetError:
            refused += 1
            continue
        assert expand(expanded, 4_000) is expanded, drawn.node
        assert close(value(expanded, env), drawn.value(env), 1e-8), drawn.node
    assert refused < 20


def test_same_agrees_with_numbers() -> None:
    """What `same` calls equal has equal values, for nodes of one shape."""
    by_shape: dict[object, list[Drawn]] = {}
    for seed in range(150):
        drawn = draw(seed, 3)
        by_shape.setdefault(drawn.node.shape, []).append(drawn)
    env = arrays(0)
    for group in by_shape.values():
        for one, two in itertools.pairwise(group):
            if same(one.node, two.node):
                assert close(one.value(env), two.value(env))


# -- rewritten expressions -------------------------------------------------------------

REWRITTEN: dict[str, tuple[Node, Node]] = {
    "associativity": (contract(contract(A, B), C), contract(A, contract(B, C))),
    "transposed product": (
        transpose(contract(A, B)),
        contract(transpose(B), transpose(A)),
    ),
    "transposed sum": (
        transpose(add(contract(A, B), C)),
        add(contract(transpose(B), transpose(A)), transpose(C)),
    ),
    "trace is cyclic": (
        trace(contract(contract(A, B), C)),
        trace(contract(contract(C, A), B)),
    ),
    "Hadamard": (times(times(X, Y), X), times(Y, times(X, X))),
    "Diag of a product": (
        diagonal_matrix(times(X, Y)),
        contract(diagonal_matrix(X), diagonal_matrix(Y)),
    ),
    "diag of a product": (
        diagonal(contract(A, B)),
        contract(times(A, transpose(B)), ones(N)),
    ),
    "mixed product": (
        contract(kron(A, B), kron(X, Y)),
        kron(contract(A, X), contract(B, Y)),
    ),
    "vec of a product": (
        vec(contract(contract(A, B), C)),
        contract(kron(transpose(C), A), vec(B)),
    ),
    "x / x is one": (divide(X, X), ones(N)),
    "powers add up": (times(power(X, 3), power(X, Fraction(-1, 2))), power(X, 2.5)),
    "inverse": (contract(A, contract(inv(A), X)), X),
    "inverse of an inverse": (inv(inv(A)), A),
    "inverse of a multiple": (inv(scale(2, A)), scale(Fraction(1, 2), inv(A))),
    "inverse of a transpose": (inv(transpose(A)), transpose(inv(A))),
    "inverse of a product with an inverse": (
        inv(contract(A, inv(B))),
        contract(B, inv(A)),
    ),
    "inverse of a product with a transposed inverse": (
        inv(contract(A, transpose(inv(B)))),
        contract(transpose(B), inv(A)),
    ),
    "inverse of δ": (inv(eye(N)), eye(N)),
    "inverse of Diag": (
        inv(diagonal_matrix(times(X, Y))),
        diagonal_matrix(times(power(Y, -1), power(X, -1))),
    ),
    "det of a transpose": (det(transpose(A)), det(A)),
    "det of an inverse": (det(inv(A)), power(det(A), -1)),
    "logdet of an inverse": (logdet(inv(A)), scale(-1, logdet(A))),
    "adj of a transpose": (adj(transpose(A)), transpose(adj(A))),
    "exp of log": (elementwise("exp", elementwise("log", X)), X),
    "log of exp": (elementwise("log", elementwise("exp", X)), X),
    "trace of δ": (trace(eye(N)), total(ones(N))),
    "a power of zero": (power(zeros(N), 2), zeros(N)),
    "sin of zero": (elementwise("sin", zeros(N)), zeros(N)),
    "exp of zero": (elementwise("exp", zeros(N)), ones(N)),
    "f of a transpose": (
        elementwise("sin", transpose(A)),
        transpose(elementwise("sin", A)),
    ),
    "f of a transposed product": (
        elementwise("sin", transpose(contract(A, B))),
        transpose(elementwise("sin", contract(A, B))),
    ),
    "f of a vec of a product": (
        elementwise("sin", vec(contract(A, B))),
        vec(elementwise("sin", contract(A, B))),
    ),
    "f of a spread": (
        elementwise("sin", spread(total(X), (N,))),
        spread(elementwise("sin", total(X)), (N,)),
    ),
    "f keeps symmetry": (
        transpose(elementwise("exp", S)),
        elementwise("exp", S),
    ),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_rewritten(name: str) -> None:
    """Two ways to write one thing fuse into the identical object."""
    one, two = REWRITTEN[name]
    assert fuse(one) is fuse(two)
    assert fuse(fuse(one)) is fuse(one)


EXPANDED: dict[str, tuple[Node, Node]] = {
    "square of a sum": (
        power(add(X, Y), 2),
        linear([(power(X, 2), 1), (times(X, Y), 2), (power(Y, 2), 1)], X.shape),
    ),
    "distributivity": (
        contract(add(A, B), X),
        add(contract(A, X), contract(B, X)),
    ),
    "difference of squares": (
        times(add(X, Y), linear([(X, 1), (Y, -1)], X.shape)),
        linear([(power(X, 2), 1), (power(Y, 2), -1)], X.shape),
    ),
    "a product that is zero": (
        times(linear([(X, 1), (X, -1)], X.shape), Y),
        zero(X.shape),
    ),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_expanded(name: str) -> None:
    """Multiplied out, both sides are one object."""
    one, two = EXPANDED[name]
    assert expand(one) is expand(two)
    assert same(one, two) is True


def test_what_differs_stays_different() -> None:
    """Nothing is merged that is not equal."""
    pairs = [
        (contract(A, B), contract(B, A)),
        (transpose(A), A),
        (kron(X, Y), kron(Y, X)),
        (inv(contract(A, B)), contract(inv(A), inv(B))),
        (elementwise("sqrt", power(X, 2)), X),
        (outer(X, Y), outer(Y, X)),
        (vec(A, "F"), vec(A, "C")),
    ]
    for one, two in pairs:
        assert fuse(one) is not fuse(two)
        assert not same(one, two)


def test_budget() -> None:
    """expand refuses to exceed its budget, and `same` then does not know."""
    wide = power(linear([(X, 1), (Y, 1), (Z, 1)], X.shape), 12)
    with pytest.raises(BudgetError, match="multiplying out"):
        expand(wide, 50)
    assert same(wide, power(wide, 2), 50) is None
    assert same(A, X) is False


# -- laws, by numbers ------------------------------------------------------------------

LAWS: dict[str, Node] = {
    "inv inv": inv(inv(A)),
    "inv scaled": inv(scale(-3, A)),
    "inv diagonal": inv(diagonal_matrix(X)),
    "inv transposed": inv(transpose(A)),
    "det transposed": det(transpose(A)),
    "det inv": det(inv(A)),
    "det δ": det(eye(N)),
    "logdet inv": logdet(inv(A)),
    "logdet δ": logdet(eye(N)),
    "adj transposed": adj(transpose(A)),
    "cofactors": call("cofactors", [A], (1,)),
    "inv A · A": contract(inv(A), A),
    "A · inv A": contract(A, inv(A)),
    "tr inv A · A": trace(contract(inv(A), A)),
    "inv A · Diag x · A": einsum([(inv(A), (0, 1)), (X, (1,)), (A, (1, 2))], [0, 2]),
    "inv A · A, bond kept": einsum([(inv(A), (0, 1)), (A, (1, 2))], [0, 1, 2]),
    "diag of inv A · A": einsum([(inv(A), (0, 1)), (A, (1, 0))], [0]),
    "inv A · Aᵀ": contract(inv(A), transpose(A)),
    "inv S · S": einsum([(call("inv", [S]), (0, 1)), (S, (2, 1))], [0, 2]),
    "x² / x": divide(power(X, 2), X),
    "√x · √x": times(power(X, 0.5), power(X, 0.5)),
    "(1/x)²": power(power(X, -1), 2),
    "(2x)³": power(scale(2, X), 3),
    "(x∘y)⁻¹": power(times(X, Y), -1),
    "(xyᵀ)²": power(outer(X, Y), 2),
    "Diag(x)²": power(diagonal_matrix(X), 2),
    "exp log": elementwise("exp", elementwise("log", X)),
    "log exp": elementwise("log", elementwise("exp", X)),
    "exp diag": elementwise("exp", diagonal(A)),
    "exp vec": elementwise("exp", vec(A)),
    "log of a multiple": elementwise("log", scale(3, transpose(A))),
    "power of a number": power(number(Fraction(2, 3)), -2),
    "power of ones": power(ones(N), Fraction(1, 3)),
    "sigmoid 0": elementwise("sigmoid", zeros(N)),
    "cos 0": elementwise("cos", zeros(N)),
    "norm 0": norm2(zeros(N)),
}


def plain(node: Node, env: Environment) -> Any:
    """The value of a tree of calls and products, without fuse: every node by itself."""
    memo: dict[Node, Any] = {}
    for part in toposort(node):
        if isinstance(part, Tensor):
            memo[part] = env[part.name]
            continue
        memo[part] = _alone(part, memo)
    return memo[node]


def _alone(node: Node, memo: dict[Node, Any]) -> Any:
    from indexcalc.nodes import Call, Einsum, Sum
    from tests.random_nodes import cofactors, contraction

    match node:
        case Einsum():
            n = dict.fromkeys(range(len(node.dims)), 3)
            rows = [memo[child] for child, _ in node.operands]
            return contraction(rows, [legs for _, legs in node.operands], node.out, n)
        case Sum():
            parts = (float(c) * memo[child] for child, c in node.terms)
            return sum(parts, np.zeros([3] * len(node.shape)))
        case Call():
            args = [memo[arg] for arg in node.args]
    functions: dict[str, Callable[..., Any]] = {
        "inv": np.linalg.inv,
        "det": np.linalg.det,
        "logdet": lambda a: np.linalg.slogdet(a)[1],
        "cofactors": lambda a, k: cofactors(a),
        "power": lambda a, p: np.asarray(a, float) ** float(p),
        "exp": np.exp,
        "log": np.log,
        "sin": np.sin,
        "cos": np.cos,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "norm2": lambda a, k: np.sqrt((a * a).sum()),
        "rnorm": lambda a, k: 1 / np.sqrt((a * a).sum()),
    }
    assert isinstance(node, Call)
    return functions[node.function](*args, *node.params)


@pytest.mark.parametrize("name", LAWS)
def test_laws_keep_the_value(name: str) -> None:
    """Each law, on positive entries and a well-conditioned matrix."""
    rng = np.random.default_rng(0)
    matrix = rng.uniform(0.5, 1.5, (3, 3)) + 3 * np.eye(3)
    env = {"A": matrix, "S": matrix + matrix.T}
    env |= {name: rng.uniform(0.5, 1.5, 3) for name in "xy"}
    node = LAWS[name]
    given = {key: env[key] for key in variables(node)}
    got = evaluate(node, given, {"n": 3}, None, [A, S, X, Y])
    assert close(got, plain(node, env))


def test_assumptions_are_told() -> None:
    """A domain fact is recorded where a law leaned on it."""
    node, facts = fuse_with_assumptions(contract(A, inv(A)))
    assert node is eye(N)
    assert [(fact.fact, fact.node) for fact in facts] == [("is invertible", A)]
    _, facts = fuse_with_assumptions(divide(X, X))
    assert [fact.node for fact in facts] == [X]
    assert fuse_with_assumptions(times(X, Y))[1] == ()


def test_zero_stays_zero() -> None:
    """0 times anything, however deep."""
    assert is_zero(fuse(times(zeros(N), call("sin", [X]))))
    assert is_zero(fuse(contract(A, linear([(X, 1), (X, -1)], (N,)))))
    assert is_zero(fuse(times(add(times(X, Y), scale(-1, times(Y, X))), X)))


@pytest.mark.parametrize(
    "text",
    [
        "det(inv(A))",
        "det(inv(A - B))",
        "sum(abs(s*(x*y')).^4)",
        "normsq(sqrt(0.75 .+ exp(0.5*x)))",
        "sin(normsq(sqrt(exp(0.5*A) .+ 0.75)))*x",
        "sqrt(ones(2, 2)).*s",
        "diag(diag(A*x*x' + ((A'*y).*x)*x'))",
    ],
)
def test_fuse_is_idempotent_where_laws_leave_something_new(text: str) -> None:
    """det(A⁻¹) beside adj(A⁻¹)A⁻¹, x³ of sign(x)|x|³, √u√u of a sum with content."""
    e = ic.parse(text, A="n n", B="n n", x="n", y="n", s="")
    for node in [e.written, *(e.diff(name).written for name in e.variables)]:
        once = fuse(node)
        once.fused = False
        assert fuse(once) is once
