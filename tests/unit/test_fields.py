"""What a rule set's author reads: where the fault is, what was found, and what to write instead, word for word."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gate.errors import RuleSetError
from gate.model import Certificate, Moment
from gate.rules import fields
from gate.rules.decide import certificate_data

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 2**53 - 1
YES: Any = True
HERE = "profiles station"
EARLY, LATE = datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)


def fault(read: Callable[[], Any]) -> str:
    with pytest.raises(RuleSetError) as raised:
        read()
    return str(raised.value)


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"[1,2,3,4]", "file: has 9 bytes; at most 8 are read"),
        (b'"\xff"', "file: is not UTF-8; save it as UTF-8"),
        (
            b'"\\ud83d"',
            "file: has half of a character, a \\u escape without its second part; write the character itself",
        ),
        (b"[1,\n 2,", "file: is not JSON (line 2, column 4); check it with a JSON editor"),
        (b"[NaN]", "file: has the number NaN, which JSON does not have; write an integer"),
    ],
)
def test_a_file_that_is_no_json(blob: bytes, message: str) -> None:
    assert fault(lambda: fields.decode(blob, 8)) == message


def test_a_file_that_is_json_only_in_name() -> None:
    assert fault(lambda: fields.decode(b"[" * 100_000, 10**6)) == "file: is nested too deeply; flatten it"
    long_number = b"9" * 5_000
    assert (
        fault(lambda: fields.decode(long_number, 10**6)) == "file: is not JSON (a number); check it with a JSON editor"
    )
    twice = b'{"a": 1, "b": {"a": 1, "a": 2}}'
    assert fault(lambda: fields.decode(twice, 100)) == "file: has the key 'a' twice in one object; keep one"
    assert fields.decode(b'{"a": 12}', 9) == {"a": 12}


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: fields.an_object([], HERE), "is an array; write an object"),
        (lambda: fields.members(None, HERE, frozenset()), "is null; write an object"),
        (lambda: fields.members({"b": 1}, HERE, frozenset({"a", "b", "c"})), "lacks a, c; add it"),
        (
            lambda: fields.members({"a": 1, "z": 1, "y": 1}, HERE, frozenset({"a"}), frozenset({"b"})),
            "has the unknown key 'y'; the keys are a, b",
        ),
        (lambda: fields.items({}, HERE, 3), "is an object; write an array"),
        (lambda: fields.items([1] * 4, HERE, 3), "has 4 items; write 0 to 3"),
        (lambda: fields.items([1], HERE, 3, least=2), "has 1 items; write 2 to 3"),
        (lambda: fields.by_name("a", HERE, 3, fields.integer), "is a string; write an object"),
        (lambda: fields.by_name({"a": 1, "b": 2}, HERE, 1, fields.integer), "has 2 members; at most 1 are read"),
        (lambda: fields.text("", HERE), "must be a text of 1 to 2000 characters"),
        (lambda: fields.text(" ", HERE), "must be a text of 1 to 2000 characters"),
        (lambda: fields.text("a" * 2_001, HERE), "must be a text of 1 to 2000 characters"),
        (lambda: fields.text(7, HERE), "must be a text of 1 to 2000 characters"),
        (lambda: fields.text("a\nb", HERE), "has a control character or line break; write it on one line"),
        (lambda: fields.text("a\u202eb", HERE), "has a control character or line break; write it on one line"),
        (lambda: fields.one_of(1, HERE, (True, False)), "must be one of True, False"),
        (lambda: fields.one_of("c", HERE, ("a", "b")), "must be one of a, b"),
        (lambda: fields.integer(YES, HERE), f"must be an integer from -{LARGEST} to {LARGEST}"),
        (lambda: fields.integer(1.0, HERE), f"must be an integer from -{LARGEST} to {LARGEST}"),
        (lambda: fields.integer(LARGEST + 1, HERE), f"must be an integer from -{LARGEST} to {LARGEST}"),
        (lambda: fields.integer(-1, HERE, least=0), f"must be an integer from 0 to {LARGEST}"),
        (lambda: fields.version("1.0", HERE), 'must be a version such as "1.0.0"'),
        (lambda: fields.version(1, HERE), 'must be a version such as "1.0.0"'),
        (lambda: fields.both_languages({"en": "a"}, HERE), 'needs texts for "zh-CN" and "en"; add the one for "zh-CN"'),
        (lambda: fields.both_languages({"zh-CN": "a"}, HERE), 'needs texts for "zh-CN" and "en"; add the one for "en"'),
        (
            lambda: fields.same_order({"first": LATE, "last": EARLY}, HERE),
            "first lies after last; exchange or correct them",
        ),
        (lambda: fields.descriptions([], HERE), "has 0 items; write 1 to 50"),
        (lambda: fields.descriptions([{"lang": "en"}], HERE), "lacks desc; add it"),
    ],
)
def test_a_fault_names_its_place_and_what_to_write(read: Callable[[], Any], message: str) -> None:
    assert fault(read) == f"{HERE}: {message}"


@pytest.mark.parametrize("value", [None, 1, "", "_a", "a b", "ä", "a" * 101, "a\n"])
def test_what_is_no_name(value: Any) -> None:
    words = "must be up to 100 letters, digits and any of . _ / - beginning with a letter or digit"
    assert fault(lambda: fields.name(value, HERE)) == f"{HERE}: {words}"


def test_a_name_in_an_object_is_named_with_the_object() -> None:
    assert fault(lambda: fields.by_name({"_": 1}, HERE, 1, fields.integer)).startswith(f"{HERE}, name: must be up to")
    assert fault(lambda: fields.by_name({"a": "1"}, HERE, 1, fields.integer)).startswith(
        f"{HERE} a: must be an integer"
    )


@pytest.mark.parametrize(
    ("entry", "place"),
    [({"lang": "_", "desc": "a"}, "lang"), ({"lang": "en", "desc": 7}, "en"), ({"lang": "en", "desc": "\u202e"}, "en")],
)
def test_a_faulty_description_is_named_by_its_language(entry: dict[str, Any], place: str) -> None:
    assert fault(lambda: fields.descriptions([entry], HERE)).startswith(f"{HERE} {place}: ")


def test_what_is_read_to_the_very_limit() -> None:
    assert fields.items([1, 2, 3], HERE, 3, least=3) == [1, 2, 3]
    assert fields.by_name({"a": 1, "b": 2}, HERE, 2, fields.integer) == {"a": 1, "b": 2}
    assert fields.name("a" * 100, HERE) == "a" * 100
    assert fields.name("0.a_/-", HERE) == "0.a_/-"
    assert fields.text("a" * 2_000, HERE) == "a" * 2_000
    assert fields.integer(LARGEST, HERE) == LARGEST
    assert fields.integer(-LARGEST, HERE) == -LARGEST
    assert fields.integer(0, HERE, least=0) == 0
    assert fields.version("1.20.300", HERE) == (1, 20, 300)
    fields.same_order({"first": EARLY, "second": EARLY, "last": LATE}, HERE)
    texts = [{"lang": "en", "desc": "one\n  line"}, {"lang": "zh-CN", "desc": "一"}, {"lang": "en", "desc": "again"}]
    assert fields.descriptions(texts, HERE) == {"en": "one line", "zh-CN": "一"}


def test_an_instant_is_kept_as_utc() -> None:
    at = fields.instant("2022-06-30T10:00:00+08:00", HERE)
    assert (at, at.tzinfo) == (datetime(2022, 6, 30, 2, tzinfo=UTC), UTC)


def test_the_zone_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        at = fields.instant("2022-06-30T10:00:00+08:00", HERE)
        seen = certificate_data(Certificate("DE", "00", None, None, {}), "CN", {}, Moment(at, trusted=True))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert str(at) == "2022-06-30 02:00:00+00:00"
    assert seen["external"]["validationClock"] == "2022-06-30T02:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        "2022-06-30T10:00:00",
        "2022-06-30",
        "2022-06-30T24:00:00+08:00",
        "2022-06-31T10:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        20220630,
        None,
    ],
)
def test_a_time_without_a_zone_or_outside_the_calendar_is_none(value: Any) -> None:
    words = 'must be a date-time with a zone, such as "2022-06-30T10:00:00+08:00"'
    assert fault(lambda: fields.instant(value, HERE)) == f"{HERE}: {words}"


def test_a_name_from_outside_is_escaped_and_cut_in_messages() -> None:
    message = fault(lambda: fields.members({"\n\x1b" + "x" * 500: 1}, HERE, frozenset()))
    assert "\n" not in message
    assert len(message) < 100
    doubled = json.dumps({"k" * 500: 1})[:-1] + ", " + json.dumps({"k" * 500: 2})[1:]
    assert len(fault(lambda: fields.decode(doubled.encode(), 10_000))) < 100
