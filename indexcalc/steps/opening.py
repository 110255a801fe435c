"""A node opened into terms of index notation, every copy tensor written out.

A contraction, with the contractions inside it, becomes leaves on wires and one copy
tensor for every index: a wire with two ends is a plain index, δ where both ends are
free, one with three H, one with one end the ones vector. What cannot be opened, an
argument of a function or a sum inside a product, is a part with a name of its own.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> letters, sizes = iter("jkl"), {}
>>> terms = opened(einsum([(A, [0, 1]), (x, [1])], [0]), (("i",),), letters, sizes)
>>> [[f.indices for f in term.factors] for term in terms]
[[('i', 'j'), ('j',)]]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..coefficients import Number, multiply
from ..expr import tensor
from ..functions import is_symmetric_matrix
from ..lowered import require_few
from ..network import bundle
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort
from ..sizes import Size
from ..substitute import rebuilt
from ..unions import Unions
from .terms import Axes, Factor, Term, copy_of, require_short

#: The most factors of one term in a line of a derivation.
FACTOR_LIMIT = 256

# -- parts -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Something with a name: the leaf that stands for it, what it is over the leaves of
    other parts, and the node it was."""

    leaf: Tensor
    definition: Node
    original: Node


def parts_of(root: Node, names: Iterator[tuple[str, str]]) -> list[Part]:
    """The parts of an expression, innermost first, the root last (under no leaf's
    name). `names` yields a name for what has fewer than two axes and one for the rest.
    """
    wanted = set(_named(root))
    memo: dict[Node, Node] = {}
    parts: list[Part] = []
    for node in toposort(root):
        memo[node] = rebuilt(node, memo)
        if node in wanted and node is not root:
            small, large = next(names)
            name = small if len(node.shape) < 2 else large
            structure = "symmetric" if is_symmetric_matrix(node) else ""
            leaf = tensor(name, node.shape, structure)
            parts.append(Part(leaf, memo[node], node))
            memo[node] = leaf
    parts.append(Part(tensor("⟨root⟩", root.shape), memo[root], root))
    return parts


def _named(root: Node) -> Iterator[Node]:
    """What is named: arguments of functions, sums and groupings in products."""
    for node in toposort(root):
        match node:
            case Call():
                yield from (a for a in node.args if not isinstance(a, Tensor))
            case Einsum():
                for child, _ in node.operands:
                    if isinstance(child, Sum) or not is_flat(child):
                        yield child
            case Sum():
                yield from (e for e, _ in node.terms if not is_flat(e))
            case Tensor():
                pass


def is_flat(node: Node) -> bool:
    """Whether no axis of a node groups indices."""
    return not isinstance(node, Einsum) or all(len(group) == 1 for group in node.out)


# -- opening ---------------------------------------------------------------------------


def axes_of(node: Node, letters: Iterator[str], sizes: dict[str, Size]) -> Axes:
    """Fresh letters for the axes of a node, one for each index of a group."""
    groups: list[list[Size]]
    if isinstance(node, Einsum):
        groups = [[node.dims[i] for i in group] for group in node.out]
    else:
        groups = [[size] for size in node.shape]
    axes = tuple(tuple(next(letters) for _ in group) for group in groups)
    for axis, group in zip(axes, groups, strict=True):
        sizes.update(zip(axis, group, strict=True))
    return axes


def opened(
    root: Node, axes: Axes, letters: Iterator[str], sizes: dict[str, Size]
) -> list[Term]:
    """The terms of a node on its axes; `sizes` learns the sizes of new indices."""
    terms: list[Term] = []
    stack: list[tuple[Node, Number]] = [(root, 1)]
    while stack:
        node, c = stack.pop()
        match node:
            case Sum():
                inner = [(e, multiply(c, k)) for e, k in node.terms]
                stack += inner[::-1]
                require_short(len(terms) + len(stack))
            case Einsum():
                terms.append(_Drawing(node, letters, sizes).term(c, axes))
            case Tensor() | Call():
                terms.append(Term(c, (Factor(node, _single(axes)),)))
    return terms


def _single(axes: Axes) -> tuple[str, ...]:
    return tuple(i for axis in axes for i in axis)


@dataclass(slots=True)
class _Drawing:
    """One product being opened: wires joined by copy tensors, leaves on wires. The
    first wires are the free ones."""

    root: Einsum
    letters: Iterator[str]
    sizes: dict[str, Size]
    wires: int = 0
    dots: list[tuple[Size, list[int]]] = field(default_factory=list)
    leaves: list[tuple[Node, list[int]]] = field(default_factory=list)

    def term(self, coefficient: Number, axes: Axes) -> Term:
        """The product as a term on the given axes."""
        free = list(_single(axes))
        self.wires = len(free)
        self._open(len(free))
        self._read_along_bonds(len(free))
        names = self._names(free)
        factors = []
        for size, wires in sorted(self.dots, key=lambda dot: -len(dot[1])):
            if not self._is_wire(wires, len(free)):
                factors.append(copy_of(tuple(names[w] for w in wires), size))
        for node, wires in self.leaves:
            factors.append(Factor(node, tuple(names[w] for w in wires)))
        return Term(coefficient, tuple(factors))

    def _open(self, free: int) -> None:
        outer = list(range(free))
        groups, rest = [], outer
        for group in self.root.out:
            groups.append(rest[: len(group)])
            rest = rest[len(group) :]
        stack: list[tuple[Einsum, list[list[int]]]] = [(self.root, groups)]
        while stack:
            node, ends_outside = stack.pop()
            nested = self._one(node, ends_outside)
            stack.extend(reversed(nested))
            require_few(len(self.leaves) + len(stack), FACTOR_LIMIT)

    def _one(
        self, node: Einsum, outside: list[list[int]]
    ) -> list[tuple[Einsum, list[list[int]]]]:
        """One contraction's dots and leaves; the contractions in it, to be opened."""
        ends: list[list[int]] = [[] for _ in node.dims]
        for group, wires in zip(node.out, outside, strict=True):
            for i, wire in zip(group, wires, strict=True):
                ends[i].append(wire)
        nested = []
        for child, legs in node.operands:
            wires = list(range(self.wires, self.wires + len(legs)))
            self.wires += len(legs)
            for i, wire in zip(legs, wires, strict=True):
                ends[i].append(wire)
            if isinstance(child, Einsum) and is_flat(child):
                nested.append((child, [[wire] for wire in wires]))
            else:
                self.leaves.append((child, wires))
        self.dots += zip(node.dims, ends, strict=True)
        return nested

    def _read_along_bonds(self, free: int) -> None:
        """The leaves in reading order: each next one hangs on what is there already."""
        dot_of = {w: k for k, (_, wires) in enumerate(self.dots) for w in wires}
        rank = {dot_of[w]: w for w in range(free) if w in dot_of}
        ordered: list[tuple[Node, list[int]]] = []
        left, last = list(self.leaves), set[int]()
        while left:
            best = min(
                range(len(left)), key=lambda o: _bond(left[o], dot_of, rank, last, o)
            )
            node, wires = left.pop(best)
            last = {dot_of[w] for w in wires if dot_of[w] not in rank}
            for w in wires:
                rank.setdefault(dot_of[w], len(rank) + free)
            ordered.append((node, wires))
        self.leaves = ordered

    def _is_wire(self, wires: list[int], free: int) -> bool:
        return len(wires) == 2 and max(wires) >= free

    def _names(self, free: list[str]) -> list[str]:
        """A letter for every wire; the two ends of a plain wire share theirs."""
        classes = Unions(self.wires)
        for _, wires in self.dots:
            if self._is_wire(wires, len(free)):
                classes.join(*wires)
        found = classes.all()
        names = dict(enumerate(free))
        size_at = {found[w]: size for size, wires in self.dots for w in wires}
        for w in sorted(self._reading_order(), key=lambda w: w >= len(free)):
            if found[w] not in names:
                names[found[w]] = next(self.letters)
                self.sizes[names[found[w]]] = size_at[found[w]]
        return [names[w] for w in found]

    def _reading_order(self) -> list[int]:
        """The wires as the leaves meet them, then the rest."""
        met = [w for _, wires in self.leaves for w in wires]
        return list(dict.fromkeys([*met, *range(self.wires)]))


def _bond(
    leaf: tuple[Node, list[int]],
    dot_of: Mapping[int, int],
    rank: Mapping[int, int],
    last: set[int],
    place: int,
) -> tuple[bool, int, int]:
    """How early a leaf is read: first what hangs on the leaf before."""
    dots = [dot_of[w] for w in leaf[1]]
    known = min((rank[d] for d in dots if d in rank), default=1_000_000)
    return not last.intersection(dots), known if dots else -1, place


class Fresh(NamedTuple):
    """New letters for indices that move from one equation to another: where letters
    come from, the sizes there and the sizes here."""

    letters: Iterator[str]
    source: Mapping[str, Size]
    sizes: dict[str, Size]

    def of(self, i: str) -> str:
        """A letter of the same size that nothing else bears."""
        letter = next(self.letters)
        self.sizes[letter] = self.source[i]
        return letter


def inserted(
    terms: list[Term],
    axes: Axes,
    at: tuple[str, ...],
    kept: tuple[str, ...],
    fresh: Fresh,
) -> list[Term]:
    """The terms on other free indices, those kept unchanged and the summed ones renamed
    afresh; where an axis groups indices, a grouping δ joins it to one index."""
    return [_moved(term, axes, at, kept, fresh) for term in terms]


def _moved(
    term: Term, axes: Axes, at: tuple[str, ...], kept: tuple[str, ...], fresh: Fresh
) -> Term:
    new = {i: i for i in kept}
    joints: list[Factor] = []
    for axis, place in zip(axes, at, strict=True):
        if len(axis) == 1:
            new[axis[0]] = place
            continue
        letters = tuple(map(fresh.of, axis))
        new.update(zip(axis, letters, strict=True))
        if letters:
            node = bundle([fresh.sizes[i] for i in letters])
            joints.append(Factor(node, (place, *letters)))
    factors = [_renamed(f, new, fresh) for f in term.factors]
    return Term(term.coefficient, (*joints, *factors))


def _renamed(factor: Factor, new: dict[str, str], fresh: Fresh) -> Factor:
    for i in factor.indices:
        if i not in new:
            new[i] = fresh.of(i)
    return replace(factor, indices=tuple(new[i] for i in factor.indices))
