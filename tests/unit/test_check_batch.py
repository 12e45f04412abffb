"""Many codes through one process: an answer for every line, whatever the other lines hold."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import peak_memory
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from revoked_lists import UCI_DIGEST, index_of
from signed_certificates import believing, ec_signer, rsa_signer

from gate.__main__ import main
from gate.app import check_batch
from gate.app.check_code import NOT_ASKED
from gate.app.check_files import load_rules, read_moment
from gate.app.picture_process import PictureProcess
from gate.credentials.trusted import Trusted
from gate.errors import ConfigError

AT = "2022-04-01T12:00:00+08:00"
CODE = ec_signer().code().decode()
GOOD: dict[str, Any] = {"id": "good", "text": CODE}
RULE: dict[str, Any] = {
    "Identifier": "VR-XX-0001",
    "Type": "Acceptance",
    "Country": "XX",
    "Version": "1.0.0",
    "SchemaVersion": "1.0.0",
    "Engine": "CERTLOGIC",
    "EngineVersion": "1.3.3",
    "CertificateType": "Vaccination",
    "Description": [{"lang": "en", "desc": "Two doses"}],
    "ValidFrom": "2022-01-01T00:00:00Z",
    "ValidTo": "2030-01-01T00:00:00Z",
    "AffectedFields": ["v.0.dn"],
    "Logic": {">=": [{"var": "payload.v.0.dn"}, 2]},
}


def anchors_file(folder: Path, certificate: bytes, name: str = "anchors.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"anchors": [{"certificate": b64encode(certificate).decode()}]}))
    return str(path)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps([RULE]))
    return str(path)


@pytest.fixture
def defaults(tmp_path: Path, rules: str) -> check_batch.Defaults:
    return check_batch.Defaults(believing(ec_signer().anchors), load_rules([tmp_path / rules]), read_moment(AT, "--at"))


def line(question: object) -> bytes:
    return question if isinstance(question, bytes) else json.dumps(question).encode()


def ask(defaults: check_batch.Defaults, *questions: object, end: bytes = b"\n") -> list[dict[str, Any]]:
    """Answers to lines that come through a file and go to a file."""
    with TemporaryFile() as source, TemporaryFile() as sink:
        source.write(b"\n".join(map(line, questions)) + end)
        source.seek(0)
        check_batch.serve(source.fileno(), sink.fileno(), defaults)
        sink.seek(0)
        return [json.loads(answer) for answer in sink]


def test_every_line_is_answered_in_order_with_its_id(defaults: check_batch.Defaults) -> None:
    first, second, third = ask(defaults, GOOD, {"id": 2, "text": "hello"}, {"text": CODE, "at": "2024-01-01T00:00:00Z"})
    assert (first["id"], first["kind"], first["outcome"], first["reasons"]) == (
        "good",
        "hcert",
        "pass",
        ["certificate_valid"],
    )
    assert first["rules"] == [
        {"rule": "VR-XX-0001", "version": "1.0.0", "description": "Two doses", "holds": True},
    ]
    assert first["holder"] == {"name": "G** Ö** M**"}
    assert (second["id"], second["kind"], second["reasons"]) == (2, "unrecognised", ["code_unrecognised"])
    assert second["detail"]
    assert (third["id"], third["reasons"]) == (None, ["certificate_expired"])


def test_a_line_says_the_same_as_a_check_of_one(
    defaults: check_batch.Defaults, tmp_path: Path, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    not_asking = replace(defaults, trusted=replace(defaults.trusted, revocations=NOT_ASKED))
    for code in (CODE, CODE[:-6] + "000000", "hello", "999999199001010024"):
        anchors = anchors_file(tmp_path, ec_signer().certificate)
        main(["check", "--without-revocation", "--anchors", anchors, "--rules", rules, "--at", AT, code])
        alone = json.loads(capsys.readouterr().out)
        del alone["texts"]
        assert ask(not_asking, {"text": code}) == [{"id": None, **alone}]


def test_lists_of_what_was_revoked_hold_for_every_line(tmp_path: Path, rules: str) -> None:
    own = anchors_file(tmp_path, ec_signer().certificate)
    questions = (GOOD, {"text": CODE, "anchors": own}, {"text": CODE, "anchors": own, "at": "2022-08-01T00:00:00Z"})
    for trusted, reasons in (
        (Trusted(ec_signer().anchors), ["revocation_unknown"] * 3),
        (Trusted(ec_signer().anchors, index_of([])), ["certificate_valid"] * 2 + ["revocation_unknown"]),
        (Trusted(ec_signer().anchors, index_of([UCI_DIGEST])), ["certificate_revoked"] * 2 + ["revocation_unknown"]),
    ):
        known = check_batch.Defaults(trusted, load_rules([Path(rules)]), read_moment(AT, "--at"))
        answers = ask(known, *questions)
        assert [reason for answer in answers for reason in answer["reasons"]] == reasons
        assert {answer["revocation"] for answer in answers} == {"asked"}


def test_a_line_brings_its_own_signers(defaults: check_batch.Defaults, tmp_path: Path) -> None:
    other = rsa_signer()
    own = anchors_file(tmp_path, other.certificate, "own.json")
    code = other.code().decode()
    pem = tmp_path / "key.pem"
    pem.write_text("-----BEGIN PUBLIC KEY-----\n")
    outcomes = [
        answer.get("reasons", "error" in answer)
        for answer in ask(
            defaults,
            {"text": code},
            {"text": code, "anchors": own},
            {"text": code, "anchors": [own, str(pem)]},
            {"text": CODE, "anchors": own},
            {"text": code, "anchors": str(tmp_path / "missing.json")},
            {"text": code, "anchors": "/dev/zero"},
            {"text": code, "anchors": str(tmp_path)},
            {"text": code, "anchors": "\0"},
            {"text": code, "anchors": str(pem)},
            {"text": code},
        )
    ]
    unknown = ["certificate_issuer_unknown"]
    assert outcomes == [
        unknown,
        ["certificate_valid"],
        ["certificate_valid"],
        unknown,
        True,
        True,
        True,
        True,
        unknown,
        unknown,
    ]


HOSTILE: list[Any] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b"{" * 100_000,
    b"[" * 1_000_000,
    b'{"id": "x", "text": "HC1:", "text2": ' + b"[" * 100_000,
    b'{"id": ' + b"9" * 10_000 + b', "text": "x"}',
    b'{"id": 1e400, "text": "x"}',
    b'{"id": NaN, "text": "x"}',
    b'{"text": "\\ud800"}',
    b"\0" * 1000,
    {},
    {"id": "x"},
    {"id": [1], "text": "x"},
    {"id": "x" * 201, "text": "x"},
    {"id": "x", "text": "x", "picture": "y"},
    {"id": "x", "text": None},
    {"id": "x", "text": 1},
    {"id": "x", "text": "x", "rules": "r.json"},
    {"id": "x", "text": CODE, "at": "yesterday"},
    {"id": "x", "text": CODE, "at": "2022-04-01"},
    {"id": "x", "text": CODE, "at": "0001-01-01T00:00:00+08:00"},
    {"id": "x", "text": CODE, "at": "9999-12-31T23:59:59-08:00"},
    {"id": "x", "text": CODE, "at": "9" * 100_000},
    {"id": "x", "text": CODE, "anchors": []},
    {"id": "x", "text": CODE, "anchors": ["a"] * 9},
    {"id": "x", "text": CODE, "anchors": "a" * 5000},
    {"id": "x", "text": CODE, "anchors": "a" * 4096},
    {"id": "x", "picture": ""},
    {"id": "x", "picture": "missing.png"},
    {"id": "x", "picture": "/dev/zero"},
    {"id": "x", "picture": "/proc/self/mem"},
    {"id": "x", "picture": "/etc/passwd"},
    {"id": "x", "picture": "\0"},
    {"id": "x", "picture": "a" * 100_000},
    {"id": "x", "picture": "/9j/\u00e9"},
    {"id": "x", "picture": "iVBORw0KGgo"},
    {"id": "x", "picture": b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()},
]


def test_no_bad_line_keeps_the_next_from_its_answer(defaults: check_batch.Defaults) -> None:
    questions = [question for hostile in HOSTILE for question in (hostile, GOOD)]
    answers = ask(defaults, *questions)
    assert len(answers) == len(questions)
    for number, (hostile, answer, good) in enumerate(zip(HOSTILE, answers[::2], answers[1::2], strict=True)):
        assert "error" in answer, hostile
        assert answer["line"] == 2 * number + 1
        assert "outcome" not in answer
        assert good["outcome"] == "pass"


def test_what_can_be_judged_at_the_ends_of_the_calendar_is(defaults: check_batch.Defaults) -> None:
    for at, reason in (
        ("0001-01-01T00:00:00Z", "certificate_not_yet_valid"),
        ("9999-12-31T23:59:59.999999Z", "certificate_expired"),
    ):
        (answer,) = ask(defaults, {"text": CODE, "at": at})
        assert answer["reasons"] == [reason]


def test_a_fault_is_answered_with_the_id_of_its_line(defaults: check_batch.Defaults) -> None:
    answers = ask(defaults, {"id": "a", "text": 1}, {"id": 7}, {"id": 8, "extra": 1, "text": CODE}, b"{")
    assert [answer["id"] for answer in answers] == ["a", 7, 8, None]


def test_a_line_that_is_too_long_is_answered_and_not_kept(defaults: check_batch.Defaults) -> None:
    long = check_batch.MAX_LINE_BYTES
    with TemporaryFile() as source, TemporaryFile() as sink:
        for size in (long + 1, 20 * long, 0):
            source.seek(size, 1)  # a hole, which reads as zeros
            source.write(b"\n" + line(GOOD) + b"\n")
        source.seek(2 * long, 1)
        source.write(b"z")
        source.seek(0)
        before = peak_memory.restart()
        assert check_batch.serve(source.fileno(), sink.fileno(), defaults) == 4
        assert peak_memory.peak() - before < 3 * long
        sink.seek(0)
        answers = [json.loads(answer) for answer in sink]
    assert [answer.get("outcome") for answer in answers] == [None, "pass", None, "pass", None, "pass", None]
    assert all("12 MiB" in answers[number]["error"] for number in (0, 2, 6))


def test_the_last_line_needs_no_end_and_no_lines_need_no_answers(defaults: check_batch.Defaults) -> None:
    assert [answer["outcome"] for answer in ask(defaults, GOOD, GOOD, end=b"")] == ["pass", "pass"]
    assert ask(defaults, b"", end=b"") == []


def test_pictures_are_read_from_files_and_from_the_line(defaults: check_batch.Defaults, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    segno.make_qr(CODE, error="l").save(str(path), scale=4)
    data = b64encode(path.read_bytes()).decode()
    blank = io.BytesIO()
    segno.make_qr("a").save(blank, kind="png", scale=1, border=0)
    broken = b64encode(blank.getvalue()[:60]).decode()
    answers = ask(defaults, {"picture": str(path)}, {"picture": broken}, {"picture": data}, {"picture": data[:-20]})
    assert [answer.get("outcome") for answer in answers[:3]] == ["pass", None, "pass"]
    assert "picture" in answers[1]["error"]


def test_a_picture_that_breaks_its_decoder_breaks_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    segno.make_qr("hello").save(str(path), scale=4)
    pictures = PictureProcess()
    try:
        assert pictures.codes(path.read_bytes()) == [b"hello"]
        assert pictures._process is not None
        pictures._process.kill()
        pictures._process.join()
        with pytest.raises(ConfigError, match="broke its decoder"):
            pictures.codes(path.read_bytes())
        assert pictures.codes(path.read_bytes()) == [b"hello"]
    finally:
        pictures.close()


def test_who_waits_for_each_answer_gets_it_and_signers_are_read_once(tmp_path: Path, rules: str) -> None:
    anchors = anchors_file(tmp_path, ec_signer().certificate)
    command = [sys.executable, "-m", "gate", "check", "--batch", "--without-revocation", "--rules", rules, "--at", AT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(line({"id": number, "text": CODE, "anchors": anchors}) + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert (answer["id"], answer["outcome"]) == (number, "pass")
            Path(anchors).unlink(missing_ok=True)
        process.stdin.write(b"bad\n")
        process.stdin.close()
        assert "error" in json.loads(process.stdout.read())
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "hint"), [(("x",), "leave the TEXT"), (("--at", "x"), "--at"), (("--rules", "x.json"), "x.json")]
)
def test_a_command_line_that_is_wrong_is_said_before_any_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], hint: str
) -> None:
    assert main(["check", "--batch", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert hint in captured.err


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200).filter(lambda data: b"\n" not in data))
def test_any_bytes_get_one_answer(data: bytes) -> None:
    defaults = check_batch.Defaults(Trusted(), None, None)
    with TemporaryFile() as source, TemporaryFile() as sink:
        source.write(data + b"\n" + line(GOOD))
        source.seek(0)
        assert check_batch.serve(source.fileno(), sink.fileno(), defaults) == 1
        sink.seek(0)
        first, second = (json.loads(answer) for answer in sink)
    assert "error" in first
    assert second["reasons"] == ["certificate_issuer_unknown"]
