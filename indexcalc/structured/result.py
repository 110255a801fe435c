"""`Structured`: a Jacobian or Hessian that is kept as what it was made of.

As a linear map it takes the variable's axes to the value's. Products, diagonals,
traces, entries and solutions come from the factors; only `toarray` writes everything
out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from math import prod
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np

from ..errors import EvaluationError, ShapeError
from ..marked import table
from ..pairwise import Array
from ..planning.budgets import exhausted
from . import linear_map as maps
from .linear_map import LinearMap
from .parts import Part, conjugated, entries_at, scaled
from .sparse import Format, sparse_matrix

Method = Literal["direct", "cg"]

P = ParamSpec("P")
R = TypeVar("R")


def within_memory(method: Callable[P, R]) -> Callable[P, R]:
    """The method, for which memory that runs out is a `BudgetError`."""

    @wraps(method)
    def told(*args: P.args, **more: P.kwargs) -> R:
        try:
            return method(*args, **more)
        except MemoryError as error:
            raise exhausted(error) from None

    return told


class Structured(LinearMap):
    """A sum of parts of one shape; the first `rows` axes are the value's.

    `parts` hold what was computed: factors, and where the entries of their product go.
    `S @ x`, `S.T`, `2 * S` and `S + R` are products, the transpose, and structured
    results again. Factors that are inputs are read-only views of them.

    >>> from indexcalc.ways_in import parse
    >>> J = parse("softmax(x)", x="n").diff("x")
    >>> S = J.evaluate(x=np.zeros(4), structured=True)
    >>> S.kind, S.diagonal().tolist()
    ('low rank + diagonal', [0.1875, 0.1875, 0.1875, 0.1875])
    >>> S.solve(np.array([1.0, 0.0, 0.0, -1.0]), damping=0.75).tolist()
    [1.0, 0.0, 0.0, -1.0]
    """

    #: So that arrays leave `array @ S` and `number * S` to this class.
    __array_ufunc__ = None

    @property
    def cores(self) -> tuple[Array, ...]:
        """One array a part: the entries that its pattern places."""
        return tuple(part.core for part in self.parts)

    @property
    def nbytes(self) -> int:
        """What the factors take, those of several parts counted once."""
        arrays = [array for part in self.parts for array, _ in part.factors]
        found = {(a.__array_interface__["data"][0], a.strides): a for a in arrays}
        return sum(array.nbytes for array in found.values())

    @property
    def kind(self) -> str:
        """What it was recognised as: "diagonal", "block diagonal", "Kronecker",
        "Kronecker sum", "low rank + diagonal", "outer product", "dense", …; `solve`
        goes by it."""
        from .kinds import kind_of

        return kind_of(self)

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.shape))
        cores = " + ".join(_factors_text(part) for part in self.parts) or "nothing"
        return f"<Structured {shape} from cores {cores}>"

    def _repr_html_(self) -> str:
        """What it is, its axes, and how many numbers are kept of how many."""
        sides = [self.shape[: self.rows], self.shape[self.rows :]]
        value, variable = ("×".join(map(str, axes)) or "1" for axes in sides)
        kept, whole = self.nbytes // self.dtype.itemsize, prod(self.shape)
        rows = [
            ("kind", self.kind),
            ("value × variable", f"({value}) × ({variable})"),
            ("numbers kept", f"{kept:,} of {whole:,}"),
            ("factors", " + ".join(map(_factors_text, self.parts)) or "none"),
        ]
        return table((), rows)

    # -- whole -------------------------------------------------------------------------

    @within_memory
    def toarray(self, out: Array | None = None) -> Array:
        """The dense array, deltas written as diagonals; into `out` if it is given.

        Raises `ShapeError` where `out` has another shape, `EvaluationError` where it
        may overlap a factor, `BudgetError` where the array does not fit in memory.
        """
        if out is not None:
            _require_room(self, out)
        return maps.dense(self, out)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.toarray().astype(dtype or self.dtype, copy=False)

    @within_memory
    def to_sparse(self, format: Format = "csr") -> Any:
        """SciPy's sparse array of the matrix, its entries placed by the patterns.

        Raises `EvaluationError` where SciPy is missing.
        """
        return sparse_matrix(self, format)

    def aslinearoperator(self) -> Any:
        """SciPy's `LinearOperator`. Raises `EvaluationError` where SciPy is missing."""
        try:
            from scipy.sparse.linalg import LinearOperator
        except ImportError:
            raise EvaluationError(
                "a LinearOperator needs SciPy", hint="pip install 'indexcalc[scipy]'"
            ) from None
        adjoint = self.H
        return LinearOperator(
            self.matrix_shape,
            matvec=lambda v: self.matvec(v.ravel()).ravel(),
            rmatvec=lambda v: adjoint.matvec(v.ravel()).ravel(),
            matmat=self.matmat,
            rmatmat=adjoint.matmat,
            dtype=self.dtype,
        )

    # -- products ----------------------------------------------------------------------

    @within_memory
    def matvec(self, vector: object) -> Array:
        """The map applied to an array of the variable's shape (or flat)."""
        return _on_vector(self, vector, *_sides(self))

    @within_memory
    def rmatvec(self, vector: object) -> Array:
        """The transposed map applied to an array of the value's shape (or flat)."""
        return _on_vector(self, vector, *_sides(self)[::-1])

    @within_memory
    def matmat(self, columns: object) -> Array:
        """The matrix times a matrix, one column a vector of the variable's entries."""
        return _on_columns(self, columns, *_sides(self))

    @within_memory
    def rmatmat(self, columns: object) -> Array:
        """The transposed matrix times a matrix with one row a value entry."""
        return _on_columns(self, columns, *_sides(self)[::-1])

    @property
    def T(self) -> Structured:
        """The transposed map."""
        return _as_structured(maps.transposed(self, lambda part: part))

    @property
    def H(self) -> Structured:
        """The adjoint: conjugate and transposed."""
        return _as_structured(maps.transposed(self, conjugated))

    @within_memory
    def __matmul__(self, other: object) -> Any:
        """The matrix times a structured map, a vector, or a matrix of columns."""
        if isinstance(other, Structured):
            parts = maps.composed(self, other)
            shape = self.value_shape + other.variable_shape
            dtype = np.result_type(self.dtype, other.dtype)
            return Structured(parts, shape, self.rows, dtype)
        array = np.asarray(other)
        if array.ndim == 1 or array.shape == self.variable_shape:
            return self.matvec(array)
        return self.matmat(array)

    @within_memory
    def __rmatmul__(self, other: object) -> Any:
        array = np.asarray(other)
        if array.ndim == 1 or array.shape == self.value_shape:
            return self.rmatvec(array)
        return self.rmatmat(array.T).T

    # -- sums and multiples ------------------------------------------------------------

    def __mul__(self, number: object) -> Structured:
        factor = np.asarray(number)
        if factor.ndim or factor.dtype.kind not in "biufc":
            return NotImplemented
        dtype = np.result_type(self.dtype, *_kinds(factor))
        parts = tuple(scaled(part, factor.astype(dtype)) for part in self.parts)
        return replace(self, parts=parts, dtype=dtype)

    __rmul__ = __mul__

    def __truediv__(self, number: object) -> Structured:
        return self * (1 / np.asarray(number))

    def __neg__(self) -> Structured:
        return self * -1

    def __add__(self, other: object) -> Structured:
        if not isinstance(other, Structured):
            return NotImplemented
        if (self.shape, self.rows) != (other.shape, other.rows):
            raise ShapeError(
                f"a map {self.value_shape} × {self.variable_shape} plus one "
                f"{other.value_shape} × {other.variable_shape}"
            )
        dtype = np.result_type(self.dtype, other.dtype)
        return replace(self, parts=self.parts + other.parts, dtype=dtype)

    def __sub__(self, other: object) -> Structured:
        return self + -other if isinstance(other, Structured) else NotImplemented

    # -- entries -----------------------------------------------------------------------

    @within_memory
    def diagonal(self) -> Array:
        """The diagonal of the linear map, in the variable's shape."""
        return maps.diagonal(self)

    @within_memory
    def trace(self) -> Any:
        """The sum of the diagonal."""
        return maps.trace(self)

    @within_memory
    def __getitem__(self, key: Any) -> Any:
        """Entries, rows and slices: integers are taken first, from the factors."""
        places = _full_key(key, self.shape)
        if places is None:
            return self.toarray()[key]
        fixed = {
            k: range(n)[p]
            for k, (p, n) in enumerate(zip(places, self.shape, strict=True))
            if not isinstance(p, slice)
        }
        if len(fixed) == len(self.shape):
            at = [np.asarray([p]) for p in fixed.values()]
            found = (
                [entries_at(part, at)[0] for part in self.parts]
                if at
                else [part.core[()] for part in self.parts]
            )
            return sum(found, self.dtype.type(0))
        rest = tuple(p for p in places if isinstance(p, slice))
        return _fixed(self, fixed)[rest]

    # -- solving -----------------------------------------------------------------------

    @within_memory
    def solve(
        self,
        b: object,
        damping: float = 0.0,
        *,
        method: Method = "direct",
        rtol: float | None = None,
    ) -> Array:
        """x with (S + damping·I) x = b: a Newton step without the dense matrix.

        `b` has the value's shape, is flat, or holds columns. By `kind`: division,
        one factorisation or one a block, one a Kronecker factor, Woodbury's identity;
        else a dense factorisation. `method="cg"` runs conjugate gradients on the
        products alone, to a residual of `rtol`, for positive definite maps.

        Raises `ShapeError` unless the map is square, `EvaluationError` where it is
        singular or the residual is not small, `BudgetError` where a dense matrix would
        be too large.
        """
        from .solving import solution

        return solution(self, b, damping, method, rtol)


def _as_structured(found: LinearMap) -> Structured:
    return Structured(found.parts, found.shape, found.rows, found.dtype)


def _kinds(factor: Array) -> list[Any]:
    """What a factor does to a dtype: only a complex one matters."""
    return [np.complex64] if factor.dtype.kind == "c" else []


def _require_room(linear_map: LinearMap, out: Array) -> None:
    if out.shape != linear_map.shape:
        raise ShapeError(f"out of shape {out.shape} where {linear_map.shape} is wanted")
    arrays = [array for part in linear_map.parts for array, _ in part.factors]
    if any(np.may_share_memory(array, out) for array in arrays):
        raise EvaluationError("out may share memory with a factor that is read")


def _factors_text(part: Part) -> str:
    shapes = ["×".join(map(str, a.shape)) or "1" for a, _ in part.factors]
    return " · ".join(shapes)


def _sides(linear_map: LinearMap) -> tuple[range, range]:
    """The axes of the variable, and those of the value."""
    rows = linear_map.rows
    return range(rows, len(linear_map.shape)), range(rows)


def _on_vector(
    linear_map: LinearMap, vector: object, given: range, kept: range
) -> Array:
    array = np.asarray(vector)
    shape = tuple(linear_map.shape[k] for k in given)
    flat = array.ndim == 1 and len(shape) != 1
    if array.size != prod(shape) or (array.shape != shape and not flat):
        raise ShapeError(f"a vector of shape {array.shape} where {shape} is wanted")
    found = maps.applied(linear_map, array.reshape(shape), given, kept)
    return found.reshape(-1) if flat else found


def _on_columns(
    linear_map: LinearMap, columns: object, given: range, kept: range
) -> Array:
    array = np.asarray(columns)
    shape = tuple(linear_map.shape[k] for k in given)
    if array.ndim != 2 or len(array) != prod(shape):
        raise ShapeError(
            f"columns of shape {array.shape} where ({prod(shape)}, k) is wanted"
        )
    width = array.shape[1]
    split = array.reshape(*shape, width)
    found = maps.applied(linear_map, split, given, kept, columns=True)
    height = prod(linear_map.shape[k] for k in kept)
    return found.reshape(height, width)


def _full_key(key: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """One integer or slice an axis; None for keys of other kinds."""
    places = list(key) if isinstance(key, tuple) else [key]
    if any(place is Ellipsis for place in places):
        at = next(k for k, place in enumerate(places) if place is Ellipsis)
        gap = len(shape) - len(places) + 1
        places[at : at + 1] = [slice(None)] * gap
    places += [slice(None)] * (len(shape) - len(places))
    plain = all(
        isinstance(p, (int, np.integer, slice)) and not isinstance(p, bool)
        for p in places
    )
    return places if plain and len(places) == len(shape) else None


def _fixed(linear_map: LinearMap, fixed: dict[int, int]) -> Array:
    """The dense rest after some axes took one place: contracted with unit vectors."""
    given, kept = (
        list(fixed),
        [k for k in range(len(linear_map.shape)) if k not in fixed],
    )
    if not given:
        return maps.dense(linear_map)
    unit = np.zeros([linear_map.shape[k] for k in given], linear_map.dtype)
    unit[tuple(fixed.values())] = 1
    return maps.applied(linear_map, unit, given, kept)
