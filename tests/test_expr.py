"""What the constructors make of their arguments, and what they refuse."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from indexcalc.errors import InternalError, ShapeError
from indexcalc.expr import (
    ENTRYWISE,
    SQUARE,
    STRUCTURES,
    add,
    constant,
    einsum,
    is_zero,
    linear,
    number,
    scale,
    size_node,
    swapped,
    tensor,
    zero,
)
from indexcalc.functions import call, is_elementwise, ones, power, product, spread
from indexcalc.nodes import Call, Einsum, Node, Sum, Tensor, is_symmetric
from indexcalc.simplify import fuse
from indexcalc.sizes import dim, plus, times, triangle

N, M = dim("n"), dim("m")
A, B = tensor("A", (N, N)), tensor("B", (N, M))
S = tensor("S", (N, N), "symmetric")
X, Y, R = tensor("x", (N,)), tensor("y", (N,)), tensor("r", ())
HALF = Fraction(1, 2)


# -- declarations ----------------------------------------------------------------------


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_are_declared_where_they_make_sense(structure: str) -> None:
    """Of any tensor, of any matrix, of a square matrix."""
    for shape in ((), (N,), (N, M), (N, N), (N, N, N)):
        square, matrix = shape == (N, N), len(shape) == 2
        fits = structure in ENTRYWISE or (square if structure in SQUARE else matrix)
        if fits:
            made = tensor("Q", shape, structure)
            assert (made.shape, made.structure, made.array) == (shape, structure, None)
            assert made is tensor("Q", shape, structure)
            assert made is not tensor("Q", shape)
        else:
            with pytest.raises(ShapeError, match=f"is {structure}, and Q is"):
                tensor("Q", shape, structure)


def test_unknown_structures_are_refused() -> None:
    """With the list of those that are known."""
    with pytest.raises(ShapeError, match=r"'round' is not a structure .*one of symm"):
        tensor("Q", (N, N), "round")


def test_which_leaves_are_symmetric() -> None:
    """By declaration, or as an array."""
    symmetric = {s for s in STRUCTURES if is_symmetric(tensor("Q", (N, N), s))}
    assert symmetric == {"symmetric", "diagonal", "pd", "symmetric toeplitz"}
    assert is_symmetric(constant([[1, 2], [2, 1]]))
    assert not is_symmetric(constant([[1, 2], [3, 1]]))
    assert not is_symmetric(constant([1, 2]))
    assert not is_symmetric(constant(np.zeros((2, 2, 2))))
    assert not is_symmetric(constant(np.zeros((2, 3))))


def test_constants() -> None:
    """One node for equal contents; a copy that nobody can write to."""
    array = np.arange(6.0).reshape(2, 3)
    made = constant(array, "K")
    assert (
        made is constant(array.copy(), "K") is constant(np.asfortranarray(array), "K")
    )
    assert made is not constant(array, "L")
    assert made is not constant(array.astype("f4"), "K")
    assert made is not constant(array.reshape(3, 2), "K")
    assert made.shape == (2, 3)
    array[0, 0] = 9
    assert made.array is not None
    assert made.array[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        made.array[0, 0] = 1
    for kind in "?bifdFD":
        assert constant(np.zeros(2, kind)).shape == (2,)
    for wrong in (["a"], [None], np.zeros(2, "M8[s]")):
        with pytest.raises(ShapeError, match="is not numeric"):
            constant(wrong)


def test_nodes_are_never_copied() -> None:
    """A copy is the node itself."""
    for node in (A, add(X, Y), call("exp", [X]), product(X, Y)):
        assert copy.copy(node) is node
        assert copy.deepcopy([node])[0] is node


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (A, "<Tensor A n×n>"),
        (add(X, Y), "<Sum  n>"),
        (call("exp", [X]), "<Call exp n>"),
        (ones((N, M)), "<Einsum  n×m>"),
    ],
    ids=str,
)
def test_how_nodes_are_shown(node: Node, text: str) -> None:
    """Their kind, a name, a shape."""
    assert repr(node) == text
    assert node.order == len(node.shape)


# -- linear combinations ---------------------------------------------------------------


def test_like_terms_merge() -> None:
    """Coefficients add, zeros vanish, one term with coefficient 1 is itself."""
    assert linear([(X, 2), (X, -1)], X.shape) is X
    assert linear([(X, HALF), (Y, 1), (X, HALF)], X.shape) is add(Y, X)
    assert linear([(X, 1), (X, -1)], X.shape) is zero((N,)) is linear([], (N,))
    assert linear([(X, 0), (Y, 1)], X.shape) is Y
    assert scale(2, scale(HALF, X)) is X
    assert scale(3, zero((N,))) is zero((N,))
    assert scale(0, X) is zero((N,))
    assert scale(1, X) is X
    assert scale(1.0, X) is X
    assert scale(True, X) is X
    combined = linear([(scale(2, X), 3), (Y, -1)], X.shape)
    assert isinstance(combined, Sum)
    assert dict(combined.terms) == {X: 6, Y: -1}
    nested = linear([(add(X, Y), 2), (Y, -1)], X.shape)
    assert isinstance(nested, Sum)
    assert dict(nested.terms) == {add(X, Y): 2, Y: -1}
    assert linear([(Y, 2), (X, 3)], (N,)) is linear([(X, 3), (Y, 2)], (N,))
    assert add(X, Y) is not add(X, X)
    assert linear([(X, 2), (Y, 1)], (N,)) is not linear([(X, 1), (Y, 2)], (N,))


def test_terms_have_one_shape() -> None:
    """Else they are refused, with both shapes."""
    with pytest.raises(ShapeError, match="a term of shape n×m in a sum of shape n×n"):
        add(A, B)


def test_zeros() -> None:
    """The sum without terms, of any shape, and nothing else."""
    assert is_zero(zero((N, M)))
    assert zero((N,)) is not zero((M,))
    assert not any(map(is_zero, (X, add(X, Y), number(1), scale(2, X))))


def test_numbers_and_sizes() -> None:
    """Scalars: 1 is the empty product, n an index that nothing carries."""
    one = number(1)
    assert isinstance(one, Einsum)
    assert (one.operands, one.out, one.dims) == ((), (), ())
    assert number(0) is zero(())
    assert size_node(3) is number(3)
    assert size_node(N) is einsum([], [], {0: N})
    assert size_node(times(N, M)) is einsum([], [], {0: N, 1: M})
    assert size_node(plus(N, 2)) is linear([(size_node(N), 1), (one, 2)], ())
    square = einsum([], [], {0: N, 1: N})
    assert size_node(triangle(N)) is linear([(size_node(N), HALF), (square, HALF)], ())


# -- contractions ----------------------------------------------------------------------


def test_the_names_of_indices_do_not_matter() -> None:
    """Nor the order of operands."""
    one = einsum([(A, [0, 1]), (B, [1, 2]), (X, [0])], [2])
    two = einsum([(X, [7]), (B, [3, 5]), (A, [7, 3])], [5])
    assert one is two
    assert one.shape == (M,)
    assert einsum([(A, [1, 0])], [0, 1]) is swapped(A)
    assert einsum([(A, [0, 1])], [0, 1]) is A
    assert swapped(S) is S
    assert swapped(A) is not A
    assert swapped(swapped(B)) is B


def test_size_one_connects_nothing() -> None:
    """An axis of size 1 may meet any other of size 1, or none."""
    row = tensor("q", (1, N))
    assert einsum([(row, [0, 1])], [1]).shape == (N,)
    assert einsum([(row, [0, 1])], [0, 1]) is row
    assert einsum([(row, [0, 1]), (row, [0, 1])], []) is einsum(
        [(row, [0, 1]), (row, [2, 1])], []
    )


def test_coefficients_come_out() -> None:
    """Of operands, and of indices of literal size that nothing carries."""
    assert einsum([(scale(2, X), [0]), (scale(3, Y), [0])], []) is scale(
        6, einsum([(X, [0]), (Y, [0])], [])
    )
    assert einsum([(X, [0])], [0], {0: N, 1: 4}) is scale(4, X)
    assert einsum([(X, [0])], [0], {1: 0}) is zero((N,))
    assert einsum([(zero((N,)), [0]), (X, [0])], [0, 0]) is zero((N, N))
    assert einsum([(scale(2, X), [0])], [0]) is scale(2, X)


def test_groups_are_joined() -> None:
    """(j, i) as one axis; read again, it is what was grouped."""
    vec = einsum([(B, [0, 1])], [(1, 0)])
    assert vec.shape == (times(N, M),)
    assert einsum([(B, [0, 1])], [(), 0, 1]).shape == (1, N, M)
    assert einsum([(vec, [0]), (vec, [0])], []).shape == ()


REFUSED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "sizes": (
        lambda: einsum([(B, [0, 1]), (X, [1])], [0]),
        ShapeError,
        "an index of size m meets an axis of size n",
    ),
    "a size that is given": (
        lambda: einsum([(X, [0])], [0], {0: M}),
        ShapeError,
        "an index of size m meets an axis of size n",
    ),
    "too few legs": (
        lambda: einsum([(B, [0])], [0]),
        InternalError,
        "1 legs on a node of order 2",
    ),
    "too many legs": (
        lambda: einsum([(X, [0, 1])], [0]),
        InternalError,
        "2 legs on a node of order 1",
    ),
    "no size": (
        lambda: einsum([(X, [0])], [0, 1]),
        InternalError,
        "index 1 of the result has no size",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """Misfits are refused; so are indices of ours that mean nothing."""
    made, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        made()


# -- powers ----------------------------------------------------------------------------


def test_powers() -> None:
    """Exact where they can be."""
    assert power(X, 1) is X
    assert power(X, 0) is ones((N,))
    assert power(ones((N,)), 2) is not X
    assert power(number(1), 7) is number(1)
    assert power(zero((N,)), 2) is zero((N,))
    assert power(zero((N,)), HALF) is zero((N,))
    assert power(zero((N,)), 0) is ones((N,))
    for p in (-1, -HALF, 1j, -2):
        assert isinstance(power(zero((N,)), p), Call)
    assert power(scale(2, X), 3) is scale(8, power(X, 3))
    assert power(scale(2, X), -1) is scale(HALF, power(X, -1))
    assert isinstance(power(scale(2, X), HALF), Call)
    assert isinstance(power(add(X, Y), 2), Call)
    assert power(power(X, 2), 3) is power(X, 6)
    assert fuse(power(power(X, 3), -1)) is power(X, -3)
    rooted = power(power(X, 2), HALF)
    assert isinstance(rooted, Call)
    assert rooted.args == (power(X, 2),)
    assert power(X, 0.5) is power(X, HALF)
    cubed = power(X, 3)
    assert isinstance(cubed, Call)
    assert (cubed.function, cubed.params) == ("power", (3,))
    huge = power(scale(10**300, X), 20)
    assert isinstance(huge, Call)
    assert isinstance(huge.args[0], Sum)


def test_spreading_and_products() -> None:
    """A scalar in every entry; nodes entry by entry."""
    assert spread(R, (N, M)).shape == (N, M)
    assert spread(number(1), (N,)) is ones((N,))
    assert product(X) is X
    assert product(X, Y) is product(Y, X)
    assert product(X, ones((N,))) is X


def test_which_functions_act_entry_by_entry() -> None:
    """Those of the table that say so, and a user's."""
    for name in ("exp", "power", "max", "where", "atan2", "unknown", "defined"):
        assert is_elementwise(name)
    for name in ("inv", "det", "softmax", "lse", "norm2", "cofactors", "", "nothing"):
        assert not is_elementwise(name)


def test_which_calls_are_symmetric() -> None:
    """Functions that keep symmetry, of symmetric matrices."""
    assert is_symmetric(call("exp", [S]))
    assert is_symmetric(call("inv", [S]))
    assert is_symmetric(call("max", [S, tensor("P", (N, N), "symmetric")]))
    assert is_symmetric(call("exp", [add(A, swapped(A))]))
    assert is_symmetric(call("exp", [einsum([(X, [0]), (X, [1])], [0, 1])]))
    assert is_symmetric(call("unknown", [S], ("f", (0,))))
    assert not is_symmetric(call("unknown", [A], ("f", (0,))))
    assert not is_symmetric(call("exp", [A]))
    assert not is_symmetric(call("max", [S, A]))
    assert not is_symmetric(call("det", [S]))
    assert not is_symmetric(call("softmax", [S]))
    assert not is_symmetric(call("exp", [B]))
    assert not is_symmetric(call("exp", [add(A, scale(-1, swapped(A)))]))


def test_leaves_are_leaves() -> None:
    """A tensor's fields."""
    assert isinstance(A, Tensor)
    assert (A.name, A.shape, A.structure) == ("A", (N, N), "")
    assert tensor("A", ["n", "n"]) is A
    assert tensor("A", (N, M)) is not A
