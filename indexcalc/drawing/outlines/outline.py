"""A diagram as nodes, clusters and joins in the order of reading, for text formats.

Every box, dot and end is a node with a name of its own; frames, terms and parts are
clusters, with a node for each port of a frame; wires are joins from left to right. What
keeps a row is a join without a wire. DOT and Mermaid are written from this.

>>> from ...diagrams.build import model_of
>>> from ...expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> outline = outline_of(model_of(einsum([(A, (0, 1)), (x, (1,))], [0])))
>>> [item.name for item in outline.items], len(outline.joins)
(['end 0', 'A#1', 'x#1'], 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Literal, NamedTuple, TypeAlias

from ...coefficients import Number
from ...diagrams.graph import is_variable, role_of
from ...diagrams.model import Box, Dot, End, Model, Network, Picture, Place, Wire
from ..faces import compact, shown_number
from .flow import Flow, Spot, flow_of, row_ends

#: How many nodes are held to a row: enough to keep it, whatever the number of terms.
FEW = 3


@dataclass(frozen=True, slots=True)
class Node:
    """A box, dot or end; with `port` that port of a frame; or a text, such as a sign.

    `arriving` are the ports at the left; `wired` says that a wire is fastened to it,
    `variable` that it is what was differentiated by.
    """

    name: str
    of: Box | Dot | End | str
    port: int | None = None
    arriving: tuple[int, ...] = ()
    wired: bool = True
    variable: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """The beginning of a cluster: round the contents of a box, an argument, a term (in
    a row, or stacked in a frame), a part beside the picture."""

    name: str
    kind: Literal["frame", "argument", "term", "stacked", "part"]
    label: str = ""
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the cluster that was opened last."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """A wire from the node at its left to that at its right, with the numbers of the
    ports where nodes have several; without a wire it only keeps the row.

    `named` says that the wire must be labelled: no end and no dot names its index.
    """

    first: str
    second: str
    ports: tuple[int | None, int | None] = (None, None)
    order: tuple[int | None, int | None] = (None, None)
    wire: Wire | None = None
    named: bool = False
    variable: bool = False


Item: TypeAlias = Node | Cluster | Close


@dataclass(frozen=True, slots=True)
class Outline:
    """Nodes and clusters nested as in the diagram, and then all joins."""

    items: tuple[Item, ...]
    joins: tuple[Join, ...]


def outline_of(model: Model) -> Outline:
    """The outline of a diagram."""
    writer = _Writer(frozenset(model.variables))
    writer.picture(model.picture, _Inside(row_ends(model.picture.ends)))
    for k, (name, picture) in enumerate(model.parts):
        writer.items.append(Cluster(f"part {k + 1}", "part", f"{name} ="))
        writer.picture(picture, _Inside(row_ends(picture.ends), f"part {k + 1}: "))
        writer.items.append(Close())
    return Outline(tuple(writer.items), tuple(writer.joins))


def framed(box: Box) -> bool:
    """Whether a box is a cluster round its contents."""
    return bool(box.contents) and not compact(box)


def signed(coefficient: Number, first: bool, alone: bool = False) -> str:
    """A coefficient with the sign that stands before its term; nothing for 1, unless it
    is all of the term.

    >>> signed(-2, True), signed(-1, False), signed(1, True), signed(1j, False)
    ('−2', '−', '', '+ 1j')
    >>> signed(1, True, True), signed(-1, False, True)
    ('1', '− 1')
    """
    text = shown_number(coefficient).replace("-", "−")
    negative = not isinstance(coefficient, complex) and text.startswith("−")
    sign = "−" if negative else "" if first else "+"
    size = text.removeprefix(sign) if negative else text
    shown = "" if size == "1" and not alone else size
    return sign + shown if first or not shown else f"{sign} {shown}"


# -- the walk --------------------------------------------------------------------------


class _Span(NamedTuple):
    """The nodes at the left and at the right of something."""

    first: tuple[str, ...]
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where a picture is written: which of its ends are at the left, the beginning of
    the names in it, and the nodes that stand for its first ends."""

    left: frozenset[int]
    prefix: str = ""
    ends: tuple[str, ...] = ()


@dataclass(slots=True)
class _Writer:
    """The items and joins so far, and the names that are taken."""

    variables: frozenset[str]
    items: list[Item] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def node(self, node: Node) -> str:
        """Adds a node; its name, of harmless letters only and no other's."""
        name = "".join(c if c.isalnum() or c in " _#:." else "_" for c in node.name)
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.items.append(replace(node, name=name))
        return name

    def row(self, left: Iterable[str], right: Iterable[str]) -> None:
        """Keeps the last of some nodes to the left of the first of others."""
        for one, other in product(tuple(left)[-FEW:], tuple(right)[:FEW]):
            self.joins.append(Join(one, other))

    def picture(self, picture: Picture, inside: _Inside) -> _Span:
        """The terms in a row, each after its sign; one above another where they share
        the ports of a frame."""
        if not picture.terms:
            return self._zero(picture, inside)
        several, stacked = len(picture.terms) > 1, bool(inside.ends)
        spans: list[_Span] = []
        for t, (coefficient, network) in enumerate(picture.terms):
            alone = not (network.boxes or network.dots or picture.ends)
            sign = signed(coefficient, t == 0, alone)
            prefix = f"{inside.prefix}term {t}: " if several else inside.prefix
            if several:
                kind: Literal["stacked", "term"] = "stacked" if stacked else "term"
                self.items.append(Cluster(f"{prefix}term", kind, sign))
            term = _Term(self, network, picture, replace(inside, prefix=prefix))
            spans.append(term.write("" if stacked and several else sign))
            if several:
                self.items.append(Close())
        return self._side_by_side(spans, stacked)

    def _side_by_side(self, spans: Sequence[_Span], stacked: bool) -> _Span:
        if stacked:
            first = tuple(name for span in spans for name in span.first)
            return _Span(first, tuple(name for span in spans for name in span.last))
        for left, right in pairwise(spans):
            self.row(left.last, right.first)
        return _Span(spans[0].first, spans[-1].last)

    def _zero(self, picture: Picture, inside: _Inside) -> _Span:
        zero = self.node(Node(f"{inside.prefix}zero", "0"))
        for k, end in enumerate(picture.ends):
            if k >= len(inside.ends):
                name = self.node(Node(f"{inside.prefix}end {k}", end, wired=False))
                self.row([name], [zero])
        return _Span((zero,), (zero,))


@dataclass(slots=True)
class _Term:
    """One product being written: the nodes of its boxes' ports, dots and ends, and the
    outermost nodes of all of them."""

    writer: _Writer
    network: Network
    picture: Picture
    inside: _Inside
    nodes: dict[Spot, tuple[str, ...]] = field(default_factory=dict)
    spans: dict[Spot, _Span] = field(default_factory=dict)

    def write(self, sign: str) -> _Span:
        """The nodes, frames and edges, after a sign that stands to the left."""
        flow = flow_of(self.network, len(self.picture.ends), self.inside.left)
        self._ends()
        for number, box in enumerate(self.network.boxes):
            self._box(number, box, flow.arriving.get(number, ()))
        self._dots()
        for wire, (a, b) in zip(self.network.wires, flow.wires, strict=True):
            self._wire(wire, a, b)
        return self._after(sign, self._span(flow))

    def _after(self, sign: str, span: _Span) -> _Span:
        if not sign:
            return span
        node = self.writer.node(Node(f"{self.inside.prefix}sign", sign))
        self.writer.row([node], span.first)
        return _Span((node,), span.last or (node,))

    def _span(self, flow: Flow) -> _Span:
        """The outermost nodes: ends, then where reading starts and stops."""
        own = range(len(self.inside.ends), len(self.picture.ends))
        left: list[Spot] = [("end", k) for k in own if k in self.inside.left]
        right: list[Spot] = [("end", k) for k in own if k not in self.inside.left]
        first = [name for spot in left or flow.first for name in self.spans[spot].first]
        ends = [*right, *flow.last] or left
        last = [name for spot in ends for name in self.spans[spot].last]
        return _Span(tuple(first), tuple(last))

    def _add(self, spot: Spot, node: Node) -> None:
        name = self.writer.node(node)
        self.nodes[spot] = (name,)
        self.spans[spot] = _Span((name,), (name,))

    def _ends(self) -> None:
        for k, end in enumerate(self.picture.ends):
            if k < len(self.inside.ends):
                self.nodes["end", k] = (self.inside.ends[k],)
            else:
                self._add(("end", k), Node(f"{self.inside.prefix}end {k}", end))

    def _dots(self) -> None:
        wired = {place[:2] for wire in self.network.wires for place in wire.places}
        for d, dot in enumerate(self.network.dots):
            name, on_wire = f"{self.inside.prefix}dot {d}", ("dot", d) in wired
            self._add(("dot", d), Node(name, dot, wired=on_wire))

    # -- boxes

    def _box(self, number: int, box: Box, arriving: Sequence[int]) -> None:
        if framed(box):
            self._frame(number, box, arriving)
            return
        variable = is_variable(box, self.writer.variables)
        node = Node(box.id, box, arriving=tuple(arriving), variable=variable)
        self._add(("box", number), node)

    def _frame(self, number: int, box: Box, arriving: Sequence[int]) -> None:
        """A cluster with a small circle for every port, and the contents in it."""
        self.writer.items.append(Cluster(box.id, "frame", box.label, box))
        ports = tuple(
            self.writer.node(Node(f"{box.id} port {k + 1}", box, k))
            for k in range(len(box.ports))
        )
        spans = [
            self._content(box, c, ports, arriving) for c in range(len(box.contents))
        ]
        self.writer.items.append(Close())
        first = tuple(name for span in spans for name in span.first)
        last = tuple(name for span in spans for name in span.last)
        left = tuple(name for k, name in enumerate(ports) if k in arriving)
        right = tuple(name for k, name in enumerate(ports) if k not in arriving)
        own = frozenset(ports[box.passing :])
        self.writer.row((name for name in left if name in own), first[:1])
        self.writer.row(last[-1:], (name for name in right if name in own))
        self.nodes["box", number] = ports
        self.spans["box", number] = _Span(left or first, (*right, *last))

    def _content(
        self, box: Box, number: int, ports: Sequence[str], arriving: Sequence[int]
    ) -> _Span:
        content, given = box.contents[number], tuple(ports[: box.passing])
        left = frozenset(k for k in arriving if k < len(given))
        consumed = frozenset(range(len(given), len(content.ends))[:1])
        several = len(box.contents) > 1
        prefix = f"{box.id} argument {number}: " if several else f"{box.id}: "
        if several:
            opened = Cluster(f"{prefix}argument", "argument", str(number + 1))
            self.writer.items.append(opened)
        inside = _Inside(left or consumed or frozenset({0}), prefix, given)
        span = self.writer.picture(content, inside)
        if several:
            self.writer.items.append(Close())
        return span

    # -- wires

    def _wire(self, wire: Wire, a: Place, b: Place) -> None:
        (first, p), (second, q) = self._at(a), self._at(b)
        variable = role_of(wire, self.network, self.picture) == "variable"
        order = (self._order(a), self._order(b))
        named = self._names(wire)
        join = Join(first, second, (p, q), order, wire, named, variable)
        self.writer.joins.append(join)

    def _names(self, wire: Wire) -> bool:
        """Whether a wire names its index: no end and no dot does."""
        for kind, number, _ in wire.places:
            if kind == "end" and number >= len(self.inside.ends):
                return False
            if kind == "dot" and self.network.dots[number].name == wire.name:
                return False
        return True

    def _at(self, place: Place) -> tuple[str, int | None]:
        """The node of a place, and the port where it has several."""
        kind, number, port = place
        names = self.nodes[kind, number]
        if kind != "box":
            return names[0], None
        box = self.network.boxes[number]
        if framed(box):
            return names[port], None
        return names[0], port if len(box.ports) > 1 else None

    def _order(self, place: Place) -> int | None:
        """The place of an index in the end of a grouped axis."""
        kind, number, port = place
        grouped = kind == "end" and len(self.picture.ends[number].names) > 1
        return port if grouped else None
