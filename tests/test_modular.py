"""Evaluation modulo primes: exact, homomorphic, and never believing a falsehood."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.comparison.modular import decide, degree_bound
from indexcalc.comparison.residues import PRIMES, STRUCTURES, PrimeField
from indexcalc.comparison.sampling import Sample
from indexcalc.errors import UnsupportedError
from indexcalc.expr import linear, number, scale
from indexcalc.nodes import Node, variables

SHAPES = {
    "A": "n n",
    "B": "n n",
    "U": "n k",
    "V": "k n",
    "C": "k k",
    "x": "n",
    "y": "n",
    "S": "n n : symmetric",
    "K": "n n : skew",
    "Q": "n n : orthogonal",
    "L": "n n : lower",
    "D": "n n : diagonal",
    "T": "n n : toeplitz",
    "s": "",
    "X": "n p",
    "Z": "p n",
    "W": "3 3 : skew",
}


def node_of(text: str) -> Node:
    return ic.parse(text, SHAPES).written


EQUAL = [
    ("det(A*B)", "det(A)*det(B)"),
    ("inv(A*B)", "inv(B)*inv(A)"),
    ("inv(A + U*C*V)", "inv(A) - inv(A)*U*inv(inv(C) + V*inv(A)*U)*V*inv(A)"),
    ("det(eye(n) + X*Z)", "det(eye(p) + Z*X)"),
    ("adj(A)*A", "det(A)*eye(n)"),
    ("adj(x*y')*x", "adj(x*y')*x"),
    ("adj(S)", "adj(S)'"),
    ("adj(A*B)", "adj(B)*adj(A)"),
    ("det(A')", "det(A)"),
    ("det(W)", "0"),
    ("Q'*Q", "eye(n)"),
    ("Q*inv(Q)", "Q*Q'"),
    ("det(Q)^2", "1"),
    ("D*diag(D)", "diag(D).^2"),
    ("diag(L*L)", "diag(L).^2"),
    ("K*x - x", "-(K'*x) - x"),
    ("(x + y)'*inv(S)*(x - y)", "x'*inv(S)*x - y'*inv(S)*y"),
    ("(x'*y)^-3", "1/((y'*x)*(x'*y)*(x'*y))"),
    ("inv(inv(A) + inv(B))", "A*inv(A + B)*B"),
    ("abs(x).^2", "x.^2"),
    ("sign(x).^3", "sign(x)"),
    ("abs(x - y)", "abs(y - x)"),
    ("max(x, y) + min(x, y)", "x + y"),
    ("relu(x) - relu(-x)", "x"),
    ("max(x, y)", "y + relu(x - y)"),
    ("exp(A*(x + y))", "exp(A*y + A*x)"),
    ("sqrt(x).^3", "x.*sqrt(x)"),
    ("logdet(-A)", "logdet(A)"),
    ("erf(x.^2 - y.^2)", "erf((x + y).*(x - y))"),
]

DIFFERENT = [
    ("A*B", "B*A"),
    ("inv(A + B)", "inv(A) + inv(B)"),
    ("det(A + B)", "det(A) + det(B)"),
    ("S", "2*S"),
    ("T", "T'"),
    ("det(Q)", "1"),
    ("det(Q)", "-1"),
    ("K", "0*K"),
    ("L", "D"),
    ("x.^3", "x.^2"),
    ("det(K)", "0"),
    ("2147483647*x", "0*x"),
    ("n*x", "2*x"),
]

STRANGE = [
    ("exp(x)", "exp(y)"),
    ("sin(x).^2 + cos(x).^2", "ones(n)"),
    ("abs(x).*abs(y)", "x.*y"),
    ("sign(x)", "ones(n)"),
    ("sqrt(x).*sqrt(y)", "-sqrt(x.*y)"),
    ("log(x)", "log(-x)"),
    ("abs(x)", "x"),
    ("norm2(x)", "-norm2(x)"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_equal(a: str, b: str) -> None:
    found = decide(node_of(a), node_of(b))
    assert found.equal is True
    assert found.error < 1e-15


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_for_certain(a: str, b: str) -> None:
    assert decide(node_of(a), node_of(b)).equal is False


@pytest.mark.parametrize(("a", "b"), STRANGE)
def test_strangers_decide_nothing(a: str, b: str) -> None:
    """A difference between strangers may be an identity we do not know."""
    assert decide(node_of(a), node_of(b)).equal is None


def test_it_is_a_homomorphism() -> None:
    """Integers modulo a prime are the residues of what exact arithmetic gives."""
    rng = np.random.default_rng(3)
    node = node_of("det(A)*inv(A)*(x.*y)*3/7 - (x'*A*y)^2*x")
    leaves = variables(node)
    values = {
        name: rng.integers(-9, 9, (3,) * len(e.shape)) for name, e in leaves.items()
    }
    field = PrimeField(3)
    known = {
        leaves[n]: field.reduced(np.repeat(v[None], 3, 0)) for n, v in values.items()
    }
    found = Sample(field, {"n": 3}, known).value(node)
    A, x, y = (values[name].astype(object) for name in "Axy")
    rows = [[A[(i + 1) % 3][(j + 1) % 3] * A[(i + 2) % 3][(j + 2) % 3]
             - A[(i + 1) % 3][(j + 2) % 3] * A[(i + 2) % 3][(j + 1) % 3]
             for i in range(3)] for j in range(3)]  # fmt: skip
    adjugate = np.array(rows, dtype=object)
    exact = Fraction(3, 7) * adjugate.dot(x * y) - x.dot(A).dot(y) ** 2 * x
    for point, p in enumerate(PRIMES):
        residues = [f.numerator * pow(f.denominator, -1, p) % p for f in exact]
        assert found[point].tolist() == residues


#: Structures that are a property of the residues, unlike being positive or real.
STRUCTURED = {"symmetric", "pd", "skew", "diagonal", "lower", "upper", "toeplitz"}


@pytest.mark.parametrize("structure", sorted(STRUCTURES))
def test_structures_are_drawn(structure: str) -> None:
    field = PrimeField(4)
    x = field.drawn(np.random.default_rng(0), (3, 3), structure)
    turned = x.swapaxes(1, 2)
    eye = np.eye(3, dtype=int)
    holds = {
        "symmetric": (x == turned).all(),
        "pd": (x == turned).all(),
        "skew": (field.reduced(x + turned) == 0).all(),
        "diagonal": (x * (1 - eye) == 0).all(),
        "lower": (np.triu(x, 1) == 0).all(),
        "upper": (np.tril(x, -1) == 0).all(),
        "toeplitz": (x[:, 1:, 1:] == x[:, :-1, :-1]).all(),
        "orthogonal": (field.matmul(turned, x) == eye).all(),
    }
    assert holds.get(structure, structure not in STRUCTURED)
    assert len({tuple(point.ravel()) for point in x}) == 4


def test_both_determinants_of_orthogonal_matrices_occur() -> None:
    field = PrimeField(20)
    q = field.drawn(np.random.default_rng(1), (3, 3), "orthogonal")
    _, det = field.adjugate(q)
    assert set(np.where(det == 1, 1, field.primes - det).tolist()) == {1}
    assert 0 < (det == 1).sum() < 20


def test_singular_matrices() -> None:
    """Minors need no inverse; an inverse of a singular matrix is nowhere defined."""
    assert decide(node_of("det(A - A)"), node_of("0")).equal is True
    found = decide(node_of("inv(x*x')"), node_of("inv(x*x')*2"))
    assert found.equal is None
    second = ic.parse("det(A)", SHAPES).diff("A").diff("A")
    replaced = second.subs({"A": ic.parse("x*y'", SHAPES)})
    assert decide(replaced.written, scale(2, replaced.written)).equal is False


def test_rational_constants_only() -> None:
    a = ic.constant(np.array([0.5, 1 / 3]), "a").written
    assert decide(a, a).equal is True
    z = ic.constant(np.array([1j]), "z").written
    assert decide(z, z).equal is None
    with pytest.raises(UnsupportedError, match="rational"):
        PrimeField(3).residue(1j)
    with pytest.raises(UnsupportedError, match="residue"):
        PrimeField(3).residue(Fraction(1, PRIMES[0]))


def test_one_third_as_a_float_is_one_third() -> None:
    """A constant computed in floats stands for the simple fraction it rounds."""
    third = ic.constant(np.array([1 / 3]), "c")
    assert decide((third * 3).written, ic.ones(1).written).equal is True


def test_the_bound_grows_with_the_degree() -> None:
    x = ic.tensor("s", "")
    power = x
    for _ in range(40):
        power = power * power
    bound = degree_bound(power.written, number(0), {})
    assert bound == 2**40
    twice = linear([(power.written, 2)], ())
    same = linear([(power.written, 1), (power.written, 1)], ())
    assert decide(twice, same).equal is None


def test_beyond_the_budget_nothing_is_said() -> None:
    A = ic.tensor("A", (2000, 2000))
    assert decide((A @ A).written, (A @ A.T).written).equal is None
    B = ic.tensor("B", (40, 40))
    det = ic.parse("det(B)", B=(40, 40)).written
    assert decide(det, scale(2, det)).equal is None
    assert B.shape == (40, 40)
