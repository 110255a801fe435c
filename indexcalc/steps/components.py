"""Derivatives of more than two axes, said entry by entry in matrix notation.

Of a line dF that is linear in dX there are two readings: one entry of the value,
dF_k = e_k : dF, shifted to G : dX, so that ∂F_k/∂X = G; and one entry of the variable,
dX = E_kl, so that the line itself is ∂F/∂X_kl.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import diagonal_matrix, leaf
>>> from indexcalc.formula.paper import PAPER
>>> from indexcalc.formula.text import spelled
>>> e, v = leaf(tensor("e_k", ("n",))), leaf(tensor("v", ("n",)))
>>> spelled(by_entries(diagonal_matrix(e), {e: "k"}), PAPER)
'E_kk'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..formula import (
    Formula,
    column,
    fold,
    leaf,
    number,
    parts,
    product,
    transposed,
)
from ..formula.value import value
from ..nodes import Node
from ..sizes import Shape
from .adjoint import Target
from .formulas import column_of, entrywise, parts_of, rebuilt, replaced
from .problem import Problem, shortest
from .rules import Rules
from .shift import Shift, pairing
from .words import Named, Words, words


def component_lines(problem: Problem, line: Formula, rules: Rules) -> None:
    """∂F_k/∂X of one entry of the value, by shifting e_k : dF."""
    order = len(problem.node.shape)
    letters = problem.free_letters(order)
    unit, names = _unit(problem, letters, problem.node.shape)
    about = words("d", Named(problem.name, tuple(letters)))
    start = pairing(unit, line)
    reason = _entry_reason(order, problem.name, letters)
    problem.lines.add("one entry", about, words(start), value(start), reason)
    shift = Shift(problem.lines, Target.differential(rules), rules, about)
    pair = (column(unit), column(line)) if line.order == 1 else (unit, line)
    adjoint = shift.run([pair])
    quotient = problem.quotient(letters)
    problem.lines.add("read off", quotient, words(adjoint), value(adjoint))
    _tidied(problem, quotient, value(adjoint), names)


def _entry_reason(order: int, name: str, letters: Sequence[str]) -> str:
    below = "".join(letters)
    left, right = letters[0], letters[-1]
    if order == 1:
        return f"{name}_{below} = e_{left}ᵀ{name}"
    return f"{name}_{below} = E_{below} : {name} with E_{below} = e_{left}e_{right}ᵀ"


def entry_lines(problem: Problem, line: Formula) -> None:
    """∂F/∂X_kl by one entry of the variable, by putting dX = E_kl."""
    shape = problem.variable.shape
    letters = problem.free_letters(len(problem.node.shape) + len(shape))
    letters = letters[len(problem.node.shape) :]
    unit, names = _unit(problem, letters, shape)
    moving = parts_of(line, lambda f: f.op == "d")
    body = replaced(line, dict.fromkeys(moving, unit))
    quotient = problem.quotient((), letters)
    said = f"e_{letters[0]}" if len(shape) == 1 else f"e_{letters[0]}e_{letters[1]}ᵀ"
    reason = f"put d{problem.variable.name} = {said}"
    problem.lines.add("one entry", quotient, words(body), value(body), reason)
    _tidied(problem, quotient, value(body), names)


def _unit(
    problem: Problem, letters: Sequence[str], shape: Shape
) -> tuple[Formula, dict[Formula, str]]:
    """e_k, or e_k e_lᵀ, and the letters of the basis vectors."""
    leaves = [
        leaf(problem.basis(letter, n)) for letter, n in zip(letters, shape, strict=True)
    ]
    names = dict(zip(leaves, letters, strict=True))
    if len(leaves) == 1:
        return leaves[0], names
    return product([leaves[0], transposed(leaves[1])]), names


def _tidied(
    problem: Problem, about: Words, node: Node, names: Mapping[Formula, str]
) -> None:
    """The shortest form, then entries and unit matrices by their names."""
    found = shortest(node)
    if found is None:
        return
    problem.lines.add("simplify", about, words(found), node)
    named = by_entries(found, names)
    problem.lines.add("entries by name", about, words(named), value(named))


# -- entries by name -------------------------------------------------------------------


def by_entries(f: Formula, names: Mapping[Formula, str]) -> Formula:
    """E_kk for Diag(e_k), X_kl for e_kᵀXe_l, v_k e_k for v∘e_k."""

    def rule(g: Formula, args: list[Formula]) -> Formula:
        whole = rebuilt(g, args)
        match whole.op:
            case "Diag" if whole.args[0] in names:
                return _unit_matrix(whole, names[whole.args[0]])
            case "hadamard" if whole.order == 1:
                return _picked(whole, names)
            case "product" if not whole.order:
                return _between(whole, names)
            case _:
                return whole

    return fold(f, rule)


def _unit_matrix(f: Formula, letter: str) -> Formula:
    node = value(f)
    return Formula("unit", (), (letter, letter), f.shape, False, node)


def _picked(f: Formula, names: Mapping[Formula, str]) -> Formula:
    """v∘e_k = v_k e_k."""
    unit = next((g for g in f.args if g in names), None)
    if unit is None:
        return f
    rest = entrywise([g for g in f.args if g != unit], f.shape)
    return product([_between(product([transposed(unit), rest]), names), unit])


def _between(f: Formula, names: Mapping[Formula, str]) -> Formula:
    """e_kᵀMe_l = M_kl and e_kᵀv = v_k."""
    c, lone, chain = parts(f)
    if len(chain) < 2:
        return f
    first, last = names.get(column(chain[0])), names.get(chain[-1])
    if first is None and last is not None and len(chain) > 1:
        chain = [transposed(g) for g in chain[::-1]]
        first, last = last, None
    if first is None:
        return f
    inside = product(chain[1:-1] if last else chain[1:])
    if inside.order != (2 if last else 1):
        return f
    letters = (first, last) if last else (first,)
    node = value(product(chain))
    entry = Formula("entry", (column_of(inside),), letters, (), False, node)
    return product([number(c), *lone, entry])
