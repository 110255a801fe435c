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

from ..coefficients import number_text
from ..diagrams.model import Box, End, Network, Picture
from ..functions import is_elementwise
from ..latex_names import GREEK, latex_name
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
    """Whether a function is drawn as a box of its own, without its contents."""
    if box.kind != "function":
        return False
    plain = [argument_name(content) is not None for content in box.contents]
    if is_elementwise(box.function):
        return all(plain) and not box.ports
    return all(plain)


def is_symmetric_box(box: Box) -> bool:
    """Whether exchanging the two ports of a matrix changes nothing."""
    if box.kind == "function" and compact(box) and box.contents:
        inner = [c.terms[0][1].boxes[0] for c in box.contents]
        return box.function in SYMMETRY_KEPT and all(map(is_symmetric_box, inner))
    return box.tensor is not None and box.tensor.structure in SYMMETRIC


#: The functions of matrices that keep symmetry.
SYMMETRY_KEPT = frozenset({"inv", "expm", "sqrtm", "logm", "pinv", "cofactors"})


def argument_name(content: Picture) -> str | None:
    """The name of the tensor or part that a picture consists of, its axes in order;
    None where it is anything else."""
    if len(content.terms) != 1 or content.terms[0][0] != 1:
        return None
    network = content.terms[0][1]
    if len(network.boxes) != 1 or network.dots or not _in_order(network, content):
        return None
    box = network.boxes[0]
    return box.label if box.kind in ("tensor", "part") else None


def _in_order(network: Network, content: Picture) -> bool:
    straight = {
        frozenset([("box", 0, k), ("end", k, 0)]) for k in range(_count(network))
    }
    found = {frozenset(wire.places) for wire in network.wires}
    return found == straight and len(content.ends) == len(straight)


def _count(network: Network) -> int:
    return len(network.boxes[0].ports)


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
    return Face(_form(order), text, latex, harmless(box.label), order > 1)


def _compact_face(box: Box) -> Face:
    names = [argument_name(content) or "" for content in box.contents]
    order = len(box.ports)
    barred = order > 1 and not (order == 2 and is_symmetric_box(box))
    shown = ", ".join(map(shown_name, names))
    latex = ", ".join(map(tex, names))
    name, name_tex = _function_name(box)
    if box.function == "inv":
        text, latex = f"{shown}⁻¹", f"{latex}^{{-1}}"
    elif box.function == "power":
        exponent = number_text(box.params[0])
        text, latex = f"{shown}{raised(exponent)}", f"{latex}^{{{exponent}}}"
    else:
        text, latex = f"{name}({shown})", rf"{name_tex}({latex})"
    said = f"{name}({', '.join(map(harmless, names))})"
    return Face(_form(order), text, latex, said, barred)


def _function_name(box: Box) -> tuple[str, str]:
    """The name of a function as text and as LaTeX."""
    if box.function == "power":
        exponent = number_text(box.params[0])
        return f"(·){raised(exponent)}", rf"(\cdot)^{{{exponent}}}"
    return harmless(box.label), latex_name(box.label)


# -- names -----------------------------------------------------------------------------

_LOWERED = dict(zip("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎", strict=True))
_RAISED = dict(zip("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", strict=True))
_LETTERS = {word: letter for letter, word in GREEK.items()}


def shown_name(name: str) -> str:
    """A name as one writes it: Greek words as letters, `x_1` as x₁; harmless.

    >>> shown_name("sigma_2"), shown_name("x1"), shown_name("rate")
    ('σ₂', 'x1', 'rate')
    """
    base, _, below = name.partition("_")
    base = _LETTERS.get(base, base)
    if base and below.isdigit() and below.isascii():
        return harmless(base) + lowered(below)
    return harmless(name if below else base or name)


def tex(name: str) -> str:
    """A name in mathematical LaTeX, any subscript braced."""
    return latex_name(name) if name else ""


def lowered(text: str) -> str:
    """Digits as subscripts."""
    return "".join(_LOWERED.get(c, c) for c in text)


def raised(text: str) -> str:
    """An exponent: superscripts where Unicode has them, else ^(…).

    >>> raised("-1"), raised("1/2")
    ('⁻¹', '^(1/2)')
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
    """Sizes as they stand beside an index: nothing where they repeat its name."""
    shown = "·".join(_factor(size) for size in sizes) or "1"
    return "" if shown == name else harmless(shown)


def _factor(size: Size) -> str:
    text = size_text(size)
    return text if text.isalnum() or "_" in text else f"({text})"


# -- widths ----------------------------------------------------------------------------

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{}·′⁻¹²³ "), frozenset("mwMWQOG@%∘⊗…—")


def text_width(text: str, size: float = NORMAL) -> float:
    """The width of a line of serif text in px, on the safe side."""
    return size * sum(map(_ems, text))


def _ems(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
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
