"""Constants in expressions: Levi-Civita, metrics, arrays, convolutions, blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import ShapeError, UnsupportedError
from indexcalc.nodes import Call, toposort
from indexcalc.plan import Fill, compile_nodes
from indexcalc.sparse_products import without_zeros
from indexcalc.structure_matrices import convolution
from tests.numeric_derivatives import close
from tests.programs import execute

RNG = np.random.default_rng(0)
MINKOWSKI = np.diag([1.0, -1.0, -1.0, -1.0])


def vectors(*lengths: int) -> list[Any]:
    rng = np.random.default_rng(7)
    return [rng.standard_normal(n) for n in lengths]


# -- Levi-Civita -----------------------------------------------------------------------


def test_cross_product_and_its_derivative() -> None:
    """a × b = ε_ijk a_j b_k, and ∂(a × b)/∂b = [a]×."""
    a, b = ic.tensor("a", 3), ic.tensor("b", 3)
    u, v = vectors(3, 3)
    cross = ic.parse('einsum("ijk,j,k->i", levicivita(3), a, b)', a="3", b="3")
    assert cross == np.cross(a, b)
    close(cross.evaluate(a=u, b=v), np.cross(u, v))
    skew = np.array([[0, -u[2], u[1]], [u[2], 0, -u[0]], [-u[1], u[0], 0]])
    close(cross.diff("b").evaluate(a=u, b=v), skew)
    close(
        cross.diff("a").diff("b").evaluate(a=u, b=v)[0],
        np.cross(np.eye(3), np.eye(3)[:, None])[..., 0].T,
    )


def test_triple_products() -> None:
    """The gradient of a·(b × c) is b × c, and a × a is 0 on arrays."""
    a, b, c = (ic.tensor(name, 3) for name in "abc")
    volume = a @ np.cross(b, c)
    assert volume.gradient(a) == np.cross(b, c)
    u, v, w = vectors(3, 3, 3)
    close(volume.gradient(b).evaluate(a=u, b=v, c=w), np.cross(w, u))
    close(np.cross(a, a).evaluate(a=u), np.zeros(3))


def test_determinant_by_levicivita() -> None:
    text = 'einsum("ijk,i,j,k->", levicivita(3), X*e(0,3), X*e(1,3), X*e(2,3))'
    at = np.random.default_rng(3).standard_normal((3, 3))
    form = ic.parse(text, X="3 3")
    close(form.evaluate(X=at), np.linalg.det(at))
    close(form.diff("X").evaluate(X=at), np.linalg.det(at) * np.linalg.inv(at).T)


# -- metrics and given arrays ----------------------------------------------------------


def test_the_actions_of_electrodynamics() -> None:
    """−½ ∂A·∂A + ½ (∂·A)² by ∂_μA_ν is −∂^μA^ν + (∂·A) η^μν, and F_μν F^μν."""
    D, eta = ic.tensor("D", (4, 4)), ic.constant(MINKOWSKI, "η")
    raised = eta @ D @ eta
    action = -np.sum(raised * D) / 2 + np.trace(eta @ D) ** 2 / 2
    at = np.random.default_rng(1).standard_normal((4, 4))
    wanted = -MINKOWSKI @ at @ MINKOWSKI + np.trace(MINKOWSKI @ at) * MINKOWSKI
    close(action.gradient(D).evaluate(D=at), wanted)
    answer = -raised + np.trace(eta @ D) * eta
    assert ic.equal(action.gradient(D), answer) is True
    mu = ic.tensor("mu")
    maxwell = -(np.sum(D * raised) - np.sum(D * raised.T)) / (2 * mu)
    up = MINKOWSKI @ at @ MINKOWSKI
    close(maxwell.gradient(D).evaluate(D=at, mu=2.0), -(up - up.T) / 2.0)
    assert "η" in str(maxwell.gradient(D))


def test_index_notation_takes_constants() -> None:
    eta = ic.constant(MINKOWSKI, "g")
    i, j = ic.indices("i j")
    v = ic.tensor("v", 4)
    length = ic.sum_over("", eta[i, j] * v[i] * v[j])
    (at,) = vectors(4)
    close(length.evaluate(v=at), at @ MINKOWSKI @ at)
    close(length.gradient(v).evaluate(v=at), 2 * MINKOWSKI @ at)


# -- convolutions ----------------------------------------------------------------------

MODES = ["full", "same", "valid"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("lengths", [(3, 5), (5, 3), (4, 4), (1, 3)])
def test_convolutions(mode: Any, lengths: tuple[int, int]) -> None:
    """Value and both Jacobians, which are Toeplitz matrices."""
    h, x = ic.tensor("h", lengths[0]), ic.tensor("x", lengths[1])
    a, b = vectors(*lengths)
    found = np.convolve(h, x, mode)
    close(found.evaluate(h=a, x=b), np.convolve(a, b, mode))
    by_x = np.stack([np.convolve(a, e, mode) for e in np.eye(lengths[1])], -1)
    by_h = np.stack([np.convolve(e, b, mode) for e in np.eye(lengths[0])], -1)
    close(found.diff(x).evaluate(h=a, x=b), by_x)
    close(found.diff(h).evaluate(h=a, x=b), by_h)
    program = found.einsum()
    close(execute(program, {"np": np, "h": a, "x": b}), np.convolve(a, b, mode))


def test_symbolic_lengths() -> None:
    """One length stays a name; two names have no m + n − 1."""
    h, x = ic.tensor("h", "k+1"), ic.tensor("x", "n")
    found = np.convolve(h, x)
    a, b = vectors(3, 5)
    close(found.evaluate(h=a, x=b), np.convolve(a, b))
    jacobian = found.diff(x).evaluate(h=a, x=b)
    for offset in range(-4, 7):
        assert len(set(np.diagonal(jacobian, -offset).tolist())) <= 1
    assert eval(repr(found), {"ic": ic}) == found
    with pytest.raises(UnsupportedError, match="one shorter"):
        np.convolve(ic.tensor("h", "m"), x)
    with pytest.raises(ShapeError):
        np.convolve(ic.tensor("A", "m n"), x)


def test_deconvolution_by_least_squares() -> None:
    """∂ ½‖h∗x − y‖²/∂x correlates h with the residual; the Hessian is its Gram."""
    h, x, y = ic.tensor("h", 3), ic.tensor("x", 4), ic.tensor("y", 6)
    a, b, c = vectors(3, 4, 6)
    loss = np.sum((np.convolve(h, x) - y) ** 2) / 2
    residual = np.convolve(a, b) - c
    close(loss.gradient(x).evaluate(h=a, x=b, y=c), np.correlate(residual, a, "valid"))
    T = np.stack([np.convolve(a, e) for e in np.eye(4)], -1)
    close(loss.hessian(x).evaluate(h=a, x=b, y=c), T.T @ T)
    mixed = loss.gradient(x).diff(h).evaluate(h=a, x=b, y=c)
    step = 1e-6
    for k, e in enumerate(np.eye(3)):
        ends = [
            loss.gradient(x).evaluate(h=a + s * step * e, x=b, y=c) for s in (1, -1)
        ]
        close(mixed[:, k], (ends[0] - ends[1]) / (2 * step), 1e-7)


def test_grouped_factors_are_taken_once() -> None:
    """vec(A)∘w within a cumulative sum, and beside a block: w stands there once."""
    A, w = vectors(9, 9)
    value = A * w
    M = A.reshape(3, 3, order="F")
    for text, wanted in (
        ("tril(9,9)*(vec(A).*w)", np.tri(9) @ value),
        ("[vec(A).*w; w]", np.concatenate([value, w])),
    ):
        close(ic.parse(text, A="3 3", w="9").evaluate(A=M, w=w), wanted)


@pytest.mark.parametrize("kind", [float, complex])
def test_triangles_of_ones_keep_their_kind(kind: type) -> None:
    """A product with [i ≥ j] is a cumulative sum where the constant is real."""
    x = ic.tensor("x", 30)
    for array in (np.tri(30, dtype=kind), np.tri(30, dtype=kind).T):
        found = ic.constant(array) @ x
        value = found.evaluate(x=np.arange(30.0))
        close(value, array @ np.arange(30.0))
        assert value.dtype == kind
        assert found.compile()(x=np.arange(30.0)).dtype == kind


def test_long_convolutions_build_no_tensor() -> None:
    """Ten thousand by ten thousand: value, gradient and products with directions."""
    n = 10_000
    h, x = ic.tensor("h", n), ic.tensor("x", n)
    a, b = vectors(n, n)
    both = np.convolve(a, b)
    found = np.convolve(h, x)
    close(found.evaluate(h=a, x=b), both)
    energy = np.sum(found**2)
    close(energy.gradient(x).evaluate(h=a, x=b), 2 * np.correlate(both, a, "valid"))
    same = np.convolve(h, x, "same")
    close(same.jvp(x).evaluate(h=a, x=b, dx=a), np.convolve(a, a, "same"))
    back = np.correlate(np.pad(b, (n // 2 - 1, n // 2)), a, "valid")
    close(same.vjp(x).evaluate(h=a, x=b, v=b), back)


@pytest.mark.parametrize(
    ("spec", "kernels"),
    [
        ("kij,i,j->k", {"convolved"}),
        ("kij,k,i->j", {"correlated"}),
        ("kij,k,j->i", {"correlated"}),
        ("kij,i->kj", {"toeplitz"}),
        ("kij,j->ki", {"toeplitz"}),
        ("kij,k->ij", {"hankel"}),
        ("kij,bi,bj->bk", {"convolved"}),
        ("kij,ai,bj->abk", {"convolved"}),
        ("kij,bi,bj->k", {"convolved"}),
        ("kij,ai,aj,b->bk", {"convolved"}),
        ("kij,ij->k", set()),
        ("kij->ij", set()),
        ("kij,i,j,k->", {"convolved"}),
    ],
)
def test_sparse_products(spec: str, kernels: set[str]) -> None:
    """Each pattern of factors, against the dense tensor."""
    sizes = {"k": 6, "i": 3, "j": 4, "a": 2, "b": 5}
    _, *inputs = spec.partition("->")[0].split(",")
    shapes = [tuple(sizes[c] for c in letters) for letters in inputs]
    names = [f"x{k}" for k in range(len(shapes))]
    tensors = [ic.tensor(n, s) for n, s in zip(names, shapes, strict=True)]
    dense = (
        np.arange(6)[:, None, None] == np.add.outer(np.arange(3), np.arange(4))
    ) * 1.0
    arrays = {n: RNG.standard_normal(s) for n, s in zip(names, shapes, strict=True)}
    found = ic.einsum(spec, ic.Expression(convolution(3, 4)), *tensors)
    close(found.evaluate(arrays), np.einsum(spec, dense, *arrays.values()))
    calls = [n for n in toposort(without_zeros(found.node)) if isinstance(n, Call)]
    assert {c.function for c in calls} - {"convolution"} == kernels


# -- blocks and stacking ---------------------------------------------------------------


def test_stacking_and_its_derivative() -> None:
    """∂[x; y]/∂x is [I; 0]; products with a direction place and cut vectors."""
    x, y = ic.tensor("x", "m"), ic.tensor("y", "n")
    both = np.concatenate([x, y, x])
    a, b = vectors(2, 3)
    close(both.evaluate(x=a, y=b), np.concatenate([a, b, a]))
    wanted = np.vstack([np.eye(2), np.zeros((3, 2)), np.eye(2)])
    close(both.diff(x).evaluate(x=a, y=b), wanted)
    v = np.arange(7.0)
    close(both.vjp(x).evaluate(x=a, y=b, v=v), v[:2] + v[5:])
    program = compile_nodes([both.node], sparse=True)
    assert not any(isinstance(step, Fill) for step in program.steps)


def test_blocks() -> None:
    """The derivative of a quadratic form of a block matrix by one of its blocks."""
    text = "[x; y]'*[A, B; B', C]*[x; y]"
    shapes = {"x": "m", "y": "n", "A": "m m", "B": "m n", "C": "n n"}
    f = ic.parse(text, shapes)
    assert ic.equal(f.gradient("B"), ic.parse("2*x*y'", shapes)) is True
    rng = np.random.default_rng(4)
    given = {
        "x": rng.standard_normal(2), "y": rng.standard_normal(3),
        "A": rng.standard_normal((2, 2)), "B": rng.standard_normal((2, 3)),
        "C": rng.standard_normal((3, 3)),
    }  # fmt: skip
    M = np.block([[given["A"], given["B"]], [given["B"].T, given["C"]]])
    z = np.concatenate([given["x"], given["y"]])
    close(f.evaluate(given), z @ M @ z)
    close(f.gradient("x").evaluate(given), ((M + M.T) @ z)[:2])


def test_stacking_long_vectors_builds_no_matrix() -> None:
    n = 20_000
    x, y = ic.tensor("x", n), ic.tensor("y", n)
    a, b = vectors(n, n)
    f = np.sum(np.concatenate([x, y]) ** 2)
    close(f.evaluate(x=a, y=b), a @ a + b @ b)
    close(f.gradient(x).evaluate(x=a, y=b), 2 * a)
