"""Documents with faults are refused, with the place; files stay as they were."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import files
from indexcalc.documents.reading import VERSION
from indexcalc.errors import BudgetError, ParseError
from tests.mutated_documents import mutated
from tests.saved_cases import (
    CHAIN,
    GRADIENT,
    JUNK,
    LIMITED,
    A,
    B,
    damaged,
    expressions,
    is_same,
    outcome,
    special,
    x,
)

# -- faults ----------------------------------------------------------------------------


def changed(e: Any, *path: Any, to: Any) -> str:
    """The document of something with one place changed."""
    document = json.loads(e if isinstance(e, str) else e.json())
    here = document
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = to
    return json.dumps(document)


C = ic.constant(np.ones(2), "c") * ic.tensor("v", 2)
CALLED = np.sqrt(x)
FUNCTION = ic.einsum("ij,jk,kl,l->i", A, B, A, x).compile()
FUNCTION.source_for(m=3, n=2)
PLAN = CHAIN.plan(m=3, n=2)


FAULTS = {
    "newer indexcalc": changed(x, "version", to=VERSION + 1),
    "version true or false": changed(x, "version", to=True),
    "not a document of the format": changed(x, "format", to="indexcalc.film"),
    "the field 'more' is not known": changed(x, "more", to=1),
    "the field 'why' is not known": changed(x, "nodes", 0, "why", to=1),
    "is given twice": x.json().replace('"root": 0', '"root": 0, "root": 0'),
    "NaN is not a number": x.json().replace('"root": 0', '"root": NaN'),
    "not a finite number": x.json().replace('"root": 0', '"root": 1e999'),
    "9000 digits": x.json().replace('"root": 0', f'"root": {"9" * 9000}'),
    "line 1, column 1": "",
    "root: 1 where 1 are": changed(x, "root", to=1),
    "root: a number": changed(x, "root", to=-1),
    "value_order: 2 where 2": changed(x, "value_order", to=2),
    "layout": changed(x, "layout", to="sideways"),
    "by: more axes": changed(x, "by", to=[["x", 2]]),
    "convention": changed(x, "convention", to="as I like it"),
    "scope: one name twice": changed(x, "scope", to=[0, 0]),
    "scope[0]: not the place": changed(GRADIENT, "scope", to=[2]),
    "nodes[0].kind": changed(x, "nodes", 0, "kind", to="exec"),
    "nodes[0].name": changed(x, "nodes", 0, "name", to=3),
    "nodes[0].shape[0]: not a size": changed(x, "nodes", 0, "shape", 0, to="n("),
    "is meant": changed(x, "nodes", 0, "shape", 0, to="n+a"),
    "'fuzzy' is not a structure": changed(x, "nodes", 0, "structure", to="fuzzy"),
    "is not one of bool": changed(C, "nodes", 0, "dtype", to="O"),
    "of the array take 12": changed(C, "nodes", 0, "shape", 0, to=1),
    "the bytes of the array": changed(C, "nodes", 0, "shape", 0, to=2**60),
    "nodes[0].data: not base64": changed(C, "nodes", 0, "data", to="!" * 24),
    "nodes[2].operands[0]": changed(GRADIENT, "nodes", 2, "operands", 0, 0, to=2),
    "indices are not its shape": changed(GRADIENT, "nodes", 2, "dims", 0, to="q"),
    "is not a function of the table": changed(
        np.exp(x), "nodes", 1, "function", to="eval"
    ),
    "not the parameters of eval": changed(CALLED, "nodes", 1, "function", to="eval"),
    "not the parameters of": changed(CALLED, "nodes", 1, "params", to=["x"]),
    "where '1/2' is meant": changed(
        CALLED, "nodes", 1, "params", 0, "number", to="2/4"
    ),
    "a function of no expressions": changed(FUNCTION, "roots", to=[]),
    "cannot be the name": changed(FUNCTION, "name", to="import"),
    "no style": changed(FUNCTION, "style", to="exec"),
    "no backend": changed(FUNCTION, "backend", to="os"),
    "sizes.n": changed(FUNCTION, "sizes", to={"n": 2**63}),
    "cores": changed(FUNCTION, "cores", to=0),
    "step 0 does not take two": changed(FUNCTION, "orders", 0, "order", 0, to=[1, 1]),
    "takes operand 9 of": changed(FUNCTION, "orders", 0, "order", 0, to=[1, 9]),
    "steps for": changed(FUNCTION, "orders", 0, "order", to=[[0, 1]]),
    "one length for every label": changed(FUNCTION, "orders", 0, "lengths", to=[]),
    "is not one of local": changed(FUNCTION, "moves", 0, "moves", to=[["exec", 0, 0]]),
    "cuts[0].cuts[0]: a slot": changed(LIMITED, "cuts", 0, "cuts", to=[[0, 0]]),
    "asked.sizes": changed(PLAN, "asked", "sizes", to={"q": 3}),
    "asked.machine.gemm": changed(PLAN, "asked", "machine", "gemm", to=0.0),
    "asked.value_orders": changed(PLAN, "asked", "value_orders", to=[7]),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_is_named(reason: str) -> None:
    """Each fault is a ParseError that says where."""
    text = FAULTS[reason]
    readers = [ic.expression_from_json, ic.compiled_from_json, ic.plan_from_json]
    kind = next((k for k, f in enumerate(("function", "plan"), 1) if f in text[:40]), 0)
    with pytest.raises(ParseError) as caught:
        readers[kind](text)
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", [None, 3, b"{}", [], "[" * 100_000, '{"a":' * 10_000])
def test_what_is_no_document(text: Any) -> None:
    """Neither is anything else."""
    for read in (ic.expression_from_json, ic.compiled_from_json, ic.plan_from_json):
        with pytest.raises(ParseError):
            read(text)


def test_no_number_allocates_before_it_is_checked() -> None:
    """Sizes that double with every group of groups, counts of axes, long axes."""
    group = {"kind": "einsum", "operands": [], "out": [[0] * 1500]}
    for dims in (["*".join("n" * 500)], [10**2000], [f"{10**2000}*n"]):
        with pytest.raises(BudgetError):
            ic.expression_from_json(changed(x, "nodes", to=[{**group, "dims": dims}]))
    nodes = json.loads(CALLED.json())["nodes"]
    for name, params in (("cofactors", [10**9]), ("norm2", [10**9])):
        nodes[1] |= {"function": name, "params": params}
        with pytest.raises(ParseError):
            ic.expression_from_json(changed(CALLED, "nodes", to=nodes))
    sums = {
        **group,
        "out": [list(range(9))] * 90,
        "dims": [f"a{k}+1" for k in range(9)],
    }
    with pytest.raises(BudgetError):
        ic.expression_from_json(changed(x, "nodes", to=[sums]))


def test_mutated_documents() -> None:
    """The same, something else that is whole, or a documented error."""
    random = Random(3)
    corpus = [e.json() for _, e in expressions(seed=12, count=6)]
    corpus += [e.json() for _, e in special()]
    corpus += [FUNCTION.json(), PLAN.json(), GRADIENT.plan().json()]
    documents = [json.loads(text) for text in corpus]
    found = [
        outcome(json.dumps(mutated(random.choice(documents), random, JUNK)))
        for _ in range(900)
    ]
    found += [
        outcome(damaged(random.choice(corpus), random.choice(corpus), random))
        for _ in range(300)
    ]
    assert found.count("ParseError") > 600
    assert found.count("read") > 20


# -- files -----------------------------------------------------------------------------


def test_load_reads_every_kind(tmp_path: Path) -> None:
    """Whatever was saved, by a text or a path."""
    F = ic.parse("A*x + x", A="n n", x="n").diagram()
    for k, (thing, kind) in enumerate(
        [(CHAIN, ic.Expression), (FUNCTION, type(FUNCTION)), (PLAN, type(PLAN))]
    ):
        path = tmp_path / f"é {k}.json"
        thing.save(path)
        for where in (path, str(path)):
            again = ic.load(where)
            assert type(again) is kind
            assert again.json() == thing.json() == path.read_text("utf-8")
    F.json(tmp_path / "drawn.json")
    assert ic.load(tmp_path / "drawn.json").json() == F.json()
    CHAIN.film(x).json(tmp_path / "film.json")
    assert len(ic.load(tmp_path / "film.json").frames) > 1


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    """A file that is not there is Python's own error; one that is not ours, or not
    whole, is ParseError."""
    with pytest.raises(FileNotFoundError):
        ic.load(tmp_path / "none.json")
    with pytest.raises(TypeError):
        x.save(None)  # type: ignore[arg-type]
    with open(tmp_path / "open", "w") as file:
        with pytest.raises(TypeError):
            ic.load(file.fileno())  # type: ignore[arg-type]
        file.write("still open")
    text = PLAN.json()
    path = tmp_path / "cut.json"
    others = ["", "3", "[]", "{}", '{"format": "other"}', '{"format": []}', "\ufeff{}"]
    for content in [*others, *(text[:k] for k in range(0, len(text), 97))]:
        path.write_text(content, "utf-8")
        with pytest.raises(ParseError):
            ic.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParseError, match="is no text"):
        ic.load(path)


@pytest.mark.parametrize("step", ["replace", "fdopen", "chmod"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whichever step fails, the file is as it was and nothing lies beside it."""
    path = tmp_path / "kept.json"
    x.save(path)

    def full(*args: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "no space is left")

    if step == "fdopen":
        opened = os.fdopen
        monkeypatch.setattr(files.os, step, lambda h, m: _Half(opened(h, m), full))
    else:
        monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OSError, match="no space"):
        CHAIN.save(path)
    monkeypatch.undo()
    assert ic.load(path) == x
    assert [p.name for p in tmp_path.iterdir()] == ["kept.json"]


class _Half:
    """A file that takes a few bytes and is then full."""

    def __init__(self, file: Any, full: Any) -> None:
        self.file, self.full = file, full

    def __enter__(self) -> _Half:
        return self

    def __exit__(self, *about: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> None:
        self.file.write(data[:9])
        self.full()


def test_many_write_one_file(tmp_path: Path) -> None:
    """Whoever reads meanwhile finds one whole document or another."""
    path = tmp_path / "shared.json"
    things = [x, CHAIN, GRADIENT]
    x.save(path)

    def write(e: ic.Expression) -> None:
        for _ in range(20):
            e.save(path)

    threads = [threading.Thread(target=write, args=(e,)) for e in things]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        found = ic.load(path)
        assert any(is_same(found, e) for e in things)
    for thread in threads:
        thread.join()
    assert [p.name for p in tmp_path.iterdir()] == ["shared.json"]


def test_documents_are_read_when_asked() -> None:
    """Importing indexcalc reads nothing of this."""
    script = (
        "import sys, indexcalc\n"
        "print([m for m in sys.modules if m.startswith('indexcalc.documents')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert found.stdout == "[]\n"
