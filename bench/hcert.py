"""How long a signed certificate takes, from its text to a checked credential, against the least that it can take.

The floor is what no implementation on these libraries can avoid: inflating, one bare CBOR decoding of the message
and one of its payload, and OpenSSL's verification of a prepared signature. Both run in turn, so that a busy machine
slows both.
"""

from __future__ import annotations

import statistics
import sys
import zlib
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credentials import base45, hcert, hcert_issue
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.trust import signer_certificate
from gate.trust.anchors import Anchors

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT: dict[str, Any] = {
    "ver": "1.3.0",
    "nam": {"fn": "Musterfrau-Gößinger", "fnt": "MUSTERFRAU<GOESSINGER", "gn": "Gabriele", "gnt": "GABRIELE"},
    "dob": "1998-02-26",
    "v": [
        {
            "tg": "840539006",
            "vp": "1119349007",
            "mp": "EU/1/20/1528",
            "ma": "ORG-100030215",
            "dn": 2,
            "sd": 2,
            "dt": "2021-02-18",
            "co": "AT",
            "is": "Ministry of Health, Example",
            "ci": "URN:UVCI:01:AT:10807843F94AEE0EE5093FBC254BD813#B",
        }
    ],
}
NOW = datetime(2021, 6, 1, 12, tzinfo=UTC)


def decode_and_verify_ratio(rounds: int = 2000) -> tuple[list[float], list[float]]:
    """Measure ``rounds`` times, in turn: the whole path, and its floor, in microseconds."""
    key, certificate = hcert_issue.throwaway_signer("AT", NOW - timedelta(days=30))
    anchors = Anchors.from_certificates([(certificate, None)])
    trusted = Trusted(anchors, NothingRevoked())
    key_id = signer_certificate.key_id(certificate)
    (signer,) = anchors.candidates(key_id)
    text = hcert_issue.issue(CONTENT, key, key_id, "AT", NOW, NOW + timedelta(days=365)).encode()
    moment = Moment(NOW + timedelta(hours=1), trusted=True)

    def ours() -> object:
        return parse_code(text, trusted, moment)

    compressed = base45.decode(text.removeprefix(hcert.PREFIX))
    message = hcert.decode(text).message
    cose_bytes = zlib.decompress(compressed)
    r, s = (int.from_bytes(half, "big") for half in (message.signature[:32], message.signature[32:]))
    signature, algorithm = encode_dss_signature(r, s), ec.ECDSA(SHA256())
    public_key = signer.public_key
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise TypeError("the throwaway signer has an elliptic-curve key")

    def floor() -> None:
        zlib.decompress(compressed)
        cbor2.loads(cose_bytes)
        cbor2.loads(message.payload)
        public_key.verify(signature, message.signed, algorithm)

    pairs = [(_microseconds(ours), _microseconds(floor)) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _microseconds(work: Callable[[], object]) -> float:
    start = perf_counter_ns()
    work()
    return (perf_counter_ns() - start) / 1000


def main() -> None:
    ours, floor = decode_and_verify_ratio(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    for name, figures in (("text to credential", ours), ("floor", floor)):
        p99 = statistics.quantiles(figures, n=100)[98]
        print(f"{name:20} median {statistics.median(figures):6.1f} us   p99 {p99:6.1f} us")
    print(f"{'ratio of medians':20} {statistics.median(ours) / statistics.median(floor):6.2f}")


if __name__ == "__main__":
    main()
