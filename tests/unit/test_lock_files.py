"""The lock files hold together: every package pinned with hashes, tests run with the device's very versions."""

from __future__ import annotations

import configparser
import re

from vectors import ROOT


def _pins(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Package -> its version and its hashes."""
    pins = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip()):
        pin = re.fullmatch(r"([a-z0-9-]+)==([^ ;]+)(?: ;[^\\]*)? ((?:\\\n    --hash=sha256:[0-9a-f]{64} ?)+)", entry)
        assert pin, f"{name}: no pin with hashes: {entry}"
        pins[pin[1]] = (pin[2], frozenset(re.findall(r"sha256:\w+", pin[3])))
    return pins


def _declared(option: str, section: str) -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return {re.split(r"[ <>=!~;[]", line)[0] for line in setup[section][option].split("\n") if line[:1].isalpha()}


def test_the_tests_run_with_the_versions_of_the_device() -> None:
    tests, device = _pins("requirements-test.lock"), _pins("requirements.lock")
    assert device.items() <= tests.items()


def test_the_fleet_has_the_versions_of_the_device_and_the_tests_those_of_the_fleet() -> None:
    tests, fleet, device = (_pins(f"requirements{name}.lock") for name in ("-test", "-fleet", ""))
    assert device.items() <= fleet.items() <= tests.items()


def test_whatever_is_declared_is_pinned() -> None:
    runtime = _declared("install_requires", "options") | {"setuptools"}
    assert runtime <= _pins("requirements.lock").keys()
    for extra in ("fleet", "test"):
        assert runtime | _declared(extra, "options.extras_require") <= _pins(f"requirements-{extra}.lock").keys()
