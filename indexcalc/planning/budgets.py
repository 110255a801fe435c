"""What is refused because it needs more memory than there is, and how that is said.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.held import held
>>> x = tensor("x", (10**6,))
>>> program = compile_nodes([einsum([(x, [0]), (x, [1])], [0, 1])])
>>> need = held(program, int, 8)
>>> try:
...     keep_within(program, int, 8, limit=Limit(10**9, given=True), need=need)
... except BudgetError as error:
...     print(error.message[:67])
8 TB of memory are needed beside the inputs, and the limit is 1 GB,
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from ..errors import BudgetError
from ..plan import Load, Pattern, Program, Slot, is_view
from ..sizes import Size
from .held import dense_entries, entries
from .room import Limit, available, bytes_text, is_confined, limit_of
from .told import told

#: Programs whose arrays have fewer bytes together are not looked at where no limit is
#: given: they take less time than asking how much memory there is. In a process with
#: limits of its own fewer are small.
SMALL, TINY = 1 << 26, 1 << 20

#: NumPy makes no array of so many bytes, axes of length 0 not counted.
COUNTABLE = 1 << 63

#: Where no way out is known.
SMALLER = "smaller sizes, or a machine with more memory"

Lengths = Callable[[Size], int]

Shape = tuple[int, ...]


def dense_bytes(pattern: Pattern, length: Lengths, itemsize: int) -> int:
    """The bytes of a value that is written out."""
    return itemsize * dense_entries(pattern, length)


def core_bytes(pattern: Pattern, length: Lengths, itemsize: int) -> int:
    """The bytes of a core array."""
    return itemsize * entries(pattern.core, pattern, length)


def span(lengths: Sequence[int], itemsize: int) -> int:
    """The bytes of an array as NumPy counts them: along all axes that are not empty."""
    return itemsize * prod(n or 1 for n in lengths)


def is_small(program: Program, length: Lengths, itemsize: int) -> bool:
    """Whether a program needs no thought: all its arrays together are few bytes."""
    total = 0
    for pattern in program.patterns:
        total += prod([length(pattern.sizes[i]) or 1 for i in pattern.core])
    for slot in program.results:
        pattern = program.patterns[slot]
        if not pattern.dense:
            total += prod(
                [length(pattern.sizes[i]) or 1 for axis in pattern.axes for i in axis]
            )
    return is_few(total * itemsize)


def is_few(nbytes: int) -> bool:
    """Whether so many bytes are not worth asking how much memory there is."""
    return nbytes < TINY or (nbytes < SMALL and not is_confined())


def _made(program: Program, length: Lengths) -> list[tuple[Slot, Shape]]:
    """The arrays that are made: their slots and shapes."""
    rows: list[tuple[Slot, Shape]] = []
    for slot, (step, p) in enumerate(zip(program.steps, program.patterns, strict=True)):
        if not isinstance(step, Load) and not is_view(step):
            rows.append((slot, tuple(length(p.sizes[i]) for i in p.core)))
    for slot in program.results:
        p = program.patterns[slot]
        if not p.dense or isinstance(program.steps[slot], Load):
            axes = (prod(length(p.sizes[i]) for i in axis) for axis in p.axes)
            rows.append((slot, tuple(axes)))
    return rows


def largest(
    program: Program, length: Lengths, itemsize: int, most: int | None = None
) -> tuple[int, Slot, tuple[int, ...]]:
    """The bytes, the slot and the shape of the largest array that is made, of those of
    at most so many bytes: what is computed in blocks is larger as a whole."""
    rows = [
        (itemsize * prod(shape), slot, shape) for slot, shape in _made(program, length)
    ]
    rows = [row for row in rows if most is None or row[0] <= most]
    rows.append((0, -1, ()))
    results = set(program.results)
    return max(rows, key=lambda row: (row[0], row[1] in results, -row[1]))


def keep_within(
    program: Program,
    length: Lengths,
    itemsize: int,
    limit: Limit,
    need: int,
    ways: Callable[[], str] = str,
) -> None:
    """Raises `BudgetError` where more is needed than the limit, and where an array is
    beyond what NumPy can count; `ways` says what to do instead."""
    keep_countable(program, length, itemsize)
    if need <= limit.nbytes:
        return
    nbytes, slot, shape = largest(program, length, itemsize, need)
    amount, most = bytes_text(need), str(limit)
    if amount == bytes_text(limit.nbytes):
        amount, most = f"{need:,} bytes", f"{limit.nbytes:,}"
    raise BudgetError(
        f"{amount} of memory are needed beside the inputs, and the limit is {most}: "
        f"{_named(program, slot, shape)}, alone takes {bytes_text(nbytes)}",
        hint="; ".join(filter(None, (ways(), _raised(limit, need)))) or SMALLER,
    )


def keep_array_within(
    shape: Sequence[int], itemsize: int, what: str, hint: str
) -> None:
    """Raises `BudgetError` for one array that takes more than most of the memory that
    is free, or that NumPy cannot count."""
    nbytes = itemsize * prod(shape)
    countable = span(shape, itemsize) < COUNTABLE
    if is_few(nbytes) and countable:
        return
    most = limit_of(None)
    if nbytes > most.nbytes or not countable:
        lengths = " × ".join(map(str, shape)) or "one entry"
        raise BudgetError(
            f"{what}, {lengths}, takes {bytes_text(nbytes)}, and the limit is {most}",
            hint=hint,
        )


def exhausted(error: MemoryError) -> BudgetError:
    """The error for memory that was there, and was gone when it was asked for."""
    said = str(error).strip()
    return BudgetError(
        f"the memory ran out during the computation{': ' if said else ''}{said}",
        hint="a memory_limit= below what is free keeps within it",
    )


def _named(program: Program, slot: Slot, shape: Shape) -> str:
    what = "the result" if slot in program.results else "an intermediate"
    lengths = " × ".join(map(str, shape)) or "one entry"
    return f"{what} {told(program, slot)}, {lengths}" if slot >= 0 else "a copy"


def _raised(limit: Limit, need: int) -> str:
    """The limit that would do, where the machine has so much."""
    if need > available():
        return ""
    return f"memory_limit={need} would be enough"


def keep_countable(program: Program, length: Lengths, itemsize: int) -> None:
    """Raises `BudgetError` for an empty array whose other axes NumPy cannot count."""
    for slot, shape in _made(program, length):
        if 0 in shape and span(shape, itemsize) >= COUNTABLE:
            raise BudgetError(
                f"{_named(program, slot, shape)}, is empty, and cannot be made: NumPy "
                "counts its other axes, and they are over 2^63 bytes",
                hint="smaller sizes on the axes that are not 0",
            )
