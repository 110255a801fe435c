"""Ways to differentiate: by what, in which layout, along what, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import derivative
from indexcalc.errors import ShapeError, UnknownNameError, UnsupportedError
from indexcalc.simplify import fuse

SIZES = {"n": 3, "m": 4}
RNG = np.random.default_rng(11)
VALUES: dict[str, Any] = {
    "A": RNG.standard_normal((3, 3)) + 4 * np.eye(3),
    "B": RNG.standard_normal((4, 3)),
    "x": RNG.standard_normal(3),
    "y": RNG.standard_normal(3),
    "s": np.asarray(0.7),
    "S": np.diag([2.0, 3.0, 4.0]) + 0.5,
}
SHAPES = {"A": "n n", "B": "m n", "x": "n", "y": "n", "s": "", "S": "n n : symmetric"}


def parsed(text: str) -> Any:
    """An expression of these variables."""
    return ic.parse(text, SHAPES)


def close(found: Any, wanted: Any) -> None:
    """Equal arrays, up to rounding."""
    names = [v for v in VALUES if v in {*found.scope, *found.variables}]
    value = found.evaluate({v: VALUES[v] for v in names})
    np.testing.assert_allclose(value, wanted, rtol=1e-9, atol=1e-10)


def differences(text: str, name: str) -> Any:
    """∂f/∂x by central differences of the fourth order, variable last."""
    e, base, step = parsed(text), VALUES[name], 1e-3

    def at(place: tuple[int, ...], shift: float) -> Any:
        moved = base.copy()
        moved[place] += shift * step
        names = set(e.variables)
        return e.evaluate(
            {v: a for v, a in (VALUES | {name: moved}).items() if v in names}
        )

    columns = [
        8 * (at(i, 1) - at(i, -1)) - (at(i, 2) - at(i, -2))
        for i in np.ndindex(base.shape)
    ]
    stacked = np.stack(columns, -1) / (12 * step)
    return stacked.reshape(*stacked.shape[:-1], *base.shape)


# -- by what ---------------------------------------------------------------------------

TEXTS = ["A*x", "B*A", "exp(s*x)", "x'*A*x", "tr(A*A)", "B*(x .* y)", "inv(A)*x"]


@pytest.mark.parametrize("text", TEXTS)
def test_both_layouts(text: str) -> None:
    """Value first, or the same with the variable's axes in front."""
    e = parsed(text)
    for name in e.variables:
        wanted = differences(text, name)
        split = wanted.ndim - VALUES[name].ndim
        first = e.diff(name)
        turned = e.diff(name, layout="variable_first")
        assert np.allclose(first.evaluate(used(first)), wanted, atol=1e-7)
        moved = np.moveaxis(wanted, range(split), range(-split, 0)) if split else wanted
        assert np.allclose(turned.evaluate(used(turned)), moved, atol=1e-7)
        assert (first.layout, turned.layout) == ("value_first", "variable_first")
        assert first.by == turned.by == ((name, VALUES[name].ndim),)
        assert first.value_order == turned.value_order == split


def used(e: Any) -> dict[str, Any]:
    """The arrays that an expression knows the names of."""
    return {v: VALUES[v] for v in VALUES if v in {*e.scope, *e.variables}}


def test_several_at_once() -> None:
    """A list gives a tuple; further variables differentiate again."""
    e = parsed("x'*A*y")
    by_x, by_y = e.diff(["x", "y"])
    close(by_x, VALUES["A"] @ VALUES["y"])
    close(by_y, VALUES["A"].T @ VALUES["x"])
    assert isinstance(e.diff(("x",)), tuple)
    close(e.diff("x", "y"), VALUES["A"])
    close(e.diff("y", "x"), VALUES["A"].T)
    assert e.diff("x", "y").by == (("x", 1), ("y", 1))
    (mixed,) = e.diff(["x"], "y", layout="variable_first")
    close(mixed, VALUES["A"])
    assert mixed.value_order == 0


def test_orders() -> None:
    """Value axes are counted through higher derivatives."""
    e = parsed("exp(x)")
    second = e.diff("x", "x")
    assert second.value_order == 1
    assert e.diff("x").diff("x").by == (("x", 1), ("x", 1))
    assert second.shape == e.shape * 3
    turned = e.diff("x", layout="variable_first")
    assert turned.diff("x").value_order == 2


def test_by_entries() -> None:
    """An entry, a row, a slice of a variable."""
    A = ic.tensor("A", "n n")
    e = parsed("x'*A*y")
    outer = np.multiply.outer(VALUES["x"], VALUES["y"])
    close(e.diff(A[0, 1]), outer[0, 1])
    close(e.diff(A[1]), outer[1])
    close(e.diff(A[:, 2]), outer[:, 2])
    whole = parsed("A*x").diff(A[0, 2])
    close(whole, np.eye(3)[0] * VALUES["x"][2])
    assert e.diff(A[0, 1]).by[0][1] == 0
    with pytest.raises(ShapeError, match="only a variable can be differentiated by"):
        e.diff(ic.constant(np.eye(3), "K")[0, 1])


def test_by_subexpressions() -> None:
    """As if the part were a variable, also one that only the canonical form shows."""
    A, x, y = ic.tensor("A", "n n"), ic.tensor("x", "n"), ic.tensor("y", "n")
    part = A @ x
    e = (part * part).sum() + y @ part
    close(e.diff(part), 2 * VALUES["A"] @ VALUES["x"] + VALUES["y"])
    assert e.diff(part).by[0][1] == 1
    with pytest.raises(UnknownNameError, match="does not occur in the expression"):
        e.diff(y * y)
    with pytest.raises(UnknownNameError, match="3 is not a variable"):
        e.diff(3)


def test_by_vech() -> None:
    """By the entries of vech where the matrix occurs in no other way."""
    e = ic.parse("tr(S*S)", SHAPES)
    found = e.diff(ic.parse("vech(S)", SHAPES))
    matrix = VALUES["S"]
    twice = 4 * matrix - 2 * np.diag(np.diag(matrix))
    close(found, [twice[i, j] for j in range(3) for i in range(j, 3)])


def test_structures_are_noted() -> None:
    """By what was declared, under which convention."""
    e = parsed("tr(S*A)")
    assert e.diff("S").convention == "S symmetric, symmetrised"
    free = e.diff("S", convention="free_entries")
    assert free.convention == "S symmetric, free_entries"
    assert e.diff("A").convention == ""
    assert e.diff("S").diff("A").convention == "S symmetric, symmetrised"
    again = parsed("tr(S*S*A)").diff("S")
    assert again.diff("S").convention == "S symmetric, symmetrised"
    both = again.diff("S", convention="free_entries").convention
    assert both == "S symmetric, symmetrised; S symmetric, free_entries"
    sym = (VALUES["A"] + VALUES["A"].T) / 2
    close(e.diff("S"), sym)
    close(free, 2 * sym - np.diag(np.diag(sym)))


# -- gradients and second derivatives --------------------------------------------------


def test_hessians() -> None:
    """Axes of the first variable, then of the second."""
    e = parsed("x'*A*y + x'*x")
    close(e.gradient("x"), VALUES["A"] @ VALUES["y"] + 2 * VALUES["x"])
    close(e.hessian("x"), 2 * np.eye(3))
    close(e.hessian("x", "x"), 2 * np.eye(3))
    close(e.hessian("x", "y"), VALUES["A"])
    close(e.hessian("y", "x"), VALUES["A"].T)
    assert e.hessian("x", "y").by == (("x", 1), ("y", 1))
    assert e.hessian("x").value_order == 1
    assert e.gradient("x").value_order == 0
    mixed = parsed("tr(S*S*A)").hessian("S", "A")
    assert mixed.shape == parsed("S").shape + parsed("A").shape
    noted = parsed("tr(S*S)").hessian("S", convention="free_entries")
    assert noted.convention == "S symmetric, free_entries"
    assert (noted.value_order, noted.by) == (2, (("S", 2), ("S", 2)))


def test_curved_hessians() -> None:
    """By an orthogonal variable it is the Riemannian one, not the derivative of the
    gradient."""
    e = ic.parse("tr(Q'*A*Q*B)", Q="n n : orthogonal", A="n n", B="n n")
    leaf = e.scope["Q"]
    found = e.hessian("Q")
    assert found.node is fuse(derivative.hessian(e.written, leaf, leaf))
    assert found.node is not e.gradient("Q").diff("Q").node
    assert (found.value_order, found.by) == (2, (("Q", 2), ("Q", 2)))


def test_one_entry_counts_as_a_scalar() -> None:
    """A 1×1 matrix has a gradient in the variable's shape."""
    X = ic.tensor("X", "1 n")
    assert (X @ ic.tensor("x", "n")).gradient("x").shape == parsed("x").shape
    with pytest.raises(ShapeError, match="a gradient needs a scalar, and this is n"):
        parsed("A*x").gradient("x")
    with pytest.raises(ShapeError, match="needs a scalar"):
        parsed("A*x").hessian("x")


# -- along directions ------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_products_with_directions(text: str) -> None:
    """The derivative contracted with a tangent, or with a cotangent."""
    e = parsed(text)
    rng = np.random.default_rng(3)
    for name in e.variables:
        wanted = differences(text, name)
        order = VALUES[name].ndim
        tangent = rng.standard_normal(VALUES[name].shape)
        along = e.jvp(name, ic.tensor("V", SHAPES[name]))
        found = along.evaluate(used(along) | {"V": tangent})
        product = np.tensordot(wanted, tangent, order)
        np.testing.assert_allclose(found, product, atol=1e-7)
        assert along.value_order == len(e.shape)
        cotangent = rng.standard_normal(wanted.shape[: wanted.ndim - order])
        back = e.vjp(name, ic.tensor("W", e.shape))
        found = back.evaluate(used(back) | {"W": cotangent})
        product = np.tensordot(cotangent, wanted, cotangent.ndim)
        np.testing.assert_allclose(found, product, atol=1e-7)


def test_new_directions_have_names() -> None:
    """dx for a tangent, v for a cotangent."""
    e = parsed("A*x")
    assert set(e.jvp("x").variables) == {"A", "dx"}
    assert set(e.vjp("x").variables) == {"A", "v"}
    assert e.jvp("x").shape == e.shape
    assert e.vjp("x").shape == parsed("x").shape
    close(
        parsed("x'*A*x").hvp("x", parsed("y")),
        (VALUES["A"] + VALUES["A"].T) @ VALUES["y"],
    )
    assert str(e.differential("x")).startswith("dy = ")
    assert str(parsed("x'*x").differential("x")).startswith("df = ")
    assert str(parsed("A*A").differential("A")).startswith("dF = ")
    assert str(e.differential("x", name="g")).startswith("dg = ")


def test_cotangents_follow_conventions() -> None:
    """The projected product is that with the projected derivative."""
    e = parsed("A*S*x")
    for convention in ("symmetrised", "free_entries"):
        whole = e.diff("S", convention=convention)
        v = np.array([1.0, -2.0, 0.5])
        wanted = np.tensordot(v, whole.evaluate(used(whole)), 1)
        back = e.vjp("S", ic.tensor("w", "n"), convention=convention)
        found = back.evaluate(used(back) | {"w": v})
        np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_steps_are_of_the_same_derivative() -> None:
    """A derivation names the method and ends in the derivative."""
    for method in ("differential", "index", "chain", "vec"):
        assert "x" in str(parsed("x'*A*x").steps("x", method))


# -- what is refused -------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "layout": (
        lambda: parsed("A*x").diff("x", layout="rows"),
        ShapeError,
        "the layout 'rows' is not one of value_first, variable_first",
    ),
    "convention": (
        lambda: parsed("A*x").diff("x", convention="half"),
        UnsupportedError,
        "'half' is not a convention",
    ),
    "convention of a product": (
        lambda: parsed("A*S*x").vjp("S", convention="half"),
        UnsupportedError,
        "'half' is not a convention",
    ),
    "unknown name": (lambda: parsed("A*x").diff("w"), UnknownNameError, "w"),
    "another of the name": (
        lambda: parsed("A*x").diff(ic.tensor("x", "m")),
        ShapeError,
        "x is n in the expression, and the one given is m",
    ),
    "a constant": (
        lambda: parsed("A*x").jvp(ic.constant([1.0])),
        ShapeError,
        "only a variable can be differentiated by",
    ),
    "a number": (lambda: parsed("A*x").jvp(2), UnknownNameError, "2 is not a variable"),
    "a taken name": (
        lambda: ic.parse("x'*dx", x="n", dx="n").jvp("x"),
        UnsupportedError,
        "the differential dx has the name of a variable",
    ),
    "a tangent's shape": (
        lambda: parsed("A*x").jvp("x", parsed("A")),
        ShapeError,
        "a direction of shape n×n where n is wanted",
    ),
    "a cotangent's shape": (
        lambda: parsed("B*x").vjp("x", parsed("x")),
        ShapeError,
        "a direction of shape n where m is wanted",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """With both sides."""
    made, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        made()
