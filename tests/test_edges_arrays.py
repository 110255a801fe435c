"""Arrays of all kinds: what is taken, what stays, what passes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic

_rng = np.random.default_rng(0)
A0 = _rng.normal(size=(4, 4)) + 3 * np.eye(4)
X0 = _rng.normal(size=4)


def _expressions() -> dict[str, ic.Expression]:
    A, x = ic.tensor("A", (4, 4)), ic.tensor("x", (4,))
    return {
        "A x": A @ x,
        "A⁻¹x": np.linalg.inv(A) @ x,
        "Aᵀ": A.T,
        "x": x * 1,
        "diagonal": np.diagonal(A),
        "row": A[0],
        "slice": x[1:3],
        "reversed": x[::-1],
        "every second": x[::2],
        "ravel": A.ravel(),
        "Diag": np.diag(x),
        "concatenated": np.concatenate([x, x]),
        "log det": np.log(np.linalg.det(A @ A.T)),
        "∂Ax/∂A": (A @ x).diff("A"),
        "gradient": ((A @ x) @ (A @ x)).gradient("x"),
        "cumsum": np.cumsum(x),
        "softplus": np.log(1 + np.exp(x)),
    }


EXPRESSIONS = _expressions()


def _ways(e: ic.Expression) -> dict[str, Callable[[dict[str, Any]], Any]]:
    f, plain = e.compile(), e.compile(style="plain")
    return {
        "evaluate": lambda v: e.evaluate(v),
        "compile": lambda v: f({name: v[name] for name in f.names}),
        "plain": lambda v: plain({name: v[name] for name in plain.names}),
        "structured": lambda v: e.evaluate(v, structured=True).toarray(),
    }


def _read_only(a: Any) -> Any:
    copy = a.copy()
    copy.setflags(write=False)
    return copy


def _strided(a: Any) -> Any:
    wide = np.zeros([2 * n for n in a.shape])
    view = wide[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


class Matrix(np.matrix):
    """A stranger's kind of array, whose * is the matrix product."""


KINDS: dict[str, Callable[[Any], Any]] = {
    "Fortran": np.asfortranarray,
    "strided": _strided,
    "read-only": _read_only,
    "big-endian": lambda a: a.astype(">f8"),
    "list": lambda a: a.tolist(),
    "matrix": lambda a: np.matrix(a) if a.ndim == 2 else a,
    "a kind of matrix": lambda a: a.view(Matrix) if a.ndim == 2 else a,
    "masked nowhere": np.ma.masked_array,
    "integer": lambda a: np.round(9 * a).astype(int),
    "bool": lambda a: a > 0.3,
}


def _plain(a: Any) -> Any:
    return np.array(a, dtype=np.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_arrays(kind: str) -> None:
    """The value of plain float64 arrays, as a plain array of its own; the inputs are
    as they were."""
    make = KINDS[kind]
    for name, e in EXPRESSIONS.items():
        given = {"A": make(A0), "x": make(X0)}
        before = {k: _plain(v) for k, v in given.items()}
        if kind == "bool" and name in ("A⁻¹x", "log det"):
            continue
        for way, compute in _ways(e).items():
            found, expected = compute(given), compute(before)
            assert type(found) is np.ndarray, (name, way)
            assert found.dtype == np.float64, (name, way)
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
            for k, array in given.items():
                assert np.array_equal(_plain(array), before[k]), (name, way)
                if isinstance(array, np.ndarray):
                    assert not np.shares_memory(found, array), (name, way)
            assert found.flags.writeable, (name, way)


REFUSED = {
    "object": lambda a: a.astype(object),
    "text": lambda a: a.astype(str),
    "dates": lambda a: np.zeros(a.shape, "M8[s]"),
    "masked": lambda a: np.ma.masked_array(a, mask=a > 0),
    "nothing": lambda a: None,
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_arrays(kind: str) -> None:
    """What is masked or no number is refused by name, never read otherwise."""
    e = EXPRESSIONS["A x"]
    for compute in _ways(e).values():
        with pytest.raises(ic.EvaluationError, match="of A "):
            compute({"A": REFUSED[kind](A0), "x": X0})


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_no_linear_algebra_of_odd_floats(dtype: Any) -> None:
    given = {"A": A0.astype(dtype), "x": X0.astype(dtype)}
    for compute in _ways(EXPRESSIONS["A⁻¹x"]).values():
        with pytest.raises(ic.EvaluationError, match="not defined"):
            compute(given)
    for compute in _ways(EXPRESSIONS["A x"]).values():
        assert compute(given).dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_single_precision_stays(dtype: Any) -> None:
    """Through values and first derivatives, constants too."""
    n = ic.tensor("x", "n")
    constant = {"2x": 2.5 * n, "Diag": np.diag(n), "mean": n.mean()}
    real = ("softplus",) if dtype is np.complex64 else ()
    held = [e for name, e in EXPRESSIONS.items() if name not in real]
    for e in [*held, *constant.values()]:
        for derived in [e, *(e.diff(name) for name in e.variables)]:
            given = {"A": A0.astype(dtype), "x": X0.astype(dtype)}
            given = {k: given[k] for k in derived.scope | derived.variables}
            for way, compute in _ways(derived).items():
                if way in ("compile", "plain") and not derived.compile().names:
                    continue
                assert compute(given).dtype == dtype, (str(e), way)


@pytest.mark.parametrize("n", [64, 300])
def test_single_precision_of_large_inverses(n: int) -> None:
    """Kept factors, large products and loops over blocks."""
    S, b = ic.tensor("S", "n n"), ic.tensor("b", "n")
    f = b @ np.linalg.inv(S) @ b + np.log(np.linalg.det(S))
    rng = np.random.default_rng(1)
    half = rng.normal(size=(n, n))
    given = {
        "S": (half @ half.T / n + np.eye(n)).astype(np.float32),
        "b": rng.normal(size=n).astype(np.float32),
    }
    for derived in (f, f.gradient(S), f.gradient(b)):
        for compute in _ways(derived).values():
            assert compute(given).dtype == np.float32


def test_mixed_precision_promotes() -> None:
    given = {"A": A0.astype(np.float32), "x": X0}
    for compute in _ways(EXPRESSIONS["A x"]).values():
        assert compute(given).dtype == np.float64


@pytest.mark.parametrize("text", ["abs(z)", "relu(z)", "sign(z)", "max(z, 2*z)"])
def test_complex_arrays_are_refused_alike(text: str) -> None:
    """Functions without a derivative in the complex sense, however computed."""
    e = ic.parse(text, z="n")
    for compute in _ways(e).values():
        with pytest.raises(ic.EvaluationError, match="complex"):
            compute({"z": np.array([1 + 1j, 2.0])})


def test_complex_logarithms_keep_their_branch() -> None:
    """log of a product is the principal one, no sum of logarithms."""
    z = ic.tensor("z", "n")
    e = np.log(np.exp(z) + np.exp(-2 * z))
    given = {"z": np.array([0.3 + 3j, 1 - 2j, 0.1 + 8j])}
    expected = np.log(np.exp(given["z"]) + np.exp(-2 * given["z"]))
    for compute in _ways(e).values():
        np.testing.assert_allclose(compute(given), expected)


# -- NaN and infinity ------------------------------------------------------------------

X = np.array([1.0, np.nan, 3.0, np.inf, 5.0, 6.0])
M = np.arange(16.0).reshape(4, 4)
M[1, 2], M[2, 3], M[3, 0] = np.nan, np.inf, -np.inf

MOVED: dict[str, Callable[[Any, Any], Any]] = {
    "every second": lambda x, m: x[::2],
    "reversed": lambda x, m: x[::-1],
    "slice": lambda x, m: x[1:4],
    "chosen": lambda x, m: x[[0, 2, 2, 5]],
    "flip": lambda x, m: np.flip(x),
    "roll": lambda x, m: np.roll(x, 2),
    "cumsum": lambda x, m: np.cumsum(x),
    "columns": lambda x, m: m[:, [2, 0]],
    "turned": lambda x, m: np.rot90(m),
    "both ways": lambda x, m: m[::2, ::-1],
    "raveled": lambda x, m: m.ravel()[3:7],
    "triu": lambda x, m: np.triu(m),
    "tril": lambda x, m: np.tril(m),
    "concatenated": lambda x, m: np.concatenate([x, 2 * x]),
    "stacked": lambda x, m: np.stack([x, 2 * x]),
    "block": lambda x, m: np.block([[m, m.T]]),
    "padded": lambda x, m: np.pad(x, 1),
    "repeated": lambda x, m: np.repeat(x, 2),
    "maximum": lambda x, m: np.maximum(x, 0),
    "minimum": lambda x, m: np.minimum(x, 4),
    "abs": lambda x, m: np.abs(x),
    "sign": lambda x, m: np.sign(x),
    "clip": lambda x, m: np.clip(x, 0, 2),
    "norm": lambda x, m: np.linalg.norm(x),
    "exp": lambda x, m: np.exp(x),
    "softplus": lambda x, m: np.logaddexp(x, 0),
}


@pytest.mark.parametrize("name", MOVED)
def test_nan_passes_and_infinity_stays_where_it_is(name: str) -> None:
    """As in NumPy: no entry is spoiled by a neighbour that is NaN or infinite."""
    x, m = ic.tensor("x", (6,)), ic.tensor("m", (4, 4))
    e = MOVED[name](x, m)
    with np.errstate(all="ignore"):
        expected = MOVED[name](X, M)
        for way, compute in _ways(e).items():
            found = compute({"x": X, "m": M})
            np.testing.assert_allclose(found, expected, err_msg=way)


def test_backward_through_choices() -> None:
    """The transposes of choices and sums, by finite numbers."""
    x = ic.tensor("x", (6,))
    at, given = np.arange(1.0, 7.0), {"x": np.arange(6.0)}
    for pick in (lambda v: v[::2], lambda v: v[::-1], lambda v: v[[0, 2, 2, 5]]):
        e = (pick(x) ** 2).sum().gradient("x")
        slope = np.zeros(6)
        np.add.at(slope, pick(np.arange(6)), 2 * pick(at))
        for compute in _ways(e).values():
            np.testing.assert_allclose(compute({"x": at}), slope)
    e = (np.cumsum(x) ** 2).sum().gradient("x")
    expected = 2 * np.cumsum(np.cumsum(given["x"])[::-1])[::-1]
    for compute in _ways(e).values():
        np.testing.assert_allclose(compute(given), expected)


def test_nan_in_functions() -> None:
    """Activations, softmax, log-sum-exp and inverses of NaN are NaN."""
    x = np.array([0.0, np.nan])
    for text in ("relu(x)", "sigmoid(x)", "softplus(x)", "softmax(x)", "heaviside(x)"):
        for compute in _ways(ic.parse(text, x="n")).values():
            with np.errstate(all="ignore"):
                assert np.isnan(compute({"x": x})[1]), text
    e = ic.parse("inv(A)*b", A="n n", b="n")
    for compute in _ways(e).values():
        found = compute({"A": np.array([[1.0, np.nan], [0, 1]]), "b": np.ones(2)})
        assert np.isnan(found).any()
