r"""Index notation and matrix notation in one formula, each read by its own rules.

A sum over named indices is a scalar of the matrix expression round it; within it, an
expression without indices is a scalar, and one with indices below it, (A x)_i, a
tensor. So the tree falls into regions, one inside the other, and each region once read
is a named constant of the one that holds it.

>>> from .latex import parse_latex
>>> parse_latex(r"\sum_i (Ax)_i + \|x\|^2", {"A": "m n", "x": "n"}).kind
'scalar'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from .. import expr
from ..errors import BudgetError, IndexCalcError, ParseError, ShapeError
from ..nodes import Node
from ..sizes import Shape, Size, dim, size_text
from .declarations import Declarations
from .grammar import placed
from .index_notation import axes_named, indexed_node
from .index_scopes import Scopes, spans_of
from .index_words import INDEX_LIMIT
from .latex_forms import has_index
from .lowering import built
from .reading import Reading
from .syntax import (
    Applied,
    Binary,
    Blocks,
    Entry,
    Group,
    Indexed,
    Name,
    Negated,
    Number,
    Suffix,
    Summed,
    Syntax,
    operands,
    place_of,
    postorder,
)
from .typed import type_tree
from .types import Meaning, Type
from .vocabulary import ELEMENTWISE, OF_SEVERAL


@dataclass(slots=True)
class Region:
    """A part of the tree that is read by one set of rules; `name` stands for it in the
    part that holds it."""

    root: Syntax
    indexed: bool
    name: str


@dataclass(slots=True)
class Regions:
    """The parts of one formula, outer ones first, and what they have come to."""

    text: str
    declared: Declarations
    infer: bool = False
    limits: dict[tuple[int, str], str] = field(default_factory=dict)
    listed: list[Region] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    inferred: dict[str, Shape] = field(default_factory=dict)
    kind: str = "scalar"

    def error(self, message: str, node: Syntax, hint: str | None = None) -> ParseError:
        """A `ParseError` at a node."""
        return ParseError(message, text=self.text, position=place_of(node), hint=hint)

    def open(self, root: Syntax, indexed: bool) -> str:
        """A new region, and the name it will have."""
        name = f"⟨{len(self.listed)}⟩"
        self.listed.append(Region(root, indexed, name))
        return name

    def reroot(self, k: int) -> Callable[[Syntax], None]:
        """Puts another root into a region."""

        def put(new: Syntax) -> None:
            self.listed[k].root = new

        return put


def read_regions(
    regions: Regions, root: Syntax, out: str | Sequence[str] | None
) -> Node:
    """The node of a whole formula, its regions read from the inside out.

    Raises `ParseError` where an index is free and it is not clear on which axis.
    """
    opened = _open_names(regions, root)
    if not opened and out is not None and axes_named(out):
        raise regions.error("the formula has no free index for out to name", root)
    _require_outside(regions, root, opened)
    _divide(regions, root, bool(opened))
    whole = regions.listed[0]
    free = _free(regions, whole.root, opened, out)
    for region in reversed(regions.listed):
        if region.indexed:
            axes = free if region is whole else []
            regions.nodes[region.name] = _read_indexed(regions, region.root, axes)
        else:
            found = _read_matrix(regions, region.root, region is whole)
            regions.nodes[region.name] = found
    if opened:
        regions.kind = ("scalar", "column", "matrix", "tensor")[min(len(free), 3)]
    return regions.nodes[whole.name]


# -- which indices are free ------------------------------------------------------------

Open: TypeAlias = dict[str, Syntax]


def _open_names(regions: Regions, root: Syntax) -> Open:
    """The indices that no written sum binds, each with a node that carries it, in the
    order of the text."""
    names: dict[Syntax, Open] = {}
    for node in postorder(root, _index_operands):
        found: Open = {}
        for child in _index_operands(node):
            found = _joined(found, names[child])
        if isinstance(node, (Indexed, Entry)):
            found = _joined(found, dict.fromkeys(node.indices, node))
        elif isinstance(node, Summed):
            found = {n: at for n, at in found.items() if n not in node.indices}
        if len(found) > INDEX_LIMIT:
            raise BudgetError(f"more than {INDEX_LIMIT} indices are over the limit")
        names[node] = found
    return names[root]


def _joined(left: Open, right: Open) -> Open:
    if right.keys() <= left.keys():
        return left
    return {**left, **{n: at for n, at in right.items() if n not in left}}


def _index_operands(node: Syntax) -> Sequence[Syntax]:
    return () if isinstance(node, Entry) else operands(node)


def _free(
    regions: Regions, root: Syntax, opened: Open, out: str | Sequence[str] | None
) -> list[str]:
    """The free indices: those `out` names, or those that every term has once."""
    if not opened or out is not None:
        return [] if out is None else axes_named(out)
    spans = spans_of(Scopes(regions.text, regions.declared), root)
    free = [name for name in opened if spans.get(name) == (1, 1)]
    for name, node in opened.items():
        if spans.get(name) not in ((1, 1), (2, 2)):
            raise regions.error(
                f"it is not clear whether the index {name} is summed or free",
                node,
                f"write \\sum_{name}, or give the free indices as out=",
            )
    if free != sorted(free):
        raise regions.error(
            f"the order of the axes {', '.join(free)} is not said",
            opened[free[0]],
            f'give out="{"".join(free)}", or another order',
        )
    return free


def _require_outside(regions: Regions, root: Syntax, opened: Open) -> None:
    """Refuses an index that a written sum binds and that stands outside it too."""
    for node in postorder(root, _index_operands) if opened else ():
        if isinstance(node, Summed):
            for name in node.indices:
                if name in opened:
                    raise regions.error(
                        f"the index {name} is summed and stands outside its sum too",
                        opened[name],
                        "put what is summed in brackets",
                    )


# -- dividing the tree -----------------------------------------------------------------

_JOINING = frozenset({"+", "-", "*", " ", "∘", "⊘", "/", "^", ".^", "·", "×", "⁎"})
_SPELLED = {"·": "*", "×": "*", "⁎": "*"}
_ENTRYWISE = {
    **{name: name for name in (*ELEMENTWISE, *OF_SEVERAL)},
    **{f"{name}∘": name for name in ELEMENTWISE},
    "e^": "exp",
    "√": "sqrt",
    "√∘": "sqrt",
    "|·|": "abs",
}


@dataclass(slots=True)
class _Visit:
    """A node on its way to be divided, under the rules of the part it stands in."""

    node: Syntax
    indexed: bool
    replace: Callable[[Syntax], None]


def _divide(regions: Regions, root: Syntax, indexed: bool) -> None:
    """Lists the regions of the tree, each cut out of the one that holds it."""
    marked = has_index(root)
    regions.open(root, indexed)
    waiting: list[_Visit] = [_Visit(root, indexed, regions.reroot(0))]
    while waiting:
        visit = waiting.pop()
        node = visit.node
        if visit.indexed:
            _visit_indexed(regions, visit, marked, waiting)
        elif isinstance(node, Summed):
            name = regions.open(node, True)
            visit.replace(Name(name, node.start, node.stop))
            inner = regions.reroot(len(regions.listed) - 1)
            waiting.append(_Visit(node, True, inner))
        elif node in marked:
            if isinstance(node, (Indexed, Entry)):
                raise regions.error(
                    "named indices inside a function of whole matrices",
                    node,
                    "write the function with indices, or its argument without",
                )
            waiting += _children(node, False)


def _children(node: Syntax, indexed: bool) -> list[_Visit]:
    """A node's operands, each with how to put another in its place."""

    def into(rows: list[Syntax], k: int) -> Callable[[Syntax], None]:
        return lambda new: rows.__setitem__(k, new)

    def named(field: str) -> Callable[[Syntax], None]:
        return lambda new: setattr(node, field, new)

    match node:
        case Binary():
            sides = (("left", node.left), ("right", node.right))
            return [_Visit(child, indexed, named(side)) for side, child in sides]
        case Group() | Negated() | Suffix() | Summed() | Entry():
            return [_Visit(node.inner, indexed, named("inner"))]
        case Applied() | Blocks():
            lists = [node.arguments] if isinstance(node, Applied) else node.rows
            return [
                _Visit(child, indexed, into(row, k))
                for row in lists
                for k, child in enumerate(row)
            ]
        case _:
            return []


def _visit_indexed(
    regions: Regions, visit: _Visit, marked: set[Syntax], waiting: list[_Visit]
) -> None:
    """A node of index notation: what has no index in it is a scalar of its own."""
    node = visit.node
    match node:
        case Number() | Indexed():
            return
        case Name() if _is_scalar(regions, node):
            visit.replace(Indexed(node.name, (), node.start, node.stop))
        case Entry():
            name = regions.open(node.inner, False)
            waiting.append(
                _Visit(node.inner, False, regions.reroot(len(regions.listed) - 1))
            )
            visit.replace(Indexed(name, node.indices, node.start, node.stop))
        case _ if node not in marked:
            name = regions.open(node, False)
            visit.replace(Indexed(name, (), node.start, node.stop))
        case Binary() if node.symbol in _JOINING:
            node.symbol = _SPELLED.get(node.symbol, node.symbol)
            waiting += _children(node, True)
        case Group() | Negated() | Summed():
            waiting += _children(node, True)
        case Suffix() if node.symbol != "'":
            waiting += _children(node, True)
        case Applied():
            _rename_entrywise(regions, node, marked)
            waiting += _children(node, True)
        case _:
            raise regions.error(
                "this is not in index notation",
                node,
                "a matrix expression in brackets may have indices below it, (Ax)_i",
            )


def _is_scalar(regions: Regions, node: Name) -> bool:
    variable = regions.declared.variables.get(node.name)
    if variable is not None:
        return not variable.shape
    return node.name in regions.declared.sizes


def _rename_entrywise(regions: Regions, node: Applied, marked: set[Syntax]) -> None:
    """Gives an elementwise function in index notation its plain name."""
    if node.name in regions.declared.functions:
        return
    if node.name == "log|·|":
        inner = Applied("abs", node.arguments, (), node.start, node.stop)
        node.name, node.arguments = "log", [inner]
        marked.add(inner)
    elif node.name in _ENTRYWISE and not node.orders:
        node.name = _ENTRYWISE[node.name]
    else:
        raise regions.error(
            "a function of whole matrices has no place among indices",
            node,
            "say it with indices",
        )


# -- reading a region ------------------------------------------------------------------


def _read_indexed(regions: Regions, root: Syntax, axes: Sequence[str]) -> Node:
    scopes = Scopes(regions.text, regions.declared, given=regions.nodes)
    return indexed_node(scopes, root, axes, lambda s: _require_limits(regions, root, s))


def _require_limits(regions: Regions, root: Syntax, scopes: Scopes) -> None:
    """Raises `ShapeError` where a sum does not run over the whole of its axis."""
    for node in postorder(root) if regions.limits else ():
        if not isinstance(node, Summed):
            continue
        for name in node.indices:
            written = regions.limits.get((node.start, name))
            label = scopes.visible[node.inner].get(name)
            size = scopes.sizes.get(-1 if label is None else label)
            if written is None or size is None:
                continue
            last: Size = int(written) if written.isdecimal() else dim(written)
            if last != size:
                raise ShapeError(
                    f"the sum over {name} ends at {written}, and its axis has size "
                    f"{size_text(size)}",
                    text=regions.text,
                    position=node.start,
                )


def _read_matrix(regions: Regions, root: Syntax, whole: bool) -> Node:
    known = regions.nodes
    named = {
        part.name: Meaning(Type(known[part.name].shape), _constantly(known[part.name]))
        for part in postorder(root)
        if isinstance(part, Name) and part.name in known
    }
    reading = Reading(
        regions.text,
        regions.declared,
        root,
        paper=True,
        infer=regions.infer,
        latex=True,
        named=named,
    )
    try:
        node = built(reading, type_tree(reading))
    except IndexCalcError as error:
        raise placed(error, regions.text) from None
    for name, shape in reading.inferred.items():
        found = reading.sizes.shape(shape)
        if regions.inferred.setdefault(name, found) != found:
            raise ShapeError(f"{name} would need two shapes", hint="declare it")
    if whole:
        regions.kind = reading.meanings[root].type.kind
        return node
    if all(size == 1 for size in node.shape):
        return expr.einsum([(node, range(len(node.shape)))], [])
    return node


def _constantly(node: Node) -> Callable[[], Node]:
    return lambda: node
