"""Lines of pairings G : dU, from the value to the variable, with names on the way.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import number
>>> from indexcalc.matrix import contract
>>> from indexcalc.steps.formulas import as_written
>>> a, A, x = tensor("a", ("m",)), tensor("A", ("m", "n")), tensor("x", ("n",))
>>> shift = Shift(Lines(), Target.of(Rules(x)), Rules(x), words("df"))
>>> last = shift.run([(number(1), as_written(contract(a, contract(A, x))))])
>>> [step.right for step in shift.lines.steps]
["A'*a : dx"]
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import InternalError
from ..expr import einsum
from ..formula import LOOSE, Formula, column, parts, product
from ..formula.value import value
from ..nodes import Node, variables
from .adjoint import Pair, Target, collected, pulled
from .formulas import holds, name_of, plain_sum
from .records import Lines
from .rules import Rules
from .words import Words, words

NAMES = "HKMPQRSTUVWYZ"
LONG, VERY_LONG = 8, 14


class Shift:
    """One run from pairings with anything to a pairing with the variable."""

    __slots__ = ("about", "lines", "names", "rules", "taken", "target")

    def __init__(
        self, lines: Lines, target: Target, rules: Rules, about: Words
    ) -> None:
        self.lines = lines
        self.target = target
        self.rules = rules
        self.about = about
        self.taken: set[str] = set()
        self.names: dict[Formula, Formula] = {}

    def run(self, pairs: list[Pair]) -> Formula:
        """Shifts until one pairing with the variable is left; its adjoint."""
        self._reserve(f for pair in pairs for f in pair)
        while opened := [pair for pair in pairs if not self.target.reached(pair[1])]:
            chosen = max(opened, key=lambda pair: pair[1].depth)
            pairs = self._stage(pairs, chosen)
        if len(pairs) != 1:
            raise InternalError("a shift that ends in no pairing with the variable")
        return pairs[0][0]

    def _reserve(self, formulas: Iterable[Formula]) -> None:
        nodes = [value(f) for f in formulas]
        self.taken |= set(variables(*nodes))
        self.taken |= {step.left for step in self.lines.steps}

    def _stage(self, pairs: list[Pair], chosen: Pair) -> list[Pair]:
        """One pairing opened; a line, like terms, and names for what became long."""
        found = pulled(*chosen, self.target)
        k = pairs.index(chosen)
        pairs = [*pairs[:k], *found.pairs, *pairs[k + 1 :]]
        self._line(pairs, found.rule, found.reason)
        joined = collected(pairs)
        if len(joined) < len(pairs):
            self._line(joined, "like terms", "")
        return [self._named(pair) for pair in joined]

    def _line(self, pairs: list[Pair], rule: str, reason: str) -> None:
        body = plain_sum([self._said(pair) for pair in pairs], ())
        self.lines.add(rule, self.about, words(body), value(body), reason)

    def _said(self, pair: Pair) -> Formula:
        """G : dU, of a scalar the product g du."""
        g, f = pair
        moving = f if self.target.reached(f) and f.op == "d" else self._moving(f)
        if not f.order:
            return scalar_times(g, moving)
        return pairing(g, moving)

    def _moving(self, f: Formula) -> Formula:
        linear = holds(f, lambda h: h.op == "d")
        return f if linear else self.rules.d(f)

    def _named(self, pair: Pair) -> Pair:
        """The pairing with a name for its adjoint, where that is long."""
        g, f = pair
        if self.target.reached(f) or not g.order or not self._deserves_name(g):
            return pair
        letter = next(c for c in NAMES if c not in self.taken)
        self.taken.add(letter)
        node = value(g)
        name = name_of(node, letter)
        self.names[name] = g
        self.lines.add("name", words(name), words(g), node, "to keep the lines short")
        return name, f

    def _deserves_name(self, g: Formula) -> bool:
        if len(self.taken & set(NAMES)) == len(NAMES):
            return False
        if g.op == "hadamard" and any(h in self.names for h in g.args):
            return True
        nested = g.op == "product" and any(h.op in LOOSE for h in g.args)
        return (nested and g.length >= LONG) or g.length >= VERY_LONG


def scalar_times(g: Formula, moving: Formula) -> Formula:
    """g du, the differential last."""
    c, lone, chain = parts(g)
    if not lone and not chain:
        return product([g, moving])
    body = [product(chain)] if chain else []
    return Formula("product", (*lone, *body, moving), c)


def pairing(g: Formula, f: Formula) -> Formula:
    """G : F as a word; its value is the sum of products of entries."""
    if f.row:
        g, f = column(g), column(f)
    node = frobenius(value(g), value(f))
    return Formula("pairing", (g, f), None, (), False, node)


def frobenius(a: Node, b: Node) -> Node:
    """Σ a∘b over all entries."""
    legs = range(len(a.shape))
    return einsum([(a, legs), (b, legs)], [])
