"""The words of the gate: what is presented, what is known, what is decided.

Everything here is frozen and built from the standard library alone, so that every other module may
speak these words without learning anything about devices, disks or networks.

Units: instants are timezone-aware ``datetime``; ages and spans are integer seconds; ``*_monotonic`` values are
seconds of ``time.monotonic()`` (``CLOCK_MONOTONIC``, the same for every process of one machine).
Fields that identify a person are kept out of ``repr`` so that they can't reach a log by accident.
"""

from __future__ import annotations

from gate.model.checkpoint import Checkpoint, Direction
from gate.model.credentials import (
    Assurance,
    Certificate,
    CodeReference,
    Credential,
    CredentialKind,
    Document,
    DocumentType,
    Holder,
    OneTimeCode,
    Validity,
)
from gate.model.decisions import Advisory, Decision, FactUsed, Outcome, PassageResult
from gate.model.facts import Fact, Facts, FactState
from gate.model.past import Past
from gate.model.readings import Notice, NoticeKind, PayloadKind, ReaderEvent, Reading, ThermometerReading
from gate.model.reasons import Reason
from gate.model.records import (
    ADVERSITY,
    ArrivalRecord,
    ArrivalRisk,
    CodeRecord,
    Colour,
    ExemptionGround,
    ExemptionRecord,
    PermitRecord,
    PopUpRecord,
    Records,
    Temperature,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)
from gate.model.time import Moment
from gate.model.words import Announcement, Texts

__all__ = [
    "ADVERSITY",
    "Advisory",
    "Announcement",
    "ArrivalRecord",
    "ArrivalRisk",
    "Assurance",
    "Certificate",
    "Checkpoint",
    "CodeRecord",
    "CodeReference",
    "Colour",
    "Credential",
    "CredentialKind",
    "Decision",
    "Direction",
    "Document",
    "DocumentType",
    "ExemptionGround",
    "ExemptionRecord",
    "Fact",
    "FactState",
    "FactUsed",
    "Facts",
    "Holder",
    "Moment",
    "Notice",
    "NoticeKind",
    "OneTimeCode",
    "Outcome",
    "PassageResult",
    "Past",
    "PayloadKind",
    "PermitRecord",
    "PopUpRecord",
    "ReaderEvent",
    "Reading",
    "Reason",
    "Records",
    "Temperature",
    "TestMethod",
    "TestRecord",
    "TestResult",
    "Texts",
    "ThermometerReading",
    "TravelRecord",
    "VaccinationRecord",
    "Validity",
]
