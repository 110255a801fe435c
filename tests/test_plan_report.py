"""Plan reports: what they count, what they say, and the memory that they promise."""

from __future__ import annotations

import gc
import json
import re
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import Expression
from indexcalc.compiled import Compiled
from indexcalc.contraction.machine import TYPICAL
from indexcalc.errors import BudgetError, UnknownNameError, UnsupportedError
from indexcalc.planning import budgets, room, tables
from indexcalc.planning.room import as_bytes, available, bytes_text
from indexcalc.workspace import Workspace

Arrays = Mapping[str, np.ndarray]


def nested() -> Expression:
    """A(B(xcᵀ∘D)∘E)f, the vector form of the fifth worked problem."""
    shapes = {"A": "q a", "B": "a b", "x": "b", "C": "e", "D": "b e", "E": "a e"}
    return ic.parse("A * ((B*((x*C') ∘ D)) ∘ E) * F", shapes | {"F": "e"})


def logistic() -> Expression:
    """Σ log(1 + exp(−y∘Xw))."""
    X, w, y = ic.tensor("X", "m n"), ic.tensor("w", "n"), ic.tensor("y", "m")
    return np.log(1 + np.exp(-y * (X @ w))).sum()


def kernel() -> Expression:
    """exp(XYᵀ), which is larger than X and Y."""
    X, Y = ic.tensor("X", "n k"), ic.tensor("Y", "m k")
    return np.exp(X @ Y.T)


def drawn(**shapes: Sequence[int]) -> dict[str, np.ndarray]:
    """Small normal entries."""
    rng = np.random.default_rng(0)
    return {name: 0.1 * rng.standard_normal(shape) for name, shape in shapes.items()}


# -- what is counted -------------------------------------------------------------------


def test_a_chain_of_matrices_is_counted_as_by_hand() -> None:
    A, B, C = ic.tensor("A", "a b"), ic.tensor("B", "b c"), ic.tensor("C", "c d")
    report = (A @ B @ C).plan(a=1000, b=20, c=800, d=30)
    first, second = report.steps
    assert (first.form, first.spec, first.flops) == ("B @ C", "ij,jk->ik", 960_000)
    assert (second.form, second.flops) == ("A @ t1", 2 * 1000 * 20 * 30)
    assert first.bytes == 8 * (20 * 800 + 800 * 30 + 20 * 30)
    assert report.flops == 960_000 + 1_200_000
    assert report.naive.flops == 2 * 1000 * 20 * 800 + 2 * 1000 * 800 * 30
    assert report.saved[0] == pytest.approx(80e6 / 2.16e6)
    assert report.memory.inputs == 8 * (1000 * 20 + 20 * 800 + 800 * 30)
    assert report.memory.results == 8 * 1000 * 30


def test_the_naive_order_goes_from_left_to_right() -> None:
    tensors = [
        ic.tensor(*given) for given in [("A", "a b"), ("B", "c d"), ("C", "b c")]
    ]
    e = ic.einsum("ab,cd,bc->ad", *tensors)
    a, b, c, d = 50, 60, 70, 80
    flops = e.plan(a=a, b=b, c=c, d=d).naive.flops
    assert flops in (2 * a * b * c + 2 * a * c * d, 2 * b * c * d + 2 * a * b * d)


def test_the_nested_problem_takes_its_five_products() -> None:
    q, a, b, e = 100, 300, 250, 280
    report = nested().diff("x").plan(q=q, a=a, b=b, e=e)
    assert len(report.steps) == 5
    small = e + b * e + a * b
    assert report.flops == 2 * a * b * e + 2 * q * a * b + small
    assert report.largest[1] == 8 * a * b
    assert report.saved[0] > 20


def test_a_logistic_hessian_is_one_symmetric_product() -> None:
    report = logistic().hessian("w").plan(m=500, n=300)
    *small, last = report.steps
    assert last.form.startswith("gram(X")
    assert last.flops == 500 * 300 * 301
    assert sum(step.flops for step in small) < 4 * 500 * 300
    assert report.saved[0] == pytest.approx(2, rel=0.05)


def test_writing_a_diagonal_is_a_step() -> None:
    X, A = ic.tensor("X", "n p"), ic.tensor("A", "n p")
    report = (X * A).sum(axis=1).diff(A).plan(n=200, p=100)
    (step,) = report.steps
    assert (step.kind, step.flops, step.shape) == ("on a diagonal", 0, (200, 200, 100))
    assert step.bytes == 8 * (200 * 100 + 200 * 200 * 100)
    assert report.memory.results == 8 * 200 * 200 * 100


def test_times_follow_the_machine_and_the_dtype() -> None:
    from dataclasses import replace

    f = ic.tensor("A", "n n") @ ic.tensor("B", "n n")
    fast = replace(TYPICAL, gemm=10 * TYPICAL.gemm)
    slow, quick = f.plan(n=2000), f.plan(n=2000, machine=fast)
    assert quick.seconds < slow.seconds / 5
    half = f.plan(n=2000, dtype="float32")
    assert half.dtype == "float32"
    assert half.peak * 2 == slow.peak
    assert half.seconds == pytest.approx(slow.seconds / 2)
    assert 0.9 * slow.seconds < slow.floor <= slow.seconds


# -- modes -----------------------------------------------------------------------------


def layers() -> Expression:
    """A map through three layers, from n numbers to m."""
    x = ic.tensor("x", "n")
    W, V, U = ic.tensor("W", "h n"), ic.tensor("V", "h h"), ic.tensor("U", "m h")
    return U @ np.tanh(V @ np.tanh(W @ x))


MODES: dict[str, tuple[Callable[[], Expression], dict[str, int], str]] = {
    "gradient": (
        lambda: layers().sum().gradient("x"),
        {"n": 50, "h": 60, "m": 70},
        "reverse",
    ),
    "few inputs": (lambda: layers().diff("x"), {"n": 2, "h": 200, "m": 300}, "forward"),
    "few outputs": (
        lambda: layers().diff("x"),
        {"n": 300, "h": 200, "m": 2},
        "reverse",
    ),
    "both ends": (
        lambda: ic.parse("A*B*C*D*x", A="n p", B="p q", C="q p", D="p n", x="n").diff(
            "x"
        ),
        {"n": 200, "p": 100, "q": 3},
        "mixed",
    ),
    "nested": (
        lambda: nested().diff("x"),
        {"q": 100, "a": 300, "b": 250, "e": 280},
        "forward",
    ),
    "factorisation": (
        lambda: (
            (
                (
                    ic.tensor("T", "m n")
                    - ic.tensor("U", "m k") @ ic.tensor("V", "n k").T
                )
                ** 2
            )
            .sum()
            .gradient("U")
        ),
        {"m": 300, "n": 200, "k": 100},
        "reverse",
    ),
    "no derivative": (lambda: kernel().sum(), {"n": 300, "m": 200, "k": 10}, "none"),
    "one product": (
        lambda: (ic.tensor("A", "m n") @ ic.tensor("x", "n")).diff("x"),
        {"m": 30, "n": 20},
        "none",
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_modes(name: str) -> None:
    build, sizes, mode = MODES[name]
    assert build().plan(**sizes).mode == mode


# -- what is said ----------------------------------------------------------------------


def test_the_text_is_a_table() -> None:
    text = str(nested().diff("x").plan(q=1000, a=2000, b=1600, e=1800))
    assert max(map(len, text.splitlines())) <= 88
    for part in ("mode      forward", "17.9 G", "E @ t2", "peak", "in blocks: t4"):
        assert part in text
    long = np.exp(kernel())
    for _ in range(50):
        long = np.exp(long) * long
    text = str(long.plan(n=2000, m=30, k=5))
    assert max(map(len, text.splitlines())) <= 88
    assert "more" in text


def test_a_long_table_leaves_out_its_middle() -> None:
    """Where the mark of what is left out stands, rows before it go on after it."""
    rows = [["step"], *([f"t{k}"] for k in range(60))]
    lines = tables.table(rows, 1)
    half = tables.MOST_ROWS // 2
    shown = [f"t{k}" for k in range(60)]
    assert lines == ["step", *shown[:half], "… 20 more", *shown[-half:]]
    assert tables.table(rows[: 2 * half + 1], 1) == ["step", *shown[: 2 * half]]


def test_the_data_are_plain() -> None:
    report = nested().diff("x").plan(q=10, a=20, b=16, e=18)
    data = json.loads(json.dumps(report.data()))
    labels = [node["label"] for node in data["nodes"]]
    assert labels == ["A", "B", "C", "D", "E", "F", "t1", "t2", "t3", "t4", "t5"]
    assert ["t4", "t5"] in data["edges"]
    assert sum(node.get("flops", 0) for node in data["nodes"]) == report.flops
    assert data["memory"]["peak"] == report.peak
    assert report.source.startswith("def f(")
    assert report == nested().diff("x").plan(q=10, a=20, b=16, e=18)


def test_unknown_sizes_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"no size z \(there is k, m, n\)"):
        kernel().plan(z=3)


def test_what_shadows_do_not_know_is_estimated() -> None:
    X = ic.tensor("X", "n n")
    report = ic.parse("expm(X)", X="n n").diff(X).plan(n=8)
    assert not report.exact
    assert report.peak >= report.memory.inputs + 8 * 8**4
    assert "about" in str(report)


# -- memory ----------------------------------------------------------------------------


def traced(f: Callable[..., Any], values: Arrays) -> tuple[np.ndarray, int]:
    """A value, and the bytes that were held at most while it was computed."""
    gc.collect()
    tracemalloc.start()
    found = f(**values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, peak


PROGRAMS: dict[str, tuple[Callable[[], Expression], dict[str, tuple[int, ...]]]] = {
    "nested": (
        lambda: nested().diff("x"),
        {
            "A": (200, 500),
            "B": (500, 400),
            "C": (450,),
            "D": (400, 450),
            "E": (500, 450),
            "F": (450,),
        },
    ),
    "logistic": (
        lambda: logistic().hessian("w"),
        {"X": (600, 400), "w": (400,), "y": (600,)},
    ),
    "kernel": (lambda: kernel(), {"X": (700, 20), "Y": (600, 20)}),
    "kernel gradient": (
        lambda: np.tanh(kernel()).sum().gradient("X"),
        {"X": (700, 20), "Y": (600, 20)},
    ),
    "diagonal": (
        lambda: (ic.tensor("X", "n p") * ic.tensor("A", "n p")).sum(axis=1).diff("A"),
        {"X": (120, 80)},
    ),
    "turned": (
        lambda: ic.einsum(
            "bij,bjk->kbi", ic.tensor("A", "b i j"), ic.tensor("B", "b j k")
        ),
        {"A": (60, 70, 80), "B": (60, 80, 50)},
    ),
    "stack last": (
        lambda: ic.einsum(
            "ijb,jkb->ikb", ic.tensor("A", "i j b"), ic.tensor("B", "j k b")
        ),
        {"A": (170, 80, 20), "B": (80, 250, 20)},
    ),
    "view": (lambda: ic.tensor("A", "n m").T, {"A": (500, 400)}),
    "quadratic": (
        lambda: ic.parse("x' * A * x", x="n", A="n n").hessian("x"),
        {"A": (600, 600)},
    ),
    "entrywise": (
        lambda: np.exp(ic.tensor("A", "n m")) * 3 - ic.tensor("A", "n m") ** 2,
        {"A": (1600, 1000)},
    ),
}


@pytest.mark.parametrize("style", ["fast", "plain"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_peak_is_what_is_measured(name: str, style: str) -> None:
    build, shapes = PROGRAMS[name]
    e, values = build(), drawn(**shapes)
    f = e.compile(style=style)
    f(**values)  # compiled, and what it keeps is there
    assert f._last is not None
    held, exact = f.memory(f._last, ["d"] * len(f.names))
    f.release()
    _, peak = traced(f, values)
    assert exact
    assert held.inputs == sum(array.nbytes for array in values.values())
    assert peak == pytest.approx(held.peak - held.inputs, rel=0.1)


LIMITS = {
    "kernel": (lambda: kernel() @ ic.tensor("w", "m"), "600kB"),
    "sum": (lambda: (kernel() * kernel()).sum(), "300 kB"),
    "gradient": (lambda: np.tanh(kernel()).sum().gradient("X"), "900kB"),
    "columns": (lambda: np.sin(kernel()).sum(axis=0), "600kB"),
    "power": (lambda: (kernel() ** 2) @ (kernel().T @ ic.tensor("v", "n")), 400_000),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_kept_in_blocks(name: str) -> None:
    build, limit = LIMITS[name]
    e = build()
    values = drawn(X=(700, 8), Y=(900, 8), w=(900,), v=(700,))
    values = {name: values[name] for name in e.variables}
    whole, most = traced(e.compile(), values)
    f = e.compile(memory_limit=limit)
    f(**values)
    assert f._last is not None
    assert f._last.blocks
    f.release()
    found, peak = traced(f, values)
    np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)
    assert peak < 1.1 * as_bytes(limit) < most
    np.testing.assert_allclose(e.evaluate(values, memory_limit=limit), whole, rtol=1e-9)
    report = e.plan(n=700, m=900, k=8, memory_limit=limit)
    assert report.peak - report.memory.inputs <= as_bytes(limit)
    assert report.blocks


def test_a_chain_is_cut_along_what_it_sums() -> None:
    A, B, C = ic.tensor("A", "a b"), ic.tensor("B", "b c"), ic.tensor("C", "c d")
    e = A @ B @ C
    sizes = {"a": 600, "b": 500, "c": 480, "d": 600}
    values = drawn(A=(600, 500), B=(500, 480), C=(480, 600))
    least = 8 * 600 * 600
    report = e.plan(**sizes, memory_limit=least + 100_000)
    assert least < report.peak - report.memory.inputs <= least + 100_000
    f = e.compile(memory_limit=least + 100_000)
    expected = values["A"] @ values["B"] @ values["C"]
    np.testing.assert_allclose(f(**values), expected, rtol=1e-9, atol=1e-12)


def test_no_array_of_the_workspace_is_forgotten() -> None:
    rows = ["jik", "jil", "lim", "im", "nk", "jil"]
    sizes = {"i": 30, "j": 30, "k": 120, "l": 120, "m": 5, "n": 30}
    tensors = [ic.tensor(f"A{k}", " ".join(row)) for k, row in enumerate(rows)]
    e = ic.einsum(f"{','.join(rows)}->j", *tensors)
    for limit in (800_000, 400_000, 200_000, 104_400):
        f = Compiled([e.node], memory_limit=limit, cores=2)
        f(**drawn(**{f"A{k}": [sizes[i] for i in row] for k, row in enumerate(rows)}))
        assert f._last is not None
        used = {int(k) for k in re.findall(r"space\((\d+)", f.source)}
        assert all(f._last.workspace[k] > 0 for k in used)


def test_a_workspace_begins_with_what_it_will_need() -> None:
    space = Workspace({0: 8000})
    assert space(0, (10,), np.dtype(float)).nbytes == 80
    assert space.nbytes == 8000
    before = space(0, (1000,), np.dtype(float))
    assert np.shares_memory(before, space(0, (10,), np.dtype(float)))


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_a_diagonal_is_written_once(style: str) -> None:
    X, A = ic.tensor("X", "n p"), ic.tensor("A", "n p")
    f = (X * A).sum(axis=1).diff(A).compile(style=style)
    _, peak = traced(f, drawn(X=(100, 60)))
    assert peak < 1.1 * 8 * 100 * 100 * 60


# -- refusals --------------------------------------------------------------------------


def test_what_no_blocks_make_small_is_refused() -> None:
    with pytest.raises(BudgetError) as caught:
        kernel().plan(n=1000, m=2000, k=3, memory_limit="4MB")
    message = str(caught.value)
    assert "MB of memory are needed beside the inputs" in message
    assert "the limit is 4 MB" in message
    assert "the result" in message
    assert "the result exp(X @ Y.T), 1000 × 2000, alone takes 16 MB" in message
    assert "evaluate_blocks" in message
    assert "structured=True" not in message
    assert kernel().plan(n=1000, m=2000, k=3).peak > 16e6


def test_readable_code_is_refused_as_it_has_no_blocks() -> None:
    f = (kernel() @ ic.tensor("w", "m")).compile(style="plain", memory_limit=10**6)
    with pytest.raises(BudgetError, match=r"an intermediate X @ Y\.T, 700 × 900"):
        f(**drawn(X=(700, 8), Y=(900, 8), w=(900,)))


def test_nothing_larger_than_the_free_memory_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    e = ic.parse("diag(x)", x="n").diff("x")
    x = np.broadcast_to(1.0, 10**7)
    for run in (e.evaluate, e.compile()):
        with pytest.raises(BudgetError, match="the limit is"):
            run(x=x)
    monkeypatch.setattr(room, "available", lambda: 10**9)
    values = drawn(X=(15_000, 2), Y=(12_000, 2))
    with pytest.raises(BudgetError, match="the limit is 800 MB"):
        kernel().evaluate(**values)
    with pytest.raises(BudgetError, match="the limit is 800 MB"):
        kernel().compile()(**values)


def test_the_free_memory_limits_what_can_be_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "available", lambda: 10**8)
    monkeypatch.setattr(budgets, "SMALL", 10**6)
    e = (kernel() * kernel()).sum()
    values = drawn(X=(4000, 8), Y=(4000, 8))
    f = e.compile()
    found, peak = traced(f, values)
    assert peak < 1e8
    expected = np.exp(2 * (values["X"] @ values["Y"].T)).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_sizes_beyond_all_memory() -> None:
    report = ic.parse("x * x'", x="n").plan(n=2**40)
    assert report.memory.results == 2**83
    with pytest.raises(BudgetError):
        ic.parse("x * x'", x="n").plan(n=2**40, memory_limit="1TB")


def test_sizes_beyond_what_numpy_counts() -> None:
    cubic = ic.parse("tr(A*A*A)", A="n n").gradient("A")
    report = cubic.plan(n=10**30)
    assert report.memory.results == 8 * 10**60
    with pytest.raises(BudgetError, match="beyond what floats can count"):
        cubic.plan(n=10**200)


def test_a_structured_function_has_a_limit_too() -> None:
    J = (ic.tensor("X", "n p") * ic.tensor("A", "n p")).sum(axis=1).diff("A")
    values = drawn(X=(3000, 100))
    f = J.compile(structured=True, memory_limit="1MB")  # the input itself is the core
    assert f(**values).shape == (3000, 3000, 100)


def test_amounts_of_memory() -> None:
    assert as_bytes("2GB") == 2 * 10**9
    assert as_bytes("1.5 KiB") == 1536
    assert as_bytes(7) == 7
    for wrong in ("much", "0", "-3MB", "3 XB"):
        with pytest.raises(UnsupportedError, match="is no amount of memory"):
            as_bytes(wrong)
    assert bytes_text(8e12) == "8 TB"
    assert 0 < available() < 1 << 60


def test_a_size_that_only_the_written_form_has() -> None:
    """The naive order is priced at sizes that the canonical form has lost."""
    e = ic.parse("sum(E(0, 1, n, m) * x)", x="m")
    assert e.plan(m=3, n=5).sizes == {"m": 3, "n": 5}
    assert e.plan().naive.flops > 0
