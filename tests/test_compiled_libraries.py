"""Compiled functions on JAX, PyTorch and array-API arrays, under their transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import EvaluationError, ShapeError, UnsupportedError
from tests.compiled_runs import Array, close

SHAPES = {"X": "n p", "c": "p", "y": "n"}
loss = ic.parse("sum(softplus(-(y ∘ (X * c)))) + c' * c", SHAPES)
slope, bend = loss.gradient("c"), loss.hessian("c")
jacobian = ic.parse("tanh(X * c) ∘ y", SHAPES).diff("X")
EXPRESSIONS = (loss, slope, bend, jacobian)


def draw(dtype: Any = float) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    shapes = {"X": (7, 4), "c": (4,), "y": (7,)}
    return {
        name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()
    }


def agree(
    convert: Callable[[Array], Any], kind: type, back: Callable[[Any], Any]
) -> None:
    """The values, one by one and together, in arrays of the library."""
    arrays = draw()
    given = {name: convert(array) for name, array in arrays.items()}
    together = ic.compile(EXPRESSIONS)
    for found, e in zip(together(given), EXPRESSIONS, strict=True):
        assert isinstance(found, kind)
        close(np.asarray(back(found)), e.evaluate(arrays))
        single = e.compile()
        for _ in range(2):
            close(np.asarray(back(single(**given))), e.evaluate(arrays))
    with pytest.raises(ShapeError):
        slope.compile()({**given, "y": convert(np.ones(3))})
    with pytest.raises(UnsupportedError, match="out="):
        slope.compile()(given, out=np.empty(4))
    with pytest.raises(EvaluationError, match="has no array"):
        slope.compile()(X=given["X"])


class TestJax:
    """JAX arrays, and functions of them."""

    @pytest.fixture(autouse=True)
    def _double(self) -> Iterator[None]:
        jax = pytest.importorskip("jax", reason="JAX is not installed")
        if hasattr(jax, "enable_x64"):
            context = jax.enable_x64(True)
        else:
            from jax.experimental import enable_x64

            context = enable_x64()
        self.jax, self.jnp = jax, jax.numpy
        with context:
            yield

    def test_values(self) -> None:
        agree(self.jnp.asarray, self.jax.Array, np.asarray)

    def test_named_backend_takes_numpy_arrays_and_lists(self) -> None:
        arrays = draw()
        found = slope.compile("jax")(arrays)
        assert isinstance(found, self.jax.Array)
        close(np.asarray(found), slope.evaluate(arrays))
        listed = {name: array.tolist() for name, array in arrays.items()}
        close(np.asarray(slope.compile("jax")(listed)), slope.evaluate(arrays))

    def test_mixed_with_numpy_arrays(self) -> None:
        arrays = draw()
        found = slope.compile()({**arrays, "c": self.jnp.asarray(arrays["c"])})
        assert isinstance(found, self.jax.Array)
        close(np.asarray(found), slope.evaluate(arrays))

    def test_precision_follows_the_arrays(self) -> None:
        arrays = {name: self.jnp.asarray(a) for name, a in draw(np.float32).items()}
        for e in EXPRESSIONS:
            assert e.compile()(arrays).dtype == np.float32
        with self.jax.enable_x64(False):
            found = slope.compile("jax")(draw())
        assert found.dtype == np.float32

    def test_under_transforms(self) -> None:
        jax, arrays = self.jax, draw()
        value, gradient = loss.compile(), slope.compile()
        given = [self.jnp.asarray(arrays[name]) for name in value.names]
        place = value.names.index("c")
        expected = slope.evaluate(arrays)
        for found in (
            jax.jit(gradient)(*given),
            jax.grad(value, place)(*given),
            jax.jit(jax.grad(value, place))(*given),
        ):
            close(np.asarray(found), expected)
        close(np.asarray(jax.jacrev(gradient, place)(*given)), bend.evaluate(arrays))
        close(np.asarray(jax.jacfwd(gradient, place)(*given)), bend.evaluate(arrays))
        direction = self.jnp.asarray(np.arange(4.0))
        _, moved = jax.jvp(
            lambda c: gradient(c=c, X=given[0], y=given[2]),
            *([given[place]], [direction]),
        )
        close(np.asarray(moved), bend.evaluate(arrays) @ np.arange(4.0))

    def test_under_vmap(self) -> None:
        arrays = draw()
        gradient = slope.compile()
        points = np.stack([arrays["c"] * k for k in range(3)])
        axes = [0 if name == "c" else None for name in gradient.names]
        given = [points if name == "c" else arrays[name] for name in gradient.names]
        for mapped in (
            self.jax.vmap(gradient, axes),
            self.jax.jit(self.jax.vmap(gradient, axes)),
        ):
            found = mapped(*map(self.jnp.asarray, given))
            for k in range(3):
                expected = slope.evaluate(arrays | {"c": points[k]})
                close(np.asarray(found[k]), expected)

    def test_stable_forms(self) -> None:
        x = ic.tensor("x", "n")
        f = np.log(1 + np.exp(x)).sum()
        points = self.jnp.asarray([-1000.0, 0.0, 1000.0])
        assert float(f.compile()(points)) == 1000 + np.log(2)
        assert f.gradient("x").compile()(points).tolist() == [0, 0.5, 1]
        assert f.hessian("x").compile()(points).diagonal().tolist() == [0, 0.25, 0]

    def test_results_of_numpy_held_by_jax(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An array that JAX took over without a copy keeps its numbers."""
        from indexcalc import workspace

        monkeypatch.setattr(workspace, "SMALL", 1)
        function = ic.parse("X ∘ X", X="m n").compile()
        held = self.jnp.asarray(function(np.full((600, 600), 2.0)))
        for _ in range(5):
            function(np.full((600, 600), 3.0))
        assert (held == 4).all()


class TestTorch:
    """PyTorch tensors, and functions of them."""

    @pytest.fixture(autouse=True)
    def _module(self) -> None:
        self.torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def tensor(self, array: Array) -> Any:
        return self.torch.from_numpy(np.array(array))

    def test_values(self) -> None:
        agree(self.tensor, self.torch.Tensor, lambda t: t.numpy())

    def test_precision_follows_the_tensors(self) -> None:
        given = {name: self.tensor(a) for name, a in draw(np.float32).items()}
        for e in EXPRESSIONS:
            assert e.compile()(given).dtype == self.torch.float32

    def test_under_transforms(self) -> None:
        arrays = draw()
        value, gradient = loss.compile(), slope.compile()
        given = [self.tensor(arrays[name]) for name in value.names]
        place, func = value.names.index("c"), self.torch.func
        expected = slope.evaluate(arrays)
        close(func.grad(value, place)(*given).numpy(), expected)
        close(func.jacrev(gradient, place)(*given).numpy(), bend.evaluate(arrays))
        stack = self.tensor(np.stack([arrays["c"]] * 3))
        axes = tuple(0 if name == "c" else None for name in gradient.names)
        inputs = [
            stack if n == "c" else t for n, t in zip(gradient.names, given, strict=True)
        ]
        for row in func.vmap(gradient, axes)(*inputs):
            close(row.numpy(), expected)

    def test_backward(self) -> None:
        arrays = draw()
        given = {name: self.tensor(a) for name, a in arrays.items()}
        given["c"].requires_grad_()
        loss.compile()(given).backward()
        close(given["c"].grad.numpy(), slope.evaluate(arrays))

    def test_results_are_nobody_elses(self) -> None:
        X = ic.tensor("X", "n n")
        given = self.tensor(np.arange(9.0).reshape(3, 3))
        for e in (X, X.T, X.diagonal()):
            found = e.compile()(given)
            found += 1
            assert given.tolist() == np.arange(9.0).reshape(3, 3).tolist()

    def test_results_of_numpy_held_by_torch(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from indexcalc import workspace

        monkeypatch.setattr(workspace, "SMALL", 1)
        function = ic.parse("X ∘ X", X="m n").compile()
        held = self.torch.from_numpy(function(np.full((600, 600), 2.0)))
        for _ in range(5):
            function(np.full((600, 600), 3.0))
        assert bool((held == 4).all())


class TestArrayApi:
    """A namespace that has nothing but the standard."""

    @pytest.fixture(autouse=True)
    def _module(self) -> None:
        reason = "array-api-compat and array-api-strict are not installed"
        pytest.importorskip("array_api_compat", reason=reason)
        self.xp = pytest.importorskip("array_api_strict", reason=reason)

    def test_values(self) -> None:
        kind = type(self.xp.asarray(1.0))
        agree(self.xp.asarray, kind, np.from_dlpack)

    def test_named_backend_takes_numpy_arrays(self) -> None:
        arrays = draw()
        close(slope.compile("array_api")(arrays), slope.evaluate(arrays))

    def test_what_is_no_array(self) -> None:
        with pytest.raises(EvaluationError, match="not an array"):
            slope.compile("array_api")({**draw(), "y": [1.0] * 7})


def test_kinds_that_do_not_go_together() -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    xp = pytest.importorskip("array_api_strict", reason="array-api-strict is missing")
    arrays = draw()
    mixed = {"X": jnp.asarray(arrays["X"]), "c": xp.asarray(arrays["c"])}
    with pytest.raises(EvaluationError, match="array_api and jax"):
        slope.compile()({**mixed, "y": arrays["y"]})
