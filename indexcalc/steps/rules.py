"""The rules of differentials: what d(U) is, by the outermost word of U.

Linear words let d through, products follow the product rule, and a function is
differentiated by the engine itself at stand-ins, so that a derivation shows what was
done and not what a table of prose claims.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product
>>> from indexcalc.steps.words import PAPER_NOTATION, words
>>> A, X = tensor("A", ("n", "n")), tensor("X", ("n", "n"))
>>> found = Rules(X).expanded(product([leaf(A), leaf(X)]))
>>> found.rule, words(found.body).spelled(PAPER_NOTATION)
('constants come out', 'A dX')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..derivative import push
from ..errors import BudgetError, UnsupportedError
from ..expr import tensor
from ..formula import (
    Formula,
    fold,
    leaf,
    matrix_power,
    name_of_word,
    number,
    parts,
    product,
    split,
    transposed,
    zeros,
)
from ..formula.value import value
from ..nodes import SYMMETRIC, Node, Tensor, toposort
from ..words.matrix import formula
from .formulas import (
    WAY_OUT,
    column_of,
    entrywise,
    holds,
    plain_sum,
    rebuilt,
    stand_in,
    substituted,
)
from .words import differential

POWER_LIMIT = 12
#: Functions that are constant piece by piece.
LEVEL = frozenset({"heaviside", "sign"})


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a rule makes of d(U): its name, a note, the formula."""

    rule: str
    reason: str
    body: Formula


def is_level(f: Formula) -> bool:
    """Whether a formula is a function that is constant piece by piece."""
    return f.op == "call" and f.value[0] in LEVEL


class Rules:
    """Differentials by one variable, in the direction of a tensor named after it."""

    __slots__ = ("direction", "variable")

    def __init__(self, variable: Tensor, direction: Tensor | None = None) -> None:
        self.variable = variable
        self.direction = direction or direction_of(variable)

    def varies(self, f: Formula) -> bool:
        """Whether a formula changes with the variable: a function that is constant
        piece by piece does not."""
        return holds(f, lambda g: g.node is self.variable, is_level)

    def d(self, f: Formula) -> Formula:
        """d(f), through transposes, numbers and constants."""
        if not self.varies(f):
            return zeros(f.shape)
        if f.op == "transpose" or f.row:
            return transposed(self.d(transposed(f)))
        if f.node is self.variable:
            return differential(f, self.direction)
        c, body = split(f)
        if c != 1 and body is not None:
            return product([number(c), self.d(body)])
        return differential(f, push(value(f), {self.variable: self.direction}))

    def is_open(self, f: Formula) -> bool:
        """Whether a formula is a d(U) that a rule can expand."""
        return f.op == "d" and f.args[0].node is not self.variable

    def expanded(self, f: Formula) -> Expansion:
        """What d(f) is by the rule for the outermost word of f.

        Raises `UnsupportedError` where matrix notation has no word for it.
        """
        rule = RULES.get(f.op, _by_engine)
        return rule(self, f)

    def one_at_a_time(self, f: Formula) -> Iterator[tuple[Formula, ...]]:
        """The arguments of f with one that varies replaced by its differential."""
        for k, arg in enumerate(f.args):
            if self.varies(arg):
                yield (*f.args[:k], self.d(arg), *f.args[k + 1 :])


def require_direction(root: Node, variable: Tensor) -> None:
    """Raises `UnsupportedError` where something else bears the name of dX."""
    name = direction_of(variable).name
    if any(isinstance(e, Tensor) and e.name == name for e in toposort(root)):
        raise UnsupportedError(
            f"a variable is called {name}, as the differential of {variable.name} is",
            hint="rename it, or use the method index",
        )


def direction_of(variable: Tensor) -> Tensor:
    """The tensor that stands for the differential of a variable; of a symmetric one it
    is symmetric."""
    structure = variable.structure if variable.structure in SYMMETRIC else ""
    if structure == "pd":
        structure = "symmetric"
    return tensor(f"d{variable.name}", variable.shape, structure)


# -- products --------------------------------------------------------------------------


def _product(rules: Rules, f: Formula) -> Expansion:
    terms = [product([number(f.value), *args]) for args in rules.one_at_a_time(f)]
    return _sum_of_terms(terms, f)


def _hadamard(rules: Rules, f: Formula) -> Expansion:
    found = list(rules.one_at_a_time(f))
    if len(found) == 1:
        return Expansion("constants come out", "", entrywise(found[0], f.shape))
    terms = [Formula("hadamard", args, None, f.shape) for args in found]
    return _sum_of_terms(terms, f)


def _multilinear(rules: Rules, f: Formula) -> Expansion:
    terms = [
        Formula(f.op, args, f.value, f.shape, f.row) for args in rules.one_at_a_time(f)
    ]
    return _sum_of_terms(terms, f)


def _sum_of_terms(terms: list[Formula], f: Formula) -> Expansion:
    body = plain_sum(terms, f.shape)
    if len(terms) == 1:
        return Expansion("constants come out", "", body)
    return Expansion("product rule", "one term for each varying factor", body)


def _matrix_power(rules: Rules, f: Formula) -> Expansion:
    (base,), k = f.args, f.value
    if k < 1:
        raise UnsupportedError(
            f"there is no rule for the differential of a matrix to the power {k}",
            hint=WAY_OUT,
        )
    if k > POWER_LIMIT:
        raise BudgetError(
            f"the differential of a matrix to the power {k} has {k} terms, and the "
            f"limit is {POWER_LIMIT}",
            hint=WAY_OUT,
        )
    middle = rules.d(base)
    terms = []
    for i in range(k):
        left = [matrix_power(base, i)] if i else []
        right = [matrix_power(base, k - 1 - i)] if k - 1 - i else []
        terms.append(product([*left, middle, *right]))
    body = plain_sum(terms, f.shape)
    return Expansion("product rule", "one term for each factor of the power", body)


# -- linear words ----------------------------------------------------------------------


def _sum(rules: Rules, f: Formula) -> Expansion:
    body = plain_sum([rules.d(g) for g in f.args], f.shape)
    constant = not all(map(rules.varies, f.args))
    note = "the differential of a constant is 0" if constant else "term by term"
    return Expansion("sum rule", note, body)


def _linear(name: str) -> Callable[[Rules, Formula], Expansion]:
    def rule(rules: Rules, f: Formula) -> Expansion:
        body = Formula(f.op, (rules.d(f.args[0]),), f.value, f.shape, f.row)
        return Expansion(f"{name} is linear", "", body)

    return rule


# -- functions -------------------------------------------------------------------------

#: The name of the rule and what it says, by function or word.
SAID = {
    "inv": ("derivative of the inverse", "d(U⁻¹) = −U⁻¹ dU U⁻¹"),
    "logdet": ("derivative of log det", "d log|det U| = tr(U⁻¹ dU)"),
    "det": ("derivative of the determinant", "d det U = tr(adj(U) dU)"),
    "norm2": ("derivative of the norm", "d‖u‖ = uᵀdu/‖u‖"),
    "softmax": ("derivative of softmax", "with s = softmax(u): ds = s∘du − s sᵀdu"),
    "lse": ("derivative of log-sum-exp", "d lse(u) = softmax(u)ᵀdu"),
    "power": ("power rule", ""),
    "epower": ("power rule", "entry by entry"),
    "normsq": ("derivative of the squared norm", "d‖u‖² = 2uᵀdu"),
}


MULTILINEAR = ("kron", "face", "outer", "khatri", "colon", "dot")


def said_of(f: Formula) -> tuple[str, str]:
    """The rule's name and note for the outermost word of a formula."""
    name = f.value[0] if f.op == "call" else f.op
    if name in SAID:
        return SAID[name]
    if f.op in MULTILINEAR:
        return "linear", "in each factor"
    return "chain rule", "the derivative of the function times that of its argument"


def _by_engine(rules: Rules, f: Formula) -> Expansion:
    """The tangent that the engine gives at stand-ins, in words."""
    if not f.args:
        raise UnsupportedError(
            f"the differential of {name_of_word(f)} has no rule here", hint=WAY_OUT
        )
    stands = [stand_in(k, value(arg)) for k, arg in enumerate(f.args)]
    tangents: dict[Node, Node] = {
        s: tensor(f"⟨d{s.name}", s.shape)
        for s, arg in zip(stands, f.args, strict=True)
        if rules.varies(arg)
    }
    places: dict[Node, Formula] = dict(zip(stands, f.args, strict=True))
    for s, t in tangents.items():
        places[t] = column_of(rules.d(places[s]))
    rule, reason = said_of(f)
    said = words_of(push(at_leaves(f, stands), tangents))
    return Expansion(rule, reason, differentials_last(substituted(said, places)))


def differentials_last(f: Formula) -> Formula:
    """Scalar products that begin with a differential, read backwards."""

    def rule(g: Formula, args: list[Formula]) -> Formula:
        whole = rebuilt(g, args)
        if whole.op == "tr":
            return _turned_trace(whole)
        if whole.op != "product" or whole.order:
            return whole
        c, lone, chain = parts(whole)
        if not chain or not is_moving(chain[0]) or is_moving(chain[-1]):
            return whole
        turned = product([transposed(h) for h in chain[::-1]])
        return product([number(c), *lone, turned])

    return fold(f, rule)


def _turned_trace(f: Formula) -> Formula:
    """tr(dX A) as tr(A dX), tr(A dXᵀ) as tr(Aᵀ dX)."""
    c, lone, chain = parts(f.args[0])
    places = [k for k, g in enumerate(chain) if is_moving(g)]
    if len(places) != 1 or any(g.order != 2 for g in chain):
        return f
    (k,) = places
    if chain[k].op == "transpose":
        chain, k = [transposed(g) for g in chain[::-1]], len(chain) - 1 - k
    inside = product([*chain[k + 1 :], *chain[: k + 1]])
    whole = Formula("tr", (inside,), None, ())
    return product([number(c), *lone, whole])


def is_moving(f: Formula) -> bool:
    """Whether a formula holds a differential."""
    return holds(f, lambda g: g.op == "d")


def at_leaves(f: Formula, stands: list[Tensor]) -> Node:
    """The value of a word at leaves."""
    leaves = tuple(leaf(s) for s in stands)
    return value(Formula(f.op, leaves, f.value, f.shape, f.row))


def words_of(node: Node) -> Formula:
    """The shortest formula of a node; the reason with a way out where there is none."""
    try:
        return formula(node)
    except UnsupportedError as reason:
        raise UnsupportedError(reason.message, hint=reason.hint or WAY_OUT) from None


RULES: dict[str, Callable[[Rules, Formula], Expansion]] = {
    "product": _product,
    "hadamard": _hadamard,
    **dict.fromkeys(MULTILINEAR, _multilinear),
    "mpower": _matrix_power,
    "sum": _sum,
    "tr": _linear("the trace"),
    "total": _linear("the sum of the entries"),
    "Diag": _linear("Diag"),
    "diag": _linear("diag"),
    "vec": _linear("vec"),
    "permuted": _linear("reordering axes"),
}
