"""A Gaussian process: the evidence with its gradient and Hessian, on scikit-learn's
diabetes data.

The covariance of 442 patients is exp(a) exp(−D/(2 exp(2b))) + exp(c) I, where D are
squared distances of ten measurements. What a, b and c make least is ½ yᵀK⁻¹y +
½ log det K + ½ n log 2π. Its Hessian serves Newton's method, which scikit-learn does
without, and says at the end how well the data determine the three numbers.

Run it with `python examples/gaussian_process.py`; it needs scikit-learn and SciPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from sklearn.datasets import load_diabetes
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

import indexcalc as ic

K = "(exp(a) * exp(-D * exp(-2*b) / 2) + exp(c) * eye(n))"
EVIDENCE = f"(y' * inv({K}) * y + logdet({K})) / 2"
SHAPES = {"D": "n n : symmetric", "y": "n", "a": "", "b": "", "c": ""}
NAMES = ("a", "b", "c")

#: Value, gradient and Hessian at a point (a, b, c).
Evidence = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Fit:
    """Differences from scikit-learn at the start: value and gradient; the evidence that
    was reached and the one that it reaches; steps, and the last gradient's norm."""

    value: float
    gradient: float
    reached: float
    peer: float
    steps: int
    last: float


def standardised(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Measurements and the progress of the disease, each with mean 0, variance 1."""
    data = load_diabetes()
    X = (data.data / data.data.std(0))[:count]
    y = data.target[:count]
    return X, (y - y.mean()) / y.std()


def evidence(D: np.ndarray, y: np.ndarray) -> Evidence:
    """−log p(y) with its derivatives by a, b and c."""
    value = ic.parse(EVIDENCE, SHAPES)
    first = [value.diff(p) for p in NAMES]
    second = [value.diff(p).diff(q) for p in NAMES for q in NAMES]
    for name, derivative in zip(NAMES, first, strict=True):
        print(f"∂/∂{name} = {derivative.matrix('paper', parts=True)}")
    together = ic.compile([value, *first, *second])
    constant = len(y) / 2 * np.log(2 * np.pi)

    def at(p: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        f, *rest = together(D=D, y=y, a=p[0], b=p[1], c=p[2])
        return float(f) + constant, np.array(rest[:3]), np.reshape(rest[3:], (3, 3))

    return at


def by_scikit_learn(p: np.ndarray) -> GaussianProcessRegressor:
    """The same process, whose parameters are the same logarithms."""
    a, b, c = np.exp(p)
    return GaussianProcessRegressor(
        ConstantKernel(a) * RBF(b) + WhiteKernel(c), alpha=0
    )


def main(count: int = 442) -> Fit:
    """Fits the process to some patients; answers how it compares."""
    X, y = standardised(count)
    at, start = evidence(cdist(X, X, "sqeuclidean"), y), np.log([1.0, 3.0, 0.5])
    value, gradient, _ = at(start)
    peer = by_scikit_learn(start).fit(X, y)
    theirs, slope = peer.log_marginal_likelihood(start, eval_gradient=True)
    found = minimize(
        lambda p: at(p)[0],
        start,
        jac=lambda p: at(p)[1],
        hess=lambda p: at(p)[2],
        method="trust-exact",
        options={"gtol": 1e-8},
    )
    reached, last, hessian = at(found.x)
    fit = Fit(
        abs(value + theirs),
        float(np.abs(gradient + slope).max()),
        -reached,
        float(peer.log_marginal_likelihood_value_),
        found.nit,
        float(np.linalg.norm(last)),
    )
    print(f"\ndifference from scikit-learn: value {fit.value:.1e}, ", end="")
    print(f"gradient {fit.gradient:.1e}")
    print(f"{fit.steps} Newton steps, |gradient| {fit.last:.1e}")
    print(f"log p(y) = {fit.reached:.6f}; scikit-learn reaches {fit.peer:.6f}")
    for name, at_best, deviation in zip(
        ("amplitude", "length", "noise"),
        np.exp(found.x),
        np.sqrt(np.diag(np.linalg.inv(hessian))),
        strict=True,
    ):
        print(f"  {name:9}  {at_best:7.3f}   (its logarithm to ± {deviation:.2f})")
    return fit


if __name__ == "__main__":
    result = main()
    if result.gradient > 1e-6 or result.last > 1e-6:
        raise SystemExit("this is not the evidence of scikit-learn")
