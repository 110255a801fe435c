"""How derivations read: where they begin, what is said, what is fused at once."""

from __future__ import annotations

from collections import Counter

import indexcalc as ic
from indexcalc.diagrams.film import derivation_frames
from indexcalc.diagrams.model import Network, Wire, networks
from indexcalc.nodes import variables
from tests.random_expressions import generate
from tests.test_diagram_film import (
    SQUARE,
    film_of,
    random_squares,
    require_film,
    rules_of,
)


def test_a_film_begins_with_what_was_written() -> None:
    """Where the fused form has more terms, as with logdet AX."""
    frames = film_of("logdet(A*X)", "X", **SQUARE)
    assert [len(frame.model.picture.terms) for frame in frames] == [1, 1, 1, 1]
    assert rules_of(frames)[1:] == [
        "the inverse appears",
        "constants come out",
        "delete the node",
    ]
    root = ic.parse("logdet(A*X)", **SQUARE)
    arrays = {name: a @ a.T for name, a in random_squares().items()}
    require_film(frames, root.diff("X").node, arrays)


def test_names_in_sentences_keep_their_case() -> None:
    frames = film_of("tr(A) + logdet(X)", "X", **SQUARE)
    assert frames[2].rule == "constants vanish"
    assert frames[2].reason == "What is without X has the derivative zero."


def test_what_does_not_get_smaller_is_not_simplified() -> None:
    frames = film_of("sum(tanh(W*x+b))", "W", W="m n", x="n", b="m")
    assert rules_of(frames)[-2:] == ["delete the node", "the engine's form"]


def test_a_square_of_a_tensor_is_the_tensor_twice() -> None:
    frames = film_of("sum(X.*X)", "X", X="m n")
    assert rules_of(frames) == [
        "as given",
        "product rule",
        "delete the node",
        "like terms add up",
    ]
    first = frames[2].model.picture.terms[0][1]
    assert [box.label for box in first.boxes] == ["X"]


def test_a_square_of_a_sum_stays_a_frame() -> None:
    frames = film_of("(A*x+b).^3", "x", A="m n", x="n", b="m")
    assert rules_of(frames) == [
        "as given",
        "chain rule: (·)^3",
        "sum rule",
        "constants come out",
        "delete the node",
    ]
    second = frames[1].model.picture.terms[0][1]
    assert [box.label for box in second.boxes if box.kind == "function"] == ["power"]


def test_no_ones_dot_hangs_on_a_dot() -> None:
    for index in range(30):
        case = generate(33, index)
        root = ic.parse(case.text, case.shapes).written
        for leaf in list(variables(root).values())[:1]:
            for frame in derivation_frames(root, leaf)[1:]:
                assert not any(map(hanging_dots, networks(frame.model)))


def hanging_dots(network: Network) -> list[Wire]:
    """The wires between a dot with one leg and another dot."""
    legs = Counter(p for w in network.wires for p in w.places if p[0] == "dot")
    return [
        wire
        for wire in network.wires
        if all(kind == "dot" for kind, _, _ in wire.places)
        and min(legs[place] for place in wire.places) == 1
    ]
