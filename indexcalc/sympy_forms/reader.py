"""One run over a SymPy expression: rules by class, what is found once kept.

A rule is called with the reader, the expression and its scope, and answers with its
value, or yields (subexpression, scope) for the values it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import UnsupportedError
from .deep import answer
from .scope import Names, Scope
from .values import Value

Request: TypeAlias = tuple[Any, Scope]
Answers: TypeAlias = Generator[Request, Value, Value]
Rule: TypeAlias = Callable[["Reader", Any, Scope], Value | Answers]


@dataclass(frozen=True, slots=True)
class Reader:
    """The names of one expression, and the rules by SymPy class."""

    names: Names
    rules: Mapping[type, Rule]

    def read(self, root: Any, scope: Scope) -> Value:
        """The value of an expression."""
        found: Value = answer(self._rule, (root, scope))
        return found

    def _rule(self, request: Request) -> Value | Answers:
        expr, scope = request
        for kind in type(expr).__mro__:
            if kind in self.rules:
                return self.rules[kind](self, expr, scope)
        raise unsupported(expr)


def unsupported(expr: Any, why: str = "", hint: str | None = None) -> UnsupportedError:
    """The error that names the class of an expression."""
    text = str(expr)
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    reason = f": {why}" if why else ""
    return UnsupportedError(
        f"SymPy's {type(expr).__name__} in {shown} cannot be read{reason}", hint=hint
    )
