"""Names that mean something elsewhere: in code, in texts, in TeX, on a terminal.

A name can be any text: of a variable in a document, of a constant, of a function. Every
output has to hold it without becoming anything else by it. Pictures have their own
tests, with the same names.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable

import numpy as np
import pytest
import sympy

import indexcalc as ic
from indexcalc.codegen import eigen_spelling, julia, matlab_spelling
from indexcalc.codegen.source import docstring, told
from indexcalc.einsum_names import Names, identifier
from indexcalc.expr import tensor, zero
from indexcalc.face import Expression
from indexcalc.functions import TABLE, call
from indexcalc.sizes import dim
from indexcalc.steps.words import latex_prose
from tests.hostile_names import HOSTILE

MORE = (
    *("np", "lambda", "exp", "__import__", "out", "x1", "t0", "_", "_1", "__x", "a__b"),
    *("def", "None", "f", "self", "sum", "end", "ﬁ", "fi", "K", "K", "ⅳ", "ſ", "ª"),
    *("'''", '"""', "\\", "\r", "\x85", "\u2028", "\x0c", "{0}", "%s", "{", "}}", "#"),
    *(
        "x; import os",
        "__import__('os').system('id')",
        "\x1b]0;title\x07",
        "\u202eevil",
    ),
    *("*/", "//", "%{", "#=", "=#", "...", "$(id)", "`id`", "\\write18{id}", "NULL"),
)
NAMES = (*HOSTILE, *MORE)

#: Enough of them for what takes long.
SOME = NAMES[::4]
PYTHON = ("numpy", "jax", "torch", "array_api")


def expressions(name: str) -> list[Expression]:
    """The name as that of a variable, a constant and a function."""
    A = Expression(tensor(name, ("n", "n")))
    x = Expression(tensor("vector", ("n",)))
    c = ic.constant(np.arange(3.0), name)
    large = ic.constant(np.linspace(0, 1, 200), name)
    f = ic.unknown(name)
    y = Expression(tensor("entries", (200,)))
    return [
        ic.numpy.tanh(A @ x) * x,
        (x @ (A @ ic.numpy.exp(A @ x))).diff("vector"),
        c * ic.numpy.exp(c),
        large * y,
        f(A @ x),
        f(x).diff("vector"),
    ]


def skeleton(code: str) -> set[str]:
    """What a module does, whatever things are called and in whichever order: kinds of
    statements and operators, attributes, imports, texts that are no docstrings."""
    tree = ast.parse(code)
    kinds: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    for node in ast.walk(tree):
        kinds.add(type(node).__name__)
        match node:
            case ast.Attribute(attr=name) | ast.alias(name=name):
                kinds.add(f".{name}")
            case ast.Constant(value=value) if not isinstance(value, float):
                kinds.add(re.sub("^'[a-z,]+->[a-z]*'$", "spec", repr(value)))
    return kinds - {"Assign", "Store", ".T"}


def attempted(text: Callable[[], str]) -> str:
    """What is printed, or nothing where it is refused."""
    try:
        return text()
    except ic.UnsupportedError:
        return ""


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_code_keeps_its_structure(name: str) -> None:
    """Printed Python is the module that it is with a harmless name."""
    for e, plain in zip(expressions(name), expressions("harmless"), strict=True):
        for library in PYTHON:
            one, two = (
                attempted(lambda e=e, library=library: e.code(library))  # type: ignore[misc]
                for e in (e, plain)
            )
            assert skeleton(one) == skeleton(two)
        for library in ("numpy", "opt_einsum", "torch"):
            assert skeleton(e.einsum(library)) == skeleton(plain.einsum(library))


@pytest.mark.parametrize("name", SOME, ids=ascii)
def test_other_languages_keep_their_lines(name: str) -> None:
    """A comment ends with its line, and every other line is what it would be."""
    marks = {"julia": "#", "matlab": "%", "eigen": "//"}
    for e, plain in zip(expressions(name), expressions("harmless"), strict=True):
        for language, mark in marks.items():
            one, two = (_signs(text.code(language), mark) for text in (e, plain))
            assert one == two, e.code(language)


def _signs(text: str, mark: str) -> set[str]:
    """What stands between the names and numbers of all lines that are no comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(mark)]
    bare = re.sub(r"[A-Za-z_][A-Za-z0-9_]*|[0-9.]+", " ", "\n".join(lines))
    return set(bare) - set("\n\t '=")


TEXTS: dict[str, Callable[[Expression], object]] = {
    "index": str,
    "axes": lambda e: e.axes(),
    "repr": repr,
    "plain": lambda e: e.matrix("plain"),
    "paper": lambda e: e.matrix("paper"),
    "lowered": lambda e: e.lowered(),
    "ledger": lambda e: f"{e.ledger()}{e.ledger().markdown()}",
    "latex": lambda e: f"{e.latex()}{e.latex('index')}{e.ledger().latex()}",
    "einsum": lambda e: e.einsum(),
    "plan": lambda e: e.plan(n=3),
    "compiled": lambda e: e.compile(),
    **{f"code {k}": lambda e, k=k: e.code(k) for k in (*PYTHON, "julia", "matlab")},  # type: ignore[misc]
    "steps": lambda e: f"{e.steps('vector')}{e.steps('vector').markdown()}",
}


@pytest.mark.parametrize("name", SOME, ids=ascii)
def test_texts_are_printable(name: str) -> None:
    """No control character, no change of direction, nothing that a file cannot hold;
    refusals too."""
    for e in expressions(name):
        for title, text in TEXTS.items():
            try:
                shown = str(text(e))
            except ic.IndexCalcError as error:
                shown = str(error)
            lines = shown.split("\n")
            assert all(line.isprintable() for line in lines), (title, shown)
            shown.encode("utf-8")


@pytest.mark.parametrize("name", SOME, ids=ascii)
def test_latex_keeps_its_structure(name: str) -> None:
    """Braces pair, and every command is one of ours."""
    for e in expressions(name):
        latex = [e.latex(), e.latex("index"), e.ledger().latex()]
        with contextlib.suppress(ic.IndexCalcError):
            latex.append(e.steps("vector").latex())
        for text in latex:
            bare = re.sub(r"\\[\\{}$%#&_]", "", text)
            assert bare.count("{") == bare.count("}"), text
            assert bare.count("$") % 2 == 0
            assert not re.search(r"\\(input|write|immediate|def|include|csname)", bare)
            assert not set(text) & set("\x1b\x00\u202e\x07")


def test_prose_in_latex_runs_nothing() -> None:
    assert "\\input" not in latex_prose("put d\\input{x} = X")
    assert latex_prose("a\\b^~") == (
        r"a\textbackslash{}b\textasciicircum{}\textasciitilde{}"
    )


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_repr_comes_back(name: str) -> None:
    """`eval(repr(e)) == e`, with nothing in reach but the package."""
    for e in expressions(name):
        assert eval(repr(e), {"__builtins__": {}, "ic": ic}) == e


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_values_are_those_of_a_harmless_name(name: str) -> None:
    rng = np.random.default_rng(0)
    square, vector, entries = rng.random((3, 3)), rng.random(3), rng.random(200)
    A, slope, _, large, f, _ = expressions(name)
    given = {name: square, "vector": vector}
    want = np.tanh(square @ vector) * vector
    for style in ("fast", "plain"):
        np.testing.assert_allclose(A.compile(style=style)(given), want)
        answer = f.compile(style=style, functions={name: np.sin})(given)
        np.testing.assert_allclose(answer, np.sin(square @ vector))
    product = large.compile()({"entries": entries})
    np.testing.assert_array_equal(product, np.linspace(0, 1, 200) * entries)
    assert slope.compile()(given).shape == (3,)


# -- identifiers -----------------------------------------------------------------------


@pytest.mark.parametrize("style", ["fast", "plain"])
@pytest.mark.parametrize("name", ["lambda: 0", "x y", "f", "np", "out", "a\n  b"])
def test_variables_that_only_tell_sizes_get_identifiers_too(
    name: str, style: str
) -> None:
    """A variable of the scope that the value does not depend on."""
    only = tensor(name, ("n",))
    e = Expression(zero((dim("n"),)), scope={name: only})
    f = e.compile(style=style)
    (defined,) = [d for d in ast.parse(f.source).body if isinstance(d, ast.FunctionDef)]
    assert all(a.arg.isascii() for a in defined.args.args)
    assert f({name: np.ones(3)}).tolist() == [0, 0, 0]


def test_identifiers_are_ascii_short_and_different() -> None:
    """Also for a reader that folds look-alikes, as Python does, or reads 63 letters, as
    MATLAB does."""
    many = [*NAMES, *("A" * k for k in (50, 54, 55, 63, 64, 100)), "A" * 63 + "B"]
    names = Names(["np"])
    given = [names.claim(name) for name in many]
    assert len(set(given)) == len(given)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,62}", name) for name in given)
    assert not any("__" in name for name in given)


def test_identifiers_stay_where_they_can() -> None:
    for name in ("A", "x1", "W_out", "X" * 54):
        assert identifier(name) == name


CPP = ("NULL", "EOF", "NAN", "M_PI", "errno", "linux", "INFINITY", "bitand", "compl")


def test_cpp_has_no_macros() -> None:
    """Names that C++ headers define, or that are operators, are called otherwise."""
    leaves = [Expression(tensor(name, ("n",))) for name in CPP]
    total = sum(leaves[1:], leaves[0])
    words = set(re.findall(r"\w+", total.code("eigen").partition("(")[2]))
    assert not words & set(CPP)
    E, O, F = (Expression(tensor(name, ("n", "n"))) for name in "EOF")
    code = ((E @ O @ F) @ ic.numpy.exp(E @ O @ F)).code("eigen")
    assert " EOF " not in code.partition("f(")[2]


RESERVED = {
    "julia": julia.RESERVED,
    "matlab": matlab_spelling.RESERVED,
    "eigen": eigen_spelling.RESERVED,
}


@pytest.mark.parametrize("language", ["julia", "matlab"])
def test_no_variable_hides_a_function(language: str) -> None:
    """Whatever word the language is written with, no variable is called so."""
    used: set[str] = set()
    for name, shape in ((f, s) for f in TABLE for s in (("zn",), ("zn", "zn"), ())):
        for arity in (1, 2, 3):
            leaves = [tensor(f"zq{k}", shape) for k in range(arity)]
            try:
                text = Expression(call(name, leaves)).code(language)
            except Exception:
                continue
            used |= _called(text, "#" if language == "julia" else "%")
    assert {"exp", "cos", "inv"} <= used
    used -= {"f", "out"}  # the function's own
    assert used <= set(RESERVED[language]), used - set(RESERVED[language])


def _called(text: str, mark: str) -> set[str]:
    """What is called, or broadcast, in a text of one function."""
    lines = [line for line in text.splitlines() if not line.strip().startswith(mark)]
    found = re.findall(r"(?<![\w.])([A-Za-z]\w*)\s*\.?\(", "\n".join(lines))
    return {word for word in found if not word.startswith("zq")}


# -- comments --------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*NAMES, "a\\ \\", "a??/", 'end"', '"""', "a\n\\\nb"])
def test_comments_hold_anything(text: str) -> None:
    """A docstring is one, and no line of a comment joins the next."""
    code = "\n".join(["def f():", *docstring(f"{text}x"), "    return 1"])
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2
    for line in told(text):
        assert line.isprintable()
        assert not line.endswith(("\\", " ", "??/"))


def test_sympy_holds_any_name() -> None:
    """A name is a symbol's, and is not read."""
    for name in ("__import__('os').system('false')", "x+1", "exp", "S", "I", "a b"):
        e = Expression(tensor(name, ("n", "n"))) @ Expression(tensor("x", ("n",)))
        for form in ("matrix", "array", "indexed"):
            said = e.sympy(form)
            held = {str(a) for a in said.atoms(sympy.Symbol, sympy.core.symbol.Str)}
            assert name in held or form == "indexed"
            assert isinstance(said, sympy.Basic)
