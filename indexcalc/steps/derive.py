"""Derivations: a derivative line by line, by the method one chooses.

- `differential`: dF = …, until only dX is left, then ∂F/∂X is read off.
- `index`: everything with its indices, one δ contracted at a time.
- `chain`: the intermediate quantities by name, their local derivatives multiplied.
- `vec`: vec(dF) = J vec(dX) with ⊗ and Diag(vec(·)).

What is written is what the engine did: every line has a value that a test can compare
with the line before, and the last one is the engine's own derivative.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import product
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> print(derivation(product(x, y), x, "differential"))
f = x∘y            [write]
df = y∘dx          [constants come out]
   = Diag(y) dx    [dx to the right: a∘b = Diag(a)b, Diag(a)b = Diag(b)a]
∂f/∂x = Diag(y)    [read off: the factor of dx]
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import UnsupportedError
from ..labelling import metered
from ..legible import quoted
from ..nodes import Node, Tensor
from .chain import by_chain
from .formulas import keep_short, name_of
from .index import by_indices
from .methods import by_differentials
from .problem import Problem, problem_of
from .records import Derivation, Step
from .rules import direction_of
from .vec import by_vec
from .words import words

__all__ = ["METHODS", "Derivation", "Step", "derivation"]

METHODS: dict[str, Callable[[Problem], None]] = {
    "differential": by_differentials,
    "index": by_indices,
    "chain": by_chain,
    "vec": by_vec,
}


@metered()
def derivation(
    node: Node, variable: Tensor, method: str = "differential", order: int = 1
) -> Derivation:
    """The steps from an expression to its derivative by a variable.

    `order` repeats the derivation on its own result. Raises `UnsupportedError` where
    the method does not apply, with the reason, and `BudgetError` where the derivation
    is too long.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise UnsupportedError(
            f"{quoted(method)} is not a method of derivation",
            hint=f"one of {', '.join(METHODS)}",
        )
    if not isinstance(order, int) or order < 1:
        raise UnsupportedError(
            f"a derivation of order {quoted(order)}", hint="1 or more"
        )
    keep_short(node)
    problem = problem_of(node, variable)
    METHODS[method](problem)
    bases, used = problem.bases, [problem.name]
    for _ in range(order - 1):
        problem = _again(problem, used)
        METHODS[method](problem)
        bases = [*bases, *(e for e in problem.bases if e not in bases)]
        used.append(problem.name)
    steps, directions = tuple(problem.lines.steps), (direction_of(variable),)
    return Derivation(method, steps, problem.result, directions, tuple(bases))


def _again(before: Problem, used: list[str]) -> Problem:
    """The problem of differentiating a derivative, under a name of its own."""
    problem = problem_of(before.result, before.variable, used)
    problem.lines = before.lines
    about = words(name_of(before.result, problem.name))
    problem.lines.add("differentiate again", about, before.quotient(), before.result)
    return problem
