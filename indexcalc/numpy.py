"""`ic.numpy`: NumPy's names where NumPy does not dispatch, beside all its own.

Constructors take symbolic sizes too; with numbers alone they are NumPy's own and give
arrays, which mix with symbols. The activations NumPy has no name for work on symbols
and on arrays. Every other name is NumPy's, so a function written for `np` runs.

>>> from indexcalc.ways_in import tensor
>>> X = tensor("X", "n p")
>>> print(eye(X.shape[0]) @ X)
X_ij
>>> relu([-1.0, 2.0]).tolist()
[0.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import kernels, matrix, numpy_reductions
from .broadcasting import as_node, elementwise, spread_to
from .errors import UnsupportedError
from .face import Expression
from .nodes import Node
from .numpy_shapes import shape_of
from .operators import Operators, bare, scope_of
from .sizes import Dim, as_size

# -- constructors ----------------------------------------------------------------------


def is_symbolic(value: Any) -> bool:
    """Whether a value holds an expression or a symbolic size, however nested."""
    if isinstance(value, (list, tuple)):
        return any(map(is_symbolic, value))
    return isinstance(value, (Operators, Dim, str))


def eye(N: Any, M: Any = None, k: int = 0, **kwargs: Any) -> Any:
    """The identity, or ones on the k-th diagonal of an N×M matrix of literal sizes."""
    if not is_symbolic((N, M)):
        return np.eye(N, M, k, **kwargs)
    n = as_size(N)
    if k or (M is not None and as_size(M) != n):
        raise UnsupportedError(
            "an identity of symbolic size has its ones on the main diagonal",
            hint="give numbers, or concatenate with zeros",
        )
    return Expression(matrix.eye(n))


def identity(n: Any, **kwargs: Any) -> Any:
    """The identity δ_ij."""
    return eye(n, **kwargs)


def full(shape: Any, fill_value: Any, **kwargs: Any) -> Any:
    """A value, which may be an expression, in every entry of a shape."""
    if not is_symbolic((shape, fill_value)):
        return np.full(shape, fill_value, **kwargs)
    node = spread_to(as_node(bare(fill_value)), shape_of(shape))
    return Expression(node, scope=scope_of([fill_value]))


def ones(shape: Any, **kwargs: Any) -> Any:
    """Ones of a shape."""
    return full(shape, 1.0, **kwargs)


def zeros(shape: Any, **kwargs: Any) -> Any:
    """Zeros of a shape."""
    return full(shape, 0.0, **kwargs)


def array(object: Any, **kwargs: Any) -> Any:
    """An array from nested lists of numbers and expressions."""
    if not is_symbolic(object):
        return np.array(object, **kwargs)
    return Expression(as_node(bare(object)), scope=scope_of([object]))


asarray = array


# -- activations -----------------------------------------------------------------------


def _either(
    x: Any, on_nodes: Callable[[Node], Node], on_arrays: Callable[[Any], Any]
) -> Any:
    """A function on an expression, or on an array of floats."""
    if is_symbolic(x):
        return Expression(on_nodes(as_node(bare(x))), scope=scope_of([x]))
    values = np.asarray(x)
    plain = values.dtype.kind in "fc"
    return on_arrays(values if plain else values.astype(np.float64))


def _activation(
    name: str, kernel: Callable[[Any], Any], doc: str
) -> Callable[..., Any]:
    def function(x: Any) -> Any:
        return _either(x, lambda node: elementwise(name, node), kernel)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


sigmoid = _activation("sigmoid", kernels.sigmoid, "1/(1 + exp(−x)) entry by entry.")
expit = sigmoid
relu = _activation("relu", kernels.relu, "max(x, 0) entry by entry.")
softplus = _activation("softplus", kernels.softplus, "log(1 + exp x) entry by entry.")
erf = _activation("erf", kernels.erf, "The error function entry by entry.")


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp along axes, without overflow."""

    def on_arrays(values: Any) -> Any:
        top = np.max(values.real, axis=axis, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0)
        with np.errstate(divide="ignore"):
            low = np.log(np.sum(np.exp(values - top), axis=axis, keepdims=True))
        result = low + top
        return result if keepdims else np.squeeze(result, axis=axis)

    return _either(
        a,
        lambda node: numpy_reductions.logsumexp(node, axis, keepdims=keepdims),
        on_arrays,
    )


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """x − log Σ exp x along an axis."""
    return x - logsumexp(x, axis, keepdims=True)


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x)/Σ exp(x) along an axis."""
    return _either(
        x,
        lambda node: numpy_reductions.softmax(node, axis),
        lambda values: np.exp(log_softmax(values, axis)),
    )


# -- everything else is NumPy's --------------------------------------------------------


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(np, name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(dir(np)))
