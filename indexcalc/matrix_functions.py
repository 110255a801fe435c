"""Functions of a whole matrix: exp, log, root, sine, cosine, the polar factor.

The k-th derivative of f at A along E₁ … E_k is D^k f(A)[E₁, …, E_k], linear and
symmetric in the directions. One family of calls holds all of them: `frechet` with the
parameters (f, k, open), where `open` counts the directions that are left open. An open
direction is a pair of axes (k, l) that stands for e_k e_lᵀ, so that ∂f_ij/∂A_kl is
`frechet` with no direction and one open pair. Every partial of a member is a member
again, so all orders are closed; a gradient takes directions only and costs what a few
values of f cost, and a full Jacobian of n⁴ entries is built only where it is asked for.

Source: N. J. Higham, Functions of Matrices (2008), chapter 3.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import partial
>>> A, E = tensor("A", ("n", "n")), tensor("E", ("n", "n"))
>>> frechet("expm", A, [E]).params
('expm', 1, 0)
>>> partial(call("expm", [A]), 0) is frechet("expm", A, [], 1)
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import factorial, prod
from typing import Any

from .errors import UnsupportedError
from .expr import einsum, is_zero, scale, swapped, zero
from .functions import Core, Function, Signature, call, register
from .nodes import Call, Node

#: How many directions, open ones included, a derivative may have: f is evaluated at a
#: matrix 2^k times as large.
ORDER_LIMIT = 6


def chain(factors: Sequence[Node]) -> Node:
    """The product of square matrices, over their batch axes."""
    batch = list(range(len(factors[0].shape) - 2))
    i = len(batch)
    rows = [(node, [*batch, i + k, i + k + 1]) for k, node in enumerate(factors)]
    return einsum(rows, [*batch, i, i + len(factors)])


def _circular(first: int) -> Callable[[Node, int], Node]:
    """The derivatives of sine (`first` 0) and cosine (1) go round in fours."""

    def derived(a: Node, k: int) -> Node:
        turn = (first + k) % 4
        return scale(1 if turn < 2 else -1, call(("sinm", "cosm")[turn % 2], [a]))

    return derived


def _logarithmic(a: Node, k: int) -> Node:
    """(−1)^(k−1) (k−1)! A^(−k)."""
    coefficient = (-1) ** (k - 1) * factorial(k - 1)
    return scale(coefficient, chain([call("inv", [a])] * k))


def _radical(a: Node, k: int) -> Node:
    """½(½ − 1)…(½ − k + 1) A^(½−k)."""
    coefficient = prod(Fraction(1, 2) - j for j in range(k))
    inverse = call("inv", [call("sqrtm", [a])])
    return scale(coefficient, chain([inverse] * (2 * k - 1)))


#: f⁽ᵏ⁾(A) of f, where D^k f(A)[E₁, …, E_k] = f⁽ᵏ⁾(A) E₁ … E_k if A and all the
#: directions commute.
DERIVED: dict[str, Callable[[Node, int], Node]] = {
    "expm": lambda a, k: call("expm", [a]),
    "logm": _logarithmic,
    "sqrtm": _radical,
    "sinm": _circular(0),
    "cosm": _circular(1),
}

#: Those that are gradients of a scalar: their derivative is its own adjoint.
SELF_ADJOINT = frozenset({"polar"})

_SQUARE: Core = ("n", "n")


def frechet(name: str, a: Node, directions: Sequence[Node], open_: int = 0) -> Node:
    """D^k f(A)[E₁, …, E_k], with `open_` more directions left open as pairs of axes.

    Raises `UnsupportedError` beyond `ORDER_LIMIT` directions.
    """
    order = len(directions) + open_
    if order == 0:
        return call(name, [a])
    if order > ORDER_LIMIT:
        raise UnsupportedError(
            f"the derivative of order {order} of {name}, over the limit of "
            f"{ORDER_LIMIT}",
            hint="differentiate less often",
        )
    if any(map(is_zero, directions)):
        return zero(a.shape + a.shape[-2:] * open_)
    ordered = sorted(directions, key=lambda node: node.key)
    return call("frechet", [a, *ordered], (name, len(ordered), open_))


def parts(f: Call) -> tuple[str, Node, list[Node], int]:
    """The function, base, directions and number of open pairs of a member."""
    if f.function != "frechet":
        return f.function, f.args[0], [], 0
    name, _, open_ = f.params
    return name, f.args[0], list(f.args[1:]), open_


# -- derivatives -----------------------------------------------------------------------


def _without(directions: Sequence[Node], k: int) -> list[Node]:
    """The directions less argument k; argument 0 is the base."""
    return [e for s, e in enumerate(directions, 1) if s != k]


def _partial(k: int) -> Callable[[Call], Node]:
    def build(f: Call) -> Node:
        name, base, directions, open_ = parts(f)
        return frechet(name, base, _without(directions, k), open_ + 1)

    return build


def _push(f: Call, k: int, tangent: Node) -> Node:
    name, base, directions, open_ = parts(f)
    return frechet(name, base, [*_without(directions, k), tangent], open_)


def _pull(f: Call, k: int, cotangent: Node) -> Node | None:
    """The adjoint: ⟨G, D^k f(A)[E…, X]⟩ = ⟨D^k f(Aᵀ)[Eᵀ…, G], X⟩."""
    name, base, directions, open_ = parts(f)
    if open_:
        return None
    rest = _without(directions, k)
    if name not in SELF_ADJOINT:
        base, rest = swapped(base), [swapped(e) for e in rest]
    return frechet(name, base, [*rest, cotangent])


# -- records ---------------------------------------------------------------------------


def core_of(name: str) -> Core:
    """The core axes of a function's argument and of its value."""
    return ("m", "n") if name == "polar" else _SQUARE


def _frechet_signature(params: tuple[Any, ...]) -> Signature:
    name, directions, open_ = params
    core = core_of(name)
    return (core,) * (directions + 1), core * (1 + open_)


def _value_signature(name: str) -> Callable[[tuple[Any, ...]], Signature]:
    return lambda params: ((core_of(name),), core_of(name))


def _frechet_title(params: tuple[Any, ...]) -> str:
    return f"frechet_{params[0]}"


register(
    *(
        Function(
            name,
            (_partial(0),),
            _value_signature(name),
            keeps_symmetry=True,
            push=_push,
            pull=_pull,
        )
        for name in [*DERIVED, *SELF_ADJOINT]
    ),
    Function(
        "frechet",
        tuple(_partial(k) for k in range(ORDER_LIMIT + 1)),
        _frechet_signature,
        keeps_symmetry=True,
        push=_push,
        pull=_pull,
        title=_frechet_title,
    ),
)
