"""Mutants that compute the same, with the reason, by what they change.

A row says the function, the first line of what is changed, with single blanks, and the
change as the table of a run says it; so lines may move.
"""

from __future__ import annotations

#: The function, the line, the change, why nothing can notice.
ROWS: tuple[tuple[str, str, str, str], ...] = (
    (
        "functions.py:power",
        "positive = isinstance(p, (int, Fraction, float)) and p > 0",
        "p > 0 -> p >= 0",
        "the power 0 has been answered above",
    ),
    (
        "sparse_products.py:_steps",
        'yield _Step("entry", (legs[0],), (), (node.params[0],))',
        "0 -> -1",
        "a basis vector has one parameter and one leg",
    ),
    (
        "matrix.py:stacked",
        "if any(shape != other[0] for shape in other):",
        "0 -> 1",
        "of two or more shapes all are equal or one differs from any given one",
    ),
    (
        "network.py:is_bundle",
        "if not isinstance(node, Einsum) or node.operands or len(node.out) < 3:",
        "3 -> 2",
        "a group of two or more indices needs as many axes beside it",
    ),
    (
        "functions.py:_batch",
        "return list(range(len(f.args[0].shape) - core))",
        "0 -> -1",
        "functions with a core have one argument",
    ),
    (
        "sizes.py:plus",
        "if all(isinstance(size, int) for size in sizes):",
        "all((isinstance(size, int) for size in sizes)) -> False",
        "the sum of numbers as polynomials is the same number, only later",
    ),
    (
        "simplify.py:_fused_power",
        "spread = powers_inside(body, exponent, COPY_LIMIT) if whole else None",
        "powers_inside(body, exponent, COPY_LIMIT) if whole else None -> "
        "powers_inside(body, exponent, COPY_LIMIT)",
        "of an exponent that is not whole powers_inside makes nothing either",
    ),
    (
        "planning/logarithms.py:_raised",
        "return e.args[0], e.params[0]",
        "0 -> -1",
        "a power has one argument and one exponent",
    ),
    (
        "derivative.py:pull",
        "if len(parts) > 1:",
        "len(parts) > 1 -> len(parts) >= 1",
        "the sum of one part is the part",
    ),
    (
        "planning/logarithms.py:_over",
        'parts.append((call("exp", [_plus(v, more)]), c))',
        "_plus(v, more) -> _plus(more, v)",
        "the terms of a sum have one order, and both are of one shape",
    ),
    (
        "labelling.py:_neighbourhoods",
        "pairs = [row for row in around if len(row) == 4 and row[2:] != (-1, -1)]",
        "2 -> 1",
        "a pair that an index has with itself alone gives a key that no other has",
    ),
    (
        "planning/matching.py:Match._join_any",
        "return False",
        "False -> True",
        "what does not join is left out either way, and who asks counts the pairs",
    ),
    (
        "planning/logarithms.py:_constant",
        "return scale(0.0 if c == 1 else log(c), ones(node.shape)) "
        "# type: ignore[arg-type]",
        "0.0 if c == 1 else log(c) -> log(c)",
        "the logarithm of 1 is 0.0 too",
    ),
    (
        "laws.py:_undo",
        "return 1, arg.args[0]",
        "0 -> -1",
        "functions that have an inverse have one argument",
    ),
    (
        "matrix.py:elementwise",
        "return constant_power(same[0], -1)",
        "0 -> -1",
        "a reciprocal has one argument",
    ),
    (
        "structure_laws.py:_inverse_diagonal",
        "net.operands[o] = (power(node.args[0], -1), legs)",
        "0 -> -1",
        "an inverse has one argument",
    ),
    (
        "planning/programs.py:_cheapest",
        "if len(forms) == 1:",
        "1 -> 0",
        "of one form that one is the cheapest",
    ),
)

EQUIVALENT = {f"{where} | {line} | {change}": why for where, line, change, why in ROWS}
