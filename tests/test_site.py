"""The site: pages become notebooks, every page is reached, no link leads nowhere.

`make docs` builds it whole, and stops at any warning; here is what is quick.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import indexcalc as ic
from docs._site import executed, reference
from docs._site.executed import as_notebook, runs
from docs._site.given import GIVEN
from tests.test_documents import ROOT

DOCS = ROOT / "docs"
TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")


def pages() -> list[Path]:
    found = [*DOCS.rglob("*.md"), *DOCS.rglob("*.ipynb")]
    return sorted(path for path in found if "_site" not in path.parts)


# -- pages as notebooks ----------------------------------------------------------------

PAGE = """# Title

Words.

```python
x = 1
x
```

```text
1
```

## Pictures

```python
picture
```

![A picture.](a.svg)

```python
print(2)
```

More words.

```text
2
```

```python
>>> x + 1
2
```
"""


@pytest.mark.parametrize("module", [executed, reference])
def test_doctests(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_pictures_say_what_they_show() -> None:
    pytest.importorskip("docutils")
    from docs._site.pictures import told

    drawn = ic.parse("A*x", A="m n", x="n").diagram().svg()
    assert told(drawn).startswith("Contraction diagram: one product of A and x.")
    assert told("<svg></svg>") == ""


def test_a_page_becomes_a_notebook() -> None:
    found = as_notebook(PAGE, {"": "import a", "Pictures": "picture = 3"})
    assert found.startswith("---\nfile_format: mystnb\n")
    cells = re.findall(r"```\{code-cell\} python\n(.*?)```", found, re.DOTALL)
    assert cells == [
        ":tags: [remove-cell]\nimport a\n",
        "x = 1\nx\n",
        ":tags: [remove-cell]\npicture = 3\n",
        ":tags: [remove-output]\npicture\n",
        ":tags: [remove-output]\nprint(2)\n",
        ":tags: [remove-cell]\nx + 1\n",
    ]
    assert "```text\n1\n" not in found, "the site shows what the cell printed"
    assert "```text\n2\n" in found, "words stand between the cell and this"
    assert "![A picture.](a.svg)" in found
    assert "```pycon\n>>> x + 1\n" in found
    assert found.index("# Title") < found.index("import a") < found.index("Words.")


def test_a_page_without_code_stays() -> None:
    assert not runs("# A\n\n```text\n1\n```\n")
    assert runs(PAGE)


def test_what_is_given_has_a_place() -> None:
    for name in GIVEN:
        file, _, heading = name.partition("#")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not heading or f"\n## {heading}\n" in text, name


# -- all of them -----------------------------------------------------------------------


def listed(page: Path) -> Iterator[Path]:
    """The pages that the trees of contents of a page lead to."""
    text = page.read_text(encoding="utf-8")
    for tree in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
        for line in tree.splitlines():
            entry = line.partition("<")[2].rstrip(">") or line
            if entry and not entry.startswith(":"):
                yield from page.parent.glob(f"{entry}.md")
                yield from page.parent.glob(f"{entry}.ipynb")


def test_every_page_is_reached() -> None:
    reached, waiting = set[Path](), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += listed(page) if page.suffix == ".md" else []
    assert [p for p in pages() if p not in reached] == []


@pytest.mark.parametrize("entry", ["docs/index.md", "docs/reference/index.md"])
def test_contents_name_pages(entry: str) -> None:
    page = ROOT / entry
    text = page.read_text(encoding="utf-8")
    tree = re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)[0]
    entries = [line for line in tree.splitlines() if line and line[0] != ":"]
    assert len(list(listed(page))) == len(entries)


LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def bare(text: str) -> str:
    """A page without code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^```.*?^```", "", text))


def anchors(text: str) -> set[str]:
    """The places of a page that links may name."""
    heads = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize(
    "file", [*TOP, *(str(p.relative_to(ROOT)) for p in pages() if p.suffix == ".md")]
)
def test_links_lead_somewhere(file: str) -> None:
    path = ROOT / file
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(bare(text)):
        if re.match(r"[a-z]+:", target):
            continue
        where, _, place = target.partition("#")
        found = (path.parent / where).resolve() if where else path
        assert found.exists(), f"{file}: {target}"
        if place and found.suffix == ".md":
            heads = anchors(found.read_text(encoding="utf-8"))
            assert place in heads, f"{file}: {target}"


def test_pages_that_are_not_run_are_there() -> None:
    tree = ast.parse((DOCS / "conf.py").read_text(encoding="utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if node.targets[0].id in ("STATIC", "OUTSIDE")
    }
    for page, reason in values["STATIC"].items():
        assert (DOCS / f"{page}.md").exists()
        assert reason
    for page, file in values["OUTSIDE"].items():
        assert (DOCS / f"{page}.md").exists()
        assert (ROOT / file).exists()
