r"""What LaTeX commands stand for: operators, functions, accents and Greek letters.

>>> INFIX_COMMANDS["odot"], FUNCTIONS["Tr"], greek("varphi")
('∘', 'tr', ['φ', 'varphi', 'phi'])
"""

from __future__ import annotations

from unicodedata import normalize

from ..latex_names import ACCENTS as SUFFIXES
from ..latex_names import GREEK
from .symbols import INFIX
from .vocabulary import TABLE

#: Operators that only LaTeX has: what they mean depends on the operands.
DOT, CROSS, ASTERISK = "·", "×", "⁎"

INFIX_COMMANDS = {
    **dict.fromkeys(("odot", "circ", "circledcirc"), "∘"),
    **dict.fromkeys(("oslash",), "⊘"),
    **dict.fromkeys(("otimes",), "⊗"),
    **dict.fromkeys(("star",), "⋆"),
    **dict.fromkeys(("bullet",), "•"),
    "cdot": DOT,
    "times": CROSS,
    "ast": ASTERISK,
    "colon": ":",
}
INFIX_CHARACTERS = {
    **{s: o.symbol for s, o in INFIX.items() if len(s) == 1 and s not in "+-−*"},
    "·": DOT,
    "⋅": DOT,
    "×": CROSS,
    "*": ASTERISK,
}

#: Names of functions as words, in `\operatorname`, `\text` or bare before a bracket.
FUNCTIONS = {
    **{name: name for name in TABLE if len(name) > 1 and name != "einsum"},
    **dict.fromkeys(("Tr", "TR", "Trace", "trace", "Sp"), "tr"),
    **dict.fromkeys(("ln", "Log", "Ln"), "log"),
    **dict.fromkeys(("ReLU", "ReLu", "Relu"), "relu"),
    **dict.fromkeys(("sgn", "Sign", "Sgn"), "sign"),
    **dict.fromkeys(("logsumexp", "LSE", "LogSumExp"), "lse"),
    **dict.fromkeys(("Exp",), "exp"),
    **dict.fromkeys(("Det",), "det"),
    **dict.fromkeys(("Vec", "VEC"), "vec"),
    **dict.fromkeys(("Softmax", "SoftMax"), "softmax"),
    **dict.fromkeys(("DIAG",), "Diag"),
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "adjugate": "adj",
    "sigm": "sigmoid",
    "logistic": "sigmoid",
}

#: Functions that LaTeX, or a common macro, has a command for.
FUNCTION_COMMANDS = {
    name: FUNCTIONS[name]
    for name in (
        *("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "det"),
        *("arcsin", "arccos", "arctan", "max", "min", "tr", "Tr", "trace", "Trace"),
        *("diag", "Diag", "sgn", "sign", "erf", "relu", "ReLU", "softmax", "logdet"),
        *("Vec", "lse", "sigmoid", "adj"),
    )
}

ACCENTS = {
    **{name: name for name in SUFFIXES},
    "overline": "bar",
    "widehat": "hat",
    "widetilde": "tilde",
    "vec": "vec",
}
FRACTIONS = frozenset({"frac", "tfrac", "dfrac", "cfrac"})
TRANSPOSES = frozenset({"T", "top", "intercal", "⊤", "ᵀ"})

_LETTERS = {command: normalize("NFKC", letter) for letter, command in GREEK.items()}
_LETTERS["ell"] = "l"


def greek(command: str) -> list[str]:
    """The names a Greek command may have been declared by; empty if it is none."""
    letter = _LETTERS.get(command)
    if letter is None:
        return []
    words = [command, command.removeprefix("var")]
    return list(dict.fromkeys([letter, *words] if command != "ell" else ["ell", "l"]))


def names_of_letter(letter: str) -> list[str]:
    """The names that a single letter may stand for: `θ` also for `theta`."""
    plain = letter if letter.isascii() else normalize("NFKC", letter)
    word = GREEK.get(plain)
    return [plain] if word is None else [plain, word, word.removeprefix("var")]
