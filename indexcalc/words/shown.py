"""Matrix notation as a user holds it: text in any style, named parts, what it is of.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> A, x = leaf(tensor("A", ("n", "n"))), leaf(tensor("x", ("n",)))
>>> shown = MatrixText(product([transposed(A), x]))
>>> shown.text, shown.paper, shown.latex
("A'*x", 'Aᵀx', 'A^{\\\\top} x')
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import UnsupportedError
from ..expr import tensor
from ..formula import (
    Formula,
    added,
    flipped,
    fold,
    hadamard,
    leaf,
    negative,
    number,
    product,
    scaled,
    transposed,
)
from ..formula.latex import LATEX
from ..formula.paper import STYLES
from ..formula.style import Style
from ..formula.text import spelled
from ..formula.told import names
from ..latex_names import latex_name
from ..legible import quoted
from ..marked import prose

LONG, WORTH_NAMING, REPEATED = 12, 7, 4
_LETTERS = {0: "stκ", 1: "uvwrpqgh", 2: "KMPQRSTUVWGLN"}


@dataclass(frozen=True, slots=True, repr=False)
class MatrixText:
    """A formula of matrix notation with the style it prints in.

    `lead` is what stands before it ("dF = "), `left` the same in LaTeX, `note` what it
    is of (a layout), `parts` the formulas that were named beside it, `sizes` the names
    of sizes that were declared.
    """

    formula: Formula
    style: str = "plain"
    lead: str = ""
    note: str = ""
    parts: tuple[tuple[str, Formula], ...] = ()
    sizes: frozenset[str] = frozenset()
    left: str = ""

    def _spelled(self, f: Formula, style: Style) -> str:
        return spelled(f, style, self.sizes)

    @property
    def text(self) -> str:
        """The formula in the style asked for."""
        return self._spelled(self.formula, style_named(self.style))

    @property
    def plain(self) -> str:
        """In the text language: `parse` reads it."""
        return self._spelled(self.formula, STYLES["plain"])

    @property
    def paper(self) -> str:
        """As on paper: `parse(…, paper=True)` reads it."""
        return self._spelled(self.formula, STYLES["paper"])

    @property
    def latex(self) -> str:
        """In LaTeX: `parse_latex` reads it."""
        found = self._spelled(self.formula, LATEX)
        named = [f"{latex_name(n)} = {self._spelled(f, LATEX)}" for n, f in self.parts]
        if not named:
            return found
        listed = r",\quad ".join(named)
        return rf"{found} \quad\text{{where}}\quad {listed}"

    @property
    def where(self) -> dict[str, str]:
        """The named parts, in the style asked for."""
        style = style_named(self.style)
        return {name: self._spelled(f, style) for name, f in self.parts}

    @property
    def length(self) -> int:
        """The number of symbols in it."""
        return self.formula.length + sum(f.length + 2 for _, f in self.parts)

    def __str__(self) -> str:
        text = self.lead + self.text
        if self.parts:
            text += " where " + ", ".join(f"{n} = {t}" for n, t in self.where.items())
        return f"{text}   ({self.note})" if self.note else text

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.left}{self.latex}$"

    def _repr_markdown_(self) -> str | None:
        """The formula and what it is of, where that is said."""
        return f"{self._repr_latex_()} &ensp; {prose(self.note)}" if self.note else None

    def mathml(self) -> str:
        """As MathML, which browsers draw by themselves; the extra `math` does it."""
        from ..formula_image import mathml

        return mathml(self.latex)

    def svg(self) -> str:
        """As an SVG drawing, without a TeX installation; the extra `math` does it."""
        from ..formula_image import svg

        return svg(self.latex)

    def with_parts(self) -> MatrixText:
        """The same with its long and its repeated parts named: K c where K = …."""
        formula, parts = with_named_parts(self.formula)
        return replace(self, formula=formula, parts=tuple(parts))


def style_named(name: str) -> Style:
    """The style of that name: plain, paper or latex."""
    known = {**STYLES, "latex": LATEX}
    if not isinstance(name, str) or name not in known:
        raise UnsupportedError(
            f"the style {quoted(name)} is not one of {', '.join(known)}"
        )
    return known[name]


# -- naming parts ----------------------------------------------------------------------


def with_named_parts(f: Formula) -> tuple[Formula, list[tuple[str, Formula]]]:
    """A formula whose repeated parts, and the main part of what is long, have names.

    A part is named where that shortens the whole; the definitions come in the order in
    which they can be read.
    """
    taken = names(f)
    parts: list[tuple[str, Formula]] = []
    if (square := _outer_square(f)) is not None:
        k, m = square
        chain = list(f.args)
        body = product(chain[k - m : k])
        name = _fresh(body, taken)
        if name is not None:
            u = leaf(tensor(name, body.shape))
            f = product(
                [number(f.value), *chain[: k - m], u, transposed(u), *chain[k + m :]]
            )
            parts, taken = [(name, body)], {*taken, name}
    while (part := _worth_naming(f, bool(parts))) is not None:
        body = part.args[0] if part.op == "transpose" else part
        if body.op == "sum" and negative(body):
            body = flipped(body) or body
        name = _fresh(body, taken)
        if name is None:
            break
        symmetric = body.order == 2 and transposed(body) == body
        structure = "symmetric" if symmetric else ""
        stand_in = leaf(tensor(name, body.shape, structure))
        taken.add(name)
        for turned, by in ((body, stand_in), (flipped(body), scaled(-1, stand_in))):
            if turned is not None:
                f = replaced(f, turned, by)
                parts = [(n, replaced(g, turned, by)) for n, g in parts]
        parts.insert(0, (name, body))
    return f, parts


def _outer_square(f: Formula) -> tuple[int, int] | None:
    """Where a product holds u uᵀ for a u of two factors or more, and how many."""
    if f.op != "product":
        return None
    for k in range(2, len(f.args) - 1):
        column = f.args[k - 1].order == 1 and not f.args[k - 1].row
        m = 0
        while column and m < k and k + m < len(f.args):
            if f.args[k + m] != transposed(f.args[k - 1 - m]):
                break
            m += 1
        if m > 1:
            return k, m
    return None


def _worth_naming(f: Formula, named: bool) -> Formula | None:
    """The part whose name saves most; of a long product without one, its matrix."""
    counts = _occurrences(f)
    repeated = [
        (g.length * (count - 1), g)
        for g, count in counts.items()
        if count > 1 and g.length >= REPEATED and g is not f and not g.row
    ]
    if repeated:
        return max(repeated, key=lambda entry: entry[0])[1]
    if named or f.length < LONG or f.op != "product":
        return None
    wide = [
        g
        for g in f.args
        if g.order == 2 and g.length >= WORTH_NAMING and g.op != "Diag"
    ]
    alone = len(wide) == 1 and len(f.args) == 2 and f.order == 1
    return wide[0] if alone else None


def _occurrences(f: Formula) -> dict[Formula, int]:
    """How often each part occurs, counted as it is printed."""
    counts: dict[Formula, int] = {}
    stack = [f]
    while stack:
        g = stack.pop()
        if g.args:
            counts[g] = counts.get(g, 0) + 1
        stack += g.args
    return counts


def _fresh(f: Formula, taken: set[str]) -> str | None:
    free = [c for c in _LETTERS.get(f.order, "") if c not in taken]
    return free[0] if free else None


def replaced(f: Formula, part: Formula, by: Formula) -> Formula:
    """A formula with one of its parts said by another word."""
    words = {part: by, transposed(part): transposed(by)}

    def rule(g: Formula, args: list[Formula]) -> Formula:
        if g in words:
            return words[g]
        if args == list(g.args):
            return g
        match g.op:
            case "product":
                return product([number(g.value), *args])
            case "sum":
                return added(args, g.shape)
            case "hadamard":
                return hadamard(args, g.shape)
            case _:
                return Formula(g.op, tuple(args), g.value, g.shape, g.row, g.node)

    return fold(f, rule)
