"""What users pass besides expressions, checked: names, texts, mappings.

Whatever has the wrong type is a documented error in one sentence; Python's own
`TypeError` is left to calls with arguments that a function does not have.

>>> names_of("x, y", "names"), mapping_of(None, "sizes")
(['x', 'y'], {})
>>> declarations({"A": "m n"}, {"x": "n"})
{'A': 'm n', 'x': 'n'}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import ParseError, ShapeError
from .legible import quoted


def text_of(value: object, what: str) -> str:
    """The value, which must be a text. Raises `ParseError` where it is none."""
    if not isinstance(value, str):
        raise ParseError(f"{what} is a text, and this is {quoted(value)}")
    return value


def names_of(value: object, what: str) -> list[str]:
    """The names in a text, parted by commas or spaces, or in a list.

    Raises `ParseError` where it is neither.
    """
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, (list, tuple)):
        return [text_of(name, f"each of {what}") for name in value]
    raise ParseError(
        f"{what} is a text or a list of texts, and this is {quoted(value)}"
    )


def mapping_of(value: object, what: str) -> dict[Any, Any]:
    """The value as a dictionary with texts as keys; none for None.

    Raises `ShapeError` where it is no mapping, `ParseError` for a key that is no text.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ShapeError(
            f"{what} is a mapping from names, and this is {quoted(value)}",
            hint='such as {"n": 3}',
        )
    for name in value:
        if not isinstance(name, str):
            raise ParseError(f"{quoted(name)} is not a name", hint="names are texts")
    return dict(value)


def declarations(
    shapes: object, named: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Shapes given as a mapping and by keyword, together.

    Raises as `mapping_of`, and `ParseError` for a name that is given twice.
    """
    found = mapping_of(shapes, "shapes")
    for name, shape in (named or {}).items():
        if name in found:
            raise ParseError(f"{name} is declared twice", text=name, position=0)
        found[name] = shape
    return found
