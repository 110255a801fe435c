"""A function in Python that computes expressions: plain, valid for any sizes.

Matrix operators where they fit, einsum where they do not, deltas never built; values
that are used more than once have names. The text imports its library and nothing of
indexcalc.

>>> from indexcalc.expr import einsum, tensor
>>> X, y = tensor("X", ("n", "p")), tensor("y", ("n",))
>>> node = einsum([(X, [0, 1]), (y, [0])], [1])
>>> print(source([node], library="numpy", names=["X", "y"], doc="Xᵀ y", single=True))
def f(X, y):
    \"\"\"Xᵀ y\"\"\"
    return X.T @ y
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..einsum_spelling import size_code
from ..errors import UnsupportedError
from ..nodes import Node, Tensor
from ..plan import Program, compile_nodes
from ..planning.pairs import in_pairs
from ..sizes import Size
from . import constants as _constants  # noqa: F401 - registers its spellings
from .layout import Style, broken
from .libraries import FAST_NUMPY, LIBRARIES
from .lowering import Lowering
from .placing import place
from .python import Writer
from .signature import Reading
from .source import Source, docstring
from .unlabelled import unlabelled
from .words import Expr

#: What a size that is not known counts as when products are ordered.
TYPICAL = 100

_STYLE = Style(lists=True)


def source(
    nodes: Sequence[Node],
    *,
    library: str = "numpy",
    function_name: str = "f",
    names: Sequence[str] = (),
    doc: str = "",
    single: bool = True,
    scope: Iterable[Tensor] = (),
    sizes: Callable[[Size], int] | None = None,
) -> Source:
    """The text of a function of arrays that answers the nodes' values.

    `names` are the arguments in order; `scope` holds further tensors that are
    arguments, whose shapes may tell sizes; `single` says whether one value is answered
    bare or a tuple. `sizes` are typical lengths, by which products are ordered; the
    text is right for all of them. The nodes are said as they stand: `fuse` them first,
    or choose their forms.

    Raises `UnsupportedError` for an unknown library, and for what it has no spelling
    of.
    """
    return program_source(
        paired(nodes, sizes),
        library=library,
        function_name=function_name,
        names=names,
        doc=doc,
        single=single,
        scope=scope,
    )


def program_source(
    program: Program,
    *,
    library: str,
    function_name: str = "f",
    names: Sequence[str] = (),
    doc: str = "",
    single: bool = True,
    scope: Iterable[Tensor] = (),
    blas: bool = False,
) -> Source:
    """The text of a function that runs a paired program; see `source`. With `blas`,
    contractions are products of matrices wherever they can be, however they read."""
    if library not in LIBRARIES:
        raise UnsupportedError(
            f"no program is printed for {library!r}",
            hint=f"one of {', '.join(LIBRARIES)}",
        )
    spelled = FAST_NUMPY if blas else LIBRARIES[library]
    writer = Writer(program, spelled, names, scope, blas, function_name)
    lowering = PythonLowering(program, writer, writer.names)
    results = [_as_array(writer, e) for e in lowering.results()]
    written = list(lowering.lines)
    lines = [line for found, e in written for line in _statement(writer, found, e)]
    listed = ", ".join(writer.text(e) for e in results)
    answer = listed if single and len(results) == 1 else _tuple(listed, len(results))
    lines += broken("return ", answer, 4, _STYLE)
    return _assembled(writer, function_name, doc, lines)


def paired(nodes: Sequence[Node], sizes: Callable[[Size], int] | None) -> Program:
    """The program of the nodes with its products in pairs."""
    return in_pairs(compile_nodes(nodes), sizes or typical)


def typical(size: Size) -> int:
    """A length to order products by where the size is a name."""
    return size if isinstance(size, int) else TYPICAL


def _tuple(listed: str, count: int) -> str:
    return f"({listed},)" if count == 1 else listed


class PythonLowering(Lowering):
    """Lowering with what a library lacks said otherwise."""

    language: Writer

    def adapted(self, e: Expr) -> Expr:
        """An operation, in those that the library has."""
        if e.op == "placed":
            return place(self.language, self, e)
        if e.op == "contraction" and self.language.library.module == "xp":
            return unlabelled(e)
        if e.op == "diag" and self.language.library.module == "xp":
            return place(self.language, self, _as_placed(e))
        return e


def _as_placed(e: Expr) -> Expr:
    return Expr("placed", e.args, ((0,), (0, 0)), e.shape)


def _as_array(w: Writer, e: Expr) -> Expr:
    """A result that is a plain number, as an array."""
    if not e.number:
        return e
    from .python import as_array

    return Expr("raw", (), (as_array(w, e).text,))


def _statement(w: Writer, found: str, e: Expr) -> list[str]:
    return broken(f"{found} = " if found else "", w.text(e), 4, _STYLE)


def _assembled(w: Writer, function: str, doc: str, lines: list[str]) -> Source:
    """Imports, helpers, the head, the docstring, sizes, and the body."""
    dtype = w.dtype_lines("\n".join(lines))
    checks = list(w.checks)
    readings, free = w.signature.reading("\n".join([*lines, *dtype, *checks]))
    body = [*_namespace(w), *(_read(w, r) for r in readings), *checks, *dtype]
    arguments = list(w.signature.arguments)
    keywords = [*free.values(), *w.signature.functions.values()]
    if keywords:
        arguments += ["*", *keywords]
    head = _head(function, arguments)
    text = [*_imports(w, lines), *_helpers(w), *_named_constants(w), *head]
    text += [*docstring(doc), *(f"    {line}" for line in body), *lines]
    return Source(
        "\n".join(text) + "\n",
        function,
        w.signature.constants,
        free,
        dict(w.signature.functions),
    )


def _head(function: str, arguments: Sequence[str]) -> list[str]:
    line = f"def {function}({', '.join(arguments)}):"
    if len(line) <= _STYLE.width:
        return [line]
    return [f"def {function}(", *(f"    {name}," for name in arguments), "):"]


def _imports(w: Writer, lines: Sequence[str]) -> list[str]:
    helpers = [w.library.helpers[name].template for name in w.helpers]
    used = "\n".join([*lines, *helpers])
    module = f"{w.library.module}." in used or w.library.module == "xp"
    found = [*w.imports, *([w.library.imports] if module else [])]
    if not found:
        return []
    ordered = sorted(found, key=lambda line: (line.startswith("from"), line))
    return [*ordered, "", ""]


def _helpers(w: Writer) -> list[str]:
    lines: list[str] = []
    for function, name in w.helpers.items():
        text = w.library.helpers[function].template.replace("{name}", name)
        lines += [*text.splitlines(), "", ""]
    return lines


def _named_constants(w: Writer) -> list[str]:
    found = [
        f"# {name}: a constant array of shape {tensor.shape}"
        for tensor, name in w.signature.large.items()
    ]
    return [*found, "", ""] if found else []


def _namespace(w: Writer) -> list[str]:
    if w.library.module != "xp":
        return []
    if not w.signature.arguments:
        raise UnsupportedError(
            "without a variable there is no array to take the namespace from",
            hint="print it for numpy",
        )
    names = ", ".join(w.signature.arguments)
    return [f"xp = array_namespace({names})"]


def _read(w: Writer, reading: Reading) -> str:
    names = ", ".join(w.signature.sizes[name] for name in reading.sizes)
    tensor = w.signature.tensors[reading.tensor.name]
    if reading.axis is None:
        return f"{names} = {tensor}.shape"
    text = f"{tensor}.shape[{reading.axis}]"
    if reading.rest != 0:
        rest = size_code(reading.rest, w.signature.sizes)
        text = f"{text} - {rest.at(1)}"
    if reading.step != 1:
        step = size_code(reading.step, w.signature.sizes).at(2)
        text = f"({text}) // {step}" if reading.rest != 0 else f"{text} // {step}"
    return f"{names} = {text}"
