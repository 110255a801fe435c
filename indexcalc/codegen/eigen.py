"""A C++ function on Eigen's matrices that computes expressions, in double precision.

Vectors and matrices are Eigen's, with its operators; tensors of more axes are those of
its unsupported module. What no operator says is a nest of loops.

>>> from indexcalc.expr import einsum, tensor
>>> X, y = tensor("X", ("n", "p")), tensor("y", ("n",))
>>> node = einsum([(X, [0, 1]), (y, [0])], [1])
>>> print(source([node], names=["X", "y"], doc="Xᵀ y").text)
#include <Eigen/Dense>
<BLANKLINE>
// Xᵀ y
Eigen::VectorXd f(const Eigen::MatrixXd& X, const Eigen::VectorXd& y) {
    return X.transpose() * y;
}
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import UnsupportedError
from ..functions import is_elementwise
from ..nodes import Node, Tensor
from ..plan import Program
from ..sizes import Shape, Size
from . import eigen_spelling as spelling
from .code import PRODUCT
from .columns import refused
from .columns import source as assembled
from .eigen_spelling import RESERVED, Writer, type_of
from .entrywise import OPERATIONS, entry
from .layout import Style, broken
from .lowering import Lowering
from .plain import paired
from .signature import Reading
from .source import Source, told
from .words import Expr, name, number, times

_STYLE = Style(end=";")

#: The letters of loops, claimed as they are needed.
LETTERS = "ijklabcdeghmopqrstuvw"

ONE = number(1)


class EigenLowering(Lowering):
    """Lowering that takes to loops where Eigen has no operator."""

    language: Writer

    def settled(self, e: Expr) -> Expr:
        """An expression that is said directly, or the name of what loops computed."""
        if e.atomic:
            return e
        if self._direct(e):
            args = tuple(map(self.settled, e.args))
            return Expr(e.op, args, e.data, e.shape)
        return self._looped(e)

    def _direct(self, e: Expr) -> bool:
        """Whether Eigen's operators say it."""
        small = all(len(x.shape) <= 2 for x in (e, *e.args))
        return small and spelling.speaks(e)

    def _looped(self, e: Expr) -> Expr:
        match e.op:
            case "contraction":
                return self._contraction(e)
            case "times" if sum(bool(arg.shape) for arg in e.args) == 1:
                return self._scaled(e)
            case "reduce":
                return self._reduced(e)
            case "placed":
                return self._placed(e)
            case _ if e.op in OPERATIONS and _entrywise(e):
                return self._entries(e)
            case "call":
                raise refused(f"{e.data[0]} of a stack", "C++")
            case _:
                raise refused(e.op, "C++")

    def _scaled(self, e: Expr) -> Expr:
        """A multiple, taken into the loops of a contraction."""
        (wide,) = [arg for arg in e.args if arg.shape]
        if wide.op != "contraction":
            return self._entries(e)
        factors = [self._ready(arg) for arg in e.args if not arg.shape]
        return self._contraction(wide, times(factors, e.data[0]))

    # -- loops -------------------------------------------------------------------------

    def _ready(self, e: Expr) -> Expr:
        """An expression whose entries can be read: parts that are not entrywise have
        names."""
        if e.op == "name" or e.number:
            return e
        if e.op in OPERATIONS and _entrywise(e):
            return Expr(e.op, tuple(map(self._ready, e.args)), e.data, e.shape)
        return self.held(self.settled(e))

    def _entries(self, e: Expr) -> Expr:
        letters = self._letters(len(e.shape))
        ready = Expr(e.op, tuple(map(self._ready, e.args)), e.data, e.shape)
        sizes = dict(zip(letters, e.shape, strict=True))
        value = entry(ready, letters, self.language.scalar).text
        return self._nest(e, letters, sizes, "=", value)

    def _contraction(self, e: Expr, factor: Expr = ONE) -> Expr:
        rows, out = e.data
        args = [self._ready(arg) for arg in e.args]
        labels = list(dict.fromkeys([*out, *(i for row in rows for i in row)]))
        letter = dict(zip(labels, self._letters(len(labels)), strict=True))
        sizes = {
            letter[i]: size
            for row, arg in zip(rows, args, strict=True)
            for i, size in zip(row, arg.shape, strict=True)
        }
        order = {letter[i]: sizes[letter[i]] for i in labels}
        texts = [
            entry(arg, [letter[i] for i in row], self.language.scalar).at(2)
            for arg, row in zip(args, rows, strict=True)
        ]
        if factor.data != (1,):
            texts.insert(0, entry(factor, [], self.language.scalar).at(PRODUCT))
        places = [letter[i] for i in out]
        sign = "=" if set(labels) == set(out) else "+="
        return self._nest(e, places, order, sign, " * ".join(texts))

    def _reduced(self, e: Expr) -> Expr:
        inner, axes = self._ready(e.args[0]), e.data[0]
        letters = self._letters(len(inner.shape))
        places = [i for k, i in enumerate(letters) if k not in axes]
        sizes = dict(zip(letters, inner.shape, strict=True))
        value = entry(inner, letters, self.language.scalar).text
        return self._nest(e, places, sizes, "+=", value)

    def _placed(self, e: Expr) -> Expr:
        labels, axes = e.data
        core = self._ready(e.args[0])
        shown = list(dict.fromkeys(axes))
        letter = dict(zip(shown, self._letters(len(shown)), strict=True))
        lengths = dict(zip(axes, e.shape, strict=True))
        sizes = {letter[i]: lengths[i] for i in shown}
        at = [letter[i] for i in labels] if core.shape else []
        value = entry(core, at, self.language.scalar).text
        places = [letter[i] for i in axes]
        return self._nest(e, places, sizes, "=", value, cleared=True)

    def _letters(self, count: int) -> list[str]:
        known = self.language.letters
        while len(known) < count:
            free = [i for i in LETTERS if i not in self.names.taken]
            known.append(self.names.numbered_from(free[0] if free else "i"))
        return known[:count]

    def _nest(
        self,
        e: Expr,
        places: Sequence[str],
        sizes: dict[str, Size],
        sign: str,
        value: str,
        *,
        cleared: bool = False,
    ) -> Expr:
        """Loops over indices that set or add up entries of a new array."""
        w = self.language
        target = self.names.value(Expr("loop"))
        lines = [w.declared(target, e.shape, cleared or sign == "+=")]
        for k, (index, size) in enumerate(sizes.items()):
            head = (
                f"for (Eigen::Index {index} = 0; {index} < {w.size(size)}; ++{index})"
            )
            lines.append("    " * k + head)
        at = f"({', '.join(places)})" if places else ""
        lines += broken(f"{target}{at} {sign} ", value, 4 * len(sizes), _STYLE)
        self.lines.append(("", Expr("block", (), (tuple(lines),))))
        return name(target, e.shape)


def _entrywise(e: Expr) -> bool:
    return e.op != "call" or is_elementwise(e.data[0])


# -- the function ----------------------------------------------------------------------


def source(
    nodes: Sequence[Node],
    *,
    function_name: str = "f",
    names: Sequence[str] = (),
    doc: str = "",
    scope: Iterable[Tensor] = (),
    sizes: Callable[[Size], int] | None = None,
) -> Source:
    """The text of a C++ function that answers the nodes' values, several as a
    `std::tuple`; sizes that no array tells, large constants and the user's functions
    are arguments after the arrays.

    Raises `UnsupportedError` for complex numbers, and for what has no spelling.
    """
    program = paired(nodes, sizes)
    writer = Writer(program, names, scope, [*RESERVED, function_name])
    if writer.complex:
        raise UnsupportedError(
            "C++ is printed for real numbers", hint="print it for numpy"
        )
    lowering = EigenLowering(program, writer, writer.names)
    values = lowering.results()
    lines = [line for n, e in lowering.lines for line in _statement(writer, n, e)]
    lines += _answers(writer, values, [node.shape for node in nodes])
    readings, free = writer.signature.reading("\n".join(lines))
    head = _head(writer, program, function_name, nodes, list(free.values()))
    body = [f"    {_read(writer, r)}" for r in readings]
    text = "\n".join([*head, *body, *lines])
    return assembled(
        writer,
        [*_includes(text), *_comment(doc), *head, *body, *lines, "}"],
        function_name,
        free,
    )


def _includes(text: str) -> list[str]:
    found = [
        header
        for word, header in {
            "std::": "<cmath>",
            "std::function": "<functional>",
            "std::tuple": "<tuple>",
        }.items()
        if word in text
    ]
    tensors = ["<unsupported/Eigen/CXX11/Tensor>"] if "Eigen::Tensor" in text else []
    headers = [*sorted(set(found)), "<Eigen/Dense>", *tensors]
    return [*(f"#include {header}" for header in headers), ""]


def _comment(doc: str) -> list[str]:
    return [f"// {line}".rstrip() for line in told(doc)]


def _statement(w: Writer, found: str, e: Expr) -> list[str]:
    if e.op == "block":
        return [f"    {line}" for line in e.data[0]]
    return broken(f"const {type_of(e.shape)} {found} = ", w.code(e).text, 4, _STYLE)


def _answers(w: Writer, values: Sequence[Expr], shapes: Sequence[Shape]) -> list[str]:
    if len(values) == 1:
        return broken("return ", w.code(values[0]).text, 4, _STYLE)
    lines, answers = [], []
    for e, shape in zip(values, shapes, strict=True):
        target = w.names.numbered_from("out")
        lines += broken(
            f"const {type_of(shape)} {target} = ", w.code(e).text, 4, _STYLE
        )
        answers.append(target)
    return [*lines, f"    return {{{', '.join(answers)}}};"]


def _head(
    w: Writer,
    program: Program,
    function: str,
    nodes: Sequence[Node],
    free: Sequence[str],
) -> list[str]:
    types = [type_of(node.shape) for node in nodes]
    answer = types[0] if len(types) == 1 else f"std::tuple<{', '.join(types)}>"
    shapes: dict[str, Any] = {t.name: t.shape for t in w.signature.variables}
    arguments = [
        _argument(shapes.get(tensor, ()), printed)
        for tensor, printed in w.signature.tensors.items()
    ]
    arguments += [f"Eigen::Index {size}" for size in free]
    arguments += [_argument(t.shape, n) for t, n in w.signature.large.items()]
    arguments += spelling.function_arguments(w, program)
    line = f"{answer} {function}({', '.join(arguments)}) {{"
    if len(line) <= _STYLE.width:
        return [line]
    inner = [
        f"    {a}{',' if k + 1 < len(arguments) else ''}"
        for k, a in enumerate(arguments)
    ]
    return [f"{answer} {function}(", *inner, ") {"]


def _argument(shape: Shape, printed: str) -> str:
    kind = type_of(shape)
    return f"double {printed}" if not shape else f"const {kind}& {printed}"


def _read(w: Writer, reading: Reading) -> str:
    tensor = w.signature.tensors[reading.tensor.name]
    order = len(reading.tensor.shape)
    axes = range(order) if reading.axis is None else [reading.axis]
    parts = []
    for size, axis in zip(reading.sizes, axes, strict=True):
        text = f"{tensor}.dimension({axis})"
        if order <= 2:
            rows = "size" if order == 1 else ("rows", "cols")[axis]
            text = f"{tensor}.{rows}()"
        if reading.rest != 0:
            text = f"({text} - ({w.size(reading.rest)}))"
        if reading.step != 1:
            text = f"{text} / ({w.size(reading.step)})"
        parts.append(f"{w.signature.sizes[size]} = {text}")
    return f"const Eigen::Index {', '.join(parts)};"
