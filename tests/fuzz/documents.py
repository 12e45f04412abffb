"""Targets: everything that reads a file that somebody wrote or published."""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from zoneinfo import ZoneInfo

from health_codes import CITY, ISSUERS

from fuzz.codes import NOW, TRUSTED
from fuzz.engine import Target
from fuzz.mutate import mutate_json
from gate import config_file
from gate.app import check_batch
from gate.app.issue import description
from gate.app.permits import row as permit_row
from gate.app.permits.table import Table
from gate.credentials import code_issuers, signed_health_code, signed_permit
from gate.credentials.signed_content import Issue
from gate.errors import GateError
from gate.model import Holder
from gate.pseudonym import PseudonymKey
from gate.rules import cases, certlogic, orders, ruleset
from gate.rules.eu_rules import EuRules
from gate.status.code_answer import MOST_HOLDERS, read_answer
from gate.status.file import StatusFile
from gate.status.permit_store import PermitListReader
from gate.trust.anchors import Anchors
from gate.trust.card_issuers import HealthCardIssuers

_MEMORY: Final = os.memfd_create("fuzzed")
_FILE: Final = Path(f"/proc/self/fd/{_MEMORY}")
_AT: Final = datetime(2022, 10, 1, tzinfo=UTC)
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_IN_MEMORY: Final = Path(mkdtemp(dir="/dev/shm"))
atexit.register(shutil.rmtree, _IN_MEMORY, ignore_errors=True)
_LIST: Final = _IN_MEMORY / "permits.sqlite"  # SQLite opens names only
_LIST_KEY: Final = PseudonymKey(bytes(32))


def _file(data: bytes) -> Path:
    """A file with this content, in memory."""
    os.ftruncate(_MEMORY, 0)
    os.pwrite(_MEMORY, data, 0)
    return _FILE


def read_json(data: bytes) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _certlogic(data: bytes) -> str:
    """``[expression, data]``; what can't be compiled has faults, and what has none can be compiled."""
    match read_json(data):
        case [expression, facts]:
            issues = certlogic.validate(expression)
            rule = certlogic.compile(expression)
            assert not issues
            certlogic.paths(expression)
            return type(rule(facts)).__name__
        case _:
            return "no pair"


def _rule_set(data: bytes) -> None:
    found = ruleset.load(data)
    assert ruleset.accept(found, data, NOW).digest == found.digest


def _eu_rules(data: bytes) -> None:
    rules = EuRules.from_json(read_json(data))
    for group in ("v", "t", "r"):
        for rule in rules.select("XX", _AT, {group: [{}]}):
            rule.holds({"payload": {group: [{"dn": 2, "dt": "2022-02-18"}]}, "external": {}})


def _orders(data: bytes) -> None:
    for order in orders.load(data):
        assert order.in_force(NOW) in {True, False}


def _status(data: bytes) -> None:
    StatusFile.open(_file(data))


def _description(data: bytes) -> str:
    """What ``gate issue`` is told to sign; whatever fits the form is signed or refused."""
    holder = Holder("甲", pseudonym=bytes(16))
    issue = Issue("example-city", _AT, _AT + timedelta(days=7), bytes(16))
    if b'"zones"' in data:
        _, said = description.permit(_file(data), issue.issuer, _AT)
        return str(len(signed_permit.claims(holder, said, issue)))
    person, records = description.health_code(_file(data), issue.issuer, _AT)
    return str(len(signed_health_code.claims(replace(holder, birth_date=person.birth_date), records, issue)))


def _config(data: bytes) -> None:
    config_file.load(_file(data), Path("/nowhere"))


def _answer(data: bytes) -> str:
    """``[issuer, answer]``."""
    match read_json(data):
        case [str(name), dict(raw)]:
            named = read_answer(CITY if name == CITY.id else ISSUERS.get(name, CITY), raw, NOW.at)
            assert 1 <= len(named) <= MOST_HOLDERS
            return f"{len(named)} {named[0].records.codes}"
        case _:
            return "no pair"


def _permit_table(data: bytes) -> str:
    """A table that staff made, every row of it; what is wrong with one is an answer."""
    answers = []
    for one in Table(io.BytesIO(data), len(data)).rows():
        found = permit_row.read(one.cells, _ZONE, _AT) if not one.fault else None
        answers.append(found.texts[0] if isinstance(found, permit_row.Faults) else one.fault[:30] or "good")
    return " ".join(sorted(set(answers)))


def _permit_list(data: bytes) -> str:
    """The list that the gate made of one, on a card that has gone bad."""
    _LIST.write_bytes(data)
    found = PermitListReader(_LIST, _LIST_KEY)
    try:
        return str(sum(1 for _ in found.everything()))
    finally:
        found.close()


_BATCH: Final = check_batch._Batch(check_batch.Defaults(TRUSTED, None, NOW))


def _line(data: bytes) -> str:
    if b"picture" in data or b"anchors" in data:  # no files are named by chance
        return "left out"
    answer = json.loads(_BATCH.answer(data.replace(b"\n", b" ")))
    return answer["error"][:40] if "error" in answer else f"{answer['reasons'][0]} {answer['detail']}"


def _card_issuers(data: bytes) -> str:
    return " ".join(HealthCardIssuers.load(data).notes)[-60:]


JSON_TOKENS: Final = (
    b"\\ud800",
    b"1e999",
    b"NaN",
    b"-0",
    b"[" * 200,
    b'{"a":' * 200,
    b'"',
    b"\xff",
    b"9" * 5000,
    b"\xef\xbb\xbf",
)
_CSV: Final = (
    *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\0", b"=1+1", b"'"),
    *(b"4.40E+17", b"2021/6/18 24:00", "08:00至18:00".encode(), "；".encode("gb18030"), b"\xff\xfe"),
)
_TOML: Final = (
    b"[",
    b"[[",
    b'"""',
    b"'''",
    b" = ",
    b"\n",
    b"\\u0000",
    b"1979-05-27T07:32:00Z",
    b"0x",
    b"{" * 50,
    b"inf",
)

TARGETS: Final = (
    Target("certlogic", _certlogic, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
    Target("rule set", _rule_set, structure=mutate_json, tokens=JSON_TOKENS, cost=14),
    Target("foreign rules", _eu_rules, structure=mutate_json, tokens=JSON_TOKENS, cost=8),
    Target("orders", _orders, structure=mutate_json, tokens=JSON_TOKENS, cost=8),
    Target("cases", cases.load_cases, structure=mutate_json, tokens=JSON_TOKENS, cost=8),
    Target("status file", _status, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
    Target("description", _description, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
    Target("permit table", _permit_table, tokens=_CSV, longest_s=0.4, cost=60),
    Target("permit list", _permit_list, cost=15),
    Target("configuration", _config, tokens=_TOML, cost=15),
    Target("code issuer", code_issuers.load, tokens=_TOML, cost=15),
    Target("code answer", _answer, structure=mutate_json, tokens=JSON_TOKENS, cost=4),
    Target("signer list", Anchors.load, structure=mutate_json, tokens=JSON_TOKENS, cost=4),
    Target("card issuers", _card_issuers, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
    Target("batch line", _line, (GateError,), structure=mutate_json, tokens=JSON_TOKENS, cost=4),
)
