"""A Jacobian four times larger than the memory of the workers that compute it.

Run `python -m benchmarks.distributed` (`--quick`: half the size). Two workers on
this machine compute the Jacobian of W(AX∘AX)1₃ by X into a `.npy` file, first left
alone, then with one of them killed on the way; the file is compared with the blocks of
one process. At the end, what a block costs beside its numbers.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.distributed import DEFAULT_LIMIT, evaluate_blocks
from indexcalc.distributed.cluster import capacity

MEGABYTE = 1_000_000

#: The Jacobian in bytes, divided by the memory of both workers.
RATIO = 4

#: Blocks of the two runs whose difference is the price of one.
FEW, MANY, REPEATS = 4, 404, 5

Progress = Callable[[int, int], None]


def jacobian() -> Any:
    """∂(W(AX∘AX)1₃)/∂X, of shape (k, n, 3)."""
    shapes = {"W": "k q", "A": "q n", "X": "n 3"}
    return ic.parse("W*((A*X)∘(A*X))*ones(3)", shapes).diff("X").node


def mapped(folder: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Random inputs in files, so that each worker reads what it needs."""
    rng = np.random.default_rng(0)
    for name, shape in shapes.items():
        np.save(folder / f"{name}.npy", rng.normal(size=shape))
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in shapes}


def nothing(done: int, total: int) -> None:
    """Says nothing."""


def killing(client: Any) -> Progress:
    """Kills one worker when a third of the blocks is done."""
    killed = threading.Event()

    def progress(done: int, total: int) -> None:
        if done >= total // 3 and not killed.is_set():
            killed.set()
            os.kill(sorted(client.run(os.getpid).values())[0], signal.SIGKILL)

    return progress


def counting(counts: list[int]) -> Progress:
    """Remembers how many blocks there are."""

    def progress(done: int, total: int) -> None:
        counts[:] = [total]

    return progress


class Resident:
    """The largest resident memory of some processes, sampled all the time."""

    def __init__(self, client: Any) -> None:
        self.client, self.largest, self.over = client, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        """Looks every fiftieth of a second."""
        import psutil

        parent = psutil.Process()
        while not self.over.wait(0.02):
            for child in parent.children(recursive=True):
                try:
                    self.largest = max(self.largest, child.memory_info().rss)
                except psutil.Error:
                    continue

    def __enter__(self) -> Resident:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()


def same(one: Any, other: Any) -> float:
    """The largest difference of two arrays in files, over the largest entry."""
    worst = largest = 0.0
    for k in range(0, len(one), 100):
        a, b = np.asarray(one[k : k + 100]), np.asarray(other[k : k + 100])
        worst = max(worst, float(np.abs(a - b).max()))
        largest = max(largest, float(np.abs(b).max()))
    return worst / largest


def large(client: Any, folder: Path, limit: int) -> None:
    """The Jacobian alone, with a killed worker, and in this process."""
    n = 6_000
    k = RATIO * 2 * limit // (n * 3 * 8)
    values = mapped(folder, {"W": (k, 300), "A": (300, n), "X": (n, 3)})
    node, size = jacobian(), k * n * 3 * 8
    print(f"Jacobian {k}×{n}×3, {size / MEGABYTE:,.0f} MB; two workers of ", end="")
    print(f"{limit / MEGABYTE:.0f} MB: {size / 2 / limit:.1f} times their memory")
    room, _ = capacity(client, None, DEFAULT_LIMIT)
    counts: list[int] = []
    runs: dict[str, tuple[Any, Progress]] = {
        "two workers": (client, counting(counts)),
        "one killed": (client, killing(client)),
        "this process": (None, nothing),
    }
    found = {}
    for name, (who, progress) in runs.items():
        path = str(folder / f"{name}.npy")
        with Resident(client) as resident:
            start = time.perf_counter()
            found[name] = evaluate_blocks(
                node,
                values,
                to=path,
                memory_limit=room,
                client=who,
                progress=progress,
            )
            took = time.perf_counter() - start
        memory = resident.largest / MEGABYTE
        print(f"  {name:14}{took:7.1f} s   largest worker {memory:6.0f} MB")
    print(f"  {counts[0]} blocks, each of at most {room / MEGABYTE:.0f} MB")
    for name in ("two workers", "one killed"):
        print(f"  {name:14}differs by {same(found[name], found['this process']):.1e}")


def overhead(client: Any, folder: Path) -> None:
    """What a block costs: many tiny ones less a few, per block."""
    x = ic.tensor("x", "n")
    node = ic.numpy.exp(x).node
    for name, who in {"this process": None, "two workers": client}.items():
        prices = [_price(node, folder / f"{k}.npy", who) for k in range(REPEATS)]
        print(f"  {name:14}{1e3 * median(prices):7.2f} ms a small block")
    empty = [_empty_task(client) for _ in range(REPEATS)]
    print(f"  {'dask itself':14}{1e3 * median(empty):7.2f} ms an empty task")


def _empty_task(client: Any) -> float:
    """Seconds that the cluster needs for a task that does nothing."""
    start = time.perf_counter()
    futures = [client.submit(int, k, pure=False) for k in range(MANY)]
    client.gather(futures)
    return (time.perf_counter() - start) / MANY


def _price(node: Any, path: Path, client: Any) -> float:
    """Seconds a block, in many blocks less in a few."""
    took: dict[int, float] = {}
    for count in (FEW, MANY):
        counts: list[int] = []
        start = time.perf_counter()
        evaluate_blocks(
            node,
            {"x": np.zeros(count * 64)},
            to=str(path),
            client=client,
            memory_limit=4 * 64 * 8 + 8,
            progress=counting(counts),
        )
        took[counts[0]] = time.perf_counter() - start
        path.unlink()
    few, many = sorted(took)
    return (took[many] - took[few]) / (many - few)


def main() -> None:
    """Prints all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    from distributed import Client, LocalCluster

    limit = (140 if quick else 280) * MEGABYTE
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=limit,
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        large(client, Path(folder), limit)
        overhead(client, Path(folder))


if __name__ == "__main__":
    main()
