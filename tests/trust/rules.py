"""Every rewriting rule alone, and simplification whole, keep the value.

    python -m tests.trust.rules --count 3000 --seed 0

Expressions are filled in patterns that laws look for (`tests.law_patterns`), and random
ones over the whole language; with them go their gradients. While they are fused,
multiplied out and rewritten, every law of every table is watched: each time one fires,
what it was given and what it made of it are both evaluated, as they stand, by the
interpreter of programs alone, and so are the expression before and after. `fuse` must
give back its own result, the same object. A law that no case met is named.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc import expansion, laws, regular, simplify, structure_laws
from indexcalc.comparison import rewriting
from indexcalc.distribute import without_diagonals
from indexcalc.errors import BudgetError, EvaluationError, UnsupportedError
from indexcalc.expr import einsum, scale, zero
from indexcalc.nodes import Node, toposort
from tests.law_patterns import Pattern, pattern
from tests.planned_values import values_of
from tests.random_expressions import generate

TOLERANCE = 1e-9
#: How large an expression may be for `expand`, and how often each law is evaluated in
#: one case.
LONGEST, REPEATS = 120, 12
TAN_OF_HALF = {"tan½": lambda x: np.tan(x / 2)}

#: For comparison only, at generic points of moderate size: these may overflow, and
#: divide by the norm of what is zero.
HUGE = 50.0
LOOSE = ("compare ", "whole rewritten", "whole expand")
#: Laws of a product, which change it in place; those of `simplify` by their names.
NETWORK_LAWS = ("cancel_inverses", "join_embeddings", "split_basis", "merge_powers")


@dataclass
class Watch:
    """How often each law fired, and what it got wrong."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    asleep: bool = False

    def fired(self, law: str, before: Node, after: Node) -> None:
        """A law made one thing of another: counts it, and compares values."""
        if self.asleep:
            return
        self.hits[law] += 1
        self.here[law] += 1
        if self.here[law] <= REPEATS:
            self.compare(law, before, after)

    def compare(self, law: str, before: Node, after: Node) -> None:
        """Both have one value wherever the first has any."""
        huge = any(np.abs(a).max(initial=0.0) > HUGE for a in self.values.values())
        if huge and law.startswith(LOOSE):
            return
        self.asleep = True
        try:
            with np.errstate(all="ignore"):
                known = {**self.functions, **TAN_OF_HALF}
                old, new = (
                    values_of([node], self.values, self.sizes, known)[0]
                    for node in (before, after)
                )
        except (EvaluationError, np.linalg.LinAlgError):
            return  # undefined here, such as the inverse of a singular matrix
        finally:
            self.asleep = False
        self.compared[law] += 1
        if old.shape != new.shape:
            self.messages.append(f"{law}: shape {old.shape} became {new.shape}")
            return
        fine = np.isfinite(old)
        if law.startswith(LOOSE):
            fine &= np.isfinite(new)
        error = np.abs(new[fine] - old[fine]).max(initial=0.0)
        if not error <= TOLERANCE * (1 + np.abs(old[fine]).max(initial=0.0)):
            self.messages.append(
                f"{law}: {ic.Expression(before)} became {ic.Expression(after)}, off by "
                f"{error:.3g}"
            )


# -- watching the tables ---------------------------------------------------------------


def _call_law(watch: Watch, name: str, law: Callable[..., Any]) -> Callable[..., Any]:
    """A law of a call: coefficient and node, or nothing."""

    @wraps(law)
    def watched(f: Node, *rest: Any) -> Any:
        found = law(f, *rest)
        if found is not None and found != (1, f):
            watch.fired(name, f, scale(*found))
        return found

    return watched


def _rule(watch: Watch, name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule of comparison: a node, or nothing."""

    @wraps(rule)
    def watched(f: Node, known: Any) -> Any:
        found = rule(f, known)
        if found is not None and found is not f:
            watch.fired(name, f, found)
        return found

    return watched


def _network_law(
    watch: Watch, name: str, law: Callable[..., Any]
) -> Callable[..., Any]:
    """A law of a product in place; of some, True says that the product is zero."""
    vanishing = name in ("join_embeddings", "split_basis")

    @wraps(law)
    def watched(net: Any, *rest: Any) -> Any:
        before = _settled(net)
        found = law(net, *rest)
        if watch.asleep:
            return found
        zeroed = vanishing and found
        after = zero(before.shape) if zeroed else _settled(net)
        if found or after is not before:
            watch.fired(name, before, after)
        return found

    return watched


def _settled(net: Any) -> Node:
    """A product as it stands."""
    rows = [(node, list(legs)) for node, legs in net.operands]
    made = einsum(rows, [list(axis) for axis in net.out], dict(net.dims))
    return scale(net.coefficient, made)


def law_names() -> list[str]:
    """Every record of every table."""
    return [
        *(_named(f, law) for f, found in laws.CALL_LAWS.items() for law in found),
        "outward",
        *NETWORK_LAWS,
        *(law.__name__.strip("_") for law in structure_laws.LAWS),
        *(f"compare {name}" for name in rewriting.RULES),
    ]


def _named(function: str, law: Callable[..., Any]) -> str:
    inner = law.__qualname__.replace(".<locals>.law", "").strip("_")
    return f"{function}: {inner}"


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Every law of every table watched."""
    kept = dict(laws.CALL_LAWS), dict(rewriting.RULES), structure_laws.LAWS
    outward = laws._outward
    products = {name: getattr(simplify, name) for name in NETWORK_LAWS}
    for f, found in kept[0].items():
        laws.CALL_LAWS[f] = tuple(_call_law(watch, _named(f, n), n) for n in found)
    for name, rule in kept[1].items():
        rewriting.RULES[name] = _rule(watch, f"compare {name}", rule)
    structure_laws.LAWS = tuple(
        _network_law(watch, law.__name__.strip("_"), law) for law in kept[2]
    )
    laws._outward = _call_law(watch, "outward", outward)
    for name, law in products.items():
        setattr(simplify, name, _network_law(watch, name, law))
    try:
        yield
    finally:
        laws.CALL_LAWS.update(kept[0])
        rewriting.RULES.update(kept[1])
        structure_laws.LAWS, laws._outward = kept[2], outward
        for name, law in products.items():
            setattr(simplify, name, law)


# -- one case --------------------------------------------------------------------------


def _random_case(seed: int, index: int) -> Pattern:
    case = generate(seed, index, whole=True)
    return Pattern(case.text, case.shapes, case.values, case.sizes, case.functions)


def check(watch: Watch, case: Pattern) -> None:
    """One expression and a gradient of it, through every simplification."""
    watch.values, watch.sizes, watch.functions = case.values, case.sizes, case.functions
    watch.here.clear()
    symbol = case.symbol()
    nodes = [symbol.written]
    if symbol.variables and "conj" not in case.text:
        nodes.append(symbol.diff(sorted(symbol.variables)[0]).written)
    for node in nodes:
        for name, whole in WHOLE.items():
            _whole(watch, name, whole, node)


def _rewritten(node: Node) -> Node:
    return rewriting.rewritten(node)[0]


def _split(node: Node) -> Node:
    """Where matrices are regular, which those of a case are if it has an inverse."""
    return regular.split(node) if regular.has_inverse(node) else node


WHOLE: dict[str, Callable[[Node], Node]] = {
    "fuse": simplify.fuse,
    "expand": expansion.expand,
    "rewritten": _rewritten,
    "split": _split,
    "without_diagonals": without_diagonals,
}


def _whole(watch: Watch, name: str, whole: Callable[[Node], Node], node: Node) -> None:
    if name != "fuse" and len(toposort(node)) > LONGEST:
        return
    node.fused = False
    try:
        found = whole(node)
    except BudgetError:
        watch.compared[f"{name}: over its budget"] += 1
        return
    watch.compare(f"whole {name}", node, found)
    if name == "fuse":
        found.fused = False
        again = simplify.fuse(found)
        watch.compared["fuse again"] += 1
        if again is not found:
            watch.messages.append(f"fuse twice: {ic.Expression(found)}")


# -- the command -----------------------------------------------------------------------


def run(count: int, seed: int, start: int = 0) -> tuple[Watch, int]:
    """So many cases watched, two in three of them patterns; how many went wrong."""
    watch, wrong = Watch(), 0
    with watching(watch):
        for index in range(start, start + count):
            made = _random_case if index % 3 == 0 else pattern
            watch.messages.clear()
            try:
                case = made(seed, index)
                check(watch, case)
                text = case.text
            except UnsupportedError:
                watch.compared["refused"] += 1
                continue
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                watch.messages.append("failed")
            if watch.messages:
                wrong += 1
                print(f"seed {seed} case {index}: {text}")
                print("".join(f"    {m}\n" for m in watch.messages[:3]), flush=True)
    return watch, wrong


def report(watch: Watch) -> str:
    """Hits by law, what was compared whole, and the laws never met."""
    names = law_names()
    cells = [f"{name:<38}{watch.hits[name]:>7}" for name in names]
    height = -(-len(cells) // 2)
    lines = ["   ".join(cells[i::height]) for i in range(height)]
    others = sorted(set(watch.compared) - set(names))
    lines += [f"{name:<38}{watch.compared[name]:>7}" for name in others]
    never = [name for name in names if not watch.hits[name]]
    return "\n".join([*lines, f"never met: {', '.join(never) or 'nothing'}"])


def main(argv: Sequence[str] | None = None) -> int:
    """Watches the cases and prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.rules")
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first case")
    asked = parser.parse_args(argv)
    began = time.perf_counter()
    watch, wrong = run(asked.count, asked.seed, asked.start)
    print(report(watch))
    print(
        f"{asked.count - wrong} of {asked.count} cases keep their value in every law; "
        f"{time.perf_counter() - began:.0f} s"
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
