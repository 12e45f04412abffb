"""A gun's keystrokes become codes, or one report that the code did not arrive whole (PROTOCOLS §3.1 rules 1 to 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers import keymap
from drivers.input_events import EV_KEY, EV_SYN, SYN_DROPPED, SYN_REPORT, KeyEvent
from drivers.repeats import MOST_REMEMBERED, RepeatFilter
from drivers.simulated.gun import alt_code, key_events, keystrokes
from drivers.wedge import MOST_BYTES, Broken, Code, WedgeDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

ENTER = (*key_events(keymap.KEY_ENTER, down=True), *key_events(keymap.KEY_ENTER, down=False))
DROPPED = (KeyEvent(EV_SYN, SYN_DROPPED, 0), KeyEvent(EV_SYN, SYN_REPORT, 0))


def strokes(text: str, *, encoding: str = "utf-8", caps_lock: bool = False) -> list[KeyEvent]:
    return [event for events in keystrokes(text, encoding=encoding, caps_lock=caps_lock) for event in events]


def decode(decoder: WedgeDecoder, *parts: Iterable[KeyEvent], at: float = 10.0) -> list[Code | Broken]:
    return [report for part in parts for report in decoder.feed(part, at)]


def press(key: int, *, held: int | None = None) -> list[KeyEvent]:
    events = [*key_events(key, down=True), *key_events(key, down=False)]
    if held is not None:
        events = [*key_events(held, down=True), *events, *key_events(held, down=False)]
    return events


@pytest.mark.parametrize("terminator", [keymap.KEY_ENTER, keymap.KEY_KPENTER, keymap.KEY_TAB])
def test_a_code_ends_with_a_terminator(terminator: int) -> None:
    assert decode(WedgeDecoder(), strokes("HC1:6BF*"), press(terminator)) == [Code(b"HC1:6BF*", 10.0)]


def test_a_code_without_terminator_ends_with_silence() -> None:
    decoder = WedgeDecoder(gap=0.1)
    assert decoder.feed(strokes("AB"), 10.0) == []
    assert decoder.deadline == pytest.approx(10.1)
    assert decoder.tick(10.05) == []
    assert decoder.tick(10.1) == [Code(b"AB", 10.0)]
    assert decoder.deadline is None


def test_the_next_code_after_a_silence_is_a_code_of_its_own() -> None:
    decoder = WedgeDecoder(gap=0.1)
    decoder.feed(strokes("AB"), 10.0)
    assert decoder.feed(strokes("CD"), 10.2) == [Code(b"AB", 10.0)]


def test_a_slow_gun_within_the_gap_types_one_code() -> None:
    decoder = WedgeDecoder(gap=0.5)
    for step, char in enumerate("ABCDEFGH"):
        assert decoder.feed(strokes(char), 10.0 + 0.45 * step) == []
    assert [report.data for report in decoder.tick(20.0) if isinstance(report, Code)] == [b"ABCDEFGH"]


def test_a_terminator_alone_or_a_second_one_is_nothing() -> None:
    decoder = WedgeDecoder()
    assert decode(decoder, ENTER, ENTER) == []
    line_feed = press(36, held=keymap.KEY_LEFTCTRL)  # Ctrl+J
    assert decode(decoder, strokes("A"), ENTER, line_feed, ENTER) == [Code(b"A", 10.0)]
    assert decoder.deadline is None


def test_caps_lock_seen_at_open_or_pressed_on_the_way() -> None:
    assert decode(WedgeDecoder(caps_lock=True), strokes("aB1!", caps_lock=True), ENTER) == [Code(b"aB1!", 10.0)]
    decoder = WedgeDecoder()
    caps = press(keymap.KEY_CAPSLOCK)
    assert decode(decoder, caps, strokes("abc1"), caps, strokes("abc"), ENTER) == [Code(b"ABC1abc", 10.0)]


def test_a_held_key_that_repeats_types_once() -> None:
    held = [KeyEvent(EV_KEY, 30, 1), KeyEvent(EV_KEY, 30, 2), KeyEvent(EV_KEY, 30, 2), KeyEvent(EV_KEY, 30, 0)]
    assert decode(WedgeDecoder(), held, ENTER) == [Code(b"a", 10.0)]


def test_separators_stay_in_the_code() -> None:
    ctrl_bracket = press(27, held=keymap.KEY_RIGHTCTRL)
    ctrl_six = press(7, held=keymap.KEY_LEFTCTRL)
    ctrl_d = press(32, held=keymap.KEY_LEFTCTRL)
    f8 = press(66)
    groups = [*ctrl_bracket, *alt_code("029"), *alt_code("29"), *f8]
    typed = [*strokes("[)>"), *ctrl_six, *strokes("06"), *groups, *ctrl_d]
    assert decode(WedgeDecoder(), typed, ENTER) == [Code(b"[)>\x1e06\x1d\x1d\x1d\x1d\x04", 10.0)]


@pytest.mark.parametrize(("encoding", "setting"), [("utf-8", "utf-8"), ("gbk", "utf-8"), ("gbk", "gbk")])
def test_chinese_as_alt_codes_of_its_bytes(encoding: str, setting: str) -> None:
    text = "张测试 99号"
    events = strokes(text, encoding=encoding)
    assert decode(WedgeDecoder(encoding=setting), events, ENTER) == [Code(text.encode(), 10.0)]


def test_chinese_as_unicode_numbers_and_double_bytes() -> None:
    unicode = [*alt_code(str(ord("测"))), *strokes("-"), *alt_code(str(ord("试")))]
    assert decode(WedgeDecoder(), unicode, ENTER) == [Code("测-试".encode(), 10.0)]
    double = [*alt_code(f"0{int.from_bytes('测'.encode('gbk'), 'big')}"), *strokes("A")]
    assert decode(WedgeDecoder(), double, ENTER) == [Code("测A".encode(), 10.0)]


def test_windows_code_page_by_setting() -> None:
    assert decode(WedgeDecoder(encoding="cp1252"), alt_code("0233"), ENTER) == [Code("é".encode(), 10.0)]


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    assert decode(WedgeDecoder(), alt_code("0255"), alt_code("0128"), ENTER) == [Code(b"\xff\x80", 10.0)]


@pytest.mark.parametrize("digits", ["1114112", "55296", "065536", "123456789"])
def test_a_number_that_is_no_character_spoils_the_code(digits: str) -> None:
    reports = decode(WedgeDecoder(), strokes("A"), alt_code(digits), strokes("B"), ENTER, strokes("C"), ENTER)
    assert [type(report) for report in reports] == [Broken, Code]
    assert reports[1] == Code(b"C", 10.0)


def test_silence_amid_a_character_spoils_the_code() -> None:
    decoder = WedgeDecoder(gap=0.1)
    decoder.feed([*strokes("A"), *alt_code("0177")[:-3]], 10.0)  # Alt is never released
    assert [type(report) for report in decoder.tick(11.0)] == [Broken]
    assert decode(decoder, strokes("A"), ENTER, at=11.0) == [Code(b"A", 11.0)]


def test_dropped_events_spoil_the_code_to_its_end() -> None:
    decoder = WedgeDecoder()
    shift_down = key_events(keymap.KEY_LEFTSHIFT, down=True)
    reports = decode(decoder, strokes("HEAD"), shift_down, DROPPED, strokes("tail"), DROPPED, strokes("x"), ENTER)
    assert [type(report) for report in reports] == [Broken]
    assert decode(decoder, strokes("whole"), ENTER) == [Code(b"whole", 10.0)]


def test_after_dropped_events_silence_ends_the_spoilt_code() -> None:
    decoder = WedgeDecoder(gap=0.1)
    assert len(decode(decoder, DROPPED, strokes("tail"))) == 1
    assert decode(decoder, strokes("whole"), ENTER, at=10.2) == [Code(b"whole", 10.2)]


def test_what_the_kernel_sends_up_to_the_next_report_after_a_drop_is_ignored() -> None:
    decoder = WedgeDecoder()
    decode(decoder, [KeyEvent(EV_SYN, SYN_DROPPED, 0), *key_events(keymap.KEY_LEFTSHIFT, down=True)], ENTER)
    assert decode(decoder, strokes("ok"), ENTER) == [Code(b"ok", 10.0)]


def test_a_code_that_never_ends_is_reported_once() -> None:
    decoder = WedgeDecoder()
    reports = decode(decoder, *[strokes("A" * 100)] * (MOST_BYTES // 50), ENTER)
    assert [type(report) for report in reports] == [Broken]
    assert decode(decoder, strokes("A" * MOST_BYTES), ENTER) == [Code(b"A" * MOST_BYTES, 10.0)]


def test_the_same_code_held_before_the_gun_is_one_presentation() -> None:
    decoder = WedgeDecoder(repeat=1.5)
    code = [*strokes("A"), *ENTER]
    seen = [bool(decode(decoder, code, at=at)) for at in (10.0, 11.0, 12.4, 13.8, 15.4)]
    assert seen == [True, False, False, False, True]
    assert decode(decoder, strokes("B"), ENTER, at=15.4) == [Code(b"B", 15.4)]


def test_no_more_codes_are_remembered_than_a_gun_needs() -> None:
    repeats = RepeatFilter(60.0)
    assert all(repeats.is_new(bytes([code]), 10.0) for code in range(MOST_REMEMBERED + 1))
    assert repeats.is_new(b"\x00", 10.0)
    assert not repeats.is_new(bytes([MOST_REMEMBERED]), 10.0)


def test_a_code_is_not_shown_by_repr() -> None:
    assert "secret" not in repr(Code(b"secret", 1.0))
