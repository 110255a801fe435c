"""Our kernels as source, for programs that stand alone.

>>> print(as_text("def half(x: float) -> float:\\n    return x / 2"))
def {name}(x):
    return x / 2
<BLANKLINE>
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from textwrap import dedent
from typing import Any

from ..kernels_sparse import KERNELS as SPARSE


def as_text(source: str) -> str:
    """A function's source without annotations and docstring, `{name}` for its name."""
    (function,) = ast.parse(dedent(source)).body
    assert isinstance(function, ast.FunctionDef)
    function.name, function.returns = "name_of_kernel", None
    for argument in function.args.args:
        argument.annotation = None
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    return ast.unparse(function).replace("name_of_kernel", "{name}") + "\n"


@cache
def kernel_text(name: str) -> str:
    """The source of a kernel of products with sparse constants."""
    kernel: Callable[..., Any] = SPARSE[name]
    return as_text(inspect.getsource(kernel))


def is_sparse(name: str) -> bool:
    """Whether a function is such a kernel, which takes its sizes as arguments."""
    return name in SPARSE
