"""A text being read: what is declared, and what has been found out so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..sizes import Shape
from .declarations import Declarations
from .latex_vocabulary import HIDDEN, HINTS, LATEX_RULES
from .products import INFIX_RULES, Rule
from .syntax import Applied, Syntax, operands
from .types import Meaning, Sizes
from .vocabulary import TABLE, Function


@dataclass
class Reading:
    """The state of the typing pass over one text.

    `named` are the meanings of variables and sizes met before; `constants` are the
    nodes whose sizes are to be inferred; `written_sizes` the names that stand where a
    size stands, as in `ones(n)`.
    """

    text: str
    declared: Declarations
    root: Syntax
    paper: bool = False
    infer: bool = False
    latex: bool = False
    sizes: Sizes = field(default_factory=Sizes)
    meanings: dict[Syntax, Meaning] = field(default_factory=dict)
    inferred: dict[str, Shape] = field(default_factory=dict)
    named: dict[str, Meaning] = field(default_factory=dict)
    constants: list[tuple[Syntax, Shape]] = field(default_factory=list)
    written_sizes: set[str] = field(default_factory=set)

    def record(self, node: Applied) -> Function | None:
        """The function of the table that a node applies; declared ones come first."""
        if node.name in self.declared.functions:
            return None
        if self.latex and node.name in HIDDEN:
            return HIDDEN[node.name]
        return TABLE.get(node.name)

    def rule(self, symbol: str) -> Rule:
        """What an operator between two operands means."""
        return (LATEX_RULES if self.latex else INFIX_RULES)[symbol]

    def hint(self, plain: str | None) -> str | None:
        """A hint in the notation of the text."""
        return HINTS.get(plain or "", plain) if self.latex else plain

    def values(self, node: Syntax) -> Sequence[Syntax]:
        """The operands of a node that are values, not sizes, whole numbers or texts."""
        if not isinstance(node, Applied):
            return operands(node)
        record = self.record(node)
        if record is None:
            return node.arguments
        return [a for k, a in enumerate(node.arguments) if record.kind(k) in ("v", "")]
