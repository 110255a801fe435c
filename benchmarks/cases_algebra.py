"""Quadratic forms, log det and inverses."""

from __future__ import annotations

import numpy as np

import indexcalc as ic

from .cases_base import Arrays, Case, Floor, Random, Sizes, moved, normal, sized


def quadratic() -> ic.Expression:
    """xᵀAx."""
    return ic.parse("x' * A * x", x="n", A="n n")


def logdet() -> ic.Expression:
    """log |det X|."""
    return ic.parse("logdet(X)", X="n n")


def bilinear_inverse() -> ic.Expression:
    """aᵀX⁻¹b."""
    return ic.parse("a' * inv(X) * b", a="n", b="n", X="n n")


def inverse_along() -> ic.Expression:
    """The Hessian of aᵀX⁻¹b applied to a direction V."""
    return bilinear_inverse().hvp("X", ic.tensor("V", "n n"))


def invertible_inputs(random: Random, sizes: Sizes) -> Arrays:
    """X far from singular, vectors and a direction."""
    n = sizes["n"]
    return {
        "X": random.standard_normal((n, n)) + 2 * np.sqrt(n) * np.eye(n),
        "a": random.standard_normal(n),
        "b": random.standard_normal(n),
        "V": random.standard_normal((n, n)),
    }


def _q1_grad(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(4 * n * n, moved((n, n), (n,), (n,)))


def _q1_hess(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(n * n, moved((n, n), (n, n)))


def _inverse(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(2.0 * n**3, moved((n, n), (n, n)))


def _four(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(2.0 * n**3, moved((n, n), (n, n, n, n)))


def _solved(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(2.0 / 3 * n**3, moved((n, n), (n, n)))


LARGE = sized("n", (200,), (600,), (1500,))

CASES = (
    Case(
        "Q1_grad",
        "xᵀAx, gradient (A+Aᵀ)x",
        lambda: quadratic().gradient("x"),
        normal(A="n n", x="n"),
        _q1_grad,
        sized("n", (500,), (2000,), (6000,)),
    ),
    Case(
        "Q1_hess",
        "its Hessian A+Aᵀ",
        lambda: quadratic().hessian("x"),
        normal(A="n n", x="n"),
        _q1_hess,
        sized("n", (500,), (1000,), (3000,)),
    ),
    Case(
        "Q2_logdet_grad",
        "log|det X|, gradient X⁻ᵀ",
        lambda: logdet().gradient("X"),
        invertible_inputs,
        _inverse,
        LARGE,
    ),
    Case(
        "Q2_logdet_hess",
        "its Hessian −X⁻¹_li X⁻¹_jk",
        lambda: logdet().hessian("X"),
        invertible_inputs,
        _four,
        sized("n", (20,), (40,), (70,)),
    ),
    Case(
        "Q3_inv_grad",
        "aᵀX⁻¹b, gradient −X⁻ᵀabᵀX⁻ᵀ",
        lambda: bilinear_inverse().gradient("X"),
        invertible_inputs,
        _solved,
        LARGE,
    ),
    Case(
        "Q3_inv_hvp",
        "its Hessian by a direction V",
        inverse_along,
        invertible_inputs,
        _solved,
        LARGE,
    ),
)
