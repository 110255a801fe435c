"""Greedy trees from cotengrust, where the extra `[planner]` is installed.

It draws thousands of randomised greedy trees in the time that Python draws a few; every
draw has a seed of its own, so that the trees are the same every time.

>>> web = Web(((0, 1), (1, 2), (2, 3)), (0, 3), {0: 2, 1: 30, 2: 2, 3: 30})
>>> all(7 in tree for tree in random_trees(web, 2))
True
"""

from __future__ import annotations

from typing import Any

from .networks import Part, Web, bits

#: How many random trees are drawn for each one that is answered.
DRAWS = 64


def random_trees(web: Web, count: int) -> list[dict[Part, tuple[Part, Part]]]:
    """For each of `count` seeds the best of some random greedy trees; none where
    cotengrust is not installed."""
    try:
        import cotengrust
    except ImportError:
        return []
    inputs = [[_name(i) for i in bits(labels)] for labels in web.leaves]
    out = [_name(i) for i in bits(web.out)]
    sizes = {_name(i): size for i, size in enumerate(web.sizes)}
    search: Any = cotengrust.optimize_random_greedy_track_flops
    found = [
        search(inputs, out, sizes, ntrials=DRAWS, seed=seed)[0] for seed in range(count)
    ]
    return [_tree(len(inputs), path) for path in found]


def _name(label: int) -> str:
    """A single character, from beyond ASCII; surrogates are none."""
    return chr(0x100 + label) if label < 0xD000 else chr(0x10000 + label)


def _tree(count: int, path: list[list[int]]) -> dict[Part, tuple[Part, Part]]:
    rows: list[Part] = [1 << k for k in range(count)]
    tree: dict[Part, tuple[Part, Part]] = {}
    for positions in path:
        taken = [rows.pop(k) for k in sorted(positions, reverse=True)]
        if len(taken) == 2:
            tree[sum(taken)] = (taken[1], taken[0])
        rows.append(sum(taken))
    return tree
