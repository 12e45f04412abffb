"""One code, judged as the gate would judge it, and everything that led to the answer as JSON-ready members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.credentials import hcert
from gate.credentials.identify import identify, parse_code
from gate.errors import ConfigError, CredentialFault
from gate.model import CredentialKind, Decision, Moment, Outcome, Reason
from gate.rules.decide import certificate_data, decide_certificate, refuse

if TYPE_CHECKING:
    from gate.app.check_files import CertificateRules
    from gate.credentials.trusted import Trusted
    from gate.model import Certificate

_CONTENT = {"v": "vaccination", "t": "test", "r": "recovery"}


def inspect(code: bytes, trusted: Trusted, rules: CertificateRules | None, moment: Moment) -> dict[str, Any]:
    """Judge one code.

    Args:
        code: Its exact bytes.
        trusted: Whom to believe.
        rules: Rules that must hold; without any nothing passes.
        moment: The one ``now``.

    Returns:
        JSON-ready: kind, outcome, reasons, detail, at, certificate, issuer (of a health code; never what it is known
        by there), holder (masked) and rules.

    Raises:
        ConfigError: it is a credential about which no file of rules can say anything.
    """
    found: dict[str, Any] = {"kind": _kind(code, trusted), "certificate": None, "holder": None, "rules": []}
    detail = None
    try:
        credential = parse_code(code, trusted, moment)
    except CredentialFault as fault:
        decision, detail = refuse(fault.reason), fault.detail
        found["certificate"] = _unverified(code)
    else:
        if credential.reference is not None:
            detail = "only its issuer knows what it says, and a desk asks nobody"
            decision, found["issuer"] = refuse(Reason.GATEWAY_MISSING), credential.reference.issuer
            return found | _answer(decision, detail, moment)
        if credential.certificate is None:
            raise ConfigError("a code without a certificate can only be judged at the gate")
        decision, found["rules"] = _judge(credential.certificate, rules, moment)
        found["certificate"] = _certificate(credential.certificate)
        found["holder"] = {"name": _masked(credential.holder.name)} if credential.holder else None
    return found | _answer(decision, detail, moment)


def _answer(decision: Decision, detail: str | None, moment: Moment) -> dict[str, Any]:
    return {"outcome": decision.outcome, "reasons": decision.reasons, "detail": detail, "at": moment.at}


def _judge(
    certificate: Certificate, rules: CertificateRules | None, moment: Moment
) -> tuple[Decision, list[dict[str, Any]]]:
    """Ask the rules of every country in turn; one that has none for this certificate refuses it, as at the gate."""
    if rules is None or not rules.countries:
        return refuse(Reason.NO_RULE_SET), []
    decision = genuine = Decision(Outcome.PASS, (Reason.CERTIFICATE_VALID,))
    asked = []
    for country in rules.countries:
        selected = rules.rules.select(country, moment.at, certificate.payload)
        data = certificate_data(certificate, country, rules.value_sets, moment)
        answer = decide_certificate(genuine, selected, data)
        if decision.outcome is Outcome.PASS:
            decision = answer
        asked += [
            rules.about[rule.identifier, rule.version] | {"holds": rule.identifier not in answer.failed_rules}
            for rule in selected
        ]
    return decision, asked


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "verified": True,
        "issuer": certificate.issuer,
        "key_id": certificate.key_id,
        "issued_at": certificate.issued_at,
        "expires_at": certificate.expires_at,
        "type": next(name for group, name in _CONTENT.items() if group in certificate.payload),
    }


def _unverified(code: bytes) -> dict[str, Any] | None:
    """What a certificate that was refused says about itself, where it can be read at all; nothing about its holder."""
    try:
        claims = hcert.decode(code.strip())
    except CredentialFault:
        return None
    return {
        "verified": False,
        "issuer": claims.issuer,
        "key_id": claims.message.key_id.hex(),
        "issued_at": claims.issued_at,
        "expires_at": claims.expires_at,
    }


def _kind(code: bytes, trusted: Trusted) -> CredentialKind:
    try:
        return identify(code, trusted).kind
    except CredentialFault:
        return CredentialKind.UNRECOGNISED


def _masked(name: str) -> str:
    """Initials only: ``G** M**``."""
    return " ".join(f"{part[0]}**" for part in name.split())
