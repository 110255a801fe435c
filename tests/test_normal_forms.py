"""What simplification makes of many expressions, node by node, held to a golden text.

    python -m tests.test_normal_forms --write

writes `normal_forms.txt` anew: read the difference before it is committed. Values do
not show whether a law was applied; forms do. Of drawn nodes a fingerprint is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import diagonals
from indexcalc import matrix as m
from indexcalc.coefficients import number_text
from indexcalc.derivative import gradient, hessian, jacobian
from indexcalc.distribute import without_diagonals
from indexcalc.errors import IndexCalcError
from indexcalc.expansion import expand
from indexcalc.expr import (
    add,
    constant,
    einsum,
    linear,
    number,
    scale,
    size_node,
    swapped,
    tensor,
)
from indexcalc.functions import call, power
from indexcalc.lowered import lowered
from indexcalc.nodes import Call, Einsum, Node, Sum, Tensor, toposort, variables
from indexcalc.recognise import recognised
from indexcalc.regular import split
from indexcalc.simplify import fuse_with_assumptions
from indexcalc.sizes import dim, plus, size_text
from indexcalc.sparse_products import without_zeros
from tests.einsum_cases import CASES
from tests.golden_texts import as_blocks, blocks, require_write
from tests.random_nodes import draw
from tests.test_simplify import REWRITTEN
from tests.test_structure_laws import MEANINGS

GOLDEN = Path(__file__).with_name("normal_forms.txt")
SEEDS = range(7_000, 7_060)

N, M = dim("n"), dim("m")
SHAPES: dict[str, object] = {
    **dict.fromkeys("ABC", "n n"),
    **dict.fromkeys("XY", "m n"),
    **dict.fromkeys("xyz", "n"),
    **dict.fromkeys("st", ""),
    "w": "m",
    "K": "k k",
    "F": "n k",
    "Q": "n n : orthogonal",
    "S": "n n : symmetric",
    "P": "n n : pd",
    "L": "n n : lower",
    "U": "n n : upper",
    "D": "n n : diagonal",
    "Z": "n n : complex",
    "T": "n m k",
}

#: Texts of expressions.
TEXTS = """
inv(inv(A)) | inv(2*A) | inv(s*A) | inv(Q) | inv(D) | inv(Diag(x)) | inv(A') | inv(S*A)
inv(A*inv(B)) | inv(inv(A)*B*C) | inv(A*B) | inv(A*B') | inv(2*A*inv(B)) | inv(P)
inv(eye(n)) | inv(-A) | inv(A)*A*x | x'*A*inv(A) | inv(A)'*A' | inv(A)*B*A | A*inv(A)'*x
inv(S)*S | S*inv(S) | inv(S)'*S | tr(inv(A)*A) | inv(A)*A*inv(A) | A*A*inv(A) | L*inv(L)
det(eye(n)) | det(inv(A)) | det(A*B) | det(A') | det(2*A) | det(X*X') | det(F*F'*A)
det(Q) | det(A*F*K*F') | det(S*A*S) | det(A)*inv(A) | adj(A)*A | A*adj(A) | adj(A*B)
adj(A') | adj(A)'*A | adj(S)*S | adj(inv(A)) | det(s*A) | logdet(eye(n)) | logdet(Q)
logdet(inv(A)) | logdet(A*B*C) | logdet(A') | logdet(P) | logdet(X*X') | exp(log(x))
log(exp(x)) | exp(log(A')) | sin(A') | sin(vec(A*B)) | exp(x*ones(m)') | tanh(Diag(x))
exp(2*A') | exp(-A') | abs(2*x) | exp(s*ones(n)) | sin(X'*Y) | (A*B)'.^2 | exp(x*y')
cos(0*x) | expm(0*A) | expm(Diag(x)) | expm(A') | expm(logm(A)) | logm(eye(n))
sqrtm(eye(n)) | sqrtm(A') | sinm(Diag(x)) | cosm(0*A) | sinm(0*A) | cosm(Diag(x))
logm(A') | expm(2*A)*expm(A) | x ./ x | x .^ 2 .* x | x .^ (1/2) .* x .^ (1/2)
x .^ -1 .* x .^ -1 | s*s*s^(-1) | x .^ 2 ./ x .^ 3 | sqrt(x) .* x | sqrt(x) ./ sqrt(x)
S .* S' | A .* A' | A .* A | sign(x) .* abs(x) | sign(x) .* abs(x) .^ 3
sign(x) .* abs(x) .^ 2 | sign(x) .* abs(x) .^ -1 | sign(x) .* abs(y) | abs(x) .* abs(x)
(x'*y)^2 | (x'*y)^3*(x'*y)^(-1) | (x'*A*y)^2 * (y'*A'*x) | tr(A*B)^2 | (A*x) .^ 2
((A*x) .* y) .^ 3 | (s*x) .^ -2 | (2*x) .^ (1/2) | (2*x) .^ -3 | (x .^ 2) .^ (1/2)
(x .^ (1/2)) .^ 2 | (A*B*C*x) .^ 5 | (x'*x)^20 | 2*(x+y) - 3*(x-y) | (A+B)*x + (A-B)*x
2*x/3 + x/3 | -(x - y) | (x+y) .* (x+y) | (x+y)*(x+y)' | (s+t)*(x+y)'*(A+B)*(x-y)
(x+y) .^ 3 | ((x+y) .* z) .^ 2 | 3*(2*x + 4*y) | (2*x + 4*y) .^ 2
(4*x - 2*y) .* (x + y) | -2*(A*x - y)'*(A*x - y) | (x - x) .* y | A*(x - x) | 0*A*x
sqrt(x'*A*y)*sqrt(x'*A*y)*z | (A*x) .^ (1/2) .* (A*x) .^ (1/2) .* y
tr(eye(n)) | n*n^(-1)*s | tr(eye(n))*tr(eye(n)) | tr(eye(n))^(-1)*tr(eye(n))
tr(eye(n))^2 * x | tr(A*B*C) | vec(A*B*C)'*vec(A) | (A ⊗ B)*(x ⊗ y) | (A ⊗ B)*vec(C)
kron(A, B)*kron(inv(A), inv(B)) | A*Q*Q' | Q'*Q*x | Q*A*Q' | L .* L | tr(Q'*A*Q)
conj(Z*Z) | conj(Z)*Z | conj(conj(Z)) | (Z')' | norm2(x)^2 | 1 ./ (1 .+ exp(-x))
1 ./ (1 .+ exp(x)) | 1 ./ (1 .+ exp(x)) .^ 2 | exp(x) ./ (1 .+ exp(x))
exp(x) ./ (1 .+ exp(x)) .^ 2 | exp(2*x) ./ (1 .+ exp(x)) .^ 2
exp(x) ./ (1 .+ exp(x)) .^ 3 | exp(3*x) ./ (1 .+ exp(x)) | 1 .- sigmoid(x)
2*(1 .- sigmoid(x)) | sigmoid(x) .- 1 | 1 .- sigmoid(-x) | sigmoid(x) - sigmoid(x) .^ 2
sigmoid(x) .^ 3 - sigmoid(x) .^ 2 | 2 .- sigmoid(x) | 1 .- tanh(x)
sigmoid(x) .* sigmoid(-x) | sigmoid(x) .* sigmoid(-x) .* y
sigmoid(2*x) .* sigmoid(-2*x) | sigmoid(x-y) .* sigmoid(y-x)
sigmoid(-x) .* sigmoid(y) | exp(x) .* sigmoid(-x)
exp(x) .* sigmoid(-x) .^ 2 | exp(2*x) .* sigmoid(-x) | exp(x) .* sigmoid(x)
1 ./ (2 .+ exp(x)) | 1 ./ (1 .+ 2*exp(x)) | exp(x) / sum(exp(x))
exp(x) / sum(exp(x))^2 | exp(x) / sum(exp(y)) | exp(A) ./ (exp(A)*ones(n)*ones(n)')
sum(softmax(x)) | sum(softmax(x)) * x | sum(softmax(x) .* y) | sqrt(x'*x) | 1/sqrt(x'*x)
(x'*x)^(3/2) | sqrt(sum(A .* A)) | sqrt(x'*y) | sqrt(x'*A*x) | adj(A)'*det(A)^(-1)
adj(A)*det(A)^(-2) | adj(A)*det(A)^(-1/2) | adj(A)*det(B)^(-1) | adj(A)*det(A)
x ./ (1 .+ exp(-x)) | log(1 .+ exp(x)) | (Diag(x) + A)*y | (Diag(x) - x*x')*y
(Diag(x) + A)*(Diag(y) + B)*z | diag(exp(A)) | diag(Diag(x)) | diag(A*B) | tr(exp(A))
diag(A ./ B) | (Diag(x) + x*x')*(Diag(x) - A) | tr((Diag(x) + A)*B) | inv(Diag(x) + A)
""".replace("\n", " | ").split(" | ")


def written() -> dict[str, Node]:
    """Expressions that texts do not say, or not so."""
    A, x, y = tensor("A", (N, N)), tensor("x", (N,)), tensor("y", (N,))
    B, s = tensor("B", (N, M)), tensor("s", ())
    Q = tensor("Q", (N, N), "orthogonal")
    e0, e1, ei = m.basis(0, N), m.basis(1, N), m.basis(2, N)
    n = size_node(N)
    low, high = m.embed(0, N, plus(N, M)), m.embed(N, M, plus(N, M))
    first, second = m.embed(0, 3, 10), m.embed(4, 3, 10)
    overlapping = m.embed(2, 3, 10)
    stack = m.stacked([x, tensor("w", (M,))], 0)
    u, v, a = (tensor(name, (3,)) for name in "uva")
    many = einsum([(A, [k, k + 1]) for k in range(20)], [0, 20])
    long = tensor("l0", (N,))
    for k in range(40):
        long = m.times(long, add(tensor(f"l{k}", (N,)), y))
    deep: Node = x
    for _ in range(12):
        deep = add(add(deep, y), deep)
    return {
        "e0ᵀA": m.contract(e0, A),
        "e0ᵀAe1": m.contract(m.contract(e0, A), e1),
        "e0ᵀe0": m.contract(e0, e0),
        "e0ᵀe1": m.contract(e0, e1),
        "e0 e0ᵀ A": m.contract(m.outer(e0, e0), A),
        "e0 ∘ x ∘ e0": m.times(m.times(e0, x), e0),
        "e0 ∘ e1": m.times(e0, e1),
        "Diag(e2) A": m.contract(m.diagonal_matrix(ei), A),
        "E (B ∘ D) 1": einsum(
            [(low, [3, 0]), (B, [0, 1]), (tensor("D", (N, M)), [0, 1])], [3]
        ),
        "EᵀE": m.contract(m.transpose(low), low),
        "EᵀF, apart": m.contract(m.transpose(low), high),
        "EᵀF, numbers apart": m.contract(m.transpose(first), second),
        "EᵀF, overlapping": m.contract(m.transpose(first), overlapping),
        "FᵀE, overlapping": m.contract(m.transpose(overlapping), second),
        "stack ∘ stack": m.contract(stack, stack),
        "part of a stack": m.contract(m.transpose(high), stack),
        "stack, squared": power(stack, 2),
        "n · n^-1": einsum([(power(n, -1), [])], [], {0: N}),
        "n · n^-2 x": einsum([(power(n, -2), []), (x, [0])], [0], {1: N}),
        "n m": einsum([], [], {0: N, 1: M}),
        "(n m)^2": power(einsum([], [], {0: N, 1: M}), 2),
        "3 · 1ᵀ1": einsum([], [], {0: 3, 1: N}),
        "A^20": many,
        "A^20 ∘ A^20": m.times(many, many),
        "a product of forty sums": long,
        "sums of sums": deep,
        "Q ⊗ Q": m.kron(Q, Q),
        "vec B · vec B": m.contract(m.vec(B), m.vec(B)),
        "vec(B) as rows": m.contract(m.vec(B, "C"), m.vec(B, "C")),
        "B in a grouped axis": einsum([(m.vec(B), [0])], [0, 0]),
        "sin of Diag": call("sin", [m.diagonal_matrix(x)]),
        "exp of Bᵀ spread": call("exp", [einsum([(B, [0, 1])], [1, 0, 2], {2: M})]),
        "max of transposes": call("max", [swapped(A), swapped(A)]),
        "x^p x^q": m.times(power(x, Fraction(1, 3)), power(x, Fraction(2, 3))),
        "x^0.1 x^-0.1": m.times(power(x, 0.1), power(x, -0.1)),
        "i x": scale(1j, add(scale(1j, x), y)),
        "(i x)^2": power(scale(1j, x), 2),
        "s s^-1": m.times(s, power(s, -1)),
        "2 (x + y) (2 s)": m.times(scale(2, add(x, y)), scale(2, s)),
        "linear with fractions": linear(
            [(x, Fraction(2, 3)), (add(x, y), Fraction(4, 3))], (N,)
        ),
        "1 as exp(0)": call("exp", [m.zeros(N)]),
        "½ as sigmoid(0)": call("sigmoid", [m.zeros(N)]),
        "lse of 0": call("lse", [m.zeros(N)]),
        "norm of 0": call("norm2", [m.zeros(N)], (1,)),
        "cofactors of order 2": call("cofactors", [A], (2,)),
        "cofactors of AAᵀ": call("cofactors", [m.contract(A, swapped(A))], (1,)),
        "inv of a batch": call("inv", [tensor("V", (M, N, N))]),
        "u × (v × a)": cross(u, cross(v, a)),
        "(u × v)ᵀ(a × u)": m.contract(cross(u, v), cross(a, u)),
        "(u × v)ᵀu": m.contract(cross(u, v), u),
        "(u × v) (a × v)ᵀ": m.outer(cross(u, v), cross(a, v)),
        "ε_kij ε_kij": einsum([(m.levicivita(3), range(3))] * 2, []),
        "ε_iij": einsum([(m.levicivita(3), [0, 0, 1])], [1]),
        "number in a product": m.times(number(3), m.times(number(Fraction(1, 3)), x)),
        **{f"{f}(0)": call(f, [m.zeros(N)]) for f in ("log1p", "cbrt", "acos", "cosh")},
    }


def cross(u: Node, v: Node) -> Node:
    """u × v."""
    return einsum([(m.levicivita(3), [0, 1, 2]), (u, [1]), (v, [2])], [0])


def chosen() -> dict[str, Node]:
    """Products with constants that choose, place or add up."""
    rng = np.random.default_rng(2)
    arrays = {
        "lower": np.tri(6),
        "upper": np.tri(6).T,
        "strictly lower": np.tri(6, k=-1),
        "every second": np.eye(6)[::2],
        "backwards": np.eye(6)[::-1],
        "shuffled": np.eye(6)[[2, 0, 1, 5, 3, 4]],
        "doubled": np.eye(6)[[0, 0, 3]],
        "ordinary": np.arange(36.0).reshape(6, 6),
        "of ones": np.ones((6, 6)),
        "complex": np.tri(6) * 1j,
        "almost": np.tri(6) + np.eye(6),
        "dense": rng.standard_normal((6, 6)),
    }
    x, B = tensor("x6", (6,)), tensor("B6", (6, 6))
    made = {}
    for name, array in arrays.items():
        c = constant(array, "c")
        rows = c.shape[0]
        made[f"{name} · x"] = m.contract(c, x)
        made[f"{name} · B"] = m.contract(c, B)
        made[f"Bᵀ · {name}ᵀ"] = m.contract(swapped(B), swapped(c))
        y = tensor("y6", (rows,))
        made[f"{name}ᵀ · y"] = m.contract(swapped(c), y)
        made[f"xᵀ · {name}ᵀ · y"] = m.contract(m.contract(y, c), x)
    return made


def derivatives() -> dict[str, Node]:
    """Gradients, Jacobians and Hessians, with all that they leave behind."""
    texts = {
        "x'*A*x": "x",
        "log(1 + exp(x'*y))": "x",
        "sum(log(1 .+ exp(X*x)))": "x",
        "norm2(X*x - w)": "x",
        "lse(A*x)": "x",
        "logdet(A*S*A')": "A",
        "det(X*X')": "X",
        "tr(inv(A)*B)": "A",
        "tr(expm(A)*B)": "A",
        "tr(expm(s*A))": "s",
        "sum(tanh(A*x) .* sigmoid(B*x))": "x",
        "x'*S*x / (x'*x)": "x",
        "sum(max(x, y) .* abs(x))": "x",
        "tr(L*L')": "L",
        "softmax(A*x)'*y": "x",
        "norm2(x)^3": "x",
        "sqrt(x'*P*x)": "x",
    }
    made = {}
    for text, name in texts.items():
        node = ic.parse(text, SHAPES).node
        leaf = next(v for v in toposort(node) if getattr(v, "name", "") == name)
        made[f"∂ {text}"] = gradient(node, leaf)
        made[f"∂∂ {text}"] = hessian(node, leaf, leaf)
    return made


@cache
def asked() -> dict[str, Node]:
    """Every expression by its title."""
    texts = dict.fromkeys(text.strip() for text in TEXTS if text.strip())
    return {
        **{text: ic.parse(text, SHAPES).node for text in texts},
        **written(),
        **chosen(),
        **derivatives(),
        **{
            f"{name}, {side}": pair[k]
            for name, pair in REWRITTEN.items()
            for k, side in enumerate(("left", "right"))
        },
        **{f"structures: {name}": row[0] for name, row in MEANINGS.items()},
        **{f"program: {name}": node for name, node in CASES.items()},
    }


#: Of longer lines the beginning and a fingerprint are kept.
LONGEST = 140


def cut(line: str) -> str:
    """The line; a long one as its beginning and a few digits that tell the rest."""
    if len(line) <= LONGEST:
        return line
    return f"{line[:LONGEST]}… {blake2b(line.encode(), digest_size=6).hexdigest()}"


# -- as text ---------------------------------------------------------------------------


def shown(root: Node) -> str:
    """A node with everything under it, every shared node once."""
    names: dict[Node, str] = {}
    lines = []
    for node in toposort(root):
        text = _line(node, names)
        if isinstance(node, Tensor):
            names[node] = text
        else:
            names[node] = f"#{len(lines)}"
            lines.append(f"#{len(lines)} = {text}")
    return "; ".join(lines) if lines else names[root]


def _line(node: Node, names: dict[Node, str]) -> str:
    match node:
        case Tensor():
            return f"{node.name}{':' if node.structure else ''}{node.structure}"
        case Sum():
            terms = [f"{number_text(c)}*{names[e]}" for e, c in node.terms]
            return " + ".join(terms) or "0"
        case Call():
            inside = ", ".join([names[e] for e in node.args] + [*map(str, node.params)])
            return f"{node.function}({inside}){'ˢ' if node.symmetric else ''}"
        case Einsum():
            factors = [f"{names[e]}{_legs(legs)}" for e, legs in node.operands]
            out = "".join(_legs(group) for group in node.out)
            return f"{' '.join(factors)}→{out} {','.join(map(size_text, node.dims))}"


def _legs(legs: tuple[int, ...]) -> str:
    return f"[{' '.join(map(str, legs))}]"


def forms(node: Node) -> Iterator[tuple[str, str]]:
    """What every pass makes of a node, where it makes something of it."""
    fused, facts = fuse_with_assumptions(node)
    yield "fused", shown(fused)
    for fact, about in facts:
        yield "if", f"{shown(about)} {fact}"
    passes: dict[str, Callable[[], Node]] = {
        "expanded": lambda: expand(node, 200),
        "named": lambda: recognised(fused),
        "split": lambda: split(node),
        "without diagonals": lambda: without_diagonals(fused),
        "without zeros": lambda: without_zeros(fused),
        **_read_diagonals(fused),
    }
    before = {shown(fused), shown(node)}
    for title, made in passes.items():
        try:
            text = shown(made())
        except IndexCalcError as error:
            text = str(error)
        if text not in before:
            before.add(text)
            yield title, text


def _read_diagonals(node: Node) -> dict[str, Callable[[], Node]]:
    if node.order != 2:
        return {}
    return {
        "diagonal": lambda: diagonals.diagonal(node, 1),
        "trace": lambda: diagonals.trace(node, 1),
        "columns": lambda: diagonals.gram_diagonal(node, 1),
        "rows": lambda: diagonals.outer_diagonal(node, 1),
        "norms": lambda: diagonals.column_norms(node, 1),
        "norm": lambda: diagonals.square_norm(node),
    }


def lowered_text(node: Node) -> str:
    """The product as it is written, and what contracts."""
    form = lowered(node)
    return "; ".join([str(form), ", ".join(form.axes), *form.contractions])


def form_text(name: str) -> str:
    """All forms of an expression, a line each."""
    node = asked()[name]
    told = ("lowered", lowered_text(node))
    rows = dict.fromkeys(f"{title}: {text}" for title, text in [*forms(node), told])
    return "\n".join(f"  {cut(row)}" for row in rows)


def fingerprint(seed: int) -> str:
    """A few digits of all forms of a drawn node and of its derivative."""
    node = draw(seed).node
    leaf = next(iter(variables(node).values()), None) if variables(node) else None
    slope = [jacobian(node, leaf)] if isinstance(leaf, Tensor) else []
    text = "\n".join(f"{t}: {s}" for e in (node, *slope) for t, s in forms(e))
    return blake2b(text.encode(), digest_size=6).hexdigest()


# -- the golden text -------------------------------------------------------------------


@cache
def golden() -> dict[str, str]:
    """The forms as they were."""
    return blocks(GOLDEN)


@pytest.mark.parametrize("name", [name for name in golden() if name[:5] != "drawn"])
def test_forms(name: str) -> None:
    """Every form is as it was."""
    assert form_text(name) == golden()[name]


@pytest.mark.parametrize("seed", SEEDS)
def test_fingerprints(seed: int) -> None:
    """So are those of drawn nodes."""
    assert f"  {fingerprint(seed)}" == golden()[f"drawn {seed}"]


def test_the_golden_text_is_complete() -> None:
    """No form more, none less."""
    assert list(golden()) == [*asked(), *(f"drawn {seed}" for seed in SEEDS)]


def main() -> None:
    """Write the golden text."""
    require_write("test_normal_forms")
    bodies = {name: form_text(name) for name in asked()}
    bodies |= {f"drawn {seed}": f"  {fingerprint(seed)}" for seed in SEEDS}
    GOLDEN.write_text(as_blocks(bodies), encoding="utf-8")


if __name__ == "__main__":
    main()
