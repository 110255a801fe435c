r"""The words of a formula in LaTeX: variables, constants, numbers and functions.

A declared name wins, with its subscript and primes; then the constants `I_n`,
`\mathbf 1_n`, `e_1`, `\delta_{ij}`; letters under one font are a product unless they
were declared. A 1 beside another factor is the ones vector: as a number nobody writes
it there.

>>> from .declarations import declare
>>> from .latex_source import source_of
>>> source = source_of(r"\mathbf{AX}", declare({"A": "k n", "X": "n 3"}))
>>> [item.value for item in named(source, 0, 1)[0]]
['(', 'A', 'X', ')']
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BudgetError
from .latex_commands import FRACTIONS, FUNCTIONS, names_of_letter
from .latex_scripts import (
    Item,
    closing,
    indices,
    is_primes,
    is_transpose,
    lexeme,
    scripted,
    superscripts,
)
from .latex_sizes import digits, size
from .latex_source import Scripts, Source, Span, Word
from .scanner import Lexeme, ends_operand
from .symbols import NUMBERS
from .unknown_names import undeclared

CHAIN_LIMIT = 100
Step = tuple[list[Item], int]


# -- numbers and ones ------------------------------------------------------------------


def number(source: Source, i: int, stop: int, before: Sequence[Lexeme]) -> Step:
    """A number; a 1 that has a subscript or a transpose, or stands beside a factor, is
    the ones vector."""
    text, after = digits(source, i, stop)
    scripts = source.scripts(after, stop)
    if text == "1":
        turned = scripts.primes or any(is_transpose(source, s) for s in scripts.above)
        beside = bool(before) and ends_operand(before[-1])
        beside = beside or source.begins_operand(scripts.stop, stop)
        if turned or scripts.below is not None or beside:
            return ones(source, i, after, stop)
    if text == "0" and scripts.below is not None:
        items = _constant(source, i, "zeros", size(source, scripts.below))
        return [*items, *superscripts(source, scripts, after)], scripts.stop
    if scripts.below is not None:
        raise source.error("a number has no subscript", i)
    last = source.tokens[after - 1].stop
    literal = Lexeme("NUMBER", text, source.tokens[i].start, last)
    return [literal, *superscripts(source, scripts, after)], scripts.stop


def ones(source: Source, i: int, after: int, stop: int) -> Step:
    """A vector or a matrix of ones; its size stands below it, or is inferred."""
    scripts = source.scripts(after, stop)
    if scripts.below is None:
        items: list[Item] = [lexeme(source, i, "ONES", "𝟏")]
    else:
        items = _constant(source, i, "ones", size(source, scripts.below))
    return [*items, *superscripts(source, scripts, after)], scripts.stop


def _constant(
    source: Source, i: int, name: str, arguments: Sequence[Lexeme]
) -> list[Item]:
    brackets = lexeme(source, i, "LPAR", "("), lexeme(source, i, "RPAR", ")")
    return [lexeme(source, i, "FUNCTION", name), brackets[0], *arguments, brackets[1]]


# -- variables and constants -----------------------------------------------------------

_REFUSED = {
    "partial": "give the function, and differentiate it with diff",
    "nabla": "give the function, and differentiate it with gradient",
    "prod": "products over an index are not in the language",
    "int": "integrals are not in the language",
    "lim": "limits are not in the language",
    "pm": "write one sign",
    "infty": "infinity is not in the language",
    "therefore": "write one expression",
    "to": "write one expression",
    "in": "write one expression",
    "equiv": "write one expression",
    "binom": "binomials are not in the language",
}


def _is_lowered_name(source: Source, i: int, stop: int) -> bool:
    """Whether a function's word is, with its subscript, a declared name: tr_2."""
    word = source.word(i, stop)
    below = source.scripts(word.stop, stop).below if word is not None else None
    if word is None or below is None:
        return False
    names = source.with_subscript(word.names, below)
    return source.declared_as(names) in source.declared.variables


def named(source: Source, i: int, stop: int) -> Step:
    """What the word at i says, with its arguments or its scripts."""
    called = source.function(i, stop)
    if called is not None and not _is_lowered_name(source, i, stop):
        return _called(source, i, called[0], called[1], stop)
    word = source.word(i, stop)
    if word is None:
        token = source.tokens[i]
        raise source.error(
            f"{token.shown()} is not in the language", i, _REFUSED.get(token.value)
        )
    scripts = source.scripts(word.stop, stop)
    function = _before_bracket(source, word, scripts, stop)
    if function is not None:
        return _called(source, i, function, word.stop, stop)
    if scripts.below is not None:
        return _with_subscript(source, i, word, scripts)
    return _plain(source, i, word, scripts)


def _before_bracket(
    source: Source, word: Word, scripts: Scripts, stop: int
) -> str | None:
    r"""A declared function before a bracket; \sigma is the sigmoid unless declared."""
    marked = scripts.below is not None or not all(
        is_primes(source, span) for span in scripts.above
    )
    if marked or not source.opens(scripts.stop, stop, group=False):
        return None
    name = source.declared_as(word.names)
    if name is None:
        return "sigmoid" if "sigma" in word.names else None
    return name if name in source.declared.functions else None


def _plain(source: Source, i: int, word: Word, scripts: Scripts) -> Step:
    source.require_one(word.names, i)
    name = source.declared_as(word.names)
    above = [s for s in scripts.above if not is_primes(source, s)]
    primes = scripts.primes + sum(
        b - a for a, b in scripts.above if is_primes(source, (a, b))
    )
    for base in word.names:
        for count in range(min(primes, 3), 0, -1):
            if base + "′" * count in source.known:
                name, primes = base + "′" * count, primes - count
    left = Scripts(None, above, primes, scripts.stop)
    if name in source.declared.functions:
        raise source.error(f"{name} is a function", i, f"write {name}(…)")
    if name is None:
        return _undeclared(source, i, word, left)
    items: list[Item] = [lexeme(source, i, "NAME", name)]
    return [*items, *superscripts(source, left, i)], scripts.stop


def _undeclared(source: Source, i: int, word: Word, scripts: Scripts) -> Step:
    first = word.names[0]
    if first == "e" and scripts.above:
        return _exponential(source, i, scripts)
    items: list[Item] = []
    if first in ("I", "Id", "𝕀"):
        items = [lexeme(source, i, "NAME", "I")]
    elif source.tokens[i].value == "ℋ":
        items = _constant(source, i, "H_", [])
    elif word.written and _are_factors(source, first):
        items = [lexeme(source, i, "LPAR", "(")]
        items += [_factor(source, i, letter) for letter in first]
        items.append(lexeme(source, i, "RPAR", ")"))
    elif first in NUMBERS or (source.infer and first not in FUNCTIONS):
        items = [lexeme(source, i, "NAME", first)]
    if not items:
        raise undeclared(source.text, first, source.tokens[i].start, source.declared)
    return [*items, *superscripts(source, scripts, i)], scripts.stop


def _exponential(source: Source, i: int, scripts: Scripts) -> Step:
    """`e^{…}` of a scalar or a square matrix."""
    if len(scripts.above) > 1 or scripts.primes:
        raise source.error("one exponent is needed", i)
    span = scripts.above[0]
    head = [lexeme(source, i, "FUNCTION", "e^"), lexeme(source, i, "LPAR", "(")]
    return [*head, span, closing(source, span)], scripts.stop


def _are_factors(source: Source, word: str) -> bool:
    """Whether every letter of a word is declared, so that it is a product."""
    return all(
        letter == "I" or letter.isdigit() or source.declared_as(names_of_letter(letter))
        for letter in word
    )


def _factor(source: Source, i: int, letter: str) -> Lexeme:
    if letter.isdecimal():
        return lexeme(source, i, "NUMBER", letter)
    name = source.declared_as(names_of_letter(letter)) or letter
    return lexeme(source, i, "NAME", name)


# -- subscripts ------------------------------------------------------------------------

_COPIES = {"δ": "δ", "ε": "ε", "H": "H"}


def _with_subscript(source: Source, i: int, word: Word, scripts: Scripts) -> Step:
    """A name of its own, a tensor with its indices, or a constant of a size."""
    below = scripts.below
    assert below is not None
    names = source.with_subscript(word.names, below)
    source.require_one(names, i)
    whole = source.declared_as(names)
    base = source.declared_as(word.names)
    bare = Scripts(None, scripts.above, scripts.primes, scripts.stop)
    if whole is not None:
        return _plain(source, i, Word([whole], word.stop), bare)
    if base is not None and base in source.declared.variables:
        return _entry(source, i, base, scripts, bare)
    if base is not None:
        raise source.error(f"{base} takes no subscript", i)
    items = _sized_constant(source, i, word, below)
    if items is None and source.infer and names:
        items = [lexeme(source, i, "NAME", names[0])]
    if items is None:
        raise _unknown(source, i, word, names)
    return [*items, *superscripts(source, bare, i)], scripts.stop


def _entry(source: Source, i: int, base: str, scripts: Scripts, bare: Scripts) -> Step:
    """A_ij; A_ij with a transpose is an entry of the transpose."""
    assert scripts.below is not None
    names = indices(source, scripts.below)
    above = list(bare.above)
    if len(names) == 2 and len(source.declared.variables[base].shape) == 2:
        if bare.primes == 1 or any(is_transpose(source, span) for span in above):
            above = [span for span in above if not is_transpose(source, span)]
            names, bare = names[::-1], Scripts(None, above, 0, bare.stop)
        if any(source.character(*span) in ("-", "−") for span in above):
            raise source.error(
                "this may be an entry of the inverse or one over an entry",
                i,
                f"write ({base}^{{-1}})_{{{''.join(names)}}} or a fraction",
            )
    item = lexeme(source, i, "INDEXED", " ".join([base, *names]))
    return [item, *superscripts(source, bare, i)], scripts.stop


def _sized_constant(
    source: Source, i: int, word: Word, below: Span
) -> list[Item] | None:
    """`I_n`, `e_1`, `H_n`, `K_{m,n}`, `\\delta_{ij}`, `\\varepsilon_{ijk}`."""
    first = word.names[0]
    if first in ("I", "Id"):
        sizes = size(source, below)
        words = [w.value for w in sizes if w.type != "COMMA"]
        if len(words) == len(sizes):
            return _constant(source, i, "eye", sizes)
        if words == [words[0]] * 2 and len(sizes) == 3:
            return _constant(source, i, "eye", sizes[:1])
        return None
    if first == "e":
        return _basis(source, i, below)
    if first in ("H", "K") and _are_sizes(source, below):
        sizes = size(source, below)
        count = sum(w.type == "COMMA" for w in sizes)
        if count == 0 and source.tokens[i].value == "ℋ":
            return _constant(source, i, "H", sizes)
        if count == 1 and first == "K":
            return _constant(source, i, "commutation", sizes)
    if first in _COPIES:
        names = indices(source, below)
        return [lexeme(source, i, "INDEXED", " ".join([_COPIES[first], *names]))]
    return None


def _are_sizes(source: Source, below: Span) -> bool:
    """Whether a subscript lists numbers and declared sizes."""
    parts, _ = source.parts(below)
    known = source.declared.sizes
    return bool(parts) and all(
        part[0].isdigit() or any(name in known for name in part) for part in parts
    )


def _basis(source: Source, i: int, below: Span) -> list[Item]:
    """e_1 is the first basis vector, in LaTeX as in papers."""
    a, b = below
    digits = "".join(token.value for token in source.tokens[a : min(b, a + 9)])
    if not digits.isdecimal() or int(digits) == 0:
        raise source.error(
            "a basis vector has a number from 1 on below it",
            i,
            r"for a letter write index notation, \delta_{ij}",
        )
    place = lexeme(source, a, "NUMBER", str(int(digits) - 1))
    return _constant(source, i, "e_", [place])


def _unknown(source: Source, i: int, word: Word, names: Sequence[str]) -> Exception:
    first = word.names[0]
    capital = first.upper()
    if capital != first and capital in source.declared.variables:
        return source.error(
            f"{first} with a subscript may be a row or a column of {capital}",
            i,
            f"write every index, as in {capital}_{{ij}}, or a matrix product",
        )
    name = names[0] if names else first
    return undeclared(source.text, name, source.tokens[i].start, source.declared)


# -- functions -------------------------------------------------------------------------

#: Functions that take the whole product after them where no bracket follows.
_WHOLE = frozenset({"tr", "vec"})


def _called(source: Source, i: int, name: str, after: int, stop: int) -> Step:
    """A function and its argument: in brackets, or the operand after it."""
    scripts = source.scripts(after, stop)
    if scripts.below is not None:
        raise source.error(f"{name} takes no subscript", i)
    primes = scripts.primes + sum(
        b - a for a, b in scripts.above if is_primes(source, (a, b))
    )
    marked = name + "′" * primes + _entry_mark(source, i, scripts)
    j = scripts.stop
    if j >= stop:
        raise source.error(f"{name} lacks its argument", i)
    head: list[Item] = [lexeme(source, i, "FUNCTION", marked)]
    head.append(lexeme(source, j, "LPAR", "("))
    if source.opens(j, stop) and source.tokens[j].value in ("(", "[", "{", "group"):
        close = source.partner(j)
        items = [*head, (j + 1, close), lexeme(source, close, "RPAR", ")")]
        return scripted(source, items, close + 1, stop)
    if name in source.declared.functions:
        raise source.error(f"{name} is a function", i, f"write {name}(…)")
    end = _argument_end(source, name, j, stop)
    return [*head, (j, end), lexeme(source, end - 1, "RPAR", ")")], end


def _argument_end(source: Source, name: str, j: int, stop: int) -> int:
    """Where the argument ends that no bracket of the function's own holds.

    Raises `ParseError` where a factor follows that may belong to it.
    """
    end = operand_end(source, j, stop)
    if source.opens(j, stop) or source.command(j, stop) == "sum":
        return end
    digits_only = all(t.value.isdigit() for t in source.tokens[j:end])
    if digits_only and source.command(end, stop) == "pi":
        end = operand_end(source, end, stop)  # log 2π
    while source.begins_operand(end, stop) and not _starts_function(source, end, stop):
        if name not in _WHOLE:
            raise source.error(
                f"it is not clear where the argument of {name} ends",
                j,
                "put it in brackets",
            )
        end = operand_end(source, end, stop)
    return end


def _entry_mark(source: Source, i: int, scripts: Scripts) -> str:
    r"""`\exp^{\circ}` is entry by entry; another power of a function is refused."""
    above = [span for span in scripts.above if not is_primes(source, span)]
    if not above:
        return ""
    a, b = above[0]
    circle = source.command(a, b) in ("circ", "odot") or source.character(a, b) == "∘"
    if len(above) == 1 and b - a == 1 and circle:
        return "∘"
    raise source.error(
        "a power of a function may be of its value or of the function",
        i,
        "put the power behind the argument's brackets",
    )


def _starts_function(source: Source, i: int, stop: int) -> bool:
    return source.command(i, stop) == "sum" or source.function(i, stop) is not None


def operand_end(source: Source, i: int, stop: int) -> int:
    """Where the operand at i ends, with its scripts; functions reach over theirs."""
    for _ in range(CHAIN_LIMIT):
        if source.command(i, stop) == "sum":
            return _term_end(source, i, stop)
        called = source.function(i, stop)
        if called is None:
            return source.scripts(_atom_end(source, i, stop), stop).stop
        i = source.scripts(called[1], stop).stop
        if source.opens(i, stop):
            return source.scripts(source.partner(i) + 1, stop).stop
    raise BudgetError(
        f"more than {CHAIN_LIMIT} functions without brackets",
        text=source.text,
        position=source.tokens[min(i, len(source.tokens) - 1)].start,
    )


def _term_end(source: Source, i: int, stop: int) -> int:
    """Where the product at i ends: what a sum over an index reaches to."""
    while i < stop and source.character(i, stop) not in _TERM_ENDS:
        i = source.partner(i) + 1 if source.opens(i, stop) else i + 1
    return i


_TERM_ENDS = ("+", "-", "−", ",", "=", ":")


def _atom_end(source: Source, i: int, stop: int) -> int:
    if not source.begins_operand(i, stop):
        raise source.error("an operand was expected", i)
    if source.opens(i, stop):
        return source.partner(i) + 1
    if source.tokens[i].kind == "digit":
        return digits(source, i, stop)[1]
    name = source.command(i, stop)
    if name in FRACTIONS:
        return source.argument(source.argument(i + 1, stop)[1], stop)[1]
    if name == "sqrt":
        return source.argument(i + 1, stop)[1]
    word = source.word(i, stop)
    return word.stop if word is not None else i + 1
