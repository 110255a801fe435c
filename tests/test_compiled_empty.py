"""Compiled functions of arrays without entries compute what evaluation computes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import indexcalc as ic

SHAPES = {"T": "n m k", "U": "m k l", "V": "k l m", "W": "n m l"}
SPECS = {
    "ijk,jkl->il": "TU",
    "ijk,klj->il": "TV",
    "ijk,jkl->li": "TU",
    "ijk,jkl,jkl->i": "TUU",
    "ijk,ijl->ikl": "TW",
}


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("spec", SPECS)
def test_products(spec: str, literal: bool) -> None:
    for lengths in product((0, 1, 2), repeat=4):
        sizes = dict(zip("nmkl", lengths, strict=True))
        shapes = {
            name: tuple(sizes[s] for s in SHAPES[name].split()) for name in SPECS[spec]
        }
        symbols = [
            ic.tensor(name, shapes[name] if literal else SHAPES[name])
            for name in SPECS[spec]
        ]
        e = ic.einsum(spec, *symbols)
        arrays = {name: np.ones(shape) for name, shape in shapes.items()}
        expected = e.evaluate(arrays)
        for options in ({}, {"style": "plain"}, {} if literal else {"sizes": sizes}):
            found = e.compile(**options)(arrays)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("name", ["expm", "cosm", "sqrtm"])
def test_derivatives_of_functions_of_a_matrix_without_entries(name: str) -> None:
    f = ic.parse(f"sum({name}(X)*M)", X="n n", M="n n")
    arrays = {"X": np.ones((0, 0)), "M": np.ones((0, 0))}
    for e in (
        f.gradient("X"),
        f.hessian("X"),
        ic.parse(f"{name}(X)", X="n n").diff("X"),
    ):
        given = {k: arrays[k] for k in e.variables}
        expected = e.evaluate(given)
        for style in ("fast", "plain"):
            assert e.compile(style=style)(given).shape == expected.shape
