r"""A question about a derivative in LaTeX: the function, the variables and the order.

The operator stands in front, `\partial_x`, `\nabla^2`, `\frac{\partial}{\partial X}`,
`D_X`, or round the function, `\frac{\partial f}{\partial X}`, `\partial f/\partial X`.

>>> found = read_problem(r"\frac{\partial}{\partial X}\det X", {"X": "n n"})
>>> found.variables, found.order
(('X',), 1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .. import expr
from ..errors import UnknownNameError
from ..nodes import Node
from ..substitute import replace as replaced
from .declarations import Variable, declare
from .latex import equal_signs, is_left_side, parse_span, right_side
from .latex_commands import FRACTIONS
from .latex_source import Source, Span, source_of
from .lowering import Parsed

DEFINITION_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """`expression` is what is to be differentiated, by `variables`, `order` times; no
    variables where the text does not say them. `parsed` has the shapes and the kind."""

    expression: Node
    variables: tuple[str, ...]
    order: int
    parsed: Parsed


@dataclass(frozen=True, slots=True)
class _Operator:
    """A differential operator: by what, how often, and the span it acts on."""

    variables: tuple[str, ...]
    order: int
    span: Span


def read_problem(
    latex: str,
    shapes: Mapping[str, object] | None = None,
    *,
    infer: bool = False,
    out: str | Sequence[str] | None = None,
) -> Problem:
    r"""The function in a question about its derivative, with its variables and order.

    A text without an operator is a function, to be differentiated once by a variable
    that is not said. Definitions may follow after commas, `, A = B + C`. Raises as
    `parse_latex` does.

    >>> read_problem(r"\nabla_x^2\, x^TAx", {"x": "n", "A": "n n"}).order
    2
    """
    source = source_of(latex, declare(shapes or {}), infer=infer)
    clauses = _clauses(source)
    if len(clauses) == 1:
        return _answered(source, _question(source, clauses[0]), out, {})
    defined, asked = _divided(source, clauses)
    source, nodes = _with_definitions(source, defined, asked is not None)
    question = asked or next(iter(defined.values()))
    return _answered(source, _question(source, question), out, nodes)


def _question(source: Source, span: Span) -> _Operator:
    """The operator in a clause and what it acts on; names in front are skipped."""
    start = right_side(source, span)[0]
    found = _operator(source, start, span[1]) or _Operator((), 1, (start, span[1]))
    return replace(found, span=right_side(source, found.span))


def _answered(
    source: Source,
    asked: _Operator,
    out: str | Sequence[str] | None,
    defined: Mapping[str, Node],
) -> Problem:
    parsed = parse_span(source, asked.span, out)
    node = _substituted(parsed.node, defined)
    shapes = {name: s for name, s in parsed.shapes.items() if name not in defined}
    clash = [name for name in asked.variables if name in defined]
    if clash:
        raise source.error(f"{clash[0]} is defined, and not a variable", asked.span[0])
    parsed = Parsed(node, parsed.kind, shapes, parsed.inferred)
    return Problem(node, asked.variables, asked.order, parsed)


# -- definitions -----------------------------------------------------------------------


def _clauses(source: Source) -> list[Span]:
    """The parts of a text between the commas that stand in no bracket."""
    found: list[Span] = []
    start = i = 0
    stop = len(source.tokens)
    while i < stop:
        if source.opens(i, stop):
            i = source.partner(i)
        elif source.character(i, stop) in (",", ";"):
            found.append((start, i))
            start = i + 1
        i += 1
    return [*found, (start, stop)]


def _divided(
    source: Source, clauses: Sequence[Span]
) -> tuple[dict[str, Span], Span | None]:
    """What each name is defined as, and the clause that is no definition."""
    defined: dict[str, Span] = {}
    asked: Span | None = None
    for a, b in clauses:
        equals = equal_signs(source, a, b)
        if len(equals) == 1 and is_left_side(source, a, equals[0]):
            word = source.word(a, b)
            assert word is not None
            if word.names[0] in {*source.known, *defined}:
                raise source.error(f"{word.names[0]} is declared already", a)
            defined[word.names[0]] = equals[0] + 1, b
            if len(defined) > DEFINITION_LIMIT:
                raise source.error(f"more than {DEFINITION_LIMIT} definitions", a)
        elif asked is not None or a == b:
            raise source.error("one function was expected, and definitions", a)
        else:
            asked = a, b
    return defined, asked


def _with_definitions(
    source: Source, defined: Mapping[str, Span], every: bool
) -> tuple[Source, dict[str, Node]]:
    """A source that knows the defined names, and what they stand for; the first is
    left out unless `every` is to be read."""
    nodes: dict[str, Node] = {}
    waiting = list(defined) if every else list(defined)[1:]
    while waiting:
        for name in waiting:
            try:
                parsed = parse_span(source, defined[name])
            except UnknownNameError:
                if name == waiting[-1]:
                    raise
                continue
            if parsed.kind == "row":
                raise source.error(
                    "a row is defined", defined[name][0], "define a column"
                )
            nodes[name] = _substituted(parsed.node, nodes)
            source = _knowing(source, name, parsed.node)
            waiting.remove(name)
            break
    return source, nodes


def _knowing(source: Source, name: str, node: Node) -> Source:
    old = source.declared
    variables = {**old.variables, name: Variable(name, node.shape)}
    declared = replace(old, variables=variables)
    return replace(source, declared=declared, known=source.known | {name})


def _substituted(node: Node, defined: Mapping[str, Node]) -> Node:
    table: dict[Node, Node] = {
        expr.tensor(name, value.shape): value for name, value in defined.items()
    }
    return replaced(node, table)


# -- operators -------------------------------------------------------------------------


def _operator(source: Source, i: int, stop: int) -> _Operator | None:
    command = source.command(i, stop)
    if command in FRACTIONS:
        return _fraction(source, i, stop)
    if command == "partial":
        return _partial(source, i, stop)
    if command == "nabla" or _is_word(source, i, stop, "D", scripts=True):
        return _prefix(source, i, stop)
    if _is_word(source, i, stop, "Hess"):
        return _Operator((), 2, (i + 1, stop))
    if _is_word(source, i, stop, "D") and source.opens(i + 1, stop):
        return _called(source, i + 1, stop)
    if _is_word(source, i, stop, "d") and _bars(source, i, stop):
        return _partial(source, i, stop)
    return None


def _called(source: Source, i: int, stop: int) -> _Operator | None:
    """`D(f, X)`."""
    close = source.partner(i)
    inner = [k for k in range(i + 1, close) if source.character(k, close) == ","]
    if close != stop - 1 or not inner:
        return None
    return _Operator(_names(source, (inner[-1] + 1, close)), 1, (i + 1, inner[-1]))


def _is_word(
    source: Source, i: int, stop: int, name: str, *, scripts: bool = False
) -> bool:
    if i >= stop or source.tokens[i].value != name or name in source.known:
        return False
    if source.tokens[i].kind not in ("letter", "letters", "word"):
        return False
    return not scripts or source.scripts(i + 1, stop).below is not None


def _prefix(source: Source, i: int, stop: int) -> _Operator:
    r"""`\nabla_X^2`, `\partial_x`, `D_X`: what follows is the function."""
    scripts = source.scripts(i + 1, stop)
    if scripts.primes or len(scripts.above) > 1:
        raise source.error("this operator cannot be read", i, r"such as \nabla_X^2")
    names = _names(source, scripts.below) if scripts.below else ()
    order = _order(source, scripts.above[0]) if scripts.above else max(len(names), 1)
    return _Operator(names, order, (scripts.stop, stop))


def _order(source: Source, span: Span) -> int:
    text = "".join(token.value for token in source.tokens[span[0] : span[1]][:4])
    if not text.isdecimal() or not 0 < int(text) < 10:
        raise source.error("the order of a derivative is a small number", span[0])
    return int(text)


def _names(source: Source, span: Span) -> tuple[str, ...]:
    """The variables in a span: names with their subscripts, side by side or listed."""
    found: list[str] = []
    i, stop = span
    while i < stop:
        if source.character(i, stop) == ",":
            i += 1
            continue
        name, i = _variable(source, i, stop)
        found.append(name)
    return tuple(found)


def _variable(source: Source, i: int, stop: int) -> tuple[str, int]:
    """One variable; vec of it is the variable."""
    if _is_word(source, i, stop, "vec") or source.command(i, stop) == "vec":
        i += 1
    if source.opens(i, stop):
        close = source.partner(i)
        name, end = _variable(source, i + 1, close)
        if end != close:
            raise source.error("one variable was expected", i)
        return name, close + 1
    word = source.word(i, stop)
    if word is None:
        raise source.error("a variable was expected", i)
    scripts = source.scripts(word.stop, stop)
    names = word.names
    if scripts.below is not None:
        names = source.with_subscript(names, scripts.below) or names
    known = source.declared_as([*names, *word.names])
    if known is None and not source.infer:
        raise source.error(
            f"the variable {names[0]} is not declared", i, "declare its shape"
        )
    after = word.stop if scripts.below is None else source.scripts(word.stop).stop
    return known or names[0], after if not scripts.above else word.stop


# -- operators with a function in them -------------------------------------------------


def _is_differential(source: Source, i: int, stop: int) -> bool:
    return source.command(i, stop) == "partial" or _is_word(source, i, stop, "d")


def _fraction(source: Source, i: int, stop: int) -> _Operator | None:
    r"""`\frac{d}{dX} f` or `\frac{d f}{dX}`."""
    above, after = source.argument(i + 1, stop)
    below, after = source.argument(after, stop)
    if not _is_differential(source, above[0], above[1]):
        return None
    inner, order = _past_differential(source, above[0], above[1])
    names = _divided_by(source, below)
    if order != len(names):
        raise source.error("the orders above and below the bar differ", i)
    if inner < above[1] and after < stop:
        raise source.error(
            "a factor after a derivative", after, "write the function alone"
        )
    span = (inner, above[1]) if inner < above[1] else (after, stop)
    return _Operator(_once(names), order, span)


def _past_differential(source: Source, i: int, stop: int) -> tuple[int, int]:
    scripts = source.scripts(i + 1, stop)
    order = _order(source, scripts.above[0]) if scripts.above else 1
    return scripts.stop, order


def _divided_by(source: Source, span: Span) -> tuple[str, ...]:
    r"""The variables of `\partial X^2` or `\partial x\partial y`, each as often as it
    stands."""
    found: list[str] = []
    i, stop = span
    while i < stop:
        if not _is_differential(source, i, stop):
            raise source.error("a variable after \\partial or d was expected", i)
        name, i = _variable(source, i + 1, stop)
        scripts = source.scripts(i, stop)
        power = [s for s in scripts.above if source.tokens[s[0]].kind == "digit"]
        found += [name] * (_order(source, power[0]) if power else 1)
        i = scripts.stop
    if not found:
        raise source.error("a derivative by nothing", span[0])
    return tuple(found)


def _once(names: Sequence[str]) -> tuple[str, ...]:
    """The variables; one that stands several times is one, its order says how often."""
    return tuple(dict.fromkeys(names)) if len(set(names)) == 1 else tuple(names)


def _partial(source: Source, i: int, stop: int) -> _Operator:
    r"""`\partial_x f` or `\partial f/\partial x`."""
    if source.scripts(i + 1, stop).below is not None:
        return _prefix(source, i, stop)
    inner, order = _past_differential(source, i, stop)
    bars = _bars(source, inner, stop)
    if len(bars) != 1:
        raise source.error(
            r"this \partial does not say by what", i, r"such as \partial_x or \frac"
        )
    names = _divided_by(source, (bars[0] + 1, stop))
    if order != len(names):
        raise source.error("the orders on both sides of / differ", i)
    return _Operator(_once(names), order, (inner, bars[0]))


def _bars(source: Source, i: int, stop: int) -> list[int]:
    """Where a / stands before another differential."""
    return [
        k
        for k in range(i, stop - 1)
        if source.character(k, stop) == "/" and _is_differential(source, k + 1, stop)
    ]
