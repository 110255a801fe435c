"""A drawing says what the einsum says: read from the sheet alone, by where marks lie.

Random einsum strings, and derivatives of them in both layouts, are drawn; a reader that
knows only the SVG rebuilds which port is joined to which, and NumPy contracts that.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

import indexcalc as ic
from tests.drawn_reader import Reading, read

LETTERS = "abcdefgh"
SIZES = {letter: 2 + k % 3 for k, letter in enumerate(LETTERS)}


def random_spec(rng: random.Random) -> tuple[list[str], str]:
    """Terms of one to four indices, perhaps repeated; some of them are the result."""
    letters = LETTERS[: rng.randint(2, 8)]
    orders = [rng.choice([1, 1, 2, 2, 2, 2, 3, 3, 4]) for _ in range(rng.randint(1, 6))]
    terms = ["".join(rng.choice(letters) for _ in range(order)) for order in orders]
    pool = sorted(set("".join(terms)))
    rng.shuffle(pool)
    return terms, "".join(pool[: rng.randint(0, min(4, len(pool)))])


def contracted(reading: Reading, arrays: dict[str, np.ndarray], shape: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """The value of what was read, its axes by the labels in alphabetical order."""
    number: dict[int, int] = {}
    args: list[object] = []
    for name, indices in reading.operands:
        args += [arrays[name], [number.setdefault(i, len(number)) for i in indices]]
    out: list[int] = []
    for size, (_, index) in zip(shape, sorted(reading.ends), strict=True):
        k = number.setdefault(index, len(number))
        fresh = 40 + len(out)
        args += [np.eye(size), [k, fresh]]
        out.append(fresh)
    scale = np.prod([float(arrays.get(s, _plain(s))) for s in reading.scalars])
    return scale * np.einsum(*args, out)  # type: ignore[call-overload]


def _plain(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("start", range(0, 200, 25))
def test_einsum_strings(start: int) -> None:
    """The value, and the order of the ends: left, then right from the top."""
    for seed in range(start, start + 25):
        rng = random.Random(seed)
        terms, out = random_spec(rng)
        names = [f"A{k}" for k in range(len(terms))]
        spec = f"{','.join(terms)}->{out}"
        reading = read(ic.diagram_from(spec, *names).svg(labels="none"))
        draw = np.random.default_rng(seed)
        arrays = {
            name: draw.normal(size=[SIZES[i] for i in term])
            for name, term in zip(names, terms, strict=True)
        }
        expected = np.einsum(
            f"{','.join(terms)}->{''.join(sorted(out))}", *arrays.values()
        )
        found = contracted(reading, arrays, expected.shape)
        assert np.allclose(found, expected), spec
        assert [label for label, _ in reading.ends] == list(out), spec


@pytest.mark.parametrize("layout", ["value_first", "variable_first"])
@pytest.mark.parametrize("start", range(0, 100, 25))
def test_derivatives(start: int, layout: str) -> None:
    """Of products that are one term: δ are wires and dots, the node is gone."""
    for seed in range(start, start + 25):
        rng = random.Random(seed)
        terms, out = random_spec(rng)
        names = [f"A{k}" for k in range(len(terms))]
        leaves = [
            ic.tensor(name, [SIZES[i] for i in term])
            for name, term in zip(names, terms, strict=True)
        ]
        y = ic.einsum(f"{','.join(terms)}->{out[:2]}", *leaves)
        J = y.diff(leaves[rng.randrange(len(leaves))], layout=layout)
        drawn = J.diagram()
        draw = np.random.default_rng(seed)
        arrays = {leaf.written.name: draw.normal(size=leaf.shape) for leaf in leaves}
        reading = read(drawn.svg(labels="none"))
        labels = [end.name for end in drawn.model.picture.ends]
        assert sorted(label for label, _ in reading.ends) == sorted(labels)
        expected = np.asarray(J.evaluate(arrays))
        expected = expected.transpose(np.argsort(labels))
        found = contracted(reading, arrays, expected.shape)
        assert np.allclose(found, expected), (terms, out, str(J))
