r"""Anybody's texts on anybody's screen: cut, without control characters, in columns.

Messages quote what strangers wrote. A name may have a hundred thousand characters,
write to the terminal by escape sequences, turn the direction of writing round, or be no
text at all that a file could hold; what is shown has none of that.

>>> print(harmless("a\x1b[31mb\u202ec"))
a\x1b[31mb\u202ec
>>> shortened("abcdefghij", 5), quoted("x" * 100, 12)
('ab…ij', "'xxxxx…xxxx'")
"""

from __future__ import annotations

#: The bits from which on an integer is not written out in a message.
LONG_INTEGER = 256


def harmless(text: str) -> str:
    r"""A text with whatever does not print, the space excepted, as escapes.

    >>> harmless("é\n") == r"é\n"
    True
    """
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(c: str) -> str:
    return c if c.isprintable() else c.encode("unicode_escape").decode("ascii")


def in_place(text: str) -> str:
    r"""A text with whatever does not print as one sign each, so that places keep.

    >>> in_place("a\tb\x00")
    'a b�'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in text)


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters, cut in the middle where it is longer."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"


def whole(n: int) -> str:
    """An integer, however long: Python writes none of more than 4300 digits.

    >>> whole(-12), whole(10**5000)
    ('-12', 'about 10^5000')
    """
    if n.bit_length() < LONG_INTEGER:
        return str(n)
    return f"about {'-' if n < 0 else ''}10^{round(n.bit_length() * 0.30103)}"


def quoted(value: object, longest: int = 60) -> str:
    r"""A value as it stands in a message: harmless and short, whatever it is.

    >>> print(quoted("n\x00"), quoted(2.5))
    'n\x00' 2.5
    """
    if type(value) is int:
        return whole(value)
    try:
        written = repr(_beginning(value, longest))
    except Exception:
        return f"a {type(value).__name__}"
    return shortened(harmless(written), longest)


def _beginning(value: object, longest: int) -> object:
    return value[: longest + 1] if isinstance(value, (str, bytes)) else value


def columns(text: str) -> int:
    r"""How many columns a text takes on a terminal.

    >>> columns("Aé"), columns("漢"), columns("e\u0301")
    (2, 2, 1)
    """
    return len(text) if text.isascii() else sum(map(_column, text))


def _column(c: str) -> int:
    import unicodedata

    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
