"""`serve`: the page on this machine, until it is interrupted."""

from __future__ import annotations

import errno
import socket
import webbrowser
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import UnsupportedError
from .limits import SECONDS, WORKERS

PORT = 8710
SAY = partial(print, flush=True)


def serve(
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    open_browser: bool = False,
    workers: int = WORKERS,
    seconds: float = SECONDS,
    names: Iterable[str] = (),
    say: Callable[[str], None] = SAY,
) -> None:
    """Serves the page at a host and a port (0 for any that is free) until Ctrl-C.

    `workers` processes answer, each question within so many `seconds`; `names` are the
    host names that a proxy passes on. Raises `UnsupportedError` without the extra
    `web`, and for a host or a port that cannot be had.
    """
    uvicorn, application = _libraries()
    from .patience import Impatient
    from .pool import Pool

    listening = _listening(host, port)
    url = url_of(host, listening.getsockname()[1])

    def ready() -> None:
        say(f"indexcalc is at {url}   (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(url)

    app = application(Pool(workers, seconds), names, ready)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Impatient,
        timeout_graceful_shutdown=1,
    )
    with listening, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def url_of(host: str, port: int) -> str:
    """Where the page is.

    >>> url_of("0.0.0.0", 80), url_of("::1", 8710)
    ('http://127.0.0.1:80/', 'http://[::1]:8710/')
    """
    known = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{known}]:{port}/" if ":" in known else f"http://{known}:{port}/"


def _libraries() -> tuple[Any, Any]:
    """What serves. Raises `UnsupportedError` where it is not installed."""
    try:
        import latex2mathml  # noqa: F401
        import uvicorn

        from .app import application
    except ImportError as error:
        raise UnsupportedError(
            f"the page needs {error.name}, which is not installed",
            hint="pip install 'indexcalc[web]'",
        ) from None
    return uvicorn, application


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OverflowError:
        reason = "a port is a number from 0 to 65535"
    except OSError as error:
        reason = _reason(error)
    raise UnsupportedError(
        f"the page cannot be at {host[:80]}, port {port}: {reason}",
        hint="another port, or 0 for any that is free",
    )


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "something else is there already"
    return (error.strerror or str(error)).lower()
