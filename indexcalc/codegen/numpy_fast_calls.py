"""Functions of arrays in fast NumPy: what is spelled otherwise than in readable code.

>>> applied("exp", (), [Code("x")], str).into
'np.exp(x, out={})'
>>> applied("power", (2,), [Code("x")], str).text
'np.square(x)'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

from ..einsum_spelling import ATOM, PRODUCT, Code, Library, call_code, library_named
from ..kernels_sparse import KERNELS as SPARSE
from .kernel_text import kernel_text
from .numpy_fast_views import Piece

_SIGMOID = """\
def {name}(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))
"""

SOFTPLUS = """\
def {name}(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
"""

_INVERSE = """\
def {name}(x):
    from scipy.linalg import get_lapack_funcs

    routines = ("getrf", "getri", "getri_lwork")
    getrf, getri, size = get_lapack_funcs(routines, (x,))
    lu, pivots, info = getrf(x.T)
    if info > 0:
        raise np.linalg.LinAlgError("Singular matrix")
    work, _ = size(len(x))
    return getri(lu, pivots, lwork=int(work.real), overwrite_lu=True)[0].T
"""


def _fast_library() -> Library:
    """NumPy, with helpers instead of the functions that NumPy runs slowly."""
    numpy = library_named("numpy")
    slow = ("softplus", "sigmoid", "heaviside")
    spelled = {f: text for f, text in numpy.functions.items() if f not in slow}
    helpers = {**numpy.helpers, "sigmoid": _SIGMOID, "softplus": SOFTPLUS}
    helpers |= {name: kernel_text(name) for name in SPARSE}
    if find_spec("scipy") is not None:
        helpers["inverse"] = _INVERSE
    return replace(numpy, functions=spelled, helpers=helpers)


FAST = _fast_library()

#: Powers that have a ufunc of their own.
POWERS: dict[object, str] = {
    2: "np.square({0}{out})",
    -1: "np.divide(1, {0}{out})",
    Fraction(1, 2): "np.sqrt({0}{out})",
}


def applied(
    function: str,
    params: tuple[Any, ...],
    args: Sequence[Code],
    helper: Callable[[str], str],
    batch: int = 0,
) -> Piece:
    """A function on texts; ufuncs can write into a given array."""
    texts = [arg.text for arg in args]
    if function == "inv" and not batch and "inverse" in FAST.helpers:
        return Piece(f"{helper('inverse')}({texts[0]})", (), ())
    if function == "heaviside":
        return _step(texts[0])
    if function == "power" and params[0] in POWERS and not args[0].number:
        template = POWERS[params[0]]
        text = template.format(texts[0], out="")
        return _piece(text, template.format(texts[0], out=", out={}"))
    code = call_code(FAST, function, params, args, helper, batch)
    into = None
    if re.fullmatch(r"np\.\w+\(.*\)", code.text) and function in _UFUNCS:
        into = f"{code.text[:-1]}, out={{}})"
    return Piece(code.text, (), (), into, code.level)


def _step(x: str) -> Piece:
    """1 where x > 0, else 0, and NaN where x is: np.heaviside is five times slower."""
    into = f"np.sign(np.maximum({x}, 0, out={{0}}), out={{0}})"
    return Piece(f"np.sign(np.maximum({x}, 0))", (), (), into)


def _piece(text: str, into: str) -> Piece:
    return Piece(text, (), (), into, ATOM)


_UFUNCS = frozenset(
    name
    for name, text in FAST.functions.items()
    if re.fullmatch(r"np\.\w+\(\{0\}(, (\{1\}|0))?\)", text)
)


def combined(codes: Sequence[tuple[Code, Any]]) -> tuple[str | None, list[str]]:
    """How a linear combination is written into an array: a first call, and updates of
    what it left there; (None, []) where it has no such form."""
    (first, c), *rest = codes
    if c != 1 and c != -1:
        start = f"np.multiply({first.text}, {_number(c)}, out={{}})"
    elif not rest:
        verb = "positive" if c == 1 else "negative"
        return f"np.{verb}({first.text}, out={{}})", []
    elif rest[0][1] in (1, -1) and c == 1:
        verb = "add" if rest[0][1] == 1 else "subtract"
        start = f"np.{verb}({first.text}, {rest[0][0].text}, out={{}})"
        rest = rest[1:]
    elif c == 1:
        start = f"np.positive({first.text}, out={{}})"
    else:
        start = f"np.negative({first.text}, out={{}})"
    return start, [_update(code, c) for code, c in rest]


def _update(code: Code, c: Any) -> str:
    if c in (1, -1):
        return f"{{}} {'+' if c == 1 else '-'}= {code.text}"
    sign, size = ("-", -c) if c < 0 else ("+", c)
    return f"{{}} {sign}= {_number(size)} * {code.at(PRODUCT)}"


def _number(c: Any) -> str:
    if isinstance(c, int):
        return str(c)
    return repr(float(c))
