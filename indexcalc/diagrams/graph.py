"""A diagram as a networkx graph: what is joined to what, for any other program.

Nodes are boxes (by their id), dots and ends (by their place); edges are wires. An edge
says at which ports it is fastened, so the graph holds the whole diagram: axes keep
their order, the contents of a frame are nodes with `inside`, the id of the frame, and
an edge of kind "passes" leads from each port that goes on inside to the content's end.

Attributes are texts, integers and booleans, and absent where they say nothing:

- of every node: `kind`, which is "dot", "end" or the kind of a box; `term`, the number
  of the product it is in, and that term's `coefficient`; `inside` and `argument` in a
  frame, `part` in a part;
- of a box: `label`, `shape` (sizes, a space between), `order`, `structure`, `constant`,
  `function`, `parameters`, `core` (ports of its own), `variable` where it is what was
  differentiated by, `by` the variable of a loop;
- of a dot: `index`, `size`; of an end: `index`, `size`, `role`, `axis`, and
  `of`, the variable whose axis it is;
- of an edge: `kind` ("wire" or "passes"), `index`, `size`, `role` ("variable" for an
  axis of the variable, at an end or at a loop), and `first`, `first_port`, `second`,
  `second_port`, the nodes and ports that it joins, counted from 0.

The graph itself has `layout`, `variables` and `terms`, a list of what every picture is
the sum of, since a term may consist of a number alone.

>>> from indexcalc.diagrams.build import model_of
>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> graph = graph_of(model_of(einsum([(A, (0, 1)), (x, (1,))], [0])))
>>> [(n, kind) for n, kind in graph.nodes(data="kind")]
[('A#1', 'tensor'), ('x#1', 'tensor'), ('end 0', 'end')]
>>> [(e["index"], e["first_port"]) for _, _, e in graph.edges(data=True)]
[('i', 0), ('j', 1)]
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..coefficients import number_text
from ..sizes import size_text
from .documents import param_entry
from .model import Box, Dot, End, Model, Network, Picture, Wire, pictures
from .validity import shape_of

if TYPE_CHECKING:
    import networkx

Attributes = dict[str, Any]


def graph_of(model: Model) -> networkx.MultiGraph:
    """The diagram as a `networkx.MultiGraph`."""
    import networkx

    graph = networkx.MultiGraph(
        layout=model.layout, variables=list(model.variables), terms=[]
    )
    made = _Made(graph, frozenset(model.variables), _box_ids(model))
    made.picture(model.picture, _Where())
    for name, picture in model.parts:
        made.picture(picture, _Where(f"{name}: ", {"part": name}))
    return graph


def _box_ids(model: Model) -> set[str]:
    return {box.id for p in pictures(model) for _, net in p.terms for box in net.boxes}


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a picture is: the beginning of the names of its dots and ends, what they
    are told about it, the frame round it and how many ends go on outside."""

    prefix: str = ""
    told: Attributes = field(default_factory=dict)
    frame: str = ""
    passing: int = 0


@dataclass(slots=True)
class _Made:
    """The graph being made, and the names that are taken."""

    graph: Any
    variables: frozenset[str]
    taken: set[str]

    def picture(self, picture: Picture, where: _Where) -> None:
        """Adds a picture and what is in its frames."""
        terms = picture.terms or ((0, Network((), (), ())),)
        for number, (coefficient, network) in enumerate(terms):
            told = {**where.told, "term": number}
            told["coefficient"] = number_text(coefficient)
            self.graph.graph["terms"].append(told)
            prefix = f"{where.prefix}term {number}: " * (len(terms) > 1)
            names = self._nodes(network, picture, prefix or where.prefix, told)
            self._wires(network, picture, names)
            self._passages(picture, names, where)
            for box in network.boxes:
                self._contents(box, where.told)

    def _nodes(
        self, network: Network, picture: Picture, prefix: str, told: Attributes
    ) -> dict[tuple[str, int], str]:
        """The nodes of a network; the names they have, by kind and number."""
        names: dict[tuple[str, int], str] = {}
        for b, box in enumerate(network.boxes):
            names["box", b] = box.id
            self.graph.add_node(box.id, **_box_attributes(box, self.variables), **told)
        for d, dot in enumerate(network.dots):
            names["dot", d] = self._named(f"{prefix}dot {d}")
            self.graph.add_node(names["dot", d], **_dot_attributes(dot), **told)
        for e, end in enumerate(picture.ends):
            names["end", e] = self._named(f"{prefix}end {e}")
            self.graph.add_node(names["end", e], **_end_attributes(end, e), **told)
        return names

    def _named(self, wanted: str) -> str:
        """The name itself, with strokes where a box is called so."""
        while wanted in self.taken:
            wanted += "′"
        self.taken.add(wanted)
        return wanted

    def _wires(
        self, network: Network, picture: Picture, names: dict[tuple[str, int], str]
    ) -> None:
        for wire in network.wires:
            (first, a), (second, b) = [
                (names[kind, number], port) for kind, number, port in wire.places
            ]
            joins = _joins(first, a, second, b)
            role = role_of(wire, network, picture)
            told = {"kind": "wire", "index": wire.name, "size": size_text(wire.size)}
            self.graph.add_edge(first, second, **told, role=role, **joins)

    def _passages(
        self, picture: Picture, names: dict[tuple[str, int], str], where: _Where
    ) -> None:
        """The edges from a frame's ports to the ends inside."""
        shape = shape_of(picture)[: where.passing]
        for port, (end, size) in enumerate(zip(picture.ends, shape, strict=False)):
            joins = _joins(where.frame, port, names["end", port], 0)
            told = {"kind": "passes", "index": end.name, "size": size_text(size)}
            self.graph.add_edge(
                where.frame, names["end", port], **told, role=end.role, **joins
            )

    def _contents(self, box: Box, told: Attributes) -> None:
        for number, content in enumerate(box.contents):
            several = f" argument {number}" * (len(box.contents) > 1)
            inside = {**told, "inside": box.id, "argument": number}
            self.picture(
                content, _Where(f"{box.id}{several}: ", inside, box.id, box.passing)
            )


# -- attributes ------------------------------------------------------------------------


def role_of(wire: Wire, network: Network, picture: Picture) -> str:
    """ "variable" for a wire of an axis of the variable, else "value"."""
    for kind, number, port in wire.places:
        if kind == "end" and picture.ends[number].role == "variable":
            return "variable"
        if kind == "box" and _is_amber(network.boxes[number], port):
            return "variable"
    return "value"


def _is_amber(box: Box, port: int) -> bool:
    return box.kind == "loop" and port >= box.passing


def _joins(first: str, a: int, second: str, b: int) -> Attributes:
    return {"first": first, "first_port": a, "second": second, "second_port": b}


def _box_attributes(box: Box, variables: frozenset[str]) -> Attributes:
    leaf = box.tensor
    found = {
        "kind": box.kind,
        "label": box.label,
        "shape": " ".join(map(size_text, box.ports)),
        "order": len(box.ports),
        "structure": leaf.structure if leaf else "",
        "constant": leaf is not None and leaf.array is not None,
        "by": leaf.name if leaf and box.kind == "loop" else "",
        "variable": is_variable(box, variables),
        "function": box.function,
        "parameters": json.dumps([param_entry(p) for p in box.params]),
        "core": box.core,
    }
    return {name: value for name, value in found.items() if _says(name, value)}


def is_variable(box: Box, variables: Container[str]) -> bool:
    """Whether a box is a tensor that was differentiated by."""
    leaf = box.tensor
    return (
        box.kind == "tensor"
        and leaf is not None
        and leaf.array is None
        and leaf.name in variables
    )


def _says(name: str, value: object) -> bool:
    """Whether an attribute says anything: most are left out where they are empty."""
    if name in ("kind", "label", "shape", "order"):
        return True
    return bool(value) and value != "[]"


def _dot_attributes(dot: Dot) -> Attributes:
    return {"kind": "dot", "index": dot.name, "size": size_text(dot.size)}


def _end_attributes(end: End, axis: int) -> Attributes:
    sizes = " ".join(map(size_text, end.sizes))
    told = {"kind": "end", "index": " ".join(end.names), "size": sizes}
    return {**told, "role": end.role, "axis": axis} | ({"of": end.of} if end.of else {})
