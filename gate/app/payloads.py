"""From what a device delivered to a credential, and what the record says where it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.credentials import identify, iso7816, resident_id, social_security
from gate.model import Assurance, Credential, CredentialKind, PayloadKind, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.credentials.trusted import Trusted
    from gate.errors import CredentialFault
    from gate.model import Moment, Reading

_OF_A_CHIP: Final[Mapping[PayloadKind, CredentialKind]] = {
    PayloadKind.RESIDENT_ID_BLOCK: CredentialKind.RESIDENT_ID,
    PayloadKind.CARD_EXCHANGE: CredentialKind.SOCIAL_SECURITY,
}
_NO_CREDENTIAL: Final[Mapping[Reason, CredentialKind]] = {
    Reason.BARE_NUMBER: CredentialKind.BARE_NUMBER,
    Reason.CODE_UNREADABLE: CredentialKind.UNRECOGNISED,
    Reason.CODE_UNRECOGNISED: CredentialKind.UNRECOGNISED,
}
"""What is wrong with a code -> what it is, where it is no credential at all."""


def parse(reading: Reading, trusted: Trusted, moment: Moment) -> Credential:
    """The credential that was presented.

    Raises:
        CredentialFault: it can't be accepted as one.
    """
    match reading.kind:
        case PayloadKind.RESIDENT_ID_BLOCK:
            return resident_id.parse(reading.data)
        case PayloadKind.CARD_EXCHANGE:
            return iso7816.replay(social_security.read(), reading.data)
        case PayloadKind.CODE_TEXT:
            return identify.parse_code(reading.data, trusted, moment)


def unusable(reading: Reading, trusted: Trusted, fault: CredentialFault) -> Credential:
    """What the record says about something that could not be accepted as a credential."""
    if reading.kind in _OF_A_CHIP:
        return Credential(_OF_A_CHIP[reading.kind], Assurance.CHIP)
    if fault.reason in _NO_CREDENTIAL:
        return Credential(_NO_CREDENTIAL[fault.reason], Assurance.TYPED)
    return Credential(fault.kind or identify.identify(reading.data, trusted).kind, Assurance.STATIC_CODE)
