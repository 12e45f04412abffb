"""``gate issue`` as whoever runs a pilot uses it, and what it keeps from others."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from doc_steps import done
from vectors import ROOT

from drivers.camera_worker import decode
from gate.__main__ import main
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.trusted import Trusted
from gate.model import Assurance, Credential, Document, DocumentType, Holder, Moment, PermitRecord, Records
from gate.pseudonym import PseudonymKey
from gate.trust.anchors import Anchors

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/issuing.md").read_text("utf-8")
AT = datetime(2022, 6, 18, 0, 0, tzinfo=UTC)
NUMBER = "999999199001010016"
FLEET = PseudonymKey(bytes(range(32)))
PERSON = {
    "name": "张三",
    "birth_date": "1990-01-01",
    "code": {"colour": "green", "as_of": "2022-06-18T07:50:00+08:00"},
    "tests": [{"result": "negative", "sampled_at": "2022-06-17T04:00:00Z", "reported_at": "2022-06-17T12:00:00Z"}],
}
PERMIT = {
    "name": "李四",
    "zones": ["east-3"],
    "valid_from": "2022-06-18T00:00:00+08:00",
    "valid_to": "2022-06-25T00:00:00+08:00",
    "hours": ["22:00", "24:00"],
    "entries": 14,
    "sponsor": "Example Market Ltd",
}


@pytest.fixture(params=["ES256", "EdDSA"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A pilot's folder with a signer, the fleet's key and a number."""
    made = ("key", str(tmp_path / "pilot"), "--country", "cn", "--signs", "health_code", "--signs", "permit")
    assert main(["issue", *made, "--algorithm", request.param, "--at", "2022-06-01T00:00:00Z"]) == 0
    (tmp_path / "pseudonym.key").write_bytes(bytes(range(32)))
    (tmp_path / "number").write_text(NUMBER.lower() + "\n", "utf-8")
    return tmp_path


def arguments(folder: Path, what: str, description: dict[str, Any], *more: str) -> list[str]:
    (folder / "said.json").write_text(json.dumps(description), "utf-8")
    files = {"--signer": "pilot", "--pseudonym-key": "pseudonym.key", "--number-file": "number"}
    given = [word for option, name in files.items() for word in (option, str(folder / name))]
    base = [
        "issue",
        what,
        str(folder / "said.json"),
        *given,
        "--issuer",
        "my-city",
        "--at",
        "2022-06-18T08:00:00+08:00",
    ]
    return [*base, *more]


def read(folder: Path, code: bytes, after: timedelta = timedelta(minutes=1)) -> Credential:
    trusted = Trusted(Anchors.load((folder / "pilot.anchors.json").read_bytes()), NothingRevoked())
    return parse_code(code, trusted, Moment(AT + after, trusted=True))


def test_every_step_of_the_page_prints_what_the_page_shows() -> None:
    assert done(PAGE) == PAGE, "bring the page up to date: python tests/doc_steps.py docs/issuing.md"


def test_a_health_code_is_printed_and_read_back(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    capsysbinary.readouterr()
    assert main(arguments(folder, "health-code", PERSON)) == 0
    credential = read(folder, capsysbinary.readouterr().out)
    assert credential.assurance is Assurance.DYNAMIC_CODE
    pseudonym = FLEET.pseudonym(Document(DocumentType.RESIDENT_ID, NUMBER))
    assert credential.holder == Holder("张**", birth_date=date(1990, 1, 1), pseudonym=pseudonym)
    records = credential.records
    assert records is not None
    assert [code.colour for code in records.codes] == ["green"]
    assert records.tests[0].sampled_at == datetime(2022, 6, 17, 4, tzinfo=UTC)


def test_a_printed_code_lives_longer_and_can_be_copied(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    capsysbinary.readouterr()
    assert main(arguments(folder, "health-code", PERSON, "--printed", "3")) == 0
    assert read(folder, capsysbinary.readouterr().out, timedelta(days=3)).assurance is Assurance.STATIC_CODE


def test_a_permit_ends_with_itself(folder: Path) -> None:
    picture = folder / "permit.png"
    assert main(arguments(folder, "permit", PERMIT, "--png", str(picture))) == 0
    (code,) = decode(picture.read_bytes())
    end = datetime(2022, 6, 24, 16, tzinfo=UTC)
    credential = read(folder, code, end - AT)
    assert credential.records is not None
    (permit,) = credential.records.permits
    assert permit.id is not None
    assert credential.records == Records(
        permits=(
            PermitRecord(
                "my-city",
                AT,
                frozenset({"east-3"}),
                datetime(2022, 6, 17, 16, tzinfo=UTC),
                end,
                (1320, 1440),
                14,
                permit.id,
                "Example Market Ltd",
            ),
        )
    )


def test_no_two_permits_have_one_identifier(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    found = set()
    for _ in range(2):
        capsysbinary.readouterr()
        main(arguments(folder, "permit", PERMIT))
        records = read(folder, capsysbinary.readouterr().out).records
        assert records is not None
        found.add(records.permits[0].id)
    assert len(found) == 2


def test_a_picture_for_paper_is_lines(folder: Path) -> None:
    picture = folder / "code.svg"
    assert main(arguments(folder, "health-code", PERSON, "--svg", str(picture))) == 0
    assert b"<svg" in picture.read_bytes()


def test_the_key_is_for_one_user_and_is_not_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = folder / "pilot.key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert main(["issue", "key", str(folder / "pilot"), "--country", "CN", "--signs", "permit"]) == 2
    assert key.read_bytes() == before
    assert "take another name" in capsys.readouterr().err


def test_the_number_comes_from_the_input_and_can_be_no_argument(tmp_path: Path) -> None:
    main(["issue", "key", str(tmp_path / "pilot"), "--country", "CN", "--signs", "health_code"])
    (tmp_path / "pseudonym.key").write_bytes(bytes(range(32)))
    words = arguments(tmp_path, "health-code", {"name": "张三"})
    cut = words.index("--number-file")
    del words[cut : cut + 2]
    at = words.index("--at")
    del words[at : at + 2]
    command = [sys.executable, "-P", "-m", "gate", *words]
    made = subprocess.run(command, input=NUMBER + "\n", capture_output=True, text=True, check=False)
    assert made.returncode == 0
    assert made.stdout.startswith("HC1:")
    typed = subprocess.run([*command, NUMBER], capture_output=True, text=True, check=False)
    assert typed.returncode == 2


@pytest.mark.parametrize("number", ["", "999999199001010017", "12", "999999199001010016 and more", "\x1b[2J"])
def test_a_number_with_a_wrong_digit_makes_no_code(
    folder: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "number").write_text(number, "utf-8")
    assert main(arguments(folder, "health-code", PERSON)) == 2
    said = capsys.readouterr().err
    assert "number" in said
    assert not number or number not in said


def test_another_document_is_named(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "number").write_text("e12345678", "utf-8")
    capsysbinary.readouterr()
    assert main(arguments(folder, "health-code", PERSON, "--document", "passport")) == 0
    holder = read(folder, capsysbinary.readouterr().out).holder
    assert holder is not None
    assert holder.pseudonym == FLEET.pseudonym(Document(DocumentType.PASSPORT, "E12345678"))
    assert main(arguments(folder, "health-code", PERSON, "--document", "resident_id")) == 2
    assert main(arguments(folder, "health-code", PERSON)) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": " "}, "name"),
        ({"colour": "green"}, "colour"),
        ({"code": {"colour": "blue", "as_of": "2022-06-18T07:50:00+08:00"}}, "blue"),
        ({"code": {"colour": "green", "as_of": "2022-06-18T07:50:00"}}, "as_of"),
        ({"code": {"colour": "green", "as_of": "2022-06-18T08:50:00+08:00"}}, "code[1]"),
        ({"tests": PERSON["tests"] * 4}, "tests"),  # type: ignore[operator]  # a list
        ({"tests": [PERSON["tests"][0] | {"reported_at": None}]}, "moment"),  # type: ignore[index]  # a list
        ({"birth_date": "1990-02-30"}, "birth_date"),
    ],
    ids=str,
)
def test_a_description_that_says_something_else_is_refused_where_it_is_wrong(
    folder: Path, change: dict[str, Any], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(folder, "health-code", PERSON | change)) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "张三" not in said


@pytest.mark.parametrize(
    "change",
    [
        {"hours": ["6", "22"]},
        {"hours": ["25:00", "26:00"]},
        {"zones": []},
        {"valid_to": "2022-06-18T07:00:00+08:00"},
        {"valid_from": "2022-06-26T00:00:00+08:00"},
        {"entries": -1},
    ],
    ids=str,
)
def test_so_is_one_of_a_permit(folder: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(folder, "permit", PERMIT | change)) == 2
    assert "gate issue permit: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("health-code", ["--minutes", "11"]),
        ("health-code", ["--minutes", "0"]),
        ("health-code", ["--printed", "8"]),
        ("health-code", ["--at", "2022-06-18T08:00:00"]),
        ("health-code", ["--signer", "/nowhere/pilot"]),
        ("health-code", ["--pseudonym-key", "/nowhere/key"]),
        ("health-code", ["--number-file", "/nowhere/number"]),
        ("health-code", ["--issuer", ""]),
        ("health-code", ["--issuer", "x" * 65]),
        ("health-code", ["--png", "/proc/code.png"]),
    ],
)
def test_options_that_make_no_code_say_why(
    folder: Path, what: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(arguments(folder, what, PERSON, *options)) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("options", [["--country", "CHN"], ["--country", "中国"], ["--days", "0"], ["--days", "9999"]])
def test_options_that_make_no_signer_say_why(tmp_path: Path, options: list[str]) -> None:
    assert main(["issue", "key", str(tmp_path / "x"), "--country", "CN", "--signs", "permit", *options]) == 2
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_signer_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["issue", "key", str(folder / "other"), "--country", "CN", "--signs", "permit"])
    key = folder / "pilot.key.pem"
    large = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for content, why in (
        ((folder / "other.key.pem").read_bytes(), "not the certificate"),
        (large.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "too large"),
        (b"no key", "is not what"),
    ):
        key.write_bytes(content)
        capsys.readouterr()
        assert main(arguments(folder, "health-code", PERSON)) == 2
        assert why in capsys.readouterr().err
