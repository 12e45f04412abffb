"""Base45 (RFC 9285): bytes written with the 45 characters of a QR code's alphanumeric mode.

Two bytes become three characters, a single last byte two. The decoder works on all groups at once: each group's
three digits lie in a lane of one long integer, so that Python runs a dozen operations instead of a loop over 200
groups of a certificate.
"""

from __future__ import annotations

from gate.errors import CredentialFault
from gate.model import Reason

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MAX_CHARACTERS = 8192
"""Almost twice the 4,296 characters of the largest QR code (ISO/IEC 18004)."""
_ILLEGAL = 0x80
_DIGITS = bytes(ALPHABET.index(byte) if byte in ALPHABET else _ILLEGAL for byte in range(256))
_FIRST_OF_LANE = int.from_bytes(b"\xff\0\0" * (MAX_CHARACTERS // 3), "little")
_BYTE = 0xFF


def decode(text: bytes) -> bytes:
    """Decode Base45 strictly (RFC 9285 section 4).

    Args:
        text: The characters, one byte each.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` for a character outside the alphabet, a dangling last character, a
            group whose value does not fit its bytes (RFC 9285 section 6), or more than ``MAX_CHARACTERS``.
    """
    digits = text.translate(_DIGITS)
    if not digits.isascii():
        raise _unreadable("a character outside the alphabet")
    groups, rest = divmod(len(digits), 3)
    if rest == 1:
        raise _unreadable("one character too many or too few")
    if len(digits) > MAX_CHARACTERS:
        raise _unreadable("longer than any code")
    end = 3 * groups
    packed = int.from_bytes(digits[:end], "little")
    # A group c d e is worth c + 45 d + 2025 e, at most 91,124: its lane of three bytes never runs over.
    worth = (
        (packed & _FIRST_OF_LANE) + 45 * (packed >> 8 & _FIRST_OF_LANE) + 2025 * (packed >> 16 & _FIRST_OF_LANE)
    ).to_bytes(end, "little")
    if worth[2::3].strip(b"\0"):
        raise _unreadable("a group over 65535")
    decoded = bytearray(2 * groups)
    decoded[0::2] = worth[1::3]
    decoded[1::2] = worth[0::3]
    if rest:
        last = digits[-2] + 45 * digits[-1]
        if last > _BYTE:
            raise _unreadable("a last group over 255")
        decoded.append(last)
    return bytes(decoded)


def encode(data: bytes) -> bytes:
    """Encode as Base45 (RFC 9285 section 4)."""
    characters = bytearray()
    for start in range(0, len(data) - 1, 2):
        rest, first = divmod(data[start] << 8 | data[start + 1], 45)
        third, second = divmod(rest, 45)
        characters += bytes((ALPHABET[first], ALPHABET[second], ALPHABET[third]))
    if len(data) % 2:
        second, first = divmod(data[-1], 45)
        characters += bytes((ALPHABET[first], ALPHABET[second]))
    return bytes(characters)


def _unreadable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CODE_UNREADABLE, f"base45: {what}")
