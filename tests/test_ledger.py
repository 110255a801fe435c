"""The ledger of shapes: every part once, innermost first, with what it is."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.formula import leaf, product
from indexcalc.steps.ledger import Ledger, ledger


def rows(found: Ledger) -> list[tuple[str, str]]:
    lines = found.text().splitlines()
    return [tuple(part.strip() for part in line.split(": ", 1)) for line in lines]  # type: ignore[misc]


def of(text: str, **shapes: str) -> Ledger:
    return ledger(ic.parse(text, shapes).written)


def test_the_layer_in_reading_order() -> None:
    found = rows(of("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3"))
    assert found == [
        ("W", "k×k"),
        ("A", "k×n"),
        ("X", "n×3"),
        ("A*X", "k×3"),
        ("(A*X).*(A*X)", "k×3"),
        ("ones(3)", "3, a column"),
        ("((A*X).*(A*X))*ones(3)", "k, a column"),
        ("W*((A*X).*(A*X))*ones(3)", "k, a column"),
    ]


def test_rows_columns_and_scalars_are_said() -> None:
    found = dict(rows(of("x'*A*x", A="n n", x="n")))
    assert found["x'"] == "n, a row"
    assert found["x"] == "n, a column"
    assert found["x'*A*x"] == "a scalar"


def test_parts_come_before_what_they_are_parts_of() -> None:
    found = [text for text, _ in rows(of("logdet(A*inv(X)*A')", A="m n", X="n n"))]
    assert found.index("X") < found.index("inv(X)") < found.index("A*inv(X)*A'")
    assert found[-1] == "logdet(A*inv(X)*A')"
    assert len(set(found)) == len(found)


def test_a_formula_is_read_as_it_stands() -> None:
    A, B, x = (
        leaf(ic.tensor(name, shape).written)
        for name, shape in (("A", "m n"), ("B", "n p"), ("x", "p"))
    )
    assert ("B*x", "n, a column") in rows(ledger(product([A, B, x])))
    assert ("A*B", "m×p") not in rows(ledger(product([A, B, x])))


def test_tensors_are_said_in_indices() -> None:
    found = of('einsum("ijk,k->ij", T, x)*A', T="n n n", x="n", A="n n")
    assert ("T_ijk x_k", "n×n") in rows(found)
    assert ("A", "n×n") in rows(found)


@pytest.mark.parametrize("text", ["W*((A*X).*(A*X))*ones(3)", "tr(X'*X)*A"])
def test_other_notations_have_one_line_a_row(text: str) -> None:
    found = of(text, W="k k", A="k n", X="n 3")
    assert len(found.markdown().splitlines()) == len(found.rows) + 2
    latex = found.latex()
    assert latex.isascii()
    assert latex.count("&") == len(found.rows)
    assert str(found) == found.text("paper")
