r"""Formulas as MathML and SVG, for pages and notebooks that do not run TeX.

The converters are an extra, `pip install indexcalc[math]`, and are loaded when a
formula is converted. Whatever a formula holds, it is escaped: a formula is never more
than a formula.

>>> mathml(r"x_{i}").startswith("<math"), "<b>" in mathml(r"\text{<b>}")
(True, False)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import ParseError, UnsupportedError
from .mathml_forms import mended


def mathml(latex: str) -> str:
    r"""The formula as MathML.

    Raises `UnsupportedError` where latex2mathml is not installed, `ParseError` for a
    formula it does not know.
    """
    return str(_converted("latex2mathml.converter", latex, lambda m: _drawn(m, latex)))


def _drawn(converter: Any, latex: str) -> str:
    """What is converted, its texts escaped and its code points kept, set well."""
    from xml.etree.ElementTree import tostring

    escaped = tostring(converter.convert_to_element(latex), encoding="unicode")
    return mended(escaped.replace("&amp;#x", "&#x"))


def svg(latex: str) -> str:
    r"""The formula as an SVG drawing.

    Raises `UnsupportedError` where ziamath is not installed, `ParseError` for a formula
    it does not know.
    """
    return str(_converted("ziamath", latex, lambda m: m.Latex(latex).svg()))


def _converted(module: str, latex: str, convert: Any) -> object:
    try:
        library = import_module(module)
    except ImportError:
        raise UnsupportedError(
            f"{module.partition('.')[0]} is needed to convert a formula",
            hint="pip install indexcalc[math]",
        ) from None
    try:
        return convert(library)
    except Exception as error:  # the converters raise whatever they met
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ParseError(
            f"this formula could not be converted: {reason}", text=latex, position=0
        ) from error
