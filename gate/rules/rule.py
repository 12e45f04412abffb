"""One rule in the EU's schema: theirs, read unchanged, and ours with a reason and an outcome.

Source: EU DCC validation rules, schema 1.0.0 (eu-dcc-business-rules, ``validation-rule.schema.json``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gate.model import Outcome, Reason
from gate.rules import certlogic, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gate.rules.fields import Version

ENGINE: Final = "CERTLOGIC"
LANGUAGE_VERSION: Final[Version] = (1, 3, 3)
SCHEMA_VERSION: Final = "1.0.0"
CERTIFICATE_TYPES: Final = ("General", "Test", "Vaccination", "Recovery")

_MAX_AFFECTED: Final = 100
_MAX_LANGUAGES: Final = 50
_HEAD: Final = frozenset({"Identifier", "Type", "Version", "SchemaVersion", "Engine", "EngineVersion"})
_COMMON: Final = _HEAD | {"ValidFrom", "ValidTo", "AffectedFields", "Description", "Logic"}
_OURS: Final = _COMMON | {"Reason", "Outcome"}
_PASS_REASONS: Final = frozenset({Reason.GREEN_CODE, Reason.CERTIFICATE_VALID})
_REFUSALS: Final = tuple(reason.value for reason in Reason if reason not in _PASS_REASONS)


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
    """One of ``CERTIFICATE_TYPES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(BaseRule):
    """A rule of ours, over facts."""

    reason: Reason
    outcome: Outcome
    """``RETRY`` or ``REFER``."""


def load_eu_rule(value: Any) -> EuRule:
    """Read one decoded rule as a national backend or the EU gateway serves it; keys beyond the schema are ignored.

    Raises:
        RuleSetError: a field is missing or wrong, or the logic is not CertLogic.
    """
    where = _where(value)
    found = fields.an_object(value, where)
    if missing := sorted((_COMMON | {"Country", "CertificateType"}) - found.keys()):
        fields.refuse(where, f"lacks {', '.join(missing)}; add it")
    region = found.get("Region") or None  # also "" in production
    return EuRule(
        **_common(found, where),
        country=fields.name(found["Country"], f"{where} Country").upper(),
        region=None if region is None else fields.name(region, f"{where} Region"),
        certificate_type=fields.one_of(found["CertificateType"], f"{where} CertificateType", CERTIFICATE_TYPES),
    )


def load_rule(value: Any) -> Rule:
    """Read one decoded rule of our own sets; the schema is closed.

    Raises:
        RuleSetError: a field is missing, unknown or wrong, or the logic is not CertLogic 1.3.3.
    """
    where = _where(value)
    found = fields.members(value, where, _OURS)
    common = _common(found, where)
    fields.one_of(found["Type"], f"{where} Type", ("Acceptance",))
    if fields.version(found["EngineVersion"], f"{where} EngineVersion") > LANGUAGE_VERSION:
        fields.refuse(f"{where} EngineVersion", "is newer than this gate knows; write 1.3.3 or below")
    languages = common["description"].keys()
    if "en" not in languages or not languages & {"zh-CN", "zh"}:
        fields.refuse(f"{where} Description", 'needs texts for "zh-CN" and "en"; add the missing one')
    if not common["affected_fields"]:
        fields.refuse(f"{where} AffectedFields", 'is empty; name the fact that the rule is about, e.g. "test.result"')
    return Rule(
        **common,
        reason=Reason(fields.one_of(found["Reason"], f"{where} Reason", _REFUSALS)),
        outcome=Outcome(
            fields.one_of(found["Outcome"], f"{where} Outcome", (Outcome.RETRY.value, Outcome.REFER.value))
        ),
    )


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
        "description": MappingProxyType(_description(found["Description"], f"{where} Description")),
        "logic": logic,
        "paths": certlogic.paths(found["Logic"]),
    }


def _description(value: Any, where: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for item in fields.items(value, where, _MAX_LANGUAGES, least=1):
        entry = fields.members(item, where, frozenset({"lang", "desc"}))
        language = fields.name(entry["lang"], f"{where} lang")
        one_line = " ".join(entry["desc"].split()) if type(entry["desc"]) is str else entry["desc"]
        # Rules in production give a language twice: the first text counts.
        texts.setdefault(language, fields.text(one_line, f"{where} {language}"))
    return texts
