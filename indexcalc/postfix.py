"""What a program of a formula is: a postfix list of instructions, and nothing else.

A program may come from a stranger's document and ends in SymPy, which evaluates texts
that it is handed. So every instruction is of the table here, with exact integers and
names of the table, before a node is made of it. Numbers stay small enough for SymPy to
multiply them out.

>>> why_no_program((("argument", 0), ("rational", 1, 2), ("product", 2)), 1)
>>> why_no_program((("rational", ("import os",), 1),), 1)
"instruction 0, ('rational', ('import os',), 1), is none that a formula has"
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from .errors import ParseError
from .legible import quoted

Program: TypeAlias = tuple[tuple[Any, ...], ...]

#: The longest program, the highest sum of orders of derivatives.
LONGEST, HIGHEST = 20_000, 1_000

#: The most bits of a number that a program makes of numbers alone; the largest number
#: given to a special function, and as the degree of a polynomial.
BITS, LARGEST, DEGREE = 20_000, 1_000, 100

CONSTANTS = frozenset({"pi", "e", "euler_gamma", "golden_ratio", "catalan"})

_ONE, _TWO, _EITHER = (1,), (2,), (1, 2)
_ANY = tuple(range(1, 1_000))

_ELEMENTARY: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(["sum", "product", "and", "or"], _ANY),
    **dict.fromkeys(["pow", "atan2", "max", "min"], _TWO),
    **dict.fromkeys(["<", "<=", ">", ">=", "==", "!="], _TWO),
    **dict.fromkeys(["exp", "log", "sin", "cos", "tan", "asin", "acos"], _ONE),
    **dict.fromkeys(["atan", "sinh", "cosh", "tanh", "asinh", "acosh"], _ONE),
    **dict.fromkeys(["atanh", "sign", "erf", "abs", "sigmoid", "softplus"], _ONE),
    "not": _ONE,
    "step": _EITHER,
}

#: Orthogonal polynomials: SymPy writes those of a whole degree out.
_POLYNOMIALS = {
    **dict.fromkeys(["legendre", "chebyshevt", "chebyshevu", "hermite"], _TWO),
    "laguerre": _TWO,
    "gegenbauer": (3,),
}

_SPECIAL: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(["erfc", "erfi", "erfinv", "erfcinv", "gamma", "loggamma"], _ONE),
    **dict.fromkeys(["digamma", "airyai", "airybi", "airyaiprime"], _ONE),
    **dict.fromkeys(["airybiprime", "Ei", "Si", "Ci", "Shi", "Chi", "fresnels"], _ONE),
    **dict.fromkeys(["fresnelc", "elliptic_k", "factorial", "sinc"], _ONE),
    **dict.fromkeys(["polygamma", "beta", "besselj", "bessely", "besseli"], _TWO),
    **dict.fromkeys(["besselk", "expint", "lowergamma", "uppergamma"], _TWO),
    "binomial": _TWO,
    **dict.fromkeys(["LambertW", "zeta", "elliptic_e"], _EITHER),
    **_POLYNOMIALS,
}

#: How many values each function takes.
TAKEN = {**_ELEMENTARY, **_SPECIAL}


def _is_whole(value: object) -> bool:
    return type(value) is int and value.bit_length() <= BITS


def _is_float(value: object) -> bool:
    """Whether a text is a finite float as `float.hex` writes it."""
    try:
        return isinstance(value, str) and math.isfinite(float.fromhex(value))
    except (ValueError, OverflowError):
        return False


_PUSHED: dict[str, Callable[..., bool]] = {
    "argument": lambda count, k: _is_whole(k) and 0 <= k < count,
    "rational": lambda count, p, q: _is_whole(p) and _is_whole(q) and q > 0,
    "float": lambda count, digits: _is_float(digits),
    "constant": lambda count, name: isinstance(name, str) and name in CONSTANTS,
}


def why_no_program(program: Program, count: int) -> str | None:
    """Why this is no program of so many arguments, or None where it is one."""
    if not isinstance(program, tuple) or len(program) > LONGEST:
        return f"it is no tuple of at most {LONGEST} instructions"
    stack: list[float | None] = []
    for k, instruction in enumerate(program):
        if not _is_instruction(instruction, count):
            return f"instruction {k}, {quoted(instruction)}, is none that a formula has"
        if len(stack) < _taken(instruction):
            return f"instruction {k}, {instruction[0]}, has too few values before it"
        if not _step(stack, instruction):
            return f"instruction {k}, {instruction[0]}, makes a number too large"
    return None if len(stack) == 1 else f"it leaves {len(stack)} values, not one"


def _is_instruction(given: Any, count: int) -> bool:
    match given:
        case (str(name), *rest) if name in _PUSHED and isinstance(given, tuple):
            takes = 2 if name == "rational" else 1
            return len(rest) == takes and _PUSHED[name](count, *rest)
        case ("power", p, q):
            return _is_whole(p) and _is_whole(q) and q > 0
        case ("choice", n):
            return type(n) is int and n in _ANY
        case (str(name), n):
            return type(n) is int and n in TAKEN.get(name, ())
    return False


def _taken(instruction: tuple[Any, ...]) -> int:
    """How many values an instruction takes from the stack."""
    match instruction:
        case (name, *_) if name in _PUSHED:
            return 0
        case ("power", _, _):
            return 1
        case ("choice", n):
            return 2 * int(n)
        case (_, n):
            return int(n)
    raise AssertionError("unreachable")


def _step(stack: list[float | None], instruction: tuple[Any, ...]) -> bool:
    """Runs an instruction on bits: of numbers made of numbers alone how many they have
    at most, of others None. False where they are too many."""
    name, *rest = instruction
    first = len(stack) - _taken(instruction)
    taken = stack[first:]
    del stack[first:]
    if name in _PUSHED:
        stack.append(_bits_of(name, rest))
        return True
    large = math.log2(DEGREE if name in _POLYNOMIALS else LARGEST) + 1
    if name in _SPECIAL and any(bits is not None and bits > large for bits in taken):
        return False
    bits = _made(name, rest, taken)
    stack.append(bits)
    return bits is None or bits <= BITS


def _bits_of(name: str, rest: list[Any]) -> float | None:
    if name == "argument":
        return None
    if name == "rational":
        return float(max(part.bit_length() for part in rest))
    return 1.0 if name == "float" else 2.0  # neither grows by multiplying out


def _made(name: str, rest: list[Any], taken: list[float | None]) -> float | None:
    numbers = [bits for bits in taken if bits is not None]
    if len(numbers) < len(taken):
        return None
    match name:
        case "power":
            return numbers[0] * max(abs(rest[0]) / rest[1], 1.0)
        case "pow":
            return numbers[0] * 2.0 ** min(numbers[1], 64.0)
        case _ if name in _SPECIAL:
            return sum(bits * 2.0**bits for bits in numbers)
        case _:
            return sum(numbers) + 1.0


def require_program(program: Any, count: int) -> None:
    """Raises `ParseError` for what is no program of a formula of so many arguments."""
    try:
        fault = why_no_program(program, count)
    except TypeError:
        fault = "it is not made of tuples, texts and integers"
    if fault is not None:
        raise ParseError(
            f"this is no program of a formula: {fault}",
            hint="ic.elementwise makes one of a sympy.Lambda",
        )


def require_orders(orders: Any) -> None:
    """Raises `ParseError` for what are no orders of derivatives, one an argument."""
    whole = isinstance(orders, tuple) and all(type(k) is int for k in orders)
    if whole and sum(map(abs, orders)) <= HIGHEST and min(orders, default=0) >= 0:
        return
    raise ParseError(
        f"{quoted(orders)} are no orders of derivatives",
        hint=f"whole numbers from 0 on, at most {HIGHEST} together",
    )
