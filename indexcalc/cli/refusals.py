"""What goes wrong, as a sentence on standard error and an exit code.

0: done, and yes. 1: no, wrong, or it cannot be done. 2: what was asked is not right as
it stands: an option, a text, a shape, a file.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from ..errors import (
    EvaluationError,
    IndexCalcError,
    InternalError,
    ParseError,
    ShapeError,
    UnknownNameError,
    caret,
)
from ..legible import harmless, shortened
from .terminal import refusal, remark

DONE, NO, USAGE = 0, 1, 2
#: As shells count what ended by a signal: Ctrl-C, and nobody reading on.
INTERRUPTED, UNREAD = 130, 141
#: Mistakes in what was asked, to be mended there.
MISTAKES = (ParseError, ShapeError, UnknownNameError, EvaluationError)


class Options:
    """What holds for every command: `traceback` shows where an exception came from."""

    traceback = False


def guarded(run: Callable[[], int]) -> int:
    """The exit code of a command; what it raises is told in a sentence."""
    try:
        code = run()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            sys.stdout.close()
        return UNREAD
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if Options.traceback:
            traceback.print_exc()
        return refused(error)


def refused(error: Exception) -> int:
    """Tells an error and answers its exit code."""
    match error:
        case IndexCalcError():
            _tell(error)
            return USAGE if isinstance(error, MISTAKES) else NO
        case OSError():
            place = f"{harmless(str(error.filename))}: " if error.filename else ""
            refusal("error", f"{place}{error.strerror or error}")
            return USAGE
        case MemoryError():
            refusal("error", "there is not enough memory for this")
            return NO
        case InternalError():
            refusal("error", str(error))
            return NO
    told = shortened(harmless(f"{type(error).__name__}: {error}"), 300)
    refusal("error", f"{told}; this is a bug in indexcalc, please report it")
    remark("add --traceback to see where it happened")
    return NO


def _tell(error: IndexCalcError) -> None:
    hint = f" ({error.hint})" if error.hint else ""
    refusal("error", f"{error.message}{hint}")
    if error.text is not None and error.position is not None:
        remark(caret(error.text, error.position), "")
