"""The functions that are differentiated, for systems that differentiate programs.

One definition serves every library; `xp` holds the functions that libraries spell
differently. Nothing here knows indexcalc: that is what makes the comparison a check.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Array = Any
Function = Callable[..., Array]


@dataclass(frozen=True)
class Objective:
    """A function of `xp` and arrays, and by which of them it is differentiated, in each
    of the ways `modes`. The derivative is taken at `at`, a function of the arrays in
    `needs`, where that is not the variable's own array; that is part of the work.
    `suits` says at which sizes the sweeps fit in memory.
    """

    case: str
    function: Function
    variable: str
    modes: tuple[str, ...]
    at: Function | None = None
    needs: tuple[str, ...] = ()
    suits: Callable[[Mapping[str, int]], bool] = lambda sizes: True

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays it takes, in order."""
        return self.needs or tuple(inspect.signature(self.function).parameters)[1:]


def derivative(objective: Objective, mode: str, xp: Any, tools: Any) -> Function:
    """A function of the arrays in `objective.names` that answers the derivative.

    `tools` has JAX's transformations: grad, jacfwd, jacrev, hessian, jvp, vmap.
    """

    def derived(*arrays: Array) -> Array:
        known = dict(zip(objective.names, arrays, strict=True))
        at = known.get(objective.variable)
        if objective.at is not None:
            at = objective.at(*arrays)

        def function(value: Array, **more: Array) -> Array:
            return _applied(objective, xp, known | more | {objective.variable: value})

        return _TRANSFORMED[mode](tools, function, at, known)

    return derived


def _applied(objective: Objective, xp: Any, arrays: Mapping[str, Array]) -> Array:
    parameters = inspect.signature(objective.function).parameters.values()
    named = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    taken = [arrays[name] for name in named]
    if named != [p.name for p in parameters][1:]:
        taken += [arrays[name] for name in objective.names if name not in named]
    return objective.function(xp, *taken)


def _rows(tools: Any, f: Function, at: Array, arrays: Mapping[str, Array]) -> Array:
    """The Hessian of a function of one row of U and of O, for every row."""

    def row(u: Array, o: Array) -> Array:
        return tools.hessian(lambda value: f(value, O=o))(u)

    return tools.vmap(row)(at, arrays["O"])


def _forward_over_reverse(
    tools: Any, f: Function, at: Array, arrays: Mapping[str, Array]
) -> Array:
    return tools.jvp(tools.grad(f), (at,), (arrays["V"],))[1]


def _reverse_over_forward(
    tools: Any, f: Function, at: Array, arrays: Mapping[str, Array]
) -> Array:
    return tools.grad(lambda x: tools.jvp(f, (x,), (arrays["V"],))[1])(at)


_TRANSFORMED: dict[str, Function] = {
    "grad": lambda tools, f, at, _: tools.grad(f)(at),
    "jacfwd": lambda tools, f, at, _: tools.jacfwd(f)(at),
    "jacrev": lambda tools, f, at, _: tools.jacrev(f)(at),
    "hessian": lambda tools, f, at, _: tools.hessian(f)(at),
    "rows": _rows,
    "fwdrev": _forward_over_reverse,
    "revfwd": _reverse_over_forward,
}


# -- the functions ---------------------------------------------------------------------


def rowwise(xp: Any, X: Array, A: Array) -> Array:
    return (X * A).sum(1)


def squared(xp: Any, w: Array, A: Array, X: Array) -> Array:
    AX = A @ X
    return w * (AX * AX).sum(1)


def of_product(xp: Any, w: Array, AX: Array) -> Array:
    return (w * (AX * AX).sum(1)).sum()


def total(xp: Any, X: Array, A: Array) -> Array:
    return (X * A).sum()


def total_of_three(xp: Any, x: Array, y: Array, z: Array) -> Array:
    return (x * y * z).sum()


def three(xp: Any, x: Array, y: Array, z: Array) -> Array:
    return x * y * z


def nested(
    xp: Any, A: Array, B: Array, x: Array, C: Array, D: Array, E: Array, F: Array
) -> Array:
    return A @ (((B @ ((x[:, None] * C) * D)) * E) @ F)


def logistic(xp: Any, X: Array, y: Array, w: Array) -> Array:
    return xp.log(xp.exp(-y * (X @ w)) + 1).sum()


def factorised(xp: Any, T: Array, U: Array, V: Array) -> Array:
    return ((T - U @ V.T) ** 2).sum()


def masked(xp: Any, O: Array, T: Array, U: Array, V: Array) -> Array:
    return (O * (T - U @ V.T) ** 2).sum()


def row_of_factorised(xp: Any, V: Array, u: Array) -> Array:
    return ((V @ u) ** 2).sum()


def row_of_masked(xp: Any, O: Array, V: Array, u: Array) -> Array:
    return (O * (V @ u) ** 2).sum()


def network(xp: Any, X: Array, Y: Array, W1: Array, *more: Array) -> Array:
    z = X @ W1
    for W in more:
        z = xp.relu(z) @ W
    return xp.logsumexp(z, 1).sum() - (Y * z).sum()


def quadratic(xp: Any, A: Array, x: Array) -> Array:
    return x @ (A @ x)


def logdet(xp: Any, X: Array) -> Array:
    return xp.slogdet(X)[1]


def inverse(xp: Any, X: Array, a: Array, b: Array) -> Array:
    return a @ xp.solve(X, b)


LAYERS = ("X", "Y", *(f"W{k}" for k in range(1, 11)))

#: How many numbers the basis vectors of a sweep, pushed through, may take.
LIMIT = 10**8


OBJECTIVES = (
    Objective("S1_dense", rowwise, "A", ("jacrev",)),
    Objective("S1_comp", total, "A", ("grad",)),
    Objective("S2_dense", squared, "X", ("jacrev", "jacfwd")),
    Objective(
        "S2_comp",
        of_product,
        "AX",
        ("grad",),
        at=lambda w, A, X: A @ X,
        needs=("w", "A", "X"),
    ),
    Objective("S3_comp", total_of_three, "x", ("grad",)),
    Objective("S3_dense", three, "x", ("jacfwd", "jacrev")),
    Objective("S4", nested, "x", ("grad",)),
    Objective(
        "S5",
        nested,
        "x",
        ("jacrev", "jacfwd"),
        suits=lambda s: s["b"] * s["b"] * s["e"] <= LIMIT,
    ),
    Objective("L1_grad", logistic, "w", ("grad",)),
    Objective("L1_hess", logistic, "w", ("hessian",)),
    Objective("L2_grad", factorised, "U", ("grad",)),
    Objective("L2w_grad", masked, "U", ("grad",)),
    Objective(
        "L2_hess",
        factorised,
        "U",
        ("hessian",),
        suits=lambda s: s["m"] ** 3 * s["k"] <= LIMIT,
    ),
    Objective(
        "L2w_hess",
        masked,
        "U",
        ("hessian",),
        suits=lambda s: s["m"] ** 3 * s["k"] <= LIMIT,
    ),
    Objective(
        "L2_hess_comp",
        row_of_factorised,
        "u",
        ("hessian",),
        at=lambda V, U: U[0],
        needs=("V", "U"),
    ),
    Objective(
        "L2w_hess_comp",
        row_of_masked,
        "u",
        ("rows",),
        at=lambda O, V, U: U,
        needs=("O", "V", "U"),
    ),
    Objective("L3_grad", network, "W1", ("grad",), needs=LAYERS),
    Objective("L3_hess", network, "W1", ("hessian",), needs=LAYERS),
    Objective("Q1_grad", quadratic, "x", ("grad",)),
    Objective("Q1_hess", quadratic, "x", ("hessian",)),
    Objective("Q2_logdet_grad", logdet, "X", ("grad",)),
    Objective("Q2_logdet_hess", logdet, "X", ("hessian",)),
    Objective("Q3_inv_grad", inverse, "X", ("grad",)),
    Objective(
        "Q3_inv_hvp",
        inverse,
        "X",
        ("fwdrev", "revfwd"),
        needs=("X", "a", "b", "V"),
    ),
)
