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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any, TypeAlias

import numpy as np

from .backends import BACKENDS, Backend, backend_named, backend_of
from .codegen.blocks import is_view
from .codegen.numpy_fast import fast_source
from .codegen.plain import program_source
from .einsum_names import is_linear
from .errors import EvaluationError, UnsupportedError
from .evaluate import as_array, bind_sizes, check_structure, missing_array
from .nodes import Einsum, Node, Tensor, toposort, variables
from .pairwise import Array
from .plan import Apply, Load, Program, Step, compile_nodes, inputs_of
from .planning.pairs import in_pairs
from .planning.programs import arranged
from .sizes import Dim, Size, names_in, value_of
from .workspace import Results, Workspace

#: What a size counts as before any array tells it.
TYPICAL = 100

#: How a program may be written.
STYLES = ("fast", "plain")

Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What runs for arrays of certain shapes: its text and function, the parameters
    that take large results, the results' shapes and which of them are somebody else's
    array, what is planned."""

    text: str
    function: Callable[..., Any]
    outs: tuple[tuple[str, int, tuple[int, ...], tuple[int, ...]], ...]
    shapes: tuple[tuple[int, ...], ...]
    workspace: tuple[int, ...]
    aliases: tuple[bool, ...]
    program: Program
    sizes: Mapping[Size, int]
    more: Mapping[str, Any]


class Compiled:
    """A function of arrays that answers the values of expressions.

    Arrays are given by name, or in the order of `names`; `out` is an array (or a tuple,
    for several results) that is written into and answered.
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
    ) -> None:
        if style not in STYLES:
            raise UnsupportedError(
                f"there is no style {style!r} of source", hint="'fast' or 'plain'"
            )
        self.nodes = tuple(nodes)
        self.single, self.style, self.check = single, style, check
        self.backend = None if backend is None else backend_named(backend)
        needed: dict[str, Tensor] = {}
        for node in self.nodes:
            needed |= variables(node)
        self.sizes = dict(sizes or {})
        self.tensors = _telling(self.nodes, needed, scope, self.sizes) | needed
        self.names = tuple(sorted(self.tensors))
        self.functions = dict(functions or {})
        self.name, self.doc = name, doc
        self.cores = cores or len(_cores())
        self._structured = check and any(t.structure for t in self.tensors.values())
        self._variants: dict[Key, Variant] = {}
        self._last: Variant | None = None
        self._space, self._results = Workspace(), Results()

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
        if not all([type(a) is np.ndarray and a.dtype.char in "fd" for a in arrays]):
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
            return _own(answer, variant.aliases[0])
        return tuple(map(_own, answer, variant.aliases))

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
        for parameter, place, shape, _ in variant.outs:
            target = targets[place]
            _check_dtype(target, dtype)
            plain = target.flags.c_contiguous and target.dtype == dtype
            apart = not any(np.may_share_memory(target, array) for array in arrays)
            more[parameter] = (
                target if plain and apart else self._results.take(shape, dtype)
            )
        answer = answered(variant, arrays, more)
        answers = [answer] if self.single else list(answer)
        for k, (target, found) in enumerate(zip(targets, answers, strict=True)):
            if found is not target:
                _check_dtype(target, np.asarray(found).dtype)
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
            _check_target(target, shape)
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
        return variant.function(*arrays, **variant.more)

    # -- planning ----------------------------------------------------------------------

    def _planned(self, backend: Backend, arrays: Sequence[Any]) -> Variant:
        by_name = dict(zip(self.names, arrays, strict=True))
        sizes = bind_sizes(self.tensors.values(), by_name, self.sizes)
        real = {a.dtype.char for a in arrays} if backend.name == "numpy" else set()
        kind = real.pop() if len(real) == 1 and real <= set("fd") else ""
        return self.variant(backend, sizes, kind)

    def variant(
        self, backend: Backend, sizes: Mapping[Size, int], kind: str
    ) -> Variant:
        """What is run at given sizes; `kind` is the dtype's character where all arrays
        are real and of one dtype."""
        length = lengths(sizes)
        numpy = backend.name == "numpy"
        program = self.program(length, numpy)
        shapes = tuple(_shape(program, slot, length) for slot in program.results)
        fast = None
        if kind and numpy and self.style == "fast":
            itemsize = np.dtype(kind).itemsize
            fast = fast_source(
                program,
                length,
                {n: tuple(map(length, self.tensors[n].shape)) for n in self.names},
                itemsize=itemsize,
                name=self.name,
                doc=self.doc,
                cores=self.cores,
                single=self.single,
            )
        if fast is not None:
            outs = tuple((p, k, shapes[k], turn) for p, k, turn in fast.outs)
            more = {"space": self._space} if fast.workspace else {}
            run = fast.run()
            aliases = _aliases(program, True)
            space = fast.workspace
            return Variant(
                fast.text, run, outs, shapes, space, aliases, program, sizes, more
            )
        plain = program_source(
            program,
            library=backend.library,
            function_name=self.name,
            names=self.names,
            doc=self.doc,
            single=self.single,
            scope=tuple(self.tensors.values()),
            blas=numpy and self.style == "fast",
        )
        more = {p: length(_dim(size)) for size, p in plain.sizes.items()}
        more |= {p: self._function(label) for label, p in plain.functions.items()}
        run = backend.run(plain)
        aliases = _aliases(program, False)
        return Variant(plain.text, run, (), shapes, (), aliases, program, sizes, more)

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


def lengths(sizes: Mapping[Size, int]) -> Callable[[Size], int]:
    """The number that each size stands for."""
    names = {str(name): n for name, n in sizes.items()}

    def length(size: Size) -> int:
        if isinstance(size, int):
            return size
        found = sizes.get(size)
        return value_of(size, names) if found is None else found

    return length


def _dim(name: str) -> Dim:
    from .sizes import dim

    return dim(name)


def _telling(
    nodes: Sequence[Node],
    needed: Mapping[str, Tensor],
    scope: Sequence[Tensor],
    given: Mapping[str, int],
) -> dict[str, Tensor]:
    """Variables that the expressions no longer hold, as many as it takes to tell the
    sizes that no other array tells."""
    asked = _asked(nodes)
    chosen = dict(needed)
    told = _told(chosen.values(), given)
    for tensor in scope:
        if asked <= told:
            break
        more = _told([*chosen.values(), tensor], given)
        if (more - told) & asked:
            chosen[tensor.name], told = tensor, more
    return {name: t for name, t in chosen.items() if name not in needed}


def _asked(nodes: Sequence[Node]) -> set[str]:
    """The names of the sizes that the expressions' values depend on."""
    sizes = {size for node in nodes for size in node.shape}
    for node in toposort(*nodes):
        if isinstance(node, Einsum):
            sizes.update(node.dims)
    return {name for size in sizes for name in names_in(size)}


def _told(tensors: Iterable[Tensor], given: Iterable[str]) -> set[str]:
    """The names whose sizes follow from shapes of arrays, and from those given."""
    axes = {size for tensor in tensors for size in tensor.shape}
    known, before = set(given), -1
    while len(known) > before:
        before = len(known)
        for size in axes:
            left = names_in(size) - known
            if len(left) == 1 and is_linear(size, *left):
                known |= left
    return known


def _cores() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _name(key: Any) -> str:
    return key if isinstance(key, str) else key.written.key[1]


def _shape(
    program: Program, slot: int, length: Callable[[Size], int]
) -> tuple[int, ...]:
    pattern = program.patterns[slot]
    return tuple(prod(length(pattern.sizes[i]) for i in axis) for axis in pattern.axes)


def _aliases(program: Program, fast: bool) -> tuple[bool, ...]:
    """Which results may be somebody else's array: a variable's, or an earlier result's,
    or a view of it. Fast code writes what is not dense into an array of its own."""
    found, seen = [], set[int]()
    for slot in program.results:
        root = slot
        while program.patterns[slot].dense or not fast:
            step = program.steps[root]
            if not is_view(step) and not _answers_view(step):
                break
            (root,) = inputs_of(step)
        found.append(root in seen or isinstance(program.steps[root], Load))
        seen.add(root)
    return tuple(found)


#: Functions whose value may be a view of their argument.
VIEWS = frozenset({"window", "hankel", "real", "imag"})


def _answers_view(step: Step) -> bool:
    return isinstance(step, Apply) and step.node.function in VIEWS


def answered(variant: Variant, arrays: Sequence[Array], more: Mapping[str, Any]) -> Any:
    """What the function of a variant answers."""
    try:
        return variant.function(*arrays, **more)
    except np.linalg.LinAlgError as error:
        raise EvaluationError(f"a matrix function has no value here: {error}") from None


def _own(answer: Any, alias: bool) -> Array:
    """An array that nobody else holds, and that may be written."""
    if type(answer) is not np.ndarray:
        answer = np.asarray(answer)
    if answer.dtype.kind in "biu":  # a choice between constants
        return answer.astype(np.float64)
    return answer.copy() if alias or not answer.flags.writeable else answer


def _check_target(target: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(target, np.ndarray) or not target.flags.writeable:
        raise EvaluationError("out= must be a writable NumPy array")
    if target.shape != shape:
        raise EvaluationError(f"out= has shape {target.shape}, and the result {shape}")


def _check_dtype(target: Array, dtype: Any) -> None:
    if not np.can_cast(dtype, target.dtype, "same_kind"):
        raise EvaluationError(
            f"out= has dtype {target.dtype}, which cannot hold {dtype}"
        )
