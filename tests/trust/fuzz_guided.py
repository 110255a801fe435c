"""Coverage-guided fuzzing of one entry, with atheris.

`python -m tests.trust.fuzz_guided ENTRY SECONDS SEED [CORPUS]` prints a line that
begins with FAULT, and the text, for each kind of fault when it is first met.
"""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["indexcalc"]):
    import indexcalc.diagrams.documents
    import indexcalc.diagrams.spec
    import indexcalc.documents.reading
    import indexcalc.text
    import indexcalc.text.definitions
    import indexcalc.text.latex
    import indexcalc.text.latex_problem
    import indexcalc.text.paper  # noqa: F401

from tests.trust.fuzz_entries import ENTRIES
from tests.trust.fuzz_judge import judged
from tests.trust.fuzz_mutations import LONGEST, mutated

#: How much slower everything is while coverage is measured.
SLOWER = 4.0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def main(argv: list[str]) -> None:
    """Fuzzes until the time is over; does not return."""
    name, seconds, seed, *corpus = argv
    entry = ENTRIES[name]
    seeds = entry.seeds()
    met: set[str] = set()

    def one(data: bytes) -> None:
        text = _text(data)
        outcome = judged(entry.read, text, placed=entry.placed, limit=SLOWER)
        kind = outcome.fault[:40]
        if kind and kind not in met:
            met.add(kind)
            print(f"FAULT {name}: {outcome.fault!a} {text!a}", flush=True)

    def mutate(data: bytes, size: int, number: int) -> bytes:
        rng = Random(number)
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(data, size))
        text = rng.choice(seeds) if rng.random() < 0.3 else _text(data)
        longest = rng.choice((200, 200, 1_000, LONGEST))
        return _bytes(mutated(text, seeds, entry.tokens, rng, longest))[:size]

    for text in seeds:
        one(_bytes(text))
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST}"]
    flags = ["-timeout=900", "-rss_limit_mb=2000", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *flags, *corpus], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
