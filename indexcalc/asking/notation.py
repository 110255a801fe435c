"""Every way to say a result, by its name.

>>> from indexcalc.ways_in import parse
>>> J = parse("(X ∘ A) * ones(p)", X="n p", A="n p").diff("A")
>>> said(J, "index"), said(J, "matrix")
('δ_ij X_ik', 'H(n)*X')
>>> print(said(J, "vec"))
X•I_n   (numerator layout: rows the value, columns vec(A), column-major)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import IndexCalcError, ParseError
from ..face import Expression
from ..formula_image import mathml
from ..given import text_of
from ..index_latex import index_latex
from ..legible import quoted


@dataclass(frozen=True, slots=True)
class Manner:
    """How a result is said where there is a choice: the layout of a Jacobian matrix
    (numerator or denominator), how vec stacks (F, columns, or C, rows), whether long
    parts of a formula get names, and the theme of pictures."""

    layout: str = "numerator"
    order: str = "F"
    parts: bool = False
    theme: str = "auto"


PLAIN = Manner()
Write = Callable[[Expression, Manner], str]


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to say a result: its name, what it is, and what writes it. `picture` is
    true for what has lines and colours."""

    name: str
    title: str
    write: Write
    picture: bool = False


def said(e: Expression, notation: str, manner: Manner = PLAIN) -> str:
    """The expression in a notation of the table.

    Raises `ParseError` for a name that is not in it, and what the notation raises where
    it has no words for this expression, with the reason.
    """
    return notation_named(notation).write(e, manner)


def notation_named(name: str) -> Notation:
    """A notation of the table. Raises `ParseError` for a name that is not in it."""
    found = NOTATIONS.get(text_of(name, "a notation"))
    if found is None:
        raise ParseError(
            f"{quoted(name)} is not a notation", hint=f"one of {', '.join(NOTATIONS)}"
        )
    return found


def each(
    e: Expression, names: Iterable[str], manner: Manner = PLAIN
) -> dict[str, dict[str, str]]:
    """The expression in several notations as data: the text, or the reason why there is
    none."""
    return {name: _or_reason(e, name, manner) for name in names}


def _or_reason(e: Expression, name: str, manner: Manner) -> dict[str, str]:
    try:
        return {"text": said(e, name, manner)}
    except IndexCalcError as error:
        return {"reason": str(error)}


# -- what writes them ------------------------------------------------------------------


def _index(e: Expression, manner: Manner) -> str:
    return str(e)


def _matrix(style: str) -> Write:
    def write(e: Expression, manner: Manner) -> str:
        return str(e.matrix(style, parts=manner.parts and e.ndim < 3))

    return write


def _latex(e: Expression, manner: Manner) -> str:
    if manner.parts and e.why_no_matrix_form() is None and e.ndim < 3:
        return e.matrix(parts=True).latex
    return e.latex()


def _index_latex(e: Expression, manner: Manner) -> str:
    return str(index_latex(e.written))


def _mathml(e: Expression, manner: Manner) -> str:
    return mathml(_latex(e, manner))


def _index_mathml(e: Expression, manner: Manner) -> str:
    return mathml(_index_latex(e, manner))


def _vec(e: Expression, manner: Manner) -> str:
    return str(e.jacobian_matrix(manner.layout, manner.order, "paper"))


def _vec_mathml(e: Expression, manner: Manner) -> str:
    return mathml(e.jacobian_matrix(manner.layout, manner.order).latex)


def _slices(e: Expression, manner: Manner) -> str:
    return "\n".join(map(str, e.slices()))


def _slices_mathml(e: Expression, manner: Manner) -> str:
    return "\n".join(mathml(part.latex) for part in e.slices())


def _map(e: Expression, manner: Manner) -> str:
    return str(e.linear_map())


def _einsum(e: Expression, manner: Manner) -> str:
    return e.einsum()


def _code(language: str) -> Write:
    def write(e: Expression, manner: Manner) -> str:
        return str(e.code(language))

    return write


def _sympy(e: Expression, manner: Manner) -> str:
    return str(e.sympy())


def _python(e: Expression, manner: Manner) -> str:
    return repr(e)


def _drawn(method: str) -> Write:
    def write(e: Expression, manner: Manner) -> str:
        return str(getattr(e.diagram(), method)(**_themed(method, manner)))

    return write


def _themed(method: str, manner: Manner) -> dict[str, Any]:
    return {"theme": manner.theme} if method == "svg" else {}


def _json(e: Expression, manner: Manner) -> str:
    return json.dumps(json.loads(e.json()), ensure_ascii=False, indent=2)


_LISTED = (
    Notation("index", "index notation", _index),
    Notation(
        "matrix", "matrix notation, which can be typed in again", _matrix("plain")
    ),
    Notation("paper", "matrix notation as on paper", _matrix("paper")),
    Notation("vec", "one matrix over vec of the value and the variable", _vec),
    Notation("slices", "slice by slice", _slices),
    Notation("map", "the linear map that it is", _map),
    Notation("latex", "LaTeX", _latex),
    Notation("index-latex", "index notation in LaTeX", _index_latex),
    Notation("mathml", "MathML", _mathml),
    Notation("index-mathml", "index notation in MathML", _index_mathml),
    Notation("vec-mathml", "the matrix over vec in MathML", _vec_mathml),
    Notation("slices-mathml", "the slices in MathML", _slices_mathml),
    Notation("einsum", "einsum calls", _einsum),
    Notation("numpy", "a NumPy function", _code("numpy")),
    Notation("jax", "a JAX function", _code("jax")),
    Notation("torch", "a PyTorch function", _code("torch")),
    Notation("julia", "a Julia function", _code("julia")),
    Notation("matlab", "a MATLAB function", _code("matlab")),
    Notation("eigen", "a C++ function with Eigen", _code("eigen")),
    Notation("sympy", "SymPy", _sympy),
    Notation("python", "a program of indexcalc that makes it again", _python),
    Notation("svg", "a picture as SVG", _drawn("svg"), picture=True),
    Notation("tikz", "a picture for LaTeX", _drawn("tikz"), picture=True),
    Notation("dot", "a picture for Graphviz", _drawn("dot"), picture=True),
    Notation("mermaid", "a picture for Markdown", _drawn("mermaid"), picture=True),
    Notation("diagram", "a picture in characters", _drawn("text"), picture=True),
    Notation("document", "a document that can be loaded", _json),
)

#: The notations by name, in the order they are listed in.
NOTATIONS = {notation.name: notation for notation in _LISTED}
