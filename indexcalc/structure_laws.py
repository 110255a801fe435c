"""The laws of structured variables and structure matrices inside a product.

All hold everywhere, without assumption. With T = tril, R and C = the rows and columns
of vech, D = the diagonals, L lower triangular, Q orthogonal:

- QᵀQ = QQᵀ = I;
- T_ii = 1, T_ij T_ij = T_ij, T_ij T_ji = δ_ij, and T∘L = L;
- T_ij (L⁻¹)_ji = δ_ij / L_ii, as L⁻¹ is lower triangular with diagonal 1/L_ii;
- an entry of vech, or of a matrix, has one place: R_ki R_kj = δ_ij R_ki, likewise C
  and D; a place has one entry: R_ki C_kj R_li C_lj = δ_kl R_ki C_kj;
- Σ_i R_ki = 1, Σ_d D_ijd = 1, Σ_k R_ki C_kj = T_ij.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.simplify import fuse
>>> Q = tensor("Q", ("n", "n"), "orthogonal")
>>> fuse(einsum([(Q, (0, 1)), (Q, (0, 2))], [1, 2])) is einsum([], [0, 0], {0: "n"})
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TypeAlias

from .functions import power
from .network import Network, drop_operands, join_wires
from .nodes import Call, Node, Tensor
from .structure_matrices import lower_mask

#: Where in a product: numbers of operands.
Places: TypeAlias = tuple[int, ...]

_FUNCTIONAL = {"vechrows": 0, "vechcolumns": 0, "diagonals": 2}
_ENTRIES = frozenset({"tril", *_FUNCTIONAL})


def merge_structures(net: Network) -> bool:
    """Applies the laws in place until none fits; whether any did."""
    changed = False
    while _has_structure(net) and any(law(net) for law in LAWS):
        changed = True
    return changed


def _has_structure(net: Network) -> bool:
    return any(_is_special(node) for node, _ in net.operands)


def _is_special(node: object) -> bool:
    """Whether a law starts from this operand."""
    match node:
        case Tensor():
            return node.structure == "orthogonal"
        case Call():
            return node.function in _ENTRIES or _triangular(node) != ""
        case _:
            return False


# -- small steps -----------------------------------------------------------------------


def _count(net: Network, i: int) -> int:
    """How often an index occurs among the operands; in the result it is never bound."""
    if any(i in axis for axis in net.out):
        return 1_000
    return sum(legs.count(i) for _, legs in net.operands)


def _named(net: Network, name: str) -> list[tuple[int, list[int]]]:
    """The operands that are a constant of this name, with their legs."""
    return [
        (o, legs)
        for o, (node, legs) in enumerate(net.operands)
        if isinstance(node, Call) and node.function == name and not node.args
    ]


def _is_square(net: Network, legs: list[int]) -> bool:
    return net.dims[legs[0]] == net.dims[legs[1]]


# -- orthogonal matrices ---------------------------------------------------------------


def _orthogonal_pair(net: Network) -> bool:
    found: dict[Node, list[tuple[int, list[int]]]] = {}
    for o, (node, legs) in enumerate(net.operands):
        if isinstance(node, Tensor) and node.structure == "orthogonal":
            found.setdefault(node, []).append((o, legs))
    for rows in found.values():
        for (a, one), (b, two) in combinations(rows, 2):
            for side in (0, 1):
                bond, ends = one[side], (one[1 - side], two[1 - side])
                if bond == two[side] and _count(net, bond) == 2:
                    drop_operands(net, a, b)
                    del net.dims[bond]
                    join_wires(net, *ends)
                    return True
    return False


# -- one constant, or two of a kind ----------------------------------------------------


def _repeated(net: Network) -> bool:
    """An array of zeros and ones times itself is itself."""
    seen: set[tuple[Node, tuple[int, ...]]] = set()
    for o, (node, legs) in enumerate(net.operands):
        if not (isinstance(node, Call) and node.function in _ENTRIES):
            continue
        key = node, tuple(legs)
        if key in seen:
            drop_operands(net, o)
            return True
        seen.add(key)
    return False


def _mask_diagonal(net: Network) -> bool:
    for o, (i, j) in _named(net, "tril"):
        if i == j:
            drop_operands(net, o)
            return True
    return False


def _opposite_masks(net: Network) -> bool:
    for (a, one), (b, two) in combinations(_named(net, "tril"), 2):
        if one == two[::-1] and _is_square(net, one):
            drop_operands(net, a, b)
            join_wires(net, *one)
            return True
    return False


def _one_place(net: Network) -> bool:
    """R_ki R_kj = δ_ij R_ki, C_ki C_kj = δ_ij C_ki, D_ijd D_ije = δ_de D_ijd."""
    for name, key in _FUNCTIONAL.items():
        for (_, one), (b, two) in combinations(_named(net, name), 2):
            fixed, free = (one[:2], one[2]) if key else (one[:1], one[1])
            other, end = (two[:2], two[2]) if key else (two[:1], two[1])
            if fixed == other:
                drop_operands(net, b)
                join_wires(net, free, end)
                return True
    return False


def _summed_place(net: Network) -> bool:
    """Σ_i R_ki = 1, Σ_j C_kj = 1, Σ_d D_ijd = 1."""
    for name in _FUNCTIONAL:
        for o, legs in _named(net, name):
            if _count(net, legs[-1]) == 1:
                del net.dims[legs[-1]]
                drop_operands(net, o)
                return True
    return False


# -- entries of vech -------------------------------------------------------------------

Entry: TypeAlias = tuple[int, int, int, int, int]


def _entries(net: Network) -> Iterator[Entry]:
    """Operands R and C with one k: their numbers, then k, i and j."""
    columns = {legs[0]: (o, legs[1]) for o, legs in _named(net, "vechcolumns")}
    for o, (k, i) in _named(net, "vechrows"):
        if k in columns:
            yield o, columns[k][0], k, i, columns[k][1]


def _one_entry(net: Network) -> bool:
    """Two entries in one place are one; in mirrored places, one on the diagonal."""
    for (_, _, k, i, j), (r, c, l, a, b) in combinations(_entries(net), 2):
        if (i, j) == (a, b):
            drop_operands(net, r, c)
            join_wires(net, k, l)
            return True
        if (i, j) == (b, a):
            join_wires(net, i, j)
            return True
    return False


def _all_entries(net: Network) -> bool:
    """Σ_k R_ki C_kj = T_ij."""
    for r, c, k, i, j in _entries(net):
        if _count(net, k) == 2:
            mask = lower_mask(net.dims[i], net.dims[j])
            del net.dims[k]
            drop_operands(net, r, c)
            net.operands.append((mask, [i, j]))
            return True
    return False


# -- masks over what is triangular -----------------------------------------------------


def _masked_triangle(net: Network) -> bool:
    """A mask over a triangle is the triangle; over the other one, its diagonal."""
    masks = _named(net, "tril")
    for o, mask in masks:
        for below in _triangles(net):
            if below == mask:
                drop_operands(net, o)
                return True
            if below == mask[::-1] and _is_square(net, mask):
                drop_operands(net, o)
                join_wires(net, *mask)
                return True
    return False


def _triangles(net: Network) -> Iterator[list[int]]:
    """Pairs i, j such that the product vanishes unless i ≥ j."""
    for node, legs in net.operands:
        side = _triangular(node)
        if side:
            yield legs if side == "lower" else legs[::-1]
    for _, _, _, i, j in _entries(net):
        yield [i, j]


def _triangular(node: Node) -> str:
    """ "lower", "upper" or nothing: of a variable, or of its inverse."""
    if isinstance(node, Call) and node.function == "inv" and len(node.shape) == 2:
        node = node.args[0]
    if isinstance(node, Tensor) and node.structure in ("lower", "upper"):
        return node.structure
    return ""


def _inverse_diagonal(net: Network) -> bool:
    """(L⁻¹)_ii = 1/L_ii for triangular L: on the diagonal, the entrywise power."""
    for o, (node, legs) in enumerate(net.operands):
        if not isinstance(node, Call) or node.function != "inv":
            continue
        if _triangular(node) and legs[0] == legs[1]:
            net.operands[o] = (power(node.args[0], -1), legs)
            return True
    return False


LAWS: tuple[Callable[[Network], bool], ...] = (
    _orthogonal_pair,
    _repeated,
    _mask_diagonal,
    _opposite_masks,
    _one_place,
    _one_entry,
    _masked_triangle,
    _inverse_diagonal,
    _summed_place,
    _all_entries,
)
