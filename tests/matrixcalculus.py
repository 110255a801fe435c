"""What matrixcalculus.org documents, what it was asked in public, and what it answered.

A case is a text as it was typed there, what its variables are where their first letter
does not say it, the function by hand in NumPy, and, where that is public, derivatives
as the site wrote them. Sources: the site's documentation (`doc`), the papers behind it
(`paper`), headers of programs it made that people keep in public repositories (`made`),
and objectives of its sister, the modelling language GENO (`geno`).

>>> len({case.id for case in CASES}) == len(CASES)
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A text, its function by hand, and answers of the site by variable.

    `kinds` says what variables are, `sizes` what sizes they get; `by` limits the
    variables that are differentiated by; `rows` names answers which are transposed, and
    `vec` those over vec.
    """

    id: str
    source: str
    text: str
    function: Callable[..., Any]
    published: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    vec: tuple[str, ...] = ()


def logistic(z: Any) -> Any:
    return np.log(np.exp(-z) + 1)


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


def norm(z: Any) -> Any:
    return np.sqrt(np.sum(z * z))


def inverse(A: Any) -> Any:
    return np.linalg.inv(A)


def relu(z: Any) -> Any:
    return np.maximum(z, 0)


def entrywise(name: str) -> Callable[..., Any]:
    """NumPy's function of a vector x."""
    return lambda x: relu(x) if name == "relu" else getattr(np, name)(x)


def shrunk(p: Any, B: Any, v: Any, w: Any) -> Any:
    return norm(v @ (p - B @ inverse(B.T @ v.T @ v @ B) @ B.T @ v.T @ (v @ p - w)) - w)


# -- the documentation's examples and functions ----------------------------------------

DOCUMENTED = (
    Case("quadratic", "doc", "0.5*x'*A*x", lambda x, A: x @ A @ x / 2),
    Case("A-exp-x", "doc", "A*exp(x)", lambda A, x: A @ np.exp(x)),
    Case("hadamard", "doc", "(y.*v)'*x", lambda y, v, x: (y * v) @ x),
    Case("sine", "doc", "sin(x)'*y", lambda x, y: np.sin(x) @ y),
    Case("power", "doc", "a^b", lambda a, b: a**b),
    Case("norm1", "doc", "norm1(A*x-y)", lambda A, x, y: abs(A @ x - y).sum()),
    Case("norm2", "doc", "norm2(A*x-y)^2", lambda A, x, y: norm(A @ x - y) ** 2),
    Case(
        "logistic", "doc", "sum(log(exp(-y.*(X*w)) + vector(1)))",
        lambda y, X, w: logistic(y * (X @ w)).sum(),
    ),
    Case(
        "trace", "doc", "tr(A*X'*B*X*C)",
        lambda A, X, B, C: np.trace(A @ X.T @ B @ X @ C),
    ),
    Case("log-det-inv", "doc", "log(det(inv(X)))", lambda X: -np.log(np.linalg.det(X))),
    Case("inner", "doc", "v'*x", lambda v, x: v @ x, {"x": "v"}),
    Case("linear", "doc", "A*x", lambda A, x: A @ x, {"x": "A"}),
    Case("tr-linear", "doc", "tr(A*X)", lambda A, X: np.trace(A @ X), {"X": "A'"}),
    *(
        Case(f"{name}-vector", "doc", f"{name}(x)", entrywise(name))
        for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "exp", "log",
                     "tanh", "abs", "sign", "relu")
    ),
    Case("sum-matrix", "doc", "sum(X)", lambda X: X.sum()),
    Case("norm1-matrix", "doc", "norm1(X)", lambda X: abs(X).sum()),
    Case("norm2-matrix", "doc", "norm2(X)", lambda X: norm(X)),
    Case("norm2-vector", "doc", "norm2(x)", lambda x: norm(x)),
    Case("tr", "doc", "tr(X)", lambda X: np.trace(X)),
    Case("det", "doc", "det(X)", lambda X: np.linalg.det(X), {"X": "adj(X)'"}),
    Case("logdet", "doc", "logdet(X)", lambda X: np.linalg.slogdet(X)[1]),
    Case("inverse-of", "doc", "v'*inv(X)*w", lambda v, X, w: v @ inverse(X) @ w),
    Case("quotients", "doc", "(x./y)'*z/a", lambda x, y, z, a: (x / y) @ z / a),
    Case("powers", "doc", "sum(x.^a) + norm2(y)^3 + a^2",
         lambda x, a, y: (x**a).sum() + norm(y) ** 3 + a**2),
    Case("vector-power", "doc", "x.^2", lambda x: x**2, {"x": "diag(2*x)"}),
    Case("identity", "doc", "x'*(A-a*eye)*x", lambda x, A, a: x @ A @ x - a * x @ x),
    Case("matrix-one", "doc", "sum(log(exp(A*X)+matrix(1)))",
         lambda A, X: np.log(np.exp(A @ X) + 1).sum()),
    Case("diagonal", "doc", "x'*diag(y)*x + v'*diag(X)",
         lambda x, y, v, X: x @ np.diag(y) @ x + v @ np.diag(X)),
    Case("letters", "doc", "a*e*h'*o*u + b*c*d*f*g*(i'*l)*z*0.25",
         lambda a, e, h, o, u, b, c, d, f, g, i, l, z:
         a * e * (h @ o) * u + b * c * d * f * g * (i @ l) * z / 4),
)  # fmt: skip

# -- "Cannot display this 3rd/4th order tensor", and row vectors by columns ------------

UNDISPLAYED = (
    Case("row", "doc", "x'", lambda x: x),
    Case("self", "doc", "X", lambda X: X),
    Case("transpose", "made", "X'", lambda X: X.T),
    Case("dyad", "paper", "x*y'", lambda x, y: np.outer(x, y)),
    Case("square-dyad", "paper", "x*x'", lambda x: np.outer(x, x)),
    Case("to-diagonal", "doc", "diag(x)", lambda x: np.diag(x)),
    Case("of-diagonal", "doc", "diag(X)", lambda X: np.diag(X)),
    Case("scaled-columns", "paper", "A*diag(x)*B", lambda A, x, B: A @ np.diag(x) @ B),
    Case("entrywise", "doc", "exp(X)", lambda X: np.exp(X)),
    Case("entrywise-of", "doc", "sin(A*X)", lambda A, X: np.sin(A @ X)),
    Case("product", "doc", "A.*X", lambda A, X: A * X),
    Case("square", "doc", "X.^2", lambda X: X**2),
    Case("quotient", "doc", "A./X", lambda A, X: A / X),
    Case("rectified", "doc", "relu(W*X)", lambda W, X: relu(W @ X)),
    Case("layer", "made", "tanh(W*x + h)", lambda W, x, h: np.tanh(W @ x + h)),
    Case("gram", "paper", "X'*X", lambda X: X.T @ X),
    Case("inverse", "doc", "inv(X)", lambda X: inverse(X)),
    Case("normalised", "doc", "X/norm2(X)", lambda X: X / norm(X)),
    Case("by-trace", "doc", "tr(X)*A*x", lambda X, A, x: np.trace(X) * A @ x),
    Case("solved", "doc", "inv(X)*y", lambda X, y: inverse(X) @ y),
    Case("adjoint", "doc", "det(X)*X", lambda X: np.linalg.det(X) * X),
)

# -- programs that the site made -------------------------------------------------------

_SHARPE = "0.5*(weight'*covmatr*weight).^(-0.5)"
_KERNEL = "((P*K*P').*(Q*K*Q')-(P*K*Q').*(Q*K*P'))"
_ROWS = "exp(-1/(2*sdp2)*((P-K*B).^2*M1+(Ca.^2*M2)'-2*(P-K*B)*Ca'))"
_SHARE = "(y ./ (1 / sum(exp(theta)) * x * exp(theta)))"
_VB = "inv((v*B)'*v*B)"
_FLAT = f"v*(p-B*{_VB}*B'*v'*(v*p-w))-w"
_RATE = "(vector(1)-tanh(i*w+b*vector(1)).^2)"
_MISS = "(vector(1)+0.5*tanh(i*w+b*vector(1))-d*vector(1))"
_LOSS = (
    "sum(byp.*relu(y-ayp))+sum(byn.*relu(ayn-y))+sum(bzp.*relu(z-azp))"
    "+sum(bzn.*relu(azn-z))+sum(cy.*y)+sum(cz.*z)"
)
_HINGE = f"3*relu(k+{_LOSS}).^2*relu(sign(k+{_LOSS}))"


def _pull(c: Any, f: Any, g: Any, h: Any, z: Any) -> Any:
    return c * relu(z - f) + g * relu(h - z)


MADE = (
    Case("symmetric-A", "made", "A*exp(x)", lambda A, x: A @ np.exp(x),
         {"x": "A*diag(exp(x))"}, {"A": "symmetric matrix"}),
    Case("by-scalar", "made", "K*(R-(1/d)*N)", lambda K, R, d, N: K @ (R - N / d),
         {"d": "1/d.^2*K*N"}),
    Case("weights", "made", "W*x", lambda W, x: W @ x, {"W": r"x'\otimes eye"},
         vec=("W",)),
    Case("weights-right", "made", "X * W", lambda X, W: X @ W,
         {"W": r"eye\otimes X"}, vec=("W",)),
    Case("layer-2", "made", "W2 * z1 + b2", lambda W2, z1, b2: W2 @ z1 + b2,
         {"W2": r"z1'\otimes eye"}, {"b2": "vector"}, vec=("W2",)),
    Case("mish", "made", "x .* tanh(log(vector(1) + exp(x)))",
         lambda x: x * np.tanh(np.log(1 + np.exp(x))),
         {"x": "diag(tanh(log(vector(1)+exp(x))))+diag(x.*(vector(1)"
               "-tanh(log(vector(1)+exp(x))).^2).*exp(x)./(vector(1)+exp(x)))"}),
    Case("kernel", "made",
         "alpha' * (y * y' .* ((P * K * P') .* (Q * K * Q') "
         "- (P * K * Q') .* (Q * K * P'))) * alpha",
         lambda alpha, y, P, K, Q: alpha @ (np.outer(y, y) * (
             (P @ K @ P.T) * (Q @ K @ Q.T) - (P @ K @ Q.T) * (Q @ K @ P.T))) @ alpha,
         {"alpha": f"({_KERNEL}*(y.*alpha)).*y+(((P*K*P').*(Q*K*Q')"
                   "-(Q*K*P').*(P*K*Q'))*(alpha.*y)).*y"},
         {"K": "symmetric matrix", "alpha": "vector"}, by=("alpha", "y", "P")),
    Case("shifted", "made", "norm2(b - A*x + c*x)^2",
         lambda b, A, x, c: norm(b - A @ x + c * x) ** 2,
         {"x": "(2*c*(b-A*x+c*x))'-2*(b-A*x+c*x)'*A"}, {"b": "vector"}, rows=("x",)),
    Case("handles", "made", "norm2(V*W*z-vprime)^2",
         lambda V, W, z, vprime: norm(V @ W @ z - vprime) ** 2,
         {"z": "2*W'*V'*(V*W*z-vprime)", "W": "2*V'*(V*W*z-vprime)*z'"}),
    Case("mixture", "made", "y' * log(x * theta) - 1/18 * theta' * theta",
         lambda y, x, theta: y @ np.log(x @ theta) - theta @ theta / 18,
         {"theta": "x' * (y ./ (x * theta)) - 2/18 * theta"},
         {"x": "matrix", "theta": "vector"}),
    Case("soft-mixture", "made",
         "y' * log(x * exp(theta) / sum(exp(theta))) - 1/18 * theta' * theta",
         lambda y, x, theta: y @ np.log(x @ softmax(theta)) - theta @ theta / 18,
         {"theta": f"1 / sum(exp(theta)) * (x' * {_SHARE}) .* exp(theta) "
                   f"- 1 / sum(exp(theta)).^2 * exp(theta)' * x' * {_SHARE} "
                   "* exp(theta) - 2/18 * theta"},
         {"x": "matrix", "theta": "vector"}),
    Case("sandwich", "made", "b'*H'*A'*M*A*H*b",
         lambda b, H, A, M: b @ H.T @ A.T @ M @ A @ H @ b,
         {"A": "M*A*H*b*(H*b)'+M'*A*H*b*(H*b)'"}, {"b": "vector"}),
    Case("bias", "made", "tanh(W1 * t + b1)", lambda W1, t, b1: np.tanh(W1 * t + b1),
         {"b1": "diag(vector(1)-tanh(b1+t*W1).^2)"},
         {"W1": "vector", "t": "scalar", "b1": "vector"}),
    Case("sharpe", "made",
         "((weight'*returns)-(riskless)')/(weight'*covmatr*weight).^0.5",
         lambda weight, returns, riskless, covmatr:
         (weight @ returns - riskless) / np.sqrt(weight @ covmatr @ weight),
         {"weight": "1/(weight'*covmatr*weight).^0.5*returns"
                    f"-(({_SHARPE}*(weight'*returns-riskless))"
                    "/((weight'*covmatr*weight).^0.5).^2*covmatr*weight"
                    f"+({_SHARPE}*(returns'*weight-riskless))"
                    "/((weight'*covmatr*weight).^0.5).^2*covmatr*weight)"},
         {"covmatr": "symmetric matrix", "riskless": "scalar"}, by=("weight",)),
    Case("polynomial", "made", "I-(1/2)*phi*phi", lambda I, phi: I - phi @ phi / 2,
         {"phi": r"-(1/2*phi'\otimes eye+1/2*eye\otimes phi)"},
         {"I": "matrix", "phi": "matrix"}, vec=("phi",)),
    Case("minus-after-times", "made", "phi*-(1/6)*phi*phi*phi",
         lambda phi: -phi @ phi @ phi @ phi / 6,
         {"phi": r"-(1/6*(phi*phi*phi)'\otimes eye+1/6*(phi*phi)'\otimes phi"
                 r"+1/6*phi'\otimes (phi*phi)+1/6*eye\otimes (phi*phi*phi))"},
         {"phi": "matrix"}, vec=("phi",)),
    Case("bump", "made", "-exp(-(x-x0)'*D*(x-x0))",
         lambda x, x0, D: -np.exp(-(x - x0) @ D @ (x - x0)),
         {"x": "2*exp(-(x-x0)'*D*(x-x0))*D*(x-x0)"}, {"D": "symmetric matrix"}),
    Case("logistic-b", "made", "sum(log(exp(-b.*(A*x)) + vector(1)))",
         lambda b, A, x: logistic(b * (A @ x)).sum(),
         {"x": "-A'*(exp(-b.*(A*x)).*b./(vector(1)+exp(-b.*(A*x))))"},
         {"b": "vector"}),
    Case("symmetric-inverse", "made", "tr(A'*inv(X))",
         lambda A, X: np.trace(A.T @ inverse(X)),
         {"X": "0.5*(-(inv(X)'*A*inv(X)'+inv(X)*A'*inv(X)))"},
         {"A": "symmetric matrix", "X": "symmetric matrix"}),
    Case("projected", "made", "w*w'*v - (w'*w)*v",
         lambda w, v: w * (w @ v) - (w @ w) * v, {"w": "w'*v*eye+w*v'-2*v*w'"}),
    Case("rows-of-data", "made",
         "sum(((0.5 * tanh((i * w) + vector(b)) + vector(1)) - vector(d)).^2)",
         lambda i, w, b, d: ((np.tanh(i @ w + b) / 2 + 1 - d) ** 2).sum(),
         {"b": f"sum({_MISS}.*{_RATE})", "w": f"i'*({_MISS}.*{_RATE})"},
         {"i": "matrix"}),
    Case("neuron", "made", "((tanh(w'*i+b)+1)/2-d)^2",
         lambda w, i, b, d: ((np.tanh(w @ i + b) + 1) / 2 - d) ** 2,
         {"b": "(1-tanh(b+w'*i).^2)*((1+tanh(b+w'*i))/2-d)"}),
    Case("spring", "made", "(1-l0/norm2(p-q))*(p-q)",
         lambda l0, p, q: (1 - l0 / norm(p - q)) * (p - q),
         {"p": "l0/norm2(p-q).^3*(p-q)*(p-q)'+(1-l0/norm2(p-q))*eye"},
         {"l0": "scalar"}),
    Case("flat", "made", "norm2(v*(p+B*-inv(B'*v'*v*B)*B'*v'*(v*p-w))-w)^2",
         lambda v, p, B, w: shrunk(p, B, v, w) ** 2,
         {"p": f"2*v'*({_FLAT})-2*v'*v*B*{_VB}*B'*v'*({_FLAT})"},
         {"v": "matrix"}, {"m": 5, "n": 4, "p": 2}, by=("p", "B", "w")),
    Case("driven", "made", "x'*A*x + c*sin(y)'*x",
         lambda x, A, c, y: x @ A @ x + c * np.sin(y) @ x,
         {"x": "2*A*x+c*sin(y)"}, {"A": "symmetric matrix"}),
    Case("factors", "made",
         "(1/2)*((norm2(R- 5*((exp((-1)*(F*U'))+matrix(1)).^(-1)) ))^2 "
         "+ a*(norm2(F))^2)",
         lambda R, F, U, a:
         (norm(R - 5 / (np.exp(-F @ U.T) + 1)) ** 2 + a * norm(F) ** 2) / 2,
         {"F": "a*F-10/2*((R-5*(matrix(1)+exp(-F*U')).^(-1))"
               ".*(matrix(1)+exp(-F*U')).^(-2).*exp(-F*U'))*U"}),
    Case("splats", "made",
         "(1/(2*sdl2)) * norm2(image - (exp( (-1/(2 * sdp2)) * ((((P - (K * B)).^2) "
         "* M1) + ((Ca.^2) * M2)' - (2 * (P - (K * B)) * Ca')))) * A)^2",
         lambda sdl2, image, sdp2, P, K, B, M1, Ca, M2, A: norm(image - np.exp(
             -((P - K @ B) ** 2 @ M1 + (Ca**2 @ M2).T - 2 * (P - K @ B) @ Ca.T)
             / (2 * sdp2)) @ A) ** 2 / (2 * sdl2),
         {"B": f"1/(sdp2*sdl2)*K'*diag(image-{_ROWS}*A)*{_ROWS}*diag(A)*Ca"
               f"-1/(sdp2*sdl2)*K'*diag(image-{_ROWS}*A)"
               f"*(({_ROWS}*diag(A)*M1').*(P-K*B))"},
         {"A": "vector", "image": "vector", "sdl2": "scalar", "sdp2": "scalar"},
         by=("B", "A", "sdp2")),
    Case("hinges", "made", f"relu({_LOSS}+k)^3",
         lambda byp, y, ayp, byn, ayn, bzp, z, azp, bzn, azn, cy, cz, k: relu(
             (_pull(byp, ayp, byn, ayn, y) + cy * y).sum()
             + (_pull(bzp, azp, bzn, azn, z) + cz * z).sum() + k) ** 3,
         {"y": f"{_HINGE}*byp.*relu(sign(y-ayp))-{_HINGE}*byn.*relu(sign(ayn-y))"
               f"+{_HINGE}*cy"},
         {**dict.fromkeys(("ayn", "ayp", "azn", "azp", "byn", "byp", "bzn", "bzp",
                           "cy", "cz"), "vector"), "k": "scalar"},
         by=("y", "byp", "cz")),
    Case("asked", "made", "tr(A'*X*B)", lambda A, X, B: np.trace(A.T @ X @ B),
         {"X": "A*B'"}),
)  # fmt: skip

# -- objectives of GENO, and functions of the papers -----------------------------------

_VECTORS = dict.fromkeys(("a", "b", "alphas", "eigenvalues", "sigma"), "vector")


def _vectors(*names: str) -> dict[str, str]:
    return {name: _VECTORS[name] for name in names}


MODELLED = (
    Case("least-squares", "geno", "norm2(A*x-b).^2",
         lambda A, x, b: norm(A @ x - b) ** 2, kinds=_vectors("b")),
    Case("non-negative", "geno", "norm2(A-C*S).^2",
         lambda A, C, S: norm(A - C @ S) ** 2),
    Case("regularised", "geno",
         "0.5 * w' * w + c * sum(log(exp((-y) .* (X * w)) + vector(1)))",
         lambda w, c, y, X: w @ w / 2 + c * logistic(y * (X @ w)).sum()),
    Case("support", "geno", "0.5 * (a.*y)' * K * (a.*y) - sum(a)",
         lambda a, y, K: (a * y) @ K @ (a * y) / 2 - a.sum(),
         kinds={**_vectors("a"), "K": "symmetric matrix"}),
    Case("sparse", "geno", "-sum(tanh(A*x))+norm1(x)",
         lambda A, x: -np.tanh(A @ x).sum() + abs(x).sum()),
    Case("nested", "geno", "-sum(tanh(tanh(A*x)+tanh(B*x)+tanh(C*x)))+norm1(x)",
         lambda A, x, B, C: -np.tanh(
             np.tanh(A @ x) + np.tanh(B @ x) + np.tanh(C @ x)).sum() + abs(x).sum()),
    Case("reduced", "geno", "tr(inv(X*C*C'*X')*X*C*C'*B*C*C'*X'*inv(X*C*C'*X'))",
         lambda X, C, B: np.trace(
             inverse(X @ C @ C.T @ X.T) @ X @ C @ C.T @ B @ C @ C.T @ X.T
             @ inverse(X @ C @ C.T @ X.T)),
         kinds={"B": "symmetric matrix"}, sizes={"m": 2, "n": 4, "p": 3}, by=("C",)),
    Case("spectrum", "geno",
         "0.5*(alphas.*y)'*V*diag(eigenvalues)*V'*(alphas.*y)-sum(alphas)"
         "+gamma*norm2(K-V*diag(eigenvalues)*V')",
         lambda alphas, y, V, eigenvalues, gamma, K:
         (alphas * y) @ V @ np.diag(eigenvalues) @ V.T @ (alphas * y) / 2
         - alphas.sum() + gamma * norm(K - V @ np.diag(eigenvalues) @ V.T),
         kinds={**_vectors("alphas", "eigenvalues"), "K": "symmetric matrix"},
         by=("alphas", "eigenvalues", "gamma")),
    Case("log-ratio", "geno",
         "d/2*log((sigma.^2)'*h.^2)+norm2(M*h-y).^2/(2*(sigma.^2)'*h.^2)"
         "-(alphas-vector(1))'*log(h)",
         lambda d, sigma, h, M, y, alphas: d / 2 * np.log(sigma**2 @ h**2)
         + norm(M @ h - y) ** 2 / (2 * sigma**2 @ h**2) - (alphas - 1) @ np.log(h),
         kinds=_vectors("sigma", "alphas"), by=("h", "sigma")),
    Case("cross-entropy", "geno",
         "sum((-T).*(W'*X))+sum(log(exp(X'*W)*vector(1)))",
         lambda T, W, X: -(T * (W.T @ X)).sum()
         + np.log(np.exp(X.T @ W).sum(axis=1)).sum()),
    Case("quartic", "paper", "norm2(T - U*V')^2",
         lambda T, U, V: norm(T - U @ V.T) ** 2),
    Case("network", "paper", "norm2(y - A*relu(B*relu(C*x)))^2",
         lambda y, A, B, C, x: norm(y - A @ relu(B @ relu(C @ x))) ** 2),
)  # fmt: skip

CASES = (*DOCUMENTED, *UNDISPLAYED, *MADE, *MODELLED)
