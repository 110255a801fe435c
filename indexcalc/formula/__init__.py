"""Matrix notation as a tree: what is said, before it is spelled.

The functions here build formulas in the form a person would write: numbers in front,
identities dropped, transposes where they are fewest.

>>> from indexcalc.expr import tensor
>>> A, x = leaf(tensor("A", ("m", "n"))), leaf(tensor("x", ("n",)))
>>> product([A, x]).shape, transposed(product([A, x])).op
((Dim('m'),), 'product')
"""

from .entrywise import entry_power, hadamard
from .groups import diagonal, diagonal_matrix, kron, vec
from .products import (
    all_ones,
    matrix_power,
    norm,
    outer_product,
    power,
    product,
    scaled,
    square_norm,
)
from .scalars import inner, shortest, total, trace
from .signs import flipped, is_all_ones
from .sums import added
from .transposes import column, commutation, transposed
from .tree import (
    LOOSE,
    POWERS,
    Formula,
    applied,
    basis,
    brackets,
    copy,
    eye,
    fold,
    leaf,
    name_of_word,
    negative,
    number,
    ones,
    parts,
    size,
    split,
    untransposed,
    word,
    zeros,
)

__all__ = [
    "LOOSE",
    "POWERS",
    "Formula",
    "added",
    "all_ones",
    "applied",
    "basis",
    "brackets",
    "column",
    "commutation",
    "copy",
    "diagonal",
    "diagonal_matrix",
    "entry_power",
    "eye",
    "flipped",
    "fold",
    "hadamard",
    "inner",
    "is_all_ones",
    "kron",
    "leaf",
    "matrix_power",
    "name_of_word",
    "negative",
    "norm",
    "number",
    "ones",
    "outer_product",
    "parts",
    "power",
    "product",
    "scaled",
    "shortest",
    "size",
    "split",
    "square_norm",
    "total",
    "trace",
    "transposed",
    "untransposed",
    "vec",
    "word",
    "zeros",
]
