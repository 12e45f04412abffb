"""Where the other verifiers live: each in an environment of its own, made from PyPI or npm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

OTHERS: Final = Path(__file__).resolve().parent / "others"
_PATIENCE_S: Final = 300


class NotRunError(Exception):
    """A verifier that could not be installed, or did not answer; the message is its own last line."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """One other program."""

    name: str
    adapter: str
    """File in ``others`` that puts the question to it."""
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    note: str = ""
    """What it is, and what had to be done for it."""


CBOR2: Final = "cbor2==5.6.5"
"""Newer ones decode to types that the COSE packages of 2021 to 2023 refuse."""

VERIFIERS: Final = (
    Verifier("this project", "with_this_project.py", note="all of it: signature, life, use, schema"),
    Verifier("cwt 3.3.0", "with_cwt.py", ("cwt==3.3.0", "base45==0.4.4"), note="COSE and CWT; Base45 and zlib by us"),
    Verifier("pycose 1.1.0", "with_pycose.py", ("pycose==1.1.0", "base45==0.4.4", CBOR2), note="COSE only"),
    Verifier("greenpass 4.3.1", "with_greenpass.py", ("greenpass==4.3.1", CBOR2), note="on cose 0.9"),
    Verifier("CovidPyLib 0.1.4", "with_covidpy.py", ("CovidPyLib==0.1.4", CBOR2), note="on cose 0.9"),
    Verifier("verificac19 1.2.0", "", ("verificac19==1.2.0",), note="needs its server's lists"),
    Verifier(
        "dcc-utils 0.4.0 (npm)", "with_dcc_utils.mjs", npm=("dcc-utils@0.4.0",), note="its check with a certificate"
    ),
    Verifier(
        "@pathcheck/dcc-sdk 0.0.27 (npm)",
        "with_pathcheck.mjs",
        npm=("@pathcheck/dcc-sdk@0.0.27",),
        note="its loader predates its dependencies",
    ),
)
ENGINES: Final = (
    Verifier("this project", "with_our_certlogic.py", note="compiled once"),
    Verifier(
        "certlogic-js 1.2.2 (npm)",
        "with_certlogic.mjs",
        npm=("certlogic-js@1.2.2",),
        note="the reference, interpreted each time",
    ),
)


def ask(verifier: Verifier, question: dict[str, Any], into: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Install a verifier where it is missing, and put the question to it.

    Raises:
        NotRunError: see there.
    """
    folder = into / "".join(c if c.isalnum() else "-" for c in verifier.name)
    if verifier.pip:
        interpreter = _python_environment(verifier, folder, say)
    elif verifier.npm:
        interpreter = _node_environment(verifier, folder, say)
    else:
        interpreter, folder = sys.executable, Path(__file__).parents[2]
    if not verifier.adapter:
        raise NotRunError(verifier.note)
    say(f"asking {verifier.name} …")
    out = _run([interpreter, str(OTHERS / verifier.adapter)], folder, json.dumps(question))
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        raise NotRunError("answers something else than was asked for") from None
    return answer


def _python_environment(verifier: Verifier, folder: Path, say: Callable[[str], None]) -> str:
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        say(f"installing {verifier.name} …")
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *verifier.pip], folder)
        done.touch()
    return str(python)


def _node_environment(verifier: Verifier, folder: Path, say: Callable[[str], None]) -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotRunError("there is no Node.js here")
    done = folder / "installed"
    if not done.exists():
        say(f"installing {verifier.name} …")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}", encoding="utf-8")
        _run([npm, "install", "--silent", "--no-audit", "--no-fund", *verifier.npm], folder)
        done.touch()
    return node


def _run(command: list[str], folder: Path, text: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603 - names from the table above, no shell
            command, cwd=folder, input=text, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotRunError(f"no answer within {_PATIENCE_S} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if re.match(r"\s*\w+Error: ", line)]
        raise NotRunError((lines or ["it gave no reason"])[-1][:160])
    return done.stdout
