"""Gradients and Hessians of NumPy calls, against complex steps and their differences.

Of every source a scalar is made, Σ sin(0.7 source). Sources that are not analytic, as
an absolute value or an order of entries, are left to `test_numpy_calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests.numeric_derivatives import close
from tests.numpy_hessians import gradient, hessian
from tests.numpy_sources import SHAPES, SOURCES, arrays

ARRAYS = arrays()
#: One source in so many is tried here.
EVERY = 12
#: What is not analytic, or not defined for complex numbers.
PIECES = (
    *("abs", "norm", "max", "min", "sign", "heaviside", ">", "<", "equal", "logical"),
    *("where", "select", "clip", "ptp", "bitwise", "cbrt", "hypot", "arctan2", "relu"),
    *(
        "eig",
        "svd",
        "cholesky",
        "pinv",
        "real",
        "imag",
        "conj",
        "vdot",
        "vecdot",
        "erf",
    ),
    *("logaddexp", "softplus", "rad", "degrees", "float_power", "fabs", "slogdet"),
    *("vecmat", "vecmul", "expit", "logit", "polyval", "logsumexp", "softmax"),
    *("var", "std", "cov", "_like"),
)
ANALYTIC = [s for s in SOURCES if not any(piece in s for piece in PIECES)]


def scalar(source: str, values: Mapping[str, Any]) -> Any:
    """Σ sin(0.7 source), on arrays or on symbols."""
    known = {"np": np, "nn": ic.numpy, **ARRAYS, **values}
    return np.sum(np.sin(0.7 * eval(source, known)))


@pytest.mark.parametrize("source", ANALYTIC[::EVERY])
def test_gradient_and_hessian(source: str) -> None:
    symbols = {name: ic.tensor(name, shape) for name, shape in SHAPES.items()}
    e = scalar(source, symbols)
    given = {name: ARRAYS[name] for name in getattr(e, "variables", {})}
    names = [name for name in given if 0 < ARRAYS[name].size <= 12][:2]

    def function(values: Mapping[str, Any]) -> Any:
        return scalar(source, values)

    for name in names:
        close(e.gradient(name).evaluate(given), gradient(function, ARRAYS, name))
    for name in names[:1]:
        block = e.hessian(name, names[-1]).evaluate(given)
        close(block, hessian(function, ARRAYS, name, names[-1]), 3e-8)
