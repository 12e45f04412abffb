from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from vectors import ROOT

from gate.model import Decision, Fact, Facts, FactState, Moment, Outcome, Reason
from gate.rules import ruleset
from gate.rules.decide import REFUSALS, decide, decide_certificate, refuse
from gate.rules.rule import EuRule, load_eu_rule

STATION = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
MOMENT = Moment(datetime(2021, 6, 18, tzinfo=UTC), trusted=True)


def known(**values: int | str | bool) -> Fact:
    return Fact(FactState.KNOWN, "city", 60, values)


GOOD = {
    "clock": known(trusted=True),
    "checkpoint": known(site_class="station", lane="1", direction="in", attended=False),
    "credential": known(kind="resident_id", assurance=4),
    "document": known(valid="valid"),
    "holder": known(),
    "code": known(colour="green"),
    "pop_up": known(active=False),
    "test": known(result="negative", since_sample=90_000, since_report=80_000),
    "vaccination": known(doses=3),
    "travel": known(risk_area=False),
}


CERTIFICATE = known(kind="hcert", assurance=2)


def judged(moment: Moment = MOMENT, **changes: Fact) -> Decision:
    return judged_with(changes, moment)


def judged_with(changes: dict[str, Fact], moment: Moment = MOMENT) -> Decision:
    return decide(Facts({**GOOD, **changes}), STATION, moment)


def test_everything_in_order_is_a_pass_with_its_provenance() -> None:
    decision = judged()
    assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.GREEN_CODE,))
    assert decision.rule_set == "station-48h@2"
    assert decision.profile == "station"
    assert {(fact.name, fact.state, fact.age) for fact in decision.facts} >= {("code", FactState.KNOWN, 60)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": known(colour="yellow")}, Reason.CODE_NOT_GREEN),
        ({"code": known(colour="unknown")}, Reason.CODE_NOT_GREEN),
        ({"code": Fact(FactState.UNKNOWN)}, Reason.CODE_UNKNOWN),
        ({"code": Fact(FactState.STALE, "city", 90_000)}, Reason.DATA_STALE),
        ({"pop_up": known(active=True)}, Reason.POP_UP),
        ({"pop_up": Fact(FactState.UNKNOWN)}, Reason.POP_UP_UNKNOWN),
        ({"test": known(result="positive", since_sample=1, since_report=1)}, Reason.TEST_POSITIVE),
        ({"test": known(result="pending", since_sample=1)}, Reason.TEST_PENDING),
        ({"test": known(result="inconclusive", since_sample=1, since_report=1)}, Reason.TEST_INCONCLUSIVE),
        ({"test": known(result="negative", since_sample=1, since_report=172_801)}, Reason.TEST_EXPIRED),
        ({"test": known(result="negative", since_sample=1)}, Reason.RULE_NOT_EVALUATED),
        ({"test": Fact(FactState.ABSENT)}, Reason.TEST_NONE),
        ({"test": Fact(FactState.UNKNOWN)}, Reason.TEST_UNKNOWN),
        ({"vaccination": known(doses=1)}, Reason.VACCINATION_INCOMPLETE),
        ({"vaccination": Fact(FactState.ABSENT)}, Reason.VACCINATION_INCOMPLETE),
        ({"vaccination": Fact(FactState.UNKNOWN)}, Reason.VACCINATION_UNKNOWN),
        ({"travel": known(risk_area=True)}, Reason.RISK_AREA),
        ({"travel": Fact(FactState.UNKNOWN)}, Reason.TRAVEL_UNKNOWN),
        ({"document": known(valid="expired")}, Reason.DOCUMENT_EXPIRED),
        ({"document": known(valid="not_yet_valid")}, Reason.DOCUMENT_NOT_YET_VALID),
        ({"holder": Fact(FactState.UNKNOWN)}, Reason.HOLDER_UNKNOWN),
        ({"clock": known(trusted=False)}, Reason.CLOCK_UNTRUSTED),
    ],
)
def test_one_thing_out_of_order_is_referred_for_that_reason(change: dict[str, Fact], reason: Reason) -> None:
    decision = judged_with(change)
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0] is reason
    assert len(decision.failed_rules) >= 1


def test_the_48th_hour_is_included() -> None:
    assert judged(test=known(result="negative", since_sample=180_000, since_report=172_800)).outcome is Outcome.PASS


def test_a_copyable_code_where_nobody_watches_asks_for_the_card() -> None:
    decision = judged(credential=CERTIFICATE)
    assert (decision.outcome, decision.reasons) == (Outcome.RETRY, (Reason.CARD_REQUIRED,))
    watched = known(site_class="station", lane="1", direction="in", attended=True)
    admitted = judged(credential=CERTIFICATE, checkpoint=watched)
    assert (admitted.outcome, admitted.reasons) == (Outcome.PASS, (Reason.CERTIFICATE_VALID,))
    assert admitted.profile == "certificate"


def test_refer_beats_retry_and_is_the_one_that_is_spoken() -> None:
    decision = judged(credential=known(kind="resident_id", assurance=2), travel=known(risk_area=True))
    assert decision.outcome is Outcome.REFER
    assert decision.reasons == (Reason.RISK_AREA, Reason.CARD_REQUIRED), "the retry is recorded, but not spoken"


def test_every_failed_rule_is_recorded_in_the_profiles_order() -> None:
    decision = judged(code=known(colour="red"), travel=known(risk_area=True), pop_up=known(active=True))
    assert decision.reasons == (Reason.CODE_NOT_GREEN, Reason.POP_UP, Reason.RISK_AREA)
    assert len(decision.failed_rules) == 3


def test_no_rules_are_no_pass() -> None:
    nobody = decide(Facts(GOOD), None, MOMENT)
    assert nobody == Decision(Outcome.REFER, (Reason.NO_RULE_SET,))
    assert judged(moment=Moment(datetime(2020, 1, 1, tzinfo=UTC), trusted=True)).reasons == (Reason.NO_RULE_SET,)
    assert judged(moment=Moment(datetime(2100, 1, 1, tzinfo=UTC), trusted=True)).reasons == (Reason.NO_RULE_SET,)


def test_old_rules_are_marked_and_expired_ones_do_what_they_say() -> None:
    late = Moment(STATION.refresh_by, trusted=True)
    assert judged(moment=late).marks == ("rules-past-refresh",)
    short = replace(STATION, expires=datetime(2021, 6, 1, tzinfo=UTC), refresh_by=datetime(2021, 5, 1, tzinfo=UTC))
    kept = decide(Facts(GOOD), short, MOMENT)
    assert (kept.outcome, kept.marks) == (Outcome.PASS, ("rules-past-refresh", "rules-expired"))
    strict = decide(Facts(GOOD), replace(short, when_expired="refer"), MOMENT)
    assert strict == Decision(Outcome.REFER, (Reason.NO_RULE_SET,))


def eu_rule(identifier: str, logic: Any) -> EuRule:
    return load_eu_rule(
        {
            "Identifier": identifier,
            "Type": "Acceptance",
            "Country": "CN",
            "Version": "1.0.0",
            "SchemaVersion": "1.0.0",
            "Engine": "CERTLOGIC",
            "EngineVersion": "1.3.3",
            "CertificateType": "General",
            "Description": [{"lang": "en", "desc": "an example rule"}],
            "ValidFrom": "2021-01-01T00:00:00Z",
            "ValidTo": "2030-01-01T00:00:00Z",
            "AffectedFields": ["v.0"],
            "Logic": logic,
        }
    )


HOLDS = eu_rule("GR-CN-0001", {"===": [{"var": "payload.a"}, 1]})
FAILS = eu_rule("GR-CN-0002", {"===": [{"var": "payload.a"}, 2]})
FAULTY = eu_rule("GR-CN-0003", {">": [{"var": "payload.absent"}, 2]})
DATA = {"payload": {"a": 1}, "external": {}}
OWN = Decision(Outcome.PASS, (Reason.CERTIFICATE_VALID,), "s@1", "certificate")


def test_a_certificate_passes_only_if_every_rule_that_applies_holds() -> None:
    assert decide_certificate(OWN, [HOLDS], DATA) == OWN
    refused = decide_certificate(OWN, [HOLDS, FAILS, FAULTY], DATA)
    assert (refused.outcome, refused.reasons) == (Outcome.REFER, (Reason.CERTIFICATE_RULES,))
    assert refused.failed_rules == ("GR-CN-0002", "GR-CN-0003"), "one that can't be evaluated does not hold"


def test_a_certificate_that_no_rule_speaks_of_is_referred() -> None:
    assert decide_certificate(OWN, [], DATA).failed_rules == ("no-rule-applies",)


def test_our_own_refusal_stays_when_the_certificates_rules_hold() -> None:
    own = replace(OWN, outcome=Outcome.RETRY, reasons=(Reason.CARD_REQUIRED,))
    assert decide_certificate(own, [HOLDS], DATA) == own
    both = decide_certificate(own, [FAILS], DATA)
    assert (both.outcome, both.reasons) == (Outcome.REFER, (Reason.CERTIFICATE_RULES, Reason.CARD_REQUIRED))
    referred = replace(own, outcome=Outcome.REFER, reasons=(Reason.CLOCK_UNTRUSTED,))
    assert decide_certificate(referred, [FAILS], DATA).reasons == (Reason.CLOCK_UNTRUSTED, Reason.CERTIFICATE_RULES)


def test_a_refusal_before_any_rule_is_never_a_pass() -> None:
    assert {refuse(reason).outcome for reason in Reason} == {Outcome.RETRY, Outcome.REFER}
    assert Outcome.PASS not in REFUSALS.values()
