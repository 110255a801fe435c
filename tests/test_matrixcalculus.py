"""Whatever matrixcalculus.org documents, and was asked, is read unchanged, is right by
differences of the function by hand, and is said, at order three and four too."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest

import indexcalc as ic
from tests.matrixcalculus import CASES, DOCUMENTED, UNDISPLAYED, Case
from tests.numeric_derivatives import call, central_difference, close

SIZES = {"m": 3, "n": 2, "p": 4, "q": 2, "k": 3}
KINDS = {0: "scalar", 1: "vector", 2: "matrix"}
PAIRS = [(case, name) for case in CASES for name in case.published]


def parsed(case: Case) -> ic.Expression:
    """The text as it stands, read by the letters of its names."""
    return ic.parse(case.text, case.kinds, infer=True)


def arrays(case: Case, y: ic.Expression) -> dict[str, Any]:
    """Entries between 0.2 and 0.9; square matrices are far from singular."""
    rng = np.random.default_rng(crc32(case.id.encode()))
    sizes = {**SIZES, **case.sizes}
    found = {}
    for name, leaf in y.scope.items():
        shape = tuple(sizes[str(size)] for size in leaf.shape)
        array = rng.uniform(0.2, 0.9, shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            array = array + 2 * np.eye(*shape)
        found[name] = (array + array.T) / 2 if leaf.structure else array
    return found


def reference(case: Case, y: ic.Expression, values: dict[str, Any], name: str) -> Any:
    """The derivative of the function by hand, by differences; by a symmetric matrix
    what is symmetric of it."""
    found = central_difference(case.function, values, name, 1e-5)
    if y.scope[name].structure:
        found = (found + np.swapaxes(found, -1, -2)) / 2
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_is_read_unchanged(case: Case) -> None:
    """By letters, and with every variable declared by what it is."""
    y = parsed(case)
    close(y.evaluate(**arrays(case, y)), call(case.function, arrays(case, y)))
    kinds = {name: KINDS[len(leaf.shape)] for name, leaf in y.scope.items()}
    assert ic.parse(case.text, {**kinds, **case.kinds}) == y


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_derivatives(case: Case) -> None:
    """By every variable they agree with differences, as program and as structure."""
    y = parsed(case)
    values = arrays(case, y)
    for name in case.by or y.scope:
        found = y.diff(name).evaluate(**values)
        close(found, reference(case, y, values, name), 1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_they_are_displayed(case: Case) -> None:
    """In matrix notation up to order two; above it too, or else over vec and in
    slices, which no table of formulas leaves out."""
    y = parsed(case)
    for name in case.by or y.scope:
        derivative = y.diff(name)
        assert str(derivative)
        assert derivative.latex()
        if derivative.why_no_matrix_form() is None:
            assert str(derivative.matrix("paper"))
            continue
        assert len(derivative.shape) > 2
        assert str(derivative.jacobian_matrix())
        assert derivative.slices()


SCALARS = [case for case in DOCUMENTED if not parsed(case).shape]


@pytest.mark.parametrize("case", SCALARS, ids=lambda case: case.id)
def test_second_derivatives_are_displayed(case: Case) -> None:
    """In matrix notation or over vec; the second derivative of det(X) alone, which is
    defined where X has no inverse, is said in indices."""
    y = parsed(case)
    for name in y.scope:
        hessian = y.hessian(name)
        if hessian.why_no_matrix_form() is None:
            continue
        assert len(hessian.shape) > 2
        if case.id == "det":
            assert "cofactors2" in str(hessian)
        else:
            assert str(hessian.jacobian_matrix())


@pytest.mark.parametrize("case", UNDISPLAYED, ids=lambda case: case.id)
def test_over_vec(case: Case) -> None:
    """The Jacobian matrix that is shown has the derivative's entries."""
    y = parsed(case)
    values = arrays(case, y)
    for name in case.by or y.scope:
        derivative = y.diff(name)
        shown = str(derivative.jacobian_matrix()).partition("  ")[0]
        leaves = {n: " ".join(map(str, leaf.shape)) for n, leaf in y.scope.items()}
        wanted = derivative.unfolded("numerator", "F").evaluate(**values)
        read = ic.parse(shown, leaves)
        close(np.reshape(read.evaluate(**values), wanted.shape), wanted)


@pytest.mark.parametrize(
    ("case", "name"), PAIRS, ids=[f"{case.id}-{name}" for case, name in PAIRS]
)
def test_what_the_site_answered_is_right(case: Case, name: str) -> None:
    """Its text is read as it stands and judged right, in the layout it has."""
    found = ic.check(parsed(case), name, case.published[name])
    layout = "row" * (name in case.rows) + "column-major vec" * (name in case.vec)
    assert found.kind == "layout" if layout else found.right, str(found)
    assert layout in str(found)


def test_letters() -> None:
    """a–g are scalars, h–z vectors, capitals matrices, also e, E and H; I and eye are
    the identity."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNOPQRSTUVWXYZ"
    for letter in letters:
        (leaf,) = ic.parse(letter, infer=True).scope.values()
        wanted = 2 if letter.isupper() else int(letter > "g")
        assert len(leaf.shape) == wanted, letter
    assert ic.parse("I*x + eye*x", infer=True) == ic.parse("2*x", infer=True)


@pytest.mark.parametrize("text", ["x+1", "x^2", "A*x'", "x*x", "log", "a/x"])
def test_what_it_does_not_allow_is_explained(text: str) -> None:
    with pytest.raises(ic.IndexCalcError) as caught:
        ic.parse(text, infer=True)
    assert caught.value.hint or "size" in str(caught.value)
