"""Each known derivative: right on arrays, and the expression of its closed form."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from tests import identities
from tests.identity_row import SIZES, Row
from tests.numeric_derivatives import (
    by_parameters,
    call,
    close,
    complex_step,
    draw,
    jax_derivative,
)

EVERY = [pytest.param(row, id=row.id) for row in identities.ROWS]
ALONG = [pytest.param(row, id=row.id) for row in identities.ROWS if row.along]
TRUE = [pytest.param(row, id=row.id) for row in identities.ROWS if not row.false]
FALSE = [pytest.param(row, id=row.id) for row in identities.ROWS if row.false]


def arrays_of(row: Row) -> dict[str, Any]:
    """Valid random arrays for a row, the same at every run."""
    rng = np.random.default_rng(zlib.crc32(row.id.encode()))
    return {
        name: draw(rng, row.dimensions(name), row.kind(name)) for name in row.shapes
    }


def value_of(row: Row) -> Any:
    """The expression of a row."""
    return ic.parse(row.text, row.shapes)


def derivative_of(row: Row) -> Any:
    """Its derivative, of the row's order."""
    expression = value_of(row)
    if row.convention:
        variable = expression.scope[row.variable]
        return ic.Expression(
            jacobian(expression.written, variable, row.convention),
            scope=expression.scope,
        )
    for _ in range(row.order):
        expression = expression.diff(row.variable)
    return expression


def forms_of(row: Row) -> list[Any]:
    """The known forms of the whole derivative, with their named parts put in."""
    parts = row.where or {}
    named = {**row.shapes, **{name: shape for name, (shape, _) in parts.items()}}
    values = {name: ic.parse(text, row.shapes) for name, (_, text) in parts.items()}
    forms = []
    if row.closed:
        forms.append(ic.parse(row.closed, named))
    if row.index:
        forms.append(ic.parse_index(row.index, out=row.out, shapes=named))
    return [_filled(form, values) for form in forms]


def _filled(form: Any, values: dict[str, Any]) -> Any:
    """A form with its named parts put in."""
    return form.subs({name: values[name] for name in form.variables if name in values})


def reference(row: Row, arrays: dict[str, Any]) -> Any:
    """The derivative by complex step, or by JAX where it is the second."""
    if row.convention:
        name, kind = row.variable, row.kind(row.variable)
        return by_parameters(row.function, arrays, name, kind, row.convention)
    if row.order == 1:
        return complex_step(row.function, arrays, row.variable)
    return jax_derivative(row.function, arrays, *[row.variable] * row.order)


def test_every_row_is_said_or_excused() -> None:
    said = {row.id.partition("-")[0] for row in identities.ROWS}
    assert len(identities.NAMES) == 121
    assert said | set(identities.EXCUSED) == set(identities.NAMES)
    assert not said & set(identities.EXCUSED)


@pytest.mark.parametrize("row", EVERY)
def test_value_on_arrays(row: Row) -> None:
    arrays = arrays_of(row)
    found = value_of(row).evaluate(arrays, sizes=SIZES)
    close(found, call(row.function, arrays))


@pytest.mark.parametrize("row", EVERY)
def test_derivative_on_arrays(row: Row) -> None:
    arrays = arrays_of(row)
    found = derivative_of(row).evaluate(arrays, sizes=SIZES)
    close(found, reference(row, arrays))


@pytest.mark.parametrize("row", TRUE)
def test_forms_on_arrays(row: Row) -> None:
    arrays = arrays_of(row)
    wanted = reference(row, arrays)
    for form in forms_of(row):
        held = {name: arrays[name] for name in form.variables}
        close(form.evaluate(held, sizes=SIZES), wanted)


@pytest.mark.parametrize("row", TRUE)
def test_derivative_is_its_closed_form(row: Row) -> None:
    derivative = derivative_of(row)
    for form in forms_of(row):
        assert ic.equal(derivative, form) is True


@pytest.mark.parametrize("row", ALONG)
def test_derivative_along_a_direction(row: Row) -> None:
    direction = ic.tensor("dX", row.shapes[row.variable])
    found = value_of(row).jvp(row.variable, direction)
    wanted = ic.parse(row.along, {**row.shapes, "dX": row.shapes[row.variable]})
    assert ic.equal(found, wanted) is True


@pytest.mark.parametrize("row", FALSE)
def test_wrong_published_forms_are_told_apart(row: Row) -> None:
    derivative = derivative_of(row)
    for form in forms_of(row):
        assert ic.equal(derivative, form) is False
