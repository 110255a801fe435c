"""What arrays say: their dtype, the sizes in an expression, the structure declared.

>>> from indexcalc.expr import tensor
>>> A = tensor("A", ("m", "n"))
>>> {str(size): n for size, n in bind_sizes([A], {"A": np.ones((2, 3))}).items()}
{'m': 2, 'n': 3}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from .errors import EvaluationError, ShapeError
from .nodes import Tensor
from .pairwise import Array
from .sizes import Size, as_size, dim, names_in, shape_text, size_text, value_of


def as_array(name: str, value: object) -> Array:
    """A float or complex array of what was given; integers become float64.

    Raises `EvaluationError` for what is not numeric.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise EvaluationError(f"the value of {name} is not an array") from None
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise EvaluationError(
            f"the value of {name} has dtype {array.dtype}", hint="pass numbers"
        )
    return array


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


def _close(a: Array, b: Array) -> bool:
    return np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True)


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
    "skew": lambda a: _close(a, -a.T),
    "diagonal": lambda a: np.array_equal(a, np.diag(np.diag(a)), equal_nan=True),
    "lower": lambda a: np.array_equal(a, np.tril(a), equal_nan=True),
    "upper": lambda a: np.array_equal(a, np.triu(a), equal_nan=True),
    "orthogonal": lambda a: np.allclose(a.T @ a, np.eye(len(a)), atol=ORTHOGONAL),
    "toeplitz": _is_toeplitz,
    "symmetric toeplitz": lambda a: _close(a, a.T) and _is_toeplitz(a),
    "positive": lambda a: np.isrealobj(a) and bool(np.all((a > 0) | np.isnan(a))),
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
