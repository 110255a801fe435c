"""Files written whole or not at all.

>>> saved("text", None)
'text'
"""

from __future__ import annotations

import errno
import os
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
    target = os.path.realpath(os.fsdecode(path))
    folder = os.path.dirname(target)
    data = content.encode("utf-8") if isinstance(content, str) else content
    if not str(path) or os.path.isdir(target) or os.fsdecode(path).endswith("/"):
        raise IsADirectoryError(errno.EISDIR, "a folder, not a file", str(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no folder", folder)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as device:
            device.write(data)
    else:
        _replace(target, folder, data)
    return content


def _replace(target: str, folder: str, data: bytes) -> None:
    """Writes beside the target under a name nobody can guess, and moves it there."""
    from tempfile import mkstemp  # loads much, and most never write a file

    known = os.path.exists(target)
    mode = os.stat(target).st_mode & 0o777 if known else 0o666 & ~_umask()
    handle, name = mkstemp(prefix=".indexcalc-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
