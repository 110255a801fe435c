"""Do the tests notice? Mutants drawn at random from the engine, and what kills them.

    python -m tests.trust.mutation --count 100 --seed 2026
    python -m tests.trust.mutation --list                    every site
    python -m tests.trust.mutation --only planning/pairs     of these modules

Each mutant is one change at one site (`mutation_sites`) in a copy of the tree; the
tests that enter the changed function run against it, short ones first, until one fails,
and then the other tests of their files. The first run traces which test enters what
(`mutation_tests`), file by file, and keeps that with its results in the output folder,
so that an interrupted run goes on. A test that fails without any mutant kills nothing.
A mutant that runs out of processor time counts as killed, and is counted apart; one
that outlives the tests' `--patience` counts as alive. The exit status is 1 when fewer
than nine in ten are killed.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import importlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.trust.mutation_equivalent import EQUIVALENT
from tests.trust.mutation_sites import Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGIN = "tests.trust.mutation_tests"
MODULES = (
    *("nodes", "network", "expr", "labelling", "unions", "sizes", "coefficients"),
    *("functions", "derivative", "differentiation", "substitute", "forms", "laws"),
    *(
        "matrix_laws",
        "simplify",
        "expansion",
        "regular",
        "recognise",
        "distribute",
        "diagonals",
    ),
    *("sparse_products", "plan", "planning/*", "pairwise", "structure"),
    *("structure_laws", "matrix", "lowered", "evaluate"),
)
#: Files whose tests read sources rather than run them, or that other programs run.
UNUSED = frozenset({"test_layers", "test_benchmarks", "test_distributed_cluster"})
#: Words in the names of files that say little about these modules for the time they
#: take; their tests are asked too with `--all`.
FAR = (
    *("drawing", "diagram", "pictures", "gallery", "latex", "sympy", "languages"),
    *("distributed", "steps", "ledger", "documents", "question", "worked", "random"),
    *("threads", "closed", "hostile", "determinism", "scale", "bounded"),
)
#: The file whose tests hold the constants of every module to a text.
READER = "test_bounds"
#: Seconds of processor that a mutant may survive before it counts as alive.
PATIENCE = 60.0
SPARE = 15.0
#: How much dearer each further case of the same test counts.
CASE = 0.03
#: What is imported once, before processes fork.
HEAVY = (
    *("numpy", "scipy.linalg", "sympy", "networkx", "lark", "opt_einsum"),
    *("pytest", "hypothesis", "jax"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a mutant ended: killed, timeout, survived, equivalent or untested."""

    key: str
    line: int
    operator: str
    ending: str
    by: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """What one test takes, in seconds of processor, and the functions it enters."""

    test: str
    seconds: float
    enters: frozenset[str]

    @property
    def file(self) -> str:
        """The file the test stands in."""
        return self.test.split("::")[0]


def sites(only: Sequence[str] = ()) -> list[Mutant]:
    """Every mutant of the modules, in the order of the list and of the files."""
    package = ROOT / "indexcalc"
    paths = [p for name in only or MODULES for p in sorted(package.glob(f"{name}.py"))]
    named = [(p.relative_to(package).as_posix(), p) for p in paths]
    return [m for name, p in named for m in mutants(name, p.read_text("utf-8"))]


def traces(folder: Path, files: Sequence[str]) -> list[Trace]:
    """Every test of these files and what it enters, traced where that is not known."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Trace] = []
    for file in files:
        path = ROOT / "tests" / f"{file}.py"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        kept = folder / f"{file}-{digest}.json"
        if not kept.exists():
            print(f"tracing {file}", flush=True)
            trace(path, kept)
        rows = json.loads(kept.read_text("utf-8"))
        found += [Trace(test, s, frozenset(names)) for test, (s, names) in rows.items()]
    return found


def trace(path: Path, target: Path) -> None:
    """Run one file of tests and write what each of them enters."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, str(path)]
    surroundings = os.environ | {"MUTATION_TRACE": str(target)}
    subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if not target.exists():
        target.write_text("{}", "utf-8")


def test_files(everything: bool) -> list[str]:
    """The files of tests, in the order of their names."""
    names = (path.stem for path in (ROOT / "tests").glob("test_*.py"))
    near = (n for n in names if everything or not any(word in n for word in FAR))
    return sorted(name for name in near if name not in UNUSED)


def ranked(mutant: Mutant, known: Sequence[Trace]) -> list[list[Trace]]:
    """The tests to run against a mutant: those that enter the function, shortest first;
    of what runs at the import, those that read it, and those that enter the module.

    They come in batches, the first of which takes a few seconds.
    """
    name, module = f"{mutant.file}:{mutant.function}", f"{mutant.file}:"
    inside: list[Trace] = []
    if mutant.function != "<module>":
        inside = [t for t in known if name in t.enters]
    if not inside:
        inside = [t for t in known if any(e.startswith(module) for e in t.enters)]
    inside = spread(inside)
    if mutant.function == "<module>":
        inside = [*(t for t in known if READER in t.file), *inside]
    files = {t.file for t in inside}
    chosen = {t.test for t in inside}
    others = [t for t in known if t.file in files and t.test not in chosen]
    return batches([*inside, *others])


def spread(tests: Sequence[Trace]) -> list[Trace]:
    """Short tests that enter little first, and the first cases of every test before its
    later ones."""
    seen: Counter[str] = Counter()
    price = {}
    for test in tests:
        function = test.test.split("[")[0]
        price[test.test] = (
            (test.seconds + 0.02) * len(test.enters) * (1 + CASE * seen[function])
        )
        seen[function] += 1
    return sorted(tests, key=lambda t: (price[t.test], t.test))


def batches(tests: Sequence[Trace]) -> list[list[Trace]]:
    """Tests in the same order, cut where a batch takes long enough."""
    limits = iter((8.0, 30.0, float("inf")))
    cut: list[list[Trace]] = [[]]
    limit, taken = next(limits), 0.0
    for test in tests:
        if taken > limit:
            cut.append([])
            limit, taken = next(limits), 0.0
        cut[-1].append(test)
        taken += test.seconds + 0.002
    return [batch for batch in cut if batch]


@dataclass(frozen=True, slots=True)
class Bench:
    """A copy of the tree in which mutants are tried; `sound` are the tests that pass
    there without any, `broken` those that do not, and so kill nothing."""

    tree: Path
    sound: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def tried(self, mutant: Mutant, known: Sequence[Trace], patience: float) -> Result:
        """Run the tests against one mutant until one of them fails."""
        begun = time.perf_counter()
        while True:
            whole = [t for t in known if self.broken.isdisjoint((t.test, t.file))]
            ending, by = self._with(mutant, ranked(mutant, whole), patience)
            if ending != "killed" or self._is_sound(by, whole):
                break
        seconds = time.perf_counter() - begun
        return Result(mutant.key, mutant.line, mutant.operator, ending, by, seconds)

    def _with(
        self, mutant: Mutant, asked: list[list[Trace]], patience: float
    ) -> tuple[str, str]:
        path = self.tree / "indexcalc" / mutant.file
        source = path.read_text("utf-8")
        path.write_text(mutant.applied(source), "utf-8")
        try:
            return self._ending(asked, patience)
        finally:
            path.write_text(source, "utf-8")

    def _is_sound(self, by: str, known: Sequence[Trace]) -> bool:
        """Whether a test, or a file, passes without any mutant; unnamed ones do."""
        tests = [t for t in known if by in (t.test, t.file)]
        if not tests or by in self.sound:
            return True
        passes = self._run(tests[:1] if by == tests[0].file else tests)[0] == "survived"
        (self.sound if passes else self.broken).add(by)
        return passes

    def _ending(self, asked: list[list[Trace]], patience: float) -> tuple[str, str]:
        spent = 0.0
        for batch in asked:
            ending, by = self._run(batch)
            if ending != "survived":
                return ending, by
            spent += sum(test.seconds for test in batch)
            if spent > patience:
                return "survived", "out of patience"
        return ("survived" if asked else "untested"), ""

    def _run(self, tests: list[Trace]) -> tuple[str, str]:
        """What these tests say, in a process of their own that is forked from ours."""
        order, said = self.tree / ".order.json", self.tree / ".said"
        order.write_text(json.dumps([t.test for t in tests]), "utf-8")
        limit = 3 * sum(t.seconds for t in tests) + SPARE
        child = os.fork()
        if not child:
            self._child(list(dict.fromkeys(t.file for t in tests)), said, limit)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code in {0, 5}:
            return "survived", ""
        return ("timeout" if code in {-9, -24, -14} else "killed"), last_failure(said)

    def _child(self, files: Sequence[str], said: Path, limit: float) -> None:
        """Never returns: runs pytest here and leaves with its exit status."""
        seconds = int(limit)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(out, stream)
        os.environ["MUTATION_ORDER"] = str(self.tree / ".order.json")
        os.chdir(self.tree)
        for name in [
            n for n in sys.modules if n.split(".")[0] in {"tests", "__main__"}
        ]:
            del sys.modules[name]
        sys.path[:] = [str(self.tree), *(p for p in sys.path if p and p != str(ROOT))]
        sys.dont_write_bytecode = True
        import pytest

        options = ["-x", "-q", "--no-header", "--tb=line", "--assert=plain"]
        code = 70
        try:
            code = int(
                pytest.main([*options, "-p", "no:cacheprovider", "-p", PLUGIN, *files])
            )
        finally:
            os._exit(code)


def last_failure(said: Path) -> str:
    """The test that failed, out of what pytest printed."""
    lines = said.read_text("utf-8", errors="replace").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0].split(" ", 1)[1] if failed else ""


def bench(folder: Path) -> Bench:
    """A fresh copy of what the tests need."""
    skipped = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "build")
    tree = Path(tempfile.mkdtemp(prefix="mutants-", dir=folder))
    shutil.copytree(ROOT, tree, ignore=skipped, dirs_exist_ok=True)
    for part in ("indexcalc", "tests"):
        compileall.compile_dir(tree / part, quiet=2)
    return Bench(tree)


def drawn(asked: argparse.Namespace) -> list[Mutant]:
    """The sample, in the order drawn, so that an interrupted run is one too."""
    every = sites(asked.only)
    count = min(asked.count, len(every))
    places = random.Random(asked.seed).sample(range(len(every)), count)
    part, parts = asked.part
    return [every[p] for p in places[part::parts]]


def results(asked: argparse.Namespace, sample: Sequence[Mutant]) -> Iterator[Result]:
    """The result of every mutant, taken from an earlier run where there is one."""
    folder = Path(asked.out)
    kept = folder / f"results-{asked.seed}.jsonl"
    known = traces(folder / "traces", asked.tests or test_files(asked.all))
    done = earlier(kept, asked.again)
    for name in HEAVY:
        with suppress(ImportError):
            importlib.import_module(name)
    place = bench(folder)
    try:
        for mutant in sample:
            if mutant.key in EQUIVALENT:
                yield Result(mutant.key, mutant.line, mutant.operator, "equivalent")
            elif mutant.key in done:
                yield done[mutant.key]
            else:
                result = place.tried(mutant, known, asked.patience)
                with kept.open("a", encoding="utf-8") as file:
                    print(json.dumps(asdict(result)), file=file)
                yield result
    finally:
        shutil.rmtree(place.tree)


def earlier(kept: Path, again: bool) -> dict[str, Result]:
    """What an interrupted run found; survivors are tried again where asked."""
    if not kept.exists():
        return {}
    rows = [Result(**json.loads(line)) for line in kept.read_text("utf-8").splitlines()]
    found = {row.key: row for row in rows}
    gone = {"survived", "untested"} if again else set()
    return {key: row for key, row in found.items() if row.ending not in gone}


def told(result: Result) -> str:
    """One line of the table."""
    by = result.by or EQUIVALENT.get(result.key, "")
    key = f"{result.key} (line {result.line}, {result.operator})"
    return f"{result.ending:10} {result.seconds:5.0f} s  {key}  {by}"


def summary(found: Sequence[Result]) -> tuple[str, bool]:
    """The counts, and whether nine in ten are killed."""
    count = Counter(result.ending for result in found)
    killed = count["killed"] + count["timeout"]
    alive = count["survived"] + count["untested"]
    share = killed / (killed + alive) if killed + alive else 1.0
    text = (
        f"{len(found)} mutants: {killed} killed ({count['timeout']} by time), "
        f"{alive} survived ({count['untested']} entered by no test), "
        f"{count['equivalent']} equivalent; {share:.1%} killed of those that differ"
    )
    return text, share >= 0.9


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.mutation")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="print every site")
    parser.add_argument("--only", nargs="+", default=(), help="modules, as in the list")
    parser.add_argument("--tests", nargs="+", default=(), help="files of tests")
    parser.add_argument("--all", action="store_true", help="every file of tests")
    parser.add_argument("--again", action="store_true", help="try survivors again")
    parser.add_argument("--patience", type=float, default=PATIENCE)
    parser.add_argument("--part", nargs=2, type=int, default=(0, 1), help="0 2, 1 2")
    parser.add_argument("--out", default=ROOT / "build" / "mutation")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw mutants, try them, tell what happened."""
    asked = arguments(argv)
    sample = sites(asked.only) if asked.list else drawn(asked)
    if asked.list:
        print("\n".join(f"{m.line:5} {m.operator:11} {m.key}" for m in sample))
        return 0
    found = []
    for result in results(asked, sample):
        print(told(result), flush=True)
        found.append(result)
    text, enough = summary(found)
    print(text)
    return int(not enough)


if __name__ == "__main__":
    sys.exit(main())
