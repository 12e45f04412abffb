"""Whatever a keyboard sends, the decoder neither fails nor depends on how the events were cut up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers import keymap
from drivers.input_events import EV_KEY, EV_MSC, EV_SYN, KeyEvent, Records, pack
from drivers.simulated.gun import key_events, keystrokes
from drivers.wedge import MOST_BYTES, Broken, Code, WedgeDecoder

KEYS = st.one_of(st.sampled_from(sorted(keymap.MODIFIERS | keymap.TERMINATORS | {58, 71, 82})), st.integers(0, 0xFFFF))
EVENTS = st.one_of(
    st.builds(KeyEvent, st.just(EV_KEY), KEYS, st.sampled_from([0, 1, 1, 1, 2])),
    st.builds(KeyEvent, st.just(EV_SYN), st.integers(0, 4), st.just(0)),
    st.builds(
        KeyEvent, st.sampled_from([EV_MSC, 0x11, 0x15]), st.integers(0, 0xFFFF), st.integers(-(2**31), 2**31 - 1)
    ),
)
TIMED = st.lists(st.tuples(st.sampled_from([0.0, 0.001, 0.04, 0.2]), EVENTS), max_size=120)


def run(timed: list[tuple[float, KeyEvent]]) -> list[Code | Broken]:
    decoder = WedgeDecoder()
    now = 100.0
    out = []
    for pause, event in timed:
        now += pause
        out += decoder.feed([event], now)
    return out + decoder.tick(now + 1)


@given(TIMED)
def test_any_events_give_codes_or_broken_and_leave_the_decoder_at_rest(timed: list[tuple[float, KeyEvent]]) -> None:
    decoder = WedgeDecoder()
    now = 100.0
    for pause, event in timed:
        now += pause
        for report in decoder.feed([event], now):
            assert isinstance(report, Broken) or 0 < len(report.data) <= 2 * MOST_BYTES
    decoder.tick(now + 1)
    assert decoder.deadline is None
    key = [*key_events(30, down=True), *key_events(30, down=False)]
    enter = [*key_events(28, down=True), *key_events(28, down=False)]
    reports = decoder.feed([*key, *enter], now + 10)
    assert [report.data.lower() for report in reports if isinstance(report, Code)] == [b"a"]


@given(st.text(min_size=1, max_size=30), st.data())
def test_any_text_survives_any_cutting_of_the_stream(text: str, data: st.DataObject) -> None:
    encoded = text.encode("utf-8", "replace")
    text = encoded.decode()
    events = [event for stroke in keystrokes(text) for event in stroke]
    stream = pack(events, 100.0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    records, decoder, out = Records(), WedgeDecoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for at, event in records.feed(stream[start:end]):
            out += decoder.feed([event], at)
    out += decoder.tick(101.0)
    assert [report.data for report in out if isinstance(report, Code)] == [encoded]


@given(TIMED)
def test_events_of_one_instant_may_come_one_by_one_or_together(timed: list[tuple[float, KeyEvent]]) -> None:
    decoder = WedgeDecoder()
    now, out = 100.0, []
    batch: list[KeyEvent] = []
    for pause, event in timed:
        if pause:
            out += decoder.feed(batch, now)
            batch = []
        now += pause
        batch.append(event)
    out += decoder.feed(batch, now)
    assert out + decoder.tick(now + 1) == run(timed)
