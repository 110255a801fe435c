"""The method of indices: every index named, one δ contracted at a time.

Each part of the expression is written with its copy tensors, they are fused, the
product rule and the chain rule leave ∂X_pq/∂X_kl = δ_pk δ_ql behind, and each δ renames
an index. The parts come first, the value last, so that the derivative of a part is
known when the chain rule asks for it.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.steps.problem import problem_of
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> problem = problem_of(einsum([(A, [0, 1]), (x, [1])], [0]), x)
>>> by_indices(problem)
>>> for step in problem.lines.steps:
...     print(step.left, "=", step.right)
f_i = A_ik x_k
∂f_i/∂x_j = A_ik ∂x_k/∂x_j
∂f_i/∂x_j = A_ik δ_kj
∂f_i/∂x_j = A_ij
∂f/∂x = A
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count, islice

from ..derivative import unconstrained
from ..index_text import facts_told, index_text
from ..nodes import Node
from ..simplify import fuse_with_assumptions
from ..structure import projected
from ..substitute import replace
from .equation import (
    Derivative,
    Index,
    definition,
    equation,
    index_letters,
    varies,
)
from .opening import Part, axes_of, parts_of
from .problem import (
    InIndices,
    Problem,
    part_names,
    require_same,
    shortest_line,
    taken_names,
)
from .terms import Tables
from .words import Named, words


def by_indices(problem: Problem) -> None:
    """Writes the derivation in indices."""
    taken = taken_names(problem)
    parts = parts_of(problem.node, part_names(taken))
    taken |= {part.leaf.name for part in parts}
    index = Index(
        problem, taken, _variable_entry(problem, taken), _tables(problem, parts)
    )
    for part in parts[:-1]:
        if varies(part.original, problem.variable):
            index.known[part.leaf] = equation(index, part, part.leaf.name)
        else:
            definition(index, part, part.leaf.name)
    _conclude(index, equation(index, parts[-1], problem.name))


def _variable_entry(problem: Problem, taken: set[str]) -> Named:
    """X_kl with letters that come after those of the value's axes."""
    skipped = len(value_indices(problem.node))
    letters = islice(index_letters(taken), skipped, None)
    chosen = tuple(next(letters) for _ in problem.variable.shape)
    return Named(problem.variable.name, chosen)


def value_indices(node: Node) -> list[str]:
    """One mark for each index of a node's axes."""
    axes = axes_of(node, map(str, count()), {})
    return [i for axis in axes for i in axis]


def _tables(problem: Problem, parts: Sequence[Part]) -> Tables:
    """What every node in a term stands for, filled as nodes are met."""
    nodes: dict[Node, Node] = {part.leaf: part.original for part in parts}
    return Tables(
        _Lookup(nodes, lambda node: _bound(node, nodes)),
        _Lookup({}, lambda node: unconstrained(_bound(node, nodes), problem.variable)),
    )


def _bound(node: Node, nodes: dict[Node, Node]) -> Node:
    return replace(node, nodes)


class _Lookup(dict[Node, Node]):
    """A table that computes what it does not know yet."""

    def __init__(self, known: dict[Node, Node], rule: Callable[[Node], Node]) -> None:
        super().__init__(known)
        self.rule = rule

    def __missing__(self, node: Node) -> Node:
        found = self[node] = self.rule(node)
        return found


# -- the end ---------------------------------------------------------------------------


def _conclude(index: Index, found: Derivative) -> None:
    """Compared with the engine's derivative; then said in its own notations."""
    problem = index.problem
    steps = index.lines.steps
    value = steps[-1].value
    require_same(projected(value, problem.variable), problem.result)
    if problem.variable.structure and problem.free is not problem.result:
        _project(problem)
    elif all(len(axis) == 1 for axis in found.axes):
        axes = tuple(i for axis in found.axes for i in axis)
        _canonical(problem, axes)
    rule = "raise to matrix notation"
    shortest_line(index.lines, problem.quotient(), problem.result, rule)


def _canonical(problem: Problem, axes: tuple[str, ...]) -> None:
    """The engine's index notation, where it is not longer than the last line."""
    last = problem.lines.steps[-1]
    whole = index_text(problem.result, axes)
    if len(str(whole)) <= 2 * len(last.right) + 16 and len(whole.where) < 2:
        body = words(InIndices(problem.result, axes))
        problem.lines.add(
            "canonical form", last.about, body, problem.result, _laws(problem)
        )


def _project(problem: Problem) -> None:
    axes = index_text(problem.result).axes
    split = len(problem.node.shape)
    about = problem.quotient(axes[:split], axes[split:])
    body = words(InIndices(problem.result, axes))
    said = f"the {problem.variable.structure} part of {problem.free_name}"
    problem.lines.add("project", about, body, problem.result, said)


def _laws(problem: Problem) -> str:
    """The domain facts that the canonical form relies on."""
    _, facts = fuse_with_assumptions(problem.result)
    return "; ".join(facts_told(facts))
