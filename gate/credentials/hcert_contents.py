"""The kinds of content that a signed code may have, a table row for each, and the one way from code to credential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.credentials import dcc, hcert, signed_health_code, signed_permit
from gate.errors import CredentialFault
from gate.model import Credential, CredentialKind, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.credentials.signer import SignerKey
    from gate.credentials.trusted import Trusted


@dataclass(frozen=True, slots=True)
class Content:
    """One kind of content."""

    kind: CredentialKind
    read: Callable[[hcert.Hcert, SignerKey, Trusted, Moment], Credential]
    """Code with a good signature -> checked credential, or ``CredentialFault``."""


def verify(code: hcert.Hcert, trusted: Trusted, moment: Moment) -> Credential:
    """Find out whether a code is genuine, of its kind's form, and in date.

    Args:
        code: What ``hcert.decode`` returned.
        trusted: Signers, and what they have revoked.
        moment: The one ``now``.

    Raises:
        CredentialFault: ``CERTIFICATE_ISSUER_UNKNOWN`` (no signer with its key id), ``CERTIFICATE_FORGED`` (no such
            signer made the signature), then as the reader of its kind; that fault tells the kind as well.
    """
    signer = hcert.verify_signature(code.message, trusted.signers)
    content = CONTENTS[code.kind]
    try:
        return content.read(code, signer, trusted, moment)
    except CredentialFault as fault:
        raise CredentialFault(fault.reason, fault.detail, content.kind) from fault


CONTENTS: Final[Mapping[int, Content]] = {
    hcert.EU_DCC_V1: Content(CredentialKind.HCERT, dcc.read),
    hcert.HEALTH_CODE: Content(CredentialKind.HEALTH_CODE, signed_health_code.read),
    hcert.PERMIT: Content(CredentialKind.PERMIT, signed_permit.read),
}
