"""What planning weighs before it chooses, held to a golden text: the programs of many
expressions, in pairs and not, and every form that is compared, with its price.

    python -m tests.test_candidates --write

writes `candidates.txt` anew: read the difference before it is committed. A candidate
that is lost shows in no value, and rarely in the plan that wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import indexcalc as ic
from indexcalc.errors import IndexCalcError
from indexcalc.nodes import Einsum, Node, Sum, toposort
from indexcalc.plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Step,
    compile_nodes,
)
from indexcalc.planning.costs import Ledger
from indexcalc.planning.distribution import distributed
from indexcalc.planning.factoring import factored
from indexcalc.planning.held import held, widened
from indexcalc.planning.logarithms import logarithm
from indexcalc.planning.modes import mode
from indexcalc.planning.pairs import in_pairs
from indexcalc.planning.parts import flattened, interface, merges, uncarried, volume
from indexcalc.planning.sharing import shared
from indexcalc.planning.solves import solved
from indexcalc.planning.stable import named_forms, stable
from indexcalc.planning.symmetric import with_symmetry
from indexcalc.planning.told import told
from indexcalc.simplify import fuse
from indexcalc.sizes import Size, size_text, value_of
from tests.einsum_cases import CASES
from tests.golden_texts import as_blocks, blocks, require_write
from tests.test_normal_forms import SHAPES, cut, shown
from tests.test_plan_texts import LARGE, written

GOLDEN = Path(__file__).with_name("candidates.txt")


#: Logarithms, quotients and powers of exponentials and determinants.
STABLE = """
log(det(A)*det(B)*exp(s)) | log(det(A)^3*det(B)*exp(s)*s)
log(exp(x)) | log(sum(exp(x))) | log(exp(x) + exp(y)) | log(1 .+ exp(x))
log(exp(s) + 1) | log(2*exp(x) + 3*exp(y)) | log(exp(x) - exp(y)) | log(det(A))
log(det(A)*det(B)) | log(det(A)^2) | log(det(A)^3*det(B)) | log(det(A)^(-1))
log(abs(det(A))) | log(s*det(A)) | log(det(A) + det(B)) | log(det(A)*exp(s))
log(exp(x) .* y) | log(sqrt(exp(x))) | log(exp(x) ./ (1 .+ exp(x))) | log(sigmoid(x))
log(softmax(x)) | log(X'*exp(w)) | log(sum(exp(A*x) .* y)) | log(sum(exp(x) .* exp(y)))
log(cosh(x)) | log(sinh(x)) | log(s*sum(exp(x))) | log(exp(s)*sum(exp(x) .* y))
log(exp(A)*ones(n)) | log(sum(exp(x))^3) | log(sum(exp(x))^(-1/2)) | log(x .^ 3)
log(x) | log(exp(x)*exp(y)') | log(exp(x)*y') | log(2*ones(n)) | log(tr(eye(n))*s)
log(norm2(x)) | log(exp(exp(x))) | log(exp(x) .* exp(y) .* z) | log(1 .- exp(x))
log(exp(x) .^ 2 + exp(y) .^ (1/2)) | exp(x) ./ (exp(x) + exp(y))
exp(x) ./ (1 .+ exp(y)) | exp(x) ./ sum(exp(y)) | 1/sum(exp(x))
(exp(x) + exp(y)) ./ (1 .+ exp(z)) | exp(x) ./ (exp(x) + exp(y)) .^ 2
y ./ (1 .+ exp(x)) | (1 .+ exp(x)) .^ (-1/2) | (exp(x) + exp(y)) .^ -3
(1 .+ exp(x)) .^ 2 | sum(exp(x))^(-2) | sinh(x) ./ cosh(x) | sinh(x) ./ cosh(x) .^ 3
sinh(x) ./ cosh(y) | sinh(x) .* cosh(x) | (exp(x) - exp(-x)) ./ (exp(x) + exp(-x))
exp(x - log(1 .+ exp(x))) | exp(-log(1 .+ exp(x))) | exp(x) .* exp(y)
exp(-x'*x)/(exp(-x'*x) + exp(-y'*y)) | det(A)/(det(A) + det(B))
log(sum(exp(x)))*det(A) | sum(log(1 .+ exp(-y .* x))) | exp(lse(x)) | exp(x .- lse(x))
""".replace("\n", " | ").split(" | ")


@cache
def asked() -> dict[str, tuple[Node, Callable[[Size], int]]]:
    """Fused expressions with the number that any size stands for."""
    rows: dict[str, tuple[Node, dict[str, int]]] = {
        name: (e.node, dict(sizes)) for name, (e, sizes) in written().items()
    }
    rows |= {name: (fuse(node), LARGE) for name, node in CASES.items()}
    stably = [text.strip() for text in STABLE if text.strip()]
    sizes = {"n": 30, "m": 40, "k": 5}
    rows |= {text: (fuse(ic.parse(text, SHAPES).node), sizes) for text in stably}
    return {
        name: (node, lambda size, sizes=sizes: value_of(size, sizes))
        for name, (node, sizes) in rows.items()
    }


# -- programs --------------------------------------------------------------------------


def step_text(step: Step) -> str:
    """A step with all it holds."""
    match step:
        case Load():
            return f"load {step.node.name}"
        case Fill():
            return f"fill {step.node.function}{step.node.params}"
        case Contract():
            sizes = [f"{i}={size_text(size)}" for i, size in step.sizes]
            factors = [size_text(size) for size in step.factors]
            return f"contract {step.operands} → {step.out} {sizes} {factors}"
        case Apply():
            return f"{step.node.function}{step.node.params} {step.args}"
        case Combine():
            terms = [f"{c}·{slot}" for slot, c in step.terms]
            return f"combine {terms} {'cores' if step.cores else 'written out'}"
        case Embed():
            return f"write {step.slot} out"


def pattern_text(pattern: Pattern) -> str:
    """How a value is laid out."""
    return f"{pattern.axes} of {pattern.core} {[*map(size_text, pattern.sizes)]}"


def program_text(program: Program) -> Iterator[str]:
    """A line for every step, and one for what lasts how long."""
    rows = zip(program.steps, program.patterns, strict=True)
    for k, (step, pattern) in enumerate(rows):
        yield f"{k}: {step_text(step)}; {pattern_text(pattern)}"
    yield f"results {program.results}, last {sorted(program.last_use.items())}"


def room_text(program: Program, length: Any) -> Iterator[str]:
    """What the steps hold, under every assumption; and each slot's formula."""
    far = [step.node.name for step in program.steps if isinstance(step, Load)]
    options: list[dict[str, Any]] = [
        {},
        {"mixed": True},
        {"written": False},
        {"far": far},
        {"far": None},
    ]
    yield f"holds {[held(program, length, 8, **option) for option in options]}"
    yield f"holds {held(program, length, 4)}, widened {widened(program, 4)}"
    yield f"is {told(program, program.results[0])}"


# -- candidates ------------------------------------------------------------------------


def priced(node: Node, length: Any) -> str:
    """A form with its time, flops, and what planning it took."""
    ledger = Ledger(length)
    seconds, flops = ledger.seconds([node]), ledger.flops([node])
    return f"{seconds:.5g} s, {flops:.6g} flops, {ledger.work} work: {shown(node)}"


def candidates(root: Node, length: Any) -> Iterator[str]:
    """Every form that may stand for the expression, or for a part of it."""
    order = toposort(root)
    for node in order:
        if isinstance(node, Sum) and len(node.terms) > 1:
            yield from (f"factored {priced(e, length)}" for e in factored(node, length))
        if isinstance(node, Einsum) and len(node.operands) > 1:
            yield from (
                f"opened {priced(e, length)}" for e in distributed(node, length)
            )
            groups = [sorted(group) for group in merges(node, length)]
            ends = [interface(node, group) for group in groups]
            rest = sorted(uncarried(node)), volume(node, length)
            yield f"merged {groups} {ends} {rest}"
    products = [e for e in order if isinstance(e, Einsum) and len(e.operands) > 1]
    for title, options in (
        ("shared", shared(products, length)),
        ("solved", solved(order, length)),
    ):
        for option in options:
            parts = [f"{shown(old)} as {shown(new)}" for old, new in option.items()]
            yield f"{title} {'; '.join(parts)}"
    yield f"flat {shown(flattened(root))}"
    yield f"symmetric {shown(with_symmetry(root, length))}"
    yield f"stable {shown(stable(root))}"
    for node in order:
        if (found := logarithm(node)) is not None:
            yield f"log of {shown(node)} is {shown(found)}"
    yield from (f"named {shown(e)}" for e in named_forms(root, length))


def text_of(name: str) -> str:
    """The programs and the candidates of an expression."""
    root, length = asked()[name]
    try:
        program = compile_nodes([root], sparse=True)
        paired = in_pairs(program, length)
        lines = []
        for title, one in (("as it is", program), ("in pairs", paired)):
            lines.append(f"{title} {' | '.join(program_text(one))}")
            lines += [f"{title} {line}" for line in room_text(one, length)]
        lines += [mode(paired, length, [k]) for k in range(min(root.order, 3))]
        lines += list(candidates(root, length))
    except IndexCalcError as error:
        lines = [str(error)]
    return "\n".join(f"  {cut(line)}" for line in dict.fromkeys(lines))


# -- the golden text -------------------------------------------------------------------


@cache
def golden() -> dict[str, str]:
    """The texts as they were."""
    return blocks(GOLDEN)


@pytest.mark.parametrize("name", golden())
def test_candidates(name: str) -> None:
    """Every program and every candidate is as it was."""
    assert text_of(name) == golden()[name]


def test_the_golden_text_is_complete() -> None:
    """None more, none less."""
    assert list(golden()) == list(asked())


def main() -> None:
    """Write the golden text."""
    require_write("test_candidates")
    bodies = {name: text_of(name) for name in asked()}
    GOLDEN.write_text(as_blocks(bodies), encoding="utf-8")


if __name__ == "__main__":
    main()
