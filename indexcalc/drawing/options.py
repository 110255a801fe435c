"""The options of drawings, checked where they are used: each mistake one sentence.

>>> positive("width", 300), colour("auto"), colour("#fde")
(300.0, 'auto', '#fde')
>>> chosen("choice of labels", "dots", LABELS)
'dots'
>>> colour("lightgrey2")
Traceback (most recent call last):
    ...
indexcalc.errors.UnsupportedError: there is no colour 'lightgrey2' (a CSS name such \
as 'white', #rgb, #rrggbb, 'auto', 'none' or None)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from math import isfinite
from numbers import Real

from ..errors import UnsupportedError

#: Which labels can be asked for.
LABELS = ("dots", "all", "none")

_COLOUR_NAMES = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue
    blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue
    cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey
    darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon
    darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet
    deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen
    fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon
    lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey
    lightpink lightsalmon lightseagreen lightskyblue lightslategray lightslategrey
    lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine
    mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue
    mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose
    moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink
    plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon
    sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey
    snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
    whitesmoke yellow yellowgreen
"""

#: The names of colours in CSS.
COLOURS = frozenset(_COLOUR_NAMES.split())

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

#: The longest piece of a wrong value that an error repeats.
_LONGEST = 40


def positive(name: str, value: object, example: float = 2) -> float:
    """A finite number above zero; the example is for the hint.

    Raises `UnsupportedError` for anything else.
    """
    found = _number(value)
    if isfinite(found) and found > 0:
        return found
    hint = f"a number above 0, such as {name}={example}"
    raise UnsupportedError(f"{name} is {_shown(value)}", hint=hint)


def _number(value: object) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        return 0.0
    try:
        return float(value)
    except OverflowError:
        return 0.0


def whole(name: str, value: object) -> int:
    """A whole number above zero.

    >>> whole("width", 80)
    80
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise UnsupportedError(
        f"{name} is {_shown(value)}", hint=f"a whole number above 0, such as {name}=80"
    )


def chosen(what: str, value: object, among: Collection[str]) -> str:
    """One of a few words."""
    if isinstance(value, str) and value in among:
        return value
    hint = f"one of {', '.join(among)}"
    raise UnsupportedError(f"there is no {what} {_shown(value)}", hint=hint)


def words(name: str, value: object) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    raise UnsupportedError(
        f"{name} is {_shown(value)}, no text", hint=f'such as {name}="a few words"'
    )


def switch(name: str, value: object) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    raise UnsupportedError(f"{name} is {_shown(value)}", hint="True or False")


def colour(value: object) -> str:
    """A colour to paint behind a drawing; "auto" is the paper of its theme, and "none"
    paints nothing."""
    if value is None:
        return "none"
    plain = value.strip().lower() if isinstance(value, str) else ""
    if plain in ("none", "transparent"):
        return "none"
    if plain == "auto" or plain in COLOURS or _HEX.fullmatch(plain):
        return plain
    raise UnsupportedError(
        f"there is no colour {_shown(value)}",
        hint="a CSS name such as 'white', #rgb, #rrggbb, 'auto', 'none' or None",
    )


def only(options: Mapping[str, object], known: Collection[str], what: str) -> None:
    """Nothing: the options are among the known ones of what is drawn.

    >>> only({"width": 300, "widht": 200}, ("width", "legend"), "a film")
    Traceback (most recent call last):
        ...
    indexcalc.errors.UnsupportedError: a film has no option widht (it has width, legend)
    """
    for name in options:
        if name not in known:
            has = f"it has {', '.join(known) or 'none'}"
            raise UnsupportedError(f"{what} has no option {name}", hint=has)


def _shown(value: object) -> str:
    """A wrong value, not all of a long one."""
    found = " ".join(repr(value).split())
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"
