"""Rearrangement by cost: what is chosen, that values stay, and that it never costs
more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import kernels, kernels_solving
from indexcalc.distribute import without_diagonals
from indexcalc.expr import einsum, linear, tensor
from indexcalc.nodes import Einsum, Node, Sum
from indexcalc.planning import choices
from indexcalc.planning.choices import chosen
from indexcalc.planning.costs import Ledger
from indexcalc.planning.parts import flattened
from tests.planned_values import lengths, values_of
from tests.random_expressions import generate
from tests.test_questions import CASES, arrays_of, expression_of


@pytest.fixture(autouse=True)
def _kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kernel in kernels_solving.KERNELS.items():
        monkeypatch.setitem(kernels.KERNELS, name, kernel)


def _factorisation() -> list[ic.Expression]:
    T, U, V = ic.tensor("T", "m m"), *ic.tensors("U V", "m k")
    error = ((T - U @ V.T) ** 2).sum()
    return [error, error.diff("U")]


def _logistic() -> list[ic.Expression]:
    X, w, y = ic.tensor("X", "m k"), ic.tensor("w", "k"), ic.tensor("y", "m")
    loss = np.sum(np.log(np.exp(-y * (X @ w)) + 1))
    return [loss, loss.diff("w"), loss.diff("w").diff("w")]


def _process() -> list[ic.Expression]:
    D, v, y = *ic.tensors("D v", "n n"), ic.tensor("y", "n")
    s, t = ic.tensor("s", ""), ic.tensor("t", "")
    K = s * np.exp(-D) + t * ic.eye("n")
    value = y @ np.linalg.inv(K) @ y + np.linalg.slogdet(K)[1]
    hessian = value.diff("D").diff("D")
    return [value, value.diff("D"), ic.einsum("ijkl,kl->ij", hessian, v)]


def _network() -> list[ic.Expression]:
    h, Y = ic.tensors("X Y", "m k")
    for k in range(4):
        h = ic.numpy.relu(h) @ ic.tensor(f"W{k}", "k k")
    loss = (ic.numpy.logsumexp(h, axis=1) - (Y * h).sum(1)).sum()
    return [loss.diff("W0"), loss.diff("W0").diff("W0")]


def _softmax() -> list[ic.Expression]:
    z, W, v = ic.tensor("z", "m k"), *ic.tensors("W v", "k k")
    jacobian = ic.numpy.softmax(z @ W).diff("W")
    return [ic.einsum("ijkl,kl->ij", jacobian, v)]


def _factors() -> list[ic.Expression]:
    A, B, C = ic.tensors("A B C", "n n")
    return [A @ B + A @ C]


def _entries() -> list[ic.Expression]:
    x, y, z = ic.tensors("x y z", "n")
    return [x * y + x * z]


def _shared_sum() -> list[ic.Expression]:
    A, B, C, D = ic.tensors("A B C D", "n n")
    total = ic.einsum("ij,kl->ijkl", A, B) + ic.einsum("ij,kl->ijkl", C, D)
    return [ic.einsum("ijjk->ik", total), ic.einsum("ijij->", total)]


def _narrowed() -> list[ic.Expression]:
    A, B, C, D = ic.tensors("A B C D", "n n")
    total = A @ B + C @ D
    return [total.sum(), total.sum(axis=1), np.trace(total), np.diagonal(total)]


def _likelihood() -> list[ic.Expression]:
    """Value, gradient and Hessian of a Gaussian's log-likelihood by two numbers."""
    D, y = ic.tensor("D", "n n"), ic.tensor("y", "n")
    a, c = ic.tensor("a", ""), ic.tensor("c", "")
    K = np.exp(a) * D + np.exp(c) * ic.eye("n")
    value = y @ np.linalg.inv(K) @ y + np.linalg.slogdet(K)[1]
    by_a, by_c = value.diff("a"), value.diff("c")
    return [value, by_a, by_c, by_a.diff("a"), by_a.diff("c"), by_c.diff("c")]


LARGE = {"n": 300, "m": 500, "k": 8}
SMALL = {"n": 4, "m": 5, "k": 3}

#: What is asked for together, and how many flops it may cost at the large sizes.
PROBLEMS: dict[str, tuple[Callable[[], Sequence[ic.Expression]], float]] = {
    "factorisation gradient": (lambda: _factorisation()[1:], 2.1 * 500 * 500 * 8),
    "factorisation": (_factorisation, 4.5 * 500 * 500 * 8),
    "logistic": (_logistic, 4 * 500 * 8 * 8),
    "process": (_process, 13 * 300**3),
    "network Hessian": (lambda: _network()[1:], 3.8 * 500 * 8**4),
    "softmax": (_softmax, 8 * 500 * 8 * 8),
    "factors": (_factors, 2.1 * 300**3),
    "entries": (_entries, 2 * 300),
    "shared sum": (_shared_sum, 4.1 * 300**3),
    "narrowed": (_narrowed, 20 * 300**2),
    "likelihood": (_likelihood, 16 * 300**3),
}


def _arrays(nodes: Sequence[ic.Expression]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    shapes = {n: x.shape for e in nodes for n, x in e.variables.items()}
    numbers = lengths(SMALL)
    return {
        name: rng.standard_normal([numbers(size) for size in shape])
        for name, shape in sorted(shapes.items())
    }


def _agree(new: np.ndarray, expected: np.ndarray) -> None:
    assert new.shape == expected.shape
    assert new.dtype == expected.dtype
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    close = np.allclose(new, expected, rtol=0, atol=1e-9 * (1 + scale), equal_nan=True)
    assert close, np.abs(new - expected).max()


@pytest.mark.parametrize("name", PROBLEMS)
def test_known_problems(name: str) -> None:
    """Few flops, and the value of the plain evaluation."""
    build, most = PROBLEMS[name]
    expressions = build()
    nodes = [e.node for e in expressions]
    arranged = chosen(nodes, lengths(LARGE))
    assert Ledger(lengths(LARGE)).flops(arranged) <= most
    values = _arrays(expressions)
    found = values_of(arranged, values, SMALL)
    for expression, new in zip(expressions, found, strict=True):
        _agree(new, expression.evaluate(values, sizes=SMALL))


def test_what_is_needed_is_kept() -> None:
    """T − UVᵀ is multiplied out for the gradient alone, not beside the value, which
    needs its entries."""
    both = chosen([e.node for e in _factorisation()], lengths(LARGE))
    alone = chosen([_factorisation()[1].node], lengths(LARGE))
    assert _size_of_largest(alone) == 500 * 8
    assert isinstance(alone[0], Sum)
    assert both[1] is _factorisation()[1].node


def _size_of_largest(nodes: Sequence[Node]) -> int:
    """Entries of the largest value that is computed."""
    ledger = Ledger(lengths(LARGE))
    for node in nodes:
        ledger.add(node)
    shapes = [
        pattern.sizes
        for step, pattern in zip(
            ledger.pairing.paired.steps, ledger.pairing.paired.patterns, strict=True
        )
        if type(step).__name__ != "Load"
    ]
    numbers = lengths(LARGE)
    return max(int(np.prod([numbers(n) for n in shape])) for shape in shapes)


def test_a_part_of_two_products_is_computed_once() -> None:
    """ABx stays one value where two long products hold it."""
    names = ["A", "B", "C", "D"]
    A, B, C, D = (tensor(name, ("n", "n")) for name in names)
    x = tensor("x", ("n", "k"))
    base = [(A, [0, 1]), (B, [1, 2]), (x, [2, 3])]
    one = einsum([(C, [9, 0]), *base], [9, 3])
    two = einsum([(D, [9, 0]), *base], [3, 9])
    size = lengths({"n": 200, "k": 100})
    arranged = chosen([one, two], size)
    assert Ledger(size).flops(arranged) <= 4 * 2.01 * 200 * 200 * 100


def test_a_part_that_occurs_twice_in_one_product() -> None:
    """Both halves of (ABx)ᵀ S (ABx)."""
    A, B, S = (tensor(name, ("n", "n")) for name in "ABS")
    x = tensor("x", ("n", "k"))
    left = [(A, [0, 1]), (B, [1, 2]), (x, [2, 3])]
    right = [(A, [4, 5]), (B, [5, 6]), (x, [6, 7])]
    node = einsum([*left, (S, [0, 4]), *right], [3, 7])
    size = lengths({"n": 200, "k": 50})
    arranged = chosen([node], size)
    assert Ledger(size).flops(arranged) <= 3.3 * 2 * 200 * 200 * 50


@pytest.mark.parametrize("case", CASES)
def test_questions(case: object) -> None:
    """Value and derivatives of a real question, planned together."""
    expression = expression_of(case)  # type: ignore[arg-type]
    arrays = arrays_of(case)  # type: ignore[arg-type]
    asked = [expression]
    for name in case.variables:  # type: ignore[attr-defined]
        asked.append(expression.diff(name))
    nodes = [e.node for e in asked]
    size = lengths({})
    arranged = chosen(nodes, size)
    assert _cost(arranged, size) <= _cost(nodes, size) * (1 + 1e-9)
    for e, new in zip(asked, values_of(arranged, arrays), strict=True):
        _agree(new, e.evaluate(arrays))


def _cost(nodes: Sequence[Node], size: Callable[..., int]) -> float:
    """What the program costs as it is compiled."""
    return Ledger(size).seconds([without_diagonals(node) for node in nodes])


@pytest.mark.parametrize("index", range(0, 300, 6))
def test_random_expressions(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Value and first derivatives, chosen for sizes fifty times as long."""
    case = generate(0, index)
    symbol = ic.parse(case.text, case.shapes)
    asked = [symbol, *(symbol.diff(name) for name in sorted(symbol.variables))]
    nodes = [e.node for e in asked]
    real = lengths(case.sizes)

    def long(size: object) -> int:
        n = real(size)  # type: ignore[arg-type]
        return n if n < 2 else 50 * n

    try:
        monkeypatch.setattr(choices, "lengths", lambda known: long)
        choices._chosen.cache_clear()
        arranged = chosen(nodes, long)
    except ic.ShapeError:
        pytest.skip("a size that the expression does not tell")
    finally:
        choices._chosen.cache_clear()
    assert _cost(arranged, long) <= _cost(nodes, long) * (1 + 1e-9)
    found = values_of(arranged, case.values, case.sizes, case.functions)
    for e, new in zip(asked, found, strict=True):
        options = {"sizes": case.sizes, "functions": case.functions}
        _agree(new, e.evaluate(case.values, **options))


def test_patterns_stay() -> None:
    """δ_ij X_ik, Diag(y∘z) and 2 δ_ij VᵀV stay what they are, beside anything."""
    X, A = ic.tensors("X A", "m k")
    rows = ((X * A) @ ic.ones("k")).diff("A")
    T, U, V = ic.tensor("T", "m m"), *ic.tensors("U V", "m k")
    hessian = ((T - U @ V.T) ** 2).sum().diff("U").diff("U")
    nodes = [rows.node, hessian.node]
    ledger = Ledger(lengths(LARGE))
    before = [ledger.pattern(node) for node in nodes]
    after = [ledger.pattern(node) for node in chosen(nodes, lengths(LARGE))]
    assert before == after
    assert all(pattern.diagonal for pattern in after)


@pytest.mark.parametrize("kind", ["float32", "complex128"])
def test_kinds_of_numbers_stay(kind: str) -> None:
    """float32 stays float32, complex stays complex."""
    expressions = _factorisation()
    values = {name: x.astype(kind) for name, x in _arrays(expressions).items()}
    arranged = chosen([expressions[1].node], lengths(LARGE))
    (found,) = values_of(arranged, values, SMALL)
    assert found.dtype == np.dtype(kind)
    expected = expressions[1].evaluate(values)
    assert np.allclose(found, expected, rtol=1e-4)


def test_differences_keep_their_digits() -> None:
    """(X − Y)w is not Xw − Yw: nothing is saved, and what cancels is lost."""
    rng = np.random.default_rng(0)
    X, Y = 1e7 + rng.normal(size=(2, 300, 300))
    values = {"X": X, "Y": Y, "x": X[0], "w": rng.normal(size=300)}
    for text, exact in [
        ("(X - Y)*w", (X - Y) @ values["w"]),
        ("w'*(X - ones(n)*x')", values["w"] @ (X - X[0])),
        ("sum(X - Y)", np.sum(X - Y)),
    ]:
        e = ic.parse(text, {**dict.fromkeys("XY", "n n"), **dict.fromkeys("xw", "n")})
        given = {name: values[name] for name in e.variables}
        assert np.allclose(e.compile()(given), exact, rtol=1e-11, atol=1e-10), text


def test_infinite_entries_stay() -> None:
    """What was infinite or undefined before is so after, and nothing else is."""
    A, B, C = (tensor(name, ("n", "n")) for name in "ABC")
    total = linear([(A, 1), (B, -1)], A.shape)
    node = einsum([(total, [0, 1]), (C, [1, 2])], [0, 2])
    x = np.arange(4.0).reshape(2, 2)
    values = {"A": np.array([[np.inf, 1], [2, 3]]), "B": x, "C": x}
    arranged = chosen([node], lengths({"n": 50}))
    with np.errstate(invalid="ignore"):
        (found,) = values_of(arranged, values)
        (expected,) = values_of([node], values)
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))


def test_long_expressions_are_left() -> None:
    """Ten thousand nodes are handed back in the time of one walk."""
    x = tensor("x", ("n",))
    node: Node = x
    for k in range(10_000):
        node = linear([(node, 1), (x, k % 7 + 1)], x.shape)
        node = ic.functions.call("sin", [node])
    assert chosen([node], lengths({"n": 9})) == [node]


def test_the_same_choice_under_every_hash_seed() -> None:
    """Digests of what is chosen, from processes with different hash seeds."""
    code = (
        "from tests.test_choices import PROBLEMS, LARGE, chosen, lengths\n"
        "for build, _ in PROBLEMS.values():\n"
        "    nodes = [e.node for e in build()]\n"
        "    print([n.digest.hex() for n in chosen(nodes, lengths(LARGE))])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PATH": ""},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "77")
    }
    assert len(outputs) == 1


def test_flattening_keeps_what_is_to_be_kept() -> None:
    """Products are opened into products, kept ones are not."""
    A, B, x = tensor("A", (3, 3)), tensor("B", (3, 3)), tensor("x", (3,))
    inner = einsum([(A, [0, 1]), (B, [1, 2])], [0, 2])
    node = einsum([(inner, [0, 1]), (x, [1])], [0])
    assert flattened(node, {inner}) is node
    opened = flattened(node)
    assert isinstance(opened, Einsum)
    assert len(opened.operands) == 3
