"""Printed PyTorch functions compute what evaluation computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexcalc.derivative import gradient
from indexcalc.nodes import variables
from tests import random_nodes
from tests.einsum_cases import CASES, c, logistic
from tests.test_codegen import agree, printed, run
from tests.test_einsum_text import values_of

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def as_tensor(array: Any) -> Any:
    """A tensor of its own memory."""
    return torch.from_numpy(np.array(array))


@pytest.mark.parametrize("name", CASES)
def test_torch_computes_what_evaluation_computes(name: str) -> None:
    agree(CASES[name], values_of(CASES[name]), "torch", as_tensor)


@pytest.mark.parametrize("seed", range(100, 140))
def test_random_nodes(seed: int) -> None:
    node = random_nodes.draw(seed).node
    arrays = random_nodes.arrays(seed, list(variables(node)))
    agree(node, arrays, "torch", as_tensor, random_nodes.VALUES, rtol=1e-9)


def test_torch_differentiates_the_text() -> None:
    node = logistic()
    names, arrays = list(variables(node)), values_of(node)
    inputs = [as_tensor(arrays[v]) for v in names]
    value = printed(node, "torch").run()
    expected = torch.func.grad(value, argnums=names.index("c"))(*inputs)
    derivative = gradient(node, c)
    found = run(printed(derivative, "torch"), derivative, arrays, as_tensor)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_written_diagonals_under_vmap() -> None:
    node = CASES["row sums by A: H X"]
    stack = np.random.default_rng(0).normal(size=(3, 4, 3))
    text = printed(node, "torch")
    found = torch.func.vmap(text.run())(as_tensor(stack))
    for k in range(3):
        expected = run(text, node, {"X": stack[k]}, as_tensor)
        np.testing.assert_array_equal(found[k], expected)
