"""Values at the edges: outside domains, at ±1000, at determinants of 1e±400, NaN.

    python -m tests.trust.edges [--quick]

*stability*: every form of `tests.edge_forms`, its gradient and its Hessian, by every
way to compute them, against the text as written in 560 digits. *determinants*: log det
as people write it, of matrices of size 200 scaled from 1e-400 to 1e+600. *domains*:
random elementwise expressions at arguments outside their domains, against NumPy running
the text: where that is not finite, the value is not finite either, and a warning is
given. `--quick` takes every fourth case.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

import indexcalc as ic
from tests.edge_forms import ENTRYWISE, OVER_ROWS, cases

TOLERANCE = 1e-10
Values = Mapping[str, Any]
Found = tuple[str, str | None]


def ways(jax: bool = True) -> dict[str, Callable[[ic.Expression, Values], Any]]:
    """Every way to compute a value."""

    def compiled(**options: Any) -> Callable[[ic.Expression, Values], Any]:
        def run(e: ic.Expression, values: Values) -> Any:
            f = e.compile(**options)
            return np.asarray(f({name: values[name] for name in f.names}))

        return run

    found: dict[str, Callable[[ic.Expression, Values], Any]] = {
        "evaluate": lambda e, v: e.evaluate(v),
        "compile": compiled(),
        "plain": compiled(style="plain"),
        "structured": lambda e, v: e.evaluate(v, structured=True).toarray(),
    }
    if jax and find_spec("jax") is not None:
        import jax as library

        library.config.update("jax_enable_x64", True)
        found["jax"] = compiled(backend="jax")
    return found


def _off(found: Any, expected: Any) -> str | None:
    if not np.isfinite(found).all():
        return "not finite"
    scale = 1 + np.abs(expected).max(initial=0)
    error = np.abs(found - expected).max(initial=0) / scale
    return None if error <= TOLERANCE else f"off by {error:.1e}"


def stability(every: int) -> Iterator[Found]:
    """Forms, their gradients and Hessians."""
    for form, values in cases([*ENTRYWISE, *OVER_ROWS])[::every]:
        e, exact = form.expression(), form.exactly(values)
        slope = e.gradient(form.names[0])
        table = {
            "value": (e, exact.value),
            "gradient": (slope, exact.gradient),
            "Hessian": (slope.diff(form.names[0]), exact.hessian),
        }
        for what, (derived, expected) in table.items():
            for way, compute in ways().items():
                yield (
                    f"{what} of {form.text} by {way}",
                    _off(compute(derived, values), expected),
                )


def determinants(every: int) -> Iterator[Found]:
    """log det and its gradient, far outside the range of det."""
    n = 200
    S, B = ic.tensors("S B", (n, n))
    det, log = np.linalg.det, np.log
    forms = {
        "log det": log(det(S)),
        "slogdet": np.linalg.slogdet(S)[1],
        "log |det|": log(np.abs(det(S))),
        "half log det²": log(det(S) ** 2) / 2,
        "twice log √det": 2 * log(np.sqrt(det(S))),
        "-log 1/det": -log(1 / det(S)),
        "-log det inv": -log(det(np.linalg.inv(S))),
        "half log det SS": log(det(S @ S)) / 2,
        "half log det SᵀS": log(det(S.T @ S)) / 2,
        "log 3 det - log 3": log(3 * det(S)) - np.log(3.0),
        "log det S/det B + log det B": log(det(S) / det(B)) + log(det(B)),
    }
    rng = np.random.default_rng(0)
    half = rng.normal(size=(n, n))
    whole = half @ half.T / n + np.eye(n)
    size = np.linalg.slogdet(whole)[1]
    for scale in (1.0, 1e-2, 1e2, 1e3):
        values = {"S": whole * scale, "B": whole * 1.5 * scale}
        expected = size + n * np.log(scale)
        slope = np.linalg.inv(values["S"]).T
        for name, e in list(forms.items())[::every]:
            for way, compute in ways(jax=False).items():
                label = f"{name} at {scale:g} by {way}"
                yield label, _off(compute(e, values), expected)
                yield label, _off(compute(e.gradient("S"), values), slope)


_STEPS = {
    "exp(log({}))": lambda u, v: np.exp(np.log(u)),
    "sqrt({}).^2": lambda u, v: np.sqrt(u) ** 2,
    "({})./({})": lambda u, v: u / v,
    "({}).*({})": lambda u, v: u * v,
    "({})+({})": lambda u, v: u + v,
    "({})-({})": lambda u, v: u - v,
    "({}).^(-1)": lambda u, v: 1.0 / u,
    "({}).^0.5": lambda u, v: np.sqrt(u),
    "({}).^1.5": lambda u, v: u**1.5,
    "log({})": lambda u, v: np.log(u),
    "abs({})": lambda u, v: np.abs(u),
}


def _random(rng: np.random.Generator, arrays: Values) -> tuple[str, Any]:
    pool = [(name, array) for name, array in arrays.items()]
    for _ in range(int(rng.integers(2, 6))):
        template = list(_STEPS)[int(rng.integers(len(_STEPS)))]
        picks = [pool[int(k)] for k in rng.integers(len(pool), size=2)]
        text = template.format(*(p[0] for p in picks))
        pool.append((text, _STEPS[template](picks[0][1], picks[1][1])))
    return pool[-1]


def domains(every: int, count: int = 400) -> Iterator[Found]:
    """Random expressions outside their domains, entry by entry."""
    rng = np.random.default_rng(0)
    arrays = {"x": np.array([-1.5, 2.0, 0.0, 0.7]), "y": np.array([3.0, 0.0, 0.5, 2.0])}
    for _ in range(count // every):
        with np.errstate(all="ignore"):
            text, expected = _random(rng, arrays)
        e = ic.parse(text, x="n", y="n")
        values = {name: arrays[name] for name in e.scope | e.variables}
        for way, compute in ways(jax=False).items():
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                found = compute(e, {**arrays, **values})
            yield f"{text} by {way}", _outside(found, expected, bool(told))


def _outside(found: Any, expected: Any, told: bool) -> str | None:
    silent = np.isfinite(found) & np.isnan(expected)
    if silent.any() and not told:
        return f"{found} where NumPy gives {expected}, and no warning"
    both = np.isfinite(found) & np.isfinite(expected)
    close = np.isclose(found[both], expected[both], rtol=1e-9, atol=1e-12)
    return None if close.all() else f"{found} where NumPy gives {expected}"


PARTS = {"stability": stability, "determinants": determinants, "domains": domains}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs all parts; 1 where anything is off."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.edges")
    parser.add_argument("--quick", action="store_true", help="every fourth case")
    given = parser.parse_args(argv)
    failed = 0
    for name, part in PARTS.items():
        start, count, wrong = time.perf_counter(), 0, []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for label, reason in part(4 if given.quick else 1):
                count += 1
                wrong += [f"{label}: {reason}"] if reason else []
        failed += len(wrong)
        seconds = time.perf_counter() - start
        print(f"{name:13} {count:6} checked {len(wrong):4} wrong {seconds:7.1f} s")
        for line in wrong[:40]:
            print(f"    {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
