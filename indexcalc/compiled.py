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
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any, TypeAlias

import numpy as np

from .backends import BACKENDS, Backend, backend_of, kind_of
from .binding import as_array, bind_sizes, check_structure, converted
from .calling import given, layout_of, targets
from .complexes import require_holomorphic
from .documents.functions import Asked, Held, Options, to_json
from .errors import UnsupportedError
from .files import Where, saved
from .legible import harmless
from .marked import code, program
from .pairwise import Array
from .planned import TYPICAL, Planned, itemsize_of
from .planning.book import Book
from .planning.budgets import exhausted
from .planning.room import Limit, limit_of
from .sizes import Size
from .variants import Variant, answered, check_dtype, lies_as_written, narrow, own
from .workspace import MOST_BYTES, Results

__all__ = ["TYPICAL", "Compiled"]

#: For how many combinations of shapes and kinds of arrays plans are kept; the one that
#: was used longest ago is forgotten first.
MOST_VARIANTS = 256

Key: TypeAlias = tuple[Any, ...]


class Compiled(Planned):
    """A function of arrays that answers the values of expressions.

    Arrays are given by name, or in the order of `names`; `out` is an array (or a tuple,
    for several results) that is written into and answered. On NumPy a call holds at
    most `memory_limit` (bytes, or "2GB") beside its inputs, in blocks where it must;
    where none is given, most of the memory that is free. Else it is refused with a
    `BudgetError`, before anything is allocated; `ways` says what else the caller may do
    at given sizes. Threads hold so much each. Other libraries are asked, or their
    steps counted, and nothing is cut for them.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._made_of: tuple[Any, ...] = (args, options)
        tensors = self.tensors.values()
        self._structured = self.check and any(t.structure for t in tensors)
        self._variants: OrderedDict[Key, Variant] = OrderedDict()
        self._last: Variant | None = None
        self._results = Results()

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
        arrays = given(self.tensors, self._known, values, named)
        extra = 0
        if not all(map(_is_ready, arrays)):
            backend = self.backend or backend_of(arrays)
            if backend.name != "numpy":
                return self._run_elsewhere(backend, arrays, out)
            found = [
                as_array(name, value, self.limit)
                for name, value in zip(self.names, arrays, strict=True)
            ]
            arrays, extra = found, converted(arrays, found)
        elif self.backend is not None and self.backend.name != "numpy":
            return self._run_elsewhere(self.backend, arrays, out)
        key = tuple([(a.shape, a.dtype.char) for a in arrays])
        variant = self._variants.get(key)
        if variant is None:
            variant = self._keep(key, self._planned(BACKENDS["numpy"], arrays))
        elif variant is not self._last:
            with suppress(KeyError):
                self._variants.move_to_end(key)
        if variant.held or extra:
            variant = self._with_room(variant, key, arrays, extra)
        self._last = variant
        if self._structured:
            self._checked(arrays)
        try:
            return self._run(variant, arrays, out)
        except MemoryError as error:
            raise exhausted(error) from None
        finally:
            if variant.held > MOST_BYTES:
                self._space.release()

    def _keep(self, key: Key, variant: Variant) -> Variant:
        self._variants[key] = variant
        while len(self._variants) > MOST_VARIANTS:
            with suppress(KeyError):
                self._variants.popitem(last=False)
        return variant

    def _with_room(
        self, variant: Variant, key: Key, arrays: Sequence[Array], extra: int
    ) -> Variant:
        """The variant where there is room for what it holds and what arrays of other
        kinds became; else one that holds less. Raises `BudgetError` where none does."""
        lying = tuple(() if a.flags.c_contiguous else a.strides for a in arrays)
        if any(lying):
            key = (*key, lying)
            found = self._variants.get(key)
            if found is None:
                found = self._keep(key, self._planned(BACKENDS["numpy"], arrays, None))
            variant = found
        limit = self._room(variant, arrays, extra)
        if variant.held + extra <= limit.nbytes:
            return variant
        rest = Limit(limit.nbytes - extra, limit.given)
        return self._keep(key, self._planned(BACKENDS["numpy"], arrays, rest))

    def _room(self, variant: Variant, arrays: Sequence[Array], extra: int) -> Limit:
        """What a call may hold, what is kept for it included; what it cannot use is let
        go where there is a limit, or no room beside it."""
        if self.limit is not None:
            entry = max((array.itemsize for array in arrays), default=8)
            self._results.trim([entry * prod(row[2]) for row in variant.outs])
            self._space.reserve(variant.workspace)
            return limit_of(self.limit)
        limit = limit_of(None)
        kept = self._space.nbytes + self._results.idle
        if variant.held + extra > limit.nbytes and kept:
            self.release()
            return limit_of(None)
        return limit

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
            return own(answer, variant.aliases[0], variant.dtype)
        dtypes = (variant.dtype,) * len(variant.aliases)
        return tuple(map(own, answer, variant.aliases, dtypes))

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
        into = targets(out, variant.shapes, self.single)
        more = dict(variant.more)
        dtype = np.result_type(*arrays) if arrays else np.dtype(float)
        for parameter, place, shape, turn in variant.outs:
            target = into[place]
            check_dtype(target, dtype)
            plain = lies_as_written(target, turn) and target.dtype == dtype
            apart = not any(np.may_share_memory(target, array) for array in arrays)
            more[parameter] = (
                target if plain and apart else self._results.take(shape, dtype)
            )
        answer = answered(variant, arrays, more)
        answers = [answer] if self.single else list(answer)
        for k, (target, found) in enumerate(zip(into, answers, strict=True)):
            if found is not target:
                check_dtype(target, np.asarray(found).dtype)
                answers[k] = found.copy() if k and variant.aliases[k] else found
        for target, found in zip(into, answers, strict=True):
            if found is not target:
                target[...] = found
        return out

    def _run_elsewhere(self, backend: Backend, given: Sequence[Any], out: Any) -> Any:
        if out is not None:
            raise UnsupportedError(
                f"out= needs NumPy's arrays, and these are of {backend.name}",
                hint="leave it out",
            )
        arrays = [backend.array(n, a) for n, a in zip(self.names, given, strict=True)]
        arrays = list(backend.alike(arrays))
        key = (backend.name, *[(tuple(a.shape), a.dtype) for a in arrays])
        variant = self._variants.get(key)
        if variant is None:
            variant = self._keep(key, self._planned(backend, arrays))
        if variant.held:
            limit = limit_of(self.limit, backend.free(arrays))
            size = itemsize_of([kind_of(a) for a in arrays])
            self.refuse(variant, size, limit, variant.held)
        self._last = variant
        answer = variant.function(*arrays, **variant.more)
        answers = (answer,) if self.single else answer
        own = tuple(
            backend.copied(found) if alias else found
            for found, alias in zip(answers, variant.aliases, strict=True)
        )
        return own[0] if self.single else own

    def _planned(
        self, backend: Backend, arrays: Sequence[Any], limit: Limit | None = None
    ) -> Variant:
        by_name = dict(zip(self.names, arrays, strict=True))
        sizes = bind_sizes(self.tensors.values(), by_name, self.sizes)
        require_holomorphic(
            self.nodes, {n for n, a in by_name.items() if "complex" in str(a.dtype)}
        )
        if backend.name != "numpy":
            return self._planned_elsewhere(backend, sizes, arrays)
        kinds = [a.dtype.char for a in arrays]
        kind = kinds[0] if len(set(kinds)) == 1 and kinds[0] in "fd" else ""
        lying = [layout_of(a) for a in arrays]
        variant = self.variant(backend, sizes, kind, kinds, lying, limit)
        if (dtype := narrow(kinds)) is not None:
            variant = replace(variant, dtype=dtype)
        if self.limit is None:
            for k, nbytes in enumerate(variant.workspace):
                self._least[k] = max(nbytes, self._least.get(k, 0))
        return variant

    def _planned_elsewhere(
        self, backend: Backend, sizes: Mapping[Size, int], arrays: Sequence[Any]
    ) -> Variant:
        """What another library runs, with what it needs: by its own figures, where it
        has them and the steps alone do not settle it."""
        variant = self.variant(backend, sizes, "", [kind_of(a) for a in arrays])
        limit = limit_of(self.limit, backend.free(arrays))
        size = itemsize_of([kind_of(a) for a in arrays])
        least = size * sum(map(prod, variant.shapes))
        settled = self.limit is None and variant.held <= limit.nbytes
        if not variant.held or settled or least > limit.nbytes:
            return variant
        need = backend.needs(variant.function, arrays, variant.more)
        return variant if need is None else replace(variant, held=max(1, need))

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
        return self.typical(**sizes).text

    # -- kept --------------------------------------------------------------------------

    def json(self, path: Where = None) -> str:
        """The function as a versioned document, in a file where a path is given: its
        expressions, its options, and the choices that planning made so far, so that
        what `compiled_from_json` or `load` gives runs without searching again.

        Functions that a user gave for names are not written.
        """
        return saved(to_json(self.held()), path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the document to a file, whole or not at all; `load` reads it."""
        self.json(os.fspath(path))

    def held(self, asked: Asked | None = None) -> Held:
        """What a document holds of the function, and of a plan of it."""
        options = Options(
            self.single,
            None if self.backend is None else self.backend.name,
            dict(self.sizes),
            self.style,
            self.name,
            self.doc,
            self.check,
            self.cores,
            self.limit,
            columns=getattr(self.ways, "columns", 0),
        )
        return Held(self.nodes, options, self.scope, self.book, asked)

    def release(self) -> None:
        """Forgets the calling thread's workspace, and the memory of results."""
        self._space.release()
        self._results.release()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what it was made of, without memory and variants."""
        return _rebuilt, (type(self), self._made_of, self.book)

    def __repr__(self) -> str:
        what = self.doc or f"{len(self.nodes)} expressions"
        return harmless(f"<Compiled {self.name}({', '.join(self.names)}): {what}>")

    def _repr_markdown_(self) -> str:
        """The call and its formulas; once it was called, the program that ran."""
        call = code(f"{self.name}({', '.join(self.names)})")
        formulas = [f"- {code(line)}" for line in self.doc.splitlines()]
        ran = [] if self._last is None else ["", program(self._last.text)]
        return "\n".join([call, "", *formulas, *ran])


def _rebuilt(kind: type[Compiled], made_of: tuple[Any, ...], book: Book) -> Compiled:
    """A function made again of what it was made of."""
    args, options = made_of
    function = kind(*args, **options)
    function.book = book
    return function


def _is_ready(array: Any) -> bool:
    """Whether an array needs no conversion."""
    if type(array) is not np.ndarray:
        return False
    dtype = array.dtype
    return dtype.char in "fd" and dtype.isnative
