"""Health codes of fictional people: the issuers that come with the gate, codes of theirs, a provider that answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gate.app.check_files import HEALTH_CODES, load_issuers
from gate.credentials.code_issuers import CodeIssuer, load
from gate.credentials.id_number import check_character
from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.pseudonym import PseudonymKey
from gate.status.code_answer import read_answer
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.model import CodeReference

ISSUERS = {issuer.id: issuer for issuer in load_issuers(HEALTH_CODES)}
SHIPPED = Trusted(code_issuers=tuple(ISSUERS.values()))
NOW = Moment(datetime(2022, 4, 5, 8, 0, tzinfo=UTC), trusted=True)
KEY = PseudonymKey(bytes(32))

GUANGDONG = {"codeId": "0123456789abcdef" * 2, "zoning": "999999", "s": "fedcba9876543210" * 3}
NATIONAL = b"Kx7Qp2Lm9Rt4Vb6Nc1Zd"
SHANGHAI = b"https://suishenmafront1.sh.gov.cn/code/page?token=abcdefgh12345678"
SHANGHAI_TEXT = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg=="
CODES = {
    "gd-yuekang": json.dumps(GUANGDONG).encode(),
    "cn-national": NATIONAL,
    "sh-suishen": SHANGHAI,
}
"""One of each issuer."""

CITY_FILE = b"""\
id = "test-city"
assurance = "dynamic"
life_s = 60
time_zone = "Asia/Shanghai"

[[forms]]
kind = "url"
hosts = ["code.example.cn", "code2.example.cn"]
path = "/health/show"
place = "query"
parameter = "c"
token = { alphabet = "alphanumeric", length = [8, 40] }
made = { field = "t", form = "s" }

[[forms]]
kind = "url"
hosts = ["code.example.cn"]
path = "/h/"
place = "path"
token = { alphabet = "base64", length = [8, 40] }

[[forms]]
kind = "url"
hosts = ["code.example.cn"]
path = "/app"
place = "fragment"
token = { alphabet = "hex", length = 16 }

[[forms]]
kind = "json"
token = ["id"]
fields = { id = { alphabet = "digits", length = 12 } }
made = { field = "at", form = "digits" }

[[forms]]
kind = "text"
prefix = "JKM:"
token = { alphabet = "digits", length = [6, 18] }

[answers]
number = "who.number"
people = "result.people"
document_type = "who.kind"
document_types = { 1 = "resident_id", 2 = "passport" }
as_of = { field = "at", form = "local" }
outcome = { field = "code", ok = ["0", "ok"], expired = ["1"], not_found = ["2"] }
code = { field = "colour", colours = { G = "green", Y = "yellow", R = "red" } }
travel = { field = "travel", states = { 0 = false, 1 = true } }
pop_up = { field = "pop_up", states = { false = false, true = true } }
vaccination = { field = "doses", last_dose_at = { field = "dose_day", form = "local" } }

[answers.tests]
each = "tests"
result = "r"
results = { 1 = "negative", 2 = "positive", 3 = "pending" }
sampled_at = { field = "sampled", form = "ms" }
reported_at = { field = "reported", form = "local" }
"""
CITY = load(CITY_FILE)
"""An issuer with one of everything that an adapter can say."""
TRUSTING_CITY = Trusted(code_issuers=(CITY,))


def id_number(sequence: int) -> str:
    """Of a fictional citizen: region 999999 does not exist."""
    body = f"99999919900101{sequence:03}"
    return body + check_character(body)


def with_time(seconds_ago: float) -> bytes:
    """A code of the city, so old."""
    made = NOW.at - timedelta(seconds=seconds_ago)
    return f"https://code.example.cn/health/show?c=Abc12345&t={int(made.timestamp())}".encode()


def person(sequence: int, **changes: Any) -> dict[str, Any]:
    """What the city's provider says about somebody who is in order."""
    return {
        "who": {"number": id_number(sequence), "kind": 1},
        "at": "2022-04-05 15:59:00",
        "colour": "G",
        "travel": "0",
        "pop_up": False,
        "doses": 3,
        "dose_day": "2022-01-05",
        "tests": [{"r": 1, "sampled": ms(hours=10), "reported": "2022-04-05 08:00:00"}],
    } | changes


def ms(**ago: float) -> int:
    """A time so long before ``NOW``, as the city's provider writes them."""
    return int((NOW.at - timedelta(**ago)).timestamp() * 1000)


def answer(*people: dict[str, Any], code: object = 0) -> dict[str, Any]:
    """The whole answer."""
    return {"code": code, "result": {"people": list(people)}}


@dataclass
class Provider:
    """The other side of the network: raw JSON by token, as a city's gateway would hand it back."""

    issuer: CodeIssuer
    answers: dict[str, Any]
    at: datetime = NOW.at
    asked: list[CodeReference] = field(default_factory=list)

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        self.asked.append(reference)
        raw = json.loads(json.dumps(self.answers[reference.token]))
        people = read_answer(self.issuer, raw, self.at)
        return [Found(KEY.pseudonym(person.document), person.records) for person in people]
