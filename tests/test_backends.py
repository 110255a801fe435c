"""Every way to compute gives the same: a sample of `python -m tests.trust.backends`."""

from __future__ import annotations

import pytest

from tests.trust.backends import run


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_expressions() -> None:
    tally, wrong = run(4, 5)
    assert not wrong
    assert sum(tally.computed.values()) > 50
