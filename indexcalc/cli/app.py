"""The commands, and what the program says when it is given none.

A command is a row: its name, the records its options are fields of, and the function
of one of the modules beside this one that does it, loaded when it is called.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib import import_module
from typing import Annotated, Any, get_type_hints

import typer

from .options import (
    Answer,
    By,
    ByName,
    Contract,
    Draw,
    Often,
    Plan,
    Print,
    Read,
    Say,
    Serve,
    Values,
    Work,
)
from .refusals import DONE, guarded
from .terminal import put

PROGRAM = "indexcalc"
#: The one-letter options, which no expression that begins with a minus may look like.
SHORT = frozenset(f"-{letter}" for letter in "shwntoaqmp")

EXAMPLES = (
    ("the gradient of a least-squares loss", 'diff "norm2(A*x - b)^2" --wrt x'),
    (
        "a Hessian, as LaTeX",
        'hessian "norm2(A*x - b)^2 + c*norm2(x)^2" --wrt x --to latex',
    ),
    ("is my answer right?", '''check "x'*A*x" --wrt x "(A + A')*x"'''),
    ("the derivation, line by line", 'steps "tr(A*X*B)" --wrt X'),
    ("a value, from numbers or files", 'eval "x\'*A*x" "A=[[2,1],[1,3]]" "x=[1,2]"'),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, the module that has a function of that name, its records,
    and its help."""

    name: str
    module: str
    records: tuple[type[Any], ...]
    help: str


COMMANDS = (
    Command(
        "diff",
        "differentiating",
        (Read, ByName, Often, Say),
        "The derivative: gradient, Jacobian, or of any order.\n\nWithout --wrt it is "
        "taken by every variable. It is told in matrix and index notation; --to asks "
        "for one notation alone, --all for every one.",
    ),
    Command(
        "hessian",
        "differentiating",
        (Read, ByName, Say),
        "The Hessian; --wrt x --wrt y makes it mixed.\n\nWithout --wrt it is taken by "
        "every variable twice.",
    ),
    Command(
        "check",
        "judging",
        (Read, Answer, ByName, Often),
        "Is my answer right? Exit code 0 if so, 1 if not.\n\nThe verdict names what "
        "is wrong (a factor, a sign, a transpose, another layout), or shows numbers "
        "at which it is.",
    ),
    Command(
        "steps",
        "deriving",
        (Read, ByName, Often, Work),
        "The derivation line by line, or as a film of pictures.",
    ),
    Command(
        "einsum",
        "programs",
        (Read, Contract, By, Often),
        "The einsum program of an expression, or of its derivative.\n\nAn einsum "
        "string such as ij,jk->ik is explained instead.",
    ),
    Command(
        "code",
        "programs",
        (Read, ByName, Often, Print),
        "A function to copy: NumPy, JAX, PyTorch, Julia, MATLAB, C++.",
    ),
    Command(
        "eval",
        "evaluating",
        (Read, Values, By, Often),
        "The value on arrays, or that of the derivative.",
    ),
    Command(
        "plan",
        "programs",
        (Read, ByName, Often, Plan),
        "What computing it takes at given sizes: steps, flops, memory.",
    ),
    Command(
        "diagram",
        "drawing",
        (Read, ByName, Often, Draw),
        "The contraction diagram, in the terminal or as a file.\n\nAn einsum string "
        "such as ij,jk->ik is drawn as well.",
    ),
    Command("serve", "serving", (Serve,), "The page in the browser, on this machine."),
)


@cache
def command() -> Any:
    """The program as typer runs it."""
    app = typer.Typer(
        name=PROGRAM,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Derivatives of matrix and tensor expressions, in every notation.",
        epilog="Add --traceback to any command to see where an error comes from.",
    )
    app.callback(invoke_without_command=True)(_start)
    for row in COMMANDS:
        app.command(row.name, help=row.help)(_called(row))
    return typer.main.get_command(app)


def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="The version.", show_default=False)
    ] = False,
) -> None:
    if version:
        from .. import __version__

        raise typer.Exit(guarded(lambda: _say(f"{PROGRAM} {__version__}")))
    if context.invoked_subcommand is None:
        raise typer.Exit(guarded(lambda: _say(welcome())))


def _say(text: str) -> int:
    put(text, sys.stdout)
    return DONE


def welcome() -> str:
    """Five commands to copy."""
    shown = "".join(f"  {what}\n    {PROGRAM} {line}\n\n" for what, line in EXAMPLES)
    return (
        f"{PROGRAM}: derivatives of matrix and tensor expressions\n\n{shown}"
        f"{PROGRAM} --help lists the commands, {PROGRAM} diff --help the options of "
        "one."
    )


# -- from records to options -----------------------------------------------------------


def _called(row: Command) -> Any:
    """A function with the fields of a row's records as parameters."""

    def called(**given: Any) -> None:
        objects = [
            record(**{f.name: given[f.name] for f in fields(record)})
            for record in row.records
        ]
        raise typer.Exit(guarded(lambda: _run(row, objects)))

    found = [p for record in row.records for p in _parameters(record)]
    called.__name__ = row.name
    called.__annotations__ = {p.name: p.annotation for p in found}
    signature = inspect.Signature(found)
    called.__signature__ = signature  # type: ignore[attr-defined]
    return called


def _run(row: Command, objects: list[Any]) -> int:
    module = import_module(f".{row.module}", __package__)
    code: int = getattr(module, f"{row.name}_command")(*objects)
    return code


def _parameters(record: type[Any]) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    for f in fields(record):
        default = f.default
        if f.default_factory is not MISSING:
            default = f.default_factory()
        if default is MISSING:
            default = inspect.Parameter.empty
        kind = inspect.Parameter.KEYWORD_ONLY
        yield inspect.Parameter(f.name, kind, default=default, annotation=hints[f.name])
