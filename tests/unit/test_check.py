from __future__ import annotations

import io
import json
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
import segno
from health_codes import CITY_FILE, CODES
from revoked_lists import UCI_DIGEST, files_of
from signed_certificates import content, ec_signer

from gate.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

AT = "2022-04-01T12:00:00+08:00"
CODE = ec_signer().code().decode()


def rule(number: int, least_doses: int, **changes: object) -> dict[str, Any]:
    return {
        "Identifier": f"VR-XX-{number:04}",
        "Type": "Acceptance",
        "Country": "XX",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "1.3.3",
        "CertificateType": "Vaccination",
        "Description": [{"lang": "en", "desc": f"At least {least_doses} doses"}],
        "ValidFrom": "2022-01-01T00:00:00Z",
        "ValidTo": "2030-01-01T00:00:00Z",
        "AffectedFields": ["v.0.dn"],
        "Logic": {">=": [{"var": "payload.v.0.dn"}, least_doses]},
    } | changes


@pytest.fixture
def anchors(tmp_path: Path) -> str:
    path = tmp_path / "anchors.json"
    path.write_text(json.dumps({"anchors": [{"certificate": b64encode(ec_signer().certificate).decode()}]}))
    return str(path)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps([rule(1, 1), rule(2, 2)]))
    return str(path)


def check(
    capsys: pytest.CaptureFixture[str], *arguments: str, revocation: tuple[str, ...] = ("--without-revocation",)
) -> tuple[int, dict[str, Any]]:
    status = main(["check", *revocation, *arguments])
    return status, json.loads(capsys.readouterr().out)


def test_a_certificate_that_keeps_every_rule_passes(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str
) -> None:
    status, found = check(capsys, "--anchors", anchors, "--rules", rules, "--at", AT, CODE)
    assert status == 0
    assert found["outcome"] == "pass"
    assert found["reasons"] == ["certificate_valid"]
    assert found["certificate"]["type"] == "vaccination"
    assert found["certificate"]["key_id"] == ec_signer().key_id.hex()
    assert [(asked["rule"], asked["holds"]) for asked in found["rules"]] == [("VR-XX-0001", True), ("VR-XX-0002", True)]
    assert found["holder"] == {"name": "G** Ö** M**"}
    assert set(found["texts"]) == {"zh-CN", "en"}


def test_without_lists_of_what_was_revoked_nothing_passes(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str
) -> None:
    arguments = ("--anchors", anchors, "--rules", rules, "--at", AT, CODE)
    status, found = check(capsys, *arguments, revocation=())
    assert (status, found["outcome"], found["reasons"]) == (1, "refer", ["revocation_unknown"])
    assert found["revocation"] == "asked"


def test_who_does_not_ask_what_was_revoked_is_told_so(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str
) -> None:
    status, found = check(capsys, "--anchors", anchors, "--rules", rules, "--at", AT, CODE)
    assert (status, found["revocation"]) == (0, "not_asked")
    with pytest.raises(SystemExit):
        check(capsys, "--revoked", "x", "x")


def test_a_folder_of_lists_says_what_was_revoked(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str, tmp_path: Path
) -> None:
    folder = tmp_path / "revoked"
    folder.mkdir()
    arguments = ("--anchors", anchors, "--rules", rules, "--at", AT, CODE)
    revocation = ("--revoked", str(folder))
    for digests, status, reason in (([], 0, "certificate_valid"), ([UCI_DIGEST], 1, "certificate_revoked")):
        for name, data in files_of(digests).items():
            (folder / name).write_bytes(data)
        found_status, found = check(capsys, *arguments, revocation=revocation)
        assert (found_status, found["reasons"], found["revocation"]) == (status, [reason], "asked")
    (folder / "XX-0.lst").unlink()
    assert main(["check", *revocation, *arguments]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["reasons"] == ["revocation_unknown"]
    assert "XX-0.lst" in captured.err


def test_a_folder_without_sound_lists_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def refused(folder: Path) -> str:
        assert main(["check", "--revoked", str(folder), "x"]) == 2
        return capsys.readouterr().err

    assert "missing" in refused(tmp_path / "missing")
    assert "no revocation.json" in refused(tmp_path)
    (tmp_path / "revocation.json").write_bytes(b"{")
    assert "not of its form" in refused(tmp_path)
    for number in range(4097):
        (tmp_path / str(number)).touch()
    assert "nothing else" in refused(tmp_path)


def test_the_rule_that_fails_is_named(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str, tmp_path: Path
) -> None:
    more = tmp_path / "more.json"
    more.write_text(json.dumps(rule(3, 3)))
    status, found = check(capsys, "--anchors", anchors, "--rules", rules, "--rules", str(more), "--at", AT, CODE)
    assert status == 1
    assert found["outcome"] == "refer"
    assert found["reasons"] == ["certificate_rules"]
    assert [asked["rule"] for asked in found["rules"] if not asked["holds"]] == ["VR-XX-0003"]
    assert found["rules"][2]["description"] == "At least 3 doses"


def test_rules_see_the_value_sets(capsys: pytest.CaptureFixture[str], anchors: str, tmp_path: Path) -> None:
    asks, sets = tmp_path / "asks.json", tmp_path / "sets.json"
    logic = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.names"}]}
    asks.write_text(json.dumps([rule(1, 1, Logic=logic)]))
    sets.write_text(json.dumps({"names": ["EU/1/20/1528"]}))
    arguments = ("--anchors", anchors, "--at", AT, CODE, "--rules", str(asks))
    assert check(capsys, *arguments, "--rules", str(sets))[0] == 0
    assert check(capsys, *arguments)[0] == 1


def test_the_rules_of_every_country_given_must_hold(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str, tmp_path: Path
) -> None:
    others = tmp_path / "others.json"
    arguments = ("--anchors", anchors, "--rules", rules, "--rules", str(others), "--at", AT, CODE)
    more = {"Country": "XY", "Identifier": "VR-XY-0001"}
    others.write_text(json.dumps([rule(1, 1, **more)]))
    assert check(capsys, *arguments)[0] == 0
    others.write_text(json.dumps([rule(1, 3, **more), rule(1, 1, Country="XZ", Identifier="VR-XZ-0001")]))
    status, found = check(capsys, *arguments)
    assert (status, found["reasons"]) == (1, ["certificate_rules"])
    assert [asked["rule"] for asked in found["rules"] if not asked["holds"]] == ["VR-XY-0001"]


def test_a_country_without_a_rule_for_it_does_not_accept_it(
    capsys: pytest.CaptureFixture[str], anchors: str, tmp_path: Path
) -> None:
    path = tmp_path / "tests-only.json"
    path.write_text(json.dumps([rule(1, 1, CertificateType="Test", Identifier="TR-XX-0001")]))
    status, found = check(capsys, "--anchors", anchors, "--rules", str(path), "--at", AT, CODE)
    assert (status, found["reasons"], found["rules"]) == (1, ["certificate_rules"], [])


def test_without_rules_nothing_passes(capsys: pytest.CaptureFixture[str], anchors: str) -> None:
    status, found = check(capsys, "--anchors", anchors, "--at", AT, CODE)
    assert (status, found["outcome"], found["reasons"]) == (1, "refer", ["no_rule_set"])
    assert found["certificate"]["verified"] is True


@pytest.mark.parametrize(
    ("code", "at", "reason"),
    [
        (CODE, "2024-01-01T00:00:00Z", "certificate_expired"),
        (CODE, "2021-01-01T00:00:00Z", "certificate_not_yet_valid"),
        (CODE[:-6] + "000000", AT, "code_unreadable"),
        (ec_signer("t").code(content("v")).decode(), AT, "certificate_issuer_unknown"),
        ("hello", AT, "code_unrecognised"),
    ],
)
def test_what_is_refused_says_why_and_shows_nobody(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str, code: str, at: str, reason: str
) -> None:
    status, found = check(capsys, "--anchors", anchors, "--rules", rules, "--at", at, code)
    assert status == 1
    assert found["reasons"] == [reason]
    assert found["detail"]
    assert found["holder"] is None
    assert found["certificate"] is None or found["certificate"]["verified"] is False


def test_a_picture_and_a_text_file_and_a_pipe_are_read(
    capsys: pytest.CaptureFixture[str], anchors: str, rules: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("--anchors", anchors, "--rules", rules, "--at", AT)
    picture, text = tmp_path / "code.png", tmp_path / "code.txt"
    segno.make_qr(CODE, error="l").save(str(picture), scale=4)
    text.write_text(CODE + "\n")
    assert check(capsys, *arguments, str(picture))[0] == 0
    assert check(capsys, *arguments, str(text))[0] == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CODE.encode())))
    assert check(capsys, *arguments)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--at", "2022-04-01", "x"), "add it"),
        (("--at", "yesterday", "x"), "write it like"),
        (("--anchors", "missing.json", "x"), "missing.json"),
        (("--rules", "missing.json", "x"), "missing.json"),
        (("missing.png",), "no such picture"),
    ],
)
def test_what_cannot_be_judged_says_what_to_write(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], hint: str
) -> None:
    assert main(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert hint in captured.err


@pytest.mark.parametrize("name", ["--anchors", "--rules"])
@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b'{"a": 1}', b"x\ny"])
def test_files_of_another_kind_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert main(["check", name, str(path), "x"]) == 2
    assert capsys.readouterr().err.startswith("gate check: ")


def test_a_picture_without_a_code_is_said_to_have_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "damaged.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert main(["check", str(path)]) == 2
    assert "picture" in capsys.readouterr().err


# --- health codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", sorted(CODES))
def test_a_health_code_is_named_with_its_issuer_and_never_with_what_it_is_known_by(
    capsys: pytest.CaptureFixture[str], issuer: str
) -> None:
    code = CODES[issuer].decode()
    assert main(["check", "--at", AT, code]) == 1
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert (found["kind"], found["issuer"]) == ("health_code", issuer)
    assert (found["outcome"], found["reasons"]) == ("refer", ["gateway_missing"])
    assert code[-20:] not in printed


def test_issuers_of_another_folder_are_tried_instead(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_bytes(CITY_FILE)
    status, found = check(capsys, "--health-codes", str(tmp_path), "--at", AT, "JKM:123456")
    assert (status, found["issuer"]) == (1, "test-city")
    old = "https://code.example.cn/health/show?c=Abc12345&t=1648000000"
    status, found = check(capsys, "--health-codes", str(tmp_path), "--at", AT, old)
    assert (status, found["kind"], found["reasons"]) == (1, "health_code", ["code_too_old"])
    status, found = check(capsys, "--health-codes", str(tmp_path), "--at", AT, CODES["cn-national"].decode())
    assert (status, found["kind"]) == (1, "unrecognised")


def test_a_folder_without_issuers_or_with_a_wrong_one_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["check", "--health-codes", str(tmp_path), "x"]) == 2
    assert "no issuers" in capsys.readouterr().err
    (tmp_path / "wrong.toml").write_text('id = "x"\nlive_s = 1\n')
    assert main(["check", "--health-codes", str(tmp_path), "x"]) == 2
    said = capsys.readouterr().err
    assert "wrong.toml" in said
    assert "live_s" in said or "assurance" in said
