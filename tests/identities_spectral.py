"""Known derivatives of eigenvalues, of spectral norms and of matrix functions."""

from __future__ import annotations

from typing import Any

from tests.identity_row import row


def largest(np: Any, S: Any) -> Any:
    """λ_max of a symmetric matrix by squaring, which a complex step passes through."""
    shifted = S + 10 * np.eye(len(S))
    P = shifted
    for _ in range(60):
        P = P @ P
        P = P / np.trace(P)
    return np.trace(S @ P) / np.trace(P)


def root(np: Any, S: Any) -> Any:
    """√S by the iteration of Denman and Beavers."""
    Y, Z = S, np.eye(len(S))
    for _ in range(25):
        Y, Z = (Y + np.linalg.inv(Z)) / 2, (Z + np.linalg.inv(Y)) / 2
    return Y


def sine(np: Any, X: Any) -> Any:
    """X − X³/3! + X⁵/5! − …"""
    term, total = X, X
    for k in range(1, 40):
        term = -term @ X @ X / (2 * k * (2 * k + 1))
        total = total + term
    return total


SPECTRAL = (
    row(
        "N10", "spectral norm", "norm_spectral(X)", "X",
        lambda np, X: np.sqrt(largest(np, X.T @ X)), closed="X*v*v'/s",
        where={"v": ("n", "eigmax_vector(X'*X)"), "s": ("", "norm_spectral(X)")},
        X="m n",
    ),
    row(
        "N11", "nuclear norm", "norm_nuclear(X)", "X",
        lambda np, X: np.trace(root(np, X.T @ X)), closed="polar(X)", X="q n",
    ),
    row(
        "S10", "MC128", "tr(sinm(X))", "X", lambda np, X: np.trace(sine(np, X)),
        closed="cosm(X)'", X="n n",
    ),
    row(
        "T11", "MC67", "eigmax(X)", "X",
        lambda np, X: largest(np, (X + X.T) / 2), closed="v*v'", index="v_k v_l",
        out="kl", where={"v": ("n", "eigmax_vector(X)")},
        kinds={"X": "symmetric"}, X="n n",
    ),
    row(
        "T11-spectrum", "MC67, all of them", "eigvalsh(X)'*a", "X",
        lambda np, X, a: sum(
            a[k] * value for k, value in enumerate(spectrum(np, (X + X.T) / 2))
        ),
        closed="V*Diag(a)*V'", where={"V": ("n n", "eigenvectors(X)")},
        kinds={"X": "symmetric"}, X="n n", a="n",
    ),
)  # fmt: skip


def spectrum(np: Any, S: Any) -> Any:
    """All eigenvalues ascending, by one Rayleigh quotient each of the real part's
    eigenvectors: right to the first order in a perturbation."""
    V = np.linalg.eigh(np.real(S))[1]
    return [v @ S @ v for v in V.T]
