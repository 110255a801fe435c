"""Derivatives: forward and reverse accumulation from one set of partials.

The partial of a contraction by one operand is the contraction without it, its legs
appended to `out`; of a sum, the coefficient times the identity; of a call, the function
table's. Forward accumulation pushes tangents from the variable to the root, reverse
accumulation pulls cotangents from the root to the variable; both build the same closed
expressions, whose simplified form is one object. Axes of the result: value, then
variable.

>>> from indexcalc.expr import tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> y = einsum([(A, (0, 1)), (x, (1,))], [0])
>>> reverse(y, x) is forward(y, x) is A
True
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from .errors import BudgetError, ShapeError
from .expr import einsum, linear, scale, zero
from .functions import cores, partial, record
from .labelling import metered
from .network import alike, bundle
from .nodes import Call, Einsum, Node, Sum, Tensor, one_pass, toposort
from .sizes import Shape, shape_text, size_text
from .structure import CURVED, SYMMETRISED, by_vech, projected, projected_first

#: How many operands must be repeated before exchangeable ones are looked for.
FEW_REPEATED = 4

#: The most nodes of a derivative that is differentiated again.
AGAIN_LIMIT = 50_000


def identity(shape: Shape) -> Node:
    """∂X/∂X: δ between the axes of a shape and the same axes again."""
    legs = range(len(shape))
    return einsum([], [*legs, *legs], dict(enumerate(shape)))


def jacobian(root: Node, variable: Tensor, convention: str = SYMMETRISED) -> Node:
    """∂root/∂variable by the mode that carries the smaller intermediates.

    Of a structured variable the convention says what its derivative is: the projection
    on the structure, or by free entries; see `structure`.
    """
    return projected(unconstrained(root, variable), variable, convention)


def unconstrained(root: Node, variable: Tensor) -> Node:
    """∂root/∂variable with every entry independent, whatever was declared."""
    if 0 < len(variable.shape) >= len(root.shape):
        return reverse(root, variable)
    return forward(root, variable)


# -- forward ---------------------------------------------------------------------------


def forward(root: Node, variable: Tensor) -> Node:
    """∂root/∂variable, from the variable to the root."""
    return push(root, {variable: identity(variable.shape)}, variable.shape)


@metered()
@one_pass()
def push(root: Node, seeds: Mapping[Node, Node], trailing: Shape = ()) -> Node:
    """The tangent of root, given tangents of variables with `trailing` axes after
    their own: a Jacobian-vector product where there are none."""
    tangents: dict[Node, Node] = {**seeds}
    for node in toposort(root):
        if node in tangents:
            continue
        tangent = _tangent(node, tangents, trailing)
        if tangent is not None:
            tangents[node] = tangent
    return tangents.get(root, zero(root.shape + trailing))


def _tangent(node: Node, tangents: dict[Node, Node], trailing: Shape) -> Node | None:
    match node:
        case Tensor():
            return None
        case Sum():
            terms = [(tangents[e], c) for e, c in node.terms if e in tangents]
        case Einsum():
            terms = [
                (_einsum_tangent(node, k, tangents[node.operands[k][0]], trailing), n)
                for k, n in _unlike(node, tangents)
            ]
        case Call():
            terms = [
                (_call_tangent(node, k, tangents[e], trailing), 1)
                for k, e in enumerate(node.args)
                if e in tangents
            ]
    return linear(terms, node.shape + trailing) if terms else None


def _unlike(node: Einsum, active: Container[Node]) -> list[tuple[int, int]]:
    """The operands to differentiate, one of those that are exchangeable, and how many
    of these there are: their partials are equal."""
    chosen = [k for k, (e, _) in enumerate(node.operands) if e in active]
    if len(chosen) - len({node.operands[k][0] for k in chosen}) < FEW_REPEATED:
        return [(k, 1) for k in chosen]
    first = alike(node)
    return list(Counter(first[k] for k in chosen).items())


def _einsum_tangent(node: Einsum, k: int, tangent: Node, trailing: Shape) -> Node:
    extra = list(range(len(node.dims), len(node.dims) + len(trailing)))
    operands = list(node.operands)
    operands[k] = (tangent, (*operands[k][1], *extra))
    dims = dict(enumerate(node.dims))
    return einsum(operands, [*node.out, *extra], dims)


def _call_tangent(node: Call, k: int, tangent: Node, trailing: Shape) -> Node:
    directional = None if trailing else record(node).push(node, k, tangent)
    if directional is not None:
        return directional
    batch, result, argument = _call_legs(node, k)
    start = len(batch) + len(result) + len(argument)
    extra = list(range(start, start + len(trailing)))
    operands = [
        (partial(node, k), [*batch, *result, *argument]),
        (tangent, [*batch, *argument, *extra]),
    ]
    return einsum(operands, [*batch, *result, *extra])


def _call_legs(node: Call, k: int) -> tuple[list[int], list[int], list[int]]:
    """Indices for the batch axes, the result's core and argument k's core."""
    inputs, output = cores(node)
    batch = len(node.shape) - output
    ends = batch + output, batch + output + inputs[k]
    return list(range(batch)), list(range(batch, ends[0])), list(range(*ends))


# -- reverse ---------------------------------------------------------------------------


def reverse(root: Node, variable: Tensor) -> Node:
    """∂root/∂variable, from the root to the variable."""
    return pull(root, [variable], identity(root.shape), root.shape)[0]


@metered()
@one_pass()
def pull(
    root: Node, targets: Sequence[Tensor], seed: Node, leading: Shape = ()
) -> list[Node]:
    """The cotangents of the targets, given the root's, with `leading` axes before: a
    vector-Jacobian product where there are none."""
    order = toposort(root)
    active = _depending(order, set(targets))
    received: dict[Node, list[Node]] = {root: [seed]}
    for node in reversed(order):
        if node not in received or isinstance(node, Tensor):
            continue
        parts = received.pop(node)
        cotangent = parts[0]
        if len(parts) > 1:
            cotangent = linear([(part, 1) for part in parts], leading + node.shape)
        for child, part in _contributions(node, cotangent, len(leading), active):
            received.setdefault(child, []).append(part)
    return [
        linear([(c, 1) for c in received.get(t, ())], leading + t.shape)
        for t in targets
    ]


def _depending(order: Sequence[Node], targets: set[Node]) -> set[Node]:
    """The nodes of a topological order that have a target under them, and the
    targets."""
    found = set(targets)
    for node in order:
        match node:
            case Einsum():
                below = any(e in found for e, _ in node.operands)
            case Sum():
                below = any(e in found for e, _ in node.terms)
            case Call():
                below = any(e in found for e in node.args)
            case Tensor():
                below = False
        if below:
            found.add(node)
    return found


def _contributions(
    node: Node, cotangent: Node, leading: int, active: set[Node]
) -> list[tuple[Node, Node]]:
    match node:
        case Tensor():
            return []
        case Sum():
            return [(e, scale(c, cotangent)) for e, c in node.terms if e in active]
        case Einsum():
            return [
                (
                    node.operands[k][0],
                    scale(n, _einsum_cotangent(node, k, cotangent, leading)),
                )
                for k, n in _unlike(node, active)
            ]
        case Call():
            return [
                (e, _call_cotangent(node, k, cotangent, leading))
                for k, e in enumerate(node.args)
                if e in active
            ]


def _einsum_cotangent(node: Einsum, k: int, cotangent: Node, leading: int) -> Node:
    """The cotangent times the other operands; grouped axes meet a grouping δ."""
    dims = dict(enumerate(node.dims))
    fresh = len(node.dims)
    lead = list(range(fresh, fresh + leading))
    fresh += leading
    operands = [row for j, row in enumerate(node.operands) if j != k]
    wires = list(lead)
    for group in node.out:
        if len(group) == 1:
            wires.append(group[0])
            continue
        if group:
            joint = bundle([node.dims[i] for i in group])
            operands.append((joint, (fresh, *group)))
        else:
            dims[fresh] = 1
        wires.append(fresh)
        fresh += 1
    operands.append((cotangent, tuple(wires)))
    return einsum(operands, [*lead, *node.operands[k][1]], dims)


def _call_cotangent(node: Call, k: int, cotangent: Node, leading: int) -> Node:
    directional = None if leading else record(node).pull(node, k, cotangent)
    if directional is not None:
        return directional
    batch, result, argument = _call_legs(node, k)
    start = len(batch) + len(result) + len(argument)
    lead = list(range(start, start + leading))
    operands = [
        (cotangent, [*lead, *batch, *result]),
        (partial(node, k), [*batch, *result, *argument]),
    ]
    return einsum(operands, [*lead, *batch, *argument])


# -- derivatives by name ---------------------------------------------------------------


def require_variable(variable: Node) -> Tensor:
    """The tensor itself, or an error that says what can be differentiated by."""
    if isinstance(variable, Tensor) and variable.array is None:
        return variable
    raise ShapeError("only a variable can be differentiated by")


def gradient(root: Node, variable: Tensor, convention: str = SYMMETRISED) -> Node:
    """∂root/∂variable of a scalar, in the variable's shape.

    An expression with exactly one entry counts as a scalar.
    """
    return jacobian(as_scalar(root), variable, convention)


def hessian(
    root: Node, first: Tensor, second: Tensor, convention: str = SYMMETRISED
) -> Node:
    """∂²root/∂first∂second of a scalar: axes of `first`, then of `second`.

    Both pairs of axes follow the convention. By an orthogonal variable twice it is the
    Riemannian Hessian of the embedded metric: the differential of the tangent gradient,
    projected on the tangent space.

    Raises `ShapeError` where root has more than one entry.
    """
    slope = gradient(root, first, convention)
    require_short(slope)
    both = jacobian(slope, second, convention)
    if first is second and first.structure in CURVED:
        return projected_first(both, first, convention)
    return both


def require_short(derivative: Node) -> None:
    """Raises `BudgetError` for a derivative too long to be differentiated again: what
    comes of it is many times as long."""
    nodes = len(toposort(derivative))
    if nodes > AGAIN_LIMIT:
        raise BudgetError(
            f"a derivative of {nodes:,} nodes is more than the {AGAIN_LIMIT:,} that "
            "are differentiated again",
            hint="differentiate a part at a time; many terms or layers of one form can "
            "be one product of arrays",
        )


def jacobian_by_vech(root: Node, variable: Tensor) -> Node:
    """∂root/∂vech(variable): the value's axes, then the entries of vech, which are the
    free parameters of a symmetric or lower triangular matrix.

    >>> from indexcalc.expr import tensor
    >>> S = tensor("S", ("n", "n"), "symmetric")
    >>> trace = einsum([(S, (0, 0))], [])
    >>> shape_text(jacobian_by_vech(trace, S).shape)
    '(n+n*n)/2'
    """
    return by_vech(unconstrained(root, variable), variable)


def as_scalar(root: Node) -> Node:
    """The one entry of an expression that has one; a `ShapeError` otherwise."""
    if all(size == 1 for size in root.shape):
        return einsum([(root, range(len(root.shape)))], [])
    sizes = ", ".join(size_text(size) for size in root.shape)
    raise ShapeError(
        f"a gradient needs a scalar, and this is {shape_text(root.shape)}",
        hint=f"use diff for all {sizes} entries, or sum them",
    )
