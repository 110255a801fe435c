"""The page without a server: what a build holds, what it refuses, and that it answers.

The last needs a real distribution of Pyodide with NumPy, in the folder that the
variable INDEXCALC_PYODIDE names, Playwright and a Chromium; it is skipped without them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

pytest.importorskip("latex2mathml", reason="the page's formulas need it")

from indexcalc.errors import UnsupportedError
from indexcalc.web import static

WHEEL = b"what NumPy's wheel would be"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def lock(**changed: Any) -> str:
    wheel = {
        "file_name": "numpy.whl",
        "sha256": hashlib.sha256(WHEEL).hexdigest(),
        "depends": [],
    }
    info = {"python": "3.12.7"}
    return json.dumps({"info": info, "packages": {"numpy": wheel}, **changed})


@pytest.fixture
def pyodide(tmp_path: Path) -> Path:
    """A folder that looks like a distribution."""
    folder = tmp_path / "distribution"
    folder.mkdir()
    for name in (*static.CORE, "pyodide.asm.js"):
        (folder / name).write_bytes(name.encode())
    (folder / "pyodide-lock.json").write_text(lock())
    (folder / "numpy.whl").write_bytes(WHEEL)
    (folder / "pandas.whl").write_bytes(b"which nobody needs")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_build_is_whole_and_always_the_same(pyodide: Path, tmp_path: Path) -> None:
    sizes = static.build(str(tmp_path / "a"), str(pyodide))
    static.build(str(tmp_path / "b"), str(pyodide))
    found = contents(tmp_path / "a")
    assert found == contents(tmp_path / "b")
    assert {name: len(content) for name, content in found.items()} == sizes
    assert {"index.html", "transport.js", "python.js", "where.js"} <= found.keys()
    assert found["pyodide/numpy.whl"] == WHEEL
    assert "pyodide/pandas.whl" not in found
    stated = found["index.html"].decode()
    assert stated.index("Content-Security-Policy") < stated.index("<script")
    assert static.ALONE in stated
    assert static.SERVED not in stated
    assert 'PYODIDE = "pyodide/"' in found["where.js"].decode()


def test_the_archive_has_the_package_and_its_licences() -> None:
    with ZipFile(BytesIO(static.archive())) as packed:
        names = packed.namelist()
    assert {"indexcalc/web/answers.py", "lark/lark.py", "sympy/__init__.py"} <= {*names}
    assert names == sorted(names)
    assert not [n for n in names if n.startswith(("/", "..")) or "/tests/" in n]
    stated = [name for name in names if name.endswith(".dist-info/METADATA")]
    assert len(stated) == len(static.PURE)
    assert sum("LICENSE" in name for name in names) > 3


def test_python_starts_from_the_archive_alone(tmp_path: Path) -> None:
    """What is packed is enough for every kind of answer, but for NumPy."""
    place = tmp_path / "packed"
    with ZipFile(BytesIO(static.archive())) as packed:
        packed.extractall(place)
    numpy = Path(pytest.importorskip("numpy").__file__).parent
    (tmp_path / "site").mkdir()
    for folder in (numpy, numpy.parent / "numpy.libs"):
        if folder.is_dir():
            (tmp_path / "site" / folder.name).symlink_to(folder)
    asked = [
        {"kind": kind, "text": "norm2(A*x-y)^2", "by": "x", "order": 1}
        for kind in ("sheet", "code", "diagram", "steps", "film", "verify")
    ]
    program = (
        "import json, sys; from indexcalc.web.answers import answer; "
        "print([answer(r).get('error') for r in json.loads(sys.argv[1])])"
    )
    environment = {"PYTHONPATH": os.pathsep.join([str(place), str(tmp_path / "site")])}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, json.dumps(asked)],
        env={**os.environ, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str([None] * len(asked)), done.stderr


def test_a_distribution_on_the_web_is_named_not_copied(tmp_path: Path) -> None:
    url = "https://cdn.example.org/pyodide/v0.27.7/full"
    static.build(str(tmp_path / "a"), url)
    found = contents(tmp_path / "a")
    assert not [name for name in found if name.startswith("pyodide/")]
    assert f'PYODIDE = "{url}/"' in found["where.js"].decode()
    assert "connect-src 'self' https://cdn.example.org;" in found["index.html"].decode()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("pyodide.mjs", None, "has no pyodide.mjs"),
        ("pyodide.asm.js", None, "has no pyodide.asm.js or pyodide.asm.mjs"),
        ("numpy.whl", None, "has no numpy.whl"),
        ("numpy.whl", "another", "is not the file that pyodide-lock.json names"),
        ("pyodide-lock.json", lock(packages={}), "this Pyodide has no numpy"),
        ("pyodide-lock.json", lock(info={"python": "3.10.2"}), "is Python 3.10.2"),
    ],
)
def test_a_folder_that_will_not_do_is_refused(
    name: str, content: str | None, reason: str, pyodide: Path, tmp_path: Path
) -> None:
    if content is None:
        (pyodide / name).unlink()
    else:
        (pyodide / name).write_text(content)
    with pytest.raises(UnsupportedError, match=reason):
        static.build(str(tmp_path / "a"), str(pyodide))
    assert not (tmp_path / "a").exists()


# -- in a browser ----------------------------------------------------------------------


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a build with the real Pyodide; requests end after two seconds."""
    pytest.importorskip("playwright", reason="the browser is driven by it")
    folder = os.environ.get("INDEXCALC_PYODIDE")
    if not folder or CHROMIUM is None:
        pytest.skip("needs INDEXCALC_PYODIDE, a folder with Pyodide, and Chromium")
    out = tmp_path_factory.mktemp("site")
    static.build(str(out), folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


ASK = """async (requests) => {
  const { ask } = await import("./transport.js");
  return Promise.all(requests.map(r => ask(r).catch(e => ({ error: e.message }))));
}"""
ABORT = """async () => {
  const { ask } = await import("./transport.js");
  const control = new AbortController();
  const left = ask({ kind: "sheet", text: "exp(X)" }, control.signal);
  const why = left.catch(e => e.name);
  control.abort();
  return [await why, (await ask({ kind: "sheet", text: "a*x" })).by];
}"""


def test_a_browser_answers_by_itself(site: str) -> None:
    """Right answers, errors as data, nothing asked of another host, no complaints."""
    from playwright.sync_api import sync_playwright

    texts = ["0.5*x'*A*x", "norm2(A*x-y)^2", "x'*", "__import__('os')"]
    complaints: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type == "error" else None,
        )
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site)
        found = page.evaluate(ASK, [{"kind": "sheet", "text": t} for t in texts])
        left = page.evaluate(ABORT)
        browser.close()
    formulas = [a["derivative"]["matrix"]["text"] for a in found[:2]]
    assert formulas == ["(A + Aᵀ)x/2", "2Aᵀ(Ax − y)"]
    assert [a["error"] for a in found[2:]] == ["ParseError", "ParseError"]
    assert left == ["AbortError", "x"]
    assert all(url.startswith(site) for url in asked)
    assert not complaints
