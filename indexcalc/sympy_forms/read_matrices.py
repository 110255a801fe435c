"""Matrix expressions out of SymPy: products, transposes, inverses, ∘, ⊗, blocks.

Every matrix has two axes here, columns and rows too, as in SymPy; the variable behind a
column has one.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import sympy
from sympy.matrices.expressions import blockmatrix, hadamard, kronecker, special
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matpow import MatPow
from sympy.matrices.expressions.permutation import PermutationMatrix
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.expressions.array_expressions import ArrayElementwiseApplyFunc

from .. import matrix
from ..broadcasting import as_node
from ..errors import UnsupportedError
from ..expr import constant as constant_array
from ..expr import zero
from ..functions import TABLE, call, power
from ..nodes import Node
from ..sizes import Shape, shape_text
from .read_scalars import raised
from .reader import Answers, Reader, unsupported
from .scope import Range, Scope
from .symbols import fits, size_of
from .values import (
    Value,
    combine,
    elementwise,
    join,
    named,
    product,
    regrouped,
    scalar,
    unnamed,
)


def shape_of(expr: Any) -> Shape:
    """The shape of a SymPy array, in our sizes."""
    return tuple(size_of(size) for size in expr.shape)


# -- leaves ----------------------------------------------------------------------------


def matrix_symbol(reader: Reader, expr: Any, scope: Scope) -> Value:
    """A variable; a column is a vector."""
    if expr in scope.bound:
        return scope.bound[expr]
    rows, columns = shape_of(expr)
    return reader.names.matrix(expr.name, rows, columns)


def identity(reader: Reader, expr: Any, scope: Scope) -> Value:
    """The identity δ_ij."""
    return Value(matrix.eye(shape_of(expr)[0]))


def zeros(reader: Reader, expr: Any, scope: Scope) -> Value:
    """Zero."""
    return Value(zero(shape_of(expr)))


def ones(reader: Reader, expr: Any, scope: Scope) -> Value:
    """All entries one."""
    return Value(matrix.ones(*shape_of(expr)))


def without_size(reader: Reader, expr: Any, scope: Scope) -> Value:
    """The identity or zero of no size."""
    raise unsupported(expr, "it has no size")


def permutation(reader: Reader, expr: Any, scope: Scope) -> Value:
    """P with P_ij = 1 where j is the image of i."""
    images = expr.args[0].array_form
    return Value(constant_array(np.eye(len(images))[images]))


def explicit(reader: Reader, expr: Any, scope: Scope) -> Value | Answers:
    """An array of numbers as a constant, one with symbols as Σ entry · e_i ⋆ e_j …"""
    entries = [sympy.sympify(entry, strict=True) for entry in _flat(expr)]
    shape = tuple(int(size) for size in expr.shape)
    if all(entry.is_number and entry.is_finite for entry in entries):
        return Value(_numeric(entries, shape))
    return _from_entries(entries, shape, scope)


def _flat(expr: Any) -> list[Any]:
    if isinstance(expr, sympy.MatrixBase):
        return list(expr.flat())
    return list(expr.reshape(len(expr))) if expr.shape else [expr[()]]


def _numeric(entries: list[Any], shape: tuple[int, ...]) -> Node:
    real = all(entry.is_real for entry in entries)
    kind: Any = float if real else complex
    node: Node = as_node(np.array([kind(e) for e in entries], kind).reshape(shape))
    return node


def _from_entries(entries: list[Any], shape: tuple[int, ...], scope: Scope) -> Answers:
    terms = []
    for place, entry in zip(np.ndindex(*shape), entries, strict=True):
        if entry == 0:
            continue
        value = yield entry, scope
        if value.own:
            raise UnsupportedError(
                f"the entry {entry} of an explicit array is an array"
            )
        bases = [matrix.basis(i, n) for i, n in zip(place, shape, strict=True)]
        sides = [(Value(basis), [axis]) for axis, basis in enumerate(bases)]
        terms.append((join([(value, []), *sides], range(len(shape))), 1))
    return combine(terms) if terms else Value(zero(shape))


# -- products --------------------------------------------------------------------------


def matmul(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """The matrix product of the matrices, times the scalars."""
    factors = []
    for part in expr.args:
        factors.append((yield part, scope))
    matrices = [value for value in factors if value.own]
    scalars = [value for value in factors if not value.own]
    for value in matrices:
        _require_matrix(expr, value)
    whole = reduce(_times, matrices)
    return product([*scalars, whole], str(expr)[:40])


def _times(a: Value, b: Value) -> Value:
    return join([(a, [0, 1]), (b, [1, 2])], [0, 2])


def _require_matrix(expr: Any, value: Value) -> None:
    if len(value.own) != 2:
        raise unsupported(expr, f"{shape_text(value.own)} stands for a matrix")


def kron(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A ⊗ B ⊗ …"""
    factors = []
    for part in expr.args:
        factors.append((yield part, scope))
    return reduce(
        lambda a, b: join([(a, [0, 1]), (b, [2, 3])], [(0, 2), (1, 3)]), factors
    )


def hadamard_product(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A ∘ B ∘ …"""
    factors = []
    for part in expr.args:
        factors.append((yield part, scope))
    return reduce(lambda a, b: join([(a, a.legs), (b, b.legs)], a.legs), factors)


def hadamard_power(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Entry by entry a power; base and exponent matrices or scalars."""
    base = yield expr.base, scope
    exponent = yield expr.exp, scope
    literal = None
    if not exponent.own and not exponent.indices:
        literal = matrix.literal_number(exponent.node)
    if literal is not None:
        return elementwise(lambda a: power(a, literal), [base], "a power")
    return elementwise(lambda a, b: call("pow", [a, b]), [base, exponent], "a power")


def dot(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """aᵀb of rows or columns."""
    sides = []
    for part in expr.args:
        value = yield part, scope
        wide = [k for k, size in enumerate(value.own) if size != 1]
        sides.append(join([(value, value.legs)], wide))
    a, b = sides
    return join([(a, a.legs), (b, b.legs)], [])


# -- one matrix ------------------------------------------------------------------------


def transpose(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Aᵀ."""
    value = yield expr.arg, scope
    return join([(value, [0, 1])], [1, 0])


def trace(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """tr A."""
    value = yield expr.arg, scope
    return join([(value, [0, 0])], [])


def inverse(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A⁻¹."""
    value = yield expr.arg, scope
    return Value(call("inv", [value.node]), value.indices)


def determinant(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """det A."""
    value = yield expr.arg, scope
    return Value(call("det", [value.node]), value.indices)


def matrix_power(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A to an integer power, A^(1/2), and any power of what has one entry."""
    base = yield expr.base, scope
    if scalar(base) is not None:
        result = raised(expr, base, (yield expr.exp, scope))
        return join([(result, [])], [(), ()])
    if base.indices or not expr.exp.is_Integer:
        if expr.exp == sympy.S.Half and "sqrtm" in TABLE and not base.indices:
            return Value(call("sqrtm", [base.node]))
        raise unsupported(expr, "the exponent is not an integer")
    return Value(matrix.matrix_power(base.node, int(expr.exp)))


def diag_matrix(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Diag(x) of a column or a row."""
    value = yield expr.args[0], scope
    wide = 1 if value.own[0] == 1 else 0
    return join([(value, [0, 1])], [wide, wide])


def diagonal_matrix(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A with its other entries zero."""
    value = yield expr.arg, scope
    _require_square(expr, value)
    return join([(value, [0, 0])], [0, 0])


def diagonal_of(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """The diagonal, as a column."""
    value = yield expr.arg, scope
    _require_square(expr, value)
    return join([(value, [0, 0])], [0, ()])


def _require_square(expr: Any, value: Value) -> None:
    if value.own[0] != value.own[1]:
        raise unsupported(expr, "its matrix is not square")


# -- functions -------------------------------------------------------------------------


def apply_function(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A Lambda entry by entry: its body is read with the variable standing for an
    entry."""
    value = yield expr.expr, scope
    function = expr.function
    variables = function.variables
    if len(variables) != 1:
        raise unsupported(expr, "its function takes several arguments")
    wide = tuple(size for size in value.own if size != 1)
    names = [sympy.Dummy(f"axis{k}") for k in range(len(wide))]
    inner = scope.with_bound({variables[0]: named(regrouped(value, wide), names)})
    body = yield function.expr, inner
    sizes = dict(zip(names, wide, strict=True))
    whole = unnamed(join([(body, body.legs)], body.legs, first=sizes), names)
    return regrouped(whole, value.own)


def function_matrix(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """The matrix whose entries a Lambda of two indices says."""
    signature, body = expr.lamda.variables, expr.lamda.expr
    sizes = dict(zip(signature, shape_of(expr), strict=True))
    inner = scope
    for index, size in sizes.items():
        inner = inner.with_index(index, Range(size, sympy.S.Zero))
    value = yield body, inner
    return unnamed(join([(value, [])], [], first=sizes), signature)


# -- blocks and slices -----------------------------------------------------------------


def block(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A matrix of blocks."""
    blocks = expr.blocks
    rows = []
    for i in range(blocks.rows):
        row = []
        for j in range(blocks.cols):
            value = yield blocks[i, j], scope
            if value.indices:
                raise unsupported(expr, "a block depends on an index")
            row.append(value.node)
        rows.append(row)
    return Value(matrix.block(rows))


def slice_(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Consecutive rows and columns."""
    value = yield expr.parent, scope
    sides: list[tuple[Value, list[int]]] = [(value, [0, 1])]
    places = (expr.rowslice, expr.colslice)
    for axis, ((start, stop, step), size) in enumerate(
        zip(places, value.own, strict=True)
    ):
        if step != 1:
            raise unsupported(expr, "its step is not 1")
        first, count = size_of(start), size_of(stop - start)
        if not fits(first, count, size):
            raise unsupported(expr, "it reaches beyond the matrix")
        sides.append((Value(matrix.embed(first, count, size)), [axis, axis + 2]))
    return join(sides, [2, 3])


RULES: dict[type, Any] = {
    sympy.MatrixSymbol: matrix_symbol,
    special.Identity: identity,
    special.GenericIdentity: without_size,
    special.ZeroMatrix: zeros,
    special.GenericZeroMatrix: without_size,
    special.OneMatrix: ones,
    PermutationMatrix: permutation,
    sympy.MatrixBase: explicit,
    sympy.NDimArray: explicit,
    sympy.MatMul: matmul,
    kronecker.KroneckerProduct: kron,
    hadamard.HadamardProduct: hadamard_product,
    hadamard.HadamardPower: hadamard_power,
    DotProduct: dot,
    sympy.Transpose: transpose,
    sympy.Trace: trace,
    sympy.Inverse: inverse,
    sympy.Determinant: determinant,
    MatPow: matrix_power,
    DiagMatrix: diag_matrix,
    DiagonalMatrix: diagonal_matrix,
    DiagonalOf: diagonal_of,
    ElementwiseApplyFunction: apply_function,
    ArrayElementwiseApplyFunc: apply_function,
    sympy.FunctionMatrix: function_matrix,
    blockmatrix.BlockMatrix: block,
    MatrixSlice: slice_,
}
