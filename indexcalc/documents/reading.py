"""JSON documents read strictly: every field known, every number bounded, faults placed.

A document is what `json.loads` gives, without repeated keys, without numbers that are
not finite or have thousands of digits. What is read of it is named by its place, such
as `nodes[3].shape[0]`; whatever does not belong there is a `ParseError` that says so.

>>> fields = fields_of(loaded('{"name": "x", "order": 2}'), "", ("name", "order"))
>>> text_of(fields["name"], "name"), count_of(fields["order"], "order")
('x', 2)
>>> count_of(-1, "order")
Traceback (most recent call last):
    ...
indexcalc.errors.ParseError: order: a number where a number from 0 on is needed
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from ..coefficients import Number, as_number
from ..errors import ParseError
from ..legible import quoted
from ..rows import UNREADABLE, number_row, read_number
from ..sizes import Size, over, polynomial, size_text

VERSION = 1

#: The most digits of a number, and the most characters of a size that is a quotient:
#: reading one takes longer than in proportion.
DIGITS, QUOTIENT = 2_500, 200

#: How many characters of another's message are repeated.
SHOWN = 200

T = TypeVar("T")
Reader = Callable[[object, str], T]
Fields = Mapping[str, Any]

# -- the text --------------------------------------------------------------------------


def dumped(document: object) -> str:
    """A document as one line of ASCII; equal documents give equal bytes."""
    return json.dumps(document, allow_nan=False)


def loaded(text: object) -> object:
    """What a JSON text holds.

    Raises `ParseError`, with the place, for what is not JSON or not strictly so.
    """
    if not isinstance(text, str):
        raise ParseError(f"a document is a text, and this is {kind_of(text)}")
    try:
        return json.loads(
            text,
            parse_constant=_no_number,
            parse_int=_integer,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        raise ParseError(
            f"this is not JSON: {error.msg}, line {error.lineno}, column {error.colno}",
            text=text,
            position=error.pos,
        ) from None
    except RecursionError:
        raise ParseError(
            "this is not a document: lists within lists without end"
        ) from None
    except ValueError as error:
        raise ParseError(f"this is not strict JSON: {str(error)[:SHOWN]}") from None


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _integer(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a number of {len(text)} digits, over {DIGITS}")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{quoted(text)} is not a finite number")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        count = Counter(key for key, _ in pairs)
        twice = next(key for key, k in count.items() if k > 1)
        raise ValueError(f"the field {quoted(twice)} is given twice")
    return found


# -- pieces ----------------------------------------------------------------------------


def versioned(
    entry: object,
    at: str,
    form: str,
    needed: tuple[str, ...],
    more: tuple[str, ...] = (),
) -> Fields:
    """The fields of a document of a format, in the version that is known."""
    place = f"{at}: " if at else ""
    if not isinstance(entry, dict) or entry.get("format") != form:
        raise ParseError(f"{place}not a document of the format {form}")
    version = entry.get("version")
    if type(version) is not int or not 0 < version < 10**9:
        raise ParseError(f"{place}version {kind_of(version)}, where {VERSION} is known")
    if version > VERSION:
        raise ParseError(
            f"{place}version {version}, where {VERSION} is known: it was written by a "
            "newer indexcalc",
            hint="update indexcalc",
        )
    every = ("format", "version", *needed)
    return fields_of(entry, at or "the document", every, more)


def fields_of(
    entry: object, at: str, needed: tuple[str, ...], more: tuple[str, ...] = ()
) -> Fields:
    """A dictionary with all the needed fields and none that is unknown."""
    if not isinstance(entry, dict):
        raise ParseError(f"{at}: {kind_of(entry)} where fields are needed")
    for name in needed:
        if name not in entry:
            raise ParseError(f"{at}: the field {name} is missing")
    for name in entry:
        if name not in needed and name not in more:
            told = quoted(name) if isinstance(name, str) else kind_of(name)
            raise ParseError(f"{at}: the field {told} is not known")
    return entry


def listed(entries: object, at: str, read: Reader[T]) -> tuple[T, ...]:
    """Every entry of a list, read."""
    if not isinstance(entries, (list, tuple)):
        raise ParseError(f"{at}: {kind_of(entries)} where a list is needed")
    return tuple(read(entry, f"{at}[{k}]") for k, entry in enumerate(entries))


def text_of(entry: object, at: str) -> str:
    """A text."""
    if not isinstance(entry, str):
        raise ParseError(f"{at}: {kind_of(entry)} where a text is needed")
    return entry


def choice_of(entry: object, at: str, known: tuple[str, ...]) -> str:
    """One of a few words."""
    if not isinstance(entry, str) or entry not in known:
        raise ParseError(f"{at}: {quoted(entry)} is not one of {', '.join(known)}")
    return entry


def flag_of(entry: object, at: str) -> bool:
    """True or false."""
    if not isinstance(entry, bool):
        raise ParseError(f"{at}: {kind_of(entry)} where true or false is needed")
    return entry


def count_of(entry: object, at: str) -> int:
    """A number from 0 on."""
    if type(entry) is not int or entry < 0:
        raise ParseError(f"{at}: {kind_of(entry)} where a number from 0 on is needed")
    return entry


def place_of(entry: object, at: str, length: int) -> int:
    """The place of one of `length` things, which are counted from 0."""
    place = count_of(entry, at)
    if place >= length:
        raise ParseError(f"{at}: {quoted(place)} where {length} are counted from 0")
    return place


def number_of(entry: object, at: str) -> Number:
    """An exact number: an integer, or a text such as 1/3, 1e-09, (1+2j)."""
    if type(entry) not in (int, str):
        raise ParseError(f"{at}: {kind_of(entry)} where an exact number is needed")
    if isinstance(entry, str) and len(entry) > 2 * DIGITS:
        raise ParseError(f"{at}: a number of {len(entry)} characters")
    try:
        value = read_number(cast("int | str", entry))
        as_number(value)
    except UNREADABLE as error:
        raise unread(at, "a number", error) from None
    return value


def exact_of(entry: object, at: str) -> Number:
    """An exact number, written as it is always written."""
    value = number_of(entry, at)
    if number_row(value) != entry:
        raise ParseError(
            f"{at}: {quoted(entry)} where {quoted(number_row(value))} is meant"
        )
    return value


# -- sizes -----------------------------------------------------------------------------


def size_row(size: Size) -> int | str:
    """A size as a number or as its text."""
    return size if isinstance(size, int) else size_text(size)


def size_of(entry: object, at: str) -> Size:
    """The size that `size_row` wrote."""
    if type(entry) is int:
        return count_of(entry, at)
    text = text_of(entry, at)
    try:
        size = _size(text)
    except UNREADABLE as error:
        raise unread(at, "a size", error) from None
    if isinstance(size, int) or size_text(size) != text:
        raise ParseError(
            f"{at}: {quoted(text)} where {quoted(size_row(size))} is meant"
        )
    return size


@lru_cache(maxsize=1024)
def _size(text: str) -> Size:
    """The size that a canonical text says: a sum of products, perhaps over a number."""
    inner, divisor = text, 1
    if "/" in text:
        if len(text) > QUOTIENT:
            raise ValueError(f"a quotient of {len(text)} characters, over {QUOTIENT}")
        inner, _, below = text.rpartition("/")
        inner, divisor = inner.removeprefix("(").removesuffix(")"), _integer(below)
    terms = polynomial(_monomial(part) for part in inner.split("+"))
    return terms if divisor == 1 else over(terms, divisor)


def _monomial(text: str) -> tuple[tuple[str, ...], int]:
    first, *rest = text.split("*")
    names = rest if first.isdecimal() else [first, *rest]
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"{quoted(name)} is no name of a size")
    return tuple(sorted(names)), _integer(first) if first.isdecimal() else 1


# -- words -----------------------------------------------------------------------------


def kind_of(entry: object) -> str:
    """What stands in a document, in a word."""
    words = {dict: "fields", list: "a list", str: "a text", bool: "true or false"}
    words |= {int: "a number", float: "a number", type(None): "nothing"}
    return words.get(type(entry), f"of type {type(entry).__name__}")


def unread(at: str, what: str, error: Exception) -> ParseError:
    """The fault of a place where something could not be read."""
    if isinstance(error, ParseError) and str(error).startswith(at):
        return error
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ParseError(f"{at}: not {what}: {reason[:SHOWN]}")
