r"""A problem as it was asked: a function, what its letters are, by what, how often.

>>> problem = read(Asked(r"\nabla_x \|Ax-b\|^2"))
>>> problem.by, problem.order, problem.notation
(('x',), 1, 'latex')
>>> print(problem.derivative("x").matrix("paper"))
2Aᵀ(Ax − b)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UnknownNameError
from ..face import Expression
from ..latex_names import GREEK, latex_name
from ..legible import quoted
from ..nodes import Tensor
from ..sizes import Shape, size_text
from ..text.declarations import declare
from .asked import Asked as Asked
from .asked import require_order
from .guesses import GREEK_LETTERS
from .reading import read_in

_KINDS = ("scalar", "vector", "matrix")


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
    expression, by, order, notation = read_in(asked)
    symbols = _symbols(asked, expression)
    wanted = tuple(_spelled(name, symbols) for name in asked.by or by)
    found = asked.order if asked.order is not None else order or 1
    return Problem(asked, expression, symbols, wanted, found, notation)


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
