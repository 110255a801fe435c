"""NumPy's universal functions on nodes: a table from each to a few lines of algebra.

Comparisons are indicators, 1 where they hold and 0 elsewhere, made of heaviside; their
derivative is 0 wherever there is one.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> apply_ufunc(np.exp, "__call__", [x], {}) is elementwise("exp", x)
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import pi
from typing import Any

import numpy as np

from . import matrix
from .broadcasting import (
    add,
    as_node,
    combine,
    divide,
    elementwise,
    inserted,
    is_known,
    multiply,
    one_minus,
    power,
    subtract,
)
from .complexes import conjugate
from .errors import UnsupportedError
from .expr import number, scale
from .functions import power as constant_power
from .nodes import Call, Einsum, Node, Sum, Tensor, Term
from .numpy_arguments import bound_call, without_defaults
from .numpy_products import matmul, matvec, vecdot, vecmat
from .numpy_reductions import cumsum, largest, prod, smallest, total

Rule = Callable[..., Node]


# -- smooth functions ------------------------------------------------------------------


def log_base(base: int, x: Node) -> Node:
    """log x / log base."""
    return divide(elementwise("log", x), elementwise("log", number(base)))


def hypot(a: Node, b: Node) -> Node:
    """√(a² + b²)."""
    return matrix.elementwise("sqrt", add(constant_power(a, 2), constant_power(b, 2)))


def logaddexp(a: Node, b: Node) -> Node:
    """log(eᵃ + eᵇ) = b + softplus(a − b), which does not overflow."""
    return add(b, elementwise("softplus", subtract(a, b)))


def logaddexp2(a: Node, b: Node) -> Node:
    """log₂(2ᵃ + 2ᵇ)."""
    log2 = elementwise("log", number(2))
    bend = elementwise("softplus", multiply(log2, subtract(a, b)))
    return add(b, divide(bend, log2))


def log_expit(x: Node) -> Node:
    """log σ(x) = −softplus(−x)."""
    return scale(-1, elementwise("softplus", scale(-1, x)))


def logit(x: Node) -> Node:
    """log(x/(1 − x))."""
    return elementwise("log", divide(x, one_minus(x)))


# -- indicators ------------------------------------------------------------------------


def greater(a: Node, b: Node) -> Node:
    """1 where a > b, else 0."""
    return elementwise("heaviside", subtract(a, b))


def greater_equal(a: Node, b: Node) -> Node:
    """1 where a ≥ b, else 0."""
    return one_minus(greater(b, a))


def not_equal(a: Node, b: Node) -> Node:
    """1 where a ≠ b, else 0."""
    return add(greater(a, b), greater(b, a))


def equal(a: Node, b: Node) -> Node:
    """1 where a = b, else 0."""
    return one_minus(not_equal(a, b))


def step(x: Node, at_zero: Node) -> Node:
    """NumPy's heaviside: 0 below zero, 1 above, `at_zero` at zero."""
    above = elementwise("heaviside", x)
    return add(above, multiply(at_zero, equal(x, number(0))))


def is_indicator(node: Node) -> bool:
    """Whether a node is 0 or 1 at every entry, as its structure shows: heaviside,
    masks, entrywise products, and complements of these."""
    pending, seen = [node], {node}
    while pending:
        parts = _indicator_parts(pending.pop())
        if parts is None:
            return False
        pending += [part for part in parts if part not in seen]
        seen.update(parts)
    return True


def _indicator_parts(node: Node) -> list[Node] | None:
    """The nodes that must be indicators for this one to be; None where it is none."""
    match node:
        case Tensor():
            array = node.array
            masked = array is not None and bool(((array == 0) | (array == 1)).all())
            return [] if masked else None
        case Call():
            return [] if node.function == "heaviside" else None
        case Einsum():
            shown = {i for axis in node.out for i in axis}
            summed = set(range(len(node.dims))) - shown
            return None if summed else [e for e, _ in node.operands]
        case Sum():
            return _complement_parts(node)


def _complement_parts(node: Sum) -> list[Node] | None:
    """0, 1 − a, 1 − (a > b) − (b > a), or (a > b) + (b > a)."""
    full = [(e, c) for e, c in node.terms if isinstance(e, Einsum) and not e.operands]
    rest = [(e, c) for e, c in node.terms if (e, c) not in full]
    sign = -1 if full else 1
    wanted = [1] * len(full) + [sign] * len(rest)
    if len(full) > 1 or [c for _, c in full + rest] != wanted:
        return None
    if len(rest) == 2:
        return [] if _exclude(rest[0][0], rest[1][0]) else None
    return [e for e, _ in rest] if len(rest) < 2 else None


def _exclude(a: Node, b: Node) -> bool:
    if not isinstance(a, Call) or not isinstance(b, Call):
        return False
    if not a.function == b.function == "heaviside":
        return False
    opposite = {node: -c for node, c in _terms(b.args[0])}
    return dict(_terms(a.args[0])) == opposite


def _terms(node: Node) -> Sequence[Term]:
    return node.terms if isinstance(node, Sum) else [(node, 1)]


def truth(node: Node) -> Node:
    """1 where a node is not 0: an indicator is its own."""
    return node if is_indicator(node) else not_equal(node, number(0))


def logical_not(x: Node) -> Node:
    """1 where x is 0."""
    return one_minus(truth(x))


def logical_and(a: Node, b: Node) -> Node:
    """1 where neither is 0."""
    return multiply(truth(a), truth(b))


def logical_or(a: Node, b: Node) -> Node:
    """1 where one is not 0."""
    return one_minus(multiply(logical_not(a), logical_not(b)))


def logical_xor(a: Node, b: Node) -> Node:
    """1 where exactly one is not 0."""
    p, q = truth(a), truth(b)
    return combine((p, 1), (q, 1), (multiply(p, q), -2))


def _bitwise(rule: Rule, *nodes: Node) -> Node:
    if not all(map(is_indicator, nodes)):
        raise UnsupportedError(
            "bits of real numbers have no meaning",
            hint="& | ^ ~ combine comparisons, as in (x > 0) & (x < 1)",
        )
    return rule(*nodes)


# -- the table -------------------------------------------------------------------------

_NAMED: dict[np.ufunc, str] = {
    np.exp: "exp",
    np.expm1: "expm1",
    np.log: "log",
    np.log1p: "log1p",
    np.sqrt: "sqrt",
    np.square: "square",
    np.reciprocal: "recip",
    np.cbrt: "cbrt",
    np.sin: "sin",
    np.cos: "cos",
    np.tan: "tan",
    np.arcsin: "asin",
    np.arccos: "acos",
    np.arctan: "atan",
    np.sinh: "sinh",
    np.cosh: "cosh",
    np.tanh: "tanh",
    np.arcsinh: "asinh",
    np.arccosh: "acosh",
    np.arctanh: "atanh",
    np.arctan2: "atan2",
    np.absolute: "abs",
    np.fabs: "abs",
    np.sign: "sign",
    np.maximum: "max",
    np.fmax: "max",
    np.minimum: "min",
    np.fmin: "min",
}

UFUNCS: dict[np.ufunc, Rule] = {
    **{ufunc: partial(elementwise, name) for ufunc, name in _NAMED.items()},
    np.add: add,
    np.subtract: subtract,
    np.multiply: multiply,
    np.divide: divide,
    np.conjugate: conjugate,
    np.negative: partial(scale, -1),
    np.positive: lambda x: x,
    np.power: power,
    np.float_power: power,
    np.exp2: lambda x: power(number(2), x),
    np.log2: partial(log_base, 2),
    np.log10: partial(log_base, 10),
    np.hypot: hypot,
    np.logaddexp: logaddexp,
    np.logaddexp2: logaddexp2,
    np.deg2rad: partial(scale, pi / 180),
    np.radians: partial(scale, pi / 180),
    np.rad2deg: partial(scale, 180 / pi),
    np.degrees: partial(scale, 180 / pi),
    np.heaviside: step,
    np.greater: greater,
    np.less: lambda a, b: greater(b, a),
    np.greater_equal: greater_equal,
    np.less_equal: lambda a, b: greater_equal(b, a),
    np.equal: equal,
    np.not_equal: not_equal,
    np.logical_not: logical_not,
    np.logical_and: logical_and,
    np.logical_or: logical_or,
    np.logical_xor: logical_xor,
    np.invert: partial(_bitwise, logical_not),
    np.bitwise_and: partial(_bitwise, logical_and),
    np.bitwise_or: partial(_bitwise, logical_or),
    np.bitwise_xor: partial(_bitwise, logical_xor),
    np.matmul: matmul,
}

#: Functions that NumPy gained after 1.26, where this NumPy has them.
for _name, _rule in {"vecdot": vecdot, "matvec": matvec, "vecmat": vecmat}.items():
    if hasattr(np, _name):
        UFUNCS[getattr(np, _name)] = _rule

#: SciPy's universal functions, by name: SciPy need not be there.
SPECIAL: dict[str, Rule] = {
    "expit": partial(elementwise, "sigmoid"),
    "erf": partial(elementwise, "erf"),
    "erfc": lambda x: one_minus(elementwise("erf", x)),
    "log_expit": log_expit,
    "logit": logit,
    "exp2": lambda x: power(number(2), x),
    "exp10": lambda x: power(number(10), x),
    "cbrt": partial(elementwise, "cbrt"),
}

_FLAT = "its derivative is 0 wherever there is one, and the function table has it not"
_VALUES = "it asks about values, and a symbol has none before it is evaluated"
_BITS = "it works on integers, and symbols are real"

_REASONS: dict[str, str] = {
    _FLAT: "floor ceil rint trunc floor_divide remainder fmod divmod modf",
    _VALUES: "isfinite isinf isnan isnat signbit frexp spacing nextafter copysign",
    _BITS: "gcd lcm left_shift right_shift ldexp bitwise_count",
}

REASONS: dict[str, str] = {
    name: reason for reason, names in _REASONS.items() for name in names.split()
}


# -- methods ---------------------------------------------------------------------------


def outer(ufunc: np.ufunc, a: object, b: object) -> Node:
    """ufunc.outer: every entry of a with every entry of b."""
    left, right = as_node(a), as_node(b)
    order = len(left.shape)
    places = range(order, order + len(right.shape))
    return UFUNCS[ufunc](inserted(left, list(places)), right)


_REDUCTIONS: dict[np.ufunc, Rule] = {
    np.add: total,
    np.multiply: prod,
    np.maximum: largest,
    np.minimum: smallest,
}


def reduce(
    ufunc: np.ufunc, a: object, axis: object = 0, keepdims: bool = False
) -> Node:
    """ufunc.reduce along axes."""
    if ufunc not in _REDUCTIONS:
        raise UnsupportedError(
            f"np.{ufunc.__name__}.reduce of symbols",
            hint="add, multiply, maximum and minimum have it",
        )
    return _REDUCTIONS[ufunc](a, axis=axis, keepdims=keepdims)


def accumulate(ufunc: np.ufunc, a: object, axis: int = 0) -> Node:
    """np.add.accumulate, which is cumsum."""
    if ufunc is not np.add:
        raise UnsupportedError(
            f"np.{ufunc.__name__}.accumulate of symbols", hint="only add has it"
        )
    return cumsum(a, axis=axis)


METHODS: dict[str, Rule] = {"outer": outer, "reduce": reduce, "accumulate": accumulate}


# -- the protocol ----------------------------------------------------------------------


def apply_ufunc(
    ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """A universal function, or one of its methods, on nodes, arrays and numbers.

    Raises `UnsupportedError` with the reason where it has no expression; answers
    NotImplemented for inputs of unknown types.
    """
    if not all(map(is_known, inputs)):
        return NotImplemented
    name = ufunc.__name__
    rule = UFUNCS.get(ufunc) or SPECIAL.get(name)
    if rule is None or ufunc.nout != 1:
        reason = REASONS.get(name, "it is not in the function table")
        raise UnsupportedError(f"np.{name} of symbols is not supported: {reason}")
    rest = without_defaults(name, kwargs)
    if method == "__call__" and not rest:
        return rule(*map(as_node, inputs))
    if method == "__call__":
        return bound_call(name, rule, *map(as_node, inputs), **rest)
    if method not in METHODS:
        raise UnsupportedError(
            f"np.{name}.{method} of symbols is not supported",
            hint="write it with sums and products",
        )
    return bound_call(f"{name}.{method}", METHODS[method], ufunc, *inputs, **rest)
