"""How MATLAB and Octave spell operations on arrays.

Indices count from 1, vectors are columns, and entrywise operators have a dot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..coefficients import Number
from ..einsum_spelling import length_text, literal, real_text
from ..functions import USERS
from ..kernels import unknown_label
from ..nodes import Call
from ..sizes import Size
from .code import ATOM, MATMUL, POWER, PRODUCT, Code, product, total
from .columns import Writer as ColumnWriter
from .columns import refused
from .products import turned
from .words import Expr, power

_RESERVED = (
    "break case catch classdef continue else elseif end endfunction for function "
    "global if otherwise parfor persistent return spmd switch try while ans pi eps "
    "inf nan Inf NaN sum diag eye zeros ones reshape permute exp log det inv size "
    "numel max min abs sign sqrt trace true false acos acosh asin asinh atan atan2 "
    "atanh chol conj cos cosh dot double eig erf expm expm1 kron log1p logm lower norm "
    "nthroot pinv qr realmin sin sinh sort sqrtm svd tan tanh tril triu"
)
RESERVED = _RESERVED.split()

#: Functions of one argument that have a name of their own.
_SAME = "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh"

FUNCTIONS = {
    **{name: f"{name}({{0}})" for name in [*_SAME.split(), "atanh", "abs", "sign"]},
    "cbrt": "nthroot({0}, 3)",
    "conj": "conj({0})",
    "atan2": "atan2({0}, {1})",
    "max": "max({0}, {1})",
    "min": "min({0}, {1})",
    "relu": "max({0}, 0)",
    "heaviside": "double({0} > 0)",
    "sigmoid": "1 ./ (1 + exp(-({0})))",
    "softplus": "max({0}, 0) + log1p(exp(-abs({0})))",
    "erf": "erf({0})",
    "inv": "inv({0})",
    "det": "det({0})",
    "pinv": "pinv({0})",
    "logdet": "sum(log(abs(diag(qr({0})))))",
    "logofdet": "log(det({0}))",
    "svdvals": "svd({0})",
    "norm_nuclear": "sum(svd({0}))",
    "eigvalsh": "sort(eig(({0} + ({0})') / 2))",
    "eigmax": "max(eig(({0} + ({0})') / 2))",
    "cholesky": "chol(({0} + ({0})') / 2, 'lower')",
    "expm": "expm({0})",
    "logm": "logm({0})",
    "sqrtm": "sqrtm({0})",
    "solve": "{0} \\ {1}",
}

#: How tightly a template binds that is no call.
LEVELS = {"sigmoid": PRODUCT, "softplus": 0, "solve": MATMUL}


class Writer(ColumnWriter):
    """One MATLAB function."""

    def text(self, e: Expr) -> str:
        """The code of an expression."""
        return self.code(e).text

    def code(self, e: Expr) -> Code:
        """The code of an expression, and how tightly it binds."""
        if e.op not in SPELLED:
            raise refused(e.op, "MATLAB")
        return SPELLED[e.op](self, e)

    def lengths(self, sizes: Sequence[Size]) -> str:
        """The lengths of an array's axes as arguments: at least two."""
        texts = [self.size(size) for size in sizes]
        return ", ".join([*texts, *["1"] * (2 - len(texts))])

    def turn(self, code: Code) -> Code:
        """A matrix transposed, without conjugating."""
        return Code(f"{code.at(ATOM)}{'.' if self.complex else ''}'")


# -- spelling --------------------------------------------------------------------------


def _number(w: Writer, e: Expr) -> Code:
    return _literal(e.data[0])


def _literal(value: Number) -> Code:
    text = literal(value).text.replace("j", "i")
    plain = text.replace(".", "").isalnum() or text.startswith("(")
    minus = text[1:] if text.startswith("-") else ""
    return Code(text, ATOM if plain else PRODUCT, "", minus)


def _size(w: Writer, e: Expr) -> Code:
    text = w.size(e.data[0]).replace("//", "/")
    return Code(text) if text.isidentifier() else Code(f"({text})")


def _entries(w: Writer, e: Expr) -> Code:
    array = np.asarray(e.data[0])
    if array.size == 0 or array.ndim > 2:
        flat = " ".join(_entry(v) for v in array.ravel(order="F"))
        return Code(f"reshape([{flat}], {w.lengths(e.shape)})")
    if array.ndim == 1:
        return Code(f"[{'; '.join(_entry(v) for v in array)}]")
    rows = (" ".join(_entry(v) for v in row) for row in array)
    return Code(f"[{'; '.join(rows)}]")


def _entry(value: object) -> str:
    text = _short(np.asarray(value).item()).replace("j", "i")
    return text.replace("inf", "Inf").replace("nan", "NaN")


def _short(value: Any) -> str:
    """A number, a whole one without a decimal point."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value).strip("()")


def _scalar(e: Expr) -> bool:
    return e.number or e.shape == ()


def _times(w: Writer, e: Expr) -> Code:
    return product(w.code, e, e.data[0], " .* ", " ./ ", scalar=_scalar, say=_literal)


def _sum(w: Writer, e: Expr) -> Code:
    codes = [w.code(arg) for arg in e.args]
    if any(arg.shape not in ((), e.shape) for arg in e.args):
        # A diagonal matrix of Octave does not broadcast.
        marked = [_diagonal_kind(arg) for arg in e.args]
        codes = [
            Code(f"full({code.text})") if mark else code
            for code, mark in zip(codes, marked, strict=True)
        ]
    return total(codes)


def _diagonal_kind(e: Expr) -> bool:
    return e.op in ("eye", "diag") or (
        e.op == "times" and any(map(_diagonal_kind, e.args))
    )


def _power(w: Writer, e: Expr) -> Code:
    exponent, inner = e.data[0], e.args[0]
    base, dot = w.code(inner), "" if _scalar(inner) else "."
    if exponent == Fraction(1, 2):
        return Code(f"sqrt({base.text})")
    if not isinstance(exponent, complex) and exponent < 0:
        below = w.code(power(inner, -exponent))
        return Code(f"1 {dot}/ {below.at(POWER)}", PRODUCT)
    text = real_text(exponent) if not isinstance(exponent, complex) else str(exponent)
    text = text if text.replace(".", "").isalnum() else f"({text})"
    return Code(f"{base.at(ATOM)}{dot}^{text}", POWER)


def _call(w: Writer, e: Expr) -> Code:
    function, params, batch = e.data
    args = [w.code(arg) for arg in e.args]
    if function in USERS:
        found = w.signature.functions[unknown_label(*params)]
        return Code(f"{found}({', '.join(a.text for a in args)})")
    if function in WHOLE:
        return WHOLE[function](w, e)
    if function not in FUNCTIONS or (batch and function in _CORED):
        what = f"{function} of a stack" if function in FUNCTIONS else function
        raise refused(what, "MATLAB")
    texts = [a.at(ATOM) if function == "solve" else a.text for a in args]
    return Code(FUNCTIONS[function].format(*texts), LEVELS.get(function, ATOM))


_CORED = {
    "inv",
    "det",
    "logdet",
    "logofdet",
    "pinv",
    "svdvals",
    "norm_nuclear",
    "eigvalsh",
}
_CORED |= {"eigmax", "cholesky", "expm", "logm", "sqrtm", "solve"}


def _last(w: Writer, e: Expr) -> tuple[str, int]:
    """The argument's code, and the number of its last axis counted from 1."""
    return w.text(e.args[0]), len(e.args[0].shape)


def _softmax(w: Writer, e: Expr) -> Code:
    x, k = _last(w, e)
    top = f"exp({x} - max({x}, [], {k}))"
    return Code(f"{top} ./ sum({top}, {k})", PRODUCT)


def _lse(w: Writer, e: Expr) -> Code:
    x, k = _last(w, e)
    top = f"max({x}, [], {k})"
    return Code(f"{top} + log(sum(exp({x} - {top}), {k}))", 0)


def _norm(w: Writer, e: Expr) -> Code:
    square = power(e.args[0], 2)
    count, order = e.data[1][0], len(e.args[0].shape)
    text = w.text(square)
    for k in range(order, order - count, -1):
        text = f"sum({text}, {k})"
    return Code(f"sqrt({text})")


def _rnorm(w: Writer, e: Expr) -> Code:
    inner = _norm(w, e).text
    return Code(f"({inner} > 0) ./ max({inner}, realmin)", PRODUCT)


WHOLE: dict[str, Callable[[Writer, Expr], Code]] = {
    "softmax": _softmax,
    "lse": _lse,
    "norm2": _norm,
    "rnorm": _rnorm,
}


def _transpose(w: Writer, e: Expr) -> Code:
    inner, order = w.code(e.args[0]), e.data[0]
    if order == (1, 0):
        return w.turn(inner)
    return Code(f"permute({inner.text}, [{' '.join(str(k + 1) for k in order)}])")


def _expand(w: Writer, e: Expr) -> Code:
    carried = list(e.data[0])
    while carried and not carried[-1]:
        carried.pop()
    inner = w.code(e.args[0])
    if all(carried):
        return inner
    if carried == [False, True]:
        return w.turn(inner)
    here, rest = iter(range(sum(carried))), iter(range(sum(carried), 99))
    order = [next(here) if c else next(rest) for c in carried]
    return Code(f"permute({inner.text}, [{' '.join(str(k + 1) for k in order)}])")


def _spread(w: Writer, e: Expr) -> Code:
    inner, shape = e.args[0], w.lengths(e.shape)
    if inner.op == "number" and inner.data[0] in (0, 1):
        return Code(f"{('zeros', 'ones')[int(inner.data[0])]}({shape})")
    joined = " * " if _scalar(inner) else " .* "
    return Code(f"{w.code(inner).at(POWER)}{joined}ones({shape})", PRODUCT)


def _columns(w: Writer, e: Expr) -> Code:
    inner = e.args[0]
    if len(e.shape) == 1 and inner.op == "name":
        return Code(f"{w.text(inner)}(:)")
    return Code(f"reshape({w.text(inner)}, {w.lengths(e.shape)})")


def _reduce(w: Writer, e: Expr) -> Code:
    axes, inner = e.data[0], e.args[0]
    text = w.text(inner)
    if len(axes) == len(inner.shape) and inner.op == "name":
        return Code(f"sum({text}(:))")
    for k in reversed(axes):
        text = f"sum({text}, {k + 1})"
    return Code(text)


def _rowsum(w: Writer, e: Expr) -> Code:
    return w.turn(Code(f"sum({w.text(e.args[0])}, 1)"))


def _matmul(w: Writer, e: Expr) -> Code:
    a, b = e.args
    left = w.code(a)
    if len(a.shape) == 1:
        left = w.turn(left)
    return Code(f"{left.at(MATMUL)} * {w.code(b).at(ATOM)}", MATMUL)


def _tensordot(w: Writer, e: Expr) -> Code:
    (a, b), (left, right) = e.args, e.data
    rows = [k for k in range(len(a.shape)) if k not in left]
    columns = [k for k in range(len(b.shape)) if k not in right]
    count = length_text([w.size(a.shape[k]) for k in left])
    x = w.text(turned(a, [*rows, *left]))
    y = w.text(turned(b, [*right, *columns]))
    x = x if (len(rows), len(left)) == (1, 1) else f"reshape({x}, [], {count})"
    y = y if len(right) == 1 and len(columns) < 2 else f"reshape({y}, {count}, [])"
    text = f"{x} * {y}"
    if len(rows) <= 1 and len(columns) <= 1 and rows:
        return Code(text, MATMUL)
    return Code(f"reshape({text}, {w.lengths(e.shape)})")


def _function(function: str) -> Callable[[Writer, Expr], Code]:
    return lambda w, e: Code(f"{function}({w.text(e.args[0])})")


def _filled(w: Writer, e: Expr) -> Code:
    node: Call = e.data[0]
    sizes = [w.size(size) for size in node.shape]
    match node.function:
        case "basis":
            place = int(node.params[0])
            return Code(f"double((1:{sizes[0]})' == {place + 1})")
        case "tril":
            return Code(f"tril(ones({', '.join(sizes)}))")
        case "embed":
            offset = w.size(node.params[0])
            moved = "" if offset == "0" else f" + {offset}"
            return Code(f"double((1:{sizes[0]})' == (1:{sizes[1]}){moved})")
        case other:
            raise refused(other, "MATLAB")


SPELLED: dict[str, Callable[[Writer, Expr], Code]] = {
    "name": lambda w, e: Code(e.data[0]),
    "raw": lambda w, e: Code(e.data[0]),
    "number": _number,
    "size": _size,
    "entries": _entries,
    "times": _times,
    "sum": _sum,
    "power": _power,
    "call": _call,
    "transpose": _transpose,
    "expand": _expand,
    "spread": _spread,
    "columns": _columns,
    "reduce": _reduce,
    "rowsum": _rowsum,
    "matmul": _matmul,
    "tensordot": _tensordot,
    "trace": _function("trace"),
    "diagonal": _function("diag"),
    "diag": _function("diag"),
    "eye": lambda w, e: Code(f"eye({w.size(e.shape[0])})"),
    "filled": _filled,
}
