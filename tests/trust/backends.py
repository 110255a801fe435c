"""Every way to compute an expression gives the same numbers.

    python -m tests.trust.backends --count 1000 --seed 0

Random expressions over the whole language, their first derivatives, and Hessian blocks
of small scalars: `evaluate` is held to `compile` in both styles, with sizes told and
without, into a given array and together with others; to `compile` of JAX, of PyTorch
and of the array API; to structured results written out; to blocks through dask; and to
float32, with a looser bound and the dtype kept. What a way refuses is counted; it must
be a documented refusal.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.errors import BudgetError, EvaluationError, UnsupportedError
from tests.random_expressions import Case, generate

Array = np.ndarray[Any, Any]
Way = Callable[[ic.Expression, Case], Any]

TOLERANCE, SINGLE = 1e-9, 2e-3
#: Hessians are taken of scalars of so few numbers.
SMALL = 12


@dataclass
class Tally:
    """What each way computed and refused, its largest error, and what went wrong."""

    computed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    error: dict[str, float] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)


# -- the ways --------------------------------------------------------------------------


def _fast(e: ic.Expression, case: Case) -> Any:
    """With sizes from the arrays alone, where these tell them."""
    told = {str(size) for v in e.variables.values() for size in v.shape}
    if not set(case.sizes) <= told:
        raise UnsupportedError("a size is not known from the arrays")
    function = e.compile(functions=case.functions)
    return function(_given(function, case))


def _given(function: Any, case: Case) -> dict[str, Array]:
    return {name: case.values[name] for name in function.names}


def _compiled(**options: Any) -> Way:
    def way(e: ic.Expression, case: Case) -> Any:
        function = e.compile(sizes=case.sizes, functions=case.functions, **options)
        return function(_given(function, case))

    return way


def _twice_into(e: ic.Expression, case: Case) -> Any:
    """The third call, into an array of the other memory order."""
    function = e.compile(sizes=case.sizes, functions=case.functions)
    first = function(_given(function, case))
    function(_given(function, case))
    out = np.full(first.shape, np.nan, first.dtype, order="F")
    return function(_given(function, case), out=out)


def _together(e: ic.Expression, case: Case) -> Any:
    """With the expression it was made from and its double, in one program."""
    function = ic.compile([2 * e, e, e], sizes=case.sizes, functions=case.functions)
    return function(_given(function, case))[1]


def _converted(backend: str, convert: Callable[[Array], Any]) -> Way:
    def way(e: ic.Expression, case: Case) -> Any:
        if case.functions:
            raise UnsupportedError("functions of NumPy do not run on others")
        function = e.compile(backend, sizes=case.sizes)
        given = {k: convert(array) for k, array in _given(function, case).items()}
        if not given:
            raise UnsupportedError("a constant has no array to tell its library by")
        return function(given)

    return way


def _jax(array: Array) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    return jax.numpy.asarray(array)


def _torch(array: Array) -> Any:
    import torch

    return torch.from_numpy(np.array(array))


def _array_api(array: Array) -> Any:
    import array_api_strict

    return array_api_strict.asarray(array)


def _structured(e: ic.Expression, case: Case) -> Any:
    options = {"sizes": case.sizes, "functions": case.functions}
    return np.asarray(e.evaluate(case.values, structured=True, **options))


def _structured_compiled(e: ic.Expression, case: Case) -> Any:
    function = e.compile(sizes=case.sizes, functions=case.functions, structured=True)
    return np.asarray(function(_given(function, case)))


def _dask(e: ic.Expression, case: Case) -> Any:
    if case.functions or not e.shape:
        raise UnsupportedError("blocks are of arrays with axes")
    values = {name: case.values[name] for name in e.variables}
    lazy = e.evaluate_blocks(values, sizes=case.sizes, memory_limit=1 << 14)
    return lazy.compute(scheduler="synchronous")


WAYS: dict[str, tuple[str, Way]] = {
    "compile, sizes from arrays": ("numpy", _fast),
    "compile, sizes told": ("numpy", _compiled()),
    "compile, plain": ("numpy", _compiled(style="plain")),
    "compile, into an array": ("numpy", _twice_into),
    "compile, together": ("numpy", _together),
    "JAX": ("jax", _converted("jax", _jax)),
    "PyTorch": ("torch", _converted("torch", _torch)),
    "array API": ("array_api_strict", _converted("array_api", _array_api)),
    "structured": ("numpy", _structured),
    "structured, compiled": ("numpy", _structured_compiled),
    "dask": ("dask", _dask),
}


#: What compiles for long is asked for one expression of each case.
SLOW = ("JAX", "PyTorch")


# -- comparing -------------------------------------------------------------------------


def _expressions(case: Case) -> list[tuple[str, ic.Expression]]:
    """The expression, its derivatives, and one block of its Hessian."""
    symbol = ic.parse(case.text, case.shapes)
    found = [("value", symbol)]
    names = list(case.values)
    found += [(f"d/d{name}", symbol.diff(name)) for name in names]
    entries = sum(array.size for array in case.values.values())
    if case.scalar and entries <= SMALL and names:
        pair = names[case.index % len(names)], names[0]
        found.append((f"d2/d{pair[0]}d{pair[1]}", symbol.hessian(*pair)))
    return found


def check(case: Case, tally: Tally, ways: Sequence[str]) -> None:
    """Every way, on every expression of a case."""
    options = {"sizes": case.sizes, "functions": case.functions}
    expressions = _expressions(case)
    for place, (what, e) in enumerate(expressions):
        expected = np.asarray(e.evaluate(case.values, **options))
        for name in ways:
            if name in SLOW and place != case.index % len(expressions):
                continue
            try:
                found = np.asarray(WAYS[name][1](e, case))
            except (UnsupportedError, EvaluationError, BudgetError) as error:
                tally.refused[f"{name}: {_short(error)}"] += 1
                continue
            except Exception as error:
                text = f"{name} of {what}: {type(error).__name__}: {error}"
                tally.messages.append(text)
                continue
            _compare(tally, name, what, found, expected, TOLERANCE)
        _single(case, tally, what, e, expected)


def _short(error: Exception) -> str:
    return str(error).split("\n")[0].split("(")[0][:60]


def _single(
    case: Case, tally: Tally, what: str, e: ic.Expression, expected: Array
) -> None:
    """In float32: the dtype stays, the numbers do nearly."""
    values = {name: array.astype(np.float32) for name, array in case.values.items()}
    curved = any(s in ("orthogonal", "pd") for s in case.structures.values())
    if not e.variables or curved or case.functions:
        return
    with np.errstate(all="ignore"):
        found = e.evaluate(values, sizes=case.sizes)
    if found.dtype != np.float32:
        tally.messages.append(f"float32 of {what} became {found.dtype}")
    if np.abs(expected).max(initial=0.0) < 1e3 and not _touchy(case):
        _compare(tally, "float32", what, np.asarray(found, float), expected, SINGLE)


def _touchy(case: Case) -> bool:
    """Whether a kink, a jump or a gap may be crossed by rounding to float32."""
    words = ("kink", "sign", "heaviside", "eig", "svd", "max", "min", "singular")
    large = any(np.abs(a).max(initial=0.0) > 100 for a in case.values.values())
    return large or any(word in label for label in case.labels for word in words)


def _compare(
    tally: Tally, name: str, what: str, found: Array, expected: Array, bar: float
) -> None:
    tally.computed[name] += 1
    if found.shape != expected.shape:
        tally.messages.append(f"{name} of {what}: {found.shape}, not {expected.shape}")
        return
    size = 1 + np.abs(expected).max(initial=0.0)
    share = float(np.abs(found - expected).max(initial=0.0) / size)
    tally.error[name] = max(tally.error.get(name, 0.0), share)
    if not share <= bar:
        tally.messages.append(f"{name} of {what} is off by {share:.2g} of its size")


# -- the command -----------------------------------------------------------------------


def run(count: int, seed: int, start: int = 0) -> tuple[Tally, int]:
    """So many cases in every way there is here; how many went wrong."""
    ways = [name for name, (module, _) in WAYS.items() if find_spec(module)]
    tally, wrong = Tally(), 0
    for index in range(start, start + count):
        tally.messages.clear()
        case = generate(seed, index, whole=True)
        try:
            check(case, tally, ways)
        except Exception as error:
            tally.messages.append(f"{type(error).__name__}: {error}")
        if tally.messages:
            wrong += 1
            print(case)
            print("".join(f"    {m}\n" for m in tally.messages[:3]), end="", flush=True)
    return tally, wrong


def report(tally: Tally) -> str:
    """Counts and largest errors by way, and what was refused."""
    lines = [
        f"{name:<28}{tally.computed[name]:>7} computed   error {error:.1e}"
        for name, error in tally.error.items()
    ]
    lines += [f"refused {n:>6} × {why}" for why, n in sorted(tally.refused.items())]
    missing = [name for name, (module, _) in WAYS.items() if not find_spec(module)]
    return "\n".join([*lines, f"not installed: {', '.join(missing) or 'nothing'}"])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the cases and prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.backends")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first case")
    asked = parser.parse_args(argv)
    began = time.perf_counter()
    tally, wrong = run(asked.count, asked.seed, asked.start)
    print(report(tally))
    spent = time.perf_counter() - began
    print(f"{asked.count - wrong} of {asked.count} cases agree; {spent:.0f} s")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
