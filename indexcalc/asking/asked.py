"""The question as it was put, before anything is read.

>>> Asked("x'*A*x", {"x": "n"}, ("x",)).order is None
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import ParseError
from ..given import text_of
from ..legible import quoted
from ..structure import SYMMETRISED

#: The notations a problem may be written in.
NOTATIONS = ("auto", "text", "paper", "latex", "index")
#: The most times something is differentiated.
ORDER_LIMIT = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as it was put.

    `shapes` are declarations as `parse` takes them; letters without one are inferred
    unless `infer` is off. `by` names the variables, `order` how often; where they are
    left out the text may say them. `out` names the free indices of index notation.
    """

    text: str
    shapes: Mapping[str, object] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    order: int | None = None
    notation: str = "auto"
    infer: bool = True
    out: str = ""
    convention: str = SYMMETRISED


def require_order(order: int | None) -> None:
    """Raises `ParseError` for a number of derivatives that is out of range."""
    if order is not None and not 0 <= order <= ORDER_LIMIT:
        raise ParseError(
            f"a derivative of order {quoted(order)} is asked for",
            hint=f"the order is a number from 0 to {ORDER_LIMIT}",
        )


def checked_notation(asked: Asked) -> str:
    """The notation that a problem is said to be in. Raises `ParseError` for an empty
    text and for a notation that there is not."""
    text = text_of(asked.text, "a problem")
    if not text.strip():
        raise ParseError(
            "the text is empty, and an expression was expected",
            hint="such as x'*A*x",
        )
    if asked.notation not in NOTATIONS:
        raise ParseError(
            f"the notation {quoted(asked.notation)} is not one of "
            f"{', '.join(NOTATIONS)}"
        )
    return asked.notation
