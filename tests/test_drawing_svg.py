"""SVG, PNG, pages and animations: well formed, harmless, readable, stable bytes."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from xml.etree import ElementTree

import pytest

import indexcalc as ic
from indexcalc.diagrams.model import (
    Box,
    Dot,
    End,
    Model,
    Network,
    Picture,
    Wire,
)
from indexcalc.drawing.graphics.animation import animated_svg
from indexcalc.drawing.graphics.html import page
from indexcalc.drawing.graphics.page_parts import SCRIPT
from indexcalc.drawing.graphics.png import png_bytes
from indexcalc.drawing.graphics.svg import number, path_data, svg_text
from indexcalc.drawing.graphics.themes import THEMES, complete, contrast, style_of
from indexcalc.drawing.placed import (
    PlacedBox,
    PlacedDot,
    PlacedEnd,
    PlacedModel,
    PlacedNetwork,
    PlacedPicture,
    PlacedText,
    PlacedWire,
)
from indexcalc.drawing.scene import (
    ROLES,
    Circle,
    Group,
    Label,
    Path,
    Rect,
    Scene,
)
from indexcalc.drawing.scenes.alignment import aligned, keyed
from indexcalc.drawing.scenes.composed import broken, scene_of
from indexcalc.drawing.scenes.free_space import LinePoints
from indexcalc.drawing.scenes.letters import letter_runs
from indexcalc.drawing.scenes.marks import measured, plain_marks
from indexcalc.drawing.scenes.strokes import rounded, shifted
from indexcalc.errors import UnsupportedError
from indexcalc.expr import tensor
from tests.hostile_names import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def lens(name: str = "A", index: str = "i", coefficient: str = "3/7") -> PlacedModel:
    """i–•⟨X, A⟩ with a derivative wire, as a layout would place it."""
    boxes = tuple(
        Box(f"{n}#1", "tensor", n, ("n", "p"), tensor=tensor("T", ("n", "p")))
        for n in ("X", name)
    )
    ends = (End((index,), ("n",)), End(("k",), (3,), "variable"))
    dot = Dot(index, "n")
    wires = tuple(
        Wire(places, label, "n")
        for places, label in (
            ((("end", 0, 0), ("dot", 0, 0)), index),
            ((("dot", 0, 0), ("box", 0, 0)), index),
            ((("dot", 0, 0), ("box", 1, 0)), index),
            ((("box", 0, 1), ("box", 1, 1)), "j"),
            ((("dot", 0, 0), ("end", 1, 0)), "k"),
        )
    )
    network = Network(boxes, (dot,), wires)
    lines = (
        ((30, 51), (60, 51)),
        ((60, 51), (100, 27)),
        ((60, 51), (100, 75)),
        ((134, 27), (160, 27), (160, 75), (134, 75)),
        ((60, 51), (76, 100), (76, 120)),
    )
    placed = PlacedNetwork(
        network,
        0,
        0,
        180,
        130,
        tuple(
            PlacedBox(
                box, 100, y, 34, 34, (((100, y + 17), "left"), ((134, y + 17), "right"))
            )
            for box, y in zip(boxes, (10, 58), strict=True)
        ),
        (PlacedDot(dot, 60, 51),),
        (
            PlacedEnd(ends[0], 0, 30, 51, "left"),
            PlacedEnd(ends[1], 1, 76, 120, "bottom"),
        ),
        tuple(PlacedWire(w, p) for w, p in zip(wires, lines, strict=True)),
    )
    picture = Picture(ends, ((1, network),))
    texts = (PlacedText(coefficient, 5, 51, "coefficient"),)
    whole = PlacedPicture(picture, 0, 0, 180, 130, (placed,), texts)
    return PlacedModel(Model(picture, (), ("T",)), 180, 130, whole)


EVERY_ROLE = Scene(
    100,
    100,
    tuple(Path((0, 0), (((9, 9),), ((9, 3), (3, 9), (1, 1))), role) for role in ROLES)
    + tuple(Circle(5, 5, 2, role, "k") for role in ROLES)
    + tuple(Rect(1, 1, 8, 8, role, 2) for role in ROLES)
    + (Group(tuple(Label(3, 3, "X⁻¹ₐ₂", role) for role in ROLES), "all", "key"),),
    "every role",
    "all of them",
)


# -- SVG -------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_every_role_is_well_formed(theme: str) -> None:
    root = ElementTree.fromstring(svg_text(EVERY_ROLE, theme))
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox") == "0 0 100 100"
    drawn = {e.get("class") for e in root.iter() if e.get("class")}
    assert {"ic-" + role.replace(" ", "-") for role in ROLES} <= drawn


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    for scene in (
        scene_of(lens(text, text[:40], text), legend=True, caption=text, labels="all"),
        Scene(9, 9, (Label(1, 1, text, "name", index=text, title=text),), text, text),
    ):
        written = svg_text(scene, "auto", "auto")
        root = ElementTree.fromstring(written)
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        known = {"svg", "title", "desc", "style", "rect", "path", "circle", "text"}
        assert tags <= known | {"g", "tspan"}
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", written)


def test_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from tests.test_drawing_svg import *;"
        "s = scene_of(lens(), legend=True, labels='all');"
        "print(svg_text(s, 'auto') + page([(s, 'a'), (s, 'b')]) + "
        "animated_svg([(s, 'a'), (s, 'b')]))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PYTHONIOENCODING": "utf8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_ids_differ_from_drawing_to_drawing() -> None:
    one, other = scene_of(lens()), scene_of(lens("B"))
    ids = [re.findall(r' id="([^"]+)"', svg_text(s)) for s in (one, other)]
    assert not set(ids[0]) & set(ids[1])


def test_numbers_have_two_decimals() -> None:
    written = svg_text(scene_of(lens()))
    assert not re.search(r"\d\.\d{3}", written)
    assert number(1e-9) == "0"


def test_titles_say_what_is_joined() -> None:
    root = ElementTree.fromstring(svg_text(scene_of(lens())))
    titles = {e.text for e in root.iter(f"{SVG}title")}
    assert "index j, size n, joins X axis 2 and A axis 2" in titles
    assert "free axis k of the variable, size 3" in titles
    assert "X, n×p" in titles
    labelled = root.get("aria-labelledby", "").split()
    assert {e.get("id") for e in root.iter()} >= set(labelled)


def test_an_index_is_known_at_all_its_places() -> None:
    root = ElementTree.fromstring(svg_text(scene_of(lens())))
    kinds = [e.tag.removeprefix(SVG) for e in root.iter() if e.get("data-index") == "i"]
    assert {"path", "circle", "text"} == set(kinds)


def test_backgrounds() -> None:
    scene = scene_of(lens())
    assert 'width="100%"' not in svg_text(scene, "light")
    assert 'height="100%" fill="#ffffff"' in svg_text(scene, "contrast")
    assert 'height="100%" fill="#11161d"' in svg_text(scene, "dark", "auto")
    assert 'height="100%" fill="beige"' in svg_text(scene, "light", "beige")
    assert ".ic-paper{fill:#11161d}" in svg_text(scene, "auto", "auto")
    assert "100%" not in svg_text(scene, "contrast", "none")
    with pytest.raises(UnsupportedError, match="no theme"):
        svg_text(scene, "sepia")


# -- themes ----------------------------------------------------------------------------

TEXTS = [r for r in ROLES if r.startswith(("name", "index", "number", "size", "port"))]


@pytest.mark.parametrize("theme", THEMES)
def test_contrast(theme: str) -> None:
    assert complete(THEMES[theme])
    paper = THEMES[theme].paper
    box = style_of(theme, "box").ground
    for role in [*TEXTS, "caption"]:
        ink = style_of(theme, role).ink
        assert min(contrast(ink, paper), contrast(ink, box)) >= 4.5, role
    for role in ROLES:
        assert contrast(style_of(theme, role).ink, paper) >= 3, role


def test_lines_differ_without_colour() -> None:
    """The marks that colour tells apart differ in their lines too."""
    of = {role: style_of("light", role) for role in ROLES}
    assert of["wire variable"].dash
    assert not of["wire"].dash
    assert of["frame elementwise"].dash
    assert not of["frame function"].dash
    assert of["bar"].width > 2 * of["box"].width


# -- marks -----------------------------------------------------------------------------


def test_corners_are_rounded_within_their_pieces() -> None:
    start, pieces = rounded(((0, 0), (((0, -10),), ((40, -10),), ((40, 0),))))
    assert start == (0, 0)
    assert pieces[-1][-1] == pytest.approx((40, 0))
    points = [p for piece in pieces for p in piece]
    assert all(-1e-9 <= x <= 40 + 1e-9 and -10 - 1e-9 <= y <= 1e-9 for x, y in points)


def test_double_wires_are_two_lines() -> None:
    above, _ = shifted(((0, 0), (((9, 0),),)), -1.7)
    assert above == (0, -1.7)
    written = svg_text(Scene(9, 9, (Path((0, 4), (((9, 4),),), "wire double"),)))
    assert written.count("M0 ") == 2
    assert path_data(Path((0, 0), (), "wire")) == "M0 0"


def test_letters() -> None:
    assert letter_runs("x₁") == [("x", True, 0), ("1", False, -1)]
    assert letter_runs("rate") == [("rate", False, 0)]
    assert letter_runs("(ij)", "indices")[1] == ("ij", True, 0)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("λ_max", [("λ", True, 0), ("max", False, -1)]),
        ("ξ_i", [("ξ", True, 0), ("i", True, -1)]),
        ("W_query_1", [("W", True, 0), ("query 1", False, -1)]),
        ("W_q⁻¹", [("W", True, 0), ("q", True, -1), ("−1", False, 1)]),
        ("covariance_matrix", [("covariance_matrix", False, 0)]),
        ("x__y", [("x", True, 0), ("__", False, 0), ("y", True, 0)]),
        ("x_", [("x", True, 0), ("_", False, 0)]),
    ],
)
def test_subscripts_are_lowered(text: str, runs: list[tuple[str, bool, int]]) -> None:
    assert letter_runs(text) == runs
    assert all(level >= 0 for _, _, level in letter_runs(text, "words"))
    found = ElementTree.fromstring(svg_text(Scene(9, 9, (Label(1, 1, text, "name"),))))
    spans = list(found.iter(f"{SVG}tspan"))
    assert "".join(span.text or "" for span in spans) == "".join(t for t, _, _ in runs)


def test_rare_letters_do_not_change_a_line() -> None:
    """Greek letters have fonts of their own; what stands beside them keeps its font,
    and meets them at a point."""

    def spans(text: str, role: str = "name") -> list[dict[str, str]]:
        label = Label(50, 9, text, role)
        root = ElementTree.fromstring(svg_text(Scene(99, 20, (label,))))
        (line,) = root.iter(f"{SVG}text")
        return [line.attrib, *(span.attrib for span in line)]

    alone, greek = spans("μ")
    assert "DejaVu Serif" in alone["font-family"]
    assert greek == {"font-style": "italic"}
    line, axes, i, of, mu = spans("axes: i of μ", "caption")
    assert "font-family" not in line
    assert not {"font-family"} & {*axes, *i, *of}
    assert (axes["text-anchor"], mu["text-anchor"]) == ("end", "start")
    assert axes["x"] == mu["x"]
    assert "Noto Serif" in mu["font-family"]
    line, partial, x = spans("∂X")
    assert (partial["text-anchor"], x["text-anchor"]) == ("end", "start")
    assert partial["x"] == x["x"]
    assert "font-family" in spans("α and β")[0]
    assert "x" not in spans("X⁻¹")[1]


def test_labels_keep_clear() -> None:
    """Names of indices do not lie on boxes, dots or one another."""
    scene = scene_of(lens(), labels="all")
    labels = [m for m in scene.marks if isinstance(m, Label) and m.role == "index"]
    assert sorted(label.text for label in labels) == ["i", "i", "j"]
    boxes = [g.marks[0] for g in scene.marks if isinstance(g, Group) and "#" in g.key]
    for label in labels:
        for box in boxes:
            inside_x = box.x - 3 < label.x < box.x + box.width + 3
            assert not (inside_x and box.y - 3 < label.y < box.y + box.height + 3)


def test_captions_are_broken() -> None:
    lines = broken("one two three four five", 60.0)
    assert len(lines) > 1
    assert " ".join(lines) == "one two three four five"
    assert broken("w" * 500, 60.0)[0].endswith("…")


def test_the_legend_shows_what_is_used() -> None:
    scene = scene_of(lens(), legend=True)
    words = {m.text for m in scene.marks if isinstance(m, Label)}
    assert "axis of that variable" in words
    assert "function, entry by entry" not in words


def test_the_legend_tells_blocks_from_matrices() -> None:
    blocks = ic.diagram_from("abp,bcq,adr,ces,deft->pqrstf").scene(legend=True)
    words = {m.text for m in plain_marks(blocks.marks) if isinstance(m, Label)}
    assert "tensor, its axes numbered" in words
    assert not any("bar" in word for word in words)


def texts_of(scene: Scene, *roles: str) -> list[str]:
    marks = plain_marks(scene.marks)
    return [m.text for m in marks if isinstance(m, Label) and m.role in roles]


def test_what_an_end_names_is_not_named_again() -> None:
    """A stub in a bracket is named once, and a wire that passes through frames too."""
    gradient = ic.parse("normsq(X*w-y)", X="m n", y="m", w="n").diff("w").diagram()
    names = texts_of(gradient.scene(labels="all"), "index", "index variable")
    assert sorted(names) == ["i", "j", "j", "j", "k"]
    nested = ic.parse("exp(tanh(sin(X)))", X="m n").diagram().scene(labels="all")
    assert texts_of(nested, "index", "index value") == ["i", "j"]
    ones = ic.parse("inv(X.+1)*x", X="n n", x="n").diagram().scene()
    assert sorted(texts_of(ones, "index")) == sorted("klkl")


def test_a_wide_size_keeps_out_of_its_box() -> None:
    wide = ic.parse("A*x", A="number_of_rows n", x="n").diagram().scene()
    marks = list(plain_marks(wide.marks))
    (size,) = (m for m in marks if isinstance(m, Label) and m.role == "size")
    (name,) = (m for m in marks if isinstance(m, Label) and m.text == "i")
    assert (size.anchor, size.x) == (name.anchor, name.x) == ("end", name.x)
    box = next(m for m in marks if isinstance(m, Rect))
    assert measured(size)[2] < box.x
    assert measured(size)[0] >= 0


LOOPS = [("Kern", "1 1"), ("y", "n"), ("a_name_of_many_letters", "n n")]


@pytest.mark.parametrize(("name", "shape"), LOOPS)
def test_the_name_of_a_loop_is_not_on_it(name: str, shape: str) -> None:
    scene = ic.parse(name, **{name: shape}).diagram(by=name).scene()
    marks = list(plain_marks(scene.marks))
    left, top, right, bottom = next(
        measured(m) for m in marks if isinstance(m, Label) and m.text.startswith("∂")
    )
    loop = next(m for m in marks if isinstance(m, Rect) and m.role == "loop")
    x, y, far, low = measured(loop)
    across = left < x < right or left < far < right
    assert not (across and top < low and bottom > y)
    assert not (top < low < bottom and left < far and right > x)


EXPRESSIONS = [
    ("(X.*A)*ones(p)", {"X": "n p", "A": "n p"}, "A"),
    ("W*((A*X).*(A*X))*ones(3)", {"W": "k k", "A": "k n", "X": "n 3"}, "X"),
    (
        "A*((B*((x*c').*D)).*E)*f",
        {"A": "q a", "B": "a b", "x": "b", "c": "e", "D": "b e", "E": "a e", "f": "e"},
        "x",
    ),
    ("tr(A*X*B) - 3/7*logdet(X'*X)", {"A": "m n", "X": "n p", "B": "p m"}, "X"),
    ("kron(A,B)*vec(X)", {"A": "m n", "B": "p q", "X": "q n"}, "X"),
    ("tanh(W*x+b) + max(x,b)", {"W": "n n", "x": "n", "b": "n"}, "x"),
    ("inv(A+B)*x", {"A": "n n", "B": "n n", "x": "n"}, "A"),
]


@pytest.mark.parametrize(("text", "shapes", "variable"), EXPRESSIONS)
@pytest.mark.parametrize("labels", ["dots", "all"])
def test_texts_lie_free(
    text: str, shapes: dict[str, str], variable: str, labels: str
) -> None:
    """No text lies on another, and none on a wire."""
    e = ic.parse(text, **shapes)
    for drawn in (e, e.diff(variable)):
        scene = drawn.diagram().scene(labels=labels, legend=True)
        marks = list(plain_marks(scene.marks))
        areas = [measured(m) for m in marks if isinstance(m, Label)]
        wires = [m for m in marks if isinstance(m, Path) and m.role.startswith("wire")]
        points = [p for wire in wires for p in LinePoints(wire)]
        for k, (left, top, right, bottom) in enumerate(areas):
            on = [
                p for p in points if left < p[0] < right and top + 2 < p[1] < bottom - 2
            ]
            assert len(on) < 2
            for other in areas[k + 1 :]:
                across = min(right, other[2]) - max(left, other[0])
                down = min(bottom, other[3]) - max(top, other[1])
                assert across < 1 or down < 3
        assert all(m[0] >= 0 and m[2] <= scene.width for m in areas)


def test_a_double_derivative_says_whose_axes_are_whose() -> None:
    w = ic.parse("w'*A*w", w="n", A="n n")
    scene = w.diff("w").diff("w").diagram().scene()
    texts = {m.text for m in plain_marks(scene.marks) if isinstance(m, Label)}
    assert "axes: i of w, j of w" in texts


# -- pages, animations, PNG ------------------------------------------------------------


def test_page_stands_alone() -> None:
    text = page([(scene_of(lens(n)), n) for n in HOSTILE[:4]], HOSTILE[0])
    assert not re.search(r'(src|href)\s*=\s*"?(?!x onerror)', text.replace("&lt;", ""))
    assert not re.search(r"url\(|@import|//(?!www\.w3\.org/2000/svg)", text)
    assert text.count("<script>") == 1
    assert SCRIPT in text
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "eval(" not in SCRIPT
    assert "innerHTML" not in SCRIPT
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_page_of_one_has_no_controls() -> None:
    one = page([(scene_of(lens()), "")])
    assert 'class="controls"' not in one
    assert 'tabindex="0"' in one


def test_animation() -> None:
    frames = [(scene_of(lens()), "first"), (scene_of(lens("B")), "second")]
    root = ElementTree.fromstring(animated_svg(frames, 1.6, "auto", "auto"))
    shown = [{g.get("opacity") for g in frame} for frame in root.findall(f"{SVG}g")]
    assert shown == [{"0"}, {None}]
    sheet = root.findtext(f"{SVG}style", "")
    assert "prefers-reduced-motion" in sheet
    assert "animation-duration:3.2s" in sheet
    assert sheet.count("{") == sheet.count("}")
    named = set(re.findall(r"animation-name:([\w-]+)", sheet))
    assert named == set(re.findall(r"@keyframes ([\w-]+)", sheet))
    assert not list(root.iter(f"{SVG}script"))
    assert animated_svg([]).startswith("<svg")


def test_what_stays_keeps_its_place() -> None:
    one, other = scene_of(lens()), scene_of(lens(), legend=True, labels="all")
    frames = aligned((one, other, one))
    assert len({(f.width, f.height) for f in frames}) == 1
    places = [keyed(frame.marks)["X#1"] for frame in frames]
    assert all(place == pytest.approx(places[0]) for place in places)


def test_png() -> None:
    pytest.importorskip("resvg_py", reason="PNG needs resvg-py")
    data = png_bytes(scene_of(lens(), legend=True), "auto", 1.5)
    assert data.startswith(b"\x89PNG\r\n")
    width = int.from_bytes(data[16:20], "big")
    assert width == round(scene_of(lens(), legend=True).width * 1.5)


def test_a_png_has_no_more_pixels_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py", reason="PNG needs resvg-py")
    monkeypatch.setattr("indexcalc.drawing.graphics.png.MOST_PIXELS", 2_500)
    data = png_bytes(scene_of(lens()), scale=40)
    width, height = (int.from_bytes(data[k : k + 4], "big") for k in (16, 20))
    assert 2_000 < width * height < 3_000


def test_png_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UnsupportedError, match=r"indexcalc\[png\]"):
        png_bytes(EVERY_ROLE)
