"""The problem a derivation solves: a value, a variable, their names, the derivative.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import product
>>> x = tensor("x", ("n",))
>>> problem_of(product(x, x), x).name
'f'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice

from ..comparison.evidence import compare
from ..derivative import unconstrained
from ..errors import InternalError, ShapeError
from ..expansion import same
from ..expr import tensor
from ..formula import Formula
from ..formula.value import value
from ..functions import USERS
from ..index_latex import index_latex
from ..index_text import index_text
from ..index_walk import LETTERS
from ..nodes import Call, Node, Tensor, toposort
from ..sizes import Size, names_in
from ..structure import projected
from ..words.matrix import described
from .formulas import name_of
from .records import Lines
from .words import Named, Notation, Words, ratio, words

VALUE_NAMES = (("f", "g", "φ", "L", "h", "s"), ("f", "g", "y", "h"), ("F", "G", "Y"))


@dataclass(slots=True)
class Problem:
    """∂node/∂variable. `free` is the derivative with every entry independent, `result`
    that on the variable's structure; `bases` are the basis vectors used so far."""

    node: Node
    variable: Tensor
    name: str
    free: Node
    result: Node
    lines: Lines = field(default_factory=Lines)
    bases: list[Tensor] = field(default_factory=list)
    about: Words = field(default_factory=Words)

    @property
    def value_leaf(self) -> Formula:
        """The value by its name."""
        return name_of(self.node, self.name)

    def quotient(self, value: Sequence[str] = (), by: Sequence[str] = ()) -> Words:
        """∂F_value/∂X_by."""
        if not value and not by and self.about.pieces:
            return self.about
        return ratio(
            words("∂", Named(self.name, tuple(value))),
            words("∂", Named(self.variable.name, tuple(by))),
        )

    def basis(self, index: str, n: Size) -> Tensor:
        """e_index, a tensor that stands for a basis vector."""
        found = tensor(f"e_{index}", (n,))
        if found not in self.bases:
            self.bases.append(found)
        return found

    def free_letters(self, count: int) -> list[str]:
        """Index letters that are nobody's name."""
        taken = taken_names(self)
        free = (c for c in LETTERS if not taken & {c, f"e_{c}"})
        return list(islice(free, count))

    @property
    def free_name(self) -> str:
        """What the derivative with every entry independent is called."""
        return next(c for c in ("G", "J", "D", "G_free") if c not in taken_names(self))


def problem_of(node: Node, variable: Tensor, used: Iterable[str] = ()) -> Problem:
    """The problem of differentiating a node by one of its variables; names that are
    used already are left alone.

    Raises `ShapeError` where the variable is a constant.
    """
    if not isinstance(variable, Tensor) or variable.array is not None:
        raise ShapeError("only a variable can be differentiated by")
    taken = {*_names_of(node, variable), *_functions(node), *used}
    chosen = _value_name(len(node.shape), taken)
    free = unconstrained(node, variable)
    return Problem(node, variable, chosen, free, projected(free, variable))


def _functions(node: Node) -> set[str]:
    """The names of the users' functions."""
    calls = [e for e in toposort(node) if isinstance(e, Call)]
    return {str(e.params[0]) for e in calls if e.function in USERS}


def _value_name(order: int, taken: set[str]) -> str:
    listed = VALUE_NAMES[min(order, 2)]
    numbered = (f"{listed[0]}{k}" for k in range(len(taken) + 1))
    return next(c for c in (*listed, *numbered) if c not in taken)


# -- names -----------------------------------------------------------------------------

SMALL, LARGE = "uvwzst", "UVWZPQ"


def taken_names(problem: Problem) -> set[str]:
    """The names that tensors, sizes and parts named on earlier lines bear."""
    taken = {problem.name, *_names_of(problem.node, problem.variable)}
    for step in problem.lines.steps:
        if step.rule == "name":
            taken.add(step.left.partition("_")[0])
    return taken


def _names_of(root: Node, variable: Tensor) -> set[str]:
    """The names of tensors and sizes."""
    taken = set()
    for node in (*toposort(root), variable):
        if isinstance(node, Tensor):
            taken.add(node.name)
        taken |= {name for size in node.shape for name in names_in(size)}
    return taken


def part_names(taken: set[str]) -> Iterator[tuple[str, str]]:
    """For each part in turn a name if it is small, a scalar or a vector, and one if it
    is a matrix or more."""
    for k in count():
        suffix = str(k) if k else ""
        for small, large in zip(SMALL, LARGE, strict=True):
            pair = small + suffix, large + suffix
            if not taken & {*pair, *(f"{name}_bar" for name in pair)}:
                yield pair


# -- the end of a derivation -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InIndices:
    """A node in index notation with its free indices named."""

    node: Node
    axes: tuple[str, ...]

    def said(self, notation: Notation) -> str:
        """Index notation, what was named after `where`."""
        grouped = any(axis.startswith("(") for axis in self.axes)
        axes = None if grouped else self.axes
        if notation.name == "latex":
            return str(index_latex(self.node, axes))
        return str(index_text(self.node, axes))


def conclude(
    problem: Problem, found: Formula | None, reason: str, rule: str = "simplify"
) -> None:
    """The last lines: what was found, its shortest form, the structure's projection;
    in index notation where it has no matrix form.

    Raises `InternalError` where what was found is not the derivative.
    """
    free = problem.free is problem.result
    node = problem.free if found is None else value(found)
    about = problem.quotient() if free else words(name_of(node, problem.free_name))
    require_same(projected(node, problem.variable), problem.result)
    if found is not None:
        problem.lines.add("read off", about, words(found), node, reason)
    chosen = rule if found is not None else "read off"
    known = shortest_line(problem.lines, about, node, chosen)
    if not free:
        said = f"the {problem.variable.structure} part of {problem.free_name}"
        quotient = problem.quotient()
        known = shortest_line(problem.lines, quotient, problem.result, "project", said)
    if not known:
        in_indices(problem)


def in_indices(problem: Problem) -> None:
    """The whole derivative in index notation, as the last lines."""
    split = len(problem.node.shape)
    if problem.free is not problem.result:
        axes = index_text(problem.free).axes
        body = words(InIndices(problem.free, axes))
        about = words(Named(problem.free_name, axes))
        problem.lines.add("in indices", about, body, problem.free, "entry by entry")
    axes = index_text(problem.result).axes
    body = words(InIndices(problem.result, axes))
    about = problem.quotient(axes[:split], axes[split:])
    problem.lines.add("in indices", about, body, problem.result)


def require_same(found: Node, expected: Node) -> None:
    """Raises our own error where a derivation ends with another derivative."""
    if found.shape == expected.shape and same(found, expected) is True:
        return
    if found.shape != expected.shape or compare(found, expected) is False:
        raise InternalError("a derivation that ends with another derivative")


def shortest_line(
    lines: Lines, about: Words, node: Node, rule: str, said: str = ""
) -> bool:
    """One more line with the shortest matrix form; whether there is one."""
    found = shortest(node)
    if found is not None:
        lines.add(rule, about, words(found), node, said)
    return found is not None


def shortest(node: Node) -> Formula | None:
    """The shortest matrix form of a node; None where it has none."""
    found = described(node)
    return found if isinstance(found, Formula) else None
