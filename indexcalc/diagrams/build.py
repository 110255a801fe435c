"""From a node to the diagram model.

Every index of a product is a copy tensor: two places make a plain wire, any other
number a dot. What cannot stand in a network directly has a frame: the arguments of
functions, sums and grouped products inside a product. Parts that are shared or deep are
drawn beside the picture, once.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> model = model_of(einsum([(A, (0, 1)), (x, (1,))], [0]))
>>> network = model.picture.terms[0][1]
>>> [box.label for box in network.boxes], [wire.name for wire in network.wires]
(['A', 'x'], ['i', 'j'])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ..coefficients import multiply
from ..errors import BudgetError
from ..functions import USERS, cores, is_elementwise, title
from ..index_walk import Naming, part_names
from ..kernels import unknown_label
from ..network import is_bundle
from ..nodes import Call, Einsum, Node, Sum, Tensor, Term, children, toposort
from ..sizes import Size
from .model import Box, End, Model, Network, Picture
from .weaving import Strands, woven

#: A part used twice is drawn beside the picture from this many nodes on, and whatever
#: would be more frames in one another than the limit.
SHARED_WEIGHT, FRAME_LIMIT = 4, 4

#: The most boxes of one diagram.
BOX_LIMIT = 2_000


@dataclass(slots=True)
class Building:
    """One model being made: the names in use, the parts, the boxes counted."""

    naming: Naming
    unfused: bool
    parts: dict[Node, str] = field(default_factory=dict)
    ids: Counter[str] = field(default_factory=Counter)
    boxes: int = 0

    def name(self) -> str:
        """A fresh name for an index."""
        return next(self.naming.fresh)

    def box_id(self, label: str) -> str:
        """A name for a box that no other has."""
        self.boxes += 1
        if self.boxes > BOX_LIMIT:
            raise BudgetError(
                f"a diagram of more than {BOX_LIMIT} boxes",
                hint="draw a part of the expression at a time",
            )
        self.ids[label] += 1
        return f"{label}#{self.ids[label]}"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a derivative are: `of` tells for each the variable it belongs
    to, or "" where it is the value's; `by` by what it was differentiated, in order."""

    of: tuple[str, ...]
    by: tuple[str, ...] = ()
    layout: str = "value_first"


def model_of(node: Node, axes: Axes | None = None, *, unfused: bool = False) -> Model:
    """The diagram of a node as it is: give the canonical one for the fused diagram.

    `axes` tells of a derivative which axes are the value's. `unfused` opens nested
    products and keeps all their copy tensors.

    Raises `BudgetError` for more than `BOX_LIMIT` boxes.
    """
    told = axes or Axes(("",) * len(node.shape))
    known, naming = part_names(node)
    building = Building(naming, unfused)
    named = _named_parts(node, unfused)
    for part in named:
        if part not in known:
            known[part] = naming.parts[part] = naming.part()
        building.parts[part] = known[part]
    picture = _picture(building, node, _ends(building, node, told.of))
    drawn = [
        (building.parts[part], _picture(building, part, _ends(building, part)))
        for part in reversed(named)
    ]
    return Model(picture, tuple(reversed(drawn)), told.by, told.layout)


# -- parts -----------------------------------------------------------------------------


def _named_parts(root: Node, unfused: bool) -> list[Node]:
    """The nodes that are drawn beside the picture, innermost first."""
    order = toposort(root)
    uses = Counter(child for node in order for child in children(node))
    frames: dict[Node, int] = {}
    weight: dict[Node, int] = {}
    named: list[Node] = []
    for node in order:
        below = list(children(node))
        frames[node] = _frames(node, frames, unfused)
        weight[node] = 1 + sum(weight[c] for c in below)
        if isinstance(node, Tensor) or node is root or not below:
            continue
        shared = uses[node] > 1 and weight[node] >= SHARED_WEIGHT
        if shared or frames[node] > FRAME_LIMIT:
            named.append(node)
            frames[node], weight[node] = 0, 1
    return named


def _frames(node: Node, frames: Mapping[Node, int], unfused: bool) -> int:
    """How many frames stand in one another where the node is drawn as a box."""
    match node:
        case Tensor():
            return 0
        case Call():
            inner = [_inside(arg, frames, unfused) for arg in node.args]
            return 1 + max(inner) if inner else 0
        case Einsum() | Sum():
            return 1 + _inside(node, frames, unfused)


def _inside(node: Node, frames: Mapping[Node, int], unfused: bool) -> int:
    """The same where it is the content of a frame: a sum or product is opened."""
    match node:
        case Sum() | Einsum():
            opens = unfused or isinstance(node, Sum)
            return max((_opened(e, frames, opens) for e in children(node)), default=0)
        case Tensor() | Call():
            return frames[node]


def _opened(child: Node, frames: Mapping[Node, int], opens: bool) -> int:
    """The frames of a term or a factor; a product that is a term is opened, and where
    nothing is fused one that is a factor."""
    inner = opens and isinstance(child, Einsum) and frames[child] > 0
    return frames[child] - 1 if inner else frames[child]


# -- pictures --------------------------------------------------------------------------


def _picture(building: Building, node: Node, ends: tuple[End, ...]) -> Picture:
    """A node as a sum of networks; the node itself is not taken as a part."""
    terms: Iterable[Term] = [(node, 1)]
    if isinstance(node, Sum):
        terms = _flat(node, building.parts) if building.unfused else node.terms
    drawn = []
    for child, c in terms:
        opens = child is node or child not in building.parts
        drawn.append((c, _network(building, child, ends, opens)))
    return Picture(ends, tuple(drawn))


def _flat(root: Sum, parts: Container[Node]) -> list[Term]:
    """The terms of a sum and of the sums among them."""
    found: list[Term] = []
    stack: list[Term] = [(root, 1)]
    while stack:
        node, weight = stack.pop()
        if isinstance(node, Sum) and (node is root or node not in parts):
            below = [(child, multiply(weight, c)) for child, c in node.terms]
            stack += reversed(below)
        else:
            found.append((node, weight))
    return found


def _ends(
    building: Building, node: Node, variables: Sequence[str] = ()
) -> tuple[End, ...]:
    """Fresh ends for the axes of a node, grouped where all its terms group them so."""
    return tuple(
        End(
            tuple(building.name() for _ in sizes),
            sizes,
            "variable" if variable else "value",
            variable,
        )
        for sizes, variable in zip(
            _axis_sizes(node, building.parts),
            variables or [""] * len(node.shape),
            strict=True,
        )
    )


def _axis_sizes(node: Node, parts: Container[Node] = ()) -> list[tuple[Size, ...]]:
    """The sizes of the indices of every axis; those of a part are not seen."""
    plain: list[tuple[Size, ...]] = [(size,) for size in node.shape]
    if isinstance(node, Einsum):
        return [tuple(node.dims[i] for i in group) or (1,) for group in node.out]
    if not isinstance(node, Sum) or not node.terms:
        return plain
    if any(child in parts for child, _ in node.terms):
        return plain
    first, *more = [_axis_sizes(child, parts) for child, _ in node.terms]
    return first if all(sizes == first for sizes in more) else plain


def _network(
    building: Building, node: Node, ends: tuple[End, ...], opens: bool
) -> Network:
    """One term, fastened to the ends; a product is opened, anything else is a box.
    `opens` says that it is not to be taken as the part it may be."""
    if isinstance(node, Einsum) and opens:
        groups = _axis_sizes(node)
        strands = Strands.of_product(
            node, ends, groups, building.unfused, building.parts
        )
    else:
        strands = Strands.of_box(node, ends)
    strands.repeat(partial(_repeated, building.parts))
    fresh = building.naming.fresh
    names = strands.names(ends, fresh, building.unfused)
    boxes = [
        box_of(building, leaf, [names[w] for w in wires], opens and leaf is node)
        for leaf, wires in strands.leaves
    ]
    return woven(strands, names, boxes, fresh)


def _repeated(parts: Container[Node], node: Node) -> tuple[Node, int] | None:
    """The tensor or part whose entrywise square or cube a node is, and how often it
    stands in it: x∘x is drawn as x twice."""
    if not isinstance(node, Call) or node.function != "power" or node in parts:
        return None
    base, exponent = node.args[0], node.params[0]
    plain = isinstance(base, Tensor) or base in parts
    several = base.shape and 1 not in base.shape
    return (base, exponent) if plain and several and exponent in (2, 3) else None


# -- boxes -----------------------------------------------------------------------------


def box_of(
    building: Building, node: Node, names: Sequence[str], opens: bool = False
) -> Box:
    """A node as a box, the index at every port given; `opens` as in `_network`."""
    ports = node.shape
    if node in building.parts and not opens:
        label = building.parts[node]
        return Box(building.box_id(label), "part", label, ports)
    match node:
        case Tensor():
            label = building.naming.array(node)
            return Box(building.box_id(label), "tensor", label, ports, tensor=node)
        case Call():
            return _function_box(building, node, names)
        case Einsum() if is_bundle(node):
            return Box(building.box_id("wedge"), "wedge", "", ports)
        case Einsum() | Sum():
            inside = _content(building, node, names)
            box_id = building.box_id("bracket")
            return Box(box_id, "bracket", "", ports, contents=(inside,))


def _content(building: Building, node: Node, names: Sequence[str]) -> Picture:
    """What stands in a frame: its first ends have the given names."""
    more = [building.name() for _ in node.shape[len(names) :]]
    ends = tuple(
        End((name,), (size,))
        for name, size in zip([*names, *more], node.shape, strict=True)
    )
    if node in building.parts:
        return Picture(ends, ((1, _network(building, node, ends, False)),))
    return _picture(building, node, ends)


def _function_box(building: Building, node: Call, names: Sequence[str]) -> Box:
    label = node.function
    if node.args:
        label = unknown_label(*node.params) if label in USERS else title(node)
    batch, core = 0, len(node.shape)
    if node.args:
        core = 0 if is_elementwise(node.function) else cores(node)[1]
        batch = len(node.shape) - core
    inside = tuple(_content(building, arg, names[:batch]) for arg in node.args)
    return Box(
        building.box_id(label),
        "function",
        label,
        node.shape,
        function=node.function,
        params=node.params,
        core=core,
        contents=inside,
    )
