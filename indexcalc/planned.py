"""Expressions written as programs for given sizes, within a limit of memory.

What a program holds is known before it runs: its text is followed on shadows, or its
steps are counted. Fast text that holds too much is written anew, in blocks.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.sizes import dim
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> f = Planned([einsum([(A, [0, 1]), (x, [1])], [0])], doc="A x", memory_limit="1GB")
>>> sizes = {dim("m"): 1000, dim("n"): 2000}
>>> f.variant(backend_named("numpy"), sizes, "d").held
8000
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from keyword import iskeyword
from typing import Any, TypeAlias

import numpy as np

from .backends import Backend, backend_named
from .binding import checked_sizes
from .codegen.blocks import Region, regions
from .codegen.numpy_fast import fast_source
from .codegen.numpy_fast_frame import FastSource
from .codegen.plain import program_source
from .errors import EvaluationError, UnsupportedError
from .given import mapping_of
from .holding import Text, Write, cut_within, is_watched, memory
from .kernels import KERNELS, unknown_label
from .legible import quoted
from .nodes import Call, Node, Tensor, one_pass, toposort, variables
from .plan import Program, compile_nodes
from .planning.book import Book, Room
from .planning.budgets import keep_countable, keep_within
from .planning.held import held, widened
from .planning.layouts import Layout
from .planning.memory import Memory
from .planning.pairs import in_pairs
from .planning.programs import arranged
from .planning.room import Limit, as_bytes, limit_of
from .sizes import Dim, Size, dim, lengths, names_in
from .variants import (
    Variant,
    aliases,
    check_names,
    result_shape,
    telling,
)
from .workspace import Workspace
from .written_out import written_out

#: What a size counts as before any array tells it.
TYPICAL = 100

#: What texts call libraries by.
MODULES = frozenset({"np", "jnp", "jax", "torch", "xp", "scipy", "itertools"})

#: How a program may be written.
STYLES = ("fast", "plain")

#: What can be done instead at given sizes, with entries of so many bytes, in a limit.
Ways: TypeAlias = Callable[[Mapping[Size, int], int, int], str]


def _is_function_name(name: object) -> bool:
    if not isinstance(name, str):
        return False
    return name.isidentifier() and not iskeyword(name) and name not in MODULES


def _checked_functions(given: object) -> dict[str, Callable[..., Any]]:
    """The functions by name. Raises `EvaluationError` for one that cannot be called."""
    found = mapping_of(given, "functions")
    for label, f in found.items():
        if not callable(f):
            raise EvaluationError(f"what is given for {quoted(label)} is no function")
    return found


class Planned:
    """Expressions, the options by which they are written, and what was written."""

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        single: bool = True,
        scope: Sequence[Tensor] = (),
        backend: str | None = None,
        sizes: Mapping[str, int] | None = None,
        style: str = "fast",
        functions: Mapping[str, Callable[..., Any]] | None = None,
        name: str = "f",
        doc: str = "",
        check: bool = True,
        cores: int | None = None,
        memory_limit: int | str | None = None,
        ways: Ways | None = None,
    ) -> None:
        if not isinstance(style, str) or style not in STYLES:
            raise UnsupportedError(
                f"there is no style {quoted(style)} of source", hint="'fast' or 'plain'"
            )
        if not _is_function_name(name):
            raise UnsupportedError(f"{quoted(name)} cannot be the name of a function")
        self.nodes = tuple(map(written_out, nodes))
        self.single, self.style, self.check = single, style, check
        self.backend = None if backend is None else backend_named(backend)
        needed: dict[str, Tensor] = {}
        for node in self.nodes:
            check_names(needed, variables(node))
            needed |= variables(node)
        self.sizes = checked_sizes(sizes)
        self.scope = tuple({leaf.name: leaf for leaf in scope}.values())
        told = telling(self.nodes, needed, self.scope, self.sizes)
        self.tensors = dict(sorted((told | needed).items()))
        self.names = tuple(self.tensors)
        self.functions = _checked_functions(functions)
        self.name, self.doc = name, doc
        self.cores = cores or len(_cores())
        self.limit = None if memory_limit is None else as_bytes(memory_limit)
        self.book, self.ways = Book(), ways
        self._known = frozenset(self.names).union(t.name for t in scope)
        self._least: dict[int, int] = {}
        self._space = Workspace(self._least)

    # -- planning ----------------------------------------------------------------------

    @one_pass()
    def variant(
        self,
        backend: Backend,
        sizes: Mapping[Size, int],
        kind: str,
        kinds: Sequence[str] = (),
        layouts: Sequence[Layout] = (),
        limit: Limit | None = None,
    ) -> Variant:
        """What is run at given sizes; `kind` is the dtype's character where all arrays
        are real and of one dtype, `kinds` are those of all arrays, `layouts` how they
        lie where that is not in C order.

        Raises `BudgetError` where it would hold more than the limit, by default that of
        the function.
        """
        length = lengths(sizes)
        numpy = backend.name == "numpy"
        program = self.program(length, numpy, not any(map(_is_complex, kinds)))
        write = None
        if kind and numpy and _filled(sizes) and self.style == "fast":
            write = self._writer(program, length, kind)
        fast, blocks = _written(write, program, length, kind)
        if fast is None:
            found = self._plain(backend, program, sizes)
        else:
            found = self._fast(fast, blocks, program, sizes)
        listed = kinds or [kind or "d"] * len(self.names)
        size = itemsize_of(listed)
        if not is_watched(program, length, size, self.limit):
            return found
        limit = limit_of(self.limit) if limit is None else limit
        keep_countable(program, length, size)
        if not numpy:
            return self._elsewhere(found, size, limit)
        return self._within(found, listed, layouts, write, limit)

    def _elsewhere(self, found: Variant, size: int, limit: Limit) -> Variant:
        """The variant with what another library holds, by the steps."""
        length, size = lengths(found.sizes), widened(found.program, size)
        return replace(found, held=max(1, held(found.program, length, size)))

    def _within(
        self,
        found: Variant,
        kinds: Sequence[str],
        layouts: Sequence[Layout],
        write: Write | None,
        limit: Limit,
    ) -> Variant:
        """The variant where it stays within the limit, else one that does."""
        program, length, size = found.program, lengths(found.sizes), itemsize_of(kinds)
        whole, _ = self.memory(found, kinds, layouts)
        need = whole.peak - whole.inputs
        if need <= limit.nbytes:
            return replace(found, held=max(1, need))

        def as_text(fast: FastSource) -> Text:
            trial = self._fast(fast, (), program, found.sizes)
            return self._text(trial, kinds, layouts)

        cut = None
        if write is not None:
            room = self._room_for(found, kinds, limit)
            known = self.book.cuts.get(room)
            most = limit.nbytes
            cut = cut_within(write, as_text, program, length, size, most, known)
            if cut is not None and limit.given:
                self.book.note_cuts(room, [(*r.seed, r.rows) for r in cut[1]])
        if cut is None:
            self.refuse(found, size, limit, need)
            return found
        less = self._fast(*cut, program, found.sizes)
        kept, _ = self.memory(less, kinds, layouts)
        return replace(less, held=max(1, kept.peak - kept.inputs))

    def _room_for(self, found: Variant, kinds: Sequence[str], limit: Limit) -> Room:
        """What loops over blocks are looked for by."""
        sizes = {s: n for s, n in found.sizes.items() if isinstance(s, Dim)}
        known = tuple(sorted(sizes.items(), key=lambda item: item[0].text))
        return Room(known, "".join(kinds), limit.nbytes)

    def refuse(self, found: Variant, size: int, limit: Limit, need: int) -> None:
        """Raises `BudgetError` where more is needed than the limit."""
        ways = self.ways

        def told() -> str:
            return "" if ways is None else ways(found.sizes, size, limit.nbytes)

        length = lengths(found.sizes)
        keep_within(found.program, length, size, limit, need, told)

    def _writer(
        self, program: Program, length: Callable[[Size], int], kind: str
    ) -> Write:
        """What writes fast code with given regions in blocks."""
        shapes = {n: tuple(map(length, self.tensors[n].shape)) for n in self.names}
        return lambda found: fast_source(
            program,
            length,
            shapes,
            itemsize=np.dtype(kind).itemsize,
            name=self.name,
            doc=self.doc,
            cores=self.cores,
            single=self.single,
            found=found,
        )

    def _fast(
        self,
        fast: FastSource,
        blocks: tuple[Region, ...],
        program: Program,
        sizes: Mapping[Size, int],
    ) -> Variant:
        length = lengths(sizes)
        shapes = tuple(result_shape(program, slot, length) for slot in program.results)
        return Variant(
            fast.text,
            fast.run(),
            tuple((p, k, shapes[k], turn) for p, k, turn in fast.outs),
            shapes,
            fast.workspace,
            aliases(program, True),
            program,
            sizes,
            {"space": self._space} if fast.workspace else {},
            fast.constants,
            blocks,
        )

    def _plain(
        self, backend: Backend, program: Program, sizes: Mapping[Size, int]
    ) -> Variant:
        length = lengths(sizes)
        plain = program_source(
            program,
            library=backend.library,
            function_name=self.name,
            names=self.names,
            doc=self.doc,
            single=self.single,
            scope=tuple(self.tensors.values()),
            blas=backend.name == "numpy" and self.style == "fast" and _filled(sizes),
        )
        more: dict[str, Any] = {p: length(dim(s)) for s, p in plain.sizes.items()}
        formulas = self._formulas if backend.name == "numpy" else {}
        known = {**formulas, **self.functions}
        more |= {p: _function(known, label) for label, p in plain.functions.items()}
        return Variant(
            plain.text,
            backend.run(plain),
            (),
            tuple(result_shape(program, slot, length) for slot in program.results),
            (),
            aliases(program, False),
            program,
            sizes,
            more,
            plain.constants,
        )

    def _copies(self, aliases_: tuple[bool, ...]) -> tuple[bool, ...]:
        """Which results are copied, so that nobody else holds them."""
        return aliases_

    def memory(
        self, variant: Variant, kinds: Sequence[str], layouts: Sequence[Layout] = ()
    ) -> tuple[Memory, bool]:
        """What a call holds on arrays of these dtypes, and whether that is exact."""
        length, text = lengths(variant.sizes), self._text(variant, kinds, layouts)
        return memory(text, variant.program, length, itemsize_of(kinds))

    def _text(
        self, variant: Variant, kinds: Sequence[str], layouts: Sequence[Layout] = ()
    ) -> Text:
        length = lengths(variant.sizes)
        return Text(
            variant.text,
            self.name,
            [tuple(map(length, self.tensors[n].shape)) for n in self.names],
            kinds,
            variant.constants,
            variant.workspace,
            {k: v for k, v in variant.more.items() if v is not self._space},
            self._copies(variant.aliases),
            layouts,
        )

    def program(
        self, length: Callable[[Size], int], numpy: bool, real: bool = True
    ) -> Program:
        """The planned program for given sizes, on NumPy or another library; `real` says
        that no array is complex."""
        nodes = arranged(self.nodes, length, symmetric=numpy, book=self.book, real=real)
        return in_pairs(compile_nodes(nodes, sparse=numpy), length, self.book.order)

    @cached_property
    def _formulas(self) -> dict[str, Callable[..., Any]]:
        """Functions given by a formula that NumPy and SciPy compute."""
        calls = [
            node
            for node in toposort(*self.nodes)
            if isinstance(node, Call) and node.function == "defined"
        ]
        return {
            unknown_label(*c.params[:2]): partial(_formula, c.params) for c in calls
        }

    def typical(self, **sizes: int) -> Variant:
        """What runs on float64 at given sizes, at a hundred for others, on NumPy unless
        a backend is named."""
        backend = self.backend or backend_named("numpy")
        shapes = [t.shape for t in self.tensors.values()]
        shapes += [node.shape for node in self.nodes]
        names = sorted({n for shape in shapes for s in shape for n in names_in(s)})
        told = checked_sizes(sizes, {*names, *self.sizes})
        known = dict.fromkeys(names, TYPICAL) | self.sizes | told
        return self.variant(backend, {dim(n): v for n, v in known.items()}, "d")


def _written(
    write: Write | None, program: Program, length: Callable[[Size], int], kind: str
) -> tuple[FastSource | None, tuple[Region, ...]]:
    """Fast code where there is any, with the blocks that save time."""
    if write is None:
        return None, ()
    found = tuple(regions(program, length, np.dtype(kind).itemsize))
    return write(found), found


def itemsize_of(kinds: Sequence[str]) -> int:
    """The bytes of an entry of the widest of some dtypes."""
    return max((np.dtype(kind).itemsize for kind in kinds), default=8)


def _cores() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _filled(sizes: Mapping[Size, int]) -> bool:
    """Whether no axis is empty: reshape(-1, 0) leaves NumPy's -1 undetermined."""
    return all(sizes.values())


def _is_complex(kind: str) -> bool:
    """Whether a dtype, said by its character or its name, is complex."""
    return kind in "FDG" or kind.startswith("complex")


def _formula(params: tuple[Any, ...], *args: Any) -> Any:
    """The function of `params` (a call of a formula) on arrays."""
    return KERNELS["defined"](*args, *params)


def _function(known: Mapping[str, Callable[..., Any]], label: str) -> Any:
    if label not in known:
        raise EvaluationError(
            f"the unknown function {label} has no values",
            hint=f"pass functions={{{label!r}: …}}",
        )
    return known[label]
