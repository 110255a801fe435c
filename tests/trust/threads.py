"""Eight threads do everything at once, bit for bit as one thread does.

    python -m tests.trust.threads [--count N] [--seed S]

N rounds: every thread parses, differentiates, compiles, evaluates, prints and draws the
same texts, each in an order of its own, while threads take turns as often as they can;
each round has other names, so that nothing is in a cache. BLAS has one thread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import gc
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TypeVar

import numpy as np

import indexcalc as ic

THREADS = 8
T = TypeVar("T")


def at_once(job: Callable[[int], T]) -> list[T]:
    """The results of one job on all threads, which start together."""
    barrier = threading.Barrier(THREADS)

    def start(k: int) -> T:
        barrier.wait()
        return job(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


TEXTS = {
    "sum(tanh(A*x).*x) + x'*A*x": {"A": "n n", "x": "n"},
    "log(det(S)) + x'*inv(S)*x": {"S": "n n : symmetric", "x": "n"},
    "norm2(sigmoid(X*x) - y)": {"X": "m n", "x": "n", "y": "m"},
    "sum(softmax(X*x).*exp(y))": {"X": "m n", "x": "n", "y": "m"},
}


def values_of(e: ic.Expression, n: int, m: int) -> dict[str, np.ndarray]:
    """Arrays for the variables of an expression, symmetric ones so."""
    rng = np.random.default_rng(n + 100 * m)
    sizes = {"n": n, "m": m}
    found = {}
    for name, leaf in sorted(e.variables.items()):
        value = rng.uniform(0.2, 1.0, [sizes[str(size)] for size in leaf.shape])
        found[name] = value @ value.T + np.eye(n) if name == "S" else value
    return found


def everything(text: str, x: str, k: int) -> list[object]:
    """What is printed, drawn and computed of a text and of its derivatives, its x
    called so."""
    shapes = {x if name == "x" else name: s for name, s in TEXTS[text].items()}
    e = ic.parse(renamed(text, x), shapes)
    told: list[object] = []
    for slope in (e, e.diff(x), e.diff(x).diff(x)):
        values = values_of(slope, 3 + k % 3, 5 - k % 2)
        told += [str(slope), slope.latex(), slope.einsum(), slope.node.digest]
        told += [slope.code("numpy"), slope.code("julia"), repr(slope)]
        told.append(slope.compile()(values).tobytes())
        told.append(slope.evaluate(values).tobytes())
    told += [e.diff(x).diagram().svg(), e.diff(x).diagram().dot()]
    told += [str(e.diff(x).diagram()), str(e.steps(x)), str(e.ledger())]
    return told


def renamed(text: str, name: str) -> str:
    """A text of `TEXTS` with another name for x, so that it is new to every table."""
    return (
        text.replace("x", name)
        .replace(f"e{name}p", "exp")
        .replace(f"softma{name}", "softmax")
    )


Job = tuple[str, str, int]


def differing(jobs: Sequence[Job], orders: Sequence[Sequence[Job]]) -> list[str]:
    """The jobs that some thread did otherwise than one thread alone."""

    def work(k: int) -> dict[Job, list[object]]:
        return {job: everything(*job) for job in orders[k]}

    racing = at_once(work)  # before anything is in a cache
    serial = {job: everything(*job) for job in jobs}
    return [
        f"thread {k}: {job}"
        for k, found in enumerate(racing)
        for job in jobs
        if found[job] != serial[job]
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a line a round; 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.threads")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    rng = Random(asked.seed)
    sys.setswitchinterval(1e-6)
    bad = 0
    for turn in range(asked.count):
        begun = time.perf_counter()
        gc.set_threshold(rng.choice((1, 10, 700)))
        jobs = [(text, f"q{asked.seed}w{turn}", k) for text in TEXTS for k in range(2)]
        wrong = differing(jobs, [rng.sample(jobs, len(jobs)) for _ in range(THREADS)])
        print(f"round {turn}: {len(wrong)} of {THREADS * len(jobs)} differ", end="")
        print(f"   {time.perf_counter() - begun:.0f} s", *wrong, flush=True)
        bad += len(wrong)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
