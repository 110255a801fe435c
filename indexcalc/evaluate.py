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
from .binding import (
    as_array,
    bind_sizes,
    check_structure,
    converted,
    is_scattered,
    missing_array,
)
from .coefficients import Number
from .contraction.paths import is_crowded
from .errors import EvaluationError
from .functions import is_elementwise
from .nodes import Call, Node, Tensor, one_pass, variables
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
    networks,
)
from .planning.budgets import exhausted, is_few, is_small, keep_within
from .planning.held import held, widened
from .planning.pairs import is_long
from .planning.programs import planned
from .planning.room import limit_of
from .planning.stable import named_forms
from .simplify import fuse
from .sizes import (
    Dim,
    Size,
    lengths,
)

Functions = Mapping[str, Callable[..., Any]]


# -- running ---------------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """One run of a program: its inputs, the values of sizes, the slots filled so
    far; `value` is the number that any size stands for, and `brief` whether there is so
    much to contract that orders are searched briefly."""

    program: Program
    arrays: Mapping[str, Array]
    sizes: Mapping[Size, int]
    functions: Functions
    dtype: Any
    slots: dict[int, Array] = field(default_factory=dict)
    value: Callable[[Size], int] = field(init=False)
    brief: bool = field(init=False)

    def __post_init__(self) -> None:
        self.value = lengths(self.sizes)
        self.brief = is_crowded(networks(self.program))

    def params(self, f: Call) -> tuple[Any, ...]:
        """The parameters of a call, sizes as numbers."""
        return tuple(self.value(p) if isinstance(p, Dim) else p for p in f.params)

    def lengths(self, pattern: Pattern) -> list[int]:
        """The lengths of a pattern's labels."""
        return [self.value(size) for size in pattern.sizes]


@one_pass()
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
        return np.asarray(scalar(factor), state.dtype)
    result = contract(rows, step.out, brief=state.brief)
    return result if factor == 1 else np.asarray(result * scalar(factor))


def scalar(value: Number) -> float | complex:
    """A coefficient as a Python number, which does not widen float32."""
    try:
        near = complex(value) if isinstance(value, complex) else float(value)
    except OverflowError:
        raise EvaluationError("a coefficient is too large for a float") from None
    if value and not near:
        raise EvaluationError("a coefficient is too small for a float")
    return near


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


#: What every size counts as where forms of small expressions are compared.
TYPICAL = 100

#: From how many multiplications on a product, done at once, is worth planning.
WORTH_PLANNING = 10**7


@lru_cache(maxsize=128)
def program_of(node: Node, real: bool = True) -> Program:
    """The program of one node, its functions by name; the last ones asked for are
    kept. `real` says that no array is complex."""
    form, *_ = named_forms(node, lambda size: TYPICAL, real)
    return compile_nodes([form], sparse=True)


@lru_cache(maxsize=128)
def planned_program(
    node: Node, bound: tuple[tuple[Size, int], ...], real: bool = True
) -> Program:
    """The program of one node that is cheapest at given sizes."""
    return planned([node], lengths(dict(bound)), real=real)


def is_plannable(node: Node) -> bool:
    """Whether its program is short enough to be planned in pairs."""
    return not is_long(program_of(fuse(node)))


def _is_large(program: Program, length: Callable[[Size], int]) -> bool:
    """Whether a step may take so long that choosing among forms of it pays."""
    for step in program.steps:
        sizes: Iterable[Size] = ()
        if isinstance(step, Contract):
            sizes = (size for _, size in step.sizes)
        elif isinstance(step, Apply) and not is_elementwise(step.node.function):
            sizes = (*step.node.shape, *step.node.shape[-1:])
        if prod(map(length, sizes)) >= WORTH_PLANNING:
            return True
    return False


def prepare(
    node: Node,
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
    limited: bool = False,
) -> Run:
    """Checks inputs and binds sizes. `scope` are further tensors whose arrays tell
    sizes: the variables that a derivative no longer holds. Other names are passed over,
    so that one mapping can serve several expressions. `limited` refuses first what
    takes more memory than there is.

    Raises `EvaluationError` for missing arrays, `ShapeError` for shapes.
    """
    fused = fuse(node)
    needed = variables(fused)
    written = needed if fused is node else variables(node)
    known = {tensor.name: tensor for tensor in scope} | written
    used = {n: value for n, value in values.items() if n in known}
    arrays = {n: as_array(n, value) for n, value in used.items()}
    missing = sorted(set(needed) - set(arrays))
    if missing:
        raise missing_array(known[missing[0]], values)
    bound = bind_sizes(known.values(), arrays, sizes)
    dtypes = [array.dtype for array in arrays.values()]
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
    real = dtype.kind != "c"
    program = program_of(fused, real)
    if _is_large(program, lengths(bound)) and not is_long(program):
        program = planned_program(fused, tuple(bound.items()), real)
    state = Run(program, arrays, bound, functions or {}, dtype)
    if limited:
        _keep_within_memory(state, converted(used.values(), arrays.values()))
    for tensor in needed.values():
        check_structure(tensor, arrays[tensor.name])
    return state


def evaluate(
    node: Node,
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
) -> Array:
    """The dense value of a node on arrays, in the arrays' dtype; inputs stay unchanged.

    Raises `EvaluationError` for missing arrays, `ShapeError` for shapes, and
    `BudgetError` for what takes more than most of the free memory.
    """
    state = prepare(node, values, sizes, functions, scope, limited=True)
    try:
        return _dense(state)
    except MemoryError as error:
        raise exhausted(error) from None


def _keep_within_memory(state: Run, extra: int) -> None:
    """Refuses what needs more memory than there is, before anything is computed; inputs
    of other kinds took `extra` bytes."""
    program, itemsize = state.program, np.dtype(state.dtype).itemsize
    if is_few(extra) and is_small(program, state.value, itemsize):
        return
    itemsize = widened(program, itemsize)
    arrays = state.arrays.values()
    mixed = len({array.dtype for array in arrays}) > 1
    far = [n for n, a in state.arrays.items() if is_scattered(a)]
    need = held(program, state.value, itemsize, mixed=mixed, far=far)
    free = limit_of(None)
    keep_within(program, state.value, itemsize, free, need + extra)


def _dense(state: Run) -> Array:
    """The program's result, written out, and nobody else's array."""
    slot = state.program.results[0]
    core = np.asarray(run(state)[slot])
    pattern = state.program.patterns[slot]
    if not pattern.dense:
        return write_out(core, pattern, state.lengths(pattern))
    return core if _is_ours(state, core) else core.copy()


def _is_ours(state: Run, core: Array) -> bool:
    """Whether an array, or the whole of what it is a view of, was made by the run."""
    whole = core if core.base is None else core.base
    if not isinstance(whole, np.ndarray) or not whole.flags.owndata:
        return False
    if whole.nbytes != core.nbytes or not core.flags.writeable:
        return False
    loads = [step.node for step in state.program.steps if isinstance(step, Load)]
    given = [
        state.arrays[node.name] if node.array is None else node.array for node in loads
    ]
    return not any(np.may_share_memory(whole, array) for array in given)
