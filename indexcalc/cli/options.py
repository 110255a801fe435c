"""What can be asked for on the command line, as records; a command takes some of them.

Every field is an argument or an option, and its annotation says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from typer import Argument, Option

from . import choices

READING, BY, SAYING, RUNNING = "Reading", "Differentiating", "Answering", "Sizes"


def _option(*names: str, words: tuple[str, ...] = (), **more: Any) -> Any:
    """An option; its words are listed in the help and completed by the shell."""
    if words:
        more["autocompletion"] = choices.completing(words)
        more["help"] = f"{more['help']}: {', '.join(words)}."
        more.setdefault("metavar", "WORD")
    return Option(*names, **more)


def _said(*names: str, **more: Any) -> Any:
    return _option(*names, rich_help_panel=SAYING, **more)


def _to(words: tuple[str, ...]) -> Any:
    help_ = "What to write, also by the ending of a file"
    return _said("--to", "-t", words=words, help=help_, show_default=False)


Into = Annotated[
    str,
    _said(
        "--output", "-o", metavar="FILE", help="Write to a file.", show_default=False
    ),
]
Quiet = Annotated[bool, _said("--quiet", "-q", help="No remarks on standard error.")]
Sizes = Annotated[
    list[str],
    _option(
        "--size",
        metavar="n=1000",
        help="A size as a number; repeat it for several.",
        rich_help_panel=RUNNING,
    ),
]
MemoryLimit = Annotated[
    str,
    _option(
        "--memory-limit",
        metavar="2GB",
        help="What a call may hold beside its inputs; in blocks where it must.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]

# -- what is read ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """An expression, and what helps to read it."""

    text: Annotated[
        str,
        Argument(
            metavar="EXPRESSION",
            help="Text, index notation or LaTeX; - reads standard input.",
            show_default=False,
        ),
    ]
    shape: Annotated[
        list[str],
        _option(
            *("--shape", "-s"),
            metavar='"X: n p"',
            help="What letters are: sizes, nothing for a scalar, or a kind such as "
            "'symmetric matrix'. Repeat it, or part several by a semicolon.",
            rich_help_panel=READING,
        ),
    ] = field(default_factory=list)
    notation: Annotated[
        str,
        _option(
            "--notation",
            words=choices.READINGS,
            help="What it is written in",
            rich_help_panel=READING,
        ),
    ] = "auto"
    out: Annotated[
        str,
        _option(
            "--out",
            metavar="ij",
            help="The free indices of index notation, in order.",
            rich_help_panel=READING,
            show_default=False,
        ),
    ] = ""
    infer: Annotated[
        bool,
        _option(
            "--infer/--no-infer",
            help="Find the shapes of letters that are not declared.",
            rich_help_panel=READING,
        ),
    ] = True


# -- by what, and how often ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class By:
    """What to differentiate by."""

    wrt: Annotated[
        list[str],
        _option(
            *("--wrt", "-w"),
            metavar="VARIABLE",
            help="Differentiate by this variable; repeat it for several.",
            rich_help_panel=BY,
        ),
    ] = field(default_factory=list)
    convention: Annotated[
        str,
        _option(
            "--convention",
            words=choices.CONVENTIONS,
            help="Derivatives by a symmetric or otherwise structured variable",
            rich_help_panel=BY,
        ),
    ] = "symmetrised"

    @property
    def variables(self) -> list[str]:
        """The variables, however they were named."""
        return self.wrt


@dataclass(frozen=True, slots=True)
class ByName(By):
    """What to differentiate by, which may also stand behind the expression."""

    names: Annotated[
        list[str],
        Argument(
            metavar="VARIABLE",
            help="The same as --wrt.",
            show_default=False,
        ),
    ] = field(default_factory=list)

    @property
    def variables(self) -> list[str]:
        """The variables, however they were named."""
        return [*self.wrt, *self.names]


@dataclass(frozen=True, slots=True)
class Often:
    """How often to differentiate."""

    order: Annotated[
        int | None,
        _option(
            *("--order", "-n"),
            metavar="N",
            help="How often: 0 (the function itself) to 4.",
            rich_help_panel=BY,
            show_default=False,
        ),
    ] = None


# -- what a command answers ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """How a derivative is said."""

    to: Annotated[str, _to(choices.NOTATIONS)] = ""
    output: Into = ""
    everything: Annotated[bool, _said("--all", "-a", help="Say it in every way.")] = (
        False
    )
    layout: Annotated[
        str,
        _said(
            "--layout",
            words=choices.LAYOUTS,
            help="How a derivative is laid out as one matrix",
            show_default=False,
        ),
    ] = ""
    vec_order: Annotated[
        str,
        _said(
            "--vec-order",
            words=choices.VEC_ORDERS,
            help="How vec stacks a matrix, by columns or by rows",
            show_default=False,
        ),
    ] = ""
    parts: Annotated[
        bool, _said("--parts", help="Give long and repeated parts names.")
    ] = False
    verify: Annotated[
        bool,
        _said("--verify", help="Compare with differences on random arrays."),
    ] = False
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to be judged."""

    answer: Annotated[
        str,
        Argument(
            metavar="ANSWER",
            help="What you think the derivative is, in any notation.",
            show_default=False,
        ),
    ]
    layout: Annotated[
        str,
        _option(
            "--layout",
            words=choices.ANSWER_LAYOUTS,
            help="Take the answer for right in this layout alone",
            rich_help_panel=BY,
            show_default=False,
        ),
    ] = ""
    to: Annotated[str, _to(choices.VERDICTS)] = ""
    output: Into = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Work:
    """How a derivation is told."""

    method: Annotated[
        str,
        _option(
            *("--method", "-m"),
            words=choices.METHODS,
            help="How it is derived",
            rich_help_panel=BY,
        ),
    ] = "differential"
    to: Annotated[str, _to(choices.STEPS)] = ""
    output: Into = ""
    film: Annotated[
        str,
        _said(
            "--film",
            metavar="FILE",
            help="Write the derivation in pictures: .html, .svg, .json or .txt.",
            show_default=False,
        ),
    ] = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Draw:
    """How a diagram is drawn."""

    loop: Annotated[
        str,
        _option(
            "--by",
            metavar="VARIABLE",
            help="Draw a loop round what is to be differentiated by it.",
            rich_help_panel=BY,
            show_default=False,
        ),
    ] = ""
    unfused: Annotated[
        bool,
        _said("--unfused", help="Draw every delta and ones vector as it was written."),
    ] = False
    to: Annotated[str, _to(choices.PICTURES)] = ""
    output: Into = ""
    theme: Annotated[
        str, _said("--theme", words=choices.THEMES, help="The colours of SVG and PNG")
    ] = "light"
    legend: Annotated[bool, _said("--legend", help="Add what the marks mean.")] = False
    labels: Annotated[
        str, _said("--labels", words=choices.LABELS, help="Which indices have names")
    ] = "dots"
    standalone: Annotated[
        bool, _said("--standalone", help="TikZ as a whole LaTeX document.")
    ] = False
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Contract:
    """What an einsum program is to be."""

    operands: Annotated[
        list[str],
        Argument(
            metavar="NAME",
            help="Names for the operands of an einsum string.",
            show_default=False,
        ),
    ] = field(default_factory=list)
    library: Annotated[
        str,
        _said("--library", words=choices.LIBRARIES, help="What the program calls"),
    ] = "numpy"
    output: Into = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Print:
    """What a function is to be printed as."""

    to: Annotated[str, _to(choices.LANGUAGES)] = ""
    name: Annotated[
        str, _said("--name", metavar="NAME", help="The name of the function.")
    ] = "f"
    size: Sizes = field(default_factory=list)
    output: Into = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes that a plan is made for."""

    size: Sizes = field(default_factory=list)
    memory_limit: MemoryLimit = ""
    dtype: Annotated[
        str,
        _option(
            "--dtype",
            words=choices.DTYPES,
            help="The kind of the numbers",
            rich_help_panel=RUNNING,
        ),
    ] = "float64"
    to: Annotated[str, _to(choices.PLANS)] = ""
    output: Into = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Values:
    """The arrays that an expression is evaluated on."""

    values: Annotated[
        list[str],
        Argument(
            metavar="NAME=VALUE",
            help="X=data.npy, A=table.csv, all.npz, b=1.5 or x=[1,2,3].",
            show_default=False,
        ),
    ] = field(default_factory=list)
    size: Sizes = field(default_factory=list)
    memory_limit: MemoryLimit = ""
    to: Annotated[str, _to(choices.VALUES)] = ""
    output: Into = ""
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Serve:
    """Where the page is served."""

    host: Annotated[str, Option("--host", help="The address it listens at.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Option("--port", "-p", help="The port.", min=0, max=65535)] = (
        8710
    )
    open_browser: Annotated[bool, Option("--open", help="Open it in the browser.")] = (
        False
    )
    workers: Annotated[
        int, Option("--workers", help="How many requests at a time.", min=1)
    ] = 2
    seconds: Annotated[
        float, Option("--seconds", help="The most a request may take.", min=0.1)
    ] = 10.0
    names: Annotated[
        list[str],
        Option(
            "--name",
            metavar="HOST",
            help="A host name that a proxy passes on; repeat it for several.",
        ),
    ] = field(default_factory=list)
