"""Targets: everything that reads a code or a card's text block."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from health_cards import Issuer, base64url, deflated, issuers_file
from health_codes import CITY, SHIPPED

from fuzz.engine import CORPUS, Target
from fuzz.mutate import mutate_cbor, mutate_json
from gate.credentials import base45, cose, dcc, hcert, hcert_contents, jws, resident_id, smart_health_card
from gate.credentials.cose_algorithms import signing_with
from gate.credentials.identify import identify, parse_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.signed_content import PSEUDONYM_BYTES
from gate.credentials.signed_health_code import MOST_TESTS
from gate.credentials.signer import ANY_USAGE, OUR_USAGES, SignerKey
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import CredentialKind, Moment
from gate.trust.card_issuers import HealthCardIssuers

if TYPE_CHECKING:
    from collections.abc import Sequence

ISSUED: Final = datetime(2022, 3, 1, 8, tzinfo=UTC)
NOW: Final = Moment(ISSUED + timedelta(days=30), trusted=True)
JUST_ISSUED: Final = Moment(ISSUED + timedelta(minutes=3), trusted=True)
KEY: Final = ec.derive_private_key(0x6A7E_F1C7_1005, ec.SECP256R1())
"""Of a signer that nobody but these targets believes."""
KEY_ID: Final = b"fictions"


class Signers:
    """The one signer that is believed here."""

    def __init__(self, usage: frozenset[str] = ANY_USAGE) -> None:
        life = ISSUED - timedelta(days=30), ISSUED + timedelta(days=700)
        self._signer = SignerKey(KEY.public_key(), "XX", *life, usage)

    def candidates(self, key_id: bytes) -> Sequence[SignerKey]:
        return [self._signer] if key_id == KEY_ID else []


CARD_ISSUER: Final = Issuer(KEY)
"""Issues SMART Health Cards that nobody but these targets believes."""
ISSUERS: Final = issuers_file({**CARD_ISSUER.jwk, "crlVersion": 1}, crls=[CARD_ISSUER.revocation_list("revoked")])
TRUSTED: Final = Trusted(Signers(), NothingRevoked(), card_issuers=HealthCardIssuers.load(ISSUERS))
SIGNING_CITY: Final = Trusted(Signers(OUR_USAGES), NothingRevoked())


def _base45(data: bytes) -> None:
    assert base45.encode(base45.decode(data)) == data


def _text(data: bytes) -> None:
    """Whatever becomes a credential says what was signed."""
    certificate = parse_code(data, TRUSTED, NOW).certificate
    assert certificate is not None
    assert certificate.payload in _signed(), "a certificate that nobody signed"


def _signed() -> list[Any]:
    if not _SIGNED:
        for path in (CORPUS / "hcert text").glob("*.txt"):
            try:
                _SIGNED.append(dcc.check(hcert.decode(path.read_bytes()).content).payload)
            except CredentialFault:
                continue
    return _SIGNED


_SIGNED: Final[list[Any]] = []


def _claims(data: bytes) -> None:
    """Claims that a trusted signer did sign, whatever they are."""
    hcert_contents.verify(hcert.read_claims(cose.decode(_sign(data))), TRUSTED, NOW)


def _city_claims(data: bytes) -> str:
    """The same of a city's signer."""
    credential = hcert_contents.verify(hcert.read_claims(cose.decode(_sign(data))), SIGNING_CITY, JUST_ISSUED)
    holder, records = credential.holder, credential.records
    assert holder is not None
    assert holder.pseudonym is not None
    assert len(holder.pseudonym) == PSEUDONYM_BYTES
    assert records is not None
    said = [len(getattr(records, kind.name)) for kind in fields(records)]
    assert max(said) <= MOST_TESTS
    assert (credential.kind is CredentialKind.PERMIT) == bool(records.permits)
    return f"{credential.assurance.name} {said}"


def _sign(data: bytes) -> bytes:
    algorithm, sign = signing_with(KEY)
    protected = cbor2.dumps({cose.ALG: algorithm, cose.KID: KEY_ID})
    return cbor2.dumps([protected, {}, data, sign(cose.sig_structure(protected, data))])


def _card(data: bytes) -> None:
    """As above, for SMART Health Cards."""
    certificate = parse_code(data, TRUSTED, NOW).certificate
    assert certificate is not None
    if not _CARDS:
        for path in (CORPUS / "health card text").glob("*.txt"):
            with contextlib.suppress(CredentialFault):
                _CARDS.append(smart_health_card.decode(path.read_bytes()).content.resources)
    assert certificate.payload["resources"] in _CARDS, "a card that nobody signed"


_CARDS: Final[list[Any]] = []


def _message(data: bytes) -> None:
    """A message that is as it is, or the header of one."""
    jws.decode(data if data.count(b".") else b".".join((base64url(data).encode(), b"q1ZKVLJSAgA", b"AAAA")))


def _card_claims(data: bytes) -> None:
    """Claims that a trusted issuer did sign, whatever they are."""
    message = CARD_ISSUER.message(deflated(data)).encode()
    smart_health_card.verify(smart_health_card.read_claims(jws.decode(message)), TRUSTED, NOW)


def _cbor(data: bytes) -> str:
    with contextlib.suppress(CredentialFault):
        cose.decode_cbor(data)
    message = cose.decode(data)
    return f"{message.algorithm} {cose.verify(message, KEY.public_key())}"


def _content(data: bytes) -> None:
    found = dcc.check(cose.decode_cbor(data))
    assert found.group in found.payload


def _identify(data: bytes) -> None:
    if identify(data, TRUSTED).kind is CredentialKind.BARE_NUMBER:
        assert data.decode("ascii").strip().isalnum()
        parse_code(data, TRUSTED, NOW)


def _health_code(data: bytes) -> str:
    """A code of one of the issuers; on its own its token is no longer than what was shown."""
    credential = parse_code(data, HEALTH_CODES, NOW)
    assert credential.reference is not None
    assert len(credential.reference.token) <= len(data)
    return credential.reference.issuer


HEALTH_CODES: Final = Trusted(code_issuers=(CITY, *SHIPPED.code_issuers))


def _block(data: bytes) -> None:
    credential = resident_id.parse(data)
    assert credential.holder is not None
    resident_id.masked(resident_id.read_card(data))


_HEADS: Final = (
    b"\xd2\x84",
    b"\xd8\x3d\xd2",
    b"\xa1",
    b"\xbf",
    b"\x9f",
    b"\xff",
    b"\x5f",
    b"\xc2\x49",
    b"\xfb",
    b"\xf9",
)
_CBOR_TOKENS: Final = (*_HEADS, b"\x9b" + b"\xff" * 8, b"\x5b" + b"\x7f" * 8, b"\xdb" + b"\0" * 8, b"\x39\x01\x03")
_CODE_TOKENS: Final = (b"HC1:", b"hc1:", b" ", b"\r\n", b":", b"\0", b"6BF", b"SHC:/", b"HC2:", b"\xef\xbb\xbf")
_CARD_TOKENS: Final = (b"shc:/", b"SHC:/", b"1/1/", b"2/3/", b"00", b"01", b"77", b"78", b"99", b"5676", b"\xb2")
_MESSAGE_TOKENS: Final = (
    b".",
    b"=",
    b"-",
    b"_",
    b"+",
    b'"ES256"',
    b'"DEF"',
    b"NaN",
    b"1e999",
    b"\xef\xbb\xbf",
    b"[" * 200,
)
_DIGITS: Final = (b"999999", b"19900101", b"X", b"x", b" ", "９".encode(), b"\xb2", b"\n", b"ZZZ", b"8")
_ADDRESSES: Final = (
    *(b"code.example.cn", b"https://", b"@", b"#", b"%2f", b"&t=1648713590", b"\\", b"/h/", b"JKM:"),
    *("\uff20".encode(), "\u3002".encode(), b"\xef\xbb\xbf", b'{"codeId":"', b"[" * 200, b"\\ud800", b"9" * 5000),
)
_CHARACTERS: Final = tuple(
    text.encode("utf-16-le", "surrogatepass")
    for text in ("长期", "J", "I", "Y", "2020", "０", "\u3000", "\u202e", "\ud800", "\0")
)

TARGETS: Final = (
    Target("base45", _base45, tokens=(b"GGW", b":::", b"ZZZ", b"FGW", b"00", b"\x7f", b"\xc3")),
    Target("cose and cbor", _cbor, tokens=_CBOR_TOKENS, structure=mutate_cbor, cost=3),
    Target("hcert text", _text, tokens=_CODE_TOKENS, cost=2),
    Target("signed claims", _claims, tokens=_CBOR_TOKENS, structure=mutate_cbor, cost=8),
    Target("health card text", _card, tokens=_CARD_TOKENS, cost=2),
    Target("health card message", _message, structure=mutate_json, tokens=_MESSAGE_TOKENS, cost=2),
    Target("health card claims", _card_claims, structure=mutate_json, tokens=_MESSAGE_TOKENS, cost=8),
    Target("signed health code", _city_claims, tokens=_CBOR_TOKENS, structure=mutate_cbor, cost=8),
    Target("signed permit", _city_claims, tokens=_CBOR_TOKENS, structure=mutate_cbor, cost=8),
    Target("dcc content", _content, structure=mutate_cbor, cost=3),
    Target("identify", _identify, tokens=(*_CODE_TOKENS, *_DIGITS)),
    Target("health code", _health_code, structure=mutate_json, tokens=_ADDRESSES),
    Target("id-card text block", _block, tokens=_CHARACTERS, cost=2),
)
