"""A question and an answer to it, at sample points: what the judges look at.

The derivative and the answer are evaluated in floats at a few points of small sizes;
what agrees there is then confirmed by `comparison.evidence`. Axes of size 1 carry
nothing and are dropped from both.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, scale
>>> x = tensor("x", ("n",))
>>> question = ask(contract(x, x), [x])
>>> case = Case(question, scale(2, x))
>>> agree(case.wanted, case.given)
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..comparison.evidence import drawn, smooth_functions
from ..comparison.sampling import Reals, Sample, size_names, small_sizes
from ..derivative import as_scalar, gradient, jacobian
from ..errors import EvaluationError, UnsupportedError
from ..expr import einsum
from ..nodes import Node, Tensor, toposort, variables
from ..pairwise import Array
from ..sizes import value_of
from .layouts import Arrangement, layouts

POINTS = 4
TOLERANCE = 1e-7
ROUNDS = 5
#: How many nodes may be evaluated for variations of one kind.
PATIENCE = 4_000


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the derivative of a node by one variable, or by two in turn.

    `derivative` has the axes of the value first, `value` of them; of a Hessian those of
    the first variable count as the value's.
    """

    node: Node
    by: tuple[Tensor, ...]
    derivative: Node
    value: int
    second: bool


def ask(node: Node, by: Sequence[Tensor]) -> Question:
    """The question with its true answer, a gradient, a Jacobian or a Hessian."""
    single = all(size == 1 for size in node.shape)
    if len(by) == 1:
        if single:
            return Question(node, tuple(by), gradient(node, by[0]), 0, False)
        found = jacobian(node, by[0])
        return Question(node, tuple(by), found, len(node.shape), False)
    root = as_scalar(node) if single else node
    both = jacobian(jacobian(root, by[0]), by[1])
    value = len(root.shape) or len(by[0].shape)
    return Question(node, tuple(by), both, value, single)


def squeezed(node: Node) -> Node:
    """The node without its axes of size 1."""
    axes = [k for k, size in enumerate(node.shape) if size != 1]
    if len(axes) == len(node.shape):
        return node
    return einsum([(node, range(len(node.shape)))], axes)


class Case:
    """A question, an answer, and both at sample points; `round_` chooses the sizes, and
    `assumed` what is assumed of variables."""

    def __init__(
        self,
        question: Question,
        answer: Node,
        round_: int = 0,
        assumed: Mapping[str, str] | None = None,
    ) -> None:
        self.question = question
        self.answer = squeezed(answer)
        self.expected = squeezed(question.derivative)
        kept = [size != 1 for size in question.derivative.shape]
        self.value = sum(kept[: question.value])
        self.round = round_
        self.assumed = dict(assumed or {})

    @cached_property
    def leaves(self) -> dict[str, Tensor]:
        """Every variable of the question and the answer, by name."""
        question = self.question
        return variables(question.node, question.derivative, self.answer, *question.by)

    @cached_property
    def sample(self) -> Sample:
        """The sample points."""
        roots = (*self.leaves.values(), self.question.node, self.expected, self.answer)
        sizes = small_sizes(size_names(*roots), self.round)
        sample = Sample(Reals(POINTS, smooth_functions(*roots)), sizes)
        for k, (name, leaf) in enumerate(self.leaves.items()):
            rng = np.random.default_rng([k, self.round])
            shape = tuple(value_of(size, sizes) for size in leaf.shape)
            sample.values[leaf] = _points(rng, shape, leaf, self.assumed.get(name, ""))
        return sample

    def at(self, node: Node) -> Array:
        """A node at the sample points; NaN where it cannot be evaluated at any."""
        try:
            return self.sample.value(node)
        except EvaluationError:
            return np.full((POINTS, *self.sample.shape(node)), np.nan)

    @property
    def wanted(self) -> Array:
        """The derivative at the sample points."""
        return self.at(self.expected)

    @property
    def given(self) -> Array:
        """The answer at the sample points."""
        return self.at(self.answer)

    @cached_property
    def patience(self) -> int:
        """How many variations are tried: fewer of a long expression."""
        count = len(toposort(self.expected, self.answer))
        return max(2, PATIENCE // count)

    @cached_property
    def arrangements(self) -> list[Arrangement]:
        """Every layout of the derivative."""
        rest = len(self.expected.shape) - self.value
        return layouts(self.value, rest, self.question.second)

    @cached_property
    def fitting(self) -> list[Arrangement]:
        """The layouts that have the answer's shape."""
        target, shape = self.answer.shape, self.expected.shape
        return [a for a in self.arrangements if a.shape(shape) == target]

    def under(self, assumed: Mapping[str, str]) -> Case:
        """The same case where something is assumed of variables."""
        return Case(self.question, self.answer, self.round, assumed)

    def again(self) -> Case:
        """The same case at other points and sizes, where both sides are defined if
        there are such sizes."""
        first = self.round + 1
        return _best(
            Case(self.question, self.answer, round_, self.assumed)
            for round_ in range(first, first + ROUNDS)
        )


def case_of(question: Question, answer: Node) -> Case:
    """The case at the first choice of sizes at which both sides are defined.

    Raises `UnsupportedError` where the derivative is defined at none.
    """
    found = _best(Case(question, answer, round_) for round_ in range(ROUNDS + 1))
    if not defined(found.wanted).any():
        raise UnsupportedError(
            "the derivative is not defined at any of the points tried",
            hint="declare structure, such as positive or pd, or check a smaller part",
        )
    return found


def _best(cases: Iterable[Case]) -> Case:
    """The first case in which both sides are defined at some point, else one in which
    the derivative is, else the first."""
    tried: list[Case] = []
    for case in cases:
        if defined(case.wanted).any() and defined(case.given).any():
            return case
        tried.append(case)
    return next((case for case in tried if defined(case.wanted).any()), tried[0])


def _points(
    rng: np.random.Generator, shape: tuple[int, ...], leaf: Tensor, assumed: str
) -> Array:
    structure = f"{leaf.structure} {assumed}".strip()
    rows = [drawn(rng, shape, structure, k) for k in range(POINTS)]
    return np.array([ASSUMED.get(assumed, _unchanged)(rng, a) for a in rows])


def _unchanged(rng: np.random.Generator, a: Array) -> Array:
    return a


def _mask(rng: np.random.Generator, a: Array) -> Array:
    return rng.integers(0, 2, a.shape).astype(float)


def _unit(rng: np.random.Generator, a: Array) -> Array:
    return a / np.sqrt((a * a).sum())


def _positive(rng: np.random.Generator, a: Array) -> Array:
    return np.abs(a)


#: What may be assumed of a variable beside the structures, and how it is drawn.
ASSUMED: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "a mask": _mask,
    "a unit vector": _unit,
    "positive": _positive,
}


# -- agreement -------------------------------------------------------------------------


def agree(a: Array, b: Array) -> bool:
    """Whether two values are equal up to rounding at every point where both are finite,
    and there is such a point."""
    if a.shape != b.shape:
        return False
    fine = defined(a, b)
    if not fine.any():
        return False
    left, right = a[fine], b[fine]
    bar = TOLERANCE * (1 + _largest(left))
    return bool((_largest(left - right) <= bar).all())


def defined(*arrays: Array) -> Array:
    """The points at which all arrays are finite."""
    flat = [np.isfinite(array.reshape(len(array), -1)).all(1) for array in arrays]
    return np.logical_and.reduce(flat)


def _largest(array: Array) -> Array:
    return np.abs(array.reshape(len(array), -1)).max(1, initial=0.0)


def is_zero(array: Array) -> bool:
    """Whether a value is zero up to rounding at every point where it is finite."""
    fine = defined(array)
    return bool(fine.any()) and bool((np.abs(array[fine]) <= TOLERANCE).all())


def ratio(a: Array, b: Array) -> Array | None:
    """c with b = c·a at each point, one number a point; None where there is none."""
    if a.shape != b.shape:
        return None
    fine = defined(a, b)
    left, right = (x.reshape(len(x), -1)[fine] for x in (a, b))
    with np.errstate(over="ignore", invalid="ignore"):
        square = (left * left.conj()).sum(1).real
        crossed = (left.conj() * right).sum(1).real
    if not fine.any() or not np.isfinite([square, crossed]).all():
        return None
    if (square <= TOLERANCE**2).any():
        return None
    factor = crossed / square
    off = np.abs(right - factor[:, None] * left).max(1, initial=0.0)
    bar = TOLERANCE * (1 + np.abs(right).max(1, initial=0.0))
    if (off > bar).any() or (np.abs(factor) < TOLERANCE).any():
        return None
    return np.asarray(factor)
