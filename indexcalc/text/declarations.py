"""What the text may name: variables with their shapes and structure, and functions.

>>> found = declare({"S": "n n : symmetric", "f": "function", "x": "n"})
>>> found.variables["S"].structure, sorted(found.functions), sorted(found.sizes)
('symmetric', ['f'], ['n'])
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from ..errors import ParseError
from ..expr import STRUCTURES, require_structure
from ..sizes import Shape, names_in, parse_shape
from .scanner import NAME

FUNCTION = "function"
_NAME = re.compile(f"{NAME}′*")


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared tensor."""

    name: str
    shape: Shape
    structure: str = ""


@dataclass(frozen=True, slots=True)
class Declarations:
    """The declared variables and functions by name, and the names of all sizes."""

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()


def declare(shapes: Mapping[str, object]) -> Declarations:
    """Reads declarations: a shape for a variable, "function" for an unknown function.

    Raises `ParseError` for what is not a name, `ShapeError` for what is not a shape.
    """
    variables: dict[str, Variable] = {}
    functions: set[str] = set()
    sizes: set[str] = set()
    for given, value in shapes.items():
        name = _checked_name(given)
        if isinstance(value, str) and value.strip() == FUNCTION:
            functions.add(name)
            continue
        variables[name] = variable = _variable(name, value)
        for size in variable.shape:
            sizes |= names_in(size)
    return Declarations(variables, frozenset(functions), frozenset(sizes))


def _checked_name(given: object) -> str:
    if not isinstance(given, str):
        raise ParseError(f"{given!r} is not a name", hint="names are strings")
    name = given if given.isascii() else normalize("NFKC", given.replace("″", "′′"))
    name = name.replace("'", "′")
    if not _NAME.fullmatch(name):
        raise ParseError(
            f"{given!r} is not a name", hint="Latin or Greek letters, digits and _"
        )
    return name


def _variable(name: str, value: object) -> Variable:
    written, structure = value, ""
    if isinstance(value, str) and ":" in value:
        written, _, word = value.partition(":")
        structure = _checked_structure(name, " ".join(word.split()))
    shape = parse_shape(written)
    if structure:
        require_structure(name, shape, structure)
    return Variable(name, shape, structure)


def _checked_structure(name: str, word: str) -> str:
    if word not in STRUCTURES:
        raise ParseError(
            f"{word!r} is not a structure that {name} could have",
            hint=f"one of {', '.join(STRUCTURES)}",
        )
    return word
