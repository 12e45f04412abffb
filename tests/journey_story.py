"""One gate's life as somebody at the console sees it: from a claim on the screen to a certificate that it is no more.

Everything is the real thing: the console in Chromium, ``fleet publish`` and ``fleet rollouts``, a site of files, and
``gate enrol`` and ``gate run`` at the other end. What the story says it has seen, it has waited for.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from trust_bundles import FILES, contents, root, write
from vectors import ROOT

from drivers.code_reader import read_codes
from gate.app.fleet.serial import serial_number
from gate.credentials.sealing_keys import SealingKey, SealingKeys
from gate.model import Outcome, Reason
from gate.trust import sealing_keys
from gate.trust.load import SEALING_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fleet_rig import FleetServer
    from journey_gate import JourneyGate
    from playwright.sync_api import Page

WAIT_S = 180
KEY = SealingKey("journey", date(2021, 1, 1), date(2040, 1, 1), X25519PrivateKey.generate().public_key())
DAYS = sealing_keys.encode(SealingKeys((KEY,)))
"""Whose key the rows are sealed to; nobody has kept its other half."""
USER, PASSWORD = "journey-desk", "correct horse battery"
BEFORE, AFTER = "sampling-72h", "station-48h"
"""Rule sets: for how long a test is good."""
SOMEBODY = "test-expired"
"""Whose test was reported 49 hours ago, and sampled 57 hours ago."""
BOTH_PASSAGES = "SELECT count(*) = 2 FROM passages JOIN devices ON devices.id = device_id WHERE name = %s"


@dataclass
class City:
    """The server's side: its database, its console's address, the site of files and where bundles are signed."""

    server: FleetServer
    console: str
    folder: Path
    place: str
    name: str = "north-station-1"
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {**os.environ, "FLEET_DSN": self.server.ready.dsn}
        (self.folder / "root.json").write_bytes(root())

    @property
    def site(self) -> Path:
        return self.folder / "site"

    def signed(self, version: int, rule_set: str) -> Path:
        """A bundle with one rule set, in a folder."""
        file = ROOT / "config" / "rules" / f"{rule_set}.json"
        others = {"rules": {file.name: file.read_bytes()}}
        return write(self.folder / f"bundle-{version}", contents(version, {**FILES, SEALING_KEYS: DAYS}, others=others))

    def publish(self, *asked: object) -> None:
        where = ("--site", self.site, "--root", self.folder / "root.json")
        command = [sys.executable, "-m", "fleet", "publish", *map(str, (*asked, *where))]
        subprocess.run(command, env=self.environment, check=True)

    @contextlib.contextmanager
    def worked(self) -> Iterator[None]:
        """Meanwhile ``fleet rollouts`` is at work; it looks at gates as soon as it starts."""
        command = [sys.executable, "-m", "fleet", "rollouts", "--site", str(self.site)]
        with subprocess.Popen(command, env=self.environment) as worker:
            try:
                yield
            finally:
                worker.kill()

    def says(self, statement: str) -> Any:
        """The one value that the database has for the gate."""
        found = self.server.sql(statement, self.name)
        return found[0][0] if found else None

    def rollout(self) -> tuple[str, int]:
        """The newest one's state, and how many gates have told that they hold it."""
        state, holding = self.server.sql("SELECT state, holding FROM rollouts ORDER BY id DESC LIMIT 1")[0]
        return str(state), int(holding)

    def told(self, *path: str) -> tuple[Any, ...]:
        """What the gate has told last, in a tuple; nothing as long as a device of its is gone."""
        body = self.says("SELECT heartbeat FROM reports JOIN devices ON id = device_id WHERE name = %s")
        found = None if body is None else json.loads(bytes(body))
        if found is None or any("gone_s" in one for one in found["readers"]):
            return ()
        for name in path:
            found = (found or {}).get(name)
        return (found,)


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that gates and servers bring about by themselves."""
    ends = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < ends, what
        time.sleep(0.2)


class Story:
    """The steps, in their order; ``show`` is called with a picture's name and the page as it is then."""

    def __init__(
        self, page: Page, city: City, gate: JourneyGate, language: str, show: Callable[[str, Page], object]
    ) -> None:
        self.page, self.city, self.gate, self.language, self.show = page, city, gate, language, show

    def told(self) -> None:
        """From the first page to the last."""
        try:
            self.log_in()
            self.enrol(self.claim())
            self.at_work()
            self.rules_change()
            self.asked()
            self.erased()
        except AssertionError as failed:
            raise AssertionError(self.gate.daemon.explain(str(failed))) from failed

    def log_in(self) -> None:
        self.page.goto(f"{self.city.console}/login/")
        self.page.click(f"button[value={self.language}]")
        self.page.fill("[name=username]", USER)
        self.page.fill("[name=password]", PASSWORD)
        self.show("1-log-in", self.page)
        self.page.click("button.main")
        self.page.wait_for_selector(".sums")

    def claim(self) -> str:
        """Make a claim; gives what is read from the code on the screen."""
        self.page.goto(f"{self.city.console}/claims/")
        self.page.select_option("[name=site]", label=self.city.place)
        self.page.fill("[name=lines]", f"{self.city.name}, {serial_number()}")
        self.show("2-claims", self.page)
        self.page.click("button.main")
        self.page.wait_for_selector(".sheet img")
        self.show("3-code", self.page)
        (code,) = read_codes(Image.open(io.BytesIO(self.page.screenshot())))
        return code.decode()

    def enrol(self, code: str) -> None:
        done = self.gate.scan(code)
        assert done.status == 0, done.said
        assert code not in done.said
        used = self.city.says("SELECT used_at FROM claims WHERE device = %s")
        assert used is not None

    def at_work(self) -> None:
        """It starts with no rules, and gets the site's first bundle, as whoever is there does."""
        self.gate.start()
        until(lambda: self.city.told("rules") == (None,), "the gate has not told that it has no rules")
        assert self.gate.lay(SOMEBODY).reasons == (Reason.NO_RULE_SET,)
        self.of_gate()
        self.show("4-enrolled", self.page)
        self.city.publish(self.city.signed(1, BEFORE), "--at-once")
        with self.city.worked():
            until((self.city.site / "rings" / "99").is_symlink, "no ring was switched")
        self.refreshed("trust@1")
        with self.city.worked():
            until(lambda: self.city.rollout()[0] == "done", "the first rollout is not over")
        said = self.gate.lay(SOMEBODY)
        assert (said.outcome, said.reasons) == (Outcome.PASS, (Reason.GREEN_CODE,)), said
        self.of_gate()
        self.show("5-at-work", self.page)

    def of_gate(self) -> None:
        self.page.goto(f"{self.city.console}/gates/{self.city.name}/")

    def stir(self) -> None:
        """A gate tells at once that a reader is gone, and hears what it is to do: nobody has to wait for a minute."""
        self.gate.pull_reader_out()
        until(lambda: not self.city.told(), "the gate has not told that its reader is gone")
        self.gate.put_reader_back()

    def settled(self) -> None:
        """Its page, once the gate has told that all of its devices work."""
        until(self.city.told, "the gate has not told that its reader is back")
        self.of_gate()

    def refreshed(self, name: str) -> None:
        """Have the gate look for new rules now, and wait until it tells that it has them."""
        self.of_gate()
        self.page.click("button[value=refresh]")
        self.stir()
        until(lambda: self.city.told("trust", "name") == (name,), f"the gate has not told of {name}")

    def rules_change(self) -> None:
        """A test is good for 48 hours now, not for 72: one gate first."""
        release, back = self.city.signed(2, AFTER), self.city.signed(3, BEFORE)
        asked = (release, "--back", back, "--pilot", self.city.name)
        until(lambda: self.city.says(BOTH_PASSAGES), "its passages have not come")
        try:
            self.city.publish(*asked)
        except subprocess.CalledProcessError:
            self.city.publish(*asked, "--anyway")
        else:
            raise AssertionError("one of two passages may be decided otherwise, and nobody had to say that it is meant")
        with self.city.worked():
            until((self.city.site / "rings" / f"gate-{self.city.name}").is_symlink, "not its own ring")
        self.refreshed("trust@2")
        with self.city.worked():
            until(lambda: self.city.rollout() == ("running", 1), "nobody has counted the gate")
        said = self.gate.lay(SOMEBODY)
        assert (said.outcome, said.reasons) == (Outcome.REFER, (Reason.TEST_EXPIRED,)), said
        self.page.goto(f"{self.city.console}/rollouts/")
        self.show("6-rollout", self.page)

    def asked(self) -> None:
        """Its own test and its last log lines, from afar."""
        for kind in ("check", "log"):
            self.of_gate()
            self.page.click(f"button[value={kind}]")
        self.stir()
        answered = (
            "SELECT count(*) FROM commands JOIN devices ON devices.id = device_id WHERE name = %s AND lines <> ''"
        )
        until(lambda: self.city.says(answered), "no log line came")
        self.settled()
        said = self.page.locator("pre.lines").first.inner_text()
        assert "rule-set-in-force" in said
        assert "presentation" not in said
        self.show("7-asked", self.page)

    def erased(self) -> None:
        """It is told to erase itself, does, says so, and is let in no more."""
        before = self.gate.files()
        assert {"enrolled.toml", "pseudonym.key", "status.json"} <= before
        self.of_gate()
        form = self.page.locator("form:has(button[value=wipe])")
        form.locator("[name=name]").fill(self.city.name)
        form.locator("button").click()
        self.stir()
        until(lambda: self.city.says("SELECT state FROM devices WHERE name = %s") == "revoked", "it has not said so")
        left = self.gate.files()
        assert "journal.sqlite" in left
        assert not {"enrolled.toml", "pseudonym.key", "status.json"} & left
        assert not [name for name in left if name.startswith("device-")]
        assert self.gate.lay(SOMEBODY).outcome is Outcome.REFER
        self.of_gate()
        self.show("8-erased", self.page)
        self.page.goto(f"{self.city.console}/gates/{self.city.name}/retirement")
        self.page.wait_for_selector("table.facts")
        self.show("9-certificate", self.page)


def picture(page: Page, path: Path) -> None:
    """The page as a small PNG: 64 colours are enough for one that is drawn with ten."""
    drawn = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
