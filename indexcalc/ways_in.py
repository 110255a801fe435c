"""How a user makes expressions: symbols, constants, einsum, and the text languages.

>>> A, x = tensor("A", "m n"), tensor("x", "n")
>>> print(einsum("ij,j->i", A, x))
A_ij x_j
>>> print(parse("A * x", A="m n", x="n"))
A_ij x_j
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import expr, matrix
from .broadcasting import as_node
from .einsum_spec import contraction
from .face import Expression
from .index import Index, Indexed, copies
from .index import indices as indices
from .operators import bare, scope_of
from .sizes import as_size


def tensor(name: str, shape: object = "") -> Expression:
    """The variable `name`: shape `"n p"`, `3`, `("n", 3)`, `""` for a scalar; structure
    after a colon, as in `"n n : symmetric"`.

    >>> tensor("A", "n p").shape
    (Dim('n'), Dim('p'))
    """
    from .text.declarations import declare

    (found,) = declare({name: shape}).variables.values()
    return Expression(expr.tensor(found.name, found.shape, found.structure))


def tensors(names: str, shape: object = "") -> tuple[Expression, ...]:
    """Several variables of one shape.

    >>> X, A = tensors("X A", "n p")
    """
    return tuple(tensor(name, shape) for name in names.replace(",", " ").split())


def constant(array: object, name: str = "") -> Expression:
    """A constant that owns an array."""
    return Expression(expr.constant(array, name))


def ones(*shape: object) -> Expression:
    """The tensor of ones: `ones("n")`, `ones("n", 3)`."""
    return Expression(matrix.ones(*map(as_size, shape)))


def zeros(*shape: object) -> Expression:
    """The zero tensor."""
    return Expression(matrix.zeros(*map(as_size, shape)))


def eye(n: object) -> Expression:
    """The identity δ_ij of a size."""
    return Expression(matrix.eye(as_size(n)))


def delta(*given: Any) -> Any:
    """δ: `delta(i, j)` joins named indices, `delta("n", k)` is the order-k copy tensor.

    >>> print(delta("n", 2))
    δ_ij
    """
    if given and all(isinstance(index, Index) for index in given):
        return copies(*given)
    size, order = given if len(given) == 2 else (*given, 2)
    return Expression(matrix.copy_tensor(as_size(size), int(order)))


def H(*given: Any) -> Any:
    """The third-order copy tensor: `H("n")`, or `H(i, j, k)` on named indices.

    H_ijk = 1 where i = j = k, else 0.
    """
    if given and all(isinstance(index, Index) for index in given):
        return copies(*given)
    (size,) = given
    return Expression(matrix.copy_tensor(as_size(size), 3))


def basis(i: int, n: object) -> Expression:
    """The basis vector e_i of length n; i counts from 0."""
    return Expression(matrix.basis(i, as_size(n)))


def sum_over(free: str | Sequence[Index], indexed: Indexed) -> Expression:
    """Closes index notation: the free indices in order, all others summed.

    >>> i, j = indices("i j")
    >>> A, x = tensor("A", "m n"), tensor("x", "n")
    >>> print(sum_over("i", A[i, j] * x[j]))
    A_ij x_j
    """
    names = free.replace(",", " ").split() if isinstance(free, str) else free
    chosen = tuple(Index(n) if isinstance(n, str) else n for n in names)
    return Expression(indexed.node(chosen))


def einsum(
    spec: str, *operands: object, sizes: Mapping[str, object] | None = None
) -> Expression:
    """A contraction in einsum notation; repeated, missing and extra output indices are
    welcome (`"i->ii"`), so are `...` and long names between spaces (`"row col, col ->
    row"`). `sizes` gives the sizes of indices that only the output has.

    Raises `ShapeError` for sizes that disagree, `ParseError` for a spec that is none.
    """
    nodes = [as_node(bare(operand)) for operand in operands]
    given = {name: as_size(size) for name, size in (sizes or {}).items()}
    return Expression(contraction(spec, nodes, given), scope=scope_of(operands))


def parse(
    text: str,
    shapes: Mapping[str, object] | None = None,
    *,
    paper: bool = False,
    infer: bool = False,
    **named: object,
) -> Expression:
    """An expression of the text language; `*` is the matrix product there.

    Shapes by keyword or as a mapping; `paper=True` reads juxtaposition as the product;
    `infer=True` gives undeclared names a shape by their letter.
    """
    from .text import parse as parse_text
    from .text.declarations import declare

    given = {**(shapes or {}), **named}
    parsed = parse_text(text, given, paper=paper, infer=infer)
    declared = declare(given).variables
    scope = {
        name: expr.tensor(
            name, shape, declared[name].structure if name in declared else ""
        )
        for name, shape in parsed.shapes.items()
    }
    return Expression(parsed.node, scope=scope)


def parse_index(
    text: str,
    out: str | Sequence[str] = "",
    shapes: Mapping[str, object] | None = None,
    **named: object,
) -> Expression:
    """Index notation as text: `parse_index("A_ij x_j", out="i", A="m n", x="n")`."""
    from .text import parse_index as parse_index_text

    return Expression(parse_index_text(text, out, {**(shapes or {}), **named}))


def equal(a: object, b: object) -> bool | None:
    """Whether two expressions are the same function: True and False are certain, None
    is "undecided"."""
    from .check import compare

    left, right = as_node(bare(a)), as_node(bare(b))
    if left.shape != right.shape:
        return False
    return compare(left, right)


def unknown(name: str) -> Callable[..., Expression]:
    """An unknown elementwise function: `f = unknown("f")`, then `f(x)`.

    Its derivative prints as f' and takes its values from `functions={"f": …, "f'": …}`.

    >>> x = tensor("x", "n")
    >>> print(unknown("f")(x).diff(x))
    δ_ij f'(x_i)
    """

    def function(*args: object) -> Expression:
        nodes = [as_node(bare(arg)) for arg in args]
        return Expression(matrix.unknown(name, *nodes), scope=scope_of(args))

    return function
