"""The server of the page: who may ask, what is refused, processes that are ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

pytest.importorskip("starlette", reason="the extra web is not installed")
pytest.importorskip("uvicorn", reason="the extra web is not installed")
pytest.importorskip("latex2mathml", reason="the extra web is not installed")

import uvicorn

from indexcalc.errors import UnsupportedError
from indexcalc.web import assets, pool
from indexcalc.web.app import HEADERS, application, why_not
from indexcalc.web.limits import REQUEST_BYTES
from indexcalc.web.pool import Pool, RefusedError
from indexcalc.web.serving import serve

#: A stand-in for the worker that does as it is told: {"sleep": seconds}, {"die": 1},
#: else it answers its own process id. It is started by tests only.
STAND_IN = (
    sys.executable,
    "-c",
    """
import json, os, sys, time
print(json.dumps({"ready": 1}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(asked.get("sleep", 0))
    if asked.get("die"):
        os._exit(3)
    print(json.dumps({"pid": os.getpid(), "asked": asked}), flush=True)
""",
)


def in_loop(work: Any, workers: int = 2, seconds: float = 1.0, **more: Any) -> Any:
    async def run() -> Any:
        held = Pool(workers, seconds, started_by=STAND_IN, **more)
        await held.open()
        try:
            return await work(held)
        finally:
            await held.close()
            assert not held._all

    return asyncio.run(run())


# -- processes -------------------------------------------------------------------------


def test_a_request_that_takes_forever_is_ended_and_another_is_not_delayed() -> None:
    async def work(held: Pool) -> None:
        slow = asyncio.ensure_future(held.ask({"sleep": 60}))
        await asyncio.sleep(0.1)
        first = json.loads(await held.ask({"n": 1}))
        assert not slow.done()
        with pytest.raises(RefusedError, match="longer than 1 seconds") as refusal:
            await slow
        assert refusal.value.status == 200
        found = {json.loads(await held.ask({"n": k}))["pid"] for k in range(6)}
        await asyncio.sleep(0.3)
        assert first["pid"] in found

    in_loop(work)


def test_a_process_that_dies_is_replaced() -> None:
    async def work(held: Pool) -> None:
        with pytest.raises(RefusedError, match="broke down"):
            await held.ask({"die": 1})
        assert json.loads(await held.ask({"n": 2}))["asked"] == {"n": 2}

    in_loop(work, workers=1, seconds=5.0)


def test_a_process_that_died_while_idle_is_asked_nothing() -> None:
    async def work(held: Pool) -> None:
        first = json.loads(await held.ask({"n": 1}))
        os.kill(first["pid"], signal.SIGKILL)
        while held._all[0].returncode is None:
            await asyncio.sleep(0.01)
        assert json.loads(await held.ask({"n": 2}))["asked"] == {"n": 2}

    in_loop(work, workers=1, seconds=5.0)


def test_slow_connections_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, half a head, and half of a second head: closed after some time."""
    from indexcalc.web import patience

    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.2)
    held: Any = Echo()
    whole = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    config = uvicorn.Config(
        application(held), http=patience.Impatient, log_level="error", lifespan="on"
    )

    async def run() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        port = listening.getsockname()[1]
        for said in (b"", whole[:20], whole + whole[:20]):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            found = await asyncio.wait_for(reader.read(), 10)
            assert found.startswith(b"HTTP/1.1 200") == said.startswith(whole)
            writer.close()
        server.should_exit = True
        await serving

    asyncio.run(run())


def test_the_queue_is_bounded() -> None:
    async def work(held: Pool) -> None:
        first = asyncio.ensure_future(held.ask({"sleep": 0.4}))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(held.ask({"n": 2}))
        await asyncio.sleep(0.05)
        with pytest.raises(RefusedError, match="too many") as refusal:
            await held.ask({"n": 3})
        assert refusal.value.status == 503
        assert json.loads(await first)
        assert json.loads(await second)["asked"] == {"n": 2}

    in_loop(work, workers=1, seconds=5.0, waiting=1)


def test_what_nobody_waits_for_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GRACE", 0.1)

    async def work(held: Pool) -> None:
        gone = asyncio.ensure_future(held.ask({"sleep": 60}))
        await asyncio.sleep(0.1)
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
        assert json.loads(await asyncio.wait_for(held.ask({"n": 1}), 10))

    in_loop(work, workers=1, seconds=50.0)


def test_a_process_is_started_until_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PAUSE", 0.05)
    count = tmp_path / "count"
    count.write_text("")
    begun = f"""
open({str(count)!r}, "a").write(".")
if len(open({str(count)!r}).read()) in (2, 3):
    raise SystemExit(1)
"""
    stand_in = (*STAND_IN[:2], begun + STAND_IN[2])

    async def run() -> None:
        held = Pool(1, 20.0, started_by=stand_in)
        await held.open()
        with pytest.raises(RefusedError):
            await held.ask({"die": 1})
        assert json.loads(await held.ask({"n": 1}))["asked"] == {"n": 1}
        await held.close()

    asyncio.run(run())
    assert count.read_text() == "...."


def test_processes_that_do_not_start_are_told() -> None:
    async def run() -> None:
        held = Pool(1, 1.0, started_by=(sys.executable, "-c", "raise SystemExit(1)"))
        try:
            with pytest.raises(RefusedError, match="could be started"):
                await held.open()
        finally:
            await held.close()

    asyncio.run(run())


# -- the application -------------------------------------------------------------------


class Echo:
    """A pool that answers what it was asked."""

    async def open(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    async def ask(self, request: object) -> bytes:
        """The request."""
        return json.dumps({"asked": request}).encode()


@dataclass(frozen=True)
class Reply:
    """What came back: the status, the headers by name, the bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


def call(method: str, path: str, body: bytes = b"", /, **headers: str) -> Reply:
    """One request to the application, in this process."""
    held: Any = Echo()
    app = application(held, ["calc.example.org"])
    given = {"host": "127.0.0.1:8710"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8710),
        "client": ("127.0.0.1", 5),
    }
    sent: list[Any] = []
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if coming:
            return coming.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Reply(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent))


def test_the_page_and_its_files() -> None:
    page = call("GET", "/")
    assert page.status == 200
    assert b"<textarea" in page.body
    for name, data in assets.files().items():
        found = call("GET", f"/{name}")
        assert (found.status, found.body) == (200, data)
        assert found.headers["content-type"] == assets.type_of(name)
    tag = page.headers["etag"]
    assert call("GET", "/", if_none_match=tag).status == 304


def test_headers_are_on_everything() -> None:
    refused = call("GET", "/", host="evil.example")
    assert refused.status == 403
    for found in (
        call("GET", "/"),
        call("GET", "/nothing"),
        call("POST", "/"),
        refused,
    ):
        for name, value in HEADERS.items():
            assert found.headers[name] == value
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy


def test_only_json_is_answered() -> None:
    kind = "application/json"
    asked = call("POST", "/api/answer", b'{"n": 1}', content_type=kind)
    assert json.loads(asked.body) == {"asked": {"n": 1}}
    for body, given, status in (
        (b'{"n": 1}', "text/plain", 415),
        (b'{"n": 1}', "application/x-www-form-urlencoded", 415),
        (b"{", kind, 400),
        (b"[" * 90_000, kind, 400),
        (b"9" * 9_000, kind, 400),
        (b'"' + b"x" * REQUEST_BYTES + b'"', kind, 413),
    ):
        found = call("POST", "/api/answer", body, content_type=given)
        assert found.status == status
        assert json.loads(found.body)["error"] == "Refused"
    assert call("GET", "/api/answer").status == 405
    for path in ("/../app.py", "/page.py", "/api", "/%2e%2e/app.py", "/__init__.py"):
        assert call("GET", path).status == 404


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "127.0.0.1:8710"}, True),
        ({"host": "localhost"}, True),
        ({"host": "[::1]:8710"}, True),
        ({"host": "calc.example.org"}, True),
        ({"host": "calc.example.org", "origin": "https://calc.example.org"}, True),
        ({"host": "127.0.0.1:1", "origin": "https://calc.example.org"}, True),
        ({"host": "127.0.0.1:1", "origin": "http://127.0.0.1:1"}, True),
        ({"host": "127.0.0.1:1", "origin": "http://127.0.0.1:2"}, False),
        ({"host": "127.0.0.1:1", "origin": "http://evil.example"}, False),
        ({"host": "127.0.0.1:1", "origin": "null"}, False),
        ({"host": "127.0.0.1:1", "origin": "http://[", }, False),
        ({"host": "evil.example"}, False),
        ({"host": "localhost.evil.example"}, False),
        ({"host": ""}, False),
        ({"host": "["}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_who_may_ask(headers: dict[str, str], allowed: bool) -> None:
    assert (why_not(headers, frozenset(["calc.example.org"])) == "") is allowed


# -- serving ---------------------------------------------------------------------------


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnsupportedError, match="something else is there") as error:
            serve(port=port)
    assert "\n" not in str(error.value)
    with pytest.raises(UnsupportedError, match="0 to 65535"):
        serve(port=70_000)


def test_files_are_ours_and_small() -> None:
    """Nothing minified, nothing from elsewhere, no address that a page could call."""
    page = Path(assets.__file__).parent / "page"
    for path in sorted(page.iterdir()):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 20_000
        assert "innerHTML" not in text
        assert "eval(" not in text
        assert "http" not in text.replace("http://www.w3.org/", ""), path.name
