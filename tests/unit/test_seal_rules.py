"""Rules over seals (VDS-NC): examples, asked as a gate and a desk ask them."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lane_rig import HERE, KEY, Believing, NothingHappened, Slot, Source, all_well, code
from seals import DOSES, NOW, SIGNER, TRUSTED, UTOPIA, authorities_file, data, lab_report, vaccination, vaccine
from signed_certificates import ec_signer
from vectors import ROOT

from gate.__main__ import main
from gate.app import check_batch
from gate.app.judge import Judge
from gate.credentials.identify import parse_code
from gate.credentials.trusted import Trusted
from gate.model import CredentialKind, Decision, Moment, Outcome, Reason
from gate.rules import certlogic
from gate.rules.decide import certificate_data
from gate.rules.eu_rules import EuRules
from gate.status.gateway import NoGateway

if TYPE_CHECKING:
    from pathlib import Path

RULES = json.dumps(
    [
        rule
        for rule in json.loads((ROOT / "config" / "rules" / "certificates.json").read_text("utf-8"))
        if rule.get("Format") == CredentialKind.VDS_NC
    ]
)
"""Two doses against COVID-19; a negative PCR test whose sample is at most 72 hours old."""


def asked(message: dict[str, Any], moment: Moment = NOW) -> dict[str, bool]:
    """Which rules a seal is asked, and whether each holds."""
    certificate = parse_code(SIGNER.code(data(message)), TRUSTED, moment).certificate
    assert certificate is not None
    rules = EuRules.from_json(json.loads(RULES))
    selected = rules.select("CN", moment.at, certificate.payload, format=CredentialKind.VDS_NC)
    found = certificate_data(certificate, "CN", {}, moment)
    return {rule.identifier: rule.holds(found) for rule in selected}


def test_the_rules_are_certlogic() -> None:
    assert [certlogic.validate(rule["Logic"]) for rule in json.loads(RULES)] == [[], []]


ONE, TWO = DOSES
YELLOW_FEVER = {"des": "XM0N24", "dis": "1D47"}


@pytest.mark.parametrize(
    ("vaccines", "enough"),
    [
        ([vaccine(ONE, TWO)], True),
        ([vaccine(ONE), vaccine(TWO, nam="Another vaccine")], True),
        ([vaccine(ONE), vaccine(ONE, TWO, dis="RA01")], True),
        ([vaccine(ONE)], False),
        ([vaccine(TWO)], False),
        ([vaccine(ONE), vaccine(ONE, **YELLOW_FEVER)], False),
        ([vaccine(ONE, TWO, **YELLOW_FEVER)], False),
        ([{key: value for key, value in vaccine().items() if key != "dis"}], False),
    ],
)
def test_two_doses_against_covid_are_asked_for_whatever_the_vaccine(
    vaccines: list[dict[str, Any]],
    enough: bool,
) -> None:
    assert asked(vaccination(*vaccines)) == {"VR-CN-0201": enough}


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"tr": {"tc": "molecular(PCR)", "r": "Negative"}}, True),
        ({"tr": {"tc": "molecular(PCR)", "r": "positive"}}, False),
        ({"tr": {"tc": "molecular(PCR)", "r": "normal"}}, False),
        ({"tr": {"tc": "antigen", "r": "negative"}}, False),
        ({"dat": {"sc": "2022-03-28T08:00:00Z", "ri": "2022-03-28T20:00:00Z"}}, True),
        ({"dat": {"sc": "2022-03-28T16:00:00+08:00", "ri": "2022-03-28T20:00:00Z"}}, True),
        ({"dat": {"sc": "2022-03-28T07:59:59Z", "ri": "2022-03-31T07:00:00Z"}}, False),
        ({"dat": {"sc": "2022-03-31T08:00:01Z", "ri": "2022-03-31T08:00:01Z"}}, False),
    ],
)
def test_a_negative_pcr_test_counts_for_72_hours(
    changes: dict[str, Any],
    holds: bool,
) -> None:
    assert asked(lab_report(**changes)) == {"TR-CN-0201": holds}


def test_a_second_later_it_counts_no_more() -> None:
    report = lab_report(dat={"sc": "2022-03-28T08:00:00Z", "ri": "2022-03-28T20:00:00Z"})
    assert asked(report) == {"TR-CN-0201": True}
    assert asked(report, Moment(NOW.at + timedelta(seconds=1), trusted=True)) == {"TR-CN-0201": False}


def test_rules_for_other_formats_are_not_asked() -> None:
    rules = json.loads(RULES)
    for rule in rules:
        del rule["Format"]
    assert EuRules.from_json(rules).select("CN", NOW.at, data(), format=CredentialKind.VDS_NC) == []


# --- at a gate -------------------------------------------------------------------------------------------------------


def at_the_gate(message: dict[str, Any], rules: str) -> Decision:
    """What a station decides, with a guard beside the gate."""
    judge = Judge(
        checkpoint=HERE,
        rules=Slot("station-48h", None),
        certificate_rules=EuRules.from_json(json.loads(rules)),
        certificate_country="CN",
        trust=Believing(TRUSTED),
        status=Source(all_well),
        directions={},
        history=NothingHappened(),
        gateway=NoGateway(),
        status_deadline_s=1,
        key=KEY,
    )
    (judgement,) = asyncio.run(judge.judge(code(SIGNER.code(data(message))), NOW, lambda _: 0))
    assert judgement.holder is None
    return judgement.decision


def test_at_the_gate_a_seal_is_judged_by_its_own_rules_and_referred_where_there_are_none() -> None:
    for message in (vaccination(), lab_report()):
        passed = at_the_gate(message, RULES)
        assert (passed.outcome, passed.reasons) == (Outcome.PASS, (Reason.CERTIFICATE_VALID,))
        unruled = at_the_gate(message, "[]")
        assert (unruled.outcome, unruled.reasons) == (Outcome.REFER, (Reason.CERTIFICATE_RULES,))
    refused = at_the_gate(vaccination(vaccine(ONE)), RULES)
    assert (refused.outcome, refused.failed_rules) == (Outcome.REFER, ("VR-CN-0201",))


# --- at a desk -------------------------------------------------------------------------------------------------------


def test_a_seal_is_checked_at_a_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, authorities = tmp_path / "rules.json", tmp_path / "authorities.json"
    rules.write_text(RULES)
    authorities.write_bytes(authorities_file(UTOPIA.entry(UTOPIA.crl()), {"certificate": "AAAA"}))
    arguments = ["check", "--anchors", str(authorities), "--rules", str(rules), "--at", NOW.at.isoformat()]
    assert main([*arguments, SIGNER.code().decode()]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["kind"], found["outcome"], found["certificate"]["type"]) == ("vds_nc", "pass", "vaccination")
    assert found["holder"] == {"name": "M** G** O**"}
    assert "authority 2 left out" in captured.err
    authorities.write_bytes(authorities_file(UTOPIA.entry()))
    assert main([*arguments, SIGNER.code().decode()]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert refused["reasons"] == ["revocation_unknown"]
    assert (refused["certificate"]["verified"], refused["certificate"]["issuer"]) == (False, "UTO")
    assert "MUSTERFRAU" not in json.dumps(refused)


def test_signers_and_authorities_are_believed_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signers, authorities = tmp_path / "signers.json", tmp_path / "authorities.json"
    signers.write_text(json.dumps({"anchors": [{"certificate": b64encode(ec_signer().certificate).decode()}]}))
    authorities.write_bytes(authorities_file(UTOPIA.entry(UTOPIA.crl())))
    files = ["--anchors", str(signers), "--anchors", str(authorities)]
    arguments = ["check", *files, "--without-revocation", "--at", NOW.at.isoformat()]
    for text in (ec_signer().code(), SIGNER.code()):
        assert main([*arguments, text.decode()]) == 1
        assert json.loads(capsys.readouterr().out)["reasons"] == ["no_rule_set"]


def test_a_file_of_authorities_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "authorities.json"
    file.write_text('{"authorities": []}')
    assert main(["check", "--anchors", str(file), "x"]) == 2
    assert f"{file}: the file of authorities is not of its form" in capsys.readouterr().err


def test_a_line_of_a_batch_may_name_its_authorities(tmp_path: Path) -> None:
    authorities = tmp_path / "authorities.json"
    authorities.write_bytes(authorities_file(UTOPIA.entry(UTOPIA.crl())))
    batch = check_batch._Batch(check_batch.Defaults(Trusted(), None, NOW))
    question = {"text": SIGNER.code().decode()}
    answers = [
        json.loads(batch.answer(json.dumps(line).encode()))
        for line in (question, {**question, "anchors": str(authorities)})
    ]
    assert [answer["reasons"] for answer in answers] == [["certificate_issuer_unknown"], ["no_rule_set"]]
