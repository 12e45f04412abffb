"""From a raw payload to a decision: parse, ask for records, derive, decide. No device, no disk, no screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gate.credentials import identify, resident_id
from gate.errors import CredentialFault, StatusUnavailable
from gate.model import (
    Assurance,
    Certificate,
    Checkpoint,
    Credential,
    CredentialKind,
    Decision,
    Moment,
    PayloadKind,
    Reading,
    Reason,
    Records,
)
from gate.rules.decide import certificate_data, decide, decide_certificate, refuse
from gate.rules.derive import derive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.config import RulesConfig
    from gate.credentials.signer import SignerKeys
    from gate.pseudonym import PseudonymKey
    from gate.rules.eu_rules import EuRules
    from gate.rules.ruleset import RuleSet
    from gate.status.source import StatusSource


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was presented, whose it is (as a pseudonym) and what was decided."""

    credential: Credential
    holder: bytes | None
    decision: Decision


class HoldsRules(Protocol):
    """Where the rule set in force is found."""

    @property
    def current(self) -> RuleSet | None:
        """None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that a decision needs, put together once."""

    checkpoint: Checkpoint
    profiles: RulesConfig
    rules: HoldsRules
    certificate_rules: EuRules
    value_sets: Mapping[str, Sequence[str]]
    anchors: SignerKeys
    status: StatusSource
    status_deadline_s: float
    key: PseudonymKey

    async def judge(self, reading: Reading, moment: Moment) -> Judgement:
        """Decide about one payload; every fault of what was presented ends as a decision, none as an exception."""
        try:
            credential = self._parse(reading, moment)
        except CredentialFault as fault:
            return Judgement(_unusable(reading, fault.reason), None, refuse(fault.reason))
        if credential.certificate is not None:
            return Judgement(credential, None, self._judge_certificate(credential, credential.certificate, moment))
        document = credential.holder.document if credential.holder is not None else None
        if document is None:
            return Judgement(credential, None, refuse(Reason.DOCUMENT_INVALID))
        holder = self.key.pseudonym(document)
        return Judgement(credential, holder, await self._judge_holder(credential, holder, moment))

    def _parse(self, reading: Reading, moment: Moment) -> Credential:
        if reading.kind is PayloadKind.RESIDENT_ID_BLOCK:
            return resident_id.parse(reading.data)
        return identify.parse_code(reading.data, self.anchors, moment)

    async def _judge_holder(self, credential: Credential, holder: bytes, moment: Moment) -> Decision:
        try:
            async with asyncio.timeout(self.status_deadline_s):
                records = await self.status.records(holder)
        except (StatusUnavailable, TimeoutError):
            return refuse(Reason.STATUS_UNAVAILABLE)
        return self._decide(credential, records, moment, self.profiles.card_profile, Reason.GREEN_CODE)

    def _judge_certificate(self, credential: Credential, certificate: Certificate, moment: Moment) -> Decision:
        own = self._decide(credential, None, moment, self.profiles.certificate_profile, Reason.CERTIFICATE_VALID)
        country = self.profiles.certificate_country
        rules = self.certificate_rules.select(country, moment.at, certificate.payload)
        return decide_certificate(own, rules, certificate_data(certificate, country, self.value_sets, moment))

    def _decide(
        self, credential: Credential, records: Records | None, moment: Moment, profile: str, admitted: Reason
    ) -> Decision:
        rule_set = self.rules.current  # one rule set judges all of a presentation
        facts = derive(credential, records, moment, self.checkpoint, _limits(rule_set, profile))
        return decide(facts, rule_set, profile, moment, admitted)


def _limits(rule_set: RuleSet | None, profile: str) -> Mapping[str, int]:
    found = rule_set.profiles.get(profile) if rule_set is not None else None
    limits: Mapping[str, int] = found.parameters.get("max_age_s", {}) if found is not None else {}
    return limits


_UNUSABLE_KINDS = {
    Reason.BARE_NUMBER: (CredentialKind.BARE_NUMBER, Assurance.TYPED),
    Reason.CODE_UNREADABLE: (CredentialKind.UNRECOGNISED, Assurance.TYPED),
    Reason.CODE_UNRECOGNISED: (CredentialKind.UNRECOGNISED, Assurance.TYPED),
}


def _unusable(reading: Reading, reason: Reason) -> Credential:
    """What the record says about something that could not be accepted as a credential."""
    if reading.kind is PayloadKind.RESIDENT_ID_BLOCK:
        return Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP)
    kind, assurance = _UNUSABLE_KINDS.get(reason, (CredentialKind.HCERT, Assurance.STATIC_CODE))
    return Credential(kind, assurance)
