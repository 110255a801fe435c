"""What is said beside a frame of a derivation: the rule and why.

>>> from indexcalc.expr import tensor
>>> words_of("self", [], Ground(tensor("X", ("n", "n")))).rule
'delete the node'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..coefficients import number_text
from ..structure import has_structure
from .loops import Ground, depends, occurrences
from .model import Box, Model, networks


@dataclass(frozen=True, slots=True)
class Words:
    """The short name of a rule, and one sentence."""

    rule: str
    reason: str

    def with_dots(self) -> Words:
        """The same of a step in which dots fuse besides."""
        reason = f"{self.reason.removesuffix('.')}; connected dots are one."
        return Words(f"{self.rule}, dots fuse", reason)


Caption = Callable[[Sequence[Box], Ground], Words]


def words_of(kind: str, loops: Sequence[Box], ground: Ground) -> Words:
    """What is said of a step of this kind, applied to these loops."""
    return CAPTIONS[kind](loops, ground)


def closing(before: Model, after: Model) -> Words:
    """What is said of the last step, which makes the one diagram of the other."""
    if len(after.picture.terms) < len(before.picture.terms):
        return Words("like terms add up", "Equal networks are added.")
    if len(after.parts) > len(before.parts):
        return Words("name what repeats", "What stands in several places has a name.")
    if _size(after) < _size(before):
        return Words("simplify", "This is the canonical form of the same network.")
    return Words(
        "the engine's form", "Equal, and the form in which indexcalc gives it."
    )


def _size(model: Model) -> int:
    """The number of terms and boxes, in frames too."""
    every = list(networks(model))
    return len(every) + sum(len(network.boxes) for network in every)


# -- the captions ----------------------------------------------------------------------


def _as_given(loops: Sequence[Box], ground: Ground) -> Words:
    name = ground.variable.name
    reason = f"The loop marks a derivative by {name} that is not worked out."
    return Words("as given", reason)


def _twice(loops: Sequence[Box], ground: Ground) -> Words:
    name = ground.variable.name
    reason = f"The loop in a loop is the second derivative by {name}, not worked out."
    return Words("as given", reason)


def _sum(loops: Sequence[Box], ground: Ground) -> Words:
    return Words("sum rule", "The loop distributes over sums, and coefficients go out.")


def _product(loops: Sequence[Box], ground: Ground) -> Words:
    name = ground.variable.name
    counts = [_count(loop, ground) for loop in loops]
    zero = f"what is without {name} has the derivative zero"
    if not any(counts):
        return Words("constants vanish", f"{zero[0].upper()}{zero[1:]}.")
    if max(counts) == 1:
        rule, reason = "constants come out", f"What is without {name} leaves the loop"
    else:
        rule = "product rule"
        reason = f"There is one term for each box with {name}, the loop round it alone"
    return Words(rule, f"{reason}; {zero}." if 0 in counts else f"{reason}.")


def _count(loop: Box, ground: Ground) -> int:
    holds = depends(loop.contents[0], ground)
    return len(occurrences(loop, ground)) if holds else 0


def _part(loops: Sequence[Box], ground: Ground) -> Words:
    names = _listed([_box(loop).label for loop in loops])
    return Words(f"open {names}", f"What {names} stands for is written in its place.")


def _elementwise(loops: Sequence[Box], ground: Ground) -> Words:
    names = _listed([_function(_box(loop)) for loop in loops])
    how = "through copy dots on the wires"
    if not any(_box(loop).ports for loop in loops):
        how = "as a factor"
    reason = f"The derivative of the function joins the loop round its argument {how}."
    return Words(f"chain rule: {names}", reason)


def _inverse(loops: Sequence[Box], ground: Ground) -> Words:
    reason = "The inverse splits in two with the loop between them, and a minus sign."
    return Words("inverse splits", reason)


def _determinant(loops: Sequence[Box], ground: Ground) -> Words:
    functions = {_box(loop).function for loop in loops}
    appears = {
        "det": "the cofactors appear",
        "logdet": "the inverse appears",
    }
    rule = " and ".join(said for f, said in appears.items() if f in functions)
    reason = (
        "The derivative by the argument appears, and the loop moves to the argument."
    )
    return Words(rule, reason)


def _whole(loops: Sequence[Box], ground: Ground) -> Words:
    names = _listed([_function(_box(loop)) for loop in loops])
    reason = (
        "The partial of the function joins the loop round its argument, wire by wire."
    )
    return Words(f"chain rule: {names}", reason)


def _self(loops: Sequence[Box], ground: Ground) -> Words:
    variable, name = ground.variable, ground.variable.name
    if has_structure(variable):
        reason = (
            f"The loop round {name} alone is the projection on what is "
            f"{variable.structure}."
        )
        return Words("delete the node, project", reason)
    if not variable.shape:
        return Words("delete the node", f"The derivative of {name} by itself is 1.")
    reason = f"The loop round {name} alone is bare wires: they are the new free ends."
    return Words("delete the node", reason)


def _dots(loops: Sequence[Box], ground: Ground) -> Words:
    reason = "Connected dots are one, and a dot with two wires is a wire."
    return Words("dots fuse", reason)


CAPTIONS: Mapping[str, Caption] = {
    "as given": _as_given,
    "as given twice": _twice,
    "sum": _sum,
    "product": _product,
    "part": _part,
    "elementwise": _elementwise,
    "inverse": _inverse,
    "determinant": _determinant,
    "whole": _whole,
    "self": _self,
    "dots": _dots,
}


def _box(loop: Box) -> Box:
    """The one box that a loop is round."""
    return loop.contents[0].terms[0][1].boxes[0]


def _function(box: Box) -> str:
    if box.function == "power":
        return f"(·)^{number_text(box.params[0])}"
    return box.label


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
