"""Results in blocks are the results: every grid, every place to read and to write."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from indexcalc.distributed import evaluate_blocks, literal
from indexcalc.distributed.blocks import Axis, Plan
from indexcalc.distributed.choices import plan_blocks, summed_lengths, unit_of
from indexcalc.distributed.inputs import Located, placed
from indexcalc.distributed.jobs import block_jobs, stage_jobs
from indexcalc.distributed.local import fill
from indexcalc.distributed.memory import paired, result_dtype
from indexcalc.distributed.outputs import create, run_depth
from indexcalc.distributed.tasks import compute
from indexcalc.errors import (
    BudgetError,
    EvaluationError,
    ShapeError,
    UnsupportedError,
)
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor, variables
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors
from tests.worked import PROBLEMS, SIZES, Problem

Array = np.ndarray[Any, Any]

SCOPE = list(leaf_tensors().values())


class InMemory:
    """A target that counts how often each entry was written."""

    def __init__(self, plan: Plan) -> None:
        self.array = np.zeros(plan.shape, plan.dtype)
        self.writes = np.zeros(plan.shape, int)

    def write(self, region: tuple[slice, ...], block: Array) -> None:
        """Writes one block."""
        assert block.shape == self.array[region].shape
        assert block.dtype == self.array.dtype
        self.array[region] = block
        self.writes[region] += 1

    def finish(self) -> str:
        """Nothing is left to do."""
        return ""

    def abandon(self) -> None:
        """Nothing is left behind."""


def silent(done: int, total: int) -> None:
    """Says nothing."""


def random_grid(root: Node, dtype: Any, rng: Random) -> Plan:
    """Axes and a sum cut at random; lengths need not divide."""
    steps: dict[int, int] = {}
    axes: list[Axis | None] = []
    for k, n in enumerate(root.shape):
        unit = unit_of(root, k)
        count = int(str(n)) // unit
        step = steps.setdefault(count, rng.randint(1, max(1, count - 1)))
        axes.append(Axis(count, unit, step) if count and rng.random() < 0.7 else None)
    length = rng.choice([None, *summed_lengths(root)])
    summed = Axis(length, 1, rng.randint(1, length)) if length else None
    return Plan(root, dtype, tuple(axes), summed)


def in_blocks(plan: Plan, given: Mapping[str, Located]) -> Array:
    """The value by a grid; no entry may be written twice."""
    target = InMemory(plan)
    fill(plan, given, target, silent)
    assert target.writes.max(initial=0) <= 1
    return target.array


def agree(
    node: Node,
    values: Mapping[str, Array],
    seed: int,
    grids: int,
    scope: Sequence[Tensor] = SCOPE,
) -> int:
    """Compares random grids of a node with its value; how many there were."""
    sizes = VALUES if scope else None
    want = evaluate(node, values, sizes, None, scope)
    given = placed(values)
    root = literal(node, given, sizes, scope)
    dtype = result_dtype(paired(root, int), {n: a.dtype for n, a in given.items()})
    assert dtype == want.dtype
    rng, done = Random(seed), 0
    for _ in range(grids):
        plan = random_grid(root, dtype, rng)
        try:
            found = in_blocks(plan, given)
        except UnsupportedError:
            assert plan.summed is not None
            continue
        assert np.allclose(found, want, rtol=1e-9, atol=1e-9), seed
        done += 1
    return done


def test_random_nodes() -> None:
    """Deltas, groups, sums, calls: any grid gives the value."""
    assert sum(agree(draw(s).node, arrays(s), s, 4) for s in range(120)) > 400


def test_derivatives_of_random_nodes() -> None:
    """The Jacobians of random nodes by their variables."""
    done = 0
    for seed in range(60):
        node = draw(seed).node
        leaves = [leaf for leaf in variables(node).values() if leaf.order < 3]
        for leaf in leaves[:2]:
            done += agree(jacobian(node, leaf), arrays(seed), seed, 2)
    assert done > 120


def complex_and_single() -> list[tuple[Node, dict[str, Array]]]:
    """Arrays of other dtypes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=7)
    z = x + 1j * rng.normal(size=7)
    by = ic.tensor("x", "n")
    other = ic.tensor("z", "n : complex")
    return [
        ((ic.numpy.sin(by)).diff("x").node, {"x": x.astype(np.float32)}),
        ((ic.numpy.conj(other) * other).sum().node, {"z": z}),
        ((ic.numpy.outer(ic.numpy.conj(other), other)).node, {"z": z}),
        ((by[:, None] * by).node, {"x": np.arange(7)}),
    ]


@pytest.mark.parametrize("case", range(4))
def test_dtypes(case: int) -> None:
    """float32 stays, complex variables stay complex, integers become float64."""
    node, values = complex_and_single()[case]
    assert agree(node, values, case, 6, ()) > 2


# -- worked problems -------------------------------------------------------------------


def point(problem: Problem, seed: int = 0) -> dict[str, Array]:
    """Random arrays for a problem."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=problem.dimensions(name)) for name in problem.shapes}


def value(problem: Problem) -> Any:
    """The expression, from its text."""
    return problem.ways["text"](ic)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_worked_problems(problem: Problem, tmp_path: Path) -> None:
    """Jacobians and Hessians in tiny blocks, whole ones and in a file."""
    first = value(problem).diff(problem.variable)
    second = (value(problem) * value(problem)).diff(problem.variable, problem.variable)
    values = point(problem)
    for order, e in enumerate((first, second)):
        want = e.evaluate(values)
        node, scope = e.node, [leaf.written for leaf in e.variables.values()]
        given = placed({n: a for n, a in values.items() if n in e.variables})
        root = literal(node, given, SIZES, scope)
        for seed in range(6):
            plan = random_grid(root, want.dtype, Random(seed))
            assert np.allclose(in_blocks(plan, given), want)
        path = tmp_path / f"{order}.npy"
        found = evaluate_blocks(node, values, to=str(path), sizes=SIZES, scope=scope)
        assert np.allclose(found, want)


def test_deltas_cost_nothing(tmp_path: Path) -> None:
    """Of δ_ij X_jk only the blocks on the diagonal are computed or take space."""
    X = np.random.default_rng(0).normal(size=(200, 30))
    e = ic.einsum("jk->jjk", ic.tensor("X", "n p"))
    counts: list[int] = []
    found = evaluate_blocks(
        e.node,
        {"X": X},
        to=str(tmp_path / "J.npy"),
        memory_limit=200_000,
        progress=lambda done, total: counts.append(total),
    )
    assert np.array_equal(found, np.einsum("ij,jk->ijk", np.eye(200), X))
    cells = plan_blocks(
        literal(e.node, placed({"X": X})), {"X": X.dtype}, 200_000
    ).cells
    assert cells[0] == cells[1] == counts[0] > 4
    assert (tmp_path / "J.npy").stat().st_blocks * 512 < found.nbytes / 2


def test_what_is_shared_is_computed_once() -> None:
    """The inner products A X of the layer are one stage for all rows of W."""
    e = value(PROBLEMS[1]).diff("X")
    rng = np.random.default_rng(0)
    shapes = {"W": (50, 50), "A": (50, 40), "X": (40, 3)}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    given = placed(values)
    root = literal(e.node, given)
    plan = Plan(root, np.dtype(float), (Axis(50, 1, 15), None, None), None)
    list(plan.blocks())
    (stage,) = stage_jobs(plan)
    assert {name for name, _, _ in stage.wants} == {"A", "X"}
    assert np.allclose(in_blocks(plan, given), e.evaluate(values))


def test_an_inverse_is_computed_once() -> None:
    """What cannot be cut is a stage; its slices are cut."""
    e = ic.parse("X^-1 * B", {"X": "n n", "B": "n m"})
    rng = np.random.default_rng(0)
    values = {"X": rng.normal(size=(6, 6)), "B": rng.normal(size=(6, 4))}
    given = placed(values)
    root = literal(e.node, given)
    plan = Plan(root, np.dtype(float), (Axis(6, 1, 4), Axis(4, 1, 3)), None)
    assert np.allclose(in_blocks(plan, given), np.linalg.inv(values["X"]) @ values["B"])
    (stage,) = stage_jobs(plan)
    assert [name for name, _, _ in stage.wants] == ["X"]


def test_groups_are_cut_along_their_first_index() -> None:
    """A Kronecker product of which only the rows of A are cut."""
    e = ic.parse("kron(A, B)", {"A": "n n", "B": "p p"})
    rng = np.random.default_rng(0)
    values = {"A": rng.normal(size=(5, 5)), "B": rng.normal(size=(3, 3))}
    given = placed(values)
    root = literal(e.node, given)
    assert unit_of(root, 0) == 3
    plan = Plan(root, np.dtype(float), (Axis(5, 3, 2), Axis(5, 3, 2)), None)
    assert plan.cells == (3, 3)
    assert np.allclose(in_blocks(plan, given), np.kron(values["A"], values["B"]))


# -- choices ---------------------------------------------------------------------------


def logistic() -> tuple[Any, dict[str, Array]]:
    """The Hessian of the logistic loss: a small result, a long sum."""
    shapes = {"X": "m n", "w": "n", "y": "m"}
    loss = ic.parse("sum(log(exp(-y.*(X*w)).+1))", shapes)
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(4000, 6)), rng.normal(size=6)
    return loss.diff("w", "w"), {"X": X, "w": w, "y": np.sign(rng.normal(size=4000))}


def test_a_long_sum_is_cut(tmp_path: Path) -> None:
    """XᵀDX over rows of X, the parts added."""
    e, values = logistic()
    p = 1 / (1 + np.exp(values["y"] * (values["X"] @ values["w"])))
    want = (values["X"].T * (p * (1 - p))) @ values["X"]
    dtypes = {name: array.dtype for name, array in values.items()}
    plan = plan_blocks(literal(e.node, placed(values)), dtypes, 100_000)
    assert plan.terms > 3
    assert plan.cells == (1, 1)
    path = str(tmp_path / "H.npy")
    found = evaluate_blocks(e.node, values, to=path, memory_limit=100_000)
    assert np.allclose(found, want)


def cases() -> list[tuple[Any, dict[str, tuple[int, ...]]]]:
    """Expressions with arrays that outgrow a small limit."""
    layer = value(PROBLEMS[1]).diff("X")
    nested = value(PROBLEMS[-1]).diff("x")
    return [
        (layer, {"W": (400, 400), "A": (400, 200), "X": (200, 3)}),
        (
            nested,
            {
                "A": (1500, 250),
                "B": (250, 90),
                "x": (90,),
                "c": (40,),
                "D": (90, 40),
                "E": (250, 40),
                "f": (40,),
            },
        ),
        (logistic()[0], {"X": (12_000, 20), "w": (20,), "y": (12_000,)}),
        (
            ic.parse("tanh(A*B)+A*B", {"A": "n k", "B": "k m"}),
            {"A": (500, 50), "B": (50, 400)},
        ),
        (
            ic.parse("sigmoid(A*B)", {"A": "n k", "B": "k m"}),
            {"A": (500, 50), "B": (50, 400)},
        ),
    ]


#: A limit in bytes that all of them exceed, and what NumPy's loops buffer beside.
LIMIT, BUFFERS = 2_000_000, 200_000


@pytest.mark.parametrize("case", range(5))
def test_blocks_stay_below_their_peak(case: int) -> None:
    """No block allocates more than the plan says, which is below the limit."""
    e, shapes = cases()[case]
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    given = placed({n: a for n, a in values.items() if n in e.variables})
    root = literal(e.node, given, None, [x.written for x in e.variables.values()])
    plan = plan_blocks(root, {n: a.dtype for n, a in given.items()}, LIMIT)
    assert plan.peak <= LIMIT
    assert plan.count > 1
    data: dict[str, Any] = {name: source.data for name, source in given.items()}

    def run(job: Any) -> Array:
        return compute(
            job.recipe, [(n, data[o], s) for n, o, s in job.wants], job.sizes
        )

    for job in stage_jobs(plan):
        data[job.name] = run(job)
    jobs = list(block_jobs(plan))
    run(jobs[0])
    for job in jobs[:3]:
        tracemalloc.start()
        run(job)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        given_whole = sum(data[o][at].nbytes for _, o, at in job.wants)
        assert peak + given_whole <= plan.peak + BUFFERS


def test_plans_are_deterministic() -> None:
    """The same jobs, names and all, each time."""
    e, shapes = cases()[0]
    given = placed({name: np.zeros(shape) for name, shape in shapes.items()})
    dtypes = {name: source.dtype for name, source in given.items()}
    plans = [plan_blocks(literal(e.node, given), dtypes, LIMIT) for _ in range(2)]
    one, other = (list(block_jobs(plan)) for plan in plans)
    assert one == other
    assert stage_jobs(plans[0]) == stage_jobs(plans[1])


# -- reading and writing ---------------------------------------------------------------


def test_runs_of_a_file(tmp_path: Path) -> None:
    """Blocks of every shape land where they belong, in any order."""
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(5, 4, 6))
    for steps in ((5, 4, 6), (2, 4, 6), (5, 3, 6), (5, 4, 5), (2, 3, 5), (1, 1, 1)):
        path = str(tmp_path / f"{'-'.join(map(str, steps))}.npy")
        target = create(path, whole.shape, whole.dtype, steps)
        starts = [range(0, n, s) for n, s in zip(whole.shape, steps, strict=True)]
        corners = [(i, j, k) for i in starts[0] for j in starts[1] for k in starts[2]]
        for corner in corners[::-1]:
            region = tuple(
                slice(a, min(a + s, n))
                for a, s, n in zip(corner, steps, whole.shape, strict=True)
            )
            target.write(region, whole[region])
        assert not Path(path).exists()
        assert np.array_equal(np.load(target.finish()), whole)
    assert run_depth((2, 3, 6), (5, 4, 6)) == 1


@pytest.mark.parametrize("shape", [(), (0, 3), (1,)])
def test_small_results(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Scalars and empty arrays are files too."""
    leaf = ic.tensor("X", list(shape)) if shape else ic.tensor("X", "")
    values = {"X": np.ones(shape)}
    node = (leaf + leaf).node
    found = evaluate_blocks(node, values, to=str(tmp_path / "f.npy"))
    assert found.shape == shape
    assert np.array_equal(found, 2 * values["X"])


@pytest.mark.parametrize("order", ["C", "F"])
def test_mapped_files_are_read_by_slices(order: Any, tmp_path: Path) -> None:
    """A memory-mapped array, whichever way it lies; integers too."""
    X = np.array(np.arange(600).reshape(30, 20), order=order)
    np.save(tmp_path / "X.npy", X)
    given = np.load(tmp_path / "X.npy", mmap_mode="r")
    source = placed({"X": given})["X"]
    assert not source.at_hand
    assert source.dtype == np.float64
    e = ic.parse("X*X'", {"X": "n p"})
    path = str(tmp_path / "G.npy")
    found = evaluate_blocks(e.node, {"X": given}, to=path, memory_limit=4_000)
    assert np.array_equal(found, X @ X.T)


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    """Neither the file nor a part of it."""
    e = ic.parse("X^-1 * B", {"X": "n n", "B": "n m"})
    values = {"X": np.zeros((5, 5)), "B": np.ones((5, 2))}
    with pytest.raises(EvaluationError, match="singular"):
        evaluate_blocks(e.node, values, to=str(tmp_path / "f.npy"))
    assert list(tmp_path.iterdir()) == []


# -- refusals --------------------------------------------------------------------------


def refused(e: Any, values: dict[str, Any], path: Path, **options: Any) -> None:
    """Asks for a file."""
    evaluate_blocks(e.node, values, to=str(path), **options)


def test_refusals(tmp_path: Path) -> None:
    """What cannot be done is said, and nothing is left behind."""
    e = ic.parse("A*x", {"A": "m n", "x": "n"})
    A, x, path = np.ones((3, 4)), np.ones(4), tmp_path / "f.npy"
    with pytest.raises(EvaluationError, match="x of shape n has no array"):
        refused(e, {"A": A}, path)
    with pytest.raises(ShapeError, match="length 3, but n is 4"):
        refused(e, {"A": A, "x": np.ones(3)}, path)
    with pytest.raises(ShapeError, match="size n is not known"):
        refused(ic.eye("n"), {}, path)
    with pytest.raises(UnsupportedError, match="cannot be written to"):
        refused(e, {"A": A, "x": x}, tmp_path / "f.csv")
    with pytest.raises(EvaluationError, match="no folder"):
        refused(e, {"A": A, "x": x}, tmp_path / "none" / "f.npy")
    with pytest.raises(BudgetError, match="smallest block needs"):
        refused(e, {"A": A, "x": x}, path, memory_limit=30)
    assert not path.exists()
    refused(e, {"A": A, "x": x}, path)
    with pytest.raises(EvaluationError, match="is there already"):
        refused(e, {"A": A, "x": x}, path)


def test_structures_are_checked(tmp_path: Path) -> None:
    """A symmetric variable whose array is not, at hand or in a file."""
    S = ic.tensor("S", "n n : symmetric")
    array = np.arange(36.0).reshape(6, 6)
    np.save(tmp_path / "S.npy", array)
    lying = np.load(tmp_path / "S.npy", mmap_mode="r")
    for given in (array, lying):
        with pytest.raises(EvaluationError, match="is declared symmetric"):
            refused(S @ S, {"S": given}, tmp_path / "f.npy")
    with pytest.raises(EvaluationError, match="too large to be checked"):
        refused(S @ S, {"S": lying}, tmp_path / "f.npy", memory_limit=500)


def test_unknown_functions_are_refused(tmp_path: Path) -> None:
    """Nobody knows what such a function would answer."""
    x = ic.tensor("x", "n")
    with pytest.raises(UnsupportedError, match="without a formula"):
        refused(ic.unknown("f")(x), {"x": np.ones(3)}, tmp_path / "f.npy")


def test_leaves_are_tensors() -> None:
    """Every variable of a block is one that the plan names."""
    e, shapes = cases()[1]
    given = placed({n: np.zeros(s) for n, s in shapes.items()})
    given = {name: source for name, source in given.items() if name in e.variables}
    scope = [x.written for x in e.variables.values()]
    root = literal(e.node, given, None, scope)
    plan = plan_blocks(root, {n: a.dtype for n, a in given.items()}, LIMIT)
    for block in plan.blocks():
        named = {source.name for source in block.part.sources}
        assert set(variables(block.part.node)) == named
        assert all(isinstance(x, Tensor) for x in variables(block.part.node).values())
