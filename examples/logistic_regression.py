"""Logistic regression by Newton's method, on the breast-cancer data of scikit-learn.

569 tumours, 30 measurements, benign or malignant. Value, gradient and Hessian of the
penalised loss are one function of the arrays, which computes what they share once. The
weights are those of scikit-learn's own solver.

Run it with `python examples/logistic_regression.py`; it needs scikit-learn.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import indexcalc as ic

#: Newton's method has converged where the gradient is so small.
SMALL = 1e-10

#: The first column of X is 1; d is 0 there and 1 elsewhere: an intercept is not
#: penalised.
LOSS = "sum(log(exp(-y .* (X*w)) .+ 1)) + sum(d .* w.^2) / 2"
SHAPES = {"X": "m n", "y": "m", "w": "n", "d": "n"}


def standardised() -> tuple[np.ndarray, np.ndarray]:
    """The measurements with mean 0 and variance 1, and the labels ±1."""
    data = load_breast_cancer()
    X = (data.data - data.data.mean(0)) / data.data.std(0)
    return X, 2.0 * data.target - 1


def fitted(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The intercept and the weights that minimise the loss."""
    loss = ic.parse(LOSS, SHAPES)
    gradient, hessian = loss.gradient("w"), loss.hessian("w")
    print(f"gradient  {gradient.matrix('paper')}")
    print(f"Hessian   {hessian.matrix('paper')}")
    newton = ic.compile([loss, gradient, hessian])
    with_ones = np.column_stack([np.ones(len(X)), X])
    w, d = np.zeros(1 + X.shape[1]), np.r_[0.0, np.ones(X.shape[1])]
    for step in range(30):
        value, g, h = newton(X=with_ones, y=y, w=w, d=d)
        norm = float(np.linalg.norm(g))
        print(f"step {step:2}   loss {value:12.6f}   |gradient| {norm:.1e}")
        if norm < SMALL:
            return w
        w = w - np.linalg.solve(h, g)
    raise SystemExit("Newton's method did not arrive")


def by_scikit_learn(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same by scikit-learn, whose solvers stop early if they are not told."""
    peer = LogisticRegression(C=1.0, tol=1e-12, max_iter=1000, solver="newton-cholesky")
    peer.fit(X, y)
    return np.r_[peer.intercept_, peer.coef_[0]]


def main() -> float:
    """Fits the data; answers the largest difference from scikit-learn's weights."""
    X, y = standardised()
    w = fitted(X, y)
    difference = float(np.abs(w - by_scikit_learn(X, y)).max())
    right = float(np.mean(np.sign(w[0] + X @ w[1:]) == y))
    print(f"\n{right:.1%} of {len(y)} tumours on the right side")
    print(f"largest difference from scikit-learn's {len(w)} numbers: {difference:.1e}")
    return difference


if __name__ == "__main__" and main() > 1e-6:
    raise SystemExit("these are not the weights that scikit-learn finds")
