"""Einstein notation: every index named, δ, H and ones written where they survive.

A repeated index is summed; a free one stands on the value's or the variable's axes.
What is shared, deep, or the argument of a matrix function is named once, after `where`.

>>> from indexcalc.expr import einsum, tensor
>>> X = tensor("X", ("n", "p"))
>>> index_text(einsum([(X, [0, 1])], [0, 0, 1])).text
'δ_ij X_ik'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .coefficients import Number, number_text
from .domains import always_holds
from .functions import USERS, title
from .index_walk import Naming, Piece, Spelling, naming_for, written
from .kernels import unknown_label
from .laws import Assumption
from .legible import harmless
from .nodes import Call, Node, Tensor, extent
from .sizes import Dim, Size, size_text

__all__ = ["Naming", "naming_for"]


@dataclass(frozen=True, slots=True, repr=False)
class IndexText:
    """`text` is the formula, `axes` the names of its free indices, `where` the parts
    that were named, as (left side, right side)."""

    text: str
    axes: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return with_parts(self.text, self.where)

    __repr__ = __str__


def with_parts(text: str, where: Sequence[tuple[str, str]]) -> str:
    """A formula with the parts that were named beside it.

    >>> with_parts("K_ij x_j", [("K_ij", "A_ki A_kj")])
    'K_ij x_j where K_ij = A_ki A_kj'
    """
    parts = ", ".join(f"{left} = {right}" for left, right in where)
    return f"{text} where {parts}" if where else text


def index_text(node: Node, axes: Sequence[str] | None = None) -> IndexText:
    """The index notation of the fused node; `axes` chooses the free indices' names."""
    found = written(node, PLAIN, axes)
    return IndexText(found.text, found.axes, found.where)


#: How many domain facts are told, and up to how many parts of what is told whole.
MOST_FACTS, TOLD_PARTS = 100, 300


def facts_told(facts: Iterable[Assumption]) -> tuple[str, ...]:
    """Domain facts as sentences, those that always hold left out. A long expression is
    told by its length, and of very many facts how many there are.

    >>> from indexcalc.expr import tensor
    >>> facts_told([Assumption("has no zero entry", tensor("x", ("n",)))])
    ('x_i has no zero entry',)
    """
    kept = [fact for fact in dict.fromkeys(facts) if not always_holds(*fact)]
    told = [f"{_brief(fact.node)} {fact.sentence}" for fact in kept[:MOST_FACTS]]
    if len(kept) > MOST_FACTS:
        told.append(f"{len(kept) - MOST_FACTS} more facts of this kind")
    return tuple(dict.fromkeys(told))


def _brief(node: Node) -> str:
    parts = extent(node)
    return str(index_text(node)) if parts <= TOLD_PARTS else f"a part of {parts} parts"


# -- how the pieces are spelled --------------------------------------------------------


def subscripted(name: str, indices: Sequence[str]) -> str:
    """`A_ij`, or `A[i1, j1]` where a name is not a letter.

    >>> subscripted("A", ["i", "j"]), subscripted("A", ["i1", "j"])
    ('A_ij', 'A[i1, j]')
    """
    if not indices:
        return name
    plain = "_" not in name or name.endswith(")")
    if plain and all(len(i) == 1 or i.startswith("(") for i in indices):
        return f"{name}_{''.join(indices)}"
    return f"{name}[{', '.join(indices)}]"


def signed_sum(terms: Sequence[tuple[str, Number]]) -> str:
    """Texts with their coefficients, signs between them; 0 for none.

    >>> signed_sum([("x_i", -1), ("y_i", 2)])
    '-x_i + 2 y_i'
    """
    if not terms:
        return "0"
    pieces = []
    for position, (text, c) in enumerate(terms):
        sign, size = sign_and_size(c)
        body = text if size == "" else size if text == "1" else f"{size} {text}"
        if position == 0:
            pieces.append(f"-{body}" if sign < 0 else body)
        else:
            pieces.append(f"{'-' if sign < 0 else '+'} {body}")
    return " ".join(pieces)


def sign_and_size(c: Number) -> tuple[int, str]:
    if isinstance(c, complex):
        return 1, f"({c})"
    sign = -1 if c < 0 else 1
    size = number_text(-c if sign < 0 else c)
    return sign, "" if size == "1" else f"({size})" if "/" in size else size


def elementwise_text(node: Call, args: Sequence[str]) -> str:
    """A function entry by entry of arguments that are written already."""
    if node.function == "power":
        return _power_text(node, args[0])
    name = node.function
    if name in USERS:
        name = harmless(unknown_label(*node.params))
    return f"{name}({', '.join(args)})"


def _power_text(node: Call, inner: str) -> str:
    base = inner if is_bare(node.args[0], inner) else f"({inner})"
    exponent = number_text(node.params[0])
    whole = exponent.lstrip("-").isdigit()
    return f"{base}^{exponent}" if whole else f"{base}^({exponent})"


def is_bare(base: Node, written: str) -> bool:
    """Whether the base of a power needs no brackets as it is written."""
    power = isinstance(base, Call) and base.function == "power"
    plain = isinstance(base, (Tensor, Call)) or not set(written) & set(" ^")
    return plain and not power and not written.startswith("-")


def _cored_text(
    node: Call, inner: Sequence[str], indices: Sequence[str], batch: int
) -> str:
    name = title(node)
    if name == "cofactors" and node.params[0] == 1:
        name, indices = "adj", [*indices[:-2], indices[-1], indices[-2]]
    elif name == "cofactors":
        name += str(node.params[0])
    if batch:
        lead = "".join(indices[:batch])
        inner = [f"{text}_{lead}" for text in inner]
    return subscripted(f"{name}({', '.join(inner)})", indices[batch:])


def constant_text(node: Call, indices: Sequence[str]) -> str:
    """A constant of symbolic size with its indices: e(0)_i, tril_ij."""
    if node.function == "basis":
        return subscripted(f"e({node.params[0]})", indices)
    if not node.params:
        return subscripted(node.function, indices)
    offset = node.params[0]
    shown = size_text(offset) if isinstance(offset, (int, Dim)) else str(offset)
    return subscripted(f"embed({shown})", indices)


def _size_text(size: Size) -> str:
    text = size_text(size)
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _product_text(pieces: Sequence[Piece]) -> str:
    return " ".join(piece.text for piece in pieces) or "1"


PLAIN = Spelling(
    name=harmless,
    index=harmless,
    group=lambda indices: f"({''.join(indices)})",
    subscripted=subscripted,
    copy=harmless,
    size=_size_text,
    elementwise=elementwise_text,
    cored=_cored_text,
    constant=constant_text,
    signed_sum=signed_sum,
    product=_product_text,
    bracketed=lambda text: f"({text})",
    summed=lambda indices: subscripted("Σ", indices),
    divisor=lambda _: None,
)
