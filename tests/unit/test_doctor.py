"""``gate doctor``: what gets out, what does not, and that it works where everything else is broken."""

from __future__ import annotations

import base64
import binascii
import errno
import gzip
import json
import os
import re
import sqlite3
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import AT, dynamic, limited, passage
from permit_lists import number, row, table

from gate.__main__ import main
from gate.app import doctor
from gate.app.demo.certificates import own
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.app.doctor import words
from gate.app.doctor.collect import PARTS, collect
from gate.app.logs import line
from gate.config_file import load
from gate.credentials import resident_id
from gate.journal.store import Journal
from gate.model import Outcome, PassageResult
from gate.presentation_id import new_presentation_id
from gate.pseudonym import load_or_make_key

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "tok-5f1d0c3b9a8e7d6c"  # noqa: S105 - stands for one
PASSWORD = "correct-horse-9"  # noqa: S105 - as above
ANNA = "Anna Schmidtkowska"
TELEPHONE = "13800138000"
NUMBER = number(1)
WORDS = words.own()


class Shift:
    """A gate after a shift of fictional people, and everything about them that must not get out."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self.config = install(CONFIG, self.state)
        text = self.config.read_text("utf-8").replace("[status]", '[status]\npermits = "permits.sqlite"')
        text += f"\n# ask {ANNA}, {TELEPHONE}\n"
        config = load(self.config, self.state)
        assert config.demo is not None
        self._people = people(config.demo.clock)
        fill(config, self._people, own(config.demo.clock))
        self._key = load_or_make_key(config.status.key)
        self.config.write_text(text, "utf-8")
        permits = table([row(1, id="TX-77001", sponsor=ANNA), row(2, name=ANNA)])
        (self.state / "list.csv").write_bytes(permits)
        assert main(["permits", "import", str(self.state / "list.csv"), *self.places]) == 0
        self.ids = [new_presentation_id() for _ in range(8)]
        self._record()
        (self.state / f"{number(4)}-{ANNA}.bak").touch()

    @property
    def places(self) -> list[str]:
        return ["--config", str(self.config), "--state", str(self.state)]

    def spoil(self) -> None:
        """Write settings into the configuration that the gate does not know."""
        with self.config.open("a", encoding="utf-8") as file:
            file.write(f'\n[kiosk]\ntoken = "{TOKEN}"\n')
            file.write(f'\n[gateway]\ntoken = "{TOKEN}"\n"{number(3)}" = "{ANNA}"\n')

    def _record(self) -> None:
        journal = Journal(self.state / "journal.sqlite")
        journal.open()
        for at, (presentation, holder) in enumerate(zip(self.ids, self._pseudonyms(), strict=False)):
            outcome = Outcome.PASS if at % 2 else Outcome.REFER
            person = passage(outcome, id=presentation, holder=holder, code=dynamic(77 + at), permit=limited("TX-77001"))
            journal.record(person).result()
        journal.complete(self.ids[1], PassageResult.PASSED).result()
        journal.close()

    def _holders(self) -> Iterator[Any]:
        for person in self._people.values():
            holder = resident_id.parse(person.block).holder
            if holder is not None and holder.document is not None:
                yield holder

    def _pseudonyms(self) -> list[bytes]:
        return [self._key.pseudonym(holder.document) for holder in self._holders()]

    def log(self) -> list[str]:
        """As the daemon writes it, and as no part of it ever should."""
        holder = next(self._holders())
        name, digits, pseudonym = holder.name, holder.document.number, self._pseudonyms()[0]
        return [
            "INFO gate " + line("ready", screen="http://127.0.0.1:8765/", readers=["id-reader", "gun"]),
            "INFO gate "
            + line("presentation", id=self.ids[0], reader="id-reader", outcome="refer", decision_ms=2.5, commit_ms=7.0),
            "INFO gate " + line("passage", id=self.ids[1], result="passed"),
            "ERROR gate " + line("record-failed", id=self.ids[2], why=f"disk I/O error beside {name} {digits}"),
            f"WARNING gate stranger {name} {digits} {ANNA} {TELEPHONE} +86 138-0013-8000 {pseudonym.hex()}",
            f"WARNING gate {pseudonym.hex(' ')} {base64.b64encode(pseudonym).decode()} token={TOKEN} {PASSWORD}",
            "ERROR gate " + line("status-refused", why=f"{digits}: {name}"),
            "\n".join(
                [
                    "Traceback (most recent call last):",
                    '  File "gate/app/run.py", line 61, in run',
                    f"KeyError: {digits}",
                ]
            ),
        ]

    def secrets(self) -> set[bytes]:
        key = (self.state / "pseudonym.key").read_bytes()
        blobs = {key, *self._pseudonyms(), *(dynamic(77 + at).digest for at in range(8))}
        texts = {ANNA, "Schmidtkowska", TOKEN, PASSWORD, TELEPHONE, "0013-8000", "TX-77001", *self.ids}
        for holder in self._holders():
            texts |= {holder.document.number, holder.document.number[-12:]} | ({holder.name} if holder.name else set())
        texts |= {json.dumps(text)[1:-1] for text in texts}
        texts |= {form for blob in blobs for form in (blob.hex(), blob.hex(" "), base64.b64encode(blob).decode())}
        return blobs | {text.encode() for text in texts} | {text.upper().encode() for text in texts}


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shift:
    made = Shift(tmp_path)
    journal_says(tmp_path, made.log(), monkeypatch)
    capsys.readouterr()
    return made


def journal_says(folder: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a journalctl there that knows these messages."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    stamp = str(int(AT.timestamp() * 1e6))
    rows = [
        json.dumps({"__REALTIME_TIMESTAMP": stamp, "_SYSTEMD_UNIT": "gate.service", "MESSAGE": one}) for one in messages
    ]
    (tools / "lines").write_text("\n".join([*rows, "{broken", '{"MESSAGE": 1}']), "utf-8")
    (tools / "journalctl").write_text(f"#!/bin/sh\ncat {tools}/lines\n", "utf-8")
    (tools / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")


def parts(bundle: Path) -> dict[str, str]:
    with tarfile.open(bundle) as tar:
        return {
            Path(member.name).name: opened.read().decode()
            for member in tar.getmembers()
            if (opened := tar.extractfile(member)) is not None
        }


def decoded(content: bytes) -> Iterator[bytes]:
    """The bytes, and whatever in them is bytes in another guise."""
    yield content
    for run in re.findall(rb"(?:[0-9a-fA-F]{2}[ :]?){6,}", content):
        yield bytes.fromhex(run.decode().replace(":", " "))
    for run in re.findall(rb"[A-Za-z0-9+/_=-]{8,}", content):
        for cut in range(4):
            body = run[cut:].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
            try:
                yield base64.b64decode(body[: len(body) // 4 * 4])
            except binascii.Error:
                continue


@pytest.mark.parametrize("spoiled", [False, True])
def test_no_byte_of_the_bundle_tells_who_was_there(shift: Shift, tmp_path: Path, spoiled: bool) -> None:
    if spoiled:
        shift.spoil()
    out = tmp_path / "bundle.tar.gz"
    assert main(["doctor", "--out", str(out), *shift.places]) == 0
    raw = out.read_bytes()
    told = b"".join(text.encode() for text in parts(out).values())
    for content in (raw, gzip.decompress(raw), told):
        for guise in decoded(content):
            assert not [secret for secret in shift.secrets() if secret in guise]


def test_the_search_itself_finds_what_is_hidden(shift: Shift) -> None:
    """Were a pseudonym in the bundle in any guise, the test above would say so."""
    secret = next(secret for secret in shift.secrets() if len(secret) == 16)
    for hidden in (secret, secret.hex().encode(), secret.hex(":").encode(), base64.urlsafe_b64encode(b"??" + secret)):
        assert any(secret in guise for guise in decoded(b"x=" + hidden))


def test_it_tells_what_support_needs(shift: Shift, tmp_path: Path) -> None:
    out = tmp_path / "bundle.tar.gz"
    main(["doctor", "--out", str(out), *shift.places])
    told = parts(out)
    assert "gate 0." in told["versions.txt"]
    assert 'driver = "idcard"' in told["configuration.toml"]
    assert "rule set station-48h version" in told["bundles.txt"]
    assert "trust bundle: targets version 1" in told["bundles.txt"]
    assert re.search(r"^ +4 pass green_code$", told["journal.txt"], re.MULTILINE)
    assert re.search(r"^ +1 passage passed$", told["journal.txt"], re.MULTILINE)
    assert "ready screen=" in told["log.txt"]
    assert "record-failed" in told["log.txt"]
    assert "disk I/O error" in told["log.txt"]
    assert 'File "gate/app/run.py", line 61, in run' in told["log.txt"]
    assert "presentation" not in told["log.txt"].partition("\n\n")[2]
    assert "decision_ms: 1 presentations, median 2" in told["log.txt"]
    assert "uid" in told["disk.txt"]
    assert "floor 2026-" in told["clock.txt"]
    assert "shown right since the start by" in told["clock.txt"]


def test_settings_that_the_gate_does_not_know_are_left_out(shift: Shift, capsys: pytest.CaptureFixture[str]) -> None:
    shift.spoil()
    assert main(["doctor", "--show", *shift.places]) == 0
    said = capsys.readouterr().out
    assert "[(unknown key)]" in said
    assert '"(unknown key)" = "(left out)"' in said
    assert TOKEN not in said
    assert ANNA not in said
    assert 'unknown key "gateway"' in said, "what is wrong is told without its name"


def test_show_writes_nothing(shift: Shift, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert main(["doctor", "--show", *shift.places]) == 0
    said = capsys.readouterr().out
    assert "journal.txt" in said
    assert "counts by outcome and reason" in said
    assert sorted(tmp_path.rglob("*")) == before, "not even beside the journal"


def test_it_works_on_a_machine_that_has_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "x.tar.gz"
    missing = ["--config", str(tmp_path / "none.toml"), "--state", str(tmp_path / "none")]
    assert main(["doctor", "--out", str(out), *missing]) == 0
    assert "written" in capsys.readouterr().out
    told = parts(out)
    assert "can't be read: No such file" in told["configuration.toml"]
    assert told["journal.txt"] == "there is no journal\n"


@pytest.mark.parametrize("content", [b"[[[", b"\xff\xfe", b"a = " + b"[" * 5000, b"x" * 300_000, b"readers = 5"])
def test_it_works_with_a_broken_configuration(shift: Shift, tmp_path: Path, content: bytes) -> None:
    shift.config.write_bytes(content)
    out = tmp_path / "x.tar.gz"
    assert main(["doctor", "--out", str(out), *shift.places]) == 0
    assert "4 pass green_code" in parts(out)["journal.txt"]


def test_it_works_with_a_damaged_journal(shift: Shift, tmp_path: Path) -> None:
    (shift.state / "journal.sqlite").write_bytes(f"{ANNA} {number(1)} ".encode() * 4000)
    out = tmp_path / "x.tar.gz"
    assert main(["doctor", "--out", str(out), *shift.places]) == 0
    assert parts(out)["journal.txt"] == "the journal can't be read: SQLITE_NOTADB\n"
    assert "gate 0." in parts(out)["versions.txt"]


def test_words_that_somebody_wrote_into_the_journal_are_not_told(shift: Shift, tmp_path: Path) -> None:
    db = sqlite3.connect(shift.state / "journal.sqlite")
    with db:
        db.execute("UPDATE passages SET outcome = ?, reasons = ?, passage = ?", (ANNA, f'["{ANNA}"]', ANNA))
    db.close()
    out = tmp_path / "x.tar.gz"
    assert main(["doctor", "--out", str(out), *shift.places]) == 0
    assert "8 (other) (other)" in parts(out)["journal.txt"]
    assert ANNA not in parts(out)["journal.txt"]


def test_a_full_disk_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: Path, __: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(doctor, "_write", full)
    assert main(["doctor", "--out", str(tmp_path / "x"), "--state", str(tmp_path), "--config", str(tmp_path)]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_a_file_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("mine", "utf-8")
    assert main(["doctor", "--out", str(tmp_path / "x"), "--state", str(tmp_path)]) == 1
    assert "File exists" in capsys.readouterr().err
    assert (tmp_path / "x").read_text("utf-8") == "mine"


def test_a_part_that_fails_does_not_keep_the_others_back(
    shift: Shift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [(name, what, "gate.app.no_such:thing" if name == "bundles.txt" else to) for name, what, to in PARTS]
    monkeypatch.setattr(sys.modules[collect.__module__], "PARTS", tuple(broken))
    out = tmp_path / "x.tar.gz"
    assert main(["doctor", "--out", str(out), *shift.places]) == 0
    assert parts(out)["bundles.txt"].startswith("could not be found out: ModuleNotFoundError")
    assert "green_code" in parts(out)["journal.txt"]


@given(st.text())
def test_what_gets_through_is_one_line_of_known_words(text: str) -> None:
    shown = WORDS.only(text)
    assert shown.isprintable()
    assert not re.search(r"\d{6}", shown)
    assert all(
        len(word) <= 2 or word in WORDS.known or word.isdecimal() for word in re.findall(r"[A-Za-z0-9_]{3,}", shown)
    )


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        " ".join(NUMBER),
        f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
        TELEPHONE,
        "138 0013 8000",
        ANNA,
        "张三",
        "\\u5f20\\u4e09",
        "E12345678",
        "1990-01-01",
        "a1 b2 c3 d4",
    ],
)
def test_names_and_numbers_do_not_get_through(text: str) -> None:
    assert not set(re.findall(r"\w{3,}", WORDS.only(f"why={text}"))) - {"why", "999", "990", "199"}


def test_passwords_in_addresses_and_long_numbers_are_masked() -> None:
    assert words.masked(f"https://gate:{PASSWORD}@host/x?token={TOKEN}") == "https://…@host/x?…"
    assert words.masked(f"/dev/x-{number(1)}-y") == "/dev/x-…-y"
