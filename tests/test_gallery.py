"""The gallery is what the code draws, byte for byte, and every drawing is a drawing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.gallery import PAGE, PICTURES, drawings, entries, page


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """Every picture, drawn now."""
    return drawings()


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_golden(name: str, drawn: dict[str, str]) -> None:
    """A drawing is the one that was looked at; `python -m tests.gallery --write`."""
    golden = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    assert drawn[f"{name}.svg"] == golden
    assert ElementTree.fromstring(golden).tag.endswith("svg")


def test_page() -> None:
    """The page shows those drawings, and no file lies beside them."""
    assert PAGE.read_text(encoding="utf-8") == page()
    names = {f"{entry.name}.svg" for entry in entries()}
    assert {path.name for path in PICTURES.iterdir()} == names
