"""Which factors of a product to contract, and which to leave side by side.

A structured result stays small: a product is contracted as far as that makes it
smaller. `groups` decides it by sizes alone: an index that is summed is eliminated where
the result is no larger than the factors that carry it, factors of equal indices are
multiplied, and everything becomes one core where the core is smaller than the factors.
Numbers stay beside an array, which may be an input that is not to be copied.

>>> sizes = {0: 100, 1: 100, 2: 3}
>>> groups([(0, 2), (2, 1)], (0, 1), sizes)             # U Vᵀ of rank 3 stays factored
[[0], [1]]
>>> groups([(2, 0), (2, 1)], (0, 1), sizes | {2: 500})  # XᵀX does not
[[0, 1]]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod

Group = tuple[list[int], frozenset[int]]

#: A product over more summed indices is contracted as one group.
MOST_SUMMED = 200


def groups(
    factors: Sequence[Collection[int]], shown: Collection[int], sizes: Mapping[int, int]
) -> list[list[int]]:
    """The factors, by number, in the groups to be contracted."""
    if len(set().union(*factors).difference(shown)) > MOST_SUMMED:
        return [list(range(len(factors)))]
    found: list[Group] = [([k], frozenset(f)) for k, f in enumerate(factors)]
    while (better := _eliminated(found, shown, sizes)) is not None:
        found = better
    found = _equal_joined(found, shown)
    arrays = [labels for _, labels in found if labels]
    if len(arrays) > 1:
        whole = frozenset(shown) & frozenset().union(*arrays)
        if _size(whole, sizes) < sum(_size(labels, sizes) for labels in arrays):
            return [list(range(len(factors)))]
    return sorted(sorted(members) for members, _ in found)


def kept_labels(
    group: Collection[int], factors: Sequence[Collection[int]], shown: Collection[int]
) -> tuple[int, ...]:
    """The labels that a group's product keeps: shown, or of a factor outside."""
    chosen = set(group)
    rest = [f for k, f in enumerate(factors) if k not in chosen]
    needed = set(shown).union(*rest)
    inside = dict.fromkeys(i for k in group for i in factors[k])
    return tuple(i for i in inside if i in needed)


def _size(labels: Collection[int], sizes: Mapping[int, int]) -> int:
    return prod(sizes[i] for i in labels)


def _merged(
    found: Sequence[Group], chosen: Collection[int], shown: Collection[int]
) -> Group:
    """The chosen groups as one, without the labels that nothing else needs."""
    inside = set(chosen)
    rest = [labels for k, (_, labels) in enumerate(found) if k not in inside]
    needed = frozenset(shown).union(*rest)
    members = [m for k in chosen for m in found[k][0]]
    labels: frozenset[int] = frozenset().union(*(found[k][1] for k in chosen))
    return members, labels & needed


def _eliminated(
    found: list[Group], shown: Collection[int], sizes: Mapping[int, int]
) -> list[Group] | None:
    """One summed index eliminated, the one that saves most; None where none saves."""
    summed = sorted({i for _, labels in found for i in labels} - set(shown))
    best: tuple[int, list[int]] | None = None
    for i in summed:
        chosen = [k for k, (_, labels) in enumerate(found) if i in labels]
        before = sum(_size(found[k][1], sizes) for k in chosen)
        saved = before - _size(_merged(found, chosen, shown)[1], sizes)
        if saved >= 0 and (best is None or saved > best[0]):
            best = saved, chosen
    if best is None:
        return None
    chosen = best[1]
    rest = [group for k, group in enumerate(found) if k not in chosen]
    return [*rest, _merged(found, chosen, shown)]


def _equal_joined(found: list[Group], shown: Collection[int]) -> list[Group]:
    """Groups with the same labels multiplied together; those without labels too."""
    kinds: dict[frozenset[int], list[int]] = {}
    for k, (_, labels) in enumerate(found):
        kinds.setdefault(labels, []).append(k)
    return [_merged(found, chosen, shown) for chosen in kinds.values()]
