"""How an expression is differentiated: by variables, entries, subexpressions, along
directions, to second order, and step by step.

`Differentiation` is the part of an expression that does it. The class that inherits it
supplies `written`, the variables by name, and `_derived`, which wraps a derivative.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast, overload

from . import expr
from .broadcasting import as_node
from .errors import ShapeError, UnknownNameError, UnsupportedError
from .latex_names import latex_name
from .legible import harmless, quoted
from .nodes import Node, Tensor, declared, toposort, variables
from .notations import value_name
from .operators import Operators, bare
from .sizes import Shape, shape_text
from .substitute import replace

if TYPE_CHECKING:
    from .steps.derive import Derivation
    from .words.shown import MatrixText

#: What one differentiates by, and several of them.
Variable: TypeAlias = str | Operators
Variables: TypeAlias = list[Any] | tuple[Any, ...]

LAYOUTS = ("value_first", "variable_first")
SYMMETRISED = "symmetrised"


class Differentiation:
    """Derivatives of an expression, each an expression again.

    By a variable that was declared symmetric, diagonal, triangular, … every derivative
    follows a convention: "symmetrised", the projection on the structure, or
    "free_entries", the derivative by its free parameters.
    """

    __slots__ = ()
    written: Node
    scope: dict[str, Tensor]
    value_order: int
    layout: str
    by: tuple[tuple[str, int], ...]
    convention: str
    vanished: Mapping[Node, None]

    def _stably(self) -> Any:
        """The expression made of functions that are stable."""
        raise NotImplementedError

    @property
    def node(self) -> Node:
        """The canonical node."""
        raise NotImplementedError

    def _derived(self, node: Node, value_order: int) -> Any:
        """An expression that holds a derivative."""
        raise NotImplementedError

    def _named(self, name: str) -> Tensor:
        """The variable of that name."""
        raise NotImplementedError

    def _leaves(self) -> dict[str, Tensor]:
        """The variables by name."""
        raise NotImplementedError

    # -- derivatives -------------------------------------------------------------------

    @overload
    def diff(
        self,
        variable: Variable,
        *more: Variable,
        layout: str = "value_first",
        convention: str = SYMMETRISED,
    ) -> Self: ...
    @overload
    def diff(
        self,
        variable: Variables,
        *more: Any,
        layout: str = "value_first",
        convention: str = SYMMETRISED,
    ) -> tuple[Self, ...]: ...
    def diff(
        self,
        variable: Any,
        *more: Any,
        layout: str = "value_first",
        convention: str = SYMMETRISED,
    ) -> Any:
        """∂self/∂variable: the value's axes, then the variable's.

        `variable` is a tensor or its name, an entry or slice of one (`A[0, 1]`), or a
        subexpression; a list of them gives a tuple of derivatives. Further variables
        differentiate again. `convention` is for structured variables.

        >>> from indexcalc.ways_in import tensor
        >>> x = tensor("x", "n")
        >>> print((x * x).diff(x))
        2 δ_ij x_i
        """
        from .structure import require_convention

        require_convention(convention)
        if isinstance(variable, (list, tuple)):
            if any(v is variable for v in variable):
                raise ShapeError("the list of variables holds itself")
            return tuple(
                self.diff(v, *more, layout=layout, convention=convention)
                for v in variable
            )
        if layout not in LAYOUTS:
            raise ShapeError(
                f"the layout {quoted(layout)} is not one of {', '.join(LAYOUTS)}"
            )
        result = self._differentiated(variable, convention)
        if more:
            return result.diff(*more, layout=layout, convention=convention)
        return result if layout == "value_first" else _variable_first(result)

    def _differentiated(self, variable: Any, convention: str) -> Any:
        order = len(self.written.shape)
        value_order = self.value_order if self.layout == "value_first" else order
        self._require_short()
        node = self._jacobian(variable, convention)
        result = self._derived(node, value_order)
        result.vanished = self._vanished_by(variable, convention)
        result._again = lambda: self._stably()._jacobian(variable, convention)
        return self._noted(result, variable, convention)

    def _vanished_by(self, variable: Any, convention: str) -> Mapping[Node, None]:
        """The derivatives of what vanished, which say where this one has no value."""
        if not self.vanished:
            return self.vanished
        from .domains import unbounded_calls

        found: dict[Node, None] = {}
        for v in self.vanished:
            if unbounded_calls(v):
                inner = self._derived(v, len(v.shape))
                with suppress(UnknownNameError):
                    found[inner._jacobian(variable, convention)] = None
        return found

    def _noted(self, result: Any, variable: Any, convention: str) -> Any:
        """The result with what it was differentiated by, and how."""
        added = len(result.written.shape) - len(self.written.shape)
        result.by = (*self.by, (_name_of(variable), added))
        result.convention = self.convention
        structure = self._structure_of(variable)
        if structure:
            said = f"{harmless(_name_of(variable))} {structure}, {convention}"
            parts = [self.convention] if self.convention else []
            parts += [said] if said not in parts else []
            result.convention = "; ".join(parts)
        return result

    def _structure_of(self, variable: Any) -> str:
        from .structure import has_structure

        written = (
            self._named(variable) if isinstance(variable, str) else variable.written
        )
        if isinstance(written, Tensor) and has_structure(written):
            return written.structure
        return ""

    def _require_short(self) -> None:
        """Raises `BudgetError` where this is too long a derivative to go on with."""
        if self.by:
            from . import derivative

            derivative.require_short(self.written)

    def _jacobian(self, variable: Any, convention: str) -> Node:
        from . import derivative

        if isinstance(variable, str):
            leaf = self._named(variable)
            return derivative.jacobian(self.written, leaf, convention)
        _require_expression(variable)
        target = variable.written
        if isinstance(target, Tensor) and target.array is None:
            return derivative.jacobian(self.written, self._same(target), convention)
        if variable.key is not None and isinstance(variable.key[0], Tensor):
            base, key = variable.key
            return self._by_entries(base, key, convention)
        return self._by_subexpression(variable)

    def _by_entries(self, base: Node, key: object, convention: str) -> Node:
        from . import derivative
        from .numpy_calls import getitem

        leaf = derivative.require_variable(base)
        whole = derivative.jacobian(self.written, leaf, convention)
        lead = (slice(None),) * len(self.written.shape)
        places = key if isinstance(key, tuple) else (key,)
        return getitem(whole, lead + tuple(bare(place) for place in places))

    def _by_subexpression(self, variable: Any) -> Node:
        from . import derivative
        from .structure import vech_variable

        root, target = self.written, variable.written
        inside = set(toposort(root))
        leaf = vech_variable(target)
        if leaf is not None and (target not in inside or _outside(root, leaf, target)):
            return derivative.jacobian_by_vech(root, leaf)
        if target not in inside:
            root, target = self.node, variable.node
        if target not in set(toposort(root)):
            raise UnknownNameError(
                f"{variable} does not occur in the expression",
                hint="differentiate by a variable, or write the expression with it",
            )
        stand_in = expr.tensor("∂", target.shape)
        inner = derivative.jacobian(replace(root, {target: stand_in}), stand_in)
        return replace(inner, {stand_in: target})

    def _tensor(self, variable: Any) -> Tensor:
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

    @overload
    def gradient(self, variable: Variable, *, convention: str = ...) -> Self: ...
    @overload
    def gradient(
        self, variable: Variables, *, convention: str = ...
    ) -> tuple[Self, ...]: ...
    def gradient(self, variable: Any, *, convention: str = SYMMETRISED) -> Any:
        """∂self/∂variable of a scalar, in the variable's shape.

        Raises `ShapeError` where the expression has more than one entry.
        """
        from . import derivative

        scalar = derivative.as_scalar(self.written)
        return self._derived(scalar, 0).diff(variable, convention=convention)

    @overload
    def hessian(
        self, first: Variable, second: Variable | None = None, *, convention: str = ...
    ) -> Self: ...
    @overload
    def hessian(
        self, first: Variables, second: Any = None, *, convention: str = ...
    ) -> tuple[Any, ...]: ...
    @overload
    def hessian(
        self, first: Variable, second: Variables, *, convention: str = ...
    ) -> tuple[Self, ...]: ...
    def hessian(
        self, first: Any, second: Any = None, *, convention: str = SYMMETRISED
    ) -> Any:
        """∂²self/∂first∂second of a scalar: axes of `first`, then of `second`. A list
        of variables gives all blocks, a tuple of them for each row.

        >>> from indexcalc.ways_in import parse
        >>> blocks = parse("x'*A*y", x="m", A="m n", y="n").hessian(["x", "y"])
        >>> [[str(block) for block in row] for row in blocks]
        [['0', 'A_ij'], ['A_ji', '0']]
        """
        from . import derivative

        other = first if second is None else second
        if isinstance(first, (list, tuple)):
            return tuple(self.hessian(v, other, convention=convention) for v in first)
        if isinstance(other, (list, tuple)):
            return tuple(self.hessian(first, v, convention=convention) for v in other)
        slope = self.gradient(first, convention=convention)
        slope.value_order = len(slope.written.shape)
        if other is not first or not self._structure_of(first):
            return slope.diff(other, convention=convention)
        leaf = self._tensor(first)
        scalar = derivative.as_scalar(self.written)
        node = derivative.hessian(scalar, leaf, leaf, convention)
        result = self._derived(node, len(leaf.shape))
        result.vanished = slope._vanished_by(other, convention)
        return slope._noted(result, first, convention)

    # -- along directions --------------------------------------------------------------

    def jvp(self, variable: Variable, direction: object = None) -> Self:
        """The derivative along a direction of the variable's shape; value's axes.

        Without a direction it is a new variable, named after the variable: dX.
        """
        from . import derivative

        self._require_short()
        x = self._tensor(variable)
        taken = {*self.scope, *self._leaves()}
        if direction is None and f"d{x.name}" in taken:
            raise UnsupportedError(
                f"the differential d{x.name} has the name of a variable",
                hint="give the direction, or rename the variable",
            )
        seed = _direction(x.shape, direction, f"d{x.name}")
        along = derivative.push(self.written, {x: seed})
        result = self._derived(along, len(along.shape))
        result.vanished = self._vanished_by(variable, SYMMETRISED)
        result._again = lambda: derivative.push(self._stably().written, {x: seed})
        return cast(Self, result)

    def vjp(
        self,
        variable: Variable,
        cotangent: object = None,
        *,
        convention: str = SYMMETRISED,
    ) -> Self:
        """The value's axes contracted with a cotangent; the variable's axes."""
        from . import derivative
        from .structure import projected, require_convention

        require_convention(convention)
        self._require_short()
        x = self._tensor(variable)
        seed = _direction(self.written.shape, cotangent, "v")

        def pulled(root: Node) -> Node:
            (found,) = derivative.pull(root, [x], seed)
            return projected(found, x, convention)

        result = self._derived(pulled(self.written), 0)
        result.vanished = self._vanished_by(variable, SYMMETRISED)
        result._again = lambda: pulled(self._stably().written)
        return cast(Self, result)

    def hvp(self, variable: Variable, direction: object = None) -> Self:
        """The Hessian of a scalar times a direction, without the Hessian."""
        return self.gradient(variable).jvp(variable, direction)

    # -- how it comes out --------------------------------------------------------------

    def differential(
        self, variable: Any, name: str = "", style: str = "paper"
    ) -> MatrixText:
        """dF = … in terms of dX, in matrix notation.

        >>> from indexcalc.ways_in import parse
        >>> F = parse("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3")
        >>> print(F.differential("X"))
        dy = 2W(AX∘A dX)𝟏
        """
        from .words.matrix import formula
        from .words.shown import MatrixText

        along = self.jvp(variable)
        of = name or value_name(len(self.written.shape), variables(self.written))
        left = rf"\mathrm{{d}}{latex_name(of)} = "
        return MatrixText(formula(along.written), style, f"d{of} = ", left=left)

    def steps(
        self, variable: Any, method: str = "differential", order: int = 1
    ) -> Derivation:
        """The derivation line by line, with the rule used in each: by `differential`,
        `index`, `chain` or `vec`.

        >>> from indexcalc.ways_in import tensors
        >>> x, y = tensors("x y", "n")
        >>> print((x * y).steps(x))
        f = x∘y            [write]
        df = y∘dx          [constants come out]
           = Diag(y) dx    [dx to the right: a∘b = Diag(a)b, Diag(a)b = Diag(b)a]
        ∂f/∂x = Diag(y)    [read off: the factor of dx]
        """
        from .steps.derive import derivation

        return derivation(self.written, self._tensor(variable), method, order)


def _variable_first(derivative: Any) -> Any:
    """The same derivative with the variable's axes in front."""
    split, order = derivative.value_order, len(derivative.written.shape)
    legs = list(range(order))
    node = expr.einsum([(derivative.written, legs)], legs[split:] + legs[:split])
    turned = derivative._derived(node, split)
    turned.layout = "variable_first"
    turned.by, turned.convention = derivative.by, derivative.convention
    return turned


def _outside(root: Node, leaf: Tensor, target: Node) -> bool:
    """Whether a variable occurs outside a subexpression too."""
    stand_in = expr.tensor("∂", target.shape)
    return leaf in set(toposort(replace(root, {target: stand_in})))


def _direction(shape: Shape, given: object, name: str) -> Node:
    if given is None:
        return expr.tensor(name, shape)
    node = as_node(bare(given))
    if node.shape != shape:
        raise ShapeError(
            f"a direction of shape {shape_text(node.shape)} where "
            f"{shape_text(shape)} is wanted"
        )
    return node


def _name_of(variable: Any) -> str:
    """The name a variable of differentiation goes by in a note."""
    if isinstance(variable, Operators):
        return variable.written.key[1] or "U"
    return str(variable)


def _require_expression(variable: object) -> None:
    if not isinstance(variable, Operators):
        raise UnknownNameError(
            f"{quoted(variable)} is not a variable", hint="give a tensor or its name"
        )
