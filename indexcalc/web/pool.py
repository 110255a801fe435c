"""Processes that answer, a few, kept warm; one that takes too long is ended.

A request goes to a free process or waits for one in a bounded queue. A process that is
slow, broken or asked by somebody who has gone is ended, and another one started in its
place, so that one person's expression does not stop another's.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from .limits import ANSWER_BYTES, GRACE, SECONDS, WAITING, WORKERS

#: What a process that has ended, or writes no lines, raises.
_BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
#: How long to wait before a process that did not start is started again, in seconds.
PAUSE = 1.0


class RefusedError(Exception):
    """A request that is not answered: a sentence, and the status of HTTP, which is 200
    where the question itself is what cannot be answered."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def command(seconds: float) -> tuple[str, ...]:
    """What starts a process that answers."""
    return (sys.executable, "-P", "-m", "indexcalc.web.worker", str(seconds))


class Pool:
    """Processes that answer. `open` waits until one is ready, `close` ends them."""

    def __init__(
        self,
        workers: int = WORKERS,
        seconds: float = SECONDS,
        *,
        waiting: int = WAITING,
        started_by: Sequence[str] = (),
    ) -> None:
        self.seconds = seconds
        self._count, self._most_waiting, self._waiting = workers, waiting, 0
        self._command = tuple(started_by) or command(seconds)
        self._idle: asyncio.Queue[Process] = asyncio.Queue()
        self._all: list[Process] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def open(self) -> None:
        """Starts the processes and waits for the first that is ready.

        Raises `RefusedError` where none starts.
        """
        starts = [self._keep(self._start()) for _ in range(self._count)]
        await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
        if self._idle.empty():
            await asyncio.wait(starts)
        if self._idle.empty():
            raise RefusedError("no process that answers could be started", 500)

    async def close(self) -> None:
        """Ends every process and whatever waits for one."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in tuple(self._all):
            await self._end(process)

    async def ask(self, request: object) -> bytes:
        """The answer to a request, as JSON.

        Raises `RefusedError` where too many wait, where it takes too long, and where
        the process broke down.
        """
        line = json.dumps(request).encode() + b"\n"
        process = await self._free()
        while process.returncode is not None:  # it died while nobody asked
            await self._replace(process)
            process = await self._free()
        running = self._keep(self._answered(process, line))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._keep(_end_after(running, GRACE))
            raise

    async def _free(self) -> Process:
        if self._waiting >= self._most_waiting:
            raise RefusedError(
                "too many questions wait for an answer; ask again soon", 503
            )
        self._waiting += 1
        try:
            return await asyncio.wait_for(self._idle.get(), 2 * self.seconds)
        except TimeoutError:
            raise RefusedError(
                "no process came free in time; ask again soon", 503
            ) from None
        finally:
            self._waiting -= 1

    async def _answered(self, process: Process, line: bytes) -> bytes:
        """What a process answers; one that does not is ended, and another started."""
        try:
            reply = await asyncio.wait_for(_exchange(process, line), self.seconds)
        except TimeoutError:
            await self._replace(process)
            raise RefusedError(
                f"this took longer than {self.seconds:g} seconds and was ended; ask "
                "for a part of it, or in a terminal, where there is no limit",
                200,
            ) from None
        except _BROKEN:
            await self._replace(process)
            raise RefusedError(
                "this needed too much memory or broke down", 500
            ) from None
        except asyncio.CancelledError:
            await self._replace(process)
            raise
        self._idle.put_nowait(process)
        return reply

    async def _replace(self, process: Process) -> None:
        await self._end(process)
        if not self._closed:
            self._keep(self._start_again())

    async def _start_again(self) -> None:
        while not await self._start():
            await asyncio.sleep(PAUSE)

    async def _start(self) -> bool:
        """Whether a process could be started; it is idle then."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=2 * ANSWER_BYTES,
            env=_environment(),
        )
        self._all.append(process)
        try:
            await _exchange(process, b"")
        except _BROKEN:
            await self._end(process)
            return False
        except asyncio.CancelledError:
            await self._end(process)
            raise
        self._idle.put_nowait(process)
        return True

    async def _end(self, process: Process) -> None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        with suppress(ValueError):
            self._all.remove(process)

    def _keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that is held until it is done; its failure is its asker's."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()


async def _exchange(process: Process, line: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line)
        await process.stdin.drain()
    return await process.stdout.readuntil(b"\n")


async def _end_after(running: asyncio.Task[Any], seconds: float) -> None:
    await asyncio.wait([running], timeout=seconds)
    running.cancel()


def _environment() -> dict[str, str]:
    """This process's, with one thread for linear algebra, and modules from where this
    one has them."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    path = os.pathsep.join(place or os.path.curdir for place in sys.path)
    return {**os.environ, **dict.fromkeys(threads, "1"), "PYTHONPATH": path}
