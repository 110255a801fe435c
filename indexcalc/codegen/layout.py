"""Long lines broken at their loosest operators, then at the commas of a call.

>>> style = Style(width=24)
>>> print("\\n".join(broken("t = ", "alpha * beta + gamma * delta", 0, style)))
t = (
    alpha * beta
    + gamma * delta
)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

#: Operators from the loosest to the tightest, as they stand between spaces.
OPERATORS = (
    (" & ",),
    (" == ", " >= "),
    (" + ", " - "),
    (" .* ", " * ", " / ", " ./ ", " @ "),
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a language breaks lines: whether an operator stands before the break, what a
    continued line is marked with, how a statement ends, and whether lists are
    broken too."""

    width: int = 88
    trailing: bool = False
    mark: str = ""
    end: str = ""
    step: int = 4
    lists: bool = False


def broken(head: str, text: str, indent: int, style: Style) -> list[str]:
    """`head` + `text` as lines of at most `style.width` columns where they can be."""
    line = " " * indent + head + text + style.end
    if len(line) <= style.width:
        return [line]
    listed = list(_pieces(text, (", ",)))
    if len(listed) > 1:
        return _list_lines(head, [piece for _, piece in listed], indent, style)
    for operators in OPERATORS:
        pieces = list(_pieces(text, operators))
        if len(pieces) > 1:
            return _sum_lines(head, pieces, indent, style)
    return _call_lines(head, text, indent, style) or [line]


def _sum_lines(
    head: str, pieces: Sequence[tuple[str, str]], indent: int, style: Style
) -> list[str]:
    """The pieces filled into lines between parentheses."""
    inner = _inside(style)
    room = indent + style.step
    lines: list[str] = []
    for k, (operator, piece) in enumerate(pieces):
        sign = operator.strip()
        lead = "" if k == 0 or style.trailing else f"{sign} "
        following = pieces[k + 1][0].strip() if k + 1 < len(pieces) else ""
        tail = f" {following}" if style.trailing and following else ""
        joined = f"{lines[-1]} {lead}{piece}{tail}" if lines else ""
        if lines and len(joined) <= inner.width:
            lines[-1] = joined
            continue
        more = broken(lead, piece, room, inner)
        lines += [*more[:-1], more[-1] + tail]
    opened = [f"{' ' * indent}{head}(", *lines]
    marked = [line + _mark(line, style) for line in opened]
    return [*marked, f"{' ' * indent}){style.end}"]


def _mark(line: str, style: Style) -> str:
    return "" if line.endswith(style.mark) else style.mark


def _list_lines(
    head: str, pieces: Sequence[str], indent: int, style: Style
) -> list[str]:
    """A tuple between parentheses, an item a line."""
    items = _items(pieces, indent + style.step, _inside(style))
    lines = [f"{' ' * indent}{head}(", *items]
    return [
        *(line + _mark(line, style) for line in lines),
        f"{' ' * indent}){style.end}",
    ]


def _items(pieces: Sequence[str], indent: int, style: Style) -> list[str]:
    lines: list[str] = []
    for k, piece in enumerate(pieces):
        more = broken("", piece, indent, style)
        comma = "," if k + 1 < len(pieces) else ""
        lines += [*more[:-1], more[-1] + comma]
    return lines


def _call_lines(head: str, text: str, indent: int, style: Style) -> list[str] | None:
    """The arguments of the longest call, on lines of their own."""
    found = _widest_bracket(text, style.lists)
    if found is None:
        return None
    start, end = found
    body, inner, room = text[start + 1 : end], _inside(style), indent + style.step
    if not body.strip():
        return None
    lines = [f"{' ' * indent}{head}{text[: start + 1]}"]
    pieces = [piece for _, piece in _pieces(body, (", ",))]
    if room + len(body) <= inner.width:
        lines.append(" " * room + body)
    else:
        lines += _items(pieces, room, inner)
    marked = [line + _mark(line, style) for line in lines]
    return [*marked, f"{' ' * indent}{text[end:]}{style.end}"]


def _inside(style: Style) -> Style:
    """The style of a part of a line: nothing at its end, room for an operator."""
    room = 3 if style.trailing else 1
    width = style.width - room - len(style.mark) - len(style.end)
    return replace(style, width=width, end="")


def _depths(text: str) -> Iterator[tuple[int, str, int]]:
    """Places outside strings, with how deep in brackets they are."""
    depth, quote = 0, ""
    for k, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
            continue
        if letter == '"':
            quote = letter
        elif letter in "([{":
            yield k, letter, depth
            depth += 1
        elif letter in ")]}":
            depth -= 1
            yield k, letter, depth
        else:
            yield k, letter, depth


def _pieces(text: str, operators: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The text cut at operators outside brackets, each piece after its operator."""
    start, before = 0, ""
    for k, letter, depth in _depths(text):
        if depth or letter not in " ,":
            continue
        for operator in operators:
            if text.startswith(operator, k):
                yield before, text[start:k]
                start, before = k + len(operator), operator
    yield before, text[start:]


def _widest_bracket(text: str, lists: bool) -> tuple[int, int] | None:
    """The longest pair of brackets at the top level that is not an index."""
    found: list[tuple[int, int]] = []
    start = 0
    for k, letter, depth in _depths(text):
        if depth == 0 and letter in "([{":
            start = k
        elif depth == 0 and (letter == ")" or (lists and letter == "]" and not start)):
            found.append((start, k))
    return max(found, key=lambda pair: pair[1] - pair[0], default=None)
