"""How Eigen spells operations on vectors and matrices.

Entrywise operations are on arrays, products on matrices; `Code.kind` says which of the
two a piece of code is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import numpy as np

from ..coefficients import Number
from ..einsum_spelling import real_text
from ..errors import UnsupportedError
from ..functions import USERS, is_elementwise
from ..kernels import unknown_label
from ..nodes import Tensor
from ..plan import Apply, Program
from ..sizes import Shape, Size
from .code import ATOM, MATMUL, POWER, PRODUCT, Code, product, total
from .columns import Writer as ColumnWriter
from .columns import refused
from .entrywise import Scalar
from .words import Expr, power, reciprocal

_RESERVED = (
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char "
    "char8_t char16_t char32_t class co_await co_return co_yield compl concept const "
    "const_cast consteval constexpr constinit continue decltype default delete do "
    "double dynamic_cast else enum explicit export extern false float for friend goto "
    "if inline int long mutable namespace new noexcept not not_eq nullptr operator or "
    "or_eq private protected public register reinterpret_cast requires return short "
    "signed sizeof static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename union unsigned using virtual "
    "void volatile wchar_t while xor xor_eq std Eigen v main"
)
RESERVED = _RESERVED.split()

#: What the headers of compilers define as macros, or may.
MACRO = (
    "[A-Z][A-Z][A-Z0-9_]+|[MLP]_.*|E2BIG|linux|unix|errno|assert|alloca|offsetof|std(?:in|out|err)|htobe.*|"
    "htole.*|[bl]e(?:16|32|64)toh|strdupa|strndupa|issubnormal|math_errhandling|"
    "sched_priority|assert_perror|pthread_.*|far|near|small|interface"
)

#: Functions that arrays have as methods.
_METHODS = "exp log log1p sin cos tan asin acos atan sinh cosh tanh abs sign"
METHODS = frozenset(_METHODS.split())

_STANDARD = (
    "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "cbrt erf"
)

#: Functions of numbers.
SCALARS = {
    **{name: f"std::{name}({{0}})" for name in _STANDARD.split()},
    "abs": "std::abs({0})",
    "conj": "{0}",
    "sign": "double(({0} > 0) - ({0} < 0))",
    "atan2": "std::atan2({0}, {1})",
    "pow": "std::pow({0}, {1})",
    "max": "std::fmax({0}, {1})",
    "min": "std::fmin({0}, {1})",
    "relu": "std::fmax({0}, 0.0)",
    "heaviside": "double({0} > 0)",
    "sigmoid": "1.0 / (1.0 + std::exp(-{0}))",
    "softplus": "std::fmax({0}, 0.0) + std::log1p(std::exp(-std::abs({0})))",
    "where": "({0} != 0 ? {1} : {2})",
}
_LEVELS = {"sigmoid": PRODUCT, "softplus": 0}

#: Functions of a whole matrix or vector, as templates.
WHOLE = {
    "inv": "{0}.inverse()",
    "det": "{0}.determinant()",
    "logofdet": "std::log({0}.determinant())",
    "logdet": "{0}.partialPivLu().matrixLU().diagonal().array().abs().log().sum()",
    "norm2": "{0}.norm()",
    "solve": "{0}.partialPivLu().solve({1})",
    "svdvals": "{0}.jacobiSvd().singularValues()",
    "norm_nuclear": "{0}.jacobiSvd().singularValues().sum()",
    "lse": "std::log(({0}.array() - {0}.maxCoeff()).exp().sum()) + {0}.maxCoeff()",
}


def type_of(shape: Shape) -> str:
    """The type of a value with a shape."""
    named = ("double", "Eigen::VectorXd", "Eigen::MatrixXd")
    order = len(shape)
    return named[order] if order < 3 else f"Eigen::Tensor<double, {order}>"


class Writer(ColumnWriter):
    """One C++ function."""

    def __init__(
        self,
        program: Program,
        order: Sequence[str],
        scope: Iterable[Tensor],
        reserved: Sequence[str],
    ) -> None:
        super().__init__(program, order, scope, reserved, MACRO)
        self.letters: list[str] = []
        self.scalar = Scalar(
            number=lambda e: self.code(e),
            size=self.size,
            power=_scalar_power,
            call=self._scalar_call,
        )

    def present(self, carried: Sequence[bool]) -> set[int]:
        """Every axis is spread in full."""
        return {k for k, here in enumerate(carried) if here}

    def text(self, e: Expr) -> str:
        """The code of an expression, as a matrix."""
        return matrix(self.code(e)).text

    def code(self, e: Expr) -> Code:
        """The code of an expression, and how tightly it binds."""
        return SPELLED[e.op](self, e)

    def size(self, size: Size) -> str:
        """A size as code."""
        return super().size(size).replace("//", "/")

    def declared(self, target: str, shape: Shape, cleared: bool) -> str:
        """The declaration of a new array."""
        kind, sizes = type_of(shape), ", ".join(self.size(s) for s in shape)
        if not shape:
            return f"double {target} = 0.0;"
        if not cleared:
            return f"{kind} {target}({sizes});"
        if len(shape) > 2:
            return f"{kind} {target}({sizes}); {target}.setZero();"
        return f"{kind} {target} = {kind}::Zero({sizes});"

    def _scalar_call(self, e: Expr, args: Sequence[Code]) -> Code:
        function, params, _ = e.data
        if function in USERS:
            found = self.signature.functions[unknown_label(*params)]
            return Code(f"{found}({', '.join(a.text for a in args)})")
        if function not in SCALARS:
            raise refused(function, "C++")
        texts = [a.at(ATOM) for a in args]
        return Code(SCALARS[function].format(*texts), _LEVELS.get(function, ATOM))


def function_arguments(w: Writer, program: Program) -> list[str]:
    """The user's functions as arguments."""
    counts = {
        unknown_label(*step.node.params): len(step.args)
        for step in program.steps
        if isinstance(step, Apply) and step.node.function in USERS
    }
    return [
        f"const std::function<double({', '.join(['double'] * counts[label])})>& {name}"
        for label, name in w.signature.functions.items()
    ]


def speaks(e: Expr) -> bool:
    """Whether an operation on vectors and matrices has a spelling of its own."""
    match e.op:
        case "call":
            return _speaks_call(e)
        case "expand":
            return len(e.args[0].shape) == 1 and e.data[0] in (
                (True, False),
                (False, True),
            )
        case "spread":
            return e.args[0].shape == () or e.args[0].op == "expand"
        case "diagonal":
            return len(e.shape) == 1
        case "times" | "sum":
            return all(_fits(arg, e) for arg in e.args)
        case other:
            return other in SPELLED


def _fits(arg: Expr, e: Expr) -> bool:
    spread = arg.op == "expand" and speaks(arg)
    return (
        arg.shape in ((), e.shape)
        or (spread and len(e.shape) == 2)
        or (len(arg.shape) == len(e.shape) < 2)
    )


def _speaks_call(e: Expr) -> bool:
    function, _, batch = e.data
    if is_elementwise(function):
        return len(e.args) == 1
    return batch == 0 and (function in WHOLE or function in ("softmax", "rnorm"))


# -- arrays and matrices ---------------------------------------------------------------


def matrix(code: Code) -> Code:
    """Code as a matrix, a vector or a number."""
    return Code(f"{code.at(ATOM)}.matrix()") if code.kind == "array" else code


def array(code: Code) -> Code:
    """Code as an array."""
    if code.kind == "array":
        return code
    return Code(f"{code.at(ATOM)}.array()", ATOM, "array")


def _full(w: Writer, e: Expr, shape: Shape) -> Code:
    """A factor or a term, repeated along the axes that it lacks."""
    if e.op != "expand":
        return w.code(e)
    vector = matrix(w.code(e.args[0])).at(ATOM)
    if e.data[0] == (True, False):
        return Code(f"{vector}.replicate(1, {w.size(shape[1])})")
    return Code(f"{vector}.transpose().replicate({w.size(shape[0])}, 1)")


def number_code(value: Number) -> Code:
    """A number, never an integer, so that quotients are not cut."""
    if isinstance(value, complex):
        raise UnsupportedError(
            "C++ is printed for real numbers", hint="print it for numpy"
        )
    text = real_text(value)
    if isinstance(value, int):
        text = text if "e" in text or "." in text else f"{text}.0"
    elif "/" in text:
        text = text.replace(" / ", ".0 / ")
    minus = text.startswith("-")
    level = PRODUCT if "/" in text or minus else ATOM
    return Code(text, level, "", text[1:] if minus else "")


# -- spelling --------------------------------------------------------------------------


def _times(w: Writer, e: Expr) -> Code:
    wide = [arg for arg in e.args if arg.shape]
    single = _diagonal_product(w, e, wide) if len(wide) == 2 else None
    if single is not None:
        rest = [arg for arg in e.args if not arg.shape]
        named = Expr("code", (), (single,), e.shape)
        whole = Expr("times", (*rest, named), e.data, e.shape)
        return (
            product(w.code, whole, e.data[0], " * ", " / ", say=number_code)
            if (rest or e.data[0] != 1)
            else single
        )
    kind = "array" if len(wide) > 1 or any(map(_below, wide)) else ""

    def factor(arg: Expr) -> Code:
        code = _full(w, arg, e.shape)
        return array(code) if kind and arg.shape else code

    found = product(factor, e, e.data[0], " * ", " / ", say=number_code)
    if not kind and wide:
        kind = w.code(wide[0]).kind
    return Code(found.text, found.level, kind, found.negated)


def _below(e: Expr) -> bool:
    return reciprocal(e) is not None


def _diagonal_product(w: Writer, e: Expr, wide: Sequence[Expr]) -> Code | None:
    """Diag(x) A, A Diag(x) or x yᵀ."""
    if any(map(_below, wide)):
        return None
    carried = [arg.data[0] if arg.op == "expand" else None for arg in wide]
    inner = [matrix(w.code(arg.args[0] if arg.op == "expand" else arg)) for arg in wide]
    if None not in carried:
        if carried[0] == carried[1]:
            return None
        left, right = inner if carried[0] == (True, False) else inner[::-1]
        return Code(f"{left.at(MATMUL)} * {right.at(ATOM)}.transpose()", MATMUL)
    if carried == [None, None] or len(e.shape) != 2:
        return None
    vector, other = inner if carried[0] is not None else inner[::-1]
    rows = (carried[0] or carried[1]) == (True, False)
    if rows:
        return Code(f"{vector.at(ATOM)}.asDiagonal() * {other.at(ATOM)}", MATMUL)
    return Code(f"{other.at(MATMUL)} * {vector.at(ATOM)}.asDiagonal()", MATMUL)


def _sum(w: Writer, e: Expr) -> Code:
    codes = [_full(w, arg, e.shape) for arg in e.args]
    scalar = [not arg.shape for arg in e.args]
    mixed = bool(e.shape) and (any(scalar) or any(c.kind for c in codes))
    if not mixed:
        return total(codes)
    arrays = [
        code if plain else _negatable(code)
        for code, plain in zip(codes, scalar, strict=True)
    ]
    found = total(arrays)
    return Code(found.text, found.level, "array", found.negated)


def _negatable(code: Code) -> Code:
    """A term as an array, its minus sign still to be taken into the operator."""
    if code.kind == "array":
        return code
    if code.negated:
        below = array(Code(code.negated, PRODUCT))
        return Code(f"-{below.text}", PRODUCT, "array", below.text)
    return array(code)


def _power(w: Writer, e: Expr) -> Code:
    if not e.shape:
        return _scalar_power(e, w.code(e.args[0]))
    base, exponent = array(w.code(e.args[0])).at(ATOM), e.data[0]
    found = {2: "square()", 3: "cube()", -1: "inverse()", Fraction(1, 2): "sqrt()"}
    if exponent in found:
        return Code(f"{base}.{found[exponent]}", ATOM, "array")
    if isinstance(exponent, int) and exponent < 0:
        below = _power(w, power(e.args[0], -exponent))
        return Code(f"{below.at(ATOM)}.inverse()", ATOM, "array")
    return Code(f"{base}.pow({number_code(exponent).text})", ATOM, "array")


def _scalar_power(e: Expr, base: Code) -> Code:
    exponent = e.data[0]
    match exponent:
        case -1:
            return Code(f"1.0 / {base.at(POWER)}", PRODUCT)
        case Fraction(numerator=1, denominator=2):
            return Code(f"std::sqrt({base.text})")
        case 2 if len(base.text) < 12:
            return Code(f"{base.at(ATOM)} * {base.at(ATOM)}", PRODUCT)
        case int():
            return Code(f"std::pow({base.text}, {exponent})")
        case _:
            return Code(f"std::pow({base.text}, {number_code(exponent).text})")


def _call(w: Writer, e: Expr) -> Code:
    function, params, _ = e.data
    args = [w.code(arg) for arg in e.args]
    if not is_elementwise(function):
        return _whole(function, args)
    if not e.shape:
        return w.scalar.call(e, args)
    if function in METHODS:
        return Code(f"{array(args[0]).at(ATOM)}.{function}()", ATOM, "array")
    if function in USERS:
        found = w.signature.functions[unknown_label(*params)]
        return Code(f"{args[0].at(ATOM)}.unaryExpr({found})", ATOM, args[0].kind)
    value = w.scalar.call(e, [Code("v")]).text
    lambda_ = f"[](double v) {{ return {value}; }}"
    return Code(f"{args[0].at(ATOM)}.unaryExpr({lambda_})", ATOM, args[0].kind)


def _whole(function: str, args: Sequence[Code]) -> Code:
    texts = [matrix(code).at(ATOM) for code in args]
    x = texts[0]
    if function == "softmax":
        e = f"({x}.array() - {x}.maxCoeff()).exp()"
        return Code(f"{e} / {e}.sum()", PRODUCT, "array")
    if function == "rnorm":
        return Code(f"({x}.norm() > 0 ? 1.0 / {x}.norm() : 0.0)")
    return Code(WHOLE[function].format(*texts), 0 if function == "lse" else ATOM)


def _method(text: str) -> Callable[[Writer, Expr], Code]:
    return lambda w, e: Code(f"{matrix(w.code(e.args[0])).at(ATOM)}.{text}")


def _expand(w: Writer, e: Expr) -> Code:
    inner = matrix(w.code(e.args[0]))
    turned = ".transpose()" if e.data[0] == (False, True) else ""
    return Code(f"{inner.at(ATOM)}{turned}") if turned else inner


def _spread(w: Writer, e: Expr) -> Code:
    inner = e.args[0]
    if inner.op == "expand":
        return _full(w, inner, e.shape)
    sizes = ", ".join(w.size(s) for s in e.shape)
    kind = type_of(e.shape)
    if inner.op == "number" and inner.data[0] in (0, 1):
        return Code(f"{kind}::{('Zero', 'Ones')[int(inner.data[0])]}({sizes})")
    return Code(f"{kind}::Constant({sizes}, {w.text(inner)})")


def _reduce(w: Writer, e: Expr) -> Code:
    axes, code = e.data[0], w.code(e.args[0])
    if len(axes) == len(e.args[0].shape):
        return Code(f"{code.at(ATOM)}.sum()")
    rows = matrix(code).at(ATOM)
    if axes == (1,):
        return Code(f"{rows}.rowwise().sum()")
    return Code(f"{rows}.colwise().sum().transpose()")


def _matmul(w: Writer, e: Expr) -> Code:
    a, b = (matrix(w.code(arg)) for arg in e.args)
    if not e.shape:
        return Code(f"{a.at(ATOM)}.dot({b.text})")
    return Code(f"{a.at(MATMUL)} * {b.at(ATOM)}", MATMUL)


def _entries(w: Writer, e: Expr) -> Code:
    values = np.asarray(e.data[0])
    if np.iscomplexobj(values) or values.ndim > 2 or values.size == 0:
        raise refused("this constant", "C++")
    listed = ", ".join(
        repr(float(v)) if np.isfinite(v) else _special(float(v)) for v in values.ravel()
    )
    sizes = ", ".join(map(str, values.shape))
    return Code(f"({type_of(e.shape)}({sizes}) << {listed}).finished()")


def _special(value: float) -> str:
    if np.isnan(value):
        return 'std::nan("")'
    return "INFINITY" if value > 0 else "-INFINITY"


def _filled(w: Writer, e: Expr) -> Code:
    node = e.data[0]
    if node.function != "basis":
        raise refused(node.function, "C++")
    return Code(f"Eigen::VectorXd::Unit({w.size(node.shape[0])}, {node.params[0]})")


SPELLED: dict[str, Callable[[Writer, Expr], Code]] = {
    "name": lambda w, e: Code(e.data[0]),
    "code": lambda w, e: e.data[0],
    "number": lambda w, e: number_code(e.data[0]),
    "size": lambda w, e: Code(f"double({w.size(e.data[0])})"),
    "entries": _entries,
    "times": _times,
    "sum": _sum,
    "power": _power,
    "call": _call,
    "transpose": _method("transpose()"),
    "expand": _expand,
    "spread": _spread,
    "reduce": _reduce,
    "matmul": _matmul,
    "trace": _method("trace()"),
    "diagonal": _method("diagonal()"),
    "diag": lambda w, e: Code(
        f"Eigen::MatrixXd({matrix(w.code(e.args[0])).at(ATOM)}.asDiagonal())"
    ),
    "eye": lambda w, e: Code(
        f"Eigen::MatrixXd::Identity({w.size(e.shape[0])}, {w.size(e.shape[0])})"
    ),
    "filled": _filled,
}
