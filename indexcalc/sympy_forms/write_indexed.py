"""Index notation into SymPy: Indexed, Sum, KroneckerDelta.

Every index is an `Idx` with its range. A grouped axis r of indices i, k is written
KroneckerDelta(r, m*i + k), summed over i and k. The argument of an inverse or a
determinant is a `FunctionMatrix`, a matrix told by its entries.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.sympy_forms.vocabulary import vocabulary
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> y = einsum([(A, [0, 1]), (x, [1])], [0])
>>> to_indexed(y, vocabulary(y, {}))
Sum(A[i, j]*x[j], (j, 0, n - 1))
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from .. import matrix
from ..errors import UnsupportedError
from ..functions import cores, is_elementwise
from ..nodes import Call, Einsum, Node, Sum, Tensor
from ..sizes import Size, times
from .deep import answer
from .elementary import no_word, number, spelled
from .vocabulary import Vocabulary

Indices: TypeAlias = tuple[Any, ...]
Request: TypeAlias = tuple[Node, Indices]
Answers: TypeAlias = Generator[Request, Any, Any]


def to_indexed(root: Node, words: Vocabulary, names: Sequence[str] = ()) -> Any:
    """The entry of a node with named indices, as a SymPy scalar.

    `names` are those of its axes; without them they are letters from i on.
    """
    chosen: list[str | None] = [*names] or [None] * len(root.shape)
    if len(chosen) != len(root.shape):
        raise UnsupportedError(f"{len(chosen)} names for {len(root.shape)} axes")
    axes = tuple(words.index(s, n) for s, n in zip(root.shape, chosen, strict=True))
    return answer(_Writer(words).rule, (root, axes))


@dataclass(frozen=True, slots=True)
class _Writer:
    words: Vocabulary

    def rule(self, request: Request) -> Any:
        """A node with its indices."""
        node, axes = request
        match node:
            case Tensor():
                return self._tensor(node, axes)
            case Sum():
                return self._sum(node, axes)
            case Einsum():
                return self._einsum(node, axes)
            case Call():
                return self._call(node, axes)

    def _tensor(self, node: Tensor, axes: Indices) -> Any:
        if not node.shape:
            return self.words.scalar(node)
        if _is_levicivita(node):
            return sympy.LeviCivita(*axes)
        return sympy.Indexed(self.words.base(node), *axes)

    def _sum(self, node: Sum, axes: Indices) -> Answers:
        terms = []
        for child, c in node.terms:
            terms.append(number(c) * (yield child, axes))
        return sympy.Add(*terms)

    # -- contractions ------------------------------------------------------------------

    def _einsum(self, node: Einsum, axes: Indices) -> Answers:
        names: dict[int, Any] = {
            i: sympy.S.Zero for i, s in enumerate(node.dims) if s == 1
        }
        factors: list[Any] = []
        for group, axis in zip(node.out, axes, strict=True):
            if len(group) == 1:
                known = names.setdefault(group[0], axis)
                factors += [] if known is axis else [_delta(known, axis)]
        bound: dict[Any, Size] = {}
        for group, axis in zip(node.out, axes, strict=True):
            if len(group) > 1:
                for i in group:
                    self._bind(i, node, names, bound)
                apart, equal = self._apart(group, node, names, bound)
                place = self._counted([node.dims[i] for i in group], apart)
                factors += [*equal, _delta(axis, place)]
        for child, legs in node.operands:
            for i in legs:
                self._bind(i, node, names, bound)
            factors.append((yield child, tuple(names[i] for i in legs)))
        lone = [s for i, s in enumerate(node.dims) if i not in names]
        body = sympy.Mul(*map(self.words.size, lone), *factors)
        limits = [(i, 0, self.words.size(size) - 1) for i, size in bound.items()]
        return sympy.Sum(body, *limits) if limits else body

    def _bind(
        self, i: int, node: Einsum, names: dict[int, Any], bound: dict[Any, Size]
    ) -> None:
        if i not in names:
            names[i] = self.words.index(node.dims[i])
            bound[names[i]] = node.dims[i]

    def _apart(
        self,
        group: Sequence[int],
        node: Einsum,
        names: dict[int, Any],
        bound: dict[Any, Size],
    ) -> tuple[list[Any], list[Any]]:
        """A name for each place of a group, and the δ that join those of one index."""
        found: list[Any] = []
        equal: list[Any] = []
        for place, i in enumerate(group):
            if i not in group[:place]:
                found.append(names[i])
                continue
            twin = self.words.index(node.dims[i])
            bound[twin] = node.dims[i]
            found.append(twin)
            equal.append(_delta(names[i], twin))
        return found, equal

    def _counted(self, sizes: Sequence[Size], names: Sequence[Any]) -> Any:
        """The place in a grouped axis, the last index fastest."""
        strides = [times(*sizes[k + 1 :]) for k in range(len(sizes))]
        pairs = zip(strides, names, strict=True)
        return sympy.expand(sympy.Add(*(self.words.size(s) * i for s, i in pairs)))

    # -- functions ---------------------------------------------------------------------

    def _call(self, node: Call, axes: Indices) -> Answers:
        if is_elementwise(node.function):
            args = []
            for arg in node.args:
                args.append((yield arg, axes))
            return spelled(node, args)
        if node.function in CONSTANTS:
            return CONSTANTS[node.function](self.words, node, axes)
        if node.function not in OF_MATRIX:
            raise no_word(node)
        batch = len(node.args[0].shape) - cores(node)[0][0]
        inner = yield from self._matrix(node.args[0], axes[:batch])
        return OF_MATRIX[node.function](inner, axes[batch:])

    def _matrix(self, node: Node, batch: Indices) -> Answers:
        """A matrix told by its entries; the axes before the last two are indices."""
        sizes = [self.words.size(size) for size in node.shape[-2:]]
        row, column = (
            sympy.Symbol(self.words.index(size).name, integer=True)
            for size in node.shape[-2:]
        )
        entry = yield node, (*batch, row, column)
        return sympy.FunctionMatrix(*sizes, sympy.Lambda((row, column), entry))


def _is_levicivita(node: Tensor) -> bool:
    """Whether a constant is the antisymmetric tensor of as many axes as its size."""
    order = len(node.shape)
    alike = node.array is not None and set(node.shape) == {order} and order <= 6
    return alike and node is matrix.levicivita(order)


def _delta(a: Any, b: Any) -> Any:
    return sympy.KroneckerDelta(a, b)


def _basis(words: Vocabulary, node: Call, axes: Indices) -> Any:
    return _delta(axes[0], sympy.Integer(node.params[0]))


def _embed(words: Vocabulary, node: Call, axes: Indices) -> Any:
    return _delta(axes[0], axes[1] + words.size(node.params[0]))


#: The entries of constants of symbolic size.
CONSTANTS: dict[str, Callable[[Vocabulary, Call, Indices], Any]] = {
    "basis": _basis,
    "embed": _embed,
}

#: Functions of a matrix, at given indices.
OF_MATRIX: dict[str, Callable[[Any, Indices], Any]] = {
    "inv": lambda a, axes: MatrixElement(sympy.Inverse(a), *axes),
    "det": lambda a, axes: sympy.Determinant(a),
    "logdet": lambda a, axes: sympy.log(sympy.Abs(sympy.Determinant(a))),
}
