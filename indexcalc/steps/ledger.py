"""The shapes of an expression's parts: a table in reading order, innermost first.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, ones, times
>>> A, X = tensor("A", ("k", "n")), tensor("X", ("n", 3))
>>> AX = contract(A, X)
>>> print(ledger(contract(times(AX, AX), ones(3))).text("paper"))
A           : k×n
X           : n×3
AX          : k×3
AX∘AX       : k×3
1_3         : 3, a column
(AX∘AX)𝟏    : k, a column
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import BudgetError, UnsupportedError
from ..formula import Formula, parts, product
from ..index_text import index_text
from ..latex_names import latex_size
from ..nodes import Node, toposort
from ..sizes import Shape, shape_text
from .formulas import as_written, keep_short, node_words
from .problem import InIndices
from .records import LETTER_LIMIT
from .words import Words, notation, words


@dataclass(frozen=True, slots=True)
class Row:
    """One subexpression, its shape, and what it is: scalar, column, row, matrix,
    tensor."""

    said: Words
    shape: Shape
    kind: str

    @property
    def size(self) -> str:
        """The shape in words: `k×3`, `n, a column`, `a scalar`."""
        match self.kind:
            case "scalar":
                return "a scalar"
            case "column" | "row":
                return f"{shape_text(self.shape)}, a {self.kind}"
            case _:
                return shape_text(self.shape)


@dataclass(frozen=True, slots=True, repr=False)
class Ledger:
    """The rows of the table."""

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return self.text("paper")

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def text(self, style: str = "plain") -> str:
        """One subexpression a line; style is plain or paper."""
        chosen = notation(style)
        texts = [row.said.spelled(chosen) for row in self.rows]
        wide = min(max(map(len, texts), default=0) + 4, 60)
        lines = [
            f"{text.ljust(wide)}: {row.size}"
            for text, row in zip(texts, self.rows, strict=True)
        ]
        return "\n".join(lines)

    def markdown(self) -> str:
        """A Markdown table."""
        chosen = notation("paper")
        lines = ["| part | shape |", "|---|---|"]
        for row in self.rows:
            text = row.said.spelled(chosen).translate(_IN_CELL)
            lines.append(f"| {text} | {row.size} |")
        return "\n".join(lines)

    def latex(self) -> str:
        """An `array` with a column for the parts and one for their shapes."""
        chosen = notation("latex")
        lines = [
            f"{row.said.spelled(chosen)} & {_latex_shape(row)}" for row in self.rows
        ]
        body = " \\\\\n".join(lines)
        return f"\\begin{{array}}{{ll}}\n{body}\n\\end{{array}}"


#: What would end a cell, or begin a tag.
_IN_CELL = str.maketrans({"|": "\\|", "<": "&lt;"})


def _latex_shape(row: Row) -> str:
    if row.kind == "scalar":
        return r"\text{scalar}"
    sizes = r" \times ".join(map(latex_size, row.shape))
    return rf"{sizes} \text{{ ({row.kind})}}" if len(row.shape) == 1 else sizes


def ledger(given: Node | Formula) -> Ledger:
    """Every subexpression, as printed, with its shape.

    A formula is read as it stands, a product of several factors in the order that
    costs least to say: from the right where a column stands there.

    Raises `BudgetError` for more than `LETTER_LIMIT` letters.
    """
    found: dict[str, Row] = {}
    rows = _of_formula(given) if isinstance(given, Formula) else _of_node(given)
    letters = 0
    for row in rows:
        shown = row.said.spelled(notation("plain"))
        letters += len(shown)
        if letters > LETTER_LIMIT:
            raise BudgetError(
                f"the list of its parts is longer than {LETTER_LIMIT:,} letters",
                hint="take a part of the expression at a time",
            )
        found.setdefault(shown, row)
    return Ledger(tuple(found.values()))


def _of_node(root: Node) -> Iterator[Row]:
    """The rows of a node as it was put together; part by part where the whole has no
    matrix form."""
    keep_short(root)
    try:
        yield from _of_formula(as_written(root))
    except UnsupportedError:
        yield from _part_by_part(root)


def _part_by_part(root: Node) -> Iterator[Row]:
    memo: dict[Node, Formula] = {}
    for node in toposort(root):
        try:
            memo[node] = node_words(node, memo)
        except (UnsupportedError, KeyError):
            axes = index_text(node).axes
            yield Row(words(InIndices(node, axes)), node.shape, "tensor")
            continue
        for part in _subformulas(memo[node]):
            yield _row(part)


def _of_formula(root: Formula) -> Iterator[Row]:
    """The rows of a formula."""
    for part in _subformulas(root):
        yield from map(_row, _partial_products(part))
        yield _row(part)


def _subformulas(root: Formula) -> list[Formula]:
    """Every part of a formula, innermost first, in reading order."""
    found: dict[Formula, None] = {}
    stack: list[tuple[Formula, bool]] = [(root, False)]
    while stack:
        f, done = stack.pop()
        if done:
            found.setdefault(f)
        elif f not in found:
            stack.append((f, True))
            stack += [(arg, False) for arg in reversed(f.args)]
    return list(found)


def _partial_products(f: Formula) -> list[Formula]:
    """The products on the way to a long one, without the whole."""
    _, _, chain = parts(f)
    if f.op != "product" or len(chain) < 3:
        return []
    if chain[-1].order == 1 and not chain[-1].row:
        return [product(chain[k:]) for k in range(len(chain) - 2, 0, -1)]
    return [product(chain[:k]) for k in range(2, len(chain))]


def _row(f: Formula) -> Row:
    kinds = ("scalar", "row" if f.row else "column", "matrix")
    kind = kinds[f.order] if f.order < 3 else "tensor"
    return Row(words(f), f.shape, kind)
