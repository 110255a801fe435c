"""The command line: what it prints where, its exit codes, and what it refuses."""

from __future__ import annotations

import io
import json
import os
import pickle
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexcalc import codegen, steps
from indexcalc.asking import asked, notation
from indexcalc.cli import choices, main
from indexcalc.cli.app import COMMANDS, EXAMPLES, SHORT, command
from indexcalc.cli.refusals import DONE, INTERRUPTED, NO, UNREAD, USAGE, guarded
from indexcalc.cli.terminal import Row, rows, spelled
from indexcalc.errors import InternalError
from tests.hostile_names import HOSTILE

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command: its exit code, standard output, standard error."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return ran


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


# -- derivatives -----------------------------------------------------------------------


def test_a_derivative_tells_what_it_is_of(run: Run) -> None:
    code, out, err = run("diff", "norm2(A*x-b)^2", "--wrt", "x")
    assert (code, err) == (DONE, "")
    assert out.splitlines() == [
        "f = ‖Ax − b‖²",
        "  A  m×n matrix, inferred",
        "  x  n vector, inferred",
        "  b  m vector, inferred",
        "",
        "∂f/∂x = 2Aᵀ(Ax − b)",
        "  shape  n (axis i of x)",
        "  index  -2 A_ji (b_j - A_jk x_k)",
    ]


def test_without_a_variable_there_are_all(run: Run) -> None:
    _, out, _ = run("diff", "x'*A*x")
    assert "∂f/∂x = (A + Aᵀ)x" in out
    assert "∂f/∂A = xxᵀ" in out


def test_variables_may_stand_behind(run: Run) -> None:
    assert run("diff", "x'*A*x", "x") == run("diff", "x'*A*x", "--wrt", "x")
    assert "∂²f/∂x∂y = A" in run("hessian", "x'*A*y", "x", "y")[1]
    assert run("check", "x'*A*x", "(A + A')*x", "x")[0] == DONE
    assert run("code", "x'*A*x", "A")[1].startswith("def f(x):")


def test_more_axes_are_told_over_vec_and_by_slices(run: Run) -> None:
    _, out, _ = run("diff", "(X.*A)*ones(p)", "--wrt", "A")
    for part in ("H(m)X", "H_ijk = 1", "X•I_m", "numerator layout", "X_ij e_i"):
        assert part in out
    _, out, _ = run(
        *("diff", "(X.*A)*ones(p)", "--wrt", "A", "--layout", "denominator"),
        *("--vec-order", "C"),
    )
    assert "denominator layout" in out
    assert "row-major" in out


@pytest.mark.parametrize("name", choices.NOTATIONS)
def test_every_notation_alone(run: Run, name: str) -> None:
    """Standard output holds the answer and nothing else."""
    if "mathml" in name:
        pytest.importorskip("latex2mathml")
    code, out, err = run("diff", "A*x", "--wrt", "x", "--to", name)
    assert code == DONE
    assert out.strip()
    assert "inferred" in (out if name in ("text", "json") else err) or name == "json"
    if name in ("svg", "mathml"):
        assert out.startswith("<")
    if name in ("json", "document"):
        json.loads(out)


def test_a_program_from_a_pipe_is_a_program(run: Run) -> None:
    _, out, err = run("diff", "norm2(A*x-b)^2", "-w", "x", "-t", "numpy")
    scope: dict[str, object] = {}
    exec(out, scope)
    rng = np.random.default_rng(0)
    A, x, b = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4)
    found = scope["f"](A=A, x=x, b=b)  # type: ignore[operator]
    np.testing.assert_allclose(found, 2 * A.T @ (A @ x - b))
    assert err == "inferred: A: m×n matrix; x: n vector; b: m vector\n"
    assert run("diff", "A*x", "-w", "x", "-t", "numpy", "-q")[2] == ""


def test_several_answers_say_their_order(run: Run) -> None:
    _, out, err = run("diff", "x'*A*x", "--to", "matrix")
    assert out.splitlines() == ["(A + A')*x", "x*x'"]
    assert "in this order: ∂f/∂x, ∂f/∂A" in err
    code, out, err = run("diff", "x'*A*x", "--to", "svg")
    assert (code, out) == (USAGE, "")
    assert "--wrt x" in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\nabla_x \|Ax-b\|^2", "2Aᵀ(Ax − b)"),
        ("xᵀAx", "(A + Aᵀ)x"),
        ("y = x'*A*x", "(A + Aᵀ)x"),
        ("-x'*x", "−2x"),
    ],
)
def test_any_notation_is_read(run: Run, text: str, expected: str) -> None:
    assert f"∂f/∂x = {expected}" in run("diff", text, "--wrt", "x")[1]


def test_index_notation(run: Run) -> None:
    code, out, _ = run(
        *("diff", "A_ij x_j", "--notation", "index", "--out", "i", "--wrt", "x"),
        *("--shape", "A: m n; x: n"),
    )
    assert code == DONE
    assert "∂y/∂x = A" in out


def test_shapes(run: Run) -> None:
    _, out, _ = run("diff", "tr(X*A)", "-s", "X, A: n n", "-s", "c:", "-w", "X")
    assert "n×n matrix\n" in out
    _, out, _ = run("diff", "x'*A*x", "-w", "x", "-s", "A: symmetric matrix")
    assert "symmetric matrix, sizes inferred" in out
    assert "= 2Ax" in out
    code, _, err = run("diff", "A*x", "--no-infer", "-w", "x")
    assert code == USAGE
    assert "A" in err


def test_hessians(run: Run) -> None:
    _, out, _ = run("hessian", "norm2(A*x-b)^2", "--wrt", "x")
    assert "∂²f/∂x² = 2AᵀA" in out
    _, out, _ = run("hessian", "x'*A*y", "--wrt", "x", "--wrt", "y", "--verify")
    assert "∂²f/∂x∂y = A\n" in out
    assert "the derivative by x, y agrees" in out
    _, out, _ = run("hessian", "x'*A*y", "--wrt", "x,y", "--to", "json")
    (only,) = json.loads(out)["answers"]
    assert only["said"]["paper"] == {"text": "A"}
    assert run("hessian", "x'*A*y", "-w", "x", "-w", "y", "-w", "A")[0] == USAGE


def test_orders(run: Run) -> None:
    assert "∂³f/∂x³" in run("diff", "sum(x.^4)", "--wrt", "x", "--order", "3")[1]
    assert run("diff", "x'*x", "--order", "0", "--to", "matrix")[1] == "x'*x\n"
    assert run("diff", "x'*x", "--order", "9")[0] == USAGE


def test_all_ways_and_parts(run: Run) -> None:
    _, out, _ = run("diff", "A*x", "--wrt", "x", "--all")
    for name in ("index", "paper", "vec", "latex", "einsum", "numpy", "jax", "julia"):
        assert f"\n  {name}" in out
    _, out, _ = run("hessian", "norm2(A*x - b)", "--wrt", "x", "--parts")
    assert "where u = Ax − b" in out


def test_verification(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run("diff", "logdet(X)", "-w", "X", "--verify")
    assert code == DONE
    assert "agrees with differences" in out
    monkeypatch.setattr("indexcalc.asking.verification.TOLERANCE", 0.0)
    code, _, err = run("diff", "logdet(X)", "-w", "X", "--verify", "--to", "latex")
    assert code == NO
    assert "DIFFERS" in err
    refused = run(
        *("diff", "x'*A*x", "-w", "A", "-s", "A: symmetric matrix", "--verify"),
        *("--convention", "free_entries"),
    )
    assert refused[0] == NO


# -- the other commands ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("(A + A')*x", DONE, "Right"),
        ("x'*(A + A')", DONE, "another layout"),
        ("2*A*x", NO, "Right if A is symmetric"),
        ("-(A + A')*x", NO, "sign"),
        (r"(A + A^\top)x", DONE, "Right"),
        ("(A + A')*", USAGE, "^"),
    ],
)
def test_check(run: Run, answer: str, code: int, said: str) -> None:
    found, out, err = run("check", "x'*A*x", answer, "--wrt", "x")
    assert found == code
    assert said in out + err


def test_check_in_a_layout_and_as_data(run: Run) -> None:
    row = ("check", "x'*A*x", "x'*(A + A')", "--wrt", "x")
    assert run(*row, "--layout", "denominator")[0] == NO
    assert run(*row, "--layout", "numerator")[0] == DONE
    code, out, _ = run("check", "x'*A*x", "2*A*x", "-w", "x", "--to", "json")
    data = json.loads(out)
    assert (code, data["kind"], data["right"]) == (NO, "assumption", False)
    assert data["witness"]["expected"] != data["witness"]["given"]
    assert run("check", "x'*A*x", "A + A'", "-w", "x", "-n", "2")[0] == DONE
    assert run("check", "x'*A*x", "2*x")[0] == USAGE


@pytest.mark.parametrize("method", choices.METHODS)
def test_steps(run: Run, method: str) -> None:
    code, out, _ = run("steps", "tr(A*X*B)", "--wrt", "X", "--method", method)
    assert code == DONE
    assert "[" in out
    for form in choices.STEPS[1:]:
        assert run("steps", "tr(A*X*B)", "-w", "X", "-m", method, "-t", form)[1]


def test_films(run: Run, tmp_path: Path) -> None:
    for ending in ("html", "svg", "json", "txt"):
        path = tmp_path / f"film.{ending}"
        code, out, err = run("steps", "tr(A*X*B)", "-w", "X", "--film", str(path))
        assert (code, out) == (DONE, "")
        assert f"wrote {path}" in err
        assert path.stat().st_size > 100
    assert run("steps", "x'*x", "--film", str(tmp_path / "film.doc"))[0] == USAGE


def test_diagrams(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("diagram", "tr(A*B*C)")
    assert "A" in out
    assert "─" in out
    for ending in ("svg", "tex", "dot", "mmd", "html", "json", "txt"):
        path = tmp_path / f"drawn.{ending}"
        assert run("diagram", "A*x", "--wrt", "x", "-o", str(path))[0] == DONE
        assert path.stat().st_size > 10
    assert r"\begin{tikzpicture}" in (tmp_path / "drawn.tex").read_text()
    _, whole, _ = run("diagram", "A*x", "--to", "tikz", "--standalone")
    assert r"\documentclass" in whole
    looped = run("diagram", "(X.*A)*ones(p)", "--by", "A", "--unfused", "-t", "svg")
    assert looped[1].startswith("<svg")
    assert run("diagram", "ij,jk,ki->", "-t", "svg", "--legend")[1].startswith("<svg")
    assert run("diagram", "A*x", "--by", "q")[0] == USAGE


def test_einsum(run: Run) -> None:
    _, out, _ = run("einsum", "x'*A*x", "--wrt", "A")
    assert out == 'np.einsum("i,j->ij", x, x)\n'
    _, out, _ = run("einsum", "x'*A*x", "--order", "1")
    assert "# ∂f/∂x" in out
    assert "# ∂f/∂A" in out
    code, out, _ = run("einsum", "ij,jk->ik", "P", "Q")
    assert code == DONE
    assert "PQ" in out
    assert "i×k" in out
    assert run("einsum", "A*x", "P")[0] == USAGE
    assert run("einsum", "ij,jk->iz")[0] in (DONE, USAGE)
    assert run("einsum", "ij,->->")[0] == USAGE


def test_code(run: Run, tmp_path: Path) -> None:
    for language in choices.LANGUAGES:
        code, out, _ = run("code", "norm2(A*x-b)^2", "-w", "x", "--to", language)
        assert code == DONE
        assert "f" in out
    path = tmp_path / "gradient.jl"
    run("code", "norm2(A*x-b)^2", "-w", "x", "-o", str(path), "--name", "g")
    assert "function g(A, b, x)" in path.read_text(encoding="utf-8")
    _, out, _ = run("code", "x'*A*x", "--order", "1")
    assert "def f_x(" in out
    assert "def f_A(" in out


def test_plans(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("plan", "A*B*x", "--size", "m=1000,n=500", "--size", "p=20")
    assert code == DONE
    assert "m=1000, n=500, p=20" in out
    data = json.loads(run("plan", "A*B*x", "--to", "json")[1])
    assert data["flops"] > 0
    assert run("plan", "A*B*x", "-o", str(tmp_path / "p.svg"))[0] == DONE
    assert run("plan", "A*B*x", "--size", "q=10")[0] == USAGE
    assert run("plan", "A*B*x", "--size", "m=ten")[0] == USAGE
    assert run("plan", "A*B", "--size", "m=100000", "--memory-limit", "1kB")[0] == NO
    assert run("plan", "A*B*x", "--dtype", "thing")[0] == USAGE
    assert run("plan", "A*B*x", "--memory-limit", "much")[0] == USAGE


# -- eval ------------------------------------------------------------------------------


@pytest.fixture
def arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of arrays in the current directory."""
    monkeypatch.chdir(tmp_path)
    np.save("A.npy", np.array([[2.0, 1.0], [1.0, 3.0]]))
    np.save("T.npy", np.ones((2, 3, 4)))
    np.savez("all.npz", A=np.eye(2), x=np.array([1.0, 2.0]), spare=np.ones(3))
    np.save("objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez("objects.npz", x=np.array([{}], dtype=object), allow_pickle=True)
    Path("pickle.npy").write_bytes(pickle.dumps([1.0, 2.0]))
    Path("x.csv").write_text("value\n1\n2\n")
    Path("B.csv").write_text("# a table\na;b\n1;2\n\n3;4.5e0\n")
    Path("wrong.csv").write_text("1,2\n3,four\n")
    Path("ragged.csv").write_text("1,2\n3\n")
    Path("empty.csv").write_text("")
    Path("names.csv").write_text('"1,5";"2"\n')
    for pipe in ("pipe.npy", "pipe.csv"):
        os.mkfifo(pipe)
    Path("empty.npy").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("x'*A*x", "A=[[2,1],[1,3]]", "x=[1,2]"), 18.0),
        (("x'*A*x", "A=A.npy", "x=x.csv"), 18.0),
        (("x'*A*x", "all.npz"), 5.0),
        (("x'*A*x", "A=A.npy", "x=x.csv", "--wrt", "x"), [8.0, 14.0]),
        (("x'*A*x", "A=A.npy", "x=x.csv", "--wrt", "x", "-n", "2"), [[4, 2], [2, 6]]),
        (("B*x", "B=B.csv", "x=all.npz"), [5.0, 12.0]),
        (("a*b", "a=2", "b=-1.5"), -3.0),
        (("norm2(X)", "X=[3,4]"), 5.0),
        (("sum(T)", "T=T.npy"), 24.0),
        (("eye(n)*c", "c=2", "--size", "n=2"), [[2, 0], [0, 2]]),
        (("tr(X*Y)", "X=A.npy", "Y=A.npy", "--memory-limit", "1GB"), 15.0),
    ],
)
def test_values(
    run: Run, arrays: Path, arguments: tuple[str, ...], expected: object
) -> None:
    code, out, _ = run("eval", *arguments, "--to", "json")
    assert code == DONE
    assert json.loads(out) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("A*x", "A=A.npy"), "no value is given for x"),
        (("A*x", "A=A.npy", "x=x.csv", "y=1"), "has no variable 'y'"),
        (("A*x", "A=A.npy", "x=[1,2,3]"), "length 3"),
        (("A*x", "A=A.npy", "x=objects.npy"), "without objects"),
        (("A*x", "A=A.npy", "x=objects.npz"), "without objects"),
        (("A*x", "A=A.npy", "x=pickle.npy"), "without objects"),
        (("A*x", "A=A.npy", "x=empty.npy"), "cannot be read"),
        (("A*x", "A=A.npy", "x=missing.npy"), "missing.npy"),
        (("A*x", "A=A.npy", "x=wrong.csv"), "line 2, cell 2 is no number: 'four'"),
        (("A*x", "A=A.npy", "x=ragged.csv"), "line 2 has 1 cells"),
        (("A*x", "A=A.npy", "x=empty.csv"), "no numbers"),
        (("A*x", "A=A.npy", "x=names.csv"), "a line of names"),
        (("A*x", "A=A.npy", "x=pipe.npy"), "no file that can be read whole"),
        (("A*x", "A=A.npy", "x=pipe.csv"), "no file that can be read whole"),
        (("A*x", "A=A.npy", "x=[[1],[2,3]]"), "no value for 'x'"),
        (("A*x", "A=A.npy", "x=__import__('os')"), "no value for 'x'"),
        (("A*x", "A=A.npy", "A=A.npy"), "given twice"),
        (("A*x", "A.npy"), "gives no value"),
        (("A*x", "A=all.npz", "x=all.npz", "spare=all.npz"), "has no variable 'spare'"),
    ],
)
def test_refused_values(
    run: Run, arrays: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run("eval", *arguments)
    assert (code, out) == (USAGE, "")
    assert said in err


def test_values_in_files(run: Run, arrays: Path) -> None:
    given = ("eval", "A*x", "A=A.npy", "x=x.csv")
    assert run(*given, "-o", "out.csv")[0] == DONE
    assert Path("out.csv").read_text() == "4.0\n7.0\n"
    assert run(*given, "-o", "out.npy")[0] == DONE
    assert np.load("out.npy").tolist() == [4.0, 7.0]
    assert run(*given, "-o", "nowhere/out.npy")[0] == USAGE
    assert run(*given, "-o", ".")[0] == USAGE
    assert run("eval", "T", "T=T.npy", "-o", "out.csv")[0] == NO
    assert run("eval", "a*b", "a=1j", "b=2", "--to", "csv")[1] == "2j\n"
    assert run("eval", "a*b", "a=1j", "b=2", "--to", "json")[0] == NO
    assert run(*given, "--to", "npy")[0] == USAGE


def test_what_is_too_large_goes_to_its_file_by_blocks(run: Run, arrays: Path) -> None:
    np.save("u.npy", np.arange(2000.0))
    given = ("eval", "u*u'", "u=u.npy", "--memory-limit", "4MB", "-q")
    code, _, err = run(*given)
    assert code == NO
    assert "memory" in err
    assert run(*given, "-o", "out.npy")[0] == DONE
    found = np.load("out.npy", mmap_mode="r")
    assert found.shape == (2000, 2000)
    assert found[1999, 3] == 1999 * 3


def test_outside_the_domain_is_said(run: Run) -> None:
    code, out, err = run("eval", "log(x)", "x=[-1,1]")
    assert (code, out) == (DONE, "[nan  0.]\n")
    assert "1 of 2 entries are not finite" in err


# -- refusals --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "A*(x"), "  A*(x\n    ^"),
        (("diff", "-A*(x"), "  -A*(x\n     ^"),
        (("diff", "A*B", "-s", "A, B: n p"), "inner sizes"),
        (("diff", "x'*x", "--wrt", "q"), "no variable 'q'"),
        (("diff", "x'*x", "--to", "morse"), "'morse' is not a value of --to"),
        (("diff", "x'*x", "--layout", "sideways"), "--layout"),
        (("diff", "x'*x", "-o", "x.doc"), "add --to"),
        (("diff", "x'*x", "--shape", "x"), "needs a colon"),
        (("diff", ""), "empty"),
        (("diff", "x'*x", "--worng"), "No such option"),
        (("diff",), "Missing argument"),
        (("frobnicate",), "No such command"),
        (("diff", "3"), "no variable to differentiate by"),
    ],
)
def test_what_is_not_rightly_asked(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (USAGE, "")
    assert said in err


def test_what_cannot_be_done(run: Run) -> None:
    code, out, err = run("diff", "eigvals(A)", "-w", "A", "-n", "4", "-t", "matrix")
    assert code in (NO, USAGE)
    assert out == ""
    assert err.startswith("error: ")


def test_a_bug_of_ours_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise KeyError("[red]oops\x1b[31m")

    assert guarded(broken) == NO
    said = capsys.readouterr().err
    assert "please report" in said
    assert "Traceback" not in said
    assert "\x1b" not in said

    def ours() -> int:
        raise InternalError("two and two are five")

    assert guarded(ours) == NO
    assert "two and two are five" in capsys.readouterr().err


def test_a_traceback_where_it_is_wanted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("here")

    monkeypatch.setattr("indexcalc.cli.differentiating.targets", broken)
    assert "Traceback" in run("diff", "x'*x", "--traceback")[2]
    assert "Traceback" not in run("diff", "x'*x")[2]


def test_interruption_and_a_closed_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert guarded(interrupted) == INTERRUPTED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", _Closed())
        assert main(["diff", "x'*x"]) == UNREAD
    assert capsys.readouterr().err == ""


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


# -- input and output ------------------------------------------------------------------


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x'*A*x\n"))
    assert run("diff", "-", "-w", "x", "-t", "matrix")[1] == "(A + A')*x\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("(A + A')*x\n"))
    assert run("check", "x'*A*x", "-", "-w", "x")[0] == DONE
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\xff")))
    assert run("diff", "-")[0] == USAGE
    monkeypatch.setattr(sys, "stdin", io.StringIO("x" * 1_000_001))
    assert run("diff", "-")[0] == USAGE


def test_files_are_whole_or_as_they_were(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "g.tex"
    assert run("diff", "x'*A*x", "-w", "x", "-o", str(path))[:2] == (DONE, "")
    assert path.read_text(encoding="utf-8") == "\\left(A + A^{\\top}\\right) x\n"
    assert run("diff", "x'*A*x", "-w", "nobody", "-o", str(path))[0] == USAGE
    assert path.read_text(encoding="utf-8").startswith("\\left")
    told = tmp_path / "told.txt"
    run("diff", "x'*A*x", "-w", "x", "-o", str(told))
    assert "∂f/∂x = (A + Aᵀ)x" in told.read_text(encoding="utf-8")
    assert run("diff", "x'*x", "-o", str(tmp_path))[0] == USAGE


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_harmless(run: Run, name: str) -> None:
    """In every place of a command line; nothing that writes to a terminal gets out."""
    for arguments in (
        ("diff", name),
        ("diff", "x'*x", "--wrt", name),
        ("diff", "x'*x", "--shape", f"{name}: n"),
        ("check", "x'*x", name, "--wrt", "x"),
        ("eval", "x'*x", f"{name}=1"),
        ("eval", "x'*x", f"x={name}"),
    ):
        code, out, err = run(*arguments)
        assert code in (DONE, NO, USAGE)
        assert "please report" not in err
        assert "\x1b" not in out + err
        assert "\u202e" not in out + err


def test_a_terminal_gets_colours_and_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    row = Row("index", " ".join(["[red]word"] * 12), "formula")
    seen = Terminal()
    rows([row, Row("x", "a\x1b]0;title\x07\u202eb")], seen)
    assert "\x1b[" in seen.getvalue()
    assert "\x1b]" not in seen.getvalue()
    assert r"a\x1b]0;title\x07\u202eb" in seen.getvalue()
    assert seen.getvalue().count("[red]word") == 12
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    rows([row], plain)
    assert "\x1b" not in plain.getvalue()
    assert all(len(line) <= 40 for line in plain.getvalue().splitlines())
    piped = io.StringIO()
    rows([row], piped)
    assert len(piped.getvalue().splitlines()) == 1


def test_poor_consoles() -> None:
    assert spelled("∂y/∂A = δ_ij Xᵀ⁻¹", "ascii") == "dy/dA = delta_ij X'^-1"
    assert spelled("∂½ λ×漢", "latin-1") == "d½ lamda×\\u6f22"
    assert spelled("δ", "utf-8") == "δ"


# -- the program as a whole ------------------------------------------------------------


def test_alone_it_shows_five_examples(run: Run) -> None:
    code, out, _ = run()
    assert code == DONE
    assert len(EXAMPLES) == 5
    for _, line in EXAMPLES:
        assert f"indexcalc {line}\n" in out


@pytest.mark.parametrize("line", [line for _, line in EXAMPLES])
def test_the_examples(run: Run, line: str) -> None:
    code, out, _ = run(*shlex.split(line))
    assert code == DONE
    assert out.strip()


def test_an_expression_alone(run: Run) -> None:
    assert "∂f/∂x = (A + Aᵀ)x" in run("x'*A*x")[1]
    assert "∂f/∂x = −2x" in run("-x'*x")[1]
    assert "∂f/∂x = −2x" in run("diff", "--", "-x'*x")[1]


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_help(run: Run, row: object) -> None:
    name = row.name  # type: ignore[attr-defined]
    code, out, _ = run(name, "--help")
    assert code == DONE
    assert f"indexcalc {name}" in out
    assert out.isprintable() or out.replace("\n", "").isprintable()


def test_the_words_of_options_are_those_of_the_tables() -> None:
    assert {"text", "json"} | set(notation.NOTATIONS) == set(choices.NOTATIONS)
    assert tuple(steps.derive.METHODS) == choices.METHODS
    assert asked.NOTATIONS == choices.READINGS
    assert set(choices.LANGUAGES) <= set(codegen.languages.LANGUAGES)
    letters = {
        name
        for sub in command().commands.values()
        for parameter in sub.params
        for name in parameter.opts
        if len(name) == 2
    }
    assert letters <= SHORT


def test_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choices.completing(choices.NOTATIONS)("ju") == ["julia"]
    done = _process(
        *(),
        _INDEXCALC_COMPLETE="complete_bash",
        COMP_WORDS="indexcalc diff x --to ju",
        COMP_CWORD="4",
    )
    assert done.stdout.split() == ["julia"]


def _process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "indexcalc", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_as_a_process() -> None:
    done = _process("diff", "(X.*A)*ones(p)", "-w", "A", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert "dy/dA = H(m)*X" in done.stdout
    assert "delta_ij X_ik" in done.stdout
    wrong = _process("check", "x'*x", "x", "-w", "x", "-q")
    assert wrong.returncode == NO
    assert wrong.stdout.startswith("Off by a factor")


def test_help_loads_nothing_that_it_does_not_need() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys\nfrom indexcalc.cli import main\nmain(['--help'])\n"
            "print(sorted({'sympy', 'networkx', 'lark', 'indexcalc.asking'} "
            "& set(sys.modules)))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
