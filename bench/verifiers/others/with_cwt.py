"""cwt: COSE and CWT claims; Base45 and zlib around it."""

import zlib

import base45
import cwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from timing import answer


def prepare(signers):
    keys = []
    for kid, der in signers.items():
        public = x509.load_der_x509_certificate(der).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        algorithm = "PS256" if hasattr(public.public_numbers(), "n") else "ES256"
        keys.append(cwt.COSEKey.from_pem(pem, kid=kid, alg=algorithm))

    def verify(text):
        message = zlib.decompress(base45.b45decode(text.removeprefix("HC1:")))
        return cwt.decode(message, keys=keys)

    return verify


answer(prepare)
