"""VDS-NC: the seals, certificates and lists that the Australian Passport Office tests its reader with.

One genuine seal, the same with a changed name, JSON of another kind; the authority of Australia and its lists. Beside
them the authority of ICAO for health and its signer of master lists, which signs no seals.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from seals import authorities_file
from vectors import vectors_dir

from gate.credentials.identify import parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import Moment, Reason
from gate.trust.authorities import SealAuthorities
from suites.count import Count, count

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credentials.authorities import SealSigner
    from gate.model import Credential

ROOT: Final = vectors_dir("vdsnc")
NOW: Final = Moment(datetime(2021, 11, 1, tzinfo=UTC), trusted=True)
"""After the last dose, and while both lists hold."""
LISTS: Final = ("crlWithSerialNumberData.b64", "crlWithoutSerialNumberData.b64")
_SAME_LIST: Final = "the list that is said to name the signer is the same file as the one that is not, and names nobody"


def text_of(name: str) -> bytes:
    """A seal's text."""
    return (ROOT / name).read_bytes()


@cache
def australia(*lists: str) -> SealAuthorities:
    """Its authority with these lists."""
    certificate, *crls = ((ROOT / name).read_text("ascii").strip() for name in ("cscaCertData.b64", *lists))
    return SealAuthorities.load(authorities_file({"certificate": certificate, "crls": crls}))


def read(name: str, authorities: SealAuthorities, moment: Moment = NOW) -> Credential:
    """The credential that a text becomes."""
    return parse_code(text_of(name), Trusted(authorities=authorities), moment)


def refusal(name: str, authorities: SealAuthorities, moment: Moment = NOW) -> Reason | None:
    """For what a text is refused; None: it is taken."""
    try:
        read(name, authorities, moment)
    except CredentialFault as fault:
        return fault.reason
    return None


def master_list_signer() -> tuple[SealAuthorities, SealSigner]:
    """ICAO's authority for health, and what is made of its signer of master lists."""
    pem = (ROOT / "ICAOHealthMLSigner1.pem.crt").read_bytes()
    signer, authority = (one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(pem))
    found = SealAuthorities.load(authorities_file({"certificate": b64encode(authority).decode()}))
    return found, found.signer("IAO", signer)


def _is_taken_unchanged(listed: str) -> bool:
    certificate = read("validVDSJson.txt", australia(listed)).certificate
    signed: Any = json.loads(text_of("validVDSJson.txt"))["data"]
    return certificate is not None and certificate.issuer == "AUS" and certificate.payload == signed


def _list_is_read(listed: str) -> bool:
    return australia(listed).notes == ()


def _is_refused(name: str, reason: Reason) -> bool:
    return refusal(name, australia(*LISTS)) is reason


def _lives_no_longer_than_its_list() -> bool:
    end = Moment(datetime(2021, 11, 17, 3, 56, 55, tzinfo=UTC), trusted=True)
    later = Moment(end.at + timedelta(seconds=1), trusted=True)
    answers = [refusal("validVDSJson.txt", australia(*LISTS), moment) for moment in (end, later)]
    return answers == [None, Reason.REVOCATION_UNKNOWN]


def _is_unknown_elsewhere() -> bool:
    found, _ = master_list_signer()
    return refusal("validVDSJson.txt", found) is Reason.CERTIFICATE_ISSUER_UNKNOWN


def _signs_vaccinations_only() -> bool:
    seal = json.loads(text_of("validVDSJson.txt"))
    signer = australia().signer("AUS", urlsafe_b64decode(seal["sig"]["cer"]))
    return signer.document_types == {"NV"}


def _signs_no_seals() -> bool:
    found, signer = master_list_signer()
    return found.notes == () and signer.document_types == frozenset()


CASES: Final[dict[str, Callable[[], bool]]] = {
    **{f"{name}: valid": partial(_is_taken_unchanged, name) for name in LISTS},
    **{f"{name}: read": partial(_list_is_read, name) for name in LISTS},
    "invalid": partial(_is_refused, "invalidVDSJson.txt", Reason.CERTIFICATE_FORGED),
    "foreign": partial(_is_refused, "nonVDSJson.txt", Reason.CODE_UNRECOGNISED),
    "valid, past the end of the lists": _lives_no_longer_than_its_list,
    "valid, its authority not believed": _is_unknown_elsewhere,
    "signer of the seal": _signs_vaccinations_only,
    "signer of master lists": _signs_no_seals,
}


def counts() -> list[Count]:
    """Seals, certificates and lists."""
    return [count("VDS-NC: seals, signers and lists", CASES.items(), {_SAME_LIST: 1})]
