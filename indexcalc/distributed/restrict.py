"""A part of an expression as an expression: the block of its result in given ranges.

The ranges wanted of the result's axes are carried down the graph to the variables,
which are replaced by variables of the sliced shape. An index cut in one place is cut
wherever it stands; where the result repeats it with disjoint ranges, the block is zero.
What carries no cut index is *whole*: a variable too, to be computed once for all
blocks, and so is what cannot be cut (an inverse, a convolution). Nothing is computed.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", (6,))
>>> a, b = (Range(name, (6, "x"), 1) for name in "ab")
>>> diagonal = einsum([(x, [0])], [0, 0])
>>> part = restricted(diagonal, Wanted((a, a)), Wholes())
>>> part.node.shape, [source.name for source in part.sources]
((Dim('len_a'), Dim('len_a')), ['x[a]'])
>>> is_zero(restricted(diagonal, Wanted((a, b)), Wholes()).node)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from ..errors import UnsupportedError
from ..expr import einsum, is_zero, linear, tensor, zero
from ..functions import call, cores
from ..matrix import embed
from ..network import is_bundle
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort
from ..simplify import fuse
from ..sizes import Shape, Size
from ..sparse_products import CONSTANTS
from .ranges import Cuts, Range, Wanted, everything
from .wholes import Wholes, grouped, is_given, kept_apart


@dataclass(frozen=True, slots=True)
class Source:
    """A variable of a part: the slice `cuts` of a variable or of a whole node."""

    name: str
    origin: str
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class Part:
    """A block's expression, its variables, and the whole nodes it needs, by name."""

    node: Node
    sources: tuple[Source, ...]

    @property
    def origins(self) -> tuple[str, ...]:
        """The names of the variables and whole nodes that it reads."""
        return tuple(dict.fromkeys(source.origin for source in self.sources))


@dataclass(slots=True)
class _Cutting:
    """One run: the whole nodes met so far, and the variables made."""

    wholes: Wholes
    additive: dict[Node, bool]
    sources: dict[str, Source] = field(default_factory=dict)
    built: dict[tuple[Node, Wanted], Node] = field(default_factory=dict)

    def variable(self, node: Node, cuts: Cuts) -> Node:
        """A variable that stands for a slice of a variable or a whole node."""
        origin = self.wholes.name(node)
        name = origin
        if any(cuts):
            name += f"[{','.join(r.name if r else '' for r in cuts)}]"
        self.sources[name] = Source(name, origin, cuts)
        return tensor(name, sliced(node.shape, cuts), self.wholes.structure(node))


def restricted(root: Node, wanted: Wanted, wholes: Wholes) -> Part:
    """The part of a node of literal sizes, in canonical form.

    Raises `UnsupportedError` where its sum cannot be cut.
    """
    length = wanted.summed.grid[0] if wanted.summed else None
    run = _Cutting(wholes, additive_nodes(root, length))
    if wanted.summed is not None and not run.additive[root]:
        raise UnsupportedError(f"nothing of length {length} is summed over alone")
    order = toposort(root)
    needs: dict[Node, dict[Wanted, None]] = {node: {} for node in order}
    needs[root][wanted] = None
    for node in reversed(order):
        for part in needs[node]:
            for child, inner in _needs(run, node, part):
                needs[child][inner] = None
    for node in order:
        for part in needs[node]:
            run.built[node, part] = _built(run, node, part)
    node = fuse(run.built[root, wanted])
    held = {leaf.name for leaf in toposort(node) if isinstance(leaf, Tensor)}
    kept = tuple(run.sources[name] for name in sorted(run.sources) if name in held)
    return Part(node, kept)


_Need = tuple[Node, Wanted]


def sliced(shape: Shape, cuts: Cuts) -> Shape:
    """The shape of a part."""
    return tuple(r.size if r else n for n, r in zip(shape, cuts, strict=True))


def additive_nodes(root: Node, length: int | None) -> dict[Node, bool]:
    """Which nodes are a sum over an index of that length of what follows from slices:
    the parts for the ranges of such an index add up to the node."""
    found: dict[Node, bool] = {}
    for node in toposort(root) if length is not None else ():
        match node:
            case Einsum():
                inside = sum(found[e] for e, _ in node.operands)
                found[node] = _own_index(node, length) is not None or inside == 1
            case Sum():
                found[node] = any(found[e] for e, _ in node.terms)
            case Tensor() | Call():
                found[node] = False
    return found


def _own_index(node: Einsum, length: Size | None) -> int | None:
    """The first index of that length that a contraction sums over."""
    shown = {i for axis in node.out for i in axis}
    carried = {i for _, legs in node.operands for i in legs}
    for i in sorted(carried - shown):
        if node.dims[i] == length:
            return i
    return None


# -- what a part needs of its children -------------------------------------------------


def _needs(run: _Cutting, node: Node, wanted: Wanted) -> Iterator[_Need]:
    """The parts of the children that are not whole."""
    found: Iterator[_Need] = iter(())
    match node:
        case Tensor():
            return
        case Call():
            if not _is_uncut(node, wanted.cuts):
                found = _call_needs(node, wanted.cuts)
        case Sum():
            parts = ((e, _term_part(run, e, wanted)) for e, _ in node.terms)
            found = ((e, part) for e, part in parts if part is not None)
        case Einsum():
            wires = wired(run.additive, node, wanted)
            if isinstance(wires, Wires):
                found = wires.needs(node)
    yield from ((child, part) for child, part in found if not part.whole)


def _term_part(run: _Cutting, term: Node, wanted: Wanted) -> Wanted | None:
    """What a sum wants of a term: one without the cut index is counted once."""
    if wanted.summed is None or run.additive[term]:
        return wanted
    return Wanted(wanted.cuts) if wanted.first else None


def _is_uncut(node: Call, cuts: Cuts) -> bool:
    """Whether a function is cut along an axis that it acts on as a whole."""
    if not node.args:
        return True
    return any(cuts[len(cuts) - cores(node)[1] :]) if cores(node)[1] else False


def _call_needs(node: Call, cuts: Cuts) -> Iterator[_Need]:
    inner, outer = cores(node)
    batch = cuts[: len(cuts) - outer]
    for arg, core in zip(node.args, inner, strict=True):
        yield arg, Wanted((*batch, *(None,) * core))


@dataclass(slots=True)
class Wires:
    """A contraction that is cut: the range of every cut index, those positions of the
    result that stay whole all the same, and which operand is cut in its own sum."""

    cut: dict[int, Range]
    spread: set[tuple[int, int]]
    inner: int | None
    summed: Range | None
    first: bool

    def wanted(self, o: int, legs: Sequence[int]) -> Wanted:
        """What is wanted of operand o."""
        cuts = tuple(self.cut.get(i) for i in legs)
        if o == self.inner:
            return Wanted(cuts, self.summed, self.first)
        return Wanted(cuts)

    def needs(self, node: Einsum) -> Iterator[_Need]:
        """What is wanted of each operand."""
        for o, (child, legs) in enumerate(node.operands):
            yield child, self.wanted(o, legs)


def wired(
    additive: dict[Node, bool], node: Einsum, wanted: Wanted
) -> Wires | Shape | None:
    """How the indices of a contraction are cut; the shape of the part where it is zero;
    None where the contraction must be computed whole."""
    cut: dict[int, Range] = {}
    marks: dict[int, list[tuple[int, int, Range | None]]] = {}
    for a, (axis, r) in enumerate(zip(node.out, wanted.cuts, strict=True)):
        rest = prod(_literal(node.dims[i]) for i in axis[1:])
        if r is not None and (not axis or r.unit % rest):
            return None
        for p, i in enumerate(axis):
            here = r.narrowed(rest) if r is not None and p == 0 else None
            marks.setdefault(i, []).append((a, p, here))
    for i, found in marks.items():
        ranges = {r for _, _, r in found if r is not None}
        if len({(r.grid, r.unit) for r in ranges}) > 1:
            return None
        if len(ranges) > 1:
            return sliced(node.shape, wanted.cuts)
        if ranges:
            cut[i] = ranges.pop()
    spread = {(a, p) for i in cut for a, p, r in marks[i] if r is None}
    wires = Wires(cut, spread, None, wanted.summed, wanted.first)
    if not (_sum_is_cut(additive, node, wires) and _follow_bundles(node, wires, marks)):
        return None
    return None if _meets_constant(node, wires) else wires


def _literal(size: Size) -> int:
    if not isinstance(size, int):
        raise UnsupportedError(
            f"an axis of size {size} cannot be cut", hint="pass sizes={…}"
        )
    return size


def _sum_is_cut(additive: dict[Node, bool], node: Einsum, wires: Wires) -> bool:
    """Cuts an index that the contraction sums over, its own or one operand's."""
    if wires.summed is None:
        return True
    own = _own_index(node, wires.summed.grid[0])
    if own is not None:
        wires.cut[own] = wires.summed
        return True
    inside = [o for o, (e, _) in enumerate(node.operands) if additive[e]]
    wires.inner = inside[0] if len(inside) == 1 else None
    return wires.inner is not None


def _follow_bundles(
    node: Einsum, wires: Wires, marks: dict[int, list[tuple[int, int, Range | None]]]
) -> bool:
    """Where a group is cut, so is its first index; False where that cannot be."""
    for child, legs in node.operands:
        if not is_bundle(child) or not any(i in wires.cut for i in legs):
            continue
        rest = prod(_literal(n) for n in child.shape[2:])
        group = wires.cut.get(legs[0])
        if group is None or group.unit % rest or any(i in marks for i in legs[1:]):
            return False
        inner = group.narrowed(rest)
        if wires.cut.setdefault(legs[1], inner) != inner:
            return False
    return True


def _meets_constant(node: Einsum, wires: Wires) -> bool:
    """Whether a cut index is carried by a constant that has its own kernels."""
    return any(
        isinstance(e, Call)
        and not e.args
        and e.function in CONSTANTS
        and any(i in wires.cut for i in legs)
        for e, legs in node.operands
    )


# -- building parts --------------------------------------------------------------------


def _part(run: _Cutting, node: Node, wanted: Wanted) -> Node:
    return _whole(run, node) if wanted.whole else run.built[node, wanted]


def _built(run: _Cutting, node: Node, wanted: Wanted) -> Node:
    if wanted.whole:
        return _whole(run, node)
    match node:
        case Tensor():
            return run.variable(node, wanted.cuts)
        case Call():
            if _is_uncut(node, wanted.cuts):
                return run.variable(node, wanted.cuts)
            args = [_part(run, *need) for need in _call_needs(node, wanted.cuts)]
            return call(node.function, args, node.params)
        case Sum():
            parts = [(e, c, _term_part(run, e, wanted)) for e, c in node.terms]
            terms = [(_part(run, e, part), c) for e, c, part in parts if part]
            return linear(terms, sliced(node.shape, wanted.cuts))
        case Einsum():
            return _einsum_part(run, node, wanted)


def _whole(run: _Cutting, root: Node) -> Node:
    """A node that carries no cut index: what is dense is a variable, patterns stay."""
    done: dict[Node, Node] = {}
    for node in kept_apart(root):
        if not is_given(node):
            done[node] = _rebuilt(node, done)
        else:
            done[node] = run.variable(node, everything(node.order).cuts)
    return done[root]


def _rebuilt(node: Node, done: dict[Node, Node]) -> Node:
    match node:
        case Einsum():
            operands = [(done[e], legs) for e, legs in node.operands]
            return einsum(operands, node.out, dict(enumerate(node.dims)))
        case Sum():
            return linear([(done[e], c) for e, c in node.terms], node.shape)
        case Tensor() | Call():
            return node


def _einsum_part(run: _Cutting, node: Einsum, wanted: Wanted) -> Node:
    wires = wired(run.additive, node, wanted)
    if wires is None:
        if wanted.summed is not None:
            raise UnsupportedError("the sum of a product of sums cannot be cut")
        return run.variable(node, wanted.cuts)
    if not isinstance(wires, Wires):
        return zero(wires)
    dims = dict(enumerate(node.dims)) | {i: r.size for i, r in wires.cut.items()}
    operands: list[tuple[Node, Sequence[int]]] = []
    for group, legs in grouped(node, set(wires.cut), wires.inner):
        if isinstance(group, int):
            child = node.operands[group][0]
            operands.append((_part(run, child, wires.wanted(group, legs)), legs))
        else:
            operands.append((_whole(run, group), legs))
    out = [list(axis) for axis in node.out]
    for fresh, (a, p) in enumerate(sorted(wires.spread), len(node.dims)):
        i = out[a][p]
        r = wires.cut[i]
        dims[fresh] = node.dims[i]
        operands.append((embed(r.offset, r.size, node.dims[i]), (fresh, i)))
        out[a][p] = fresh
    used = {i for _, legs in operands for i in legs} | {i for axis in out for i in axis}
    gone = {i for _, legs in node.operands for i in legs} - used
    return einsum(operands, out, {i: n for i, n in dims.items() if i not in gone})


def vanishes(part: Part) -> bool:
    """Whether a block of this form is zero throughout."""
    return is_zero(part.node)
