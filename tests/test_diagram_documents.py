"""Documents of diagrams: exactly back, the same bytes, junk refused with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import indexcalc as ic
from indexcalc.diagrams.build import model_of
from indexcalc.diagrams.documents import (
    frames_from_json,
    frames_to_json,
    from_document,
    from_json,
    to_document,
    to_json,
)
from indexcalc.diagrams.graph import graph_of
from indexcalc.diagrams.model import (
    Box,
    Dot,
    End,
    Model,
    Network,
    Picture,
    Wire,
    networks,
    pictures,
)
from indexcalc.diagrams.validity import DEPTH_LIMIT, validated, why_invalid
from indexcalc.errors import BudgetError, ParseError, ShapeError
from indexcalc.expr import tensor
from indexcalc.nodes import Node
from tests.hostile_names import HOSTILE
from tests.mutated_documents import mutated
from tests.random_expressions import generate
from tests.test_rows import NODES

X = tensor("X", ("m", "n"))


def expressions(count: int) -> Iterator[tuple[str, Node]]:
    """Random expressions and a first derivative of each."""
    for index in range(count):
        case = generate(3, index)
        e = ic.parse(case.text, **case.shapes)
        yield case.text, e.node
        yield f"∂ {case.text}", e.diff(sorted(case.values)[0]).node


def hostile_model() -> Model:
    """One chain of matrices with hostile names, its indices called so too."""
    boxes = tuple(
        Box(f"{name}#{k}", "tensor", name, X.shape[:1] * 2, tensor(name, ("m", "m")))
        if name
        else Box("empty", "part", "", X.shape[:1] * 2)
        for k, name in enumerate(HOSTILE)
    )
    last = len(boxes) - 1
    ends = tuple(End((name,), X.shape[:1]) for name in HOSTILE[:2])
    wires = [
        Wire((("box", k, 1), ("box", k + 1, 0)), HOSTILE[k], X.shape[0])
        for k in range(last)
    ]
    wires.append(Wire((("end", 0, 0), ("box", 0, 0)), "i", X.shape[0]))
    wires.append(Wire((("box", last, 1), ("end", 1, 0)), "j", X.shape[0]))
    part = Picture(ends, ((-1, Network((), (), (through(),))),))
    whole = Picture(ends, ((1, Network(boxes, (), tuple(wires))),))
    return validated(Model(whole, (("", part),), (HOSTILE[0],)))


def through() -> Wire:
    """A wire from the first end to the second."""
    return Wire((("end", 0, 0), ("end", 1, 0)), "i", X.shape[0])


# -- round trips -----------------------------------------------------------------------


def test_random_models_come_back() -> None:
    """Every model is a diagram, and its document gives the equal model."""
    for text, node in expressions(60):
        for unfused in (False, True):
            model = model_of(node, unfused=unfused)
            assert why_invalid(model) is None, text
            assert from_json(to_json(model)) == model, text
            assert from_document(to_document(model)) == model, text


@pytest.mark.parametrize("name", NODES)
def test_every_kind_of_row_comes_back(name: str) -> None:
    """Constants, parameters and coefficients of every kind, exactly."""
    model = model_of(NODES[name])
    again = from_json(to_json(model))
    assert again == model
    assert to_json(again) == to_json(model)


@pytest.mark.parametrize("value", [3, -1, Fraction(1, 3), 0.1, 1e300, 1 - 2j, 10**40])
def test_coefficients_are_exact(value: Any) -> None:
    """Kind and value of a coefficient are kept."""
    model = Model(Picture((), ((value, Network((), (), ())),)))
    again = from_json(to_json(model)).picture.terms[0][0]
    assert again == value
    assert type(again) is type(value)


def test_hostile_names_come_back() -> None:
    """Names are data: the document is ASCII and gives them back."""
    model = hostile_model()
    text = to_json(model)
    assert text.isascii()
    assert text.isprintable()
    assert from_json(text) == model


def test_films_come_back() -> None:
    """Frames with their rules; a fault says which frame."""
    frames = [(hostile_model(), "product rule", ""), (model_of(X), "delete", "once")]
    text = frames_to_json(frames)
    assert frames_from_json(text) == tuple(frames)
    film = json.loads(text)
    film["frames"][1]["diagram"]["picture"]["terms"][0]["boxes"][0]["ports"][0] = "q"
    with pytest.raises(ParseError, match=r"frames\[1\]\.diagram\.picture\.terms\[0\]"):
        frames_from_json(json.dumps(film))


def test_no_end_of_nesting_is_a_budget() -> None:
    """A model of too many frames is not written."""
    picture = Picture((), ())
    for k in range(DEPTH_LIMIT + 2):
        box = Box(f"b{k}", "bracket", "", (), contents=(picture,))
        picture = Picture((), ((1, Network((box,), (), ())),))
    assert why_invalid(Model(picture)) is not None
    with pytest.raises(BudgetError):
        to_json(Model(picture))


# -- faults ----------------------------------------------------------------------------

A, I2 = tensor("A", (2, 2)), Box("I", "wedge", "", (2, 2))
ENDS = (End(("i",), (2,)), End(("j",), (2,)))
ROW = Wire((("end", 0, 0), ("box", 0, 0)), "i", 2)
COLUMN = Wire((("box", 0, 1), ("end", 1, 0)), "j", 2)


def of(box: Box, wires: tuple[Wire, ...] = (ROW, COLUMN)) -> Model:
    """The diagram of one box with two ends."""
    return Model(Picture(ENDS, ((1, Network((box,), (), wires)),)))


MATRIX = Box("A#1", "tensor", "A", (2, 2), A)
INNER = Picture(ENDS, ((1, Network((MATRIX,), (), (ROW, COLUMN))),))

FAULTS: dict[str, Model] = {
    "0 wires": of(MATRIX, (ROW,)),
    "2 wires": of(MATRIX, (ROW, COLUMN, COLUMN)),
    "no port 5": of(MATRIX, (ROW, Wire((("box", 0, 5), ("end", 1, 0)), "j", 2))),
    "no box": of(MATRIX, (ROW, Wire((("dot", 0, 0), ("end", 1, 0)), "j", 2))),
    "of size 3 meets": of(MATRIX, (ROW, Wire(COLUMN.places, "j", 3))),
    "2×2 is needed": of(Box("A#1", "tensor", "A", (2, 3), A)),
    "without its tensor": of(Box("A#1", "tensor", "A", (2, 2))),
    "labelled": of(Box("A#1", "tensor", "B", (2, 2), A)),
    "no contents": of(Box("A#1", "tensor", "A", (2, 2), A, contents=(INNER,))),
    "another box has the id": of(
        Box("A#1", "bracket", "", (2, 2), contents=(INNER,)),
    ),
    "no part": of(Box("K", "part", "K", (2, 2))),
    "not one": of(Box("b", "bracket", "", (2, 2))),
    "without its variable": of(Box("b", "loop", "", (2, 2), contents=(INNER,))),
    "not a function of the table": of(Box("f", "function", "sine", (2, 2))),
    "gives 2×2": of(
        Box("f", "function", "inv", (2, 3), None, "inv", (), 2, (INNER,)),
    ),
    "axes of its own": of(
        Box("f", "function", "inv", (2, 2), None, "inv", (), 0, (INNER,)),
    ),
    "inv' is labelled 'det": of(
        Box("f", "function", "det", (2, 2), None, "inv", (), 2, (INNER,)),
    ),
    "not the parameters": of(
        Box("f", "function", "power", (2, 2), None, "power", ("x",), 0, (INNER,)),
    ),
    "beyond": of(
        Box("f", "function", "cofactors", (2, 2), None, "cofactors", (10**9,), 2, ()),
    ),
    "not one of value_first": Model(INNER, layout="sideways"),
    "another part": Model(INNER, (("K", Picture((), ())), ("K", Picture((), ())))),
    "not finite": Model(Picture((), ((float("nan"), Network((), (), ())),))),
    "names and": Model(Picture((End(("i",), ()),), ())),
    "not a role": Model(Picture((End(("i",), (2,), "none"),), ())),  # type: ignore[arg-type]
    "not one of a variable": Model(Picture((End(("i",), (2,), of="A"),), ())),
    "not a kind": of(Box("b", "cloud", "", (2, 2))),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_is_named(reason: str) -> None:
    """Each invariant is seen, in the model and in its document."""
    model = FAULTS[reason]
    fault = why_invalid(model)
    assert fault is not None
    if reason != "no box":
        assert reason in fault
    with pytest.raises(ShapeError):
        validated(model)
    with pytest.raises(ParseError):
        from_document(to_document(model))


def test_a_part_may_not_use_itself() -> None:
    """Parts stand before those that use them, so there is no cycle."""
    inner = Picture(ENDS, of(Box("K#1", "part", "K", (2, 2))).picture.terms)
    assert "no part 'K' before" in str(why_invalid(Model(inner, (("K", inner),))))


# -- junk ------------------------------------------------------------------------------

DOCUMENT = to_document(of(MATRIX))
JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 10**30, 0.5, "", "x", "n", "1/0", "nan", "1e9999", "-1"),
    *([], {}, [[]], {"size": 3}, {"size": "n("}, {"number": "nan"}, ["box", 0, 0]),
    *(["tensor", "A", "n", "blah"], ["constant", "c", "O", "1", "00"], "n*" * 4_000),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        "null",
        "3",
        "NaN",
        "9" * 10_000,
        '{"format": "indexcalc.diagram"}',
        '{"format": "indexcalc.diagram", "version": true}',
        '{"format": "indexcalc.film", "version": 1, "frames": []}',
        json.dumps({**DOCUMENT, "version": 2}),
        json.dumps({**DOCUMENT, "version": [[[]]]}),
        json.dumps({**DOCUMENT, "more": 1}),
        json.dumps({k: v for k, v in DOCUMENT.items() if k != "parts"}),
    ],
    ids=lambda text: text[:50],
)
def test_what_is_no_document(text: str) -> None:
    """Whatever it is, it is a ParseError of one short sentence."""
    with pytest.raises(ParseError) as caught:
        from_json(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("document", [None, 3, b"{}", ["a"], {3: 4}, object()])
def test_what_is_no_text(document: Any) -> None:
    """Neither are other objects."""
    with pytest.raises(ParseError):
        from_json(document)
    with pytest.raises(ParseError):
        from_document(document)


def test_mutated_documents() -> None:
    """One change gives a diagram again or a ParseError, and nothing else."""
    random = Random(5)
    chosen = [*NODES.values(), *(node for _, node in expressions(12))]
    documents = [to_document(model_of(node)) for node in chosen]
    messages: list[str] = []
    for _ in range(1_500):
        document = mutated(random.choice(documents), random, JUNK)
        try:
            model = from_document(document)
        except ParseError as error:
            messages.append(str(error))
            continue
        assert why_invalid(model) is None
        assert from_json(to_json(model)) == model
    assert len(messages) > 1_000
    assert all(m.isprintable() and len(m) < 1_000 for m in messages)


def test_long_documents_are_read() -> None:
    """Twenty thousand dots and wires: a reader of quadratic time would not end."""
    count = 20_000
    dots = tuple(Dot(f"i{k}", 2) for k in range(count))
    wires = tuple(Wire((("dot", k, 0), ("dot", k, 0)), "i", 2) for k in range(count))
    model = Model(Picture((), ((1, Network((), dots, wires)),)))
    assert from_json(to_json(model)) == model


# -- networkx --------------------------------------------------------------------------


def test_the_graph_has_everything() -> None:
    """A node for every box, dot and end, an edge for every wire and passing port."""
    pytest.importorskip("networkx")
    for text, node in expressions(30):
        model = model_of(node)
        graph = graph_of(model)
        kinds = [kind for _, kind in graph.nodes(data="kind")]
        inside = list(networks(model))
        assert kinds.count("dot") == sum(len(net.dots) for net in inside), text
        boxes = sum(len(net.boxes) for net in inside)
        ends = sum(len(p.ends) * max(1, len(p.terms)) for p in pictures(model))
        assert len(kinds) == boxes + ends + kinds.count("dot"), text
        wires = sum(len(net.wires) for net in inside)
        edges = [kind for *_, kind in graph.edges(data="kind")]
        assert edges.count("wire") == wires, text


def test_the_graph_says_which_port() -> None:
    """Axes keep their order: tr(A) has a loop from port 0 to port 1; names are kept."""
    pytest.importorskip("networkx")
    ring = Wire((("box", 0, 0), ("box", 0, 1)), "i", 2)
    graph = graph_of(Model(Picture((), ((3, Network((MATRIX,), (), (ring,))),))))
    ((_, _, edge),) = graph.edges(data=True)
    assert (edge["first"], edge["first_port"], edge["second_port"]) == ("A#1", 0, 1)
    assert graph.nodes["A#1"]["coefficient"] == "3"
    labels = [label for _, label in graph_of(hostile_model()).nodes(data="label")]
    assert set(HOSTILE) <= set(labels)


def test_frames_in_the_graph() -> None:
    """Contents are inside their frame, and its ports go on to their ends."""
    pytest.importorskip("networkx")
    e = ic.parse("exp(A*B)", A="m n", B="n m")
    graph = graph_of(model_of(e.node))
    assert graph.nodes["A#1"]["inside"] == "exp#1"
    passes = [d for *_, d in graph.edges(data=True) if d["kind"] == "passes"]
    assert [(d["first_port"], d["second"]) for d in passes] == [
        (0, "exp#1: end 0"),
        (1, "exp#1: end 1"),
    ]
