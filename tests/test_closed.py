"""Closed: no text becomes code, but our own; nothing is written, run or fetched.

The syntax trees of the package are read for what could do it, and `tests.watched` runs
the package under an audit hook. Both are shown mutants that they have to notice.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sympy

import indexcalc as ic
from indexcalc.defined import CONSTANTS as NUMBERS
from indexcalc.defined import SPECIAL
from indexcalc.errors import IndexCalcError, ParseError, UnsupportedError
from indexcalc.functions import defined
from indexcalc.postfix import CONSTANTS, TAKEN, require_orders, require_program
from indexcalc.rows import from_rows, to_rows
from indexcalc.sympy_scalars import CLASSES, RELATIONS, encode

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "indexcalc"

# -- what the source may do ------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What may be imported anywhere: none of it runs, fetches or unpickles anything.
HARMLESS = _words(
    "__future__ ast base64 bisect cmath collections contextlib contextvars copy "
    "dataclasses "
    "difflib enum errno fractions functools gc hashlib heapq inspect itertools json "
    "html keyword math numbers operator random re statistics string sys textwrap "
    "threading time types typing unicodedata uuid weakref cotengrust lark mpmath "
    "networkx numpy opt_einsum scipy sympy typing_extensions xml"
)

#: What one file may do and no other, and why.
EXCEPTIONS = {
    ("codegen/source.py", "calls exec"): "runs the module that we printed",
    ("codegen/source.py", "calls compile"): "compiles the module that we printed",
    ("planning/memory.py", "calls exec"): "runs the module that we printed on shadows",
    ("planning/memory.py", "calls compile"): "compiles it, its operators as calls",
    ("rows.py", "imports copyreg"): "tells pickle to write rows; reads no pickle",
    ("files.py", "calls open"): "writes to a device that the user names",
    ("files.py", "imports tempfile"): "mkstemp, beside the file",
    ("distributed/outputs.py", "calls open"): "writes blocks to the user's file",
    ("distributed/outputs.py", "imports tempfile"): "mkstemp and mkdtemp, beside it",
    ("planning/room.py", "uses .read_text"): "what the system says of its memory",
    ("from_documents.py", "calls open"): "reads the file that the user names",
    ("cli/arrays.py", "calls open"): "reads the table that the user names",
    ("cli/arrays.py", "calls .load"): "reads the arrays that the user names",
    ("cli/arrays.py", "gives allow_pickle"): "forbids objects in them",
    ("web/pool.py", "imports asyncio"): "starts our own worker, and can end it",
    ("web/pool.py", "uses os.pathsep"): "the worker's modules are this one's",
    ("web/worker.py", "imports signal"): "the clock that ends a worker",
    ("web/app.py", "imports asyncio"): "waits for answers and for who asked",
    ("web/app.py", "imports starlette"): "the server of the page",
    ("web/app.py", "imports urllib"): "takes hosts and origins apart; fetches nothing",
    ("web/app.py", "imports ipaddress"): "knows an address in digits",
    ("web/patience.py", "imports asyncio"): "its handle of a timer",
    ("web/patience.py", "imports uvicorn"): "the server of the page",
    ("web/serving.py", "imports uvicorn"): "the server of the page",
    ("web/serving.py", "imports latex2mathml"): "only to see that it is there",
    ("web/serving.py", "imports socket"): "listens where the user says",
    ("web/serving.py", "imports webbrowser"): "opens the page when asked to",
    ("web/assets.py", "imports importlib"): "the page's own files",
    ("web/assets.py", "uses .read_bytes"): "reads those files",
    ("web/static.py", "imports argparse"): "a command of its own: writes a build",
    ("web/static.py", "imports zipfile"): "packs the packages that a browser runs",
    ("web/static.py", "imports pathlib"): "the folders that the user names",
    ("web/static.py", "imports importlib"): "the files of installed packages",
    ("web/static.py", "uses .read_bytes"): "reads those files, to copy them",
    (
        "backends.py",
        "uses .__code__",
    ): "the names of sizes among the arguments of our text",
}

#: Modules that name files or tell about the machine, by who may import them.
LIMITED = {
    "os": {"planning", "distributed", "files", "from_documents", "planned"}
    | {"compiled", "face", "reports", "web", "cli"},
    "pathlib": {"distributed", "from_documents", "planning", "cli"},
    "mmap": {"distributed", "planning"},
    "resource": {"planning", "web"},
    "shutil": {"distributed", "cli"},
    "importlib": {"__init__", "text", "formula_image", "drawing", "distributed"}
    | {"backends", "codegen", "planning", "cli"},
    "io": {"cli", "web"},
    "traceback": {"cli"},
    "typer": {"cli"},
    "rich": {"cli"},
}

#: Members of `os` that are used: none starts a program.
OS = _words(
    "PathLike fsdecode path stat fdopen chmod replace unlink umask sysconf pwrite "
    "rename sched_getaffinity cpu_count fspath close write fsync getpid environ "
    "name fstat open remove rmdir posix_fallocate ftruncate process_cpu_count "
    "SEEK_END"
)

BUILTINS = _words(
    "eval exec compile __import__ open input breakpoint vars locals delattr"
)

#: Attributes that nothing may be asked for, on any object.
ATTRIBUTES = _words(
    "system popen fork forkpty spawnl spawnv execv execl execve execvp posix_spawn "
    "startfile lambdify parse_expr parsing sympify_args NamedTemporaryFile mktemp "
    "TemporaryFile SpooledTemporaryFile gettempdir allow_pickle loads_pickle "
    "__globals__ __builtins__ __subclasses__ __code__ __bases__ __import__ "
    "read_text read_bytes write_text write_bytes fromfile tofile genfromtxt loadtxt "
    "savetxt fromregex DataSource format_map get_data load_module exec_module "
    "source_from_cache f2py ctypeslib load_library testing"
)

#: Attributes that may not be called.
CALLED = frozenset(["S", "eval", "exec", "load", "dump", "dumps_pickle", "run_code"])

#: Who may call an attribute of that name, which is something of ours there.
CALLABLE = {("load", "codegen"), ("load", "einsum_text.py")}


def faults(place: str, source: str) -> Iterator[str]:
    """What a file does that it may not, each as "place: what"."""
    for node in ast.walk(ast.parse(source)):
        for what in _done(place, node):
            if (place, what) not in EXCEPTIONS:
                yield f"{place}:{getattr(node, 'lineno', 0)}: {what}"


def _done(place: str, node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _imported(place, alias.name)
        case ast.ImportFrom(level=0, module=str(module), names=names):
            yield from _imported(place, module)
            yield from (f"uses .{a.name}" for a in names if a.name in ATTRIBUTES)
        case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
            yield f"calls {name}"
        case ast.Call(func=ast.Attribute(attr=name)) if name in CALLED:
            if (name, place.partition("/")[0]) not in CALLABLE:
                yield f"calls .{name}"
        case ast.Call(func=ast.Attribute(attr="sympify")) if not _strict(node):
            yield "calls sympify that reads text"
        case ast.Attribute(value=ast.Name(id="os"), attr=name) if name not in OS:
            yield f"uses os.{name}"
        case ast.Attribute(attr=name) if name in ATTRIBUTES:
            yield f"uses .{name}"
        case ast.Name(id=name) if name in ATTRIBUTES:
            yield f"uses {name}"
        case ast.keyword(arg="allow_pickle" | "shell"):
            yield f"gives {node.arg}"
        case ast.Constant(value=str(text)) if text in ATTRIBUTES | {"pickle", "ctypes"}:
            yield f"names {text}"


def _imported(place: str, module: str) -> Iterator[str]:
    root, layer = module.partition(".")[0], place.removesuffix(".py").partition("/")[0]
    if root not in HARMLESS and layer not in LIMITED.get(root, ()):
        yield f"imports {root}"


def _strict(call: ast.Call) -> bool:
    given = {k.arg: k.value for k in call.keywords}
    return (
        isinstance(given.get("strict"), ast.Constant) and given["strict"].value is True
    )


def test_no_file_does_what_it_may_not() -> None:
    found = [
        fault
        for path in sorted(PACKAGE.rglob("*.py"))
        for fault in faults(
            path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        )
    ]
    assert not found, "\n".join(found)


def test_every_exception_is_needed() -> None:
    """The list of exceptions does not outlive what it excuses."""
    for place, what in EXCEPTIONS:
        tree = ast.parse((PACKAGE / place).read_text(encoding="utf-8"))
        assert what in {w for node in ast.walk(tree) for w in _done(place, node)}, place


PLANTED = (
    "eval(text)",
    "exec(text)",
    "compile(text, '', 'exec')",
    "__import__(name)",
    "open(path)",
    "import pickle",
    "from pickle import loads",
    "import marshal, shelve",
    "import subprocess",
    "import ctypes",
    "import socket",
    "from urllib.request import urlopen",
    "import multiprocessing",
    "import os\nos.system(text)",
    "import os\nos.popen(text)",
    "import os\nos.execv(text, [])",
    "import tempfile",
    "np.load(path, allow_pickle=True)",
    "np.load(path)",
    "np.fromfile(path)",
    "sympy.sympify(text)",
    "sympy.sympify(text, strict=False)",
    "sympy.S(text)",
    "sympy.lambdify(x, text)",
    "from sympy.parsing.sympy_parser import parse_expr\nparse_expr(text)",
    "from sympy import lambdify",
    "x.__class__.__subclasses__()",
    "f.__globals__",
    "template.format_map(names)",
    "getattr(os, 'system')(text)",
    "importlib.import_module(text)\nimport importlib",
)


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_one_is_noticed(text: str) -> None:
    """Anywhere, and in the middle of a function too."""
    assert list(faults("nodes.py", text))
    inside = "def f(text):\n" + "".join(f"    {line}\n" for line in text.splitlines())
    assert list(faults("nodes.py", inside))


# -- what it does when it runs ---------------------------------------------------------


def watched(*arguments: str) -> dict[str, list[str]]:
    """What `tests.watched` saw, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.watched", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_audit_hook_sees_only_our_own_code() -> None:
    """Hostile names and texts through every way in and out: nothing is run but modules
    that we printed, nothing opened but the file that is asked for."""
    seen = watched()
    assert not seen["wrong"], "\n".join(seen["wrong"])
    assert len(seen["ran"]) > 20
    assert len(seen["written"]) == 1


PLANTS = (
    "eval",
    "exec",
    "sympify",
    "open",
    "subprocess",
    "socket",
    "pickle",
    "import",
    "ctypes",
    "os.system",
    "name in code",
)


def test_the_audit_hook_sees_planted_ones() -> None:
    seen = watched("--plant")
    missing = [p for p in PLANTS if not any(w.startswith(p) for w in seen["planted"])]
    assert not missing, seen["planted"]


# -- formulas from strangers -----------------------------------------------------------

TEXT = "__import__('os').system('false')"

NO_PROGRAMS: tuple[object, ...] = (
    (),
    "argument",
    (("rational", (TEXT,), 1),),
    (("rational", TEXT, 1),),
    (("rational", [TEXT], 1),),
    (("argument", 0), ("power", (TEXT,), 1)),
    (("argument", 0), ("power", 1, 0)),
    (("argument", 0), ("product", (TEXT,))),
    (("argument", 0), ("product", 2)),
    (("argument", 0), ("product", 0)),
    (("argument", 1),),
    (("argument", -1),),
    (("argument", True),),
    (("constant", TEXT),),
    (("constant", ("pi",)),),
    (("float", "nan"),),
    (("float", TEXT),),
    (("rational", 1, 0),),
    (("rational", 2**90_000, 1),),
    (("argument", 0), ("argument", 0)),
    (("argument", 0), (TEXT, 1)),
    (("argument", 0), ("__class__", 1)),
    (("argument", 0), ("exp", 2)),
    (
        ("rational", 9, 1),
        ("rational", 9, 1),
        ("rational", 9, 1),
        ("pow", 2),
        ("pow", 2),
    ),
    (("rational", 9, 1), ("power", 387_420_489, 1)),
    (("rational", 10**9, 1), ("argument", 0), ("hermite", 2)),
    (("rational", 3, 1), ("rational", 10**9, 1), ("polygamma", 2)),
    (("rational", 10**6, 1), ("factorial", 1)),
    (("argument", 0),) * 30_000,
)


@pytest.mark.parametrize("program", NO_PROGRAMS, ids=range(len(NO_PROGRAMS)))
def test_what_is_no_program_is_refused(program: object) -> None:
    """Before SymPy, which evaluates text, sees any of it."""
    x = ic.tensor("x", "n").node
    with pytest.raises(ParseError):
        require_program(program, 1)
    with pytest.raises(IndexCalcError):
        defined("f", program, [x])  # type: ignore[arg-type]
    rows = [*to_rows(x), ("call", "defined", [0], ["f", (0,), program], "n")]
    with pytest.raises(ParseError):
        from_rows(rows)


@pytest.mark.parametrize("orders", [(-1,), (1.0,), (10**9,), ("1",), [1], (True,), 1])
def test_what_are_no_orders_is_refused(orders: object) -> None:
    with pytest.raises(ParseError):
        require_orders(orders)


def test_every_instruction_is_known() -> None:
    """The table of programs is the table of what SymPy and NumPy compute."""
    more = {"sum", "product", "pow", "and", "or", "not", *RELATIONS}
    assert set(TAKEN) == set(CLASSES) | more
    assert set(SPECIAL) <= set(TAKEN)
    assert frozenset(NUMBERS) == CONSTANTS


def test_what_sympy_says_is_a_program() -> None:
    """Numbers of any kind that a formula of SymPy holds pass."""
    t = sympy.Symbol("t")
    third = sympy.Rational(1, 3)
    for formula in (
        sympy.gamma(third) * sympy.pi**0.3 * t + sympy.besselj(3, t),
        2 ** sympy.Rational(1, 2) * t ** sympy.Rational(-7, 3) + 10**30,
        sympy.Piecewise((t, t > 0), (sympy.uppergamma(third, t), True)),
        sympy.legendre(third, t) + sympy.E**t + 1e-300 * t + sympy.Heaviside(t),
    ):
        require_program(encode(sympy.Lambda(t, formula)), 1)


# -- SymPy reads no text of ours -------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        TEXT,
        (TEXT,),
        [TEXT],
        {TEXT: 1},
        {TEXT},
        {"a": (TEXT,)},
        TEXT.encode(),
        ((TEXT,),),
    ],
    ids=str,
)
def test_from_sympy_takes_no_text(given: object) -> None:
    with pytest.raises(UnsupportedError, match="not an object of SymPy"):
        ic.from_sympy(given)
    with pytest.raises(UnsupportedError, match="not an object of SymPy"):
        ic.tensor("x", "n n").sympy(symbols={"x": given})


def test_from_sympy_takes_no_array_of_text() -> None:
    held = np.empty(1, object)
    held[0] = (TEXT,)
    for array in (np.array([TEXT]), np.array(TEXT), held):
        with pytest.raises(UnsupportedError):
            ic.from_sympy(array)
