"""Visible digital seals for travel-related health (VDS-NC; ICAO Doc 9303-13, technical report VDS-NC): JSON in a code.

::

    {
        "data": {"hdr": {"t": "icao.vacc", "v": 1, "is": "AUS"}, "msg": {...}},
        "sig": {"alg": "ES256", "cer": "<base64url of the signer's certificate>", "sigvl": "<base64url of r and s>"},
    }

The signature is over ``data`` in the one form that RFC 8785 leaves to it, whatever blanks and order the code has. What
can be written in several ways that readers understand differently (a member twice, numbers that no double holds, halves
of characters) is refused. ``decode`` looks at shapes only; ``verify`` says whether the seal is genuine, of the
standard's form, in date, and by a signer that was not taken back. Rules see ``data``, unchanged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import msgspec
import rfc8785
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from msgspec import Meta, Struct

from gate.credentials import ecdsa, vds_nc_message
from gate.credentials.authorities import LEEWAY
from gate.credentials.jws import from_base64url
from gate.credentials.revocation import Standing
from gate.errors import CredentialFault
from gate.model import Assurance, Certificate, Credential, CredentialKind, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.credentials.authorities import SealSigner
    from gate.credentials.trusted import Trusted
    from gate.credentials.vds_nc_message import Message
    from gate.model import Moment

MAX_TEXT_BYTES: Final = 8192
"""The largest QR code holds 2,953 bytes (ISO/IEC 18004)."""
MAX_DEPTH: Final = 16
"""Of nesting; seals in use have 8."""
_MEMBERS: Final = (b'"data"', b'"hdr"', b'"sig"')
_HASHES: Final = {"ES256": SHA256(), "ES384": SHA384(), "ES512": SHA512()}
"""``sig.alg`` -> hash. The curve is that of the signer's key, unlike in RFC 7518."""

_Base64Url = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+={0,2}\Z")]


class _Header(Struct):
    # Patterns, since what msgspec says about a Literal quotes the value.
    t: Annotated[str, Meta(pattern=r"^icao\.(vacc|test)\Z")]
    v: Annotated[int, Meta(ge=1, le=1)]
    is_: Annotated[str, Meta(pattern=r"^[A-Z]{1,3}\Z")] = msgspec.field(name="is")


class _Data(Struct):
    hdr: _Header
    msg: dict[str, Any]


class _Signature(Struct):
    alg: Annotated[str, Meta(pattern=r"^ES(256|384|512)\Z")]
    cer: _Base64Url
    sigvl: _Base64Url


class _Seal(Struct):
    data: dict[str, Any]
    sig: _Signature


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal taken apart: nothing about it is verified yet."""

    country: str
    kind: str
    """``"icao.vacc"`` or ``"icao.test"``."""
    data: dict[str, Any] = field(repr=False)
    certificate: bytes = field(repr=False)
    """Of its signer, X.509 in DER."""
    algorithm: str
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    """The exact bytes that the signature covers."""


def recognises(code: bytes, trusted: Trusted) -> bool:
    """Whether it is JSON with the names of a seal's members, well or damaged."""
    del trusted
    return code.startswith(b"{") and len(code) <= MAX_TEXT_BYTES and all(name in code for name in _MEMBERS)


def decode(text: bytes) -> Seal:
    """Take a seal apart.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` where it is no JSON; ``CERTIFICATE_UNACCEPTABLE`` where it is JSON that two
            readers could understand differently, or no seal of version 1 about a vaccination or a test.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise CredentialFault(Reason.CODE_UNREADABLE, "vds-nc: longer than any code")
    value = _json(text)
    try:
        found = msgspec.convert(value, _Seal)
        header = msgspec.convert(found.data, _Data).hdr
        certificate, signature = (_decoded(part) for part in (found.sig.cer, found.sig.sigvl))
        signed = rfc8785.dumps(found.data)
    except msgspec.ValidationError as error:
        # msgspec names the field and what was expected there, never the value.
        raise _unacceptable(str(error)) from error
    except ValueError as error:
        raise _unacceptable("a number that no double holds, half a character, or no base64url") from error
    return Seal(header.is_, header.t, found.data, certificate, found.sig.alg, signature, signed)


def verify(seal: Seal, trusted: Trusted, moment: Moment) -> Credential:
    """Find out whether a seal is genuine, of the standard's form, and in date.

    Args:
        seal: What ``decode`` returned.
        trusted: The authorities, and whom of their signers they have taken back.
        moment: The one ``now``.

    Raises:
        CredentialFault: in this order: whatever ``Authorities.signer`` raises, ``CERTIFICATE_FORGED``,
            ``CERTIFICATE_UNACCEPTABLE`` (against the standard, or what its signer may not sign), ``CLOCK_UNTRUSTED``
            (nobody knows whether it is in date), ``CERTIFICATE_NOT_YET_VALID``, ``CERTIFICATE_EXPIRED``,
            ``CERTIFICATE_REVOKED``, ``REVOCATION_UNKNOWN``.
    """
    signer = trusted.authorities.signer(seal.country, seal.certificate)
    if not ecdsa.verify(signer.public_key, _HASHES[seal.algorithm], seal.signature, seal.signed):
        raise CredentialFault(Reason.CERTIFICATE_FORGED, "vds-nc: the signature is not that of its signer")
    message = vds_nc_message.check(seal.kind, seal.data["msg"])
    if message.document_type not in signer.document_types:
        raise _unacceptable("its signer may not sign seals of this kind")
    _check_life(message, signer, moment)
    _check_standing(signer, moment)
    return Credential(
        kind=CredentialKind.VDS_NC,
        assurance=Assurance.STATIC_CODE,
        holder=message.holder,
        certificate=Certificate(
            issuer=seal.country,
            key_id=signer.key_id,
            issued_at=message.reported_at,
            expires_at=signer.not_after,
            payload=seal.data,
        ),
    )


def _check_life(message: Message, signer: SealSigner, moment: Moment) -> None:
    """A seal has no end of its own: it lasts as long as its signer's certificate, which must hold when it is shown."""
    if not moment.trusted:
        raise CredentialFault(Reason.CLOCK_UNTRUSTED, "vds-nc: it may be out of date")
    if max(message.begins, signer.not_before) - moment.at > LEEWAY:
        raise CredentialFault(
            Reason.CERTIFICATE_NOT_YET_VALID, "vds-nc: about the future, or by a signer of the future"
        )
    if moment.at > signer.not_after:
        raise CredentialFault(Reason.CERTIFICATE_EXPIRED, "vds-nc: the life of its signer is over")


def _check_standing(signer: SealSigner, moment: Moment) -> None:
    match signer.standing(moment):
        case Standing.REVOKED:
            raise CredentialFault(Reason.CERTIFICATE_REVOKED, "vds-nc: its authority has taken back its signer")
        case Standing.UNKNOWN:
            raise CredentialFault(Reason.REVOCATION_UNKNOWN, "vds-nc: no list in date of the signers taken back")


def _json(text: bytes) -> Any:
    """Decode JSON of at most ``MAX_DEPTH`` in which no object has a member twice (RFC 7493 section 2.3)."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CredentialFault(Reason.CODE_UNREADABLE, "vds-nc: no JSON") from error
    except RecursionError as error:
        raise _unacceptable("nested too deeply") from error
    except ValueError as error:
        raise _unacceptable("a member twice, or a number that is none") from error
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for item in level for inner in _inside(item)]
    if level:
        raise _unacceptable("nested too deeply")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    """``NaN`` and ``Infinity``, which Python's reader takes for numbers."""
    del name
    raise ValueError("no number")


def _inside(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _decoded(text: str) -> bytes:
    return from_base64url(text.rstrip("=").encode("ascii"))


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"vds-nc: {what}")
