"""Random expressions over the whole language against two independent references.

    python -m tests.trust.random --count 10000 --seed 0

Value, first derivatives and Hessian blocks of `count` expressions, and third
derivatives of every thirtieth, by nilpotent numbers in NumPy and, where it is
installed, by JAX: of every `--jax`-th case, of all by default. Every tenth case is one
of complex variables with both Wirtinger derivatives. A failure says seed and number:
`--start NUMBER --count 1 --seed SEED` runs it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.agreement import HAS_JAX, TOLERANCE, agreement
from tests.random_complex import complex_case, complex_failures
from tests.random_expressions import FEATURES, LABELS, RARE, Case, generate

#: Third derivatives are taken of scalars of so few numbers, once in so many cases.
THIRD_ENTRIES, THIRD_EVERY = 14, 30
COLUMNS = 3
#: Every so many cases are of complex variables.
COMPLEX_EVERY, COMPLEX = 10, "complex, Wirtinger"
#: How many cases a process checks before another takes its place, and has at once.
TASKS, CHUNK = 500, 5
KINKY = "kinky values"


@dataclass
class Tally:
    """What was met so far: cases by construct, largest errors by construct and by
    order, and what went wrong."""

    cases: Counter[str] = field(default_factory=Counter)
    by_label: dict[str, float] = field(default_factory=dict)
    by_order: dict[tuple[str, int], float] = field(default_factory=dict)
    orders: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: int = 0

    def add(self, outcome: Outcome) -> None:
        """Counts a case in."""
        self.cases.update(outcome.labels)
        self.wrong += bool(outcome.messages)
        worst = max(outcome.errors.values(), default=0.0)
        for label in outcome.labels:
            self.by_label[label] = max(self.by_label.get(label, 0.0), worst)
        for key, error in outcome.errors.items():
            self.orders[key] += 1
            self.by_order[key] = max(self.by_order.get(key, 0.0), error)


@dataclass(frozen=True)
class Outcome:
    """What one case gave."""

    index: int
    labels: tuple[str, ...]
    messages: tuple[str, ...]
    errors: dict[tuple[str, int], float]


@dataclass(frozen=True)
class Job:
    """A case to be checked, and whether JAX is asked."""

    seed: int
    index: int
    jax: bool


def check(job: Job) -> Outcome:
    """One case, checked; a generator or a reference that fails is a failure too."""
    if job.index % COMPLEX_EVERY == COMPLEX_EVERY - 1:
        return _check_complex(job)
    try:
        case = generate(job.seed, job.index, whole=True)
        found = agreement(case, order_of(case), job.jax)
    except Exception as error:
        message = f"seed {job.seed} case {job.index}: {type(error).__name__}: {error}"
        return Outcome(job.index, (), (message,), {})
    messages = tuple(f"{case}\n    {message}" for message in found.messages)
    return Outcome(job.index, case.labels, messages, found.errors)


def _check_complex(job: Job) -> Outcome:
    """One case of complex variables."""
    try:
        messages = complex_failures(complex_case(job.seed, job.index), job.jax)
    except Exception as error:
        messages = [f"{type(error).__name__}: {error}"]
    said = f"complex seed {job.seed} case {job.index}"
    found = tuple(f"{said}: {message}" for message in messages)
    return Outcome(job.index, (COMPLEX,), found, {})


def order_of(case: Case) -> int:
    """Up to which order derivatives are compared: at a kink up to the second. There
    |y| sign(y) is y, whose derivative is 1, while the chain rule has sign(y)², 0."""
    entries = sum(array.size for array in case.values.values())
    small = case.scalar and 0 < entries <= THIRD_ENTRIES and KINKY not in case.labels
    curved = "orthogonal" in case.structures.values()
    return 3 if small and not curved and case.index % THIRD_EVERY < 4 else 2


def outcomes(jobs: Sequence[Job], processes: int) -> Iterator[Outcome]:
    """The outcomes in order; JAX keeps what it compiled, so processes are renewed."""
    if len(jobs) <= TASKS:
        yield from map(check, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, maxtasksperchild=TASKS // CHUNK) as pool:
        yield from pool.imap(check, jobs, chunksize=CHUNK)


def table(tally: Tally) -> str:
    """Every construct with its cases and the largest error, then the orders."""
    names = [*sorted({*LABELS, *RARE}), *FEATURES, COMPLEX]
    cells = [
        f"{name:<26}{tally.cases[name]:>6}  {tally.by_label.get(name, 0.0):7.1e}"
        for name in names
    ]
    height = -(-len(cells) // COLUMNS)
    lines = ["   ".join(cells[i::height]) for i in range(height)]
    for (name, order), count in sorted(tally.orders.items()):
        error = tally.by_order[name, order]
        lines.append(f"{name:<18} order {order}: {count:6} cases, error {error:.1e}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Checks the cases, prints failures as they come, and the table at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.random")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first case")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--jax", type=int, default=1, help="ask JAX every so many")
    asked = parser.parse_args(argv)
    jobs = [
        Job(asked.seed, index, HAS_JAX and index % asked.jax == 0)
        for index in range(asked.start, asked.start + asked.count)
    ]
    began, tally = time.perf_counter(), Tally()
    for done, outcome in enumerate(outcomes(jobs, asked.jobs), 1):
        tally.add(outcome)
        for message in outcome.messages[:2]:
            print(message, flush=True)
        if done % 100 == 0:
            spent = time.perf_counter() - began
            print(
                f"{done} of {len(jobs)}, {tally.wrong} wrong, {spent:.0f} s", flush=True
            )
    print(table(tally))
    missed = [name for name in (*LABELS, *RARE) if not tally.cases[name]]
    print(f"never met: {', '.join(missed) or 'nothing'}")
    spent = time.perf_counter() - began
    print(
        f"{len(jobs) - tally.wrong} of {len(jobs)} cases agree within "
        f"{TOLERANCE}·(1 + max); {spent:.0f} s"
    )
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
