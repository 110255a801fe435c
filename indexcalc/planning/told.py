"""What a value of a program is, in a line: formulas of formulas, short enough to read.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> from indexcalc.plan import compile_nodes
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> program = compile_nodes([call("exp", [einsum([(A, [0, 1]), (x, [1])], [0])])])
>>> told(program, program.results[0])
'exp(A @ x)'
"""

from __future__ import annotations

from ..plan import Apply, Contract, Embed, Load, Program, Slot, inputs_of, is_view
from .spelling import form_of, spec_of

#: The longest formula that stands inside another one.
LONGEST = 40


def told(program: Program, slot: Slot) -> str:
    """The formula of a slot's value."""
    texts: list[str] = []
    for k in range(slot + 1):
        texts.append(_formula(program, k, texts))
    text = texts[slot]
    pattern = program.patterns[slot]
    if pattern.dense:
        return text
    return f"{text} {'on a diagonal' if pattern.diagonal else 'spread out'}"


def _formula(program: Program, slot: Slot, texts: list[str]) -> str:
    step = program.steps[slot]
    names = [_inner(texts[k]) for k in inputs_of(step)]
    if isinstance(step, Load):
        return step.node.name or "a constant"
    if isinstance(step, Embed):
        return f"{names[0]} written out"
    if isinstance(step, Contract) and is_view(step):
        return _view(step, names[0])
    if isinstance(step, Contract) and len(names) < 2 and not step.operands:
        return "1"
    signs = not isinstance(step, Apply)
    _, form = form_of(step, list(map(_closed, names)) if signs else names)
    form = form.removesuffix(".sum(())")
    if form or not isinstance(step, Contract):
        return form or "0"
    return f"einsum({', '.join([repr(spec_of(step)), *names])})"


def _view(step: Contract, name: str) -> str:
    """An operand seen otherwise."""
    ((_, axes),) = step.operands
    if len(axes) == 2 and axes == tuple((i,) for i in reversed(step.out)):
        return name.removesuffix(".T") if name.endswith(".T") else f"{name}.T"
    return name


def _inner(text: str) -> str:
    """A formula inside another one."""
    return text if len(text) <= LONGEST else "…"


def _closed(text: str) -> str:
    """A formula beside a sign: in parentheses where it has signs outside of any."""
    depth, open_ = 0, False
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        open_ |= sign == " " and depth == 0
    return f"({text})" if open_ else text
