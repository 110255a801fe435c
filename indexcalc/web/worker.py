"""The process that answers: a line of JSON in, a line of JSON out.

    python -m indexcalc.web.worker [SECONDS]

It is warm when it has written its first line, a version. It runs nothing that a request
says; what takes too long or too much memory ends with the process, by the system's own
clock and limit, even if nobody watches it any more.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

from ..asking.sheet import error_data
from ..errors import BudgetError, ParseError
from .answers import VERSION, answer
from .limits import ANSWER_BYTES, MEMORY_BYTES, SECONDS

#: A problem that loads what answers need.
WARM = {"text": "a'*sigmoid(A*x ∘ b)", "by": "x", "answer": "A'*a"}
WARM_KINDS = ("sheet", "code", "diagram", "steps", "film", "verify", "check")


def main(arguments: list[str]) -> None:
    """Answers the lines of the standard input until it ends."""
    seconds = float(arguments[0]) if arguments else SECONDS
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(MEMORY_BYTES)
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    for kind in WARM_KINDS:
        answer({**WARM, "kind": kind})
    _write(out, json.dumps({"ready": VERSION}).encode())
    serve_lines(sys.stdin.buffer, out, seconds)


def serve_lines(lines: Iterable[bytes], out: IO[bytes], seconds: float) -> None:
    """A line of answer for every line of request."""
    for line in lines:
        _alarm(seconds)
        _write(out, answered(line))
        _alarm(0)


def answered(line: bytes) -> bytes:
    """The answer to a line, as a line.

    >>> answered(b'{"kind": "sheet"}')[:25]
    b'{"version": 1, "error": "'
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = ParseError("the request is not JSON")
    found = error_data(request) if isinstance(request, ParseError) else answer(request)
    written = json.dumps(found).encode()
    if len(written) > ANSWER_BYTES:
        too_long = BudgetError(
            f"the answer has {len(written)} bytes, and {ANSWER_BYTES} is the limit",
            hint="ask for a part of the expression",
        )
        return json.dumps(error_data(too_long)).encode()
    return written


def _write(out: IO[bytes], line: bytes) -> None:
    out.write(line + b"\n")
    out.flush()


def _alarm(seconds: float) -> None:
    """The system ends the process some seconds after whoever watches it should have."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds and 1.5 * seconds + 1)


def _limit_memory(limit: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        known: Any = resource
        known.setrlimit(known.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(sys.argv[1:])
