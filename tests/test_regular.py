"""Inverses of products, where every inverted matrix is regular."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.regular import chain


@pytest.mark.parametrize(
    ("product", "factors"),
    [("A*B", 2), ("A'*B*A", 3), ("n*A*B", None), ("A*B*tr(A)", None), ("A.*B", None)],
)
def test_chains(product: str, factors: int | None) -> None:
    """A chain is a product of matrices and of nothing else, sizes included."""
    found = chain(ic.parse(product, A="n n", B="n n").node)
    assert (None if found is None else len(found)) == factors


@pytest.mark.parametrize(
    "text", ["inv(n*A'*A)", "A*inv(n*A'*A)", "inv(2*n*A*A)", "inv(sum(ones(n))*A'*A)"]
)
def test_sizes_are_not_lost(text: str) -> None:
    """What is said of an inverse has its value."""
    e = ic.parse(text, A="n n")
    array = np.random.default_rng(0).normal(size=(3, 3))
    said = ic.parse(str(e.matrix()), A="n n")
    assert np.allclose(said.evaluate(A=array), e.evaluate(A=array))


def test_a_size_is_a_factor_for_equal() -> None:
    """(n A'A)⁻¹ is not A⁻¹A⁻ᵀ."""
    with_size, without, product = (
        ic.parse(text, A="n n")
        for text in ("inv(n*A'*A)", "inv(A)*inv(A)'", "inv(A'*A)")
    )
    assert ic.equal(with_size, without) is False
    assert ic.equal(product, without) is True
