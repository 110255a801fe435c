"""Diagrams as Mermaid flowcharts, for Markdown pages that draw them; lossy.

Mermaid has no ports, so which axis of a box a wire is fastened to is only told by the
names of the indices; the text says so. Names never become markup.

>>> from ...diagrams.build import model_of
>>> from ...expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> text = mermaid_text(model_of(einsum([(A, (0, 1)), (x, (1,))], [0])))
>>> for line in text.splitlines()[:8]:
...     print(line)
flowchart LR
    %% lossy: the order of axes and the sizes of inner wires are not shown
    n0["i: m"]:::free
    n1["A<br/>m×n"]
    n2(("x"))
    n0 --- n1
    n1 ---|"j"| n2
    classDef free fill:none,stroke:none
"""

from __future__ import annotations

from collections.abc import Mapping

from ...diagrams.model import Box, Dot, End, Model
from ...sizes import shape_text, size_text
from ..faces import end_label, face_of, harmless, is_symmetric_box
from ..graphics.themes import style_of
from .dot_looks import shortened
from .outline import Close, Cluster, Item, Join, Node, outline_of

#: The longest text of a label; longer ones are cut.
LONGEST = 40

_INK, _AMBER = (style_of("light", role).ink for role in ("dot", "wire variable"))
_RED = style_of("light", "name variable").ink

#: How the classes of nodes look.
CLASSES = {
    "free": "fill:none,stroke:none",
    "amber": f"fill:none,stroke:none,color:{_AMBER}",
    "dot": f"fill:{_INK},stroke:{_INK},color:#ffffff",
    "port": "fill:none",
    "red": f"stroke:{_RED},stroke-width:3px,color:{_RED}",
}

#: How clusters look, by the form of the frame or the kind of the cluster.
_FRAMES = {
    "elementwise": "fill:none,stroke-dasharray:2 4",
    "loop": f"fill:none,stroke:{_AMBER},stroke-width:2px,color:{_AMBER}",
    "term": "fill:none,stroke:none",
    "stacked": "fill:none,stroke-dasharray:2 4",
    "argument": "fill:none,stroke-dasharray:2 4",
}


def mermaid_text(model: Model) -> str:
    """The diagram as a flowchart of Mermaid."""
    outline = outline_of(model)
    nodes = [item.name for item in outline.items if isinstance(item, Node)]
    names = {name: f"n{k}" for k, name in enumerate(nodes)}
    lines = [
        "flowchart LR",
        "    %% lossy: the order of axes and the sizes of inner wires are not shown",
    ]
    styles: list[str] = []
    depth, clusters = 1, 0
    for item in outline.items:
        clusters += isinstance(item, Cluster)
        depth -= isinstance(item, Close)
        lines.append("    " * depth + _line(item, names, f"c{clusters}"))
        depth += isinstance(item, Cluster)
        if isinstance(item, Cluster):
            lines.append("    " * depth + "direction LR")
            styles.append(f"    style c{clusters} {_frame(item)}")
    lines += [f"    {_link(join, names)}" for join in outline.joins]
    return "\n".join([*lines, *styles, *_classes(lines), *_amber(outline.joins)]) + "\n"


def mermaid_quoted(text: str) -> str:
    """A text as a label of Mermaid: what could mean something to it is an entity.

    >>> mermaid_quoted('a"b#<i>')
    '"a#34;b#35;#60;i#62;"'
    """
    shown = harmless(shortened(text, LONGEST + 1))
    return f'"{"".join(map(_letter, shown))}"'


def _letter(c: str) -> str:
    return c if c.isalnum() or c in _PLAIN else f"#{ord(c)};"


#: What stands in a label as it is, beside letters and digits.
_PLAIN = frozenset(" ,:()×·→−…⁻¹²³ᵀ")


def _line(item: Item, names: Mapping[str, str], cluster: str) -> str:
    match item:
        case Node():
            return f"{names[item.name]}{_node(item)}"
        case Close():
            return "end"
        case Cluster():
            return f"subgraph {cluster}[{mermaid_quoted(_cluster_label(item))}]"


def _cluster_label(cluster: Cluster) -> str:
    """The name of a cluster, which may not be empty."""
    label = "" if cluster.kind == "term" else cluster.label
    if cluster.box is not None:
        label = face_of(cluster.box).text
    return label or " "


def _frame(cluster: Cluster) -> str:
    form = face_of(cluster.box).form if cluster.box else cluster.kind
    return _FRAMES.get(form, "fill:none")


def _node(node: Node) -> str:
    match node.of:
        case str():
            return f"[{mermaid_quoted(node.of)}]:::free"
        case End():
            label = ": ".join(part for part in end_label(node.of) if part)
            kind = "free" if node.of.role == "value" else "amber"
            return f"[{mermaid_quoted(label)}]:::{kind}"
        case Dot():
            label = node.of.name if node.wired else size_text(node.of.size)
            return f"(({mermaid_quoted(label)}))" + ":::dot" * node.wired
        case box:
            return _box(box, node)


def _box(box: Box, node: Node) -> str:
    if node.port is not None:
        return f"(({mermaid_quoted(str(node.port + 1))})):::port"
    text = "⊗" if box.kind == "wedge" else face_of(box).text
    red = ":::red" * node.variable
    if len(box.ports) < 2:
        shown, plain = mermaid_quoted(text), red or ":::free"
        return f"(({shown})){red}" if box.ports else f"[{shown}]{plain}"
    return _matrix(box, text, node.arriving) + red


def _matrix(box: Box, text: str, arriving: tuple[int, ...]) -> str:
    """A box with its shape; a matrix that is read from its last axis is transposed."""
    symmetric = len(box.ports) == 2 and is_symmetric_box(box)
    turned = len(box.ports) == 2 and arriving == (1,) and not symmetric
    shape = shape_text(box.ports[::-1] if turned else box.ports)
    shown = mermaid_quoted(shortened(text, LONGEST) + "ᵀ" * turned)
    lines = f"{shown[:-1]}<br/>{mermaid_quoted(shape)[1:]}"
    return f"({lines})" if symmetric else f"[{lines}]"


# -- links -----------------------------------------------------------------------------


def _link(join: Join, names: Mapping[str, str]) -> str:
    first, second = names[join.first], names[join.second]
    if join.wire is None:
        return f"{first} ~~~ {second}"
    order = [str(k + 1) for k in join.order if k is not None]
    label = " ".join([*([join.wire.name] if join.named or order else []), *order])
    line = "-.-" if join.variable else "---"
    told = f"|{mermaid_quoted(label)}|" if label else ""
    return f"{first} {line}{told} {second}"


def _amber(joins: tuple[Join, ...]) -> list[str]:
    """The colour of the wires of the variable, by their numbers among all links."""
    numbers = [str(k) for k, join in enumerate(joins) if join.variable]
    if not numbers:
        return []
    return [f"    linkStyle {','.join(numbers)} stroke:{_AMBER}"]


def _classes(lines: list[str]) -> list[str]:
    """The classes in use."""
    used = {line.rpartition(":::")[2] for line in lines if ":::" in line}
    return [f"    classDef {k} {look}" for k, look in CLASSES.items() if k in used]
