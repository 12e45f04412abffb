"""A rule is explained in words that whoever wrote the order understands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from full_facts import full_facts

from gate.rules import certlogic
from gate.rules.certlogic_syntax import ARITY
from gate.rules.explain import Step, explain
from gate.rules.plain_words import ASK, MUST, SUMS, UNITS, span
from gate.rules.vocabulary import LANGUAGES, Language, paths, value_of

FACTS = full_facts().to_payload()
KNOWN = {"===": [{"var": "payload.test.state"}, "known"]}
WITHIN = {"<=": [{"var": "payload.test.since_report"}, {"var": "external.parameters.test_max_age_s"}]}


def data(**facts: dict[str, Any]) -> dict[str, Any]:
    external = {"parameters": {"test_max_age_s": 172800}, "validationClock": "2022-06-30T02:00:00+00:00"}
    return {"payload": {**FACTS, **facts}, "external": external}


def reported(seconds: int) -> dict[str, Any]:
    return {**FACTS["test"], "since_report": seconds}


def text(logic: Any, language: Language = "en", **facts: dict[str, Any]) -> str:
    return "\n".join(explain(logic, data(**facts), language).lines())


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("zh-CN", "✗ 核酸报告距今 52小时46分40秒，要求不超过 48小时：不满足"),
        ("en", "✗ the test was reported 52 h 46 min 40 s ago; at most 48 h is allowed: not met"),
    ],
)
def test_a_span_that_is_too_long(language: Language, sentence: str) -> None:
    logic = {"<=": [{"var": "payload.test.since_report"}, 172800]}
    assert text(logic, language, test=reported(190000)) == sentence
    exchanged = {">=": [172800, {"var": "payload.test.since_report"}]}
    assert text(exchanged, language, test=reported(190000)) == sentence


def test_a_parameter_is_named() -> None:
    assert "at most 48 h (parameter test_max_age_s) is allowed: met" in text(WITHIN, test=reported(172800))


@pytest.mark.parametrize(
    ("state", "zh", "en"),
    [
        ("unknown", "数据未知", "not known"),
        ("absent", "没有", "none there"),
        ("stale", "数据未更新", "not updated for too long"),
    ],
)
def test_what_is_not_known_is_said_to_be_unknown_and_not_met(state: str, zh: str, en: str) -> None:
    logic = {"and": [KNOWN, WITHIN]}
    lost = {"state": state, "age": None}
    assert f"核酸检测：{zh}，要求是 已查到：不满足" in text(logic, "zh-CN", test=lost)
    assert f"核酸报告距今时间：{zh}" in text(logic, "zh-CN", test=lost)
    assert f"the test: {en}; it must be known: not met" in text(logic, "en", test=lost)
    assert text(logic, "en", test=lost).startswith("✗")


def test_a_value_that_one_record_lacks_is_not_called_unknown() -> None:
    pending = {name: value for name, value in FACTS["test"].items() if name != "since_report"}
    assert "the time since the test was reported: not given" in text(WITHIN, test=pending)


def test_either_or_is_read_as_such_in_both_ways_to_write_it() -> None:
    first, second = {"===": [{"var": "payload.code.colour"}, "red"]}, KNOWN
    for either in ({"if": [first, True, second]}, {"!": [{"and": [{"!": [first]}, {"!": [second]}]}]}):
        lines = text(either).splitlines()
        assert lines[0] == "✓ at least one of these must be so: met"
        assert [line[:3] for line in lines[1:]] == ["  ·", "  ·"]


def test_only_the_branch_that_counts_is_shown() -> None:
    grown_up = {">=": [{"var": "payload.person.age_years"}, 18]}
    logic = {"if": [grown_up, WITHIN, {"===": [{"var": "payload.companion.state"}, "known"]}]}
    found = text(logic)
    assert "if: the holder's age is 32 years; is that at least 18 years? yes" in found
    assert "then: the test was reported" in found
    assert "companion" not in found


def test_a_temperature_is_written_in_degrees() -> None:
    found = text({"<": [{"var": "payload.temperature.tenths"}, 373]}, "zh-CN")
    assert found == "✓ 体温为 36.5℃，要求少于 37.3℃：满足"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0秒", "0 s"),
        (172800, "48小时", "48 h"),
        (345600, "96小时", "96 h"),
        (1209600, "14天", "14 d"),
        (345661, "4天1分1秒", "4 d 1 min 1 s"),
        (-60, "-1分", "-1 min"),
    ],
)
def test_spans_as_people_count_them(seconds: int, zh: str, en: str) -> None:
    assert (span(seconds, "zh-CN"), span(seconds, "en")) == (zh, en)


SAMPLES: dict[str, Any] = {
    "if": {"if": [KNOWN, WITHIN, False]},
    "and": {"and": [KNOWN, WITHIN]},
    "===": KNOWN,
    "in": {"in": [{"var": "payload.test.result"}, ["negative", "pending"]]},
    "+": {"<": [{"+": [{"var": "payload.test.since_report"}, 60]}, 3600]},
    "!": {"!": [KNOWN]},
    "reduce": {"<": [{"reduce": [{"var": "payload.list"}, {"var": "accumulator"}, 0]}, 3]},
    "extractFromUVCI": {"===": [{"extractFromUVCI": [{"var": "payload.uvci"}, 1]}, "DE"]},
    "var": {"var": "payload.clock.trusted"},
    **{
        operator: {operator: [0, {"var": "payload.test.since_report"}, {"var": "external.parameters.test_max_age_s"}]}
        for operator in ("<", ">", "<=", ">=")
    },
    **{
        operator: {
            operator: [
                {"plusTime": [{"var": "external.validationClock"}, -2, "day"]},
                {"plusTime": ["2022-06-30", 0, "day"]},
            ]
        }
        for operator in ("after", "before", "not-after", "not-before")
    },
    "plusTime": {
        "after": [
            {"plusTime": [{"var": "external.validationClock"}, 1, "month"]},
            {"plusTime": ["2022-06-30", 0, "day"]},
        ]
    },
    "dccDateOfBirth": {
        "before": [{"dccDateOfBirth": ["1990-01"]}, {"plusTime": [{"var": "external.validationClock"}, 0, "hour"]}]
    },
}


@pytest.mark.parametrize("operator", [*ARITY, "var"])
def test_every_operator_has_words_in_both_languages(operator: str) -> None:
    chinese, english = (text(SAMPLES[operator], language) for language in LANGUAGES)
    assert not re.search(r"plusTime|dcc|UVCI|reduce|===|<=|>=", chinese + english)
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff]", english)


def test_demands_and_questions_have_words_for_the_same_operators() -> None:
    assert set(MUST) == set(ASK)
    assert set(MUST) | set(SUMS) | {"var"} == {*ARITY, "or", "var"}
    assert set(UNITS) == {"year", "month", "day", "hour"}


@pytest.mark.parametrize("path", list(paths()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_is_told_without_its_name_in_the_file(path: str, language: Language) -> None:
    found = text({"===": [{"var": path}, "x"]}, language)
    assert "payload" not in found
    assert "_" not in found
    meaning = value_of(path)
    assert meaning is not None
    for choice in meaning.choices:
        assert meaning.choices[choice].of(language) in text({"===": [{"var": path}, choice]}, language)


def test_what_nobody_knows_is_named_as_it_is_written() -> None:
    assert "payload.foo.bar (no value)" in text({"===": [{"var": "payload.foo.bar"}, "x"]})


def test_a_text_from_outside_can_not_forge_a_line() -> None:
    found = text({"===": [{"var": "payload.checkpoint.lane"}, "1"]}, checkpoint={"state": "known", "lane": "1\n✓ {0}"})
    assert len(found.splitlines()) == 1


def test_a_step_agrees_with_the_evaluator() -> None:
    for sample in SAMPLES.values():
        step = explain(sample, data(), "en")
        assert isinstance(step, Step)
        assert step.met is bool(certlogic.evaluate(sample, data()))
