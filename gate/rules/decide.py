"""Facts and a rule set become one decision. Pure; a ``pass`` only if every rule of the profile holds.

``refer`` beats ``retry`` beats ``pass``. Every failed rule is recorded; of those with the winning outcome the first in
the profile's order is spoken, unless the profile wants something else said. A fact that is not known chooses its own
reason (``gate.rules.unknowns``). Orders are laid over the profile first; an emergency order lets pass whatever failed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from gate.errors import GateError
from gate.model import Advisory, Decision, Facts, FactState, FactUsed, Outcome, Reason
from gate.rules.orders import laid_over
from gate.rules.parameters import RETRY_LIMIT
from gate.rules.profiles import ANY_REASON
from gate.rules.unknowns import reason_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from gate.model import Certificate, Moment
    from gate.rules.orders import Order
    from gate.rules.profiles import Profile
    from gate.rules.rule import EuRule, Rule
    from gate.rules.ruleset import RuleSet

REFUSALS: Final[Mapping[Reason, Outcome]] = {
    Reason.CODE_UNREADABLE: Outcome.RETRY,
    Reason.CODE_UNRECOGNISED: Outcome.RETRY,
    Reason.BARE_NUMBER: Outcome.RETRY,
    Reason.CODE_TOO_OLD: Outcome.RETRY,
    Reason.CODE_USED: Outcome.RETRY,
    Reason.CARD_REQUIRED: Outcome.RETRY,
    Reason.COMPANION_NEEDED: Outcome.RETRY,
    Reason.TEMPERATURE_UNKNOWN: Outcome.RETRY,
    Reason.PRESENT_AGAIN: Outcome.RETRY,
    Reason.ONE_AT_A_TIME: Outcome.RETRY,
}
"""What the person can mend alone where no rule chose the outcome; every other reason is ``refer``."""

DEFAULT_RETRY_LIMIT: Final = 3

PAST_REFRESH: Final = "rules-past-refresh"
"""Mark of a decision by rules that should have been replaced by now; they still judge."""
SEVERITY: Final = {Outcome.PASS: 0, Outcome.RETRY: 1, Outcome.REFER: 2}


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that is not kept."""

    rule: Rule
    reason: Reason
    outcome: Outcome


def refuse(reason: Reason, profile: Profile | None = None, retries: int = 0) -> Decision:
    """The decision about something that no rule could judge: unreadable, forged, no source, no rule set.

    Args:
        reason: why.
        profile: the one that would have judged, which may want something else said; None where there is none.
        retries: how often somebody was asked to try again here just now.
    """
    return _announced(_capped(Decision(REFUSALS.get(reason, Outcome.REFER), (reason,)), retries, profile), profile)


def decide(facts: Facts, rule_set: RuleSet | None, moment: Moment, orders: Sequence[Order] = ()) -> Decision:
    """Judge facts by the profile that a rule set assigns to them.

    Args:
        facts: what ``derive`` found; the checkpoint and the credential among them choose the profile.
        rule_set: the rule set in force, None where there is none.
        moment: the moment of presentation; selects by the set's own validity.
        orders: those that are held; the ones in force are applied.
    """
    profile = None if rule_set is None else _profile(facts, rule_set)
    if rule_set is None or profile is None:
        return refuse(Reason.NO_RULE_SET)
    marks = _marks(rule_set, moment)
    if marks is None:
        return refuse(Reason.NO_RULE_SET)
    ordered = laid_over(profile, orders, moment)
    profile = ordered.profile
    data = {"payload": facts.to_payload(), "external": external(profile, moment)}
    failures = [failure for rule in profile.rules if (failure := judged(rule, data, facts))]
    refusals = [failure for failure in failures if failure.outcome is not Outcome.PASS]
    decision = Decision(
        Outcome.PASS,
        (profile.admitted,),
        rule_set=f"{rule_set.id}@{rule_set.version}",
        profile=profile.name,
        failed_rules=tuple(failure.rule.identifier for failure in refusals),
        facts=tuple(FactUsed(name, fact.state, fact.source, fact.age) for name, fact in facts.by_name.items()),
        marks=(*marks, *ordered.marks),
    )
    if ordered.emergency:
        return replace(decision, reasons=(Reason.EMERGENCY_ORDER,))
    if refusals:
        return _refused(decision, refusals, profile, facts)
    return replace(decision, advisories=tuple(_advisories(failures, facts, profile, moment)))


def decide_certificate(
    own: Decision, rules: Sequence[EuRule], data: Mapping[str, Any], profile: Profile | None = None
) -> Decision:
    """Add the certificate's own rules, over its own content unchanged, to what our profile decided about it.

    A certificate to which no rule applies is refused: nothing says that it is acceptable here.

    Args:
        own: the decision of our profile for certificates (clock, assurance, checkpoint).
        rules: the rules that apply to it at this moment.
        data: ``payload``, the certificate's content, and ``external``; see ``certificate_data``.
        profile: the one that ``own`` was decided by, for what is said; None at a desk, where nobody hears it.
    """
    failed = [rule.identifier for rule in rules if not _holds(rule, data)]
    if not failed and rules:
        return own
    refused = replace(own, failed_rules=(*own.failed_rules, *(failed or ["no-rule-applies"])))
    if own.reasons[0] is Reason.EMERGENCY_ORDER:
        return refused
    reasons: tuple[Reason, ...] = (Reason.CERTIFICATE_RULES,)
    if own.outcome is Outcome.REFER:
        reasons = (*own.reasons, *reasons)
    elif own.outcome is Outcome.RETRY:
        reasons = (*reasons, *own.reasons)
    return _announced(replace(refused, outcome=Outcome.REFER, reasons=reasons, advisories=()), profile)


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


def _profile(facts: Facts, rule_set: RuleSet) -> Profile | None:
    kind = _value(facts, "credential", "kind")
    return rule_set.profile_for(facts, kind) if isinstance(kind, str) else None


def judged(rule: Rule, data: Mapping[str, Any], facts: Facts) -> Failure | None:
    """What follows from one rule; None where it holds."""
    try:
        if rule.holds(data):
            return None
        evaluated = True
    except GateError:
        evaluated = False
    if rule.outcome is Outcome.PASS:
        return Failure(rule, rule.reason, Outcome.PASS)
    reason = reason_for(rule.affected_fields[0].split(".")[0], facts)
    if reason is None and evaluated:
        return Failure(rule, rule.reason, rule.outcome)
    reason = reason or Reason.RULE_NOT_EVALUATED
    return Failure(rule, reason, REFUSALS.get(reason, Outcome.REFER))


def _refused(decision: Decision, refusals: Sequence[Failure], profile: Profile, facts: Facts) -> Decision:
    outcome = max((failure.outcome for failure in refusals), key=SEVERITY.__getitem__)
    # Stable: keeps the profile's order.
    spoken_first = sorted(refusals, key=lambda failure: failure.outcome is not outcome)
    reasons = tuple(_unique(failure.reason for failure in spoken_first))
    retries = _value(facts, "attempts", "retries")
    refused = replace(decision, outcome=outcome, reasons=reasons)
    return _announced(_capped(refused, retries if isinstance(retries, int) else 0, profile), profile)


def _capped(refused: Decision, retries: int, profile: Profile | None) -> Decision:
    """Asking again ends with a person."""
    limit: int = DEFAULT_RETRY_LIMIT
    if profile is not None:
        limit = profile.parameters.get(RETRY_LIMIT, DEFAULT_RETRY_LIMIT)
    if refused.outcome is not Outcome.RETRY or retries < limit:
        return refused
    return replace(refused, outcome=Outcome.REFER, reasons=(Reason.RETRIES_EXHAUSTED, *refused.reasons))


def _announced(refused: Decision, profile: Profile | None) -> Decision:
    """A refusal with what the profile wants said and done about it."""
    if profile is None:
        return refused
    spoken = profile.spoken.get(refused.reasons[0], profile.spoken.get(ANY_REASON))
    return replace(refused, spoken=spoken, calls_staff=profile.calls_staff)


def _advisories(failures: Iterable[Failure], facts: Facts, profile: Profile, moment: Moment) -> Iterator[Advisory]:
    for failure in failures:
        advice = failure.rule.advice
        if advice is None:
            continue
        so_far = _value(facts, advice.fact, advice.value)
        if type(so_far) is not int:
            continue
        try:
            deadline = moment.at + timedelta(seconds=profile.parameters[advice.limit] - so_far)
        except OverflowError:
            continue  # a deadline beyond the calendar is none
        yield Advisory(failure.reason, deadline)


def _value(facts: Facts, name: str, value: str) -> int | str | bool | None:
    fact = facts.by_name.get(name)
    return fact.values.get(value) if fact is not None and fact.state is FactState.KNOWN else None


def _unique(reasons: Iterable[Reason]) -> Iterable[Reason]:
    return dict.fromkeys(reasons)


def _marks(rule_set: RuleSet, moment: Moment) -> tuple[str, ...] | None:
    """What every record must say about the rule set's age; None where the set must not be used."""
    if not rule_set.valid_from <= moment.at < rule_set.valid_to:
        return None
    marks = []
    if moment.at >= rule_set.refresh_by:
        marks.append(PAST_REFRESH)
    if moment.at >= rule_set.expires:
        if rule_set.when_expired == "refer":
            return None
        marks.append("rules-expired")
    return tuple(marks)


def external(profile: Profile, moment: Moment) -> dict[str, Any]:
    """What our rules see besides the facts."""
    return {
        "parameters": dict(profile.parameters),
        "validationClock": _iso(moment.at),
    }
