"""Digests, rows and texts do not depend on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SCRIPT = """
from indexcalc.derivative import forward, reverse
from indexcalc.index_text import index_text
from indexcalc.lowered import lowered
from indexcalc.nodes import variables
from indexcalc.rows import to_rows
from indexcalc.simplify import expand, fuse
from tests.random_nodes import draw

for seed in range(60):
    node = draw(seed, 5).node
    print(node.digest.hex(), to_rows(node), lowered(node))
    print(to_rows(fuse(node)), index_text(node))
    for leaf in variables(node).values():
        slope = fuse(reverse(node, leaf))
        print(slope.digest.hex(), to_rows(slope), index_text(slope))
        print(fuse(forward(node, leaf)).digest.hex())
    print(*(variable.digest.hex() for variable in variables(node).values()))
print(index_text(expand(draw(7, 5).node)))
"""

PICTURES = """
import indexcalc as ic

F = ic.parse(
    "W*((A*X).*(A*X))*ones(3) + tanh(W*A)*X*b", W="k k", A="k n", X="n 3", b="3"
)
for e in (F, F.diff("X")):
    drawn = e.diagram()
    print(drawn.svg(legend=True), drawn.tikz(), drawn.dot(), drawn.mermaid(), drawn)
    print(drawn.json(), drawn.html(), sorted(drawn.graph().nodes(data=True)))
film = F.film("X")
print(film.html(), film.svg(), film, film.strip().svg())
plan = F.diff("X").plan(k=20, n=10).diagram()
print(plan.svg(), plan.dot(), plan.mermaid())
"""


def output(hash_seed: str, script: str = SCRIPT) -> bytes:
    """What a script prints in a process of its own."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_hash_seeds() -> None:
    """Byte for byte the same output under four hash seeds."""
    first = output("0")
    assert len(first) > 10_000
    for hash_seed in ("1", "42", "4294967295"):
        assert output(hash_seed) == first


def test_pictures() -> None:
    """Byte for byte the same drawings in every format."""
    first = output("0", PICTURES)
    assert len(first) > 10_000
    for hash_seed in ("1", "42"):
        assert output(hash_seed, PICTURES) == first
