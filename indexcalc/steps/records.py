"""Steps, and the derivation they make.

A step is one line: what it is about, what that equals, the rule that gave it. Lines
about the same thing form a chain, and all of them have one value, which `Step.value`
holds as a node: that is how a derivation is checked line by line.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf
>>> x = tensor("x", ("n",))
>>> step = Step("write", words("f"), words(leaf(x)), words("as given"), x)
>>> Derivation("differential", (step,), x).text()
'f = x    [write: as given]'
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from ..errors import BudgetError
from ..marked import code, formula, prose
from ..nodes import Node, Tensor
from .words import Notation, Words, notation, words

#: The most lines of a derivation, and the most letters in all of them.
STEP_LIMIT, LETTER_LIMIT = 400, 200_000


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `about` = `body`, by `rule`, `reason` saying why.

    `value` is a node that has the value of every line about the same thing.
    """

    rule: str
    about: Words
    body: Words
    reason: Words
    value: Node

    @property
    def left(self) -> str:
        """What the line is about, in plain text."""
        return self.about.spelled(notation("plain"))

    @property
    def right(self) -> str:
        """What it equals after the step, in plain text."""
        return self.body.spelled(notation("plain"))

    @property
    def because(self) -> str:
        """A note on the step, in plain text; perhaps empty."""
        return self.reason.spelled(notation("plain"))


@dataclass(frozen=True, slots=True, repr=False)
class Derivation:
    """The steps of a method from an expression to its derivative.

    `result` is the derivative as the engine has it, which the last line was compared
    with. `directions` are the tensors that stand for differentials, free to have any
    value; `bases` those that stand for a basis vector.
    """

    method: str
    steps: tuple[Step, ...]
    result: Node
    directions: tuple[Tensor, ...] = ()
    bases: tuple[Tensor, ...] = ()

    def __str__(self) -> str:
        return self.text("paper")

    __repr__ = __str__

    def text(self, style: str = "plain") -> str:
        """The lines one under another, each with its rule; style is plain or paper."""
        chosen = notation(style)
        rows = [row for chain in _chains(self.steps) for row in _rows(chain, chosen)]
        wide = min(max((len(line) for line, _ in rows), default=0), 64)
        return "\n".join(
            f"{line.ljust(wide)}    [{note}]" if note else line for line, note in rows
        )

    def latex(self) -> str:
        """The lines as one `aligned` environment, the rules at the right."""
        chosen = notation("latex")
        rows = []
        for chain in _chains(self.steps):
            for k, step in enumerate(chain):
                left = "" if k else step.about.spelled(chosen)
                note = rf"\text{{({chosen.prose(_note(step))})}}"
                rows.append(f"{left} &= {step.body.spelled(chosen)} && {note}")
        lines = " \\\\\n".join(rows)
        return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"

    def markdown(self) -> str:
        """The lines as a numbered list, rules first."""
        chosen = notation("paper")
        rows = []
        for k, step in enumerate(self.steps, 1):
            line = f"{step.about.spelled(chosen)} = {step.body.spelled(chosen)}"
            reason = step.reason.spelled(chosen)
            because = f" ({reason})" if reason else ""
            rows.append(f"{k}. *{step.rule}*{because}: {code(line)}")
        return "\n".join(rows)

    def _repr_markdown_(self) -> str:
        """The list with its formulas in LaTeX, as a notebook shows it."""
        return "\n".join(f"{k}. {_shown(step)}" for k, step in enumerate(self.steps, 1))


def _shown(step: Step) -> str:
    """A line of a derivation: its formula, then its rule and the reason."""
    latex = notation("latex")
    line = f"{step.about.spelled(latex)} = {step.body.spelled(latex)}"
    shown = rf"\displaystyle {line}"
    return f"{formula(shown)} &ensp; *{prose(_note(step))}*"


def _chains(steps: tuple[Step, ...]) -> list[list[Step]]:
    """Neighbouring lines about the same thing."""
    return [list(chain) for _, chain in groupby(steps, key=lambda step: step.left)]


def _rows(chain: list[Step], chosen: Notation) -> list[tuple[str, str]]:
    """The lines of a chain, its left side once, and their notes."""
    left = chain[0].about.spelled(chosen)
    rows = []
    for k, step in enumerate(chain):
        shown = " " * len(left) if k else left
        reason = step.reason.spelled(chosen)
        note = f"{step.rule}: {reason}" if reason else step.rule
        rows.append((f"{shown} = {step.body.spelled(chosen)}", note))
    return rows


def _note(step: Step) -> str:
    reason = step.reason.spelled(notation("paper"))
    return f"{step.rule}: {reason}" if reason else step.rule


class Lines:
    """A derivation being written: lines in order, none that repeats the one before."""

    __slots__ = ("_last", "_length", "steps")

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._last = ("", "")
        self._length = 0

    def add(
        self, rule: str, about: Words, body: Words, value: Node, reason: object = ""
    ) -> None:
        """One more line, unless it says what the line before says.

        Raises `BudgetError` beyond the limits on lines and on their letters together.
        """
        why = reason if isinstance(reason, Words) else words(str(reason))
        step = Step(rule, about, body, why, value)
        shown = step.left, step.right
        if self.steps and shown == self._last:
            return
        self._last = shown
        self._length += len(step.right)
        many = len(self.steps) >= STEP_LIMIT
        if many or self._length > LETTER_LIMIT:
            most = f"{STEP_LIMIT} steps" if many else f"{LETTER_LIMIT:,} letters"
            raise BudgetError(
                f"the derivation is longer than {most}",
                hint="derive a part of the expression at a time",
            )
        self.steps.append(step)
