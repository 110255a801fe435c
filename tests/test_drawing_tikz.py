r"""Scenes as TikZ: ASCII that pdflatex compiles, whatever the names are."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path as File

import pytest

import indexcalc as ic
from indexcalc.diagrams.build import model_of
from indexcalc.drawing.faces import tex
from indexcalc.drawing.graphics.svg import number
from indexcalc.drawing.graphics.tex_letters import safe_math, tex_line, tex_text
from indexcalc.drawing.graphics.themes import style_of
from indexcalc.drawing.graphics.tikz import UNIT, tikz_text
from indexcalc.drawing.layout.placing import placed
from indexcalc.drawing.scene import (
    ROLES,
    Circle,
    Group,
    Label,
    Mark,
    Path,
    Rect,
    Scene,
)
from indexcalc.drawing.scenes.composed import scene_of
from tests.hostile_names import HOSTILE
from tests.test_diagram_documents import expressions

TEXTS = (
    *HOSTILE,
    "éñü x̂ ǖ ij ß Ø",
    "½ 3⁄7 x₁⁻² Aᵀ ﬁ µ Ω",
    "--- ``q'' \" ?` !` << >> ,,",
    "‖x‖ ≤ ∞ ⊗ ∂f/∂X → ℝ",
    "\\", "$$", "^^M", "%", "#1", "\\end{tikzpicture}", "🙂", "\u0301", "{", "}",
    "\\icfit", "~\\write18{ls}", "a\rb", "a\x00b",
)  # fmt: skip

LABELS = ("name", "name variable", "index", "index value", "size", "caption", "number")


def scene_of_all() -> Scene:
    """Every role of marks, and every text in every kind of label."""
    line = ((90.0, 9.0),), ((99.0, 9.0), (99.0, 20.0), (90.0, 20.0))
    marks: list[Mark] = []
    for k, role in enumerate(ROLES):
        shift = 30.0 * k
        marks.append(Path((5, 9 + shift), line, role, closed=k % 2 == 1))
        marks.append(Circle(120, 15 + shift, 4.5, role))
        marks.append(Rect(140, 5 + shift, 30, 20, role, 4.0 * (k % 2)))
    for k, text in enumerate(TEXTS):
        for m, role in enumerate(LABELS):
            place = (200.0 + 120 * m, 12.0 + 26 * k)
            label = Label(*place, text, role, 14, "start", tex(text) * (m % 2))
            marks.append(Group((label,), title=text))
    return Scene(1100, 26 * len(TEXTS) + 20, tuple(marks), "all")


def compiled(text: str, folder: File) -> str:
    """The log of pdflatex; fails where it does."""
    (folder / "picture.tex").write_text(text, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "picture"]
    run = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = run.stdout.decode(errors="replace")
    assert run.returncode == 0, log[-1500:]
    return log


@functools.cache
def why_no_latex() -> str:
    """Why nothing can be compiled here; "" where it can."""
    if shutil.which("pdflatex") is None or shutil.which("kpsewhich") is None:
        return "pdflatex is not installed"
    found = subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True)
    return "" if found.stdout.strip() else "TikZ is not installed"


needs_latex = pytest.mark.skipif(bool(why_no_latex()), reason=why_no_latex())


def coordinates(text: str) -> Iterator[tuple[float, float]]:
    """Every point of a picture."""
    for x, y in re.findall(r"\((-?[\d.]+),(-?[\d.]+)\)", text):
        yield float(x), float(y)


# -- text ------------------------------------------------------------------------------


def test_ascii_and_deterministic() -> None:
    """The same ASCII twice, and one environment."""
    text = tikz_text(scene_of_all())
    assert text == tikz_text(scene_of_all())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert text.count(r"\begin{tikzpicture}") == 1
    assert text.rstrip().endswith(r"\end{tikzpicture}")


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_text_is_a_command(text: str) -> None:
    """Braces are balanced, and only commands of ours are there."""
    known = re.compile(
        r"\\(?:[{}$%#&_\^~!'`\"=.]|textit|textbackslash|textstyle|mathrm|mathbf|ichex|"
        r"circ|cdot|times|otimes|partial|infty|le|to|Vert|lambda|mu|Omega|i|j|ss|O|ldots)"
    )
    for line in (tex_line(text), tex_line(text, "indices"), tex_text(text)):
        bare = known.sub("", line)
        assert "\\" not in bare, line
        assert re.sub(r"\\[{}]", "", line).count("{") == re.sub(
            r"\\[{}]", "", line
        ).count("}")
        assert re.sub(r"\\[$]", "", line).count("$") % 2 == 0


def test_formulas_are_checked() -> None:
    """Only what is known to be harmless is taken as mathematics."""
    for name in filter(None, TEXTS):
        if "(U+" not in tex(name):
            assert safe_math(tex(name)), name
    for bad in (r"\input{x}", "$", "x}", "{x", "a%b", "a\nb", r"\def\x{}", "#1", "x&y"):
        assert safe_math(bad) == ""


def test_the_variable_is_red_and_underlined() -> None:
    """As in the other formats."""
    label = Label(10, 10, "X", "name variable", tex="X", underlined=True)
    text = tikz_text(Scene(20, 20, (label,)))
    red = style_of("light", "name variable").ink[1:].upper()
    assert rf"\definecolor{{icA}}{{HTML}}{{{red}}}" in text
    assert r"{\underline{$X$}};" in text


def test_points_are_turned() -> None:
    """Downwards is upwards, px are three quarters of a big point."""
    path = Path((10, 10), (((20, 10),), ((30, 10), (30, 20), (40, 20))), "wire")
    text = tikz_text(Scene(100, 40, (path,)))
    curve = "(7.5,22.5) -- (15,22.5) .. controls (22.5,22.5) and (22.5,15) .. (30,15)"
    assert rf"\path[ic wire] {curve};" in text


def test_everything_is_on_the_page() -> None:
    """No point of a diagram lies outside its bounding box."""
    scene = ic.parse("exp(A*B)*x + A*x", A="n n", B="n n", x="n").diagram().scene()
    text = tikz_text(scene)
    wide, high = scene.width * UNIT, scene.height * UNIT
    assert f"rectangle ({number(wide)},{number(high)})" in text
    assert all(
        -1 <= x <= wide + 1 and -1 <= y <= high + 1 for x, y in coordinates(text)
    )


# -- pdflatex --------------------------------------------------------------------------


@needs_latex
def test_every_mark_and_name_compiles(tmp_path: File) -> None:
    """All roles and all hostile texts, on one page, without a complaint."""
    log = compiled(tikz_text(scene_of_all(), standalone=True), tmp_path)
    assert "(1 page" in log
    for complaint in ("Overfull", "Missing character", "undefined", "Warning: Font"):
        assert complaint not in log


@needs_latex
def test_diagrams_compile_in_any_article(tmp_path: File) -> None:
    """Random diagrams and derivatives, in one document with other packages' ways."""
    scenes = [
        scene_of(placed(model_of(node)), legend=True) for _, node in expressions(6)
    ]
    pictures = [rf"\fbox{{{tikz_text(scene)}}}\par" for scene in scenes]
    document = [
        r"\documentclass[12pt]{article}\usepackage{tikz}\usepackage{amsmath}",
        r"\begin{document}",
        *pictures,
        r"\end{document}",
    ]
    log = compiled("\n".join(document), tmp_path)
    assert "Missing character" not in log
