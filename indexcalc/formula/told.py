"""Whether the sizes of ones and identities follow from the rest of a formula.

On paper one writes 𝟏 and I without a size, and a reader infers it; so does the parser,
by unification. Here the same unification is done on the formula: an axis of a 𝟏 that is
joined to no axis of a variable has to be written with its size.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, ones, product, transposed
>>> A = leaf(tensor("A", ("m", "n")))
>>> sizes_told(product([A, ones("n")]))
True
>>> sizes_told(product([A, ones("n"), transposed(ones("n"))]))
False
"""

from __future__ import annotations

from itertools import count

from ..sizes import names_in
from . import Formula

WALK_LIMIT = 5_000
ELEMENTWISE = frozenset({"sum", "hadamard", "pow", "call", "epower", "inv", "mpower"})
KEPT = frozenset({"Diag", "diag", "tr", "total", "norm2", "normsq", "adj", "power"})


def names(f: Formula) -> set[str]:
    """The names of the variables in a formula."""
    return {str(g.value) for g in _words(f) if g.op == "leaf"}


def size_names(f: Formula) -> set[str]:
    """The names of the sizes that variables in a formula have."""
    sizes = [n for g in _words(f) if g.op == "leaf" for n in g.shape]
    return {name for n in sizes for name in names_in(n)}


def _words(f: Formula) -> list[Formula]:
    """Every word of a formula, once, however often it occurs."""
    found: dict[int, Formula] = {}
    stack = [f]
    while stack:
        g = stack.pop()
        if id(g) not in found:
            found[id(g)] = g
            stack += g.args
    return list(found.values())


def sizes_told(f: Formula) -> bool:
    """Whether every 𝟏 and I has its size from a variable it is joined to."""
    if f.length > WALK_LIMIT or any(g.order > 2 for g in _words(f)):
        return False
    walk = _Walk()
    walk.axes(f)
    return all(walk.find(a) in walk.told for a in walk.bare)


class _Walk:
    """Union-find over the axes of every place in a formula."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.fresh = count()
        self.bare: list[int] = []
        self.known: list[int] = []

    @property
    def told(self) -> set[int]:
        """The classes of axes that hold one of known size."""
        return {self.find(a) for a in self.known}

    def find(self, a: int) -> int:
        while a in self.parent:
            a = self.parent[a]
        return a

    def join(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[a] = b

    def new(self, known: bool) -> int:
        a = next(self.fresh)
        (self.known if known else self.bare).append(a)
        return a

    def axes(self, root: Formula) -> tuple[int, ...]:
        """The axes of a formula; places are walked one by one, shared or not."""
        done: list[tuple[int, ...]] = []
        stack: list[tuple[Formula, bool]] = [(root, False)]
        while stack:
            f, ready = stack.pop()
            if not ready:
                stack.append((f, True))
                stack += [(arg, False) for arg in reversed(f.args)]
                continue
            inner = done[len(done) - len(f.args) :]
            del done[len(done) - len(f.args) :]
            done.append(self._axes(f, inner))
        return done[0]

    def _axes(self, f: Formula, inner: list[tuple[int, ...]]) -> tuple[int, ...]:
        if f.op in ("ones", "eye", "basis"):
            return (self.new(False),) * f.order
        if f.op == "product":
            return self._product(f, inner)
        if f.op == "transpose":
            return inner[0][::-1]
        if f.op == "call" and any(g.order not in (0, f.order) for g in f.args):
            return self._of_arguments(f, inner)
        if f.op in ELEMENTWISE:
            return self._alike(f, inner)
        if f.op in KEPT:
            return self._kept(f, inner[0])
        told = f.op in ("leaf", "copy")
        return tuple(self.new(told and n != 1) for n in f.shape)

    def _product(self, f: Formula, inner: list[tuple[int, ...]]) -> tuple[int, ...]:
        chain = [(g, a) for g, a in zip(f.args, inner, strict=True) if a]
        if not chain:
            return ()
        open_: list[int] = []
        joint: int | None = None
        for g, a in chain:
            left, right = (a[0], a[-1]) if g.order == 2 else self._ends(g, a)
            if joint is not None and left is not None:
                self.join(joint, left)
            elif left is not None:
                open_.append(left)
            joint = right
        return (*open_, joint) if joint is not None else tuple(open_)

    @staticmethod
    def _ends(g: Formula, a: tuple[int, ...]) -> tuple[int | None, int | None]:
        return (None, a[0]) if g.row else (a[0], None)

    def _alike(self, f: Formula, inner: list[tuple[int, ...]]) -> tuple[int, ...]:
        square = f.op in ("inv", "mpower") and inner[0]
        if square:
            self.join(inner[0][0], inner[0][1])
        full = [a for a in inner if a]
        for other in full[1:]:
            for a, b in zip(full[0], other, strict=True):
                self.join(a, b)
        return full[0] if full and f.order else ()

    def _of_arguments(
        self, f: Formula, inner: list[tuple[int, ...]]
    ) -> tuple[int, ...]:
        """The axes of a function that has fewer than its argument, as an eigenvector:
        each is one that is as long, or nobody tells it."""
        given = {
            n: a
            for g, axes in zip(f.args, inner, strict=True)
            for n, a in zip(g.shape, axes, strict=True)
        }
        return tuple(given.get(n, next(self.fresh)) for n in f.shape)

    def _kept(self, f: Formula, a: tuple[int, ...]) -> tuple[int, ...]:
        if f.op in ("diag", "tr", "adj"):
            self.join(a[0], a[1])
        return (a + a[:1] if f.op == "Diag" else a)[: f.order] if f.order else ()
