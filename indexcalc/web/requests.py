"""A request of the page, read strictly: known members, their types, their lengths.

>>> asked({"kind": "sheet", "text": "x'*A*x", "by": "x"}).by
'x'
>>> asked({"kind": "sheet", "text": "x", "colour": "red"})
Traceback (most recent call last):
    ...
indexcalc.errors.ParseError: a request has no member 'colour' (it has kind, text, \
notation, shapes, by, then, order, out, layout, vec, convention, method, answer, seed)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..asking.problem import Asked
from ..errors import BudgetError, ParseError
from ..legible import quoted
from ..structure import SYMMETRISED

#: The most characters of a text, of a shape, and the most shapes.
TEXT_LIMIT, SHAPE_LIMIT, SHAPES_LIMIT = 20_000, 1_000, 200
#: What a request may be about.
KINDS = ("sheet", "code", "diagram", "steps", "film", "check", "verify")
METHODS = ("differential", "index", "chain", "vec")
CONVENTIONS = (SYMMETRISED, "free_entries")


@dataclass(frozen=True, slots=True)
class Request:
    """What the page asks.

    `by` and `then` name variables, "" for the usual one; `order` is None for the one
    that the text says; `layout` and `vec` say how a Jacobian matrix is laid out;
    `method` is that of a derivation, `answer` what is to be checked, `seed` what random
    data come from.
    """

    kind: str
    text: str
    notation: str = "auto"
    shapes: Mapping[str, object] = field(default_factory=dict)
    by: str = ""
    then: str = ""
    order: int | None = None
    out: str = ""
    layout: str = "numerator"
    vec: str = "F"
    convention: str = SYMMETRISED
    method: str = "differential"
    answer: str = ""
    seed: int = 0

    def question(self) -> Asked:
        """The question that it puts."""
        names = (self.by, self.then) if self.then and self.by else (self.by,)
        by = tuple(name for name in names if name)
        return Asked(
            self.text,
            dict(self.shapes),
            by,
            self.order,
            self.notation,
            out=self.out,
            convention=self.convention,
        )


def asked(given: object) -> Request:
    """A request. Raises `ParseError` for a member that is missing, unknown or no such
    thing, `BudgetError` for one that is too long."""
    if not isinstance(given, dict):
        raise ParseError("a request is an object with members")
    for name in given:
        if name not in _MEMBERS:
            raise ParseError(
                f"a request has no member {quoted(name)}",
                hint=f"it has {', '.join(_MEMBERS)}",
            )
    for name in ("kind", "text"):
        if name not in given:
            raise ParseError(f"a request needs the member {name}")
    return Request(
        **{name: _MEMBERS[name](name, value) for name, value in given.items()}
    )


Reader = Callable[[str, object], Any]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ParseError(f"{name} is a text, not {quoted(value)}")
    if len(value) > TEXT_LIMIT:
        raise BudgetError(
            f"{name} has {len(value)} characters, and {TEXT_LIMIT} is the limit"
        )
    return value


def _one_of(*words: str) -> Reader:
    def read(name: str, value: object) -> str:
        if value not in words:
            raise ParseError(
                f"{name} is not {quoted(value)}", hint=f"one of {', '.join(words)}"
            )
        return str(value)

    return read


def _whole(least: int, most: int) -> Reader:
    def read(name: str, value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ParseError(
                f"{name} is not {quoted(value)}",
                hint=f"a whole number from {least} to {most}",
            )
        return value

    return read


def _order(name: str, value: object) -> int | None:
    return None if value is None else int(_whole(0, 2)(name, value))


def _shapes(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ParseError(f"{name} is an object of shapes by name, not {quoted(value)}")
    if len(value) > SHAPES_LIMIT:
        raise BudgetError(
            f"{len(value)} shapes are declared, and {SHAPES_LIMIT} is the limit"
        )
    return {key: _shape(key, shape) for key, shape in value.items()}


def _shape(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ParseError(f"the shape of {quoted(name)} is a text, not {quoted(value)}")
    if len(value) > SHAPE_LIMIT:
        raise BudgetError(
            f"the shape of {quoted(name)} has {len(value)} characters, and "
            f"{SHAPE_LIMIT} is the limit"
        )
    return value


_MEMBERS: dict[str, Reader] = {
    "kind": _one_of(*KINDS),
    "text": _text,
    "notation": _one_of("auto", "text", "paper", "latex", "index"),
    "shapes": _shapes,
    "by": _text,
    "then": _text,
    "order": _order,
    "out": _text,
    "layout": _one_of("numerator", "denominator"),
    "vec": _one_of("F", "C"),
    "convention": _one_of(*CONVENTIONS),
    "method": _one_of(*METHODS),
    "answer": _text,
    "seed": _whole(0, 2**31 - 1),
}
