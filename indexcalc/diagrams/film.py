"""A derivation as pictures: from a loop round an expression to its derivative.

Every frame is a diagram of the derivative, with fewer loops than the one before or
smaller ones; a step applies one rule wherever it fits. A ones dot on another dot is
fused where it arises. The last frame is the diagram of the simplified derivative. Boxes
keep their ids from frame to frame, indices their names, and the free ends are the same
in all frames.

>>> from indexcalc.expr import einsum, tensor
>>> A, X = tensor("A", ("n", "n")), tensor("X", ("n", "n"))
>>> for frame in derivation_frames(einsum([(A, (0, 1)), (X, (1, 0))], []), X):
...     print(frame.rule)
as given
constants come out
delete the node
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..derivative import jacobian, require_short
from ..errors import BudgetError, UnsupportedError
from ..labelling import metered
from ..nodes import Node, Tensor
from ..simplify import fuse
from .build import BOX_LIMIT, Axes, model_of
from .captions import Words, closing, words_of
from .keeping import boxes_of, names_of_same, renamed, with_ids, with_names
from .likeness import likeness
from .loops import RULES, Ground, box_alone, fastened, loop_round, mark_of
from .model import Box, Model, Network, Picture, Term
from .parts import (
    Part,
    fresh_names,
    identified,
    labelled_like,
    part_nodes,
    parts_used,
)
from .splicing import (
    bracket_round,
    dots_fused,
    ones_fused,
    opened,
    units_parted,
    wedged,
    wiring,
    with_box,
)

#: The most frames of a derivation, and the most terms of a sum that is multiplied out.
FRAME_LIMIT, TERM_LIMIT = 40, 24

#: The most boxes of all frames together.
FILM_LIMIT = 4_000

#: Which marks are worked out in one step, in the order in which they are.
STEPS: tuple[tuple[str, ...], ...] = (
    ("sum",),
    ("product", "constant"),
    ("part",),
    ("elementwise",),
    ("inverse",),
    ("determinant",),
    ("whole",),
    ("self",),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a derivation; `rule` is the name of what led to it, `reason` a
    sentence about it."""

    model: Model
    rule: str
    reason: str


@metered()
def derivation_frames(
    node: Node,
    variable: Tensor,
    axes: Axes | None = None,
    *,
    order: int = 1,
) -> tuple[Frame, ...]:
    """The derivation of ∂node/∂variable, or with `order=2` of the second derivative.

    `axes` tells of a node that is a derivative itself what its axes are.

    Raises `BudgetError` for more than `FRAME_LIMIT` frames, a frame of more than
    `BOX_LIMIT` boxes, or more than `FILM_LIMIT` boxes in all.
    """
    if order not in (1, 2):
        said = f'"{order}"' if isinstance(order, str) else repr(order)
        raise UnsupportedError(f"order is {said}, and must be 1 or 2")
    told = axes or Axes(("",) * len(node.shape))
    given = _given(node, told)
    once = differentiated(told, variable)
    first = _Derivation.of(given, node, variable, once).frames()
    if order == 1:
        return _within_limit(first)
    slope, twice = jacobian(node, variable), differentiated(once, variable)
    require_short(slope)
    second = _Derivation.of(first[-1].model, slope, variable, twice)
    words = words_of("as given twice", (), second.ground)
    rounds = [second.round_frame(frame) for frame in first]
    rounds[0] = Frame(rounds[0].model, words.rule, words.reason)
    return _within_limit(second.frames(rounds))


def differentiated(axes: Axes, variable: Tensor) -> Axes:
    """The axes of the derivative: those of the variable come last."""
    name = variable.name
    return Axes((*axes.of, *(name for _ in variable.shape)), (*axes.by, name))


def _given(node: Node, axes: Axes) -> Model:
    """The fused diagram of a node; that of what was written, where it has another
    number of terms and is no derivative itself."""
    fused = model_of(fuse(node), axes)
    if axes.by:
        return fused
    with suppress(BudgetError):
        written = model_of(node, axes, unfused=True)
        if len(written.picture.terms) != len(fused.picture.terms):
            parts = tuple((name, dots_fused(part)) for name, part in written.parts)
            return replace(written, picture=dots_fused(written.picture), parts=parts)
    return fused


# -- one derivation --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Derivation:
    """What is differentiated, by what, and the diagram of the result."""

    content: Model
    ground: Ground
    result: Model
    fresh: Iterator[str]

    @classmethod
    def of(
        cls, content: Model, node: Node, variable: Tensor, axes: Axes
    ) -> _Derivation:
        """The derivation of what `content` draws: the node; `axes` are the result's."""
        result = model_of(fuse(jacobian(node, variable)), axes)
        named = labelled_like(content, result)
        ground = Ground.of(variable, named.parts)
        return cls(named, ground, result, fresh_names(node, named, result))

    def frames(self, before: Sequence[Frame] = ()) -> list[Frame]:
        """From the loop round everything, or from the frames `before`, to the
        result."""
        frames = list(before) or [self.opening()]
        picture = frames[-1].model.picture
        while any(active_loops(picture)):
            fused = self._kept(dots_fused(picture), self.content.parts)
            loops = list(active_loops(fused))
            marks = {mark_of(loop, self.ground) for loop in loops}
            step = next(step for step in STEPS if marks.intersection(step))
            done = [loop for loop in loops if mark_of(loop, self.ground) in step]
            grown = stepped(fused, step, self.ground)
            after = ones_fused(grown)
            said = words_of(step[0], done, self.ground)
            if wiring(fused) != wiring(picture) or wiring(after) != wiring(grown):
                said = said.with_dots()
            frames.append(self._frame(after, said, self.content.parts))
            picture = frames[-1].model.picture
            _within_limit(frames)
        return self._closed(frames)

    def opening(self) -> Frame:
        """The loop round everything."""
        said = words_of("as given", (), self.ground)
        return self.round_frame(Frame(self.content, said.rule, said.reason))

    def round_frame(self, frame: Frame) -> Frame:
        """A frame of the content, with a loop round it."""
        given = labelled_like(frame.model, self.result)
        ends, own = self.result.picture.ends, given.picture.ends
        same = [
            e
            for e, (end, other) in enumerate(zip(own, ends, strict=False))
            if end.sizes == other.sizes
        ]
        flat = wedged(given.picture, same)
        loop = loop_round(flat, self.ground, f"loop {len(self.result.variables)}")
        drawn = Picture(ends, ((1, fastened(loop, ends, same)),))
        return self._frame(drawn, Words(frame.rule, frame.reason), given.parts)

    def _kept(self, picture: Picture, parts: Sequence[Part]) -> Picture:
        """A picture with ids for all boxes and names for all indices."""
        named = with_names(picture, self.result.picture.ends, self.fresh)
        return with_ids([*(part for _, part in parts), named])[-1]

    def _frame(self, picture: Picture, said: Words, parts: Sequence[Part]) -> Frame:
        if sum(1 for _ in boxes_of(picture)) > BOX_LIMIT:
            raise BudgetError(
                f"a picture of a derivation of more than {BOX_LIMIT} boxes",
                hint="differentiate a part of the expression at a time",
            )
        kept = self._kept(picture, parts)
        used = parts_used(kept, parts)
        return Frame(Model(kept, used, self.result.variables), said.rule, said.reason)

    # -- the end -----------------------------------------------------------------------

    def _closed(self, frames: list[Frame]) -> list[Frame]:
        """The frames, the last of which is the diagram of the result: what looks like
        it is the same picture."""
        before = frames[-1].model
        fused = self._kept(dots_fused(before.picture), before.parts)
        if wiring(fused) != wiring(before.picture):
            said = words_of("dots", (), self.ground)
            frames = [*frames, self._frame(fused, said, before.parts)]
        before = replace(before, picture=fused)
        result = identified(self.result, before)
        parts = part_nodes(before.parts)
        looks = {likeness(p, parts) for p in (fused, units_parted(fused))}
        if likeness(result.picture, part_nodes(result.parts)) in looks:
            last = replace(frames.pop(), model=result)
        else:
            said = closing(before, result)
            last = Frame(result, said.rule, said.reason)
        names = names_of_same(fused, result.picture)
        return [*(_renamed(frame, names) for frame in frames), last]


def _renamed(frame: Frame, names: Mapping[str, str]) -> Frame:
    picture = renamed(frame.model.picture, names)
    return replace(frame, model=replace(frame.model, picture=picture))


def _within_limit(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    if len(frames) > FRAME_LIMIT:
        raise BudgetError(
            f"a derivation of more than {FRAME_LIMIT} pictures",
            hint="differentiate a part of the expression at a time",
        )
    if sum(1 for frame in frames for _ in boxes_of(frame.model.picture)) > FILM_LIMIT:
        raise BudgetError(
            f"pictures of a derivation with more than {FILM_LIMIT} boxes in all",
            hint="differentiate a part of the expression at a time",
        )
    return tuple(frames)


# -- one step --------------------------------------------------------------------------


def active_loops(picture: Picture) -> Iterator[Box]:
    """The loops of a picture that no other loop is round: in its terms and in the
    brackets there."""
    stack = [picture]
    while stack:
        for _, network in stack.pop().terms:
            for box in network.boxes:
                if box.kind == "loop":
                    yield box
                elif box.kind == "bracket":
                    stack += box.contents


def stepped(picture: Picture, step: Sequence[str], ground: Ground) -> Picture:
    """The picture with the rules of a step applied to every loop that they fit; sums
    are multiplied out as long as there are few terms."""
    grown = [(term, *_grown(term[1], step, ground)) for term in picture.terms]
    many = sum(len(found.terms) for _, _, found in grown) > TERM_LIMIT
    terms: list[Term] = []
    for term, b, found in grown:
        coefficient, network = term
        box = network.boxes[b] if network.boxes else None
        if box is None or b < 0:
            terms.append(term)
        elif len(found.terms) > 1 and (many or box.kind == "bracket"):
            kept = bracket_round(found, box.id)
            terms.append((coefficient, with_box(network, b, kept)))
        else:
            terms += opened(term, b, found)
    return replace(picture, terms=tuple(terms))


def _grown(
    network: Network, step: Sequence[str], ground: Ground
) -> tuple[int, Picture]:
    """The box that a step changes, and what it becomes; −1 for none."""
    for b, box in enumerate(network.boxes):
        if box.kind == "loop" and (mark := mark_of(box, ground)) in step:
            alone = box_alone(network, b)
            return b, replace(alone, terms=tuple(RULES[mark](box, ground)))
        if box.kind == "bracket" and any(active_loops(box.contents[0])):
            return b, stepped(box.contents[0], step, ground)
    return -1, Picture((), ((1, network),))
