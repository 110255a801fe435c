"""Names in printed programs: identifiers, index letters, sizes read from shapes.

A tensor keeps its name where that is an ASCII identifier that the program does not need
itself, and gets a safe one where it is not. Index letters follow an axis through the
whole program: i, j, k, … in the order of the result's axes, then those that are free.

>>> names = Names(["np"])
>>> [names.claim(name) for name in ("A", "lambda", "α", "np", "x; import os")]
['A', 'lambda_', 'alpha', 'np_', 'x_import_os']
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from .nodes import Tensor
from .plan import Apply, Combine, Contract, Embed, Pattern, Program, Slot
from .sizes import Dim, Size, names_in

# -- identifiers -----------------------------------------------------------------------

#: MATLAB reads 63 characters of a name, and some are left for a number.
LONGEST = 54

#: C++ keeps two underscores for itself; MATLAB and Julia want a letter first.
_PLAIN = re.compile(f"(?!.*__)[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}")


class Names:
    """Identifiers of one program, each given out once; never one that is reserved, or
    that the pattern `unfit` describes."""

    def __init__(self, reserved: Iterable[str] = (), unfit: str = "") -> None:
        self._taken = {*keyword.kwlist, "__debug__", *reserved}
        self._unfit = re.compile(unfit or "(?!)")
        self._reached: dict[str, int] = {}

    def is_unfit(self, name: str) -> bool:
        """Whether no number after it would make an identifier fit."""
        return self._unfit.fullmatch(name) is not None

    def claim(self, name: str) -> str:
        """`name`, or the nearest ASCII identifier that is still free."""
        wanted = identifier(name)
        if self.is_unfit(wanted):
            wanted = f"v_{wanted}"
        return self.first_free(wanted, f"{wanted}_", numbered=f"{wanted}_")

    def first_free(self, *wanted: str, numbered: str) -> str:
        """The first of some names that is free, or the first with a number from 2."""
        found = next((name for name in wanted if name not in self._taken), None)
        if found is None:
            k = self._reached.get(numbered, 2)
            while f"{numbered}{k}" in self._taken:
                k += 1
            self._reached[numbered] = k + 1
            found = f"{numbered}{k}"
        self._taken.add(found)
        return found

    def numbered(self, prefix: str) -> Iterator[str]:
        """prefix0, prefix1, … without those that are taken when their turn comes."""
        for k in count():
            name = f"{prefix}{k}"
            if name not in self._taken:
                self._taken.add(name)
                yield name


def identifier(name: str) -> str:
    """An ASCII identifier for any text, which begins with a letter and is short enough
    for every language; Greek letters are spelled out.

    >>> identifier("θ₁"), identifier("3x"), identifier(""), identifier("__x")
    ('theta1', 'v3x', 'v', 'x')
    """
    if _PLAIN.fullmatch(name):
        return name
    spelled = "".join(map(_spelled, name[:LONGEST]))
    cleaned = re.sub("_+", "_", re.sub("[^A-Za-z0-9_]", "_", spelled)).strip("_")
    return cleaned if cleaned[:1].isalpha() else f"v{cleaned}"


def _spelled(letter: str) -> str:
    if letter.isascii():
        return letter
    words = unicodedata.name(letter, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        spelled = words[words.index("LETTER") + 1].lower().replace("lamda", "lambda")
        return spelled.capitalize() if "CAPITAL" in words else spelled
    plain = unicodedata.normalize("NFKD", letter)
    return "".join(c for c in plain if c.isascii())


# -- index letters ---------------------------------------------------------------------

_LOWER = "ijklmnpqrstuvwxyzabcdefgho"

#: The letters that every library takes.
LETTERS = _LOWER + _LOWER.upper()


def alphabet() -> Iterator[str]:
    """All letters; beyond 52 those that only opt_einsum takes."""
    yield from LETTERS
    yield from (chr(k) for k in range(192, 0xD800) if chr(k).isalpha())


def fresh(used: Iterable[str]) -> Iterator[str]:
    """The letters that are not used yet."""
    taken = set(used)
    return (letter for letter in alphabet() if letter not in taken)


class Letters:
    """The letters of every pattern's labels, chosen from the result backwards."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._wanted: dict[Slot, dict[int, str]] = {}
        self.chosen: dict[Slot, list[str]] = {}
        self.inside: dict[Slot, dict[int, str]] = {}
        for slot in reversed(range(len(program.steps))):
            self._choose(slot)

    def _choose(self, slot: Slot) -> None:
        pattern = self._program.patterns[slot]
        wanted = self._wanted.get(slot, {})
        rest = fresh(wanted.values())
        letters = [wanted.get(k) or next(rest) for k in range(len(pattern.sizes))]
        self.chosen[slot] = letters
        match self._program.steps[slot]:
            case Contract() as step:
                self._contract(slot, step, letters)
            case Combine() as step:
                for term, _ in step.terms:
                    self._pass_axes(term, _of_axes(pattern, letters))
            case Embed() as step:
                self._pass_axes(step.slot, letters)
            case Apply() as step:
                for arg in step.args:
                    self._pass_axes(arg, letters)
            case _:
                pass

    def _contract(self, slot: Slot, step: Contract, letters: list[str]) -> None:
        core = self._program.patterns[slot].core
        inside = {i: letters[k] for i, k in zip(step.out, core, strict=True)}
        rest = fresh(letters)
        for operand, axes in step.operands:
            for label in (i for axis in axes for i in axis):
                if label not in inside:
                    inside[label] = next(rest)
            labels = self._program.patterns[operand].core
            for label, axis in zip(labels, axes, strict=True):
                if len(axis) == 1:
                    self._want(operand, label, inside[axis[0]])
        self.inside[slot] = inside

    def _pass_axes(self, slot: Slot, letters: Sequence[str | None]) -> None:
        axes = self._program.patterns[slot].axes
        for axis, letter in zip(axes, letters, strict=False):
            if len(axis) == 1 and letter is not None:
                self._want(slot, axis[0], letter)

    def _want(self, slot: Slot, label: int, letter: str) -> None:
        wanted = self._wanted.setdefault(slot, {})
        if label not in wanted and letter not in wanted.values() and letter in LETTERS:
            wanted[label] = letter


def _of_axes(pattern: Pattern, letters: Sequence[str]) -> list[str | None]:
    return [letters[axis[0]] if len(axis) == 1 else None for axis in pattern.axes]


# -- sizes -----------------------------------------------------------------------------

#: A size name's source: a tensor, an axis, and how that axis is made of the name.
Source = tuple[Tensor, int, Size]


def sources(variables: Iterable[Tensor], needed: Iterable[str]) -> dict[str, Source]:
    """Where each needed size can be read, and each size that reading it takes, in an
    order in which they can be computed. Names that no axis yields are left out."""
    axes = [(t, k, size) for t in variables for k, size in enumerate(t.shape)]
    plain: dict[str, Source] = {}
    for tensor, k, size in axes:
        if is_name(size):
            plain.setdefault(next(iter(names_in(size))), (tensor, k, size))
    found: dict[str, Source] = {}
    for name in needed:
        for step, source in _reading(name, plain, axes):
            found.setdefault(step, source)
    return found


def _reading(
    name: str, plain: Mapping[str, Source], axes: Sequence[Source]
) -> list[tuple[str, Source]]:
    if name in plain:
        return [(name, plain[name])]
    for tensor, k, size in axes:
        others = sorted(names_in(size) - {name})
        if is_linear(size, name) and all(other in plain for other in others):
            steps = [(other, plain[other]) for other in others]
            return [*steps, (name, (tensor, k, size))]
    return []


def is_name(size: Size) -> bool:
    """Whether a size is one name and nothing else."""
    return isinstance(size, Dim) and [
        (len(monomial), coefficient) for monomial, coefficient in size.terms
    ] == [(1, 1)]


def is_linear(size: Size, name: str) -> bool:
    """Whether a size is of the first degree in a name."""
    if not isinstance(size, Dim):
        return False
    return max(monomial.count(name) for monomial, _ in size.terms) == 1
