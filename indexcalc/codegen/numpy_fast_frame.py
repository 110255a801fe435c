"""What stands around the body of a fast function: imports, helpers, arguments.

`fresh` is the workspace of someone who keeps none; `shares` runs the halves of a range
side by side, in the order of the range, under the caller's NumPy error state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..einsum_header import Header
from ..pairwise import Array
from .source import Source, docstring

FRESH = '''\
def fresh(number, shape, dtype):
    """A new array; give `space=` an own keeper of arrays to use them again."""
    return np.empty(shape, dtype)
'''

SHARES = '''\
def shares(work, length, parts):
    """work(first, stop) on equal parts of range(length), side by side."""
    ends = [length * k // parts for k in range(parts + 1)]
    run = contextvars.copy_context().run
    rest = [
        pool.submit(contextvars.copy_context().run, work, first, stop)
        for first, stop in zip(ends[1:-1], ends[2:])
    ]
    return [run(work, 0, ends[1]), *(part.result() for part in rest)]
'''


@dataclass(frozen=True, slots=True)
class FastSource:
    """Source of one function: what stands above it, its arguments, its body; the
    constants that it reads as globals; the parameters that take the large results'
    arrays, with the results' numbers and which axis of
    memory each of their axes is; bytes of each array of the workspace."""

    above: str
    name: str
    arguments: tuple[str, ...]
    body: str
    doc: str
    constants: Mapping[str, Array]
    outs: tuple[tuple[str, int, tuple[int, ...]], ...]
    workspace: tuple[int, ...]

    def run(self) -> Any:
        """The function that the text defines."""
        return Source(self.text, self.name, self.constants).run()

    @property
    def text(self) -> str:
        """The module: imports, helpers, the function."""
        more = [f"{name}=None" for name, *_ in self.outs]
        more += ["space=fresh"] if self.workspace else []
        listed = [*self.arguments, *(["*"] if more else []), *more]
        doc = "".join(f"{line}\n" for line in docstring(self.doc))
        return f"{self.above}def {self.name}({', '.join(listed)}):\n{doc}{self.body}\n"


def framed(
    header: Header,
    arguments: Sequence[str],
    name: str,
    doc: str,
    lines: Sequence[str],
    outs: tuple[tuple[str, int, tuple[int, ...]], ...],
    workspace: tuple[int, ...],
    cores: int,
    shapes: Sequence[tuple[int, ...]],
) -> FastSource:
    """The function around its lines. The header's helpers stand above it, the sizes and
    the dtype that it reads come first in it."""
    threads = any("shares(rows" in line for line in lines)
    head = header.lines(lines)
    imports = [line for line in head if line.startswith("import")]
    reading = [line for line in head if _reads(line)]
    helpers = [line for line in head if line not in {*imports, *reading}]
    parts = ["\n".join([*(["import contextvars"] if threads else []), *imports])]
    if threads:
        parts[0] += "\nfrom concurrent.futures import ThreadPoolExecutor"
    parts[0] = f"{parts[0]}\n\nimport numpy as np".lstrip("\n")
    if threads:
        parts.append(f"pool = ThreadPoolExecutor({cores - 1})")
    text = "\n".join(helpers).strip("\n")
    parts += [text] if text else []
    parts += [FRESH.rstrip()] if workspace else []
    parts += [SHARES.rstrip()] if threads else []
    given = tuple(header.tensors.get(a) or header.names.claim(a) for a in arguments)
    first = [f"    {line}" for line in reading]
    if any(", dtype)" in line for line in lines) and not any(
        "dtype =" in x for x in first
    ):
        listed = ", ".join(sorted(given)) or "float"
        first.insert(0, f"    dtype = np.result_type({listed})")
    first = [*_checks(given, shapes), *first]
    above = "\n\n\n".join(parts) + "\n\n\n"
    body = "\n".join([*first, *lines])
    return FastSource(above, name, given, body, doc, header.supplied(), outs, workspace)


def _checks(given: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """A line that refuses arrays of other shapes than the text is for."""
    if not given:
        return []
    names = ", ".join(f"{name}.shape" for name in given)
    found = ", ".join(map(str, shapes))
    found = f"({found})" if len(given) > 1 else found
    names = f"({names})" if len(given) > 1 else names
    return [f"    assert {names} == {found}"]


def _reads(line: str) -> bool:
    """Whether a line of a header reads sizes or the dtype off the arguments."""
    return " = " in line and not line.startswith((" ", "#", "def", "import"))
