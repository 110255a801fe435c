"""Expressions, functions and plans come back from their documents as they were."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import IndexCalcError, ParseError, UnsupportedError
from tests.identities import ROWS
from tests.identity_row import SIZES
from tests.random_expressions import generate
from tests.saved_cases import (
    CHAIN,
    GRADIENT,
    KERNEL,
    LIMITED,
    A,
    B,
    dense,
    expressions,
    fault,
    identities,
    is_same,
    named_sizes,
    planned,
    reported,
    rows,
    special,
    x,
)
from tests.test_rows import NODES

# -- expressions -----------------------------------------------------------------------


def test_random_expressions_come_back() -> None:
    """The same node, axes and prints, of derivatives too."""
    for name, e in expressions(seed=6, count=44):
        assert not fault(e), name


def test_known_derivatives_come_back() -> None:
    """The whole table."""
    for name, e in identities():
        assert not fault(e), name


def test_every_kind_of_node_comes_back() -> None:
    """Constants, parameters, coefficients, subscripts, conventions, bit patterns."""
    for name, e in [*rows(), *special()]:
        assert not fault(e), name


def test_what_has_no_name_has_no_document() -> None:
    """What could not be read again is not written."""
    with pytest.raises(ic.UnsupportedError, match="not the name of a variable"):
        ic.Expression(NODES["an odd name"]).json()


def test_formulas_come_back() -> None:
    """Functions given by a formula, and their derivatives."""
    sympy = pytest.importorskip("sympy")
    t, a = sympy.symbols("t a")
    f = ic.elementwise("swish", sympy.Lambda((t, a), t**a / (1 + sympy.exp(-t / 3))))
    e = f(x, x * x).diff(x)
    assert not fault(e)
    big = ic.elementwise("big", sympy.Lambda(t, t * sympy.Rational(10**40, 3)))
    assert not fault(big(x))


def test_what_is_derived_later_is_the_same() -> None:
    """An expression that came back differentiates and evaluates as before."""
    S = ic.tensor("S", "n n : symmetric")
    for e in (GRADIENT, (S @ S @ S).trace().gradient(S), CHAIN):
        again = ic.expression_from_json(e.json())
        for name in e.variables:
            assert is_same(e.diff(name), again.diff(name))
    entry = ic.expression_from_json(ic.tensor("X", "3 n")[1].json())
    X = ic.tensor("X", "3 n")
    assert (X * X).diff(entry) == (X * X).diff(X[1])


def test_a_node_that_is_gone_comes_back() -> None:
    """A document holds everything: nothing is left of what it was written from."""
    texts = [e.json() for _, e in expressions(seed=8, count=12)]
    gc.collect()
    for text in texts:
        assert ic.expression_from_json(text).json() == text


def test_bytes_do_not_depend_on_hashes() -> None:
    """Any hash seed writes the same documents."""
    script = (
        "import hashlib, numpy as np, indexcalc as ic\n"
        "X, S = ic.tensor('X', 'm n'), ic.tensor('S', 'n n : pd')\n"
        "w = ic.tensor('w', 'n')\n"
        "f = (X @ S @ w) @ (X @ w) + w @ np.exp(S @ w)\n"
        "parts = [f, f.diff(S), f.hessian(w), (X.T @ X @ S).trace().diff(X)]\n"
        "texts = [t for e in parts for t in (e.json(), e.plan().json())]\n"
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "77")
    }
    assert len(found) == 1


def test_the_evaluated_form_is_kept_and_not_believed() -> None:
    """A derivative that is evaluated in a stable form is so after it came back; a form
    that is another function is refused."""
    e = ic.parse("cos(mean(1 ./ (exp(0.5 * normsq(A) * v) .+ 0.5)))", A="n n", v="m")
    e = e.diff("A")
    again = ic.expression_from_json(e.json())
    assert again.evaluated is e.evaluated is not e.node
    assert again.json() == e.json()
    at = {"A": np.full((2, 2), 30.0), "v": np.array([1.0, 2.0])}
    assert again.evaluate(at).tobytes() == e.evaluate(at).tobytes()
    document = json.loads(e.json())
    lie = next(k for k, node in enumerate(document["nodes"]) if node.get("name") == "A")
    document["evaluated"] = lie
    with pytest.raises(ParseError, match="not a form"):
        ic.expression_from_json(json.dumps(document)).evaluate(at)


#: What an expression holds: kept in documents, and found again when it is asked for.
KEPT = {
    "written",
    "value_order",
    "layout",
    "by",
    "convention",
    "scope",
    "key",
    "vanished",
}
FOUND = {"_node", "_fusion", "_honest", "_again", "_source", "_safer", "_variables"}
FOUND |= {"_facts"}


def test_all_that_an_expression_holds_is_kept() -> None:
    """Whoever adds to what an expression holds decides what documents do with it."""
    assert set(ic.Expression.__slots__) == KEPT | FOUND
    e = ic.parse("log(x) - log(x) + x", x="n")
    again = ic.expression_from_json(e.json())
    with np.errstate(invalid="ignore"):
        values = [f.evaluate(x=np.array([-1.0, 2.0])) for f in (e, again)]
    assert values[0].tobytes() == values[1].tobytes()
    assert np.isnan(values[1]).any()


def test_equal_numbers_have_one_form() -> None:
    """Products and sums of coefficients are what they would be if they were given."""
    turned = 2j * (2j * x)
    assert turned == -4 * x
    assert (1e-320 * x + x / 2 - 1e-320 * x) == x / 2
    for e in (turned, -1 * (2j * x), 1e-320 * (1e305 * x)):
        assert not fault(e)
    with pytest.raises(IndexCalcError):
        1e300j * (1e300j * x)


def test_what_no_document_holds() -> None:
    """Arrays that differ from machine to machine are refused, with the dtype."""
    e = ic.constant(np.ones(2, np.longdouble)) * 2
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(UnsupportedError, match=r"float\d+ is not the same"):
            e.json()


def test_values_after_reading_and_pickling() -> None:
    """The known derivatives are evaluated to the same bits."""
    for row in ROWS[::3]:
        case = ic.parse(row.text, **row.shapes)
        e = case.diff(row.variable)
        rng = np.random.default_rng(1)
        values = {
            name: rng.uniform(0.5, 1.5, row.dimensions(name)) for name in e.variables
        }
        if any(":" in row.shapes[name] for name in e.variables):
            continue
        given = {"sizes": {n: SIZES[n] for n in named_sizes(e)}} if row.shapes else {}
        found = [
            f.evaluate(values, **given)
            for f in (
                e,
                ic.expression_from_json(e.json()),
                pickle.loads(pickle.dumps(e)),
            )
        ]
        assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes(), row.id


@pytest.mark.parametrize("e", [GRADIENT, CHAIN[0], A * 1.5])
def test_pickles_and_copies(e: ic.Expression) -> None:
    """Expressions are pickled and copied as what they are."""
    for again in (pickle.loads(pickle.dumps(e)), copy.deepcopy(e), copy.copy(e)):
        assert is_same(e, again)
        assert again.json() == e.json()


# -- functions and plans ---------------------------------------------------------------


def test_random_functions_come_back() -> None:
    """The same source, the same bits, and nothing is searched for."""
    for index in range(11):
        case = generate(7, index)
        e = ic.parse(case.text, **case.shapes)
        for f in (e, e.diff(sorted(case.values)[0])):
            sizes = {n: case.sizes[n] for n in named_sizes(f)}
            found = planned(f, case.values, sizes=sizes, functions=case.functions)
            assert not found, case.text


def test_large_functions_come_back() -> None:
    """Workspaces, blocks within a limit, structured results, readable source."""
    rng = np.random.default_rng(0)
    X, w, y = ic.tensor("X", "m n"), ic.tensor("w", "n"), ic.tensor("y", "m")
    loss = np.log(1 + np.exp(-y * (X @ w))).sum()
    sizes = {"X": (3000, 60), "w": (60,), "y": (3000,)}
    values = {name: rng.normal(size=shape) for name, shape in sizes.items()}
    for option in (
        {},
        {"structured": True},
        {"style": "plain"},
        {"memory_limit": "3MB", "name": "g"},
    ):
        for e in (loss, loss.hessian(w)):
            assert not planned(e, values, **option), option
    kernel = np.exp(-((X @ X.T) ** 2)).sum(1)
    assert not planned(kernel, values, memory_limit="4MB")


def test_several_results_come_back() -> None:
    """One document holds what several expressions share."""
    f = ic.compile([GRADIENT, CHAIN, GRADIENT @ x], sizes={"m": 3})
    values = {"A": np.ones((3, 2)), "B": np.eye(2, 3), "x": np.arange(2.0)}
    before = f(values)
    again = ic.compiled_from_json(f.json())
    for one, two in zip(before, again(values), strict=True):
        assert one.tobytes() == two.tobytes()
    assert again.names == f.names
    assert again.sizes == {"m": 3}


def test_plans_come_back() -> None:
    """The same report, reckoned again, at the sizes and on the machine asked for."""
    for index in range(12):
        case = generate(10, index)
        e = ic.parse(case.text, **case.shapes)
        if not case.functions:
            assert not reported(e.diff(sorted(case.values)[0])), case.text
    from indexcalc.contraction.machine import TYPICAL, replace

    assert LIMITED.blocks
    assert not reported(KERNEL, m=3000, n=20, memory_limit="4MB")
    slow = replace(TYPICAL, gemm=1e9 / 3)
    assert not reported(CHAIN, m=1000, n=20, machine=slow, dtype="float32")
    plan = CHAIN.plan(m=30, n=20)
    again = ic.plan_from_json(plan.json())
    assert again == plan
    value = again.function(A=np.ones((2, 3)), B=np.ones((3, 2)), x=np.ones(3))
    assert value.tolist() == [18.0, 18.0]


def test_values_of_named_functions_are_given_again() -> None:
    """They are not kept; without them the error says which is missing."""
    f = ic.unknown("f")(x).compile(functions={"f": np.tanh})
    text = f.json()
    again = ic.compiled_from_json(text, {"f": np.tanh})
    assert again(x=[1.0]).tobytes() == f(x=[1.0]).tobytes()
    with pytest.raises(IndexCalcError, match="the unknown function f"):
        ic.compiled_from_json(text)(x=[1.0])


def test_a_document_cannot_make_a_result_wrong() -> None:
    """Other orders and other moves give the same value; what does not fit is not
    used."""
    chain = ic.einsum("ij,jk,kl,l->i", A, B, A, x)
    f = chain.compile()
    values = {"A": np.ones((3, 2)), "B": np.eye(2, 3), "x": np.arange(2.0)}
    expected = f(values)
    document = json.loads(f.json())
    assert document["orders"]
    for entry in document["orders"]:
        entry["order"] = [[0, 1]] * (len(entry["inputs"]) - 1)
    document["moves"][0]["moves"] = [["local", 99, 0], ["shared", 0, 7]]
    again = ic.compiled_from_json(json.dumps(document))
    assert np.allclose(again(values), expected)
    blocks = json.loads(LIMITED.json())
    assert blocks["cuts"][0]["cuts"]
    for cuts in ([], [[99, 0, 9]], [[0, 5, 1]], [[5, 0, 10**9]], [[5, 0, 0]]):
        blocks["cuts"][0]["cuts"] = cuts
        assert str(ic.plan_from_json(json.dumps(blocks))) == str(LIMITED), cuts
    document["orders"][0]["lengths"][0][1] += 1
    again = ic.compiled_from_json(json.dumps(document))
    assert np.allclose(again(values), expected)


# -- what was written once -------------------------------------------------------------

#: Documents of version 1, written once: every later release reads them.
WRITTEN = Path(__file__).with_name("saved_v1.json")


def made() -> dict[str, Any]:
    """What the documents were written of."""
    S, z = ic.tensor("S", "n n : symmetric"), ic.tensor("z", "n : complex")
    c = ic.constant(np.array([[1.0, -0.0, np.inf], [0.1, 2.0, 3.0]]), "c")
    t = ic.tensor("t", "2*n+1 3")
    loss = np.log(1 + np.exp(-(A @ x))).sum()
    f = loss.gradient(x).compile(memory_limit="1MB", name="g")
    f.source_for(m=2000, n=30)
    return {
        "gradient": GRADIENT,
        "structured": (S @ S @ S).trace().hessian(S, convention="free_entries"),
        "constant": c * ic.tensor("y", 2, 3) / 3 + 1e-320 * c,
        "complex": (ic.conj(z) * (1 + 2j) * z).sum(),
        "functions": ic.unknown("f")(x).diff(x) @ ic.expm(S)[0],
        "sizes": ic.duplication("n") @ ic.elimination("n"),
        "entry": t[..., 1],
        "function": f,
        "structured function": loss.hessian(x).compile(structured=True),
        "plan": ic.einsum("ij,jk,kl,l->i", A, B, A, x).plan(m=300, n=20),
    }


@pytest.mark.parametrize("name", made())
def test_what_was_written_once_is_read(name: str) -> None:
    """Version 1 is read for ever: the expressions are those they were."""
    text = json.loads(WRITTEN.read_text("utf-8"))[name]
    thing = made()[name]
    if isinstance(thing, ic.Expression):
        found = ic.expression_from_json(text)
        assert found == thing
        assert (found.by, found.convention) == (thing.by, thing.convention)
        return
    f, g = (
        (ic.plan_from_json(text).function, thing.function)
        if name == "plan"
        else (ic.compiled_from_json(text), thing)
    )
    assert f.names == g.names
    values = {"A": np.ones((3, 2)), "B": np.ones((2, 3)), "x": np.arange(2.0)}
    one, two = (dense(h({n: values[n] for n in h.names})) for h in (f, g))
    assert np.allclose(one, two)


def write() -> None:
    """Adds the documents that are not there yet; none is ever changed."""
    known = json.loads(WRITTEN.read_text("utf-8")) if WRITTEN.exists() else {}
    documents = {name: thing.json() for name, thing in made().items()}
    whole = json.dumps(documents | known, indent=1)
    WRITTEN.write_text(f"{whole}\n", "utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    write()
