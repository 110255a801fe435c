"""What stands above a printed program: comments, imports, helpers, sizes, the dtype.

A header knows every name of a program and remembers what the lines below came to need,
so that only this is printed. New arrays take the dtype of the tensors, and on PyTorch
their device, so that float32 stays float32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .coefficients import as_number
from .einsum_names import Names, Source, is_name, sources
from .einsum_spelling import (
    ATOM,
    BUILTINS,
    IMPORTS,
    PRODUCT,
    SUM,
    Code,
    Library,
    literal,
    size_code,
    tuple_text,
)
from .errors import UnsupportedError
from .functions import USERS
from .kernels import unknown_label
from .nodes import Call, Tensor
from .pairwise import Array
from .plan import Apply, Fill, Load, Program
from .sizes import Dim, Size, names_in, plus, replace, shape_text

#: The names that imports bind.
IMPORTED = sorted({module.partition(".")[0] for module in IMPORTS.values()})

#: Constants of more entries are supplied by whoever runs the program.
ENTRIES = 50


class Header:
    """Names, sizes, constants and helpers of one program."""

    def __init__(
        self,
        program: Program,
        library: Library,
        names: Mapping[str, str],
        reserved: Sequence[str] = (),
        function: str = "",
    ) -> None:
        self.library = library
        self.names = Names([*library.modules, *IMPORTED, *BUILTINS, *reserved])
        leaves = [step.node for step in program.steps if isinstance(step, Load)]
        tensors = {t.name: t for t in leaves if t.array is None}
        self._variables = [tensors[name] for name in sorted(tensors)]
        self.tensors = self._claimed(tensors, names)
        self.sizes = self._claimed(size_names(program), names)
        self.functions = {
            label: self.names.claim(names.get(label, printed))
            for label, printed in sorted(unknown_functions(program))
        }
        if function:  # a module holds it beside the constants
            self.names.claim(function)
        self._large = {
            t: self.names.claim(names.get(t.name, t.name) or "constant")
            for t in leaves
            if t.array is not None and t.array.size > ENTRIES
        }
        self._needed: dict[str, None] = {}
        self._helpers: dict[str, str] = {}
        self._dtype = ""

    def _claimed(
        self, wanted: Mapping[str, object] | set[str], names: Mapping[str, str]
    ) -> dict[str, str]:
        claim = self.names.claim
        return {name: claim(names.get(name, name)) for name in sorted(wanted)}

    # -- what the lines below ask for --------------------------------------------------

    def size(self, size: Size) -> Code:
        """A size as code; its names will be read from shapes."""
        self._needed.update(dict.fromkeys(sorted(names_in(size))))
        return size_code(size, self.sizes)

    def shape(self, sizes: Sequence[Size]) -> str:
        """A shape as a tuple."""
        return tuple_text([self.size(size).text for size in sizes])

    def helper(self, function: str) -> str:
        """The name of a function that is printed above the program."""
        if function not in self._helpers:
            self._helpers[function] = self.names.claim(function)
        return self._helpers[function]

    def load(self, node: Tensor) -> Code:
        """A tensor's name, or a constant, written out where it is small."""
        if node.array is None:
            return Code(self.tensors[node.name])
        complex_ = np.iscomplexobj(node.array)
        if node in self._large:
            return self._cast(self._large[node], complex_)
        exact = bool(self._variables)
        if not node.shape:
            return _number(node.array, self.library)
        if node.array.size == 0:
            return self.make("zeros", node.array.shape)
        return self._cast(_entries(node.array, self.library, exact), complex_)

    def _cast(self, text: str, complex_: bool) -> Code:
        """An array or a list in the dtype of the tensors."""
        dtype = self.dtype("1j" if complex_ else "")
        listed = text.startswith("[")
        if self.library.torch:
            verb = "tensor" if listed else "as_tensor"
            return Code(f"torch.{verb}({text}{_options(dtype, self.device())})")
        if not dtype and not listed:
            return Code(text)
        verb = "array" if listed else "asarray"
        return Code(f"np.{verb}({text}{', ' if dtype else ''}{dtype})")

    def dtype(self, like: str = "") -> str:
        """The dtype of the tensors, or of the tensors with a number `like`."""
        variables = [self.tensors[t.name] for t in self._variables]
        if not variables:
            default = "complex128" if like else "float64"
            return f"torch.{default}" if self.library.torch else ""
        if self.library.torch:
            first = variables[0]
            return f"torch.result_type({first}, {like})" if like else f"{first}.dtype"
        if like:
            return f"np.result_type({', '.join([*variables, like])})"
        if len(variables) == 1 and self._variables[0].shape:
            return f"{variables[0]}.dtype"
        if not self._dtype:
            self._dtype = self.names.claim("dtype")
        return self._dtype

    def device(self) -> str:
        """The device of the tensors, on PyTorch."""
        if not self._variables or not self.library.torch:
            return ""
        return f"{self.tensors[self._variables[0].name]}.device"

    def make(
        self,
        kind: str,
        shape: Sequence[Size],
        value: str = "",
        dtype: str | None = None,
    ) -> Code:
        """A new array: "zeros", "ones", or "full" of a value; of the tensors' dtype if
        no other is given."""
        chosen = self.dtype() if dtype is None else dtype
        size = self.shape(shape)
        if len(shape) == 1 and not self.library.torch:
            size = self.size(shape[0]).text
        options = _options(chosen, self.device())
        if not self.library.torch:
            options = f", {chosen}" if chosen else ""
        value = f", {value}" if value else ""
        return Code(f"{self.library.module}.{kind}({size}{value}{options})")

    def eye(self, rows: Size, columns: Size, offset: Code | None = None) -> Code:
        """The identity; with an `offset`, ones on the diagonal from that row on."""
        sizes = [self.size(rows).text]
        if rows != columns or offset is not None:
            sizes.append(self.size(columns).text)
        if offset is not None and offset.value != 0:
            sizes.append(f"-{offset.at(ATOM)}")
        dtype = self.dtype()
        options = _options(dtype, self.device())
        return Code(f"{self.library.module}.eye({', '.join(sizes)}{options})")

    def structural(self, node: Call) -> Code:
        """The masks, diagonals and triangles of `structure_matrices`."""
        module, rows = self.library.module, node.shape[0]
        match node.function:
            case "tril":
                return Code(f"{module}.tril({self.make('ones', node.shape).text})")
            case "diagonals":
                m, n = self.size(rows), self.size(node.shape[1])
                down = f"{module}.arange({m.text})[:, None]"
                places = f"{module}.arange({n.text}) - {down} + {m.at(PRODUCT)}"
                return Code(f"{self.eye(node.shape[2], node.shape[2]).text}[{places}]")
            case "diagonallengths":
                return self._diagonal_lengths(*map(self.size, node.shape))
            case "convolution":
                k, i, j = (f"{module}.arange({self.size(s).text})" for s in node.shape)
                same = f"({k}[:, None, None] == {i}[:, None] + {j})"
                unit = self.make("ones", ()).text
                return Code(f"{same} * {unit}", PRODUCT)
            case "vechrows" | "vechcolumns":
                n = self.size(node.shape[1])
                both = f"{n.text}, {n.text}" if self.library.torch else n.text
                which = 1 if node.function == "vechrows" else 0
                places = f"{module}.triu_indices({both})[{which}]"
                return Code(f"{self.eye(node.shape[1], node.shape[1]).text}[{places}]")
            case other:
                raise UnsupportedError(f"{other} has no spelling in a program")

    def _diagonal_lengths(self, m: Code, n: Code) -> Code:
        """min(i, j) − max(i − m, j − n), in the tensors' dtype."""
        module, options = self.library.module, _options(self.dtype(), self.device())
        i = f"{module}.arange({m.text}{options})[:, None]"
        j = f"{module}.arange({n.text}{options})"
        near = f"{module}.minimum({i}, {j})"
        far = f"{module}.maximum({i} - {m.at(PRODUCT)}, {j} - {n.at(PRODUCT)})"
        return Code(f"{near} - {far}", SUM)

    def array(self, number: Code) -> Code:
        """A number as an array of no axes, in the dtype of the tensors."""
        dtype = self.dtype(number.text if number.imaginary else "")
        if self.library.torch:
            return Code(f"torch.tensor({number.text}{_options(dtype, self.device())})")
        default = "complex" if number.imaginary else "float"
        return Code(f"np.asarray({number.text}, {dtype or default})")

    def supplied(self) -> dict[str, Array]:
        """The arrays of the constants that the program only names."""
        return {
            name: _as_floats(t.array)
            for t, name in self._large.items()
            if t.array is not None
        }

    # -- printing ----------------------------------------------------------------------

    def lines(self, body: Sequence[str]) -> list[str]:
        """The lines above the body of a program, for what the body uses."""
        words = set(re.findall(r"\w+", " ".join(body)))
        needed = sorted(n for n in self._needed if self.sizes[n] in words)
        found = sources(self._variables, needed)
        free = [name for name in needed if name not in found]
        used = {t: name for t, name in self.sizes.items() if name in words}
        head = [*self._comments(free, used), *self._imports(), *self._helper_lines()]
        reading = list(self._reading(found))
        if self._dtype in words:
            listed = ", ".join(self.tensors[t.name] for t in self._variables)
            reading.append(f"{self._dtype} = np.result_type({listed})")
        return [*head, *reading]

    def _comments(self, free: list[str], used: dict[str, str]) -> Iterator[str]:
        if free:
            yield f"# sizes: {', '.join(self.sizes[name] for name in free)}"
        for tensor, name in self._large.items():
            yield f"# constant: {name}, an array of shape {shape_text(tensor.shape)}"
        for name, printed in [*self.tensors.items(), *used.items()]:
            if name != printed:
                yield f"# {printed} is {_shown(name)}"
        for label, printed in self.functions.items():
            meaning = "" if label == printed else f", that is {_shown(label)}"
            yield f"# function: {printed}{meaning}"

    def _imports(self) -> Iterator[str]:
        needed = {IMPORTS[name] for name in self._helpers if name in IMPORTS}
        modules = needed - {"scipy.linalg"} if self.library.torch else needed
        yield from (f"import {module}" for module in sorted(modules))

    def _helper_lines(self) -> Iterator[str]:
        for function, name in self._helpers.items():
            source = self.library.helpers[function].replace("{name}", name)
            yield from ["", *source.splitlines()]
        if self._helpers:
            yield ""

    def _reading(self, found: Mapping[str, Source]) -> Iterator[str]:
        done: set[str] = set()
        for name, (tensor, axis, size) in found.items():
            if name in done:
                continue
            printed = self.tensors[tensor.name]
            if is_name(size) and _unpacks(tensor, name, found):
                names = [next(iter(names_in(s))) for s in tensor.shape]
                done.update(names)
                yield f"{', '.join(self.sizes[n] for n in names)} = {printed}.shape"
                continue
            read = Code(f"{printed}.shape[{axis}]")
            yield f"{self.sizes[name]} = {self._solved(read, size, name)}"

    def _solved(self, read: Code, size: Size, name: str) -> str:
        """The size `name` from an axis whose length is size = step·name + rest."""
        if is_name(size):
            return read.text
        rest = replace(size, {name: 0})
        step = slope(size, name)
        text = read.text
        if rest != 0:
            text += f" - {size_code(rest, self.sizes).at(PRODUCT)}"
        if step == 1:
            return text
        over = Code(text, ATOM if rest == 0 else 0).at(ATOM)
        return f"{over} // {size_code(step, self.sizes).at(ATOM)}"


def slope(size: Size, name: str) -> Size:
    """The factor of `name` in a size of the first degree in it."""
    if not isinstance(size, Dim):
        return 0
    parts = [
        Dim(((tuple(n for n in monomial if n != name), c),))
        for monomial, c in size.terms
        if name in monomial
    ]
    return plus(*parts)


def _unpacks(tensor: Tensor, name: str, found: Mapping[str, Source]) -> bool:
    """Whether the whole shape of a tensor is unpacked at the first of its names."""
    if len(tensor.shape) < 2 or not all(is_name(size) for size in tensor.shape):
        return False
    names = [next(iter(names_in(size))) for size in tensor.shape]
    mine = [n for n in found if n in names and found[n][0] is tensor]
    return len(set(names)) == len(names) == len(mine) and mine[0] == name


def size_names(program: Program) -> set[str]:
    """The names in every size that a program meets."""
    sizes: list[object] = []
    for step, pattern in zip(program.steps, program.patterns, strict=True):
        sizes += pattern.sizes
        if isinstance(step, (Load, Fill)):
            sizes += step.node.shape
        if isinstance(step, Fill):
            sizes += step.node.params
        sizes += getattr(step, "factors", ())
        sizes += getattr(step, "shape", ())
        sizes += [size for _, size in getattr(step, "sizes", ())]
    return {name for s in sizes if isinstance(s, Dim) for name in names_in(s)}


def unknown_functions(program: Program) -> set[tuple[str, str]]:
    """The unknown functions: their labels, and the names to print them by."""
    return {
        (unknown_label(*step.node.params), _function_name(*step.node.params))
        for step in program.steps
        if isinstance(step, Apply) and step.node.function in USERS
    }


def _function_name(name: str, orders: tuple[int, ...], *program: object) -> str:
    """f, df, d2f; f_1_0 for functions of several arguments."""
    if not any(orders):
        return name
    if len(orders) > 1:
        return "_".join([name, *map(str, orders)])
    return f"d{'' if orders[0] == 1 else orders[0]}{name}"


def _options(dtype: str, device: str) -> str:
    found = {"dtype": dtype, "device": device}
    return "".join(f", {name}={value}" for name, value in found.items() if value)


def _shown(name: str) -> str:
    """A name in a comment: one line, nothing unprintable, not too long."""
    return repr(name) if len(name) <= 60 else f"{name[:60]!r}…"


def _as_floats(array: Array) -> Array:
    kept = array.dtype.kind in "fc"
    return array if kept else array.astype(np.float64)


def _number(array: Array, library: Library) -> Code:
    """A constant without axes: a plain number."""
    if np.isfinite(array):
        return literal(as_number(array.item()))
    return Code(_entries(array, library, False), PRODUCT, True)


def _entries(array: Array, library: Library, exact: bool) -> str:
    """The entries as nested lists; with a dtype given, whole numbers as integers."""

    def written(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(written, value))}]"
        if not np.isfinite(value):
            return f"{'-' if value < 0 else ''}{library.module}.{abs(value)}"
        if exact and isinstance(value, float) and value == int(value) < 2**53:
            return str(int(value))
        return repr(value)

    return written(_as_floats(array).tolist())
