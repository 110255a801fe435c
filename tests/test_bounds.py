"""Every bound, rate and list that the engine goes by, held to a golden text: all but
those that docs/explanation/budgets.md tells, which a test of its own reads.

    python -m tests.test_bounds --write

writes `bounds.txt` anew: read the difference before it is committed. A limit that moves
by one changes no value, and is noticed here.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import indexcalc
from tests.golden_texts import require_write
from tests.test_normal_forms import cut

GOLDEN = Path(__file__).with_name("bounds.txt")
#: What reads and writes texts and pictures has vocabularies of its own.
LANGUAGES = (
    *("text", "words", "formula", "drawing", "diagrams", "sympy_forms", "steps"),
    *("judging", "codegen", "numpy_", "einsum_", "latex_", "index_"),
)
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(indexcalc.__path__, "indexcalc.")
    if not info.name.removeprefix("indexcalc.").startswith(LANGUAGES)
    and not info.name.endswith("__main__")
)
PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "budgets.md"
#: Longer words are programs and sentences.
LONGEST = 30


def told(value: Any) -> str | None:
    """Plain data as a text that does not depend on the order of sets; else None."""
    match value:
        case Mapping():
            parts = [(told(k), told(v)) for k, v in value.items()]
            if any(v is None for row in parts for v in row):
                return None
            return f"{{{', '.join(f'{k}: {v}' for k, v in parts)}}}"
        case set() | frozenset():
            members = [told(v) for v in value]
            return None if None in members else f"{{{', '.join(sorted(members))}}}"
        case list() | tuple() if not hasattr(value, "_fields"):
            items = [told(v) for v in value]
            return None if None in items else f"({', '.join(map(str, items))})"
        case str():
            return repr(value) if len(value) <= LONGEST else None
        case int() | float() | Fraction():
            return repr(value)
    return None


@cache
def told_elsewhere() -> frozenset[str]:
    """The names that the page of budgets holds."""
    return frozenset(re.findall(r"`([\w.]+)`", PAGE.read_text(encoding="utf-8")))


@cache
def bounds() -> dict[str, str]:
    """The constants of every module that are plain data and not empty."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for label, value in vars(module).items():
            own = label.strip("_").isupper() and not label.startswith("__")
            empty = isinstance(value, Collection) and not value
            text = told(value) if own and not empty else None
            place = f"{name.removeprefix('indexcalc.')}.{label}"
            ours = label in assigned(name) and place not in told_elsewhere()
            if text is not None and ours:
                found[place] = cut(text)
    return found


@cache
def assigned(name: str) -> frozenset[str]:
    """The names that a module assigns outside its functions and classes."""
    source = importlib.util.find_spec(name)
    path = Path(str(source and source.origin))
    body = ast.parse(path.read_text(encoding="utf-8")).body
    targets = [t for node in body if isinstance(node, ast.Assign) for t in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return frozenset(
        n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)
    )


@cache
def golden() -> dict[str, str]:
    """The constants as they were."""
    if not GOLDEN.exists():
        return {}
    rows = GOLDEN.read_text(encoding="utf-8").splitlines()
    return {name: text for name, _, text in (row.partition(" = ") for row in rows)}


@pytest.mark.parametrize("name", golden())
def test_bounds(name: str) -> None:
    """Every one is as it was."""
    assert bounds()[name] == golden()[name]


def test_the_golden_text_is_complete() -> None:
    """None more, none less."""
    assert list(golden()) == list(bounds())


def main() -> None:
    """Write the golden text."""
    require_write("test_bounds")
    text = "".join(f"{name} = {value}\n" for name, value in bounds().items())
    GOLDEN.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
