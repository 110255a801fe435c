"""Slices: they fit the limit, and together they are the whole."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from indexcalc.contraction import Slicing, blocks, costs, path, sliced
from indexcalc.contraction.products import Labels
from indexcalc.errors import BudgetError
from tests.test_contraction import Network, drawn, executed, network, spec


def in_blocks(
    arrays: list[np.ndarray],
    data: Network,
    order: tuple[tuple[int, ...], ...],
    cut: Slicing,
) -> tuple[np.ndarray, int]:
    """The contraction block after block, and how many there were."""
    inputs, out, sizes = data
    result = np.zeros([sizes[i] for i in out])
    made = 0
    for block in blocks(cut, sizes):
        parts = [a[_at(row, block)] for a, row in zip(arrays, inputs, strict=True)]
        result[_at(out, block)] += executed(parts, data, order)
        made += 1
    return result, made


def _at(labels: Labels, block: dict[int, slice]) -> tuple[slice, ...]:
    return tuple(block.get(i, slice(None)) for i in labels)


@pytest.mark.parametrize("seed", range(25))
def test_the_blocks_make_up_the_whole(seed: int) -> None:
    """On random networks, for limits down to a little above the result."""
    rng = Random(seed)
    data = network(rng, rng.randint(2, 6), rng.randint(3, 6), 6)
    order = path(*data)
    whole = costs.peak(*data, order)
    result = int(np.prod([data[2][i] for i in data[1]], dtype=int))
    limit = 8 * max(result + 40, rng.randint(1, max(whole, 1)))
    try:
        cut = sliced(*data, order, limit)
    except BudgetError:
        assert whole * 8 > limit
        return
    assert cut.peak * 8 <= limit
    arrays = drawn(data, seed)
    found, made = in_blocks(arrays, data, order, cut)
    assert made == cut.count
    np.testing.assert_allclose(found, executed(arrays, data, order), rtol=1e-10)
    lengths = {**data[2], **cut.blocks}
    held = costs.peak(*data[:2], lengths, order) + (result if cut.count > 1 else 0)
    assert held == cut.peak


def test_nothing_is_cut_where_everything_fits() -> None:
    """One block, no labels, the flops of the path."""
    data = spec("ab,bc,cd->ad", a=10, b=20, c=30, d=40)
    order = path(*data)
    cut = sliced(*data, order, 1 << 20)
    assert cut == Slicing({}, 1, costs.flops(*data, order), costs.peak(*data, order))


def test_labels_of_the_result_are_cut_first() -> None:
    """Its blocks need no adding up; no flops are added where every step carries it."""
    data = spec("ab,bc,cd->ad", a=400, b=200, c=300, d=4)
    order = ((0, 1), (0, 1))
    cut = sliced(*data, order, 8 * 30_000)
    assert set(cut.blocks) == {ord("a")}
    assert cut.flops == costs.flops(*data, order)


def test_a_summed_label_is_cut_where_the_result_is_a_number() -> None:
    """The trace of a product of large matrices."""
    data = spec("ab,bc,ca->", a=300, b=300, c=300)
    order = path(*data)
    cut = sliced(*data, order, 8 * 10_000)
    assert cut.blocks
    found, made = in_blocks(arrays := drawn(data, 1), data, order, cut)
    assert made == cut.count > 1
    np.testing.assert_allclose(found, executed(arrays, data, order), rtol=1e-10)


def test_what_cannot_fit_is_refused_with_both_sides() -> None:
    """A result above the limit; resident or not; a limit below one entry a block."""
    data = spec("a,b->ab", a=1000, b=1000)
    with pytest.raises(BudgetError, match=r"8,000,000 bytes and the limit is 1,000"):
        sliced(*data, ((0, 1),), 1000)
    cut = sliced(*data, ((0, 1),), 1000, resident=False)
    assert cut.peak * 8 <= 1000
    with pytest.raises(BudgetError, match="smallest blocks"):
        sliced(*data, ((0, 1),), 4, resident=False)


def test_float32_has_twice_the_room() -> None:
    """The limit is in bytes."""
    data = spec("a,b->ab", a=1000, b=1000)
    one = sliced(*data, ((0, 1),), 4_000_000, itemsize=4)
    assert one.count == 1
    with pytest.raises(BudgetError):
        sliced(*data, ((0, 1),), 4_000_000, itemsize=8)
