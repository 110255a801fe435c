"""The formula tree: one word of matrix notation over others, its leaves, its length.

A `Formula` is immutable and equal to another by its key. Its shape is () for a scalar,
one size for a vector, two for a matrix, more for what only tensor words can say; a
vector stands as a column unless `row` says otherwise.

>>> from indexcalc.expr import tensor
>>> leaf(tensor("A", ("m", "n"))).length
1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from typing import Any, TypeGuard

from ..coefficients import Number
from ..errors import BudgetError
from ..nodes import Node
from ..sizes import Shape, Size, shape_text

LENGTH_LIMIT = 20_000


LOOSE = frozenset({"sum", "hadamard", "colon", "kron", "face", "outer"})


POWERS = frozenset({"mpower", "epower"})
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


def _length(f: Formula) -> int:
    """The number of symbols of the formula as a person would write it."""
    inner = sum(arg.length for arg in f.args)
    match f.op:
        case "sum":
            return inner + len(f.args) - 1 + negative(f.args[0])
        case "hadamard" | "kron" | "face" | "colon" | "outer":
            return inner + len(f.args) - 1 + sum(map(brackets, f.args))
        case "product":
            alone = len(f.args) == 1 and f.value == 1
            loose = 0 if alone else sum(map(brackets, f.args))
            return inner + loose + _number_length(f.value)
        case "transpose" | "inv" | "power" | "mpower" | "epower":
            base = f.args[0].op
            loose = base in LOOSE or base == "product" or base in POWERS
            mark = 0 if f.op != "epower" else 1 if base == "leaf" else 2
            return inner + 1 + 2 * loose + mark
        case _:
            known = _EXTRA.get(f.op)
            return inner + (3 + max(0, len(f.args) - 1) if known is None else known)


def brackets(f: Formula) -> int:
    """What brackets around an operand count: half for a matrix and its transpose,
    which one likes to see together."""
    if f.op not in LOOSE:
        return 0
    pair = f.op == "sum" and len(f.args) == 2
    return 1 if pair and untransposed(f.args[1]) == f.args[0] else 2


def _number_length(c: Number) -> int:
    """The symbols of a coefficient: none for 1, a sign, one a numerator."""
    if not is_real(c):
        return 3
    return (abs(c) != 1) + (c < 0) + 2 * isinstance(c, Fraction)


def is_real(value: object) -> TypeGuard[int | Fraction | float]:
    return not isinstance(value, complex)


def negative(f: Formula) -> bool:
    """Whether a formula begins with a minus."""
    if f.op == "number" or f.op == "product":
        return is_real(f.value) and f.value < 0
    return False


def negated(f: Formula) -> Formula:
    """−f, with no other change to it."""
    if f.op == "number":
        return number(-f.value)
    if f.op == "product":
        if f.value == -1 and len(f.args) == 1:
            return f.args[0]
        return Formula("product", f.args, -f.value, f.shape, f.row)
    return Formula("product", (f,), -1, f.shape, f.row)


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


def applied(
    name: str, args: Sequence[Formula], shape: Shape, value: Any = ()
) -> Formula:
    """A function of the table by its name."""
    return Formula("call", tuple(args), (name, *value), shape)


def split(f: Formula) -> tuple[Number, Formula | None]:
    """A formula as coefficient × the rest; None where nothing is left."""
    if f.op == "number":
        return f.value, None
    if f.op != "product" or f.value == 1:
        return 1, f
    if len(f.args) == 1:
        return f.value, f.args[0]
    return f.value, Formula("product", f.args, 1, f.shape, f.row)


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


def chained(
    coefficient: Number, scalars: list[Formula], chain: list[Formula]
) -> Formula:
    args = (*scalars, *chain)
    if not args:
        return number(coefficient)
    if len(args) == 1 and coefficient == 1:
        return args[0]
    shape, row = chain_shape(chain) if chain else ((), False)
    return Formula("product", args, coefficient, shape, row)


def chain_shape(chain: Sequence[Formula]) -> tuple[Shape, bool]:
    """The shape of a chain of rows, columns and matrices, and whether it is a row."""
    first, last = chain[0], chain[-1]
    if len(chain) == 1:
        return first.shape, first.row
    left = () if first.order == 1 and first.row else first.shape[:1]
    right = () if last.order == 1 and not last.row else last.shape[-1:]
    return left + right, not left and bool(right)


def name_of_word(f: Formula) -> str:
    """What a word is called in a sentence."""
    if f.op in ("call", "named"):
        return str(f.value[0])
    return str(f.value[2]) if f.op == "titled" else f.op


def untransposed(f: Formula) -> Formula:
    """A formula without the transposition it begins with."""
    return f.args[0] if f.op == "transpose" else f


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
