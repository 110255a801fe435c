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

from .errors import UnsupportedError
from .expr import tensor
from .formula import Formula, fold, leaf, transposed
from .formula_latex import LATEX
from .formula_sizes import names
from .formula_text import STYLES, Style, spelled
from .latex_names import latex_name

LONG, WORTH_NAMING, REPEATED = 12, 7, 4
_LETTERS = {0: "st", 1: "uvwrpqgh", 2: "KHMPQRSTUVWGLN"}


@dataclass(frozen=True, slots=True, repr=False)
class MatrixText:
    """A formula of matrix notation with the style it prints in.

    `lead` is what stands before it ("dF = "), `note` what it is of (a layout), `parts`
    the formulas that were named beside it.
    """

    formula: Formula
    style: str = "plain"
    lead: str = ""
    note: str = ""
    parts: tuple[tuple[str, Formula], ...] = ()

    @property
    def text(self) -> str:
        """The formula in the style asked for."""
        return spelled(self.formula, style_named(self.style))

    @property
    def plain(self) -> str:
        """In the text language: `parse` reads it."""
        return spelled(self.formula)

    @property
    def paper(self) -> str:
        """As on paper: `parse(…, paper=True)` reads it."""
        return spelled(self.formula, STYLES["paper"])

    @property
    def latex(self) -> str:
        """In LaTeX: `parse_latex` reads it."""
        found = spelled(self.formula, LATEX)
        named = [f"{latex_name(n)} = {spelled(f, LATEX)}" for n, f in self.parts]
        if not named:
            return found
        listed = r",\quad ".join(named)
        return rf"{found} \quad\text{{where}}\quad {listed}"

    @property
    def where(self) -> dict[str, str]:
        """The named parts, in the style asked for."""
        style = style_named(self.style)
        return {name: spelled(f, style) for name, f in self.parts}

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
        return f"${self.latex}$"

    def with_parts(self) -> MatrixText:
        """The same with its long and its repeated parts named: K c where K = …."""
        formula, parts = with_named_parts(self.formula)
        return replace(self, formula=formula, parts=tuple(parts))


def style_named(name: str) -> Style:
    """The style of that name: plain, paper or latex."""
    known = {**STYLES, "latex": LATEX}
    if name not in known:
        raise UnsupportedError(f"the style {name!r} is not one of {', '.join(known)}")
    return known[name]


# -- naming parts ----------------------------------------------------------------------


def with_named_parts(f: Formula) -> tuple[Formula, list[tuple[str, Formula]]]:
    """A formula whose repeated parts, and the main part of what is long, have names.

    A part is named where that shortens the whole; the definitions come in the order in
    which they can be read.
    """
    taken = names(f)
    parts: list[tuple[str, Formula]] = []
    while (part := _worth_naming(f)) is not None:
        body = part.args[0] if part.op == "transpose" else part
        name = _fresh(body, taken)
        if name is None:
            break
        stand_in = leaf(tensor(name, body.shape))
        taken.add(name)
        f = replaced(f, body, stand_in)
        parts = [(n, replaced(g, body, stand_in)) for n, g in parts]
        parts.insert(0, (name, body))
    return f, parts


def _worth_naming(f: Formula) -> Formula | None:
    counts = _occurrences(f)
    repeated = [
        (g.length * (count - 1), g)
        for g, count in counts.items()
        if count > 1 and g.length >= REPEATED and g is not f and not g.row
    ]
    if repeated:
        return max(repeated, key=lambda entry: entry[0])[1]
    if f.length < LONG or f.op != "product":
        return None
    wide = [
        g
        for g in f.args
        if g.order == 2 and g.length >= WORTH_NAMING and g.op != "Diag"
    ]
    return wide[0] if len(wide) == 1 and len(f.args) == 2 else None


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

    def rule(g: Formula, args: list[Formula]) -> Formula:
        if g == part:
            return by
        if g == transposed(part):
            return transposed(by)
        return Formula(g.op, tuple(args), g.value, g.shape, g.row, g.node)

    return fold(f, rule)
