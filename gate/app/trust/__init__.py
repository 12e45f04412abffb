"""``gate trust``: what pilots need at a desk: keys, signed bundles, and what is in a bundle."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gate.app.check_files import read_moment
from gate.app.trust import days, keys, make, show, site, vouch
from gate.errors import ConfigError, GateError

UNUSABLE = 2
ROOT_LASTS = timedelta(days=730)
BUNDLE_LASTS = timedelta(days=30)
MOST_DAYS = 1000
RENEWED_FOR = timedelta(days=1)
_TOOLS = {
    "keys": keys.run,
    "days": days.run,
    "make": make.run,
    "renew": site.renew,
    "publish": site.publish,
    "show": show.run,
    "vouch": vouch.run,
}
OTHERS = {
    "rules": "rule sets and orders",
    "config": "what a fleet sets for its gates (fleet configuration writes it)",
    "software": "software, which gates keep",
}
EPILOG = """\
From nothing to a bundle that a gate believes:
  gate trust keys keys                                  new keys, and the root that names them
  gate trust make trust --files lists --keys keys       sign the files of the folder lists
  gate trust show trust --root keys/root.json           verify it as a gate does, and say what is in it
Then give keys/root.json and the folder trust to the gate: [trust] root and bundle of its configuration. Or let gates
fetch it, and say every day that it is still the newest:
  gate trust publish trust site --root keys/root.json   files for any web server: [trust.server] url
  gate trust renew trust --keys keys                    a new timestamp; then publish again
And so that devices believe a fleet's claims (gate enrol):
  gate trust vouch claims --keys keys                   a key that signs claims, and the root's word for it

The folder of files may hold anchors.json (signers), value-sets.json, sealing-keys.json (made by gate trust days),
lease.json, health-codes/*.toml and revocation/*; the one of rules rule sets and orders.json.
docs/trust.md goes through it step by step. Exit status: 0 good, 1 refused or due for a newer one, 2 unusable files.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)

    one = tools.add_parser("keys", help="make the private keys that sign bundles, and the root that gates pin")
    one.add_argument(
        "folder", type=Path, metavar="KEYS", help="a new folder; who has it can make gates believe anybody"
    )
    _add_until(one, "the root", ROOT_LASTS)

    one = tools.add_parser("days", help="make keys of the day, to which gates seal who was there")
    one.add_argument(
        "folder", type=Path, metavar="DAYS", help="a new folder; who has a key opens the records of its day"
    )
    one.add_argument("--from", dest="first", type=_day, default=datetime.now(UTC).date(), metavar="DAY", help="(today)")
    one.add_argument(
        "--days", type=int, choices=range(1, MOST_DAYS + 1), default=180, metavar="N", help="(%(default)s)"
    )

    one = tools.add_parser("make", help="sign the files of a folder as a bundle, one version newer than the one there")
    one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder, made or replaced")
    one.add_argument("--files", type=Path, required=True, metavar="FOLDER", help="what gates are to believe")
    one.add_argument("--keys", type=Path, required=True, metavar="KEYS", help="the folder that gate trust keys made")
    for role, what in OTHERS.items():
        one.add_argument(f"--{role}", type=Path, metavar="FOLDER", help=f"{what}, signed by keys of their own")
    _add_until(one, "the bundle", BUNDLE_LASTS)

    one = tools.add_parser("renew", help="sign a bundle's timestamp anew: it is still the newest one")
    one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder")
    one.add_argument(
        "--keys", type=Path, required=True, metavar="KEYS", help="a folder with timestamp-1.pem and root.json"
    )
    _add_until(one, "the bundle", RENEWED_FOR)

    one = tools.add_parser("publish", help="verify a bundle and write it as the static files that gates fetch")
    one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder")
    one.add_argument("site", type=Path, metavar="SITE", help="a folder that a web server serves")
    one.add_argument("--root", type=Path, required=True, metavar="FILE", help="the root that gates pin")

    one = tools.add_parser("vouch", help="make a key that signs a fleet's claims, and have the root vouch for it")
    one.add_argument("name", type=Path, metavar="NAME", help="NAME.key.pem and NAME.vouchers.json are made")
    one.add_argument("--keys", type=Path, required=True, metavar="KEYS", help="the folder that gate trust keys made")

    one = tools.add_parser("show", help="verify a bundle as a gate does, and show what is in it and until when")
    one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder")
    one.add_argument("--root", type=Path, required=True, metavar="FILE", help="the root that gates pin")
    one.add_argument("--at", type=_time, metavar="TIME", help="as of this time (now)")


def _add_until(parser: argparse.ArgumentParser, what: str, lasts: timedelta) -> None:
    parser.add_argument(
        "--until",
        type=_time,
        default=datetime.now(UTC).replace(microsecond=0) + lasts,
        metavar="TIME",
        help=f"when a newer one must be there; {what} is used all the same after it, and the gate says so "
        f"(in {lasts.days} days)",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("is no day; write e.g. 2026-12-01") from None


def _time(text: str) -> datetime:
    try:
        return read_moment(text, "what was given").at
    except ConfigError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        return _TOOLS[args.tool](args)
    except GateError as error:
        print(f"gate trust {args.tool}: {error}", file=sys.stderr)
        return UNUSABLE
