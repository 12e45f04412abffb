"""Who was there, in a box that only the operator's key of that day opens.

HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305. The box is the encapsulated
key and the ciphertext. The presentation's id and the key's id are part of ``info``: a box that was moved to another
row, or said to be of another key, does not open. All boxes have one length.

Inside are types and numbers of documents, nothing else: what somebody needs who must find a person, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from gate.errors import JournalError
from gate.model import Document, DocumentType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from gate.credentials.sealing_keys import SealingKey

CONTENT_BYTES: Final = 128
"""Two documents of the longest kinds, padded with spaces after the JSON."""
BOX_BYTES: Final = 32 + CONTENT_BYTES + 16
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_LABEL: Final = b"gate-passage-1"


def seal(documents: Sequence[Document], key: SealingKey, presentation_id: str) -> bytes:
    """A box of ``BOX_BYTES``.

    Args:
        documents: of one person, the one that was presented first; of more than fit the last are left out.
        key: of the day.
        presentation_id: of the row that the box belongs to.
    """
    listed = [(document.type.value, document.number) for document in documents]
    while len(content := msgspec.json.encode(listed)) > CONTENT_BYTES:
        listed.pop()
    return _SUITE.encrypt(content.ljust(CONTENT_BYTES), key.public_key, _info(presentation_id, key.id))


def open_box(box: bytes, private_key: X25519PrivateKey, presentation_id: str, sealed_to: str) -> tuple[Document, ...]:
    """What is in a box; pure.

    Args:
        box: the column ``sealed`` of a row.
        private_key: of the key of that day.
        presentation_id: the row's ``id``.
        sealed_to: the row's column of that name, the key's id.

    Raises:
        JournalError: it is no box, of another row or key, or was changed.
    """
    try:
        content = _SUITE.decrypt(box, private_key, _info(presentation_id, sealed_to))
        listed = msgspec.json.decode(content, type=list[tuple[DocumentType, str]])
    except (InvalidTag, ValueError, msgspec.DecodeError):
        raise JournalError("a sealed box does not open: another key's, another row's, or changed") from None
    return tuple(Document(kind, number) for kind, number in listed)


def _info(presentation_id: str, key_id: str) -> bytes:
    return b"\0".join((_LABEL, presentation_id.encode(), key_id.encode()))
