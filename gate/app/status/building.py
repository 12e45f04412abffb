"""``gate status key``, ``build`` and ``fold``: what the city's desk does."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gate import durable
from gate.app.status.flags import Flags
from gate.app.status.rows import People
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.pseudonym import load_key
from gate.status.cache.crypto import ListKey
from gate.status.cache.layout import shared_place
from gate.status.cache.payload import pack
from gate.status.cache.publish import Desk, Terms, origin_for
from gate.status.cache.whole import Sorter

if TYPE_CHECKING:
    from pathlib import Path

    from gate.pseudonym import PseudonymKey
    from gate.status.cache.layout import Header

ALL_IN, SOME_OUT, UNCHANGED = 0, 1, 2
_STEP: Final = 20_000
_MOST_NAMED: Final = 100
_LONGEST_HOURS: Final = 14 * 24


def moment(text: str) -> datetime:
    """A time on the command line."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError("write a time with its zone, e.g. 2021-06-18T08:00:00+08:00")
    return at


def make_key(args: argparse.Namespace) -> int:
    """Make the desk's key."""
    path: Path = args.name.with_name(f"{args.name.name}.key.pem")
    if path.exists():
        raise ConfigError(f"{path} is there already: a key that has signed is not overwritten; take another name")
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")
    signers = {"signers": [{"name": args.name.name, "public_key": public}]}
    durable.write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    durable.write(path.with_name("status-signers.json"), json.dumps(signers, indent=2).encode() + b"\n", 0o644)
    print(f"{path}: the key; whoever has it can sign lists. Keep it from others, and off the gates.")
    print("status-signers.json: put it into the trust bundle of gates that shall believe this desk.")
    return ALL_IN


def build(args: argparse.Namespace) -> int:
    """Make a list of a table, or a change."""
    if not 1 <= args.good_for <= _LONGEST_HOURS:
        raise ConfigError(f"--good-for is 1 to {_LONGEST_HOURS}")
    key = load_key(args.key)
    as_of = int((args.as_of or datetime.now(UTC)).timestamp())
    desk = _desk(args, key)
    before = desk.newest() if args.changes else None
    origin = origin_for(as_of) if before is None else before.whole.origin
    sorter, flags = Sorter(), Flags.read(args.flags, key)
    with args.table.open("rb") as file:
        people = People(file, key, is_json=args.table.suffix == ".jsonl")
        refused = _take(people, sorter, ListKey.of(key), origin, flags, os.fstat(file.fileno()).st_size)
    flags.add_rest(sorter, ListKey.of(key), before)
    if before is not None:
        before.close()
    if sorter.people < max(refused, 1):
        raise ConfigError(f"{refused:,} rows are wrong and {sorter.people:,} right: nothing was made")
    for first, again in sorter.twice():
        refused += 1
        print(f"line {again}: the same person stands in line {first} already; that one counts")
    terms = Terms(as_of, as_of + args.good_for * 3600, people.covers)
    header = desk.change(sorter, terms) if args.changes else desk.whole(sorter, terms)
    _tell("")
    _summary(header, refused)
    return SOME_OUT if refused else ALL_IN


def fold(args: argparse.Namespace) -> int:
    """Make the newest list and its changes into the next."""
    header = _desk(args, load_key(args.key)).fold()
    _tell("")
    _summary(header, 0)
    return ALL_IN


def _take(people: People, sorter: Sorter, key: ListKey, origin: int, flags: Flags, size: int) -> int:
    refused = 0
    for count, (line, found) in enumerate(people, 1):
        if count % _STEP == 0:
            _tell(f"{count:,} rows, {100 * people.done() // max(size, 1)} %")
        try:
            if isinstance(found, str):
                raise ValueError(found)  # noqa: TRY004, TRY301 - a row's fault like the list's own
            bits = flags.over(found.pseudonym, pack(found.status, origin))
            sorter.add(key.full_hash(found.pseudonym), bits, line)
        except ValueError as fault:
            refused += 1
            if refused <= _MOST_NAMED:
                _tell("")
                print(f"line {line}: {fault}" if refused < _MOST_NAMED else "… and more")
    return refused


def _desk(args: argparse.Namespace, key: PseudonymKey) -> Desk:
    return Desk(
        args.folder,
        args.list,
        ListKey.of(key),
        _signer(args.sign),
        lambda done, of: _tell(f"writing, {100 * done // of} %"),
    )


def _signer(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(read_bounded(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{path}: is not what `gate status key` made") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is not what `gate status key` made")
    return key


def _summary(header: Header, refused: int) -> None:
    what = f"change {header.change} of generation {header.number}" if header.change else f"generation {header.number}"
    print(f"made: {what}, {header.people:,} people")
    if refused:
        print(f"left out: {refused:,} rows, named above")
    if not header.change:
        print(
            f"two people in one place: {shared_place(header.people):.2g} pairs expected; a gate knows neither of them"
        )


def _tell(text: str) -> None:
    """One line that is written over; only for a person who watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
