"""greenpass: its parser and its check of the signature, with the key that we find for it."""

from cose_keys import from_certificate
from greenpass.logic import GreenPassParser
from timing import answer


def prepare(signers):
    keys = {kid: from_certificate(der) for kid, der in signers.items()}

    def verify(text):
        parser = GreenPassParser(text.encode())
        parser.set_key(keys[parser.get_kid()])
        return parser.verify()

    return verify


answer(prepare)
