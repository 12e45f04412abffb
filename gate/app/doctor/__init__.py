"""``gate doctor``: what support needs to know of a gate, in one file without personal data."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.doctor.case import opened
from gate.app.doctor.collect import collect, packed

if TYPE_CHECKING:
    import argparse

    from gate.app.doctor.collect import Part

EPILOG = """\
Nothing is sent anywhere; you send the file, after a look at it:
  gate doctor --show                print everything that would be in it, write nothing
  gate doctor --out help.tar.gz     write it (default: gate-doctor-TIME.tar.gz in this folder)

In it: versions, settings, what is wrong with them, counts of the journal, log lines, devices, disk, clock. Not in it:
names, numbers, pseudonyms, single presentations, keys, the name of this machine. It works on a broken gate as well.
Run it as root, or what only root may read is missing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.epilog = EPILOG
    config, state = Path("/etc/gate/gate.toml"), Path("/var/lib/gate")
    parser.add_argument("--config", type=Path, default=config, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--state", type=Path, default=state, metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it; a file that is there is kept")
    parser.add_argument("--show", action="store_true", help="print what would be in it, and write nothing")


def run(arguments: argparse.Namespace) -> int:
    """Collect, then show or write; 1 where it can't be written."""
    parts = collect(opened(arguments.config, arguments.state))
    if arguments.show:
        print(_list(parts))
        for part in parts:
            print(f"\n==== {part.name}\n{part.text}", end="")
        return 0
    out = arguments.out or Path(f"gate-doctor-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    try:
        _write(out, packed(parts))
    except OSError as fault:
        print(
            f"gate doctor: {out}: can't be written ({fault.strerror}); --out FILE elsewhere, or --show", file=sys.stderr
        )
        return 1
    print(f"{out}: written. In it:\n{_list(parts)}\nLook at it before you send it: tar -xzOf {out} | less")
    return 0


def _list(parts: tuple[Part, ...]) -> str:
    return "\n".join(f"  {part.name:<19}{len(part.text.encode()):>8} bytes  {part.what}" for part in parts)


def _write(out: Path, content: bytes) -> None:
    """Whole or not at all, for its owner's eyes.

    Raises:
        OSError: a full disk, a file that is there already.
    """
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        out.unlink(missing_ok=True)
        raise
