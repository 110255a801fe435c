"""What arrays say: their dtype, the sizes in an expression, the structure declared.

>>> from indexcalc.expr import tensor
>>> A = tensor("A", ("m", "n"))
>>> {str(size): n for size, n in bind_sizes([A], {"A": np.ones((2, 3))}).items()}
{'m': 2, 'n': 3}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import numpy as np

from .errors import BudgetError, EvaluationError, ShapeError, UnknownNameError
from .given import mapping_of
from .nodes import Tensor
from .pairwise import Array
from .planning.budgets import is_few
from .planning.room import bytes_text, limit_of
from .sizes import Size, as_size, dim, names_in, shape_text, size_text, value_of


def as_array(name: str, value: object, limit: int | None = None) -> Array:
    """A float or complex array of what was given, in the machine's byte order; integers
    become float64.

    Raises `EvaluationError` for what is not numeric, or masked, `BudgetError` where the
    float64 copy exceeds the limit, or most of the memory that is free where there is
    none.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise EvaluationError(f"the value of {name} is not an array") from None
    if array is not value and np.ma.is_masked(value):
        raise EvaluationError(
            f"the value of {name} has masked entries",
            hint=f"fill them: {name}.filled(…)",
        )
    if array.dtype.kind in "biu":
        _check_copy(name, array, limit)
        return array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise EvaluationError(
            f"the value of {name} has dtype {array.dtype}", hint="pass numbers"
        )
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array


def _check_copy(name: str, array: Array, limit: int | None) -> None:
    """Raises `BudgetError` where there is no room for the numbers as float64."""
    nbytes = 8 * array.size
    if limit is None and is_few(nbytes):
        return
    most = limit_of(limit)
    if nbytes > most.nbytes:
        raise BudgetError(
            f"{name} is {array.dtype}, and as float64 takes {bytes_text(nbytes)} "
            f"beside the inputs, and the limit is {most}",
            hint="floats are read where they lie",
        )


def is_scattered(array: Array) -> bool:
    """Whether BLAS cannot read a matrix where it lies."""
    flags = array.flags
    return array.ndim > 1 and not (flags.c_contiguous or flags.f_contiguous)


def converted(values: Iterable[object], arrays: Iterable[Array]) -> int:
    """The bytes of the arrays that had to be made of what was given."""
    return sum(
        array.nbytes
        for value, array in zip(values, arrays, strict=True)
        if array is not value and array.base is None
    )


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for the name of a variable, or of a size, that there is not."""
    from .text.unknown_names import similar

    listed = sorted(known)
    there = f"there is {', '.join(listed)}" if listed else f"it has no {kind}s"
    meant = similar(str(name), listed)
    hint = f"{meant} {there}" if meant and len(listed) > 1 else meant or there
    return UnknownNameError(f"there is no {kind} {name}", hint=hint)


def check_keywords(keywords: Iterable[str], known: Collection[str]) -> None:
    """Raises `UnknownNameError` for a keyword that names no variable."""
    for name in keywords:
        if name not in known:
            raise unknown_name("variable", name, known)


def checked_sizes(
    sizes: Mapping[str, object] | None, known: Iterable[str] | None = None
) -> dict[str, int]:
    """The sizes that were given, as numbers. One mapping may hold the sizes of other
    expressions too, where it is not told which names are `known`.

    Raises `ShapeError` for what is no size, `UnknownNameError` for a name that is not
    known.
    """
    if not sizes:
        return {}
    sizes = mapping_of(sizes, "sizes")
    names = None if known is None else set(known)
    for name in sizes:
        if names is not None and name not in names:
            raise unknown_name("size", name, names)
    return {name: _whole(name, n) for name, n in sizes.items()}


def bind_sizes(
    tensors: Iterable[Tensor],
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int] | None = None,
) -> dict[Size, int]:
    """The value of every size, from the arrays' shapes and `sizes`: of names, and of
    compound sizes whose names stay unknown.

    Raises `ShapeError` where one size would have two values, or an array's shape does
    not fit; an axis of length 1 never stands for another size.
    """
    known: dict[Size, tuple[int, str]] = {
        dim(name): (_whole(name, n), "sizes") for name, n in (sizes or {}).items()
    }
    pending: list[tuple[Size, int, str]] = []
    for tensor in tensors:
        if tensor.name in arrays:
            pending += _axes(tensor, arrays[tensor.name].shape)
    while pending:
        left = [axis for axis in pending if not _bind(known, *axis)]
        if len(left) == len(pending):
            break
        pending = left
    for size, n, where in pending:
        before, _ = known.setdefault(size, (n, where))
        if before != n:
            raise _clash(known, size, before, n, where)
    return {size: n for size, (n, _) in known.items()}


def _whole(name: str, n: object) -> int:
    size = as_size(n)
    if not isinstance(size, int):
        raise ShapeError(f"the size {name} must be a number, not {size_text(size)}")
    return size


def _axes(tensor: Tensor, shape: tuple[int, ...]) -> list[tuple[Size, int, str]]:
    if len(shape) != len(tensor.shape):
        raise ShapeError(
            f"{tensor.name} is {shape_text(tensor.shape)}, and its array is "
            f"{shape_text(shape)}"
        )
    pairs = zip(tensor.shape, shape, strict=True)
    return [(s, n, f"axis {k} of {tensor.name}") for k, (s, n) in enumerate(pairs)]


def _bind(known: dict[Size, tuple[int, str]], size: Size, n: int, where: str) -> bool:
    """Uses one axis to learn or check a size; False where it must wait."""
    names = sorted(names_in(size))
    values = {name: known[dim(name)][0] for name in names if dim(name) in known}
    open_ = [name for name in names if name not in values]
    if not open_:
        expected = value_of(size, values)
        if expected != n:
            raise _clash(known, size, expected, n, where)
        return True
    if len(open_) > 1:
        return False
    if n == value_of(size, values | {open_[0]: 0}) == _at_one(size, values, open_[0]):
        return True
    value = _solved(size, values, open_[0], n)
    if value is None:
        raise ShapeError(f"{where} has length {n}, which {size_text(size)} cannot be")
    known[dim(open_[0])] = (value, where)
    return True


def _at_one(size: Size, values: dict[str, int], name: str) -> int:
    return value_of(size, values | {name: 1})


def _solved(size: Size, values: dict[str, int], name: str, n: int) -> int | None:
    """The value of one name that makes a size n; sizes grow with their names."""
    if _at_one(size, values, name) == value_of(size, values | {name: 0}):
        return None
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if value_of(size, values | {name: middle}) < n:
            low = middle + 1
        else:
            high = middle
    return low if value_of(size, values | {name: low}) == n else None


def _clash(
    known: Mapping[Size, tuple[int, str]], size: Size, expected: int, n: int, where: str
) -> ShapeError:
    names = sorted(names_in(size))
    if not names:
        return ShapeError(f"{where} must have length {expected}, and has {n}")
    source = ", ".join(
        f"{name} is {known[dim(name)][0]} in {known[dim(name)][1]}"
        for name in names
        if dim(name) in known
    )
    return ShapeError(
        f"{where} has length {n}, but {size_text(size)} is {expected} ({source})",
        hint="an axis of length 1 never broadcasts" if n == 1 else None,
    )


def _is_toeplitz(a: Array) -> bool:
    return _close(a[1:, 1:], a[:-1, :-1])


#: How many bytes of an array are looked at together.
TOGETHER = 1 << 16


def _rows(a: Array) -> Iterator[slice]:
    """Ranges of rows, each of few bytes, so that a test takes little memory."""
    step = max(1, TOGETHER // max(1, a[:1].nbytes))
    return (slice(k, k + step) for k in range(0, len(a), step))


def _close(a: Array, b: Array, sign: int = 1) -> bool:
    small = 1e-12 * min(1.0, _largest(a))
    return all(
        np.allclose(a[rows], sign * b[rows], rtol=1e-6, atol=small, equal_nan=True)
        for rows in _rows(a)
    )


def _largest(a: Array) -> float:
    """The largest finite entry, whatever its sign."""
    found = (
        np.max(np.abs(a[rows]), initial=0.0, where=np.isfinite(a[rows]))
        for rows in _rows(a)
    )
    return max(map(float, found), default=0.0)


def _vanishes(a: Array, where: Callable[[Array, Array], Array]) -> bool:
    """Whether the entries are 0 where a test of row and column says so."""
    columns = np.arange(a.shape[1])
    for rows in _rows(a):
        row = np.arange(len(a))[rows]
        if np.any(a[rows][where(row[:, None], columns)]):
            return False
    return True


def _is_positive(a: Array) -> bool:
    return all(bool(np.all((a[r] > 0) | np.isnan(a[r]))) for r in _rows(a))


def _is_orthogonal(a: Array) -> bool:
    return all(
        np.allclose(found, np.eye(len(found), len(a), rows.start), atol=ORTHOGONAL)
        for rows in _rows(a)
        for found in [a.T[rows] @ a]
    )


#: How far an entry of QᵀQ may be from that of I for Q to count as orthogonal.
ORTHOGONAL = 1e-5

#: What an array must satisfy to have a structure, for the message.
STRUCTURE_FACTS = {
    "symmetric": "A = Aᵀ",
    "pd": "A = Aᵀ",
    "skew": "A = −Aᵀ",
    "diagonal": "zeros off the diagonal",
    "lower": "zeros above the diagonal",
    "upper": "zeros below the diagonal",
    "toeplitz": "equal entries along every diagonal",
    "symmetric toeplitz": "A = Aᵀ and equal entries along every diagonal",
    "orthogonal": f"AᵀA = I within {ORTHOGONAL:g} an entry",
    "positive": "positive entries",
    "real": "a real dtype",
}

#: Whether an array has the structure that its variable was declared to have.
STRUCTURE_TESTS: dict[str, Callable[[Array], bool]] = {
    "symmetric": lambda a: _close(a, a.T),
    "pd": lambda a: _close(a, a.T),
    "skew": lambda a: _close(a, a.T, -1),
    "diagonal": lambda a: _vanishes(a, np.not_equal),
    "lower": lambda a: _vanishes(a, np.less),
    "upper": lambda a: _vanishes(a, np.greater),
    "orthogonal": _is_orthogonal,
    "toeplitz": _is_toeplitz,
    "symmetric toeplitz": lambda a: _close(a, a.T) and _is_toeplitz(a),
    "positive": lambda a: np.isrealobj(a) and _is_positive(np.atleast_1d(a)),
    "real": np.isrealobj,
}


def check_structure(tensor: Tensor, array: Array) -> None:
    """Raises `EvaluationError` where an array lacks its variable's structure."""
    holds = STRUCTURE_TESTS.get(tensor.structure)
    if holds is not None and not holds(array):
        raise EvaluationError(
            f"{tensor.name} is declared {tensor.structure}, and its array is not",
            hint=f"it needs {STRUCTURE_FACTS[tensor.structure]}",
        )


def missing_array(tensor: Tensor, values: Mapping[str, object]) -> EvaluationError:
    """The error that a variable has no array."""
    given = ", ".join(sorted(values)) or "nothing"
    return EvaluationError(
        f"the variable {tensor.name} of shape {shape_text(tensor.shape)} has no array, "
        f"and {given} was given",
        hint=f"pass {tensor.name}=…",
    )
