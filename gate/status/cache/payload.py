"""What a list keeps of one person: 32 bits, and the records that they stand for.

::

    31..29 colour      0 nothing said, 1 green, 2 yellow, 3 orange, 4 red, 5 grey, 6 unknown
    28..26 test        0 nothing said, 1 negative, 2 positive, 3 pending, 4 inconclusive; the newest
    25..24 pop-up      0 nothing said, 1 not active, 2 active of class 1, 3 active of a higher class
    23..21 doses       0 nothing said, else doses + 1; six or more are six
    20..8  sampled     quarters of an hour since the list's origin; 0 before that
    7..6   travel      0 nothing said, 1 in no risk area, 2 in one
    5..0   reported    half hours since ``sampled``; 63 not yet

Times are cut to the older side, so that nobody's test is good for longer than it is. All bits zero: nothing is said any
more. All bits one: two people share one place in the list, and nobody knows who is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gate.errors import StatusUnavailable
from gate.model import (
    ADVERSITY,
    CodeRecord,
    Colour,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

STEP_S: Final = 900
REPORT_STEP_S: Final = 1800
MOST_SLOTS: Final = (1 << 13) - 1
REMOVED: Final = 0
AMBIGUOUS: Final = 0xFFFF_FFFF
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for every swab before the list's origin."""
UNKNOWN_POOL: Final = 100
"""Lists don't say how many swabs were in a tube: no rule may take it for a tube of one's own."""

_NO_REPORT: Final = 63
_MOST_DOSES: Final = 6
_HIGHEST_CLASS: Final = 9
_COLOURS: Final = (Colour.GREEN, Colour.YELLOW, Colour.ORANGE, Colour.RED, Colour.GREY, Colour.UNKNOWN)
_RESULTS: Final = (TestResult.NEGATIVE, TestResult.POSITIVE, TestResult.PENDING, TestResult.INCONCLUSIVE)
_COLOUR_CODES: Final = {colour: code for code, colour in enumerate(_COLOURS, 1)}
_RESULT_CODES: Final = {result: code for code, result in enumerate(_RESULTS, 1)}


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of one person; None: nothing is said about that."""

    colour: Colour | None = None
    result: TestResult | None = None
    sampled_at: int = 0
    """Unix seconds, as are all times here; only with a result."""
    reported_at: int | None = None
    doses: int | None = None
    pop_up: int | None = None
    """0 none active, else its class."""
    travel: bool | None = None


def pack(status: Status, origin: int) -> int:
    """The 32 bits.

    Raises:
        ValueError: a test lies beyond what the list can say, or was reported before it was sampled.
    """
    slot, wait = 0, 0
    if status.result is not None:
        slot, wait = _times(status.sampled_at, status.reported_at, origin)
    colour = 0 if status.colour is None else _COLOUR_CODES[status.colour]
    result = 0 if status.result is None else _RESULT_CODES[status.result]
    pop_up = 0 if status.pop_up is None else min(status.pop_up, 2) + 1
    doses = 0 if status.doses is None else min(status.doses, _MOST_DOSES) + 1
    travel = 0 if status.travel is None else 1 + status.travel
    return colour << 29 | result << 26 | pop_up << 24 | doses << 21 | slot << 8 | travel << 6 | wait


def _times(sampled_at: int, reported_at: int | None, origin: int) -> tuple[int, int]:
    slot = max(0, (sampled_at - origin) // STEP_S)
    if slot > MOST_SLOTS:
        raise ValueError("sampled after everything that the list can hold")
    if reported_at is None:
        return slot, _NO_REPORT
    if reported_at < sampled_at:
        raise ValueError("reported before it was sampled")
    since = (reported_at - origin - slot * STEP_S) // REPORT_STEP_S if slot else 0
    return slot, min(since, _NO_REPORT - 1)


def moved(bits: int, slots: int) -> int:
    """The same person in a list whose origin lies so many slots later."""
    if bits == AMBIGUOUS or not slots:
        return bits
    slot = bits >> 8 & MOST_SLOTS
    return bits & ~(MOST_SLOTS << 8) | max(0, slot - slots) << 8


def worsened(bits: int, colour: Colour) -> int:
    """The same person with this colour, unless what is said of them is worse already."""
    said = bits >> 29
    is_worse = said and said <= len(_COLOURS) and ADVERSITY[_COLOURS[said - 1]] >= ADVERSITY[colour]
    return bits if bits == AMBIGUOUS or is_worse else bits & ~(7 << 29) | _COLOUR_CODES[colour] << 29


def check(bits: int) -> None:
    """Raise StatusUnavailable where the bits stand for nobody in particular."""
    if bits >> 29 > len(_COLOURS) or bits >> 26 & 7 > len(_RESULTS) or bits >> 6 & 3 == 3:  # noqa: PLR2004 - see above
        raise StatusUnavailable("two people share one place in the list: it can't say which of them this is")


def records(bits: int, source: str, as_of: datetime, origin: int) -> Records:
    """What the bits say.

    Args:
        bits: as packed.
        source: name of the list in records.
        as_of: when the list was right.
        origin: of its times.

    Raises:
        StatusUnavailable: nobody knows whose they are.
    """
    check(bits)
    colour, result, pop_up, doses, travel = bits >> 29, bits >> 26 & 7, bits >> 24 & 3, bits >> 21 & 7, bits >> 6 & 3
    level = 1 if pop_up < 3 else _HIGHEST_CLASS  # noqa: PLR2004 - a higher class is taken for the highest
    return Records(
        codes=(CodeRecord(source, as_of, _COLOURS[colour - 1]),) if colour else (),
        tests=(_test(bits, _RESULTS[result - 1], source, as_of, origin),) if result else (),
        pop_ups=(PopUpRecord(source, as_of, pop_up > 1, level),) if pop_up else (),
        vaccinations=(VaccinationRecord(source, as_of, doses - 1),) if doses else (),
        travel=(TravelRecord(source, as_of, travel > 1),) if travel else (),
    )


def _test(bits: int, result: TestResult, source: str, as_of: datetime, origin: int) -> TestRecord:
    slot, wait = bits >> 8 & MOST_SLOTS, bits & 63
    sampled = origin + slot * STEP_S
    sampled_at = datetime.fromtimestamp(sampled, UTC) if slot else LONG_AGO
    reported_at = None
    if wait != _NO_REPORT:
        reported_at = datetime.fromtimestamp(sampled + wait * REPORT_STEP_S, UTC) if slot else LONG_AGO
    return TestRecord(source, as_of, result, sampled_at, reported_at, pool_size=UNKNOWN_POOL)
