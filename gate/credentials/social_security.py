"""The social-security card (社会保障卡): what it tells without any key (PROTOCOLS 2).

The card's own data (EF05) is read first: every card of every province gives it, by contact or without. Then comes the
holder's (EF06), which third-generation cards may refuse with ``6982``: the printed card number is all there is then,
and records are looked up under that. No PIN is ever sent.

Nothing here proves that the card is genuine: that takes keys which a gate does not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gate.credentials.id_number import is_valid_number
from gate.credentials.iso7816 import Answer, Dialogue, StatusWord, transmit
from gate.credentials.names import shown
from gate.errors import CredentialFault
from gate.model import Assurance, Credential, CredentialKind, Document, DocumentType, Holder, Reason, Validity

APPLICATION: Final = "sx1.sh.社会保障".encode("gbk")
"""The application identifier: 15 bytes, GBK text."""
CARD_DATA, HOLDER_DATA = 0xEF05, 0xEF06

_AREA_CODE, _ISSUED, _EXPIRES, _CARD_NUMBER = 0x01, 0x05, 0x06, 0x07
_NUMBER, _NAME, _NAME_MORE = 0x08, 0x09, 0x4E
_SIZES: Final = {_AREA_CODE: 16, _ISSUED: 4, _EXPIRES: 4, _CARD_NUMBER: 9, _NUMBER: 18, _NAME: 30, _NAME_MORE: 20}
"""Bytes of each record's value."""
_MOST_CARD_NUMBER: Final = 9


@dataclass(frozen=True, slots=True)
class SocialSecurityCard:
    """What was readable."""

    card_number: str = field(repr=False)
    area: str
    """Six digits of the issuing area, GB/T 2260; empty where unreadable."""
    issued: date | None
    expires: date | None
    number: str = field(default="", repr=False)
    """The holder's ID number; empty where the card keeps it to itself."""
    name: str = field(default="", repr=False)

    @property
    def partial(self) -> bool:
        """Only the card number is known."""
        return not self.number


def read() -> Dialogue[Credential]:
    """Read a card; the generator returns the credential.

    Raises:
        CredentialFault: ``CODE_UNRECOGNISED`` if it is no social-security card; ``DOCUMENT_INVALID`` if it is blocked
            or says what can't be; ``PRESENT_AGAIN`` if it gave no card number.
    """
    return to_credential((yield from read_card()))


def read_card() -> Dialogue[SocialSecurityCard]:
    """All fields that are read; see ``read``."""
    yield from _select_application()
    yield from _select_file(CARD_DATA)
    identity = yield from _record(_AREA_CODE)
    number = _text((yield from _record(_CARD_NUMBER)) or b"", "ascii")
    if not number or not number.isalnum() or len(number) > _MOST_CARD_NUMBER:
        raise CredentialFault(Reason.PRESENT_AGAIN, "no card number could be read")
    issued, expires = _day((yield from _record(_ISSUED))), _day((yield from _record(_EXPIRES)))
    holder, name = "", ""
    if (yield from _may_select(HOLDER_DATA)):
        holder = _text((yield from _record(_NUMBER)) or b"", "ascii").upper()
        # A name longer than its record goes on in the next one, in the middle of a character if need be.
        first, more = (yield from _record(_NAME)) or b"", (yield from _record(_NAME_MORE)) or b""
        name = _text(first.rstrip(b"\0 ") + more, "gb18030")
    return SocialSecurityCard(number, (identity or b"").hex()[:6], issued, expires, holder, name)


def to_credential(card: SocialSecurityCard) -> Credential:
    """The credential that a card is: by the holder's ID number where it gives one, else by its own number.

    Raises:
        CredentialFault: ``DOCUMENT_INVALID``; the ID number can't be one.
    """
    document = Document(DocumentType.SOCIAL_SECURITY_CARD, f"{card.area}:{card.card_number}")
    also: tuple[Document, ...] = ()
    birth = None
    if not card.partial:
        if not is_valid_number(card.number):
            raise CredentialFault(Reason.DOCUMENT_INVALID, "ID number without the right check character")
        also = (document,)
        document = Document(DocumentType.RESIDENT_ID, card.number)
        birth = date(int(card.number[6:10]), int(card.number[10:12]), int(card.number[12:14]))
    validity = None if card.issued is None else Validity(card.issued, card.expires)
    holder = Holder(card.name, document, birth, also)
    return Credential(CredentialKind.SOCIAL_SECURITY, Assurance.CHIP, holder, validity)


def _select_application() -> Dialogue[None]:
    """By name; contactless cards want the length of the answer at the end (PROTOCOLS 2.1)."""
    select = bytes([0x00, 0xA4, 0x04, 0x00, len(APPLICATION)]) + APPLICATION
    answer = yield from transmit(select)
    if answer.sw not in {StatusWord.DONE, StatusWord.BLOCKED}:
        answer = yield from transmit(select + b"\x00")
    if answer.sw == StatusWord.BLOCKED:
        raise CredentialFault(Reason.DOCUMENT_INVALID, "the card's application is blocked")
    if answer.sw != StatusWord.DONE:
        raise CredentialFault(Reason.CODE_UNRECOGNISED, f"no social-security card: {answer.describe()}")


def _select_file(file: int) -> Dialogue[None]:
    if not (yield from _may_select(file)):
        raise CredentialFault(Reason.DOCUMENT_INVALID, f"no file {file:04X} on this card")


def _may_select(file: int) -> Dialogue[bool]:
    """Both ways of selecting are in use; the second is tried where the card does not know the first."""
    for how in (0x00, 0x02):
        answer = yield from transmit(bytes([0x00, 0xA4, how, 0x00, 0x02]) + file.to_bytes(2, "big"))
        if answer.sw == StatusWord.DONE:
            return True
        if answer.sw not in {StatusWord.FILE_NOT_FOUND, StatusWord.WRONG_PARAMETERS}:
            break
    return False


def _record(tag: int) -> Dialogue[bytes | None]:
    """The value of one record, None where the card keeps it or has none.

    Raises:
        CredentialFault: ``DOCUMENT_INVALID``; the record is not of its own form.
    """
    answer: Answer = yield from transmit(bytes([0x00, 0xB2, tag, 0x00, _SIZES[tag] + 2]))
    if answer.sw != StatusWord.DONE:
        return None
    data = answer.data
    if len(data) < 2 or data[0] != tag or data[1] > len(data) - 2:  # noqa: PLR2004 - tag and length
        raise CredentialFault(Reason.DOCUMENT_INVALID, f"record {tag:02X} is not of its form")
    return data[2 : 2 + data[1]]


def _day(value: bytes | None) -> date | None:
    """BCD, or ASCII digits as one card had them; None where it is no date."""
    if value is None:
        return None
    digits = value.decode("ascii", "replace") if value[:1] in (b"1", b"2") and value.isdigit() else value.hex()
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _text(value: bytes, encoding: str) -> str:
    return shown(value.rstrip(b"\0").decode(encoding, "replace").replace("\N{REPLACEMENT CHARACTER}", ""))
