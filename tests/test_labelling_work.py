"""Symmetric graphs are labelled through few leaves: automorphisms prune the rest."""

from __future__ import annotations

from typing import Any

import pytest

from indexcalc import labelling
from tests.test_labelling import (
    Edge,
    complete,
    cycle,
    hypercube,
    node_of,
    petersen,
    rook,
    shrikhande,
)

GRAPHS: dict[str, list[Edge]] = {
    "cycle of 12": cycle(12),
    "K6": complete(6),
    "Petersen": petersen(),
    "3×3 rook": rook(3),
    "4×4 rook": rook(4),
    "Shrikhande": shrikhande(),
    "cube": hypercube(3),
    "four-dimensional cube": hypercube(4),
}
#: Twice what is needed; unpruned, there are as many as automorphisms, or 48 at least.
MOST_LEAVES = 24


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("kind", ["S", "A"])
def test_leaves_are_few(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of undirected graphs as of directed ones."""
    leaves = 0
    real = labelling._leaf

    def counted(*args: Any) -> None:
        nonlocal leaves
        leaves += 1
        real(*args)

    monkeypatch.setattr(labelling, "_leaf", counted)
    node_of([(kind, edge) for edge in GRAPHS[name]], prefix=f"work of {name}")
    assert leaves <= MOST_LEAVES
