"""The package as its users get it: built, looked into, installed, tried.

    python -m tests.package [--python PYTHON ...] [--suite] [--lowest]

builds a source distribution and a wheel, twice, and compares the bytes; has twine read
them; looks into both; installs the wheel without extras in a new environment of every
PYTHON named, and the source distribution in one more; in each, from outside the tree,
it imports, runs the command, the first example of the README, and mypy over a user's
text. With `--suite`, tests that come with the source distribution run against the
installed wheel; with `--lowest` also beside the oldest versions of everything that it
claims to work with. It needs `build` and `twine`, and an index of packages.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: When the files in an archive were changed, for everybody.
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}

#: What is in a source distribution and not in the folders of FOLDERS.
FILES = {
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "PKG-INFO",
    "README.md",
    "pyproject.toml",
}
FOLDERS = {".ci", "benchmarks", "docs", "examples", "indexcalc", "tests"}

#: What nobody wants to be sent.
SCRATCH = re.compile(r"__pycache__|\.py[cod]$|\.(orig|rej|swp|log|tgz|npy|npz)$|~$")

#: The tests that try an installed wheel on another Python.
SUITE = (
    "derivative evaluate text structured compiled einsum_text drawing_svg check saved "
    "cli"
)

#: A user's text: what mypy must find right, and what it must find wrong.
TYPED = """
import indexcalc as ic

e: ic.Expression = ic.parse("x'*A*x", x="n", A="n n")
word: str = e.diff("x").matrix("paper").latex
reveal_type(e.gradient("x"))
"""
MISTYPED = "import indexcalc as ic\nn: int = ic.parse('x', x='n')\n"

TRIED = """
import pathlib, re, sys
import numpy as np
import indexcalc as ic
assert pathlib.Path(ic.__file__).is_relative_to(sys.prefix), ic.__file__
lazy = {"sympy", "networkx", "lark", "typer", "rich"} & set(sys.modules)
assert not lazy, lazy
readme = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
x, a = np.ones((4, 3)), np.ones((4, 3))
exec(re.search(r"```python\\n(.*?)```", readme, re.S)[1])
assert J.evaluate(X=x, A=a).shape == (4, 4, 3)
"""


def run(*words: object, folder: Path | None = None, code: int = 0) -> str:
    """What a command prints. Raises `SystemExit` where it does not end with `code`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    found = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env={**kept, **EPOCH, "COLUMNS": "100", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if found.returncode != code:
        told = " ".join(map(str, words))
        raise SystemExit(f"{told}: ended with {found.returncode}\n{found.stdout}")
    return found.stdout


def built(folder: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel that is built from it."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


def digests(paths: Iterable[Path]) -> list[str]:
    """The hash of each file."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def why_not_the_source(names: Sequence[str]) -> str:
    """What is wrong with the files of a source distribution; nothing if all is well."""
    inner = [name.partition("/")[2] for name in names]
    top = {name.partition("/")[0] for name in inner} - FOLDERS
    if top != FILES:
        return f"missing {sorted(FILES - top)}, unexpected {sorted(top - FILES)}"
    return next((f"{name} is scratch" for name in inner if SCRATCH.search(name)), "")


def why_not_the_wheel(names: Sequence[str]) -> str:
    """The same of a wheel: the package alone, with its marker of types and every file
    of the package in the tree."""
    top = {name.partition("/")[0] for name in names}
    if len(top) != 2 or "indexcalc" not in top:
        return f"top-level names are {sorted(top)}"
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "indexcalc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name for name in names if name.startswith("indexcalc/")}
    if here != there:
        return f"missing {sorted(here - there)}, unexpected {sorted(there - here)}"
    return "" if "indexcalc/py.typed" in there else "py.typed is missing"


def environment(python: str, folder: Path, *packages: object) -> Path:
    """The Python of a new environment with some packages."""
    folder.parent.mkdir(exist_ok=True)
    run(python, "-m", "venv", folder)
    own = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(own, "-m", "pip", "install", "--quiet", *packages)
    return own


def tried(own: Path, folder: Path) -> None:
    """Uses an installed package, from outside the tree."""
    folder.mkdir(parents=True)
    (folder / "readme.py").write_text(TRIED, encoding="utf-8")
    run(own, "-I", "readme.py", ROOT / "README.md", folder=folder)
    command = own.with_name("indexcalc")
    shown = run(command, "--help", folder=folder)
    assert "diff" in shown, shown
    answer = run(command, "diff", "x'*A*x", "--wrt", "x", folder=folder)
    assert "(A + A" in answer, answer


def typed(own: Path, folder: Path) -> None:
    """Has mypy look at a user's text, with the types that the package brings."""
    run(own, "-m", "pip", "install", "--quiet", "mypy")
    (folder / "right.py").write_text(TYPED, encoding="utf-8")
    (folder / "wrong.py").write_text(MISTYPED, encoding="utf-8")
    right = run(own, "-m", "mypy", "--strict", "right.py", folder=folder)
    assert 'Revealed type is "indexcalc.face.Expression"' in right, right
    wrong = run(own, "-m", "mypy", "--strict", "wrong.py", folder=folder, code=1)
    assert "Incompatible types in assignment" in wrong, wrong


def lowest() -> list[str]:
    """What the package needs, each in the oldest version that is allowed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table = project["project"]
    needed = [*table["dependencies"], *table["optional-dependencies"]["scipy"]]
    return [line.replace(">=", "==") for line in needed]


def suite(own: Path, source: Path, folder: Path) -> str:
    """The last line of the tests that come with the source distribution, run against
    what is installed."""
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    (unpacked / "indexcalc").rename(folder / "not-on-the-path")
    run(own, "-m", "pip", "install", "--quiet", "pytest", "hypothesis", "scipy")
    tests = [f"tests/test_{name}.py" for name in SUITE.split()]
    shown = run(own, "-m", "pytest", "-p", "no:cacheprovider", *tests, folder=unpacked)
    return shown.strip().splitlines()[-1]


def archives(folder: Path) -> tuple[Path, Path]:
    """Builds, and looks at what was built. Raises `SystemExit` where it is wrong."""
    source, wheel = built(folder / "one")
    if digests((source, wheel)) != digests(built(folder / "two")):
        raise SystemExit("two builds differ")
    run(sys.executable, "-m", "twine", "check", "--strict", source, wheel)
    with tarfile.open(source) as archive, zipfile.ZipFile(wheel) as packed:
        files = [member.name for member in archive if member.isfile()]
        why = why_not_the_source(files) or why_not_the_wheel(packed.namelist())
    if why:
        raise SystemExit(why)
    sizes = " and ".join(f"{p.stat().st_size / 1e3:.0f} kB" for p in (source, wheel))
    print(f"{source.name} and {wheel.name}: {sizes}, the same bytes twice")
    return source, wheel


def installed(python: str, folder: Path, archive: Path) -> Path:
    """Installs one of the archives in a new environment, and uses it."""
    own = environment(python, folder / "environment", archive)
    tried(own, folder / "elsewhere")
    typed(own, folder / "elsewhere")
    print(f"{run(own, '--version').strip()}: {archive.name} installed and tried")
    return own


def main(arguments: Sequence[str] | None = None) -> None:
    """Builds and tries; says what was done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--suite", action="store_true")
    parser.add_argument("--lowest", action="store_true")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, wheel = archives(folder)
        installed(sys.executable, folder / "source", source)
        for k, python in enumerate(asked.python or [sys.executable]):
            own = installed(python, folder / f"wheel{k}", wheel)
            if asked.suite:
                print(f"  {suite(own, source, folder / f'suite{k}')}")
        if asked.lowest:
            own = environment(sys.executable, folder / "lowest", wheel, *lowest())
            print(f"lowest versions: {suite(own, source, folder / 'old')}")


if __name__ == "__main__":
    main()
