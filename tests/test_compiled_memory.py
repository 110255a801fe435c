"""Compiled functions use memory again only when nobody holds it, on every thread."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import workspace
from indexcalc.codegen import numpy_fast_steps
from indexcalc.compiled import Compiled
from indexcalc.plan import compile_nodes
from indexcalc.planning import held
from indexcalc.workspace import Results, Workspace
from tests.compiled_runs import Array, close, shrink

FLOAT = np.dtype(float)
SHAPE = (30, 40)


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Results:
    """Keeps the memory of small arrays too."""
    monkeypatch.setattr(workspace, "SMALL", 1)
    return Results()


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


# -- results ---------------------------------------------------------------------------

HOLDERS: dict[str, Callable[[Array], Any]] = {
    "itself": lambda a: a,
    "a row": lambda a: a[3],
    "one entry": lambda a: a[3, 4:5],
    "a diagonal": lambda a: np.einsum("ii->i", a[:, :30]),
    "turned": lambda a: a.T,
    "other numbers": lambda a: a.view(np.uint8),
    "a memoryview": memoryview,
    "a memoryview of a row": lambda a: memoryview(a[2]),
    "a cast memoryview": lambda a: memoryview(a).cast("B"),
    "a matrix": lambda a: a.view(np.matrix),
    "a masked array": lambda a: np.ma.masked_array(a, copy=False),
    "an iterator": lambda a: a.flat,
    "windows": lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, 0),
    "strides": lambda a: np.lib.stride_tricks.as_strided(a, (3,), (8,)),
    "broadcast": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "a buffer": lambda a: np.frombuffer(a, float),
    "a closure": lambda a: lambda: a,
    "a pickle buffer": lambda a: pickle.PickleBuffer(a),
    "a shallow copy": lambda a: [copy.copy([a])],
    "ctypes": lambda a: np.ctypeslib.as_ctypes(a),
    "a recarray": lambda a: a.view(np.recarray),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_memory_that_is_held_is_left_alone(name: str, keeper: Results) -> None:
    first = keeper.take(SHAPE, FLOAT)
    place = address(first)
    holder = HOLDERS[name](first)
    del first
    gc.collect()
    taken = [keeper.take(SHAPE, FLOAT) for _ in range(6)]
    assert place not in map(address, taken)
    del taken, holder


def test_memory_that_nobody_holds_is_used_again(keeper: Results) -> None:
    first = keeper.take(SHAPE, FLOAT)
    place = address(first)
    view = first[2:].T
    del first, view
    again = keeper.take(SHAPE, FLOAT)
    assert address(again) == place
    assert address(keeper.take(SHAPE, FLOAT)) != place


def test_cycles_hold_until_they_are_collected(keeper: Results) -> None:
    gc.disable()
    try:
        cycle: list[Any] = [keeper.take(SHAPE, FLOAT)]
        place = address(cycle[0])
        cycle.append(cycle)
        del cycle
        assert address(keeper.take(SHAPE, FLOAT)) != place
        gc.collect()
        kept = [keeper.take(SHAPE, FLOAT) for _ in range(2)]
        assert place in map(address, kept)
    finally:
        gc.enable()


def test_a_traceback_holds(keeper: Results) -> None:
    def fail() -> None:
        array = keeper.take(SHAPE, FLOAT)
        raise RuntimeError(address(array))

    with pytest.raises(RuntimeError) as caught:
        fail()
    place = caught.value.args[0]
    assert address(keeper.take(SHAPE, FLOAT)) != place


def test_another_dtype_shape_and_order_in_the_same_memory(keeper: Results) -> None:
    first = keeper.take(SHAPE, FLOAT)
    place = address(first)
    del first
    other = keeper.take((20, 120), np.dtype(np.float32), (1, 0))
    assert address(other) == place
    assert (other.shape, other.dtype) == ((20, 120), np.float32)
    assert other.flags.f_contiguous
    turned = keeper.take((2, 3, 4), FLOAT, (2, 0, 1))
    assert turned.shape == (2, 3, 4)
    assert turned.transpose(1, 2, 0).flags.c_contiguous


def test_few_arrays_are_kept(keeper: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [keeper.take(SHAPE, FLOAT) for _ in range(20)]
    assert len({address(array) for array in taken}) == 20
    assert len(keeper._kept) == workspace.MOST
    monkeypatch.setattr(workspace, "MOST_BYTES", 8)
    keeper.take((50, 50), FLOAT)
    keeper.take((1,), FLOAT)
    assert len(keeper._kept) == 1
    keeper.release()
    assert not keeper._kept


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("frequent_switches")
def test_no_memory_is_handed_out_twice(keeper: Results) -> None:
    """Eight threads take, mark, look again and let go."""

    def work(k: int) -> bool:
        fine = True
        for _ in range(1500):
            array = keeper.take((4,), FLOAT)
            array[:] = k
            array += 0
            fine = fine and bool((array == k).all())
            del array
        return fine

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


# -- the workspace ---------------------------------------------------------------------


def test_a_workspace_is_its_threads_own() -> None:
    space = Workspace()
    mine = space(0, (3,), FLOAT)
    assert space(0, (3,), FLOAT) is mine
    found: list[Array] = []
    thread = threading.Thread(target=lambda: found.append(space(0, (3,), FLOAT)))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, found[0])
    assert not np.shares_memory(mine, space(1, (3,), FLOAT))
    assert np.shares_memory(mine, space(0, (1, 2), FLOAT))


def test_a_workspace_grows_and_lets_go() -> None:
    space = Workspace()
    for n in (3, 300, 7, 3000, 3):
        array = space(0, (n,), FLOAT)
        array[:] = n
        assert (array.shape, array.dtype) == ((n,), FLOAT)
    assert space.nbytes == 8 * 3000
    assert space(0, (5,), np.dtype(np.float32)).dtype == np.float32
    space.release()
    assert space.nbytes == 0


# -- whole functions -------------------------------------------------------------------

TEXT = "tanh(A*x) ∘ exp(-y ∘ y)"
SHAPES = {"A": "m n", "x": "n", "y": "m"}


def asked() -> list[ic.Expression]:
    f = ic.parse(TEXT, SHAPES)
    return [f, f.sum().gradient("x"), f.diff("x"), f.sum().hessian("x", "y")]


def draw(m: int, n: int) -> dict[str, Array]:
    rng = np.random.default_rng(m)
    return {
        "A": rng.normal(size=(m, n)),
        "x": rng.normal(size=n),
        "y": rng.normal(size=m),
    }


@pytest.mark.usefixtures("frequent_switches")
def test_eight_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results are bit for bit those of one thread, and stay so."""
    shrink(monkeypatch)
    function = ic.compile(asked())
    inputs = [draw(m, n) for m, n in [(9, 7), (17, 5), (33, 12)]]
    expected = [function(arrays) for arrays in inputs]
    barrier = threading.Barrier(8)

    def work(k: int) -> bool:
        barrier.wait()
        kept: list[tuple[Any, Any]] = []
        for turn in range(15):
            place = (turn + k) % 3
            kept.append((function(inputs[place]), expected[place]))
            kept = kept[-4:]
        return all(
            np.array_equal(found, want)
            for got, wanted in kept
            for found, want in zip(got, wanted, strict=True)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_the_first_calls_may_come_from_many_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrink(monkeypatch)
    expressions = asked()
    arrays = draw(11, 6)
    function = ic.compile(expressions)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: function(arrays), range(8)))
    for found in answers:
        for got, e in zip(found, expressions, strict=True):
            close(got, e.evaluate(arrays))


@pytest.mark.parametrize("name", HOLDERS)
def test_a_held_result_never_changes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later call with other numbers leaves alone whatever is held in any way."""
    shrink(monkeypatch)
    function = ic.parse("X ∘ X + Y", X="m n", Y="m n").compile()
    first, other = np.ones(SHAPE), np.full(SHAPE, 3.0)
    result = function(first, first)
    holder = HOLDERS[name](result)
    witness = np.lib.stride_tricks.as_strided(result[:1, :1], (1,), (8,))
    place = address(result)
    del result, witness
    others = [function(other, other) for _ in range(6)]
    assert all(address(array) != place for array in others)
    del holder


def test_results_of_dropped_calls_are_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace, "SMALL", 1 << 18)
    x = np.ones(400)
    function = ic.parse("x * y'", x="n", y="n").compile()
    places = {address(function(x, x)) for _ in range(5)}
    assert len(places) == 1
    held = function(x, x)
    assert address(function(2 * x, x)) != address(held)
    assert (held == 1).all()


def test_a_second_call_allocates_no_more_than_its_result() -> None:
    """Blocks, temporaries and the workspace are there already."""
    rng = np.random.default_rng(0)
    X = ic.parse("sum(softplus(X * c) ∘ y)", X="n p", c="p", y="n")
    arrays = {
        "X": rng.normal(size=(100_000, 10)),
        "c": rng.normal(size=10),
        "y": rng.normal(size=100_000),
    }
    chain = ic.parse("tanh(A ∘ B) ∘ exp(-A ∘ A) + B", A="m n", B="m n")
    pair = {"A": rng.normal(size=(1000, 600)), "B": rng.normal(size=(1000, 600))}
    cases = [(X.gradient("c"), arrays), (X.hessian("c"), arrays), (chain, pair)]
    for e, given in cases:
        function = Compiled([e.node], cores=1)
        out = np.empty(function(given).shape)
        function(given, out=out)
        little = 2 * numpy_fast_steps.WORK
        assert peak(partial(function, given)) < out.nbytes + little
        assert peak(partial(function, given, out=out)) < little


def peak(call: Callable[[], object]) -> int:
    """The most bytes that a call holds at a time."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most - before


def test_release_forgets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    function = ic.compile(asked())
    arrays = draw(9, 7)
    kept = function(arrays)
    copies = [array.copy() for array in kept]
    assert function._space.nbytes > 0
    function.release()
    assert function._space.nbytes == 0
    for found, want, was in zip(function(arrays), copies, kept, strict=True):
        close(found, want)
        close(was, want)


def test_threads_warn_and_raise_as_their_caller_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NumPy's error state holds in every share of the work."""
    shrink(monkeypatch)
    e = ic.parse("exp(x) ∘ exp(y)", x="n", y="n")
    function = Compiled([e.node], cores=3)
    arrays = {"x": np.zeros(90), "y": np.zeros(90)}
    for place in (0, 45, 89):
        hot = arrays | {"x": np.where(np.arange(90) == place, 1e4, 0.0)}
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            function(hot)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isinf(function(hot)).sum() == 1
        with np.errstate(all="raise"):
            close(function(arrays), np.ones(90))


def test_windows_of_the_workspace_are_never_answered() -> None:
    """The derivative by a block of a matrix is a window of a larger one."""
    shapes = {"A": "m m", "B": "m n", "D": "n n", "x": "m", "y": "n"}
    A, B, D, x, y = (ic.tensor(name, shape) for name, shape in shapes.items())
    z = np.concatenate([x, y])
    e = np.sum(np.tanh(np.block([[A, B], [B.T, D]]) @ z))
    rng = np.random.default_rng(0)
    m, n = 301, 203
    sizes = {"A": (m, m), "B": (m, n), "D": (n, n), "x": m, "y": n}
    first, second = (
        {name: rng.normal(size=shape) / n for name, shape in sizes.items()}
        for _ in range(2)
    )
    for name in "ABx":
        function = e.diff(name).compile()
        held = function(first)
        kept = held.copy()
        assert not np.shares_memory(held, function(second))
        np.testing.assert_array_equal(held, kept)
        expected = e.diff(name).evaluate(first)
        np.testing.assert_allclose(held, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("m", "n"), [(0, 0), (3, 0), (0, 3)])
def test_nothing_of_a_size_is_no_trouble(m: int, n: int) -> None:
    X, w, q = ic.tensor("X", "m n"), ic.tensor("w", "n"), ic.tensor("q", "m")
    hessian = np.sum(np.tanh(X @ w - q) ** 2).hessian("w")
    arrays = {"X": np.ones((m, n)), "w": np.ones(n), "q": np.ones(m)}
    assert hessian.compile()(arrays).shape == (n, n)
    assert hessian.compile(structured=True)(arrays).toarray().shape == (n, n)


def test_views_of_views_of_what_is_made_in_blocks() -> None:
    """A view that is read after its loop is made after the view that it reads."""
    f = ic.parse("softmax(x)'*inv(A)*x", x="n", A="n n : symmetric").hessian("A")
    with pytest.raises(ic.BudgetError, match="are needed beside the inputs"):
        f.compile(memory_limit="1GB").source_for(n=100)
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 40))
    values = {"x": rng.normal(size=40), "A": A + A.T}
    g = f.compile(memory_limit="70MB")
    assert np.allclose(g(values), f.evaluate(values))


@pytest.mark.parametrize("text", ["sum(expm(A))", "tr(A*sqrtm(A*A + eye(n)))"])
def test_derivatives_of_matrix_functions_are_reckoned_with(text: str) -> None:
    """They run on blocks of twice the rows, which is more than of other functions."""
    square = np.random.default_rng(0).normal(size=(150, 150)) / 30
    array = square @ square.T + np.eye(150)
    e = ic.parse(text, A="n n").gradient("A")
    program = compile_nodes([e.node])
    assert any("frechet" in repr(step) for step in program.steps)
    need = held.held(program, lambda size: 150, 8)
    e.evaluate(A=array)
    tracemalloc.start()
    try:
        e.evaluate(A=array)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= need
