"""What the documents show runs, and prints what they say; the examples arrive.

    python -m tests.test_documents --write

writes what is printed into the documents: read the difference before it is committed.
The Python blocks of a document run one after another in one namespace; a block marked
`text` that follows one is what it printed. Arrays and symbols that a section takes as
given are in `GIVEN`.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import runpy
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent

#: What the blocks of a section take as given, by document and heading.
GIVEN = {
    "README.md": "x, a = np.ones((4, 3)), np.ones((4, 3))",
    "README.md#Derivatives": """
X, A = ic.tensors("X A", "n p")
B = ic.tensor("B", "p p")
x, v = ic.tensors("x v", "p")
z, u = ic.tensors("z u", "n")
y = (X @ B * A) @ x
f = z @ X @ np.exp(x)
""",
    "README.md#Ways out": """
X, A = ic.tensors("X A", "n p")
y = (X * A) @ ic.ones("p")
J = y.diff("A")
x, a, v = np.ones((4, 3)), np.ones((4, 3)), np.ones((4, 3))
i, j, k = 0, 0, 1
""",
    "README.md#Fast functions": """
rng = np.random.default_rng(0)
data, weights = rng.normal(size=(300, 20)), rng.normal(size=20)
labels = np.sign(rng.normal(size=300))
""",
    "README.md#Structure kept": """
seen, ratings = rng.random((200, 150)), rng.normal(size=(200, 150))
U, V = rng.normal(size=(200, 5)), rng.normal(size=(150, 5))
""",
}

IMPORTS = "import numpy as np\nimport indexcalc as ic\n"

#: What a document may need beside NumPy.
EXTRAS = {"dask.distributed": ("distributed", "zarr"), "scipy": ("scipy",)}

Namespace = dict[str, Any]


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
        fence = re.fullmatch(r"```(\w*)", line)
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


def documents() -> list[str]:
    """Those that show Python."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    shown = [p for p in paths if "```python" in p.read_text(encoding="utf-8")]
    return [str(path.relative_to(ROOT)) for path in shown]


def run(block: Block, name: str, namespace: Namespace) -> str:
    """What a block prints."""
    if block.text.startswith(">>> "):
        parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
        test = parser.get_doctest(block.text, namespace, name, name, block.line)
        assert runner.run(test).failed == 0
        return ""
    printed = io.StringIO()
    source = compile("\n" * (block.line - 1) + block.text, name, "exec")
    with contextlib.redirect_stdout(printed):
        exec(source, namespace)
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
            printed = run(block, name, namespace)
        elif block.language == "text":
            yield block, printed.strip("\n") + "\n"


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


@pytest.mark.parametrize("name", documents())
def test_blocks(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for word, modules in EXTRAS.items():
        for module in modules if word in text else ():
            pytest.importorskip(module, reason=f"{name} needs it")
    for block, printed in all_printed(name):
        assert printed == block.text, f"{name}, line {block.line}"


@pytest.mark.parametrize("name", ["worked_problems", "newton"])
def test_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[-1].strip()


def test_a_wrong_output_is_noticed() -> None:
    document = "## A\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    code, shown = blocks(document)
    assert (code.heading, code.line, shown.language) == ("A", 3, "text")
    assert run(code, "a document", {}) == "2\n" != shown.text


def write() -> None:
    """Puts what is printed into the documents."""
    for name in documents():
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for block, printed in reversed(all_printed(name)):
            first = block.line - 1
            lines[first : first + len(block.text.splitlines())] = printed.splitlines()
        (ROOT / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    write()
