"""Printed functions compute what evaluation computes, and read as one would write.

    python -m tests.test_codegen --write

writes the golden texts: read the difference before it is committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import matrix as m
from indexcalc.codegen import eigen, julia, matlab
from indexcalc.codegen.libraries import LIBRARIES
from indexcalc.codegen.plain import source
from indexcalc.codegen.source import Source
from indexcalc.derivative import gradient, hessian
from indexcalc.errors import UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.expr import add, linear, scale, tensor
from indexcalc.functions import TABLE, call
from indexcalc.kernels_spectral import KERNELS as SPECTRAL
from indexcalc.nodes import Node, variables
from indexcalc.planning.choices import chosen
from indexcalc.simplify import fuse
from indexcalc.sizes import dim, plus, times
from tests import random_nodes
from tests.einsum_cases import CASES, SIZES, A, S, X, c, logistic, n, p, x, y
from tests.questions import QUESTIONS, Question
from tests.test_einsum_text import FUNCTIONS, HOSTILE, values_of
from tests.test_questions import arrays_of, expression_of

GOLDEN = Path(__file__).with_name("codegen.txt")

Arrays = Mapping[str, Any]


def printed(node: Node, library: str = "numpy", **options: Any) -> Source:
    """A node's function, its arguments in alphabetical order."""
    return source([fuse(node)], library=library, names=list(variables(node)), **options)


def run(
    text: Source,
    node: Node,
    arrays: Arrays,
    convert: Callable[[Any], Any] = np.asarray,
    sizes: Mapping[str, int] = SIZES,
) -> Any:
    """What a printed function answers on arrays."""
    function = text.run({name: convert(a) for name, a in text.constants.items()})
    keywords: dict[str, Any] = {p: sizes[name] for name, p in text.sizes.items()}
    keywords |= {p: FUNCTIONS[label] for label, p in text.functions.items()}
    return function(*(convert(arrays[v]) for v in variables(node)), **keywords)


def agree(
    node: Node,
    arrays: Arrays,
    library: str = "numpy",
    convert: Callable[[Any], Any] = np.asarray,
    sizes: Mapping[str, int] = SIZES,
    rtol: float = 1e-10,
) -> None:
    """Holds a printed function to evaluation."""
    text = printed(node, library)
    with np.errstate(all="ignore"):
        expected = evaluate(node, arrays, sizes, FUNCTIONS)
        found = np.asarray(run(text, node, arrays, convert, sizes))
    assert found.shape == expected.shape, text
    atol = rtol * max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol, atol, err_msg=str(text))


# -- values ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_numpy_computes_what_evaluation_computes(name: str) -> None:
    arrays = values_of(CASES[name])
    before = {key: array.copy() for key, array in arrays.items()}
    agree(CASES[name], arrays)
    assert all(np.array_equal(arrays[key], before[key]) for key in arrays)


@pytest.mark.parametrize("seed", range(60))
def test_random_nodes(seed: int) -> None:
    node = random_nodes.draw(seed).node
    arrays = random_nodes.arrays(seed, list(variables(node)))
    agree(node, arrays, sizes=random_nodes.VALUES, rtol=1e-9)


@pytest.mark.parametrize("asked", [pytest.param(q, id=q.id) for q in QUESTIONS])
def test_questions_and_their_derivatives(asked: Question) -> None:
    arrays = arrays_of(asked)
    value = expression_of(asked)
    agree(value.node, arrays, rtol=1e-8)
    for variable in asked.variables:
        derivative = value
        for _ in range(asked.order):
            derivative = derivative.diff(variable)
        agree(derivative.node, arrays, rtol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name: str) -> None:
    node = CASES[name]
    arrays = values_of(node, np.float32)
    found = np.asarray(run(printed(node), node, arrays))
    if arrays:
        assert found.dtype == np.float32
    expected = evaluate(node, arrays, SIZES, FUNCTIONS)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def test_axes_of_length_0(monkeypatch: Any) -> None:
    monkeypatch.setitem(SIZES, "n", 0)
    for name in (
        "row sums by A: H X",
        "vec by X",
        "logistic Hessian",
        "three patterns",
    ):
        agree(CASES[name], values_of(CASES[name]))


def test_complex_arrays_stay_complex() -> None:
    node = linear([(m.diagonal_matrix(x), 1 + 2j), (m.outer(y, x), 0.5)], (n, n))
    node = add(node, m.times(m.elementwise("exp", scale(1j, m.trace(m.eye(n)))), S))
    node = add(
        node, m.contract(m.transpose(S), m.spread(scale(1j, m.norm2(x)), (n, n)))
    )
    agree(node, {key: a * (1 + 1j) for key, a in values_of(node).items()})


# -- functions -------------------------------------------------------------------------

#: What the array API has no name for.
REFUSED = {("array_api", "erf"), ("array_api", "cofactors")}

PASSED_OVER = {"power", "acosh", "conj", *SPECTRAL}


def function_call(name: str) -> Node:
    """A function of the table on a matrix of the right kind."""
    params = (1,) if name in ("norm2", "rnorm", "cofactors") else ()
    cored = TABLE[name].signature(params)[0][0]
    return call(name, [S if len(cored) == 2 else X] * len(TABLE[name].partials), params)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - PASSED_OVER))
def test_functions_agree_with_their_kernels(name: str) -> None:
    node = function_call(name)
    arrays = values_of(node)
    if name in ("sigmoid", "softplus", "lse", "softmax", "relu", "heaviside", "erf"):
        arrays["X"] = np.array([[-1000.0, 0.0, 1000.0]] * 3 + [[-30.0, 1e-9, 5.0]])
    agree(node, arrays)


@pytest.mark.parametrize("text", ["1/(b - b)", "sqrt(-1)*b", "(b - b)^(-1/3)"])
@pytest.mark.parametrize("style", ["fast", "plain"])
def test_powers_of_numbers_are_those_of_arrays(text: str, style: str) -> None:
    """Python raises for 1/0 and makes √−1 complex; arrays do neither."""
    e = ic.parse(text, b="")
    with np.errstate(all="ignore"):
        found = e.compile(style=style)(b=1.0)
        assert np.array_equal(found, e.evaluate(b=1.0), equal_nan=True)


@pytest.mark.parametrize(
    "exponent", [2, 3, -1, -2, Fraction(1, 2), Fraction(-1, 2), 0.3]
)
def test_powers(exponent: Any) -> None:
    node = call("power", [X], (exponent,))
    agree(m.times(node, A), values_of(m.times(node, A)))
    agree(m.times(m.total(node), A), values_of(m.times(node, A)))


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_function_is_spelled_or_refused(library: str) -> None:
    for name in sorted(TABLE.keys() - PASSED_OVER):
        if (library, name) in REFUSED:
            with pytest.raises(UnsupportedError, match=name):
                printed(function_call(name), library)
        else:
            compile(printed(function_call(name), library).text, name, "exec")


# -- several results -------------------------------------------------------------------


def test_value_gradient_and_hessian_share_work() -> None:
    nodes = [logistic(), gradient(logistic(), c), hessian(logistic(), c, c)]
    nodes = [fuse(node) for node in nodes]
    text = source(nodes, names=["X", "y", "c", "s"], single=False)
    assert text.text.count("X @ c") == 1
    assert text.text.count("expit(") == 1
    arrays = values_of(nodes[0])
    found = text.run()(*(arrays[name] for name in ("X", "y", "c", "s")))
    for value, node in zip(found, nodes, strict=True):
        np.testing.assert_allclose(value, evaluate(node, arrays, SIZES), rtol=1e-12)


def test_chosen_forms_solve_instead_of_inverting() -> None:
    square = tensor("M", (n, n))
    value = m.contract(x, m.contract(m.inv(square), y))
    nodes = [fuse(value), fuse(gradient(value, square))]
    text = source(chosen(nodes, lambda size: 200), names=["M", "x", "y"])
    assert text.text.count("factored(M)") == 1
    assert text.text.count(" lu_solve(") + text.text.count("-lu_solve(") == 2
    assert "inv(" not in text.text
    arrays = values_of(nodes[0])
    found = text.run()(*(arrays[name] for name in ("M", "x", "y")))
    for got, node in zip(found, nodes, strict=True):
        np.testing.assert_allclose(got, evaluate(node, arrays, SIZES), rtol=1e-10)


def test_one_result_is_bare_or_a_tuple() -> None:
    assert source([X], names=["X"]).run()(3) == 3
    assert source([X], names=["X"], single=False).run()(3) == (3,)


# -- names, sizes, text ----------------------------------------------------------------


@pytest.mark.parametrize("library", ["numpy", "jax", "torch", "array_api"])
def test_hostile_names_stay_names(library: str) -> None:
    leaves = [tensor(name, ("n",)) for name in HOSTILE]
    product = leaves[0]
    for leaf in leaves[1:]:
        product = add(m.times(product, leaf), leaf)
    node = m.diagonal_matrix(m.softmax(product))
    text = printed(node, library, doc='a """ quote \\ and "')
    compile(text.text, "hostile", "exec")
    if library == "numpy":
        agree(node, values_of(node))
    for writer in (julia.source, matlab.source, eigen.source):
        written = writer([fuse(node)], names=list(variables(node))).text
        assert all(line.isprintable() for line in written.splitlines())


def test_sizes_are_read_from_any_shape_or_asked_for() -> None:
    leaf = tensor("w", (plus(times(2, n), 1), times(n, p)))
    node = m.times(m.trace(m.eye(n)), m.total(leaf))
    text = printed(node)
    assert "n = (w.shape[0] - 1) // 2" in text.text
    assert text.run()(np.ones((9, 12))) == 4 * 108
    node = m.times(m.trace(m.eye(p)), m.total(leaf))
    assert printed(node).sizes == {"p": "p"}
    assert printed(node).run()(np.ones((9, 12)), p=2) == 216


def test_a_scope_tells_sizes() -> None:
    text = source([fuse(m.eye(dim("n")))], names=["X"], scope=[X])
    assert text.sizes == {}
    np.testing.assert_array_equal(text.run()(np.zeros((3, 2))), np.eye(3))


def test_a_basis_vector_outside_its_axis_is_refused() -> None:
    node = m.contract(X, m.basis(2, p))
    with pytest.raises(AssertionError):
        printed(node).run()(np.ones((4, 2)))


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="numpy, jax, torch, array_api"):
        source([X], library="fortran")


def test_long_sums_and_chains() -> None:
    leaves = [tensor(f"x{j}", ("n",)) for j in range(300)]
    node: Node = linear([(leaf, 1) for leaf in leaves], (n,))
    text = printed(node)
    assert max(map(len, text.text.splitlines())) <= 88
    assert (
        run(text, node, {v: np.ones(2) for v in variables(node)}).tolist() == [300] * 2
    )
    chain: Node = x
    for _ in range(2_000):
        chain = add(m.elementwise("sin", chain), x)
    agree(chain, {"x": np.ones(2)}, sizes={})


def test_lines_fit() -> None:
    for name, node in CASES.items():
        text = printed(node).text
        assert max(map(len, text.splitlines())) <= 88, name


def test_texts_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "import sys; sys.path.append(sys.argv[1]);"
        "import tests.test_codegen as t;"
        "print(t.golden())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parents[1])],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


# -- golden texts ----------------------------------------------------------------------

SHOWN = [
    "row sums by A: H X",
    "layer by Z",
    "nested scalar by u",
    "logistic gradient",
    "logistic Hessian",
    "softmax Jacobian",
    "inverse by S",
    "mixed patterns",
    "identity by itself",
    "vec",
    "norm Hessian",
    "mean of columns",
    "Kronecker product",
    "unknown function, Hessian",
]

WRITERS: dict[str, Callable[[Sequence[Node], list[str]], Source]] = {
    **{
        library: lambda nodes, names, library=library: source(
            nodes, library=library, names=names
        )
        for library in LIBRARIES
    },
    "julia": lambda nodes, names: julia.source(nodes, names=names),
    "matlab": lambda nodes, names: matlab.source(nodes, names=names),
    "eigen": lambda nodes, names: eigen.source(nodes, names=names),
}


def golden() -> str:
    """The texts of a few functions in every language."""
    sections = []
    for name in SHOWN:
        node = fuse(CASES[name])
        for language, writer in WRITERS.items():
            try:
                text = writer([node], list(variables(node))).text
            except UnsupportedError as error:
                text = f"{error}\n"
            sections.append(f"=== {name}, {language}\n\n{text}")
    return "\n".join(sections)


def test_golden_texts() -> None:
    assert golden() == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    GOLDEN.write_text(golden(), encoding="utf-8")
