"""The Ising model on a torus: one einsum network, contracted, differentiated, drawn.

Each of the L² spins is an index, each of the 2L² bonds a matrix exp(βs_i s_j): an index
occurs in four matrices, a copy tensor of the picture. Z is the contraction of all;
∂ log Z/∂β is minus the energy, the second derivative the variance of the energy. All
bonds are alike, and the derivative knows it: 2L² times the network with one bond
changed. Checked against Kaufman's exact sum, and the 2^(L²) states one by one.

Run it with `python examples/ising.py`, and `python examples/ising.py lattice.svg` for
the picture too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import product

import numpy as np

import indexcalc as ic

#: Products of two spins.
SIGNS = np.array([[1.0, -1.0], [-1.0, 1.0]])
#: Where a large lattice begins to order.
CRITICAL = float(np.log(1 + 2**0.5) / 2)


@dataclass(frozen=True, slots=True)
class Errors:
    """Relative errors of log Z, of the energy and of its variance."""

    logarithm: float
    energy: float
    variance: float = 0.0


def bonds(L: int) -> list[tuple[int, int]]:
    """Neighbouring spins of the torus: each with the one below and the one beside."""
    return [
        (L * i + j, L * a + b)
        for i, j in product(range(L), repeat=2)
        for a, b in (((i + 1) % L, j), (i, (j + 1) % L))
    ]


def network(L: int, bond: ic.Expression) -> ic.Expression:
    """Z with a matrix for every bond."""
    places = ", ".join(f"s{i} s{j}" for i, j in bonds(L))
    return ic.einsum(f"{places} ->", *[bond] * (2 * L * L))


def kaufman(L: int, beta: complex) -> complex:
    """log Z of the L×L torus (B. Kaufman, Physical Review 76, 1949, 1232)."""
    K = 2 * beta
    places = np.arange(2 * L)
    gamma = np.arccosh(np.cosh(K) ** 2 / np.sinh(K) - np.cos(places * np.pi / L) + 0j)
    gamma[0] = K + np.log(np.tanh(beta))
    odd, even = L / 2 * gamma[1::2], L / 2 * gamma[::2]
    total = sum(
        np.prod(2 * f(half)) for half in (odd, even) for f in (np.cosh, np.sinh)
    )
    return complex(L * L / 2 * np.log(2 * np.sinh(K)) + np.log(total / 2))


def counted(L: int, beta: float) -> tuple[float, float, float]:
    """log Z, −⟨E⟩ and the variance of E, over all states one by one."""
    states = (np.arange(2 ** (L * L))[:, None] >> np.arange(L * L)) & 1
    spins = 2.0 * states - 1
    bonded = sum(spins[:, i] * spins[:, j] for i, j in bonds(L))
    weights = np.exp(beta * bonded)
    Z = weights.sum()
    mean = weights @ bonded / Z
    return float(np.log(Z)), float(mean), float(weights @ bonded**2 / Z - mean**2)


def lattice(L: int) -> ic.Expression:
    """log Z as a function of b, with S the products of two spins."""
    return np.log(network(L, np.exp(ic.tensor("b", "") * ic.tensor("S", "2 2"))))


def drawn(picture: str | None) -> None:
    """Prints the smallest torus, and draws its derivative by a bond."""
    B = ic.tensor("B", "2 2")
    three = network(3, B)
    print(f"3×3 torus   Z = {three}")
    print(f"        ∂Z/∂B = {three.diff('B')}")
    if picture is not None:
        three.diff("B").diagram().svg(picture)


def counted_out(L: int) -> Errors:
    """A torus small enough to count its states, at four temperatures."""
    logarithm = lattice(L)
    energy = logarithm.diff("b")
    together = ic.compile([logarithm, energy, energy.diff("b")])
    print(f"\n{L}×{L} torus, {2 * L * L} bonds, {2 ** (L * L)} states")
    print("  β        log Z      −⟨E⟩ a spin   ⟨E²⟩−⟨E⟩² a spin")
    worst = np.zeros(3)
    for b in (0.2, 0.3, CRITICAL, 0.6):
        found = np.array([float(x) for x in together(b=b, S=SIGNS)])
        exact = np.array([kaufman(L, b).real, *counted(L, b)[1:]])
        worst = np.maximum(worst, np.abs(found / exact - 1))
        print(f"  {b:.4f}  {found[0]:10.6f}  {found[1] / L**2:10.6f}", end="")
        print(f"  {found[2] / L**2:10.6f}")
    print(f"errors, relative: {worst[0]:.1e}, {worst[1]:.1e}, {worst[2]:.1e}")
    return Errors(*map(float, worst))


def too_many_to_count(L: int) -> Errors:
    """A larger torus at the critical temperature, against Kaufman's sum alone."""
    logarithm = lattice(L)
    found = ic.compile([logarithm, logarithm.diff("b")])(b=CRITICAL, S=SIGNS)
    value, energy = map(float, found)
    exact = kaufman(L, CRITICAL + 1e-20j)  # its imaginary part is the derivative
    print(f"\n{L}×{L} torus, {2 * L * L} bonds, {2 ** (L * L):.1e} states")
    print(f"  {CRITICAL:.4f}  {value:10.6f}  {energy / L**2:10.6f}")
    errors = Errors(abs(value / exact.real - 1), abs(energy * 1e-20 / exact.imag - 1))
    print(f"errors, relative: {errors.logarithm:.1e}, {errors.energy:.1e}")
    return errors


def main(L: int = 4, larger: int = 6, picture: str | None = None) -> Errors:
    """Draws, contracts and differentiates; answers the largest errors."""
    drawn(picture)
    small, large = counted_out(L), too_many_to_count(larger)
    return Errors(
        max(small.logarithm, large.logarithm),
        max(small.energy, large.energy),
        small.variance,
    )


if __name__ == "__main__":
    errors = main(picture=sys.argv[1] if len(sys.argv) > 1 else None)
    if max(errors.logarithm, errors.energy, errors.variance) > 1e-9:
        raise SystemExit("this is not the Ising model")
