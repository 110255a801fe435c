"""Diagrams from einsum strings and from their own documents.

>>> print(diagram_from("ij,jk->ik").expression().matrix())
A*B
"""

from __future__ import annotations

from collections.abc import Mapping

from .broadcasting import as_node
from .errors import ParseError
from .face import Expression
from .given import mapping_of
from .legible import quoted
from .operators import bare
from .pictures import Diagram, Film
from .sizes import as_size


def diagram_from(
    spec: str, *operands: object, sizes: Mapping[str, object] | None = None
) -> Diagram:
    """Any einsum string as a contraction diagram, its letters kept.

    Operands are expressions, arrays or names; without them they are called A, B, C, …,
    vectors a, b, c. Sizes that nothing tells have the name of their index.

    >>> drawn = diagram_from("ij,jk,ik->")
    >>> print(drawn.expression().matrix())
    tr(B*C'*A)

    Raises `ParseError` for a spec that does not fit.
    """
    from .diagrams.spec import model_of_spec

    if not isinstance(spec, str):
        raise ParseError(
            f"{quoted(spec)} is not an einsum string", hint='a text such as "ij,jk->ik"'
        )
    given = [o if isinstance(o, str) else as_node(bare(o)) for o in operands]
    told = mapping_of(sizes, "sizes")
    known = {name: as_size(size) for name, size in told.items()}
    return Diagram(model_of_spec(spec, given, known), Expression)


def diagram_from_json(text: str) -> Diagram:
    """The diagram that `Diagram.json` wrote.

    Raises `ParseError` for a text that is not one.
    """
    from .diagrams.documents import from_json

    return Diagram(from_json(text), Expression)


def film_from_json(text: str) -> Film:
    """The film that `Film.json` wrote.

    Raises `ParseError` for a text that is not one.
    """
    from .diagrams.documents import frames_from_json

    frames = frames_from_json(text)
    return Film([Diagram(m, Expression, rule, reason) for m, rule, reason in frames])
