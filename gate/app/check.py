"""``gate check``: judge one code at the desk, as the gate would, and print why as JSON."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gate.app.check_files import CertificateRules, load_anchors, load_rules, read_code
from gate.credentials import hcert
from gate.credentials.identify import identify, parse_code
from gate.errors import ConfigError, CredentialFault, GateError
from gate.model import CredentialKind, Decision, Moment, Outcome, Reason
from gate.rules.decide import certificate_data, decide_certificate, refuse
from voice import phrases

if TYPE_CHECKING:
    import argparse

    from gate.model import Certificate
    from gate.trust.anchors import Anchors

LANGUAGES = ("zh-CN", "en")
PASSED, NOT_PASSED, USAGE = 0, 1, 2
_CONTENT = {"v": "vaccination", "t": "test", "r": "recovery"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("code", nargs="?", metavar="TEXT|PICTURE", help="the code's text, or a PNG, JPEG or text file")
    parser.add_argument(
        "--anchors",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="signers to believe; for a signed list also the PEM file of its publisher's key (may be repeated)",
    )
    parser.add_argument(
        "--rules",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="EU rules that must all hold, or value sets they ask for (may be repeated); without rules nothing passes",
    )
    parser.add_argument("--at", metavar="TIME", help="judge as of this time, e.g. 2021-06-01T12:00:00+08:00 (now)")
    parser.epilog = "Exit status: 0 it passes, 1 it does not, 2 it could not be judged."


def run(args: argparse.Namespace) -> int:
    """Do it, print one JSON object, and give the exit status."""
    try:
        moment = _moment(args.at)
        anchors = load_anchors(args.anchors)
        rules = load_rules(args.rules) if args.rules else None
        found = inspect(_code(args.code), anchors, rules, moment)
    except GateError as error:
        print(f"gate check: {error}", file=sys.stderr)
        return USAGE
    for note in anchors.notes:
        print(f"gate check: signer {note}", file=sys.stderr)
    text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    print(text)
    return PASSED if found["outcome"] == Outcome.PASS else NOT_PASSED


def inspect(code: bytes, anchors: Anchors, rules: CertificateRules | None, moment: Moment) -> dict[str, Any]:
    """Judge one code.

    Args:
        code: Its exact bytes.
        anchors: Signers to believe.
        rules: Rules that must hold; without any nothing passes.
        moment: The one ``now``.

    Returns:
        JSON-ready: kind, outcome, reasons, detail, at, certificate, holder (masked), rules and texts.
    """
    found: dict[str, Any] = {"kind": _kind(code), "certificate": None, "holder": None, "rules": []}
    detail = None
    try:
        credential = parse_code(code, anchors, moment)
    except CredentialFault as fault:
        decision, detail = refuse(fault.reason), fault.detail
        found["certificate"] = _unverified(code)
    else:
        if credential.certificate is None:  # no code is anything else so far
            raise ConfigError("a code without a certificate can only be judged at the gate")
        decision, found["rules"] = _judge(credential.certificate, rules, moment)
        found["certificate"] = _certificate(credential.certificate)
        found["holder"] = {"name": _masked(credential.holder.name)} if credential.holder else None
    texts = phrases.load(LANGUAGES).texts(decision.reasons[0])
    return found | {
        "outcome": decision.outcome,
        "reasons": decision.reasons,
        "detail": detail,
        "at": moment.at,
        "texts": {language: asdict(text) for language, text in texts.items()},
    }


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
            {
                "rule": rule.identifier,
                "version": ".".join(map(str, rule.version)),
                "holds": rule.identifier not in answer.failed_rules,
                "description": rule.description.get("en", next(iter(rule.description.values()), "")),
            }
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


def _kind(code: bytes) -> CredentialKind:
    try:
        return identify(code).kind
    except CredentialFault:
        return CredentialKind.UNRECOGNISED


def _masked(name: str) -> str:
    """Initials only: ``G** M**``."""
    return " ".join(f"{part[0]}**" for part in name.split())


def _code(argument: str | None) -> bytes:
    if argument is not None:
        return read_code(argument)
    if sys.stdin.isatty():
        raise ConfigError("nothing to check: give the code's text in quotes, a picture, or pipe the text in")
    return sys.stdin.buffer.read(hcert.MAX_TEXT_BYTES + 1)


def _moment(text: str | None) -> Moment:
    if text is None:
        return Moment(datetime.now(UTC), trusted=True)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError("--at is no time: write it like 2021-06-01T12:00:00+08:00") from error
    if at.tzinfo is None:
        raise ConfigError("--at has no time zone: add it, like 2021-06-01T12:00:00+08:00 or ...T04:00:00Z")
    return Moment(at, trusted=True)
