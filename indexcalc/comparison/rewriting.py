"""Fewer functions: what an expression is rewritten to before it is compared.

tanh, sigmoid, softmax, log-sum-exp, norms, tan and their like are said by exp, log,
powers and one half-angle tangent; exp and the angles are taken apart over sums, log and
|·| over products, roots over products of what cannot be negative. The result is for
comparison only, nobody reads it. Each rule is an identity wherever both sides are
defined; one that may fail on a kink, or that needs a sign, says so among the facts.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import norm2, normsq, power
>>> from indexcalc.simplify import fuse
>>> x = tensor("x", ("n",))
>>> fuse(rewritten(power(norm2(x), 2))[0]) is fuse(normsq(x))
True
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt

from ..coefficients import Number
from ..complexes import is_complex
from ..errors import BudgetError
from ..expansion import expand
from ..expr import einsum, is_zero, linear, number, scale, size_node, swapped
from ..functions import call, ones, power, product, spread, unknown
from ..laws import Assumption
from ..nodes import Call, Einsum, Node, Sum, Term, toposort
from ..regular import chain
from ..simplify import Fusion, run
from ..substitute import rebuilt
from .signs import hardly_zero, is_analytic, is_positive, not_negative

#: Up to how many terms an argument is taken apart, and multiples of an angle.
TERMS, MULTIPLE = 12, 8
#: Up to how many nodes an argument is multiplied out, an expression rewritten.
SHORT, LONGEST = 40, 150
HALF = Fraction(1, 2)


@dataclass(slots=True)
class Rewriting:
    """One run: the facts it relied on, and what has been fused so far."""

    facts: dict[Assumption, None] = field(default_factory=dict)
    fusion: Fusion = field(default_factory=Fusion)

    def suppose(self, fact: str, node: Node) -> None:
        """Notes a fact that a rule relies on."""
        self.facts[Assumption(fact, node)] = None

    def fused(self, node: Node) -> Node:
        """The canonical form, each part made once in a run."""
        return run(self.fusion, node)

    def terms(self, x: Node) -> list[Term]:
        """The terms of an argument, multiplied out if it is short; else itself."""
        flat = self.fused(x)
        if len(toposort(flat)) <= SHORT:
            with suppress(BudgetError):
                flat = expand(flat, TERMS)
        found: list[Term] = list(flat.terms) if isinstance(flat, Sum) else [(flat, 1)]
        return found if len(found) <= TERMS else [(x, 1)]


Rule = Callable[[Call, Rewriting], Node | None]


def rewritten(root: Node) -> tuple[Node, tuple[Assumption, ...]]:
    """The node in fewer functions, and the facts that this relied on; as it is where
    it is not real, or too long for this."""
    known = Rewriting()
    done: dict[Node, Node] = {}
    order = toposort(root)
    if len(order) > LONGEST or is_complex(root):
        return root, ()
    for node in order:
        new = rebuilt(node, done)
        while isinstance(new, Call) and new.function in RULES:
            found = RULES[new.function](new, known)
            if found is None:
                break
            new = found
        done[node] = new
    return done[root], tuple(known.facts | known.fusion.assumptions)


# -- small constructions ---------------------------------------------------------------


def _shift(c: Number, x: Node) -> Node:
    return linear([(ones(x.shape), c), (x, 1)], x.shape)


def _factors(node: Node) -> list[tuple[Node, Node]]:
    """The factors of a product entry by entry, none for another node: bare, and spread
    over the whole shape. What is summed over stays together in one factor."""
    if not isinstance(node, Einsum):
        return []
    shown = [i for axis in node.out for i in axis]
    if len(set(shown)) != len(shown):
        return []
    dims = dict(enumerate(node.dims))
    loose = [row for row in node.operands if set(row[1]) <= set(shown)]
    inner = [row for row in node.operands if not set(row[1]) <= set(shown)]
    carried = {i for _, legs in inner for i in legs}
    legs = [i for i in shown if i in carried]
    bound = {i: n for i, n in dims.items() if i in carried or i not in shown}
    if inner or len(bound):
        core = einsum(inner, legs, bound)
        loose.append((core, tuple(legs)))
    outside = {i: dims[i] for i in shown}
    return [(e, einsum([(e, legs)], node.out, outside)) for e, legs in loose]


def _split(node: Node) -> tuple[Number, Node]:
    if isinstance(node, Sum) and len(node.terms) == 1:
        return node.terms[0][1], node.terms[0][0]
    return 1, node


# -- exp and what is said by it --------------------------------------------------------


def exp_of(x: Node, known: Rewriting) -> Node:
    """exp x, over the terms of x: exp(2a − b) is exp(a)²/exp(b)."""
    parts = [_exp_of_term(e, c) for e, c in known.terms(x)]
    return product(*parts) if parts else ones(x.shape)


def _exp_of_term(e: Node, c: Number) -> Node:
    if isinstance(c, (float, complex)):
        return call("exp", [scale(c, e)])
    if isinstance(e, Call) and e.function == "log":
        return power(e.args[0], c)
    if isinstance(e, Call) and e.function == "logdet":
        return power(call("abs", [call("det", e.args)]), c)
    return power(call("exp", [e]), c)


def _exp(f: Call, known: Rewriting) -> Node | None:
    found = exp_of(f.args[0], known)
    return None if found is f else found


def _sigmoid(f: Call, known: Rewriting) -> Node:
    e = exp_of(f.args[0], known)
    return product(e, power(_shift(1, e), -1))


def _softplus(f: Call, known: Rewriting) -> Node:
    return call("log", [_shift(1, exp_of(f.args[0], known))])


def _hyperbolic(sign: int) -> Rule:
    def rule(f: Call, known: Rewriting) -> Node:
        e = exp_of(f.args[0], known)
        return linear([(e, HALF), (power(e, -1), sign * HALF)], f.shape)

    return rule


def _tanh(f: Call, known: Rewriting) -> Node:
    square = power(exp_of(f.args[0], known), 2)
    return product(_shift(-1, square), power(_shift(1, square), -1))


def _softmax(f: Call, known: Rewriting) -> Node:
    e = exp_of(f.args[0], known)
    legs = list(range(len(e.shape)))
    total = power(einsum([(e, legs)], legs[:-1]), -1)
    return einsum([(e, legs), (total, legs[:-1])], legs)


def _lse(f: Call, known: Rewriting) -> Node:
    e = exp_of(f.args[0], known)
    legs = list(range(len(e.shape)))
    return call("log", [einsum([(e, legs)], legs[:-1])])


def _pow(f: Call, known: Rewriting) -> Node:
    """x^y = exp(y log x), for x > 0."""
    x, y = f.args
    if not not_negative(x):
        known.suppose("is positive", x)
    return exp_of(product(y, log_of(x, known)), known)


# -- log -------------------------------------------------------------------------------


def log_of(x: Node, known: Rewriting) -> Node:
    """log x, over the factors of x."""
    found = _log_apart(known.fused(x), known)
    return call("log", [x]) if found is None else found


def _log(f: Call, known: Rewriting) -> Node | None:
    return _log_apart(known.fused(f.args[0]), known)


def _log_apart(x: Node, known: Rewriting) -> Node | None:
    c, inner = _split(x)
    if c != 1 and is_positive(c):
        logs = [(spread(call("log", [number(c)]), x.shape), 1)]
        return linear([*logs, (log_of(inner, known), 1)], x.shape)
    if isinstance(x, Call) and x.args:
        return _log_of_call(x, known)
    if isinstance(x, Sum):
        return _log_of_sum(x, known)
    parts = _factors(x)
    if len(parts) < 2 or sum(not not_negative(bare) for bare, _ in parts) > 1:
        return None
    return linear([(log_of(whole, known), 1) for _, whole in parts], x.shape)


def _log_of_sum(x: Sum, known: Rewriting) -> Node | None:
    """log(1 + 1/e) as log(e + 1) − log e: no exponential has a negative power."""
    for base in _exponentials(x):
        exponents = [_exponent(e, base) for e, _ in x.terms]
        least = min(e for e in exponents if not isinstance(e, complex))
        if least >= 0:
            continue
        cleared = [(product(e, power(base, -least)), c) for e, c in x.terms]
        rest = log_of(known.fused(linear(cleared, x.shape)), known)
        return linear([(rest, 1), (log_of(base, known), least)], x.shape)
    return None


def _exponentials(x: Sum) -> list[Node]:
    found = (_powers(e) for e, _ in x.terms)
    return [
        base for base in dict.fromkeys(b for p in found for b in p) if _is_exp(base)
    ]


def _is_exp(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "exp"


def _exponent(term: Node, base: Node) -> Number:
    """0 where the base does not occur."""
    return _powers(term).get(base, 0)


def _powers(term: Node) -> dict[Node, Number]:
    """The factors of a term that have its shape, with their exponents."""
    bare = [whole for _, whole in _factors(term)] or [term]
    found: dict[Node, Number] = {}
    for e in bare:
        raised = isinstance(e, Call) and e.function == "power"
        base, p = (e.args[0], e.params[0]) if raised else (e, 1)  # type: ignore[union-attr]
        found[base] = p
    return found


def _log_of_call(x: Call, known: Rewriting) -> Node | None:
    inner = x.args[0]
    if x.function == "exp":
        return inner
    if x.function == "det":
        known.suppose("is positive", x)
        return call("logdet", [inner])
    if x.function == "abs" and isinstance(inner, Call) and inner.function == "det":
        return call("logdet", inner.args)
    if x.function == "power":
        even = isinstance(x.params[0], int) and x.params[0] % 2 == 0
        base = abs_of(inner, known) if even else inner
        return scale(x.params[0], log_of(base, known))
    return None


def _logdet(f: Call, known: Rewriting) -> Node | None:
    """log|det| of a product of square matrices, a multiple, an inverse."""
    arg = known.fused(f.args[0])
    if len(arg.shape) != 2:
        return None
    c, inner = _split(arg)
    if c != 1 and not isinstance(c, complex):
        count = product(size_node(arg.shape[0]), log_of(number(abs(c)), known))
        return linear([(count, 1), (call("logdet", [inner]), 1)], ())
    if isinstance(arg, Call) and arg.function == "inv":
        return scale(-1, call("logdet", arg.args))
    factors = chain(arg)
    if factors is None:
        return None
    return linear([(_logdet_of(factor, known), 1) for factor in factors], ())


def _logdet_of(factor: Node, known: Rewriting) -> Node:
    turned = known.fused(swapped(factor))
    best = min(
        known.fused(factor), turned, key=lambda e: (isinstance(e, Einsum), e.key)
    )
    return call("logdet", [best])


# -- angles ----------------------------------------------------------------------------


def _angle(x: Node, known: Rewriting) -> tuple[Node, Node]:
    """cos x and sin x, over the terms of x, in tangents of half angles."""
    cos, sin = ones(x.shape), scale(0, ones(x.shape))
    for e, c in known.terms(x):
        whole = isinstance(c, int) and abs(c) <= MULTIPLE
        one = _cos_sin(e) if whole else _cos_sin(scale(abs(c), e))
        count = abs(c) if isinstance(c, int) and whole else 1
        sign = 1 if isinstance(c, complex) or c > 0 else -1
        for _ in range(count):
            cos, sin = _turned((cos, sin), (one[0], scale(sign, one[1])))
    return cos, sin


def _turned(a: tuple[Node, Node], b: tuple[Node, Node]) -> tuple[Node, Node]:
    shape = a[0].shape
    cos = linear([(product(a[0], b[0]), 1), (product(a[1], b[1]), -1)], shape)
    sin = linear([(product(a[1], b[0]), 1), (product(a[0], b[1]), 1)], shape)
    return cos, sin


def _cos_sin(x: Node) -> tuple[Node, Node]:
    """(1 − t²)/(1 + t²) and 2t/(1 + t²), t = tan(x/2)."""
    t = unknown("tan½", [x])
    bottom = power(_shift(1, power(t, 2)), -1)
    top = linear([(ones(x.shape), 1), (power(t, 2), -1)], x.shape)
    return product(top, bottom), scale(2, product(t, bottom))


def _cos(f: Call, known: Rewriting) -> Node:
    return _angle(f.args[0], known)[0]


def _sin(f: Call, known: Rewriting) -> Node:
    return _angle(f.args[0], known)[1]


def _tan(f: Call, known: Rewriting) -> Node:
    cos, sin = _angle(f.args[0], known)
    return product(sin, power(cos, -1))


# -- signs and roots -------------------------------------------------------------------


def abs_of(x: Node, known: Rewriting) -> Node:
    """|x|, over the factors of x; x itself where it is not negative."""
    found = _abs_apart(known.fused(x), known)
    return call("abs", [x]) if found is None else found


def _abs(f: Call, known: Rewriting) -> Node | None:
    return _abs_apart(known.fused(f.args[0]), known)


def _abs_apart(x: Node, known: Rewriting) -> Node | None:
    if not_negative(x):
        return x
    c, inner = _split(x)
    if c != 1:
        return scale(abs(c), abs_of(inner, known))
    if isinstance(x, Call) and x.function == "power" and isinstance(x.params[0], int):
        return power(abs_of(x.args[0], known), x.params[0])
    parts = _factors(x)
    if len(parts) < 2:
        return None
    return product(*(abs_of(whole, known) for _, whole in parts))


def _sign(f: Call, known: Rewriting) -> Node | None:
    x = known.fused(f.args[0])
    if is_zero(x):
        return x
    if not not_negative(x) or not hardly_zero(x):
        return None
    known.suppose("has no zero entry", x)
    return ones(f.shape)


def _power(f: Call, known: Rewriting) -> Node | None:
    """Even powers of |x|; roots of even powers and of products."""
    p = f.params[0]
    base = known.fused(f.args[0])
    if isinstance(p, int):
        even = p % 2 == 0 and isinstance(base, Call) and base.function == "abs"
        return power(base.args[0], p) if even and isinstance(base, Call) else None
    if not isinstance(p, Fraction):
        return None
    c, inner = _split(base)
    if c != 1 and is_positive(c):
        root = _root(c, p, f)
        bare = inner is ones(inner.shape)
        kept = bare and isinstance(root, Call)
        return None if kept or (bare and root is f) else product(root, power(inner, p))
    if isinstance(base, Call) and base.function == "power":
        return _power_of_power(base, p, known)
    parts = _factors(base)
    if len(parts) < 2 or sum(not not_negative(bare) for bare, _ in parts) > 1:
        return None
    return product(*(power(whole, p) for _, whole in parts))


def _power_of_power(base: Call, p: Fraction, known: Rewriting) -> Node | None:
    """(x^q)^p = |x|^(qp) for even q, x^(qp) where x cannot be negative."""
    q, x = base.params[0], base.args[0]
    if isinstance(q, int) and q % 2 == 0:
        return power(abs_of(x, known), q * p)
    if isinstance(q, (int, Fraction)) and (not_negative(x) or isinstance(q, Fraction)):
        return power(x, q * p)
    return None


def _root(c: Number, p: Fraction, f: Call) -> Node:
    """c^p in every entry, exact where it is rational."""
    if isinstance(c, (int, Fraction)) and p.denominator == 2:
        top, bottom = isqrt(c.numerator), isqrt(c.denominator)
        if top**2 == c.numerator and bottom**2 == c.denominator:
            return scale(Fraction(top, bottom) ** p.numerator, ones(f.shape))
    return spread(call("power", [number(c)], (p,)), f.shape)


def _norm(exponent: Fraction) -> Rule:
    def rule(f: Call, known: Rewriting) -> Node | None:
        x = f.args[0]
        legs = list(range(len(x.shape)))
        batch = legs[: len(legs) - f.params[0]]
        if exponent < 0:
            if not is_analytic(x) and not hardly_zero(x):
                return None
            known.suppose("is not zero", x)
        return power(einsum([(x, legs), (x, legs)], batch), exponent)

    return rule


def _of_log(c: int) -> Rule:
    def rule(f: Call, known: Rewriting) -> Node:
        return call("log", [_shift(c, f.args[0])])

    return rule


def _expm1(f: Call, known: Rewriting) -> Node:
    return _shift(-1, exp_of(f.args[0], known))


def _relu(f: Call, known: Rewriting) -> Node | None:
    return f.args[0] if not_negative(known.fused(f.args[0])) else None


def _extremum(direction: int) -> Rule:
    """max(a, b) is a where a − b cannot be negative."""

    def rule(f: Call, known: Rewriting) -> Node | None:
        a, b = f.args
        for one, other in ((a, b), (b, a)):
            distance = linear([(one, direction), (other, -direction)], f.shape)
            if not_negative(known.fused(distance)):
                return one
        return None

    return rule


def _cbrt(f: Call, known: Rewriting) -> Node | None:
    x = known.fused(f.args[0])
    return power(x, Fraction(1, 3)) if not_negative(x) else None


RULES: dict[str, Rule] = {
    "exp": _exp,
    "expm1": _expm1,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "sinh": _hyperbolic(-1),
    "cosh": _hyperbolic(1),
    "tanh": _tanh,
    "softmax": _softmax,
    "lse": _lse,
    "pow": _pow,
    "log": _log,
    "log1p": _of_log(1),
    "logdet": _logdet,
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "abs": _abs,
    "sign": _sign,
    "power": _power,
    "norm2": _norm(HALF),
    "rnorm": _norm(-HALF),
    "cbrt": _cbrt,
    "relu": _relu,
    "max": _extremum(1),
    "min": _extremum(-1),
}
