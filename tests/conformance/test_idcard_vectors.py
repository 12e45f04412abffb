"""Frames and text blocks that others made from the published layouts."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from vectors import vectors_dir

from drivers.idcard_frames import Command, Frame, Splitter, request, sam_number, text_block
from drivers.idcard_status import Status
from drivers.simulated.id_reader_model import (
    FIND,
    READ,
    READ_ADDRESS,
    READ_WITH_FINGERPRINT,
    SELECT,
    Fault,
    ReaderModel,
)
from gate.credentials.resident_id import parse, read_card
from gate.model import DocumentType, Validity

VECTORS: dict[str, Any] = json.loads(vectors_dir("idcard.json").read_text("utf-8"))
REQUESTS = {name: bytes.fromhex(text) for name, text in VECTORS["requests"].items()}
RESPONSES = {name: bytes.fromhex(text) for name, text in VECTORS["responses"].items()}
TEXTS = {name: bytes.fromhex(text) for name, text in VECTORS["text"].items()}


def only_frame(wire: bytes) -> Frame:
    (piece,) = Splitter().feed(wire)
    assert isinstance(piece, Frame)
    return piece


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("find", Command.FIND),
        ("select", Command.SELECT),
        ("read", Command.READ),
        ("read_iinsndn", Command.CHIP_NUMBER),
        ("sam_status", Command.SAM_STATUS),
        ("sam_id", Command.SAM_ID),
        ("sam_reset", Command.SAM_RESET),
    ],
)
def test_requests(name: str, command: Command) -> None:
    assert request(command) == REQUESTS[name]


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_answer_is_one_frame(name: str) -> None:
    assert only_frame(RESPONSES[name]).wire == RESPONSES[name]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("find_ok", Status.FOUND),
        ("find_none", Status.NO_CARD),
        ("select_fail", Status.SELECT_FAILED),
        ("no_content", Status.NO_CONTENT),
        ("read_fail", Status.READ_FAILED),
        ("checksum_err", Status.CHECKSUM_WRONG),
        ("length_err", Status.LENGTH_WRONG),
        ("command_err", Status.COMMAND_WRONG),
        ("sam_auth_fail_32", Status.SAM_REFUSED_CARD),
        ("selftest_fail", Status.SELF_TEST),
        ("sam_unauthorised", Status.SAM_NOT_AUTHORISED),
    ],
)
def test_status_answers(name: str, status: Status) -> None:
    assert only_frame(RESPONSES[name]).status == status


def test_sam_id() -> None:
    assert sam_number(only_frame(RESPONSES["sam_id"]).data) == "05.01-100000000-0000000001-2"


@pytest.mark.parametrize("name", ["citizen", "citizen_long_term", "foreign_2017_I", "hmt_J", "foreign_2023_Y"])
def test_the_text_block_of_a_read_answer(name: str) -> None:
    assert text_block(only_frame(RESPONSES[f"read_{name}"]).data) == TEXTS[name]


@pytest.mark.parametrize(
    ("name", "kind", "holder", "number", "birth", "validity"),
    [
        (
            "citizen",
            DocumentType.RESIDENT_ID,
            "测试甲",
            "999999199001010024",
            date(1990, 1, 1),
            Validity(date(2020, 1, 1), date(2040, 1, 1)),
        ),
        (
            "citizen_long_term",
            DocumentType.RESIDENT_ID,
            "测试乙",
            "99999919500228001X",
            date(1950, 2, 28),
            Validity(date(2010, 1, 1), None),
        ),
        (
            "foreign_2017_I",
            DocumentType.PERMANENT_RESIDENCE,
            "测试丙",
            "ZZZ999980010119",
            date(1980, 1, 1),
            Validity(date(2018, 1, 1), date(2028, 1, 1)),
        ),
        (
            "hmt_J",
            DocumentType.HMT_RESIDENCE,
            "测试丁",
            "990000198505050026",
            date(1985, 5, 5),
            Validity(date(2019, 9, 1), date(2024, 9, 1)),
        ),
        (
            "foreign_2023_Y",
            DocumentType.PERMANENT_RESIDENCE,
            "测试戊",
            "999999198001010011",
            date(1980, 1, 1),
            Validity(date(2023, 12, 1), date(2033, 12, 1)),
        ),
    ],
)
def test_text_blocks(name: str, kind: DocumentType, holder: str, number: str, birth: date, validity: Validity) -> None:
    credential = parse(TEXTS[name])
    assert credential.validity == validity
    assert credential.holder is not None
    assert (credential.holder.name, credential.holder.birth_date) == (holder, birth)
    assert credential.holder.document is not None
    assert (credential.holder.document.type, credential.holder.document.number) == (kind, number)


def test_a_long_latin_name_is_put_together() -> None:
    assert read_card(TEXTS["foreign_2023_Y"]).latin_name == "TEST, PERSON WITH A LONG LATIN NAMECONTINUED"


def test_the_simulated_reader_answers_what_the_vectors_say() -> None:
    model = ReaderModel()

    def ask(name: str) -> bytes:
        (reply,) = model.feed(REQUESTS[name])
        return reply.wire

    assert ask("sam_status") == RESPONSES["ok"]
    assert ask("find") == RESPONSES["find_none"]
    assert ask("select") == RESPONSES["select_fail"]
    assert ask("read_fp") == RESPONSES["command_err"]
    model.present(TEXTS["citizen"], new_address="示例省示例市新址４号")
    assert ask("find") == RESPONSES["find_ok"]
    assert ask("select") == RESPONSES["select_ok"]
    assert ask("read_address") == RESPONSES["read_address"]
    assert ask("read") == RESPONSES["read_citizen"]
    assert ask("find") == RESPONSES["find_none"]
    for size in (0, 512, 1024):
        model.fingerprint = size
        assert ask("read_fp") == RESPONSES[f"read_fp_{size}"]
    assert ask("max_rf_80") == RESPONSES["ok"]
    model.remove()
    assert ask("read") == RESPONSES["read_fail"]
    model.authorised = False
    assert ask("find") == RESPONSES["sam_unauthorised"]
    model.fail(FIND, Fault(status=0x60))
    assert ask("find") == RESPONSES["selftest_fail"]


def test_the_simulated_card_without_a_new_address_has_no_content() -> None:
    model = ReaderModel()
    model.present(TEXTS["citizen"])
    model.feed(REQUESTS["select"])
    assert [reply.wire for reply in model.feed(REQUESTS["read_address"])] == [RESPONSES["no_content"]]


@pytest.mark.parametrize("name", [name for name in REQUESTS if name.startswith("baud_")])
def test_the_simulated_reader_changes_its_rate_after_the_answer(name: str) -> None:
    (reply,) = ReaderModel().feed(REQUESTS[name])
    assert reply.wire == RESPONSES["ok"]
    assert reply.rate == int(name.removeprefix("baud_"))


def test_a_card_that_leaves_between_select_and_read() -> None:
    model = ReaderModel()
    model.present(TEXTS["citizen"])
    model.fail(READ, Fault(card_leaves=True))
    wires = [reply.wire for name in ("find", "select", "read") for reply in model.feed(REQUESTS[name])]
    assert wires == [RESPONSES["find_ok"], RESPONSES["select_ok"], RESPONSES["read_fail"]]
    assert {FIND, SELECT, READ, READ_ADDRESS, READ_WITH_FINGERPRINT} <= {wire[7:9] for wire in REQUESTS.values()}
