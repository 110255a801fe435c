"""`Expression`: what a user holds. A node with the names and roles of its axes.

The node is kept twice: `written`, as it was put together, and `node`, its canonical
form, made when first asked for. Two expressions are equal when their canonical nodes
are one object. Operators have NumPy's meaning: `*` is elementwise, `@` the matrix
product.

>>> from indexcalc.ways_in import H, ones, tensors
>>> X, A = tensors("X A", "n p")
>>> J = ((X * A) @ ones("p")).diff(A)
>>> print(J)
δ_ij X_ik
>>> J == H("n") @ X
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from . import expr
from .broadcasting import as_node
from .errors import ShapeError, UnknownNameError, UnsupportedError
from .nodes import Node, Tensor, declared, toposort, variables
from .notations import Notations
from .operators import Operators, bare, scope_of
from .sizes import Shape, Size, as_size, shape_text
from .substitute import replace, replace_sizes

if TYPE_CHECKING:
    from .evaluate import Functions
    from .laws import Assumption
    from .matrix_text import MatrixText
    from .pairwise import Array
    from .rows import Row
    from .structured import Structured

Variable: TypeAlias = "Expression | str"

LAYOUTS = ("value_first", "variable_first")


class Expression(Operators, Notations):
    """A tensor expression. Axes `[:value_order]` are the value's, the rest belong to
    the variables it was differentiated by (`layout="variable_first"`: the other way).

    Made by `tensor`, `parse`, `einsum` and every operation on expressions.
    """

    __slots__ = (
        "_facts",
        "_node",
        "_variables",
        "by",
        "convention",
        "key",
        "layout",
        "scope",
        "value_order",
        "written",
    )

    def __init__(
        self,
        written: Node,
        *,
        value_order: int | None = None,
        scope: Mapping[str, Tensor] | None = None,
        layout: str = "value_first",
        key: tuple[Node, object] | None = None,
    ) -> None:
        self.written = written
        self.value_order = len(written.shape) if value_order is None else value_order
        self.scope = dict(scope or {})
        self.layout = layout
        self.key = key
        self.by: tuple[tuple[str, int], ...] = ()
        self.convention = ""
        self._node: Node | None = None
        self._variables: dict[str, Tensor] | None = None
        self._facts: tuple[Assumption, ...] = ()

    def _with(
        self,
        node: Node,
        others: Iterable[object] = (),
        key: tuple[Node, object] | None = None,
    ) -> Self:
        scope = self.scope | scope_of(others)
        return type(self)(node, scope=scope, key=key)

    # -- what it is --------------------------------------------------------------------

    @property
    def node(self) -> Node:
        """The canonical node: products fused, sums flat, laws applied."""
        from .simplify import fuse_with_assumptions

        if self._node is None:
            self._node, self._facts = fuse_with_assumptions(self.written)
        return self._node

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The domain facts that its canonical form relies on, as sentences."""
        if self.node is None:
            return ()
        from .index_text import index_text

        return tuple(f"{index_text(f.node)} {f.fact}" for f in self._facts)

    @property
    def variables(self) -> dict[str, Expression]:
        """The variables in it, by name."""
        return {name: Expression(leaf) for name, leaf in self._leaves().items()}

    def _leaves(self) -> dict[str, Tensor]:
        """The variables under the node as it was written, found once."""
        if self._variables is None:
            self._variables = variables(self.written)
        return self._variables

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Expression):
            return self.node is other.node
        if isinstance(other, (int, float, complex)) or hasattr(other, "dtype"):
            raise UnsupportedError(
                "== compares whole expressions, and this is a number or an array",
                hint="np.equal and np.not_equal compare entries; equal(…) functions",
            )
        return NotImplemented

    def __hash__(self) -> int:
        return int.from_bytes(self.node.digest[:8], "big", signed=True)

    def equal(self, other: object) -> bool | None:
        """Whether both are the same function: True and False are certain, None is
        "undecided"."""
        from .comparison import compare

        return compare(self.written, as_node(bare(other)))

    def expand(self, budget: int = 4_000) -> Expression:
        """Products multiplied out over sums; `BudgetError` beyond `budget` terms."""
        from .simplify import expand

        return self._derived(expand(self.written, budget), self.value_order)

    def __repr__(self) -> str:
        from .rows import to_rows

        rows = to_rows(self.written)
        held = {row[1] for row in rows if row[0] == "tensor"}
        more = ""
        if self.value_order != self.ndim:
            more += f", value_order={self.value_order}"
        if self.layout != "value_first":
            more += f", layout={self.layout!r}"
        lost = sorted(set(self.scope) - held)
        if lost:
            leaves = [to_rows(self.scope[name])[0] for name in lost]
            more += f", scope={leaves!r}"
        return f"ic.build([{', '.join(map(repr, rows))}]{more})"

    def _said_of(self, node: Node) -> Expression:
        return Expression(node, scope=self.scope | self._leaves())

    # -- derivatives -------------------------------------------------------------------

    def diff(
        self,
        variable: Variable | Sequence[Variable],
        *more: Variable,
        layout: str = "value_first",
    ) -> Any:
        """∂self/∂variable: the value's axes, then the variable's.

        `variable` is a tensor or its name, an entry or slice of one (`A[0, 1]`), or a
        subexpression; a list of them gives a tuple of derivatives. Further variables
        differentiate again.

        >>> from indexcalc.ways_in import tensor
        >>> x = tensor("x", "n")
        >>> print((x * x).diff(x))
        2 δ_ij x_i
        """
        if isinstance(variable, (list, tuple)):
            return tuple(self.diff(v, *more, layout=layout) for v in variable)
        if layout not in LAYOUTS:
            raise ShapeError(
                f"the layout {layout!r} is not one of {', '.join(LAYOUTS)}"
            )
        plain = self.layout == "value_first"
        value_order = self.value_order if plain else self.ndim
        result = self._derived(self._jacobian(variable), value_order)  # type: ignore[arg-type]
        result.by = (*self.by, (_name_of(variable), result.ndim - self.ndim))
        if more:
            return result.diff(*more, layout=layout)
        return result if layout == "value_first" else result._variable_first()

    def _derived(self, node: Node, value_order: int) -> Expression:
        return Expression(
            node,
            value_order=value_order,
            scope=self.scope | self._leaves(),
        )

    def _variable_first(self) -> Expression:
        order = list(range(self.ndim))
        split = self.value_order
        turned = expr.einsum([(self.written, order)], order[split:] + order[:split])
        return Expression(
            turned,
            value_order=self.value_order,
            scope=self.scope,
            layout="variable_first",
        )

    def _jacobian(self, variable: Variable) -> Node:
        from . import derivative

        if isinstance(variable, str):
            return derivative.jacobian(self.written, self._named(variable))
        _require_expression(variable)
        target = variable.written
        if isinstance(target, Tensor) and target.array is None:
            return derivative.jacobian(self.written, self._same(target))
        if variable.key is not None and isinstance(variable.key[0], Tensor):
            return self._by_entries(*variable.key)
        return self._by_subexpression(variable)

    def _by_entries(self, base: Node, key: object) -> Node:
        from . import derivative
        from .numpy_calls import getitem

        whole = derivative.jacobian(self.written, derivative.require_variable(base))
        lead = (slice(None),) * len(self.written.shape)
        places = key if isinstance(key, tuple) else (key,)
        return getitem(whole, lead + tuple(bare(place) for place in places))

    def _by_subexpression(self, variable: Expression) -> Node:
        from . import derivative

        root, target = self.written, variable.written
        if target not in set(toposort(root)):
            root, target = self.node, variable.node
        if target not in set(toposort(root)):
            raise UnknownNameError(
                f"{variable} does not occur in the expression",
                hint="differentiate by a variable, or write the expression with it",
            )
        stand_in = expr.tensor("∂", target.shape)
        inner = derivative.jacobian(replace(root, {target: stand_in}), stand_in)
        return replace(inner, {stand_in: target})

    def _named(self, name: str) -> Tensor:
        if name in self.scope:
            return self.scope[name]
        known = self.scope | self._leaves()
        if name not in known:
            raise UnknownNameError(
                f"the expression has no variable {name}",
                hint=f"it has {', '.join(sorted(known)) or 'none'}",
            )
        return known[name]

    def _tensor(self, variable: Variable) -> Tensor:
        from . import derivative

        if isinstance(variable, str):
            return self._named(variable)
        _require_expression(variable)
        return self._same(derivative.require_variable(variable.written))

    def _same(self, given: Tensor) -> Tensor:
        """The variable itself, unless the expression knows another of its name."""
        known = (self.scope | self._leaves()).get(given.name, given)
        if known is not given:
            raise ShapeError(
                f"{given.name} is {declared(known)} in the expression, and the one "
                f"given is {declared(given)}",
                hint=f"differentiate by {given.name!r}",
            )
        return given

    def gradient(self, variable: Variable) -> Expression:
        """∂self/∂variable of a scalar, in the variable's shape.

        Raises `ShapeError` where the expression has more than one entry.
        """
        from . import derivative

        scalar = derivative.as_scalar(self.written)
        return self._derived(scalar, 0).diff(variable)

    def hessian(self, first: Variable, second: Variable | None = None) -> Expression:
        """∂²self/∂first∂second of a scalar: axes of `first`, then of `second`."""
        slope = self.gradient(first)
        slope.value_order = slope.ndim
        return slope.diff(first if second is None else second)

    def differential(
        self, variable: Variable, name: str = "", style: str = "paper"
    ) -> MatrixText:
        """dF = … in terms of dX, in matrix notation.

        >>> from indexcalc.ways_in import parse
        >>> F = parse("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3")
        >>> print(F.differential("X"))
        dy = 2W(AX∘A dX)𝟏
        """
        from .matrix_text import MatrixText
        from .matrix_words import formula

        along = self.jvp(variable)
        of = name or ("f", "y", "F", "F")[min(self.ndim, 3)]
        return MatrixText(formula(along.written), style, f"d{of} = ")

    def jvp(self, variable: Variable, direction: object = None) -> Expression:
        """The derivative along a direction of the variable's shape; value's axes.

        Without a direction it is a new variable, named after the variable: dX.
        """
        from . import derivative

        x = self._tensor(variable)
        seed = self._direction(x.shape, direction, f"d{x.name}")
        return self._derived(derivative.push(self.written, {x: seed}), self.ndim)

    def vjp(self, variable: Variable, cotangent: object = None) -> Expression:
        """The value's axes contracted with a cotangent; the variable's axes."""
        from . import derivative

        x = self._tensor(variable)
        seed = self._direction(self.shape, cotangent, "v")
        return self._derived(derivative.pull(self.written, [x], seed)[0], 0)

    def hvp(self, variable: Variable, direction: object = None) -> Expression:
        """The Hessian of a scalar times a direction, without the Hessian."""
        return self.gradient(variable).jvp(variable, direction)

    def _direction(self, shape: Shape, given: object, name: str) -> Node:
        if given is None:
            return expr.tensor(name, shape)
        node = as_node(bare(given))
        if node.shape != shape:
            raise ShapeError(
                f"a direction of shape {shape_text(node.shape)} where "
                f"{shape_text(shape)} is wanted"
            )
        return node

    # -- substitution and values -------------------------------------------------------

    def subs(
        self,
        new: Mapping[Any, object] | None = None,
        *,
        sizes: Mapping[str, object] | None = None,
        **named: object,
    ) -> Expression:
        """Variables (by name, or expressions) replaced; `sizes` replaces size names.

        Raises `UnknownNameError` for a name that is not there, `ShapeError` for a
        replacement of another shape.
        """
        table: dict[Node, Node] = {}
        for old, value in {**(new or {}), **named}.items():
            target = self._named(old) if isinstance(old, str) else bare(old)
            table[target] = as_node(bare(value))
        node = replace(self.written, table)
        if sizes:
            wanted: dict[str, Size] = {name: as_size(s) for name, s in sizes.items()}
            node = replace_sizes(node, wanted)
        return Expression(node, value_order=self.value_order, layout=self.layout)

    def evaluate(
        self,
        values: Mapping[Any, object] | None = None,
        *,
        sizes: Mapping[str, int] | None = None,
        functions: Functions | None = None,
        structured: bool = False,
        **named: object,
    ) -> Array | Structured | Any:
        """The value on arrays, by name; `sizes` where no array gives them.

        `structured=True` keeps deltas unbuilt and answers a `Structured`; `functions`
        gives unknown functions their values. The dtype follows the arrays.
        """
        arrays = {**_by_name(values), **named}
        scope = list((self.scope | self._leaves()).values())
        if not structured:
            from .evaluate import evaluate

            return evaluate(self.node, arrays, sizes, functions, scope)
        rows = self.value_order
        if self.layout == "variable_first":
            rows = self.ndim - self.value_order
        from .structured import evaluate_structured

        return evaluate_structured(self.node, rows, arrays, sizes, functions, scope)


def _by_name(values: Mapping[Any, object] | None) -> dict[str, object]:
    """The arrays by name; a variable may stand for its name."""
    if values is not None and not isinstance(values, Mapping):
        raise UnknownNameError(
            "arrays are given by name", hint="as in evaluate(X=…) or evaluate({'X': …})"
        )
    return {
        key.written.key[1] if isinstance(key, Expression) else key: array
        for key, array in (values or {}).items()
    }


def _name_of(variable: object) -> str:
    """The name a variable of differentiation goes by in a note."""
    if isinstance(variable, Expression):
        return variable.written.key[1] or "U"
    return str(variable)


def _require_expression(variable: object) -> None:
    if not isinstance(variable, Expression):
        raise UnknownNameError(
            f"{variable!r} is not a variable", hint="give a tensor or its name"
        )


def build(
    rows: Sequence[Row],
    *,
    value_order: int | None = None,
    layout: str = "value_first",
    scope: Sequence[Row] = (),
) -> Expression:
    """The expression that `repr` printed."""
    from .rows import from_rows

    leaves = [from_rows([row]) for row in scope]
    known = {leaf.name: leaf for leaf in leaves if isinstance(leaf, Tensor)}
    return Expression(
        from_rows(rows), value_order=value_order, scope=known, layout=layout
    )
