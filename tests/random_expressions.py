"""Random well-typed expressions over the whole text language, stratified by construct.

Case `index` of a seed is built round one construct (`LABELS`, in an order the seed
fixes), so that any run of `len(LABELS)` cases meets every operator and function. The
generator knows nothing of the engine: nothing is retried or filtered on its account.
Functions are kept inside their domains by construction, kinks are met on purpose in a
stated share of cases, sizes run from 0 to 5 and are literal or symbolic.

    python -m tests.random_expressions --show 40 --seed 0

prints some; `python -m tests.trust.random` checks their values and derivatives.

>>> case = generate(0, 5)
>>> set(case.values) <= set(case.shapes)
True
>>> generate(0, 5).text == case.text
True
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.operations import UNKNOWN, UNKNOWN_OF_TWO
from tests.random_trees import functions, operators, spectral, structures
from tests.random_trees.builder import TIMES, Builder
from tests.random_trees.constants import LEAVES, MORE_LEAVES
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    SUM,
    Node,
    Type,
    Writer,
    column,
    matrix,
    reference,
    row,
    size,
    tensor,
    walk,
)
from tests.random_trees.production import (
    PRODUCTIONS,
    Production,
    expression,
    scalarise,
    some_type,
)
from tests.references import Reference

#: What most tests ask for, and what else there is.
LABELS = [*(p.label for p in PRODUCTIONS if not p.rare), *LEAVES]
RARE = [*(p.label for p in PRODUCTIONS if p.rare), *MORE_LEAVES]
EVERY_LEAF = {**LEAVES, **MORE_LEAVES}
FEATURES = [
    "literal sizes",
    "symbolic sizes",
    "kinky values",
    "size 0",
    "size 1",
    "shared subexpression",
    "redundant parentheses",
    "scalar value (Hessian)",
    "unused variable",
]
GAPS = ["", "", " ", " ", " ", " ", "  ", "\n"]
KINKY, SYMBOLIC, SCALAR_VALUED, UNUSED = 0.12, 0.5, 0.6, 0.05
UNKNOWN_CALLS = {"f": "f", "D(f)": "f", "g": "g"}
REGISTERED = (
    functions,
    operators,
    spectral,
    structures,
)  # importing them fills PRODUCTIONS


@dataclass(frozen=True)
class Case:
    """One expression: its text, its declarations, its arrays, and its reference.

    `shapes` maps names to shape strings, `sizes` the symbolic sizes to numbers,
    `functions` the unknown function and its derivatives, where there is one, to values.
    `labels` are the constructs and features it exercises; `scalar` says that it has
    exactly one entry, so that it has a Hessian; `structures` what is declared so.
    """

    seed: int
    index: int
    text: str
    shapes: dict[str, str]
    values: dict[str, np.ndarray]
    sizes: dict[str, int]
    functions: Mapping[str, Callable[..., Any]]
    reference: Reference
    scalar: bool
    structures: Mapping[str, str]
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return f"seed {self.seed} case {self.index}: {self.text}  with {self.shapes}"


def generate(seed: int, index: int, whole: bool = False) -> Case:
    """Case number `index` of a seed; the same numbers always give the same case.

    `whole` asks for the whole language: `RARE` constructs too, and deeper nesting.
    """
    rng = np.random.default_rng([seed, index])
    wanted = _targets(seed, index, [*LABELS, *RARE] if whole else LABELS)
    symbolic = bool(rng.random() < SYMBOLIC) or "size as scalar" in wanted
    b = Builder(rng, kinky=bool(rng.random() < KINKY), symbolic=symbolic, whole=whole)
    root, *others = [_seeded(b, label) for label in wanted]
    for other in others:
        root = _joined(b, root, other)
    root = _with_variable(b, _shaped(b, _grown(b, root)))
    return _case(b, root, seed, index)


def _targets(seed: int, index: int, labels: list[str]) -> list[str]:
    """The construct of the case; of two cases in three, two of them."""
    order = np.random.default_rng(seed).permutation(len(labels))
    second = len(labels) * 9 // 10 + index - index // 3
    places = [index] if index % 3 == 2 else [index, second]
    return [labels[order[place % len(labels)]] for place in places]


# -- building round a label ------------------------------------------------------------


def _seeded(b: Builder, label: str) -> Node:
    """A small expression with the construct in it."""
    if label in EVERY_LEAF:
        return EVERY_LEAF[label](b)
    production = next(p for p in PRODUCTIONS if p.label == label)
    inner = expression(b, _acceptable(b, production), int(b.rng.integers(0, 2)))
    return b.bounded(production.build(b, inner), 20.0)


def _acceptable(b: Builder, production: Production) -> Type:
    """A type that the production takes."""
    drawn = (some_type(b, production.kinds) for _ in range(8))
    two, three = size(2), size(3)
    last = [matrix(three, three), column(two), row(two), tensor(two, two, three)]
    return next(t for t in [*drawn, *last, SCALAR] if production.takes(b, t))


def _joined(b: Builder, u: Node, v: Node) -> Node:
    """The two in one expression: as they are, or the second as a scalar."""
    if v.type not in (u.type, SCALAR):
        v = b.bounded(scalarise(b, v), 8.0)
    if v.type == u.type and b.chance(0.6):
        sign, operation = b.pick([("+", "add"), ("-", "subtract")])
        return b.infix(sign, SUM, u.type, operation, u, v)
    sign = b.pick(TIMES)
    return b.bounded(b.infix(sign, PRODUCT, u.type, "multiply", u, v), 20.0)


def _grown(b: Builder, u: Node) -> Node:
    """`u` wrapped in up to three more constructs; at times in twice as many."""
    deep = b.whole and b.chance(0.2)
    for _ in range(int(b.rng.integers(0, 8 if deep else 4))):
        fits = [p for p in PRODUCTIONS if p.takes(b, u.type)]
        weights = np.array([p.weight for p in fits])
        chosen = fits[int(b.rng.choice(len(fits), p=weights / weights.sum()))]
        if b.count(u.type) <= 60:
            u = b.bounded(chosen.build(b, u), 20.0)
    return u


def _shaped(b: Builder, u: Node) -> Node:
    """A scalar of it in most cases, for the sake of Hessians."""
    if u.type != SCALAR and b.chance(SCALAR_VALUED):
        return scalarise(b, u)
    return u


def _with_variable(b: Builder, u: Node) -> Node:
    """`u`, times a scalar variable if there is nothing in it to differentiate by."""
    if any(node.name for node in walk(u)):
        return u
    others = [v for v in b.variables if v.type == SCALAR]
    factor = others[0] if others else b.variable(SCALAR)
    return b.infix("*", PRODUCT, u.type, "multiply", factor, u, "* scalar")


def _case(b: Builder, root: Node, seed: int, index: int) -> Case:
    nodes = list(walk(root))
    used = [v for v in b.variables if any(v is node for node in nodes)]
    unused = _unused(b, used)
    redundant = b.pick([0.0, 0.0, 0.15, 0.6])
    writer = Writer(b.rng, redundant, b.pick(GAPS))
    variables = [*used, *unused]
    features = {
        "literal sizes": not b.symbolic,
        "symbolic sizes": b.symbolic,
        "kinky values": b.kinky,
        "size 0": any(0 in v.value.shape for v in used),
        "size 1": any(1 in v.value.shape for v in used),
        "shared subexpression": _shared(nodes),
        "redundant parentheses": redundant > 0,
        "scalar value (Hessian)": root.type.one_entry,
        "unused variable": bool(unused),
    }
    shapes = {v.name: _declaration(v) for v in variables}
    unknown = sorted({UNKNOWN_CALLS.get(node.operation, "") for node in nodes} - {""})
    labels = {label for node in nodes for label in node.labels}
    return Case(
        seed=seed,
        index=index,
        text=writer.write(root),
        shapes=shapes | dict.fromkeys(unknown, "function"),
        values={v.name: v.value for v in variables},
        sizes=dict(b.sizes),
        functions={**UNKNOWN, **UNKNOWN_OF_TWO} if unknown else {},
        reference=reference(root),
        scalar=root.type.one_entry,
        structures={v.name: v.structure for v in variables if v.structure},
        labels=(*sorted(labels), *(name for name, met in features.items() if met)),
    )


def _declaration(variable: Node) -> str:
    structure = f" : {variable.structure}" if variable.structure else ""
    return f"{variable.type}{structure}"


def _unused(b: Builder, used: list[Node]) -> list[Node]:
    """A variable the text does not name, at times; one for each size only it says."""
    unused = [b.variable(column(b.size()))] if b.chance(UNUSED) else []
    for name in sorted(b.mentioned):
        sizes = {s for v in (*used, *unused) for s in v.type.sizes}
        if size(name) not in sizes:
            unused.append(b.variable(column(size(name))))
    return unused


def _shared(nodes: list[Node]) -> bool:
    parents = Counter(id(child) for node in nodes for child in node.children)
    return any(parents[id(node)] > 1 and not node.leaf for node in nodes)


# -- coverage and the command ----------------------------------------------------------


def coverage_table(counts: Counter[str], columns: int = 4) -> str:
    """How many cases met each construct and feature; what no case met says 0."""
    names = [*dict.fromkeys([*sorted(set(LABELS) | set(counts)), *FEATURES])]
    cells = [f"{name:<26}{counts[name]:>5}" for name in names]
    height = -(-len(cells) // columns)
    lines = ["   ".join(cells[i::height]) for i in range(height)]
    return "\n".join(lines)


def _show(seed: int, count: int, whole: bool) -> Iterator[str]:
    for index in range(count):
        case = generate(seed, index, whole)
        yield f"{index:5} {case.text}    {case.shapes} {case.sizes or ''}"


def main() -> int:
    """Prints expressions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--show", type=int, default=40, help="how many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--whole", action="store_true", help="rare constructs too")
    options = parser.parse_args()
    print("\n".join(_show(options.seed, options.show, options.whole)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
