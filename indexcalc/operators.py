"""Python's and NumPy's operators on symbols, with NumPy's meaning.

`Operators` is the part of an expression that behaves as an array does: `*` is
elementwise, `@` the matrix product, `np.exp(X)` and `np.einsum(…, X)` work through
NumPy's protocols. The class that inherits it supplies `written`, the node, and `_with`,
which wraps a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from . import complexes, expr, matrix
from .errors import ShapeError, UnsupportedError
from .index import Indexed, is_index_key
from .nodes import Call, Einsum, Node, Sum, Tensor
from .sizes import Shape, shape_text, times

#: The most lists inside one another that an argument may have; NumPy's own limit.
DEEPEST = 64


def _method(function: Callable[..., Any]) -> Any:
    """An array's method that is NumPy's function of the array."""

    def method(self: Operators, *args: Any, **kwargs: Any) -> Any:
        return self._function(function, self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"`np.{function.__name__}`."
    return method


class Operators:
    """What an expression shares with arrays."""

    __slots__ = ()
    __array_priority__ = 1000
    written: Node
    scope: dict[str, Tensor]
    vanished: Mapping[Node, None]

    def _with(
        self,
        node: Node,
        others: Iterable[object] = (),
        key: tuple[Node, object] | None = None,
    ) -> Self:
        """A new expression of the same kind that holds `node`."""
        raise NotImplementedError

    @property
    def shape(self) -> Shape:
        """The sizes of the axes: integers, and names."""
        return self.written.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.written.shape)

    # -- arithmetic, NumPy's -----------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        from .numpy_calls import apply_ufunc

        with expr.vanishing() as gone:
            result = apply_ufunc(ufunc, method, bare(list(inputs)), bare(kwargs))
        return self._wrapped(result, [*inputs, gone] if gone else inputs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        from .numpy_calls import apply_function

        with expr.vanishing() as gone:
            result = apply_function(function, bare(args), bare(kwargs))
        return self._wrapped(result, [args, kwargs, *([gone] if gone else ())])

    def _wrapped(self, result: Any, given: Iterable[object]) -> Any:
        if isinstance(result, (tuple, list)):
            return type(result)(self._wrapped(part, given) for part in result)
        return self._with(result, given) if is_node(result) else result

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError(
            "an expression is not an array",
            hint="evaluate(…) gives one; ic.numpy.array([…]) and np.stack join symbols",
        )

    def __add__(self, other: object) -> Self:
        return self._ufunc(np.add, self, other)

    def __radd__(self, other: object) -> Self:
        return self._ufunc(np.add, other, self)

    def __sub__(self, other: object) -> Self:
        return self._ufunc(np.subtract, self, other)

    def __rsub__(self, other: object) -> Self:
        return self._ufunc(np.subtract, other, self)

    def __mul__(self, other: object) -> Self:
        return self._ufunc(np.multiply, self, other)

    def __rmul__(self, other: object) -> Self:
        return self._ufunc(np.multiply, other, self)

    def __truediv__(self, other: object) -> Self:
        return self._ufunc(np.true_divide, self, other)

    def __rtruediv__(self, other: object) -> Self:
        return self._ufunc(np.true_divide, other, self)

    def __matmul__(self, other: object) -> Self:
        return self._ufunc(np.matmul, self, other)

    def __rmatmul__(self, other: object) -> Self:
        return self._ufunc(np.matmul, other, self)

    def __pow__(self, other: object) -> Self:
        return self._ufunc(np.power, self, other)

    def __rpow__(self, other: object) -> Self:
        return self._ufunc(np.power, other, self)

    def __neg__(self) -> Self:
        return self._with(expr.scale(-1, self.written))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._ufunc(np.absolute, self)

    def __gt__(self, other: object) -> Self:
        return self._ufunc(np.greater, self, other)

    def __lt__(self, other: object) -> Self:
        return self._ufunc(np.less, self, other)

    def __ge__(self, other: object) -> Self:
        return self._ufunc(np.greater_equal, self, other)

    def __le__(self, other: object) -> Self:
        return self._ufunc(np.less_equal, self, other)

    def __and__(self, other: object) -> Self:
        return self._ufunc(np.logical_and, self, other)

    def __or__(self, other: object) -> Self:
        return self._ufunc(np.logical_or, self, other)

    def __xor__(self, other: object) -> Self:
        return self._ufunc(np.logical_xor, self, other)

    def __invert__(self) -> Self:
        return self._ufunc(np.logical_not, self)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __bool__(self) -> bool:
        raise UnsupportedError(
            "an expression has no truth value", hint="use np.where for a choice"
        )

    def _ufunc(self, ufunc: np.ufunc, *inputs: Any) -> Self:
        if any(isinstance(value, (str, bytes, Indexed)) for value in inputs):
            return NotImplemented
        return self.__array_ufunc__(ufunc, "__call__", *inputs)

    def __getitem__(self, key: object) -> Any:
        if is_index_key(key):
            return Indexed.of(self.written, key)
        from .numpy_calls import getitem

        return self._with(getitem(self.written, bare(key)), key=(self.written, key))

    def __iter__(self) -> Iterator[Self]:
        length = self.shape[0] if self.shape else None
        if not isinstance(length, int):
            raise ShapeError(
                f"{shape_text(self.shape)} cannot be unpacked along its first axis",
                hint="only axes of literal size can",
            )
        return (self[k] for k in range(length))

    def __len__(self) -> int:
        if not self.shape or not isinstance(self.shape[0], int):
            raise ShapeError(f"{shape_text(self.shape)} has no literal length")
        return self.shape[0]

    @property
    def size(self) -> Any:
        """The number of entries."""
        return times(*self.shape)

    @property
    def T(self) -> Self:
        """All axes reversed."""
        return self._with(matrix.transpose(self.written))

    @property
    def mT(self) -> Self:
        """The last two axes exchanged."""
        return self._with(expr.swapped(self.written))

    @property
    def H(self) -> Self:
        """The conjugate transpose; the transpose of what is real."""
        return self._with(matrix.transpose(complexes.conjugate(self.written)))

    @property
    def real(self) -> Self:
        """`np.real`."""
        return self._with(complexes.real_part(self.written))

    @property
    def imag(self) -> Self:
        """`np.imag`."""
        return self._with(complexes.imaginary_part(self.written))

    def conj(self) -> Self:
        """`np.conj`."""
        return self._with(complexes.conjugate(self.written))

    conjugate = conj
    sum = _method(np.sum)
    mean = _method(np.mean)
    std = _method(np.std)
    var = _method(np.var)
    max = _method(np.max)
    min = _method(np.min)
    prod = _method(np.prod)
    cumsum = _method(np.cumsum)
    dot = _method(np.dot)
    trace = _method(np.trace)
    diagonal = _method(np.diagonal)
    squeeze = _method(np.squeeze)
    swapaxes = _method(np.swapaxes)
    clip = _method(np.clip)
    repeat = _method(np.repeat)
    take = _method(np.take)

    def copy(self) -> Self:
        """The expression itself, which never changes."""
        return self

    def transpose(self, *axes: Any) -> Self:
        """`np.transpose`."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], Sequence) else axes
        return self._function(np.transpose, self, order or None)

    def reshape(self, *shape: Any, order: str = "C") -> Self:
        """`np.reshape`."""
        target = shape[0] if len(shape) == 1 else shape
        return self._function(np.reshape, self, target, order=order)

    def _function(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Self:
        return self.__array_function__(function, (), args, kwargs)

    def ravel(self, order: str = "C") -> Self:
        """`np.ravel`."""
        return self._with(matrix.vec(self.written, order))

    flatten = ravel


def is_node(value: object) -> bool:
    """Whether a value is a bare node."""
    return isinstance(value, (Tensor, Einsum, Sum, Call))


def bare(value: Any, depth: int = 0) -> Any:
    """A value with every expression in it, however nested, replaced by its node.

    Raises `UnsupportedError` for lists that are nested very deep, or in themselves.
    """
    if isinstance(value, Operators):
        return value.written
    if depth > DEEPEST:
        raise UnsupportedError(f"lists nested deeper than {DEEPEST} are not read")
    if isinstance(value, (list, tuple)):
        return type(value)(bare(part, depth + 1) for part in value)
    if isinstance(value, Mapping):
        return {name: bare(part, depth + 1) for name, part in value.items()}
    return value


def scope_of(values: Iterable[object]) -> dict[str, Tensor]:
    """The variables whose arrays are welcome for any of the expressions in `values`."""
    scope: dict[str, Tensor] = {}
    for value in values:
        if isinstance(value, Operators):
            scope |= value.scope
        elif isinstance(value, Mapping):
            scope |= scope_of(value.values())
        elif isinstance(value, (list, tuple)):
            scope |= scope_of(value)
    return scope


def vanished_of(values: Iterable[object]) -> dict[Node, None]:
    """The nodes that vanished while the expressions in `values` were put together, and
    those that are the keys of a mapping."""
    found: dict[Node, None] = {}
    for value in values:
        if isinstance(value, Operators):
            found |= value.vanished
        elif isinstance(value, Mapping):
            found.update((key, None) for key in value if is_node(key))
            found |= vanished_of(value.values())
        elif isinstance(value, (list, tuple)):
            found |= vanished_of(value)
    return found
