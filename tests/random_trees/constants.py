"""Constants, constants of inferred size, blocks, einsum and transposition by axes."""

from __future__ import annotations

from collections.abc import Callable

from tests.operations import MORE_STRUCTURES, STRUCTURES
from tests.random_trees.builder import TIMES, VALUE_LIMIT, Builder
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    SUM,
    Form,
    Node,
    Size,
    Type,
    column,
    matrix,
    row,
    size,
    tensor,
)
from tests.random_trees.production import (
    PRODUCTIONS,
    Production,
    either_way,
    partner,
    small,
)

# -- constants -------------------------------------------------------------------------


def _some_size(b: Builder) -> Size:
    """A size of the case, at times a sum or a product with another."""
    n = b.size()
    if b.chance(0.25):
        return n + b.pick([size(1), b.size()])
    return n * b.pick([size(2), b.size()]) if b.chance(0.15) else n


def _filled(value: int, order: int) -> Callable[[Builder], Node]:
    def build(b: Builder) -> Node:
        sizes = [_some_size(b), *(b.size() for _ in range(order - 1))]
        sizes = sizes if order < 3 else [size(2), *sizes[1:]]
        return b.filled(tensor(*sizes), value)

    return build


def _copy(order: int, as_h: bool = False) -> Callable[[Builder], Node]:
    def build(b: Builder) -> Node:
        n = b.size()
        n = n if n.value(b.sizes) <= 3 or order < 3 else size(3)
        text = f"H({n})" if as_h else f"delta({n}, {order})"
        label = "H(n)" if as_h else f"delta(n,{order})"
        value = n.value(b.sizes)
        type_ = tensor(*(n,) * order)
        return b.constant(label, text, type_, "copy_tensor", n=value, order=order)

    return build


def _basis(b: Builder) -> Node:
    n = b.size(1)
    i = int(b.rng.integers(n.value(b.sizes)))
    dims = b.dims(column(n))
    text = f"e({i}, {n})"
    return b.constant("e(i,n)", text, column(n), "basis", position=(i,), shape=dims)


def _basis_matrix(b: Builder) -> Node:
    m, n = b.size(1), b.size(1)
    dims = b.dims(matrix(m, n))
    i, j = (int(b.rng.integers(d)) for d in dims)
    text, place = f"E({i}, {j}, {m}, {n})", (i, j)
    return b.constant(
        "E(i,j,m,n)", text, matrix(m, n), "basis", position=place, shape=dims
    )


def _levicivita(b: Builder) -> Node:
    n = b.pick([2, 3, 3])
    type_ = tensor(*(size(n),) * n)
    return b.constant("levicivita(n)", f"levicivita({n})", type_, "levicivita", n=n)


def _size_as_scalar(b: Builder) -> Node:
    names = [n for n in b.sizes if not b.declared(n)]
    name = b.pick(names)
    b.mentioned.add(name)
    return b.constant(
        "size as scalar", name, SCALAR, "number", value=str(b.sizes[name])
    )


def _structured(structure: str) -> Callable[[Builder], Node]:
    def build(b: Builder) -> Node:
        n = b.size()
        return b.variable(matrix(n, n), structure=structure)

    return build


LEAVES: dict[str, Callable[[Builder], Node]] = {
    "ones(n)": _filled(1, 1),
    "ones(n,n)": _filled(1, 2),
    "zeros(n)": _filled(0, 1),
    "zeros(n,n)": _filled(0, 2),
    "eye(n)": lambda b: b.eye(_some_size(b)),
    "H(n)": _copy(3, as_h=True),
    "ones(n,n,n)": _filled(1, 3),
    "delta(n,0)": _copy(0),
    "delta(n,1)": _copy(1),
    "delta(n,2)": _copy(2),
    "delta(n,3)": _copy(3),
    "e(i,n)": _basis,
    "E(i,j,m,n)": _basis_matrix,
    "levicivita(n)": _levicivita,
    "size as scalar": _size_as_scalar,
    **{f"S : {structure}": _structured(structure) for structure in STRUCTURES},
}


def _shaped(name: str, operation: str) -> Callable[[Builder], Node]:
    """A constant of a number of rows and one of columns."""

    def build(b: Builder) -> Node:
        m, n = b.size(), b.size()
        sizes = (m, n, m + n) if name == "diagonals" else (m, n)
        values = {"m": m.value(b.sizes), "n": n.value(b.sizes)}
        label, text = f"{name}(m,n)", f"{name}({m}, {n})"
        return b.constant(label, text, tensor(*sizes), operation, **values)

    return build


MORE_LEAVES: dict[str, Callable[[Builder], Node]] = {
    "zeros(n,n,n)": _filled(0, 3),
    "delta(n,4)": _copy(4),
    "tril(m,n)": _shaped("tril", "lower_mask"),
    "diagonals(m,n)": _shaped("diagonals", "diagonals"),
    "diagonallengths(m,n)": _shaped("diagonallengths", "diagonal_lengths"),
    **{f"S : {structure}": _structured(structure) for structure in MORE_STRUCTURES},
}


# -- constants whose sizes are inferred ------------------------------------------------


def _same_shape(b: Builder, u: Node, name: str) -> Node:
    """`u` and a constant of its own shape, added or multiplied."""
    pair = either_way(b, u, b.inferred(name, u.type))
    if name in ("eye", "I") and b.chance(0.3):
        return b.infix("*", PRODUCT, u.type, "product", *pair, "* inferred")
    if b.chance(0.6):
        sign = b.pick("+-")
        operation = "add" if sign == "+" else "subtract"
        return b.infix(sign, SUM, u.type, operation, *pair)
    return b.infix(b.pick(TIMES), PRODUCT, u.type, "multiply", *pair)


def _inferred_matrix(name: str) -> Production:
    def accepts(b: Builder, t: Type) -> bool:
        return name == "matrix(1)" or t.square

    return Production(name, "m", lambda b, u: _same_shape(b, u, name), accepts, 0.5)


def _inferred_vector(name: str) -> Production:
    """`x + vector(1)`, `x'*vector(1)`, `A*vector(1)`, `vector(1)'*A`."""

    def build(b: Builder, u: Node) -> Node:
        if u.type.kind == "column":
            return _same_shape(b, u, name)
        n = u.type.sizes[-1]
        if u.type.kind == "row" or b.chance(0.5):
            ones = b.inferred(name, column(n))
            type_ = tensor(*u.type.sizes[:-1])
            return b.infix("*", PRODUCT, type_, "product", u, ones, "* inferred")
        ones = b.inferred(name, column(u.type.sizes[0]))
        ones = b.unshared(b.transpose(ones))
        return b.infix("*", PRODUCT, row(n), "product", ones, u, "* inferred")

    return Production(name, "crm", build, weight=0.5)


# -- blocks ----------------------------------------------------------------------------


def _block(label: str, kinds: str) -> Production:
    """A block constant; `label` has `,` and `;` where the text has."""
    rows = tuple(len(line.split(",")) for line in label.strip("[]").split(";"))

    def build(b: Builder, u: Node) -> Node:
        letters, types = _block_types(b, label, u.type)
        place = b.pick([i for i, t in enumerate(types) if t == u.type])
        parts = [u if i == place else partner(b, t) for i, t in enumerate(types)]
        type_ = _block_type(rows, types)
        holes, count = [], 0
        for width in rows:
            holes.append(", ".join(f"<{count + i}>" for i in range(width)))
            count += width
        form = Form("atom", f"[{'; '.join(holes)}]")
        shapes = letters + type_.letter
        return b.node(label, type_, "block", form, parts, rows=rows, kinds=shapes)

    return Production(label, kinds, build, weight=0.3)


def _block_types(b: Builder, label: str, t: Type) -> tuple[str, list[Type]]:
    """The types of the blocks, of which one at least is `t`."""
    names = [n.strip() for n in label.strip("[]").replace(";", ",").split(",")]
    letters = "".join({"A": "m", "x": "c", "y": "r", "a": "s"}[n[0]] for n in names)
    if t == SCALAR:
        return letters, [t] * len(names)
    if t.vector:
        free = label in ("[x; x]", "[y, y]")
        other = Type(t.kind, (b.size(),)) if free else t
        return letters, [t, other][: len(names)]
    m, n = t.sizes
    k, j = b.size(), b.size()
    shapes = {
        "[A, A]": [t, matrix(m, k)],
        "[A; A]": [t, matrix(k, n)],
        "[A, A; A, A]": [t, matrix(m, k), matrix(j, n), matrix(j, k)],
        "[A, x]": [t, column(m)],
        "[A; y]": [t, row(n)],
        "[A, x; y, a]": [t, column(m), row(n), SCALAR],
    }
    return letters, shapes[label]


def _block_type(rows: tuple[int, ...], types: list[Type]) -> Type:
    """The shape of the whole: a block column of vectors is a column, and so on."""
    one = size(1)

    def sides(t: Type) -> tuple[Size, Size]:
        pairs = {
            "scalar": (one, one),
            "column": (*t.sizes, one),
            "row": (one, *t.sizes),
        }
        return pairs.get(t.kind, t.sizes)  # type: ignore[arg-type,return-value]

    wide = [sides(t)[1] for t in types[: rows[0]]]
    starts = [sum(rows[:i]) for i in range(len(rows))]
    tall = [sides(types[i])[0] for i in starts]
    height, width = sum(tall[1:], tall[0]), sum(wide[1:], wide[0])
    kinds = {t.kind for t in types}
    if kinds <= {"scalar", "column"} and max(rows) == 1:
        return column(height)
    if kinds <= {"scalar", "row"} and len(rows) == 1:
        return row(width)
    return matrix(height, width)


# -- einsum and transposition by axes --------------------------------------------------


def _letters(b: Builder, t: Type, known: dict[str, Size]) -> str:
    """An index for every axis, at times one that is there already."""
    term = ""
    for s in t.sizes:
        same = [i for i, other in known.items() if other == s]
        fresh = next(i for i in "ijklmnpqrstuvw" if i not in known)
        letter = b.pick(same) if same and b.chance(0.6) else fresh
        known[letter] = s
        term += letter
    return term


def _einsum(b: Builder, u: Node) -> Node:
    """One to three operands, summed and repeated indices, repeated output indices."""
    known: dict[str, Size] = {}
    operands, terms = [u], [_letters(b, u.type, known)]
    for _ in range(int(b.rng.integers(0, 3))):
        sizes = [b.pick(list(known.values()))] if known and b.chance(0.7) else []
        sizes += [b.size() for _ in range(int(b.rng.integers(0, 2)))]
        operands.append(partner(b, tensor(*sizes)))
        terms.append(_letters(b, tensor(*sizes), known))
    out = ""
    for letter in b.rng.permutation(list(known))[: b.rng.integers(0, 4)]:
        repeats = 2 if b.chance(0.25) else 1
        longer = out + str(letter) * repeats
        if len(longer) <= 3 and small(b, *(known[i] for i in longer)):
            out = longer
    spec, type_ = ",".join(terms) + "->" + out, tensor(*(known[i] for i in out))
    holes = ", ".join(f"<{i}>" for i in range(len(operands)))
    form = Form("atom", f'einsum("{spec}", {holes})')
    repeated = len(set(out)) < len(out)
    labels = ("einsum()", "einsum repeated output") if repeated else "einsum()"
    return b.bounded(b.node(labels, type_, "einsum", form, operands, spec=spec), 8.0)


def _repeated_einsum(b: Builder, u: Node) -> Node:
    """`i->ii`, `ij->iij`: a repeated output index is a δ."""
    spec = b.pick(["i->ii", "i->iii"] if u.type.vector else ["ij->iij", "ij->jij"])
    known = dict(zip(spec.split("->")[0], u.type.sizes, strict=True))
    type_ = tensor(*(known[i] for i in spec.split("->")[1]))
    form, labels = Form("atom", f'einsum("{spec}", <0>)'), "einsum repeated output"
    return b.node(labels, type_, "einsum", form, [u], spec=spec)


def _permute(b: Builder, u: Node) -> Node:
    axes = tuple(int(i) for i in b.rng.permutation(len(u.type.sizes)))
    type_ = tensor(*(u.type.sizes[i] for i in axes))
    form = Form("atom", f"transpose(<0>, {','.join(map(str, axes))})")
    return b.node("transpose()", type_, "permute", form, [u], axes=axes)


def _tame(b: Builder, t: Type) -> bool:
    return b.count(t) * 5 <= VALUE_LIMIT


PRODUCTIONS += [
    *(_inferred_matrix(name) for name in ("eye", "I", "matrix(1)")),
    *(_inferred_vector(name) for name in ("vector(1)", "𝟏")),
    *(_block(label, "m") for label in ("[A, A]", "[A; A]", "[A, A; A, A]")),
    *(_block(label, "m") for label in ("[A, x]", "[A; y]", "[A, x; y, a]")),
    *(_block(label, "c") for label in ("[x, x]", "[x; x]")),
    *(_block(label, "r") for label in ("[y, y]", "[y; y]")),
    *(_block(label, "s") for label in ("[a, a]", "[a; a]", "[a, a; a, a]")),
    Production("einsum()", "scmt", _einsum, weight=1.5),
    Production("einsum repeated output", "cm", _repeated_einsum, _tame, 0.5),
    Production("transpose()", "mt", _permute),
]
