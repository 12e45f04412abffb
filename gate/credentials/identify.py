"""What a code is, by its first characters, and the one way from its bytes to a credential.

A table row per format: adding a format adds a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from gate.credentials import hcert, hcert_contents, health_code, smart_health_card, vds_nc
from gate.credentials.authorities import key_id
from gate.credentials.id_number import document_number_kind
from gate.errors import CredentialFault
from gate.model import Credential, CredentialKind, Moment, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gate.credentials.trusted import Trusted

_CONTEXT = hcert.PREFIX.rstrip(b":")
_SCHEME = smart_health_card.PREFIX.rstrip(b"/")
_MAX_NUMBER_CHARACTERS = 18


@dataclass(frozen=True, slots=True)
class Claims:
    """What a certificate says about itself, genuine or not; nothing about its holder."""

    issuer: str | None
    key_id: str
    issued_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeClass:
    """One format of codes."""

    kind: CredentialKind
    recognises: Callable[[bytes, Trusted], bool]
    """Whether a code without blanks around it is of this format, well or damaged."""
    parse: Callable[[bytes, Trusted, Moment], Credential]
    """Code without blanks around it -> checked credential, or ``CredentialFault``."""
    claims: Callable[[bytes], Claims] | None = None
    """Code without blanks around it -> what it claims, or ``CredentialFault``; None: no certificate at all."""


def parse_code(data: bytes, trusted: Trusted, moment: Moment) -> Credential:
    """Turn what a reader read into a checked credential.

    Args:
        data: The exact bytes of the code.
        trusted: Whom and what the gate believes.
        moment: The one ``now``.

    Raises:
        CredentialFault: whatever is wrong with it: see ``identify`` and the parser of its format.
    """
    return identify(data, trusted).parse(data.strip(), trusted, moment)


def claims_of(data: bytes, trusted: Trusted) -> Claims | None:
    """What a code claims that may have been refused, for those who look into why; None where nothing can be read."""
    try:
        claims = identify(data, trusted).claims
        return None if claims is None else claims(data.strip())
    except CredentialFault:
        return None


def identify(data: bytes, trusted: Trusted) -> CodeClass:
    """Find the format of a code.

    Blanks and line ends around it don't count: guns append them, and no format of ours begins or ends with one.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` if it is empty or longer than any code can be, ``CODE_UNRECOGNISED`` if
            it is of no format that this gate knows.
    """
    if len(data) > hcert.MAX_TEXT_BYTES:
        raise CredentialFault(Reason.CODE_UNREADABLE, "longer than any code")
    code = data.strip()
    if not code:
        raise CredentialFault(Reason.CODE_UNREADABLE, "an empty code")
    for code_class in CODE_CLASSES:
        if code_class.recognises(code, trusted):
            return code_class
    raise CredentialFault(Reason.CODE_UNRECOGNISED, "of no format that this gate knows")


def _is_hcert(code: bytes, trusted: Trusted) -> bool:
    """The context identifier is enough, so that a damaged certificate is read again instead of called unknown."""
    del trusted
    return code[: len(_CONTEXT)].upper() == _CONTEXT


def _parse_hcert(code: bytes, trusted: Trusted, moment: Moment) -> Credential:
    return hcert_contents.verify(_decoded_hcert(code), trusted, moment)


def _decoded_hcert(code: bytes) -> hcert.Hcert:
    # A gun that types with caps lock on swaps the case of every letter; Base45 has capitals only, so nothing is lost.
    return hcert.decode(code.upper() if code.islower() else code)


def _hcert_claims(code: bytes) -> Claims:
    found = _decoded_hcert(code)
    return Claims(found.issuer, found.message.key_id.hex(), found.issued_at, found.expires_at)


def _is_health_card(code: bytes, trusted: Trusted) -> bool:
    """By the scheme alone, as above; guns may type its letters as capitals."""
    del trusted
    return code[: len(_SCHEME)].lower() == _SCHEME


def _parse_health_card(code: bytes, trusted: Trusted, moment: Moment) -> Credential:
    return smart_health_card.verify(smart_health_card.decode(code), trusted, moment)


def _health_card_claims(code: bytes) -> Claims:
    card = smart_health_card.decode(code)
    return Claims(card.issuer, card.message.key_id, card.issued_at, card.expires_at)


def _parse_seal(code: bytes, trusted: Trusted, moment: Moment) -> Credential:
    return vds_nc.verify(vds_nc.decode(code), trusted, moment)


def _seal_claims(code: bytes) -> Claims:
    seal = vds_nc.decode(code)
    return Claims(seal.country, key_id(seal.certificate), None, None)


def _is_bare_number(code: bytes, trusted: Trusted) -> bool:
    del trusted
    return (
        len(code) <= _MAX_NUMBER_CHARACTERS
        and code.isascii()
        and document_number_kind(code.decode("ascii")) is not None
    )


def _refuse_bare_number(code: bytes, trusted: Trusted, moment: Moment) -> NoReturn:
    del code, trusted, moment
    raise CredentialFault(Reason.BARE_NUMBER, "a document number that anybody can print")


CODE_CLASSES = (
    CodeClass(CredentialKind.HCERT, _is_hcert, _parse_hcert, _hcert_claims),
    CodeClass(CredentialKind.SMART_HEALTH_CARD, _is_health_card, _parse_health_card, _health_card_claims),
    CodeClass(CredentialKind.VDS_NC, vds_nc.recognises, _parse_seal, _seal_claims),
    CodeClass(CredentialKind.HEALTH_CODE, health_code.recognises, health_code.parse),
    CodeClass(CredentialKind.BARE_NUMBER, _is_bare_number, _refuse_bare_number),
)
"""In the order in which they are tried."""
