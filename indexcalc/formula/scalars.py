"""Scalars of formulas: traces, totals, inner products, read the shorter way.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.products import product
>>> from indexcalc.formula.tree import leaf
>>> A, B = (leaf(tensor(name, ("n", "n"))) for name in "AB")
>>> trace(product([A, B])).op
'tr'
"""

from __future__ import annotations

from collections.abc import Sequence

from ..sizes import Size
from .entrywise import hadamard
from .products import product, square_norm
from .transposes import transposed
from .tree import Formula, chained, number, parts, size, word


def trace(f: Formula) -> Formula:
    """tr(f), with numbers and scalars in front."""
    c, lone, chain = parts(f)
    if len(chain) == 1 and chain[0].op == "eye":
        return product([number(c), *lone, size(chain[0].value)])
    if len(chain) > 1:
        chain = _best_rotation(chain)
    return product([number(c), *lone, word("tr", chained(1, [], chain))])


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
    body = chained(1, [], chain)
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
        body = total(chained(1, [], [f for f in body.args if f.op != "ones"]))
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
    whole = chained(1, [], chain)
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
    found = chained(c, lone, best)
    if odd or turned != chain:
        return found
    squared = product([number(c), *lone, square_norm(chained(1, [], chain[half:]))])
    return squared if squared.length < found.length else found
