"""An order of contraction found fast: for comparing candidates, not for running them.

A choice looks at a hundred products, and each may have tens of operands; the order that
is run is found by `contraction`, with more patience. Exact for few operands, greedy
beyond.

>>> quick(((0, 1), (1, 2), (2,)), (0,), ((0, 9), (1, 9), (2, 9)))
((1, 2), (0, 1))
"""

from __future__ import annotations

from functools import lru_cache

from ..pairwise import Labels

#: Up to how many operands the order of the fewest flops is looked for.
EXACT = 9


@lru_cache(maxsize=4096)
def quick(
    inputs: tuple[Labels, ...], out: Labels, sizes: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, ...], ...]:
    """The places of the operands to take at each step; results go to the end."""
    if len(inputs) < 3:
        return ((0, 1),) if len(inputs) == 2 else ()
    from opt_einsum.paths import DynamicProgramming, greedy

    search = DynamicProgramming("flops") if len(inputs) <= EXACT else greedy
    sets = [frozenset(labels) for labels in inputs]
    lengths = {i: max(n, 1) for i, n in sizes}
    return tuple(tuple(step) for step in search(sets, frozenset(out), lengths))
