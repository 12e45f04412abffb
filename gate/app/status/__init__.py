"""``gate status``: lists of people for when nobody can be asked; made at the city's desk, looked at anywhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gate.app.status import building, rows, showing
from gate.errors import GateError

UNUSABLE = building.UNCHANGED
LISTS = ("exceptions", "city")
EPILOG = """\
The desk makes a key (`gate status key desk`), puts status-signers.json into the trust bundle, builds a whole list now
and then and a change as often as it likes, and brings *.pack, *.head and *.change to the folder that the gates name
under [status]. A gate that runs takes them within seconds. docs/offline-lists.md tells all about it.
"""
TABLE_HELP = f"""\
The table is CSV (UTF-8; the first line names the columns) or JSONL (the keys of the first line are the columns):
  {", ".join(rows.COLUMNS)}
Either holder (a pseudonym, 32 hexadecimal digits), or number with document (may be empty for ID numbers). Times carry
their zone: 2021-06-18T08:00:00+08:00. Of code, pop_up and travel a list is complete about those that have a column.
With --flags the worse colour of the two tables counts, and who is only in that of the flags is on the list as well.
Wrong rows are named by their line and left out; where more are wrong than right, nothing is made.
Exit status: 0 every row went in, 1 some were left out, 2 nothing was made.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    key = tools.add_parser("key", help="make the desk's key, and the file by which gates believe it")
    key.add_argument("name", type=Path, metavar="NAME", help="NAME.key.pem is made, and status-signers.json beside it")
    build = tools.add_parser(
        "build", help="make a list of a table, or a change of it", epilog=TABLE_HELP, formatter_class=_Raw
    )
    build.add_argument("table", type=Path, metavar="TABLE", help="a file that ends in .csv or .jsonl")
    build.add_argument("--changes", action="store_true", help="the table holds only who says something else now")
    build.add_argument(
        "--flags", type=Path, metavar="FLAGS", help="a table of holder and code that `fleet flags` wrote"
    )
    build.add_argument("--as-of", type=building.moment, metavar="TIME", help="when the table was right (default: now)")
    build.add_argument("--good-for", type=int, default=12, metavar="HOURS", help="then silence and good news end")
    fold = tools.add_parser("fold", help="make the newest list and its changes into the next list")
    for one in (build, fold):
        one.add_argument("--sign", type=Path, required=True, metavar="NAME.key.pem", help="the desk's key")
    info = tools.add_parser("info", help="what serves: its age, how many it holds, its odds, what was passed over")
    find = tools.add_parser("find", help="what it says about one person, whose number is read from standard input")
    find.add_argument("--reason", required=True, metavar="TEXT", help="why; kept beside the list, without the number")
    for one in (info, find):
        one.add_argument("--signers", type=Path, required=True, metavar="FILE", help="status-signers.json")
    for one in (build, fold, info, find):
        one.add_argument("--list", choices=LISTS, default="exceptions", help="which list (default: %(default)s)")
        one.add_argument("--folder", type=Path, required=True, metavar="FOLDER", help="of the list")
        one.add_argument("--key", type=Path, required=True, metavar="FILE", help="the fleet's pseudonym.key")


class _Raw(argparse.RawDescriptionHelpFormatter):
    pass


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    tools = {
        "key": building.make_key,
        "build": building.build,
        "fold": building.fold,
        "info": showing.info,
        "find": showing.find,
    }
    try:
        return tools[args.tool](args)
    except GateError as error:
        print(f"gate status {args.tool}: {error}", file=sys.stderr)
    except OSError as fault:
        print(f"gate status {args.tool}: {fault.filename or 'the disk'}: {fault.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("gate status: stopped; what was there is there still", file=sys.stderr)
    return UNUSABLE
