r"""Formulas in LaTeX: a third record of spellings.

What it prints needs nothing but amsmath, and is read back by `parse_latex`.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> from indexcalc.formula.text import spelled
>>> A, x = leaf(tensor("A", ("n", "n"))), leaf(tensor("x", ("n",)))
>>> spelled(product([transposed(A), x]), LATEX)
'A^{\\top} x'
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ..coefficients import Number
from ..functions import USERS
from ..latex_names import latex_name, latex_number, latex_size, subscripted_latex
from ..sizes import names_in
from . import Formula, word
from .paper import PAPER
from .style import ATOM, COLON, JOINED, POSTFIX, PRODUCT, SUM, Said, Style
from .text import SHARED

Rule = Callable[[Style, Formula, list[Said]], Said]

#: Functions that LaTeX has a command for.
COMMANDS = {
    **{name: f"\\{name}" for name in ("exp", "log", "sin", "cos", "tan", "det")},
    **{name: f"\\{name}" for name in ("sinh", "cosh", "tanh", "max", "min")},
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "sigmoid": r"\sigma",
}


#: Functions that are also functions of a square matrix, as series.
MATRIX_FUNCTIONS = frozenset({"exp", "log", "sin", "cos", "sqrt"})


def bracketed(text: str) -> str:
    """The text in parentheses that grow with it."""
    return rf"\left({text}\right)"


def _raised(base: Said, exponent: str) -> Said:
    text = base.text if base.level == ATOM else bracketed(base.text)
    return Said(f"{text}^{{{exponent}}}", POSTFIX)


def _transpose(style: Style, f: Formula, args: list[Said]) -> Said:
    (base,) = f.args
    if base.op == "inv" and args[0].text.endswith("^{-1}"):
        return Said(args[0].text.removesuffix("^{-1}") + r"^{-\top}", POSTFIX)
    return _raised(args[0], r"\top")


def _inverse(style: Style, f: Formula, args: list[Said]) -> Said:
    if f.args[0].op == "transpose" and args[0].text.endswith(r"^{\top}"):
        return Said(args[0].text.removesuffix(r"^{\top}") + r"^{-\top}", POSTFIX)
    return _raised(args[0], "-1")


def _power(mark: str) -> Rule:
    def rule(style: Style, f: Formula, args: list[Said]) -> Said:
        inverted = f.op == "mpower" and f.args[0].op == "inv"
        if inverted and args[0].text.endswith("^{-1}"):
            return Said(args[0].text.removesuffix("1}") + f"{f.value}}}", POSTFIX)
        if f.value == Fraction(1, 2) and _is_square(f):
            return _called(operator("sqrt") + r"^{\circ}", args)
        if f.value == Fraction(1, 2):
            return Said(rf"\sqrt{{{args[0].text}}}", ATOM)
        if f.value == -1 and f.op == "power":
            return Said(rf"\frac{{1}}{{{args[0].text}}}", ATOM)
        p = f.value
        plain = isinstance(p, Fraction) and p.denominator < 1_000
        exponent = f"{p.numerator}/{p.denominator}" if plain else latex_number(p)
        return _raised(args[0], mark + exponent)

    return rule


def _entry_power(style: Style, f: Formula, args: list[Said]) -> Said:
    if f.value == 2 and f.args[0].op == "leaf":
        return Said(f"{args[0].text} \\circ {args[0].text}", PRODUCT)
    return _power(r"\circ ")(style, f, args)


def _over(style: Style, top: str, divisors: list[Said]) -> Said:
    texts = [s.text if s.level >= JOINED else bracketed(s.text) for s in divisors]
    bottom = divisors[0].text if len(divisors) == 1 else r" \, ".join(texts)
    return Said(rf"\frac{{{top}}}{{{bottom}}}", ATOM)


def _name(style: Style, f: Formula, args: list[Said]) -> Said:
    if f.value in style.renamed:
        return Said(style.renamed[f.value], ATOM)
    return Said(latex_name(str(f.value)), ATOM)


def _size(style: Style, f: Formula, args: list[Said]) -> Said:
    text = latex_size(f.value)
    if not names_in(f.value) <= style.known:
        return Said(
            rf"\mathbf{{1}}_{{{text}}}^{{\top}} \mathbf{{1}}_{{{text}}}", JOINED
        )
    lone = len(text) == 1 or not set(text) & set("+- ")
    return Said(text, SUM if "+" in text or "-" in text else ATOM if lone else JOINED)


def _ones(style: Style, f: Formula, args: list[Said]) -> Said:
    lowered = "" if style.bare else f"_{{{latex_size(f.value)}}}"
    return Said(rf"\mathbf{{1}}{lowered}", ATOM)


def _eye(style: Style, f: Formula, args: list[Said]) -> Said:
    if "I" in style.taken:
        return _named(style, word("named", value=("eye", (f.value,))), args)
    return Said("I" if style.bare else f"I_{{{latex_size(f.value)}}}", ATOM)


def _zeros(style: Style, f: Formula, args: list[Said]) -> Said:
    shape = r" \times ".join(map(latex_size, f.shape))
    return Said(rf"\mathbf{{0}}_{{{shape}}}", ATOM)


def _basis(style: Style, f: Formula, args: list[Said]) -> Said:
    i, n = f.value
    said = f"e_{{{i + 1 if isinstance(i, int) else latex_size(i)}}}"
    if style.bare or not isinstance(i, int):
        return Said(said, ATOM)
    return Said(f"I_{{{latex_size(n)}}} {said}", JOINED)


def _copy(style: Style, f: Formula, args: list[Said]) -> Said:
    n, order = f.value
    name = r"\mathcal{H}" if order == 3 else r"\delta"
    return Said(f"{name}_{{{latex_size(n)}}}", ATOM)


def _commutation(style: Style, f: Formula, args: list[Said]) -> Said:
    if "K" in style.taken:
        return _named(style, word("named", value=("commutation", f.value)), args)
    return Said(f"K_{{{','.join(map(latex_size, f.value))}}}", ATOM)


def _total(style: Style, f: Formula, args: list[Said]) -> Said:
    body = args[0].text if args[0].level >= JOINED else bracketed(args[0].text)
    end = r" \mathbf{1}" if f.args[0].order == 2 else ""
    return Said(rf"\mathbf{{1}}^{{\top}} {body}{end}", JOINED)


def _norm(style: Style, f: Formula, args: list[Said]) -> Said:
    mark = "_F" if f.args[0].order == 2 else ""
    return Said(rf"\left\|{args[0].text}\right\|{mark}", ATOM)


def _square(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(_norm(style, f, args).text + "^{2}", POSTFIX)


def _called(name: str, args: list[Said]) -> Said:
    return Said(name + bracketed(", ".join(s.text for s in args)), ATOM)


def operator(name: str) -> str:
    r"""A function's name as an operator: `\exp`, `\operatorname{tr}`."""
    if name in COMMANDS:
        return COMMANDS[name]
    escaped = name.replace("_", r"\_")
    return rf"\operatorname{{{escaped}}}"


def _call(style: Style, f: Formula, args: list[Said]) -> Said:
    name, *params = f.value
    if name in USERS:
        called, orders = params[:2]
        symbol = latex_name(called)
        if len(orders) == 1:
            return _called(symbol + "'" * orders[0], args)
        lowered = [latex_number(k) for k in orders] if any(orders) else []
        return _called(subscripted_latex(symbol, lowered), args)
    if name == "logdet":
        return Said(rf"\log\left|\det {_tight(args[0])}\right|", POSTFIX)
    if name == "abs" and not f.order:
        return Said(rf"\left|{args[0].text}\right|", ATOM)
    entrywise = name in MATRIX_FUNCTIONS and _is_square(f)
    return _called(operator(name) + ("^{\\circ}" if entrywise else ""), args)


def _is_square(f: Formula) -> bool:
    return f.order == 2 and f.shape[0] == f.shape[1]


def _tight(s: Said) -> str:
    return s.text if s.level == ATOM else bracketed(s.text)


def _word(name: str) -> Rule:
    return lambda style, f, args: _called(operator(name), args)


def _pow(style: Style, f: Formula, args: list[Said]) -> Said:
    return _raised(args[0], r"\circ " + bracketed(args[1].text))


def _permuted(style: Style, f: Formula, args: list[Said]) -> Said:
    axes = ", ".join(map(str, f.value))
    return _called(operator("transpose"), [args[0], Said(axes, ATOM)])


def _below(name: str, indices: tuple[str, ...]) -> str:
    return f"{name}_{{{''.join(latex_name(i) for i in indices)}}}"


def _block(style: Style, f: Formula, args: list[Said]) -> Said:
    rows = [args[k : k + f.value] for k in range(0, len(args), f.value)]
    text = r" \\ ".join(" & ".join(s.text for s in row) for row in rows)
    return Said(rf"\begin{{bmatrix}} {text} \end{{bmatrix}}", ATOM)


def _numbers(style: Style, f: Formula, args: list[Said]) -> Said:
    rows = (" & ".join(style.number(c, False) for c in row) for row in f.value)
    text = r" \\ ".join(rows)
    return Said(rf"\begin{{bmatrix}} {text} \end{{bmatrix}}", ATOM)


def _named(style: Style, f: Formula, args: list[Said]) -> Said:
    name, sizes = f.value
    return _called(operator(name), [Said(latex_size(n), ATOM) for n in sizes])


def _entry(style: Style, f: Formula, args: list[Said]) -> Said:
    closed = args[0].level == ATOM or f.args[0].op == "leaf"
    inside = (
        args[0].text if closed and "_" not in args[0].text else bracketed(args[0].text)
    )
    return Said(_below(inside, f.value), POSTFIX)


def _colon(style: Style, f: Formula, args: list[Said]) -> Said:
    texts = [style.within(s, PRODUCT) for s in args]
    return Said(" : ".join(texts), COLON)


def _number(c: Number, factor: bool) -> str:
    return latex_number(c)


LATEX = Style(
    words={
        **SHARED,
        "leaf": _name,
        "size": _size,
        "ones": _ones,
        "eye": _eye,
        "zeros": _zeros,
        "basis": _basis,
        "copy": _copy,
        "commutation": _commutation,
        "transpose": _transpose,
        "inv": _inverse,
        "mpower": _power(""),
        "power": _power(""),
        "epower": _entry_power,
        "pow": _pow,
        "call": _call,
        "total": _total,
        "norm2": _norm,
        "normsq": _square,
        "khatri": _word("khatri_rao"),
        "permuted": _permuted,
        "block": _block,
        "numbers": _numbers,
        "named": _named,
        "titled": lambda style, f, args: _called(operator(f.value[2]), args),
        "entry": _entry,
        "unit": lambda style, f, args: Said(_below("E", f.value), POSTFIX),
        "kronecker": lambda style, f, args: Said(_below(r"\delta", f.value), POSTFIX),
        "colon": _colon,
        **{name: _word(name) for name in ("Diag", "diag", "tr", "adj", "vec")},
    },
    joint=JOINED,
    joined=" ".join,
    number=_number,
    over=_over,
    bracketed=bracketed,
    signs={
        **PAPER.signs,
        " - ": " - ",
        "-": "-",
        "∘": r" \circ ",
        "⊘": r" \oslash ",
        "⊗": r" \otimes ",
        "•": r" \bullet ",
        "⋆": r" \star ",
        ":": " : ",
    },
    may_be_bare=True,
)
