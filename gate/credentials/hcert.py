"""Signed codes behind ``HC1:``: text -> claims and content, and the checks that every kind of content needs.

The layers, outermost first (HCERT specification, eHealth Network, 1.0.1): ``HC1:`` + Base45 + zlib + COSE_Sign1 with
a CWT (RFC 8392) whose claim -260 holds the content: of the EU's certificates, or one of our own two kinds
(docs/decisions/0014). ``decode`` takes the layers off and looks at shapes only; ``hcert_contents.verify`` says whether
the code is genuine, of its kind's form, and in date.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gate.credentials import base45, cose
from gate.credentials.revocation import NameKind, Standing
from gate.errors import CredentialFault
from gate.model import Moment, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.credentials.revocation import Revocations
    from gate.credentials.signer import SignerKey, SignerKeys

PREFIX = b"HC1:"
MAX_TEXT_BYTES = 8192
"""The largest QR code holds 4,296 characters (ISO/IEC 18004)."""
MAX_MESSAGE_BYTES = 16_384
"""Of the decompressed message; certificates in use have 300 to 1,000 bytes."""
MAX_ISSUER_CHARACTERS = 80
LEEWAY = timedelta(minutes=5)
"""How far an issuer's clock may run ahead of ours (DESIGN section 5)."""

ISSUER, EXPIRES_AT, ISSUED_AT, IDENTIFIER, HCERT = 1, 4, 6, 7, -260
EU_DCC_V1, HEALTH_CODE, PERMIT = 1, -101, -102
"""Kinds of content, the keys of claim -260: the EU's, and two of our own (docs/decisions/0014)."""
_KINDS = frozenset((EU_DCC_V1, HEALTH_CODE, PERMIT))
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Hcert:
    """A signed code taken apart: nothing about it is verified yet."""

    message: cose.Sign1
    issuer: str | None
    issued_at: datetime
    expires_at: datetime
    identifier: object = field(repr=False)
    """Claim ``cti``, whatever it is; None where there is none."""
    kind: int
    """Of the content: ``EU_DCC_V1``, ``HEALTH_CODE`` or ``PERMIT``."""
    content: object = field(repr=False)


def decode(text: bytes) -> Hcert:
    """Take the layers off.

    Args:
        text: The exact characters of the code, from ``HC1:`` on.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` where a layer can't be taken off: no prefix, wrong characters, damaged,
            missing or endless compression, broken CBOR. ``CERTIFICATE_UNACCEPTABLE`` where it can, but what is
            inside isn't signed content of a kind that is known, with its two dates.
    """
    if not text.startswith(PREFIX):
        raise CredentialFault(Reason.CODE_UNREADABLE, "hcert: no HC1: at the beginning")
    if len(text) > MAX_TEXT_BYTES:
        raise CredentialFault(Reason.CODE_UNREADABLE, "hcert: longer than any code")
    return read_claims(cose.decode(decompress(base45.decode(text[len(PREFIX) :]))))


def read_claims(message: cose.Sign1) -> Hcert:
    """Read the claims of a signed message (RFC 8392 section 3; HCERT specification 3.3).

    Raises:
        CredentialFault: as ``decode``.
    """
    claims = cose.decode_cbor(message.payload)
    if type(claims) is not dict or type(contents := claims.get(HCERT)) is not dict:
        raise _unacceptable("claims without content")
    kinds = [kind for kind in contents if kind in _KINDS]
    if len(kinds) != 1:
        raise _unacceptable("content of a kind that is not read here" if not kinds else "content of several kinds")
    issuer = claims.get(ISSUER)
    if issuer is not None and not (isinstance(issuer, str) and len(issuer) <= MAX_ISSUER_CHARACTERS):
        raise _unacceptable("an issuer that is no short text")
    return Hcert(
        message,
        issuer,
        _instant(claims.get(ISSUED_AT)),
        _instant(claims.get(EXPIRES_AT)),
        claims.get(IDENTIFIER),
        kinds[0],
        contents[kinds[0]],
    )


def decompress(data: bytes) -> bytes:
    """Undo zlib (RFC 1950), of which the whole input must be one stream of at most ``MAX_MESSAGE_BYTES``.

    Uncompressed content is refused: compression is mandatory (HCERT specification 4.2.1).

    Raises:
        CredentialFault: ``CODE_UNREADABLE``.
    """
    stream = zlib.decompressobj()
    try:
        message = stream.decompress(data, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise CredentialFault(Reason.CODE_UNREADABLE, "hcert: damaged or no compression") from error
    if not stream.eof or stream.unused_data:
        raise CredentialFault(Reason.CODE_UNREADABLE, "hcert: compressed data cut off, too long or followed by more")
    return message


def verify_signature(message: cose.Sign1, anchors: SignerKeys) -> SignerKey:
    """Return the signer who made the signature; all that share the key id are tried (HCERT specification 3.3.2).

    Raises:
        CredentialFault: ``CERTIFICATE_ISSUER_UNKNOWN``, ``CERTIFICATE_FORGED``.
    """
    candidates = anchors.candidates(message.key_id)
    if not candidates:
        raise CredentialFault(Reason.CERTIFICATE_ISSUER_UNKNOWN, "hcert: no trust anchor with its key id")
    for signer in candidates:
        if cose.verify(message, signer.public_key):
            return signer
    raise CredentialFault(Reason.CERTIFICATE_FORGED, "hcert: the signature is not that of its signer")


def check_usage(signer: SignerKey, use: str) -> None:
    """Refuse content that its signer may not sign, as its own certificate or the list of signers says.

    Args:
        signer: Whose signature it is.
        use: ``v``, ``t``, ``r``, ``health_code`` or ``permit``.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    if use not in signer.usage:
        raise _unacceptable("its signer may not sign content of this kind")


def check_begun(hcert: Hcert, signer: SignerKey, moment: Moment) -> None:
    """Refuse what may not have begun.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE`` (issued before the signer existed), ``CLOCK_UNTRUSTED``,
            ``CERTIFICATE_NOT_YET_VALID``.
    """
    # Spans are compared, since the calendar may end sooner than a date and five minutes.
    if signer.not_before - hcert.issued_at > LEEWAY:
        raise _unacceptable("issued before its signer was")
    if not moment.trusted:
        raise CredentialFault(Reason.CLOCK_UNTRUSTED, "hcert: it may be out of date")
    if max(hcert.issued_at, signer.not_before) - moment.at > LEEWAY:
        raise CredentialFault(Reason.CERTIFICATE_NOT_YET_VALID, "hcert: issued in the future")


def check_life(hcert: Hcert, signer: SignerKey, moment: Moment) -> None:
    """Refuse what is not in date; its life ends with that of the signer (HCERT specification 3.3.4 and 3.3.5).

    Raises:
        CredentialFault: as ``check_begun``, then ``CERTIFICATE_EXPIRED``.
    """
    check_begun(hcert, signer, moment)
    if moment.at > hcert.expires_at or moment.at > signer.not_after:
        raise CredentialFault(Reason.CERTIFICATE_EXPIRED, "hcert: its own life or that of its signer is over")


def check_standing(
    hcert: Hcert, signer: SignerKey, country: str, identifier: bytes, revocations: Revocations, moment: Moment
) -> None:
    """Refuse what was revoked, and what may have been.

    Args:
        hcert: The code, its signature verified.
        signer: Whose signature it is.
        country: That issued it.
        identifier: By which its issuer knows it.
        revocations: What issuers have taken back.
        moment: The one ``now``.

    Raises:
        CredentialFault: ``CERTIFICATE_REVOKED``, ``REVOCATION_UNKNOWN``.
    """

    def name(kind: NameKind) -> Iterable[bytes]:
        if kind is NameKind.SIGNATURE:
            return [sha256(cose.unchangeable_part(hcert.message)).digest()]
        countries = {""}
        if kind is NameKind.COUNTRY_UCI:  # nobody says which: issuers have the claim's, verifiers also the content's
            countries = {one.upper() for one in (country, hcert.issuer, signer.country) if one}
        return [sha256(one.encode() + identifier).digest() for one in countries]

    match revocations.standing(signer.country, name, moment):
        case Standing.REVOKED:
            raise CredentialFault(Reason.CERTIFICATE_REVOKED, "hcert: its issuer has revoked it")
        case Standing.UNKNOWN:
            raise CredentialFault(Reason.REVOCATION_UNKNOWN, "hcert: no list in date of what its issuer has revoked")


def _instant(claim: Any) -> datetime:
    """A NumericDate (RFC 8392 section 2): seconds since 1970, whole or not. NaN fails every comparison, so this too."""
    if type(claim) not in (int, float) or not 0 < claim <= _LAST_SECOND:
        raise _unacceptable("a date that is no date")
    return datetime.fromtimestamp(claim, UTC)


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"hcert: {what}")
