"""How the site is built: `make docs`, or `sphinx-build -W -b html docs build/docs`.

Everything runs while it is built, nothing is fetched, and formulas are MathML, so the
pages need no network.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from _site.executed import as_notebook, runs  # noqa: E402
from _site.given import GIVEN, IMPORTS  # noqa: E402

import indexcalc  # noqa: E402

#: What the kernels that run the pages find: the package, their kind, what comes first.
os.environ["PYTHONPATH"] = str(ROOT)
os.environ["JUPYTER_PATH"] = str(ROOT / "docs" / "_site")
os.environ["PYTHONSTARTUP"] = str(ROOT / "docs" / "_site" / "startup.py")

project = "indexcalc"
author = "the authors of indexcalc"
copyright = f"{author}, MIT licence"
release = version = indexcalc.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "_site.mathml",
    "_site.pictures",
    "_site.reference",
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_site", "_static"]
smartquotes = False
add_module_names = False

html_theme = "furo"
html_title = f"indexcalc {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
pygments_style, pygments_dark_style = "friendly", "github-dark"

myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_kernel_rgx_aliases = {"python3": "site"}
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_render_markdown_format = "myst"
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True

#: Pages whose Python the site does not run, with the reason; the tests run it.
STATIC = {"how-to/large": "it starts a cluster"}

#: Pages that are files outside this folder.
OUTSIDE = {
    "readme": "README.md",
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
}
PAGES = {file: f"docs/{page}.md" for page, file in OUTSIDE.items()}


#: Where a link leads: its words, its file, and the place there.
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def linked(text: str, file: str, page: str) -> str:
    """A text whose links lead to pages; to a file that is no page, they are words."""

    def rule(link: re.Match[str]) -> str:
        words, target, place = link.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), target))
        if not (ROOT / path).exists():
            return link[0]
        path = PAGES.get(path, path)
        if not path.startswith("docs/"):
            return f"{words} (`{path}`)" if words != path else f"`{path}`"
        here = posixpath.dirname(f"docs/{page}")
        return f"[{words}]({posixpath.relpath(path, here)}{place or ''})"

    return LINK.sub(rule, text)


def given_to(file: str) -> dict[str, str]:
    """What the sections of a file take as given, by heading."""
    named = [name.partition("#") for name in GIVEN]
    found = {head: GIVEN[f"{of}{at}{head}"] for of, at, head in named if of == file}
    return {**found, "": IMPORTS + found.get("", "")}


def read(app: Any, page: str, source: list[str]) -> None:
    """Makes a notebook of a page whose Python runs, and its links those of pages."""
    if Path(app.env.doc2path(page)).suffix != ".md":
        return
    file = OUTSIDE.get(page, f"docs/{page}.md")
    text = linked((ROOT / file).read_text(encoding="utf-8"), file, page)
    code = page not in STATIC and runs(text)
    source[0] = as_notebook(text, given_to(file)) if code else text


def setup(app: Any) -> None:
    """Reads pages by `read`."""
    app.connect("source-read", read)
