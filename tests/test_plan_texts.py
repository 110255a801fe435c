"""The plan of many expressions, number by number, held to a golden text.

    python -m tests.test_plan_texts --write

writes `plans.txt` anew: read the difference before it is committed. The text says every
step of a plan, its product as an einsum, its shape, flops, bytes and seconds, and the
memory of all: whatever chooses, orders, shares, prices or counts shows in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import Expression
from indexcalc.errors import IndexCalcError
from indexcalc.nodes import Einsum, Node, toposort
from indexcalc.sizes import Shape, names_in, value_of
from tests.einsum_cases import CASES
from tests.golden_texts import as_blocks, blocks, require_write

GOLDEN = Path(__file__).with_name("plans.txt")

SMALL = {"n": 4, "p": 3, "k": 5, "q": 2, "r": 6}
LARGE = {"n": 400, "p": 300, "k": 50, "q": 20, "r": 600}
#: Cases whose Jacobian is too large at the large sizes to be of interest.
FEW = {"n": 30, "p": 20, "k": 10, "q": 5, "r": 40}


@dataclass(frozen=True)
class Asked:
    """A plan that is asked for."""

    expression: Expression
    sizes: Mapping[str, int]
    limit: int | None = None

    def plan(self) -> Any:
        """The plan, at the sizes that occur."""
        used = {k: self.sizes[k] for k in sorted(names(self.expression.node))}
        return self.expression.plan(**used, memory_limit=self.limit)


def written() -> dict[str, tuple[Expression, Mapping[str, Any]]]:
    """Expressions for which plans differ from what is written."""
    shapes = dict.fromkeys("ABC", "n n") | dict.fromkeys("XY", "m n")
    shapes |= {"U": "n k", "V": "k n", "x": "n", "y": "n", "w": "m"}
    shapes |= {"S": "n n : symmetric", "P": "n n : pd"}
    sizes = {"n": 500, "m": 700, "k": 20}
    told = {
        "chain": "A * B * C * x",
        "chain of matrices": "X * A * U * V",
        "shared product": "(X * x)' * (X * x) + sum(exp(X * x))",
        "distributed": "(A + U * V) * x",
        "distributed twice": "(A + U * V) * (B + x * y') * x",
        "factored": "A * x + B * x + C * x",
        "factored on both sides": "A * B * x + A * C * x",
        "gram": "X' * X",
        "weighted gram": "X' * Diag(w) * X",
        "gram of a sum": "(X + Y)' * (X + Y)",
        "solve": "inv(A) * x",
        "solve twice": "x' * inv(A) * y + tr(inv(A))",
        "solve for columns": "inv(A) * U",
        "solve symmetric": "x' * inv(P) * x + logdet(P)",
        "trace of a product": "tr(A * B)",
        "trace of four": "tr(A * B * C * S)",
        "diagonal of a product": "diag(U * V)",
        "Hadamard of products": "(U * V) ∘ (A * B)",
        "Kronecker": "(A ⊗ B) * vec(C)",
        "rank one": "(x * y') ∘ A",
        "quadratic form": "x' * S * x",
        "mean": "sum(X) / sum(X ∘ Y)",
        "power": "A^5 * x",
        "scaled": "3 * (A * B) - 2 * (B * A)'",
        "softmax": "softmax(A * x)",
        "lse": "lse(X * x)",
        "expm": "expm(A) * x",
        "norm": "norm2(A * x - y)",
    }
    made = {name: (ic.parse(text, shapes), sizes) for name, text in told.items()}
    A, deep = ic.tensor("A", "n n"), ic.tensor("x", "n")
    for _ in range(4):
        deep = np.tanh(A @ deep)
    made["layers"] = (deep.sum().diff("x"), sizes)
    made["layers by A"] = (deep.sum().diff("A"), sizes)
    made["layers, Jacobian"] = (deep.diff("x"), sizes)
    for name in ("softmax", "lse", "norm", "quadratic form", "solve symmetric"):
        gradient = made[name][0].diff("x")
        made[f"{name}, gradient"] = (gradient, sizes)
        made[f"{name}, second"] = (gradient.diff("x"), sizes)
    return made


def limited() -> dict[str, Asked]:
    """Expressions with a limit of memory."""
    shapes = {"X": "n k", "Y": "m k", "z": "m"}
    kernel = ic.parse("sum(exp(X * Y'))", shapes)
    rows = ic.parse("exp(X * Y') * z", shapes)
    sizes = {"n": 1000, "m": 2000, "k": 3}
    return {
        f"{name} within {limit}": Asked(e, sizes, limit)
        for name, e in (("kernel", kernel), ("rows", rows))
        for limit in (2_000_000, 500_000, 100_000)
    }


def report_text(report: Any) -> str:
    """All that a plan says, one step a line."""
    memory = report.memory
    lines = [
        f"  {report.mode}; {report.flops} flops, {report.bytes} bytes, "
        f"{report.seconds:.5g} s, floor {report.floor:.5g} s",
        f"  naive {report.naive.flops:.12g} flops, {report.naive.seconds:.5g} s",
        f"  inputs {memory.inputs}, results {memory.results}, workspace "
        f"{memory.workspace}, peak {memory.peak}, largest {report.largest}"
        f"{'' if report.exact else ', about'}",
    ]
    for step in report.steps:
        lines.append(
            f"  {step.name}: {step.told}; {step.spec} of {', '.join(step.operands)}; "
            f"{step.shape}; {step.flops}, {step.bytes}, {step.seconds:.5g}"
        )
    lines += [f"  {name} is {of}" for name, of in report.views.items()]
    lines += [f"  in blocks: {text}" for text in report.blocks]
    return "\n".join(lines)


@cache
def asked() -> dict[str, Asked]:
    """Every expression with its sizes and options, by the title of its plan."""
    every: dict[str, Asked] = {}
    for name, node in CASES.items():
        few = entries(node.shape, LARGE) > 10**8
        every[name] = Asked(Expression(node), FEW if few else LARGE)
    for name in ("nested scalar by u", "logistic Hessian", "a function of n"):
        every[f"{name}, small"] = Asked(Expression(CASES[name]), SMALL)
    return every | {name: Asked(*row) for name, row in written().items()} | limited()


#: Plans that are also told as people read them.
TOLD = ("layers by A", "softmax, second", "solve for columns", "rows within 100000")


def plan_text(name: str) -> str:
    """What the plan of a title says, or why there is none."""
    try:
        report = asked()[name].plan()
    except IndexCalcError as error:
        return f"  {error}"
    whole = [f"  | {line}" for line in str(report).splitlines() if line]
    return "\n".join([report_text(report), *(whole if name in TOLD else ())])


def names(root: Node) -> set[str]:
    """The names of sizes in an expression."""
    found: set[str] = set()
    for node in toposort(root):
        carried = node.dims if isinstance(node, Einsum) else node.shape
        found |= {name for size in carried for name in names_in(size)}
    return found


def entries(shape: Shape, sizes: Mapping[str, int]) -> int:
    """How many entries a shape has."""
    return prod(value_of(size, sizes) for size in shape)


@cache
def golden() -> dict[str, str]:
    """The plans as they were."""
    return blocks(GOLDEN)


@pytest.mark.parametrize("name", golden())
def test_plans(name: str) -> None:
    """Every number of a plan is as it was."""
    assert plan_text(name) == golden()[name]


def test_the_golden_text_is_complete() -> None:
    """No plan more, none less."""
    assert list(golden()) == list(asked())


def main() -> None:
    """Write the golden text."""
    require_write("test_plan_texts")
    bodies = {name: plan_text(name) for name in asked()}
    GOLDEN.write_text(as_blocks(bodies), encoding="utf-8")


if __name__ == "__main__":
    main()
