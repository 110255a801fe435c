"""Derivatives that SymPy's `diff` gets wrong, and how that is measured.

A case is a SymPy expression of literal size and the variable. The truth is found entry
by entry: the expression written out, its scalars differentiated by SymPy's ordinary
calculus, numbers put in. `verdict` compares what `diff` gives with it.

    python -m tests.sympy_derivatives

prints the table of docs/explanation/sympy.md.

>>> verdict(next(case for case in CASES if case.said == "tr(AᵀA) + tr(BᵀB)"))
'0'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy import (
    Determinant,
    KroneckerProduct,
    MatrixSymbol,
    OneMatrix,
    Trace,
    exp,
    log,
    sin,
)
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

import indexcalc as ic
from tests import sympy_values

N = 2
A, B, S, X = (MatrixSymbol(name, N, N) for name in "ABSX")
a, b, x = (MatrixSymbol(name, N, 1) for name in "abx")
t = sympy.Symbol("t")
ONE = OneMatrix(N, 1)


@dataclass(frozen=True)
class Case:
    """An expression as people write it, how SymPy writes it, the variable, and the
    issue in SymPy's tracker, if there is one."""

    said: str
    build: Callable[[], Any]
    variable: Any
    issue: str = ""


CASES = [
    Case("tr(AᵀA) + tr(BᵀB)", lambda: Trace(A.T * A) + Trace(B.T * B), A, "27406"),
    Case("tr(X)² + 1", lambda: Trace(X) ** 2 + 1, X, "26561"),
    Case("tr(XᵀX) + tr(AX)", lambda: Trace(X.T * X) + Trace(A * X), X, "26585"),
    Case("log det S", lambda: log(Determinant(S)), S, "15649"),
    Case("det S", lambda: Determinant(S), S, "15649"),
    Case("exp(xᵀSx)", lambda: exp(x.T * S * x), x),
    Case("sin(tr X)", lambda: sin(Trace(X)), X),
    Case("log(𝟏ᵀexp(x))", lambda: log(Trace(ONE.T * x.applyfunc(exp))), x),
    Case(
        "softmax(x)",
        lambda: x.applyfunc(exp) / Trace(ONE.T * x.applyfunc(exp)),
        x,
    ),
    Case("√tr(XᵀX)", lambda: sympy.sqrt(Trace(X.T * X)), X),
    Case("X₀₁", lambda: X[0, 1], X, "17229"),
    Case("tr(A∘X)", lambda: Trace(HadamardProduct(A, X)), X),
    Case("(A∘(B∘X))𝟏", lambda: HadamardProduct(A, HadamardProduct(B, X)) * ONE, X),
    Case("(AX∘AX)𝟏", lambda: HadamardProduct(A * X, A * X) * ONE, X),
    Case(
        "A(B(xaᵀ∘S)∘X)b",
        lambda: A * HadamardProduct(B * HadamardProduct(x * a.T, S), X) * b,
        x,
    ),
    Case(
        "aᵀ(B(xbᵀ∘S)∘X)b",
        lambda: a.T * HadamardProduct(B * HadamardProduct(x * b.T, S), X) * b,
        x,
    ),
    Case("aᵀexp(Xb)", lambda: a.T * (X * b).applyfunc(exp), X),
    Case("xᵀ(x∘x)", lambda: x.T * HadamardProduct(x, x), x),
    Case("tr(Diag(x)A)", lambda: Trace(DiagMatrix(x) * A), x),
    Case("diag(X)", lambda: DiagonalOf(X), X),
    Case("tr(A⊗X)", lambda: Trace(KroneckerProduct(A, X)), X),
    Case("tr(X⁻²)", lambda: Trace(X**-2), X),
    Case("(tX)(tX)", lambda: (t * X) * (t * X), t, "23364"),
    Case("det(tX)", lambda: Determinant(t * X), t),
]


def values() -> dict[str, np.ndarray]:
    """A number for every entry; S is symmetric and positive."""
    rng = np.random.default_rng(3)
    found = {name: np.round(rng.uniform(0.2, 1.4, (N, N)), 1) for name in "ABX"}
    found |= {name: np.round(rng.uniform(0.2, 1.4, N), 1) for name in "abx"}
    found["S"] = np.array([[2.0, 0.5], [0.5, 1.0]])
    found["X"] = found["X"] + np.eye(N)
    found["t"] = np.array(0.7)
    return found


# -- the truth -------------------------------------------------------------------------


def explicit(expr: Any) -> np.ndarray:
    """The scalars that an expression consists of, written out."""
    if isinstance(expr, MatrixExpr):
        matrix = expr.as_explicit()
        entries = [_scalar(matrix[place]) for place in _places(matrix.shape)]
        return np.array(entries, object).reshape(matrix.shape)
    return np.array(_scalar(expr), object)


def _places(shape: Any) -> Any:
    return product(*(range(int(size)) for size in shape))


def _scalar(expr: Any) -> Any:
    one = expr
    for kind, written in sympy_values.WRITTEN_OUT.items():
        one = one.replace(kind, written)
    one = one.replace(
        lambda e: isinstance(e, MatrixExpr) and e.shape == (1, 1),
        lambda e: e.as_explicit()[0, 0],
    )
    return one.doit()


def truth(case: Case) -> np.ndarray:
    """The derivative: axes of the variable, then of the value, none of size 1."""
    entries = explicit(case.build())
    variable = explicit(case.variable)
    slopes = [_number(entry, v) for v in variable.flat for entry in entries.flat]
    return np.array(slopes).reshape(variable.shape + entries.shape).squeeze()


def _number(entry: Any, variable: Any) -> float:
    x0 = sympy.Dummy("x0")
    slope = entry.xreplace({variable: x0}).diff(x0).xreplace({x0: variable})
    return float(sympy_values.value(slope, values()))


# -- what both give --------------------------------------------------------------------


def verdict(case: Case) -> str:
    """What SymPy's `diff` gives: "right", "0", "wrong", "wrong shape", "unevaluated",
    or the exception it raises."""
    try:
        found = case.build().diff(case.variable)
    except Exception as error:
        return type(error).__name__
    if isinstance(found, sympy.Derivative):
        return "unevaluated"
    try:
        result = sympy_values.value(found, values()).squeeze()
    except Exception:
        return "cannot be written out"
    expected = truth(case)
    if result.shape == expected.shape and np.allclose(result, expected):
        return "right"
    if not result.any():
        return "0"
    return "wrong" if result.size == expected.size else "wrong shape"


def ours(case: Case) -> ic.Expression:
    """Our derivative of the same object."""
    name = case.variable.name
    return ic.from_sympy(case.build()).diff(name, layout="variable_first")


def table() -> str:
    """The table of the documentation."""
    rows = [
        "| expression | by | SymPy's `diff` | indexcalc | issue |",
        "|---|---|---|---|---|",
    ]
    for case in CASES:
        known = f"[#{case.issue}](https://github.com/sympy/sympy/issues/{case.issue})"
        said = str(ic.from_sympy(case.build()).diff(case.variable.name))
        cells = [
            case.said,
            str(case.variable),
            verdict(case),
            f"`{said}`".replace("|", "\\|"),
            known if case.issue else "",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(f"SymPy {sympy.__version__}\n\n{table()}")
