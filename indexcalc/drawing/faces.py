"""What a box looks like: its form, the text on it, whether it carries a bar.

A tensor is a square with a bar at its first index, a circle with one leg, a text where
it has none, a block with numbered ports where it has more than two. A function is a
frame round its arguments; one of whole plain tensors, such as inv(X), is a box of its
own with X⁻¹ on it.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", ("n", "n"))
>>> face_of(Box("X1", "tensor", "X", X.shape, tensor=X)).form
'matrix'
>>> shown_name("x_1"), shown_name("lambda")
('x₁', 'λ')
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..coefficients import Number, number_text
from ..diagrams.model import Box, End, Network, Picture
from ..functions import is_elementwise
from ..latex_names import GREEK, latex_name, latex_number, latex_size
from ..nodes import SYMMETRIC
from ..sizes import Size, size_text

Form: TypeAlias = Literal[
    "text",
    "vector",
    "matrix",
    "block",
    "elementwise",
    "function",
    "bracket",
    "loop",
    "wedge",
]

#: The forms that are frames round contents.
FRAMES: frozenset[Form] = frozenset({"elementwise", "function", "bracket", "loop"})

#: The longest text on a box and the smallest font before it is cut, in px.
WIDEST, SMALLEST, NORMAL = 104.0, 9.0, 15.0


@dataclass(frozen=True, slots=True)
class Face:
    """`text` stands on the box, or in the corner of a frame; `tex` is the same in
    mathematical LaTeX; `full` is what it says in full; `barred` asks for the bar at the
    first port."""

    form: Form
    text: str
    tex: str
    full: str
    barred: bool = False


def face_of(box: Box) -> Face:
    """What a box looks like.

    >>> s = Box("s1", "part", "K", ())
    >>> face_of(s).form
    'text'
    """
    match box.kind:
        case "tensor" | "part":
            return _plain(box)
        case "function":
            return _function(box)
        case "bracket":
            return Face("bracket", "", "", "a sum in brackets")
        case "loop":
            name = box.tensor.name if box.tensor else ""
            said = f"the derivative by {harmless(name)}, not worked out"
            return Face("loop", f"∂{shown_name(name)}", rf"\partial {tex(name)}", said)
        case "wedge":
            return Face("wedge", "", "", "axes grouped into one")


def compact(box: Box) -> bool:
    """Whether a function is drawn as a box of its own, without its contents: where
    they can be said in a few letters, and no wire would pass through its frame."""
    if box.kind != "function" or (box.ports and is_elementwise(box.function)):
        return False
    return all(said_by(content) is not None for content in box.contents)


def is_symmetric_box(box: Box) -> bool:
    """Whether exchanging the two ports of a matrix changes nothing."""
    if box.kind == "function" and box.function in SYMMETRY_KEPT and compact(box):
        inner = [b for c in box.contents for _, net in c.terms for b in net.boxes]
        return all(map(is_symmetric_box, inner))
    return box.tensor is not None and box.tensor.structure in SYMMETRIC


#: The functions of matrices that keep symmetry.
SYMMETRY_KEPT = frozenset({"inv", "expm", "sqrtm", "logm", "pinv", "cofactors"})


@dataclass(frozen=True, slots=True)
class Said:
    """A picture in a few letters: as text and LaTeX, the names in it, and whether it
    is one thing, which needs no brackets."""

    text: str
    tex: str
    names: tuple[str, ...]
    single: bool = True


#: The longest argument that is said in letters.
LONGEST_SAID = 20


def said_by(content: Picture) -> Said | None:
    """A picture that is one plain tensor with its axes in order, or a short scalar
    formula of sizes and plain scalars; None for anything else.

    >>> from indexcalc.diagrams.model import Dot
    >>> ring = Network((), (Dot("i", "n"),), ())
    >>> said_by(Picture((), ((2, ring),))).text
    '2n'
    """
    if content.ends:
        return _tensor_said(content)
    terms = [_term_said(c, network) for c, network in content.terms]
    if not terms or any(term is None for term in terms):
        return None
    listed = [term for term in terms if term is not None]
    text = _joined([term.text for term in listed])
    latex = _joined([term.tex for term in listed])
    names = tuple(name for term in listed for name in term.names)
    if len(text) > LONGEST_SAID and not all(term.single for term in listed):
        return None
    return Said(text, latex, names, len(listed) == 1 and listed[0].single)


def _tensor_said(content: Picture) -> Said | None:
    if len(content.terms) != 1 or content.terms[0][0] != 1:
        return None
    network = content.terms[0][1]
    if len(network.boxes) != 1 or network.dots or not _in_order(network, content):
        return None
    box = network.boxes[0]
    if box.kind not in ("tensor", "part"):
        return None
    return Said(shown_name(box.label), tex(box.label), (box.label,))


def _term_said(coefficient: Number, network: Network) -> Said | None:
    """A product of sizes and scalars, each in a few letters."""
    if network.wires or isinstance(coefficient, complex):
        return None
    faces = [face_of(box) for box in network.boxes]
    if any(face.form != "text" for face in faces):
        return None
    sizes = [(_factor(dot.size), latex_size(dot.size)) for dot in network.dots]
    parts = [*sizes, *((face.text, face.tex) for face in faces)]
    sign, size = ("-", -coefficient) if coefficient < 0 else ("", coefficient)
    number, latex = shown_number(size), latex_number(size)
    if parts and size == 1:
        number = latex = ""
    said = [t for t, _ in parts]
    tight = number.isdigit() and len(parts) == 1 and len(said[0]) == 1
    text = sign + (
        number + said[0] if tight else " ".join(filter(None, [number, *said]))
    )
    latex = sign + " ".join(filter(None, [latex, *(t for _, t in parts)]))
    names = tuple(n for box in network.boxes for n in _names_said(box))
    return Said(text, latex, names, not sign and len(parts) + bool(number) == 1)


def _names_said(box: Box) -> tuple[str, ...]:
    if box.kind in ("tensor", "part"):
        return (box.label,)
    found = [said_by(content) for content in box.contents]
    return tuple(name for said in found if said for name in said.names)


def names_on(box: Box) -> tuple[str, ...]:
    """The names of the tensors that are written on a box."""
    return _names_said(box) if box.kind != "function" or compact(box) else ()


def _joined(terms: Sequence[str]) -> str:
    """Terms with their signs between them."""
    first, *more = terms
    signed = [f" − {t[1:]}" if t.startswith("-") else f" + {t}" for t in more]
    return first + "".join(signed)


def _in_order(network: Network, content: Picture) -> bool:
    count = len(network.boxes[0].ports)
    straight = {frozenset([("box", 0, k), ("end", k, 0)]) for k in range(count)}
    found = {frozenset(wire.places) for wire in network.wires}
    return found == straight and len(content.ends) == count


def _form(order: int) -> Form:
    return ("text", "vector", "matrix")[order] if order < 3 else "block"


def _plain(box: Box) -> Face:
    order = len(box.ports)
    barred = order > 1 and not (order == 2 and is_symmetric_box(box))
    full = harmless(box.label)
    return Face(_form(order), shown_name(box.label), tex(box.label), full, barred)


def _function(box: Box) -> Face:
    if not box.contents:
        return _constant(box)
    if compact(box):
        return _compact_face(box)
    name, latex = _function_name(box)
    if is_elementwise(box.function):
        return Face("elementwise", name, latex, f"{harmless(name)}, entry by entry")
    return Face("function", name, latex, harmless(name))


def _constant(box: Box) -> Face:
    order = len(box.ports)
    text, latex = shown_name(box.label), tex(box.label)
    if box.function == "basis":
        text = f"e{lowered(str(box.params[0]))}"
        latex = f"e_{{{int(box.params[0])}}}"
    if box.function == "embed":
        text = f"embed({size_text(box.params[0])})"
        latex = tex(box.label) + f"({latex_size(box.params[0])})"
    return Face(_form(order), text, latex, harmless(box.label), order > 1)


def _compact_face(box: Box) -> Face:
    inner = [said for said in map(said_by, box.contents) if said]
    order = len(box.ports)
    barred = order > 1 and not (order == 2 and is_symmetric_box(box))
    text, latex = _applied(box, inner)
    name, _ = _function_name(box)
    said = f"{name}({', '.join(part.text for part in inner)})"
    return Face(_form(order), text, latex, said, barred)


def _applied(box: Box, inner: Sequence[Said]) -> tuple[str, str]:
    """A function of arguments that are said: as text and as LaTeX."""
    exponent = "-1" if box.function == "inv" else ""
    if box.function == "power":
        exponent = number_text(box.params[0])
    if exponent:
        (base,) = inner
        text = base.text if base.single else f"({base.text})"
        latex = base.tex if base.single else f"({base.tex})"
        if exponent == "-1" and box.function == "power":
            return f"1/{text}", f"1/{latex}"
        return f"{text}{raised(exponent)}", f"{{{latex}}}^{{{exponent}}}"
    shown = ", ".join(part.text for part in inner)
    latex = ", ".join(part.tex for part in inner)
    if box.function in _ROUND:
        text_round, tex_round = _ROUND[box.function]
        return text_round.replace("·", shown), tex_round.replace(r"\cdot", latex)
    name, name_tex = _function_name(box)
    return f"{name}({shown})", rf"{name_tex}({latex})"


#: The functions that are written round their argument, which stands at the dot.
_ROUND = {
    "norm2": ("‖·‖", r"\|\cdot\|"),
    "rnorm": ("1/‖·‖", r"1/\|\cdot\|"),
    "abs": ("|·|", r"|\cdot|"),
}


def _function_name(box: Box) -> tuple[str, str]:
    """The name of a function as text and as LaTeX."""
    if box.function == "power":
        exponent = number_text(box.params[0])
        return f"(·){raised(exponent)}", rf"(\cdot)^{{{exponent}}}"
    if box.function in _ROUND:
        return _ROUND[box.function]
    return harmless(box.label), latex_name(box.label)


# -- names -----------------------------------------------------------------------------

_LOWERED = dict(zip("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎", strict=True))
_RAISED = dict(zip("0123456789+-()n/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᐟ", strict=True))
_LETTERS = {word: letter for letter, word in GREEK.items()}


def shown_name(name: str) -> str:
    """A name as one writes it: Greek words as letters, `x_1` as x₁; harmless.

    >>> shown_name("sigma_2"), shown_name("x1"), shown_name("lambda_max")
    ('σ₂', 'x1', 'λ_max')
    """
    base, bar, below = name.partition("_")
    base = _LETTERS.get(base, base)
    if base and below.isdigit() and below.isascii():
        return harmless(base) + lowered(below)
    return harmless(base + bar + below)


def tex(name: str) -> str:
    """A name in mathematical LaTeX, any subscript braced."""
    return latex_name(name) if name else ""


def lowered(text: str) -> str:
    """Digits as subscripts."""
    return "".join(_LOWERED.get(c, c) for c in text)


def shown_number(value: Number) -> str:
    """A coefficient or exponent as one writes it.

    >>> shown_number(1e-09), shown_number(3), shown_number(2.5e-20)
    ('10⁻⁹', '3', '2.5·10⁻²⁰')
    """
    mantissa, e, exponent = number_text(value).partition("e")
    if not e or isinstance(value, complex):
        return mantissa + e + exponent
    power = f"10{raised(str(int(exponent)))}"
    return power if mantissa == "1" else f"{mantissa}·{power}"


def raised(text: str) -> str:
    """An exponent: superscripts where Unicode has them, else ^(…).

    >>> raised("-1/2"), raised("0.1")
    ('⁻¹ᐟ²', '^(0.1)')
    """
    if all(c in _RAISED for c in text):
        return "".join(_RAISED[c] for c in text)
    return f"^({text})"


def harmless(text: str) -> str:
    """A text without control and formatting characters: each becomes ◦.

    >>> harmless("a\\u202eb\\n")
    'a◦b◦'
    """
    return "".join(
        "◦"
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else c
        for c in text
    )


def end_label(end: End) -> tuple[str, str]:
    """The name of a free end, and its size where that says more.

    >>> end_label(End(("i",), (3,)))
    ('i', '3')
    """
    return harmless(end.name), sizes_label(end.sizes, end.name)


def sizes_label(sizes: Sequence[Size], name: str = "") -> str:
    """Sizes as they stand beside an index: nothing where they repeat its name.

    >>> from indexcalc.sizes import parse_size
    >>> sizes_label([parse_size("n*(n+1)/2")]), sizes_label(["n", parse_size("m+1")])
    ('(n+n·n)/2', 'n·(m+1)')
    """
    if len(sizes) == 1:
        shown = size_text(sizes[0]).replace("*", "·")
    else:
        shown = "·".join(map(_factor, sizes)) or "1"
    return "" if shown == name else harmless(shown)


def _factor(size: Size) -> str:
    text = size_text(size).replace("*", "·")
    return f"({text})" if "+" in text or "/" in text else text


# -- widths ----------------------------------------------------------------------------

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{}·′⁻¹²³ "), frozenset("mwMWQOG@%∘⊗…—")


def text_width(text: str, size: float = NORMAL) -> float:
    """The width of a line of serif text in px, on the safe side.

    It is rounded, since the last digits of a sum depend on the version of Python.
    """
    return round(size * sum(map(_ems, text)), 2)


def _ems(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF" or "\u2190" <= c <= "\u21ff":
        return 1.05
    if c in _NARROW:
        return 0.36
    return 0.92 if c in _WIDE else 0.72 if c.isupper() else 0.56


def fitted(
    text: str, size: float = NORMAL, widest: float = WIDEST
) -> tuple[str, float]:
    """A text that is not wider than `widest`: in a smaller font, then cut; the text and
    the size of its font.

    >>> fitted("A"), fitted("A" * 300)[0][-1]
    (('A', 15.0), '…')
    """
    wide = text_width(text, size)
    if wide <= widest:
        return text, size
    smaller = max(SMALLEST, size * widest / wide)
    if text_width(text, smaller) <= widest + 0.01:
        return text, smaller
    kept = text
    while kept and text_width(kept + "…", smaller) > widest:
        kept = kept[: min(len(kept) - 1, int(len(kept) * 0.97))]
    return kept + "…", smaller
