"""The steps of a page, done as a reader does them; so what the page shows is what they will see.

Fenced blocks whose first line says ``json file=NAME`` are written, ``json edit=NAME at=/a/pointer`` are put into a file
(a pointer that ends in ``/-`` appends), and the commands of ``console`` blocks are run in turn, each followed by what
it prints. In the folder lies ``gate.toml``, the demonstration's with a list of permits. Tables between
``<!-- facts -->`` and ``<!-- end of facts -->`` hold the vocabulary.

``python tests/doc_steps.py docs/rules.md`` brings a page up to date.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.__main__ import main
from gate.rules.vocabulary import FACTS, STATES, Unit

if TYPE_CHECKING:
    from gate.rules.vocabulary import Value

_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_DEMO = Path(__file__).resolve().parent.parent / "config" / "demo.toml"
_WITH_PERMITS = '[status]\npermits = "permits.sqlite"'
_FACTS = re.compile(r"(?<=<!-- facts -->\n).*?(?=<!-- end of facts -->)", re.DOTALL)


def done(page: str) -> str:
    """The page with everything that its steps print, done in an empty folder, and with the facts there are."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("gate.toml").write_text(_DEMO.read_text("utf-8").replace("[status]", _WITH_PERMITS), "utf-8")
        page = _BLOCK.sub(_step, page)
    return _FACTS.sub(lambda _: facts_table(), str(page))


def facts_table() -> str:
    """Every fact with its values, as Markdown."""
    lines = ["| fact | 中文 | states | from | notes |", "|---|---|---|---|---|"]
    for name, fact in FACTS.items():
        states = ", ".join(state.value for state in fact.states)
        lines.append(f"| `{name}` | {fact.words.zh} | {states} | {fact.source} | {fact.note} |")
    lines += [
        "",
        "| value | 中文 | English | type and unit | there when the fact is known and |",
        "|---|---|---|---|---|",
    ]
    for name, fact in FACTS.items():
        for key, value in fact.values.items():
            words = f"{value.words.zh} | {value.words.en}"
            lines.append(f"| `{name}.{key}` | {words} | {_type(value)} | {value.when or '(always)'} |")
    states = "; ".join(f"`{state}` {words.zh}, {words.en}" for state, words in STATES.items())
    return "\n".join([*lines, "", f"States: {states}.", ""])


def _type(value: Value) -> str:
    if value.unit is Unit.CHOICE:
        return "one of " + ", ".join(f"`{choice}`" for choice in value.choices)
    return str(value.unit.value)


def _step(block: re.Match[str]) -> str:
    words = block["kind"].split()
    options = dict(word.split("=", 1) for word in words[1:])
    if "file" in options:
        path = Path(options["file"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["body"], "utf-8")
    elif "edit" in options:
        _edit(Path(options["edit"]), options["at"], json.loads(block["body"]))
    elif words[:1] == ["console"]:
        commands = [line for line in block["body"].splitlines() if line.startswith("$ ")]
        return f"```{block['kind']}\n" + "".join(f"{command}\n{_printed(command)}" for command in commands) + "```"
    return block[0]


def _edit(path: Path, pointer: str, value: Any) -> None:
    document = json.loads(path.read_text("utf-8"))
    *parents, last = pointer.removeprefix("/").split("/")
    place = document
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    if last == "-":
        place.append(value)
    else:
        place[int(last) if isinstance(place, list) else last] = value
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2), "utf-8")


def _printed(command: str) -> str:
    """What a command prints, its exit status in the end where it is not 0."""
    words = shlex.split(command.removeprefix("$ "))
    if words[0] == "cp":
        Path(words[2]).write_bytes(Path(words[1]).read_bytes())
        return ""
    if words[0] != "gate":
        raise ValueError(f"not a command that a page may show: {command}")
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = main(words[1:])
    return output.getvalue() + (f"[exit status {status}]\n" if status else "")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        written = Path(name).resolve()
        text = done(written.read_text("utf-8"))
        written.write_text(text, "utf-8")
