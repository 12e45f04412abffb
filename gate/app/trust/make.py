"""``gate trust make``: a folder of files -> a signed bundle, verified before anybody gets it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gate import durable
from gate.app import rule_files
from gate.app.trust import keys
from gate.app.trust.keys import ROOT, said
from gate.errors import ConfigError, TrustError
from gate.trust import bundle, load, publish
from gate.trust.bundle import MAX_FILES, MAX_FILES_BYTES
from gate.trust.folder import is_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from gate.trust.bundle import Bundle

_ALWAYS = ("targets", bundle.ROLE, "snapshot", "timestamp")
"""Whose keys sign every bundle; those of the root stay where they are."""


def run(args: argparse.Namespace) -> int:
    """Sign, verify, and put the new bundle in the place of the old one."""
    path: Path = args.bundle
    given = {role: folder for role in bundle.OTHERS if (folder := getattr(args, role)) is not None}
    signers = keys.load(args.keys, (*_ALWAYS, *given))
    try:
        root = (args.keys / ROOT).read_bytes()
        files = _files(bundle.ROLE, args.files)
        others = {role: _files(role, folder) for role, folder in given.items()}
        before = _before(path, root)
        for role in (before.others.keys() if before is not None else ()) - others.keys():
            raise ConfigError(f"{path}: has the role {role}, and gates miss it in a newer one; give --{role} FOLDER")
        version = _version(before) + 1
        contents = publish.make_bundle(files, signers, version, args.until, others)
        made = bundle.verify(lambda name, _: contents.get(name), root)
        _, notes = load.load(made)
        if bundle.RULES in others:
            rule_files.check(others[bundle.RULES])
        _write(path, contents)
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}") from None
    for note in notes:
        print(f"Note: {note}")
    print(f"{path}: version {version}, {_counted(made)}, good until {said(made.expires)}")
    return 0


def _before(path: Path, root: bytes) -> Bundle | None:
    """The bundle that is there, None where there is none."""
    if not path.exists():
        return None
    try:
        return bundle.open_folder(path, root)
    except TrustError as fault:
        raise ConfigError(f"{path}: holds no bundle of these keys ({fault}); name another folder, or mend it") from None


def _version(before: Bundle | None) -> int:
    """The highest of a bundle; gates refuse an older one than they had."""
    roles = {} if before is None else before.roles
    return max((role.version for name, role in roles.items() if name != "root"), default=0)


def _files(role: str, folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder")
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            continue
        if not is_name(f"{role}/{name}"):
            raise ConfigError(f"{path}: needs a plain name (letters, digits, . _ -), at most two folders deep")
        found[name] = path.read_bytes()
    if len(found) > MAX_FILES or sum(map(len, found.values())) > MAX_FILES_BYTES:
        raise ConfigError(f"{folder}: more than {MAX_FILES} files or {MAX_FILES_BYTES >> 20} MiB: no gate takes that")
    return found


def _write(path: Path, contents: Mapping[str, bytes]) -> None:
    """Replace a bundle: the new folder is whole before it takes the old one's name."""
    draft, before = path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.before")
    for left in (draft, before):
        shutil.rmtree(left, ignore_errors=True)
    for name, data in contents.items():
        durable.write(draft / name, data, 0o644)
    if path.exists():
        path.rename(before)
    draft.rename(path)
    durable.sync_folder(path.parent)
    shutil.rmtree(before, ignore_errors=True)


def _counted(made: Bundle) -> str:
    counted = _number(len(made.files))
    return ", ".join([counted, *(f"{_number(len(files))} of {role}" for role, files in made.others.items())])


def _number(files: int) -> str:
    return f"{files} file{'' if files == 1 else 's'}"
