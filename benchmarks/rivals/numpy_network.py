"""The ten-layer network by hand in NumPy: its gradient and Hessian by the first
weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from .record import Call, Data, Table

Array = Any


def on_weights(form: Any, data: Data) -> Call:
    """A form of the batch, the labels and the list of weights."""
    X, Y = data.arrays["X"], data.arrays["Y"]
    weights = [data.arrays[f"W{k}"] for k in range(1, len(data.arrays) - 1)]
    return lambda: form(X, Y, weights)


TABLE = Table("NumPy", on_weights)


def forward(X: Array, weights: list[Array]) -> tuple[list[Array], Array]:
    """The activations after every ReLU, and softmax of the last layer.

    Where an activation is 0, so is the derivative of its ReLU.
    """
    h, hidden = X, []
    for W in weights[:-1]:
        h = h @ W
        np.maximum(h, 0, out=h)
        hidden.append(h)
    z = h @ weights[-1]
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return hidden, z


@TABLE.form("L3_grad", "np")
def gradient(X: Array, Y: Array, weights: list[Array]) -> Array:
    hidden, g = forward(X, weights)
    g *= Y.sum(axis=1, keepdims=True)
    g -= Y
    for h, W in zip(hidden[::-1], weights[:0:-1], strict=True):
        g = g @ W.T
        g *= h > 0
    return X.T @ g


def curvature(X: Array, weights: list[Array]) -> Array:
    """Σ over logits of J_qb J_qd p_q − (Σ J_qb p_q)(Σ J_qd p_q), a batch of matrices
    (b, d); J is the Jacobian of a row's logits by the first layer's output."""
    hidden, p = forward(X, weights)
    J = (hidden[0] > 0)[:, :, None] * weights[1]
    for h, W in zip(hidden[1:], weights[2:], strict=True):
        J *= (h > 0)[:, None, :]
        J = J @ W
    J -= J @ p[:, :, None]
    J *= np.sqrt(p)[:, None, :]
    return J @ J.swapaxes(1, 2)


def blocked_curvature(X: Array, weights: list[Array]) -> Array:
    """The same, its products taken as one over the rows of the whole batch."""
    hidden, p = forward(X, weights)
    m, n = X.shape
    J = (hidden[0] > 0)[:, :, None] * weights[1]
    for h, W in zip(hidden[1:], weights[2:], strict=True):
        J *= (h > 0)[:, None, :]
        J = (J.reshape(m * n, n) @ W).reshape(m, n, n)
    J -= np.matvec(J, p)[:, :, None]
    J *= np.sqrt(p)[:, None, :]
    return J @ J.swapaxes(1, 2)


def _outer(X: Array, M: Array) -> Array:
    m, n = X.shape
    pairs = (X[:, :, None] * X[:, None, :]).reshape(m, n * n)
    return (pairs.T @ M.reshape(m, n * n)).reshape(n, n, n, n)


@TABLE.form("L3_hess", "np", axes=(0, 2, 1, 3))
def hessian(X: Array, Y: Array, weights: list[Array]) -> Array:
    return _outer(X, curvature(X, weights))


@TABLE.form("L3_hess", "np_flat", axes=(0, 2, 1, 3))
def hessian_flat(X: Array, Y: Array, weights: list[Array]) -> Array:
    return _outer(X, blocked_curvature(X, weights))


@TABLE.form("L3_hess", "np_symhalf", axes=(0, 2, 1, 3))
def hessian_half(X: Array, Y: Array, weights: list[Array]) -> Array:
    m, n = X.shape
    M = blocked_curvature(X, weights).reshape(m, n * n)
    a, c = np.triu_indices(n)
    half = (X[:, a] * X[:, c]).T @ M
    H = np.empty((n, n, n, n), X.dtype)
    rows = half.reshape(-1, n, n)
    H[a, c] = rows
    H[c, a] = rows
    return H
