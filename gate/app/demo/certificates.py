"""The certificates of the demonstration: official EU test certificates, or our own where those are not at hand.

The official ones (``$GATE_VECTORS/dcc``, else ``../shared/vectors/dcc`` beside the checkout) were made in 2021 and
have expired since, so the demonstration's clock stands at a morning of June 2021. Our own are signed at each start
with a throw-away key that nobody else believes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gate.app.demo.city_codes import CityCodes
from gate.credentials.hcert_issue import issue, throwaway_signer
from gate.model import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHECKOUT: Final = Path(__file__).resolve().parents[3]
_PASS: Final = (Outcome.PASS, Reason.CERTIFICATE_VALID)
_RULES: Final = (Outcome.REFER, Reason.CERTIFICATE_RULES)
_EXPIRED: Final = (Outcome.REFER, Reason.CERTIFICATE_EXPIRED)
_FORGED: Final = (Outcome.REFER, Reason.CERTIFICATE_FORGED)
_REVOKED: Final = (Outcome.REFER, Reason.CERTIFICATE_REVOKED)
_STRANGER: Final = (Outcome.REFER, Reason.CERTIFICATE_ISSUER_UNKNOWN)
_BROKEN: Final = (Outcome.RETRY, Reason.CODE_UNREADABLE)
_NOT_OURS: Final = (Outcome.RETRY, Reason.CODE_UNRECOGNISED)


@dataclass(frozen=True, slots=True)
class DemoCertificate:
    """One code to hold up, and what has to come of it."""

    key: str
    names: Mapping[str, str]
    text: str
    picture: bytes | None
    """PNG of the code; None: rendered from the text when it is to be held to the camera."""
    reader: str
    expected: tuple[Outcome, Reason]


@dataclass(frozen=True, slots=True)
class Certificates:
    """The codes, and the signers that the demonstration's gate is told to believe."""

    source: str
    codes: tuple[DemoCertificate, ...]
    signers: tuple[bytes, ...]
    """X.509 certificates in DER."""
    city: CityCodes
    """What the city signs itself."""

    @property
    def revoked(self) -> tuple[str, ...]:
        """Those that their issuers have taken back."""
        return tuple(code.text for code in self.codes if code.expected == _REVOKED)


_OFFICIAL: Final = (
    ("DE/2DCode/raw/1.json", "camera", _PASS, "德国接种，两剂", "German vaccination, 2 of 2"),
    ("AT/2DCode/raw/2.json", "camera", _PASS, "奥地利康复", "Austrian recovery"),
    ("SE/2DCode/raw/3.json", "camera", _PASS, "瑞典核酸，六十三小时前", "Swedish test, 63 hours old"),
    ("SE/2DCode/raw/1.json", "gun", _PASS, "瑞典接种，两剂", "Swedish vaccination, 2 of 2"),
    ("IT/2DCode/raw/2.json", "gun", _REVOKED, "意大利康复，已撤销", "Italian recovery, revoked since"),
    ("FR/2DCode/raw/DGC_QrCode_00008_Raw.json", "camera", _PASS, "法国接种，两剂", "French vaccination, 2 of 2"),
    ("DE/2DCode/raw/4.json", "gun", _RULES, "德国接种，只有一剂", "German vaccination, 1 of 2"),
    ("DE/2DCode/raw/2.json", "camera", _RULES, "德国核酸，十九天前", "German test, 19 days old"),
    ("FR/2DCode/raw/DCC_Test_0003.json", "gun", _EXPIRED, "法国证书，昨天过期", "French, expired yesterday"),
    ("common/2DCode/raw/CO17.json", "camera", _EXPIRED, "三年前过期", "Expired three years ago"),
    ("common/2DCode/raw/CO5.json", "camera", _FORGED, "签名不符", "Forged: signature does not fit"),
    ("common/2DCode/raw/CO22.json", "gun", _STRANGER, "签发者不明", "Signer that nobody knows"),
    ("common/2DCode/raw/B1.json", "camera", _BROKEN, "编码损坏", "Broken: characters that can't be"),
    ("common/2DCode/raw/Z1.json", "gun", _BROKEN, "压缩损坏", "Broken: compression"),
    ("common/2DCode/raw/H1.json", "gun", _NOT_OURS, "别种代码", "A code of another kind"),
)


def certificates(now: datetime) -> Certificates:
    """The official certificates where they are at hand, else our own."""
    base = Path(os.environ.get("GATE_VECTORS", _CHECKOUT.parent / "shared" / "vectors"))
    folder = base / "dcc" / "vectors"
    return official(folder, now) if folder.is_dir() else own(now)


def official(folder: Path, now: datetime) -> Certificates:
    """The chosen ones of the EU's test certificates."""
    codes, signers = [], []
    for number, (path, reader, expected, zh, en) in enumerate(_OFFICIAL, 1):
        vector: dict[str, Any] = json.loads((folder / path).read_text(encoding="utf-8"))
        official_picture = reader == "camera" and "2DCODE" in vector
        picture = base64.b64decode(vector["2DCODE"]) if official_picture else None
        names = {"zh-CN": zh, "en": en}
        codes.append(DemoCertificate(f"eu-{number}", names, vector["PREFIX"], picture, reader, expected))
        if expected is not _STRANGER:
            signers.append(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"]))
    return Certificates("official EU test certificates", tuple(codes), tuple(dict.fromkeys(signers)), CityCodes(now))


def own(now: datetime) -> Certificates:
    """Certificates of our own making that show the same outcomes."""
    key, der = throwaway_signer("XX", now - timedelta(days=30))
    stranger, _ = throwaway_signer("XX", now - timedelta(days=30))
    key_id = _key_id(der)
    soon, ago = now + timedelta(days=30), now - timedelta(days=20)

    def sign(payload: dict[str, Any], *, until: datetime = soon) -> str:
        return issue(payload, key, key_id, "XX", ago, until)

    good = sign(vaccination(now, 2))
    other = issue(vaccination(now, 2), stranger, _key_id(b"nobody"), "XX", ago, soon)
    forged = issue(vaccination(now, 2), stranger, key_id, "XX", ago, soon)
    rows = (
        (good, "camera", _PASS, "接种，两剂", "Vaccination, 2 of 2"),
        (sign(recovery(now, 60)), "camera", _PASS, "康复，六十天前", "Recovery, 60 days ago"),
        (sign(nucleic_acid(now, 20)), "camera", _PASS, "核酸，二十小时前", "Test, 20 hours old"),
        (sign(vaccination(now, 3)), "gun", _PASS, "接种，三剂", "Vaccination, 3 of 2"),
        (sign(nucleic_acid(now, 71)), "gun", _PASS, "核酸，七十一小时前", "Test, 71 hours old"),
        (sign(vaccination(now, 4)), "gun", _REVOKED, "接种，已撤销", "Vaccination, revoked since"),
        (sign(vaccination(now, 1)), "gun", _RULES, "接种，只有一剂", "Vaccination, 1 of 2"),
        (sign(nucleic_acid(now, 73)), "camera", _RULES, "核酸，七十三小时前", "Test, 73 hours old"),
        (sign(recovery(now, 5)), "gun", _RULES, "康复，才五天", "Recovery, 5 days ago"),
        (sign(vaccination(now, 2), until=now - timedelta(days=1)), "gun", _EXPIRED, "昨天过期", "Expired yesterday"),
        (forged, "camera", _FORGED, "签名不符", "Forged: signature does not fit"),
        (other, "gun", _STRANGER, "签发者不明", "Signer that nobody knows"),
        (good[:-40], "camera", _BROKEN, "缺了一截", "Broken: cut off"),
        (good.replace("HC1:", "HL0:"), "gun", _NOT_OURS, "别种代码", "A code of another kind"),
    )
    codes = [
        DemoCertificate(f"own-{number}", {"zh-CN": zh, "en": en}, text, None, reader, expected)
        for number, (text, reader, expected, zh, en) in enumerate(rows, 1)
    ]
    return Certificates("certificates of our own, signed with a throw-away key", tuple(codes), (der,), CityCodes(now))


def _key_id(der: bytes) -> bytes:
    return hashlib.sha256(der).digest()[:8]


def _content(group: str, entry: dict[str, Any]) -> dict[str, Any]:
    common = {"tg": "840539006", "co": "XX", "is": "Example issuer", "ci": "URN:UVCI:01:XX:EXAMPLE#0"}
    return {
        "ver": "1.3.0",
        "nam": {"fn": "Musterperson", "fnt": "MUSTERPERSON", "gn": "Beispiel", "gnt": "BEISPIEL"},
        "dob": "1990-01-01",
        group: [{**common, **entry}],
    }


def vaccination(now: datetime, doses: int) -> dict[str, Any]:
    """Content of a vaccination certificate: so many doses of two, the last one forty days ago."""
    day = (now - timedelta(days=40)).date().isoformat()
    return _content(
        "v", {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": doses, "sd": 2, "dt": day}
    )


def nucleic_acid(now: datetime, hours: int) -> dict[str, Any]:
    """Content of a test certificate: negative, sampled so many hours ago."""
    sampled = (now - timedelta(hours=hours)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _content("t", {"tt": "LP6464-4", "sc": sampled, "tr": "260415000", "tc": "Example laboratory"})


def recovery(now: datetime, days: int) -> dict[str, Any]:
    """Content of a recovery certificate: first positive so many days ago."""

    def day(back: int) -> str:
        found: date = (now - timedelta(days=back)).date()
        return found.isoformat()

    return _content("r", {"fr": day(days), "df": day(days - 11), "du": day(days - 180)})
