"""Texts, pictures, keys and documents are the same bytes, whatever happened before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import sympy

import indexcalc as ic

ROOT = Path(__file__).resolve().parent.parent


def sections(hash_seed: str, *flags: str) -> dict[str, str]:
    """A digest of every section of `tests.sections`, in a process of its own."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.sections", *flags]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_the_same_bytes() -> None:
    """Another hash seed, other work before, everything built in the opposite order,
    floats added as since Python 3.12: every section is the same.

    `python -m tests.trust.versions` tries many more ways."""
    first = sections("0")
    assert len(first) > 400
    assert sum(int(told.partition(" ")[0]) for told in first.values()) > 1_000_000
    other = sections("4294967295", "--backwards", "--after-work", "--other-sums")
    assert [name for name in first | other if first.get(name) != other.get(name)] == []


def test_sympy_is_the_same_every_time() -> None:
    """The bound variables of functions are not SymPy's random ones."""
    e = ic.parse("tanh(A*x).*x", A="n n", x="n")
    for form in ("matrix", "array", "indexed"):
        assert sympy.srepr(e.sympy(form)) == sympy.srepr(e.sympy(form))
    f = ic.unknown("f")(ic.unknown("f")(ic.tensor("x", "n")).diff("x"))
    assert sympy.srepr(f.sympy()) == sympy.srepr(f.sympy())
