"""Einstein notation: every index named, δ, H and ones written where they survive.

A repeated index is summed; a free one stands on the value's or the variable's axes.
What is shared, deep, or the argument of a matrix function is named once, after `where`.

>>> from indexcalc.expr import einsum, tensor
>>> X = tensor("X", ("n", "p"))
>>> index_text(einsum([(X, [0, 1])], [0, 0, 1])).text
'δ_ij X_ik'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .coefficients import Number, number_text
from .functions import cores, is_elementwise
from .kernels import unknown_label
from .nodes import (
    Call,
    Einsum,
    Node,
    Sum,
    Tensor,
    children,
    collector_paused,
    toposort,
)
from .simplify import fuse
from .sizes import Dim, Size, names_in, size_text

LETTERS = "ijklmnpqrstuvwabcdefgh"
DEPTH_LIMIT = 12
SHARED_WEIGHT = 6


@dataclass(frozen=True, slots=True)
class IndexText:
    """`text` is the formula, `axes` the names of its free indices, `where` the parts
    that were named, as (left side, right side)."""

    text: str
    axes: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return with_parts(self.text, self.where)


def with_parts(text: str, where: Sequence[tuple[str, str]]) -> str:
    """A formula with the parts that were named beside it.

    >>> with_parts("K_ij x_j", [("K_ij", "A_ki A_kj")])
    'K_ij x_j where K_ij = A_ki A_kj'
    """
    parts = ", ".join(f"{left} = {right}" for left, right in where)
    return f"{text} where {parts}" if where else text


@dataclass(slots=True)
class Naming:
    """Names in use while one expression is printed; `inside` counts the brackets that
    are open, within which a sum over an index that stands once is written out."""

    taken: set[str]
    parts: dict[Node, str] = field(default_factory=dict)
    where: list[tuple[str, str]] = field(default_factory=list)
    inside: int = 0
    fresh: Iterator[str] = field(default_factory=lambda: iter(()))

    def restart(self) -> None:
        """Index names begin anew: each named part has its own."""
        self.fresh = self._names()

    def _names(self) -> Iterator[str]:
        for letter in LETTERS:
            if letter not in self.taken:
                yield letter
        k = 1
        while True:
            for letter in "ijk":
                if f"{letter}{k}" not in self.taken:
                    yield f"{letter}{k}"
            k += 1

    def part(self) -> str:
        """A name for a part that is nobody else's."""
        k = len(self.parts) + 1
        name = "KMPQRSTUVW"[k - 1] if k <= 10 else f"T{k}"
        while name in self.taken:
            name += "1"
        self.taken.add(name)
        return name


@collector_paused()
def index_text(node: Node, axes: Sequence[str] | None = None) -> IndexText:
    """The index notation of the fused node; `axes` chooses the free indices' names."""
    root = fuse(node)
    naming = Naming(_names_used(root) | set(axes or ()))
    for shared in _named_parts(root):
        naming.restart()
        name = naming.part()
        outer = _axis_names(naming, shared)
        text = _body(naming, shared, outer)
        naming.where.append((subscripted(name, _shown(outer)), text))
        naming.parts[shared] = name
    naming.taken |= set(axes or ())
    naming.restart()
    outer = _axis_names(naming, root, axes)
    text = _body(naming, root, outer)
    return IndexText(text, tuple(_shown(outer)), tuple(naming.where))


def naming_for(root: Node) -> Naming:
    """Fresh names that collide with no tensor and no size under the root."""
    naming = Naming(_names_used(root))
    naming.restart()
    return naming


def _names_used(root: Node) -> set[str]:
    names: set[str] = set()
    for node in toposort(root):
        sizes: tuple[Size, ...] = node.shape
        if isinstance(node, Einsum):
            sizes = node.dims
        names.update(name for size in sizes for name in names_in(size))
        if isinstance(node, Tensor):
            names.add(node.name)
    return names


Axis = tuple[str, ...]


def _axis_names(
    naming: Naming, node: Node, axes: Sequence[str] | None = None
) -> list[Axis]:
    """A name for every free axis; a grouped axis has one name for each of its
    indices."""
    if axes is not None:
        return [(name,) for name in axes]
    if isinstance(node, Einsum):
        return [tuple(next(naming.fresh) for _ in group or "1") for group in node.out]
    return [(next(naming.fresh),) for _ in node.shape]


def _shown(axes: Sequence[Axis]) -> list[str]:
    return [axis[0] if len(axis) == 1 else f"({''.join(axis)})" for axis in axes]


def subscripted(name: str, indices: Sequence[str]) -> str:
    """`A_ij`, or `A[i1, j1]` where a name is not a letter.

    >>> subscripted("A", ["i", "j"]), subscripted("A", ["i1", "j"])
    ('A_ij', 'A[i1, j]')
    """
    if not indices:
        return name
    plain = "_" not in name or name.endswith(")")
    if plain and all(len(i) == 1 or i.startswith("(") for i in indices):
        return f"{name}_{''.join(indices)}"
    return f"{name}[{', '.join(indices)}]"


# -- what gets a name of its own -------------------------------------------------------


def _named_parts(root: Node) -> list[Node]:
    """The nodes that are printed after `where`, innermost first."""
    order = toposort(root)
    uses: dict[Node, int] = {}
    closed: set[Node] = set()
    for node in order:
        for child in children(node):
            uses[child] = uses.get(child, 0) + 1
        closed.update(_closed_children(node))
    depth: dict[Node, int] = {}
    weight: dict[Node, int] = {}
    named: list[Node] = []
    for node in order:
        below = list(children(node))
        depth[node] = 1 + max((depth[c] for c in below), default=0)
        weight[node] = 1 + sum(weight[c] for c in below)
        if isinstance(node, Tensor) or node is root:
            continue
        shared = uses.get(node, 0) > 1 and weight[node] >= SHARED_WEIGHT
        if shared or node in closed or depth[node] >= DEPTH_LIMIT:
            named.append(node)
            depth[node] = weight[node] = 1
    return named


def _closed_children(node: Node) -> Iterator[Node]:
    """Children whose indices cannot be shown in place."""
    if isinstance(node, Call) and not is_elementwise(node.function):
        yield from (a for a in node.args if not isinstance(a, Tensor))
    if isinstance(node, Einsum):
        for child, _ in node.operands:
            grouped = isinstance(child, Einsum) and any(len(g) != 1 for g in child.out)
            if grouped or isinstance(child, Einsum):
                yield child
    if isinstance(node, Sum):
        groups = [e for e, _ in node.terms if isinstance(e, Einsum)]
        yield from (e for e in groups if any(len(g) > 1 for g in e.out))


# -- formulas --------------------------------------------------------------------------


def _body(naming: Naming, node: Node, outer: Sequence[Axis]) -> str:
    """The formula of a node with its free axes named `outer`."""
    match node:
        case Sum():
            return _sum_text(naming, node, outer)
        case Einsum():
            return " ".join(_factors(naming, node, outer)) or "1"
        case Tensor() | Call():
            return _atom(naming, node, [a[0] for a in outer])


def _sum_text(naming: Naming, node: Sum, outer: Sequence[Axis]) -> str:
    terms = [(_term(naming, child, outer), c) for child, c in node.terms]
    return signed_sum(terms)


def signed_sum(terms: Sequence[tuple[str, Number]]) -> str:
    """Texts with their coefficients, signs between them; 0 for none.

    >>> signed_sum([("x_i", -1), ("y_i", 2)])
    '-x_i + 2 y_i'
    """
    if not terms:
        return "0"
    pieces = []
    for position, (text, c) in enumerate(terms):
        sign, size = sign_and_size(c)
        body = text if size == "" else size if text == "1" else f"{size} {text}"
        if position == 0:
            pieces.append(f"-{body}" if sign < 0 else body)
        else:
            pieces.append(f"{'-' if sign < 0 else '+'} {body}")
    return " ".join(pieces)


def sign_and_size(c: Number) -> tuple[int, str]:
    if isinstance(c, complex):
        return 1, f"({c})"
    sign = -1 if c < 0 else 1
    size = number_text(-c if sign < 0 else c)
    return sign, "" if size == "1" else f"({size})" if "/" in size else size


def _term(naming: Naming, child: Node, outer: Sequence[Axis]) -> str:
    if child in naming.parts or not isinstance(child, (Einsum, Sum)):
        return _atom(naming, child, [a[0] for a in outer])
    text = _body(naming, child, outer)
    return f"({text})" if isinstance(child, Sum) else text


def _atom(naming: Naming, node: Node, indices: Sequence[str]) -> str:
    """A factor with its indices."""
    if node in naming.parts:
        return subscripted(naming.parts[node], indices)
    match node:
        case Tensor():
            return subscripted(node.name or "C", indices)
        case Sum():
            return f"({_nested(naming, node, indices)})"
        case Einsum():
            return _body(naming, node, [(i,) for i in indices])
        case Call():
            return _call_text(naming, node, indices)


def _call_text(naming: Naming, node: Call, indices: Sequence[str]) -> str:
    if not node.args:
        return _constant_text(node, indices)
    if is_elementwise(node.function):
        args = [_argument(naming, arg, indices) for arg in node.args]
        return elementwise_text(node, args)
    batch = len(node.args[0].shape) - cores(node)[0][0]
    inner = [
        arg.name if isinstance(arg, Tensor) else naming.parts[arg] for arg in node.args
    ]
    name = node.function
    if name == "cofactors" and node.params[0] == 1:
        name, indices = "adj", [*indices[:-2], indices[-1], indices[-2]]
    elif name == "cofactors":
        name += str(node.params[0])
    if batch:
        lead = "".join(indices[:batch])
        inner = [f"{text}_{lead}" for text in inner]
    return subscripted(f"{name}({', '.join(inner)})", indices[batch:])


def _constant_text(node: Call, indices: Sequence[str]) -> str:
    if node.function == "basis":
        return subscripted(f"e({node.params[0]})", indices)
    offset = node.params[0]
    shown = size_text(offset) if isinstance(offset, (int, Dim)) else str(offset)
    return subscripted(f"embed({shown})", indices)


def _argument(naming: Naming, arg: Node, indices: Sequence[str]) -> str:
    if arg in naming.parts or not isinstance(arg, (Sum, Einsum)):
        return _atom(naming, arg, indices)
    return _nested(naming, arg, indices)


def _nested(naming: Naming, node: Node, indices: Sequence[str]) -> str:
    """The formula of a node within brackets."""
    naming.inside += 1
    text = _body(naming, node, [(i,) for i in indices])
    naming.inside -= 1
    return text


def elementwise_text(node: Call, args: Sequence[str]) -> str:
    if node.function == "power":
        inner = node.args[0]
        power = isinstance(inner, Call) and inner.function == "power"
        plain = isinstance(inner, (Tensor, Call)) or not set(args[0]) & set(" ^")
        bare = plain and not power and not args[0].startswith("-")
        base = args[0] if bare else f"({args[0]})"
        exponent = number_text(node.params[0])
        return (
            f"{base}^{exponent}"
            if exponent.lstrip("-").isdigit()
            else (f"{base}^({exponent})")
        )
    name = node.function
    if name == "unknown":
        name = unknown_label(*node.params)
    return f"{name}({', '.join(args)})"


def _factors(naming: Naming, node: Einsum, outer: Sequence[Axis]) -> list[str]:
    """δ, H and ones first, then the operands along the bonds."""
    names: dict[int, str] = {}
    places: dict[int, list[str]] = {}
    for group, axis in zip(node.out, outer, strict=True):
        for i, name in zip(group, axis, strict=False):
            names.setdefault(i, name)
            places.setdefault(i, []).append(name)
    carried = {i for _, legs in node.operands for i in legs}
    factors = [
        _size_factor(node.dims[i])
        for i in range(len(node.dims))
        if i not in carried and i not in places
    ]
    factors += _copies(places, carried)
    factors += [
        f"1_{axis[0]}" for group, axis in zip(node.out, outer, strict=True) if not group
    ]
    bound: dict[int, int] = {}
    printed = []
    for child, legs in _along_bonds(node, list(names)):
        for i in legs:
            if i not in places:
                bound[i] = bound.get(i, 0) + 1
            if i not in names:
                names[i] = next(naming.fresh)
        printed.append(_atom(naming, child, [names[i] for i in legs]))
    single = [names[i] for i, count in bound.items() if count != 2]
    if naming.inside and single:
        factors.append(subscripted("Σ", single))
    return factors + printed


def _size_factor(size: Size) -> str:
    text = size_text(size)
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _copies(places: dict[int, list[str]], carried: set[int]) -> list[str]:
    """What the result's indices need beside the operands: δ, H, ones."""
    texts = []
    for i, names in places.items():
        if len(names) == 1 and i not in carried:
            texts.append(subscripted("1", names))
        elif len(names) == 2:
            texts.append(subscripted("δ", names))
        elif len(names) > 2:
            texts.append(subscripted("H", names))
    return texts


def _along_bonds(node: Einsum, known: list[int]) -> list[tuple[Node, tuple[int, ...]]]:
    """The operands in reading order: each next one hangs on what is already there."""
    left = list(node.operands)
    rank = {i: k for k, i in enumerate(known)}
    ordered = []
    last: set[int] = set()
    while left:
        best = min(
            range(len(left)),
            key=lambda o: (
                not last.intersection(left[o][1]),
                min((rank.get(i, 999) for i in left[o][1]), default=-1),
                o,
            ),
        )
        row = left.pop(best)
        fresh = [i for i in row[1] if i not in rank]
        for i in fresh:
            rank[i] = len(rank)
        last = set(fresh)
        ordered.append(row)
    return ordered
