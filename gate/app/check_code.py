"""One code, judged as the gate would judge it, and everything that led to the answer as JSON-ready members."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from gate.credentials.identify import claims_of, identify, parse_code
from gate.credentials.names import masked
from gate.credentials.revocation import NothingRevoked
from gate.errors import ConfigError, CredentialFault
from gate.model import CredentialKind, Decision, Moment, Outcome, Reason
from gate.rules.decide import certificate_data, decide_certificate, refuse
from gate.rules.rule import types_of

if TYPE_CHECKING:
    from gate.app.check_files import CertificateRules
    from gate.credentials.trusted import Trusted
    from gate.model import Certificate, Records

NOT_ASKED: Final = NothingRevoked()
"""In place of lists, where somebody does not want to know what was revoked."""


def inspect(code: bytes, trusted: Trusted, rules: CertificateRules | None, moment: Moment) -> dict[str, Any]:
    """Judge one code.

    Args:
        code: Its exact bytes.
        trusted: Whom to believe.
        rules: Rules that must hold; without any nothing passes.
        moment: The one ``now``.

    Returns:
        JSON-ready: kind, outcome, reasons, detail, at, certificate, issuer (of a health code; never what it is known
        by there), holder (masked), rules, and whether it was asked what was revoked; of a code that a city signed also
        the records in it, which only a gate's rule set can judge.

    Raises:
        ConfigError: it is a credential about which no file of rules can say anything.
    """
    found: dict[str, Any] = {"kind": _kind(code, trusted), "certificate": None, "holder": None, "rules": []}
    detail = None
    try:
        credential = parse_code(code, trusted, moment)
    except CredentialFault as fault:
        decision, detail = refuse(fault.reason), fault.detail
        found["kind"] = fault.kind or found["kind"]
        found["certificate"] = _unverified(code, trusted)
    else:
        found["kind"] = credential.kind
        if credential.reference is not None:
            detail = "only its issuer knows what it says, and a desk asks nobody"
            decision, found["issuer"] = refuse(Reason.GATEWAY_MISSING), credential.reference.issuer
            return found | _answer(decision, detail, moment)
        if credential.certificate is not None:
            decision, found["rules"] = _judge(credential.certificate, credential.kind, rules, moment)
            found["certificate"] = _certificate(credential.certificate, credential.kind)
        elif credential.records is not None:
            decision, detail = refuse(Reason.NO_RULE_SET), "genuine and in date; a gate judges it by its rule set"
            found["records"] = _records(credential.records)
        else:
            raise ConfigError("a code that says nothing by itself can only be judged at the gate")
        found["holder"] = {"name": masked(credential.holder.name)} if credential.holder else None
    found["revocation"] = "not_asked" if trusted.revocations is NOT_ASKED else "asked"
    return found | _answer(decision, detail, moment)


def _answer(decision: Decision, detail: str | None, moment: Moment) -> dict[str, Any]:
    return {"outcome": decision.outcome, "reasons": decision.reasons, "detail": detail, "at": moment.at}


def _judge(
    certificate: Certificate, kind: CredentialKind, rules: CertificateRules | None, moment: Moment
) -> tuple[Decision, list[dict[str, Any]]]:
    """Ask the rules of every country in turn; one that has none for this certificate refuses it, as at the gate."""
    if rules is None or not rules.countries:
        return refuse(Reason.NO_RULE_SET), []
    decision = genuine = Decision(Outcome.PASS, (Reason.CERTIFICATE_VALID,))
    asked = []
    for country in rules.countries:
        selected = rules.rules.select(country, moment.at, certificate.payload, format=kind)
        data = certificate_data(certificate, country, rules.value_sets, moment)
        answer = decide_certificate(genuine, selected, data)
        if decision.outcome is Outcome.PASS:
            decision = answer
        asked += [
            rules.about[rule.identifier, rule.version] | {"holds": rule.identifier not in answer.failed_rules}
            for rule in selected
        ]
    return decision, asked


def _records(records: Records) -> dict[str, Any]:
    """What the code says, kind by kind; kinds about which it says nothing are left out."""
    return {kind.name: found for kind in fields(records) if (found := getattr(records, kind.name))}


def _certificate(certificate: Certificate, kind: CredentialKind) -> dict[str, Any]:
    types = types_of(certificate.payload, kind)
    return {
        "verified": True,
        "issuer": certificate.issuer,
        "key_id": certificate.key_id,
        "issued_at": certificate.issued_at,
        "expires_at": certificate.expires_at,
        "type": types[0].lower() if len(types) == 1 else "general",
    }


def _unverified(code: bytes, trusted: Trusted) -> dict[str, Any] | None:
    """What a certificate that was refused says about itself, where it can be read at all; nothing about its holder."""
    claims = claims_of(code, trusted)
    return None if claims is None else {"verified": False, **asdict(claims)}


def _kind(code: bytes, trusted: Trusted) -> CredentialKind:
    try:
        return identify(code, trusted).kind
    except CredentialFault:
        return CredentialKind.UNRECOGNISED
