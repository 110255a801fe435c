"""A Julia function that computes expressions.

Matrix operators and broadcasting, the standard library's LinearAlgebra; what no
operator says is a comprehension over its indices. The element type follows the
arguments.

>>> from indexcalc.expr import einsum, tensor
>>> X, y = tensor("X", ("n", "p")), tensor("y", ("n",))
>>> node = einsum([(X, [0, 1]), (y, [0])], [1])
>>> print(source([node], names=["X", "y"], doc="Xᵀ y").text)
# Xᵀ y
function f(X, y)
    return X' * y
end
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..coefficients import Number
from ..einsum_names import LETTERS
from ..einsum_spelling import literal
from ..functions import USERS, is_elementwise
from ..kernels import unknown_label
from ..nodes import Node, Tensor
from ..sizes import Size
from .code import ATOM, MATMUL, POWER, PRODUCT, Code, product, total
from .columns import Writer as ColumnWriter
from .columns import columnwise, refused
from .columns import source as assembled
from .entrywise import Scalar, entry
from .layout import Style, broken
from .lowering import Lowering
from .plain import paired
from .signature import Reading
from .source import Source, told
from .words import Expr, name, power

_STYLE = Style(trailing=True)

_RESERVED = (
    "baremodule begin break catch const continue do else elseif end export false "
    "finally for function global if import in isa let local macro module quote return "
    "struct true try using while where sum tr diag diagm dot inv det exp log I T zeros "
    "ones fill reshape permutedims vec size sqrt abs sign max min Float64 Inf NaN "
    "LinearAlgebra Matrix Symmetric acos acosh asin asinh atan atanh cbrt cholesky "
    "conj cos cosh dropdims eigmax eigvals eltype expm1 exponent ifelse im iszero kron "
    "length log1p logabsdet logdet maximum norm one pi pinv promote_type sin sinh "
    "svdvals tan tanh transpose tril triu zero"
)
RESERVED = _RESERVED.split()

_SAME = "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh"

#: Functions of numbers, dotted where they meet arrays.
ENTRYWISE = {
    **{name: name for name in [*_SAME.split(), "atanh", "abs", "sign", "cbrt", "conj"]},
    "atan2": "atan",
    "max": "max",
    "min": "min",
}

#: Entrywise formulas, as templates for the macro that dots every call in them.
FORMULAS = {
    "relu": "max.({0}, 0)",
    "heaviside": "({0} .> 0) .* one(T)",
    "sigmoid": "1 ./ (1 .+ exp.(.-({0})))",
    "softplus": "max.({0}, 0) .+ log1p.(exp.(.-abs.({0})))",
    "where": "ifelse.({0} .!= 0, {1}, {2})",
    "pow": "({0}) .^ ({1})",
}
_LEVELS = {"heaviside": PRODUCT, "sigmoid": PRODUCT, "softplus": 0, "pow": POWER}

WHOLE = {
    "inv": "inv({0})",
    "det": "det({0})",
    "pinv": "pinv({0})",
    "logdet": "logabsdet({0})[1]",
    "logofdet": "logdet({0})",
    "svdvals": "svdvals({0})",
    "norm_nuclear": "sum(svdvals({0}))",
    "eigvalsh": "eigvals(Symmetric(({0} + ({0})') / 2))",
    "eigmax": "eigmax(Symmetric(({0} + ({0})') / 2))",
    "cholesky": "Matrix(cholesky(Symmetric(({0} + ({0})') / 2)).L)",
    "expm": "exp({0})",
    "logm": "log({0})",
    "sqrtm": "sqrt({0})",
    "norm2": "norm({0})",
    "rnorm": "(iszero({0}) ? zero(T) : inv(norm({0})))",
}

#: Words that LinearAlgebra exports.
_EXPORTED = (
    "tr( diag( diagm( det( norm( pinv( logabsdet( svdvals( eigvals( eigmax( cholesky( "
    "Symmetric( (I,"
)
EXPORTED = _EXPORTED.split()


class Writer(ColumnWriter):
    """One Julia function."""

    def text(self, e: Expr) -> str:
        """The code of an expression."""
        return self.code(e).text

    def code(self, e: Expr) -> Code:
        """The code of an expression, and how tightly it binds."""
        if e.op not in SPELLED:
            raise refused(e.op, "Julia")
        return SPELLED[e.op](self, e)

    def lengths(self, sizes: Sequence[Size]) -> str:
        """The lengths of an array's axes as arguments."""
        return ", ".join(self.size(size) for size in sizes)

    def size(self, size: Size) -> str:
        """A size as code."""
        return super().size(size).replace("//", "÷")

    def turn(self, code: Code) -> Code:
        """A matrix transposed, without conjugating."""
        if self.complex:
            return Code(f"transpose({code.text})")
        return Code(f"{code.at(ATOM)}'")

    def element(self) -> str:
        """The line that names the element type."""
        names = [f"eltype({name})" for name in self.signature.arguments]
        joined = names[0] if len(names) == 1 else f"promote_type({', '.join(names)})"
        return f"T = {joined}" if names else "T = Float64"


class JuliaLowering(Lowering):
    """Lowering with what Julia lacks said otherwise."""

    language: Writer

    def adapted(self, e: Expr) -> Expr:
        """An operation, in those that Julia has."""
        match e.op:
            case "contraction":
                return self._comprehension(e)
            case "group" | "split":
                return self.settled(columnwise(e))
            case "placed":
                return self._placed(e)
            case _:
                return e

    def _comprehension(self, e: Expr) -> Expr:
        """One entry for every index of the result, summed over the others."""
        w, (rows, out) = self.language, e.data
        args = [self.held(arg) if arg.shape else arg for arg in e.args]
        labels = list(dict.fromkeys([*out, *(i for row in rows for i in row)]))
        free = [i for i in LETTERS if i not in w.signature.names.taken]
        letter = dict(zip(labels, free, strict=False))
        sizes = {
            i: size
            for row, arg in zip(rows, args, strict=True)
            for i, size in zip(row, arg.shape, strict=True)
        }
        say = Scalar(brackets="[]")
        texts = [
            entry(arg, [letter[i] for i in row], say).text
            for arg, row in zip(args, rows, strict=True)
        ]

        def ranges(which: Sequence[int]) -> str:
            return ", ".join(f"{letter[i]} in 1:{_tight(w, sizes[i])}" for i in which)

        text = " * ".join(texts)
        bound = [i for i in labels if i not in out]
        if bound:
            text = f"sum({text} for {ranges(bound)})"
        if out:
            text = f"[{text} for {ranges(out)}]"
        return Expr("raw", (), (text,), e.shape)

    def _placed(self, e: Expr) -> Expr:
        """Zeros, then a loop over the labels that agree."""
        w, (labels, axes) = self.language, e.data
        core = self.held(e.args[0]) if e.args[0].shape else e.args[0]
        sizes = dict(zip(axes, e.shape, strict=True))
        kind = "T" if core.number else f"eltype({w.text(core)})"
        target = self.names.numbered_from("out")
        zeros = f"zeros({kind}, {w.lengths(e.shape)})"
        self.lines.append((target, Expr("raw", (), (zeros,))))
        shown = list(dict.fromkeys(axes))
        free = [i for i in LETTERS if i not in w.signature.names.taken]
        letter = dict(zip(shown, free, strict=False))
        read = ", ".join(letter[i] for i in labels)
        value = w.text(core) + (f"[{read}]" if read and core.shape else "")
        head = ", ".join(f"{letter[i]} in 1:{_tight(w, sizes[i])}" for i in shown)
        body = f"{target}[{', '.join(letter[i] for i in axes)}] = {value}"
        self.lines.append(("", Expr("block", (), ((f"for {head}", body),))))
        return name(target, e.shape)


def _tight(w: Writer, size: Size) -> str:
    text = w.size(size)
    return text if text.isalnum() else f"({text})"


# -- spelling --------------------------------------------------------------------------


def _literal(value: Number) -> Code:
    text = literal(value).text.replace("j", "im").replace("e+", "e")
    plain = text.replace(".", "").isalnum() or text.startswith("(")
    minus = text[1:] if text.startswith("-") else ""
    return Code(text, ATOM if plain else PRODUCT, "", minus)


def _size(w: Writer, e: Expr) -> Code:
    text = w.size(e.data[0])
    return Code(text) if text.isalnum() else Code(f"({text})")


def _entries(w: Writer, e: Expr) -> Code:
    array = np.asarray(e.data[0])
    if array.size == 0:
        return Code(f"zeros(T, {w.lengths(e.shape)})")
    flat = ", ".join(_entry(v) for v in array.ravel(order="F"))
    if array.ndim == 1:
        return Code(f"T[{flat}]")
    return Code(f"reshape(T[{flat}], {w.lengths(e.shape)})")


def _entry(value: object) -> str:
    text = _short(np.asarray(value).item()).replace("j", "im")
    return text.replace("inf", "Inf").replace("nan", "NaN")


def _short(value: Any) -> str:
    """A number, a whole one without a decimal point."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value).strip("()")


def _scalar(e: Expr) -> bool:
    return e.shape == ()


def _times(w: Writer, e: Expr) -> Code:
    coefficient = e.data[0]
    if isinstance(coefficient, Fraction) and coefficient.denominator <= 1000:
        return _fraction(w, e, coefficient)
    return product(w.code, e, coefficient, " .* ", " ./ ", scalar=_scalar, say=_literal)


def _fraction(w: Writer, e: Expr, value: Fraction) -> Code:
    """A product with a fraction: whole numbers keep single precision."""
    whole = product(
        w.code, e, value.numerator, " .* ", " ./ ", scalar=_scalar, say=_literal
    )
    negated = f"{whole.negated} / {value.denominator}" if whole.negated else ""
    return Code(f"{whole.at(PRODUCT)} / {value.denominator}", PRODUCT, "", negated)


def _sum(w: Writer, e: Expr) -> Code:
    found = total([w.code(arg) for arg in e.args])
    if all(arg.shape == e.shape and arg.op != "expand" for arg in e.args):
        return found
    codes = [w.code(arg) for arg in e.args]
    lead = next((k for k, code in enumerate(codes) if not code.negated), 0)
    text = codes[lead].at(PRODUCT)
    for code in (*codes[:lead], *codes[lead + 1 :]):
        text += f" .- {code.negated}" if code.negated else f" .+ {code.at(PRODUCT)}"
    return Code(text, found.level)


def _power(w: Writer, e: Expr) -> Code:
    exponent, inner = e.data[0], e.args[0]
    base, dot = w.code(inner), "" if _scalar(inner) else "."
    if exponent == Fraction(1, 2):
        return Code(f"sqrt{dot}({base.text})")
    if not isinstance(exponent, complex) and exponent < 0:
        below = w.code(power(inner, -exponent))
        return Code(f"1 {dot}/ {below.at(POWER)}", PRODUCT)
    text = f"({exponent})" if not isinstance(exponent, int) else str(exponent)
    text = text.replace("/", "//") if isinstance(exponent, Fraction) else text
    return Code(f"{base.at(ATOM)}{dot}^{text}", POWER)


def _call(w: Writer, e: Expr) -> Code:
    function, params, batch = e.data
    texts = [w.text(arg) for arg in e.args]
    dot = "" if _scalar(e) else "."
    if function in USERS or function in ENTRYWISE:
        found = ENTRYWISE.get(function)
        if found is None:
            found = w.signature.functions[unknown_label(*params)]
        return Code(f"{found}{dot}({', '.join(texts)})")
    if is_elementwise(function):
        if function not in FORMULAS:
            raise refused(function, "Julia")
        return Code(FORMULAS[function].format(*texts), _LEVELS.get(function, ATOM))
    if function in ("lse", "softmax"):
        return _exponentials(function, texts[0], len(e.args[0].shape))
    if function == "solve" and not batch:
        a, b = (w.code(arg).at(ATOM) for arg in e.args)
        return Code(f"{a} \\ {b}", MATMUL)
    if function not in WHOLE or batch:
        what = f"{function} of a stack" if function in WHOLE else function
        raise refused(what, "Julia")
    return Code(WHOLE[function].format(*texts))


def _exponentials(function: str, x: str, order: int) -> Code:
    """log Σ exp and exp / Σ exp along the last axis, shifted by the maximum."""
    dims = "" if order == 1 else f"; dims={order}"
    if function == "softmax":
        e = f"exp.({x} .- maximum({x}{dims}))"
        return Code(f"{e} ./ sum({e}{dims})", PRODUCT)
    top = f"maximum({x}{dims})"
    text = f"{top} .+ log.(sum(exp.({x} .- {top}){dims}))"
    if order == 1:
        return Code(f"{top} + log(sum(exp.({x} .- {top})))", 0)
    return Code(f"dropdims({text}{dims})")


def _transpose(w: Writer, e: Expr) -> Code:
    inner, order = w.code(e.args[0]), e.data[0]
    if order == (1, 0):
        return w.turn(inner)
    listed = ", ".join(str(k + 1) for k in order)
    return Code(f"permutedims({inner.text}, ({listed}))")


def _expand(w: Writer, e: Expr) -> Code:
    (carried, whole), inner = e.data, w.code(e.args[0])
    shown, shape = list(carried), list(e.shape)
    while not whole and shown and not shown[-1]:
        shown.pop()
        shape.pop()
    if all(shown):
        return inner
    if shown == [False, True]:
        return w.turn(inner)
    if not any(shown):
        return Code(f"fill({inner.text}, {w.lengths(shape)})")
    return Code(f"reshape({inner.text}, {w.lengths(shape)})")


def _spread(w: Writer, e: Expr) -> Code:
    inner, shape = e.args[0], w.lengths(e.shape)
    if inner.op == "number" and inner.data[0] in (0, 1):
        return Code(f"{('zeros', 'ones')[int(inner.data[0])]}(T, {shape})")
    if inner.number:
        return Code(f"fill(T({w.text(inner)}), {shape})")
    if inner.shape == ():
        return Code(f"fill({w.text(inner)}, {shape})")
    return Code(f"{w.code(inner).at(POWER)} .* ones(T, {shape})", PRODUCT)


def _columns(w: Writer, e: Expr) -> Code:
    inner = w.text(e.args[0])
    if len(e.shape) == 1:
        return Code(f"vec({inner})")
    return Code(f"reshape({inner}, {w.lengths(e.shape)})")


def _reduce(w: Writer, e: Expr) -> Code:
    axes, inner = e.data[0], e.args[0]
    text = w.text(inner)
    if len(axes) == len(inner.shape):
        return Code(f"sum({text})")
    listed = ", ".join(str(k + 1) for k in axes)
    dims = listed if len(axes) == 1 else f"({listed})"
    if len(inner.shape) == 2:
        return Code(f"vec(sum({text}; dims={dims}))")
    return Code(f"dropdims(sum({text}; dims={dims}); dims={dims})")


def _matmul(w: Writer, e: Expr) -> Code:
    a, b = e.args
    left = w.code(a)
    if len(a.shape) == 1:
        left = w.turn(left)
    return Code(f"{left.at(MATMUL)} * {w.code(b).at(ATOM)}", MATMUL)


def _function(function: str) -> Callable[[Writer, Expr], Code]:
    return lambda w, e: Code(f"{function}({w.text(e.args[0])})")


def _eye(w: Writer, e: Expr) -> Code:
    return Code(f"Matrix{{T}}(I, {w.lengths(e.shape)})")


def _filled(w: Writer, e: Expr) -> Code:
    node = e.data[0]
    sizes = [_tight(w, size) for size in node.shape]
    match node.function:
        case "basis":
            return Code(f"T.((1:{sizes[0]}) .== {int(node.params[0]) + 1})")
        case "tril":
            return Code(f"T.((1:{sizes[0]}) .>= (1:{sizes[1]})')")
        case "embed":
            offset = w.size(node.params[0])
            moved = f"(1:{sizes[1]})'" + ("" if offset == "0" else f" .+ ({offset})")
            return Code(f"T.((1:{sizes[0]}) .== {moved})")
        case other:
            raise refused(other, "Julia")


SPELLED: dict[str, Callable[[Writer, Expr], Code]] = {
    "name": lambda w, e: Code(e.data[0]),
    "raw": lambda w, e: Code(e.data[0]),
    "number": lambda w, e: _literal(e.data[0]),
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
    "matmul": _matmul,
    "trace": _function("tr"),
    "diagonal": _function("diag"),
    "diag": _function("diagm"),
    "eye": _eye,
    "filled": _filled,
}


# -- the function ----------------------------------------------------------------------


def source(
    nodes: Sequence[Node],
    *,
    function_name: str = "f",
    names: Sequence[str] = (),
    doc: str = "",
    scope: Iterable[Tensor] = (),
    sizes: Callable[[Size], int] | None = None,
) -> Source:
    """The text of a Julia function of arrays that answers the nodes' values; sizes that
    no array tells are keyword arguments, large constants and the user's functions
    arguments after the arrays.

    Raises `UnsupportedError` for what has no spelling.
    """
    program = paired(nodes, sizes)
    writer = Writer(program, names, scope, [*RESERVED, function_name])
    lowering = JuliaLowering(program, writer, writer.names)
    values = [writer.text(e) for e in lowering.results()]
    lines = [line for n, e in lowering.lines for line in _statement(writer, n, e)]
    lines += broken("return ", ", ".join(values), 4, _STYLE)
    readings, free = writer.signature.reading("\n".join(lines))
    arguments = ", ".join([*writer.signature.arguments, *writer.extra])
    keywords = f"; {', '.join(free.values())}" if free else ""
    body = [f"    {_read(writer, r)}" for r in readings]
    if any(word in line for line in lines for word in ("(T", "T[", "{T}", "T.(", "T)")):
        body.append(f"    {writer.element()}")
    text = "\n".join(lines)
    using = ["using LinearAlgebra", ""] if any(w in text for w in EXPORTED) else []
    head = [f"# {line}".rstrip() for line in told(doc)]
    head.append(f"function {function_name}({arguments}{keywords})")
    return assembled(writer, [*using, *head, *body, *lines, "end"], function_name, free)


def _statement(w: Writer, found: str, e: Expr) -> list[str]:
    if e.op != "block":
        return broken(f"{found} = ", w.text(e), 4, _STYLE)
    head, body = e.data[0]
    return [f"    {head}", f"        {body}", "    end"]


def _read(w: Writer, reading: Reading) -> str:
    names = ", ".join(w.signature.sizes[name] for name in reading.sizes)
    tensor = w.signature.tensors[reading.tensor.name]
    if reading.axis is None:
        return f"{names} = size({tensor})"
    text = f"size({tensor}, {reading.axis + 1})"
    if len(reading.tensor.shape) == 1:
        text = f"length({tensor})"
    if reading.rest != 0:
        text = f"({text} - ({w.size(reading.rest)}))"
    step = f" ÷ ({w.size(reading.step)})" if reading.step != 1 else ""
    return f"{names} = {text}{step}"
