"""Commands as documents show them, run without a shell in this process.

A block marked `console` has lines `$ command`, each with what it prints below it; a
block marked `sh` has commands alone. `…` on a line of its own stands for any lines. A
command is `indexcalc …`, perhaps behind `echo text |` or `NAME=value`, perhaps before
`> file`; any other must be in `NOT_RUN`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from unittest import mock

#: Commands that no test runs, and why.
NOT_RUN = {
    "pip install *": "changes the environment; the test of the package installs it",
    "python -m pip *": "changes the environment; the test of the package installs it",
    "python3 -m venv *": "makes an environment; the test of the package makes some",
    ". .venv/bin/activate": "changes the shell of the caller",
    "npm install *": "fetches Node's packages",
    "git clone *": "needs a network",
    "python": "waits for a person",
    "make *": "a target of the Makefile, which CI runs",
    "indexcalc serve*": "does not end; the tests of the web page start it",
    "indexcalc --install-completion*": "writes to the files of a shell",
    "indexcalc --show-completion*": "prints what the shell of the caller reads",
    "python -m tests.*": "a longer run, or one that writes golden texts",
    "python -m benchmarks.*": "measures for minutes; make bench-quick runs a sample",
    "python -m indexcalc.web.static *": "the test of the static build runs it",
    "python examples/*": "the tests of the examples run it",
    "python -m examples.*": "the tests of the examples run it",
    "pdflatex *": "TeX, which is not everywhere",
    "dot *": "Graphviz, which is not everywhere",
}

#: Words that begin a command, so that the block of one is marked.
COMMANDS = re.compile(r"(\$ )?(indexcalc|pip|make|python\d?|git|npm|cd) ")


@dataclass(frozen=True)
class Command:
    """A command, and what a document says it prints; None where it says nothing."""

    text: str
    shown: str | None


def commands(language: str, block: str) -> Iterator[Command]:
    """The commands of a block; lines that end in a backslash go on."""
    lines = block.replace("\\\n", "").splitlines()
    if language == "sh":
        yield from (Command(line.partition("  #")[0].strip(), None) for line in lines)
        return
    text, shown = "", []
    for line in lines:
        if line.startswith("$ "):
            if text:
                yield Command(text, "".join(shown) or None)
            text, shown = line[2:], []
        else:
            shown.append(line + "\n")
    yield Command(text, "".join(shown) or None)


def why_not_run(text: str) -> str:
    """Why a command is not run, or nothing where it is."""
    return next((why for how, why in NOT_RUN.items() if fnmatchcase(text, how)), "")


def output(text: str) -> str:
    """What a command prints. Raises `AssertionError` where it cannot be run here."""
    before, piped, line = text.rpartition(" | ")
    given = (
        " ".join(shlex.split(before)[1:]) + "\n" if before.startswith("echo ") else ""
    )
    line, redirected, path = line.partition(" > ")
    words = shlex.split(line)
    values = {}
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, values[name] = words.pop(0).partition("=")
    known = bool(words) and words[0] == "indexcalc" and bool(given) == bool(piped)
    assert known, f"{text}: not a command that a test runs; see NOT_RUN"
    printed = ran(words[1:], given, values)
    if redirected:
        with open(path.strip(), "w", encoding="utf-8") as file:
            file.write(printed)
    return "" if redirected else printed


def ran(arguments: list[str], given: str, values: dict[str, str]) -> str:
    """What the entry point prints, to both streams; refusals end it as they do."""
    from indexcalc.cli import main

    printed = io.StringIO()
    settings = {"COLUMNS": "100", "TERM": "dumb", **values}
    with (
        mock.patch.dict(os.environ, settings),
        mock.patch.object(sys, "stdin", io.StringIO(given)),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        code = main(arguments)
    assert code in (0, 1), f"indexcalc {shlex.join(arguments)}\n{printed.getvalue()}"
    return printed.getvalue()


def agrees(shown: str, printed: str) -> bool:
    """Whether a text is what was printed, `…` being any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()) + r" *\n"
        for line in shown.strip("\n").splitlines()
    )
    lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, lines) is not None
