"""Are two expressions the same function? The answer, and what it rests on.

Asked in turn: structure and expansion, which are certain; exact evaluation modulo
primes, which is certain where it says no and wrong with a chance below 1e-15 where it
says yes (at the sizes tried); then a witness, arrays on which the two differ in floats,
or else in numbers of many digits. What is left is undecided, with the tolerance to
which the two agree.

>>> from indexcalc.expr import add, tensor
>>> from indexcalc.matrix import contract, det, eye, times
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> compare(times(x, y), times(y, x)), compare(x, y)
(True, False)
>>> A, B = tensor("A", ("n", "p")), tensor("B", ("p", "n"))
>>> one, other = (add(eye(e.shape[0]), e) for e in (contract(A, B), contract(B, A)))
>>> evidence(det(one), det(other)).method
'prime field'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, Literal

import numpy as np

from ..coefficients import as_number, divide
from ..errors import BudgetError, IndexCalcError
from ..expansion import expand, same
from ..expr import add, scale, zero
from ..index_text import facts_told
from ..kernels import unknown_label
from ..labelling import metered
from ..nodes import Call, Node, Sum, one_pass, toposort, variables
from ..pairwise import Array
from ..simplify import fuse_with_assumptions
from ..sizes import shape_text, value_of
from .digits import BAR, DIGITS, Gap, gap
from .modular import Decision, decide
from .rewriting import rewritten
from .sampling import Reals, Sample, size_names, small_sizes, within

DRAWS = 4
TOLERANCE = 1e-6
#: A difference whose coefficients are smaller is looked at by itself.
SMALL = 1e-3
#: By what share variables are moved to see whether a difference is one.
NUDGE = 1e-13
#: Up to how many nodes what was rewritten is multiplied out.
LONGEST = 400

#: Expressions of more nodes are first tried on numbers, where they may differ.
LARGE = 20_000

Method = Literal["structure", "expansion", "prime field", "float64", "digits"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether two nodes are equal, and why.

    `equal` is None where it is undecided. `witness` are arrays by name on which they
    differ; `assumptions` the domain facts that the comparison relied on.
    """

    equal: bool | None
    method: Method
    detail: str
    witness: Mapping[str, Array] | None = None
    assumptions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method}: {self.detail}"


def compare(a: Node, b: Node) -> bool | None:
    """Whether two nodes are the same function; None where there is neither a proof nor
    a witness. See `evidence` for what True and False rest on."""
    if a.shape != b.shape:
        return False
    return evidence(a, b).equal


@metered()
@one_pass()
def evidence(a: Node, b: Node) -> Evidence:
    """What is known of a = b.

    True by structure or expansion is a proof. True by evaluation modulo primes is wrong
    with a chance below 1e-15, and is about the sizes tried where sizes are symbolic.
    False is certain; agreement in floats or digits alone stays None.
    """
    if a.shape != b.shape:
        shapes = f"{shape_text(a.shape)} and {shape_text(b.shape)}"
        return Evidence(False, "structure", f"the shapes differ, {shapes}")
    left, here = fuse_with_assumptions(a)
    right, there = (left, here) if a is b else fuse_with_assumptions(b)
    if left is right:
        facts = facts_told(here + there)
        return Evidence(True, "structure", "one canonical form", None, facts)
    large = len(toposort(a, b)) > LARGE
    if large and (found := witness(a, b, draws=1)) is not None:
        return _differing(found)
    if same(a, b):
        facts = facts_told(here + there)
        return Evidence(True, "expansion", "equal multiplied out", None, facts)
    return _rewritten_evidence(a, b, tried=large)


def _rewritten_evidence(a: Node, b: Node, *, tried: bool) -> Evidence:
    """Compared in fewer functions, then modulo primes, then in floats; where a few of
    these were tried before, only if nothing else decides."""
    (left, here), (right, there) = rewritten(a), rewritten(b)
    facts = facts_told((*here, *there))
    changed = left is not a or right is not b
    if changed and len(toposort(left, right)) <= LONGEST and same(left, right):
        detail = "equal multiplied out, in fewer functions"
        return Evidence(True, "expansion", detail, None, facts)
    decision = decide(left, right)
    if decision.equal:
        return Evidence(True, "prime field", _agreeing(decision), None, facts)
    found = None if tried and decision.equal is False else witness(a, b)
    if found is None and decision.equal is None:
        found = _small_witness(a, b)
    if decision.equal is False:
        detail = f"they differ modulo a prime{_at(decision.sizes)}"
        return Evidence(False, "prime field", detail, found)
    return _by_digits(a, b) if found is None else _differing(found)


def _differing(found: Mapping[str, Array]) -> Evidence:
    return Evidence(False, "float64", f"they differ by over {TOLERANCE:g}", found)


def _by_digits(a: Node, b: Node) -> Evidence:
    """What is known of two nodes that floats do not tell apart."""
    found = list(_gaps(a, b))
    for told, values in found:
        if told is Gap.APART:
            detail = f"they differ by over {BAR:g}, computed with {DIGITS} digits"
            return Evidence(False, "digits", detail, values)
    agreed = [told for told, _ in found if told is Gap.NONE]
    if agreed:
        return Evidence(None, "digits", _undecided(BAR, len(agreed)))
    return Evidence(None, "float64", _undecided(TOLERANCE, DRAWS))


def _undecided(least: float, points: int) -> str:
    return f"no proof, and no difference over {least:g} at {points} random points"


def _gaps(a: Node, b: Node) -> Iterator[tuple[Gap, dict[str, Array]]]:
    for seed in range(DRAWS):
        with suppress(IndexCalcError):
            values, sizes = sample(a, b, seed=seed)
            yield gap(a, b, values, sizes), values


def _agreeing(decision: Decision) -> str:
    bound = f"wrong with a chance below {max(decision.error, 1e-300):.0e}"
    return f"they agree modulo primes{_at(decision.sizes)}, {bound}"


def _at(sizes: tuple[dict[str, int], ...]) -> str:
    if not sizes or not sizes[0]:
        return ""
    said = [", ".join(f"{n}={k}" for n, k in one.items()) for one in sizes]
    return f" at {'; '.join(said)}"


# -- witnesses -------------------------------------------------------------------------


def witness(a: Node, b: Node, draws: int = DRAWS) -> dict[str, Array] | None:
    """Arrays on which the two differ beyond rounding, or None; small integers first."""
    functions = smooth_functions(a, b)
    leaves = variables(a, b)
    for seed in (-1, *range(draws)):
        try:
            values, sizes = sample(a, b, seed=seed)
            known: dict[Node, Array] = {leaves[n]: v[None] for n, v in values.items()}
            at = Sample(Reals(1, functions), sizes, known)
            if differ(a, b, at) and _steady(a, b, at, leaves.values()):
                return values
        except IndexCalcError:
            continue
    return None


def _small_witness(a: Node, b: Node) -> dict[str, Array] | None:
    """Arrays on which what is left of a − b is not zero, where all of it is small: the
    1e-9 x of exp(x) + 1e-9 x − exp(x)."""
    try:
        rest = expand(add(a, scale(-1, b)))
    except BudgetError:
        return None
    if not isinstance(rest, Sum) or not rest.terms:
        return None
    largest = max(abs(complex(c)) for _, c in rest.terms)
    if largest >= SMALL:
        return None
    whole = scale(divide(1, as_number(largest)), rest)
    return witness(whole, zero(whole.shape))


def _steady(a: Node, b: Node, at: Sample, leaves: Iterable[Node]) -> bool:
    """Whether the two move by little of their difference where every variable moves by
    a few units in the last places: else the difference may be rounding."""
    rng = np.random.default_rng(0)
    moved: dict[Node, Array] = {
        leaf: at.values[leaf] * (1 + NUDGE * rng.standard_normal(at.values[leaf].shape))
        for leaf in leaves
    }
    there = Sample(at.numbers, at.sizes, moved)
    gap = np.abs(at.value(a) - at.value(b)).max()
    moves = [np.abs(there.value(node) - at.value(node)).max() for node in (a, b)]
    return bool(sum(moves) <= gap / 10)


def differ(a: Node, b: Node, at: Sample) -> bool:
    """Whether two nodes differ at a sample point, where both are finite there."""
    left, right = at.value(a), at.value(b)
    if not left.size or not (np.isfinite(left).all() and np.isfinite(right).all()):
        return False
    bar = TOLERANCE * (1 + np.abs(left).max())
    return bool(np.abs(left - right).max() > bar)


def sample(*roots: Node, seed: int = 0) -> tuple[dict[str, Array], dict[str, int]]:
    """Random arrays for every variable, and a value for every size name.

    Entries lie between 1/2 and 3/2 in the even draws, so that logarithms and roots are
    defined, and around zero in the odd ones; a third of that in draws 2 and 3; they are
    small integers in draw −1. The square matrices of draws 0 and 1 are kept invertible.
    """
    rng = np.random.default_rng(abs(seed))
    sizes = small_sizes(size_names(*roots), max(seed, 0))
    values = {}
    for name, leaf in variables(*roots).items():
        shape = tuple(value_of(size, sizes) for size in leaf.shape)
        values[name] = drawn(rng, shape, leaf.structure, seed)
    return values, sizes


def drawn(
    rng: np.random.Generator, shape: tuple[int, ...], structure: str, draw: int
) -> Array:
    """A random array with a structure; see `sample`. Raises `BudgetError` for one
    that is too large."""
    within(prod(shape))
    array = _entries(rng, shape, draw, positive="positive" in structure)
    if "complex" in structure:
        array = array + 1j * rng.normal(size=shape)
    if len(shape) != 2 or shape[0] != shape[1]:
        return array
    if draw in (0, 1):
        array = array + shape[0] * np.eye(shape[0])
    for word in structure.replace(",", " ").split():
        array = _STRUCTURES.get(word, _unchanged)(array)
    return array


def _entries(
    rng: np.random.Generator, shape: tuple[int, ...], draw: int, *, positive: bool
) -> Array:
    if draw < 0:
        return _whole(rng, shape)
    width = 1.0 if draw % 4 < 2 else 0.3
    if draw % 2 and not positive:
        return rng.normal(size=shape) * width
    return rng.uniform(0.5, 1.5, shape) * width


def _whole(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Small whole numbers, different from each other where they are few."""
    count = prod(shape)
    if count > 9:
        return rng.integers(1, 10, shape).astype(float)
    return (rng.permutation(count) + 1.0).reshape(shape)


def _unchanged(a: Array) -> Array:
    return a


def _orthogonal(a: Array) -> Array:
    return np.asarray(np.linalg.qr(a)[0])


def _toeplitz(a: Array) -> Array:
    i, j = np.indices(a.shape)
    entries = np.concatenate([a[0], a[1:, 0][::-1]])
    return np.asarray(entries[(j - i) % max(len(entries), 1)])


_STRUCTURES: dict[str, Callable[[Array], Array]] = {
    "symmetric": lambda a: a + a.T,
    "pd": lambda a: a @ a.T + np.eye(len(a)),
    "diagonal": lambda a: np.diag(np.diag(a)),
    "skew": lambda a: a - a.T,
    "lower": np.tril,
    "upper": np.triu,
    "orthogonal": _orthogonal,
    "toeplitz": _toeplitz,
}


def smooth_functions(*roots: Node) -> Mapping[str, Callable[..., Any]]:
    """A value for every unknown function and derivative in the roots, consistently:
    f(x, …) = sin(x + 2·… + 1)."""
    found = {}
    for node in toposort(*roots):
        if isinstance(node, Call) and node.function == "unknown":
            name, orders = node.params
            found[unknown_label(name, orders)] = partial(_wave, name, orders)
    return found


def _wave(name: str, orders: tuple[int, ...], *args: Array) -> Any:
    phase = 1 + sum(name.encode()) % 7
    angle = sum((k + 1) * arg for k, arg in enumerate(args)) + phase
    weight = np.prod([(k + 1.0) ** order for k, order in enumerate(orders)])
    return weight * np.sin(angle + sum(orders) * np.pi / 2)
