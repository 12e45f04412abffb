"""From a raw payload to a decision: parse, ask for records, derive, decide. No device, no disk, no screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
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
from gate.rules.decide import certificate_data, decide_certificate, refuse
from gate.rules.derive import Companion, Inputs
from gate.rules.judge import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from gate.credentials.signer import SignerKeys
    from gate.pseudonym import PseudonymKey
    from gate.rules.eu_rules import EuRules
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet
    from gate.status.source import StatusSource


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was presented, whose it is (as a pseudonym) and what was decided."""

    credential: Credential
    holder: bytes | None
    decision: Decision
    inputs: Inputs | None = None
    """What it was judged by; None where nothing could be judged, or where only the credential's own content was."""


class HoldsRules(Protocol):
    """Where the rule sets and the orders are found."""

    @property
    def orders(self) -> tuple[Order, ...]:
        """Those that are held, in force or not."""
        ...

    def at(self, moment: Moment) -> RuleSet | None:
        """The rule set in force, None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that a decision needs, put together once."""

    checkpoint: Checkpoint
    rules: HoldsRules
    certificate_rules: EuRules
    certificate_country: str
    """Whose rules of those apply here."""
    value_sets: Mapping[str, Sequence[str]]
    anchors: SignerKeys
    status: StatusSource
    status_deadline_s: float
    key: PseudonymKey

    async def judge(self, reading: Reading, moment: Moment, retries: Callable[[Hashable], int]) -> Judgement:
        """Decide about one payload; every fault of what was presented ends as a decision, none as an exception.

        Args:
            reading: what a device delivered.
            moment: the moment of presentation.
            retries: how often a holder (by pseudonym), or whoever stood at a reader, was asked to try again just now.
        """
        try:
            credential = self._parse(reading, moment)
        except CredentialFault as fault:
            unusable = _unusable(reading, fault.reason)
            return Judgement(unusable, None, self.refuse(fault.reason, moment, unusable.kind, retries(reading.reader)))
        if credential.certificate is not None:
            return Judgement(
                credential,
                None,
                self._judge_certificate(credential, credential.certificate, moment, retries(reading.reader)),
            )
        document = credential.holder.document if credential.holder is not None else None
        if document is None:
            return Judgement(credential, None, self.refuse(Reason.DOCUMENT_INVALID, moment, credential.kind))
        holder = self.key.pseudonym(document)
        try:
            async with asyncio.timeout(self.status_deadline_s):
                records = await self.status.records(holder)
        except (StatusUnavailable, TimeoutError):
            return Judgement(credential, holder, self.refuse(Reason.STATUS_UNAVAILABLE, moment, credential.kind))
        inputs = self._inputs(credential, records, moment, retries(holder))
        return Judgement(credential, holder, judge(inputs, self.rules.at(moment), self.rules.orders), inputs)

    def refuse(
        self,
        reason: Reason,
        moment: Moment,
        kind: CredentialKind = CredentialKind.UNRECOGNISED,
        retries: int = 0,
    ) -> Decision:
        """Refuse without asking any rule, in the words that this place wants for it."""
        rule_set = self.rules.at(moment)
        profile = None if rule_set is None else rule_set.profile_for(self.checkpoint, kind)
        return refuse(reason, profile, retries)

    def with_companion(self, child: Judgement, companion: Judgement, moment: Moment) -> Judgement:
        """Judge a child again, now that somebody has presented as its companion.

        A companion about whom nothing is known, or who showed something else than a card, vouches for nothing.
        """
        if child.inputs is None:
            return child
        records = companion.inputs.records if companion.inputs is not None else None
        inputs = replace(child.inputs, moment=moment, companion=Companion(records))
        return replace(child, decision=judge(inputs, self.rules.at(moment), self.rules.orders), inputs=inputs)

    def _parse(self, reading: Reading, moment: Moment) -> Credential:
        if reading.kind is PayloadKind.RESIDENT_ID_BLOCK:
            return resident_id.parse(reading.data)
        return identify.parse_code(reading.data, self.anchors, moment)

    def _judge_certificate(
        self, credential: Credential, certificate: Certificate, moment: Moment, retries: int
    ) -> Decision:
        rule_set = self.rules.at(moment)  # one rule set judges all of a presentation
        own = judge(self._inputs(credential, None, moment, retries), rule_set, self.rules.orders)
        rules = self.certificate_rules.select(self.certificate_country, moment.at, certificate.payload)
        data = certificate_data(certificate, self.certificate_country, self.value_sets, moment)
        profile = None if rule_set is None or own.profile is None else rule_set.profiles[own.profile]
        return decide_certificate(own, rules, data, profile)

    def _inputs(self, credential: Credential, records: Records | None, moment: Moment, retries: int) -> Inputs:
        return Inputs(
            credential=credential, records=records, moment=moment, checkpoint=self.checkpoint, retries=retries
        )


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
