"""The files of the page, by name, as the server and a static build give them out.

>>> sorted(files())[:3]
['answer.js', 'diagrams.js', 'dom.js']
"""

from __future__ import annotations

from importlib import resources

from .drawings import sheet

#: The type of a file by its ending.
TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
#: What a browser may do with the page: nothing but its own files, and ask its server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def files() -> dict[str, bytes]:
    """Every file of the page by its name, in order."""
    page = resources.files(__package__) / "page"
    found = {
        entry.name: entry.read_bytes()
        for entry in page.iterdir()
        if type_of(entry.name)
    }
    found["drawing.css"] = sheet().encode()
    return dict(sorted(found.items()))


def type_of(name: str) -> str:
    """The type of a file of the page, "" for what is none."""
    return TYPES.get(name.rpartition(".")[2], "")
