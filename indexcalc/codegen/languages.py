"""The readable text of expressions in every language, in forms chosen for some sizes.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> product = einsum([(A, [0, 1]), (x, [1])], [0])
>>> print(printed([product], "matlab", lambda size: 9, names=["A", "x"]))
function out = f(A, x)
    out = A * x;
end
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from ..errors import UnsupportedError
from ..legible import quoted
from ..nodes import Node, Tensor
from ..planning.programs import arranged
from ..sizes import Size
from . import eigen, julia, matlab, plain
from .libraries import LIBRARIES
from .source import Source

#: What prints a language, by its name.
LANGUAGES: Mapping[str, Callable[..., Source]] = {
    **{name: partial(plain.source, library=name, single=True) for name in LIBRARIES},
    "julia": julia.source,
    "matlab": matlab.source,
    "eigen": eigen.source,
}


def printed(
    nodes: Sequence[Node],
    language: str,
    length: Callable[[Size], int],
    *,
    name: str = "f",
    names: Sequence[str] = (),
    doc: str = "",
    scope: Iterable[Tensor] = (),
) -> Source:
    """A function of the arrays `names`, in their order, right for sizes of any length;
    see `plain.source`. Forms and orders are the cheapest that are found at `length`.

    Raises `UnsupportedError` for a language that there is not, and for what it has no
    words for.
    """
    if not isinstance(language, str) or language not in LANGUAGES:
        raise UnsupportedError(
            f"no function is printed in {quoted(language)}",
            hint=f"one of {', '.join(LANGUAGES)}",
        )
    return LANGUAGES[language](
        arranged(nodes, length, symmetric=False),
        function_name=name,
        names=names,
        doc=doc,
        scope=scope,
        sizes=length,
    )
