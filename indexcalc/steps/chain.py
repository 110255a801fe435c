"""The method of the chain rule: intermediate quantities by name, their local
derivatives, and how these multiply.

Every part of the expression that depends on the variable gets a name. Of a scalar the
adjoints ū = ∂f/∂u run from the value down to the variable; otherwise the derivatives
∂u/∂X run from the variable up to the value. Local derivatives are matrices where they
are, and index notation where they are not.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import call
>>> from indexcalc.matrix import contract
>>> from indexcalc.steps.problem import problem_of
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> problem = problem_of(call("exp", [contract(A, x)]), x)
>>> by_chain(problem)
>>> for step in problem.lines.steps[:4]:
...     print(step.left, "=", step.right)
u = A*x
f = exp(u)
∂u/∂x = A
∂f/∂u = Diag(exp(u))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..derivative import pull, unconstrained
from ..errors import UnsupportedError
from ..expr import einsum, linear, tensor
from ..expr import number as number_node
from ..formula import Formula
from ..functions import is_symmetric_matrix
from ..index_text import index_text
from ..nodes import Node, Tensor, children, toposort
from ..simplify import fuse
from ..structure import projected
from ..substitute import rebuilt, replace
from ..words.matrix import in_words
from .formulas import name_of
from .problem import (
    InIndices,
    Problem,
    in_indices,
    part_names,
    require_same,
    shortest,
    shortest_line,
    taken_names,
)
from .words import Fixed, Named, Piece, Words, ratio, words


@dataclass(frozen=True, slots=True)
class Stage:
    """One named quantity: its leaf, what it is over the leaves of others, what it was,
    and the leaves that it depends on."""

    leaf: Tensor
    definition: Node
    original: Node
    needs: tuple[Tensor, ...]


@dataclass(slots=True)
class Chain:
    """The stages of one problem, innermost first, the value last."""

    problem: Problem
    stages: list[Stage]
    bars: dict[Tensor, Tensor] = field(default_factory=dict)

    @property
    def originals(self) -> dict[Node, Node]:
        """What every leaf stands for."""
        return {stage.leaf: stage.original for stage in self.stages}


def by_chain(problem: Problem) -> None:
    """Writes the derivation by the chain rule."""
    chain = Chain(problem, _stages(problem))
    for stage in chain.stages:
        value_line = stage is chain.stages[-1]
        _definition(problem, stage, "write" if value_line else "name")
    inside = problem.variable in toposort(problem.node)
    if not inside or problem.node is problem.variable:
        in_indices(problem)
    elif not problem.node.shape and problem.variable.shape:
        _backwards(chain)
    else:
        _forwards(chain)


def _stages(problem: Problem) -> list[Stage]:
    """A stage for every node that depends on the variable."""
    names = part_names(taken_names(problem))
    memo: dict[Node, Node] = {}
    moving: dict[Node, Tensor] = {problem.variable: problem.variable}
    stages: list[Stage] = []
    for node in toposort(problem.node):
        memo[node] = rebuilt(node, memo)
        inner = [moving[e] for e in children(node) if e in moving]
        is_value = node is problem.node
        if not (inner or is_value) or (node is problem.variable and not is_value):
            continue
        small, large = (problem.name,) * 2 if is_value else next(names)
        structure = "symmetric" if is_symmetric_matrix(node) else ""
        name = small if len(node.shape) < 2 else large
        leaf = tensor(name, node.shape, structure)
        needs = tuple(dict.fromkeys(inner))
        stages.append(Stage(leaf, memo[node], node, needs))
        memo[node] = moving[node] = leaf
    return stages


def _definition(problem: Problem, stage: Stage, rule: str) -> None:
    """u = …, in matrix notation where there is one."""
    said = in_words(stage.definition)
    if not isinstance(said, UnsupportedError):
        about = words(name_of(stage.original, stage.leaf.name))
        problem.lines.add(rule, about, words(said), stage.original)
        return
    axes = index_text(stage.definition).axes
    about = words(Named(stage.leaf.name, axes))
    body = words(InIndices(stage.definition, axes))
    problem.lines.add(rule, about, body, stage.original)


# -- from the variable up --------------------------------------------------------------


def _forwards(chain: Chain) -> None:
    """∂u/∂X of every stage from those of the stages it needs."""
    variable = chain.problem.variable
    known: dict[Tensor, Node] = {}
    for stage in chain.stages:
        local = {c: _local(chain, stage, c) for c in stage.needs}
        terms = [
            (node if c is variable else _multiplied(stage, c, node, known[c]), 1)
            for c, node in local.items()
        ]
        whole = fuse(linear(terms, stage.leaf.shape + variable.shape))
        known[stage.leaf] = whole
        if any(c is not variable for c in stage.needs):
            _joined_lines(chain, stage, whole)
    _conclude(chain, known[chain.stages[-1].leaf])


def _multiplied(stage: Stage, c: Tensor, local: Node, inner: Node) -> Node:
    """∂u/∂c ∂c/∂X, summed over the axes of c."""
    outer, middle = len(stage.leaf.shape), len(c.shape)
    legs = list(range(outer + middle))
    more = list(range(len(legs), len(legs) + len(inner.shape) - middle))
    return einsum(
        [(local, legs), (inner, [*legs[outer:], *more])], [*legs[:outer], *more]
    )


def _local(chain: Chain, stage: Stage, c: Tensor) -> Node:
    """∂u/∂c with everything else fixed, written down."""
    node = fuse(unconstrained(stage.definition, c))
    rule = "local derivative"
    original = replace(node, chain.originals)
    _derivative_line(chain, rule, stage, c, node, original)
    return node


def _derivative_line(
    chain: Chain, rule: str, stage: Stage, c: Tensor, node: Node, original: Node
) -> None:
    """∂u/∂c = …, a matrix or in indices."""
    lines = chain.problem.lines
    fixed = _fixed(stage, c, chain.problem.variable)
    found = _as_matrix(stage.leaf, c, node)
    if found is not None:
        about = _quotient(chain, stage.leaf, c)
        body = words(found)
    else:
        axes = index_text(node).axes
        about = _quotient(chain, stage.leaf, c, axes)
        body = words(InIndices(node, axes))
    lines.add(rule, Words((*about.pieces, *fixed)), body, original)


def _as_matrix(u: Tensor, c: Tensor, node: Node) -> Formula | None:
    """∂u/∂c as a matrix: of vectors, or of a scalar."""
    plain = max(len(u.shape), len(c.shape)) < 2 or not u.shape
    return shortest(node) if plain else None


def _fixed(stage: Stage, c: Tensor, variable: Tensor) -> tuple[Fixed, ...]:
    """What is held fixed where the variable also moves other things."""
    others = tuple(other.name for other in stage.needs if other is not c)
    return (Fixed(others),) if others and c is variable else ()


def _quotient(chain: Chain, u: Tensor, c: Tensor, axes: Sequence[str] = ()) -> Words:
    """∂u_ij/∂c_kl; G of the value by a variable with a structure."""
    problem, split = chain.problem, len(u.shape) if axes else 0
    whole = u is chain.stages[-1].leaf and c is problem.variable
    if whole and problem.free is not problem.result:
        return words(Named(problem.free_name, tuple(axes)))
    above, below = (
        Named(u.name, tuple(axes[:split])),
        Named(c.name, tuple(axes[split:])),
    )
    return ratio(words("∂", above), words("∂", below))


def _joined_lines(chain: Chain, stage: Stage, whole: Node) -> None:
    """∂u/∂X as a sum of products, then with the local derivatives put in."""
    problem, variable = chain.problem, chain.problem.variable
    axes = index_text(whole).axes
    value = unconstrained(stage.original, variable)
    about = _quotient(chain, stage.leaf, variable, axes)
    body = _products(chain, stage, axes)
    problem.lines.add("chain rule", about, body, value)
    said = words(InIndices(whole, axes))
    original = replace(whole, chain.originals)
    problem.lines.add("multiply", about, said, original)
    found = _as_matrix(stage.leaf, variable, whole)
    if found is not None:
        plain = _quotient(chain, stage.leaf, variable)
        problem.lines.add("as a matrix", plain, words(found), original)


def _products(chain: Chain, stage: Stage, axes: Sequence[str]) -> Words:
    """∂u_i/∂v_p ∂v_p/∂x_j + …: what the chain rule says."""
    variable, split = chain.problem.variable, len(stage.leaf.shape)
    letters = _unused(axes)
    pieces: list[Piece] = []
    for c in stage.needs:
        if pieces:
            pieces.append(" + ")
        if c is variable:
            pieces += _quotient(chain, stage.leaf, c, axes).pieces
            pieces += _fixed(stage, c, variable)
            continue
        middle = tuple(next(letters) for _ in c.shape)
        pieces += _quotient(chain, stage.leaf, c, (*axes[:split], *middle)).pieces
        pieces.append(" ")
        pieces += _quotient(chain, c, variable, (*middle, *axes[split:])).pieces
    return Words(tuple(pieces))


def _unused(axes: Sequence[str]) -> Iterator[str]:
    yield from (c for c in "pqrstabcdefgh" if c not in axes)
    k = 1
    while True:
        yield f"p{k}"
        k += 1


# -- from the value down ---------------------------------------------------------------


def _backwards(chain: Chain) -> None:
    """The adjoints ū = ∂f/∂u, from the value to the variable."""
    problem = chain.problem
    received: dict[Tensor, list[Node]] = {}
    bars: dict[Node, Node] = {}
    for stage in reversed(chain.stages):
        seed: Node = number_node(1)
        if stage is not chain.stages[-1]:
            seed = _adjoint(chain, stage, received[stage.leaf], bars)
        found = pull(stage.definition, list(stage.needs), seed)
        for c, part in zip(stage.needs, found, strict=True):
            received.setdefault(c, []).append(part)
    parts = received[problem.variable]
    last = fuse(linear([(part, 1) for part in parts], problem.variable.shape))
    if len(chain.stages) > 1:
        inside = replace(replace(last, bars), chain.originals)
        _said_line(chain, "chain rule", _free_quotient(problem), last, inside)
    _conclude(chain, replace(last, bars))


def _adjoint(
    chain: Chain, stage: Stage, parts: list[Node], bars: dict[Node, Node]
) -> Tensor:
    """The line of one adjoint; the leaf that stands for it."""
    bar = tensor(f"{stage.leaf.name}_bar", stage.leaf.shape)
    whole = fuse(linear([(part, 1) for part in parts], stage.leaf.shape))
    bars[bar] = replace(whole, bars)
    original = replace(bars[bar], chain.originals)
    about = words(name_of(original, bar.name))
    said = f"{bar.name} is ∂{chain.problem.name}/∂{stage.leaf.name}"
    _said_line(chain, "adjoint", about, whole, original, said)
    return bar


def _said_line(
    chain: Chain, rule: str, about: Words, node: Node, original: Node, said: str = ""
) -> None:
    """One line in matrix notation, or in indices where there is none."""
    found = shortest(node)
    axes = index_text(node).axes
    body = words(InIndices(node, axes)) if found is None else words(found)
    chain.problem.lines.add(rule, about, body, original, said)


# -- the end ---------------------------------------------------------------------------


def _free_quotient(problem: Problem) -> Words:
    """∂f/∂X, or G where the variable has a structure."""
    if problem.free is problem.result:
        return problem.quotient()
    return words(name_of(problem.free, problem.free_name))


def _conclude(chain: Chain, found: Node) -> None:
    """The names put back, compared with the engine's derivative."""
    problem = chain.problem
    value = replace(found, chain.originals)
    require_same(projected(value, problem.variable), problem.result)
    rule = "put the names back"
    about = _free_quotient(problem)
    known = shortest_line(problem.lines, about, value, rule)
    if problem.free is not problem.result:
        said = f"the {problem.variable.structure} part of {problem.free_name}"
        quotient = problem.quotient()
        known = shortest_line(problem.lines, quotient, problem.result, "project", said)
    if not known:
        in_indices(problem)
