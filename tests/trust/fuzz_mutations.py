"""Texts that nobody would write, made from texts that somebody did.

>>> from random import Random
>>> mutated("x'*A*x", ["A*x", "y"], ["+", "("], Random(1)) != "x'*A*x"
True
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

LONGEST = 10_000

Mutation = Callable[[str, Sequence[str], Sequence[str], Random], str]


def _place(text: str, rng: Random) -> int:
    return rng.randint(0, len(text))


def _stretch(text: str, rng: Random) -> tuple[int, int]:
    a, b = sorted((_place(text, rng), _place(text, rng)))
    return a, b


def _inserted(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    k = _place(text, rng)
    return text[:k] + rng.choice(tokens) + text[k:]


def _deleted(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    a, b = _stretch(text, rng)
    return text[:a] + text[min(b, a + rng.randint(1, 8)) :]


def _replaced(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    k = _place(text, rng)
    return text[:k] + rng.choice(tokens) + text[k + 1 :]


def _spliced(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    other = rng.choice(seeds)
    return text[: _place(text, rng)] + other[_place(other, rng) :]


def _doubled(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    a, b = _stretch(text, rng)
    return text[:b] + text[a:b] + text[b:]


def _swapped(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    a, b = _stretch(text, rng)
    return text[b:] + text[a:b] + text[:a]


def _repeated(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    """A piece as often as fits: long chains, deep nests."""
    a, b = _stretch(text, rng)
    piece = rng.choice([text[a:b], text[a : a + 2], rng.choice(tokens)]) or " "
    room = max(0, LONGEST - len(text)) // len(piece)
    times = rng.choice((3, 30, 300, room))
    return text[:a] + piece * min(times, room) + text[a:]


def _nested(text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random) -> str:
    opening, closing = rng.choice((("(", ")"), ("{", "}"), ("[", "]"), ("(-", ")")))
    room = max(0, LONGEST - len(text)) // (len(opening) + 1)
    depth = min(rng.choice((2, 20, 200, 2_000)), room)
    a, b = _stretch(text, rng)
    return text[:a] + opening * depth + text[a:b] + closing * depth + text[b:]


def _strewn(text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random) -> str:
    """Any character of Unicode somewhere."""
    k = _place(text, rng)
    return (
        text[:k]
        + chr(rng.choice((rng.randrange(0x300), rng.randrange(0x110000))))
        + (text[k:])
    )


def _grafted(
    text: str, seeds: Sequence[str], tokens: Sequence[str], rng: Random
) -> str:
    """A document with a part of it, or of another, in another place."""
    try:
        document, other = json.loads(text), json.loads(rng.choice(seeds))
    except (ValueError, RecursionError):
        return _spliced(text, seeds, tokens, rng)
    places = _places(document)
    if not places:
        return text
    holder, key = rng.choice(places)
    away, there = rng.choice(_places(other) or places)
    strange = rng.choice((None, True, -1, 0, 1e9, 2**70, "", "n", [], {}, [[]], "9**9"))
    match rng.randrange(4):
        case 0:
            holder[key] = strange
        case 1:
            holder[key] = away[there]
        case 2:
            del holder[key]
        case _ if isinstance(holder, list):
            holder.insert(key, holder[key])
        case _:
            holder[f"{key}x"] = holder.pop(key)
    return json.dumps(document)


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every place of a document: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, (dict, list)):
            keys = holder if isinstance(holder, dict) else range(len(holder))
            found += [(holder, key) for key in keys]
            waiting += [holder[key] for key in keys]
    return found


MUTATIONS: tuple[Mutation, ...] = (
    *(_inserted, _inserted, _deleted, _replaced, _replaced, _spliced, _doubled),
    *(_swapped, _repeated, _nested, _strewn),
)
IN_DOCUMENTS: tuple[Mutation, ...] = (*(_grafted,) * 8, *MUTATIONS)


def mutated(
    text: str,
    seeds: Sequence[str],
    tokens: Sequence[str],
    rng: Random,
    longest: int = LONGEST,
) -> str:
    """A text with one to four mutations, of so many characters at most."""
    known = IN_DOCUMENTS if text.startswith("{") else MUTATIONS
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        text = rng.choice(known)(text, seeds, tokens, rng)
    return text[:longest]


def fresh(seeds: Sequence[str], tokens: Sequence[str], rng: Random) -> str:
    """A text to try: a valid one, mutated, or tokens in a row."""
    if rng.random() < 0.15:
        return rng.choice(("", " ")).join(rng.choices(tokens, k=rng.randint(1, 20)))
    return mutated(rng.choice(seeds), seeds, tokens, rng)
