"""Documents at length: all comes back, nothing hostile gets in, files stay whole.

    python -m tests.trust.documents --count 500 --seed 0

keeps and reads so many random expressions with their derivatives and Hessians, a fifth
as many compiled functions and plans, and twenty times as many documents with faults;
times ten kilobytes of hostile JSON; and kills a process again and again while it saves.
The exit status is 1 when one of them fails.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.errors import IndexCalcError
from tests.mutated_documents import mutated
from tests.random_expressions import generate
from tests.saved_cases import (
    JUNK,
    damaged,
    expressions,
    fault,
    identities,
    named_sizes,
    outcome,
    planned,
    read,
    reported,
    rows,
    special,
)

#: How long ten kilobytes may take, in seconds.
BOUND = 0.2

#: How often a process is killed while it saves.
KILLS = 25


def kept(count: int, seed: int) -> tuple[int, list[str]]:
    """How many expressions were kept and read, and what did not come back."""
    total, faults = 0, []
    for corpus in (expressions(seed, count), identities(), rows(), special()):
        for name, e in corpus:
            total += 1
            found = fault(e)
            faults += [f"{name}: {found}"] if found else []
    return total, faults


def run(count: int, seed: int) -> tuple[int, list[str]]:
    """The same for compiled functions and plans of derivatives."""
    total, faults = 0, []
    for index in range(max(1, count // 5)):
        case = generate(seed + 1, index)
        e = ic.parse(case.text, **case.shapes).diff(sorted(case.values)[0])
        sizes = {name: case.sizes[name] for name in named_sizes(e)}
        options: dict[str, Any] = {"sizes": sizes, "functions": case.functions}
        options["structured"] = index % 3 == 0
        found = _answered(planned, e, case.values, **options)
        if not case.functions:
            found = found or _answered(reported, e, **sizes)
        total += 1
        faults += [f"plan {index}: {found}"] if found else []
    return total, faults


def _answered(check: Callable[..., str], *args: Any, **options: Any) -> str:
    """What a check found; what cannot be computed at all is no fault of documents."""
    try:
        with np.errstate(all="ignore"):
            return check(*args, **options)
    except IndexCalcError:
        return ""


# -- documents with faults -------------------------------------------------------------


def faulty(count: int, seed: int) -> tuple[int, list[str]]:
    """Mutated, cut, spliced and flipped documents: what is no documented error, and
    what took too long."""
    random = Random(seed)
    corpus = [text for text in documents(seed) if len(text) <= 10_000]
    parsed = [json.loads(text) for text in corpus]
    found: Counter[str] = Counter()
    faults: list[str] = []
    for _ in range(20 * count):
        if random.random() < 0.6:
            text = json.dumps(mutated(random.choice(parsed), random, JUNK))
        else:
            text = damaged(random.choice(corpus), random.choice(corpus), random)
        result, fault_ = timed(text)
        found[result] += 1
        faults += [fault_] if fault_ else []
        faults += _reckoned(text) if result == "read" and PLAN in text else []
    print(f"    {', '.join(f'{n} {kind}' for kind, n in found.most_common())}")
    return 20 * count, faults


PLAN = '"indexcalc.plan"'


def _reckoned(text: str) -> list[str]:
    """What is wrong with the report of a plan that was read."""
    try:
        plan = ic.plan_from_json(text)
        return [] if str(plan) and plan.source else ["no report"]
    except IndexCalcError:
        return []
    except Exception as error:
        return [f"report: {type(error).__name__}: {error}: {text[:2000]}"]


def documents(seed: int) -> Iterator[str]:
    """Documents of every kind."""
    for _, e in [*expressions(seed + 2, 30), *special(), *rows()]:
        yield e.json()
    for index in range(20):
        case = generate(seed + 3, index)
        e = ic.parse(case.text, **case.shapes).diff(sorted(case.values)[0])
        if not case.functions:
            plan = e.plan()
            yield plan.json()
            yield plan.function.json()
            yield e.compile(structured=True).json()
    for _, e in expressions(seed + 4, 10, hessians=False):
        yield e.diagram().json()


def timed(text: str) -> tuple[str, str]:
    """What comes of a document, and what is wrong with that."""
    try:
        found = outcome(text)
    except Exception as error:
        return type(error).__name__, f"{type(error).__name__}: {error}: {text[:2000]}"
    took = min(seconds(text) for _ in range(3))
    return found, f"{took:.2f} s: {text[:2000]}" if took > BOUND else ""


def seconds(text: str) -> float:
    """The processor's time for reading a document."""
    start = time.process_time()
    with suppress(IndexCalcError):
        read(text)
    return time.process_time() - start


# -- hostile documents -----------------------------------------------------------------


def hostile(count: int, seed: int) -> tuple[int, list[str]]:
    """Ten kilobytes made to take long."""
    faults = []
    bombs = list(monsters())
    for name, nodes in bombs:
        result, fault_ = timed(expression(nodes))
        print(f"    {name:24} {len(expression(nodes)):6} bytes  {result}")
        faults += [f"{name}: {fault_[:200]}"] if fault_ else []
    return len(bombs), faults


def expression(nodes: list[Any]) -> str:
    """The document of the last of some nodes."""
    document = json.loads(ic.tensor("x", "n").json())
    more = {"nodes": nodes, "root": len(nodes) - 1, "value_order": 0}
    return json.dumps(document | more)


def monsters() -> Iterator[tuple[str, list[Any]]]:
    """Names and nodes."""
    yield "a cycle of 300", graph(300, [(k, (k + 1) % 300) for k in range(300)])
    yield "K20", graph(20, list(combinations(range(20), 2)))
    near = [(a, a ^ (1 << k)) for a in range(64) for k in range(6) if a < a ^ (1 << k)]
    yield "a cube of 6 dimensions", graph(64, near)
    whole = graph(6, list(combinations(range(6), 2)))
    copies = [{**whole[1], "out": [[k % 15]]} for k in range(40)]
    yield "forty times K6", [whole[0], *copies]
    pairs = [[0, [2 * k, 2 * k + 1]] for k in range(300)]
    yield "pairs", [_leaf("S", ["n", "n"]), _product(pairs, [], ["n"] * 600)]
    yield "squares", _chain(90, lambda k: _product([[k, [0]], [k, [0]]], [[0]], ["n"]))
    yield "sums", _chain(120, lambda k: _sum([[k, 2], [0, 1]]))
    yield "coefficients", _chain(150, lambda k: _sum([[k, 10**40]]))
    yield "powers", _chain(90, lambda k: _call("power", k, [1000003]))
    yield (
        "views",
        _chain(9, lambda k: _product([[k, [0] * 2**k]], [[0]] * 2 ** (k + 1))),
    )
    yield "factors", [_product([], [[0] * 1500], ["*".join("n" * 500)])]
    yield "digits", [_product([], [[0] * 1500], [10**2000])]
    yield "coefficients of sizes", [_product([], [[0] * 900], [f"{10**2000}*n"])]
    names = [f"a{k}+1" for k in range(9)]
    yield "terms", [_product([], [list(range(9))] * 300, names)]
    halves = [f"(q{k}+q{k}*q{k})/2" for k in range(400)]
    yield "quotients", [_leaf("x", halves)]
    yield "a long sum", [_leaf("x", ["+".join(f"a{k:04}" for k in range(1000))])]
    yield "axes", [_leaf("x", ["n"] * 1900)]
    yield "cofactors", [_leaf("x", ["n", "n"]), _call("cofactors", 0, [10**9])]
    array = {"kind": "constant", "name": "", "dtype": "float64", "data": ""}
    yield "an array", [{**array, "shape": [2**62, 4]}]
    yield "no array", [{**array, "shape": [0, 2**62, 2**62]}]


def graph(count: int, edges: Sequence[tuple[int, int]]) -> list[Any]:
    """Equal operands, an index for every edge between them."""
    legs: list[list[int]] = [[] for _ in range(count)]
    for k, (a, b) in enumerate(edges):
        legs[a].append(k)
        legs[b].append(k)
    rows_ = [[0, found] for found in legs]
    return [_leaf("A", ["n"] * len(legs[0])), _product(rows_, [], ["n"] * len(edges))]


def _chain(count: int, more: Callable[[int], Any]) -> list[Any]:
    return [_leaf("x", ["n"]), *(more(k) for k in range(count))]


def _leaf(name: str, shape: list[Any]) -> dict[str, Any]:
    return {"kind": "tensor", "name": name, "shape": shape}


def _product(operands: list[Any], out: list[Any], dims: Any = ("n",)) -> dict[str, Any]:
    return {"kind": "einsum", "operands": operands, "out": out, "dims": list(dims)}


def _sum(terms: list[Any]) -> dict[str, Any]:
    return {"kind": "sum", "terms": terms, "shape": ["n"]}


def _call(name: str, k: int, params: list[Any]) -> dict[str, Any]:
    called = {"kind": "call", "function": name, "args": [k]}
    return {**called, "params": params, "shape": ["n"]}


# -- another process -------------------------------------------------------------------

READING = """
import json, sys
from tests.trust.documents import shown
import indexcalc as ic
for line in sys.stdin:
    text, before = json.loads(line)
    e = ic.expression_from_json(text)
    print(json.dumps([shown(e) == before, e.json() == text]), flush=True)
"""


def elsewhere(count: int, seed: int) -> tuple[int, list[str]]:
    """Another process, with another hash seed, reads the expressions: they print the
    same in every notation, and so do their derivatives."""
    command = [sys.executable, "-c", READING]
    found = [e for _, e in expressions(seed + 5, max(1, count // 5))]
    lines = [json.dumps([e.json(), shown(e)]) for e in found]
    answer = subprocess.run(
        command,
        input="\n".join(lines),
        env={**os.environ, "PYTHONHASHSEED": str(seed + 17)},
        capture_output=True,
        check=False,
        text=True,
    )
    answers = answer.stdout.splitlines()
    faults = [] if len(answers) == len(found) else [answer.stderr[-2000:]]
    for e, line in zip(found, answers, strict=False):
        faults += [] if json.loads(line) == [True, True] else [f"{line} {e}"]
    return len(found), faults


def shown(e: ic.Expression) -> list[str]:
    """An expression in every notation, and a derivative of it; refusals too."""
    ways: list[Callable[[], object]] = [
        lambda: e,
        lambda: e.matrix(),
        lambda: e.latex(),
        lambda: e.einsum(),
        lambda: e.code(),
        lambda: (e.by, e.layout, e.convention, e.value_order, repr(e)),
        lambda: e.diff(sorted(e.variables)[0]) if e.variables else "",
    ]
    return [_said(way) for way in ways]


def _said(way: Callable[[], object]) -> str:
    """What a notation says; a bug of a printer is no fault of documents."""
    try:
        return str(way())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# -- files -----------------------------------------------------------------------------

SAVING = """
import sys, numpy as np, indexcalc as ic
things = [ic.constant(np.full(2**18 + k, float(k)), "c") * k for k in range(2, 4)]
things[0].save(sys.argv[1])
print("ready", flush=True)
while True:
    for thing in things:
        thing.save(sys.argv[1])
"""


def killed(count: int, seed: int) -> tuple[int, list[str]]:
    """A process killed while it saves: the file must be whole each time."""
    random, faults = Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.json"
        for k in range(KILLS):
            _saved_until_killed(path, random.uniform(0.0, 0.1))
            try:
                ic.load(path)
            except (OSError, IndexCalcError) as error:
                faults.append(f"after kill {k}: {error}")
    return KILLS, faults


def _saved_until_killed(path: Path, seconds: float) -> None:
    command = [sys.executable, "-c", SAVING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


CHECKS: dict[str, Callable[[int, int], tuple[int, list[str]]]] = {
    "expressions come back": kept,
    "functions and plans come back": run,
    "another process reads the same": elsewhere,
    "faults are documented errors": faulty,
    "hostile documents end in time": hostile,
    "files are whole": killed,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run every check."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.documents")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    failed = 0
    for name, check in CHECKS.items():
        start = time.perf_counter()
        total, faults = check(asked.count, asked.seed)
        took = time.perf_counter() - start
        print(f"{name:32} {total:6}  {len(faults)} faults  {took:.0f} s", flush=True)
        for line in faults[:10]:
            print(f"    {line}")
        failed += len(faults)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
