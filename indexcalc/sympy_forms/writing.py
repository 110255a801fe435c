"""Into SymPy: a matrix expression, an array expression, or index notation.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> to_sympy(contract(A, x)), to_sympy(contract(A, x), "indexed")
(A*x, Sum(A[i, j]*x[j], (j, 0, n - 1)))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BudgetError, IndexCalcError, UnsupportedError
from ..given import names_of
from ..legible import quoted
from ..nodes import Node, extent
from ..simplify import fuse
from .elementary import elementary
from .symbols import require_sympy
from .vocabulary import vocabulary
from .write_arrays import to_array
from .write_indexed import to_indexed
from .write_matrices import to_matrix

#: The most parts of an expression that SymPy is given.
EXTENT_LIMIT = 2_000

FORMS = ("matrix", "array", "indexed")

#: What SymPy's constructors raise.
_SYMPY = (TypeError, ValueError, AttributeError, NotImplementedError)


def to_sympy(
    root: Node,
    form: str | None = None,
    symbols: Mapping[str, Any] | None = None,
    axes: str | Sequence[str] = (),
) -> Any:
    """The SymPy expression of a node.

    `form` is "matrix", "array" or "indexed"; without it the matrix form where there is
    one, else the array. `symbols` gives the SymPy symbols of names; `axes` names the
    free indices of the indexed form.

    Raises `UnsupportedError` with the reason where there is no such form.
    """
    names = names_of(axes, "axes")
    if form not in (None, *FORMS):
        raise UnsupportedError(
            f"{quoted(form)} is not a form of SymPy", hint=f"one of {', '.join(FORMS)}"
        )
    try:
        return _written(root, form, dict(symbols or {}), names)
    except RecursionError:
        raise BudgetError("SymPy cannot hold an expression nested so deeply") from None
    except IndexCalcError:
        raise
    except _SYMPY as error:
        raise UnsupportedError(
            f"SymPy refuses the {form or 'matrix'} form: {error}",
            hint='form="indexed" may do',
        ) from error


def _written(
    root: Node, form: str | None, symbols: Mapping[str, Any], names: Sequence[str]
) -> Any:
    for symbol in symbols.values():
        require_sympy(symbol)
    node = fuse(elementary(root))
    if extent(node) > EXTENT_LIMIT:
        raise BudgetError(
            f"an expression of {extent(node)} parts is too long for SymPy, the limit "
            f"being {EXTENT_LIMIT}",
            hint="write a part of it at a time",
        )
    words = vocabulary(node, symbols, names)
    match form:
        case "matrix":
            return to_matrix(node, words)
        case "array":
            return to_array(node, words)
        case "indexed":
            return to_indexed(node, words, names)
    if len(node.shape) > 2:
        return to_array(node, words)
    try:
        return to_matrix(node, words)
    except UnsupportedError as reason:
        return _array_instead(node, symbols, reason)


def _array_instead(
    node: Node, symbols: Mapping[str, Any], reason: UnsupportedError
) -> Any:
    try:
        return to_array(node, vocabulary(node, symbols))
    except UnsupportedError:
        raise reason from None
