"""Derivations as pictures: every frame is a diagram of the derivative."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from indexcalc.diagrams.build import Axes, model_of
from indexcalc.diagrams.film import FRAME_LIMIT, Frame, derivation_frames
from indexcalc.diagrams.keeping import boxes_of
from indexcalc.diagrams.loops import looped
from indexcalc.diagrams.model import Model, Picture
from indexcalc.diagrams.reading import node_of
from indexcalc.diagrams.splicing import dots_fused, spliced
from indexcalc.diagrams.validity import why_invalid
from indexcalc.errors import BudgetError, UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor, variables
from indexcalc.simplify import fuse
from tests.random_expressions import generate
from tests.worked import PROBLEMS, Problem

Arrays = Mapping[str, Any]


def film_of(text: str, variable: str, **shapes: str) -> tuple[Frame, ...]:
    """The frames of a derivative of a text."""
    root = ic.parse(text, **shapes).written
    return derivation_frames(root, variables(root)[variable])


def rules_of(frames: Sequence[Frame]) -> list[str]:
    return [frame.rule for frame in frames]


def require_film(
    frames: Sequence[Frame], slope: Node, arrays: Arrays, **options: Any
) -> None:
    """Every frame is a valid diagram of the derivative, with the same free ends."""
    for frame in frames:
        assert why_invalid(frame.model) is None, frame.rule
        assert frame.model.picture.ends == frames[0].model.picture.ends
        node = node_of(frame.model)
        if fuse(node) is not slope:
            expected = np.asarray(evaluate(slope, arrays, **options))
            found = np.asarray(evaluate(node, arrays, **options))
            bar = 1e-9 * (1 + np.abs(expected).max(initial=0.0))
            assert np.abs(found - expected).max(initial=0.0) <= bar, frame.rule
    for one, two in pairwise(frames):
        assert one.model != two.model


def nameless(picture: Picture) -> Picture:
    """A picture without the ids of its boxes."""
    terms = tuple(
        (
            c,
            replace(
                network,
                boxes=tuple(
                    replace(
                        box, id="", contents=tuple(nameless(c) for c in box.contents)
                    )
                    for box in network.boxes
                ),
            ),
        )
        for c, network in picture.terms
    )
    return replace(picture, terms=terms)


def without_ids(model: Model) -> Model:
    parts = tuple((name, nameless(part)) for name, part in model.parts)
    return replace(model, picture=nameless(model.picture), parts=parts)


# -- the worked problems ---------------------------------------------------------------


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name + " " + p.variable)
def test_worked_problem(problem: Problem) -> None:
    y = problem.ways["text"](ic)
    x = variables(y.written)[problem.variable]
    frames = derivation_frames(y.written, x)
    rng = np.random.default_rng(0)
    arrays = {n: rng.standard_normal(problem.dimensions(n)) for n in problem.shapes}
    slope = y.diff(problem.variable)
    require_film(frames, slope.node, arrays)
    assert 3 <= len(frames) <= 9
    drawn = slope.diagram().model
    assert without_ids(frames[-1].model) == without_ids(drawn)


def test_frames_of_the_layer() -> None:
    frames = film_of("W*((A*X).*(A*X))*ones(3)", "X", W="k k", A="k n", X="n 3")
    assert rules_of(frames) == [
        "as given",
        "product rule",
        "delete the node",
        "like terms add up",
    ]
    terms = [frame.model.picture.terms for frame in frames]
    assert [len(found) for found in terms] == [1, 2, 2, 1]
    assert [end.name for end in frames[0].model.picture.ends] == ["i", "j", "l"]


# -- the rules one by one --------------------------------------------------------------

SQUARE = {"A": "n n", "B": "n n", "X": "n n"}
RULES: list[tuple[str, str, dict[str, str], list[str]]] = [
    ("A", "X", SQUARE, ["as given", "constants vanish"]),
    (
        "2*tr(A*X) + tr(X*B)",
        "X",
        SQUARE,
        ["as given", "sum rule", "constants come out", "delete the node"],
    ),
    (
        "tr(A) + tr(A*X)",
        "X",
        SQUARE,
        ["as given", "sum rule", "constants come out", "delete the node"],
    ),
    ("X", "X", SQUARE, ["as given", "delete the node"]),
    ("X'", "X", SQUARE, ["as given", "delete the node"]),
    (
        "tr(A*X*B)",
        "X",
        SQUARE,
        ["as given", "constants come out", "delete the node"],
    ),
    (
        "tr(X'*A*X*B)",
        "X",
        SQUARE,
        ["as given", "product rule", "delete the node"],
    ),
    ("tr(X)", "X", SQUARE, ["as given", "constants come out", "delete the node"]),
    (
        "(X.*A)*ones(n)",
        "X",
        SQUARE,
        ["as given", "constants come out", "delete the node"],
    ),
    ("Diag(x)", "x", {"x": "n"}, ["as given", "constants come out", "delete the node"]),
    (
        "diag(X)",
        "X",
        SQUARE,
        ["as given", "constants come out", "delete the node"],
    ),
    ("inv(X)", "X", SQUARE, ["as given", "inverse splits", "delete the node"]),
    ("det(X)", "X", SQUARE, ["as given", "the cofactors appear", "delete the node"]),
    ("logdet(X)", "X", SQUARE, ["as given", "the inverse appears", "delete the node"]),
    ("exp(X)", "X", SQUARE, ["as given", "chain rule: exp", "delete the node"]),
    (
        "sum(sin(A*x))",
        "x",
        {"A": "m n", "x": "n"},
        [
            "as given",
            "constants come out",
            "chain rule: sin, dots fuse",
            "constants come out",
            "delete the node",
        ],
    ),
    ("sum(x)", "x", {"x": "n"}, ["as given", "constants come out", "delete the node"]),
    (
        "x .^ y",
        "x",
        {"x": "n", "y": "n"},
        ["as given", "chain rule: pow", "delete the node, dots fuse"],
    ),
    (
        "sum(x ./ sum(x))",
        "x",
        {"x": "n"},
        [
            "as given",
            "product rule",
            "chain rule: (·)^-1",
            "constants come out",
            "delete the node",
        ],
    ),
    (
        "X*X",
        "X",
        SQUARE,
        ["as given", "product rule", "delete the node"],
    ),
    (
        "x*y",
        "x",
        {"x": "", "y": "n"},
        ["as given", "constants come out", "delete the node"],
    ),
]


@pytest.mark.parametrize(("text", "variable", "shapes", "rules"), RULES)
def test_rule(
    text: str, variable: str, shapes: dict[str, str], rules: list[str]
) -> None:
    root = ic.parse(text, **shapes).written
    x = ic.parse(variable, **shapes).written
    assert isinstance(x, Tensor)
    frames = derivation_frames(root, x)
    rng = np.random.default_rng(0)
    sizes = {"n": 3, "m": 2}
    arrays = {
        name: 1 + rng.random([sizes[s] for s in shape.split()])
        for name, shape in shapes.items()
    }
    require_film(frames, fuse(jacobian(root, x)), arrays)
    assert rules_of(frames) == rules


def test_self_is_bare_wires_and_a_transpose_crosses_them() -> None:
    for text, ends in [("X", {(0, 2), (1, 3)}), ("X'", {(0, 3), (1, 2)})]:
        last = film_of(text, "X", X="n m")[-1].model.picture
        ((c, network),) = last.terms
        assert (c, network.boxes, network.dots) == (1, (), ())
        found = [tuple(sorted(e for _, e, _ in w.places)) for w in network.wires]
        assert set(found) == ends


def test_inverse_splits_with_a_minus_sign() -> None:
    split = film_of("inv(X)", "X", X="n n")[1].model.picture
    ((c, network),) = split.terms
    assert (c, [box.kind for box in network.boxes]) == (
        -1,
        ["function", "function", "loop"],
    )


def test_a_sum_inside_a_product_is_multiplied_out() -> None:
    frames = film_of("tr(A*(X + X*X)*B)", "X", **SQUARE)
    counts = [len(frame.model.picture.terms) for frame in frames]
    assert counts == [1, 1, 2, 3, 3]
    root = ic.parse("tr(A*(X + X*X)*B)", **SQUARE)
    require_film(frames, root.diff("X").node, random_squares())


def random_squares() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {name: rng.standard_normal((3, 3)) for name in "ABX"}


def test_brackets_stay_where_there_would_be_too_many_terms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("indexcalc.diagrams.film.TERM_LIMIT", 3)
    text = "tr(A*X*B*X*A*X*B*X*X)"
    frames = film_of(text, "X", **SQUARE)
    counts = [len(frame.model.picture.terms) for frame in frames[:-1]]
    assert max(counts) <= 3
    require_film(frames, ic.parse(text, **SQUARE).diff("X").node, random_squares())


@pytest.mark.parametrize(
    "structure",
    ["symmetric", "skew", "diagonal", "lower", "upper", "toeplitz", "orthogonal"],
)
def test_structured_variables_are_projected(structure: str) -> None:
    y = ic.parse("tr(A*S*B*S)", A="n n", B="n n", S=f"n n : {structure}")
    leaf = variables(y.written)["S"]
    frames = derivation_frames(y.written, leaf)
    rng = np.random.default_rng(2)
    arrays = {name: rng.standard_normal((3, 3)) for name in "ABS"}
    arrays["S"] = STRUCTURED[structure](arrays["S"])
    require_film(frames, y.diff("S").node, arrays)
    assert "delete the node, project" in rules_of(frames)


def _toeplitz(a: Any) -> Any:
    return sum(a[0, k + 2] * np.eye(3, k=k) for k in range(-2, 1))


STRUCTURED: dict[str, Any] = {
    "symmetric": lambda a: a + a.T,
    "skew": lambda a: a - a.T,
    "diagonal": lambda a: np.diag(np.diag(a)),
    "lower": np.tril,
    "upper": np.triu,
    "toeplitz": _toeplitz,
    "orthogonal": lambda a: np.linalg.qr(a)[0],
}


def test_grouped_ends_and_parts() -> None:
    y = ic.parse("vec(A*X*B)", A="m n", X="n q", B="q r")
    frames = derivation_frames(y.written, variables(y.written)["X"])
    require_film(frames, y.diff("X").node, {})
    first = frames[0].model.picture
    assert [len(end.names) for end in first.ends] == [2, 1, 1]
    assert first.terms[0][1].boxes[0].kind == "loop"


def test_parts_are_opened() -> None:
    y = ic.parse("(exp(A*x).*b).*sin(exp(A*x).*b)", A="m n", x="n", b="m")
    frames = derivation_frames(y.written, variables(y.written)["x"])
    assert frames[0].model.parts
    assert any(rule.startswith("open ") for rule in rules_of(frames))
    rng = np.random.default_rng(3)
    arrays = {"x": rng.random(3), "A": rng.random((2, 3)), "b": rng.random(2)}
    require_film(frames, y.diff("x").node, arrays)


# -- what stays from frame to frame ----------------------------------------------------


def test_boxes_keep_their_ids() -> None:
    frames = film_of("tr(A*inv(X)*B) + sum(exp(A*X))", "X", **SQUARE)
    for one, two in pairwise(frames):
        before = {box.id for box in boxes_of(one.model.picture)}
        after = [box.id for box in boxes_of(two.model.picture)]
        assert len(set(after)) == len(after)
        assert sum(name in before for name in after) >= len(after) / 2
        kinds = {box.id: box.label for box in boxes_of(one.model.picture)}
        for box in boxes_of(two.model.picture):
            if box.kind == "tensor" and box.id in kinds:
                assert kinds[box.id] == box.label


def test_the_loop_of_the_first_occurrence_keeps_its_id() -> None:
    frames = film_of("tr(X'*A*X*B)", "X", **SQUARE)
    loops = [
        [box.id for box in boxes_of(frame.model.picture) if box.kind == "loop"]
        for frame in frames[:2]
    ]
    assert loops[0][0] == loops[1][0] != loops[1][1]


def test_indices_keep_their_names() -> None:
    frames = film_of("A*((B*X).*E)*f", "X", A="r p", B="p k", X="k q", E="p q", f="q")
    dots = [
        {d.name for _, n in frame.model.picture.terms for d in n.dots}
        for frame in frames[1:]
    ]
    assert [len(names) for names in dots] == [2, 2]
    assert dots[0] & dots[1] == {"m"}
    assert dots[1] == {"m", "l"}


def test_names_in_a_product_are_apart() -> None:
    for frame in film_of("tr(X*A*X*B*X)", "X", **SQUARE):
        for _, network in frame.model.picture.terms:
            names = [wire.name for wire in network.wires]
            assert len(set(names)) == len(names)


def test_no_hash_enters() -> None:
    code = (
        "import indexcalc as ic; from indexcalc.diagrams.film import derivation_frames;"
        "from indexcalc.nodes import variables;"
        "y = ic.parse('softmax(A*x).*exp(A*x)', A='m n', x='n').written;"
        "print([repr(f) for f in derivation_frames(y, variables(y)['x'])])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1


# -- orders, limits, loops -------------------------------------------------------------


def test_second_derivative_is_a_loop_in_a_loop() -> None:
    y = ic.parse("sum(exp(A*x))", A="m n", x="n")
    x = variables(y.written)["x"]
    frames = derivation_frames(y.written, x, order=2)
    nested = [box.kind for box in boxes_of(frames[0].model.picture)][:2]
    assert nested == ["loop", "loop"]
    assert frames[0].model.variables == ("x", "x")
    rng = np.random.default_rng(4)
    arrays = {"A": rng.standard_normal((2, 3)), "x": rng.standard_normal(3)}
    require_film(frames, y.diff("x").diff("x").node, arrays)


def test_derivative_of_a_derivative_keeps_the_roles() -> None:
    slope = ic.parse("exp(x.*z)", x="n", z="n").diff("x")
    leaf = variables(slope.written)["z"]
    frames = derivation_frames(slope.written, leaf, Axes(("", "x"), ("x",)))
    ends = frames[0].model.picture.ends
    assert [end.role for end in ends] == ["value", "variable", "variable"]
    assert [end.of for end in ends] == ["", "x", "z"]
    assert {frame.model.variables for frame in frames} == {("x", "z")}
    drawn = slope.diff("z").diagram().model
    assert without_ids(frames[-1].model) == without_ids(drawn)


def test_limits() -> None:
    deep = "sin(" * FRAME_LIMIT + "x" + ")" * FRAME_LIMIT
    with pytest.raises(BudgetError, match="more than 40 pictures"):
        film_of(deep, "x", x="n")
    y = ic.parse("x.*x", x="n").written
    for order, told in [(3, "order is 3"), ("2", 'order is "2"'), (0, "order is 0")]:
        with pytest.raises(UnsupportedError, match=f"{told}, and must be 1 or 2"):
            derivation_frames(y, variables(y)["x"], order=order)  # type: ignore


def test_all_pictures_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = {"A": "n n", "x": "n"}
    drawn = [frame.model.picture for frame in film_of("x'*A*x", "x", **shapes)]
    boxes = sum(1 for picture in drawn for _ in boxes_of(picture))
    monkeypatch.setattr("indexcalc.diagrams.film.FILM_LIMIT", boxes)
    assert len(film_of("x'*A*x", "x", **shapes)) == len(drawn)
    monkeypatch.setattr("indexcalc.diagrams.film.FILM_LIMIT", boxes - 1)
    with pytest.raises(BudgetError, match=f"more than {boxes - 1} boxes in all"):
        film_of("x'*A*x", "x", **shapes)


@pytest.mark.parametrize("text", ["W*tanh(V*x)", "kron(V*x,x)", "softmax(V*x)"])
def test_looped_is_the_derivative(text: str) -> None:
    y = ic.parse(text, W="m k", V="k n", x="n")
    model = looped(model_of(y.node), variables(y.written)["x"])
    assert why_invalid(model) is None
    assert fuse(node_of(model)) is y.diff("x").node
    assert [end.role for end in model.picture.ends][-1] == "variable"
    assert model.picture.terms[0][1].boxes[0].kind == "loop"


# -- surgery ---------------------------------------------------------------------------


def test_wires_that_close_on_themselves_are_rings() -> None:
    outer = model_of(ic.parse("tr(X)", X="n n").node).picture.terms[0][1]
    bare = model_of(ic.parse("eye(n)", x="n").node).picture.terms[0][1]
    ring = spliced(outer, 0, bare)
    assert (ring.boxes, ring.wires, len(ring.dots)) == ((), (), 1)


def test_fusing_dots_keeps_the_value() -> None:
    for index in range(40):
        case = generate(21, index)
        model = model_of(ic.parse(case.text, case.shapes).written, unfused=True)
        fused = replace(model, picture=dots_fused(model.picture))
        assert why_invalid(fused) is None
        assert fuse(node_of(fused)) is fuse(node_of(model))


# -- everything ------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(100))
def test_random_expressions(index: int) -> None:
    case = generate(31, index)
    y = ic.parse(case.text, case.shapes)
    for name, leaf in list(variables(y.written).items())[:2]:
        frames = derivation_frames(y.written, leaf)
        slope = y.diff(name)
        options = {"sizes": case.sizes, "functions": case.functions}
        require_film(frames, slope.node, case.values, **options)
        drawn = slope.diagram().model
        assert without_ids(frames[-1].model) == without_ids(drawn)
