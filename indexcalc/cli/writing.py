"""Answers written: to standard output, or to a file, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ParseError
from ..files import saved
from ..pictures import Diagram
from .reading import Target
from .terminal import answer, reads_paper, remark, width


def written(content: str | bytes, path: str, quiet: bool = False) -> None:
    """An answer, to the file at a path, or to standard output where there is none or
    it is "-".

    A file that is there is replaced. Raises `ParseError` for bytes without a file,
    `OSError` where no file can be written.
    """
    if path and path != "-":
        data = (
            content if isinstance(content, bytes) else f"{content.rstrip()}\n".encode()
        )
        saved(data, path)
        if not quiet:
            remark(f"wrote {path}")
    elif isinstance(content, bytes):
        raise ParseError("this is no text, and needs a file", hint="add --output FILE")
    else:
        answer(content.rstrip("\n"))


def drawn(picture: Diagram, form: str, **options: object) -> str | bytes:
    """A diagram in a format; `options` are those of the graphic formats."""
    if form == "text":
        return picture.text(width=width(), unicode=reads_paper())
    if form in ("dot", "mermaid", "json"):
        found: str = getattr(picture, form)()
        return found
    graphic: str | bytes = getattr(picture, form)(**options)
    return graphic


def headed(found: Sequence[Target], texts: Sequence[str]) -> str:
    """Texts one after another, each below a comment that says of what, where there are
    several."""
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(
        f"# {target.heading}\n{text.rstrip()}"
        for target, text in zip(found, texts, strict=True)
    )
