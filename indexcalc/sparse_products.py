"""Products with convolution tensors and embeddings as steps that skip their zeros.

The convolution tensor C_kij = [k = i + j] has (m+n−1)·m·n entries, of which m·n are
ones. Before a program is compiled, a contraction of it with a factor on i and one on j
becomes a convolution, with factors on k and i a correlation, with one factor a Toeplitz
or Hankel matrix; an embedding among zeros becomes a placing or a window, a product with
a basis vector an entry. So a
convolution of two vectors takes the memory of its result.

>>> from indexcalc.expr import tensor
>>> from indexcalc.structure_matrices import convolution
>>> h, x = tensor("h", (3,)), tensor("x", ("n",))
>>> c = einsum([(convolution(3, x.shape[0]), [0, 1, 2]), (h, [1]), (x, [2])], [0])
>>> [n.function for n in toposort(without_zeros(c)) if isinstance(n, Call)]
['convolved']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .expr import call_node, einsum
from .nodes import Call, Einsum, Node, Operand, toposort
from .sizes import Size
from .substitute import rebuilt

CONSTANTS = frozenset({"convolution", "embed", "basis"})


def without_zeros(root: Node) -> Node:
    """The expression with every such product replaced; for evaluation only."""
    order = toposort(root)
    if not any(map(_is_sparse, order)):
        return root
    done: dict[Node, Node] = {}
    for node in order:
        new = rebuilt(node, done)
        while isinstance(new, Einsum):
            better = _replaced(new)
            if better is None:
                break
            new = better
        done[node] = new
    return done[root]


def _is_sparse(node: Node) -> bool:
    return isinstance(node, Call) and not node.args and node.function in CONSTANTS


@dataclass(frozen=True, slots=True)
class _Step:
    """A kernel on vectors along `inputs`, giving axes `outputs`."""

    kernel: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: tuple[Size, ...] = ()


def _steps(node: Call, legs: Sequence[int]) -> Iterator[_Step]:
    """What a sparse constant may become, the most contracted first."""
    if node.function == "embed":
        total, inner = legs
        offset, (whole, part) = node.params[0], node.shape
        yield _Step("placed", (inner,), (total,), (offset, whole))
        yield _Step("window", (total,), (inner,), (offset, part))
        return
    if node.function == "basis":
        yield _Step("entry", (legs[0],), (), (node.params[0],))
        return
    k, i, j = legs
    _, m, n = node.shape
    yield _Step("convolved", (i, j), (k,))
    yield _Step("correlated", (k, i), (j,))
    yield _Step("correlated", (k, j), (i,))
    yield _Step("toeplitz", (i,), (k, j), (n,))
    yield _Step("toeplitz", (j,), (k, i), (m,))
    yield _Step("hankel", (k,), (i, j), (n,))


def _replaced(node: Einsum) -> Node | None:
    """The contraction with one sparse constant less; None where none can go."""
    sparse = [row for row in node.operands if _is_sparse(row[0])]
    options = [
        (row, step)
        for row in sparse
        for step in _steps(row[0], row[1])  # type: ignore[arg-type]
    ]
    for row, step in sorted(options, key=lambda option: len(option[1].outputs)):
        groups = _groups(node, row, step)
        if groups is not None:
            return _applied(node, row, step, groups)
    return None


def _groups(node: Einsum, row: Operand, step: _Step) -> list[list[int]] | None:
    """For each input the operands that carry it: dense ones, and none of the other
    legs."""
    legs = row[1]
    if len(set(legs)) != len(legs):
        return None
    shown = {i for axis in node.out for i in axis}
    found = []
    for i in step.inputs:
        if i in shown:
            return None
        rest = set(legs) - {i}
        group = [o for o, other in enumerate(node.operands) if i in other[1]]
        group.remove(node.operands.index(row))
        rows = [node.operands[o] for o in group]
        if not rows or any(_is_sparse(e) or rest & set(l) for e, l in rows):
            return None
        found.append(group)
    return found


def _applied(node: Einsum, row: Operand, step: _Step, groups: list[list[int]]) -> Node:
    taken = {o for group in groups for o in group} | {node.operands.index(row)}
    rest = [r for o, r in enumerate(node.operands) if o not in taken]
    batch = _batch(node, rest, groups, step)
    sizes = dict(enumerate(node.dims))
    args = [
        _vector(node, group, [*batch, i])
        for group, i in zip(groups, step.inputs, strict=True)
    ]
    out = (*batch, *step.outputs)
    shape = tuple(sizes[i] for i in out)
    operands = [*rest, (call_node(step.kernel, args, shape, step.params), out)]
    used = {i for _, legs in operands for i in legs}
    used |= {i for axis in node.out for i in axis}
    carried = {i for _, legs in node.operands for i in legs}
    kept = {i: s for i, s in sizes.items() if i in used or i not in carried}
    return einsum(operands, node.out, kept)


def _batch(
    node: Einsum, rest: Sequence[Operand], groups: list[list[int]], step: _Step
) -> list[int]:
    """The labels of the groups that are needed outside, or by another group."""
    labels = [
        {i for o in group for i in node.operands[o][1]} - set(step.inputs)
        for group in groups
    ]
    outside = {i for _, legs in rest for i in legs}
    outside |= {i for axis in node.out for i in axis}
    everywhere = set().union(*labels)
    shared = {i for i in everywhere if sum(i in found for found in labels) > 1}
    return sorted(everywhere & (outside | shared))


def _vector(node: Einsum, group: Sequence[int], out: Sequence[int]) -> Node:
    """The product of a group's operands with the axes `out`."""
    rows = [node.operands[o] for o in group]
    dims = {i: node.dims[i] for i in out}
    return einsum(rows, out, dims)
