"""`eval`: the value of an expression, or of its derivative, on arrays."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import PurePath

import numpy as np

from ..asking.problem import Problem
from ..asking.shapes import declared_in
from ..errors import (
    BudgetError,
    IndexCalcError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from ..legible import quoted
from ..sizes import shape_text
from . import choices
from .arrays import Array, Value, values_of
from .options import By, Often, Read, Values
from .progress import counting, working
from .reading import Target, memory_of, only, problem_of, sizes_of, targets, text_of
from .refusals import DONE
from .said import symbols_remarked
from .terminal import answer, is_terminal, put, refusal, remark, width
from .writing import written

#: How many entries a terminal is shown.
SHOWN = 1000
#: What a variable is, by its number of axes.
KINDS = ("scalar", "vector", "matrix")


def eval_command(asked: Read, given: Values, by: By, often: Often) -> int:
    """The value on arrays."""
    form = choices.form_of(given.to, given.output, choices.VALUES)
    values = dict(values_of(given.values))
    problem = _posed(asked, by, often, values)
    arrays = _arrays(problem, values)
    found = targets(problem, always=bool(by.variables))
    if form != "text" or given.output:
        only(found, "a file or stream is of one value")
    if not given.quiet:
        symbols_remarked(problem)
    sizes = sizes_of(given.size, problem)
    for target in found:
        value = _value(target, arrays, sizes, given)
        if value is not None:
            _shown(value, target, form, given, len(found) > 1)
    return DONE


def _posed(asked: Read, by: By, often: Often, values: Mapping[str, Value]) -> Problem:
    """The problem, its letters by what the arrays are where nobody declared them."""
    asked = replace(asked, text=text_of(asked.text))
    declared = declared_in(asked.shape)
    told = {
        name: _kind(value.array)
        for name, value in values.items()
        if value.exact and name in asked.text and name not in declared
    }
    try:
        problem = problem_of(asked, by, often.order)
    except ShapeError as error:
        with suppress(IndexCalcError):
            return problem_of(asked, by, often.order, told)
        raise error from None
    other = {
        s.name: told[s.name]
        for s in problem.symbols
        if s.name in told and len(s.shape) != values[s.name].array.ndim
    }
    return problem_of(asked, by, often.order, other) if other else problem


def _kind(array: Array) -> str:
    """What a variable is that has such an array."""
    return KINDS[array.ndim] if array.ndim < 3 else " ".join(map(str, array.shape))


def _arrays(problem: Problem, values: Mapping[str, Value]) -> dict[str, Array]:
    """The arrays of the problem's letters. Raises `UnknownNameError` for others."""
    axes = {symbol.name: len(symbol.shape) for symbol in problem.symbols}
    other = next((n for n, v in values.items() if n not in axes and not v.spare), None)
    if other is not None:
        raise UnknownNameError(
            f"the expression has no variable {quoted(other)}",
            hint=f"it has {', '.join(axes) or 'none'}",
        )
    return {name: v.fitted(axes[name]) for name, v in values.items() if name in axes}


def _value(
    target: Target, arrays: Mapping[str, Array], sizes: Mapping[str, int], given: Values
) -> Array | None:
    """The value; None where it went to its file block by block."""
    e = target.expression
    missing = [name for name in e.variables if name not in arrays]
    if missing:
        raise UnknownNameError(
            f"no value is given for {', '.join(missing)}",
            hint=f"as in {missing[0]}=data.npy or {missing[0]}=1.5",
        )
    limit = memory_of(given.memory_limit)
    try:
        with working("evaluating"), np.errstate(all="ignore"):
            value = np.asarray(e.evaluate(arrays, sizes=sizes, memory_limit=limit))
        _warn(value)
        return value
    except BudgetError:
        if PurePath(given.output).suffix not in (".npy", ".zarr"):
            raise
    with counting("evaluating, by blocks") as progress:
        e.evaluate_blocks(
            arrays,
            to=given.output,
            memory_limit=limit,
            progress=progress,
            sizes=sizes,
        )
    remark(f"wrote {given.output}")
    return None


def _warn(value: Array) -> None:
    """Says that a value is none."""
    lost = int(value.size - np.isfinite(value).sum())
    if lost:
        told = "it is" if value.size == 1 else f"{lost} of {value.size} entries are"
        refusal("warning", f"{told} not finite: outside the domain, or too large")


# -- shown -----------------------------------------------------------------------------


def _shown(
    value: Array, target: Target, form: str, given: Values, several: bool
) -> None:
    if several:
        put(f"{target.heading} =", sys.stdout, "formula")
    if form == "text" and not given.output:
        answer(_text(value))
    else:
        written(_FORMS[form](value), given.output, given.quiet)


def _text(value: Array) -> str:
    """The entries, cut in the middle where somebody looks at a terminal."""
    if not value.shape:
        return str(value[()])
    cut = is_terminal(sys.stdout)
    shown = np.array2string(
        value,
        max_line_width=width(),
        threshold=SHOWN if cut else value.size + 1,
        separator=" ",
    )
    if cut and value.size > SHOWN:
        remark(f"an array of shape {shape_text(value.shape)}; -o out.npy has it all")
    return shown


def _json(value: Array) -> str:
    if value.dtype.kind == "c":
        raise UnsupportedError("JSON has no complex numbers", hint="use --to csv")
    return json.dumps(value.tolist())


def _csv(value: Array) -> str:
    if value.ndim > 2:
        raise UnsupportedError(
            f"a table has two axes, and the value has {value.ndim}",
            hint="write .npy or .json",
        )
    table = value.reshape(-1, 1) if value.ndim < 2 else value
    return "\n".join(",".join(map(str, row)) for row in table.tolist())


def _npy(value: Array) -> bytes:
    file = BytesIO()
    np.save(file, value)
    return file.getvalue()


_FORMS: Mapping[str, Callable[[Array], str | bytes]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "npy": _npy,
}
