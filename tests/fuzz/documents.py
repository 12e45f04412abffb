"""Targets: everything that reads a file that somebody wrote or published."""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from zoneinfo import ZoneInfo

from fuzz.codes import NOW, Signers
from fuzz.engine import Target
from fuzz.mutate import mutate_json
from gate import config
from gate.app import check_batch
from gate.app.permits import row as permit_row
from gate.app.permits.table import Table
from gate.errors import GateError
from gate.pseudonym import PseudonymKey
from gate.rules import cases, certlogic, orders, ruleset
from gate.rules.eu_rules import EuRules
from gate.status.file import StatusFile
from gate.status.permit_store import PermitListReader
from gate.trust.anchors import Anchors

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


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _certlogic(data: bytes) -> str:
    """``[expression, data]``; what can't be compiled has faults, and what has none can be compiled."""
    match _json(data):
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
    rules = EuRules.from_json(_json(data))
    for group in ("v", "t", "r"):
        for rule in rules.select("XX", _AT, {group: [{}]}):
            rule.holds({"payload": {group: [{"dn": 2, "dt": "2022-02-18"}]}, "external": {}})


def _orders(data: bytes) -> None:
    for order in orders.load(data):
        assert order.in_force(NOW) in {True, False}


def _status(data: bytes) -> None:
    StatusFile.open(_file(data))


def _config(data: bytes) -> None:
    config.load(_file(data), Path("/nowhere"))


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


_BATCH: Final = check_batch._Batch(check_batch.Defaults(Anchors(), None, NOW))
_BATCH._defaults.anchors.candidates = Signers().candidates  # type: ignore[method-assign]


def _line(data: bytes) -> str:
    if b"picture" in data or b"anchors" in data:  # no files are named by chance
        return "left out"
    answer = json.loads(_BATCH.answer(data.replace(b"\n", b" ")))
    return answer["error"][:40] if "error" in answer else f"{answer['reasons'][0]} {answer['detail']}"


_JSON: Final = (
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
    Target("certlogic", _certlogic, structure=mutate_json, tokens=_JSON, cost=6),
    Target("rule set", _rule_set, structure=mutate_json, tokens=_JSON, cost=14),
    Target("foreign rules", _eu_rules, structure=mutate_json, tokens=_JSON, cost=8),
    Target("orders", _orders, structure=mutate_json, tokens=_JSON, cost=8),
    Target("cases", cases.load_cases, structure=mutate_json, tokens=_JSON, cost=8),
    Target("status file", _status, structure=mutate_json, tokens=_JSON, cost=6),
    Target("permit table", _permit_table, tokens=_CSV, longest_s=0.4, cost=60),
    Target("permit list", _permit_list, cost=15),
    Target("configuration", _config, tokens=_TOML, cost=15),
    Target("signer list", Anchors.load, structure=mutate_json, tokens=_JSON, cost=4),
    Target("batch line", _line, (GateError,), structure=mutate_json, tokens=_JSON, cost=4),
)
