"""The pass table: our cells are tried anew, and a sample of SymPy's."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from benchmarks import compared
from benchmarks.compared_cases import FORMS, HIGHER, Row

SAMPLE = ("x'*A*x", "exp(x'*A*x)", "norm2(x)", "W*x", "diag(X)", "logdet(X)")


def cells(row: Row) -> dict[str, str]:
    """What the page says of a row, by system."""
    return dict(
        zip(compared.SYSTEMS, compared.recorded()[compared.title(row)], strict=False)
    )


def test_the_page_has_the_rows() -> None:
    found = compared.recorded()
    assert list(found) == [compared.title(row) for row in FORMS]
    assert [kept[-1] for kept in found.values()] == [row.site for row in FORMS]


@pytest.mark.parametrize("row", FORMS, ids=compared.title)
def test_ours(row: Row) -> None:
    """Each is right, and said as the page says."""
    assert compared.ours(row) == cells(row)["indexcalc"]


@pytest.mark.parametrize(
    "row", [row for row in FORMS if row.text in SAMPLE], ids=compared.title
)
def test_sympy(row: Row) -> None:
    assert compared.cell("sympy", row) == cells(row)["sympy"]


def test_a_wrong_result_is_told() -> None:
    """Another order of axes and a matrix over vec are right; other numbers are not."""
    wanted = np.arange(24.0).reshape(2, 3, 4)
    assert compared.verdict(wanted.transpose(2, 0, 1), wanted) == compared.RIGHT
    assert compared.verdict(wanted.reshape(6, 4), wanted) == compared.RIGHT
    assert compared.verdict(wanted + 1, wanted) == compared.WRONG
    assert compared.verdict(0 * wanted, wanted) == compared.ZERO


def test_what_is_said_of_higher_orders_has_more_axes() -> None:
    for row in FORMS:
        if row.site == HIGHER:
            assert ic.parse(row.text, row.shapes).diff(row.by).ndim > 2
