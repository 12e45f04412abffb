"""``gate issue``: signers and codes of a city's own, for tests and pilots.

In a city's service the codes are made by its own servers; the key of a pilot lies in a file, which is good enough for a
pilot only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from gate.app.check_files import read_moment
from gate.app.issue import codes, key
from gate.errors import GateError
from gate.model import DocumentType

UNUSABLE: Final = 2
EPILOG: Final = """\
A pilot in three steps (docs/issuing.md walks through them):
  gate issue key pilot --country CN --signs health_code     makes pilot.key.pem, pilot.cert.pem, pilot.anchors.json
  gate issue health-code somebody.json --signer pilot --issuer my-city --pseudonym-key pseudonym.key --png code.png
  gate check code.png --anchors pilot.anchors.json
The number of the holder's document is asked for, or read from the input or from --number-file: other people can see
the arguments of a command.

Exit status: 0 made, 2 not made.
"""
_DESCRIPTIONS: Final = {"health-code": codes.HEALTH_CODE_HELP, "permit": codes.PERMIT_HELP}
_TOOLS: Final = {"key": key.run, "health-code": codes.health_code, "permit": codes.permit}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    tools = parser.add_subparsers(dest="tool", metavar="WHAT", required=True)
    signer = _add(tools, "key", "make a signer: a key (for this user's eyes only) and its certificate", key.HELP)
    signer.add_argument(
        "name", type=Path, metavar="NAME", help="files are NAME.key.pem, NAME.cert.pem, NAME.anchors.json"
    )
    signer.add_argument("--country", required=True, metavar="CC", help="of the signer, two letters, e.g. CN")
    signer.add_argument("--signs", action="append", required=True, choices=key.USES, help="may be given twice")
    signer.add_argument("--algorithm", choices=key.ALGORITHMS, default="ES256", help="of its signatures (%(default)s)")
    signer.add_argument("--days", type=int, default=365, metavar="N", help="of its life (%(default)s)")
    _add_time(signer, "its life begins at this time")

    code = _add(tools, "health-code", "sign a health code for one person", codes.HEALTH_CODE_HELP)
    _add_common(code)
    life = code.add_mutually_exclusive_group()
    life.add_argument("--minutes", type=int, default=10, metavar="N", help="life of a code on a screen, 1 to 10 (10)")
    life.add_argument("--printed", type=int, metavar="DAYS", help="for paper: a life of 1 to 7 days")

    _add_common(_add(tools, "permit", "sign a permit for zones", codes.PERMIT_HELP))


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        args.at = None if args.at is None else read_moment(args.at, "--at")
        return _TOOLS[args.tool](args)
    except GateError as error:
        print(f"gate issue {args.tool}: {error}", file=sys.stderr)
        return UNUSABLE


def _add(
    tools: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, epilog: str
) -> argparse.ArgumentParser:
    return tools.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("description", type=Path, metavar="JSON", help="what it says: a file, see below")
    parser.add_argument("--signer", type=Path, required=True, metavar="NAME", help="made by `gate issue key NAME`")
    parser.add_argument("--issuer", required=True, metavar="TEXT", help="who says so: the source of the records")
    parser.add_argument(
        "--pseudonym-key", type=Path, required=True, metavar="FILE", help="the fleet's key: [status] key of a gate"
    )
    parser.add_argument("--number-file", type=Path, metavar="FILE", help="holds the number of the holder's document")
    parser.add_argument(
        "--document",
        type=DocumentType,
        choices=list(DocumentType),
        metavar="TYPE",
        help="which document it is, where the number does not tell: " + ", ".join(DocumentType),
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="put the code into a picture instead of printing it")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="the same, in lines that print sharp at any size")
    _add_time(parser, "date of issue")


def _add_time(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--at", metavar="TIME", help=f"{what}, e.g. 2022-06-18T08:00:00+08:00 (now)")
