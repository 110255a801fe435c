"""PyTorch: `torch.func`, closed forms, and those compiled by `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch

from .objectives import OBJECTIVES, derivative
from .record import Call, Data, Form, Rival, Table, taken

Array = Any


def moved(arrays: list[Any], data: Data) -> list[Any]:
    """The arrays as tensors on the device."""
    device = "cuda" if data.device == "gpu" else "cpu"
    return [torch.as_tensor(array, device=device) for array in arrays]


def on_torch(form: Form, data: Data) -> Call:
    """A form of named tensors, without recording for autograd."""
    return torch.no_grad()(partial(form, *moved(taken(form, data), data)))


def on_inductor(form: Form, data: Data) -> Call:
    """The same through `torch.compile`, for fixed shapes."""
    tensors = moved(taken(form, data), data)
    return torch.no_grad()(partial(torch.compile(form, dynamic=False), *tensors))


def compiled(rival: Rival) -> Rival | None:
    """A closed form through `torch.compile`, if it is one."""
    if getattr(rival.prepare, "func", None) is not on_torch:
        return None
    (form,) = rival.prepare.args  # type: ignore[attr-defined]
    name, prepare = f"{rival.name}_compiled", partial(on_inductor, form)
    return replace(rival, name=name, column="torch compiled", prepare=prepare)


TABLE = Table("torch closed", on_torch)

XP = SimpleNamespace(
    log=torch.log,
    exp=torch.exp,
    relu=torch.relu,
    logsumexp=torch.logsumexp,
    slogdet=torch.linalg.slogdet,
    solve=torch.linalg.solve,
)


def _autodiff(objective: Any, mode: str) -> Callable[[Data], Call]:
    def make(data: Data) -> Call:
        arrays = moved([data.arrays[name] for name in objective.names], data)
        return partial(derivative(objective, mode, XP, torch.func), *arrays)

    return make


#: Reverse over forward mode is wrong here through `torch.linalg.solve`.
WRONG = {("Q3_inv_hvp", "revfwd")}

for _objective in OBJECTIVES:
    for _mode in _objective.modes:
        if (_objective.case, _mode) not in WRONG:
            TABLE.maker(
                _objective.case,
                f"torch_{_mode}",
                column="torch autodiff",
                suits=_objective.suits,
            )(_autodiff(_objective, _mode))


# -- closed forms ----------------------------------------------------------------------


@TABLE.form("S1_dense", "torch_diagonal")
def s1_zeros(X: Array) -> Array:
    n, p = X.shape
    J = torch.zeros((n, n, p), dtype=X.dtype, device=X.device)
    J.diagonal(dim1=0, dim2=1).copy_(X.T)
    return J


@TABLE.form("S1_comp", "torch_clone")
def s1_copy(X: Array) -> Array:
    return X.clone()


@TABLE.form("S2_dense", "torch_icj", axes=(0, 2, 1))
def s2_by_rows(w: Array, A: Array, X: Array) -> Array:
    return (2 * w[:, None] * (A @ X))[:, :, None] * A[:, None, :]


@TABLE.maker("S2_dense", "torch_icj_out", axes=(0, 2, 1), given=True)
def s2_by_rows_out(data: Data) -> Call:
    w, A, X, J = moved(
        [*(data.arrays[n] for n in "wAX"), data.empty("k", 3, "n")], data
    )

    def call() -> Array:
        T = 2 * w[:, None] * (A @ X)
        return torch.mul(T[:, :, None], A[:, None, :], out=J)

    return call


@TABLE.form("S2_comp", "torch_factor")
def s2_factor(w: Array, A: Array, X: Array) -> Array:
    return 2 * w[:, None] * (A @ X)


@TABLE.form("S3_dense", "torch_diag")
def s3_diag(y: Array, z: Array) -> Array:
    return torch.diag(y * z)


@TABLE.form("S3_comp", "torch_product")
def s3_product(y: Array, z: Array) -> Array:
    return y * z


@TABLE.maker("S3_comp", "torch_out", given=True)
def s3_product_out(data: Data) -> Call:
    y, z, out = moved([data.arrays["y"], data.arrays["z"], data.empty("n")], data)
    return lambda: torch.mul(y, z, out=out)


@TABLE.form("S4", "torch_BtE")
def s4(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = B.T @ (A[:, None] * E)
    return M.mul_(D) @ (C * F)


@TABLE.form("S5", "torch_EDt")
def s5(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = E @ (D * (C * F)).T
    return A @ M.mul_(B)


@TABLE.form("L1_grad", "torch_closed")
def l1_gradient(X: Array, y: Array, w: Array) -> Array:
    return -(y * torch.sigmoid(-y * (X @ w))) @ X


@TABLE.form("L1_hess", "torch_closed")
def l1_hessian(X: Array, y: Array, w: Array) -> Array:
    s = torch.sigmoid(y * (X @ w))
    return X.T @ ((y * y * s * (1 - s))[:, None] * X)


@TABLE.form("L2_grad", "torch_closed")
def l2_gradient(T: Array, U: Array, V: Array) -> Array:
    G = U @ (V.T @ V)
    return G.sub_(T @ V).mul_(2)


@TABLE.form("L2w_grad", "torch_closed")
def l2w_gradient(O: Array, T: Array, U: Array, V: Array) -> Array:
    R = torch.addmm(T, U, V.T, beta=-1)
    return (R.mul_(O) @ V).mul_(2)


@TABLE.form("L2_hess", "torch_diagonal")
def l2_hessian(V: Array) -> Array:
    m, k = V.shape
    J = torch.zeros((m, k, m, k), dtype=V.dtype, device=V.device)
    J.diagonal(dim1=0, dim2=2).copy_((2 * (V.T @ V))[:, :, None])
    return J


@TABLE.form("L2_hess_comp", "torch_closed")
def l2_core(V: Array) -> Array:
    return (V.T @ V).mul_(2)


@TABLE.form("L2w_hess_comp", "torch_closed")
def l2w_core(O: Array, V: Array) -> Array:
    m, k = V.shape
    pairs = ((2 * V)[:, :, None] * V[:, None, :]).reshape(m, k * k)
    return (O @ pairs).reshape(m, k, k)


@TABLE.form("L2w_hess", "torch_diagonal")
def l2w_hessian(O: Array, V: Array) -> Array:
    m, k = V.shape
    J = torch.zeros((m, k, m, k), dtype=V.dtype, device=V.device)
    J.diagonal(dim1=0, dim2=2).copy_(l2w_core(O, V).permute(1, 2, 0))
    return J


@TABLE.form("Q1_grad", "torch_closed")
def q1_gradient(A: Array, x: Array) -> Array:
    return A @ x + x @ A


@TABLE.form("Q1_hess", "torch_closed")
def q1_hessian(A: Array) -> Array:
    return A + A.T


@TABLE.maker("Q1_hess", "torch_out", given=True)
def q1_hessian_out(data: Data) -> Call:
    A, H = moved([data.arrays["A"], data.empty("n", "n")], data)
    return lambda: torch.add(A, A.T, out=H)


@TABLE.form("Q2_logdet_grad", "torch_inv")
def q2_gradient(X: Array) -> Array:
    return torch.linalg.inv(X).T


@TABLE.form("Q2_logdet_hess", "torch_closed_iljk", axes=(0, 2, 3, 1))
def q2_hessian(X: Array) -> Array:
    K = torch.linalg.inv(X)
    return (-K.T)[:, :, None, None] * K


@TABLE.form("Q3_inv_grad", "torch_lu")
def q3_gradient(X: Array, a: Array, b: Array) -> Array:
    lu, pivots = torch.linalg.lu_factor(X)
    u = torch.linalg.lu_solve(lu, pivots, b[:, None])
    v = torch.linalg.lu_solve(lu, pivots, a[:, None], adjoint=True)
    return -v * u.T


@TABLE.form("Q3_inv_hvp", "torch_lu")
def q3_along(X: Array, a: Array, b: Array, V: Array) -> Array:
    lu, pivots = torch.linalg.lu_factor(X)
    solve = partial(torch.linalg.lu_solve, lu, pivots)
    u = solve(b[:, None])
    v = solve(a[:, None], adjoint=True)
    du, dv = solve(V @ u), solve(V.T @ v, adjoint=True)
    return torch.cat([dv, v], 1) @ torch.cat([u, du], 1).T


@TABLE.form("K_hadmat", "torch_matmul")
def batched(A: Array, B: Array) -> Array:
    return A @ B


@TABLE.form("K_batch_inner_last", "torch_matmul", axes=(1, 2, 0))
def inner_last(A: Array, B: Array) -> Array:
    return A.permute(2, 0, 1) @ B.permute(2, 0, 1)


@TABLE.form("K_mat_had", "torch_closed")
def masked_product(A: Array, B: Array, C: Array) -> Array:
    return (A @ B).mul_(C)


@TABLE.form("K_trace3", "torch_dot")
def trace(A: Array, B: Array, C: Array) -> Array:
    return torch.dot((B.T @ A.T).reshape(-1), C.reshape(-1))


@TABLE.form("K_H_elim", "torch_elided")
def elided(A: Array, B: Array) -> Array:
    return A[:, :, None] * B[:, None, :]


@TABLE.form("K_had3_reduce", "torch_closed")
def rowwise(A: Array, B: Array, C: Array) -> Array:
    return torch.linalg.vecdot(A * B, C)


@TABLE.form("K_mttkrp", "torch_khatri_rao")
def mttkrp(T: Array, B: Array, C: Array) -> Array:
    pairs = (B[:, None, :] * C).reshape(-1, B.shape[1])
    return T.reshape(len(T), -1) @ pairs
