"""Productions for the operators of the language, level by level."""

from __future__ import annotations

from tests.random_trees.builder import OVER, TIMES, TRANSPOSES, Builder
from tests.random_trees.nodes import (
    COLON,
    ONE,
    POSTFIX,
    PRODUCT,
    SCALAR,
    SUM,
    Form,
    Node,
    Size,
    Type,
    column,
    matrix,
    row,
    size,
    tensor,
)
from tests.random_trees.production import (
    PRODUCTIONS,
    Production,
    either_way,
    is_square,
    partner,
    small,
    some_type,
)

# -- level 1 and 2 ---------------------------------------------------------------------


def _sum(sign: str) -> Production:
    operation = "add" if "+" in sign else "subtract"

    def build(b: Builder, u: Node) -> Node:
        other = partner(b, u.type)
        if sign[0] == "." and b.chance(0.8):
            if u.type == SCALAR:
                type_ = some_type(b, "crm")
                pair = (u, partner(b, type_))
            else:
                type_, pair = u.type, (u, partner(b, SCALAR))
            return b.infix(sign, SUM, type_, operation, *either_way(b, *pair))
        pair = either_way(b, u, other)
        return b.infix(sign, SUM, u.type, operation, *pair)

    return Production(sign, "scrmt", build)


def _colon(b: Builder, u: Node) -> Node:
    if u.type.kind == "matrix":
        pair = either_way(b, u, partner(b, u.type))
        return b.infix(":", COLON, SCALAR, "frobenius", *pair)
    first, last = u.type.sizes[:2], u.type.sizes[-2:]
    extra = (b.size(1),) if b.chance(0.3) and len(u.type.sizes) == 3 else ()
    if b.chance(0.5):
        type_ = tensor(*u.type.sizes[:-2], *extra)
        pair = (u, partner(b, tensor(*last, *extra)))
    else:
        type_ = tensor(*extra, *u.type.sizes[2:])
        pair = (partner(b, tensor(*extra, *first)), u)
    return b.infix(":", COLON, type_, "frobenius", *pair, "tensor :")


def _vector_colon(b: Builder, u: Node) -> Node:
    """Σ x_i y_i of two columns."""
    pair = either_way(b, u, partner(b, u.type))
    return b.infix(":", COLON, SCALAR, "product", *pair, "vector :")


# -- level 3 ---------------------------------------------------------------------------


def _hadamard(sign: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        if u.type == SCALAR:
            type_ = some_type(b, "scrm")
            pair = (u, partner(b, type_))
        else:
            type_, mate = u.type, u.type if b.chance(0.75) else SCALAR
            pair = (u, partner(b, mate))
        pair = either_way(b, *pair)
        return b.infix(sign, PRODUCT, type_, "multiply", *pair)

    return Production(sign, "scrmt", build)


def _quotient(sign: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        if b.chance(0.5):
            mate = SCALAR if b.chance(0.4) else u.type
            pair = (u, b.nonzero(partner(b, mate)))
        elif u.type == SCALAR:
            pair = (partner(b, some_type(b, "scrm")), b.nonzero(u))
        else:
            mate = SCALAR if b.chance(0.4) else u.type
            pair = (partner(b, mate), b.nonzero(u))
        type_ = pair[1].type if pair[0].type == SCALAR else pair[0].type
        return b.infix(sign, PRODUCT, type_, "divide", *pair)

    return Production(sign, "scrm", build)


def _over_scalar(b: Builder, u: Node) -> Node:
    if u.type == SCALAR and b.chance(0.5):
        u, below = partner(b, some_type(b, "scrm")), b.nonzero(u)
    else:
        below = b.nonzero(partner(b, SCALAR))
    return b.infix("/", PRODUCT, u.type, "divide", u, below)


def _times_scalar(b: Builder, u: Node) -> Node:
    other = partner(b, SCALAR if u.type != SCALAR else some_type(b, "scrm"))
    type_ = other.type if u.type == SCALAR else u.type
    pair = either_way(b, u, other)
    return b.infix("*", PRODUCT, type_, "multiply", *pair, "* scalar")


def _product(label: str, kinds: str, other: str) -> Production:
    """`*` between two kinds; `u` is of the first kind named or of the second."""
    left_kind, right_kind = kinds

    def build(b: Builder, u: Node) -> Node:
        k, outer = b.size(1), label == "* outer"
        if u.type.letter == left_kind and (left_kind != right_kind or b.chance(0.5)):
            inner = k if outer else u.type.sizes[-1]
            left, right = u, partner(b, _kind(b, right_kind, inner, k, True))
        else:
            inner = k if outer else u.type.sizes[0]
            left, right = partner(b, _kind(b, left_kind, inner, k, False)), u
        sizes = (*left.type.sizes, *right.type.sizes)
        if not outer:
            sizes = (*left.type.sizes[:-1], *right.type.sizes[1:])
        type_ = Type(other, sizes) if other else tensor(*sizes)
        operation = "outer" if outer else "product"
        return b.infix("*", PRODUCT, type_, operation, left, right, label)

    return Production(label, kinds, build)


def _kind(b: Builder, letter: str, inner: Size, k: Size, first: bool) -> Type:
    """A type of this kind whose first (or last) axis has the inner size."""
    if letter in "cr":
        return (column if letter == "c" else row)(inner)
    sizes = [inner, k] if letter == "m" else [inner, k, b.size(1)]
    return tensor(*(sizes if first else sizes[::-1]))


def _many_entries(b: Builder, t: Type) -> bool:
    return not t.one_entry


def _entry_as_scalar(b: Builder, u: Node) -> Node:
    """An expression with exactly one entry where a scalar is wanted."""
    one = partner(b, b.pick([column(ONE), matrix(ONE, ONE), row(ONE)]))
    sign = b.pick((*TIMES, "/", ".^"))
    if sign == ".^":
        u, one = b.positive(b.bounded(u, 1.5)), b.bounded(one, 2.0)
    one = b.nonzero(one) if sign == "/" else one
    entry = b.node("one entry as scalar", SCALAR, "entry", Form("silent"), (one,))
    b.unshared(entry)
    if sign == ".^":
        form = Form("power", sign, POSTFIX)
        return b.node(".^ one entry", u.type, "power", form, (u, entry))
    if sign == "/":
        return b.infix(sign, PRODUCT, u.type, "divide", u, entry)
    return b.infix(sign, PRODUCT, u.type, "multiply", *either_way(b, entry, u))


# -- Kronecker and its relatives -------------------------------------------------------

KRON_KINDS = {
    "cc": "c",
    "rr": "r",
    "cs": "c",
    "sc": "c",
    "sm": "m",
    "ms": "m",
    **dict.fromkeys(("mm", "cm", "mc", "rm", "mr", "cr", "rc"), "m"),
}


def _as_matrix(t: Type) -> tuple[Size, Size]:
    if t.kind == "matrix":
        return t.sizes[0], t.sizes[1]
    return (*t.sizes, ONE, ONE)[:2] if t.kind != "row" else (ONE, t.sizes[0])


def _kron(sign: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        pair = either_way(b, u, partner(b, _kron_mate(b, u.type)))
        (m, n), (p, q) = (_as_matrix(v.type) for v in pair)
        kinds = "".join(v.type.letter for v in pair)
        kinds += KRON_KINDS[kinds]
        types = {"c": column(m * p), "r": row(n * q), "m": matrix(m * p, n * q)}
        form = Form("infix", sign, PRODUCT)
        if sign == "kron()":
            form = Form("atom", "kron(<0>, <1>)")
        return b.node(sign, types[kinds[2]], "kron", form, pair, kinds=kinds)

    return Production(sign, "crm", build, lambda b, t: small(b, *t.sizes, size(4)))


def _kron_mate(b: Builder, t: Type) -> Type:
    kinds = t.letter if b.chance(0.6) else "crm"
    kinds = "s" if t.kind in ("column", "matrix") and b.chance(0.1) else kinds
    mate = some_type(b, kinds)
    if small(b, *t.sizes, *mate.sizes):
        return mate
    return some_type(b, t.letter) if t.vector else matrix(size(1), size(2))


def _face(b: Builder, u: Node) -> Node:
    rows, n = u.type.sizes
    k = b.size() if small(b, rows, n, size(5)) else size(1)
    left, right = either_way(b, u, partner(b, matrix(rows, k)))
    type_ = matrix(rows, n * k)
    return b.infix("•", PRODUCT, type_, "face_splitting", left, right)


def _face_of_column(b: Builder, u: Node) -> Node:
    """A column counts as n×1."""
    n, k = u.type.sizes[0], b.size()
    other = partner(b, matrix(n, k) if b.chance(0.6) else u.type)
    kinds = "mmm" if other.type.kind == "matrix" else "ccc"
    pair = either_way(b, u, other)
    kinds = "".join(v.type.letter for v in pair) + kinds[2]
    form = Form("infix", "•", PRODUCT)
    return b.node("vector •", other.type, "face_splitting", form, pair, kinds=kinds)


def _khatri_rao(b: Builder, u: Node) -> Node:
    n, columns = u.type.sizes
    k = b.size() if small(b, columns, n, size(5)) else size(1)
    pair = either_way(b, u, partner(b, matrix(k, columns)))
    return b.call("khatri_rao", matrix(n * k, columns), *pair)


def _outer(sign: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        with_matrix = u.type.kind == "column" and b.chance(0.3)
        mate = matrix(size(2), b.size()) if with_matrix else column(b.size())
        other = partner(b, mate)
        pair = either_way(b, u, other)
        type_ = tensor(*pair[0].type.sizes, *pair[1].type.sizes)
        if sign == "⋆":
            return b.infix("⋆", PRODUCT, type_, "outer", *pair)
        return b.call("outer", type_, *pair, operation="outer")

    return Production(sign, "cm", build, lambda b, t: small(b, *t.sizes, size(5)))


# -- postfix ---------------------------------------------------------------------------


def _transpose(sign: str) -> Production:
    return Production(sign, "crm", lambda b, u: b.transpose(u, sign), weight=0.5)


SIGNS = (("^-1", -1), ("⁻¹", -1), ("²", 2), ("³", 3))
EXPONENTS = ["2", "3", "-1", "-2", "0.5", "-0.5", "1.5", "1", "0", "(-1)", "(2)"]


def _scalar_transposed(b: Builder, u: Node) -> Node:
    sign = b.pick(TRANSPOSES)
    return b.postfix(sign, u.type, "transpose", u, "scalar transposed")


def _to_a_number(b: Builder, u: Node, sign: str) -> Node:
    """`u^k` of a scalar or `u.^k`, the exponent a number."""
    k = b.pick(EXPONENTS)
    power = float(k.strip("()"))
    whole = power == int(power)
    base = b.bounded(u, 4.0)
    if not whole:
        base = b.positive(u)
    elif power < 0:
        base = b.nonzero(u)
    value = int(power) if whole else power
    label = f"{sign} number"
    return b.postfix(sign + k, base.type, "constant_power", base, label, k=value)


def _to_an_expression(b: Builder, u: Node, sign: str) -> Node:
    """`u^v` of scalars or `u.^v`, the exponent a name or in parentheses."""
    mate = u.type if sign == ".^" and b.chance(0.5) else SCALAR
    exponent = b.bounded(partner(b, mate), 2.5)
    pair = (b.positive(b.bounded(u, 1.5)), exponent)
    form = Form("power", sign, POSTFIX)
    return b.node(f"{sign} expression", u.type, "power", form, pair)


def _exponent(b: Builder, u: Node) -> Node:
    """`u` as an exponent of `.^` or, for a scalar, `^`."""
    mate = u.type if b.chance(0.5) else SCALAR
    base = b.positive(b.bounded(partner(b, mate), 1.5))
    if b.chance(0.4):
        base = b.a_number()
    sign = "^" if u.type == SCALAR and base.type == SCALAR else ".^"
    form, exponent = Form("power", sign, POSTFIX), b.bounded(u, 2.0)
    return b.node("exponent " + sign, u.type, "power", form, (base, exponent))


def _matrix_power(sign: str, k: int, label: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        base = b.conditioned(u) if k < 0 else b.bounded(u, 3.0)
        return b.postfix(sign, u.type, "matrix_power", base, label, k=k)

    return Production(label, "m", build, is_square, 0.4)


def _scalar_sign(sign: str, k: int) -> Production:
    def build(b: Builder, u: Node) -> Node:
        base = b.nonzero(u) if k < 0 else b.bounded(u, 4.0)
        label = f"scalar {sign}"
        return b.postfix(sign, SCALAR, "constant_power", base, label, k=k)

    return Production(f"scalar {sign}", "s", build, weight=0.5)


PRODUCTIONS += [
    *(_sum(sign) for sign in ("+", "-", ".+", ".-")),
    Production(":", "m", _colon),
    Production("vector :", "c", _vector_colon),
    Production("tensor :", "t", _colon),
    Production("* scalar", "scrmt", _times_scalar),
    _product("* matrix-matrix", "mm", "matrix"),
    _product("* matrix-vector", "mc", "column"),
    _product("* row-matrix", "rm", "row"),
    _product("* inner", "rc", ""),
    _product("* outer", "cr", "matrix"),
    _product("* tensor-matrix", "tm", ""),
    _product("* matrix-tensor", "mt", ""),
    _product("* tensor-vector", "tc", ""),
    _product("* row-tensor", "rt", ""),
    _product("* tensor-tensor", "tt", ""),
    Production("/", "scrmt", _over_scalar),
    *(_hadamard(sign) for sign in TIMES),
    *(_quotient(sign) for sign in OVER),
    Production("one entry as scalar", "crm", _entry_as_scalar, _many_entries, 0.3),
    *(_kron(sign) for sign in ("⊗", "kron()")),
    Production("•", "m", _face, lambda b, t: small(b, *t.sizes)),
    Production("vector •", "c", _face_of_column),
    Production("khatri_rao()", "m", _khatri_rao, lambda b, t: small(b, *t.sizes)),
    *(_outer(sign) for sign in ("⋆", "outer()")),
    Production("prefix -", "scrmt", lambda b, u: b.negative(u)),
    *(_transpose(sign) for sign in TRANSPOSES),
    Production("scalar transposed", "s", _scalar_transposed, weight=0.3),
    Production("^ number", "s", lambda b, u: _to_a_number(b, u, "^")),
    Production("^ expression", "s", lambda b, u: _to_an_expression(b, u, "^")),
    Production(".^ number", "scrmt", lambda b, u: _to_a_number(b, u, ".^")),
    Production(".^ expression", "scrmt", lambda b, u: _to_an_expression(b, u, ".^")),
    Production("exponent ^", "s", _exponent),
    Production("exponent .^", "crm", _exponent),
    *(_matrix_power(sign, k, sign) for sign, k in SIGNS),
    *(_matrix_power(f"^{k}", k, f"^{k} matrix") for k in (-2, 0, 1, 2, 3)),
    *(_scalar_sign(sign, k) for sign, k in SIGNS),
]
