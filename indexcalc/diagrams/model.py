"""The diagram model: what a contraction diagram consists of, without any geometry.

A `Picture` is a sum of `Network`s that expose the same free ends. In a network boxes
(tensors, functions, brackets, loops) and dots (copy tensors) are joined by wires, each
from one place to another: a port of a box, a dot, an end of the picture. A dot with
two wires is δ, with one the ones vector, with more H, and with none the number that its
size is. Everything here is data: immutable, equal where it looks equal, and enough to
read the expression back (`reading`).

>>> from indexcalc.expr import tensor
>>> x = Box("x1", "tensor", "x", ("n",), tensor=tensor("x", ("n",)))
>>> end = End(("i",), ("n",))
>>> through = Wire((("box", 0, 0), ("end", 0, 0)), "i", "n")
>>> Picture((end,), ((1, Network((x,), (), (through,))),)).ends[0].name
'i'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..coefficients import Number
from ..nodes import Tensor
from ..sizes import Size

#: Where a wire may be fastened: (kind, number of the box, dot or end in its list,
#: number of the port, or of the index in a grouped end; 0 for a dot).
Place: TypeAlias = tuple[Literal["box", "dot", "end"], int, int]

Kind: TypeAlias = Literal["tensor", "function", "bracket", "part", "loop", "wedge"]
Role: TypeAlias = Literal["value", "variable"]

#: What every kind of box is.
KINDS: tuple[Kind, ...] = ("tensor", "function", "bracket", "part", "loop", "wedge")


@dataclass(frozen=True, slots=True)
class End:
    """A free end: an axis of the value, or of a variable it was differentiated by.

    A plain axis is one index; a grouped one (vec, ⊗) has several, the slowest first.
    `of` is the name of the variable that a derivative's axis belongs to.
    """

    names: tuple[str, ...]
    sizes: tuple[Size, ...]
    role: Role = "value"
    of: str = ""

    @property
    def name(self) -> str:
        """The axis in one word: i, or (ij) for a group."""
        return self.names[0] if len(self.names) == 1 else f"({''.join(self.names)})"


@dataclass(frozen=True, slots=True)
class Dot:
    """A copy tensor: every wire on it carries one index."""

    name: str
    size: Size


@dataclass(frozen=True, slots=True)
class Wire:
    """A bond from place to place; `name` is its index."""

    places: tuple[Place, Place]
    name: str
    size: Size


@dataclass(frozen=True, slots=True)
class Box:
    """Something with ports, in the order of its axes.

    - "tensor": a leaf; `tensor` is it.
    - "function": `function` of `contents`, with its parameters. The first ports pass
      through to the ends of every content, all of them where it is elementwise; the
      last `core` are its own.
    - "bracket": `contents[0]`, drawn in a frame; every port passes through.
    - "part": what the diagram's part of the name `label` stands for.
    - "loop": the derivative of `contents[0]` by `tensor`, not worked out: the ports of
      the content, then one for each axis of the variable.
    - "wedge": the grouping δ: the first port is the product of all the others.

    `id` is unique in a diagram and stays with a box from frame to frame.
    """

    id: str
    kind: Kind
    label: str
    ports: tuple[Size, ...]
    tensor: Tensor | None = None
    function: str = ""
    params: tuple[Any, ...] = ()
    core: int = 0
    contents: tuple[Picture, ...] = ()

    @property
    def passing(self) -> int:
        """How many ports, from the first, go on inside as ends of the contents."""
        if self.kind == "loop":
            return len(self.contents[0].ends)
        return len(self.ports) - self.core if self.contents else 0


@dataclass(frozen=True, slots=True)
class Network:
    """One product: boxes and dots, and the wires between them."""

    boxes: tuple[Box, ...]
    dots: tuple[Dot, ...]
    wires: tuple[Wire, ...]


Term: TypeAlias = tuple[Number, Network]


@dataclass(frozen=True, slots=True)
class Picture:
    """A linear combination of networks with the same ends; without terms it is zero."""

    ends: tuple[End, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A whole diagram: a picture, and the parts that are drawn beside it, each before
    those that use it.

    `variables` are the names it was differentiated by, in order, one as often as that
    was done; `layout` says whether the value's axes stand first ("value_first") or the
    variable's ("variable_first").
    """

    picture: Picture
    parts: tuple[tuple[str, Picture], ...] = ()
    variables: tuple[str, ...] = ()
    layout: str = "value_first"


def pictures(model: Model) -> Iterator[Picture]:
    """Every picture of a diagram, those inside boxes too, outermost first."""
    stack = [model.picture, *(picture for _, picture in reversed(model.parts))][::-1]
    while stack:
        picture = stack.pop()
        yield picture
        inner = [c for _, net in picture.terms for b in net.boxes for c in b.contents]
        stack += reversed(inner)


def networks(model: Model) -> Iterator[Network]:
    """Every network of a diagram, those inside boxes too."""
    for picture in pictures(model):
        for _, network in picture.terms:
            yield network
