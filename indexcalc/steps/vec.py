"""The method of vec: vec(dF) = J vec(dX), J built from the left, factor by factor.

Each line opens one vec by the rule for the outermost word within it:
vec(AUB) = (Bᵀ⊗A)vec(U), vec(A∘U) = Diag(vec(A))vec(U), vec(Uᵀ) = K vec(U),
vec(x uᵀ) = (I⊗x)u, tr(U) = vec(I)ᵀvec(U).

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> from indexcalc.steps.problem import problem_of
>>> A, X = tensor("A", ("m", "n")), tensor("X", ("n", "p"))
>>> problem = problem_of(contract(A, X), X)
>>> by_vec(problem)
>>> problem.lines.steps[-1].right
'eye(p)⊗A'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import UnsupportedError
from ..expr import einsum
from ..formula import (
    Formula,
    commutation,
    diagonal_matrix,
    eye,
    kron,
    leaf,
    name_of_word,
    number,
    ones,
    parts,
    product,
    split,
    transposed,
    vec,
    word,
)
from ..formula.value import value
from ..network import bundle
from ..nodes import Node
from ..sizes import times
from ..structure import projected
from .differential import differential_lines
from .formulas import (
    WAY_OUT,
    as_written,
    entrywise,
    is_nothing,
    name_of,
    plain_sum,
)
from .methods import constant_lines
from .problem import (
    Problem,
    in_indices,
    require_same,
    shortest_line,
)
from .rules import Rules, is_moving, require_direction
from .words import Words, differential, ratio, words


@dataclass(frozen=True, slots=True)
class Term:
    """M vec(U), where U holds dX; no M where it is the identity."""

    factor: Formula | None
    inside: Formula


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening one vec gives: the rule and the new terms."""

    rule: str
    terms: list[Term]


def by_vec(problem: Problem) -> None:
    """Writes the derivation by vec.

    Raises `UnsupportedError` where matrix notation cannot say a part of it.
    """
    require_direction(problem.node, problem.variable)
    f = as_written(problem.node)
    rules = Rules(problem.variable)
    if not rules.varies(f):
        constant_lines(problem, f)
        return
    problem.lines.add("write", words(problem.value_leaf), words(f), problem.node)
    line = differential_lines(problem.lines, f, rules, problem.name)
    if is_nothing(line):
        in_indices(problem)
        return
    terms = _vec_lines(problem, line)
    _read_off(problem, terms)


def _vec_lines(problem: Problem, line: Formula) -> list[Term]:
    """vec(dF) line by line until every vec holds dX alone."""
    moved = differential(problem.value_leaf, value(line))
    about = words(said_vec(moved))
    terms = [Term(None, line)]
    if line.order > 1:
        _add(problem, about, terms, "take vec of both sides")
    while opened := [t for t in terms if t.inside.op != "d"]:
        found = _opened(opened[0])
        k = terms.index(opened[0])
        terms = [*terms[:k], *found.terms, *terms[k + 1 :]]
        _add(problem, about, terms, found.rule)
    if len(terms) > 1:
        factors = [_as_matrix(t) for t in terms]
        terms = [Term(plain_sum(factors, factors[0].shape), terms[0].inside)]
        _add(problem, about, terms, "like terms")
    return terms


def _as_matrix(term: Term) -> Formula:
    """What stands before a vec; a number stands on the identity."""
    size = times(*term.inside.shape)
    if term.factor is None:
        return eye(size) if term.inside.order else number(1)
    if not term.factor.order and term.inside.order:
        return product([term.factor, eye(size)])
    return term.factor


def _add(problem: Problem, about: Words, terms: Sequence[Term], rule: str) -> None:
    said = [_said(t) for t in terms]
    body = plain_sum(said, said[0].shape)
    problem.lines.add(rule, about, words(body), value(body))


def _said(term: Term) -> Formula:
    inside = said_vec(term.inside)
    return inside if term.factor is None else product([term.factor, inside])


def said_vec(f: Formula) -> Formula:
    """vec(U), of a vector or scalar itself; numbers come out."""
    if f.order < 2:
        return transposed(f) if f.row else f
    c, body = split(f)
    inside = word("vec", body or f, shape=(times(*f.shape),))
    return product([number(c), inside])


def _read_off(problem: Problem, terms: list[Term]) -> None:
    """J of vec(dF) = J vec(dX)."""
    (last,) = terms
    found = _as_matrix(last)
    node = value(found)
    result = vec_matrix(problem, problem.result)
    free = problem.free is problem.result
    require_same(node if free else _projected(problem, node), result)
    about = _quotient(problem) if free else words(name_of(node, problem.free_name))
    reason = f"the factor of {_shown(last.inside)}"
    problem.lines.add("read off", about, words(found), node, reason)
    if found.row:
        turned = words(transposed(found))
        said = "the gradient stands as a column"
        problem.lines.add("transpose", about, turned, node, said)
    shortest_line(problem.lines, about, node, "simplify")
    if not free:
        said = f"the {problem.variable.structure} part of {problem.free_name}"
        shortest_line(problem.lines, _quotient(problem), result, "project", said)


def _projected(problem: Problem, node: Node) -> Node:
    """J with its columns projected on the variable's structure."""
    shapes = problem.node.shape, problem.variable.shape
    rows, out, fresh = [], [], len(node.shape)
    for axis, shape in enumerate(shape for shape in shapes if shape):
        legs = list(range(fresh, fresh + len(shape)))
        fresh += len(shape)
        reversed_sizes = shape[::-1]
        if len(shape) > 1:
            rows.append((bundle(reversed_sizes), [axis, *legs[::-1]]))
            out += legs
        else:
            out.append(axis)
    apart = einsum([(node, list(range(len(node.shape)))), *rows], out)
    return vec_matrix(problem, projected(apart, problem.variable))


def _shown(inside: Formula) -> str:
    name = f"d{inside.args[0].value}"
    return f"vec({name})" if inside.order > 1 else name


def _quotient(problem: Problem) -> Words:
    """∂vec(F)/∂vec(X)."""
    sides = problem.value_leaf, leaf(problem.variable)
    above, below = (words("∂", said_vec(side)) for side in sides)
    return ratio(above, below)


def vec_matrix(problem: Problem, node: Node) -> Node:
    """The derivative with the value's axes and the variable's grouped as vec does."""
    split_at = len(problem.node.shape)
    legs = list(range(len(node.shape)))
    groups = [legs[:split_at][::-1], legs[split_at:][::-1]]
    return einsum([(node, legs)], [group for group in groups if group])


# -- the rules -------------------------------------------------------------------------


def _opened(term: Term) -> Opened:
    rule = RULES.get(term.inside.op)
    if rule is None:
        raise UnsupportedError(
            f"vec of {name_of_word(term.inside)} has no rule here", hint=WAY_OUT
        )
    return rule(term)


def _with(term: Term, factor: Formula | None, inside: Formula) -> Term:
    """The term with one more factor on the right."""
    both = [f for f in (term.factor, factor) if f is not None]
    c, body = split(inside)
    if body is not None and c != 1:
        both, inside = [number(c), *both], body
    return Term(product(both) if both else None, inside)


def _product(term: Term) -> Opened:
    c, lone, chain = parts(term.inside)
    for k, s in enumerate(lone):
        if is_moving(s):
            others = [number(c), *lone[:k], *lone[k + 1 :]]
            rest = product([*others, product(chain)] if chain else others)
            column = vec(rest) if rest.order > 1 else rest
            return Opened("constants come out", [_with(term, column, s)])
    (k,) = (k for k, g in enumerate(chain) if is_moving(g))
    front = product([number(c), *lone])
    left = product(chain[:k]) if k else None
    right = product(chain[k + 1 :]) if chain[k + 1 :] else None
    factor, rule = _sides(left, chain[k], right)
    if front != number(1):
        factor = front if factor is None else product([front, factor])
    return Opened(rule, [_with(term, factor, chain[k])])


def _sides(
    left: Formula | None, moving: Formula, right: Formula | None
) -> tuple[Formula | None, str]:
    """vec(AUB) = (Bᵀ⊗A)vec(U), short where U is a column or a row."""
    if left is None and right is None:
        return None, "numbers come out"
    if right is None and moving.order == 1 and not moving.row:
        return left, "constants come out"
    if left is None and moving.row and right is not None:
        return transposed(right), "(uᵀB)ᵀ = Bᵀu"
    rows = left if left is not None else eye(moving.shape[0])
    columns = transposed(right) if right is not None else eye(moving.shape[-1])
    rule = "vec(AUB) = (Bᵀ⊗A) vec(U)"
    if left is None:
        rule = "vec(UB) = (Bᵀ⊗I) vec(U)"
    elif right is None:
        rule = "vec(AU) = (I⊗A) vec(U)"
    return kron(columns, rows), rule


def _hadamard(term: Term) -> Opened:
    args = term.inside.args
    (k,) = (k for k, g in enumerate(args) if is_moving(g))
    rest = entrywise([*args[:k], *args[k + 1 :]], term.inside.shape)
    if rest.order > 1:
        factor, rule = diagonal_matrix(vec(rest)), "vec(A∘U) = Diag(vec(A)) vec(U)"
    else:
        factor, rule = diagonal_matrix(rest), "a∘u = Diag(a) u"
    return Opened(rule, [_with(term, factor, args[k])])


def _kron(term: Term) -> Opened:
    """vec(A⊗B) = (I⊗K⊗I)(vec(A)⊗vec(B)), with one of them moving; of columns a⊗b."""
    a, b = term.inside.args
    first = is_moving(a)
    moving, fixed = (a, b) if first else (b, a)
    unit, constant = eye(times(*moving.shape)), vec(fixed) if fixed.order > 1 else fixed
    joined = kron(unit, constant) if first else kron(constant, unit)
    if term.inside.order == 1:
        rule = "u⊗b = (I⊗b) u" if first else "a⊗u = (a⊗I) u"
        return Opened(rule, [_with(term, joined, moving)])
    (m, n), (p, q) = a.shape, b.shape
    mixed = kron(eye(n), kron(commutation(q, m), eye(p)))
    rule = "vec(A⊗B) = (I⊗K⊗I)(vec(A)⊗vec(B))"
    return Opened(rule, [_with(term, product([mixed, joined]), moving)])


def _sum(term: Term) -> Opened:
    terms = [_with(term, None, g) for g in term.inside.args]
    return Opened("sum rule", terms)


def _transpose(term: Term) -> Opened:
    (inside,) = term.inside.args
    if inside.order == 1:
        return Opened("a row as a column", [_with(term, None, inside)])
    factor = commutation(*inside.shape)
    return Opened("vec(Uᵀ) = K vec(U)", [_with(term, factor, inside)])


def _trace(term: Term) -> Opened:
    (inside,) = term.inside.args
    _, _, chain = parts(inside)
    if len(chain) > 1 and is_moving(chain[-1]) and not any(map(is_moving, chain[:-1])):
        c, lone, _ = parts(inside)
        front = product([number(c), *lone])
        factor = product([front, transposed(vec(transposed(product(chain[:-1]))))])
        return Opened("tr(AU) = vec(Aᵀ)ᵀ vec(U)", [_with(term, factor, chain[-1])])
    factor = transposed(vec(eye(inside.shape[0])))
    return Opened("tr(U) = vec(I)ᵀ vec(U)", [_with(term, factor, inside)])


def _total(term: Term) -> Opened:
    (inside,) = term.inside.args
    factor = transposed(ones(times(*inside.shape)))
    return Opened(
        "the sum of the entries of U is 1ᵀ vec(U)", [_with(term, factor, inside)]
    )


def _diagonal(transposes: bool, rule: str) -> Callable[[Term], Opened]:
    def opened(term: Term) -> Opened:
        (inside,) = term.inside.args
        n = inside.shape[0]
        shape = (times(n, n), n)
        factor = word("khatri", eye(n), eye(n), shape=shape)
        if transposes:
            factor = transposed(factor)
        return Opened(rule, [_with(term, factor, inside)])

    return opened


RULES: dict[str, Callable[[Term], Opened]] = {
    "product": _product,
    "hadamard": _hadamard,
    "kron": _kron,
    "sum": _sum,
    "transpose": _transpose,
    "tr": _trace,
    "total": _total,
    "Diag": _diagonal(False, "Diag(u) = (I ⋆ I) u, column by column"),
    "diag": _diagonal(True, "diag(U) = (I ⋆ I)ᵀ vec(U)"),
}
