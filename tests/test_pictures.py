"""Diagrams as a user meets them: every format, hostile names, files whole or not."""

from __future__ import annotations

import json
import pickle
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.drawing.faces import face_of
from indexcalc.drawing.layout.placing import placed
from indexcalc.pictures import Diagram
from tests.hostile_names import HOSTILE

FORMATS = ("svg", "tikz", "dot", "mermaid", "text", "html", "json")


def hostile_diagram(name: str) -> Diagram:
    """A diagram with a name on a box, a frame's argument and the variable."""
    A = ic.Expression(tensor(name, ("n", "m")))
    x = ic.tensor("x", "m")
    return (np.exp(A @ x) + A @ x).diff(A).diagram()


def tensor(name: str, shape: tuple[str, ...]):  # type: ignore[no-untyped-def]
    """A leaf of any name."""
    from indexcalc import expr

    return expr.tensor(name, [ic.dim(size) for size in shape])


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, frozenset[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        self.seen.append((tag, frozenset(name for name, _ in attrs)))


def skeleton(text: str, format: str) -> object:
    """The structure of a text, whatever the names in it are."""
    if format == "svg":
        root = ElementTree.fromstring(text)
        return [(e.tag, frozenset(e.keys())) for e in root.iter()]
    if format == "html":
        tags = Tags()
        tags.feed(text)
        return tags.seen
    if format == "json":
        return json.loads(text)["version"]
    return len(text.splitlines())


@pytest.mark.parametrize("format", ["svg", "html", "json"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_keep_the_structure(name: str, format: str) -> None:
    """The elements and attributes are those of the same drawing with a plain name."""
    drawn, plain = hostile_diagram(name), hostile_diagram("A")
    found = skeleton(getattr(drawn, format)(), format)
    expected = skeleton(getattr(plain, format)(), format)
    if format == "json":
        assert found == expected
        return
    assert {tag for tag, _ in found} == {tag for tag, _ in expected}
    assert set().union(*(a for _, a in found)) <= ALLOWED | set().union(
        *(a for _, a in expected)
    )


#: What a name that is cut or stretched may need more.
ALLOWED = frozenset({"textLength", "lengthAdjust"})


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_read_back(name: str) -> None:
    """JSON keeps the name as it is."""
    drawn = hostile_diagram(name)
    assert ic.diagram_from_json(drawn.json()) == drawn
    assert name in drawn.expression().variables


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_control_character_leaves(name: str, format: str) -> None:
    """No control or bidirectional character stands raw in any format."""
    text = getattr(hostile_diagram(name), format)()
    raw = {c for c in text if ord(c) < 32 and c != "\n"} | {
        c for c in text if c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    }
    assert not raw


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """A path gets the text; a folder that is not there leaves nothing behind."""
    A, x = ic.tensor("A", "m n"), ic.tensor("x", "n")
    drawn = (A @ x).diagram()
    for format in FORMATS:
        path = tmp_path / f"picture.{format}"
        text = getattr(drawn, format)(path)
        assert path.read_text(encoding="utf-8") == text
    assert len(list(tmp_path.iterdir())) == len(FORMATS)
    with pytest.raises(OSError, match="nowhere"):
        drawn.svg(tmp_path / "nowhere" / "picture.svg")
    assert len(list(tmp_path.iterdir())) == len(FORMATS)


def test_a_diagram_is_its_expression() -> None:
    """`expression` gives back value axes, layout and node."""
    X, A = ic.tensors("X A", "n p")
    J = ((X * A) @ ic.ones("p")).diff(A)
    back = J.diagram().expression()
    assert back == J
    assert (back.value_order, back.layout) == (J.value_order, J.layout)
    turned = ((X * A) @ ic.ones("p")).diff(A, layout="variable_first")
    again = turned.diagram().expression()
    assert (again == turned, again.layout) == (True, "variable_first")
    assert again.axes() == turned.axes()


def test_einsum_of_a_diagram() -> None:
    """diagram → einsum → diagram keeps the value."""
    d = ic.diagram_from("ij,jk,ik->", "A", "B", "C")
    rng = np.random.default_rng(0)
    A, B, C = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    expected = np.einsum("ij,jk,ik->", A, B, C)
    assert np.isclose(eval(d.einsum(), {"np": np, "A": A, "B": B, "C": C}), expected)
    assert np.isclose(d.expression().evaluate(A=A, B=B, C=C), expected)


@pytest.mark.parametrize(
    ("spec", "operands", "message"),
    [
        ("ij,jk", ["A"], "2 operands, 1 given"),
        ("...i->i", [], "ellipsis"),
        ("i!->i", [], "not an index"),
        ("ij->k", [np.ones((2, 2))], None),
        ("ij,jk->ik", [np.ones((2, 3)), np.ones((2, 3))], "has size"),
    ],
)
def test_bad_specs(spec: str, operands: list[object], message: str | None) -> None:
    """One sentence says what is wrong; an index without a size has a symbolic one."""
    if message is None:
        assert ic.diagram_from(spec, *operands).expression().shape == (ic.dim("k"),)
        return
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.diagram_from(spec, *operands)


def test_links_and_devices(tmp_path: Path) -> None:
    """A link is followed, a device is written to, a folder is an error; none is
    replaced."""
    drawn = ic.diagram_from("ij,j->i")
    target, link = tmp_path / "a.svg", tmp_path / "b.svg"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)
    text = drawn.svg(link)
    assert link.is_symlink()
    assert target.read_text() == text
    assert target.stat().st_mode & 0o777 == 0o640
    drawn.svg("/dev/null")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(IsADirectoryError, match="folder"):
        drawn.svg(tmp_path)
    for folder in ("", f"{tmp_path}/new/"):
        with pytest.raises(IsADirectoryError, match="folder"):
            drawn.svg(folder)
    assert not (tmp_path / "new").exists()


def test_pickles() -> None:
    """What is unpickled is the same: nodes are one object again."""
    X = ic.tensor("X", "n n")
    J = (X @ X).diff(X)
    assert pickle.loads(pickle.dumps(J.node)) is J.node
    assert pickle.loads(pickle.dumps(J)) == J
    for drawn in (J.diagram(), (X @ X).diagram(by=X)):
        assert pickle.loads(pickle.dumps(drawn)) == drawn


@pytest.mark.parametrize(
    ("text", "shapes", "labels"),
    [
        ("norm2(v)", {"v": "n"}, ["‖v‖"]),
        ("x/n", {"x": "n"}, ["1/n", "x"]),
        ("x/sqrt(s)", {"x": "n", "s": ""}, ["s⁻¹ᐟ²", "x"]),
        ("x/(s+1)", {"x": "n", "s": ""}, ["1/(s + 1)", "x"]),
        ("x*det(S)", {"x": "n", "S": "m m"}, ["det(S)", "x"]),
        ("x'*x", {"x": "n"}, ["x", "x"]),
        ("sum(X.^3)", {"X": "m n"}, ["X", "X", "X"]),
    ],
)
def test_short_things_are_said_in_letters(
    text: str, shapes: dict[str, str], labels: list[str]
) -> None:
    """Scalars, sizes and norms of plain tensors are texts, squares are repeated."""
    (term,) = ic.parse(text, **shapes).diagram().model.picture.terms
    assert sorted(face_of(box).text for box in term[1].boxes) == sorted(labels)


def test_sizes_of_a_spec() -> None:
    """Sizes are told by letter; a letter that is not there is an error."""
    d = ic.diagram_from("ij,j->ik", sizes={"i": 3, "k": "n+1"})
    assert [end.sizes for end in d.model.picture.ends] == [(3,), (ic.dim("n") + 1,)]
    with pytest.raises(ic.UnknownNameError, match="no index 'q'"):
        ic.diagram_from("ij->i", sizes={"q": 3})


def test_film_is_kept() -> None:
    """A film reads back from its JSON; every frame has the value of the derivative."""
    F = ic.parse("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3")
    film = F.film("X")
    assert ic.film_from_json(film.json()) == film
    assert film[-1] == F.diff("X").diagram() or film[-1].expression() == F.diff("X")
    assert all(frame.expression() == F.diff("X") for frame in film.frames)
    with pytest.raises(ic.ParseError):
        ic.film_from_json(film[0].json())


def test_plan_as_text() -> None:
    """A plan's picture prints as its table."""
    plan = ic.parse("A*x", A="m n", x="n").plan(m=3, n=2)
    assert str(plan.diagram()) == str(plan)


def test_the_derivative_of_a_transpose_crosses() -> None:
    """The ends below stand in their order, and the wires to them cross; those of the
    matrix itself do not."""
    X = ic.tensor("X", "m n")
    for y, crossed in ((X, False), (X.T, True)):
        (term,) = placed(y.diff(X).diagram().model).picture.terms
        tips = {end.number: end.x for end in term.ends}
        assert tips[0] < tips[2] < tips[3] < tips[1]
        starts = {}
        for wire in term.wires:
            by_end = sorted(wire.wire.places)
            starts[by_end[0][1]] = tips[by_end[1][1]]
        assert (starts[0] > starts[1]) == crossed


def test_small_numbers_are_powers_of_ten() -> None:
    """1e-05 is 10⁻⁵."""
    assert "10⁻⁵" in str((1e-5 * ic.tensor("x", "n")).diagram())
