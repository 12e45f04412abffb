"""Makes whole lists of what was brought, in a process of its own: no look-up ever waits for it.

It unpacks parcels, makes lists from signed heads, and removes what no gate needs any more. ``python -m
gate.status.cache.prepare FOLDER KIND SIGNER…`` reads the lists' key from standard input, works at the lowest priority,
and prints what it could not do, one sentence a line. It may be killed at any moment: what it makes is there whole or
not at all, and what was left half-made is overwritten.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache import floor as floors
from gate.status.cache import parcel
from gate.status.cache.compaction import compact, read_recipe
from gate.status.cache.crypto import ListKey
from gate.status.cache.folder import FLOOR, ListFolder, Name, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.status.cache.layout import Kind

_ROOT_BYTES: Final = 32


def wanted(folder: Path, made: int) -> bool:
    """Whether something newer was brought than the generation that serves."""
    return any(name.number > made and name.form in {"pack", "head"} for name in names(folder))


def start(folder: Path, kind: Kind, key: ListKey, signers: frozenset[bytes]) -> subprocess.Popen[bytes]:
    """Begin in another process.

    Raises:
        OSError: there can be none.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "gate.status.cache.prepare",
        str(folder),
        kind,
        *(one.hex() for one in signers),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(key.root)
        process.stdin = None  # or it would be flushed again when its answer is read
    return process


def prepare(folder: Path, kind: Kind, key: ListKey, signers: frozenset[bytes]) -> Iterator[str]:
    """Make the newest list that was brought, then remove what is left over; gives what could not be done."""
    lists = ListFolder(folder, kind, key)
    present = names(folder)
    try:
        made = lists.newest(signers).whole.number
    except StatusUnavailable:
        made = 0
    for number in sorted({name.number for name in present if name.number > made}, reverse=True):
        forms = {name.form for name in present if name.number == number} & {"head", "pack"}
        faults = list(_make(lists, number, forms, signers))
        yield from faults
        if forms and not faults:
            break
    yield from _tidy(folder)


def _make(lists: ListFolder, number: int, forms: set[str], signers: frozenset[bytes]) -> Iterator[str]:
    """From its head, which costs nothing to fetch, or else from its parcel."""
    target = lists.folder / str(Name(number, 0, "whole"))
    why = []
    for form in [form for form in ("head", "pack") if form in forms]:
        brought = target.with_suffix(f".{form}")
        try:
            if form == "head":
                recipe = read_recipe(brought, signers)
                compact(recipe, target, lists.newest(signers), lists.key)
            else:
                parcel.unpack(brought, target, lists.key, signers)
        except (StatusUnavailable, OSError, ValueError) as fault:
            why.append(f"{brought.name}: {fault}")
        else:
            return
    yield from why


def _tidy(folder: Path) -> Iterator[str]:
    """Keep the generation that serves, the one before it, and whatever is newer."""
    try:
        floor = floors.read(folder / FLOOR)
        for name in names(folder):
            if name.number < floor.before or (name.form in {"pack", "head"} and name.number <= floor.used):
                (folder / str(name)).unlink(missing_ok=True)
        for draft in folder.glob("g*.new"):
            draft.unlink(missing_ok=True)
    except (StatusUnavailable, OSError) as fault:
        yield str(fault)


def main(arguments: list[str]) -> int:
    """See above; 0 where everything was done."""
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # only when nobody else wants a processor
    folder, kind, *signers = arguments
    root = sys.stdin.buffer.read(_ROOT_BYTES)
    faults = 0
    believed = frozenset(bytes.fromhex(one) for one in signers)
    for fault in prepare(Path(folder), "city" if kind == "city" else "exceptions", ListKey(root), believed):
        faults += 1
        sys.stdout.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
