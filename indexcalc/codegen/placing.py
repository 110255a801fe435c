"""Writing a core on the entries where labels agree, in each library of Python.

NumPy writes through a strided view of the diagonal, JAX sets entries of new zeros,
PyTorch embeds one diagonal after the other, and the array API chooses by a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..einsum_names import LETTERS
from ..sizes import Size
from .code import ATOM
from .products import aligned
from .python import Writer, real_imaginary
from .words import Expr, name, spread

if TYPE_CHECKING:
    from .lowering import Lowering

Placing = Callable[[Writer, "Lowering", Expr], Expr]


def place(w: Writer, lowering: Lowering, e: Expr) -> Expr:
    """A `placed` expression as code of the writer's library; lines that it needs are
    added to the lowering."""
    return PLACINGS[w.library.module](w, lowering, e)


def _sizes(e: Expr) -> dict[int, Size]:
    return dict(zip(e.data[1], e.shape, strict=True))


def _letters(e: Expr) -> dict[int, str]:
    shown = dict.fromkeys(e.data[1])
    return dict(zip(shown, LETTERS, strict=False))


def _array(lowering: Lowering, e: Expr) -> Expr:
    """The core under a name, so that its dtype can be read."""
    inner = e.args[0]
    return inner if inner.number else lowering.named(inner)


def _zeros(w: Writer, core: Expr, shape: Sequence[Size]) -> Expr:
    text = (
        w.make("zeros", tuple(shape), "", real_imaginary(core)).text
        if core.number
        else f"{w.library.module}.zeros({w.shape(shape)}, {_bare(core)}.dtype)"
    )
    return Expr("raw", (), (text,), tuple(shape))


def _bare(core: Expr) -> str:
    """The name under a transpose."""
    return str(core.data[0]) if core.op == "name" else _bare(core.args[0])


def _numpy(w: Writer, lowering: Lowering, e: Expr) -> Expr:
    core, letters = _array(lowering, e), _letters(e)
    labels, axes = e.data
    target = w.names.numbered_from("out")
    lowering.lines.append((target, _zeros(w, core, e.shape)))
    shown = tuple(letters)
    spec = f"{''.join(letters[i] for i in axes)}->{''.join(letters.values())}"
    value = aligned(core, labels, shown) if labels else core
    line = f'np.einsum("{spec}", {target})[...] = {w.text(value)}'
    lowering.lines.append(("", Expr("raw", (), (line,))))
    return name(target, e.shape)


def _jax(w: Writer, lowering: Lowering, e: Expr) -> Expr:
    core, letters, sizes = _array(lowering, e), _letters(e), _sizes(e)
    labels, axes = e.data
    ranged = len(axes)
    while axes.count(axes[ranged - 1]) == 1:
        ranged -= 1
    shown = list(dict.fromkeys(axes[:ranged]))
    indices: dict[int, str] = {}
    for k, label in enumerate(shown):
        after = ", None" * (len(shown) - k - 1)
        spreading = f"[:{after}]" if after else ""
        text = f"jnp.arange({w.size(sizes[label])}){spreading}"
        indices[label] = index(w, lowering, letters[label], text)
    whole = (*shown, *axes[ranged:])
    value = w.text(aligned(core, labels, whole) if labels else core)
    places = ", ".join(indices[i] for i in axes[:ranged])
    text = f"{_zeros(w, core, e.shape).data[0]}.at[{places}].set({value})"
    return Expr("raw", (), (text,), e.shape)


def index(w: Writer, lowering: Lowering, letter: str, text: str) -> str:
    """The name of a range of indices, said once."""
    known = {e.data[0]: found for found, e in lowering.lines if e.op == "raw"}
    if text in known:
        return known[text]
    found = w.names.claim(letter)
    lowering.lines.append((found, Expr("raw", (), (text,))))
    return found


def _torch(w: Writer, lowering: Lowering, e: Expr) -> Expr:
    """Every label once, spread, then one more axis for every repetition."""
    labels, axes = e.data
    sizes, shown = _sizes(e), tuple(dict.fromkeys(axes))
    core = e.args[0]
    if not labels:
        core = spread(core, tuple(sizes[i] for i in shown))
    elif set(labels) != set(shown):
        core = spread(aligned(core, labels, shown), tuple(sizes[i] for i in shown))
    else:
        core = aligned(core, labels, shown)
    text, now = w.code(core).at(ATOM), list(shown)
    for label in shown:
        for _ in range(axes.count(label) - 1):
            k = now.index(label)
            moved = text if k == len(now) - 1 else f"{text}.movedim({k}, -1)"
            text = f"torch.diag_embed({moved})"
            now = [*now[:k], *now[k + 1 :], label, label]
    order = _order(now, axes)
    if order != list(range(len(axes))):
        text = f"{text}.permute({', '.join(map(str, order))})"
    return Expr("raw", (), (text,), e.shape)


def _order(now: Sequence[int], axes: Sequence[int]) -> list[int]:
    """Where each axis of the result is now."""
    left = list(enumerate(now))
    order = []
    for label in axes:
        k = next(n for n, (_, found) in enumerate(left) if found == label)
        order.append(left.pop(k)[0])
    return order


def _standard(w: Writer, lowering: Lowering, e: Expr) -> Expr:
    labels, axes = e.data
    sizes = _sizes(e)
    core = e.args[0]
    value = spread(core, ()) if core.number else lowering.named(core)
    ordered = [i for i in dict.fromkeys(axes) if i in labels]
    first = [axes.index(i) for i in ordered]
    code = w.text(value)
    if ordered:
        value = aligned(value, labels, tuple(ordered))
        places = [":" if k in first else "None" for k in range(len(axes))]
        code = f"{w.code(value).at(ATOM)}[{', '.join(places)}]"
    masks = []
    for label in dict.fromkeys(i for i in axes if axes.count(i) > 1):
        here = [k for k, i in enumerate(axes) if i == label]
        masks += [_mask(w, sizes[label], a, b, len(axes)) for a, b in _chain(here)]
    mask = masks[0] if len(masks) == 1 else " & ".join(masks)
    zero = f"xp.zeros((){w.options(real_imaginary(core))})"
    text = f"xp.where({mask}, {code}, {zero})"
    if not any(axes.count(i) == 1 and i not in labels for i in axes):
        return Expr("raw", (), (text,), e.shape)
    return spread(Expr("raw", (), (text,), e.shape), e.shape)


def _chain(places: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(places))


def _mask(w: Writer, size: Size, a: int, b: int, order: int) -> str:
    places = ", ".join(":" if k in (a, b) else "None" for k in range(order))
    spreading = "" if order == 2 else f"[{places}]"
    return f"xp.eye({w.size(size)}, dtype=xp.bool{w.device()}){spreading}"


PLACINGS: dict[str, Placing] = {
    "np": _numpy,
    "jnp": _jax,
    "torch": _torch,
    "xp": _standard,
}
