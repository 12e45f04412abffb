"""``gate journal``: what is on record, whether all of it is there, and a copy of it for an auditor."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.journal import export, retry, show, verify
from gate.config_file import load
from gate.errors import GateError

if TYPE_CHECKING:
    from gate.config import GateConfig

UNUSABLE = 2
EPILOG = """\
All of it works while the gate runs, and stats, verify and export on a copy as well (--file). Nobody's name or number is
in the journal in clear: who was there lies in sealed boxes, which only the operator's key of the day opens.

  gate journal stats                     how many rows, what the fleet does not have yet, dead letters, size
  gate journal verify                    is it whole, and is every number accounted for?
  gate journal export --from 2026-12-01 --to 2026-12-07 week.csv
  gate journal retry                     have dead letters sent again, once their cause is mended

Exit status: 0 good, 1 something is wrong with the journal, 2 it can't be used.
"""
EXPORT_EPILOG = """\
One row a presentation, in the order of their numbers. A file whose name ends in .csv is a table, any other JSON Lines.
Boxes (sealed), pseudonyms (holder) and digests of codes are base64. In a table, a cell that an office program could
take for a formula begins with an apostrophe, which is not part of it.

Days are those of the checkpoint's time zone, both inclusive. A row with clock_trusted 0 lies under whatever day the
clock showed. The file is new, and only its owner may read it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    _add_places(tools.add_parser("stats", help="what is on record, and what the fleet does not have yet"))
    _add_places(tools.add_parser("verify", help="whether it is whole, and every number accounted for"))

    one = tools.add_parser(
        "export", help="write rows to a file", epilog=EXPORT_EPILOG, formatter_class=parser.formatter_class
    )
    one.add_argument("out", type=Path, metavar="OUT", help="a new file, e.g. week.csv or week.jsonl")
    one.add_argument("--from", dest="first", type=_day, metavar="DAY", help="the first day, e.g. 2026-12-01 (all)")
    one.add_argument("--to", dest="last", type=_day, metavar="DAY", help="the last day (all)")
    _add_places(one)

    one = tools.add_parser("retry", help="have rows sent again that the fleet refused")
    one.add_argument("numbers", type=int, nargs="*", metavar="NUMBER", help="of the rows, as stats names them (all)")
    _add_places(one)


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gate/gate.toml"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--state", type=Path, default=Path("/var/lib/gate"), metavar="FOLDER", help="default: %(default)s"
    )
    parser.add_argument("--file", type=Path, metavar="JOURNAL", help="a copy of a journal instead of the gate's own")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("is no day; write e.g. 2026-12-01") from None


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        config = load(args.config, args.state)
        return _done(args, args.file or config.journal.path, config)
    except GateError as error:
        print(f"gate journal {args.tool}: {error}", file=sys.stderr)
        return UNUSABLE


def _done(args: argparse.Namespace, path: Path, config: GateConfig) -> int:
    match args.tool:
        case "stats":
            return show.run(path, config)
        case "verify":
            return verify.run(path)
        case "export":
            return export.run(path, args.out, export.days(args.first, args.last, config.checkpoint.time_zone))
        case _:
            return retry.run(path, args.numbers)
