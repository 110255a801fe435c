"""Complex variables: conjugates, real and imaginary parts, Wirtinger derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import EvaluationError, ShapeError, UnsupportedError
from tests.numeric_derivatives import close
from tests.programs import execute

Array = np.ndarray[Any, Any]
SHAPES = {
    "z": "3 : complex",
    "w": "3 : complex",
    "A": "3 3 : complex",
    "x": "3 : real",
    "t": ": real",
}


def arrays(seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    plain = {"z": (3,), "w": (3,), "A": (3, 3), "x": (3,), "t": ()}
    found: dict[str, Array] = {}
    for name, shape in plain.items():
        array = np.asarray(rng.standard_normal(shape))
        if "complex" in SHAPES[name]:
            array = array + 1j * rng.standard_normal(shape)
        found[name] = array
    return found


def symbols() -> dict[str, Any]:
    return {name: ic.tensor(name, shape) for name, shape in SHAPES.items()}


def differences(
    function: Callable[..., Any], given: dict[str, Array], name: str
) -> tuple[Array, Array]:
    """∂f/∂z and ∂f/∂z̄ from differences along the real and the imaginary axis."""
    slopes = []
    h = 1e-6
    for unit in (1, 1j):
        columns = []
        for place in np.ndindex(given[name].shape):
            step = np.zeros(given[name].shape, complex)
            step[place] = h * unit
            ends = [
                np.asarray(function(**{**given, name: given[name] + s * step}))
                for s in (1, -1)
            ]
            columns.append((ends[0] - ends[1]) / (2 * h))
        stacked = np.stack(columns, -1)
        slopes.append(stacked.reshape(stacked.shape[:-1] + given[name].shape))
    by_x, by_y = slopes
    return (by_x - 1j * by_y) / 2, (by_x + 1j * by_y) / 2


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "squared length": lambda z, **_: np.vdot(z, z),
    "length": lambda z, w, **_: np.linalg.norm(z - w),
    "modulus": lambda z, **_: np.abs(z) * z,
    "real part": lambda z, w, **_: np.real(z * w) + np.imag(np.conj(z) * w),
    "quadratic form": lambda z, A, **_: np.conj(z) @ A @ z,
    "residual": lambda z, A, w, **_: np.sum(np.abs(A @ z - w) ** 2),
    "mixed": lambda z, x, t, **_: np.exp(1j * t * x) * np.conj(np.sin(z) / (2 + z**2)),
    "inverse": lambda A, z, **_: np.conj(np.linalg.inv(A)) @ z,
    "determinant": lambda A, **_: np.abs(np.linalg.det(A)) ** 2,
    "batched": lambda A, z, **_: (
        np.vecdot(A, z) if hasattr(np, "vecdot") else np.conj(A) @ z
    ),
    "one norm": lambda z, **_: np.linalg.norm(z, 1),
    "Frobenius": lambda A, **_: np.linalg.norm(A),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wirtinger_derivatives(name: str) -> None:
    """Value and both derivatives by every complex variable, against differences."""
    given, known = arrays(), symbols()
    expression = FUNCTIONS[name](**known)
    held = {n: given[n] for n in expression.variables}
    close(expression.evaluate(held), FUNCTIONS[name](**given))
    for variable in held:
        if "complex" not in SHAPES[variable]:
            continue
        wanted = differences(FUNCTIONS[name], given, variable)
        for slope, reference in zip(
            ic.wirtinger(expression, variable), wanted, strict=True
        ):
            close(slope.evaluate(held), reference, 1e-8)


def test_second_derivatives() -> None:
    """∂²(z̄ᵀAz)/∂z̄∂z is A, and ∂²/∂z∂z is 0."""
    z, A = ic.tensor("z", "n : complex"), ic.tensor("A", "n n : complex")
    form = ic.conj(z) @ A @ z
    by_z, by_conjugate = ic.wirtinger(form, z)
    assert by_conjugate == A @ z
    assert by_z == A.T @ ic.conj(z)
    assert ic.wirtinger(by_conjugate, z)[0] == A
    assert ic.wirtinger(by_z, z)[0] == ic.zeros("n", "n")


def test_holomorphic_functions_differentiate_as_ever() -> None:
    z, A = ic.tensor("z", "n : complex"), ic.tensor("A", "n n : complex")
    f = np.exp(A @ z)
    by_z, by_conjugate = ic.wirtinger(f, z)
    assert by_z == f.diff(z)
    assert by_conjugate == ic.zeros("n", "n")


def test_a_conjugate_is_refused_where_a_derivative_would_be_wrong() -> None:
    z = ic.tensor("z", "n : complex")
    for f in (np.vdot(z, z), np.abs(z), np.real(z), np.linalg.norm(z)):
        with pytest.raises(UnsupportedError, match="wirtinger"):
            f.diff(z)
    w = ic.tensor("w", "n : complex")
    assert np.vdot(z, w).diff(w) == ic.conj(z)


def test_real_variables_are_their_own_conjugates() -> None:
    x, p = ic.tensor("x", "n : real"), ic.tensor("p", "n : positive")
    assert np.conj(x) == x
    assert ic.real(x * p) == x * p
    assert ic.imag(x) == ic.zeros("n")
    assert np.conj(x + 1j * p) == x - 1j * p
    with pytest.raises(EvaluationError, match="real"):
        x.evaluate(x=np.array([1j]))


def test_what_is_declared_neither_is_refused() -> None:
    u, z = ic.tensor("u", "n"), ic.tensor("z", "n : complex")
    for build in (lambda: np.conj(u), lambda: ic.real(u), lambda: np.vdot(z * u, z)):
        with pytest.raises(UnsupportedError, match="neither real nor complex"):
            build()
    with pytest.raises(UnsupportedError, match="neither real nor complex"):
        (np.conj(z) @ z).subs({"z": u}).node  # noqa: B018
    with pytest.raises(UnsupportedError, match="not declared complex"):
        ic.wirtinger(u * u, u)


def test_a_frobenius_norm_with_complex_constants() -> None:
    """∂‖A(B∘X)‖²/∂X = 2 Re(B̄∘(Aᴴ A (B∘X))) for complex A and B and real X."""
    A, B = ic.tensor("A", "n n : complex"), ic.tensor("B", "n n : complex")
    X = ic.tensor("X", "n n : real")
    R = A @ (B * X)
    found = np.sum(np.conj(R) * R).diff(X)
    wanted = 2 * ic.real(np.conj(B) * (np.conj(A).T @ R))
    assert ic.equal(found, wanted) is True
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((2, 3, 3)) * [[[1]], [[1j]]]).sum(0)[None].repeat(2, 0)
    b = b.T.copy()
    x = rng.standard_normal((3, 3))
    close(
        found.evaluate(A=a, B=b, X=x),
        2 * np.real(b.conj() * (a.conj().T @ a @ (b * x))),
    )


def test_conjugates_stand_at_variables_only() -> None:
    z, A = ic.tensor("z", "n : complex"), ic.tensor("A", "n n : complex")
    assert np.conj(np.conj(z)) == z
    assert np.conj(A @ np.exp(2j * z)) == np.conj(A) @ np.exp(-2j * np.conj(z))
    assert str(np.conj(A @ z)) == str(np.conj(A) @ np.conj(z))
    f = ic.unknown("f")
    opaque = np.conj(f(z))
    assert np.conj(opaque) == f(z)
    values = {"f": lambda x: x**2 + 1j}
    at = arrays()["z"]
    close(opaque.evaluate(z=at, functions=values), np.conj(at**2 + 1j))


def test_norms_of_the_text_language() -> None:
    """Of what is declared complex norms are lengths; of the rest they are plain."""
    text = {"z": "n : complex", "u": "n"}
    at = arrays()["z"]
    for name in ("norm2(z)^2", "normsq(z)", "sum(abs(z).^2)", "conj(z)'*z"):
        close(ic.parse(name, text).evaluate(z=at), np.vdot(at, at))
    close(ic.parse("normsq(u)", text).evaluate(u=at), np.sum(at * at))
    close(ic.parse("real(z) + 1*imag(z)", text).evaluate(z=at), at.real + at.imag)


def test_declarations_programs_and_texts() -> None:
    z = ic.tensor("z", "n : complex")
    assert eval(repr(np.vdot(z, z)), {"ic": ic}) == np.vdot(z, z)
    at = arrays()["z"]
    program = (np.conj(z) * z**2).einsum()
    close(execute(program, {"np": np, "z": at}), np.conj(at) * at**2)
    with pytest.raises(ShapeError):
        (ic.tensor("z", "n : complex") + ic.tensor("z", "n")).variables  # noqa: B018
