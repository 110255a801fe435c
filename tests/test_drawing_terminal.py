"""Diagrams in characters: pictures kept in a file, and wires that can be walked.

    python -m tests.test_drawing_terminal --write

draws `terminal_pictures.txt` anew: read the difference before it is committed.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc import Expression
from indexcalc.diagrams.build import model_of
from indexcalc.diagrams.model import Model, Place
from indexcalc.drawing.faces import end_label
from indexcalc.drawing.layout.placing import placed
from indexcalc.drawing.placed import PlacedNetwork
from indexcalc.drawing.terminal.grid import (
    BACK,
    DOWN,
    LEFT,
    RIGHT,
    UNICODE,
    UP,
    Cell,
    Sheet,
    beyond,
    columns,
    cut,
    spelled,
)
from indexcalc.drawing.terminal.names import name_dot, name_stub
from indexcalc.drawing.terminal.plain import plain_way
from indexcalc.drawing.terminal.routes import Room, Step, draw, routed
from indexcalc.drawing.terminal.text import (
    Draft,
    finished,
    metrics_for,
    networks_of,
    terminal_text,
)
from indexcalc.errors import BudgetError, IndexCalcError
from indexcalc.expr import einsum, tensor
from tests.random_expressions import generate

PICTURES = Path(__file__).parent / "terminal_pictures.txt"

#: Expression, shapes, and the variable of the derivative that is drawn.
DRAWN: list[tuple[str, dict[str, str], str]] = [
    ("A*x", {"A": "m n", "x": "n"}, ""),
    ("(X.*A)*ones(p)", {"X": "n p", "A": "n p"}, ""),
    ("(X.*A)*ones(p)", {"X": "n p", "A": "n p"}, "A"),
    ("W*((A*X).*(A*X))*ones(3)", {"W": "k k", "A": "k n", "X": "n 3"}, ""),
    ("W*((A*X).*(A*X))*ones(3)", {"W": "k k", "A": "k n", "X": "n 3"}, "X"),
    ("x.*y.*z", {"x": "n", "y": "n", "z": "n"}, "x"),
    (
        "A*((B*((x*C').*D)).*E)*F",
        {"A": "q a", "B": "a b", "x": "b", "C": "e", "D": "b e", "E": "a e", "F": "e"},
        "",
    ),
    (
        "A*((B*((x*C').*D)).*E)*F",
        {"A": "q a", "B": "a b", "x": "b", "C": "e", "D": "b e", "E": "a e", "F": "e"},
        "x",
    ),
    ("tr(A*X*B)", {"A": "n m", "X": "m k", "B": "k n"}, ""),
    ("tr(A*X*B)", {"A": "n m", "X": "m k", "B": "k n"}, "X"),
    ("exp(A*x).*y + 2*inv(B+B')*x", {"A": "n n", "x": "n", "y": "n", "B": "n n"}, ""),
    ("exp(A*x).*y", {"A": "n n", "x": "n", "y": "n"}, "A"),
    ("vec(A*X)", {"A": "m n", "X": "n p"}, ""),
    ("kron(A, B)*x", {"A": "m n", "B": "p q", "x": "n*q"}, ""),
    ("x'*S*x - logdet(S)/2", {"x": "n", "S": "n n : symmetric"}, ""),
]


def expression(text: str, shapes: dict[str, str], by: str) -> Expression:
    """One of those drawn."""
    e = ic.parse(text, **shapes)
    return e.diff(by) if by else e


def title(text: str, shapes: dict[str, str], by: str) -> str:
    """The line above a picture."""
    declared = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
    return f"## {f'd/d{by} ' if by else ''}{text}    {declared}"


def pictures() -> str:
    """The file of pictures."""
    found = []
    for row in DRAWN:
        found += [title(*row), "", terminal_text(expression(*row).diagram().model), ""]
    return "\n".join(found)


def test_pictures_are_those_kept() -> None:
    assert pictures() == PICTURES.read_text(encoding="utf-8")


# -- a reader of drawings --------------------------------------------------------------

#: The sides that the characters of wires join.
JOINED = {
    "─": LEFT | RIGHT,
    "┄": LEFT | RIGHT,
    "═": LEFT | RIGHT,
    "│": UP | DOWN,
    "┆": UP | DOWN,
    "║": UP | DOWN,
    "╭": RIGHT | DOWN,
    "╔": RIGHT | DOWN,
    "╮": LEFT | DOWN,
    "╗": LEFT | DOWN,
    "╰": RIGHT | UP,
    "╚": RIGHT | UP,
    "╯": LEFT | UP,
    "╝": LEFT | UP,
    "├": UP | DOWN | RIGHT,
    "┤": UP | DOWN | LEFT,
    "┬": LEFT | RIGHT | DOWN,
    "┴": LEFT | RIGHT | UP,
    **dict.fromkeys("╠╟╞", UP | DOWN | RIGHT),
    **dict.fromkeys("╣╢╡", UP | DOWN | LEFT),
    **dict.fromkeys("╦╤╥", LEFT | RIGHT | DOWN),
    **dict.fromkeys("╩╧╨", LEFT | RIGHT | UP),
}


def walked(cells: dict[Cell, str], start: Step, stops: set[Step]) -> set[Step | Cell]:
    """Where one comes from a port along the lines: to other ports, and to dots. A line
    that is met from its side goes across."""
    found: set[Step | Cell] = set()
    waiting, seen = [start], set()
    while waiting:
        cell, way = waiting.pop()
        there = beyond(cell, way)
        if (there, BACK[way]) in stops:
            found.add((there, BACK[way]))
            continue
        c = cells.get(there, " ")
        if c == "●":
            found.add(there)
            continue
        assert c in JOINED, f"the line ends at {c!r}"
        sides = JOINED[c]
        if not sides & BACK[way]:
            assert sides in (UP | DOWN, LEFT | RIGHT)
            ways = [way]
        else:
            ways = [w for w in BACK if w & sides and w != BACK[way]]
        steps = [(there, w) for w in ways if (there, w) not in seen]
        seen |= set(steps)
        waiting += steps
    return found


def places(draft: Draft, network: PlacedNetwork) -> dict[Place, Step]:
    """Where the wires of a network leave, by place, save those of dots."""
    ends = (
        place for w in network.wires for place in w.wire.places if place[0] != "dot"
    )
    return {place: min(draft.steps(network, place)) for place in ends}


def check_wires(model: Model, width: float = 100.0) -> str:
    """Walks every wire of a drawing."""
    drawing = placed(model, metrics_for(UNICODE), width=width)
    draft = finished(drawing, UNICODE)
    cells = draft.sheet.cells()
    text = draft.sheet.text()
    shown = read_back(text, min(x for x, _ in cells), min(y for _, y in cells))
    assert shown == {cell: c for cell, c in cells.items() if c}
    nets = list(networks_of(drawing))
    stops = {step for net in nets for step in places(draft, net).values()}
    for network in nets:
        at = places(draft, network)
        dots = [draft.where((dot.x, dot.y)) for dot in network.dots]
        joined: dict[int, set[Step | Cell]] = {}
        for wire in network.wires:
            for one, two in (wire.wire.places, wire.wire.places[::-1]):
                if one[0] == "dot":
                    there = dots[two[1]] if two[0] == "dot" else at[two]
                    joined.setdefault(one[1], set()).add(there)
        for wire in network.wires:
            one, two = sorted(wire.wire.places, key=lambda place: place[0] == "dot")
            if one == two or one[0] == "dot":
                continue
            met = walked(shown, at[one], stops - {at[one]})
            if two[0] == "dot":
                assert dots[two[1]] in met, wire
                assert met <= {dots[two[1]], *joined[two[1]]}, wire
            else:
                assert met == {at[two]}, wire
    return text


def read_back(text: str, left: int, top: int) -> dict[Cell, str]:
    """The cells of a text; combining letters belong to the one before."""
    found: dict[Cell, str] = {}
    for y, line in enumerate(text.split("\n"), top):
        x = left
        for c in line:
            width = columns(c)
            if not width:
                found[x - 1, y] += c
            elif c != " ":
                found[x, y] = c
            x += width
    return found


def check_ends(model: Model, text: str) -> None:
    """Every end has its name somewhere."""
    for end in model.picture.ends:
        assert end_label(end)[0] in text


@pytest.mark.parametrize("row", DRAWN, ids=lambda row: title(*row)[3:40])
def test_wires_of_the_pictures(row: tuple[str, dict[str, str], str]) -> None:
    model = expression(*row).diagram().model
    check_ends(model, check_wires(model))


def random_models(seed: int, count: int) -> Iterator[Model]:
    """Random expressions, their first derivatives before and after, and unfused."""
    for index in range(count):
        case = generate(seed, index)
        e = ic.parse(case.text, **case.shapes)
        yield e.diagram().model
        for name in list(e.variables)[:1]:
            with suppress(IndexCalcError):
                yield e.diff(name).diagram().model
                yield e.diagram(name).model
                yield e.diff(name).diagram(fuse=False).model


@pytest.mark.parametrize("seed", range(4))
def test_random_wires_can_be_walked(seed: int) -> None:
    for model in random_models(seed, 25):
        text = check_wires(model)
        check_ends(model, text)
        assert text == text.rstrip("\n")
        assert all(line == line.rstrip() for line in text.split("\n"))
        assert text == terminal_text(model)


def test_plain_characters() -> None:
    for model in random_models(9, 20):
        text = terminal_text(model, unicode=False)
        assert text.isascii()
        assert all(c.isprintable() or c == "\n" for c in text)


# -- single rules ----------------------------------------------------------------------


def test_a_crossing_is_no_joint() -> None:
    sheet = Sheet(UNICODE)
    region = (0, 0, 5, 2)
    rooms = [Room(region, frozenset(), net) for net in (1, 2)]
    level = routed(sheet, {((0, 1), RIGHT)}, {((4, 1), RIGHT)}, rooms[0])
    draw(sheet, level, 1, "wire")
    upright = routed(sheet, {((2, -1), DOWN)}, {((2, 2), DOWN)}, rooms[1])
    draw(sheet, upright, 2, "variable")
    assert [sheet.cells()[2, y] for y in (0, 1, 2)] == ["┆", "┆", "┆"]
    assert sheet.cells()[1, 1] == sheet.cells()[3, 1] == "─"


def test_twisted_wires_share_no_piece() -> None:
    """Two wires that change places between two columns find tracks of their own."""
    sheet = Sheet(UNICODE)
    lanes = {(1, 0): 1, (2, 0): 1, (6, 2): 1, (5, 2): 1}
    lanes |= {(1, 2): 2, (2, 2): 2, (6, 0): 2, (5, 0): 2}
    for net, (y, v) in enumerate([(0, 2), (2, 0)], 1):
        room = Room((0, -1, 7, 3), frozenset(), net, lanes=lanes)
        steps = routed(sheet, {((0, y), RIGHT)}, {((6, v), RIGHT)}, room)
        assert steps
        draw(sheet, steps, net, "wire")
    for held in sheet.strokes.values():
        sides = [stroke.sides for stroke in held.values()]
        assert len(sides) == 1 or sorted(sides) == [LEFT | RIGHT, UP | DOWN]


def test_hostile_names() -> None:
    name = "a\u202e\n\x1b[31m<b>" + "é漢" * 100
    node = einsum(
        [(tensor(name, ("m", "n")), (0, 1)), (tensor("x", ("n",)), (1,))], [0]
    )
    text = check_wires(model_of(node))
    assert max(columns(line) for line in text.split("\n")) <= 100
    assert not [c for c in text if c != "\n" and unicodedata.category(c)[0] == "C"]
    assert terminal_text(model_of(node), unicode=False).isascii()


def test_wide_letters_are_measured() -> None:
    node = einsum(
        [(tensor("漢字", ("m", "n")), (0, 1)), (tensor("x", ("n",)), (1,))], [0]
    )
    text = check_wires(model_of(node))
    assert "┨漢字├" in text
    assert cut("漢字漢字", 5) == "漢字…"
    assert spelled("σ₂⁻¹") == "sigma2^-1"


def test_stubs_in_a_frame_of_several_terms_have_names() -> None:
    e = ic.parse("(A+X')*tanh(B+A*X)", A="n n", B="n n", X="n n")
    text = check_wires(e.diagram().model)
    assert "┤ i──┨A├─k  + i──┤X┠─k ├" in text
    one = ic.parse("exp(A*x + b)", A="n n", x="n", b="n").diagram().text()
    assert "┤ ───(b)  + ───┨A├─(x)" in one


def test_dots_have_their_names() -> None:
    lens = ic.parse("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3").diagram()
    assert "j╭──" in lens.text()
    ends = ic.parse("x.*y.*z", x="n", y="n", z="n").diagram()
    assert ends.text().count("i") == 1


def test_names_are_written_where_there_is_room() -> None:
    sheet = Sheet(UNICODE)
    sheet.write(0, 0, "ab")
    sheet.dots[1, 1] = 0
    name_dot(sheet, (1, 1), "k")
    assert sheet.text() == "ab\n ○\nk"
    name_dot(sheet, (1, 1), "covariance")
    name_stub(sheet, (2, 0), RIGHT, "j")
    assert sheet.text() == "ab\n ○\nk"


def test_dense_networks_are_drawn_plainly() -> None:
    """A complete graph: where searching takes too long, wires go with few corners."""
    sides = range(12)
    legs = [
        " ".join(f"x{min(i, j)}_{max(i, j)}" for j in sides if j != i) for i in sides
    ]
    text = ic.diagram_from(f"{','.join(legs)}->").text()
    assert text.count("\n") > 60


def test_a_drawing_of_too_many_characters_is_refused() -> None:
    legs = ["" for _ in range(40)]
    for k, (i, j) in enumerate(combinations(range(40), 2)):
        legs[i] += f" e{k}"
        legs[j] += f" e{k}"
    diagram = ic.diagram_from(f"{','.join(legs)}->")
    with pytest.raises(BudgetError, match="200,000 characters"):
        diagram.text()


@pytest.mark.parametrize("index", range(8))
def test_plain_ways_come_where_nothing_else_does(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexcalc.drawing.terminal.text.EFFORT", 10 * index)
    for model in random_models(61 + index, 4):
        check_ends(model, terminal_text(model))


def test_a_plain_way_takes_the_first_free_column() -> None:
    sheet = Sheet(UNICODE)
    sheet.write(4, 1, "x")
    room = Room((0, 0, 9, 4), net=1)
    way = plain_way(sheet, {((0, 0), RIGHT)}, {((8, 3), RIGHT)}, room)
    draw(sheet, way, 1, "wire")
    assert sheet.text().split("\n") == ["──╮", "  │x", "  │", "  ╰─────"]


def test_large_networks_are_drawn() -> None:
    """A chain of sixty matrices with a vector at every dot."""
    size = "n"
    operands = []
    for k in range(60):
        operands.append((tensor(f"A{k}", (size, size)), (k, k + 1)))
        operands.append((tensor(f"v{k}", (size,)), (k,)))
    model = model_of(einsum(operands, [0, 60]))
    drawn = terminal_text(model)
    assert all(name in drawn for name in ("A0", "A59", "v59"))


if __name__ == "__main__" and "--write" in sys.argv:
    PICTURES.write_text(pictures(), encoding="utf-8")
