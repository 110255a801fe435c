"""The exceptions a user can meet, and the caret that shows where.

Every message is one sentence with both sides of the disagreement and a way out. A
user's mistake is an `IndexCalcError`, which is a `ValueError`; a broken invariant of
ours is an `InternalError` and says that it is our bug.

>>> print(ParseError("expected an operand", text="A * ", position=4, hint="add one"))
expected an operand (add one)
  A *
      ^
"""

from __future__ import annotations

from .legible import columns, harmless, in_place, shortened

#: The most characters of a message and of a hint; more is cut in the middle.
LONGEST_MESSAGE, LONGEST_HINT = 500, 300


class IndexCalcError(ValueError):
    """A mistake in what was asked, said in one sentence.

    `text` and `position` place it: the offending source and the offset of the caret.
    `hint` is the way out. What does not print stands as an escape, and long names are
    cut, so that a message may go to any terminal and any log.
    """

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        position: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = shortened(harmless(message), LONGEST_MESSAGE)
        self.text = text
        self.position = position
        self.hint = hint and shortened(harmless(hint), LONGEST_HINT)
        super().__init__(_render(self.message, text, position, self.hint))


class ParseError(IndexCalcError):
    """The text is not in the language."""


class ShapeError(IndexCalcError):
    """Shapes or sizes that do not go together."""


class UnsupportedError(IndexCalcError):
    """A legitimate request that indexcalc cannot answer, with the reason."""


class BudgetError(IndexCalcError):
    """The answer would exceed a stated budget (terms, nodes, length, memory)."""


class EvaluationError(IndexCalcError):
    """Arrays that do not fit the expression, or values outside a function's domain."""


class UnknownNameError(IndexCalcError):
    """A name that the expression, or the language, does not know."""


class InternalError(RuntimeError):
    """An invariant of indexcalc does not hold: our bug, not the user's."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}; this is a bug in indexcalc, please report it")


def _render(
    message: str, text: str | None, position: int | None, hint: str | None
) -> str:
    sentence = f"{message} ({hint})" if hint else message
    if text is None or position is None:
        return sentence
    return f"{sentence}\n{caret(text, position)}"


def caret(text: str, position: int, width: int = 72) -> str:
    """The line of `text` that holds `position`, with a caret under the place.

    Long lines are cut to a window of `width` characters round the caret; a character
    that does not print is one sign, a wide one takes two columns.

    >>> print(caret("A * B", 2))
      A * B
        ^
    """
    position = max(0, min(position, len(text)))
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    column = position - start
    left = max(0, column - width // 2) if len(line) > width else 0
    window = in_place(line[left : left + width])
    before = columns(window[: column - left])
    return f"  {window.rstrip()}\n  {' ' * before}^"
