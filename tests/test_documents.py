"""What the documents show runs, and prints what they say.

    python -m tests.test_documents --write

writes what is printed into the documents: read the difference before it is committed.
The Python blocks of a document run one after another in one namespace; a block marked
`text` that follows one is what it printed, and what its last line is where that is an
expression. Commands run too (`shown_commands`). Arrays and symbols that a section takes
as given are in `docs/_site/given.py`, which the site takes them from as well.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs._site.given import GIVEN, IMPORTS
from tests.shown_commands import COMMANDS, agrees, commands, output, why_not_run

ROOT = Path(__file__).resolve().parent.parent

#: What a document may need beside NumPy.
EXTRAS = {
    "dask.distributed": ("distributed", "zarr"),
    "import jax": ("jax",),
    "import torch": ("torch",),
    "import sympy": ("sympy",),
    "scipy": ("scipy",),
}

Namespace = dict[str, Any]
#: Where a namespace keeps what the last line of a block is: no name of Python's.
VALUE = "the last value"


@dataclass(frozen=True)
class Block:
    """A piece of a document: its language, the heading above it, what it says."""

    language: str
    heading: str
    text: str
    line: int


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a text in Markdown."""
    heading, language, start = "", None, 0
    lines: list[str] = []
    for number, line in enumerate(document.splitlines(), 1):
        fence = re.fullmatch(r"```([\w{}-]*)", line)
        if fence and language is None:
            language, lines, start = fence[1], [], number + 1
        elif fence and language is not None:
            text = "".join(f"{kept}\n" for kept in lines)
            yield Block(language, heading, text, start)
            language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("## "):
            heading = line[3:]


def documents(*languages: str) -> list[str]:
    """Those that have blocks of a language, or all."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    shown = [path for path in paths if has_block(path, languages)]
    return [str(path.relative_to(ROOT)) for path in shown]


def has_block(path: Path, languages: tuple[str, ...]) -> bool:
    text = path.read_text(encoding="utf-8")
    return not languages or any(f"```{language}\n" in text for language in languages)


def run(block: Block, name: str, namespace: Namespace) -> str:
    """What a block prints."""
    if block.text.startswith(">>> "):
        parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
        test = parser.get_doctest(block.text, namespace, name, name, block.line)
        assert runner.run(test).failed == 0
        return ""
    printed = io.StringIO()
    source = ast.parse("\n" * (block.line - 1) + block.text, name)
    last = source.body.pop() if isinstance(source.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(source, name, "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
            namespace[VALUE] = value
    return printed.getvalue()


def printed_by(name: str, text: str) -> Iterator[tuple[Block, str]]:
    """Each block of output in a document, and what the Python above it printed."""
    namespace: Namespace = {}
    exec(IMPORTS + GIVEN.get(name, ""), namespace)
    printed, heading = "", ""
    for block in blocks(text):
        if block.heading != heading:
            heading = block.heading
            exec(GIVEN.get(f"{name}#{heading}", ""), namespace)
        if block.language == "python":
            namespace[VALUE] = None
            printed = run(block, name, namespace)
        elif block.language == "text":
            value = namespace.get(VALUE)
            shown = "" if value is None else f"{value}\n"
            yield block, f"{printed}{shown}".strip("\n") + "\n"


def save_arrays() -> None:
    """The arrays that documents load, in the current directory."""
    rng = np.random.default_rng(0)
    for name, shape in {"W": (20, 30), "A": (30, 40), "X": (40, 3)}.items():
        np.save(f"{name}.npy", rng.normal(size=shape))


@contextlib.contextmanager
def small_cluster() -> Iterator[None]:
    """`Client()` is one worker in this process."""
    import dask.distributed
    import distributed

    usual = dask.distributed.Client
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as client:
        dask.distributed.Client = lambda: client
        try:
            yield
        finally:
            dask.distributed.Client = usual


def all_printed(name: str) -> list[tuple[Block, str]]:
    """Runs a document in an empty directory."""
    text = (ROOT / name).read_text(encoding="utf-8")
    wants_cluster = "dask.distributed" in text
    cluster = small_cluster() if wants_cluster else contextlib.nullcontext()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), cluster:
        save_arrays()
        return list(printed_by(name, text))


def require_extras(name: str, text: str) -> None:
    for word, modules in EXTRAS.items():
        for module in modules if word in text else ():
            pytest.importorskip(module, reason=f"{name} needs it")


@pytest.mark.parametrize("name", documents("python"))
def test_blocks(name: str) -> None:
    require_extras(name, (ROOT / name).read_text(encoding="utf-8"))
    for block, printed in all_printed(name):
        assert printed == block.text, f"{name}, line {block.line}"


def ways_in() -> list[str]:
    """The codes of the README's table, as one copies them from a forge."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Ways in\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    codes = re.findall(r"`([^`]+)`", "\n".join(table).replace(r"\|", "|"))
    return [code for code in codes if "…" not in code]


@pytest.mark.parametrize("code", ways_in())
def test_ways_in(code: str) -> None:
    namespace: Namespace = {}
    exec(IMPORTS + GIVEN["README.md#Ways in"], namespace)
    assert eval(code, namespace) is not None


@pytest.mark.parametrize("name", documents("console", "sh"))
def test_commands(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_arrays()
    shown = blocks((ROOT / name).read_text(encoding="utf-8"))
    for block in shown:
        if block.language not in ("console", "sh"):
            continue
        for command in commands(block.language, block.text):
            if not command.text or why_not_run(command.text):
                continue
            printed = output(command.text)
            told = f"{name}, line {block.line}: {command.text}\n{printed}"
            assert command.shown is None or agrees(command.shown, printed), told


@pytest.mark.parametrize("name", documents())
def test_commands_are_marked(name: str) -> None:
    """A block of commands that is not marked would not be run."""
    for block in blocks((ROOT / name).read_text(encoding="utf-8")):
        unmarked = block.language not in ("console", "sh", "python", "text")
        command = unmarked and COMMANDS.match(block.text)
        assert not command, f"{name}, line {block.line}: mark it sh or console"


def test_a_wrong_output_is_noticed() -> None:
    document = "## A\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    code, shown = blocks(document)
    assert (code.heading, code.line, shown.language) == ("A", 3, "text")
    assert run(code, "a document", {}) == "2\n" != shown.text
    last = "```python\n2 + 2\n```\n\n```text\n5\n```\n"
    assert [printed for _, printed in printed_by("a document", last)] == ["4\n"]


def test_a_wrong_command_is_noticed() -> None:
    first, second = commands("console", "$ indexcalc a\nb\n…\nc\n$ make test\n")
    assert (first.text, second.shown) == ("indexcalc a", None)
    assert agrees(first.shown or "", "b\n1\n2\nc\n")
    assert agrees(first.shown or "", "b\nc\n")
    assert not agrees(first.shown or "", "b\n1\n")
    assert why_not_run(second.text)
    assert not why_not_run(first.text)
    with pytest.raises(AssertionError, match="not a command that a test runs"):
        output("rm -r .")


def write() -> None:
    """Puts what is printed into the documents."""
    for name in documents("python"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for block, printed in reversed(all_printed(name)):
            first = block.line - 1
            lines[first : first + len(block.text.splitlines())] = printed.splitlines()
        (ROOT / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    write()
