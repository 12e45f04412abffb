"""What a gate asks about people, and what it is answered.

Nobody is named: a gate asks by the fleet's keyed pseudonyms, or hands on what an issuer of health codes knows a code
by. It holds no key of any issuer. Whoever answers asks the issuer, and says it in the records that every gate knows; it
also puts in what else it knows of the same people, so that a gate asks once for each presentation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gate.wire.message import Name
from gate.wire.records import Known

HOLDER_PATH: Final = "/v1/status/holder"
CODE_PATH: Final = "/v1/status/code"
MOST_ANSWER_BYTES: Final = 512 * 1024
MOST_DOCUMENTS: Final = 8
MOST_PEOPLE: Final = 10
"""One code may name a family."""

Pseudonym = Annotated[bytes, Meta(min_length=16, max_length=16, description="base64; keyed, of one document")]


class HolderQuestion(msgspec.Struct, frozen=True):
    """What is known about the one person who has these documents?"""

    holders: Annotated[tuple[Pseudonym, ...], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    """Of the documents that the credential itself names; the one that was presented first."""


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of those whom the question is about."""

    holder: Pseudonym
    """Under which the person is known, whichever document was presented."""
    known: Known | None = None
    """None: nobody knows the person. That somebody has no test, say, is an empty list."""


class HolderAnswer(msgspec.Struct, frozen=True):
    """The answer to a ``HolderQuestion``."""

    person: Person


class CodeQuestion(msgspec.Struct, frozen=True):
    """Whose health code is it, and what does it say?"""

    issuer: Name
    """Of the code; names as in ``config/health-codes``."""
    token: Annotated[str, Meta(min_length=1, max_length=4096, description="opaque: what the issuer knows the code by")]


class CodeState(StrEnum):
    """What the issuer says of the code itself."""

    GOOD = "good"
    TOO_OLD = "too_old"
    UNRECOGNISED = "unrecognised"
    NOBODY_NAMED = "nobody_named"
    """It does not say by which document somebody is known."""
    NOT_SERVED = "not_served"
    """Whoever answers can't ask this issuer."""


class CodeAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a ``CodeQuestion``."""

    state: CodeState
    people: Annotated[tuple[Person, ...], Meta(max_length=MOST_PEOPLE)] = ()
    """At least one where the code is good, else none."""
