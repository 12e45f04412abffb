"""Document numbers become keyed pseudonyms before anything is looked up or stored.

The key is the secret: a city's whole number space can be tried against one keyed hash in minutes, so
whoever has the key has the numbers (DESIGN section 7).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from gate import durable
from gate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Document

KEY_BYTES = 32
PSEUDONYM_BYTES = 16
SEAL_BYTES = 16


class PseudonymKey:
    """Keyed BLAKE2b (RFC 7693), 128 bits out; never shown by ``repr``."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"a pseudonym key has {KEY_BYTES} bytes, this one has {len(key)}")
        self._key = key

    def pseudonym(self, document: Document) -> bytes:
        """16 bytes that stand for this document on this fleet; the number is upper-cased and stripped first."""
        text = f"{document.type.value}:{document.number.strip().upper()}"
        return hashlib.blake2b(
            text.encode(), key=self._key, digest_size=PSEUDONYM_BYTES, person=b"gate-holder"
        ).digest()

    def seal(self, content: bytes) -> bytes:
        """16 bytes that only a holder of the key can make: nothing and nobody has changed this content since."""
        return hashlib.blake2b(content, key=self._key, digest_size=SEAL_BYTES, person=b"gate-seal").digest()


def load_or_make_key(path: Path) -> PseudonymKey:
    """The key in ``path``; made at the first start, readable by the gate's user only.

    Raises:
        ConfigError: the file is there but is no key, or can't be read or made.
    """
    try:
        try:
            return PseudonymKey(path.read_bytes())
        except FileNotFoundError:
            return _make(path)
    except OSError as fault:
        raise ConfigError(f"{path}: pseudonym key can't be read or made ({fault.strerror})") from None


def _make(path: Path) -> PseudonymKey:
    key = secrets.token_bytes(KEY_BYTES)
    durable.write(path, key, 0o600)  # half a key would refuse every start
    return PseudonymKey(key)
