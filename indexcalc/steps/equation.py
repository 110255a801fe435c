"""One equation of a derivation in indices: a part, then its derivative line by line.

A part is written with its copy tensors, they are fused, the product rule and the chain
rule leave ∂X_pq/∂X_kl = δ_pk δ_ql behind, what is known of other parts is put in, and
each δ renames an index.

>>> from indexcalc.expr import tensor
>>> entry("F", (("i",), ("j", "k"))).indices
('i', '(jk)')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from ..coefficients import multiply
from ..errors import UnsupportedError
from ..functions import cores, is_elementwise, partial
from ..index_walk import LETTERS
from ..nodes import Call, Node, Sum, Tensor, toposort
from ..simplify import fuse
from ..sizes import Size
from .opening import Fresh, Part, axes_of, inserted, opened
from .problem import Problem
from .records import Lines
from .terms import (
    Axes,
    Factor,
    IndexSum,
    Tables,
    Term,
    contracted,
    copy_of,
    like_terms,
    require_short,
    value_of,
)
from .words import Named, Words, ratio, words


@dataclass(slots=True)
class Derivative:
    """The derivative of a part: its terms on its axes."""

    terms: list[Term]
    axes: Axes
    sizes: dict[str, Size]


@dataclass(slots=True)
class Index:
    """One derivation: its lines, what the parts stand for, what is known of them."""

    problem: Problem
    taken: set[str]
    by: Named
    tables: Tables
    known: dict[Node, Derivative] = field(default_factory=dict)

    @property
    def lines(self) -> Lines:
        """The lines so far."""
        return self.problem.lines

    def letters(self) -> Iterator[str]:
        """Index letters for one equation, those of the variable left out."""
        reserved = {*self.taken, *self.by.indices}
        return index_letters(reserved)


def index_letters(taken: set[str]) -> Iterator[str]:
    """Letters for indices, then numbered ones, that nothing else bears."""
    yield from (c for c in LETTERS if c not in taken)
    for k in count(1):
        yield from (f"{c}{k}" for c in "ijk" if f"{c}{k}" not in taken)


def varies(node: Node, variable: Tensor) -> bool:
    return variable in toposort(node)


# -- one equation ----------------------------------------------------------------------


def definition(
    index: Index, part: Part, name: str
) -> tuple[list[Term], Axes, Iterator[str], dict[str, Size]]:
    """A part written in indices, then with its copy tensors fused."""
    sizes: dict[str, Size] = dict(
        zip(index.by.indices, index.problem.variable.shape, strict=True)
    )
    letters = index.letters()
    axes = axes_of(part.definition, letters, sizes)
    terms = opened(part.definition, axes, letters, sizes)
    require_short(len(terms))
    about = words(entry(name, axes))
    rule = "write in indices" if name == index.problem.name else "name"
    _line(index, rule, about, terms, axes, sizes)
    fused, notes = _all_contracted(terms, {i for axis in axes for i in axis})
    _line(index, "fuse copy tensors", about, fused, axes, sizes, notes)
    return fused, axes, letters, sizes


def entry(name: str, axes: Axes) -> Named:
    """F_ij, a group of indices in brackets."""
    shown = (a[0] if len(a) == 1 else f"({''.join(a)})" for a in axes if a)
    return Named(name, tuple(shown))


def _line(
    index: Index,
    rule: str,
    about: Words,
    terms: Sequence[Term],
    axes: Axes,
    sizes: dict[str, Size],
    reason: str = "",
) -> None:
    node = value_of(terms, axes, sizes, index.tables)
    index.lines.add(rule, about, words(IndexSum(tuple(terms))), node, reason)


def _all_contracted(terms: list[Term], free: set[str]) -> tuple[list[Term], str]:
    notes: list[str] = []
    done = []
    for term in terms:
        while found := contracted(term, free):
            term = found.term
            notes.append(found.note)
        done.append(term)
    return done, "; ".join(dict.fromkeys(notes))


def equation(index: Index, part: Part, name: str) -> Derivative:
    """A part and its derivative, line by line."""
    terms, axes, letters, sizes = definition(index, part, name)
    whole = (*axes, *((i,) for i in index.by.indices))
    write = _Writer(index, quotient(index, name, axes), whole, sizes, letters)
    done = write.differentiated(terms)
    done = write.chained(done)
    done = write.deltas(done)
    done = write.substituted(done)
    done = write.contracted(done)
    return Derivative(write.merged(done), whole, sizes)


def quotient(index: Index, name: str, axes: Axes) -> Words:
    """∂F_ij/∂X_kl; G_ijkl of the value where the variable has a structure."""
    problem = index.problem
    if name == problem.name and problem.variable.structure:
        whole = (*axes, *((i,) for i in index.by.indices))
        return words(entry(problem.free_name, whole))
    return ratio(words("∂", entry(name, axes)), words("∂", index.by))


@dataclass(slots=True)
class _Writer:
    """The lines of one derivative."""

    index: Index
    about: Words
    axes: Axes
    sizes: dict[str, Size]
    letters: Iterator[str]

    def line(self, rule: str, terms: list[Term], reason: str = "") -> list[Term]:
        """Writes a line; the terms."""
        require_short(len(terms))
        _line(self.index, rule, self.about, terms, self.axes, self.sizes, reason)
        return terms

    def differentiated(self, terms: list[Term]) -> list[Term]:
        """The product rule: one term for each occurrence."""
        variable = self.index.problem.variable
        found = []
        for term in terms:
            for k, f in enumerate(term.factors):
                if f.node is not None and self._moves(f.node, variable):
                    moved = Factor(f.node, f.indices, f.size, self.index.by)
                    rest = (*term.factors[:k], moved, *term.factors[k + 1 :])
                    found.append(term.with_factors(rest))
        return self.line(*self._differentiating(terms, found))

    def _differentiating(
        self, terms: list[Term], found: list[Term]
    ) -> tuple[str, list[Term], str]:
        """The rule by which terms were differentiated."""
        if len(found) > len(terms):
            return "product rule", found, "one term for each occurrence"
        if len(terms) > 1 and len(found) == len(terms):
            return "sum rule", found, "term by term"
        gone = len(found) < len(terms)
        note = "the derivative of a constant is 0" if gone else ""
        if all(len(term.factors) == 1 for term in found):
            return "differentiate", found, note
        return "constants come out", found, note

    def _moves(self, node: Node, variable: Tensor) -> bool:
        return varies(self.index.tables.nodes[node], variable)

    def chained(self, terms: list[Term]) -> list[Term]:
        """The chain rule: ∂f(u)/∂X is f′(u) ∂u/∂X."""
        found: list[Term] = []
        names: dict[str, None] = {}
        for term in terms:
            k = _place(term, lambda f: isinstance(f.node, Call))
            if k is None:
                found.append(term)
                continue
            call = term.factors[k].node
            assert isinstance(call, Call)
            names.setdefault(_rule_of(call))
            for inner in self._chain(call, term.factors[k]):
                factors = (*term.factors[:k], *inner.factors, *term.factors[k + 1 :])
                found.append(
                    Term(multiply(term.coefficient, inner.coefficient), factors)
                )
        rule = ", ".join(names) or "chain rule"
        return self.line(rule, found) if names else terms

    def _chain(self, call: Call, factor: Factor) -> list[Term]:
        """Σ over the arguments of f′ ∂u/∂X, f′ opened into terms."""
        variable = self.index.problem.variable
        inputs, output = cores(call)
        batch = len(call.shape) - output
        found = []
        for k, arg in enumerate(call.args):
            if not self._moves(arg, variable):
                continue
            core = tuple(self._fresh(arg.shape[batch + j]) for j in range(inputs[k]))
            outer = tuple((i,) for i in (*factor.indices, *core))
            slope = fuse(partial(call, k))
            inner = Factor(arg, (*factor.indices[:batch], *core), 1, self.index.by)
            for term in opened(slope, outer, self.letters, self.sizes):
                found.append(term.with_factors((*self._closed(term), inner)))
        return found

    def _closed(self, term: Term) -> tuple[Factor, ...]:
        """The factors of f′, refused where one would hide a sum over an index."""
        for f in term.factors:
            if f.node is not None and not _is_plain(f.node):
                raise UnsupportedError(
                    "the derivative of a function here holds a product inside a sum",
                    hint="use the method chain",
                )
        return term.factors

    def _fresh(self, size: Size) -> str:
        letter = next(self.letters)
        self.sizes[letter] = size
        return letter

    def deltas(self, terms: list[Term]) -> list[Term]:
        """∂X_pq/∂X_kl = δ_pk δ_ql."""
        variable = self.index.problem.variable
        found, notes = [], dict[str, None]()
        for term in terms:
            factors: list[Factor] = []
            for f in term.factors:
                if f.by is None or f.node is not variable:
                    factors.append(f)
                    continue
                pairs = zip(f.indices, f.by.indices, variable.shape, strict=True)
                factors += [copy_of((p, k), size) for p, k, size in pairs]
                notes.setdefault(_delta_note(f))
            found.append(term.with_factors(factors))
        note = next(iter(notes), "")
        return self.line("derivative of the variable", found, note) if notes else terms

    def substituted(self, terms: list[Term]) -> list[Term]:
        """The known derivative of a part put in its place."""
        names: dict[str, None] = {}
        found = []
        for term in terms:
            k = _place(term, lambda f: f.node in self.index.known)
            if k is None:
                found.append(term)
                continue
            f = term.factors[k]
            assert f.node is not None
            names.setdefault(f.node.key[1])
            found += self._inserted(term, k, self.index.known[f.node])
        rule = f"insert the derivative of {', '.join(names)}"
        return self.line(rule, found) if names else terms

    def _inserted(self, term: Term, k: int, known: Derivative) -> list[Term]:
        by = self.index.by.indices
        axes = known.axes[: len(known.axes) - len(by)]
        at = term.factors[k].indices
        fresh = Fresh(self.letters, known.sizes, self.sizes)
        inner = inserted(known.terms, axes, at, by, fresh)
        return [_with_inner(term, k, part) for part in inner]

    def contracted(self, terms: list[Term]) -> list[Term]:
        """One δ a line, in every term that has one."""
        free = {i for axis in self.axes for i in axis}
        while True:
            found = [contracted(term, free) for term in terms]
            notes = dict.fromkeys(done.note for done in found if done)
            if not notes:
                return terms
            terms = [
                done.term if done else term
                for done, term in zip(found, terms, strict=True)
            ]
            self.line("contract", terms, "; ".join(notes))

    def merged(self, terms: list[Term]) -> list[Term]:
        """Like terms added."""
        found = like_terms(terms, self.axes, self.sizes, self.index.tables)
        if len(found) == len(terms):
            return terms
        return self.line("like terms", found)


def _with_inner(term: Term, k: int, inner: Term) -> Term:
    """The term with its k-th factor replaced by those of another."""
    factors = (*term.factors[:k], *inner.factors, *term.factors[k + 1 :])
    return Term(multiply(term.coefficient, inner.coefficient), factors)


def _delta_note(f: Factor) -> str:
    """∂X_pq/∂X_kl = δ_pk δ_ql."""
    assert f.by is not None
    below = [f"{p}{k}" for p, k in zip(f.indices, f.by.indices, strict=True)]
    name = f.by.name
    if not below:
        return f"∂{name}/∂{name} = 1"
    left = f"∂{name}_{''.join(f.indices)}/∂{name}_{''.join(f.by.indices)}"
    return f"{left} = {' '.join(f'δ_{pair}' for pair in below)}"


def _place(term: Term, wanted: Callable[[Factor], bool]) -> int | None:
    """The place of the derivative in a term, if it is of the wanted kind."""
    for k, f in enumerate(term.factors):
        if f.by is not None and wanted(f):
            return k
    return None


RULES = {
    "inv": "derivative of the inverse",
    "logdet": "derivative of log det",
    "det": "derivative of the determinant",
    "norm2": "derivative of the norm",
    "softmax": "derivative of softmax",
    "lse": "derivative of log-sum-exp",
    "power": "power rule",
}


def _rule_of(call: Call) -> str:
    return RULES.get(call.function, "chain rule")


def _is_plain(node: Node) -> bool:
    """Whether nothing is summed inside a factor."""
    if isinstance(node, Sum):
        return all(_is_entrywise(e) for e, _ in node.terms)
    return isinstance(node, Tensor) or (
        isinstance(node, Call)
        and all(isinstance(a, Tensor) or _is_entrywise(a) for a in node.args)
    )


def _is_entrywise(node: Node) -> bool:
    """Whether a node is functions entry by entry of leaves, without summed indices."""
    for e in toposort(node):
        match e:
            case Call() if not is_elementwise(e.function) and not all(
                isinstance(a, Tensor) for a in e.args
            ):
                return False
            case Tensor() | Call() | Sum():
                continue
            case _:
                shown = {i for axis in e.out for i in axis}
                if len(shown) < len(e.dims):
                    return False
    return True
