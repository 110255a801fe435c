"""What textbooks and answers print for well-known derivatives, as a person writes it.

A row refers to the table of known derivatives (`tests.identities`, by id: A1, C11) or
to a question (`question_forms.json`, by id: nmf-half), which say function, shapes,
variable and order. `answer` is the published answer in paper notation, its parts named
after "where"; `reads` says the same in words that the reader needs where the answer
leaves something open (the size of 𝟏). `form` is what the answer is: the derivative as a
matrix, or over vec.

>>> symbols("2Aᵀ(Ax − b)"), symbols("Diag(exp(x))"), symbols("X⁻ᵀI_n")
(9, 7, 4)
>>> known("C2").answer
'−X⁻ᵀabᵀX⁻ᵀ'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexcalc.text.vocabulary import TABLE as TABLE_OF_WORDS
from tests.identities import ROWS

FORMS = Path(__file__).with_name("question_forms.json")

_CALLED = "|".join(sorted(map(re.escape, TABLE_OF_WORDS), key=len, reverse=True))
_WORD = re.compile(
    rf"commutation\([^)]*\)|(?:{_CALLED})(?=\s*[(‖])|where|lam|yh|[0-9]+(?:\.[0-9]+)?"
)
_SIZE = re.compile(r"(?<=[I1𝟏])_(?:\{[^}]*\}|\w)")
_MARKS = re.compile(r"[\s_^{}]")


def symbols(text: str) -> int:
    """The printed symbols: characters, the name of a function or a number as one.

    Not counted are spaces, the marks of sub- and superscripts, and the sizes of an I, a
    1 or a commutation matrix, which every writer may add or leave out.
    """
    return len(_MARKS.sub("", _WORD.sub("w", _SIZE.sub("", text))))


@dataclass(frozen=True, eq=False)
class Known:
    """A published derivative."""

    id: str
    source: str
    text: str
    shapes: Mapping[str, str]
    variable: str
    order: int
    answer: str
    reads: str = ""
    form: str = "matrix"
    convention: str = ""

    @property
    def parts(self) -> tuple[str, dict[str, str]]:
        """The answer to be read, and its named parts in the order they were given."""
        whole, _, named = (self.reads or self.answer).partition(" where ")
        pairs = [part.partition("=") for part in named.split(";") if part]
        return whole, {name.strip(): said.strip() for name, _, said in pairs}


#: Answers to rows of the table of known derivatives: the answer, and what it needs to
#: be read.
MATRICES: dict[str, str | tuple[str, str]] = {
    "A1": "a",
    "A2": "A",
    "A4": "abᵀ",
    "A5": "baᵀ",
    "A13": ("2(𝟏ᵀX𝟏)𝟏𝟏ᵀ", "2(𝟏ᵀX𝟏)1_m 1_nᵀ"),
    "A14": "X(bcᵀ + cbᵀ)",
    "A17": "(B + Bᵀ)x + b",
    "A19": "(D + Dᵀ)(Xb + c)bᵀ",
    "A20": "−2AᵀW(x − As)",
    "A20-general": "−Aᵀ(W + Wᵀ)(x − As)",
    "A22": "2W(x − As)",
    "A23": "−2W(x − As)sᵀ",
    "A25": "abᵀ(X²)ᵀ + XᵀabᵀXᵀ + (X²)ᵀabᵀ",
    "A26b": "X²(abᵀ + baᵀ)Xᵀ + XᵀX²(abᵀ + baᵀ)",
    "A29": "2(xᵀAx)(A + Aᵀ)x",
    "A31": "BᵀACx + CᵀAᵀBx",
    "B1": ("I", "I_n"),
    "B2": "Aᵀ",
    "B4": "BA",
    "B5": "A",
    "B7": ("tr(A)I", "tr(A)I_n"),
    "B8": "2Xᵀ",
    "B10": "(B + Bᵀ)X",
    "B11": "X(B + Bᵀ)",
    "B13": "2X",
    "B14": "CᵀXBBᵀ + CXBBᵀ",
    "B16": "AᵀCᵀXBᵀ + CAXB",
    "B17": "2Aᵀ(AXB + C)Bᵀ",
    "B19": "4(X³)ᵀ",
    "B20": "(AX²)ᵀ + (XAX)ᵀ + (X²A)ᵀ",
    "B22": "AᵀCBᵀ",
    "C2": "−X⁻ᵀabᵀX⁻ᵀ",
    "C4": "−(X⁻¹BAX⁻¹)ᵀ",
    "C5": "−((X + A)⁻¹(X + A)⁻¹)ᵀ",
    "C7": "−2CX(XᵀCX)⁻¹XᵀBX(XᵀCX)⁻¹ + 2BX(XᵀCX)⁻¹",
    "C8": "−2CXMXᵀBXM + 2BXM where M = (A + XᵀCX)⁻¹",
    "C11": "−2Xuuᵀ where u = (XᵀX + lam I)⁻¹b",
    "D1": "det(X)X⁻ᵀ",
    "D4": "2det(XᵀAX)AX(XᵀAX)⁻¹",
    "D5": "det(XᵀAX)(AX(XᵀAX)⁻¹ + AᵀX(XᵀAᵀX)⁻¹)",
    "D7": "X⁻ᵀ",
    "D7-log": "X⁻ᵀ",
    "D8": "3det(X³)X⁻ᵀ",
    "D10": "2(A + XXᵀ)⁻¹X",
    "D11": "diag(K(I + Diag(x)K)⁻¹)",
    "E1": "Diag(y∘z)",
    "E7": "A(B∘(E Diag(c∘f)Dᵀ))",
    "E10": "A∘B",
    "E11": "(abᵀ)∘Y",
    "E19": "XAXᵀ + XXAᵀ + XᵀXA",
    "F7": ("x⊗I + I⊗x", "x⊗I_n + I_n⊗x"),
    "F8": ("A(x⊗x) + (xᵀ⊗I + I⊗xᵀ)Aᵀx", "A(x⊗x) + (xᵀ⊗I_n + I_n⊗xᵀ)Aᵀx"),
    "F10": "A",
    "F11": ("(Cᵀ⊗𝟏)∘(𝟏⊗A)", "(Cᵀ⊗1_m)∘(1_p⊗A)"),
    "G4": "diag(A)",
    "G8": "2y∘x",
    "N1": "(x − a)/norm2(x − a)",
    "N2": "I/norm2(x − a) − (x − a)(x − a)ᵀ/norm2(x − a)³",
    "N4": "2X",
    "N5": "X/norm2(X)",
    "N7": "−2W(xrᵀ + rxᵀ) where r = x − WᵀWx",
    "N8": "sign(x)",
    "N13": "4(XXᵀ − M)X",
    "S1": "Diag(exp(x))",
    "S2": "Aᵀexp(AX)",
    "S4": "softmax(x)",
    "S5": "Diag(sigmoid(Ax)∘(𝟏 − sigmoid(Ax)))A",
    "S7": "(𝟏ᵀt)softmax(z) − t",
    "S11": "3A∘X∘X",
    "S13": "log(x) + 𝟏",
    "S14": "(xᵀMx)I + xxᵀ(M + Mᵀ)",
    "S16": "f(S⁻ᵀddᵀS⁻ᵀ − S⁻ᵀ)/2 where f = k exp(−dᵀS⁻¹d/2)/sqrt(det(S)); d = x − a",
    "S17": "(I − 𝟏𝟏ᵀ/n − uuᵀ/(n s²))/s where s = sqrt(uᵀu/n); u = x .- mean(x)",
    "S19": "PᵀG where P = Diag(1./(E𝟏))E; E = exp(QKᵀ)",
    "H1": "A + Aᵀ",
    "H4": "XᵀDiag(p∘(𝟏 − p))X where p = sigmoid(Xw)",
    "H5": "2(SxxᵀS + (xᵀAx)S) where S = A + Aᵀ",
    "H7": "(𝟏ᵀt)(Diag(s) − ssᵀ) where s = softmax(z)",
    "H8": "AᵀDiag(exp(Ax))A",
    "H10": "6Diag(x)",
    "H13": "(yᵀZBZy − tr(ZB))/2 where Z = (K + tB)⁻¹",
    "S10": "cosm(X)ᵀ",
    "N11": "polar(X)",
    "T1": "A + Aᵀ − A∘I",
    "T2-logdet": "2X⁻¹ − X⁻¹∘I",
    "T4": "diag(A)",
}

#: Over vec: rows vec of the value, columns vec of the variable.
JACOBIANS: dict[str, str | tuple[str, str]] = {
    "A11": "Bᵀ⊗A",
    "A28": ("x⊗I + I⊗x", "x⊗I_n + I_n⊗x"),
    "C1": "−X⁻ᵀ⊗X⁻¹",
    "E2": "Diag(vec(A))",
    "E5": "2W((AX)•A)",
    "E5-vec": (
        "2(𝟏ᵀ⊗W)Diag(vec(AX))(I⊗A)",
        "2(1_3ᵀ⊗W)Diag(vec(AX))(I_3⊗A)",
    ),
    "E8": ("Diag(vec(T))(Aᵀ⊗I)", "Diag(vec(T))(Aᵀ⊗I_m)"),
    "E14": "3Diag(vec(X∘X))",
    "F1": "Bᵀ⊗A",
    "S8": "xᵀ⊗Diag(1_m − tanh(Wx)∘tanh(Wx))",
    "vec-XtX": ("(Xᵀ⊗I)K + I⊗Xᵀ", "(Xᵀ⊗I_n)commutation(m, n) + I_n⊗Xᵀ"),
    "vec-XBX": ("(BX)ᵀ⊗I + I⊗XB", "(BX)ᵀ⊗I_m + I_m⊗XB"),
    "AXB": "Bᵀ⊗A",
    "hess-AXB-C": "BBᵀ⊗AᵀA",
    "sig-X": "Diag(vec(S∘(1_m 1_nᵀ − S))) where S = sigmoid(X)",
}

#: Answers to questions, by "id" or "id variable".
QUESTIONS: dict[str, str | tuple[str, str]] = {
    "had-inner-a": "z∘y",
    "had-inner-b": "2x∘y∘y",
    "had-inner-c": "2(α∘y − x)∘y",
    "wmf-trace-U": "2(W∘W∘(UVᵀ − A))V",
    "mf-mask-reg U": "(Ω∘(UVᵀ − M))V + λU",
    "frob-FM": "2M∘M∘F",
    "tr-XtX-A-sq": "4XXᵀX − 2XA − 2XAᵀ",
    "lowrank-xx-g": "(xxᵀ − A)x",
    "lowrank-xx-h": "2xxᵀ + (xᵀx)I − A",
    "trlog-XtBX": "2X⁻ᵀ",
    "logdet-I-XXt": "2(I + XXᵀ)⁻¹X",
    "logdet-XXtAinv": "2(XXᵀ)⁻¹X",
    "inv-aXb": "−X⁻ᵀabᵀX⁻ᵀ",
    "softmax-cost-W": (
        "X(P − Y) where P = Diag((Y𝟏)⊘(E𝟏))E; E = exp(XᵀW)",
        "X(P − Y) where P = Diag((Y1_k)⊘(E1_k))E; E = exp(XᵀW)",
    ),
    "mma-trX2": "2Xᵀ",
    "mma-trAXtBXC": "BᵀXAᵀCᵀ + BXCA",
    "unitvec-jac": "(I − vvᵀ)/norm2(x) where v = x/norm2(x)",
    "tr-XXt": "2X",
    "ones-Phi-norm": (
        "2Xᵀ((𝟏𝟏ᵀF)∘(𝟏𝟏ᵀ − F∘F)) where F = tanh(XV)",
        "2Xᵀ((1_t 1_tᵀF)∘(1_t 1_mᵀ − F∘F)) where F = tanh(XV)",
    ),
    "ones-x": ("𝟏", "1_n"),
    "ones-centering": "2x + 2(n − 2)(𝟏ᵀx)1_n",
    "relu-WX-frob": (
        "(heaviside(WX)∘(𝟏(𝟏ᵀrelu(WX) − relu(eᵀX))))Xᵀ",
        "(heaviside(WX)∘(1_d(1_dᵀrelu(WX) − relu(e(0, d)ᵀX))))Xᵀ",
    ),
    "hess-logreg-ll": "−XᵀDiag(h∘(𝟏 − h))X where h = sigmoid(Xθ)",
    "hess-logloss-l2": "I + CXᵀDiag(y∘y∘h∘(𝟏 − h))X where h = sigmoid(−y∘(Xw))",
    "mvn-hess-mu": "−NK⁻¹",
    "nmf-half W": "(WH − V)Hᵀ",
    "nmf-half H": "Wᵀ(WH − V)",
    "frob-A-BhadX": "2B∘(AᵀA(B∘X))",
    "frob-scalar-x": "2x tr(AᵀA) − tr(BᵀA) − tr(AᵀB)",
    "frob-ABAt-C": "2(ABᵀAᵀAB + ABAᵀABᵀ − CᵀAB − CABᵀ)",
    "tr-BAPBA-a": "diag(BᵀB Diag(a)(P + Pᵀ))",
    "tr-AXBXtC-D-B": "2(XᵀAᵀAXBXᵀCCᵀX − XᵀAᵀDCᵀX)",
    "cossim-abs": (
        "sign(k − c)(cv/norm2(v)² − w/(norm2(v)norm2(w))) "
        "where c = vᵀw/(norm2(v)norm2(w))"
    ),
    "hess-Ax-b": "2AᵀA",
    "exp-aXinva": "−X⁻ᵀaaᵀX⁻ᵀexp(aᵀX⁻¹a)",
    "sy-trX2B": "(XB + BX)ᵀ",
    "sy-trsum": "I + 2Aᵀ",
    "skew2-v": "I(wᵀv) + wvᵀ − 2vwᵀ",
    "grad-trXinvY": "−X⁻ᵀYX⁻ᵀ",
    "rayleigh1-grad": "(Ax + Aᵀx)/norm2(x) − x(xᵀAx)/norm2(x)³",
    "lse-hess": "Diag(t) − ttᵀ where t = softmax(x)",
    "had-pow2": "2Diag(yh − y)",
    "norm-12-X": "Diag(((X∘X)𝟏)^∘(-1/2))X",
    "norm-21-AX": "AᵀAX Diag((((AX)∘(AX))ᵀ𝟏)^∘(-1/2))",
    "quad-mu": "(S + Sᵀ)(μ − x)",
    "pca-Av A": "2(AV − X)Vᵀ",
    "em-tong": "tr(gD)g − gDg",
    "hess-gauss": "2αβexp(−βθᵀθ)(2βθθᵀ − I)",
    "quad-cbA-g": "b + 2Ax",
    "quad-cbA-h": "2A",
    "hess-fAxb": "Aᵀ(Diag(s) − ssᵀ)A where s = softmax(Ax + b)",
    "expm-dt": "xᵀAexpm(tA)Bx",
    "neuron-dW W": "(z∘(𝟏 − z))xᵀ where z = sigmoid(Wx)",
    "neuron-dW x": "Wᵀ(z∘(𝟏 − z)) where z = sigmoid(Wx)",
    "symja-aXb": "abᵀ",
    "sy-expMx": "Diag(exp(Mx))M",
    "inv-ABdiagx-b": "−ZB Diag(Zb) where Z = (A + B Diag(x))⁻¹",
}

#: Where ours is longer, with what it is for.
LONGER = {
    "D8": "3 det(X)² adj(X)ᵀ is right for singular X too",
    "S17": "that the entries of x − mean(x) add to zero is not used",
}


def question_forms() -> list[dict[str, Any]]:
    """The questions as texts."""
    found: list[dict[str, Any]] = json.loads(FORMS.read_text(encoding="utf-8"))
    return found


def _row(name: str, said: str | tuple[str, str], form: str) -> Known:
    answer, reads = (said, "") if isinstance(said, str) else said
    identity = next((row for row in ROWS if row.id == name), None)
    if identity is not None:
        return Known(
            name, identity.source, identity.text, identity.shapes, identity.variable,
            identity.order, answer, reads, form, identity.convention,
        )  # fmt: skip
    id, _, variable = name.partition(" ")
    asked = next(row for row in question_forms() if row["id"] == id)
    return Known(
        name, asked["url"], asked["text"], asked["shapes"],
        variable or asked["variables"][0], asked["order"], answer, reads, form,
    )  # fmt: skip


TABLE = {
    f"{name} {form}": _row(name, said, form)
    for form, rows in (
        ("matrix", MATRICES | QUESTIONS),
        ("jacobian", JACOBIANS),
    )
    for name, said in rows.items()
}


def known(name: str, form: str = "matrix") -> Known:
    """The row of that name."""
    return TABLE[f"{name} {form}"]
