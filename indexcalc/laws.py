"""The laws that simplification may use beside the structure of contractions.

Each law is a small function; those that lean on a domain fact say it as an
`Assumption`, and are applied only where the expression is undefined without that fact.
Laws of calls are in `CALL_LAWS`, by function name; `cancel_inverses` and the others at
the end act on a network, in place. Powers are merged in `power_laws`.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", ("n", "n"))
>>> apply_laws(call("inv", [call("inv", [X])]), {})[1] is X
True
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeGuard

from .coefficients import Number, divide, multiply
from .complexes import conjugate
from .expr import einsum, linear, number, scale, swapped, zero
from .forms import (
    Outcome,
    better_side,
    is_diagonal,
    is_identity,
    split_coefficient,
    square_factors,
)
from .functions import call, is_elementwise, ones, power
from .matrix_laws import MATRIX_LAWS
from .network import Network, drop_operands, join_wires
from .nodes import Call, Einsum, Node, Sum, Tensor, is_symmetric
from .sizes import plus as sum_of_sizes


class Assumption(NamedTuple):
    """A fact about a node that a simplification relied on."""

    fact: str
    node: Node

    @property
    def sentence(self) -> str:
        """The fact, of a number or of the entries of an array."""
        return self.fact if self.node.shape else OF_NUMBERS.get(self.fact, self.fact)


Assumptions = dict[Assumption, None]

#: What facts about entries are of a number.
OF_NUMBERS = {
    "has no zero entry": "is not zero",
    "has no negative entry": "is not negative",
}


# -- laws of calls ---------------------------------------------------------------------


def _inv(f: Call, facts: Assumptions) -> Outcome | None:
    arg = f.args[0]
    if isinstance(arg, Call) and arg.function == "inv":
        facts[Assumption("is invertible", arg.args[0])] = None
        return 1, arg.args[0]
    coefficient, inner = split_coefficient(arg)
    if coefficient != 1:
        return divide(1, coefficient), call("inv", [inner])
    if isinstance(arg, Tensor) and arg.structure == "orthogonal":
        return 1, swapped(arg)
    if is_diagonal(arg):
        legs = list(range(len(arg.shape) - 1))
        diagonal = einsum([(arg, [*legs, legs[-1]])], legs)
        return 1, einsum([(power(diagonal, -1), legs)], [*legs, legs[-1]])
    if (found := _inverted_factors(arg)) is not None:
        return 1, found
    turned = better_side(arg)
    return (1, swapped(call("inv", [turned]))) if turned is not None else None


def _inverted_factors(arg: Node) -> Node | None:
    """(A B⁻¹)⁻¹ as B A⁻¹, where one of the square factors is an inverse already: all of
    them are invertible if the product is."""
    factors = square_factors(arg)
    if factors is None or not any(_is_inverse(e) for e in factors):
        return None
    rows = [(call("inv", [e]), [k, k + 1]) for k, e in enumerate(factors[::-1])]
    return einsum(rows, [0, len(rows)])


def _is_inverse(node: Node) -> bool:
    """Whether a node is an inverse, or one transposed."""
    if isinstance(node, Einsum) and len(node.operands) == 1 and len(node.out) == 2:
        node = node.operands[0][0]
    return isinstance(node, Call) and node.function == "inv"


def _det(f: Call, facts: Assumptions) -> Outcome | None:
    arg = f.args[0]
    if is_identity(arg):
        return 1, number(1)
    if isinstance(arg, Call) and arg.function == "inv":
        return 1, power(call("det", arg.args), -1)
    factors = square_factors(arg)
    if factors is not None:
        return 1, einsum([(call("det", [e]), []) for e in factors], [])
    turned = better_side(arg)
    return (1, call("det", [turned])) if turned is not None else None


def _logdet(f: Call, facts: Assumptions) -> Outcome | None:
    arg = f.args[0]
    orthogonal = isinstance(arg, Tensor) and arg.structure == "orthogonal"
    if is_identity(arg) or orthogonal:
        return 1, zero(())
    if isinstance(arg, Call) and arg.function == "inv":
        return -1, call("logdet", arg.args)
    factors = square_factors(arg)
    if factors is not None:
        return 1, linear([(call("logdet", [e]), 1) for e in factors], ())
    turned = better_side(arg)
    return (1, call("logdet", [turned])) if turned is not None else None


def _cofactors(f: Call, facts: Assumptions) -> Outcome | None:
    arg = f.args[0]
    if f.params[0] != 1:
        return None
    factors = square_factors(arg)
    if factors is not None:
        rows = [
            (call("cofactors", [e], (1,)), [k, k + 1]) for k, e in enumerate(factors)
        ]
        return 1, einsum(rows, [0, len(rows)])
    turned = better_side(arg)
    if turned is None:
        return None
    return 1, swapped(call("cofactors", [turned], (1,)))


def _conjugate(f: Call, facts: Assumptions) -> Outcome | None:
    """conj is taken inward, to the variables that are complex."""
    inside = conjugate(f.args[0])
    return None if inside is f else (1, inside)


def _undo(inverse: str, fact: str | None) -> Callable[..., Outcome | None]:
    def law(f: Call, facts: Assumptions) -> Outcome | None:
        arg = f.args[0]
        if not (isinstance(arg, Call) and arg.function == inverse):
            return None
        if fact is not None:
            facts[Assumption(fact, arg.args[0])] = None
        return 1, arg.args[0]

    return law


def _at_zero(value: Fraction | int) -> Callable[..., Outcome | None]:
    def law(f: Call, facts: Assumptions) -> Outcome | None:
        if isinstance(f.args[0], Sum) and not f.args[0].terms:
            return value, ones(f.shape)
        return None

    return law


CALL_LAWS: dict[str, tuple[Callable[[Call, Assumptions], Outcome | None], ...]] = {
    "inv": (_inv,),
    "det": (_det,),
    "logdet": (_logdet,),
    "cofactors": (_cofactors,),
    "conj": (_conjugate,),
    **MATRIX_LAWS,
    "exp": (_undo("log", "is positive"), _at_zero(1)),
    "log": (_undo("exp", None),),
    "sigmoid": (_at_zero(Fraction(1, 2)),),
    **{name: (_at_zero(1),) for name in ("cos", "cosh")},
    **{
        name: (_at_zero(0),)
        for name in [
            "sin",
            "tan",
            "asin",
            "atan",
            "sinh",
            "tanh",
            "asinh",
            "atanh",
            "expm1",
            "log1p",
            "erf",
            "abs",
            "sign",
            "relu",
            "heaviside",
            "cbrt",
            "norm2",
            "rnorm",
        ]
    },
}


def apply_laws(node: Node, facts: Assumptions) -> Outcome:
    """coefficient × node after the laws of the call's function, applied until none
    fits."""
    coefficient: Number = 1
    while isinstance(node, Call):
        outcomes = (law(node, facts) for law in CALL_LAWS.get(node.function, ()))
        found = next((o for o in outcomes if o is not None), None)
        if found is None:
            found = _outward(node)
        if found is None:
            break
        coefficient, node = multiply(coefficient, found[0]), found[1]
    return coefficient, node


def _outward(f: Call) -> Outcome | None:
    """f of a view is the view of f, for elementwise f of one argument."""
    if len(f.args) != 1 or not is_elementwise(f.function):
        return None
    factor, view = split_coefficient(f.args[0])
    found = inside(view)
    if found is None or not isinstance(view, Einsum):
        return None
    inner, legs = found
    argument = scale(factor, inner)
    raised = f.function == "power"
    applied = (
        power(argument, f.params[0])
        if raised
        else call(f.function, [argument], f.params)
    )
    applied_factor, applied = apply_laws(applied, {})
    shown = {i: view.dims[i] for axis in view.out for i in axis}
    return applied_factor, einsum([(applied, legs)], view.out, shown)


def inside(view: Node) -> tuple[Node, tuple[int, ...]] | None:
    """What a node permutes, groups or spreads, with its legs, if it does no more."""
    if not isinstance(view, Einsum):
        return None
    flat = [i for axis in view.out for i in axis]
    if len(set(flat)) != len(flat):
        return None
    if any(len(set(legs)) < len(legs) for _, legs in view.operands):
        return None
    if view.view and len(view.operands) == 1 and len(flat) == len(view.dims):
        return view.operands[0]
    carried = {i for _, legs in view.operands for i in legs}
    legs = tuple(sorted(i for i in flat if i in carried))
    if tuple((i,) for i in legs) == view.out:
        return None
    bound = {i: n for i, n in enumerate(view.dims) if i in carried or i not in flat}
    core = einsum(view.operands, legs, bound)
    settled = isinstance(core, Einsum) and list(core.out) == sorted(core.out)
    return (core, legs) if settled or not isinstance(core, Einsum) else None


# -- laws of products ------------------------------------------------------------------


def cancel_inverses(
    net: Network, facts: Assumptions, fused: Callable[[Node], Outcome]
) -> bool:
    """A⁻¹A and AA⁻¹ become δ, adj(A)A becomes det(A)δ, in place; whether anything was
    cancelled. What is new goes through `fused`."""
    changed = False
    while (found := _inverse_pair(net)) is not None:
        inverse, factor, bond, (left, right) = found
        base, function = net.operands[factor][0], net.operands[inverse][0].function
        if function == "inv":
            facts[Assumption("is invertible", base)] = None
        else:
            append_factor(net, fused(call("det", [base])), [])
        _cancel(net, (inverse, factor), bond, left, right)
        changed = True
    return changed


def append_factor(net: Network, factor: Outcome, legs: list[int]) -> None:
    """One more factor, its coefficient apart, in place."""
    net.coefficient = multiply(net.coefficient, factor[0])
    net.operands.append((factor[1], legs))


def _cancel(net: Network, pair: tuple[int, int], bond: int, *ends: int) -> None:
    """Two operands that are δ together: their outer wires become one, in place."""
    drop_operands(net, *pair)
    del net.dims[bond]
    join_wires(net, *ends)


def _inverse_pair(net: Network) -> tuple[int, int, int, tuple[int, int]] | None:
    """An inverse, its base, the bond between them, and the two outer legs."""
    inverses = [row for row in enumerate(net.operands) if _inverts(row[1][0])]
    if not inverses:
        return None
    place: dict[Node, list[int]] = {}
    for o, (node, _) in enumerate(net.operands):
        place.setdefault(node, []).append(o)
    for inverse, (node, legs) in inverses:
        turned = legs if node.function == "inv" else legs[::-1]
        for factor in place.get(node.args[0], ()):
            bond = _bond(net, turned, net.operands[factor][1], is_symmetric(node))
            if bond is not None:
                return inverse, factor, *bond
    return None


def _inverts(node: Node) -> TypeGuard[Call]:
    """Whether a node is the inverse of a matrix, or the matrix of its cofactors."""
    if not isinstance(node, Call) or len(node.shape) != 2:
        return False
    return node.function == "inv" or (node.function, node.params) == ("cofactors", (1,))


def _bond(
    net: Network, inverse: list[int], factor: list[int], symmetric: bool
) -> tuple[int, tuple[int, int]] | None:
    joints = [(1, 0), (0, 1)] + ([(0, 0), (1, 1)] if symmetric else [])
    for a, b in joints:
        i = inverse[a]
        if i == factor[b] and _occurrences(net, i) == 2:
            return i, (inverse[1 - a], factor[1 - b])
    return None


def _occurrences(net: Network, i: int) -> int:
    """How often an index occurs; one in the result counts as more than any bond."""
    if any(i in axis for axis in net.out):
        return 1_000
    return sum(legs.count(i) for _, legs in net.operands)


def join_embeddings(net: Network) -> bool:
    """EᵀE is δ for the matrix that embeds at an offset, in place; True where two that
    lie apart meet: zero."""
    while (found := _embedding_pair(net)) is not None:
        first, second, bond = found
        (one, (_, i)), (two, (_, j)) = net.operands[first], net.operands[second]
        if one is not two:
            return True
        _cancel(net, (first, second), bond, i, j)
    return False


def _embedding_pair(net: Network) -> tuple[int, int, int] | None:
    """Two embeddings that share an index nothing else has, of one interval or of two
    that certainly lie apart."""
    places: dict[int, list[int]] = {}
    for o, (node, legs) in enumerate(net.operands):
        if isinstance(node, Call) and node.function == "embed":
            places.setdefault(legs[0], []).append(o)
    for bond, (first, *others) in places.items():
        if len(others) != 1 or _occurrences(net, bond) != 2:
            continue
        one, two = net.operands[first][0], net.operands[others[0]][0]
        if one is two or _apart(one, two) or _apart(two, one):
            return first, others[0], bond
    return None


def _apart(one: Call, two: Call) -> bool:
    """Whether an interval ends where another begins, or before it."""
    end, begin = sum_of_sizes(one.params[0], one.shape[1]), two.params[0]
    return end == begin or (
        isinstance(end, int) and isinstance(begin, int) and end < begin
    )


def split_basis(net: Network) -> bool:
    """An index that carries a basis vector is one entry: each place where it stands
    gets the basis vector for itself, in place. True where two different ones meet:
    zero."""
    entries: dict[int, Node] = {}
    for node, legs in net.operands:
        if isinstance(node, Call) and node.function == "basis":
            first = entries.setdefault(legs[0], node)
            if first is not node and _literal_entries(first, node):
                return True
    if not entries:
        return False
    fresh = 1 + max(net.dims)
    rows: list[tuple[Node, list[int]]] = []
    vectors: list[tuple[Node, list[int]]] = []

    def own(i: int) -> int:
        nonlocal fresh
        if i not in entries:
            return i
        net.dims[fresh] = net.dims[i]
        vectors.append((entries[i], [fresh]))
        fresh += 1
        return fresh - 1

    for node, legs in net.operands:
        if entries.get(legs[0] if legs else -1) is not node:
            rows.append((node, [own(i) for i in legs]))
    net.out = [[own(i) for i in axis] for axis in net.out]
    for i in entries:
        del net.dims[i]
    net.operands = rows + vectors
    return False


def _literal_entries(a: Node, b: Node) -> bool:
    """Whether two basis vectors are for numbers, so that they differ for certain."""
    nodes = [node for node in (a, b) if isinstance(node, Call)]
    return all(isinstance(node.params[0], int) for node in nodes)
