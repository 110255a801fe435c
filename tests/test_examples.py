"""The examples run, at small sizes, and reach the figures that they are about."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples"

#: What an example needs beside NumPy.
NEEDS = {
    "worked_problems": (),
    "logistic_regression": ("sklearn",),
    "matrix_factorisation": ("sklearn", "scipy"),
    "gaussian_process": ("sklearn", "scipy"),
    "bundle_adjustment": ("scipy",),
    "attention": (),
    "ising": (),
}


def example(name: str) -> ModuleType:
    """An example as a module."""
    for needed in NEEDS[name]:
        pytest.importorskip(needed, reason=f"examples/{name}.py needs it")
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_every_example_is_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(NEEDS)


def test_worked_problems(capsys: pytest.CaptureFixture[str]) -> None:
    example("worked_problems").main()
    assert capsys.readouterr().out.splitlines()[-1].startswith("All 5 problems")


def test_logistic_regression_has_the_weights_of_scikit_learn() -> None:
    assert example("logistic_regression").main() < 1e-6


def test_factors_say_more_of_hidden_pixels_than_what_is_usual() -> None:
    errors = example("matrix_factorisation").main(sweeps=5)
    assert errors.fitted < 0.95 * errors.filled < 0.8 * errors.means
    assert errors.gradient < 1e-9


def test_the_evidence_is_that_of_scikit_learn() -> None:
    fit = example("gaussian_process").main(count=150)
    assert max(fit.value, fit.gradient) < 1e-8
    assert fit.last < 1e-6
    assert fit.reached > fit.peer - 1e-6


def test_a_scene_is_adjusted_to_its_noise() -> None:
    found = example("bundle_adjustment").main(cameras=4, points=20)
    assert found.jacobian < 1e-5
    assert found.after < found.noise < 0.1 * found.before
    assert found.gradient < 1e-9


def test_quaternions_turn() -> None:
    q = np.random.default_rng(3).normal(size=4)
    E = example("bundle_adjustment").rotation()
    R = np.einsum("abkl,k,l->ab", E, q, q) / (q @ q)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(R) == pytest.approx(1)
    np.testing.assert_allclose(R @ q[1:], q[1:])


def test_attention_has_the_gradients_of_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    differences = example("attention").main(n=16, d=8, h=3, k=4)
    assert differences.pop("a difference quotient") < 1e-5
    assert all(error < 1e-10 for error in differences.values())
    assert "softmax(Q @ (s * K.T)).T @ G" in capsys.readouterr().out


def test_the_ising_model_has_its_exact_figures(tmp_path: Path) -> None:
    picture = tmp_path / "torus.svg"
    errors = example("ising").main(L=3, larger=4, picture=str(picture))
    assert max(errors.logarithm, errors.energy, errors.variance) < 1e-9
    assert picture.read_text(encoding="utf-8").count(">B<") >= 17
