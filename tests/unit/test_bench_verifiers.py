"""The comparison with other verifiers stands on cases that this project judges right."""

from __future__ import annotations

from datetime import UTC, datetime

from signed_certificates import believing

from bench.verifiers.certificates import make
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault
from gate.model import Moment
from gate.trust.anchors import Anchors


def test_every_case_is_judged_as_it_should_be() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    cases = make(now)
    trusted = believing(Anchors.from_certificates((signer.certificate, None) for signer in cases.signers))
    for case in cases.cases:
        try:
            accepted = parse_code(case.text.encode(), trusted, Moment(now, trusted=True)).certificate is not None
        except CredentialFault:
            accepted = False
        assert accepted is case.genuine, case.kind
    assert len(cases.cases) == 500
