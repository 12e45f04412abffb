"""How long a certificate takes in ``gate check --batch``: a process of its own, lines in, answers out.

Each is looked up among as many revoked ones as the largest list known has.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from base64 import b64encode
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.hcert import CONTENT, NOW
from bench.revocation import ENTRIES, digests
from gate.credentials import hcert_issue
from gate.credentials.revocation import NameKind
from gate.trust import digest_lists, revocation_files, signer_certificate
from gate.trust.revocation_files import PublishedList

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES: Final = 10
_PIECE: Final = 1000
"""Certificates timed together."""
_DISTINCT: Final = 100

_AGE: Final = {"plusTime": [{"var": "payload.v.0.dt"}, 365, "day"]}
_NOW: Final = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
LOGIC: Final[tuple[Any, ...]] = (
    {"not-after": [_NOW, _AGE]},
    {"===": [{"var": "payload.v.0.tg"}, "840539006"]},
    {"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1507", "EU/1/20/1525", "EU/1/20/1528", "EU/1/21/1529"]]},
    {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
    {"and": [{">": [{"var": "payload.v.0.dn"}, 0]}, {"<": [{"var": "payload.v.0.sd"}, 10]}]},
)
"""Of the kinds that countries had in production: dates, codes, lists, doses."""


def microseconds_each(pieces: int) -> list[float]:
    """The mean of each of so many pieces; the start of the process is left out, all else is in."""
    key, certificate = hcert_issue.throwaway_signer("AT", NOW - timedelta(days=30))
    key_id = signer_certificate.key_id(certificate)
    expires = NOW + timedelta(days=365)
    codes = [
        hcert_issue.issue(CONTENT | {"dob": f"19{number:02}-02-26"}, key, key_id, "AT", NOW, expires)
        for number in range(_DISTINCT)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            "anchors.json": {"anchors": [{"certificate": b64encode(certificate).decode()}]},
            "rules.json": [_rule(number) for number in range(RULES)],
        }
        for file, content in files.items():
            (folder / file).write_bytes(msgspec.json.encode(content))
        _write_revocations(folder / "revoked")
        with (folder / "lines").open("wb") as lines:
            lines.writelines(
                msgspec.json.encode({"id": number, "text": codes[number % _DISTINCT]}) + b"\n"
                for number in range((pieces + 1) * _PIECE)
            )
        moments = list(_moments(folder))
    return [(after - before) / _PIECE * 1e6 for before, after in pairwise(moments)]


def _moments(folder: Path) -> Iterator[float]:
    """When each piece had been answered."""
    files = ["--anchors", str(folder / "anchors.json"), "--rules", str(folder / "rules.json")]
    files += ["--revoked", str(folder / "revoked")]
    at = (NOW + timedelta(hours=1)).isoformat()
    command = [sys.executable, "-P", "-m", "gate", "check", "--batch", *files, "--at", at]
    with (
        (folder / "lines").open("rb") as lines,
        subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE) as process,  # noqa: S603 - our own program
    ):
        for number, answer in enumerate(process.stdout or (), 1):
            if b'"outcome":"pass"' not in answer:
                raise RuntimeError("a certificate of the measurement does not pass")
            if number % _PIECE == 0:
                yield perf_counter()


def _write_revocations(folder: Path) -> None:
    """As many entries as the largest list known, and a list of another kind: both are asked for every certificate."""
    listed = [
        PublishedList((NameKind.UCI,), "hashes", 1, digest_lists.whole(digests(ENTRIES), 1)),
        PublishedList((NameKind.SIGNATURE,), "hashes", 1, digest_lists.whole(digests(1000), 1)),
    ]
    folder.mkdir()
    for name, data in revocation_files.files({"AT": listed}, NOW, NOW + timedelta(days=2)).items():
        (folder / name).write_bytes(data)


def _rule(number: int) -> dict[str, Any]:
    return {
        "Identifier": f"VR-AT-{number:04}",
        "Type": "Acceptance",
        "Country": "AT",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "1.3.3",
        "CertificateType": "Vaccination",
        "Description": [{"lang": "en", "desc": "A rule of the measurement"}],
        "ValidFrom": "2021-01-01T00:00:00Z",
        "ValidTo": "2030-01-01T00:00:00Z",
        "AffectedFields": ["v.0"],
        "Logic": LOGIC[number % len(LOGIC)],
    }
