"""Any einsum string as a diagram, its letters kept.

>>> model = model_of_spec("ij,jk,ik->", [])
>>> [(box.label, box.ports) for box in model.picture.terms[0][1].boxes]
[('A', (Dim('i'), Dim('j'))), ('B', (Dim('j'), Dim('k'))), ('C', (Dim('i'), Dim('k')))]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count

from ..einsum_spec import Joined, joined, read_spec, term_orders
from ..errors import ParseError, UnknownNameError
from ..expr import einsum, tensor
from ..index_walk import naming_for
from ..legible import quoted
from ..nodes import Node, variables
from ..sizes import Size, dim
from .build import Building, box_of
from .model import End, Model, Picture
from .weaving import Strands, woven


def model_of_spec(
    text: str, operands: Sequence[Node | str], sizes: Mapping[str, Size] | None = None
) -> Model:
    """The diagram of an einsum string: a box an operand, its indices by their letters.

    Operands are nodes or names; without any they are called A, B, C, …, vectors a, b,
    c. An index whose size no operand and no entry of `sizes` tells has a symbolic size
    of its own name.

    Raises `ParseError` for a string that does not fit, `ShapeError` where an index
    would have two sizes, `UnknownNameError` for the size of an index it does not have.
    """
    given = list(operands) or _invented(text)
    named = any(isinstance(operand, str) for operand in given)
    told = term_orders(text) if named else [0] * len(given)
    if len(told) != len(given):
        raise ParseError(
            f"the spec {quoted(text)} has {len(told)} operands, {len(given)} given",
            text=text,
            position=0,
        )
    orders = [
        order if isinstance(operand, str) else len(operand.shape)
        for operand, order in zip(given, told, strict=True)
    ]
    spec = read_spec(text, orders)
    letters = {name for names in (*spec.inputs, spec.out) for name in names}
    stray = sorted(set(sizes or {}) - letters)
    if stray:
        raise UnknownNameError(
            f"{quoted(text)} has no index {quoted(stray[0])}",
            hint=f"it has {', '.join(sorted(letters))}",
        )
    known: dict[str, Size] = dict(sizes or {})
    for operand, names in zip(given, spec.inputs, strict=True):
        if not isinstance(operand, str):
            for name, size in zip(names, operand.shape, strict=True):
                known.setdefault(name, size)
    for name in [name for names in (*spec.inputs, spec.out) for name in names]:
        if not name.startswith("..."):
            known.setdefault(name, dim(name))
    nodes = [
        tensor(operand, [known[i] for i in names])
        if isinstance(operand, str)
        else operand
        for operand, names in zip(given, spec.inputs, strict=True)
    ]
    return _model(joined(text, nodes, known))


def _invented(text: str) -> list[Node | str]:
    """Names for operands: a letter each, large for a matrix."""
    letters = chain("ABCDEFGHKLMNPQRSTUVWXYZ", (f"A{k}" for k in count(1)))
    orders = term_orders(text)
    return [
        letter if order > 1 else letter.lower()
        for letter, order in zip(letters, orders, strict=False)
    ]


def _model(form: Joined) -> Model:
    """The network with the operands in their order."""
    whole = einsum(form.operands, form.out, form.dims)
    building = Building(naming_for(whole), unfused=False)
    building.naming.taken |= {*form.names, *variables(whole)}
    strands = Strands(
        len(form.out), outer={("end", e, 0): e for e in range(len(form.out))}
    )
    joints: dict[int, list[int]] = {i: [] for i in form.dims}
    for e, i in enumerate(form.out):
        joints[i].append(e)
    for node, legs in form.operands:
        wires = list(range(strands.count, strands.count + len(legs)))
        strands.count += len(legs)
        strands.leaves.append((node, wires))
        for i, wire in zip(legs, wires, strict=True):
            joints.setdefault(i, []).append(wire)
    strands.dots = [(form.dims.get(i, 1), wires) for i, wires in joints.items()]
    ends = tuple(End((_shown(form.names[i]),), (form.dims[i],)) for i in form.out)
    names = [""] * strands.count
    for i, wires in joints.items():
        for wire in wires:
            names[wire] = _shown(form.names[i]) if i >= 0 else building.name()
    boxes = [
        box_of(building, node, [names[w] for w in wires])
        for node, wires in strands.leaves
    ]
    return Model(
        Picture(ends, ((1, woven(strands, names, boxes, building.naming.fresh)),))
    )


def _shown(name: str) -> str:
    """The index of an axis under an ellipsis is called after its place."""
    return f"…{name[3:]}" if name.startswith("...") else name
