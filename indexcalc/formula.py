"""Matrix notation as a tree: what is said, before it is spelled.

A `Formula` is one word of matrix notation over others: a product, a Hadamard product, a
trace, a Kronecker product. Its shape is () for a scalar, one size for a vector, two for
a matrix, more for what only tensor words can say; a vector stands as a column unless it
is transposed. The functions here build formulas in the form a person would write:
numbers in front, identities dropped, transposes where they are fewest. Spelling is
`formula_text` and `formula_latex`; what a formula denotes is `formula_value`.

>>> from indexcalc.expr import tensor
>>> A, x = leaf(tensor("A", ("m", "n"))), leaf(tensor("x", ("n",)))
>>> product([A, x]).shape, transposed(product([A, x])).op
((Dim('m'),), 'product')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from typing import Any, TypeGuard

from .coefficients import Number, multiply
from .errors import BudgetError
from .nodes import Node, is_symmetric
from .sizes import Shape, Size, shape_text, times

LENGTH_LIMIT = 20_000
PUSH_DEPTH = 60


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """One word of matrix notation: `op` over `args`, with what else it needs in
    `value`; `row` says that a vector stands as a row."""

    op: str
    args: tuple[Formula, ...] = ()
    value: Any = None
    shape: Shape = ()
    row: bool = False
    node: Node | None = None
    key: bytes = field(init=False)
    length: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        said = repr((self.op, self.value, shape_text(self.shape), self.row))
        digest = blake2b(said.encode(), digest_size=16)
        for arg in self.args:
            digest.update(arg.key)
        if self.node is not None:
            digest.update(self.node.digest)
        object.__setattr__(self, "key", digest.digest())
        object.__setattr__(self, "length", _length(self))
        object.__setattr__(
            self, "depth", 1 + max((a.depth for a in self.args), default=0)
        )
        if self.length > LENGTH_LIMIT:
            raise BudgetError(
                f"the matrix form is longer than {LENGTH_LIMIT} symbols",
                hint="use index notation, which shares repeated parts",
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.key == other.key

    def __hash__(self) -> int:
        return int.from_bytes(self.key[:8], "big")

    @property
    def order(self) -> int:
        """The number of axes of what it denotes."""
        return len(self.shape)


# -- length ----------------------------------------------------------------------------

#: Where a multiple of 𝟏 or I stands in a sum: before every other term.
UNIT = -1_000

#: Words that a minus goes through.
FLIPPING = frozenset({"hadamard", "product", "transpose", "Diag", "diag", "tr", "vec"})

LOOSE = frozenset({"sum", "hadamard", "colon", "kron", "face", "outer"})
_EXTRA: dict[str, int] = {
    "number": 1,
    "size": 1,
    "leaf": 1,
    "ones": 1,
    "eye": 1,
    "zeros": 1,
    "basis": 2,
    "copy": 1,
    "commutation": 1,
    "transpose": 1,
    "inv": 1,
    "power": 1,
    "norm2": 2,
    "normsq": 3,
    "total": 1,
}


def _length(f: Formula) -> int:
    """The number of symbols of the formula as a person would write it."""
    inner = sum(arg.length for arg in f.args)
    match f.op:
        case "sum" | "hadamard" | "kron" | "face" | "colon" | "outer":
            loose = sum(arg.op in LOOSE and f.op != "sum" for arg in f.args)
            signs = f.op == "sum" and negative(f.args[0])
            return inner + len(f.args) - 1 + loose + signs
        case "product":
            loose = sum(arg.op in LOOSE for arg in f.args) if len(f.args) > 1 else 0
            return inner + loose + _number_length(f.value)
        case "transpose" | "inv" | "power":
            loose = bool(f.args[0].op in LOOSE or f.args[0].op == "product")
            return inner + 1 + loose
        case _:
            known = _EXTRA.get(f.op)
            return inner + (3 + max(0, len(f.args) - 1) if known is None else known)


def _number_length(c: Number) -> int:
    """The symbols of a coefficient: none for 1, a sign, one a numerator."""
    if not _real(c):
        return 3
    return (abs(c) != 1) + (c < 0) + 2 * isinstance(c, Fraction)


def _real(value: object) -> TypeGuard[int | Fraction | float]:
    return not isinstance(value, complex)


def negative(f: Formula) -> bool:
    """Whether a formula begins with a minus."""
    if f.op == "number" or f.op == "product":
        return _real(f.value) and f.value < 0
    return False


# -- leaves ----------------------------------------------------------------------------


def leaf(node: Node) -> Formula:
    """A variable, or anything else that is said by its name alone."""
    return Formula("leaf", value=node.key[1], shape=node.shape, node=node)


def number(value: Number) -> Formula:
    """A number."""
    return Formula("number", value=value)


def size(n: Size) -> Formula:
    """A size as a scalar."""
    return number(n) if isinstance(n, int) else Formula("size", value=n)


def ones(n: Size) -> Formula:
    """The column of ones."""
    return Formula("ones", value=n, shape=(n,))


def eye(n: Size) -> Formula:
    """The identity matrix."""
    return Formula("eye", value=n, shape=(n, n))


def zeros(shape: Shape) -> Formula:
    """The zero of a shape."""
    return Formula("zeros", shape=shape) if shape else number(0)


def basis(i: object, n: Size) -> Formula:
    """The basis vector e_i."""
    return Formula("basis", value=(i, n), shape=(n,))


def copy(n: Size, order: int = 3) -> Formula:
    """The copy tensor of an order: H for three axes."""
    return Formula("copy", value=(n, order), shape=(n,) * order)


def word(op: str, *args: Formula, shape: Shape = (), value: Any = None) -> Formula:
    """Any other word, as it stands."""
    return Formula(op, args, value, shape)


# -- coefficients ----------------------------------------------------------------------


def split(f: Formula) -> tuple[Number, Formula | None]:
    """A formula as coefficient × the rest; None where nothing is left."""
    if f.op == "number":
        return f.value, None
    if f.op != "product" or f.value == 1:
        return 1, f
    if len(f.args) == 1:
        return f.value, f.args[0]
    return f.value, Formula("product", f.args, 1, f.shape, f.row)


def scaled(c: Number, f: Formula) -> Formula:
    """c · f."""
    return f if c == 1 else product([number(c), f])


def parts(f: Formula) -> tuple[Number, list[Formula], list[Formula]]:
    """Coefficient, scalar factors and the chain of a formula read as a product."""
    if f.op == "number":
        return f.value, [], []
    if f.op != "product":
        return (1, [], [f]) if f.order else (1, [f], [])
    if not any(arg.order for arg in f.args):
        return f.value, list(f.args), []
    lone = [arg for arg in f.args if not arg.order]
    return f.value, lone, [arg for arg in f.args if arg.order]


# -- products --------------------------------------------------------------------------


def product(factors: Iterable[Formula]) -> Formula:
    """The matrix product of the factors in order; scalars and numbers go in front."""
    coefficient: Number = 1
    scalars: list[Formula] = []
    chain: list[Formula] = []
    for f in factors:
        c, lone, rest = parts(f)
        coefficient = multiply(coefficient, c)
        scalars += lone
        if rest and not f.order:
            scalars.append(_chained(1, [], rest))
        elif f.op == "zeros":
            return _nothing([*chain, f])
        else:
            chain += rest
    if not chain and len(scalars) == 1 and scalars[0].op == "product":
        chain, scalars = list(scalars[0].args), []
    lone, chain = _gathered_scalars(scalars), _tidied(chain)
    sign, chain = _upright(chain)
    coefficient = multiply(coefficient, sign)
    if _real(coefficient) and coefficient < 0:
        turned = _one_flipped([*lone, *chain])
        if turned is not None:
            lone, chain = turned[: len(lone)], turned[len(lone) :]
            coefficient = multiply(coefficient, -1)
    return _chained(coefficient, lone, chain)


def _upright(factors: Sequence[Formula]) -> tuple[int, list[Formula]]:
    """The factors with each sum in its better sign, and the sign that this costs:
    (b − Ax)(Ax − b)ᵀ as −(Ax − b)(Ax − b)ᵀ."""
    sign, found = 1, []
    for f in factors:
        turned = flipped(f) if _sinks(f) else None
        sign = -sign if turned is not None else sign
        found.append(f if turned is None else turned)
    return sign, found


def _sinks(f: Formula) -> bool:
    """Whether the first sum that `flipped` would turn has its worse sign."""
    while f.op != "sum":
        if f.op not in FLIPPING:
            return False
        inner = next((g for g in f.args if flipped(g) is not None), None)
        if inner is None:
            return False
        f = inner
    return _falls(f)


def _falls(f: Formula) -> bool:
    """Whether a sum begins better the other way: b − Ax for Ax − b, where 𝟏 or I counts
    if it is there, else the longest term, of equals the last by name."""
    marks = [(_sum_order(g), _label(g)) for g in f.args]
    unit = [mark for mark in marks if mark[0][1] == UNIT]
    leading = unit[0] if unit else max(marks, key=lambda mark: (-mark[0][1], mark[1]))
    return leading[0][0] and not all(mark[0] for mark, _ in marks)


def _label(f: Formula) -> str:
    """The name that a formula begins with."""
    while f.args:
        f = f.args[0]
    return str(f.value)


def evened(f: Formula) -> Formula:
    """±f, for an even function of it: Ax − b for b − Ax."""
    c, body = split(f)
    if body is None or isinstance(c, complex):
        return f
    turned = flipped(body) if body.op == "sum" and _falls(body) else None
    return scaled(-c if c < 0 else c, turned or body)


def _untransposed(f: Formula) -> Formula:
    return f.args[0] if f.op == "transpose" else f


def _one_flipped(factors: Sequence[Formula]) -> list[Formula] | None:
    """The factors with the sign of one of them turned, if one has a sum to turn."""
    bases = [_untransposed(f) for f in factors]
    for k, f in enumerate(factors):
        turned = flipped(f) if bases.count(bases[k]) == 1 else None
        if turned is not None:
            return [*factors[:k], turned, *factors[k + 1 :]]
    return None


def flipped(f: Formula) -> Formula | None:
    """−f without a minus in front: b − Ax for Ax − b; None where that cannot be."""
    match f.op:
        case "sum" if any(map(negative, f.args)):
            return added([scaled(-1, g) for g in f.args], f.shape)
        case op if op in FLIPPING:
            args = _one_flipped(f.args)
            if args is None:
                return None
            return Formula(f.op, tuple(args), f.value, f.shape, f.row)
        case _:
            return None


def _nothing(chain: list[Formula]) -> Formula:
    return zeros(_chain_shape(chain)[0])


def _gathered_scalars(scalars: list[Formula]) -> list[Formula]:
    """Equal scalar factors become powers; short ones first."""
    counts: dict[Formula, Number] = {}
    for s in scalars:
        base, exponent = _base(s)
        counts[base] = counts.get(base, 0) + exponent
    found = [power(base, p) for base, p in counts.items() if p != 0]
    return sorted(found, key=lambda s: (s.op == "power" and s.value < 0, s.length))


def _base(s: Formula) -> tuple[Formula, Number]:
    if s.op == "power" and not s.order:
        return s.args[0], s.value
    return s, 1


def _tidied(chain: list[Formula]) -> list[Formula]:
    """The chain without identities, and equal neighbours as a power."""
    kept = [f for f in chain if f.op != "eye"]
    if not kept:
        return chain[:1]
    result: list[Formula] = []
    for f in kept:
        base, k = _matrix_base(f)
        before, count = _matrix_base(result[-1]) if result else (None, 0)
        if (
            f.order == 2
            and before == base
            and f.shape[0] == f.shape[1]
            and k * count > 0
        ):
            result[-1] = matrix_power(base, k + count)
        else:
            result.append(f)
    return result


def _matrix_base(f: Formula) -> tuple[Formula, int]:
    return (f.args[0], f.value) if f.op == "mpower" else (f, 1)


def matrix_power(base: Formula, k: int) -> Formula:
    """A^k."""
    return base if k == 1 else Formula("mpower", (base,), k, base.shape)


def _chain_shape(chain: Sequence[Formula]) -> tuple[Shape, bool]:
    """The shape of a chain of rows, columns and matrices, and whether it is a row."""
    first, last = chain[0], chain[-1]
    if len(chain) == 1:
        return first.shape, first.row
    left = () if first.order == 1 and first.row else first.shape[:1]
    right = () if last.order == 1 and not last.row else last.shape[-1:]
    return left + right, not left and bool(right)


def _chained(
    coefficient: Number, scalars: list[Formula], chain: list[Formula]
) -> Formula:
    args = (*scalars, *chain)
    if not args:
        return number(coefficient)
    if len(args) == 1 and coefficient == 1:
        return args[0]
    shape, row = _chain_shape(chain) if chain else ((), False)
    return Formula("product", args, coefficient, shape, row)


# -- transposes ------------------------------------------------------------------------

_SAME = frozenset({"eye", "Diag"})
_ENTRYWISE = frozenset({"sum", "hadamard", "epower", "spread"})


def transposed(f: Formula) -> Formula:
    """The transpose, pushed inwards where that writes fewer symbols."""
    if not f.order or f.op in _SAME or _is_symmetric(f):
        return f
    if f.op == "transpose":
        return f.args[0]
    if f.op == "commutation":
        return commutation(*f.value[::-1])
    if f.op == "product":
        c, lone, chain = parts(f)
        return _chained(c, lone, [transposed(g) for g in chain[::-1]])
    pushed = _pushed(f) if f.order == 2 and f.depth < PUSH_DEPTH else None
    if pushed is not None and pushed.length <= f.length:
        return pushed
    return Formula("transpose", (f,), None, f.shape[::-1], f.order == 1 and not f.row)


def _is_symmetric(f: Formula) -> bool:
    """Whether a matrix is its own transpose by what is declared of its leaves."""
    while f.op in ("inv", "adj", "mpower", "epower") and f.order == 2:
        f = f.args[0]
    if f.node is not None and f.order == 2:
        return is_symmetric(f.node)
    return False


def _pushed(f: Formula) -> Formula | None:
    """The transpose of a matrix word through its arguments, if it goes through."""
    shape = f.shape[::-1]
    match f.op:
        case "hadamard" | "sum" | "kron" | "inv" | "mpower" | "epower" | "spread":
            args = tuple(transposed(arg) for arg in f.args)
            return Formula(f.op, args, f.value, shape)
        case "call" if all(arg.order == 2 for arg in f.args):
            args = tuple(transposed(arg) for arg in f.args)
            return Formula(f.op, args, f.value, shape)
        case _:
            return None


def column(f: Formula) -> Formula:
    """A vector as a column."""
    return transposed(f) if f.row else f


# -- entry by entry --------------------------------------------------------------------


def hadamard(factors: Sequence[Formula], shape: Shape) -> Formula:
    """The entrywise product; equal factors become powers, numbers come out."""
    coefficient: Number = 1
    scalars: list[Formula] = []
    counts: dict[Formula, Number] = {}
    for f in _flat(factors):
        c, lone, chain = parts(f)
        coefficient = multiply(coefficient, c)
        scalars += lone
        body = _chained(1, [], chain)
        if not chain or body.op == "ones" or is_all_ones(body):
            continue
        base, exponent = (
            (body.args[0], body.value) if body.op == "epower" else (body, 1)
        )
        counts[base] = counts.get(base, 0) + exponent
    found = [entry_power(base, p) for base, p in counts.items() if p != 0]
    found.sort(key=_factor_order)
    sign, found = _upright(found)
    coefficient = multiply(coefficient, sign)
    if not found:
        body = ones(shape[0]) if len(shape) == 1 else all_ones(shape)
    elif len(found) == 1:
        body = found[0]
    else:
        body = Formula("hadamard", tuple(found), None, shape)
    return product([number(coefficient), *scalars, body])


def _factor_order(f: Formula) -> tuple[bool, int]:
    """Names first, then functions, products and sums; what divides comes last."""
    base = f.args[0] if f.op == "epower" else f
    rank = {"leaf": 0, "transpose": 0, "product": 2, "sum": 3}.get(base.op, 1)
    return f.op == "epower" and _real(f.value) and f.value < 0, rank


def _flat(factors: Iterable[Formula]) -> list[Formula]:
    found: list[Formula] = []
    for f in factors:
        c, lone, chain = parts(f)
        if len(chain) == 1 and chain[0].op == "hadamard":
            found += [_chained(c, lone, []), *chain[0].args]
        else:
            found.append(f)
    return found


def all_ones(shape: Shape) -> Formula:
    """The matrix of ones, 𝟏𝟏ᵀ."""
    return product([ones(shape[0]), transposed(ones(shape[1]))])


def is_all_ones(f: Formula) -> bool:
    """Whether a formula is 𝟏𝟏ᵀ."""
    if f.op != "product" or f.value != 1 or len(f.args) != 2 or f.order != 2:
        return False
    return f.args[0].op == "ones" and column(f.args[1]).op == "ones"


def entry_power(f: Formula, p: Number) -> Formula:
    """f^p entry by entry."""
    if p == 1:
        return f
    if not f.order:
        return power(f, p)
    if f.op == "epower" and isinstance(p, int):
        return entry_power(f.args[0], multiply(f.value, p))
    return Formula("epower", (f,), p, f.shape, f.row)


def power(s: Formula, p: Number) -> Formula:
    """A power of a scalar."""
    if p == 1:
        return s
    if s.op == "power" and isinstance(p, int):
        return power(s.args[0], multiply(s.value, p))
    if s.op == "norm2" and p == 2:
        return square_norm(s.args[0])
    return Formula("power", (s,), p)


def square_norm(f: Formula) -> Formula:
    """‖f‖², for a vector by its name as xᵀx."""
    if f.order == 1 and f.op == "leaf":
        return product([transposed(f), f])
    return word("normsq", evened(f))


def norm(f: Formula) -> Formula:
    """‖f‖."""
    return word("norm2", evened(f))


def applied(
    name: str, args: Sequence[Formula], shape: Shape, value: Any = ()
) -> Formula:
    """A function of the table by its name."""
    return Formula("call", tuple(args), (name, *value), shape)


# -- sums ------------------------------------------------------------------------------


def added(terms: Iterable[Formula], shape: Shape) -> Formula:
    """The sum of formulas of one shape: like terms merged, positive terms first."""
    weights: dict[Formula | None, Number] = {}
    for f in terms:
        for g in f.args if f.op == "sum" else (f,):
            if g.op == "zeros":
                continue
            c, body = split(g)
            weights[body] = weights.get(body, 0) + c
    found = [
        number(c) if body is None else scaled(c, body)
        for body, c in weights.items()
        if c != 0
    ]
    if not found:
        return zeros(shape)
    if len(found) == 1:
        return found[0]
    found.sort(key=_sum_order)
    return Formula("sum", tuple(found), None, shape, found[0].row)


def _sum_order(f: Formula) -> tuple[bool, int, bool]:
    _, body = split(f)
    if body is None or body.op == "size" or _is_unit(body):
        return negative(f), UNIT, False
    return negative(f), -_degree(body), body.op == "transpose"


def _is_unit(f: Formula) -> bool:
    """Whether a term is a multiple of 𝟏, I or 𝟏𝟏ᵀ."""
    chain = parts(f)[2]
    alone = len(chain) == 1 and chain[0].op in ("ones", "eye")
    return alone or is_all_ones(f)


def _degree(f: Formula) -> int:
    """How many factors a term has: longer products come first."""
    if f.op in ("product", "hadamard"):
        return sum(map(_degree, f.args))
    return int(f.value) if f.op in ("mpower", "epower") and f.value == 2 else 1


# -- scalars of vectors and matrices ---------------------------------------------------


def trace(f: Formula) -> Formula:
    """tr(f), with numbers and scalars in front."""
    c, lone, chain = parts(f)
    if len(chain) == 1 and chain[0].op == "eye":
        return product([number(c), *lone, size(chain[0].value)])
    if len(chain) > 1:
        chain = _best_rotation(chain)
    return product([number(c), *lone, word("tr", _chained(1, [], chain))])


def _best_rotation(chain: list[Formula]) -> list[Formula]:
    """The rotation of a cycle, or of its transpose, that is shortest."""
    turned = [transposed(f) for f in chain[::-1]]
    found = []
    for cycle in (chain, turned):
        if any(f.order != 2 for f in cycle):
            return chain
        length = sum(f.length for f in cycle)
        found += [(length, k, cycle[k:] + cycle[:k]) for k in range(len(cycle))]
    return min(found, key=lambda entry: (entry[0], entry[2][0].op == "transpose"))[2]


def total(f: Formula) -> Formula:
    """The sum of all entries."""
    c, lone, chain = parts(f)
    body = _chained(1, [], chain)
    if body.op == "diag":
        body = trace(body.args[0])
    elif body.op == "transpose":
        body = total(body.args[0])
    elif body.op == "epower" and body.value == 2:
        base = body.args[0]
        body = square_norm(base.args[0] if base.op == "transpose" else base)
    elif body.op == "ones":
        body = size(body.value)
    elif body.op == "product" and _ends_in_ones(body):
        body = total(_chained(1, [], [f for f in body.args if f.op != "ones"]))
    else:
        body = word("total", body)
    return product([number(c), *lone, body])


def _ends_in_ones(f: Formula) -> bool:
    """Whether a column is M𝟏, so that its sum is the sum over M."""
    marks = [arg.op == "ones" for arg in f.args]
    return (
        f.order == 1 and not f.row and marks[-1] and sum(marks) == 1 and len(marks) > 1
    )


def inner(factors: Sequence[Formula], n: Size) -> Formula:
    """Σ_i of the entrywise product of columns."""
    body = hadamard(factors, (n,))
    c, lone, chain = parts(body)
    whole = _chained(1, [], chain)
    if whole.op != "hadamard":
        return product([number(c), *lone, shortest(total(whole))])
    simple = [f for f in whole.args if f.op != "product"]
    rest = [f for f in whole.args if f.op == "product"]
    if not rest:
        simple, rest = simple[:-1], simple[-1:]
    if not simple:
        simple, rest = rest[:1], rest[1:]
    left, right = hadamard(simple, (n,)), hadamard(rest, (n,))
    return product([number(c), *lone, shortest(product([transposed(left), right]))])


def shortest(s: Formula) -> Formula:
    """A scalar product read forwards or backwards, or as the square of a norm."""
    if s.op != "product" or not any(arg.order for arg in s.args):
        return s
    c, lone, chain = parts(s)
    turned = [transposed(f) for f in chain[::-1]]
    best = min(chain, turned, key=lambda fs: sum(f.length for f in fs))
    half, odd = divmod(len(chain), 2)
    found = _chained(c, lone, best)
    if odd or turned != chain:
        return found
    squared = product([number(c), *lone, square_norm(_chained(1, [], chain[half:]))])
    return squared if squared.length < found.length else found


def outer_product(u: Formula, v: Formula) -> Formula:
    """u vᵀ of columns."""
    return product([column(u), transposed(column(v))])


def diagonal_matrix(v: Formula) -> Formula:
    """Diag(v), with numbers in front."""
    c, lone, chain = parts(v)
    body = _chained(1, [], chain)
    if body.op == "ones":
        return product([number(c), *lone, eye(body.value)])
    square = (v.shape[0], v.shape[0])
    inside = word("Diag", body, shape=square)
    if body.op == "diag":
        inside = Formula("hadamard", (body.args[0], eye(v.shape[0])), None, square)
    return product([number(c), *lone, inside])


def diagonal(f: Formula) -> Formula:
    """diag(M) of a square matrix."""
    c, lone, chain = parts(f)
    body = _chained(1, [], chain)
    if body.op == "eye":
        return product([number(c), *lone, ones(body.value)])
    turned = transposed(body)
    shorter = turned if turned.length < body.length else body
    return product([number(c), *lone, word("diag", shorter, shape=f.shape[:1])])


def vec(f: Formula) -> Formula:
    """vec(M), column by column."""
    c, lone, chain = parts(f)
    body = _chained(1, [], chain)
    shape = (times(*body.shape),)
    if body.op == "product" and len(body.args) == 2 and body.args[0].order == 1:
        body = kron(column(body.args[1]), body.args[0])
    else:
        body = word("vec", body, shape=shape)
    return product([number(c), *lone, body])


def kron(a: Formula, b: Formula) -> Formula:
    """a ⊗ b of two columns or two matrices; a row of ones counts as a matrix of one
    row."""
    c, lone, first = parts(a)
    d, more, second = parts(b)
    a, b = _chained(1, [], first), _chained(1, [], second)
    front = [number(multiply(c, d)), *lone, *more]
    if a.op == b.op == "eye":
        return product([*front, eye(times(a.value, b.value))])
    if a.op == b.op == "ones" and not (a.row or b.row):
        return product([*front, ones(times(a.value, b.value))])
    sides = list(zip(_sides(a), _sides(b), strict=True))
    shape = tuple(times(*pair) for pair in sides)
    if a.order == b.order == 1:
        shape = shape[1:] if a.row else shape[:1]
    return product([*front, Formula("kron", (a, b), None, shape, a.row and b.row)])


def _sides(f: Formula) -> Shape:
    """Rows and columns, of a vector too."""
    if f.order != 1:
        return f.shape
    return (1, f.shape[0]) if f.row else (f.shape[0], 1)


def commutation(m: Size, n: Size) -> Formula:
    """The matrix K with vec(Aᵀ) = K vec(A) for A of shape m×n."""
    if m == 1 or n == 1:
        return eye(times(m, n))
    return Formula("commutation", value=(m, n), shape=(times(m, n), times(m, n)))


def fold(root: Formula, rule: Callable[[Formula, list[Any]], Any]) -> Any:
    """What a rule makes of a formula from what it made of its arguments; iterative."""
    memo: dict[int, Any] = {}
    stack: list[Formula] = [root]
    while stack:
        f = stack[-1]
        missing = [arg for arg in f.args if id(arg) not in memo]
        if missing:
            stack += missing
            continue
        stack.pop()
        if id(f) not in memo:
            memo[id(f)] = rule(f, [memo[id(arg)] for arg in f.args])
    return memo[id(root)]
