"""Printed array-API functions use nothing beyond the standard."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.errors import UnsupportedError
from indexcalc.nodes import variables
from tests import random_nodes
from tests.einsum_cases import CASES
from tests.test_codegen import agree
from tests.test_einsum_text import values_of

pytest.importorskip("array_api_compat", reason="array-api-compat is not installed")
xp = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")

#: Those whose functions the standard does not have.
REFUSED = {"determinant Hessian", "adjugate"}


@pytest.mark.parametrize("name", CASES)
def test_the_standard_computes_what_evaluation_computes(name: str) -> None:
    node = CASES[name]
    if name in REFUSED or not variables(node):
        with pytest.raises(UnsupportedError):
            agree(node, values_of(node), "array_api", xp.asarray)
    else:
        agree(node, values_of(node), "array_api", xp.asarray)


@pytest.mark.parametrize("seed", range(100, 140))
def test_random_nodes(seed: int) -> None:
    node = random_nodes.draw(seed).node
    arrays = random_nodes.arrays(seed, list(variables(node)))
    if arrays:
        agree(node, arrays, "array_api", xp.asarray, random_nodes.VALUES, rtol=1e-9)


def test_float32_stays_float32() -> None:
    node = CASES["logistic Hessian"]
    arrays = values_of(node, np.float32)
    agree(node, arrays, "array_api", xp.asarray, rtol=1e-3)
