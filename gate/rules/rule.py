"""One rule in the EU's schema: theirs, read unchanged, and ours with a reason and an outcome.

Source: EU DCC validation rules, schema 1.0.0 (eu-dcc-business-rules, ``validation-rule.schema.json``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gate.model import CredentialKind, Outcome, Reason
from gate.rules import certlogic, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gate.rules.fields import Version

ENGINE: Final = "CERTLOGIC"
LANGUAGE_VERSION: Final[Version] = (1, 3, 3)
SCHEMA_VERSION: Final = "1.0.0"
SECTIONS: Final[Mapping[CredentialKind, Mapping[str, tuple[str, ...]]]] = {
    CredentialKind.HCERT: {"Test": ("t",), "Vaccination": ("v",), "Recovery": ("r",)},
    CredentialKind.SMART_HEALTH_CARD: {
        "Vaccination": ("resources", "Immunization"),
        "Test": ("resources", "Observation"),
    },
    CredentialKind.VDS_NC: {"Vaccination": ("msg", "ve"), "Test": ("msg", "tr")},
}
"""Formats of certificates -> the certificate types besides ``General`` that their rules can be about -> where in the
payload a certificate of that type has its content."""

_MAX_AFFECTED: Final = 100
_HEAD: Final = frozenset({"Identifier", "Type", "Version", "SchemaVersion", "Engine", "EngineVersion"})
_COMMON: Final = _HEAD | {"ValidFrom", "ValidTo", "AffectedFields", "Description", "Logic"}
_OURS: Final = _COMMON | {"Reason", "Outcome"}
_FORMATS: Final = tuple(form.value for form in SECTIONS)
_ADVISE: Final = "advise"
_SECONDS: Final = re.compile(r"([a-z_]{1,40})\.(since_[a-z_]{1,40})")

PASS_REASONS: Final = frozenset(
    {
        Reason.GREEN_CODE,
        Reason.CERTIFICATE_VALID,
        Reason.PERMITTED,
        Reason.CHANNEL,
        Reason.EXIT_RECORDED,
        Reason.EMERGENCY_ORDER,
    }
)
ADVICE_REASONS: Final = (Reason.TEST_DUE, Reason.SECOND_TEST_DUE)
REFUSAL_REASONS: Final = tuple(
    reason for reason in Reason if reason not in {*PASS_REASONS, *ADVICE_REASONS, Reason.STAFF_CALLED}
)
"""Reasons that a rule may refuse for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRule:
    """What every rule has; ``logic`` is compiled."""

    identifier: str
    type: str
    version: Version
    valid_from: datetime
    valid_to: datetime
    affected_fields: tuple[str, ...]
    """The first one names the fact that the rule is about, e.g. ``"test.result"``."""
    description: Mapping[str, str]
    """By language tag, each on one line."""
    logic: Callable[[Any], Any] = field(repr=False)
    paths: frozenset[str] = field(repr=False)
    """The data access paths of the logic."""

    def holds(self, data: Any) -> bool:
        """Whether the rule is true of ``{"payload": ..., "external": ...}``; a merely truthy value does not count.

        Raises:
            CertLogicError: it can't be evaluated; then it does not hold.
        """
        return self.logic(data) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class EuRule(BaseRule):
    """A rule of a country about certificates, over the certificate's own payload."""

    country: str
    region: str | None
    certificate_type: str
    """``General``, or one of those that ``SECTIONS`` has for its format."""
    format: CredentialKind
    """The only certificates that it judges; a member of our own, for the EU's rules are about one format."""

    def concerns(self, payload: Mapping[str, Any]) -> bool:
        """Whether a certificate of its format is of the type that it is about."""
        return self.certificate_type == "General" or self.certificate_type in types_of(payload, self.format)


@dataclass(frozen=True, slots=True)
class Advice:
    """How the deadline of an advisory is found: so long after what the fact counts from."""

    fact: str
    value: str
    """Which of the fact's values: seconds since something, e.g. ``"since_report"``."""
    limit: str
    """The parameter that holds the seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(BaseRule):
    """A rule of ours, over facts."""

    reason: Reason
    outcome: Outcome
    """What becomes of somebody who does not keep it: ``RETRY``, ``REFER``, or ``PASS`` with advice."""
    advice: Advice | None = None
    """Only where the outcome is ``PASS``."""


def types_of(payload: Mapping[str, Any], form: CredentialKind) -> tuple[str, ...]:
    """The certificate types, ``General`` apart, of a certificate with this content."""
    return tuple(name for name, path in SECTIONS.get(form, {}).items() if _at(payload, path))


def _at(payload: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        payload = payload.get(step) if isinstance(payload, Mapping) else None
    return payload


def load_eu_rule(value: Any) -> EuRule:
    """Read one decoded rule as a national backend or the EU gateway serves it; keys beyond the schema are ignored.

    One member is ours: ``Format``, e.g. ``"smart_health_card"``, which is ``"hcert"`` where it is left out.

    Raises:
        RuleSetError: a field is missing or wrong, or the logic is not CertLogic.
    """
    where = _where(value)
    found = fields.an_object(value, where)
    if missing := sorted((_COMMON | {"Country", "CertificateType"}) - found.keys()):
        fields.refuse(where, f"lacks {', '.join(missing)}; add it")
    region = found.get("Region") or None  # also "" in production
    form = fields.one_of(found.get("Format", CredentialKind.HCERT.value), f"{where} Format", _FORMATS)
    types = ("General", *SECTIONS[CredentialKind(form)])
    return EuRule(
        **_common(found, where),
        country=fields.name(found["Country"], f"{where} Country").upper(),
        region=None if region is None else fields.name(region, f"{where} Region"),
        certificate_type=fields.one_of(found["CertificateType"], f"{where} CertificateType", types),
        format=CredentialKind(form),
    )


def load_rule(value: Any) -> Rule:
    """Read one decoded rule of our own sets; the schema is closed.

    Raises:
        RuleSetError: a field is missing, unknown or wrong, or the logic is not CertLogic 1.3.3.
    """
    where = _where(value)
    found = fields.members(value, where, _OURS, frozenset({"Advisory"}))
    common = _common(found, where)
    fields.one_of(found["Type"], f"{where} Type", ("Acceptance",))
    if fields.version(found["EngineVersion"], f"{where} EngineVersion") > LANGUAGE_VERSION:
        fields.refuse(f"{where} EngineVersion", "is newer than this gate knows; write 1.3.3 or below")
    fields.both_languages(common["description"], f"{where} Description")
    if not common["affected_fields"]:
        fields.refuse(f"{where} AffectedFields", 'is empty; name the fact that the rule is about, e.g. "test.result"')
    outcome = fields.one_of(found["Outcome"], f"{where} Outcome", (Outcome.RETRY.value, Outcome.REFER.value, _ADVISE))
    if outcome == _ADVISE:
        return Rule(
            **common,
            reason=_reason(found, where, ADVICE_REASONS),
            outcome=Outcome.PASS,
            advice=_advice(found.get("Advisory"), f"{where} Advisory"),
        )
    if "Advisory" in found:
        fields.refuse(f"{where} Advisory", f'belongs to the Outcome "{_ADVISE}"; remove it or change the Outcome')
    return Rule(**common, reason=_reason(found, where, REFUSAL_REASONS), outcome=Outcome(outcome))


def _reason(found: dict[str, Any], where: str, allowed: tuple[Reason, ...]) -> Reason:
    return Reason(fields.one_of(found["Reason"], f"{where} Reason", tuple(reason.value for reason in allowed)))


def _advice(value: Any, where: str) -> Advice:
    found = fields.members(value, where, frozenset({"age", "limit"}))
    age = _SECONDS.fullmatch(found["age"]) if type(found["age"]) is str else None
    if age is None:
        fields.refuse(f"{where} age", 'must name seconds since something, such as "test.since_report"')
    return Advice(age[1], age[2], fields.name(found["limit"], f"{where} limit"))


def _where(value: Any) -> str:
    identifier = value.get("Identifier") if type(value) is dict else None
    return f"rule {fields.name(identifier, 'a rule Identifier')}"


def _common(found: dict[str, Any], where: str) -> dict[str, Any]:
    fields.one_of(found["SchemaVersion"], f"{where} SchemaVersion", (SCHEMA_VERSION,))
    fields.one_of(found["Engine"], f"{where} Engine", (ENGINE,))
    valid_from = fields.instant(found["ValidFrom"], f"{where} ValidFrom")
    valid_to = fields.instant(found["ValidTo"], f"{where} ValidTo")
    fields.same_order({"ValidFrom": valid_from, "ValidTo": valid_to}, where)
    affected = fields.items(found["AffectedFields"], f"{where} AffectedFields", _MAX_AFFECTED)
    try:
        logic = certlogic.compile(found["Logic"])
    except certlogic.CertLogicError as error:
        fields.refuse(f"{where} Logic", str(error))
    return {
        "identifier": found["Identifier"],
        "type": fields.name(found["Type"], f"{where} Type"),
        "version": fields.version(found["Version"], f"{where} Version"),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "affected_fields": tuple(fields.name(item, f"{where} AffectedFields") for item in affected),
        "description": MappingProxyType(fields.descriptions(found["Description"], f"{where} Description")),
        "logic": logic,
        "paths": certlogic.paths(found["Logic"]),
    }
