"""One id from the reader to the server's last acknowledgement, and the short code that people can read out."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_presentation_id() -> str:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then randomness from the system."""
    milliseconds = time.time_ns() // 1_000_000 & (1 << 48) - 1
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version 7
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant of RFC 9562
    return str(UUID(int=value))


def receipt(presentation_id: str) -> str:
    """Eight characters of Crockford's base 32 from the random part, e.g. ``"7K2M-9QXD"``.

    Enough for a hotline to find one of a day's passages at one site; too little to guess another person's.
    """
    tail = UUID(presentation_id).int & (1 << 40) - 1
    digits = "".join(_CROCKFORD[tail >> shift & 31] for shift in range(35, -1, -5))
    return f"{digits[:4]}-{digits[4:]}"
