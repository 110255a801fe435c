"""Symbolic speed: from text to simplified derivative, beside the peers that are
installed.

Run `make bench`, or `python -m benchmarks.symbolic`. Every round uses fresh names, so
no node or memo of an earlier round helps; grammar and imports are loaded. Peers (SymPy,
and tensorgrad where it is installed) run in the same process, interleaved; figures are
medians in milliseconds and ratios to indexcalc. A peer that raises is shown with its
exception.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import indexcalc as ic
from benchmarks import peers

ROUNDS = 15

Job = Callable[[str], object]


def parsed(text: str, shapes: dict[str, str], variable: str) -> Job:
    """A job that parses, differentiates and simplifies under names with a suffix."""

    def job(suffix: str) -> object:
        names = {name: name + suffix for name in shapes}
        renamed = text
        for name in shapes:
            renamed = renamed.replace(f"<{name}>", names[name])
        declared = {names[name]: shape for name, shape in shapes.items()}
        return ic.parse(renamed, declared).diff(names[variable]).node

    return job


def network(depth: int, order: int) -> Job:
    """The gradient or Hessian by the first weights of a tanh network with squared
    loss."""

    def job(suffix: str) -> object:
        h, t = ic.tensor(f"x{suffix}", "n b"), ic.tensor(f"t{suffix}", "n b")
        weights = [ic.tensor(f"W{k}{suffix}", "n n") for k in range(depth)]
        for weight in weights:
            h = ic.numpy.tanh(weight @ h)
        loss = ((h - t) ** 2).sum()
        first = weights[0]
        result = loss.gradient(first) if order == 1 else loss.hessian(first)
        return result.node

    return job


WORKED: dict[str, tuple[str, dict[str, str], str]] = {
    "y = (X∘A)1 by A": (
        "(<X> ∘ <A>) * ones(p)",
        {"X": "n p", "A": "n p"},
        "A",
    ),
    "F = W(AX∘AX)1 by X": (
        "<W> * (<A>*<X> ∘ (<A>*<X>)) * ones(3)",
        {"W": "k k", "A": "k n", "X": "n 3"},
        "X",
    ),
    "f = x∘y∘z by x": ("<x> ∘ <y> ∘ <z>", {"x": "n", "y": "n", "z": "n"}, "x"),
    "γ = a'(B(xc'∘D)∘E)f by x": (
        "<a>' * (<B> * (<x>*<c>' ∘ <D>) ∘ <E>) * <f>",
        {"a": "p", "B": "p b", "x": "b", "c": "e", "D": "b e", "E": "p e", "f": "e"},
        "x",
    ),
    "y = A(B(xc'∘D)∘E)f by x": (
        "<A> * (<B> * (<x>*<c>' ∘ <D>) ∘ <E>) * <f>",
        {"A": "q p", "B": "p b", "x": "b", "c": "e", "D": "b e", "E": "p e", "f": "e"},
        "x",
    ),
}

NETWORKS: dict[str, Job] = {
    "5-layer tanh network, gradient": network(5, 1),
    "3-layer tanh network, Hessian": network(3, 2),
}


def measured(jobs: dict[str, Job], rounds: int) -> dict[str, float | str]:
    """Median milliseconds of each job, interleaved; an exception's name where it
    raises."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    failed: dict[str, str] = {}
    for k in range(rounds + 1):
        for name, job in jobs.items():
            if name in failed:
                continue
            start = time.perf_counter()
            try:
                job(f"_{k}")
            except Exception as error:
                failed[name] = type(error).__name__
                continue
            if k:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: failed.get(name) or median(times[name]) for name in jobs}


def row(title: str, found: dict[str, float | str]) -> str:
    """One line of the table."""
    ours = found["indexcalc"]
    cells = []
    for name, value in found.items():
        if isinstance(value, str) or isinstance(ours, str):
            cells.append(f"{name} {value}")
        elif name == "indexcalc":
            cells.append(f"{name} {value:.2f} ms")
        else:
            cells.append(f"{name} {value:.1f} ms ({value / ours:.0f}×)")
    return f"{title:34s} " + "   ".join(cells)


def main() -> None:
    """Prints the table."""
    print(
        f"medians of {ROUNDS} rounds; peers: {', '.join(peers.installed()) or 'none'}"
    )
    for title, problem in WORKED.items():
        jobs = {"indexcalc": parsed(*problem), **peers.jobs(title)}
        print(row(title, measured(jobs, ROUNDS)))
    for title, job in NETWORKS.items():
        print(row(title, measured({"indexcalc": job, **peers.jobs(title)}, 3)))


if __name__ == "__main__":
    main()
