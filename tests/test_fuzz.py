"""Hostile texts through every way in: a short run of `tests.trust.fuzz`, and what its
judge and its mutations notice."""

from __future__ import annotations

import warnings
from random import Random

import pytest

import indexcalc as ic
from tests.trust.fuzz import tallied
from tests.trust.fuzz_entries import ENTRIES
from tests.trust.fuzz_judge import judged
from tests.trust.fuzz_mutations import LONGEST, fresh, mutated

COUNTS = {"check": 25, "declarations": 60, "question": 60}


@pytest.mark.parametrize("name", ENTRIES)
def test_nothing_but_documented_errors(name: str) -> None:
    found = tallied(name, COUNTS.get(name, 80), 60.0, seed=3)
    assert not found.faults
    assert found.results["read"]
    assert len(found.results) > 1


#: Texts with digits that no number is written in: superscripts, circled, Kharosthi.
DIGITS = (
    r"\def\f#1{x#@} \f{y}",
    r"\newcommand{\f}[@]{x#1} \f{y}",
    r"\frac{d^@}{dx^@} x^2",
    r"\frac{\partial^{@} f}{\partial x^{@}}",
    "e_@ + e_{@}",
    "x_@ + x_{1@}",
    r"\sum_{i=1}^{@} x_i",
    r"x \in \mathbb{R}^{@ \times @}",
    "d@/dx x",
    "x: @",
    "n*@",
    "ij@,j->i",
)


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("digit", "²①𐩀")
def test_digits_that_are_no_numbers(name: str, digit: str) -> None:
    entry = ENTRIES[name]
    for text in DIGITS:
        outcome = judged(entry.read, text.replace("@", digit), placed=entry.placed)
        assert not outcome.fault


def _slow(_: str) -> list[object]:
    return [sum(range(10_000)) for _ in iter(int, 1)]


def _warns(_: str) -> list[object]:
    warnings.warn("strange", RuntimeWarning, stacklevel=1)
    return []


def _raises(error: BaseException) -> object:
    def read(_: str) -> list[object]:
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ic.ParseError("no"), "no place"),
        (ic.IndexCalcError("no"), "no documented kind"),
        (ic.InternalError("no"), "InternalError"),
        (RecursionError("deep"), "RecursionError"),
        (KeyError("k"), "KeyError"),
        (MemoryError(), "MemoryError"),
        (ic.ParseError("no", text="x", position=0), ""),
        (ic.BudgetError("no"), ""),
    ],
    ids=repr,
)
def test_the_judge_tells_errors_apart(error: Exception, fault: str) -> None:
    outcome = judged(_raises(error), "x", placed=True)
    assert fault in outcome.fault
    assert bool(fault) == bool(outcome.fault)


def test_the_judge_notices_warnings_and_time() -> None:
    assert "RuntimeWarning" in judged(_warns, "x", placed=True).fault
    assert "TooLong" in judged(_slow, "x", placed=True, limit=0.01).fault


@pytest.mark.parametrize("name", ENTRIES)
def test_mutations_are_the_same_at_every_run(name: str) -> None:
    entry = ENTRIES[name]
    seeds = entry.seeds()
    runs = [[fresh(seeds, entry.tokens, rng) for _ in range(50)] for rng in _twice()]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 40
    assert max(map(len, runs[0])) <= LONGEST
    assert len(mutated(seeds[0], seeds, entry.tokens, Random(1), 5)) <= 5


def _twice() -> tuple[Random, Random]:
    return Random(9), Random(9)
