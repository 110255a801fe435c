"""Bounded: every operation on every monster answers, or refuses as documented, in time.

    python -m tests.trust.bounded                    all cells, more than an hour
    python -m tests.trust.bounded --quick            the small monsters
    python -m tests.trust.bounded --monster "K12" --operation expand check

Each cell is a process of its own with a limit on processor time and on memory. The
table has a row a monster and a column an operation: seconds of processor time where it
answered, B where it refused with a BudgetError, U with an UnsupportedError; anything
else is a failure, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import indexcalc as ic
from tests.trust.monsters import MONSTERS, Monster
from tests.trust.operations import OPERATIONS, Subject

SECONDS, MEMORY = 10.0, 2 * 10**9
ADDRESSES = 4 * 10**9
#: The refusals that count as an answer, and the letter of each in the table.
REFUSALS = {"BudgetError": "B", "UnsupportedError": "U"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one operation on one monster."""

    monster: str
    operation: str
    kind: str
    message: str
    seconds: float
    bytes: int

    @property
    def good(self) -> bool:
        """Whether it answered or refused as documented, within time and memory."""
        within = self.seconds <= SECONDS and self.bytes <= MEMORY
        return within and (self.kind == "" or self.kind in REFUSALS)

    @property
    def shown(self) -> str:
        """A few characters for the table."""
        mark = REFUSALS.get(self.kind, self.kind[:12])
        return f"{'' if self.good else '!'}{mark}{self.seconds:.1f}"


def attempt(work: Callable[[], object]) -> tuple[str, str]:
    """The kind of error and its message; nothing where there is an answer."""
    try:
        work()
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""


def apart(
    work: Callable[[], tuple[str, str]], limit: float
) -> tuple[str, str, float, int]:
    """Kind, message, seconds and bytes of work done in a process of its own."""
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(read)
        _limited(limit)
        kind, message = work()
        os.write(write, f"{kind}\n{message[:2000]}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, status, usage = os.wait4(child, 0)
    seconds, used = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name, "", seconds, used
    if os.WEXITSTATUS(status):
        return f"exit {os.WEXITSTATUS(status)}", "", seconds, used
    kind, _, message = said.partition("\n")
    return kind, message, seconds, used


def _limited(seconds: float) -> None:
    # A process that was forked starts from the time of none.
    limit = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    warnings.simplefilter("ignore")


def _warm() -> None:
    """Everything imported once, so that no cell pays for it."""
    x = ic.tensor("x", "n")
    for work in OPERATIONS.values():
        attempt(lambda w=work: w(Subject(x @ x, "x")))


def row(
    name: str,
    monster: Monster,
    chosen: Sequence[str],
    limit: float,
    tell: Callable[[Cell], None],
) -> list[Cell]:
    """Every cell of one monster: built once, and a process for each operation."""
    built: list[ic.Expression] = []
    kind, message, seconds, used = apart(
        lambda: attempt(lambda: built.append(monster.build())), limit
    )
    cells = [Cell(name, "construct", kind, message, seconds, used)]
    tell(cells[0])
    if kind:
        return cells
    e = monster.build()
    for operation in chosen:
        work = OPERATIONS[operation]
        subject = Subject(e, monster.by)
        found = apart(lambda w=work, s=subject: attempt(lambda: w(s)), limit)
        cells.append(Cell(name, operation, *found))
        tell(cells[-1])
    return cells


def table(cells: Sequence[Cell], width: int = 8) -> str:
    """Operations down, monsters across, in blocks of a few monsters."""
    found = {(c.monster, c.operation): c.shown for c in cells}
    monsters = list(dict.fromkeys(c.monster for c in cells))
    operations = list(dict.fromkeys(c.operation for c in cells))
    blocks = []
    for start in range(0, len(monsters), width):
        few = monsters[start : start + width]
        lines = ["".join([f"{'':16}", *(f"{m:>17}" for m in few)])]
        for o in operations:
            lines.append(
                "".join([f"{o:16}", *(f"{found.get((m, o), ''):>17}" for m in few)])
            )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.bounded")
    parser.add_argument("--quick", action="store_true", help="the small monsters")
    parser.add_argument("--monster", nargs="+", default=None)
    parser.add_argument("--operation", nargs="+", default=list(OPERATIONS))
    parser.add_argument("--limit", type=float, default=SECONDS, help="of each process")
    parser.add_argument("--verbose", action="store_true", help="every cell as it ends")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the cells that are asked for."""
    asked = arguments(argv)
    names = asked.monster or [
        n for n, m in MONSTERS.items() if m.quick or not asked.quick
    ]

    def tell(cell: Cell) -> None:
        if asked.verbose or not cell.good:
            print(
                f"{cell.monster} | {cell.operation} | {cell.kind or 'ok'} | "
                f"{cell.seconds:.2f} s | {cell.bytes >> 20} MB | {cell.message}",
                flush=True,
            )

    _warm()
    cells = [
        cell
        for name in names
        for cell in row(name, MONSTERS[name], asked.operation, asked.limit, tell)
    ]
    bad = [cell for cell in cells if not cell.good]
    print(table(cells))
    print(f"\n{len(cells)} cells, {len(bad)} failed")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
