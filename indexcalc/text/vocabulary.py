"""The functions and constants of the text language: an open table of records.

A record says what its arguments are, what types it takes and gives, and what it builds.
Argument kinds are letters: v a value, s a size, i a whole number, t a text in quotes; a
star repeats the last one.

>>> TABLE["e"].arguments, TABLE["tr"].arguments
('is', 'v')
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .. import complexes, expr, matrix, structure_matrices
from ..errors import BudgetError, UnsupportedError
from ..nodes import Node
from ..sizes import Shape, Size, plus, times, triangle
from . import products
from .products import common, scalar_from
from .spelled import einsum_rule
from .squares import (
    FRECHET,
    SPECTRAL,
    diagonal_type,
    itself,
    log_abs,
    same_type,
    scalar_type,
    square_rule,
)
from .types import (
    COLUMN,
    EITHER,
    SCALAR,
    Disagreement,
    Meaning,
    Sizes,
    Type,
    squeezed,
)

Rule: TypeAlias = Callable[..., Meaning]
ORDER_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its argument kinds, the least number of them, and its rule.

    The rule is called with the sizes so far and the arguments: a `Meaning` for a value,
    a `Size`, an `int` or a `str`.
    """

    name: str
    arguments: str
    rule: Rule
    least: int | None = None

    @property
    def kinds(self) -> str:
        """The argument kinds without the star."""
        return self.arguments.rstrip("*")

    def kind(self, k: int) -> str:
        """The kind of argument k, or nothing where there are not so many."""
        if k < len(self.kinds):
            return self.kinds[k]
        return self.kinds[-1] if self.arguments.endswith("*") else ""

    def accepts(self, count: int) -> bool:
        """Whether the function takes that many arguments."""
        least = len(self.kinds) if self.least is None else self.least
        return least <= count and (count == 0 or bool(self.kind(count - 1)))


# -- elementwise -----------------------------------------------------------------------


def _elementwise(name: str) -> Rule:
    def rule(_: Sizes, a: Meaning) -> Meaning:
        return Meaning(a.type, lambda x: matrix.elementwise(name, x))

    return rule


def _mapped(build: Callable[[Node], Node]) -> Rule:
    def rule(_: Sizes, a: Meaning) -> Meaning:
        return Meaning(a.type, build)

    return rule


def _together(name: str) -> Rule:
    def rule(sizes: Sizes, *arguments: Meaning) -> Meaning:
        return spread_alike(sizes, arguments, lambda *x: matrix.elementwise(name, *x))

    return rule


def spread_alike(
    sizes: Sizes, arguments: tuple[Meaning, ...], build: Callable[..., Node]
) -> Meaning:
    """An elementwise function of several arguments: of one shape, or scalars among
    them.
    """
    arrays = [a.type for a in arguments if not scalar_from(sizes, a)]
    if not arrays:
        arrays = [a.type for a in arguments if a.type.order] or [SCALAR]
    type_ = arrays[0]
    for other in arrays[1:]:
        found = common(sizes, type_, other)
        if found is None:
            raise Disagreement("the arguments must have the same shape, or be scalars")
        type_ = found
    lone = [a.type.order > 0 and scalar_from(sizes, a) is not None for a in arguments]

    def spread(*nodes: Node) -> Node:
        scalars = [squeezed(x) if f else x for x, f in zip(nodes, lone, strict=True)]
        shape = sizes.shape(type_.shape)
        return build(*(x if x.shape else matrix.spread(x, shape) for x in scalars))

    return Meaning(type_, spread)


# -- reductions ------------------------------------------------------------------------


def _reduction(build: Callable[[Node], Node]) -> Rule:
    def rule(_: Sizes, a: Meaning) -> Meaning:
        return Meaning(SCALAR, build)

    return rule


def _sum_over(axis: int, stands: str) -> Rule:
    def rule(_: Sizes, a: Meaning) -> Meaning:
        if a.type.order != 2:
            raise Disagreement(
                f"sum{axis} takes a matrix, and this is a {a.type.kind}", "sum adds all"
            )
        kept = a.type.shape[1 - axis]
        return Meaning(Type((kept,), stands), lambda x: matrix.total(x, [axis]))

    return rule


def _softmax(_: Sizes, a: Meaning) -> Meaning:
    if a.type.order != 1:
        raise Disagreement(f"softmax takes a vector, and this is a {a.type.kind}")
    return Meaning(a.type, matrix.softmax)


def _lse(_: Sizes, a: Meaning) -> Meaning:
    return Meaning(SCALAR, matrix.lse if a.type.order else itself)


# -- linear algebra --------------------------------------------------------------------


def _diag(sizes: Sizes, a: Meaning) -> Meaning:
    if a.type.order == 1:
        return _diagonal_matrix(sizes, a)
    if a.type.order == 0:
        raise Disagreement("diag takes a matrix or a vector, and this is a scalar")
    extract = square_rule(matrix.diagonal, itself, diagonal_type)
    return extract(sizes, a)


def _diagonal_matrix(_: Sizes, a: Meaning) -> Meaning:
    if a.type.order != 1:
        raise Disagreement(
            f"Diag takes a vector, and this is a {a.type.kind}",
            "diag(A) is the diagonal of a matrix" if a.type.order == 2 else None,
        )
    return Meaning(Type(a.type.shape * 2), matrix.diagonal_matrix)


def _vec(_: Sizes, a: Meaning) -> Meaning:
    return Meaning(Type((times(*a.type.shape),)), matrix.vec)


def _vech(sizes: Sizes, a: Meaning) -> Meaning:
    if a.type.order != 2 or not sizes.same(*a.type.shape):
        raise Disagreement(
            f"vech takes a square matrix, and this is {sizes.said(a.type.shape)}"
        )
    n = sizes.known(a.type.shape[0])
    return Meaning(Type((triangle(n),)), matrix.vech)


def _transpose(sizes: Sizes, a: Meaning, *axes: int) -> Meaning:
    order = a.type.order
    chosen = axes or tuple(reversed(range(order)))
    if sorted(chosen) != list(range(order)):
        raise Disagreement(
            f"{', '.join(map(str, chosen))} is not an order of {order} axes",
            "axes count from 0",
        )
    if order < 3 and (not axes or chosen == (1, 0)):
        return products.transposed(sizes, a)
    shape = tuple(a.type.shape[k] for k in chosen)
    stands = a.type.stands
    return Meaning(Type(shape, stands), lambda x: matrix.transpose(x, chosen))


# -- constants -------------------------------------------------------------------------


def filled(build: Callable[..., Node]) -> Rule:
    """`ones` or `zeros` of given sizes."""

    def rule(sizes: Sizes, *shape: Size) -> Meaning:
        _require_order(len(shape))
        return Meaning(Type(shape), lambda: build(*sizes.shape(shape)))

    return rule


def _require_order(order: int) -> None:
    if order > ORDER_LIMIT:
        raise Disagreement(
            f"a tensor of {order} axes is over the limit of {ORDER_LIMIT}",
            kind=BudgetError,
        )


def open_constant(order: int) -> Rule:
    """`vector(c)` and `matrix(c)`: a number in every entry, of sizes to be inferred."""

    def rule(sizes: Sizes, a: Meaning) -> Meaning:
        scalar = scalar_from(sizes, a)
        if not scalar:
            raise Disagreement(f"a number is needed, and this is a {a.type.kind}")
        shape = tuple(sizes.fresh() for _ in range(order))
        return Meaning(
            Type(shape), lambda x: matrix.spread(scalar(x), sizes.shape(shape))
        )

    return rule


def ones_of(sizes: Sizes, size: Size) -> Meaning:
    """The ones vector."""
    return Meaning(Type((size,)), lambda: matrix.ones(sizes.known(size)))


def identity(sizes: Sizes, size: Size) -> Meaning:
    """The identity matrix."""
    return Meaning(Type((size, size)), lambda: matrix.eye(sizes.known(size)))


def _copy_tensor(sizes: Sizes, size: Size, order: int) -> Meaning:
    _require_order(order)
    return Meaning(
        Type((size,) * order), lambda: matrix.copy_tensor(sizes.known(size), order)
    )


def _basis(_: Sizes, i: int, size: Size) -> Meaning:
    _require_entry(i, size)
    return Meaning(Type((size,)), lambda: matrix.basis(i, size))


def _basis_matrix(_: Sizes, i: int, j: int, rows: Size, columns: Size) -> Meaning:
    _require_entry(i, rows)
    _require_entry(j, columns)
    shape: Shape = (rows, columns)
    return Meaning(Type(shape), lambda: matrix.basis_matrix(i, j, rows, columns))


def _require_entry(i: int, size: Size) -> None:
    if isinstance(size, int) and i >= size:
        raise Disagreement(
            f"there is no entry {i} on an axis of size {size}", "indices count from 0"
        )


def _tril(sizes: Sizes, rows: Size, columns: Size | None = None) -> Meaning:
    shape = (rows, rows if columns is None else columns)
    return Meaning(
        Type(shape), lambda: structure_matrices.lower_mask(*sizes.shape(shape))
    )


def _diagonals(sizes: Sizes, rows: Size, columns: Size) -> Meaning:
    shape = (rows, columns, plus(rows, columns))
    return Meaning(
        Type(shape), lambda: structure_matrices.diagonals(*sizes.shape(shape[:2]))
    )


def _diagonal_lengths(sizes: Sizes, rows: Size, columns: Size) -> Meaning:
    shape = (rows, columns)
    return Meaning(
        Type(shape), lambda: structure_matrices.diagonal_lengths(*sizes.shape(shape))
    )


def _duplication(sizes: Sizes, n: Size) -> Meaning:
    shape = (times(n, n), triangle(n))
    return Meaning(Type(shape), lambda: structure_matrices.duplication(sizes.known(n)))


def _elimination(sizes: Sizes, n: Size) -> Meaning:
    shape = (triangle(n), times(n, n))
    return Meaning(Type(shape), lambda: structure_matrices.elimination(sizes.known(n)))


def _commutation(sizes: Sizes, m: Size, n: Size) -> Meaning:
    shape = (times(m, n),) * 2
    return Meaning(
        Type(shape), lambda: structure_matrices.commutation(*sizes.shape((m, n)))
    )


def _levicivita(_: Sizes, n: int) -> Meaning:
    if n > 8:
        raise Disagreement(
            f"levicivita({n}) would have {n}^{n} entries",
            "at most levicivita(8)",
            UnsupportedError,
        )
    return Meaning(Type((n,) * n), lambda: matrix.levicivita(n))


# -- the table -------------------------------------------------------------------------

ELEMENTWISE = (
    *("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"),
    *("tanh", "sqrt", "abs", "sign", "relu", "sigmoid", "softplus", "erf", "recip"),
    *("square", "heaviside", "expm1", "log1p", "asinh", "acosh", "atanh", "cbrt"),
)

#: Functions of several arguments, entry by entry, and how many.
OF_SEVERAL = {"min": 2, "max": 2, "atan2": 2, "where": 3}

#: Other spellings of functions.
SPELLED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log"}

_TRACE = square_rule(matrix.trace, itself, scalar_type)

TABLE: dict[str, Function] = {
    record.name: record
    for record in (
        *(Function(name, "v", _elementwise(name)) for name in ELEMENTWISE),
        *(Function(name, "v", _elementwise(same)) for name, same in SPELLED.items()),
        Function("conj", "v", _mapped(complexes.conjugate)),
        Function("real", "v", _mapped(complexes.real_part)),
        Function("imag", "v", _mapped(complexes.imaginary_part)),
        *(Function(name, "v" * n, _together(name)) for name, n in OF_SEVERAL.items()),
        Function("sum", "v", _reduction(matrix.total)),
        Function("sum0", "v", _sum_over(0, EITHER)),
        Function("sum1", "v", _sum_over(1, COLUMN)),
        Function("mean", "v", _reduction(matrix.mean)),
        Function("norm1", "v", _reduction(matrix.norm1)),
        Function("norm2", "v", _reduction(matrix.norm2)),
        Function("normsq", "v", _reduction(matrix.normsq)),
        Function("lse", "v", _lse),
        Function("softmax", "v", _softmax),
        Function("tr", "v", _TRACE),
        Function("trace", "v", _TRACE),
        Function("frob", "vv", products.frobenius),
        Function("det", "v", square_rule(matrix.det, itself, scalar_type)),
        Function("logdet", "v", square_rule(matrix.logdet, log_abs, scalar_type)),
        Function(
            "inv",
            "v",
            square_rule(
                matrix.inv, lambda x: matrix.elementwise("recip", x), same_type
            ),
        ),
        *(Function(name, "v", rule) for name, rule in SPECTRAL.items()),
        *(Function(name, "vv*", rule) for name, rule in FRECHET.items()),
        Function(
            "adj", "v", square_rule(matrix.adj, lambda _: expr.number(1), same_type)
        ),
        Function("diag", "v", _diag),
        Function("Diag", "v", _diagonal_matrix),
        Function("vec", "v", _vec),
        Function("vech", "v", _vech),
        Function("kron", "vv", products.kronecker),
        Function("outer", "vv", products.outer),
        Function("khatri_rao", "vv", products.khatri_rao),
        Function("transpose", "vi*", _transpose, 1),
        Function("einsum", "tv*", einsum_rule, 2),
        Function("ones", "s*", filled(matrix.ones), 1),
        Function("zeros", "s*", filled(matrix.zeros), 1),
        Function("vector", "v", open_constant(1)),
        Function("matrix", "v", open_constant(2)),
        Function("eye", "s", identity),
        Function("H", "s", lambda sizes, n: _copy_tensor(sizes, n, 3)),
        Function("delta", "si", _copy_tensor),
        Function("e", "is", _basis),
        Function("E", "iiss", _basis_matrix),
        Function("levicivita", "i", _levicivita),
        Function("tril", "ss", _tril, 1),
        Function("diagonals", "ss", _diagonals),
        Function("diagonallengths", "ss", _diagonal_lengths),
        Function("duplication", "s", _duplication),
        Function("elimination", "s", _elimination),
        Function("commutation", "ss", _commutation),
    )
}
