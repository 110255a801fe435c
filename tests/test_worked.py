"""The five worked problems: one object from every way in, one closed derivative."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests.numeric_derivatives import (
    call,
    central_difference,
    close,
    draw,
    jax_derivative,
)
from tests.worked import PROBLEMS, SIZES, Problem, Way

CASES = [pytest.param(problem, id=problem.name) for problem in PROBLEMS]


def every(field: str) -> list[Any]:
    """One case for each way of saying a problem's `ways` or `closed`."""
    return [
        pytest.param(problem, way, id=f"{problem.name}-{name}")
        for problem in PROBLEMS
        for name, way in getattr(problem, field).items()
    ]


def build(problem: Problem, way: Way) -> Any:
    """The expression that a way of saying a problem gives."""
    symbols = {name: ic.tensor(name, shape) for name, shape in problem.shapes.items()}
    return call(way, {"ic": ic, **symbols})


def value_of(problem: Problem) -> Any:
    """The problem's value from its first text."""
    return build(problem, problem.ways["text" if "text" in problem.ways else "index"])


def arrays_of(problem: Problem) -> dict[str, Any]:
    """Random arrays for a problem, the same at every run."""
    rng = np.random.default_rng(zlib.crc32(problem.name.encode()))
    return {name: draw(rng, problem.dimensions(name)) for name in problem.shapes}


@pytest.mark.parametrize(("problem", "way"), every("ways"))
def test_every_way_in_is_one_object(problem: Problem, way: Way) -> None:
    assert build(problem, way) == value_of(problem)


@pytest.mark.parametrize(("problem", "way"), every("ways"))
def test_every_way_in_has_one_derivative(problem: Problem, way: Way) -> None:
    wanted = value_of(problem).diff(problem.variable)
    assert build(problem, way).diff(problem.variable) == wanted


@pytest.mark.parametrize(("problem", "closed"), every("closed"))
def test_derivative_is_the_closed_form(problem: Problem, closed: Way) -> None:
    derivative = value_of(problem).diff(problem.variable)
    assert derivative == build(problem, closed)


@pytest.mark.parametrize(("problem", "closed"), every("closed"))
def test_closed_form_on_arrays(problem: Problem, closed: Way) -> None:
    arrays = arrays_of(problem)
    form = build(problem, closed)
    held = {name: arrays[name] for name in form.variables}
    found = form.evaluate(held, sizes=SIZES)
    close(found, central_difference(problem.function, arrays, problem.variable))


@pytest.mark.parametrize("problem", CASES)
def test_value_on_arrays(problem: Problem) -> None:
    arrays = arrays_of(problem)
    found = value_of(problem).evaluate(arrays, sizes=SIZES)
    close(found, call(problem.function, arrays), 1e-12)


@pytest.mark.parametrize("problem", CASES)
def test_derivative_by_jax(problem: Problem) -> None:
    arrays = arrays_of(problem)
    derivative = value_of(problem).diff(problem.variable)
    found = derivative.evaluate(arrays, sizes=SIZES)
    close(found, jax_derivative(problem.function, arrays, problem.variable), 1e-10)


@pytest.mark.parametrize("problem", CASES)
def test_derivative_by_differences_of_step_one(problem: Problem) -> None:
    arrays = arrays_of(problem)
    derivative = value_of(problem).diff(problem.variable)
    found = derivative.evaluate(arrays, sizes=SIZES)
    wanted = central_difference(problem.function, arrays, problem.variable)
    close(found, wanted, 1e-10)
