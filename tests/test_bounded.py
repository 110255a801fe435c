"""Monsters answer or refuse as documented; the page on budgets tells the truth.

A sample of `python -m tests.trust.bounded`, in this process and without its clock.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from random import Random

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import expr, labelling
from indexcalc.contraction.elimination import eliminated
from indexcalc.derivative import jacobian
from indexcalc.network import alike
from indexcalc.nodes import Einsum, Node
from indexcalc.pairwise import arranged, pair_product
from indexcalc.planning.book import why_no_order
from tests.trust.bounded import REFUSALS, attempt
from tests.trust.monsters import (
    GRAPHS,
    MONSTERS,
    Edge,
    cai_fuerer_immerman,
    complete,
    cube,
    edge_tensor,
    petersen,
    plane,
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


def without(node: Einsum, k: int) -> Node:
    """The partial of a scalar product by its k-th factor."""
    rows = [row for o, row in enumerate(node.operands) if o != k]
    return expr.einsum(rows, node.operands[k][1], dict(enumerate(node.dims)))


def test_the_meter_refuses_and_is_wound_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that labels too much ends in a BudgetError, the next one begins anew."""
    monkeypatch.setattr(labelling, "PASS_CAP", 50)
    e = wired(petersen())
    with pytest.raises(ic.BudgetError, match="too symmetric"):
        e.gradient("x")
    monkeypatch.undo()
    assert e.gradient("x").shape == edge_tensor(True).shape


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
