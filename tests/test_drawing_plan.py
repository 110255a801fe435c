"""Pictures of plans: geometry, what they say, hostile names, other programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import Expression
from indexcalc.compiled import Compiled
from indexcalc.drawing.graphics.svg import svg_text
from indexcalc.drawing.plans.graph import plan_dot, plan_graph, plan_mermaid
from indexcalc.drawing.plans.nodes import counted, plan_nodes
from indexcalc.drawing.plans.scene import plan_scene
from indexcalc.drawing.plans.strata import Curve, stratified
from indexcalc.drawing.scene import Group, Label, Path, Point, Rect, Scene
from indexcalc.errors import IndexCalcError
from indexcalc.expr import einsum, tensor
from indexcalc.planning.report import PlanReport
from indexcalc.reports import report_of
from indexcalc.sizes import dim
from tests.random_expressions import generate

HOSTILE = '</text><script>"&#92;\\N%%{}|[x]\u202e`'


def nested() -> Expression:
    """A(B(xcᵀ∘D)∘E)f."""
    shapes = {"A": "q a", "B": "a b", "x": "b", "C": "e", "D": "b e", "E": "a e"}
    return ic.parse("A * ((B*((x*C') ∘ D)) ∘ E) * F", shapes | {"F": "e"})


def logistic() -> Expression:
    """Σ log(1 + exp(−y∘Xw))."""
    X, w, y = ic.tensor("X", "m n"), ic.tensor("w", "n"), ic.tensor("y", "m")
    return np.log(1 + np.exp(-y * (X @ w))).sum()


def mixed() -> Expression:
    """A sum that uses its matrices again and again."""
    text = "A*B'*x*x'*A + inv(A)*det(B) + tr(A*A*A)*B.^2"
    return ic.parse(text, A="n n", B="n n", x="n")


def reports() -> list[PlanReport]:
    """Plans of several kinds."""
    return [
        nested().diff("x").plan(q=100, a=300, b=250, e=280),
        logistic().hessian("w").plan(m=500, n=300),
        mixed().plan(n=100),
        mixed().diff("A").plan(n=100),
        ic.tensor("A", "n m").plan(),
        (ic.tensor("X", "n p") * ic.tensor("A", "n p")).sum(axis=1).diff("A").plan(n=9),
    ]


def random_reports() -> Iterator[PlanReport]:
    """Plans of random expressions and of their first derivatives."""
    for index in range(40):
        case = generate(11, index)
        e = ic.parse(case.text, **case.shapes)
        with suppress(IndexCalcError):
            yield e.plan()
            yield from (e.diff(name).plan() for name in list(e.variables)[:1])


# -- geometry --------------------------------------------------------------------------


def sampled(curve: Curve) -> list[Point]:
    """Points along a curve."""
    found, at = [curve.start], curve.start
    for piece in curve.pieces:
        controls = [at, *piece]
        for t in np.linspace(0, 1, 21)[1:]:
            row = [np.array(p) for p in controls]
            while len(row) > 1:
                row = [(1 - t) * a + t * b for a, b in pairwise(row)]
            found.append((float(row[0][0]), float(row[0][1])))
        at = piece[-1]
    return found


def random_graph(
    seed: int, steps: int
) -> tuple[dict[str, Point], list[tuple[str, str]]]:
    """Steps of two operands each, some of them used far away."""
    rng = np.random.default_rng(seed)
    sizes: dict[str, Point] = {f"x{k}": (60.0, 40.0) for k in range(steps // 4 + 2)}
    edges = []
    for k in range(steps):
        names = list(sizes)
        near = names[-8:] if rng.random() < 0.7 else names
        edges += [(str(rng.choice(near)), f"t{k}") for _ in range(2)]
        sizes[f"t{k}"] = (float(rng.integers(120, 260)), 80.0)
    return sizes, edges


@pytest.mark.parametrize(("seed", "steps"), [(0, 5), (1, 20), (2, 60), (3, 200)])
def test_nothing_overlaps(seed: int, steps: int) -> None:
    sizes, edges = random_graph(seed, steps)
    strata = stratified(sizes, edges)
    boxes = {
        name: (x - sizes[name][0] / 2, y - sizes[name][1] / 2, *sizes[name])
        for name, (x, y) in strata.centres.items()
    }
    for (x, y, w, h), (u, v, a, b) in combinations(boxes.values(), 2):
        assert x + w <= u or u + a <= x or y + h <= v or v + b <= y
    for x, y, w, h in boxes.values():
        assert x >= -0.01
        assert y >= -0.01
        assert x + w <= strata.width + 0.01
        assert y + h <= strata.height + 0.01
    for curve in strata.curves:
        for px, py in sampled(curve):
            for name, (x, y, w, h) in boxes.items():
                inside = x + 0.1 < px < x + w - 0.1 and y + 0.1 < py < y + h - 0.1
                assert not inside, (curve.source, curve.target, name)


def test_edges_arrive() -> None:
    sizes, edges = random_graph(5, 40)
    strata = stratified(sizes, edges)
    for source, target in edges:
        x, y = strata.centres[source]
        u, v = strata.centres[target]
        assert y < v
        arriving = [
            c for c in strata.curves if (c.source, c.target) == (source, target)
        ]
        assert len(arriving) == edges.count((source, target))
        for curve in arriving:
            end = curve.pieces[-1][-1]
            assert end[1] == pytest.approx(v - sizes[target][1] / 2)
            assert abs(end[0] - u) <= sizes[target][0] / 2
        leaving = [c for c in strata.curves if c.source == source]
        starts = {c.start for c in leaving}
        assert (x, y + sizes[source][1] / 2) in starts
        assert all(
            c.start in starts | {d.pieces[-1][-1] for d in leaving} for c in leaving
        )


def test_a_tree_has_no_crossing() -> None:
    edges = [
        ("a", "ab"),
        ("b", "ab"),
        ("c", "cd"),
        ("d", "cd"),
        ("cd", "r"),
        ("ab", "r"),
    ]
    sizes = dict.fromkeys(["a", "b", "c", "d", "ab", "cd", "r"], (50.0, 30.0))
    found = stratified(sizes, edges).centres
    order = sorted("abcd", key=lambda name: found[name][0])
    pairs = {frozenset(order[:2]), frozenset(order[2:])}
    assert pairs == {frozenset("ab"), frozenset("cd")}
    assert found["ab"][0] == pytest.approx((found["a"][0] + found["b"][0]) / 2)


# -- what it says ----------------------------------------------------------------------


def labels(scene: Scene) -> list[str]:
    """All texts of a scene."""
    waiting, found = list(scene.marks), []
    while waiting:
        mark = waiting.pop()
        if isinstance(mark, Group):
            waiting += mark.marks
        elif isinstance(mark, Label):
            found.append(mark.text)
    return found


@pytest.mark.parametrize("number", range(6))
def test_all_steps_and_flops_are_shown(number: int) -> None:
    report = reports()[number]
    scene = plan_scene(report)
    texts = labels(scene)
    groups = {m.key: m for m in scene.marks if isinstance(m, Group)}
    for step in report.steps:
        assert step.name in groups
        assert step.name in texts
        if step.flops:
            assert counted(step.flops) in texts
    assert any(counted(report.flops) in text for text in texts)
    assert any(f"mode {report.mode}" in text for text in texts)
    used = {report.views.get(n, n) for step in report.steps for n in step.operands}
    for name in report.inputs:
        assert name in groups or name not in used
    doubled = [
        g for g in groups.values() if sum(isinstance(m, Rect) for m in g.marks) > 1
    ]
    assert len(doubled) == (1 if report.steps else 0)


def test_marks_lie_in_the_scene() -> None:
    for report in [*reports(), *random_reports()]:
        scene = plan_scene(report)
        for mark in scene.marks:
            inner = mark.marks if isinstance(mark, Group) else (mark,)
            for one in inner:
                if isinstance(one, Rect):
                    assert one.x >= 0
                    assert one.x + one.width <= scene.width
                    assert one.y + one.height <= scene.height
                if isinstance(one, Path):
                    assert 0 <= one.start[0] <= scene.width


def test_a_value_used_twice_is_one_node() -> None:
    report = mixed().plan(n=100)
    nodes = plan_nodes(report)
    assert len({node.key for node in nodes}) == len(nodes)
    graph = plan_graph(report)
    assert graph.out_degree("A") > 2
    assert sum(d["flops"] for _, d in graph.nodes(data=True) if "flops" in d) == (
        report.flops
    )
    assert graph.number_of_edges() == sum(len(s.operands) for s in report.steps) + 1
    reads = {d["read"] for _, _, d in graph.edges(data=True)}
    assert reads <= set(graph) | set(report.views)


def test_inputs_have_their_shapes() -> None:
    nodes = {node.key: node for node in plan_nodes(mixed().plan(n=70))}
    assert nodes["A"].shape == (70, 70)
    assert nodes["x"].shape == (70,)


def test_the_same_picture_twice() -> None:
    one, two = (plan_scene(mixed().diff("A").plan(n=100)) for _ in range(2))
    assert one == two
    report = mixed().plan(n=9)
    assert plan_dot(report) == plan_dot(mixed().plan(n=9))


# -- other programs, hostile names -----------------------------------------------------


def hostile() -> PlanReport:
    """A plan of tensors whose names are no names."""
    n = dim("n")
    A, x = tensor(HOSTILE, (n, n)), tensor("t1", (n,))
    long = tensor("w" * 300, (n,))
    node = einsum([(A, (0, 1)), (A, (2, 1)), (x, (2,)), (long, (0,))], [0])
    return report_of(Compiled([node]), {"n": 20}, value_orders=[1])


def test_hostile_names_stay_text() -> None:
    report = hostile()
    svg = svg_text(plan_scene(report))
    root = ElementTree.fromstring(svg)
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "\u202e" not in svg
    scene = plan_scene(report)
    assert scene.width < 1500
    for line in plan_mermaid(report).splitlines()[2:]:
        assert re.fullmatch(
            r'    (n\d+ --> n\d+|n\d+(\(\[|\[)"([^"`<>|{}\[\]\\]|<br/>)*"(\]\)|\]))',
            line,
        ), line
    for line in plan_dot(report).splitlines()[2:-1]:
        assert line.count('"') % 2 == 0
        assert not re.search(r"(?<!\\)(\\\\)*\\[^\\n]", line)


def test_dot_is_read_by_graphviz() -> None:
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("Graphviz is not installed")
    for report in [*reports(), hostile()]:
        text = plan_dot(report)
        ran = subprocess.run(
            [dot, "-Tplain"], input=text, capture_output=True, text=True, check=True
        )
        nodes = [line for line in ran.stdout.splitlines() if line.startswith("node ")]
        assert len(nodes) == len(plan_nodes(report))
