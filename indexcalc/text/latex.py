r"""LaTeX as people write it: matrices without signs of multiplication, norms, sums.

The text is made plain (`latex_shape`), translated to the lexemes of the text language
(`latex_lexemes`), read by its grammar in paper mode, and typed by its rules and those
that only LaTeX needs (`latex_vocabulary`). Errors point into the LaTeX.

>>> parse_latex(r"\mathbf{a}^\top\mathbf{Xa}", {"a": "n", "X": "n n"}).kind
'scalar'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .declarations import declare
from .grammar import read
from .latex_forms import composed
from .latex_lexemes import lexemes_of
from .latex_regions import Regions, read_regions
from .latex_source import Source, Span, source_of
from .lowering import Parsed


def parse_latex(
    text: str,
    shapes: Mapping[str, object] | None = None,
    *,
    infer: bool = False,
    out: str | Sequence[str] | None = None,
) -> Parsed:
    r"""The node that a formula in LaTeX stands for; `y =` or `f(x) =` in front is
    skipped.

    Shapes are declared as for `parse`; a Greek letter by its name or by itself, `x_1`
    as `x_1` or `x1`, `\hat y` as `y_hat`. `out` orders the free indices of index
    notation.
    Raises `ParseError`, `ShapeError`, `UnknownNameError`, `UnsupportedError` or
    `BudgetError`, each with the place in the text where there is one.

    >>> parse_latex(r"\|Ax - b\|^2", {"A": "m n", "x": "n", "b": "m"}).kind
    'scalar'
    """
    declared = declare(shapes or {})
    source = source_of(text, declared, infer=infer)
    return parse_span(source, right_side(source, (0, len(source.tokens))), out)


def parse_span(
    source: Source, span: Span, out: str | Sequence[str] | None = None
) -> Parsed:
    """What a span of a formula's tokens says."""
    if span[0] >= span[1]:
        raise source.error("the text is empty, and an expression was expected", span[0])
    found = lexemes_of(source, span)
    tree = read(source.text, found.lexemes)
    declared = source.declared
    tree = composed(tree, source.text, declared.functions)
    regions = Regions(source.text, declared, source.infer, found.limits)
    node = read_regions(regions, tree, out)
    return Parsed(
        node, regions.kind, {**declared.known, **regions.inferred}, regions.inferred
    )


def right_side(source: Source, span: Span) -> Span:
    """The tokens after `y =` or `f(x) =`, or all of them.

    Raises `ParseError` for an equation between expressions.
    """
    start, stop = span
    while source.is_group(start, stop) and source.partner(start) == stop - 1:
        start, stop = start + 1, stop - 1
    equals = equal_signs(source, start, stop)
    if not equals:
        return start, stop
    if len(equals) > 1:
        raise source.error(
            "one expression was expected, and this is a chain of them",
            equals[1],
            "give one of its members",
        )
    if not is_left_side(source, start, equals[0]):
        raise source.error(
            "this is an equation, and one expression was expected",
            equals[0],
            "the left side may be a name or a function, y = or f(x) =",
        )
    return equals[0] + 1, stop


def equal_signs(source: Source, start: int, stop: int) -> list[int]:
    """The equal signs that stand in no bracket."""
    found = []
    i = start
    while i < stop:
        if source.opens(i, stop):
            i = source.partner(i)
        elif source.character(i, stop) == "=" or source.command(i, stop) in _DEFINED:
            found.append(i)
        i += 1
    return found


_DEFINED = ("equiv", "coloneqq", "triangleq", "doteq")


def is_left_side(source: Source, start: int, stop: int) -> bool:
    """Whether a span is a name, perhaps with arguments and a colon (of :=)."""
    if source.character(stop - 1, stop) == ":":
        stop -= 1
    word = source.word(start, stop)
    if word is None or source.function(start, stop) is not None:
        return False
    end = source.scripts(word.stop, stop).stop
    if source.opens(end, stop):
        end = source.partner(end) + 1
    return end == stop
