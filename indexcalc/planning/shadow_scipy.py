"""SciPy on shadows: what its functions answer, and the copies that they hold meanwhile.

>>> meter = Meter()
>>> module = ShadowNumpy(meter)
>>> factor, pivots = lent(module, "lu_factor", None)(module.ones((100, 100)))
>>> factor.layout.strides, meter.now
((1, 100), 80400)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from .layouts import in_order
from .shadow_numpy import Entrywise, ShadowNumpy
from .shadows import Meter, NoShadowError, Shadow

__all__ = ["Meter", "lent"]

Function: TypeAlias = Callable[..., Any]


def lent(module: ShadowNumpy, name: str, found: Any) -> Function:
    """A function of SciPy by its name, on shadows of a module."""
    if isinstance(found, np.ufunc):
        return Entrywise(module, found)
    if name in FUNCTIONS:
        return lambda *args, **more: FUNCTIONS[name](module, *args, **more)

    def refused(*_: Any, **__: Any) -> Any:
        raise NoShadowError(name)

    return refused


def _columns(x: Shadow) -> Shadow:
    """A new array in the order of LAPACK."""
    return x.like(in_order(x.shape, range(x.ndim)[::-1]))


def _softmax(module: ShadowNumpy, x: Shadow, axis: int) -> Shadow:
    found = x.like(in_order(x.shape))
    module.meter.passing(2 * x.nbytes)
    return found


def _logsumexp(module: ShadowNumpy, x: Shadow, axis: int) -> Shadow:
    found = x.reduced(axis, None, False, x.dtype)
    module.meter.passing(6 * x.nbytes)
    return found


def _of_matrix(beside: int) -> Function:
    """A function of a matrix that computes in so many others."""

    def found(module: ShadowNumpy, x: Shadow) -> Shadow:
        result = x.like(in_order(x.shape))
        module.meter.passing(beside * x.nbytes)
        return result

    return found


def _lu_factor(
    module: ShadowNumpy, x: Shadow, overwrite_a: bool = False, **_: Any
) -> tuple[Shadow, Shadow]:
    pivots = x.like(in_order(x.shape[:1]), np.dtype(np.int32))
    return x if overwrite_a else _columns(x), pivots


def _lu_solve(
    module: ShadowNumpy, factor: tuple[Shadow, Shadow], b: Shadow, **_: Any
) -> Shadow:
    return _columns(b)


def _cho_solve(
    module: ShadowNumpy, factor: tuple[Shadow, bool], b: Shadow, **_: Any
) -> Shadow:
    found = _columns(b)
    module.meter.passing(factor[0].nbytes)
    return found


def _cho_factor(
    module: ShadowNumpy, x: Shadow, lower: bool = False, **_: Any
) -> tuple[Shadow, bool]:
    return _columns(x), lower


def _solve_triangular(module: ShadowNumpy, x: Shadow, b: Shadow, **_: Any) -> Shadow:
    return _columns(b)


# -- routines of LAPACK ----------------------------------------------------------------


def _factor(module: ShadowNumpy, a: Shadow, **more: Any) -> Shadow:
    own = any(more.get(key) for key in ("overwrite_a", "overwrite_lu", "overwrite_c"))
    return a if own else _columns(a)


def _getrf(module: ShadowNumpy, a: Shadow, **more: Any) -> tuple[Shadow, Shadow, int]:
    pivots = a.like(in_order(a.shape[:1]), np.dtype(np.int32))
    return _factor(module, a, **more), pivots, 0


def _getri(
    module: ShadowNumpy, lu: Shadow, pivots: Shadow, **more: Any
) -> tuple[Shadow, int]:
    module.meter.passing(int(more.get("lwork", 0)) * lu.dtype.itemsize)
    return _factor(module, lu, **more), 0


def _lwork(module: ShadowNumpy, n: int, **_: Any) -> tuple[float, int]:
    return 64.0 * n, 0


def _getrs(
    module: ShadowNumpy, lu: Shadow, pivots: Shadow, b: Shadow, **_: Any
) -> tuple[Shadow, int]:
    return _columns(b), 0


def _potrf(module: ShadowNumpy, a: Shadow, **more: Any) -> tuple[Shadow, int]:
    return _factor(module, a, **more), 0


def _potrs(module: ShadowNumpy, c: Shadow, b: Shadow, **_: Any) -> tuple[Shadow, int]:
    return _columns(b), 0


ROUTINES: dict[str, Function] = {
    "getrf": _getrf,
    "getri": _getri,
    "getri_lwork": _lwork,
    "getrs": _getrs,
    "potrf": _potrf,
    "potri": _potrf,
    "potrs": _potrs,
}


def _routines(module: ShadowNumpy, names: Sequence[str], *_: Any, **__: Any) -> Any:
    missing = [name for name in names if name not in ROUTINES]
    if missing:
        raise NoShadowError(missing[0])

    def bound(name: str) -> Function:
        return lambda *args, **more: ROUTINES[name](module, *args, **more)

    return [bound(name) for name in names]


#: What each function answers, and which copies it holds.
FUNCTIONS: dict[str, Function] = {
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "expm": _of_matrix(8),
    "sqrtm": _of_matrix(8),
    "logm": _of_matrix(20),
    "sinm": _of_matrix(20),
    "cosm": _of_matrix(20),
    "lu_factor": _lu_factor,
    "lu_solve": _lu_solve,
    "cho_factor": _cho_factor,
    "cho_solve": _cho_solve,
    "solve_triangular": _solve_triangular,
    "get_lapack_funcs": _routines,
}
