"""Matrix notation into SymPy: each word of a `Formula` as a matrix expression.

A vector is a column, n×1; a scalar is a SymPy scalar, so that xᵀSx is Trace(x.T*S*x).

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, trace
>>> from indexcalc.sympy_forms.vocabulary import vocabulary
>>> A = tensor("A", ("n", "n"))
>>> y = trace(contract(A, A))
>>> to_matrix(y, vocabulary(y, {}))
Trace(A**2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.kronecker import KroneckerProduct
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from ..errors import UnsupportedError
from ..formula import Formula, fold, name_of_word
from ..functions import is_elementwise
from ..nodes import Call, Node, Tensor
from ..sizes import Shape
from ..words.matrix import formula
from .elementary import number, spelled
from .symbols import bound
from .vocabulary import Vocabulary


def to_matrix(node: Node, words: Vocabulary) -> Any:
    """The matrix form of a node: a SymPy scalar, column or matrix.

    Raises `UnsupportedError` with the reason where it has none.
    """
    found = formula(node)
    written = fold(found, lambda f, args: _written(f, args, words))
    return written.T if found.order == 1 and found.row else written


def _written(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    if f.op == "leaf" and isinstance(f.node, Tensor):
        return words.matrix(f.node) if f.order else words.scalar(f.node)
    if f.op not in WORDS:
        raise UnsupportedError(
            f"SymPy's matrices have no word for {name_of_word(f)}",
            hint='form="indexed" has',
        )
    return WORDS[f.op](f, args, words)


def dimensions(shape: Shape, words: Vocabulary) -> list[Any]:
    """Rows and columns in SymPy: a vector is a column."""
    return [words.size(size) for size in (*shape, 1)[:2]]


# -- leaves ----------------------------------------------------------------------------


def _ones(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return OneMatrix(words.size(f.value), 1)


def _zeros(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return ZeroMatrix(*dimensions(f.shape, words))


def _basis(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    place, n = f.value
    row, column = (sympy.Symbol(name, integer=True) for name in ("i", "j"))
    entry = sympy.KroneckerDelta(row, sympy.Integer(place))
    return sympy.FunctionMatrix(words.size(n), 1, sympy.Lambda((row, column), entry))


# -- products and sums -----------------------------------------------------------------


def _product(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    scalars = [a for a, g in zip(args, f.args, strict=True) if not g.order]
    chain = [a for a, g in zip(args, f.args, strict=True) if g.order]
    c = sympy.Mul(number(f.value), *scalars)
    if not chain:
        return c
    whole = reduce(lambda a, b: a * b, chain)
    if f.order:
        return c * whole
    return c * sympy.Trace(whole)


def _sum(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return reduce(lambda a, b: a + b, _alike(f, args)) if args else sympy.S.Zero


def _alike(f: Formula, args: Sequence[Any]) -> list[Any]:
    """Where the whole is a vector, vectors that stand as it does."""
    return [
        a.T if f.order == g.order == 1 and g.row != f.row else a
        for a, g in zip(args, f.args, strict=True)
    ]


def _hadamard(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return HadamardProduct(*_alike(f, args))


def _power(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return sympy.Pow(args[0], number(f.value))


def _pow(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    if not f.order:
        return sympy.Pow(*args)
    return HadamardPower(*_alike(f, args))


def _entry_power(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    if not f.order:
        return _power(f, args, words)
    return HadamardPower(args[0], number(f.value))


# -- functions -------------------------------------------------------------------------


def _call(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    name, *params = f.value
    if name in OF_MATRIX:
        return OF_MATRIX[name](*args)
    if not is_elementwise(name):
        raise UnsupportedError(f"SymPy has no word for the function {name}")
    return _entrywise(name, params, f, args)


def _entrywise(name: str, params: list[Any], f: Formula, args: list[Any]) -> Any:
    call = _call_of(name, params)
    if not f.order:
        return spelled(call, args)
    if len(args) != 1:
        raise UnsupportedError(
            f"SymPy applies functions of one matrix only, and {name} has {len(args)}",
            hint='form="indexed" says it',
        )
    x = bound("d")
    return ElementwiseApplyFunction(sympy.Lambda(x, spelled(call, [x])), args[0])


def _call_of(name: str, params: list[Any]) -> Call:
    """A bare record of a function and its parameters, to be spelled."""
    found = Call()
    found.function, found.params = name, tuple(params)
    return found


#: Functions of one matrix.
OF_MATRIX: dict[str, Callable[[Any], Any]] = {
    "det": sympy.Determinant,
    "logdet": lambda a: sympy.log(sympy.Abs(sympy.Determinant(a))),
    "softmax": lambda a: _exponentials(a) / _column_total(_exponentials(a)),
    "lse": lambda a: sympy.log(_column_total(_exponentials(a))),
}


def _exponentials(a: Any) -> Any:
    x = bound("d")
    return ElementwiseApplyFunction(sympy.Lambda(x, sympy.exp(x)), a)


def _column_total(a: Any) -> Any:
    """Σ of all entries, 𝟏ᵀA𝟏 as a scalar."""
    rows, columns = a.shape
    left = OneMatrix(1, rows) * a
    return sympy.Trace(left if columns == 1 else left * OneMatrix(columns, 1))


def _squares(a: Any) -> Any:
    return sympy.Trace(a.T * a)


def _colon(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    left, right = f.args
    if f.order or left.order != 2 or right.order != 2:
        raise UnsupportedError("SymPy's matrices have no contraction of tensors")
    return sympy.Trace(args[0].T * args[1])


def _kron(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return KroneckerProduct(*_alike(f, args))


def _transpose(f: Formula, args: list[Any], words: Vocabulary) -> Any:
    return args[0].T


WORDS: dict[str, Callable[[Formula, list[Any], Vocabulary], Any]] = {
    "number": lambda f, a, words: number(f.value),
    "size": lambda f, a, words: words.size(f.value),
    "ones": _ones,
    "eye": lambda f, a, words: sympy.Identity(words.size(f.value)),
    "zeros": _zeros,
    "basis": _basis,
    "product": _product,
    "sum": _sum,
    "hadamard": _hadamard,
    "transpose": _transpose,
    "inv": lambda f, a, words: sympy.Inverse(a[0]),
    "mpower": lambda f, a, words: a[0] ** f.value,
    "power": _power,
    "epower": _entry_power,
    "pow": _pow,
    "call": _call,
    "Diag": lambda f, a, words: DiagMatrix(a[0]),
    "diag": lambda f, a, words: DiagonalOf(a[0]),
    "tr": lambda f, a, words: sympy.Trace(a[0]),
    "total": lambda f, a, words: _column_total(a[0]),
    "norm2": lambda f, a, words: sympy.sqrt(_squares(a[0])),
    "normsq": lambda f, a, words: _squares(a[0]),
    "kron": _kron,
    "colon": _colon,
}
