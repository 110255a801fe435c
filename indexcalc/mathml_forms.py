r"""MathML as browsers set it well, out of what a converter of LaTeX made.

Operators that are words (Diag, tr) take the space of a word before an argument, not
that of a relation; an upright name is one piece; the 𝟏 and the d of a differential
look as they should where a browser knows no `mathvariant`; factors that are words stand
a thin space apart.

>>> mended('<math xmlns="m"><mo>tr</mo><mi>A</mi></math>')
'<math xmlns="m"><mi>tr</mi><mspace width="0.167em" /><mi>A</mi></math>'
"""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

#: A single letter that was asked to be upright: the converter writes it as a code
#: point, and italic letters as themselves.
_UPRIGHT = re.compile(r"<mi>(&#x000(?:[46][1-9A-F]|[57][0-9A]);)</mi>")

_DOUBLE_STRUCK = {"0": (10, 0x1D7D8)}
_BOLD = {
    "0": (10, 0x1D7CE),
    "A": (26, 0x1D400),
    "a": (26, 0x1D41A),
    "Α": (25, 0x1D6A8),
    "α": (25, 0x1D6C2),
}
_BOLD_ITALIC = {
    "A": (26, 0x1D468),
    "a": (26, 0x1D482),
    "Α": (25, 0x1D71C),
    "α": (25, 0x1D736),
}
#: Alphabets of their own in Unicode, by variant: their first letters, how many there
#: are, and where they begin.
_ALPHABETS = {
    "bold": _BOLD,
    "double-struck": _DOUBLE_STRUCK,
    "bold-italic": _BOLD_ITALIC,
}
#: What brackets must grow round.
_HIGH = frozenset({"mfrac", "mtable", "munder", "munderover"})
#: Signs between two operands that the converter takes for names.
_SIGNS = {":": "0.278em", "•": "0.222em"}
_THIN = "0.167em"
_SCRIPTED = frozenset({"msub", "msup", "msubsup", "mover", "munder", "munderover"})
#: What holds its children in a row.
_ROWS = frozenset({"math", "mrow", "mtd", "msqrt", "mstyle", "mphantom", "merror"})


def mended(text: str) -> str:
    """The formula, set well; a text that is no XML stays what it is."""
    named = re.search(r' xmlns="[^"]*"', text)
    bare = _UPRIGHT.sub(r'<mi mathvariant="normal">\1</mi>', text)
    try:
        root = fromstring(bare.replace(named[0], "", 1) if named else bare)
    except ParseError:
        return text
    for element in reversed(list(root.iter())):
        _mend(element)
    written = tostring(root, encoding="unicode")
    return written.replace("<math", f"<math{named[0]}", 1) if named else written


def _mend(element: Element) -> None:
    if element.tag in ("mn", "mi"):
        _as_characters(element)
    if element.tag in ("mi", "mo"):
        _as_sign(element)
    if element.tag in _ROWS:
        _join_words(element)
        _as_words(element)
        _keep_low(element)
        _space(element)


def _as_characters(element: Element) -> None:
    """Bold and double-struck letters and digits as the characters they are."""
    alphabets = _ALPHABETS.get(element.get("mathvariant", ""), {})
    found = [_character(c, alphabets) for c in element.text or ""]
    if alphabets and all(found):
        element.text = "".join(found)
        del element.attrib["mathvariant"]


def _character(c: str, alphabets: dict[str, tuple[int, int]]) -> str:
    for first, (count, code) in alphabets.items():
        if 0 <= ord(c) - ord(first) < count:
            return chr(code + ord(c) - ord(first))
    return ""


def _keep_low(row: Element) -> None:
    """Brackets round what is low are of the usual size: those that may grow stand
    apart in some fonts."""
    ends = [row[0], row[-1]] if len(row) > 1 else []
    brackets = [end for end in ends if end.get("fence") == "true"]
    if len(brackets) == 2 and not any(part.tag in _HIGH for part in row.iter()):
        for bracket in brackets:
            bracket.set("stretchy", "false")


def _as_sign(element: Element) -> None:
    width = _SIGNS.get(element.text or "")
    if width is not None:
        element.tag = "mo"
        element.attrib |= {"lspace": width, "rspace": width}


def _join_words(row: Element) -> None:
    """Upright letters side by side as one name."""
    joined: list[Element] = []
    for child in row:
        before = joined[-1] if joined else None
        if before is not None and _upright(before) and _upright(child):
            before.text = (before.text or "") + (child.text or "")
        else:
            joined.append(child)
    row[:] = joined
    for child in row:
        if _upright(child) and len(child.text or "") > 1:
            del child.attrib["mathvariant"]


def _upright(element: Element) -> bool:
    return element.tag == "mi" and element.get("mathvariant") == "normal"


def _as_words(row: Element) -> None:
    for child in row.iter("mo"):
        if len(child.text or "") > 1 and (child.text or "").isalpha():
            child.tag = "mi"
            child.attrib.clear()


def _space(row: Element) -> None:
    """A thin space on either side of a word, save towards signs and its argument."""
    spaced: list[Element] = []
    for before, after in pairwise([None, *row]):
        assert after is not None
        if before is not None and _apart(before, after):
            spaced.append(Element("mspace", {"width": _THIN}))
        spaced.append(after)
    row[:] = spaced


def _apart(before: Element, after: Element) -> bool:
    if _sign(before) or _sign(after):
        return False
    return _word(after) or (_word(before) and not _bracketed(after))


def _sign(element: Element) -> bool:
    return element.tag in ("mo", "mspace")


def _word(element: Element) -> bool:
    """Whether it is a name of several letters, perhaps with scripts."""
    while len(element) and (element.tag in _SCRIPTED or _alone(element)):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1


def _alone(element: Element) -> bool:
    return element.tag == "mrow" and len(element) == 1


def _bracketed(element: Element) -> bool:
    """Whether it begins with a bracket: the argument of a function."""
    while len(element) and (element.tag in _SCRIPTED or element.tag == "mrow"):
        element = element[0]
    return element.tag == "mo"
