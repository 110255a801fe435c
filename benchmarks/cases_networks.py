"""Contractions with hyperindices, through `einsum`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import indexcalc as ic

from .cases_base import Case, Floor, Sizes, moved, normal, sized


def contraction(spec: str, operands: tuple[str, ...]) -> ic.Expression:
    """The einsum over variables whose sizes are named as its indices."""
    terms = spec.split("->", maxsplit=1)[0].split(",")
    shapes = dict(zip(operands, (" ".join(term) for term in terms), strict=True))
    return ic.einsum(spec, *(ic.tensor(name, shapes[name]) for name in operands))


def moments() -> ic.Expression:
    """Σ_b X_bi X_bj X_bk X_bl."""
    X = ic.tensor("X", "b n")
    return ic.einsum("bi,bj,bk,bl->ijkl", X, X, X, X)


def elided() -> ic.Expression:
    """H_ijk A_jl B_km: H is contracted away."""
    return ic.parse_index("H_ijk A_jl B_km", out="i l m", A="n l", B="n l")


def _network(
    name: str,
    spec: str,
    operands: str,
    flops: Callable[[Sizes], float],
    sizes: tuple[Sizes, ...],
) -> Case:
    """A case whose operands are different arrays, one letter an index."""
    names = tuple(operands.split())
    terms, _, out = spec.partition("->")
    shapes = {n: " ".join(t) for n, t in zip(names, terms.split(","), strict=True)}

    def floor(s: Sizes) -> Floor:
        arrays = [tuple(s[i] for i in t) for t in (*terms.split(","), out)]
        return Floor(flops(s), moved(*arrays))

    build = partial(contraction, spec, names)
    draw = normal(**shapes)
    return Case(name, spec, build, draw, floor, sizes, spec=spec, operands=names)


def _of(*products: str) -> Callable[[Sizes], float]:
    """Two flops for every entry of the products of these indices."""

    def flops(s: Sizes) -> float:
        total = 0.0
        for product in products:
            entries = 2.0
            for index in product:
                entries *= s[index]
            total += entries
        return total

    return flops


def _nothing(s: Sizes) -> float:
    return 0.0


def _moments(s: Sizes) -> Floor:
    b, n = s["b"], s["i"]
    return Floor(2.0 * b * n**4, moved((b, n), (n, n, n, n)))


def _elided(s: Sizes) -> Floor:
    n, l = s["n"], s["l"]
    return Floor(n * l * l, moved((n, l), (n, l), (n, l, l)))


CUBES = ((100, 100, 100, 16), (200, 200, 200, 32), (300, 300, 300, 32))
BATCHES = ((200, 20, 20, 20), (200, 64, 64, 64), (100, 200, 200, 200))
SQUARES = ((200,) * 3, (600,) * 3, (1500,) * 3)

CASES = (
    _network(
        "K_hyper",
        "ij,ij,jk,jl,j->ikl",
        "A B C D v",
        _of("ijkl"),
        sized("i j k l", (100, 100, 30, 30), (300, 300, 40, 40), (600, 600, 60, 60)),
    ),
    _network(
        "K_mttkrp", "ijk,jr,kr->ir", "T B C", _of("ijkr"), sized("i j k r", *CUBES)
    ),
    _network(
        "K_mttkrp_mid", "ijk,ir,kr->jr", "T A C", _of("ijkr"), sized("i j k r", *CUBES)
    ),
    _network(
        "K_tucker",
        "ijk,ia,jb,kc->abc",
        "T A B C",
        _of("ijka", "jkab", "kabc"),
        sized(
            "i j k a b c",
            (100, 100, 100, 10, 10, 10),
            (200, 200, 200, 30, 30, 30),
            (300, 300, 300, 30, 30, 30),
        ),
    ),
    _network(
        "K_hadmat", "bij,bjk->bik", "A B", _of("bijk"), sized("b i j k", *BATCHES)
    ),
    _network(
        "K_batch_inner_last",
        "ijb,jkb->ikb",
        "A B",
        _of("bijk"),
        sized("b i j k", *BATCHES),
    ),
    _network("K_trace3", "ij,jk,ki->", "A B C", _of("ijk"), sized("i j k", *SQUARES)),
    _network(
        "K_mat_had", "ij,jk,ik->ik", "A B C", _of("ijk"), sized("i j k", *SQUARES)
    ),
    Case(
        "K_moment4",
        "bi,bj,bk,bl->ijkl",
        moments,
        normal(X="b i"),
        _moments,
        sized("b i", (500, 10), (500, 25), (500, 45)),
        spec="bi,bj,bk,bl->ijkl",
        operands=("X", "X", "X", "X"),
    ),
    _network(
        "K_had3_reduce",
        "ij,ij,ij->i",
        "A B C",
        _nothing,
        sized("i j", (300, 300), (1500, 1500), (4000, 4000)),
    ),
    Case(
        "K_H_elim",
        "H_ijk A_jl B_km",
        elided,
        normal(A="n l", B="n l"),
        _elided,
        sized("n l", (80, 40), (160, 60), (300, 60)),
        spec="nl,nm->nlm",
        operands=("A", "B"),
    ),
)
