"""The words of the gate: what is presented, what is known, what is decided.

Everything here is frozen and built from the standard library alone, so that every other module may
speak these words without learning anything about devices, disks or networks.

Units: instants are timezone-aware ``datetime``; ages and spans are integer seconds; ``*_monotonic`` values are
seconds of ``time.monotonic()`` (``CLOCK_MONOTONIC``, the same for every process of one machine).
Fields that identify a person are kept out of ``repr`` so that they can't reach a log by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

# --- time ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """The one ``now`` that selects the rule set and judges everything (DESIGN invariant 9)."""

    at: datetime
    """Timezone-aware; a naive value is a bug."""
    trusted: bool
    """False until the clock was shown to be right: no age can then be known."""


# --- what comes from devices --------------------------------------------------------------------


class PayloadKind(StrEnum):
    """What a driver delivers; the parser is chosen by it."""

    RESIDENT_ID_BLOCK = "resident_id_block"
    """The 256-byte text block of a resident ID card (PROTOCOLS 1.9)."""
    CODE_TEXT = "code_text"
    """The exact bytes of a bar code or QR code, however it was read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One raw payload as a device delivered it: not yet parsed, never trusted."""

    reader: str
    """The configured name of the reader, e.g. ``"id-reader"``."""
    kind: PayloadKind
    data: bytes = field(repr=False)
    received_monotonic: float
    """When the last byte arrived."""


class NoticeKind(StrEnum):
    """What a device has to say besides a payload."""

    PRESENT_AGAIN = "present_again"
    """Something was there but could not be read: the person is asked to present it again."""
    READER_UNSERVICEABLE = "reader_unserviceable"
    """The device answers but reports that it can't work (SAM self-test, not authorised)."""
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Notice:
    """A device's own news; ``detail`` is for the guard and the log and holds no personal data."""

    reader: str
    kind: NoticeKind
    detail: str
    at_monotonic: float


ReaderEvent = Reading | Notice
"""What a driver emits."""


# --- credentials --------------------------------------------------------------------------------


class CredentialKind(StrEnum):
    """The format of what was presented."""

    RESIDENT_ID = "resident_id"
    HCERT = "hcert"
    BARE_NUMBER = "bare_number"
    """A code that holds nothing but a document number: anybody can print it."""
    UNRECOGNISED = "unrecognised"


class Assurance(IntEnum):
    """How hard the credential is to copy (DESIGN invariant 7). Comparable: more is better."""

    TYPED = 1
    STATIC_CODE = 2
    DYNAMIC_CODE = 3
    CHIP = 4


class DocumentType(StrEnum):
    """Which kind of identity document a number belongs to."""

    RESIDENT_ID = "resident_id"
    PERMANENT_RESIDENCE = "permanent_residence"
    HMT_RESIDENCE = "hmt_residence"
    """Residence permit for residents of Hong Kong, Macau and Taiwan."""


@dataclass(frozen=True, slots=True)
class Document:
    """An identity document: the handle under which records about its holder are kept."""

    type: DocumentType
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the credential names. Only in memory; never stored or logged in clear."""

    name: str = field(repr=False)
    document: Document | None = None
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Validity:
    """Printed validity of a document; both ends inclusive, ``last_day`` None means 长期 (no end)."""

    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate whose signature, issuer and life were found good."""

    issuer: str
    """Country or issuer named in the certificate, e.g. ``"DE"``."""
    key_id: str
    """Hex of the signer's key id."""
    issued_at: datetime | None
    expires_at: datetime | None
    payload: Mapping[str, Any] = field(repr=False)
    """The certificate's own content (for EU DCC: the ``hcert`` claim 1), judged by its own rule set."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What was presented, parsed and, where it is signed, verified."""

    kind: CredentialKind
    assurance: Assurance
    holder: Holder | None = field(default=None, repr=False)
    validity: Validity | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """One person's act of presenting; its id runs from the reader to the server's acknowledgement."""

    id: str
    """UUIDv7 in its canonical text form."""
    reader: str
    moment: Moment
    received_monotonic: float
    credential: Credential


# --- records: what sources say ------------------------------------------------------------------


class Colour(StrEnum):
    """Colour of a health code; anything that is not known to be green is not green."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    ORANGE = "orange"
    GREY = "grey"
    UNKNOWN = "unknown"


class TestResult(StrEnum):
    """What a laboratory says; pending and inconclusive are results too."""

    __test__ = False  # not a pytest class

    NEGATIVE = "negative"
    POSITIVE = "positive"
    PENDING = "pending"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """The colour of a holder's health code."""

    source: str
    as_of: datetime
    colour: Colour


@dataclass(frozen=True, slots=True)
class PopUpRecord:
    """A pop-up (弹窗) is apart from the colour: a green code may carry one."""

    source: str
    as_of: datetime
    active: bool


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One nucleic-acid test."""

    __test__ = False

    source: str
    as_of: datetime
    result: TestResult
    sampled_at: datetime
    reported_at: datetime | None
    """None while pending."""


@dataclass(frozen=True, slots=True)
class VaccinationRecord:
    """How many doses a holder has had."""

    source: str
    as_of: datetime
    doses: int


@dataclass(frozen=True, slots=True)
class TravelRecord:
    """Whether a holder was in a risk area within the time that the source watches."""

    source: str
    as_of: datetime
    risk_area: bool


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the sources said about one holder; empty tuples mean that nothing was said."""

    codes: tuple[CodeRecord, ...] = ()
    pop_ups: tuple[PopUpRecord, ...] = ()
    tests: tuple[TestRecord, ...] = ()
    vaccinations: tuple[VaccinationRecord, ...] = ()
    travel: tuple[TravelRecord, ...] = ()


# --- facts --------------------------------------------------------------------------------------


class FactState(StrEnum):
    """How much is known about a fact."""

    KNOWN = "known"
    ABSENT = "absent"
    """A source that would know says that there is nothing."""
    UNKNOWN = "unknown"
    STALE = "stale"
    """It was known, but too long ago to rely on."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that rules may ask about: a state, where it came from, how old it is, and its values."""

    state: FactState
    source: str | None = None
    age: int | None = None
    """Seconds since the source knew it; None where the state is not ``known`` or ``stale``."""
    values: Mapping[str, int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """The payload of our own rules: fact name (``"code"``, ``"test"``, ...) to fact."""

    by_name: Mapping[str, Fact]

    def to_payload(self) -> dict[str, dict[str, int | str | bool | None]]:
        """The JSON that CertLogic sees as ``payload``: integers, enumerations and booleans only."""
        return {
            name: {"state": fact.state.value, "age": fact.age, **fact.values} for name, fact in self.by_name.items()
        }


# --- decision -----------------------------------------------------------------------------------


class Outcome(StrEnum):
    """``refer`` beats ``retry`` beats ``pass``."""

    PASS = "pass"  # noqa: S105 - the field's word for letting a person through
    RETRY = "retry"
    REFER = "refer"


class Reason(StrEnum):
    """Why. Each has three texts (voice, public screen, guard) in every language: see ``voice.phrases``."""

    # a pass
    GREEN_CODE = "green_code"
    CERTIFICATE_VALID = "certificate_valid"
    # health code
    CODE_NOT_GREEN = "code_not_green"
    CODE_UNKNOWN = "code_unknown"
    POP_UP = "pop_up"
    POP_UP_UNKNOWN = "pop_up_unknown"
    # tests
    TEST_EXPIRED = "test_expired"
    TEST_PENDING = "test_pending"
    TEST_NONE = "test_none"
    TEST_POSITIVE = "test_positive"
    TEST_INCONCLUSIVE = "test_inconclusive"
    TEST_UNKNOWN = "test_unknown"
    # vaccination, travel
    VACCINATION_INCOMPLETE = "vaccination_incomplete"
    VACCINATION_UNKNOWN = "vaccination_unknown"
    RISK_AREA = "risk_area"
    TRAVEL_UNKNOWN = "travel_unknown"
    # the data behind it
    DATA_STALE = "data_stale"
    """It was known once, but has not been updated for too long (数据未更新)."""
    HOLDER_UNKNOWN = "holder_unknown"
    STATUS_UNAVAILABLE = "status_unavailable"
    """The source of records could not be asked in time."""
    # documents
    DOCUMENT_EXPIRED = "document_expired"
    DOCUMENT_NOT_YET_VALID = "document_not_yet_valid"
    DOCUMENT_INVALID = "document_invalid"
    """Read without error, yet its content can't be true (check digit, impossible date)."""
    # codes and certificates
    CODE_UNREADABLE = "code_unreadable"
    """Damaged or cut off: reading it again may help."""
    CODE_UNRECOGNISED = "code_unrecognised"
    """Read well, but of no kind that this gate knows."""
    BARE_NUMBER = "bare_number"
    CARD_REQUIRED = "card_required"
    """A code that anybody can copy, where nobody watches: the card is asked for."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_FORGED = "certificate_forged"
    """The signature does not fit the content."""
    CERTIFICATE_ISSUER_UNKNOWN = "certificate_issuer_unknown"
    """No trust anchor for its key id."""
    CERTIFICATE_UNACCEPTABLE = "certificate_unacceptable"
    """Genuine, but not of the form or use that the standard allows."""
    CERTIFICATE_RULES = "certificate_rules"
    """Genuine and in date, but the rules in force here don't accept it."""
    # the card on the reader
    PRESENT_AGAIN = "present_again"
    ONE_AT_A_TIME = "one_at_a_time"
    READER_UNSERVICEABLE = "reader_unserviceable"
    # the gate itself
    NO_RULE_SET = "no_rule_set"
    RULE_NOT_EVALUATED = "rule_not_evaluated"
    CLOCK_UNTRUSTED = "clock_untrusted"
    RECORD_FAILED = "record_failed"
    """The passage could not be recorded in time, so nobody is let in on it."""


@dataclass(frozen=True, slots=True)
class FactUsed:
    """Provenance of one fact in a decision, kept with the record of it."""

    name: str
    state: FactState
    source: str | None
    age: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome with everything that led to it."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    """Never empty: the first one is spoken. A pass carries the reason for the pass."""
    rule_set: str | None = None
    """``id@version`` of the rule set that judged, None where none did."""
    profile: str | None = None
    failed_rules: tuple[str, ...] = ()
    facts: tuple[FactUsed, ...] = ()
    marks: tuple[str, ...] = ()
    """Conditions that every record must carry, e.g. ``"rules-past-refresh"``."""


class PassageResult(StrEnum):
    """Authorised is not passed: what the barrier saw afterwards."""

    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    JAMMED = "jammed"


# --- the checkpoint -----------------------------------------------------------------------------


class Direction(StrEnum):
    """Which way a lane leads."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where this device stands; part of what rules may ask about."""

    id: str
    site_class: str
    """e.g. ``"station"``, ``"hospital"``."""
    lane: str
    direction: Direction
    attended: bool
    """A guard stands beside it and can compare a code with a face or a card."""
    time_zone: str = "Asia/Shanghai"


# --- words --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said about one reason in one language."""

    voice: str
    """Heard by everybody around: neutral."""
    screen: str
    """Public screen: no name, no result."""
    next_step: str
    """Public screen: what the person should do now."""
    guard: str
    """For the guard only: the plain fact."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One decision put into words; what the voice says and the screen shows."""

    presentation_id: str
    outcome: Outcome
    reason: Reason
    texts: Mapping[str, Texts]
    """By language tag, e.g. ``{"zh-CN": Texts(...), "en": Texts(...)}``."""
    receipt: str
    """Short code by which a hotline finds the record without a name."""
