"""Numbers, symbols, sums, products, powers and elementwise functions out of SymPy.

Valid for scalars, with named indices or without, and, where a Lambda binds an array,
entry by entry. 1/(1 + exp u), log(1 + exp u), log Σ exp u and log|det A| become
sigmoid, softplus, lse and logdet, which do not overflow; max(x, 0) becomes relu, whose
derivative at 0 is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from .. import matrix
from ..coefficients import as_number
from ..expr import constant as constant_array
from ..expr import size_node
from ..functions import TABLE, call, defined, ones, power, unknown
from ..nodes import Call, Einsum, Node
from ..sympy_scalars import ELEMENTARY, SPECIAL, encoded, exponent_beside_one
from ..sympy_scalars import arguments as argument_symbols
from .reader import Answers, Reader, unsupported
from .scope import Scope
from .symbols import size_of
from .values import Value, combine, constant, elementwise, product, scalar, scaled

# -- leaves ----------------------------------------------------------------------------


def number(reader: Reader, expr: Any, scope: Scope) -> Value:
    """Integers, fractions and floats; π, e and their like as floats; i."""
    if expr is sympy.I:
        return constant(1j)
    if not expr.is_finite:
        raise unsupported(expr, "it is no finite number")
    if expr.is_Rational:
        return constant(as_number(Fraction(int(expr.p), int(expr.q))))
    return constant(float(expr))


def symbol(reader: Reader, expr: Any, scope: Scope) -> Value:
    """A bound variable, an index as a number, a size, or a scalar variable."""
    if expr in scope.bound:
        return scope.bound[expr]
    if expr in scope.ranges or isinstance(expr, sympy.Idx):
        return _index_as_number(expr, scope)
    if not expr.is_commutative:
        raise unsupported(expr, "it does not commute", "write a MatrixSymbol")
    name = reader.names.claim(expr)
    if name in reader.names.sizes:
        return Value(size_node(size_of(expr)))
    return reader.names.leaf(name, (), "positive" if expr.is_positive else "")


def _index_as_number(index: Any, scope: Scope) -> Value:
    known = scope.range_of(index)
    if not isinstance(known.size, int) or not known.lower.is_Integer:
        raise unsupported(
            index,
            "the value of an index needs a literal range",
            "give sizes as numbers",
        )
    values = int(known.lower) + np.arange(known.size, dtype=float)
    return Value(constant_array(values), (index,))


# -- arithmetic ------------------------------------------------------------------------


def add(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A sum of scalars or of arrays of one shape."""
    terms = []
    for part in expr.args:
        coefficient, rest = _coefficient(part)
        terms.append(((yield rest, scope), coefficient))
    own = {value.own for value, _ in terms}
    if len(own) > 1:
        raise unsupported(expr, "its terms have different shapes")
    return combine(terms)


def _coefficient(part: Any) -> tuple[object, Any]:
    """A rational coefficient split off, so that sums keep theirs exactly."""
    if not part.is_Mul or not part.args[0].is_Rational or len(part.args) < 2:
        return 1, part
    first, *rest = part.args
    return Fraction(int(first.p), int(first.q)), part.func(*rest)


def mul(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Scalars times at most one array; exp(u)/(1 + exp(u)) is σ(u)."""
    factors = []
    for part in expr.args:
        factors.append((yield part, scope))
    lifted = [(scalar(value) or value) for value in factors]
    arrays = sum(bool(value.own) for value in lifted)
    if arrays > 1:
        raise unsupported(
            expr, "two factors are arrays", "write MatMul or HadamardProduct"
        )
    return product(_without_quotients(lifted), str(expr)[:40])


def _without_quotients(values: list[Value]) -> list[Value]:
    """exp(u) σ(−u) joined to σ(u), which does not overflow."""
    for a in values:
        for b in values:
            if not (_is_call(a.node, "exp") and _is_call(b.node, "sigmoid")):
                continue
            grown, decaying = _argument(a), _argument(b)
            if a.indices == b.indices and scaled(-1, grown).node is decaying.node:
                rest = [v for v in values if v is not a and v is not b]
                return [Value(call("sigmoid", [grown.node]), a.indices), *rest]
    return values


def _is_call(node: Node, name: str) -> bool:
    return isinstance(node, Call) and node.function == name


def _argument(value: Value) -> Value:
    if not isinstance(value.node, Call):
        return value
    return Value(value.node.args[0], value.indices)


def pow_(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """base^exponent of scalars; (1 + exp u)^-k is σ(−u)^k."""
    base, exponent = expr.args
    if exponent.is_Integer and exponent < 0:
        inner = exponent_beside_one(base)
        if inner is not None:
            u = yield inner, scope
            decayed = elementwise(_sigmoid, [scaled(-1, u)], "a power")
            return Value(power(decayed.node, -int(exponent)), decayed.indices)
    below = yield base, scope
    return raised(expr, below, (yield exponent, scope))


def _sigmoid(u: Node) -> Node:
    return call("sigmoid", [u])


def raised(expr: Any, base: Value, exponent: Value) -> Value:
    """A scalar to a scalar power."""
    low, high = scalar(base), scalar(exponent)
    if low is None or high is None:
        raise unsupported(expr, "a power of an array", "write HadamardPower or MatPow")
    literal = None if high.indices else matrix.literal_number(high.node)
    if literal is not None:
        return Value(power(low.node, literal), low.indices)
    return elementwise(lambda a, b: call("pow", [a, b]), [low, high], "a power")


# -- functions -------------------------------------------------------------------------

#: SymPy's class and our function of the table, of one argument or of two.
FUNCTIONS: dict[Any, str] = {
    ELEMENTARY[name]: name
    for name in ELEMENTARY
    if name in TABLE and name not in ("log", "max", "min")
}

#: Functions said by others; on scalars and entry by entry.
SAID: dict[Any, Callable[[Any], Any]] = {
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
}


def scalar_arguments(expr: Any, values: list[Value]) -> list[Value]:
    """The arguments as scalars. Raises `UnsupportedError` for an array among them."""
    found = [scalar(value) for value in values]
    if None in found:
        raise unsupported(
            expr, "it is a function of a matrix", "applyfunc acts entry by entry"
        )
    return [value for value in found if value is not None]


def function(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A function of the table."""
    values = []
    for part in expr.args:
        values.append((yield part, scope))
    name = FUNCTIONS[expr.func]
    parts = scalar_arguments(expr, values)
    return elementwise(lambda *nodes: call(name, nodes), parts, name)


def said(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A function said by others."""
    return (yield SAID[expr.func](expr.args[0]), scope)


def log(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """log, and what it makes of 1 + exp u, Σ exp u and determinants."""
    inner = exponent_beside_one(expr.args[0])
    if inner is not None:
        u = yield inner, scope
        (u,) = scalar_arguments(expr, [u])
        return elementwise(lambda a: call("softplus", [a]), [u], "softplus")
    (value,) = scalar_arguments(expr, [(yield expr.args[0], scope)])
    return Value(_log(value.node), value.indices)


def _log(node: Node) -> Node:
    inner = node.args[0] if isinstance(node, Call) and _is_call(node, "abs") else node
    if isinstance(inner, Call) and inner.function == "det":
        return call("logdet", inner.args)
    exponents = _summed_exponents(node)
    return call("log", [node]) if exponents is None else matrix.lse(exponents)


def _summed_exponents(node: Node) -> Node | None:
    """The u of Σ exp u over all entries, else None."""
    if not isinstance(node, Einsum) or len(node.operands) != 1 or node.out:
        return None
    ((inner, legs),) = node.operands
    plain = len(set(legs)) == len(legs) == len(node.dims)
    if plain and isinstance(inner, Call) and inner.function == "exp" and inner.shape:
        return inner.args[0]
    return None


def extremum(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """max and min, two by two; max(u, 0) is relu(u)."""
    name = "max" if expr.func is sympy.Max else "min"
    rest = [part for part in expr.args if part != 0]
    values = []
    for part in expr.args if name == "min" or len(rest) != 1 else rest:
        values.append((yield part, scope))
    parts = scalar_arguments(expr, values)
    if len(parts) == 1:
        return elementwise(lambda a: call("relu", [a]), parts, "relu")
    return reduce(
        lambda a, b: elementwise(lambda p, q: call(name, [p, q]), [a, b], name), parts
    )


def heaviside(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """The step: 0 below 0, 1 above, and at 0 what the second argument says."""
    (u,) = scalar_arguments(expr, [(yield expr.args[0], scope)])
    (middle,) = scalar_arguments(expr, [(yield expr.args[1], scope)])
    step = elementwise(lambda a: call("heaviside", [a]), [u], "a step")
    if expr.args[1] == 0:
        return step
    at_zero = elementwise(_is_zero, [u], "a step")
    return combine([(step, 1), (product([middle, at_zero], "a step"), 1)])


def _is_zero(node: Node) -> Node:
    """1 where a node is 0, else 0."""
    return _complement(power(call("sign", [node]), 2))


def _complement(node: Node) -> Node:
    return matrix.add(ones(node.shape), matrix.scale(-1, node))


# -- choices ---------------------------------------------------------------------------


def piecewise(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Values by conditions, as nested choices; u where u > 0, else 0, is relu(u)."""
    pairs = [(pair.args[0], pair.args[1]) for pair in expr.args]
    if pairs[-1][1] != sympy.true:
        raise unsupported(
            expr, "it has no value where no condition holds", "end it with (…, True)"
        )
    relu = _relu_of(pairs)
    if relu is not None:
        (u,) = scalar_arguments(expr, [(yield relu, scope)])
        return elementwise(lambda a: call("relu", [a]), [u], "relu")
    (result,) = scalar_arguments(expr, [(yield pairs[-1][0], scope)])
    for chosen, condition in reversed(pairs[:-1]):
        (value,) = scalar_arguments(expr, [(yield chosen, scope)])
        holds = yield condition, scope
        result = elementwise(
            lambda c, a, b: call("where", [c, a, b]), [holds, value, result], "a choice"
        )
    return result


def _relu_of(pairs: list[tuple[Any, Any]]) -> Any | None:
    """The u of a choice that is max(u, 0)."""
    if len(pairs) != 2 or pairs[1][0] != 0:
        return None
    value, condition = pairs[0]
    above = (sympy.StrictGreaterThan, sympy.GreaterThan)
    if isinstance(condition, above) and (condition.lhs, condition.rhs) == (value, 0):
        return value
    return None


def truth(reader: Reader, expr: Any, scope: Scope) -> Value:
    """True and False as 1 and 0."""
    return constant(int(bool(expr)))


def relation(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """1 where a relation holds, else 0."""
    left = yield expr.lhs, scope
    right = yield expr.rhs, scope
    sides = scalar_arguments(expr, [left, right])
    build = _RELATIONS[expr.func]
    return elementwise(lambda a, b: build(a, b), sides, "a relation")


def _above(a: Node, b: Node) -> Node:
    return call("heaviside", [matrix.add(a, matrix.scale(-1, b))])


def _equal(a: Node, b: Node) -> Node:
    return _is_zero(matrix.add(a, matrix.scale(-1, b)))


_RELATIONS: dict[Any, Callable[[Node, Node], Node]] = {
    sympy.StrictGreaterThan: _above,
    sympy.StrictLessThan: lambda a, b: _above(b, a),
    sympy.GreaterThan: lambda a, b: _complement(_above(b, a)),
    sympy.LessThan: lambda a, b: _complement(_above(a, b)),
    sympy.Equality: _equal,
    sympy.Unequality: lambda a, b: _complement(_equal(a, b)),
}


def connective(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """And, Or and Not of conditions that are 0 or 1."""
    values = []
    for part in expr.args:
        values.append((yield part, scope))
    if expr.func is sympy.And:
        return product(values, "a condition")
    opposites = [Value(_complement(v.node), v.indices) for v in values]
    if expr.func is sympy.Not:
        return opposites[0]
    none = product(opposites, "a condition")
    return Value(_complement(none.node), none.indices)


# -- users' functions and special functions --------------------------------------------


def applied(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """f(x, …) with an unknown f."""
    values = []
    for part in expr.args:
        values.append((yield part, scope))
    name = reader.names.claim_function(expr.func)
    parts = scalar_arguments(expr, values)
    return elementwise(lambda *nodes: unknown(name, nodes), parts, name)


def special(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A special function; its numbers are part of its name, its other arguments its
    arguments."""
    moving = [part for part in expr.args if not part.is_number]
    values = []
    for part in moving:
        values.append((yield part, scope))
    own = argument_symbols(len(moving))
    stand_ins = iter(own)
    body = expr.func(*(p if p.is_number else next(stand_ins) for p in expr.args))
    numbers = [str(part) for part in expr.args if part.is_number]
    name = "_".join([expr.func.__name__, *(n.replace("/", "o") for n in numbers)])
    program = encoded(body, len(own))
    if not values:
        return constant(float(expr))
    parts = scalar_arguments(expr, values)
    return elementwise(lambda *nodes: defined(name, program, nodes), parts, name)


RULES: dict[type, Any] = {
    sympy.Number: number,
    sympy.NumberSymbol: number,
    type(sympy.I): number,
    sympy.Symbol: symbol,
    sympy.Add: add,
    sympy.Mul: mul,
    sympy.Pow: pow_,
    **dict.fromkeys(FUNCTIONS, function),
    **dict.fromkeys(SAID, said),
    sympy.log: log,
    sympy.Max: extremum,
    sympy.Min: extremum,
    sympy.Heaviside: heaviside,
    sympy.Piecewise: piecewise,
    type(sympy.true): truth,
    type(sympy.false): truth,
    **dict.fromkeys(_RELATIONS, relation),
    **dict.fromkeys([sympy.And, sympy.Or, sympy.Not], connective),
    AppliedUndef: applied,
    **dict.fromkeys(SPECIAL.values(), special),
}
