"""A gate whose configuration names a gateway: what is refused, with which words, and that the rest is put together."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest
from gateway_rig import Gateway
from lane_rig import WAIT_S
from net_rig import Authority, Server
from vectors import ROOT

from gate.app.build import build
from gate.app.config_check import faults
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError
from gate.model import Records

if TYPE_CHECKING:
    from pathlib import Path

ANNA = bytes(15) + b"a"
PIN = base64.b64encode(bytes(32)).decode()


def written(folder: Path, lookup: str, *, file: bool = True) -> Path:
    text = (ROOT / "config" / "demo.toml").read_text("utf-8")
    if not file:
        text = text.replace('file = "status.json"', "")
    path = folder / "gate.toml"
    path.write_text(f"{text}\n[status.lookup]\n{lookup}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lookup", "said"),
    [
        ('url = "https://gateway.example"', "name a CA file or pins"),
        (f'url = "http://gateway.example"\npins = ["{PIN}"]', "would go over the network in clear"),
        ('url = "https://gateway.example"\npins = ["abc"]', "is no pin"),
        ('url = "https://gateway.example"\npins = ["ä"]', "is no pin"),
        ('url = "https://gateway.example"\nca_file = "missing.pem"', "CA file can't be used"),
    ],
)
def test_a_gateway_that_cannot_be_believed_is_refused_with_what_to_write(
    lookup: str, said: str, tmp_path: Path
) -> None:
    file = written(tmp_path, lookup)
    config, roots = load(file, tmp_path), Roots(tmp_path, tmp_path)
    assert any(said in fault for fault in faults(config, roots))
    with pytest.raises(ConfigError, match=said):
        build(config, roots).journal.close()


def test_a_configuration_without_any_source_of_records_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "config" / "demo.toml").read_text("utf-8")
    file = tmp_path / "gate.toml"
    file.write_text(text.replace('file = "status.json"', ""), encoding="utf-8")
    with pytest.raises(ConfigError, match="says nowhere where records come from"):
        load(file, tmp_path)


def test_a_gate_asks_the_gateway_that_its_configuration_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate()
    gateway = Gateway({ANNA: Records()})
    with Server(gateway.serve, certificate.context()) as server:
        pin = base64.b64encode(certificate.pin).decode()
        file = written(tmp_path, f'url = "{server.base}"\npins = ["{PIN}", "{pin}"]', file=False)
        gate = build(load(file, tmp_path), Roots(tmp_path, tmp_path))

        async def scenario() -> None:
            async with asyncio.timeout(WAIT_S):
                found = await gate.service._judge.status.find([ANNA])
            assert (found.holder, found.records, found.offline) == (ANNA, Records(), False)

        asyncio.run(scenario())
        gate.close()
    assert len(gateway.asked) == 1
