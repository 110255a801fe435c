"""The five worked problems: every way to say each, and the derivative it must have.

A way is a function of `ic` (the package), `np` (NumPy, called on symbols) and the
problem's symbols. `function` is the same mathematics for arrays. Closed forms are
functions too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SIZES = {"n": 4, "p": 3, "k": 5, "q": 2, "r": 6}

Way = Callable[..., Any]


@dataclass(frozen=True)
class Problem:
    """A value said in several ways, and its derivative by a variable likewise."""

    name: str
    shapes: Mapping[str, str]
    variable: str
    function: Way
    ways: Mapping[str, Way]
    closed: Mapping[str, Way]

    def dimensions(self, name: str) -> tuple[int, ...]:
        """The test sizes of a symbol."""
        sizes = self.shapes[name].split()
        return tuple(SIZES[size] if size in SIZES else int(size) for size in sizes)


def _text(source: str, shapes: Mapping[str, str], **options: Any) -> Way:
    """The expression parsed from `source`."""
    return lambda ic: ic.parse(source, shapes, **options)


def _index(source: str, out: str, shapes: Mapping[str, str]) -> Way:
    """The expression parsed from index notation."""
    return lambda ic: ic.parse_index(source, out=out, shapes=shapes)


ROW_SUMS = {"X": "n p", "A": "n p"}
LAYER = {"W": "k k", "A": "k n", "X": "n 3"}
TRIPLE = {"x": "n", "y": "n", "z": "n"}
NESTED = {"B": "p k", "x": "k", "c": "q", "D": "k q", "E": "p q", "f": "q"}
SCALAR = {"a": "p", **NESTED}
VECTOR = {"A": "r p", **NESTED}


def _inner(ic: Any, B: Any, x: Any, c: Any, D: Any, E: Any) -> Any:
    """B(x cᵀ ∘ D) ∘ E with Python's operators."""
    return (B @ (x[:, None] * c * D)) * E


def _spread(A: Any, Y: Any) -> Any:
    """2 A_qk Y_ql by broadcasting."""
    return 2 * A[:, :, None] * Y[:, None, :]


def _inner_calls(np: Any, B: Any, x: Any, c: Any, D: Any, E: Any) -> Any:
    """B(x cᵀ ∘ D) ∘ E with NumPy's functions."""
    return np.multiply(np.matmul(B, np.outer(x, c) * D), E)


row_sums = Problem(
    name="row sums",
    shapes=ROW_SUMS,
    variable="A",
    function=lambda np, X, A: np.sum(X * A, axis=1),
    ways={
        "text": _text("(X .* A) * ones(p)", ROW_SUMS),
        "unicode": _text("(X∘A)*ones(p)", ROW_SUMS),
        "row sum": _text("sum1(X∘A)", ROW_SUMS),
        "diagonal": _text("diag(A*X')", ROW_SUMS),
        "copy tensor": _text("H(n) : (A*X')", ROW_SUMS),
        "copy tensor first": _text("(H(n)*X) : A", ROW_SUMS),
        "paper": _text("diag(AXᵀ)", ROW_SUMS, paper=True),
        "operators": lambda ic, X, A: (X * A) @ ic.ones("p"),
        "calls": lambda np, X, A: np.sum(X * A, axis=1),
        "diagonal call": lambda np, X, A: np.diag(A @ X.T),
        "NumPy's einsum": lambda np, X, A: np.einsum("np,np->n", X, A),
        "einsum": lambda ic, X, A: ic.einsum("np,np->n", X, A),
        "index": _index("X_ij A_ij", "i", ROW_SUMS),
        "index with δ": _index("delta_ik X_kj A_ij", "i", ROW_SUMS),
        "index in brackets": _index("X[i,j]*A[i,j]", "i", ROW_SUMS),
    },
    closed={
        "text": _text("H(n)*X", ROW_SUMS),
        "index": _index("delta_ik X_il", "ikl", ROW_SUMS),
        "index with H": _index("H_ikj X_jl", "ikl", ROW_SUMS),
        "einsum": lambda ic, X: ic.einsum("il->iil", X),
        "operators": lambda ic, X: ic.einsum("ik,il->ikl", ic.eye("n"), X),
    },
)

layer = Problem(
    name="layer",
    shapes=LAYER,
    variable="X",
    function=lambda np, W, A, X: W @ np.sum((A @ X) ** 2, axis=1),
    ways={
        "text": _text("W*((A*X)∘(A*X))*ones(3)", LAYER),
        "square": _text("W*(A*X).^2*ones(3)", LAYER),
        "paper": _text("W(AX∘AX)1₃", LAYER, paper=True),
        "operators": lambda ic, W, A, X: W @ ((A @ X) * (A @ X)) @ ic.ones(3),
        "calls": lambda np, W, A, X: W @ np.sum(np.square(A @ X), axis=1),
        "NumPy's einsum": lambda np, W, A, X: np.einsum(
            "iq,ql,ql->i", W, A @ X, np.matmul(A, X)
        ),
        "einsum": lambda ic, W, A, X: ic.einsum("iq,qa,al,qb,bl->i", W, A, X, A, X),
        "index": _index("W_iq A_qa X_al A_qb X_bl", "i", LAYER),
    },
    closed={
        "index": _index("2 W_iq A_qk A_qm X_ml", "ikl", LAYER),
        "text": _text('2*einsum("iq,qk,ql->ikl", W, A, A*X)', LAYER),
        "einsum": lambda ic, W, A, X: 2 * ic.einsum("iq,qk,qm,ml->ikl", W, A, A, X),
        "operators": lambda ic, W, A, X: ic.einsum("iq,qkl->ikl", W, _spread(A, A @ X)),
    },
)


def _triple(variable: str, one: str, other: str) -> Problem:
    """x∘y∘z, whose derivative is the Hadamard product of the others on a diagonal."""
    return Problem(
        name=f"triple product by {variable}",
        shapes=TRIPLE,
        variable=variable,
        function=lambda x, y, z: x * y * z,
        ways={
            "text": _text("x∘y∘z", TRIPLE),
            "ASCII": _text("x .* y .* z", TRIPLE),
            "diagonal": _text("Diag(y)*Diag(z)*x", TRIPLE),
            "paper": _text("x ∘ y ∘ z", TRIPLE, paper=True),
            "operators": lambda x, y, z: x * y * z,
            "matrix": lambda np, x, y, z: np.diag(x) @ np.diag(z) @ y,
            "calls": lambda np, x, y, z: np.multiply(np.multiply(z, y), x),
            "NumPy's einsum": lambda np, x, y, z: np.einsum("i,i,i->i", x, y, z),
            "einsum": lambda ic, x, y, z: ic.einsum("i,i,i->i", z, x, y),
            "index": _index("x_i y_i z_i", "i", TRIPLE),
            "index with δ": _index("delta_ij x_i y_j z_j", "i", TRIPLE),
        },
        closed={
            "text": _text(f"Diag({one}∘{other})", TRIPLE),
            "product": _text(f"Diag({other})*Diag({one})", TRIPLE),
            "index": _index(f"delta_ik {one}_i {other}_k", "ik", TRIPLE),
            "index with H": _index(f"H_ikp {one}_p {other}_p", "ik", TRIPLE),
            "einsum": _text(f'einsum("i,i->ii", {one}, {other})', TRIPLE),
            "operators": _text(f"eye(n)∘({one}*{other}')", TRIPLE),
        },
    )


scalar = Problem(
    name="nested, scalar",
    shapes=SCALAR,
    variable="x",
    function=lambda np, a, B, x, c, D, E, f: a @ (B @ (np.outer(x, c) * D) * E) @ f,
    ways={
        "text": _text("a'*((B*((x*c')∘D))∘E)*f", SCALAR),
        "Frobenius": _text("(a*f') : ((B*((x*c')∘D))∘E)", SCALAR),
        "trace": _text("tr(f*a'*((B*((x*c')∘D))∘E))", SCALAR),
        "paper": _text("aᵀ(B(xcᵀ∘D)∘E)f", SCALAR, paper=True),
        "operators": lambda ic, a, B, x, c, D, E, f: a @ _inner(ic, B, x, c, D, E) @ f,
        "calls": lambda np, a, B, x, c, D, E, f: np.dot(
            a, np.dot(_inner_calls(np, B, x, c, D, E), f)
        ),
        "NumPy's einsum": lambda np, a, B, x, c, D, E, f: np.einsum(
            "i,ik,k,e,ke,ie,e->", a, B, x, c, D, E, f
        ),
        "einsum": lambda ic, a, B, x, c, D, E, f: ic.einsum(
            "i,ik,k,e,ke,ie,e->", a, B, x, c, D, E, f
        ),
        "index": _index("a_i B_ik x_k c_e D_ke E_ie f_e", "", SCALAR),
    },
    closed={
        "text": _text("((B'*(E∘(a*f')))∘D)*c", SCALAR),
        "steps": lambda ic, a, B, c, D, E, f: ((B.T @ (E * (a[:, None] * f))) * D) @ c,
        "index": _index("B_ik E_ie a_i f_e D_ke c_e", "k", SCALAR),
        "einsum": lambda ic, a, B, c, D, E, f: ic.einsum(
            "ik,ie,i,e,ke,e->k", B, E, a, f, D, c
        ),
    },
)

vector = Problem(
    name="nested, vector",
    shapes=VECTOR,
    variable="x",
    function=lambda np, A, B, x, c, D, E, f: A @ (B @ (np.outer(x, c) * D) * E) @ f,
    ways={
        "text": _text("A*((B*((x*c')∘D))∘E)*f", VECTOR),
        "diagonals": _text("A*((B*(Diag(x)*D*Diag(c)))∘E)*f", VECTOR),
        "paper": _text("A(B(xcᵀ∘D)∘E)f", VECTOR, paper=True),
        "operators": lambda ic, A, B, x, c, D, E, f: A @ _inner(ic, B, x, c, D, E) @ f,
        "calls": lambda np, A, B, x, c, D, E, f: np.dot(
            A, np.dot(_inner_calls(np, B, x, c, D, E), f)
        ),
        "NumPy's einsum": lambda np, A, B, x, c, D, E, f: np.einsum(
            "ri,ik,k,e,ke,ie,e->r", A, B, x, c, D, E, f
        ),
        "einsum": lambda ic, A, B, x, c, D, E, f: ic.einsum(
            "ri,ik,k,e,ke,ie,e->r", A, B, x, c, D, E, f
        ),
        "index": _index("A_ri B_ik x_k c_e D_ke E_ie f_e", "r", VECTOR),
    },
    closed={
        "text": _text("A*(B∘(E*Diag(c∘f)*D'))", VECTOR),
        "steps": lambda np, A, B, c, D, E, f: A @ (B * (E @ np.diag(c * f) @ D.T)),
        "scaled": lambda A, B, c, D, E, f: A @ (B * ((E * (c * f)) @ D.T)),
        "index": _index("A_ri B_ik E_ie c_e f_e D_ke", "rk", VECTOR),
        "einsum": lambda ic, A, B, c, D, E, f: ic.einsum(
            "ri,ik,ie,e,e,ke->rk", A, B, E, c, f, D
        ),
    },
)

PROBLEMS = (
    row_sums,
    layer,
    _triple("x", "y", "z"),
    _triple("y", "x", "z"),
    _triple("z", "x", "y"),
    scalar,
    vector,
)
