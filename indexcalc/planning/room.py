"""How much memory there is, and how much of it a call may take.

What is free is the least of what the machine has left, what the control groups of the
process leave it, and what its own limits (`ulimit`) do.

>>> as_bytes("1.5 GB"), as_bytes("4KiB"), as_bytes(1000)
(1500000000, 4096, 1000)
>>> str(Limit(10**9, given=True)), available() > 0
('1 GB, as given', True)
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path

from ..errors import UnsupportedError
from ..legible import quoted, whole

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

#: The share of the free memory that a call may take where no limit is given.
SHARE = 0.8

#: A limit that nothing exceeds.
UNLIMITED = 1 << 1_000

#: What counts as free where the system does not tell.
UNKNOWN = 1 << 33

UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}

#: A control group that tells a larger number sets no limit.
NO_LIMIT = 1 << 60

#: Where control groups are, by version: their folder, and the files that say how much
#: a group may use and how much it does.
GROUPS = {
    "": ("/sys/fs/cgroup", "memory.max", "memory.current"),
    "memory": (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
    ),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The bytes that a call may hold beside its inputs; `given` by the caller, or a
    share of what is free."""

    nbytes: int
    given: bool

    def __str__(self) -> str:
        amount = bytes_text(self.nbytes)
        origin = "as given" if self.given else f"{SHARE:.0%} of the memory that is free"
        return f"{amount}, {origin}"


def as_bytes(limit: int | float | str) -> int:
    """A number of bytes, or a text such as "2GB" or "512 MiB".

    Raises `UnsupportedError` for another text, and for what is not positive.
    """
    text = "" if isinstance(limit, bool) else _amount(limit).strip().lower()
    if type(limit) is int and 0 < limit <= UNLIMITED:
        return limit
    found = re.fullmatch(r"(\d{1,40}\.?\d{0,40}(?:e\+?\d+)?)\s*([kmgtpe]?)(i?)b?", text)
    amount = float(found[1]) if found else 0.0
    if found is None or not amount > 0 or not isfinite(amount):
        raise UnsupportedError(
            f"{quoted(limit)} is no amount of memory",
            hint='as in 2_000_000_000 or "2GB"',
        )
    step = 1024 if found[3] else 1000
    whole = int(found[1]) if found[1].isdigit() else amount
    return max(1, int(whole * step ** UNITS[found[2]]))


def _amount(limit: int | float | str) -> str:
    return whole(limit) if isinstance(limit, int) else str(limit)


def bytes_text(count: float) -> str:
    """Bytes for a reader.

    >>> bytes_text(3_200_000_000), bytes_text(512), bytes_text(2**90)
    ('3.2 GB', '512 B', '1.24e+09 EB')
    """
    if count >= 1e300:
        return f"over 10^{len(str(int(count))) - 19} EB"
    for unit, size in (("EB", 1e18), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB" if count >= 1000 else f"{count:.0f} B"


def limit_of(nbytes: int | None, free: int | None = None) -> Limit:
    """The limit that is given, or the default one: of what is free, on the machine
    where nothing else is told."""
    if nbytes is not None:
        return Limit(nbytes, given=True)
    return Limit(int(SHARE * (available() if free is None else free)), given=False)


def available() -> int:
    """The bytes that are free: of the machine, of the control groups that the process
    is in, and under its own limits."""
    return max(0, min([_free(), *_left_by_groups(), *_left_by_limits()]))


def _free() -> int:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text("/proc/meminfo"))
    if found is not None:
        return 1024 * int(found[1])
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return UNKNOWN


def _text(path: str) -> str:
    """What a file says; nothing where it cannot be read."""
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=1)
def _groups() -> tuple[tuple[int, Path, Path], ...]:
    """The control groups that set a limit, from the own one up to the root: the limit,
    and the files that say how much is used, and for what. Looked up once."""
    found: dict[Path, tuple[int, Path, Path]] = {}
    for line in (*_text("/proc/self/cgroup").splitlines(), "0::/", "0:memory:/"):
        controllers, _, path = line.partition(":")[2].partition(":")
        known = next((name for name in controllers.split(",") if name in GROUPS), None)
        if known is None:
            continue
        folder, most, used = GROUPS[known]
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts), -1, -1):
            group = Path(folder, *parts[:depth])
            limit = _text(str(group / most)).strip()
            if limit.isdigit() and int(limit) < NO_LIMIT:
                found[group] = (int(limit), group / used, group / "memory.stat")
    return tuple(found.values())


def _left_by_groups() -> Iterator[int]:
    """What the control groups leave; files that the system keeps in memory and could
    drop count as free."""
    for limit, used, stat in _groups():
        now = _text(str(used)).strip()
        files = re.search(
            r"^(?:total_)?inactive_file (\d+)$", _text(str(stat)), re.MULTILINE
        )
        if now.isdigit():
            yield limit - max(0, int(now) - (int(files[1]) if files else 0))


def _own_limits() -> Iterator[tuple[int, int]]:
    """The limits of the process, on its addresses and on its data: bytes, and where
    /proc/self/statm tells how many pages it has."""
    if resource is not None:
        for kind, place in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
            soft, _ = resource.getrlimit(kind)
            if soft != resource.RLIM_INFINITY:
                yield soft, place


def is_confined() -> bool:
    """Whether the process has limits of its own."""
    return next(_own_limits(), None) is not None


def _left_by_limits() -> Iterator[int]:
    """What the process's own limits leave."""
    for limit, place in _own_limits():
        pages = _text("/proc/self/statm").split()
        yield limit - (mmap.PAGESIZE * int(pages[place]) if pages else 0)
