"""Diagrams as DOT and Mermaid: nothing missing, names stay text, Graphviz reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

import indexcalc as ic
from indexcalc.diagrams.build import model_of
from indexcalc.diagrams.model import Box, End, Model, Network, Picture, Wire, networks
from indexcalc.drawing.faces import harmless, shown_name
from indexcalc.drawing.outlines.dot import dot_text
from indexcalc.drawing.outlines.dot_looks import dot_field, dot_quoted, shortened
from indexcalc.drawing.outlines.mermaid import mermaid_quoted, mermaid_text
from indexcalc.drawing.outlines.outline import framed
from indexcalc.expr import einsum, tensor
from tests.hostile_names import HOSTILE
from tests.test_diagram_documents import expressions, hostile_model

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="Graphviz is not installed"
)


def diagram(text: str, by: str = "", **shapes: str) -> Model:
    """The model of an expression, or of its derivative."""
    e = ic.parse(text, **shapes)
    model = (e.diff(by) if by else e).diagram().model
    assert isinstance(model, Model)
    return model


def drawn(text: str) -> str:
    """What Graphviz draws from a text, as SVG."""
    run = subprocess.run(
        ["dot", "-Tsvg"], input=text.encode(), capture_output=True, timeout=60
    )
    assert run.returncode == 0, run.stderr.decode()
    assert not run.stderr, run.stderr.decode()
    return run.stdout.decode()


# -- DOT -------------------------------------------------------------------------------


def test_the_order_of_ports_is_readable() -> None:
    """Aᵀ has its second port at the left; every edge says which field it is on."""
    text = dot_text(diagram("A'*x", A="m n", x="m"))
    assert '"A#1" [shape=record, label="{<p2> 2|A|<p1> 1}"' in text
    assert '"A#1":p1 -- "x#1" [label="j", comment="index j, size m"]' in text


def test_marks() -> None:
    """Symmetric matrices are rounded, vectors circles, dots points, ends plain."""
    S, x, y = tensor("S", ("n", "n"), "symmetric"), *(tensor(c, ("n",)) for c in "xy")
    operands = [(S, (0, 1)), (x, (1,)), (y, (1,)), (tensor("c", ()), ())]
    model = model_of(einsum(operands, [0]))
    text = dot_text(model)
    for look in (
        '"S#1" [shape=Mrecord',
        '"x#1" [shape=circle',
        '"c#1" [shape=plaintext',
        '"dot 0" [shape=point, width=0.09, xlabel="j"',
        '"end 0" [shape=plaintext, label="i  n"]',
    ):
        assert look in text


def test_the_derivative_is_amber_and_dashed() -> None:
    """So are its wires; the variable is red where it is still there."""
    text = dot_text(diagram("exp(X*a)", "a", X="m n", a="n"))
    assert 'label="j  n", fontcolor="#a85a00"' in text
    assert 'color="#a85a00", style=dashed' in text
    assert re.search(r'"a#1" \[shape=circle.*color="#b3201f"', text)


def test_frames_are_clusters_with_ports() -> None:
    """The contents of a frame are joined to its ports."""
    text = dot_text(diagram("exp(A*B)", A="m n", B="n m"))
    assert 'label="exp"' in text
    assert '"exp#1 port 1" -- "A#1":p1' in text
    assert '"B#1":p2 -- "exp#1 port 2"' in text


def test_terms_stand_in_a_row() -> None:
    """Signs and coefficients are nodes, kept between the terms."""
    text = dot_text(diagram("A*B - C/2", A="m n", B="n m", C="m m"))
    labels = re.findall(r'sign" \[shape=plaintext, label="([^"]*)"', text)
    assert labels in (["+", "−1/2"], ["−1/2", "+"])
    assert "style=invis" in text


def test_every_wire_is_an_edge() -> None:
    """As many edges with an index as wires that are drawn."""
    for text, node in expressions(40):
        model = model_of(node)
        boxes = [box for network in networks(model) for box in network.boxes]
        if any(box.contents and not framed(box) for box in boxes):
            continue
        count = sum(len(network.wires) for network in networks(model))
        assert dot_text(model).count('comment="index') == count, text


def test_zero_and_numbers() -> None:
    """Zero keeps its ends, a number is a node."""
    zero = Model(Picture((End(("i",), (3,)),), ()))
    assert 'label="0"' in dot_text(zero)
    assert '"end 0"' in dot_text(zero)
    two = Model(Picture((), ((2, Network((), (), ())),)))
    assert 'label="2"' in dot_text(two)


@needs_dot
def test_graphviz_reads_everything() -> None:
    """Random diagrams, without a warning, the same bytes twice."""
    for _, node in expressions(12):
        text = dot_text(model_of(node))
        assert text == dot_text(model_of(node))
        drawn(text)


@needs_dot
def test_hostile_names_stay_text() -> None:
    """Graphviz shows every name as it is, cut where it is long, and nothing else."""
    svg = drawn(dot_text(hostile_model()))
    root = ET.fromstring(svg)
    shown = {"".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")}
    told = [e.get("{http://www.w3.org/1999/xlink}title") for e in root.iter()]
    for name in filter(None, HOSTILE):
        cut = shortened(shown_name(name))
        assert cut.replace(" ", "\u00a0") in {s.replace(" ", "\u00a0") for s in shown}
        tip = harmless(name).replace("\\", "⧵")
        assert any(tip in title for title in told if title)


def test_texts_are_escaped() -> None:
    """No quote, escape or entity survives; nor do the specials of records."""
    for name in HOSTILE:
        inner = dot_quoted(name)[1:-1]
        assert '"' not in inner
        assert "\\" not in inner.replace("\\\\", "")
        assert inner.isprintable() or "\u202e" not in inner
        assert not re.search(r"(?<!\\)[{}|<> ]", dot_field(name))


# -- Mermaid ---------------------------------------------------------------------------


def test_mermaid() -> None:
    """It says that it is lossy; transposes are seen from how they are read."""
    text = mermaid_text(diagram("A'*x", A="m n", x="m"))
    assert text.startswith("flowchart LR\n    %% lossy")
    assert 'n1["Aᵀ<br/>n×m"]' in text
    assert 'n1 ---|"j"| n2' in text


def test_mermaid_marks_the_derivative() -> None:
    """Dashed links of its colour, by their number."""
    text = mermaid_text(diagram("exp(X*a)", "a", X="m n", a="n"))
    number = re.search(r"linkStyle (\d+) stroke:#a85a00", text)
    assert number
    links = re.findall(r"^ +n\d+ (?:---|-\.-|~~~).*$", text, re.MULTILINE)
    assert "-.-" in links[int(number[1])]


def test_hostile_names_in_mermaid() -> None:
    """Every label is of letters, digits, entities and harmless signs."""
    label = re.compile(r"(?:[^\W]|[ ,:()×·→−…⁻¹²³ᵀ◦_]|#\d+;|<br/>)*")
    text = mermaid_text(hostile_model())
    for line in text.splitlines():
        for inside in re.findall(r'"(.*?)"', line):
            assert label.fullmatch(inside), inside
    assert mermaid_quoted("#quot;") == '"#35;quot#59;"'


def test_subgraphs_are_balanced() -> None:
    """Every subgraph ends, on random diagrams with frames and parts."""
    for _, node in expressions(30):
        lines = [line.strip() for line in mermaid_text(model_of(node)).splitlines()]
        assert lines.count("end") == sum(s.startswith("subgraph") for s in lines)


def test_a_group_says_its_order() -> None:
    """The indices of a grouped axis are numbered."""
    ends = (End(("i", "j"), (2, 3)),)
    box = Box("A#1", "tensor", "A", (2, 3), tensor("A", (2, 3)))
    wires = tuple(
        Wire((("end", 0, 1 - k), ("box", 0, 1 - k)), "ji"[k], (3, 2)[k]) for k in (0, 1)
    )
    model = Model(Picture(ends, ((1, Network((box,), (), wires)),)))
    assert dot_text(model).count('taillabel="') == 2
    assert '|"i 1"|' in mermaid_text(model)
