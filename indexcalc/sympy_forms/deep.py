"""Rules that ask for what is below them, run on a stack of our own.

A rule is a generator: it yields requests and receives answers, and returns the answer
to its own request. Nothing recurses, and no request is answered twice.

>>> def rule(n):
...     return n if n < 2 else _sum(n)
>>> def _sum(n):
...     return ((yield n - 1) + (yield n - 2)) % 10
>>> answer(rule, 2_000)
5
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ..errors import BudgetError

#: The most requests that one is answered by.
MOST_REQUESTS = 3_000


def answer(rule: Callable[[Any], Any], root: Any) -> Any:
    """The answer to a request; `rule(request)` is it, or a generator that finds it.

    Raises `BudgetError` where more than `MOST_REQUESTS` stand under it.
    """
    memo: dict[Any, Any] = {}
    stack: list[tuple[Any, Generator[Any, Any, Any]]] = []
    request, received = root, None
    while True:
        if request in memo:
            received = memo[request]
        else:
            found = rule(request)
            if len(memo) + len(stack) > MOST_REQUESTS:
                raise BudgetError(
                    "what this expression shares is written anew for every index, and "
                    f"that is more than {MOST_REQUESTS:,} parts",
                    hint="write a part of it at a time",
                )
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
