"""Marks that only paper has: ‖x‖, X^∘2, ½, as lexemes of the plain language.

A ‖ after an operand closes the norm that is open, any other opens one.

>>> norm = Norms()
>>> [lexeme.value for lexeme in norm.lexemes("‖", 0, False)]
['norm2', '(']
>>> [lexeme.value for lexeme in norm.lexemes("‖²", 2, True)], norm.opened
([')'], [])
"""

from __future__ import annotations

from .scanner import Lexeme

#: Patterns that stand before those of the plain language.
PAPER_PATTERNS = [
    ("NORM", r"‖(?:_F|_2|₂)?(?:²(?![⁰¹²³⁴⁵⁶⁷⁸⁹])|\^2(?![0-9]))?"),
    ("ENTRYWISE", r"\^[∘⊙]"),
    ("HALF", "½"),
]

#: What each other mark stands for: types and values of lexemes.
MARKS = {
    "ENTRYWISE": [("POWER", ".^")],
    "HALF": [("NUMBER", "0.5")],
}
OPERAND_ENDS = frozenset({"NAME", "NUMBER", "ONES", "RPAR", "RSQB", "SUFFIX"})


class Norms:
    """The norms that are open at a place of a text."""

    def __init__(self) -> None:
        self.opened: list[Lexeme] = []

    def lexemes(self, word: str, start: int, after_operand: bool) -> list[Lexeme]:
        """What a ‖ is there; a closing one that is squared changes the function that
        its partner opened."""
        stop = start + len(word)
        if after_operand and self.opened:
            function = self.opened.pop()
            if word.endswith(("²", "2")) and not word.endswith("_2"):
                function.value = "normsq"
            return [Lexeme("RPAR", ")", start, stop)]
        function = Lexeme("FUNCTION", "norm2", start, start + 1)
        self.opened.append(function)
        return [function, Lexeme("LPAR", "(", start, start + 1)]


def mark_lexemes(kind: str, start: int, stop: int) -> list[Lexeme]:
    """The lexemes of any other mark of paper."""
    return [Lexeme(type_, value, start, stop) for type_, value in MARKS[kind]]
