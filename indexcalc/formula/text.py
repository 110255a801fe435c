"""Formulas spelled: one walk, and a record of spellings for each style.

The plain style is the text language. What stands on paper is in `paper`, LaTeX in
`latex`: further records, read back to the same expression.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> A, x = leaf(tensor("A", ("n", "n"))), leaf(tensor("x", ("n",)))
>>> whole = product([transposed(x), A, x])
>>> spelled(whole)
"x'*A*x"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from ..errors import UnsupportedError
from ..functions import USERS
from ..legible import harmless
from ..sizes import names_in, size_text
from . import (
    POWERS,
    Formula,
    fold,
    is_all_ones,
    negative,
    number,
    parts,
    scaled,
)
from .style import (
    ATOM,
    COLON,
    JOINED,
    POSTFIX,
    PRODUCT,
    SUM,
    Said,
    Style,
    is_decimal,
    plain_number,
)
from .told import names, size_names, sizes_told


def spelled(f: Formula, style: Style | None = None, sizes: Iterable[str] = ()) -> str:
    """The formula in a style; plain is the default.

    `sizes` are names of sizes that are declared beside those of its variables.

    Ones and identities go without their size where the style lets them and the rest of
    the formula tells it.
    """
    taken = frozenset(names(f))
    known = frozenset(size_names(f) | {*sizes}) - taken
    chosen = replace(style or PLAIN, known=known, taken=taken)
    clash = chosen.reserved & taken
    if clash:
        raise UnsupportedError(
            f"on paper the variable {min(clash)} would be read as the function",
            hint="ask for the plain style, or rename the variable",
        )
    if chosen.may_be_bare and "I" not in chosen.taken and sizes_told(f):
        chosen = replace(chosen, bare=True)
    return said(f, chosen).text


def said(f: Formula, style: Style) -> Said:
    """The formula in a style, with its level."""
    return fold(f, lambda g, args: style.words[g.op](style, g, args))


# -- rules shared by the styles --------------------------------------------------------


def _product(style: Style, f: Formula, args: list[Said]) -> Said:
    """Numbers, scalars and the chain; scalars of negative power as a denominator."""
    pairs = list(zip(f.args, args, strict=True))
    below = [(g, s) for g, s in pairs if _is_divisor(g)]
    above = [(g, s) for g, s in pairs if not _is_divisor(g)]
    lone = [(g, s) for g, s in above if not g.order]
    chain = [(g, s) for g, s in above if g.order]
    last = len(above) - 1
    texts = [_scalar_factor(style, k < last, g, s) for k, (g, s) in enumerate(lone)]
    texts += _chain_texts(style, chain, bool(texts) or f.value != 1)
    c = -f.value if negative(f) else f.value
    if style.divides and isinstance(c, Fraction) and texts and not is_decimal(c):
        below = [(number(c.denominator), Said(str(c.denominator), ATOM)), *below]
        c = c.numerator
    if c != 1 or not texts:
        texts.insert(0, style.number(c, bool(texts)))
    sign = "-" if negative(f) else ""
    if len(texts) == 1:
        top = (lone + chain)[0][1] if c == 1 and lone + chain else Said(texts[0], ATOM)
    else:
        top = Said(style.joined(texts), style.joint)
    if below:
        top = _quotient(style, top, below)
    return Said(style.signs["-"] + style.within(top, PRODUCT), SUM) if sign else top


def _is_divisor(g: Formula) -> bool:
    return g.op == "power" and isinstance(g.value, (int, Fraction)) and g.value < 0


def _scalar_factor(style: Style, followed: bool, g: Formula, s: Said) -> str:
    loose = followed and s.level < POSTFIX and g.op != "number"
    return style.bracketed(s.text) if loose else style.within(s, style.joint)


def _chain_texts(
    style: Style, chain: list[tuple[Formula, Said]], behind: bool
) -> list[str]:
    """The factors of a chain. A Hadamard product that nothing but numbers stand beside
    needs no brackets."""
    if len(chain) == 1:
        g, s = chain[0]
        bare = g.op == "hadamard" and s.level == PRODUCT
        return [s.text if bare else style.within(s, style.joint)]
    return [style.within(s, JOINED) for _, s in chain]


def _quotient(style: Style, top: Said, below: list[tuple[Formula, Said]]) -> Said:
    divisors = []
    for g, s in below:
        if not _is_divisor(g):
            divisors.append(s)
            continue
        base = Formula("power", g.args, -g.value) if g.value != -1 else g.args[0]
        divisors.append(said(base, style))
    return style.over(style, style.within(top, PRODUCT), divisors)


def slash(style: Style, top: str, divisors: list[Said]) -> Said:
    """Division written on the line."""
    if len(divisors) == 1:
        return Said(f"{top}/{style.within(divisors[0], POSTFIX)}", PRODUCT)
    inside = style.joined([style.within(s, style.joint) for s in divisors])
    return Said(f"{top}/{style.bracketed(inside)}", PRODUCT)


def _sum(style: Style, f: Formula, args: list[Said]) -> Said:
    spread = _spread_term(f) if style.spreads else None
    pieces: list[str] = []
    for k, g in enumerate(f.args):
        dotted = spread is not None and (k == spread or (k == 1 and spread == 0))
        body = _as_scalar(g) if k == spread else g
        sign = "-" if negative(body) else "+"
        bare = (
            said(scaled(-1, body), style)
            if sign == "-"
            else _term(style, body, g, args[k])
        )
        text = style.within(bare, SUM + 1)
        if k:
            pieces.append(style.signs[f".{sign}" if dotted else f" {sign} "])
        elif sign == "-":
            pieces.append(style.signs["-"])
        pieces.append(text)
    return Said("".join(pieces), SUM)


def _term(style: Style, body: Formula, g: Formula, known: Said) -> Said:
    return known if body is g else said(body, style)


def _spread_term(f: Formula) -> int | None:
    """The term of a sum that is a scalar in every entry, if exactly one is."""
    found = [k for k, g in enumerate(f.args) if _as_scalar(g) is not g]
    return found[0] if len(found) == 1 else None


def _as_scalar(g: Formula) -> Formula:
    c, lone, chain = parts(g)
    ones = (len(chain) == 1 and chain[0].op == "ones") or is_all_ones(_chain(g, chain))
    if not ones or not g.order or g.row:
        return g
    return Formula("product", tuple(lone), c) if lone else Formula("number", value=c)


def _chain(g: Formula, chain: list[Formula]) -> Formula:
    return Formula("product", tuple(chain), 1, g.shape) if chain else g


def _hadamard(style: Style, f: Formula, args: list[Said]) -> Said:
    above = [k for k, g in enumerate(f.args) if not _is_reciprocal(g)]
    below = [k for k, g in enumerate(f.args) if _is_reciprocal(g)]
    text = style.signs["∘"].join(_factor(style, f.args[k], args[k]) for k in above)
    if not below:
        return Said(text, PRODUCT)
    if not above:
        text = style.number(1, False)
    for k in below:
        g = f.args[k]
        base = (
            g.args[0] if g.value == -1 else Formula("epower", g.args, -g.value, g.shape)
        )
        text += style.signs["⊘"] + _entry(style, said(base, style), JOINED)
    return Said(text, PRODUCT)


def _factor(style: Style, g: Formula, s: Said) -> str:
    """A factor of a Hadamard product; X∘X needs no brackets there."""
    return s.text if g.op == "epower" else _entry(style, s, PRODUCT)


def _entry(style: Style, s: Said, level: int) -> str:
    """An operand of ∘ or ⊘; juxtaposition binds tighter than both."""
    return s.text if s.level > level else style.bracketed(s.text)


def _is_reciprocal(g: Formula) -> bool:
    return g.op == "epower" and isinstance(g.value, (int, Fraction)) and g.value < 0


def _infix(symbol: str) -> Callable[[Style, Formula, list[Said]], Said]:
    def rule(style: Style, f: Formula, args: list[Said]) -> Said:
        texts = [s.text if s.level > PRODUCT else style.bracketed(s.text) for s in args]
        return Said(style.signs[symbol].join(texts), PRODUCT)

    return rule


def _colon(style: Style, f: Formula, args: list[Said]) -> Said:
    texts = [style.within(s, PRODUCT) for s in args]
    return Said(style.signs[":"].join(texts), COLON)


def _function(name: str) -> Callable[[Style, Formula, list[Said]], Said]:
    def rule(style: Style, f: Formula, args: list[Said]) -> Said:
        return Said(f"{name}({', '.join(s.text for s in args)})", ATOM)

    return rule


def _number(style: Style, f: Formula, args: list[Said]) -> Said:
    text = style.number(f.value, False)
    return Said(text, SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM)


def _leaf(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(harmless(f.value), ATOM)


def _size(style: Style, f: Formula, args: list[Said]) -> Said:
    text = size_text(f.value)
    if not names_in(f.value) <= style.known:
        return Said(f"sum(ones({text}))", ATOM)
    return Said(text, ATOM if text.isidentifier() else SUM)


# -- plain -----------------------------------------------------------------------------


def _plain_transpose(style: Style, f: Formula, args: list[Said]) -> Said:
    level = ATOM if f.args[0].op in POWERS else POSTFIX
    return Said(f"{style.within(args[0], level)}'", POSTFIX)


def caret(mark: str) -> Callable[[Style, Formula, list[Said]], Said]:
    def rule(style: Style, f: Formula, args: list[Said]) -> Said:
        if f.value == Fraction(1, 2):
            return Said(f"sqrt({args[0].text})", ATOM)
        if f.value == -1 and f.op == "epower":
            return Said(f"1./{_entry(style, args[0], JOINED)}", PRODUCT)
        if f.value == -1 and f.op == "power":
            return style.over(style, style.number(1, False), [args[0]])
        exponent = style.number(f.value, False)
        if not exponent.isdigit():
            exponent = f"({exponent})"
        return Said(f"{style.within(args[0], POSTFIX)}{mark}{exponent}", POSTFIX)

    return rule


def _plain_call(style: Style, f: Formula, args: list[Said]) -> Said:
    name, *params = f.value
    inside = ", ".join(s.text for s in args)
    if name not in USERS:
        return Said(f"{name}({inside})", ATOM)
    called, orders = harmless(params[0]), params[1]
    if len(orders) == 1:
        return Said(f"{called}{'′' * orders[0]}({inside})", ATOM)
    if any(orders):
        called = f"D({called}, {', '.join(map(str, orders))})"
    return Said(f"{called}({inside})", ATOM)


def _plain_ones(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(f"ones({size_text(f.value)})", ATOM)


def _plain_eye(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(f"eye({size_text(f.value)})", ATOM)


def _zeros(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(f"zeros({', '.join(map(size_text, f.shape))})", ATOM)


def _basis(style: Style, f: Formula, args: list[Said]) -> Said:
    i, n = f.value
    return Said(f"e({size_text(i)}, {size_text(n)})", ATOM)


def _copy(style: Style, f: Formula, args: list[Said]) -> Said:
    n, order = f.value
    text = f"H({size_text(n)})" if order == 3 else f"delta({size_text(n)}, {order})"
    return Said(text, ATOM)


def _commutation(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(f"commutation({', '.join(map(size_text, f.value))})", ATOM)


def _pow(style: Style, f: Formula, args: list[Said]) -> Said:
    base = style.within(args[0], POSTFIX)
    exponent = args[1].text if f.args[1].op == "leaf" else f"({args[1].text})"
    return Said(f"{base}.^{exponent}", POSTFIX)


def _dot(style: Style, f: Formula, args: list[Said]) -> Said:
    texts = [style.within(s, JOINED) for s in args]
    return Said(style.joined(texts), style.joint)


def _block(style: Style, f: Formula, args: list[Said]) -> Said:
    rows = [args[k : k + f.value] for k in range(0, len(args), f.value)]
    text = "; ".join(", ".join(s.text for s in row) for row in rows)
    return Said(f"[{text}]", ATOM)


def _numbers(style: Style, f: Formula, args: list[Said]) -> Said:
    rows = (", ".join(style.number(c, False) for c in row) for row in f.value)
    return Said(f"[{'; '.join(rows)}]", ATOM)


def _named(style: Style, f: Formula, args: list[Said]) -> Said:
    name, sizes = f.value
    return Said(f"{name}({', '.join(map(size_text, sizes))})", ATOM)


def _entry_word(style: Style, f: Formula, args: list[Said]) -> Said:
    inside = args[0]
    called = inside.level == ATOM and "_" not in inside.text
    bare = called or f.args[0].op == "leaf"
    text = inside.text if bare else style.bracketed(inside.text)
    return Said(f"{text}_{''.join(f.value)}", ATOM)


def _unit_word(style: Style, f: Formula, args: list[Said]) -> Said:
    return Said(f"E_{''.join(f.value)}", ATOM)


def _permuted(style: Style, f: Formula, args: list[Said]) -> Said:
    axes = ", ".join(map(str, f.value))
    return Said(f"transpose({args[0].text}, {axes})", ATOM)


def parenthesised(text: str) -> str:
    """The text in parentheses."""
    return f"({text})"


SHARED: dict[str, Callable[[Style, Formula, list[Said]], Said]] = {
    "number": _number,
    "leaf": _leaf,
    "size": _size,
    "ones": _plain_ones,
    "eye": _plain_eye,
    "zeros": _zeros,
    "basis": _basis,
    "copy": _copy,
    "commutation": _commutation,
    "product": _product,
    "sum": _sum,
    "hadamard": _hadamard,
    "transpose": _plain_transpose,
    "inv": _function("inv"),
    "mpower": caret("^"),
    "power": caret("^"),
    "epower": caret(".^"),
    "pow": _pow,
    "call": _plain_call,
    "kron": _infix("⊗"),
    "face": _infix("•"),
    "outer": _infix("⋆"),
    "khatri": _function("khatri_rao"),
    "colon": _colon,
    "dot": _dot,
    "permuted": _permuted,
    "block": _block,
    "numbers": _numbers,
    "named": _named,
    "titled": lambda style, f, args: _function(f.value[2])(style, f, args),
    "entry": _entry_word,
    "unit": _unit_word,
    "kronecker": lambda style, f, args: Said(f"δ_{''.join(f.value)}", ATOM),
    "total": _function("sum"),
    **{
        name: _function(name)
        for name in ("Diag", "diag", "tr", "norm2", "normsq", "adj", "vec")
    },
}

PLAIN = Style(
    words=SHARED,
    joint=PRODUCT,
    joined="*".join,
    number=plain_number,
    over=slash,
    bracketed=parenthesised,
    signs={
        " + ": " + ",
        " - ": " - ",
        ".+": " .+ ",
        ".-": " .- ",
        "-": "-",
        "∘": ".*",
        "⊘": "./",
        "⊗": "⊗",
        "•": "•",
        "⋆": "⋆",
        ":": " : ",
    },
    spreads=True,
    divides=True,
)
