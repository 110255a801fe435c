"""`code` in every language: what it computes, in the forms that planning chooses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.codegen import plain
from indexcalc.codegen.languages import LANGUAGES, printed
from indexcalc.codegen.source import Source
from tests.test_codegen_languages import (
    EIGEN,
    PRELUDE,
    Case,
    arguments,
    check,
    in_eigen,
    in_matlab,
)

Array = np.ndarray[Any, Any]

SIZES = {"m": 5, "n": 4, "k": 2}

#: Texts with their shapes, what is differentiated by, and how often.
PROBLEMS = {
    "logistic gradient": (
        ("sum(log(exp(-y .* (X*w)) .+ 1))", {"X": "m n", "y": "m", "w": "n"}),
        ("w",),
    ),
    "logistic Hessian": (
        ("sum(log(exp(-y .* (X*w)) .+ 1))", {"X": "m n", "y": "m", "w": "n"}),
        ("w", "w"),
    ),
    "factorisation": (
        ("normsq(T - U*V')", {"T": "m n", "U": "m k", "V": "n k"}),
        ("U",),
    ),
    "inverse": (("a'*inv(S)*b", {"a": "n", "S": "n n", "b": "n"}), ("S",)),
    "log det": (("logdet(S)", {"S": "n n"}), ("S",)),
    "softmax": (("softmax(X*w)", {"X": "m n", "w": "n"}), ("w",)),
    "trace": (("tr(X'*X*S)", {"X": "m n", "S": "n n"}), ("X",)),
}

CASES = [pytest.param(name, id=name) for name in PROBLEMS]


def derivative(name: str) -> Any:
    """The derivative that a problem asks for."""
    (text, shapes), by = PROBLEMS[name]
    found = ic.parse(text, shapes)
    for variable in by:
        found = found.diff(variable)
    return found


def arrays_of(name: str) -> dict[str, Array]:
    """Random arrays for a problem; square ones are well conditioned."""
    rng = np.random.default_rng(7)
    (_, shapes), _ = PROBLEMS[name]
    found = {v: rng.normal(size=[SIZES[s] for s in shapes[v].split()]) for v in shapes}
    return {v: a + 4 * np.eye(4) if v == "S" else a for v, a in found.items()}


def called(e: Any, language: str, arrays: dict[str, Array], module: Any) -> Array:
    """What the text answers on arrays of a library."""
    scope: dict[str, Any] = {}
    exec(e.code(language, "g"), scope)
    return np.asarray(
        scope["g"](*(module.asarray(arrays[v]) for v in e.compile().names))
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("language", ["numpy", "array_api", "jax", "torch"])
def test_python_computes_the_value(name: str, language: str) -> None:
    modules = {"array_api": "array_api_strict", "jax": "jax.numpy"}
    module = pytest.importorskip(modules.get(language, language))
    if language == "array_api":
        pytest.importorskip("array_api_compat")
    pytest.importorskip("scipy")
    e, arrays = derivative(name), arrays_of(name)
    found = called(e, language, arrays, module)
    tolerance = 1e-4 if found.dtype == np.float32 else 1e-11
    np.testing.assert_allclose(found, e.evaluate(arrays), tolerance, tolerance)


def cases(language: str) -> dict[str, tuple[Case, Source]]:
    """The text of every problem in a language, and what it must compute."""
    found = {}
    for k, name in enumerate(PROBLEMS):
        e, arrays = derivative(name), arrays_of(name)
        held = {v: arrays[v] for v in e.compile().names}
        text = printed(
            [e.node], language, plain.typical, name=f"case{k}", names=list(held)
        )
        found[name] = (Case(e.node, held, {}), text)
    return found


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
def test_octave_computes_the_value(tmp_path: Path) -> None:
    found = cases("matlab")
    script = ["1;", *(text.text for _, text in found.values())]
    for case, text in found.values():
        given = ", ".join(arguments(case, text, in_matlab))
        script.append(
            f"printf('{text.name}:'); printf(' %.17g', {text.name}({given}));"
        )
        script.append("printf('\\n');")
    file = tmp_path / "all.m"
    file.write_text("\n".join(script), encoding="utf-8")
    command = ["octave-cli", "--no-init-file", "--quiet", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    check(found, done.stdout)


@pytest.mark.skipif(
    not (shutil.which("g++") and EIGEN.is_dir()),
    reason="g++ or Eigen is not installed",
)
def test_eigen_computes_the_value(tmp_path: Path) -> None:
    kept = ("inverse", "log det", "logistic gradient")
    found = {k: v for k, v in cases("eigen").items() if k in kept}
    body = []
    for case, text in found.values():
        given = ", ".join(arguments(case, text, in_eigen))
        body.append(f'    show("{text.name}", {text.name}({given}));')
    texts = [
        "\n".join(line for line in text.text.splitlines() if "#include" not in line)
        for _, text in found.values()
    ]
    file, program = tmp_path / "all.cpp", tmp_path / "all"
    file.write_text("\n".join([PRELUDE, *texts, "int main() {", *body, "}"]))
    command = ["g++", "-O0", f"-I{EIGEN}", str(file), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[:3000]
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    check(found, done.stdout)


def test_forms_are_chosen_for_sizes() -> None:
    e = derivative("factorisation")
    thin = e.code(sizes={"m": 1000, "n": 1000, "k": 5})
    wide = e.code(sizes={"m": 10, "n": 10, "k": 1000})
    assert "V.T @ V" in thin
    assert "U @ V.T" in wide


def test_variables_that_only_tell_sizes_are_arguments() -> None:
    x = ic.tensor("x", "n")
    hessian = (x @ x).hessian(x)
    assert hessian.code().startswith("import numpy as np\n\n\ndef f(x):")
    scope: dict[str, Any] = {}
    exec(hessian.code(), scope)
    np.testing.assert_array_equal(scope["f"](np.ones(3)), 2 * np.eye(3))


def test_a_size_that_nothing_tells_is_a_keyword() -> None:
    scope: dict[str, Any] = {}
    exec(ic.eye("n").code(), scope)
    np.testing.assert_array_equal(scope["f"](n=3), np.eye(3))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_its_formula(language: str) -> None:
    U, x = ic.tensor("U", "n n"), ic.tensor("x", "n")
    assert "2Ux" in (2 * (U @ x)).code(language)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ic.UnsupportedError, match=r"'fortran'.*one of numpy"):
        derivative("trace").code("fortran")


@pytest.mark.parametrize("name", ["2x", "class", "a b"])
def test_what_names_no_function_is_refused(name: str) -> None:
    with pytest.raises(ic.UnsupportedError, match="name of a function"):
        derivative("trace").code(name=name)
