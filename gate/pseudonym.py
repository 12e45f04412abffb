"""Document numbers become keyed pseudonyms before anything is looked up or stored.

The key is the secret: a city's whole number space can be tried against one keyed hash in minutes, so
whoever has the key has the numbers (DESIGN section 7).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate import durable
from gate.errors import ConfigError
from gate.model import DocumentType

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Document

KEY_BYTES = 32
OLD_RESIDENCE_DIGITS = 14
"""Of the 15 characters of a permanent-residence number of 2017; see ``id_number.old_residence_number``."""
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
        """16 bytes that stand for this document on this fleet; the number is upper-cased and stripped first.

        Of a permanent-residence number of the old form only the part counts that a card of the new form can name.
        """
        number = document.number.strip().upper()
        if document.type is DocumentType.PERMANENT_RESIDENCE and len(number) == OLD_RESIDENCE_DIGITS + 1:
            number = number[:OLD_RESIDENCE_DIGITS]
        text = f"{document.type.value}:{number}"
        return hashlib.blake2b(
            text.encode(), key=self._key, digest_size=PSEUDONYM_BYTES, person=b"gate-holder"
        ).digest()

    def forget(self) -> None:
        """Become a key that nobody has: what was a pseudonym before can't be made again, nor tried out."""
        self._key = secrets.token_bytes(KEY_BYTES)

    def seal(self, content: bytes) -> bytes:
        """16 bytes that only a holder of the key can make: nothing and nobody has changed this content since."""
        return hashlib.blake2b(content, key=self._key, digest_size=SEAL_BYTES, person=b"gate-seal").digest()

    def derived(self, purpose: bytes, salt: bytes) -> bytes:
        """32 bytes for another purpose (HKDF-SHA256), which tell nothing about this key or those of other purposes."""
        return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(self._key)


def throwaway_key() -> PseudonymKey:
    """A key that is kept nowhere."""
    return PseudonymKey(secrets.token_bytes(KEY_BYTES))


def load_key(path: Path) -> PseudonymKey:
    """The key in ``path``.

    Raises:
        ConfigError: it is not there, can't be read, or is no key.
    """
    try:
        with path.open("rb") as file:
            return PseudonymKey(file.read(KEY_BYTES + 1))
    except OSError as fault:
        raise ConfigError(f"{path}: pseudonym key can't be read ({fault.strerror})") from None


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
