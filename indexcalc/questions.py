r"""A question about a derivative as people write it: operator, function, and all.

>>> asked = question(r"\nabla_x \tfrac12\|Ax-b\|_2^2", {"A": "m n", "x": "n", "b": "m"})
>>> print(asked.answers()["x"].matrix("paper"))
Aᵀ(Ax − b)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import UnsupportedError
from .face import Expression
from .given import declarations
from .latex_names import latex_name
from .marked import formula
from .ways_in import parsed_expression


@dataclass(frozen=True, slots=True)
class Question:
    """A function, the variables to differentiate by, if the text says them, and how
    often."""

    expression: Expression
    variables: tuple[str, ...]
    order: int

    def __str__(self) -> str:
        by = ", ".join(self.variables) or "nothing named"
        order = {1: "the derivative", 2: "the second derivative"}
        what = order.get(self.order, f"the derivative of order {self.order}")
        return f"{what} of {self.expression} by {by}"

    def _repr_markdown_(self) -> str:
        """The operator and the function."""
        power = f"^{{{self.order}}}" if self.order > 1 else ""
        by = ", ".join(map(latex_name, self.variables))
        function = self.expression.latex()
        return formula(rf"\nabla{power}_{{{by}}} \left({function}\right)")

    def answers(self) -> dict[str, Expression]:
        """The derivative by each variable: the gradient or Jacobian, or the Hessian.

        Raises `UnsupportedError` where the text does not say by what, or asks for an
        order beyond two.
        """
        if not self.variables:
            raise UnsupportedError(
                "the question does not say by which variable",
                hint=r"as in \nabla_x f or \frac{\partial}{\partial x} f",
            )
        if self.order > 2:
            raise UnsupportedError(f"a derivative of order {self.order} is asked for")
        f = self.expression
        scalar = not f.shape
        if self.order == 2:
            return {x: f.hessian(x) if scalar else f.diff(x, x) for x in self.variables}
        return {x: f.gradient(x) if scalar else f.diff(x) for x in self.variables}


def question(
    latex: str,
    shapes: Mapping[str, object] | None = None,
    *,
    infer: bool = False,
    out: str | Sequence[str] | None = None,
    **named: object,
) -> Question:
    r"""What a text in LaTeX asks: `\partial_x`, `\nabla^2`, `\frac{d}{dX}` or
    `\frac{\partial f}{\partial X}` in front of a function or round it; definitions may
    follow after commas.

    Raises as `parse_latex` does.
    """
    from .text.latex_problem import read_problem

    given = declarations(shapes, named)
    found = read_problem(latex, given, infer=infer, out=out)
    expression = parsed_expression(found.parsed, given)
    return Question(expression, found.variables, found.order)
