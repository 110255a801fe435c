r"""Diagrams as Graphviz: the whole model in DOT, places are left to `dot`.

A box is a record whose fields are its ports, numbered from 1 in the order of its axes:
those at which wires arrive at its left. Vectors are circles, copy tensors points, ends
plain text, frames clusters with a small circle for every port; what is differentiated
by has dashed amber wires, and the variable itself is red. Every edge carries its index
and size as a comment. Names never become markup.

>>> from indexcalc.diagrams.build import model_of
>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> text = dot_text(model_of(einsum([(A, (0, 1)), (x, (1,))], [0])))
>>> for line in text.splitlines()[4:]:
...     print(line)
  "end 0" [shape=plaintext, label="i  m"];
  "A#1" [shape=record, label="{<p1> 1|A|<p2> 2}", tooltip="A, m×n"];
  "x#1" [shape=circle, label="x", tooltip="x, n"];
  "end 0" -- "A#1":p1 [comment="index i, size m"];
  "A#1":p2 -- "x#1" [label="j", comment="index j, size n"];
}
"""

from __future__ import annotations

from ...diagrams.model import Dot, End, Model
from ...sizes import size_text
from .dot_looks import (
    AMBER,
    CLUSTER,
    ROW,
    Look,
    box_look,
    dot_look,
    dot_quoted,
    end_look,
    frame_look,
    port_look,
    words,
)
from .outline import Close, Cluster, Item, Join, Node, outline_of

_HEAD = (
    'graph "diagram" {',
    "  // Ports of records are axes, counted from 1; p1 is the first, at the bar.",
    "  graph [rankdir=LR, nodesep=0.25, ranksep=0.45, fontsize=12];",
    "  node [fontsize=13, height=0.3, width=0.3, margin=0.06]; edge [fontsize=11];",
)


def dot_text(model: Model) -> str:
    """The diagram as a graph of Graphviz, to be drawn by `dot`.

    Edges stand after all clusters: one that mentions a node would draw it in.
    """
    outline = outline_of(model)
    lines, depth, clusters = list(_HEAD), 1, 0
    for item in outline.items:
        clusters += isinstance(item, Cluster)
        depth -= isinstance(item, Close)
        lines += ["  " * depth + line for line in _lines(item, clusters)]
        depth += isinstance(item, Cluster)
    return "\n".join([*lines, *map(_edge, outline.joins), "}", ""])


def _lines(item: Item, number: int) -> list[str]:
    match item:
        case Node():
            return [f'"{item.name}" {_options(_node_look(item))};']
        case Close():
            return ["}"]
        case Cluster():
            look = CLUSTER | dict(_cluster_look(item))
            options = [f"{name}={value}" for name, value in look.items()]
            return [f"subgraph cluster{number} {{", f"  graph {_options(options)};"]


def _options(options: list[str]) -> str:
    return f"[{', '.join(option for option in options if option)}]"


def _node_look(node: Node) -> list[str]:
    match node.of:
        case str():
            return ["shape=plaintext", f"label={words(node.of)}"]
        case End():
            return end_look(node.of)
        case Dot():
            return dot_look(node.of, node.wired)
        case box:
            if node.port is not None:
                return port_look(box, node.port)
            return box_look(box, node.arriving, node.variable)


def _cluster_look(cluster: Cluster) -> Look:
    """What differs from other clusters; a term in a row is not seen."""
    label = words(cluster.label)
    match cluster.kind:
        case "frame":
            return frame_look(cluster.box) if cluster.box else {}
        case "term":
            return {"peripheries": "0"}
        case "argument":
            return {"label": label, "style": "dotted"}
        case "stacked":
            return {"label": label, "style": "dotted", "color": "gray60"}
        case "part":
            return {"label": label, "color": "gray60"}


def _edge(join: Join) -> str:
    ports = ["" if port is None else f":p{port + 1}" for port in join.ports]
    ends = f'"{join.first}"{ports[0]} -- "{join.second}"{ports[1]}'
    return f"  {ends} {_options(_edge_look(join))};"


def _edge_look(join: Join) -> list[str]:
    if join.wire is None:
        return list(ROW)
    sides = zip(("tail", "head"), join.order, strict=True)
    order = [f'{side}label="{k + 1}"' for side, k in sides if k is not None]
    label = f"label={words(join.wire.name)}" if join.named else ""
    told = f"index {join.wire.name}, size {size_text(join.wire.size)}"
    amber = AMBER if join.variable else ""
    return [label, *order, amber, f"comment={dot_quoted(told)}"]
