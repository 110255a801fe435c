"""The examples in the docstrings run and are right."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import indexcalc
from tests import random_nodes

MODULES = [
    "indexcalc",
    *(
        info.name
        for info in pkgutil.walk_packages(indexcalc.__path__, "indexcalc.")
        if not info.name.endswith("__main__")
    ),
    random_nodes.__name__,
]


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    """Every example of a module."""
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_most_modules_have_examples() -> None:
    """A module without an example is the exception."""
    finder = doctest.DocTestFinder()
    bare = [
        name
        for name in MODULES
        if not any(t.examples for t in finder.find(importlib.import_module(name)))
    ]
    assert len(bare) <= len(MODULES) // 4, bare
