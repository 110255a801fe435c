"""A problem in index notation whose letters nobody declared.

The order of a letter is the number of its indices, an index has one size wherever it
stands, and the free indices are those on the left of the equals sign, or those that no
sum binds and that stand once in each term that has them.

>>> guessed("y_i = A_ij x_j + b_i", {})
('A_ij x_j + b_i', 'i', {'A': 'm n', 'x': 'n', 'b': 'm'})
>>> guessed("A_ij x_j", {"A": "p q"})
('A_ij x_j', 'i', {'A': 'p q', 'x': 'q'})
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from ..judging.answers import sides
from ..sizes import size_text
from ..text.declarations import declare
from ..text.index_notation import index_tree
from ..text.index_scopes import spans_of
from .guesses import GREEK_LETTERS

_ENTRY = re.compile(r"([^\W\d_])_(?:\{([^{}]*)\}|\[([^\[\]]*)\]|([^\W\d_]+))")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
#: Greek letters by their commands, ε by both of its names.
LETTERS = GREEK_LETTERS | {"epsilon": "ε"}
_INDICES = frozenset("ijklmnpqrstabαβγμν")
_SUMS = re.compile(r"\\sum\s*_\s*\{?([^}=\s]*)")
_SIZES = ("m", "n", "p", "q", "r", "s", "t", "k", "l")


def is_indexed(text: str) -> bool:
    """Whether a text has letters with indices below them."""
    return _ENTRY.search(text) is not None


def guessed(
    text: str, shapes: Mapping[str, object]
) -> tuple[str, str, dict[str, object]]:
    """The right side of a text in index notation, its free indices, and the shapes of
    its letters, those that were given among them."""
    left, right = sides(text)
    sizes = _sizes_of(right, shapes)
    found = dict(shapes)
    for name, indices in _entries(right):
        if not _is_copy(name, indices):
            found.setdefault(name, " ".join(sizes[i] for i in indices))
    return right, "".join(_free(left, right, found)), found


def entries_in_latex(latex: str, shapes: Mapping[str, object]) -> dict[str, object]:
    r"""The shapes of letters with indices in LaTeX: x in `A_{ij} x_j`, not the σ of
    `\sigma_n^2`, whose n stands nowhere else.

    >>> entries_in_latex(r"a_i b_j \epsilon_{ijk} \sigma_n", {})
    {'a': '3', 'b': '3'}
    """
    text = _COMMAND.sub(lambda m: LETTERS.get(m[1], " "), latex)
    counts = Counter(i for _, indices in _entries(text) for i in indices)
    counts.update(i for summed in _SUMS.findall(latex) for i in summed if i.isalpha())
    sizes = _sizes_of(text, shapes)
    found: dict[str, object] = {}
    for name, indices in _entries(text):
        shared = max((counts[i] for i in indices), default=0) > 1
        usual = all(i in _INDICES for i in indices)
        if shared and usual and name not in shapes and not _is_copy(name, indices):
            found[name] = " ".join(sizes[i] for i in indices)
    return found


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    for name, *listed in _ENTRY.findall(text):
        yield name, re.findall(r"[^\W\d_]", "".join(listed))


def _sizes_of(text: str, shapes: Mapping[str, object]) -> dict[str, str]:
    """The size of every index: that of a declared axis, else a name of its own; indices
    on one axis of a letter have one size."""
    known = declare(shapes)
    first: dict[tuple[str, int], str] = {}
    alike: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, indices in _entries(text):
        shape = known.known.get(name, ())
        copy = _is_copy(name, indices)
        for axis, index in enumerate(indices):
            before = indices[0] if copy else first.setdefault((name, axis), index)
            mine, theirs = _leader(alike, index), _leader(alike, before)
            alike[max(mine, theirs)] = min(mine, theirs)
            if axis < len(shape):
                found[index] = size_text(shape[axis])
            elif name == "ε":
                found[index] = str(len(indices))
    leaders = {index: _leader(alike, index) for index in alike}
    told = {leaders[index]: size for index, size in found.items()}
    fresh = (size for size in _SIZES if size not in known.sizes)
    for leader in dict.fromkeys(leaders.values()):
        if leader not in told:
            told[leader] = next(fresh, leader.upper())
    return {index: told[leader] for index, leader in leaders.items()}


def _is_copy(name: str, indices: list[str]) -> bool:
    """Whether it is δ, ε, or H with its three indices or more, of one size."""
    return name in "δε" or (name == "H" and len(indices) > 2)


def _leader(alike: Mapping[str, str], index: str) -> str:
    """The first of the indices that have one size with this one."""
    while alike.get(index, index) != index:
        index = alike[index]
    return index


def _free(left: str, right: str, shapes: Mapping[str, object]) -> list[str]:
    """The indices on the left, else those that stand once wherever they stand."""
    if is_indexed(left):
        return [i for _, indices in _entries(left) for i in indices]
    spans = spans_of(*index_tree(right, shapes))
    return [i for i, span in spans.items() if span == (1, 1)]
