"""Where programs run: NumPy, JAX, PyTorch, and any namespace of the array API.

A backend knows which library's spelling it runs, how to take arrays in, and how to make
a function of source. Libraries are imported when they are first used.

>>> backend_named("numpy").library
'numpy'
>>> backend_of([np.ones(3)]).name
'numpy'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from .codegen.source import Source
from .errors import EvaluationError, UnsupportedError


@dataclass(frozen=True, slots=True)
class Backend:
    """A name, the spelling that runs on it, how arrays are taken in (by name and
    value), what is made of the function, and how a result that is somebody else's array
    becomes one of its own."""

    name: str
    library: str
    array: Callable[[str, Any], Any]
    finish: Callable[[Callable[..., Any]], Callable[..., Any]]
    copied: Callable[[Any], Any]

    def run(self, source: Source) -> Callable[..., Any]:
        """The function of a printed module."""
        constants = {k: self.array(k, a) for k, a in source.constants.items()}
        return self.finish(source.run(constants))


def _library(name: str, module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise EvaluationError(
            f"the backend {name!r} needs {module}", hint=f"pip install {module}"
        ) from None


def _numpy_array(name: str, value: Any) -> Any:
    from .binding import as_array

    return as_array(name, value)


def _jax_array(name: str, value: Any) -> Any:
    jnp = _library("jax", "jax.numpy")
    array = jnp.asarray(value)
    if array.dtype.kind in "biu":
        array = array.astype(jnp.result_type(float))
    return array


def _torch_array(name: str, value: Any) -> Any:
    torch = _library("torch", "torch")
    array = torch.as_tensor(value)
    if not (array.is_floating_point() or array.is_complex()):
        array = array.to(torch.get_default_dtype())
    return array


def _as_is(name: str, value: Any) -> Any:
    if not hasattr(value, "shape"):
        raise EvaluationError(f"the value of {name} is not an array")
    return value


def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    return _library("jax", "jax").jit(function)


def _same(value: Any) -> Any:
    return value


def _clone(tensor: Any) -> Any:
    return tensor.clone()


def _copy(array: Any) -> Any:
    return array.__array_namespace__().asarray(array, copy=True)


BACKENDS = {
    "numpy": Backend("numpy", "numpy", _numpy_array, _same, np.copy),
    "jax": Backend("jax", "jax", _jax_array, _jitted, _same),
    "torch": Backend("torch", "torch", _torch_array, _same, _clone),
    "array_api": Backend("array_api", "array_api", _as_is, _same, _copy),
}


def backend_named(name: str) -> Backend:
    """The backend of a name. Raises `UnsupportedError` for one that there is not."""
    if name not in BACKENDS:
        raise UnsupportedError(
            f"there is no backend {name!r}", hint=f"one of {', '.join(BACKENDS)}"
        )
    return BACKENDS[name]


def backend_of(values: Sequence[Any]) -> Backend:
    """The backend of the arrays' kind: that of the first which is not NumPy's.

    Raises `EvaluationError` where kinds other than NumPy's are mixed.
    """
    kinds = {_kind(type(value), value) for value in values} - {"numpy"}
    if len(kinds) > 1:
        raise EvaluationError(
            f"arrays of {' and '.join(sorted(kinds))} do not go together",
            hint="give all of one kind",
        )
    return BACKENDS[kinds.pop()] if kinds else BACKENDS["numpy"]


def _kind(kind: type, value: Any) -> str:
    root = kind.__module__.partition(".")[0]
    if kind is np.ndarray or root in ("numpy", "builtins"):
        return "numpy"
    if root in ("jax", "jaxlib"):
        return "jax"
    if root == "torch":
        return "torch"
    return "array_api" if hasattr(value, "__array_namespace__") else "numpy"
