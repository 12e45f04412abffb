"""This project: the path of every code that a gate reads."""

from datetime import UTC, datetime

from timing import answer

from gate.credentials.identify import parse_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.trust.anchors import Anchors


def prepare(signers):
    trusted = Trusted(Anchors.from_certificates((der, None) for der in signers.values()), NothingRevoked())

    def verify(text):
        moment = Moment(datetime.now(UTC), trusted=True)
        return parse_code(text.encode(), trusted, moment).certificate is not None

    return verify


answer(prepare)
