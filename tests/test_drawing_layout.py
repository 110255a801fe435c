"""The layout: nothing overlaps or is hidden, and the same model looks the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import indexcalc as ic
from indexcalc.diagrams.build import Axes, model_of
from indexcalc.diagrams.loops import looped
from indexcalc.diagrams.model import Model
from indexcalc.drawing.layout.curves import path_points, pieces
from indexcalc.drawing.layout.placing import CHARACTERS, PX, placed
from indexcalc.drawing.placed import PlacedBox, PlacedModel, PlacedNetwork
from indexcalc.errors import IndexCalcError
from tests.drawing_geometry import every_picture, faults
from tests.random_expressions import generate

SEED, COUNT, PER_TEST = 0, 300, 20


def model(text: str, by: str = "", **shapes: str) -> Model:
    """The diagram of an expression, or of its derivative."""
    value = ic.parse(text, **shapes)
    if not by:
        return model_of(value.node)
    derivative = value.diff(by)
    own = len(value.shape)
    return model_of(
        derivative.node, Axes(("",) * own + (by,) * (derivative.ndim - own))
    )


def only(layout: PlacedModel) -> PlacedNetwork:
    """The only term of a picture."""
    (term,) = layout.picture.terms
    return term


def boxes(term: PlacedNetwork) -> dict[str, PlacedBox]:
    """The boxes by their labels, the last of several."""
    return {box.box.label: box for box in term.boxes}


def middle(box: PlacedBox) -> float:
    """The height of the middle of a box."""
    return box.y + box.height / 2


# -- properties ------------------------------------------------------------------------


def random_models(first: int, count: int) -> Iterator[tuple[str, Model]]:
    """Random expressions and their first derivatives."""
    for index in range(first, first + count):
        case = generate(SEED, index)
        value = ic.parse(case.text, **case.shapes)
        yield f"{index}", model_of(value.node)
        for name in sorted(case.shapes)[:1]:
            try:
                derivative = value.diff(name)
            except IndexCalcError:
                continue
            own = len(value.shape)
            axes = ("",) * own + (name,) * (derivative.ndim - own)
            yield f"{index} by {name}", model_of(derivative.node, Axes(axes))


@pytest.mark.parametrize("first", range(0, COUNT, PER_TEST))
def test_random_expressions(first: int) -> None:
    """Boxes apart, contents inside, wires clear of boxes and of each other."""
    for said, drawn in random_models(first, PER_TEST):
        layout = placed(drawn)
        assert not faults(layout), (said, faults(layout))
        assert placed(drawn) == layout


@pytest.mark.parametrize("first", range(0, COUNT, 5 * PER_TEST))
def test_characters_are_cells(first: int) -> None:
    """In the measures of a terminal every coordinate is a whole number."""
    for said, drawn in random_models(first, PER_TEST):
        for picture in every_picture(placed(drawn, CHARACTERS, width=100)):
            for term in picture.terms:
                points = [p for wire in term.wires for p in wire.points]
                points += [(b.x, b.y) for b in term.boxes]
                points += [(b.width, b.height) for b in term.boxes]
                points += [(d.x, d.y) for d in term.dots]
                points += [(e.x, e.y) for e in term.ends]
                assert all(x % 1 == 0 == y % 1 for x, y in points), said


def test_two_hundred_tensors() -> None:
    """A long and a wide product."""
    long = "*".join(["A"] * 200)
    wide = "sum(" + ".*".join(["(A*A)"] * 60 + ["A"] * 80) + ")"
    for text in (long, wide):
        drawn = model_of(ic.parse(text, A="n n").node, unfused=True)
        assert placed(drawn).width > 0


# -- what must be right ----------------------------------------------------------------


def test_a_product_is_straight() -> None:
    term = only(placed(model("A*X*B", A="m n", X="n p", B="p q")))
    found = boxes(term)
    assert len({middle(box) for box in found.values()}) == 1
    assert found["A"].x < found["X"].x < found["B"].x
    assert [end.side for end in term.ends] == ["left", "right"]


def test_hadamard_product_is_a_lens() -> None:
    """(X ∘ A) 1: two strands round the height of their dot, closed at the right."""
    term = only(placed(model("(X.*A)*ones(p)", X="n p", A="n p")))
    found = boxes(term)
    (dot,) = term.dots
    assert found["A"].x == found["X"].x > dot.x
    assert middle(found["A"]) + middle(found["X"]) == pytest.approx(2 * dot.y)
    closing = max(term.wires, key=lambda wire: max(x for x, _ in wire.points))
    assert len({x for x, _ in closing.points[1:-1]}) == 1


def test_its_derivative_goes_down() -> None:
    layout = placed(model("(X.*A)*ones(p)", "A", X="n p", A="n p"))
    term = only(layout)
    assert [end.side for end in term.ends] == ["left", "bottom", "bottom"]
    assert term.ends[1].x == term.dots[0].x
    assert term.ends[1].y == term.ends[2].y


def test_vectors_hang_from_their_dot() -> None:
    term = only(placed(model("x.*y.*z", "x", x="n", y="n", z="n")))
    (dot,) = term.dots
    for box in term.boxes:
        assert box.y > dot.y
        assert box.ports[0][1] == "top"


def test_trace_is_closed_above() -> None:
    term = only(placed(model("tr(A*X*B)", A="n n", X="n n", B="n n")))
    top = min(y for wire in term.wires for _, y in wire.points)
    assert top < min(box.y for box in term.boxes)
    assert all(box.ports[0][1] == "left" for box in term.boxes)


def test_derivative_of_a_trace_has_its_bars_at_the_right() -> None:
    term = only(placed(model("tr(A*X*B)", "X", A="n n", X="n n", B="n n")))
    assert [box.box.label for box in sorted(term.boxes, key=lambda b: b.x)] == [
        "A",
        "B",
    ]
    assert all(box.ports[0][1] == "right" for box in term.boxes)


def test_kronecker_product_joins_its_wires() -> None:
    term = only(placed(model("kron(A,B)", A="m n", B="p q")))
    found = boxes(term)
    assert found["A"].y < found["B"].y
    for end in term.ends:
        assert end.wedge is not None
        assert end.wedge[1] == end.y


def tips(term: PlacedNetwork, number: int) -> list[float]:
    """The heights at which the wires of a grouped end come to its wedge."""
    found = {}
    for wire in term.wires:
        for k, (kind, end, index) in enumerate(wire.wire.places):
            if (kind, end) == ("end", number):
                points = wire.points if k else wire.points[::-1]
                found[index] = points[-2][1]
    return [found[index] for index in sorted(found)]


def test_commutation_is_a_visible_twist() -> None:
    """The wires of δ_il δ_jk come to both wedges with the slow index on top."""
    term = only(placed(model("commutation(m,n)", X="m n")))
    assert all(tips(term, n) == sorted(tips(term, n)) for n in (0, 1))
    for wire in term.wires:
        assert wire.points[1][1] != wire.points[-2][1]


@pytest.mark.parametrize("by", ["A", "B"])
def test_slow_index_is_on_top_at_a_wedge(by: str) -> None:
    term = only(placed(model("kron(A,B)", by, A="m n", B="p q")))
    for number in (0, 1):
        assert tips(term, number) == sorted(tips(term, number))


def test_right_ends_stand_in_the_order_of_the_array() -> None:
    shapes = {"A": "i r", "B": "j r", "C": "k r"}
    A, B, C = (ic.tensor(name, shape) for name, shape in shapes.items())
    value = ic.einsum("ir,jr,kr->ijk", A, B, C).diff("B")
    term = only(placed(model_of(value.node, Axes(("", "", "", "B", "B")))))
    assert term.ends[1].y < term.ends[2].y
    assert faults(placed(model_of(value.node, Axes(("", "", "", "B", "B"))))) == []


def test_terms_end_below_at_one_height() -> None:
    drawn = model("X*A*X*B", "X", A="n n", X="n n", B="n n")
    ends = [
        e for t in placed(drawn).picture.terms for e in t.ends if e.side == "bottom"
    ]
    assert len({end.y for end in ends}) == 1


def test_outer_product_stands_in_one_row() -> None:
    found = boxes(only(placed(model("x*y'", x="m", y="n"))))
    assert middle(found["x"]) == middle(found["y"])
    assert found["x"].x < found["y"].x


def test_frames_hold_their_contents() -> None:
    term = only(placed(model("exp(A*x)", A="m n", x="n")))
    (frame,) = term.boxes
    (content,) = frame.contents
    (tip,) = content.terms[0].ends
    assert (tip.x, tip.y) == frame.ports[0][0]


def test_a_matrix_function_is_read_as_its_argument() -> None:
    """inv(AB)x: where the first port is at the right, the first axis inside is too."""
    term = only(placed(model("inv(A*B)*x", A="n n", B="n n", x="n")))
    frame = boxes(term)["inv"]
    (content,) = frame.contents
    inside = [end.side for end in content.terms[0].ends]
    assert inside == [side for _, side in frame.ports]


def test_loops_let_the_variable_out_below() -> None:
    expression = ic.parse("A*X*B", A="m n", X="n p", B="p q")
    drawn = model_of(expression.node)
    variable = next(v for v in expression.node.operands if v[0].name == "X")[0]
    term = only(placed(looped(drawn, variable)))
    (loop,) = term.boxes
    assert [side for _, side in loop.ports] == ["left", "right", "bottom", "bottom"]
    assert faults(placed(looped(looped(drawn, variable), variable))) == []


def test_sums_stand_on_a_line_and_wrap() -> None:
    drawn = model("2*A*x - 1/2*B*x + 3*y", A="m n", B="m n", x="n", y="m")
    wide = placed(drawn)
    assert len({term.ends[0].y for term in wide.picture.terms}) == 1
    assert [t.text for t in wide.picture.texts] == ["3", "+", "2", "−", "1/2"]
    narrow = placed(drawn, width=200)
    assert narrow.width < wide.width
    assert len({term.ends[0].y for term in narrow.picture.terms}) == 3


def test_zero_shows_its_ends() -> None:
    layout = placed(model("A*y", "x", A="m n", x="k", y="n"))
    assert [t.role for t in layout.picture.texts] == ["zero"]
    assert [end.side for end in only(layout).ends] == ["left", "bottom"]


def test_kept_positions_keep_the_order() -> None:
    drawn = model("(X.*A)*ones(p)", X="n p", A="n p")
    term = only(placed(drawn))
    turned = {box.box.id: (box.x, -box.y) for box in term.boxes}
    again = boxes(only(placed(drawn, kept=turned)))
    before = boxes(term)
    assert (before["A"].y < before["X"].y) != (again["A"].y < again["X"].y)


def test_curves_start_and_end_where_wires_do() -> None:
    term = only(placed(model("(X.*A)*ones(p)", X="n p", A="n p")))
    for wire in term.wires:
        points = path_points(wire)
        assert points[0] == wire.points[0]
        assert points[-1] == pytest.approx(wire.points[-1])
        assert len(pieces(wire)) == len(wire.points) - 1


def test_measures() -> None:
    assert PX.up(25) == 36
    assert CHARACTERS.whole(2.5) == 3
