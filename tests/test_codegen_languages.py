"""Printed MATLAB, Julia and C++ functions compute what evaluation computes.

All cases of a language run in one process, where Octave, Julia, or g++ with Eigen's
headers is found.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexcalc.codegen import eigen, julia, matlab
from indexcalc.codegen.source import Source
from indexcalc.errors import UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.expr import scale
from indexcalc.nodes import Node, variables
from indexcalc.simplify import fuse
from tests import random_nodes
from tests.einsum_cases import CASES, SIZES, X
from tests.test_einsum_text import FUNCTIONS, values_of

EIGEN = Path("/usr/include/eigen3")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """A node with arrays for it."""

    node: Node
    arrays: Mapping[str, Array]
    sizes: Mapping[str, int]

    def expected(self) -> Array:
        """The value of the node."""
        with np.errstate(all="ignore"):
            return evaluate(self.node, self.arrays, self.sizes, FUNCTIONS)


def cases(seeds: range) -> dict[str, Case]:
    """The table of cases, and random nodes."""
    found = {name: Case(n, values_of(n), SIZES) for name, n in CASES.items()}
    for seed in seeds:
        node = random_nodes.draw(seed).node
        arrays = random_nodes.arrays(seed, list(variables(node)))
        found[f"seed {seed}"] = Case(node, arrays, random_nodes.VALUES)
    return found


Writer = Callable[..., Source]


def written(writer: Writer, seeds: range) -> dict[str, tuple[Case, Source]]:
    """The text of every case that a language can say."""
    found = {}
    for k, (name, case) in enumerate(cases(seeds).items()):
        names = list(variables(case.node))
        try:
            text = writer([fuse(case.node)], function_name=f"case{k}", names=names)
        except UnsupportedError:
            continue
        if not text.functions:
            found[name] = (case, text)
    return found


def arguments(case: Case, text: Source, say: Callable[[Array], str]) -> list[str]:
    """The arguments of a call, in a language's words."""
    given = [say(case.arrays[name]) for name in variables(case.node)]
    given += [str(case.sizes[name]) for name in text.sizes]
    return given + [say(array) for array in text.constants.values()]


def flat(array: Array) -> list[str]:
    """The entries column by column."""
    return [repr(float(v)) for v in np.asarray(array, float).ravel(order="F")]


def check(found: Mapping[str, tuple[Case, Source]], output: str) -> None:
    """Holds lines of a number and its entries to the values."""
    lines = dict(line.split(":", 1) for line in output.splitlines() if ":" in line)
    for name, (case, text) in found.items():
        assert text.name in lines, (name, text.text, output[-2000:])
        entries = np.array([float(v) for v in lines[text.name].split()])
        expected = case.expected()
        assert entries.size == expected.size, (name, text.text)
        value = entries.reshape(expected.shape, order="F")
        scale_ = max(1.0, float(np.abs(expected).max(initial=0)))
        np.testing.assert_allclose(
            value, expected, 1e-8, 1e-8 * scale_, err_msg=f"{name}\n{text}"
        )


# -- MATLAB ----------------------------------------------------------------------------


def in_matlab(array: Array) -> str:
    shape = [*np.shape(array), *[1] * (2 - np.ndim(array))]
    sizes = " ".join(map(str, shape))
    return f"reshape([{' '.join(flat(array))}], [{sizes}])"


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
def test_octave_computes_what_evaluation_computes(tmp_path: Path) -> None:
    found = written(matlab.source, range(80))
    assert len(found) > 130
    script = ["1;", *(text.text for _, text in found.values())]
    for case, text in found.values():
        given = ", ".join(arguments(case, text, in_matlab))
        shape = [*case.expected().shape, *[1] * (2 - case.expected().ndim)]
        while len(shape) > 2 and shape[-1] == 1:
            shape.pop()
        script.append(f"r = {text.name}({given});")
        script.append(f"assert(isequal(size(r), {shape}));")
        script.append(f"printf('{text.name}:'); printf(' %.17g', r); printf('\\n');")
    file = tmp_path / "all.m"
    file.write_text("\n".join(script), encoding="utf-8")
    command = ["octave-cli", "--no-init-file", "--quiet", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    check(found, done.stdout)


# -- Julia -----------------------------------------------------------------------------


def in_julia(array: Array) -> str:
    if np.ndim(array) == 0:
        return repr(float(array))
    sizes = ", ".join(map(str, np.shape(array)))
    return f"reshape(Float64[{', '.join(flat(array))}], {sizes})"


@pytest.mark.skipif(not shutil.which("julia"), reason="Julia is not installed")
def test_julia_computes_what_evaluation_computes(tmp_path: Path) -> None:
    found = written(julia.source, range(80))
    script = [text.text for _, text in found.values()]
    for case, text in found.values():
        plain = arguments(case, text, in_julia)
        count = len(variables(case.node))
        names = list(text.sizes.values())
        sizes = plain[count : count + len(names)]
        keywords = [f"{n}={v}" for n, v in zip(names, sizes, strict=True)]
        given = [*plain[:count], *plain[count + len(names) :], *keywords]
        call = f"{text.name}({', '.join(given)})"
        script.append(
            f'println("{text.name}: ", join(Float64.(vec([{call}...])), " "))'
        )
    file = tmp_path / "all.jl"
    file.write_text("\n".join(script), encoding="utf-8")
    command = ["julia", "--startup-file=no", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    check(found, done.stdout)


@lru_cache
def julia_text(name: str) -> str:
    """The Julia function of a case."""
    return julia.source([fuse(CASES[name])], names=list(variables(CASES[name]))).text


def test_julia_counts_from_1_and_stores_columns_first() -> None:
    assert "return vec(X)" in julia_text("vec")
    assert "out[i, i, j] = X[i, j]" in julia_text("row sums by A: H X")
    assert "(1:p) .== 2" in julia_text("basis vector")
    assert "sum(X; dims=1)" in julia_text("mean of columns")


# -- C++ -------------------------------------------------------------------------------

PRELUDE = """\
#include <cmath>
#include <cstdio>
#include <functional>
#include <tuple>
#include <vector>
#include <Eigen/Dense>
#include <unsupported/Eigen/CXX11/Tensor>
using Entries = std::vector<double>;
Eigen::VectorXd filled(Eigen::VectorXd a, Entries v) {
    for (size_t i = 0; i < v.size(); ++i) a.data()[i] = v[i];
    return a;
}
template <class A> A filled(A a, Entries v) {
    for (size_t i = 0; i < v.size(); ++i) a.data()[i] = v[i];
    return a;
}
void show(const char* name, double v) { printf("%s: %.17g\\n", name, v); }
template <class A> void show(const char* name, const A& a) {
    printf("%s:", name);
    for (Eigen::Index i = 0; i < a.size(); ++i) printf(" %.17g", a.data()[i]);
    printf("\\n");
}
"""

COMPILED = {*list(CASES)[::6], *(f"seed {k}" for k in range(0, 60, 6))}


def in_eigen(array: Array) -> str:
    order = np.ndim(array)
    if order == 0:
        return repr(float(array))
    kind = {1: "Eigen::VectorXd", 2: "Eigen::MatrixXd"}.get(
        order, f"Eigen::Tensor<double, {order}>"
    )
    sizes = ", ".join(map(str, np.shape(array)))
    return f"filled({kind}({sizes}), {{{', '.join(flat(array))}}})"


@pytest.mark.skipif(
    not (shutil.which("g++") and EIGEN.is_dir()),
    reason="g++ or Eigen is not installed",
)
def test_eigen_computes_what_evaluation_computes(tmp_path: Path) -> None:
    whole = written(eigen.source, range(60))
    found = {name: whole[name] for name in whole if name in COMPILED}
    assert len(found) > 18
    body = []
    for case, text in found.values():
        given = ", ".join(arguments(case, text, in_eigen))
        body.append(f'    show("{text.name}", {text.name}({given}));')
    texts = [
        "\n".join(line for line in text.text.splitlines() if "#include" not in line)
        for _, text in found.values()
    ]
    file, program = tmp_path / "all.cpp", tmp_path / "all"
    main = ["int main() {", *body, "}"]
    file.write_text("\n".join([PRELUDE, *texts, *main]), encoding="utf-8")
    command = ["g++", "-O0", f"-I{EIGEN}", str(file), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[:3000]
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    check(found, done.stdout)


# -- what is refused -------------------------------------------------------------------


def test_complex_numbers_are_refused_in_cpp() -> None:
    with pytest.raises(UnsupportedError, match="real numbers"):
        eigen.source([fuse(scale(1j, X))])


@pytest.mark.parametrize("writer", [julia.source, matlab.source, eigen.source])
def test_every_case_is_said_or_refused_with_a_reason(writer: Writer) -> None:
    texts = [said_or_why(writer, node) for node in CASES.values()]
    said = [text for text in texts if isinstance(text, Source)]
    assert len(said) > 70
    for text in said:
        lines = [line for line in text.text.splitlines() if "T[" not in line]
        assert max(map(len, lines)) <= 90, text
    for error in texts:
        assert isinstance(error, Source) or "has no spelling" in str(error)


def said_or_why(writer: Writer, node: Node) -> Source | UnsupportedError:
    """The text of a node, or why there is none."""
    try:
        return writer([fuse(node)], names=list(variables(node)), doc="a\nb")
    except UnsupportedError as error:
        return error
