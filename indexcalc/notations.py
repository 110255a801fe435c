"""The notations of an expression: index, matrix, vec and Kronecker, LaTeX, programs.

`Notations` is the part of an expression that says it. The class that inherits it
supplies `written` and `node`, which axes are the value's, and what it was
differentiated by.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Self, cast

from . import expr
from .errors import ShapeError, UnsupportedError
from .given import names_of, text_of
from .latex_names import latex_name, subscripted_latex
from .legible import quoted
from .nodes import Node, Tensor, variables
from .sizes import names_in

if TYPE_CHECKING:
    from .formula import Formula
    from .index_text import IndexText
    from .lowered import Lowered
    from .steps.ledger import Ledger
    from .words.shown import MatrixText

MATRIX_LAYOUTS = ("numerator", "denominator")
#: Names of a value, by the number of its axes.
VALUES = (("f", "g", "h", "φ"), ("y", "z", "v", "f"), ("F", "G", "Y", "M"))
_INDICES = "ijklpqrsabcdfg"
#: Names for the slot of a linear map, the first that is free.
SLOTS = "hvkuwq"


class Notations:
    """What says an expression. Every method leaves it as it is."""

    __slots__ = ()
    written: Node
    scope: dict[str, Tensor]
    value_order: int
    layout: str
    by: tuple[tuple[str, int], ...]
    convention: str

    def __str__(self) -> str:
        return str(self.index())

    @property
    def node(self) -> Node:
        """The canonical node."""
        raise NotImplementedError

    # -- indices -----------------------------------------------------------------------

    def index(self, axes: str | Sequence[str] | None = None) -> IndexText:
        """Einstein notation, δ, H and ones written where they survive.

        `axes` names the free indices. The result's `.axes` tells them, `.text` is the
        formula, `.where` what was named beside it.
        """
        from .index_text import index_text

        names = _axis_names(axes)
        if names is not None and len(names) != self._order:
            raise ShapeError(
                f"{len(names)} names for {self._order} axes",
                hint="one name an axis, such as index('ij')",
            )
        return index_text(self.node, names)

    def lowered(self) -> Lowered:
        """The expression as it was written, every δ, H and ones vector spelled out,
        with what each contraction did on the way to the canonical form."""
        from .lowered import lowered

        return lowered(self.written)

    def einsum(self, library: str = "numpy") -> str:
        """What computes it with `numpy`, `opt_einsum` or `torch`: valid as printed."""
        from .einsum_text import einsum_program

        return einsum_program(self.node, library)

    def axes(self) -> str:
        """Which axes are the value's and which the variable's, in words."""
        names = self.index().axes
        value, variable = names[: self.value_order], names[self.value_order :]
        if self.layout == "variable_first":
            split = len(names) - self.value_order
            variable, value = names[:split], names[split:]
        if not variable:
            return f"axes {', '.join(value) or 'none'}"
        shown = ", ".join(value) or "none"
        said = f"value axes {shown}; variable axes {', '.join(variable)}"
        return f"{said}; {self.convention}" if self.convention else said

    # -- matrices ----------------------------------------------------------------------

    def matrix(self, style: str = "plain", *, parts: bool = False) -> MatrixText:
        """Matrix notation: products, ∘, Diag, diag, traces, transposes where they are
        fewest, sums factored; `H` where a result has three axes.

        `style` is "plain" (the text language, `parse` reads it), "paper" or "latex";
        `parts=True` names long and repeated parts: K c where K = ….

        Raises `UnsupportedError` with the reason where there is no such form.
        """
        try:
            return self._in_words(style, parts)
        except UnsupportedError as reason:
            if self._order < 3:
                raise
            raise UnsupportedError(reason.message, hint=self._other_words()) from None

    def _in_words(self, style: str = "plain", parts: bool = False) -> MatrixText:
        """Matrix notation, or the bare reason why there is none."""
        from .words.matrix import formula
        from .words.shown import MatrixText, style_named
        from .words.tensor import tensor_formula

        style_named(style)
        if self._order > 2:
            return MatrixText(tensor_formula(self.node), style)
        if parts:
            return self._with_parts(style)
        return MatrixText(formula(self.written), style, sizes=self._sizes)

    def _with_parts(self, style: str) -> MatrixText:
        """The way to say it that is shortest once its parts have names."""
        from .words.matrix import require_equal, ways
        from .words.shown import MatrixText

        found = ways(self.written)
        if isinstance(found, UnsupportedError):
            raise found
        texts = [
            (MatrixText(way.formula, style, sizes=self._sizes).with_parts(), way)
            for way in found
        ]
        best, way = min(texts, key=lambda pair: pair[0].length + pair[1].price)
        require_equal(way.formula, self.written)
        return best

    @property
    def _sizes(self) -> frozenset[str]:
        """The names of the sizes of everything that was declared."""
        shapes = [leaf.shape for leaf in self.scope.values()]
        return frozenset(
            name for shape in shapes for n in shape for name in names_in(n)
        )

    @property
    def _order(self) -> int:
        return len(self.written.shape)

    def why_no_matrix_form(self) -> str | None:
        """Why `matrix()` has no answer, or None where it has one."""
        try:
            self._in_words()
        except UnsupportedError as reason:
            return reason.message
        return None

    def _other_words(self) -> str:
        """What to ask for where a tensor has no matrix form of its own."""
        if not 0 < self._before_last < self._order:
            return "ask for index()"
        try:
            return f"over vec it is {self.jacobian_matrix().text}; or ask for slices()"
        except UnsupportedError:
            return "ask for slices() or index()"

    def _require_derivative(self) -> None:
        if not self.by:
            raise UnsupportedError(
                "this is not a derivative", hint="ask for it of y.diff(x)"
            )

    @property
    def _before_last(self) -> int:
        """The number of axes before those of the last variable: the value's, or, where
        a scalar was differentiated twice, those of the first variable."""
        if self.value_order or len(self.by) < 2:
            return self.value_order
        return sum(order for _, order in self.by[:-1])

    def unfolded(self, layout: str = "numerator", order: str = "F") -> Self:
        """The derivative as one matrix: rows vec of the value, columns vec of the
        variable (`layout="denominator"`: the other way), column-major or, with
        `order="C"`, row-major."""
        from .words.tensor import unfolded

        self._require_unfolding(layout, order)
        whole = unfolded(self._value_first(), self._before_last, order)
        turned = whole if layout == "numerator" else expr.swapped(whole)
        return cast(Self, self._derived(turned, len(turned.shape)))

    def jacobian_matrix(
        self, layout: str = "numerator", order: str = "F", style: str = "plain"
    ) -> MatrixText:
        """The unfolded derivative in words: ⊗, •, Diag(vec(·)), commutation matrices.

        The layout and the vec convention are named in the result.
        """
        from .formula import transposed
        from .words.matrix import formula
        from .words.shown import MatrixText

        self._require_unfolding(layout, order)
        if self._before_last == self._order:
            found = self._stacked(order)
        elif self._before_last:
            found = formula(self.unfolded("numerator", order).written)
        else:
            found = transposed(self._stacked(order))
        if layout == "denominator":
            found = transposed(found)
        note = self._layout_note(layout, order)
        return MatrixText(found, style, note=note, sizes=self._sizes)

    def _require_unfolding(self, layout: str, order: str) -> None:
        self._require_derivative()
        if layout not in MATRIX_LAYOUTS:
            raise ShapeError(
                f"the layout {quoted(layout)} is not one of {', '.join(MATRIX_LAYOUTS)}"
            )
        if order not in ("F", "C"):
            raise ShapeError(
                f"the order {quoted(order)} of vec is not F (column-major) or C "
                "(row-major)"
            )

    def _stacked(self, order: str) -> Formula:
        """The derivative by a scalar, or of one, as one column."""
        from .formula import transposed, vec
        from .words.matrix import formula

        found = formula(self._value_first())
        if found.order < 2:
            return found
        return vec(transposed(found) if order == "C" else found)

    def _layout_note(self, layout: str, order: str) -> str:
        *before, (variable, _) = self.by
        value = f"the derivative by {before[-1][0]}" if before else "the value"
        shape = self._value_first().shape
        if self._before_last > 1:
            value = f"vec of {value}"
        if len(shape) - self._before_last > 1:
            variable = f"vec({variable})"
        rows, columns = (value, variable)
        if layout == "denominator":
            rows, columns = columns, rows
        major = "column-major" if order == "F" else "row-major"
        wide = self._before_last > 1 or len(shape) - self._before_last > 1
        ending = f", {major}" if wide else ""
        return f"{layout} layout: rows {rows}, columns {columns}{ending}"

    def slices(self, style: str = "paper") -> tuple[MatrixText, ...]:
        """A derivative slice by slice: for every entry of the variable what it is in
        the value's shape, ∂y/∂A_ij = X_ij e_i, and the other way, ∂y_k/∂A = E_kk X."""
        from .words.shown import MatrixText
        from .words.tensor import slice_formula

        self._require_derivative()
        node = self._value_first()
        split, order = self._before_last, len(node.shape)
        value, variable = tuple(range(split)), tuple(range(split, order))
        *before, (by, _) = self.by
        taken = {*self.scope, *variables(node)}
        of = value_name(split, taken)
        whose = before[-1][0] if before else ""
        if whose:
            of = f"(∂f/∂{whose})"
        free = [c for c in _INDICES if c not in {of, by} | taken]
        free = [c for c in free if f"e_{c}" not in taken]
        if len(free) < order:
            raise UnsupportedError("the variables leave too few letters for indices")
        found = []
        for held, kept in ((variable, value), (value, variable)):
            if not held or len(kept) > 2:
                continue
            indices = free[: len(held)]
            below = f"_{''.join(indices)}"
            lead = (
                f"∂{of}/∂{by}{below} = "
                if held is variable
                else f"∂{of}{below}/∂{by} = "
            )
            left = _slice_latex(of, whose, by, indices, held is variable)
            whole = slice_formula(node, list(zip(held, indices, strict=True)))
            found.append(MatrixText(whole, style, lead, left=left))
        return tuple(found)

    def linear_map(self, slot: str = "", style: str = "paper") -> MatrixText:
        """A derivative as the map it is: h ↦ h∘y∘z, with a slot of the variable's
        shape; `slot` names it.

        Raises `UnsupportedError` where a variable has that name.
        """
        from .words.matrix import formula
        from .words.shown import MatrixText

        self._require_derivative()
        node, split = self._value_first(), self._before_last
        legs = list(range(len(node.shape)))
        taken = {*self.scope, *variables(node)}
        more = (f"h{n}" for n in count(1))
        slot = slot or next(name for name in chain(SLOTS, more) if name not in taken)
        if slot in taken:
            raise UnsupportedError(
                f"the slot {slot} has the name of a variable",
                hint='name another, as in linear_map("v")',
            )
        direction = expr.tensor(slot, node.shape[split:])
        applied = expr.einsum([(node, legs), (direction, legs[split:])], legs[:split])
        left = rf"{latex_name(slot)} \mapsto "
        return MatrixText(formula(applied), style, f"{slot} ↦ ", left=left)

    def _value_first(self) -> Node:
        """The node with the value's axes in front, whatever the layout."""
        legs = list(range(self._order))
        if self.layout != "variable_first":
            return self.written
        split = self._order - self.value_order
        return expr.einsum([(self.written, legs)], legs[split:] + legs[:split])

    def _derived(self, node: Node, value_order: int) -> Any:
        """An expression that holds a node made from this one."""
        raise NotImplementedError

    def ledger(self) -> Ledger:
        """The shape of every subexpression, innermost first.

        Raises `BudgetError` for an expression of more than 5,000 parts.

        >>> from indexcalc.ways_in import parse
        >>> print(parse("A*x", A="m n", x="n").ledger())
        A     : m×n
        x     : n, a column
        Ax    : m, a column
        """
        from .steps.ledger import ledger

        return ledger(self.written)

    def sympy(
        self, form: str | None = None, symbols: Any = None, axes: Sequence[str] = ()
    ) -> Any:
        """The expression in SymPy: a MatrixExpr where there is a matrix form, else an
        array expression or Indexed; `form` chooses "matrix", "array" or "indexed"."""
        from .sympy_forms import to_sympy

        return to_sympy(self.written, form, symbols, axes)

    # -- LaTeX -------------------------------------------------------------------------

    def latex(self, notation: str = "matrix") -> str:
        """LaTeX of the matrix form where there is one, else of the index form;
        `notation` is "matrix", "index" or "einsum" (every sum written)."""
        from .index_latex import index_latex

        text_of(notation, "a notation")
        if notation == "matrix":
            try:
                return self._in_words().latex
            except UnsupportedError:
                return str(index_latex(self.node))
        if notation == "index":
            return str(index_latex(self.node))
        if notation == "einsum":
            return str(index_latex(self.node, sums="explicit"))
        raise UnsupportedError(
            f"the notation {quoted(notation)} is not matrix, index or einsum"
        )

    def _repr_latex_(self) -> str | None:
        """The formula that a notebook shows, None for one that is too large."""
        return self._repr_mimebundle_().get("text/latex")

    def _repr_mimebundle_(self, **options: object) -> dict[str, str]:
        """What a notebook shows: text, LaTeX, and beyond two axes a list of forms."""
        from .notebook import bundle

        return bundle(self)


def _slice_latex(
    of: str, whose: str, by: str, indices: list[str], of_variable: bool
) -> str:
    """The left side of a slice in LaTeX."""
    if whose:
        inner = rf"\frac{{\partial f}}{{\partial {latex_name(whose)}}}"
        of = rf"\left({inner}\right)"
    below = subscripted_latex(latex_name(by), indices if of_variable else [])
    above = of if of_variable else f"{of}_{{{''.join(indices)}}}"
    return rf"\frac{{\partial {above}}}{{\partial {below}}} = "


def value_name(order: int, taken: Container[str]) -> str:
    """What a value of so many axes goes by: f, y or F, unless a variable does.

    >>> value_name(0, {"f", "x"}), value_name(3, ())
    ('g', 'F')
    """
    names = VALUES[min(order, 2)]
    return next((name for name in names if name not in taken), f"{names[0]}0")


def _axis_names(axes: str | Sequence[str] | None) -> list[str] | None:
    if axes is None:
        return None
    if isinstance(axes, str) and " " not in axes:
        return list(axes)
    return names_of(axes, "axes")
