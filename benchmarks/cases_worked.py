"""The five worked problems: Jacobians with deltas, dense and as cores, and chains."""

from __future__ import annotations

import indexcalc as ic

from .cases_base import Case, Floor, Sizes, moved, normal, sized


def rowwise() -> ic.Expression:
    """∂((X∘A)1)/∂A = δ_ij X_ik."""
    return ic.parse("(X ∘ A) * ones(p)", X="n p", A="n p").diff("A")


def squared() -> ic.Expression:
    """∂(Diag(w)(AX∘AX)1)/∂X."""
    shapes = {"w": "k", "A": "k n", "X": "n 3"}
    return ic.parse("diag(w) * ((A*X) ∘ (A*X)) * ones(3)", shapes).diff("X")


def squared_factor() -> ic.Expression:
    """The same function by AX: δ_ij 2 w_i (AX)_ic, the factor beside A."""
    w, A, X = ic.tensor("w", "k"), ic.tensor("A", "k n"), ic.tensor("X", "n 3")
    AX = A @ X
    return (w * (AX * AX).sum(axis=1)).diff(AX)


def three() -> ic.Expression:
    """∂(x∘y∘z)/∂x."""
    return ic.parse("x ∘ y ∘ z", x="n", y="n", z="n").diff("x")


NESTED = {"B": "a b", "x": "b", "C": "e", "D": "b e", "E": "a e", "F": "e"}
NESTED_TEXT = "A * ((B*((x*C') ∘ D)) ∘ E) * F"


def nested_scalar() -> ic.Expression:
    """The gradient of A(B(xC∘D)∘E)F with one row A."""
    text = NESTED_TEXT.replace("A *", "A' *", 1)
    return ic.parse(text, {"A": "a"} | NESTED).gradient("x")


def nested_vector() -> ic.Expression:
    """The Jacobian of A(B(xC∘D)∘E)F with A q×a."""
    return ic.parse(NESTED_TEXT, {"A": "q a"} | NESTED).diff("x")


def _s1(s: Sizes) -> Floor:
    n, p = s["n"], s["p"]
    return Floor(0, moved((n, p), (n, n, p)))


def _s1_comp(s: Sizes) -> Floor:
    n, p = s["n"], s["p"]
    return Floor(0, moved((n, p), (n, p)))


def _s2(s: Sizes) -> Floor:
    k, n = s["k"], s["n"]
    return Floor(6 * k * n, moved((k, n), (k, n, 3), (n, 3)))


def _s2_comp(s: Sizes) -> Floor:
    k, n = s["k"], s["n"]
    return Floor(6 * k * n, moved((k, n), (n, 3), (k, 3)))


def _s3(s: Sizes) -> Floor:
    n = s["n"]
    return Floor(0, moved((n,), (n,), (n, n)))


def _s3_comp(s: Sizes) -> Floor:
    return Floor(0, 3 * moved((s["n"],)))


def _nested_bytes(s: Sizes) -> float:
    a, b, e = s["a"], s["b"], s["e"]
    return moved((a, b), (b, e), (a, e))


def _s4(s: Sizes) -> Floor:
    return Floor(2.0 * s["a"] * s["b"] * s["e"], _nested_bytes(s))


def _s5(s: Sizes) -> Floor:
    a, b, e, q = s["a"], s["b"], s["e"], s["q"]
    more = moved((q, a), (q, b))
    return Floor(2.0 * a * b * (e + q), _nested_bytes(s) + more)


S1_SIZES = sized("n p", (100, 100), (200, 200), (400, 300))
S1_COMP_SIZES = sized("n p", (500, 400), (2000, 1500), (5000, 4000))
S2_SIZES = sized("k n", (300, 200), (1000, 800), (2000, 2000))
S2_COMP_SIZES = sized("k n", (1000, 800), (2000, 2000), (5000, 5000))
S3_SIZES = sized("n", (1000,), (3000,), (10_000,))
S3_COMP_SIZES = sized("n", (100_000,), (1_000_000,), (10_000_000,))
S4_SIZES = sized("a b e", (300, 200, 250), (1000, 800, 900), (2000, 2000, 2000))
S5_SIZES = sized(
    "q a b e",
    (50, 100, 80, 90),
    (100, 300, 250, 280),
    (200, 500, 400, 450),
    (1000, 2000, 1600, 1800),
)

CASES = (
    Case(
        "S1_dense",
        "y = (X∘A)1, ∂y_i/∂A_jk, dense",
        rowwise,
        normal(X="n p", A="n p"),
        _s1,
        S1_SIZES,
    ),
    Case(
        "S1_comp",
        "its core: X itself",
        rowwise,
        normal(X="n p", A="n p"),
        _s1_comp,
        S1_COMP_SIZES,
        structured=True,
        dense="S1_dense",
    ),
    Case(
        "S2_dense",
        "F = W(AX∘AX)1₃, ∂F_i/∂X_jc, any strides",
        squared,
        normal(w="k", A="k n", X="n 3"),
        _s2,
        S2_SIZES,
        spec="i,im,mc,ij->ijc",
        operands=("w", "A", "X", "A"),
    ),
    Case(
        "S2_comp",
        "its factor 2 Diag(w)AX beside A",
        squared_factor,
        normal(w="k", A="k n", X="n 3"),
        _s2_comp,
        S2_COMP_SIZES,
        structured=True,
        spec="i,im,mc->ic",
        operands=("w", "A", "X"),
    ),
    Case(
        "S3_dense",
        "∂(x∘y∘z)/∂x, dense",
        three,
        normal(x="n", y="n", z="n"),
        _s3,
        S3_SIZES,
    ),
    Case(
        "S3_comp",
        "its core y∘z",
        three,
        normal(x="n", y="n", z="n"),
        _s3_comp,
        S3_COMP_SIZES,
        structured=True,
        dense="S3_dense",
        spec="i,i->i",
        operands=("y", "z"),
    ),
    Case(
        "S4",
        "scalar A(B(xC∘D)∘E)F, gradient by x",
        nested_scalar,
        normal(A="a", B="a b", x="b", C="e", D="b e", E="a e", F="e"),
        _s4,
        S4_SIZES,
        spec="a,ab,be,e,ae,e->b",
        operands=("A", "B", "D", "C", "E", "F"),
    ),
    Case(
        "S5",
        "vector A(B(xC∘D)∘E)F, Jacobian (q,b)",
        nested_vector,
        normal(A="q a", B="a b", x="b", C="e", D="b e", E="a e", F="e"),
        _s5,
        S5_SIZES,
        spec="qa,ab,be,e,ae,e->qb",
        operands=("A", "B", "D", "C", "E", "F"),
    ),
)
