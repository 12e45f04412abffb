"""The image that machines are started from; made once, and kept under a name made of what it was made from."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parents[1] / "image.sh"


@dataclass(frozen=True, slots=True)
class Image:
    """A Debian with the gate installed."""

    folder: Path

    @property
    def disk(self) -> Path:
        """Raw, never written to."""
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    def version(self, package: str) -> str:
        """Version of a Debian package in it."""
        for line in (self.folder / "packages").read_text().splitlines():
            name, version = line.split("\t")
            if name.split(":")[0] == package:
                return version
        raise LookupError(package)


def cache() -> Path:
    """Where images are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "gate-hil"


def image() -> Image:
    """The image of this checkout, made where it is not there yet.

    Raises:
        subprocess.CalledProcessError: it can't be made; what went wrong is on standard error.
    """
    made = subprocess.run([_SCRIPT, cache()], check=True, stdout=subprocess.PIPE, text=True)
    return Image(Path(made.stdout.splitlines()[-1]))
