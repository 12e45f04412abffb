from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiosk_rig import announcement, in_words

from gate.kiosk.state import Screen, ScreenKind, StatusFlag
from gate.model import Outcome, Reason

ADVICE = {"zh-CN": "请于6月30日10点前完成第二次核酸", "en": "Take the second test by 30 June, 10:00"}
HOLDS = {Outcome.PASS: 4.0, Outcome.REFER: 8.0, Outcome.RETRY: 8.0}


def new_screen(*languages: str) -> Screen:
    return Screen(languages or ("zh-CN", "en"), HOLDS)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_decision_shows_its_outcome_words_and_receipt(outcome: Outcome) -> None:
    screen = new_screen()
    screen.show(announcement(outcome, Reason.PRESENT_AGAIN, "AB3-9XY"))
    assert screen.state.kind.value == outcome.value
    assert [text.lang for text in screen.state.texts] == ["zh-CN", "en"]
    assert screen.state.texts[0].screen == "没有读到，请重放"
    assert screen.state.receipt == "AB3-9XY"
    assert screen.state.hold_s == HOLDS[outcome]


def test_a_pass_with_advice_shows_it_and_stays_long_enough_to_read_it() -> None:
    screen = new_screen()
    screen.show(replace(announcement(Outcome.PASS, Reason.GREEN_CODE), advice=ADVICE))
    assert (screen.state.kind, screen.state.hold_s) == (ScreenKind.PASS, 8.0)
    assert {text.lang: text.advice for text in screen.state.texts} == ADVICE
    snapshot = json.dumps(screen.snapshot(), ensure_ascii=False)
    assert all(line in snapshot for line in ADVICE.values())


def test_the_next_pass_carries_nothing_of_the_advice_before() -> None:
    screen = new_screen()
    screen.show(replace(announcement(Outcome.PASS, Reason.GREEN_CODE), advice=ADVICE))
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    assert screen.state.hold_s == 4.0
    assert [text.advice for text in screen.state.texts] == ["", ""]


@pytest.mark.parametrize("outcome", [Outcome.REFER, Outcome.RETRY])
def test_where_staff_are_called_the_screen_does_not_refuse(outcome: Outcome) -> None:
    screen = new_screen()
    screen.show(announcement(outcome, Reason.STAFF_CALLED, "AB3-9XY"))
    assert (screen.state.kind, screen.state.receipt) == (ScreenKind.STAFF, "AB3-9XY")
    assert screen.state.texts[0].next_step == "请在这里稍候，不用去别处"


def test_a_pass_stays_a_pass_whatever_is_said_about_it() -> None:
    screen = new_screen()
    screen.show(announcement(Outcome.PASS, Reason.STAFF_CALLED))
    assert screen.state.kind is ScreenKind.PASS


def test_the_newest_announcement_replaces_the_older_one() -> None:
    screen = new_screen()
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE, "OLD-001"))
    screen.show(announcement(Outcome.REFER, Reason.DATA_STALE, "NEW-002"))
    assert (screen.state.kind, screen.state.receipt) == (ScreenKind.REFER, "NEW-002")


def test_two_equal_decisions_in_a_row_are_two() -> None:
    screen = new_screen()
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    first = screen.shown
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    assert screen.shown > first


def test_a_sign_for_guards_leaves_the_decision_and_does_not_count_as_a_new_one() -> None:
    screen = new_screen()
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    shown, revision = screen.shown, screen.revision
    assert screen.set_status(StatusFlag.SOUND_OFF, on=True)
    assert (screen.state.kind, screen.shown) == (ScreenKind.PASS, shown)
    assert screen.revision > revision


def test_signs_stay_through_decisions_until_they_are_lowered() -> None:
    screen = new_screen()
    screen.set_status(StatusFlag.READER_OFFLINE, on=True)
    screen.deciding()
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    screen.clear()
    assert list(screen.state.flags) == [StatusFlag.READER_OFFLINE]
    screen.set_status(StatusFlag.READER_OFFLINE, on=False)
    assert list(screen.state.flags) == []


def test_raising_a_raised_sign_changes_nothing() -> None:
    screen = new_screen()
    screen.set_status(StatusFlag.RULES_OVERDUE, on=True)
    revision = screen.revision
    assert not screen.set_status(StatusFlag.RULES_OVERDUE, on=True)
    assert screen.revision == revision


@pytest.mark.parametrize("reason", Reason)
def test_a_snapshot_names_neither_the_reason_nor_the_presentation(reason: Reason) -> None:
    screen = new_screen()
    shown = announcement(Outcome.REFER, reason)
    screen.show(shown)
    snapshot = json.dumps(screen.snapshot(), ensure_ascii=False)
    assert shown.presentation_id not in snapshot
    assert reason.value not in snapshot


def test_what_a_guard_reads_and_a_voice_says_is_not_in_a_snapshot() -> None:
    screen = new_screen()
    screen.show(in_words(Outcome.REFER, "需要核查"))
    assert "SECRET" not in json.dumps(screen.snapshot())


def test_a_language_without_words_is_left_out() -> None:
    screen = new_screen("ug", "en")
    screen.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    assert [text.lang for text in screen.state.texts] == ["en"]


@given(
    st.lists(
        st.one_of(
            st.just(("clear",)),
            st.just(("deciding",)),
            st.tuples(st.just("show"), st.sampled_from(Outcome)),
            st.tuples(st.just("flag"), st.sampled_from(StatusFlag), st.booleans()),
        )
    )
)
def test_the_screen_always_shows_the_last_thing_it_was_told(steps: list[tuple[object, ...]]) -> None:
    screen = new_screen()
    kind = "idle"
    raised: set[StatusFlag] = set()
    for step in steps:
        before = screen.revision
        match step:
            case ("clear",):
                screen.clear()
                kind = "idle"
            case ("deciding",):
                screen.deciding()
                kind = "deciding"
            case ("show", Outcome() as outcome):
                screen.show(announcement(outcome, Reason.GREEN_CODE))
                kind = outcome.value
            case ("flag", StatusFlag() as flag, bool() as on):
                changed = screen.set_status(flag, on=on)
                assert changed == (on != (flag in raised))
                (raised.add if on else raised.discard)(flag)
                assert screen.revision == before + changed
                continue
        assert screen.revision == before + 1
    snapshot = screen.snapshot()
    assert snapshot["kind"] == kind
    assert snapshot["flags"] == [flag.value for flag in StatusFlag if flag in raised]
    assert (snapshot["hold_s"] is None) == (kind == "idle")
    assert (snapshot["receipt"] is not None) == (kind in {"pass", "refer", "retry"})
