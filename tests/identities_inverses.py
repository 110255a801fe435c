"""Known derivatives of inverses, determinants and log-determinants."""

from __future__ import annotations

from typing import Any

from tests.identity_row import row


def logdet(np: Any, matrix: Any) -> Any:
    """log |det A| as ½ log det(A)², which a complex step can pass through."""
    return np.log(np.linalg.det(matrix) ** 2) / 2


def ratio(np: Any, denominator: Any, numerator: Any) -> Any:
    """tr(N⁻¹ M)."""
    return np.trace(np.linalg.inv(denominator) @ numerator)


INVERSES = (
    row(
        "C1", "MC60", "inv(X)", "X", lambda np, X: np.linalg.inv(X),
        index="-Y_ik Y_lj", out="ijkl", where={"Y": ("n n", "inv(X)")},
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "C2", "MC61", "a'*X^-1*b", "X", lambda np, a, X, b: a @ np.linalg.inv(X) @ b,
        closed="-inv(X)'*a*b'*inv(X)'", kinds={"X": "inv"}, a="n", X="n n", b="n",
    ),
    row(
        "C4", "MC63/124", "tr(A*inv(X)*B)", "X",
        lambda np, A, X, B: np.trace(A @ np.linalg.inv(X) @ B),
        closed="-(inv(X)*B*A*inv(X))'", kinds={"X": "inv"},
        A="p n", X="n n", B="n p",
    ),
    row(
        "C5", "MC64", "tr(inv(X + A))", "X",
        lambda np, X, A: np.trace(np.linalg.inv(X + A)),
        closed="-(inv(X + A)*inv(X + A))'", kinds={"X": "inv", "A": "small"},
        X="n n", A="n n",
    ),
    row(
        "C7", "MC126", "tr(inv(X'*C*X)*(X'*B*X))", "X",
        lambda np, X, C, B: ratio(np, X.T @ C @ X, X.T @ B @ X),
        closed="-2*C*X*M*X'*B*X*M + 2*B*X*M", where={"M": ("p p", "inv(X'*C*X)")},
        kinds={"C": "spd"}, X="n p", B="n n : symmetric", C="n n : symmetric",
    ),
    row(
        "C7-general", "MC126, any B, C", "tr(inv(X'*C*X)*(X'*B*X))", "X",
        lambda np, X, C, B: ratio(np, X.T @ C @ X, X.T @ B @ X),
        closed="-C*X*M*X'*B*X*M - C'*X*M'*X'*B'*X*M' + B*X*M + B'*X*M'",
        where={"M": ("p p", "inv(X'*C*X)")}, kinds={"C": "spd"},
        X="n p", B="n n", C="n n",
    ),
    row(
        "C8", "MC127", "tr(inv(A + X'*C*X)*(X'*B*X))", "X",
        lambda np, A, X, C, B: ratio(np, A + X.T @ C @ X, X.T @ B @ X),
        closed="-2*C*X*M*X'*B*X*M + 2*B*X*M", where={"M": ("p p", "inv(A + X'*C*X)")},
        kinds={"A": "spd", "C": "spd"},
        X="n p", A="p p : symmetric", B="n n : symmetric", C="n n : symmetric",
    ),
    row(
        "C10", "inverse transpose", "inv(X)'", "X", lambda np, X: np.linalg.inv(X).T,
        index="-Y_jk Y_li", out="ijkl", where={"Y": ("n n", "inv(X)")},
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "C11", "ridge", "b'*inv(X'*X + lam*eye(n))*b", "X",
        lambda np, b, X, lam: b @ np.linalg.inv(X.T @ X + lam * np.eye(4)) @ b,
        closed="-2*X*u*u'", where={"u": ("n", "inv(X'*X + lam*eye(n))*b")},
        kinds={"lam": "pos"}, b="n", X="m n", lam="",
    ),
)  # fmt: skip

DETERMINANTS = (
    row(
        "D1", "MC49", "det(X)", "X", lambda np, X: np.linalg.det(X),
        closed="det(X)*inv(X)'", index="d Y_lk", out="kl",
        where={"d": ("", "det(X)"), "Y": ("n n", "inv(X)")},
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "D2", "MC51", "det(A*X*B)", "X", lambda np, A, X, B: np.linalg.det(A @ X @ B),
        closed="det(A*X*B)*inv(X)'", kinds={"X": "inv", "A": "inv", "B": "inv"},
        A="n n", X="n n", B="n n",
    ),
    row(
        "D2-chain", "MC51 before inv(AXB) splits", "det(A*X*B)", "X",
        lambda np, A, X, B: np.linalg.det(A @ X @ B),
        closed="det(A*X*B)*A'*inv(A*X*B)'*B'",
        kinds={"X": "inv", "A": "inv", "B": "inv"}, A="n n", X="n n", B="n n",
    ),
    row(
        "D4", "MC53", "det(X'*A*X)", "X", lambda np, X, A: np.linalg.det(X.T @ A @ X),
        closed="2*det(X'*A*X)*A*X*inv(X'*A*X)", kinds={"A": "spd"},
        X="n p", A="n n : symmetric",
    ),
    row(
        "D5", "MC54", "det(X'*A*X)", "X", lambda np, X, A: np.linalg.det(X.T @ A @ X),
        closed="det(X'*A*X)*(A*X*inv(X'*A*X) + A'*X*inv(X'*A'*X))",
        kinds={"A": "inv"}, X="n p", A="n n",
    ),
    row(
        "D7", "MC57", "logdet(X)", "X", lambda np, X: logdet(np, X), closed="inv(X)'",
        index="Y_lk", out="kl", where={"Y": ("n n", "inv(X)")},
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "D7-log", "MC57", "log(abs(det(X)))", "X", lambda np, X: logdet(np, X),
        closed="inv(X)'", kinds={"X": "inv"}, X="n n",
    ),
    row(
        "D8", "MC58", "det(X^3)", "X", lambda np, X: np.linalg.det(X @ X @ X),
        closed="3*det(X^3)*inv(X)'", kinds={"X": "inv"}, X="n n",
    ),
    row(
        "D10", "evidence", "logdet(A + X*X')", "X",
        lambda np, A, X: logdet(np, A + X @ X.T),
        closed="2*inv(A + X*X')*X", kinds={"A": "spd"},
        A="m m : symmetric", X="m n",
    ),
    row(
        "D10-general", "evidence, any A", "logdet(A + X*X')", "X",
        lambda np, A, X: logdet(np, A + X @ X.T),
        closed="(M + M')*X", where={"M": ("m m", "inv(A + X*X')")},
        kinds={"A": "spd"}, A="m m", X="m n",
    ),
    row(
        "D11", "determinant of a kernel", "logdet(eye(n) + Diag(x)*K)", "x",
        lambda np, x, K: logdet(np, np.eye(4) + np.diag(x) @ K),
        closed="diag(K*inv(eye(n) + Diag(x)*K))", kinds={"x": "pos", "K": "spd"},
        x="n", K="n n",
    ),
)  # fmt: skip
