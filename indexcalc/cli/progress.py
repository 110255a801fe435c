"""A bar for what takes long, on a terminal's standard error and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from .terminal import is_terminal

#: After how many seconds a bar appears.
PATIENCE = 0.7


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says what is being done, once it takes long; the bar goes when it is done."""
    if not is_terminal(sys.stderr):
        yield
        return
    shown: list[Any] = []

    def show() -> None:
        bar = _bar(what)
        bar.add_task(what, total=None)
        bar.start()
        shown.append(bar)

    timer = Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for bar in shown:
            bar.stop()


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told how many parts of how many are done."""
    if not is_terminal(sys.stderr):
        yield lambda done, total: None
        return
    with _bar(what) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar(what: str) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
