"""What the rules of other countries see of a certificate, and facts as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gate.errors import RuleSetError
from gate.model import Certificate, Fact, FactState, Moment
from gate.rules.decide import certificate_data
from gate.rules.payload import read_payload, to_facts

CHINA = timezone(timedelta(hours=8))
MOMENT = Moment(datetime(2022, 6, 20, 10, 0, tzinfo=CHINA), trusted=True)
CONTENT = {"v": [{"dn": 2}]}


def test_a_rule_sees_the_certificate_unchanged_and_the_external_parameters_by_their_names() -> None:
    issued, expires = datetime(2022, 1, 1, 8, tzinfo=CHINA), datetime(2023, 1, 1, tzinfo=UTC)
    certificate = Certificate("DE", "0a1b", issued, expires, CONTENT)
    assert certificate_data(certificate, "CN", {"vaccines": ["EU/1/20/1528"]}, MOMENT) == {
        "payload": CONTENT,
        "external": {
            "validationClock": "2022-06-20T02:00:00+00:00",
            "valueSets": {"vaccines": ["EU/1/20/1528"]},
            "countryCode": "CN",
            "issuerCountryCode": "DE",
            "kid": "0a1b",
            "iat": "2022-01-01T00:00:00+00:00",
            "exp": "2023-01-01T00:00:00+00:00",
        },
    }


def test_a_certificate_without_times_has_none_for_the_rules_either() -> None:
    external = certificate_data(Certificate("DE", "0a1b", None, None, CONTENT), "CN", {}, MOMENT)["external"]
    assert external.keys() == {"validationClock", "valueSets", "countryCode", "issuerCountryCode", "kid"}


def test_facts_of_a_file_are_those_that_rules_see() -> None:
    written: dict[str, Any] = {
        "code": {"state": "known", "age": 60, "colour": "green"},
        "test": {"state": "stale", "age": 9, "result": "negative", "pool_size": 1, "pending": True},
        "travel": {"state": "unknown"},
        "arrival": {"state": "absent", "age": None},
    }
    read = read_payload(written, "facts")
    assert read["travel"] == {"state": "unknown", "age": None}
    facts = to_facts(read)
    assert facts.by_name["code"] == Fact(FactState.KNOWN, None, 60, {"colour": "green"})
    assert facts.by_name["arrival"] == Fact(FactState.ABSENT)
    assert facts.to_payload() == read


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ([], "facts code: is an array; write an object"),
        ({"colour": "green"}, "facts code state: must be one of known, absent, unknown, stale"),
        ({"state": "old"}, "facts code state: must be one of known, absent, unknown, stale"),
        ({"state": "known", "age": -1}, "facts code age: must be an integer from 0 to"),
        ({"state": "known", "age": 1.5}, "facts code age: must be an integer from 0 to"),
        ({"state": "known", "colour": None}, "facts code colour: must be an integer"),
        ({"state": "known", "colour": "a\nb"}, "facts code colour: has a control character"),
        ({"state": "unknown", "colour": "green"}, "facts code: is unknown but has values; remove them"),
        ({"state": "absent", "colour": "green"}, "facts code: is absent but has values; remove them"),
        ({"state": "known", **{f"v{n}": n for n in range(33)}}, "facts code: has 33 members; at most 32 are read"),
    ],
)
def test_a_fact_of_no_such_form_is_refused(fact: Any, message: str) -> None:
    with pytest.raises(RuleSetError) as raised:
        read_payload({"code": fact}, "facts")
    assert str(raised.value).startswith(message)


def test_so_many_facts_and_values_and_no_more() -> None:
    fact = {"state": "known", "age": 0, **{f"v{n}": True for n in range(32)}}
    assert read_payload({f"f{n}": fact for n in range(32)}, "facts")["f31"] == fact
    with pytest.raises(RuleSetError, match=r"^facts: has 33 members; at most 32 are read$"):
        read_payload({f"f{n}": fact for n in range(33)}, "facts")
