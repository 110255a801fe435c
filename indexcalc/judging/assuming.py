"""What may be assumed for an answer to be right, and what shows that it is then.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, scale
>>> from .cases import ask
>>> A, x = tensor("A", ("n", "n")), tensor("x", ("n",))
>>> case = Case(ask(contract(x, contract(A, x)), [x]), scale(2, contract(A, x)))
>>> next(assumptions(case))
{'A': 'symmetric'}
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..comparison.evidence import Evidence, evidence
from ..errors import BudgetError
from ..evaluate import scalar
from ..expansion import expand
from ..expr import add, scale, tensor
from ..nodes import Node, Sum, Tensor
from ..substitute import replace
from .cases import TOLERANCE, Case, agree

MOST_VARIABLES = 8


def assumptions(case: Case) -> Iterator[dict[str, str]]:
    """What may be assumed: the likeliest first."""
    by = {leaf.name for leaf in case.question.by}
    free = [leaf for leaf in case.leaves.values() if not leaf.structure]
    square = [leaf.name for leaf in free if is_square(leaf)][:MOST_VARIABLES]
    for count in (1, 2):
        for pair in combinations(square, count):
            yield dict.fromkeys(pair, "symmetric")
    if len(square) > 2:
        yield dict.fromkeys(square, "symmetric")
    names = [leaf.name for leaf in free][:MOST_VARIABLES]
    for name in names:
        yield {name: "positive"}
    yield dict.fromkeys(names, "positive")
    others = [leaf for leaf in free if leaf.name not in by][:MOST_VARIABLES]
    for leaf in others:
        if leaf.shape:
            yield {leaf.name: "a mask"}
        if len(leaf.shape) == 1:
            yield {leaf.name: "a unit vector"}
        if is_square(leaf):
            yield {leaf.name: "orthogonal"}


def is_square(leaf: Tensor) -> bool:
    """Whether it is a matrix of one size."""
    return len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1]


#: Assumptions that can be declared of a variable, and so be proved with.
DECLARED = ("symmetric", "positive", "orthogonal")


def proof_under(case: Case, expected: Node) -> Evidence | None:
    """Evidence that a node is the answer, with what is assumed declared; or agreement
    at other points."""
    answer = case.answer
    if all(fact in DECLARED for fact in case.assumed.values()):
        new: dict[Node, Node] = {
            case.leaves[name]: tensor(name, case.leaves[name].shape, fact)
            for name, fact in case.assumed.items()
        }
        found = evidence(replace(expected, new), replace(answer, new))
        if found.equal is not None:
            return found if found.equal else None
    again = case.again()
    if not agree(again.at(expected), again.at(answer)) or not _cancels(again, expected):
        return None
    return Evidence(None, "float64", "they agree at random points")


def _cancels(case: Case, expected: Node) -> bool:
    """Whether what is left of the difference vanishes beside its own terms, however
    small these are: 1e-9 X is not nothing."""
    try:
        rest = expand(add(expected, scale(-1, case.answer)))
    except BudgetError:
        return True
    if not isinstance(rest, Sum):
        return False
    parts = [case.at(e) * scalar(c) for e, c in rest.terms]
    if not parts:
        return True
    total, size = np.abs(sum(parts)), sum(np.abs(part) for part in parts)
    return bool((total <= TOLERANCE * np.max(size)).all())
