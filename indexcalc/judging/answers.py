"""Reading an answer: a text in whatever notation its writer chose.

Tried in turn: the text language, paper notation, index notation; LaTeX where there is a
dollar or a backslash, unless it is only that of ⊗, ⊙ or ⊘, as in `eye\\otimes X`. A
left side, as in "∂f/∂X = …", is skipped. What the answer does not declare comes from
the question: its variables, its sizes, and for I and 1 alone the shape that the
derivative has.

>>> A = tensor("A", ("n", "n"))
>>> context = Context({"A": A}, [A.shape], "ij")
>>> [found.notation for found in readings("2A' + I", context)]
['paper']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import TypeAlias

from ..errors import BudgetError, IndexCalcError, ParseError
from ..expr import tensor, zero
from ..nodes import Node, Tensor, toposort, variables
from ..sizes import Shape, size_text
from ..substitute import replace

#: The stand-in of a known shape that gives open constants their sizes.
STAND_IN = "Ω"
MOST_GUESSES = 12
#: The most symbols of an answer: each is weighed against many changes of it.
SYMBOL_LIMIT = 2_000

_WHERE = re.compile(r"\bwhere\b(?!\s*\()")
_ONE = re.compile(r"(?<![\w.^{(,\[₀-₉])1(?![\w.]|\s*[/,)\]])")
_SYMBOL = re.compile(r"\\(?:[A-Za-z]+|.)|\S", re.DOTALL)
#: The commands of LaTeX that are operators of the text language as well.
_SHARED = re.compile(r"\\(?:otimes|odot|oslash)(?![A-Za-z])")
_SUBSCRIPTS = re.compile(r"_\{?\s*([A-Za-z]+)\s*\}?|\[([^\]]*)\]")


LatexReader: TypeAlias = Callable[[str, Mapping[str, object]], Node]


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer may refer to: leaves by name, unknown functions, further shapes;
    the shapes that are expected, the names of the derivative's axes, and what reads
    LaTeX."""

    leaves: Mapping[str, Tensor]
    targets: Sequence[Shape]
    axes: Sequence[str]
    shapes: Mapping[str, object] = field(default_factory=dict)
    functions: Sequence[str] = ()
    out: str | Sequence[str] | None = None
    latex: LatexReader | None = None

    def declared(self) -> dict[str, object]:
        """The declarations under which the answer is read."""
        found: dict[str, object] = {}
        for name, leaf in self.leaves.items():
            if name.replace("′", "").isidentifier():
                shape = " ".join(size_text(size) for size in leaf.shape)
                known = f" : {leaf.structure}" if leaf.structure else ""
                found[name] = shape + known
        found |= dict.fromkeys(self.functions, "function")
        return found | dict(self.shapes)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an answer. `stands` is scalar, column, row, matrix or tensor;
    `note` says what was taken for what, if anything was."""

    node: Node
    stands: str
    notation: str
    note: str = ""


def readings(text: str, context: Context) -> list[Reading]:
    """The ways to read an answer, the likeliest first.

    Raises what the text language raises where there is none, or what LaTeX raises, and
    `BudgetError` for a text of too many symbols.
    """
    _require_short(text)
    left, right = sides(text)
    if is_latex(_SHARED.sub(" ", right)):
        return [_latex(right, context)]
    found: list[Reading] = []
    failures: list[IndexCalcError] = []
    for way in (_plain, _paper, _with_ones):
        try:
            found.append(way(right, context))
        except IndexCalcError as error:
            failures.append(error)
    found += _indexed(left, right, context, failures)
    if not found and is_latex(right):
        return [_latex(right, context)]
    if not found:
        raise _likeliest(right, failures)
    unique = {reading.node: reading for reading in reversed(found)}
    return [reading for reading in found if unique[reading.node] is reading]


def _require_short(text: str) -> None:
    beyond = next(islice(_SYMBOL.finditer(text), SYMBOL_LIMIT, None), None)
    if beyond is not None:
        raise BudgetError(
            f"an answer of more than {SYMBOL_LIMIT} symbols is over the limit",
            text=text,
            position=beyond.start(),
            hint="ask `equal` whether it is the derivative, or check a part of it",
        )


def is_latex(text: str) -> bool:
    """Whether a text can only be LaTeX."""
    return "\\" in text or "$" in text or re.search(r"\^\s*\{", text) is not None


def _likeliest(text: str, failures: Sequence[IndexCalcError]) -> IndexCalcError:
    """The error that is shown: index notation's if it looks like that, else the one
    that was reached furthest into the text."""
    if re.search(r"\w_\w|\w\[", text) and failures[-1].message:
        return failures[-1]
    return max(failures[:2], key=lambda error: error.position or 0)


def sides(text: str) -> tuple[str, str]:
    """What stands left of the last equals sign, and right of it; those of definitions
    behind `where` do not count.

    >>> sides("∂f/∂X = 2 X"), sides("2 X")
    (('∂f/∂X', '2 X'), ('', '2 X'))
    >>> sides("∂f/∂X = K X where K = A'")
    ('∂f/∂X', "K X where K = A'")
    """
    formula, where = _apart(text)
    left, equals, right = formula.rpartition("=")
    said = f"{right}{where}".strip()
    return (left.strip(), said) if equals else ("", said)


def _apart(text: str) -> tuple[str, str]:
    """A formula and the definitions behind it, from `where` on."""
    found = _WHERE.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _added(text: str, other: str) -> str:
    """A formula plus another one, its definitions behind it."""
    formula, where = _apart(text)
    return f"({formula}) + {other} {where}".strip()


_BY = re.compile(
    r"(?:/|\}\s*\{)\s*\(?(?:∂|d|\\partial)\s*\(?(?:vec|\\operatorname\{vec\})?\s*\(?"
    r"([^\W\d_]\w*?|\\[a-z]+)(?=[_^(){}\s'ᵀ²]|$)|(?:∇|\\nabla)_\{?(\w+)"
)


def require_left_side(text: str, variables: Sequence[str], context: Context) -> None:
    """Raises `ParseError` where what stands left of the equals sign is the derivative
    by another variable, or an expression of its own."""
    left, right = sides(text)
    found = _BY.search(left)
    named = (found[1] or found[2]) if found else None
    if named in context.leaves and named not in variables:
        raise ParseError(
            f"the left side is the derivative by {named}, and the question is about "
            f"{', '.join(dict.fromkeys(variables))}",
            text=text,
            position=0,
        )
    if left and found is None and (right == "0" or _is_expression(left, context)):
        raise ParseError(
            "this is an equation between two expressions",
            text=text,
            position=len(left),
            hint="give the derivative alone",
        )


def _is_expression(text: str, context: Context) -> bool:
    """Whether a left side is more than a name: it reads, and has variables."""
    if text in context.leaves or not re.search(r"\W", text):
        return False
    try:
        found = readings(text, context)
    except IndexCalcError:
        return False
    return any(variables(reading.node) for reading in found)


# -- matrix notation -------------------------------------------------------------------


def _plain(text: str, context: Context) -> Reading:
    return _in_language(text, context, False)


def _paper(text: str, context: Context) -> Reading:
    return _in_language(text, context, True)


def _with_ones(text: str, context: Context) -> Reading:
    """Every lone factor 1 read as the vector of ones."""
    changed = _ONE.sub("𝟏", text)
    if changed == text:
        raise ParseError("there is no lone 1", text=text, position=0)
    found = _in_language(changed, context, True)
    return Reading(found.node, found.stands, "paper", "with 1 as the vector of ones")


def _in_language(text: str, context: Context, paper: bool) -> Reading:
    from ..text.definitions import parse_with_parts

    def beside(declared: Mapping[str, object]) -> Node:
        return parse_with_parts(_added(text, STAND_IN), declared, paper=paper).node

    notation = "paper" if paper else "text"
    shapes = context.declared()
    try:
        parsed = parse_with_parts(text, shapes, paper=paper)
    except IndexCalcError as error:
        found = None if STAND_IN in text else _with_context(beside, context)
        if found is None:
            raise error from None
        return Reading(found, "", notation)
    return Reading(_known(parsed.node, context), parsed.kind, notation)


def _with_context(
    beside: Callable[[Mapping[str, object]], Node], context: Context
) -> Node | None:
    """What is read `beside` a stand-in of an expected shape, for a lone I or 1."""
    for shape in dict.fromkeys(context.targets):
        if not 0 < len(shape) < 3:
            continue
        try:
            whole = beside(context.declared() | {STAND_IN: shape})
        except IndexCalcError:
            continue
        stand_in = tensor(STAND_IN, shape)
        return _known(replace(whole, {stand_in: zero(shape)}), context)
    return None


def _known(node: Node, context: Context) -> Node:
    """The question's own leaves, its constants above all, for leaves of their names."""
    found = variables(node)
    own: dict[Node, Node] = {
        leaf: context.leaves[name]
        for name, leaf in found.items()
        if name in context.leaves and context.leaves[name].shape == leaf.shape
    }
    return replace(node, own)


def _latex(text: str, context: Context) -> Reading:
    read = context.latex
    if read is None:
        raise ParseError("LaTeX is not read here", text=text, position=0)
    bare = text.strip().strip("$")

    def beside(declared: Mapping[str, object]) -> Node:
        return read(rf"\left({bare}\right) + {STAND_IN}", declared)

    try:
        node = _known(read(bare, context.declared()), context)
    except IndexCalcError as error:
        found = None if STAND_IN in text else _with_context(beside, context)
        if found is None:
            raise error from None
        node = found
    return Reading(node, "", "latex")


# -- index notation --------------------------------------------------------------------


def _indexed(
    left: str, right: str, context: Context, failures: list[IndexCalcError]
) -> list[Reading]:
    """Readings in index notation: as `out` or the left side say, else as guessed."""
    try:
        guesses = list(islice(_outs(left, right, context), MOST_GUESSES))
    except IndexCalcError as error:
        failures.append(error)
        return []
    found = []
    for out in guesses:
        try:
            node = _by_index(right, out, context)
        except IndexCalcError as error:
            failures.append(error)
            continue
        order = ", ".join(out)
        note = f"with axes {order}" if len(guesses) > 1 else ""
        found.append(Reading(node, "tensor", "index", note))
    return found


def _by_index(text: str, out: str | Sequence[str], context: Context) -> Node:
    """The text in index notation, beside a stand-in where a δ has no size of its
    own."""
    from ..text import parse_index

    try:
        return _known(parse_index(text, out, context.declared()), context)
    except IndexCalcError as error:
        shape = context.targets[0]
        if STAND_IN in text or not shape or len(out) != len(shape):
            raise error from None
        declared = context.declared() | {STAND_IN: shape}
        beside = _added(text, f"{STAND_IN}[{','.join(out)}]")
        try:
            whole = parse_index(beside, out, declared)
        except IndexCalcError:
            raise error from None
    return _known(replace(whole, {tensor(STAND_IN, shape): zero(shape)}), context)


def _outs(left: str, right: str, context: Context) -> Iterator[Sequence[str]]:
    """The free indices: given, written on the left, or guessed. Those that stand once
    in some term must be free; the question's own names come first."""
    from ..text.index_notation import axes_named

    spans = _spans(right, context.declared())
    if not spans:
        raise ParseError("there are no indices", text=right, position=0)
    if context.out is not None:
        yield axes_named(context.out)
        return
    order = len(context.axes)
    named = [a or b for a, b in _SUBSCRIPTS.findall(left)]
    written = [i for word in named for i in re.findall(r"[A-Za-z]", word)]
    if len(written) == order and len(set(written)) == order:
        yield written
        return
    lone = {name for name, (low, _) in spans.items() if low == 1}
    rest = [name for name in spans if name not in lone]
    if len(lone) > order:
        raise ParseError(
            f"the free indices {', '.join(sorted(lone))} are more than the "
            f"{order} of the derivative",
            text=right,
            position=0,
            hint="a summed index stands twice",
        )
    own = [name for name in context.axes if name in spans]
    if len(own) == order and lone <= set(own):
        yield own
        return
    for more in combinations(rest, order - len(lone)):
        yield sorted({*lone, *more})


def _spans(text: str, shapes: Mapping[str, object]) -> dict[str, tuple[int, int]]:
    """How often each index stands in a term, at least and at most."""
    from ..text.index_notation import index_tree
    from ..text.index_scopes import scoped

    scopes, root = index_tree(text, shapes)
    scoped(scopes, root, {})
    return scopes.spans[root]


# -- what an answer may mean -----------------------------------------------------------


def context_names(root: Node) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The leaves with names under a node, constants too, and its unknown functions."""
    leaves: dict[str, Tensor] = {}
    functions: dict[str, None] = {}
    for node in toposort(root):
        if isinstance(node, Tensor) and node.name:
            leaves.setdefault(node.name, node)
        elif not isinstance(node, Tensor) and _unknown_name(node):
            functions[_unknown_name(node)] = None
    return leaves, tuple(functions)


def _unknown_name(node: Node) -> str:
    is_unknown = getattr(node, "function", "") == "unknown"
    return str(node.params[0]) if is_unknown else ""  # type: ignore[union-attr]
