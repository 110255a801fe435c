"""Names of values in printed programs, made from what the values are.

>>> from .words import matmul, name
>>> suggestion(matmul(name("A", (3, 4)), name("X", (4, 2))))
'AX'
"""

from __future__ import annotations

from collections.abc import Iterable

from ..einsum_names import Names
from .words import Expr

#: What the values of a few functions are called.
CALLED = {
    "sigmoid": "s",
    "exp": "e",
    "softmax": "p",
    "tanh": "h",
    "relu": "h",
    "norm2": "r",
    "lse": "z",
    "eigvalsh": "eig",
}

#: The longest name made of others.
LONGEST = 6


class Chosen(Names):
    """Identifiers of one program; those of values are numbered where they repeat."""

    def __init__(self, reserved: Iterable[str] = (), unfit: str = "") -> None:
        super().__init__(reserved, unfit)
        self._temporaries = self.numbered("t")

    @property
    def taken(self) -> frozenset[str]:
        """The identifiers that are given out or reserved."""
        return frozenset(self._taken)

    def value(self, e: Expr) -> str:
        """A name for a value."""
        wanted = suggestion(e)
        if wanted is None or self.is_unfit(wanted):
            return next(self._temporaries)
        return self.numbered_from(wanted)

    def numbered_from(self, wanted: str) -> str:
        """x, x2, x3, …: the first that is free."""
        return self.first_free(wanted, numbered=wanted)


def suggestion(e: Expr) -> str | None:
    """What a value would be called, or None where nothing short says it."""
    parts = [_part(arg) for arg in e.args]
    if e.op == "matmul" and None not in parts:
        joined = "".join(part for part in parts if part is not None)
        return joined if len(joined) <= LONGEST else None
    if e.op == "call" and e.data[0] in ("inv", "pinv"):
        return f"{parts[0]}_inv" if parts[0] else "inverse"
    return CALLED.get(e.data[0]) if e.op == "call" else None


def _part(e: Expr) -> str | None:
    """How a factor goes into the name of a product."""
    if e.op == "name" and e.data[0].isalpha():
        return str(e.data[0])
    inner = e.op == "transpose" and len(e.shape) == 2 and _part(e.args[0])
    return f"{inner}t" if inner else None
