"""einsum as it is spelled in a text: "ij,jk->ik", with repeated output indices allowed.

The specs are those of `einsum_spec`; here their sizes are unified with the operands'.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import expr
from ..einsum_spec import read_spec
from ..errors import ParseError
from ..nodes import Node
from ..sizes import Size
from .types import Disagreement, Meaning, Sizes, Type


def einsum_rule(sizes: Sizes, text: str, *operands: Meaning) -> Meaning:
    """The contraction spelled by `text`."""
    try:
        spec = read_spec(text, [operand.type.order for operand in operands])
    except ParseError as error:
        raise Disagreement(error.message, error.hint, ParseError) from None
    known: dict[str, Size] = {}
    for names, operand in zip(spec.inputs, operands, strict=True):
        _learn(sizes, known, names, operand.type)
    for name in spec.out:
        if name not in known:
            raise Disagreement(
                f"nothing gives the size of the index {name} of the result",
                "multiply by ones(n) with that index",
            )
    numbers = {name: k for k, name in enumerate(known)}
    legs = [[numbers[name] for name in names] for names in spec.inputs]
    out = [numbers[name] for name in spec.out]

    def build(*nodes: Node) -> Node:
        return expr.einsum(list(zip(nodes, legs, strict=True)), out)

    return Meaning(Type(tuple(known[name] for name in spec.out)), build)


def _learn(
    sizes: Sizes, known: dict[str, Size], names: Sequence[str], type_: Type
) -> None:
    for name, size in zip(names, type_.shape, strict=True):
        if not sizes.same(known.setdefault(name, size), size):
            raise Disagreement(
                f"the index {name} has size {sizes.said((known[name],))} and "
                f"{sizes.said((size,))}"
            )
