"""Facts and a rule set become one decision. Pure; a ``pass`` only if every rule of the profile holds.

``refer`` beats ``retry`` beats ``pass``. Every failed rule is recorded; of those with the winning outcome the first in
the profile's order is spoken. A fact that is not known chooses its own reason, so that nobody hears "not green"
when the truth is "not known".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gate.errors import GateError
from gate.model import Certificate, Decision, Facts, FactState, FactUsed, Moment, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gate.rules.ruleset import EuRule, Profile, Rule, RuleSet

_STATE_REASONS: Final[Mapping[tuple[str, FactState], Reason]] = {
    ("code", FactState.UNKNOWN): Reason.CODE_UNKNOWN,
    ("code", FactState.ABSENT): Reason.CODE_UNKNOWN,
    ("pop_up", FactState.UNKNOWN): Reason.POP_UP_UNKNOWN,
    ("pop_up", FactState.ABSENT): Reason.POP_UP_UNKNOWN,
    ("test", FactState.UNKNOWN): Reason.TEST_UNKNOWN,
    ("test", FactState.ABSENT): Reason.TEST_NONE,
    ("vaccination", FactState.UNKNOWN): Reason.VACCINATION_UNKNOWN,
    ("vaccination", FactState.ABSENT): Reason.VACCINATION_INCOMPLETE,
    ("travel", FactState.UNKNOWN): Reason.TRAVEL_UNKNOWN,
    ("travel", FactState.ABSENT): Reason.TRAVEL_UNKNOWN,
    ("holder", FactState.UNKNOWN): Reason.HOLDER_UNKNOWN,
    ("document", FactState.UNKNOWN): Reason.CLOCK_UNTRUSTED,  # its dates are known, today's is not
    ("document", FactState.ABSENT): Reason.CARD_REQUIRED,
}

REFUSALS: Final[Mapping[Reason, Outcome]] = {
    Reason.CODE_UNREADABLE: Outcome.RETRY,
    Reason.CODE_UNRECOGNISED: Outcome.RETRY,
    Reason.BARE_NUMBER: Outcome.RETRY,
    Reason.CARD_REQUIRED: Outcome.RETRY,
    Reason.PRESENT_AGAIN: Outcome.RETRY,
    Reason.ONE_AT_A_TIME: Outcome.RETRY,
}
"""Refusals before any rule was asked that the person can mend alone; every other reason is ``refer``."""

_SEVERITY: Final = {Outcome.PASS: 0, Outcome.RETRY: 1, Outcome.REFER: 2}
_Failure = tuple[str, Reason, Outcome]


def refuse(reason: Reason) -> Decision:
    """The decision about something that no rule could judge: unreadable, forged, no source, no rule set."""
    return Decision(REFUSALS.get(reason, Outcome.REFER), (reason,))


def decide(facts: Facts, rule_set: RuleSet | None, profile_name: str, moment: Moment, admitted: Reason) -> Decision:
    """Judge facts by one profile of a rule set.

    Args:
        facts: what ``derive`` found.
        rule_set: the rule set in force, None where there is none.
        profile_name: which of its profiles applies here.
        moment: the moment of presentation; selects by the set's own validity.
        admitted: the reason that a pass carries.
    """
    if rule_set is None or (profile := rule_set.profiles.get(profile_name)) is None or not profile.rules:
        return refuse(Reason.NO_RULE_SET)
    marks = _marks(rule_set, moment)
    if marks is None:
        return refuse(Reason.NO_RULE_SET)
    data = {"payload": facts.to_payload(), "external": _external(profile, moment)}
    failures = [failure for rule in profile.rules if (failure := _judge(rule, data, facts))]
    return _conclude(failures, facts, f"{rule_set.id}@{rule_set.version}", profile_name, marks, admitted)


def decide_certificate(own: Decision, rules: Sequence[EuRule], data: Mapping[str, Any]) -> Decision:
    """Add the certificate's own rules, over its own content unchanged, to what our profile decided about it.

    A certificate to which no rule applies is refused: nothing says that it is acceptable here.

    Args:
        own: the decision of our certificate profile (clock, assurance, checkpoint).
        rules: the rules that apply to it at this moment.
        data: ``payload``, the certificate's content, and ``external``; see ``certificate_data``.
    """
    failed = [rule.identifier for rule in rules if not _holds(rule, data)]
    if not failed and rules:
        return own
    reasons: tuple[Reason, ...] = (Reason.CERTIFICATE_RULES,)
    if own.outcome is Outcome.REFER:
        reasons = (*own.reasons, *reasons)
    elif own.outcome is Outcome.RETRY:
        reasons = (*reasons, *own.reasons)
    return Decision(
        Outcome.REFER,
        reasons,
        own.rule_set,
        own.profile,
        (*own.failed_rules, *(failed or ["no-rule-applies"])),
        own.facts,
        own.marks,
    )


def certificate_data(
    certificate: Certificate, country: str, value_sets: Mapping[str, Sequence[str]], moment: Moment
) -> dict[str, Any]:
    """What the EU's rules see (eu-dcc-business-rules, "external parameters")."""
    external = {
        "validationClock": _iso(moment.at),
        "valueSets": value_sets,
        "countryCode": country,
        "issuerCountryCode": certificate.issuer,
        "kid": certificate.key_id,
    }
    times = (("iat", certificate.issued_at), ("exp", certificate.expires_at))
    return {
        "payload": certificate.payload,
        "external": external | {name: _iso(time) for name, time in times if time is not None},
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _holds(rule: EuRule, data: Mapping[str, Any]) -> bool:
    """True only where the rule says true; an evaluation error is not kept."""
    try:
        return rule.holds(data)
    except GateError:
        return False


def _judge(rule: Rule, data: Mapping[str, Any], facts: Facts) -> _Failure | None:
    try:
        if rule.holds(data):
            return None
        evaluated = True
    except GateError:
        evaluated = False
    name = rule.affected_fields[0].split(".")[0]
    state = facts.by_name[name].state if name in facts.by_name else FactState.UNKNOWN
    if state is FactState.STALE:
        return rule.identifier, Reason.DATA_STALE, Outcome.REFER
    if (reason := _STATE_REASONS.get((name, state))) is not None:
        return rule.identifier, reason, Outcome.REFER
    if not evaluated:
        return rule.identifier, Reason.RULE_NOT_EVALUATED, Outcome.REFER
    return rule.identifier, rule.reason, rule.outcome


def _conclude(
    failures: Sequence[_Failure],
    facts: Facts,
    rule_set: str,
    profile: str,
    marks: tuple[str, ...],
    admitted: Reason,
) -> Decision:
    used = tuple(FactUsed(name, fact.state, fact.source, fact.age) for name, fact in facts.by_name.items())
    if not failures:
        return Decision(Outcome.PASS, (admitted,), rule_set, profile, (), used, marks)
    outcome = max((failed for _, _, failed in failures), key=_SEVERITY.__getitem__)
    spoken_first = sorted(failures, key=lambda failure: failure[2] is not outcome)  # stable: keeps the profile's order
    reasons = tuple(_unique(reason for _, reason, _ in spoken_first))
    return Decision(outcome, reasons, rule_set, profile, tuple(name for name, _, _ in failures), used, marks)


def _unique(reasons: Iterable[Reason]) -> Iterable[Reason]:
    return dict.fromkeys(reasons)


def _marks(rule_set: RuleSet, moment: Moment) -> tuple[str, ...] | None:
    """What every record must say about the rule set's age; None where the set must not be used."""
    if not rule_set.valid_from <= moment.at < rule_set.valid_to:
        return None
    marks = []
    if moment.at >= rule_set.refresh_by:
        marks.append("rules-past-refresh")
    if moment.at >= rule_set.expires:
        if rule_set.when_expired == "refer":
            return None
        marks.append("rules-expired")
    return tuple(marks)


def _external(profile: Profile, moment: Moment) -> dict[str, Any]:
    return {
        "parameters": dict(profile.parameters),
        "validationClock": _iso(moment.at),
    }
