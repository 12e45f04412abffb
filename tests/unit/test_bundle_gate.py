"""A whole gate whose bundle comes from a server and whose rules come in the bundle, as its configuration says it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from net_rig import Server
from trust_bundles import root
from trust_site import Site, versioned
from vectors import ROOT

from gate.__main__ import main
from gate.app.build import build
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.app.gate import Gate

STATION = (ROOT / "config/rules/station-48h.json").read_bytes()


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with Server(site.serve) as running:
        yield running


@pytest.fixture
def file(server: Server, tmp_path: Path) -> Path:
    text = (ROOT / "config/demo.toml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("sets =", "orders =", "bundle ="))]
    text = "\n".join(lines).replace("[rules]", "[rules]\nfrom_bundle = true")
    path = tmp_path / "gate.toml"
    path.write_text(f'{text}\n[trust.server]\nurl = "{server.base}"\n', "utf-8")
    shutil.copytree(ROOT / "config/rules", tmp_path / "rules")
    (tmp_path / "root.json").write_bytes(root())
    return path


def built(file: Path) -> Gate:
    gate = build(load(file, file.parent), Roots(file.parent, file.parent))
    gate.journal.close()
    return gate


def in_force(gate: Gate) -> str | None:
    found = gate.vitals.rules.at(gate.service._clock.moment())
    return None if found is None else found.id


def test_rules_come_over_the_network_and_are_there_at_the_next_start(file: Path, site: Site, server: Server) -> None:
    gate = built(file)
    assert in_force(gate) is None, "nobody was asked yet, and nobody waits for the network"
    site.put(versioned(1, others={"rules": {"station.json": STATION}}))
    gate.trust.refresh()
    assert in_force(gate) == "station-48h"
    server.__exit__()
    assert in_force(built(file)) == "station-48h"


def test_a_check_of_the_configuration_says_what_is_missing(
    file: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    check = ["run", "--check-config", "--config", str(file), "--state", str(file.parent)]
    main(check)
    assert "nothing was fetched yet" in capsys.readouterr().out
    site.put(versioned(1, others={"rules": {}}))
    built(file).trust.refresh()
    main(check)
    assert "[rules] from_bundle: there is no rule set" in capsys.readouterr().out
    site.put(versioned(2, others={"rules": {"station.json": STATION}}))
    built(file).trust.refresh()
    main(check)
    said = capsys.readouterr().out
    assert "[rules]" not in said
    assert "[trust]" not in said
    file.write_text(file.read_text("utf-8").replace("http://127.0.0.1", "http://example.org"), "utf-8")
    main(check)
    assert "in clear" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("from_bundle = true", ""), "sets needs at least one file"),
        (("from_bundle = true", 'from_bundle = true\nsets = ["a.json"]'), "remove sets and orders"),
        (("from_bundle = true", 'from_bundle = true\norders = "a.json"'), "remove sets and orders"),
        (("[trust]", '[trust]\nbundle = "trust"'), "one of the two"),
        (("[trust.server]", "[trust.server]\nevery_minutes = 0"), "at least 1"),
        (("[trust.server]", "[trust.server]\nminutes = 1"), 'did you mean "every_minutes"'),
    ],
)
def test_what_does_not_fit_together_is_named(change: tuple[str, str], why: str, file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(ConfigError, match=why):
        load(file, file.parent)


def test_without_any_source_of_a_bundle_somebody_is_told(file: Path) -> None:
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("[trust.server]")], "utf-8")
    with pytest.raises(ConfigError, match="one of the two"):
        load(file, file.parent)
