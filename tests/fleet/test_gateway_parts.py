"""The gateway's parts: answers of any kind, adapters of any kind, keys, quotas, the cache, and what is worse."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from province_rig import GREEN, RED
from province_rig import settings as city_settings
from vectors import ROOT

from fleet.errors import FleetError
from fleet.gateway import adapter as adapters
from fleet.gateway import cache as caches
from fleet.gateway.adapter import Quota
from fleet.gateway.cache import Cache
from fleet.gateway.config import load
from fleet.gateway.counts import Counts, What
from fleet.gateway.keys import ApiKey, load_key
from fleet.gateway.question import formed
from fleet.gateway.quota import Quotas
from fleet.gateway.reading import AHEAD, read
from fleet.gateway.together import WORSE, is_adverse, together
from fleet.gateway.trouble import Trouble, Unavailable
from gate.errors import CredentialFault
from gate.model import CodeRecord, Colour, Records

if TYPE_CHECKING:
    from pathlib import Path

    from gate.status.code_answer import Named

NOW = datetime(2022, 4, 5, 8, tzinfo=UTC)
FOLDER = ROOT / "config" / "gateway" / "interfaces"
COLOUR = adapters.load((FOLDER / "colour.toml").read_bytes(), "colour.toml")
NATIONAL = adapters.load((FOLDER / "national-code.toml").read_bytes(), "national-code.toml")
KEY = ApiKey("the city's own key")

said = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "RetCode": st.sampled_from(["0", 0, "1", "40017", "40019", 40017, "5"]) | said,
        "id": st.sampled_from([GREEN.number, RED.number]) | said,
        "status": st.sampled_from(["00", "01", "10", "0", 0]) | said,
        "time": st.sampled_from(["2022-04-05 16:00:00", "2022-04-05 17:00:00"]) | said,
    },
)


def about(answer: Any, status: int = 200) -> tuple[Named, ...]:
    return read(COLOUR, COLOUR.tables(), status, json.dumps(answer).encode(), NOW)


@settings(deadline=None)
@given(answers | said, st.sampled_from([200, 200, 200, 204, 302, 403, 429, 500, 503, 999]))
def test_nobody_is_green_but_by_a_whole_answer_that_says_so(answer: Any, status: int) -> None:
    try:
        people = about(answer, status)
    except (Unavailable, CredentialFault):
        return
    for person in people:
        for code in person.records.codes:
            assert code.as_of <= NOW + AHEAD
            if code.colour is Colour.GREEN:
                assert (status, str(answer["RetCode"]), answer["status"].strip()) == (200, "0", "00")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_answer(body: bytes) -> None:
    with pytest.raises(Unavailable):
        read(COLOUR, COLOUR.tables(), 200, body, NOW)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ({"RetCode": 40017}, Trouble.AGAIN),
        ({"RetCode": "40019"}, Trouble.MAINTENANCE),
        ({"RetCode": "1234"}, Trouble.NO_ANSWER),
        ({"id": GREEN.number, "status": "00"}, Trouble.NO_ANSWER),
        ({"RetCode": "0", "id": GREEN.number, "status": "00", "time": "2022-04-05 16:05:01"}, Trouble.CLOCK),
        ({"RetCode": "0", "id": GREEN.number, "status": "00", "time": "soon"}, Trouble.NO_ANSWER),
        (["RetCode", "0"], Trouble.GARBLED),
    ],
)
def test_codes_and_times_that_are_no_answer(answer: Any, trouble: Trouble) -> None:
    with pytest.raises(Unavailable) as fault:
        about(answer)
    assert fault.value.trouble is trouble


def test_a_person_whom_it_does_not_know_is_nobody() -> None:
    assert about({"RetCode": "1"}) == ()


def test_a_question_is_signed_as_its_adapter_says() -> None:
    question = formed(NATIONAL, KEY, GREEN.token, 1649145600.5, "abc")
    body = json.loads(question.body)
    text = f"city-gatewayabc1649145600{GREEN.token}"
    assert body["sign"] == hmac.digest(b"the city's own key", text.encode(), "sha256").hex()
    assert (body["authorizationCode"], body["time"]) == (GREEN.token, "1649145600")
    body = parse_qs(formed(COLOUR, KEY, GREEN.number, 1649145600.5, "abc").body.decode())
    text = "city-gatewaythe city's own key1649145600500"
    assert body["sign"] == [hashlib.sha256(text.encode()).hexdigest()]
    assert body["id"] == [GREEN.number]


@settings(deadline=None)
@given(st.text(max_size=40) | st.sampled_from(["{key}", "{app}{key}", "{nonce}"]))
def test_what_a_code_says_is_never_a_placeholder(token: str) -> None:
    body = json.loads(formed(NATIONAL, KEY, token.encode("utf-8", "replace").decode(), 0, "abc").body)
    assert body["authorizationCode"] == token.encode("utf-8", "replace").decode()
    assert KEY.reveal() not in str(body)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_file_is_an_adapter_or_refused_by_name(data: bytes) -> None:
    with pytest.raises(FleetError, match=r"here\.toml"):
        adapters.load(data, "here.toml")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('id = "{asked}"', 'id = "{key}"', "{key} can't stand there"),
        ('id = "{asked}"', 'id = "{app}"', "answer about nobody"),
        ('asked_by = "number"', 'asked_by = "code"', "issuer"),
        ('member = "sign"', 'member = "appKey"', "no member besides"),
        ("gate_a_minute", "gate_a_minutes", "gate_a_minute"),
        ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Nowhere"', "time_zone"),
        ("a_second = 400", "a_second = 0", "a_second"),
    ],
)
def test_a_wrong_adapter_is_refused_with_its_key(old: str, new: str, why: str) -> None:
    text = (FOLDER / "colour.toml").read_text("utf-8")
    assert old in text
    with pytest.raises(FleetError, match=why):
        adapters.load(text.replace(old, new).encode(), "colour.toml")


def test_a_key_that_others_could_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a key of the city\n")
    file.chmod(0o600)
    key = load_key(file)
    assert key.reveal() == "a key of the city"
    assert "city" not in repr(key)
    file.chmod(0o640)
    with pytest.raises(FleetError, match="chmod 600"):
        load_key(file)
    file.chmod(0o600)
    for content in (b"", b"\n", b"\xff\xfe", b"a" * 5000):
        file.write_bytes(content)
        with pytest.raises(FleetError, match="no key"):
            load_key(file)
    with pytest.raises(FleetError, match="can't be read"):
        load_key(tmp_path / "none")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gates": '["10.0.0.1/8"]'}, "host bits"),
        ({"gates": '["127.0.0.0/8", "10.0.0.0/8"]'}, "fleet gateway-key FILE"),
        ({"gates": '["0.0.0.0/0"]'}, "fleet gateway-key FILE"),
        ({"deadline_ms": "5000"}, "deadline_ms"),
        ({"address": '"http://192.0.2.1"'}, "https"),
        ({"address": '"https://192.0.2.1"'}, "CA file or pins"),
        ({"id": '"same"'}, "same is there twice"),
        ({"issuer": '"sh-nobody"'}, "sh-nobody"),
        ({"interfaces": '"nowhere"'}, "nobody to ask"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_key(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    with pytest.raises(FleetError, match=why):
        load(city_settings(tmp_path, 8790, **changes))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 10)), max_size=200))
def test_quotas_are_never_gone_over(asked: list[tuple[str, float]]) -> None:
    quotas, now = Quotas(Quota(a_second=2, at_once=10, gate_a_minute=6), 0.0), 0.0
    taken: list[tuple[str, float]] = []
    for gate, pause in asked:
        now += pause
        if quotas.take(gate, now) is None:
            taken.append((gate, now))
    assert len(taken) <= 10 + 2 * now
    for gate in "abc":
        assert sum(one == gate for one, _ in taken) <= 6 + now / 10


def test_a_gate_over_its_quota_takes_nothing_from_the_others() -> None:
    quotas = Quotas(Quota(a_second=1, at_once=3, gate_a_minute=1), 0.0)
    assert [quotas.take("a", 0.0) for _ in range(9)] == [None, *[Trouble.GATE_QUOTA] * 8]
    assert [quotas.take(gate, 0.0) for gate in "bcd"] == [None, None, Trouble.CITY_QUOTA]


def test_the_cache_forgets_by_age_and_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "MOST_ANSWERS", 2)
    monkeypatch.setattr(caches, "MOST_BYTES", 10)
    cache = Cache(5.0)
    cache.put(b"a", b"one", 0.0)
    cache.put(b"b", b"two", 1.0)
    assert [cache.get(key, 4.9) for key in (b"a", b"b")] == [b"one", b"two"]
    assert [cache.get(key, 5.0) for key in (b"a", b"b")] == [None, b"two"]
    cache.put(b"c", b"three", 5.0)
    cache.put(b"d", b"four", 5.0)
    assert [cache.get(key, 5.0) for key in (b"b", b"c", b"d")] == [None, b"three", b"four"]
    cache.put(b"e", b"too long for it", 5.0)
    assert len(cache) == 0
    cache.put(b"f", b"six", 5.0)
    cache.clear()
    assert cache.get(b"f", 5.0) is None


def records(*colours: Colour) -> list[Records]:
    return [
        Records(codes=(CodeRecord(f"system-{number}", NOW - timedelta(hours=number), colour),))
        for number, colour in enumerate(colours)
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(Colour), min_size=1, max_size=5))
def test_the_worst_of_several_colours_holds(colours: list[Colour]) -> None:
    one = together(records(*colours))
    assert {code.colour for code in one.codes} == {max(colours, key=WORSE.index)}
    assert max(code.as_of for code in one.codes) == NOW
    assert is_adverse(one) == any(colour not in {Colour.GREEN, Colour.UNKNOWN} for colour in colours)


def test_counts_are_kept_until_they_can_be_written(tmp_path: Path) -> None:
    counts = Counts(tmp_path / "there" / "counts")
    counts.count("10.20.0.7", What.ANSWERED, NOW)
    counts.write()
    (tmp_path / "there").mkdir()
    counts.count("10.20.0.7", What.ANSWERED, NOW)
    counts.write()
    counts.write()
    file = tmp_path / "there" / "counts"
    assert json.loads(file.read_text()) == {
        "hour": "2022-04-05T08Z",
        "gate": "10.20.0.7",
        "what": "answered",
        "count": 2,
    }
    assert file.stat().st_mode & 0o777 == 0o600
