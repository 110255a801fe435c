"""From a node to index notation: one walk, spelled by a table of small functions.

The walk names every index and what needs a name of its own, puts δ, H and ones where
they survive, and orders the factors along their bonds. How each piece is written is a
`Spelling`: plain text (`index_text`) and LaTeX (`index_latex`) are two of them.

>>> from .expr import einsum, tensor
>>> from .index_text import PLAIN
>>> X = tensor("X", ("n", "p"))
>>> written(einsum([(X, [0, 1])], [0, 0, 1]), PLAIN).text
'δ_ij X_ik'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf
from typing import TypeAlias

from .coefficients import Number
from .errors import BudgetError
from .functions import cores, is_elementwise
from .hidden_sums import hidden
from .nodes import (
    Call,
    Einsum,
    Node,
    Sum,
    Tensor,
    children,
    extent,
    one_pass,
    toposort,
)
from .simplify import fuse
from .sizes import Size, names_in

LETTERS = "ijklmnpqrstuvwabcdefgh"
DEPTH_LIMIT = 12
SHARED_WEIGHT = 6

#: How long an expression is written; see `nodes.extent`.
EXTENT_LIMIT = 400_000

Axis: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A factor as it is written; `below` says that it divides."""

    text: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the pieces of a formula are written.

    `name` spells a tensor's name and `index` an index's; `subscripted` puts indices
    below a name, all spelled; `copy` spells δ, H and 1, the ones vector; `cored` is a
    function of whole tensors such as inv, `constant` one without arguments; `divisor`
    what stands below the bar for a factor, if it is written so; `summed` the sign of a
    sum over indices, which with `explicit` stands before every product that sums.
    """

    name: Callable[[str], str]
    index: Callable[[str], str]
    group: Callable[[Sequence[str]], str]
    subscripted: Callable[[str, Sequence[str]], str]
    copy: Callable[[str], str]
    size: Callable[[Size], str]
    elementwise: Callable[[Call, Sequence[str]], str]
    cored: Callable[[Call, Sequence[str], Sequence[str], int], str]
    constant: Callable[[Call, Sequence[str]], str]
    signed_sum: Callable[[Sequence[tuple[str, Number]]], str]
    product: Callable[[Sequence[Piece]], str]
    bracketed: Callable[[str], str]
    summed: Callable[[Sequence[str]], str]
    divisor: Callable[[Node], Node | None]
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """`text` is the formula, `axes` the names of its free indices, `where` the parts
    that were named, as (left side, right side)."""

    text: str
    axes: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Naming:
    """Names in use while one expression is printed; `inside` counts the brackets that
    are open, within which a sum over an index that stands once is written out."""

    taken: set[str]
    parts: dict[Node, str] = field(default_factory=dict)
    where: list[tuple[str, str]] = field(default_factory=list)
    arrays: dict[Node, str] = field(default_factory=dict)
    inside: int = 0
    fresh: Iterator[str] = field(default_factory=lambda: iter(()))

    def restart(self) -> None:
        """Index names begin anew: each named part has its own."""
        self.fresh = self._names()

    def _names(self) -> Iterator[str]:
        for letter in LETTERS:
            if letter not in self.taken:
                yield letter
        k = 1
        while True:
            for letter in "ijk":
                if f"{letter}{k}" not in self.taken:
                    yield f"{letter}{k}"
            k += 1

    def array(self, node: Tensor) -> str:
        """The name of a constant: its own, or C, C1, … for those that have none."""
        if node.name:
            return node.name
        if node not in self.arrays:
            name = f"C{len(self.arrays) or ''}"
            while name in self.taken:
                name += "′"
            self.taken.add(name)
            self.arrays[node] = name
        return self.arrays[node]

    def part(self) -> str:
        """A name for a part that is nobody else's."""
        k = len(self.parts) + 1
        name = "KMPQRSTUVW"[k - 1] if k <= 10 else f"T{k}"
        while name in self.taken:
            name += "1"
        self.taken.add(name)
        return name


@dataclass(slots=True)
class _Walk:
    """One expression being written: the names in use and how they are spelled."""

    naming: Naming
    spelling: Spelling

    def below(self, name: str, indices: Sequence[str]) -> str:
        """A spelled name with indices that are not."""
        return self.spelling.subscripted(name, list(map(self.spelling.index, indices)))


@one_pass()
def written(
    node: Node, spelling: Spelling, axes: Sequence[str] | None = None
) -> Written:
    """The index notation of the fused node; `axes` chooses the free indices' names.

    Raises `BudgetError` for an expression of more than `EXTENT_LIMIT` parts.
    """
    root = fuse(node)
    if (parts := extent(root)) > EXTENT_LIMIT:
        raise BudgetError(
            f"an expression of {parts:,} parts is more than the {EXTENT_LIMIT:,} that "
            "are written",
            hint="write a part of it; evaluate and json take the whole",
        )
    naming = Naming(_names_used(root) | set(axes or ()))
    walk = _Walk(naming, spelling)
    for shared in _named_parts(root):
        naming.restart()
        name = naming.part()
        outer = _axis_names(naming, shared)
        text = _body(walk, shared, outer)
        left = spelling.subscripted(spelling.name(name), _shown(walk, outer))
        naming.where.append((left, text))
        naming.parts[shared] = name
    naming.taken |= set(axes or ())
    naming.restart()
    outer = _axis_names(naming, root, axes)
    text = _body(walk, root, outer)
    return Written(text, tuple(_shown(walk, outer)), tuple(naming.where))


def part_names(root: Node) -> tuple[dict[Node, str], Naming]:
    """The names that the index notation of a node gives to its parts, and the naming
    that goes on after them."""
    naming = naming_for(root)
    for part in _named_parts(root):
        naming.parts[part] = naming.part()
    return dict(naming.parts), naming


def naming_for(root: Node) -> Naming:
    """Fresh names that collide with no tensor and no size under the root."""
    naming = Naming(_names_used(root))
    naming.restart()
    return naming


def _names_used(root: Node) -> set[str]:
    """Names of tensors and sizes, and the i of A_i: beside that, A_ij is not A's."""
    names: set[str] = set()
    for node in toposort(root):
        sizes: tuple[Size, ...] = node.shape
        if isinstance(node, Einsum):
            sizes = node.dims
        names.update(name for size in sizes for name in names_in(size))
        if isinstance(node, Tensor):
            names.add(node.name)
    return names | {part[:1] for name in names for part in name.split("_")[1:]}


def _axis_names(
    naming: Naming, node: Node, axes: Sequence[str] | None = None
) -> list[Axis]:
    """A name for every free axis; a grouped axis has one name for each of its
    indices."""
    if axes is not None:
        return [(name,) for name in axes]
    if isinstance(node, Einsum):
        return [tuple(next(naming.fresh) for _ in group or "1") for group in node.out]
    return [(next(naming.fresh),) for _ in node.shape]


def _shown(walk: _Walk, axes: Sequence[Axis]) -> list[str]:
    spelled = [[walk.spelling.index(name) for name in axis] for axis in axes]
    return [a[0] if len(a) == 1 else walk.spelling.group(a) for a in spelled]


# -- what gets a name of its own -------------------------------------------------------


def _named_parts(root: Node) -> list[Node]:
    """The nodes that are printed after `where`, innermost first."""
    order = toposort(root)
    uses: dict[Node, int] = {}
    closed: set[Node] = set()
    for node in order:
        for child in children(node):
            uses[child] = uses.get(child, 0) + 1
        closed.update(_closed_children(node))
    depth: dict[Node, int] = {}
    weight: dict[Node, int] = {}
    named: list[Node] = []
    for node in order:
        below = list(children(node))
        depth[node] = 1 + max((depth[c] for c in below), default=0)
        weight[node] = 1 + sum(weight[c] for c in below)
        if isinstance(node, Tensor) or node is root:
            continue
        shared = uses.get(node, 0) > 1 and weight[node] >= SHARED_WEIGHT
        if shared or node in closed or depth[node] >= DEPTH_LIMIT:
            named.append(node)
            depth[node] = weight[node] = 1
    return named


def _closed_children(node: Node) -> Iterator[Node]:
    """Children whose indices cannot be shown in place."""
    if isinstance(node, Call) and not is_elementwise(node.function):
        yield from (a for a in node.args if not isinstance(a, Tensor))
    if isinstance(node, Einsum):
        for child, _ in node.operands:
            grouped = isinstance(child, Einsum) and any(len(g) != 1 for g in child.out)
            if grouped or isinstance(child, Einsum):
                yield child
    if isinstance(node, Sum):
        groups = [e for e, _ in node.terms if isinstance(e, Einsum)]
        yield from (e for e in groups if any(len(g) > 1 for g in e.out))


# -- formulas --------------------------------------------------------------------------


def _body(walk: _Walk, node: Node, outer: Sequence[Axis]) -> str:
    """The formula of a node with its free axes named `outer`."""
    match node:
        case Sum():
            terms = [(_term(walk, child, outer), c) for child, c in node.terms]
            return walk.spelling.signed_sum(terms)
        case Einsum():
            return _product(walk, node, outer)
        case Tensor() | Call():
            return _atom(walk, node, [a[0] for a in outer])


def _term(walk: _Walk, child: Node, outer: Sequence[Axis]) -> str:
    if child in walk.naming.parts or not isinstance(child, (Einsum, Sum)):
        return _atom(walk, child, [a[0] for a in outer])
    text = _body(walk, child, outer)
    return walk.spelling.bracketed(text) if isinstance(child, Sum) else text


def _atom(walk: _Walk, node: Node, indices: Sequence[str]) -> str:
    """A factor with its indices."""
    spelling = walk.spelling
    if node in walk.naming.parts:
        return walk.below(spelling.name(walk.naming.parts[node]), indices)
    match node:
        case Tensor():
            return walk.below(spelling.name(walk.naming.array(node)), indices)
        case Sum():
            return spelling.bracketed(_nested(walk, node, indices))
        case Einsum():
            return _body(walk, node, [(i,) for i in indices])
        case Call():
            return _call(walk, node, indices)


def _call(walk: _Walk, node: Call, indices: Sequence[str]) -> str:
    spelling, parts = walk.spelling, walk.naming.parts
    below = list(map(spelling.index, indices))
    if not node.args:
        return spelling.constant(node, below)
    if is_elementwise(node.function):
        args = [_argument(walk, arg, indices) for arg in node.args]
        return spelling.elementwise(node, args)
    batch = len(node.args[0].shape) - cores(node)[0][0]
    inner = [
        spelling.name(arg.name if isinstance(arg, Tensor) else parts[arg])
        for arg in node.args
    ]
    return spelling.cored(node, inner, below, batch)


def _argument(walk: _Walk, arg: Node, indices: Sequence[str]) -> str:
    if arg in walk.naming.parts or not isinstance(arg, (Sum, Einsum)):
        return _atom(walk, arg, indices)
    return _nested(walk, arg, indices)


def _nested(walk: _Walk, node: Node, indices: Sequence[str]) -> str:
    """The formula of a node within brackets."""
    walk.naming.inside += 1
    text = _body(walk, node, [(i,) for i in indices])
    walk.naming.inside -= 1
    return text


# -- products --------------------------------------------------------------------------


def _product(walk: _Walk, node: Einsum, outer: Sequence[Axis]) -> str:
    """δ, H and ones first, then the operands along the bonds."""
    spelling = walk.spelling
    names: dict[int, str] = {}
    places: dict[int, list[str]] = {}
    for group, axis in zip(node.out, outer, strict=True):
        for i, name in zip(group, axis, strict=False):
            names.setdefault(i, name)
            places.setdefault(i, []).append(name)
    carried = {i for _, legs in node.operands for i in legs}
    pieces = [
        Piece(spelling.size(node.dims[i]))
        for i in range(len(node.dims))
        if i not in carried and i not in places
    ]
    pieces += _copies(walk, places, carried)
    pieces += [
        Piece(walk.below(spelling.copy("1"), axis[:1]))
        for group, axis in zip(node.out, outer, strict=True)
        if not group
    ]
    operands, bound = _operands(walk, node, names, places.keys(), bool(pieces))
    inside = hidden(walk.naming.parts, node)
    told = [
        i
        for i, count in bound.items()
        if spelling.explicit or (count != 2 and walk.naming.inside) or i in inside
    ]
    if not told:
        return spelling.product([*pieces, *operands])
    sign = spelling.summed([spelling.index(names[i]) for i in told])
    front = [spelling.product(pieces)] if pieces else []
    return " ".join([*front, sign, spelling.product(operands)])


def _operands(
    walk: _Walk,
    node: Einsum,
    names: dict[int, str],
    free: Set[int],
    before: bool,
) -> tuple[list[Piece], dict[int, int]]:
    """The operands along the bonds, and how often each index that is summed stands in
    them; `names` learns the names of those. What stands alone above or below a bar
    needs no brackets; `before` says that there are other factors."""
    ordered = along_bonds(node, list(names))
    divisors = [_divisor(walk, child) for child, _ in ordered]
    below = sum(divisor is not None for divisor in divisors)
    alone = below > 0 and below == len(divisors) - 1 and not before
    bound: dict[int, int] = {}
    pieces = []
    for (child, legs), divisor in zip(ordered, divisors, strict=True):
        for i in legs:
            if i not in free:
                bound[i] = bound.get(i, 0) + 1
            if i not in names:
                names[i] = next(walk.naming.fresh)
        indices = [names[i] for i in legs]
        if divisor is not None:
            text = _below(walk, divisor, indices, below == 1)
            pieces.append(Piece(text, below=True))
        elif alone:
            pieces.append(Piece(_argument(walk, child, indices)))
        else:
            pieces.append(Piece(_atom(walk, child, indices)))
    return pieces, bound


def _divisor(walk: _Walk, child: Node) -> Node | None:
    return None if child in walk.naming.parts else walk.spelling.divisor(child)


def _below(walk: _Walk, node: Node, indices: Sequence[str], alone: bool) -> str:
    """A divisor, in brackets where it is a sum or a product and not the only one."""
    text = _argument(walk, node, indices)
    single = isinstance(node, (Tensor, Call)) or node in walk.naming.parts
    return text if alone or single else walk.spelling.bracketed(text)


def _copies(
    walk: _Walk, places: dict[int, list[str]], carried: set[int]
) -> list[Piece]:
    """What the result's indices need beside the operands: δ, H, ones."""
    texts = []
    for i, names in places.items():
        if len(names) > 1 or i not in carried:
            kind = {1: "1", 2: "δ"}.get(len(names), "H")
            texts.append(Piece(walk.below(walk.spelling.copy(kind), names)))
    return texts


def along_bonds(node: Einsum, known: list[int]) -> list[tuple[Node, tuple[int, ...]]]:
    """The operands in reading order: each next one hangs on what is already there."""
    rows = node.operands
    carriers: dict[int, list[int]] = {}
    for o, (_, legs) in enumerate(rows):
        for i in dict.fromkeys(legs):
            carriers.setdefault(i, []).append(o)
    rank = {i: k for k, i in enumerate(known)}
    queue = [(rank.get(i, inf), o) for i, held in carriers.items() for o in held]
    queue += [(-1, o) for o, (_, legs) in enumerate(rows) if not legs]
    heapify(queue)
    left, last = set(range(len(rows))), set[int]()
    ordered: list[tuple[Node, tuple[int, ...]]] = []
    while left:
        near = {o for i in last for o in carriers[i]} & left
        if near:
            chosen = min(
                near, key=lambda o: (min(rank.get(i, inf) for i in rows[o][1]), o)
            )
        else:
            chosen = heappop(queue)[1]
        if chosen not in left:
            continue
        left.remove(chosen)
        ordered.append(rows[chosen])
        fresh = [i for i in rows[chosen][1] if i not in rank]
        for i in fresh:
            rank[i] = len(rank)
        last = set(fresh)
        for i in last:
            for o in carriers[i]:
                heappush(queue, (rank[i], o))
    return ordered
