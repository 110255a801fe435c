"""Structured results of the worked problems and the usual models: right, small, and
never dense on the way."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.sizes import Size, dim
from indexcalc.structured import Structured, evaluate_structured
from tests.random_networks import graph, series_parallel
from tests.worked import PROBLEMS, Problem

RNG = np.random.default_rng(11)

#: text, variable, order, shapes; sizes are below.
MODELS: dict[str, tuple[str, str, int, Mapping[str, str]]] = {
    "factorisation": ("sum((T-U*V').^2)", "U", 2, {"T": "m p", "U": "m k", "V": "p k"}),
    "masked": (
        "sum(O.*(T-U*V').^2)",
        "V",
        2,
        {"O": "m p", "T": "m p", "U": "m k", "V": "p k"},
    ),
    "logistic": (
        "sum(log(exp(-y.*(X*w))+vector(1)))",
        "w",
        2,
        {"X": "m n", "w": "n", "y": "m"},
    ),
    "softmax": ("softmax(x)", "x", 1, {"x": "n"}),
    "log-sum-exp": ("log(sum(exp(A*x)))", "x", 2, {"A": "m n", "x": "n"}),
    "quadratic form": ("x'*A*x", "x", 2, {"A": "n n", "x": "n"}),
    "log det": ("logdet(X)", "X", 2, {"X": "n n"}),
    "trace of an inverse": ("a'*inv(X)*b", "X", 1, {"a": "n", "X": "n n", "b": "n"}),
    "sandwich": ("A*X*B", "X", 1, {"A": "m n", "X": "n p", "B": "p k"}),
    "Kronecker": ("kron(A, X)", "X", 1, {"A": "m k", "X": "n p"}),
    "vec of a Kronecker": ("vec(kron(A, B))", "A", 1, {"A": "m k", "B": "n p"}),
}
SIZES = {"m": 7, "n": 5, "p": 4, "k": 3}


def values_for(shapes: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Random arrays of these shapes."""
    return {
        name: RNG.normal(size=[sizes.get(s) or int(s) for s in text.split()])
        for name, text in shapes.items()
    }


def derivative(name: str) -> Any:
    """The Jacobian or Hessian of a model."""
    text, by, order, shapes = MODELS[name]
    f = ic.parse(text, **shapes)
    return f.diff(by) if order == 1 else f.hessian(by)


def check(kept: Structured, dense: np.ndarray[Any, Any]) -> None:
    """Every product and the diagonal, against NumPy on the dense array."""
    matrix = dense.reshape(kept.matrix_shape)
    np.testing.assert_allclose(kept.toarray(), dense, atol=1e-9)
    right = RNG.normal(size=(matrix.shape[1], 2))
    left = RNG.normal(size=(matrix.shape[0], 2))
    np.testing.assert_allclose(kept.matmat(right), matrix @ right, atol=1e-8)
    np.testing.assert_allclose(kept.rmatmat(left), matrix.T @ left, atol=1e-8)
    if kept.value_shape == kept.variable_shape:
        expected = np.diagonal(matrix)
        np.testing.assert_allclose(kept.diagonal().ravel(), expected, atol=1e-8)
        np.testing.assert_allclose(kept.trace(), expected.sum(), atol=1e-8)
    assert isinstance(kept.kind, str)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_worked_problems(problem: Problem) -> None:
    """The Jacobian and the Hessian of the sum of squares of each."""
    values = {
        name: RNG.normal(size=problem.dimensions(name)) for name in problem.shapes
    }
    y = problem.ways["text"](ic)
    square = np.sum(y * y)
    for e in (y.diff(problem.variable), square.hessian(problem.variable)):
        dense = np.asarray(e.evaluate(values))
        check(e.evaluate(values, structured=True), dense)


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    """Against the dense evaluation."""
    e = derivative(name)
    values = values_for(MODELS[name][3], SIZES)
    check(e.evaluate(values, structured=True), np.asarray(e.evaluate(values)))


@pytest.mark.parametrize("draw", [series_parallel, graph])
def test_random_networks(draw: Callable[..., Any]) -> None:
    """Jacobians of random networks of matrices and vectors."""
    sizes = {"n": 3, "m": 2, "p": 4}
    done = 0
    for seed in range(60):
        rng = Random(f"structured {seed}")
        drawn = (
            draw(rng, rng.randrange(1, 6))
            if draw is series_parallel
            else draw(rng, rng.randrange(2, 5), rng.randrange(2, 7))
        )
        e = ic.Expression(drawn.node)
        for by in list(e.variables.values())[:2]:
            J = e.diff(by)
            if J.ndim > 5:
                continue
            arrays = {k: 0.5 * v for k, v in values_for(drawn.shapes, sizes).items()}
            kept = J.evaluate(arrays, sizes=sizes, structured=True)
            check(kept, np.asarray(J.evaluate(arrays, sizes=sizes)))
            done += 1
    assert done > 50


# -- size ------------------------------------------------------------------------------


def test_cores_are_what_one_would_write() -> None:
    """The arrays that stay, and their sizes."""
    m, p, k = 200, 150, 4
    sizes = {"m": m, "p": p, "k": k, "n": 30}
    values = values_for(MODELS["factorisation"][3], sizes)
    kept = derivative("factorisation").evaluate(values, structured=True)
    (core,) = kept.cores
    np.testing.assert_allclose(core, 2 * values["V"].T @ values["V"])
    assert kept.nbytes == 8 * k * k
    values = values_for(MODELS["softmax"][3], sizes)
    kept = derivative("softmax").evaluate(values, structured=True)
    assert kept.nbytes <= 8 * 4 * 30
    values = values_for(MODELS["sandwich"][3], sizes)
    kept = derivative("sandwich").evaluate(values, structured=True)
    for array, _ in kept.parts[0].factors:
        assert any(np.shares_memory(array, given) for given in values.values())


def test_parts_share_work() -> None:
    """What several terms need is computed once and held once."""
    kept = derivative("log-sum-exp").evaluate(
        values_for(MODELS["log-sum-exp"][3], {"m": 5, "n": 400}), structured=True
    )
    held = [array for part in kept.parts for array, _ in part.factors]
    assert kept.nbytes < sum(array.nbytes for array in held)


def peak(work: Callable[[], Any]) -> int:
    """The most bytes that were allocated meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LARGE = 2_000


@pytest.mark.parametrize(
    ("text", "by", "order", "shapes", "kind"),
    [
        ("(X.*A)*ones(p)", "A", 1, {"X": "n p", "A": "n p"}, "block diagonal"),
        ("sum((T-U*V').^2)", "U", 2, {"T": "n p", "U": "n q", "V": "p q"}, None),
        ("A*X*B", "X", 1, {"A": "n n", "X": "n p", "B": "p p"}, "Kronecker"),
        ("softmax(x)", "x", 1, {"x": "N"}, "low rank + diagonal"),
        ("x.^3+y*(y'*x)", "x", 1, {"x": "N", "y": "N"}, "low rank + diagonal"),
        ("x.*y", "x", 1, {"x": "N", "y": "N"}, "diagonal"),
    ],
)
def test_nothing_dense_is_formed(
    text: str, by: str, order: int, shapes: Mapping[str, str], kind: str | None
) -> None:
    """Where the dense array would take 10 GB and more, everything stays within a few
    times the inputs."""
    sizes = {"n": LARGE, "p": 400, "q": 20, "N": 40_000}
    values = values_for(shapes, sizes)
    f = ic.parse(text, **shapes)
    e = f.diff(by) if order == 1 else f.hessian(by)
    given = sum(array.nbytes for array in values.values())

    def work() -> None:
        kept = e.evaluate(values, structured=True)
        assert 8 * np.prod([float(n) for n in kept.shape]) > 10e9
        assert kind is None or kept.kind == kind
        x = np.ones(kept.variable_shape)
        y = kept.matvec(x)
        kept.rmatvec(y)
        kept[0, ..., 0]
        if kept.value_shape == kept.variable_shape:
            kept.diagonal()
            kept.trace()
            kept.solve(y, damping=0.0 if kind == "Kronecker" else 3.0)

    work()
    assert peak(work) < 12 * given + 2_000_000


def test_sparse_matrices_are_built_from_patterns() -> None:
    """Of a block diagonal map of 2000 blocks; only its entries are stored."""
    pytest.importorskip("scipy")
    sizes = {"m": LARGE, "p": 30, "k": 5}
    values = values_for(MODELS["masked"][3], sizes)
    e = ic.parse(*MODELS["masked"][:1], **MODELS["masked"][3]).hessian("U")
    kept = e.evaluate(values, structured=True)
    found = kept.to_sparse("csr")
    assert found.shape == (LARGE * 5, LARGE * 5)
    assert found.nnz == LARGE * 25
    x = RNG.normal(size=LARGE * 5)
    np.testing.assert_allclose(found @ x, kept.matvec(x), atol=1e-9)
    assert kept.to_sparse("csc").format == "csc"


def test_sizes_by_a_function() -> None:
    """A function that knows every size, as compiled code has one."""
    n = dim("n")
    X, A = ic.tensors("X A", "n p")
    J = ((X * A) @ ic.ones("p")).diff(A)
    known: dict[Size, int] = {n: 3, dim("p"): 2}
    x = RNG.normal(size=(3, 2))
    kept = evaluate_structured(
        J.node, 1, {"X": x}, lambda size: size if isinstance(size, int) else known[size]
    )
    np.testing.assert_allclose(kept.toarray(), J.evaluate(X=x))


def test_a_buffer_is_written_whole() -> None:
    """toarray(out=) into strided memory, and its refusals."""
    kept = derivative("softmax").evaluate(x=RNG.normal(size=4), structured=True)
    room = np.full((4, 8), np.nan)
    kept.toarray(out=room[:, ::2])
    np.testing.assert_allclose(room[:, ::2], kept.toarray())
    assert np.isnan(room[:, 1::2]).all()
    with pytest.raises(ic.ShapeError, match="wanted"):
        kept.toarray(out=np.zeros(4))
    x = RNG.normal(size=4)
    view = ic.parse("x.*y", x="n", y="n").diff("y").evaluate(x=x, y=x, structured=True)
    with pytest.raises(ic.EvaluationError, match="share memory"):
        view.toarray(out=np.lib.stride_tricks.as_strided(x, (4, 4)))
    with pytest.raises(ic.ShapeError, match="plus"):
        kept + derivative("softmax").evaluate(x=np.ones(3), structured=True)
    with pytest.raises(ic.ShapeError, match="compose"):
        kept @ derivative("softmax").evaluate(x=np.ones(3), structured=True)
    with pytest.raises(ic.ShapeError, match="columns"):
        kept.matmat(np.ones((3, 2)))
    with pytest.raises(TypeError):
        kept * np.ones(4)
