"""Shadows lie as NumPy's arrays do, and hold what they hold."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from indexcalc.planning.layouts import Layout, alike, cut, in_order, reshaped, turned
from indexcalc.planning.memory import Given, memory_of
from indexcalc.planning.shadow_numpy import ShadowNumpy
from indexcalc.planning.shadows import Meter, NoShadowError, Shadow


def layout_of(array: np.ndarray) -> Layout:
    """The layout of a real array, in entries; axes of length 1 count for nothing."""
    pairs = zip(array.shape, array.strides, strict=True)
    return Layout(
        array.shape, tuple(0 if n == 1 else s // array.itemsize for n, s in pairs)
    )


def same(shadow: Layout, array: np.ndarray) -> bool:
    """Whether a layout is that of an array."""
    pairs = zip(shadow.shape, shadow.strides, strict=True)
    return Layout(
        shadow.shape, tuple(0 if n == 1 else s for n, s in pairs)
    ) == layout_of(array)


def drawn(rng: random.Random) -> np.ndarray:
    """An array of up to four axes that lies in some way."""
    shape = [rng.choice([1, 2, 3, 4, 6]) for _ in range(rng.randint(1, 4))]
    array = np.zeros([2 * n for n in shape])
    array = array[
        tuple(slice(0, n * k, k) for n in shape for k in [rng.choice([1, 2])])
    ]
    array = array if rng.random() < 0.5 else np.ascontiguousarray(array)
    return array.transpose(rng.sample(range(array.ndim), array.ndim))


@pytest.mark.parametrize("seed", range(60))
def test_reshaping_is_a_view_where_it_is_in_numpy(seed: int) -> None:
    rng = random.Random(seed)
    array = drawn(rng)
    factors = [p for n in array.shape for p in _primes(n)]
    rng.shuffle(factors)
    shape = [1] * rng.randint(1, 4)
    for p in factors:
        shape[rng.randrange(len(shape))] *= p
    found, real = reshaped(layout_of(array), shape), array.reshape(shape)
    assert (found is not None) == np.shares_memory(real, array)
    assert found is None or same(found, real)


def _primes(n: int) -> list[int]:
    return {1: [], 4: [2, 2], 6: [2, 3]}.get(n, [n])


@pytest.mark.parametrize("seed", range(40))
def test_cuts_are_those_of_numpy(seed: int) -> None:
    rng = random.Random(seed)
    array = drawn(rng)
    key: list[Any] = []
    for n in array.shape[: rng.randint(0, array.ndim)]:
        key.append(rng.choice([slice(0, 1), slice(None), slice(0, n, 2), 0]))
    key += [...] if rng.random() < 0.5 else []
    key.insert(rng.randint(0, len(key)), None)
    assert same(cut(layout_of(array), tuple(key)), array[tuple(key)])


@pytest.mark.parametrize("seed", range(60))
def test_entrywise_results_lie_as_those_of_numpy(seed: int) -> None:
    rng = random.Random(seed)
    array = drawn(rng)
    order = rng.sample(range(array.ndim), array.ndim)
    other = np.zeros([array.shape[k] for k in order]).transpose(np.argsort(order))
    other = other[(slice(0, 1),) * rng.randint(0, array.ndim)]
    made = alike([layout_of(array), layout_of(other)], array.shape)
    assert same(made, array * other)


@pytest.mark.parametrize(
    "spec", ["ij,jk->ik", "lji,lk->ijk", "bij,bjk->bik", "iij->ji"]
)
def test_einsum_lies_as_that_of_numpy(spec: str) -> None:
    sizes = dict(zip("bijkl", (2, 3, 4, 5, 6), strict=True)) | {"j": 3}
    module = ShadowNumpy(Meter())
    real = [np.zeros([sizes[i] for i in row]) for row in spec.split("->")[0].split(",")]
    shadows = [module.empty(array.shape) for array in real]
    assert same(module.einsum(spec, *shadows).layout, np.einsum(spec, *real))


CHOICES: list[Callable[[Any, Any], Any]] = [
    lambda x, i: x[..., i],
    lambda x, i: x[i],
    lambda x, i: x[:, i],
]


@pytest.mark.parametrize("choice", CHOICES)
def test_chosen_entries_lie_as_those_of_numpy(
    choice: Callable[[Any, Any], Any],
) -> None:
    module, x, i = ShadowNumpy(Meter()), np.zeros((4, 5, 6)), np.array([1, 2, 0])
    shadow = choice(module.empty(x.shape), module.array_of(i))
    assert same(shadow.layout, choice(x, i))


HEAD = "import numpy as np\n\n\n"

#: Bodies of functions of two matrices of a million bytes, and how many such matrices
#: they hold at most beside them.
BODIES = {
    "return x @ y": 1,
    "return x * y + x": 1,
    "return x + x * y": 1,
    "return 1 / (x * y)": 2,
    "return np.exp(x * y)": 2,
    "return -(x * y)": 1,
    "return 1 - np.tanh(x) ** 2": 2,
    "return np.tanh(x) ** 2 - 1": 1,
    "return (x * y) ** 3": 2,
    "return (x * y) ** 0.5": 1,
    "return (x * y) / x": 1,
    "return x / (x * y)": 2,
    "t = x * y\n    return t + x": 2,
    "t = x * y\n    t += x.T\n    return t": 1,
    "t = x * y\n    t += t.T\n    return t": 2,
    "return x.T": 1,
    "return x.T.reshape(-1) @ y.reshape(-1)": 1,
    "return np.broadcast_to(x[0], x.shape)": 1,
    "return (x @ y).sum(0)": 1,
    "return np.matmul(x, y, out=np.empty(x.shape))": 1,
    "t = np.tensordot(x, y, axes=((0,), (1,)))\n    return t": 1,
    "s = 0\n    for k in range(50):\n        s = s + (x * y)\n    return s": 2,
    "return np.where(x > y, x, y)": 1.125,
}


@pytest.mark.parametrize("body", BODIES)
def test_what_programs_hold(body: str) -> None:
    text = f"{HEAD}def f(x, y):\n    {body}\n"
    unit = 8 * 400 * 400
    held = memory_of(text, "f", [(400, 400)] * 2, "d")
    assert held.inputs == 2 * unit
    assert (held.peak - held.inputs) / unit == pytest.approx(BODIES[body], rel=0.03)


@pytest.mark.parametrize("body", BODIES)
def test_what_programs_hold_is_what_numpy_holds(body: str) -> None:
    """The numbers above, measured."""
    scope: dict[str, Any] = {}
    exec(f"{HEAD}def f(x, y):\n    {body}\n", scope)
    x, y = np.ones((400, 400)), np.ones((400, 400))
    tracemalloc.start()
    found = scope["f"](x, y)
    if found.size and np.may_share_memory(found, x):
        found = found.copy()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / x.nbytes == pytest.approx(BODIES[body], rel=0.06)


def test_a_workspace_is_kept_and_constants_are_inputs() -> None:
    text = (
        f"{HEAD}def f(x, *, space=None):\n"
        "    t = np.exp(x, out=space(0, (1000,), x.dtype))\n"
        "    return t.sum() + c.sum()\n"
    )
    given = Given({"c": np.ones(50)}, (8000,))
    held = memory_of(text, "f", [(1000,)], "d", given)
    assert (held.inputs, held.workspace, held.results) == (8400, 8000, 8)
    assert 0 <= held.peak - 16_400 < 40


def test_what_needs_entries_is_refused() -> None:
    text = f"{HEAD}def f(x):\n    return x if x[0] > 0 else -x\n"
    with pytest.raises(NoShadowError):
        memory_of(text, "f", [(3,)], "d")
    with pytest.raises(NoShadowError, match="fft"):
        memory_of(f"{HEAD}def f(x):\n    return np.fft(x)\n", "f", [(3,)], "d")


def test_sizes_may_be_larger_than_any_memory() -> None:
    text = f"{HEAD}def f(x):\n    return x[:, None] * x\n"
    assert memory_of(text, "f", [(2**40,)], "d").results == 8 * 2**80


def test_a_shadow_gives_its_memory_back() -> None:
    meter = Meter()
    x = ShadowNumpy(meter).empty((100,))
    view = x[::2]
    del x
    assert isinstance(view, Shadow)
    assert meter.now == 800
    del view
    assert meter.now == 0
    assert turned(in_order((2, 3)), (1, 0)).shape == (3, 2)
