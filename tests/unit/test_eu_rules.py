from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gate.errors import RuleSetError
from gate.model import CredentialKind
from gate.rules.eu_rules import EuRules

AT = datetime(2022, 6, 30, 12, tzinfo=UTC)
VACCINATED: dict[str, Any] = {"v": [{"dn": 2, "sd": 2}]}


def eu_rule(identifier: str = "VR-XX-0001", **changes: Any) -> dict[str, Any]:
    return {
        "Identifier": identifier,
        "Type": "Acceptance",
        "Country": "XX",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "0.7.5",
        "CertificateType": "Vaccination",
        "Description": [{"lang": "en", "desc": "The last dose.\nAll of them."}, {"lang": "en", "desc": "again"}],
        "ValidFrom": "2022-01-01T00:00:00Z",
        "ValidTo": "2022-12-31T00:00:00+01:00",
        "AffectedFields": ["v.0", "v.0.dn"],
        "Logic": {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
        "hash": "unknown keys of other countries do no harm",
        **changes,
    }


def selected(*rules: dict[str, Any], payload: dict[str, Any] = VACCINATED, at: datetime = AT, **args: Any) -> list[str]:
    chosen = EuRules.from_json(list(rules)).select(args.pop("country", "XX"), at, payload, **args)
    return [f"{rule.identifier}@{'.'.join(map(str, rule.version))}" for rule in chosen]


def test_a_rule_is_read_and_holds() -> None:
    (rule,) = EuRules.from_json([eu_rule()]).select("xx", AT, VACCINATED)
    assert rule.description == {"en": "The last dose. All of them."}
    assert rule.holds({"payload": VACCINATED, "external": {}})
    assert not rule.holds({"payload": {"v": [{"dn": 1, "sd": 2}]}, "external": {}})


def test_a_truthy_value_is_not_true() -> None:
    (rule,) = EuRules.from_json([eu_rule(Logic={"var": "payload.v"})]).select("XX", AT, VACCINATED)
    assert rule.holds({"payload": VACCINATED}) is False


def test_the_newest_valid_version_is_chosen() -> None:
    versions = [eu_rule(Version=version) for version in ("1.0.2", "1.0.10", "1.0.9")]
    assert selected(*versions) == ["VR-XX-0001@1.0.10"]
    later = eu_rule(Version="2.0.0", ValidFrom="2022-07-01T00:00:00Z")
    assert selected(*versions, later) == ["VR-XX-0001@1.0.10"]
    assert selected(*versions, later, at=datetime(2022, 7, 1, tzinfo=UTC)) == ["VR-XX-0001@2.0.0"]


def test_a_rule_applies_from_its_first_to_its_last_instant() -> None:
    for at, there in [
        (datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2022, 1, 1, tzinfo=UTC), True),
        (datetime(2022, 12, 30, 23, tzinfo=UTC), True),
        (datetime(2022, 12, 30, 23, 0, 1, tzinfo=UTC), False),
    ]:
        assert bool(selected(eu_rule(), at=at)) is there


@pytest.mark.parametrize(
    ("payload", "chosen"),
    [
        ({"v": [{}]}, ["G", "V"]),
        ({"t": [{}]}, ["G", "T"]),
        ({"r": [{}]}, ["G", "R"]),
        ({"v": [], "t": None}, ["G"]),
        ({"v": [{}], "t": [{}]}, ["G", "T", "V"]),
    ],
)
def test_rules_are_chosen_by_what_the_certificate_holds(payload: dict[str, Any], chosen: list[str]) -> None:
    kinds = ("General", "Vaccination", "Test", "Recovery")
    rules = [eu_rule(kind[0], CertificateType=kind) for kind in kinds]
    assert [name.split("@")[0] for name in selected(*rules, payload=payload)] == chosen


def test_a_rule_is_about_certificates_of_its_own_format_only() -> None:
    rules = [eu_rule(), eu_rule("B", Format="smart_health_card"), eu_rule("C", Format="hcert")]
    both = {**VACCINATED, "resources": {"Immunization": [{}]}}
    assert selected(*rules, payload=both) == ["C@1.0.0", "VR-XX-0001@1.0.0"]
    assert selected(*rules, payload=both, format=CredentialKind.SMART_HEALTH_CARD) == ["B@1.0.0"]
    assert selected(*rules, payload=both, format=CredentialKind.VDS_NC) == []


def test_a_newer_version_for_another_format_takes_no_rule_away() -> None:
    assert selected(eu_rule(), eu_rule(Version="2.0.0", Format="smart_health_card")) == ["VR-XX-0001@1.0.0"]


@pytest.mark.parametrize(
    ("payload", "chosen"),
    [
        ({"resources": {"Patient": [{}], "Immunization": [{}]}}, ["G", "V"]),
        ({"resources": {"Patient": [{}], "Observation": [{}]}}, ["G", "T"]),
        ({"resources": {"Observation": [{}], "Immunization": [{}]}}, ["G", "T", "V"]),
        ({"resources": {"Condition": [{}]}, "v": [{}]}, ["G"]),
        ({"resources": []}, ["G"]),
        ({}, ["G"]),
    ],
)
def test_rules_for_health_cards_are_chosen_by_the_resources(payload: dict[str, Any], chosen: list[str]) -> None:
    rules = [
        eu_rule(kind[0], CertificateType=kind, Format="smart_health_card")
        for kind in ("General", "Vaccination", "Test")
    ]
    found = selected(*rules, payload=payload, format=CredentialKind.SMART_HEALTH_CARD)
    assert [name.split("@")[0] for name in found] == chosen


def test_other_countries_types_and_regions_are_left_out() -> None:
    rules = [
        eu_rule("A", Country="YY"),
        eu_rule("B", Type="Invalidation"),
        eu_rule("C", Region="R1"),
        eu_rule("D", Region=""),
    ]
    assert selected(*rules) == ["D@1.0.0"]
    assert selected(*rules, kind="Invalidation") == ["B@1.0.0"]
    assert selected(*rules, country="yy") == ["A@1.0.0"]
    assert selected(*rules, country="ZZ") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"CertificateType": "Unknown"},
        {"CertificateType": "Recovery", "Format": "smart_health_card"},
        {"Format": "resident_id"},
        {"Format": None},
        {"Country": None},
        {"Version": "1"},
        {"ValidFrom": "2022-01-01"},
        {"ValidFrom": "2023-01-01T00:00:00Z"},
        {"Engine": "JSONLOGIC"},
        {"Logic": {"all": []}},
        {"Description": []},
        {"AffectedFields": "v.0"},
    ],
)
def test_a_faulty_rule_is_refused_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(RuleSetError, match="VR-XX-0001"):
        EuRules.from_json([eu_rule(), eu_rule(**changes)])


def test_of_two_rules_of_one_version_the_first_counts() -> None:
    (chosen,) = EuRules.from_json([eu_rule(), eu_rule(Description=[{"lang": "en", "desc": "copied"}])]).select(
        "XX", AT, VACCINATED
    )
    assert chosen.description == {"en": "The last dose. All of them."}


def test_all_rules_of_all_countries_are_counted() -> None:
    assert len(EuRules.from_json([eu_rule(), eu_rule("A"), eu_rule("B", Country="YY")])) == 3


def test_a_fault_of_the_list_is_named() -> None:
    with pytest.raises(RuleSetError, match=r"^rules: is an object; write an array$"):
        EuRules.from_json({})


@pytest.mark.parametrize("rules", [None, {}, 5, [None], [[]], [{}], ["rule"]])
def test_what_is_no_list_of_rules_is_refused(rules: Any) -> None:
    with pytest.raises(RuleSetError):
        EuRules.from_json(rules)
