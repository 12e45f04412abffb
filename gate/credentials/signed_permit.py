"""Permit (通行证) that a city signed: whose it is, where and when it lets in, and who asked for it.

Content, by key (moments are seconds after the permit's date of issue, negative before it):

=== ============ ===========================================================================
1   holder       pseudonym, 16 bytes
2   name         masked, for the guard
3   zones        texts
4   valid from
5   valid to     exclusive
6   hours        ``[from, to]``, minutes of the local day; none: all day
7   entries      how many in all; none: as many as wanted
8   sponsor      an organisation
=== ============ ===========================================================================

The first five must be there. A permit lives long, can be copied, and has an identifier (claim ``cti``) by which its
entries are counted and it can be revoked. Its issuer knows nothing about health: about tests it is silent, which does
not mean that there are none (``Inputs.holder_known``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, Struct

from gate.credentials import hcert, signed_content
from gate.credentials.signed_content import LONGEST_S, Issue, Name, Pseudonym, Text, seconds, unacceptable
from gate.errors import ConfigError
from gate.model import Assurance, Credential, CredentialKind, Holder, Moment, PermitRecord, Records

if TYPE_CHECKING:
    from gate.credentials.signer import SignerKey
    from gate.credentials.trusted import Trusted

USE: Final = "permit"
MOST_ZONES: Final = 20

_Seconds = Annotated[int, Meta(ge=-LONGEST_S, le=LONGEST_S)]
_Minute = Annotated[int, Meta(ge=0, le=24 * 60)]


class _Content(Struct):
    holder: Pseudonym
    name: Name
    zones: Annotated[list[Text], Meta(min_length=1, max_length=MOST_ZONES)]
    valid_from: _Seconds
    valid_to: _Seconds
    hours: tuple[_Minute, _Minute] | None = None
    entries: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    sponsor: Text | None = None


def read(code: hcert.Hcert, signer: SignerKey, trusted: Trusted, moment: Moment) -> Credential:
    """Turn a permit whose signature was verified into a credential.

    Raises:
        CredentialFault: in this order: ``CERTIFICATE_UNACCEPTABLE`` (its signer may not sign permits, or it is not of
            the form above), ``CLOCK_UNTRUSTED``, ``CERTIFICATE_NOT_YET_VALID``, ``CERTIFICATE_EXPIRED``,
            ``CERTIFICATE_REVOKED``, ``REVOCATION_UNKNOWN``. Whether it is a permit for this place and hour is for the
            rules.
    """
    hcert.check_usage(signer, USE)
    content = signed_content.read(code.content, _Content)
    identifier = signed_content.identifier(code)
    permit = _record(content, signed_content.source(code), code.issued_at, identifier)
    hcert.check_life(code, signer, moment)
    hcert.check_standing(code, signer, signer.country, identifier, trusted.revocations, moment)
    return Credential(
        kind=CredentialKind.PERMIT,
        assurance=Assurance.STATIC_CODE,
        holder=Holder(signed_content.printable(content.name), pseudonym=content.holder),
        records=Records(permits=(permit,)),
    )


def claims(holder: Holder, permit: PermitRecord, issue: Issue) -> dict[int, Any]:
    """The claims of a permit, to be signed.

    Args:
        holder: With a pseudonym; the name is masked here.
        permit: ``source``, ``as_of`` and ``id`` come from ``issue``.
        issue: Who issues it, how long it lives, and its identifier.

    Raises:
        ConfigError: this can't be said by a permit.
    """
    identifier = issue.identifier
    if identifier is None:
        raise ConfigError("a permit needs an identifier by which it can be revoked")
    content = _Content(
        holder=holder.pseudonym or b"",
        name=signed_content.masked(holder.name),
        zones=sorted(permit.zones),
        valid_from=seconds(permit.valid_from, issue.issued_at),
        valid_to=seconds(permit.valid_to, issue.issued_at),
        hours=permit.hours,
        entries=permit.entries_left,
        sponsor=permit.sponsor,
    )
    return signed_content.claims(
        hcert.PERMIT, content, issue, lambda said: _record(said, issue.issuer, issue.issued_at, identifier)
    )


def _record(content: _Content, source: str, issued_at: datetime, identifier: bytes) -> PermitRecord:
    def at(after: int) -> datetime:
        try:
            return issued_at + timedelta(seconds=after)
        except OverflowError as error:
            raise unacceptable("a moment outside the calendar") from error

    if content.valid_from >= content.valid_to:
        raise unacceptable("an end that is not after its beginning")
    return PermitRecord(
        source=source,
        as_of=issued_at,
        zones=frozenset(content.zones),
        valid_from=at(content.valid_from),
        valid_to=at(content.valid_to),
        hours=content.hours,
        entries_left=content.entries,
        id=identifier.hex(),
        sponsor=None if content.sponsor is None else signed_content.printable(content.sponsor),
    )
