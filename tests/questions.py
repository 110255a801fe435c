"""Questions people asked about matrix derivatives, as the NumPy functions they come to.

A function takes the modules it calls, `np` for NumPy and `nn` for the activations
NumPy has no name for, and its arrays by name. Called with NumPy on symbols it must
build an expression; called with `jax.numpy` and `jax.nn` on arrays it is the
reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXCUSED = {"expm-dt": "NumPy has no exponential of a matrix; see test_matrix_functions"}


@dataclass(frozen=True)
class Question:
    """A function, the variables asked about, and the literal shapes it is tried on.

    A shape reads `"3 4"`, or `"3 3 : spd"` where a valid input is of that kind.
    """

    id: str
    function: Callable[..., Any]
    variables: tuple[str, ...]
    order: int
    declared: dict[str, str]

    def shape(self, name: str) -> tuple[int, ...]:
        """The literal sizes of an array."""
        sizes = self.declared[name].partition(":")[0].split()
        return tuple(int(size) for size in sizes)

    def kind(self, name: str) -> str:
        """How a valid array is drawn."""
        return self.declared[name].partition(":")[2].strip()


def ask(
    id: str, variables: str, function: Callable[..., Any], order: int = 1, **shapes: str
) -> Question:
    """A question by the `variables` in one string."""
    return Question(id, function, tuple(variables.split()), order, shapes)


def weighted_factorisation(np: Any, U: Any, V: Any, W: Any, A: Any) -> Any:
    R = W * (A - U @ V.T)
    return np.trace(R.T @ R)


def masked_factorisation(np: Any, U: Any, V: Any, M: Any, Om: Any, lam: Any) -> Any:
    fit = 0.5 * np.sum(Om * (M - U @ V.T) ** 2)
    return fit + lam / 2 * (np.sum(U**2) + np.sum(V**2))


def gram_distance(np: Any, X: Any, A: Any) -> Any:
    M = X.T @ X - A
    return np.trace(M.T @ M)


def block_trace(np: Any, X: Any) -> Any:
    T = X.shape[0]
    H = np.concatenate([X, np.eye(T)], 1).T
    Om = np.eye(T) + X @ X.T
    return np.trace(H @ np.linalg.inv(Om) @ H.T)


def affine_logdet(np: Any, x: Any, X0: Any, B: Any) -> Any:
    return np.linalg.slogdet(X0 + np.einsum("ijk,k->ij", B, x))[1]


def softmax_cost(np: Any, nn: Any, X: Any, Y: Any, W: Any) -> Any:
    Z = W.T @ X
    return np.sum(Y.T * (nn.logsumexp(Z, axis=0)[None, :] - Z))


def posterior(np: Any, A: Any, S: Any, q: Any) -> Any:
    n = A.shape[0]
    inverse = np.linalg.inv(np.linalg.inv(A) + S)
    return np.linalg.slogdet(np.eye(n) + A @ S)[1] - q @ inverse @ q


def centred(np: Any, x: Any) -> Any:
    a = x - np.sum(x)
    return np.sum(a * a)


def relu_residual(np: Any, nn: Any, W: Any, X: Any) -> Any:
    r = np.sum(nn.relu(W @ X), axis=0) - nn.relu(X[0])
    return 0.5 * np.sum(r**2)


def logistic(np: Any, nn: Any, th: Any, X: Any, y: Any) -> Any:
    h = nn.sigmoid(X @ th)
    return np.sum(y * np.log(h) + (1 - y) * np.log(1 - h))


def regularised_logistic(np: Any, w: Any, X: Any, y: Any, C: Any) -> Any:
    return 0.5 * w @ w + C * np.sum(np.log1p(np.exp(-y * (X @ w))))


def normal(np: Any, X: Any, mu: Any, K: Any) -> Any:
    N = X.shape[0]
    R = X - mu[None, :]
    spread = np.trace(R @ np.linalg.inv(K) @ R.T)
    return -0.5 * N * np.linalg.slogdet(K)[1] - 0.5 * spread


def projected_normal(np: Any, S: Any, A: Any, C: Any, mu: Any, x: Any) -> Any:
    V = C @ S @ C.T
    r = x - A @ mu
    return -np.linalg.slogdet(V)[1] - r @ np.linalg.inv(V) @ r


def kernel_trace(np: Any, A: Any, X: Any, sig: Any) -> Any:
    G = X.T @ X
    g = np.diag(G)
    S = np.exp(-(g[:, None] + g[None, :] - 2 * G) / (2 * sig**2))
    return np.trace(A.T @ S @ A)


def scaled_trace(np: Any, B: Any, P: Any, a: Any) -> Any:
    M = B @ np.diag(a)
    return np.trace(M @ P @ M.T)


def congruence_residual(np: Any, A: Any, X: Any, B: Any, C: Any, D: Any) -> Any:
    R = A @ X @ B @ X.T @ C - D
    return np.trace(R.T @ R)


def cosine(np: Any, k: Any, v: Any, w: Any) -> Any:
    return np.abs(k - v @ w / (np.linalg.norm(v) * np.linalg.norm(w)))


def shifted_square(np: Any, x: Any, m: Any) -> Any:
    d = x - m * np.ones(x.shape[0])
    return d @ d


def nested_polynomial(np: Any, w: Any, x: Any) -> Any:
    def p(t: Any) -> Any:
        return w[0] * t + w[1] * t**2 + w[2]

    return x * np.sum(p(p(x)) ** 2)


def maxwell(np: Any, D: Any, mu0: Any) -> Any:
    g = np.diag(np.array([1.0, -1.0, -1.0, -1.0]))
    U = g @ D @ g
    return -(np.sum(D * U) - np.sum(D * U.T)) / (2 * mu0)


def gauge_fixed(np: Any, D: Any) -> Any:
    g = np.diag(np.array([1.0, -1.0, -1.0, -1.0]))
    return -0.5 * np.sum((g @ D @ g) * D) + 0.5 * np.trace(g @ D) ** 2


def risk_spread(np: Any, w: Any, Q: Any) -> Any:
    x = w * (Q @ w)
    return np.sum((x[:, None] - x[None, :]) ** 2)


def low_rank(np: Any, x: Any, A: Any) -> Any:
    return 0.25 * np.sum((A - np.outer(x, x)) ** 2)


def quadratic(x: Any, A: Any, b: Any, c: Any) -> Any:
    return c + b @ x + x @ A @ x


def quotient(np: Any, x: Any, A: Any) -> Any:
    return (x @ A @ x) / np.linalg.norm(x)


def inverse_trace(np: Any, X: Any, Y: Any) -> Any:
    return np.trace(np.linalg.inv(X) @ Y)


PRODUCTS = (
    ask("had-inner-a", "x", lambda np, x, y, z: np.dot(x * y, z), x="4", y="4", z="4"),
    ask("had-inner-b", "x", lambda np, x, y: np.dot(x * y, x * y), x="4", y="4"),
    ask(
        "had-inner-c", "al", lambda np, x, al, y: np.sum((x - al * y) ** 2),
        x="4", al="4", y="4",
    ),
    ask("wmf-trace-U", "U", weighted_factorisation, U="3 2", V="4 2", W="3 4", A="3 4"),
    ask(
        "mf-mask-reg", "U V", masked_factorisation,
        U="3 2", V="4 2", M="3 4", Om="3 4 : mask", lam=": pos",
    ),
    ask("frob-FM", "F", lambda np, F, M: np.sum((F * M) ** 2), F="3 4", M="3 4 : mask"),
    ask("kron-dd", "d", lambda np, d: np.kron(d, d), d="3"),
    ask("kron-dAdd", "d", lambda np, d, A: d @ A @ np.kron(d, d), d="3", A="3 9"),
    ask("kron-ttI", "t", lambda np, t: np.kron(np.outer(t, t), np.eye(2)), t="3"),
    ask("tr-XtX-A-sq", "X", gram_distance, X="4 3", A="3 3"),
    ask("lowrank-xx-g", "x", low_rank, x="4", A="4 4 : spd"),
    ask("lowrank-xx-h", "x", low_rank, 2, x="4", A="4 4 : spd"),
    ask("AXB", "X", lambda A, X, B: A @ X @ B, A="2 3", X="3 4", B="4 5"),
    ask("mma-trX2", "X", lambda np, X: np.trace(X @ X), X="3 3"),
    ask(
        "mma-trAXtBXC", "X", lambda np, A, X, B, C: np.trace(A @ X.T @ B @ X @ C),
        A="2 3", X="4 3", B="4 4", C="3 2",
    ),
    ask("vec-XtX", "X", lambda X: X.T @ X, X="4 3"),
    ask("vec-XBX", "X", lambda X, B: X @ B @ X, X="3 3 : sym", B="3 3 : sym"),
    ask("tr-XXt", "X", lambda np, X: np.trace(X @ X.T), X="3 4"),
    ask("ones-x", "x", lambda np, x: np.sum(x), x="4"),
    ask("ones-centering", "x", centred, x="5"),
    ask("had-xx-A", "x", lambda np, x, A: np.outer(x, x) * A, x="3", A="3 3"),
    ask(
        "nmf-half", "W H", lambda np, V, W, H: 0.5 * np.sum((V - W @ H) ** 2),
        V="3 4", W="3 2", H="2 4",
    ),
    ask(
        "frob-A-BhadX", "X", lambda np, A, B, X: np.sum((A @ (B * X)) ** 2),
        A="3 3", B="3 3", X="3 3",
    ),
    ask(
        "frob-scalar-x", "x", lambda np, A, B, x: np.sum((A * x - B) ** 2),
        A="3 4", B="3 4", x="",
    ),
    ask(
        "hess-trBXBX", "X", lambda np, B, X: np.trace(B @ X @ B @ X), 2,
        B="3 4", X="4 3",
    ),
    ask(
        "tr-B-trAX", "X", lambda np, A, B, X: B * np.trace(A @ X),
        A="3 3", B="3 3", X="3 3",
    ),
    ask(
        "frob-ABAt-C", "A", lambda np, A, B, C: np.sum((A @ B @ A.T - C) ** 2),
        A="3 3", B="3 3", C="3 3",
    ),
    ask("tr-BAPBA-a", "a", scaled_trace, B="4 3", P="3 3", a="3"),
    ask(
        "tr-AXBXtC-D-B", "B", congruence_residual,
        A="3 4", X="4 2", B="2 2", C="4 5", D="3 5",
    ),
    ask(
        "hess-Ax-b", "x", lambda np, x, A, b: np.sum((A @ x - b) ** 2), 2,
        x="3", A="4 3", b="4",
    ),
    ask(
        "hess-AXB-C", "X",
        lambda np, A, B, C, X: 0.5 * np.sum((A @ X @ B - C) ** 2), 2,
        A="3 2", B="3 4", C="3 4", X="2 3",
    ),
    ask("sy-trX2B", "X", lambda np, X, B: np.trace(X @ X @ B), X="3 3", B="3 3"),
    ask("sy-trA-A", "A", lambda np, A: np.trace(A) * A, A="3 3"),
    ask("sy-trsum", "A", lambda np, A: np.trace(A) + np.trace(A @ A), A="3 3"),
    ask("sy-tr-scalar-m", "m", shifted_square, x="4", m=""),
    ask("so-sum-mmT", "m", lambda np, m: np.sum(np.outer(m, m)), m="4"),
    ask("skew2-v", "w", lambda np, w, v: np.cross(w, np.cross(w, v)), w="3", v="3"),
    ask("had-pow2", "yh", lambda yh, y: (yh - y) ** 2, yh="4", y="4"),
    ask("chain-vectorised", "w", nested_polynomial, w="3", x="3"),
    ask("conv-jac", "x", lambda np, h, x: np.convolve(h, x), h="3", x="4"),
    ask(
        "conv-ls", "x", lambda np, h, x, y: 0.5 * np.sum((np.convolve(h, x) - y) ** 2),
        h="3", x="4", y="6",
    ),
    ask(
        "kron-trAIw", "w",
        lambda np, A, w: np.trace(A @ np.kron(np.eye(3), w[:, None])), A="3 9", w="3",
    ),
    ask("diag-Kx", "x", lambda np, K, x: np.diag(K @ x), K="4 2", x="2"),
    ask(
        "quad-mu", "mu", lambda x, mu, S: (x - mu) @ S @ (x - mu),
        x="4", mu="4", S="4 4",
    ),
    ask(
        "pca-Av", "A V", lambda np, X, A, V: np.sum((X - A @ V) ** 2),
        X="4 5", A="4 2", V="2 5",
    ),
    ask("em-L-mu0", "D", maxwell, D="4 4", mu0=": pos"),
    ask("em-tong", "D", gauge_fixed, D="4 4"),
    ask("quad-cbA-g", "x", quadratic, x="3", A="3 3 : spd", b="3", c=""),
    ask("quad-cbA-h", "x", quadratic, 2, x="3", A="3 3 : spd", b="3", c=""),
    ask("symja-aXb", "X", lambda a, X, b: a @ X @ b, a="3", X="3 4", b="4"),
    ask("erc-grad", "w", risk_spread, w="4", Q="4 4 : spd"),
)  # fmt: skip

INVERSES = (
    ask(
        "trlog-XtBX", "X", lambda np, X, B: np.linalg.slogdet(X.T @ B @ X)[1],
        X="3 3 : inv", B="3 3 : spd",
    ),
    ask(
        "logdet-I-XXt", "X",
        lambda np, X: np.linalg.slogdet(np.eye(X.shape[0]) + X @ X.T)[1], X="4 2",
    ),
    ask("tr-H-Om-H", "X", block_trace, X="4 2"),
    ask(
        "logdet-XXtAinv", "X",
        lambda np, X, A: np.linalg.slogdet(X @ X.T @ np.linalg.inv(A))[1],
        X="3 4", A="3 3 : spd",
    ),
    ask("logdet-Xofx", "x", affine_logdet, x="2", X0="3 3 : spd", B="3 3 2 : small"),
    ask("inv-X", "X", lambda np, X: np.linalg.inv(X), X="3 3 : inv"),
    ask(
        "inv-aXb", "X", lambda np, a, X, b: a @ np.linalg.inv(X) @ b,
        a="3", X="3 3 : inv", b="3",
    ),
    ask("taylor-invXtX-1", "X", lambda np, X: np.linalg.inv(X.T @ X), X="3 2"),
    ask("mo-logdet-cov-g", "A", posterior, A="3 3 : spd", S="3 3 : spd", q="3"),
    ask(
        "mma-detAXB", "X", lambda np, A, X, B: np.linalg.det(A @ X @ B),
        A="3 4", X="4 4", B="4 3",
    ),
    ask("mvn-hess-mu", "mu", normal, 2, X="5 3", mu="3", K="3 3 : spd"),
    ask("mvn-grad-Sigma", "K", normal, X="5 3", mu="3", K="3 3 : spd"),
    ask(
        "mvn-ASC", "S A C", projected_normal,
        S="4 4 : spd", A="3 3", C="3 4", mu="3", x="3",
    ),
    ask(
        "exp-aXinva", "X", lambda np, a, X: np.exp(a @ np.linalg.inv(X) @ a),
        a="3", X="3 3 : inv",
    ),
    ask(
        "hess-neglogdet", "X", lambda np, X: -np.linalg.slogdet(X)[1], 2,
        X="3 3 : spd",
    ),
    ask("hess-trXinvY", "X", inverse_trace, 2, X="3 3 : spd", Y="3 3 : sym"),
    ask("grad-trXinvY", "X", inverse_trace, X="3 3 : spd", Y="3 3 : sym"),
    ask(
        "eig-dA-dlam", "lam", lambda np, X, lam: X @ np.diag(lam) @ np.linalg.inv(X),
        X="3 3 : inv", lam="3",
    ),
    ask("inv-diagX", "d", lambda np, d: np.linalg.inv(np.diag(d)), d="3 : pos"),
    ask(
        "inv-ABdiagx-b", "x",
        lambda np, A, B, x, b: np.linalg.inv(A + B @ np.diag(x)) @ b,
        A="3 3 : inv", B="3 3 : small", x="3", b="3",
    ),
)  # fmt: skip

FUNCTIONS = (
    ask("softmax-cost-W", "W", softmax_cost, X="3 5", Y="5 4 : onehot", W="3 4"),
    ask("unitvec-jac", "x", lambda np, x: x / np.linalg.norm(x), x="3"),
    ask(
        "ones-Phi-norm", "V",
        lambda np, X, V: np.sum(np.sum(np.tanh(X @ V), axis=0) ** 2), X="4 3", V="3 2",
    ),
    ask("relu-WX-frob", "W", relu_residual, W="3 3", X="3 4"),
    ask("hess-logreg-ll", "th", logistic, 2, th="3", X="5 3", y="5 : binary"),
    ask(
        "hess-logloss-l2", "w", regularised_logistic, 2,
        w="3", X="5 3", y="5 : sign", C=": pos",
    ),
    ask("kern-AtSA", "X", kernel_trace, A="4 3", X="2 4", sig=": pos"),
    ask("cossim-abs", "v", cosine, k="", v="4", w="4"),
    ask(
        "loglik-UV", "U V X",
        lambda np, X, U, V: -np.sum(np.log1p(np.exp(-(2 * X - 1) * (U @ V)))),
        X="3 4", U="3 2", V="2 4",
    ),
    ask(
        "hess-norm-unsq", "x", lambda np, A, b, x: np.linalg.norm(A @ x - b), 2,
        A="4 2", b="4", x="2",
    ),
    ask("sig-X", "X", lambda np, X: 1 / (1 + np.exp(-X)), X="2 3"),
    ask("rayleigh1-grad", "x", quotient, x="4", A="4 4"),
    ask("rayleigh1-hess", "x", quotient, 2, x="4", A="4 4"),
    ask("lse-hess", "x", lambda np, x: np.log(np.sum(np.exp(x))), 2, x="4"),
    ask("norm-12-X", "X", lambda np, X: np.sum(np.sqrt(np.sum(X**2, 1))), X="3 4"),
    ask(
        "norm-21-AX", "X", lambda np, A, X: np.sum(np.sqrt(np.sum((A @ X) ** 2, 0))),
        A="3 2", X="2 4",
    ),
    ask(
        "hess-gauss", "th", lambda np, th, al, be: al * np.exp(-be * th @ th), 2,
        th="4", al="", be=": prob",
    ),
    ask(
        "hess-fAxb", "x", lambda nn, x, A, b: nn.logsumexp(A @ x + b), 2,
        x="3", A="3 3", b="3",
    ),
    ask(
        "neuron-dW", "W x", lambda np, nn, W, x: np.sum(nn.sigmoid(W @ x)),
        W="3 4", x="4",
    ),
    ask("sy-expMx", "x", lambda np, M, x: np.exp(M @ x), M="3 4", x="4"),
)  # fmt: skip

QUESTIONS = (*PRODUCTS, *INVERSES, *FUNCTIONS)
