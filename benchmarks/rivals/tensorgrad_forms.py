"""tensorgrad: the derivative found and simplified symbolically, then compiled by it to
a PyTorch program, which is called with plain tensors.

Its front end names the axes of PyTorch's tensors, which newer versions of PyTorch no
longer do; the program it generates is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import sympy
import tensorgrad as tg
import torch
from tensorgrad import functions as fn
from tensorgrad.compiler.runtime import compile_to_callable

from ..cases_networks import CASES as NETWORKS
from .record import Call, Data, Table, on_numpy
from .torch_forms import moved

TABLE = Table("tensorgrad", on_numpy)

#: Makes the derivative; its edges, in the order of the case's axes, come beside it.
Build = Callable[[], tuple[Any, str]]


def variables(**edges: str) -> list[Any]:
    """Variables by their edges; an edge `i:n` is named i and has the size n."""
    return [tg.Variable(name, **_sized(text)) for name, text in edges.items()]


def _sized(text: str) -> dict[str, Any]:
    pairs = (edge.partition(":") for edge in text.split())
    return {name: sympy.Symbol(size or name) for name, _, size in pairs}


def compiled(build: Build, data: Data) -> Call:
    """The generated program on tensors whose axes lie as it expects them."""
    derivative, order = build()
    program = compile_to_callable(derivative)
    sizes: dict[Any, int] = {}
    arrays = []
    for variable in program.vars:
        array = data.arrays[variable.name]
        sizes |= dict(zip(variable.shape.values(), array.shape, strict=True))
        arrays.append(array)
    run = program.codegen.specialize(
        {**_all_sizes(data), **sizes},
        verbose=False,
        dtype=torch.float64,
        for_inductor=False,
    )
    edges = list(program.outputs[0][1])
    axes = [edges.index(edge) for edge in order.split()]
    return partial(_called, run, moved(arrays, data), axes)


def _all_sizes(data: Data) -> Mapping[Any, int]:
    return {sympy.Symbol(name): n for name, n in data.sizes.items()}


@torch.no_grad()
def _called(run: Any, tensors: list[Any], axes: list[int]) -> Any:
    return run(*tensors)[0].permute(axes)


def entered(case: str) -> Callable[[Build], Build]:
    """Enters what builds a case's derivative."""

    def enter(build: Build) -> Build:
        TABLE.maker(case, "tg")(partial(compiled, build))
        return build

    return enter


def derived(f: Any, *steps: tuple[Any, dict[str, str]]) -> Any:
    """The derivative by one variable after another, its new edges named."""
    for variable, names in steps:
        f = f.grad(variable, names)
    return f.full_simplify()


# -- worked problems -------------------------------------------------------------------


@entered("S1_dense")
def s1() -> tuple[Any, str]:
    X, A = variables(X="n p", A="n p")
    J = derived(fn.sum(X * A, ["p"]), (A, {"n": "dn", "p": "dp"}))
    return J, "n dn dp"


@entered("S2_dense")
def s2() -> tuple[Any, str]:
    w, A, X = variables(w="k", A="k n", X="n c")
    AX = A @ X
    J = derived(w * fn.sum(AX * AX, ["c"]), (X, {"n": "dn", "c": "dc"}))
    return J, "k dn dc"


@entered("S3_dense")
def s3() -> tuple[Any, str]:
    x, y, z = variables(x="n", y="n", z="n")
    return derived(x * y * z, (x, {"n": "dn"})), "n dn"


def nested(rows: str) -> Any:
    A, B, x, C, D, E, f = variables(
        A=rows, B="a b", x="b", C="e", D="b e", E="a e", F="e"
    )
    inner = (B @ ((x @ C) * D)) * E
    return derived(A @ (inner @ f), (x, {"b": "db"}))


@entered("S4")
def s4() -> tuple[Any, str]:
    return nested("a"), "db"


@entered("S5")
def s5() -> tuple[Any, str]:
    return nested("q a"), "q db"


# -- fitting ---------------------------------------------------------------------------


def logistic() -> tuple[Any, Any]:
    X, y, w = variables(X="m n", y="m", w="n")
    return fn.sum(fn.log(fn.exp(-y * (X @ w)) + 1), ["m"]), w


@entered("L1_grad")
def l1_gradient() -> tuple[Any, str]:
    f, w = logistic()
    return derived(f, (w, {"n": "dn"})), "dn"


@entered("L1_hess")
def l1_hessian() -> tuple[Any, str]:
    f, w = logistic()
    return derived(f, (w, {"n": "dn"}), (w, {"n": "en"})), "dn en"


def factorised(masked: bool) -> tuple[Any, Any]:
    O, T, U, V = variables(O="m n", T="m n", U="m k", V="n k")
    R = T - U @ V
    return fn.sum(O * R * R if masked else R * R, ["m", "n"]), U


ONCE, TWICE = {"m": "dm", "k": "dk"}, {"m": "em", "k": "ek"}


@entered("L2_grad")
def l2_gradient() -> tuple[Any, str]:
    f, U = factorised(masked=False)
    return derived(f, (U, ONCE)), "dm dk"


@entered("L2w_grad")
def l2w_gradient() -> tuple[Any, str]:
    f, U = factorised(masked=True)
    return derived(f, (U, ONCE)), "dm dk"


@entered("L2_hess")
def l2_hessian() -> tuple[Any, str]:
    f, U = factorised(masked=False)
    return derived(f, (U, ONCE), (U, TWICE)), "dm dk em ek"


@entered("L2w_hess")
def l2w_hessian() -> tuple[Any, str]:
    f, U = factorised(masked=True)
    return derived(f, (U, ONCE), (U, TWICE)), "dm dk em ek"


# -- quadratic form --------------------------------------------------------------------


def quadratic() -> tuple[Any, Any]:
    A, x = variables(A="i:n j:n", x="i:n")
    return x @ A @ x.rename(i="j"), x


@entered("Q1_grad")
def q1_gradient() -> tuple[Any, str]:
    f, x = quadratic()
    return derived(f, (x, {"i": "di"})), "di"


@entered("Q1_hess")
def q1_hessian() -> tuple[Any, str]:
    f, x = quadratic()
    return derived(f, (x, {"i": "di"}), (x, {"i": "ei"})), "di ei"


# -- hyperindices ----------------------------------------------------------------------


def network(spec: str, operands: tuple[str, ...]) -> tuple[Any, str]:
    """A product over shared edges, summed over those that `spec` does not keep."""
    terms, _, out = spec.partition("->")
    made: dict[str, Any] = {}
    product: Any = None
    for name, term in zip(operands, terms.split(","), strict=True):
        if name not in made:
            made[name] = variables(**{name: " ".join(term)})[0]
        factor = made[name].rename(**dict(zip(made[name].edges, term, strict=True)))
        product = factor if product is None else product * factor
    summed = sorted(set(terms) - set(out) - {","})
    return fn.sum(product, summed).full_simplify(), " ".join(out)


for _case in NETWORKS:
    if len(set(_case.operands)) == len(_case.operands):
        entered(_case.name)(partial(network, _case.spec, _case.operands))
