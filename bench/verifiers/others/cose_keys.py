"""Keys of signers as the package ``cose`` has them."""

from cose.keys import EC2Key, RSAKey
from cryptography import x509


def from_certificate(der):
    numbers = x509.load_der_x509_certificate(der).public_key().public_numbers()
    if hasattr(numbers, "n"):
        return RSAKey(n=_bytes(numbers.n), e=_bytes(numbers.e))
    return EC2Key(crv="P_256", x=numbers.x.to_bytes(32, "big"), y=numbers.y.to_bytes(32, "big"))


def _bytes(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
