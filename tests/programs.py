"""Running a printed program.

>>> execute("t = x + 1\\n2 * t", {"x": 3})
8
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any


def execute(program: str, names: Mapping[str, Any]) -> Any:
    """Runs a program; answers the value of its last line."""
    *body, last = ast.parse(program).body
    assert isinstance(last, ast.Expr)
    scope = dict(names)
    exec(compile(ast.Module(body, []), "program", "exec"), scope)
    return eval(compile(ast.Expression(last.value), "program", "eval"), scope)
