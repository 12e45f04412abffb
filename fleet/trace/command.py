"""``fleet trace``: who passed a site in a few hours. By two people's keys, for a case, on record first."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from fleet.days import keyfiles, people
from fleet.errors import FleetError
from fleet.hidden import secret
from fleet.plane import sql
from fleet.trace import answer, rows
from fleet.trace.question import MOST_HOURS, Question, check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.days.people import Unlocked


def main(arguments: Sequence[str]) -> int:
    """Ask who passed a site, or read an answer that was written for you. ``FLEET_DSN`` names the database."""
    parser = argparse.ArgumentParser("fleet trace", description=main.__doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    one = parts.add_parser("ask", help="both people are here, with their keys and passphrases")
    one.add_argument("--site", required=True)
    for name in ("--from", "--until"):
        one.add_argument(name, type=datetime.fromisoformat, required=True, metavar="TIME", dest=name.strip("-") + "_")
    one.add_argument("--case", required=True, help="its number")
    one.add_argument("--purpose", required=True, help=f"one sentence; both go on record. At most {MOST_HOURS} hours")
    one.add_argument("--key", type=Path, action="append", required=True, metavar="NAME.key", help="twice")
    one.add_argument("--keys", type=Path, default=Path(".fleet") / keyfiles.FOLDER, help="the days' (%(default)s)")
    one.add_argument("--out", type=Path, metavar="FILE", help="a file that only --reader can open; else the screen")
    one.add_argument("--reader", type=Path, metavar="NAME.pub")
    one = parts.add_parser("open", help="show an answer that was written to a file")
    one.add_argument("file", type=Path)
    one.add_argument("--key", type=Path, required=True, metavar="NAME.key")
    asked = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what is opened is nowhere but in memory
    try:
        return _open(asked.file, asked.key) if asked.what == "open" else _ask(asked)
    except psycopg.Error as fault:
        raise FleetError(f"the database: {fault}") from None


def _ask(asked: argparse.Namespace) -> int:
    question = Question(asked.site, asked.from_, asked.until_, asked.case, asked.purpose)
    by = " and ".join(sorted({people.name_in(path) for path in asked.key}))
    with psycopg.connect(os.environ["FLEET_DSN"], autocommit=True) as link:
        try:
            _check(asked, question)
            _note(link, by, "trace asked", question, f"{question}; not proved yet; to {_where(asked)}")
            found = rows.find(link, question)
            here = _here(asked.key)
            opened = rows.open_all(found, rows.unlock(found, asked.keys, here))
            answer.check(opened)
        except FleetError as fault:
            _note(link, by, "trace refused", question, str(fault))
            raise
        _note(link, by, "trace opened", question, f"case {question.case}; {answer.counted(opened)}")
    _give(answer.text(question, by, opened), asked)
    return 0


def _check(asked: argparse.Namespace, question: Question) -> None:
    """Refuse before anybody is asked for a passphrase."""
    check(question)
    if len(asked.key) != 2 or len({people.name_in(path) for path in asked.key}) != 2:  # noqa: PLR2004 - two people
        raise FleetError("two people are needed: --key with each one's")
    if (asked.out is None) is not (asked.reader is None):
        raise FleetError("a file needs a reader: give --out FILE and --reader NAME.pub")
    if asked.reader is not None:
        people.read(asked.reader)
    if asked.out is None and not sys.stdout.isatty():
        raise FleetError("this is no screen: name a file and who reads it with --out FILE and --reader NAME.pub")
    if asked.out is not None and asked.out.exists():
        raise FleetError(f"{asked.out} is there already")


def _here(files: Sequence[Path]) -> tuple[Unlocked, Unlocked]:
    one, other = map(_unlocked, files)
    return one, other


def _unlocked(file: Path) -> Unlocked:
    return people.unlock(file, secret(f"passphrase of {people.name_in(file)}"))


def _where(asked: argparse.Namespace) -> str:
    return "the screen" if asked.reader is None else f"a file for {people.read(asked.reader).name}"


def _note(link: psycopg.Connection, by: str, what: str, question: Question, detail: str) -> None:
    known = link.execute(rows.SITE, (question.site,)).fetchone() is not None
    subject = question.site if known else "a site that is none"
    link.execute(sql.AUDIT, (datetime.now(UTC), by[:150], what, subject[:200], detail[:1000]))


def _give(text: str, asked: argparse.Namespace) -> None:
    if asked.out is None:
        print(text, end="")
        return
    content = answer.shut(text, people.read(asked.reader))
    try:
        with os.fdopen(os.open(asked.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as fault:
        raise FleetError(f"{asked.out}: {fault.strerror}; nothing was written") from None
    print(f"{asked.out}: fleet trace open {asked.out} --key …")


def _open(path: Path, key: Path) -> int:
    if not sys.stdout.isatty():
        raise FleetError("this is no screen")
    try:
        file = path.read_bytes()
    except OSError as fault:
        raise FleetError(f"{path}: {fault.strerror}") from None
    print(answer.read(file, _unlocked(key)), end="")
    return 0
