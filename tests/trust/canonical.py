"""Renamed and shuffled expressions are one object, mutated ones are others.

    python -m tests.trust.canonical [--count N] [--seed S]

draws recipes of expressions and of symmetric graphs and builds each of them twice: with
other names of dummies, other orders of operands, factors and terms, symmetric matrices
turned round, products split otherwise. Then something small is changed. Whether that
changed the value is judged by an evaluation of the recipe in plain NumPy, which knows
nothing of canonical forms: a mutant that is the same tensor is counted apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

import networkx
import numpy as np

from indexcalc.errors import ShapeError
from indexcalc.expr import constant, einsum, linear, tensor
from indexcalc.functions import call
from indexcalc.nodes import Node
from indexcalc.simplify import fuse
from indexcalc.sizes import dim

Array = np.ndarray
SIZES: tuple[Mapping[str, int], ...] = ({"n": 3, "m": 2}, {"n": 2, "m": 3})
UNARY = ("exp", "tanh", "cos")
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "cos": np.cos,
    "square": np.square,
}

#: Leaves: axes (a name, or a number), whether symmetric.
LEAVES: dict[str, tuple[tuple[str | int, ...], bool]] = {
    "A": (("n", "n"), False),
    "B": (("n", "n"), False),
    "S": (("n", "n"), True),
    "R": (("n", "n"), True),
    "X": (("n", "m"), False),
    "x": (("n",), False),
    "y": (("n",), False),
    "u": ((1, "n"), False),
    "z": ((0, "n"), False),
    "c": ((3, 3), False),
    "T": (("n", "n", "n"), False),
    "k": ((), False),
}
CONSTANT = "c"


# -- recipes ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A variable."""

    name: str

    @property
    def shape(self) -> tuple[str | int, ...]:
        """The axes, as names and numbers."""
        return LEAVES[self.name][0]


@dataclass(frozen=True)
class Product:
    """A contraction: operands with legs, the result's groups of indices, all sizes."""

    operands: tuple[tuple[Recipe, tuple[int, ...]], ...]
    out: tuple[tuple[int, ...], ...]
    dims: Mapping[int, str | int] = field(hash=False)

    @property
    def shape(self) -> tuple[object, ...]:
        """The groups' sizes, as tuples of names and numbers."""
        return tuple(tuple(self.dims[i] for i in group) for group in self.out)


@dataclass(frozen=True)
class Total:
    """Terms of one shape, with coefficients."""

    terms: tuple[tuple[Recipe, int], ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """The shape of the first."""
        return self.terms[0][0].shape


@dataclass(frozen=True)
class Applied:
    """A function of every entry."""

    function: str
    inner: Recipe

    @property
    def shape(self) -> tuple[object, ...]:
        """The argument's."""
        return self.inner.shape


Recipe = Leaf | Product | Total | Applied


def axis_of(size: object) -> str | int | None:
    """The size of an axis that is no group of several."""
    while isinstance(size, tuple):
        if len(size) != 1:
            return None
        (size,) = size
    return size if isinstance(size, (str, int)) else None


def drawn(rng: Random, depth: int = 2) -> Recipe:
    """A random recipe."""
    kinds = ["product"] * 4 + ["total", "applied"] * (depth > 0)
    match rng.choice(kinds):
        case "total":
            first = drawn(rng, depth - 1)
            same = [leaf for leaf in map(Leaf, LEAVES) if leaf.shape == first.shape]
            terms: list[Recipe] = [first, *rng.sample(same, min(len(same), 2))]
            if isinstance(first, Product):
                terms.append(replace(first, operands=first.operands[1:]))
            return Total(tuple((e, rng.choice((1, 2, -1, 3))) for e in terms))
        case "applied":
            return Applied(rng.choice(UNARY), drawn(rng, depth - 1))
    return product(rng, depth)


def product(rng: Random, depth: int) -> Product:
    """A random contraction of few different operands, any legs, any result."""
    dims: dict[int, str | int] = {}
    rows = []
    pool = rng.sample(sorted(LEAVES), 3)
    for _ in range(rng.randint(1, 4)):
        inner: Recipe = Leaf(rng.choice(pool))
        if depth and rng.random() < 0.3:
            inner = drawn(rng, depth - 1)
        sizes = [axis_of(size) for size in inner.shape]
        if None in sizes:
            inner = Leaf("A")
            sizes = ["n", "n"]
        rows.append((inner, tuple(_leg(rng, dims, size) for size in sizes)))
    if rng.random() < 0.3:
        dims[len(dims)] = rng.choice(("n", "m", 1, 2))
    if len(dims) > 7:
        return product(rng, depth)
    chosen = [
        rng.choice(list(dims)) for _ in range(rng.choice((0, 1, 2, 3)) if dims else 0)
    ]
    groups = [(i,) for i in chosen]
    if len(groups) > 1 and rng.random() < 0.2:
        groups = [groups[0] + groups[1], *groups[2:]]
    return Product(tuple(rows), tuple(groups), dims)


def _leg(rng: Random, dims: dict[int, str | int], size: str | int | None) -> int:
    there = [i for i, known in dims.items() if known == size]
    if there and rng.random() < 0.65:
        return rng.choice(there)
    assert size is not None
    dims[len(dims)] = size
    return len(dims) - 1


def graphs() -> Iterator[Recipe]:
    """Products whose operands are all the same, on edges of symmetric graphs."""
    some = [networkx.complete_graph(k) for k in (3, 4, 5, 6)]
    some += [networkx.cycle_graph(k) for k in (3, 4, 6, 8, 10)]
    some += [networkx.petersen_graph(), networkx.hypercube_graph(3)]
    some += [networkx.complete_bipartite_graph(3, 3), networkx.circular_ladder_graph(4)]
    some += [networkx.disjoint_union(networkx.cycle_graph(3), networkx.cycle_graph(4))]
    some += [networkx.wheel_graph(6), networkx.star_graph(5)]
    for graph in some:
        place = {v: k for k, v in enumerate(sorted(graph))}
        edges = [(place[a], place[b]) for a, b in sorted(graph.edges)]
        dims: dict[int, str | int] = dict.fromkeys(range(len(place)), "n")
        for name in ("S", "A"):
            rows = tuple((Leaf(name), edge) for edge in edges)
            for out in ((), ((0,),), ((0,), (1,))):
                yield Product(rows, out, dims)


# -- two builders ----------------------------------------------------------------------


def leaf_node(name: str) -> Node:
    """The node of a leaf."""
    shape, symmetric = LEAVES[name]
    if name == CONSTANT:
        return constant(np.arange(9.0).reshape(3, 3) / 16, "c")
    sizes = [dim(size) if isinstance(size, str) else size for size in shape]
    return tensor(name, sizes, "symmetric" if symmetric else "")


def built(recipe: Recipe, rng: Random | None) -> Node:
    """The node; with `rng`, written in another way."""
    match recipe:
        case Leaf(name=name):
            return leaf_node(name)
        case Total(terms=terms):
            listed = [(built(e, rng), c) for e, c in terms]
            if rng:
                rng.shuffle(listed)
            return linear(listed, listed[0][0].shape)
        case Applied(function=function, inner=inner):
            argument = built(inner, rng)
            if function == "square":
                return call("power", [argument], (2,))
            return call(function, [argument])
        case Product():
            return _product_node(recipe, rng)


def _product_node(recipe: Product, rng: Random | None) -> Node:
    sizes = {i: dim(s) if isinstance(s, str) else s for i, s in recipe.dims.items()}
    rows = [(built(e, rng), legs) for e, legs in recipe.operands]
    if rng is None:
        return einsum(rows, recipe.out, sizes)
    names = dict(zip(sizes, rng.sample(range(1000), len(sizes)), strict=True))
    moved = [(e, tuple(names[i] for i in legs)) for e, legs in rows]
    for k, (e, legs) in enumerate(moved):
        turned = getattr(e, "structure", "") == "symmetric" and rng.random() < 0.5
        moved[k] = (e, legs[::-1] if turned else legs)
    rng.shuffle(moved)
    order = list(sizes)
    rng.shuffle(order)
    out = [tuple(names[i] for i in group) for group in recipe.out]
    dims = {names[i]: sizes[i] for i in order}
    if len(moved) < 3 or rng.random() < 0.5:
        return einsum(moved, out, dims)
    rows = _split(moved, out, rng)
    summed = {i for _, legs in moved[:2] for i in legs}
    summed -= {i for _, legs in rows for i in legs} | {
        i for group in out for i in group
    }
    return einsum(rows, out, {i: s for i, s in dims.items() if i not in summed})


Row = tuple[Node, tuple[int, ...]]


def _split(
    rows: Sequence[Row], out: Sequence[tuple[int, ...]], rng: Random
) -> list[Row]:
    """Two of the operands multiplied first, nothing summed that others need."""
    first, rest = list(rows[:2]), list(rows[2:])
    inside = {i for _, legs in first for i in legs}
    needed = {i for _, legs in rest for i in legs} | {i for g in out for i in g}
    kept = sorted(inside & needed)
    rng.shuffle(kept)
    return [(einsum(first, kept), tuple(kept)), *rest]


# -- the judge -------------------------------------------------------------------------


def arrays(sizes: Mapping[str, int], seed: int) -> dict[str, Array]:
    """Values of the leaves."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, (shape, symmetric) in LEAVES.items():
        value = rng.uniform(
            0.1, 0.6, [sizes[s] if isinstance(s, str) else s for s in shape]
        )
        found[name] = value + value.T if symmetric else value
    found[CONSTANT] = np.arange(9.0).reshape(3, 3) / 16
    return found


def value(
    recipe: Recipe, given: Mapping[str, Array], sizes: Mapping[str, int]
) -> Array:
    """The tensor of a recipe: every product written out over all of its indices."""
    match recipe:
        case Leaf(name=name):
            return given[name]
        case Total(terms=terms):
            return np.asarray(sum(c * value(e, given, sizes) for e, c in terms))
        case Applied(function=function, inner=inner):
            return FUNCTIONS[function](value(inner, given, sizes))
        case Product():
            return _product_value(recipe, given, sizes)


def _product_value(
    recipe: Product, given: Mapping[str, Array], sizes: Mapping[str, int]
) -> Array:
    lengths = {i: sizes[s] if isinstance(s, str) else s for i, s in recipe.dims.items()}
    grids = dict(zip(lengths, np.indices(list(lengths.values())), strict=True))
    whole = np.ones(list(lengths.values()))
    for e, legs in recipe.operands:
        operand = value(e, given, sizes)
        whole = whole * operand[tuple(grids[i] for i in legs)]
    shape, places = [], []
    for group in recipe.out:
        place, length = np.zeros(whole.shape, int), 1
        for i in group:
            place, length = place * lengths[i] + grids[i], length * lengths[i]
        shape.append(length)
        places.append(place)
    if not shape:
        return whole.sum()
    result = np.zeros(shape)
    np.add.at(result, tuple(places), whole)
    return result


def alike(a: Recipe, b: Recipe) -> bool:
    """Whether two recipes have one shape and one value at several sizes."""
    for seed, sizes in enumerate(SIZES):
        given = arrays(sizes, seed)
        with np.errstate(all="ignore"):
            one, two = value(a, given, sizes), value(b, given, sizes)
        if one.shape != two.shape or not np.allclose(one, two, rtol=1e-9, atol=1e-12):
            return False
    return True


# -- mutants ---------------------------------------------------------------------------


def mutant(recipe: Recipe, rng: Random) -> Recipe:
    """The recipe with one small thing changed."""
    match recipe:
        case Leaf(name=name):
            same = [n for n in LEAVES if LEAVES[n][0] == LEAVES[name][0] and n != name]
            return Leaf(rng.choice(same)) if same else recipe
        case Total(terms=terms):
            k = rng.randrange(len(terms))
            e, c = terms[k]
            changed = (e, c + 1) if rng.random() < 0.5 else (mutant(e, rng), c)
            return Total((*terms[:k], changed, *terms[k + 1 :]))
        case Applied(function=function, inner=inner):
            if rng.random() < 0.3:
                return Applied(rng.choice([f for f in UNARY if f != function]), inner)
            return Applied(function, mutant(inner, rng))
        case Product():
            return _mutant_product(recipe, rng)


def _mutant_product(recipe: Product, rng: Random) -> Recipe:
    k = rng.randrange(len(recipe.operands)) if recipe.operands else -1
    way = rng.choice(("leg", "leg", "leg", "turn", "operand", "out", "drop"))
    if way == "out" and recipe.out:
        out = list(recipe.out)
        out[0], out[-1] = out[-1], out[0]
        return replace(recipe, out=tuple(out))
    if k < 0:
        return recipe
    e, legs = recipe.operands[k]
    rest = recipe.operands[:k], recipe.operands[k + 1 :]
    if way == "drop":
        return replace(recipe, operands=(*rest[0], *rest[1]))
    if way == "operand":
        return replace(recipe, operands=(*rest[0], (mutant(e, rng), legs), *rest[1]))
    if way == "turn" or not legs:
        same = len({recipe.dims[i] for i in legs}) < 2
        return replace(
            recipe, operands=(*rest[0], (e, legs[::-1] if same else legs), *rest[1])
        )
    j = rng.randrange(len(legs))
    others = [i for i, s in recipe.dims.items() if s == recipe.dims[legs[j]]]
    moved = (*legs[:j], rng.choice(others), *legs[j + 1 :])
    return replace(recipe, operands=(*rest[0], (e, moved), *rest[1]))


# -- the check -------------------------------------------------------------------------


def recipes(rng: Random) -> Iterator[Recipe]:
    """Graphs and random ones, in turn, without end."""
    fixed = list(graphs())
    rng.shuffle(fixed)
    for k in count():
        yield fixed[k // 4 % len(fixed)] if k % 4 == 0 else drawn(rng)


def cheap(recipe: Recipe) -> bool:
    """Whether NumPy can write it out."""
    match recipe:
        case Product():
            small = len(recipe.dims) <= 10
            return small and all(cheap(e) for e, _ in recipe.operands)
        case Total():
            return all(cheap(e) for e, _ in recipe.terms)
        case Applied():
            return cheap(recipe.inner)
    return True


def check(total: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Counts, and what is wrong."""
    rng = Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for recipe in recipes(rng):
        if counts["renamed"] >= total and counts["mutated"] >= total:
            return counts, wrong
        if not cheap(recipe):
            continue
        one = built(recipe, None)
        if counts["renamed"] < total:
            _renamed(recipe, one, rng, counts, wrong)
        if counts["mutated"] < total:
            _mutated(recipe, one, rng, counts, wrong)
    raise AssertionError("unreachable")


def _renamed(
    recipe: Recipe, one: Node, rng: Random, counts: Counter[str], wrong: list[str]
) -> None:
    two = built(recipe, rng)
    counts["renamed"] += 1
    counts["the same as built"] += one is two
    if fuse(one) is not fuse(two) or fuse(one).digest != fuse(two).digest:
        wrong.append(f"renamed, not the same: {recipe}")


def _mutated(
    recipe: Recipe, one: Node, rng: Random, counts: Counter[str], wrong: list[str]
) -> None:
    other = mutant(recipe, rng)
    try:
        same = fuse(built(other, rng)) is fuse(one)
    except ShapeError:
        return  # a part that got another shape than its neighbours
    if same and other == recipe:
        return
    if alike(recipe, other):
        counts["equal mutants"] += 1
        counts["equal mutants not seen to be equal"] += not same
        return
    counts["mutated"] += 1
    if same:
        wrong.append(f"mutated, but the same: {recipe} and {other}")


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the counts; 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.canonical")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    begun = time.perf_counter()
    counts, wrong = check(asked.count, asked.seed)
    for name, number in counts.items():
        print(f"{number:7} {name}")
    print(
        f"{len(wrong):7} wrong, {time.perf_counter() - begun:.1f} s, seed {asked.seed}"
    )
    print(*wrong[:10], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
