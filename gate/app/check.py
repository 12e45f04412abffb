"""``gate check``: judge one code at the desk, or a stream of them, as the gate would, and print why as JSON."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gate.app import check_batch
from gate.app.check_code import NOT_ASKED, inspect
from gate.app.check_files import (
    HEALTH_CODES,
    load_issuers,
    load_revocations,
    load_rules,
    load_trusted,
    now,
    read_code,
    read_moment,
)
from gate.config_bind import Roots
from gate.config_file import load
from gate.credentials import hcert
from gate.credentials.revocation import NO_LISTS
from gate.errors import ConfigError, GateError
from gate.model import Outcome, Reason
from voice import phrases

if TYPE_CHECKING:
    import argparse

    from gate.credentials.revocation import Revocations

LANGUAGES = ("zh-CN", "en")
PASSED, NOT_PASSED, USAGE = 0, 1, 2
EPILOG = """\
With --self no code is judged: everything that the configuration names is tried, and what does not work is said, in the
words that a fleet gets which asks for it. Exit status: 0 nothing, 1 something, 2 the configuration can't be read.

Whether a certificate was revoked is looked up in the folder of --revoked; without it, nothing is known and nothing
passes. --without-revocation leaves the question out, and every answer says so: "revocation": "not_asked".

Exit status: 0 it passes, 1 it does not, 2 it could not be judged; with --batch 0, or 2 where a line could not be.

With --batch each line of the input is {"id": …, "text": "HC1:…"}, or "picture" (a file, or base64) instead of "text";
"at" and "anchors" are optional and stand in for --at and --anchors. Each is answered by one line with the same id.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("code", nargs="?", metavar="TEXT|PICTURE", help="the code's text, or a PNG, JPEG or text file")
    parser.add_argument(
        "--anchors",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="signers, card issuers, authorities; for a signed list also its publisher's PEM key (may be repeated)",
    )
    parser.add_argument(
        "--rules",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="EU rules that must all hold, or value sets they ask for (may be repeated); without rules nothing passes",
    )
    parser.add_argument(
        "--health-codes",
        type=Path,
        default=HEALTH_CODES,
        metavar="FOLDER",
        help="issuers of health codes, one TOML file each (those that come with the program)",
    )
    revocation = parser.add_mutually_exclusive_group()
    revocation.add_argument(
        "--revoked", type=Path, metavar="FOLDER", help="what was revoked: revocation.json and the lists that it names"
    )
    revocation.add_argument(
        "--without-revocation", action="store_true", help="don't ask whether it was revoked; the answer says so"
    )
    parser.add_argument("--at", metavar="TIME", help="judge as of this time, e.g. 2021-06-01T12:00:00+08:00 (now)")
    parser.add_argument("--self", action="store_true", dest="itself", help="judge nothing: say what is wrong here")
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gate/gate.toml"), metavar="FILE", help="with --self: %(default)s"
    )
    parser.add_argument(
        "--state", type=Path, default=Path("/var/lib/gate"), metavar="FOLDER", help="with --self: %(default)s"
    )
    parser.add_argument("--batch", action="store_true", help="judge JSON lines from the input, one answer a line")
    parser.epilog = EPILOG


def run(args: argparse.Namespace) -> int:
    """Do it, print one JSON object (or one a line), and give the exit status."""
    try:
        if args.itself:
            return _self(args.config, args.state)
        moment = None if args.at is None else read_moment(args.at, "--at")
        believed = load_trusted(args.anchors)
        rules = load_rules(args.rules) if args.rules else None
        for note in believed.notes:
            print(f"gate check: signer {note}", file=sys.stderr)
        revocations = _revocations(args.revoked, without=args.without_revocation)
        issuers = load_issuers(args.health_codes)
        trusted = replace(believed.trusted, revocations=revocations, code_issuers=issuers)
        if args.batch:
            return _serve(args.code, check_batch.Defaults(trusted, rules, moment))
        found = inspect(_code(args.code), trusted, rules, moment or now())
    except GateError as error:
        print(f"gate check: {error}", file=sys.stderr)
        return USAGE
    texts = phrases.load(LANGUAGES).texts(Reason(found["reasons"][0]))
    found["texts"] = {language: asdict(text) for language, text in texts.items()}
    text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    print(text)
    return PASSED if found["outcome"] == Outcome.PASS else NOT_PASSED


def _self(file: Path, state: Path) -> int:
    """What the fleet is told that asks a gate to check itself; 1 where something is wrong."""
    from gate.app.questions import self_check  # noqa: PLC0415 - brings every driver, and no code needs one

    found = self_check(load(file, state), Roots(file.resolve().parent, state.resolve()))
    print("\n".join(found) or "nothing is wrong")
    return NOT_PASSED if found else PASSED


def _revocations(folder: Path | None, *, without: bool) -> Revocations:
    if without:
        return NOT_ASKED
    if folder is None:
        return NO_LISTS
    index = load_revocations(folder)
    for note in index.notes:
        print(f"gate check: revocation {note}", file=sys.stderr)
    return index


def _serve(code: str | None, defaults: check_batch.Defaults) -> int:
    if code is not None:
        raise ConfigError("--batch takes its codes from the input: leave the TEXT or PICTURE out")
    return USAGE if check_batch.serve(sys.stdin.fileno(), sys.stdout.fileno(), defaults) else PASSED


def _code(argument: str | None) -> bytes:
    if argument is not None:
        return read_code(argument)
    if sys.stdin.isatty():
        raise ConfigError("nothing to check: give the code's text in quotes, a picture, or pipe the text in")
    return sys.stdin.buffer.read(hcert.MAX_TEXT_BYTES + 1)
