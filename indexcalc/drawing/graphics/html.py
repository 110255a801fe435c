"""Scenes as a page that stands alone: one file, no request to anywhere.

Pointing at an index, or reaching it with the Tab key, lights up all of its places; with
several frames there are a slider, buttons, arrow keys and play. Without scripts the
frames stand one under another. Built as a tree of elements: no text of a drawing can
become markup, and none is in the script, whose digest is all the page allows to run.

>>> from ..scene import Circle, Scene
>>> page([(Scene(9, 9, (Circle(4, 4, 3, "dot", "k", "index k"),)), "")])[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from copy import deepcopy
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement, tostring

from ..faces import harmless
from ..options import words
from ..scene import Scene
from ..scenes.alignment import aligned
from .page_parts import SCRIPT, sheet
from .svg import number as number_text
from .svg import svg_element

#: How much larger drawings are on a page, to go with its text.
LARGER = 1.3

_HINT = "Point at a wire, or press Tab, to see every place of its index."


def page(frames: Sequence[tuple[Scene, str]], title: str = "") -> str:
    """The page of one scene, or of the frames of a derivation, with their captions."""
    title = words("title", title)
    root = Element("html", {"lang": "en"})
    root.append(_head(title or "Contraction diagram"))
    main = SubElement(SubElement(root, "body"), "main")
    if title:
        SubElement(main, "h1").text = harmless(title)
    stage = SubElement(main, "div", {"class": "stage"})
    scenes = aligned([scene for scene, _ in frames])
    for k, (scene, (_, caption)) in enumerate(zip(scenes, frames, strict=True)):
        stage.append(_figure(scene, caption, k))
    if len(frames) > 1:
        main.append(_controls(len(frames)))
    SubElement(main, "p", {"class": "told", "aria-live": "polite"}).text = _HINT
    SubElement(main, "script").text = SCRIPT
    body = tostring(root, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{body}\n"


def _head(title: str) -> Element:
    head = Element("head")
    SubElement(head, "meta", {"charset": "utf-8"})
    style = sheet()
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    )
    secured = {"http-equiv": "Content-Security-Policy", "content": policy}
    SubElement(head, "meta", secured)
    viewport = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    SubElement(head, "meta", viewport)
    SubElement(head, "title").text = harmless(title)
    SubElement(head, "style").text = style
    return head


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _figure(scene: Scene, caption: str, number: int) -> Element:
    figure = Element("figure", {"class": "frame on" if not number else "frame"})
    view = SubElement(figure, "div", {"class": "view"})
    view.append(touchable(svg_element(scene), number))
    SubElement(figure, "figcaption").text = harmless(caption)
    return figure


def _controls(count: int) -> Element:
    controls = Element("div", {"class": "controls", "hidden": ""})
    for text in ("Back", "Play", "Next"):
        SubElement(controls, "button", {"type": "button"}).text = text
    slider = {"type": "range", "min": "1", "max": str(count), "value": "1"}
    SubElement(controls, "input", slider | {"aria-label": "Frame"})
    SubElement(controls, "span", {"class": "count"}).text = f"1 / {count}"
    return controls


# -- wires that can be reached ---------------------------------------------------------


def touchable(svg: Element, number: int) -> Element:
    """The drawing with a broad invisible line over every wire; the first of an index
    can be reached with the Tab key."""
    _renumber(svg, number)
    svg.set("role", "group")
    for name in ("width", "height"):
        svg.set(name, number_text(LARGER * float(svg.attrib[name])))
    reached: set[str] = set()
    for parent in list(svg.iter()):
        for at, child in reversed(list(enumerate(parent))):
            if child.tag == "path" and "data-index" in child.attrib:
                parent.insert(at + 1, _broad(child))
    for element in svg.iter("path"):
        index = element.get("data-index", "")
        if element.get("class") == "hit" and index not in reached:
            reached.add(index)
            element.attrib |= {"tabindex": "0", "role": "img"}
            element.set("aria-label", element.findtext("title", ""))
    return svg


def _renumber(svg: Element, number: int) -> None:
    """Ids of this frame only: equal drawings in one page must not share theirs."""
    for element in svg.iter():
        for name in ("id", "aria-labelledby"):
            if name in element.attrib:
                parts = element.attrib[name].split()
                element.set(name, " ".join(f"{part}-{number}" for part in parts))


def _broad(wire: Element) -> Element:
    known = {"d": wire.attrib["d"], "data-index": wire.attrib["data-index"]}
    look = {"fill": "none", "stroke": "none"}
    broad = Element("path", {"class": "hit"} | known | look)
    broad.extend(deepcopy(child) for child in wire)
    return broad
