"""What the fleet has set for its gates, as it is signed: the role ``config`` of a bundle.

Its files are ``00.json`` to ``99.json``, by the gates' rings (``gate.trust.ring``)::

    {"gates": {"station-north-1": {"voice.lead_in_ms": 300}, …}}

A gate reads the one file of its ring and takes what stands there under its own name, and nothing else.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gate.errors import TrustError
from gate.trust.bundle import CONFIG, ROLES
from gate.trust.ring import ring_name, ring_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.trust.bundle import Bundle

NOTHING: Final = "none"
"""In place of a digest, where nothing is set."""
_DIGITS: Final = 16


class _File(msgspec.Struct, forbid_unknown_fields=True):
    gates: dict[str, dict[str, Any]]


def file_of(device: str) -> str:
    """Which file of the role a gate looks into."""
    return f"{ring_name(ring_of(device))}.json"


def wanted_alone(device: str) -> tuple[str, ...]:
    """What a gate reads of a bundle for its settings."""
    return (f"{CONFIG}/{file_of(device)}",)


def wanted(device: str | None) -> tuple[str, ...]:
    """What a gate reads of a bundle: all of it but what is set for others. None: a gate of no fleet."""
    all_but_settings = tuple(role for role in ROLES if role != CONFIG)
    return all_but_settings if device is None else (*all_but_settings, *wanted_alone(device))


def own(found: Bundle, device: str) -> dict[str, Any] | None:
    """What a bundle sets for a gate; nothing where it has no word about it, and None where that was not read.

    Raises:
        TrustError: the file is not of its form.
    """
    if CONFIG in found.roles and CONFIG not in found.others:
        return None
    data = found.others.get(CONFIG, {}).get(file_of(device))
    return {} if data is None else read(data).get(device, {})


def read(data: bytes) -> dict[str, dict[str, Any]]:
    """What one file sets, by gate.

    Raises:
        TrustError: it is not of its form.
    """
    try:
        return msgspec.json.decode(data, type=_File).gates
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise TrustError(f"{CONFIG}: a file is not of its form: {fault}") from None


def written(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """The files of the role.

    Args:
        settings: by gate; the same ones give the same bytes.
    """
    files: dict[str, dict[str, Any]] = {}
    for device, own_ in settings.items():
        files.setdefault(file_of(device), {})[device] = own_
    return {
        name: msgspec.json.encode({"gates": gates}, order="sorted") + b"\n" for name, gates in sorted(files.items())
    }


def digest(settings: Mapping[str, Any]) -> str:
    """Names what is set for a gate: the same for the same."""
    if not settings:
        return NOTHING
    return sha256(msgspec.json.encode(dict(settings), order="sorted")).hexdigest()[:_DIGITS]
