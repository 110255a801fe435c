"""Evaluation: dtypes, inputs left alone, sizes bound, nothing broadcast, memory."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from indexcalc.derivative import jacobian
from indexcalc.errors import EvaluationError, IndexCalcError, ShapeError
from indexcalc.evaluate import evaluate
from indexcalc.expr import add, constant, einsum, linear, scale, size_node, tensor
from indexcalc.functions import TABLE, call, power
from indexcalc.kernels_spectral import KERNELS as SPECTRAL_KERNELS
from indexcalc.matrix import (
    basis,
    block,
    contract,
    diagonal,
    diagonal_matrix,
    embed,
    eye,
    inv,
    kron,
    levicivita,
    logdet,
    mean,
    ones,
    outer,
    softmax,
    spread,
    times,
    total,
    trace,
    transpose,
    unknown,
    vec,
    zeros,
)
from indexcalc.nodes import Node, variables
from indexcalc.sizes import dim, plus
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors

N, M = dim("n"), dim("m")
A, B = tensor("A", (N, N)), tensor("B", (N, N))
X, Y = tensor("x", (N,)), tensor("y", (N,))
SCALAR = tensor("s", ())
H = tensor("h", (N * M,))
G = tensor("g", (plus(N, 1),))

# -- dtypes ----------------------------------------------------------------------------

DTYPES = (np.float32, np.float64, np.complex64, np.complex128)
REAL_ONLY = [
    "abs",
    "sign",
    "relu",
    "heaviside",
    "max",
    "min",
    "atan2",
    "cbrt",
    "logdet",
    "where",
]
PARAMS = {"power": (1.5,), "cofactors": (1,), "norm2": (1,), "rnorm": (1,)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(set(TABLE) - {*SPECTRAL_KERNELS, "conj"}))
def test_functions_keep_the_dtype(name: str, dtype: Any) -> None:
    """Every function, its derivative too; complex where it is holomorphic."""
    if name == "erf" and np.dtype(dtype).kind == "c":
        pytest.importorskip("scipy", reason="SciPy has erf of complex numbers")
    params = tuple(map(Fraction, PARAMS.get(name, ())))
    params = tuple(int(p) if p.denominator == 1 else p for p in params)
    inputs, _ = TABLE[name].signature(params)
    args = [
        tensor(letter, [N] * len(core))
        for letter, core in zip("XYZ", inputs, strict=False)
    ]
    rng = np.random.default_rng(0)
    point = {}
    for arg in args:
        array = np.asarray(rng.uniform(0.2, 0.8, [3] * len(arg.shape)))
        array = array + 2 * np.eye(3) if len(arg.shape) == 2 else array
        point[arg.name] = (array + 1 if name == "acosh" else array).astype(dtype)
    node = call(name, args, params)
    if name in REAL_ONLY and np.dtype(dtype).kind == "c":
        if name != "where":
            with pytest.raises(EvaluationError):
                evaluate(node, point)
        return
    assert evaluate(node, point).dtype == dtype
    slope = jacobian(node, args[-1])
    assert evaluate(slope, point, {"n": 3}, None, args).dtype == dtype


SCALARS: dict[str, Node] = {
    "s²": times(SCALAR, SCALAR),
    "s/2 + 1": linear([(SCALAR, 0.5), (einsum([], []), 1)], ()),
    "n s": times(size_node(N), SCALAR),
    "√s": power(SCALAR, 0.5),
    "s^1.3": power(SCALAR, 1.3),
    "spread": spread(SCALAR, (N,)),
    "mean": mean(X),
    "Σ": total(X),
    "1ᵀx": contract(ones(N), X),
    "ones": ones(N),
    "n": size_node(N),
    "zeros": zeros(N),
    "I + A": add(eye(N), A),
    "e x": times(basis(0, N), X),
    "constant": times(constant(np.arange(3)), tensor("q", (3,))),
    "tr": trace(A),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SCALARS)
def test_results_are_arrays_of_the_inputs_dtype(name: str, dtype: Any) -> None:
    """Coefficients, sizes and constants widen nothing; a scalar is an array too."""
    point = {
        "s": np.asarray(0.5, dtype),
        "x": np.full(3, 0.5, dtype),
        "q": np.full(3, 0.5, dtype),
        "A": np.eye(3, dtype=dtype),
    }
    node = SCALARS[name]
    given = {key: point[key] for key in {*variables(node), "x"}}
    got = evaluate(node, given, None, None, [X])
    assert isinstance(got, np.ndarray)
    assert got.dtype == dtype


def test_integers_become_floats() -> None:
    """Integers and booleans are numbers; complex coefficients make results complex."""
    for array in ([1, 2], np.array([1, 2], np.uint8), np.array([True, False])):
        assert evaluate(X, {"x": array}).dtype == np.float64
    assert evaluate(scale(1j, X), {"x": np.ones(2, np.float32)}).dtype == np.complex64


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        None,
        [[1], [1, 2]],
        np.array([1, None], object),
        np.array(["2020"], "M8[D]"),
    ],
    ids=str,
)
def test_what_is_not_numeric(value: object) -> None:
    """Refused by name."""
    with pytest.raises(EvaluationError, match="value of x"):
        evaluate(X, {"x": value})


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_unusual_precision(dtype: Any) -> None:
    """Either it works, or the error is ours."""
    try:
        got = evaluate(inv(A), {"A": 2 * np.eye(2, dtype=dtype)})
    except EvaluationError:
        return
    assert np.allclose(got, 0.5 * np.eye(2))


# -- inputs ----------------------------------------------------------------------------

VIEWS: dict[str, Node] = {
    "A": A,
    "transposed": transpose(A),
    "diag": diagonal(A),
    "Diag diag": diagonal_matrix(diagonal(A)),
    "vec": vec(A),
    "vec by rows": vec(A, "C"),
    "with an axis": einsum([(A, (0, 1))], [(), 0, 1]),
    "relu": call("relu", [A]),
    "softmax": softmax(A),
    "f": unknown("f", A),
    "2A": scale(2, A),
    "A + A": add(A, transpose(A)),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("order", ["C", "F", "strided", "read-only", "empty"])
def test_inputs_are_neither_changed_nor_returned(name: str, order: str) -> None:
    """Whatever the layout: results are new, writable, and inputs as they were."""
    base = np.arange(1.0, 10.0).reshape(3, 3)
    array = {
        "C": base,
        "F": np.asfortranarray(base),
        "strided": np.repeat(np.repeat(base, 2, 0), 2, 1)[::-2, ::2],
        "read-only": base.copy(),
        "empty": np.ones((0, 0)),
    }[order]
    array.setflags(write=order != "read-only")
    before = array.copy()
    functions: dict[str, Callable[..., Any]] = {"f": lambda v: v}
    got = evaluate(VIEWS[name], {"A": array}, None, functions)
    want = evaluate(VIEWS[name], {"A": before.copy()}, None, functions)
    assert np.array_equal(got, want)
    assert np.array_equal(array, before)
    assert not np.shares_memory(got, array)
    assert got.flags.writeable
    got += 1
    assert np.array_equal(array, before)


def test_constants_are_not_handed_out() -> None:
    """The array of a constant stays its own."""
    node = constant(np.ones(3))
    got = evaluate(node, {})
    got += 1
    assert evaluate(node, {}).tolist() == [1, 1, 1]


def test_random_nodes_leave_inputs_alone() -> None:
    """Read-only Fortran-ordered inputs give the same values."""
    scope = list(leaf_tensors().values())
    for seed in range(60):
        drawn, env = draw(seed), arrays(seed)
        frozen = {name: np.array(array, order="F") for name, array in env.items()}
        for array in frozen.values():
            array.setflags(write=False)
        got = evaluate(drawn.node, frozen, VALUES, None, scope)
        assert np.allclose(got, drawn.value(env), rtol=1e-9)
        assert not any(np.shares_memory(got, array) for array in frozen.values())


def test_empty_axes() -> None:
    """Sums over nothing are zero, products of nothing one."""
    empty = {"x": np.ones(0), "y": np.ones(0), "A": np.ones((0, 0))}
    for node, want in (
        (contract(X, Y), 0.0),
        (trace(A), 0.0),
        (call("det", [A]), 1.0),
        (logdet(A), 0.0),
        (call("lse", [X]), -np.inf),
        (call("norm2", [X], (1,)), 0.0),
        (size_node(N), 0.0),
    ):
        given = {name: empty[name] for name in variables(node)} or {"x": empty["x"]}
        assert evaluate(node, given, None, None, [X]) == want
    assert evaluate(inv(A), {"A": empty["A"]}).shape == (0, 0)
    assert evaluate(softmax(X), {"x": empty["x"]}).shape == (0,)
    assert (
        evaluate(outer(X, tensor("w", (2,))), {"x": empty["x"], "w": [1, 2]}).size == 0
    )


# -- sizes -----------------------------------------------------------------------------

BINDINGS: dict[str, tuple[Node, Mapping[str, Any], float]] = {
    "n + 1": (times(total(G), size_node(N)), {"g": np.ones(4)}, 12),
    "m n, with n": (
        times(times(total(H), total(X)), size_node(M)),
        {"h": np.ones(6), "x": np.ones(3)},
        36,
    ),
    "m n, with n + 1": (
        times(times(total(H), total(G)), size_node(M)),
        {"h": np.ones(6), "g": np.ones(4)},
        48,
    ),
    "2 n + m": (
        times(times(total(tensor("r", ("2*n+m",))), total(X)), size_node(M)),
        {"r": np.ones(8), "x": np.ones(3)},
        48,
    ),
    "m n alone": (total(H), {"h": np.ones(6)}, 6),
    "m n twice": (contract(H, H), {"h": np.ones(6)}, 6),
    "n n alone": (total(tensor("q", (N * N,))), {"q": np.ones(9)}, 9),
    "n n": (
        times(total(tensor("q", (N * N,))), size_node(N)),
        {"q": np.ones(9)},
        27,
    ),
    "m n of size 0": (
        add(total(H), total(X)),
        {"h": np.ones(0), "x": np.ones(0)},
        0,
    ),
    "n by a vanishing variable": (trace(contract(A, inv(A))), {"A": np.eye(3)}, 3),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_sizes_are_found(name: str) -> None:
    """From composite sizes, in any order, and from what simplification removed."""
    node, given, want = BINDINGS[name]
    assert evaluate(node, given) == want


CLASHES: dict[str, tuple[Node, Mapping[str, Any]]] = {
    "n twice": (contract(A, X), {"A": np.ones((3, 3)), "x": np.ones(4)}),
    "n in one array": (A, {"A": np.ones((3, 4))}),
    "1 against n": (contract(A, X), {"A": np.ones((3, 3)), "x": np.ones(1)}),
    "n against 1": (add(X, Y), {"x": np.ones(1), "y": np.ones(3)}),
    "1 in a product": (times(X, Y), {"x": np.ones(3), "y": np.ones(1)}),
    "1 in a call": (call("max", [X, Y]), {"x": np.ones(3), "y": np.ones(1)}),
    "too many axes": (X, {"x": np.ones((3, 1))}),
    "too few axes": (X, {"x": 1.0}),
    "a literal size": (tensor("w", (2,)), {"w": np.ones(3)}),
    "a literal 1": (tensor("w", (1,)), {"w": np.ones(3)}),
    "m n not divisible": (
        times(times(total(H), total(X)), size_node(M)),
        {"h": np.ones(7), "x": np.ones(3)},
    ),
    "n + 1 of length 0": (G, {"g": np.ones(0)}),
    "m n by 0": (times(total(H), total(X)), {"h": np.ones(5), "x": np.ones(0)}),
    "m n against m n": (
        add(H, tensor("k", (N * M,))),
        {"h": np.ones(6), "k": np.ones(1)},
    ),
    "m n against m n in a call": (
        call("max", [H, tensor("k", (N * M,))]),
        {"h": np.ones(6), "k": np.ones(1)},
    ),
    "n n not a square": (total(tensor("q", (N * N,))), {"q": np.ones(8)}),
    "x with two shapes": (
        times(total(tensor("x", (M,))), X),
        {"x": np.ones(3)},
    ),
}


@pytest.mark.parametrize("name", CLASHES)
def test_sizes_that_clash(name: str) -> None:
    """A size has one value; an axis of length 1 never stands for another."""
    node, given = CLASHES[name]
    with pytest.raises(ShapeError):
        evaluate(node, given)


def test_given_sizes() -> None:
    """`sizes` says what no array does, and must agree where one does."""
    assert evaluate(size_node(N), {}, {"n": 4}) == 4
    assert evaluate(eye(N), {}, {"n": 2}).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ShapeError, match=r"n is 4 in sizes"):
        evaluate(X, {"x": np.ones(3)}, {"n": 4})
    with pytest.raises(ShapeError, match="not known"):
        evaluate(eye(N), {})
    for wrong in (2.7, -1, True):
        with pytest.raises(IndexCalcError):
            evaluate(ones(N), {}, {"n": wrong})


def test_names() -> None:
    """A missing array is named; other arrays are passed over, scope tells sizes."""
    with pytest.raises(EvaluationError, match=r"variable x .*has no array"):
        evaluate(contract(A, X), {"A": np.eye(2)})
    assert evaluate(X, {"x": np.ones(2), "q": 1}).tolist() == [1, 1]
    assert evaluate(ones(N), {"x": np.ones(2)}, None, None, [X]).tolist() == [1, 1]
    assert evaluate(times(X, power(X, -1)), {"x": np.ones(2)}).tolist() == [1, 1]
    with pytest.raises(EvaluationError, match="unknown function f'"):
        evaluate(jacobian(unknown("f", X), X), {"x": np.ones(2)})


def test_unknown_functions_keep_the_shape() -> None:
    """A function that answers another shape is refused, not broadcast."""
    point = {"x": np.ones(3), "A": np.ones((3, 3))}
    for wrong in (lambda v: 1.0, lambda v: np.ones(1), lambda v: np.ones((3, 3))):
        functions = {"f": wrong}
        with pytest.raises(EvaluationError):
            evaluate(add(unknown("f", X), X), {"x": point["x"]}, None, functions)
        with pytest.raises(EvaluationError):
            evaluate(contract(A, unknown("f", X)), point, None, functions)


def test_domain_errors() -> None:
    """Singular matrices, coefficients and powers beyond floats: an error of ours."""
    with pytest.raises(EvaluationError, match="singular"):
        evaluate(inv(A), {"A": np.zeros((2, 2))})
    for node in (scale(10**400, X), scale(Fraction(10**400, 3), X), power(X, 10**400)):
        with pytest.raises(EvaluationError):
            evaluate(node, {"x": np.ones(2)})


def test_declared_structure_is_checked() -> None:
    """An array that is not what was declared is refused."""
    full = np.arange(9.0).reshape(3, 3)
    for structure in ("symmetric", "diagonal", "skew", "pd"):
        with pytest.raises(EvaluationError, match=structure):
            evaluate(tensor("D", (N, N), structure), {"D": full})
    with pytest.raises(EvaluationError, match="diagonal"):
        evaluate(tensor("D", (N, N), "diagonal"), {"D": np.ones((3, 3))})


@pytest.mark.parametrize("structure", ["symmetric", "skew", "pd", "toeplitz"])
@pytest.mark.parametrize("scale", [1e-9, 1e-13, 1e-200])
def test_declared_structure_of_small_entries(structure: str, scale: float) -> None:
    """What counts as rounding goes by the largest entry, not by 1."""
    node = tensor("D", (N, N), structure)
    full = np.arange(9.0).reshape(3, 3) ** 2
    with pytest.raises(EvaluationError, match=structure):
        evaluate(node, {"D": scale * full})
    held = {"skew": full - full.T, "toeplitz": np.eye(3)}.get(structure, full + full.T)
    held[0, 1] *= 1 + 1e-9
    held[1, 2] += 1e-13
    evaluate(node, {"D": scale * held})


# -- constants -------------------------------------------------------------------------


def test_constants_of_symbolic_size() -> None:
    """Basis vectors, embeddings, and what is built from them."""
    assert evaluate(basis(1, N), {}, {"n": 3}).tolist() == [0, 1, 0]
    with pytest.raises(EvaluationError, match="no entry 5"):
        evaluate(basis(5, N), {}, {"n": 3})
    assert evaluate(embed(1, 2, N), {}, {"n": 4}).tolist() == [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
    ]
    a = np.arange(4.0).reshape(2, 2)
    stacked = block([[A, outer(X, ones(1))], [transpose(outer(Y, ones(1))), SCALAR]])
    got = evaluate(stacked, {"A": a, "x": [5, 6], "y": [7, 8], "s": 9})
    assert got.tolist() == [[0, 1, 5], [2, 3, 6], [7, 8, 9]]
    e = evaluate(levicivita(3), {})
    assert e[0, 1, 2] == e[1, 2, 0] == 1
    assert e[1, 0, 2] == -1
    assert np.abs(e).sum() == 6
    assert evaluate(mean(A), {"A": a}) == 1.5


# -- memory ----------------------------------------------------------------------------

LENGTH = 400
SPREAD_A = einsum([(A, (0, 1))], [0, 0, 1])
SPREAD_B = einsum([(A, (0, 1))], [0, 1, 1])
DX, DY = diagonal_matrix(X), diagonal_matrix(Y)
SQUARE = 8 * LENGTH**2

MEMORY: dict[str, tuple[Node, float]] = {
    "tr(Diag x A Diag y)": (trace(contract(contract(DX, A), DY)), 0.5),
    "diag(Diag x A Diag y)": (diagonal(contract(contract(DX, A), DY)), 0.5),
    "(Diag x + Diag y) x": (contract(add(DX, DY), X), 0.5),
    "H x y": (einsum([(SPREAD_A, (0, 1, 2)), (X, (1,)), (Y, (2,))], [0]), 3),
    "sum of H's, x, y": (
        einsum([(add(SPREAD_A, SPREAD_B), (0, 1, 2)), (X, (1,)), (Y, (2,))], [0]),
        6,
    ),
    "tr(A A A)": (trace(contract(contract(A, A), A)), 6),
    "diag(A A)": (diagonal(contract(A, A)), 3),
    "‖x⊗y‖²": (contract(kron(X, Y), kron(X, Y)), 0.5),
    "(x⊗y)ᵀ(y⊗x)": (contract(kron(X, Y), kron(Y, X)), 0.5),
    "diag of ∂(x∘y∘x)": (diagonal(jacobian(times(times(X, Y), X), X)), 0.5),
    "(∂ sin(A x)) y": (contract(jacobian(call("sin", [contract(A, X)]), X), Y), 3),
    "(∂ softmax x) y": (contract(jacobian(softmax(X), X), Y), 4),
}


@pytest.mark.parametrize("name", MEMORY)
def test_no_delta_is_built(name: str) -> None:
    """Peak memory, in n×n matrices: never n³, and n where there is no matrix."""
    node, matrices = MEMORY[name]
    rng = np.random.default_rng(0)
    env = {
        "A": rng.normal(size=(LENGTH, LENGTH)),
        "x": rng.normal(size=LENGTH),
        "y": rng.normal(size=LENGTH),
    }
    given = {key: env[key] for key in variables(node)}
    evaluate(
        node, {key: array[(slice(2),) * array.ndim] for key, array in given.items()}
    )
    tracemalloc.start()
    try:
        evaluate(node, given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < matrices * SQUARE


def test_evaluated_nodes_are_freed() -> None:
    """Compiled programs keep nodes alive only until some others were evaluated."""
    node = call("sin", [contract(tensor("kept", (N, N)), X)])
    watch = weakref.ref(node)
    evaluate(node, {"kept": np.eye(2), "x": np.ones(2)})
    del node
    for k in range(300):
        evaluate(tensor(f"t{k}", ()), {f"t{k}": 1})
    gc.collect()
    assert watch() is None
