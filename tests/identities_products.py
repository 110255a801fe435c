"""Known derivatives of products, linear and quadratic forms, and traces."""

from __future__ import annotations

from tests.identity_row import row

PRODUCTS = (
    row("A1", "MC69", "a'*x", "x", lambda a, x: a @ x, closed="a", a="n", x="n"),
    row(
        "A2", "Seed/JAX", "A*x", "x", lambda A, x: A @ x, closed="A", index="A_ik",
        out="ik", A="m n", x="n",
    ),
    row(
        "A4", "MC70", "a'*X*b", "X", lambda a, X, b: a @ X @ b, closed="a*b'",
        index="a_k b_l", out="kl", a="m", X="m n", b="n",
    ),
    row(
        "A5", "MC71", "a'*X'*b", "X", lambda a, X, b: a @ X.T @ b, closed="b*a'",
        index="b_k a_l", out="kl", a="n", X="m n", b="m",
    ),
    row(
        "A7", "MC73", "X", "X", lambda X: X,
        closed='einsum("ik,jl->ijkl", eye(m), eye(n))', X="m n",
    ),
    row(
        "A8", "MC44", "X'", "X", lambda X: X.T,
        closed='einsum("il,jk->ijkl", eye(n), eye(m))', X="m n",
    ),
    row(
        "A10", "MC75", "X'*A", "X", lambda X, A: X.T @ A,
        closed='einsum("il,kj->ijkl", eye(n), A)', X="m n", A="m p",
    ),
    row(
        "A11", "Kronecker form", "A*X*B", "X", lambda A, X, B: A @ X @ B,
        index="A_ik B_lj", out="ijkl", A="p m", X="m n", B="n q",
    ),
    row(
        "A13", "MC76", "(ones(m)'*X*ones(n))^2", "X", lambda np, X: np.sum(X) ** 2,
        closed="2*(ones(m)'*X*ones(n))*ones(m)*ones(n)'", X="m n",
    ),
    row(
        "A14", "MC77", "b'*X'*X*c", "X", lambda X, b, c: b @ X.T @ X @ c,
        closed="X*(b*c' + c*b')", index="X_kj c_j b_l + X_kj b_j c_l", out="kl",
        X="m n", b="n", c="n",
    ),
    row(
        "A16", "MC79/80", "X'*B*X", "X", lambda X, B: X.T @ B @ X,
        index="Y_ik delta_jl + delta_il Z_kj", out="ijkl",
        where={"Y": ("n m", "X'*B"), "Z": ("m n", "B*X")}, X="m n", B="m m",
    ),
    row(
        "A17", "MC81/97", "x'*B*x + b'*x", "x", lambda x, B, b: x @ B @ x + b @ x,
        closed="(B + B')*x + b", x="n", B="n n", b="n",
    ),
    row(
        "A19", "MC83", "(X*b + c)'*D*(X*b + c)", "X",
        lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c),
        closed="(D + D')*(X*b + c)*b'", X="m n", b="n", c="m", D="m m",
    ),
    row(
        "A20", "MC84", "(x - A*s)'*W*(x - A*s)", "s",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="-2*A'*W*(x - A*s)", x="m", s="n", A="m n", W="m m : symmetric",
    ),
    row(
        "A20-general", "MC84, any W", "(x - A*s)'*W*(x - A*s)", "s",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="-A'*(W + W')*(x - A*s)", x="m", s="n", A="m n", W="m m",
    ),
    row(
        "A22", "MC87", "(x - A*s)'*W*(x - A*s)", "x",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="2*W*(x - A*s)", x="m", s="n", A="m n", W="m m : symmetric",
    ),
    row(
        "A22-general", "MC87, any W", "(x - A*s)'*W*(x - A*s)", "x",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="(W + W')*(x - A*s)", x="m", s="n", A="m n", W="m m",
    ),
    row(
        "A23", "MC88", "(x - A*s)'*W*(x - A*s)", "A",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="-2*W*(x - A*s)*s'", x="m", s="n", A="m n", W="m m : symmetric",
    ),
    row(
        "A23-general", "MC88, any W", "(x - A*s)'*W*(x - A*s)", "A",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
        closed="-(W + W')*(x - A*s)*s'", x="m", s="n", A="m n", W="m m",
    ),
    row(
        "A25", "MC91", "a'*X^3*b", "X", lambda a, X, b: a @ X @ X @ X @ b,
        closed="a*b'*(X^2)' + X'*a*b'*X' + (X^2)'*a*b'", a="n", X="n n", b="n",
    ),
    row(
        "A26", "MC92 as printed", "a'*(X^2)'*X^2*b", "X",
        lambda a, X, b: a @ (X @ X).T @ X @ X @ b,
        closed="X*a*b'*(X^2)' + X^2*a*b'*X' + a*b'*(X^2)'*X + X'*X^2*a*b'",
        false=True, a="n", X="n n", b="n",
    ),
    row(
        "A26b", "MC92 corrected", "a'*(X^2)'*X^2*b", "X",
        lambda a, X, b: a @ (X @ X).T @ X @ X @ b,
        closed="X^2*(a*b' + b*a')*X' + X'*X^2*(a*b' + b*a')", a="n", X="n n", b="n",
    ),
    row(
        "A28", "outer", "x*x'", "x", lambda np, x: np.outer(x, x),
        index="delta_ik x_j + x_i delta_jk", out="ijk", x="n",
    ),
    row(
        "A29", "TC example", "(x'*A*x)^2", "x", lambda x, A: (x @ A @ x) ** 2,
        closed="2*(x'*A*x)*(A + A')*x", x="n", A="n n",
    ),
    row(
        "A31", "MC93", "(B*x)'*A*(C*x)", "x",
        lambda A, B, C, x: (B @ x) @ A @ (C @ x),
        closed="B'*A*C*x + C'*A'*B*x", x="n", A="m p", B="m n", C="p n",
    ),
    row(
        "A32", "both sides", "X*A*X", "X", lambda X, A: X @ A @ X,
        index="delta_ik Y_lj + Z_ik delta_jl", out="ijkl",
        where={"Y": ("n n", "A*X"), "Z": ("n n", "X*A")}, X="n n", A="n n",
    ),
)  # fmt: skip

TRACES = (
    row(
        "B1", "MC99", "tr(X)", "X", lambda np, X: np.trace(X), closed="eye(n)",
        X="n n",
    ),
    row(
        "B2", "MC100", "tr(X*A)", "X", lambda np, X, A: np.trace(X @ A), closed="A'",
        index="A_lk", out="kl", X="m n", A="n m",
    ),
    row(
        "B4", "MC102", "tr(A*X'*B)", "X",
        lambda np, A, X, B: np.trace(A @ X.T @ B),
        closed="B*A", index="B_kj A_jl", out="kl", A="p n", X="m n", B="m p",
    ),
    row(
        "B5", "MC103", "tr(X'*A)", "X", lambda np, X, A: np.trace(X.T @ A),
        closed="A", index="A_kl", out="kl", X="m n", A="m n",
    ),
    row(
        "B5-frobenius", "MC103", "A : X", "X", lambda np, X, A: np.sum(A * X),
        closed="A", X="m n", A="m n",
    ),
    row(
        "B7", "MC105", "tr(A ⊗ X)", "X", lambda np, A, X: np.trace(np.kron(A, X)),
        closed="tr(A)*eye(n)", A="m m", X="n n",
    ),
    row(
        "B8", "MC106", "tr(X^2)", "X", lambda np, X: np.trace(X @ X), closed="2*X'",
        index="2 X_lk", out="kl", X="n n",
    ),
    row(
        "B10", "MC108-110", "tr(X'*B*X)", "X",
        lambda np, X, B: np.trace(X.T @ B @ X), closed="(B + B')*X",
        X="m n", B="m m",
    ),
    row(
        "B11", "MC111-113", "tr(X*B*X')", "X",
        lambda np, X, B: np.trace(X @ B @ X.T), closed="X*(B + B')",
        X="m n", B="n n",
    ),
    row(
        "B13", "MC115", "tr(X'*X)", "X", lambda np, X: np.trace(X.T @ X),
        closed="2*X", index="2 X_kl", out="kl", X="m n",
    ),
    row(
        "B14", "MC116", "tr(B'*X'*C*X*B)", "X",
        lambda np, B, X, C: np.trace(B.T @ X.T @ C @ X @ B),
        closed="C'*X*B*B' + C*X*B*B'", X="m n", C="m m", B="n p",
    ),
    row(
        "B16", "MC118", "tr(A*X*B*X'*C)", "X",
        lambda np, A, X, B, C: np.trace(A @ X @ B @ X.T @ C),
        closed="A'*C'*X*B' + C*A*X*B", A="p m", X="m n", B="n n", C="m p",
    ),
    row(
        "B17", "MC119", "tr((A*X*B + C)*(A*X*B + C)')", "X",
        lambda np, A, X, B, C: np.sum((A @ X @ B + C) ** 2),
        closed="2*A'*(A*X*B + C)*B'", A="p m", X="m n", B="n q", C="p q",
    ),
    row(
        "B19", "MC121", "tr(X^4)", "X", lambda np, X: np.trace(X @ X @ X @ X),
        closed="4*(X^3)'", X="n n",
    ),
    row(
        "B20", "MC122", "tr(A*X^3)", "X", lambda np, A, X: np.trace(A @ X @ X @ X),
        closed="(A*X^2)' + (X*A*X)' + (X^2*A)'", A="n n", X="n n",
    ),
    row(
        "B22", "TC", "(A*X*B) : C", "X", lambda np, A, X, B, C: np.sum(A @ X @ B * C),
        closed="A'*C*B'", index="A_ik C_ij B_lj", out="kl",
        A="p m", X="m n", B="n q", C="p q",
    ),
)  # fmt: skip
