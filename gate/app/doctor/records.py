"""What the gate has recorded, as counts, and which rules and whom it goes by. Never a row, never a pseudonym."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Final

from gate.app import rule_files, trust_slot
from gate.app.config_check import faults
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError, GateError
from gate.files import read_bounded
from gate.journal.database import SCHEMA_VERSION, open_to_read
from gate.model import Outcome, PassageResult, Reason
from gate.pseudonym import load_or_make_key
from gate.rules import ruleset
from gate.status.permit_store import PermitListReader
from gate.trust.bundle import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.app.doctor.case import Case
    from gate.config import GateConfig
    from gate.rules.ruleset import RuleSet

_STEP_LIMIT: Final = 1_000_000_000
"""Of SQLite's machine; a damaged file must not keep anybody waiting for ever."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
OTHER: Final = "(other)"


def check_config(case: Case) -> str:
    """What ``gate run --check-config`` says."""
    try:
        config = load(case.config_file, case.state)
        found = list(faults(config, Roots(case.config_file.resolve().parent, case.state.resolve())))
    except ConfigError as fault:
        found = [str(fault)]
    lines = [f"- {case.words.only(fault)}" for fault in found]
    return "\n".join([*lines, f"{len(found)} faults" if found else "good"]) + "\n"


def journal(case: Case) -> str:
    """Counts by outcome and reason."""
    try:
        path = _loaded(case).journal.path
    except ConfigError:
        path = case.state / "journal.sqlite"  # where it nearly always is
    if not path.is_file():
        return "there is no journal\n"
    try:
        db = _opened(path)
        try:
            db.set_progress_handler(lambda: 1, _STEP_LIMIT)
            return "\n".join(_counts(db)) + "\n"
        finally:
            db.close()
    except sqlite3.Error as fault:
        return f"the journal can't be read: {fault.sqlite_errorname}\n"


def _opened(path: Path) -> sqlite3.Connection:
    """Without leaving anything beside the file: SQLite makes what a running gate has made already."""
    if path.with_name(f"{path.name}-wal").exists():
        return open_to_read(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _counts(db: sqlite3.Connection) -> Iterator[str]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    yield f"version {version}, this software's is {SCHEMA_VERSION}"
    numbers = "SELECT count(*), max(seq), count(DISTINCT substr(at, 1, 10)), sum(clock_trusted = 0) FROM passages"
    rows, last, days, untrusted = (int(number or 0) for number in db.execute(numbers).fetchone())
    yield f"rows {rows}, last number {last}, on {days} days, on an untrusted clock {untrusted}"
    counts: Counter[tuple[str, str]] = Counter()
    first = "SELECT outcome, CASE WHEN json_valid(reasons) THEN json_extract(reasons, '$[0]') END, count(*)"
    for outcome, reason, number in db.execute(f"{first} FROM passages GROUP BY 1, 2 LIMIT 1000"):
        counts[_known(outcome, Outcome), _known(reason, Reason)] += int(number)
    yield from (f"{number:>8} {outcome} {reason}" for (outcome, reason), number in counts.most_common())
    passed: Counter[str] = Counter()
    for result, number in db.execute("SELECT passage, count(*) FROM passages GROUP BY 1 LIMIT 1000"):
        passed["(nobody knows)" if result is None else _known(result, PassageResult)] += int(number)
    yield from (f"{number:>8} passage {result}" for result, number in passed.most_common())
    (withdrawn,) = db.execute("SELECT count(withdrawn) FROM passages").fetchone()
    yield f"{int(withdrawn):>8} withdrawn: recorded too late"
    (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
    yield "the file is sound" if sound == "ok" else "the file is DAMAGED"


def _known(value: object, kind: type[Outcome | Reason | PassageResult]) -> str:
    return value if isinstance(value, str) and value in list(kind) else OTHER


def bundles(case: Case) -> str:
    """Rule sets, trust bundle, permits: versions and dates."""
    config = _loaded(case)
    lines = [line for file in config.rules.sets for line in _rule_set(file, case)]
    if config.rules.from_bundle:
        lines += _rules_in_bundle(config, case)
    lines += [*_trust(config, case), *_permits(config, case)]
    return "\n".join(lines) + "\n"


def _rule_set(file: Path, case: Case) -> Iterator[str]:
    try:
        found = ruleset.load(read_bounded(file))
    except (OSError, GateError) as fault:
        yield f"rule set {case.words.only(file.name)}: {case.words.only(str(fault))}"
        return
    yield _dates(found)


def _rules_in_bundle(config: GateConfig, case: Case) -> Iterator[str]:
    try:
        found = rule_files.check(trust_slot.held(config.trust, case.state.resolve()).others.get(RULES, {}))
    except (OSError, GateError) as fault:
        yield f"rules of the bundle: {case.words.only(str(fault))}"
        return
    yield from map(_dates, found)


def _dates(found: RuleSet) -> str:
    name = found.id if _NAME.fullmatch(found.id) else OTHER
    return (
        f"rule set {name} version {found.version}, SHA-256 {found.digest[:8]}, from {found.valid_from:%Y-%m-%d} to "
        f"{found.valid_to:%Y-%m-%d}, refresh by {found.refresh_by:%Y-%m-%d}, expires {found.expires:%Y-%m-%d}"
    )


def _trust(config: GateConfig, case: Case) -> Iterator[str]:
    try:
        found = trust_slot.held(config.trust, case.state.resolve())
    except (OSError, GateError) as fault:
        yield f"trust bundle: {case.words.only(str(fault))}"
        return
    for name, role in found.roles.items():
        yield f"trust bundle: {name} version {role.version}, until {role.expires:%Y-%m-%d}"
    for name, files in {"trust": found.files, **found.others}.items():
        yield f"trust bundle: {name}: {len(files)} files, {sum(map(len, files.values()))} bytes"


def _permits(config: GateConfig, case: Case) -> Iterator[str]:
    path, key = config.status.permits, config.status.key
    if path is None or not key.exists():
        yield "permits: no list"
        return
    try:
        found = PermitListReader(path, load_or_make_key(key))
    except (OSError, GateError) as fault:
        yield f"permits: {case.words.only(str(fault))}"
        return
    info = found.info
    found.close()
    imported = f"{info.imported_at:%Y-%m-%d %H:%M}"
    yield f"permits: {info.permits} of {info.rows} rows, {info.refused} left out, imported {imported}"


def _loaded(case: Case) -> GateConfig:
    return load(case.config_file, case.state)
