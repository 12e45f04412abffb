"""The example rules for SMART Health Cards, asked as a gate asks them."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from health_cards import DOSES, ISSUED, NOW, claims, dose, issuer, issuers_file, lab_result, trusting
from lane_rig import HERE, KEY, Believing, NothingHappened, Slot, Source, all_well, code
from signed_certificates import believing, ec_signer

import config
from gate.__main__ import main
from gate.app.check_code import inspect
from gate.app.check_files import load_rules
from gate.app.judge import Judge
from gate.model import Decision, Outcome, Reason
from gate.status.gateway import NoGateway

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES_FILE = Path(config.__file__).parent / "rules" / "certificates.json"
RULES = load_rules([RULES_FILE])
VACCINATED = ("GR-CN-0101", "VR-CN-0101", "VR-CN-0102", "VR-CN-0103")
TESTED = ("GR-CN-0101", "TR-CN-0101", "TR-CN-0102")


def judged(*resources: dict[str, Any]) -> dict[str, Any]:
    return inspect(issuer().code(claims(*resources)), trusting(), RULES, NOW)


def failed(found: dict[str, Any]) -> list[str]:
    return [asked["rule"] for asked in found["rules"] if not asked["holds"]]


@pytest.mark.parametrize(
    ("resources", "asked", "kind"),
    [
        (DOSES, VACCINATED, "vaccination"),
        ([dose("2021-06-01"), dose("2022-03-31")], VACCINATED, "vaccination"),
        ([dose("2022-02-01"), dose("2020-01-01"), dose("2021-01-01", "510")], VACCINATED, "vaccination"),
        ([dose(code="212")], VACCINATED, "vaccination"),
        ([lab_result()], TESTED, "test"),
        ([lab_result("2022-03-30")], TESTED, "test"),
        ([lab_result("2022-03-28T16:00:00+08:00", status="amended")], TESTED, "test"),
    ],
)
def test_who_passes(resources: Sequence[dict[str, Any]], asked: Sequence[str], kind: str) -> None:
    found = judged(*resources)
    assert (found["kind"], found["outcome"]) == ("smart_health_card", "pass")
    assert [rule["rule"] for rule in found["rules"]] == sorted(asked)
    assert found["certificate"]["type"] == kind
    assert found["holder"] == {"name": "G** Ö** M**"}


@pytest.mark.parametrize(
    ("resources", "broken"),
    [
        ([dose()], ["VR-CN-0102"]),
        ([*DOSES, dose(status="not-done")], ["VR-CN-0101"]),
        ([*DOSES, dose(code="03")], ["VR-CN-0101"]),
        ([*DOSES, dose(vaccineCode={"coding": [{"system": "http://snomed.info/sct", "code": "208"}]})], ["VR-CN-0101"]),
        ([*DOSES, dose(vaccineCode={"text": "208"})], ["VR-CN-0101"]),
        ([dose("2020-06-01"), dose("2021-03-30")], ["VR-CN-0103"]),
        ([dose("2021-06-01"), dose("2022-04-01")], ["VR-CN-0103"]),
        ([dose("2021-06-01"), dose("2022")], ["VR-CN-0103"]),
        ([dose("2021-06-01"), dose(occurrenceDateTime=None)], ["VR-CN-0103"]),
        ([lab_result(result="260373001")], ["TR-CN-0101"]),
        ([lab_result(status="preliminary")], ["TR-CN-0101"]),
        ([lab_result(), lab_result()], ["TR-CN-0101"]),
        ([lab_result(code={"coding": [{"system": "http://loinc.org", "code": "94563-4"}]})], ["TR-CN-0101"]),
        ([lab_result("2022-03-28T07:59:59Z")], ["TR-CN-0102"]),
        ([lab_result("2022-03-31T08:00:01Z")], ["TR-CN-0102"]),
        ([*DOSES, lab_result()], ["GR-CN-0101"]),
        ([{"resourceType": "Condition"}], ["GR-CN-0101"]),
    ],
)
def test_what_is_wrong_is_named(resources: Sequence[dict[str, Any]], broken: list[str]) -> None:
    found = judged(*resources)
    assert failed(found) == broken
    assert (found["outcome"], list(found["reasons"])) == ("refer", ["certificate_rules"])


def test_a_card_with_both_is_of_no_single_type() -> None:
    assert judged(*DOSES, lab_result())["certificate"]["type"] == "general"


def test_a_card_that_is_refused_says_who_claims_to_have_issued_it() -> None:
    found = inspect(issuer().code(claims(exp=ISSUED.timestamp() + 60)), trusting(), RULES, NOW)
    assert list(found["reasons"]) == ["certificate_expired"]
    assert found["certificate"]["verified"] is False
    assert found["certificate"]["issuer"] == "https://health.example.org/cards"
    assert found["certificate"]["key_id"] == issuer().kid
    assert inspect(b"shc:/56", trusting(), RULES, NOW)["certificate"] is None
    assert inspect(b"999999199001010024", trusting(), RULES, NOW)["certificate"] is None


def at_the_gate(text: bytes) -> Decision:
    """What a station decides, with a guard beside the gate."""
    judge = Judge(
        checkpoint=HERE,
        rules=Slot("station-48h", None),
        certificate_rules=RULES.rules,
        certificate_country="CN",
        trust=Believing(replace(believing(ec_signer().anchors), card_issuers=trusting().card_issuers)),
        status=Source(all_well),
        directions={},
        history=NothingHappened(),
        gateway=NoGateway(),
        status_deadline_s=1,
        key=KEY,
    )
    (judgement,) = asyncio.run(judge.judge(code(text), NOW, lambda _: 0))
    assert judgement.holder is None
    return judgement.decision


def test_at_the_gate_each_format_is_judged_by_its_own_rules() -> None:
    for text in (issuer().code(), issuer().code(claims(lab_result())), ec_signer().code()):
        decision = at_the_gate(text)
        assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.CERTIFICATE_VALID,))
    refused = at_the_gate(issuer().code(claims(dose())))
    assert (refused.outcome, refused.failed_rules) == (Outcome.REFER, ("VR-CN-0102",))
    unheard_of = at_the_gate(issuer().code(claims(iss="https://other.example.org")))
    assert (unheard_of.outcome, unheard_of.reasons) == (Outcome.REFER, (Reason.CERTIFICATE_ISSUER_UNKNOWN,))


def test_a_card_is_checked_at_a_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "smart-health-cards.json"
    file.write_bytes(issuers_file({**issuer().jwk, "crlVersion": 1}, {**issuer().jwk, "alg": "none"}))
    arguments = ["check", "--anchors", str(file), "--rules", str(RULES_FILE), "--at", NOW.at.isoformat()]
    assert main([*arguments, issuer().code().decode()]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["reasons"] == ["revocation_unknown"]
    assert "gate check: signer https://health.example.org/cards: key 2 left out" in captured.err
    file.write_bytes(issuers_file())
    assert main([*arguments, issuer().code().decode()]) == 0
    assert json.loads(capsys.readouterr().out)["certificate"]["verified"] is True


def test_signers_and_card_issuers_are_believed_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signers, issuers = tmp_path / "signers.json", tmp_path / "issuers.json"
    signers.write_text(json.dumps({"anchors": [{"certificate": b64encode(ec_signer().certificate).decode()}]}))
    issuers.write_bytes(issuers_file())
    files = ["--anchors", str(signers), "--anchors", str(issuers)]
    arguments = ["check", *files, "--without-revocation", "--at", NOW.at.isoformat()]
    for text in (ec_signer().code(), issuer().code()):
        assert main([*arguments, text.decode()]) == 1
        assert json.loads(capsys.readouterr().out)["reasons"] == ["no_rule_set"]


def test_a_file_of_issuers_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "issuers.json"
    file.write_text('{"card_issuers": []}')
    assert main(["check", "--anchors", str(file), "x"]) == 2
    assert f"{file}: the file of card issuers is not of its form" in capsys.readouterr().err
