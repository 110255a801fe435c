"""The same problems in the systems people use today, where they are installed.

Each job takes a suffix for fresh names and returns the simplified derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

Job = Callable[[str], object]


def installed() -> list[str]:
    """The peers that can be imported here."""
    return [name for name in ("sympy", "tensorgrad") if find_spec(name)]


def jobs(title: str) -> dict[str, Job]:
    """The installed peers' jobs for a problem."""
    found: dict[str, Job] = {}
    if find_spec("sympy") and title in SYMPY:
        found["sympy"] = SYMPY[title]
    if find_spec("tensorgrad") and title in TENSORGRAD:
        found["tensorgrad"] = TENSORGRAD[title]
    return found


# -- SymPy's matrix expressions --------------------------------------------------------


def _matrices(suffix: str, **shapes: tuple[Any, Any]) -> list[Any]:
    from sympy import MatrixSymbol

    return [MatrixSymbol(n + suffix, *shape) for n, shape in shapes.items()]


def _sizes(names: str) -> Any:
    from sympy import symbols

    return symbols(names, positive=True, integer=True)


def _sympy_rowwise(suffix: str) -> object:
    from sympy import HadamardProduct, OneMatrix

    n, p = _sizes("n p")
    x, a = _matrices(suffix, X=(n, p), A=(n, p))
    return (HadamardProduct(x, a) * OneMatrix(p, 1)).diff(a)


def _sympy_squared(suffix: str) -> object:
    from sympy import HadamardProduct, OneMatrix

    k, n = _sizes("k n")
    w, a, x = _matrices(suffix, W=(k, k), A=(k, n), X=(n, 3))
    return (w * HadamardProduct(a * x, a * x) * OneMatrix(3, 1)).diff(x)


def _sympy_three(suffix: str) -> object:
    from sympy import HadamardProduct

    (n,) = _sizes("n,")
    x, y, z = _matrices(suffix, x=(n, 1), y=(n, 1), z=(n, 1))
    return HadamardProduct(x, y, z).diff(x)


def _sympy_nested(rows: int | None) -> Job:
    def job(suffix: str) -> object:
        from sympy import HadamardProduct

        q, p, b, e = _sizes("q p b e")
        left = (1, p) if rows == 1 else (q, p)
        shapes = {"A": left, "B": (p, b), "x": (b, 1), "c": (e, 1), "D": (b, e)}
        a, b_, x, c, d, e_, f = _matrices(suffix, **shapes, E=(p, e), f=(e, 1))
        inner = HadamardProduct(b_ * HadamardProduct(x * c.T, d), e_)
        return (a * inner * f).diff(x)

    return job


SYMPY: dict[str, Job] = {
    "y = (X∘A)1 by A": _sympy_rowwise,
    "F = W(AX∘AX)1 by X": _sympy_squared,
    "f = x∘y∘z by x": _sympy_three,
    "γ = a'(B(xc'∘D)∘E)f by x": _sympy_nested(1),
    "y = A(B(xc'∘D)∘E)f by x": _sympy_nested(None),
}


# -- tensorgrad ------------------------------------------------------------------------


def _variables(suffix: str, **edges: str) -> list[Any]:
    import sympy
    import tensorgrad

    return [
        tensorgrad.Variable(
            name + suffix, **{e: sympy.symbols(e) for e in edge.split()}
        )
        for name, edge in edges.items()
    ]


def _grad(f: Any, x: Any) -> object:
    return f.grad(x).full_simplify()


def _tensorgrad_rowwise(suffix: str) -> object:
    from tensorgrad import functions

    x, a = _variables(suffix, X="n p", A="n p")
    return _grad(functions.sum(x * a, ["p"]), a)


def _tensorgrad_squared(suffix: str) -> object:
    from tensorgrad import functions

    w, a, x = _variables(suffix, W="i k", A="k n", X="n c")
    ax = a @ x
    return _grad(w @ functions.sum(ax * ax, ["c"]), x)


def _tensorgrad_three(suffix: str) -> object:
    x, y, z = _variables(suffix, x="n", y="n", z="n")
    return _grad(x * y * z, x)


def _tensorgrad_nested(rows: str) -> Job:
    def job(suffix: str) -> object:
        a, b, x, c, d, e, f = _variables(
            suffix, A=rows, B="p b", x="b", c="e", D="b e", E="p e", f="e"
        )
        inner = (b @ ((x @ c) * d)) * e
        return _grad(a @ (inner @ f), x)

    return job


def _tensorgrad_network(depth: int, order: int) -> Job:
    def job(suffix: str) -> object:
        from tensorgrad import functions

        edges = {f"W{k}": f"n{k + 1} n{k}" for k in range(depth)}
        x, t, *weights = _variables(suffix, x="n0 b", t=f"n{depth} b", **edges)
        for weight in weights:
            x = functions.tanh(weight @ x)
        loss: Any = (x - t) @ (x - t)
        for _ in range(order):
            loss = loss.grad(weights[0])
        return loss.full_simplify()

    return job


TENSORGRAD: dict[str, Job] = {
    "y = (X∘A)1 by A": _tensorgrad_rowwise,
    "F = W(AX∘AX)1 by X": _tensorgrad_squared,
    "f = x∘y∘z by x": _tensorgrad_three,
    "γ = a'(B(xc'∘D)∘E)f by x": _tensorgrad_nested("p"),
    "y = A(B(xc'∘D)∘E)f by x": _tensorgrad_nested("q p"),
    "5-layer tanh network, gradient": _tensorgrad_network(5, 1),
}
