"""What the package says of itself: one version everywhere, a citation, extras, and that
it brings its types. `python -m tests.package` builds and installs it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import indexcalc as ic
from tests.package import (
    FILES,
    FOLDERS,
    SUITE,
    why_not_the_source,
    why_not_the_wheel,
)

ROOT = Path(__file__).resolve().parent.parent

EXTRAS = "scipy jax torch array-api planner png math web dask docs test lint bench"


def project() -> dict[str, Any]:
    """The project's table in pyproject.toml."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table: dict[str, Any] = found["project"]
    return table


def cited() -> dict[str, str]:
    """The plain entries of the citation file; those with lists are empty."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+): *(.*)$", text, re.M))


def test_one_version() -> None:
    version = project()["version"]
    assert version == ic.__version__ == cited()["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {version}\n" in changes


def test_the_citation_has_what_the_format_asks_for() -> None:
    found = cited()
    assert {"cff-version", "message", "title", "authors"} <= set(found)
    known = {"abstract", "keywords", "license", "type", "version", "date-released"}
    assert set(found) <= known | {"cff-version", "message", "title", "authors"}
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "software"
    assert found["license"] == project()["license"] == "MIT"
    assert re.search(
        r'^authors:\n  - name: ".+"$', (ROOT / "CITATION.cff").read_text(), re.M
    )


def test_extras_are_there_and_the_base_is_small() -> None:
    found = project()
    assert set(EXTRAS.split()) <= set(found["optional-dependencies"])
    base = {re.split("[><=]", line)[0] for line in found["dependencies"]}
    wanted = "lark mpmath networkx numpy opt_einsum rich sympy typer"
    assert base == set(wanted.split())
    assert found["scripts"] == {"indexcalc": "indexcalc.cli:main"}
    assert found["requires-python"] == ">=3.11"


def test_what_is_looked_for_is_noticed() -> None:
    names = [f"indexcalc-0.1.0/{name}" for name in FILES]
    names += [f"indexcalc-0.1.0/{name}/x.py" for name in FOLDERS]
    assert why_not_the_source(names) == ""
    assert "CITATION.cff" in why_not_the_source(
        [name for name in names if "CITATION" not in name]
    )
    assert "scratch" in why_not_the_source([*names, "indexcalc-0.1.0/docs/a.orig"])
    assert "unexpected" in why_not_the_source([*names, "indexcalc-0.1.0/a.tgz"])
    assert "py.typed" in why_not_the_wheel(
        ["indexcalc/__init__.py", "indexcalc-0.1.0.dist-info/METADATA"]
    )


def test_the_suite_of_the_package_exists() -> None:
    for name in SUITE.split():
        assert (ROOT / "tests" / f"test_{name}.py").is_file(), name
