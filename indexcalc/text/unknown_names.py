"""The errors for names that nothing declares, with what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import UnknownNameError
from .declarations import Declarations
from .vocabulary import TABLE

LONGEST = 40


def undeclared(
    text: str, name: str, position: int, declared: Declarations
) -> UnknownNameError:
    """The error for a name without a parenthesis."""
    if name in TABLE or name in declared.functions:
        message, hint = f"{name} is a function", f"write {name}(…)"
    else:
        known = [*declared.variables, *sorted(declared.sizes), "eye", "I"]
        message = f"the name {name[:LONGEST]} is not declared"
        hint = similar(name, known) or f'declare its shape, such as {name[:20]}="n"'
    return UnknownNameError(message, text=text, position=position, hint=hint)


def no_function(
    text: str, name: str, position: int, declared: Declarations, derived: bool = False
) -> UnknownNameError:
    """The error for a name before a parenthesis; `derived` where it has primes."""
    if name in declared.variables:
        hint = f"{name} is a variable; the product is {name}*(…)"
    elif name == "D" or derived:
        hint = 'declare f="function" and write D(f)(x)'
    else:
        known = [*TABLE, *sorted(declared.functions)]
        near = similar(name, known) if len(name) > 1 else ""
        hint = near or f'declare {name[:20]}="function"'
    return UnknownNameError(
        f"there is no function {name[:LONGEST]}",
        text=text,
        position=position,
        hint=hint,
    )


def similar(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a name, as a question."""
    if len(name) > LONGEST:
        return None
    from difflib import get_close_matches

    listed = list(known)
    folded = [other for other in listed if other.lower() == name.lower()]
    close = folded or get_close_matches(name, listed, 1, 0.5)
    return f"did you mean {close[0]}?" if close else None
