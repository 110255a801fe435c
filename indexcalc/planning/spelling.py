"""Steps of a plan in a line: as an einsum, and in words of matrices where it is one.

>>> from indexcalc.plan import Contract
>>> step = Contract(((0, ((0,), (1,))), (1, ((2,), (1,)))), (0, 2), (), ())
>>> spec_of(step), form_of(step, ("A", "B"))
('ij,kj->ik', ('product', 'A @ B.T'))
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import count
from string import ascii_lowercase

from ..plan import Apply, Combine, Contract, Embed, Fill, Step

#: Letters of an einsum, in the order in which indices are met.
LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8]

Axes = tuple[tuple[int, ...], ...]


def spec_of(step: Contract) -> str:
    """The einsum that a contraction is; an axis that is read as several in parentheses.

    >>> spec_of(Contract(((0, ((0, 1), (0,))),), (1,), (), ()))
    '(ij)i->j'
    """
    names: dict[int, str] = {}
    letters = (LETTERS[k] if k < len(LETTERS) else f"[{k}]" for k in count())
    for _, axes in step.operands:
        for i in (i for axis in axes for i in axis):
            if i not in names:
                names[i] = next(letters)

    def axis_text(axis: tuple[int, ...]) -> str:
        text = "".join(names[i] for i in axis)
        return text if len(axis) == 1 else f"({text})"

    left = ["".join(map(axis_text, axes)) for _, axes in step.operands]
    return f"{','.join(left)}->{''.join(names[i] for i in step.out)}"


def form_of(step: Step, names: Sequence[str]) -> tuple[str, str]:
    """What a step does in a word, and the formula of it where it has one."""
    match step:
        case Contract():
            return _contraction(step, names)
        case Apply():
            listed = ", ".join([*names, *_numbers(step.node.params)])
            return "function", f"{step.node.function}({listed})"
        case Combine():
            coefficients = [c for _, c in step.terms]
            return "sum", _sum(names, coefficients) or "0"
        case Embed():
            return "written out", names[0]
        case Fill():
            return "constant", step.node.function
    return "input", ""


def _numbers(params: Sequence[object]) -> list[str]:
    return [str(p) for p in params if isinstance(p, (int, float, Fraction))]


def _sum(names: Sequence[str], coefficients: Sequence[object]) -> str:
    terms = []
    for name, c in zip(names, coefficients, strict=True):
        size = str(c).removeprefix("-")
        body = name if size == "1" else f"{size} {name}"
        sign = "-" if str(c).startswith("-") else "+"
        terms.append(f"{sign} {body}")
    text = " ".join(terms)
    return text.removeprefix("+ ").replace("- ", "-", 1 if text[:1] == "-" else 0)


def _contraction(step: Contract, names: Sequence[str]) -> tuple[str, str]:
    rows = [axes for _, axes in step.operands]
    plain = all(len(axis) == 1 for axes in rows for axis in axes)
    labels = [tuple(axis[0] for axis in axes if axis) for axes in rows]
    distinct = plain and all(len(set(row)) == len(row) for row in labels)
    every = {i for axes in rows for axis in axes for i in axis}
    bound = every - set(step.out)
    if len(rows) == 1:
        return "sum over", _reduced(names[0], labels[0], step.out) if distinct else ""
    if len(rows) != 2:
        return "size", ""
    kind = "product" if bound else "entrywise"
    if not distinct or step.factors:
        return kind, ""
    if not bound:
        return kind, _entrywise(names, labels)
    return kind, _matrices(names, labels, step.out, bound)


def _reduced(name: str, labels: Sequence[int], out: Sequence[int]) -> str:
    gone = [str(k) for k, i in enumerate(labels) if i not in out]
    kept = tuple(i for i in labels if i in out)
    if kept != tuple(out):
        return ""
    listed = "" if not kept else gone[0] if len(gone) == 1 else f"({', '.join(gone)})"
    return f"{name}.sum({listed})"


def _entrywise(names: Sequence[str], labels: Sequence[Sequence[int]]) -> str:
    one, two = labels
    if one == two or not one or not two:
        return f"{names[0]} * {names[1]}"
    return f"{names[0]} * {_turned(names[1])}" if one == two[::-1] else ""


def _matrices(
    names: Sequence[str],
    labels: Sequence[Sequence[int]],
    out: Sequence[int],
    bound: set[int],
) -> str:
    """A product of matrices and vectors; nothing for others."""
    if len(bound) != 1 or max(map(len, labels)) > 2:
        return ""
    (k,) = bound
    if not all(k in row for row in labels):
        return ""
    rest = [[i for i in row if i != k] for row in labels]
    order = [0, 1] if [*rest[0], *rest[1]] == list(out) else [1, 0]
    first, second = order
    if [*rest[first], *rest[second]] != list(out) or rest[0] == rest[1] != []:
        return ""
    left, right = names[first], names[second]
    if len(labels[first]) == 2 and labels[first][1] != k:
        left = _turned(left)
    if len(labels[second]) == 2 and labels[second][0] != k:
        right = _turned(right)
    if len(labels[first]) == 1 and len(labels[second]) == 2:
        return f"{_turned(right)} @ {left}"
    return f"{left} @ {right}"


def _turned(name: str) -> str:
    return name[:-2] if name.endswith(".T") else f"{name}.T"
