"""Two people sign a release, each where their own key is; neither alone, nor anybody else, reaches a gate."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_bundles import FILES, write
from vectors import ROOT

from fleet.errors import FleetError
from fleet.publishing import keys, proposal, release
from fleet.publishing.sign import main
from gate.trust import bundle

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_city import City

PASSPHRASE = "twelve or more of them"  # noqa: S105 - of nobody


def do(*arguments: str | Path, says: str = PASSPHRASE) -> None:
    """A tool of ``fleet sign``; passphrases come as from a pipe."""
    with patch.object(sys, "stdin", io.StringIO(f"{says}\n{says}\n")):
        main([str(one) for one in arguments])


class Office:
    """Alice and Bob, with a folder each for what is on their machines, and the folder of whoever puts it together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("alice", "bob", "eve"):
            (folder / name).mkdir()
            do("key", folder / name / name)
        do("online", folder / "online")
        do("root", folder / "root.proposal", *self._people("alice", "bob"), "--online", folder / "online")
        for name in ("alice", "bob"):
            do("add", self.with_(name, "root.proposal"), "--key", self.key(name))
        self.root = folder / "root.json"
        do("merge", folder / "root.proposal", *self.signed("root.proposal", "alice", "bob"), "--out", self.root)
        write(folder / "lists", FILES)

    def _people(self, *names: str) -> list[str]:
        return [part for name in names for part in ("--person", str(self.folder / name / f"{name}.pub.json"))]

    def key(self, name: str) -> Path:
        return self.folder / name / f"{name}.key.pem"

    def with_(self, name: str, what: str) -> Path:
        """A file, brought to somebody's machine."""
        there = self.folder / name / what
        there.write_bytes((self.folder / what).read_bytes())
        return there

    def signed(self, what: str, *names: str) -> list[Path]:
        return [self.folder / name / f"{what}.{name}" for name in names]

    def make(self, what: str = "release", *more: str | Path) -> Path:
        path = self.folder / what
        do("make", path, "--files", self.folder / "lists", "--root", self.root, *more)
        return path

    def add(self, name: str, what: str = "release", **how: Any) -> None:
        do("add", self.with_(name, what), "--key", self.key(name), "--root", self.root, **how)

    def merge(self, *names: str, what: str = "release") -> Path:
        out = self.folder / f"{what}-bundle"
        usual: list[str | Path] = ["--online", self.folder / "online", "--root", self.root, "--out", out]
        do("merge", self.folder / what, *self.signed(what, *names), *usual)
        return out


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_what_both_have_signed_is_a_bundle_that_a_gate_believes(office: Office) -> None:
    office.make()
    office.add("alice")
    office.add("bob")
    made = bundle.open_folder(office.merge("alice", "bob"), office.root.read_bytes())
    assert made.files == FILES
    assert made.version == 1
    assert {len(made.roles[role].keys) for role in ("root", "targets", "trust")} == {2}
    assert release.read(office.folder / "release-bundle", office.root.read_bytes()).version == 1


def test_one_alone_or_twice_is_not_enough(office: Office) -> None:
    office.make()
    office.add("alice")
    for names in (("alice",), ("alice", "alice")):
        with pytest.raises(FleetError, match="not signed by enough"):
            office.merge(*names)
    assert not (office.folder / "release-bundle").exists()


def test_a_key_that_the_root_does_not_name_signs_nothing(office: Office) -> None:
    office.make()
    office.add("alice")
    with pytest.raises(FleetError, match="no key that the root asks"):
        office.add("eve")
    blob = (office.folder / "release").read_bytes()
    with patch.object(sys, "stdin", io.StringIO(f"{PASSPHRASE}\n")):
        forged = proposal.sign(blob, keys.private(office.key("eve")))
    office.signed("release", "eve")[0].write_bytes(proposal.write(forged))
    with pytest.raises(FleetError, match="not signed by enough"):
        office.merge("alice", "eve")


def test_signatures_are_under_that_very_proposal(office: Office) -> None:
    office.make()
    office.add("alice")
    (office.folder / "lists" / "value-sets.json").write_bytes(b'{"colours": ["green", "red"]}')
    office.make()
    office.add("bob")
    with pytest.raises(FleetError, match="under another proposal"):
        office.merge("alice", "bob")


@pytest.mark.parametrize(
    "attack",
    [
        lambda found: found["files"].update({"trust/value-sets.json": "e30="}),
        lambda found: found["files"].update({"trust/more.json": "e30="}),
        lambda found: found["files"].pop("trust/value-sets.json"),
        lambda found: found["metadata"].pop("trust"),
        lambda found: found["metadata"].update(targets=found["metadata"]["trust"]),
        lambda found: found["metadata"].update(rules=found["metadata"]["trust"]),
        lambda found: found["metadata"].update(root=found["metadata"]["trust"]),
        lambda found: found.update(more=1),
    ],
)
def test_a_proposal_that_was_changed_on_its_way_is_signed_by_nobody(office: Office, attack: Any) -> None:
    path = office.make()
    found = json.loads(path.read_bytes())
    attack(found)
    path.write_text(json.dumps(found), "utf-8")
    with pytest.raises(FleetError):
        office.add("alice")


def test_nobody_is_signed_in_beside_those_of_the_root(office: Office) -> None:
    """Eve makes a proposal that lets her and herself alone sign for what comes next."""
    others = Office(_made(office.folder / "others"))
    strange = others.make()
    (office.folder / "release").write_bytes(strange.read_bytes())
    with pytest.raises(FleetError, match="who are not in the root"):
        office.add("alice")


def test_nobody_signs_a_root_for_a_release(office: Office) -> None:
    (office.folder / "release").write_bytes((office.folder / "root.proposal").read_bytes())
    with pytest.raises(FleetError, match="would be a new root"):
        office.add("alice")
    found = json.loads((office.folder / "root.proposal").read_bytes())
    root = json.loads(base64.b64decode(found["metadata"]["root"]))
    root["signed"]["version"] = 2
    found["metadata"]["root"] = base64.b64encode(json.dumps(root).encode()).decode()
    (office.folder / "second").write_text(json.dumps(found), "utf-8")
    with pytest.raises(FleetError, match="take the place of a root"):
        do("add", office.folder / "second", "--key", office.key("alice"))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_keys_are_encrypted_and_stay_their_owners(office: Office) -> None:
    office.make()
    assert b"ENCRYPTED PRIVATE KEY" in office.key("alice").read_bytes()
    with pytest.raises(FleetError, match="not its passphrase"):
        office.add("alice", says="another one of them")
    with pytest.raises(FleetError, match="is there already"):
        do("key", office.folder / "alice" / "alice")
    with pytest.raises(FleetError, match="at least 12"):
        do("key", office.folder / "short", says="too short")
    plain = office.folder / "online" / "snapshot-1.pem"
    with pytest.raises(FleetError, match="is not encrypted"):
        do("add", office.folder / "release", "--key", plain, "--root", office.root)
    office.key("alice").chmod(0o644)
    with pytest.raises(FleetError, match="others could read"):
        office.add("alice")


def test_a_root_asks_for_two_different_people(office: Office) -> None:
    for names in (("alice",), ("alice", "alice")):
        with pytest.raises(FleetError, match="at least 2 people"):
            do("root", office.folder / "r", *office._people(*names), "--online", office.folder / "online")
    root = office.folder / "other.json"
    with pytest.raises(FleetError, match="refused"):
        do("merge", office.folder / "root.proposal", *office.signed("root.proposal", "alice"), "--out", root)
    assert not root.exists()


def test_rules_that_a_gate_would_refuse_are_proposed_to_nobody(office: Office) -> None:
    rules = office.folder / "rules"
    write(rules, {"station.json": (ROOT / "config" / "rules" / "station-48h.json").read_bytes()})
    office.make("good", "--rules", rules)
    write(rules, {"station.json": b"{}"})
    with pytest.raises(FleetError, match="rule set"):
        office.make("bad", "--rules", rules)
    assert not (office.folder / "bad").exists()


def test_the_next_release_and_its_way_back_come_after_the_one_before(office: Office) -> None:
    office.make()
    for name in ("alice", "bob"):
        office.add(name)
    before = office.merge("alice", "bob")
    for what, more in (("next", ()), ("back", ("--way-back",))):
        office.make(what, "--before", before, *more)
        for name in ("alice", "bob"):
            office.add(name, what)
    versions = [
        bundle.open_folder(office.merge("alice", "bob", what=what), office.root.read_bytes()).version
        for what in ("next", "back")
    ]
    assert versions == [2, 3]


def test_a_passphrase_is_asked_for_at_the_terminal_and_not_shown(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", "--wait", sys.executable, "-m", "fleet", "sign", "key", str(tmp_path / "carol")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is gone when it has ended
            for question in (b"new key: ", b"again: "):
                while question not in shown:
                    shown += os.read(ours, 1000)
                os.write(ours, PASSPHRASE.encode() + b"\n")
            while more := os.read(ours, 1000):
                shown += more
        assert running.wait(60) == 0, shown
    os.close(ours)
    assert PASSPHRASE.encode() not in shown
    assert b"stays on this machine" in shown


def test_it_is_published_and_reaches_a_gate_that_pins_the_root(city: City, office: Office) -> None:
    from fleet.publishing.command import main as publish  # noqa: PLC0415 - Django is set up by the fixture

    office.make()
    for name in ("alice", "bob"):
        office.add(name)
    made = office.merge("alice", "bob")
    for name in city.gates:
        (city.folder / name / "root.json").write_bytes(office.root.read_bytes())
    publish([str(made), "--site", str(city.site), "--root", str(office.root), "--at-once"])
    city.work()
    assert city.fetch() == ["trust@1"] * 5


@settings(max_examples=50)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_other_file_is_a_proposal(blob: bytes) -> None:
    with pytest.raises(FleetError):
        proposal.read(blob)
