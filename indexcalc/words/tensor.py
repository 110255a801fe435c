"""Results of order three and more in words of matrices.

H X and its kin where a copy tensor stands between matrices, the Jacobian matrix over
vec, and families of slices such as ∂y/∂A_ij = X_ij e_i.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.formula.text import spelled
>>> X = tensor("X", ("n", "p"))
>>> spelled(tensor_formula(einsum([(X, [0, 1])], [0, 0, 1])))
'H(n)*X'
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import expr
from ..errors import UnsupportedError
from ..formula import (
    Formula,
    added,
    copy,
    diagonal_matrix,
    fold,
    leaf,
    number,
    product,
    scaled,
    transposed,
    word,
)
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort
from ..recognise import recognised
from ..simplify import fuse
from ..sizes import Size, dim
from ..substitute import replace
from .matrix import formula, in_words, require_equal, stated, without_tensor_sums
from .reduction import Graph, series_parallel

# -- one matrix over vec ---------------------------------------------------------------


def unfolded(node: Node, rows: int, order: str = "F") -> Node:
    """The first `rows` axes as one axis and the others as another.

    Column-major ("F") takes the last axis of each as the slow one, row-major ("C") the
    first; no axes at all are one of size 1.
    """
    legs = list(range(len(node.shape)))
    step = 1 if order == "C" else -1
    return expr.einsum([(node, legs)], [legs[:rows][::step], legs[rows:][::step]])


# -- H X and its kin -------------------------------------------------------------------


def tensor_formula(node: Node) -> Formula:
    """A node of order three or more as a copy tensor between matrices, or as a dyadic
    product.

    Raises `UnsupportedError` where it is neither.
    """
    fused = fuse(node)
    try:
        found = _tensor(fused)
    except UnsupportedError:
        plain = recognised(without_tensor_sums(recognised(fused)))
        if plain is fused:
            raise
        found = _tensor(plain)
    require_equal(found, fused)
    return found


def _tensor(node: Node) -> Formula:
    return _sum_of_tensors(node) if isinstance(node, Sum) else _one_tensor(node)


def _sum_of_tensors(node: Sum) -> Formula:
    if len(node.terms) > 8:
        raise UnsupportedError("a long sum of tensors has no short form in H")
    return added([scaled(c, _one_tensor(e)) for e, c in node.terms], node.shape)


def _one_tensor(node: Node) -> Formula:
    if isinstance(node, Tensor):
        return leaf(node)
    if not isinstance(node, Einsum) or any(len(axis) != 1 for axis in node.out):
        raise UnsupportedError(
            f"the result has {node.order} axes, and matrix notation has two"
        )
    rows = [(stated(in_words(e)), legs) for e, legs in node.operands]
    out = [i for (i,) in node.out]
    graph = Graph(dict(enumerate(node.dims)), rows, out)
    series_parallel(graph)
    for rule in (_copy_between, _dyad):
        found = rule(graph, out)
        if found is not None:
            return product([*graph.scalars, found])
    raise UnsupportedError(
        f"the result has {len(out)} axes, and neither H nor ⋆ puts matrices together "
        "to it"
    )


def _copy_between(graph: Graph, out: Sequence[int]) -> Formula | None:
    """L H R: a vertex with three ends, one of which at least is bare."""
    if len(out) != 3:
        return None
    centre = _centre(graph, out)
    if centre is None:
        return None
    if any(i != centre and centre not in graph.edges[i] for i in out):
        return None
    ends = [None if i == centre else graph.between(i, centre) for i in out]
    bare = [k for k, end in enumerate(ends) if end is None]
    others = [k for k in range(3) if ends[k] is not None]
    if not bare or _stray(graph, out, centre):
        return None
    if len(others) == 2:
        left, middle, right = others[0], *bare, others[1]
    elif others and others[0] < bare[0]:
        left, middle, right = *others, *bare
    else:
        left, middle, right = *bare, *others
    chain = _with_weight(graph, centre, ends, left, right)
    axes = (left, middle, right)
    shape = tuple(graph.dims[out[k]] for k in axes)
    whole = _dotted(chain, shape)
    return _permuted(whole, axes, tuple(graph.dims[i] for i in out))


def _centre(graph: Graph, out: Sequence[int]) -> int | None:
    """The vertex on which all three ends hang, open or bound."""
    ends = set(out)
    if len(ends) < 3:
        return next(i for i in out if out.count(i) > 1)
    bound = [i for i in graph.edges if i not in ends]
    candidates = bound or [i for i in out if len(graph.edges[i]) == 2]
    for i in candidates:
        if set(graph.edges[i]) == ends - {i}:
            return i
    return None


def _stray(graph: Graph, out: Sequence[int], centre: int) -> bool:
    """Whether something hangs on the ends that L H R does not say."""
    ends = {i for i in out if i != centre}
    bound = [i for i in graph.edges if i not in ends and i != centre]
    loose = any(graph.weights[i] or set(graph.edges[i]) != {centre} for i in ends)
    return bool(bound) or loose


def _with_weight(
    graph: Graph,
    centre: int,
    ends: Sequence[Formula | None],
    left: int,
    right: int,
) -> list[Formula]:
    n = graph.dims[centre]
    before, after = ends[left], ends[right]
    chain = [] if before is None else [before]
    if graph.weights[centre]:
        weight = diagonal_matrix(graph.weight(centre))
        if after is not None or before is None:
            after = weight if after is None else product([weight, transposed(after)])
            return [*chain, copy(n), after]
        return [product([before, weight]), copy(n)]
    chain.append(copy(n))
    return [*chain, transposed(after)] if after is not None else chain


def _dotted(chain: Sequence[Formula], shape: tuple[Size, ...]) -> Formula:
    result = chain[0]
    for f in chain[1:]:
        inner = result.shape[:-1] + f.shape[1:]
        result = word("dot", result, f, shape=inner)
    return result


def _permuted(f: Formula, axes: tuple[int, ...], shape: tuple[Size, ...]) -> Formula:
    """The word with its axes put where they belong; H and H Diag(v) are symmetric."""
    weighted = f.op == "dot" and f.args[0].op == "copy" and f.args[1].op == "Diag"
    if f.op == "copy" or weighted or axes == tuple(range(len(axes))):
        return f
    order = tuple(axes.index(k) for k in range(len(axes)))
    return word("permuted", f, shape=shape, value=order)


#: Ways to part three or four axes between two factors.
_PARTINGS: dict[int, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = {
    3: (((0, 1), (2,)), ((0,), (1, 2)), ((0, 2), (1,))),
    4: (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))),
}


def _dyad(graph: Graph, out: Sequence[int]) -> Formula | None:
    """A ⋆ B where the axes fall into two matrices, or a matrix and a vector, that
    nothing joins."""
    if any(i not in out for i in graph.edges):
        return None
    for parting in _PARTINGS.get(len(out), ()):
        sides = [[out[k] for k in part] for part in parting]
        if set(sides[0]) & set(sides[1]) or not _apart(graph, sides[0]):
            continue
        factors = [_on(graph, side) for side in sides]
        axes = (*parting[0], *parting[1])
        shape = tuple(graph.dims[out[k]] for k in axes)
        whole = word("outer", *factors, shape=shape)
        return _permuted(whole, axes, tuple(graph.dims[i] for i in out))
    return None


def _apart(graph: Graph, side: Sequence[int]) -> bool:
    return all(j in side for i in side for j in graph.edges[i])


def _on(graph: Graph, side: Sequence[int]) -> Formula:
    """The matrix or the column between the open axes of one side."""
    from .reduction import between_open

    part = Graph(graph.dims, [], side)
    part.weights = graph.weights
    part.edges = graph.edges
    return between_open(part)


#: What an index is hung on as it stands, as in exp(X)_ij.
_WITH_ENTRIES = ("leaf", "inv", "call", "epower")

# -- slices ----------------------------------------------------------------------------


def slice_formula(node: Node, places: Sequence[tuple[int, str]]) -> Formula:
    """A node with some axes held at symbolic indices: ∂y/∂A_ij as X_ij e_i.

    `places` pairs an axis with the name of its index.
    """
    legs = list(range(len(node.shape)))
    rows: list[tuple[Node, list[int]]] = [(node, legs)]
    names = {}
    for axis, index in places:
        call = expr.call_node("basis", [], (node.shape[axis],), (dim(index),))
        names[call] = expr.tensor(f"e_{index}", call.shape)
        rows.append((call, [axis]))
    held = {axis for axis, _ in places}
    fused = fuse(expr.einsum(rows, [i for i in legs if i not in held]))
    plain = replace(fused, {call: names[call] for call in _basis_calls(fused, names)})
    return entries_named(
        formula(plain), {t.name: i for t, i in _indices(places, names)}
    )


def _basis_calls(root: Node, names: dict[Call, Tensor]) -> list[Call]:
    return [n for n in toposort(root) if isinstance(n, Call) and n in names]


def _indices(
    places: Sequence[tuple[int, str]], names: dict[Call, Tensor]
) -> list[tuple[Tensor, str]]:
    return [(tensor, tensor.name[2:]) for tensor in names.values()]


def entries_named(f: Formula, indices: dict[str, str]) -> Formula:
    """e_iᵀX e_j said as X_ij, e_i e_jᵀ as E_ij, and the sum of e_i as 1."""
    return fold(f, lambda g, args: _entry(_rebuilt(g, args), indices))


def _rebuilt(f: Formula, args: list[Formula]) -> Formula:
    return Formula(f.op, tuple(args), f.value, f.shape, f.row, f.node)


def _entry(f: Formula, indices: dict[str, str]) -> Formula:
    if f.op == "total" and _index(f.args[0], indices, f.args[0].row):
        return number(1)
    if f.op != "product":
        return f
    args: list[Formula] = []
    for g in f.args:
        if g.op == "number" and g.value == 1:
            continue
        args.append(g)
        while (joined := _joined_entry(args, indices)) is not None:
            args = joined
    args = _component(args, indices) if not f.order else args
    if len(args) == 1 and f.value == 1:
        return args[0]
    return Formula("product", tuple(args), f.value, f.shape, f.row)


def _component(args: list[Formula], indices: dict[str, str]) -> list[Formula]:
    """e_iᵀ times a vector as that entry of the vector."""
    for k, g in enumerate(args[:-1]):
        i = _index(g, indices, True)
        if i and all(h.order for h in args[k:]):
            vector = product(args[k + 1 :])
            return [*args[:k], word("entry", vector, value=(i,))]
    return args


def _joined_entry(args: list[Formula], indices: dict[str, str]) -> list[Formula] | None:
    """The last factors as an entry or a basis matrix, if they are one."""
    if len(args) > 1:
        i, j = _index(args[-2], indices, False), _index(args[-1], indices, True)
        if i and j:
            shape = (*args[-2].shape, *args[-1].shape)
            return [*args[:-2], Formula("unit", (), (i, j), shape)]
        i, j = _index(args[-2], indices, True), _index(args[-1], indices, False)
        if i and j:
            return [*args[:-2], Formula("kronecker", (), (i, j))]
        if i and args[-1].order == 1 and not args[-1].row:
            return [*args[:-2], word("entry", args[-1], value=(i,))]
    if len(args) > 2:
        i, j = _index(args[-3], indices, True), _index(args[-1], indices, False)
        middle = args[-2]
        if i and j and middle.order == 2:
            found = _entry_of(middle, i, j)
            return [*args[:-3], found] if found is not None else None
    return None


def _entry_of(f: Formula, i: str, j: str) -> Formula | None:
    if f.op == "transpose" and f.args[0].op == "leaf":
        return word("entry", f.args[0], value=(j, i))
    return word("entry", f, value=(i, j)) if f.op in _WITH_ENTRIES else None


def _index(f: Formula, indices: dict[str, str], row: bool) -> str | None:
    """The index of a basis vector that stands that way."""
    base = f.args[0] if f.op == "transpose" else f
    return indices.get(str(base.value)) if f.row == row and base.op == "leaf" else None
