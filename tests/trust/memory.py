"""No plan takes more memory than it may: under hard limits of the operating system.

    python -m tests.trust.memory --count 200 --seed 0

draws expressions of the language and of `FAMILIES`, their gradients, Jacobians and
Hessians, at sizes at which they need some tens or hundreds of megabytes, and computes
each in a process of its own whose memory is limited (RLIMIT_DATA) to what it holds,
inputs among it, plus the limit that indexcalc was told, plus `SLACK`. The answer must
be right, or a `BudgetError`. What a second call holds, as NumPy allocates it, is
compared with the limit, which it may never exceed, and with what was predicted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.compiled import Compiled
from indexcalc.nodes import Tensor, variables
from indexcalc.planning.room import SHARE
from indexcalc.sizes import value_of

Array = np.ndarray[Any, Any]

#: What Python's objects and the buffers of BLAS may take beside the arrays.
SLACK = 32 << 20

#: What a second call may allocate that is no array: objects, and NumPy's own buffers of
#: some 200 kB a core.
OBJECTS = 1 << 19

#: The most entries of one input.
MOST = 1 << 27

#: How many cases one process computes.
CHUNK = 20

#: How an expression is run: the least and the most bytes that it is to need.
WAYS: Mapping[str, tuple[float, float]] = {
    "compile": (1e6, 1.5e8),
    "plain": (1e6, 1.5e8),
    "float32": (1e6, 1.5e8),
    "turned": (1e6, 1.5e8),
    "evaluate": (1e6, 1.5e8),
    "structured": (1e6, 1e8),
    "default": (1e7, 5e8),
    "default compile": (1e7, 5e8),
}

#: Losses and layers whose arrays grow with the sizes in many ways: text and shapes.
FAMILIES: Sequence[tuple[str, dict[str, str]]] = (
    ("sum(log(exp(-y .* (X*w)) .+ 1))", {"X": "m n", "y": "m", "w": "n"}),
    ("sum(exp(-(A*x) .^ 2))", {"A": "m n", "x": "n"}),
    ("sum(exp(X*Y'))", {"X": "m p", "Y": "n p"}),
    ("exp(X*Y')*w", {"X": "m p", "Y": "n p", "w": "n"}),
    ("softmax(A*x)", {"A": "m n", "x": "n"}),
    ("x*y'", {"x": "m", "y": "n"}),
    ("kron(A, B)*x", {"A": "m m", "B": "n n", "x": "m*n"}),
    ("inv(A'*A + eye(n))*x", {"A": "m n", "x": "n"}),
    ("tr(A*B*A')", {"A": "m n", "B": "n n"}),
    ("norm2(A*x)", {"A": "m n", "x": "n"}),
    ("logdet(A'*A + eye(n))", {"A": "m n"}),
    ("tanh(W*tanh(V*x))", {"W": "p m", "V": "m n", "x": "n"}),
    ("sum((A*B - C) .^ 2)", {"A": "m p", "B": "p n", "C": "m n"}),
    ("diag(x)*A*diag(y)", {"A": "m n", "x": "m", "y": "n"}),
    ("sum(relu(A*X) .^ 3)", {"A": "m n", "X": "n p"}),
    ("A .* B + B .* exp(A)", {"A": "m n", "B": "m n"}),
)


@dataclass(frozen=True)
class Trial:
    """An expression with its arrays, how it is run, and within which limit."""

    expression: ic.Expression
    arrays: dict[str, Array]
    functions: Mapping[str, Callable[..., Any]]
    sizes: dict[str, int]
    way: str
    limit: int
    told: str


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: "right", "refused", or what went wrong. Bytes: the limit,
    what was predicted, what a second call held; 0 where that was not looked at."""

    index: int
    way: str
    told: str
    verdict: str
    limit: int = 0
    predicted: int = 0
    true: int = 0
    seconds: float = 0.0


# -- drawing ---------------------------------------------------------------------------


def drawn(seed: int, index: int) -> Trial | None:
    """Trial number `index` of a seed; None where the expression cannot grow."""
    rng = np.random.default_rng([seed, index])
    way = str(rng.choice(list(WAYS)))
    asked, small, names, functions = _expression(rng, seed, index)
    derived = _derived(rng, asked)
    wanted = np.exp(rng.uniform(*np.log(WAYS[way])))
    sizes = _sizes(derived, names, rng, wanted)
    leaves = variables(asked.written)
    if sizes is None or any(_entries(leaf, sizes) > MOST for leaf in leaves.values()):
        return None
    arrays = {
        name: _dressed(_enlarged(leaf, small.get(name), sizes, rng), way)
        for name, leaf in leaves.items()
    }
    need, _, _ = _need(derived, sizes)
    limit = max(1 << 20, int(need * rng.choice([0.1, 0.3, 0.6, 0.95, 1.0, 1.5])))
    told = f"{derived} {sizes}"[:150]
    return Trial(derived, arrays, functions, sizes, way, limit, told)


def _entries(leaf: Tensor, sizes: Mapping[str, int]) -> int:
    return prod(value_of(size, dict(sizes)) for size in leaf.shape)


def _expression(
    rng: np.random.Generator, seed: int, index: int
) -> tuple[ic.Expression, dict[str, Array], dict[str, int], Mapping[str, Any]]:
    """An expression with small arrays, the names of its sizes, and functions."""
    if rng.random() < 0.4:
        text, shapes = FAMILIES[rng.integers(len(FAMILIES))]
        return ic.parse(text, shapes), {}, dict.fromkeys("mnp", 1), {}
    from tests.random_expressions import generate

    for shift in range(100):
        case = generate(seed + 7919, 100 * index + shift)
        if (
            case.sizes
            and not case.functions
            and all(min(a.shape, default=1) for a in case.values.values())
        ):
            found = ic.parse(case.text, case.shapes)
            return found, dict(case.values), dict(case.sizes), case.functions
    raise AssertionError("the generator draws symbolic sizes")


def _derived(rng: np.random.Generator, e: ic.Expression) -> ic.Expression:
    """The value, a gradient, a Jacobian or a second derivative."""
    names = sorted(variables(e.written))
    for _ in range(int(rng.integers(0, 3)) if names else 0):
        e = e.diff(str(rng.choice(names)))
    return e


def _need(e: ic.Expression, sizes: Mapping[str, int]) -> tuple[int, float, int]:
    """The bytes that the value takes beside the arrays, on float64; flops; the bytes of
    the arrays."""
    known = dict(sizes)
    while True:
        try:
            report = e.plan(**known)
        except ic.UnknownNameError as error:
            del known[error.message.split()[-1]]
            continue
        inputs = int(report.memory.inputs)
        return int(report.peak) - inputs, float(report.flops), inputs


def _sizes(
    e: ic.Expression, names: Mapping[str, int], rng: np.random.Generator, wanted: float
) -> dict[str, int] | None:
    """Sizes at which about so many bytes are needed, not all alike."""
    stretch = {name: float(rng.choice([0.1, 0.3, 1.0, 1.0, 3.0])) for name in names}
    best = None
    for step in range(2, 22):
        scale = 1.8**step
        sizes = {
            name: max(n, n * round(scale * stretch[name])) for name, n in names.items()
        }
        if max(sizes.values(), default=1) > 300_000:
            break
        need, flops, inputs = _need(e, sizes)
        if need > wanted or flops > 2e10 or inputs > 4e8:
            break
        best = sizes if 3 * need > wanted or need > 2e6 else best
    return best


def _enlarged(
    leaf: Tensor,
    small: Array | None,
    sizes: Mapping[str, int],
    rng: np.random.Generator,
) -> Array:
    """An array of the new shape with the entries of the small one, which stay in the
    domain; a square matrix becomes block diagonal, which keeps what it was."""
    shape = tuple(value_of(size, dict(sizes)) for size in leaf.shape)
    if small is None:
        return rng.normal(size=shape) / np.sqrt(max(shape, default=1))
    square = len(shape) == 2 and shape[0] == shape[1] and small.shape[0] > 0
    if square and shape[0] % small.shape[0] == 0:
        return np.kron(np.eye(shape[0] // small.shape[0]), small)
    return np.resize(small, shape)


def _dressed(array: Array, way: str) -> Array:
    """The array as the way wants it: narrow, or lying otherwise in memory."""
    if way == "float32":
        return array.astype(np.float32)
    if way == "turned":
        return np.repeat(array.T, 2, -1)[..., ::2].T if array.ndim else array
    return array


# -- running ---------------------------------------------------------------------------


@contextmanager
def hard_limit(nbytes: int) -> Iterator[None]:
    """So many bytes more than now, and no more: the system refuses others."""
    now = int(_statm()[5]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (now + nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, hard))


def _statm() -> list[str]:
    with open("/proc/self/statm", encoding="ascii") as file:
        return file.read().split()


def peak(call: Callable[[], object]) -> int:
    """The most bytes that a call allocates at a time, as Python and NumPy count."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def outcome(index: int, trial: Trial) -> Outcome:
    """A trial under its limits, compared with what is computed without any."""
    begun = time.perf_counter()
    with np.errstate(all="ignore"):
        try:
            wanted = trial.expression.evaluate(
                trial.arrays, sizes=trial.sizes, functions=trial.functions
            )
        except ic.EvaluationError:
            return Outcome(index, trial.way, trial.told, "outside the domain")
        verdict, predicted, true = _run(trial, wanted)
    seconds = time.perf_counter() - begun
    told, way = trial.told, trial.way
    return Outcome(
        index, way, told, verdict, trial.limit, predicted, true, round(seconds, 2)
    )


def _run(trial: Trial, wanted: Array) -> tuple[str, int, int]:
    """The verdict, and the bytes that were predicted and held."""
    call = _call(trial)
    given = "default" not in trial.way
    room = trial.limit + SLACK if given else int(trial.limit / SHARE) + SLACK // 4
    try:
        with hard_limit(room):
            found = call()
    except ic.BudgetError as error:
        return _refused(error), 0, 0
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200], 0, 0
    if not _agrees(np.asarray(found), wanted):
        return "wrong", 0, 0
    del found
    if trial.way == "evaluate":
        return "right", 0, 0
    true = peak(call)
    predicted = _predicted(call)
    if given and true > trial.limit + OBJECTS:
        return f"held {true:,} of {trial.limit:,} bytes", predicted, true
    return "right", predicted, true


def _refused(error: ic.BudgetError) -> str:
    """A refusal; one that came when the memory had run out already says so."""
    return "ran out" if "ran out" in error.message else "refused"


def _call(trial: Trial) -> Callable[[], Any]:
    """What is run, of arrays that are there already."""
    e, arrays = trial.expression, trial.arrays
    options: dict[str, Any] = {"sizes": trial.sizes, "functions": trial.functions}
    limit = trial.limit
    match trial.way:
        case "evaluate":
            return lambda: e.evaluate(arrays, memory_limit=limit, **options)
        case "structured":
            return lambda: e.evaluate(
                arrays, memory_limit=limit, structured=True, **options
            )
        case "default":
            return lambda: e.evaluate(arrays, **options)
        case "default compile":
            return Run(e.compile(**options), arrays)
        case "plain":
            return Run(e.compile(memory_limit=limit, style="plain", **options), arrays)
    return Run(e.compile(memory_limit=limit, **options), arrays)


@dataclass(frozen=True)
class Run:
    """A compiled function on its arrays."""

    function: Compiled
    arrays: Mapping[str, Array]

    def __call__(self) -> Any:
        self.function.release()
        return self.function(self.arrays)


def _predicted(call: Callable[[], Any]) -> int:
    last = call.function._last if isinstance(call, Run) else None
    return last.held if last is not None else 0


def _agrees(found: Array, wanted: Array) -> bool:
    """Whether two arrays are the same up to rounding in the found one's dtype."""
    if found.shape != wanted.shape:
        return False
    size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    rounding = 1e-3 if found.dtype.itemsize < 8 else 1e-7
    return bool(np.allclose(found, wanted, 0, rounding * (1 + size), equal_nan=True))


# -- many ------------------------------------------------------------------------------


def work(seed: int, start: int, stop: int) -> None:
    """Computes some trials in this process, one line of JSON each."""
    np.ones((300, 300)) @ np.linalg.inv(np.eye(300) * 2)
    for index in range(start, stop):
        trial = drawn(seed, index)
        found = Outcome(index, "", "", "small") if trial is None else None
        found = outcome(index, trial) if trial is not None else found
        print(json.dumps(asdict(found or Outcome(index, "", "", "small"))), flush=True)


def outcomes(seed: int, count: int) -> Iterator[Outcome]:
    """The outcomes of so many trials, in processes of their own; one that dies counts
    as an outcome of the trial that it was at."""
    quiet = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    environment = os.environ | quiet | {"MALLOC_MMAP_THRESHOLD_": "262144"}
    start = 0
    while start < count:
        stop = min(count, start + CHUNK)
        command = [sys.executable, "-m", "tests.trust.memory", "--worker"]
        asked = [str(number) for number in (seed, start, stop)]
        done = subprocess.run(
            [*command, *asked],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]
        yield from lines
        start += len(lines)
        if start < stop:
            yield Outcome(start, "?", "?", f"the process died ({done.returncode})")
            start += 1


SKIPPED = ("small", "outside the domain")
FINE = ("right", "refused", *SKIPPED)

#: How many expressions are drawn at most for every one that can grow.
MOST_DRAWN = 4


def _table(found: Sequence[Outcome]) -> str:
    rows = [f"{'way':16}{'cases':>6}{'right':>7}{'refused':>9}{'ran out':>9}"]
    rows[0] += f"{'held/limit':>12}{'predicted/held':>24}"
    for way in WAYS:
        those = [o for o in found if o.way == way and o.verdict in (*FINE, "ran out")]
        counts = [
            sum(o.verdict == verdict for o in those)
            for verdict in ("right", "refused", "ran out")
        ]
        tops = [o.true / o.limit for o in those if o.true and "default" not in way]
        shares = [o.predicted / o.true for o in those if o.true and o.predicted]
        spread = "  ".join(f"{q:.2f}" for q in np.quantile(shares or [0], [0, 0.5, 1]))
        rows.append(
            f"{way:16}{sum(counts):6}{counts[0]:7}{counts[1]:9}{counts[2]:9}"
            f"{max(tops, default=0):12.3f}{spread:>24}"
        )
    return "\n".join(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs many trials; 1 where one overran its limit or was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.memory")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", nargs=3, type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.worker:
        work(*asked.worker)
        return 0
    found = []
    for one in outcomes(asked.seed, MOST_DRAWN * asked.count):
        found.append(one)
        if sum(o.verdict not in SKIPPED for o in found) == asked.count:
            break
        if one.verdict not in FINE:
            print(f"seed {asked.seed} case {one.index} ({one.way}): {one.verdict}")
            print(f"    {one.told}", flush=True)
    wrong = [one for one in found if one.verdict not in (*FINE, "ran out")]
    print(_table(found))
    passed = sum(one.verdict in ("right", "refused") for one in found)
    print(f"{passed} plans kept within their memory, {len(wrong)} did not")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
