"""What simplification knows of matrix functions and of their derivatives.

D f(A)[E] = f′(A) E where E commutes with A, seen where E is a multiple of A or of the
identity, and likewise for more directions: so d/dt exp(tA) = A exp(tA), and the
gradient of tr f(A) is f′(A)ᵀ. Directions are taken linearly, and f(Aᵀ) = f(A)ᵀ, with
its derivatives, chooses one side.

>>> from indexcalc.expr import tensor
>>> A, t = tensor("A", ("n", "n")), tensor("t", ())
>>> tA = einsum([(t, ()), (A, (0, 1))], [0, 1])
>>> law = MATRIX_LAWS["frechet"]
>>> found = next(o for o in (f(frechet("expm", tA, [A]), {}) for f in law) if o)
>>> found[1] is einsum([(call("expm", [tA]), [0, 1]), (A, [1, 2])], [0, 2])
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .coefficients import Number, multiply
from .expr import einsum, is_zero, swapped, zero
from .forms import Outcome, better_side, is_diagonal, is_identity, split_scalars
from .functions import call
from .matrix_functions import DERIVED, SELF_ADJOINT, chain, frechet, parts
from .nodes import Call, Einsum, Node

Law = Callable[[Call, Any], "Outcome | None"]


# -- values ----------------------------------------------------------------------------


def _turned(f: Call, facts: object) -> Outcome | None:
    turned = better_side(f.args[0])
    return None if turned is None else (1, swapped(call(f.function, [turned])))


def _of_diagonal(entrywise: str) -> Law:
    """f(Diag(v)) = Diag(f(v)) for an f that is defined everywhere."""

    def law(f: Call, facts: object) -> Outcome | None:
        arg = f.args[0]
        if not is_diagonal(arg):
            return None
        legs = list(range(len(arg.shape) - 1))
        entries = einsum([(arg, [*legs, legs[-1]])], legs)
        image = call(entrywise, [entries])
        return 1, einsum([(image, legs)], [*legs, legs[-1]])

    return law


def _at_zero(value: int) -> Law:
    def law(f: Call, facts: object) -> Outcome | None:
        if not is_zero(f.args[0]):
            return None
        legs = list(range(len(f.shape) - 1))
        eye = einsum([], [*legs, legs[-1]], dict(enumerate(f.shape[:-1])))
        return value, eye if value else zero(f.shape)

    return law


def _at_identity(value: int) -> Law:
    def law(f: Call, facts: object) -> Outcome | None:
        if not is_identity(f.args[0]):
            return None
        return (1, f.args[0]) if value else (1, zero(f.shape))

    return law


def _exp_log(f: Call, facts: object) -> Outcome | None:
    arg = f.args[0]
    inside = isinstance(arg, Call) and arg.function == "logm"
    return (1, arg.args[0]) if inside and isinstance(arg, Call) else None


# -- derivatives -----------------------------------------------------------------------


def _linear(f: Call, facts: object) -> Outcome | None:
    """Coefficients and scalar factors of the directions stand outside."""
    name, base, directions, open_ = parts(f)
    if any(map(is_zero, directions)):
        return 1, zero(f.shape)
    split = [split_scalars(e) for e in directions]
    coefficient: Number = 1
    for c, _, _ in split:
        coefficient = multiply(coefficient, c)
    scalars = [s for _, found, _ in split for s in found]
    if coefficient == 1 and not scalars:
        return None
    bare = frechet(name, base, [rest for _, _, rest in split], open_)
    return coefficient, _scaled(scalars, bare)


def _scaled(scalars: Sequence[Node], node: Node) -> Node:
    if not scalars:
        return node
    legs = range(len(node.shape))
    return einsum([*((s, ()) for s in scalars), (node, legs)], legs)


def _commuting(f: Call, facts: object) -> Outcome | None:
    name, base, directions, open_ = parts(f)
    if open_ or name not in DERIVED:
        return None
    own = split_scalars(base)[2]
    cores = [split_scalars(e)[2] for e in directions]
    if not all(core is own or _is_batch_identity(core) for core in cores):
        return None
    return 1, chain([DERIVED[name](base, len(directions)), *directions])


def _is_batch_identity(node: Node) -> bool:
    """δ_ij, spread over batch axes or not."""
    if not isinstance(node, Einsum) or node.operands or not is_diagonal(node):
        return False
    flat = [i for axis in node.out for i in axis]
    return len(set(flat)) == len(flat) - 1 == len(node.dims)


def _derivative_turned(f: Call, facts: object) -> Outcome | None:
    """D f(Aᵀ)[E] = (D f(A)[Eᵀ])ᵀ, open pairs exchanged alike."""
    name, base, directions, open_ = parts(f)
    turned = better_side(base)
    if turned is None:
        return None
    other = frechet(name, turned, [swapped(e) for e in directions], open_)
    batch = len(base.shape) - 2
    legs = list(range(len(other.shape)))
    out = legs[:batch]
    for pair in range(open_ + 1):
        out += [batch + 2 * pair + 1, batch + 2 * pair]
    return 1, einsum([(other, legs)], out)


def _ordered(f: Call, facts: object) -> Outcome | None:
    name, base, directions, open_ = parts(f)
    same = frechet(name, base, directions, open_)
    return None if same is f else (1, same)


def _entire(entrywise: str, at_zero: int) -> tuple[Law, ...]:
    return _of_diagonal(entrywise), _at_zero(at_zero), _turned


MATRIX_LAWS: dict[str, tuple[Law, ...]] = {
    "expm": (*_entire("exp", 1), _exp_log),
    "sinm": _entire("sin", 0),
    "cosm": _entire("cos", 1),
    "logm": (_at_identity(0), _turned),
    "sqrtm": (_at_identity(1), _turned),
    **dict.fromkeys(SELF_ADJOINT, (_turned,)),
    "frechet": (_linear, _commuting, _derivative_turned, _ordered),
}
