"""NumPy on shadows: the calls that written programs make, and the memory they take.

Entrywise functions lay their result out as their operands; operators write into an
operand that nobody else holds, as NumPy does; matrix functions hold LAPACK's copies.

>>> meter = Meter()
>>> np_ = ShadowNumpy(meter)
>>> x = np_.ones((1000, 1000))
>>> y = np_.exp(np_.matmul(x, x.T))
>>> meter.now, meter.peak
(16000000, 24000000)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from .layouts import Layout, alike, diagonal, in_order, spread, together, turned
from .shadows import DType, Meter, NoShadowError, Shadow, made

#: NumPy writes into an operand of at least so many bytes that nobody else holds.
ELIDED = 1 << 18

#: Operators that may do so, and those that may with their right operand.
LEFT, RIGHT = frozenset("+-*/"), frozenset("+*")

#: Powers that do so with their base.
POWERS = (2, 0.5)

OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "+": ("add", operator.add),
    "-": ("subtract", operator.sub),
    "*": ("multiply", operator.mul),
    "/": ("divide", operator.truediv),
    "//": ("floor_divide", operator.floordiv),
    "%": ("remainder", operator.mod),
    "**": ("power", operator.pow),
    "@": ("matmul", operator.matmul),
    "<": ("less", operator.lt),
    "<=": ("less_equal", operator.le),
    ">": ("greater", operator.gt),
    ">=": ("greater_equal", operator.ge),
    "==": ("equal", operator.eq),
    "!=": ("not_equal", operator.ne),
}

#: What NumPy knows that no entries are needed for.
SAME = frozenset({"inf", "nan", "pi", "newaxis", "result_type", "dtype", "prod"})

#: Arrays of its argument's size that LAPACK and the wrappers of a function hold while
#: it runs, beside the result.
BESIDE = {"inv": 2, "det": 1, "cholesky": 1, "pinv": 8, "eigh": 3, "eigvalsh": 1}
BESIDE |= {"svd": 6, "svdvals": 1, "norm": 1}


def is_shadow(*values: Any) -> bool:
    """Whether a shadow is among some values."""
    return any(isinstance(value, Shadow) for value in values)


class ShadowNumpy:
    """The module `np` for shadows of one meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.linalg = _Linalg(self)

    def __getattr__(self, name: str) -> Any:
        known = getattr(np, name, None)
        if isinstance(known, np.ufunc):
            return Entrywise(self, known)
        if name in SAME:
            return _with_dtypes if name == "result_type" else known
        if isinstance(known, type) and issubclass(known, np.generic):
            return known
        raise NoShadowError(f"np.{name}")

    def array_of(self, value: Any, dtype: Any = None) -> Shadow:
        """A shadow of anything that is an array."""
        if isinstance(value, Shadow):
            return value
        if isinstance(value, (list, tuple)) and is_shadow(*value):
            parts = [self.array_of(part) for part in value]
            shape = (len(parts), *together([part.layout for part in parts]))
            return self._made(shape, dtype or parts[0].dtype)
        array = np.asarray(value, dtype)
        return self._made(array.shape, array.dtype)

    def _made(self, shape: Any, dtype: Any) -> Shadow:
        lengths = [shape] if isinstance(shape, (int, np.integer)) else list(shape)
        layout = in_order([int(n) for n in lengths])
        return made(self.meter, layout, np.dtype(dtype or float))

    # -- new arrays --------------------------------------------------------------------

    def empty(self, shape: Any, dtype: Any = None) -> Shadow:
        """A new array."""
        return self._made(shape, dtype)

    zeros = ones = empty

    def full(self, shape: Any, value: Any, dtype: Any = None) -> Shadow:
        """A new array."""
        return self._made(shape, dtype or np.result_type(_kind(value)))

    def empty_like(self, x: Shadow, dtype: Any = None) -> Shadow:
        """A new array that lies as another."""
        return x.like(alike([x.layout], x.shape), dtype and np.dtype(dtype))

    zeros_like = ones_like = empty_like

    def eye(self, n: int, dtype: Any = None) -> Shadow:
        """A unit matrix."""
        return self._made((n, n), dtype)

    def arange(self, *ends: Any) -> Shadow:
        """Numbers in a row."""
        return self._made((len(range(*map(int, ends))),), np.intp)

    def array(self, value: Any, dtype: Any = None) -> Shadow:
        """A copy."""
        found = self.array_of(value, dtype)
        return found.astype(dtype or found.dtype) if found is value else found

    def asarray(self, value: Any, dtype: Any = None) -> Shadow:
        """A shadow, in a dtype."""
        found = self.array_of(value, dtype)
        return found.astype(dtype or found.dtype, copy=False)

    def ascontiguousarray(self, x: Shadow) -> Shadow:
        """The array in C order: itself, or a copy."""
        return x if x.layout.contiguous else x.copy()

    def copyto(self, target: Shadow, source: Any) -> None:
        """Entries written."""

    def triu_indices(self, n: int) -> tuple[Shadow, Shadow]:
        """The places of a triangle, found through a mask."""
        self.meter.passing(2 * n * n + 16 * n * (n + 1))
        shape = (n * (n + 1) // 2,)
        return self._made(shape, np.intp), self._made(shape, np.intp)

    def broadcast_to(self, x: Any, shape: Any) -> Shadow:
        """A view that may not be written."""
        found = self.array_of(x)
        lengths = [shape] if isinstance(shape, int) else shape
        return found.viewed(spread(found.layout, lengths), steady=True)

    def take(
        self,
        x: Shadow,
        places: Any,
        axis: int,
        out: Shadow | None = None,
        mode: str = "raise",
    ) -> Shadow:
        """Chosen entries along an axis."""
        if out is not None:
            self.meter.passing(out.nbytes if mode == "raise" else 0)
            return out
        axis %= x.ndim
        shape = (*x.shape[:axis], *np.shape(places), *x.shape[axis + 1 :])
        found = x.like(in_order(shape))
        self.meter.passing(0 if x.layout.contiguous else x.nbytes)
        return found

    def where(self, mask: Any, a: Any, b: Any) -> Shadow:
        """Entries of either array."""
        return Entrywise(self, np.add)(mask, a, b, dtype=_kind_of(a, b))

    def diag(self, x: Shadow) -> Shadow:
        """A diagonal matrix, or the diagonal of one."""
        if x.ndim > 1:
            return x.diagonal().copy()
        return x.like(in_order((*x.shape, *x.shape)))

    def swapaxes(self, x: Shadow, one: int, two: int) -> Shadow:
        """Two axes exchanged."""
        return x.swapaxes(one, two)

    def stack(self, parts: Sequence[Shadow], axis: int = 0) -> Shadow:
        """Arrays side by side on a new axis."""
        parts = list(parts)
        shape = list(parts[0].shape)
        shape.insert(axis % (len(shape) + 1), len(parts))
        return parts[0].like(in_order(shape))

    def concatenate(self, parts: Sequence[Shadow], axis: int = 0) -> Shadow:
        """Arrays one after the other."""
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return parts[0].like(in_order(shape))

    # -- what asks about arrays --------------------------------------------------------

    def iscomplexobj(self, x: Any) -> bool:
        """Whether entries are complex."""
        return bool(_kind(x).kind == "c")

    def isrealobj(self, x: Any) -> bool:
        """Whether entries are real."""
        return not self.iscomplexobj(x)

    def errstate(self, **_: str) -> Any:
        """Nothing is computed, so nothing overflows."""
        return nullcontext()

    # -- products ----------------------------------------------------------------------

    def matmul(self, a: Shadow, b: Shadow, out: Shadow | None = None) -> Shadow:
        """Products of matrices; `out` must lie so that BLAS can write it, or it is
        written through a copy."""
        rows, columns = a.shape[-2:-1], b.shape[-1:] if b.ndim > 1 else ()
        batch = together([Layout(x.shape[:-2], x.shape[:-2]) for x in (a, b)])
        dtype = np.result_type(a.dtype, b.dtype)
        copies = _copied(a, b, dtype) + _copied(b, a, dtype)
        if out is None:
            found = a.like(in_order((*batch, *rows, *columns)), dtype)
            self.meter.passing(copies)
            return found
        if min(out.layout.strides[-2:], default=1) > 1 and out.size:
            copies += prod(out.shape[-2:]) * dtype.itemsize
        self.meter.passing(copies)
        return out

    def dot(self, a: Shadow, b: Shadow) -> Shadow:
        """A product of matrices, of copies where BLAS cannot read."""
        return self.matmul(*(x if _is_readable(x.layout) else x.copy() for x in (a, b)))

    def tensordot(self, a: Shadow, b: Shadow, axes: Any) -> Shadow:
        """A product of matrices that some axes are merged for."""
        left, right = (
            [k % x.ndim for k in ks] for x, ks in zip((a, b), axes, strict=True)
        )
        rows = [k for k in range(a.ndim) if k not in left]
        columns = [k for k in range(b.ndim) if k not in right]
        length = prod(a.shape[k] for k in left)
        x = a.transpose([*rows, *left]).reshape(-1 if length else 0, length)
        y = b.transpose([*right, *columns]).reshape(length, -1 if length else 0)
        shape = [*(a.shape[k] for k in rows), *(b.shape[k] for k in columns)]
        return self.dot(x, y).reshape(shape)

    def einsum(self, spec: str, *arrays: Shadow, out: Shadow | None = None) -> Shadow:
        """NumPy's own loop; a view where one array's axes are turned and diagonals
        read."""
        left, shown = spec.split("->")
        rows = left.split(",")
        sizes = {
            i: n
            for row, x in zip(rows, arrays, strict=True)
            for i, n in zip(row, x.shape, strict=True)
        }
        if len(rows) == 1 and set(rows[0]) == set(shown) and out is None:
            kept = "".join(dict.fromkeys(rows[0]))
            found = diagonal(arrays[0].layout, rows[0])
            return arrays[0].viewed(turned(found, [kept.index(i) for i in shown]))
        dtype = np.result_type(*(x.dtype for x in arrays))
        if out is not None:
            return out
        layouts = [
            _carried(x.layout, row, shown) for x, row in zip(arrays, rows, strict=True)
        ]
        shape = tuple(sizes[i] for i in shown)
        return made(self.meter, alike(layouts, shape), dtype)

    def trace(self, x: Shadow) -> Shadow:
        """The sum of the diagonal."""
        return self._made((), x.dtype)

    # -- operators ---------------------------------------------------------------------

    def binary(self, sign: str, a: Any, b: Any, free_a: bool, free_b: bool) -> Any:
        """An operator; `free_a` and `free_b` say whether nobody else holds a side."""
        name, of_numbers = OPERATORS[sign]
        if not is_shadow(a, b):
            return of_numbers(a, b)
        if sign == "@":
            return self.matmul(a, b)
        if sign in LEFT and free_a and _takes(a, b):
            return a
        if sign == "**" and free_a and b in POWERS and _takes(a, b):
            return a
        if sign in RIGHT and free_b and not _is_number(a) and _takes(b, a):
            return b
        return Entrywise(self, getattr(np, name))(a, b)

    def updated(self, sign: str, a: Any, b: Any) -> Any:
        """An operator in place; where the right side lies otherwise in the same memory,
        a copy of it."""
        if not isinstance(a, Shadow):
            return self.binary(sign, a, b, False, False)
        if isinstance(b, Shadow) and b.memory is a.memory and b.layout != a.layout:
            self.meter.passing(b.nbytes)
        return a

    def unary(self, sign: str, a: Any, free: bool) -> Any:
        """A sign."""
        if not isinstance(a, Shadow):
            return -a if sign == "-" else a
        return a if free and _takes(a, 1) else Entrywise(self, np.negative)(a)


def _carried(layout: Layout, labels: str, shown: str) -> Layout:
    """An operand with an axis for every label that is shown."""
    found = diagonal(layout, labels)
    rows = dict(zip(dict.fromkeys(labels), zip(*found, strict=True), strict=True))
    pairs = [rows.get(i, (1, 0)) for i in shown]
    return Layout(tuple(n for n, _ in pairs), tuple(s for _, s in pairs))


def _takes(a: Any, b: Any) -> bool:
    """Whether NumPy writes the result of an operator into a, which nobody holds."""
    if not isinstance(a, Shadow) or not a.whole or a.nbytes < ELIDED:
        return False
    if not isinstance(b, Shadow):
        return isinstance(b, (int, float)) and a.dtype.kind == "f"
    fits = b.shape in (a.shape, ()) and np.can_cast(b.dtype, a.dtype, "safe")
    return fits and a.dtype.kind in "fc"


def _is_number(a: Any) -> bool:
    """Whether a value may be one of NumPy's own numbers, beside which on the left it
    makes a new array."""
    return isinstance(a, Shadow) and not a.shape


def _copied(x: Shadow, other: Shadow, dtype: DType) -> int:
    """The bytes of the copy of an operand that a product needs: in another dtype, or
    of a matrix that BLAS cannot read where it lies."""
    if x.dtype != dtype:
        return x.size * dtype.itemsize
    matrices = x.ndim > 1 and other.ndim > 1
    if not matrices or 1 in x.layout.strides[-2:]:
        return 0
    return prod(x.shape[-2:]) * dtype.itemsize


def _is_readable(layout: Layout) -> bool:
    """Whether BLAS reads a matrix where it lies."""
    pairs = zip(layout.shape, layout.strides, strict=True)
    return any(s == 1 for n, s in pairs if n > 1) or layout.size < 2


def _kind(value: Any) -> DType:
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def _kind_of(*values: Any) -> DType:
    """The dtype that values have together; Python's numbers do not widen it."""
    return _with_dtypes(*values)


def _with_dtypes(*values: Any) -> DType:
    kinds = [value.dtype if isinstance(value, Shadow) else value for value in values]
    return np.result_type(*kinds)


class Entrywise:
    """A ufunc on shadows."""

    def __init__(self, module: ShadowNumpy, ufunc: np.ufunc) -> None:
        self.module, self.ufunc = module, ufunc

    def __call__(self, *args: Any, out: Shadow | None = None, dtype: Any = None) -> Any:
        """A new array that lies as the arguments, or what is given."""
        if not is_shadow(*args):
            return self.ufunc(*args)
        if out is not None:
            self._overlap(args, out)
            return out
        found = [a if isinstance(a, Shadow) else None for a in args]
        layouts = [a.layout for a in found if a is not None]
        shape = together(layouts)
        kind = self._result(args) if dtype is None else dtype
        meter = self.module.meter
        return made(meter, alike([x for x in layouts if x.shape], shape), kind)

    def _overlap(self, args: Sequence[Any], out: Shadow) -> None:
        """A copy of what would be overwritten before it is read."""
        for a in args:
            same = isinstance(a, Shadow) and a.memory is out.memory
            if same and out.memory is not None and a.layout != out.layout:
                self.module.meter.passing(a.nbytes)

    def _result(self, args: Sequence[Any]) -> DType:
        kinds = [a.dtype if isinstance(a, Shadow) else type(a) for a in args]
        if self.ufunc is np.power and isinstance(args[1], int):
            kinds[1] = int
        try:
            return self.ufunc.resolve_dtypes((*kinds, None))[-1]
        except (TypeError, AttributeError):
            return _kind_of(*args)

    def reduce(self, x: Shadow, axis: int = 0) -> Shadow:
        """One entry for every place along the other axes."""
        return x.reduced(axis, None, False, x.dtype)


class _Linalg:
    """The module `np.linalg` on shadows."""

    def __init__(self, module: ShadowNumpy) -> None:
        self.module = module

    def _passing(self, name: str, x: Shadow) -> None:
        self.module.meter.passing(BESIDE[name] * prod(x.shape[-2:]) * x.dtype.itemsize)

    def inv(self, x: Shadow) -> Shadow:
        """An inverse."""
        found = x.like(in_order(x.shape))
        self._passing("inv", x)
        return found

    def pinv(self, x: Shadow) -> Shadow:
        """A pseudoinverse."""
        self._passing("pinv", x)
        return x.like(in_order((*x.shape[:-2], x.shape[-1], x.shape[-2])))

    def solve(self, x: Shadow, b: Shadow) -> Shadow:
        """The solution of linear systems."""
        found = b.like(in_order(b.shape))
        self.module.meter.passing(x.nbytes + b.nbytes)
        return found

    def det(self, x: Shadow) -> Shadow:
        """A determinant."""
        self._passing("det", x)
        return x.like(in_order(x.shape[:-2]))

    def slogdet(self, x: Shadow) -> tuple[Shadow, Shadow]:
        """The sign and the logarithm of a determinant."""
        return self.det(x), x.like(in_order(x.shape[:-2]))

    def cholesky(self, x: Shadow) -> Shadow:
        """A triangular factor."""
        found = x.like(in_order(x.shape))
        self._passing("cholesky", x)
        return found

    def eigh(self, x: Shadow) -> tuple[Shadow, Shadow]:
        """Eigenvalues and eigenvectors."""
        found = x.like(in_order(x.shape[:-1])), x.like(in_order(x.shape))
        self._passing("eigh", x)
        return found

    def eigvalsh(self, x: Shadow) -> Shadow:
        """Eigenvalues."""
        self._passing("eigvalsh", x)
        return x.like(in_order(x.shape[:-1]))

    def svd(
        self, x: Shadow, full_matrices: bool = True, compute_uv: bool = True
    ) -> Any:
        """Singular values, and vectors where they are asked for."""
        m, n = x.shape[-2:]
        batch, k = x.shape[:-2], min(m, n)
        values = x.like(in_order((*batch, k)))
        if not compute_uv:
            self._passing("svdvals", x)
            return values
        rows, columns = (m, n) if full_matrices else (k, k)
        left = x.like(in_order((*batch, m, rows)))
        right = x.like(in_order((*batch, columns, n)))
        self._passing("svd", x)
        return left, values, right

    def norm(self, x: Shadow, order: Any = None, axis: Any = None) -> Shadow:
        """A norm."""
        self._passing("norm", x)
        return x.reduced(axis, None, False, x.dtype)


def visited(*ends: int) -> Iterator[int]:
    """The first two and the last of a range: all blocks between them hold the same."""
    every = range(*ends)
    if len(every) < 4:
        return iter(every)
    return chain(every[:2], every[-1:])
