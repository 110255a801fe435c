"""Where programs run: NumPy, JAX, PyTorch, and any namespace of the array API.

A backend knows which library's spelling it runs, how to take arrays in, and how to make
a function of source. Libraries are imported when they are first used.

>>> backend_named("numpy").library
'numpy'
>>> backend_of([np.ones(3)]).name
'numpy'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np

from .codegen.source import Source
from .errors import EvaluationError, UnsupportedError
from .legible import quoted


@dataclass(frozen=True, slots=True)
class Backend:
    """A name, the spelling that runs on it, how arrays are taken in (by name and
    value), what is made of the function, and how a result that is somebody else's array
    becomes one of its own; how much memory is free where the arrays are, and how much a
    call needs beside them, None where the library does not tell; how arrays of unlike
    dtypes are made alike, where the library does not do it."""

    name: str
    library: str
    array: Callable[[str, Any], Any]
    finish: Callable[[Callable[..., Any]], Callable[..., Any]]
    copied: Callable[[Any], Any]
    free: Callable[[Sequence[Any]], int | None] = lambda arrays: None
    needs: Callable[..., int | None] = lambda function, arrays, more: None
    alike: Callable[[Sequence[Any]], Sequence[Any]] = lambda arrays: arrays

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


def _promoted(tensors: Sequence[Any]) -> Sequence[Any]:
    """Tensors of one dtype, the least that holds all, as NumPy has it."""
    dtypes = dict.fromkeys(tensor.dtype for tensor in tensors)
    if len(dtypes) < 2:
        return tensors
    torch = _library("torch", "torch")
    whole = reduce(torch.promote_types, list(dtypes))
    return [tensor.to(whole) for tensor in tensors]


def _as_is(name: str, value: Any) -> Any:
    if not hasattr(value, "shape"):
        raise EvaluationError(f"the value of {name} is not an array")
    return value


def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled; sizes, its keywords, are part of what is compiled."""
    code = function.__code__
    sizes = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
    return _library("jax", "jax").jit(function, static_argnames=sizes)


def _same(value: Any) -> Any:
    return value


def _clone(tensor: Any) -> Any:
    return tensor.clone()


def _copy(array: Any) -> Any:
    return array.__array_namespace__().asarray(array, copy=True)


def _jax_free(arrays: Sequence[Any]) -> int | None:
    """What the device of the arrays has left; None for the machine itself."""
    if _traced(arrays):
        return None
    devices = {d for a in arrays for d in getattr(a, "devices", set)()}
    told = [d.memory_stats() for d in devices if d.platform != "cpu"]
    found = [s["bytes_limit"] - s["bytes_in_use"] for s in told if s]
    return min(found, default=None)


def _traced(arrays: Sequence[Any]) -> bool:
    tracer = _library("jax", "jax").core.Tracer
    return any(isinstance(array, tracer) for array in arrays)


def _jax_needs(
    function: Callable[..., Any], arrays: Sequence[Any], more: Mapping[str, Any]
) -> int | None:
    """Temporary arrays and results, as the compiler lays them out; None while JAX
    traces a function that this one is part of."""
    if _traced(arrays):
        return None
    told = function.lower(*arrays, **more).compile().memory_analysis()  # type: ignore[attr-defined]
    if told is None:
        return None
    return int(told.temp_size_in_bytes + told.output_size_in_bytes)


def _torch_free(arrays: Sequence[Any]) -> int | None:
    torch = _library("torch", "torch")
    devices = {a.device for a in arrays if a.device.type == "cuda"}
    if not devices:
        return None
    idle = [
        torch.cuda.memory_reserved(d) - torch.cuda.memory_allocated(d) for d in devices
    ]
    free = [torch.cuda.mem_get_info(d)[0] for d in devices]
    return min(a + b for a, b in zip(idle, free, strict=True))


def kind_of(array: Any) -> str:
    """The dtype of an array as NumPy calls it; float64 for what it does not know.

    >>> kind_of(np.zeros(1, np.float32))
    'float32'
    """
    name = str(array.dtype).rpartition(".")[2]
    try:
        return np.dtype(name).name
    except TypeError:
        return "float64"


BACKENDS = {
    "numpy": Backend("numpy", "numpy", _numpy_array, _same, np.copy),
    "jax": Backend("jax", "jax", _jax_array, _jitted, _same, _jax_free, _jax_needs),
    "torch": Backend(
        "torch", "torch", _torch_array, _same, _clone, _torch_free, alike=_promoted
    ),
    "array_api": Backend("array_api", "array_api", _as_is, _same, _copy),
}


def backend_named(name: str) -> Backend:
    """The backend of a name. Raises `UnsupportedError` for one that there is not."""
    if not isinstance(name, str) or name not in BACKENDS:
        raise UnsupportedError(
            f"there is no backend {quoted(name)}", hint=f"one of {', '.join(BACKENDS)}"
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
    if issubclass(kind, np.ndarray) or root in ("numpy", "builtins"):
        return "numpy"
    if root in ("jax", "jaxlib"):
        return "jax"
    if root == "torch":
        return "torch"
    return "array_api" if hasattr(value, "__array_namespace__") else "numpy"
