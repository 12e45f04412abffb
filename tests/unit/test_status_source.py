"""What a gate makes of a list: what its rows, its silence and its age prove, from the file to the facts."""

from __future__ import annotations

import asyncio
import queue
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from presented import CARD, HERE
from status_lists import (
    AS_OF,
    GREEN,
    HOUR,
    KEY,
    RED,
    SIGNERS,
    YELLOW,
    at,
    bits,
    changed,
    desk,
    holder,
    opened,
    published,
    signed,
    sorter,
    terms,
)
from vectors import ROOT

from gate.app import status_lists
from gate.config import StatusConfig
from gate.errors import ConfigError
from gate.keys import require_hardware
from gate.model import (
    CodeRecord,
    Colour,
    FactState,
    Outcome,
    PopUpRecord,
    Reason,
    Records,
    TestResult,
    TravelRecord,
)
from gate.rules import ruleset
from gate.rules.derive import Inputs, Limits, derive
from gate.rules.judge import judge
from gate.status.cache import source as serving
from gate.status.cache.meaning import meant
from gate.status.cache.payload import AMBIGUOUS, Status
from gate.status.cache.source import CachedList, News
from gate.status.source import Found
from gate.wire.heartbeat import KeyTier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gate.model import Fact, Moment
    from gate.status.cache.layout import Kind

WAIT_S = 30
WHEN = datetime.fromtimestamp(AS_OF, UTC)
TESTED = Status(
    colour=Colour.GREEN, result=TestResult.NEGATIVE, sampled_at=AS_OF - HOUR, reported_at=AS_OF, doses=2, travel=False
)


@contextmanager
def serve(
    folder: Path, kind: Kind = "exceptions", moment: Moment | None = None
) -> Iterator[tuple[CachedList, queue.Queue[News]]]:
    news: queue.Queue[News] = queue.Queue()
    served = CachedList(
        folder,
        kind,
        KEY,
        signers=lambda: SIGNERS,
        moment=lambda: moment or at(1),
        limit_s=WAIT_S,
        on_change=news.put,
    )
    served.open()
    try:
        yield served, news
    finally:
        served.close()


def ask(served: CachedList, *sequences: int) -> Found:
    return asyncio.run(served.find([holder(n) for n in sequences]))


def found(folder: Path, sequence: int, moment: Moment, kind: Kind = "exceptions") -> Found:
    generation = opened(folder, kind)
    return meant(generation, [generation.find(KEY.hash(holder(sequence)))], [holder(sequence)], moment)


def facts(answer: Found, moment: Moment, **limits: frozenset[str]) -> Mapping[str, Fact]:
    return derive(inputs(answer, moment), Limits({"code": 24 * 3600}, **limits)).by_name


def inputs(answer: Found, moment: Moment) -> Inputs:
    return Inputs(
        credential=CARD,
        records=answer.records,
        moment=moment,
        checkpoint=HERE,
        holder_known=answer.holder_known,
    )


def test_whoever_is_on_the_list_is_not_green(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    answer = found(tmp_path, 1, at(1))
    assert answer == Found(holder(1), Records(codes=(CodeRecord("exceptions", WHEN, Colour.RED),)), in_part=True)
    said = facts(answer, at(1))
    assert said["code"].values == {"colour": "red"}
    assert said["code"].age == HOUR


def test_a_change_that_turns_out_wrong_is_named_and_the_one_before_serves(tmp_path: Path) -> None:
    whole = published(tmp_path, dict.fromkeys(range(100), RED))
    signed(tmp_path, whole, 1, [bits(YELLOW)], {0: 0})
    signed(tmp_path, whole, 2, [bits(YELLOW)], {0: 0, 200: 0})
    with serve(tmp_path) as (_, news):
        said = news.get(timeout=WAIT_S)
        while not said.notes:
            said = news.get(timeout=WAIT_S)
    assert said.header is not None
    assert said.header.change == 1
    assert "a row that there is none of" in said.notes[0]


def test_silence_of_a_fresh_list_is_no_adverse_code_and_nothing_else(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    answer = found(tmp_path, 2, at(1))
    assert answer.records == Records(codes=(CodeRecord("exceptions-silence", WHEN, Colour.GREEN),))
    assert not answer.holder_known
    said = facts(answer, at(1))
    assert (said["code"].state, said["code"].source) == (FactState.KNOWN, "exceptions-silence")
    for fact in ("holder", "test", "sample", "vaccination", "pop_up", "travel"):
        assert said[fact].state is FactState.UNKNOWN, "silence proves no test, no dose, and not that somebody is known"


def test_a_rule_set_may_believe_the_list_and_not_its_silence(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    retired = frozenset({"exceptions-silence"})
    assert facts(found(tmp_path, 2, at(1)), at(1), retired_sources=retired)["code"].state is FactState.UNKNOWN
    assert facts(found(tmp_path, 1, at(1)), at(1), retired_sources=retired)["code"].values == {"colour": "red"}


def test_under_a_rule_about_tests_silence_lets_nobody_in_and_a_city_s_list_does(tmp_path: Path) -> None:
    rule_set = ruleset.load((ROOT / "config" / "rules" / "station-48h.json").read_bytes())
    published(tmp_path / "e", {1: RED})
    published(tmp_path / "c", {2: replace(TESTED, pop_up=0)}, "city")

    def decided(answer: Found, moment: Moment) -> tuple[Outcome, tuple[Reason, ...]]:
        decision = judge(inputs(answer, moment), rule_set, ())
        return decision.outcome, decision.reasons

    assert decided(found(tmp_path / "e", 1, at(1)), at(1))[0] is Outcome.REFER
    silent = decided(found(tmp_path / "e", 2, at(1)), at(1))
    assert silent[0] is Outcome.REFER
    assert Reason.CODE_NOT_GREEN not in silent[1], "it is the test that nobody knows"
    assert decided(found(tmp_path / "c", 2, at(1), "city"), at(1))[0] is Outcome.PASS
    assert decided(found(tmp_path / "c", 2, at(13), "city"), at(13))[0] is Outcome.REFER, "yesterday's list"


def test_silence_speaks_of_what_the_list_is_complete_about(tmp_path: Path) -> None:
    desk(tmp_path).whole(sorter({1: RED}), terms(covers=("pop_up", "travel")))
    records = found(tmp_path, 2, at(1)).records
    assert records == Records(
        pop_ups=(PopUpRecord("exceptions-silence", WHEN, active=False),),
        travel=(TravelRecord("exceptions-silence", WHEN, risk_area=False),),
    )


@pytest.mark.parametrize("moment", [at(12), at(2000), at(-1), at(1, trusted=False)])
def test_silence_of_an_old_list_or_at_an_unknown_time_says_nothing(tmp_path: Path, moment: Moment) -> None:
    published(tmp_path, {1: RED})
    assert found(tmp_path, 2, moment) == Found(holder(2), None)
    records = found(tmp_path, 1, moment).records
    assert records is not None, "what speaks against somebody is said all the same"
    assert records.codes[0].colour is Colour.RED


def test_the_age_of_a_list_is_that_of_its_newest_change(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    assert found(tmp_path, 2, at(14)).records is None
    changed(tmp_path, {3: RED}, hours=10)
    assert facts(found(tmp_path, 2, at(14)), at(14))["code"].age == 4 * HOUR
    assert facts(found(tmp_path, 1, at(14)), at(14))["code"].values == {"colour": "red"}


def test_a_city_s_list_knows_its_people_and_nobody_else(tmp_path: Path) -> None:
    published(tmp_path, {1: TESTED}, "city")
    answer = found(tmp_path, 1, at(1), "city")
    assert answer.holder_known
    said = facts(answer, at(1))
    assert said["test"].values["since_sample"] == 2 * HOUR
    assert said["vaccination"].values == {"doses": 2}
    assert said["pop_up"].state is FactState.UNKNOWN
    assert found(tmp_path, 2, at(1), "city") == Found(holder(2), None)


def test_an_old_city_s_list_has_no_good_news(tmp_path: Path) -> None:
    bad = Status(colour=Colour.YELLOW, result=TestResult.POSITIVE, sampled_at=AS_OF, reported_at=AS_OF, pop_up=1)
    published(tmp_path, {1: TESTED, 2: bad}, "city")
    assert found(tmp_path, 1, at(13), "city") == Found(holder(1), None)
    answer = found(tmp_path, 2, at(13), "city")
    assert answer.records is not None
    assert not answer.holder_known
    assert (len(answer.records.codes), len(answer.records.tests), len(answer.records.pop_ups)) == (1, 1, 1)


def test_two_people_in_one_place_are_not_taken_for_each_other_nor_for_green(tmp_path: Path) -> None:
    published(tmp_path, {1: RED})
    answer = meant(opened(tmp_path), [AMBIGUOUS], [holder(1)], at(1))
    assert answer == Found(holder(1), None)


def test_a_person_is_found_under_every_document(tmp_path: Path) -> None:
    published(tmp_path, {5: RED})
    with serve(tmp_path) as (served, _):
        answer = ask(served, 4, 5)
        assert answer.holder == holder(5)
        assert answer.records is not None
        assert [code.colour for code in answer.records.codes] == [Colour.RED]


def test_new_files_serve_while_the_gate_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.01)
    gate = tmp_path / "gate"
    with serve(gate) as (served, news):
        assert news.get(timeout=WAIT_S).header is None
        assert ask(served, 1) == Found(holder(1), None)
        made = tmp_path / "desk"
        gate.mkdir()
        first = published(made, {1: RED})
        shutil.copy(made / "g0000000001.pack", gate / "x")
        (gate / "x").rename(gate / "g0000000001.pack")
        assert news.get(timeout=WAIT_S).header == first, "unpacked in a process of its own"
        change = changed(made, {1: YELLOW})
        shutil.copy(made / "g0000000001-01.change", gate / "x")
        (gate / "x").rename(gate / "g0000000001-01.change")
        assert news.get(timeout=WAIT_S).header == change
        second = desk(made).fold()
        shutil.copy(made / "g0000000002.head", gate / "x")
        (gate / "x").rename(gate / "g0000000002.head")
        assert news.get(timeout=WAIT_S).header == second, "made here, from what was here"
        records = ask(served, 1).records
        assert records is not None
        assert records.codes[0].colour is Colour.YELLOW


def test_what_was_passed_over_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    published(tmp_path, {1: GREEN})
    (tmp_path / "g0000000001-01.change").write_bytes(b"junk")
    with serve(tmp_path) as (_, news):
        status_lists.tell(news.get(timeout=WAIT_S))
    assert "g0000000001-01.change: the list is cut off" in caplog.text
    assert (
        'status-list-in-force kind="exceptions" generation=1 change=0 as_of="2021-06-18T08:00:00+00:00"' in caplog.text
    )


def test_a_list_that_becomes_too_old_is_told_while_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.01)
    header = published(tmp_path, {1: RED})
    now = [at(1)]
    news: queue.Queue[News] = queue.Queue()
    served = CachedList(
        tmp_path,
        "exceptions",
        KEY,
        signers=lambda: SIGNERS,
        moment=lambda: now[0],
        limit_s=WAIT_S,
        on_change=news.put,
    )
    served.open()
    try:
        assert news.get(timeout=WAIT_S) == News("exceptions", header, fresh=True, notes=())
        now[0] = at(12)
        late = news.get(timeout=WAIT_S)
        assert late == News("exceptions", header, fresh=False, notes=())
    finally:
        served.close()
    status_lists.tell(late)
    assert 'status-list-stale kind="exceptions" generation=1' in caplog.text


def test_everybody_s_list_wants_a_key_in_hardware(tmp_path: Path) -> None:
    config = StatusConfig(file=tmp_path / "s", key=tmp_path / "k", city=tmp_path / "city")
    with pytest.raises(ConfigError, match=r"\[status\] city is kept only by a gate whose key is held in hardware"):
        status_lists.check(config)
    require_hardware("x", KeyTier.HARDWARE)
    with pytest.raises(ConfigError):
        require_hardware("x", KeyTier.OTP)
