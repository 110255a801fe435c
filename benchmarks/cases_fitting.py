"""Models that people fit: logistic regression, matrix factorisation, a deep network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import indexcalc as ic

from .cases_base import Arrays, Case, Floor, Random, Sizes, moved, normal, sized

LAYERS = 10

Build = Callable[[], ic.Expression]


def logistic() -> ic.Expression:
    """Σ log(exp(−y∘Xw) + 1)."""
    return ic.parse("sum(log(exp(-y .* (X*w)) .+ 1))", X="m n", y="m", w="n")


def factorised() -> ic.Expression:
    """‖T − UVᵀ‖²."""
    return ic.parse("normsq(T - U*V')", T="m n", U="m k", V="n k")


def masked() -> ic.Expression:
    """Σ O∘(T − UVᵀ)²."""
    shapes = {"O": "m n", "T": "m n", "U": "m k", "V": "n k"}
    return ic.parse("sum(O ∘ (T - U*V') ∘ (T - U*V'))", shapes)


def network() -> ic.Expression:
    """Cross-entropy of ten dense layers, ReLU between them, summed over the batch."""
    X, Y = ic.tensors("X Y", "m n")
    h = X
    for k in range(1, LAYERS + 1):
        z = h @ ic.tensor(f"W{k}", "n n")
        h = ic.numpy.relu(z)
    return ic.numpy.logsumexp(z, axis=1).sum() - (Y * z).sum()


def gradient_of(function: Build, variable: str) -> Build:
    """Builds the gradient of what `function` builds."""
    return lambda: function().gradient(variable)


def hessian_of(function: Build, variable: str) -> Build:
    """Builds the Hessian of what `function` builds."""
    return lambda: function().hessian(variable)


# -- inputs ----------------------------------------------------------------------------


def logistic_inputs(random: Random, sizes: Sizes) -> Arrays:
    """X is 2n×n, y ±1, w such that Xw is of order 1."""
    n = sizes["n"]
    return {
        "X": random.standard_normal((2 * n, n)),
        "y": random.choice([-1.0, 1.0], 2 * n),
        "w": random.standard_normal(n) / np.sqrt(n),
    }


def masked_inputs(random: Random, sizes: Sizes) -> Arrays:
    """A square T, and a mask that keeps 30 % of it."""
    arrays = FACTORS(random, sizes)
    shape = arrays["T"].shape
    return arrays | {"O": (random.random(shape) < 0.3).astype(float)}


FACTORS = normal(T="m m", U="m k", V="m k")


def network_inputs(random: Random, sizes: Sizes) -> Arrays:
    """A batch, labels as unit vectors, and weights that keep its scale."""
    m, n = sizes["m"], sizes["n"]
    labels = np.eye(n)[random.integers(0, n, m)]
    arrays: Arrays = {"X": random.standard_normal((m, n)), "Y": labels}
    for k in range(1, LAYERS + 1):
        arrays[f"W{k}"] = random.standard_normal((n, n)) * np.sqrt(2 / n)
    return arrays


# -- floors ----------------------------------------------------------------------------


def _l1_grad(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(8 * n * n, moved((2 * n, n), (n,), (n,), (2 * n,)))


def _l1_hess(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(2.0 * n**3, moved((2 * n, n), (n, n)))


def _l2_grad(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    return Floor(2 * m * m * k + 4 * m * k * k, moved((m, m), *[(m, k)] * 3))


def _l2w_grad(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    return Floor(4 * m * m * k, moved((m, m), (m, m), *[(m, k)] * 3))


def _blocks(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    return Floor(m * k * k, moved((m, k), (m, k, m, k)))


def _l2_comp(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    return Floor(m * k * k, moved((m, k), (k, k)))


def _l2w_comp(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    return Floor(m * m * k * (k + 1), moved((m, m), (m, k), (m, k, k)))


def _l2w_hess(s: Sizes) -> Floor:
    m, k = s["m"], s["k"]
    flops, written = m * m * k * (k + 1), moved((m, m), (m, k), (m, k, m, k))
    return Floor(flops, written)


def _l3_grad(s: Sizes) -> Floor:
    m, n = s["m"], s["n"]
    return Floor(4.0 * LAYERS * m * n * n, moved(*[(n, n)] * (LAYERS + 1), (m, n)))


def _l3_hess(s: Sizes) -> Floor:
    m, n = s["m"], s["n"]
    return Floor(2.0 * m * n**4, moved((n, n, n, n), (m, n)))


CASES = (
    Case(
        "L1_grad",
        "Σ log(exp(−y∘Xw)+1), X 2n×n, gradient by w",
        gradient_of(logistic, "w"),
        logistic_inputs,
        _l1_grad,
        sized("n", (200,), (1000,), (4000,)),
    ),
    Case(
        "L1_hess",
        "its Hessian Xᵀ Diag(y²s(1−s)) X",
        hessian_of(logistic, "w"),
        logistic_inputs,
        _l1_hess,
        sized("n", (100,), (400,), (1500,)),
    ),
    Case(
        "L2_grad",
        "‖T−UVᵀ‖², gradient by U",
        gradient_of(factorised, "U"),
        FACTORS,
        _l2_grad,
        sized("m k", (200, 5), (1000, 5), (3000, 10), (2000, 200)),
    ),
    Case(
        "L2w_grad",
        "ΣO∘(T−UVᵀ)², 30 % mask, gradient by U",
        gradient_of(masked, "U"),
        masked_inputs,
        _l2w_grad,
        sized("m k", (200, 5), (1000, 5), (3000, 10)),
    ),
    Case(
        "L2_hess",
        "‖T−UVᵀ‖², Hessian by U, dense",
        hessian_of(factorised, "U"),
        FACTORS,
        _blocks,
        sized("m k", (60, 5), (200, 5), (1000, 5)),
    ),
    Case(
        "L2_hess_comp",
        "its core 2VᵀV",
        hessian_of(factorised, "U"),
        FACTORS,
        _l2_comp,
        sized("m k", (200, 5), (3000, 10), (3000, 200)),
        structured=True,
        dense="L2_hess",
    ),
    Case(
        "L2w_hess_comp",
        "masked, its core 2 Σ_j O_ij V_ja V_jb",
        hessian_of(masked, "U"),
        masked_inputs,
        _l2w_comp,
        sized("m k", (200, 5), (1000, 5), (3000, 10)),
        structured=True,
        dense="L2w_hess",
    ),
    Case(
        "L2w_hess",
        "masked, Hessian by U, dense",
        hessian_of(masked, "U"),
        masked_inputs,
        _l2w_hess,
        sized("m k", (60, 5), (200, 5), (800, 5)),
    ),
    Case(
        "L3_grad",
        "ten ReLU layers n×n, cross-entropy, gradient by the first",
        gradient_of(network, "W1"),
        network_inputs,
        _l3_grad,
        sized("n m", (50, 100), (200, 400), (800, 1600)),
    ),
    Case(
        "L3_hess",
        "its Hessian by the first layer, dense",
        hessian_of(network, "W1"),
        network_inputs,
        _l3_hess,
        sized("n m", (10, 100), (20, 100), (40, 100)),
    ),
)
