"""The function table: what each named function consumes, yields and differentiates to.

A function has a signature in the manner of NumPy's gufuncs: the core axes of each
argument and of the result, such as (n,n)->(n,n) for inv. Axes before the core are
batch axes and are wired through, so that an elementwise function, ()->(), is no
special case. The partial of a call by one argument has the axes batch, result core,
argument core.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", ("n", "n"))
>>> call("inv", [X]).shape == X.shape
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .coefficients import Number, as_number, multiply
from .coefficients import power as number_power
from .errors import ShapeError, UnknownNameError
from .expr import call_node, einsum, linear, note_vanished, number, scale, swapped, zero
from .nodes import Call, Node, Sum, is_symmetric
from .postfix import require_program
from .sizes import Shape, Size, shape_text

Core = tuple[str, ...]
Signature = tuple[tuple[Core, ...], Core]
Partial = Callable[[Call], Node]
Directional = Callable[[Call, int, Node], "Node | None"]


def _no_rule(f: Call, k: int, given: Node) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Function:
    """One record of the table.

    `signature(params)` gives the cores of the arguments and of the result; `partials`
    one builder an argument; `keeps_symmetry` says that f(S) is symmetric where S is.
    `push(f, k, tangent)` and `pull(f, k, cotangent)` are the partial by argument k
    applied to one direction, where that costs less than the partial itself; `title` is
    the printed name where it depends on the parameters.
    """

    name: str
    partials: tuple[Partial, ...]
    signature: Callable[[tuple[Any, ...]], Signature]
    keeps_symmetry: bool = False
    push: Directional = _no_rule
    pull: Directional = _no_rule
    title: Callable[[tuple[Any, ...]], str] | None = None
    elementwise: bool = False


# -- small products --------------------------------------------------------------------


def ones(shape: Shape) -> Node:
    """The tensor of ones of a shape."""
    return einsum([], range(len(shape)), dict(enumerate(shape)))


def spread(scalar: Node, shape: Shape) -> Node:
    """A scalar written into every entry of a shape."""
    return einsum([(scalar, ())], range(len(shape)), dict(enumerate(shape)))


def product(*nodes: Node) -> Node:
    """The entrywise product of nodes of one shape."""
    legs = range(len(nodes[0].shape))
    return einsum([(node, legs) for node in nodes], legs)


def _affine(constant: Number, coefficient: Number, node: Node) -> Node:
    return linear([(ones(node.shape), constant), (node, coefficient)], node.shape)


def power(base: Node, exponent: object) -> Node:
    """base^exponent entrywise, with a constant exponent.

    x¹ is x, x⁰ is 1; numbers and coefficients are taken exactly, and so are powers of
    powers where that forgets no domain: (x²)⁻¹ is x⁻², (√x)² stays.
    """
    p = as_number(exponent)
    if p == 1:
        return base
    if p == 0:
        note_vanished([base])
        return ones(base.shape)
    positive = isinstance(p, (int, Fraction, float)) and p > 0
    if isinstance(base, Sum) and not base.terms and positive:
        return base
    if isinstance(base, Sum) and len(base.terms) == 1 and isinstance(p, int):
        inner, coefficient = base.terms[0]
        factor = number_power(coefficient, p)
        if factor is not None:
            return scale(factor, power(inner, p))
    if base is number(1):
        return base
    if isinstance(base, Call) and base.function == "power":
        total = joined_powers(base.params[0], p)
        if total is not None:
            return power(base.args[0], total)
    return call("power", [base], (p,))


def raised(base: Node, exponent: object) -> Node:
    """base^exponent as people write it: ‖x‖² is Σx², which has no kink, and so on.

    >>> from indexcalc.expr import tensor
    >>> x = tensor("x", ("n",))
    >>> raised(call("norm2", [x], (1,)), 2) is einsum([(x, [0]), (x, [0])], [])
    True
    """
    p = as_number(exponent)
    if not isinstance(p, int) or p <= 0 or p % 2:
        return power(base, p)
    if not isinstance(base, Call) or base.function != "norm2":
        return power(base, p)
    x = base.args[0]
    legs = range(len(x.shape))
    squares = einsum([(x, legs), (x, legs)], legs[: len(base.shape)])
    return power(squares, p // 2)


def joined_powers(inner: Number, outer: Number) -> Number | None:
    """The exponent of (x^inner)^outer as one power, where that forgets no domain."""
    if not isinstance(outer, int):
        return None
    total = multiply(inner, outer)
    needed = domain_of_power(inner) or domain_of_power(outer)
    return total if domain_of_power(total) == needed else None


def domain_of_power(p: Number) -> str:
    """What x^p needs of x: nothing, or that it is nonzero, nonnegative, or positive."""
    if isinstance(p, int):
        return "" if p >= 0 else "nonzero"
    return "nonnegative" if not isinstance(p, complex) and p > 0 else "positive"


def unknown(name: str, args: Sequence[Node], orders: Sequence[int] = ()) -> Node:
    """The unknown elementwise function `name`, differentiated `orders[k]` times by
    argument k."""
    return call("unknown", args, (name, tuple(orders) or (0,) * len(args)))


def defined(
    name: str,
    program: tuple[Any, ...],
    args: Sequence[Node],
    orders: Sequence[int] = (),
) -> Node:
    """The elementwise function that a program of `defined` computes, differentiated
    `orders[k]` times by argument k."""
    return call("defined", args, (name, tuple(orders) or (0,) * len(args), program))


# -- partials of elementwise functions -------------------------------------------------


def _of(name: str) -> Callable[[Node], Node]:
    return lambda x: call(name, [x])


def _zero(call_: Call) -> Node:
    return zero(call_.shape)


def _power_partial(f: Call) -> Node:
    p = f.params[0]
    return scale(p, power(f.args[0], p - 1))


def _pow_by_base(f: Call) -> Node:
    x, y = f.args
    return product(y, call("pow", [x, _affine(-1, 1, y)]))


def _half_sign(direction: int) -> Partial:
    def partial(f: Call) -> Node:
        a, b = f.args
        difference = linear([(a, 1), (b, -1)], a.shape)
        return _affine(
            Fraction(1, 2), Fraction(direction, 2), call("sign", [difference])
        )

    return partial


def _chosen(condition: Node) -> Node:
    """1 where a condition is not zero, else 0."""
    if isinstance(condition, Call) and condition.function == "heaviside":
        return condition
    return power(call("sign", [condition]), 2)


def _atan2_partial(which: int) -> Partial:
    def partial(f: Call) -> Node:
        y, x = f.args
        radius = linear([(power(x, 2), 1), (power(y, 2), 1)], x.shape)
        along, sign = ((x, 1), (y, -1))[which]
        return scale(sign, product(along, power(radius, -1)))

    return partial


def _unknown_partial(k: int) -> Partial:
    def partial(f: Call) -> Node:
        name, orders, *program = f.params
        raised = tuple(order + (j == k) for j, order in enumerate(orders))
        return call(f.function, f.args, (name, raised, *program))

    return partial


#: Functions with kinks or jumps: each is a smooth one on either side.
KINKED = frozenset({"abs", "sign", "relu", "heaviside", "max", "min", "where"})

TWO_OVER_ROOT_PI = Fraction("1.1283791670955126")

_UNARY: dict[str, Callable[[Node, Node], Node]] = {
    "exp": lambda x, y: y,
    "expm1": lambda x, y: _of("exp")(x),
    "log": lambda x, y: power(x, -1),
    "log1p": lambda x, y: power(_affine(1, 1, x), -1),
    "sin": lambda x, y: _of("cos")(x),
    "cos": lambda x, y: scale(-1, _of("sin")(x)),
    "tan": lambda x, y: _affine(1, 1, power(y, 2)),
    "asin": lambda x, y: power(_affine(1, -1, power(x, 2)), Fraction(-1, 2)),
    "acos": lambda x, y: scale(-1, power(_affine(1, -1, power(x, 2)), Fraction(-1, 2))),
    "atan": lambda x, y: power(_affine(1, 1, power(x, 2)), -1),
    "sinh": lambda x, y: _of("cosh")(x),
    "cosh": lambda x, y: _of("sinh")(x),
    "tanh": lambda x, y: _affine(1, -1, power(y, 2)),
    "asinh": lambda x, y: power(_affine(1, 1, power(x, 2)), Fraction(-1, 2)),
    "acosh": lambda x, y: power(_affine(-1, 1, power(x, 2)), Fraction(-1, 2)),
    "atanh": lambda x, y: power(_affine(1, -1, power(x, 2)), -1),
    "cbrt": lambda x, y: scale(Fraction(1, 3), power(y, -2)),
    "abs": lambda x, y: _of("sign")(x),
    "sign": lambda x, y: zero(x.shape),
    "relu": lambda x, y: _of("heaviside")(x),
    "heaviside": lambda x, y: zero(x.shape),
    "sigmoid": lambda x, y: product(y, _affine(1, -1, y)),
    "softplus": lambda x, y: _of("sigmoid")(x),
    "kept": lambda x, y: ones(x.shape),
    "erf": lambda x, y: scale(TWO_OVER_ROOT_PI, _of("exp")(scale(-1, power(x, 2)))),
}


# -- partials of functions with cores --------------------------------------------------


def _batch(f: Call, core: int) -> list[int]:
    return list(range(len(f.args[0].shape) - core))


def _inv_partial(f: Call) -> Node:
    batch = _batch(f, 2)
    i, j, k, l = range(len(batch), len(batch) + 4)
    sides = [(f, [*batch, i, k]), (f, [*batch, l, j])]
    return scale(-1, einsum(sides, [*batch, i, j, k, l]))


def _logdet_partial(f: Call) -> Node:
    return swapped(call("inv", f.args))


def _det_partial(f: Call) -> Node:
    return call("cofactors", f.args, (1,))


def _cofactors_partial(f: Call) -> Node:
    return call("cofactors", f.args, (f.params[0] + 1,))


def _lse_partial(f: Call) -> Node:
    return call("softmax", f.args)


def _softmax_partial(f: Call) -> Node:
    batch = _batch(f, 1)
    i, j = len(batch), len(batch) + 1
    shape = (*f.shape, f.shape[-1])
    diagonal = einsum([(f, [*batch, i])], [*batch, i, i])
    both = einsum([(f, [*batch, i]), (f, [*batch, j])], [*batch, i, j])
    return linear([(diagonal, 1), (both, -1)], shape)


def _norm_partial(order: int, sign: int) -> Partial:
    """∂‖x‖ = x/‖x‖ and ∂(1/‖x‖) = −x/‖x‖³, with 1/‖0‖ read as 0."""

    def partial(f: Call) -> Node:
        x = f.args[0]
        legs = list(range(len(x.shape)))
        batch = legs[: len(legs) - f.params[0]]
        reciprocal = power(call("rnorm", [x], f.params), order)
        return scale(sign, einsum([(x, legs), (reciprocal, batch)], legs))

    return partial


# -- the table -------------------------------------------------------------------------


def _fixed(inputs: tuple[Core, ...], output: Core) -> Callable[..., Signature]:
    return lambda params: (inputs, output)


_ELEMENTWISE: Core = ()


def _elementwise(name: str, *partials: Partial) -> Function:
    cores = (_ELEMENTWISE,) * len(partials)
    return Function(
        name, partials, _fixed(cores, ()), keeps_symmetry=True, elementwise=True
    )


def _unary(name: str, rule: Callable[[Node, Node], Node]) -> Function:
    return _elementwise(name, lambda f: rule(f.args[0], f))


def _core_letters(params: tuple[Any, ...]) -> Core:
    return tuple(f"c{k}" for k in range(params[0]))


def _cofactors_signature(params: tuple[Any, ...]) -> Signature:
    return ((("n", "n"),), ("n", "n") * params[0])


_SQUARE: Core = ("n", "n")

TABLE: dict[str, Function] = {
    **{name: _unary(name, rule) for name, rule in _UNARY.items()},
    "power": _elementwise("power", _power_partial),
    "pow": _elementwise(
        "pow", _pow_by_base, lambda f: product(f, call("log", [f.args[0]]))
    ),
    "max": _elementwise("max", _half_sign(1), _half_sign(-1)),
    "min": _elementwise("min", _half_sign(-1), _half_sign(1)),
    "atan2": _elementwise("atan2", _atan2_partial(0), _atan2_partial(1)),
    "where": _elementwise(
        "where",
        _zero,
        lambda f: _chosen(f.args[0]),
        lambda f: _affine(1, -1, _chosen(f.args[0])),
    ),
    "inv": Function("inv", (_inv_partial,), _fixed((_SQUARE,), _SQUARE), True),
    "det": Function("det", (_det_partial,), _fixed((_SQUARE,), ())),
    "logdet": Function("logdet", (_logdet_partial,), _fixed((_SQUARE,), ())),
    "logofdet": Function("logofdet", (_logdet_partial,), _fixed((_SQUARE,), ())),
    "cofactors": Function(
        "cofactors", (_cofactors_partial,), _cofactors_signature, True
    ),
    "lse": Function("lse", (_lse_partial,), _fixed((("n",),), ())),
    "softmax": Function("softmax", (_softmax_partial,), _fixed((("n",),), ("n",))),
    "norm2": Function(
        "norm2", (_norm_partial(1, 1),), lambda params: ((_core_letters(params),), ())
    ),
    "rnorm": Function(
        "rnorm", (_norm_partial(3, -1),), lambda params: ((_core_letters(params),), ())
    ),
}


def register(*records: Function) -> None:
    """Adds records to the table, each under its name."""
    TABLE.update((record.name, record) for record in records)


def title(f: Call) -> str:
    """The name that a call is printed under."""
    found = TABLE.get(f.function)
    return f.function if found is None or not found.title else found.title(f.params)


#: The functions that users name: parameters are the name, the orders of its
#: derivatives, and for one that is defined its program.
USERS = frozenset({"unknown", "defined"})


def record(f: Call) -> Function:
    """The table's record of a call; that of a user's function is made to measure."""
    if f.function in USERS:
        partials = tuple(_unknown_partial(k) for k in range(len(f.args)))
        return _elementwise(f.function, *partials)
    return TABLE[f.function]


def partial(f: Call, k: int) -> Node:
    """∂f/∂(argument k), with axes batch, result core, argument core."""
    return record(f).partials[k](f)


def cores(f: Call) -> tuple[tuple[int, ...], int]:
    """How many core axes each argument and the result of a call have."""
    inputs, output = record(f).signature(f.params)
    return tuple(map(len, inputs)), len(output)


def is_elementwise(name: str) -> bool:
    """Whether a function of the table acts entry by entry."""
    if name in USERS:
        return True
    return name in TABLE and TABLE[name].elementwise


def call(name: str, args: Sequence[Node], params: tuple[Any, ...] = ()) -> Node:
    """f(args), checked against the function's signature.

    Raises `UnknownNameError` for a name that is not in the table, `ShapeError` where
    core axes of one letter, or batch axes, disagree, `ParseError` for a formula that is
    no program.
    """
    if name in USERS:
        if name == "defined":
            require_program(params[2], len(args))
        if len(params[1]) != len(args):
            raise ShapeError(f"{params[0]} takes {len(params[1])} arguments")
        signature: Signature = ((_ELEMENTWISE,) * len(args), ())
    elif name in TABLE:
        signature = TABLE[name].signature(params)
    else:
        raise UnknownNameError(f"{name} is not a function of the table")
    shape = _result_shape(name, args, signature)
    symmetric = (
        len(shape) == 2
        and (TABLE[name].keeps_symmetry if name in TABLE else True)
        and all(is_symmetric_matrix(arg) for arg in args)
    )
    return call_node(name, args, shape, params, symmetric=symmetric)


def _result_shape(name: str, args: Sequence[Node], signature: Signature) -> Shape:
    inputs, output = signature
    if len(args) != len(inputs):
        raise ShapeError(f"{name} takes {len(inputs)} arguments, not {len(args)}")
    sizes: dict[str, Size] = {}
    batches: list[Shape] = []
    for arg, core in zip(args, inputs, strict=True):
        if len(arg.shape) < len(core):
            raise ShapeError(
                f"{name} needs {len(core)} axes, and {shape_text(arg.shape)} has "
                f"{len(arg.shape)}"
            )
        split = len(arg.shape) - len(core)
        batches.append(arg.shape[:split])
        for letter, size in zip(core, arg.shape[split:], strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(
                    f"{name} needs a square matrix, and this is "
                    f"{shape_text(arg.shape[split:])}"
                )
    if any(batch != batches[0] for batch in batches):
        shapes = " and ".join(shape_text(batch) for batch in batches)
        raise ShapeError(f"{name} needs arguments of one shape, not {shapes}")
    return (*batches[0], *(sizes[letter] for letter in output))


def is_symmetric_matrix(node: Node) -> bool:
    """Whether a matrix is its own transpose, by declaration or by structure."""
    if is_symmetric(node):
        return True
    if len(node.shape) != 2 or node.shape[0] != node.shape[1]:
        return False
    if isinstance(node, Sum):
        return linear([(swapped(e), c) for e, c in node.terms], node.shape) is node
    return swapped(node) is node
