"""Expressions, functions and plans to be kept and read back, and what must then hold.

>>> next(expressions(0, 1))[0]
'random 0'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.codegen import limits
from indexcalc.contraction import paths
from indexcalc.documents.reading import loaded
from indexcalc.errors import IndexCalcError
from indexcalc.from_documents import READERS
from indexcalc.nodes import Einsum, toposort
from indexcalc.planning import book, choices
from indexcalc.sizes import names_in
from tests.identities import ROWS
from tests.random_expressions import generate
from tests.random_nodes import draw
from tests.test_rows import NODES

A, B = ic.tensor("A", "m n"), ic.tensor("B", "n m")
x = ic.tensor("x", "n")
GRADIENT = ((A @ x) @ (A @ x)).gradient(x)
CHAIN = A @ (B @ (A @ x))
KERNEL = np.exp(-((A @ A.T) ** 2)).sum(1)
LIMITED = KERNEL.plan(m=3000, n=20, memory_limit="4MB")

Named = Iterator[tuple[str, ic.Expression]]


def expressions(seed: int, count: int, hessians: bool = True) -> Named:
    """Random expressions, and for each a first derivative and perhaps a second."""
    for index in range(count):
        case = generate(seed, index)
        e = ic.parse(case.text, **case.shapes)
        yield f"random {index}", e
        name = sorted(case.values)[0]
        slope = e.diff(name)
        yield f"random {index} by {name}", slope
        if hessians and case.scalar:
            yield f"random {index} twice by {name}", slope.diff(name)


def rows() -> Named:
    """Every kind of row there is, and what hangs together at random."""
    for name, node in NODES.items():
        if name != "an odd name":
            yield name, ic.Expression(node)
    for seed in range(40):
        yield f"drawn {seed}", ic.Expression(draw(seed).node)


def identities() -> Named:
    """The known derivatives, by the variable that each is about."""
    for row in ROWS:
        e = ic.parse(row.text, **row.shapes)
        yield row.id, e
        yield f"{row.id} by {row.variable}", e.diff(row.variable)


def special() -> Named:
    """What has axes, notes and parameters of its own."""
    X, S = ic.tensor("X", "3 n"), ic.tensor("S", "n n : symmetric")
    x, z = ic.tensor("x", "n"), ic.tensor("z", "n : complex")
    f = ic.unknown("f'\"\\")
    keys: list[Any] = [
        0,
        -1,
        slice(0, 2),
        (Ellipsis, None),
        [0, 2],
        np.array([True] * 3),
    ]
    for key in keys:
        yield f"entry {key}", X[key]
    yield "symmetrised", (S @ S).diff(S)
    yield "free entries", (S @ S @ S).trace().hessian(S, convention="free_entries")
    yield "variable first", (X * X).diff(X, layout="variable_first")
    yield "forgotten variables", (x + X[0]).diff(x)
    yield "cancelled", ic.parse("log(x) - log(x) + x", x="n")
    yield "complex", (ic.conj(z) * z).sum()
    yield "unknown", f(x).diff(x).diff(x)
    yield "of a matrix", ic.expm(S).diff(S)
    yield "triangles", ic.duplication("n") @ ic.elimination("n")
    yield "a long axis", ic.tensor("L", 2**40, 2**40).ravel()
    entries = np.array([[-0.0, np.inf, np.nan], [1e-320, -1.5, 2.0]])
    entries.view(np.uint64)[0, 2] ^= 0x8000000000DEAD
    for kind in ("f2", "f4", "f8", "c8", "c16", "i1", "i8", "?"):
        with np.errstate(invalid="ignore", over="ignore"):
            array = entries.astype(kind)
        yield f"entries {kind}", ic.constant(array, "c") * ic.tensor("y", 2, 3)
    yield "no entries", ic.constant(np.zeros((0, 3))) * 2


def is_same(a: ic.Expression, b: ic.Expression) -> bool:
    """Whether two expressions are one in everything there is to see."""
    seen = [
        (e.written, e.node, e.value_order, e.layout, e.by, e.convention, e.shape)
        for e in (a, b)
    ]
    scopes = [list(e.scope.items()) for e in (a, b)]
    if a.evaluated is not b.evaluated or list(a.vanished) != list(b.vanished):
        return False
    keys = [e.key[0] if e.key else None for e in (a, b)]
    return seen[0] == seen[1] and scopes[0] == scopes[1] and _matches(keys)


def _matches(keys: list[Any]) -> bool:
    """Whether entries are of one variable; subexpressions' subscripts are not kept."""
    return keys[0] is keys[1] or (keys[1] is None and not hasattr(keys[0], "array"))


def fault(e: ic.Expression) -> str:
    """What keeps an expression from coming back as it was; nothing where it does."""
    text = e.json()
    again = ic.expression_from_json(text)
    if not is_same(e, again):
        return "another expression"
    if not e.json() == again.json() == json.dumps(loaded(text)) == text:
        return "another document"
    return (
        "" if str(again) == str(e) and repr(again) == repr(e) else "printed otherwise"
    )


# -- functions and plans ---------------------------------------------------------------


def forget() -> None:
    """Empties the caches of planning."""
    paths.forget()
    choices._chosen.cache_clear()


@contextmanager
def no_search() -> Iterator[None]:
    """Nothing may be searched for: all choices must be known."""
    before = book.path, choices._chosen, limits._ranked

    def searched(*args: object, **named: object) -> Any:
        raise AssertionError("planning searched again")

    book.path = choices._chosen = limits._ranked = searched
    try:
        yield
    finally:
        book.path, choices._chosen, limits._ranked = before


def planned(e: ic.Expression, values: dict[str, Any], **options: Any) -> str:
    """What keeps a function from coming back as it was planned."""
    forget()
    f = e.compile(**options)
    given = {name: values[name] for name in f.names}
    value = f(given)
    text = f.json()
    with no_search():
        again = ic.compiled_from_json(text, options.get("functions"))
        found = again(given)
    if again.json() != text or again.source != f.source:
        return "another program"
    same = dense(found).tobytes() == dense(value).tobytes()
    return "" if same and dense(found).dtype == dense(value).dtype else "other results"


def named_sizes(e: ic.Expression) -> set[str]:
    """The names of the sizes in an expression."""
    nodes = toposort(e.node, *(v.written for v in e.variables.values()))
    shapes = [n.dims if isinstance(n, Einsum) else n.shape for n in nodes]
    return {name for shape in shapes for size in shape for name in names_in(size)}


def dense(value: Any) -> np.ndarray[Any, Any]:
    """The array of a result."""
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


def reported(e: ic.Expression, **asked: Any) -> str:
    """What keeps a plan from coming back."""
    forget()
    plan = e.plan(**asked)
    text = plan.json()
    with no_search():
        again = ic.plan_from_json(text)
        same = str(again) == str(plan) and again.data() == plan.data()
    return "" if same and again.json() == text else "another plan"


# -- documents with faults -------------------------------------------------------------

JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2, 10**30, 0.5, "", "x", "n", "1/0", "nan", "1e9999", "-1"),
    *([], {}, [[]], {"size": 3}, {"size": "n("}, {"number": "nan"}, [0], [0, [0]]),
    *(
        "n*" * 4_000,
        "local",
        "solved",
        "power",
        "inv",
        "einsum",
        "sum",
        {"kind": "sum"},
    ),
)


def damaged(text: str, other: str, random: Random) -> str:
    """A text cut, spliced with another, or with a few signs changed."""
    at, there = random.randrange(len(text)), random.randrange(len(other))
    match random.randrange(3):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + other[there:]
        case _:
            return text[:at] + random.choice('{}[]",:0-e.\\u\x00é') + text[at + 1 :]


def read(text: str) -> Any:
    """What a document holds, of whatever kind."""
    found = loaded(text)
    kind = found.get("format") if isinstance(found, dict) else None
    return reader(kind)(text)


def reader(kind: object) -> Callable[[str], Any]:
    """What reads a kind of document; an unknown one is read as an expression."""
    return READERS.get(str(kind), ic.expression_from_json)


def outcome(text: str) -> str:
    """What comes of reading a document: "read", or the name of the error. What is read
    must be writable, and read again the same.

    Raises whatever is no documented error.
    """
    try:
        again = read(text).json()
    except IndexCalcError as error:
        return type(error).__name__
    assert read(again).json() == again
    return "read"
