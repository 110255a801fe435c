"""Rules that ask for what is below them, run on a stack of our own.

A rule is a generator: it yields requests and receives answers, and returns the answer
to its own request. Nothing recurses, and no request is answered twice.

>>> def rule(n):
...     return n if n < 2 else _sum(n)
>>> def _sum(n):
...     return ((yield n - 1) + (yield n - 2)) % 10
>>> answer(rule, 5_000)
5
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any


def answer(rule: Callable[[Any], Any], root: Any) -> Any:
    """The answer to a request; `rule(request)` is it, or a generator that finds it."""
    memo: dict[Any, Any] = {}
    stack: list[tuple[Any, Generator[Any, Any, Any]]] = []
    request, received = root, None
    while True:
        if request in memo:
            received = memo[request]
        else:
            found = rule(request)
            if isinstance(found, Generator):
                stack.append((request, found))
                received = None
            else:
                memo[request] = received = found
        while stack:
            try:
                request = stack[-1][1].send(received)
                break
            except StopIteration as stop:
                finished, _ = stack.pop()
                memo[finished] = received = stop.value
        else:
            return received
