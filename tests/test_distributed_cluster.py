"""Blocks on two worker processes of this machine: equal, refused, killed, resumed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.distributed import evaluate_blocks
from indexcalc.distributed.cluster import capacity
from indexcalc.errors import EvaluationError, IndexCalcError

distributed = pytest.importorskip("distributed", reason="needs indexcalc[dask]")
da = pytest.importorskip("dask.array", reason="needs indexcalc[dask]")

Array = np.ndarray[Any, Any]
Progress = Callable[[int, int], None]

LAYER = {"W": "k q", "A": "q n", "X": "n 3"}

#: What a worker may hold, in bytes, and what a block may.
WORKER, BLOCK = 600_000_000, 400_000


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A scheduler and two workers, on ports that are free."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=WORKER,
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


def layer() -> Any:
    """∂(W(AX∘AX)1₃)/∂X."""
    return ic.parse("W*((A*X)∘(A*X))*ones(3)", LAYER).diff("X")


def inputs(k: int, q: int, n: int) -> dict[str, Array]:
    """Random arrays for it."""
    rng = np.random.default_rng(0)
    shapes = {"W": (k, q), "A": (q, n), "X": (n, 3)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def by_hand(values: dict[str, Array]) -> Array:
    """2 W_iq A_qk (AX)_ql."""
    W, A, X = values["W"], values["A"], values["X"]
    return np.einsum("iq,qk,ql->ikl", 2 * W, A, A @ X, optimize=True)


def ways(values: dict[str, Array], folder: Path) -> dict[str, dict[str, Any]]:
    """The same arrays in every place they can be."""
    import zarr

    files, chunked = {}, {}
    for name, array in values.items():
        np.save(folder / f"{name}.npy", array)
        files[name] = np.load(folder / f"{name}.npy", mmap_mode="r")
        chunked[name] = zarr.create_array(
            store=str(folder / name), data=array, chunks=(9, 3)
        )
    lazy = {name: da.from_array(array, chunks=17) for name, array in values.items()}
    return {"memory": values, "files": files, "zarr": chunked, "dask": lazy}


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("memory", "npy"), ("files", "zarr"), ("zarr", "npy"), ("dask", "zarr")],
)
def test_every_place(client: Any, kind: str, ending: str, tmp_path: Path) -> None:
    """Wherever the inputs are and the result goes, it is the result."""
    pytest.importorskip("zarr", reason="needs indexcalc[dask]")
    values = inputs(67, 30, 41)
    given = ways(values, tmp_path)[kind]
    path = str(tmp_path / f"J.{ending}")
    found = evaluate_blocks(
        layer().node, given, to=path, client=client, memory_limit=60_000
    )
    assert np.allclose(found[...], by_hand(values))
    left = {entry.name for entry in tmp_path.iterdir()}
    assert f"J.{ending}" in left
    assert not any(name.startswith(".") for name in left)


@pytest.mark.parametrize("kind", ["memory", "files", "zarr", "dask"])
def test_lazy_arrays(kind: str, tmp_path: Path) -> None:
    """Without a path the blocks are a dask array, computed when asked for."""
    pytest.importorskip("zarr", reason="needs indexcalc[dask]")
    values = inputs(67, 30, 41)
    given = ways(values, tmp_path)[kind]
    found = evaluate_blocks(layer().node, given, memory_limit=60_000)
    assert isinstance(found, da.Array)
    assert found.npartitions > 2
    assert np.allclose(found[3:50, ::2].compute(), by_hand(values)[3:50, ::2])


def test_lazy_deltas_and_sums() -> None:
    """Chunks off a diagonal are zeros; a cut sum is one chunk."""
    X = np.random.default_rng(0).normal(size=(50, 4))
    e = ic.einsum("jk->jjk", ic.tensor("X", "n p"))
    found = evaluate_blocks(e.node, {"X": X}, memory_limit=20_000)
    assert np.array_equal(found.compute(), np.einsum("ij,jk->ijk", np.eye(50), X))
    gram = ic.parse("X'*X", {"X": "n p"})
    X = np.random.default_rng(0).normal(size=(3000, 4))
    found = evaluate_blocks(gram.node, {"X": X}, memory_limit=20_000)
    assert found.npartitions == 1
    assert np.allclose(found.compute(), X.T @ X)


def test_a_cut_sum(client: Any, tmp_path: Path) -> None:
    """The parts are added, in the same order everywhere."""
    gram = ic.parse("X'*X", {"X": "n p"})
    X = np.random.default_rng(0).normal(size=(20_000, 7))
    paths = [str(tmp_path / name) for name in ("a.npy", "b.npy", "c.npy")]
    who = (client, client, None)
    one, two, serial = (
        evaluate_blocks(gram.node, {"X": X}, to=path, client=c, memory_limit=100_000)
        for path, c in zip(paths, who, strict=True)
    )
    assert np.allclose(one, X.T @ X)
    assert np.allclose(one, two, rtol=1e-13)
    assert np.allclose(one, serial, rtol=1e-12)


def killing(client: Any, at: int) -> Progress:
    """Kills one worker, for good and at once, when so many blocks are done."""
    victims = [sorted(client.run(os.getpid).values())[0]]

    def progress(done: int, total: int) -> None:
        if done >= at and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    return progress


def test_a_killed_worker(client: Any, tmp_path: Path) -> None:
    """Its tasks run elsewhere; the file is what one process writes."""
    values = inputs(600, 40, 300)
    options: dict[str, Any] = {"memory_limit": BLOCK}
    counts: list[int] = []
    kill = killing(client, 5)

    def progress(done: int, total: int) -> None:
        counts.append(total)
        kill(done, total)

    node, path = layer().node, str(tmp_path / "J.npy")
    found = evaluate_blocks(
        node, values, to=path, client=client, progress=progress, **options
    )
    serial = evaluate_blocks(node, values, to=str(tmp_path / "S.npy"), **options)
    assert counts[-1] > 12
    assert np.allclose(found, serial, rtol=1e-12)
    assert np.allclose(found, by_hand(values))


def test_larger_than_the_limit_given(client: Any, tmp_path: Path) -> None:
    """A result four times what both workers may use for blocks."""
    values = inputs(500, 40, 270)
    found = evaluate_blocks(
        layer().node,
        values,
        to=str(tmp_path / "J.npy"),
        client=client,
        memory_limit=BLOCK,
    )
    assert found.nbytes > 4 * 2 * BLOCK
    assert np.allclose(found, by_hand(values))


def test_what_a_worker_has_room_for(client: Any) -> None:
    """A share of its memory less what it holds; a limit that is given is kept."""
    room, blocks = capacity(client, None, 1 << 40)
    assert 0 < room < 0.6 * WORKER
    assert blocks >= 2
    assert capacity(client, 12_345, 1 << 40)[0] == 12_345


def test_errors_come_back(client: Any, tmp_path: Path) -> None:
    """What a worker refuses is raised here, and no file is left."""
    e = ic.parse("X^-1 * B", {"X": "n n", "B": "n m"})
    values = {"X": np.zeros((5, 5)), "B": np.ones((5, 2))}
    with pytest.raises(IndexCalcError, match="singular"):
        evaluate_blocks(e.node, values, to=str(tmp_path / "f.npy"), client=client)
    S = ic.tensor("S", "n n : symmetric")
    np.save(tmp_path / "S.npy", np.arange(36.0).reshape(6, 6))
    lying = np.load(tmp_path / "S.npy", mmap_mode="r")
    with pytest.raises(EvaluationError, match="is declared symmetric"):
        evaluate_blocks(
            (S @ S).node, {"S": lying}, to=str(tmp_path / "f.npy"), client=client
        )
    assert {entry.name for entry in tmp_path.iterdir()} == {"S.npy"}
