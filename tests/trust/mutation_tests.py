"""A pytest plugin of the mutation run: which test enters what, and which run, in order.

With `MUTATION_TRACE=FILE` every test's seconds of processor and the functions of the
package that it enters are written to FILE, as JSON. With `MUTATION_ORDER=FILE` only the
tests that FILE names are run, in its order.

    python -m pytest -p tests.trust.mutation_tests tests/test_labelling.py
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

PACKAGE = f"{Path(__file__).resolve().parent.parent.parent / 'indexcalc'}{os.sep}"

entered: set[CodeType] = set()
traced: dict[str, tuple[float, list[str]]] = {}


def function_name(code: CodeType) -> str:
    """`planning/pairs.py:Pairs.cost`: the outermost function a code object lies in."""
    file = code.co_filename.removeprefix(PACKAGE).replace(os.sep, "/")
    outermost = code.co_qualname.split(".<locals>")[0]
    line = f":{code.co_firstlineno}" if outermost == "<lambda>" else ""
    return f"{file}:{outermost}{line}"


def note(frame: FrameType, event: str, arg: Any) -> None:
    """Trace function: remember the code that is entered, and follow no lines."""
    entered.add(frame.f_code)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: Any) -> Iterator[None]:
    """Trace one test with its fixtures."""
    if "MUTATION_TRACE" not in os.environ:
        return (yield)
    entered.clear()
    begun = time.process_time()
    sys.settrace(note)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        ours = {function_name(c) for c in entered if c.co_filename.startswith(PACKAGE)}
        traced[item.nodeid] = (time.process_time() - begun, sorted(ours))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was traced."""
    if target := os.environ.get("MUTATION_TRACE"):
        Path(target).write_text(json.dumps(traced), encoding="utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that are asked for, in that order."""
    if source := os.environ.get("MUTATION_ORDER"):
        asked = json.loads(Path(source).read_text(encoding="utf-8"))
        place = {name: at for at, name in enumerate(asked)}
        kept = [item for item in items if item.nodeid in place]
        items[:] = sorted(kept, key=lambda item: place[item.nodeid])
