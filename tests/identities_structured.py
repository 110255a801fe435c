"""Derivatives by structured matrices: by free entries, as they are published, and as
projections on the structure."""

from __future__ import annotations

from typing import Any

from tests.identity_row import row

FREE, PROJECTED = "free_entries", "symmetrised"

ON_DIAGONALS = 'einsum("kl,kld,ijd->ij", {}, diagonals(n,n), diagonals(n,n))'
SUMS = ON_DIAGONALS.format("A'")


def linear(np: Any, A: Any, X: Any) -> Any:
    return np.trace(A @ X)


def evidence(np: Any, L: Any) -> Any:
    return np.log(np.linalg.det(L @ L.T))


STRUCTURED = (
    row(
        "T1", "MC138", "tr(A*X)", "X", linear, convention=FREE,
        closed="A + A' - A.*eye(n)", A="n n", X="n n : symmetric",
    ),
    row(
        "T1-projected", "MC138", "tr(A*X)", "X", linear, convention=PROJECTED,
        closed="(A + A')/2", A="n n", X="n n : symmetric",
    ),
    row(
        "T2", "MC140", "det(X)", "X", lambda np, X: np.linalg.det(X),
        convention=FREE, closed="det(X)*(2*inv(X) - inv(X).*eye(n))",
        X="n n : symmetric",
    ),
    row(
        "T2-projected", "MC140", "det(X)", "X", lambda np, X: np.linalg.det(X),
        convention=PROJECTED, closed="det(X)*inv(X)", X="n n : symmetric",
    ),
    row(
        "T2-logdet", "MC141", "logdet(X)", "X",
        lambda np, X: np.log(np.linalg.det(X)), convention=FREE,
        closed="2*inv(X) - inv(X).*eye(n)", X="n n : pd",
    ),
    row(
        "T4-structure", "MC142", "tr(A*X)", "X", linear, convention=FREE,
        closed="Diag(diag(A))", A="n n", X="n n : diagonal",
    ),
    row(
        "T5", "MC143", "tr(A*X)", "X", linear, convention=FREE, closed=SUMS,
        A="n n", X="n n : toeplitz",
    ),
    row(
        "T5-projected", "MC143", "tr(A*X)", "X", linear, convention=PROJECTED,
        closed=f"{SUMS} ./ diagonallengths(n,n)", A="n n", X="n n : toeplitz",
    ),
    row(
        "T5-parameters", "MC143", 'tr(A*einsum("ijd,d->ij", diagonals(n,n), t))', "t",
        lambda np, A, t: sum(A[j, i] * t[j - i + 4] for i, j in np.ndindex(4, 4)),
        closed='einsum("ji,ijd->d", A, diagonals(n,n))', A="n n", t="2*n",
    ),
    row(
        "T5-rectangular", "MC143", "frob(A, X)", "X", lambda np, A, X: np.sum(A * X),
        convention=FREE,
        closed='einsum("kl,kld,ijd->ij", A, diagonals(m,n), diagonals(m,n))',
        A="m n", X="m n : toeplitz",
    ),
    row(
        "T7", "skew", "tr(A*X)", "X", linear, convention=FREE, closed="A' - A",
        A="n n", X="n n : skew",
    ),
    row(
        "T7-projected", "skew", "tr(A*X)", "X", linear, convention=PROJECTED,
        closed="(A' - A)/2", A="n n", X="n n : skew",
    ),
    row(
        "T8", "Cholesky", "logdet(L*L')", "L", evidence, convention=FREE,
        closed="2*Diag(recip(diag(L)))", L="n n : lower",
    ),
    row(
        "T8-projected", "Cholesky", "logdet(L*L')", "L", evidence,
        convention=PROJECTED, closed="2*Diag(recip(diag(L)))", L="n n : lower",
    ),
    row(
        "T8-upper", "Cholesky", "tr(A*X)", "X", linear, convention=FREE,
        closed="A' .* tril(n)'", A="n n", X="n n : upper",
    ),
    row(
        "T10", "MC144", "tr(A*X)", "X", linear, convention=FREE,
        closed=f"{SUMS} + {ON_DIAGONALS.format('A')} - tr(A)*eye(n)",
        A="n n", X="n n : symmetric toeplitz",
    ),
    row(
        "T10-projected", "MC144", "tr(A*X)", "X", linear, convention=PROJECTED,
        closed=f"({SUMS} + {ON_DIAGONALS.format('A')}) ./ (2*diagonallengths(n,n))",
        A="n n", X="n n : symmetric toeplitz",
    ),
    row(
        "T1-orthogonal", "tangent", "tr(A*X)", "X", linear, convention=PROJECTED,
        closed="(A' - X*A*X)/2", A="n n", X="n n : orthogonal",
    ),
    row(
        "T1-procrustes", "tangent", "normsq(X*A - B)", "X",
        lambda np, A, B, X: np.sum((X @ A - B) ** 2), convention=PROJECTED,
        closed="X*A*B'*X - B*A'", A="n p", B="n p", X="n n : orthogonal",
    ),
)  # fmt: skip
