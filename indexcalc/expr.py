"""The four nodes every expression is made of, interned and canonical.

`Tensor` is a leaf, `Einsum` a contraction, `Sum` a linear combination, `Call` a named
function. Axes are positional; no index has a name. In an `Einsum` an index may occur
any number of times, in the operands, in `out`, in both, or nowhere: nothing else is
needed to say δ, H, ones, Diag, diag, traces and transposes. Nodes of equal structure,
whatever the names of their dummies or the order of their operands, are one object, so
`is` is equality.

>>> A, B = tensor("A", ("n", "k")), tensor("B", ("k", "m"))
>>> one = einsum([(A, (0, 1)), (B, (1, 2))], [0, 2])
>>> two = einsum([(B, (7, 5)), (A, (9, 7))], [9, 5])
>>> one is two, shape_text(one.shape)
(True, 'n×m')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from hashlib import blake2b
from typing import Any

import numpy as np

from .coefficients import Number, as_number, multiply, number_key, plus
from .errors import InternalError, ShapeError
from .network import (
    Network,
    canonical,
    identity_of,
    inline,
    is_bundle,
    join_bundles,
)
from .nodes import (
    Call,
    Einsum,
    Node,
    Sum,
    Tensor,
    Term,
    digest_of,
    intern_node,
    shape_key,
)
from .sizes import Dim, Shape, Size, as_size, dim, shape_text, size_text
from .sizes import times as times_sizes

# -- leaves ----------------------------------------------------------------------------


def tensor(name: str, shape: Iterable[object], structure: str = "") -> Tensor:
    """The variable `name`; `structure` is what is known of it, such as "symmetric"."""
    sizes = tuple(as_size(size) for size in shape)
    require_structure(name, sizes, structure)
    digest = digest_of("T", name, shape_key(sizes), structure)
    fields = {"name": name, "shape": sizes, "structure": structure, "array": None}
    return intern_node(Tensor, digest, name, fields)


#: What may be declared of a tensor, and which of it only a square matrix can be.
STRUCTURES = (
    "symmetric",
    "diagonal",
    "skew",
    "lower",
    "upper",
    "toeplitz",
    "symmetric toeplitz",
    "orthogonal",
    "positive",
    "pd",
    "real",
    "complex",
)
#: What may be declared of a tensor of any shape.
ENTRYWISE = frozenset({"", "positive", "real", "complex"})
SQUARE = frozenset(
    {"symmetric", "diagonal", "skew", "symmetric toeplitz", "orthogonal", "pd"}
)


def require_structure(name: str, shape: Shape, structure: str) -> None:
    """Raises `ShapeError` where a tensor of this shape cannot have the structure."""
    if structure in ENTRYWISE:
        return
    if structure not in STRUCTURES:
        raise ShapeError(
            f"{structure!r} is not a structure that {name} could have",
            hint=f"one of {', '.join(STRUCTURES)}",
        )
    if len(shape) != 2:
        raise ShapeError(
            f"only a matrix is {structure}, and {name} is {shape_text(shape)}"
        )
    if structure in SQUARE and shape[0] != shape[1]:
        raise ShapeError(
            f"only a square matrix is {structure}, and {name} is {shape_text(shape)}"
        )


def constant(array: object, name: str = "") -> Tensor:
    """A constant that owns a read-only copy of `array`, in the machine's byte order; a
    symmetric matrix is known to be one.

    Two constants of equal name, dtype, shape and entries are one node.
    """
    copy = np.array(array, order="C")
    if copy.dtype.kind not in "bifc":
        raise ShapeError(f"an array of dtype {copy.dtype} is not numeric")
    if not copy.dtype.isnative:
        copy = copy.astype(copy.dtype.newbyteorder("="))
    copy.setflags(write=False)
    content = blake2b(copy.tobytes(), digest_size=16).digest()
    shape = tuple(int(size) for size in copy.shape)
    digest = digest_of("C", name, copy.dtype.str, shape, content)
    even = len(shape) == 2 and np.array_equal(copy, copy.T)
    structure = "symmetric" if even else ""
    fields = {"name": name, "shape": shape, "structure": structure, "array": copy}
    return intern_node(Tensor, digest, name or "constant", fields)


# -- what vanishes ---------------------------------------------------------------------

_gone: ContextVar[dict[Node, None] | None] = ContextVar("_gone", default=None)


@contextmanager
def vanishing() -> Iterator[dict[Node, None]]:
    """Notes the nodes that get the coefficient or the exponent 0 meanwhile, such as the
    y of y − y.

    >>> y = tensor("y", ("n",))
    >>> with vanishing() as gone:
    ...     nothing = linear([(y, 1), (y, -1)], y.shape)
    >>> is_zero(nothing), list(gone) == [y]
    (True, True)
    """
    found: dict[Node, None] = {}
    before = _gone.set(found)
    try:
        yield found
    finally:
        _gone.reset(before)


def note_vanished(nodes: Iterable[Node]) -> None:
    """Notes nodes that do not stand in what is made of them."""
    found = _gone.get()
    if found is not None:
        found.update(dict.fromkeys(nodes))


# -- linear combinations ---------------------------------------------------------------


def linear(terms: Iterable[tuple[Node, object]], shape: Shape) -> Node:
    """The sum of coefficient × node; like terms merge, zeros vanish.

    >>> x = tensor("x", ("n",))
    >>> linear([(x, 2), (x, -1)], x.shape) is x
    True
    """
    total: dict[Node, Number] = {}
    for node, given in terms:
        if node.shape != shape:
            raise ShapeError(
                f"a term of shape {shape_text(node.shape)} in a sum of shape "
                f"{shape_text(shape)}"
            )
        coefficient = as_number(given)
        if isinstance(node, Sum) and len(node.terms) < 2:
            for inner, factor in node.terms:
                _collect(total, inner, multiply(coefficient, factor))
        else:
            _collect(total, node, coefficient)
    kept = [(node, c) for node, c in total.items() if c != 0]
    if len(kept) < len(total):
        note_vanished(node for node, c in total.items() if c == 0)
    if len(kept) == 1 and kept[0][1] == 1:
        return kept[0][0]
    kept.sort(key=lambda term: term[0].key)
    return _sum_node(tuple(kept), shape)


def _collect(total: dict[Node, Number], node: Node, coefficient: Number) -> None:
    before = total.get(node)
    total[node] = coefficient if before is None else plus(before, coefficient)


def _sum_node(terms: tuple[Term, ...], shape: Shape) -> Sum:
    parts = tuple((node.digest, number_key(c)) for node, c in terms)
    digest = digest_of("S", parts, shape_key(shape))
    return intern_node(Sum, digest, "", {"terms": terms, "shape": shape})


def zero(shape: Iterable[Size]) -> Sum:
    """The zero of a shape: a sum without terms."""
    return _sum_node((), tuple(shape))


def is_zero(node: Node) -> bool:
    """Whether the node is literally zero."""
    return isinstance(node, Sum) and not node.terms


def add(a: Node, b: Node) -> Node:
    """a + b, of equal shapes."""
    return linear([(a, 1), (b, 1)], a.shape)


def scale(coefficient: object, a: Node) -> Node:
    """coefficient · a."""
    if type(coefficient) is int and coefficient == 1:
        return a
    return linear([(a, coefficient)], a.shape)


def number(value: object) -> Node:
    """A number as a scalar node."""
    return scale(value, ONE)


def size_node(size: Size) -> Node:
    """The size as a scalar: the n of tr(I) = n."""
    if isinstance(size, int):
        return number(size)
    return linear(
        [
            (einsum([], [], dict(enumerate(dim(name) for name in m))), c)
            for m, c in size.terms
        ],
        (),
    )


# -- calls -----------------------------------------------------------------------------


def call_node(
    function: str,
    args: Sequence[Node],
    shape: Iterable[Size],
    params: tuple[Any, ...] = (),
    *,
    symmetric: bool = False,
) -> Call:
    """The bare function node; `functions.call` is the checked way to make one."""
    sizes = tuple(shape)
    digests = tuple(a.digest for a in args)
    keyed = tuple(map(_param_key, params))
    fields = {
        "function": function,
        "args": tuple(args),
        "params": params,
        "shape": sizes,
        "symmetric": symmetric,
    }
    digest = digest_of("F", function, digests, keyed, shape_key(sizes))
    return intern_node(Call, digest, function, fields)


def _param_key(param: object) -> str:
    if isinstance(param, Dim):
        return f"size {size_text(param)}"
    if isinstance(param, (int, Fraction, float, complex)):
        return number_key(as_number(param))
    return repr(param)


# -- contractions ----------------------------------------------------------------------


def einsum(
    operands: Iterable[tuple[Node, Iterable[int]]],
    out: Iterable[int | Iterable[int]],
    dims: Mapping[int, Size] | None = None,
) -> Node:
    """The contraction: sum over every index not in `out` of the product of operands.

    `legs` name one index an axis; an entry of `out` is an index or a group of them
    (first slowest); `dims` gives the sizes of indices that no operand carries.

    >>> x = tensor("x", ("n",))
    >>> shape_text(einsum([(x, [0])], [0, 0]).shape)         # Diag(x)
    'n×n'
    """
    net = Network()
    net.dims = dict(dims or {})
    fresh = 1 + max(net.dims, default=0)
    rows = [(node, list(legs)) for node, legs in operands]
    net.out = [[entry] if isinstance(entry, int) else list(entry) for entry in out]
    used = [i for _, legs in rows for i in legs] + [i for axis in net.out for i in axis]
    fresh = max(fresh, 1 + max(used, default=0))
    for node, legs in rows:
        fresh = _attach(net, node, legs, fresh)
    for axis in net.out:
        for i in axis:
            if i not in net.dims:
                raise InternalError(f"index {i} of the result has no size")
    return settle(net)


def _attach(net: Network, node: Node, legs: list[int], fresh: int) -> int:
    """Adds an operand; legs of size 1 get an index of their own, coefficients come
    out."""
    if len(legs) != len(node.shape):
        raise InternalError(f"{len(legs)} legs on a node of order {len(node.shape)}")
    for place, size in enumerate(node.shape):
        known = net.dims.setdefault(legs[place], size)
        if known != size:
            raise ShapeError(
                f"an index of size {size_text(known)} meets an axis of size "
                f"{size_text(size)}"
            )
        if size == 1:
            legs[place] = fresh
            net.dims[fresh] = 1
            fresh += 1
    if isinstance(node, Sum) and len(node.terms) == 1:
        node, coefficient = node.terms[0]
        net.coefficient = multiply(net.coefficient, coefficient)
    net.operands.append((node, legs))
    return fresh


def settle(net: Network) -> Node:
    """The node of a network: views inlined, indices of size 1 dropped, made
    canonical."""
    shape = tuple(times_sizes(*(net.dims[i] for i in axis)) for axis in net.out)
    if net.coefficient == 0 or any(is_zero(node) for node, _ in net.operands):
        note_vanished(node for node, _ in net.operands)
        return zero(shape)
    views = _views(net)
    while views:
        inline(net, views)
        views = _views(net)
        if all(is_bundle(net.operands[o][0]) for o in views):
            join_bundles(net)
            break
    net.out = [[i for i in axis if net.dims[i] != 1] for axis in net.out]
    count_lone(net)
    if net.coefficient == 0:
        return zero(shape)
    node = identity_of(net)
    if node is None or node.shape != shape:
        node = canonical(net, shape)
    return node if net.coefficient == 1 else scale(net.coefficient, node)


def count_lone(net: Network) -> None:
    """An index of literal size that nothing carries is a factor, in place."""
    used = {i for _, legs in net.operands for i in legs}
    used.update(i for axis in net.out for i in axis)
    for i in [i for i in net.dims if i not in used]:
        size = net.dims[i]
        if isinstance(size, int):
            net.coefficient = multiply(net.coefficient, size)
            del net.dims[i]


def _views(net: Network) -> list[int]:
    """The operands that cost nothing to open: views, and whatever is only permuted."""
    if len(net.operands) == 1 and isinstance(net.operands[0][0], Einsum):
        legs = [i for i in net.operands[0][1] if net.dims[i] != 1]
        flat = [i for axis in net.out for i in axis if net.dims[i] != 1]
        wide = sum(size != 1 for size in net.dims.values())
        if sorted(flat) == sorted(legs) and len(set(legs)) == wide:
            return [0]
    return [
        o for o, (e, _) in enumerate(net.operands) if isinstance(e, Einsum) and e.view
    ]


def swapped(node: Node) -> Node:
    """The transpose of a matrix: its last two axes exchanged."""
    legs = list(range(len(node.shape)))
    return einsum([(node, legs)], [*legs[:-2], legs[-1], legs[-2]])


#: The number 1, a product of nothing.
ONE = einsum([], [])
