"""Golden texts of many small parts: blocks with a title, one blank line apart."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path


def blocks(path: Path) -> dict[str, str]:
    """The block of every title; none where nothing was written yet."""
    if not path.exists():
        return {}
    parts = path.read_text(encoding="utf-8").split("\n\n")
    rows = [part.strip("\n").partition("\n") for part in parts]
    return {title: body for title, _, body in rows}


def as_blocks(bodies: Mapping[str, str]) -> str:
    """The text that `blocks` reads."""
    return "\n\n".join(f"{title}\n{body}" for title, body in bodies.items()) + "\n"


def require_write(module: str) -> None:
    """Golden texts are written where that is asked for, and only there."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.{module}")
    parser.add_argument("--write", action="store_true", required=True)
    parser.parse_args()
