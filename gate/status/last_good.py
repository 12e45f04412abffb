"""A file of records that turns out damaged at a start: the last one that was good serves, each record by its own age.

A copy is kept beside the file whenever that was read. Who takes the file away takes everybody in it away: then the copy
does not stand in.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate import durable
from gate.errors import ConfigError
from gate.status.file import StatusFile, read

if TYPE_CHECKING:
    from pathlib import Path

GOOD: Final = ".good"
"""After the file's name. It is erased with it (``gate.app.personal.lists``)."""


def opened(path: Path) -> tuple[StatusFile, str | None]:
    """The file, or the last that was good; and in that case why, and since when it is kept.

    Raises:
        ConfigError: neither can be used.
    """
    copy = path.with_name(path.name + GOOD)
    try:
        raw = read(path)
        found = StatusFile.of(raw, path)
    except ConfigError as fault:
        if not path.exists():
            raise
        try:
            kept_at = datetime.fromtimestamp(copy.stat().st_mtime, UTC).isoformat(timespec="seconds")
            return StatusFile.open(copy), f"{fault}; the one that was good serves, kept at {kept_at}"
        except (ConfigError, OSError):
            raise fault from None
    with suppress(OSError):  # it serves all the same; nothing more can be kept on this disk
        if not copy.exists() or copy.read_bytes() != raw:
            durable.write(copy, raw, 0o600)
    return found, None
