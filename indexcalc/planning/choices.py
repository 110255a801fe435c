"""Equal expressions, arranged so that the planned program is cheapest at given sizes.

Products are multiplied out or factored, parts computed once, inverses replaced by
solutions, each where the whole program of all expressions becomes cheaper by it. Values
stay what they are up to rounding: nothing is divided, no domain changes. For evaluation
and code only; the result is never shown as mathematics.

(T − UVᵀ)V and TV − U(VᵀV) differ by rounding relative to |T||V| + |U||V|²; where they
nearly cancel, as in a gradient near its zero, that is what remains of them.

>>> from indexcalc.expr import einsum, linear, tensor
>>> T, U, V = (tensor(*given) for given in [("T", "mm"), ("U", "mk"), ("V", "mk")])
>>> product = einsum([(U, [0, 2]), (V, [1, 2])], [0, 1])
>>> error = linear([(T, 1), (product, -1)], T.shape)
>>> gradient = einsum([(error, [0, 1]), (V, [1, 2])], [0, 2])
>>> arranged, = chosen([gradient], lambda size: {"m": 1000, "k": 5}[str(size)])
>>> type(arranged).__name__                                     # T V − U (Vᵀ V)
'Sum'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from ..distribute import without_diagonals
from ..nodes import (
    Call,
    Einsum,
    Node,
    Sum,
    Tensor,
    children,
    digest_of,
    one_pass,
    toposort,
)
from ..sizes import Dim, Size, lengths
from ..sparse_products import CONSTANTS
from .book import Arrangement, Book, Known, Move, Moves
from .costs import Ledger
from .distribution import distributed, narrows, together
from .factoring import factored
from .parts import flattened, rebuilt
from .sharing import shared
from .solves import solved

#: Beyond so many nodes, or factors of products, nothing is searched.
MOST_NODES, MOST_FACTORS = 600, 2_000
#: How many candidates are compared at most, and how much planning they may take.
MOST_CANDIDATES, LEAST_WORK, MOST_WORK = 150, 500, 2_000
#: How much more planning a second of the planned program is worth.
WORK_PER_SECOND = 10_000
MOST_ROUNDS = 8
#: By what share a candidate must be cheaper.
GAIN = 0.02

Replacement = Mapping[Node, Node]


def chosen(
    nodes: Sequence[Node], size: Callable[[Size], int], book: Book | None = None
) -> list[Node]:
    """The expressions rearranged for the sizes that `size` tells, in their order.

    The cost is that of one program for all of them, what they share counted once; it
    is never more than before. Patterns of results stay what they are. The moves that
    stand in the book are made without a search, and others noted there.
    """
    known = tuple((d, size(d)) for d in _dims(nodes))
    if book is None:
        return list(_chosen(tuple(nodes), known)[0])
    here = Arrangement(digest_of(*(node.digest for node in nodes)).hex(), known)
    if here in book.moves:
        again = _replayed(tuple(nodes), known, book.moves[here])
        if again is not None:
            return list(again)
    found, moves = _chosen(tuple(nodes), known)
    book.note(here, moves)
    return list(found)


def _dims(nodes: Sequence[Node]) -> list[Dim]:
    """The symbolic sizes of some expressions."""
    found: set[Dim] = set()
    for node in toposort(*nodes):
        sizes = node.dims if isinstance(node, Einsum) else node.shape
        found.update(size for size in sizes if isinstance(size, Dim))
    return sorted(found, key=str)


@lru_cache(maxsize=256)
def _chosen(nodes: tuple[Node, ...], known: Known) -> tuple[tuple[Node, ...], Moves]:
    order = toposort(*nodes)
    factors = sum(len(e.operands) for e in order if isinstance(e, Einsum))
    if len(order) > MOST_NODES or factors > MOST_FACTORS:
        return nodes, None
    with one_pass():
        search = _search(nodes, known)
        search.run()
        once = [without_diagonals(node) for node in nodes]
        is_cheaper = search.cost < search.ledger.seconds(once)
    return (search.roots, tuple(search.moves)) if is_cheaper else (nodes, None)


def _search(nodes: Sequence[Node], known: Known) -> _Search:
    return _Search(_without_diagonals(nodes), Ledger(lengths(dict(known))))


def _replayed(
    nodes: tuple[Node, ...], known: Known, moves: Moves
) -> tuple[Node, ...] | None:
    """What moves that were found before lead to; None where one cannot be made."""
    if moves is None:
        return nodes
    with one_pass():
        search = _search(nodes, known)
        done = all(map(search.made, moves))
    return search.roots if done else None


@dataclass(slots=True)
class _Search:
    """The best arrangement so far, and how many candidates were compared."""

    roots: tuple[Node, ...]
    ledger: Ledger
    cost: float = field(init=False)
    allowed: float = field(init=False)
    compared: int = 0
    tried: set[Node] = field(default_factory=set)
    moves: list[Move] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cost = self.ledger.seconds(self.roots)
        worth = LEAST_WORK + WORK_PER_SECOND * self.cost
        self.allowed = self.ledger.work + min(worth, MOST_WORK)

    def run(self) -> None:
        """Tries every move again until none is cheaper, or the budget is spent."""
        for _ in range(MOST_ROUNDS):
            before = self.roots
            self._rearrange()
            self._best_of("together")
            self._best_of("shared")
            self._best_of("solved")
            if self.roots == before or self._spent():
                return

    # -- moves -------------------------------------------------------------------------

    def _rearrange(self) -> None:
        """Sums multiplied out or factored, one node after the other from the roots."""
        while not self._spent():
            order = toposort(*self.roots)
            places = reversed(range(len(order)))
            fresh = (k for k in places if order[k] not in self.tried)
            place = next((k for k in fresh if _is_open(order[k])), None)
            if place is None:
                return
            self.tried.add(order[place])
            if self._at_stake(order[place]) > GAIN * self.cost:
                self._best_of("local", place)

    def _at_stake(self, node: Node) -> float:
        """The time of a sum or product beside what its terms or operands are made of:
        no rearrangement saves more."""
        inner = {e for child in children(node) for e in (child, *children(child))}
        below = [e for e in inner if isinstance(e, (Tensor, Call))]
        return self.ledger.seconds([node]) - self.ledger.seconds(below)

    def _options(self, kind: str, place: int) -> Iterator[Replacement]:
        """The replacements of a kind; local ones are of the node at a place."""
        if kind == "together":
            return self._together()
        if kind == "shared":
            return self._sharing()
        if kind == "solved":
            return self._solving()
        order = toposort(*self.roots)
        node = order[place] if place < len(order) else None
        return ({node: new} for new in self._locally(node)) if node else iter(())

    def _locally(self, node: Node) -> Iterator[Node]:
        if not _is_open(node):
            return
        if isinstance(node, Sum):
            yield from factored(node, self.ledger.length)
        elif isinstance(node, Einsum):
            yield from distributed(node, self.ledger.length)

    def _together(self) -> Iterator[Replacement]:
        yield from together(self.roots)

    def _sharing(self) -> Iterator[Replacement]:
        products = [
            e
            for e in toposort(*self.roots)
            if isinstance(e, Einsum) and len(e.operands) > 1 and _is_open(e)
        ]
        yield from shared(products, self.ledger.length)

    def _solving(self) -> Iterator[Replacement]:
        yield from solved(toposort(*self.roots), self.ledger.length)

    def _spent(self) -> bool:
        return self.compared >= MOST_CANDIDATES or self.ledger.work >= self.allowed

    # -- comparison --------------------------------------------------------------------

    def _best_of(self, kind: str, place: int = 0) -> None:
        """Takes the cheapest of some replacements, if it is cheaper than what is."""
        best: tuple[float, int, Replacement] | None = None
        for k, option in enumerate(self._options(kind, place)):
            if self._spent():
                break
            self.compared += 1
            if not self._allows(option):
                continue
            cost = self.ledger.seconds(self.roots, option)
            if best is None or cost < best[0]:
                best = cost, k, option
        if best is None or best[0] > (1 - GAIN) * self.cost:
            return
        roots = _replaced(self.roots, best[2])
        cost = self.ledger.seconds(roots)
        if cost < self.cost and self._same_patterns(roots):
            self.roots, self.cost = roots, cost
            self.moves.append(Move(kind, place, best[1]))
            self._open_again(best[2])

    def _open_again(self, replaced: Iterable[Node]) -> None:
        """Products with a sum that fewer need now may be worth multiplying out."""
        parts = {e for node in replaced for e in children(node) if isinstance(e, Sum)}
        self.tried = {e for e in self.tried if not parts.intersection(children(e))}

    def made(self, move: Move) -> bool:
        """Makes a move that was found before, where it can be made."""
        options = self._options(move.kind, move.place)
        option = next(islice(options, move.option, None), None)
        if option is None or not self._allows(option):
            return False
        roots = _replaced(self.roots, option)
        if not self._same_patterns(roots):
            return False
        self.roots = roots
        return True

    def _allows(self, option: Replacement) -> bool:
        return all(self._keeps(old, new) for old, new in option.items())

    def _keeps(self, old: Node, new: Node) -> bool:
        """Whether a node is laid out as the one it replaces, and not made of it."""
        alike = self.ledger.pattern(old) == self.ledger.pattern(new)
        return alike and old not in toposort(new)

    def _same_patterns(self, roots: Sequence[Node]) -> bool:
        pattern = self.ledger.pattern
        pairs = zip(self.roots, roots, strict=True)
        return all(pattern(old) == pattern(new) for old, new in pairs)


def _is_open(node: Node) -> bool:
    """Whether a node may be rearranged: products with convolutions and embeddings have
    kernels of their own."""
    if not isinstance(node, Einsum):
        return isinstance(node, Sum) and len(node.terms) > 1
    return (len(node.operands) > 1 or narrows(node)) and not any(
        getattr(e, "function", "") in CONSTANTS for e, _ in node.operands
    )


# -- putting together ------------------------------------------------------------------


def _replaced(roots: Sequence[Node], new: Replacement) -> tuple[Node, ...]:
    """The expressions with nodes replaced, also inside what replaces others; products
    that are needed once are opened into theirs."""
    return _without_diagonals(_opened_once(_substituted(roots, new)))


def _without_diagonals(roots: Sequence[Node]) -> tuple[Node, ...]:
    """Sums with diagonals multiplied out, those too that come to light by that."""
    current = tuple(roots)
    for _ in range(MOST_ROUNDS):
        before = current
        current = tuple(without_diagonals(root) for root in before)
        if current == before:
            break
    return current


def _substituted(roots: Sequence[Node], new: Replacement) -> tuple[Node, ...]:
    done: dict[Node, Node] = {}
    stack: list[Node] = list(reversed(roots))
    while stack:
        node = stack[-1]
        source = new.get(node, node)
        below = [child for child in children(source) if child not in done]
        if node in done or not below:
            stack.pop()
            if node not in done:
                done[node] = _over(source, done)
        else:
            stack += below
    return tuple(done[root] for root in roots)


def _over(node: Node, done: Mapping[Node, Node]) -> Node:
    """The node over what its children became; itself where they stayed."""
    before = children(node)
    after = [done[child] for child in before]
    if all(a is b for a, b in zip(after, before, strict=True)):
        return node
    return rebuilt(node, after)


def _opened_once(roots: Sequence[Node]) -> tuple[Node, ...]:
    """Products that only one product needs are opened into it."""
    order = toposort(*roots)
    uses = Counter(child for node in order for child in children(node))
    uses.update(roots)
    kept = {node for node, count in uses.items() if count > 1}
    done: dict[Node, Node] = {}
    for node in order:
        kept.update(done[child] for child in children(node) if child in kept)
        new = _over(node, done)
        done[node] = flattened(new, kept) if isinstance(node, Einsum) else new
    return tuple(done[root] for root in roots)
