"""Compiled functions compute what evaluation computes, in blocks and on threads too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from benchmarks.cases import CASES
from benchmarks.cases_base import Case
from indexcalc.compiled import Compiled
from indexcalc.derivative import jacobian
from indexcalc.evaluate import evaluate
from indexcalc.expr import constant, einsum, linear, scale, tensor
from indexcalc.functions import TABLE
from indexcalc.nodes import Node, variables
from indexcalc.planning.programs import arranged
from indexcalc.simplify import fuse
from indexcalc.sizes import value_of
from tests import random_nodes
from tests.compiled_runs import close, hold, is_fast, shrink
from tests.planned_values import values_of
from tests.questions import QUESTIONS, Question
from tests.test_codegen import PASSED_OVER, function_call
from tests.test_einsum_text import values_of as drawn_values
from tests.test_questions import arrays_of, expression_of

LEAVES = random_nodes.leaf_tensors()

#: Larger than the naive recipes of random nodes could go.
WIDE = {"n": 9, "m": 6, "k": 1}


def small(case: Case, first: int, step: int) -> Mapping[str, int]:
    """Odd sizes of a case, all different."""
    if case.name == "L3_hess":
        first, step = 5, 1
    return {name: first + step * k for k, name in enumerate(case.sizes[0])}


@pytest.mark.parametrize("thick", [3, 24])
@pytest.mark.parametrize("name", CASES)
def test_cases(name: str, thick: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, thick)
    case = CASES[name]
    expression = case.build()
    compiled = expression.compile()
    for sizes in (small(case, 7, 3), small(case, 12, 3)):
        arrays = case.arrays(sizes)
        expected = expression.evaluate(arrays)
        for _ in range(2):
            close(compiled(arrays), expected)
        given = np.full_like(expected, np.nan, order="C")
        assert compiled(arrays, out=given) is given
        close(given, expected)


def test_most_cases_run_as_fast_code(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    fast = 0
    for case in CASES.values():
        compiled = case.build().compile()
        compiled(case.arrays(small(case, 7, 3)))
        fast += is_fast(compiled)
    assert fast >= len(CASES) - 4


# -- random nodes ----------------------------------------------------------------------


def random_arrays(seed: int, sizes: Mapping[str, int]) -> dict[str, Any]:
    """An array for every leaf of random nodes at given sizes; S is symmetric."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, leaf in LEAVES.items():
        array = rng.uniform(-1, 1, [value_of(s, sizes) for s in leaf.shape])
        found[name] = array + array.T if leaf.structure else array
    return found


def held(nodes: list[Node], seed: int, **options: Any) -> None:
    for sizes in (random_nodes.VALUES, WIDE):
        with np.errstate(all="ignore"):
            arrays = random_arrays(seed, sizes)
            hold(nodes, arrays, None, list(LEAVES.values()), **options)


@pytest.mark.parametrize("seed", range(80))
def test_random_nodes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, thick=3 + 21 * (seed % 2))
    held([random_nodes.draw(seed).node], seed, cores=1 + seed % 3)


@pytest.mark.parametrize("seed", range(200, 260))
def test_values_and_derivatives_together(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch, thick=3 + 21 * (seed % 2))
    node = fuse(random_nodes.draw(seed).node)
    slopes = [fuse(jacobian(node, LEAVES[name])) for name in ("x", "A", "s")]
    held([node, *slopes, node], seed, cores=1 + seed % 3)


@pytest.mark.parametrize("seed", range(60, 80))
def test_readable_code_is_the_same_function(seed: int) -> None:
    node = fuse(random_nodes.draw(seed).node)
    held([node, fuse(jacobian(node, LEAVES["x"]))], seed, style="plain")


@pytest.mark.parametrize("seed", range(40))
def test_forms_for_large_sizes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is chosen for large sizes has the same value at small ones."""
    shrink(monkeypatch)
    node = fuse(random_nodes.draw(seed).node)
    nodes = [node, fuse(jacobian(node, LEAVES["x"])), fuse(jacobian(node, LEAVES["A"]))]
    large = {"n": 900, "m": 400, "k": 1}
    chosen = arranged(nodes, lambda size: value_of(size, large))
    arrays, sizes = random_arrays(seed, random_nodes.VALUES), random_nodes.VALUES
    with np.errstate(all="ignore"):
        for old, new in zip(nodes, chosen, strict=True):
            (found,) = values_of([new], arrays, sizes)
            close(np.asarray(found, float), evaluate(old, arrays, sizes), 1e-8)


# -- questions and functions -----------------------------------------------------------


@pytest.mark.parametrize("asked", [pytest.param(q, id=q.id) for q in QUESTIONS])
def test_questions(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    value, arrays = expression_of(asked), arrays_of(asked)
    together = [value]
    for variable in asked.variables:
        derivative = value
        for _ in range(asked.order):
            derivative = derivative.diff(variable)
        together.append(derivative)
    compiled = ic.compile(together)
    for _ in range(2):
        for found, e in zip(compiled(arrays), together, strict=True):
            close(found, e.evaluate(arrays), 1e-8)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - PASSED_OVER))
def test_functions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    node = function_call(name)
    hold([node, scale(2, node)], drawn_values(node))


@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm", "cholesky", "pinv"])
def test_functions_of_matrices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    square = ic.tensor("S", "n n")
    value = getattr(ic, name)(square)
    rng = np.random.default_rng(2)
    half = rng.normal(size=(4, 4))
    arrays = {"S": half @ half.T + 4 * np.eye(4)}
    hold([value.node, value.diff("S").node, value.sum().gradient("S").node], arrays)


# -- small things ----------------------------------------------------------------------

x, y = tensor("x", ("n",)), tensor("y", ("n",))
A, B = tensor("A", ("n", "n")), tensor("B", ("n", "n"))


def test_constant_results() -> None:
    """Derivatives that no variable is left in, large ones too."""
    for n in (3, 300):
        identity = fuse(jacobian(x, x))
        zero = fuse(jacobian(y, x))
        ones = fuse(jacobian(einsum([(x, [0])], []), x))
        number = fuse(jacobian(tensor("s", ()), tensor("s", ())))
        arrays = {"x": np.ones(n), "y": np.ones(n)}
        hold([identity, zero, ones, number], arrays, scope=[x, y])
        for node in (identity, zero, ones):
            hold([node], {"x": np.ones(n, np.float32)}, scope=[x, y])


def test_sums_that_begin_with_a_negative_term(monkeypatch: pytest.MonkeyPatch) -> None:
    """−u + v, 2u + v, u − v of temporaries in a block."""
    shrink(monkeypatch)
    u, v = scale(3, A), einsum([(A, [0, 1]), (B, [0, 1])], [0, 1])
    rows = [einsum([(x, [0])], [0, 1], {1: x.shape[0]}), A]
    for c, d in [(-1, 1), (2, 1), (1, -1), (-1, -1), (-2, 3), (1, 1)]:
        product = einsum(
            [(linear([(v, c), (rows[0], d), (u, c)], A.shape), [0, 1])], [0]
        )
        node = linear([(product, 1), (einsum([(A, [0, 1])], [0]), d)], x.shape)
        rng = np.random.default_rng(0)
        draws = {"A": rng.normal(size=(9, 9)), "B": rng.normal(size=(9, 9))}
        hold([node], draws | {"x": rng.normal(size=9)})


@pytest.mark.parametrize("n", [96, 97, 98, 99])
@pytest.mark.parametrize("cores", [1, 2, 3, 5])
def test_shares_that_blocks_do_not_divide(
    n: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch)
    chain = ic.parse("exp(-x ∘ x) ∘ tanh(y) + y", x="n", y="n")
    total = ic.parse("sum(exp(-x ∘ x) ∘ tanh(y))", x="n", y="n")
    rng = np.random.default_rng(n)
    arrays = {"x": rng.normal(size=n), "y": rng.normal(size=n)}
    for e in (chain, total, total.gradient("x")):
        compiled = Compiled([e.node], cores=cores)
        close(compiled(arrays), e.evaluate(arrays))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (1, 1), (1, 5), (5, 1)])
def test_axes_of_length_0_and_1(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch)
    f = ic.parse("(X ∘ X ∘ A) * w + exp(X) * w", X="n p", A="n p", w="p")
    g = ic.parse("tr((X*X') ∘ (X*A'))", X="n p", A="n p")
    rng = np.random.default_rng(1)
    arrays = {"X": rng.normal(size=shape), "A": rng.normal(size=shape)}
    arrays["w"] = rng.normal(size=shape[1])
    nodes = [e.node for e in (f, f.diff("X"), f.diff("w"), g.gradient("X"))]
    hold(nodes, arrays, scope=list(variables(f.node).values()))
    hold(nodes, arrays, scope=list(variables(f.node).values()), style="plain")


def test_large_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    c = constant(np.linspace(0, 1, 81).reshape(9, 9), "C")
    square = tensor("A", (9, 9))
    product = einsum([(c, [0, 1]), (square, [1, 2])], [0, 2])
    arrays = {"A": np.random.default_rng(0).normal(size=(9, 9))}
    function = hold([product, einsum([(c, [0, 1])], [1, 0]), c], arrays)
    found = function(arrays)
    found[2][...] = 0
    close(function(arrays)[2], c.array)


def test_sums_of_sizes_in_merged_axes() -> None:
    """Where axes of n + 1 and n + 1 become one, it has (n + 1)(n + 1) entries."""
    e = ic.parse("det([A, x; x', a])", A="n n", x="n", a="")
    third, rng = e.diff("x").diff("x").diff("x"), np.random.default_rng(0)
    values = {"A": rng.normal(size=(3, 3)), "x": rng.normal(size=3), "a": 1.3}
    close(third.compile()(values), third.evaluate(values))
    B, C = ic.tensor("B", "m n+1 n+1"), ic.tensor("C", "n+1 n+1 p")
    assert "(n + 1) * (n + 1)" in ic.einsum("ijk,jkl->il", B, C).code("matlab")
