"""Five hundred certificates of fictional people, genuine and not, and what a verifier has to say about each.

They are signed relative to the present, since most verifiers know no other clock.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.hcert import CONTENT
from gate.credentials import base45, cose, hcert, hcert_issue
from gate.credentials.cose_algorithms import signing_with
from gate.trust import signer_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gate.credentials.cose_algorithms import PrivateKey

SEED: Final = 20210601
_TEST: Final = {
    "tg": "840539006",
    "tt": "LP6464-4",
    "tr": "260415000",
    "tc": "Example station",
    "co": "AT",
    "is": "Ministry of Health, Example",
    "ci": "URN:UVCI:01:AT:71EE2559DE38C6BF7304FB65A1A451EC#3",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One code."""

    kind: str
    text: str
    genuine: bool
    """A verifier that knows the signers, the standard and the time has to accept it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A throwaway signer whom every verifier is told to believe, but for the last one."""

    key: PrivateKey
    certificate: bytes

    @property
    def key_id(self) -> bytes:
        """As the gateway of the EU computes it."""
        return signer_certificate.key_id(self.certificate)


@dataclass(frozen=True, slots=True)
class Cases:
    """All of them, and the signers to believe."""

    cases: tuple[Case, ...]
    signers: tuple[Signer, ...]


def make(now: datetime | None = None) -> Cases:
    """Five hundred cases, the same mixture each time, in an order that mixes them."""
    at = now or datetime.now(UTC)
    maker = _Maker(at)
    cases = [case for count, make_one in maker.recipe() for case in map(make_one, range(count))]
    Random(SEED).shuffle(cases)
    return Cases(tuple(cases), (maker.ec, maker.rsa, maker.tests_only, maker.young))


class _Maker:
    def __init__(self, at: datetime) -> None:
        self._at = at
        long_ago = at - timedelta(days=60)
        self.ec = Signer(*hcert_issue.throwaway_signer("AT", long_ago))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.rsa = Signer(*hcert_issue.throwaway_signer("AT", long_ago, key=key))
        self.tests_only = Signer(*hcert_issue.throwaway_signer("AT", long_ago, "t"))
        self.young = Signer(*hcert_issue.throwaway_signer("AT", at - timedelta(days=1)))
        self.stranger = Signer(*hcert_issue.throwaway_signer("AT", long_ago))

    def recipe(self) -> Iterator[tuple[int, Callable[[int], Case]]]:
        """How many of which."""
        yield 180, lambda n: Case("genuine, ES256", self._signed(n, self.ec), genuine=True)
        yield 60, lambda n: Case("genuine, PS256", self._signed(n, self.rsa), genuine=True)
        yield 30, lambda n: Case("genuine, key id unprotected", self._loose(n), genuine=True)
        yield 30, lambda n: Case("genuine, tagged as CWT", self._tagged(n), genuine=True)
        yield 40, lambda n: Case("forged: another signature", self._forged(n), genuine=False)
        yield 40, lambda n: Case("forged: content changed", self._changed(n), genuine=False)
        yield 30, lambda n: Case("signer unknown", self._signed(n, self.stranger), genuine=False)
        yield 30, lambda n: Case("expired", self._signed(n, self.ec, days=-1), genuine=False)
        yield 15, lambda n: Case("issued before its signer was", self._signed(n, self.young), genuine=False)
        yield 15, lambda n: Case("signer of tests signs a vaccination", self._use(n), genuine=False)
        yield 15, lambda n: Case("content against the schema", self._shapeless(n), genuine=False)
        yield 15, lambda n: Case("damaged text", self._damaged(n), genuine=False)

    def _signed(self, number: int, signer: Signer, days: int = 30, **changes: Any) -> str:
        content = CONTENT | {"dob": f"19{number % 90 + 10}-02-26"} | changes
        issued = self._at - timedelta(days=40)
        return hcert_issue.issue(content, signer.key, signer.key_id, "AT", issued, self._at + timedelta(days=days))

    def _use(self, number: int) -> str:
        return self._signed(number, self.tests_only)

    def _shapeless(self, number: int) -> str:
        wrong: tuple[dict[str, Any], ...] = ({"v": []}, {"dob": "1990-13-41"}, {"nam": {}}, {"t": [_TEST]})
        return self._signed(number, self.ec, **wrong[number % len(wrong)])

    def _parts(self, number: int) -> list[Any]:
        text = self._signed(number, self.ec).encode()
        message = zlib.decompress(base45.decode(text.removeprefix(hcert.PREFIX)))
        parts: list[Any] = cbor2.loads(message).value
        return list(parts)

    def _loose(self, number: int) -> str:
        algorithm, sign = signing_with(self.ec.key)
        content, signed = self._parts(number)[2], cbor2.dumps({cose.ALG: algorithm})
        signature = sign(cose.sig_structure(signed, content))
        return hcert_issue.wrap(
            cbor2.dumps(cbor2.CBORTag(18, [signed, {cose.KID: self.ec.key_id}, content, signature]))
        )

    def _tagged(self, number: int) -> str:
        return hcert_issue.wrap(cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, self._parts(number)))))

    def _forged(self, number: int) -> str:
        parts = self._parts(number)
        parts[3] = bytes((parts[3][0] ^ 1, *parts[3][1:]))
        return hcert_issue.wrap(cbor2.dumps(cbor2.CBORTag(18, parts)))

    def _changed(self, number: int) -> str:
        parts = self._parts(number)
        parts[2] = parts[2].replace(b"MUSTERFRAU", b"MUSTERMANN")
        return hcert_issue.wrap(cbor2.dumps(cbor2.CBORTag(18, parts)))

    def _damaged(self, number: int) -> str:
        text = self._signed(number, self.ec)
        return (text[:-30], text[:200] + "é" + text[201:], text[:4] + text[60:])[number % 3]


def as_question(cases: Cases) -> dict[str, Any]:
    """What every verifier is handed, JSON-ready: signers as certificates, and the texts."""
    return {
        "signers": [
            {
                "kid": base64.b64encode(signer.key_id).decode(),
                "certificate": base64.b64encode(signer.certificate).decode(),
            }
            for signer in cases.signers
        ],
        "texts": [case.text for case in cases.cases],
    }
