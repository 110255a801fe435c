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

from ..errors import ParseError, ShapeError
from ..expr import STRUCTURES, require_structure
from ..given import mapping_of
from ..legible import quoted
from ..sizes import Shape, names_in, parse_shape
from .scanner import NAME

FUNCTION = "function"
NAME_LIMIT, AXES_LIMIT = 1_000, 1_000
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
    for given, value in mapping_of(shapes, "shapes").items():
        name = _checked_name(given)
        if name in variables or name in functions:
            raise ParseError(f"{name} is declared twice", text=given, position=0)
        if isinstance(value, str) and value.strip() == FUNCTION:
            functions.add(name)
            continue
        variables[name] = variable = _variable(name, value)
        for size in variable.shape:
            sizes |= names_in(size)
    return Declarations(variables, frozenset(functions), frozenset(sizes))


def declared_variable(name: str, shape: object) -> Variable:
    """One variable by its name and shape. Raises as `declare`, and `ShapeError` for a
    function."""
    found = declare({name: shape}).variables
    if not found:
        raise ShapeError(
            f"{quoted(name)} is declared as a function, and a variable is needed",
            hint=f"an unknown function is made by unknown({quoted(name)})",
        )
    return next(iter(found.values()))


def _checked_name(given: object) -> str:
    if not isinstance(given, str):
        raise ParseError(f"{quoted(given)} is not a name", hint="names are texts")
    name = given if given.isascii() else normalize("NFKC", given.replace("″", "′′"))
    name = name.replace("'", "′")
    if len(name) > NAME_LIMIT:
        raise ParseError(
            f"a name of {len(name)} characters is over the limit of {NAME_LIMIT}",
            text=given,
            position=NAME_LIMIT,
        )
    if not _NAME.fullmatch(name):
        begun = _NAME.match(name)
        raise ParseError(
            f"{quoted(given)} is not a name",
            text=given,
            position=begun.end() if begun else 0,
            hint="Latin or Greek letters, digits and _",
        )
    return name


def _variable(name: str, value: object) -> Variable:
    written, structure = value, ""
    if isinstance(value, str) and ":" in value:
        written, _, word = value.partition(":")
        structure = _checked_structure(name, " ".join(word.split()))
    shape = parse_shape(written)
    if len(shape) > AXES_LIMIT:
        raise ShapeError(f"{name} has {len(shape)} axes, and {AXES_LIMIT} is the limit")
    if structure:
        require_structure(name, shape, structure)
    return Variable(name, shape, structure)


def _checked_structure(name: str, word: str) -> str:
    if word not in STRUCTURES:
        raise ParseError(
            f"{quoted(word)} is not a structure that {name} could have",
            hint=f"one of {', '.join(STRUCTURES)}",
        )
    return word
