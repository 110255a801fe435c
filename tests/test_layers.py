"""Layers: a module imports only modules listed before it; lazy imports count."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "indexcalc"

#: From the bottom up. A subpackage is one layer; inside it imports go one way too.
ORDER = [
    "legible",
    "marked",
    "errors",
    "files",
    "mathml_forms",
    "formula_image",
    "unions",
    "labelling",
    "contraction",
    "pairwise",
    "kernels_sparse",
    "kernels_spectral",
    "kernels_symmetric",
    "kernels_solving",
    "postfix",
    "sympy_scalars",
    "defined",
    "kernels",
    "given",
    "sizes",
    "coefficients",
    "latex_names",
    "nodes",
    "network",
    "expr",
    "functions",
    "complexes",
    "matrix_functions",
    "structure_matrices",
    "spectral",
    "structure",
    "structure_laws",
    "derivative",
    "substitute",
    "complex_derivative",
    "forms",
    "matrix_laws",
    "laws",
    "power_laws",
    "domains",
    "matrix",
    "matrix_calculus",
    "regular",
    "simplify",
    "expansion",
    "honest",
    "recognise",
    "einsum_spec",
    "index",
    "broadcasting",
    "rows",
    "numpy_arguments",
    "numpy_shapes",
    "numpy_indexing",
    "numpy_diagonals",
    "numpy_joining",
    "numpy_products",
    "numpy_reductions",
    "numpy_ufuncs",
    "written_out",
    "numpy_choices",
    "numpy_linalg",
    "numpy_calls",
    "text",
    "hidden_sums",
    "index_walk",
    "index_text",
    "lowered",
    "distribute",
    "diagonals",
    "sparse_products",
    "plan",
    "planning",
    "binding",
    "evaluate",
    "structured",
    "comparison",
    "einsum_names",
    "einsum_spectral",
    "einsum_spelling",
    "einsum_header",
    "einsum_text",
    "codegen",
    "backends",
    "workspace",
    "variants",
    "holding",
    "documents",
    "planned",
    "calling",
    "compiled",
    "structured_function",
    "index_latex",
    "formula",
    "words",
    "steps",
    "sympy_forms",
    "diagrams",
    "drawing",
    "pictures",
    "reports",
    "operators",
    "notebook",
    "notations",
    "differentiation",
    "distributed",
    "ways",
    "execution",
    "face",
    "judging",
    "known",
    "ways_in",
    "from_diagrams",
    "from_documents",
    "questions",
    "asking",
    "numpy",
    "web",
    "__init__",
    "cli",
    "__main__",
]


def package_of(path: Path) -> tuple[str, ...]:
    """The package a file's relative imports start from."""
    return ("indexcalc", *path.relative_to(PACKAGE).parts[:-1])


def imported(path: Path) -> set[tuple[str, ...]]:
    """The modules of ours that a file imports, at any depth, as dotted parts."""
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names = tuple(node.module.split(".")) if node.module else ()
            here = package_of(path)
            up = len(here) - node.level + 1
            base = (*here[:up], *names) if node.level else names
            found |= {_module(base, alias.name) for alias in node.names}
    return {parts for parts in found if parts[0] == "indexcalc"}


def _module(base: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The module that `from base import name` reads."""
    inner = PACKAGE.joinpath(*base[1:], name)
    is_module = inner.is_dir() or inner.with_suffix(".py").exists()
    return (*base, name) if is_module else base


def layer(parts: tuple[str, ...]) -> str:
    """The name in `ORDER` of a module."""
    return parts[1] if len(parts) > 1 else "__init__"


def files() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> tuple[str, ...]:
    """The dotted parts of a file's module."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ("indexcalc", *(part for part in parts if part != "__init__"))


def test_the_list_is_the_package() -> None:
    """Every module is listed, once."""
    assert len(set(ORDER)) == len(ORDER)
    assert {layer(module_of(path)) for path in files()} <= set(ORDER)


@pytest.mark.parametrize("path", files(), ids=lambda p: ".".join(module_of(p)[1:]))
def test_imports_go_down(path: Path) -> None:
    """Nothing is imported from the same layer's rest or from above."""
    here = layer(module_of(path))
    below = set(ORDER[: ORDER.index(here)])
    above = {layer(parts) for parts in imported(path)} - below - {here}
    assert not above, f"{here} imports {', '.join(sorted(above))}"


def test_subpackages_have_no_cycles() -> None:
    """Inside a subpackage imports go one way as well."""
    known = {module_of(path): imported(path) for path in files()}
    for package in {module for module in known if len(module) == 3}:
        inside = {m: {i for i in known[m] if i[:2] == package[:2]} for m in known}
        left = {m: needs for m, needs in inside.items() if m[:2] == package[:2]}
        while left:
            free = [m for m, needs in left.items() if not (needs & set(left)) - {m}]
            assert free, f"a cycle among {sorted('.'.join(m) for m in left)}"
            left = {m: needs for m, needs in left.items() if m not in free}


def test_a_lazy_import_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports inside functions are found, absolute and relative ones."""
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    (tmp_path / "face.py").write_text("")
    source = tmp_path / "plan.py"
    source.write_text("def f():\n    from . import face\n    import indexcalc.errors\n")
    assert imported(source) == {("indexcalc", "face"), ("indexcalc", "errors")}
