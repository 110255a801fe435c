"""The reference is whole, and what its tables say is so.

Pages of `docs/reference` are read as text: which names they document, and the examples
in the first columns of their tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import indexcalc as ic
from indexcalc import errors
from indexcalc.expr import STRUCTURES
from indexcalc.text.symbols import INFIX, POWERS, TRANSPOSITIONS
from indexcalc.text.vocabulary import TABLE
from tests.test_documents import ROOT, blocks

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def given(text: str) -> dict[str, object]:
    """What a page declares in its first block."""
    namespace: dict[str, Any] = {}
    exec(next(blocks(text)).text, namespace)
    shapes: dict[str, object] = namespace["SHAPES"]
    return shapes


def rows(text: str) -> Iterator[list[str]]:
    """The codes in each cell of the tables, row by row, bars as they are meant."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.replace(r"\|", "|") for cell in line[2:-2].split(" | ")]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


LANGUAGE, LATEX = page("language"), page("latex")


def examples() -> list[str]:
    tables = LANGUAGE[LANGUAGE.index("## Operators") :]
    return [code for row in rows(tables) for code in codes(row[0])]


@pytest.mark.parametrize("example", examples())
def test_the_language_reads_its_examples(example: str) -> None:
    ic.parse(example, given(LANGUAGE))


def test_what_binds_tighter() -> None:
    begin = LANGUAGE.index("| written | is read as |")
    shapes, section = given(LANGUAGE), LANGUAGE[begin:].partition("\n\n")[0]
    pairs = [[cell.strip("`") for cell in row] for row in rows(section)]
    assert len(pairs) > 6
    for text, bracketed in pairs:
        assert ic.parse(text, shapes) == ic.parse(bracketed, shapes), text


def test_the_language_is_whole() -> None:
    shown = " ".join(examples())
    called = set(re.findall(r"\w+(?=\()", shown))
    assert set(TABLE) - called == set(), "functions that no table shows"
    spelled = [*INFIX, *POWERS, *TRANSPOSITIONS]
    assert [s for s in spelled if s not in shown] == []
    structures = {code for row in rows(LANGUAGE) for code in codes(row[0])}
    assert set(STRUCTURES) - structures == set()


@pytest.mark.parametrize(
    ("latex", "text"),
    [(row[0].strip("`"), row[1].strip("`")) for row in rows(LATEX)],
)
def test_latex_says_what_its_neighbour_says(latex: str, text: str) -> None:
    shapes = given(LATEX)
    found, meant = ic.parse_latex(latex, shapes), ic.parse(text, shapes)
    assert ic.equal(found, meant), latex


def documented() -> set[str]:
    """The names that the reference documents, without the package's."""
    pages = "".join(path.read_text(encoding="utf-8") for path in REFERENCE.iterdir())
    found = re.findall(r"\.\. auto\w+:: ([\w.]+)", pages)
    return {name.removeprefix("indexcalc.") for name in found}


def test_every_public_name_is_documented() -> None:
    assert set(ic.__all__) - documented() == set()


def test_every_method_of_expressions_is_documented() -> None:
    inner = {"key", "vanished", "written"}
    told = {code for row in rows(page("expression")) for code in codes(row[0])}
    public = {name for name in dir(ic.Expression) if not name.startswith("_")}
    missing = {f"Expression.{name}" for name in public - inner - told} - documented()
    assert missing == set()


def test_every_error_is_told() -> None:
    kinds = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    table = {code for row in rows(page("errors")) for code in codes(row[0])}
    assert set(kinds) - {"IndexCalcError"} == table


def test_a_missing_name_is_noticed() -> None:
    assert "no_such_function" not in documented()
    assert [codes(row[0]) for row in rows("| `a`, `b` | c |\n| d | e |")] == [
        ["a", "b"]
    ]
