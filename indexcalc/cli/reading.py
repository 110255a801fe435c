"""From options to a problem, and to the expressions that are asked for.

>>> wanted = problem_of(Read("x'*A*x", ["x: n"]), By(["x"]))
>>> [(target.heading, str(target.expression)) for target in targets(wanted, True)]
[('∂f/∂x', 'A_ji x_j + A_ik x_k')]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..asking.problem import Asked, Problem, read
from ..asking.shapes import declared_in
from ..comparison.sampling import size_names
from ..errors import ParseError, UnknownNameError, UnsupportedError
from ..face import Expression
from ..legible import quoted
from ..notations import value_name
from ..planning.room import as_bytes
from ..sizes import names_in
from .choices import CONVENTIONS, READINGS, one_of
from .options import By, Read
from .terminal import is_terminal, remark

#: The most characters that are taken from standard input.
LONGEST_INPUT = 1_000_000
#: What a function is called, by its number of axes, the first that is free.
_INPUTS = re.compile(r"[A-Za-z]+(?:\s*,\s*[A-Za-z]+)+")
_EXPONENTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def text_of(given: str) -> str:
    """A text as it was given, or standard input for `-`."""
    if given.strip() != "-":
        return given.removeprefix(" ") if given.startswith(" -") else given
    if is_terminal(sys.stdin):
        remark("type the text, then end it with Ctrl-D (Windows: Ctrl-Z, Enter)")
    raw = getattr(sys.stdin, "buffer", None)
    found = sys.stdin.read(LONGEST_INPUT + 1) if raw is None else _decoded(raw)
    if len(found) > LONGEST_INPUT:
        raise ParseError(
            f"standard input has more than {LONGEST_INPUT:,} characters, the limit"
        )
    return found.strip()


def _decoded(raw: object) -> str:
    content: bytes = raw.read(4 * LONGEST_INPUT + 1)  # type: ignore[attr-defined]
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(
            f"standard input is no text: {error.reason}, byte {error.start}",
            hint="give it in UTF-8",
        ) from None


def problem_of(
    asked: Read,
    by: By | None = None,
    order: int | None = None,
    more: Mapping[str, object] | None = None,
) -> Problem:
    """The problem that options pose; `more` are further declarations, which those of
    the options go before."""
    by = by or By()
    shapes = {**(more or {}), **declared_in(asked.shape)}
    problem = read(
        Asked(
            text_of(asked.text),
            shapes,
            _names(by.variables),
            order,
            one_of(asked.notation, READINGS, "--notation"),
            asked.infer,
            asked.out,
            one_of(by.convention, CONVENTIONS, "--convention"),
        )
    )
    if by.variables:
        problem.wanted()
    return problem


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Names of variables, also several in one text, each once."""
    parts = [part for text in given for part in text.replace(",", " ").split()]
    return tuple(dict.fromkeys(parts))


# -- what is asked for -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """An expression that is asked for, the variables it was differentiated by, and
    what stands before its equals sign."""

    expression: Expression
    names: tuple[str, ...]
    heading: str


def targets(problem: Problem, always: bool, mixed: bool = False) -> list[Target]:
    """The derivatives asked for; where none are, and need not be, the function.

    `mixed` takes the variables one after another for a single derivative.
    """
    asked = problem.asked
    if problem.order == 0 or not (always or problem.by or asked.order):
        return [Target(problem.expression, (), function_name(problem))]
    wanted = problem.wanted()
    groups = [wanted] if mixed else [(name,) for name in wanted]
    return [_target(problem, group) for group in groups]


def _target(problem: Problem, names: tuple[str, ...]) -> Target:
    by = names if len(names) > 1 else names * problem.order
    found = problem.derivative(*names)
    return Target(found, names, quotient(function_name(problem), by))


def only(found: Sequence[Target], why: str) -> Target:
    """The one expression that is asked for. Raises `UnknownNameError` for several."""
    if len(found) > 1:
        listed = ", ".join(name for target in found for name in target.names)
        raise UnknownNameError(
            f"there are several variables, {listed}, and {why}",
            hint=f"choose one, as in --wrt {found[0].names[0]}",
        )
    return found[0]


def one_variable(problem: Problem, why: str) -> str:
    """The one variable to differentiate by. Raises `UnknownNameError` for several."""
    wanted = problem.wanted()
    if len(wanted) > 1:
        raise UnknownNameError(
            f"there are several variables, {', '.join(wanted)}, and {why}",
            hint=f"choose one, as in --wrt {wanted[0]}",
        )
    return wanted[0]


def function_name(problem: Problem) -> str:
    """What the function goes by: f, y or F, unless a letter of the problem does."""
    taken = {symbol.name for symbol in problem.symbols}
    return value_name(problem.expression.ndim, taken)


def quotient(name: str, by: Sequence[str]) -> str:
    """A derivative as it is written.

    >>> quotient("f", ["x"]), quotient("f", ["x", "x"]), quotient("f", ["x", "A"])
    ('∂f/∂x', '∂²f/∂x²', '∂²f/∂x∂A')
    """
    power = _power(len(by))
    if len(set(by)) == 1:
        return f"∂{power}{name}/∂{by[0]}{power}"
    return f"∂{power}{name}/{''.join(f'∂{x}' for x in by)}"


def _power(n: int) -> str:
    return "" if n == 1 else str(n).translate(_EXPONENTS)


def sizes_of(given: Sequence[str], problem: Problem) -> dict[str, int]:
    """Sizes as `n=1000`, also several in one text. Raises `ParseError` for others,
    `UnknownNameError` for a size that the problem does not have."""
    names = {n for s in problem.symbols for size in s.shape for n in names_in(size)}
    names |= set(size_names(problem.expression.written))
    found: dict[str, int] = {}
    for part in (p for text in given for p in text.replace(",", " ").split()):
        name, _, number = part.partition("=")
        digits = number.replace("_", "")
        if not (name and digits.isascii() and digits.isdecimal() and len(digits) < 19):
            raise ParseError(
                f"{quoted(part)} is not a size", hint="as in --size n=1000"
            )
        if name not in names:
            raise UnknownNameError(
                f"there is no size {quoted(name)}",
                hint=f"there is {', '.join(sorted(names)) or 'none'}",
            )
        found[name] = int(digits)
    return found


def memory_of(given: str) -> int | None:
    """An amount of memory in bytes; None for an empty text. Raises `ParseError` for a
    text that is none."""
    try:
        return as_bytes(given) if given else None
    except UnsupportedError as error:
        raise ParseError(error.message, hint=error.hint) from None


def is_einsum(text: str) -> bool:
    """Whether a text is an einsum string.

    >>> [is_einsum(t) for t in ("ij,jk->ik", "ij, jk", "A*x", "tr(A, B)")]
    [True, True, False, False]
    """
    return "->" in text or _INPUTS.fullmatch(text.strip()) is not None
