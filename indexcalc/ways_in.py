"""How a user makes expressions: symbols, constants, einsum, and the text languages.

>>> A, x = tensor("A", "m n"), tensor("x", "n")
>>> print(einsum("ij,j->i", A, x))
A_ij x_j
>>> print(parse("A * x", A="m n", x="n"))
A_ij x_j
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import complexes, expr, matrix, matrix_calculus
from .broadcasting import alike, as_node
from .einsum_spec import contraction
from .errors import IndexCalcError, ParseError, ShapeError, UnsupportedError
from .face import NOTHING, Expression
from .given import declarations, mapping_of, names_of, text_of
from .index import Index, Indexed
from .index import indices as indices
from .known import H as H
from .known import basis as basis
from .known import commutation as commutation
from .known import delta as delta
from .known import duplication as duplication
from .known import elimination as elimination
from .known import eye as eye
from .known import ones as ones
from .known import zeros as zeros
from .legible import quoted
from .nodes import Node
from .operators import bare, scope_of
from .sizes import as_size

if TYPE_CHECKING:
    from .compiled import Compiled
    from .defined import Program
    from .text import Parsed


def tensor(name: str, *shape: object) -> Expression:
    """The variable `name`: shape `"n p"`, `3`, `("n", 3)`, `""` for a scalar; structure
    after a colon, as in `"n n : symmetric"`.

    >>> tensor("A", "n p").shape
    (Dim('n'), Dim('p'))
    """
    from .text.declarations import declared_variable

    given: object = shape[0] if len(shape) == 1 else shape or ""
    found = declared_variable(text_of(name, "the name of a variable"), given)
    return Expression(expr.tensor(found.name, found.shape, found.structure))


def tensors(names: str | Sequence[str], shape: object = "") -> tuple[Expression, ...]:
    """Several variables of one shape.

    >>> X, A = tensors("X A", "n p")
    """
    return tuple(tensor(name, shape) for name in names_of(names, "names"))


def constant(array: object, name: str = "") -> Expression:
    """A constant that owns an array."""
    try:
        return Expression(expr.constant(array, text_of(name, "a name")))
    except IndexCalcError:
        raise
    except (ValueError, TypeError, OverflowError):
        raise ShapeError("this is not an array of numbers") from None


def sum_over(free: str | Sequence[Index], indexed: Indexed) -> Expression:
    """Closes index notation: the free indices in order, all others summed.

    >>> i, j = indices("i j")
    >>> A, x = tensor("A", "m n"), tensor("x", "n")
    >>> print(sum_over("i", A[i, j] * x[j]))
    A_ij x_j
    """
    listed = free if isinstance(free, (list, tuple)) else names_of(free, "free")
    chosen = tuple(
        n if isinstance(n, Index) else Index(text_of(n, "an index")) for n in listed
    )
    if not isinstance(indexed, Indexed):
        raise ShapeError(
            "sum_over closes index notation", hint="such as A[i, j] * x[j]"
        )
    return Expression(indexed.node(chosen))


def einsum(
    spec: str, *operands: object, sizes: Mapping[str, object] | None = None
) -> Expression:
    """A contraction in einsum notation; repeated, missing and extra output indices are
    welcome (`"i->ii"`), so are `...` and long names between spaces (`"row col, col ->
    row"`). `sizes` gives the sizes of indices that only the output has.

    Raises `ShapeError` for sizes that disagree, `ParseError` for a spec that is none.
    """
    nodes = [as_node(bare(operand)) for operand in operands]
    known = mapping_of(sizes, "sizes")
    given = {name: as_size(size) for name, size in known.items()}
    return Expression(contraction(spec, nodes, given), scope=scope_of(operands))


def parse(
    text: str,
    shapes: Mapping[str, object] | None = None,
    *,
    paper: bool = False,
    infer: bool = False,
    **named: object,
) -> Expression:
    """An expression of the text language; `*` is the matrix product there.

    Shapes by keyword or as a mapping; `paper=True` reads juxtaposition as the product;
    `infer=True` gives undeclared names a shape by their letter. Parts may have names:
    `K*c where K = A + u*u', u = A*x`.
    """
    from .text import parse as parse_text
    from .text.definitions import has_definitions, parse_defined

    given = declarations(shapes, named)
    read = parse_defined if has_definitions(text, given) else parse_text
    with expr.vanishing() as gone:
        parsed = read(text, given, paper=paper, infer=infer)
    return parsed_expression(parsed, given, gone)


def parsed_expression(
    parsed: Parsed, given: Mapping[str, object], gone: Mapping[Node, None] = NOTHING
) -> Expression:
    """The expression of a text, with all that was declared in its scope; `gone` are
    nodes that vanished while it was read."""
    from .text.declarations import declare

    declared = declare(given).variables
    scope = {
        name: expr.tensor(
            name, shape, declared[name].structure if name in declared else ""
        )
        for name, shape in parsed.shapes.items()
    }
    found = Expression(parsed.node, scope=scope)
    found.vanished = gone
    return found


def parse_latex(
    latex: str,
    shapes: Mapping[str, object] | None = None,
    *,
    infer: bool = False,
    out: str | Sequence[str] | None = None,
    **named: object,
) -> Expression:
    r"""A formula in LaTeX, as papers and forums write it; `f(x) =` in front is skipped.

    Letters side by side are a product, tighter than \odot; shapes by keyword or as a
    mapping, Greek letters by name; `out` orders the free indices of index notation.

    >>> print(parse_latex(r"\mathbf{W}(\mathbf{Ax}\odot\mathbf{b})", W="k m", A="m n",
    ...                   x="n", b="m"))
    W_ij A_jl x_l b_j
    """
    from .text.latex import parse_latex as parse_latex_text

    given = declarations(shapes, named)
    with expr.vanishing() as gone:
        parsed = parse_latex_text(latex, given, infer=infer, out=out)
    return parsed_expression(parsed, given, gone)


def parse_index(
    text: str,
    out: str | Sequence[str] = "",
    shapes: Mapping[str, object] | None = None,
    **named: object,
) -> Expression:
    """Index notation as text: `parse_index("A_ij x_j", out="i", A="m n", x="n")`."""
    from .text import parse_index as parse_index_text

    return Expression(parse_index_text(text, out, declarations(shapes, named)))


def _on_nodes(name: str, build: Callable[[Any], Any]) -> Callable[[object], Expression]:
    def function(a: object) -> Expression:
        return Expression(build(as_node(bare(a))), scope=scope_of([a]))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = build.__doc__
    return function


expm = _on_nodes("expm", matrix_calculus.expm)
logm = _on_nodes("logm", matrix_calculus.logm)
sqrtm = _on_nodes("sqrtm", matrix_calculus.sqrtm)
cholesky = _on_nodes("cholesky", matrix_calculus.cholesky)
eigvalsh = _on_nodes("eigvalsh", matrix_calculus.eigvalsh)
pinv = _on_nodes("pinv", matrix_calculus.pinv)
conj = _on_nodes("conj", complexes.conjugate)
real = _on_nodes("real", complexes.real_part)
imag = _on_nodes("imag", complexes.imaginary_part)


def wirtinger(
    f: Expression, variable: Expression | str
) -> tuple[Expression, Expression]:
    """∂f/∂z and ∂f/∂z̄ by a variable declared complex, as if z and z̄ were two.

    >>> z = tensor("z", "n : complex")
    >>> by_z, by_conjugate = wirtinger(conj(z) @ z, "z")
    >>> print(by_z, "and", by_conjugate)
    conj(z_i) and z_i
    """
    from .complex_derivative import wirtinger as derivatives

    z = _expression(f)._tensor(variable)
    by_z, by_conjugate = (
        Expression(slope, value_order=f.ndim, scope=f.scope | {z.name: z})
        for slope in derivatives(f.written, z)
    )
    return by_z, by_conjugate


def compile(expressions: Sequence[Expression], **options: Any) -> Compiled:
    """One function that answers the values of several expressions, what they share
    computed once; `options` are those of `Expression.compile`, but `structured`.

    >>> x = tensor("x", "n")
    >>> f = x @ x
    >>> both = compile([f, f.gradient(x)])
    >>> [float(v) if v.ndim == 0 else v.tolist() for v in both(x=[1.0, 2.0])]
    [5.0, [2.0, 4.0]]
    """
    from .compiled import Compiled
    from .execution import formula

    if not isinstance(expressions, (list, tuple)) or not expressions:
        raise UnsupportedError(
            "compile takes a list of expressions", hint="one has e.compile()"
        )
    listed = [_expression(e) for e in expressions]
    leaves = [
        leaf for e in listed for leaf in [*e.scope.values(), *e._leaves().values()]
    ]
    return Compiled(
        [e.evaluated for e in listed],
        single=False,
        scope=list({leaf.name: leaf for leaf in leaves}.values()),
        doc="\n".join(map(formula, listed)),
        **options,
    )


def _expression(value: object) -> Expression:
    return value if isinstance(value, Expression) else Expression(as_node(bare(value)))


def equal(a: object, b: object) -> bool | None:
    """Whether two expressions are the same function; None is "undecided".

    False is certain. True is a proof, or exact evaluation modulo primes at several
    sizes, wrong with a chance below 1e-15; see `comparison.evidence`.
    """
    from .comparison.evidence import compare

    left, right = as_node(bare(a)), as_node(bare(b))
    if left.shape != right.shape:
        return False
    return compare(left, right)


def check(
    f: Expression | str,
    variable: Expression | str | Sequence[Expression | str],
    answer: Any,
    *,
    order: int = 1,
    shapes: Mapping[str, object] | None = None,
    layout: str | None = None,
    out: str | Sequence[str] | None = None,
) -> Any:
    """Is `answer` the derivative of `f` by `variable`? A `Verdict`: print it, or ask
    its `kind`, `right`, `expected`, `witness`; its truth value is "right, perhaps by a
    convention that it names".

    The answer is an expression or a text: the text language, paper notation, index
    notation (`out` names the free indices, if they are not plain), LaTeX; a left side
    "∂f/∂X =" is skipped. `f` may be a text too, with `shapes`. `order=2` asks for the
    Hessian; two variables with it for a mixed one; several variables and as many
    answers give a tuple. `layout` is numerator, denominator, value_first or
    variable_first where only that will do.

    >>> x, y, z = tensors("x y z", "n")
    >>> print(check(x * y * z, x, "y∘z").kind)
    diagonal
    """
    from .judging.verdicts import verdicts

    shapes = mapping_of(shapes, "shapes")
    return verdicts(
        f if isinstance(f, Expression) else _written(f, shapes),
        variable,
        answer,
        order=order,
        shapes=shapes,
        layout=layout,
        out=out,
        latex=lambda text, known: parse_latex(text, known).written,
    )


def _written(text: str, shapes: Mapping[str, object]) -> Expression:
    """A function given as text: LaTeX, the text language or paper notation."""
    from .judging.answers import is_latex, sides

    if not isinstance(text, str):
        raise ParseError(f"a function was expected, not {quoted(text)}")
    _, right = sides(text)
    if is_latex(right):
        return parse_latex(right.strip().strip("$"), shapes)
    try:
        return parse(right, shapes)
    except IndexCalcError as error:
        try:
            return parse(right, shapes, paper=True)
        except IndexCalcError:
            raise error from None


@dataclass(frozen=True, slots=True, eq=False)
class Elementwise:
    """An elementwise function of a user's: it applies to expressions and arrays of
    symbols, and may be declared in texts, `parse("sum(f(x))", x="n", f=f)`."""

    name: str
    program: Program | None = None
    count: int = 0

    def __call__(self, *args: object) -> Expression:
        nodes = [as_node(bare(arg)) for arg in args]
        if self.program is not None:
            nodes = list(alike(nodes, self.name))
        return Expression(self.node_of(nodes), scope=scope_of(args))

    def node_of(self, nodes: Sequence[Node], orders: Sequence[int] = ()) -> Node:
        """The function of nodes of one shape, differentiated `orders[k]` times by
        argument k."""
        from .functions import defined

        if self.program is None:
            return matrix.unknown(self.name, *nodes, orders=orders)
        if len(nodes) != self.count:
            raise ShapeError(
                f"{self.name} takes {self.count} arguments, not {len(nodes)}"
            )
        return defined(self.name, self.program, nodes, orders)


def unknown(name: str) -> Elementwise:
    """An unknown elementwise function: `f = unknown("f")`, then `f(x)`.

    Its derivative prints as f' and takes its values from `functions={"f": …, "f'": …}`.

    >>> x = tensor("x", "n")
    >>> print(unknown("f")(x).diff(x))
    δ_ij f'(x_i)
    """
    return Elementwise(text_of(name, "the name of a function"))


def elementwise(name: str, function: Any) -> Elementwise:
    """An elementwise function given by a `sympy.Lambda` of one argument or several.

    Its derivatives are SymPy's and print as name'; its values are NumPy's and SciPy's.
    Raises `UnsupportedError` for a formula with parameters, or with functions that
    SciPy lacks.

    >>> import sympy
    >>> t = sympy.Symbol("t")
    >>> swish = elementwise("swish", sympy.Lambda(t, t / (1 + sympy.exp(-t))))
    >>> x = tensor("x", "n")
    >>> print(swish(x).diff(x))
    δ_ij swish'(x_i)
    >>> parse("sum(swish(x))", x="n", swish=swish) == swish(x).sum()
    True
    """
    from .sympy_scalars import encode

    return Elementwise(name, encode(function), len(function.signature))


def from_sympy(
    obj: Any,
    shapes: Mapping[str, object] | None = None,
    free: str | Sequence[Any] | None = None,
) -> Expression:
    """A SymPy expression: scalars, matrix and array expressions, indexed sums.

    A column (n×1) is a vector, a column's value too; 1×1 is a scalar; rows stay 1×n.
    `shapes` declares variables otherwise, or with a structure, which SymPy's symbols
    lack; `free` orders the free indices of indexed notation.

    Raises `UnsupportedError` naming the SymPy class of what cannot be read.

    >>> from sympy import MatrixSymbol, symbols
    >>> n = symbols("n")
    >>> S, x = MatrixSymbol("S", n, n), MatrixSymbol("x", n, 1)
    >>> print(from_sympy(x.T * S * x).diff("x"))
    S_ij x_j + S_ki x_k
    """
    from .sympy_forms import from_sympy as read
    from .text.declarations import declare

    given = mapping_of(shapes, "shapes")
    scope = {
        name: expr.tensor(name, found.shape, found.structure)
        for name, found in declare(given).variables.items()
    }
    return Expression(read(obj, given, free), scope=scope)


def to_sympy(
    expression: object,
    form: str | None = None,
    symbols: Mapping[str, Any] | None = None,
    axes: str | Sequence[str] = (),
) -> Any:
    """The SymPy expression: a matrix expression where there is a matrix form, else an
    array expression; `form` asks for "matrix", "array" or "indexed".

    `symbols` gives the SymPy symbols to use by name, `axes` the names of the free
    indices of the indexed form.

    Raises `UnsupportedError` with the reason where there is no such form.

    >>> A, x = tensor("A", "m n"), tensor("x", "n")
    >>> to_sympy(A @ x), to_sympy(A @ x, form="indexed")
    (A*x, Sum(A[i, j]*x[j], (j, 0, n - 1)))
    """
    from .sympy_forms import to_sympy as write

    return write(as_node(bare(expression)), form, symbols, axes)
