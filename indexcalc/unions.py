"""Numbers joined into classes: union-find.

>>> classes = Unions(4)
>>> classes.join(3, 1)
>>> classes.all()
[0, 1, 2, 1]
"""

from __future__ import annotations


class Unions:
    """The numbers from 0 on, each at first alone; a class goes by its least number."""

    __slots__ = ("_parent",)

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def find(self, i: int) -> int:
        """The least number of the class of i."""
        parent = self._parent
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    def join(self, i: int, j: int) -> None:
        """Makes one class of two."""
        a, b = self.find(i), self.find(j)
        self._parent[max(a, b)] = min(a, b)

    def all(self) -> list[int]:
        """The class of every number."""
        return list(map(self.find, range(len(self._parent))))
