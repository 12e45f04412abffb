"""A question to an interface, formed and signed as its adapter says. Pure: time and chance are arguments."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from fleet.gateway.adapter import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.gateway.adapter import Adapter, Sign
    from fleet.gateway.keys import ApiKey

_TYPES: Final = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, repr=False)
class Formed:
    """Ready to be sent; not shown by ``repr``, since somebody's number may be in it."""

    body: bytes
    headers: Mapping[str, str]


def formed(adapter: Adapter, key: ApiKey, asked: str, now: float, nonce: str) -> Formed:
    """A question.

    Args:
        adapter: whom to ask.
        key: the city's, there.
        asked: code, number or pseudonym.
        now: seconds since 1970.
        nonce: random text, another one each time.
    """
    values = {
        "asked": asked,
        "app": adapter.app,
        "nonce": nonce,
        "s": str(int(now)),
        "ms": str(int(now * 1000)),
        "key": key.reveal(),
    }
    request = adapter.request
    members = {name: _filled(text, values) for name, text in request.members.items()}
    if request.sign is not None:
        members[request.sign.member] = _signed(request.sign, values)
    body = msgspec.json.encode(members) if request.form == "json" else urlencode(members).encode()
    headers = {name: _filled(text, values) for name, text in request.headers.items()}
    return Formed(body, {"Content-Type": _TYPES[request.form], "Accept": "application/json"} | headers)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """In one pass: what somebody's code says is never itself taken for a placeholder."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _signed(sign: Sign, values: Mapping[str, str]) -> str:
    text = _filled(sign.over, values).encode("utf-8", "surrogatepass")
    if sign.by == "hmac-sha256":
        return hmac.digest(values["key"].encode(), text, "sha256").hex()
    return hashlib.new(sign.by, text, usedforsecurity=False).hexdigest()  # what the interface demands
