"""Functions given by a formula, written out in the engine's own functions.

A call of such a function is kept as one node while one differentiates, so that its
derivative prints as f′. Programs in other languages, and arrays of other libraries,
need it in functions that they have.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import defined
>>> x = tensor("x", ("n",))
>>> swish = (("argument", 0), ("argument", 0), ("sigmoid", 1), ("product", 2))
>>> from indexcalc.functions import call, product
>>> written_out(defined("swish", swish, [x])) is product(x, call("sigmoid", [x]))
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce

from . import numpy_ufuncs as ufuncs
from .defined import CONSTANTS, Program
from .expr import linear, scale
from .functions import TABLE, call, is_elementwise, ones, power, product
from .nodes import Call, Node, toposort
from .substitute import replace

#: The functions of one argument that a program and the engine share.
_SHARED = frozenset(
    {
        *("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"),
        *("tanh", "asinh", "acosh", "atanh", "sign", "erf", "abs", "sigmoid"),
        "softplus",
    }
)


class _WithoutWordsError(Exception):
    """A formula holds what the engine has no function for."""


def written_out(root: Node) -> Node:
    """The node with every call of a formula written out, where the engine has all the
    functions in it; others stay as they are."""
    found: dict[Node, Node] = {}
    for node in toposort(root):
        if isinstance(node, Call) and node.function == "defined":
            args = [replace(arg, found) for arg in node.args]
            try:
                found[node] = _formula(node.params, args)
            except _WithoutWordsError:
                continue
    return replace(root, found) if found else root


def _formula(params: tuple[object, ...], args: Sequence[Node]) -> Node:
    _, orders, program = params
    assert isinstance(orders, tuple)
    assert isinstance(program, tuple)
    if any(orders):
        from .sympy_scalars import differentiated

        program = differentiated(program, orders)
    return _run(program, args)


def _run(program: Program, args: Sequence[Node]) -> Node:
    stack: list[Node] = []
    one = ones(args[0].shape)
    for name, *rest in program:
        match name:
            case "argument":
                stack.append(args[rest[0]])
            case "rational":
                stack.append(scale(Fraction(*rest), one))
            case "float":
                stack.append(scale(float.fromhex(rest[0]), one))
            case "constant":
                stack.append(scale(CONSTANTS[rest[0]], one))
            case "power":
                stack.append(_power(stack.pop(), Fraction(*rest)))
            case _:
                count = 2 * rest[0] if name == "choice" else rest[0]
                taken = stack[len(stack) - count :]
                del stack[len(stack) - count :]
                stack.append(_applied(name, taken))
    (result,) = stack
    return result


def _power(x: Node, p: Fraction) -> Node:
    """A power; √2 and its like are numbers."""
    value = _number(x)
    if value is None or (value < 0 and p.denominator != 1):
        return power(x, p)
    return scale(math.pow(value, p), ones(x.shape))


def _number(node: Node) -> float | Fraction | None:
    """The number in every entry, where it is one."""
    from .forms import split_coefficient

    factor, body = split_coefficient(node)
    constant = body is ones(node.shape) and not isinstance(factor, complex)
    return factor if constant and not isinstance(factor, complex) else None


def _applied(name: str, args: list[Node]) -> Node:
    if name in _SHARED:
        return call(name, args)
    rule = _RULES.get(name)
    if rule is None:
        raise _WithoutWordsError(name)
    return rule(args)


def _sum(args: list[Node]) -> Node:
    return linear([(arg, 1) for arg in args], args[0].shape)


def _choice(args: list[Node]) -> Node:
    """The first value whose condition holds; conditions and values alternate."""
    result = args[-1]
    pairs = list(zip(args[::2], args[1::2], strict=True))[:-1]
    for condition, chosen in reversed(pairs):
        result = call("where", [condition, chosen, result])
    return result


def _step(args: list[Node]) -> Node:
    x, *middle = args
    half = scale(Fraction(1, 2), ones(x.shape))
    return ufuncs.step(x, middle[0] if middle else half)


def _folded(rule: Callable[[Node, Node], Node]) -> Callable[[list[Node]], Node]:
    return lambda args: reduce(rule, args)


def _named(name: str) -> Callable[[Node, Node], Node]:
    return lambda a, b: call(name, [a, b])


_RULES: Mapping[str, Callable[[list[Node]], Node]] = {
    "sum": _sum,
    "product": lambda args: product(*args),
    "choice": _choice,
    "step": _step,
    "max": _folded(_named("max")),
    "min": _folded(_named("min")),
    "pow": _folded(_named("pow")),
    "atan2": _folded(_named("atan2")),
    "and": _folded(ufuncs.logical_and),
    "or": _folded(ufuncs.logical_or),
    "not": lambda args: ufuncs.logical_not(args[0]),
    ">": _folded(ufuncs.greater),
    ">=": _folded(ufuncs.greater_equal),
    "<": lambda args: ufuncs.greater(args[1], args[0]),
    "<=": lambda args: ufuncs.greater_equal(args[1], args[0]),
    "==": _folded(ufuncs.equal),
    "!=": _folded(ufuncs.not_equal),
}

assert all(name in TABLE and is_elementwise(name) for name in _SHARED)
