"""Power cuts, emulated: what a process did to its files, and what a disk may have kept of it.

``recorder.c`` notes every write and every fsync of a real process. A cut at any of these notes leaves of each file what
was synced, and of what was written after that any part, in any order, in whole sectors; of names that were made or
removed since the folder was synced, the first few.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

SECTOR = 512
SOURCE = Path(__file__).with_name("recorder.c")


@dataclass(frozen=True)
class Step:
    """One note."""

    operation: str
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class File:
    """What is on the disk for certain, and what may be."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.pending:
            _apply(self.synced, step)
        self.pending.clear()


class Disk:
    """A folder, step by step."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._named: dict[str, File] = {}
        """The names that the folder has for certain."""
        self._changes: list[tuple[str, File | None]] = []
        """Names made (or, with None, removed) since the folder was synced."""

    def take(self, step: Step) -> None:
        """Do what the process did."""
        match step.operation:
            case "create" if step.name not in self._files:
                self._files[step.name] = File()
                self._changes.append((step.name, self._files[step.name]))
            case "unlink":
                del self._files[step.name]
                self._changes.append((step.name, None))
            case "sync" if step.name == ".":
                self._rename(self._named, len(self._changes))
                self._changes.clear()
            case "sync":
                self._files[step.name].sync()
            case "write" | "truncate":
                self._files[step.name].pending.append(step)

    def after_a_cut(self, chance: random.Random) -> Mapping[str, bytes]:
        """What the next start finds."""
        named = dict(self._named)
        self._rename(named, chance.randint(0, len(self._changes)))
        return {name: _left(file, chance) for name, file in named.items()}

    def _rename(self, named: dict[str, File], changes: int) -> None:
        for name, file in self._changes[:changes]:
            if file is None:
                named.pop(name, None)
            else:
                named[name] = file


def _left(file: File, chance: random.Random) -> bytes:
    content = bytearray(file.synced)
    kept_share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    kept = [step for step in file.pending if chance.random() < kept_share]
    if chance.random() < 0.5:
        chance.shuffle(kept)
    for step in kept:
        for part in _torn(step, chance) if chance.random() < 0.3 else (step,):
            _apply(content, part)
    return bytes(content)


def _torn(step: Step, chance: random.Random) -> Iterator[Step]:
    """Some of the sectors of a write."""
    if step.operation == "truncate":
        yield step
        return
    ends = range(SECTOR - step.offset % SECTOR, len(step.data) + SECTOR, SECTOR)
    begin = 0
    for end in ends:
        if chance.random() < 0.5:
            yield Step("write", step.name, step.offset + begin, step.data[begin:end])
        begin = end


def _apply(content: bytearray, step: Step) -> None:
    if step.operation == "truncate":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    content.extend(bytes(max(0, step.offset - len(content))))
    content[step.offset : step.offset + len(step.data)] = step.data


def recorded(command: Sequence[str], folder: Path, scratch: Path) -> list[Step]:
    """Run a program and note what it does in a folder; skips where nothing can be loaded into it."""
    library, trace = scratch / "recorder.so", scratch / "trace"
    if shutil.which("gcc") is None:
        pytest.skip("power cuts are emulated by means of gcc, which is not here")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"], check=True)
    environment = {"LD_PRELOAD": str(library), "GATE_TRACE": str(trace), "GATE_TRACE_FOLDER": str(folder)}
    subprocess.run(command, env={**os.environ, **environment}, check=True)
    return list(_steps(trace.read_bytes()))


def _steps(notes: bytes) -> Iterator[Step]:
    place = 0
    while place < len(notes):
        end = notes.index(b"\n", place)
        operation, name, offset, length = notes[place:end].decode().split(" ")
        place = end + 1
        data = b""
        if operation == "write":
            data = notes[place : place + int(length)]
            place += int(length)
        yield Step(operation, name, int(offset), data)


def put(files: Mapping[str, bytes], folder: Path) -> None:
    """A folder as the next start finds it."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
