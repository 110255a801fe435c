"""Printed einsum programs: the Python that computes an expression, valid as printed.

A single contraction is one call. Anything else is a short program whose last line is
the result. No δ is built, and no einsum string has a repeated or an uncarried output
index, which every library refuses or silently mishandles: where a δ survives in the
result, the contraction is printed with distinct indices, and then the write on the
diagonal. A program takes arrays of floats under the tensors' names, and NumPy as `np`,
opt_einsum as `oe`, PyTorch as `torch`; what else it needs, it imports.

>>> from indexcalc.expr import einsum, tensor
>>> X, A = tensor("X", ("n", "p")), tensor("A", ("n", "p"))
>>> print(einsum_program(einsum([(X, [0, 1]), (A, [0, 1])], [0])))
np.einsum("ij,ij->i", A, X)
>>> print(einsum_program(einsum([(X, [0, 1])], [0, 0, 1])))
n, p = X.shape
t0 = np.zeros((n, n, p), X.dtype)
np.einsum("iij->ij", t0)[...] = X
t0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from .coefficients import Number
from .einsum_header import Header
from .einsum_names import LETTERS, Letters
from .einsum_spelling import (
    ATOM,
    Code,
    Library,
    call_code,
    library_named,
    literal,
    product_code,
    scaled,
    sum_code,
)
from .errors import UnsupportedError
from .functions import USERS, cores, is_elementwise
from .kernels import unknown_label
from .nodes import Call, Node
from .pairwise import Array, path
from .plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Slot,
    compile_nodes,
    inputs_of,
)
from .simplify import fuse
from .sizes import Shape, Size, times
from .written_out import written_out

Labels = tuple[int, ...]
Row = tuple[Code, Labels]

#: The longest code that stays inside another line.
INLINE = 44

#: How many terms of a sum share a line.
TERMS = 12

#: What an unknown size counts as when a long contraction is split into pairs.
TYPICAL = 10


def einsum_program(
    node: Node, library: str = "numpy", *, names: Mapping[str, str] | None = None
) -> str:
    """The program that computes a node with "numpy", "opt_einsum" or "torch".

    `names` gives the names to print tensors and sizes by. Names that cannot stand in a
    program are replaced, and a comment says by what. Sizes are read from shapes where
    an operand has them; a comment lists those that must be given.

    Raises `UnsupportedError` for an unknown library, and for an array of over 52 axes.
    """
    writer = _Writer(fuse(written_out(node)), library_named(library), names or {})
    result = writer.result()
    body = [*writer.lines, result.text]
    return "\n".join([*writer.header.lines(body), *body]).lstrip("\n")


def einsum_string(node: Node) -> tuple[str, list[str]] | None:
    """The subscripts and operands of a node that is one contraction, else None.

    >>> from indexcalc.expr import einsum, tensor
    >>> A, B = tensor("A", ("m", "n")), tensor("B", ("p", "n"))
    >>> einsum_string(einsum([(A, [0, 1]), (B, [2, 1])], [0, 2]))
    ('ik,jk->ij', ['A', 'B'])
    """
    program = compile_nodes([fuse(node)])
    letters, slot = Letters(program), program.results[0]
    last = program.steps[-1]
    if isinstance(last, Load):
        spec = "".join(letters.chosen[slot])
        return f"{spec}->{spec}", [last.node.name]
    leaves = [step.node for step in program.steps if isinstance(step, Load)]
    loaded = [leaf.name or "constant" for leaf in leaves]
    if not isinstance(last, Contract) or len(loaded) < len(program.steps) - 1:
        return None
    plain = all(len(axis) == 1 for _, axes in last.operands for axis in axes)
    if not (plain and last.operands and program.patterns[slot].dense) or last.factors:
        return None
    rows = [tuple(i for (i,) in axes) for _, axes in last.operands]
    spec = _subscripts(rows, last.out, letters.inside[slot])
    return spec, [loaded[operand] for operand, _ in last.operands]


def program_constants(
    node: Node, names: Mapping[str, str] | None = None
) -> dict[str, Array]:
    """The arrays that a node's program leaves to be supplied, by their names in it:
    constants of over 50 entries."""
    return _Writer(fuse(node), library_named("numpy"), names or {}).header.supplied()


def program_names(
    node: Node, library: str = "numpy", names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """By what name a node's program calls each variable.

    >>> from indexcalc.expr import tensor
    >>> program_names(tensor("lambda", ()))
    {'lambda': 'lambda_'}
    """
    return _Writer(fuse(node), library_named(library), names or {}).header.tensors


def _subscripts(
    rows: Sequence[Labels], out: Sequence[int], letters: Mapping[int, str]
) -> str:
    left = ",".join("".join(letters[i] for i in labels) for labels in rows)
    return f"{left}->{''.join(letters[i] for i in out)}"


# -- the writer ------------------------------------------------------------------------


class _Writer:
    """One program being written: the lines so far, and the code of each slot.

    A slot that is used once stays an expression and is named only where it would make
    another line long; one that is used more often gets a name at its first use.
    """

    def __init__(self, node: Node, library: Library, names: Mapping[str, str]) -> None:
        self.library = library
        self.program = compile_nodes([node])
        self.header = Header(self.program, library, names)
        self.lines: list[str] = []
        self._letters = Letters(self.program)
        self._temporaries = self.header.names.numbered("t")
        self._codes: dict[Slot, Code] = {}
        self._fills: dict[Slot, Code] = {}
        self._indices: dict[str, str] = {}
        self._uses: Counter[Slot] = Counter(self.program.results)
        for step in self.program.steps:
            self._uses.update(inputs_of(step))

    def result(self) -> Code:
        """Writes every step; answers the code of the dense result."""
        for slot in range(len(self.program.steps)):
            self._codes[slot] = self._step(slot)
        return self._dense(self.program.results[0])

    def _step(self, slot: Slot) -> Code:
        match self.program.steps[slot]:
            case Load() as step:
                return self.header.load(step.node)
            case Fill() as step:
                return self._fill(step.node)
            case Contract() as step:
                return self._contract(slot, step)
            case Apply() as step:
                return self._apply(step)
            case Combine() as step:
                return self._combine(slot, step)
            case Embed() as step:
                self._note_fill(slot, step.slot)
                return self._dense(step.slot)
            case other:
                assert_never(other)

    # -- names for values --------------------------------------------------------------

    def _code(self, slot: Slot) -> Code:
        """A slot's code for one use; named first if it has more of them."""
        if self._uses[slot] > 1 and self._codes[slot].value is None:
            self._codes[slot] = self._named(self._codes[slot])
        return self._codes[slot]

    def _named(self, code: Code) -> Code:
        if code.text.isidentifier():
            return code
        name = next(self._temporaries)
        self.lines.append(f"{name} = {code.text}")
        return replace(code, text=name, level=ATOM, value=None, below="")

    def _short(self, code: Code, limit: int = INLINE) -> Code:
        return code if len(code.text) <= limit else self._named(code)

    # -- contractions ------------------------------------------------------------------

    def _contract(self, slot: Slot, step: Contract) -> Code:
        sizes = dict(step.sizes)
        scalars = [self.header.size(times(*step.factors))]
        rows: list[Row] = []
        for operand, axes in step.operands:
            code = self._code(operand)
            if not axes:
                limit = INLINE // 2 if _is_contraction(code) else INLINE
                scalars.append(self._short(code, limit))
                continue
            labels = tuple(i for axis in axes for i in axis)
            if any(len(axis) != 1 for axis in axes):
                code = self._split(code, labels, sizes)
            rows.append((code, labels))
        if not rows:
            return product_code(scalars)
        letters = self._letters.inside[slot]
        return product_code(scalars, self._einsum(rows, step.out, letters, sizes))

    def _split(self, code: Code, labels: Labels, sizes: Mapping[int, Size]) -> Code:
        """An array with some of its axes read as several."""
        shape = [self.header.size(sizes[i]).text for i in labels]
        return Code(f"{code.at(ATOM)}.reshape({', '.join(shape) or '()'})")

    def _einsum(
        self,
        rows: Sequence[Row],
        out: Labels,
        letters: Mapping[int, str],
        sizes: Mapping[int, Size],
    ) -> Code:
        if len(rows) == 1 and rows[0][1] == out:
            return rows[0][0]
        if self.library.contraction != "oe.contract" and len(letters) > len(LETTERS):
            return self._pairs(list(rows), out, sizes)
        return self._call(rows, out, letters)

    def _call(
        self, rows: Sequence[Row], out: Sequence[int], letters: Mapping[int, str]
    ) -> Code:
        operands = []
        for code, _ in rows:
            limit = 0 if _is_contraction(code) else INLINE // 2
            operands.append(self._short(code, limit).text)
        spec = _subscripts([labels for _, labels in rows], out, letters)
        summed = any(i not in out for _, labels in rows for i in labels)
        searched = summed and len(rows) > 2 and self.library.contraction == "np.einsum"
        options = ", optimize=True" if searched else ""
        called = f'"{spec}", {", ".join(operands)}{options}'
        return Code(f"{self.library.contraction}({called})")

    def _pairs(self, rows: list[Row], out: Labels, sizes: Mapping[int, Size]) -> Code:
        """A contraction of more indices than there are letters, a few at a time."""
        lengths = {
            i: size if isinstance(size, int) else TYPICAL for i, size in sizes.items()
        }
        order = path(
            tuple(labels for _, labels in rows), out, tuple(sorted(lengths.items()))
        )
        carried = Counter([*out, *(i for _, labels in rows for i in labels)])
        for places in order or ((0,),):
            taken = [rows.pop(k) for k in sorted(places, reverse=True)][::-1]
            here = Counter(i for _, labels in taken for i in labels)
            kept = tuple(i for i, n in here.items() if carried[i] > n) if rows else out
            carried.subtract(here)
            carried.update(kept)
            if len(here) > len(LETTERS):
                raise UnsupportedError(
                    f"{len(here)} indices meet in one step, and an einsum string has "
                    f"{len(LETTERS)} letters",
                    hint="print it for opt_einsum",
                )
            ordered = dict.fromkeys([*kept, *here])
            known = dict(zip(ordered, LETTERS, strict=False))
            rows.append((self._call(taken, kept, known), kept))
        return rows[0][0]

    # -- functions ---------------------------------------------------------------------

    def _apply(self, step: Apply) -> Code:
        f = step.node
        args = [self._argument(f, slot) for slot in step.args]
        filled = [self._fills.get(slot) for slot in step.args]
        weak = not self.library.torch and is_elementwise(f.function)
        if weak and None in filled and f.function not in USERS:
            args = [fill or arg for fill, arg in zip(filled, args, strict=True)]
        if f.function in USERS:
            name = self.header.functions[unknown_label(*f.params)]
            return Code(f"{name}({', '.join(arg.text for arg in args)})")
        batch = len(f.args[0].shape) - cores(f)[0][0]
        helper = self.header.helper
        return call_code(self.library, f.function, f.params, args, helper, batch)

    def _argument(self, f: Call, slot: Slot) -> Code:
        code = self._code(slot)
        if not code.number:
            return self._short(code)
        whole = f.function == "power" and isinstance(f.params[0], int)
        return code if whole else self.header.array(code)

    def _note_fill(self, slot: Slot, inner: Slot) -> None:
        """Remembers that a slot is one number everywhere, which NumPy can spread."""
        code, pattern = self._codes[inner], self.program.patterns[inner]
        if code.value is not None and not pattern.core and not pattern.diagonal:
            self._fills[slot] = code

    def _fill(self, node: Call) -> Code:
        """e_i, and the matrix that places a vector among zeros."""
        match node.function:
            case "basis":
                vector = self._named(self.header.make("zeros", node.shape))
                self.lines.append(f"{vector.text}[{int(node.params[0])}] = 1")
                return vector
            case "embed":
                return self._embedding(node.shape, node.params[0])
            case _:
                return self.header.structural(node)

    def _embedding(self, shape: Shape, offset: Size) -> Code:
        start = self.header.size(offset)
        if not self.library.torch:
            return self.header.eye(shape[0], shape[1], start)
        matrix = self._named(self.header.make("zeros", shape))
        place = "" if start.value == 0 else f"-{start.at(ATOM)}"
        self.lines.append(f"{matrix.text}.diagonal({place}).fill_(1)")
        return matrix

    # -- sums --------------------------------------------------------------------------

    def _combine(self, slot: Slot, step: Combine) -> Code:
        if not step.terms:
            self._fills[slot] = literal(0)
            return self.header.make("zeros", step.shape) if step.shape else literal(0)
        if step.cores:
            return self._sum([(self._code(term), c) for term, c in step.terms])
        pieces = [self._piece(term) for term, _ in step.terms]
        total = self._sum(
            [(code, c) for (code, _), (_, c) in zip(pieces, step.terms, strict=True)]
        )
        covered = set().union(*(axes for _, axes in pieces))
        if covered == set(range(len(step.shape))):
            return total
        return self._broadcast(total, step.shape)

    def _sum(self, terms: Sequence[tuple[Code, Number]]) -> Code:
        """A linear combination, a few terms a line."""
        if len(terms) == 1:
            return scaled(terms[0][1], terms[0][0])
        parts = [scaled(c, self._short(code)) for code, c in terms]
        total = parts[0]
        for k in range(1, len(parts), TERMS):
            total = sum_code([total, *parts[k : k + TERMS]])
            if k + TERMS < len(parts):
                total = self._named(total)
        return total

    def _piece(self, slot: Slot) -> tuple[Code, set[int]]:
        """A term in a form that broadcasts, and the axes of the sum that it has."""
        pattern, code = self.program.patterns[slot], self._code(slot)
        if pattern.diagonal or any(len(axis) > 1 for axis in pattern.axes):
            return self._dense(slot), set(range(len(pattern.axes)))
        carried = [axis != () and axis[0] in pattern.core for axis in pattern.axes]
        first = carried.index(True) if True in carried else len(carried)
        return _indexed(code, carried), set(range(first, len(carried))) & {
            k for k, axis in enumerate(pattern.axes) if carried[k] or axis == ()
        }

    def _broadcast(self, code: Code, shape: Sequence[Size]) -> Code:
        """Code spread over the leading or missing axes of a shape."""
        if not code.number:
            target = self.header.shape(shape)
            return Code(f"{self.library.module}.broadcast_to({code.text}, {target})")
        if code.value == 1:
            return self.header.make("ones", shape)
        dtype = None
        if code.imaginary and code.number:
            dtype = self.header.dtype(code.text)
        return self.header.make("full", shape, code.text, dtype)

    # -- results with a pattern --------------------------------------------------------

    def _dense(self, slot: Slot) -> Code:
        """The dense array of a slot: spread, written on diagonals, axes grouped."""
        code, pattern = self._code(slot), self.program.patterns[slot]
        if pattern.dense:
            return code
        if pattern.diagonal:
            return self._grouped(self._on_diagonal(slot, code), pattern)
        carried = [k in pattern.core for k in range(len(pattern.sizes))]
        if not pattern.core:
            return self._broadcast(code, [_axis(pattern, a) for a in pattern.axes])
        if not all(carried):
            code = self._broadcast(_indexed(code, carried), pattern.sizes)
        return self._grouped(code, pattern)

    def _grouped(self, code: Code, pattern: Pattern) -> Code:
        """Groups of axes made one axis each."""
        lengths = [len(axis) for axis in pattern.axes]
        if set(lengths) <= {1}:
            return code
        if set(lengths) <= {0, 1}:
            return _indexed(code, [n == 1 for n in lengths], leading=True)
        shape = [self.header.size(_axis(pattern, axis)).text for axis in pattern.axes]
        listed = "-1" if len(shape) == 1 else ", ".join(shape)
        return Code(f"{code.at(ATOM)}.reshape({listed})")

    def _on_diagonal(self, slot: Slot, code: Code) -> Code:
        """The array before grouping, with the core written where its labels agree."""
        pattern, module = self.program.patterns[slot], self.library.module
        flat = [i for axis in pattern.axes for i in axis]
        if flat == [0, 0]:
            if pattern.core:
                return Code(f"{module}.diag({code.text})")
            identity = self.header.eye(pattern.sizes[0], pattern.sizes[0])
            return product_code([code], identity)
        if not code.number:
            code = self._named(code)
        target = self._named(self._zeros(code, pattern, flat))
        carried = [k in pattern.core for k in range(len(pattern.sizes))]
        source = _indexed(code, carried).text
        letters = self._letters.chosen[slot]
        if self.library.torch:
            place = self._entries(target, pattern, flat, letters)
        else:
            spec = f"{''.join(letters[i] for i in flat)}->{''.join(letters)}"
            place = f'np.einsum("{spec}", {target.text})[...]'
        self.lines.append(f"{place} = {source}")
        return target

    def _zeros(self, code: Code, pattern: Pattern, flat: Sequence[int]) -> Code:
        """Zeros of the dtype of what will be written on them."""
        dtype = None
        if code.imaginary and code.number:
            dtype = self.header.dtype(code.text)
        elif not code.number and (pattern.core or self.library.torch):
            dtype = f"{code.text}.dtype"
        elif not code.number:
            dtype = f"np.result_type({code.text})"
        return self.header.make("zeros", [pattern.sizes[i] for i in flat], "", dtype)

    def _entries(
        self,
        target: Code,
        pattern: Pattern,
        flat: Sequence[int],
        letters: Sequence[str],
    ) -> str:
        """The entries where the labels agree, by one range a label; trailing axes whose
        label occurs once need none."""
        ranged = len(flat)
        while flat.count(flat[ranged - 1]) == 1:
            ranged -= 1
        shown = list(dict.fromkeys(flat[:ranged]))
        for k, label in enumerate(shown):
            after = ", None" * (len(shown) - k - 1)
            spread = f"[:{after}]" if after else ""
            index = self._index(letters[label])
            length = self.header.size(pattern.sizes[label]).text
            self.lines.append(f"{index} = torch.arange({length}){spread}")
        listed = ", ".join(self._index(letters[label]) for label in flat[:ranged])
        return f"{target.text}[{listed}]"

    def _index(self, letter: str) -> str:
        """The name of an index variable."""
        if letter not in self._indices:
            self._indices[letter] = self.header.names.claim(letter)
        return self._indices[letter]


def _is_contraction(code: Code) -> bool:
    return "einsum(" in code.text or "contract(" in code.text


def _axis(pattern: Pattern, axis: Sequence[int]) -> Size:
    return times(*(pattern.sizes[i] for i in axis))


def _indexed(code: Code, carried: Sequence[bool], leading: bool = False) -> Code:
    """Code with an axis of length 1 where nothing is carried; leading ones are left to
    broadcasting unless they are asked for."""
    if all(carried) or not (any(carried) or leading):
        return code
    start = 0 if leading else carried.index(True)
    places = [":" if here else "None" for here in carried[start:]]
    if "None" not in places:
        return code
    return Code(f"{code.at(ATOM)}[{', '.join(places)}]")
