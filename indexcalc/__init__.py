"""indexcalc: tensor-index notation and matrix calculus.

Write an expression with Hadamard products, ones, diag, traces, inverses, elementwise
functions; get its indexed form with deltas, its derivative with the deltas contracted,
the einsum program that computes it, and the numbers.

>>> import indexcalc as ic
>>> X, A = ic.tensors("X A", "n p")
>>> print(((X * A) @ ic.ones("p")).diff(A))
δ_ij X_ik
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BudgetError,
    EvaluationError,
    IndexCalcError,
    InternalError,
    ParseError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from .face import Expression, build
from .from_diagrams import diagram_from, diagram_from_json, film_from_json
from .from_documents import (
    compiled_from_json,
    expression_from_json,
    load,
    plan_from_json,
)
from .index import Index, Indexed, indices
from .questions import Question, question
from .sizes import Dim, dim
from .ways_in import (
    H,
    basis,
    check,
    cholesky,
    commutation,
    compile,
    conj,
    constant,
    delta,
    duplication,
    eigvalsh,
    einsum,
    elementwise,
    elimination,
    equal,
    expm,
    eye,
    from_sympy,
    imag,
    logm,
    ones,
    parse,
    parse_index,
    parse_latex,
    pinv,
    real,
    sqrtm,
    sum_over,
    tensor,
    tensors,
    to_sympy,
    unknown,
    wirtinger,
    zeros,
)

if TYPE_CHECKING:
    from . import numpy
    from .structured import Structured

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "Dim",
    "EvaluationError",
    "Expression",
    "H",
    "Index",
    "IndexCalcError",
    "Indexed",
    "InternalError",
    "ParseError",
    "Question",
    "ShapeError",
    "Structured",
    "UnknownNameError",
    "UnsupportedError",
    "basis",
    "build",
    "check",
    "cholesky",
    "commutation",
    "compile",
    "compiled_from_json",
    "conj",
    "constant",
    "delta",
    "diagram_from",
    "diagram_from_json",
    "dim",
    "duplication",
    "eigvalsh",
    "einsum",
    "elementwise",
    "elimination",
    "equal",
    "expm",
    "expression_from_json",
    "eye",
    "film_from_json",
    "from_sympy",
    "imag",
    "indices",
    "load",
    "logm",
    "numpy",
    "ones",
    "parse",
    "parse_index",
    "parse_latex",
    "pinv",
    "plan_from_json",
    "question",
    "real",
    "sqrtm",
    "sum_over",
    "tensor",
    "tensors",
    "to_sympy",
    "unknown",
    "wirtinger",
    "zeros",
]


def __getattr__(name: str) -> Any:
    """What is imported when it is first asked for."""
    if name == "numpy":
        return import_module(".numpy", __name__)
    if name == "Structured":
        return import_module(".structured", __name__).Structured
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names that are for users."""
    return sorted({*__all__, "__version__"})
