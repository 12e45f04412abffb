from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vectors import ROOT

from gate.model import Advisory, Decision, Outcome, Reason
from gate.rules import ruleset
from gate.rules.decide import decide_certificate
from gate.rules.rule import load_eu_rule

if TYPE_CHECKING:
    from gate.rules.rule import EuRule

STATION = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())


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


def test_what_the_profile_wants_said_is_said_about_the_certificates_rules_too() -> None:
    profile = replace(STATION.profiles["certificate"], spoken={"*": Reason.STAFF_CALLED}, calls_staff=True)
    assert decide_certificate(OWN, [HOLDS], DATA, profile) == OWN
    refused = decide_certificate(OWN, [FAILS], DATA, profile)
    assert (refused.reasons, refused.announced) == ((Reason.CERTIFICATE_RULES,), Reason.STAFF_CALLED)
    assert refused.calls_staff


def test_advice_is_only_for_whom_is_let_in() -> None:
    advised = replace(OWN, advisories=(Advisory(Reason.TEST_DUE, datetime(2021, 6, 18, tzinfo=UTC)),))
    assert decide_certificate(advised, [HOLDS], DATA).advisories
    assert decide_certificate(advised, [FAILS], DATA).advisories == ()


def test_in_an_emergency_the_certificates_rules_are_recorded_and_nobody_is_held_up() -> None:
    own = replace(OWN, reasons=(Reason.EMERGENCY_ORDER,), failed_rules=("A",), marks=("emergency:X",))
    decision = decide_certificate(own, [HOLDS, FAILS], DATA)
    assert decision == replace(own, failed_rules=("A", "GR-CN-0002"))
    assert decide_certificate(own, [], DATA).failed_rules == ("A", "no-rule-applies")
