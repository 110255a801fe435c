"""Drawing networks of 200 tensors, beside Graphviz.

Run `python -m benchmarks.drawing`. Seconds from an einsum string to SVG text, a median
of five, and what Graphviz's `dot` takes to lay out the same boxes and wires where it is
installed: it knows nothing of spines, lenses and bars.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from statistics import median

import indexcalc as ic
from indexcalc.pictures import Diagram

COUNT, RUNS = 200, 5


def chain(count: int = COUNT) -> Diagram:
    """A product of matrices."""
    terms = [f"x{k} x{k + 1}" for k in range(count)]
    return _drawn(terms, f"x0 x{count}")


def ladder(count: int = COUNT // 2) -> Diagram:
    """Two matrix product states, one above the other, joined by rungs."""
    terms = []
    for k in range(count):
        terms += [f"a{k} p{k} a{k + 1}", f"b{k} p{k} b{k + 1}"]
    return _drawn(terms, f"a0 b0 a{count} b{count}")


def grid(side: int = 14) -> Diagram:
    """A square lattice."""
    terms = []
    for i in range(side):
        for j in range(side):
            up = [f"v{i}_{j}"] * (i > 0) + [f"v{i + 1}_{j}"] * (i < side - 1)
            across = [f"h{i}_{j}"] * (j > 0) + [f"h{i}_{j + 1}"] * (j < side - 1)
            terms.append(" ".join(up + across))
    return _drawn(terms, "")


def scattered(count: int = COUNT) -> Diagram:
    """A random tree with half as many more wires."""
    rng = random.Random(1)
    stubs: list[list[str]] = [[] for _ in range(count)]
    pairs = [(k, rng.randrange(k)) for k in range(1, count)]
    pairs += [tuple(rng.sample(range(count), 2)) for _ in range(count // 2)]
    for e, pair in enumerate(pairs):
        for k in pair:
            stubs[k].append(f"e{e}")
    return _drawn([" ".join(legs) for legs in stubs], "")


def _drawn(terms: list[str], out: str) -> Diagram:
    names = [f"T{k}" for k in range(len(terms))]
    return ic.diagram_from(f"{', '.join(terms)} -> {out}", *names)


CASES: dict[str, Callable[[], Diagram]] = {
    "chain of matrices": chain,
    "ladder": ladder,
    "14 × 14 grid": grid,
    "random network": scattered,
}


def seconds(job: Callable[[], object]) -> float:
    """The median time of a job."""
    took = []
    for _ in range(RUNS):
        start = time.perf_counter()
        job()
        took.append(time.perf_counter() - start)
    return median(took)


def graphviz(diagram: Diagram) -> float | None:
    """The time `dot` takes for the same diagram; None where it is not installed."""
    program = shutil.which("dot")
    if program is None:
        return None
    text = diagram.dot().encode()
    command = [program, "-Tsvg"]
    return seconds(lambda: subprocess.run(command, input=text, capture_output=True))


def main() -> None:
    """Prints a line a case."""
    chain(2).svg()
    print(f"{'':20s} indexcalc   Graphviz   ratio")
    for title, build in CASES.items():
        diagram = build()
        ours, theirs = seconds(diagram.svg), graphviz(diagram)
        peer = f"{theirs:8.2f} s {ours / theirs:7.2f}" if theirs else "not installed"
        print(f"{title:20s} {ours:8.2f} s {peer}", flush=True)


if __name__ == "__main__":
    main()
