"""Values of rearranged nodes, by the interpreter of programs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from indexcalc.binding import as_array, bind_sizes
from indexcalc.evaluate import Run, run, write_out
from indexcalc.nodes import Node, variables
from indexcalc.plan import compile_nodes
from indexcalc.sizes import Size, value_of


def lengths(sizes: Mapping[str, int]) -> Callable[[Size], int]:
    """The numbers that sizes stand for."""
    return lambda size: value_of(size, dict(sizes))


def values_of(
    nodes: Sequence[Node],
    values: Mapping[str, object],
    sizes: Mapping[str, int] | None = None,
    functions: Mapping[str, Callable[..., object]] | None = None,
) -> list[np.ndarray]:
    """The dense values of some nodes, which are not simplified before."""
    leaves = variables(*nodes)
    arrays = {name: as_array(name, values[name]) for name in leaves}
    bound = bind_sizes(leaves.values(), arrays, sizes or {})
    kinds = [array.dtype for array in arrays.values()]
    dtype = np.result_type(*kinds) if kinds else np.dtype(float)
    program = compile_nodes(nodes)
    state = Run(program, arrays, bound, functions or {}, dtype)
    cores = run(state)
    patterns = [(slot, program.patterns[slot]) for slot in program.results]
    return [write_out(cores[slot], p, state.lengths(p)) for slot, p in patterns]
