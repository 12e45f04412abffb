"""docs/trust.md shows what its readers will see, and ends with a bundle that a gate believes."""

from __future__ import annotations

import re
import tomllib

from doc_steps import done
from vectors import ROOT

PAGE = (ROOT / "docs/trust.md").read_text("utf-8")


def test_every_step_prints_what_the_page_shows() -> None:
    assert done(PAGE) == PAGE, "bring the page up to date: python tests/doc_steps.py docs/trust.md"


def test_the_page_and_the_commented_configuration_name_the_same_settings() -> None:
    from_folder, from_server = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    commented = (ROOT / "config/gate.toml").read_text("utf-8")
    assert tomllib.loads(from_folder) == {"trust": tomllib.loads(commented)["trust"]}
    (server,) = re.findall(r"^# \[trust\.server\].*?\n\n", commented, re.MULTILINE | re.DOTALL)
    said = tomllib.loads(re.sub("^# ", "", server, flags=re.MULTILINE))["trust"]["server"]
    assert said.items() >= tomllib.loads(from_server)["trust"]["server"].items()
