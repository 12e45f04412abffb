"""Nobody to ask about health codes: what stands in for a gateway where none is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gate.errors import CredentialFault
from gate.model import Reason

if TYPE_CHECKING:
    from gate.model import CodeReference


class NoGateway:
    """A ``CodeGateway`` that was never configured: whoever shows such a code is referred, and staff read why."""

    async def resolve(self, reference: CodeReference) -> NoReturn:
        raise CredentialFault(Reason.GATEWAY_MISSING, f"a health code of {reference.issuer}, and no gateway configured")
