"""SymPy expressions of literal size as arrays, by SymPy alone: the oracle of its tests.

Matrices and arrays are written out by SymPy's own `as_explicit` and `doit`, then their
entries become rational numbers.

>>> A = sympy.MatrixSymbol("A", 2, 2)
>>> value(A * A, {"A": np.eye(2)}).tolist()
[[1.0, 0.0], [0.0, 1.0]]
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

Array = np.ndarray[Any, Any]
Values = Mapping[str, Array]


def rational(array: Array) -> list[Any]:
    """The entries as exact numbers."""
    return [sympy.Rational(str(round(float(x), 12))) for x in np.ravel(array)]


def value(expr: Any, values: Values) -> Array:
    """The value as an array of floats, with SymPy's axes."""
    found = expr.as_explicit() if hasattr(expr, "as_explicit") else expr
    if not hasattr(found, "shape"):
        return np.array(_number(found, values))
    entries = [found[place] for place in product(*map(range, found.shape))]
    return np.array([_number(e, values) for e in entries]).reshape(found.shape)


def _number(expr: Any, values: Values) -> float:
    """A scalar: traces and determinants written out, entries looked up."""
    written = sympy.sympify(expr)
    for kind, explicit in WRITTEN_OUT.items():
        written = written.replace(kind, explicit)
    return _float(written.doit().xreplace(_entries(written.doit(), values)))


WRITTEN_OUT: dict[Any, Any] = {
    sympy.Trace: lambda arg: arg.as_explicit().trace(),
    sympy.Determinant: lambda arg: arg.as_explicit().det(),
}


def _entries(expr: Any, values: Values) -> dict[Any, Any]:
    """The numbers of the scalars and entries in an expression."""
    found = {e: _entry_of(e, values) for e in expr.atoms(MatrixElement)}
    for symbol in expr.atoms(sympy.Symbol):
        if symbol.name in values and np.ndim(values[symbol.name]) == 0:
            found[symbol] = rational(values[symbol.name])[0]
    return found


def _entry_of(entry: Any, values: Values) -> Any:
    array = np.asarray(values[entry.parent.name])
    place = tuple(map(int, entry.indices))[: array.ndim]
    return rational(array[place])[0]


def _float(expr: Any) -> float:
    done = sympy.sympify(expr).doit()
    return float(sympy.re(done.evalf(30)))


def indexed_value(expr: Any, indices: list[Any], values: Values) -> Array:
    """The value of an expression with free indices, entry by entry."""
    sizes = [int(i.upper) + 1 for i in indices]
    whole = substituted_indexed(expr, values)
    entries = [
        _float(_entry(whole, dict(zip(indices, place, strict=True)), values))
        for place in product(*map(range, sizes))
    ]
    return np.array(entries).reshape(sizes)


def substituted_indexed(expr: Any, values: Values) -> Any:
    """The expression with its scalar variables replaced; its indexed ones wait."""
    scalars = {
        symbol: rational(values[symbol.name])[0]
        for symbol in expr.atoms(sympy.Symbol)
        if not isinstance(symbol, sympy.Idx) and symbol.name in values
        if np.ndim(values[symbol.name]) == 0
    }
    return expr.xreplace(scalars)


def _entry(expr: Any, place: Mapping[Any, int], values: Values) -> Any:
    """One entry: indices replaced, sums and matrices written out, entries looked up."""
    written = expr.xreplace({i: sympy.Integer(k) for i, k in place.items()})
    written = written.replace(sympy.Sum, _terms)
    for kind, explicit in WRITTEN_OUT.items():
        written = written.replace(kind, explicit)
    written = written.doit()
    new = {e: _looked_up(e, values) for e in written.atoms(sympy.Indexed)}
    return written.xreplace(new)


def _terms(body: Any, *limits: Any) -> Any:
    """A sum over literal ranges, term by term."""
    indices = [index for index, _, _ in limits]
    ranges = [range(int(low), int(high) + 1) for _, low, high in limits]
    places = [
        dict(zip(indices, map(sympy.Integer, p), strict=True)) for p in product(*ranges)
    ]
    return sympy.Add(*(body.xreplace(place) for place in places))


def _looked_up(entry: Any, values: Values) -> Any:
    array = np.asarray(values[str(entry.base.label)])
    return rational(array[tuple(map(int, entry.indices))])[0]
