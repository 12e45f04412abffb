from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from vectors import ROOT

from gate.app.devices import barrier
from gate.clock import DemoClock, SystemClock
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError
from gate.model import Direction
from gate.rules.temperature import Correction

GOOD = """
[checkpoint]
id = "c"
site_class = "station"
lane = "1"
direction = "in"
attended = true
[rules]
sets = ["rules/a.json", "rules/c.json"]
orders = "orders.json"
certificate_rules = "rules/b.json"
[trust]
bundle = "trust"
root = "root.json"
[status]
file = "status.json"
key = "k"
[journal]
path = "/var/journal"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_relative_paths_start_where_they_belong(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD), tmp_path / "state")
    beside = (tmp_path / "rules/a.json", tmp_path / "rules/c.json")
    assert config.rules.sets == beside, "what is only read lies beside the configuration"
    assert config.rules.orders == tmp_path / "state/orders.json"
    assert (config.trust.bundle, config.trust.root) == (tmp_path / "state/trust", tmp_path / "root.json")
    assert config.status.file == tmp_path / "state/status.json", "what changes lies in the state directory"
    assert config.journal.path == Path("/var/journal"), "an absolute path stays"
    assert config.checkpoint.direction is Direction.IN


@pytest.mark.parametrize("name", ["gate.toml", "demo.toml"])
def test_the_shipped_files_are_good(name: str, tmp_path: Path) -> None:
    assert load(ROOT / "config" / name, tmp_path).readers


def test_what_is_commented_out_about_the_barrier_is_good_as_well(tmp_path: Path) -> None:
    text = (ROOT / "config/gate.toml").read_text("utf-8")
    head, _, commented = text.partition("# [barrier] ")
    shown = "# [barrier] " + commented
    for driver, other in (("lcus", "active_low"), ("gpio", "port")):
        lines = [line.removeprefix("#").removeprefix(" ") for line in shown.splitlines()]
        lines = [line for line in lines if not line.startswith(other)]
        changed = "\n".join(lines).replace('"lcus"', f'"{driver}"')
        config = load(write(tmp_path, head + changed), tmp_path)
        made = barrier(config, Roots(tmp_path, tmp_path))
        assert made is not None
        assert made.directions == {Direction.IN}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("attended = true", "atended = true"), r'\[checkpoint\].*unknown key "atended".*did you mean "attended"'),
        (("attended = true", 'attended = "yes"'), r'key "attended": Expected `bool`'),
        (("attended = true", ""), r'\[checkpoint\].*key "attended" is missing'),
        (('direction = "in"', 'direction = "up"'), r"direction.*up"),
        (("[journal]", "[jornal]"), r'unknown key "jornal".*did you mean "journal"'),
        (("[status]", "[status"), "is not TOML"),
        (('site_class = "station"', 'site_class = "station"\ntime_zone = "Mars/North"'), r'"Mars/North" is unknown'),
        (('key = "k"', 'key = "k"\ndeadline_ms = 1.5'), r'key "deadline_ms"'),
        (('key = "k"', "key = 3"), r'key "key" must be a path'),
        (('key = "k"', 'key = "k"\ndeadline_ms = -5'), "at least 1 each"),
        (("[journal]", "[journal]\ncommit_limit_ms = 2400"), "at most 2500 together"),
        (("[journal]", "[voice]\nlead_in_ms = 9000\n[journal]"), "lead_in_ms must be 0 to 2000"),
        (('sets = ["rules/a.json", "rules/c.json"]', "sets = []"), r"\[rules\] sets needs at least one file"),
        (("rules/c.json", "other/a.json"), r"each a name of its own"),
        (('sets = ["rules/a.json", "rules/c.json"]', 'set = "rules/a.json"'), r'"set"; did you mean "sets"'),
    ],
)
def test_a_bad_file_is_named_with_its_key(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, GOOD.replace(*change)), tmp_path)


@pytest.mark.parametrize(
    ("readers", "message"),
    [
        ("[[readers]]\nname = 'a'", 'key "driver" is missing'),
        ("[[readers]]\nname = 'a'\ndriver = 'x'\n[[readers]]\nname = 'a'\ndriver = 'x'", 'two readers are named "a"'),
        ("[[readers]]\nname = 'a'\ndriver = 'x'\ndirection = 'up'", 'key "direction" must be "in" or "out"'),
        ("[[readers]]\nname = 'a'\ndriver = 'x'\ndirection = ['in']", 'key "direction" must be "in" or "out"'),
        ("readers = 3", "must be tables"),
    ],
)
def test_readers_need_a_name_of_their_own(readers: str, message: str, tmp_path: Path) -> None:
    text = f"{readers}\n{GOOD}" if readers.startswith("readers") else f"{GOOD}\n{readers}"
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text), tmp_path)


def test_a_reader_may_look_the_other_way(tmp_path: Path) -> None:
    readers = (
        "[[readers]]\nname = 'a'\ndriver = 'x'\n[[readers]]\nname = 'b'\ndriver = 'x'\ndirection = 'out'\nport = 1"
    )
    first, second = load(write(tmp_path, f"{GOOD}\n{readers}"), tmp_path).readers
    assert (first.direction, second.direction) == (None, Direction.OUT)
    assert second.settings == {"port": 1}, "what is the gate's own is no setting of the driver's"


THERMOMETER = """
[thermometer]
driver = "mlx90614"
bus = "/dev/i2c-1"
[thermometer.correction]
offset_tenths = 15
"""


def test_a_thermometer_is_fitted_where_its_table_says_so(tmp_path: Path) -> None:
    bare = load(write(tmp_path, GOOD), tmp_path)
    assert (bare.checkpoint.thermometer, bare.thermometer) == (False, None)
    config = load(write(tmp_path, GOOD + THERMOMETER), tmp_path)
    assert config.checkpoint.thermometer
    assert config.thermometer is not None
    assert config.thermometer.driver == "mlx90614"
    assert config.thermometer.settings == {"bus": "/dev/i2c-1"}
    assert config.thermometer.correction == Correction(offset_tenths=15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("attended = true", "attended = true\nthermometer = true"), "write a table .thermometer."),
        (GOOD + "[thermometer]\nbus = 1", 'thermometer.: key "driver" is missing; write driver'),
        ("thermometer = 1\n" + GOOD, 'thermometer.: key "driver" is missing; write driver'),
        (GOOD + '[thermometer]\ndriver = "x"\ncorrection = 1', "correction. must be a table"),
        (GOOD + THERMOMETER.replace("15", "300"), '"offset_tenths": 300 must be -50 to 50'),
        (GOOD + THERMOMETER + "ofset = 1", 'correction.: unknown key "ofset"; known here: offset_tenths'),
        (GOOD + THERMOMETER + '[[readers]]\nname = "thermometer"\ndriver = "idcard"', "give each a name of its own"),
    ],
)
def test_a_thermometer_that_can_not_be_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text), tmp_path)


def test_measuring_and_recording_leave_time_for_the_answer(tmp_path: Path) -> None:
    slow_disk = GOOD.replace('path = "/var/journal"', 'path = "/var/journal"\ncommit_limit_ms = 1600')
    assert load(write(tmp_path, slow_disk), tmp_path).journal.commit_limit_ms == 1600
    with pytest.raises(ConfigError, match="a person gets an answer within 3 s"):
        load(write(tmp_path, slow_disk + THERMOMETER), tmp_path)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path / "absent.toml", tmp_path)
    huge = write(tmp_path, "#" * 300_000)
    with pytest.raises(ConfigError, match="larger than"):
        load(huge, tmp_path)
    huge.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(huge, tmp_path)


def test_a_demonstration_needs_a_moment_with_a_zone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        load(write(tmp_path, GOOD + "[demo]\nclock = 2021-06-20T08:00:00\n"), tmp_path)


def test_a_clock_before_the_floor_is_not_trusted() -> None:
    now = datetime.now(UTC)
    assert SystemClock(floor=now).moment().trusted
    late = SystemClock(floor=now)
    late.raise_floor(datetime(9999, 1, 1, tzinfo=UTC))
    assert not late.moment().trusted
    late.raise_floor(now)
    assert not late.moment().trusted, "the floor never sinks"


def test_the_clock_of_a_demonstration_starts_where_it_is_told() -> None:
    start = datetime(2021, 6, 20, tzinfo=UTC)
    moment = DemoClock(start).moment()
    assert moment.trusted
    assert start <= moment.at < datetime(2021, 6, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('driver = "wiegand"', 'no driver "wiegand"; known: gpio, lcus'),
        ('driver = "gpio"', r"write \[barrier.entry\] or"),
        ('driver = "gpio"\nexit.relay = 5', r'to go "in": write \[barrier.entry\]'),
        ('driver = "gpio"\nentry.relay = 50', "there is no GPIO 50"),
        ('driver = "gpio"\nentry = 5', r"\[barrier\]: \[entry\] must be a table"),
        ('driver = "gpio"\nentry = { relay = 5, fail = "open" }', 'key "fail"'),
        ('driver = "gpio"\nentry = { relay = 5, pulse_ms = 5000 }', "write 200 to 1000"),
        ('driver = "gpio"\nentry.relay = 5\nport = "x"', 'unknown key "port"'),
        ('driver = "gpio"\nentry.relay = 5\npanel.passage = { pin = 5 }', "on one GPIO line"),
        ('driver = "lcus"\nentry.relay = 1', 'key "port" is missing'),
        ("entry.relay = 1", "must be a table with driver"),
    ],
)
def test_a_barrier_that_can_not_be_meant_is_refused_with_advice(table: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        barrier(load(write(tmp_path, f"{GOOD}[barrier]\n{table}\n"), tmp_path), Roots(tmp_path, tmp_path))


def test_a_gate_without_a_barrier_is_a_gate(tmp_path: Path) -> None:
    assert barrier(load(write(tmp_path, GOOD), tmp_path), Roots(tmp_path, tmp_path)) is None
