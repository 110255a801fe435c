"""Functions of a whole matrix: values, derivatives of every order, laws, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import forward, jacobian, reverse
from indexcalc.errors import EvaluationError, ShapeError, UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.expansion import same
from indexcalc.expr import tensor
from indexcalc.functions import TABLE, call
from indexcalc.kernels_spectral import KERNELS, block_triangular
from indexcalc.matrix_functions import DERIVED, ORDER_LIMIT, frechet
from indexcalc.nodes import Call, Node, Tensor, toposort
from indexcalc.simplify import fuse
from indexcalc.sizes import dim
from tests.numeric_derivatives import close, float64_jax
from tests.programs import execute

pytest.importorskip("scipy", reason="matrix functions are SciPy's")

Array = np.ndarray[Any, Any]
B, K, M, N = dim("b"), dim("k"), dim("m"), dim("n")
SIZES = {"b": 2, "k": 2, "m": 4, "n": 3}


def regular(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Square matrices with eigenvalues apart, far from the negative axis; others of
    full rank."""
    plain = rng.standard_normal(shape)
    if shape[-1] != shape[-2]:
        return plain
    return plain * 0.2 + np.diag(np.arange(1.0, shape[-1] + 1))


def argument(name: str, batch: int = 0) -> tuple[Tensor, Array]:
    """A variable and a point for a function of the table."""
    params: tuple[Any, ...] = ("expm", 0, 0) if name == "frechet" else ()
    (core, *_), _ = TABLE[name].signature(params)
    sizes = {"m": M, "n": K if name in DERIVED else N}
    shape = (B,) * batch + tuple(sizes[letter] for letter in core)
    numbers = tuple(SIZES[str(size)] for size in shape)
    rng = np.random.default_rng(len(name))
    if name == "gaps":
        return tensor("A", shape), np.sort(rng.standard_normal(numbers))
    return tensor("A", shape), regular(rng, numbers)


def differences(node: Node, at: Array, h: float = 1e-5) -> Array:
    """∂node/∂A by central differences."""
    columns = []
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = h
        ends = [evaluate(node, {"A": at + s * step}, SIZES) for s in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * h))
    stacked = np.stack(columns, -1)
    return stacked.reshape(stacked.shape[:-1] + at.shape)


NAMES = sorted(set(KERNELS) - {"frechet"})


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_derivatives_of_order_one_and_two(name: str, batch: int) -> None:
    """By forward and by reverse accumulation, against central differences."""
    variable, at = argument(name, batch)
    current: Node = call(name, [variable])
    for _ in range(2 - batch):
        slope = jacobian(current, variable)
        close(
            evaluate(slope, {"A": at}, SIZES, None, [variable]),
            differences(current, at),
            2e-8,
        )
        assert same(forward(current, variable), reverse(current, variable)) is True
        current = slope


@pytest.mark.parametrize("name", [*DERIVED, "polar"])
def test_third_derivatives_along_directions(name: str) -> None:
    """D³f(A)[E, F, G], by differences of D²f(A)[E, F] along G."""
    variable, at = argument(name)
    rng = np.random.default_rng(3)
    shape = variable.shape
    E, F, G = (tensor(letter, shape) for letter in "EFG")
    point = {letter: rng.standard_normal(at.shape) for letter in "EFG"}
    second = frechet(name, variable, [E, F])
    third = evaluate(frechet(name, variable, [G, E, F]), {"A": at, **point})
    h = 1e-5
    ends = [evaluate(second, {"A": at + s * h * point["G"], **point}) for s in (1, -1)]
    close(third, (ends[0] - ends[1]) / (2 * h), 1e-7)


JAX: dict[str, Callable[[Any, Any], Any]] = {
    "expm(A)": lambda jax, A: jax.scipy.linalg.expm(A),
    "tr(expm(A)*A*expm(A'))": lambda jax, A: jax.numpy.trace(
        jax.scipy.linalg.expm(A) @ A @ jax.scipy.linalg.expm(A.T)
    ),
    "eigvalsh(A)": lambda jax, A: jax.numpy.linalg.eigvalsh(A),
    "sum(cholesky(A).^3)": lambda jax, A: jax.numpy.sum(
        jax.numpy.linalg.cholesky(A) ** 3
    ),
    "cholesky(A)": lambda jax, A: jax.numpy.linalg.cholesky(A),
    "eigmax(A)^2": lambda jax, A: jax.numpy.linalg.eigvalsh(A)[-1] ** 2,
    "eigmin(A)": lambda jax, A: jax.numpy.linalg.eigvalsh(A)[0],
    "norm_spectral(A)": lambda jax, A: jax.numpy.linalg.norm(A, 2),
    "norm_nuclear(A)": lambda jax, A: jax.numpy.linalg.norm(A, "nuc"),
    "sum(pinv(A).^2)": lambda jax, A: jax.numpy.sum(jax.numpy.linalg.pinv(A) ** 2),
    "sum(log(eigvalsh(A'*A)))": lambda jax, A: jax.numpy.sum(
        jax.numpy.log(jax.numpy.linalg.eigvalsh(A.T @ A))
    ),
}


@pytest.mark.parametrize("text", JAX)
def test_agrees_with_jax(text: str) -> None:
    """Value, first and second derivative of compound expressions."""
    jax = float64_jax()
    at = regular(np.random.default_rng(1), (3, 3))
    expression = ic.parse(text, A="n n")
    derived: Any = lambda A: JAX[text](jax, A)  # noqa: E731
    for _ in range(3):
        close(expression.evaluate(A=at), derived(at), 1e-10)
        expression, derived = expression.diff("A"), jax.jacfwd(derived)


def test_eigenvectors_are_those_of_the_symmetric_part() -> None:
    at = regular(np.random.default_rng(2), (4, 4))
    A = ic.tensor("A", "n n")
    values, vectors = np.linalg.eigh(A)
    V, d = vectors.evaluate(A=at), values.evaluate(A=at)
    close(V @ np.diag(d) @ V.T, (at + at.T) / 2)
    close(np.linalg.cholesky(A @ A.T).evaluate(A=at), np.linalg.cholesky(at @ at.T))
    top = V[np.argmax(np.abs(V), 0), range(4)]
    assert (top > 0).all()


# -- laws ------------------------------------------------------------------------------


def parsed(text: str) -> Any:
    return ic.parse(text, A="n n", B="n n", S="n n : symmetric", t="", x="n")


LAWS = [
    ("expm(A')", "expm(A)'"),
    ("expm(logm(A))", "A"),
    ("expm(Diag(x))", "Diag(exp(x))"),
    ("sinm(Diag(x))", "Diag(sin(x))"),
    ("expm(A - A)", "eye(n)"),
    ("sqrtm(eye(n))", "eye(n)"),
    ("logm(eye(n)) + A", "A"),
    ("expm(S)'", "expm(S)"),
    ("polar(A')'", "polar(A)"),
]


@pytest.mark.parametrize(("left", "right"), LAWS)
def test_laws(left: str, right: str) -> None:
    assert parsed(left) == parsed(right)


GRADIENTS = [
    ("tr(expm(A))", "A", "expm(A)'"),
    ("tr(logm(A))", "A", "inv(A)'"),
    ("tr(sqrtm(A))", "A", "inv(sqrtm(A))'/2"),
    ("tr(cosm(A))", "A", "-sinm(A)'"),
    ("expm(t*A)", "t", "expm(t*A)*A"),
    ("x'*expm(t*A)*B*x", "t", "x'*expm(t*A)*A*B*x"),
    ("logm(t*A)", "t", "inv(t*A)*A"),
    ("sqrtm(t*A)", "t", "inv(sqrtm(t*A))*A/2"),
    ("cosm(2*t*A)", "t", "-2*sinm(2*t*A)*A"),
]


@pytest.mark.parametrize(("text", "variable", "answer"), GRADIENTS)
def test_derivatives_that_commute(text: str, variable: str, answer: str) -> None:
    assert parsed(text).diff(variable) == parsed(answer)


def test_a_propagator_as_it_was_asked_about() -> None:
    """d/dt xᵀ exp(tA) B x = xᵀ A exp(tA) B x, against JAX."""
    jax = float64_jax()
    rng = np.random.default_rng(6)
    given = {n: rng.standard_normal((3, 3)) for n in "AB"}
    given |= {"x": rng.standard_normal(3), "t": np.asarray(0.4)}
    found = parsed("x'*expm(A*t)*B*x").diff("t")
    answer = parsed("x'*A*expm(A*t)*B*x")
    assert "frechet" not in str(found)
    close(found.evaluate(given), answer.evaluate(given))

    def f(t: Any) -> Any:
        expm = jax.scipy.linalg.expm(given["A"] * t)
        return given["x"] @ expm @ given["B"] @ given["x"]

    close(found.evaluate(given), jax.grad(f)(0.4))


def test_repeated_derivatives_that_commute() -> None:
    """d²/dt² exp(tA) = exp(tA) A², and its kin, and not a Fréchet derivative left."""
    at = regular(np.random.default_rng(5), (3, 3))
    for name in DERIVED:
        second = parsed(f"{name}(t*A)").diff("t").diff("t")
        assert "frechet" not in str(second)
        node = second.node
        h, t = 1e-4, 0.7
        f = parsed(f"{name}(t*A)")
        ends = [f.evaluate(A=at, t=t + s * h) for s in (1, 0, -1)]
        close(evaluate(node, {"A": at, "t": t}), _second(ends, h), 1e-6)


def _second(ends: list[Array], h: float) -> Array:
    return (ends[0] - 2 * ends[1] + ends[2]) / h**2


def test_derivatives_along_directions_have_names() -> None:
    """frechet_f(A, E, …) of the text language is D^k f(A)[E, …]."""
    f = parsed("expm(A)").jvp("A", parsed("B"))
    assert f == parsed("frechet_expm(A, B)")
    assert f.jvp("A", parsed("S")) == parsed("frechet_expm(A, S, B)")
    assert "frechet_expm(A, B)" in str(f)
    at = regular(np.random.default_rng(8), (3, 3))
    close(
        parsed("frechet_sqrtm(A, 2*A)").evaluate(A=at),
        parsed("sqrtm(A)").evaluate(A=at),
    )
    for text in ("frechet_expm(A, x)", "frechet_expm(A, t)"):
        with pytest.raises(ShapeError):
            parsed(text)


def test_gradients_build_no_fourth_order_tensor() -> None:
    """Gradients and products with a direction hold only closed directions."""
    f = parsed("tr(expm(A)*B*sqrtm(A)) + sum(logm(A)) + norm_nuclear(A)")
    for derived in (f.gradient("A"), f.hvp("A"), parsed("expm(A)").jvp("A")):
        calls = [n for n in toposort(derived.written) if isinstance(n, Call)]
        open_ = [n.params[2] for n in calls if n.function == "frechet"]
        assert open_
        assert not any(open_)


def test_directions_are_linear_and_symmetric() -> None:
    A, E, F = (tensor(letter, (N, N)) for letter in "AEF")
    assert fuse(frechet("expm", A, [E, F])) is fuse(frechet("expm", A, [F, E]))
    s = tensor("s", ())
    scaled = ic.einsum(",ij->ij", ic.Expression(s), ic.Expression(E)).written
    outside = ic.einsum(
        ",ij->ij", ic.Expression(s), ic.Expression(frechet("expm", A, [E]))
    )
    assert fuse(frechet("expm", A, [scaled])) is outside.node


@pytest.mark.parametrize("size", [1e-12, 1e16])
def test_directions_of_any_length(size: float) -> None:
    """D f(A)[cE] is c D f(A)[E], however long the direction is."""
    E = ic.tensor("E", "n n")
    along = ic.parse("sinm(A)", A="n n").jvp("A", E)
    rng = np.random.default_rng(0)
    a, e = rng.normal(size=(2, 3, 3))
    for compute in (along.evaluate, along.compile()):
        one = compute({"A": a, "E": e})
        many = compute({"A": a, "E": size * e})
        assert np.abs(many / size - one).max() <= 1e-13


def test_block_triangular_is_the_product_rule() -> None:
    """D²(A²)[E, F] = EF + FE."""
    A, E, F = np.random.default_rng(0).standard_normal((3, 2, 2))
    squared = np.linalg.matrix_power(block_triangular(A, [E, F]), 2)
    close(squared[:2, -2:], E @ F + F @ E)


# -- refusals --------------------------------------------------------------------------

OUTSIDE: list[tuple[str, Any, str]] = [
    ("eigenvectors(A)", np.eye(2), "coincide"),
    ("eigvalsh(A)", np.eye(2), ""),
    ("eigmax(A)", np.eye(2), ""),
    ("logm(A)", np.zeros((2, 2)), "zero eigenvalue"),
    ("logm(A)", -np.eye(2), "negative eigenvalue"),
    ("sqrtm(A)", -np.eye(2), "negative eigenvalue"),
    ("sqrtm(A)", [[0.0, 1.0], [0.0, 0.0]], "square root|not finite"),
    ("polar(A)", [[1.0, 1.0], [1.0, 1.0]], "singular value is 0"),
    ("cholesky(A)", -np.eye(2), "positive definite"),
    ("eigmax(A)", np.eye(2) * 1j, "complex"),
    ("pinv(A)", np.eye(2) * 1j, "complex"),
]


@pytest.mark.parametrize(("text", "at", "message"), OUTSIDE)
def test_where_there_is_no_value_or_no_derivative(
    text: str, at: Any, message: str
) -> None:
    """An error that says why, for the value or at least for the derivative."""
    expression = ic.parse(text, A="n n")
    if message:
        with pytest.raises(EvaluationError, match=message):
            expression.evaluate(A=at)
    else:
        assert np.isfinite(expression.evaluate(A=at)).all()
    with pytest.raises(EvaluationError):
        expression.diff("A").evaluate(A=at)


def test_a_nearly_repeated_eigenvalue_counts_as_repeated() -> None:
    """Rounding does not turn an undefined vector into a defined one."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    at = Q @ np.diag([1.0, 1.0, 2.0, 3.0]) @ Q.T
    with pytest.raises(EvaluationError, match="coincide"):
        ic.parse("eigenvectors(A)", A="n n").evaluate(A=at)
    top = ic.parse("eigmax(A)", A="n n").diff("A").evaluate(A=at)
    close(top, np.outer(Q[:, 3], Q[:, 3]))


def test_shapes_and_orders_are_checked() -> None:
    for name in (ic.expm, ic.logm, ic.sqrtm, ic.cholesky, ic.eigvalsh):
        with pytest.raises(ShapeError):
            name(ic.tensor("X", "m n"))
    with pytest.raises(UnsupportedError, match="whole powers"):
        np.linalg.matrix_power(ic.tensor("A", "n n"), 0.5)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="whole numbers"):
        parsed("A^(1/2)")
    deep = ic.expm(ic.tensor("A", "n n"))
    for _ in range(ORDER_LIMIT):
        deep = deep.diff("A")
    with pytest.raises(UnsupportedError, match="order"):
        deep.diff("A")


# -- the rest of the package -----------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_sizes_zero_and_one_and_float32(name: str) -> None:
    variable, at = argument(name)
    node = call(name, [variable])
    if at.ndim == 2:
        one = np.ones((1, 1))
        assert np.isfinite(evaluate(node, {"A": one}, dict.fromkeys("kmn", 1))).all()
        if "eigmax" not in name:
            nothing = np.ones((0, 0))
            assert evaluate(node, {"A": nothing}, dict.fromkeys("kmn", 0)).size in (
                0,
                1,
            )
    single = at.astype(np.float32)
    assert evaluate(node, {"A": single}).dtype == np.float32
    close(evaluate(node, {"A": single}), evaluate(node, {"A": at}), 1e-3)


PROGRAMS = [
    "expm(A)", "logm(A)", "sqrtm(A)", "sinm(A)", "cosm(A)", "cholesky(A)", "pinv(A)",
    "eigvalsh(A)", "eigmax(A)", "eigenvectors(A)", "norm_spectral(A)",
    "norm_nuclear(A)", "svdvals(A)",
]  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS)
def test_printed_programs_compute_the_same(text: str) -> None:
    at = regular(np.random.default_rng(4), (3, 3))
    expression = ic.parse(text, A="n n")
    for shown in (expression, expression.diff("A"), (expression * 1.5).jvp("A")):
        scope: dict[str, Any] = {"np": np, "A": at, "dA": at @ at}
        answer = execute(shown.einsum(), scope)
        given = {n: scope[n] for n in ("A", "dA") if n in shown.variables}
        close(answer, shown.evaluate(given, sizes={"n": 3}), 1e-9)


def test_texts_come_back() -> None:
    for text in PROGRAMS:
        expression = ic.parse(text, A="n n")
        for shown in (expression, expression.diff("A")):
            assert eval(repr(shown), {"ic": ic}) == shown


def test_the_functions_have_names_in_the_package() -> None:
    A = ic.tensor("A", "n n")
    for name in ("expm", "logm", "sqrtm", "cholesky", "eigvalsh", "pinv"):
        assert getattr(ic, name)(A) == ic.parse(f"{name}(A)", A="n n")
