"""From a raw payload to a decision: parse, ask for records, derive, decide. No device, no disk, no screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gate.app.thermometer import NO_THERMOMETER, MeasuresPeople
from gate.credentials import identify, iso7816, resident_id, social_security
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
    Temperature,
)
from gate.rules.decide import certificate_data, decide_certificate, refuse
from gate.rules.derive import Companion, Inputs
from gate.rules.judge import judge
from gate.status.merged import merged
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from gate.credentials.trusted import Trusted
    from gate.pseudonym import PseudonymKey
    from gate.rules.eu_rules import EuRules
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet
    from gate.status.source import CodeGateway, StatusSource


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


class HoldsTrust(Protocol):
    """Where what may be believed is found."""

    @property
    def current(self) -> Trusted:
        """What may be believed now; it may be another at each look."""
        ...


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that a decision needs, put together once."""

    checkpoint: Checkpoint
    rules: HoldsRules
    certificate_rules: EuRules
    certificate_country: str
    """Whose rules of those apply here."""
    trust: HoldsTrust
    status: StatusSource
    gateway: CodeGateway
    status_deadline_s: float
    key: PseudonymKey
    thermometer: MeasuresPeople = NO_THERMOMETER

    async def judge(
        self, reading: Reading, moment: Moment, retries: Callable[[Hashable], int]
    ) -> tuple[Judgement, ...]:
        """Decide about one payload; every fault of what was presented ends as a decision, none as an exception.

        Args:
            reading: what a device delivered.
            moment: the moment of presentation.
            retries: how often a holder (by pseudonym), or whoever stood at a reader, was asked to try again just now.

        Returns:
            One judgement for each person that the credential stands for: one, or several for a family's code.
        """
        trusted = self.trust.current
        try:
            credential = self._parse(reading, trusted, moment)
        except CredentialFault as fault:
            unusable = self._unusable(reading, trusted, fault)
            refused = self.refuse(fault.reason, moment, unusable.kind, retries(reading.reader))
            return (Judgement(unusable, None, refused),)
        if credential.certificate is not None:
            asked = retries(reading.reader)
            temperature = await self.thermometer.measure(reading.reader, reading.received_monotonic)
            inputs = self._inputs(credential, moment, asked, temperature)
            decision = self._judge_certificate(inputs, credential.certificate, trusted.value_sets)
            self.thermometer.note(reading.reader, decision)
            return (Judgement(credential, None, decision),)
        presented = self._presented(credential)
        try:
            async with asyncio.timeout(self.status_deadline_s):
                people = await self._look_up(credential, presented)
        except CredentialFault as fault:
            refused = self.refuse(fault.reason, moment, credential.kind, retries(reading.reader))
            return (Judgement(credential, None, refused),)
        except (StatusUnavailable, TimeoutError):
            refused = self.refuse(Reason.STATUS_UNAVAILABLE, moment, credential.kind)
            return (Judgement(credential, next(iter(presented), None), refused),)
        if len(people) > 1 and not self.checkpoint.attended:
            return tuple(self._one_by_one(credential, person, moment, retries(person.holder)) for person in people)
        # Of several nobody knows whose forehead it was: then nobody was measured.
        temperature = None
        if len(people) == 1:
            temperature = await self.thermometer.measure(people[0].holder, reading.received_monotonic)
        return tuple(
            self._judge_person(person, self._inputs(credential, moment, retries(person.holder), temperature))
            for person in people
        )

    def _one_by_one(self, credential: Credential, person: Found, moment: Moment, retries: int) -> Judgement:
        """One of several, where nobody watches: a release lets in whoever stands there, and more than one."""
        refused = self.refuse(Reason.CARD_REQUIRED, moment, credential.kind, retries)
        return Judgement(credential, person.holder, refused)

    def _judge_person(self, person: Found, inputs: Inputs) -> Judgement:
        credential = inputs.credential
        records = merged(credential.records, person.records)
        # A city's health code speaks about all that the city knows of its holder; a permit's issuer knows of permits.
        known = person.records is not None or credential.kind is CredentialKind.HEALTH_CODE
        inputs = replace(inputs, records=records, holder_known=known)
        decision = judge(inputs, self.rules.at(inputs.moment), self.rules.orders)
        self.thermometer.note(person.holder, decision)
        return Judgement(credential, person.holder, decision, inputs)

    def _presented(self, credential: Credential) -> tuple[bytes, ...]:
        """Pseudonyms of the person's documents, as far as the credential itself tells them."""
        holder = credential.holder
        if holder is None:
            return ()
        if holder.pseudonym is not None:
            return (holder.pseudonym,)
        documents = (*(() if holder.document is None else (holder.document,)), *holder.also)
        return tuple(self.key.pseudonym(document) for document in documents)

    async def _look_up(self, credential: Credential, presented: tuple[bytes, ...]) -> Sequence[Found]:
        """Everybody that the credential stands for, with what the sources say about them.

        Raises:
            CredentialFault: the credential stands for nobody, its issuer says what is wrong with it, or anybody could
                have copied it and nobody watches: then nobody is asked either (DESIGN invariant 7).
            StatusUnavailable: a source can't answer now.
        """
        if credential.assurance < Assurance.DYNAMIC_CODE and not self.checkpoint.attended:
            raise CredentialFault(Reason.CARD_REQUIRED, "a code that can be copied, where nobody watches")
        if credential.reference is not None:
            resolved = await self.gateway.resolve(credential.reference)
            return [await self._with_status(person) for person in resolved]
        if not presented:
            raise CredentialFault(Reason.DOCUMENT_INVALID, "a credential without a document")
        return [await self.status.find(presented)]

    async def _with_status(self, person: Found) -> Found:
        """What a health code says about a person, and what is known here besides."""
        known = await self.status.find((person.holder,))
        return Found(known.holder, merged(person.records, known.records))

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
        known = companion.inputs is not None and companion.inputs.holder_known
        records = companion.inputs.records if companion.inputs is not None and known else None
        inputs = replace(child.inputs, moment=moment, companion=Companion(records))
        decision = judge(inputs, self.rules.at(moment), self.rules.orders)
        self.thermometer.note(child.holder, decision)
        return replace(child, decision=decision, inputs=inputs)

    def _parse(self, reading: Reading, trusted: Trusted, moment: Moment) -> Credential:
        if reading.kind is PayloadKind.RESIDENT_ID_BLOCK:
            return resident_id.parse(reading.data)
        if reading.kind is PayloadKind.CARD_EXCHANGE:
            return iso7816.replay(social_security.read(), reading.data)
        return identify.parse_code(reading.data, trusted, moment)

    def _judge_certificate(
        self, inputs: Inputs, certificate: Certificate, value_sets: Mapping[str, Sequence[str]]
    ) -> Decision:
        moment = inputs.moment
        rule_set = self.rules.at(moment)  # one rule set judges all of a presentation
        own = judge(inputs, rule_set, self.rules.orders)
        rules = self.certificate_rules.select(
            self.certificate_country, moment.at, certificate.payload, format=inputs.credential.kind
        )
        data = certificate_data(certificate, self.certificate_country, value_sets, moment)
        profile = None if rule_set is None or own.profile is None else rule_set.profiles[own.profile]
        return decide_certificate(own, rules, data, profile)

    def _inputs(self, credential: Credential, moment: Moment, retries: int, temperature: Temperature | None) -> Inputs:
        """What is known before anybody's records are looked at."""
        return Inputs(
            credential=credential,
            records=None,
            moment=moment,
            checkpoint=self.checkpoint,
            temperature=temperature,
            retries=retries,
        )

    def _unusable(self, reading: Reading, trusted: Trusted, fault: CredentialFault) -> Credential:
        """What the record says about something that could not be accepted as a credential."""
        if reading.kind is PayloadKind.RESIDENT_ID_BLOCK:
            return Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP)
        if reading.kind is PayloadKind.CARD_EXCHANGE:
            return Credential(CredentialKind.SOCIAL_SECURITY, Assurance.CHIP)
        if fault.reason in _NO_CREDENTIAL:
            return Credential(_NO_CREDENTIAL[fault.reason], Assurance.TYPED)
        return Credential(fault.kind or identify.identify(reading.data, trusted).kind, Assurance.STATIC_CODE)


_NO_CREDENTIAL = {
    Reason.BARE_NUMBER: CredentialKind.BARE_NUMBER,
    Reason.CODE_UNREADABLE: CredentialKind.UNRECOGNISED,
    Reason.CODE_UNRECOGNISED: CredentialKind.UNRECOGNISED,
}
"""What is wrong with it -> what it is, where it is no credential at all."""
