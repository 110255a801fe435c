"""Array expressions into SymPy: a contraction follows the Einsum node as it stands.

Operands make an `ArrayTensorProduct`; an index that is summed is an
`ArrayContraction`, one that joins axes and stays an `ArrayDiagonal`; a repeated axis of
the result is a product with an identity, a grouped one a `Reshape`.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.sympy_forms.vocabulary import vocabulary
>>> T, A = tensor("T", ("n", "m", "n")), tensor("A", ("m", "p"))
>>> y = einsum([(T, [0, 1, 2]), (A, [1, 3])], [3, 0, 2])
>>> to_array(y, vocabulary(y, {}))
ArrayContraction(ArrayTensorProduct(A, T), (0, 3))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy.tensor.array.expressions import array_expressions as arrays

from ..errors import BudgetError, UnsupportedError
from ..functions import is_elementwise
from ..nodes import Call, Einsum, Node, Sum, Tensor, children, toposort
from ..sizes import Shape
from .elementary import no_word, number, spelled
from .symbols import bound
from .vocabulary import Vocabulary
from .write_matrices import to_matrix

#: How many functions of matrices may stand inside one another.
DEPTH_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Said:
    """A SymPy array; `spare` are its axes of size 1 that the node has not, as a column
    has a second one."""

    array: Any
    spare: tuple[int, ...] = ()

    @property
    def plain(self) -> Any:
        """The array without spare axes."""
        if not self.spare:
            return self.array
        return arrays.ArrayContraction(self.array, *((axis,) for axis in self.spare))


def to_array(root: Node, words: Vocabulary) -> Any:
    """The array expression of a node.

    Raises `UnsupportedError` with the reason where there is none, and `BudgetError`
    for more than `DEPTH_LIMIT` functions of matrices inside one another.
    """
    order = toposort(root)
    if _depth(order) > DEPTH_LIMIT:
        raise BudgetError(
            f"SymPy takes long over arrays with more than {DEPTH_LIMIT} functions of "
            "matrices inside one another",
            hint='form="matrix" or form="indexed" may do, or a part of it',
        )
    done: dict[Node, Said] = {}
    for node in order:
        done[node] = _said(node, done, words)
    return done[root].plain


def _depth(order: Sequence[Node]) -> int:
    """How many functions of matrices stand inside one another at most."""
    depth: dict[Node, int] = {}
    for node in order:
        whole = isinstance(node, Call) and not is_elementwise(node.function)
        depth[node] = whole + max((depth[e] for e in children(node)), default=0)
    return max(depth.values())


def _said(node: Node, done: dict[Node, Said], words: Vocabulary) -> Said:
    match node:
        case Tensor():
            return _tensor(node, words)
        case Sum():
            return _sum(node, done, words)
        case Call():
            return _call(node, done, words)
        case Einsum():
            return _einsum(node, done, words)


def _tensor(node: Tensor, words: Vocabulary) -> Said:
    match len(node.shape):
        case 0:
            return Said(words.scalar(node))
        case 1 if node.array is None:
            return Said(words.matrix(node), (1,))
        case 2:
            return Said(words.matrix(node))
        case _:
            return Said(words.array(node))


def _sum(node: Sum, done: dict[Node, Said], words: Vocabulary) -> Said:
    if not node.terms:
        return Said(zeros(node.shape, words))
    terms = [_scaled(c, done[e].plain) for e, c in node.terms]
    if not node.shape and all(isinstance(term, sympy.Expr) for term in terms):
        return Said(sympy.Add(*terms))
    whole = [t if hasattr(t, "shape") else sympy.Array(t) for t in terms]
    return Said(whole[0] if len(whole) == 1 else arrays.ArrayAdd(*whole))


def zeros(shape: Shape, words: Vocabulary) -> Any:
    """The zero of a shape."""
    if not shape:
        return sympy.S.Zero
    return arrays.ZeroArray(*(words.size(size) for size in shape))


def _scaled(c: Any, term: Any) -> Any:
    if c == 1:
        return term
    if isinstance(term, sympy.Expr) and not hasattr(term, "shape"):
        return number(c) * term
    return arrays.ArrayTensorProduct(number(c), term)


def _call(node: Call, done: dict[Node, Said], words: Vocabulary) -> Said:
    if not is_elementwise(node.function) or len(node.args) != 1:
        return _by_matrix(node, done, words)
    argument = done[node.args[0]].plain
    if not node.shape and isinstance(argument, sympy.Expr):
        return Said(spelled(node, [argument]))
    x = bound("d")
    function = sympy.Lambda(x, spelled(node, [x]))
    return Said(arrays.ArrayElementwiseApplyFunc(function, argument))


def _by_matrix(node: Call, done: dict[Node, Said], words: Vocabulary) -> Said:
    """A function of matrices, where it has a matrix form."""
    scalars = [done[arg].plain for arg in node.args]
    if is_elementwise(node.function) and not node.shape:
        if not all(isinstance(scalar, sympy.Expr) for scalar in scalars):
            raise UnsupportedError(
                f"SymPy has no function {node.function} of scalars that are arrays",
                hint='form="indexed" says it',
            )
        return Said(spelled(node, scalars))
    if len(node.shape) > 2:
        raise (
            no_word(node)
            if node.args
            else UnsupportedError(f"SymPy's arrays have no word for {node.function}")
        )
    return Said(to_matrix(node, words), (1,) if len(node.shape) == 1 else ())


# -- contractions ----------------------------------------------------------------------


@dataclass(slots=True)
class _Product:
    """A tensor product being put together: its factors, and the index of each axis;
    None marks a spare axis."""

    factors: list[Any] = field(default_factory=list)
    axes: list[int | None] = field(default_factory=list)

    def append(self, array: Any, legs: Sequence[int | None]) -> None:
        """One more factor with its indices."""
        self.factors.append(array)
        self.axes += legs

    def whole(self) -> Any:
        """The tensor product."""
        if len(self.factors) == 1:
            return self.factors[0]
        if not self.axes:
            return sympy.Mul(*self.factors)
        return arrays.ArrayTensorProduct(*self.factors)


def _einsum(node: Einsum, done: dict[Node, Said], words: Vocabulary) -> Said:
    scalar = _scalar(node, words)
    if scalar is not None:
        return Said(scalar)
    made = _Product()
    for child, legs in node.operands:
        said = done[child]
        whole = iter(legs)
        count = len(legs) + len(said.spare)
        places = [None if k in said.spare else next(whole) for k in range(count)]
        made.append(said.array, places)
    flat = _completed(made, node, words)
    found, axes = _contracted(made.whole(), made.axes, set(flat))
    found, axes = _joined(found, axes)
    order = [axes.index(i) for i in flat]
    if order != list(range(len(order))):
        found = arrays.PermuteDims(found, order)
    return Said(_grouped(found, node, words))


def _scalar(node: Einsum, words: Vocabulary) -> Any | None:
    """A scalar in its matrix form, which SymPy can put into functions; else None."""
    if node.shape or not node.operands:
        return None
    try:
        return to_matrix(node, words)
    except UnsupportedError:
        return None


def _reshaped(found: Any, shape: Sequence[Any]) -> Any:
    """A `Reshape` that other array expressions can hold: SymPy leaves its rank out."""
    result = arrays.Reshape(found, shape)
    result._subranks = [len(shape)]
    return result


def _grouped(found: Any, node: Einsum, words: Vocabulary) -> Any:
    """The axes grouped, and axes of size 1 put in."""
    if all(len(group) == 1 for group in node.out):
        return found
    shape = tuple(words.size(size) for size in node.shape)
    if any(node.out):
        return _reshaped(found, shape)
    return arrays.ArrayTensorProduct(found, arrays.OneArray(*shape))


def _completed(made: _Product, node: Einsum, words: Vocabulary) -> list[int]:
    """Adds sizes, ones and identities until every entry of the result has an axis of
    its own; answers the indices of those entries."""
    carried = {i for i in made.axes if i is not None}
    flat = [i for group in node.out for i in group]
    for i, size in enumerate(node.dims):
        if i not in carried and i not in flat:
            made.append(words.size(size), [])
    entries: list[int] = []
    fresh = len(node.dims)
    for i in flat:
        if i not in entries:
            entries.append(i)
            continue
        made.append(sympy.Identity(words.size(node.dims[i])), [i, fresh])
        entries.append(fresh)
        fresh += 1
    carried = {i for i in made.axes if i is not None}
    for i in entries:
        if i not in carried:
            made.append(arrays.OneArray(words.size(node.dims[i])), [i])
    if not made.factors:
        made.append(sympy.S.One, [])
    return entries


def _contracted(
    found: Any, axes: list[int | None], kept: set[int]
) -> tuple[Any, list[int]]:
    """Sums over every index that is not kept, and over spare axes."""
    groups: dict[object, list[int]] = {}
    for place, i in enumerate(axes):
        if i is None or i not in kept:
            key: object = ("spare", place) if i is None else i
            groups.setdefault(key, []).append(place)
    rest = [i for i in axes if i is not None and i in kept]
    if groups:
        found = arrays.ArrayContraction(found, *(tuple(g) for g in groups.values()))
    return found, rest


def _joined(found: Any, axes: list[int]) -> tuple[Any, list[int]]:
    """Axes of one index joined; they come last."""
    places: dict[int, list[int]] = {}
    for place, i in enumerate(axes):
        places.setdefault(i, []).append(place)
    several = {i: group for i, group in places.items() if len(group) > 1}
    if not several:
        return found, axes
    rest = [i for i in axes if i not in several]
    joined = arrays.ArrayDiagonal(found, *(tuple(g) for g in several.values()))
    return joined, [*rest, *several]
