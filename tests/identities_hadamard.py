"""Known derivatives of Hadamard, Kronecker and diagonal forms: δ and H survive."""

from __future__ import annotations

from tests.identity_row import row

HADAMARD = (
    row(
        "E1", "Seed 3", "x∘y∘z", "x", lambda x, y, z: x * y * z,
        closed="Diag(y∘z)", index="delta_ik y_i z_i", out="ik", x="n", y="n", z="n",
    ),
    row(
        "E1-copy", "Seed 3", "x∘y∘z", "x", lambda x, y, z: x * y * z,
        index="H_ikp y_p z_p", out="ik", x="n", y="n", z="n",
    ),
    row(
        "E2", "MC38", "X∘A", "X", lambda X, A: X * A,
        index="delta_ik delta_jl A_ij", out="ijkl", X="m n", A="m n",
    ),
    row(
        "E4", "Seed 1", "e(1,m)'*(X∘A)*ones(n)", "A",
        lambda np, X, A: np.sum(X[1] * A[1]), closed="E(1,1,m,m)*X",
        X="m n", A="m n",
    ),
    row(
        "E5", "Seed 2", "W*((A*X)∘(A*X))*ones(3)", "X",
        lambda np, W, A, X: W @ np.sum((A @ X) ** 2, axis=1),
        index="2 W_iq A_qk Y_ql", out="ikl", where={"Y": ("q 3", "A*X")},
        W="q q", A="q n", X="n 3",
    ),
    row(
        "E5-vec", "Seed 2", "W*((A*X)∘(A*X))*ones(3)", "X",
        lambda np, W, A, X: W @ np.sum((A @ X) ** 2, axis=1),
        along="2*(ones(3)'⊗W)*Diag(vec(A*X))*(eye(3)⊗A)*vec(dX)",
        W="q q", A="q n", X="n 3",
    ),
    row(
        "E7", "Seed 4, vector", "A*((B*((x*c')∘D))∘E)*f", "x",
        lambda np, A, B, x, c, D, E, f: A @ (B @ (np.outer(x, c) * D) * E) @ f,
        closed="A*(B∘(E*Diag(c∘f)*D'))",
        index="A_ip B_pk c_e D_ke E_pe f_e", out="ik",
        A="r p", B="p n", x="n", c="q", D="n q", E="p q", f="q",
    ),
    row(
        "E8", "MSE 3762836", "(C*A)∘T", "C", lambda C, A, T: (C @ A) * T,
        index="delta_ik A_lj T_ij", out="ijkl", C="m p", A="p n", T="m n",
    ),
    row(
        "E10", "Frobenius", "A : (X∘B)", "X", lambda np, A, X, B: np.sum(A * X * B),
        closed="A∘B", index="A_kl B_kl", out="kl", A="m n", X="m n", B="m n",
    ),
    row(
        "E10-moved", "Frobenius", "(A∘B) : X", "X",
        lambda np, A, X, B: np.sum(A * X * B),
        closed="A∘B", A="m n", X="m n", B="m n",
    ),
    row(
        "E11", "bilinear", "a'*(X∘Y)*b", "X", lambda a, X, Y, b: a @ (X * Y) @ b,
        closed="(a*b')∘Y", index="a_k Y_kl b_l", out="kl",
        a="m", X="m n", Y="m n", b="n",
    ),
    row(
        "E13", "rows", "(a'*W)∘(b'*W)", "W", lambda a, W, b: (a @ W) * (b @ W),
        index="delta_il a_k b_j W_jl + delta_il b_k a_j W_jl", out="ikl",
        a="m", W="m n", b="m",
    ),
    row(
        "E14", "cube", "X∘X∘X", "X", lambda X: X * X * X,
        index="3 delta_ik delta_jl X_ij X_ij", out="ijkl", X="m n",
    ),
    row(
        "E16", "relative gain array", "ones(n)'*(X∘inv(X)')*ones(n)", "X",
        lambda np, X: np.sum(X * np.linalg.inv(X).T), closed="zeros(n,n)",
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "E17", "copy tensor", "Diag(x)*A*Diag(y)", "x",
        lambda np, x, A, y: A * np.outer(x, y),
        index="delta_ik A_ij y_j", out="ijk", x="m", A="m n", y="n",
    ),
    row(
        "E17-outer", "copy tensor", "A∘(x*y')", "x",
        lambda np, x, A, y: A * np.outer(x, y),
        index="delta_ik A_ij y_j", out="ijk", x="m", A="m n", y="n",
    ),
    row(
        "E19", "one term an occurrence", "sum(X∘(X*A*X'))", "X",
        lambda np, X, A: np.sum(X * (X @ A @ X.T)),
        closed="X*A*X' + X*X*A' + X'*X*A", X="n n", A="n n",
    ),
)  # fmt: skip

KRONECKER = (
    row(
        "F1", "MC520", "vec(A*X*B)", "X",
        lambda A, X, B: (A @ X @ B).T.reshape(-1), along="(B'⊗A)*vec(dX)",
        A="p m", X="m n", B="n q",
    ),
    row(
        "F2", "commutation", "vec(X')", "X", lambda X: X.reshape(-1),
        along="vec(dX')", X="m n",
    ),
    row(
        "F4", "TC example", "tr(G*(A⊗X))", "X",
        lambda np, G, A, X: np.trace(G @ np.kron(A, X)), along="tr(G*(A⊗dX))",
        A="2 2", X="3 3", G="6 6",
    ),
    row(
        "F4-symbolic", "TC example", "tr(G*(A⊗X))", "X",
        lambda np, G, A, X: np.trace(G @ np.kron(A, X)), along="tr(G*(A⊗dX))",
        A="p p", X="m m", G="p*m p*m",
    ),
    row(
        "F5", "TC example", "norm2(G - B⊗X)^2", "X",
        lambda np, G, B, X: np.sum((G - np.kron(B, X)) ** 2),
        along="-2*((G - B⊗X) : (B⊗dX))", B="2 2", X="3 4", G="6 8",
    ),
    row(
        "F7", "square", "x⊗x", "x", lambda np, x: np.kron(x, x),
        closed="eye(n)⊗x + x⊗eye(n)", x="n",
    ),
    row(
        "F8", "TC example", "x'*A*(x⊗x)", "x",
        lambda np, x, A: x @ A @ np.kron(x, x),
        closed="A*(x⊗x) + (x'⊗eye(n) + eye(n)⊗x')*A'*x", x="n", A="n n*n",
    ),
    row(
        "F10", "MC521", "vec(A)'*vec(X)", "X", lambda np, A, X: np.sum(A * X),
        closed="A", index="A_kl", out="kl", A="m n", X="m n",
    ),
    row(
        "F11", "MSE 2993406", "vec(A*Diag(b)*C)", "b",
        lambda A, b, C: (A * b @ C).T.reshape(-1),
        closed="(C'⊗ones(m))∘(ones(p)⊗A)", A="m n", b="n", C="n p",
    ),
    row(
        "F11-khatri-rao", "MSE 2993406", "vec(A*Diag(b)*C)", "b",
        lambda A, b, C: (A * b @ C).T.reshape(-1),
        closed="khatri_rao(C', A)", A="m n", b="n", C="n p",
    ),
    row(
        "F11-matrix", "MSE 2993406", "A*Diag(b)*C", "b", lambda A, b, C: A * b @ C,
        index="A_ik C_kj", out="ijk", A="m n", b="n", C="n p",
    ),
    row(
        "F13", "CP fit", 'normsq(T - einsum("ir,jr,kr->ijk", U, V, W))/2', "U",
        lambda np, T, U, V, W: (
            np.sum((T - np.einsum("ir,jr,kr->ijk", U, V, W)) ** 2) / 2
        ),
        index="-Z_ijk V_jr W_kr", out="ir",
        where={"Z": ("m n p", 'T - einsum("ir,jr,kr->ijk", U, V, W)')},
        T="m n p", U="m q", V="n q", W="p q",
    ),
)  # fmt: skip

DIAGONALS = (
    row(
        "G1", "extract", "diag(X)", "X", lambda np, X: np.diagonal(X), closed="H(n)",
        X="n n",
    ),
    row(
        "G2", "TC", "Diag(x)", "x", lambda np, x: np.eye(4) * x, closed="H(n)",
        x="n",
    ),
    row(
        "G4", "MC142", "tr(A*Diag(x))", "x", lambda np, A, x: np.trace(A * x),
        closed="diag(A)", index="A_kk", out="k", A="n n", x="n",
    ),
    row(
        "G5", "sandwich", "A*Diag(x)*B", "x", lambda A, x, B: A * x @ B,
        index="A_ik B_kj", out="ijk", A="m n", x="n", B="n p",
    ),
    row(
        "G7", "Seed 1", "diag(A*X')", "A", lambda np, A, X: np.sum(A * X, axis=1),
        closed="H(m)*X", index="delta_ik X_il", out="ikl", A="m n", X="m n",
    ),
    row(
        "G7-ones", "Seed 1", "(X∘A)*ones(n)", "A",
        lambda np, A, X: np.sum(A * X, axis=1),
        closed="H(m)*X", index="H_ikj X_jl", out="ikl", A="m n", X="m n",
    ),
    row(
        "G8", "weighted square", "x'*Diag(y)*x", "x",
        lambda np, x, y: np.sum(x * y * x), closed="2*(y∘x)", x="n", y="n",
    ),
)  # fmt: skip
