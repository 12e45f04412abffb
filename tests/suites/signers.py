"""A signer list from production (CovPass, December 2023): 829 certificates of 46 countries, some against the rules."""

from __future__ import annotations

import base64
import json
from functools import cache, partial
from typing import Any

from vectors import vectors_dir

from gate.trust import signer_certificate
from gate.trust.anchors import Anchors
from suites.count import Count, count

FOLDER = vectors_dir("trust") / "covpass-2023-12"
LIST = (FOLDER / "dsc-list.json").read_bytes()
KEY = (FOLDER / "dsc-list-signing-key.pem").read_bytes()
ENTRIES: list[dict[str, Any]] = json.loads(LIST.partition(b"\n")[2])["certificates"]


@cache
def anchors() -> Anchors:
    """The whole list, its signature verified."""
    return Anchors.load_covpass(LIST, KEY)


def counts() -> list[Count]:
    """Every certificate of the list: whether a certificate that it signed would find its key."""
    return [count("signer list in production", ((entry["kid"], partial(_is_found, entry)) for entry in ENTRIES))]


def _is_found(entry: dict[str, Any]) -> bool:
    key_id = signer_certificate.key_id(base64.b64decode(entry["rawData"]))
    return base64.b64encode(key_id).decode() == entry["kid"] and any(
        signer.country == entry["country"] and signer.usage for signer in anchors().candidates(key_id)
    )
