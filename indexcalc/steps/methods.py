"""The method of differentials from the first line to the last.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import product
>>> from indexcalc.steps.problem import problem_of
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> problem = problem_of(product(x, y), x)
>>> by_differentials(problem)
>>> problem.lines.steps[-1].right
'Diag(y)'
"""

from __future__ import annotations

from ..errors import UnsupportedError
from ..formula import Formula, leaf, number, product, zeros
from ..formula.value import value
from ..nodes import toposort
from .adjoint import Target
from .coefficient import coefficient
from .components import component_lines, entry_lines
from .differential import forward_lines
from .formulas import WAY_OUT, as_written, is_nothing
from .problem import Problem, conclude, in_indices
from .rules import Rules, require_direction
from .shift import Shift
from .words import differential, words


def by_differentials(problem: Problem) -> None:
    """Writes the derivation by differentials.

    Raises `UnsupportedError` where matrix notation cannot say a part of it.
    """
    order = len(problem.variable.shape)
    if order > 2:
        raise UnsupportedError(
            f"{problem.variable.name} has {order} axes, and matrix notation has two",
            hint=WAY_OUT,
        )
    require_direction(problem.node, problem.variable)
    f = as_written(problem.node)
    rules = Rules(problem.variable)
    if not rules.varies(f):
        constant_lines(problem, f)
    elif order and not problem.node.shape:
        problem.lines.add("write", words(problem.value_leaf), words(f), problem.node)
        _scalar(problem, f, rules)
    else:
        line = forward_lines(problem.lines, f, rules, problem.name)
        _read(problem, line, rules)


def constant_lines(problem: Problem, f: Formula) -> None:
    """The derivative of what does not depend on the variable."""
    lines, node = problem.lines, problem.result
    lines.add("write", words(problem.value_leaf), words(f), problem.node)
    name = problem.variable.name
    occurs = problem.variable in toposort(problem.node)
    note = f"piece by piece in {name}" if occurs else f"{name} does not occur"
    lines.add("constant", problem.quotient(), words(zeros(node.shape)), node, note)


def _scalar(problem: Problem, f: Formula, rules: Rules) -> None:
    """df = G : dX, so ∂f/∂X = G."""
    about = words(differential(problem.value_leaf, value(rules.d(f))))
    shift = Shift(problem.lines, Target.of(rules), rules, about)
    adjoint = shift.run([(number(1), f)])
    rule = "put the names back" if shift.names else "simplify"
    conclude(problem, adjoint, f"the factor of d{problem.variable.name}", rule)


def _read(problem: Problem, line: Formula, rules: Rules) -> None:
    """The derivative from a line that is linear in dX."""
    orders = len(problem.node.shape), len(problem.variable.shape)
    if is_nothing(line) or orders[1] == 0:
        conclude(problem, None, "")
    elif orders == (1, 1):
        _matrix_before(problem, line, rules)
    else:
        _entries(problem, line, rules)


def _matrix_before(problem: Problem, line: Formula, rules: Rules) -> None:
    """df = M dx, so ∂f/∂x = M."""
    factor = coefficient(line)
    name = problem.variable.name
    if factor is not None:
        moved = differential(leaf(problem.variable), rules.direction)
        body = product([factor, moved])
        about = words(differential(problem.value_leaf, value(line)))
        note = "a∘b = Diag(a)b, Diag(a)b = Diag(b)a"
        rule = f"d{name} to the right"
        problem.lines.add(rule, about, words(body), value(body), note)
    conclude(problem, factor, f"the factor of d{name}")


def _entries(problem: Problem, line: Formula, rules: Rules) -> None:
    """Entry by entry, then the whole in index notation."""
    if problem.free is problem.result:
        component_lines(problem, line, rules)
        entry_lines(problem, line)
    in_indices(problem)
