"""Who passed a site: by two people, for a case, on record first; and in clear nowhere but where it was asked."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fleet_days import Days, days_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.days import daykeys, keyfiles, people
from fleet.days.retention import Keeping, drop
from fleet.errors import FleetError
from fleet.trace import answer, rows
from fleet.trace.question import Question, check
from gate.journal.sealing import seal
from gate.model import Document, DocumentType, Outcome, PassageResult
from gate.trust import sealing_keys
from gate.wire.message import encode
from gate.wire.passages import Passage, Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet.run import Ready

NUMBER = "999999199001010016"
TODAY = datetime.now(UTC).date()
DAY = TODAY - timedelta(1)
NOON = datetime.combine(DAY, time(12), UTC)
CASE, PURPOSE = "2026-0417", "contacts of a person who fell ill"
NAMES = ("li-wei", "wang-fang")


@pytest.fixture(scope="module")
def database(fleet_ready: Ready) -> Iterator[Days]:
    with days_database(fleet_ready) as days:
        yield days


@dataclass
class Place:
    """A site's rows, the keys of its days, and the people who have theirs."""

    days: Days
    folder: Path

    @property
    def keys(self) -> Path:
        return self.folder / "days"

    def passed(self, at: datetime = NOON, number: str | None = NUMBER, gate: str = "gate-7", **columns: Any) -> None:
        """Somebody did, with a card of that number; None: with a code that names nobody."""
        self.days.sql("SELECT make_day(%s)", at.date())
        id_ = f"{int(at.timestamp() * 1000):012x}"
        id_ = f"{id_[:8]}-{id_[8:]}-7000-8000-{os.urandom(6).hex()}"
        sealed = None
        if number is not None:
            key = sealing_keys.load(daykeys.for_gates(self.keys))[0].of(at.date())
            assert key is not None
            sealed = Sealed(key.id, seal((Document(DocumentType.RESIDENT_ID, number),), key, id_))
        usual: dict[str, Any] = {
            "seq": 1,
            "id": id_,
            "revision": 1,
            "at": at,
            "clock_trusted": True,
            "reader": "id-reader",
            "credential": "resident_id",
            "assurance": 80,
            "outcome": Outcome.PASS,
            "reasons": ("green_code",),
            "holder": bytes(16),
            "sealed": sealed,
        }
        row = Passage(**{**usual, **columns})
        self.days.row(at.date(), gate, at, encode(row), id=id_)

    def asked(
        self, *options: str, passphrases: tuple[str, ...] = NAMES, changes: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Ask at a screen; gives the exit code, what is on the screen, and what was said beside it."""
        usual = {
            "site": "station-north",
            "from": (NOON - timedelta(hours=1)).isoformat(),
            "until": (NOON + timedelta(hours=1)).isoformat(),
            "case": CASE,
            "purpose": PURPOSE,
            "keys": str(self.keys),
        }
        words = [word for name, value in {**usual, **(changes or {})}.items() for word in (f"--{name}", value)]
        keys = [word for name in NAMES for word in ("--key", str(self.folder / f"{name}.key"))]
        command = ["ask", *words, *(() if "--key" in options else keys), *options]
        return self.run(command, passphrases)

    def run(self, command: list[str], passphrases: tuple[str, ...], *, screen: bool = True) -> tuple[int, str, str]:
        ours, theirs = pty.openpty() if screen else os.pipe()
        done = subprocess.run(
            [sys.executable, "-m", "fleet", "trace", *command],
            input="".join(f"passphrase of {name}\n" for name in passphrases),
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "FLEET_DSN": self.days.ready.dsn},
        )
        os.write(theirs, b"\0")
        seen = b""
        while not seen.endswith(b"\0"):
            seen += os.read(ours, 65_536)
        os.close(ours)
        os.close(theirs)
        return done.returncode, seen.decode().replace("\r\n", "\n").rstrip("\0").replace("^@", ""), done.stderr


@pytest.fixture
def place(database: Days, tmp_path: Path) -> Place:
    database.anew()
    there = Place(database, tmp_path)
    two = [people.make(name, tmp_path, f"passphrase of {name}") for name in NAMES]
    daykeys.make(there.keys, [TODAY - timedelta(n) for n in range(40, -1, -1)], two)
    return there


def test_two_people_see_who_passed_and_it_is_on_record_first(place: Place) -> None:
    place.passed()
    place.passed(NOON + timedelta(minutes=59), "999999199001010024")
    place.passed(NOON + timedelta(hours=1), "999999199001010032")
    place.days.site("elsewhere")
    place.days.enrolled(f"away-{place.days.began}", "elsewhere")
    place.passed(NOON, "999999199001010040", f"away-{place.days.began}")
    code, screen, said = place.asked()
    assert (code, said) == (0, "")
    assert f"resident_id {NUMBER}" in screen
    assert "999999199001010024" in screen
    assert "010032" not in screen
    assert "010040" not in screen
    assert f"case {CASE}: {PURPOSE}" in screen
    assert "li-wei and wang-fang" in screen
    asked, opened = place.days.audited()
    assert asked[:2] == ("trace asked", "station-north")
    assert f"case {CASE}: {PURPOSE}" in asked[2]
    assert asked[2].endswith("to the screen")
    assert opened == ("trace opened", "station-north", f"case {CASE}; 2 passed, 2 opened")
    who = place.days.sql("SELECT DISTINCT who FROM audit WHERE id > %s", place.days.began)
    assert who == [("li-wei and wang-fang",)]


def test_what_was_opened_is_nowhere_but_on_the_screen(place: Place) -> None:
    place.passed()
    place.asked()
    tables = [name for (name,) in place.days.sql("SELECT relname FROM pg_class WHERE relkind = 'r'")]
    for table in tables:
        if not table.startswith(("pg_", "sql_")):
            assert place.days.sql(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE %s", f"%{NUMBER}%") == [], table  # noqa: S608
    for path in (*place.folder.rglob("*.key"), place.days.ready.claims_key.parent / "postgresql.log"):
        assert NUMBER.encode() not in path.read_bytes()


def test_an_answer_in_a_file_is_its_readers_alone(place: Place) -> None:
    place.passed()
    people.make("reader", place.folder, "passphrase of reader")
    file = place.folder / "answer"
    code, screen, _ = place.asked("--out", str(file), "--reader", str(place.folder / "reader.pub"))
    assert code == 0
    assert NUMBER not in screen
    assert NUMBER.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert place.days.audited()[0][2].endswith("to a file for reader")
    shown = place.run(["open", str(file), "--key", str(place.folder / "reader.key")], ("reader",))
    assert f"resident_id {NUMBER}" in shown[1]
    other = place.run(["open", str(file), "--key", str(place.folder / "li-wei.key")], ("li-wei",))
    assert other[0] == 1
    assert "this is no answer for li-wei" in other[2]
    code, _, said = place.asked("--out", str(file), "--reader", str(place.folder / "reader.pub"))
    assert (code, "is there already" in said) == (1, True)


def test_nothing_goes_into_a_pipe_or_a_file_in_clear(place: Place) -> None:
    place.passed()
    options = ["--site", "station-north", "--from", NOON.isoformat(), "--until", (NOON + timedelta(1)).isoformat()]
    keys = [word for name in NAMES for word in ("--key", str(place.folder / f"{name}.key"))]
    options += ["--case", CASE, "--purpose", PURPOSE, "--keys", str(place.keys), *keys]
    code, out, said = place.run(["ask", *options], NAMES, screen=False)
    assert (code, out) == (1, "")
    assert "this is no screen" in said
    assert [entry[0] for entry in place.days.audited()] == ["trace refused"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"until": (NOON + timedelta(hours=24)).isoformat()}, "at most 24 hours"),
        ({"until": (NOON - timedelta(hours=2)).isoformat()}, "it has to end after it begins"),
        ({"from": "2026-12-01T14:00"}, "needs its time zone"),
        ({"case": "none"}, "there is no number"),
        ({"purpose": "because"}, "the purpose has 10 to 300 characters"),
        ({"purpose": f"where was {NUMBER}?"}, "may not hold the number of a document"),
        ({"purpose": "two\nlines of purpose"}, "on one line"),
        ({"site": "nowhere"}, "there is no such site"),
    ],
)
def test_what_is_out_of_bounds_opens_nothing_and_is_on_record(place: Place, changes: dict[str, str], why: str) -> None:
    place.passed()
    code, screen, said = place.asked(changes=changes)
    assert code == 1
    assert why in said
    assert screen == ""
    assert place.days.audited()[-1][0] == "trace refused"
    assert NUMBER not in str(place.days.audited())


def test_one_person_alone_opens_nothing(place: Place) -> None:
    place.passed()
    one = str(place.folder / "li-wei.key")
    for options, passphrases, why in (
        (("--key", one), NAMES, "two people are needed"),
        (("--key", one, "--key", one), NAMES, "two people are needed"),
        ((), ("li-wei", "li-wei"), "that is not the passphrase"),
        ((), ("li-wei",), "the passphrase of wang-fang is missing"),
    ):
        code, screen, said = place.asked(*options, passphrases=passphrases)
        assert (code, screen) == (1, "")
        assert why in said
        assert place.days.audited()[-1][0] == "trace refused"
    people.make("zhao-min", place.folder, "passphrase of zhao-min")
    stranger = ("--key", one, "--key", str(place.folder / "zhao-min.key"))
    code, screen, said = place.asked(*stranger, passphrases=("li-wei", "zhao-min"))
    assert (code, screen) == (1, "")
    assert "is not one that li-wei and zhao-min can open together" in said


def test_past_its_time_nobody_opens_a_day(place: Place) -> None:
    old = datetime.combine(TODAY - timedelta(35), time(12), UTC)
    place.passed(old)
    place.days.confirmed()
    window = {"from": old.isoformat(), "until": (old + timedelta(hours=1)).isoformat()}
    assert NUMBER in place.asked(changes=window)[1]
    keyfiles.destroy(place.keys, old.date())
    code, screen, said = place.asked(changes=window)
    assert (code, screen) == (1, "")
    assert "1 passed, 0 opened; 1: the key of" in said
    assert "is destroyed" in said
    drop(Keeping(place.days.ready.dsn, place.keys), datetime.now(UTC))
    code, screen, said = place.asked(changes=window)
    assert (code, screen) == (1, "")
    assert "past their time: their keys are destroyed" in said


def test_of_whom_there_is_no_box_it_says_why(place: Place) -> None:
    place.passed()
    place.passed(number=None, holder=b"pseudonym-of-one")
    place.passed(number=None, marks=("unsealed",))
    place.passed(number=None, holder=None, clock_trusted=False)
    screen = place.asked()[1]
    assert "4 passed, 1 opened" in screen
    assert f"known by a pseudonym alone, {b'pseudonym-of-one'.hex()}" in screen
    assert "the gate had no key that day" in screen
    assert "the credential names nobody" in screen
    assert "the gate's clock was not trusted" in screen


def test_who_did_not_pass_is_not_opened(place: Place) -> None:
    place.passed()
    place.passed(number="999999199001010024", outcome=Outcome.REFER)
    place.passed(number="999999199001010032", withdrawn="the barrier did not open")
    place.passed(number="999999199001010040", passage=PassageResult.NOT_TAKEN)
    screen = place.asked()[1]
    assert "1 passed, 1 opened" in screen
    assert "99999919900101002" not in screen


def test_a_box_that_was_moved_to_another_row_does_not_open(place: Place) -> None:
    place.passed()
    body = place.days.sql("SELECT body FROM passages")[0][0]
    place.days.sql("UPDATE passages SET body = %s", body.replace(b"-7000-8000-", b"-7001-8000-"))
    code, screen, said = place.asked()
    assert (code, screen) == (1, "")
    assert "1: a sealed box does not open" in said


TEXTS = st.text(max_size=80)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine takes its time to make the first one
@given(TEXTS, TEXTS, st.datetimes(timezones=st.just(UTC)), st.timedeltas(-timedelta(2), timedelta(2)))
def test_a_question_is_within_its_bounds_or_refused(
    case: str, purpose: str, begins: datetime, lasts: timedelta
) -> None:
    try:
        asked = Question("site", begins, begins + lasts, case, purpose)
    except OverflowError:
        return
    try:
        check(asked)
    except FleetError:
        return
    assert timedelta(0) < lasts <= timedelta(hours=24)
    assert case.isprintable()
    assert len(purpose) >= 10


@given(st.text(max_size=300))
def test_an_answer_comes_back_whole_to_its_reader(content: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

    key = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    shut = answer.shut(content, people.Person("reader", key.public_key()))
    assert answer.read(shut, people.Unlocked("reader", key)) == content
    for wrong in (shut[:-1], shut + b"\0", b"", content.encode()):
        with pytest.raises(FleetError, match="no answer for"):
            answer.read(wrong, people.Unlocked("reader", key))


def test_nothing_that_steers_a_screen_gets_there() -> None:
    row = Passage(
        seq=1,
        id="01a22062-21e6-73fa-a3d6-c1c9748df209",
        revision=1,
        at=NOON,
        clock_trusted=True,
        reader="",
        credential="x",
        assurance=1,
        outcome=Outcome.PASS,
        reasons=(),
    )
    asked = Question("site\x1b[2J", NOON, NOON + timedelta(1), CASE, PURPOSE)
    shown = answer.text(asked, "two", [rows.Opened("gate", row, (("resident_id", "\x1b]0;x\a"),))])
    assert "\x1b" not in shown
    assert "\a" not in shown
