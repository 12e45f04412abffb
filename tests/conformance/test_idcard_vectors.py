"""Frames and text blocks that others made from the published layouts."""

from __future__ import annotations

import pytest
from suites.idcard import CARDS, COMMANDS, REQUESTS, RESPONSES, STATUSES, TEXTS, card_of, counts, only_frame

from drivers.idcard_frames import request, sam_number, text_block
from drivers.simulated.id_reader_model import (
    FIND,
    READ,
    READ_ADDRESS,
    READ_WITH_FINGERPRINT,
    SELECT,
    Fault,
    ReaderModel,
)
from gate.credentials.resident_id import read_card


@pytest.mark.parametrize("name", COMMANDS)
def test_requests(name: str) -> None:
    assert request(COMMANDS[name]) == REQUESTS[name]


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_answer_is_one_frame(name: str) -> None:
    assert only_frame(RESPONSES[name]).wire == RESPONSES[name]


@pytest.mark.parametrize("name", STATUSES)
def test_status_answers(name: str) -> None:
    assert only_frame(RESPONSES[name]).status == STATUSES[name]


def test_sam_id() -> None:
    assert sam_number(only_frame(RESPONSES["sam_id"]).data) == "05.01-100000000-0000000001-2"


@pytest.mark.parametrize("name", CARDS)
def test_the_text_block_of_a_read_answer(name: str) -> None:
    assert text_block(only_frame(RESPONSES[f"read_{name}"]).data) == TEXTS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_text_blocks(name: str) -> None:
    assert card_of(TEXTS[name]) == CARDS[name]


def test_nothing_is_left_out_of_the_count() -> None:
    assert [(count.passed, count.unmet) for count in counts()] == [(7, ()), (len(RESPONSES), ()), (len(TEXTS), ())]


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
