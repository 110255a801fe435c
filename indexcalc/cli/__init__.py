"""The command `indexcalc`.

>>> main(["diff", "x'*A*x", "--wrt", "x", "--to", "matrix", "--quiet"])
(A + A')*x
0
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from .refusals import INTERRUPTED, Options

#: What may be the name of a command.
_COMMAND = re.compile("[a-z][a-z-]*")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command with the arguments (those of the process, where none are given)
    and answers its exit code: 0 done, 1 no or not possible, 2 not rightly asked."""
    try:
        return _ended(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _ended(arguments: Sequence[str]) -> int:
    from .app import PROGRAM, command

    given = _placed(arguments)
    Options.traceback = "--traceback" in given
    given = [word for word in given if word != "--traceback"]
    try:
        command().main(given, prog_name=PROGRAM)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _placed(arguments: Sequence[str]) -> list[str]:
    """The arguments, expressions that begin with a minus marked as no options, and
    `diff` in front of an expression that is given alone.

    >>> _placed(["diff", "-x'*x", "-o", "a.svg", "-h", "-"])
    ['diff', " -x'*x", '-o', 'a.svg', '-h', '-']
    >>> _placed(["x'*A*x"])
    ['diff', "x'*A*x"]
    """
    from .app import SHORT

    found = list(arguments)
    end = found.index("--") if "--" in found else len(found)
    for k, word in enumerate(found[:end]):
        if word[:1] == "-" and word[1:2] not in ("", "-") and word not in SHORT:
            found[k] = f" {word}"
    if found and found[0][:1] != "-" and not _COMMAND.fullmatch(found[0]):
        found.insert(0, "diff")
    return found
