"""Results whose deltas stay unbuilt: patterns over core arrays.

∂(x∘y∘z)/∂x costs n numbers instead of n², H X costs np instead of n²p. A `Structured`
answers products, its diagonal and single entries from the cores, and becomes dense only
when `toarray` is called. As a linear map it takes the variable's axes to the value's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .errors import EvaluationError, ShapeError
from .evaluate import Functions, prepare, run, scalar, write_out
from .nodes import Node, Sum, Tensor
from .pairwise import Array, arranged, contract, without_repeats
from .plan import Pattern, compile_nodes
from .simplify import fuse


@dataclass(frozen=True, slots=True)
class Part:
    """One core array with its pattern; `axes` groups labels, `sizes` are their
    lengths."""

    core: Array
    axes: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Structured:
    """A sum of parts of one shape; the first `rows` axes are the value's.

    `parts` hold what was computed: the core arrays, and where their entries go.
    """

    parts: tuple[Part, ...]
    shape: tuple[int, ...]
    rows: int
    dtype: Any

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """The shape as a linear map: value entries × variable entries."""
        return prod(self.shape[: self.rows]), prod(self.shape[self.rows :])

    @property
    def nbytes(self) -> int:
        """What the cores take."""
        return sum(part.core.nbytes for part in self.parts)

    def __repr__(self) -> str:
        cores = ", ".join("×".join(map(str, p.core.shape)) or "1" for p in self.parts)
        return f"<Structured {'×'.join(map(str, self.shape))} from cores {cores}>"

    def toarray(self) -> Array:
        """The dense array, deltas written as diagonals."""
        dense = np.zeros(self.shape, self.dtype)
        for part in self.parts:
            dense += write_out(part.core, _pattern(part), part.sizes)
        return dense

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.toarray().astype(dtype or self.dtype, copy=False)

    def matvec(self, vector: object) -> Array:
        """The map applied to an array of the variable's shape (or flat)."""
        return self._apply(vector, slice(self.rows, None), slice(0, self.rows))

    def rmatvec(self, vector: object) -> Array:
        """The transposed map applied to an array of the value's shape (or flat)."""
        return self._apply(vector, slice(0, self.rows), slice(self.rows, None))

    def _apply(self, vector: object, given: slice, kept: slice) -> Array:
        array = np.asarray(vector)
        flat = array.ndim == 1 and len(self.shape[given]) != 1
        try:
            array = array.reshape(self.shape[given])
        except ValueError:
            raise ShapeError(
                f"a vector of shape {array.shape} where {self.shape[given]} is wanted"
            ) from None
        shape = self.shape[kept]
        total = np.zeros(shape, np.result_type(self.dtype, array.dtype))
        for part in self.parts:
            total += _applied(part, array, given, kept)
        return total.reshape(-1) if flat else total

    def _adjoint(self, vector: Array) -> Array:
        """The conjugate transposed map, which is what SciPy asks of `rmatvec`."""
        array = vector.reshape(self.shape[: self.rows])
        return np.conj(self.rmatvec(np.conj(array)))

    def diagonal(self) -> Array:
        """The diagonal of the linear map, in the variable's shape."""
        if self.shape[: self.rows] != self.shape[self.rows :]:
            raise ShapeError(
                f"a diagonal of the map {self.matrix_shape} is not defined"
            )
        total = np.zeros(self.shape[: self.rows], self.dtype)
        for part in self.parts:
            total += _diagonal(part, self.rows)
        return total

    def __getitem__(self, key: Any) -> Any:
        """One entry, by a full tuple of integers; other keys go through `toarray`."""
        places = key if isinstance(key, tuple) else (key,)
        whole = len(places) == len(self.shape)
        if not (whole and all(isinstance(k, (int, np.integer)) for k in places)):
            return self.toarray()[key]
        entry = [range(n)[int(k)] for k, n in zip(places, self.shape, strict=True)]
        return sum((_entry(part, entry) for part in self.parts), self.dtype.type(0))

    def aslinearoperator(self) -> Any:
        """SciPy's `LinearOperator`. Raises `EvaluationError` where SciPy is missing."""
        try:
            from scipy.sparse.linalg import LinearOperator
        except ImportError:
            raise EvaluationError(
                "a LinearOperator needs SciPy", hint="pip install 'indexcalc[scipy]'"
            ) from None
        return LinearOperator(
            self.matrix_shape,
            matvec=lambda v: self.matvec(v.reshape(self.shape[self.rows :])).ravel(),
            rmatvec=lambda v: self._adjoint(v).ravel(),
            dtype=self.dtype,
        )


def _pattern(part: Part) -> Pattern:
    return Pattern(part.axes, part.labels, part.sizes)


def _split(part: Part, array: Array, axes: slice) -> tuple[Array, tuple[int, ...]]:
    """An array on some of the axes, with one axis a label; repeated ones a diagonal."""
    labels = tuple(i for axis in part.axes[axes] for i in axis)
    return without_repeats(array.reshape([part.sizes[i] for i in labels]), labels)


def _applied(part: Part, array: Array, given: slice, kept: slice) -> Array:
    vector, labels = _split(part, array, given)
    out_axes = part.axes[kept]
    out = tuple(dict.fromkeys(i for axis in out_axes for i in axis))
    carried = set(labels) | set(part.labels)
    core_out = tuple(i for i in out if i in carried)
    result = contract([(part.core, part.labels), (vector, labels)], core_out)
    return write_out(result, Pattern(out_axes, core_out, part.sizes), part.sizes)


def _diagonal(part: Part, rows: int) -> Array:
    """The part restricted to equal value and variable axes: labels joined pairwise."""
    parent = list(range(len(part.sizes)))

    def find(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    left = [i for axis in part.axes[:rows] for i in axis]
    right = [i for axis in part.axes[rows:] for i in axis]
    if [part.sizes[i] for i in left] != [part.sizes[i] for i in right]:
        dense = write_out(part.core, _pattern(part), part.sizes)
        labels = tuple(range(rows)) * 2
        view, unique = without_repeats(dense, labels)
        return arranged(view, unique, tuple(range(rows)))
    for i, j in zip(left, right, strict=True):
        i, j = find(i), find(j)
        parent[max(i, j)] = min(i, j)
    core, labels = without_repeats(part.core, tuple(find(i) for i in part.labels))
    axes = tuple(tuple(find(i) for i in axis) for axis in part.axes[:rows])
    return write_out(core, Pattern(axes, labels, part.sizes), part.sizes)


def _entry(part: Part, entry: Sequence[int]) -> Any:
    place: dict[int, int] = {}
    for axis, k in zip(part.axes, entry, strict=True):
        for i in reversed(axis):
            k, digit = divmod(k, part.sizes[i])
            if place.setdefault(i, digit) != digit:
                return part.core.dtype.type(0)
    return part.core[tuple(place[i] for i in part.labels)]


def evaluate_structured(
    node: Node,
    rows: int,
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
) -> Structured:
    """The value of a node with its deltas kept as patterns; see `evaluate.evaluate`."""
    fused = fuse(node)
    state = prepare(fused, values, sizes, functions, scope)
    terms = fused.terms if isinstance(fused, Sum) else ((fused, 1),)
    state.program = compile_nodes([e for e, _ in terms], sparse=True)
    slots = run(state)
    parts = []
    for slot, (_, c) in zip(state.program.results, terms, strict=True):
        pattern = state.program.patterns[slot]
        concrete = tuple(state.value(size) for size in pattern.sizes)
        core = slots[slot].copy() if c == 1 else slots[slot] * scalar(c)
        parts.append(Part(core, pattern.axes, pattern.core, concrete))
    shape = tuple(state.value(size) for size in fused.shape)
    dtypes = [part.core.dtype for part in parts] or [state.dtype]
    return Structured(tuple(parts), shape, rows, np.result_type(*dtypes))
