"""What a compiled function runs for arrays of certain shapes, and what tells sizes.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> x, y = tensor("x", ("n",)), tensor("y", ("m",))
>>> program = compile_nodes([x, einsum([(x, [0])], [])])
>>> aliases(program, fast=True)
(True, False)
>>> list(telling([einsum([(x, [0])], [0, 1], {1: y.shape[0]})], {"x": x}, [y], {}))
['y']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from .codegen.blocks import Region
from .einsum_names import is_linear
from .errors import EvaluationError, ShapeError
from .kernels import no_entry
from .nodes import Einsum, Node, Tensor, toposort
from .pairwise import Array
from .plan import Load, Program, answers_view, inputs_of, is_view
from .planning.budgets import exhausted
from .sizes import Size, names_in, shape_text


@dataclass(frozen=True, slots=True)
class Variant:
    """What runs for arrays of certain shapes: its text and function, the parameters
    that take large results, the results' shapes and which of them are somebody else's
    array, what is planned; the bytes that a call holds beside its inputs, 0 where they
    are too few to be looked at."""

    text: str
    function: Callable[..., Any]
    outs: tuple[tuple[str, int, tuple[int, ...], tuple[int, ...]], ...]
    shapes: tuple[tuple[int, ...], ...]
    workspace: tuple[int, ...]
    aliases: tuple[bool, ...]
    program: Program
    sizes: Mapping[Size, int]
    more: Mapping[str, Any]
    constants: Mapping[str, Array] = field(default_factory=dict)
    blocks: tuple[Region, ...] = ()
    held: int = 0
    dtype: Any = None


# -- which arrays tell the sizes -------------------------------------------------------


def telling(
    nodes: Sequence[Node],
    needed: Mapping[str, Tensor],
    scope: Sequence[Tensor],
    given: Mapping[str, int],
) -> dict[str, Tensor]:
    """Variables that the expressions no longer hold, as many as it takes to tell the
    sizes that no other array tells."""
    asked = _asked(nodes)
    chosen = dict(needed)
    told = _told(chosen.values(), given)
    for tensor in scope:
        if asked <= told:
            break
        more = _told([*chosen.values(), tensor], given)
        if (more - told) & asked:
            chosen[tensor.name], told = tensor, more
    return {name: t for name, t in chosen.items() if name not in needed}


def _asked(nodes: Sequence[Node]) -> set[str]:
    """The names of the sizes that the expressions' values depend on."""
    sizes = {size for node in nodes for size in node.shape}
    for node in toposort(*nodes):
        if isinstance(node, Einsum):
            sizes.update(node.dims)
    return {name for size in sizes for name in names_in(size)}


def _told(tensors: Iterable[Tensor], given: Iterable[str]) -> set[str]:
    """The names whose sizes follow from shapes of arrays, and from those given."""
    axes = {size for tensor in tensors for size in tensor.shape}
    known, before = set(given), -1
    while len(known) > before:
        before = len(known)
        for size in axes:
            left = names_in(size) - known
            if len(left) == 1 and is_linear(size, *left):
                known |= left
    return known


# -- results ---------------------------------------------------------------------------


def result_shape(
    program: Program, slot: int, length: Callable[[Size], int]
) -> tuple[int, ...]:
    """The shape of a result that is written out."""
    pattern = program.patterns[slot]
    return tuple(prod(length(pattern.sizes[i]) for i in axis) for axis in pattern.axes)


def aliases(program: Program, fast: bool) -> tuple[bool, ...]:
    """Which results may be somebody else's array: a variable's, or an earlier result's,
    or a view of it. Fast code writes what is not dense into an array of its own,
    readable code what has a diagonal."""
    found, seen = [], set[int]()
    for slot in program.results:
        root, pattern = slot, program.patterns[slot]
        while pattern.dense or not (fast or pattern.diagonal):
            step = program.steps[root]
            if not is_view(step) and not answers_view(step):
                break
            (root,) = inputs_of(step)
        found.append(root in seen or isinstance(program.steps[root], Load))
        seen.add(root)
    return tuple(found)


def narrow(kinds: Sequence[str]) -> Any:
    """The dtype that constants take among arrays of less than double precision; None
    where there is one of double precision, or none at all."""
    if not kinds or not set(kinds) <= set("efF"):
        return None
    return np.result_type(*kinds)


def own(answer: Any, alias: bool, dtype: Any = None) -> Array:
    """An array that nobody else holds, and that may be written; constants, which
    programs make in double precision, in the arrays' dtype."""
    if type(answer) is not np.ndarray:
        answer = np.asarray(answer)
    if answer.dtype.kind in "biu":  # a choice between constants
        return answer.astype(dtype or np.float64)
    if dtype is not None and answer.dtype.char in "dD":
        weak = np.complex64 if answer.dtype.char == "D" else np.float16
        return answer.astype(np.result_type(dtype, weak))
    return answer.copy() if alias or not answer.flags.writeable else answer


def check_target(target: Any, shape: tuple[int, ...]) -> None:
    """Raises `EvaluationError` for what cannot take a result of this shape."""
    if not isinstance(target, np.ndarray) or not target.flags.writeable:
        raise EvaluationError("out= must be a writable NumPy array")
    if target.shape != shape:
        raise EvaluationError(f"out= has shape {target.shape}, and the result {shape}")


def check_dtype(target: Array, dtype: Any) -> None:
    """Raises `EvaluationError` where a target cannot hold a dtype."""
    if not np.can_cast(dtype, target.dtype, "same_kind"):
        raise EvaluationError(
            f"out= has dtype {target.dtype}, which cannot hold {dtype}"
        )


def check_names(known: Mapping[str, Tensor], more: Mapping[str, Tensor]) -> None:
    """Raises `ShapeError` where one name stands for two variables."""
    for name in sorted(known.keys() & more.keys()):
        if known[name] is not more[name]:
            one, two = (
                f"{shape_text(t.shape)} {t.structure}".strip()
                for t in (known[name], more[name])
            )
            raise ShapeError(
                f"{name} is {one} in one expression and {two} in another",
                hint="give them different names",
            )


def lies_as_written(target: Array, turn: Sequence[int]) -> bool:
    """Whether an array can be written as it is: in C order, or in the order in which
    the text makes its own."""
    if target.flags.c_contiguous:
        return True
    order = [turn.index(k) for k in range(len(turn))]
    return target.transpose(order).flags.c_contiguous


def answered(variant: Variant, arrays: Sequence[Array], more: Mapping[str, Any]) -> Any:
    """What the function of a variant answers."""
    try:
        return variant.function(*arrays, **more)
    except IndexError:
        raise no_entry() from None
    except RuntimeError as error:
        if "start new thread" in str(error):
            raise exhausted(MemoryError(error)) from None
        raise
    except TypeError as error:
        if "linalg" not in str(error) and "ufunc" not in str(error):
            raise
        kinds = ", ".join(sorted({str(array.dtype) for array in arrays}))
        raise EvaluationError(
            f"a function of it is not defined for {kinds}", hint="float64 has them all"
        ) from error
    except OverflowError:
        raise EvaluationError(
            "a number made of sizes is too large for a float", hint="smaller sizes"
        ) from None
    except np.linalg.LinAlgError as error:
        raise EvaluationError(f"a matrix function has no value here: {error}") from None
