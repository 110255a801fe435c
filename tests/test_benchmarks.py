"""The benchmark itself: that its cases are right, its floors, and what it reports.

Nothing is timed here for its speed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks import speed
from benchmarks.cases import CASES
from benchmarks.cases_base import Case, Floor
from benchmarks.rivals import all_rivals
from benchmarks.rivals.reading import cores, read
from benchmarks.rivals.record import Data, Rival
from benchmarks.speed_machine import Machine
from benchmarks.speed_measure import Row, measure, relative_error
from benchmarks.speed_report import HEAD, summary, table_row
from benchmarks.speed_timing import interleaved, ratio_interval

MACHINE = Machine(gemm=110e9, copies=((1e3, 40e9), (1e10, 40e9)), reads=((8, 1e30),))

#: Columns whose forms start quickly.
LIGHT = {"NumPy", "opt_einsum", "np.einsum"}

#: The cases that differentiate something.
DERIVATIVES = [case for case in CASES.values() if not case.name.startswith("K_")]

needs_scipy = pytest.mark.skipif(
    "scipy" in all_rivals.missing(), reason="the forms by hand use SciPy"
)


def light(rival: Rival) -> bool:
    """Whether a rival starts quickly."""
    return rival.column in LIGHT


@needs_scipy
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_forms_by_hand_agree(case: Case) -> None:
    row = measure(case, case.tiny, rounds=0, only=light)
    assert row.errors
    assert not row.failed
    assert max(row.errors.values()) < 1e-9


@needs_scipy
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_our_derivative_is_the_reference(case: Case) -> None:
    arrays = case.arrays(case.tiny)
    rival = all_rivals.reference(case.name)
    expected = rival.prepare(Data(arrays, case.tiny))()
    if rival.axes is not None:
        expected = expected.transpose(rival.axes)
    found = case.build().evaluate(arrays, structured=case.structured)
    assert relative_error(cores(found), expected, None) < 1e-9


@needs_scipy
@pytest.mark.parametrize("case", DERIVATIVES, ids=lambda case: case.name)
def test_reference_is_what_autodiff_finds(case: Case) -> None:
    pytest.importorskip("jax")
    row = measure(case, case.tiny, 0, only=lambda r: r.column == "JAX autodiff")
    assert row.errors
    assert not row.failed
    assert max(row.errors.values()) < 1e-9


@needs_scipy
@pytest.mark.parametrize("case", [c for c in CASES.values() if c.dense])
def test_cores_are_those_of_the_dense_case(case: Case) -> None:
    dense = CASES[case.dense]
    arrays = dense.arrays(dense.tiny)
    structured = case.build().evaluate(arrays, structured=True)
    written = all_rivals.reference(dense.name).prepare(Data(arrays, dense.tiny))()
    np.testing.assert_allclose(structured.toarray(), written, rtol=1e-9)


def test_every_case_has_its_sizes() -> None:
    assert len(CASES) == 35
    assert sum(len(case.sizes) for case in CASES.values()) == 107
    for case in CASES.values():
        assert all(set(sizes) == set(case.tiny) for sizes in case.sizes)


@pytest.mark.parametrize(
    ("case", "sizes", "milliseconds"),
    [
        ("S1_dense", {"n": 400, "p": 300}, 9.6),
        ("S5", {"q": 1000, "a": 2000, "b": 1600, "e": 1800}, 163),
        ("L1_hess", {"n": 1500}, 61.4),
        ("L2_grad", {"m": 2000, "k": 200}, 17.5),
        ("L2w_hess_comp", {"m": 3000, "k": 10}, 9.0),
        ("L3_grad", {"n": 800, "m": 1600}, 372),
        ("Q3_inv_grad", {"n": 1500}, 20.5),
        ("K_tucker", dict.fromkeys("ijk", 300) | dict.fromkeys("abc", 30), 16.3),
        ("K_moment4", {"b": 500, "i": 45}, 37.3),
    ],
)
def test_floors(case: str, sizes: Mapping[str, int], milliseconds: float) -> None:
    found = 1e3 * MACHINE.floor(CASES[case].floor(sizes))
    assert found == pytest.approx(milliseconds, rel=0.02)


def test_reading_touches_every_line_in_any_layout() -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    assert read(array.transpose(2, 0, 1)) == read(array) == 16.0
    assert read(array.astype("float32")) == 16.0
    assert read(array[:, ::2]) == 23.0
    assert read((array, np.zeros(0))) == 16.0


def test_relative_error_sees_shapes_and_nan() -> None:
    ones = np.ones((2, 3))
    assert relative_error(ones.T, ones, None) == float("inf")
    assert relative_error(ones * np.nan, ones, None) == float("inf")
    assert relative_error(ones.T, ones, (1, 0)) == 0
    assert relative_error(ones + 1e-3, ones, None) == pytest.approx(1e-3)


def test_every_round_has_everyone() -> None:
    times = interleaved(dict.fromkeys("ab", lambda: np.ones(1)), rounds=3)
    assert {name: len(found) for name, found in times.items()} == {"a": 3, "b": 3}


def test_interval_covers_the_noise() -> None:
    noise = np.exp(np.random.default_rng(1).normal(0, 0.1, (20, 30)))
    mean, low, high = ratio_interval(1.5 * noise)
    assert low < mean < high
    assert mean == pytest.approx(1.5, rel=0.05)


# -- the report ------------------------------------------------------------------------


def row_of(case: str, ours: float, theirs: float) -> Row:
    """A made-up measurement at the largest size."""
    chosen = CASES[case]
    rivals = {
        "indexcalc": Rival(case, "indexcalc", "indexcalc", lambda data: lambda: 0),
        "np": Rival(case, "np", "NumPy", lambda data: lambda: 0),
        "view": Rival(case, "view", "NumPy", lambda data: lambda: 0, counts=False),
    }
    times = {"indexcalc": [ours] * 3, "np": [theirs] * 3, "view": [1e-9] * 3}
    sizes, floor = chosen.sizes[-1], chosen.floor(chosen.sizes[-1])
    return Row(chosen, sizes, rivals, times, dict.fromkeys(times, 0.0), {}, floor, 8)


def test_summary_names_what_is_too_slow() -> None:
    slow, quick = row_of("S4", 1.0, 0.2), row_of("S5", 0.17, 0.2)
    lines = summary([slow, quick], MACHINE)
    assert lines[0].startswith("allocating: geometric mean")
    assert "2.062" in lines[0]
    over = {line.split(":")[0]: line for line in lines}
    assert "S4" in over["over 1.25 × the best peer"]
    assert "S5" not in over["over 1.25 × the best peer"]
    assert "S4" in over["over 2 × floor at the largest size"]
    assert "S5" not in over["over 2 × floor at the largest size"]


def test_a_row_has_a_cell_for_every_head() -> None:
    cells = table_row(row_of("S4", 1.0, 0.2), MACHINE)
    assert len(cells) == len(HEAD)
    assert cells[HEAD.index("ratio")] == "5"
    assert cells[HEAD.index("NumPy")] == "1"


def test_bytes_bound_floors_follow_the_precision() -> None:
    assert MACHINE.floor(Floor(0, 4e9)) == 0.1
    row = measure(CASES["S3_comp"], {"n": 10}, 0, dtype="float32", only=light)
    assert row.floor.bytes == 120
    assert 0 < max(row.errors.values()) < 1e-6


def quick(monkeypatch: pytest.MonkeyPatch, factor: float) -> int:
    """The exit code of a quick run over one case whose rival is off by a factor."""

    def contenders(name: str, **_: object) -> list[Rival]:
        def prepare(data: Data) -> object:
            y, z = data.arrays["y"], data.arrays["z"]
            return lambda: factor * y * z

        return [Rival(name, "made up", "NumPy", prepare)]  # type: ignore[arg-type]

    monkeypatch.setattr("benchmarks.speed_measure.contenders", contenders)
    monkeypatch.setattr(speed, "bounded", lambda gigabytes: None)
    return speed.main(["--quick", "--case", "S3_comp"])


@needs_scipy
def test_quick_run_fails_on_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quick(monkeypatch, 1.0) == 0
    assert quick(monkeypatch, 1 + 1e-8) == 1


def test_unknown_cases_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.arguments(["--case", "S9"])
    assert "no case S9" in capsys.readouterr().err
