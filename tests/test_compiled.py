"""Compiled functions take arrays in every way, and never touch what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.compiled import Compiled
from indexcalc.errors import EvaluationError, ShapeError, UnsupportedError
from tests.compiled_runs import Array, apart, close, is_fast, shrink

SHAPES = {"A": "m n", "x": "n", "y": "m"}
f = ic.parse("exp(A*x) ∘ y", SHAPES)
slope = f.diff("x")
chain = ic.parse("tanh(A ∘ A) * x + y", SHAPES)


def draw(m: int = 5, n: int = 4, dtype: Any = float) -> dict[str, Array]:
    rng = np.random.default_rng(m + 10 * n)
    shapes = {"A": (m, n), "x": (n,), "y": (m,)}
    return {
        name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()
    }


@pytest.fixture(params=["small", "blocks"])
def scale(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small arrays as they are, and as if they were large."""
    if request.param == "blocks":
        shrink(monkeypatch)
    return str(request.param)


# -- arguments -------------------------------------------------------------------------


def test_ways_to_give_arrays(scale: str) -> None:
    function, arrays = f.compile(), draw()
    expected = f.evaluate(arrays)
    assert function.names == ("A", "x", "y")
    close(function(**arrays), expected)
    close(function(arrays), expected)
    close(function(*arrays.values()), expected)
    close(function(arrays["A"], y=arrays["y"], x=arrays["x"]), expected)
    close(function({"A": arrays["A"]}, x=arrays["x"], y=arrays["y"]), expected)
    by_expression = {
        ic.tensor(name, shape): arrays[name] for name, shape in SHAPES.items()
    }
    close(function(by_expression), expected)
    close(function({**arrays, "unused": 3}), expected)


def test_what_cannot_be_taken() -> None:
    function, arrays = f.compile(), draw()
    wrong: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (EvaluationError, "x of shape n has no array", lambda: function(arrays["A"])),
        (EvaluationError, "4 arrays .* 3 are wanted", lambda: function(*range(4))),
        (EvaluationError, "A is given twice", lambda: function(arrays["A"], **arrays)),
        (ShapeError, "x|y", lambda: function(arrays | {"x": np.ones(3)})),
        (ShapeError, "x|y", lambda: function(arrays | {"x": np.ones((4, 1))})),
        (ShapeError, "x|y", lambda: function(arrays | {"y": np.ones(1)})),
        (EvaluationError, "value of x", lambda: function(arrays | {"x": ["a"] * 4})),
        (EvaluationError, "value of x", lambda: function(arrays | {"x": None})),
        (
            EvaluationError,
            "value of x",
            lambda: function(arrays | {"x": [[1], [2, 3]]}),
        ),
    ]
    for _ in range(2):
        for error, message, call in wrong:
            with pytest.raises(error, match=message):
                call()
        close(function(arrays), f.evaluate(arrays))


def test_styles_and_backends_that_there_are_not() -> None:
    with pytest.raises(UnsupportedError, match="style"):
        f.compile(style="slow")
    with pytest.raises(UnsupportedError, match="backend"):
        f.compile("fortran")


def test_unknown_functions() -> None:
    e = ic.parse("sum(g(x))", x="n", g="function").gradient("x")
    x = np.array([1.0, 2.0])
    slopes = {"g": np.sin, "g'": np.cos}
    close(e.compile(functions=slopes)(x), np.cos(x))
    with pytest.raises(EvaluationError, match="g' has no values"):
        e.compile()(x)


def test_sizes_that_no_array_tells() -> None:
    ones = ic.ones("n", "p")
    close(ones.compile(sizes={"n": 2, "p": 3})(), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="p"):
        ones.compile(sizes={"n": 2})()
    with pytest.raises(ShapeError):
        f.compile(sizes={"n": 7})(draw())


def test_one_variable_tells_a_size() -> None:
    """(x'x + y'z)'s Hessian holds no variable: one of them says how long it is."""
    value = ic.parse("x'*x + y'*z", x="n", y="n", z="n")
    function = value.hessian("x").compile()
    assert len(function.names) == 1
    close(function(np.ones(3)), 2 * np.eye(3))
    assert value.hessian("x").compile(sizes={"n": 3}).names == ()
    close(value.hessian("x").compile(sizes={"n": 3})(), 2 * np.eye(3))


def test_declared_structure_is_checked() -> None:
    e = ic.parse("x' * S * x", x="n", S="n n : symmetric").gradient("x")
    S, x = np.array([[1.0, 2.0], [0.0, 1.0]]), np.ones(2)
    for _ in range(2):
        with pytest.raises(EvaluationError, match="symmetric"):
            e.compile()(S=S, x=x)
    assert e.compile(check=False)(S=S, x=x).shape == (2,)
    function = e.compile()
    close(function(S=S + S.T, x=x), 2 * (S + S.T) @ x)
    with pytest.raises(EvaluationError, match="symmetric"):
        function(S=S, x=x)


def test_other_sizes_in_between(scale: str) -> None:
    function, first = ic.compile([f, slope, chain]), draw()
    expected = [e.evaluate(first) for e in (f, slope, chain)]
    kept = function(first)
    for sizes in [(9, 2), (2, 9), (1, 1), (0, 3), (30, 20), (5, 4)]:
        arrays = draw(*sizes)
        for found, e in zip(function(arrays), (f, slope, chain), strict=True):
            close(found, e.evaluate(arrays))
        for found, want in zip(kept, expected, strict=True):
            close(found, want)


# -- kinds of arrays -------------------------------------------------------------------


def test_kinds_of_numbers(scale: str) -> None:
    for e in (f, slope, chain):
        function = e.compile()
        for kinds in (
            "fff",
            "ddd",
            "DDD",
            "FFF",
            "fdf",
            "dDd",
            "ddF",
            "fFd",
            "lld",
            "?ll",
        ):
            arrays = {
                name: (array * 3).astype(kind)
                for (name, array), kind in zip(draw().items(), kinds, strict=True)
            }
            close(
                function(arrays),
                e.evaluate(arrays),
                1e-4 if "f" in kinds.lower() else 1e-9,
            )


def test_half_and_extended_precision() -> None:
    for kind, rtol in ((np.float16, 3e-2), (np.longdouble, 1e-12)):
        arrays = draw(dtype=kind)
        close(chain.compile()(arrays), chain.evaluate(arrays), rtol)


def test_lists_scalars_views_and_byte_orders(scale: str) -> None:
    arrays = draw()
    expected = chain.evaluate(arrays)
    function = chain.compile()
    close(function({name: array.tolist() for name, array in arrays.items()}), expected)
    turned = {name: np.asfortranarray(array) for name, array in arrays.items()}
    close(function(turned), expected)
    spaced = {name: np.repeat(a, 2, -1)[..., ::2] for name, a in arrays.items()}
    close(function(spaced), expected)
    backwards = {name: a[..., ::-1].copy()[..., ::-1] for name, a in arrays.items()}
    close(function(backwards), expected)
    swapped = {name: a.astype(">f8") for name, a in arrays.items()}
    found = function(swapped)
    close(found, expected)
    assert found.dtype.isnative
    for array in arrays.values():
        array.flags.writeable = False
    close(function(arrays), expected)
    product = (ic.tensor("s", "") * ic.tensor("x", "n")).compile()
    close(product(s=2.0, x=[1, 2]), np.array([2.0, 4.0]))


def test_broadcast_and_overlapping_inputs(scale: str) -> None:
    row = np.arange(4.0)
    arrays = {"A": np.broadcast_to(row, (5, 4)), "x": row, "y": np.ones(5)}
    for e in (f, slope, chain):
        close(e.compile()(arrays), e.evaluate(arrays))
    assert row.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_nan_and_infinity_pass_through(scale: str) -> None:
    e = ic.parse("sigmoid(x) + softplus(x) ∘ relu(x) + abs(x)", x="n")
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0])
    with np.errstate(all="ignore"):
        for asked in (e, e.sum().gradient("x")):
            close(asked.compile()(x), asked.evaluate(x=x))


# -- results ---------------------------------------------------------------------------

X, Y = ic.tensor("X", "n n"), ic.tensor("Y", "n n")


def test_results_are_nobody_elses(scale: str) -> None:
    """Inputs, their views, equal and transposed results."""
    product = X @ Y
    asked = [X, X.T, X, product, product.T, product, X.diff("X"), (X * Y).sum()]
    function = ic.compile(asked)
    arrays = {"X": np.arange(81.0).reshape(9, 9), "Y": np.ones((9, 9))}
    before = {name: array.copy() for name, array in arrays.items()}
    first = function(arrays)
    copies = [array.copy() for array in first]
    for array in first:
        array[...] = -7
    again = function(arrays)
    apart(again, [*arrays.values(), *first])
    for found, want in zip(again, copies, strict=True):
        close(found, want)
    assert all(np.array_equal(arrays[name], before[name]) for name in arrays)
    assert all((array == -7).all() for array in first)


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_a_variable_alone(style: str, scale: str) -> None:
    array = np.arange(9.0).reshape(3, 3)
    square = ic.tensor("X", "3 3")
    cut = (square[1], square[:, 1:], square[1:, :2], square[::-1])
    for e in (X, X.T, X.diagonal(), X.reshape(-1), *cut):
        function = e.compile(style=style)
        found = function(array)
        close(found, np.asarray(e.evaluate(X=array)))
        apart([found], [array])


def test_several_results_are_a_tuple() -> None:
    arrays = draw()
    assert isinstance(ic.compile([f])(arrays), tuple)
    assert isinstance(f.compile()(arrays), np.ndarray)
    value, same = ic.compile([f, f])(arrays)
    apart([value, same], list(arrays.values()))


def test_scalars_are_arrays_of_no_axes(scale: str) -> None:
    found = chain.sum().compile()(draw())
    assert type(found) is np.ndarray
    assert found.shape == ()
    assert f.compile()(draw()).flags.writeable


# -- out= ------------------------------------------------------------------------------


def layouts(shape: tuple[int, ...], dtype: Any = float) -> dict[str, Array]:
    """Arrays of a shape that lie in memory in many ways, full of NaN."""
    wide = np.full([2 * n for n in shape], np.nan, dtype)
    reverse = np.full(shape, np.nan, dtype)
    return {
        "rows": np.full(shape, np.nan, dtype),
        "columns": np.full(shape, np.nan, dtype, order="F"),
        "every other": wide[tuple(slice(None, None, 2) for _ in shape)],
        "backwards": reverse[tuple(slice(None, None, -1) for _ in shape)],
        "unaligned": np.zeros(8 * int(np.prod(shape)) + 1, np.uint8)[1:]
        .view("f8")
        .reshape(shape),
    }


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_out_in_any_memory_order(style: str, scale: str) -> None:
    arrays = draw()
    for e in (f, slope, chain, chain.diff("A"), X @ X.T, X.diff("X")):
        given = arrays if "A" in e.variables else {"X": np.arange(9.0).reshape(3, 3)}
        expected = np.asarray(e.evaluate(given))
        function = e.compile(style=style)
        for target in layouts(expected.shape).values():
            assert function(given, out=target) is target
            close(target, expected)


def test_out_of_another_precision(scale: str) -> None:
    arrays = draw()
    expected = chain.evaluate(arrays)
    wide = np.empty(5, complex)
    chain.compile()(arrays, out=wide)
    close(wide.real.copy(), expected)
    narrow = np.empty(5, np.float32)
    chain.compile()(arrays, out=narrow)
    np.testing.assert_allclose(narrow, expected, rtol=1e-5)


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_out_that_is_an_input(style: str, scale: str) -> None:
    """Results written over what they are computed from, whole, turned or shifted."""
    e = ic.parse("tanh(X ∘ X) * X + X'", X="n n")
    start = np.random.default_rng(0).normal(size=(9, 9))
    expected = e.evaluate(X=start)
    for view in (lambda a: a, lambda a: a.T, lambda a: a[::-1]):
        array = start.copy()
        e.compile(style=style)(array, out=view(array))
        close(view(array), expected)
    row = np.random.default_rng(1).normal(size=100)
    shifted = ic.parse("exp(x) ∘ x + x", x="n")
    expected = shifted.evaluate(x=row[:99])
    shifted.compile(style=style)(row[:99], out=row[1:])
    close(row[1:], expected)


def test_out_of_several_results_over_an_input(scale: str) -> None:
    start = np.random.default_rng(0).normal(size=(9, 9))
    array, other = start.copy(), np.empty((9, 9))
    function = ic.compile([2 * X, X.T])
    function(array, out=(array, other))
    close(array, 2 * start)
    close(other, start.T.copy())
    swapped = start.copy()
    third = np.empty((9, 9))
    ic.compile([X.T, X])(swapped, out=(swapped, third))
    close(swapped, start.T.copy())
    close(third, start)


def test_out_that_cannot_be_written(scale: str) -> None:
    arrays = draw()
    frozen = np.zeros(5)
    frozen.flags.writeable = False
    shared = np.zeros((2, 5))
    one, two = f.compile(), ic.compile([f, chain])
    wrong: list[tuple[str, Callable[..., Any], Any]] = [
        ("shape", one, np.zeros(4)),
        ("shape", one, np.zeros((5, 1))),
        ("int64", one, np.zeros(5, int)),
        ("writable", one, frozen),
        ("one array", one, [0.0] * 5),
        ("one array", one, (np.zeros(5),)),
        ("writable", one, "text"),
        ("tuple", two, np.zeros((2, 5))),
        ("1 arrays .* 2 results", two, (np.zeros(5),)),
        ("share memory", two, (shared[0], shared[0, ::-1])),
        ("shape", two, (np.zeros(5), np.zeros(6))),
        ("writable", two, (np.zeros(5), frozen)),
    ]
    for message, function, out in wrong:
        with pytest.raises(EvaluationError, match=message):
            function(arrays, out=out)
    with pytest.raises(EvaluationError, match="complex"):
        one(draw(dtype=complex), out=np.zeros(5))
    untouched = np.zeros(5)
    with pytest.raises(EvaluationError):
        two(arrays, out=(untouched, np.zeros(6)))
    assert not untouched.any()


def test_interleaved_targets(scale: str) -> None:
    both = np.zeros((5, 2))
    ic.compile([f, chain])(draw(), out=(both[:, 0], both[:, 1]))
    close(both, np.stack([f.evaluate(draw()), chain.evaluate(draw())], 1))


# -- values that there are not ---------------------------------------------------------


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_singular_matrices_are_refused(style: str, scale: str) -> None:
    singular, b = np.ones((9, 9)), np.ones(9)
    for text in ("inv(X)", "inv(X) * b", "sum(inv(X) * b)"):
        e = ic.parse(text, X="n n", b="n")
        function = e.compile(style=style)
        with pytest.raises(EvaluationError):
            function({"X": singular, "b": b})
        regular = {"X": singular + np.eye(9), "b": b}
        close(function(regular), np.asarray(e.evaluate(regular)))


def test_what_does_not_fit_in_memory() -> None:
    huge = ic.parse("diag(x)", x="n").diff("x").compile()
    with pytest.raises(ic.IndexCalcError, match=r"memory|8 EB are needed"):
        huge(np.broadcast_to(1.0, 10**6))


def test_its_text_before_and_after_calls() -> None:
    function = f.compile()
    assert "def f(A, x, y)" in function.source
    function(draw())
    assert "def f(A, x, y)" in function.source
    assert not is_fast(function)
    assert "n=" not in repr(function)
    assert repr(function).startswith("<Compiled f(A, x, y): ")
    assert isinstance(function, Compiled)
    assert "def g(" in f.compile(name="g").source
