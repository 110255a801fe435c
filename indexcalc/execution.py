"""How an expression is run on arrays: once, as a compiled function, as a plan.

`Execution` is the part of an expression that does it. The class that inherits it
supplies `written`, `node`, the variables by name, and the layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast

from .errors import (
    BudgetError,
    IndexCalcError,
    UnknownNameError,
    UnsupportedError,
)
from .legible import quoted
from .nodes import Node, Tensor, one_pass, toposort
from .pairwise import Array
from .sizes import Size, names_in, value_of

if TYPE_CHECKING:
    from .compiled import Compiled
    from .contraction.machine import Machine
    from .reports import Plan
    from .structured import Structured
    from .ways import Ways

Functions = Mapping[str, Callable[..., Any]]


class Execution:
    """Values of an expression."""

    __slots__ = ()
    written: Node
    scope: dict[str, Tensor]
    value_order: int
    layout: str
    by: tuple[tuple[str, int], ...]

    @property
    def node(self) -> Node:
        """The canonical node."""
        raise NotImplementedError

    @property
    def evaluated(self) -> Node:
        """The node that is computed."""
        raise NotImplementedError

    def _stably(self) -> Any:
        """The expression made of functions that are stable."""
        raise NotImplementedError

    def _derived(self, node: Node, value_order: int) -> Any:
        """An expression made from this one."""
        raise NotImplementedError

    def _leaves(self) -> dict[str, Tensor]:
        """The variables by name."""
        raise NotImplementedError

    def _everything(self) -> list[Tensor]:
        """The variables that it has, and those that it was made from."""
        return list((self.scope | self._leaves()).values())

    @property
    def _rows(self) -> int:
        """How many of the axes come first as a linear map's rows."""
        if self.layout == "variable_first":
            return len(self.written.shape) - self.value_order
        return self.value_order

    @one_pass()
    def evaluate(
        self,
        values: Mapping[Any, object] | None = None,
        *,
        sizes: Mapping[str, int] | None = None,
        functions: Functions | None = None,
        structured: bool = False,
        memory_limit: int | str | None = None,
        **named: object,
    ) -> Array | Structured | Any:
        """The value on arrays, by name; `sizes` where no array gives them. A mapping
        may hold arrays for other expressions too; a keyword must name a variable.

        `structured=True` keeps deltas unbuilt and answers a `Structured`; `functions`
        gives unknown functions their values. The dtype follows the arrays. With a
        `memory_limit` (bytes, or "2GB") the value is computed in blocks where it must
        be; without one, most of the free memory is the limit. What needs more is
        refused with a `BudgetError`.
        """
        arrays = {**by_name(values), **named}
        scope = self._everything()
        self._check_keywords(named)
        if not structured:
            return self._dense(arrays, sizes, functions, scope, memory_limit)
        from .planning.room import as_bytes
        from .structured import evaluate_structured

        rows = self._rows
        limit = None if memory_limit is None else as_bytes(memory_limit)
        return evaluate_structured(
            self.evaluated, rows, arrays, sizes, functions, scope, limit
        )

    def _check_keywords(self, named: Mapping[str, object]) -> None:
        """Raises `UnknownNameError` for a keyword that names no variable."""
        if named:
            from .binding import check_keywords

            check_keywords(named, {tensor.name for tensor in self._everything()})

    def _dense(
        self,
        arrays: Mapping[str, object],
        sizes: Mapping[str, int] | None,
        functions: Functions | None,
        scope: Sequence[Tensor],
        memory_limit: int | str | None,
    ) -> Array:
        """The value as one array: step by step, or, where that would take more memory
        than there may be, planned within it."""
        from .evaluate import evaluate, is_plannable

        node = self.evaluated
        if memory_limit is None:
            try:
                return evaluate(node, arrays, sizes, functions, scope)
            except BudgetError:
                if not is_plannable(node):
                    raise
        f = self.compile(sizes=sizes, functions=functions, memory_limit=memory_limit)
        used = {name: arrays[name] for name in f.names if name in arrays}
        try:
            found: Array = f(used)
        except BudgetError as refused:
            parts = None if functions else self._in_parts(used, sizes, f.limit)
            if parts is None:
                raise refused from None
            return parts
        return found

    def _in_parts(
        self,
        arrays: Mapping[str, object],
        sizes: Mapping[str, int] | None,
        memory_limit: int | None,
    ) -> Array | None:
        """The value filled in block by block; None where that would take too much."""
        from .backends import backend_of
        from .distributed import evaluate_within
        from .planning.room import limit_of

        if backend_of(list(arrays.values())).name != "numpy":
            return None
        limit, scope = limit_of(memory_limit), self._everything()
        try:
            return evaluate_within(self.evaluated, arrays, limit.nbytes, sizes, scope)
        except (BudgetError, UnsupportedError):
            return None

    def _ways(self, structured: bool = False) -> Ways:
        """What else can be done where it takes too much memory."""
        from .ways import Ways

        columns = self.by[-1][1] if self.by else 0
        return Ways(self.evaluated, columns, structured)

    @one_pass()
    def compile(
        self,
        backend: str | None = None,
        *,
        sizes: Mapping[str, int] | None = None,
        structured: bool = False,
        style: str = "fast",
        functions: Functions | None = None,
        name: str = "f",
        check: bool = True,
        memory_limit: int | str | None = None,
    ) -> Compiled | Any:
        """A function of arrays that computes the value, fast when called again.

        `f(X=…, A=…)` or `f(X, A)` in the order of `f.names`; `f(…, out=array)` writes
        into an array. `f.source` is the text that runs: NumPy, or JAX or PyTorch where
        the arrays are theirs (or `backend` says so). `style="plain"` runs the short
        readable form without workspaces and blocks; `structured=True` answers a
        `Structured`. `check=False` spares the test that arrays have the structure that
        their variables were declared to have. `memory_limit` (bytes, or "2GB") is what
        a call may hold beside its inputs: it then computes in blocks where it must, or
        is refused with a `BudgetError`.
        """
        options: dict[str, Any] = {
            "scope": self._everything(),
            "backend": backend,
            "sizes": sizes,
            "style": style,
            "functions": functions,
            "name": name,
            "check": check,
            "memory_limit": memory_limit,
            "ways": self._ways(structured),
        }
        if structured:
            from .structured_function import StructuredFunction

            return StructuredFunction(self.evaluated, self._rows, **options)
        from .compiled import Compiled

        return Compiled([self.evaluated], doc=formula(self), **options)

    @one_pass()
    def plan(
        self,
        *,
        memory_limit: int | str | None = None,
        machine: Machine | None = None,
        dtype: Any = "float64",
        **sizes: int,
    ) -> Plan:
        """What computing the value takes at given sizes (a hundred for others): the
        products in their order, flops, bytes, the peak of memory, the estimated time,
        the mode of accumulation, and what is saved over the naive order.

        Nothing is computed. `str` of the report is a table, `.data()` plain data. With
        a `memory_limit` it is the plan that holds no more than that beside its inputs,
        perhaps in blocks; `BudgetError` is raised where there is none. `machine` tells
        the rates to reckon with (`contraction.machine.measure()` finds them).

        >>> from indexcalc.ways_in import tensor
        >>> A, B, x = tensor("A", "m n"), tensor("B", "n m"), tensor("x", "m")
        >>> report = (A @ B @ x).plan(m=2000, n=1000)
        >>> [step.form for step in report.steps], report.saved[0] > 500
        (['B @ x', 'A @ t1'], True)
        """
        from .contraction.machine import TYPICAL
        from .planning.room import UNLIMITED
        from .reports import report_of

        return report_of(
            self.compile(memory_limit=memory_limit or UNLIMITED),
            sizes,
            value_orders=[self._rows],
            written=[self.written],
            machine=machine or TYPICAL,
            dtype=dtype,
        )

    @one_pass()
    def code(
        self,
        language: str = "numpy",
        name: str = "f",
        *,
        sizes: Mapping[str, int] | None = None,
    ) -> str:
        """A short function that computes the value, as text to keep: "numpy", "jax",
        "torch", "array_api", "julia", "matlab" (and Octave) or "eigen" (C++).

        It is right for all sizes; forms and orders of products are chosen for `sizes`,
        a hundred where none is given. Arguments are in the order of `compile().names`.
        Raises `UnsupportedError` for a language that there is not, and for what a
        language has no words for.

        >>> from indexcalc.ways_in import tensor
        >>> A, x = tensor("A", "m n"), tensor("x", "n")
        >>> print(((A @ x) @ (A @ x)).gradient(x).code("julia"))
        # 2AᵀAx
        function f(A, x)
            return 2 * (A' * (A * x))
        end
        <BLANKLINE>
        """
        from .codegen.languages import printed
        from .compiled import Compiled

        whole = Compiled([self.evaluated], scope=self._everything(), name=name)
        found = printed(
            whole.nodes,
            language,
            _typical(sizes or {}),
            name=name,
            names=whole.names,
            doc=formula(self),
            scope=tuple(whole.tensors.values()),
        )
        return found.text

    def evaluate_blocks(
        self,
        values: Mapping[Any, object] | None = None,
        *,
        to: Any = None,
        memory_limit: Any = None,
        client: Any = None,
        progress: Any = True,
        sizes: Mapping[str, int] | None = None,
        **named: object,
    ) -> Any:
        """The value block by block, where it is larger than the memory: into a file
        `to` (.npy or .zarr), or as a dask array where there is none. With a `client` of
        dask.distributed the blocks are computed by its workers, each in its share of
        the memory; arrays may be files, memory maps, Zarr or dask arrays.
        """
        self._check_keywords(named)
        from .distributed import evaluate_blocks

        return evaluate_blocks(
            self.evaluated,
            {**by_name(values), **named},
            to=to,
            memory_limit=memory_limit,
            client=client,
            progress=progress,
            sizes=sizes,
            scope=self._everything(),
        )

    # -- what an optimiser reads off a map, without the map ----------------------------

    def _read_off(self, name: str, axes: str) -> Self:
        from . import diagonals

        rule = getattr(diagonals, name)
        node = rule(self.node, self._rows)
        orders = {
            "none": 0,
            "value": self._rows,
            "variable": len(self.written.shape) - self._rows,
        }
        result = self._derived(node, orders[axes])
        result._again = lambda: rule(self._stably().node, self._rows)
        return cast(Self, result)

    def _is_map(self, axes: Sequence[object], named: Mapping[str, object]) -> bool:
        """Whether the axes of a variable are meant, not those that NumPy takes."""
        plain = self.value_order == len(self.written.shape)
        return not (axes or named or plain)

    def diagonal(self, *axes: Any, **named: Any) -> Self:
        """diag(J): the entries J[i, i] of a derivative that is a square map, as an
        expression that never holds J; of anything else NumPy's diagonal.

        >>> from indexcalc.ways_in import tensor
        >>> X, x = tensor("X", "m n"), tensor("x", "n")
        >>> print(((X @ x) @ (X @ x)).hessian(x).diagonal())
        2 X_ji^2
        """
        if self._is_map(axes, named):
            return self._read_off("diagonal", "value")
        whole: Any = super()
        return cast(Self, whole.diagonal(*axes, **named))

    def trace(self, *axes: Any, **named: Any) -> Self:
        """tr(J) = Σ_i J[i, i] of a derivative that is a square map, without J; of
        anything else NumPy's trace."""
        if self._is_map(axes, named):
            return self._read_off("trace", "none")
        whole: Any = super()
        return cast(Self, whole.trace(*axes, **named))

    def gram_diagonal(self) -> Self:
        """diag(JᴴJ), the squared lengths of J's columns, without J."""
        return self._read_off("gram_diagonal", "variable")

    def outer_diagonal(self) -> Self:
        """diag(JJᴴ), the squared lengths of J's rows, without J."""
        return self._read_off("outer_diagonal", "value")

    def column_norms(self) -> Self:
        """The lengths of J's columns, without J."""
        return self._read_off("column_norms", "variable")


#: How long a formula in a docstring may be, how many nodes are said in matrices, and
#: how many at all.
LONGEST, FEW_NODES, MANY_NODES = 300, 24, 20_000


def formula(e: Any) -> str:
    """A formula for a docstring: in matrices where it is short, else in indices; of
    very many parts only their number."""
    text, count = "", len(toposort(e.node))
    if count > MANY_NODES:
        return f"an expression of {count:,} parts"
    if count <= FEW_NODES:
        with suppress(IndexCalcError):
            text = str(e.matrix("paper"))
    shown = text or str(e)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _typical(given: Mapping[str, int]) -> Callable[[Size], int]:
    """The number that a size counts as: a hundred for every name that is not given."""
    from .binding import checked_sizes
    from .compiled import TYPICAL

    given = checked_sizes(given)

    def length(size: Size) -> int:
        return value_of(size, {n: given.get(n, TYPICAL) for n in names_in(size)})

    return length


def by_name(values: Mapping[Any, object] | None) -> dict[str, object]:
    """The arrays by name; a variable may stand for its name."""
    if values is not None and not isinstance(values, Mapping):
        raise UnknownNameError(
            "arrays are given by name", hint="as in evaluate(X=…) or evaluate({'X': …})"
        )
    return {_name_of(key): array for key, array in (values or {}).items()}


def _name_of(key: Any) -> str:
    if isinstance(key, str):
        return key
    leaf = getattr(key, "written", None)
    if not isinstance(leaf, Tensor):
        raise UnknownNameError(
            f"{quoted(key)} is neither a variable nor the name of one",
            hint="as in evaluate(X=…) or evaluate({'X': …})",
        )
    return leaf.name
