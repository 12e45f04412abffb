"""CovidPyLib: what its verifier does to a message, without the lists that it would fetch from a server at its start."""

import zlib
from base64 import b64encode

from base45 import b45decode
from covidpy.verifier import DCCVerifier
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from timing import answer


def prepare(signers):
    verifier = DCCVerifier(disblrefresh=True, diskidsrefresh=True)
    for kid, der in signers.items():
        key = x509.load_der_x509_certificate(der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        verifier.append_kid(b64encode(kid).decode(), b64encode(spki).decode())
    return lambda text: verifier.is_valid(zlib.decompress(b45decode(text.replace("HC1:", ""))))


answer(prepare)
