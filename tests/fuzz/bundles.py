"""Targets: the metadata of a bundle of trust, as strangers write it, and as whoever has stolen every key does."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from trust_bundles import UNTIL, contents
from tuf.api.metadata import Snapshot, Targets, Timestamp

from fuzz.engine import Target
from fuzz.mutate import mutate_json
from gate.errors import TrustError
from gate.trust import bundle, load, publish
from gate.trust.metadata import first_root, next_root, signed
from gate.trust.publish import NUMBERS, Keys

if TYPE_CHECKING:
    from collections.abc import Iterable


def _signer(name: str) -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


KEYS: Final = Keys(**{role: tuple(_signer(f"{role} {n}") for n in range(number)) for role, number in NUMBERS.items()})
ROOT: Final = publish.make_root(KEYS, UNTIL)
BUNDLE: Final = contents(signed_by=KEYS, others={"rules": {"a.json": b"{}"}})
_ORDER: Final = ("trust", "rules", "targets", "snapshot", "timestamp", "root")
PARTS: Final = {
    role: json.loads(data)["signed"] for role in _ORDER for data in [ROOT if role == "root" else BUNDLE[f"{role}.json"]]
}
"""What is signed in a good bundle, by role."""


def _metadata(data: bytes) -> str:
    root = first_root(ROOT)
    attempts = (
        partial(first_root, data),
        partial(next_root, root, data),
        partial(signed, Timestamp, data, root, "timestamp", 1),
        partial(signed, Snapshot, data, root, "snapshot", 1),
        partial(signed, Targets, data, root, "targets", 2),
    )
    answers = []
    for attempt in attempts:
        try:
            attempt()
        except TrustError as error:
            answers.append(str(error)[:30])
        else:
            answers.append("good")
    return " ".join(answers)


def _bundle(data: bytes) -> str:
    """``{role: what is to be signed}``: signed with the right keys, and listed as it is where it can be."""
    try:
        parts = json.loads(data)
    except (ValueError, RecursionError):
        return "no JSON"
    if not isinstance(parts, dict):
        return "no parts"
    files = dict(BUNDLE)
    for role in _ORDER:
        part = parts.get(role)
        for name in ("trust.json", "rules.json", "targets.json", "snapshot.json"):
            _list(part, name, files[name])
        files[f"{role}.json"] = _sign(part, getattr(KEYS, role))
    found = bundle.verify(lambda name, limit: files[name][: limit + 1] if name in files else None, files["root.json"])
    load.load(found)
    return f"{sorted(found.files)} {found.digest.hex()}"[:60]


def _list(part: Any, name: str, data: bytes) -> None:
    try:
        described = part["meta"][name]
        if described["length"] == PARTS["timestamp" if name == "snapshot.json" else "snapshot"]["meta"][name]["length"]:
            described["length"] = len(data)
            described["hashes"]["sha256"] = hashlib.sha256(data).hexdigest()
    except (KeyError, TypeError, IndexError):
        pass


def _sign(part: Any, signers: Iterable[CryptoSigner]) -> bytes:
    try:
        content = str(encode_canonical(part)).encode()
        signatures = [signer.sign(content).to_dict() for signer in signers]
        return json.dumps({"signed": part, "signatures": signatures}).encode()
    except Exception:  # noqa: BLE001 - what can't be signed comes without signatures
        return json.dumps({"signed": part, "signatures": []}).encode()


_TOKENS: Final = (b"[" * 200, b'{"a":' * 200, b"\\ud800", b"1e999", b"NaN", b"-0", b"9" * 5000, b"../", b"trust/", b"*")

TARGETS: Final = (
    Target("tuf metadata", _metadata, structure=mutate_json, tokens=_TOKENS, cost=12),
    Target("trust bundle", _bundle, structure=mutate_json, tokens=_TOKENS, cost=40),
)
