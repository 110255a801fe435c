"""The arrays of the workspace: which of them values lie in, and which are idle."""

from __future__ import annotations

from ..plan import Slot

Arrays = frozenset[int]
NOWHERE: Arrays = frozenset()


class Allotment:
    """Which numbered array every value is written into, one after the other.

    A value lies in one of them, or, as a view or an expression of several, in some.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._of: dict[Slot, Arrays] = {}
        self._within: list[set[Slot]] = []
        self._free: set[int] = set()

    def of(self, *slots: Slot) -> Arrays:
        """The arrays that values lie in, read for the last time or not."""
        return NOWHERE.union(*(self._of.get(slot, NOWHERE) for slot in slots))

    def put(self, slot: Slot, arrays: Arrays) -> None:
        """Says where a value lies from now on."""
        self.leave(slot)
        self._of[slot] = arrays
        for k in arrays:
            self._within[k].add(slot)
            self._free.discard(k)

    def leave(self, slot: Slot) -> None:
        """Says that a value is not read any more."""
        for k in self._of.get(slot, NOWHERE):
            self._within[k].discard(slot)
            if not self._within[k]:
                self._free.add(k)

    def alone(self, slot: Slot) -> bool:
        """Whether a value lies in arrays that no other value lies in."""
        arrays = self.of(slot)
        return bool(arrays) and all(self._within[k] == {slot} for k in arrays)

    def idle(self, need: int) -> int:
        """The number of an idle array: the one of the nearest size, or a new one."""
        nearest = min(
            self._free, key=lambda k: (abs(self.sizes[k] - need), k), default=None
        )
        if nearest is None:
            nearest = len(self.sizes)
            self.sizes.append(0)
            self._within.append(set())
            self._free.add(nearest)
        self.sizes[nearest] = max(self.sizes[nearest], need)
        return nearest
