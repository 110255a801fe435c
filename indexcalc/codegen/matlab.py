"""A MATLAB or Octave function that computes expressions.

Vectors are columns, and a tensor is an array whose axes are its own. What no operator
says is a matrix product of reshaped arrays, or a broadcast product that is summed;
deltas are written by loops over the labels that agree.

>>> from indexcalc.expr import einsum, tensor
>>> X, y = tensor("X", ("n", "p")), tensor("y", ("n",))
>>> node = einsum([(X, [0, 1]), (y, [0])], [1])
>>> print(source([node], names=["X", "y"], doc="Xᵀ y").text)
function out = f(X, y)
% Xᵀ y
    out = X' * y;
end
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..einsum_names import LETTERS
from ..nodes import Node, Tensor
from ..sizes import Size
from .columns import columnwise, written
from .columns import source as assembled
from .layout import Style, broken
from .lowering import Lowering
from .matlab_spelling import RESERVED, Writer
from .plain import paired
from .products import turned
from .signature import Reading
from .source import Source, told
from .unlabelled import unlabelled
from .words import Expr, name

_STYLE = Style(mark=" ...", end=";", trailing=True)


class MatlabLowering(Lowering):
    """Lowering with what MATLAB lacks said otherwise."""

    language: Writer

    def adapted(self, e: Expr) -> Expr:
        """An operation, in those that MATLAB has."""
        match e.op:
            case "contraction":
                return self.settled(unlabelled(e, stacks=False))
            case "group" | "split":
                return self.settled(columnwise(e))
            case "diagonal" if len(e.shape) > 1:
                return self._diagonals(e)
            case "placed":
                return self._placed(e)
            case "reduce" if e.data[0] != tuple(range(len(e.shape), _order(e))):
                return self.settled(_reduced_last(e))
            case "call" if e.data[0] == "where":
                return self._chosen(e)
            case _:
                return e

    def _chosen(self, e: Expr) -> Expr:
        """The second of three where the first is not 0, else the third."""
        w, (condition, a, b) = self.language, e.args
        target, mask = self.names.numbered_from("out"), self.names.numbered_from("mask")
        if b.shape != e.shape:
            b = Expr("spread", (b,), (), e.shape)
        chosen = self.held(a) if a.shape else a
        read = f"({mask})" if chosen.shape else ""
        self.lines.append((target, b))
        self.lines.append((mask, Expr("raw", (), (f"{w.text(condition)} ~= 0",))))
        body = f"{target}({mask}) = {w.text(chosen)}{read};"
        self.lines.append(("", Expr("loop", (), ([], body))))
        return name(target, e.shape)

    def _diagonals(self, e: Expr) -> Expr:
        """The diagonals of the last two axes: every (n+1)-th entry of both as one."""
        w, lead = self.language, e.shape[:-1]
        n = w.size(e.shape[-1])
        size = n if n.isidentifier() or n.isdigit() else f"({n})"
        flat = self.names.value(Expr("raw"))
        text = f"reshape({w.text(e.args[0])}, [], {size}^2)"
        self.lines.append((flat, Expr("raw", (), (text,))))
        found = f"{flat}(:, 1:{size}+1:end)"
        if len(lead) > 1:
            found = f"reshape({found}, {w.lengths(e.shape)})"
        return Expr("raw", (), (found,), e.shape)

    def _placed(self, e: Expr) -> Expr:
        """Zeros, then a loop over the labels that agree."""
        w, (labels, axes) = self.language, e.data
        core = e.args[0] if e.args[0].number else self.held(e.args[0])
        sizes = dict(zip(axes, e.shape, strict=True))
        target = self.names.numbered_from("out")
        self.lines.append((target, Expr("raw", (), (f"zeros({w.lengths(e.shape)})",))))
        repeated = [
            i
            for i in dict.fromkeys(axes)
            if axes.count(i) > 1 or not (i in labels or core.number)
        ]
        letters = {
            i: w.names.numbered_from(letter)
            for i, letter in zip(repeated, LETTERS, strict=False)
        }
        places = ", ".join(letters.get(i, ":") for i in axes)
        read = ", ".join(letters.get(i, ":") for i in labels)
        value = w.text(core) + (f"({read})" if read and not core.number else "")
        lines = [f"for {letters[i]} = 1:{w.size(sizes[i])}" for i in repeated]
        body = f"{target}({places}) = {value};"
        self.lines.append(("", Expr("loop", (), (lines, body))))
        return name(target, e.shape)


def _order(e: Expr) -> int:
    return len(e.args[0].shape)


def _reduced_last(e: Expr) -> Expr:
    """A sum over axes that come last, so that none of length 1 is left between."""
    axes, inner = e.data[0], e.args[0]
    if _order(e) == 2 and axes == (0,):
        return Expr("rowsum", (inner,), (), e.shape)
    kept = [k for k in range(_order(e)) if k not in axes]
    moved = turned(inner, [*kept, *axes])
    return Expr("reduce", (moved,), (tuple(range(len(kept), _order(e))),), e.shape)


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
    """The text of a MATLAB function of arrays that answers the nodes' values; sizes
    that no array tells, large constants and the user's functions are arguments after
    the arrays.

    Raises `UnsupportedError` for what MATLAB has no spelling of.
    """
    program = paired(nodes, sizes)
    writer = Writer(program, names, scope, [*RESERVED, function_name])
    lowering = MatlabLowering(program, writer, writer.names)
    lines, results = written(lowering, lambda n, e: _statement(writer, n, e))
    readings, free = writer.signature.reading("\n".join(lines))
    arguments = [*writer.signature.arguments, *free.values(), *writer.extra]
    answers = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    head = [f"function {answers} = {function_name}({', '.join(arguments)})"]
    head += [f"% {line}".rstrip() for line in told(doc)]
    head += [f"    {_read(writer, r)};" for r in readings]
    return assembled(writer, [*head, *lines, "end"], function_name, free)


def _statement(w: Writer, found: str, e: Expr) -> list[str]:
    if e.op != "loop":
        return broken(f"{found} = ", w.text(e), 4, _STYLE)
    heads, body = e.data
    depth = len(heads)
    opened = [f"{' ' * 4 * (k + 1)}{head}" for k, head in enumerate(heads)]
    closed = [f"{' ' * 4 * (k + 1)}end" for k in reversed(range(depth))]
    return [*opened, f"{' ' * 4 * (depth + 1)}{body}", *closed]


def _read(w: Writer, reading: Reading) -> str:
    names = ", ".join(w.signature.sizes[name] for name in reading.sizes)
    tensor = w.signature.tensors[reading.tensor.name]
    if reading.axis is None:
        return f"[{names}] = size({tensor})"
    text = f"size({tensor}, {reading.axis + 1})"
    if len(reading.tensor.shape) == 1:
        text = f"numel({tensor})"
    if reading.rest != 0:
        text = f"({text} - ({w.size(reading.rest)}))"
    return f"{names} = {text}" + (
        f" / ({w.size(reading.step)})" if reading.step != 1 else ""
    )
