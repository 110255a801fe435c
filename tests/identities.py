"""The table of known derivatives: 121 rows, each either said here or excused by name.

Sources: MC is the equation number in the Matrix Cookbook (2012), TC the Tensor
Cookbook, MSE a question on math.stackexchange.com, Seed n the n-th worked problem. A
row may have variants, named after a hyphen: without its symmetry assumption, or in
another form.
"""

from __future__ import annotations

from tests.identities_functions import FUNCTIONS, NORMS, SECOND
from tests.identities_hadamard import DIAGONALS, HADAMARD, KRONECKER
from tests.identities_inverses import DETERMINANTS, INVERSES
from tests.identities_products import PRODUCTS, TRACES
from tests.identities_spectral import SPECTRAL
from tests.identities_structured import STRUCTURED

ROWS = (
    *PRODUCTS,
    *TRACES,
    *INVERSES,
    *DETERMINANTS,
    *HADAMARD,
    *KRONECKER,
    *DIAGONALS,
    *NORMS,
    *FUNCTIONS,
    *SECOND,
    *SPECTRAL,
    *STRUCTURED,
)

EXCUSED: dict[str, str] = {}

SECTIONS = {
    "A": "1 2 4 5 7 8 10 11 13 14 16 17 19 20 22 23 25 26 26b 28 29 31 32",
    "B": "1 2 4 5 7 8 10 11 13 14 16 17 19 20 22",
    "C": "1 2 4 5 7 8 10 11",
    "D": "1 2 4 5 7 8 10 11",
    "E": "1 2 4 5 7 8 10 11 13 14 16 17 19",
    "F": "1 2 4 5 7 8 10 11 13",
    "G": "1 2 4 5 7 8",
    "N": "1 2 4 5 7 8 10 11 13",
    "S": "1 2 4 5 7 8 10 11 13 14 16 17 19",
    "H": "1 2 4 5 7 8 10 11 13",
    "T": "1 2 4 5 7 8 10 11",
}

NAMES = tuple(
    letter + number
    for letter, numbers in SECTIONS.items()
    for number in numbers.split()
)
