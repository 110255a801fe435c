"""Elementwise functions given by a formula: run by NumPy, differentiated by SymPy.

The formula is a postfix program (`sympy_scalars`), which a stack machine runs on
arrays. SymPy is loaded only for a derivative, SciPy only for a special function.

>>> swish = (("argument", 0), ("argument", 0), ("sigmoid", 1), ("product", 2))
>>> table = {"sigmoid": lambda x: 1 / (1 + np.exp(-x))}
>>> run(swish, [np.array([0.0, 2.0])], table).round(3).tolist()
[0.0, 1.762]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from .errors import EvaluationError
from .pairwise import Array

Program: TypeAlias = tuple[tuple[Any, ...], ...]
Table: TypeAlias = Mapping[str, Callable[..., Any]]

CONSTANTS = {
    "pi": math.pi,
    "e": math.e,
    "euler_gamma": 0.5772156649015329,
    "golden_ratio": 1.618033988749895,
    "catalan": 0.915965594177219,
}

#: SymPy's name of a special function, and how SciPy computes it.
SPECIAL: dict[str, Callable[..., Any]] = {
    **{
        name: lambda s, *x, scipy_name=scipy_name: getattr(s, scipy_name)(*x)
        for name, scipy_name in {
            "erfc": "erfc",
            "erfi": "erfi",
            "erfinv": "erfinv",
            "erfcinv": "erfcinv",
            "gamma": "gamma",
            "loggamma": "loggamma",
            "digamma": "psi",
            "beta": "beta",
            "besselj": "jv",
            "bessely": "yv",
            "besseli": "iv",
            "besselk": "kv",
            "zeta": "zeta",
            "Ei": "expi",
            "expint": "expn",
            "elliptic_k": "ellipk",
            "elliptic_e": "ellipe",
            "binomial": "binom",
            "legendre": "eval_legendre",
            "chebyshevt": "eval_chebyt",
            "chebyshevu": "eval_chebyu",
            "hermite": "eval_hermite",
            "laguerre": "eval_laguerre",
            "gegenbauer": "eval_gegenbauer",
        }.items()
    },
    "polygamma": lambda s, n, x: s.polygamma(np.asarray(n, int), x),
    "airyai": lambda s, x: s.airy(x)[0],
    "airyaiprime": lambda s, x: s.airy(x)[1],
    "airybi": lambda s, x: s.airy(x)[2],
    "airybiprime": lambda s, x: s.airy(x)[3],
    "LambertW": lambda s, x, k=0: _real(s.lambertw(x, int(k)), x),
    "Si": lambda s, x: s.sici(x)[0],
    "Ci": lambda s, x: s.sici(x)[1],
    "Shi": lambda s, x: s.shichi(x)[0],
    "Chi": lambda s, x: s.shichi(x)[1],
    "fresnels": lambda s, x: s.fresnel(x)[0],
    "fresnelc": lambda s, x: s.fresnel(x)[1],
    "lowergamma": lambda s, a, x: s.gamma(a) * s.gammainc(a, x),
    "uppergamma": lambda s, a, x: s.gamma(a) * s.gammaincc(a, x),
    "factorial": lambda s, x: s.gamma(np.asarray(x) + 1.0),
    "sinc": lambda s, x: np.sinc(np.asarray(x) / np.pi),
}

_RELATIONS: dict[str, Callable[..., Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def _real(value: Any, x: Any) -> Any:
    """A complex result of real arguments: real, and NaN where it has no real value."""
    if np.iscomplexobj(x):
        return value
    return np.where(np.imag(value) == 0, np.real(value), np.nan)


def value(args: list[Array], params: tuple[Any, ...], table: Table) -> Array:
    """The function of `params` (its name, orders of derivatives, program) on arrays."""
    _, orders, program = params
    if any(orders):
        from .sympy_scalars import differentiated

        program = differentiated(program, orders)
    result = np.asarray(run(program, args, table))
    wanted = np.result_type(*args, np.float16)
    if result.dtype.kind != "c" or wanted.kind == "c":
        result = result.astype(wanted, copy=False)
    return np.array(np.broadcast_to(result, args[0].shape))


def run(program: Program, args: list[Array], table: Table) -> Any:
    """A program on arrays; `table` has the elementary functions.

    Raises `EvaluationError` where it is none, or where SciPy is needed and missing.
    """
    stack: list[Any] = []
    try:
        for name, *rest in program:
            _step(stack, name, rest, args, table)
        (result,) = stack
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise EvaluationError(f"the formula cannot be computed: {error}") from None
    return result


def _step(
    stack: list[Any], name: str, rest: list[Any], args: list[Array], table: Table
) -> None:
    match name:
        case "argument":
            stack.append(args[rest[0]])
        case "rational":
            stack.append(rest[0] / rest[1])
        case "float":
            stack.append(float.fromhex(rest[0]))
        case "constant":
            stack.append(CONSTANTS[rest[0]])
        case "power":
            stack.append(_power(stack.pop(), Fraction(*rest), table))
        case _:
            count = 2 * rest[0] if name == "choice" else rest[0]
            taken = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            stack.append(_applied(name, taken, table))


def _power(x: Any, p: Fraction, table: Table) -> Any:
    exponent = int(p) if p.denominator == 1 else p
    return table["power"](_inexact(x), exponent)


def _inexact(x: Any) -> Any:
    """An array as it is, unless it is of integers; a number in double precision."""
    return np.asarray(x, None if np.asarray(x).dtype.kind in "fc" else np.float64)


def _applied(name: str, args: list[Any], table: Table) -> Any:
    match name:
        case "sum":
            return reduce(operator.add, args)
        case "product":
            return reduce(operator.mul, args)
        case "and" | "or":
            joint = np.logical_and if name == "and" else np.logical_or
            return reduce(joint, args)
        case "not":
            return np.logical_not(args[0])
        case "choice":
            return _choice(args)
        case "step":
            return _step_function(*args)
    if name in _RELATIONS:
        return _RELATIONS[name](*args)
    if name in SPECIAL:
        return SPECIAL[name](_scipy_special(name), *args)
    return table[name](*map(_inexact, args))


def _choice(args: list[Any]) -> Any:
    """The first value whose condition holds; conditions and values alternate."""
    result = args[-1]
    pairs = list(zip(args[::2], args[1::2], strict=True))[:-1]
    for condition, chosen in reversed(pairs):
        result = np.where(condition, chosen, result)
    return result


def _step_function(x: Any, middle: Any = 0.5) -> Any:
    """0 below 0, 1 above, `middle` at 0."""
    return np.where(np.isnan(x), x, np.where(x > 0, 1.0, np.where(x < 0, 0.0, middle)))


def _scipy_special(name: str) -> Any:
    try:
        from scipy import special
    except ImportError:
        raise EvaluationError(
            f"{name} needs SciPy", hint="pip install 'indexcalc[scipy]'"
        ) from None
    return special
