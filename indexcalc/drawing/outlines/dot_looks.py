r"""What the parts of a diagram look like in DOT, and names as text there.

>>> print(dot_quoted('a"b'), dot_field("a|b"))
"a&quot;b" a\|b
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ...diagrams.model import Box, Dot, End
from ...sizes import shape_text, size_text
from ..faces import end_label, face_of, harmless, is_symmetric_box
from ..graphics.themes import style_of

Look: TypeAlias = Mapping[str, str]

#: The longest label; longer names are cut there and stand in full in the tooltip.
LONGEST = 28

# -- texts -----------------------------------------------------------------------------


def dot_quoted(text: str) -> str:
    r"""A text as a string of DOT: no escape, no entity, no end of the string in it.
    Entities are read before escapes, so a backslash is doubled and not an entity.

    >>> print(dot_quoted('a"b\\N&lt;\n'))
    "a&quot;b\\N&amp;lt;◦"
    """
    plain = harmless(text).replace("&", "&amp;").replace("\\", "\\\\")
    return '"' + plain.replace('"', "&quot;") + '"'


def dot_tip(text: str) -> str:
    r"""A tooltip, quoted: Graphviz reads escapes in it twice, so a backslash is told by
    a sign that looks like one.

    >>> print(dot_tip("a\\n"))
    "a⧵n"
    """
    return dot_quoted(text.replace("\\", "⧵"))


def dot_field(text: str) -> str:
    r"""A text in a field of a record, inside the quotes.

    >>> print(dot_field("{a|b}<c> d"))
    \{a\|b\}\<c\>\ d
    """
    plain = dot_quoted(text)[1:-1]
    return "".join(f"\\{c}" if c in "{}|<> " else c for c in plain)


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text that is no longer than labels are."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


# -- looks -----------------------------------------------------------------------------

#: An edge that only keeps the right order from left to right.
ROW = ("style=invis", "weight=4")
AMBER = f'color="{style_of("light", "wire variable").ink}", style=dashed'


_INK = style_of("light", "name variable").ink

#: The variable of differentiation: red, and its outline thick.
RED = f'color="{_INK}", fontcolor="{_INK}", penwidth=2'


def words(text: str) -> str:
    """A label, quoted."""
    return dot_quoted(shortened(text))


def end_look(end: End) -> list[str]:
    """A free end by its name and size."""
    name, size = end_label(end)
    label = f"label={dot_quoted(shortened(f'{name}  {size}'.rstrip()))}"
    if end.role == "value":
        return ["shape=plaintext", label]
    ink = style_of("light", "index variable").ink
    return ["shape=plaintext", label, f'fontcolor="{ink}"']


def port_look(box: Box, port: int) -> list[str]:
    """The port of a frame: a small circle with its number."""
    size = size_text(box.ports[port])
    told = f"tooltip={dot_tip(f'axis {port + 1}, size {size}')}"
    amber = box.kind == "loop" and port >= box.passing
    look = ["shape=circle", "fixedsize=true", "width=0.17", "fontsize=8"]
    ink = f'color="{style_of("light", "loop").ink}"' if amber else ""
    return [*look, f'label="{port + 1}"', ink, told]


#: What a cluster looks like where nothing else is said.
CLUSTER = {
    "label": '""',
    "labeljust": "l",
    "style": "rounded",
    "color": "black",
    "fontcolor": "black",
    "peripheries": "1",
    "tooltip": '""',
}


def frame_look(box: Box) -> Look:
    """The cluster of a box with contents."""
    face = face_of(box)
    label, told = dot_quoted(shortened(face.text)), dot_tip(face.full)
    return {"label": label, "tooltip": told, **_FRAMES[face.form]}


_LOOP = f'"{style_of("light", "loop").ink}"'
_FRAMES: dict[str, Look] = {
    "elementwise": {"style": '"rounded,dotted"'},
    "function": {"style": "rounded"},
    "bracket": {"color": "gray60"},
    "loop": {"style": '"rounded,bold"', "color": _LOOP, "fontcolor": _LOOP},
}


def _record(text: str, ports: int, arriving: Sequence[int]) -> str:
    """The fields of a record: the ports at the left, the name, the other ports."""
    right = [k for k in range(ports) if k not in arriving]
    fields = [_side(arriving), dot_field(text), _side(right)]
    return "{" + "|".join(part for part in fields if part) + "}"


def _side(ports: Sequence[int]) -> str:
    fields = "|".join(f"<p{k + 1}> {k + 1}" for k in ports)
    return f"{{{fields}}}" if len(ports) > 1 else fields


def box_look(box: Box, arriving: Sequence[int], red: bool) -> list[str]:
    """A box without contents: a text, a circle, or a record of its ports."""
    face = face_of(box)
    told = f"tooltip={dot_tip(f'{face.full}, {shape_text(box.ports)}')}"
    text = "⊗" if box.kind == "wedge" else shortened(face.text)
    ink = RED if red else ""
    if len(box.ports) < 2:
        form = "circle" if box.ports else "plaintext"
        return [f"shape={form}", f"label={dot_quoted(text)}", told, ink]
    form = "Mrecord" if len(box.ports) == 2 and is_symmetric_box(box) else "record"
    label = _record(text, len(box.ports), arriving)
    return [f"shape={form}", f'label="{label}"', told, ink]


def dot_look(dot: Dot, wired: bool) -> list[str]:
    """A copy tensor: a point; without wires a circle that says its size."""
    size = size_text(dot.size)
    told = f"tooltip={dot_tip(f'index {dot.name}, size {size}')}"
    if wired:
        return ["shape=point", "width=0.09", f"xlabel={words(dot.name)}", told]
    return ["shape=circle", f"label={words(size)}", told]
