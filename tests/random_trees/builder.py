"""A builder of one random case: its sizes, its variables, and typed subexpressions.

A `Builder` never asks what the engine likes. It keeps functions inside their domains by
construction: an argument that is not already inside is wrapped so that it is
(`log(square(u) .+ 0.5)`, `inv(0.2*A + 3*eye(n))`), and values that grow are scaled
down by a number, so that the reference stays well-conditioned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from tests.operations import MORE_STRUCTURES, STRUCTURES
from tests.random_trees.nodes import (
    ATOM,
    POSTFIX,
    PREFIX,
    PRODUCT,
    SCALAR,
    SUM,
    Form,
    Node,
    Rng,
    Size,
    Type,
    column,
    matrix,
    size,
)

T = TypeVar("T")

NAMES = {
    "scalar": ["a", "b", "c", "s", "α", "β", "lambda", "e", "delta", "exp", "c_1"],
    "column": ["x", "y", "z", "u", "v", "w", "h", "θ", "x1", "in", "vec"],
    "matrix": ["A", "B", "C", "X", "Y", "M", "W_1", "Σ", "H", "I", "Phi", "Kern"],
    "tensor": ["T", "R", "G", "Λ", "T3", "einsum"],
}
SIZE_NAMES = ["n", "m", "p", "q"]
LITERALS = np.array([0, 1, 2, 3, 4, 5])
LITERAL_WEIGHTS = np.array([0.05, 0.16, 0.26, 0.28, 0.15, 0.10])

# The most entries a value, a variable, and all variables together may have.
VALUE_LIMIT, VARIABLE_LIMIT, TOTAL_LIMIT = 160, 40, 80

# Spellings of one operation; each is a label of the coverage table.
TIMES = (".*", "∘", "⊙")
OVER = ("./", "⊘")
TRANSPOSES = ("'", "ᵀ", ".T", "^T")


@dataclass
class Builder:
    """The state of one case being built; every choice comes from `rng`.

    `whole` admits what is rare; `reserved` are names no variable may take; `mentioned`
    the sizes used as scalars, which some declaration must name.
    """

    rng: Rng
    kinky: bool = False
    symbolic: bool = False
    whole: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    pool: list[Size] = field(default_factory=list)
    variables: list[Node] = field(default_factory=list)
    built: list[Node] = field(default_factory=list)
    reserved: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        count = int(self.rng.integers(2, 4))
        for i in range(count):
            value = int(self.rng.choice(LITERALS, p=LITERAL_WEIGHTS))
            name = SIZE_NAMES[i]
            if self.symbolic and not (i and self.chance(0.15)):
                self.sizes[name] = value
                self.pool.append(size(name))
            else:
                self.pool.append(size(value))

    # -- choices -----------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return bool(self.rng.random() < share)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.rng.integers(len(items)))]

    def size(self, least: int = 0) -> Size:
        """A size of the case, of value at least `least`."""
        fits = [s for s in self.pool if s.value(self.sizes) >= least]
        if not fits or (not self.symbolic and self.chance(0.1)):
            return size(int(self.rng.integers(max(least, 1), max(least, 3) + 1)))
        return self.pick(fits)

    def dims(self, type_: Type) -> tuple[int, ...]:
        """The shape of arrays of this type."""
        return tuple(s.value(self.sizes) for s in type_.sizes)

    def count(self, type_: Type) -> int:
        """The number of entries of a value of this type."""
        return math.prod(self.dims(type_))

    # -- nodes -------------------------------------------------------------------------

    def node(
        self,
        labels: str | tuple[str, ...],
        type_: Type,
        operation: str,
        form: Form,
        children: Sequence[Node] = (),
        **params: object,
    ) -> Node:
        """A node, remembered for sharing; its value is checked against its type."""
        names = (labels,) if isinstance(labels, str) else labels
        node = Node(names, type_, operation, form, tuple(children), params)
        dims = self.dims(type_)
        assert node.value.shape == dims, (names, node.value.shape, dims)
        assert np.isfinite(node.value).all(), names
        self.built.append(node)
        return node

    def call(
        self, name: str, type_: Type, *children: Node, operation: str = ""
    ) -> Node:
        """`name(child, …)`."""
        holes = ", ".join(f"<{i}>" for i in range(len(children)))
        form = Form("atom", f"{name}({holes})")
        return self.node(name + "()", type_, operation or name, form, children)

    def constant(
        self, label: str, text: str, type_: Type, operation: str, **params: object
    ) -> Node:
        """A constant such as `ones(n, 2)`."""
        return self.node(label, type_, operation, Form("atom", text), **params)

    def infix(
        self,
        sign: str,
        level: int,
        type_: Type,
        operation: str,
        a: Node,
        b: Node,
        label: str = "",
    ) -> Node:
        """`a sign b`."""
        form = Form("infix", sign, level)
        return self.node(label or sign, type_, operation, form, (a, b))

    def postfix(
        self,
        sign: str,
        type_: Type,
        operation: str,
        a: Node,
        label: str = "",
        **params: object,
    ) -> Node:
        """`a` followed by a sign."""
        form = Form("postfix", sign, POSTFIX)
        return self.node(label or sign, type_, operation, form, (a,), **params)

    def number(self, text: str) -> Node:
        """A number as it is written: `3`, `0.25`."""
        label = "number: decimal" if "." in text else "number: integer"
        return self.constant(label, text, SCALAR, "number", value=text)

    def a_number(self) -> Node:
        """Some number that is not zero."""
        return self.number(self.pick(["1", "2", "3", "0.5", "0.1", "1.5", "2.25"]))

    def filled(self, type_: Type, value: int) -> Node:
        """`ones(…)` or `zeros(…)` of this type (not a row)."""
        name = "ones" if value else "zeros"
        args = ", ".join(str(s) for s in type_.sizes)
        label = f"{name}({','.join('n' * len(type_.sizes))})"
        return self.constant(
            label, f"{name}({args})", type_, "fill", value=value, shape=self.dims(type_)
        )

    def eye(self, n: Size) -> Node:
        """`eye(n)`."""
        order, value = 2, n.value(self.sizes)
        return self.constant(
            "eye(n)", f"eye({n})", matrix(n, n), "copy_tensor", n=value, order=order
        )

    def transpose(self, a: Node, sign: str = "") -> Node:
        """`a'` of a scalar, a column, a row or a matrix, in one of its spellings."""
        turned = {"column": "row", "row": "column"}
        type_ = Type(turned.get(a.type.kind, a.type.kind), a.type.sizes[::-1])
        return self.postfix(sign or self.pick(TRANSPOSES), type_, "transpose", a)

    def negative(self, a: Node) -> Node:
        """`-a`."""
        form = Form("prefix", "-", PREFIX)
        return self.node("prefix -", a.type, "negative", form, (a,))

    def scaled(self, text: str, a: Node) -> Node:
        """A number times `a`, in one of the spellings of the product."""
        sign = self.pick(("*", *TIMES))
        label = "* scalar" if sign == "*" else sign
        factor = self.number(text)
        return self.infix(sign, PRODUCT, a.type, "multiply", factor, a, label)

    def shifted(self, a: Node, text: str) -> Node:
        """`a .+ number`, or `a + number` for a scalar."""
        sign = "+" if a.type == SCALAR and self.chance(0.5) else ".+"
        pair = (a, self.number(text))
        if self.chance(0.3):
            pair = pair[::-1]
        return self.infix(sign, SUM, a.type, "add", *pair)

    # -- domains, by construction ------------------------------------------------------

    def bounded(self, a: Node, limit: float) -> Node:
        """`a`, or something like it within ±limit."""
        most = np.abs(a.value).max(initial=0.0)
        if most <= limit:
            return a
        scales = (0.5, *(10.0**-k for k in range(1, 10)))
        scale = next((t for t in scales if most * t <= limit), None)
        if scale is not None and (most > 50 or self.chance(0.5)):
            return self.scaled(f"{scale:.10f}".rstrip("0"), a)
        squashed = self.call(self.pick(["tanh", "sin"]), a.type, a)
        return squashed if limit >= 1 else self.scaled(f"{limit:g}", squashed)

    def positive(self, a: Node) -> Node:
        """`a`, or a function of it that is at least 0.3."""
        a = self.bounded(a, 6.0)
        if a.value.min(initial=1.0) >= 0.3:
            return a
        shape = self.pick(["square", "exp", "product", "sigmoid"])
        if shape == "product":
            sign = self.pick(TIMES)
            inner = self.infix(sign, PRODUCT, a.type, "multiply", a, a)
            return self.shifted(inner, self.pick(["0.5", "1", "2"]))
        if shape == "exp":
            a = self.bounded(a, 1.0)
        return self.shifted(
            self.call(shape, a.type, a), self.pick(["0.5", "0.75", "1"])
        )

    def nonzero(self, a: Node) -> Node:
        """`a`, or something like it that is nowhere nearly zero."""
        a = self.bounded(a, 6.0)
        return a if np.abs(a.value).min(initial=1.0) >= 0.3 else self.positive(a)

    def off_kink(self, a: Node) -> Node:
        """`a`, unless it is zero only by rounding: then `a .+ number`."""
        near = np.abs(a.value) < 1e-4
        if not near.any() or (exact(a) and not (a.value[near] != 0).any()):
            return a
        shifts = ("0.37", "0.71", "1.13", "0.05")
        return self.shifted(
            a, max(shifts, key=lambda t: np.abs(a.value + float(t)).min())
        )

    def conditioned(self, a: Node) -> Node:
        """A square matrix: `a`, or c·a + d·I far from singular."""
        n = a.type.sizes[0]
        singular = np.linalg.svd(a.value, compute_uv=False)
        spectral, least = singular.max(initial=0.0), singular.min(initial=1.0)
        if spectral < 10 and least > max(0.1, spectral / 15):
            return a
        a = a if spectral <= 1.5 else self.bounded_norm(a)
        sign = "* scalar" if self.chance(0.7) else "eye"
        identity = self.inferred("eye", a.type) if sign == "eye" else self.eye(n)
        three = self.infix(
            "*", PRODUCT, a.type, "multiply", self.number("3"), identity, "* scalar"
        )
        self.unshared(three)
        return self.infix("+", SUM, a.type, "add", a, three)

    def bounded_norm(self, a: Node, most: float = 1.0) -> Node:
        """A number times `a`, of spectral norm at most `most`."""
        spectral = np.linalg.norm(a.value, 2) / most
        digits = 1 + math.ceil(max(0.0, math.log10(spectral)))
        return self.scaled(f"{math.floor(10**digits / spectral) / 10**digits:g}", a)

    def tame(self, a: Node, most: float) -> Node:
        """`a`, or a number times it, of spectral norm at most `most`."""
        spectral = np.linalg.norm(a.value, 2) if a.value.size else 0.0
        return self.bounded_norm(a, most) if spectral > most else a

    def unshared(self, node: Node) -> Node:
        """The node, which means what it means only where it stands."""
        self.built = [other for other in self.built if other is not node]
        return node

    def inferred(self, name: str, type_: Type) -> Node:
        """A constant whose sizes come from its surroundings: `eye`, `vector(1)`.

        Where a variable bears the name `I`, `I` is the variable.
        """
        dims = self.dims(type_)
        name = "eye" if name == "I" and self.declared("I") else name
        self.reserved.add(name)
        if name in ("eye", "I"):
            node = self.constant(
                name, name, type_, "copy_tensor", n=dims[0], order=len(dims)
            )
        else:
            node = self.constant(name, name, type_, "fill", value=1, shape=dims)
        return self.unshared(node)

    def declared(self, name: str) -> bool:
        """Whether a variable bears this name."""
        return any(v.name == name for v in self.variables)

    # -- leaves ------------------------------------------------------------------------

    def variable(
        self, type_: Type, array: np.ndarray | None = None, structure: str = ""
    ) -> Node:
        """A new variable of this type (never a row), with a structure at times."""
        taken = {v.name for v in self.variables} | set(self.sizes) | self.reserved
        names = [n for n in NAMES[type_.kind] if n not in taken]
        plain = names[:6] if self.chance(0.75) else names
        name = self.pick(plain)
        if type_.square and array is None and self.chance(0.08):
            more = list(MORE_STRUCTURES) if self.whole else []
            structure = structure or self.pick([*STRUCTURES, *more])
        given = self.array(type_) if array is None else array
        given = structured(structure, given) if structure else given
        labels = (f"S : {structure}",) if structure else ()
        form = Form("atom", name)
        node = Node(labels, type_, "", form, (), {}, name, given, structure)
        self.variables.append(node)
        return node

    def array(self, type_: Type) -> np.ndarray:
        """Values of a variable: generic, positive, near 3I, or (kinky) with ties."""
        dims = self.dims(type_)
        if self.kinky and self.chance(0.6):
            zero = self.chance(0.3)
            return np.zeros(dims) if zero else self.rng.integers(-1, 2, dims) * 1.0
        values = np.asarray(self.rng.uniform(-1.5, 1.5, dims))
        if self.whole and self.chance(0.05):
            return values * self.pick([1e-3, 1e3])
        if type_.square and self.chance(0.4):
            return values + 3.0 * np.eye(dims[0])
        return np.abs(values) + 0.3 if self.chance(0.25) else values

    def leaf(self, type_: Type) -> Node:
        """A variable, used again or new, or a constant of this type."""
        if type_.kind == "row":
            return self.transpose(self.leaf(column(type_.sizes[0])))
        known = [v for v in self.variables if v.type == type_]
        if type_ == SCALAR and self.chance(0.3):
            return self.a_number()
        if known and self.chance(0.75):
            return self.pick(known)
        room = self.count(type_) <= min(
            VARIABLE_LIMIT, TOTAL_LIMIT - sum(v.value.size for v in self.variables)
        )
        if room and len(self.variables) < 5 and not self.chance(0.06):
            return self.variable(type_)
        if known:
            return self.pick(known)
        return self.plain_constant(type_)

    def plain_constant(self, type_: Type) -> Node:
        """A constant of any type but row."""
        if type_ == SCALAR:
            return self.a_number()
        if type_.square and self.chance(0.4):
            return self.eye(type_.sizes[0])
        if type_.kind != "tensor":
            return self.filled(type_, 1)
        first, *rest = type_.sizes
        ones = self.filled(column(first), 1)
        other = self.filled(Type("matrix", tuple(rest)), 1)
        return self.infix("⋆", PRODUCT, type_, "outer", ones, other)


def structured(structure: str, array: np.ndarray) -> np.ndarray:
    """An array with the structure, out of any array."""
    if structure == "positive":
        return np.abs(array) + 0.3
    if structure == "pd":
        return np.asarray(array @ array.T + np.eye(len(array)))
    if structure == "orthogonal":
        return np.linalg.qr(array + np.eye(len(array)))[0]
    return np.asarray({**STRUCTURES, **MORE_STRUCTURES}[structure](np, array))


def exact(a: Node) -> bool:
    """Whether zeros of `a` are zeros in any way of computing it."""
    if a.operation in ("negative", "transpose"):
        return exact(a.children[0])
    return a.leaf and a.form.level == ATOM
