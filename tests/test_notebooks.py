"""The notebooks run from top to bottom, show what they should, and hold no outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_documents import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))

#: What the last line of a cell shows, of what kind.
SHOWN = {
    "J": "text/markdown",
    "y": "text/latex",
    "J.diagram()": "image/svg+xml",
    'y.steps("A")': "text/markdown",
    'y.film("A")': "text/html",
    'ic.check(y, "A", "X")': "text/markdown",
    "F.ledger()": "text/latex",
    "plan": "text/html",
    "plan.diagram()": "image/svg+xml",
    "newton": "text/markdown",
}


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_was_run(path: Path) -> None:
    for cell in cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120).execute()
    shown = {
        cell.source.splitlines()[-1]: set(cell.outputs[-1].get("data", {}))
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs
    }
    for line, kind in SHOWN.items() if path.stem == "five-problems" else ():
        assert kind in shown[line], line
