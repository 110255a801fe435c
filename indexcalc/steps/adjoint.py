"""The differential of a scalar as G : dU, shifted stage by stage.

A line is a sum of pairings G : d(U). The rule for the outermost word of U moves what
stands around the varying part to the other side of the colon: A : BC = BᵀA : C,
A : (B∘C) = (A∘B) : C. These are the adjoints of reverse accumulation, one stage a line.
Long adjoints get names on the way.

The same shifts apply where U holds dX itself and is linear in it: `linear` says so, and
then U stands without a d.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> a, x = leaf(tensor("a", ("n",))), leaf(tensor("x", ("n",)))
>>> rules = Rules(x.node)
>>> found = pulled(number(1), product([transposed(a), x]), Target.of(rules))
>>> [adjoint.value for adjoint, _ in found.pairs]
['a']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..derivative import pull
from ..expr import number as number_node
from ..expr import tensor
from ..formula import (
    Formula,
    added,
    diagonal,
    diagonal_matrix,
    eye,
    inner,
    number,
    ones,
    parts,
    product,
    split,
    trace,
    transposed,
)
from ..formula.value import value
from ..functions import is_elementwise
from ..nodes import Node
from .formulas import (
    column_of,
    entrywise,
    forwards,
    holds,
    stand_in,
    substituted,
)
from .rules import Rules, at_leaves, said_of, words_of

Pair = tuple[Formula, Formula]


@dataclass(frozen=True, slots=True)
class Target:
    """What pairings are shifted to: the variable, or its differential where the line is
    linear in it."""

    reached: Callable[[Formula], bool]

    @classmethod
    def of(cls, rules: Rules) -> Target:
        """The variable itself, under a d."""
        return cls(lambda f: f.node is rules.variable)

    @classmethod
    def differential(cls, rules: Rules) -> Target:
        """dX, in lines that are linear in it."""
        return cls(lambda f: f.op == "d")

    def inside(self, f: Formula) -> bool:
        """Whether a formula holds the target."""
        return holds(f, self.reached)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pairing becomes: the rule, a note, the new pairings."""

    rule: str
    reason: str
    pairs: list[Pair]


def pulled(adjoint: Formula, f: Formula, target: Target) -> Pulled:
    """G : d(U) by the rule for the outermost word of U."""
    rule = RULES.get(f.op, _by_engine)
    return rule(adjoint, f, target)


# -- products --------------------------------------------------------------------------


def _product(g: Formula, f: Formula, target: Target) -> Pulled:
    """A : BC = BᵀA : C, for one factor of a product at a time."""
    c, lone, chain = parts(f)
    pairs: list[Pair] = []
    for k, s in enumerate(lone):
        if target.inside(s):
            others = [number(c), *lone[:k], *lone[k + 1 :]]
            rest = product([*others, *chain]) if chain else product(others)
            pairs.append((paired(g, rest), s))
    front = product([number(c), *lone])
    for k, part in enumerate(chain):
        if target.inside(part):
            moved = _around(g, chain, k)
            pairs.append(upright(product([front, moved]), part))
    if len(pairs) > 1:
        return Pulled("product rule", "one pairing for each varying factor", pairs)
    if not chain or not f.order:
        scalar = "aᵀBc = acᵀ : B" if chain else "numbers come out"
        return Pulled("Frobenius shift", scalar, pairs)
    return Pulled("Frobenius shift", _sides(f, pairs), pairs)


def _sides(f: Formula, pairs: list[Pair]) -> str:
    """Which of A : BC = BᵀA : C = ACᵀ : B a shift was."""
    _, _, chain = parts(f)
    moving = pairs[0][1]
    first, last = (column_of(chain[k]) == moving for k in (0, -1))
    if len(chain) == 1:
        return "numbers come out"
    if last and not first:
        return "A : BC = BᵀA : C"
    return "A : BC = ACᵀ : B" if first else "A : BCD = BᵀADᵀ : C"


def _around(g: Formula, chain: list[Formula], k: int) -> Formula:
    """LᵀGRᵀ, where the chain is L M R and M its k-th factor."""
    left = [transposed(product(chain[:k]))] if k else []
    right = [transposed(product(chain[k + 1 :]))] if chain[k + 1 :] else []
    return product([*left, g, *right])


def upright(g: Formula, f: Formula) -> Pair:
    """G : −Fᵀ as −Gᵀ : F: vectors stand as columns, names untransposed, numbers in
    front."""
    c, body = split(f)
    if body is not None and c != 1:
        g, f = product([number(c), g]), body
    if f.op == "transpose" or f.row:
        return (transposed(g) if g.order else g), transposed(f)
    return g, f


def paired(g: Formula, f: Formula) -> Formula:
    """The scalar G : F."""
    if not f.order:
        return product([g, f])
    if f.order == 1:
        return forwards(inner([column_of(g), column_of(f)], f.shape[0]))
    return trace(product([transposed(g), f]))


def _hadamard(g: Formula, f: Formula, target: Target) -> Pulled:
    """A : (B∘C) = (A∘B) : C."""
    pairs = []
    for k, part in enumerate(f.args):
        if target.inside(part):
            others = [*f.args[:k], *f.args[k + 1 :]]
            pairs.append((entrywise([*others, g], f.shape), part))
    if len(pairs) > 1:
        return Pulled("product rule", "one pairing for each varying factor", pairs)
    return Pulled("Hadamard shift", "A : (B∘C) = (A∘B) : C", pairs)


# -- linear words ----------------------------------------------------------------------


def _sum(g: Formula, f: Formula, target: Target) -> Pulled:
    pairs = [upright(g, part) for part in f.args if target.inside(part)]
    constant = len(pairs) < len(f.args)
    note = "the differential of a constant is 0" if constant else "term by term"
    return Pulled("sum rule", note, pairs)


def _transpose(g: Formula, f: Formula, target: Target) -> Pulled:
    return Pulled("transpose both", "A : Bᵀ = Aᵀ : B", [upright(g, f)])


def _spread_diagonal(g: Formula, f: Formula, target: Target) -> Pulled:
    note = "A : Diag(b) = diag(A) : b"
    return Pulled("only the diagonal counts", note, [(diagonal(g), f.args[0])])


def _taken_diagonal(g: Formula, f: Formula, target: Target) -> Pulled:
    note = "a : diag(B) = Diag(a) : B"
    return Pulled("only the diagonal counts", note, [(diagonal_matrix(g), f.args[0])])


def _trace(g: Formula, f: Formula, target: Target) -> Pulled:
    """tr(B) = I : B; of a product at once through it, so that I never stands alone."""
    inside = f.args[0]
    start = product([g, eye(inside.shape[0])])
    if inside.op != "product":
        return Pulled(
            "the trace is a pairing", "tr(B) = I : B", [upright(start, inside)]
        )
    found = _product(start, inside, target)
    if len(found.pairs) > 1:
        return found
    return Pulled("the trace is cyclic", "tr(BCD) = (DB)ᵀ : C", found.pairs)


def _total(g: Formula, f: Formula, target: Target) -> Pulled:
    inside = f.args[0]
    if inside.order == 1:
        spread, note = ones(inside.shape[0]), "sum(b) = 1 : b"
    else:
        spread = product([ones(inside.shape[0]), transposed(ones(inside.shape[1]))])
        note = "sum(B) = 11ᵀ : B"
    pairs = [upright(product([g, spread]), inside)]
    return Pulled("a sum is a pairing with ones", note, pairs)


# -- functions -------------------------------------------------------------------------


def _by_engine(g: Formula, f: Formula, target: Target) -> Pulled:
    """The cotangents that the engine gives at stand-ins, in words."""
    stands = [stand_in(k, value(arg)) for k, arg in enumerate(f.args)]
    moving = [s for s, arg in zip(stands, f.args, strict=True) if target.inside(arg)]
    places: dict[Node, Formula] = dict(zip(stands, f.args, strict=True))
    given: Node = number_node(1)
    if g != number(1):
        given = tensor("⟨g⟩", g.shape)
        places[given] = g
    found = pull(at_leaves(f, stands), moving, given)
    pairs = [
        (substituted(words_of(cotangent), places), places[s])
        for s, cotangent in zip(moving, found, strict=True)
    ]
    rule, reason = said_of(f)
    notes = {
        "inv": "A : d(U⁻¹) = −U⁻ᵀAU⁻ᵀ : dU",
        "logdet": "d log|det U| = U⁻ᵀ : dU",
        "mpower": "d(U²) = dU U + U dU, and so on",
    }
    name = f.value[0] if f.op == "call" else f.op
    if rule == "chain rule" and is_elementwise(name):
        reason = "A : df(U) = (A∘f′(U)) : dU"
    return Pulled(rule, notes.get(name, reason), [upright(*pair) for pair in pairs])


RULES: dict[str, Callable[[Formula, Formula, Target], Pulled]] = {
    "product": _product,
    "hadamard": _hadamard,
    "sum": _sum,
    "transpose": _transpose,
    "Diag": _spread_diagonal,
    "diag": _taken_diagonal,
    "tr": _trace,
    "total": _total,
}

# -- collecting ------------------------------------------------------------------------


def collected(pairs: list[Pair]) -> list[Pair]:
    """Pairings with one differential joined, their adjoints added."""
    found: dict[Formula, list[Formula]] = {}
    for g, f in pairs:
        found.setdefault(f, []).append(g)
    return [
        (gs[0] if len(gs) == 1 else added(gs, f.shape), f) for f, gs in found.items()
    ]
