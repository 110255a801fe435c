"""Running an expression on arrays.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> evaluate(contract(A, x), {"A": [[1, 2], [3, 4]], "x": [1, 1]}).tolist()
[3.0, 7.0]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from . import kernels
from .coefficients import Number
from .errors import EvaluationError, ShapeError
from .nodes import Call, Node, Tensor, collector_paused, variables
from .pairwise import Array, contract
from .plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Step,
    compile_nodes,
)
from .simplify import fuse
from .sizes import (
    Dim,
    Size,
    as_size,
    dim,
    names_in,
    shape_text,
    size_text,
    value_of,
)

Functions = Mapping[str, Callable[..., Any]]


# -- inputs ----------------------------------------------------------------------------


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


# -- running ---------------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """One run of a program: its inputs, the values of sizes, the slots filled so
    far."""

    program: Program
    arrays: Mapping[str, Array]
    sizes: Mapping[Size, int]
    functions: Functions
    dtype: Any
    slots: dict[int, Array] = field(default_factory=dict)

    def value(self, size: Size) -> int:
        """The number a size stands for."""
        if isinstance(size, int):
            return size
        found = self.sizes.get(size)
        if found is not None:
            return found
        names = {str(name): n for name, n in self.sizes.items()}
        return value_of(size, names)

    def params(self, f: Call) -> tuple[Any, ...]:
        """The parameters of a call, sizes as numbers."""
        return tuple(self.value(p) if isinstance(p, Dim) else p for p in f.params)

    def lengths(self, pattern: Pattern) -> list[int]:
        """The lengths of a pattern's labels."""
        return [self.value(size) for size in pattern.sizes]


@collector_paused()
def run(state: Run) -> dict[int, Array]:
    """Executes the steps in order; slots are forgotten after their last use."""
    keep = set(state.program.results)
    dying: dict[int, list[int]] = {}
    for slot, end in state.program.last_use.items():
        if slot not in keep:
            dying.setdefault(end, []).append(slot)
    for k, step in enumerate(state.program.steps):
        state.slots[k] = execute(state, step)
        for slot in dying.get(k, ()):
            del state.slots[slot]
    return state.slots


def execute(state: Run, step: Step) -> Array:
    """The core array of one step."""
    slots = state.slots
    match step:
        case Load():
            return _load(state, step.node)
        case Fill():
            shape = tuple(state.value(size) for size in step.node.shape)
            params = state.params(step.node)
            return kernels.constant(step.node.function, params, shape, state.dtype)
        case Contract():
            return _contract(state, step)
        case Apply():
            args = [slots[slot] for slot in step.args]
            f = step.node
            result = kernels.apply(f.function, args, state.params(f), state.functions)
            return _checked(state, f, result)
        case Combine():
            return _combine(state, step)
        case Embed():
            pattern = state.program.patterns[step.slot]
            return write_out(slots[step.slot], pattern, state.lengths(pattern))


def _checked(state: Run, f: Call, result: Array) -> Array:
    """The value of a function; a user's own may have the wrong shape."""
    shape = tuple(state.value(size) for size in f.shape)
    if f.function != "unknown":
        return result
    if result.shape != shape:
        raise EvaluationError(
            f"the function {f.params[0]} gave an array of shape {result.shape} where "
            f"{shape} is wanted",
            hint="it acts entry by entry",
        )
    return result.copy()


def _load(state: Run, node: Tensor) -> Array:
    if node.array is not None:
        array = as_array(node.name, node.array)
        return array.astype(np.result_type(state.dtype, _kind(array)), copy=False)
    return state.arrays[node.name]


def _kind(array: Array) -> Any:
    """The weakest dtype of the same kind, so that constants do not widen results."""
    return np.complex64 if array.dtype.kind == "c" else np.float16


def _contract(state: Run, step: Contract) -> Array:
    sizes = {i: state.value(size) for i, size in step.sizes}
    rows = []
    for slot, axes in step.operands:
        array = state.slots[slot]
        labels = tuple(i for axis in axes for i in axis)
        if len(labels) != len(axes):
            array = array.reshape([sizes[i] for i in labels])
        rows.append((array, labels))
    factor = prod(state.value(size) for size in step.factors)
    if not rows:
        return np.asarray(factor, state.dtype)
    result = contract(rows, step.out)
    return result if factor == 1 else np.asarray(result * scalar(factor))


def scalar(value: Number) -> float | complex:
    """A coefficient as a Python number, which does not widen float32."""
    try:
        return complex(value) if isinstance(value, complex) else float(value)
    except OverflowError:
        raise EvaluationError("a coefficient is too large for a float") from None


def _combine(state: Run, step: Combine) -> Array:
    values = [(state.slots[slot], scalar(c)) for slot, c in step.terms]
    if step.cores:
        total = values[0][0] * values[0][1]
        for array, c in values[1:]:
            total = total + (array if c == 1 else array * c)
        return np.asarray(total)
    dtypes = [array.dtype for array, _ in values] or [state.dtype]
    if any(isinstance(c, complex) for _, c in values):
        dtypes.append(np.dtype(np.complex64))
    shape = tuple(state.value(size) for size in step.shape)
    total = np.zeros(shape, np.result_type(*dtypes))
    for (slot, _), (array, c) in zip(step.terms, values, strict=True):
        part = array if c == 1 else array * c
        pattern = state.program.patterns[slot]
        target, source = entries(total, part, pattern, state.lengths(pattern))
        target += source
    return total


def entries(
    dense: Array, core: Array, pattern: Pattern, sizes: Sequence[int]
) -> tuple[Array, Array]:
    """A writable view of a dense array's entries that the pattern fills, and the core
    spread over it: diagonals by strides, no δ. `sizes` are the labels' lengths."""
    flat = [i for axis in pattern.axes for i in axis]
    split = dense.reshape([sizes[i] for i in flat])
    labels = list(dict.fromkeys(flat))
    strides = [
        sum(s for s, j in zip(split.strides, flat, strict=True) if j == i)
        for i in labels
    ]
    view = np.lib.stride_tricks.as_strided(split, [sizes[i] for i in labels], strides)
    order = [pattern.core.index(i) for i in labels if i in pattern.core]
    missing = tuple(k for k, i in enumerate(labels) if i not in pattern.core)
    return view, np.expand_dims(core.transpose(order), missing)


def write_out(core: Array, pattern: Pattern, sizes: Sequence[int]) -> Array:
    """The dense array of a core and a pattern, freshly allocated."""
    shape = tuple(prod(sizes[i] for i in axis) for axis in pattern.axes)
    make = np.zeros if pattern.diagonal else np.empty
    dense = make(shape, core.dtype)
    target, source = entries(dense, core, pattern, sizes)
    target[...] = source
    return dense


# -- the face of the module ------------------------------------------------------------


@lru_cache(maxsize=128)
def program_of(node: Node) -> Program:
    """The program of one node; the last ones asked for are kept."""
    return compile_nodes([node], sparse=True)


def prepare(
    node: Node,
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
) -> Run:
    """Checks inputs and binds sizes. `scope` are further tensors whose arrays tell
    sizes: the variables that a derivative no longer holds. Other names are passed over,
    so that one mapping can serve several expressions.

    Raises `EvaluationError` for missing arrays, `ShapeError` for shapes.
    """
    fused = fuse(node)
    needed = variables(fused)
    written = needed if fused is node else variables(node)
    known = {tensor.name: tensor for tensor in scope} | written
    arrays = {n: as_array(n, value) for n, value in values.items() if n in known}
    missing = sorted(set(needed) - set(arrays))
    if missing:
        raise missing_array(known[missing[0]], values)
    bound = bind_sizes(known.values(), arrays, sizes)
    for tensor in needed.values():
        check_structure(tensor, arrays[tensor.name])
    dtypes = [array.dtype for array in arrays.values()]
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
    return Run(program_of(fused), arrays, bound, functions or {}, dtype)


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


def evaluate(
    node: Node,
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
) -> Array:
    """The dense value of a node on arrays, in the arrays' dtype; inputs stay unchanged.

    Raises `EvaluationError` for missing arrays and for values that do not fit in
    memory, `ShapeError` for shapes.
    """
    state = prepare(node, values, sizes, functions, scope)
    try:
        return _dense(state)
    except MemoryError as error:
        raise EvaluationError(
            f"the value does not fit in memory: {error}",
            hint="structured=True keeps deltas unbuilt; jvp and vjp avoid Jacobians",
        ) from None


def _dense(state: Run) -> Array:
    """The program's result, written out, and nobody else's array."""
    slot = state.program.results[0]
    core = np.asarray(run(state)[slot])
    pattern = state.program.patterns[slot]
    if not pattern.dense:
        return write_out(core, pattern, state.lengths(pattern))
    shared = not core.flags.owndata or isinstance(state.program.steps[slot], Load)
    return core.copy() if shared else core
