"""Growth: chains of 10,000 operations and sums of 100,000 terms, stage by stage.

Run `python -m benchmarks.scale`. Seconds for building, evaluating, differentiating
(with simplification), printing the function and its derivative, and evaluating the
derivative.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import indexcalc as ic

STEPS, TERMS = 10_000, 100_000

Build = Callable[[], ic.Expression]

x, A = ic.tensor("x", "n"), ic.tensor("A", "n n")
POINT = {"x": np.array([0.1, 0.2, 0.3]), "A": np.diag([0.9, 0.8, 0.7])}


def chain(step: Callable[[ic.Expression], ic.Expression]) -> Build:
    """The step applied again and again, summed at the end."""

    def build() -> ic.Expression:
        y = x
        for _ in range(STEPS):
            y = step(y)
        return y.sum()

    return build


def sum_of_functions() -> ic.Expression:
    """Σ_k sin(k x), a term at a time."""
    total = x
    for k in range(TERMS):
        total = total + ic.numpy.sin((k + 2) * x)
    return total.sum()


CASES: dict[str, Build] = {
    "sin(sin(… x))": chain(ic.numpy.sin),
    "A @ … @ A @ x": chain(lambda y: A @ y),
    "tanh(A @ …)": chain(lambda y: ic.numpy.tanh(A @ y)),
    "y + sin(y), repeated": chain(lambda y: y + ic.numpy.sin(y)),
    "Σ_k sin(k x), 100,000 terms": sum_of_functions,
}


def stages(build: Build) -> dict[str, float]:
    """Seconds of every stage, in order."""
    took: dict[str, float] = {}

    def timed(name: str, job: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = job()
        took[name] = time.perf_counter() - start
        return result

    f = timed("build", build)
    timed("print", lambda: str(f))
    timed("evaluate", lambda: f.evaluate(POINT))
    g = timed("differentiate", lambda: _simplified(f.gradient("x")))
    timed("print it", lambda: str(g))
    timed("evaluate it", lambda: g.evaluate(POINT))
    return took


def _simplified(e: ic.Expression) -> ic.Expression:
    """The expression, its canonical node made."""
    assert e.node.fused
    return e


def main() -> None:
    """Prints a line a case."""
    for title, build in CASES.items():
        took = stages(build)
        shown = "  ".join(f"{name} {value:.2f}" for name, value in took.items())
        print(f"{title:30s} {shown}", flush=True)


if __name__ == "__main__":
    main()
