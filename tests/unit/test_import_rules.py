"""The house keeps its import rules (DESIGN §3), and the check that says so sees every way to break them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from import_rules import OURS, violations
from vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_house_keeps_its_import_rules() -> None:
    assert list(ROOT.glob("gate/**/*.py")), "no source to look at"
    assert violations(ROOT) == []


def _plant(root: Path, path: str, source: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("gate/model.py", "import msgspec", "standard library only"),
        ("gate/errors.py", "def f():\n    import cryptography.x509", "standard library only"),
        ("gate/model.py", "from gate.errors import GateError", "gate.model sees only"),
        ("gate/errors.py", "from gate.clock import Clock", "gate.errors sees only"),
        ("gate/credentials/cose.py", "import asyncio", "it is pure"),
        ("gate/credentials/cose.py", "from os.path import join", "it is pure"),
        ("gate/credentials/cose.py", "import urllib.request", "it is pure"),
        ("gate/credentials/__init__.py", "from concurrent import futures", "it is pure"),
        ("gate/rules/decide.py", "def f():\n    import time", "it is pure"),
        ("gate/rules/decide.py", "if True:\n    from logging import getLogger", "it is pure"),
        ("gate/rules/deep/er.py", "class A:\n    import socket", "it is pure"),
        ("gate/rules/decide.py", "import importlib\nx = importlib.import_module('sqlite3')", "it is pure"),
        ("gate/rules/decide.py", "x = __import__('threading')", "it is pure"),
        ("gate/lane.py", "import subprocess", "it is pure"),
        ("gate/lane.py", "def f():\n    import serial", "it is pure"),
        ("gate/rules/decide.py", "from datetime import datetime, UTC\nx = datetime.now(UTC)", "calls datetime.now"),
        ("gate/rules/decide.py", "import datetime\nx = datetime.date.today()", "calls datetime.date.today"),
        ("gate/rules/ruleset.py", "x = open('rules.json')", "calls open"),
        ("gate/rules/decide.py", "from gate.trust import anchors", "gate.rules sees only"),
        ("gate/rules/decide.py", "from gate import trust", "gate.rules sees only"),
        ("gate/rules/decide.py", "from ..status import cache", "gate.rules sees only"),
        ("gate/rules/__init__.py", "from ..clock import now", "gate.rules sees only"),
        ("gate/credentials/permit.py", "import gate.journal.store", "gate.credentials sees only"),
        (
            "gate/credentials/permit.py",
            "from gate.app import run",
            "only gate.app and gate.__main__ and fleet.configuration and fleet.simulator may",
        ),
        ("drivers/camera.py", "from gate.config import Config", "drivers sees only"),
        ("drivers/simulated/gun.py", "from gate.credentials import identify", "drivers sees only"),
        ("drivers/camera.py", "from voice import pack", "only gate.app and voice may"),
        (
            "voice/speaker.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gate.lane import Lane",
            "voice sees only",
        ),
        ("voice/speaker.py", "import drivers", "only gate.app and drivers may"),
        ("gate/status/lookup.py", "from gate.journal.store import Journal", "do not see each other"),
        ("gate/trust/refresh.py", "from gate.status import cache", "do not see each other"),
        ("gate/journal/upload.py", "from ..kiosk import server", "do not see each other"),
        ("gate/kiosk/server.py", "import gate.trust.anchors", "do not see each other"),
        ("gate/kiosk/server.py", "import voice.phrases", "only gate.app and voice may"),
        ("gate/health.py", "from drivers import DRIVERS", "only gate.app and drivers may"),
        (
            "gate/config.py",
            "import gate.app.run",
            "only gate.app and gate.__main__ and fleet.configuration and fleet.simulator may",
        ),
        ("gate/__main__.py", "import voice", "only gate.app and voice may"),
        ("gate/app/run.py", "import fleet.server", "only fleet may"),
        ("fleet/server.py", "from gate.journal.store import Journal", "fleet sees only"),
        ("fleet/plane/app.py", "from gate.pseudonym import PseudonymKey", "fleet sees only"),
        ("fleet/gateway/asking.py", "from gate.status.cache import Cache", "fleet.gateway sees only"),
        ("fleet/gateway/door.py", "from fleet.registry import models", "without Django"),
        ("fleet/plane/app.py", "from django.db import models", "without Django"),
        ("drivers/barcode.py", "import evdev", "inside the function"),
        (
            "drivers/stream.py",
            "try:\n    from serial import Serial\nexcept ImportError:\n    pass",
            "inside the function",
        ),
        ("drivers/camera.py", "class A:\n    import zxingcpp", "inside the function"),
        ("gate/app/run.py", "from pyzbar import pyzbar", "inside the function"),
        (
            "voice/render.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\nelse:\n    import pyttsx3",
            "inside",
        ),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, path: str, source: str, rule: str) -> None:
    found = violations(_plant(tmp_path, path, source))
    assert any(wrong.startswith(f"{path}:") and rule in wrong for wrong in found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("gate/errors.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gate.model import Reason"),
        ("gate/credentials/dcc.py", "import zlib, cbor2\nfrom urllib.parse import urlsplit\nfrom .cose import verify"),
        (
            "gate/rules/derive.py",
            "from datetime import datetime\nfrom gate.model import Facts\nx = datetime.fromisoformat",
        ),
        ("gate/status/cache.py", "import os, sqlite3\nfrom gate.rules import derive\nfrom . import source"),
        ("gate/app/run.py", "from drivers import DRIVERS\nfrom voice import pack\nfrom gate.status import file"),
        ("gate/__main__.py", "from gate.app.run import main"),
        ("drivers/barcode.py", "import asyncio, os\nfrom drivers.repeats import Repeats\ndef f():\n    import evdev"),
        ("drivers/barcode.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import evdev"),
        ("drivers/serials.py", "import serialisation"),
        ("fleet/server.py", "import starlette, sqlite3\nfrom gate.journal.upload import Batch\nfrom gate import wire"),
        ("fleet/gateway/asking.py", "from gate.net.client import Client\nfrom gate.pseudonym import PseudonymKey"),
    ],
)
def test_what_is_allowed_is_let_be(tmp_path: Path, path: str, source: str) -> None:
    assert violations(_plant(tmp_path, path, source)) == []


def test_every_package_is_looked_at(tmp_path: Path) -> None:
    for package in OURS:
        _plant(tmp_path, f"{package}/a/b.py", "import serial")
    assert len(violations(tmp_path)) == len(OURS)
