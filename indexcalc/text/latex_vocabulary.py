r"""What LaTeX has and plain text has not: bars, norms, \cdot, and a 1 among entries.

Papers leave to the reader what the operands decide: |X| is a determinant and |x| an
absolute value, ‖x‖ Euclidean but ‖A‖ two different norms. Where the operands do not
decide, the formula is refused with the spellings that do.

>>> HIDDEN["|·|"].rule(Sizes(), Meaning(SCALAR, lambda: None)).type.kind
'scalar'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .. import functions, matrix
from ..errors import ParseError, UnsupportedError
from ..nodes import Call, Node
from .products import INFIX_RULES, common, frobenius, scalar_from
from .types import COLUMN, SCALAR, Disagreement, Meaning, Sizes, Type
from .vocabulary import ELEMENTWISE, TABLE, Function

Rule: TypeAlias = Callable[..., Meaning]

# -- bars and norms --------------------------------------------------------------------


def _is_square(sizes: Sizes, type_: Type) -> bool:
    """Whether a matrix may be square; of sizes still open that is not known."""
    if type_.order != 2:
        return False
    a, b = sizes.shape(type_.shape)
    return a == b


def _by_type(square: str, scalar: Callable[[Node], Node], what: str) -> Rule:
    """A determinant of a square matrix, else a function of a scalar."""

    def rule(sizes: Sizes, a: Meaning) -> Meaning:
        if a.type.order == 2 and sizes.same(*a.type.shape):
            return TABLE[square].rule(sizes, a)
        only = scalar_from(sizes, a)
        if only:
            return Meaning(SCALAR, lambda x: scalar(only(x)))
        raise Disagreement(
            f"{what} is read of a scalar or a square matrix",
            r"a norm is written \|x\|, entries \operatorname{abs}(x)",
        )

    return rule


def _absolute(x: Node) -> Node:
    return matrix.elementwise("abs", x)


def _log_absolute(x: Node) -> Node:
    return matrix.elementwise("log", _absolute(x))


def _norm(build: Callable[[Node], Node], matrices: str) -> Rule:
    """A norm of a vector; `matrices` is why a matrix has none here, if it has none."""

    def rule(sizes: Sizes, a: Meaning) -> Meaning:
        if a.type.order > 1 and matrices and not sizes.one_entry(a.type):
            raise Disagreement(matrices, r"\|A\|_F is the Frobenius norm", _UNSUPPORTED)
        return Meaning(SCALAR, build)

    return rule


_UNSUPPORTED = UnsupportedError
_AMBIGUOUS = "the norm of a matrix may be the spectral or the Frobenius norm"
_SPECTRAL = "the spectral norm of a matrix is not in the language"
_COLUMNS = "the 1-norm of a matrix, its largest column sum, is not in the language"


def inner_product(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """⟨a, b⟩ of vectors, however they stand, or of matrices."""
    if a.type.order == b.type.order == 1:
        a = Meaning(Type(a.type.shape, COLUMN), a.build)
        b = Meaning(Type(b.type.shape, COLUMN), b.build)
    return frobenius(sizes, a, b)


# -- functions that could be of matrices -----------------------------------------------


def _of_entries(name: str) -> Rule:
    """A function that a square matrix may have as a matrix or entry by entry."""

    def rule(sizes: Sizes, a: Meaning) -> Meaning:
        if _is_square(sizes, a.type) and not sizes.one_entry(a.type):
            matrix_name = f"{name}m"
            known = rf"\operatorname{{{matrix_name}}}(A) or "
            entries = rf"\operatorname{{{name}}}^{{\circ}}(A)"
            raise Disagreement(
                f"{name} of a square matrix may act on the matrix or on its entries",
                f"write {known if matrix_name in TABLE else ''}{entries}",
                ParseError,
            )
        return TABLE[name].rule(sizes, a)

    return rule


def _exponential(sizes: Sizes, a: Meaning) -> Meaning:
    only = scalar_from(sizes, a)
    if only:
        return Meaning(SCALAR, lambda x: matrix.elementwise("exp", only(x)))
    if a.type.order == 2:
        return TABLE["expm"].rule(sizes, a)
    raise Disagreement(
        f"e to a power is read of a scalar or a square matrix, and this is a "
        f"{a.type.kind}",
        r"\exp(x) is entry by entry",
        ParseError,
    )


def _derivative(name: str) -> Rule:
    """σ' of an elementwise function of one argument."""

    def build(x: Node) -> Node:
        value = matrix.elementwise(name, x)
        if isinstance(value, Call):
            return functions.partial(value, 0)
        raise UnsupportedError(f"{name} is not differentiated by a prime")

    def rule(_: Sizes, a: Meaning) -> Meaning:
        return Meaning(a.type, build)

    return rule


# -- constants -------------------------------------------------------------------------


def _basis(sizes: Sizes, i: int) -> Meaning:
    size = sizes.fresh()
    return Meaning(Type((size,)), lambda: matrix.basis(i, sizes.known(size)))


def _copies(sizes: Sizes) -> Meaning:
    size = sizes.fresh()
    return Meaning(Type((size,) * 3), lambda: matrix.copy_tensor(sizes.known(size), 3))


HIDDEN: dict[str, Function] = {
    record.name: record
    for record in (
        Function("|·|", "v", _by_type("det", _absolute, "|…|")),
        Function("log|·|", "v", _by_type("logdet", _log_absolute, "|…|")),
        Function("‖·‖", "v", _norm(matrix.norm2, _AMBIGUOUS)),
        Function("‖·‖²", "v", _norm(matrix.normsq, _AMBIGUOUS)),
        Function("‖·‖₂", "v", _norm(matrix.norm2, _SPECTRAL)),
        Function("‖·‖₂²", "v", _norm(matrix.normsq, _SPECTRAL)),
        Function("‖·‖F", "v", _norm(matrix.norm2, "")),
        Function("‖·‖F²", "v", _norm(matrix.normsq, "")),
        Function("‖·‖₁", "v", _norm(matrix.norm1, _COLUMNS)),
        Function("⟨·,·⟩", "vv", inner_product),
        Function("e^", "v", _exponential),
        Function("e_", "i", _basis),
        Function("H_", "", _copies),
        *(Function(n, "v", _of_entries(n)) for n in ("exp", "log", "sin", "cos")),
        Function("√", "v", _of_entries("sqrt")),
        Function("sqrt", "v", _of_entries("sqrt")),
        *(Function(f"{n}∘", "v", TABLE[n].rule) for n in ELEMENTWISE),
        Function("√∘", "v", TABLE["sqrt"].rule),
        *(Function(f"∂{n}", "v", _derivative(n)) for n in ELEMENTWISE),
    )
}

#: What hints for plain text say in LaTeX.
HINTS = {
    ".^ is entry by entry": r"^{\circ 2} is entry by entry",
    "./ divides entry by entry, inv(B) inverts": (
        r"\oslash divides entry by entry, B^{-1} inverts"
    ),
    "write x'*y or x*y' with declared vectors, or sum(x.*y)": (
        r"write x^\top y or x y^\top with declared vectors"
    ),
    "give it one, as in eye(n), ones(n), ones(m,n)": (
        r"give it one, as in I_n, \mathbf{1}_n, \mathbf{1}_{m\times n}"
    ),
}

# -- operators -------------------------------------------------------------------------


def _dot(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    r"""\cdot: the inner product of two vectors that stand alike, else a product."""
    alike = a.type.order == b.type.order == 1 and a.type.stands == b.type.stands
    if alike and common(sizes, a.type, b.type) is not None:
        return inner_product(sizes, a, b)
    return INFIX_RULES["*"](sizes, a, b)


def _cross(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    if a.type.order == b.type.order == 1:
        raise Disagreement(
            r"\times of two vectors is the cross product, which is not in the language",
            r"\otimes is the Kronecker, \odot the elementwise product",
            UnsupportedError,
        )
    return INFIX_RULES["*"](sizes, a, b)


def _asterisk(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    if 0 not in (a.type.order, b.type.order):
        raise Disagreement(
            "* may be a convolution, a product or an elementwise product",
            r"\odot is elementwise, a product is written without a sign",
            ParseError,
        )
    return INFIX_RULES["*"](sizes, a, b)


def _sum(sign: int) -> Rule:
    plain = INFIX_RULES["+" if sign > 0 else "-"]
    spread = INFIX_RULES[".+" if sign > 0 else ".-"]

    def rule(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
        if (a.value is None or b.type.order == 0) and (
            b.value is None or a.type.order == 0
        ):
            return _told_apart(plain, sizes, a, b)
        array = b.type if a.value is not None else a.type
        if array.order == 2 and sizes.known(array.shape[0]) == array.shape[1]:
            raise Disagreement(
                "a number added to a square matrix may mean every entry or a multiple "
                "of I",
                r"write I, or \mathbf{1}\mathbf{1}^\top",
                ParseError,
            )
        return spread(sizes, a, b)

    return rule


def _told_apart(plain: Rule, sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    scalar_and_array = (a.type.order == 0) != (b.type.order == 0)
    if scalar_and_array and not sizes.one_entry(a.type if a.type.order else b.type):
        raise Disagreement(
            "a scalar and an array cannot be added",
            r"multiply the scalar by \mathbf{1}",
        )
    return plain(sizes, a, b)


LATEX_RULES: dict[str, Callable[[Sizes, Meaning, Meaning], Meaning]] = {
    **INFIX_RULES,
    "+": _sum(1),
    "-": _sum(-1),
    "·": _dot,
    "×": _cross,
    "⁎": _asterisk,
}
