"""Equality with its evidence: proofs, primes, witnesses, and honest ignorance."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.comparison.evidence import evidence
from indexcalc.nodes import Node

SHAPES = {
    "A": "n n",
    "B": "n n",
    "X": "n p",
    "R": "r n",
    "x": "n",
    "y": "n",
    "s": "",
    "a": "n : positive",
    "b": "n : positive",
    "Q": "n n : orthogonal",
}


def node_of(text: str) -> Node:
    return ic.parse(text, SHAPES).written


IDENTITIES = [
    ("norm2(x)^2", "normsq(x)"),
    ("softmax(x)", "exp(x)/sum(exp(x))"),
    ("lse(x)", "log(sum(exp(x)))"),
    ("sin(x).^2 + cos(x).^2", "ones(n)"),
    ("sin(x + y)", "sin(x).*cos(y) + cos(x).*sin(y)"),
    ("cos(3*s)", "4*cos(s)^3 - 3*cos(s)"),
    ("exp(x + y)", "exp(x).*exp(y)"),
    ("relu(x)", "max(x, 0)"),
    ("det(A*B)", "det(A)*det(B)"),
    ("logdet(A*B)", "logdet(A) + logdet(B)"),
    ("Q'*Q", "eye(n)"),
    ("abs(a)", "a"),
    ("log(a.*b)", "log(a) + log(b)"),
    ("sqrt(a.*b)", "sqrt(a).*sqrt(b)"),
    ("sigmoid(-x)", "1 .- sigmoid(x)"),
    ("tanh(x)", "2*sigmoid(2*x) .- 1"),
    ("log(sigmoid(x))", "-softplus(-x)"),
    ("cosh(x).^2 - sinh(x).^2", "ones(n)"),
    ("lse(x .+ s)", "s + lse(x)"),
    ("norm2(x - y)^2", "normsq(x) - 2*x'*y + normsq(y)"),
    ("norm2(-2*x)", "2*norm2(x)"),
    ("x/norm2(x)", "x/sqrt(x'*x)"),
    ("a.^s .* a.^2", "a.^(s + 2)"),
    ("inv(eye(n) + R'*R)", "eye(n) - R'*inv(eye(r) + R*R')*R"),
]


@pytest.mark.parametrize(("a", "b"), IDENTITIES)
def test_identities_are_found(a: str, b: str) -> None:
    left, right = node_of(a), node_of(b)
    found = evidence(left, right)
    assert found.equal is True
    assert found.method in ("structure", "expansion", "prime field")
    assert ic.equal(ic.Expression(left), ic.Expression(right)) is True


@pytest.mark.parametrize(("a", "b"), IDENTITIES)
def test_near_misses_are_not(a: str, b: str) -> None:
    """The same identities with one side a little off are refused, with a witness."""
    left = node_of(a)
    right = (ic.Expression(node_of(b)) * 1.001).written
    found = evidence(left, right)
    assert found.equal is False
    assert found.witness is not None


def test_methods() -> None:
    def method(a: str, b: str) -> str:
        return evidence(node_of(a), node_of(b)).method

    assert method("x'*A*y", "y'*A'*x") == "structure"
    assert method("(x + y).^2", "x.^2 + 2*x.*y + y.^2") == "expansion"
    assert method("inv(A*B)'", "inv(A)'*inv(B)'") in ("structure", "expansion")
    assert method("inv(A)*(A + B)*inv(B)", "inv(A) + inv(B)") == "expansion"
    assert method("det(eye(n) + A*B)", "det(eye(n) + B*A)") == "prime field"
    assert method("exp(x)", "exp(y)") == "float64"
    assert "shapes differ" in evidence(node_of("x"), node_of("A")).detail


def test_the_detail_says_sizes_and_chance() -> None:
    found = evidence(node_of("det(eye(n) + A*B)"), node_of("det(eye(n) + B*A)"))
    assert "n=2; n=3; n=4" in found.detail
    assert "chance below" in str(found)
    assert evidence(node_of("inv(A)*A*x"), node_of("x")).assumptions


def test_a_witness_shows_the_difference() -> None:
    left, right = ic.Expression(node_of("A*B*x")), ic.Expression(node_of("B*A*x"))
    found = evidence(left.written, right.written)
    assert found.equal is False
    assert found.witness is not None
    arrays = dict(found.witness)
    assert all(float(entry).is_integer() for a in arrays.values() for entry in a.flat)
    assert not np.allclose(left.evaluate(arrays), right.evaluate(arrays))


def test_undecided_stays_undecided() -> None:
    """An identity outside what is known is neither proved nor refuted."""
    found = evidence(node_of("sin(x.*acos(y./y))"), node_of("0*x"))
    assert found.equal in (True, None)
    odd = evidence(node_of("erf(-x)"), node_of("-erf(x)"))
    assert (odd.equal, odd.method) == (None, "digits")
    assert "no proof" in odd.detail


def test_rounding_of_singular_matrices_is_no_witness() -> None:
    """Where R has more rows than columns, inv(R Rᵀ) is rounding and nothing else."""
    left = node_of("inv(R*R')*R")
    right = ic.Expression(node_of("inv(R*R')*(R*eye(n))")).written
    assert ic.equal(ic.Expression(left), ic.Expression(right)) is True
    doubled = (ic.Expression(left) * 2 - ic.Expression(left)).written
    assert evidence(left, doubled).equal is True
    erfs = evidence(node_of("erf(-logdet(R*R'))"), node_of("-erf(logdet(R*R'))"))
    assert erfs.equal is None


def test_long_expressions_are_bounded() -> None:
    """A chain of three hundred functions is compared, and without recursion."""
    x = ic.tensor("x", "n")
    y = x
    for _ in range(300):
        y = np.tanh(y)
    assert ic.equal(y, y + 0 * x) is True
    assert ic.equal(y, y + x) is False


def test_rounding_is_no_difference() -> None:
    """At small integers this is the sine of 10¹³, which is anything in floats; that
    makes its matrix form no other function."""
    text = "exp(sin(normsq(diag((Y ∘ A)^3 ⊙ (0.5⊙(M:M))))))"
    e = ic.parse(text, Y="p p", A="p p", M="n n")
    assert str(e.matrix()).startswith("exp(sin(")
    x = ic.tensor("x", 3)
    assert ic.equal(np.sin(x), np.cos(x)) is False
