"""Disks of a few megabytes, for tests of full ones; a machine that allows no mounts skips them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 64 * 1024


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """A file system of its own at ``folder``."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can't be mounted here: run as root, on a machine that allows mounts")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(folder: Path, leave: int = 0) -> Path:
    """Fill a disk to the last byte, or but for so many, with a file; the file."""
    path = folder / "somebody-elses"
    with path.open("ab", buffering=0) as file:
        for size in (BLOCK, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    os.truncate(path, path.stat().st_size - leave)
    return path


class Card:
    """An ext4 file system in a file, on which an error can be raised: the kernel then makes it read-only."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "card"
        self._image = folder / "card.img"
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(32 << 20)
        if not (shutil.which("mkfs.ext4") and _done("mkfs.ext4", "-q", str(self._image)) and self.insert()):
            pytest.skip("a file can't be mounted as a card here: run as root, with mkfs.ext4 and loop devices")
        if not self._trigger.exists():
            self.pull()
            pytest.skip("this kernel raises no errors of ext4 on demand")

    @property
    def _trigger(self) -> Path:
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.place)], capture_output=True, text=True, check=True
        ).stdout.strip()
        return Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"

    def insert(self) -> bool:
        return _done("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.place))

    def fail(self) -> None:
        """What a dying card does."""
        self._trigger.write_text("a test\n")

    def mend(self) -> None:
        """Somebody takes it out, has it checked, and puts it back."""
        self.pull()
        _done("e2fsck", "-p", str(self._image))
        assert self.insert()

    def pull(self) -> None:
        _done("umount", str(self.place))


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
