"""Diag, diag, vec and ⊗ of formulas.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import leaf
>>> A = leaf(tensor("A", ("n", "n")))
>>> diagonal_matrix(diagonal(A)).op
'hadamard'
"""

from __future__ import annotations

from ..coefficients import multiply
from ..sizes import Shape, times
from .entrywise import entry_power
from .products import product
from .transposes import column, transposed
from .tree import Formula, chained, eye, number, ones, parts, word


def diagonal_matrix(v: Formula) -> Formula:
    """Diag(v), with numbers in front."""
    c, lone, chain = parts(v)
    body = chained(1, [], chain)
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
    body = chained(1, [], chain)
    if body.op == "eye":
        return product([number(c), *lone, ones(body.value)])
    if body.op == "epower":
        inside = diagonal(body.args[0])
        return product([number(c), *lone, entry_power(inside, body.value)])
    turned = transposed(body)
    shorter = turned if turned.length < body.length else body
    return product([number(c), *lone, word("diag", shorter, shape=f.shape[:1])])


def vec(f: Formula) -> Formula:
    """vec(M), column by column."""
    c, lone, chain = parts(f)
    body = chained(1, [], chain)
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
    a, b = chained(1, [], first), chained(1, [], second)
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
