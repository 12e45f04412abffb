"""From a raw payload to a decision: parse, ask for records, derive, decide. No device, no disk, no screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from gate.app.history import refusal, remembered
from gate.app.judgement import STATUS_MARKS, STATUS_OFFLINE, STATUS_UNAVAILABLE, Judgement, Presented
from gate.app.payloads import parse, unusable
from gate.app.thermometer import NO_THERMOMETER, MeasuresPeople
from gate.errors import CredentialFault, StatusUnavailable
from gate.model import (
    Assurance,
    Certificate,
    Checkpoint,
    Credential,
    CredentialKind,
    Decision,
    Moment,
    Outcome,
    Past,
    Reading,
    Reason,
)
from gate.rules.decide import certificate_data, decide_certificate, refuse
from gate.rules.derive import Companion, Inputs
from gate.rules.judge import judge, permit_of
from gate.status.merged import merged, together

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from gate.app.history import History
    from gate.credentials.trusted import Trusted
    from gate.model import Direction
    from gate.pseudonym import PseudonymKey
    from gate.rules.eu_rules import EuRules
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet
    from gate.status.source import CodeGateway, Found, StatusSource


_HISTORY_S: Final = 0.3
"""For asking the gate itself, where the sources have used up all the time."""


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
    directions: Mapping[str, Direction]
    """Readers that look another way than the checkpoint: a door has one on each side."""
    rules: HoldsRules
    certificate_rules: EuRules
    certificate_country: str
    """Whose rules of those apply here."""
    trust: HoldsTrust
    status: StatusSource
    gateway: CodeGateway
    history: History
    status_deadline_s: float
    """For everything that is asked about one presentation."""
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
        trusted, place = self.trust.current.at(moment), self.place(reading.reader)
        try:
            credential = parse(reading, trusted, moment)
        except CredentialFault as fault:
            presented = Presented(unusable(reading, trusted, fault), reading, place, moment)
            return (self._refused(presented, fault.reason, None, retries(reading.reader)),)
        presented = Presented(credential, reading, place, moment)
        deadline = asyncio.get_running_loop().time() + self.status_deadline_s
        if credential.certificate is not None:
            asked = retries(reading.reader)
            temperature = await self.thermometer.measure(reading.reader, reading.received_monotonic)
            presented = replace(presented, temperature=temperature)
            judgement = self._judge_certificate(presented, credential.certificate, trusted.value_sets, asked)
            self.thermometer.note(reading.reader, judgement.decision)
            return (judgement,)
        return await self._judge_people(presented, deadline, retries)

    async def _judge_people(
        self, presented: Presented, deadline: float, retries: Callable[[Hashable], int]
    ) -> tuple[Judgement, ...]:
        """Decide about everybody whom a credential stands for, by what sources and the gate itself know of them."""
        credential, place = presented.credential, presented.place
        pseudonyms = self._pseudonyms(credential)
        try:
            async with asyncio.timeout_at(deadline):
                people = await self._look_up(credential, pseudonyms)
        except CredentialFault as fault:
            return (self._refused(presented, fault.reason, None, retries(presented.reading.reader)),)
        except (StatusUnavailable, TimeoutError):
            return (await self._without_status(presented, next(iter(pseudonyms), None)),)
        if len(people) > 1 and not place.attended:
            # A release lets in whoever stands there, and nobody watches how many.
            return tuple(
                self._refused(presented, Reason.CARD_REQUIRED, person.holder, retries(person.holder))
                for person in people
            )
        code = credential.one_time
        pasts = [await remembered(self.history, person.holder, place, code, deadline) for person in people]
        if (reason := refusal(code, place, pasts)) is not None:
            holder = people[0].holder
            return (self._refused(presented, reason, holder, retries(holder)),)
        if len(people) == 1:  # of several nobody knows whose forehead it was: then nobody was measured
            temperature = await self.thermometer.measure(people[0].holder, presented.reading.received_monotonic)
            presented = replace(presented, temperature=temperature)
        return tuple(
            self._judge_person(presented, person, past, retries(person.holder))
            for person, past in zip(people, pasts, strict=True)
        )

    def _judge_person(self, presented: Presented, person: Found, past: Past | None, retries: int) -> Judgement:
        credential = presented.credential
        records = merged(credential.records, person.records)
        # A city's health code speaks about all that the city knows of its holder; a permit's issuer knows of permits.
        known = person.holder_known or credential.kind is CredentialKind.HEALTH_CODE
        inputs = replace(
            presented.inputs(records, past, retries), holder_known=known, permits_known=person.permits_known
        )
        judgement = self._by_our_rules(credential, person.holder, inputs)
        return judgement.marked(STATUS_OFFLINE) if person.offline else judgement

    async def _without_status(self, presented: Presented, holder: bytes | None) -> Judgement:
        """Nobody could be asked: an order that lets everybody through does so all the same, else they are referred.

        Such an order asks no record. A dynamic code is none the less good for one person only.
        """
        inputs = replace(presented.inputs(None, None, 0), holder_known=False, permits_known=False)
        judgement = self._by_our_rules(presented.credential, holder, inputs)
        if judgement.decision.reasons[0] is not Reason.EMERGENCY_ORDER:
            return self._refused(presented, Reason.STATUS_UNAVAILABLE, holder, 0)
        code, place = presented.credential.one_time, presented.place
        if code is not None:
            deadline = asyncio.get_running_loop().time() + _HISTORY_S
            past = await remembered(self.history, holder, place, code, deadline)
            if (reason := refusal(code, place, (past,))) is not None:
                return self._refused(presented, reason, holder, 0)
        return judgement.marked(STATUS_UNAVAILABLE)

    def _by_our_rules(self, credential: Credential, holder: bytes | None, inputs: Inputs) -> Judgement:
        rule_set = self.rules.at(inputs.moment)
        decision = judge(inputs, rule_set, self.rules.orders)
        if holder is not None:
            self.thermometer.note(holder, decision)
        permit = permit_of(inputs, rule_set, self.rules.orders) if decision.outcome is Outcome.PASS else None
        return Judgement(credential, holder, decision, inputs.checkpoint, inputs, permit)

    def _refused(self, presented: Presented, reason: Reason, holder: bytes | None, retries: int) -> Judgement:
        reader, kind = presented.reading.reader, presented.credential.kind
        decision = self.refuse(reason, presented.moment, reader, kind=kind, retries=retries)
        return Judgement(presented.credential, holder, decision, presented.place)

    def place(self, reader: str) -> Checkpoint:
        """The checkpoint as it is for whoever stands at this reader."""
        direction = self.directions.get(reader)
        return self.checkpoint if direction is None else replace(self.checkpoint, direction=direction)

    def _pseudonyms(self, credential: Credential) -> tuple[bytes, ...]:
        """Pseudonyms of the person's documents, as far as the credential itself tells them."""
        holder = credential.holder
        if holder is None:
            return ()
        if holder.pseudonym is not None:
            return (holder.pseudonym,)
        documents = (*(() if holder.document is None else (holder.document,)), *holder.also)
        return tuple(self.key.pseudonym(document) for document in documents)

    async def _look_up(self, credential: Credential, pseudonyms: tuple[bytes, ...]) -> Sequence[Found]:
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
            return [person if person.complete else await self._with_status(person) for person in resolved]
        if not pseudonyms:
            raise CredentialFault(Reason.DOCUMENT_INVALID, "a credential without a document")
        return [await self.status.find(pseudonyms)]

    async def _with_status(self, person: Found) -> Found:
        """What a health code says about a person, and what is known here besides."""
        known = await self.status.find((person.holder,))
        return replace(together(person, known), holder=known.holder)

    def refuse(
        self,
        reason: Reason,
        moment: Moment,
        reader: str,
        *,
        kind: CredentialKind = CredentialKind.UNRECOGNISED,
        retries: int = 0,
    ) -> Decision:
        """Refuse without asking any rule, in the words that this place wants for it."""
        rule_set = self.rules.at(moment)
        profile = None if rule_set is None else rule_set.profile_for(self.place(reader), kind)
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
        marks = STATUS_MARKS.intersection((*child.decision.marks, *companion.decision.marks))
        return self._by_our_rules(child.credential, child.holder, inputs).marked(*sorted(marks))

    def _judge_certificate(
        self, presented: Presented, certificate: Certificate, value_sets: Mapping[str, Sequence[str]], retries: int
    ) -> Judgement:
        """Decide by what a certificate says itself; nobody here knows whose it is."""
        credential, moment = presented.credential, presented.moment
        rule_set = self.rules.at(moment)  # one rule set judges all of a presentation
        own = judge(presented.inputs(None, None, retries), rule_set, self.rules.orders)
        rules = self.certificate_rules.select(
            self.certificate_country, moment.at, certificate.payload, format=credential.kind
        )
        data = certificate_data(certificate, self.certificate_country, value_sets, moment)
        profile = None if rule_set is None or own.profile is None else rule_set.profiles[own.profile]
        return Judgement(credential, None, decide_certificate(own, rules, data, profile), presented.place)
