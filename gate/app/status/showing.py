"""``gate status info`` and ``find``: what a list is, and what it says about one person who asked or was asked for."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from gate.credentials import document_number
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.model import Moment, Records
from gate.pseudonym import load_key
from gate.status.cache.crypto import ListKey
from gate.status.cache.folder import ListFolder
from gate.status.cache.layout import false_match, shared_place
from gate.status.cache.meaning import fresh, meant
from gate.trust import status_signers

if TYPE_CHECKING:
    import argparse

    from gate.pseudonym import PseudonymKey

FINDS: Final = "finds.jsonl"
"""Who was looked for by hand, when and why; by pseudonym."""
_MOST_NUMBER: Final = 64


def info(args: argparse.Namespace) -> int:
    """Say what serves."""
    lists, now = _lists(args, load_key(args.key)), _now()
    generation = lists.newest(_signers(args))
    header, whole = generation.newest, generation.whole
    hours = (now.at.timestamp() - header.as_of) / 3600
    good = "good until" if fresh(header, now) else "no good news since"
    print(f"{args.list}: generation {whole.number} with {generation.changes} changes, signed by {header.signer[:16]}")
    print(f"as of {_said(header.as_of)}, {hours:.1f} hours ago; {good} {_said(header.until)}")
    print(f"people: {whole.people:,} on the whole list, {generation.people - whole.people:,} added by changes")
    if header.kind == "exceptions":
        print(f"complete about: {', '.join(header.covers) or 'nothing: silence says nothing'}")
    print(f"times: cut to {header.step_s // 60} minutes, to the older side")
    odds = false_match(generation.people)
    print(f"hashes: {header.hash_bits} bits; a stranger is taken for somebody on it with odds of {odds:.1e},")
    print(f"  and {shared_place(generation.people):.2g} pairs of its people are expected to be unknown to it")
    for note in lists.notes:
        print(f"passed over: {note}")
    return 0


def find(args: argparse.Namespace) -> int:
    """Say what the list says about one person. The number comes from standard input: it is in no shell's history."""
    key, now = load_key(args.key), _now()
    generation = _lists(args, key).newest(_signers(args))
    number = sys.stdin.readline(_MOST_NUMBER).strip()
    try:
        pseudonym = key.pseudonym(document_number.read(None, number))
    except ValueError as fault:
        raise ConfigError(f"the number: {fault}") from None
    note = {"at": now.at.isoformat(timespec="seconds"), "holder": pseudonym.hex(), "reason": args.reason[:200]}
    with (args.folder / FINDS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(note) + "\n")
    found = meant(generation, [generation.find(ListKey.of(key).hash(pseudonym))], [pseudonym], now)
    print(msgspec.json.format(msgspec.json.encode(found.records or Records()), indent=2).decode())
    return 0


def _lists(args: argparse.Namespace, key: PseudonymKey) -> ListFolder:
    return ListFolder(args.folder, args.list, ListKey.of(key))


def _signers(args: argparse.Namespace) -> frozenset[bytes]:
    return status_signers.load(read_bounded(args.signers))


def _now() -> Moment:
    return Moment(datetime.now(UTC), trusted=True)


def _said(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
