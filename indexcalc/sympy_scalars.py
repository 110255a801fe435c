"""Scalar formulas of SymPy as postfix programs, back again, and their derivatives.

A program is a tuple of instructions that a stack machine runs: ("argument", 0) pushes
an argument, ("rational", 1, 2) a number, ("sum", 2) adds the top two, ("exp", 1)
applies a function of the tables below. It holds no SymPy, so that a node may keep it
and NumPy may run it. Everything here is about real arguments: |x| has the derivative
sign x, which is 0 at 0, and no derivative has a Dirac delta.

>>> x = sympy.Symbol("x")
>>> program = encode(sympy.Lambda(x, x / (1 + sympy.exp(-x))))
>>> program
(('argument', 0), ('argument', 0), ('sigmoid', 1), ('product', 2))
>>> decode(differentiated(program, (1,)), [x])
x*(1 - sigmoid(x))*sigmoid(x) + sigmoid(x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, TypeAlias

import sympy
from sympy.core.function import ArgumentIndexError
from sympy.functions.elementary.piecewise import ExprCondPair

from .errors import EvaluationError, UnsupportedError

Instruction: TypeAlias = tuple[str | int, ...]
Program: TypeAlias = tuple[Instruction, ...]


class sigmoid(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """1/(1 + exp(−x)), kept whole so that it and its derivatives do not overflow."""

    def fdiff(self, argindex: int = 1) -> Any:
        """σ' = σ (1 − σ)."""
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x: Any, **options: Any) -> Any:
        return 1 / (1 + sympy.exp(-x))


class softplus(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """log(1 + exp(x)), kept whole so that it does not overflow."""

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative is σ(x)."""
        return sigmoid(self.args[0])

    def _eval_rewrite_as_exp(self, x: Any, **options: Any) -> Any:
        return sympy.log(1 + sympy.exp(x))


#: Elementary functions: our name, SymPy's class.
ELEMENTARY: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in ["exp", "log", "sin", "cos", "tan"]},
    **{name: getattr(sympy, name) for name in ["asin", "acos", "atan", "atan2"]},
    **{name: getattr(sympy, name) for name in ["sinh", "cosh", "tanh"]},
    **{name: getattr(sympy, name) for name in ["asinh", "acosh", "atanh"]},
    **{name: getattr(sympy, name) for name in ["sign", "erf"]},
    "abs": sympy.Abs,
    "max": sympy.Max,
    "min": sympy.Min,
    "step": sympy.Heaviside,
    "sigmoid": sigmoid,
    "softplus": softplus,
}

#: Special functions, under SymPy's names; `defined` knows SciPy's.
_SPECIAL_NAMES = """
erfc erfi erfinv erfcinv gamma loggamma digamma polygamma beta besselj bessely besseli
besselk airyai airybi airyaiprime airybiprime LambertW zeta Ei Si Ci Shi Chi expint
fresnels fresnelc elliptic_k elliptic_e lowergamma uppergamma factorial binomial sinc
legendre chebyshevt chebyshevu hermite laguerre gegenbauer
"""
SPECIAL: dict[str, Any] = {
    name: getattr(sympy, name) for name in _SPECIAL_NAMES.split()
}

CLASSES: dict[str, Any] = {**ELEMENTARY, **SPECIAL}
NAMES: dict[Any, str] = {function: name for name, function in CLASSES.items()}

CONSTANTS: dict[str, Any] = {
    "pi": sympy.pi,
    "e": sympy.E,
    "euler_gamma": sympy.EulerGamma,
    "golden_ratio": sympy.GoldenRatio,
    "catalan": sympy.Catalan,
}

RELATIONS: dict[str, Any] = {
    "<": sympy.StrictLessThan,
    "<=": sympy.LessThan,
    ">": sympy.StrictGreaterThan,
    ">=": sympy.GreaterThan,
    "==": sympy.Equality,
    "!=": sympy.Unequality,
}
_RELATION_NAMES = {relation: name for name, relation in RELATIONS.items()}

#: What is said by other functions before it is encoded.
REWRITTEN: dict[Any, Callable[[Any], Any]] = {
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.DiracDelta: lambda *x: sympy.S.Zero,
}


def arguments(count: int) -> list[Any]:
    """The real symbols that stand for a function's arguments.

    >>> arguments(2)
    [x0, x1]
    """
    return [sympy.Symbol(f"x{k}", real=True) for k in range(count)]


# -- into a program --------------------------------------------------------------------


def encode(function: Any) -> Program:
    """The program of a `sympy.Lambda`.

    Raises `UnsupportedError` for what is not a scalar formula of the tables, or where
    the formula holds a symbol that is not an argument.
    """
    if not isinstance(function, sympy.Lambda):
        raise UnsupportedError(
            f"a {type(function).__name__} is not a sympy.Lambda",
            hint="write sympy.Lambda(x, …), or Lambda((x, y), …)",
        )
    given = function.signature
    if not all(isinstance(x, sympy.Symbol) for x in given):
        raise UnsupportedError(f"the arguments {given} of a Lambda are not symbols")
    own = arguments(len(given))
    body = function.expr.xreplace(dict(zip(given, own, strict=True)))
    lost = sorted(map(str, body.free_symbols - set(own)))
    if lost:
        raise UnsupportedError(
            f"the formula {function.expr} holds {', '.join(lost)}, no argument of it",
            hint="make it an argument, as in Lambda((x, a), …)",
        )
    return encoded(body, len(own))


def encoded(body: Any, count: int) -> Program:
    """The program of a scalar expression in `arguments(count)`."""
    body = stable(body)
    place = {symbol: k for k, symbol in enumerate(arguments(count))}
    done: dict[Any, Program] = {}
    for expr in _postorder(body):
        done[expr] = _encode_one(expr, place, done)
    return done[body]


def _postorder(root: Any) -> list[Any]:
    """Every subexpression once, parts first; iterative."""
    order: list[Any] = []
    seen: set[Any] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        expr, ready = stack.pop()
        if ready:
            order.append(expr)
        elif expr not in seen:
            seen.add(expr)
            stack.append((expr, True))
            stack += [(part, False) for part in reversed(expr.args)]
    return order


def stable(body: Any) -> Any:
    """The expression with 1/(1 + exp u) and log(1 + exp u) kept whole, and with what
    has no instruction of its own said by what has."""
    done: dict[Any, Any] = {}
    for expr in _postorder(body):
        parts = [done[part] for part in expr.args]
        new = expr.func(*parts) if list(expr.args) != parts else expr
        done[expr] = _stable_one(new)
    return done[body]


def _stable_one(expr: Any) -> Any:
    if expr.func in REWRITTEN:
        return REWRITTEN[expr.func](*expr.args)
    if isinstance(expr, sympy.log):
        inner = exponent_beside_one(expr.args[0])
        return expr if inner is None else softplus(inner)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp < 0:
        inner = exponent_beside_one(expr.base)
        return expr if inner is None else sigmoid(-inner) ** -expr.exp
    if expr.is_Mul:
        return _joined_sigmoids(expr)
    return expr


def exponent_beside_one(expr: Any) -> Any | None:
    """The u of 1 + exp u, else None.

    >>> exponent_beside_one(1 + sympy.exp(-sympy.Symbol("x")))
    -x
    """
    if not expr.is_Add or len(expr.args) != 2:
        return None
    rest = [part for part in expr.args if part != 1]
    if len(rest) == 1 and isinstance(rest[0], sympy.exp):
        return rest[0].args[0]
    return None


def _joined_sigmoids(expr: Any) -> Any:
    """exp(u) σ(−u) is σ(u)."""
    powers = expr.as_powers_dict()
    for factor in list(powers):
        if isinstance(factor, sigmoid):
            grown = sympy.exp(-factor.args[0])
            if _has_factor(powers, grown):
                return expr / grown / factor * sigmoid(-factor.args[0])
    return expr


def _has_factor(powers: Any, grown: Any) -> bool:
    base, exponent = grown.as_base_exp()
    return bool(powers.get(grown, 0) == 1 or powers.get(base, 0) == exponent)


def _encode_one(expr: Any, place: dict[Any, int], done: dict[Any, Program]) -> Program:
    leaf = _leaf(expr, place)
    if leaf is not None:
        return (leaf,)
    parts = [done.get(part, ()) for part in expr.args]
    if expr.is_Add or expr.is_Mul:
        return _folded("sum" if expr.is_Add else "product", sorted(parts))
    if expr.is_Pow and expr.exp.is_Rational:
        return (*parts[0], ("power", int(expr.exp.p), int(expr.exp.q)))
    if expr.is_Pow:
        return (*parts[0], *parts[1], ("pow", 2))
    if isinstance(expr, (sympy.Max, sympy.Min)):
        return _folded(NAMES[expr.func], sorted(parts), pairs=True)
    if isinstance(expr, (ExprCondPair, sympy.Piecewise)):
        return _encoded_choice(expr, parts)
    if isinstance(expr, (sympy.And, sympy.Or, sympy.Not)):
        return _folded(expr.func.__name__.lower(), sorted(parts))
    name = _RELATION_NAMES.get(expr.func) or NAMES.get(expr.func)
    if name is None:
        raise UnsupportedError(
            f"{type(expr).__name__} in {expr} is no elementwise function known here",
            hint="the functions are those of SymPy that SciPy can evaluate",
        )
    return _folded(name, parts)


def _leaf(expr: Any, place: dict[Any, int]) -> Instruction | None:
    """The instruction that pushes a symbol or a number."""
    if expr in place:
        return ("argument", place[expr])
    if isinstance(expr, sympy.Rational):
        return ("rational", int(expr.p), int(expr.q))
    if isinstance(expr, sympy.Float):
        return ("float", float(expr).hex())
    if expr in (sympy.true, sympy.false):
        return ("rational", int(expr == sympy.true), 1)
    for name, constant in CONSTANTS.items():
        if expr == constant:
            return ("constant", name)
    if not expr.args:
        raise UnsupportedError(f"{expr} has no value in an elementwise formula")
    return None


def _folded(name: str, parts: Sequence[Program], pairs: bool = False) -> Program:
    """The parts and then the function, of all of them or two by two."""
    if not pairs:
        return (*(i for part in parts for i in part), (name, len(parts)))
    return list(accumulate(parts, lambda a, b: (*a, *b, (name, 2))))[-1]


def _encoded_choice(expr: Any, parts: list[Program]) -> Program:
    if isinstance(expr, ExprCondPair):
        return (*parts[1], *parts[0])
    if expr.args[-1][1] != sympy.true:
        raise UnsupportedError(
            f"{expr} has no value where none of its conditions holds",
            hint="end it with (…, True)",
        )
    return _folded("choice", parts)


# -- out of a program ------------------------------------------------------------------


def decode(program: Program, args: Sequence[Any]) -> Any:
    """The SymPy expression of a program on given arguments.

    Raises `EvaluationError` for what is not a program.
    """
    stack: list[Any] = []
    try:
        for name, *rest in program:
            if name in _PUSHED:
                stack.append(_PUSHED[name](args, *rest))
                continue
            first = len(stack) - taken_by(name, rest)
            taken = stack[first:]
            del stack[first:]
            stack.append(_applied(str(name), taken, rest))
        (result,) = stack
    except (LookupError, TypeError, ValueError) as error:
        raise EvaluationError(f"not a program of a formula: {error}") from None
    return result


def taken_by(name: object, rest: Sequence[Any]) -> int:
    """How many values an instruction takes from the stack."""
    if name == "power":
        return 1
    return 2 * int(rest[0]) if name == "choice" else int(rest[0])


_PUSHED: dict[Any, Callable[..., Any]] = {
    "argument": lambda args, k: args[k],
    "rational": lambda args, p, q: sympy.Rational(p, q),
    "float": lambda args, digits: sympy.Float(float.fromhex(digits)),
    "constant": lambda args, name: CONSTANTS[name],
}


def _applied(name: str, args: list[Any], rest: list[Any]) -> Any:
    match name:
        case "sum":
            return sympy.Add(*args)
        case "product":
            return sympy.Mul(*args)
        case "pow":
            return sympy.Pow(*args)
        case "power":
            return sympy.Pow(args[0], sympy.Rational(*rest))
        case "and" | "or" | "not":
            return getattr(sympy, name.capitalize())(*map(_condition, args))
        case "choice":
            pairs = zip(args[1::2], map(_condition, args[::2]), strict=True)
            return sympy.Piecewise(*pairs)
        case _:
            return (RELATIONS.get(name) or CLASSES[name])(*args)


def _condition(value: Any) -> Any:
    """A condition; 0 and 1 stand for false and true."""
    return sympy.true if value == 1 else sympy.false if value == 0 else value


# -- derivatives -----------------------------------------------------------------------


@lru_cache(maxsize=1024)
def differentiated(program: Program, orders: tuple[int, ...]) -> Program:
    """The program of ∂^orders, found by SymPy for real arguments.

    Raises `UnsupportedError` where SymPy knows no derivative.
    """
    own = arguments(len(orders))
    body = decode(program, own)
    try:
        for x, order in zip(own, orders, strict=True):
            for _ in range(order):
                body = _without_deltas(body.diff(x))
        return encoded(body, len(own))
    except (UnsupportedError, ArgumentIndexError):
        raise UnsupportedError(
            f"SymPy has no closed form for the derivative of {decode(program, own)}"
        ) from None


def _without_deltas(body: Any) -> Any:
    """The derivative off its kinks: a Dirac delta is read as 0."""
    return body.replace(sympy.DiracDelta, lambda *x: sympy.S.Zero)
