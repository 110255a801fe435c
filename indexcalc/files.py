"""Files written whole or not at all.

>>> saved("text", None)
'text'
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TypeVar

Where = str | os.PathLike[str] | None
Content = TypeVar("Content", str, bytes)


def saved(content: Content, path: Where) -> Content:
    """The content, written to a file where a path is given: beside its place first,
    then moved there, so that the file is whole or as it was.

    A link is followed; what is no file (a terminal, a pipe) is written to as it is.
    Raises `OSError` that names the path.
    """
    if path is None:
        return content
    target = Path(os.path.realpath(path))
    data = content.encode("utf-8") if isinstance(content, str) else content
    if not str(path) or target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder, not a file", str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no folder", str(target.parent))
    if target.exists() and not target.is_file():
        with target.open("wb") as device:
            device.write(data)
    else:
        _replace(target, data)
    return content


def _replace(target: Path, data: bytes) -> None:
    """Writes beside the target under a name nobody can guess, and moves it there."""
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=".indexcalc-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
