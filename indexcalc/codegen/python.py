"""Python text for lines of array code, in NumPy, JAX, PyTorch and the array API.

`SPELLED` says every operation; a `Writer` holds the names, and collects imports and
helpers as they come to be needed.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..coefficients import Number, as_number
from ..einsum_names import LETTERS
from ..einsum_spectral import frechet_arguments
from ..einsum_spelling import (
    TAKES_ORDER,
    axes_text,
    literal,
    real_text,
    tuple_text,
)
from ..errors import UnsupportedError
from ..functions import USERS, domain_of_power
from ..kernels import unknown_label
from ..nodes import Tensor
from ..plan import Program
from ..sizes import Shape, Size
from .code import ATOM, MATMUL, POWER, PRODUCT, SUM, Code, product, total
from .kernel_text import is_sparse
from .libraries import Library, Spelling
from .numpy_fast_views import Operand
from .numpy_fast_views import product as matrix_product
from .signature import Signature
from .words import Expr, entries, name, number

#: The longest code that stays inside another line.
INLINE = 44

#: Names that a program may need for itself.
BUILTINS = ("range", "jax", "jsp", "np", "jnp", "torch", "xp", "scipy", "itertools")


class Writer:
    """One function in one library."""

    inline = INLINE

    def __init__(
        self,
        program: Program,
        library: Library,
        order: Sequence[str],
        scope: Iterable[Tensor],
        blas: bool = False,
        function: str = "",
    ) -> None:
        self.library = library
        self.stacks = True
        self.factors = library.name == "numpy"
        self.blas = blas
        imported = [s.template.partition("(")[0] for s in library.functions.values()]
        self.signature = Signature(
            program,
            order,
            scope,
            [*BUILTINS, *imported, *keyword.softkwlist],
            function=function,
        )
        self.names = self.signature.names
        self.imports: dict[str, None] = {}
        self.helpers: dict[str, str] = {}
        self.checks: dict[str, None] = {}
        self._dtype = ""

    # -- what lowering asks ------------------------------------------------------------

    def text(self, e: Expr) -> str:
        """The code of an expression."""
        return self.code(e).text

    def code(self, e: Expr) -> Code:
        """The code of an expression, and how tightly it binds."""
        return SPELLED[e.op](self, e)

    def load(self, node: Tensor) -> Expr:
        """A variable, or a constant: a number, its entries, or its name."""
        if node.array is None:
            return name(self.signature.tensors[node.name], node.shape)
        if node in self.signature.large:
            return Expr("supplied", (), (node,), node.shape)
        if not node.shape and np.isfinite(node.array):
            return number(as_number(node.array.item()))
        return entries(node.array)

    def present(self, carried: Sequence[bool]) -> set[int]:
        """Leading axes that nothing carries are left to broadcasting."""
        return set(range(list(carried).index(True), len(carried)))

    # -- names and dtypes --------------------------------------------------------------

    def size(self, size: Size) -> str:
        """A size as code."""
        return self.signature.size(size)

    def shape(self, sizes: Sequence[Size]) -> str:
        """A shape as a tuple."""
        return tuple_text([self.size(size) for size in sizes])

    def spelled(self, spelling: Spelling, *args: Code) -> str:
        """A template filled in, its import remembered."""
        if spelling.imports:
            self.imports[spelling.imports] = None
        tight = "{0}." in spelling.template
        return spelling.template.format(
            *(a.at(ATOM) if tight else a.text for a in args)
        )

    def helper(self, function: str) -> str:
        """The name of a function that is printed above the program."""
        if function not in self.helpers:
            found = self.library.helpers[function]
            if found.imports:
                self.imports[found.imports] = None
            self.helpers[function] = self.names.claim(function)
        return self.helpers[function]

    def dtype(self, like: str = "") -> str:
        """The dtype of the tensors, or of the tensors with a number `like`."""
        module = self.library.module
        variables = self.signature.variables
        names = [self.signature.tensors[t.name] for t in variables]
        if not names and module == "jnp":
            return "complex" if like else "float"
        if not names:
            return f"{module}.{'complex128' if like else 'float64'}"
        if like:
            first = names[:1] if module == "torch" else names
            return f"{module}.result_type({', '.join([*first, like])})"
        if module == "torch" or (len(names) == 1 and variables[0].shape):
            return f"{names[0]}.dtype"
        if not self._dtype:
            self._dtype = self.names.claim("dtype")
        return self._dtype

    def options(self, like: str = "") -> str:
        """The dtype and the device of a new array, as arguments."""
        return f", dtype={self.dtype(like)}{self.device()}"

    def device(self) -> str:
        """The device of the tensors as an argument, where the library has devices."""
        variables = self.signature.variables
        if self.library.module not in ("torch", "xp") or not variables:
            return ""
        return f", device={self.signature.tensors[variables[0].name]}.device"

    def dtype_lines(self, body: str) -> list[str]:
        """The line that finds the common dtype, where it is used."""
        if not self._dtype or self._dtype not in body:
            return []
        names = ", ".join(self.signature.arguments)
        return [f"{self._dtype} = {self.library.module}.result_type({names})"]

    def make(self, kind: str, shape: Shape, value: str = "", like: str = "") -> Code:
        """A new array: zeros, ones, or full of a value."""
        size = self.shape(shape) if len(shape) != 1 else self.size(shape[0])
        if self.library.module == "torch" and len(shape) == 1:
            size = f"({size},)"
        value = f", {value}" if value else ""
        return Code(f"{self.library.module}.{kind}({size}{value}{self.options(like)})")


# -- leaves ----------------------------------------------------------------------------


def _name(w: Writer, e: Expr) -> Code:
    return Code(e.data[0])


def _number(w: Writer, e: Expr) -> Code:
    return number_code(e.data[0])


def number_code(value: Number) -> Code:
    """A number written out."""
    found = literal(value)
    minus = found.text.startswith("-")
    level = (SUM, PRODUCT, ATOM)[found.level]
    return Code(found.text, level, "", found.text[1:] if minus else "")


def _size(w: Writer, e: Expr) -> Code:
    text = w.size(e.data[0])
    if text.isidentifier():
        return Code(text)
    return Code(text, SUM if "+" in text or "-" in text else PRODUCT)


def _supplied(w: Writer, e: Expr) -> Code:
    node = e.data[0]
    text, like = w.signature.large[node], _like(node.array)
    if not w.signature.variables:
        return Code(text)
    verb = "as_tensor" if w.library.module == "torch" else "asarray"
    return Code(f"{w.library.module}.{verb}({text}{w.options(like)})")


def _like(array: np.ndarray[Any, Any]) -> str:
    return "1j" if np.iscomplexobj(array) else ""


def _entries(w: Writer, e: Expr) -> Code:
    array, module = e.data[0], w.library.module
    if array.size == 0:
        return w.make("zeros", array.shape)
    kept = array if array.dtype.kind in "fc" else array.astype(np.float64)
    text = _listed(kept.tolist(), module, bool(w.signature.variables))
    verb = {"torch": "tensor", "xp": "asarray"}.get(module, "array")
    return Code(f"{module}.{verb}({text}{w.options(_like(array))})")


def _listed(value: Any, module: str, exact: bool) -> str:
    """Entries as nested lists; with a dtype given, whole numbers as integers."""
    if isinstance(value, list):
        return f"[{', '.join(_listed(v, module, exact) for v in value)}]"
    if not np.isfinite(value):
        return f"{'-' if value < 0 else ''}{module}.{abs(value)}"
    if exact and isinstance(value, float) and value == int(value) < 2**53:
        return str(int(value))
    return repr(value)


def as_array(w: Writer, e: Expr) -> Code:
    """A number as an array without axes."""
    text = w.text(e)
    verb = "tensor" if w.library.module == "torch" else "asarray"
    like = "1j" if "j" in real_imaginary(e) else ""
    return Code(f"{w.library.module}.{verb}({text}{w.options(like)})")


def real_imaginary(e: Expr) -> str:
    """ "j" where a complex number is in a number."""
    if any(isinstance(x, complex) for x in e.data) and e.op != "size":
        return "j"
    return "j" if any(real_imaginary(arg) for arg in e.args) else ""


# -- arithmetic ------------------------------------------------------------------------


def _times(w: Writer, e: Expr) -> Code:
    return product(w.code, e, e.data[0], " * ", " / ")


def _sum(w: Writer, e: Expr) -> Code:
    return total([w.code(arg) for arg in e.args])


def _power(w: Writer, e: Expr) -> Code:
    exponent, inner = e.data[0], e.args[0]
    if inner.number and not _has_value(inner, exponent):
        base = as_array(w, inner)
        text = real_text(exponent)
        return Code(f"{base.at(ATOM)} ** {f'({text})' if '/' in text else text}", POWER)
    base = w.code(inner)
    match exponent:
        case Fraction(numerator=1, denominator=2):
            if inner.number:
                return Code(f"{base.at(ATOM)}**0.5", POWER)
            return Code(f"{w.library.module}.sqrt({base.text})")
        case int() | float() | Fraction() if exponent < 0:
            below = w.code(_inverse(e))
            return Code(f"1 / {below.at(POWER)}", PRODUCT)
        case int():
            return Code(f"{base.at(ATOM)}**{exponent}", POWER)
        case Fraction() if "/" in real_text(exponent):
            return Code(f"{base.at(ATOM)} ** ({real_text(exponent)})", POWER)
        case _:
            return Code(f"{base.at(ATOM)}**{literal(exponent).text}", POWER)


def _has_value(e: Expr, exponent: Number) -> bool:
    """Whether Python's number has the power that an array of it would have."""
    if domain_of_power(exponent) == "":
        return True
    (value,) = e.data if e.op == "number" else (0,)
    return not isinstance(value, complex) and value > 0


def _inverse(e: Expr) -> Expr:
    from .words import power

    return power(e.args[0], -e.data[0])


def _call(w: Writer, e: Expr) -> Code:
    function, params, batch = e.data
    weak = w.library.module in ("np", "jnp") and function not in USERS
    weak = weak and not all(a.number for a in e.args)
    args = [as_array(w, a) if a.number and not weak else w.code(a) for a in e.args]
    table, helpers = w.library.functions, w.library.helpers
    if function in USERS:
        found = w.signature.functions[unknown_label(*params)]
        return Code(f"{found}({', '.join(a.text for a in args)})")
    if is_sparse(function) and w.library.name == "numpy":
        lengths = [w.size(p) for p in params]
        listed = ", ".join([*(a.text for a in args), *lengths])
        return Code(f"{w.helper(function)}({listed})")
    if function == "norm2":
        return _norm(w, e.args[0], params[0], batch, args[0])
    if function in table:
        text = w.spelled(table[function], *args)
        return Code(text, ATOM if " * " not in text.partition("(")[0] else PRODUCT)
    if function not in helpers:
        raise UnsupportedError(
            f"{function} has no spelling in {w.library.name}",
            hint="evaluate(…) computes it",
        )
    texts = [a.text for a in args]
    if function == "frechet":
        module = "torch" if w.library.module == "torch" else "np"
        texts = frechet_arguments(module, params, texts, batch)
        texts[0] = _frechet(w, texts[0])
    if function in TAKES_ORDER:
        texts.append(TAKES_ORDER[function](params[0]))
    lead = ["xp"] if w.library.module == "xp" else []
    return Code(f"{w.helper(function)}({', '.join([*lead, *texts])})")


def _frechet(w: Writer, function: str) -> str:
    if w.library.module != "jnp":
        return function
    stem = function.rpartition(".")[2]
    spelling = w.library.functions.get(stem)
    if spelling is None:
        raise UnsupportedError(f"{stem} has no spelling in jax")
    w.imports[spelling.imports] = None
    return spelling.template.partition("(")[0]


def _norm(w: Writer, x: Expr, order: int, batch: int, code: Code) -> Code:
    axes = axes_text(order) if batch else ""
    inner = _reduced(w, Code(f"{code.at(ATOM)}**2", POWER), axes)
    return Code(f"{w.library.module}.sqrt({inner.text})")


# -- axes ------------------------------------------------------------------------------


def _transpose(w: Writer, e: Expr) -> Code:
    inner, order = w.code(e.args[0]), e.data[0]
    if order == (1, 0):
        return Code(f"{inner.at(ATOM)}.T")
    listed = ", ".join(map(str, order))
    if w.library.methods:
        return Code(f"{inner.at(ATOM)}.{w.library.order}({listed})")
    return Code(f"xp.permute_dims({inner.text}, ({listed}))")


def _expand(w: Writer, e: Expr) -> Code:
    carried, whole = e.data
    start = 0 if whole or True not in carried else carried.index(True)
    places = [":" if here else "None" for here in carried[start:]]
    inner = w.code(e.args[0])
    if "None" not in places:
        return inner
    return Code(f"{inner.at(ATOM)}[{', '.join(places)}]")


def _spread(w: Writer, e: Expr) -> Code:
    inner = e.args[0]
    if inner.number:
        if inner.op == "number" and inner.data[0] in (0, 1):
            return w.make(("zeros", "ones")[int(inner.data[0])], e.shape)
        return w.make("full", e.shape, w.text(inner), real_imaginary(inner))
    return Code(f"{w.library.module}.broadcast_to({w.text(inner)}, {w.shape(e.shape)})")


def _reshaped(w: Writer, e: Expr) -> Code:
    inner, shape = w.code(e.args[0]), [w.size(size) for size in e.shape]
    if e.op == "group" and len(shape) == 1:
        shape = ["-1"]
    if not w.library.methods:
        return Code(f"xp.reshape({inner.text}, {tuple_text(shape) if shape else '()'})")
    return Code(f"{inner.at(ATOM)}.reshape({', '.join(shape) or '()'})")


def _reduce(w: Writer, e: Expr) -> Code:
    axes = e.data[0]
    listed = str(axes[0]) if len(axes) == 1 else tuple_text([str(k) for k in axes])
    whole = len(axes) == len(e.args[0].shape)
    return _reduced(w, w.code(e.args[0]), "" if whole else listed)


def _reduced(w: Writer, code: Code, axes: str) -> Code:
    axis = f"{w.library.axis}={axes}" if axes else ""
    if w.library.methods:
        return Code(f"{code.at(ATOM)}.sum({axis})")
    return Code(f"xp.sum({code.text}{', ' if axis else ''}{axis})")


# -- products --------------------------------------------------------------------------


def _matmul(w: Writer, e: Expr) -> Code:
    a, b = (w.code(arg) for arg in e.args)
    return Code(f"{a.at(MATMUL)} @ {b.at(ATOM)}", MATMUL)


def _trace(w: Writer, e: Expr) -> Code:
    linalg = "linalg." if w.library.module == "xp" else ""
    return Code(f"{w.library.module}.{linalg}trace({w.text(e.args[0])})")


def _diagonal(w: Writer, e: Expr) -> Code:
    inner = w.code(e.args[0])
    if not w.library.methods:
        return Code(f"xp.linalg.diagonal({inner.text})")
    return Code(f"{inner.at(ATOM)}.diagonal()")


def _contraction(w: Writer, e: Expr) -> Code:
    rows, out = e.data
    if w.blas and len(rows) == 2 and {*rows[0], *rows[1]} - {*out}:
        return _by_blas(w, e)
    shown = dict.fromkeys([*out, *(i for labels in rows for i in labels)])
    if len(shown) > len(LETTERS):
        raise UnsupportedError(
            f"{len(shown)} indices meet in one step, and an einsum string has "
            f"{len(LETTERS)} letters"
        )
    letters = dict(zip(shown, LETTERS, strict=False))
    left = ",".join("".join(letters[i] for i in labels) for labels in rows)
    spec = f'"{left}->{"".join(letters[i] for i in out)}"'
    args = ", ".join([spec, *(w.text(arg) for arg in e.args)])
    return Code(f"{w.library.module}.einsum({args})")


def _by_blas(w: Writer, e: Expr) -> Code:
    """A contraction of two as a product of matrices, its axes merged and moved."""
    rows, out = e.data
    lengths = {
        i: w.size(length)
        for arg, labels in zip(e.args, rows, strict=True)
        for i, length in zip(labels, arg.shape, strict=True)
    }
    operands = [
        Operand(w.code(arg).at(ATOM), tuple((i,) for i in labels))
        for arg, labels in zip(e.args, rows, strict=True)
    ]
    left, right = operands
    piece = matrix_product(left, right, out, lengths.__getitem__)
    bare = piece.view == "{}" and " @ " in piece.text
    return Code(piece.shown(), MATMUL if bare else ATOM)


def _tensordot(w: Writer, e: Expr) -> Code:
    a, b = (w.text(arg) for arg in e.args)
    left, right = (tuple_text([str(k) for k in axes]) for axes in e.data)
    return Code(f"{w.library.module}.tensordot({a}, {b}, axes=({left}, {right}))")


def _eye(w: Writer, e: Expr) -> Code:
    return Code(f"{w.library.module}.eye({w.size(e.shape[0])}{w.options()})")


def _diag(w: Writer, e: Expr) -> Code:
    return Code(f"{w.library.module}.diag({w.text(e.args[0])})")


Spell = Callable[[Writer, Expr], Code]

SPELLED: dict[str, Spell] = {
    "name": _name,
    "number": _number,
    "size": _size,
    "supplied": _supplied,
    "entries": _entries,
    "times": _times,
    "sum": _sum,
    "power": _power,
    "call": _call,
    "transpose": _transpose,
    "expand": _expand,
    "spread": _spread,
    "split": _reshaped,
    "group": _reshaped,
    "reduce": _reduce,
    "matmul": _matmul,
    "trace": _trace,
    "diagonal": _diagonal,
    "contraction": _contraction,
    "tensordot": _tensordot,
    "eye": _eye,
    "diag": _diag,
}
