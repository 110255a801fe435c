"""The diagram model: nothing is drawn wrong.

Of a thousand random expressions and their derivatives the numbers of ends, ports, dots
and wires are those that the contraction asks for, counted here without the builder; the
model reads back as the identical node, and its JSON evaluates to the same numbers.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.diagrams.model import Model, Network, Picture
from indexcalc.diagrams.reading import box_node, node_of, picture_node
from indexcalc.diagrams.validity import why_invalid
from indexcalc.expr import tensor
from indexcalc.network import is_bundle
from indexcalc.nodes import Call, Einsum, Node, Sum, Tensor
from indexcalc.rows import from_rows, to_rows
from tests.random_expressions import Case, generate

SEED, COUNT, CHUNK = 11, 1_000, 50


# -- what must be there ----------------------------------------------------------------


def network_counts(node: Node, picture: Picture) -> tuple[int, int, int, int]:
    """How many boxes, ports, dots and wires the term of a picture needs, from the node
    alone: an index with two places is a wire, any other a dot with a wire a place; the
    square or cube of a plain tensor is the tensor twice or thrice."""
    operands, out, dims = _contraction(node)
    rows = [legs for operand, legs in operands for _ in range(copies(operand))]
    places: Counter[int] = Counter(i for legs in rows for i in legs)
    boxes, ports = len(rows), sum(map(len, rows))
    dots = wires = 0
    for group, end in zip(out, picture.ends, strict=True):
        places.update(group)
        if not group:
            dots, wires = dots + 1, wires + 1
        if len(group) > len(end.sizes):
            boxes, ports, wires = boxes + 1, ports + 1 + len(group), wires + 1
    for i in range(dims):
        count = places[i]
        dots += count != 2
        wires += 1 if count == 2 else count
    return boxes, ports, dots, wires


def _contraction(node: Node):  # type: ignore[no-untyped-def]
    """The operands, result and number of indices of a node as a contraction."""
    if isinstance(node, Einsum) and not is_bundle(node):
        return node.operands, node.out, len(node.dims)
    legs = tuple(range(len(node.shape)))
    return ((node, legs),), tuple((i,) for i in legs), len(legs)


def copies(node: Node) -> int:
    """How often the base of an operand is drawn."""
    if not isinstance(node, Call) or node.function != "power":
        return 1
    base, exponent = node.args[0], node.params[0]
    plain = isinstance(base, Tensor) and base.shape and 1 not in base.shape
    return exponent if plain and exponent in (2, 3) else 1


def drawn_counts(network: Network) -> tuple[int, int, int, int]:
    """The same numbers, of a network."""
    ports = sum(len(box.ports) for box in network.boxes)
    return len(network.boxes), ports, len(network.dots), len(network.wires)


def require_counts(model: Model) -> None:
    """Every network of a model has what its contraction asks for; a part is a tensor
    to those that use it."""
    parts: dict[str, Node] = {}
    for name, picture in (*model.parts, ("", model.picture)):
        node = _require_picture(picture, parts)
        parts[name] = tensor(f"part {name}", node.shape)


def _require_picture(picture: Picture, parts: dict[str, Node]) -> Node:
    node = picture_node(picture, parts)
    terms = node.terms if isinstance(node, Sum) else [(node, 1)]
    needed = Counter(network_counts(child, picture) for child, _ in terms)
    assert Counter(drawn_counts(network) for _, network in picture.terms) == needed
    for _, network in picture.terms:
        for box in network.boxes:
            assert tuple(box.ports) == box_node(box, parts).shape
            for content in box.contents:
                _require_picture(content, parts)
    return node


def expressions(case: Case) -> list[ic.Expression]:
    """A case, and its derivative by its first variable."""
    whole = ic.parse(case.text, case.shapes)
    names = sorted(whole.variables)
    return [whole, *(whole.diff(name) for name in names[:1])]


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_nothing_is_drawn_wrong(start: int) -> None:
    """Ends, ports, dots and wires agree with the Einsum; the diagram is the node."""
    for index in range(start, start + CHUNK):
        case = generate(SEED, index)
        for e in expressions(case):
            model = e.diagram().model
            assert why_invalid(model) is None, str(case)
            assert node_of(model) is e.node, str(case)
            require_counts(model)


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_json_has_the_same_value(start: int) -> None:
    """The document of a diagram reads back as the model, which evaluates alike."""
    for index in range(start, start + CHUNK):
        case = generate(SEED, index)
        whole = expressions(case)[0]
        drawn = whole.diagram()
        back = ic.diagram_from_json(drawn.json())
        assert back == drawn, str(case)
        given = case.values, case.sizes, case.functions
        expected = value(drawn.expression(), *given)
        found = value(back.expression(), *given)
        assert np.array_equal(found, expected, equal_nan=True), str(case)
        close = np.allclose(found, value(whole, *given), rtol=1e-9, equal_nan=True)
        assert close, str(case)


def value(e: ic.Expression, arrays, sizes, functions) -> np.ndarray:  # type: ignore[no-untyped-def]
    """An expression at a case's arrays."""
    with np.errstate(all="ignore"):
        return np.asarray(e.evaluate(arrays, sizes=sizes, functions=functions))


@pytest.mark.parametrize("start", range(0, 300, CHUNK))
def test_unfused_diagrams_have_the_value(start: int) -> None:
    """With every copy tensor shown the diagram still is the expression."""
    for index in range(start, start + CHUNK):
        case = generate(SEED, index)
        for e in expressions(case):
            model = e.diagram(fuse=False).model
            assert why_invalid(model) is None, str(case)
            back = ic.Expression(node_of(model))
            assert back == e or ic.equal(back, e) is not False, str(case)


@pytest.mark.parametrize(("seed", "index"), [(3033, 36), (11, 305), (11, 801)])
def test_canonical_nodes_are_built_again_as_they_are(seed: int, index: int) -> None:
    """A canonical node is what its rows build, coefficients of its factors outside."""
    case = generate(seed, index)
    whole = ic.parse(case.text, case.shapes)
    for e in (whole, *(whole.diff(name) for name in whole.variables)):
        assert from_rows(to_rows(e.node)) is e.node
