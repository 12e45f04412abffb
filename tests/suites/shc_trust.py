"""SMART Health Cards: keys and revocation lists, good and faulty, of the validator and of the example issuer.

They are in no list of cases; what a gate must do with each follows from its name and from the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from health_cards import claims, issuer, numeric

from gate.model import Moment, Reason
from suites.count import Count, count
from suites.shc import CRLS, DATA, ISS, NOW, answer, believing, json_of

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class KeyFile:
    """A key as an issuer might publish it."""

    name: str
    usable: bool

    def holds(self) -> bool:
        keys = json_of(DATA / self.name)["keys"]
        found = believing(keys, [])
        return all((found.card_issuers.key(ISS, key["kid"]) is not None) is self.usable for key in keys)


KEY_FILES = (
    KeyFile("wrong_alg_key.json", usable=False),
    KeyFile("wrong_curve_key.json", usable=False),
    KeyFile("wrong_kid_key.json", usable=False),
    KeyFile("wrong_kty_key.json", usable=False),
    KeyFile("wrong_use_key.json", usable=False),
    KeyFile("issuer.jwks.public.not.smart.json", usable=True),
    KeyFile("valid_key_with_x5c.json", usable=True),
    KeyFile("valid_2_chain.public.json", usable=True),
)
_CHAIN = "a fault of the certificate chain in x5c, which is ignored: whoever lists the issuer vouches for it"
CHAIN_FILES = ("cert_mismatch.public.json", "invalid_no_SAN.public.json")


REVOCATION = {
    "duplicate-rid": None,
    "invalid-method": Reason.REVOCATION_UNKNOWN,
    "non-base64url-rid": Reason.REVOCATION_UNKNOWN,
    "too-long-rid": Reason.REVOCATION_UNKNOWN,
    "version-mismatch": Reason.REVOCATION_UNKNOWN,
}
"""Folder of a faulty list -> why the card is refused that it might have revoked. A name that stands there twice is no
fault that leaves anything open: the card is on the list or not."""


def revocation_holds(name: str) -> bool:
    """Whether the card of a folder is judged as its list, or the lack of one, demands."""
    folder = DATA / "badcrl" / name
    key = json_of(DATA / "badcrl" / "public.json")
    lists = [json_of(path) for path in (folder / ".well-known" / "crl").glob("*.json")]
    (message,) = folder.glob("*.txt")
    iss = f"https://raw.githubusercontent.com/smart-on-fhir/health-cards-dev-tools/main/testdata/badcrl/{name}"
    return answer(numeric(message.read_text("utf-8").strip()), believing([key], lists, iss=iss)) is REVOCATION[name]


_OURS = {**CRLS[0], "kid": issuer().kid}
"""The example issuer's list, for cards that we sign."""


def is_revoked(entry: str) -> bool:
    """Whether an entry of the example issuer's list revokes the cards that it names: those issued before its time."""
    rid, _, until = entry.partition(".")
    before = int(until or NOW.at.timestamp()) - 1
    revoking = believing([issuer().jwk], [_OURS])
    later = Moment(NOW.at + timedelta(days=365), trusted=True)

    def at(second: int) -> Reason | None:
        card = issuer().code(claims(iss=ISS, nbf=second, vc={"rid": rid}))
        return answer(card, revoking, later)

    return at(before) is Reason.CERTIFICATE_REVOKED and at(before + 1) is (
        None if until else Reason.CERTIFICATE_REVOKED
    )


def counts() -> list[Count]:
    """Keys and revocation lists."""
    keys = ((file.name, file.holds) for file in KEY_FILES)
    lists: list[tuple[str, Callable[[], bool]]] = [(name, partial(revocation_holds, name)) for name in REVOCATION]
    lists += [(entry, partial(is_revoked, entry)) for entry in CRLS[0]["rids"]]
    return [
        count("SMART Health Cards: keys", keys, {_CHAIN: len(CHAIN_FILES)}),
        count("SMART Health Cards: revocation lists", lists),
    ]
