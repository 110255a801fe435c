"""NumPy functions of real questions, called on symbols: value and derivatives."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests import questions
from tests.numeric_derivatives import call, close, draw, jax_derivative
from tests.questions import QUESTIONS, Question

CASES = [pytest.param(asked, id=asked.id) for asked in QUESTIONS]


class Modules:
    """NumPy, with the package's own activations as `nn`."""

    nn = ic.numpy

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def arrays_of(asked: Question) -> dict[str, Any]:
    """Valid random arrays for a question, the same at every run."""
    rng = np.random.default_rng(zlib.crc32(asked.id.encode()))
    return {n: draw(rng, asked.shape(n), asked.kind(n)) for n in asked.declared}


def expression_of(asked: Question) -> Any:
    """The question's function called on symbols of literal sizes."""
    symbols = {name: ic.tensor(name, asked.shape(name)) for name in asked.declared}
    return call(asked.function, symbols, Modules())


def test_every_question_is_here_once() -> None:
    names = [asked.id for asked in QUESTIONS] + list(questions.EXCUSED)
    assert len(names) == len(set(names)) == 92


@pytest.mark.parametrize("asked", CASES)
def test_value(asked: Question) -> None:
    arrays = arrays_of(asked)
    found = expression_of(asked).evaluate(arrays)
    close(found, call(asked.function, arrays, Modules()))
    close(found, jax_derivative(asked.function, arrays))


@pytest.mark.parametrize("asked", CASES)
def test_derivatives(asked: Question) -> None:
    arrays = arrays_of(asked)
    expression = expression_of(asked)
    for variable in asked.variables:
        times = [variable] * asked.order
        derivative = expression
        for name in times:
            derivative = derivative.diff(name)
        found = derivative.evaluate(arrays)
        close(found, jax_derivative(asked.function, arrays, *times))
