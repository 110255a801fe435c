"""How printed programs spell numbers, sizes and functions in NumPy and in PyTorch.

`Code` is a piece of Python that knows how tightly it binds, and whether it is a plain
number, which never widens float32. Functions that a library lacks are spelled as a
small helper, printed above the program; it is stable where the naive formula is not.

>>> scaled(Fraction(2, 3), Code("a + b", SUM)).text
'2 * (a + b) / 3'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

from . import einsum_spectral as spectral
from .coefficients import Number, multiply
from .errors import UnsupportedError
from .kernels_symmetric import HELPERS as SYMMETRIC
from .legible import quoted
from .sizes import Dim, Size

# -- pieces of code --------------------------------------------------------------------

SUM, PRODUCT, ATOM = range(3)


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression. `level` is how tightly it binds; `number` marks a Python
    number, `value` its value where that is known, `below` the d of 1/d, `imaginary` a
    complex coefficient."""

    text: str
    level: int = ATOM
    number: bool = False
    value: Number | None = None
    below: str = ""
    imaginary: bool = False

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds less tightly than `level`."""
        return self.text if self.level >= level else f"({self.text})"


def literal(value: Number) -> Code:
    """A number written out; a fraction without a short decimal as a quotient."""
    if isinstance(value, complex):
        return Code(repr(value), ATOM, True, value, "", True)
    text = real_text(value)
    level = PRODUCT if "/" in text or text.startswith("-") else ATOM
    return Code(text, level, True, value)


def real_text(value: int | Fraction | float) -> str:
    """A real number as Python writes it.

    >>> real_text(Fraction(1, 2)), real_text(Fraction(1, 3)), real_text(2**70)
    ('0.5', '1 / 3', '1.1805916207174113e+21')
    """
    try:
        decimal = repr(float(value))
    except OverflowError:
        raise UnsupportedError("a coefficient is too large for a float") from None
    if value and not float(value):
        raise UnsupportedError("a coefficient is too small for a float")
    if isinstance(value, int):
        return str(value) if abs(value) < 2**53 else decimal
    if isinstance(value, float) or _is_short(value, decimal):
        return decimal
    if max(abs(value.numerator), value.denominator) < 10**6:
        return f"{value.numerator} / {value.denominator}"
    return decimal


def _is_short(value: Fraction, decimal: str) -> bool:
    return len(decimal) <= 8 and Fraction(decimal) == value


def scaled(coefficient: Number, code: Code) -> Code:
    """coefficient · code."""
    if code.number:
        return product_code([literal(coefficient), code])
    return product_code([literal(coefficient)], code)


def product_code(numbers: Iterable[Code], body: Code | None = None) -> Code:
    """The product of scalars and at most one array: scalars first, divisors last.

    >>> share = Code("1 / n", PRODUCT, True, None, "n")
    >>> product_code([literal(2), share], Code("x")).text
    '2 * x / n'
    """
    coefficient: Number = 1
    above: list[Code] = []
    below: list[str] = []
    factors = [*numbers, *([] if body is None else [body])]
    for code in factors:
        if code.value is not None:
            coefficient = multiply(coefficient, code.value)
        elif code.below:
            below.append(code.below)
        else:
            above.append(code)
    if not above and not below:
        return literal(coefficient)
    if coefficient == 1 and len(above) == 1 and not below:
        return above[0]
    code = _quotient(coefficient, above, below)
    return replace(
        code,
        number=all(code.number for code in factors),
        imaginary=any(code.imaginary for code in factors),
    )


def _quotient(coefficient: Number, above: Sequence[Code], below: list[str]) -> Code:
    sign, factors = "", [code.at(PRODUCT) for code in above]
    if not isinstance(coefficient, complex) and coefficient < 0:
        sign, coefficient = "-", -coefficient
    if isinstance(coefficient, Fraction) and "/" in real_text(coefficient):
        below = [*below, str(coefficient.denominator)]
        coefficient = coefficient.numerator
    if coefficient != 1 or not factors:
        factors.insert(0, literal(coefficient).text)
    text = sign + " * ".join(factors) + "".join(f" / {d}" for d in below)
    alone = not sign and factors == ["1"] and len(below) == 1
    return Code(text, PRODUCT, below=below[0] if alone else "")


def sum_code(terms: Sequence[Code]) -> Code:
    """The sum of codes, minus signs taken into the operators and not first.

    >>> sum_code([literal(-2), Code("a")]).text
    'a - 2'
    """
    if len(terms) == 1:
        return terms[0]
    pieces = [term.at(PRODUCT) for term in terms]
    lead = next((k for k, piece in enumerate(pieces) if piece[0] != "-"), 0)
    text = pieces.pop(lead)
    for piece in pieces:
        text += f" - {piece[1:]}" if piece[0] == "-" else f" + {piece}"
    number = all(term.number for term in terms)
    return Code(text, SUM, number, imaginary=any(term.imaginary for term in terms))


def size_code(size: Size, names: Mapping[str, str]) -> Code:
    """A size as an expression in the names that its parts are printed by."""
    if not isinstance(size, Dim):
        return literal(size)
    common = lcm(*(c.denominator for _, c in size.terms))
    ordered = sorted(size.terms, key=lambda term: (not term[0], term[0]))
    total = sum_code(
        [
            product_code(
                [
                    literal(int(c * common)),
                    *(Code(names[n], ATOM, True) for n in monomial),
                ]
            )
            for monomial, c in ordered
        ]
    )
    if common == 1:
        return total
    return Code(f"{total.at(ATOM)} // {common}", PRODUCT, True)


def tuple_text(parts: Sequence[str]) -> str:
    """The parts as a Python tuple.

    >>> tuple_text(["n"]), tuple_text(["n", "p"])
    ('(n,)', '(n, p)')
    """
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def length_text(parts: Sequence[str]) -> str:
    """The length of axes that are one, sums in brackets; nothing for none.

    >>> length_text(["n + 1"]), length_text(["n + 1", "p"])
    ('n + 1', '(n + 1) * p')
    """
    if len(parts) == 1:
        return parts[0]
    return " * ".join(part if part.isalnum() else f"({part})" for part in parts)


# -- libraries -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Library:
    """One library: its contraction, its module, its functions as templates, the helpers
    it lacks (source, with `{name}` for the helper's own name), and their imports."""

    contraction: str
    module: str
    functions: Mapping[str, str]
    helpers: Mapping[str, str]
    modules: tuple[str, ...]

    @property
    def torch(self) -> bool:
        """Whether arrays are tensors of PyTorch."""
        return self.module == "torch"


_CIRCULAR = ["sin", "cos", "tan", "sinh", "cosh", "tanh"]
_SAME = ["exp", "expm1", "log", "log1p", *_CIRCULAR, "abs", "sign"]
_ARC = {"a" + name: name for name in _CIRCULAR}

_NUMPY = {
    **{name: f"np.{name}({{0}})" for name in [*_SAME, "cbrt"]},
    **{name: f"np.arc{stem}({{0}})" for name, stem in _ARC.items()},
    "conj": "np.conj({0})",
    "atan2": "np.arctan2({0}, {1})",
    "pow": "np.power({0}, {1})",
    "where": "np.where({0}, {1}, {2})",
    "max": "np.maximum({0}, {1})",
    "min": "np.minimum({0}, {1})",
    "relu": "np.maximum({0}, 0)",
    "heaviside": "np.heaviside({0}, 0)",
    "softplus": "np.logaddexp(0, {0})",
    "lse": "np.logaddexp.reduce({0}, -1)",
    "inv": "np.linalg.inv({0})",
    "det": "np.linalg.det({0})",
    "logdet": "np.linalg.slogdet({0})[1]",
    **spectral.NUMPY,
}

_TORCH = {
    **{name: f"torch.{name}({{0}})" for name in [*_SAME, *_ARC]},
    **{name: f"torch.{name}({{0}})" for name in ("relu", "sigmoid", "erf")},
    "conj": "torch.conj({0})",
    "atan2": "torch.atan2({0}, {1})",
    "pow": "torch.pow({0}, {1})",
    "where": "torch.where({0} != 0, {1}, {2})",
    "max": "torch.maximum({0}, {1})",
    "min": "torch.minimum({0}, {1})",
    # The default threshold of 20 is off by 1e-10.
    "softplus": "torch.nn.functional.softplus({0}, threshold=40)",
    "softmax": "torch.softmax({0}, -1)",
    "lse": "torch.logsumexp({0}, -1)",
    "inv": "torch.linalg.inv({0})",
    "det": "torch.linalg.det({0})",
    "logdet": "torch.linalg.slogdet({0})[1]",
    **spectral.TORCH,
}

_RNORM = """\
def {name}(x, axes):
    r = LIB.sqrt(LIB.square(x).sum(axes))
    return LIB.where(r == 0, 0, 1 / LIB.where(r == 0, 1, r))
"""

# The k-th derivative of det at any rank: that of a diagonal matrix, turned by U and V.
_COFACTORS = """\
def {name}(x, k):
    u, s, v = LIB.linalg.svd(x)
    sign = LIB.linalg.det(u) * LIB.linalg.det(v)
    n, total = s.shape[-1], 0
    minors = ZEROS
    for rows in itertools.product(range(n), repeat=k):
        others = [i for i in range(n) if i not in rows]
        minors[(..., *rows)] = s[..., others].prod(-1)
    for order in itertools.permutations(range(k)):
        odd = [a > b for a, b in itertools.combinations(order, 2)].count(True) % 2
        turns = [-minors if odd else minors, [..., *range(k)]]
        for m in range(k):
            turns += [u.conj(), [..., k + m, m]]
            turns += [v.conj(), [..., order[m], 2 * k + m]]
        out = [axis for m in range(k) for axis in (k + m, 2 * k + m)]
        total = total + LIB.einsum(*turns, [..., *out])
    return sign[(...,) + (None,) * (2 * k)] * total
"""

_LOG_OF_DET = """\
def {name}(x):
    sign, size = LIB.linalg.slogdet(x)
    return LIB.log(sign) + size
"""

_NUMPY_HELPERS = {
    **SYMMETRIC,
    **spectral.helpers("np"),
    "sigmoid": """\
def {name}(x):
    return np.exp(-np.logaddexp(0, -x))
""",
    "erf": """\
def {name}(x):
    return np.vectorize(math.erf, otypes=[x.dtype])(x)
""",
    "softmax": """\
def {name}(x):
    e = np.exp(x - x.max(-1, keepdims=True, initial=-np.inf))
    return e / e.sum(-1, keepdims=True)
""",
    "rnorm": _RNORM.replace("LIB", "np"),
    "logofdet": _LOG_OF_DET.replace("LIB", "np"),
    "cofactors": _COFACTORS.replace("LIB", "np").replace(
        "ZEROS", "np.zeros(s.shape[:-1] + (n,) * k, x.dtype)"
    ),
}

_TORCH_HELPERS = {
    **spectral.helpers("torch"),
    "cbrt": """\
def {name}(x):
    return torch.sign(x) * torch.abs(x) ** (1 / 3)
""",
    "heaviside": """\
def {name}(x):
    return (x > 0).to(x.dtype)
""",
    "rnorm": _RNORM.replace("LIB", "torch"),
    "logofdet": _LOG_OF_DET.replace("LIB", "torch"),
    "cofactors": _COFACTORS.replace("LIB", "torch").replace(
        "ZEROS", "x.new_zeros(s.shape[:-1] + (n,) * k)"
    ),
}

#: What a helper imports.
IMPORTS = {"erf": "math", "cofactors": "itertools", **spectral.IMPORTS}

#: The builtins that helpers use.
BUILTINS = ("range",)

LIBRARIES = {
    "numpy": Library("np.einsum", "np", _NUMPY, _NUMPY_HELPERS, ("np",)),
    "opt_einsum": Library("oe.contract", "np", _NUMPY, _NUMPY_HELPERS, ("np", "oe")),
    "torch": Library("torch.einsum", "torch", _TORCH, _TORCH_HELPERS, ("torch",)),
}


def library_named(name: str) -> Library:
    """The library of a name. Raises `UnsupportedError` for one that is not spelled."""
    if not isinstance(name, str) or name not in LIBRARIES:
        raise UnsupportedError(
            f"there are no einsum programs for {quoted(name)}",
            hint=f"one of {', '.join(LIBRARIES)}",
        )
    return LIBRARIES[name]


# -- functions -------------------------------------------------------------------------


def call_code(
    library: Library,
    function: str,
    params: tuple[Any, ...],
    args: Sequence[Code],
    helper: Callable[[str], str],
    batch: int = 0,
) -> Code:
    """A function of the table on codes. `helper` answers the name that a helper is
    printed under; `batch` is the number of the first argument's axes before its core.

    Raises `UnsupportedError` for a function that the library has no spelling of.
    """
    texts = [arg.text for arg in args]
    if function == "power":
        return power_code(library, args[0], params[0])
    if function == "norm2":
        square = f"{library.module}.square({texts[0]})"
        axes = axes_text(params[0]) if batch else ""
        return Code(f"{library.module}.sqrt({square}.sum({axes}))")
    if function in library.functions:
        return Code(library.functions[function].format(*texts))
    if function not in library.helpers:
        raise UnsupportedError(
            f"{function} has no spelling in {library.module}",
            hint="evaluate(…) computes it",
        )
    if function == "frechet":
        texts = spectral.frechet_arguments(library.module, params, texts, batch)
    if function in TAKES_ORDER:
        texts.append(TAKES_ORDER[function](params[0]))
    return Code(f"{helper(function)}({', '.join(texts)})")


def axes_text(order: int) -> str:
    """The last `order` axes as an `axis` argument.

    >>> axes_text(1), axes_text(2)
    ('-1', '(-2, -1)')
    """
    return "-1" if order == 1 else tuple_text([str(k) for k in range(-order, 0)])


#: How a helper that takes the order of a derivative, or a number of axes, is told it.
TAKES_ORDER: dict[str, Callable[[int], str]] = {
    "rnorm": axes_text,
    "cofactors": str,
    "unhalved": str,
}


def power_code(library: Library, base: Code, exponent: Number) -> Code:
    """base ** exponent, by the cheapest spelling; a number stays a Python number."""
    below = base.at(ATOM)
    base = replace(base, value=None)
    match exponent:
        case -1:
            return replace(base, text=f"1 / {below}", level=PRODUCT, below=below)
        case Fraction(numerator=1, denominator=2):
            return Code(f"{library.module}.sqrt({base.text})")
        case Fraction(numerator=-1, denominator=2):
            return Code(f"1 / {library.module}.sqrt({base.text})", PRODUCT)
        case int() if exponent > 0 or base.number:
            return replace(base, text=f"{below}**{exponent}", level=PRODUCT, below="")
        case int():
            # A negative whole exponent is refused on integer arrays.
            return Code(f"{below}**{float(exponent)}", PRODUCT)
        case _:
            text = literal(exponent).text
            return Code(f"{below} ** ({text})", PRODUCT)
