"""What each operator means for operands of each kind: one rule an operator.

A rule takes the sizes so far and the meanings of the operands, and gives the meaning of
the whole or raises `Disagreement`. Nothing here knows the text.

>>> sizes, row = Sizes(), Meaning(Type((3,), "row"), lambda: None)
>>> INFIX_RULES["*"](sizes, row, transposed(sizes, row)).type.kind
'scalar'
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from .. import expr, matrix
from ..errors import BudgetError, ParseError
from ..nodes import Node
from ..sizes import Size, times
from .types import (
    COLUMN,
    EITHER,
    ROW,
    SCALAR,
    Disagreement,
    Meaning,
    Sizes,
    Type,
    squeezed,
    wired,
)

Rule: TypeAlias = Callable[[Sizes, Meaning, Meaning], Meaning]
EXPONENT_LIMIT = 1_000
BIT_LIMIT = 4_000


def scalar_from(sizes: Sizes, a: Meaning) -> Callable[[Node], Node] | None:
    """How the operand becomes a scalar, if it has exactly one entry."""
    if a.type.order == 0:
        return _itself
    return squeezed if sizes.one_entry(a.type) else None


def _itself(node: Node) -> Node:
    return node


def common(sizes: Sizes, a: Type, b: Type) -> Type | None:
    """The type of two operands of one shape that stand alike."""
    if a.order != b.order or not _stand_alike(a, b):
        return None
    if not sizes.same_shape(a.shape, b.shape):
        return None
    return b if a.stands == EITHER else a


def _stand_alike(a: Type, b: Type) -> bool:
    return a.order != 1 or a.stands == b.stands or EITHER in (a.stands, b.stands)


# -- sums ------------------------------------------------------------------------------


def _signed(sign: int) -> Callable[[Node, Node], Node]:
    def build(a: Node, b: Node) -> Node:
        return expr.linear([(a, 1), (b, sign)], a.shape)

    return build


def _sum_rule(sign: int) -> Rule:
    combine = _signed(sign)

    def rule(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
        type_ = common(sizes, a.type, b.type)
        if type_ is not None:
            return Meaning(type_, combine, _folded(lambda x, y: x + sign * y, a, b))
        left, right = scalar_from(sizes, a), scalar_from(sizes, b)
        if left and right and 0 in (a.type.order, b.type.order):
            return Meaning(SCALAR, lambda x, y: combine(left(x), right(y)))
        if 0 in (a.type.order, b.type.order):
            dotted = ".+" if sign > 0 else ".-"
            raise Disagreement(
                "a scalar and an array cannot be added",
                f"{dotted} adds a scalar to every entry",
            )
        raise Disagreement("the two sides of a sum must have the same shape")

    return rule


def _spread_sum_rule(sign: int) -> Rule:
    combine = _signed(sign)

    def rule(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
        return _entrywise(sizes, a, b, combine, "added entry by entry")

    return rule


def _entrywise(
    sizes: Sizes, a: Meaning, b: Meaning, combine: Callable[..., Node], what: str
) -> Meaning:
    """Operands of one shape, or a scalar written into every entry of the other."""
    type_ = common(sizes, a.type, b.type)
    if type_ is not None:
        return Meaning(type_, combine)
    left, right = scalar_from(sizes, a), scalar_from(sizes, b)
    if left and (a.type.order == 0 or not right):
        return Meaning(b.type, lambda x, y: combine(matrix.spread(left(x), y.shape), y))
    if right:
        return Meaning(
            a.type, lambda x, y: combine(x, matrix.spread(right(y), x.shape))
        )
    raise Disagreement(f"operands {what} must have the same shape, or one be a scalar")


# -- products --------------------------------------------------------------------------


def _product(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`*`: scalars, and the last axis of a with the first of b."""
    if 0 in (a.type.order, b.type.order):
        scaled = b.type if a.type.order == 0 else a.type
        value = _folded(lambda x, y: x * y, a, b)
        return Meaning(scaled, _scaling(a, b), value)
    contracted = _matrix_product(sizes, a.type, b.type)
    if contracted is not None:
        return contracted
    left, right = scalar_from(sizes, a), scalar_from(sizes, b)
    if left:
        return Meaning(b.type, lambda x, y: matrix.times(left(x), y))
    if right:
        return Meaning(a.type, lambda x, y: matrix.times(x, right(y)))
    raise Disagreement(_why_no_product(sizes, a.type, b.type))


def _scaling(a: Meaning, b: Meaning) -> Callable[[Node, Node], Node]:
    """Scalar times anything; a number becomes a coefficient."""
    if a.value is not None:
        return lambda _, y: expr.scale(a.value, y)
    if b.value is not None:
        return lambda x, _: expr.scale(b.value, x)
    return matrix.times


def _matrix_product(sizes: Sizes, a: Type, b: Type) -> Meaning | None:
    if a.order == 1 and b.order == 1:
        return _vector_product(sizes, a, b)
    if not _acts_as(a, ROW) or not _acts_as(b, COLUMN):
        return None
    if not sizes.same(a.shape[-1], b.shape[0]):
        return None
    shape = a.shape[:-1] + b.shape[1:]
    stands = ROW if a.order == 1 and b.order == 2 else COLUMN
    return Meaning(Type(shape, stands), matrix.contract)


def _acts_as(type_: Type, stands: str) -> bool:
    return type_.order != 1 or type_.stands in (stands, EITHER)


def _vector_product(sizes: Sizes, a: Type, b: Type) -> Meaning | None:
    inner = a.stands != COLUMN and b.stands != ROW
    outer = a.stands != ROW and b.stands != COLUMN
    if inner and outer:
        raise Disagreement(
            "the product of two vectors that may stand either way is ambiguous",
            "write x'*y or x*y' with declared vectors, or sum(x.*y)",
        )
    if outer:
        return Meaning(Type(a.shape + b.shape), matrix.outer)
    if inner and sizes.same(a.shape[0], b.shape[0]):
        return Meaning(SCALAR, matrix.contract)
    return None


def _why_no_product(sizes: Sizes, a: Type, b: Type) -> str:
    if a.order == 1 and b.order == 1 and a.stands == b.stands:
        return f"a {a.stands} times a {b.stands} is not a matrix product"
    if not _acts_as(b, COLUMN):
        return f"a {a.kind} times a row is not a matrix product"
    if not _acts_as(a, ROW):
        return f"a column times a {b.kind} is not a matrix product"
    inner = sizes.said(a.shape[-1:]), sizes.said(b.shape[:1])
    return f"a product needs equal inner sizes, and {inner[0]} meets {inner[1]}"


def _quotient(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    right = scalar_from(sizes, b)
    if not right:
        raise Disagreement(
            "/ divides by a scalar only", "./ divides entry by entry, inv(B) inverts"
        )
    if b.value:
        divisor, value = b.value, _folded(lambda x, y: x / y, a, b)
        return Meaning(a.type, lambda x, _: expr.scale(1 / divisor, x), value)
    if b.value == 0:
        raise Disagreement("division by the number zero", kind=ParseError)
    return Meaning(a.type, lambda x, y: matrix.divide(x, right(y)))


def _hadamard(combine: Callable[[Node, Node], Node]) -> Rule:
    def rule(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
        type_ = common(sizes, a.type, b.type)
        if type_ is not None:
            return Meaning(type_, combine)
        left, right = scalar_from(sizes, a), scalar_from(sizes, b)
        if left and (a.type.order == 0 or not right):
            return Meaning(b.type, lambda x, y: combine(left(x), y))
        if right:
            return Meaning(a.type, lambda x, y: combine(x, right(y)))
        raise Disagreement(
            "an elementwise operation needs the same shape on both sides, or a scalar"
        )

    return rule


def frobenius(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`:`, the Frobenius product; on tensors the last two axes with the first two."""
    if a.type.order > 2 or b.type.order > 2:
        return _double_contraction(sizes, a.type, b.type)
    if common(sizes, a.type, b.type) is not None:
        if a.type.order == 0:
            return Meaning(SCALAR, matrix.times)
        order = a.type.order
        return Meaning(SCALAR, lambda x, y: matrix.contract(x, y, order))
    left, right = scalar_from(sizes, a), scalar_from(sizes, b)
    if left and right:
        return Meaning(SCALAR, lambda x, y: matrix.times(left(x), right(y)))
    raise Disagreement("a Frobenius product needs the same shape on both sides")


def _double_contraction(sizes: Sizes, a: Type, b: Type) -> Meaning:
    if min(a.order, b.order) < 2:
        raise Disagreement(
            "on a tensor : contracts two axes, and one side has fewer",
            "* contracts one axis",
        )
    if not sizes.same_shape(a.shape[-2:], b.shape[:2]):
        raise Disagreement(
            f"the last two axes on the left, {sizes.said(a.shape[-2:])}, meet "
            f"the first two on the right, {sizes.said(b.shape[:2])}"
        )
    type_ = Type(a.shape[:-2] + b.shape[2:])
    return Meaning(type_, lambda x, y: matrix.contract(x, y, 2))


# -- products of blocks ----------------------------------------------------------------

Sides: TypeAlias = tuple[list[int], list[int], list[int]]


def _sides(type_: Type, first: int) -> Sides:
    """The indices of an operand: of all its axes, of its rows and of its columns."""
    indices = list(range(first, first + type_.order))
    if type_.order == 1:
        standing = (indices, []) if type_.stands != ROW else ([], indices)
        return (indices, *standing)
    return indices, indices[:1], indices[1:]


def _from_sides(sizes: dict[int, Size], rows: list[int], columns: list[int]) -> Type:
    def size(group: list[int]) -> Size:
        return times(*(sizes[i] for i in group))

    if rows and columns:
        return Type((size(rows), size(columns)))
    if rows:
        return Type((size(rows),), COLUMN)
    return Type((size(columns),), ROW)


def _grouped(a: Type, b: Type, left: Sides, right: Sides, out: Sides) -> Meaning:
    sizes = dict(zip(left[0] + right[0], a.shape + b.shape, strict=True))
    _, rows, columns = out
    axes = [group for group in (rows, columns) if group]
    return Meaning(_from_sides(sizes, rows, columns), wired([left[0], right[0]], axes))


def kronecker(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`⊗`: rows with rows and columns with columns, a column being n×1, a row 1×n."""
    if 0 in (a.type.order, b.type.order):
        return _product(sizes, a, b)
    a, b = _settled(a, b)
    if max(a.type.order, b.type.order) > 2:
        return _tensor_kronecker(a.type, b.type)
    left = _sides(a.type, 0)
    right = _sides(b.type, a.type.order)
    out: Sides = ([], left[1] + right[1], left[2] + right[2])
    return _grouped(a.type, b.type, left, right, out)


def _settled(a: Meaning, b: Meaning) -> tuple[Meaning, Meaning]:
    """A vector that may stand either way stands as the other vector does."""
    for one, other in ((a, b), (b, a)):
        if one.type.stands == EITHER and other.type.order == 1:
            stands = other.type.stands
            return (
                Meaning(Type(a.type.shape, stands), a.build),
                Meaning(Type(b.type.shape, stands), b.build),
            )
    return a, b


def _tensor_kronecker(a: Type, b: Type) -> Meaning:
    if a.order != b.order:
        raise Disagreement(
            "a Kronecker product of tensors needs as many axes on a side"
        )
    shape = tuple(map(times, a.shape, b.shape))
    return Meaning(Type(shape), matrix.kron)


def face_splitting(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`•`: row by row the Kronecker product."""
    return _split(sizes, a, b, 1, "• needs as many rows on both sides")


def khatri_rao(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """Column by column the Kronecker product."""
    return _split(sizes, a, b, 2, "khatri_rao needs as many columns on both sides")


def _split(sizes: Sizes, a: Meaning, b: Meaning, shared: int, why: str) -> Meaning:
    a, b = _settled(a, b)
    if not {a.type.order, b.type.order} <= {1, 2}:
        raise Disagreement("this product takes matrices and vectors")
    left, right = _sides(a.type, 0), _sides(b.type, a.type.order)
    common_index, met = left[shared], right[shared]
    lengths = [
        sizes.known(type_.shape[place[shared][0] - place[0][0]]) if place[shared] else 1
        for type_, place in ((a.type, left), (b.type, right))
    ]
    if not sizes.same(*lengths):
        raise Disagreement(why)
    if common_index and met:
        joined = [common_index[0] if i == met[0] else i for i in right[0]]
    else:
        joined, common_index = right[0], common_index or met
    free = left[3 - shared] + right[3 - shared]
    out: Sides = ([], common_index, free) if shared == 1 else ([], free, common_index)
    return _grouped(a.type, b.type, left, (joined, [], []), out)


def outer(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`⋆`: all axes of a, then all of b."""
    if 0 in (a.type.order, b.type.order):
        return _product(sizes, a, b)
    return Meaning(Type(a.type.shape + b.type.shape), matrix.outer)


# -- powers ----------------------------------------------------------------------------


def _power(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`^`: of a scalar, or of a square matrix with an integer."""
    exponent = b.value
    if a.type.order == 2 and exponent is not None and exponent.denominator == 1:
        return matrix_power(sizes, a, int(exponent))
    base = scalar_from(sizes, a)
    if base:
        return _scalar_power(sizes, base, a, b)
    if a.type.order == 2:
        raise Disagreement(
            "a matrix has powers with whole numbers only",
            ".^ is entry by entry; sqrtm(A) is a root",
        )
    raise Disagreement(f"a {a.type.kind} has no power", ".^ is entry by entry")


def _scalar_power(
    sizes: Sizes, base: Callable[[Node], Node], a: Meaning, b: Meaning
) -> Meaning:
    exponent = scalar_from(sizes, b)
    if not exponent:
        raise Disagreement("the exponent of ^ must be a scalar", ".^ is entry by entry")
    if b.value is None:
        return Meaning(SCALAR, lambda x, y: matrix.power(base(x), exponent(y)))
    _require_exponent(a, b.value)
    value = _power_value(a.value, b.value)
    return Meaning(SCALAR, lambda x, _: matrix.power(base(x), b.value), value)


def _power_value(base: Fraction | None, exponent: Fraction) -> Fraction | None:
    if base is None or exponent.denominator != 1:
        return None
    if _bits(base) * abs(exponent) > BIT_LIMIT:
        raise out_of_range("this power of a number")
    return Fraction(base ** int(exponent))


def _require_exponent(a: Meaning, exponent: Fraction) -> None:
    if abs(exponent) > EXPONENT_LIMIT:
        raise out_of_range(f"an exponent over {EXPONENT_LIMIT}")
    if a.value == 0 and exponent < 0:
        raise Disagreement("0 has no negative power", kind=ParseError)


def matrix_power(sizes: Sizes, a: Meaning, exponent: int) -> Meaning:
    """A^k of a square matrix."""
    if not sizes.same(*a.type.shape):
        raise Disagreement(
            f"only a square matrix has a power, and this is {sizes.said(a.type.shape)}"
        )
    if abs(exponent) > EXPONENT_LIMIT:
        raise out_of_range(f"an exponent over {EXPONENT_LIMIT}")
    if exponent == -1:
        return Meaning(a.type, lambda x, *_: matrix.inv(x))
    return Meaning(a.type, lambda x, *_: matrix.matrix_power(x, exponent))


def _entry_power(sizes: Sizes, a: Meaning, b: Meaning) -> Meaning:
    """`.^`: entry by entry."""
    if b.value is not None:
        _require_exponent(a, b.value)
        return Meaning(a.type, lambda x, _: matrix.power(x, b.value))
    return _entrywise(sizes, a, b, matrix.power, "of .^")


def superscript(sizes: Sizes, a: Meaning, digits: str) -> Meaning:
    """`²`, `³`, `⁻¹`: `^` with that number."""
    if len(digits) > 6:
        raise out_of_range("this exponent")
    value = Fraction(int(digits))
    power = _power(sizes, a, Meaning(SCALAR, expr.number, value))
    return Meaning(power.type, lambda x: power.build(x, None), power.value)


# -- signs -----------------------------------------------------------------------------


def transposed(sizes: Sizes, a: Meaning) -> Meaning:
    """`'`: rows and columns change places."""
    match a.type.order:
        case 0:
            return Meaning(a.type, _itself, a.value)
        case 1:
            turned = {COLUMN: ROW, ROW: COLUMN, EITHER: EITHER}[a.type.stands]
            return Meaning(Type(a.type.shape, turned), _itself)
        case 2:
            return Meaning(Type(a.type.shape[::-1]), matrix.transpose)
        case order:
            axes = ", ".join(map(str, reversed(range(order))))
            raise Disagreement(
                f"' transposes vectors and matrices, and this has {order} axes",
                f"transpose(T, {axes}) says where each axis goes",
            )


def negated(a: Meaning) -> Meaning:
    """`-` in front."""
    value = None if a.value is None else -a.value
    return Meaning(a.type, lambda x: expr.scale(-1, x), value)


def _folded(
    combine: Callable[[Fraction, Fraction], Fraction], a: Meaning, b: Meaning
) -> Fraction | None:
    """The value of an operation on two constants."""
    if a.value is None or b.value is None:
        return None
    value = combine(a.value, b.value)
    if _bits(value) > BIT_LIMIT:
        raise out_of_range("the value of these numbers")
    return value


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def out_of_range(what: str) -> Disagreement:
    """The refusal of a number nobody can mean."""
    return Disagreement(f"{what} is out of range", kind=BudgetError)


INFIX_RULES: dict[str, Rule] = {
    "+": _sum_rule(1),
    "-": _sum_rule(-1),
    ".+": _spread_sum_rule(1),
    ".-": _spread_sum_rule(-1),
    ":": frobenius,
    "*": _product,
    " ": _product,
    "/": _quotient,
    "∘": _hadamard(matrix.times),
    "⊘": _hadamard(matrix.divide),
    "⊗": kronecker,
    "⋆": outer,
    "•": face_splitting,
    "^": _power,
    ".^": _entry_power,
}
