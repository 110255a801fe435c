"""NumPy's protocols on symbols: what `np.exp(X)`, `np.einsum(…, X)` and `X[0]` come to.

`apply_ufunc` and `apply_function` look a NumPy callable up in a table and answer with
bare nodes, under NumPy's own rules of broadcasting, axes and `keepdims`. What is not in
the tables is refused with the reason.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import trace
>>> A = tensor("A", ("n", "n"))
>>> apply_function(np.trace, (A,), {}) is trace(A)
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import complexes
from . import numpy_choices as choices
from . import numpy_diagonals as diagonals
from . import numpy_joining as joining
from . import numpy_linalg as linalg
from . import numpy_products as products
from . import numpy_reductions as reductions
from . import numpy_shapes as shapes
from .broadcasting import as_node
from .errors import UnsupportedError
from .numpy_arguments import bound_call, without_defaults
from .numpy_indexing import getitem
from .numpy_ufuncs import REASONS as UFUNC_REASONS
from .numpy_ufuncs import apply_ufunc

__all__ = ["apply_function", "apply_ufunc", "as_node", "getitem"]

Rule = Callable[..., Any]

# -- the tables ------------------------------------------------------------------------

_NUMPY: dict[str, Rule] = {
    "sum": reductions.total,
    "mean": reductions.mean,
    "average": reductions.average,
    "var": reductions.var,
    "std": reductions.std,
    "cov": reductions.cov,
    "prod": reductions.prod,
    "max": reductions.largest,
    "amax": reductions.largest,
    "min": reductions.smallest,
    "amin": reductions.smallest,
    "ptp": reductions.ptp,
    "cumsum": reductions.cumsum,
    "diff": reductions.diff,
    "trapezoid": reductions.trapezoid,
    "trapz": reductions.trapezoid,
    "dot": products.dot,
    "vdot": products.vdot,
    "inner": products.inner,
    "outer": products.outer,
    "tensordot": products.tensordot,
    "einsum": products.einsum,
    "kron": products.kron,
    "cross": products.cross,
    "convolve": products.convolve,
    "correlate": products.correlate,
    "polyval": products.polyval,
    "trace": diagonals.trace,
    "diag": diagonals.diag,
    "diagflat": diagonals.diagflat,
    "diagonal": diagonals.diagonal,
    "tril": diagonals.tril,
    "triu": diagonals.triu,
    "reshape": shapes.reshape,
    "ravel": shapes.ravel,
    "transpose": shapes.transpose,
    "permute_dims": shapes.transpose,
    "matrix_transpose": shapes.matrix_transpose,
    "swapaxes": shapes.swapaxes,
    "moveaxis": shapes.moveaxis,
    "rollaxis": shapes.rollaxis,
    "squeeze": shapes.squeeze,
    "expand_dims": shapes.expand_dims,
    "atleast_1d": lambda *arys: shapes.at_least(1, arys),
    "atleast_2d": lambda *arys: shapes.at_least(2, arys),
    "atleast_3d": lambda *arys: shapes.at_least(3, arys),
    "broadcast_to": shapes.broadcast_to,
    "broadcast_arrays": shapes.broadcast_arrays,
    "zeros_like": lambda a, shape=None: shapes.filled_like(0, a, shape),
    "empty_like": lambda a, shape=None: shapes.filled_like(0, a, shape),
    "ones_like": lambda a, shape=None: shapes.filled_like(1, a, shape),
    "full_like": lambda a, fill_value, shape=None: shapes.filled_like(
        fill_value, a, shape
    ),
    "shape": lambda a: as_node(a).shape,
    "ndim": lambda a: len(as_node(a).shape),
    "size": shapes.size_of,
    "copy": lambda a: as_node(a),
    "real": lambda val: complexes.real_part(as_node(val)),
    "imag": lambda val: complexes.imaginary_part(as_node(val)),
    "concatenate": joining.concatenate,
    "append": joining.append,
    "stack": joining.stack,
    "vstack": joining.vstack,
    "row_stack": joining.vstack,
    "hstack": joining.hstack,
    "dstack": joining.dstack,
    "column_stack": joining.column_stack,
    "block": joining.block,
    "split": joining.split,
    "array_split": joining.array_split,
    "vsplit": joining.split,
    "hsplit": joining.hsplit,
    "unstack": joining.unstack,
    "flip": joining.flip,
    "fliplr": lambda m: joining.flip(m, 1),
    "flipud": lambda m: joining.flip(m, 0),
    "rot90": joining.rot90,
    "roll": joining.roll,
    "take": joining.take,
    "delete": joining.delete,
    "repeat": joining.repeat,
    "tile": joining.tile,
    "pad": joining.pad,
    "where": choices.where,
    "select": choices.select,
    "clip": choices.clip,
}

_LINALG: dict[str, Rule] = {
    "inv": linalg.inv,
    "det": linalg.det,
    "slogdet": linalg.slogdet,
    "solve": linalg.solve,
    "norm": linalg.norm,
    "vector_norm": linalg.vector_norm,
    "matrix_norm": linalg.matrix_norm,
    "matrix_power": linalg.matrix_power,
    "eigvalsh": linalg.eigvalsh,
    "eigh": linalg.eigh,
    "cholesky": linalg.cholesky,
    "pinv": linalg.pinv,
    "svd": linalg.svd,
    "svdvals": linalg.svdvals,
    "multi_dot": products.multi_dot,
    "matmul": products.linalg_matmul,
    "vecdot": products.vecdot,
    "outer": products.linalg_outer,
    "cross": products.linalg_cross,
    "tensordot": products.tensordot,
    "trace": diagonals.linalg_trace,
    "diagonal": diagonals.linalg_diagonal,
    "matrix_transpose": shapes.matrix_transpose,
}

#: From the functions that this NumPy has to their rules.
FUNCTIONS: dict[Callable[..., Any], Rule] = {
    getattr(module, name): rule
    for module, rules in ((np.linalg, _LINALG), (np, _NUMPY))
    for name, rule in rules.items()
    if hasattr(module, name)
}

# -- what is refused, and why ----------------------------------------------------------

_DECOMPOSITION = "it needs a decomposition, which products and inverses do not give"
_ORDER = "it depends on the order of values, and a symbol has none before evaluation"
_VALUES = "it asks about values, and a symbol has none before it is evaluated"
_VALUED = "it has a branch cut that no derivative crosses"
_IN_PLACE = "an expression is never changed in place"

_GROUPS: dict[str, str] = {
    _DECOMPOSITION: "eig eigvals matrix_rank cond lstsq "
    "qr roots poly tensorinv tensorsolve",
    _ORDER: "sort argsort partition argpartition argmax argmin median percentile "
    "quantile searchsorted lexsort unique nonzero argwhere flatnonzero "
    "count_nonzero histogram",
    _VALUES: "allclose array_equal array_equiv isclose all any isreal iscomplex "
    "iscomplexobj isrealobj nan_to_num nansum nanmean nanmax nanmin nanprod",
    _IN_PLACE: "fill_diagonal copyto put place putmask put_along_axis",
    _VALUED: "angle real_if_close",
    UFUNC_REASONS["floor"]: "round around fix",
}

REASONS: dict[str, str] = {
    name: reason for reason, names in _GROUPS.items() for name in names.split()
}

_WAYS_OUT: dict[str, str] = {
    "lstsq": "pinv(X) @ y, or solve(X.T @ X, X.T @ y)",
    "eigvals": "eigvalsh of symmetric matrices has derivatives",
    "eig": "eigh of symmetric matrices has derivatives",
    "array_equal": "indexcalc.equal compares expressions",
    "allclose": "indexcalc.equal compares expressions",
    "cumprod": "exp of a cumsum of logs, where entries are positive",
    "gradient": "np.diff has an expression",
    "fill_diagonal": "add np.diag(…)",
    "median": "np.mean has an expression",
    "round": "leave it out",
}

_WAY_OUT = "write it with sums, products and functions of the table, or evaluate first"


def _called(function: Callable[..., Any]) -> str:
    """The name of a function below `np.`."""
    module = getattr(function, "__module__", "") or ""
    below = [part for part in ("linalg", "fft") if f".{part}" in module]
    return ".".join([*below, getattr(function, "__name__", repr(function))])


def apply_function(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """A NumPy function on nodes, arrays and numbers, which lists and tuples may hold.

    Raises `UnsupportedError` with the reason for what symbols have no answer to.
    """
    name = _called(function)
    if function not in FUNCTIONS:
        plain = name.rpartition(".")[2]
        reason = REASONS.get(plain, "it is not in the function table")
        raise UnsupportedError(
            f"np.{name} of symbols is not supported: {reason}",
            hint=_WAYS_OUT.get(plain, _WAY_OUT),
        )
    rest = without_defaults(name, kwargs)
    return bound_call(name, FUNCTIONS[function], *args, **rest)
