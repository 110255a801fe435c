"""Forward is reverse, and both are what differences say, to the third order."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from indexcalc.derivative import (
    forward,
    gradient,
    hessian,
    jacobian,
    pull,
    push,
    require_variable,
    reverse,
)
from indexcalc.errors import BudgetError, ShapeError
from indexcalc.evaluate import evaluate
from indexcalc.expansion import expand, same
from indexcalc.expr import add, constant, einsum, linear, tensor
from indexcalc.functions import TABLE, call
from indexcalc.kernels_spectral import KERNELS as SPECTRAL_KERNELS
from indexcalc.matrix import (
    contract,
    diagonal_matrix,
    elementwise,
    eye,
    kron,
    ones,
    outer,
    times,
    total,
    trace,
    vec,
)
from indexcalc.nodes import Node, Tensor, variables
from indexcalc.simplify import fuse
from indexcalc.sizes import dim
from tests.random_nodes import (
    VALUES,
    Drawn,
    Environment,
    arrays,
    complex_step,
    draw,
    leaf_tensors,
)

Array = np.ndarray[Any, Any]
N, M = dim("n"), dim("m")
LEAVES = leaf_tensors()
TOO_MANY = 4_000


def value(node: Node, env: Environment) -> Array:
    """The engine's value of a random node."""
    return evaluate(node, env, VALUES, None, list(LEAVES.values()))


def error(got: Array, want: Array) -> float:
    """The largest error, relative to 1 + max |want|."""
    assert got.shape == want.shape
    return float(np.abs(got - want).max(initial=0) / (1 + np.abs(want).max(initial=0)))


def direction(seed: int, env: Environment, name: str) -> Array:
    """A random direction of a leaf, inside its structure."""
    array = np.random.default_rng(seed + 7).normal(size=env[name].shape)
    return array + array.T if LEAVES[name].structure == "symmetric" else array


def cases(seeds: range, steps: int | None = None) -> Iterator[tuple[int, Drawn, str]]:
    """Random nodes with each variable they hold."""
    for seed in seeds:
        drawn = draw(seed, steps)
        for name in variables(drawn.node):
            leaf = LEAVES[name].shape
            entries = np.prod([*drawn.sizes, 1]) * arrays(0)[name].size
            if entries <= TOO_MANY and len(leaf) + len(drawn.sizes) < 8:
                yield seed, drawn, name


def along(node: Node, env: Environment, name: str, step: Array) -> Array:
    """The value of a derivative contracted with a direction of its last axes."""
    return np.tensordot(value(node, env), step, step.ndim)


ALL = [
    *cases(range(300)),
    *cases(range(5_000, 5_030), 14),
]


def test_first_derivatives() -> None:
    """Forward and reverse against the complex step through the naive interpreter."""
    for seed, drawn, name in ALL:
        env = arrays(seed)
        step = direction(seed, env, name)
        want = complex_step(drawn, env, name, step)
        for mode in (forward, reverse):
            got = along(mode(drawn.node, LEAVES[name]), env, name, step)
            assert error(got, want) < 1e-8, (seed, name, mode.__name__)
    assert len(ALL) > 300


def test_forward_is_reverse() -> None:
    """One object after fuse or expand, nearly always; never known to differ."""
    undecided = 0
    for _, drawn, name in ALL:
        one = forward(drawn.node, LEAVES[name])
        two = reverse(drawn.node, LEAVES[name])
        undecided += same(one, two, 1_000) is not True
    assert undecided <= len(ALL) // 100


def test_products_with_a_direction() -> None:
    """push is the derivative times a tangent, pull a cotangent times it."""
    for seed, drawn, name in ALL[::3]:
        env, leaf = arrays(seed), LEAVES[name]
        d, c = tensor("d", leaf.shape), tensor("cotangent", drawn.node.shape)
        full = value(forward(drawn.node, leaf), env)
        step = np.random.default_rng(seed).normal(size=env[name].shape)
        back = np.random.default_rng(seed).normal(size=drawn.sizes)
        scope = [*LEAVES.values(), d, c]
        more = {**env, "d": step, "cotangent": back}
        forth = evaluate(push(drawn.node, {leaf: d}), more, VALUES, None, scope)
        assert error(forth, np.tensordot(full, step, step.ndim)) < 1e-9
        (pulled,) = pull(drawn.node, [leaf], c)
        got = evaluate(pulled, more, VALUES, None, scope)
        assert error(got, np.tensordot(back, full, back.ndim)) < 1e-9


def test_second_and_third_derivatives() -> None:
    """By central differences of complex steps, and of the engine's own second."""
    done = 0
    for seed, drawn, name in ALL[::2]:
        env, leaf = arrays(seed), LEAVES[name]
        step = direction(seed, env, name)
        if not _smooth(drawn) or (drawn.node.shape and step.size > 6):
            continue
        root = total(drawn.node)
        first = fuse(forward(root, leaf))
        second = fuse(reverse(first, leaf)) if step.size < 6 else forward(first, leaf)
        got = np.tensordot(along(second, env, name, step), step, step.ndim)
        ends = [
            complex_step(drawn, {**env, name: env[name] + h * step}, name, step).sum()
            for h in (1e-4, -1e-4)
        ]
        want = np.asarray((ends[0] - ends[1]) / 2e-4)
        assert error(got, want) < 1e-4, (seed, name)
        done += 1
        if step.size <= 3:
            assert _third(second, env, name, step) < 1e-4, (seed, name)
    assert done > 50


def _third(second: Node, env: Environment, name: str, step: Array) -> float:
    third = along(fuse(forward(second, LEAVES[name])), env, name, step)
    ends = [value(second, {**env, name: env[name] + h * step}) for h in (1e-4, -1e-4)]
    return error(third, (ends[0] - ends[1]) / 2e-4)


def _smooth(drawn: Drawn) -> bool:
    return not drawn.labels() & {"abs", "sign", "relu", "max", "min", "where"}


# -- every function of the table -------------------------------------------------------

PARAMS: dict[str, list[tuple[Any, ...]]] = {
    "power": [(2,), (3,), (-1,), (Fraction(1, 2),), (Fraction(-3, 2),), (0.3,)],
    "cofactors": [(1,), (2,)],
    "norm2": [(1,), (2,)],
    "rnorm": [(1,), (2,)],
}
SQUARE = ("inv", "det", "logdet", "logofdet", "cofactors")
FUNCTIONS = [
    pytest.param(name, params, batch, id=f"{name}{list(params) or ''}-batch{batch}")
    for name in TABLE
    if name not in {*SPECTRAL_KERNELS, "conj"}
    for params in PARAMS.get(name, [()])
    for batch in (0, 1)
]


def function_call(
    name: str, params: tuple[Any, ...], batch: int
) -> tuple[Node, list[Tensor], dict[str, Array]]:
    """A call on variables, and a point inside the function's domain."""
    inputs, _ = TABLE[name].signature(params)
    rng = np.random.default_rng(1)
    args, point = [], {}
    for letter, core in zip("XYZ", inputs, strict=False):
        shape = (M,) * batch + (N,) * len(core)
        numbers = (2,) * batch + (3,) * len(core)
        array = np.asarray(rng.uniform(0.25, 0.85, numbers))
        if name in SQUARE:
            array = array + 1.5 * np.eye(3)
        args.append(tensor(letter, shape))
        point[letter] = array + 1.2 if name == "acosh" else array
    return call(name, args, params), args, point


@pytest.mark.parametrize(("name", "params", "batch"), FUNCTIONS)
def test_partials(name: str, params: tuple[Any, ...], batch: int) -> None:
    """First and second partial by every argument, against central differences."""
    node, args, point = function_call(name, params, batch)
    for arg in args:
        current = node
        for _ in range(2):
            following = jacobian(current, arg)
            got = evaluate(following, point, {"n": 3, "m": 2}, None, args)
            assert error(got, _differences(current, arg, args, point)) < 1e-7
            assert same(forward(current, arg), reverse(current, arg)) is True
            current = following


def _differences(
    node: Node, arg: Tensor, args: list[Tensor], point: dict[str, Array]
) -> Array:
    base, h = point[arg.name], 1e-5
    columns = []
    for at in np.ndindex(base.shape):
        bump = np.zeros(base.shape)
        bump[at] = h
        ends = [
            evaluate(
                node, {**point, arg.name: base + s * bump}, {"n": 3, "m": 2}, None, args
            )
            for s in (1, -1)
        ]
        columns.append((ends[0] - ends[1]) / (2 * h))
    stacked = np.stack(columns, -1)
    return stacked.reshape(stacked.shape[:-1] + base.shape)


def test_unknown_functions() -> None:
    """f' and f_1,0 by numbers: f = sin of its arguments' weighted sum."""
    x, y = tensor("x", (N,)), tensor("y", (N,))
    f = call("unknown", [x, y], ("f", (0, 0)))
    mixed = jacobian(jacobian(f, x), y)
    point = {"x": np.array([0.1, 0.2]), "y": np.array([0.3, 0.5])}
    known = {"f_1,1": lambda a, b: -2 * np.sin(a + 2 * b)}
    got = evaluate(mixed, point, None, known)
    want = np.zeros((2, 2, 2))
    for i in range(2):
        want[i, i, i] = -2 * np.sin(point["x"][i] + 2 * point["y"][i])
    assert np.allclose(got, want)


# -- wiring ----------------------------------------------------------------------------

x, y, z = (tensor(name, (N,)) for name in "xyz")
A = tensor("A", (N, N))
ROW = tensor("r", (1, N))
H = einsum([], [0, 0, 0, 0], {0: N})

CLOSED: dict[str, tuple[Node, Tensor, Node]] = {
    "x∘y∘z": (times(times(x, y), z), x, diagonal_matrix(times(y, z))),
    "A x": (contract(A, x), x, A),
    "tr A": (trace(A), A, eye(N)),
    "x itself": (x, x, eye(N)),
    "Diag x": (diagonal_matrix(x), x, einsum([], [0, 0, 0], {0: N})),
    "H x": (einsum([(x, (0,))], [0, 0, 0]), x, H),
    "vec A": (vec(A), A, einsum([], [(1, 0), 0, 1], {0: N, 1: N})),
    "x⊗y": (kron(x, y), y, einsum([(x, (0,))], [(0, 1), 1], {1: N})),
    "x xᵀ": (
        outer(x, x),
        x,
        linear(
            [
                (einsum([(x, (1,))], [0, 1, 0], {0: N}), 1),
                (einsum([(x, (0,))], [0, 1, 1], {1: N}), 1),
            ],
            (N, N, N),
        ),
    ),
    "a row": (einsum([(ROW, (0, 1))], [1]), ROW, einsum([], [0, (), 0], {0: N})),
    "Σ A": (total(A), A, ones(N, N)),
    "no x": (y, x, linear([], (N, N))),
    "legs repeated": (
        einsum([(A, (0, 0)), (A, (0, 1))], [1]),
        A,
        linear(
            [
                (einsum([(A, (0, 1))], [1, 0, 0]), 1),
                (einsum([(A, (0, 0))], [1, 0, 1], {1: N}), 1),
            ],
            (N, N, N),
        ),
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name: str) -> None:
    """The derivative is the form built by hand, by both modes."""
    node, leaf, want = CLOSED[name]
    assert fuse(forward(node, leaf)) is fuse(want)
    assert fuse(reverse(node, leaf)) is fuse(want)


def test_gradient_of_one_entry() -> None:
    """An expression with one entry counts as a scalar, and others do not."""
    one = einsum([(x, (0,)), (y, (0,))], [(), ()])
    assert gradient(one, x) is y
    assert hessian(one, x, y) is eye(N)
    with pytest.raises(ShapeError, match="scalar"):
        gradient(x, x)


def test_only_variables() -> None:
    """Constants and composites are refused."""
    for node in (constant(np.ones(2)), times(x, y)):
        with pytest.raises(ShapeError, match="variable"):
            require_variable(node)
    assert require_variable(x) is x


# -- structured variables --------------------------------------------------------------

PROJECTIONS = {
    "": lambda a: a,
    "positive": lambda a: a,
    "symmetric": lambda a: (a + a.T) / 2,
    "pd": lambda a: (a + a.T) / 2,
    "skew": lambda a: (a - a.T) / 2,
    "diagonal": lambda a: np.diag(np.diag(a)),
    "lower": np.tril,
    "upper": np.triu,
}


@pytest.mark.parametrize("structure", PROJECTIONS)
def test_structured_variables(structure: str) -> None:
    """Gradient and Hessian lie in the structure and are right along it."""
    project = PROJECTIONS[structure]
    rng = np.random.default_rng(3)
    matrix = tensor("X", (N, N), structure)
    weights = tensor("B", (N, N))
    cube = contract(contract(weights, matrix), contract(matrix, matrix))
    node = add(trace(cube), total(elementwise("sin", matrix)))
    point = project(rng.uniform(0.5, 1.5, (3, 3)) + 2 * np.eye(3))
    b = rng.normal(size=(3, 3))

    def slope(at: Array, step: Array) -> Any:
        moved = at + 1e-30j * step
        return (
            np.imag(np.trace(b @ moved @ moved @ moved) + np.sin(moved).sum()) / 1e-30
        )

    env = {"X": point, "B": b}
    g, h = (
        evaluate(gradient(node, matrix), env),
        evaluate(hessian(node, matrix, matrix), env),
    )
    one, two = project(rng.normal(size=(3, 3))), project(rng.normal(size=(3, 3)))
    assert np.allclose(project(g), g)
    assert np.isclose((g * one).sum(), slope(point, one))
    curve = (slope(point + 1e-4 * two, one) - slope(point - 1e-4 * two, one)) / 2e-4
    assert np.isclose(np.einsum("ijkl,ij,kl", h, one, two), curve, rtol=1e-6)


def test_where_by_its_branches() -> None:
    """A condition counts as true where it is not zero, in the derivative too."""
    condition, a, b = (tensor(name, (N,)) for name in "cab")
    node = call("where", [condition, a, b])
    point = {"c": np.array([0.5, 0.0, -2.0]), "a": np.ones(3), "b": np.zeros(3)}
    got = evaluate(jacobian(node, a), point, None, None, [condition, a, b])
    assert np.array_equal(got, np.diag([1.0, 0.0, 1.0]))


def test_expansion_can_be_refused() -> None:
    """`same` within a tiny budget is undecided and raises nothing."""
    wide = call("power", [linear([(x, 1), (y, 1), (z, 1)], (N,))], (9,))
    assert same(forward(wide, x), times(wide, wide), 5) in (None, False)
    with pytest.raises(BudgetError):
        expand(wide, 5)
