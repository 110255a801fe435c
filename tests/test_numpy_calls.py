"""NumPy on symbols: values against NumPy itself, derivatives against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import ShapeError, UnsupportedError, expr, numpy_ufuncs
from indexcalc.numpy_calls import apply_function, apply_ufunc, as_node, getitem
from tests.numpy_sources import SHAPES, SOURCES, arrays

ARRAYS = arrays()
STEP = 1e-6


def run(source: str, values: dict[str, Any]) -> Any:
    """The value of a source on arrays or symbols."""
    return eval(source, {"np": np, "nn": ic.numpy, **values})


def symbols() -> dict[str, Any]:
    return {name: ic.tensor(name, shape) for name, shape in SHAPES.items()}


def by_differences(source: str, name: str) -> np.ndarray[Any, Any]:
    """∂source/∂name by central differences: value axes first."""
    base = ARRAYS[name]
    shape = np.shape(run(source, ARRAYS))
    result = np.zeros((*shape, *base.shape))
    for at in np.ndindex(base.shape):
        ends = []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * STEP
            end = run(source, {**ARRAYS, name: np.asarray(moved)})
            ends.append(np.asarray(end, dtype=float))
        result[(..., *at)] = (ends[0] - ends[1]) / (2 * STEP)
    return result


def needed(source: str) -> list[str]:
    """The arrays that a source names."""
    return [name for name in compile(source, "", "eval").co_names if name in SHAPES]


@pytest.mark.parametrize("source", SOURCES)
def test_value_and_derivatives(source: str) -> None:
    expression = run(source, symbols())
    expected = np.asarray(run(source, ARRAYS), dtype=float)
    names = [name for name in needed(source) if name in expression.variables]
    given = {name: ARRAYS[name] for name in names}
    assert expression.shape == expected.shape
    found = expression.evaluate(given)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    for name in names:
        slope = expression.diff(name).evaluate(given)
        reference = by_differences(source, name)
        np.testing.assert_allclose(slope, reference, rtol=2e-6, atol=2e-6)


# -- symbolic sizes --------------------------------------------------------------------

NAMED = {0: 0, 1: 1, 2: "m", 3: "n", 4: "p"}
SIZES = {"m": 2, "n": 3, "p": 4}


def test_symbolic_sizes_agree_or_are_refused() -> None:
    named = {
        name: ic.tensor(name, tuple(NAMED[size] for size in shape))
        for name, shape in SHAPES.items()
    }
    answered = 0
    for source in SOURCES:
        try:
            expression = run(source, named)
        except (ShapeError, UnsupportedError):
            continue
        given = {name: ARRAYS[name] for name in expression.variables}
        found = expression.evaluate(given, sizes=SIZES)
        expected = np.asarray(run(source, ARRAYS), dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-10, err_msg=source)
        answered += 1
    assert answered > 0.7 * len(SOURCES)


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ("np.reshape(X, -1)", ("n*p",)),
        ("np.reshape(X, (-1, 1))", ("n*p", 1)),
        ("np.reshape(X, (X.shape[0], 1, -1))", ("n", 1, "p")),
        ("np.reshape(np.ravel(X), X.shape)", ("n", "p")),
        ("np.reshape(X, X.shape[::-1])", ("p", "n")),
        ("np.concatenate([X, X])", ("2*n", "p")),
        ("np.repeat(X, 2, axis=1)", ("n", "2*p")),
        ("np.diag(x, 1)", ("n+1", "n+1")),
        ("np.pad(x, (1, 2))", ("n+3",)),
        ("np.stack([x, x], axis=1)", ("n", 2)),
        ("x[[0, 2]]", (2,)),
        ("X[1]", ("p",)),
        ("nn.eye(X.shape[0]) @ X", ("n", "p")),
        ("nn.ones(X.shape) * X", ("n", "p")),
        ("nn.full(X.shape[0], 2.0) * x", ("n",)),
        ("x / x.shape[0]", ("n",)),
        ("np.broadcast_to(x, (2, 'n'))", (2, "n")),
    ],
)
def test_symbolic_shapes(source: str, shape: tuple[object, ...]) -> None:
    named = {"X": ic.tensor("X", "n p"), "x": ic.tensor("x", "n")}
    expression = run(source, named)
    assert expression.shape == ic.tensor("_", shape).shape
    given = {name: ARRAYS[name] for name in expression.variables}
    numbers = {**ARRAYS, "nn": ic.numpy}
    expected = eval(source.replace("'n'", "3"), {"np": np, **numbers})
    np.testing.assert_allclose(expression.evaluate(given, sizes=SIZES), expected)


def test_a_symbolic_axis_never_broadcasts() -> None:
    x = ic.tensor("x", "n")
    with pytest.raises(ShapeError, match="shapes n and 3 do not broadcast in a sum"):
        _ = x + np.ones(3)
    product = x * ic.tensor("y", "n")
    with pytest.raises(ShapeError):
        product.evaluate(x=np.ones(3), y=np.ones(1))


# -- random shapes ---------------------------------------------------------------------


def random_key(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """A subscript of integers, slices, None, index arrays and masks."""
    key: list[Any] = []
    for size in shape:
        if rng.random() < 0.2:
            key.append(None)
        kind = rng.integers(6)
        if kind == 0 and size:
            key.append(int(rng.integers(-size, size)))
        elif kind == 1 and size:
            key.append(rng.integers(-size, size, 2))
        elif kind == 2:
            key.append(rng.random(size) < 0.5)
        else:
            ends = [
                None if rng.random() < 0.4 else int(e) for e in rng.integers(-4, 5, 2)
            ]
            key.append(slice(*ends, int(rng.choice([1, 1, -1, 2, -2]))))
    cut = int(rng.integers(0, len(key) + 1))
    return (*key[:cut], ...) if rng.random() < 0.3 else tuple(key)


@pytest.mark.parametrize("seed", range(8))
def test_random_subscripts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tried = 0
    while tried < 40:
        shape = tuple(int(n) for n in rng.integers(0, 4, rng.integers(1, 4)))
        array, key = rng.random(shape), random_key(rng, shape)
        try:
            expected = array[key]
        except IndexError:
            continue
        found = ic.tensor("a", shape)[key]
        assert found.shape == expected.shape, (shape, key)
        given = {"a": array} if found.variables else {}
        np.testing.assert_array_equal(
            found.evaluate(given), expected, str((shape, key))
        )
        tried += 1


@pytest.mark.parametrize("seed", range(4))
def test_random_reshapes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(40):
        factors = list(rng.choice([1, 2, 3], rng.integers(1, 5)))
        array = rng.random(group(rng, factors))
        target = group(rng, list(rng.permutation(factors)))
        order = str(rng.choice(["C", "F"]))
        found = np.reshape(ic.tensor("a", array.shape), target, order=order)
        expected = np.reshape(array, target, order=order)
        np.testing.assert_array_equal(found.evaluate(a=array), expected)


def group(rng: np.random.Generator, factors: list[int]) -> tuple[int, ...]:
    """A shape whose sizes are products of neighbouring factors."""
    cuts = np.flatnonzero(rng.random(len(factors) - 1) < 0.5) + 1
    return tuple(int(np.prod(part)) for part in np.split(np.array(factors), cuts))


@pytest.mark.parametrize(
    "ufunc", [np.add, np.multiply, np.maximum, np.matmul, np.power]
)
def test_random_broadcasts(ufunc: np.ufunc) -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        shapes = [tuple(map(int, rng.integers(0, 4, rng.integers(0, 4)))) for _ in "ab"]
        a, b = (rng.random(shape) for shape in shapes)
        left, right = ic.tensor("a", shapes[0]), ic.tensor("b", shapes[1])
        try:
            expected = ufunc(a, b)
        except ValueError:
            with pytest.raises(ShapeError):
                ufunc(left, right)
            continue
        found = ufunc(left, right)
        assert found.shape == expected.shape
        given = {
            name: v for name, v in {"a": a, "b": b}.items() if name in found.variables
        }
        np.testing.assert_allclose(found.evaluate(given), expected)


# -- wiring ----------------------------------------------------------------------------


def test_structure_is_recognised() -> None:
    X, x = ic.tensor("X", "3 4"), ic.tensor("x", 3)
    assert np.eye(3) @ X == X
    assert np.ones(3) * x == x
    assert x + np.zeros(3) == x
    assert X @ np.ones(4) == np.sum(X, axis=1)
    assert np.diag(x) == x[:, None] * np.eye(3)
    assert np.trace(np.diag(x)) == np.sum(x)
    assert np.einsum("i->ii", x) == np.diag(x)
    assert X[np.arange(3), np.arange(3)] == np.diagonal(X[:, :3])
    assert np.reshape(np.ravel(X), (3, 4)) == X
    assert np.linalg.solve(X[:, :3], x) == np.linalg.inv(X[:, :3]) @ x


def test_einsum_takes_more_than_52_indices() -> None:
    x, y = ic.tensor("x", 3), ic.tensor("y", 3)
    assert np.einsum(x, [100], y, [7], [7, 100]) == np.outer(y, x)
    assert np.einsum(x, [100], y, [7]) == np.outer(y, x)


def test_comparisons_are_indicators() -> None:
    x = ic.tensor("x", 3)
    inside = np.logical_and(x > 0.2, x < 0.8)
    np.testing.assert_array_equal(inside.evaluate(x=[0.1, 0.5, 0.9]), [0, 1, 0])
    assert np.where(np.equal(x, 0.5), 1.0, 0.0).diff(x) == ic.zeros(3, 3)
    np.testing.assert_array_equal((x >= 0.5).evaluate(x=[0.5, 0.4, 0.6]), [1, 0, 1])


def test_indicators_are_recognised() -> None:
    x, y = expr.tensor("x", (3,)), expr.tensor("y", (3,))
    number = expr.number
    above, equal = numpy_ufuncs.greater(x, y), numpy_ufuncs.equal(x, y)
    for node in (
        above,
        equal,
        numpy_ufuncs.not_equal(x, y),
        numpy_ufuncs.logical_or(above, equal),
        as_node(np.array([True, False])),
        as_node(np.ones(3)),
        expr.zero((3,)),
    ):
        assert numpy_ufuncs.truth(node) is node
    for node in (x, number(2), expr.einsum([(above, [0])], []), expr.add(above, above)):
        assert not numpy_ufuncs.is_indicator(node)


def test_a_long_chain_of_products_as_a_condition() -> None:
    x = expr.tensor("x", (3,))
    node = factor = numpy_ufuncs.greater(x, x)
    for _ in range(3000):
        node = numpy_ufuncs.one_minus(numpy_ufuncs.multiply(node, factor))
    assert apply_function(np.where, (node, x, 0.0), {}).shape == (3,)


def test_a_derivative_at_zero_of_natural_powers() -> None:
    x = ic.tensor("x", 3)
    slope = (x[:, None] ** np.arange(3)).sum(0).diff(x)
    np.testing.assert_array_equal(
        slope.evaluate(x=np.zeros(3)), [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    )


def test_logaddexp_does_not_overflow() -> None:
    x, y = ic.tensor("x", 2), ic.tensor("y", 2)
    large = {"x": [1000.0, -1000.0], "y": [999.0, 1000.0]}
    found = np.logaddexp(x, y)
    np.testing.assert_allclose(found.evaluate(large), np.logaddexp(*large.values()))
    assert np.isfinite(found.diff(x).evaluate(large)).all()


def test_activations_on_arrays() -> None:
    X = ARRAYS["X"]
    nn = ic.numpy
    np.testing.assert_allclose(nn.softmax(X, axis=0).sum(0), 1)
    np.testing.assert_allclose(nn.logsumexp(X), np.log(np.exp(X).sum()))
    np.testing.assert_allclose(nn.logsumexp(X + 1e4, 1), nn.logsumexp(X, 1) + 1e4)
    assert nn.relu([-1, 2]).tolist() == [0, 2]
    assert nn.logsumexp(np.full(2, -np.inf)) == -np.inf
    assert isinstance(nn.eye(3), np.ndarray)
    assert nn.float64 is np.float64


def test_scipy_special_functions() -> None:
    special = pytest.importorskip("scipy.special")
    x = ic.tensor("x", 3)
    for name in ("expit", "erf", "erfc", "log_expit", "logit", "exp10"):
        function = getattr(special, name)
        found = function(x).evaluate(x=ARRAYS["x"])
        np.testing.assert_allclose(found, function(ARRAYS["x"]))


# -- bare nodes ------------------------------------------------------------------------


def test_bare_nodes() -> None:
    node = as_node(np.eye(2))
    assert node is as_node([[1, 0], [0, 1]])
    assert as_node(2) is as_node(np.float64(2)) is as_node(np.array(2.0))
    assert getitem(node, (0, 0)).shape == ()
    assert apply_function(np.trace, (node,), {}).shape == ()
    assert apply_ufunc(np.exp, "__call__", [object()], {}) is NotImplemented


# -- what is refused -------------------------------------------------------------------

REFUSED = {
    "np.linalg.svd(X)": "compute_uv=False",
    "np.linalg.qr(X)": "np.linalg.qr of symbols is not supported: it needs a decomp",
    "np.linalg.lstsq(X, x)": r"pinv\(X\) @ y",
    "np.linalg.eig(A)": "eigh of symmetric",
    "np.linalg.norm(X, -2)": "singular value",
    "np.linalg.norm(x, 'fro')": "a vector has no norm",
    "np.argmax(X)": "order of values",
    "np.sort(x)": "order of values",
    "np.floor(X)": "derivative is 0",
    "np.round(X)": "derivative is 0",
    "np.mod(X, 2)": "derivative is 0",
    "np.conj(X)": "neither real nor complex",
    "np.real(X)": "neither real nor complex",
    "np.angle(X)": "branch cut",
    "np.isfinite(X)": "asks about values",
    "np.allclose(X, X)": "indexcalc.equal",
    "np.fill_diagonal(A, 0)": "never changed in place",
    "np.fft.fft(x)": "np.fft.fft of symbols",
    "np.modf(X)": "derivative is 0",
    "np.add.at(X, [0], 1)": "np.add.at",
    "np.add.reduceat(x, [0, 1])": "np.add.reduceat",
    "np.logaddexp.reduce(x)": "reduce",
    "np.multiply.accumulate(x)": "accumulate",
    "np.sum(X, where=X > 0)": "takes no where=",
    "np.sum(X, dtype=int)": "takes no dtype=",
    "np.sum(X, 0, int)": "too many positional",
    "np.sum(X, initial=1)": "initial",
    "np.exp(X, out=np.zeros((3, 4)))": "takes no out=",
    "np.exp(X, where=X > 0)": "takes no where=",
    "np.add(np.zeros(3), x, out=np.zeros(3))": "takes no out=",
    "np.where(X)": "both choices",
    "np.invert(X)": "bits",
    "X[x]": "index must be a number",
    "X[1.5]": "not an index",
    "X[True]": "as an index",
    "X['a']": "not an index",
    "v[1:]": "literal size",
    "v[-1]": "counts from the end",
    "np.cumsum(v)": "literal size",
    "np.max(v)": "literal size",
    "np.tril(v[:, None] * v, 1)": "literal size",
    "np.pad(x, 1, mode='edge')": "zeros",
    "np.correlate(x, z)": "kernel longer",
    "nn.eye('n', k=1)": "main diagonal",
}

MISFITS = {
    "X + A": "shapes 3×4 and 3×3 do not broadcast in a sum",
    "x * z": "shapes 3 and 4 do not broadcast in a product",
    "np.maximum(x, z)": "shapes 3 and 4 do not broadcast in max",
    "X @ X": "@ of 3×4 and 3×4: 4 meets 3",
    "X @ s": "too few axes",
    "c @ X": "1 meets 3",
    "T @ np.ones((3, 4, 2))": "batch axes do not broadcast",
    "np.dot(X, X)": "4 meets 3",
    "np.tensordot(X, X, 1)": "4 meets 3",
    "np.tensordot(X, X, 3)": "over 3 axes",
    "np.tensordot(c, X, 1)": "1 meets 3",
    "np.einsum('ij,jk', X, X)": "index j",
    "np.einsum('ii', X)": "index i",
    "np.einsum('ii->i', r)": "twice",
    "np.einsum('i->ij', x)": "on no operand",
    "np.sum(X, axis=2)": "no axis 2",
    "np.sum(X, axis=(0, 0))": "twice",
    "np.sum(X, axis='a')": "not an axis",
    "np.reshape(X, (5, 2))": "numbers of entries differ",
    "np.reshape(X, (5, -1))": "no size fills up",
    "np.reshape(X, (-1, -1))": "one -1",
    "np.squeeze(X, 0)": "size 1",
    "np.moveaxis(T, [0, 1], [0])": "cannot be moved",
    "np.concatenate([X, A])": "blocks of shapes",
    "np.concatenate([X, x])": "cannot be concatenated",
    "np.stack([x, z])": "cannot be stacked",
    "np.block([[x], x])": "nested alike",
    "np.linalg.inv(X)": "square",
    "np.linalg.slogdet(x)": "square",
    "np.linalg.norm(T, 1)": "over 3 axes",
    "np.cross(x, z)": "3 components",
    "np.max(Z, axis=0)": "without entries",
    "np.split(x, 2)": "equal parts",
    "np.broadcast_to(X, (3,))": "broadcast",
    "X[3]": "no entry 3",
    "X[-4]": "no entry -4",
    "X[0, 0, 0]": "has 2 axes",
    "X[..., ...]": "one ellipsis",
    "X[[0, 7]]": "axis of size 3",
    "X[[0, 1], [0, 1, 2]]": "do not broadcast",
    "X[np.ones(4, bool)]": "mask",
}


def named() -> dict[str, Any]:
    return {**symbols(), "v": ic.tensor("v", "n")}


@pytest.mark.parametrize("source", REFUSED)
def test_refusals_give_the_reason(source: str) -> None:
    with pytest.raises(UnsupportedError, match=REFUSED[source]):
        run(source, named())


@pytest.mark.parametrize("source", MISFITS)
def test_misfits_name_the_shapes(source: str) -> None:
    with pytest.raises(ShapeError, match=MISFITS[source]):
        run(source, named())


def test_an_array_is_not_added_to_in_place() -> None:
    array = np.zeros(3)
    with pytest.raises(UnsupportedError, match="takes no out="):
        array += ic.tensor("x", 3)


def test_unknown_types_are_left_to_python() -> None:
    x = ic.tensor("x", 3)
    for other in (None, "a", object()):
        with pytest.raises(TypeError):
            _ = x + other
