"""What an answer is to the right one: a table of judges, asked in turn.

Each judge looks for one relation, equal, transposed, right if a matrix is symmetric,
the diagonal only, off by a factor, a term missing …, and gives a `Finding` or nothing.
The first one that finds something is believed, once exact evidence does not
contradict it.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> A, x = tensor("A", ("n", "n")), tensor("x", ("n",))
>>> case = Case(ask(contract(x, contract(A, x)), [x]), scale(2, contract(A, x)))
>>> found = judged(case)
>>> found.kind, found.detail
('assumption', 'if A is symmetric')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice

import numpy as np

from ..coefficients import Number, divide, multiply, number_text, plus
from ..comparison.evidence import Evidence, evidence
from ..derivative import unconstrained
from ..errors import IndexCalcError
from ..expr import add, einsum, scale, tensor
from ..functions import spread
from ..nodes import Node, Tensor
from ..pairwise import Array
from ..simplify import fuse
from ..structure import projected
from .assuming import MOST_VARIABLES, assumptions, is_square, proof_under
from .cases import Case, agree, ask, is_zero, ratio
from .layouts import Arrangement, diagonals, plain, sums
from .mistakes import Change, shortened, terms, transposed, without

MOST_LAYOUTS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """A relation between an answer and the derivative.

    `kind` names it, `detail` says it in a few words; `arrangement` is the layout under
    which it holds, `part` an expression the words are about, `assumed` what has to hold
    of variables.
    """

    kind: str
    detail: str = ""
    arrangement: Arrangement | None = None
    part: Node | None = None
    evidence: Evidence | None = None
    assumed: tuple[str, ...] = ()


Judge = Callable[[Case], Finding | None]


def judged(case: Case) -> Finding | None:
    """What the first judge finds that finds something; None where all are silent."""
    found = (judge(case) for judge in JUDGES)
    return next((finding for finding in found if finding is not None), None)


def _confirmed(case: Case, a: Node, b: Node) -> Evidence | None:
    """Evidence of a = b; None where it speaks against it, or floats at other sizes."""
    found = evidence(a, b)
    if found.equal is False:
        return None
    if found.equal is None:
        again = case.again()
        return found if agree(again.at(a), again.at(b)) else None
    return found


# -- right, laid out in some way -------------------------------------------------------


def _laid_out(case: Case) -> Finding | None:
    """Equal, or equal in another layout; the usual layouts come first."""
    for a in case.fitting:
        if agree(a.array(case.wanted), case.given):
            proof = _confirmed(case, a.node(case.expected), case.answer)
            if proof is not None:
                kind = "equal" if a.plain else "layout"
                return Finding(kind, a.words, a, evidence=proof)
    return None


def _spread_out(case: Case) -> Finding | None:
    """A number for a tensor that holds it in every entry, or on its diagonal."""
    shape = case.expected.shape
    if case.answer.shape or not shape:
        return None
    wholes = [("a tensor of it", spread(case.answer, shape))]
    if len(shape) == 2 and shape[0] == shape[1]:
        diagonal = einsum([(case.answer, ())], [0, 0], {0: shape[0]})
        wholes.append(("so many times the identity", diagonal))
    for words, whole in wholes:
        if agree(case.wanted, case.at(whole)):
            proof = _confirmed(case, case.expected, whole)
            if proof is not None:
                kind = "equal" if is_zero(case.wanted) else "layout"
                return Finding(kind, f"the number for {words}", None, evidence=proof)
    return None


# -- right under an assumption ---------------------------------------------------------


def _assuming(case: Case) -> Finding | None:
    """Right where one variable, or two, are symmetric, or positive, or a mask …"""
    for assumed in islice(assumptions(case), case.patience):
        other = case.under(assumed)
        wanted, given = other.wanted, other.given
        for a in case.fitting[:MOST_LAYOUTS]:
            if agree(a.array(wanted), given):
                proof = proof_under(other, a.node(case.expected))
                if proof is not None:
                    return _under(case, a, assumed, proof)
    return None


def _under(
    case: Case, a: Arrangement, assumed: Mapping[str, str], proof: Evidence
) -> Finding:
    """Right under an assumption, or perhaps with one transposition more."""
    said = tuple(f"{name} is {fact}" for name, fact in assumed.items())
    detail = f"if {' and '.join(said)}"
    mended = None
    if set(assumed.values()) == {"symmetric"}:
        mended = _transposed(case)
    if mended is not None:
        detail += f", or with one {mended.detail} transposed"
    return Finding("assumption", detail, a, None, proof, said)


def _declared_convention(case: Case) -> Finding | None:
    """Right by another convention of the derivative by a structured variable."""
    return _by_convention(case) if case.question.by[-1].structure else None


def _supposed_convention(case: Case) -> Finding | None:
    """Right if the variable is symmetric and the derivative is by its free entries."""
    return None if case.question.by[-1].structure else _by_convention(case)


def _by_convention(case: Case) -> Finding | None:
    for detail, node, assumed in _conventions(case):
        other = case.under(assumed)
        for a in case.fitting[:MOST_LAYOUTS]:
            if agree(a.array(other.at(node)), other.given):
                proof = proof_under(other, a.node(node))
                if proof is not None:
                    facts = tuple(f"{n} is {fact}" for n, fact in assumed.items())
                    return Finding("convention", detail, a, node, proof, facts)
    return None


def _conventions(case: Case) -> Iterator[tuple[str, Node, dict[str, str]]]:
    """Other derivatives by the last variable: with all entries independent, by its free
    entries; for an undeclared square one as if it were symmetric."""
    question = case.question
    leaf = question.by[-1]
    root = question.node
    if len(question.by) > 1 or 1 in leaf.shape or len(leaf.shape) != 2:
        return
    try:
        raw = unconstrained(root, leaf)
        if leaf.structure:
            yield "with every entry independent", raw, {}
            free = projected(raw, leaf, "free_entries")
            yield f"by the free entries of a {leaf.structure} matrix", free, {}
        elif is_square(leaf):
            assumed = {leaf.name: "symmetric"}
            alike = tensor(leaf.name, leaf.shape, "symmetric")
            words = "by the free entries of a symmetric matrix"
            yield words, projected(raw, alike, "free_entries"), assumed
            words = "projected on symmetric matrices"
            yield words, projected(raw, alike, "symmetrised"), assumed
    except IndexCalcError:
        return


# -- a part of the right one -----------------------------------------------------------


def _diagonal(case: Case) -> Finding | None:
    """The diagonal in the variable's axes, of what is zero elsewhere or not."""
    shape = case.expected.shape
    for a in diagonals(shape, case.value):
        if _reduces(case, a):
            whole = np.abs(case.wanted).sum()
            alone = bool(np.isclose(np.abs(a.array(case.wanted)).sum(), whole))
            return _reduced(case, a, "diagonal" if alone else "part")
    return None


def _summed(case: Case) -> Finding | None:
    shape = case.expected.shape
    for a in sums(len(shape), case.value):
        if _reduces(case, a):
            return _reduced(case, a, "sum")
    return None


def _reduces(case: Case, a: Arrangement) -> bool:
    fits = a.shape(case.expected.shape) == case.answer.shape
    return fits and agree(a.array(case.wanted), case.given)


def _reduced(case: Case, a: Arrangement, kind: str) -> Finding | None:
    proof = _confirmed(case, a.node(case.expected), case.answer)
    return Finding(kind, a.words, a, evidence=proof) if proof is not None else None


# -- off by a factor -------------------------------------------------------------------


def _factor(case: Case) -> Finding | None:
    """A constant, a size or a scalar variable too many or too few, or the sign."""
    for a in case.fitting[:MOST_LAYOUTS]:
        found = ratio(case.given, a.array(case.wanted))
        if found is None:
            continue
        c = _constant(found)
        again = case.again()
        other = ratio(again.given, a.array(again.wanted))
        if c is not None and other is not None and _constant(other) == c:
            return _off_by(case, a, c)
        named = _named_factor(case, again, found, other)
        if named is not None:
            return Finding("factor", named, a)
    return None


def _constant(factors: Array) -> Number | None:
    """The rational number that all of them are, if there is a simple one."""
    near = Fraction(float(factors[0])).limit_denominator(720)
    same = np.allclose(factors, float(near), rtol=1e-6, atol=0)
    simple = near.denominator == 1 or near.denominator <= 720
    return near if same and simple and near else None


def _off_by(case: Case, a: Arrangement, c: Number) -> Finding | None:
    proof = _confirmed(case, a.node(case.expected), scale(c, case.answer))
    if proof is None:
        return None
    if c == -1:
        return Finding("sign", "", a, evidence=proof)
    return Finding("factor", number_text(c), a, evidence=proof)


def _named_factor(
    case: Case, again: Case, here: Array, there: Array | None
) -> str | None:
    """n, 1/n, s or 1/s times a rational number, for sizes n and scalar variables s."""
    if there is None:
        return None
    scalars = [name for name, leaf in case.leaves.items() if not leaf.shape]
    for name in [*case.sample.sizes, *scalars]:
        for exponent in (1, -1, 2, -2):
            c = _constant(here / _power(case, name, exponent, here))
            d = _constant(there / _power(again, name, exponent, there))
            if c is not None and c == d:
                return _factor_text(c, name, exponent)
    return None


def _power(case: Case, name: str, exponent: int, factors: Array) -> Array:
    size = case.sample.sizes.get(name)
    if size is not None:
        return np.full(len(factors), float(size) ** exponent)
    values = case.at(case.leaves[name])
    kept = values if len(values) == len(factors) else values[: len(factors)]
    return np.asarray(kept**exponent)


def _factor_text(c: Number, name: str, exponent: int) -> str:
    raised = name if abs(exponent) == 1 else f"{name}^{abs(exponent)}"
    if exponent > 0:
        return raised if c == 1 else f"{number_text(c)} {raised}"
    return f"{number_text(c)}/{raised}"


# -- one thing wrong -------------------------------------------------------------------


def _usual(case: Case) -> list[Arrangement]:
    """The layouts in which a slip is looked for."""
    return case.fitting[:2]


def _transposed(case: Case) -> Finding | None:
    """Right with one factor transposed."""
    return _changed(case, _of_both(transposed, case.answer), "transpose")


def _of_both(
    changes: Callable[[Node], Iterator[Change]], root: Node
) -> Iterator[Change]:
    """Changes of the expression as it was written, then of its canonical form."""
    yield from changes(root)
    fused = fuse(root)
    if fused is not root:
        yield from changes(fused)


def _changed(case: Case, changes: Iterable[Change], kind: str) -> Finding | None:
    """The first change of the answer that makes it right."""
    for change in islice(changes, case.patience):
        value = case.at(change.node)
        for a in _usual(case):
            if agree(a.array(case.wanted), value):
                proof = _confirmed(case, a.node(case.expected), change.node)
                if proof is not None:
                    return Finding(kind, change.said, a, change.node, proof)
    return None


def _dropped(case: Case) -> Finding | None:
    """A factor of the derivative that the answer lacks, or has too many."""
    for a in _usual(case) or [plain(len(case.expected.shape))]:
        for change in islice(_of_both(without, a.node(case.expected)), case.patience):
            if agree(case.at(change.node), case.given):
                proof = _confirmed(case, change.node, case.answer)
                if proof is not None:
                    return Finding("missing factor", change.said, a, None, proof)
        for change in shortened(a.node(case.expected)):
            if agree(case.at(change.node), case.given):
                return Finding("missing factor", change.said, a)
    return _changed(case, _of_both(without, case.answer), "extra factor")


def _term(case: Case) -> Finding | None:
    """A term that is missing, too many, or has a wrong coefficient."""
    for a in _usual(case):
        expected = a.node(case.expected)
        difference = a.array(case.wanted) - case.given
        own = terms(expected)
        for term in own if len(own) > 1 else ():
            c = _multiple(case, term, difference)
            if c is not None:
                return _about_term(case, a, term, c)
        given = terms(case.answer)
        for term in given if len(given) > 1 else ():
            if agree(-difference, case.at(term)):
                return Finding("extra term", "", a, term)
        for pair in combinations(own, 2) if 2 < len(own) <= 12 else ():
            if agree(difference, case.at(pair[0]) + case.at(pair[1])):
                return Finding("missing terms", "", a, add(*pair))
    return None


def _multiple(case: Case, term: Node, difference: Array) -> Number | None:
    found = ratio(case.at(term), difference)
    return None if found is None else _constant(found)


def _about_term(case: Case, a: Arrangement, term: Node, c: Number) -> Finding:
    """The answer has (1 − c) times the term."""
    if c == 1:
        return Finding("missing term", "", a, term)
    if c == 2:
        return Finding("term sign", "", a, term)
    return Finding(
        "term factor", number_text(divide(1, plus(1, multiply(-1, c)))), a, term
    )


# -- another question ------------------------------------------------------------------


def _other_variable(case: Case) -> Finding | None:
    """The right derivative, by another variable."""
    question = case.question
    if len(question.by) > 1:
        return None
    for leaf in list(case.leaves.values())[:MOST_VARIABLES]:
        if leaf is question.by[0]:
            continue
        found = _answers(case, question.node, [leaf])
        if found is not None:
            return Finding("other variable", leaf.name, found)
    return None


def _answers(case: Case, root: Node, by: list[Tensor]) -> Arrangement | None:
    """The usual layout in which the answer is the derivative by other variables."""
    try:
        other = Case(ask(root, by), case.answer)
        if is_zero(other.wanted):
            return None
        for a in other.fitting[:MOST_LAYOUTS]:
            if agree(a.array(other.wanted), other.given):
                return a
    except IndexCalcError:
        return None
    return None


def _other_order(case: Case) -> Finding | None:
    """The function itself, its gradient for the Hessian or the other way round."""
    question = case.question
    root = question.node
    if agree(case.at(root), case.given) and not is_zero(case.given):
        return Finding("other order", "the function itself")
    if len(question.by) == 1 and not question.value:
        both = _answers(case, root, [question.by[0]] * 2)
        if both is not None:
            return Finding("other order", "the Hessian")
        if _half(case, root, question.by[0]):
            return Finding("other order", "half the Hessian")
        return None
    twice = len(question.by) == 2 and question.second
    if twice and _answers(case, root, [question.by[0]]) is not None:
        return Finding("other order", "the gradient")
    return None


def _half(case: Case, root: Node, by: Tensor) -> bool:
    try:
        other = Case(ask(root, [by, by]), scale(2, case.answer))
        found = any(agree(a.array(other.wanted), other.given) for a in other.fitting)
        return found and not is_zero(other.wanted)
    except IndexCalcError:
        return False


JUDGES: tuple[Judge, ...] = (
    _laid_out,
    _spread_out,
    _declared_convention,
    _assuming,
    _supposed_convention,
    _diagonal,
    _summed,
    _factor,
    _transposed,
    _dropped,
    _term,
    _other_variable,
    _other_order,
)
