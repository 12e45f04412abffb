"""``gate issue key``: a signer for a pilot, and how its files are read again."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gate import durable
from gate.app.check_files import now
from gate.credentials.hcert_issue import self_signed
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.trust.signer_certificate import key_id

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from gate.credentials.cose_algorithms import PrivateKey

USES: Final = ("health_code", "permit")
ALGORITHMS: Final = ("ES256", "EdDSA")
_LONGEST_DAYS: Final = 3650
HELP: Final = """\
NAME.anchors.json is what gates are given so that they believe this signer (see --signs), for what it may sign and for
nothing else. NAME.key.pem stays here. RSA (PS256) is left out: its signature alone has 256 bytes, and a code with it
does not fit a QR code that cheap cameras read.
"""


@dataclass(frozen=True, slots=True)
class SignerFiles:
    """A signer as its files hold it."""

    private_key: PrivateKey
    key_id: bytes


def run(args: argparse.Namespace) -> int:
    """Make a signer's three files.

    Raises:
        ConfigError: a signer of this name is there already, or the options make none.
    """
    if len(args.country) != len("CN") or not (args.country.isascii() and args.country.isalpha()):
        raise ConfigError("--country is two letters, e.g. CN")
    if not 1 <= args.days <= _LONGEST_DAYS:
        raise ConfigError(f"--days is 1 to {_LONGEST_DAYS}")
    key_file, certificate_file, anchors_file = _files(args.name)
    if key_file.exists():
        raise ConfigError(f"{key_file} is there already: a key that has signed is not overwritten; take another name")
    key = Ed25519PrivateKey.generate() if args.algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    begins = (args.at or now()).at
    certificate = self_signed(key, args.country.upper(), args.name.name, begins, begins + timedelta(days=args.days))
    der = certificate.public_bytes(Encoding.DER)
    entry = {"certificate": base64.b64encode(der).decode("ascii"), "signs": sorted(set(args.signs))}
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        durable.write(key_file, pem, 0o600)
        durable.write(certificate_file, certificate.public_bytes(Encoding.PEM), 0o644)
        durable.write(anchors_file, json.dumps({"anchors": [entry]}, indent=2).encode() + b"\n", 0o644)
    except OSError as fault:
        raise ConfigError(f"{args.name}: can't be written ({fault.strerror})") from None
    print(f"{key_file}: the key; whoever has it can sign. Keep it from others, and off the gates.")
    print(f"{certificate_file}: its certificate.")
    print(f"{anchors_file}: for gates that shall believe it: {', '.join(entry['signs'])}.")
    return 0


def load(name: Path) -> SignerFiles:
    """Read a signer's key and certificate.

    Raises:
        ConfigError: one of them can't be read, or they don't belong together.
    """
    key_file, certificate_file, _ = _files(name)
    try:
        key = load_pem_private_key(read_bounded(key_file), password=None)
        certificate = x509.load_pem_x509_certificate(read_bounded(certificate_file))
    except OSError as fault:
        raise ConfigError(f"{name}: no such signer ({fault.strerror}); make one with `gate issue key`") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(
            f"{name}: {key_file.name} or {certificate_file.name} is not what `gate issue key` made"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise ConfigError(f"{key_file}: a key for neither ES256 nor EdDSA; the signatures of others are too large")
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ConfigError(f"{certificate_file}: not the certificate of {key_file.name}")
    return SignerFiles(key, key_id(certificate.public_bytes(Encoding.DER)))


def _files(name: Path) -> tuple[Path, Path, Path]:
    return (
        name.with_name(f"{name.name}.key.pem"),
        name.with_name(f"{name.name}.cert.pem"),
        name.with_name(f"{name.name}.anchors.json"),
    )
