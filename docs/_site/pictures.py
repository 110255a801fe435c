"""Pictures that a cell drew say in words what they show, as the picture itself does.

>>> told("<svg><desc id='d'>One product of A &amp; B.</desc></svg>")
'One product of A & B.'
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes


def told(svg: str) -> str:
    """The description that an SVG drawing carries; nothing where it has none."""
    found = re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.DOTALL)
    return unescape(found[1]) if found else ""


def describe(app: Any, page: Any) -> None:
    """Gives every drawing of a page its words."""
    for picture in page.findall(nodes.image):
        path = Path(app.srcdir, picture["uri"])
        if "alt" not in picture and path.suffix == ".svg" and path.exists():
            picture["alt"] = told(path.read_text(encoding="utf-8"))


def setup(app: Any) -> dict[str, bool]:
    """Reads pages by `describe`."""
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
