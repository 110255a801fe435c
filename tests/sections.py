"""Everything that is printed, by section: what must be the same bytes everywhere.

    python -m tests.sections [--whole] [--backwards] [--after-work] [--other-sums]

prints a digest for each section, so that a difference names it; `--whole` prints the
texts. `--backwards` builds the expressions in the opposite order, `--after-work` after
much other work, `--other-sums` adds floats as Python 3.12 began to. Numbers are left
out: only texts, keys and documents.
"""

from __future__ import annotations

import argparse
import builtins
import json
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from hashlib import blake2b
from math import fsum
from typing import Any

import sympy

import indexcalc as ic
from indexcalc.derivative import forward, reverse
from indexcalc.expansion import expand
from indexcalc.index_text import index_text
from indexcalc.lowered import lowered
from indexcalc.nodes import variables
from indexcalc.rows import to_rows
from indexcalc.simplify import fuse
from tests.random_nodes import draw

TEXTS = {
    "quadratic": ("x'*A*x + b'*x", {"A": "n n", "x": "n", "b": "n"}),
    "layers": (
        "W*((A*X).*(A*X))*ones(3) + tanh(W*A)*X*b",
        {"W": "k k", "A": "k n", "X": "n 3", "b": "3"},
    ),
    "logdet": ("log(det(S)) + tr(inv(S)*C)", {"S": "n n : symmetric", "C": "n n"}),
    "loss": ("norm2(sigmoid(X*w) - y)", {"X": "m n", "w": "n", "y": "m"}),
    "kron": ("kron(A, B)*vec(X)", {"A": "m m", "B": "n n", "X": "n m"}),
    "unknown": ("sum(f(A*x))", {"A": "m n", "x": "n", "f": "function"}),
}

BY = {"quadratic": "x", "layers": "X", "logdet": "S", "loss": "w", "kron": "A"}
LANGUAGES = ("numpy", "jax", "torch", "array_api", "julia", "matlab", "eigen")


def parsed(name: str) -> ic.Expression:
    """One of the texts."""
    text, shapes = TEXTS[name]
    return ic.parse(text, shapes)


def swish() -> ic.Expression:
    """A function that SymPy differentiates."""
    t = sympy.Symbol("t")
    body = t / (1 + sympy.exp(-t)) + sympy.Max(t, 1) * sympy.erf(t) + sympy.sqrt(2) * t
    return ic.elementwise("swish", sympy.Lambda(t, body))(ic.tensor("x", "n")).diff("x")


def expressions(backwards: bool) -> dict[str, ic.Expression]:
    """The expressions and their derivatives, built in this order or in the other."""
    found: dict[str, ic.Expression] = {}
    for name in list(TEXTS)[::-1] if backwards else TEXTS:
        e = parsed(name)
        by = BY.get(name, "x")
        found |= {name: e, f"d {name}": e.diff(by)}
        if not e.shape:
            found[f"dd {name}"] = e.diff(by).diff(by)
    found["swish"] = swish()
    return dict(sorted(found.items()))


def attempted(job: Callable[[], object]) -> str:
    """What a job says, or its refusal."""
    try:
        return str(job())
    except ic.IndexCalcError as error:
        return f"{type(error).__name__}: {error}"


def notations(e: ic.Expression) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every notation of an expression."""
    yield "text", lambda: f"{e}\n{e.axes()}\n{e.lowered()}"
    yield "repr", lambda: repr(e)
    yield "matrix", lambda: "\n".join(str(e.matrix(s)) for s in ("plain", "paper"))
    yield "latex", lambda: e.latex()
    yield "latex index", lambda: e.latex("index")
    yield "ledger", lambda: f"{e.ledger()}{e.ledger().latex()}{e.ledger().markdown()}"
    for library in ("numpy", "opt_einsum", "torch"):
        yield f"einsum {library}", lambda library=library: e.einsum(library)  # type: ignore[misc]
    for language in LANGUAGES:
        yield f"code {language}", lambda language=language: e.code(language)  # type: ignore[misc]
    yield "compiled", lambda: e.compile().source
    yield "plan", lambda: e.plan(**dict.fromkeys("kmnp", 20)).json()
    yield "sympy", lambda: sympy.srepr(e.sympy())
    yield "json", lambda: e.json()
    yield "unfolded", lambda: e.jacobian_matrix()


def drawn(e: ic.Expression) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every picture of an expression."""
    yield "svg", lambda: e.diagram().svg(legend=True)
    yield "tikz", lambda: e.diagram().tikz()
    yield "dot", lambda: e.diagram().dot()
    yield "mermaid", lambda: e.diagram().mermaid()
    yield "diagram", lambda: e.diagram().text()
    yield "diagram json", lambda: e.diagram().json()
    yield "diagram html", lambda: e.diagram().html()
    yield "graph", lambda: sorted(e.diagram().graph().nodes(data=True))


def others() -> Iterator[tuple[str, Callable[[], object]]]:
    """Steps, films, plans, questions, checks."""
    quadratic, layers = parsed("quadratic"), parsed("layers")
    for method in ("differential", "index"):
        yield f"steps {method}", lambda m=method: quadratic.steps("x", m).latex()  # type: ignore[misc]
    yield "steps", lambda: parsed("logdet").steps("S").markdown()
    yield "film", lambda: layers.film("X").html() + layers.film("X").json()
    yield "film svg", lambda: layers.film("X").svg() + str(layers.film("X"))
    plan = layers.diff("X").plan(k=20, n=10)
    yield "plan svg", lambda: plan.diagram().svg()
    yield "plan dot", lambda: plan.diagram().dot() + plan.diagram().mermaid()
    yield "check", lambda: ic.check(quadratic, "x", "2*A*x + b")
    yield "slices", lambda: layers.diff("X").slices()
    yield "compiled json", lambda: ic.compile([quadratic, quadratic.diff("x")]).json()
    latex = r"f(x) = x^\top A x + \|x\|^2, \quad \nabla_x f"
    yield "question", lambda: ic.question(latex).answers


def random_nodes() -> Iterator[tuple[str, Callable[[], object]]]:
    """Digests, rows and texts of random expressions and their derivatives."""
    for first in range(0, 60, 15):
        seeds = range(first, first + 15)
        yield f"random {first}", lambda s=seeds: "\n".join(map(_random, s))  # type: ignore[misc]
    yield "expanded", lambda: index_text(expand(draw(7, 5).node))


def _random(seed: int) -> str:
    node = draw(seed, 5).node
    said = [node.digest.hex(), to_rows(node), lowered(node), index_text(node)]
    for leaf in variables(node).values():
        slope = fuse(reverse(node, leaf))
        said += [leaf.digest.hex(), slope.digest.hex(), to_rows(slope)]
        said += [index_text(slope), fuse(forward(node, leaf)).digest.hex()]
    return "\n".join(map(str, said))


def sections(backwards: bool = False) -> dict[str, str]:
    """The text of every section."""
    jobs: list[tuple[str, Callable[[], object]]] = []
    for name, e in expressions(backwards).items():
        jobs += [(f"{name}: {what}", job) for what, job in notations(e)]
        jobs += [(f"{name}: {what}", job) for what, job in drawn(e)]
        jobs.append((f"{name}: key", lambda e=e: e.node.digest.hex()))  # type: ignore[misc]
    jobs += [*others(), *random_nodes()]
    found = {name: attempted(job) for name, job in (jobs[::-1] if backwards else jobs)}
    return dict(sorted(found.items()))


def work() -> None:
    """Much else, so that tables and caches are full of other things."""
    kept = [ic.tensor(f"w{k}", "n n") for k in range(200)]
    for k, a in enumerate(kept[1:]):
        str((kept[k] @ a @ ic.numpy.exp(a)).sum().diff(f"w{k}"))
    for name in TEXTS:
        e = ic.parse(TEXTS[name][0].replace("A", "Q"), _renamed(TEXTS[name][1]))
        e.diagram().svg(), e.latex(), e.code("numpy")


def _renamed(shapes: dict[str, str]) -> dict[str, str]:
    return {("Q" if name == "A" else name): shape for name, shape in shapes.items()}


def exact_sum(values: Iterable[Any], /, start: Any = 0) -> Any:
    """The builtin sum, but of floats without rounding in between."""
    listed = [start, *values]
    floats = any(type(value) is float for value in listed)
    if floats and all(type(value) in (int, float) for value in listed):
        return fsum(listed)
    return reduce(operator.add, listed)


def main(argv: list[str] | None = None) -> int:
    """Prints the sections as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.sections")
    for flag in ("whole", "backwards", "after-work", "other-sums"):
        parser.add_argument(f"--{flag}", action="store_true")
    asked = parser.parse_args(argv)
    if asked.other_sums:
        builtins.sum = exact_sum
    if asked.after_work:
        work()
    found = sections(asked.backwards)
    if not asked.whole:
        found = {k: _digest(text) for k, text in found.items()}
    print(json.dumps(found))
    return 0


def _digest(text: str) -> str:
    whole = text.encode("utf-8", "surrogatepass")
    return f"{len(text)} {blake2b(whole, digest_size=8).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main())
