"""Linear systems with structured maps, checked: a Newton step without the matrix.

The structure chooses the factorisation (`kinds`); the residual, a product with the map
itself, is made small by refinement, and whatever stays large raises.

>>> v = np.array([2.0, 4.0])
>>> double = LinearMap((Part(((v, (0,)),), ((0,), (0,)), (2,)),), (2, 2), 1, v.dtype)
>>> solution(double, [1.0, 1.5], 2.0, "direct", None).tolist()
[0.25, 0.25]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..errors import EvaluationError, ShapeError, UnsupportedError
from ..pairwise import Array
from .dense_solves import Solve, require_room, singular
from .kinds import recognised
from .linear_map import LinearMap, applied, as_matrix, by_positions, diagonal
from .parts import Part

#: How often a solution is corrected by its residual.
MOST_CORRECTIONS = 3

#: How many steps of conjugate gradients are tried for every unknown.
STEPS_PER_UNKNOWN = 10


def solution(
    linear_map: LinearMap, b: object, damping: float, method: str, rtol: float | None
) -> Array:
    """x with (map + damping·I) x = b; see `Structured.solve`."""
    columns, back = _columns(linear_map, b)
    if not linear_map.parts and not damping:
        raise singular("it is zero")
    if not np.all(np.isfinite(columns)):
        raise EvaluationError("the right-hand side has entries that are not finite")
    if columns.size == 0:
        return back(columns)
    times = _product(linear_map, damping)
    match method:
        case "direct":
            solve = _direct(linear_map, damping)
            return back(_refined(times, solve, columns, rtol))
        case "cg":
            scale = _preconditioner(linear_map, damping)
            found = [_gradients(times, scale, c, rtol) for c in columns.T]
            return back(np.stack(found, axis=-1))
        case _:
            raise UnsupportedError(
                f"the method {method!r} is not known", hint="'direct' or 'cg'"
            )


def _columns(
    linear_map: LinearMap, b: object
) -> tuple[Array, Callable[[Array], Array]]:
    """The right-hand sides as columns, and how solutions get the shape asked for."""
    height, width = linear_map.matrix_shape
    if height != width:
        raise ShapeError(
            f"a map {height}×{width} is not square, and cannot be solved with",
            hint="solve the normal equations S.H @ S",
        )
    array = np.asarray(b)
    if array.dtype.kind not in "fc":
        array = array.astype(linear_map.dtype)
    array = array.astype(np.result_type(array.dtype, linear_map.dtype), copy=False)
    shape = linear_map.variable_shape
    if array.shape == linear_map.value_shape:
        return array.reshape(height, 1), lambda x: x.reshape(shape)
    if array.shape == (height,):
        return array.reshape(height, 1), lambda x: x.reshape(-1)
    if array.ndim == 2 and len(array) == height:
        return array, lambda x: x
    raise ShapeError(
        f"a right-hand side of shape {array.shape} where "
        f"{linear_map.value_shape} is wanted"
    )


def _product(linear_map: LinearMap, damping: float) -> Solve:
    """The damped map on columns."""
    rows, order = linear_map.rows, len(linear_map.shape)

    def times(x: Array) -> Array:
        split = x.reshape(*linear_map.variable_shape, x.shape[-1])
        found = applied(linear_map, split, range(rows, order), range(rows), True)
        return found.reshape(x.shape) + damping * x

    return times


def _direct(linear_map: LinearMap, damping: float) -> Solve:
    """The factorisation that the structure allows, on columns: that of the map with its
    axes cut alike on both sides, or of the dense matrix where they cannot be."""
    size = linear_map.matrix_shape[0]
    grid = by_positions(linear_map)
    if grid is None:
        parts = _dense_part(linear_map)
        grid = LinearMap(parts, (size, size), 1, linear_map.dtype)
    grid = replace(grid, parts=grid.parts + _identity(grid, damping))
    solve = recognised(grid).factorise()

    def solved(b: Array) -> Array:
        return solve(b.reshape(*grid.value_shape, b.shape[-1])).reshape(b.shape)

    return solved


def _dense_part(linear_map: LinearMap) -> tuple[Part, ...]:
    """The dense matrix as a part; nothing of a map that is zero."""
    if not linear_map.parts:
        return ()
    require_room(prod(linear_map.matrix_shape), "a dense matrix")
    matrix = as_matrix(linear_map)
    return (Part(((matrix, (0, 1)),), ((0,), (1,)), matrix.shape),)


def _identity(grid: LinearMap, damping: float) -> tuple[Part, ...]:
    if not damping:
        return ()
    factor = (np.asarray(damping, grid.dtype), ())
    axes = tuple((i,) for i in range(grid.rows))
    return (Part((factor,), axes + axes, grid.value_shape),)


def _tolerance(dtype: Any, rtol: float | None) -> float:
    return float(np.sqrt(np.finfo(dtype).eps)) if rtol is None else rtol


def _refined(times: Solve, solve: Solve, b: Array, rtol: float | None) -> Array:
    """The solution, corrected while its residual is not small beside b."""
    x = solve(b).astype(b.dtype, copy=False)
    bound = _tolerance(b.dtype, rtol) * np.linalg.norm(b, axis=0)
    for _ in range(MOST_CORRECTIONS):
        residual = b - times(x)
        if np.all(np.linalg.norm(residual, axis=0) <= bound):
            return x
        x = (x + solve(residual)).astype(b.dtype, copy=False)
    worst = np.max(np.linalg.norm(b - times(x), axis=0) / np.linalg.norm(b, axis=0))
    raise EvaluationError(
        f"the system was solved only to a relative residual of {worst:.1g}",
        hint="it is nearly singular: damping=… makes it regular",
    )


# -- conjugate gradients ---------------------------------------------------------------


def _preconditioner(linear_map: LinearMap, damping: float) -> Array:
    """1/diag of the damped map, or ones where that is not positive."""
    size = linear_map.matrix_shape[0]
    if linear_map.value_shape != linear_map.variable_shape:
        return np.ones(size, np.finfo(linear_map.dtype).dtype)
    found = np.real(diagonal(linear_map)).ravel() + damping
    return 1 / found if bool(np.all(found > 0)) else np.ones_like(found)


def _gradients(times: Solve, scale: Array, b: Array, rtol: float | None) -> Array:
    """Conjugate gradients with a diagonal preconditioner.

    Raises `EvaluationError` where the map is not positive definite, or the residual
    does not become small.
    """
    x, r = np.zeros_like(b), b.copy()
    z = scale * r
    p, rho = z, np.vdot(r, z)
    bound = (
        1e-3 * _tolerance(b.dtype, None) if rtol is None else rtol
    ) * np.linalg.norm(b)
    for _ in range(STEPS_PER_UNKNOWN * len(b)):
        if np.linalg.norm(r) <= bound:
            return x
        q = times(p[:, None])[:, 0]
        curvature = np.real(np.vdot(p, q))
        if not curvature > 0:
            raise EvaluationError(
                "conjugate gradients need a positive definite map, and this one has a "
                "direction of curvature that is not positive",
                hint="method='direct', or damping=…",
            )
        step = rho / curvature
        x, r = x + step * p, r - step * q
        z = scale * r
        before, rho = rho, np.vdot(r, z)
        p = z + (rho / before) * p
    raise EvaluationError(
        f"conjugate gradients came to a relative residual of "
        f"{np.linalg.norm(r) / np.linalg.norm(b):.1g} only",
        hint="method='direct', damping=…, or a larger rtol",
    )
