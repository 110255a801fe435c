"""The server: the files of the page, and one place that answers.

It answers its own page only: the host must be this machine, an address in digits or a
name that was given (so that no other name can be pointed here), and what asks must come
from the same place. What is asked goes to a process of the pool and is never executed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .assets import POLICY, files, type_of
from .limits import REQUEST_BYTES
from .pool import Pool, RefusedError

#: How long the bytes of a request may take to come, in seconds.
BODY_SECONDS = 10.0
#: Refusals after which the rest of a request is not read.
UNREAD = frozenset({403, 408, 413, 415})
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def application(
    pool: Pool, names: Iterable[str] = (), ready: Callable[[], None] = lambda: None
) -> ASGIApp:
    """The page and its answers. `names` are the host names that it may be asked by,
    beside those of this machine; `ready` is called when a process can answer."""

    @asynccontextmanager
    async def alive(app: Starlette) -> AsyncIterator[None]:
        await pool.open()
        ready()
        try:
            yield
        finally:
            await pool.close()

    kept = {name: _File(name, data) for name, data in files().items()}

    async def answer(request: Request) -> Response:
        return await _answer(request, pool)

    routes = [
        Route("/", _named(kept["index.html"])),
        Route("/api/answer", answer, methods=["POST"]),
        *(Route(f"/{name}", _named(kept[name])) for name in kept),
    ]
    return _guarded(Starlette(routes=routes, lifespan=alive), frozenset(names))


class _File:
    """A file of the page, told apart from an older one by a digest."""

    __slots__ = ("data", "tag", "type")

    def __init__(self, name: str, data: bytes) -> None:
        self.data, self.type = data, type_of(name)
        self.tag = f'"{sha256(data).hexdigest()[:20]}"'

    def response(self, request: Request) -> Response:
        """The file, or that it is what the browser has already."""
        headers = {"cache-control": "no-cache", "etag": self.tag}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.data, headers={**headers, "content-type": self.type})


def _named(file: _File) -> Callable[[Request], Awaitable[Response]]:
    async def give(request: Request) -> Response:
        return file.response(request)

    return give


# -- answers ---------------------------------------------------------------------------


async def _answer(request: Request, pool: Pool) -> Response:
    try:
        if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            raise RefusedError("another page's questions are not answered", 403)
        given = _parsed(await _body(request))
        return _json(await _while_there(request, pool.ask(given)))
    except RefusedError as refusal:
        told = {"error": "Refused", "message": str(refusal), "hint": None}
        answered = _json(json.dumps(told).encode(), refusal.status)
        if refusal.status in UNREAD:
            answered.headers["connection"] = "close"
        return answered


async def _body(request: Request) -> bytes:
    """The bytes of a request. Raises `RefusedError` for another type than JSON, for too
    many bytes and for too slow ones."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError("a request has the type application/json", 415)
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                found += piece
                if len(found) > REQUEST_BYTES:
                    raise RefusedError(
                        f"a request has at most {REQUEST_BYTES} bytes; "
                        "ask for less at a time",
                        413,
                    )
    except (TimeoutError, ClientDisconnect):
        raise RefusedError("the request did not come whole", 408) from None
    return bytes(found)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError("the request is not JSON", 400) from None


async def _while_there(request: Request, work: Awaitable[bytes]) -> bytes:
    """The answer, unless whoever asked goes away first."""
    answering = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait([answering, gone], return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise RefusedError("nobody waits for this answer", 499)
        return answering.result()
    finally:
        answering.cancel()
        gone.cancel()
        await asyncio.gather(answering, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(body: bytes, status: int = 200) -> Response:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Response(body, status, headers)


# -- who may ask -----------------------------------------------------------------------


def _guarded(app: ASGIApp, names: frozenset[str]) -> ASGIApp:
    """The application, for its own page only, with headers on whatever it says."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            await send(_with_headers(message))

        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]
        }
        reason = why_not(headers, names)
        if reason:
            told = {"error": "Refused", "message": reason, "hint": None}
            await _json(json.dumps(told).encode(), 403)(scope, receive, sent)
            return
        await app(scope, receive, sent)

    return guarded


def _with_headers(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    return {**message, "headers": [*message.get("headers", ()), *more]}


def why_not(headers: Mapping[str, str], names: frozenset[str]) -> str:
    """Why a request with these headers is not answered; "" where it is.

    >>> why_not({"host": "127.0.0.1:8710"}, frozenset())
    ''
    >>> why_not({"host": "evil.example"}, frozenset())
    'the host evil.example is not one that this server was given'
    """
    host = headers.get("host", "")
    name = _name(host)
    if not (_own(name) or name in names):
        return f"the host {host[:80]} is not one that this server was given"
    origin = headers.get("origin")
    if origin is not None and not _same(origin, host, names):
        return "another page's questions are not answered"
    return ""


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _own(name: str) -> bool:
    """Whether it is this machine by name, or an address in digits: no other name can
    be pointed at those."""
    if name == "localhost":
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _same(origin: str, host: str, names: frozenset[str]) -> bool:
    try:
        parts: Any = urlsplit(origin)
        return parts.netloc == host or (parts.hostname or "") in names
    except ValueError:
        return False
