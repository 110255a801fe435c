"""Questions in LaTeX, answered: the operator tells the variables and the order."""

from __future__ import annotations

import pytest

import indexcalc as ic

ASKED = [
    (r"\partial_x (x\circ y)^Tz", {"x": "n", "y": "n", "z": "n"}, {"x": "y∘z"}),
    (r"\nabla_x \tfrac12\|Ax-b\|_2^2", {"A": "m n", "x": "n", "b": "m"}, None),
    (r"\frac{\partial}{\partial X}\operatorname{tr}(AXB)", None, {"X": "AᵀBᵀ"}),
    (r"\nabla_x^2\, x^TAx", {"A": "n n", "x": "n"}, {"x": "A + Aᵀ"}),
]


@pytest.mark.parametrize(("latex", "shapes", "wanted"), ASKED)
def test_answers(
    latex: str, shapes: dict[str, str] | None, wanted: dict[str, str] | None
) -> None:
    """The answers are those of the function parsed and differentiated by hand."""
    given = shapes or {"A": "p m", "X": "m n", "B": "n p"}
    found = ic.question(latex, given).answers()
    said = {name: str(e.matrix("paper")) for name, e in found.items()}
    assert said == (wanted or {"x": "Aᵀ(Ax − b)"})


def test_no_variable() -> None:
    """A function alone is no question."""
    with pytest.raises(ic.UnsupportedError, match="which variable"):
        ic.question("x^Tx", {"x": "n"}).answers()
