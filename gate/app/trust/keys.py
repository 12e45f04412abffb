"""``gate trust keys``: private keys in a folder, one PEM file each, and the root that names them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner

from gate import durable
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.trust import publish
from gate.trust.publish import NUMBERS, Keys

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection
    from pathlib import Path

    from gate.trust.publish import Signers

ROOT = "root.json"


def run(args: argparse.Namespace) -> int:
    """Make them and say what to do with them."""
    folder: Path = args.folder
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; keys are never written over, so name a new folder")
    keys = publish.make_keys()
    try:
        folder.mkdir(mode=0o700, parents=True)
        for role in NUMBERS:
            made: Signers = getattr(keys, role)
            for number, signer in enumerate(made, 1):
                durable.write(_file(folder, role, number), signer.private_bytes, 0o600)
        durable.write(folder / ROOT, publish.make_root(keys, args.until), 0o644)
    except OSError as fault:
        raise ConfigError(f"{folder}: can't be written ({fault.strerror})") from None
    print(f"{folder}: {sum(NUMBERS.values())} private keys, not encrypted, and {ROOT}, good until {said(args.until)}")
    print(f"  Give {ROOT} to every gate. Keep the rest away from gates and networks, best in different hands;")
    print("  only timestamp-1.pem and snapshot-1.pem may lie on a server.")
    return 0


def load(folder: Path, roles: Collection[str]) -> Keys:
    """The keys of these roles in a folder that ``run`` made.

    Raises:
        ConfigError: a file is missing, or is no such key.
    """
    return Keys(**{role: signers(folder, role) if role in roles else () for role in NUMBERS})


def signers(folder: Path, role: str) -> Signers:
    """The keys of one role.

    Raises:
        ConfigError: as ``load``.
    """
    return tuple(_signer(_file(folder, role, number)) for number in range(1, NUMBERS[role] + 1))


def said(time: datetime) -> str:
    """A time as it is printed."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _signer(path: Path) -> CryptoSigner:
    try:
        return CryptoSigner(load_pem_private_key(read_bounded(path), None))
    except OSError as fault:
        raise ConfigError(f"{path}: {fault.strerror or fault}; gate trust keys makes such a file") from None
    except (ValueError, TypeError):
        raise ConfigError(f"{path}: is no private key that gate trust keys made") from None


def _file(folder: Path, role: str, number: int) -> Path:
    return folder / f"{role}-{number}.pem"
