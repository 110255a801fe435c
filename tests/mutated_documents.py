"""Documents with one thing wrong, for readers that must not believe them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any


def mutated(document: Any, random: Random, junk: Sequence[Any]) -> Any:
    """A document with one thing wrong, or moved, or missing, or twice."""
    document = copy.deepcopy(document)
    where = list(places(document))
    here, key = random.choice(where)
    match random.randrange(4):
        case 0:
            here[key] = copy.deepcopy(random.choice(junk))
        case 1:
            del here[key]
        case 2:
            other, there = random.choice(where)
            here[key] = copy.deepcopy(other[there])
        case _ if isinstance(here, list):
            here.insert(random.randrange(len(here) + 1), copy.deepcopy(here[key]))
        case _:
            here[f"{key}′"] = here[key]
    return document


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    stack = [document]
    while stack:
        here = stack.pop()
        for key in list(here) if isinstance(here, dict) else range(len(here)):
            yield here, key
            if isinstance(here[key], (dict, list)):
                stack.append(here[key])
