"""pycose: COSE alone; Base45, zlib and the choice of the key around it."""

import zlib

import base45
from cryptography import x509
from pycose.headers import KID
from pycose.keys import EC2Key, RSAKey
from pycose.messages import Sign1Message
from timing import answer


def prepare(signers):
    keys = {}
    for kid, der in signers.items():
        numbers = x509.load_der_x509_certificate(der).public_key().public_numbers()
        if hasattr(numbers, "n"):
            keys[kid] = RSAKey(n=_bytes(numbers.n, 256), e=_bytes(numbers.e, 3))
        else:
            keys[kid] = EC2Key(crv="P_256", x=_bytes(numbers.x, 32), y=_bytes(numbers.y, 32))

    def verify(text):
        message = Sign1Message.decode(zlib.decompress(base45.b45decode(text.removeprefix("HC1:"))))
        message.key = keys[message.phdr.get(KID) or message.uhdr[KID]]
        return message.verify_signature()

    return verify


def _bytes(number, size):
    return number.to_bytes(size, "big")


answer(prepare)
