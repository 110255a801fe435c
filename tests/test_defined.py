"""Elementwise functions given by a SymPy Lambda: values, derivatives, printing."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Lambda, Piecewise, Symbol, exp, sin

import indexcalc as ic
from indexcalc import defined, kernels
from indexcalc.functions import TABLE
from indexcalc.sympy_scalars import CLASSES, SPECIAL, encode

T = Symbol("t")

t, u = Symbol("t"), Symbol("u")
POINTS = np.array([0.31, 0.74])

FORMULAS = [
    t / (1 + exp(-t)),
    t * exp(t) / (1 + exp(t)),
    sympy.log(1 + exp(2 * t)),
    Piecewise((t**2, t > sympy.Rational(1, 2)), (sin(t), True)),
    Piecewise((t, (t > 0) & (t < 1)), (-t, sympy.Or(t < -1, t >= 2)), (0, True)),
    sympy.Max(t, t**2, sympy.Rational(1, 2)),
    sympy.Min(t, 1) * sympy.Abs(t - 2),
    sympy.Heaviside(t) * t**3,
    sympy.sqrt(t) + sympy.cbrt(t) + sympy.pi * t**sympy.E,
    2**t + t**t,
    sympy.sec(t) * sympy.coth(t),
    sympy.erf(t) - sympy.erfc(t) * sympy.erfi(t),
    sympy.erfinv(t) + sympy.erfcinv(t),
    sympy.gamma(t) + sympy.loggamma(t) + sympy.digamma(t) + sympy.polygamma(1, t),
    sympy.besselj(0, t)
    + sympy.bessely(1, t)
    + sympy.besseli(1, t)
    + sympy.besselk(0, t),
    sympy.airyai(t) * sympy.airybi(t) + sympy.airyaiprime(t) + sympy.airybiprime(t),
    sympy.LambertW(t),
    sympy.Ei(t) + sympy.Si(t) + sympy.Ci(t) + sympy.Shi(t) + sympy.Chi(t),
    sympy.expint(2, t),
    sympy.fresnels(t) + sympy.fresnelc(t),
    sympy.elliptic_k(t) + sympy.elliptic_e(t),
    sympy.uppergamma(sympy.Rational(1, 2), t),
    sympy.beta(t, 2) + sympy.factorial(t) + sympy.binomial(3, t),
    sympy.legendre(3, t) + sympy.chebyshevt(4, t) + sympy.hermite(2, t),
    sympy.sinc(t),
    sympy.besselj(sympy.Rational(1, 2), t),
]


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_values_and_derivatives(formula: sympy.Expr) -> None:
    """Orders 0, 1 and 2 against SymPy's arithmetic of many digits."""
    f = ic.elementwise("f", Lambda(t, formula))
    y = f(ic.tensor("x", 2))
    for order in range(3):
        expected = [_digits(formula, order, point) for point in POINTS]
        value = y.evaluate(x=POINTS)
        diagonal = value[(np.arange(2),) * value.ndim]
        np.testing.assert_allclose(diagonal, expected, rtol=1e-9, atol=1e-12)
        y = y.diff("x")


OTHER_NAMES = {
    "erfcinv": lambda x: mpmath.erfinv(1 - x),
    "airyaiprime": lambda x: mpmath.airyai(x, derivative=1),
    "airybiprime": lambda x: mpmath.airybi(x, derivative=1),
}


def _digits(formula: sympy.Expr, order: int, point: float) -> float:
    """The derivative at a point, by mpmath from SymPy's value alone."""
    with mpmath.workdps(30):
        f = sympy.lambdify(t, formula, [OTHER_NAMES, "mpmath"])
        return float(mpmath.re(mpmath.diff(f, mpmath.mpf(point), order)))


def test_several_arguments() -> None:
    """Each argument has a partial; scalars broadcast."""
    f = ic.elementwise("f", Lambda((t, u), t**2 * sin(u)))
    x, s = ic.tensor("x", "n"), ic.tensor("s", "")
    y = f(x, s)
    array = np.array([1.0, 2.0])
    np.testing.assert_allclose(y.evaluate(x=array, s=0.3), array**2 * np.sin(0.3))
    slope = y.diff(s).evaluate(x=array, s=0.3)
    np.testing.assert_allclose(slope, array**2 * np.cos(0.3))
    mixed = y.diff(x).diff(s).evaluate(x=array, s=0.3)
    np.testing.assert_allclose(np.diag(mixed), 2 * array * np.cos(0.3))
    with pytest.raises(ic.ShapeError, match="takes 2 arguments"):
        f(x)


def test_it_prints_by_its_name() -> None:
    """swish, swish' and swish'', in index notation and in programs."""
    swish = ic.elementwise("swish", Lambda(t, t / (1 + exp(-t))))
    x = ic.tensor("x", "n")
    assert str(swish(x)) == "swish(x_i)"
    assert str(swish(x).diff(x)) == "δ_ij swish'(x_i)"
    assert "swish''" in str(swish(x).diff(x).diff(x))
    assert "sigmoid(x)" in swish(x).diff(x).einsum()


def test_sigmoids_do_not_overflow() -> None:
    """Value and derivatives far from 0, without a warning."""
    swish = ic.elementwise("swish", Lambda(t, t / (1 + exp(-t))))
    x = ic.tensor("x", 2)
    far = np.array([-1000.0, 1000.0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(swish(x).evaluate(x=far), [0, 1000], atol=1e-300)
        slope = swish(x).diff(x).evaluate(x=far)
    np.testing.assert_allclose(np.diag(slope), [0, 1], atol=1e-300)


def test_kinks_have_the_conventions_of_the_package() -> None:
    """The derivative of |t| at 0 is 0, and so are all deltas."""
    f = ic.elementwise("f", Lambda(t, sympy.Abs(t) + sympy.sign(t)))
    x = ic.tensor("x", "")
    assert f(x).diff(x).evaluate(x=0.0) == 0
    assert f(x).diff(x).diff(x).evaluate(x=0.0) == 0


def test_the_dtype_follows_the_array() -> None:
    """float32 in, float32 out."""
    f = ic.elementwise("f", Lambda(t, sympy.pi * t + sympy.Rational(1, 3)))
    assert f(ic.tensor("x", 2)).evaluate(x=POINTS.astype("float32")).dtype == np.float32


def test_a_constant_formula_fills_the_shape() -> None:
    """A derivative without the argument is an array all the same."""
    f = ic.elementwise("f", Lambda(t, 3 * t))
    x = ic.tensor("x", 2)
    np.testing.assert_array_equal(f(x).diff(x).evaluate(x=POINTS), 3 * np.eye(2))


def test_it_is_one_object_and_comes_back_from_its_repr() -> None:
    """The formula is the identity of the function, whatever its variable is called."""
    one = ic.elementwise("f", Lambda(t, t * sin(t)))
    two = ic.elementwise("f", Lambda(u, sin(u) * u))
    x = ic.tensor("x", "n")
    assert one(x) == two(x)
    assert one(x) != ic.elementwise("f", Lambda(t, sin(t)))(x)
    expression = one(x).diff(x)
    assert eval(repr(expression), {"ic": ic}) == expression


def test_it_goes_to_sympy_and_back() -> None:
    """A special function keeps its name; others are said by their formula."""
    x = sympy.MatrixSymbol("x", 3, 1)
    given = x.applyfunc(Lambda(t, sympy.besselj(0, t)))
    expression = ic.from_sympy(given)
    assert ic.from_sympy(ic.to_sympy(expression)) == expression
    slope = ic.from_sympy(ic.to_sympy(expression.diff("x")))
    array = np.array([0.2, 1.0, 3.0])
    np.testing.assert_allclose(
        slope.evaluate(x=array), expression.diff("x").evaluate(x=array)
    )


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (Lambda(t, u * t), "holds u, no argument of it"),
        (Lambda(t, sympy.Integral(sin(t), t)), "no elementwise function"),
        (Lambda(t, Piecewise((t, t > 0))), "none of its conditions"),
        (sin, "not a sympy.Lambda"),
        (Lambda(t, sympy.oo * t), "no value"),
    ],
    ids=str,
)
def test_what_is_no_formula_is_refused(function: object, words: str) -> None:
    """The reason is named."""
    with pytest.raises(ic.UnsupportedError, match=words):
        ic.elementwise("f", function)


def test_a_derivative_that_sympy_lacks_is_refused() -> None:
    """By the order of a Bessel function, say."""
    f = ic.elementwise("f", Lambda((t, u), sympy.besselj(t, u)))
    s, x = ic.tensor("s", ""), ic.tensor("x", "")
    assert f(s, x).evaluate(s=0.5, x=1.0) == pytest.approx(0.6713967071418031)
    with pytest.raises(ic.UnsupportedError, match="no closed form"):
        f(s, x).diff(s).evaluate(s=0.5, x=1.0)


def test_every_function_of_the_tables_can_be_run() -> None:
    """Each name that a program may hold has a kernel, SciPy's or ours."""
    known = set(kernels.KERNELS) | set(defined.SPECIAL) | {"step"}
    assert set(CLASSES) <= known
    assert set(SPECIAL) == set(defined.SPECIAL)
    assert "sigmoid" in TABLE


@pytest.mark.parametrize(
    "program", [(("exp", 1),), (("argument", 5),), (("argument", 0),) * 2, (("f", 1),)]
)
def test_a_program_that_is_none_is_refused(program: tuple[tuple[object, ...]]) -> None:
    """Rows from elsewhere end in an error of ours."""
    with pytest.raises(ic.IndexCalcError):
        defined.run(program, [POINTS], kernels.KERNELS)


def test_the_program_is_canonical() -> None:
    """Sums and products are sorted."""
    assert encode(Lambda((t, u), t + u * exp(t))) == encode(
        Lambda((u, t), exp(u) * t + u)
    )


#: Formulas that the engine has all functions for.
FORMULAS = {
    "swish": "t/(1 + exp(-t))",
    "gelu": "t*(1 + erf(t/sqrt(2)))/2",
    "elu": "Piecewise((t, t > 0), (exp(t) - 1, True))",
    "huber": "Piecewise((t**2/2, Abs(t) <= 1), (Abs(t) - Rational(1, 2), True))",
    "softsign": "t/(1 + Abs(t))",
    "mish": "t*tanh(log(1 + exp(t)))",
}


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", FORMULAS)
def test_written_out(name: str, order: int) -> None:
    """Programs and compiled functions know a formula and its derivatives."""
    formula = sympy.Lambda(T, sympy.parse_expr(FORMULAS[name], {"t": T}))
    x, A = ic.tensor("x", "n"), ic.tensor("A", "m n")
    f = ic.elementwise("F", formula)(A @ x).sum()
    e = [f, f.gradient(x), f.hessian(x)][order]
    rng = np.random.default_rng(order)
    arrays = {"A": rng.normal(size=(5, 3)), "x": rng.normal(size=3)}
    wanted = e.evaluate(arrays)
    assert np.allclose(e.compile()(arrays), wanted, atol=1e-12)
    for text in (e.code(), e.code("jax"), e.einsum()):
        assert "*, " not in text
        assert "function:" not in text


def test_special_functions_stay_names() -> None:
    """SciPy's functions are computed by NumPy's programs, and named in texts."""
    pytest.importorskip("scipy")
    x = ic.tensor("x", "n")
    e = ic.elementwise("G", sympy.Lambda(T, sympy.gamma(T)))(x)
    at = np.array([0.5, 1.0, 4.0])
    assert np.allclose(e.compile()(x=at), e.evaluate(x=at))
    assert "G" in e.code()


def test_declared_in_texts() -> None:
    """A function that was made may be declared, in every text and with derivatives."""
    swish = ic.elementwise("swish", Lambda(T, T / (1 + exp(-T))))
    x = ic.tensor("x", "n")
    shapes = {"x": "n", "f": swish}
    assert ic.parse("sum(f(x))", shapes) == swish(x).sum()
    assert ic.parse("sum(D(f)(x))", shapes) == swish(x).diff(x).diagonal().sum()
    assert ic.parse_latex(r"\sum_i f(x_i)", shapes) == swish(x).sum()
    assert ic.parse_index("f(x_i)", "i", shapes) == swish(x)
    g = ic.unknown("g")
    assert ic.parse("g(x)", x="n", g=g) == g(x)
    assert ic.check("sum(f(x))", "x", "D(f)(x)", shapes=shapes).right
