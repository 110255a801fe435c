"""What the server takes at most: bytes, seconds, memory, processes."""

from __future__ import annotations

#: The largest request, and the largest answer, in bytes.
REQUEST_BYTES, ANSWER_BYTES = 100_000, 8_000_000
#: How long an answer may take, in seconds.
SECONDS = 10.0
#: How many seconds a request whose asker has gone may go on, before its process ends.
GRACE = 3.0
#: How many processes answer, and how many requests wait for one of them.
WORKERS, WAITING = 2, 32
#: The address space of a process that answers, in bytes, where the system limits it.
MEMORY_BYTES = 3 * 2**30
