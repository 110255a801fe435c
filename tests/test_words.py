"""Results in words: tensors, Jacobian matrices, slices, blocks, parts, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.words import matrix as in_matrices
from indexcalc.words.blocks import tiled

SEED_1 = ("W*((A*X).*(A*X))*ones(3)", {"W": "k k", "A": "k n", "X": "n 3"}, "X")


def derivative(text: str, variable: str, **shapes: str) -> Any:
    """The derivative of a text."""
    return ic.parse(text, **shapes).diff(variable)


def arrays(expression: Any, **sizes: int) -> dict[str, np.ndarray]:
    """Random arrays for the variables of an expression, of sizes by name."""
    rng = np.random.default_rng(3)
    return {
        name: rng.normal(
            size=[n if isinstance(n, int) else sizes[str(n)] for n in v.shape]
        )
        for name, v in expression.variables.items()
    }


# -- more than two axes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "variable", "shapes", "wanted"),
    [
        ("(X.*A)*ones(p)", "A", {"X": "n p", "A": "n p"}, "H(n)*X"),
        ("diag(X)", "X", {"X": "n n"}, "H(n)"),
        ("Diag(x)", "x", {"x": "n"}, "H(n)"),
        ("inv(Diag(d))", "d", {"d": "n"}, "-H(n)*Diag(d.^(-2))"),
        ("A*Diag(x)*B", "x", {"A": "m n", "x": "n", "B": "n p"}, None),
    ],
)
def test_copy_tensor_words(
    text: str, variable: str, shapes: dict[str, str], wanted: str | None
) -> None:
    """What is said with H reads back to the same tensor."""
    found = derivative(text, variable, **shapes)
    said = found.matrix().plain
    assert wanted is None or said == wanted
    assert ic.equal(ic.parse(said, **shapes), found) is True


@pytest.mark.parametrize(
    ("text", "variable", "shapes", "wanted"),
    [
        ("W*x", "W", {"W": "m n", "x": "n"}, "eye(m)⋆x"),
        ("X*sum(x)", "x", {"X": "m n", "x": "p"}, "X⋆ones(p)"),
        ("x*tr(X)", "X", {"X": "n n", "x": "m"}, "x⋆eye(n)"),
        ("x*y'", "x", {"x": "m", "y": "n"}, "transpose(eye(m)⋆y, 0, 2, 1)"),
        ("tanh(W*x)", "W", {"W": "m n", "x": "n"}, None),
    ],
)
def test_dyads_of_three_axes(
    text: str, variable: str, shapes: dict[str, str], wanted: str | None
) -> None:
    """A matrix and a vector that nothing joins; it reads back."""
    found = derivative(text, variable, **shapes)
    said = found.matrix().plain
    assert wanted is None or said == wanted
    assert ic.equal(ic.parse(said, **shapes), found) is True


SECOND = [
    ("log(det(X))", {"X": "n n"}, "-(inv(X)⊗inv(X)')*commutation(n, n)"),
    ("log(det(inv(X)))", {"X": "n n"}, "(inv(X)⊗inv(X)')*commutation(n, n)"),
    ("b'*X'*M*X*b", {"X": "m n", "M": "m m", "b": "n"}, "(b*b')⊗(M + M')"),
    ("v'*inv(X)*w", {"X": "n n", "v": "n", "w": "n"}, None),
    ("sum(log(exp(A*X).+1))", {"A": "m n", "X": "n p"}, None),
]


@pytest.mark.parametrize(("text", "shapes", "wanted"), SECOND)
def test_second_derivatives_over_vec(
    text: str, shapes: dict[str, str], wanted: str | None
) -> None:
    """A Hessian by a matrix is said, though sums of four axes stand in products, and
    has its entries."""
    hessian = ic.parse(text, **shapes).hessian("X")
    said = hessian.jacobian_matrix().text.partition("   ")[0]
    assert wanted is None or ic.equal(
        ic.parse(said, **shapes), ic.parse(wanted, **shapes)
    )
    values = arrays(ic.parse(text, **shapes), m=2, n=3, p=2)
    values["X"] = values["X"] + (3 * np.eye(3) if shapes["X"] == "n n" else 0)
    found = ic.parse(said, **shapes).evaluate(**values)
    wanted_values = hessian.unfolded().evaluate(**values)
    np.testing.assert_allclose(found, wanted_values, rtol=1e-9, atol=1e-9)


def test_the_layout_of_axes_does_not_change_what_is_said() -> None:
    """Variable first or value first, and one derivative after another."""
    y = ic.parse("(X.*A)*ones(p)", X="n p", A="n p")
    one, two = y.diff("A"), y.diff("A", layout="variable_first")
    assert str(one.jacobian_matrix()) == str(two.jacobian_matrix())
    assert list(map(str, one.slices())) == list(map(str, two.slices()))
    assert str(one.linear_map()) == str(two.linear_map())
    f = ic.parse("logdet(X)", X="n n")
    twice = f.diff("X").diff("X")
    assert str(twice.jacobian_matrix()) == str(f.hessian("X").jacobian_matrix())


def test_entries_of_functions() -> None:
    """An index hangs on the function that is called."""
    first, _ = derivative("exp(X)", "X", X="m n").slices()
    assert str(first) == "∂F/∂X_ij = exp(X)_ij E_ij"


JACOBIANS = [
    (*SEED_1, "2*W*((A*X)•A)"),
    ("A*X*B", {"A": "m n", "X": "n p", "B": "p q"}, "X", "B'⊗A"),
    ("X'", {"X": "m n"}, "X", "commutation(m, n)"),
    ("inv(X)", {"X": "n n"}, "X", "-(inv(X)'⊗inv(X))"),
    ("X.*A", {"X": "m n", "A": "m n"}, "X", "Diag(vec(A))"),
    ("(X.*A)*ones(p)", {"X": "n p", "A": "n p"}, "A", "X•eye(n)"),
    ("x.*y.*z", {"x": "n", "y": "n", "z": "n"}, "x", "Diag(y.*z)"),
    ("tr(A*X)", {"A": "n m", "X": "m n"}, "X", "vec(A')'"),
]


@pytest.mark.parametrize(("text", "shapes", "variable", "wanted"), JACOBIANS)
def test_jacobian_matrix(
    text: str, shapes: dict[str, str], variable: str, wanted: str
) -> None:
    """The Jacobian over vec has the entries of the derivative, in every layout."""
    found = derivative(text, variable, **shapes)
    said = found.jacobian_matrix()
    assert said.plain == wanted.replace("-(inv(X)'⊗inv(X))", "-inv(X)'⊗inv(X)")
    assert "numerator layout" in str(said)
    assert "column-major" in said.note or "vec" not in said.note
    sizes = {"k": 2, "n": 3, "m": 2, "p": 2, "q": 2}
    values = arrays(found, **sizes) | {}
    dense = np.asarray(found.evaluate(values, sizes=sizes))
    rows = int(np.prod(dense.shape[: found.value_order], dtype=int))
    order = list(range(dense.ndim))
    split = found.value_order
    turned = dense.transpose(order[:split][::-1] + order[split:][::-1])
    for layout, matrix in (
        ("numerator", turned.reshape(rows, -1)),
        ("denominator", turned.reshape(rows, -1).T),
    ):
        words = ic.parse(found.jacobian_matrix(layout).plain, **shapes)
        got = np.asarray(words.evaluate(values, sizes=sizes))
        np.testing.assert_allclose(got.reshape(matrix.shape), matrix, atol=1e-12)
    row_major = ic.parse(found.jacobian_matrix(order="C").plain, **shapes)
    got = np.asarray(row_major.evaluate(values, sizes=sizes))
    np.testing.assert_allclose(got.ravel(), dense.ravel(), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "variable", "shapes", "wanted"),
    [
        (
            "(X.*A)*ones(p)",
            "A",
            {"X": "n p", "A": "n p"},
            ["∂y/∂A_ij = X_ij e_i", "∂y_i/∂A = E_ii X"],
        ),
        (
            SEED_1[0],
            "X",
            SEED_1[1],
            ["∂y/∂X_ij = 2W(A e_i∘AX e_j)", "∂y_i/∂X = 2Aᵀ Diag(Wᵀ e_i)AX"],
        ),
        ("diag(X)", "X", {"X": "n n"}, ["∂y/∂X_ij = δ_ij e_j", "∂y_i/∂X = E_ii"]),
        (
            "inv(X)",
            "X",
            {"X": "n n"},
            ["∂F/∂X_ij = −X⁻¹ E_ij X⁻¹", "∂F_ij/∂X = −X⁻ᵀ E_ij X⁻ᵀ"],
        ),
    ],
)
def test_slices(
    text: str, variable: str, shapes: dict[str, str], wanted: list[str]
) -> None:
    """Two different index letters may be equal: nothing is lost on the diagonal."""
    found = derivative(text, variable, **shapes)
    assert [str(part) for part in found.slices()] == wanted


def test_linear_map_and_differential() -> None:
    """The derivative as a map with a slot, and dF in terms of dX."""
    found = ic.parse("x.*y.*z", x="n", y="n", z="n")
    assert str(found.diff("x").linear_map()) == "h ↦ h∘y∘z"
    text, shapes, variable = SEED_1
    assert str(ic.parse(text, **shapes).differential(variable)) == "dy = 2W(AX∘A dX)𝟏"


# -- blocks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shapes", "wanted"),
    [
        (
            "[A, B; C, D]*x",
            {"A": "m n", "B": "m p", "C": "q n", "D": "q p", "x": "n+p"},
            "[A, B; C, D]*x",
        ),
        ("[a; b]", {"a": "m", "b": "n"}, "[a; b]"),
        ("[x, y, z]", {"x": "n", "y": "n", "z": "n"}, "[x, y, z]"),
        (
            "[A, B]*[C; D]",
            {"A": "m n", "B": "m p", "C": "n q", "D": "p q"},
            "A*C + B*D",
        ),
    ],
)
def test_blocks(text: str, shapes: dict[str, str], wanted: str) -> None:
    """Blocks print as blocks, multiply out, and read back in every style."""
    found = ic.parse(text, **shapes)
    said = found.matrix()
    assert said.plain == wanted
    assert ic.equal(ic.parse(said.plain, **shapes), found) is True
    assert ic.equal(ic.parse(said.paper, paper=True, **shapes), found) is True
    assert ic.equal(ic.parse_latex(said.latex, shapes), found) is True


def test_blocks_within_blocks_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work grows with the depth, and does not double with each level of it."""
    sought: list[object] = []

    def counted(node: Any) -> Any:
        sought.append(node)
        return tiled(node)

    monkeypatch.setattr(in_matrices, "tiled", counted)
    x: Any = ic.tensor("x", "n")
    y = x
    for _ in range(9):
        y = np.concatenate([y, 2 * x])
    assert y.matrix().plain == "[" * 9 + "x" + "; 2*x]" * 9
    assert len(sought) < 200


def test_products_in_one_another_are_said_at_any_depth() -> None:
    """The search for a sum to turn ends, and does not recurse without end."""
    x: Any = ic.tensor("x", "n")
    y = x
    for _ in range(1_200):
        y = (ic.tensor("A", "n n") @ y) * x
    said = y.matrix().plain
    assert said.count("A*") == 1_200


def test_embeddings_cancel() -> None:
    """The derivative of a stacked vector's norm forgets the stacking."""
    found = ic.parse("normsq([A*x; b])", A="m n", b="k", x="n").gradient("x")
    assert found.matrix().plain == "2*A'*A*x"
    apart = ic.parse(
        "einsum('ki,kj->ij', [eye(2); zeros(3,2)], [zeros(2,3); eye(3)])".replace(
            "'", '"'
        )
    )
    assert apart.expand().matrix().plain == "zeros(2, 3)"


# -- named parts -----------------------------------------------------------------------


def test_named_parts_read_back() -> None:
    """K c where K = … is what the published answer says, and reads back."""
    shapes = {
        "a": "p",
        "B": "p k",
        "x": "k",
        "c": "e",
        "D": "k e",
        "E": "p e",
        "f": "e",
    }
    found = ic.parse("a'*((B*((x*c').*D)).*E)*f", **shapes).gradient("x")
    plain = found.matrix(parts=True)
    assert str(found.matrix("paper", parts=True)) == "Kc where K = D∘Bᵀ(E∘afᵀ)"
    assert ic.parse(str(plain), **shapes) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("K*x where", "definitions"),
        ("K*x where K", "definitions"),
        ("A*x where A = 2", "has a meaning already"),
        ("K*x where K = A*y", "y"),
        ("K*x where K = (A", "never closed"),
    ],
)
def test_bad_definitions(text: str, said: str) -> None:
    """An error names the place in the whole text."""
    with pytest.raises(ic.IndexCalcError) as caught:
        ic.parse(text, A="n n", x="n")
    assert said in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize("read", [ic.parse, ic.parse_index])
def test_too_many_definitions(read: Callable[..., object]) -> None:
    """The error names the first one beyond the limit."""
    text = "K0 where " + ", ".join(f"K{k} = c" for k in range(70))
    with pytest.raises(ic.ParseError, match="more than 64 definitions") as caught:
        read(text, c="")
    assert caught.value.position is not None
    assert text[: caught.value.position].count("=") == 65


# -- refusals --------------------------------------------------------------------------


def test_reasons() -> None:
    """Where there are no words, a reason and a way on."""
    text, shapes, variable = SEED_1
    found = ic.parse(text, **shapes).diff(variable)
    assert found.why_no_matrix_form() is not None
    with pytest.raises(ic.UnsupportedError, match="over vec it is"):
        found.matrix()
    a, b, c, d, e, f = (ic.tensor(name, "n n") for name in "ABCDEF")
    k4 = ic.einsum("ij,ik,il,jk,jl,kl->", a, b, c, d, e, f)
    assert "series" in str(k4.why_no_matrix_form())
    assert ic.tensor("x", "n").why_no_matrix_form() is None


def test_long_expressions_end() -> None:
    """A form that would be exponential in length is refused, with a way on."""
    x: Any = ic.tensor("x", "n")
    e: Any = x
    for _ in range(40):
        e = e * np.exp(e)
    with pytest.raises(ic.IndexCalcError, match="index notation"):
        e.matrix()


@pytest.mark.parametrize(
    "method", ["jacobian_matrix", "slices", "linear_map", "unfolded"]
)
def test_only_derivatives_have_variables(method: str) -> None:
    """What needs a variable says so of a plain expression."""
    with pytest.raises(ic.UnsupportedError, match="not a derivative"):
        getattr(ic.tensor("X", "n p"), method)()


def test_names_of_functions_have_no_paper_style() -> None:
    """A variable called exp is readable in the plain style only."""
    found = ic.parse("exp*x", exp="", x="n")
    assert ic.parse(found.matrix().plain, exp="", x="n") == found
    with pytest.raises(ic.UnsupportedError, match="plain style"):
        _ = found.matrix("paper").text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("‖Ax‖²", "normsq(A*x)"), ("A⁻ᵀx", "inv(A)'*x"), ("½x", "x/2"), ("x^∘2", "x.^2")],
)
def test_marks_of_paper(text: str, wanted: str) -> None:
    """Norm bars, ⁻ᵀ, ½ and ^∘ are read."""
    found = ic.parse(text, paper=True, A="n n", x="n")
    assert found == ic.parse(wanted, A="n n", x="n")


def test_conventions_are_named() -> None:
    """A derivative by a structured variable says by which convention it is one."""
    f = ic.parse("tr(A*S)", A="n n", S="n n : symmetric")
    assert f.gradient("S").matrix().plain == "(A + A')/2"
    free = f.gradient("S", convention="free_entries")
    assert "free_entries" in free.axes()
    assert ic.equal(free, ic.parse("A + A' - A.*eye(n)", A="n n")) is True


# -- names that clash ------------------------------------------------------------------


def test_functions_of_users_keep_their_names() -> None:
    """A function given by a formula and its derivative print by its name."""
    sympy = pytest.importorskip("sympy")
    t = sympy.Symbol("t")
    swish = ic.elementwise("swish", sympy.Lambda(t, t / (1 + sympy.exp(-t))))
    x: Any = ic.tensor("x", "n")
    assert swish(x).diff(x).matrix().plain == "Diag(swish′(x))"
    assert "swish" in swish(x).matrix().latex


def test_arrays_are_told_apart() -> None:
    """Small arrays print their numbers, large ones a name of their own."""
    x: Any = ic.tensor("x", 2)
    small = x @ ic.constant(np.array([[2.0, 1], [0, 3]])) @ x
    assert small.diff(x).matrix().plain == "[4, 1; 1, 6]*x"
    assert ic.parse("x'*[2,1;0,3]*x", x="2") == small
    z: Any = ic.tensor("z", 6)
    one, two = (ic.constant(np.arange(36.0).reshape(6, 6) + k) for k in (0, 1))
    assert (one @ z).matrix().plain != (two @ z).matrix().plain


def test_a_slot_is_no_variable() -> None:
    """The slot, dX and e_i have names that no variable has, or it is refused."""
    found = ic.parse("tr(inv(h)*X)", h="n n", X="n n").diff("X")
    assert str(found.linear_map()) == "v ↦ tr(vh⁻¹)"
    with pytest.raises(ic.UnsupportedError, match="name of a variable"):
        found.linear_map("h")
    with pytest.raises(ic.UnsupportedError, match="name of a variable"):
        ic.parse("tr(inv(dX)*X)", dX="n n", X="n n").differential("X")
    slices = ic.parse("(e_i'*x)*x", e_i="n", x="n").diff("x").slices()
    assert str(slices[0]) == "∂y/∂x_j = (e_iᵀx) e_j + (e_iᵀ e_j)x"


def test_a_size_is_no_variable() -> None:
    """A scalar that bears the name of a size leaves the size another spelling."""
    found = ic.parse("m*sum(ones(m))*x", x="m", m="")
    assert ic.parse(found.matrix().plain, x="m", m="") == found


@pytest.mark.parametrize("text", ["norm2(x)^22", "1/normsq(A*x)", "normsq(A*x)^2"])
def test_powers_of_norms(text: str) -> None:
    """‖x‖² and a power of it are not run together."""
    found = ic.parse(text, A="m n", x="n")
    said = found.matrix("paper").text
    back = ic.parse(said, paper=True, A="m n", x="n")
    assert ic.equal(back, found) is True


@pytest.mark.parametrize("form", ["mathml", "svg"])
def test_pictures_of_formulas(form: str) -> None:
    """Formulas become MathML and SVG without a TeX installation."""
    pytest.importorskip("ziamath")
    pytest.importorskip("latex2mathml")
    found = ic.parse("normsq(A*x - b)/2", A="m n", x="n", b="m").hessian("x")
    assert (
        f"<{'math' if form == 'mathml' else 'svg'}" in getattr(found.matrix(), form)()
    )


def test_a_column_of_numbers() -> None:
    """A column of numbers is a vector, and reads back as one."""
    found = ic.parse("sum(C)*u'*[1/2; 1/2]", u="2", C="2 2")
    assert ic.equal(ic.parse(found.matrix().plain, u="2", C="2 2"), found) is True
    assert found.gradient("u").shape == (2,)


def test_constants_that_look_alike() -> None:
    """A scalar constant has a form; an array that only bears the name levicivita3 is
    not contracted as if it were that tensor."""
    x: Any = ic.tensor("x", "n")
    assert (ic.constant(3.0) * x).why_no_matrix_form() is None
    other = ic.constant(np.arange(27.0).reshape(3, 3, 3), "levicivita3")
    both = ic.einsum("kab,kcd,c,d->ab", other, other, *ic.tensors("u v", 3))
    assert both.why_no_matrix_form() is not None


def test_definitions_in_any_order_are_read() -> None:
    """As the printer writes them, and the other way round."""
    shapes = {"A": "n n", "x": "n", "y": "n"}
    one = ic.parse("v'*w where w = x - y, v = A*w", shapes)
    assert one == ic.parse("v'*w where v = A*w, w = x - y", shapes)
    assert one == ic.parse("vᵀw where w = x − y, v = Aw", shapes, paper=True)
    with pytest.raises(ic.IndexCalcError):
        ic.parse("v where w = v, v = w", shapes)


def test_rounded_numbers_are_no_content() -> None:
    """The digits of 1/√π are not cleared as if they were a fraction."""
    f = ic.parse("sum(x .* (1 .+ erf(x/sqrt(2))))/2", x="n")
    said = str(f.gradient("x").matrix("paper"))
    assert "0.000000" not in said
    assert "0.5641895835477563" in said


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("eigmax_vector(B).*y", "y.*eigmax_vector(B)"),
        ("eigvalsh(B + ones(n)*ones(n)').*y + ones(n)", "1 .+ y.*eigvalsh(1 .+ B)"),
        ("eigmax_vector(ones(n)*ones(n)')", "eigmax_vector(ones(n)*ones(n)')"),
        ("eigvalsh(B + eye(n)) + ones(n)", "1 .+ eigvalsh(eye(n) + B)"),
    ],
)
def test_vectors_of_matrices_beside_vectors(text: str, wanted: str) -> None:
    """A function that has fewer axes than its argument tells its size, or is told."""
    e = ic.parse(text, B="n n", y="n")
    assert str(e.matrix("plain")) == wanted
    assert e.latex()
    assert ic.parse(wanted, B="n n", y="n") == e
