"""A gate is put together from what can be used; the rest is named and left out."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING

import pytest
from status_lists import RED, SIGNER, bits, desk, terms
from trust_bundles import contents, installed
from vectors import ROOT

from gate.app.build import build
from gate.app.config_check import faults
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError
from gate.model import Colour, Direction
from gate.pseudonym import load_or_make_key
from gate.status.cache.crypto import ListKey
from gate.status.cache.whole import Sorter

if TYPE_CHECKING:
    from pathlib import Path

    from gate.app.gate import Gate


def made(folder: Path, added: str) -> Gate:
    """A gate of the demonstration's configuration with something added."""
    file = folder / "gate.toml"
    file.write_text((ROOT / "config" / "demo.toml").read_text(encoding="utf-8") + added, encoding="utf-8")
    gate = build(load(file, folder), Roots(folder, folder))
    gate.journal.close()
    return gate


def test_a_thermometer_is_supervised_like_the_readers(tmp_path: Path) -> None:
    thermometer = '\n[thermometer]\ndriver = "gy-mcu90614"\nport = "thermometer"\n'
    assert made(tmp_path, thermometer).drivers[-1].name == "thermometer"
    assert "thermometer" not in [driver.name for driver in made(tmp_path, "").drivers]


def test_a_list_of_exceptions_speaks_beside_the_other_sources(tmp_path: Path) -> None:
    """From the desk's key in the signed bundle to the records that the gate judges by."""
    key = load_or_make_key(tmp_path / "pseudonym.key")
    public = base64.b64encode(SIGNER.public_key().public_bytes_raw()).decode()
    signers = json.dumps({"signers": [{"name": "desk", "public_key": public}]}).encode()
    installed(tmp_path, contents(files={"status-signers.json": signers}))
    people, holder = Sorter(), bytes(range(16))
    people.add(ListKey.of(key).full_hash(holder), bits(RED), 2)
    desk(tmp_path / "exceptions", key=ListKey.of(key)).whole(people, terms(hours=-9))
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    file = tmp_path / "gate.toml"
    file.write_text(text.replace('file = "status.json"', 'exceptions = "exceptions"'), encoding="utf-8")
    gate = build(load(file, tmp_path), Roots(tmp_path, tmp_path))
    try:
        records = asyncio.run(gate.personal.find([holder])).records
        assert records is not None
        assert [code.colour for code in records.codes] == [Colour.RED]
        records = asyncio.run(gate.personal.find([bytes(16)])).records
        assert records is not None
        assert [(code.source, code.colour) for code in records.codes] == [("exceptions-silence", Colour.GREEN)]
    finally:
        gate.close()


def test_a_gate_that_must_not_keep_everybody_s_status_does_not_start(tmp_path: Path) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    file = tmp_path / "gate.toml"
    file.write_text(text.replace("[status]", '[status]\ncity = "city"'), encoding="utf-8")
    config, roots = load(file, tmp_path), Roots(tmp_path, tmp_path)
    assert any("[status] city is kept only by a gate whose key" in fault for fault in faults(config, roots))
    with pytest.raises(ConfigError, match="held in hardware"):
        build(config, roots)


def test_files_that_nobody_can_use_don_t_keep_the_gate_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "file").write_text("in the way")
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    text = text.replace('certificate_rules = "rules/certificates.json"', 'certificate_rules = "deep.json"')
    text = text.replace("[rules]", '[rules]\norders = "deep.json"')
    text = text.replace('root = "root.json"', 'root = "deep.json"').replace("status.json", "deep.json")
    text += '\n[voice]\nfallback = "file/sounds"\n'
    file = tmp_path / "gate.toml"
    file.write_text(text, encoding="utf-8")
    gate = build(load(file, tmp_path), Roots(tmp_path, tmp_path))
    gate.journal.close()
    named = {record.message.split()[0] for record in caplog.records}
    assert named >= {
        "certificate-rules-refused",
        "orders-refused",
        "trust-refused",
        "status-refused",
        "rule-set-refused",
        "voice-fallback",
    }


def test_a_list_of_permits_that_can_not_be_used_is_named_and_the_gate_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    file = tmp_path / "gate.toml"
    file.write_text(text.replace("[status]", '[status]\npermits = "permits.sqlite"'), encoding="utf-8")
    (tmp_path / "permits.sqlite").write_bytes(b"no list")
    gate = build(load(file, tmp_path), Roots(tmp_path, tmp_path))
    gate.close()
    assert any(record.message.startswith("permits-refused") for record in caplog.records)


def test_a_door_has_a_reader_on_each_side(tmp_path: Path) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    file = tmp_path / "gate.toml"
    file.write_text(text.replace('device = "gun"', 'device = "gun"\ndirection = "out"'), encoding="utf-8")
    gate = build(load(file, tmp_path), Roots(tmp_path, tmp_path))
    gate.journal.close()
    place = gate.service._judge.place
    assert (place("id-reader").direction, place("gun").direction) == (Direction.IN, Direction.OUT)
    assert place("gun").zone == place("id-reader").zone
