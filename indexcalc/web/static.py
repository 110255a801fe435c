"""A build of the page that needs no server: Python runs in the browser, by Pyodide.

    python -m indexcalc.web.static OUT --pyodide FOLDER_OR_URL

The page's files, with a transport that asks a worker; this package and the pure ones
that it needs, as they are installed here, in one archive; and Pyodide's core with
NumPy, copied from a folder, or where it stands on the web. The same input gives the
same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..errors import UnsupportedError
from ..files import saved
from .assets import files

#: What the browser loads from Pyodide's distribution, and what is packed from here.
COMPILED = ("numpy",)
PURE = ("sympy", "mpmath", "networkx", "lark", "opt-einsum", "latex2mathml")
ARCHIVE, PYODIDE = "indexcalc.zip", "pyodide/"
#: The files of Pyodide's core; those in brackets go by its version.
CORE = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
ONE_OF = ("pyodide.asm.js", "pyodide.asm.mjs")
OLDEST = (3, 11)
#: How long a request may take: Python is slower there, and loads SymPy when asked.
SECONDS = 30
#: Folders of installed packages that the page never asks for, and endings that a
#: browser cannot load.
LEFT_OUT = frozenset({"tests", "benchmarks", "__pycache__"})
ENDINGS = frozenset({".pyc", ".so", ".pyd", ".exe"})
#: What a browser may do with the page; a build that is served has no headers of ours.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{origin}; "
    "style-src 'self'; img-src 'self' data:; worker-src 'self'; "
    "connect-src 'self'{origin}; base-uri 'none'; form-action 'none'"
)
#: What the page says of where it computes, served and by itself.
SERVED, ALONE = "on the machine that serves this page", "by Python in this browser"
_URL = re.compile(r"(https?://[A-Za-z0-9.:-]+)/[A-Za-z0-9._~/@+-]*")


def build(out: str, pyodide: str) -> dict[str, int]:
    """Writes the build into a folder; the size of every file by its name.

    `pyodide` is a folder with a distribution of Pyodide, or the URL of one. Raises
    `UnsupportedError` where that is none, or a package is not installed here.
    """
    whole = _page(pyodide) | {ARCHIVE: archive()}
    if not _URL.fullmatch(pyodide):
        whole |= distribution(Path(pyodide))
    for name, content in whole.items():
        place = Path(out, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        saved(content, place)
    return {name: len(content) for name, content in sorted(whole.items())}


# -- the page --------------------------------------------------------------------------


def _page(pyodide: str) -> dict[str, bytes]:
    """The page's files, with its transport and its policy changed."""
    url = _URL.fullmatch(pyodide)
    where = {
        "PYODIDE": f"{pyodide.rstrip('/')}/" if url else PYODIDE,
        "PACKAGES": list(COMPILED),
        "ARCHIVE": ARCHIVE,
        "SECONDS": SECONDS,
    }
    stated = "".join(f"export const {k} = {json.dumps(v)};\n" for k, v in where.items())
    browser = resources.files(__package__) / "browser"
    scripts = {entry.name: entry.read_bytes() for entry in browser.iterdir()}
    found = files() | scripts | {"where.js": stated.encode()}
    policy = POLICY.format(origin=f" {url[1]}" if url else "")
    html = found["index.html"].decode().replace(SERVED, ALONE)
    found["index.html"] = with_policy(html, policy).encode()
    return found


def with_policy(html: str, policy: str) -> str:
    """A page that states its policy itself, before anything is loaded.

    >>> print(with_policy("<head><title>x</title></head>", "default-src 'none'"))
    <head>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'">
    <title>x</title></head>
    """
    head = "<head>"
    if html.count(head) != 1:
        raise UnsupportedError("the page has no <head> to state its policy in")
    stated = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace(head, f"{head}\n{stated}\n")


# -- the packages ----------------------------------------------------------------------


def archive() -> bytes:
    """This package and the pure ones, in one archive that Python imports from."""
    entries = dict(_own())
    for name in PURE:
        entries |= _installed(name)
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as packed:
        for name in sorted(entries):
            packed.writestr(_entry(name), entries[name])
    return written.getvalue()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = ZIP_DEFLATED
    return entry


def _own() -> Iterator[tuple[str, bytes]]:
    package = __package__.partition(".")[0]
    root = Path(str(resources.files(package)))
    for path in root.rglob("*.py"):
        yield f"{package}/{path.relative_to(root).as_posix()}", path.read_bytes()


def _installed(name: str) -> dict[str, bytes]:
    """The files of an installed package, its licence among them."""
    try:
        listed = metadata.files(name)
    except metadata.PackageNotFoundError:
        listed = None
    if not listed:
        raise UnsupportedError(
            f"the build packs {name}, which is not installed here",
            hint="pip install 'indexcalc[web]'",
        )
    kept = [path for path in listed if _travels(path)]
    return {path.as_posix(): Path(str(path.locate())).read_bytes() for path in kept}


def _travels(path: metadata.PackagePath) -> bool:
    inside = not path.is_absolute() and ".." not in path.parts
    plain = path.suffix not in ENDINGS and len(path.parts) > 1
    return inside and plain and LEFT_OUT.isdisjoint(path.parts)


# -- Pyodide ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Locked:
    """What a lock says of a package: its file, what that hashes to, what it needs."""

    file_name: str
    sha256: str
    depends: Sequence[str] = ()


def distribution(folder: Path) -> dict[str, bytes]:
    """The core of a distribution and its compiled packages, each as its lock says."""
    core = {name: _read(folder, name) for name in CORE}
    present = [name for name in ONE_OF if (folder / name).is_file()]
    if not present:
        raise _incomplete(folder, " or ".join(ONE_OF))
    core |= {name: _read(folder, name) for name in present}
    lock = json.loads(core["pyodide-lock.json"])
    _require_python(folder, lock["info"]["python"])
    for wanted in needed(COMPILED, lock["packages"]):
        core[wanted.file_name] = _as_locked(folder, wanted)
    return {f"{PYODIDE}{name}": content for name, content in core.items()}


def needed(
    names: Sequence[str], packages: Mapping[str, Mapping[str, object]]
) -> list[Locked]:
    """What a lock says of packages and of all they depend on.

    >>> blas = {"file_name": "blas.zip", "sha256": "", "depends": []}
    >>> numpy = {"file_name": "numpy.whl", "sha256": "", "depends": ["blas"]}
    >>> [x.file_name for x in needed(["numpy"], {"numpy": numpy, "blas": blas})]
    ['numpy.whl', 'blas.zip']
    """
    found: dict[str, Locked] = {}
    asked = list(names)
    while asked:
        name = asked.pop(0)
        if name not in packages:
            raise UnsupportedError(f"this Pyodide has no {name}")
        if name not in found:
            record = packages[name]
            kept: Mapping[str, Any] = {k: record[k] for k in Locked.__slots__}
            found[name] = Locked(**kept)
            asked += found[name].depends
    return list(found.values())


def _as_locked(folder: Path, wanted: Locked) -> bytes:
    content = _read(folder, wanted.file_name)
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise UnsupportedError(
            f"{folder / wanted.file_name} is not the file that pyodide-lock.json names",
            hint="take both from one release of Pyodide",
        )
    return content


def _require_python(folder: Path, version: str) -> None:
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise UnsupportedError(
            f"the Pyodide in {folder} is Python {version}, and {wanted} is the oldest "
            "that will do",
            hint="Pyodide 0.25 or later",
        )


def _read(folder: Path, name: str) -> bytes:
    if Path(name).name != name or not (folder / name).is_file():
        raise _incomplete(folder, name)
    return (folder / name).read_bytes()


def _incomplete(folder: Path, name: str) -> UnsupportedError:
    return UnsupportedError(
        f"{folder} is no distribution of Pyodide that will do: it has no {name}",
        hint="the folder of a full release, or the core with NumPy's wheel beside it",
    )


# -- the command -----------------------------------------------------------------------


def main() -> int:
    """The command; 0, or 2 with the reason."""
    import argparse
    import sys

    parser = argparse.ArgumentParser(
        prog="python -m indexcalc.web.static", description="The page without a server."
    )
    parser.add_argument("out", help="the folder to write")
    parser.add_argument(
        "--pyodide", required=True, help="a folder with Pyodide and NumPy, or a URL"
    )
    given = parser.parse_args()
    try:
        sizes = build(given.out, given.pyodide)
    except (UnsupportedError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for name, size in sizes.items():
        print(f"{size:>12,}  {name}")
    print(f"{sum(sizes.values()):>12,}  in all; serve it: python -m http.server -d OUT")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
