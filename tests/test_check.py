"""Verdicts on answers: what people answered, right and wrong, and slips of a pen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.expr import linear, scale, tensor
from indexcalc.judging.answers import Context, readings, sides
from indexcalc.judging.cases import ask
from indexcalc.judging.layouts import diagonals, layouts, sums
from indexcalc.judging.mistakes import shortened, terms, transposed, without
from indexcalc.judging.records import Verdict
from indexcalc.judging.verdicts import SENTENCES
from tests.answers import CONVENTIONAL, RIGHT, WRONG, Answer

ANSWERS = (*RIGHT, *CONVENTIONAL, *WRONG)


def verdict_on(answer: Answer) -> Verdict:
    return ic.check(
        answer.function,
        answer.variable,
        answer.text,
        order=answer.order,
        shapes=answer.shapes,
    )


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.id)
def test_verdict(answer: Answer) -> None:
    found = verdict_on(answer)
    assert (found.kind, found.right) == (answer.kind, answer.kind == "equal"), found
    assert bool(found) == (answer not in WRONG)
    assert str(found) == found.text
    if found.right:
        assert found.text.startswith("Right")
        assert found.witness is None


def test_there_are_enough_answers() -> None:
    assert len(RIGHT) >= 45
    assert len({answer.id for answer in ANSWERS}) == len(ANSWERS)


def slips() -> Iterator[tuple[str, str, Answer]]:
    """Every right answer that is not zero, with a sign, a factor or a term changed."""
    for answer in RIGHT:
        if answer.id != "nothing":
            for slip in ("sign", "factor", "missing term", "term sign"):
                yield f"{answer.id}-{slip}", slip, answer


SLIPS = list(slips())
#: What a changed term may look like as well, where terms are alike or vanish together.
ALSO = {
    "missing term": {"missing factor", "factor", "term factor", "term sign"},
    "term sign": {"sign", "term factor"},
}


@pytest.mark.parametrize(
    ("slip", "answer"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS]
)
def test_a_slip_is_found(slip: str, answer: Answer) -> None:
    f = ic.parse(answer.function, answer.shapes)
    expected = ic.check(f, answer.variable, answer.text, order=answer.order).expected
    node = expected.written
    parts = terms(node)
    change = {"sign": -1, "factor": 3}.get(slip)
    if change is not None:
        slipped = [scale(change, node)]
    elif len(parts) > 1:
        weight = -1 if slip == "missing term" else -2
        slipped = [
            linear([(node, 1), (part, weight)], node.shape) for part in parts[:2]
        ]
    else:
        slipped = []
    for wrong in slipped:
        found = ic.check(f, answer.variable, ic.Expression(wrong), order=answer.order)
        assert found.kind in {slip} | ALSO.get(slip, set()), found
        assert not found


def test_slips_by_a_change_of_the_expression() -> None:
    """A transposition or a dropped factor is never taken for right, unless it is."""
    f = ic.parse("tr((X'*X - A)'*(X'*X - A))", X="m n", A="n n")
    derivative = f.gradient("X")
    for change in (*transposed(derivative.node), *without(derivative.node)):
        wrong = ic.Expression(change.node)
        assert ic.check(f, "X", wrong).right == bool(wrong.equal(derivative))


# -- seeds -----------------------------------------------------------------------------


def test_the_transposed_vec_jacobian() -> None:
    found = ic.check(
        "W*((A*X) .* (A*X))*ones(3)",
        "X",
        "∂F/∂X = [(ones(3)'⊗W)*Diag(2*vec(A*X))*(eye(3)'⊗A)]'",
        shapes={"W": "k k : diagonal", "A": "k n", "X": "n 3"},
    )
    assert found
    assert found.layout == "the transposed Jacobian over column-major vec"
    assert "denominator layout" in found.text


def test_the_diagonal_of_a_diagonal_matrix() -> None:
    x, y, z = ic.tensors("x y z", "n")
    found = ic.check(x * y * z, [x, y, z], ["y∘z", "x∘z", "x∘y"])
    assert [one.kind for one in found] == ["diagonal"] * 3
    assert "Diag(y.*z)" in found[0].text
    assert [bool(one) for one in found] == [False] * 3
    right = ic.check(x * y * z, [x, y, z], ["Diag(y∘z)", "Diag(x∘z)", "Diag(x∘y)"])
    assert all(one.right for one in right)


# -- layouts ---------------------------------------------------------------------------


def test_a_layout_that_is_asked_for() -> None:
    A, x = ic.tensor("A", "m n"), ic.tensor("x", "n")
    assert ic.check(A @ x, x, "A", layout="numerator").right
    assert ic.check(A @ x, x, "A'", layout="denominator").right
    refused = ic.check(A @ x, x, "A", layout="denominator")
    assert (refused.kind, bool(refused)) == ("other layout", False)
    assert ic.check(A @ x, A, np.einsum("ij,k->ijk", ic.eye("m"), x)).right
    first = np.einsum("ij,k->jki", ic.eye("m"), x)
    assert ic.check(A @ x, A, first, layout="variable_first").right
    assert ic.check(A @ x, A, first).kind == "layout"
    with pytest.raises(ic.ShapeError, match="sideways"):
        ic.check(A @ x, x, "A", layout="sideways")


def test_every_layout_is_a_bijection_of_the_entries() -> None:
    rng = np.random.default_rng(0)
    for value, variable in [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]:
        array = rng.normal(size=(2, *range(2, 2 + value + variable)))
        seen = [a.out for a in layouts(value, variable)]
        assert len(seen) == len(set(seen))
        for a in layouts(value, variable):
            found = a.array(array)
            assert sorted(found.ravel()) == sorted(array.ravel())


def test_arrangements_agree_on_nodes_and_arrays() -> None:
    T = tensor("T", (2, 3, 2, 3))
    array = np.random.default_rng(1).normal(size=(2, 3, 2, 3))
    every = [*layouts(2, 2), *diagonals(T.shape, 2), *sums(4, 2)]
    assert len({(a.labels, a.out) for a in every}) == len(every)
    for a in every:
        by_node = ic.Expression(a.node(T)).evaluate(T=array)
        np.testing.assert_allclose(by_node, a.array(array[None])[0])
        assert by_node.shape == a.shape(T.shape)


# -- ways to write an answer -----------------------------------------------------------

SHAPES = {"A": "n n", "x": "n", "y": "n"}
SAME = [
    "(A + A')*x",
    "(A+A')x",
    "(A+Aᵀ)x",
    "A x + A^T x",
    "∂f/∂x = Ax + A'x",
    "y = A*x + A'*x",
    "A_ij x_j + A_ji x_j",
    "A[i,k] x[k] + A[k,i] x[k]",
    "∂f/∂x_p = A_pq x_q + A_qp x_q",
    "sum_{j} (A_ij + A_ji) x_j",
    'einsum("ij,j->i", A, x) + einsum("ij,i->j", A, x)',
    "(A+A')*I*x",
    "x_k (A_ki + A_ik)",
]


@pytest.mark.parametrize("text", SAME)
def test_ways_to_write(text: str) -> None:
    assert ic.check("x'*A*x", "x", text, shapes=SHAPES).right


LATEX = [
    r"(A + A^\top) x",
    r"$\frac{\partial f}{\partial x} = A x + A^T x$",
    r"\nabla f = \mathbf{A}\mathbf{x} + \mathbf{A}^{\mathsf T}\mathbf{x}",
    r"$$(A+A')x$$",
]


@pytest.mark.parametrize("text", LATEX)
def test_latex(text: str) -> None:
    assert ic.check("x'*A*x", "x", text, shapes=SHAPES).right
    assert ic.check(r"$f = x^\top A x$", "x", text, shapes=SHAPES).right


def test_latex_of_the_seeds() -> None:
    W, A, X = ic.tensor("W", "k k"), ic.tensor("A", "k n"), ic.tensor("X", "n 3")
    F = W @ ((A @ X) * (A @ X)) @ ic.ones(3)
    answer = (
        r"\frac{\partial \mathbf{F}}{\partial \mathbf{X}} = \left[\left("
        r"\mathbf{1}_{3}^{T} \otimes \mathbf{W}\right) diag\left(2 \mathbf{vec "
        r"\left(AX\right)}\right) \left(\mathbf{I}_{3}^{T} \otimes \mathbf{A}"
        r"\right)\right] ^{T}"
    )
    found = ic.check(F, X, answer)
    assert found.layout == "the transposed Jacobian over column-major vec"
    x, y, z = ic.tensors("x y z", "n")
    answers = [rf"\mathbf{{{a}}} \circ\mathbf{{{b}}}" for a, b in ("yz", "xz", "xy")]
    found = ic.check(x * y * z, [x, y, z], answers)
    assert [one.kind for one in found] == ["diagonal"] * 3


def test_lone_constants_take_their_sizes_from_the_question() -> None:
    assert ic.check("x'*x", "x", "2I", order=2, shapes=SHAPES).right
    assert ic.check("A*x", "x", "A*I", shapes=SHAPES).right
    assert ic.check("sum(x)", "x", "1", shapes=SHAPES).right
    assert ic.check("sum(A)", "A", "1 1'", shapes=SHAPES).right
    assert ic.check("n*sum(x)", "x", "n 1", shapes=SHAPES).right
    number = ic.check("x'*x", "x", "2", order=2, shapes=SHAPES)
    assert number.kind == "layout"
    assert "identity" in number.text
    assert ic.check("x'*A*y", "y", "0*x", shapes=SHAPES).kind != "equal"


def test_expressions_arrays_and_numbers_are_answers() -> None:
    x, c = ic.tensor("x", 3), ic.constant(np.array([1.0, 2.0, 3.0]), "c")
    assert ic.check((c * x).sum(), x, c).right
    assert ic.check((c * x).sum(), x, np.array([1.0, 2.0, 3.0])).right
    assert ic.check((c * x).sum(), "x", "c").right
    assert ic.check(x.sum(), x, ic.ones(3)).right
    assert ic.check((x * 0).sum(), x, 0).right


def test_free_indices_can_be_given() -> None:
    f = ic.parse("A*x", A="m n", x="n")
    assert ic.check(f, "x", "A_pq", out="pq").right
    assert ic.check(f, "x", "A_pq", out="qp").kind == "layout"
    assert ic.check(f, "A", "δ_ij x_k").right
    assert ic.check(f, "A", "∂y_a/∂A_bc = δ_ab x_c").right


def test_a_function_as_text() -> None:
    assert ic.check("f = x'Ax", "x", "(A+A')x", shapes=SHAPES).right
    with pytest.raises(ic.UnknownNameError, match="Q"):
        ic.check("x'*Q*x", "x", "x", shapes=SHAPES)


def test_unknown_functions() -> None:
    shapes = SHAPES | {"f": "function"}
    assert ic.check("sum(f(A*x))", "x", "A'*D(f)(A*x)", shapes=shapes).right
    lost = ic.check("sum(f(A*x))", "x", "A'*f(A*x)", shapes=shapes)
    assert lost.kind == "wrong"


def test_what_cannot_be_read() -> None:
    for text in ["", "(A+A'x", "q*x", "A_ij x_j y_k", "x'*", "x\\x"]:
        with pytest.raises(ic.IndexCalcError):
            ic.check("x'*A*x", "x", text, shapes=SHAPES)
    assert sides("∂f/∂X = 2 X") == ("∂f/∂X", "2 X")


def test_what_cannot_be_asked() -> None:
    with pytest.raises(ic.UnsupportedError, match="order 3"):
        ic.check("x'*A*x", "x", "A", order=3, shapes=SHAPES)
    with pytest.raises(ic.UnknownNameError, match="no variable z"):
        ic.check("x'*A*x", "z", "A", shapes=SHAPES)
    with pytest.raises(ic.ShapeError, match="2 answers for 1"):
        ic.check("x'*A*x", "x", ["A", "A"], shapes=SHAPES)
    with pytest.raises(ic.ShapeError, match="list of answers"):
        ic.check("x'*A*y", ["x", "y"], "A", shapes=SHAPES)
    big = ic.tensor("B", (300, 300))
    with pytest.raises(ic.BudgetError, match="by name"):
        ic.check(big @ big, big, "0")


def test_a_mixed_hessian() -> None:
    assert ic.check("x'*A*y", ["x", "y"], "A", order=2, shapes=SHAPES).right
    turned = ic.check("x'*A*y", ["y", "x"], "A", order=2, shapes=SHAPES)
    assert turned.kind == "layout"


# -- what a verdict holds --------------------------------------------------------------


def test_a_witness_is_one() -> None:
    f = ic.parse("x'*A*x", SHAPES)
    found = ic.check(f, "x", "3A x")
    assert found.kind == "wrong"
    witness = found.witness
    assert witness is not None
    arrays = dict(witness.values)
    assert all(float(entry).is_integer() for a in arrays.values() for entry in a.flat)
    right = f.gradient("x").evaluate(arrays)
    wrong = (3 * ic.parse("A*x", SHAPES)).evaluate(arrays)
    assert witness.expected == right[witness.entry] != witness.given
    assert witness.given == wrong[witness.entry]
    assert str(witness) in found.text


def test_evidence_and_assumptions_are_told() -> None:
    found = ic.check("x'*A*x", "x", "2Ax", shapes=SHAPES)
    assert found.assumptions == ("A is symmetric",)
    assert found.evidence is not None
    assert found.evidence.equal is True
    primes = ic.check(
        "det(A*B)", "A", "det(A)*det(B)*inv(A)'", shapes={"A": "n n", "B": "n n"}
    )
    assert primes.evidence is not None
    floats = ic.check("sum(erf(-x))", "x", "-D_erf", shapes={"x": "n", "D_erf": "n"})
    assert floats.kind != "equal"


def test_the_derivative_is_given_with_its_axes() -> None:
    found = ic.check("A*x", "A", "x", shapes=SHAPES)
    assert found.expected.axes().startswith("value axes i; variable axes j, k")
    assert found.expected == ic.parse("A*x", SHAPES).diff("A")


def test_singular_sizes_do_not_mislead() -> None:
    """X Xᵀ is invertible only where X has no more rows than columns."""
    for shape in ("m n", "n m", "p q"):
        shapes = {"X": shape}
        assert ic.check("logdet(X*X')", "X", "2*inv(X*X')*X", shapes=shapes).right
        wrong = ic.check("logdet(X*X')", "X", "inv(X*X')*X", shapes=shapes)
        assert wrong.kind == "factor"


def test_complex_variables_are_drawn_complex() -> None:
    """z and its conjugate agree on real points only."""
    z, c = ic.tensor("z", "n : complex"), ic.tensor("c", "n : complex")
    assert ic.check(c @ z, z, c).right
    assert not ic.check(c @ z, z, np.conj(c))
    assert ic.check(c @ z, z, 2 * c).kind == "factor"


def test_kinds_have_sentences() -> None:
    kinds = {answer.kind for answer in ANSWERS}
    assert kinds <= set(SENTENCES)
    assert set(SENTENCES) - kinds == {
        *("other layout", "part", "transpose", "missing terms")
    }


def test_a_part_and_a_transposition() -> None:
    shapes = {"A": "n n", "x": "n", "K": "n n : skew", "S": "n n", "B": "n n"}
    part = ic.check("(x*x') .* A", "x", "A_ij x_j", out="ij", shapes=shapes)
    assert part.kind in ("part", "wrong")
    found = ic.check("A*x .* x", "x", "diag(A).*x", shapes=shapes)
    assert not found


def test_shortened_products() -> None:
    f = ic.parse("A'*exp(A*x)", A="m n", x="n")
    assert any(change.node.shape == (ic.dim("m"),) for change in shortened(f.node))


def test_an_answer_is_read_in_one_notation_first() -> None:
    A, x = tensor("A", ("n", "n")), tensor("x", ("n",))
    context = Context({"A": A, "x": x}, [x.shape], "i")
    notations = [found.notation for found in readings("A*x", context)]
    assert notations == ["text"]
    question = ask(ic.parse("x'*A*x", SHAPES).written, [x])
    assert (question.value, question.second) == (0, False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("X*dX + dX*X", "equal"),
        ("dF = X dX + dX X", "equal"),
        ("X*dX", "missing term"),
        ("2*X*dX", "wrong"),
    ],
)
def test_a_differential_is_an_answer(answer: str, kind: str) -> None:
    """dF in terms of dX states the derivative; what is not linear in dX is refused."""
    verdict = ic.check("X*X", "X", answer, shapes={"X": "n n"})
    assert verdict.kind == kind
    assert "differential" in str(verdict)
    with pytest.raises(ic.UnsupportedError, match="not linear"):
        ic.check("X*X", "X", "dX*dX", shapes={"X": "n n"})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("df/dA = (A+A')*x", "the derivative by A"),
        ("A*x = (A+A')*x", "an equation"),
        ("(A+A')*x = 0", "an equation"),
    ],
)
def test_a_left_side_that_is_another_statement(answer: str, said: str) -> None:
    """What stands left of the equals sign is not passed over."""
    with pytest.raises(ic.ParseError, match=said):
        ic.check("x'*A*x", "x", answer, shapes={"x": "n", "A": "n n"})


def test_the_derivative_by_a_variable_of_another_shape() -> None:
    """The commonest mistake is named, whatever the shapes."""
    verdict = ic.check("x'*A*x", "x", "x*x'", shapes={"x": "n", "A": "n n"})
    assert verdict.kind == "other variable"
    assert "by A" in str(verdict)


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("sum(exp(x))", "exp(x) + 1e-9*x"),
        ("sum(exp(x))", "(1 + 1e-9)*exp(x)"),
        ("sum(sin(x))", "cos(x) + 1e-30*x"),
        ("norm2(A*x)", "A'*A*x/norm2(A*x) + 1e-9*x"),
        ("x'*A*x", "(A + A')*x + 1e-12*x"),
        ("sum((A*x).^2)", "2*A'*A*x + 1e-9*x"),
    ],
)
def test_a_small_difference_is_a_difference(function: str, answer: str) -> None:
    """However small a term is, an answer with it is not right, under no assumption."""
    verdict = ic.check(function, "x", answer, shapes={"x": "n", "A": "n n"})
    assert not verdict
    assert verdict.kind not in ("assumption", "equal")


def test_an_answer_beyond_the_squares_of_floats_is_wrong_without_a_warning() -> None:
    answer = f"2 {'A ' * 300}x"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = ic.check("x'*A*x", "x", answer, shapes={"A": "n n", "x": "n"})
    assert not verdict.right
