"""The pass table: what each system makes of the same derivatives.

    python -m benchmarks.compared [--write]

Every cell that names no source is tried here: the system differentiates its own form of
the expression, its result is evaluated on small random arrays, and compared with
differences of the function by hand, in whatever layout it comes. A system that is not
installed keeps the cells that the page has. `--write` writes the page's table.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

import indexcalc as ic
from benchmarks.compared_cases import FORMS, Row

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "compared.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
SIZES = {"m": 4, "n": 3, "p": 2, "k": 2, "q": 4, "b": 3, "e": 2}
SECONDS = 60
RIGHT, WRONG, ZERO, LEFT = "right", "wrong numbers", "zero", "not carried out"
#: What a right result is, where it is not in matrix notation.
OVER_VEC, AS_ARRAY, AS_NETWORK = "over vec", "an array expression", "a tensor network"

Arrays = dict[str, Any]


def arrays(row: Row) -> Arrays:
    """Entries between 0.2 and 0.9; square matrices are far from singular."""
    rng = np.random.default_rng(0)
    found = {}
    for name, shape in row.shapes.items():
        sizes = [SIZES[size] for size in shape.split()]
        square = len(sizes) == 2 and sizes[0] == sizes[1]
        found[name] = rng.uniform(0.2, 0.9, sizes) + (
            2 * np.eye(*sizes) if square else 0
        )
    return found


def reference(row: Row) -> Any:
    """The derivative by differences of the function by hand, the value's axes first."""
    values = arrays(row)

    def value(given: Arrays) -> Any:
        return row.function(**given)

    def first(given: Arrays) -> Any:
        return differences(value, given, row.by, 1e-4)

    if row.order == 2:
        return differences(first, values, row.by, 1e-3)
    return differences(value, values, row.by, 1e-5)


def differences(
    function: Callable[[Arrays], Any], at: Arrays, by: str, step: float
) -> Any:
    """∂f/∂x by (f(x + h) − f(x − h))/2h."""
    columns = []
    for place in np.ndindex(at[by].shape):
        moved = np.zeros(at[by].shape)
        moved[place] = step
        after, before = (function({**at, by: at[by] + h}) for h in (moved, -moved))
        columns.append((np.asarray(after) - np.asarray(before)) / (2 * step))
    shape = np.shape(columns[0])
    return np.moveaxis(np.array(columns), 0, -1).reshape(shape + at[by].shape)


def verdict(found: Any, wanted: Any) -> str:
    """Whether two arrays agree in some order of their axes longer than one."""
    found, wanted = np.squeeze(np.asarray(found, float)), np.squeeze(wanted)
    scale = 1e-4 * (1 + np.max(np.abs(wanted)))
    for axes in permutations(range(found.ndim)):
        turned = np.transpose(found, axes)
        if turned.shape == wanted.shape and np.max(np.abs(turned - wanted)) < scale:
            return RIGHT
    flat = sorted(found.shape) != sorted(wanted.shape) and found.size == wanted.size
    if flat and _unfolded(found, wanted, scale):
        return RIGHT
    return WRONG if np.any(found) else ZERO


def _unfolded(found: Any, wanted: Any, scale: float) -> bool:
    """Whether a matrix over vec has the entries of the derivative."""
    for axes in permutations(range(wanted.ndim)):
        turned = np.transpose(wanted, axes).reshape(found.shape)
        if np.max(np.abs(turned - found)) < scale:
            return True
    return False


# -- the systems -----------------------------------------------------------------------


def ours(row: Row) -> str:
    """Right, and how it is said: in matrix notation, else over vec and in slices."""
    f = ic.parse(row.text, row.shapes)
    found = f.diff(row.by)
    for _ in range(row.order - 1):
        found = found.diff(row.by)
    judged = verdict(found.evaluate(**_needed(found, arrays(row))), reference(row))
    return _said(judged, "" if found.why_no_matrix_form() is None else OVER_VEC)


def _said(judged: str, otherwise: str) -> str:
    return f"{judged}: {otherwise}" if judged == RIGHT and otherwise else judged


def _needed(found: ic.Expression, values: Arrays) -> Arrays:
    return {name: values[name] for name in found.scope}


def by_sympy(row: Row) -> str:
    """With symbolic sizes, and where that gives no right numbers with whole ones."""
    first = _sympy_cell(row, True)
    second = first if first.startswith(RIGHT) else _sympy_cell(row, False)
    return second if second.startswith(RIGHT) else first


def _sympy_cell(row: Row, symbolic: bool) -> str:
    import sympy as s

    sizes = {
        name: s.Symbol(name, integer=True, positive=True)
        if symbolic
        else s.Integer(size)
        for name, size in SIZES.items()
    }
    symbols = {}
    for name, shape in row.shapes.items():
        rows, *more = [sizes[size] for size in shape.split()]
        symbols[name] = s.MatrixSymbol(name, rows, *(more or [1]))
    f = row.sympy(s, *symbols.values())
    for _ in range(row.order):
        f = f.diff(symbols[row.by])
    if f.has(s.Derivative):
        return LEFT
    if symbolic:
        f = f.subs({sizes[name]: size for name, size in SIZES.items()})
    return _sympy_judged(s, row, f)


def _sympy_judged(s: Any, row: Row, f: Any) -> str:
    """What SymPy's result is, entry by entry, at the arrays."""
    explicit = f.as_explicit() if hasattr(f, "as_explicit") else f
    shape = getattr(explicit, "shape", ())
    entries = list(s.flatten(explicit.tolist())) if shape else [explicit]
    given: dict[Any, Any] = {}
    for name, array in arrays(row).items():
        numbers = s.ImmutableMatrix(array.reshape((*array.shape, 1)[:2]).tolist())
        symbol = s.MatrixSymbol(name, *numbers.shape)
        given[symbol] = numbers
        given |= {symbol[at]: numbers[at] for at in np.ndindex(*numbers.shape)}
    for entry in map(s.sympify, entries):
        given |= {one: one.as_explicit() for one in entry.atoms(s.OneMatrix)}
    values = [s.sympify(entry).xreplace(given).doit() for entry in entries]
    if any(value.has(s.Derivative) for value in values):
        return LEFT
    found = np.array([_number(value) for value in values]).reshape(shape)
    return _said(verdict(found, reference(row)), "" if f.is_Matrix else AS_ARRAY)


def _number(value: Any) -> float:
    """A number; a matrix of one entry is one."""
    return float(value[0, 0] if getattr(value, "is_Matrix", False) else value)


def by_tensorgrad(row: Row) -> str:
    """The derivative simplified by it, compiled by it and run in PyTorch."""
    from tensorgrad import functions as fn

    from benchmarks.rivals.record import Data
    from benchmarks.rivals.tensorgrad_forms import compiled, derived, variables

    by_name = dict(zip(row.edges, variables(**row.edges), strict=True))
    f = row.tensorgrad(fn, *by_name.values())
    own = [edge.partition(":")[0] for edge in row.edges[row.by].split()]
    steps = [{edge: f"d{k}{edge}" for edge in own} for k in range(row.order)]
    order = [*row.out.split(), *(step[edge] for step in steps for edge in own)]
    variable = by_name[row.by]

    def build() -> tuple[Any, str]:
        return derived(f, *((variable, step) for step in steps)), " ".join(order)

    found = compiled(build, Data(arrays(row), SIZES))()
    return _said(verdict(found, reference(row)), AS_NETWORK)


SYSTEMS: dict[str, Callable[[Row], str]] = {
    "indexcalc": ours,
    "sympy": by_sympy,
    "tensorgrad": by_tensorgrad,
}


def cell(system: str, row: Row) -> str:
    """What a system makes of a row: a verdict, or the error that it ends with."""
    try:
        with _limited():
            return SYSTEMS[system](row)
    except TimeoutError:
        return f"over {SECONDS} s"
    except Exception as error:
        return f"error: {type(error).__name__}"


@contextmanager
def _limited() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- the table -------------------------------------------------------------------------


def title(row: Row) -> str:
    """The expression and what it is differentiated by."""
    order = "²" if row.order == 2 else ""
    return f"`{row.text.replace('|', chr(92) + '|')}` by {row.by}{order}"


def recorded() -> dict[str, list[str]]:
    """The cells that the page has, by the title of their row."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    whole = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    lines = [line for line in whole if line.startswith("| `")]
    rows = [[part.strip() for part in line.strip("|").split(" | ")] for line in lines]
    return {first.strip("| "): [c.strip("| ") for c in rest] for first, *rest in rows}


def table() -> str:
    """The table in Markdown; systems that are missing here keep their cells."""
    known = recorded()
    lines = [
        f"| | {' | '.join(SYSTEMS)} | matrixcalculus.org |",
        "|---|---|---|---|---|",
    ]
    for row in FORMS:
        kept = dict(zip(SYSTEMS, known.get(title(row), []), strict=False))
        cells = [
            cell(name, row) if find_spec(name) else kept.get(name, "not tried")
            for name in SYSTEMS
        ]
        lines.append(f"| {title(row)} | {' | '.join(cells)} | {row.site} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def counted(whole: str) -> str:
    """How many rows each system has right, and how many in matrix notation."""
    rows = [line.strip("|").split(" | ")[1:] for line in whole.splitlines()[2:]]
    names = [*SYSTEMS, "matrixcalculus.org"]
    told = []
    for k, name in enumerate(names):
        right = [row[k].strip() for row in rows if row[k].strip().startswith(RIGHT)]
        plain = sum(":" not in found for found in right)
        told.append(f"{name} {len(right)} ({plain} in matrix notation)")
    return ", ".join(told)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compared")
    parser.add_argument("--write", action="store_true", help="write the page's table")
    write = parser.parse_args().write
    whole = table()
    told = f"Right of {len(FORMS)}: {counted(whole)}."
    print(told)
    if write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(
            f"{before}{BEGIN}\n{whole}\n\n{told}\n{END}{after}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
