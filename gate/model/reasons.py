"""Why something was decided: one closed list, spoken, shown and recorded by the same names."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why. Each has three texts (voice, public screen, guard) in every language: see ``voice.phrases``."""

    # a pass
    GREEN_CODE = "green_code"
    CERTIFICATE_VALID = "certificate_valid"
    PERMITTED = "permitted"
    """Let in on a permit for this zone."""
    CHANNEL = "channel"
    """Let through into a channel of its own, e.g. a hospital's for yellow codes."""
    EXIT_RECORDED = "exit_recorded"
    EMERGENCY_ORDER = "emergency_order"
    """Everybody is let through by an order that ends by itself."""
    # advice on a pass
    TEST_DUE = "test_due"
    """The next test is due; the deadline is shown."""
    SECOND_TEST_DUE = "second_test_due"
    # said instead of a reason, where nothing may sound like a refusal
    STAFF_CALLED = "staff_called"
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
    SAMPLE_EXPIRED = "sample_expired"
    """The newest swab lies too far back, whatever its result."""
    TESTS_TOO_FEW = "tests_too_few"
    """Not yet the number of tests that is asked for after an arrival."""
    # vaccination, travel
    VACCINATION_INCOMPLETE = "vaccination_incomplete"
    VACCINATION_UNKNOWN = "vaccination_unknown"
    RISK_AREA = "risk_area"
    TRAVEL_UNKNOWN = "travel_unknown"
    ARRIVAL_UNKNOWN = "arrival_unknown"
    EXEMPTION_UNKNOWN = "exemption_unknown"
    # age and companions
    AGE_UNKNOWN = "age_unknown"
    COMPANION_NEEDED = "companion_needed"
    """A small child: whoever comes along is asked to present as well."""
    COMPANION_TEST = "companion_test"
    """The companion's test, not the child's, does not keep the rule."""
    # temperature
    TEMPERATURE_AGAIN = "temperature_again"
    """High for the first time, or too low to be true: measured again."""
    TEMPERATURE_HIGH = "temperature_high"
    TEMPERATURE_UNKNOWN = "temperature_unknown"
    # permits
    PERMIT_NONE = "permit_none"
    PERMIT_ZONE = "permit_zone"
    PERMIT_HOURS = "permit_hours"
    PERMIT_ENTRIES = "permit_entries"
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
    CODE_TOO_OLD = "code_too_old"
    """A printed or saved code past its life."""
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
    RETRIES_EXHAUSTED = "retries_exhausted"
    # the gate itself
    NO_RULE_SET = "no_rule_set"
    RULE_NOT_EVALUATED = "rule_not_evaluated"
    CLOCK_UNTRUSTED = "clock_untrusted"
    RECORD_FAILED = "record_failed"
    """The passage could not be recorded in time, so nobody is let in on it."""
