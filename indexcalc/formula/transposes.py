"""Transposes of formulas, pushed inwards where that writes fewer symbols.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import leaf
>>> A = leaf(tensor("A", ("m", "n")))
>>> transposed(transposed(A)) == A
True
"""

from __future__ import annotations

from functools import lru_cache

from ..expr import swapped
from ..functions import is_elementwise
from ..nodes import is_symmetric
from ..sizes import Size, times
from .signs import sum_order
from .tree import Formula, chained, eye, parts

PUSH_DEPTH = 60

#: Functions of a matrix that the transpose goes through.
SERIES = frozenset({"expm", "logm", "sqrtm", "sinm", "cosm", "pinv"})


_SAME = frozenset({"eye", "Diag"})


@lru_cache(maxsize=4096)
def transposed(f: Formula) -> Formula:
    """The transpose, pushed inwards where that writes fewer symbols."""
    if not f.order or f.op in _SAME or _is_symmetric(f):
        return f
    if f.op == "transpose":
        return f.args[0]
    if f.op == "numbers" and f.order == 2 and f.node is not None:
        turned = tuple(zip(*f.value, strict=True))
        return Formula("numbers", (), turned, f.shape[::-1], False, swapped(f.node))
    if f.op == "commutation":
        return commutation(*f.value[::-1])
    if f.op == "product":
        c, lone, chain = parts(f)
        return chained(c, lone, [transposed(g) for g in chain[::-1]])
    pushed = _pushed(f) if f.order == 2 and f.depth < PUSH_DEPTH else None
    if pushed is not None and (pushed == f or _shorter(pushed, f)):
        return pushed
    return Formula("transpose", (f,), None, f.shape[::-1], f.order == 1 and not f.row)


def _shorter(pushed: Formula, f: Formula) -> bool:
    """Whether the transpose inside is better: it leaves A⁻ᵀ and (A²)ᵀ, but gives
    Aᵀ + B."""
    whole = f.op in ("inv", "mpower")
    return pushed.length < f.length + (0 if whole else 2)


def _is_symmetric(f: Formula) -> bool:
    """Whether a matrix is its own transpose: by what is declared of its leaves, or as a
    product that reads the same backwards."""
    while f.op in ("inv", "adj", "mpower", "epower") and f.order == 2:
        f = f.args[0]
    if f.op == "product" and f.order == 2:
        turned = [transposed(g) for g in f.args[::-1]]
        return all(g.order for g in f.args) and turned == list(f.args)
    if f.node is not None and f.order == 2:
        return is_symmetric(f.node)
    return False


def _pushed(f: Formula) -> Formula | None:
    """The transpose of a matrix word through its arguments, if it goes through."""
    shape = f.shape[::-1]
    match f.op:
        case "sum":
            args = tuple(sorted(map(transposed, f.args), key=sum_order))
            return Formula(f.op, args, f.value, shape)
        case "hadamard" | "kron" | "inv" | "mpower" | "epower" | "spread":
            args = tuple(transposed(arg) for arg in f.args)
            return Formula(f.op, args, f.value, shape)
        case "call" if _commutes(f.value[0]) and all(a.order == 2 for a in f.args):
            args = tuple(transposed(arg) for arg in f.args)
            return Formula(f.op, args, f.value, shape)
        case _:
            return None


def _commutes(name: str) -> bool:
    """Whether f(Aᵀ) is f(A)ᵀ: entry by entry, or for a power series in A."""
    return is_elementwise(name) or name in SERIES


def column(f: Formula) -> Formula:
    """A vector as a column."""
    return transposed(f) if f.row else f


def commutation(m: Size, n: Size) -> Formula:
    """The matrix K with vec(Aᵀ) = K vec(A) for A of shape m×n."""
    if m == 1 or n == 1:
        return eye(times(m, n))
    return Formula("commutation", value=(m, n), shape=(times(m, n), times(m, n)))
