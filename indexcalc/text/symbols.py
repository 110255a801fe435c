"""The operators of the text language: how they are spelled and how tightly they bind.

One record an operator, whatever its spellings; the scanner and the reader of precedence
both look here, and `meanings` says what each symbol computes. Level 1 binds loosest.

>>> INFIX["⊙"].symbol, INFIX["*"].level, INFIX[":"].associative
('∘', 3, False)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator between two operands.

    `symbol` is its name in the syntax tree; `associative` says that it groups to the
    left, and where it is false a second one beside it is an error.
    """

    symbol: str
    spellings: tuple[str, ...]
    level: int
    associative: bool = True


ADDITIVE, PRODUCT, JUXTAPOSED = 1, 3, 4

OPERATORS = (
    Operator("+", ("+",), ADDITIVE),
    Operator("-", ("-", "−"), ADDITIVE),
    Operator(".+", (".+",), ADDITIVE),
    Operator(".-", (".-",), ADDITIVE),
    Operator(":", (":",), 2, associative=False),
    Operator("*", ("*",), PRODUCT),
    Operator("/", ("/",), PRODUCT),
    Operator("∘", (".*", "∘", "⊙", r"\odot"), PRODUCT),
    Operator("⊘", ("./", "⊘", r"\oslash"), PRODUCT),
    Operator("⊗", ("⊗", r"\otimes"), PRODUCT),
    Operator("⋆", ("⋆",), PRODUCT),
    Operator("•", ("•",), PRODUCT),
)

SIDE_BY_SIDE = Operator(" ", ("",), JUXTAPOSED)

# A minus in front of a term binds tighter than a product and looser than a suffix; the
# sign of a sum over an index reaches to the next + or -.
PREFIX_LEVELS = {"NEGATIVE": 5, "SUM": ADDITIVE + 1}

INFIX = {spelling: op for op in OPERATORS for spelling in op.spellings}

# What \cdot, \times and * mean in LaTeX depends on the operands; plain text lacks them.
LATEX_OPERATORS = tuple(Operator(symbol, (symbol,), PRODUCT) for symbol in "·×⁎")
EVERY_INFIX = {**INFIX, **{op.symbol: op for op in LATEX_OPERATORS}}

TRANSPOSITIONS = ("'", "ᵀ", ".T")
POWERS = ("^", ".^")

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

LOOKALIKES = {
    "×": "the product is written *",
    "·": "the product is written *",
    "⋅": "the product is written *",
    "@": "the matrix product is written *",
    "\\": "write inv(A)*b",
    "’": "transposition is written '",
    "′": "transposition is written '",
    "‘": "transposition is written '",
    "†": "transposition is written '",
    "⊤": "transposition is written '",
    "“": 'einsum takes its indices in "double quotes"',
    "”": 'einsum takes its indices in "double quotes"',
    "{": "group with parentheses",
    "}": "group with parentheses",
    "=": "write one expression, without =",
    "|": "write abs(x), norm2(x) or det(A)",
    "‖": "write norm2(x)",
    "∑": "write sum(x)",
    "Σ": "write sum(x)",
    "√": "write sqrt(x)",
    "∂": "write the function and differentiate it with diff",
    "%": "percent signs and comments are not in the language",
    "#": "comments are not in the language",
    ".": "elementwise operators are .* ./ .^ .+ .-",
}

#: Names of numbers, unless they are declared.
NUMBERS = {"pi": pi, "π": pi}
