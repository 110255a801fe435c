"""The functions that SymPy lacks, said by those it has, and how each one is spelled.

log Σ exp, softmax, norms and cofactors are rewritten on nodes; cofactors become
det A · A⁻ᵀ, which is defined where A is invertible. Elementwise functions have a
SymPy expression of their arguments each, given by a table.

>>> ELEMENTWISE["sigmoid"](sympy.Symbol("x"))
1/(1 + exp(-x))
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from .. import matrix
from ..coefficients import Number
from ..errors import UnsupportedError
from ..expr import einsum
from ..functions import call, is_elementwise, power
from ..nodes import Call, Node, toposort
from ..regular import split
from ..substitute import rebuilt
from ..sympy_scalars import Program, decode, differentiated
from .symbols import bound

# -- on nodes --------------------------------------------------------------------------


def elementary(root: Node) -> Node:
    """The node without the functions that SymPy has no word for."""
    done: dict[Node, Node] = {}
    for node in toposort(root):
        new = rebuilt(node, done)
        if isinstance(new, Call) and new.function in SAID:
            new = SAID[new.function](new)
        done[node] = new
    return done[root]


def _exponentials(f: Call) -> Node:
    return call("exp", [f.args[0]])


def _total(node: Node, count: int = 1) -> Node:
    """The sum over the last axes."""
    axes = len(node.shape)
    return matrix.total(node, range(axes - count, axes))


def _lse(f: Call) -> Node:
    return call("log", [_total(_exponentials(f))])


def _softmax(f: Call) -> Node:
    exponentials = _exponentials(f)
    legs = list(range(len(f.shape)))
    below = power(_total(exponentials), -1)
    return einsum([(exponentials, legs), (below, legs[:-1])], legs)


def _norm(exponent: Fraction) -> Callable[[Call], Node]:
    def norm(f: Call) -> Node:
        return power(_total(power(f.args[0], 2), f.params[0]), exponent)

    return norm


SAID: dict[str, Callable[[Call], Node]] = {
    "lse": _lse,
    "softmax": _softmax,
    "norm2": _norm(Fraction(1, 2)),
    "rnorm": _norm(Fraction(-1, 2)),
    "cofactors": split,
}

# -- spelling --------------------------------------------------------------------------


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    """a where a condition is not 0, else b; a step says what it is a step of."""
    holds = sympy.Ne(condition, 0)
    if isinstance(condition, sympy.Heaviside) and condition.args[1] == 0:
        holds = condition.args[0] > 0
    return sympy.Piecewise((a, holds), (b, True))


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in ["exp", "log", "sin", "cos", "tan"]},
    **{name: getattr(sympy, name) for name in ["asin", "acos", "atan", "atan2"]},
    **{name: getattr(sympy, name) for name in ["sinh", "cosh", "tanh"]},
    **{name: getattr(sympy, name) for name in ["asinh", "acosh", "atanh"]},
    **{name: getattr(sympy, name) for name in ["sign", "erf"]},
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "cbrt": lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    "abs": sympy.Abs,
    "relu": lambda x: sympy.Max(0, x),
    "heaviside": lambda x: sympy.Heaviside(x, 0),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "max": sympy.Max,
    "min": sympy.Min,
    "pow": sympy.Pow,
    "where": _chosen,
}


def number(value: Number) -> Any:
    """A coefficient: integers and fractions exactly."""
    if isinstance(value, (int, Fraction)):
        return sympy.Rational(value.numerator, value.denominator)
    if isinstance(value, complex):
        return sympy.Float(value.real) + sympy.I * sympy.Float(value.imag)
    return sympy.Float(value)


def spelled(f: Call, args: list[Any]) -> Any:
    """An elementwise function of SymPy scalars.

    Raises `UnsupportedError` where SymPy has no word for it.
    """
    if f.function == "power":
        return sympy.Pow(args[0], number(f.params[0]))
    if f.function == "unknown":
        name, orders = f.params
        return _unknown(name, orders, args)
    if f.function == "defined":
        _, orders, program = f.params
        return _defined(orders, program, args)
    if f.function not in ELEMENTWISE:
        raise no_word(f)
    return ELEMENTWISE[f.function](*args)


def no_word(f: Call) -> UnsupportedError:
    """The error for a function that SymPy lacks."""
    kind = "elementwise function" if is_elementwise(f.function) else "function"
    return UnsupportedError(f"SymPy has no word for the {kind} {f.function}")


def _unknown(name: str, orders: tuple[int, ...], args: list[Any]) -> Any:
    """f(x), or its derivative at x, which SymPy writes as a substitution."""
    f = sympy.Function(name)
    if not any(orders):
        return f(*args)
    stand_ins = [bound(f"xi_{k + 1}", k + 1) for k in range(len(args))]
    counts = [(x, n) for x, n in zip(stand_ins, orders, strict=True) if n]
    return sympy.Subs(sympy.Derivative(f(*stand_ins), *counts), stand_ins, args)


def _defined(orders: tuple[int, ...], program: Program, args: list[Any]) -> Any:
    """The formula of the function, differentiated by SymPy where need be."""
    found = differentiated(program, orders) if any(orders) else program
    return decode(found, args).rewrite(sympy.exp)
