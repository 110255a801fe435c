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

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from .broadcasting import as_node
from .differentiation import Differentiation
from .errors import ParseError, UnknownNameError, UnsupportedError
from .execution import Execution
from .files import Where, saved
from .given import mapping_of
from .legible import quoted
from .nodes import Base, Node, Tensor, variables
from .notations import Notations
from .operators import Operators, bare, scope_of, vanished_of
from .pictures import Pictures
from .rows import from_rows, to_rows
from .sizes import Size, as_size
from .substitute import replace, replace_sizes

if TYPE_CHECKING:
    from .documents.expressions import Held
    from .laws import Assumption
    from .rows import Row
    from .simplify import Fusion

Variable: TypeAlias = "Expression | str"


#: Nodes that vanished, where there are none.
NOTHING: Mapping[Node, None] = {}


class Expression(Execution, Operators, Notations, Differentiation, Pictures):
    """A tensor expression. Axes `[:value_order]` are the value's, the rest belong to
    the variables it was differentiated by (`layout="variable_first"`: the other way).

    Made by `tensor`, `parse`, `einsum` and every operation on expressions.
    """

    __slots__ = (
        "_again",
        "_facts",
        "_fusion",
        "_honest",
        "_node",
        "_safer",
        "_source",
        "_variables",
        "by",
        "convention",
        "key",
        "layout",
        "scope",
        "value_order",
        "vanished",
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
        self._fusion: Fusion | None = None
        self._honest: Node | None = None
        self.vanished: Mapping[Node, None] = NOTHING
        self._again: Callable[[], Node] | None = None
        self._source: Callable[[], Node] | None = None
        self._safer = False
        self._variables: dict[str, Tensor] | None = None
        self._facts: tuple[Assumption, ...] = ()

    def _with(
        self,
        node: Node,
        others: Iterable[object] = (),
        key: tuple[Node, object] | None = None,
    ) -> Self:
        scope = self.scope | scope_of(others)
        found = type(self)(node, scope=scope, key=key)
        found.vanished = {**self.vanished, **vanished_of(others)}
        return found

    # -- what it is --------------------------------------------------------------------

    @property
    def node(self) -> Node:
        """The canonical node: products fused, sums flat, laws applied."""
        from .simplify import fused_by

        if self._node is None:
            self._node, self._fusion = fused_by(self.written)
            self._facts = tuple(self._fusion.assumptions)
        return self._node

    @property
    def evaluated(self) -> Node:
        """What is computed: the canonical node, or where that has values outside the
        domain of what was written, such as exp(log(x)), a form that has none there. A
        derivative that would overflow is that of a stable form, if this is better."""
        if self._honest is None:
            node = self.node
            if self._fusion is not None and (self._fusion.partial or self.vanished):
                from .honest import honest

                node = honest(self.written, node, self._fusion, self.vanished)
            if self._again is not None:
                from .planning.stable import safer

                found = safer(node, self._again)
                self._safer, node, self._source = found is not node, found, self._again
            self._honest, self._fusion, self._again = node, None, None
        return self._honest

    def _stably(self) -> Expression:
        """What is differentiated to be stable. A derivative with kinks is not merged
        first: |x| sign(x) is x, and has another derivative at 0."""
        from .planning.stable import kinks, stable

        source = self._again or self._source
        root = self.written
        if not (source or self.by) or not kinks(self.node):
            root = stable(self.evaluated)
        elif source is not None:
            root = source()
        return Expression(root, scope=self.scope | self._leaves())

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The domain facts that its canonical form relies on, as sentences; what was
        declared, or always holds, is none."""
        if self.node is None or not self._facts:
            return ()
        from .index_text import facts_told

        return facts_told(self._facts)

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
        from .comparison.evidence import compare

        return compare(self.written, as_node(bare(other)))

    def expand(self, budget: int = 4_000) -> Expression:
        """Products multiplied out over sums; `BudgetError` beyond `budget` terms."""
        from .expansion import expand

        found = self._derived(expand(self.written, budget), self.value_order)
        found.vanished = {self.written: None, **self.vanished}
        return found

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How IPython prints it, in a list or a table too."""
        from .notebook import text_shown

        printer.text(text_shown(self))

    def __repr__(self) -> str:
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

    # -- kept --------------------------------------------------------------------------

    def json(self, path: Where = None) -> str:
        """Everything about the expression as a versioned document, in a file where a
        path is given; `expression_from_json` and `load` read it.

        >>> from indexcalc.ways_in import tensor
        >>> print(tensor("x", "n").json()[:44])
        {"format": "indexcalc.expression", "version"
        """
        from .documents.expressions import to_json

        return saved(to_json(self._held()), path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the document to a file, whole or not at all; `load` reads it."""
        self.json(os.fspath(path))

    def _held(self) -> Held:
        from .documents.expressions import Held

        leaf, places = self.key or (None, None)
        key = places if isinstance(places, tuple) else (places,)
        entry = (leaf, key) if isinstance(leaf, Tensor) else None
        return Held(
            self.written,
            self.value_order,
            self.by,
            self.layout,
            self.convention,
            tuple(self.scope.values()),
            entry,
            self._other_form(),
            tuple(self.vanished),
        )

    def _other_form(self) -> Node | None:
        """What is evaluated, where that is the stable form of a derivative."""
        found = None if self._again is None and not self._safer else self.evaluated
        return found if self._safer else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what a document holds of it."""
        return type(self)._of, (self._held(),)

    @classmethod
    def _of(cls, held: Held) -> Expression:
        """The expression that a document holds."""
        found = cls(
            held.written,
            value_order=held.value_order,
            scope={leaf.name: leaf for leaf in held.scope},
            layout=held.layout,
            key=held.entry,
        )
        found.by, found.convention = held.by, held.convention
        found.vanished = dict.fromkeys(held.vanished) or NOTHING
        form = held.evaluated
        if form is not None:
            found._again = lambda: _form_of(held.written, form)
        return found

    def _derived(self, node: Node, value_order: int) -> Expression:
        found = Expression(
            node,
            value_order=value_order,
            scope=self.scope | self._leaves(),
        )
        found.vanished = self.vanished
        return found

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

    # -- substitution and values -------------------------------------------------------

    def subs(
        self,
        new: Mapping[Any, object] | str | Expression | None = None,
        by: object = None,
        /,
        *,
        sizes: Mapping[str, object] | None = None,
        **named: object,
    ) -> Expression:
        """Variables (by name, or expressions) replaced: `subs(X=Z)`, `subs("X", Z)`,
        `subs({X: Z})`; `sizes` replaces size names.

        Raises `UnknownNameError` for a name that is not there, `ShapeError` for a
        replacement of another shape.
        """
        table: dict[Node, Node] = {}
        pairs = new if isinstance(new, Mapping) else {} if new is None else {new: by}
        for old, value in {**pairs, **named}.items():
            target = self._named(old) if isinstance(old, str) else bare(old)
            if not isinstance(target, Base):
                raise UnknownNameError(
                    f"{quoted(old)} is no part of an expression",
                    hint="give a tensor, its name or a part",
                )
            table[target] = as_node(bare(value))  # type: ignore[index]
        node = replace(self.written, table)
        if sizes is not None:
            given = mapping_of(sizes, "sizes")
            wanted: dict[str, Size] = {name: as_size(s) for name, s in given.items()}
            node = replace_sizes(node, wanted)
        found = Expression(node, value_order=self.value_order, layout=self.layout)
        found.vanished = {replace(v, table): None for v in self.vanished}
        return found


def _form_of(written: Node, form: Node) -> Node:
    """Another form of an expression, as a document has it. Raises `ParseError` where
    there are arrays on which the two differ."""
    from .comparison.evidence import witness

    if witness(written, form) is not None:
        raise ParseError("evaluated: not a form of the expression")
    return form


def build(
    rows: Sequence[Row],
    *,
    value_order: int | None = None,
    layout: str = "value_first",
    scope: Sequence[Row] = (),
) -> Expression:
    """The expression that `repr` printed."""
    leaves = [from_rows([row]) for row in scope]
    known = {leaf.name: leaf for leaf in leaves if isinstance(leaf, Tensor)}
    return Expression(
        from_rows(rows), value_order=value_order, scope=known, layout=layout
    )
