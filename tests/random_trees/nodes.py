"""Typed trees of the text language: sizes, types, nodes, and their printing.

A `Node` knows its type (scalar, column, row, matrix, tensor, with sizes), the
operation of the oracle that computes it, its value on the case's arrays, and how it is
spelt. `write` prints a tree with the parentheses precedence asks for, and as many
redundant ones as it is told; `reference` turns it into a function of arrays.

>>> size("n") * size(2) + size("m"), size("m").value({"m": 4})
(Size(m+2*n), 4)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tests.operations import OPERATIONS
from tests.references import Reference

Rng = np.random.Generator


@dataclass(frozen=True, repr=False)
class Size:
    """A polynomial in size names: sorted ((names of a product), coefficient)."""

    terms: tuple[tuple[tuple[str, ...], int], ...]

    def __add__(self, other: Size) -> Size:
        return _collect([*self.terms, *other.terms])

    def __mul__(self, other: Size) -> Size:
        return _collect(
            [
                (tuple(sorted(a + b)), c * d)
                for a, c in self.terms
                for b, d in other.terms
            ]
        )

    def __repr__(self) -> str:
        return f"Size({self})"

    def __str__(self) -> str:
        def term(names: tuple[str, ...], count: int) -> str:
            counted = [str(count)] if count != 1 or not names else []
            return "*".join([*counted, *names])

        return "+".join(term(*t) for t in self.terms) or "0"

    @property
    def literal(self) -> bool:
        """Whether the size is a plain number."""
        return all(not names for names, _ in self.terms)

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number the size stands for."""
        total = 0
        for names, count in self.terms:
            for name in names:
                count *= sizes[name]
            total += count
        return total


def _collect(terms: list[tuple[tuple[str, ...], int]]) -> Size:
    total: dict[tuple[str, ...], int] = {}
    for names, count in terms:
        total[names] = total.get(names, 0) + count
    return Size(tuple(sorted((n, c) for n, c in total.items() if c)))


def size(value: int | str) -> Size:
    """A literal size or a named one."""
    if isinstance(value, str):
        return Size((((value,), 1),))
    return Size((((), value),) if value else ())


ONE = size(1)


@dataclass(frozen=True)
class Type:
    """A kind (scalar, column, row, matrix, tensor) and the sizes of the axes."""

    kind: str
    sizes: tuple[Size, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(s) for s in self.sizes)

    @property
    def square(self) -> bool:
        """Whether this is a matrix with as many rows as columns, by name."""
        return self.kind == "matrix" and self.sizes[0] == self.sizes[1]

    @property
    def vector(self) -> bool:
        """Whether this is a column or a row."""
        return self.kind in ("column", "row")

    @property
    def one_entry(self) -> bool:
        """Whether every axis has literal size 1 (so the value may be a scalar)."""
        return all(s == ONE for s in self.sizes)

    @property
    def letter(self) -> str:
        """The kind in one letter, as the oracle's blocks and products name it."""
        return self.kind[0]


SCALAR = Type("scalar")


def column(n: Size) -> Type:
    """A column of n entries."""
    return Type("column", (n,))


def row(n: Size) -> Type:
    """A row of n entries."""
    return Type("row", (n,))


def matrix(m: Size, n: Size) -> Type:
    """An m×n matrix."""
    return Type("matrix", (m, n))


def tensor(*sizes: Size) -> Type:
    """Whatever has these axes: a scalar, a column, a matrix or a tensor."""
    kind = ("scalar", "column", "matrix")[len(sizes)] if len(sizes) < 3 else "tensor"
    return Type(kind, sizes)


# -- nodes -----------------------------------------------------------------------------

# Levels of language.md, loosest first; an atom binds tightest.
SUM, COLON, PRODUCT, PREFIX, POSTFIX, ATOM = 1, 2, 3, 4, 5, 6

# Two of these side by side read as one number, so they are kept apart.
SUPERSCRIPTS = "²³¹"


@dataclass(frozen=True)
class Form:
    """How a node is spelt: `style` is infix, prefix, postfix, power, atom or silent."""

    style: str
    text: str = ""
    level: int = ATOM


@dataclass(frozen=True, eq=False)
class Node:
    """One operation applied to typed children, with its value at the case's arrays."""

    labels: tuple[str, ...]
    type: Type
    operation: str
    form: Form
    children: tuple[Node, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    given: np.ndarray | None = None
    structure: str = ""

    @cached_property
    def value(self) -> np.ndarray:
        """The value NumPy gives, from the children's values."""
        if self.given is not None:
            return self.given
        parts = [child.value for child in self.children]
        return np.asarray(OPERATIONS[self.operation](np, *parts, **self.params))

    @property
    def leaf(self) -> bool:
        """Whether the node has no children: a variable, a number or a constant."""
        return not self.children


def walk(root: Node) -> Iterator[Node]:
    """Every node once, children first."""
    seen: set[int] = set()

    def visit(node: Node) -> Iterator[Node]:
        if id(node) in seen:
            return
        seen.add(id(node))
        for child in node.children:
            yield from visit(child)
        yield node

    yield from visit(root)


def reference(root: Node) -> Reference:
    """The function of a space and of arrays that the tree denotes."""
    order = list(walk(root))

    def evaluate(space: Any, values: Mapping[str, Any]) -> Any:
        memo: dict[int, Any] = {}
        for node in order:
            if node.name:
                memo[id(node)] = space.load(values[node.name], node.structure)
                continue
            parts = [memo[id(child)] for child in node.children]
            memo[id(node)] = space.apply(node.operation, parts, **node.params)
        return memo[id(root)]

    return evaluate


# -- printing --------------------------------------------------------------------------


@dataclass(frozen=True)
class Writer:
    """Prints trees; `redundant` is the chance of parentheses nobody needs."""

    rng: Rng
    redundant: float = 0.0
    gap: str = " "

    def write(self, node: Node, least: int = SUM) -> str:
        """The text of `node` where an operand of level `least` or tighter may stand."""
        form = node.form
        if form.style == "silent":
            return self.write(node.children[0], least)
        text = getattr(self, "_" + form.style)(node)
        needed = form.level < least
        if needed or (not node.leaf and self.rng.random() < self.redundant):
            return f"({text})"
        return str(text)

    def _infix(self, node: Node) -> str:
        level, (a, b) = node.form.level, node.children
        first = level + 1 if level == COLON else level
        left, right = self.write(a, first), self.write(b, level + 1)
        gap = self.gap if self.rng.random() < 0.8 else ""
        return f"{left}{gap}{node.form.text}{gap}{right}"

    def _prefix(self, node: Node) -> str:
        return node.form.text + self.write(node.children[0], PREFIX)

    def _postfix(self, node: Node) -> str:
        text, sign = self.write(node.children[0], POSTFIX), node.form.text
        run = text[-1] in SUPERSCRIPTS and sign[-1] in SUPERSCRIPTS
        return f"({text}){sign}" if run else text + sign

    def _power(self, node: Node) -> str:
        base, exponent = node.children
        bare = exponent.leaf and exponent.form.text.isidentifier()
        raised = self.write(exponent) if bare else f"({self.write(exponent)})"
        return self.write(base, POSTFIX) + node.form.text + raised

    def _atom(self, node: Node) -> str:
        parts = [self.write(child) for child in node.children]
        return re.sub(r"<(\d)>", lambda hole: parts[int(hole[1])], node.form.text)
