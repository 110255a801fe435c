"""How much memory there is, and what is refused because it needs more.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> x = tensor("x", (10**6,))
>>> program = compile_nodes([einsum([(x, [0]), (x, [1])], [0, 1])])
>>> try:
...     keep_within(program, int, 8, limit=10**9, held=needed(program, int, 8))
... except BudgetError as error:
...     print(error.message[:67])
8 TB of memory are needed beside the inputs, and the limit is 1 GB:
>>> as_bytes("1.5 GB"), as_bytes("4KiB"), as_bytes(1000)
(1500000000, 4096, 1000)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path

from ..errors import BudgetError, UnsupportedError
from ..plan import Contract, Load, Pattern, Program, Slot, inputs_of, is_view, last_uses
from ..sizes import Size
from .spelling import spec_of

#: The share of the free memory that a call may take where no limit is given.
SHARE = 0.8

#: Programs whose arrays have fewer bytes together are not looked at.
SMALL = 1 << 28

#: A limit that nothing exceeds.
UNLIMITED = 1 << 200

UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}

#: Files that say how much a control group may use, and how much it does.
GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def as_bytes(limit: int | str) -> int:
    """A number of bytes, or a text such as "2GB" or "512 MiB".

    Raises `UnsupportedError` for another text, and for what is not positive.
    """
    text = str(limit).strip().lower()
    found = re.fullmatch(r"(\d+\.?\d*(?:e\d+)?)\s*([kmgt]?)(i?)b?", text)
    if found is None or float(found[1]) <= 0:
        raise UnsupportedError(
            f"{limit!r} is no amount of memory", hint='as in 2_000_000_000 or "2GB"'
        )
    step = 1024 if found[3] else 1000
    return int(float(found[1]) * step ** UNITS[found[2]])


def bytes_text(count: float) -> str:
    """Bytes for a reader.

    >>> bytes_text(3_200_000_000), bytes_text(512)
    ('3.2 GB', '512 B')
    """
    for unit, size in (("EB", 1e18), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB" if count >= 1000 else f"{count:.0f} B"


def available() -> int:
    """The bytes that are free: of the machine, or of the control group that the
    process is in, where that has fewer."""
    return min([_free(), *_left()])


def _free() -> int:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = re.search(r"MemAvailable:\s+(\d+) kB", text)
    if found is None:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 1024 * int(found[1])


def _left() -> Iterator[int]:
    """What control groups leave."""
    for most, used in GROUPS:
        try:
            limit = Path(most).read_text(encoding="ascii").strip()
            now = Path(used).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if limit.isdigit() and now.isdigit():
            yield max(0, int(limit) - int(now))


def default_limit() -> int:
    """What a call may take beside its inputs where no limit is given."""
    return int(SHARE * available())


# -- what a program needs, by its steps ------------------------------------------------

Lengths = Callable[[Size], int]


def dense_bytes(pattern: Pattern, length: Lengths, itemsize: int) -> int:
    """The bytes of a value that is written out."""
    entries = prod(length(pattern.sizes[i]) for axis in pattern.axes for i in axis)
    return itemsize * entries


def core_bytes(pattern: Pattern, length: Lengths, itemsize: int) -> int:
    """The bytes of a core array."""
    return itemsize * prod(length(pattern.sizes[i]) for i in pattern.core)


def is_small(program: Program, length: Lengths, itemsize: int) -> bool:
    """Whether a program needs no thought: all its arrays together are few bytes."""
    total = sum(core_bytes(p, length, itemsize) for p in program.patterns)
    total += sum(
        dense_bytes(program.patterns[s], length, itemsize) for s in program.results
    )
    return total < SMALL


def needed(program: Program, length: Lengths, itemsize: int) -> int:
    """The bytes of slots and dense results at the worst moment, beside the inputs: what
    a run of the steps one by one cannot do without."""
    cores = [core_bytes(p, length, itemsize) for p in program.patterns]
    last = last_uses(program)
    now = most = 0
    for k, step in enumerate(program.steps):
        now += 0 if isinstance(step, Load) or is_view(step) else cores[k]
        most = max(most, now)
        for slot in dict.fromkeys(inputs_of(step)):
            over = last[slot] == k and slot not in program.results
            own = not isinstance(program.steps[slot], Load)
            if over and own and not is_view(program.steps[slot]):
                now -= cores[slot]
    written = [program.patterns[s] for s in dict.fromkeys(program.results)]
    dense = sum(dense_bytes(p, length, itemsize) for p in written if not p.dense)
    return max(most, now + dense)


def largest(
    program: Program, length: Lengths, itemsize: int
) -> tuple[int, Slot, tuple[int, ...]]:
    """The bytes, the slot and the shape of the largest array that is made."""
    rows: list[tuple[int, Slot, tuple[int, ...]]] = [(0, -1, ())]
    for slot, (step, p) in enumerate(zip(program.steps, program.patterns, strict=True)):
        if not isinstance(step, Load) and not is_view(step):
            shape = tuple(length(p.sizes[i]) for i in p.core)
            rows.append((core_bytes(p, length, itemsize), slot, shape))
    for slot in program.results:
        p = program.patterns[slot]
        if not p.dense:
            shape = tuple(prod(length(p.sizes[i]) for i in axis) for axis in p.axes)
            rows.append((dense_bytes(p, length, itemsize), slot, shape))
    return max(rows, key=lambda row: (row[0], row[1] in program.results, -row[1]))


#: What to do instead.
INSTEAD = (
    "structured=True keeps deltas unbuilt, jvp and vjp avoid the derivative, "
    "evaluate_blocks computes it in parts, memory_limit= raises the limit"
)


def keep_within(
    program: Program, length: Lengths, itemsize: int, limit: int | None, held: int
) -> None:
    """Raises `BudgetError` where more is held than the limit, or than most of the
    memory that is free where there is none."""
    most = default_limit() if limit is None else limit
    if held <= most:
        return
    nbytes, slot, shape = largest(program, length, itemsize)
    step = program.steps[slot]
    what = "the result" if slot in program.results else "an intermediate"
    if isinstance(step, Contract) and len(step.operands) > 1:
        what = f"{what} {spec_of(step)}"
    raise _refusal(what, shape, nbytes, held, most)


def _refusal(
    what: str, shape: Sequence[int], nbytes: int, held: int, limit: int
) -> BudgetError:
    """The error that a program needs more than the limit; `what` names its largest
    array."""
    lengths = " × ".join(map(str, shape)) or "one entry"
    return BudgetError(
        f"{bytes_text(held)} of memory are needed beside the inputs, and the limit is "
        f"{bytes_text(limit)}: {what}, {lengths}, alone takes {bytes_text(nbytes)}",
        hint=INSTEAD,
    )
