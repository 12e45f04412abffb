"""``fleet keys``: people's keys, and keys of the day that only two of them together can use. No database."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.days import daykeys, keyfiles, people
from fleet.errors import FleetError
from fleet.hidden import secret
from gate import durable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_DAYS: Final = 1000
FOR_GATES: Final = "sealing-keys.json"
DESCRIPTION: Final = """\
Keys for the record of who was there. Each of some people makes a key of their own, and keeps it:
  fleet keys person li-wei                       li-wei.key, shut by a passphrase, and li-wei.pub
With the .pub files, at the server:
  fleet keys days --for li-wei.pub --for wang-fang.pub --for zhao-min.pub
makes 180 days' keys that any two of them can use together, and sealing-keys.json for the files of the trust bundle."""


def main(arguments: Sequence[str]) -> int:
    """Make keys."""
    parser = argparse.ArgumentParser(
        "fleet keys", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="what", required=True)
    one = parts.add_parser("person", help="a person's two files")
    one.add_argument("name")
    one.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where (here)")
    one = parts.add_parser("days", help="keys of the day, and their public halves for the trust bundle")
    one.add_argument("--for", dest="people", type=Path, action="append", required=True, metavar="NAME.pub")
    one.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY", help="(after the last one there)")
    one.add_argument(
        "--days", type=int, choices=range(1, MOST_DAYS + 1), default=180, metavar="N", help="(%(default)s)"
    )
    one.add_argument("--keys", type=Path, default=Path(".fleet") / keyfiles.FOLDER, help="(%(default)s)")
    asked = parser.parse_args(arguments)
    print(_person(asked.name, asked.to) if asked.what == "person" else _days(asked))
    return 0


def _person(name: str, folder: Path) -> str:
    passphrase = secret(f"passphrase of {name}")
    if sys.stdin.isatty() and secret(f"passphrase of {name}, again") != passphrase:
        raise FleetError("these were two passphrases")
    people.make(name, folder, passphrase)
    return f"{folder / name}.key: keep it, and the passphrase; {folder / name}.pub: give it to whoever makes keys"


def _days(asked: argparse.Namespace) -> str:
    there = keyfiles.days(asked.keys)
    first = asked.first or (max(there) + timedelta(1) if there else datetime.now(UTC).date())
    try:
        days = [first + timedelta(number) for number in range(asked.days)]
    except OverflowError:
        raise FleetError("there are no such days") from None
    daykeys.make(asked.keys, days, [people.read(path) for path in asked.people])
    path = asked.keys / FOR_GATES
    try:
        durable.write(path, daykeys.for_gates(asked.keys), 0o644)
    except OSError as fault:
        raise FleetError(f"{path}: {fault.strerror}") from None
    return (
        f"{asked.keys}: keys of {len(days)} days, {days[0]} to {days[-1]}\n"
        f"{path}: for the files of the trust bundle (gate trust make)"
    )
