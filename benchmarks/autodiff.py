"""Closed forms beside JAX's automatic differentiation, on one thread.

Run `OPENBLAS_NUM_THREADS=1 python -m benchmarks.autodiff`. Every derivative is computed
by a compiled function of ours, by one that keeps its structure, and by JAX under `jit`;
values are compared first. Printed are milliseconds, the least of some calls, with the
reading of the result.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import indexcalc as ic

CALLS = 15
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

LAYERS = 5
NETWORK = "tanh(V4*tanh(V3*tanh(V2*tanh(V1*tanh(V0*X)))))"

#: A function of its arrays, in `jax.numpy` (first argument).
Program = Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A function as a text and as a program, the shapes of its arrays in names and in
    numbers, the variable, and JAX's word for the derivative."""

    title: str
    text: str
    shapes: Mapping[str, str]
    sizes: Mapping[str, int]
    by: str
    mode: str
    program: Program

    def derivative(self) -> ic.Expression:
        """The closed form."""
        f = ic.parse(self.text, self.shapes)
        return f.hessian(self.by) if self.mode == "hessian" else f.diff(self.by)

    def arrays(self) -> dict[str, np.ndarray]:
        """Normal numbers; S is positive definite."""
        rng = np.random.default_rng(0)
        drawn = {
            name: rng.normal(size=[self.sizes[s] for s in shape.split()])
            for name, shape in self.shapes.items()
        }
        if "S" in drawn:
            drawn["S"] = drawn["S"] @ drawn["S"].T + np.eye(len(drawn["S"]))
        return drawn


def logistic(np: Any, a: Mapping[str, Any]) -> Any:
    """Σ log(1 + exp(−t∘Xw))"""
    return np.sum(np.logaddexp(0.0, -a["t"] * (a["X"] @ a["w"])))


def network(np: Any, a: Mapping[str, Any]) -> Any:
    """Half the squared norm of five tanh layers."""
    z = a["X"]
    for layer in range(LAYERS):
        z = np.tanh(a[f"V{layer}"] @ z)
    return np.sum(z**2) / 2


def nest(np: Any, a: Mapping[str, Any]) -> Any:
    """A(B(xcᵀ∘D)∘E)f"""
    inner = a["B"] @ (a["x"][:, None] * a["c"] * a["D"])
    return a["A"] @ (inner * a["E"]) @ a["f"]


LOGISTIC = (
    "sum(log(1 .+ exp(-t ∘ (X*w))))",
    {"X": "m n", "t": "m", "w": "n"},
    {"m": 2000, "n": 200},
)

CASES = (
    Case("logistic loss, gradient", *LOGISTIC, "w", "grad", logistic),
    Case("logistic loss, Hessian", *LOGISTIC, "w", "hessian", logistic),
    Case(
        "log det, gradient",
        "logdet(S)",
        {"S": "n n"},
        {"n": 300},
        "S",
        "grad",
        lambda np, a: np.linalg.slogdet(a["S"])[1],
    ),
    Case(
        "tanh network, gradient",
        f"normsq({NETWORK})/2",
        {f"V{layer}": "d d" for layer in range(LAYERS)} | {"X": "d b"},
        {"d": 200, "b": 64},
        "V0",
        "grad",
        network,
    ),
    Case(
        "(X∘A)𝟏 by A",
        "(X ∘ A)*ones(p)",
        {"X": "n p", "A": "n p"},
        {"n": 200, "p": 200},
        "A",
        "jacrev",
        lambda np, a: (a["X"] * a["A"]) @ np.ones(a["X"].shape[1]),
    ),
    Case(
        "A(B(xcᵀ∘D)∘E)f by x",
        "A*(B*(x*c' ∘ D) ∘ E)*f",
        {"A": "q p", "B": "p b", "D": "b e", "E": "p e", "x": "b", "c": "e", "f": "e"},
        {"q": 50, "p": 100, "b": 200, "e": 100},
        "x",
        "jacrev",
        nest,
    ),
    Case(
        "masked factorisation, Hessian",
        "sum(O ∘ (T - U*V').^2)",
        {"O": "m n", "T": "m n", "U": "m k", "V": "n k"},
        {"m": 200, "n": 150, "k": 5},
        "U",
        "hessian",
        lambda np, a: np.sum(a["O"] * (a["T"] - a["U"] @ a["V"].T) ** 2),
    ),
)


def by_jax(case: Case, arrays: Mapping[str, Any]) -> Callable[[], Any]:
    """JAX's derivative as a call."""
    import jax

    jax.config.update("jax_enable_x64", True)
    held = {name: jax.numpy.asarray(a) for name, a in arrays.items()}
    transformed = getattr(jax, case.mode)(
        lambda x: case.program(jax.numpy, held | {case.by: x})
    )
    compiled = jax.jit(transformed)
    return lambda: compiled(held[case.by])


def read(result: Any) -> float:
    """One entry of each cache line, so that pages that nobody wrote do not count as
    speed; what is structured has nothing more to write."""
    if isinstance(result, ic.Structured):
        return 0.0
    return float(np.asarray(result).reshape(-1)[::8].sum())


def least(call: Callable[[], Any], calls: int = CALLS) -> float:
    """The least time of a call, in milliseconds."""
    read(call())
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        read(call())
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def row(case: Case, calls: int = CALLS) -> str:
    """A row of the table. Raises `SystemExit` where values differ."""
    arrays, derivative = case.arrays(), case.derivative()
    ours, held = derivative.compile(), derivative.compile(structured=True)
    theirs = by_jax(case, arrays)
    if not np.allclose(ours(arrays), theirs(), rtol=1e-9, atol=1e-9):
        raise SystemExit(f"{case.title}: the derivatives differ")
    full = least(lambda: ours(arrays), calls)
    kept = least(lambda: held(arrays), calls)
    jax = least(theirs, calls)
    times = f"{full:.3g} | {kept:.3g} | {jax:.3g} | {case.mode} | {jax / full:.1f}"
    return f"| {case.title} | {times} |"


def main() -> None:
    """All of them."""
    os.environ["XLA_FLAGS"] = ONE_THREAD
    print("| derivative | indexcalc | structured | JAX | mode | ratio |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        print(row(case), flush=True)


if __name__ == "__main__":
    main()
