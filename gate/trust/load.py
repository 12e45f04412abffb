"""A verified bundle -> everything that the readers of codes may believe.

Its files: ``anchors.json`` (signers, see ``gate.trust.anchors``), ``smart-health-cards.json`` (see
``gate.trust.card_issuers``), ``authorities.json`` (see ``gate.trust.authorities``), ``value-sets.json``
(``{"name": ["code", ...]}``), ``sealing-keys.json`` (see ``gate.trust.sealing_keys``), ``status-signers.json`` (see
``gate.trust.status_signers``), ``lease.json`` (``{"hours": 72}``, how long personal caches are kept without contact),
``health-codes/*.toml`` (how the health codes of one issuer look), ``revocation/*`` (see ``gate.trust.revocation``) and
``validity.json`` (what holds once the bundle's offline signatures have ended: ``{"when_expired": "keep-judging"}``,
which is so without it, or ``"refer"``). Any of them may be missing: what the gate is not told of, it does not believe.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from gate.credentials import code_issuers
from gate.credentials.revocation import NO_LISTS
from gate.credentials.sealing_keys import NO_SEALING_KEYS
from gate.credentials.trusted import Trusted
from gate.errors import TrustError
from gate.trust import sealing_keys, status_signers
from gate.trust.anchors import Anchors
from gate.trust.authorities import SealAuthorities
from gate.trust.card_issuers import HealthCardIssuers
from gate.trust.revocation import RevocationIndex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.credentials.code_issuers import CodeIssuer
    from gate.credentials.revocation import Revocations
    from gate.trust.bundle import Bundle

ANCHORS: Final = "anchors.json"
CARD_ISSUERS: Final = "smart-health-cards.json"
AUTHORITIES: Final = "authorities.json"
VALUE_SETS: Final = "value-sets.json"
SEALING_KEYS: Final = "sealing-keys.json"
LEASE: Final = "lease.json"
STATUS_SIGNERS: Final = "status-signers.json"
HEALTH_CODES: Final = "health-codes/"
REVOCATION: Final = "revocation/"
VALIDITY: Final = "validity.json"
_KNOWN: Final = (
    *(ANCHORS, CARD_ISSUERS, AUTHORITIES, VALUE_SETS),
    *(SEALING_KEYS, STATUS_SIGNERS, LEASE, HEALTH_CODES, REVOCATION, VALIDITY),
)


class _Lease(msgspec.Struct, forbid_unknown_fields=True):
    hours: Annotated[int, msgspec.Meta(ge=1, le=720)]


class _Validity(msgspec.Struct, forbid_unknown_fields=True):
    when_expired: Literal["keep-judging", "refer"]


def load(bundle: Bundle) -> tuple[Trusted, tuple[str, ...]]:
    """Read the files of a bundle.

    Returns:
        What may be believed, and what was out of order without making the rest unusable, one sentence each.

    Raises:
        TrustError: a file is not of its form; then nothing of the bundle is used.
    """
    files = bundle.files
    anchors = Anchors.load(files[ANCHORS]) if ANCHORS in files else Anchors()
    card_issuers = HealthCardIssuers.load(files[CARD_ISSUERS]) if CARD_ISSUERS in files else HealthCardIssuers()
    authorities = SealAuthorities.load(files[AUTHORITIES]) if AUTHORITIES in files else SealAuthorities()
    revocations, overlooked = _revocations(_below(files, REVOCATION))
    sealed_to, left_out = sealing_keys.load(files[SEALING_KEYS]) if SEALING_KEYS in files else (NO_SEALING_KEYS, ())
    trusted = Trusted(
        signers=anchors,
        revocations=revocations,
        card_issuers=card_issuers,
        authorities=authorities,
        code_issuers=_code_issuers(_below(files, HEALTH_CODES)),
        value_sets=_value_sets(files[VALUE_SETS]) if VALUE_SETS in files else {},
        sealing_keys=sealed_to,
        lease=_lease(files[LEASE]) if LEASE in files else None,
        status_signers=status_signers.load(files[STATUS_SIGNERS]) if STATUS_SIGNERS in files else frozenset(),
        renew_by=bundle.expires,
        ends=bundle.ends if VALIDITY in files and _refers(files[VALIDITY]) else None,
    )
    useless = (f"{name}: this gate has no use for such a file" for name in files if not name.startswith(_KNOWN))
    return trusted, (*anchors.notes, *card_issuers.notes, *authorities.notes, *left_out, *overlooked, *useless)


def _revocations(files: Mapping[str, bytes]) -> tuple[Revocations, Sequence[str]]:
    """What the issuers have taken back, and what is missing; ``files`` by their names below ``revocation/``."""
    if not files:
        return NO_LISTS, ("no revocation lists: certificates are referred, since nobody knows whether they stand",)
    index = RevocationIndex.load(files)
    return index, index.notes


def _code_issuers(files: Mapping[str, bytes]) -> tuple[CodeIssuer, ...]:
    """How health codes look, one issuer a file, tried in the order of the files' names."""
    return tuple(code_issuers.load(data) for data in files.values())


def _value_sets(blob: bytes) -> Mapping[str, Sequence[str]]:
    try:
        return msgspec.json.decode(blob, type=dict[str, list[str]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise TrustError(f"{VALUE_SETS}: is not of its form: {fault}") from None


def _lease(blob: bytes) -> timedelta:
    try:
        return timedelta(hours=msgspec.json.decode(blob, type=_Lease).hours)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise TrustError(f"{LEASE}: is not of its form: {fault}") from None


def _refers(blob: bytes) -> bool:
    try:
        return msgspec.json.decode(blob, type=_Validity).when_expired == "refer"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise TrustError(f"{VALIDITY}: is not of its form: {fault}") from None


def _below(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    return {name.removeprefix(folder): data for name, data in sorted(files.items()) if name.startswith(folder)}
