"""How everything travels: JSON under a media type that carries the version, compressed where it is long."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from gate.errors import WireFault

VERSION: Final = 1
MEDIA_TYPE: Final = f"application/vnd.gate.v{VERSION}+json"
"""``Content-Type`` of every question and every answer, refusals included."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one message once it is no longer compressed."""
NOT_SPOKEN: Final = 415
"""Status of the answer to a version that is not spoken."""

_MEDIA_TYPE: Final = re.compile(r"application/vnd\.gate\.v(\d{1,4})\+json(?:\s*;.*)?", re.ASCII | re.IGNORECASE)

DeviceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="the name a gate enrolled by")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, Meta(max_length=1000)]
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0, description="seconds; a gate's clock may be wrong, so ages are not moments")]

T = TypeVar("T")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was refused: the body of every answer from 400 on. One without it is not the fleet's."""

    why: Sentence
    spoken: tuple[int, ...] = ()
    """Only with 415: the versions that this end speaks."""


def encode(message: msgspec.Struct) -> bytes:
    """A message as JSON."""
    return msgspec.json.encode(message)


def decode(body: bytes, kind: type[T]) -> T:
    """A message of the other end's.

    Raises:
        WireFault: it is none of this kind.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise WireFault(f"not of the contract: {fault}") from None


def version_of(content_type: str | None) -> int | None:
    """The version that a ``Content-Type`` names; None: whoever sent it does not speak of this at all."""
    found = _MEDIA_TYPE.fullmatch((content_type or "").strip())
    return None if found is None else int(found[1])


def answer(content_type: str | None, body: bytes, kind: type[T]) -> T:
    """The other end's answer, which may as well be a hotel's login page.

    Raises:
        WireFault: it is not the fleet that answers, or it says something else.
    """
    if (version := version_of(content_type)) != VERSION:
        raise WireFault("the answer is not the fleet's" if version is None else f"the answer is of version {version}")
    return decode(body, kind)


def not_spoken(content_type: str | None) -> Problem | None:
    """What to answer, with ``NOT_SPOKEN``, to a question of a version that is not spoken; None: this one is."""
    if (version := version_of(content_type)) == VERSION:
        return None
    asked = "no version of this contract" if version is None else f"version {version}"
    return Problem(f"{asked} is not spoken here; send {MEDIA_TYPE}", (VERSION,))


def squeeze(body: bytes) -> bytes:
    """As gzip, for ``Content-Encoding: gzip``."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def unsqueeze(body: bytes, most_bytes: int = MOST_BYTES) -> bytes:
    """What was compressed, never more than it can rightly be.

    Raises:
        WireFault: it is no gzip, is cut off, or would be larger.
    """
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(body, most_bytes + 1)
    except zlib.error as fault:
        raise WireFault(f"no gzip: {fault}") from None
    if len(found) > most_bytes:
        raise WireFault(f"larger than {most_bytes} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise WireFault("no gzip: it is cut off, or something follows it")
    return found
