"""The expressions of the pass table, each as every system's user would write it.

`text` is ours and matrixcalculus.org's, `function` the same by hand in NumPy. `sympy`
takes SymPy's matrix symbols by name and its module as `s`; `tensorgrad` takes variables
by name and its functions as `fn`: `edges` names their axes (`i:n` is an edge i of size
n), `out` those of the value. `site` says what is public of matrixcalculus.org's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Form = Callable[..., Any]

#: What is public of matrixcalculus.org: an answer, what its documentation says of
#: results with three and more axes, or nothing.
ANSWERED, HIGHER, UNKNOWN = "right (a)", "not tried (b)", "not tried"


@dataclass(frozen=True)
class Row:
    """One expression, what it is differentiated by and how often; shapes by name."""

    text: str
    by: str
    shapes: Mapping[str, str]
    function: Form
    sympy: Form
    edges: Mapping[str, str]
    tensorgrad: Form
    out: str = ""
    site: str = UNKNOWN
    order: int = 1


def _norm(z: Any) -> Any:
    return np.sqrt(np.sum(z * z))


def _log_loss(z: Any) -> Any:
    return np.log(np.exp(-z) + 1).sum()


def _ones(s: Any, rows: Any, columns: Any = 1) -> Any:
    return s.OneMatrix(rows, columns)


def _diagonal(s: Any, x: Any) -> Any:
    n = x.shape[0]
    return s.HadamardProduct(x * _ones(s, 1, n), s.Identity(n))


def _t(s: Any) -> Any:
    return s.Symbol("t", real=True)


def _logistic(s: Any, X: Any, y: Any, w: Any) -> Any:
    m = X.shape[0]
    z = s.HadamardProduct(-y, X * w).applyfunc(s.exp) + _ones(s, m)
    return _ones(s, 1, m) * z.applyfunc(s.log)


def _nested_sympy(
    s: Any, A: Any, B: Any, x: Any, c: Any, D: Any, E: Any, f: Any
) -> Any:
    inner = s.HadamardProduct(B * s.HadamardProduct(x * c.T, D), E)
    return A * inner * f


def _factors(s: Any, T: Any, U: Any, V: Any) -> Any:
    R = T - U * V.T
    return s.Trace(R.T * R)


VECTOR = {"x": "n", "y": "n", "z": "n", "v": "n", "w": "n"}
SQUARE = {"A": "i:n j:n", "x": "i:n"}
PRODUCT = {"V": "m k", "W": "k n", "z": "n", "v": "m"}
FIT = {"X": "m n", "y": "m", "w": "n"}
MASKED = {"O": "m n", "T": "m n", "U": "m k", "V": "n k"}
NESTED = {"A": "q p", "B": "p b", "x": "b", "c": "e", "D": "b e", "E": "p e", "f": "e"}
NESTED_TEXT = "*(B*(x*c'.*D).*E)*f"


def _some(names: str, shapes: Mapping[str, str]) -> dict[str, str]:
    return {name: shapes[name] for name in names.split()}


def _quadratic(fn: Any, A: Any, x: Any) -> Any:
    return x @ A @ x.rename(i="j")


def _squared_error(fn: Any, V: Any, W: Any, z: Any, v: Any) -> Any:
    R = V @ W @ z - v
    return R @ R


def _tg_logistic(fn: Any, X: Any, y: Any, w: Any) -> Any:
    return fn.sum(fn.log(fn.exp(-y * (X @ w)) + 1), ["m"])


def _tg_nested(fn: Any, A: Any, B: Any, x: Any, c: Any, D: Any, E: Any, f: Any) -> Any:
    return A @ (((B @ ((x @ c) * D)) * E) @ f)


def _tg_error(fn: Any, U: Any, V: Any, T: Any) -> Any:
    R = T - U @ V
    return fn.sum(R * R, ["m", "n"])


FORMS = (
    Row("x'*A*x", "x", {"A": "n n", "x": "n"}, lambda A, x: x @ A @ x,
        lambda s, A, x: x.T * A * x, SQUARE, _quadratic),
    Row("x'*A*x", "x", {"A": "n n", "x": "n"}, lambda A, x: x @ A @ x,
        lambda s, A, x: x.T * A * x, SQUARE, _quadratic, order=2),
    Row("exp(x'*A*x)", "x", {"A": "n n", "x": "n"}, lambda A, x: np.exp(x @ A @ x),
        lambda s, A, x: s.exp(s.Trace(x.T * A * x)), SQUARE,
        lambda fn, A, x: fn.exp(_quadratic(fn, A, x))),
    *(
        Row("norm2(V*W*z-v)^2", by, PRODUCT,
            lambda V, W, z, v: _norm(V @ W @ z - v) ** 2,
            lambda s, V, W, z, v: s.Trace((V * W * z - v).T * (V * W * z - v)), PRODUCT,
            _squared_error, site=ANSWERED)
        for by in ("z", "W")
    ),
    Row("sum(log(exp(-y.*(X*w)) + vector(1)))", "w", FIT,
        lambda X, y, w: _log_loss(y * (X @ w)), _logistic, FIT, _tg_logistic,
        site=ANSWERED),
    Row("sum(log(exp(-y.*(X*w)) + vector(1)))", "w", FIT,
        lambda X, y, w: _log_loss(y * (X @ w)), _logistic, FIT, _tg_logistic, order=2),
    Row("norm1(A*x-y)", "x", {"A": "m n", "x": "n", "y": "m"},
        lambda A, x, y: abs(A @ x - y).sum(),
        lambda s, A, x, y: _ones(s, 1, A.shape[0]) * (A * x - y).applyfunc(s.Abs),
        {"A": "m n", "x": "n", "y": "m"},
        lambda fn, A, x, y: fn.sum(fn.abs(A @ x - y), ["m"])),
    Row("norm2(x)", "x", {"x": "n"}, lambda x: _norm(x),
        lambda s, x: s.sqrt(x.T * x), {"x": "n"},
        lambda fn, x: fn.sqrt(x @ x)),
    Row("norm2(x)", "x", {"x": "n"}, lambda x: _norm(x),
        lambda s, x: s.sqrt(x.T * x), {"x": "n"},
        lambda fn, x: fn.sqrt(x @ x), order=2),
    Row("x/norm2(x)", "x", {"x": "n"}, lambda x: x / _norm(x),
        lambda s, x: x / s.sqrt(s.Trace(x.T * x)), {"x": "n"},
        lambda fn, x: x / fn.sqrt(x @ x), "n"),
    Row("exp(x)/sum(exp(x))", "x", {"x": "n"}, lambda x: np.exp(x) / np.exp(x).sum(),
        lambda s, x: x.applyfunc(s.exp) * (
            _ones(s, 1, x.shape[0]) * x.applyfunc(s.exp)
        ).applyfunc(s.Lambda(_t(s), 1 / _t(s))),
        {"x": "n"}, lambda fn, x: fn.softmax(x, ["n"]), "n"),
    # traces, determinants, inverses
    Row("tr(A*X)", "X", {"A": "n m", "X": "m n"}, lambda A, X: np.trace(A @ X),
        lambda s, A, X: s.Trace(A * X), {"A": "n m", "X": "m n"},
        lambda fn, A, X: A @ X, site=ANSWERED),
    Row("tr(A*X'*B*X*C)", "X", {"A": "p n", "X": "m n", "B": "m m", "C": "n p"},
        lambda A, X, B, C: np.trace(A @ X.T @ B @ X @ C),
        lambda s, A, X, B, C: s.Trace(A * X.T * B * X * C),
        {"A": "p n", "X": "m n", "B": "m k:m", "C": "l:n p"},
        lambda fn, A, X, B, C: A @ X @ B @ X.rename(m="k", n="l") @ C),
    Row("tr(X*X*X)", "X", {"X": "n n"}, lambda X: np.trace(X @ X @ X),
        lambda s, X: s.Trace(X**3), {"X": "i:n j:n"},
        lambda fn, X: X @ X.rename(i="j", j="k") @ X.rename(i="k", j="i")),
    Row("det(X)", "X", {"X": "n n"}, lambda X: np.linalg.det(X),
        lambda s, X: s.Determinant(X), {"X": "i:n j:n"}, lambda fn, X: fn.det(X)),
    Row("logdet(X)", "X", {"X": "n n"}, lambda X: np.log(np.linalg.det(X)),
        lambda s, X: s.log(s.Determinant(X)), {"X": "i:n j:n"},
        lambda fn, X: fn.log(fn.det(X))),
    Row("log(det(inv(X)))", "X", {"X": "n n"}, lambda X: -np.log(np.linalg.det(X)),
        lambda s, X: s.log(s.Determinant(X.I)), {"X": "i:n j:n"},
        lambda fn, X: fn.log(fn.det(fn.inverse(X)))),
    Row("logdet(X)", "X", {"X": "n n"}, lambda X: np.log(np.linalg.det(X)),
        lambda s, X: s.log(s.Determinant(X)), {"X": "i:n j:n"},
        lambda fn, X: fn.log(fn.det(X)), site=UNKNOWN, order=2),
    Row("tr(A*inv(X))", "X", {"A": "n n", "X": "n n"},
        lambda A, X: np.trace(A @ np.linalg.inv(X)),
        lambda s, A, X: s.Trace(A * X.I), {"A": "i:n j:n", "X": "i:n j:n"},
        lambda fn, A, X: A @ fn.inverse(X)),
    Row("v'*inv(X)*w", "X", {"v": "n", "X": "n n", "w": "n"},
        lambda v, X, w: v @ np.linalg.inv(X) @ w,
        lambda s, v, X, w: v.T * X.I * w, {"v": "j:n", "X": "i:n j:n", "w": "i:n"},
        lambda fn, v, X, w: v @ fn.inverse(X) @ w),
    Row("sum(X)^2", "X", {"X": "m n"}, lambda X: X.sum() ** 2,
        lambda s, X: s.Trace(_ones(s, 1, X.shape[0]) * X * _ones(s, X.shape[1])) ** 2,
        {"X": "m n"}, lambda fn, X: fn.sum(X, ["m", "n"]) ** 2),
    Row("norm2(X'*X)^2", "X", {"X": "m n"}, lambda X: np.sum((X.T @ X) ** 2),
        lambda s, X: s.Trace(X.T * X * X.T * X), {"X": "m n"},
        lambda fn, X: fn.sum((X @ X.rename(n="l")) ** 2, ["n", "l"])),
    # vectors by vectors, and more axes
    Row("A*x", "x", {"A": "m n", "x": "n"}, lambda A, x: A @ x,
        lambda s, A, x: A * x, {"A": "m n", "x": "n"}, lambda fn, A, x: A @ x, "m",
        ANSWERED),
    Row("A*exp(x)", "x", {"A": "m n", "x": "n"}, lambda A, x: A @ np.exp(x),
        lambda s, A, x: A * x.applyfunc(s.exp), {"A": "m n", "x": "n"},
        lambda fn, A, x: A @ fn.exp(x), "m", ANSWERED),
    Row("w*w'*v - (w'*w)*v", "w", _some("w v", VECTOR),
        lambda w, v: w * (w @ v) - (w @ w) * v,
        lambda s, w, v: w * w.T * v - s.Trace(w.T * w) * v, _some("w v", VECTOR),
        lambda fn, w, v: w * (w @ v) - (w @ w) * v, "n", ANSWERED),
    Row("x.*y.*z", "x", _some("x y z", VECTOR), lambda x, y, z: x * y * z,
        lambda s, x, y, z: s.HadamardProduct(x, y, z), _some("x y z", VECTOR),
        lambda fn, x, y, z: x * y * z, "n"),
    Row("W*x", "W", {"W": "m n", "x": "n"}, lambda W, x: W @ x,
        lambda s, W, x: W * x, {"W": "m n", "x": "n"}, lambda fn, W, x: W @ x, "m",
        ANSWERED),
    Row("tanh(W*x)", "W", {"W": "m n", "x": "n"}, lambda W, x: np.tanh(W @ x),
        lambda s, W, x: (W * x).applyfunc(s.tanh), {"W": "m n", "x": "n"},
        lambda fn, W, x: fn.tanh(W @ x), "m"),
    Row("x*y'", "x", {"x": "m", "y": "n"}, lambda x, y: np.outer(x, y),
        lambda s, x, y: x * y.T, {"x": "m", "y": "n"}, lambda fn, x, y: x @ y, "m n",
        HIGHER),
    Row("x*x'", "x", {"x": "n"}, lambda x: np.outer(x, x),
        lambda s, x: x * x.T, {"x": "n"}, lambda fn, x: x @ x.rename(n="k"), "n k",
        HIGHER),
    Row("diag(x)", "x", {"x": "n"}, lambda x: np.diag(x),
        lambda s, x: _diagonal(s, x), {"x": "n"},
        lambda fn, x: fn.diag(x, ["i", "j"]), "i j", HIGHER),
    Row("diag(X)", "X", {"X": "n n"}, lambda X: np.diag(X),
        lambda s, X: s.DiagonalOf(X), {"X": "i:n j:n"},
        lambda fn, X: fn.diag(X, ["n"]), "n", HIGHER),
    Row("A+B", "A", {"A": "m n", "B": "m n"}, lambda A, B: A + B,
        lambda s, A, B: A + B, {"A": "m n", "B": "m n"}, lambda fn, A, B: A + B, "m n",
        ANSWERED),
    Row("X'", "X", {"X": "m n"}, lambda X: X.T, lambda s, X: X.T, {"X": "m n"},
        lambda fn, X: X, "n m", ANSWERED),
    Row("X * W", "W", {"X": "m n", "W": "n p"}, lambda X, W: X @ W,
        lambda s, X, W: X * W, {"X": "m n", "W": "n p"}, lambda fn, X, W: X @ W, "m p",
        ANSWERED),
    Row("X'*X", "X", {"X": "m n"}, lambda X: X.T @ X, lambda s, X: X.T * X,
        {"X": "m n"}, lambda fn, X: X @ X.rename(n="k"), "n k"),
    Row("inv(X)", "X", {"X": "n n"}, lambda X: np.linalg.inv(X), lambda s, X: X.I,
        {"X": "i:n j:n"}, lambda fn, X: fn.inverse(X), "j i"),
    Row("exp(X)", "X", {"X": "m n"}, lambda X: np.exp(X),
        lambda s, X: X.applyfunc(s.exp), {"X": "m n"}, lambda fn, X: fn.exp(X), "m n",
        HIGHER),
    Row("A.*X", "X", {"A": "m n", "X": "m n"}, lambda A, X: A * X,
        lambda s, A, X: s.HadamardProduct(A, X), {"A": "m n", "X": "m n"},
        lambda fn, A, X: A * X, "m n", HIGHER),
    Row("X*tr(X)", "X", {"X": "n n"}, lambda X: X * np.trace(X),
        lambda s, X: X * s.Trace(X), {"X": "i:n j:n"},
        lambda fn, X: X * fn.trace(X), "i j"),
    # the worked problems, factorisations, diagonals in the middle
    Row("(X.*A)*vector(1)", "A", {"X": "m n", "A": "m n"},
        lambda X, A: (X * A).sum(axis=1),
        lambda s, X, A: s.HadamardProduct(X, A) * _ones(s, X.shape[1]),
        {"X": "m n", "A": "m n"}, lambda fn, X, A: fn.sum(X * A, ["n"]), "m",
        HIGHER),
    Row("W*((A*X).*(A*X))*vector(1)", "X", {"W": "k k", "A": "k m", "X": "m n"},
        lambda W, A, X: (W @ (A @ X) ** 2).sum(axis=1),
        lambda s, W, A, X: W * s.HadamardProduct(A * X, A * X) * _ones(s, X.shape[1]),
        {"W": "i:k k", "A": "k m", "X": "m n"},
        lambda fn, W, A, X: W @ fn.sum((A @ X) * (A @ X), ["n"]), "i", HIGHER),
    Row(f"A'{NESTED_TEXT}", "x", {**NESTED, "A": "p"},
        lambda A, B, x, c, D, E, f: A @ ((B @ (np.outer(x, c) * D)) * E) @ f,
        lambda s, A, *rest: _nested_sympy(s, A.T, *rest), {**NESTED, "A": "p"},
        _tg_nested),
    Row(f"A{NESTED_TEXT}", "x", NESTED,
        lambda A, B, x, c, D, E, f: A @ ((B @ (np.outer(x, c) * D)) * E) @ f,
        _nested_sympy, NESTED, _tg_nested, "q"),
    Row("norm2(T - U*V')^2", "U", _some("T U V", MASKED),
        lambda T, U, V: _norm(T - U @ V.T) ** 2, _factors, _some("T U V", MASKED),
        lambda fn, T, U, V: _tg_error(fn, U, V, T)),
    Row("norm2(T - U*V')^2", "U", _some("T U V", MASKED),
        lambda T, U, V: _norm(T - U @ V.T) ** 2, _factors, _some("T U V", MASKED),
        lambda fn, T, U, V: _tg_error(fn, U, V, T), order=2),
    Row("sum(O.*(T - U*V').^2)", "U", MASKED,
        lambda O, T, U, V: (O * (T - U @ V.T) ** 2).sum(),
        lambda s, O, T, U, V: s.Trace(_ones(s, 1, O.shape[0]) * s.HadamardProduct(
            O, (T - U * V.T).applyfunc(s.Lambda(_t(s), _t(s) ** 2))
        ) * _ones(s, O.shape[1])), MASKED,
        lambda fn, O, T, U, V: fn.sum(O * (T - U @ V) ** 2, ["m", "n"]), order=2),
    Row("tr(diag(x)*A*diag(x)*B)", "x", {"x": "n", "A": "n n", "B": "n n"},
        lambda x, A, B: np.trace(np.diag(x) @ A @ np.diag(x) @ B),
        lambda s, x, A, B: s.Trace(s.DiagMatrix(x) * A * s.DiagMatrix(x) * B),
        {"x": "i:n", "A": "i:n j:n", "B": "j:n i:n"},
        lambda fn, x, A, B: fn.sum(x * A * x.rename(i="j") * B, ["i", "j"])),
    Row("sum(relu(W*x))", "W", {"W": "m n", "x": "n"},
        lambda W, x: np.maximum(W @ x, 0).sum(),
        lambda s, W, x: s.Trace(_ones(s, 1, W.shape[0]) * (W * x).applyfunc(
            s.Lambda(_t(s), s.Max(_t(s), 0)))), {"W": "m n", "x": "n"},
        lambda fn, W, x: fn.sum(fn.relu(W @ x), ["m"])),
)  # fmt: skip
