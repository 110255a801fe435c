r"""Any text as LaTeX that plain pdflatex compiles: ASCII, no package beyond the kernel.

What Unicode has as one sign is a command; letters with accents carry them; compatible
forms are taken apart; whatever is left is a small block with its code point, drawn by
`HEXBLOCK`. Active characters of babel are kept out, and nothing of the text can become
a command.

>>> tex_line("1⅓ of xᵀy", "words"), tex_line("X⁻¹")
('1${}^{1}\\!/\\!{}_{3}$ of x${}^{\\mathrm{T}}$y', '$X {}^{-1}$')
>>> tex_line("}$\\input{x}")
'\\}\\$\\textbackslash{}input\\{$x$\\}'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ...latex_names import ACCENTS, COMMANDS, GREEK
from ..faces import harmless
from ..scenes.letters import Text, letter_runs

#: The definition of the blocks: the digits of a code point in two rows.
HEXBLOCK = (
    r"\def\ichex#1#2{$\vcenter{\fontsize{5}{5}\selectfont"
    r"\hbox{\kern.7pt#1\kern.7pt}\kern.6pt\hbox{\kern.7pt#2\kern.7pt}}$}"
)

#: ASCII that is not itself in a text: special to TeX, active in babel, or a ligature.
_ASCII = {
    "\\": r"\textbackslash{}",
    **{c: f"\\{c}" for c in "{}$%#&_"},
    "^": r"\^{}",
    "~": r"\~{}",
    **{c: f"${{{c}}}$" for c in "<>|=*"},
    '"': "{''}",
    "`": "{`}",
    "'": "{'}",
    "-": "{-}",
}

#: Signs that mathematics has a command for.
_SIGNS = {
    "·": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    "−": "-",
    "±": r"\pm ",
    "∘": r"\circ ",
    "◦": r"\circ ",
    "•": r"\bullet ",
    "⊗": r"\otimes ",
    "⊙": r"\odot ",
    "⊕": r"\oplus ",
    "∂": r"\partial ",
    "∇": r"\nabla ",
    "∑": r"\textstyle\sum ",
    "∏": r"\textstyle\prod ",
    "√": r"\surd ",
    "∞": r"\infty ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "≡": r"\equiv ",
    "→": r"\to ",
    "←": r"\gets ",
    "↔": r"\leftrightarrow ",
    "↦": r"\mapsto ",
    "∈": r"\in ",
    "∀": r"\forall ",
    "∃": r"\exists ",
    "′": "'",
    "″": "''",
    "‖": r"\Vert ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "†": r"\dagger ",
    "∗": "*",
    "°": r"{}^{\circ}",
    "ᵀ": r"{}^{\mathrm{T}}",
    "ᴴ": r"{}^{\mathrm{H}}",
    "⁻": "{}^{-}",
    "⁺": "{}^{+}",
    "¬": r"\neg ",
    "∧": r"\wedge ",
    "∨": r"\vee ",
    "ℝ": r"\mathbf{R}",
    "ℂ": r"\mathbf{C}",
    "ℕ": r"\mathbf{N}",
    "ℤ": r"\mathbf{Z}",
    "ℓ": r"\ell ",
}
_WORDS = {
    "…": r"\ldots{}",
    "–": "{--}",
    "—": "{---}",
    "‘": "{`}",
    "’": "{'}",
    "“": "{``}",
    "”": "{''}",
    "§": r"\S{}",
    "¶": r"\P{}",
    "©": r"\copyright{}",
    "£": r"\pounds{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "ȷ": r"\j{}",
    "\u00a0": " ",
}
#: The command of a combining accent.
_ACCENT = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0323\u0331",
        ("`", "'", "^", "~", "=", "u", ".", '"', "r", "H", "v", "c", "d", "b"),
        strict=True,
    )
)


_BELOW = "\u0327\u0323\u0331"

#: What stands in an exponent or a subscript as it is.
_FORMULA = re.compile(r"[0-9n()/+-]+|[A-Za-z]")

#: Where one formula ends and the next begins.
_SEAM = re.compile(r"(?<!\\)\$\$")

#: A letter with the accents that follow it.
_MARKED = re.compile(f"[^{''.join(_ACCENT)}][{''.join(_ACCENT)}]*|.", re.DOTALL)


def tex_line(text: str, what: Text = "names") -> str:
    r"""A line as it is set: letters that are variables slanted, words upright.

    >>> tex_line("det(X)"), tex_line("ij", "indices"), tex_line("x_1", "words")
    ('det($X$)', '\\textit{ij}', 'x\\_1')
    """
    text = unicodedata.normalize("NFC", harmless(text))
    if any(c in _ACCENT for c in text):
        return rf"\textit{{{tex_text(text)}}}" if what == "indices" else tex_text(text)
    return _SEAM.sub(" ", "".join(_run(*run) for run in letter_runs(text, what)))


def _run(text: str, italic: bool, level: int) -> str:
    if level:
        return f"${{}}{'^' if level > 0 else '_'}{{{_small(text, italic)}}}$"
    if not italic:
        return tex_text(text)
    if text in GREEK:
        return f"$\\{GREEK[text]}$"
    body = tex_text(text)
    return f"${text}$" if text.isascii() and len(text) == 1 else rf"\textit{{{body}}}"


def _small(text: str, italic: bool) -> str:
    """An exponent or a subscript: a formula of signs and letters, or words."""
    plain = text.replace("−", "-")
    if _FORMULA.fullmatch(plain) and (italic or plain == "n" or not plain.isalpha()):
        return plain
    set_as = "textit" if italic else "textrm"
    return rf"\mbox{{\scriptsize\{set_as}{{{tex_text(text)}}}}}"


def tex_text(text: str) -> str:
    r"""Upright text; a sign that cannot be shown is a small block with its code point.

    >>> tex_text("naïve λ 中"), tex_text("50% – \u202e")
    ('na\\"{\\i}ve $\\lambda$ \\ichex{4E}{2D}', '50\\% {--} $\\circ$')
    """
    return "".join(_letters(unicodedata.normalize("NFC", harmless(text))))


def _letters(text: str) -> Iterator[str]:
    for found in _MARKED.finditer(text):
        base, *marks = list(found[0])
        yield _accented(base, marks[0]) if marks else _letter(base)
        yield from map(_block, marks[1:])


def _letter(c: str) -> str:
    if c.isascii():
        return _ASCII.get(c, c)
    if c in _WORDS:
        return _WORDS[c]
    if c in _SIGNS:
        return f"${_SIGNS[c].strip()}$"
    if c in _ACCENT:
        return _accented("", c)
    return f"$\\{GREEK[c]}$" if c in GREEK else _decomposed(c)


def _decomposed(c: str) -> str:
    """A letter as its parts, where it has any."""
    parts = unicodedata.normalize("NFKD", c)
    above, bar, below = parts.partition("\u2044")
    if bar and parts.replace(bar, "").isascii():
        return f"${{}}^{{{above}}}\\!/\\!{{}}_{{{below}}}$"
    if parts != c:
        return "".join(_letters(parts))
    return _block(c)


def _block(c: str) -> str:
    code = f"{ord(c):X}"
    half = (len(code) + 1) // 2
    return rf"\ichex{{{code[:half]}}}{{{code[half:]}}}"


def _accented(base: str, mark: str) -> str:
    """A letter under its accent; an accent on nothing stands alone."""
    if base in ("i", "j") and mark not in _BELOW:
        return f"\\{_ACCENT[mark]}{{\\{base}}}"
    letter = _letter(base) if base and base not in _ACCENT else ""
    return f"\\{_ACCENT[mark]}{{{letter}}}"


# -- mathematics -----------------------------------------------------------------------

_TOKENS = re.compile(
    r"\\(?P<command>[A-Za-z]+)|\\[_,!;: ]|[A-Za-z0-9 .,:;()+*/=!?'^_{}-]"
)

#: The commands that a formula on a drawing may hold.
_KNOWN = (
    COMMANDS
    | frozenset(ACCENTS)
    | frozenset(["mathrm", "mathbf", "mathit", "frac", "tfrac", "cdot", "partial"])
    | frozenset(["times", "circ", "left", "right", "exp", "log", "sin", "cos", "tan"])
    | frozenset(["sinh", "cosh", "tanh", "det", "max", "min", "arcsin", "arccos"])
    | frozenset(["arctan", "nabla", "delta", "prime", "otimes", "odot", "ldots", "top"])
)


def safe_math(tex: str) -> str:
    r"""A formula that needs no package and cannot break out; "" for any other.

    >>> safe_math(r"x_{1}"), safe_math(r"\input{x}"), safe_math("x}"), safe_math("$")
    ('x_{1}', '', '', '')
    >>> safe_math(r"\operatorname{tr}(X)"), safe_math(r"\tfrac{\varkappa}{2}")
    ('\\mathop{\\mathrm{tr}}\\nolimits(X)', '\\frac{\\kappa}{2}')
    """
    depth = at = 0
    while at < len(tex):
        found = _TOKENS.match(tex, at)
        if found is None or not _known(found["command"]):
            return ""
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth < 0:
            return ""
        at = found.end()
    return _plain(tex) if depth == 0 else ""


def _known(command: str | None) -> bool:
    return command is None or command in _KNOWN or command == "operatorname"


def _plain(tex: str) -> str:
    """Without what only the packages of the AMS know."""
    named = re.sub(
        r"\\operatorname\{([^{}]*)\}", r"\\mathop{\\mathrm{\1}}\\nolimits", tex
    )
    return re.sub(r"\\(?:var(?=kappa)|t(?=frac))", r"\\", named)
