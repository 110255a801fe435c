"""Random sums of patterned products: every answer against the entries, one by one."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

from indexcalc.errors import EvaluationError
from indexcalc.expr import einsum, tensor
from indexcalc.plan import Contract, Load, compile_nodes
from indexcalc.structured import Part, Structured, kinds
from indexcalc.structured.execution import prepared
from indexcalc.structured.grouping import groups
from indexcalc.structured.linear_map import by_positions
from tests.test_structured import SCIPY

#: How an axis of length 12 may be made of labels.
GROUPS = [
    (12,),
    (2, 6),
    (6, 2),
    (3, 4),
    (4, 3),
    (2, 3, 2),
    (1, 12),
    (2, 1, 6),
    (2, 2, 3),
]


def random_part(rng: Random, axes: int) -> Part:
    """A part with axes of length 12: labels that repeat, spread or are summed."""
    sizes: list[int] = []
    grouped = []
    for _ in range(axes):
        group = []
        for size in rng.choice(GROUPS):
            known = [i for i, n in enumerate(sizes) if n == size]
            if known and rng.random() < 0.6:
                group.append(rng.choice(known))
            else:
                group.append(len(sizes))
                sizes.append(size)
        grouped.append(tuple(group))
    sizes += [rng.choice([2, 3])] * rng.randrange(2)
    values = np.random.default_rng(rng.randrange(10**6))
    factors = []
    for _ in range(rng.randrange(1, 4)):
        labels = tuple(rng.sample(range(len(sizes)), rng.randrange(min(4, len(sizes)))))
        array = values.normal(size=[sizes[i] for i in labels])
        factors.append((array, labels))
    held = {i for _, labels in factors for i in labels}
    shown = {i for axis in grouped for i in axis}
    rest = [i for i in range(len(sizes)) if i not in held | shown]
    factors += [(values.normal(size=sizes[i]), (i,)) for i in rest]
    return Part(tuple(factors), tuple(grouped), tuple(sizes))


def written_out(part: Part) -> np.ndarray[Any, Any]:
    """The dense array, entry by entry."""
    dense = np.zeros(part.shape)
    for digits in product(*map(range, part.sizes)):
        place = []
        for axis in part.axes:
            k = 0
            for i in axis:
                k = k * part.sizes[i] + digits[i]
            place.append(k)
        value = 1.0
        for array, labels in part.factors:
            value *= array[tuple(digits[i] for i in labels)]
        dense[tuple(place)] += value
    return dense


def random_map(seed: int) -> tuple[Structured, np.ndarray[Any, Any]]:
    """A sum of one to three parts with 12 × 12 entries, and its matrix."""
    rng = Random(f"map {seed}")
    parts = tuple(random_part(rng, 2) for _ in range(rng.randrange(1, 4)))
    dense = sum(written_out(part) for part in parts)
    return Structured(parts, (12, 12), 1, np.dtype(float)), np.asarray(dense)


@pytest.mark.parametrize("block", range(8))
def test_products_and_entries(block: int) -> None:
    """Dense, products, diagonal, trace, sparse, rows and compositions."""
    for seed in range(20 * block, 20 * block + 20):
        kept, matrix = random_map(seed)
        other, second = random_map(seed + 1)
        x = np.random.default_rng(seed).normal(size=12)
        for found, expected in [
            (kept.toarray(), matrix),
            (kept @ x, matrix @ x),
            (x @ kept, x @ matrix),
            (kept.diagonal(), np.diagonal(matrix)),
            (kept.trace(), np.trace(matrix)),
            (kept[3], matrix[3]),
            (kept[:, -2], matrix[:, -2]),
            (kept[5, 7], matrix[5, 7]),
            ((kept @ other).toarray(), matrix @ second),
            ((kept - 2 * other.T).toarray(), matrix - 2 * second.T),
        ]:
            scale = np.abs(matrix).max() * max(np.abs(second).max(), 1) + 1
            np.testing.assert_allclose(found, expected, atol=1e-10 * scale)
        if SCIPY:
            np.testing.assert_allclose(kept.to_sparse().toarray(), matrix, atol=1e-10)


def test_axes_cut_alike() -> None:
    """The same matrix once its axes are cut, and cut alike in every part."""
    done = 0
    for seed in range(300):
        kept, matrix = random_map(seed)
        grid = by_positions(kept)
        if grid is None:
            continue
        found = Structured(grid.parts, grid.shape, grid.rows, grid.dtype).toarray()
        np.testing.assert_allclose(found.reshape(12, 12), matrix, atol=1e-10)
        assert grid.shape[: grid.rows] == grid.shape[grid.rows :]
        done += 1
    assert done > 100


@pytest.mark.parametrize("damping", [0.0, 1.5])
def test_solutions(damping: float) -> None:
    """Whatever is solved is right; what is refused is singular or nearly so."""
    rng = np.random.default_rng(3)
    names: set[str] = set()
    solved = 0
    for seed in range(400):
        kept, matrix = random_map(seed)
        damped = matrix + damping * np.eye(12)
        condition = np.linalg.cond(damped)
        names.add(kept.kind)
        b = damped @ rng.normal(size=(12, 2))
        try:
            x = kept.solve(b, damping)
        except EvaluationError:
            assert not condition < 1e10, (seed, kept.kind, condition)
            continue
        assert condition < 1e16, (seed, kept.kind, condition)
        np.testing.assert_allclose(damped @ x, b, atol=1e-6 * np.abs(b).max())
        solved += 1
    assert solved > (60 if damping == 0 else 350)
    assert len(names) >= 8


def test_a_wrong_solution_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a factorisation wrong, the residual would show it."""
    part = Part(((np.array([1.0, 2.0]), (0,)),), ((0,), (0,)), (2,))
    kept = Structured((part,), (2, 2), 1, np.dtype(float))
    monkeypatch.setattr(kinds, "diagonal", lambda grid: np.array([1.0, -2.0]))
    with pytest.raises(EvaluationError, match="relative residual"):
        kept.solve(np.ones(2))


def test_a_matrix_singular_to_working_precision_is_refused() -> None:
    """A rank that is one too low, with a right-hand side in the range."""
    rng = np.random.default_rng(2)
    q, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    for sign in (1, -1):
        values = np.linspace(1, 2, 30) * sign ** np.arange(30)
        values[7] = 0
        matrix = (q * values) @ q.T
        part = Part(((matrix, (0, 1)),), ((0,), (1,)), (30, 30))
        kept = Structured((part,), (30, 30), 1, matrix.dtype)
        with pytest.raises(EvaluationError, match="condition number"):
            kept.solve(matrix @ rng.normal(size=30))


def test_groups_never_hold_more_than_the_factors() -> None:
    """Contracting as chosen leaves at most as many entries as were given."""
    rng = Random(0)
    for _ in range(300):
        sizes = {i: rng.choice([2, 5, 40]) for i in range(6)}
        factors = [
            frozenset(rng.sample(range(6), rng.randrange(1, 4)))
            for _ in range(rng.randrange(1, 6))
        ]
        shown = frozenset(rng.sample(range(6), rng.randrange(0, 4)))
        found = groups(factors, shown, sizes)
        assert sorted(k for group in found for k in group) == list(range(len(factors)))
        held = 0
        for group in found:
            rest = [f for k, f in enumerate(factors) if k not in group]
            kept = frozenset().union(*(factors[k] for k in group))
            kept &= shown.union(*rest)
            held += int(np.prod([sizes[i] for i in kept]))
        assert held <= sum(int(np.prod([sizes[i] for i in f])) for f in factors)


def test_prepared_products() -> None:
    """Pairs of arrays as NumPy's einsum has them, whatever is summed or kept."""
    rng = Random(4)
    values = np.random.default_rng(4)
    called = 0
    for _ in range(800):
        sizes = [rng.choice([1, 2, 3, 4]) for _ in range(4)]
        left = rng.sample(range(4), rng.randrange(1, 4))
        right = rng.sample(range(4), rng.randrange(1, 4))
        shown = sorted({*left, *right})
        out = rng.sample(shown, rng.randrange(len(shown) + 1))
        A = tensor("A", [sizes[i] for i in left])
        B = tensor("B", [sizes[i] for i in right])
        program = compile_nodes([einsum([(A, left), (B, right)], out)])
        step = program.steps[-1]
        call = prepared(program, lambda size: int(str(size)))[-1]
        if call is None or not isinstance(step, Contract):
            continue
        a, b = values.normal(size=A.shape), values.normal(size=B.shape)
        given = {"A": a, "B": b}
        loads = [program.steps[slot] for slot, _ in step.operands]
        found = call(*(given[e.node.name] for e in loads if isinstance(e, Load)))
        expected = np.einsum(a, left, b, right, out)
        shape = [n for n in expected.shape if n != 1]
        np.testing.assert_allclose(found.reshape(shape), expected.reshape(shape))
        called += 1
    assert called > 100
