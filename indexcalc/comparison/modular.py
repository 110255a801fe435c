"""Exact evaluation modulo primes, and what it proves.

A polynomial or rational identity with rational coefficients that holds at random points
modulo a large prime holds everywhere, but for a chance of degree/prime a point
(Schwartz and Zippel); one that fails at a single point is false for certain, because
evaluation modulo a prime is a homomorphism. Exactly computed are contractions, sums,
integer powers, inv, det and its cofactors, constants, and a choice (`where`). Every
other function is a *stranger*: equal arguments give equal random values, and nothing
else is known of it. Signs are odd strangers with values ±1, |x| is sign(x)·x, a root is
a stranger with its integer part taken out. So with strangers "equal" is as sure as
without, and "different" is not conclusive.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, det, inv, times
>>> A, B = tensor("A", ("n", "n")), tensor("B", ("n", "n"))
>>> decide(det(contract(A, B)), times(det(A), det(B))).equal
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10, prod

import numpy as np

from ..errors import BudgetError, EvaluationError, UnsupportedError
from ..functions import KINKED
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort, variables
from ..pairwise import Array
from ..sizes import value_of
from .residues import PRIMES, PrimeField
from .sampling import Sample, size_names, small_sizes

#: Points at one choice of sizes; more where values ±1 are in play.
POINTS, SIGN_POINTS = 9, 66
#: How many choices of sizes are wanted, and how many are tried for them.
ROUNDS, TRIES = 3, 6

SIGNED = KINKED - {"where"}
EXACT = frozenset({"power", "inv", "det", "cofactors", "where"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What evaluation modulo primes says of two nodes.

    `equal` is None where nothing follows. `sizes` are those tried; `strangers` the
    functions of which nothing was used; `error` bounds the chance that True is wrong.
    """

    equal: bool | None
    sizes: tuple[dict[str, int], ...] = ()
    strangers: tuple[str, ...] = ()
    error: float = 1.0


def decide(a: Node, b: Node, largest_error: float = 1e-15) -> Decision:
    """Whether two nodes of one shape agree at random points modulo primes.

    True: at every choice of sizes, with an error below `largest_error`. False: a point
    differs, and no stranger is in them. None: otherwise, or beyond the budget.
    """
    strangers = _strangers(a, b)
    names = size_names(a, b)
    wanted = ROUNDS if names else 1
    tried: list[dict[str, int]] = []
    fewest = SIGN_POINTS
    for round_ in range(TRIES if names else 1):
        sizes = small_sizes(names, round_)
        try:
            agree = _agreement(a, b, sizes, round_)
        except (BudgetError, EvaluationError, UnsupportedError):
            continue
        if not agree.all():
            return Decision(None if strangers else False, (sizes,), strangers)
        if agree.size:
            tried.append(sizes)
            fewest = min(fewest, agree.size)
        if len(tried) == wanted:
            break
    if len(tried) < min(wanted, 2):
        return Decision(None, tuple(tried), strangers)
    error = _error(a, b, tried, fewest)
    equal = True if error < largest_error else None
    return Decision(equal, tuple(tried), strangers, error)


def _agreement(a: Node, b: Node, sizes: dict[str, int], round_: int) -> Array:
    """Whether both agree, at every point where both are defined."""
    points = SIGN_POINTS if _has_signs(a, b) else POINTS
    field = PrimeField(points)
    sample = Sample(field, sizes)
    rng = np.random.default_rng(round_)
    for leaf in variables(a, b).values():
        shape = tuple(value_of(size, sizes) for size in leaf.shape)
        sample.values[leaf] = field.drawn(rng, shape, leaf.structure)
    left, right = sample.value(a), sample.value(b)
    same = (left == right).reshape(points, -1).all(1)
    return np.asarray(same[field.defined])


def _has_signs(*roots: Node) -> bool:
    return any(_is_signed(node) for node in toposort(*roots))


def _is_signed(node: Node) -> bool:
    if isinstance(node, Tensor):
        return "orthogonal" in node.structure
    return isinstance(node, Call) and node.function in SIGNED


def _strangers(*roots: Node) -> tuple[str, ...]:
    found = {
        node.function
        for node in toposort(*roots)
        if isinstance(node, Call) and node.args and not _is_exact(node)
    }
    return tuple(sorted(found))


def _is_exact(node: Call) -> bool:
    whole = node.function != "power" or isinstance(node.params[0], int)
    return node.function in EXACT and whole


# -- how sure --------------------------------------------------------------------------

Degrees = tuple[int, int]


def _error(a: Node, b: Node, tried: Sequence[dict[str, int]], points: int) -> float:
    """The chance that two different functions agree at so many points each time."""
    worst = 0.0 if points else 1.0
    for sizes in tried:
        chance = log10(max(degree_bound(a, b, sizes), 1)) - log10(min(PRIMES))
        worst = max(worst, 10.0 ** max(min(chance, 0) * points, -300))
    if _has_signs(a, b):
        worst = max(worst, 2.0**-points)
    return worst


def degree_bound(a: Node, b: Node, sizes: dict[str, int]) -> int:
    """A bound for the degree of the numerator of every entry of a − b, and for the
    chance, times the prime, that a stranger meets equal values of different arguments.

    >>> from indexcalc.expr import tensor
    >>> from indexcalc.matrix import contract, inv
    >>> A = tensor("A", ("n", "n"))
    >>> degree_bound(contract(A, A), A, {"n": 2})
    2
    """
    degrees: dict[Node, Degrees] = {}
    strangers: list[tuple[int, int]] = []
    for node in toposort(a, b):
        degrees[node] = _degrees(node, degrees, sizes)
        if isinstance(node, Call) and node.args and not _is_exact(node):
            inside = sum(sum(degrees[arg]) for arg in node.args)
            strangers.append((2 * inside, _count(node, sizes)))
    (top, under), (other, below) = degrees[a], degrees[b]
    entries = sum(count for _, count in strangers)
    meeting = entries**2 * max((inside for inside, _ in strangers), default=0)
    return max(top + below, other + under) + meeting


def _degrees(node: Node, known: dict[Node, Degrees], sizes: dict[str, int]) -> Degrees:
    """Degrees of the numerators and of one common denominator of all entries."""
    match node:
        case Tensor() if node.structure == "orthogonal":
            n = value_of(node.shape[0], sizes)
            return 2 * n, n
        case Tensor():
            return 1, 0
        case Sum():
            parts = {known[e] for e, _ in node.terms}
            under = sum(known[e][1] for e, _ in node.terms)
            return max((n + under - d for n, d in parts), default=0), under
        case Einsum():
            parts_ = [known[e] for e, _ in node.operands]
            return sum(n for n, _ in parts_), sum(d for _, d in parts_)
        case Call():
            return _degrees_of_call(node, known, sizes)


def _degrees_of_call(
    f: Call, known: dict[Node, Degrees], sizes: dict[str, int]
) -> Degrees:
    if not f.args or not _is_exact(f):
        return 1 if f.args else 0, 0
    if f.function == "where":
        return max(known[arg][0] for arg in f.args), sum(known[a][1] for a in f.args)
    top, under = known[f.args[0]]
    if f.function == "power":
        k, count = int(f.params[0]), _count(f, sizes)
        if k >= 0:
            return k * top, k * under
        return -k * (under + (count - 1) * top), -k * count * top
    n = value_of(f.args[0].shape[-1], sizes)
    if f.function == "inv":
        return (n - 1) * top + under, n * top
    return n * top, n * under


def _count(node: Node, sizes: dict[str, int]) -> int:
    return prod(value_of(size, sizes) for size in node.shape)
