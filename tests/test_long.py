"""Long expressions: what is refused for its length, and what is right all the same.

The limits are lowered here, so that short expressions are long.
"""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import (
    derivative,
    diagonals,
    distributed,
    evaluate,
    expansion,
    index_text,
    index_walk,
)
from indexcalc.diagonals import gram_diagonal, square_norm
from indexcalc.diagrams.build import FRAME_LIMIT
from indexcalc.diagrams.model import Picture
from indexcalc.expr import linear, scale, tensor
from indexcalc.laws import Assumption
from indexcalc.nodes import toposort
from indexcalc.planning import budgets, pairs
from indexcalc.planning.room import Limit
from indexcalc.structured import lowering
from indexcalc.sympy_forms import deep
from tests.trust.monsters import (
    crowd,
    matrix,
    multiplied,
    repeated,
    summed,
    vector,
)

RNG = np.random.default_rng(11)


def test_a_long_program_is_refused_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A product of many arrays counts as so many pairs; evaluation writes no program,
    and where memory is what is short, that is what is told."""
    e = multiplied(crowd(40), [0]) + np.sin(vector())
    arrays = {name: np.full(3, 1.01) for name in e.variables}
    monkeypatch.setattr(pairs, "MOST_STEPS", 81)
    assert len(e.compile(style="plain")(arrays)) == 3
    monkeypatch.setattr(pairs, "MOST_STEPS", 80)
    for refused in (
        lambda: e.compile()(arrays),
        lambda: e.plan(),
        lambda: e.code("julia"),
        lambda: e.evaluate(arrays, structured=True),
        lambda: e.evaluate(arrays, memory_limit="1GB"),
    ):
        with pytest.raises(ic.BudgetError, match="steps is more than 80"):
            refused()
    expected = 1.01**40 + np.sin(1.01)
    np.testing.assert_allclose(e.evaluate(arrays), expected, rtol=1e-14)
    monkeypatch.setattr(budgets, "limit_of", lambda *_: Limit(10, given=False))
    monkeypatch.setattr(evaluate, "limit_of", lambda *_: Limit(10, given=False))
    monkeypatch.setattr(evaluate, "is_small", lambda *_: False)
    with pytest.raises(ic.BudgetError, match="of memory are needed"):
        e.evaluate(arrays)


def test_a_long_derivative_is_not_differentiated_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In any way; the first derivative of the same expression has no such limit."""
    e = np.sum(repeated(lambda y: np.tanh(matrix("A") @ y), 4, vector()))
    slope = e.gradient("x")
    nodes = len(toposort(slope.written))
    monkeypatch.setattr(derivative, "AGAIN_LIMIT", nodes)
    assert e.hessian("x").shape == (*vector().shape, *vector().shape)
    monkeypatch.setattr(derivative, "AGAIN_LIMIT", nodes - 1)
    assert e.gradient("x") == slope
    for asked in (
        lambda: e.hessian("x"),
        lambda: e.hvp("x"),
        lambda: slope.diff("x"),
        lambda: slope.jvp("x"),
        lambda: slope.vjp("x"),
        lambda: e.film("x", order=2),
    ):
        with pytest.raises(ic.BudgetError, match=f"derivative of {nodes} nodes"):
            asked()


def test_a_long_expression_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into blocks, by itself or because of a limit; then the limit is told."""
    e = repeated(lambda y: np.sin(y @ vector()) * y, 3, vector("y"))
    arrays = {"x": np.ones(9), "y": np.linspace(0, 1, 9)}
    count = len(toposort(e.node))
    monkeypatch.setattr(distributed, "MOST_NODES", count)
    blocks = e.evaluate_blocks(arrays, memory_limit="1GB")
    np.testing.assert_allclose(blocks, e.evaluate(arrays), rtol=1e-14)
    monkeypatch.setattr(distributed, "MOST_NODES", count - 1)
    with pytest.raises(ic.BudgetError, match=f"of {count} nodes is more than"):
        e.evaluate_blocks(arrays, memory_limit="1GB")
    with pytest.raises(ic.BudgetError, match="of memory are needed"):
        e.evaluate(arrays, memory_limit=100)


def test_a_long_expression_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """In indices, plain or LaTeX; every other thing is done with it."""
    e = summed([np.sin(v) for v in crowd(20)])
    monkeypatch.setattr(index_walk, "EXTENT_LIMIT", 41)
    assert str(e).count("sin") == 20
    monkeypatch.setattr(index_walk, "EXTENT_LIMIT", 40)
    for refused in (lambda: str(e), lambda: e.latex("index")):
        with pytest.raises(ic.BudgetError, match="41 parts is more than the 40"):
            refused()
    assert ic.expression_from_json(e.json()) == e


def test_sums_of_sums_have_a_budget_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of fifty nested sums is short, and all of them together are not; a raised
    budget raises it too."""
    e = repeated(lambda y: y + np.sin(y), 50, vector())
    assert len(e.expand().node.terms) == 51
    monkeypatch.setattr(expansion, "TOGETHER", 1_000)
    with pytest.raises(ic.BudgetError, match="in all sums together"):
        e.expand()
    assert len(e.expand(budget=8_000).node.terms) == 51
    assert ic.equal(e, e + vector() - vector())


def test_facts_of_long_expressions_are_told_by_their_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first few in full, then how many more; what was declared is none."""
    leaves = [v.written for v in crowd(5, "a")]
    facts = [Assumption("has no zero entry", leaf) for leaf in leaves]
    certain = tensor("p", ("n",), "positive")
    declared = Assumption("has no zero entry", certain)
    told = [f"a{k or ''}_i has no zero entry" for k in range(5)]
    assert index_text.facts_told([declared, *facts, *facts]) == tuple(told)
    monkeypatch.setattr(index_text, "MOST_FACTS", 3)
    assert index_text.facts_told(facts) == (*told[:3], "2 more facts of this kind")
    monkeypatch.setattr(index_text, "TOLD_PARTS", 6)
    sums = [linear([(leaf, 1) for leaf in leaves[:k]], leaves[0].shape) for k in (5, 4)]
    assert index_text.facts_told(Assumption("is real", e) for e in sums) == (
        "a_i + a1_i + a2_i + a3_i + a4_i is real",
        "a_i + a1_i + a2_i + a3_i is real",
    )
    monkeypatch.setattr(index_text, "TOLD_PARTS", 5)
    assert index_text.facts_told([Assumption("is real", sums[0])]) == (
        "a part of 6 parts is real",
    )


# -- maps of many factors --------------------------------------------------------------


@pytest.mark.parametrize("most", [0, 7, 200])
def test_squares_of_a_long_chain(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """diag(JᵀJ) and ‖J‖² of residual layers, however few products are multiplied
    out."""
    monkeypatch.setattr(diagonals, "MOST_MADE", most)
    A = matrix("A")
    e = repeated(lambda y: y + np.tanh(A @ y) / np.linalg.norm(y), 5, vector())
    given = {"A": RNG.normal(size=(3, 3)), "x": RNG.normal(size=3)}
    J = e.diff("x")
    dense = J.evaluate(given)
    for function, expected in (
        (lambda node: gram_diagonal(node, 1), (dense**2).sum(0)),
        (square_norm, (dense**2).sum()),
    ):
        found = evaluate.evaluate(function(J.node), given)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("most", [2, 64])
def test_structure_of_very_many_terms(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Diagonals and products over a short axis stay what they are, the rest of many
    terms is one part, and the value is the same."""
    monkeypatch.setattr(lowering, "MOST_PARTS", most)
    lowering.plan_of.cache_clear()
    square = [matrix(f"B{k}") for k in range(4)]
    U = ic.tensor("U", "n k")
    e = sum((b * b.T for b in square), np.diag(vector())) + U @ U.T + np.exp(square[0])
    given = {f"B{k}": RNG.normal(size=(4, 4)) for k in range(4)}
    given |= {"x": RNG.normal(size=4), "U": RNG.normal(size=(4, 2))}
    found = e.evaluate(given, structured=True)
    np.testing.assert_allclose(found.toarray(), e.evaluate(given), rtol=1e-13)
    assert len(found.parts) == (3 if most == 2 else 7)
    lowering.plan_of.cache_clear()


# -- other forms -----------------------------------------------------------------------


@pytest.mark.parametrize("unfused", [False, True])
@pytest.mark.parametrize("norms", [False, True])
def test_deep_products_are_drawn(norms: bool, unfused: bool) -> None:
    """However deep, in few frames inside one another; the picture says the same
    expression."""
    if norms:
        e = repeated(lambda y: y / np.linalg.norm(y), 100, vector())
    else:
        e = repeated(lambda y: y @ matrix("A"), 400, matrix())
    drawn = e.diagram(fuse=not unfused)
    pictures = [drawn.model.picture, *(picture for _, picture in drawn.model.parts)]
    assert max(map(frames, pictures)) <= FRAME_LIMIT
    assert ic.equal(drawn.expression(), e)


def frames(picture: Picture) -> int:
    """How many frames stand in one another."""
    boxes = [box for _, network in picture.terms for box in network.boxes]
    inner = [frames(content) for box in boxes for content in box.contents]
    return 1 + max(inner) if inner else 0


def test_what_sympy_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared is written anew for every index; inverses in one another are."""
    y = repeated(lambda y: y @ y, 7, matrix())
    monkeypatch.setattr(deep, "MOST_REQUESTS", 100)
    with pytest.raises(ic.BudgetError, match="written anew for every index"):
        ic.to_sympy(y + scale_of(y), form="indexed")
    assert ic.to_sympy(y, form="matrix") is not None
    e = repeated(lambda y: np.linalg.inv(y + matrix("A")), 51, matrix())
    with pytest.raises(ic.BudgetError, match="more than 50 functions of matrices"):
        ic.to_sympy(e, form="array")
    shorter = repeated(lambda y: np.linalg.inv(y + matrix("A")), 5, matrix())
    assert ic.to_sympy(shorter, form="array") is not None


def scale_of(y: ic.Expression) -> ic.Expression:
    """Three times the transpose."""
    return ic.Expression(scale(3, y.T.written))
