r"""A problem as it was asked: a function, what its letters are, by what, how often.

>>> problem = read(Asked(r"\nabla_x \|Ax-b\|^2"))
>>> problem.by, problem.order, problem.notation
(('x',), 1, 'latex')
>>> print(problem.derivative("x").matrix("paper"))
2Aᵀ(Ax − b)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations, islice
from typing import TypeAlias

from ..errors import IndexCalcError, ParseError, ShapeError, UnknownNameError
from ..face import Expression
from ..given import text_of
from ..judging.answers import is_latex, sides
from ..latex_names import GREEK, latex_name
from ..legible import quoted
from ..nodes import Tensor
from ..questions import question
from ..sizes import Shape, size_text
from ..structure import SYMMETRISED
from ..text.declarations import declare
from ..text.definitions import has_definitions
from ..ways_in import parse, parse_index
from .indexed import entries_in_latex, guessed, is_indexed

#: The notations a problem may be written in.
NOTATIONS = ("auto", "text", "paper", "latex", "index")
#: The most times something is differentiated.
ORDER_LIMIT = 4
#: Greek letters by their commands.
GREEK_LETTERS = {name: letter for letter, name in GREEK.items()}
#: How many readings are tried where the usual one does not go together.
GUESSES = 60
_LETTERS = re.compile(r"\\([A-Za-z]+)|([^\W\d_]+)([0-9]*\s*\()?")
#: The longest word whose letters may each be a name.
_LONGEST_PRODUCT = 3
#: Small letters that are scalars as often as vectors.
_COUNTS = frozenset("klmnpqrst")
#: Words that are products of their letters rather than names: Ax, AX, XWY.
_PRODUCT = re.compile(r"[A-Z][A-Za-z]|[A-Z]{3}")
_GREEK = re.compile(rf"(?<![^\W_])(?:{'|'.join(GREEK_LETTERS)})(?![^\W_])")
_EULER = re.compile(r"(?<![\w.])e\s*\.?\^")
_SOLUTION = re.compile(r"[\w')\]]\s*(\\)\s*[\w(\[]")
_MARKUP = re.compile(r"\\[A-Za-z]|[{}$]")
_CALLED = re.compile(r"([^\W\d_])\s*\(")
#: Letters that are functions before a parenthesis, unless they are declared.
_FUNCTIONS = frozenset("fghuφψσρ")
_KINDS = ("scalar", "vector", "matrix")

Read: TypeAlias = tuple[Expression, tuple[str, ...], int | None, str]


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


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter of the problem: its shape, its structure, and whether both were given
    or found from the text."""

    name: str
    shape: Shape
    structure: str
    given: bool

    @property
    def kind(self) -> str:
        """scalar, vector, matrix or tensor, with the structure in front."""
        order = len(self.shape)
        kind = _KINDS[order] if order < len(_KINDS) else "tensor"
        return f"{self.structure} {kind}" if self.structure else kind

    @property
    def declaration(self) -> str:
        """The shape as `parse` takes it.

        >>> from indexcalc.sizes import dim
        >>> Symbol("S", (dim("n"), dim("n")), "symmetric", True).declaration
        'n n : symmetric'
        """
        sizes = " ".join(size_text(size) for size in self.shape)
        return f"{sizes} : {self.structure}" if self.structure else sizes

    def __str__(self) -> str:
        return f"{self.name}: {self.declaration}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A question that was read. `by` and `order` are as asked, or as the text says."""

    asked: Asked
    expression: Expression
    symbols: tuple[Symbol, ...]
    by: tuple[str, ...]
    order: int
    notation: str

    @property
    def shapes(self) -> dict[str, object]:
        """Every shape, given or found, as `parse` takes it."""
        functions = declare(self.asked.shapes).functions
        found = {name: self.asked.shapes[name] for name in functions}
        found.update((s.name, s.declaration) for s in self.symbols)
        return found

    @property
    def variables(self) -> tuple[str, ...]:
        """What it can be differentiated by, in the order of the text."""
        inside = self.expression.variables
        return tuple(s.name for s in self.symbols if s.name in inside)

    def wanted(self) -> tuple[str, ...]:
        """The variables to differentiate by: those asked for, else all.

        Raises `UnknownNameError` for one that the problem does not have, or where it
        has none at all.
        """
        known = {symbol.name for symbol in self.symbols}
        for name in self.by:
            if name not in known:
                raise UnknownNameError(
                    f"the problem has no variable {quoted(name)}",
                    hint=f"it has {', '.join(self.variables) or 'none'}",
                )
        if not self.by and not self.variables:
            raise UnknownNameError(
                "the problem has no variable to differentiate by",
                hint="write it with one, such as x'*A*x",
            )
        return self.by or self.variables

    def derivative(self, *by: str, order: int | None = None) -> Expression:
        """The derivative of the problem's order, or of the one given: the gradient of a
        scalar, the Jacobian of anything else, the Hessian, and so on; several variables
        stand for a mixed one. Order 0 is the function itself."""
        f, order = self.expression, self.order if order is None else order
        names = by if len(by) > 1 else by * order
        for k, name in enumerate(names):
            convention = self.asked.convention
            if order == 2 and len(names) == 2 and not f.shape:
                return f.hessian(*names, convention=convention)
            first = k == 0 and self._single
            differentiated = f.gradient if first else f.diff
            f = differentiated(name, convention=convention)
        return f

    @property
    def _single(self) -> bool:
        return all(size == 1 for size in self.expression.shape)


def read(asked: Asked) -> Problem:
    """Reads a problem. Raises what the ways in raise, with the place in the text."""
    require_order(asked.order)
    expression, by, order, notation = _read(asked)
    symbols = _symbols(asked, expression)
    wanted = tuple(_spelled(name, symbols) for name in asked.by or by)
    found = asked.order if asked.order is not None else order or 1
    return Problem(asked, expression, symbols, wanted, found, notation)


def _read(asked: Asked) -> Read:
    """The problem with its letters as they are usually meant; where that does not go
    together, with a letter or two that nobody declared meant otherwise."""
    reader = _READERS[_checked_notation(asked)]
    try:
        return reader(asked)
    except ShapeError as error:
        if not asked.infer:
            raise
        for guess in islice(_guesses(asked), GUESSES):
            with suppress(IndexCalcError):
                return reader(replace(asked, shapes={**asked.shapes, **guess}))
        raise error from None


def _guesses(asked: Asked) -> Iterator[dict[str, object]]:
    """Kinds for letters that are not declared, the likeliest first: those that are
    scalars as a rule as vectors, letters that often count something as scalars."""
    free = [c for c in _letters(asked.text) if c not in asked.shapes]
    may = [(n, c, k, cost) for n, c in enumerate(free) for k, cost in _otherwise(c)]
    chosen = [
        meant
        for count in range(1, 5)
        for meant in combinations(may, count)
        if len({n for n, *_ in meant}) == count
    ]
    chosen.sort(key=lambda meant: sum(cost for *_, cost in meant))
    for meant in chosen:
        yield {letter: kind for _, letter, kind, _ in meant}


def _letters(text: str) -> Iterable[str]:
    """The letters of a text that may be names, Greek ones by their commands too."""
    found: dict[str, None] = {}
    for command, word, opened in _LETTERS.findall(text):
        if command:
            found.update(dict.fromkeys(GREEK_LETTERS.get(command, "")))
        elif len(word) == 1 or (not opened and len(word) <= _LONGEST_PRODUCT):
            found.update(dict.fromkeys(word))
    return found


def _otherwise(letter: str) -> list[tuple[str, int]]:
    """What else a letter may be, and how unlikely that is."""
    if letter <= "g" and letter.islower():
        return [("vector", 1)]
    if letter > "z" and letter.islower():
        return [("vector", 1), ("matrix", 3)]
    return [("scalar", 2)] if letter in _COUNTS else []


def require_order(order: int | None) -> None:
    """Raises `ParseError` for a number of derivatives that is out of range."""
    if order is not None and not 0 <= order <= ORDER_LIMIT:
        raise ParseError(
            f"a derivative of order {quoted(order)} is asked for",
            hint=f"the order is a number from 0 to {ORDER_LIMIT}",
        )


def _checked_notation(asked: Asked) -> str:
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


def _auto(asked: Asked) -> Read:
    """LaTeX where it can only be that, else the text language, else paper notation."""
    _require_no_solution(asked)
    if is_latex(asked.text):
        return _latex(asked)
    _require_no_euler(asked)
    try:
        found = _text(asked)
    except IndexCalcError as error:
        return _or_raise(error, asked)
    words = [n for n in found[0].variables if len(n) > 1 and n not in asked.shapes]
    if not any(word.isalpha() for word in words):
        return found
    products = all(_PRODUCT.fullmatch(word) for word in words)
    with suppress(IndexCalcError):
        return _paper(replace(asked, infer=asked.infer and products))
    return found


def _require_no_solution(asked: Asked) -> None:
    """Raises `ParseError` for MATLAB's A \\ b, which LaTeX would take for a space."""
    found = _SOLUTION.search(asked.text)
    if found is not None and not _MARKUP.search(asked.text):
        raise ParseError(
            "a backslash between two letters is neither the text language nor LaTeX",
            text=asked.text,
            position=found.start(1),
            hint="the solution of A x = b is inv(A)*b",
        )


def _require_no_euler(asked: Asked) -> None:
    """Raises `ParseError` for e^A, which may be meant in two ways, where e is not
    declared."""
    power = _EULER.search(asked.text)
    if power is not None and "e" not in asked.shapes:
        raise ParseError(
            "e^… may be exp entry by entry or the matrix exponential",
            text=asked.text,
            position=power.start(),
            hint="write exp(x) or expm(A), or declare e",
        )


def _or_raise(error: IndexCalcError, asked: Asked) -> Read:
    """The text in paper notation, or the error that the text language had. An f before
    a parenthesis is a function, not a factor."""
    called = set(_CALLED.findall(asked.text)) - asked.shapes.keys()
    if called & _FUNCTIONS:
        raise error
    if asked.infer and is_indexed(asked.text):
        with suppress(IndexCalcError):
            return _guessed(asked)
    try:
        return _paper(asked)
    except ShapeError:
        raise
    except IndexCalcError:
        raise error from None


def _guessed(asked: Asked) -> Read:
    """Index notation whose letters and free indices are found from the text."""
    text, out, shapes = guessed(asked.text, asked.shapes)
    return parse_index(text, asked.out or out, shapes), (), None, "index"


def _text(asked: Asked, paper: bool = False) -> Read:
    text = _right_side(asked)
    found = parse(text, asked.shapes, paper=paper, infer=asked.infer)
    return found, (), None, "paper" if paper else "text"


def _right_side(asked: Asked) -> str:
    """What stands after `y =`; definitions after `where` have equals signs of their
    own."""
    text = asked.text
    if has_definitions(text, asked.shapes):
        return text
    left, right = sides(text)
    if "=" in left:
        return text
    return " " * (len(text) - len(text.rpartition("=")[2])) + right if left else text


def _paper(asked: Asked) -> Read:
    """Paper notation; norms may be typed ||x||, Greek letters by their names."""
    text = asked.text.replace("||", "‖ ")
    if asked.infer:
        text = _GREEK.sub(lambda m: _letter(m[0], asked), text)
    return _text(replace(asked, text=text), paper=True)


def _letter(word: str, asked: Asked) -> str:
    return word if word in asked.shapes else GREEK_LETTERS[word]


def _latex(asked: Asked) -> Read:
    """LaTeX; a Greek letter goes by itself, however it was declared."""
    text = asked.text.strip().strip("$")
    shapes = {GREEK_LETTERS.get(n, n): shape for n, shape in asked.shapes.items()}
    out = asked.out or None
    entries = entries_in_latex(text, shapes) if asked.infer else {}
    with suppress(IndexCalcError):
        if entries:
            found = question(text, {**shapes, **entries}, infer=True, out=out)
            return found.expression, found.variables, found.order, "latex"
    found = question(text, shapes, infer=asked.infer, out=out)
    return found.expression, found.variables, found.order, "latex"


def _index(asked: Asked) -> Read:
    if asked.infer:
        return _guessed(asked)
    return parse_index(asked.text, asked.out, asked.shapes), (), None, "index"


_READERS = {
    "auto": _auto,
    "text": _text,
    "paper": _paper,
    "latex": _latex,
    "index": _index,
}


# -- symbols ---------------------------------------------------------------------------


def _symbols(asked: Asked, expression: Expression) -> tuple[Symbol, ...]:
    leaves = {**expression.scope, **expression._leaves()}
    sized = declare(asked.shapes).known
    sized |= {GREEK_LETTERS.get(name, name): shape for name, shape in sized.items()}
    found = [_symbol(leaf, leaf.name in sized) for leaf in leaves.values()]
    places = _places(asked.text, leaves)
    return tuple(sorted(found, key=lambda symbol: (places[symbol.name], symbol.name)))


def _spelled(name: str, symbols: Iterable[Symbol]) -> str:
    r"""The name of a symbol as the problem has it: Σ, Sigma and \Sigma are one."""
    if any(symbol.name == name for symbol in symbols):
        return name
    letter = latex_name(name.removeprefix("\\"))
    return next((s.name for s in symbols if latex_name(s.name) == letter), name)


def _symbol(leaf: Tensor, given: bool) -> Symbol:
    return Symbol(leaf.name, leaf.shape, leaf.structure, given)


def _places(text: str, names: Iterable[str]) -> dict[str, int]:
    """Where each name stands first in the text, as a word if it does so anywhere; at
    the end, if it stands nowhere."""
    found = {}
    for name in names:
        word = re.search(
            rf"(?<!\w){re.escape(name)}(?![^\W_])"
            rf"|\\{re.escape(GREEK.get(name, name))}(?![A-Za-z])",
            text,
        )
        place = text.find(name) if word is None else word.start()
        found[name] = len(text) if place < 0 else place
    return found
