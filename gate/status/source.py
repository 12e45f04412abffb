"""The interfaces of everything that knows records: a file now; cache and lookup behind the same methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.model import CodeReference, Records


@dataclass(frozen=True, slots=True)
class Found:
    """What a source says about one person."""

    holder: bytes
    """The pseudonym under which the person is known, whichever document was presented."""
    records: Records | None
    """None where nothing is known under any of the documents."""
    permits_only: bool = False
    """The records are from lists of permits: of everything else about the person nobody has said anything."""
    permits_known: bool = True
    """False: a list of permits can't be read now, so that silence about a permit means nothing."""
    offline: bool = False
    """The city did not answer: this is only what is held here, as old as each record says."""
    complete: bool = False
    """Everybody who could be asked about the person was."""

    @property
    def holder_known(self) -> bool:
        """Whether a source knows the person, so that its silence means that there is nothing."""
        return self.records is not None and not self.permits_only


class StatusSource(Protocol):
    """Something that can be asked for a holder's records."""

    async def find(self, holders: Sequence[bytes]) -> Found:
        """Look a person up.

        Args:
            holders: pseudonyms of the documents that the credential itself names as one person's, never empty; the
                one that was presented first.

        Raises:
            StatusUnavailable: the source can't answer now. The caller sets the deadline and cancels.
        """
        ...


class CodeGateway(Protocol):
    """Somebody who can ask the issuers of health codes; devices never hold the issuers' own keys."""

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        """Whose code it is, and what it says: one person, or up to ten for a family's code; never none.

        ``gate.status.code_answer`` reads what a provider says.

        Raises:
            CredentialFault: ``CODE_TOO_OLD``, the issuer says that the code is past its life; ``CODE_UNRECOGNISED``,
                it knows no such code; ``HOLDER_UNKNOWN``, it does not say by which document somebody is known;
                ``GATEWAY_MISSING``, there is nobody to ask.
            StatusUnavailable: no answer now.
        """
        ...
