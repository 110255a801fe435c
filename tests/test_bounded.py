"""Monsters answer or refuse as documented; the page on budgets tells the truth.

A sample of `python -m tests.trust.bounded`, in this process and without its clock.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import expr, holding, labelling
from indexcalc.codegen.limits import limited
from indexcalc.codegen.numpy_fast_allotment import Allotment
from indexcalc.contraction.elimination import eliminated
from indexcalc.contraction.paths import is_crowded
from indexcalc.derivative import jacobian
from indexcalc.distributed import choices, in_numbers
from indexcalc.network import alike
from indexcalc.nodes import Einsum, Node
from indexcalc.pairwise import _once, arranged, pair_product
from indexcalc.plan import compile_nodes
from indexcalc.planning.book import why_no_order
from indexcalc.planning.matching import Match
from indexcalc.planning.pairs import in_pairs
from indexcalc.planning.sharing import shared
from indexcalc.sizes import dim
from indexcalc.words import matrix as matrix_words
from tests.trust.bounded import REFUSALS, attempt
from tests.trust.monsters import (
    GRAPHS,
    MONSTERS,
    Edge,
    cai_fuerer_immerman,
    complete,
    crowd,
    cube,
    edge_tensor,
    knotted,
    matrix,
    petersen,
    plane,
    summed,
    vector,
    wired,
)
from tests.trust.operations import OPERATIONS, Subject

SAMPLED = (
    "16 cycles of 4",
    "K12",
    "Petersen →",
    "K6 ⬤",
    "((x²)²)²…",
    "y∘y",
    "y@y",
    "(x+b+c)^20",
    "x⊗…⊗x 64",
)
TRIED = (
    "build",
    "lowered",
    "==",
    "expand",
    "matrix",
    "latex index",
    "steps index",
    "steps chain",
    "hessian",
    "jvp",
    "subs",
    "evaluate",
    "draw json",
    "draw unfused",
    "pickle",
    "del",
)


@pytest.mark.parametrize("name", SAMPLED)
def test_answers_or_refuses(name: str) -> None:
    """Every operation, on one monster."""
    monster = MONSTERS[name]
    for operation in TRIED:
        subject = Subject(monster.build(), monster.by)
        work = OPERATIONS[operation]
        kind, message = attempt(lambda w=work, s=subject: w(s))  # type: ignore[misc]
        assert not kind or kind in REFUSALS, (operation, kind, message)


def test_deep_chains_are_let_go() -> None:
    """Nothing recurses, not even where memory is given back."""
    for name in ("sin 10⁴",):
        subject = Subject(MONSTERS[name].build(), "x")
        OPERATIONS["repr"](subject)
        OPERATIONS["pickle"](subject)
        OPERATIONS["del"](subject)


# -- the page on budgets ---------------------------------------------------------------

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "budgets.md"
ROW = re.compile(r"^\|[^|]*\| ([0-9,]+) \| `([a-z_.]+)\.([A-Z_]+)` \|", re.MULTILINE)


def test_documented_budgets_are_the_constants() -> None:
    """Every figure of the tables is what the code holds."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 25
    for figure, module, name in rows:
        held = getattr(import_module(f"indexcalc.{module}"), name)
        assert held == int(figure.replace(",", "")), (module, name)


# -- labelling -------------------------------------------------------------------------


def again(node: Node) -> Node:
    """The product built from its own operands."""
    assert isinstance(node, Einsum)
    return expr.einsum(node.operands, node.out, dict(enumerate(node.dims)))


def shuffled(edges: list[Edge], seed: int) -> list[Edge]:
    """The same graph with other names, in another order."""
    rng = Random(seed)
    names = sorted({v for edge in edges for v in edge})
    new = dict(zip(names, rng.sample(names, len(names)), strict=True))
    moved = [(new[a], new[b]) for a, b in edges]
    rng.shuffle(moved)
    return moved


ALIKE = ("2 cycles of 32", "cube 64", "K12", "K8,8", "Petersen 64", "Shrikhande")


@pytest.mark.parametrize("name", [*ALIKE, "CFI twisted", "cubic 64"])
def test_relabelled_graphs_are_one_object(name: str) -> None:
    """The form does not depend on names or order."""
    edges = GRAPHS[name][0]()
    assert wired(shuffled(edges, 7)).written is wired(edges).written


def test_twisted_graphs_are_another() -> None:
    """What no refinement tells apart is told apart."""
    plain, twisted = (
        wired(cai_fuerer_immerman(petersen(), twist=twist)) for twist in (False, True)
    )
    assert plain.written is not twisted.written


def test_labelled_beyond_the_cap_keeps_its_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Labelling what was labelled changes nothing, also where the search is cut."""
    monkeypatch.setattr(labelling, "WORK_CAP", 3_000)
    monkeypatch.setattr("indexcalc.network.FEW", 10**9)
    for edges in (plane(3), cube(4), cai_fuerer_immerman(complete(4))):
        for seed in range(4):
            node = wired(shuffled(edges, seed), symmetric=seed % 2 == 0).written
            assert again(node) is node


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("name", ["K6", "Petersen", "16 cycles of 4", "CFI K4"])
def test_exchangeable_factors_have_equal_partials(name: str, symmetric: bool) -> None:
    """What `alike` joins has one partial; and the orbits there are, are found."""
    edges = GRAPHS[name][0]()
    node = wired(edges, symmetric).written
    assert isinstance(node, Einsum)
    first = alike(node)
    partials = [without(node, k) for k in range(len(node.operands))]
    assert all(partials[k] is partials[f] for k, f in enumerate(first))
    whole = expr.linear([(part, 1) for part in partials], partials[0].shape)
    x = node.operands[0][0]
    if not symmetric:
        assert jacobian(node, x) is whole  # type: ignore[arg-type]


def test_exchangeable_components_have_equal_partials() -> None:
    """Components that hang in the same way on what is fixed; no others."""
    rng = Random(9)
    A, S = edge_tensor(False), edge_tensor(True)
    y = expr.tensor("y", ("n",))
    unique = expr.tensor("U", ("n", "n"), "symmetric")
    joined = 0
    for _ in range(200):
        kind = [(rng.choice((A, S)), rng.sample(range(3), 2)) for _ in range(3)]
        rows = [(y, [100])] * rng.randint(0, 1)
        for k in range(rng.randint(2, 4)):
            place = {0: 100 if rng.random() < 0.5 else 10 * k, 1: 10 * k + 1, 2: 200}
            place[2] = rng.choice((200, 10 * k + 2))
            rows += [(node, [place[i] for i in legs]) for node, legs in kind]
        if rng.random() < 0.5:
            ends = rng.sample([10 * k + 1 for k in range(len(rows) // 3)], 2)
            rows += [(unique, ends)]
        rng.shuffle(rows)
        node = expr.einsum(
            rows, rng.choice(([], [100], [100, 200])), {100: dim("n"), 200: dim("n")}
        )
        if not isinstance(node, Einsum):
            continue
        first = alike(node)
        partials = [without(node, k) for k in range(len(node.operands))]
        assert all(partials[k] is partials[f] for k, f in enumerate(first))
        joined += sum(k != f for k, f in enumerate(first))
    assert joined > 100
    many = MONSTERS["x⊗…⊗x 64"].build().written
    assert isinstance(many, Einsum)
    assert set(alike(many)) == {0}


def without(node: Einsum, k: int) -> Node:
    """The partial of a product by its k-th factor."""
    rows = [row for o, row in enumerate(node.operands) if o != k]
    out = [*node.out, *node.operands[k][1]]
    return expr.einsum(rows, out, dict(enumerate(node.dims)))


def test_the_meter_refuses_and_is_wound_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that labels too much ends in a BudgetError, the next one begins anew."""
    monkeypatch.setattr(labelling, "PASS_CAP", 50)
    e = wired(petersen())
    with pytest.raises(ic.BudgetError, match="too many equal factors"):
        e.gradient("x")
    monkeypatch.undo()
    assert e.gradient("x").shape == edge_tensor(True).shape


def test_what_no_search_settles_is_paid_for_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Products of equal factors that refining tells apart cost a pass their size."""
    e = wired([(0, 1), (1, 2), (2, 3), (3, 4), (4, 4)], symmetric=False)
    monkeypatch.setattr(labelling, "PASS_CAP", 30)
    with pytest.raises(ic.BudgetError, match="too many equal factors"):
        e.gradient("x")
    monkeypatch.undo()
    assert e.gradient("x").shape == edge_tensor(False).shape


# -- orders of dense networks ----------------------------------------------------------


def test_orders_by_elimination_are_orders() -> None:
    """Every order found label by label takes two at a time, down to one, and gives the
    value that NumPy gives."""
    rng = Random(3)
    numbers = np.random.default_rng(3)
    for _ in range(40):
        width, count = rng.randint(1, 5), rng.randint(2, 7)
        rows = tuple(
            tuple(rng.sample(range(width), rng.randint(0, width))) for _ in range(count)
        )
        carried = sorted({i for row in rows for i in row})
        out = tuple(i for i in carried if rng.random() < 0.3)
        order = eliminated(rows, out)
        assert why_no_order(order, count) is None
        arrays = [numbers.standard_normal([2] * len(row)) for row in rows]
        named = list(zip(arrays, rows, strict=True))
        for step in order:
            taken = [named.pop(k) for k in sorted(step, reverse=True)][::-1]
            alive = {*out, *(i for _, labels in named for i in labels)}
            named.append(pair_product(*taken, alive))
        found = arranged(*named[0], out)
        flat = [
            part for pair in zip(arrays, map(list, rows), strict=True) for part in pair
        ]
        assert np.allclose(found, np.einsum(*flat, list(out)))


def test_more_indices_than_axes_are_refused() -> None:
    """No array has 53 axes, and no such product is begun."""
    e = wired(complete(64))
    for work in (e.plan, lambda: e.code(), lambda: e.evaluate({"x": np.ones((2, 2))})):
        with pytest.raises(ic.BudgetError, match="indices meet"):
            work()


# -- the work of planning --------------------------------------------------------------


def _partials(n: int) -> list[Einsum]:
    """What the derivative by x of a complete graph of n indices is the sum of."""
    e = wired(complete(n), symmetric=False)
    terms = dict(e.diff("x").node.terms)
    return [term for term in terms if isinstance(term, Einsum)]


@pytest.mark.parametrize(("n", "brief"), [(8, False), (10, True)])
def test_many_large_networks_are_searched_briefly(n: int, brief: bool) -> None:
    """The orders of 45 networks of 44 operands are not each searched at length."""
    asked = []

    def find(inputs: Any, out: Any, sizes: Any, *, same: Any, brief: bool) -> Any:
        asked.append(brief)
        return eliminated(inputs, out)

    program = compile_nodes(_partials(n))
    in_pairs(program, lambda size: 100, find)
    assert len(asked) > 20
    assert set(asked) == {brief}


def test_very_many_networks_are_searched_briefly() -> None:
    """Few are searched at length; networks of few operands do not count."""
    chain = [(k, k + 1) for k in range(13)]
    assert not is_crowded([chain] * 40)
    assert is_crowded([chain] * 41)
    assert not is_crowded([chain[:12]] * 1_000)


def test_matrix_words_stop_at_the_first_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands above a part that cannot be said is not said in vain."""
    said = []
    real = matrix_words._said

    def counted(node: Node, *rest: Any) -> Any:
        said.append(node)
        return real(node, *rest)

    monkeypatch.setattr(matrix_words, "_said", counted)
    third = ic.tensor("T", "n n n")
    e = third @ vector() @ vector()
    for _ in range(50):
        e = np.tanh(matrix("A") @ e)
    assert "axes" in (e.why_no_matrix_form() or "")
    assert len(said) < 50


def test_long_derivations_and_pictures_end() -> None:
    """In the errors of the page on budgets."""
    wide = summed([(vector() + k) ** 2 for k in range(600)]).sum()
    with pytest.raises(ic.BudgetError, match="letters"):
        wide.steps("x")
    deep = vector()
    for _ in range(600):
        deep = np.tanh(matrix("A") @ deep)
    with pytest.raises(ic.BudgetError, match="cards"):
        deep.plan().diagram().svg()
    assert deep.plan().diagram().dot()
    with pytest.raises(ic.BudgetError, match="5000"):
        summed(crowd(6_000)).ledger()


def test_the_workspace_gives_no_array_twice() -> None:
    """An array that is given holds nothing that is read yet, and is large enough."""
    rng = Random(1)
    space, lies = Allotment(), dict[int, int]()
    for slot in range(400):
        need = rng.randint(1, 1000)
        k = space.idle(need)
        assert k not in lies.values()
        assert space.sizes[k] >= need
        space.put(slot, frozenset({k}))
        lies[slot] = k
        assert space.alone(slot)
        for gone in rng.sample(sorted(lies), rng.randint(0, min(3, len(lies)))):
            space.leave(gone)
            del lies[gone]
    assert len(space.sizes) < 60


def test_parts_in_common_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits nowhere is not tried again while a match grows."""
    tried = 0
    fits = Match.fits

    def counted(self: Match, u: int, v: int) -> bool:
        nonlocal tried
        tried += 1
        return fits(self, u, v)

    monkeypatch.setattr(Match, "fits", counted)
    assert list(shared(_partials(7), lambda size: 100))
    assert 1_000 < tried < 100_000


def test_no_cut_is_tried_where_none_can_help() -> None:
    """A product is never smaller than one row of it."""
    a, b = expr.tensor("a", (1000, 1000)), expr.tensor("b", (1000, 1000))
    product = expr.einsum([(a, [0, 1]), (b, [1, 2])], [0, 2])
    paired = in_pairs(compile_nodes([product]), lambda size: size)
    asked = []

    def holds(found: Any) -> int:
        asked.append(found)
        return 8_000_000

    assert limited(paired, lambda size: size, 8, holds, 7_999) is None
    assert not asked
    limited(paired, lambda size: size, 8, holds, 8_000)
    assert asked


def test_few_blocks_are_tried_of_dense_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each way to cut plans products of 121 legs anew."""
    gradient = knotted(complete(12)).gradient("x")
    root = in_numbers(gradient.node, {dim("n"): 2})
    planned = []

    def fitted(*asked: Any) -> None:
        planned.append(asked)

    monkeypatch.setattr(choices, "_fitted", fitted)
    with pytest.raises(ic.BudgetError):
        choices.plan_blocks(root, {"x": np.dtype(float)}, 10**6)
    assert 1 < len(planned) < 16


def test_long_sums_are_compiled() -> None:
    """Hundreds of matrices, every second one transposed, are no deep expression."""
    parts = [matrix(f"x{k}") for k in range(300)]
    e = summed([x.T if k % 2 else x for k, x in enumerate(parts)])
    array = np.arange(90_000.0).reshape(300, 300)
    found = e.compile()({f"x{k}": array for k in range(300)})
    assert np.array_equal(found, 150 * (array + array.T))


def test_very_long_programs_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of many steps is not followed, and the estimate is no less."""
    e = summed([np.sin(v) for v in crowd(40)])
    exact = e.plan(n=1000)
    monkeypatch.setattr(holding, "FOLLOWED", 40)
    estimate = e.plan(n=1000)
    assert exact.exact
    assert not estimate.exact
    assert exact.peak <= estimate.peak <= 2 * exact.peak


def test_operands_of_repeated_products_are_held() -> None:
    """An array that is known by its `id` is kept as long as that is asked for."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    known: dict[Any, Any] = {}
    _once((a, (0, 1)), (b, (1, 2)), {0, 2}, known)
    ((_, _, held),) = known.values()
    assert held[0] is a
    assert held[1] is b
