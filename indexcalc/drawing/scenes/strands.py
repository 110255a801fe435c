"""Which index every wire carries, through dots and frames, and which is the variable's.

Wires joined at a dot carry one index; a wire that goes on inside a frame carries the
same index there. An index is known by its name, with a number where the name is used
again for another: only so a page can light up all places of one index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...diagrams.model import Box, Network, Picture, Place, Wire
from ...diagrams.reading import indices_of


@dataclass(frozen=True, slots=True)
class Strand:
    """What a wire carries: an index, and whether it is an axis of the variable."""

    index: str
    variable: bool = False


#: What every wire of a network carries, by its number.
Strands = tuple[Strand, ...]

#: What is fastened to the ends of a picture from outside, by end and place in it.
Outside = Mapping[tuple[int, int], Strand]


@dataclass(slots=True)
class Naming:
    """The indices named so far."""

    used: Counter[str] = field(default_factory=Counter)

    def fresh(self, name: str) -> str:
        """A name that no other index has.

        >>> naming = Naming()
        >>> naming.fresh("k"), naming.fresh("k")
        ('k', 'k 2')
        """
        self.used[name] += 1
        return name if self.used[name] == 1 else f"{name} {self.used[name]}"


def free_strands(picture: Picture, naming: Naming) -> dict[tuple[int, int], Strand]:
    """What the ends of an outermost picture carry."""
    return {
        (n, k): Strand(naming.fresh(name), end.role == "variable")
        for n, end in enumerate(picture.ends)
        for k, name in enumerate(end.names)
    }


def strands_of(network: Network, outside: Outside, naming: Naming) -> Strands:
    """What the wires of a network carry, given what its ends do."""
    classes, _ = indices_of(network)
    known = _known(network, classes, outside)
    for w, wire in enumerate(network.wires):
        if classes[w] not in known:
            known[classes[w]] = naming.fresh(wire.name)
    return tuple(
        Strand(known[classes[w]], _is_variable(network, wire, outside))
        for w, wire in enumerate(network.wires)
    )


def inner_strands(
    box: Box, number: int, network: Network, strands: Strands, naming: Naming
) -> Iterator[dict[tuple[int, int], Strand]]:
    """What the ends of each content of a frame carry, from the frame's wires."""
    at_port = {
        place[2]: strands[w]
        for w, wire in enumerate(network.wires)
        for place in wire.places
        if place[:2] == ("box", number)
    }
    for content in box.contents:
        found: dict[tuple[int, int], Strand] = {}
        for n, end in enumerate(content.ends):
            passing = n < box.passing and len(end.names) == 1 and n in at_port
            for k, name in enumerate(end.names):
                fresh = Strand(naming.fresh(name)) if not passing else at_port[n]
                found[n, k] = fresh
        yield found


def _known(
    network: Network, classes: Sequence[int], outside: Outside
) -> dict[int, str]:
    """The names of the classes of wires that leave the network."""
    found: dict[int, str] = {}
    for w, wire in enumerate(network.wires):
        for kind, number, port in wire.places:
            if kind == "end" and (number, port) in outside:
                found.setdefault(classes[w], outside[number, port].index)
    return found


def _is_variable(network: Network, wire: Wire, outside: Outside) -> bool:
    return any(_variable_place(network, place, outside) for place in wire.places)


def _variable_place(network: Network, place: Place, outside: Outside) -> bool:
    kind, number, port = place
    if kind == "end":
        return (number, port) in outside and outside[number, port].variable
    if kind == "dot":
        return False
    box = network.boxes[number]
    return box.kind == "loop" and port >= box.passing
