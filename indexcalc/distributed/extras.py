"""Libraries that only this package uses, loaded when they are first needed.

>>> extra("json", "a reader").loads("[1]")
[1]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import UnsupportedError


def extra(module: str, what: str) -> Any:
    """A module of the extra `dask`.

    Raises `UnsupportedError` where it is missing; `what` says what needs it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UnsupportedError(
            f"{what} needs {module.partition('.')[0]}",
            hint="pip install 'indexcalc[dask]'",
        ) from None
