"""The words that options take, for completion and help, and the endings of files.

The tests hold them to the tables they come from, which take longer to load.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from ..errors import ParseError
from ..legible import quoted

#: What a function or a derivative can be said in.
NOTATIONS = (
    *("text", "json", "index", "matrix", "paper", "vec", "slices", "map", "latex"),
    *("index-latex", "mathml", "index-mathml", "vec-mathml", "slices-mathml", "einsum"),
    *("numpy", "jax", "torch", "julia", "matlab", "eigen", "sympy", "python"),
    *("svg", "tikz", "dot", "mermaid", "diagram", "document"),
)
LANGUAGES = ("numpy", "jax", "torch", "array_api", "julia", "matlab", "eigen")
PICTURES = ("text", "svg", "png", "tikz", "dot", "mermaid", "html", "json")
PLANS = ("text", "json", "svg", "png", "tikz", "dot", "mermaid", "html")
STEPS = ("text", "plain", "latex", "markdown")
FILMS = ("html", "svg", "json", "text")
VALUES = ("text", "json", "csv", "npy")
VERDICTS = ("text", "json")
METHODS = ("differential", "index", "chain", "vec")
LIBRARIES = ("numpy", "opt_einsum", "torch")
READINGS = ("auto", "text", "paper", "latex", "index")
LAYOUTS = ("numerator", "denominator")
ANSWER_LAYOUTS = (*LAYOUTS, "value_first", "variable_first")
CONVENTIONS = ("symmetrised", "free_entries")
VEC_ORDERS = ("F", "C")
DTYPES = ("float64", "float32", "complex128", "complex64")
THEMES = ("light", "dark", "contrast", "auto")
LABELS = ("dots", "all", "none")

#: What a file is written in, after its endings.
_ENDINGS = (
    ("svg", ".svg"),
    ("png", ".png"),
    ("dot", ".dot .gv"),
    ("html", ".html .htm"),
    ("mermaid", ".mmd .mermaid"),
    ("tikz", ".tikz"),
    ("latex", ".tex"),
    ("markdown", ".md"),
    ("text", ".txt"),
    ("json", ".json"),
    ("mathml", ".mml"),
    ("numpy", ".py"),
    ("julia", ".jl"),
    ("matlab", ".m"),
    ("eigen", ".h .hpp .cpp"),
    ("npy", ".npy"),
    ("csv", ".csv"),
)
ENDINGS = {ending: form for form, listed in _ENDINGS for ending in listed.split()}
#: What stands for an ending's notation where that is not among the choices.
INSTEAD = {"latex": "tikz", "markdown": "text"}


def completing(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    """What a shell is told about the words of an option."""

    def begun(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return begun


def one_of(word: str, words: tuple[str, ...], option: str) -> str:
    """A word of an option. Raises `ParseError` for one that is not among them."""
    if word not in words:
        raise ParseError(
            f"{quoted(word)} is not a value of {option}",
            hint=f"one of {', '.join(words)}",
        )
    return word


def form_of(to: str, path: str, words: tuple[str, ...]) -> str:
    """What is written: as asked for, else by the file's ending, else the first of the
    words. Raises `ParseError` for what is not among them, and for an unknown ending."""
    if to:
        return one_of(to, words, "--to")
    if not path:
        return words[0]
    ending = PurePath(path).suffix.lower()
    found = ENDINGS.get(ending, "")
    found = found if found in words else INSTEAD.get(found, found)
    if found not in words:
        raise ParseError(
            f"the ending of {quoted(path)} does not say what to write",
            hint=f"add --to, one of {', '.join(words)}",
        )
    return found
