"""Frames and text blocks of ID-card readers that others made from the published layouts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from vectors import vectors_dir

from drivers.idcard_frames import Command, Frame, Splitter, request, text_block
from drivers.idcard_status import Status
from gate.credentials.resident_id import parse
from gate.model import DocumentType, Validity
from suites.count import Count, count

_VECTORS: dict[str, Any] = json.loads(vectors_dir("idcard.json").read_text("utf-8"))
REQUESTS = {name: bytes.fromhex(text) for name, text in _VECTORS["requests"].items()}
RESPONSES = {name: bytes.fromhex(text) for name, text in _VECTORS["responses"].items()}
TEXTS = {name: bytes.fromhex(text) for name, text in _VECTORS["text"].items()}

COMMANDS = {
    "find": Command.FIND,
    "select": Command.SELECT,
    "read": Command.READ,
    "read_iinsndn": Command.CHIP_NUMBER,
    "sam_status": Command.SAM_STATUS,
    "sam_id": Command.SAM_ID,
    "sam_reset": Command.SAM_RESET,
}
"""Requests that the gate makes; what the others do, nobody asks for."""

STATUSES = {
    "find_ok": Status.FOUND,
    "find_none": Status.NO_CARD,
    "select_fail": Status.SELECT_FAILED,
    "no_content": Status.NO_CONTENT,
    "read_fail": Status.READ_FAILED,
    "checksum_err": Status.CHECKSUM_WRONG,
    "length_err": Status.LENGTH_WRONG,
    "command_err": Status.COMMAND_WRONG,
    "sam_auth_fail_32": Status.SAM_REFUSED_CARD,
    "selftest_fail": Status.SELF_TEST,
    "sam_unauthorised": Status.SAM_NOT_AUTHORISED,
}


@dataclass(frozen=True)
class Card:
    """What a text block says."""

    type: DocumentType
    name: str
    number: str
    birth: date
    validity: Validity


CARDS = {
    "citizen": Card(
        DocumentType.RESIDENT_ID,
        "测试甲",
        "999999199001010024",
        date(1990, 1, 1),
        Validity(date(2020, 1, 1), date(2040, 1, 1)),
    ),
    "citizen_long_term": Card(
        DocumentType.RESIDENT_ID,
        "测试乙",
        "99999919500228001X",
        date(1950, 2, 28),
        Validity(date(2010, 1, 1), None),
    ),
    "foreign_2017_I": Card(
        DocumentType.PERMANENT_RESIDENCE,
        "测试丙",
        "ZZZ999980010119",
        date(1980, 1, 1),
        Validity(date(2018, 1, 1), date(2028, 1, 1)),
    ),
    "hmt_J": Card(
        DocumentType.HMT_RESIDENCE,
        "测试丁",
        "990000198505050026",
        date(1985, 5, 5),
        Validity(date(2019, 9, 1), date(2024, 9, 1)),
    ),
    "foreign_2023_Y": Card(
        DocumentType.PERMANENT_RESIDENCE,
        "测试戊",
        "999999198001010011",
        date(1980, 1, 1),
        Validity(date(2023, 12, 1), date(2033, 12, 1)),
    ),
}


def only_frame(wire: bytes) -> Frame:
    """The one frame that these bytes are."""
    (piece,) = Splitter().feed(wire)
    assert isinstance(piece, Frame)
    return piece


def card_of(block: bytes) -> Card:
    """What the gate makes of a text block."""
    credential = parse(block)
    assert credential.holder is not None
    assert credential.holder.document is not None
    assert credential.holder.birth_date is not None
    assert credential.validity is not None
    document = credential.holder.document
    return Card(
        document.type, credential.holder.name, document.number, credential.holder.birth_date, credential.validity
    )


def counts() -> list[Count]:
    """Requests, answers and text blocks."""
    return [
        count("ID-card reader: requests", ((name, partial(_is_request, name)) for name in COMMANDS)),
        count("ID-card reader: answers", ((name, partial(_is_answer, name)) for name in RESPONSES)),
        count("ID-card reader: text blocks", ((name, partial(_is_card, name)) for name in TEXTS)),
    ]


def _is_request(name: str) -> bool:
    return request(COMMANDS[name]) == REQUESTS[name]


def _is_answer(name: str) -> bool:
    frame = only_frame(RESPONSES[name])
    block = TEXTS.get(name.removeprefix("read_"))
    understood = STATUSES.get(name, frame.status) == frame.status and block in {None, text_block(frame.data)}
    return frame.wire == RESPONSES[name] and understood


def _is_card(name: str) -> bool:
    return card_of(TEXTS[name]) == CARDS[name]
