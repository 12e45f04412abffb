"""Keys of a list: which place a person has in it, and how its blocks are encrypted.

Every file has keys of its own, from the fleet's key and the file's random salt by HKDF-SHA256. Under such a key block
``n`` is encrypted once, with nonce ``n``: no nonce comes twice. Whoever makes the same file again from the same signed
header (unpacking, compaction) encrypts the same content under the same nonce, and gets the same bytes.

ChaCha20-Poly1305, since the processor of a Raspberry Pi 4 has no instructions for AES.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gate.errors import StatusUnavailable
from gate.status.cache.layout import HASH_BYTES

if TYPE_CHECKING:
    from gate.pseudonym import PseudonymKey

FULL_HASH_BYTES: Final = 8
"""While a list is made two people are told apart by these; what it keeps is the first ``HASH_BYTES``."""
TAG_BYTES: Final = 16


class ListKey:
    """Of all lists of a fleet; never shown by ``repr``."""

    __slots__ = ("_hash", "root")

    def __init__(self, root: bytes) -> None:
        self.root = root
        """All that lists need to know; the pseudonyms' key can't be told from it."""
        self._hash = blake2b(digest_size=FULL_HASH_BYTES, key=_derived(root, b"places", b""))

    @classmethod
    def of(cls, fleet: PseudonymKey) -> ListKey:
        """From the key of the pseudonyms."""
        return cls(fleet.derived(b"gate status lists", b""))

    def hash(self, pseudonym: bytes) -> bytes:
        """Where a person stands in every list of this fleet; by itself it says nothing about the pseudonym."""
        hashing = self._hash.copy()
        hashing.update(pseudonym)
        return hashing.digest()[:HASH_BYTES]

    def full_hash(self, pseudonym: bytes) -> bytes:
        """The same and two bytes more."""
        hashing = self._hash.copy()
        hashing.update(pseudonym)
        return hashing.digest()

    def blocks(self, salt: str) -> Cipher:
        """Of a file's blocks."""
        return Cipher(_derived(self.root, b"blocks", bytes.fromhex(salt)))

    def parcels(self, salt: str) -> Cipher:
        """Of the same list as it travels."""
        return Cipher(_derived(self.root, b"parcels", bytes.fromhex(salt)))


class Cipher:
    """Blocks of one file by their number."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)

    def seal(self, number: int, content: bytes) -> bytes:
        return self._aead.encrypt(number.to_bytes(12, "big"), content, None)

    def open(self, number: int, block: bytes) -> bytes:
        """Raise StatusUnavailable where it is not what was sealed."""
        try:
            return self._aead.decrypt(number.to_bytes(12, "big"), block, None)
        except InvalidTag:
            raise StatusUnavailable("a block is damaged, or encrypted with another key") from None


def _derived(root: bytes, purpose: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), len(root), salt, purpose).derive(root)
