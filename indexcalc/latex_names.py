r"""Names, sizes and numbers as LaTeX, none of which can break out of its place.

A name is a base, digits, a subscript and primes: `x1`, `W_out`, `theta`, `y_hat`, `f′`.
Greek words and letters become commands, several letters stand upright. Whatever is not
a letter, a digit or harmless punctuation is written as its code point, so that a name
may be any text. Different names have different LaTeX, except that `alpha` is α.

>>> latex_name("x1"), latex_name("theta_hat"), latex_name("W_out")
('x_{1}', '\\hat{\\theta}', 'W_{\\mathrm{out}}')
>>> latex_name("}$\\input{x}")
'\\mathrm{(U+7D)(U+24)(U+5C)input(U+7B)x(U+7D)}'
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from hashlib import blake2b
from math import lcm

from .coefficients import Number, number_text
from .sizes import Dim, Size

LONGEST = 60
ACCENTS = ("hat", "bar", "tilde", "dot", "ddot", "check", "breve", "acute", "grave")

#: The Greek letters that have a command, by letter.
GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "varepsilon",
    "ϵ": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ϑ": "vartheta",
    "ι": "iota",
    "κ": "kappa",
    "ϰ": "varkappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ϖ": "varpi",
    "ρ": "rho",
    "ϱ": "varrho",
    "σ": "sigma",
    "ς": "varsigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "varphi",
    "ϕ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Γ": "Gamma",
    "Δ": "Delta",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Ξ": "Xi",
    "Π": "Pi",
    "Σ": "Sigma",
    "Υ": "Upsilon",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
}
COMMANDS = frozenset(GREEK.values())
_LIKE_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))

_PARTS = re.compile(r"(?P<base>.+?)(?P<digits>[0-9]*)", re.DOTALL)
_HARMLESS = re.compile(r"[A-Za-z0-9.,:()+*/=!?-]")

# -- names -----------------------------------------------------------------------------


def latex_name(name: str, *, bold: bool = False) -> str:
    r"""A name as LaTeX that may carry a superscript; one with `_{` or `'` must be
    braced before a subscript is added, which `subscripted_latex` does.

    >>> latex_name("A"), latex_name("λ"), latex_name("rate"), latex_name("x_1′")
    ('A', '\\lambda', '\\mathrm{rate}', "x_{{1}}'")
    >>> latex_name("A", bold=True), latex_name("mu", bold=True)
    ('\\mathbf{A}', '\\boldsymbol{\\mu}')
    """
    bare = name.rstrip("′'")
    primes = "'" * (len(name) - len(bare))
    if len(name) > LONGEST:
        return _upright(_shortened(name), bold)
    base, _, below = bare.partition("_")
    if not base or ("_" in bare and not below):
        return _upright(bare, bold) + primes
    found = _PARTS.fullmatch(base)
    assert found is not None
    stem, digits = found["base"], found["digits"]
    body = _letters(stem, bold)
    if below in ACCENTS:
        return f"\\{below}{{{_lowered(body, [digits])}}}{primes}"
    return _lowered(body, [digits, _below(below)]) + primes


def _lowered(body: str, below: list[str]) -> str:
    listed = ",".join(part for part in below if part)
    return f"{body}_{{{listed}}}" if listed else body


def _below(word: str) -> str:
    """A subscript that was written after an underscore; digits are braced once more,
    to differ from those of `x1`."""
    if not word:
        return ""
    return f"{{{word}}}" if word.isdigit() and word.isascii() else _letters(word, False)


def _letters(word: str, bold: bool) -> str:
    """One letter, a Greek command, or an upright word."""
    if len(word) == 1 and word.isascii() and word.isalpha():
        return f"\\mathbf{{{word}}}" if bold else word
    command = GREEK.get(word, word)
    if command in COMMANDS:
        return f"\\boldsymbol{{\\{command}}}" if bold else f"\\{command}"
    return _upright(_LIKE_LATIN.get(word, word), bold)


def _upright(word: str, bold: bool) -> str:
    return f"\\{'mathbf' if bold else 'mathrm'}{{{''.join(map(_escaped, word))}}}"


def _escaped(character: str) -> str:
    if _HARMLESS.fullmatch(character):
        return character
    if character == "_":
        return r"\_"
    command = GREEK.get(character)
    return f"\\{command} " if command else f"(U+{ord(character):X})"


def _shortened(name: str) -> str:
    digest = blake2b(name.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{name[:20]}...{digest}"


def subscripted_latex(name: str, indices: list[str]) -> str:
    r"""LaTeX of a name with indices below it, both LaTeX already.

    >>> subscripted_latex("A", ["i", "j"]), subscripted_latex("x_{1}", ["i"])
    ('A_{ij}', '{x_{1}}_{i}')
    """
    if not indices:
        return name
    body = f"{{{name}}}" if "_{" in name or name.endswith("'") else name
    plain = all(len(index) == 1 or index[:1] in ("\\", "(") for index in indices)
    separator = "" if plain else ","
    return f"{body}_{{{_joined(indices, separator)}}}"


def _joined(indices: list[str], separator: str) -> str:
    """Indices side by side; a command is kept from running into a letter."""
    if separator:
        return separator.join(indices)
    spaced = [f"{index} " if index.startswith("\\") else index for index in indices]
    return "".join(spaced).rstrip()


# -- numbers and sizes -----------------------------------------------------------------


def latex_number(value: Number) -> str:
    r"""A coefficient as LaTeX.

    >>> latex_number(-2), latex_number(Fraction(1, 2)), latex_number(1e-9)
    ('-2', '\\frac{1}{2}', '10^{-9}')
    >>> latex_number(Fraction(-3, 8)), latex_number(1 - 2j)
    ('-\\frac{3}{8}', '\\left(1 - 2\\mathrm{i}\\right)')
    """
    if isinstance(value, complex):
        sign = "-" if value.imag < 0 else "+"
        real, imaginary = _decimal(repr(value.real)), _decimal(repr(abs(value.imag)))
        return rf"\left({real} {sign} {imaginary}\mathrm{{i}}\right)"
    text = number_text(value)
    if "/" not in text:
        return _decimal(text)
    above, _, below = text.partition("/")
    sign = "-" if above.startswith("-") else ""
    return rf"{sign}\frac{{{above.lstrip('-')}}}{{{below}}}"


def _decimal(text: str) -> str:
    mantissa, _, exponent = text.removesuffix(".0").partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    sign = "-" if mantissa.startswith("-") else ""
    return sign + power if mantissa.strip("-") == "1" else rf"{mantissa} \cdot {power}"


def latex_size(size: Size) -> str:
    r"""A size as LaTeX.

    >>> from .sizes import dim, plus, times
    >>> latex_size(plus(times(2, dim("n"), dim("p")), 1))
    '2 n p + 1'
    >>> from .sizes import triangle
    >>> latex_size(triangle(dim("n")))
    '\\frac{n + n^{2}}{2}'
    """
    if not isinstance(size, Dim):
        return str(size)
    whole = lcm(*(Fraction(c).denominator for _, c in size.terms))
    terms = sorted(size.terms, key=lambda term: (not term[0], term[0]))
    text = " + ".join(_monomial(names, int(c * whole)) for names, c in terms)
    return text if whole == 1 else rf"\frac{{{text}}}{{{whole}}}"


def _monomial(names: tuple[str, ...], coefficient: int) -> str:
    factors = [] if coefficient == 1 and names else [str(coefficient)]
    for name, count in Counter(names).items():
        power = f"^{{{count}}}" if count > 1 else ""
        factors.append(latex_name(name) + power)
    return " ".join(factors)


# -- functions -------------------------------------------------------------------------

_FUNCTIONS = {
    **{name: f"\\{name}" for name in ("exp", "log", "sin", "cos", "tan", "sinh")},
    **{name: f"\\{name}" for name in ("cosh", "tanh", "det", "max", "min")},
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
}


def latex_function(name: str) -> str:
    r"""A function of the table as LaTeX, without its parenthesis.

    >>> latex_function("exp"), latex_function("tr"), latex_function("asin")
    ('\\exp', '\\operatorname{tr}', '\\arcsin')
    """
    return _FUNCTIONS.get(name) or f"\\operatorname{{{''.join(map(_escaped, name))}}}"
