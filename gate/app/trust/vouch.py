"""``gate trust vouch``: a key that signs claims (``gate enrol``), and the root's word for it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gate import durable
from gate.app.trust import keys
from gate.errors import ConfigError
from gate.wire.claims import to_vouch

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(args: argparse.Namespace) -> int:
    """Make both files."""
    name: Path = args.name
    key_file, vouchers_file = (name.with_name(name.name + ending) for ending in (".key.pem", ".vouchers.json"))
    if key_file.exists():
        raise ConfigError(f"{key_file}: is there already; keys are never written over, so take another name")
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    signed = [bytes.fromhex(root.sign(to_vouch(public)).signature) for root in keys.signers(args.keys, "root")]
    vouchers = {"key": _text(public), "vouchers": [_text(one) for one in signed]}
    try:
        durable.write(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        durable.write(vouchers_file, msgspec.json.format(msgspec.json.encode(vouchers)) + b"\n", 0o644)
    except OSError as fault:
        raise ConfigError(f"{name}: can't be written ({fault.strerror})") from None
    print(f"{key_file}: signs claims; it belongs on the fleet's server and nowhere else.")
    print(f"{vouchers_file}: goes with it, and into every claim. What takes it back is a new root.")
    return 0


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
