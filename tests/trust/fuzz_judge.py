"""What may come of a hostile text, and what may not.

Allowed are a result and the documented errors. A text that is read must also print and
differentiate, or be refused with such an error. Everything else is a fault, and so are
more than a second, much memory, a warning from Python, an error of the language
without its place, and a message that is long or holds control characters.

>>> judged(lambda text: [], "x", placed=True).fault
''
"""

from __future__ import annotations

import resource
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import indexcalc as ic

#: To read, to print in one notation, and when reading is broken off.
SECONDS, PRINTING, STOP = 1.0, 10.0, 20.0
MEGABYTES = 200
SHORT = 60
LONGEST_MESSAGE = 1_000


@dataclass(frozen=True)
class Outcome:
    """What came of one text: `fault` is empty where all is well; `result` names the
    error, or says read; `seconds` of processor time for reading, `printing` after."""

    fault: str
    result: str
    seconds: float
    printing: float = 0.0


class TooLong(BaseException):
    """The processor time of one text is over: no `except` of the package holds it."""


def judged(
    read: Callable[[str], Sequence[Any]], text: str, *, placed: bool, limit: float = 1.0
) -> Outcome:
    """Reads a text, uses what it says, and looks at what came of it; `limit` stretches
    the limits on time, for a run that measures coverage, which prints short ones only.
    """
    before = _memory()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, result, fault, seconds = _read(read, text, placed, limit)
        begun = time.process_time()
        if limit == 1.0 or len(text) <= SHORT:
            fault = fault or next(filter(None, (_used(e, limit) for e in found)), "")
        printing = time.process_time() - begun
    if seconds > SECONDS * limit:
        fault = fault or f"{seconds:.1f} s to read"
    grown = _memory() - before
    if grown > MEGABYTES:
        fault = fault or f"{grown} MB"
    return Outcome(fault, result, seconds, printing)


def _read(
    read: Callable[[str], Sequence[Any]], text: str, placed: bool, limit: float
) -> tuple[Sequence[Any], str, str, float]:
    """What a text comes to, what that is called, its fault and the time it took."""
    begun = time.process_time()
    found: Sequence[Any] = []
    result, fault = "read", ""
    try:
        with at_most(STOP * limit):
            found = read(text)
    except ic.IndexCalcError as error:
        result, fault = type(error).__name__, fault_of(error, placed)
    except (Exception, TooLong) as error:
        result, fault = type(error).__name__, _said(error)
    return found, result, fault, time.process_time() - begun


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises `TooLong` when the block has used so much processor time."""

    def stop(*_: object) -> None:
        raise TooLong(f"more than {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fault_of(error: ic.IndexCalcError, placed: bool) -> str:
    """What is wrong with a documented error, if anything is."""
    message = str(error)
    if type(error) is ic.IndexCalcError:
        return "an error of no documented kind"
    if placed and isinstance(error, ic.ParseError) and error.position is None:
        return f"no place: {message[:200]}"
    if len(message) > LONGEST_MESSAGE:
        return f"a message of {len(message)} characters: {message[:80]}…"
    if not all(c.isprintable() or c == "\n" for c in message):
        return f"unprintable: {message[:200]!r}"
    return ""


def _used(found: Any, limit: float) -> str:
    """The fault of what was read, when it is printed and differentiated."""
    for use in USES:
        try:
            with at_most(PRINTING * limit):
                use(found)
        except ic.IndexCalcError:
            continue
        except (Exception, TooLong) as error:
            return f"{use.__name__}: {_said(error)}"
    return ""


def _matrix(found: Any) -> None:
    if isinstance(found, ic.Expression):
        str(found.matrix())


def _latex(found: Any) -> None:
    if isinstance(found, ic.Expression):
        found.latex()


def _index(found: Any) -> None:
    if isinstance(found, ic.Expression):
        str(found.index())


def _derivative(found: Any) -> None:
    if isinstance(found, ic.Expression) and found.variables:
        str(found.diff(min(found.variables)))


USES: tuple[Callable[[Any], Any], ...] = (str, _matrix, _latex, _index, _derivative)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def _memory() -> int:
    """The most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
