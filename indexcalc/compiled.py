"""Expressions as functions of arrays: planned for the sizes they meet, run as source.

A `Compiled` plans once for every combination of shapes and kinds of arrays it is given
and keeps what it planned; what it runs is text that stands alone (`source`). On NumPy
it keeps a workspace for each thread, and uses the memory of a result again once nobody
holds that result any more, so that repeated calls allocate nothing.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> f = Compiled([einsum([(A, [0, 1]), (x, [1])], [0])], doc="A x")
>>> print(f.source)
def f(A, x):
    \"\"\"A x\"\"\"
    return A @ x
<BLANKLINE>
>>> f(A=np.eye(2), x=np.array([3.0, 4.0])).tolist()
[3.0, 4.0]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from keyword import iskeyword
from typing import Any, TypeAlias

import numpy as np

from .backends import BACKENDS, Backend, backend_named, backend_of
from .binding import as_array, bind_sizes, check_structure, missing_array
from .codegen.blocks import Region, regions
from .codegen.numpy_fast import fast_source
from .codegen.numpy_fast_frame import FastSource
from .codegen.plain import program_source
from .errors import EvaluationError, UnsupportedError
from .holding import Text, Write, cut_within, is_watched, memory
from .nodes import Node, Tensor, variables
from .pairwise import Array
from .plan import Program, compile_nodes
from .planning.budgets import as_bytes, default_limit, keep_within
from .planning.memory import Memory
from .planning.pairs import in_pairs
from .planning.programs import arranged
from .sizes import Dim, Size, lengths, names_in
from .variants import (
    Variant,
    aliases,
    answered,
    check_dtype,
    check_names,
    check_target,
    lies_as_written,
    own,
    result_shape,
    telling,
)
from .workspace import Results, Workspace

#: What a size counts as before any array tells it.
TYPICAL = 100

#: What texts call libraries by.
MODULES = frozenset({"np", "jnp", "jax", "torch", "xp", "scipy", "itertools"})

#: How a program may be written.
STYLES = ("fast", "plain")

Key: TypeAlias = tuple[Any, ...]


class Compiled:
    """A function of arrays that answers the values of expressions.

    Arrays are given by name, or in the order of `names`; `out` is an array (or a tuple,
    for several results) that is written into and answered. On NumPy a call holds at
    most `memory_limit` (bytes, or "2GB") beside its inputs, in blocks where it must;
    where none is given, most of the memory that is free. Else it is refused with a
    `BudgetError`.
    """

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
    ) -> None:
        if style not in STYLES:
            raise UnsupportedError(
                f"there is no style {style!r} of source", hint="'fast' or 'plain'"
            )
        if not name.isidentifier() or iskeyword(name) or name in MODULES:
            raise UnsupportedError(f"{name!r} cannot be the name of a function")
        self.nodes = tuple(nodes)
        self.single, self.style, self.check = single, style, check
        self.backend = None if backend is None else backend_named(backend)
        needed: dict[str, Tensor] = {}
        for node in self.nodes:
            check_names(needed, variables(node))
            needed |= variables(node)
        self.sizes = dict(sizes or {})
        self.tensors = telling(self.nodes, needed, scope, self.sizes) | needed
        self.names = tuple(sorted(self.tensors))
        self.functions = dict(functions or {})
        self.name, self.doc = name, doc
        self.cores = cores or len(_cores())
        self.limit = None if memory_limit is None else as_bytes(memory_limit)
        self._structured = check and any(t.structure for t in self.tensors.values())
        self._variants: dict[Key, Variant] = {}
        self._last: Variant | None = None
        self._least: dict[int, int] = {}
        self._space, self._results = Workspace(self._least), Results()

    # -- calling -----------------------------------------------------------------------

    def __call__(
        self,
        /,
        *values: Any,
        out: Any = None,
        **named: Any,
    ) -> Any:
        """The values on arrays. Raises `EvaluationError` for missing arrays, and
        `ShapeError` for shapes that do not fit."""
        arrays = self._given(values, named)
        if not all(map(_is_ready, arrays)):
            backend = self.backend or backend_of(arrays)
            if backend.name != "numpy":
                return self._run_elsewhere(backend, arrays, out)
            arrays = list(map(as_array, self.names, arrays))
        elif self.backend is not None and self.backend.name != "numpy":
            return self._run_elsewhere(self.backend, arrays, out)
        key = tuple([(a.shape, a.dtype.char) for a in arrays])
        variant = self._variants.get(key)
        if variant is None:
            variant = self._variants[key] = self._planned(BACKENDS["numpy"], arrays)
        self._last = variant
        if self._structured:
            self._checked(arrays)
        try:
            return self._run(variant, arrays, out)
        except MemoryError as error:
            raise EvaluationError(
                f"the value does not fit in memory: {error}",
                hint="structured=True keeps deltas unbuilt",
            ) from None

    def _given(self, values: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        if len(values) == 1 and isinstance(values[0], Mapping):
            named = {**{_name(key): v for key, v in values[0].items()}, **named}
        elif values:
            if len(values) > len(self.names):
                raise EvaluationError(
                    f"{len(values)} arrays were given where {len(self.names)} are "
                    f"wanted",
                    hint=f"the order is {', '.join(self.names) or 'none'}",
                )
            placed = dict(zip(self.names, values, strict=False))
            twice = next((name for name in placed if name in named), None)
            if twice is not None:
                raise EvaluationError(f"the array of {twice} is given twice")
            named = {**placed, **named}
        try:
            return [named[name] for name in self.names]
        except KeyError:
            absent = next(name for name in self.names if name not in named)
            raise missing_array(self.tensors[absent], named) from None

    def _checked(self, arrays: Sequence[Array]) -> None:
        for name, array in zip(self.names, arrays, strict=True):
            if self.tensors[name].structure:
                check_structure(self.tensors[name], array)

    def _run(self, variant: Variant, arrays: Sequence[Array], out: Any) -> Any:
        if out is not None:
            return self._run_into(variant, arrays, out)
        dtype = np.result_type(*arrays) if variant.outs else None
        answer = answered(variant, arrays, self._taken(variant, dtype))
        if self.single:
            return own(answer, variant.aliases[0])
        return tuple(map(own, answer, variant.aliases))

    def _taken(self, variant: Variant, dtype: Any) -> Mapping[str, Any]:
        """The keywords of a call: workspace, sizes, memory for large results."""
        if not variant.outs:
            return variant.more
        more = dict(variant.more)
        for parameter, _, shape, turn in variant.outs:
            if self._results.takes(shape, dtype):
                more[parameter] = self._results.take(shape, dtype, turn)
        return more

    def _run_into(self, variant: Variant, arrays: Sequence[Array], out: Any) -> Any:
        """Results written into the arrays given; one that shares memory with an input
        is written at the end."""
        targets = self._targets(variant, out)
        more = dict(variant.more)
        dtype = np.result_type(*arrays) if arrays else np.dtype(float)
        for parameter, place, shape, turn in variant.outs:
            target = targets[place]
            check_dtype(target, dtype)
            plain = lies_as_written(target, turn) and target.dtype == dtype
            apart = not any(np.may_share_memory(target, array) for array in arrays)
            more[parameter] = (
                target if plain and apart else self._results.take(shape, dtype)
            )
        answer = answered(variant, arrays, more)
        answers = [answer] if self.single else list(answer)
        for k, (target, found) in enumerate(zip(targets, answers, strict=True)):
            if found is not target:
                check_dtype(target, np.asarray(found).dtype)
                answers[k] = found.copy() if k and variant.aliases[k] else found
        for target, found in zip(targets, answers, strict=True):
            if found is not target:
                target[...] = found
        return out

    def _targets(self, variant: Variant, out: Any) -> tuple[Array, ...]:
        """The arrays to write into, each of its result's shape, none in another."""
        several = isinstance(out, (tuple, list))
        if several == self.single:
            what = "one array" if self.single else "a tuple of arrays"
            raise EvaluationError(f"out= must be {what}")
        targets = tuple(out) if several else (out,)
        if len(targets) != len(self.nodes):
            raise EvaluationError(
                f"{len(targets)} arrays are given for {len(self.nodes)} results"
            )
        for target, shape in zip(targets, variant.shapes, strict=True):
            check_target(target, shape)
        for one, two in combinations(targets, 2):
            if np.may_share_memory(one, two) and np.shares_memory(one, two):
                raise EvaluationError("arrays of out= share memory")
        return targets

    def _run_elsewhere(self, backend: Backend, given: Sequence[Any], out: Any) -> Any:
        if out is not None:
            raise UnsupportedError(
                f"out= needs NumPy's arrays, and these are of {backend.name}",
                hint="leave it out",
            )
        arrays = [backend.array(n, a) for n, a in zip(self.names, given, strict=True)]
        key = (backend.name, *[tuple(a.shape) for a in arrays])
        variant = self._variants.get(key)
        if variant is None:
            variant = self._variants[key] = self._planned(backend, arrays)
        self._last = variant
        answer = variant.function(*arrays, **variant.more)
        answers = (answer,) if self.single else answer
        own = tuple(
            backend.copied(found) if alias else found
            for found, alias in zip(answers, variant.aliases, strict=True)
        )
        return own[0] if self.single else own

    # -- planning ----------------------------------------------------------------------

    def _planned(self, backend: Backend, arrays: Sequence[Any]) -> Variant:
        by_name = dict(zip(self.names, arrays, strict=True))
        sizes = bind_sizes(self.tensors.values(), by_name, self.sizes)
        real = {a.dtype.char for a in arrays} if backend.name == "numpy" else set()
        kind = real.pop() if len(real) == 1 and real <= set("fd") else ""
        kinds = [a.dtype.char for a in arrays] if backend.name == "numpy" else []
        variant = self.variant(backend, sizes, kind, kinds)
        for k, nbytes in enumerate(variant.workspace):
            self._least[k] = max(nbytes, self._least.get(k, 0))
        return variant

    def variant(
        self,
        backend: Backend,
        sizes: Mapping[Size, int],
        kind: str,
        kinds: Sequence[str] = (),
    ) -> Variant:
        """What is run at given sizes; `kind` is the dtype's character where all arrays
        are real and of one dtype, `kinds` are those of all arrays.

        Raises `BudgetError` where it would hold more than the limit.
        """
        length = lengths(sizes)
        numpy = backend.name == "numpy"
        program = self.program(length, numpy)
        write = None
        if kind and numpy and self.style == "fast":
            write = self._writer(program, length, kind)
        fast, blocks = _written(write, program, length, kind)
        if fast is None:
            found = self._plain(backend, program, sizes)
        else:
            found = self._fast(fast, blocks, program, sizes)
        listed = kinds or [kind or "d"] * len(self.names)
        if not numpy or not is_watched(program, length, _itemsize(listed), self.limit):
            return found
        return self._within(found, listed, write)

    def _within(
        self, found: Variant, kinds: Sequence[str], write: Write | None
    ) -> Variant:
        """The variant where it stays within the limit, else one that does."""
        program, length = found.program, lengths(found.sizes)
        itemsize, limit = _itemsize(kinds), self.limit
        most = default_limit() if limit is None else limit
        held, _ = self.memory(found, kinds)
        if held.peak - held.inputs <= most:
            return found

        def as_text(fast: FastSource) -> Text:
            return self._text(self._fast(fast, (), program, found.sizes), kinds)

        cut = None
        if write is not None:
            cut = cut_within(write, as_text, program, length, itemsize, most)
        if cut is None:
            keep_within(program, length, itemsize, most, held.peak - held.inputs)
            return found
        return self._fast(*cut, program, found.sizes)

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
            blas=backend.name == "numpy" and self.style == "fast",
        )
        more: dict[str, Any] = {p: length(_dim(s)) for s, p in plain.sizes.items()}
        more |= {p: self._function(label) for label, p in plain.functions.items()}
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

    def memory(self, variant: Variant, kinds: Sequence[str]) -> tuple[Memory, bool]:
        """What a call holds on arrays of these dtypes, and whether that is exact."""
        length, text = lengths(variant.sizes), self._text(variant, kinds)
        return memory(text, variant.program, length, _itemsize(kinds))

    def _text(self, variant: Variant, kinds: Sequence[str]) -> Text:
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
        )

    def program(self, length: Callable[[Size], int], numpy: bool) -> Program:
        """The planned program for given sizes, on NumPy or another library."""
        nodes = arranged(self.nodes, length, symmetric=numpy)
        return in_pairs(compile_nodes(nodes, sparse=numpy), length)

    def _function(self, label: str) -> Callable[..., Any]:
        if label not in self.functions:
            raise EvaluationError(
                f"the unknown function {label} has no values",
                hint=f"pass functions={{{label!r}: …}}",
            )
        return self.functions[label]

    # -- what it is --------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The text of what ran last, or before any call of what would run at sizes of
        a hundred (or those given)."""
        if self._last is not None:
            return self._last.text
        return self.source_for()

    def source_for(self, **sizes: int) -> str:
        """The text that runs at given sizes, on NumPy unless a backend is named."""
        backend = self.backend or backend_named("numpy")
        names = {n for t in self.tensors.values() for s in t.shape for n in names_in(s)}
        names |= {n for node in self.nodes for s in node.shape for n in names_in(s)}
        known = dict.fromkeys(names, TYPICAL) | self.sizes | sizes
        return self.variant(backend, {_dim(n): v for n, v in known.items()}, "d").text

    def release(self) -> None:
        """Forgets the calling thread's workspace, and the memory of results."""
        self._space.release()
        self._results.release()

    def __repr__(self) -> str:
        what = self.doc or f"{len(self.nodes)} expressions"
        return f"<Compiled {self.name}({', '.join(self.names)}): {what}>"


def _written(
    write: Write | None, program: Program, length: Callable[[Size], int], kind: str
) -> tuple[FastSource | None, tuple[Region, ...]]:
    """Fast code where there is any, with the blocks that save time."""
    if write is None:
        return None, ()
    found = tuple(regions(program, length, np.dtype(kind).itemsize))
    return write(found), found


def _itemsize(kinds: Sequence[str]) -> int:
    return max((np.dtype(kind).itemsize for kind in kinds), default=8)


def _dim(name: str) -> Dim:
    from .sizes import dim

    return dim(name)


def _cores() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _name(key: Any) -> str:
    return key if isinstance(key, str) else key.written.key[1]


def _is_ready(array: Any) -> bool:
    """Whether an array needs no conversion."""
    return type(array) is np.ndarray and array.dtype.char in "fd"
