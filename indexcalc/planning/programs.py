"""The planned program of expressions at given sizes: chosen, lowered, in pairs.

>>> from indexcalc.expr import einsum, tensor
>>> A, B = tensor("A", ("m", "n")), tensor("B", ("n", "m"))
>>> trace = einsum([(A, [0, 1]), (B, [1, 0])], [])
>>> [type(step).__name__ for step in planned([trace], lambda size: 9).steps]
['Load', 'Load', 'Contract']
"""

from __future__ import annotations

from collections.abc import Sequence

from ..distribute import without_diagonals
from ..nodes import Node, toposort
from ..plan import Program, compile_nodes
from ..simplify import Fusion, fused_in
from .book import Book
from .choices import chosen
from .costs import Ledger
from .pairs import Lengths, in_pairs
from .stable import named_forms
from .symmetric import with_symmetry


def arranged(
    nodes: Sequence[Node],
    length: Lengths,
    *,
    symmetric: bool = True,
    book: Book | None = None,
    real: bool = True,
) -> list[Node]:
    """The cheapest forms found for all nodes together, their functions by name; see
    `named_forms`, `chosen`. `symmetric` allows the routines for symmetric products that
    NumPy has; what stands in the book is not searched for. `real` says that no array is
    complex."""
    fusion = Fusion()
    forms = [named_forms(fused_in(fusion, node), length, real) for node in nodes]
    named = [_cheapest(found, length) for found in forms]
    found = chosen(named, length, book)
    if not symmetric:
        return found
    # what is multiplied out is fused again, which knows no symmetric products
    return [with_symmetry(without_diagonals(node), length) for node in found]


def planned(
    nodes: Sequence[Node],
    length: Lengths,
    *,
    symmetric: bool = True,
    real: bool = True,
) -> Program:
    """The program of the cheapest forms, in pairs."""
    found = arranged(nodes, length, symmetric=symmetric, real=real)
    return in_pairs(compile_nodes(found, sparse=True), length)


#: Costs that differ by less are the same; then the form of fewer nodes is taken.
CLOSE = 1.05


def _cheapest(forms: Sequence[Node], length: Lengths) -> Node:
    if len(forms) == 1:
        return forms[0]
    costs = [Ledger(length).seconds((form,)) for form in forms]
    near = [f for f, c in zip(forms, costs, strict=True) if c <= CLOSE * min(costs)]
    return min(near, key=lambda form: len(toposort(form)))
