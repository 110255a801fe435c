"""Residues modulo primes, at many points at once: the numbers that exact comparison
computes with.

Contractions, sums, integer powers, inverses, determinants and their minors are computed
exactly; another function is a *stranger*, whose value is a hash of its arguments. Signs
are odd strangers with values ±1.

>>> field = PrimeField(3)
>>> int(field.reduced(field.reciprocal(field.residue(3)) * 3)[0])
1
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import combinations, permutations
from math import floor, prod
from typing import Any

import numpy as np

from ..coefficients import Number, as_number, number_key
from ..errors import BudgetError, UnsupportedError
from ..functions import cores
from ..nodes import Call
from ..pairwise import Array, Labelled, Labels, path, without_repeats
from .sampling import within

#: Products of two residues fit in 64 bits.
PRIMES = (2147483647, 2147483629, 2147483587)
LARGEST_MATRIX = 24


# -- the field -------------------------------------------------------------------------


class PrimeField:
    """Residues, each point modulo one of the primes. `defined` says at which points
    nothing was divided by zero."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.primes = np.array([PRIMES[k % len(PRIMES)] for k in range(points)])
        self.defined = np.ones(points, bool)

    def modulus(self, array: Array) -> Array:
        """The primes, shaped to go with an array."""
        return self.primes.reshape(-1, *[1] * (array.ndim - 1))

    def reduced(self, array: Array) -> Array:
        """The residues of an array."""
        return array % self.modulus(array)

    def residue(self, c: Number) -> Array:
        """A rational number at every point."""
        exact = as_number(c)
        if not isinstance(exact, (int, Fraction)):
            raise UnsupportedError(f"{c} is not a rational number")
        top, bottom = exact.numerator, exact.denominator
        if any(bottom % p == 0 for p in PRIMES):
            raise UnsupportedError(f"{c} has no residue modulo {PRIMES}")
        residues = [top * pow(bottom, -1, p) % p for p in PRIMES]
        return np.array([residues[k % len(PRIMES)] for k in range(self.points)])

    # -- what a sample asks for --------------------------------------------------------

    def contract(self, operands: Sequence[Labelled], out: Labels) -> Array:
        """See `sampling.Numbers`."""
        rows = [without_repeats(array, labels) for array, labels in operands]
        pairs = [zip(labels, array.shape, strict=True) for array, labels in rows]
        lengths = {i: n for pair in pairs for i, n in pair}
        inputs = tuple(labels for _, labels in rows)
        carried = Counter(out)
        carried.update(i for labels in inputs for i in labels)
        for step in path(inputs, out, tuple(sorted(lengths.items()))):
            taken = [rows.pop(k) for k in sorted(step, reverse=True)][::-1]
            own = Counter(i for _, labels in taken for i in labels)
            alive = {i for i, count in own.items() if carried[i] > count}
            result = taken[0]
            for k, other in enumerate(taken[1:], 1):
                later = alive.union(*(labels for _, labels in taken[k + 1 :]))
                result = self._pair(result, other, later, lengths)
            rows.append(result)
            carried.subtract(own)
            carried.update(result[1])
        array, labels = self._summed(*rows[0], set(out))
        return array.transpose([labels.index(i) for i in out])

    def _pair(
        self, a: Labelled, b: Labelled, alive: set[int], lengths: dict[int, int]
    ) -> Labelled:
        both = tuple(dict.fromkeys(a[1] + b[1]))
        within(prod(lengths[i] for i in both))
        left, right = (_spread(array, labels, both) for array, labels in (a, b))
        point = both.index(a[1][0])
        primes = self.primes.reshape(
            [-1 if k == point else 1 for k in range(len(both))]
        )
        return self._summed(left * right % primes, both, alive)

    def _summed(self, array: Array, labels: Labels, keep: set[int]) -> Labelled:
        """Labels summed away; the first label is the points and stays."""
        gone = tuple(k for k, i in enumerate(labels) if i not in keep)
        if not gone:
            return array, labels
        return self.reduced(array.sum(axis=gone)), tuple(i for i in labels if i in keep)

    def combine(self, terms: Sequence[tuple[Array, Number]], zero: Array) -> Array:
        """See `sampling.Numbers`."""
        total = zero
        for array, c in terms:
            weight = self.residue(c).reshape(self.modulus(array).shape)
            total = self.reduced(total + weight * array)
        return total

    def constant(self, array: Array) -> Array:
        """See `sampling.Numbers`."""
        whole = np.asarray(array)
        entries = whole.ravel().tolist()
        known = {entry: self.residue(_rational(entry)) for entry in set(entries)}
        flat = np.array([known[entry] for entry in entries], int)
        found = flat.reshape(whole.size, self.points).T
        return found.reshape(self.points, *whole.shape)

    def call(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """See `sampling.Numbers`."""
        rule = RULES.get(f.function)
        return self.stranger(f, args, shape) if rule is None else rule(self, f, *args)

    # -- functions ---------------------------------------------------------------------

    def raised(self, x: Array, exponent: int | Array) -> Array:
        """x^exponent for exponents that are not negative, the same or one a point."""
        powers = np.broadcast_to(np.asarray(exponent, object), (self.points,))
        result = np.ones_like(x)
        square = x
        for bit in range(max(int(k).bit_length() for k in powers)):
            chosen = np.array([bool(int(k) >> bit & 1) for k in powers])
            chosen = chosen.reshape(self.modulus(x).shape)
            result = np.where(chosen, self.reduced(result * square), result)
            square = self.reduced(square * square)
        return result

    def reciprocal(self, x: Array) -> Array:
        """1/x; points with a zero are no longer defined."""
        self.defined &= (x != 0).reshape(self.points, -1).all(1)
        return self.raised(x, self.primes - 2)

    def matmul(self, a: Array, b: Array) -> Array:
        """The product of matrices on the last two axes."""
        within(int(a.size) * b.shape[-1])
        return self.reduced(
            self.reduced(a[..., :, :, None] * b[..., None, :, :]).sum(-2)
        )

    def adjugate(self, x: Array) -> tuple[Array, Array]:
        """The adjugate and the determinant (Faddeev and LeVerrier), at any rank."""
        n = x.shape[-1]
        if n > LARGEST_MATRIX:
            raise BudgetError(f"a determinant of size {n} is over {LARGEST_MATRIX}")
        eye = np.broadcast_to(np.eye(n, dtype=int), x.shape)
        part, c = np.zeros_like(x), np.ones(x.shape[:-2], int)
        for k in range(1, n + 1):
            part = self.reduced(self.matmul(x, part) + c[..., None, None] * eye)
            trace = self.reduced(np.trace(self.matmul(x, part), axis1=-2, axis2=-1))
            weight = self.residue(Fraction(-1, k))
            c = self.reduced(trace * weight.reshape(self.modulus(trace).shape))
        sign = -1 if n % 2 == 0 else 1
        return self.reduced(sign * part), self.reduced(-sign * c)

    def hashed(self, key: str, columns: Sequence[Array]) -> Array:
        """A residue that depends on the key and the columns alone, and on all of
        them."""
        state = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
        found = np.full(columns[0].shape, state, np.uint64)
        for column in columns:
            found = _mixed(found ^ column.astype(np.uint64))
        return self.reduced((found >> np.uint64(2)).astype(np.int64))

    def sign(self, x: Array) -> Array:
        """±1 at random, odd in x, 0 at 0."""
        modulus = self.modulus(x)
        size = np.minimum(x, modulus - x)
        plus = (self.hashed("sign", [size]) & 1) * 2 - 1
        return self.reduced(np.where(x == 0, 0, np.where(x == size, plus, -plus)))

    def stranger(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """A function of which nothing is known but that it is one."""
        inputs, output = cores(f)
        split = len(shape) - output
        columns = [
            column
            for arg, core in zip(args, inputs, strict=True)
            for column in _entries(arg, core)
        ]
        columns = columns or [np.zeros((self.points, *shape[:split]), int)]
        key = f"{f.function} {[_param(p) for p in f.params]}"
        count = prod(shape[split:])
        parts = [self.hashed(f"{key} {k}", columns) for k in range(count)]
        whole = np.stack(parts, -1) if parts else np.zeros((self.points, 0), int)
        return whole.reshape(self.points, *shape)

    # -- drawing -----------------------------------------------------------------------

    def drawn(
        self, rng: np.random.Generator, shape: tuple[int, ...], structure: str
    ) -> Array:
        """A random array of the given structure at every point.

        Raises `UnsupportedError` for a structure that has no sampling rule.
        """
        within(self.points * prod(shape))
        x = self.reduced(rng.integers(0, min(PRIMES), (self.points, *shape)))
        for word in structure.replace(",", " ").split():
            if word not in STRUCTURES:
                raise UnsupportedError(f"{word} has no residues")
            x = STRUCTURES[word](self, x)
        return x


def _rational(entry: Any) -> Number:
    """A constant's entry; one computed in floats is the fraction it stands for."""
    if isinstance(entry, complex):
        raise UnsupportedError(f"{entry} is not a rational number")
    near = Fraction(entry).limit_denominator(1000)
    return near if float(near) == float(entry) else as_number(entry)


def _spread(array: Array, labels: Labels, target: Labels) -> Array:
    order = [labels.index(i) for i in target if i in labels]
    lengths = dict(zip(labels, array.shape, strict=True))
    return array.transpose(order).reshape([lengths.get(i, 1) for i in target])


def _mixed(x: Array) -> Array:
    """The finaliser of SplitMix64: a bijection that scatters."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)))


def _entries(array: Array, core: int) -> list[Array]:
    """The entries on the last axes, one array over the others for each."""
    split = array.ndim - core
    flat = array.reshape(*array.shape[:split], prod(array.shape[split:]))
    return [flat[..., k] for k in range(flat.shape[-1])]


def _param(param: object) -> str:
    if isinstance(param, (int, Fraction, float, complex)):
        return number_key(as_number(param))
    return repr(param)


# -- functions that are computed -------------------------------------------------------


def _power(field: PrimeField, f: Call, x: Array) -> Array:
    """x^(k + r) is x^k times the r-th power of a root of x, 0 ≤ r < 1."""
    p = as_number(f.params[0])
    if not isinstance(p, (int, Fraction)):
        return field.stranger(f, [x], x.shape[1:])
    whole = floor(p)
    base = field.reciprocal(x) if whole < 0 else x
    result = field.raised(base, abs(whole))
    rest = Fraction(p) - whole
    if rest == 0:
        return result
    root = field.hashed(f"root {rest.denominator}", [x])
    return field.reduced(result * field.raised(root, rest.numerator))


def _inv(field: PrimeField, f: Call, x: Array) -> Array:
    adjugate, det = field.adjugate(x)
    return field.reduced(adjugate * field.reciprocal(det)[..., None, None])


def _det(field: PrimeField, f: Call, x: Array) -> Array:
    return field.adjugate(x)[1]


def _logdet(field: PrimeField, f: Call, x: Array) -> Array:
    """log|·| is an even stranger."""
    det = field.adjugate(x)[1]
    return field.hashed("log|.|", [np.minimum(det, field.modulus(det) - det)])


def _cofactors(field: PrimeField, f: Call, x: Array) -> Array:
    """The k-th derivative of det: minors without k rows and columns, with the signs of
    their orders."""
    (k,) = f.params
    n = x.shape[-1]
    if n ** (2 * k) * n**3 * x[..., 0, 0].size > 10**7:
        raise BudgetError(f"too many minors of a matrix of size {n}")
    core = np.zeros(x.shape[:-2] + (n, n) * k, int)
    for rows in combinations(range(n), k):
        for columns in combinations(range(n), k):
            left = [i for i in range(n) if i not in rows]
            right = [j for j in range(n) if j not in columns]
            minor = field.adjugate(x[..., left, :][..., :, right])[1]
            outer = (-1) ** (sum(rows) + sum(columns))
            for r in permutations(range(k)):
                for c in permutations(range(k)):
                    sign = outer * _parity(r) * _parity(c)
                    pairs = zip(r, c, strict=True)
                    place = [i for a, b in pairs for i in (rows[a], columns[b])]
                    core[(..., *place)] = sign * minor
    return field.reduced(core)


def _parity(order: Sequence[int]) -> int:
    inversions = sum(a > b for a, b in combinations(order, 2))
    return -1 if inversions % 2 else 1


def _where(field: PrimeField, f: Call, c: Array, a: Array, b: Array) -> Array:
    return np.where(c != 0, a, b)


def _sign(field: PrimeField, f: Call, x: Array) -> Array:
    return field.sign(x)


def _abs(field: PrimeField, f: Call, x: Array) -> Array:
    return field.reduced(x * field.sign(x))


def _half(field: PrimeField, x: Array) -> Array:
    half = field.residue(Fraction(1, 2)).reshape(field.modulus(x).shape)
    return field.reduced(field.reduced(x) * half)


def _relu(field: PrimeField, f: Call, x: Array) -> Array:
    return _half(field, x + _abs(field, f, x))


def _heaviside(field: PrimeField, f: Call, x: Array) -> Array:
    return np.where(x == 0, 0, _half(field, 1 + field.sign(x)))


def _extremum(direction: int) -> Callable[..., Array]:
    def rule(field: PrimeField, f: Call, a: Array, b: Array) -> Array:
        distance = _abs(field, f, field.reduced(a - b))
        return _half(field, a + b + direction * distance)

    return rule


RULES: dict[str, Callable[..., Array]] = {
    "power": _power,
    "inv": _inv,
    "det": _det,
    "logdet": _logdet,
    "cofactors": _cofactors,
    "where": _where,
    "sign": _sign,
    "abs": _abs,
    "relu": _relu,
    "heaviside": _heaviside,
    "max": _extremum(1),
    "min": _extremum(-1),
}


# -- structures ------------------------------------------------------------------------


def _transposed(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def _orthogonal(field: PrimeField, x: Array) -> Array:
    """Cayley's (I − S)(I + S)⁻¹ with S skew; the first row's sign is random, so that
    both determinants occur."""
    skew = field.reduced(x - _transposed(x))
    eye = np.eye(x.shape[-1], dtype=int)
    adjugate, det = field.adjugate(field.reduced(eye + skew))
    inverse = field.reduced(adjugate * field.reciprocal(det)[..., None, None])
    rotation = field.matmul(field.reduced(eye - skew), inverse)
    flip = np.where(x[:, :1, :1] % 2 == 0, 1, -1)
    rotation[:, :1] = rotation[:, :1] * flip
    return field.reduced(rotation)


def _toeplitz(field: PrimeField, x: Array) -> Array:
    """Entries that depend on column − row alone; a symmetric one stays so."""
    rows, columns = np.indices(x.shape[1:])
    first = np.concatenate([x[:, 0, :], x[:, 1:, 0][:, ::-1]], 1)
    return first[:, (columns - rows) % first.shape[1]]


STRUCTURES: dict[str, Callable[[PrimeField, Array], Array]] = {
    "symmetric": lambda field, x: field.reduced(x + _transposed(x)),
    "pd": lambda field, x: field.reduced(x + _transposed(x)),
    "skew": lambda field, x: field.reduced(x - _transposed(x)),
    "diagonal": lambda field, x: x * np.eye(x.shape[-1], dtype=int),
    "lower": lambda field, x: np.tril(x),
    "upper": lambda field, x: np.triu(x),
    "toeplitz": _toeplitz,
    "orthogonal": _orthogonal,
    "positive": lambda field, x: x,
    "real": lambda field, x: x,
}
