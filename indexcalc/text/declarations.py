"""What the text may name: variables with their shapes and structure, and functions.

A variable is declared by its sizes, or by what it is, `"symmetric matrix"`: then its
sizes are found from the text.

>>> found = declare({"S": "n n : symmetric", "f": "function", "x": "n"})
>>> found.variables["S"].structure, sorted(found.functions), sorted(found.sizes)
('symmetric', ['f'], ['n'])
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from unicodedata import normalize

from ..errors import ParseError, ShapeError
from ..expr import SQUARE, STRUCTURES, require_structure
from ..functions import unknown
from ..given import mapping_of
from ..legible import quoted
from ..nodes import Node
from ..sizes import Shape, dim, names_in, parse_shape
from .scanner import NAME
from .types import UNKNOWN

FUNCTION = "function"
#: What a variable is, and its number of axes.
KINDS = {"scalar": 0, "vector": 1, "matrix": 2}
#: Words before a kind beside the structures.
SQUARE_MATRIX = "square"
NAME_LIMIT, AXES_LIMIT = 1_000, 1_000
_NAME = re.compile(f"{NAME}′*")


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared tensor; where it is `open`, `shape` tells the number of its axes, and
    the sizes are to be found."""

    name: str
    shape: Shape
    structure: str = ""
    open: bool = False
    square: bool = False


@runtime_checkable
class Applicable(Protocol):
    """An elementwise function that makes nodes of nodes."""

    def node_of(self, nodes: Sequence[Node], orders: Sequence[int] = ()) -> Node:
        """The function of nodes of one shape, differentiated by its arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Declarations:
    """The declared variables and functions by name, and the names of all sizes;
    functions that are known are `applicable`."""

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    applicable: dict[str, Applicable] = field(default_factory=dict)

    def sized(self, name: str) -> Variable | None:
        """A variable, or None. Raises `ShapeError` where its sizes are open."""
        found = self.variables.get(name)
        if found is not None and found.open:
            raise _without_sizes(name)
        return found

    def applied(self, name: str, nodes: Sequence[Node], orders: Sequence[int]) -> Node:
        """A declared function of nodes, known or not, differentiated by its
        arguments."""
        if name in self.applicable:
            return self.applicable[name].node_of(nodes, orders)
        return unknown(name, nodes, orders)

    @property
    def known(self) -> dict[str, Shape]:
        """The shape of every variable that has one."""
        found = self.variables.items()
        return {name: variable.shape for name, variable in found if not variable.open}


def declare(shapes: Mapping[str, object]) -> Declarations:
    """Reads declarations: a shape for a variable, "function" for an unknown function,
    or an elementwise function itself.

    Raises `ParseError` for what is not a name, `ShapeError` for what is not a shape.
    """
    variables: dict[str, Variable] = {}
    functions: set[str] = set()
    sizes: set[str] = set()
    applicable: dict[str, Applicable] = {}
    for given, value in mapping_of(shapes, "shapes").items():
        name = _checked_name(given)
        if name in variables or name in functions:
            raise ParseError(f"{name} is declared twice", text=given, position=0)
        if isinstance(value, str) and value.strip() == FUNCTION:
            functions.add(name)
            continue
        if isinstance(value, Applicable):
            functions.add(name)
            applicable[name] = value
            continue
        variables[name] = variable = _variable(name, value)
        for size in () if variable.open else variable.shape:
            sizes |= names_in(size)
    return Declarations(variables, frozenset(functions), frozenset(sizes), applicable)


def declared_variable(name: str, shape: object) -> Variable:
    """One variable by its name and shape. Raises as `declare`, and `ShapeError` for a
    function and for one without sizes."""
    found = declare({name: shape}).variables
    if not found:
        raise ShapeError(
            f"{quoted(name)} is declared as a function, and a variable is needed",
            hint=f"an unknown function is made by unknown({quoted(name)})",
        )
    variable = next(iter(found.values()))
    if variable.open:
        raise _without_sizes(variable.name)
    return variable


def _without_sizes(name: str) -> ShapeError:
    return ShapeError(
        f"{quoted(name)} is declared without sizes, and here nothing gives them",
        hint='give them, as in "n" or "m n"',
    )


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
    kind = _kind(name, value)
    if kind is not None:
        return kind
    written, structure = value, ""
    if isinstance(value, str) and ":" in value:
        written, _, word = value.partition(":")
        structure = _checked_structure(name, " ".join(word.split()))
    _require_no_times(name, written)
    shape = parse_shape(written)
    if len(shape) > AXES_LIMIT:
        raise ShapeError(f"{name} has {len(shape)} axes, and {AXES_LIMIT} is the limit")
    if structure:
        require_structure(name, shape, structure)
    return Variable(name, shape, structure)


_TIMES = frozenset({"x", "X", "by"})
_TIMED = re.compile(r"^([0-9]+)[xX]([0-9]+)$")


def _require_no_times(name: str, value: object) -> None:
    """Raises `ShapeError` for "m x n" and "3x4", which mean two sizes."""
    words = value.replace(",", " ").split() if isinstance(value, str) else []
    meant = [_TIMED.sub(r"\1 \2", word) for word in words]
    if len(words) > 2 and all(word in _TIMES for word in words[1::2]):
        meant = words[::2]
    if meant != words:
        raise ShapeError(
            f"{quoted(' '.join(words))} is not a shape for {name}",
            hint=f"write {' '.join(meant)!r}; sizes in a tuple may have any names",
        )


def _kind(name: str, value: object) -> Variable | None:
    """A variable declared by what it is, as in "vector" or "symmetric matrix"."""
    *before, last = (value.split() if isinstance(value, str) else []) or [""]
    if last not in KINDS:
        return None
    shape, word = (dim(UNKNOWN),) * KINDS[last], " ".join(before)
    square = word in (SQUARE_MATRIX, *SQUARE)
    structure = "" if word == SQUARE_MATRIX else word and _checked_structure(name, word)
    if square and len(shape) != 2:
        raise ShapeError(f"only a matrix is {word}, and {name} is a {last}")
    if structure:
        require_structure(name, shape, structure)
    return Variable(name, shape, structure, open=bool(shape), square=square)


def _checked_structure(name: str, word: str) -> str:
    if word not in STRUCTURES:
        raise ParseError(
            f"{quoted(word)} is not a structure that {name} could have",
            hint=f"one of {', '.join(STRUCTURES)}",
        )
    return word
