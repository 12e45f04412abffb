"""``gate trust make``: a folder of files -> a signed bundle, verified before anybody gets it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gate import durable
from gate.app.trust import keys
from gate.app.trust.keys import ROOT, said
from gate.errors import ConfigError, TrustError
from gate.trust import bundle, load, publish
from gate.trust.bundle import MAX_FILES, MAX_FILES_BYTES
from gate.trust.folder import is_name

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from gate.trust.bundle import Bundle


def run(args: argparse.Namespace) -> int:
    """Sign, verify, and put the new bundle in the place of the old one."""
    path: Path = args.bundle
    signers = keys.load(args.keys)
    try:
        root = (args.keys / ROOT).read_bytes()
        files = _files(args.files)
        version = _present(path, root) + 1
        contents = publish.make_bundle(files, signers, version, args.until)
        made = bundle.verify(lambda name, _: contents.get(name), root)
        _, notes = load.load(made)
        _write(path, contents)
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}") from None
    for note in notes:
        print(f"Note: {note}")
    print(f"{path}: version {version}, {_counted(made)}, good until {said(made.expires)}")
    return 0


def _present(path: Path, root: bytes) -> int:
    """Version of the bundle that is there; gates refuse an older one than they had."""
    if not path.exists():
        return 0
    try:
        return max(role.version for name, role in bundle.open_folder(path, root).roles.items() if name != "root")
    except TrustError as fault:
        raise ConfigError(f"{path}: holds no bundle of these keys ({fault}); name another folder, or mend it") from None


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder")
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            continue
        if not is_name(bundle.FILES + name):
            raise ConfigError(f"{path}: needs a plain name (letters, digits, . _ -), at most two folders deep")
        found[name] = path.read_bytes()
    if len(found) > MAX_FILES or sum(map(len, found.values())) > MAX_FILES_BYTES:
        raise ConfigError(f"{folder}: more than {MAX_FILES} files or {MAX_FILES_BYTES >> 20} MiB: no gate takes that")
    return found


def _write(path: Path, contents: dict[str, bytes]) -> None:
    """The new folder is whole before it takes the old one's name."""
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
    return f"{len(made.files)} file{'' if len(made.files) == 1 else 's'}"
