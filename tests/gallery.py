"""The gallery: every picture of `docs/gallery.md`, made from the code above it.

    python -m tests.gallery --write

writes the page and its drawings anew; `test_gallery` compares them byte by byte.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import indexcalc as ic

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURES = DOCS / "gallery.md", DOCS / "gallery"

HEAD = """# Gallery

Every picture here was drawn by the code above it, and a test draws it again. Black
wires are axes of the value, dashed amber ones those of the variable of differentiation;
a thick bar stands at a matrix's first axis; a dot is a copy tensor, so that all wires
on it carry the same index. `.svg(legend=True)` adds that to a picture.

```python
import indexcalc as ic
```
"""


@dataclass(frozen=True)
class Entry:
    """A picture: its file's name, what to see in it, the code whose last line is the
    diagram, and options of the writer."""

    name: str
    told: str
    code: str
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Section:
    """Pictures about one thing."""

    title: str
    told: str
    entries: tuple[Entry, ...]


SECTIONS = (
    Section(
        "Row sums of a Hadamard product",
        "The question: y = (X∘A)1, and its derivative by A. Written out, the entrywise "
        "product is a lens between two dots and the vector of ones is a dot with one "
        "leg; fused, the ones dot is gone.",
        (
            Entry(
                "hadamard-ones-written",
                "As it is written, with every copy tensor.",
                """
                X, A = ic.tensors("X A", "n p")
                y = (X * A) @ ic.ones("p")
                y.diagram(fuse=False)
                """,
            ),
            Entry(
                "hadamard-ones",
                "Fused: the dot i with X and A, joined by a plain column wire.",
                "y.diagram()",
            ),
            Entry(
                "hadamard-ones-loop",
                "The derivative before it is worked out: a loop, and an amber wire for "
                "each axis of A.",
                'y.diagram(by="A")',
            ),
            Entry(
                "hadamard-ones-derivative",
                "Worked out: the node A is deleted. δ_ik X_il, which is H X.",
                'y.diff("A").diagram()',
                (("legend", True),),
            ),
            Entry(
                "hadamard-ones-film",
                "The steps between.",
                'y.film("A").strip()',
            ),
        ),
    ),
    Section(
        "W(AX∘AX)1",
        "The second question: a dot with W, A and A on it; the two X are joined at the "
        "column wire. Its derivative has three axes.",
        (
            Entry(
                "squares",
                "The value.",
                """
                F = ic.parse("W*((A*X).*(A*X))*ones(3)", W="k k", A="k n", X="n 3")
                F.diagram()
                """,
            ),
            Entry("squares-derivative", "∂F/∂X.", 'F.diff("X").diagram()'),
            Entry("squares-film", "The steps.", 'F.film("X").strip()'),
        ),
    ),
    Section(
        "x∘y∘z",
        "The third question: one dot with four legs, and its derivative, the diagonal "
        "matrix of y∘z.",
        (
            Entry(
                "three-vectors",
                "The value.",
                """
                x, y, z = ic.tensors("x y z", "n")
                (x * y * z).diagram()
                """,
            ),
            Entry(
                "three-vectors-derivative",
                "By x: the dot keeps y and z, and gets a second free wire.",
                "(x * y * z).diff(x).diagram()",
            ),
        ),
    ),
    Section(
        "A(B(xcᵀ∘D)∘E)f",
        "The fourth question, as a scalar and as a vector: dots p (A, B, E), k (B, x, "
        "D) and e (c, D, E, f).",
        (
            Entry(
                "nested",
                "The vector.",
                """
                shapes = {"A": "q a", "B": "a b", "D": "b e", "E": "a e"}
                shapes |= {"x": "b", "c": "e", "f": "e"}
                g = ic.parse("A*((B*((x*c').*D)).*E)*f", shapes)
                g.diagram()
                """,
            ),
            Entry(
                "nested-derivative",
                "By x: x is gone, and a free wire hangs on its dot.",
                'g.diff("x").diagram()',
            ),
            Entry(
                "nested-scalar",
                "The scalar, with a row vector in the place of A.",
                """
                s = ic.parse("a'*((B*((x*c').*D)).*E)*f", shapes | {"a": "a"})
                s.diagram()
                """,
            ),
            Entry(
                "nested-scalar-derivative",
                "Its gradient: ((Bᵀ(E∘afᵀ))∘D)c.",
                's.gradient("x").diagram()',
            ),
        ),
    ),
    Section(
        "Traces",
        "A closed wire is a trace. Deleting a node opens the ring: Aᵀ and Bᵀ, their "
        "bars on the right.",
        (
            Entry(
                "trace",
                "tr(AXB).",
                """
                t = ic.parse("tr(A*X*B)", A="m n", X="n p", B="p m")
                t.diagram()
                """,
            ),
            Entry("trace-derivative", "By X: AᵀBᵀ.", 't.diff("X").diagram()'),
            Entry(
                "frobenius",
                "‖AX − B‖², multiplied out.",
                """
                r = ic.parse("sum((A*X-B).^2)", A="m n", X="n p", B="m p")
                r.expand().diagram()
                """,
            ),
            Entry(
                "trace-of-identity",
                "tr I: a ring, the number n.",
                'ic.parse("tr(eye(n))*x", x="n").diagram()',
            ),
        ),
    ),
    Section(
        "Bare wires",
        "A loop round X alone is two bare wires, row to new row and column to new "
        "column; of a transpose they cross.",
        (
            Entry(
                "self",
                "∂X/∂X.",
                """
                M = ic.tensor("X", "m n")
                M.diff(M).diagram()
                """,
            ),
            Entry("transpose", "∂Xᵀ/∂X.", "M.T.diff(M).diagram()"),
            Entry(
                "commutation",
                "A commutation matrix, vec(Xᵀ) = K vec(X): a twist.",
                'ic.commutation("m", "n").diagram()',
            ),
        ),
    ),
    Section(
        "Functions",
        "A dotted frame stands round an elementwise function's argument, and wires "
        "pass through it; at a solid frame they end and new ones begin.",
        (
            Entry(
                "tanh",
                "A layer: tanh(Wx + b).",
                """
                h = ic.parse("tanh(W*x + b)", W="m n", x="n", b="m")
                h.diagram()
                """,
            ),
            Entry("tanh-derivative", "By x.", 'h.diff("x").diagram()'),
            Entry(
                "inverse",
                "The derivative of an inverse: the box splits.",
                """
                X = ic.tensor("X", "n n")
                ic.parse("inv(X)", X="n n").diff("X").diagram()
                """,
            ),
            Entry(
                "logdet",
                "log det(AXAᵀ + I) by X.",
                """
                d = ic.parse("logdet(A*X*A' + eye(m))", A="m n", X="n n")
                d.diff("X").diagram()
                """,
            ),
            Entry(
                "logistic",
                "The gradient of a logistic loss.",
                """
                l = ic.parse("sum(softplus(X*w)) - y'*X*w", X="n p", w="p", y="n")
                l.gradient("w").diagram()
                """,
            ),
            Entry(
                "logistic-hessian",
                "Its Hessian: the two dashed wires are the two axes of w.",
                'l.hessian("w").diagram()',
            ),
            Entry(
                "inverse-film",
                "aᵀX⁻¹b by X, step by step.",
                """ic.parse("a'*inv(X)*b", a="n", X="n n", b="n").film("X").strip()""",
            ),
        ),
    ),
    Section(
        "Kronecker, vec and Khatri–Rao",
        "Wires that are merged into one axis run into a wedge, the slow index on top; "
        "a double wire leaves it.",
        (
            Entry(
                "kronecker",
                "A⊗B.",
                'ic.parse("kron(A,B)", A="m n", B="p q").diagram()',
            ),
            Entry("vec", "vec(X).", 'ic.parse("vec(X)", X="m n").diagram()'),
            Entry(
                "vec-product",
                "(Bᵀ⊗A)vec(X): the wires of X go through, nothing is grouped inside.",
                """
                ic.parse("kron(B',A)*vec(X)", A="m n", X="n p", B="p q").diagram()
                """,
            ),
            Entry(
                "unfolded",
                "The Jacobian of W(AX∘AX)1 as a matrix over vec X.",
                'F.diff("X").unfolded().diagram()',
            ),
        ),
    ),
    Section(
        "Any einsum string",
        "`ic.diagram_from` draws a string as it stands, its letters kept.",
        (
            Entry("einsum-trace", "A trace of three.", 'ic.diagram_from("ij,jk,ik->")'),
            Entry(
                "einsum-mps",
                "Two matrix product states, contracted: a ladder.",
                """
                names = "A1 A2 A3 A4 B1 B2 B3 B4".split()
                ic.diagram_from("pa,aqb,brc,cs,pd,dqe,erf,fs->", *names)
                """,
            ),
            Entry(
                "einsum-cp",
                "A canonical polyadic decomposition: one dot joins all factors.",
                'ic.diagram_from("ir,jr,kr,r->ijk", "A", "B", "C", "w")',
            ),
            Entry(
                "einsum-tucker",
                "A Tucker decomposition.",
                'ic.diagram_from("abc,ia,jb,kc->ijk", "G", "U", "V", "W")',
            ),
        ),
    ),
    Section(
        "A lattice",
        "The Ising model on a 3×3 torus: every spin is an index, every bond a matrix; "
        "an index in four matrices is a dot with four wires.",
        (
            Entry(
                "ising",
                "The partition function, the contraction of all.",
                """
                down = "ad dg ga be eh hb cf fi ic"
                along = "ab bc ca de ef fd gh hi ig"
                bonds = f"{down} {along}".replace(" ", ",")
                Z = ic.einsum(f"{bonds}->", *[ic.tensor("B", "2 2")] * 18)
                Z.diagram()
                """,
            ),
            Entry(
                "ising-derivative",
                "By B: all bonds are alike, so it is 18 times the network without one.",
                'Z.diff("B").diagram()',
            ),
        ),
    ),
    Section(
        "Plans",
        "The order in which a value is computed, as a tree: every step with its shape "
        "and its floating-point operations.",
        (
            Entry(
                "plan-chain",
                "P Q v at n = 1000: the vector first.",
                """
                P, Q = ic.tensors("P Q", "n n")
                (P @ Q @ ic.tensor("v", "n")).plan(n=1000).diagram()
                """,
            ),
            Entry(
                "plan-squares",
                "The derivative of W(AX∘AX)1.",
                'F.diff("X").plan(k=200, n=100).diagram()',
            ),
        ),
    ),
)


def entries() -> Iterator[Entry]:
    """All pictures in the order of the page."""
    for section in SECTIONS:
        yield from section.entries


def drawings() -> dict[str, str]:
    """The SVG text of every picture, by the name of its file."""
    space: dict[str, Any] = {"ic": ic}
    return {
        f"{entry.name}.svg": _last(shown_code(entry), space).svg(
            theme="auto", background="auto", **dict(entry.options)
        )
        for entry in entries()
    }


def shown_code(entry: Entry) -> str:
    """The code of an entry without its indentation."""
    lines = entry.code.strip("\n").splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines).strip()


def _last(code: str, space: dict[str, Any]) -> Any:
    """Runs code and answers the value of its last line."""
    *before, last = ast.parse(code).body
    exec(compile(ast.Module(before, []), "gallery", "exec"), space)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "gallery", "eval"), space)


def page() -> str:
    """The page in Markdown."""
    lines = [HEAD]
    for section in SECTIONS:
        lines += [f"## {section.title}", "", section.told, ""]
        for entry in section.entries:
            lines += [entry.told, "", "```python", shown_code(entry), "```", ""]
            lines += [f"![{entry.told}](gallery/{entry.name}.svg)", ""]
    return "\n".join(lines)


def main() -> None:
    """Writes the page and its drawings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", required=True)
    parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    for name, text in drawings().items():
        (PICTURES / name).write_text(text, encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
