"""Where functions are defined, and what of that a simplification forgets.

exp(log x) is x, and log x has no value where x is negative. What a function needs of
its argument is a `Fact`: log x needs x > 0, 1/x needs x ≠ 0, X⁻¹ an invertible X. The
facts that a written expression needs, less those that its simplified form needs too and
those that always hold, are forgotten. What is evaluated then is not the simplified form
but an `honest` one, in which the functions that need them are `kept`: no law reads
them.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import call
>>> x = tensor("x", ("n",))
>>> log_x, log_of_power = call("log", [x]), call("log", [call("exp", [x])])
>>> forgotten({log_x: log_x, log_of_power: log_of_power}, []) == [log_x]
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from .coefficients import Number, content, divide
from .expr import einsum, linear, scale, swapped
from .forms import is_diagonal, is_identity, split_coefficient, square_factors
from .functions import domain_of_power, power
from .laws import inside
from .nodes import Call, Einsum, Node, Sum, Tensor, children, toposort


class Fact(NamedTuple):
    """What a function needs: that a node is `kind`."""

    kind: str
    node: Node


Facts = dict[Fact, None]

#: What is needed by functions that are not defined everywhere; the others in `ALONE`
#: need what only they can tell.
NEEDS = {
    "log": "positive",
    "factor_logdet": "invertible",
    "factorised": "invertible",
    "inv": "invertible",
    "logofdet": "positive determinant",
    "logdet": "invertible",
}
#: Functions that are infinite where they lack what they need: it is missed only where
#: they vanish.
INFINITE = frozenset({"logdet"})
ALONE = frozenset({"log1p", "asin", "acos", "acosh", "atanh", "pow"})
MATRICES = frozenset({"logm", "sqrtm", "cholesky"})
RESTRICTED = (ALONE | MATRICES | set(NEEDS)) - INFINITE


def is_partial(f: Call) -> bool:
    """Whether a function has arguments at which it is not defined."""
    if f.function == "power":
        return bool(domain_of_power(f.params[0]))
    return f.function in RESTRICTED


def partial_calls(*roots: Node) -> list[Call]:
    """The calls under the roots that are not defined everywhere."""
    found = [node for node in toposort(*roots) if isinstance(node, Call)]
    return [node for node in found if is_partial(node)]


def unbounded_calls(*roots: Node) -> list[Call]:
    """The calls under the roots that do not have a finite value everywhere."""
    found = [node for node in toposort(*roots) if isinstance(node, Call)]
    return [node for node in found if is_partial(node) or node.function in INFINITE]


def forgotten(written: Mapping[Node, Node], kept: Iterable[Node]) -> list[Node]:
    """The written functions that need a fact which the `kept` ones do not need, and
    which does not always hold; `written` says what each is once it is simplified."""
    known = _all_facts(kept)
    known |= _smallest(Fact(w, e) for kind, e in known for w in WEAKER.get(kind, ()))
    answers: dict[Node, bool] = {}
    for f in written.values():
        if f not in answers:
            missing = [fact for fact in _all_facts([f]) if fact not in known]
            answers[f] = not all(map(_holds, missing))
    return [node for node, f in written.items() if answers[f]]


#: What follows from a fact.
WEAKER = {"positive": ("nonnegative", "nonzero")}


# -- facts, in the fewest words --------------------------------------------------------


def _all_facts(calls: Iterable[Node]) -> Facts:
    """What calls need, each fact said of the smallest nodes that it can be said of."""
    return _smallest(_needed(f) for f in calls if isinstance(f, Call))


def _smallest(facts: Iterable[Fact]) -> Facts:
    """Facts, each said of the smallest nodes that it can be said of."""
    found: Facts = {}
    stack = [*facts][::-1]
    while stack:
        fact = stack.pop()
        smaller = _reduced(fact)
        if smaller is None:
            found[fact] = None
        else:
            stack += smaller[::-1]
    return found


def _needed(f: Call) -> Fact:
    if f.function != "power":
        kind = NEEDS.get(f.function, "defined")
        return Fact(kind, f if kind == "defined" else f.args[0])
    return Fact(domain_of_power(f.params[0]) or "defined", f.args[0])


def _reduced(fact: Fact) -> list[Fact] | None:
    kind, node = fact
    if isinstance(node, Call) and node.function == "kept":
        return [Fact(kind, node.args[0])]
    rule = _REDUCED.get(kind)
    return None if rule is None else rule(node)


def _bare(node: Node) -> tuple[Number, Node]:
    """A coefficient and what a node permutes, groups or spreads times that."""
    coefficient, rest = split_coefficient(node)
    found = inside(rest)
    return coefficient, rest if found is None else found[0]


def _primitive(node: Node) -> Node:
    """A node without its coefficient; a sum without what its terms share, and without
    the first one's sign: 1 − x is nonzero where x − 1 is."""
    _, rest = split_coefficient(node)
    if not isinstance(rest, Sum) or not rest.terms:
        return rest
    common = content([c for _, c in rest.terms])
    return linear([(e, divide(c, common)) for e, c in rest.terms], rest.shape)


def _of_sign(kind: str) -> Callable[[Node], list[Fact] | None]:
    def reduced(node: Node) -> list[Fact] | None:
        if kind == "positive" and signs(node) & NONNEGATIVE:
            return [Fact("nonzero", node)]
        if kind == "positive" and isinstance(node, Call) and node.function == "det":
            return [Fact("positive determinant", node.args[0])]
        coefficient, rest = _bare(node)
        if isinstance(coefficient, complex):
            return None
        signed = scale(1 if coefficient > 0 else -1, rest)
        return None if signed is node else [Fact(kind, signed)]

    return reduced


def _nonzero(node: Node) -> list[Fact] | None:
    rest = _primitive(_bare(node)[1])
    match rest:
        case Call(function="power" | "abs" | "conj"):
            return [Fact("nonzero", rest.args[0])]
        case Call(function="det"):
            return [Fact("invertible", rest.args[0])]
        case Call(function="norm2"):
            return [Fact("nonzero", _squares(rest))]
        case Einsum() if _is_entrywise(rest):
            return [Fact("nonzero", e) for e, _ in rest.operands]
    return None if rest is node else [Fact("nonzero", rest)]


def _squares(f: Call) -> Node:
    """Σx² of a norm √Σx²."""
    (x,) = f.args
    legs = range(len(x.shape))
    return einsum([(power(x, 2), legs)], legs[: len(x.shape) - f.params[0]])


def _is_entrywise(node: Einsum) -> bool:
    """Whether a product sums over nothing and has no zeros of its own."""
    flat = [i for axis in node.out for i in axis]
    return len(set(flat)) == len(flat) == len(node.dims)


def _invertible(node: Node) -> list[Fact] | None:
    rest = _primitive(node)
    if is_identity(rest):
        return []
    if isinstance(rest, Call) and rest.function == "inv":
        return [Fact("invertible", rest.args[0])]
    if is_diagonal(rest):
        legs = list(range(len(rest.shape) - 1))
        return [Fact("nonzero", einsum([(rest, [*legs, legs[-1]])], legs))]
    if (factors := square_factors(rest)) is not None:
        return [Fact("invertible", e) for e in factors]
    turned = swapped(rest)
    first = min(rest, turned, key=lambda e: (isinstance(e, Einsum), e.key))
    return None if first is node else [Fact("invertible", first)]


_REDUCED: Mapping[str, Callable[[Node], list[Fact] | None]] = {
    "positive": _of_sign("positive"),
    "nonnegative": _of_sign("nonnegative"),
    "nonzero": _nonzero,
    "invertible": _invertible,
}


# -- facts that always hold ------------------------------------------------------------

#: What is known of every entry of a node, as bits.
NONNEGATIVE, NONZERO = 1, 2
POSITIVE = NONNEGATIVE | NONZERO

#: Functions whose values have a sign for every real argument.
SIGNED = {
    **dict.fromkeys(("exp", "sigmoid", "softplus", "cosh", "softmax"), POSITIVE),
    **dict.fromkeys(("abs", "relu", "heaviside", "norm2", "rnorm"), NONNEGATIVE),
}
#: Functions that keep the sign of their argument.
KEEPING = frozenset(
    {"kept", "sinh", "asinh", "atan", "tanh", "expm1", "erf", "cbrt", "conj"}
)
#: Functions whose arguments tell the sign.
TELLING = KEEPING | {"max", "power"}

REGULAR = frozenset({"pd", "orthogonal"})


def _holds(fact: Fact) -> bool:
    kind, node = fact
    if kind in ("invertible", "positive determinant"):
        allowed = REGULAR if kind == "invertible" else {"pd"}
        return isinstance(node, Tensor) and node.structure in allowed
    needed = {"positive": POSITIVE, "nonnegative": NONNEGATIVE, "nonzero": NONZERO}
    if kind not in needed:
        return False
    return signs(node) & needed[kind] == needed[kind]


#: What facts about entries say of their signs.
SAYING = {"has no zero entry": NONZERO, "has no negative entry": NONNEGATIVE}


def always_holds(fact: str, node: Node) -> bool:
    """Whether a fact about the entries of a node is declared, or true of any.

    >>> from indexcalc.expr import tensor
    >>> always_holds("has no zero entry", tensor("x", ("n",), "positive"))
    True
    """
    wanted = SAYING.get(fact, 0)
    return bool(wanted) and signs(node) & wanted == wanted


def signs(root: Node, most: float = inf) -> int:
    """What is known of the entries of a node by at most so many under it.

    >>> from indexcalc.expr import tensor
    >>> from indexcalc.functions import call
    >>> x = tensor("x", ("n",))
    >>> [signs(e) for e in (x, call("abs", [x]), call("exp", [x]))] == [0, 1, 3]
    True
    """
    memo: dict[Node, int] = {}
    stack, asked = [root], 0
    while stack:
        node = stack[-1]
        waiting = [e for e in _telling(node) if e not in memo]
        asked += len(waiting)
        if asked > most:
            return 0
        stack += waiting
        if not waiting:
            memo[stack.pop()] = _sign(node, memo)
    return memo[root]


def _telling(node: Node) -> Sequence[Node]:
    """The children that tell the sign of a node."""
    if isinstance(node, Call) and node.function not in TELLING:
        return ()
    return children(node)


def _sign(node: Node, known: Mapping[Node, int]) -> int:
    match node:
        case Tensor():
            return _sign_of_leaf(node)
        case Sum():
            return _sign_of_sum(node, known)
        case Einsum():
            common = POSITIVE
            for e, _ in node.operands:
                common &= known[e]
            flat = [i for axis in node.out for i in axis]
            zeros = len(set(flat)) < len(flat)
            summed = len(set(flat)) < len(node.dims) and not common & NONNEGATIVE
            return common & ~(NONZERO if zeros or summed else 0)
        case Call():
            return _sign_of_call(node, known)


def _sign_of_leaf(node: Tensor) -> int:
    if node.array is None:
        return POSITIVE if node.structure == "positive" else 0
    if np.iscomplexobj(node.array):
        return 0
    least = node.array.min(initial=np.inf)
    nonzero = NONZERO if np.all(node.array) else 0
    return nonzero | (NONNEGATIVE if least >= 0 else 0)


def _sign_of_sum(node: Sum, known: Mapping[Node, int]) -> int:
    if len(node.terms) == 1 and node.terms[0][1] != 0:
        ((e, c),) = node.terms
        keeps = NONNEGATIVE if not isinstance(c, complex) and c > 0 else 0
        return known[e] & (NONZERO | keeps)
    common, some = NONNEGATIVE, 0
    for e, c in node.terms:
        if isinstance(c, complex) or c < 0:
            return 0
        common &= known[e]
        some |= known[e] & NONZERO
    return common | (some if common else 0) if node.terms else NONNEGATIVE


def _sign_of_call(node: Call, known: Mapping[Node, int]) -> int:
    if node.function in SIGNED:
        return SIGNED[node.function]
    if node.function == "det":
        (matrix,) = node.args
        definite = isinstance(matrix, Tensor) and matrix.structure == "pd"
        return POSITIVE if definite else 0
    if node.function in KEEPING:
        return known[node.args[0]]
    if node.function == "max":
        return known[node.args[0]] & known[node.args[1]] or _either(node, known)
    if node.function != "power":
        return 0
    p, inner = node.params[0], known[node.args[0]]
    if isinstance(p, int) and p % 2 == 0:
        return NONNEGATIVE | inner & NONZERO
    return inner


def _either(node: Call, known: Mapping[Node, int]) -> int:
    """What a larger of two has by one of them: its sign where that one is positive."""
    signs = [known[e] for e in node.args]
    return next((s for s in (POSITIVE, NONNEGATIVE) if s in signs), 0)
