"""Every rewriting rule keeps the value: a sample of `python -m tests.trust.rules`."""

from __future__ import annotations

from fractions import Fraction

import pytest

from indexcalc import laws
from tests.law_patterns import BUILT, PATTERNS, pattern
from tests.trust.rules import Watch, check, law_names, run, watching

pytest.importorskip("scipy", reason="matrix functions are SciPy's")

EVERY = [*PATTERNS, *BUILT]
SEED = 3


def test_random_expressions() -> None:
    """Every law that fires in some patterns and random expressions, alone and whole."""
    watch, wrong = run(24, SEED)
    assert not wrong
    assert sum(watch.hits.values()) > 80


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(BUILT))
def test_what_the_text_language_does_not_spell(name: str) -> None:
    place = EVERY.index(name)
    cases = (pattern(SEED, k + turn * len(EVERY)) for k in (place, place - 1)
             for turn in range(6))  # fmt: skip
    case = next(case for case in cases if case.text == name)
    watch = Watch()
    with watching(watch):
        check(watch, case)
    assert not watch.messages
    assert watch.hits


def test_every_law_has_a_name() -> None:
    names = law_names()
    assert len(set(names)) == len(names)


def test_a_wrong_law_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """det(A⁻¹) = 2/det(A) would be."""
    right = laws._det

    def wrong(f, facts):  # type: ignore[no-untyped-def]
        found = right(f, facts)
        return None if found is None else (2 * Fraction(found[0]), found[1])

    monkeypatch.setitem(laws.CALL_LAWS, "det", (wrong,))
    watch = Watch()
    index = PATTERNS.index("det(inv({M}))")
    cases = [pattern(SEED, index), pattern(SEED, index - 1)]
    with watching(watch):
        for case in cases:
            check(watch, case)
    assert watch.messages
