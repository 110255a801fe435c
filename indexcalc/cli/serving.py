"""`serve`: the page in the browser."""

from __future__ import annotations

from .options import Serve
from .refusals import DONE


def serve_command(wanted: Serve) -> int:
    """Serves the page until it is ended."""
    from ..web.serving import serve

    serve(
        wanted.host,
        wanted.port,
        open_browser=wanted.open_browser,
        workers=wanted.workers,
        seconds=wanted.seconds,
        names=tuple(wanted.names),
    )
    return DONE
