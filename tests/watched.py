"""The package under an audit hook: what it runs, opens, imports and sends.

    python -m tests.watched [--all | --plant]

drives every way in and out, first with harmless names, so that all is loaded, then
with hostile ones while the hook watches, and prints what the hook saw as JSON: what was
`wrong`, how often our printed code `ran`, what was `written`. `--plant` does what must
not be done, to show that the hook sees it; `--all` takes every hostile name.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy

import indexcalc as ic
from indexcalc.expr import tensor
from indexcalc.face import Expression
from tests.hostile_names import HOSTILE

# -- what may happen -------------------------------------------------------------------

#: Events that nothing here may cause.
NEVER = re.compile(
    r"subprocess\.|os\.(system|exec|posix_spawn|spawn|fork|startfile|putenv|link|symlink)"
    r"|socket\.|ctypes\.|pickle\.|marshal\.|import$|urllib|http|ftplib|smtplib|webbrowser"
    r"|sqlite3|shutil|pty|code\.__new__|cpython\.run|mmap|sys\.(setprofile|settrace)"
)

#: What a name in printed code looks like.
IDENTIFIER = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,62}|_")

#: What a text in printed code looks like: an einsum program, a dtype, a sign.
TEXT = re.compile(r"[A-Za-z0-9_,.\->\s<>=|]{0,200}|[-+*/@%<>=!]{1,2}")

MODULES = frozenset(
    {"numpy", "scipy", "opt_einsum", "concurrent", "contextvars", "math"}
)

#: What SymPy looks for again and again, where it is not installed.
MISSING = frozenset({"pycosat", "pysat", "gmpy2", "flint"})

#: What printed code never names.
_REFUSED = (
    "eval exec compile open getattr setattr globals vars locals input os sys "
    "builtins importlib subprocess pickle"
)
REFUSED = frozenset(_REFUSED.split())


def faults_of(source: Any) -> Iterator[str]:
    """Why a text is none that we print."""
    tree = source if isinstance(source, ast.AST) else ast.parse(source)
    docs = {id(n) for f in ast.walk(tree) for n in _docstring(f)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                fine = IDENTIFIER.fullmatch(name) and name not in REFUSED
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                fine = IDENTIFIER.fullmatch(name)
            case ast.Import(names=names):
                fine = all(a.name.partition(".")[0] in MODULES for a in names)
            case ast.ImportFrom(module=module):
                fine = str(module).partition(".")[0] in MODULES
            case ast.Constant(value=str(text)) if id(node) not in docs:
                fine = TEXT.fullmatch(text)
            case ast.ClassDef() | ast.Global() | ast.Try() | ast.JoinedStr():
                fine = None
            case _:
                continue
        if not fine:
            yield f"name in code: {ast.dump(node)[:200]}"


def _docstring(node: ast.AST) -> list[ast.AST]:
    held = isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
    return [node.body[0].value] if held else []  # type: ignore[attr-defined]


class Watch:
    """What the hook saw while it was armed."""

    def __init__(self, folder: str) -> None:
        self.armed = False
        self.folder = folder
        self.wrong: list[str] = []
        self.ran: list[str] = []
        self.written: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        self.armed = False
        try:
            self.see(event, args)
        finally:
            self.armed = True

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Sorts one event."""
        match event, args:
            case "compile", (None, _):
                pass  # a tree, whose text was seen when it was parsed
            case "compile", (source, name):
                text = source.decode() if isinstance(source, bytes) else source
                self.wrong += [f"{name}: {f}" for f in faults_of(text)]
                self.ran.append(f"compile {name}")
            case "exec", (code, *_):
                known = code.co_filename in ("<shadows>", "<f>", "<g>")
                (self.ran if known else self.wrong).append(f"exec {code.co_filename}")
            case "open", (str(path) | bytes(path), mode, flags):
                self.opened(path, mode, flags)
            case "import", (str(name), *_) if name in MISSING:
                pass
            case _ if NEVER.match(event):
                self.wrong.append(f"{event} {str(args)[:200]}")

    def opened(self, path: object, mode: object, flags: int) -> None:
        """Files of the system that tell about the machine are read; files are written
        in the folder that was asked for."""
        told = str(path)
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and os.path.realpath(told).startswith(self.folder + os.sep):
            self.written.append(told)
        elif writes or not told.startswith(("/proc/", "/sys/")):
            self.wrong.append(f"open {told} {mode} {flags}")


# -- what is done ----------------------------------------------------------------------

#: Texts that would do something, were they run.
TEXTS = (
    "__import__('os').system('touch /tmp/indexcalc-was-here')",
    "eval('1+1')",
    "().__class__.__bases__[0].__subclasses__()",
    "A*x; import os",
    "lambda: os.system('id')",
    "{0.__class__.__init__.__globals__}",
    "%s%n%x",
    "\\input{/etc/passwd}",
    "\\immediate\\write18{id}",
    "\\def\\a{\\a\\a}\\a",
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
    "cos\nsystem\n(S'id'\ntR.",
    "!!python/object/apply:os.system ['id']",
    '{"__class__": "os.system", "format": "indexcalc.diagram", "version": 1}',
    "x\x00y",
)

t = sympy.Symbol("t")
SWISH = sympy.Lambda(t, t / (1 + sympy.exp(-t)) + sympy.gamma(t) * sympy.Max(t, 0))


def of_name(name: str) -> list[Expression]:
    """Expressions in which the name is that of a variable, a constant, a function."""
    A = Expression(tensor(name, ("n", "n")))
    S = Expression(tensor(name, ("n", "n"), "symmetric"))
    x = Expression(tensor("x", ("n",)))
    f, g = ic.unknown(name), ic.elementwise(name, SWISH)
    c = ic.constant(np.arange(3.0), name)
    return [
        ic.numpy.tanh(A @ x) * x,
        (x @ (A @ ic.numpy.exp(A @ x))).diff("x" if name == "" else name),
        ic.numpy.linalg.inv(S) @ x,
        f(A @ x).diff("x"),
        g(A @ x).diff("x"),
        c * ic.numpy.exp(c),
    ]


def told(e: Expression) -> Iterator[Callable[[], object]]:
    """Everything that an expression can be made to say."""
    for library in ("numpy", "opt_einsum", "torch"):
        yield lambda library=library: e.einsum(library)  # type: ignore[misc]
    for language in ("numpy", "jax", "torch", "array_api", "julia", "matlab", "eigen"):
        yield lambda language=language: e.code(language)  # type: ignore[misc]
    for style in ("plain", "paper"):
        yield lambda style=style: str(e.matrix(style))  # type: ignore[misc]
    for notation in ("matrix", "index"):
        yield lambda notation=notation: e.latex(notation)  # type: ignore[misc]
    yield from (lambda: str(e), lambda: repr(e), lambda: str(e.lowered()))
    yield from (lambda: e.ledger().markdown(), lambda: e.ledger().latex())
    yield from (lambda: str(e.steps("x")), lambda: e.steps("x").latex())
    yield from (lambda: e.sympy(), lambda: ic.from_sympy(e.sympy()))
    yield lambda: e.json()  # type: ignore[attr-defined]
    yield lambda: ic.expression_from_json(e.json())  # type: ignore[attr-defined]
    yield lambda: e.film("x").html()


def drawn(e: Expression) -> Iterator[Callable[[], object]]:
    """Every picture of it."""
    yield from (lambda: e.diagram().svg(legend=True), lambda: e.diagram().tikz())
    yield from (lambda: e.diagram().dot(), lambda: e.diagram().mermaid())
    yield from (lambda: str(e.diagram()), lambda: e.diagram().html(title="T"))
    yield lambda: ic.diagram_from_json(e.diagram().json()).svg()
    yield lambda: e.plan(n=7).diagram().svg()


def computed(e: Expression, name: str, n: int) -> Iterator[Callable[[], object]]:
    """Its numbers, in every way that prints and runs code."""
    rng = np.random.default_rng(0)
    values = {
        k: rng.random([n] * len(v.shape)) + np.eye(n, n)[0, 0] for k, v in _leaves(e)
    }
    if name in values and values[name].ndim == 2:
        values[name] = values[name] + values[name].T
    functions = {name: np.sin, f"{name}'": np.cos}
    for style in ("fast", "plain"):
        compiled = e.compile(style=style, functions=functions)
        yield lambda c=compiled: c(values)  # type: ignore[misc]
        yield lambda c=compiled: c.source  # type: ignore[misc]
    yield lambda: str(e.plan(n=n))
    yield lambda: e.evaluate(values, functions=functions)


def _leaves(e: Expression) -> list[tuple[str, Expression]]:
    return sorted(e.variables.items())


def ways_in(text: str) -> Iterator[Callable[[], object]]:
    """A hostile text through every way in."""
    A, x = ic.tensor("A", "n n"), ic.tensor("x", "n")
    yield lambda: ic.parse(text, A="n n", x="n")
    yield lambda: ic.parse(text, A="n n", x="n", paper=True, infer=True)
    yield lambda: ic.parse(f"{text} where A = {text}", x="n")
    yield lambda: ic.parse("A*x", {"A": text, "x": text})
    yield lambda: ic.parse("A*x", {text: "n n", "x": "n"})
    yield lambda: ic.parse_latex(text, {"A": "n n", "x": "n"})
    yield lambda: ic.parse_index(text, {"A": "n n", "x": "n"})
    yield lambda: ic.einsum(text, A, x)
    yield lambda: ic.question(text)
    yield lambda: ic.tensor("A", text)
    yield lambda: ic.tensor("A", f"n n : {text}")
    yield lambda: ic.dim(text)
    yield lambda: ic.check((x @ A @ x).diff("x"), text)
    yield lambda: ic.unknown(text)(x).diff("x")
    yield lambda: ic.from_sympy(text)
    yield lambda: ic.from_sympy((text,))
    yield lambda: (A @ x).sympy(symbols={"A": text})
    yield lambda: (A @ x).subs({text: A})
    yield lambda: (A @ x).index([text])
    yield lambda: (A @ x).code(text)
    yield lambda: (A @ x).einsum(text)
    yield lambda: (A @ x).diagram().svg(theme=text)
    yield lambda: (A @ x).compile(backend=text)
    yield lambda: ic.diagram_from_json(text)
    yield lambda: ic.film_from_json(text)
    yield lambda: ic.expression_from_json(text)  # type: ignore[attr-defined]
    yield lambda: getattr(ic.numpy, text)
    yield lambda: ic.build([("tensor", text, text)])
    yield lambda: ic.build([("constant", "c", text, "1", "00")])
    yield lambda: ic.build([("call", text, [], [text], text)])
    for program in ((("rational", (text,), 1),), ((text, 1),), (("constant", text),)):
        rows: list[Any] = [("tensor", "x", "n")]
        rows.append(("call", "defined", [0], ["f", (0,), program], "n"))
        yield lambda rows=rows: ic.build(rows).sympy()  # type: ignore[misc]


def drive(names: tuple[str, ...], texts: tuple[str, ...], n: int, folder: str) -> None:
    """All of it."""
    for k, name in enumerate(names):
        for e in of_name(name):
            jobs = [*told(e), *computed(e, name, n)]
            for job in jobs if k % 4 else [*jobs, *drawn(e)]:
                with contextlib.suppress(ic.IndexCalcError):
                    job()
    for text in texts:
        for job in ways_in(text):
            with contextlib.suppress(ic.IndexCalcError, AttributeError, TypeError):
                job()
    (ic.tensor("A", "n n") @ ic.tensor("x", "n")).diagram().svg(
        f"{folder}/drawn{n}.svg"
    )


# -- what must be seen -----------------------------------------------------------------


def plant(folder: str) -> Iterator[Callable[[], object]]:
    """What the hook has to see."""
    yield lambda: eval("1 + 1")
    yield lambda: exec("a = 1", {})
    yield lambda: sympy.sympify("u_planted + 1")
    yield lambda: open(f"{folder}/../elsewhere.txt", "w").close()
    yield lambda: __import__("subprocess").run(["true"], check=True)
    yield lambda: __import__("socket").socket().close()
    yield lambda: pickle.loads(b"cbuiltins\nlen\n.")
    yield lambda: __import__("this_is_planted")
    yield lambda: __import__("ctypes").CDLL(None)
    yield lambda: os.system("true")
    yield lambda: compile('def f(x): return x.__class__("a;b")', "<f>", "exec")


PLANTED = (
    *("eval", "exec", "sympify", "open", "subprocess", "socket", "pickle", "import"),
    *("ctypes", "os.system", "name in code"),
)


def main(argv: list[str]) -> int:
    """Prints what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        inner = f"{folder}/in"
        os.mkdir(inner)
        watch = Watch(inner)
        sys.addaudithook(watch)
        if "--plant" in argv:
            print(json.dumps({"planted": list(_planted(watch, inner))}))
            return 0
        drive(("A",), TEXTS[:3], 3, inner)
        watch.armed = True
        drive(HOSTILE if "--all" in argv else HOSTILE[::5], TEXTS, 4, inner)
        watch.armed = False
    print(
        json.dumps({"wrong": watch.wrong, "ran": watch.ran, "written": watch.written})
    )
    return 0


def _planted(watch: Watch, folder: str) -> Iterator[str]:
    """The names of those that the hook saw."""
    for name, job in zip(PLANTED, plant(folder), strict=True):
        before = len(watch.wrong)
        watch.armed = True
        with contextlib.suppress(ImportError):
            job()
        watch.armed = False
        if len(watch.wrong) > before:
            yield name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
