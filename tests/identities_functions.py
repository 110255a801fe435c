"""Known derivatives of norms, elementwise functions, losses; second derivatives."""

from __future__ import annotations

from typing import Any

from tests.identity_row import row


def length(np: Any, array: Any) -> Any:
    """The 2-norm as √Σx², which a complex step can pass through."""
    return np.sqrt(np.sum(array * array))


def probabilities(np: Any, array: Any) -> Any:
    """exp normalised over the last axis."""
    return np.exp(array) / np.sum(np.exp(array), axis=-1, keepdims=True)


def standardised(np: Any, x: Any) -> Any:
    """(x − mean)/std with the population's standard deviation."""
    centred = x - np.mean(x)
    return centred / np.sqrt(np.mean(centred * centred))


def density(np: Any, k: Any, S: Any, d: Any) -> Any:
    """k det(S)^-½ exp(−½ dᵀ S⁻¹ d): the Gaussian with k = (2π)^(−n/2)."""
    inside = d @ np.linalg.inv(S) @ d
    return k * np.exp(-inside / 2) / np.sqrt(np.linalg.det(S))


def evidence(np: Any, y: Any, K: Any) -> Any:
    """−½(yᵀ K⁻¹ y + log |det K|)."""
    return -(y @ np.linalg.inv(K) @ y + np.log(np.linalg.det(K) ** 2) / 2) / 2


def logistic(np: Any, X: Any, y: Any, w: Any) -> Any:
    """The negative log-likelihood of a logistic regression."""
    return np.sum(np.log1p(np.exp(X @ w))) - y @ (X @ w)


SYMMETRISED = (
    "(U + transpose(U, 0,2,1) + transpose(U, 1,0,2) + transpose(U, 1,2,0)"
    " + transpose(U, 2,0,1) + transpose(U, 2,1,0))/6"
)

NORMS = (
    row(
        "N1", "MC129", "norm2(x - a)", "x", lambda np, x, a: length(np, x - a),
        closed="(x - a)/norm2(x - a)", x="n", a="n",
    ),
    row(
        "N2", "MC130", "(x - a)/norm2(x - a)", "x",
        lambda np, x, a: (x - a) / length(np, x - a),
        closed="eye(n)/norm2(x - a) - (x - a)*(x - a)'/norm2(x - a)^3",
        x="n", a="n",
    ),
    row(
        "N4", "MC132", "norm2(X)^2", "X", lambda np, X: np.sum(X * X), closed="2*X",
        X="m n",
    ),
    row(
        "N4-normsq", "MC132", "normsq(X)", "X", lambda np, X: np.sum(X * X),
        closed="2*X", X="m n",
    ),
    row(
        "N5", "TC example", "norm2(X)", "X", lambda np, X: length(np, X),
        closed="X/norm2(X)", X="m n",
    ),
    row(
        "N7", "autoencoder", "norm2(x - W'*W*x)^2", "W",
        lambda np, x, W: np.sum((x - W.T @ W @ x) ** 2),
        closed="-2*W*(x*r' + r*x')", where={"r": ("n", "x - W'*W*x")},
        x="n", W="p n",
    ),
    row(
        "N8", "absolute values", "norm1(x)", "x",
        lambda np, x: np.sum(np.sqrt(x * x)), closed="sign(x)", x="n",
    ),
    row(
        "N13", "matrix factorisation", "norm2(X*X' - M)^2", "X",
        lambda np, X, M: np.sum((X @ X.T - M) ** 2),
        closed="4*(X*X' - M)*X", X="n p", M="n n : symmetric",
    ),
    row(
        "N13-general", "matrix factorisation, any M", "norm2(X*X' - M)^2", "X",
        lambda np, X, M: np.sum((X @ X.T - M) ** 2),
        closed="2*(2*X*X' - M - M')*X", X="n p", M="n n",
    ),
)  # fmt: skip

FUNCTIONS = (
    row(
        "S1", "elementwise", "exp(x)", "x", lambda np, x: np.exp(x),
        closed="Diag(exp(x))", index="delta_ik y_i", out="ik",
        where={"y": ("n", "exp(x)")}, x="n",
    ),
    row(
        "S2", "elementwise", "ones(p)'*exp(A*X)*ones(n)", "X",
        lambda np, A, X: np.sum(np.exp(A @ X)), closed="A'*exp(A*X)",
        A="p m", X="m n",
    ),
    row(
        "S4", "log-sum-exp", "lse(x)", "x", lambda np, x: np.log(np.sum(np.exp(x))),
        closed="softmax(x)", x="n",
    ),
    row(
        "S4-written-out", "log-sum-exp", "log(sum(exp(x)))", "x",
        lambda np, x: np.log(np.sum(np.exp(x))), closed="exp(x)/sum(exp(x))", x="n",
    ),
    row(
        "S5", "one layer", "sigmoid(A*x)", "x",
        lambda np, A, x: 1 / (1 + np.exp(-A @ x)),
        closed="Diag(sigmoid(A*x) .* (1 .- sigmoid(A*x)))*A",
        index="s_i A_ik - s_i s_i A_ik", out="ik",
        where={"s": ("m", "sigmoid(A*x)")}, A="m n", x="n",
    ),
    row(
        "S7", "cross-entropy", "-t'*log(softmax(z))", "z",
        lambda np, t, z: -t @ np.log(probabilities(np, z)),
        closed="sum(t)*softmax(z) - t", t="n", z="n",
    ),
    row(
        "S8", "one layer", "tanh(W*x)", "W", lambda np, W, x: np.tanh(W @ x),
        index="delta_ik u_i x_l", out="ikl",
        where={"u": ("m", "1 .- tanh(W*x).^2")}, W="m n", x="n",
    ),
    row(
        "S11", "elementwise power", "A : X.^3", "X",
        lambda np, A, X: np.sum(A * X**3), closed="3*A∘X.^2", A="m n", X="m n",
    ),
    row(
        "S13", "entropy", "sum(x∘log(x))", "x", lambda np, x: np.sum(x * np.log(x)),
        closed="log(x) .+ 1", x="n : positive",
    ),
    row(
        "S14", "TC pseudo-linear", "x*x'*M*x", "x", lambda x, M: x * (x @ M @ x),
        closed="(x'*M*x)*eye(n) + x*x'*(M + M')",
        index="delta_ik q + x_i M_kj x_j + x_i M_jk x_j", out="ik",
        where={"q": ("", "x'*M*x")}, x="n", M="n n",
    ),
    row(
        "S16", "TC example", "k*det(S)^(-1/2)*exp(-(x - a)'*inv(S)*(x - a)/2)", "S",
        lambda np, k, S, x, a: density(np, k, S, x - a),
        closed="f*(inv(S)'*d*d'*inv(S)' - inv(S)')/2",
        where={
            "f": ("", "k*det(S)^(-1/2)*exp(-(x - a)'*inv(S)*(x - a)/2)"),
            "d": ("n", "x - a"),
        },
        kinds={"S": "spd"}, k="", S="n n", x="n", a="n",
    ),
    row(
        "S17", "layer norm", "(x .- mean(x))/sqrt(mean((x .- mean(x)).^2))", "x",
        lambda np, x: standardised(np, x),
        closed="(eye(n) - ones(n)*ones(n)'/n - h*h'/n)/s",
        where={
            "h": ("n", "(x .- mean(x))/sqrt(mean((x .- mean(x)).^2))"),
            "s": ("", "sqrt(mean((x .- mean(x)).^2))"),
        },
        x="n",
    ),
    row(
        "S19", "attention",
        "G : ((exp(Q*K') ./ (exp(Q*K')*ones(n)*ones(n)'))*V)", "V",
        lambda np, G, Q, K, V: np.sum(G * (probabilities(np, Q @ K.T) @ V)),
        closed="(exp(Q*K') ./ (exp(Q*K')*ones(n)*ones(n)'))'*G",
        index="P_ik G_il", out="kl",
        where={"P": ("n n", "exp(Q*K') ./ (exp(Q*K')*ones(n)*ones(n)')")},
        G="n m", Q="n p", K="n p", V="n m",
    ),
)  # fmt: skip

SECOND = (
    row(
        "H1", "MC98", "x'*A*x + b'*x", "x", lambda x, A, b: x @ A @ x + b @ x,
        order=2, closed="A + A'", index="A_kl + A_lk", out="kl",
        x="n", A="n n", b="n",
    ),
    row(
        "H2", "TC", "det(X)", "X", lambda np, X: np.linalg.det(X), order=2,
        index="d Y_ji Y_lk - d Y_jk Y_li", out="ijkl",
        where={"d": ("", "det(X)"), "Y": ("n n", "inv(X)")},
        kinds={"X": "inv"}, X="n n",
    ),
    row(
        "H4", "TC example", "sum(softplus(X*w)) - y'*X*w", "w",
        lambda np, X, y, w: logistic(np, X, y, w), order=2,
        closed="X'*Diag(s∘(1 .- s))*X", where={"s": ("q", "sigmoid(X*w)")},
        X="q n", y="q", w="n",
    ),
    row(
        "H5", "MSE 3015464", "(x'*A*x)^2", "x", lambda x, A: (x @ A @ x) ** 2,
        order=2, closed="2*(S*x*x'*S + (x'*A*x)*S)",
        where={"S": ("n n", "A + A'")}, x="n", A="n n",
    ),
    row(
        "H7", "cross-entropy", "-t'*log(softmax(z))", "z",
        lambda np, t, z: -t @ np.log(probabilities(np, z)), order=2,
        closed="sum(t)*(Diag(softmax(z)) - softmax(z)*softmax(z)')", t="n", z="n",
    ),
    row(
        "H8", "chain", "sum(exp(A*x))", "x",
        lambda np, A, x: np.sum(np.exp(A @ x)), order=2,
        closed="A'*Diag(exp(A*x))*A", A="m n", x="n",
    ),
    row(
        "H10", "copy tensor", "sum(x.^3)", "x", lambda np, x: np.sum(x**3),
        order=2, closed="6*Diag(x)", index="6 H_ijk x_k", out="ij", x="n",
    ),
    row(
        "H11", "tensor form", 'einsum("ijk,i,j,k->", U, x, x, x)', "x",
        lambda np, U, x: np.einsum("ijk,i,j,k->", U, x, x, x), order=2,
        index="6 T_ijk x_k", out="ij", where={"T": ("n n n", SYMMETRISED)},
        U="n n n", x="n",
    ),
    row(
        "H11-general", "tensor form, any T", 'einsum("ijk,i,j,k->", T, x, x, x)', "x",
        lambda np, T, x: np.einsum("ijk,i,j,k->", T, x, x, x), order=2,
        index=(
            "T_ijk x_k + T_ikj x_k + T_jik x_k + T_jki x_k + T_kij x_k + T_kji x_k"
        ),
        out="ij", T="n n n", x="n",
    ),
    row(
        "H13", "Gaussian process", "-(y'*inv(K+t*B)*y + logdet(K+t*B))/2", "t",
        lambda np, y, K, B, t: evidence(np, y, K + t * B),
        closed="tr((M*y*y'*M - M)*B)/2", where={"M": ("n n", "inv(K + t*B)")},
        kinds={"K": "spd", "B": "small", "t": "small"}, y="n", K="n n", B="n n", t="",
    ),
    row(
        "T4", "MC142", "tr(A*Diag(x))", "x", lambda np, A, x: np.trace(A * x),
        closed="diag(A)", A="n n", x="n",
    ),
)  # fmt: skip
