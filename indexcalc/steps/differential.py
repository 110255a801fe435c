"""The method of differentials: dF line by line, until only dX is left.

A differential that is not expanded yet stands as d(AX); each line expands one of them
by the rule for its outermost word, or merges like terms. Of a scalar the differential
is written G : d(U) from the start and the adjoint G is shifted stage by stage
(`step_adjoint`); what the coefficient of dX is, `step_coefficient` reads off.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import product
>>> from indexcalc.steps.formulas import as_written
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> lines = Lines()
>>> last = forward_lines(lines, as_written(product(x, y)), Rules(x), "f")
>>> [step.right for step in lines.steps]
['x.*y', 'y.*dx']
"""

from __future__ import annotations

from ..coefficients import Number
from ..formula import Formula, fold, scaled, split
from ..formula.value import value
from ..nodes import Node
from ..simplify import fuse
from .formulas import (
    holds,
    name_of,
    parts_of,
    plain_sum,
    rebuilt,
    replaced,
)
from .records import Lines
from .rules import Rules
from .words import differential, words


def forward_lines(lines: Lines, f: Formula, rules: Rules, name: str) -> Formula:
    """Writes f and df until df holds no differential but the variable's."""
    node = value(f)
    lines.add("write", words(name_of(node, name)), words(f), node)
    return differential_lines(lines, f, rules, name)


def differential_lines(lines: Lines, f: Formula, rules: Rules, name: str) -> Formula:
    """Writes df = …, one rule a line."""
    line = rules.d(f)
    about = words(differential(name_of(value(f), name), value(line)))
    while found := parts_of(line, rules.is_open):
        chosen = found[0]
        expansion = rules.expanded(chosen.args[0])
        line = replaced(line, {chosen: expansion.body})
        node = value(line)
        lines.add(expansion.rule, about, words(line), node, expansion.reason)
        merged = like_terms(line)
        if merged != line:
            lines.add("like terms", about, words(merged), value(merged))
            line = merged
    return line


def like_terms(line: Formula) -> Formula:
    """Terms of one value merged, in every sum that holds differentials."""

    def rule(g: Formula, args: list[Formula]) -> Formula:
        whole = rebuilt(g, args)
        if whole.op != "sum" or not holds(whole, lambda f: f.op == "d"):
            return whole
        return _merged(whole)

    return fold(line, rule)


def _merged(total: Formula) -> Formula:
    weights: dict[Node, Number] = {}
    said: dict[Node, Formula] = {}
    for term in total.args:
        c, body = split(term)
        if body is None:
            return total
        kind = fuse(value(body))
        weights[kind] = weights.get(kind, 0) + c
        said[kind] = body
    if len(weights) == len(total.args):
        return total
    terms = [scaled(c, said[kind]) for kind, c in weights.items() if c != 0]
    return plain_sum(terms, total.shape)
