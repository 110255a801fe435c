"""Bundle adjustment: cameras and points from pictures, by Levenberg and Marquardt.

Camera i has a turn (a quaternion q_i), a place t_i and a focal length f_i, and sees the
point j at f_i (Y_1, Y_2)/Y_3, Y = R(q_i) x_j + t_i. A residual knows one camera and one
point, so the Jacobian by the cameras is block diagonal in i, that by the points in j:
the derivatives say so by δ, and only the blocks are computed. The step comes from the
sparse matrix of the blocks, by SciPy; its figures are compared with SciPy's own.

Run it with `python examples/bundle_adjustment.py`; it needs SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import approx_fprime
from scipy.sparse.linalg import spsolve

import indexcalc as ic

UNKNOWNS = ("q", "t", "f", "x")


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The largest error of the Jacobian against differences; root mean square residuals
    at the start, at the end, and of the pictures' noise; the last gradient."""

    jacobian: float
    before: float
    after: float
    noise: float
    gradient: float


def rotation() -> np.ndarray:
    """E with R_ab = E_abkl q_k q_l the rotation matrix of a unit quaternion q."""
    E = np.zeros((3, 3, 4, 4))
    for a, b in product(range(3), repeat=2):
        E[a, b, 0, 0] += a == b
        E[a, b, a + 1, b + 1] += 2
        if a == b:
            E[a, b, [1, 2, 3], [1, 2, 3]] -= 1
        else:
            c, sign = 3 - a - b, 1 if (b - a) % 3 == 1 else -1
            E[a, b, 0, c + 1] -= 2 * sign
    return E


def residuals() -> ic.Expression:
    """V_ij (f_i (Y_ij1, Y_ij2)/Y_ij3 − z_ij), zero where camera i does not see j."""
    q, t, f = ic.tensor("q", "c 4"), ic.tensor("t", "c 3"), ic.tensor("f", "c")
    x, z, V = ic.tensor("x", "p 3"), ic.tensor("z", "c p 2"), ic.tensor("V", "c p")
    E = ic.constant(rotation())
    R = ic.einsum("abkl,ik,il->iab", E, q, q) / (q * q).sum(axis=1)[:, None, None]
    Y = ic.einsum("iab,jb->ija", R, x) + t[:, None, :]
    return V[:, :, None] * (f[:, None, None] * Y[:, :, :2] / Y[:, :, 2:] - z)


def scene(cameras: int, points: int) -> tuple[dict[str, np.ndarray], float]:
    """Pictures of random points from all sides, with noise; and how much noise."""
    rng, noise = np.random.default_rng(0), 1e-3
    q = rng.normal(size=(cameras, 4))
    truth = {
        "q": q / np.linalg.norm(q, axis=1)[:, None],
        "t": np.array([0.0, 0.0, 6.0]) + 0.3 * rng.normal(size=(cameras, 3)),
        "f": rng.uniform(1.0, 2.0, cameras),
        "x": rng.normal(size=(points, 3)),
        "V": (rng.random((cameras, points)) < 0.7).astype(float),
        "z": np.zeros((cameras, points, 2)),
    }
    truth["z"] = residuals().evaluate(truth) + noise * rng.normal(size=truth["z"].shape)
    return truth, noise


def adjusted(arrays: dict[str, np.ndarray], steps: int) -> float:
    """Moves the unknowns to a least sum of squares; answers the last gradient."""
    r = residuals()
    value = r.compile()
    jacobians = [r.diff(name).compile(structured=True) for name in UNKNOWNS]
    damping, now = 1e-3, value(arrays)
    gradient = np.inf
    for step in range(steps):
        parts = [jacobian(arrays) for jacobian in jacobians]
        if step == 0:
            for name, J in zip(UNKNOWNS, parts, strict=True):
                print(f"by {name}: {J.kind}, {J.matrix_shape}, {J.nbytes / 1e3:.0f} kB")
        J = sparse.hstack([part.to_sparse("csc") for part in parts], format="csc")
        g, normal = J.T @ now.ravel(), J.T @ J
        gradient = float(np.abs(g).max())
        print(f"step {step:2}   |r|² {np.sum(now**2):.6e}   |gradient| {gradient:.1e}")
        if gradient < 1e-9:
            break
        move = spsolve(normal + damping * sparse.eye(len(g), format="csc"), -g)
        ends = np.cumsum([arrays[name].size for name in UNKNOWNS])[:-1]
        new = dict(arrays)
        for name, part in zip(UNKNOWNS, np.split(move, ends), strict=True):
            new[name] = arrays[name] + part.reshape(arrays[name].shape)
        then = value(new)
        better = np.sum(then**2) < np.sum(now**2)
        damping *= 0.1 if better else 10
        if better:
            arrays.update(new)
            now = then
    return gradient


def difference(arrays: dict[str, np.ndarray]) -> float:
    """The largest error of the Jacobians against SciPy's differences."""
    return max(map(partial(error_by, arrays), UNKNOWNS))


def error_by(arrays: dict[str, np.ndarray], name: str) -> float:
    """The error of one of them."""
    r, shape = residuals(), arrays[name].shape
    exact = r.diff(name).evaluate(arrays, structured=True).to_sparse().toarray()
    moved = approx_fprime(
        arrays[name].ravel(),
        lambda x: r.evaluate({**arrays, name: x.reshape(shape)}).ravel(),
    )
    return float(np.abs(exact - moved).max())


def main(cameras: int = 8, points: int = 60) -> Adjusted:
    """Adjusts a scene that starts off by a tenth; answers its figures."""
    arrays, noise = scene(cameras, points)
    rng = np.random.default_rng(1)
    for name in UNKNOWNS:
        arrays[name] = arrays[name] + 0.1 * rng.normal(size=arrays[name].shape)
    seen = 2 * arrays["V"].sum()
    before = np.sqrt(np.sum(residuals().evaluate(arrays) ** 2) / seen)
    error = difference(arrays)
    gradient = adjusted(arrays, 60)
    after = np.sqrt(np.sum(residuals().evaluate(arrays) ** 2) / seen)
    print(f"\nJacobian against differences {error:.1e}")
    print(f"residuals {before:.1e} before, {after:.1e} after, noise {noise:.1e}")
    return Adjusted(error, float(before), float(after), noise, gradient)


if __name__ == "__main__":
    found = main()
    if found.after > found.noise or found.jacobian > 1e-6:
        raise SystemExit("the scene was not adjusted")
