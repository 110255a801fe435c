"""A compiled function, or a plan of one, as a document: expressions, options, choices.

No program is kept: from the expressions and the choices that planning made (orders of
contraction, moves of rearrangement) the same program is made again without a search.
Choices decide how fast it is, never what it computes, and each is checked before use.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> held = Held((einsum([(x, [0]), (x, [0])], []),), Options(cores=2))
>>> again = from_document(loaded(to_json(held)))
>>> again.nodes == held.nodes, again.options == held.options
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, TypeAlias

from ..contraction.machine import TYPICAL, Machine
from ..contraction.networks import Path
from ..errors import ParseError
from ..nodes import Node, Tensor
from ..planning.book import (
    MOST,
    MOVES,
    Arrangement,
    Book,
    Cut,
    Move,
    Moves,
    Problem,
    Room,
    why_no_order,
)
from ..sizes import Dim
from .expressions import leaves_of, places_of
from .nodes import DTYPES, node_entries, nodes_of
from .reading import (
    VERSION,
    Fields,
    choice_of,
    count_of,
    dumped,
    fields_of,
    flag_of,
    kind_of,
    listed,
    loaded,
    place_of,
    size_of,
    size_row,
    text_of,
    versioned,
)

FORMAT, PLAN_FORMAT = "indexcalc.function", "indexcalc.plan"

#: An axis is shorter, since NumPy counts in 64 bits; so many cores has no machine.
LONGEST, MOST_CORES = 2**63, 2**16

#: How many moves one arrangement takes at most.
MOST_MOVES = 200

#: Between which bounds the rates of a machine lie.
LEAST_RATE, MOST_RATE = 1e-15, 1e30

Sizes: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Options:
    """How a function was compiled; `rows` is how many axes are the value's where deltas
    stay unbuilt, `columns` how many are those of the variable that the expression is a
    derivative by. Values of functions that a user named are not kept."""

    single: bool = True
    backend: str | None = None
    sizes: Sizes = field(default_factory=dict)
    style: str = "fast"
    name: str = "f"
    doc: str = ""
    check: bool = True
    cores: int = 1
    memory_limit: int | None = None
    rows: int | None = None
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan was asked for: sizes, how many axes of each result are the value's,
    the expressions as they were written, the machine, the dtype."""

    sizes: Sizes
    value_orders: tuple[int, ...]
    written: tuple[Node, ...] = ()
    machine: Machine = TYPICAL
    dtype: str = "float64"


@dataclass(frozen=True, slots=True)
class Held:
    """A function: its expressions, further variables that tell sizes, options, and what
    planning found so far; `asked` is there in a plan only."""

    nodes: tuple[Node, ...]
    options: Options
    scope: tuple[Tensor, ...] = ()
    book: Book = field(default_factory=Book)
    asked: Asked | None = None


# -- out -------------------------------------------------------------------------------


def to_json(held: Held) -> str:
    """The document as one line of ASCII; equal functions give equal bytes."""
    written = () if held.asked is None else held.asked.written
    entries, places = node_entries([*held.nodes, *held.scope, *written])
    first, last = len(held.nodes), len(held.nodes) + len(held.scope)
    options = held.options
    document: dict[str, Any] = {
        "format": FORMAT if held.asked is None else PLAN_FORMAT,
        "version": VERSION,
        "nodes": entries,
        "roots": places[:first],
        "scope": places[first:last],
        "single": options.single,
        "backend": options.backend,
        "sizes": _sizes_entry(options.sizes),
        "style": options.style,
        "name": options.name,
        "doc": options.doc,
        "check": options.check,
        "cores": options.cores,
        "memory_limit": options.memory_limit,
        "rows": options.rows,
        "columns": options.columns,
        "orders": _in_order(starmap(_order_entry, list(held.book.orders.items()))),
        "moves": _in_order(starmap(_moves_entry, list(held.book.moves.items()))),
        "cuts": _in_order(starmap(_cuts_entry, list(held.book.cuts.items()))),
    }
    if held.asked is not None:
        document["asked"] = _asked_entry(held.asked, places[last:])
    return dumped(document)


def _in_order(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries in an order of their own, whatever was planned first."""
    return sorted(entries, key=dumped)


def _sizes_entry(sizes: Sizes) -> dict[str, int]:
    return {name: int(sizes[name]) for name in sorted(sizes)}


def _order_entry(problem: Problem, order: Path) -> dict[str, Any]:
    return {
        "inputs": [list(labels) for labels in problem.inputs],
        "out": list(problem.out),
        "lengths": [list(pair) for pair in problem.lengths],
        "same": list(problem.same),
        "order": [list(step) for step in order],
    }


def _moves_entry(here: Arrangement, moves: Moves) -> dict[str, Any]:
    listed_ = None if moves is None else [[m.kind, m.place, m.option] for m in moves]
    sizes = [[size_row(d), n] for d, n in here.sizes]
    return {"of": here.of, "sizes": sizes, "moves": listed_}


def _cuts_entry(room: Room, cuts: tuple[Cut, ...]) -> dict[str, Any]:
    return {
        "sizes": [[size_row(d), n] for d, n in room.sizes],
        "kinds": room.kinds,
        "limit": room.limit,
        "cuts": [list(cut) for cut in cuts],
    }


def _asked_entry(asked: Asked, written: list[int]) -> dict[str, Any]:
    machine = asked.machine
    return {
        "sizes": _sizes_entry(asked.sizes),
        "value_orders": list(asked.value_orders),
        "written": written,
        "machine": {
            **{name: float(getattr(machine, name)) for name in RATES},
            **{name: int(getattr(machine, name)) for name in COUNTS},
        },
        "dtype": asked.dtype,
    }


RATES = ("gemm", "cached", "memory", "fresh", "call", "matrix")
COUNTS = ("cores", "cache")

# -- in --------------------------------------------------------------------------------

FIELDS = (
    *("nodes", "roots", "scope", "single", "backend", "sizes", "style", "name", "doc"),
    *("check", "cores", "memory_limit", "rows", "columns", "orders"),
    *("moves", "cuts"),
)


def from_document(document: object) -> Held:
    """The function, or the plan, of a document as `loaded` gives it.

    Raises `ParseError`, with the place, for what is none.
    """
    plan = isinstance(document, dict) and document.get("format") == PLAN_FORMAT
    needed = (*FIELDS, "asked") if plan else FIELDS
    fields = versioned(document, "", PLAN_FORMAT if plan else FORMAT, needed)
    nodes = nodes_of(fields["nodes"], "nodes")
    roots = places_of(fields["roots"], "roots", nodes)
    if not roots:
        raise ParseError("roots: a function of no expressions")
    return Held(
        roots,
        _options(fields, roots),
        leaves_of(fields["scope"], "scope", nodes),
        _book(fields),
        _asked(fields["asked"], nodes, roots) if plan else None,
    )


def _book(fields: Fields) -> Book:
    """What planning found, each thing once."""
    found = [
        listed(fields[name], name, read)
        for name, read in (("orders", _order), ("moves", _arrangement), ("cuts", _cuts))
    ]
    orders, moves, cuts = map(_table, found, ("orders", "moves", "cuts"))
    return Book(orders, moves, cuts)


def _options(fields: Fields, roots: tuple[Node, ...]) -> Options:
    backend, limit, rows = fields["backend"], fields["memory_limit"], fields["rows"]
    single = flag_of(fields["single"], "single")
    if (single or rows is not None) and len(roots) > 1:
        raise ParseError(f"single: {len(roots)} expressions are several")
    if single and rows is not None:
        raise ParseError("single: a structured result is no array")
    most = len(roots[0].shape) + 1
    return Options(
        single,
        None if backend is None else text_of(backend, "backend"),
        _sizes(fields["sizes"], "sizes"),
        text_of(fields["style"], "style"),
        text_of(fields["name"], "name"),
        text_of(fields["doc"], "doc"),
        flag_of(fields["check"], "check"),
        1 + place_of(_less(fields["cores"]), "cores", MOST_CORES),
        None if limit is None else count_of(limit, "memory_limit"),
        None if rows is None else place_of(rows, "rows", most),
        place_of(fields["columns"], "columns", most),
    )


def _less(entry: object) -> object:
    """A number that counts from 1, from 0."""
    return entry - 1 if type(entry) is int else entry


def _sizes(entry: object, at: str) -> dict[str, int]:
    if not isinstance(entry, dict):
        raise ParseError(f"{at}: {kind_of(entry)} where sizes are needed")
    return {name: place_of(n, f"{at}.{name}", LONGEST) for name, n in entry.items()}


def _asked(entry: object, nodes: tuple[Node, ...], roots: tuple[Node, ...]) -> Asked:
    needed = ("sizes", "value_orders", "written", "machine", "dtype")
    fields = fields_of(entry, "asked", needed)
    orders = listed(fields["value_orders"], "asked.value_orders", count_of)
    if len(orders) != len(roots) or any(
        order > len(root.shape) for order, root in zip(orders, roots, strict=True)
    ):
        raise ParseError("asked.value_orders: not one number of axes for every root")
    return Asked(
        _sizes(fields["sizes"], "asked.sizes"),
        orders,
        places_of(fields["written"], "asked.written", nodes),
        _machine(fields["machine"], "asked.machine"),
        choice_of(fields["dtype"], "asked.dtype", DTYPES),
    )


def _machine(entry: object, at: str) -> Machine:
    fields = fields_of(entry, at, (*RATES, *COUNTS))
    for name in RATES:
        rate = fields[name]
        if not isinstance(rate, float) or not LEAST_RATE <= rate <= MOST_RATE:
            raise ParseError(f"{at}.{name}: not a rate of a machine")
    cores = 1 + place_of(_less(fields["cores"]), f"{at}.cores", MOST_CORES)
    cache = place_of(fields["cache"], f"{at}.cache", LONGEST)
    return Machine(**{name: fields[name] for name in RATES}, cores=cores, cache=cache)


# -- choices ---------------------------------------------------------------------------


def _table(pairs: tuple[tuple[Any, Any], ...], at: str) -> dict[Any, Any]:
    table = dict(pairs)
    if len(table) < len(pairs) or len(pairs) > MOST:
        raise ParseError(f"{at}: one thing twice, or over {MOST}")
    return table


def _order(entry: object, at: str) -> tuple[Problem, Path]:
    fields = fields_of(entry, at, ("inputs", "out", "lengths", "same", "order"))
    inputs = listed(fields["inputs"], f"{at}.inputs", _labels)
    lengths = listed(fields["lengths"], f"{at}.lengths", _length)
    same = _labels(fields["same"], f"{at}.same")
    order = listed(fields["order"], f"{at}.order", _labels)
    carried = {label for labels in inputs for label in labels}
    if carried != {label for label, _ in lengths} or len(carried) != len(lengths):
        raise ParseError(f"{at}.lengths: not one length for every label")
    fault = why_no_order(order, len(inputs))
    if len(inputs) < 3 or len(same) != len(inputs) or fault:
        raise ParseError(f"{at}.order: {fault or 'not of three operands or more'}")
    out = _labels(fields["out"], f"{at}.out")
    return Problem(inputs, out, lengths, same), order


def _labels(entry: object, at: str) -> tuple[int, ...]:
    return listed(entry, at, count_of)


def _length(entry: object, at: str) -> tuple[int, int]:
    pair = listed(entry, at, count_of)
    if len(pair) != 2 or pair[1] >= LONGEST:
        raise ParseError(f"{at}: a label and its length are needed")
    return pair[0], pair[1]


def _arrangement(entry: object, at: str) -> tuple[Arrangement, Moves]:
    fields = fields_of(entry, at, ("of", "sizes", "moves"))
    known = listed(fields["sizes"], f"{at}.sizes", _known)
    moves = fields["moves"]
    here = Arrangement(text_of(fields["of"], f"{at}.of"), known)
    if isinstance(moves, list) and len(moves) > MOST_MOVES:
        raise ParseError(f"{at}.moves: over {MOST_MOVES} moves")
    return here, None if moves is None else listed(moves, f"{at}.moves", _move)


def _known(entry: object, at: str) -> tuple[Dim, int]:
    if not isinstance(entry, list) or len(entry) != 2:
        raise ParseError(f"{at}: {kind_of(entry)} where a size and its length are")
    size = size_of(entry[0], f"{at}[0]")
    if not isinstance(size, Dim):
        raise ParseError(f"{at}[0]: a number where the name of a size is needed")
    return size, place_of(entry[1], f"{at}[1]", LONGEST)


def _move(entry: object, at: str) -> Move:
    if not isinstance(entry, list) or len(entry) != 3:
        raise ParseError(f"{at}: {kind_of(entry)} where a move is needed")
    kind = choice_of(entry[0], f"{at}[0]", MOVES)
    return Move(kind, count_of(entry[1], f"{at}[1]"), count_of(entry[2], f"{at}[2]"))


def _cuts(entry: object, at: str) -> tuple[Room, tuple[Cut, ...]]:
    fields = fields_of(entry, at, ("sizes", "kinds", "limit", "cuts"))
    known = listed(fields["sizes"], f"{at}.sizes", _known)
    kinds = text_of(fields["kinds"], f"{at}.kinds")
    limit = count_of(fields["limit"], f"{at}.limit")
    return Room(known, kinds, limit), listed(fields["cuts"], f"{at}.cuts", _cut)


def _cut(entry: object, at: str) -> Cut:
    found = listed(entry, at, count_of)
    if len(found) != 3:
        raise ParseError(f"{at}: a slot, an axis and rows are needed")
    return found[0], found[1], found[2]


__all__ = ["Asked", "Held", "Options", "from_document", "loaded", "to_json"]
