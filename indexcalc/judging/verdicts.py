"""Is my answer right? A verdict, in a sentence or two, with what it rests on.

>>> from indexcalc.ways_in import check, parse
>>> f = parse("x'*A*x", A="n n", x="n")
>>> print(check(f, "x", "(A + A')x"))
Right: the gradient in the variable's shape.
>>> check(f, "x", "2Ax").kind
'assumption'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..broadcasting import as_node
from ..comparison.evidence import DRAWS, TOLERANCE, drawn, smooth_functions
from ..comparison.sampling import Reals, Sample, size_names
from ..errors import IndexCalcError, ShapeError, UnsupportedError
from ..face import Expression
from ..index_text import index_text
from ..labelling import metered
from ..legible import quoted
from ..nodes import Node, Tensor, toposort
from ..operators import bare
from ..pairwise import Array
from ..sizes import Shape, shape_text, value_of
from .answers import (
    Context,
    LatexReader,
    Reading,
    context_names,
    readings,
    require_left_side,
)
from .cases import Case, Question, ask, case_of, defined
from .differentials import as_derivative, direction
from .judges import Finding, judged
from .layouts import DENOMINATOR, LAYOUTS, NUMERATOR, Arrangement
from .records import CONVENTIONAL, RIGHT, Verdict, Witness

#: Up to how many characters a formula is written into the sentence.
LONGEST = 400
#: Up to how many nodes a formula is sought in matrix notation.
MATRIX_NODES = 400


def said(node: Node) -> str:
    """An expression in matrix notation, or in index notation where there is none."""
    if len(toposort(node)) <= MATRIX_NODES:
        try:
            return str(Expression(node).matrix())
        except UnsupportedError:
            return str(index_text(node))
    return str(index_text(node))


Asked = Expression | str


@dataclass(frozen=True, slots=True)
class Given:
    """What helps to read an answer: further shapes, its free indices, what reads
    LaTeX."""

    shapes: Mapping[str, object]
    out: str | Sequence[str] | None = None
    latex: LatexReader | None = None


@metered()
def verdicts(
    f: Expression,
    variable: Asked | Sequence[Asked],
    answer: Any,
    *,
    order: int = 1,
    shapes: Mapping[str, object] | None = None,
    layout: str | None = None,
    out: str | Sequence[str] | None = None,
    latex: LatexReader | None = None,
) -> Verdict | tuple[Verdict, ...]:
    """The verdict on one answer, or on as many answers as there are variables; see
    `ways_in.check`."""
    if type(order) is not int or order not in (1, 2):
        raise UnsupportedError(
            f"an answer of order {quoted(order)} cannot be checked",
            hint="check the derivative of the derivative",
        )
    given = Given(shapes or {}, out, latex)
    asked = list(variable) if isinstance(variable, (list, tuple)) else [variable]
    leaves = [f._tensor(one) for one in asked]
    if isinstance(answer, (list, tuple)):
        if len(answer) != len(leaves):
            raise ShapeError(
                f"{len(answer)} answers for {len(leaves)} variables",
                hint="give one answer for each variable",
            )
        return tuple(
            verdict(f, [leaf] * order, one, given, layout)
            for leaf, one in zip(leaves, answer, strict=True)
        )
    by = leaves * order if len(leaves) == 1 else leaves
    if len(by) != order:
        raise ShapeError(
            f"one answer for {len(leaves)} variables at order {order}",
            hint="give a list of answers, one for each variable",
        )
    return verdict(f, by, answer, given, layout)


def verdict(
    f: Expression,
    by: Sequence[Tensor],
    answer: object,
    given: Given,
    layout: str | None = None,
) -> Verdict:
    """What an answer is to the derivative of `f` by one variable, or by two in turn.

    Raises `ParseError` and its like for an answer that cannot be read, `ShapeError` for
    an unknown layout, `UnsupportedError` where nothing can be evaluated.
    """
    if layout is not None and (not isinstance(layout, str) or layout not in LAYOUTS):
        raise ShapeError(
            f"the layout {quoted(layout)} is not one of {', '.join(LAYOUTS)}"
        )
    question = ask(f.written, by)
    expected = f._derived(question.derivative, question.value)
    expected.by = tuple((leaf.name, len(leaf.shape)) for leaf in by)
    found: list[tuple[tuple[int, int, int], Verdict]] = []
    for k, reading in enumerate(_read(f, question, answer, given)):
        one, fits = _one_verdict(question, expected, reading, layout)
        found.append(((not one, not fits, k), one))
        if one.right:
            break
    return min(found, key=lambda row: row[0])[1]


def _read(
    f: Expression,
    question: Question,
    answer: object,
    given: Given,
) -> list[Reading]:
    if isinstance(answer, Expression):
        return [Reading(answer.written, "", "expression")]
    if not isinstance(answer, str):
        node = as_node(bare(answer))
        return [Reading(node, "", "expression")]
    leaves, functions = context_names(f.written)
    leaves = f.scope | leaves | {leaf.name: leaf for leaf in question.by}
    steps = (
        {} if len(question.by) > 1 else {leaf: direction(leaf) for leaf in question.by}
    )
    leaves = {step.name: step for step in steps.values()} | leaves
    case = Case(question, question.derivative)
    targets = [a.shape(case.expected.shape) for a in case.arrangements]
    axes = index_text(question.derivative).axes
    context = Context(
        leaves, targets, axes, given.shapes, functions, given.out, given.latex
    )
    require_left_side(answer, [leaf.name for leaf in question.by], context)
    return [
        as_derivative(reading, question.by) for reading in readings(answer, context)
    ]


def _one_verdict(
    question: Question, expected: Expression, reading: Reading, layout: str | None
) -> tuple[Verdict, bool]:
    """The verdict on one reading, and whether its shape is that of some layout."""
    case = case_of(question, reading.node)
    finding = judged(case) or _not_right(case)
    finding = _as_asked(_standing(case, finding, reading), layout)
    witness = None
    if finding.kind not in (*RIGHT, *CONVENTIONAL, "other layout"):
        witness = _witness(case, finding)
    evidence = finding.evidence
    facts = evidence.assumptions if evidence is not None else ()
    made = Verdict(
        finding.kind,
        finding.kind in RIGHT,
        "",
        finding.arrangement.words if finding.arrangement else "",
        expected,
        witness,
        evidence,
        (*finding.assumed, *facts),
    )
    text = _sentence(case, finding, made, reading.note)
    return replace(made, text=text), bool(case.fitting)


def _not_right(case: Case) -> Finding:
    """Wrong; what has the right shape must differ at some point to be called so."""
    if case.fitting and not defined(case.wanted, case.given).any():
        raise UnsupportedError(
            "the answer is not defined at any of the points tried",
            hint="declare structure, such as positive or pd, or check a smaller part",
        )
    return Finding("wrong")


def _standing(case: Case, finding: Finding, reading: Reading) -> Finding:
    """The gradient by a vector, written as a row, is the numerator layout."""
    row = reading.stands == "row" and case.value == 0 and len(case.expected.shape) == 1
    if not (row and finding.kind == "equal" and finding.arrangement):
        return finding
    a = replace(finding.arrangement, words="the gradient as a row", names=(NUMERATOR,))
    return replace(finding, kind="layout", detail=a.words, arrangement=a)


def _as_asked(finding: Finding, layout: str | None) -> Finding:
    """Right or not in the layout that was asked for."""
    a = finding.arrangement
    if layout is None or a is None or finding.kind not in ("equal", "layout"):
        return finding
    if layout in a.names:
        return replace(finding, kind="equal")
    return replace(finding, kind="other layout")


# -- witnesses -------------------------------------------------------------------------


def _witness(case: Case, finding: Finding) -> Witness | None:
    """Small integers at which the answer is wrong, else random numbers."""
    a = finding.arrangement
    foreign = finding.kind in ("other variable", "other order")
    if a is None or foreign or a.shape(case.expected.shape) != case.answer.shape:
        a = next(iter(case.fitting), None)
    if a is None:
        return None
    pair = (a.node(case.expected), case.answer)
    for draw in range(-1, DRAWS):
        try:
            found = _differing(case, pair, draw)
        except IndexCalcError:
            continue
        if found is not None:
            return found
    return None


def _differing(case: Case, pair: tuple[Node, Node], draw: int) -> Witness | None:
    names = size_names(*case.leaves.values(), *pair)
    sizes = dict.fromkeys(names, 2 if draw < 1 else 3)
    values = {}
    for k, leaf in enumerate(case.leaves.values()):
        shape = tuple(value_of(size, sizes) for size in leaf.shape)
        rng = np.random.default_rng([k, abs(draw)])
        values[leaf.name] = drawn(rng, shape, leaf.structure, draw)
    known: dict[Node, Array] = {case.leaves[n]: v[None] for n, v in values.items()}
    sample = Sample(Reals(1, smooth_functions(*pair)), sizes, known)
    right, wrong = (sample.value(e)[0] for e in pair)
    off = np.abs(right - wrong)
    if not off.size or not np.isfinite(off).all() or off.max() <= TOLERANCE:
        return None
    entry = tuple(int(k) for k in np.unravel_index(off.argmax(), off.shape))
    return Witness(values, entry, right[entry].item(), wrong[entry].item())


# -- sentences -------------------------------------------------------------------------

Sentence = Callable[[Case, Finding], str]


def _sentence(case: Case, finding: Finding, made: Verdict, note: str) -> str:
    text = SENTENCES[finding.kind](case, finding)
    if note:
        text += f" It is read {note}."
    if made.witness is not None:
        text += f" For instance {made.witness}."
    evidence = finding.evidence
    if evidence is not None and evidence.assumptions:
        text += f" This takes it that {', '.join(evidence.assumptions)}."
    if evidence is not None and evidence.equal is None:
        how = "to ten digits" if evidence.method == "digits" else "in floats"
        text += f" There is no proof, only agreement {how} at random points."
    return text


def _layout(a: Arrangement | None) -> str:
    if a is None:
        return ""
    named = next((n for n in a.names if n in (NUMERATOR, DENOMINATOR)), None)
    return f"{a.words} ({named} layout)" if named else a.words


def _elsewhere(finding: Finding) -> str:
    """The layout, where it is not the plain one."""
    a = finding.arrangement
    return "" if a is None or a.plain else f", as {_layout(a)}"


def _truth(case: Case) -> str:
    return f"the derivative is {_shortly(case.question.derivative)}"


def _shortly(node: Node) -> str:
    text = said(node)
    return text if len(text) <= LONGEST else "a long formula"


def _part(finding: Finding) -> str:
    return _shortly(finding.part) if finding.part is not None else ""


def _equal(case: Case, finding: Finding) -> str:
    a = finding.arrangement
    return f"Right: {a.words if a else finding.detail}."


def _other_layout(case: Case, finding: Finding) -> str:
    words = _layout(finding.arrangement) or finding.detail
    return (
        f"Right in another layout: {words}. With the value's axes first {_truth(case)}."
    )


def _not_asked(case: Case, finding: Finding) -> str:
    words = _layout(finding.arrangement)
    return f"Not in the layout asked for: this is {words}, and {_truth(case)}."


def _if(case: Case, finding: Finding) -> str:
    where = _elsewhere(finding)
    return f"Right {finding.detail}{where}; in general {_truth(case)}."


def _convention(case: Case, finding: Finding) -> str:
    facts = f", if {' and '.join(finding.assumed)}" if finding.assumed else ""
    return (
        f"Right by another convention: the derivative {finding.detail}{facts}. By the "
        f"one used here {_truth(case)}."
    )


def _diagonal(case: Case, finding: Finding) -> str:
    return (
        f"Only the diagonal, {finding.detail}: {_truth(case)}, zero elsewhere, and its "
        "diagonal is right."
    )


def _only_part(case: Case, finding: Finding) -> str:
    return f"Only a part, {finding.detail}: {_truth(case)}, not zero elsewhere."


def _sum(case: Case, finding: Finding) -> str:
    return f"This is the derivative {finding.detail}; {_truth(case)}."


def _factor(case: Case, finding: Finding) -> str:
    where = _elsewhere(finding)
    return f"Off by a factor{where}: {_truth(case)}, {finding.detail} times this."


def _sign(case: Case, finding: Finding) -> str:
    return f"The sign is wrong{_elsewhere(finding)}: {_truth(case)}."


def _transpose(case: Case, finding: Finding) -> str:
    return (
        f"A transpose is wrong{_elsewhere(finding)}: with one {finding.detail} "
        f"transposed it is right, {_part(finding)}."
    )


def _missing_factor(case: Case, finding: Finding) -> str:
    return f"A factor {finding.detail} is missing{_elsewhere(finding)}: {_truth(case)}."


def _extra_factor(case: Case, finding: Finding) -> str:
    where = _elsewhere(finding)
    return f"One factor {finding.detail} is too many{where}: {_truth(case)}."


def _about_term(what: str) -> Sentence:
    def sentence(case: Case, finding: Finding) -> str:
        where = _elsewhere(finding)
        return f"The term {_part(finding)} {what}{where}: {_truth(case)}."

    return sentence


def _term_factor(case: Case, finding: Finding) -> str:
    return (
        f"The term {_part(finding)} has another coefficient here, which is to be taken "
        f"{finding.detail} times{_elsewhere(finding)}: {_truth(case)}."
    )


def _other_variable(case: Case, finding: Finding) -> str:
    asked = case.question.by[0].name
    return f"This is the derivative by {finding.detail}; by {asked} {_truth(case)}."


def _other_order(case: Case, finding: Finding) -> str:
    return f"This is {finding.detail}; {_truth(case)}."


def _of_shape(shape: Shape) -> str:
    return f"of shape {shape_text(shape)}" if shape else "a scalar"


def _wrong(case: Case, finding: Finding) -> str:
    if case.fitting:
        return f"Wrong: {_truth(case)}."
    given, wanted = (_of_shape(e.shape) for e in (case.answer, case.expected))
    return f"Wrong: the answer is {given}, the derivative {wanted}; {_truth(case)}."


SENTENCES: dict[str, Sentence] = {
    "equal": _equal,
    "layout": _other_layout,
    "other layout": _not_asked,
    "assumption": _if,
    "convention": _convention,
    "diagonal": _diagonal,
    "part": _only_part,
    "sum": _sum,
    "factor": _factor,
    "sign": _sign,
    "transpose": _transpose,
    "missing factor": _missing_factor,
    "extra factor": _extra_factor,
    "missing term": _about_term("is missing"),
    "missing terms": _about_term("is missing"),
    "extra term": _about_term("is too many"),
    "term sign": _about_term("has the wrong sign"),
    "term factor": _term_factor,
    "other variable": _other_variable,
    "other order": _other_order,
    "wrong": _wrong,
}
