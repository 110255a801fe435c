"""One entry of an expression, at given indices: what a nest of loops computes.

Axes moved, split, grouped or added cost nothing here: they only change the indices that
are read. Sums over an index are loops of their own, and stand outside.

>>> from .words import name, transpose
>>> entry(transpose(name("A", (2, 3)), (1, 0)), ["i", "j"], Scalar()).text
'A(j, i)'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..sizes import Size
from .code import ATOM, PRODUCT, SUM, Code, product, total
from .words import Expr

#: What has an entry that its arguments' entries give.
_OPERATIONS = (
    "name number size times sum power call transpose expand spread split group diagonal"
)
OPERATIONS = frozenset(_OPERATIONS.split())


def _unsized(size: Size) -> str:
    return str(size)


@dataclass(frozen=True, slots=True)
class Scalar:
    """How a language says numbers, sizes, powers and functions of one number."""

    number: Callable[[Expr], Code] = lambda e: Code(str(e.data[0]))
    size: Callable[[Size], str] = _unsized
    power: Callable[[Expr, Code], Code] = lambda e, x: x
    call: Callable[[Expr, Sequence[Code]], Code] = lambda e, args: args[0]
    brackets: str = "()"
    quotient: str = "/"
    remainder: str = "%"


def entry(e: Expr, at: Sequence[str], say: Scalar) -> Code:
    """The entry of an expression made of `OPERATIONS`."""
    match e.op:
        case "name":
            listed = f"{say.brackets[0]}{', '.join(at)}{say.brackets[1]}" if at else ""
            return Code(f"{e.data[0]}{listed}")
        case "number" | "size":
            return say.number(e)
        case "times":
            return product(
                lambda arg: entry(arg, _trailing(arg, at), say),
                e,
                e.data[0],
                " * ",
                " / ",
                say=lambda value: say.number(Expr("number", (), (value,))),
            )
        case "sum":
            return total([entry(arg, _trailing(arg, at), say) for arg in e.args])
        case "power":
            return say.power(e, entry(e.args[0], at, say))
        case "call":
            return say.call(e, [entry(a, _trailing(a, at), say) for a in e.args])
        case _:
            return entry(e.args[0], _read(e, at, say), say)


def _trailing(e: Expr, at: Sequence[str]) -> Sequence[str]:
    """The indices of an argument that broadcasts: the last ones."""
    return at[len(at) - len(e.shape) :]


def _read(e: Expr, at: Sequence[str], say: Scalar) -> list[str]:
    """The indices of the argument of an operation that moves axes."""
    match e.op:
        case "transpose":
            found = dict(zip(e.data[0], at, strict=True))
            return [found[k] for k in range(len(at))]
        case "expand":
            return [i for i, here in zip(at, e.data[0], strict=True) if here]
        case "spread":
            return list(at) if e.args[0].shape else []
        case "diagonal":
            return [*at, at[-1]]
        case "split":
            return _merged(e.data[0], at, say)
        case _:
            return _divided(e, at, say)


def _merged(
    groups: Sequence[Sequence[Size]], at: Sequence[str], say: Scalar
) -> list[str]:
    """The index of every axis that is read as several."""
    found, start = [], 0
    for lengths in groups:
        code = Code(at[start]) if lengths else Code("0")
        for k in range(1, len(lengths)):
            length = Code(say.size(lengths[k]), SUM)
            body = f"{code.at(PRODUCT)} * {_tight(length)} + {at[start + k]}"
            code = Code(body, SUM)
            code = Code(f"({body})", ATOM) if k + 1 < len(lengths) else code
        found.append(code.text)
        start += len(lengths)
    return found


def _divided(e: Expr, at: Sequence[str], say: Scalar) -> list[str]:
    """The indices of axes that were made one."""
    found, start = [], 0
    for count, index in zip(e.data[0], at, strict=True):
        lengths = e.args[0].shape[start : start + count]
        texts = [_tight(Code(say.size(size), SUM)) for size in lengths]
        for k in range(count):
            below = [f" {say.quotient} {text}" for text in texts[k + 1 :]]
            inner = index + "".join(below)
            found.append(f"{inner} {say.remainder} {texts[k]}" if k else inner)
        start += count
    return found


def _tight(code: Code) -> str:
    return code.text if code.text.isalnum() else f"({code.text})"
