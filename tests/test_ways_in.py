"""The ways in under attack: what once broke, wrong types, messages, limits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import caret
from indexcalc.legible import columns, harmless, in_place, quoted, shortened
from indexcalc.sizes import MAX_BITS, parse_shape, parse_size

NAMED: dict[str, object] = {**dict.fromkeys("AB", "n n"), "x": "n", "y": "n"}
x, A = ic.tensor("x", "n"), ic.tensor("A", "n n")


class Silent:
    """An object that does not say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __index__(self) -> int:
        raise RuntimeError("no")


NESTED: list[Any] = []
NESTED.append(NESTED)

STRANGE: tuple[Any, ...] = (
    *(5, 2.5, b"x", Silent(), object(), np.array([1.5]), np.float64(2), True),
    *(np.True_, float("nan"), -1, 10**5000, {"x"}, iter("ab"), 1j, len, NESTED),
)

#: What takes a text, a name, or names.
TEXTS: dict[str, Callable[[Any], object]] = {
    "parse": lambda v: ic.parse(v, NAMED),
    "parse_latex": lambda v: ic.parse_latex(v, NAMED),
    "parse_index": lambda v: ic.parse_index(v, "i", NAMED),
    "out": lambda v: ic.parse_index("x_i", v, NAMED),
    "question": lambda v: ic.question(v, NAMED),
    "einsum": lambda v: ic.einsum(v, x),
    "diagram_from": lambda v: ic.diagram_from(v),
    "tensor": lambda v: ic.tensor(v, "n"),
    "tensors": lambda v: ic.tensors(v, "n"),
    "indices": lambda v: ic.indices(v),
    "unknown": lambda v: ic.unknown(v),
    "matrix": lambda v: x.matrix(v),
    "latex": lambda v: x.latex(v),
    "code": lambda v: x.code(v),
}

#: What takes a mapping.
MAPPINGS: dict[str, Callable[[Any], object]] = {
    "parse": lambda v: ic.parse("x", v),
    "parse_latex": lambda v: ic.parse_latex("x", v),
    "parse_index": lambda v: ic.parse_index("x_i", "i", v),
    "question": lambda v: ic.question("x", v),
    "einsum": lambda v: ic.einsum("i->i", x, sizes=v),
    "diagram_from": lambda v: ic.diagram_from("i->i", sizes=v),
    "subs": lambda v: x.subs(sizes=v),
}


@pytest.mark.parametrize("way", [*TEXTS, *MAPPINGS])
def test_wrong_types_are_documented_errors(way: str) -> None:
    free = way in ("indices", "unknown")
    for value in (*STRANGE, 0 if free else "\ud800\x1b[2J" * 50_000):
        with pytest.raises(ic.IndexCalcError) as caught:
            (TEXTS.get(way) or MAPPINGS[way])(value)
        assert len(str(caught.value)) < 1_000
        assert all(c.isprintable() or c == "\n" for c in str(caught.value))


@pytest.mark.parametrize("way", MAPPINGS)
def test_wrong_types_where_mappings_are_due(way: str) -> None:
    for value in (*STRANGE, "n", ["n"], {1: "n"}):
        with pytest.raises(ic.IndexCalcError):
            MAPPINGS[way](value)


def test_what_is_no_shape() -> None:
    scalars = [value for value in STRANGE if not isinstance(value, int)]
    for value in (
        *scalars,
        -1,
        True,
        {"n": 1},
        {"n", "p"},
        [["n"]],
        b"nn",
        ("n", None),
    ):
        with pytest.raises(ic.ShapeError) as caught:
            ic.tensor("A", value)
        assert len(str(caught.value)) < 1_000


def test_what_is_a_shape() -> None:
    assert parse_shape(np.array([2, 3])) == parse_shape([np.int64(2), 3]) == (2, 3)
    assert parse_shape("n" + " n" * 999) == (ic.dim("n"),) * 1_000


def test_declared_twice() -> None:
    for declare in (
        lambda: ic.parse("x", {"x": "n"}, x="m"),
        lambda: ic.parse("µ", {"µ": "n", "μ": "m"}),
        lambda: ic.parse("x′", {"x'": "n", "x′": "m"}),
    ):
        with pytest.raises(ic.ParseError, match="declared twice"):
            declare()


def test_names_say_where_they_end() -> None:
    for name, place in {"a b": 1, "": 0, "1x": 0, "x;": 1, "漢": 0}.items():
        with pytest.raises(ic.ParseError) as caught:
            ic.tensor(name, "n")
        assert caught.value.position == place
    with pytest.raises(ic.ParseError, match="over the limit"):
        ic.tensor("a" * 100_000, "n")
    with pytest.raises(ic.ShapeError, match="declared as a function"):
        ic.tensor("A", "function")


# -- sizes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("n*" * 1_999 + "n", "(n+m)*" * 600 + "n", "(a+b+c+d)*" * 390 + "1"),
        *("n" + "*(n+1)" * 60 + "/2", "n" + "/1" * 20, "9" * 2_400 + "*9" * 700),
        "*".join(f"(s{k}*(s{k}+1)/2)" for k in range(15)),
    ],
    ids=lambda text: text[:8],
)
def test_sizes_have_a_budget(text: str) -> None:
    with pytest.raises((ic.BudgetError, ic.ShapeError)):
        parse_size(text)


def test_large_numbers_are_sizes_up_to_a_limit() -> None:
    assert parse_size(str(2**80)) == 2**80
    assert parse_shape(2**70) == (2**70,)
    with pytest.raises(ic.ShapeError, match="out of range"):
        parse_shape(2**MAX_BITS)


def test_names_of_sizes_are_python_identifiers() -> None:
    assert parse_size("𝐧") == parse_size("n") == ic.dim("𝐧")
    with pytest.raises(ic.ShapeError):
        parse_size("n²")


# -- texts -----------------------------------------------------------------------------


def test_a_long_chain_of_transpositions() -> None:
    """Its beginning was found by recursion."""
    shapes = {"y": "n", "h": "n"}
    assert ic.parse("(y" + "^T" * 4_990 + " - h).^2", shapes).shape == x.shape
    with pytest.raises(ic.UnknownNameError):
        ic.parse("(y" + "^T" * 4_990 + "h)", {"y": "n"}, paper=True)


@pytest.mark.parametrize("text", ["", "   ", "\u2028", "x where a =", "x where a = ,"])
def test_an_empty_text_has_a_place(text: str) -> None:
    with pytest.raises(ic.ParseError) as caught:
        ic.parse(text, NAMED)
    assert caught.value.position is not None


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        *(("ij,jk->ik", 3), ("i->ik", 4), ("...->k", 5), ("i->i²", 4), ("i,", 2)),
        *(("ij", 0), ("a*->a", 1), ("->", 0)),
    ],
)
def test_einsum_strings_say_where(spec: str, place: int) -> None:
    with pytest.raises(ic.ParseError) as caught:
        ic.einsum(spec, x)
    assert caught.value.position == place


def test_einsum_strings_of_many_letters() -> None:
    letters = "".join(chr(0x4E00 + k) for k in range(500))
    T = ic.einsum(letters + "->" + letters[::-1], ic.tensor("T", ["n"] * 500))
    assert len(T.shape) == 500
    assert ic.einsum("i," * 2_000 + "i->i", *[x] * 2_001).shape == x.shape
    with pytest.raises(ic.BudgetError):
        ic.einsum("i," * 100_000 + "i", x)


def test_definitions_that_double_are_one_graph() -> None:
    parts = ", ".join(f"a{k} = exp(a{k + 1}) .* a{k + 1}" for k in range(50))
    read = ic.parse(f"a0 where {parts}, a50 = x + y", NAMED)
    assert read.shape == x.shape


def test_macros_that_double_are_refused() -> None:
    letters = "abcdefghijklmnopqrstuvwx"
    pairs = itertools.pairwise(letters)
    bomb = "".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in pairs)
    with pytest.raises(ic.BudgetError):
        ic.parse_latex(bomb + r"\def\x{y}\a", NAMED)


def test_lists_inside_themselves() -> None:
    with pytest.raises(ic.UnsupportedError, match="nested"):
        ic.einsum("i->i", NESTED)


# -- messages --------------------------------------------------------------------------


def test_messages_are_harmless_and_short() -> None:
    error = ic.ParseError(
        "\x1b[31m" + "a" * 10_000, text="x\x00\u202e" + "y" * 10_000, position=3
    )
    shown = str(error)
    assert len(shown) < 1_000
    assert shown.encode()
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert r"\x1b[31m" in error.message


def test_the_caret_stands_under_the_place() -> None:
    for text, position, column in (
        *(
            ("漢字+x", 2, 4),
            ("e\u0301\u0301+x", 3, 1),
            ("\tx+", 2, 2),
            ("a\x00b", 2, 2),
        ),
        *(("one\ntwo", 5, 1), ("x" * 500, 400, 36), ("", 0, 0)),
    ):
        line, mark = caret(text, position).splitlines()
        assert mark == "  " + " " * column + "^"
        assert line.isprintable()


def test_legible() -> None:
    assert harmless("a b") == "a b"
    assert harmless("\ud800\n") == r"\ud800\n"
    assert in_place("a\x1bb\tc") == "a\ufffdb c"
    assert [len(shortened("x" * n, 10)) for n in (9, 10, 11, 1_000)] == [9, 10, 10, 10]
    assert quoted(Silent()) == "a Silent"
    assert quoted(10**5000) == "about 10^5000"
    assert len(quoted("x" * 10**6)) == 60
    assert columns("a漢e\u0301") == 4
