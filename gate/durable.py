"""Files that survive a power cut: written whole under another name, forced to disk, then renamed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: bytes, mode: int) -> None:
    """Put ``content`` into ``path``: afterwards, and after a power cut at any moment, it is there whole or not at all.

    Args:
        path: the file; its folder is made where it is missing.
        content: all of it.
        mode: permissions of a new file, less the process's umask.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def put_in_place(draft: Path, path: Path) -> None:
    """Let a file that was written whole under another name of the same folder become ``path``, as above.

    Raises:
        OSError: it can't be done; ``path`` is what it was.
    """
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
