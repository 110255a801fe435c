"""Whatever was saved, back: expressions, functions, plans, diagrams and films.

>>> from indexcalc.ways_in import tensor
>>> x = tensor("x", "n")
>>> g = (x @ x).gradient(x)
>>> again = expression_from_json(g.json())
>>> again.node is g.node, again.by
(True, (('x', 1),))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .errors import IndexCalcError, ParseError
from .face import Expression
from .from_diagrams import diagram_from_json, film_from_json

if TYPE_CHECKING:
    from .compiled import Compiled
    from .documents.functions import Held
    from .execution import Functions
    from .reports import Plan


def expression_from_json(text: str) -> Expression:
    """The expression that `Expression.json` wrote: the same node, with the same axes.

    Raises `ParseError`, with the place, for a text that is not one.
    """
    from .documents.expressions import from_json

    return Expression._of(from_json(text))


def compiled_from_json(text: str, functions: Functions | None = None) -> Compiled:
    """The compiled function that `Compiled.json` wrote: the same expressions, options
    and choices of planning, so that it runs without searching again. `functions` gives
    unknown functions their values, which no document holds.

    >>> from indexcalc.ways_in import tensor
    >>> A, x = tensor("A", "m n"), tensor("x", "n")
    >>> f = compiled_from_json((A @ x).compile().json())
    >>> f(A=[[1.0, 2.0]], x=[3.0, 4.0]).tolist()
    [11.0]

    Raises `ParseError`, with the place, for a text that is not one.
    """
    from .documents.functions import FORMAT

    held = _function_of(text)
    if held.asked is not None:
        raise ParseError(f"not a document of the format {FORMAT}: a plan")
    return _compiled(held, functions)


def plan_from_json(text: str, functions: Functions | None = None) -> Plan:
    """The plan that `Plan.json` wrote. Its report is reckoned again, whatever the
    document says; its `function` runs as it was planned.

    >>> from indexcalc.ways_in import tensor
    >>> A, x = tensor("A", "m n"), tensor("x", "n")
    >>> plan = (A @ x).plan(m=300, n=200)
    >>> again = plan_from_json(plan.json())
    >>> str(again) == str(plan), again.function([[2.0]], [3.0]).tolist()
    (True, [6.0])

    Raises `ParseError`, with the place, for a text that is not one.
    """
    from .documents.functions import PLAN_FORMAT
    from .reports import Plan, known_sizes

    held = _function_of(text)
    if held.asked is None:
        raise ParseError(f"not a document of the format {PLAN_FORMAT}: a function")
    function = _compiled(held, functions)
    try:
        known_sizes(function, held.asked.sizes, held.asked.written)
    except IndexCalcError as error:
        raise ParseError(f"asked.sizes: {error.message}") from None
    return Plan(function, held.asked)


def _function_of(text: str) -> Held:
    from .documents.functions import from_document
    from .documents.reading import loaded

    return from_document(loaded(text))


def _compiled(held: Held, functions: Functions | None) -> Compiled:
    """The function that a document holds, with nothing planned yet but its choices."""
    from .compiled import Compiled
    from .structured_function import StructuredFunction
    from .ways import Ways

    options = {f.name: getattr(held.options, f.name) for f in fields(held.options)}
    rows, columns, single = map(options.pop, ("rows", "columns", "single"))
    node, structured = held.nodes[0], rows is not None
    if len(held.nodes) == 1:
        options["ways"] = Ways(node, columns, structured)
    options |= {"scope": held.scope, "functions": functions}
    try:
        if structured:
            found: Compiled = StructuredFunction(node, rows, **options)
        else:
            found = Compiled(held.nodes, single=single, **options)
    except IndexCalcError as error:
        raise ParseError(f"not a function: {error.message}") from None
    found.book = held.book
    return found


#: What reads a document of each format.
READERS: Mapping[str, Callable[[str], Any]] = {
    "indexcalc.expression": expression_from_json,
    "indexcalc.function": compiled_from_json,
    "indexcalc.plan": plan_from_json,
    "indexcalc.diagram": diagram_from_json,
    "indexcalc.film": film_from_json,
}


def load(path: str | os.PathLike[str]) -> Any:
    """What a file of ours holds, of whatever kind: what `.save` and `.json` wrote.

    Raises `FileNotFoundError` where there is no file, `ParseError` for one that is not
    ours, not whole, or written by a newer version.
    """
    from .documents.reading import loaded

    with open(os.fspath(path), "rb") as file:
        content = file.read()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(
            f"{path} is no text: {error.reason}, byte {error.start}"
        ) from None
    document = loaded(text)
    form = document.get("format") if isinstance(document, dict) else None
    if not isinstance(form, str) or form not in READERS:
        raise ParseError(
            f"{path} is not a document of indexcalc",
            hint=f"one of {', '.join(READERS)}",
        )
    return READERS[form](text)
