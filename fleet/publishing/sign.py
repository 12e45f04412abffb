"""``fleet sign``: a release is signed by two people, each on a machine of their own, with a key that stays there."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from securesystemslib.signer import CryptoSigner

from fleet.errors import FleetError
from fleet.hidden import secret
from fleet.publishing import keys, proposal, release
from gate import durable
from gate.errors import RuleSetError, TrustError
from gate.rules import orders, ruleset
from gate.trust import bundle
from gate.trust.bundle import MAX_FILES, MAX_FILES_BYTES, OTHERS, ROLE, RULES
from gate.trust.folder import is_name

if TYPE_CHECKING:
    from collections.abc import Sequence


ROOT_LASTS: Final = timedelta(days=730)
BUNDLE_LASTS: Final = timedelta(days=30)
SHORTEST: Final = 12
"""Characters of a passphrase."""
ONLINE: Final = ("snapshot", "timestamp")


def main(arguments: Sequence[str]) -> int:
    """Keys, proposals and signatures. Passphrases are asked for, and are in no argument."""
    asked = _parser().parse_args(arguments)
    try:
        for line in asked.tool(asked):
            print(line)
    except OSError as fault:
        raise FleetError(f"{fault.filename}: {fault.strerror}") from None
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fleet sign", description=main.__doc__)
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    one = tools.add_parser("key", help="on each signer's own machine: NAME.key.pem, encrypted, and NAME.pub.json")
    one.add_argument("name", type=Path, metavar="NAME")
    one.set_defaults(tool=_key)
    one = tools.add_parser("online", help="keys for snapshots and timestamps, which may lie on a server")
    one.add_argument("folder", type=Path, metavar="KEYS")
    one.set_defaults(tool=_online)
    one = tools.add_parser("root", help="propose the root: two of these people have to sign it, as all that follows")
    one.add_argument("out", type=Path, metavar="PROPOSAL")
    one.add_argument("--person", type=Path, action="append", required=True, metavar="NAME.pub.json")
    one.add_argument("--online", type=Path, required=True, metavar="KEYS")
    one.set_defaults(tool=_root)
    one = tools.add_parser("make", help="propose a release, one version newer than --before")
    one.add_argument("out", type=Path, metavar="PROPOSAL")
    one.add_argument("--files", type=Path, required=True, metavar="FOLDER", help="what gates are to believe")
    for role in OTHERS:
        one.add_argument(f"--{role}", type=Path, metavar="FOLDER")
    one.add_argument("--before", type=Path, metavar="BUNDLE", help="the newest bundle that there is, way back or not")
    one.add_argument("--way-back", action="store_true", help="it comes after the release: two versions newer")
    one.add_argument("--root", type=Path, required=True, metavar="root.json")
    one.set_defaults(tool=_make)
    one = tools.add_parser("add", help="on a signer's own machine: look at a proposal, and sign it")
    one.add_argument("proposal", type=Path, metavar="PROPOSAL")
    one.add_argument("--key", type=Path, required=True, metavar="NAME.key.pem")
    one.add_argument("--root", type=Path, metavar="root.json", help="this machine's own; needed but for a root itself")
    one.set_defaults(tool=_add)
    one = tools.add_parser("merge", help="make the bundle, or the root, of a proposal and its signatures")
    one.add_argument("proposal", type=Path, metavar="PROPOSAL")
    one.add_argument("signatures", type=Path, nargs="+", metavar="SIGNATURES")
    one.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="a new folder; of a root, its file")
    one.add_argument("--online", type=Path, metavar="KEYS")
    one.add_argument("--root", type=Path, metavar="root.json")
    one.set_defaults(tool=_merge)
    return parser


def _key(asked: argparse.Namespace) -> list[str]:
    private, public = _beside(asked.name, ".key.pem"), _beside(asked.name, ".pub.json")
    if private.exists():
        raise FleetError(f"{private}: is there already; a key that has signed is not overwritten")
    passphrase = secret("passphrase for the new key")
    if len(passphrase) < SHORTEST:
        raise FleetError(f"a passphrase has at least {SHORTEST} characters")
    if secret("same again") != passphrase:
        raise FleetError("those were two different ones; nothing was made")
    key = Ed25519PrivateKey.generate()
    encrypted = BestAvailableEncryption(passphrase.encode())
    durable.write(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted), 0o600)
    person = proposal.person_of(asked.name.name, key)
    durable.write(public, proposal.key_text(person), 0o644)
    return [f"{private}: stays on this machine", f"{public}: key {person.key.keyid[:8]}, for whoever makes the root"]


def _online(asked: argparse.Namespace) -> list[str]:
    if asked.folder.exists():
        raise FleetError(f"{asked.folder}: is there already; keys are never written over")
    asked.folder.mkdir(mode=0o700, parents=True)
    for role in ONLINE:
        durable.write(keys.online_file(asked.folder, role), CryptoSigner.generate_ed25519().private_bytes, 0o600)
    return [f"{asked.folder}: {', '.join(ONLINE)}, not encrypted; they can sign nothing new"]


def _root(asked: argparse.Namespace) -> list[str]:
    people = [keys.person(path) for path in asked.person]
    online = {role: keys.online_signer(asked.online, role).public_key for role in ONLINE}
    made = proposal.propose_root(people, online, _until(ROOT_LASTS))
    durable.write(asked.out, proposal.write(made), 0o644)
    return [*proposal.lines(made), f"{asked.out}: two of them sign it, each with fleet sign add"]


def _make(asked: argparse.Namespace) -> list[str]:
    root = asked.root.read_bytes()
    given = {ROLE: asked.files} | {role: found for role in OTHERS if (found := getattr(asked, role)) is not None}
    lists = {role: _files(role, folder) for role, folder in given.items()}
    _check_rules(lists.get(RULES, {}))
    version = 1 + asked.way_back
    if asked.before is not None:
        before = _opened(asked.before, root)
        # The timestamp's version rises by itself; gates take none that is older.
        version += max(one.version for name, one in before.roles.items() if name != proposal.ROOT)
        if missing := before.others.keys() - lists.keys():
            raise FleetError(f"gates would miss the role {', '.join(sorted(missing))}; give its folder")
    made = proposal.propose(lists, list(proposal.people_of(root).values()), version, _until(BUNDLE_LASTS))
    durable.write(asked.out, proposal.write(made), 0o644)
    return [*proposal.lines(made), f"{asked.out}: two people sign it, each with fleet sign add"]


def _add(asked: argparse.Namespace) -> list[str]:
    blob = keys.read(asked.proposal, proposal.MAX_BYTES)
    found = proposal.read(blob)
    if asked.root is None and proposal.ROOT not in found.metadata:
        raise FleetError("give --root, this machine's own root.json, to see who else may sign")
    print("\n".join(proposal.lines(found)))
    key = keys.private(asked.key)
    person = proposal.person_of(asked.key.name.removesuffix(".key.pem"), key)
    if asked.root is not None:
        proposal.check(found, asked.root.read_bytes())
        if person.key.keyid not in proposal.people_of(asked.root.read_bytes()):
            raise FleetError(f"{asked.key}: is no key that the root asks to sign")
    out = asked.proposal.with_name(f"{asked.proposal.name}.{person.name}")
    durable.write(out, proposal.write(proposal.sign(blob, key)), 0o644)
    return [f"{out}: signed by key {person.key.keyid[:8]}"]


def _merge(asked: argparse.Namespace) -> list[str]:
    blob = keys.read(asked.proposal, proposal.MAX_BYTES)
    found = proposal.read(blob)
    signed = proposal.merge(blob, [_signed(path) for path in asked.signatures])
    if asked.out.exists():
        raise FleetError(f"{asked.out}: is there already; name a new one")
    if proposal.ROOT in found.metadata:
        root = signed[f"{proposal.ROOT}.json"]
        _check_root(root)
        durable.write(asked.out, root, 0o644)
        return [f"{asked.out}: give it to every gate and every signer"]
    if asked.root is None or asked.online is None:
        raise FleetError("give --root and --online")
    online = {role: (keys.online_signer(asked.online, role),) for role in ONLINE}
    contents = proposal.finish(found, signed, online, _until(BUNDLE_LASTS))
    try:
        made = bundle.verify(lambda name, _: contents.get(name), asked.root.read_bytes())
    except TrustError as fault:
        raise FleetError(f"refused: {fault}") from None
    for name, data in contents.items():
        durable.write(asked.out / name, data, 0o644)
    return [f"{asked.out}: version {made.version}, signed; now fleet publish"]


def _check_root(root: bytes) -> None:
    from gate.trust.metadata import first_root  # noqa: PLC0415 - for a root alone

    try:
        first_root(root)
    except TrustError as fault:
        raise FleetError(f"refused: {fault}") from None


def _check_rules(files: dict[str, bytes]) -> None:
    """What a gate would refuse is signed by nobody."""
    try:
        sets = [ruleset.load(blob) for name, blob in files.items() if name != release.ORDERS]
        if release.ORDERS in files:
            orders.load(files[release.ORDERS], *sets)
    except RuleSetError as fault:
        raise FleetError(str(fault)) from None


def _files(role: str, folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            continue
        if not is_name(f"{role}/{name}"):
            raise FleetError(f"{path}: needs a plain name (letters, digits, . _ -), at most two folders deep")
        found[name] = path.read_bytes()
    if not folder.is_dir() or len(found) > MAX_FILES or sum(map(len, found.values())) > MAX_FILES_BYTES:
        raise FleetError(f"{folder}: is no folder, or has more than {MAX_FILES} files or {MAX_FILES_BYTES >> 20} MiB")
    return found


def _opened(path: Path, root: bytes) -> bundle.Bundle:
    try:
        return bundle.open_folder(path, root)
    except TrustError as fault:
        raise FleetError(f"{path}: refused: {fault}") from None


def _signed(path: Path) -> proposal.Signed:
    try:
        return msgspec.json.decode(keys.read(path, proposal.MAX_SIGNATURES_BYTES), type=proposal.Signed)
    except (msgspec.DecodeError, RecursionError):
        raise FleetError(f"{path}: holds no signatures that fleet sign made") from None


def _beside(name: Path, ending: str) -> Path:
    return name.with_name(f"{name.name}{ending}")


def _until(lasts: timedelta) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + lasts
