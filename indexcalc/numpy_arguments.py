"""The arguments of NumPy's functions: those symbols have no answer to are refused.

Rules have NumPy's signature less `out`, `where`, `dtype` and the like, so an argument
that a rule does not name is one it cannot honour.

>>> without_defaults("sum", {"axis": 0, "out": None})
{'axis': 0}
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .errors import UnsupportedError

_DTYPE = "the arrays given to evaluate decide the dtype"

#: Arguments that have no meaning for symbols: their default, and the way out.
_REFUSED: dict[str, tuple[object, str]] = {
    "out": (None, "an expression cannot be written into an array; use the result"),
    "where": (True, "use np.where(condition, a, b)"),
    "dtype": (None, _DTYPE),
    "casting": ("same_kind", _DTYPE),
    "subok": (True, "leave it out"),
    "like": (None, "leave it out"),
}


def _says_nothing(value: object, default: object) -> bool:
    """Whether an argument is its default; float is what symbols are anyway."""
    if isinstance(value, tuple):
        return all(part is None for part in value)
    if isinstance(value, (str, bool, type(None))):
        return value in (default, "float64")
    return any(value is plain for plain in (np._NoValue, float, np.float64))


def without_defaults(name: str, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that say something.

    Raises `UnsupportedError` for those a symbol has no answer to.
    """
    for key, (default, hint) in _REFUSED.items():
        if key in kwargs and not _says_nothing(kwargs[key], default):
            raise UnsupportedError(f"np.{name} of symbols takes no {key}=", hint=hint)
    return {
        key: value
        for key, value in kwargs.items()
        if key not in _REFUSED and value is not np._NoValue
    }


def bound_call(name: str, rule: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """rule(*args, **kwargs).

    Raises `UnsupportedError` where the rule has no such argument.
    """
    try:
        inspect.signature(rule).bind(*args, **kwargs)
    except TypeError as error:
        raise UnsupportedError(
            f"np.{name} of symbols: {error}",
            hint="symbols have fewer arguments than arrays",
        ) from None
    return rule(*args, **kwargs)
