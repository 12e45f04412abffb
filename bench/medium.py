"""What a measurement lies on."""

from __future__ import annotations

import os
from pathlib import Path


def medium(path: Path) -> str:
    """The name of the disk that a file or folder is on, e.g. ``vda1``."""
    device = path.stat().st_dev
    link = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    return link.resolve().name if link.exists() else "a disk without a name"
