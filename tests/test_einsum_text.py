"""Printed einsum programs compute what evaluation computes, in every library."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opt_einsum
import pytest

from indexcalc import matrix as m
from indexcalc.derivative import jacobian
from indexcalc.einsum_spelling import LIBRARIES
from indexcalc.einsum_text import (
    einsum_program,
    einsum_string,
    program_constants,
    program_names,
)
from indexcalc.errors import UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.expr import add, constant, einsum, linear, scale, tensor
from indexcalc.functions import TABLE, call
from indexcalc.kernels_spectral import KERNELS as SPECTRAL_KERNELS
from indexcalc.nodes import Node, variables
from indexcalc.sizes import dim, plus, times
from tests.einsum_cases import CASES, SIZES, A, S, T, X, Y, c, n, p, wide, x, y
from tests.programs import execute

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "f": lambda x: x**3,
    "f'": lambda x: 3 * x**2,
    "f''": lambda x: 6 * x,
    "g": lambda x, y: x * x * y,
    "g_1,0": lambda x, y: 2 * x * y,
    "g_0,1": lambda x, y: x * x,
}
LIBRARY_NAMES = ["numpy", "opt_einsum"]


def values_of(node: Node, dtype: Any = np.float64) -> dict[str, np.ndarray[Any, Any]]:
    """Random positive arrays for the variables; square matrices well conditioned."""
    rng = np.random.default_rng(7)
    found = {}
    for name, leaf in variables(node).items():
        shape = tuple(value(size) for size in leaf.shape)
        array = rng.uniform(0.2, 0.9, shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            array = array + 2 * np.eye(shape[0])
        found[name] = array.astype(dtype)
    return found


def value(size: Any) -> int:
    """The test value of a size."""
    from indexcalc.sizes import value_of

    return int(size) if isinstance(size, int) else value_of(size, SIZES)


def scope_of(
    node: Node, program: str, library: str, arrays: Mapping[str, Any]
) -> dict[str, Any]:
    """What a program may take for granted: its library, arrays, and listed sizes."""
    names = program_names(node, library)
    scope: dict[str, Any] = {names[name]: arrays[name] for name in arrays}
    listed = re.match(r"# sizes: (.*)", program)
    if listed:
        scope |= {size: SIZES[size] for size in listed[1].split(", ")}
    for printed, label in re.findall(r"# function: (\w+)(?:, that is (.*))?", program):
        scope[printed] = FUNCTIONS[ast.literal_eval(label) if label else printed]
    if library != "torch":
        return scope | {"np": np, "oe": opt_einsum} | program_constants(node)
    import torch

    constants = {
        w: torch.from_numpy(v.copy()) for w, v in program_constants(node).items()
    }
    return scope | {"torch": torch} | constants


def strings_in(program: str) -> list[str]:
    """Every einsum string of a program."""
    return re.findall(r'(?:einsum|contract)\("([^"]*)"', program)


def check_strings(program: str) -> None:
    """No output index twice, none that no operand carries."""
    for spec in strings_in(program):
        inputs, out = spec.split("->")
        assert len(set(out)) == len(out), spec
        assert set(out) <= set(inputs), spec


def reference(node: Node, arrays: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    return evaluate(node, arrays, SIZES, FUNCTIONS)


# -- the table -------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARY_NAMES)
@pytest.mark.parametrize("name", CASES)
def test_programs_compute_what_evaluation_computes(name: str, library: str) -> None:
    node = CASES[name]
    arrays = values_of(node)
    before = {key: array.copy() for key, array in arrays.items()}
    program = einsum_program(node, library)
    check_strings(program)
    result = execute(program, scope_of(node, program, library, arrays))
    expected = reference(node, arrays)
    assert np.shape(result) == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
    assert all(np.array_equal(arrays[key], before[key]) for key in arrays)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name: str) -> None:
    node = CASES[name]
    arrays = values_of(node, np.float32)
    program = einsum_program(node)
    result = execute(program, scope_of(node, program, "numpy", arrays))
    if re.search("dtype|einsum|diag|exp", program) and values_of(node):
        assert np.asarray(result).dtype == np.float32
    np.testing.assert_allclose(result, reference(node, arrays), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("name", CASES)
def test_torch_programs(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    node = CASES[name]
    arrays = values_of(node)
    program = einsum_program(node, "torch")
    check_strings(program)
    tensors = {key: torch.from_numpy(array) for key, array in arrays.items()}
    result = execute(program, scope_of(node, program, "torch", tensors))
    expected = reference(node, arrays)
    assert np.shape(result) == expected.shape
    np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("library", LIBRARY_NAMES)
def test_programs_on_axes_of_length_0(library: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(SIZES, "n", 0)
    for name in (
        "row sums by A: H X",
        "vec by X",
        "logistic Hessian",
        "mixed patterns",
    ):
        node = CASES[name]
        arrays = values_of(node)
        program = einsum_program(node, library)
        result = execute(program, scope_of(node, program, library, arrays))
        np.testing.assert_allclose(result, reference(node, arrays))


def test_complex_arrays_stay_complex() -> None:
    node = linear([(m.diagonal_matrix(x), 1 + 2j), (m.outer(y, x), 0.5)], (n, n))
    arrays = {key: array * (1 + 1j) for key, array in values_of(node).items()}
    program = einsum_program(node)
    result = execute(program, scope_of(node, program, "numpy", arrays))
    np.testing.assert_allclose(result, reference(node, arrays))


# -- what is printed -------------------------------------------------------------------


def test_complex_numbers_everywhere() -> None:
    turned = scale(1j, m.trace(m.eye(n)))
    node = add(m.spread(turned, (n, n)), m.diagonal_matrix(scale(2j, x)))
    node = add(node, m.times(m.elementwise("exp", turned), m.eye(n)))
    arrays = values_of(node)
    program = einsum_program(node)
    result = execute(program, scope_of(node, program, "numpy", arrays))
    np.testing.assert_allclose(result, reference(node, arrays))


def test_a_single_contraction_is_one_call() -> None:
    node = m.contract(X, m.transpose(A))
    assert einsum_program(node) == 'np.einsum("jk,ik->ij", A, X)'
    assert einsum_program(node, "opt_einsum") == 'oe.contract("jk,ik->ij", A, X)'
    assert einsum_program(node, "torch") == 'torch.einsum("jk,ik->ij", A, X)'
    assert einsum_string(node) == ("jk,ik->ij", ["A", "X"])


@pytest.mark.parametrize("name", CASES)
def test_einsum_strings_run(name: str) -> None:
    node = CASES[name]
    found = einsum_string(node)
    if found is None:
        return
    arrays = values_of(node) | program_constants(node)
    spec, operands = found
    if not all(operand in arrays for operand in operands):
        return
    result = np.einsum(spec, *(arrays[operand] for operand in operands))
    np.testing.assert_allclose(result, reference(node, values_of(node)), rtol=1e-12)


def test_what_is_no_single_contraction_has_no_string() -> None:
    assert einsum_string(m.diagonal_matrix(x)) is None
    assert einsum_string(scale(2, x)) is None
    assert einsum_string(m.elementwise("exp", x)) is None
    assert einsum_string(m.ones(n)) is None
    assert einsum_string(X) == ("ij->ij", ["X"])


def test_programs_read_well() -> None:
    assert einsum_program(CASES["row sums by A: H X"]).splitlines() == [
        "n, p = X.shape",
        "t0 = np.zeros((n, n, p), X.dtype)",
        'np.einsum("iij->ij", t0)[...] = X',
        "t0",
    ]
    assert einsum_program(CASES["mixed patterns"]) == (
        'np.diag(x) + np.einsum("i,j->ij", y, y)'
    )
    assert einsum_program(CASES["mean of columns"]).splitlines() == [
        "n = X.shape[0]",
        'np.einsum("ji->i", X) / n',
    ]
    assert einsum_program(CASES["vec"]) == 'np.einsum("ji->ij", X).reshape(-1)'
    assert einsum_program(CASES["the number n"]) == "# sizes: n\nn"
    assert einsum_program(CASES["unknown function, Hessian"]).splitlines() == [
        "# function: d2f, that is \"f''\"",
        "np.diag(d2f(x))",
    ]


def test_shared_nodes_are_computed_once() -> None:
    inverse = m.inv(S)
    program = einsum_program(m.contract(inverse, m.contract(T, inverse)))
    assert program.count("inv(") == 1


def test_long_contractions_search_an_order() -> None:
    program = einsum_program(m.contract(m.contract(S, T), X))
    assert program.endswith("optimize=True)")
    assert "optimize" not in einsum_program(m.contract(S, T))


#: Those with a test of their own, and those that X is no argument of.
PASSED_OVER = {"power", "acosh", "conj", *SPECTRAL_KERNELS}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_function_of_the_table_is_spelled(library: str) -> None:
    for name, record in TABLE.items():
        if name in PASSED_OVER - {"power", "acosh"}:
            continue
        params: tuple[Any, ...] = {"power": (Fraction(1, 3),)}.get(name, ())
        if name in ("norm2", "rnorm", "cofactors"):
            params = (1,)
        square = bool(record.signature(params)[0][0]) and name not in ("norm2", "rnorm")
        args = [S if square else X] * len(record.partials)
        ast.parse(einsum_program(call(name, args, params), library))


@pytest.mark.parametrize("name", sorted(TABLE.keys() - PASSED_OVER))
def test_functions_agree_with_their_kernels(name: str) -> None:
    params = (1,) if name in ("norm2", "rnorm", "cofactors") else ()
    cored = TABLE[name].signature(params)[0][0]
    node = call(name, [S if len(cored) == 2 else X] * len(TABLE[name].partials), params)
    arrays = values_of(node)
    if name in ("sigmoid", "softplus", "lse", "softmax", "relu", "heaviside", "erf"):
        arrays["X"] = np.array([[-1000.0, 0.0, 1000.0]] * 3 + [[-30.0, 1e-9, 5.0]])
    program = einsum_program(node)
    result = execute(program, scope_of(node, program, "numpy", arrays))
    np.testing.assert_allclose(result, reference(node, arrays), rtol=1e-11, atol=1e-300)


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="numpy, opt_einsum, torch"):
        einsum_program(X, "fortran")


# -- names -----------------------------------------------------------------------------

HOSTILE = [
    "lambda",
    "α",
    "np",
    "t0",
    "x; import os",
    'a"\n__import__("os")',
    "None",
    "__debug__",
    "range",
    "3x",
    "",
    "\u202eevil",
    "softmax",
    "n",
    "i",
    "A B",
    "A_B",
]


@pytest.mark.parametrize("library", LIBRARY_NAMES)
def test_hostile_names_stay_names(library: str) -> None:
    leaves = [tensor(name, ("n",)) for name in HOSTILE]
    product = leaves[0]
    for leaf in leaves[1:]:
        product = add(m.times(product, leaf), leaf)
    node = m.diagonal_matrix(m.softmax(product))
    node = jacobian(m.contract(node, tensor("np", ("n",))), leaves[3])
    program = einsum_program(node, library)
    assert all(line.isprintable() for line in program.splitlines())
    names = program_names(node, library)
    assert len(set(names.values())) == len(names)
    assert all(name.isascii() and name.isidentifier() for name in names.values())
    arrays = values_of(node)
    result = execute(program, scope_of(node, program, library, arrays))
    np.testing.assert_allclose(result, reference(node, arrays), rtol=1e-10)


def test_names_may_be_given() -> None:
    node = m.times(m.trace(m.eye(n)), m.contract(X, c))
    program = einsum_program(node, names={"X": "data", "n": "rows", "c": "w; x"})
    assert program.splitlines() == [
        "# data is 'X'",
        "# w_x is 'c'",
        "# rows is 'n'",
        "rows = data.shape[0]",
        'rows * np.einsum("ij,j->i", data, w_x)',
    ]


def test_hostile_sizes_stay_names() -> None:
    leaf = tensor("n", ("λ", "lambda", "n"))
    node = m.times(m.trace(m.eye(dim("lambda"))), m.diagonal_matrix(m.vec(leaf)))
    program = einsum_program(node)
    assert "lambda_2, lambda_, n_ = n.shape" in program
    values = {"n": np.ones((2, 3, 4))}
    result = execute(program, {"np": np, **values})
    np.testing.assert_allclose(result, evaluate(node, values))


# -- constants, sizes, letters ---------------------------------------------------------


def test_constants_are_printed_or_supplied() -> None:
    assert program_constants(CASES["small constant"]) == {}
    supplied = program_constants(CASES["large constant"])
    assert {name: array.shape for name, array in supplied.items()} == {"W": (4, 16)}
    assert "# constant: W, an array of shape 4×16" in einsum_program(
        CASES["large constant"]
    )
    odd = constant(np.array([np.inf, -np.inf, np.nan, 0.1]), "odd")
    result = execute(einsum_program(add(odd, wide)), {"np": np, "wide": np.zeros(4)})
    np.testing.assert_array_equal(result, [np.inf, -np.inf, np.nan, 0.1])
    kept = execute(einsum_program(constant(np.eye(2)[:, :0])), {"np": np})
    assert kept.shape == (2, 0)


def test_sizes_are_read_from_any_shape() -> None:
    leaf = tensor("w", (plus(times(2, n), 1), times(n, p)))
    node = m.times(m.trace(m.eye(p)), m.total(leaf))
    assert einsum_program(node).startswith("# sizes: p\n")
    program = einsum_program(m.times(m.trace(m.eye(n)), m.total(leaf)))
    assert program.splitlines()[0] == "n = (w.shape[0] - 1) // 2"
    assert execute(program, {"np": np, "w": np.ones((9, 12))}) == 4 * 108


def chain_of_indices(count: int) -> tuple[Node, dict[str, Any]]:
    """A product of many small matrices with an index of its own at every joint."""
    leaves = [tensor(f"M{j}", (2, 2)) for j in range(count)]
    node = einsum([(leaf, [j, j + 1]) for j, leaf in enumerate(leaves)], [0, count])
    rng = np.random.default_rng(0)
    return node, {leaf.name: rng.normal(size=(2, 2)) for leaf in leaves}


@pytest.mark.parametrize("library", LIBRARY_NAMES)
@pytest.mark.parametrize("count", [51, 52, 60, 90])
def test_more_indices_than_letters(count: int, library: str) -> None:
    node, arrays = chain_of_indices(count)
    program = einsum_program(node, library)
    check_strings(program)
    result = execute(program, {"np": np, "oe": opt_einsum, **arrays})
    np.testing.assert_allclose(result, evaluate(node, arrays), rtol=1e-10)


def test_letters_follow_an_axis() -> None:
    node = m.contract(S, m.elementwise("exp", m.contract(X, m.transpose(Y))))
    first, second = strings_in(einsum_program(node))
    assert (first, second) == ("ki,kj->ij", "ik,kj->ij") or first.endswith("->kj")


# -- growth and determinism ------------------------------------------------------------


def test_long_sums_and_chains() -> None:
    leaves = [tensor(f"x{j}", ("n",)) for j in range(20_000)]
    long = linear([(leaf, 1) for leaf in leaves], (n,))
    program = einsum_program(long)
    arrays = {leaf.name: np.ones(2) for leaf in leaves}
    assert execute(program, {"np": np, **arrays}).tolist() == [20_000.0] * 2
    chain: Node = x
    for _ in range(3_000):
        chain = add(m.elementwise("sin", chain), x)
    program = einsum_program(chain)
    result = execute(program, {"np": np, "x": np.ones(2)})
    np.testing.assert_allclose(result, evaluate(chain, {"x": np.ones(2)}))


def test_programs_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "import sys; sys.path.append(sys.argv[1]);"
        "import tests.test_einsum_text as t;"
        "print([t.einsum_program(t.CASES[c], l) for c in t.CASES for l in t.LIBRARIES])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parents[1])],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
