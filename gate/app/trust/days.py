"""``gate trust days``: keys of the day; the public halves make a file for the bundle, the private ones open boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate import durable
from gate.errors import ConfigError
from gate.trust import sealing_keys
from gate.trust.load import SEALING_KEYS

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(args: argparse.Namespace) -> int:
    """Make them and say what to do with them."""
    folder: Path = args.folder
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; keys are never written over, so name a new folder")
    content, private = sealing_keys.make(args.first, args.days)
    try:
        folder.mkdir(mode=0o700, parents=True)
        for name, key in private.items():
            durable.write(folder / f"{name}.key", key, 0o600)
        durable.write(folder / SEALING_KEYS, content, 0o644)
    except OSError as fault:
        raise ConfigError(f"{folder}: can't be written ({fault.strerror})") from None
    print(f"{folder}: {len(private)} private keys, not encrypted, one a day from {args.first}, and {SEALING_KEYS}")
    print(
        f"  Put {SEALING_KEYS} among the files of the bundle. Keep the keys away from gates and networks; with a day's"
    )
    print("  key goes all that says who was where on that day: destroy it when the law says so.")
    return 0
