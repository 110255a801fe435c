"""Products with an inverse as solutions of linear systems, one factorisation for all.

−X⁻ᵀ a bᵀ X⁻ᵀ is −(X⁻ᵀa)(X⁻¹b)ᵀ: one LU and two solves instead of an inverse and two
products. Where the entries of the inverse are needed, it comes from the same factors,
and so does log |det X|.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> X, b = tensor("X", ("n", "n")), tensor("b", ("n",))
>>> product = einsum([(call("inv", [X]), [0, 1]), (b, [1])], [0])
>>> option = next(solved([X, b, call("inv", [X]), product], lambda size: 9))
>>> option[product].function
'solved'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from ..errors import ShapeError
from ..expr import call_node, einsum
from ..nodes import Call, Einsum, Node, Tensor
from ..sizes import plus
from .parts import Lengths, flattened, interface, merges, uncarried, without

#: How many inverses of one product are replaced.
MOST_INVERSES = 16


def solved(order: Sequence[Node], length: Lengths) -> Iterator[dict[Node, Node]]:
    """What to put in place of nodes so that one factorisation serves an inverse's
    products; then so that it serves the inverse, too."""
    if find_spec("scipy") is None:
        return
    for node in order:
        if not (isinstance(node, Call) and node.function == "inv"):
            continue
        if len(node.shape) != 2 or not _is_known(node, length):
            continue
        factor = factorised(node.args[0])
        products: dict[Node, Node] = {
            product: found
            for product in order
            if isinstance(product, Einsum)
            and (found := without_inverse(product, node, factor, length)) is not product
        }
        others = _from_factor(order, node.args[0], factor)
        if products:
            yield {**products, **others}
        if products or others:
            whole = call_node(
                "inverted", [factor], node.shape, symmetric=node.symmetric
            )
            yield {**others, node: whole}
            yield {**products, **others, node: whole}


def _is_known(node: Node, length: Lengths) -> bool:
    """Whether the sizes of a factor can be told."""
    try:
        length(plus(node.shape[-1], 1))
    except ShapeError:
        return False
    return True


def factorised(matrix: Node) -> Node:
    """The factors of a square matrix as one array; see `kernels_solving`."""
    definite = isinstance(matrix, Tensor) and matrix.structure == "pd"
    n = matrix.shape[0]
    return call_node(
        "factorised", [matrix], (n, plus(n, 1)), ("pd" if definite else "",)
    )


def _from_factor(order: Sequence[Node], matrix: Node, factor: Node) -> dict[Node, Node]:
    """log |det X| by the factors of X."""
    return {
        node: call_node("factor_logdet", [factor], ())
        for node in order
        if isinstance(node, Call)
        and node.function == "logdet"
        and node.args[0] is matrix
    }


def without_inverse(node: Node, inverse: Node, factor: Node, length: Lengths) -> Node:
    """A product with solutions in place of the inverse wherever the order of
    contraction multiplies it along one index."""
    for _ in range(MOST_INVERSES):
        if not isinstance(node, Einsum):
            break
        for o, (e, _) in enumerate(node.operands):
            found = _solution(node, o, factor, length) if e is inverse else None
            if found is not None:
                break
        else:
            break
        taken, (right, legs), turned = found
        right = without_inverse(right, inverse, factor, length)
        answer = call_node("solved", [factor, right], right.shape, (turned,))
        rows = [(answer, legs), *without(node, taken)]
        node = einsum(rows, node.out, uncarried(node))
    return node


def _solution(
    node: Einsum, o: int, factor: Node, length: Lengths
) -> tuple[frozenset[int], tuple[Node, list[int]], bool] | None:
    """The operands that a solution takes the place of, the right side with the legs of
    the solution, and whether the matrix is turned."""
    group = next((g for g in merges(node, length) if o in g), None)
    p, q = node.operands[o][1]
    if group is None or p == q:
        return None
    others = group - {o}
    needed = set(interface(node, group))
    outer = interface(node, others)
    met = {p, q} & set(outer)
    if len(met) != 1 or met & needed:
        return None
    (bond,) = met
    columns = [i for i in outer if i != bond]
    rows = [node.operands[k] for k in sorted(others)]
    right = flattened(einsum(rows, [bond, *columns]))
    kept = p if bond == q else q
    return group, (right, [kept, *columns]), bond == p
