"""The plan of a value as a picture: inputs above, a card for every step, results below.

A card says what the step is in words of matrices, its einsum, the shape of its value
and its flops; the bar at its foot is its share of all flops, and the largest array is
marked. A value that is used several times is one card with several edges. Totals stand
under the tree.

>>> from indexcalc.ways_in import tensor
>>> A, B, x = tensor("A", "m n"), tensor("B", "n m"), tensor("x", "m")
>>> scene = plan_scene((A @ B @ x).plan(m=2000, n=1000))
>>> [mark.key for mark in scene.marks if isinstance(mark, Group) and mark.key]
['B', 'x', 'A', 't1', 't2', 'result']
"""

from __future__ import annotations

from ...errors import BudgetError
from ...planning.report import PlanReport
from ...planning.room import bytes_text
from ...planning.tables import time_text
from ..faces import fitted, harmless, shown_name, text_width
from ..scene import Group, Label, Mark, Path, Rect, Scene
from .nodes import PlanNode, caption_lines, flops_text, plan_nodes, shape_text
from .strata import Curve, Point, Strata, stratified

#: The most cards of a picture: inputs, steps and results.
CARD_LIMIT = 1_000

#: The margin of the drawing, and the height of a line of its caption.
MARGIN, LINE = 22.0, 20.0

#: The height of the card of a step, of that of an input, the room beside a text.
STEP, LEAF, PAD = 82.0, 44.0, 12.0

#: The narrowest and widest text of a card, and the room of an edge that arrives.
NARROW, WIDE, PORT = 128.0, 250.0, 7.0

#: Sizes of fonts: the formula, the other lines of a card.
FORMULA, SMALL = 15.0, 11.5

#: What is added to the estimate of a text's width.
AMPLE = 1.14


def plan_scene(report: PlanReport) -> Scene:
    """The tree of a plan with its totals.

    Raises `BudgetError` for more than `CARD_LIMIT` cards.
    """
    nodes = plan_nodes(report)
    if len(nodes) > CARD_LIMIT:
        raise BudgetError(
            f"a picture of a plan of {len(nodes):,} cards, and the limit is "
            f"{CARD_LIMIT:,}",
            hint="read the plan as text, or plan a part of the expression",
        )
    sizes = {node.key: _size(node) for node in nodes}
    edges = [(source, node.key) for node in nodes for source, _ in node.operands]
    strata = stratified(sizes, edges)
    captions = caption_lines(report)
    width = max(strata.width, *(_width(line, SMALL + 1) for line in captions))
    left = MARGIN + (width - strata.width) / 2
    shown = {node.key: node for node in nodes}
    marks: list[Mark] = [_edge(curve, shown, left) for curve in strata.curves]
    marks += [_card(node, _corner(node, strata, sizes, left)) for node in nodes]
    foot = MARGIN + strata.height + LINE * 1.5
    middle = MARGIN + width / 2
    marks += [
        Label(middle, foot + LINE * k, line, "caption", SMALL + 1)
        for k, line in enumerate(captions)
    ]
    height = foot + LINE * (len(captions) - 0.5) + MARGIN / 2
    title, *rest = captions
    return Scene(width + 2 * MARGIN, height, tuple(marks), title, ". ".join(rest))


# -- edges -----------------------------------------------------------------------------


def _edge(curve: Curve, nodes: dict[str, PlanNode], left: float) -> Path:
    start, *rest = [
        [(x + left, y + MARGIN) for x, y in piece]
        for piece in ((curve.start,), *curve.pieces)
    ]
    name = harmless(nodes[curve.source].name)
    said = f"{name}, used by {harmless(nodes[curve.target].name)}"
    title = name if curve.source == curve.target else said
    return Path(start[0], tuple(map(tuple, rest)), "tree", name, title)


# -- cards -----------------------------------------------------------------------------


def _size(node: PlanNode) -> Point:
    texts = [_width(_shown(node), FORMULA), _width(shape_text(node.shape), SMALL)]
    if node.step:
        texts += [_pair_width(*pair) for pair in (_head(node), _foot(node))]
    wide = min(WIDE, max(NARROW if node.step else 32.0, *texts))
    ports = PORT * len(node.operands) + 2 * PAD
    return (max(wide + 2 * PAD, ports), STEP if node.step else LEAF)


def _width(text: str, size: float) -> float:
    """The width of a text; figures are wide in some fonts."""
    return AMPLE * text_width(text, size)


def _pair_width(left: str, right: str) -> float:
    return _width(left, SMALL) + _width(right, SMALL) + PAD


def _corner(
    node: PlanNode, strata: Strata, sizes: dict[str, Point], left: float
) -> tuple[Point, Point]:
    x, y = strata.centres[node.key]
    width, height = sizes[node.key]
    return (x - width / 2 + left, y - height / 2 + MARGIN), (width, height)


def _shown(node: PlanNode) -> str:
    return node.form if node.step else shown_name(node.name)


def _head(node: PlanNode) -> tuple[str, str]:
    return harmless(node.name), flops_text(node)


def _foot(node: PlanNode) -> tuple[str, str]:
    return node.spec, shape_text(node.shape)


def _card(node: PlanNode, place: tuple[Point, Point]) -> Group:
    marks = _step_marks(node, *place) if node.step else _leaf_marks(node, *place)
    return Group(tuple(marks), _said(node), node.key)


def _said(node: PlanNode) -> str:
    """All that is known of a step, in one line."""
    shape = shape_text(node.shape)
    if node.step is None:
        return f"{node.role} {harmless(node.name)}{', ' if shape else ''}{shape}"
    parts = [
        f"{harmless(node.name)} = {node.form}",
        node.spec,
        shape,
        f"{flops_text(node)}, {node.share:.0%} of all",
        f"{bytes_text(node.step.bytes)} read and written",
        time_text(node.step.seconds),
        "the largest array" if node.largest else "",
    ]
    return ", ".join(part for part in parts if part)


def _leaf_marks(node: PlanNode, corner: Point, size: Point) -> list[Mark]:
    (x, y), (width, height) = corner, size
    result = node.role == "result"
    text, font = _fitted(_shown(node), SMALL if result else FORMULA, width - PAD)
    lines = [(text, font, "caption" if result else "name")]
    if node.shape is not None:
        shape, font = _fitted(shape_text(node.shape), SMALL, width - PAD)
        lines.append((shape, font, "port"))
    pitch = height / (len(lines) + 1)
    labels = [
        Label(x + width / 2, y + pitch * k, line, role, fit)
        for k, (line, fit, role) in enumerate(lines, 1)
    ]
    return [Rect(x, y, width, height, "input", 7.0), *labels]


def _step_marks(node: PlanNode, corner: Point, size: Point) -> list[Mark]:
    (x, y), (width, height) = corner, size
    marks: list[Mark] = [Rect(x, y, width, height, "step", 5.0)]
    if node.largest:
        marks.append(Rect(x + 3, y + 3, width - 6, height - 6, "step", 3.0))
    text, font = _fitted(node.form, FORMULA, width - 2 * PAD)
    marks += _pair(_head(node), x, y + 15, width, "port")
    marks.append(Label(x + width / 2, y + 36, text, "name", font))
    marks += _pair(_foot(node), x, y + 56, width, "size")
    marks += _bar(node, x + PAD, y + height - 11, width - 2 * PAD)
    return marks


def _pair(
    texts: tuple[str, str], x: float, y: float, width: float, role: str
) -> list[Mark]:
    """A text of a role at the left and one at the right."""
    room = width - 2 * PAD
    right, small = _fitted(texts[1], SMALL, room * 0.75)
    left, font = _fitted(texts[0], SMALL, room - _width(right, small) - PAD / 2)
    found = [
        Label(x + PAD, y, left, role, font, "start"),
        Label(x + width - PAD, y, right, "port", small, "end"),
    ]
    return [label for label in found if label.text]


def _fitted(text: str, size: float, widest: float) -> tuple[str, float]:
    return fitted(text, size, widest / AMPLE)


def _bar(node: PlanNode, x: float, y: float, width: float) -> list[Mark]:
    """The share of all flops: a line as long as all, thick as far as this step goes."""
    said = f"{node.share:.1%} of all flops"
    ground = Path((x, y), (((x + width, y),),), "tree", title=said)
    until = x + max(width * node.share, 2.0)
    filled = Path((x, y), (((until, y),),), "bar", title=said)
    return [ground] if node.share < 0.005 else [ground, filled]
