"""JAX under `jit` in the arrays' precision: autodiff, closed forms, and einsum."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from .objectives import OBJECTIVES, derivative
from .record import Call, Data, Form, Table, taken

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Array = Any


def compiled(form: Form, arrays: list[Any], device: str) -> Call:
    """The jitted form on arrays that were moved before."""
    place = jax.devices(device)[0]
    moved = [jax.device_put(array, place) for array in arrays]
    return partial(jax.jit(form), *moved)


def on_jax(form: Form, data: Data) -> Call:
    """A form of named arrays, jitted."""
    return compiled(form, taken(form, data), data.device)


TABLE = Table("JAX closed form", on_jax)

XP = SimpleNamespace(
    log=jnp.log,
    exp=jnp.exp,
    relu=jax.nn.relu,
    logsumexp=jax.scipy.special.logsumexp,
    slogdet=jnp.linalg.slogdet,
    solve=jnp.linalg.solve,
)


def _autodiff(objective: Any, mode: str) -> Callable[[Data], Call]:
    def make(data: Data) -> Call:
        arrays = [data.arrays[name] for name in objective.names]
        form = derivative(objective, mode, XP, jax)
        return compiled(form, arrays, data.device)

    return make


for _objective in OBJECTIVES:
    for _mode in _objective.modes:
        TABLE.maker(
            _objective.case,
            f"jax_{_mode}",
            column="JAX autodiff",
            suits=_objective.suits,
        )(_autodiff(_objective, _mode))


# -- closed forms ----------------------------------------------------------------------


@TABLE.form("S1_dense", "jax_scatter")
def s1_scatter(X: Array) -> Array:
    n, p = X.shape
    rows = jnp.arange(n)
    return jnp.zeros((n, n, p), X.dtype).at[rows, rows].set(X)


@TABLE.form("S1_dense", "jax_bcast")
def s1_broadcast(X: Array) -> Array:
    n = len(X)
    same = jnp.arange(n)[:, None] == jnp.arange(n)
    return jnp.where(same[:, :, None], X[:, None, :], 0)


@TABLE.form("S1_comp", "jax_copy")
def s1_copy(X: Array) -> Array:
    return jnp.copy(X)


@TABLE.form("S2_dense", "jax_icj", axes=(0, 2, 1))
def s2_by_rows(w: Array, A: Array, X: Array) -> Array:
    return (2 * w[:, None] * (A @ X))[:, :, None] * A[:, None, :]


@TABLE.form("S2_dense", "jax_ijc")
def s2_in_order(w: Array, A: Array, X: Array) -> Array:
    return (2 * w[:, None] * (A @ X))[:, None, :] * A[:, :, None]


@TABLE.form("S2_comp", "jax_factor")
def s2_factor(w: Array, A: Array, X: Array) -> Array:
    return 2 * w[:, None] * (A @ X)


@TABLE.form("S3_dense", "jax_diag")
def s3_diag(y: Array, z: Array) -> Array:
    return jnp.diag(y * z)


@TABLE.form("S3_comp", "jax_product")
def s3_product(y: Array, z: Array) -> Array:
    return y * z


@TABLE.form("S4", "jax_BtE")
def s4(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    return ((B.T @ (A[:, None] * E)) * D) @ (C * F)


@TABLE.form("S4", "jax_EDt")
def s4_right(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    return A @ ((E @ (D * (C * F)).T) * B)


TABLE.add("S5", "jax_EDt", s4_right)


@TABLE.form("L1_grad", "jax_closed")
def l1_gradient(X: Array, y: Array, w: Array) -> Array:
    return -(y * jax.nn.sigmoid(-y * (X @ w))) @ X


@TABLE.form("L1_hess", "jax_closed")
def l1_hessian(X: Array, y: Array, w: Array) -> Array:
    s = jax.nn.sigmoid(y * (X @ w))
    return X.T @ ((y * y * s * (1 - s))[:, None] * X)


@TABLE.form("L2_grad", "jax_closed")
def l2_gradient(T: Array, U: Array, V: Array) -> Array:
    return 2 * (U @ (V.T @ V) - T @ V)


@TABLE.form("L2w_grad", "jax_closed")
def l2w_gradient(O: Array, T: Array, U: Array, V: Array) -> Array:
    return 2 * ((O * (U @ V.T - T)) @ V)


@TABLE.form("L2_hess", "jax_scatter")
def l2_hessian(V: Array) -> Array:
    m, k = V.shape
    rows = jnp.arange(m)
    zeros = jnp.zeros((m, k, m, k), V.dtype)
    return zeros.at[rows, :, rows, :].set(2 * (V.T @ V))


@TABLE.form("L2_hess", "jax_bcast")
def l2_hessian_where(V: Array) -> Array:
    m = len(V)
    same = jnp.arange(m)[:, None] == jnp.arange(m)
    core = 2 * (V.T @ V)
    return jnp.where(same[:, None, :, None], core[None, :, None, :], 0)


@TABLE.form("L2_hess_comp", "jax_closed")
def l2_core(V: Array) -> Array:
    return 2 * (V.T @ V)


@TABLE.form("L2w_hess_comp", "jax_closed")
def l2w_core(O: Array, V: Array) -> Array:
    m, k = V.shape
    pairs = ((2 * V)[:, :, None] * V[:, None, :]).reshape(m, k * k)
    return (O @ pairs).reshape(m, k, k)


@TABLE.form("L2w_hess", "jax_scatter")
def l2w_hessian(O: Array, V: Array) -> Array:
    m, k = V.shape
    rows = jnp.arange(m)
    zeros = jnp.zeros((m, k, m, k), V.dtype)
    return zeros.at[rows, :, rows, :].set(l2w_core(O, V))


def on_network(form: Form, data: Data) -> Call:
    """A form of the batch, the labels, and the weights one by one."""
    return compiled(form, list(data.arrays.values()), data.device)


NETWORK = Table("JAX closed form", on_network, TABLE.rivals)


@NETWORK.form("L3_hess", "jax_closed_acbd", axes=(0, 2, 1, 3))
def l3_hessian(X: Array, Y: Array, W1: Array, *more: Array) -> Array:
    z = X @ W1
    J = (z > 0)[:, :, None] * more[0]
    h = jax.nn.relu(z)
    for W, following in pairwise(more):
        z = h @ W
        J = (J * (z > 0)[:, None, :]) @ following
        h = jax.nn.relu(z)
    p = jax.nn.softmax(h @ more[-1], axis=1)
    J = (J - J @ p[:, :, None]) * jnp.sqrt(p)[:, None, :]
    m, n = X.shape
    M = (J @ J.swapaxes(1, 2)).reshape(m, n * n)
    pairs = (X[:, :, None] * X[:, None, :]).reshape(m, n * n)
    return (pairs.T @ M).reshape(n, n, n, n)


@TABLE.form("Q1_grad", "jax_closed")
def q1_gradient(A: Array, x: Array) -> Array:
    return A @ x + x @ A


@TABLE.form("Q1_hess", "jax_closed")
def q1_hessian(A: Array) -> Array:
    return A + A.T


@TABLE.form("Q2_logdet_grad", "jax_inv")
def q2_gradient(X: Array) -> Array:
    return jnp.linalg.inv(X).T


@TABLE.form("Q2_logdet_hess", "jax_closed")
def q2_hessian(X: Array) -> Array:
    K = jnp.linalg.inv(X)
    return -K.T[:, None, None, :] * K[:, :, None]


@TABLE.form("Q2_logdet_hess", "jax_closed_iljk", axes=(0, 2, 3, 1))
def q2_hessian_outer(X: Array) -> Array:
    K = jnp.linalg.inv(X)
    return -K.T[:, :, None, None] * K


@TABLE.form("Q3_inv_grad", "jax_lu")
def q3_gradient(X: Array, a: Array, b: Array) -> Array:
    lu = jax.scipy.linalg.lu_factor(X)
    u = jax.scipy.linalg.lu_solve(lu, b)
    v = jax.scipy.linalg.lu_solve(lu, a, trans=1)
    return -v[:, None] * u


@TABLE.form("Q3_inv_hvp", "jax_lu")
def q3_along(X: Array, a: Array, b: Array, V: Array) -> Array:
    lu = jax.scipy.linalg.lu_factor(X)
    u = jax.scipy.linalg.lu_solve(lu, b)
    v = jax.scipy.linalg.lu_solve(lu, a, trans=1)
    du = jax.scipy.linalg.lu_solve(lu, V @ u)
    dv = jax.scipy.linalg.lu_solve(lu, v @ V, trans=1)
    return dv[:, None] * u + v[:, None] * du


@TABLE.form("K_H_elim", "jax_elided")
def elided(A: Array, B: Array) -> Array:
    return A[:, :, None] * B[:, None, :]


@TABLE.form("K_moment4", "jax_pairs")
def moments(X: Array) -> Array:
    b, n = X.shape
    pairs = (X[:, :, None] * X[:, None, :]).reshape(b, n * n)
    return (pairs.T @ pairs).reshape(n, n, n, n)


@TABLE.form("K_mttkrp", "jax_khatri_rao")
def mttkrp(T: Array, B: Array, C: Array) -> Array:
    pairs = (B[:, None, :] * C).reshape(-1, B.shape[1])
    return T.reshape(len(T), -1) @ pairs


@TABLE.form("K_tucker", "jax_A_first")
def tucker(T: Array, A: Array, B: Array, C: Array) -> Array:
    i, j, k = T.shape
    t = (A.T @ T.reshape(i, -1)).reshape(-1, j, k)
    return B.T @ (t.reshape(-1, k) @ C).reshape(-1, j, C.shape[1])


@TABLE.form("K_hyper", "jax_closed")
def hyper(A: Array, B: Array, C: Array, D: Array, v: Array) -> Array:
    j, k = C.shape
    pairs = ((v[:, None] * C)[:, :, None] * D[:, None, :]).reshape(j, -1)
    return ((A * B) @ pairs).reshape(-1, k, D.shape[1])
