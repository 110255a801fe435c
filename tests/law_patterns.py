"""Expressions in which laws find what they look for.

A pattern is a text with holes: `{M}` and `{N}` take square matrices, `{v}` and `{w}`
vectors, `{p}` a vector of positive entries, `{s}` a scalar. What goes in is a variable
of some structure, or a small expression. Sizes are symbolic or literal.

>>> made = pattern(0, 1)
>>> set(made.values) <= set(made.shapes)
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc import numpy as nn
from indexcalc.functions import call
from tests.numeric_derivatives import draw

SQUARE = {
    "A": "",
    "B": "",
    "S": "symmetric",
    "Q": "orthogonal",
    "L": "lower",
    "U": "upper",
    "D": "diagonal",
    "P": "pd",
}
VECTORS = {"x": "", "y": "", "a": "positive", "b": "positive"}
SCALARS = {"s": "", "t": "", "u": "positive"}

FILLINGS: dict[str, tuple[str, ...]] = {
    "M": (
        *SQUARE,
        *("A", "B", "A'", "inv(P)", "(2*A)", "(A*B)", "(A - B)", "(P + 3*eye(n))"),
        *(
            "Diag(a)",
            "eye(n)",
            "(s*A)",
            "(X*X' + eye(n))",
            "(Q*D*Q')",
            "adj(A)",
            "Diag(x)",
        ),
    ),
    "v": (
        *VECTORS,
        *("(x + y)", "(A*x)", "(2*x)", "sin(x)", "(x.*y)", "-y", "(x - y/3)"),
        *("zeros(n)", "(X*ones(p))", "(x - x)", "diag(A)", "(s*x)"),
    ),
    "p": ("a", "b", "(a.*b)", "exp(x)", "(a + b)", "x.^2 + a", "(u*a)", "(3*a)"),
    "s": (*SCALARS, "(x'*y)", "tr(A)", "(s + t)", "sum(a)", "n", "(s*t)", "det(A)"),
    "f": (
        *("sin", "cos", "tanh", "exp", "abs", "sign", "relu", "sigmoid", "softplus"),
        *("atan", "sinh", "cosh", "heaviside", "erf", "tan", "asin", "square"),
    ),
    "g": ("expm", "sinm", "cosm", "logm", "sqrtm", "polar"),
}

PATTERNS: tuple[str, ...] = (
    # inverses, determinants, logarithms of them
    *("inv(inv({M}))", "inv(2*{M})", "inv({M}*inv({N}))", "inv({M}')", "inv({M})*{N}"),
    *("{M}*inv({M})*{N}", "inv({M})*{M}*{v}", "inv({M}*{N})*{M}", "inv(Q)*{M}"),
    *("inv(Diag(a))*{v}", "{v}'*inv({M})*{M}*{w}", "inv(inv({M})*{N}*inv(P))"),
    *("det(inv({M}))", "det({M}*{N})", "det(eye(n))*{s}", "det({M}')", "det(A*B')"),
    *("logdet(inv({M}))", "logdet({M}*{N})", "logdet({M}')", "logdet(eye(n)) + {s}"),
    *("logdet(Q*{M})", "logdet(2*{M})", "logdet(-{M})", "logdet(Q) + {s}"),
    *("adj({M}*{N})", "adj({M}')", "adj({M})*{M}*{N}", "{M}*adj({M})", "adj({M})*{v}"),
    # inverse pairs and values at zero
    *("exp(log({p}))", "log(exp({v}))", "exp(zeros(n)) + {v}", "sigmoid(zeros(n))"),
    *(
        "{f}(0*{v})",
        "{f}(x - x)",
        "norm2(zeros(n)) + {s}",
        "exp({v} - {v})",
        "norm2(x)",
    ),
    *("lse({v})", "softmax({v})", "{f}({v})'*{w}", "{f}({s}*ones(n))", "{f}({M})*{v}"),
    *("{f}(x*ones(n)')", "{f}([x; y])", "{f}(2*x')", "{f}(vec({M}))", "norm2(x)*{v}"),
    *("x/norm2(x)", "{v}/norm2({v} .+ 2)", "norm2({v})^2", "x*norm2(x)^-2"),
    # functions of a matrix
    *("{g}(P)*{v}", "{g}(P')", "{g}((P*3)')", "expm(logm(P))*{v}", "expm(0*A)*{v}"),
    *("sinm(0*{M})", "cosm(zeros(n,n))*{v}", "logm(eye(n)) + {M}", "sqrtm(eye(n))*{v}"),
    *("expm(Diag({v}))", "sinm(Diag({v}))*{w}", "cosm(Diag({v}))", "tr(expm(s*A/9))"),
    *("sum(expm(A'/9)*{v})", "tr({g}(P))", "{v}'*expm(s*A/9)*{w}", "logm(P')*{v}"),
    *("frechet_expm(A/9, 2*{M})", "frechet_sqrtm(P, P)", "frechet_expm(A/9, eye(n))"),
    *(
        "frechet_logm(P', {M})",
        "frechet_expm(A/9, zeros(n,n))",
        "frechet_sinm(B/9, B/9)",
    ),
    # powers and signs
    *("{v}.^2.*{v}", "{p}.^-1.*{p}", "{p}.^0.5.*{p}.^0.5", "{p}.*{p}.^-2", "a.^s.*a"),
    *("sign(x).*abs(x)", "sign(x).*abs(x).^3", "sign(y).*abs(y).^-1", "abs(x).^2"),
    *("({v}.*{w}).^3", "({v}.^2).^-1", "({s}*{p}).^2", "(A*x)'*(A*x)", "(x'*x)^3"),
    *("sum(ones(n))*mean({v})", "n*mean({v})", "n^2*mean(x)^2", "mean(x)*n*n^2"),
    *("S.*S'", "S.^2.*S.^-1", "(n*p)^2*{s}", "({s}^2)^0.5", "(u^0.5)^2", "x.^1.*x.^0"),
    # basis vectors and blocks
    *("e(0,n)'*{M}*e(1,n)", "e(0,n)'*e(1,n)*{s}", "E(0,1,n,n)*{v}", "e(1,n).*{v}"),
    *("e(0,n)*e(0,n)'*{v}", "(e(0,n)'*{v})*e(0,n)", "e(0,n).*e(0,n)", "E(0,0,n,n)*{M}"),
    *("[x; y]'*[x; y]", "[x; y].*[y; x]", "[{M}, {N}]*[x; y]", "normsq([{v}; {w}])"),
    *("[x', y']*[{v}; {w}]", "[{M}; {N}]'*[{M}; {N}]", "sum([x; {s}])"),
    # structures
    *("Q'*Q*{M}", "Q*Q'*{v}", "Q*{M}*Q'", "tr(Q'*{M}*Q)", "inv(Q'*P*Q)", "Q*Q*Q'"),
    *("tril(n,n).*tril(n,n)", "tril(n,n).*tril(n,n)'", "diag(tril(n,n)).*{v}"),
    *("tril(n,n).*L", "tril(n,n)'.*L", "tril(n,n).*inv(L)", "tril(n,n)'.*inv(L)*{v}"),
    *("diag(inv(L))", "diag(inv(U)).*{v}", "tril(n,n).*U", "diag(inv(L'))"),
    *("diag(inv(A))", "diag(inv(P)).*{v}"),
    *("duplication(n)*vech({M})", "vech({M})'*vech({N})", "elimination(n)*vec({M})"),
    *("elimination(n)*duplication(n)*vech(S)", "duplication(n)'*vec({M})"),
    *("elimination(n)'*vech({M})", "duplication(n)'*duplication(n)*vech(L)"),
    *("commutation(n,n)*vec({M})", "sum(vech({M}))", "vech(L).*vech({M})"),
    'einsum("ijd,ije->ijde", diagonals(n,n), diagonals(n,n))',
    'einsum("ijd,ij->d", diagonals(n,n), {M})',
    'einsum("ijd->ij", diagonals(n,n)).*{M}',
    # what is only compared
    *("exp(2*{v} - y/3)", "exp(s*log(a))", "exp(logdet(P))", "exp(ones(n)*log(u))"),
    *("sinh({v})", "cosh(2*{v})", "tanh(x - y)", "a.^x", "a.^(x .+ 2)", "log(a.*b)"),
    *("log(a./b)", "log(3*{p})", "log(a.^3)", "log(x.^2 + a)", "log(1 .+ exp(-{v}))"),
    *("log(sum(exp(x))*u)", "log(abs(det(A)))", "log(det(A*A'))", "logdet(A'*B)"),
    *("sin(x)", "cos(x + 2*y)", "sin(3*x - y/2)", "tan(x)", "cos(-{v})", "sin(0*x)"),
    *("abs({p})", "abs(-2*x)", "abs(x.*y)", "abs(s*A*x)", "abs(x.^3)", "sign({p})"),
    *(
        "sqrt(x.^2)",
        "sqrt(4*a)",
        "sqrt(2*{p})",
        "sqrt({p}.*b)",
        "norm2(X)^3",
        "abs(x).^2",
    ),
    *("relu({p})", "max(x, x + a)", "min(a, -b)", "max({v}, {w})", "min({v}, {w})"),
    *("sigmoid({v})", "softplus({v})", "softmax(x + y)", "lse({v} .+ s)"),
)
#: What only NumPy's functions and the constructors of nodes spell.
BUILT: dict[str, Callable[[Mapping[str, Any]], ic.Expression]] = {
    "arcsinh(x − x)": lambda k: np.arcsinh(k["x"] - k["x"]),
    "arctanh(x − x)": lambda k: np.arctanh(k["x"] - k["x"]),
    "arctan(x − x)": lambda k: np.arctan(k["x"] - k["x"]),
    "expm1(x − x)": lambda k: np.expm1(k["x"] - k["x"]),
    "log1p(x − x)": lambda k: np.log1p(k["x"] - k["x"]),
    "cbrt(x − x)": lambda k: np.cbrt(k["x"] - k["x"]),
    "tan, asin, tanh, erf, relu, |·|, H of x − x": lambda k: (
        sum(
            np.sum(f(k["x"] - k["x"]))
            for f in (np.tan, np.arcsin, np.tanh, np.abs, nn.erf, nn.relu, np.sign)
        )
        + np.sum(np.heaviside(k["x"] - k["x"], 0))
    ),
    "rnorm(x − x)": lambda k: ic.Expression(
        call("rnorm", [(k["x"] - k["x"]).written], (1,))
    ),
    "expm1(x)": lambda k: np.expm1(k["x"]) * k["y"],
    "log1p(a)": lambda k: np.log1p(k["a"]) - k["x"],
    "cbrt(a)": lambda k: np.cbrt(k["a"]) * k["x"],
    "conj of a sum": lambda k: ic.Expression(
        call("conj", [(ic.tensor("r", "n : real") * 2 + k["a"]).written])
    ),
    "logm(Pᵀ), unordered directions": lambda k: ic.Expression(
        call(
            "frechet",
            [k["P"].written, k["B"].written, k["A"].written],
            ("sqrtm", 2, 0),
        )
    ),
    "polar, sqrtm, cosm, logm of transposes": lambda k: sum(
        np.sum(k["A"] * ic.Expression(call(f, [m.written])))
        for f in ("polar", "sqrtm", "cosm", "logm")
        for m in (k["A"] @ k["P"], (k["A"] @ k["P"]).T, k["U"].T)
    ),
}

HOLE = re.compile(r"\{(\w)\}")


@dataclass(frozen=True)
class Pattern:
    """A text, its declarations, its arrays, its sizes and its functions."""

    text: str
    shapes: Mapping[str, str]
    values: Mapping[str, Any]
    sizes: Mapping[str, int]
    functions: Mapping[str, Any]

    def symbol(self) -> ic.Expression:
        """The expression."""
        if self.text not in BUILT:
            return ic.parse(self.text, self.shapes)
        known = {name: ic.tensor(name, shape) for name, shape in self.shapes.items()}
        return BUILT[self.text](known)


def pattern(seed: int, index: int) -> Pattern:
    """Pattern number `index`, its holes filled at random."""
    rng = np.random.default_rng([seed, index, 1])
    every = [*PATTERNS, *BUILT]
    template = every[(index + int(rng.integers(2))) % len(every)]
    known: dict[str, str] = {}

    def filled(hole: re.Match[str]) -> str:
        kind = {"N": "M", "w": "v"}.get(hole[1], hole[1])
        return str(rng.choice(FILLINGS[kind]))

    built = template in BUILT
    text = template if built else HOLE.sub(filled, template)
    if not built and rng.random() < 0.3:
        text = f"s*({text})"
    sizes = {"n": int(rng.integers(2, 5)), "p": int(rng.integers(1, 4))}
    literal = not built and rng.random() < 0.4
    if literal:
        text = re.sub(r"\b[np]\b", lambda name: str(sizes[name[0]]), text)
    vectors = {**VECTORS, "r": "real"}
    tables = ((SQUARE, "n n"), (vectors, "n"), (SCALARS, ""), ({"X": ""}, "n p"))
    values = {}
    for table, shape in tables:
        for name, structure in table.items():
            numbers = [sizes[size] for size in shape.split()]
            said = " ".join(map(str, numbers)) if literal else shape
            known[name] = f"{said} : {structure}" if structure else said
            values[name] = _array(rng, tuple(numbers), structure)
    return Pattern(text, known, values, {} if literal else sizes, {})


def _array(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> Any:
    """Entries of about 1; square matrices far from singular."""
    drawn = draw(rng, shape, "" if kind == "real" else kind)
    if len(shape) == 2 and shape[0] == shape[1] and kind not in ("orthogonal", "pd"):
        return 0.5 * drawn + 3 * np.eye(shape[0])
    return np.asarray(drawn)
