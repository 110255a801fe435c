"""A matrix from some of its entries: alternating Newton steps with structure kept.

1797 digits of 8×8 pixels, from scikit-learn, as the rows of a matrix; a third of the
pixels is hidden. T ≈ U Vᵀ is fitted to the others. The Hessian by one factor is block
diagonal, one small block a row: only the blocks are computed, and `solve` takes the
step from them. The loss is quadratic in each factor, so a step is the minimum.

Run it with `python examples/matrix_factorisation.py`; it needs scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

import indexcalc as ic

LOSS = "sum(O ∘ (T - U*V').^2) + c * (normsq(U) + normsq(V))"
SHAPES = {"O": "m n", "T": "m n", "U": "m k", "V": "n k", "c": ""}


@dataclass(frozen=True, slots=True)
class Errors:
    """Root mean squares of the errors at hidden pixels: what is fitted, the mean of the
    pixel over the digits in which it is seen, and the best U Vᵀ with hidden pixels at
    that mean; the largest gradient left by a step."""

    fitted: float
    means: float
    filled: float
    gradient: float


def masked(share: float) -> tuple[np.ndarray, np.ndarray]:
    """Digits with pixels from 0 to 1, and which of the pixels are seen."""
    pixels = load_digits().data / 16
    return pixels, np.random.default_rng(0).random(pixels.shape) > share


def alternated(arrays: dict[str, np.ndarray], sweeps: int) -> float:
    """Replaces U and V by what they become; answers the largest gradient by V."""
    loss = ic.parse(LOSS, SHAPES)
    steps = {
        name: (
            loss.gradient(name).compile(),
            loss.hessian(name).compile(structured=True),
        )
        for name in ("U", "V")
    }
    for sweep in range(sweeps):
        for name, (gradient, hessian) in steps.items():
            H = hessian(arrays)
            arrays[name] = arrays[name] + H.solve(-gradient(arrays))
            if sweep == 0:
                dense = 8e-6 * float(np.prod(H.shape))
                told = f"{H.nbytes / 1e6:.2f} MB of {dense:,.0f} MB"
                print(f"Hessian by {name}: {H.kind}, {told}")
    last, _ = steps["V"]
    return float(np.abs(last(arrays)).max())


def rounded_to_rank(matrix: np.ndarray, k: int) -> np.ndarray:
    """The nearest matrix of rank k."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return (u[:, :k] * s[:k]) @ v[:k]


def root_mean_square(errors: np.ndarray) -> float:
    """√ of the mean of the squares."""
    return float(np.sqrt(np.mean(errors**2)))


def main(k: int = 14, sweeps: int = 10, penalty: float = 2.0) -> Errors:
    """Fits factors of rank k to the pixels that are seen; answers the errors."""
    pixels, seen = masked(share=1 / 3)
    means = (pixels * seen).sum(0) / seen.sum(0)
    centred = np.where(seen, pixels - means, 0.0)
    rng = np.random.default_rng(1)
    m, n = pixels.shape
    print(f"{m}×{n} pixels, {1 - seen.mean():.0%} hidden, rank {k}")
    arrays = {
        "O": seen.astype(float),
        "T": centred,
        "U": 0.1 * rng.normal(size=(m, k)),
        "V": 0.1 * rng.normal(size=(n, k)),
        "c": np.array(penalty),
    }
    gradient = alternated(arrays, sweeps)
    truth, hidden = pixels - means, ~seen
    errors = Errors(
        root_mean_square((arrays["U"] @ arrays["V"].T - truth)[hidden]),
        root_mean_square(truth[hidden]),
        root_mean_square((rounded_to_rank(centred, k) - truth)[hidden]),
        gradient,
    )
    print("error at hidden pixels:")
    print(f"  {errors.fitted:.4f}  fitted to those seen")
    print(f"  {errors.filled:.4f}  fitted to all, the hidden at the mean")
    print(f"  {errors.means:.4f}  the mean of the pixel")
    return errors


if __name__ == "__main__":
    found = main()
    if not (found.fitted < found.filled < found.means and found.gradient < 1e-8):
        raise SystemExit("the factors are no better than the mean")
