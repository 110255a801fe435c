"""What a printed function is: its text, and what must be given to run it.

>>> Source("def f(x):\\n    return x\\n", "f").run()(3)
3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import EvaluationError
from ..legible import harmless
from ..pairwise import Array


@dataclass(frozen=True, slots=True)
class Source:
    """A complete module with one function.

    `constants` are arrays that the text only names; `sizes` the keyword arguments that
    are sizes no shape tells, by size name; `functions` those that are functions the
    user named, by label (f, f', g_1,0).
    """

    text: str
    name: str
    constants: Mapping[str, Array] = field(default_factory=dict)
    sizes: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)

    def run(self, constants: Mapping[str, Any] | None = None) -> Any:
        """The function that a Python module defines, `constants` in the place of its
        own where they are given."""
        scope: dict[str, Any] = dict(self.constants if constants is None else constants)
        try:
            exec(compile(self.text, f"<{self.name}>", "exec"), scope)
        except ImportError as error:
            raise EvaluationError(
                f"the program needs {error.name}", hint=f"pip install {error.name}"
            ) from None
        return scope[self.name]

    def __str__(self) -> str:
        return self.text


def told(doc: str) -> list[str]:
    r"""The lines of a text that a comment may hold: what does not print is an escape,
    and no line ends in what would join the next one to it in C++.

    >>> told("Xᵀy\r\0\n\\ \\")
    ['Xᵀy', '\\x00', '']
    """
    lines = [harmless(line).replace("??/", "?? /") for line in doc.splitlines()]
    return [line.rstrip("\\ ") for line in lines]


def _quotable(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def docstring(doc: str) -> list[str]:
    """The lines of a docstring that says a text, whatever is in it."""
    if not doc:
        return []
    first, *rest = [_quotable(line) for line in told(doc)] or [""]
    if not rest:
        end = " " if first.endswith('"') else ""
        return [f'    """{first}{end}"""']
    indented = [f"    {line}" if line.strip() else "" for line in rest]
    return [f'    """{first}', *indented, '    """']
