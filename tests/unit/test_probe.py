"""``gate probe`` on devices as the kernel would show them (tests/traces/devices, written by hand)."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from device_trees import FOLDER, lay_out, lay_out_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.__main__ import main
from gate.app.demo.certificates import own
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.app.probe import looked, show, traps
from gate.app.probe.find import findings
from gate.app.probe.kernel import look, printable
from gate.app.probe.known import Kind, Sure
from gate.config_file import load

if TYPE_CHECKING:
    from pathlib import Path

    from gate.app.probe.find import Finding

EVERYTHING = sorted(file.stem for file in FOLDER.glob("*.txt"))
PI = "raspberry-pi-4"
HIDDEN = {"\x1b", "\x07", "\r", "\x00", "\u202e", "\u2066", "\u200b", "\x9b"}


def found(root: Path) -> dict[Kind, Finding]:
    return {finding.kind: finding for finding in looked(root)[0]}


def test_a_machine_without_devices_says_what_to_plug_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--root", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "No reader is plugged in" in said
    assert all(word in said for word in ("ID reader", "gun", "camera", "relay", "no sound card", "udev does not run"))


def test_this_machine_is_no_reason_to_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"found", "traps"}


@pytest.mark.parametrize("name", ["bridge-ftdi", "bridge-ch340"])
def test_a_bridge_is_many_things_and_an_id_alone_decides_nothing(tmp_path: Path, name: str) -> None:
    port = found(lay_out(tmp_path, name))[Kind.SERIAL]
    assert port.sure is Sure.OPEN
    assert [one.use.split(" (")[0] for one in port.stanzas] == [
        "it is an ID reader",
        "it is a gun or a code engine",
        "it is a thermometer",
        "it is a relay board",
    ]


def test_a_name_that_stays_is_by_serial_number_or_else_by_socket(tmp_path: Path) -> None:
    devices = lay_out(tmp_path, "bridge-ftdi", "bridge-ch340")
    ftdi, ch340 = (tomllib.loads(one.stanzas[0].toml)["readers"][0]["port"] for one in looked(devices)[0])
    assert ftdi == "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A0000001-if00-port0"
    assert ch340.startswith("/dev/serial/by-path/"), "all CH340 share one name by id"


def test_the_gates_own_name_is_used_where_it_fits_and_where_only_one_has_it(tmp_path: Path) -> None:
    text = (FOLDER / "bridge-ch340.txt").read_text("utf-8").replace("S: serial/by-id", "S: gate/relay\nS: serial/by-id")
    uses = {one.use: one.toml for one in found(lay_out_text(tmp_path / "one", text))[Kind.SERIAL].stanzas}
    assert '"/dev/gate/relay"' in uses["it is a relay board (LCUS)"]
    assert "/dev/gate/relay" not in uses["it is an ID reader"]
    other = text.replace("1-1.3", "1-1.4").replace("ttyUSB1", "ttyUSB2").replace("MINOR=1", "MINOR=2")
    both = looked(lay_out_text(tmp_path / "two", f"{text}\n\n{other}"))[0]
    assert not any("/dev/gate/relay" in one.toml for finding in both for one in finding.stanzas)


@pytest.mark.parametrize(
    ("name", "kind", "sure", "stanza"),
    [
        ("id-reader-usb", Kind.ID_READER, Sure.SURE, 'usb = "0400:c35a"'),
        ("gun-hid", Kind.GUN, Sure.LIKELY, 'driver = "barcode"'),
        ("gun-newland-cdc", Kind.GUN, Sure.SURE, 'engine = "newland"'),
        ("card-reader-ccid", Kind.CARD_READER, Sure.SURE, 'driver = "smartcard"'),
        (PI, Kind.THERMOMETER, Sure.OPEN, 'bus = "/dev/i2c-1"'),
        (PI, Kind.PINS, Sure.SURE, 'driver = "gpio"'),
    ],
)
def test_what_tells_itself_gets_its_driver(tmp_path: Path, name: str, kind: Kind, sure: Sure, stanza: str) -> None:
    finding = found(lay_out(tmp_path, name))[kind]
    assert finding.sure is sure
    assert stanza in finding.stanzas[0].toml


def test_of_a_raspberry_pi_only_the_camera_is_a_camera_and_only_the_headers_bus_a_bus(tmp_path: Path) -> None:
    every = looked(lay_out(tmp_path, PI))[0]
    assert [one.node for one in every if one.kind is Kind.CAMERA] == ["/dev/video0"]
    assert [one.node for one in every if one.kind is Kind.THERMOMETER] == ["/dev/i2c-1"]
    assert [one.what for one in every if one.kind in {Kind.SOUND, Kind.SCREEN}] == ["vc4hdmi0", "HDMI-A-1 1920x1080"]


def test_a_keyboard_is_told_by_its_keys_where_udev_says_nothing(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "gun-hid")
    for note in (root / "run/udev/data").iterdir():
        note.unlink()
    assert found(root)[Kind.GUN].node == "/dev/input/event5"


def test_a_keyboard_that_nobody_knows_may_be_a_gun(tmp_path: Path) -> None:
    text = (FOLDER / "gun-hid.txt").read_text("utf-8").replace("2D Imager 2D Barcode Scanner", "USB Keyboard")
    keyboard = found(lay_out_text(tmp_path, text))[Kind.KEYBOARD]
    assert (keyboard.sure, len(keyboard.stanzas)) == (Sure.OPEN, 1)


def test_two_readers_of_a_kind_get_two_names(tmp_path: Path) -> None:
    guns = [one for one in looked(lay_out(tmp_path, "gun-hid", "gun-newland-cdc"))[0] if one.kind is Kind.GUN]
    assert [tomllib.loads(one.stanzas[0].toml)["readers"][0]["name"] for one in guns] == ["gun", "gun-2"]


def test_what_is_to_be_pasted_is_a_good_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each table takes the place of the demonstration's readers, and the configuration is checked."""
    state = tmp_path / "state"
    state.mkdir()
    file = install(CONFIG, state)
    config = load(file, state)
    assert config.demo is not None
    fill(config, people(config.demo.clock), own(config.demo.clock))
    text = file.read_text("utf-8")
    offered = [one for finding in looked(lay_out(tmp_path / "tree", *EVERYTHING))[0] for one in finding.stanzas]
    assert len(offered) > 12
    for one in offered:
        alone = text[: text.index("[[readers]]")] if "[[readers]]" in one.toml else text
        file.write_text(f"{alone}\n{one.toml}", "utf-8")
        status = main(["run", "--check-config", "--config", str(file), "--state", str(state)])
        assert status == 0, (one.toml, capsys.readouterr().out)


def test_modem_managers_and_braille_displays_are_named(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "bridge-ch340")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/brltty").touch()
    (root / "proc/812").mkdir(parents=True)
    (root / "proc/812/comm").write_text("ModemManager\n", "utf-8")
    said = " ".join(found(root)[Kind.SERIAL].traps)
    assert "mask --now ModemManager" in said
    assert "remove brltty" in said


def test_a_port_that_udev_keeps_from_the_modem_manager_is_left_alone_by_it(tmp_path: Path) -> None:
    text = (FOLDER / "bridge-ch340.txt").read_text("utf-8")
    root = lay_out_text(tmp_path, text.replace("E: ID_MODEL_ID", "E: ID_MM_DEVICE_IGNORE=1\nE: ID_MODEL_ID"))
    (root / "proc/812").mkdir(parents=True)
    (root / "proc/812/comm").write_text("ModemManager\n", "utf-8")
    assert "ModemManager" not in " ".join(found(root)[Kind.SERIAL].traps)


def test_a_ch340_whose_port_was_taken_away_is_missed(tmp_path: Path) -> None:
    text = (FOLDER / "bridge-ch340.txt").read_text("utf-8").split("\n\n")
    assert "brltty" in found(lay_out_text(tmp_path, "\n\n".join(text[:2])))[Kind.SERIAL].why


def test_whoever_holds_a_port_is_named_and_the_port_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = lay_out(tmp_path, "bridge-ftdi")
    (root / "proc/77/fd").mkdir(parents=True)
    (root / "proc/77/comm").write_text("minicom\n", "utf-8")
    (root / "proc/77/fd/3").symlink_to("/dev/ttyUSB0")
    assert main(["probe", "--ask", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "held by minicom (process 77)" in said
    assert "not asked" in said


def test_whoever_may_not_open_a_device_learns_the_group(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "bridge-ftdi")
    devices = look(root)
    stranger = traps.Account("gate", 54321, frozenset({54321}))
    (port,) = traps.named(findings(devices), devices, root, stranger)
    assert 'user "gate" may not open /dev/ttyUSB0 (group ' in port.traps[0]
    insider = traps.Account("gate", 54321, frozenset({(root / "dev/ttyUSB0").stat().st_gid}))
    (port,) = traps.named(findings(devices), devices, root, insider)
    assert port.traps == ()


def test_a_gun_that_also_types_into_the_console_is_named(tmp_path: Path) -> None:
    assert "types into the console" in found(lay_out(tmp_path / "a", "gun-hid"))[Kind.GUN].traps[0]
    text = (FOLDER / "gun-hid.txt").read_text("utf-8").replace("E: ID_INPUT=1", "E: LIBINPUT_IGNORE_DEVICE=1")
    assert found(lay_out_text(tmp_path / "b", text))[Kind.GUN].traps == ()


def test_pcscd_is_missed_only_where_a_card_reader_is(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "card-reader-ccid")
    assert "pcscd does not run" in " ".join(looked(root)[1])
    (root / "run/pcscd").mkdir()
    (root / "run/pcscd/pcscd.comm").touch()
    assert "pcscd" not in " ".join(looked(root)[1])
    assert "pcscd" not in " ".join(looked(lay_out(tmp_path / "other", "gun-hid"))[1])


def test_a_pi_without_bus_and_camera_hears_how_to_get_them(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    said = " ".join(looked(tmp_path)[1])
    assert "dtparam=i2c_arm=on" in said
    assert "rpicam-hello" in said


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u200b \x9b31m\" ]\n[barrier]\ndriver = 'gpio'\n\r\x00" + "A" * 10_000
)


def test_texts_of_a_hostile_device_reach_neither_the_terminal_nor_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_line = HOSTILE.replace("\n", "\\n")
    text = (FOLDER / "gun-hid.txt").read_text("utf-8")
    text = text.replace("=2D Imager 2D Barcode Scanner", f"=scanner {one_line}")
    text = text.replace("S: input/by-id/usb-2D", 'S: input/by-id/"\\n\u202eevil\nS: input/by-id/usb-2D')
    root = lay_out_text(tmp_path, text)
    for words in (["probe"], ["probe", "--json"]):
        assert main([*words, "--root", str(root)]) == 0
        said = capsys.readouterr().out
        assert not HIDDEN & set(said)
        assert len(max(said.splitlines(), key=len)) < 500
    for finding in looked(root)[0]:
        for stanza in finding.stanzas:
            assert set(tomllib.loads(stanza.toml)) == {"readers"}
            assert "evil" not in stanza.toml


@given(st.text() | st.text("\x1b[];\u202e\n\r\t \x00\x9b\ud800"))
def test_whatever_a_device_calls_itself_is_one_short_line(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= 80
    assert shown.isprintable()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["idVendor", "idProduct", "product", "serial", "uevent"]))
def test_no_content_of_a_file_stops_it(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    root = lay_out(tmp_path_factory.mktemp("tree"), "gun-newland-cdc")
    (root / "sys/devices/pci0000:00/0000:00:14.0/usb1/1-4" / name).write_bytes(content)
    (root / "run/udev/data/c166:0").write_bytes(content)
    said = show.as_text(*looked(root))
    assert not HIDDEN & set(said)
    assert show.as_json(*looked(root))
