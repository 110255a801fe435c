"""NumPy sources to be run twice: on arrays, by NumPy alone, and on symbols.

`np` is NumPy and `nn` is `indexcalc.numpy`; the arrays are those of `arrays()`: literal
sizes, axes of size 1 and of size 0 among them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {
    "s": (),
    "x": (3,),
    "y": (3,),
    "z": (4,),
    "r": (1, 4),
    "c": (3, 1),
    "one": (1,),
    "X": (3, 4),
    "Y": (3, 4),
    "A": (3, 3),
    "B": (3, 3),
    "T": (2, 3, 4),
    "S": (2, 3, 3),
    "Z": (0, 3),
}


def arrays() -> dict[str, Any]:
    """Arrays with entries between 0.1 and 0.9, all different; A and S are far from
    singular."""
    rng = np.random.default_rng(7)
    drawn = {name: rng.uniform(0.1, 0.9, shape) for name, shape in SHAPES.items()}
    drawn["A"] = drawn["A"] + 2 * np.eye(3)
    drawn["S"] = drawn["S"] + 2 * np.eye(3)
    return drawn


UFUNCS = """
X + Y; X - r; c * X; X / c; r / X; 2 / X; -X; +X; X ** 2; X ** -1; X ** 0.5; 2 ** X
X ** Y; x ** s; s ** x; c ** r; X + s; s * X; X + 1; 1 - X; x * 0.5; one * x; one + X
c + r; c * r; one / one; Z * 2; Z + x; Z * one; T + x[:, None]; T * r; x + [1, 2, 3]
x ** np.array([2, 0, 3]); x[:, None] ** np.arange(3); x ** np.array([0.5, 2, -1])
np.power(2.0, x); np.float_power(x, 2); np.add(x, y); np.subtract(x, y); np.exp(X)
np.expm1(X); np.exp2(x); np.log(X); np.log1p(X); np.log2(X); np.log10(X); np.sin(X)
np.cos(X); np.tan(x); np.arcsin(x); np.arccos(x); np.arctan(x); np.sinh(x); np.cosh(x)
np.tanh(X); np.arcsinh(x); np.arccosh(x + 1); np.arctanh(x); np.sqrt(X); np.cbrt(x)
np.square(X); np.reciprocal(x); np.abs(X - 0.5); np.fabs(x - 0.5); np.sign(x - 0.5)
np.arctan2(X, r); np.hypot(x, y); np.hypot(c, r); np.positive(x); np.maximum(X, Y)
np.minimum(X, r); np.fmax(x, s); np.fmin(x, 0.5); np.maximum(0, x - 0.5)
np.heaviside(x - 0.5, 0.5); np.heaviside(np.array([0.0, 1.0, -1.0]) * s, s)
np.logaddexp(X, r); np.logaddexp2(x, y); np.deg2rad(x); np.rad2deg(x); np.degrees(x)
X > Y; X < r; X >= Y; X <= 0.5; np.equal(x, x); np.not_equal(x, y); np.equal(x, y)
np.logical_not(x > 0.5); np.logical_and(x > 0.2, x < 0.8)
np.logical_or(x > 0.8, x < 0.2); np.logical_xor(x > 0.5, y > 0.5); np.logical_not(x)
np.bitwise_and(x > 0.2, y > 0.2); np.invert(np.equal(x, y)); np.logical_and(x, y)
np.maximum(x, -np.inf); np.add.reduce(X); np.add.reduce(X, axis=1, keepdims=True)
np.multiply.reduce(X, axis=None); np.maximum.reduce(X); np.minimum.reduce(X, 1)
np.add.accumulate(X, axis=1); np.multiply.outer(x, Y); np.add.outer(x, z)
np.subtract.outer(X, y); np.divide.outer(s, x)
"""

PRODUCTS = """
x @ y; A @ x; x @ A; A @ B; X @ z; x @ X; c @ r; r @ X.T; T @ z; T @ X.T; A @ T; S @ T
S @ A; x @ S; S[:, None] @ T[None]; S @ S; one @ one; c @ one; Z @ A; Z.T @ Z; Z @ x
np.matmul(S, x); np.vecdot(X, z); np.vecdot(T, r, axis=-1); np.vecdot(X, Y, axis=0)
np.matvec(S, x); np.vecmat(x, S); np.linalg.matmul(A, B); np.linalg.vecdot(X, Y, axis=0)
np.dot(x, y); np.dot(A, x); np.dot(s, X); np.dot(X, 2); np.dot(T, z); np.dot(A, T)
np.inner(x, y); np.inner(X, Y); np.inner(T, X); np.inner(s, x); np.vdot(X, Y); X.dot(z)
np.outer(x, z); np.outer(X, y); np.outer(s, x); np.linalg.outer(x, z)
np.tensordot(X, Y); np.tensordot(A, X, 1); np.tensordot(x, z, 0)
np.tensordot(T, S, axes=([1, 0], [2, 0])); np.tensordot(T, X, axes=[[2], [1]])
np.tensordot(A, T, axes=(1, 1)); np.linalg.tensordot(A, X, axes=1)
np.linalg.multi_dot([A, B, X]); np.linalg.multi_dot([x, A, B, y]); np.kron(x, z)
np.kron(A, X); np.kron(x, A); np.kron(A, np.eye(2)); np.kron(s, A); np.kron(c, r)
np.kron(T, x); np.kron(np.ones(2), x); np.cross(x, y); np.cross(A, x); np.cross(x, A)
np.cross(A, B, axis=0); np.cross(A, B, axisa=0, axisc=0); np.cross(S, x[None, None])
np.cross([1, 0, 0], x); np.linalg.cross(A, B); np.convolve(x, z); np.convolve(z, x)
np.convolve(x, z, "same"); np.convolve(z, x, "valid")
np.convolve(x, np.array([1.0, -1.0])); np.convolve(z, x, "same"); np.convolve(x, one)
np.correlate(z, x); np.correlate(z, x, "full"); np.correlate(z, x, "same")
np.polyval(x, s); np.polyval([1, 2, 3], X); np.polyval(x, z)
"""

EINSUMS = """
np.einsum("ij,jk->ik", A, X); np.einsum("ij,jk", A, X); np.einsum("ba,a", X, z)
np.einsum("ii", A); np.einsum("ii->i", A); np.einsum("ij->ji", X); np.einsum("ij->", X)
np.einsum("ij->j", X); np.einsum("ij", X); np.einsum("ji", X)
np.einsum("i,j->ij", x, z); np.einsum("i,i,i->i", x, y, x); np.einsum("i,i,i", x, y, x)
np.einsum("...ij,...j", T, z); np.einsum("...ij,jk->...ik", T, X.T)
np.einsum("i...->...", T); np.einsum("...ii->...i", S)
np.einsum("...j,...j->...", T, X); np.einsum("...,...", T, r)
np.einsum("i,ij->ij", one, X); np.einsum("ij,ij->ij", c, X); np.einsum("ij,ij", r, c)
np.einsum("ij,ij->ij", r, c); np.einsum(" i j , j k -> i k ", A, X)
np.einsum("aij,aij->a", T, T); np.einsum(A, [0, 1], X, [1, 2], [0, 2])
np.einsum(A, [7, 3], X, [3, 50]); np.einsum(x, [5])
np.einsum(T, [..., 0], z, [0], [...]); np.einsum("ij,kj,kl->il", A, B, X, optimize=True)
np.einsum("Ba,a", X, z); np.einsum("ij,jk->ki", A, X, optimize="greedy")
np.einsum("kij,kl->lij", Z[:, :, None], Z)
"""

REDUCTIONS = """
np.sum(X); np.sum(X, axis=0); np.sum(X, 1); np.sum(T, axis=(0, -1)); X.sum(-1)
np.sum(X, axis=0, keepdims=True); np.sum(T, axis=(1, 2), keepdims=True)
np.sum(X, axis=()); np.sum(X, keepdims=True); np.sum(Z); np.sum(Z, axis=0)
np.sum(c, axis=1); np.sum(s); np.mean(X); np.mean(X, axis=0); np.mean(T, axis=(0, 1))
X.mean(1); np.mean(X, axis=1, keepdims=True); np.var(X); np.var(X, axis=0)
np.var(x, ddof=1); np.std(X, axis=1); np.std(x, ddof=1, keepdims=True)
np.var(T, axis=(0, 2), correction=1); np.average(X, axis=0); np.average(X, weights=Y)
np.average(X, axis=1, weights=z); np.average(x, weights=y); np.cov(X)
np.cov(X, rowvar=False); np.cov(x); np.cov(X, bias=True); np.prod(x); np.prod(X, axis=0)
np.prod(T, axis=(0, 2), keepdims=True); np.prod(Z, axis=0); np.max(X); np.max(X, axis=1)
np.min(X, axis=0, keepdims=True); np.amax(x); np.amin(T, (0, 1)); np.ptp(X, axis=0)
np.cumsum(x); np.cumsum(X); np.cumsum(X, axis=0); np.diff(x); np.diff(X)
np.diff(X, axis=0); np.diff(z, n=2); np.diff(x, n=3); np.diff(one); np.trapezoid(x)
np.trapezoid(X, z); np.trapezoid(X, dx=0.5, axis=0); np.trace(A); np.trace(X)
np.trace(A, 1); np.trace(X, offset=-1); np.trace(S, axis1=1, axis2=2)
np.linalg.trace(S); np.trace(T)
"""

SHAPING = """
X.T; T.T; np.transpose(T, (1, 2, 0)); np.transpose(T, (-1, 0, 1)); T.transpose(2, 0, 1)
np.swapaxes(T, 0, -1); np.moveaxis(T, 0, -1); np.moveaxis(T, [0, 1], [-1, 0]); c.T
np.rollaxis(T, 2); np.rollaxis(T, 0, 3); np.rollaxis(T, 1, 0); np.matrix_transpose(T)
np.linalg.matrix_transpose(S); np.permute_dims(T, (2, 0, 1)); np.reshape(X, -1)
np.reshape(X, (4, 3)); np.reshape(T, (6, 4)); np.reshape(T, (2, 12))
np.reshape(T, (4, 3, 2)); np.reshape(z, (2, 2)); np.reshape(X, (3, 2, 2))
np.reshape(s, (1, 1)); np.reshape(X, (12, 1)); np.reshape(X, (-1, 6), order="F")
np.reshape(X, (2, -1)); np.reshape(one, ()); np.reshape(c, 3); np.reshape(r, (2, 1, 2))
np.reshape(Z, (3, 0, 2)); np.reshape(x, (1, 3, 1)); X.reshape(2, 6); X.reshape((6, 2))
np.reshape(Z, (-1, 3)); np.reshape(X.T, 12); np.reshape(np.kron(x, z), (3, 4))
np.reshape(np.kron(A, B), (3, 3, 9)); np.reshape(T[:, None], (6, 1, 4))
np.reshape(c, (1, 3)); np.ravel(X); np.ravel(X, "F"); np.ravel(s); X.ravel()
X.flatten("F"); np.ravel(Z); np.squeeze(c); np.squeeze(r, axis=0)
np.squeeze(X[None, :, None]); np.squeeze(one); np.expand_dims(x, 0)
np.expand_dims(X, (0, -1)); np.expand_dims(s, 0); np.atleast_1d(s); np.atleast_2d(x)
np.atleast_3d(x); np.atleast_3d(X); np.atleast_2d(s); np.atleast_1d(X)
np.broadcast_to(x, (2, 3)); np.broadcast_to(c, (2, 3, 4)); np.broadcast_to(s, (2,))
np.broadcast_arrays(c, r)[0]; np.zeros_like(X) + x[:, None]; np.ones_like(X) * s
np.full_like(X, s); np.full_like(x, 2.0) * x; np.ones_like(x, shape=(2, 2)) * s
np.copy(X); np.diag(x); np.diag(A); np.diag(X); np.diag(x, 1); np.diag(x, -2)
np.diag(X, 1); np.diag(X, -1); np.diag(X, 3); np.diag(A, 5); np.diagflat(A, 1)
np.diagonal(A); np.diag(one); np.diagonal(X, 1); np.diagonal(T, axis1=1, axis2=2)
np.diagonal(S, 0, 2, 1); np.diagonal(T); np.linalg.diagonal(S); np.diag(np.diag(A))
np.diagonal(r); np.diag(c); np.tril(A); np.triu(X, 1); np.tril(S, -1); np.triu(x)
np.tril(X, 2)
"""

JOINING = """
np.concatenate([X, Y]); np.concatenate([X, Y, r]); np.concatenate([X, c], axis=1)
np.concatenate([X, np.eye(3)], 1); np.concatenate([x, one])
np.concatenate([X, A], axis=-1); np.concatenate([x, X], axis=None)
np.concatenate([Z, A]); np.concatenate([x, [1.0, 2.0]]); np.concat([x, y])
np.append(x, y); np.append(X, r, axis=0); np.concatenate([r]); np.stack([x, y])
np.stack([x, y], axis=1); np.stack([X, Y], -1); np.stack([s, 2 * s]); np.stack([s])
np.stack([X]); np.stack([s, s, 1.0]); np.vstack([x, y]); np.vstack([X, z])
np.hstack([x, y]); np.hstack([X, c]); np.hstack([s, x]); np.dstack([X, Y])
np.dstack([x, y]); np.column_stack([x, y]); np.column_stack([x, X, s * x])
np.block([[A, X], [r[:, :3], r]]); np.block([x, y])
np.block([[A, np.zeros((3, 3))], [np.zeros((3, 3)), B]]); np.block(x)
np.block([[s, x[None]], [c, A]]); np.block([s, s, x]); np.split(z, 2)[1]
np.split(X, [1], axis=1)[1]; np.array_split(z, 3)[0]; np.hsplit(X, 2)[0]
np.split(X, 3)[2]; np.split(z, [1, 3])[1]; np.unstack(X)[1]; np.vsplit(X, 3)[0]
np.flip(x); np.flip(X); np.flip(X, 1); np.fliplr(X); np.flipud(X); np.flip(T, (0, 2))
np.rot90(X); np.rot90(X, 2); np.rot90(X, 3); np.rot90(X, -1); np.rot90(X, 4)
np.rot90(T, 1, (1, 2)); np.roll(x, 1); np.roll(X, 2); np.roll(X, -1, axis=1)
np.roll(X, (1, 2), axis=(0, 1)); np.roll(X, 1, (0, 1)); np.roll(x, 3); np.roll(r, 1, 0)
np.take(X, [0, 2], axis=0); np.take(X, 5); np.take(x, [[0, 1], [2, -1]])
np.delete(x, 1); np.delete(X, [0, 2], axis=1); np.repeat(x, 2); np.repeat(X, 2, axis=1)
np.repeat(X, 3); np.repeat(x, [1, 0, 2]); np.tile(x, 2); np.tile(x, (2, 2))
np.tile(X, (2, 1, 2)); np.tile(s, 3); np.pad(x, 1); np.pad(X, ((0, 1), (2, 0)))
np.pad(X, (1, 2)); np.pad(Z, 1); np.where(x > 0.5, x, y); np.where(X > r, X, 0.0)
np.where(x > 0.5, 1.0, s); np.where(x, x, y)
np.where(np.array([True, False, True]), x, y); np.where(x > y, X.T[:, None], c.T)
np.select([x > 0.6, x > 0.3], [x, 2 * x], 0.0); np.clip(x, 0.3, 0.6)
np.clip(X, None, z); np.clip(X, np.array([0.2, 0.3, 0.4, 0.5]), z + 0.1)
np.clip(X, s, 1.0); np.clip(x, min=0.4)
np.clip(x, a_min=0.2, a_max=None)
"""

SUBSCRIPTS = """
X[0]; X[-1]; X[1, 2]; X[:, 0]; X[:, -1]; x[0]; x[:]; X[...]; X[..., 0]; X[0, ...]
X[:, :]; X[None]; X[:, None]; x[:, None]; x[None, :, None]; s[None]; s[...]; s[()]
T[0, :, 1]; x[1:]; x[:-1]; x[::2]; x[::-1]; x[2:0:-1]; x[5:]; x[1:2]; X[1:, :2]
X[::2, ::-1]; x[0:3]; T[..., None, 0]; T[0]; T[:, 1:, ::3]; c[:, 0]; r[0]; r[0, 1]
one[0]; one[-1]; one[None, 0]; X[[0, 2]]; X[:, [1, 1, 3]]; X[[0, 1], [2, 3]]
X[[[0], [1]], [2, 3]]; x[[]]; x[np.array(1)]; X[np.arange(3), np.arange(3)]
T[0, :, [1, 2]]; T[:, 0, [1, 2]]; T[[0, 1], :, [1, 2]]; T[[0, 1], 0]
T[:, [0, 2], [1, 3]]; T[:, 0, ..., [1, 2]]; T[0, None, [1, 2]]; x[[-1, 0]]
x[np.array([True, False, True])]; X[np.array([True, False, True])]
X[[True, False, True], 1]; X[np.eye(3, 4, dtype=bool)]; T[0, np.eye(3, 4, dtype=bool)]
T[:, np.eye(3, 4, dtype=bool)]; Z[:, 0]; Z[0:0]; X[1:1]; one[[0, 0]]; c[:, [0, 0, 0]]
X[..., None][0]; X[0][1]; X[np.int64(1)]
"""

LINALG = """
np.linalg.inv(A); np.linalg.inv(S); np.linalg.det(A); np.linalg.det(S); np.linalg.det(B)
np.linalg.slogdet(A)[1]; np.linalg.slogdet(A)[0]; np.linalg.slogdet(S)[1]
np.linalg.slogdet(-A).logabsdet; np.linalg.slogdet(-A).sign; np.linalg.solve(A, x)
np.linalg.solve(A, X); np.linalg.solve(S, T); np.linalg.solve(A, S)
np.linalg.solve(S, X); np.linalg.matrix_power(A, 3); np.linalg.matrix_power(A, -2)
np.linalg.matrix_power(A, 0) * s; np.linalg.matrix_power(S, 3)
np.linalg.matrix_power(S, 2); np.linalg.matrix_power(S, -1)
np.linalg.matrix_power(S, 0) * s; np.linalg.matrix_power(A, 1); np.linalg.norm(x)
np.linalg.norm(X); np.linalg.norm(T); np.linalg.norm(x, 1); np.linalg.norm(s)
np.linalg.norm(x, 2); np.linalg.norm(x, np.inf); np.linalg.norm(x, -np.inf)
np.linalg.norm(x, 3); np.linalg.norm(x, 0) + s; np.linalg.norm(X, "fro")
np.linalg.norm(X, axis=0); np.linalg.norm(X, axis=1, keepdims=True)
np.linalg.norm(X, keepdims=True); np.linalg.norm(X, 1); np.linalg.norm(X, np.inf)
np.linalg.eigvalsh(A @ A.T); np.linalg.eigh(B + B.T).eigenvalues
np.linalg.cholesky(A @ A.T + np.eye(3)); np.linalg.pinv(X); np.linalg.pinv(S)
np.linalg.cholesky(S @ np.swapaxes(S, 1, 2) + np.eye(3)); np.linalg.norm(X, 2)
np.linalg.norm(X, "nuc"); np.linalg.norm(T, 2, axis=(0, 2))
np.linalg.norm(S, 2, (1, 2)); np.linalg.norm(X, -1); np.linalg.norm(X, -np.inf)
np.linalg.svd(X, compute_uv=False); np.linalg.svd(S, compute_uv=False)
np.linalg.svd(X.T, compute_uv=False); np.linalg.norm(T, axis=(0, 2))
np.linalg.norm(T, axis=(2, 0), keepdims=True); np.linalg.norm(T, 1, axis=(1, 2))
np.linalg.norm(T, "fro", (0, 1)); np.linalg.norm(T, 1, axis=1)
np.linalg.norm(T, ord=np.inf, axis=(0, 1), keepdims=True); np.linalg.vector_norm(X)
np.linalg.vector_norm(T, axis=(0, 2), ord=1)
np.linalg.vector_norm(X, axis=1, keepdims=True); np.linalg.matrix_norm(T)
np.linalg.matrix_norm(T, ord=1, keepdims=True)
"""

ACTIVATIONS = """
nn.sigmoid(X); nn.expit(x); nn.relu(X - 0.5); nn.softplus(X); nn.erf(x); nn.logsumexp(x)
nn.logsumexp(X); nn.logsumexp(X, axis=0); nn.logsumexp(T, (0, 2)); nn.logsumexp(s)
nn.logsumexp(T, axis=(2, 0), keepdims=True); nn.logsumexp(X, axis=1, keepdims=True)
nn.softmax(x); nn.softmax(X); nn.softmax(X, axis=0); nn.softmax(T, axis=1)
nn.softmax(X, axis=(0, 1)); nn.log_softmax(X, axis=0); nn.log_softmax(x); nn.eye(3) @ X
nn.ones((2, 3)) @ X; nn.zeros(3) + x; nn.full((2, 2), s); nn.identity(3) * A
nn.array([[s, 2.0], [x[0], x[1]]]); nn.array([x, y]); nn.arange(3) * x; nn.exp(x)
nn.pi * s; nn.array([1.0, 2.0, 3.0]) * x; nn.asarray(x); nn.linalg.inv(A)
nn.eye(3, k=1) @ A; nn.array([s, s * s, x @ y])
"""

GROUPS = {
    "ufuncs": UFUNCS,
    "products": PRODUCTS,
    "einsums": EINSUMS,
    "reductions": REDUCTIONS,
    "shaping": SHAPING,
    "joining": JOINING,
    "subscripts": SUBSCRIPTS,
    "linalg": LINALG,
    "activations": ACTIVATIONS,
}

SOURCES = [
    source.strip()
    for group in GROUPS.values()
    for line in group.strip().splitlines()
    for source in line.split(";")
]
