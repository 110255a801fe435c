"""The four node kinds, interned: equal structure is the same object.

`Tensor` is a leaf, `Einsum` a contraction, `Sum` a linear combination, `Call` a named
function. Axes are positional; no index has a name. Nodes are made by the constructors
of `expr`; here are their fields, the table that makes them unique, and the one
traversal. The table is weak and locked, so nodes may be built from several threads at
once.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

import numpy as np

from .coefficients import Number
from .errors import ShapeError
from .sizes import Dim, Shape, Size, shape_text, size_text

Legs: TypeAlias = tuple[int, ...]
Operand: TypeAlias = tuple["Node", Legs]
Term: TypeAlias = tuple["Node", Number]

SYMMETRIC = frozenset({"symmetric", "diagonal", "pd", "symmetric toeplitz"})


class Base:
    """What every node has: a shape, a stable digest and a place in human order.

    `fused` remembers that the node is already in canonical form.
    """

    __slots__ = ("__weakref__", "digest", "fused", "key", "shape")
    shape: Shape
    digest: bytes
    fused: bool
    key: tuple[int, str, bytes]

    @property
    def order(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __copy__(self) -> Base:
        return self

    def __deepcopy__(self, memo: object) -> Base:
        return self

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"<{kind} {self.key[1]} {shape_text(self.shape)}>"


class Tensor(Base):
    """A leaf: a variable, or a constant that owns its array."""

    __slots__ = ("array", "name", "structure")
    name: str
    structure: str
    array: np.ndarray[Any, Any] | None


class Einsum(Base):
    """Sum over every index that is not in `out` of the product of the operands."""

    __slots__ = ("dims", "operands", "out", "view")
    operands: tuple[Operand, ...]
    out: tuple[Legs, ...]
    dims: tuple[Size, ...]
    view: bool


class Sum(Base):
    """A linear combination; without terms it is zero."""

    __slots__ = ("terms",)
    terms: tuple[Term, ...]


class Call(Base):
    """A named function of nodes; `params` are its constants (an exponent, an order)."""

    __slots__ = ("args", "function", "params", "symmetric")
    function: str
    args: tuple[Node, ...]
    params: tuple[Any, ...]
    symmetric: bool


Node: TypeAlias = Tensor | Einsum | Sum | Call

Kind = TypeVar("Kind", "Tensor", "Einsum", "Sum", "Call")

_table: WeakValueDictionary[bytes, Any] = WeakValueDictionary()
_lock = threading.RLock()


def digest_of(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def size_key(size: Size) -> tuple[int, int, str]:
    return (1, 0, size_text(size)) if isinstance(size, Dim) else (0, size, "")


def shape_key(shape: Iterable[Size]) -> tuple[str, ...]:
    return tuple(size_text(size) for size in shape)


def intern_node(
    kind: type[Kind], digest: bytes, label: str, fields: dict[str, Any]
) -> Kind:
    """The node with this digest; built only if it does not exist yet."""
    with _lock:
        found = _table.get(digest)
        if found is not None:
            return found
        node = kind()
        rank = (Tensor, Call, Einsum, Sum).index(kind)
        node.digest, node.key = digest, (rank, label, digest)
        node.fused = False
        for field, value in fields.items():
            setattr(node, field, value)
        _table[digest] = node
        return node


def interned(digest: bytes) -> Any:
    """The node with this digest, or None where there is none yet."""
    with _lock:
        return _table.get(digest)


def is_symmetric(node: Node) -> bool:
    """Whether a matrix is known to equal its transpose."""
    if isinstance(node, Tensor):
        return node.structure in SYMMETRIC
    return isinstance(node, Call) and node.symmetric


class _Pass(threading.local):
    """The orders of large expressions that the pass of a thread has found; None
    outside of any."""

    orders: dict[Node, list[Node]] | None = None


_pass = _Pass()

#: What has fewer nodes is put in order anew, and how many orders a pass keeps.
LONG_ORDER, MOST_ORDERS = 1_000, 4


@contextmanager
def one_pass() -> Iterator[None]:
    """One pass over many nodes: the cyclic garbage collector is held still, and what
    `toposort` finds of long expressions is kept for the next to ask.

    Nodes refer downwards only, so a pass makes no cycles, and the collector would walk
    all of them again and again. Its state is restored, whatever happens. A pass inside
    another one is part of it.
    """
    if _pass.orders is not None:
        yield
        return
    _pass.orders = {}
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        _pass.orders = None
        if active:
            gc.enable()


# -- traversal -------------------------------------------------------------------------


def children(node: Node) -> Sequence[Node]:
    """The nodes directly under a node, with repetition."""
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Einsum):
        return [row[0] for row in node.operands]
    if isinstance(node, Sum):
        return [row[0] for row in node.terms]
    return ()


def toposort(*roots: Node, known: Container[Node] = ()) -> list[Node]:
    """Every node under the roots, once, children before parents; iterative. Those in
    `known`, and what is only under them, are left out.

    >>> from indexcalc.expr import scale, tensor
    >>> [type(node).__name__ for node in toposort(scale(2, tensor("x", ["n"])))]
    ['Tensor', 'Sum']
    """
    kept = _pass.orders if len(roots) == 1 and not known else None
    if kept is not None and roots[0] in kept:
        return list(kept[roots[0]])
    order = _ordered(roots, known)
    if kept is not None and len(order) >= LONG_ORDER:
        if len(kept) >= MOST_ORDERS:
            del kept[next(iter(kept))]
        kept[roots[0]] = list(order)
    return order


def _ordered(roots: Sequence[Node], known: Container[Node]) -> list[Node]:
    order: list[Node] = []
    done: set[Node] = set()
    stack: list[Node | None] = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in done and node not in known:
            done.add(node)
            fresh = [child for child in children(node) if child not in done]
            if fresh:
                stack += (node, None)
                fresh.reverse()
                stack += fresh
            else:
                order.append(node)
    return order


def extent(*roots: Node) -> int:
    """How long an expression is, what is shared counted once: its nodes' places.

    >>> from indexcalc.expr import scale, tensor
    >>> extent(scale(2, tensor("x", ["n"])))
    2
    """
    return len(roots) + sum(len(children(node)) for node in toposort(*roots))


def variables(*roots: Node) -> dict[str, Tensor]:
    """The variables under the roots, by name, in alphabetical order.

    Raises `ShapeError` where one name stands for two tensors.
    """
    found: dict[str, Tensor] = {}
    for node in toposort(*roots):
        if isinstance(node, Tensor) and node.array is None:
            before = found.setdefault(node.name, node)
            if before is not node:
                raise ShapeError(
                    f"{node.name} stands for two tensors, {declared(before)} and "
                    f"{declared(node)}",
                    hint="rename one",
                )
    return dict(sorted(found.items()))


def declared(node: Tensor) -> str:
    """How a tensor was declared: its shape, and its structure if it has one."""
    shape = shape_text(node.shape)
    return f"{shape} {node.structure}" if node.structure else shape
