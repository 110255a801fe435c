"""The plan of a value for networkx, Graphviz and Mermaid.

All say what the cards of `plan_scene` say; places are left to those programs. Names
are text only, whatever is in them.

>>> from indexcalc.ways_in import tensor
>>> A, x = tensor("A", "m n"), tensor("x", "n")
>>> print(plan_mermaid((A @ x).plan(m=20, n=10)))
flowchart TD
    %% plan for m=20, n=10 (float64)
    n0(["A<br/>20×10"])
    n1(["x<br/>10"])
    n2["t1 #61; A #64; x<br/>ij,j→i, 20<br/>400 flop, 100#37;<br/>largest array"]
    n3(["result<br/>20"])
    n0 --> n2
    n1 --> n2
    n2 --> n3
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...planning.report import PlanReport
from ..faces import harmless
from ..outlines.dot_looks import dot_quoted, dot_tip, shortened
from ..outlines.mermaid import mermaid_quoted
from .nodes import PlanNode, caption_lines, flops_text, plan_nodes, shape_text


def plan_graph(report: PlanReport) -> Any:
    """The plan as a `networkx.MultiDiGraph`.

    Nodes are the keys of `plan_nodes` in their order, with `role` ("input", "step",
    "result"), `name`, `shape`, and for a step `kind`, `form`, `spec`, `flops`, `bytes`,
    `seconds`, `share` and `largest`. An edge from an operand to its user has `position`
    among the operands and `read`, the name by which it is read, such as "t1.T"; it
    is there as often as it is used.
    """
    import networkx

    graph = networkx.MultiDiGraph(
        mode=report.mode, flops=report.flops, peak=report.peak, dtype=report.dtype
    )
    for node in plan_nodes(report):
        graph.add_node(node.key, **_attributes(node))
        for position, (source, read) in enumerate(node.operands):
            graph.add_edge(source, node.key, position=position, read=read)
    return graph


def _attributes(node: PlanNode) -> dict[str, Any]:
    found: dict[str, Any] = {"role": node.role, "name": node.name, "shape": node.shape}
    if node.step is not None:
        step = node.step
        found |= {"kind": step.kind, "form": step.form, "spec": step.spec}
        found |= {"flops": step.flops, "bytes": step.bytes, "seconds": step.seconds}
        found |= {"share": node.share, "largest": node.largest}
    return found


def plan_dot(report: PlanReport) -> str:
    """The plan as a digraph of Graphviz; operands are in the order of `position`."""
    nodes = plan_nodes(report)
    numbers = {node.key: f"n{k}" for k, node in enumerate(nodes)}
    caption = _dot_lines(caption_lines(report))
    lines = [
        "digraph plan {",
        f"  graph [rankdir=TB, ordering=in, labelloc=b, fontsize=11, label={caption}];",
        "  node [fontsize=12]; edge [arrowsize=0.6];",
    ]
    lines += [f"  {numbers[node.key]} [{_dot_style(node)}];" for node in nodes]
    for user, source, position, read in _edges(nodes):
        tip = f"position={position}, tooltip={dot_tip(read)}"
        lines.append(f"  {numbers[source]} -> {numbers[user]} [{tip}];")
    return "\n".join([*lines, "}", ""])


def plan_mermaid(report: PlanReport) -> str:
    """The plan as a flowchart of Mermaid."""
    nodes = plan_nodes(report)
    numbers = {node.key: f"n{k}" for k, node in enumerate(nodes)}
    lines = ["flowchart TD", f"    %% {_comment(caption_lines(report)[0])}"]
    for node in nodes:
        text = "<br/>".join(mermaid_quoted(line)[1:-1] for line in _lines(node))
        shape = f'["{text}"]' if node.step else f'(["{text}"])'
        lines.append(f"    {numbers[node.key]}{shape}")
    lines += [
        f"    {numbers[source]} --> {numbers[user]}"
        for user, source, _, _ in _edges(nodes)
    ]
    return "\n".join(lines)


def _edges(nodes: list[PlanNode]) -> Iterator[tuple[str, str, int, str]]:
    for node in nodes:
        for position, (source, read) in enumerate(node.operands):
            yield node.key, source, position, read


def _lines(node: PlanNode) -> list[str]:
    shape = shape_text(node.shape)
    if node.step is None:
        return [text for text in (harmless(node.name), shape) if text]
    about = ", ".join(text for text in (node.spec, shape) if text)
    cost = f"{flops_text(node)}, {node.share:.0%}"
    lines = [f"{harmless(node.name)} = {node.form}", about, cost]
    return [*lines, "largest array"] if node.largest else lines


def _dot_style(node: PlanNode) -> str:
    label = _dot_lines(_lines(node))
    shape = "box" if node.step else "box, style=rounded"
    double = ", peripheries=2" if node.largest else ""
    weight = f", penwidth={1 + 2 * node.share:.2f}" if node.step else ""
    return f"label={label}, shape={shape}{double}{weight}"


def _dot_lines(lines: Sequence[str]) -> str:
    """Lines one below the other."""
    return (
        '"' + "\\n".join(dot_quoted(shortened(line, 90))[1:-1] for line in lines) + '"'
    )


#: What a comment of Mermaid may hold beside letters and digits.
_PLAIN = frozenset(" ,=().")


def _comment(text: str) -> str:
    return "".join(c if c.isalnum() or c in _PLAIN else " " for c in text)
