"""``gate trust renew`` and ``gate trust publish``: a bundle kept fresh, and as the static files that gates fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate import durable
from gate.app.trust import keys
from gate.app.trust.keys import ROOT, said
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.trust import bundle
from gate.trust import publish as publishing

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def renew(args: argparse.Namespace) -> int:
    """Sign the timestamp of a bundle anew."""
    path: Path = args.bundle
    try:
        found = bundle.open_folder(path, read_bounded(args.keys / ROOT))
        name = "timestamp.json"
        made = publishing.renew(found.metadata[name], keys.signers(args.keys, "timestamp"), args.until)
        durable.write(path / name, made, 0o644)
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}") from None
    print(f"{path}: timestamp {found.roles['timestamp'].version + 1}, good until {said(min(args.until, found.ends))}")
    return 0


def publish(args: argparse.Namespace) -> int:
    """Write what is not there yet; the timestamp last, since with it gates begin to fetch the rest."""
    site: Path = args.site
    written = total = 0
    try:
        found = bundle.open_folder(args.bundle, read_bounded(args.root))
        for name, data in publishing.site(found).items():
            path = site / name
            if path.is_file() and path.read_bytes() == data:
                continue
            durable.write(path, data, 0o644)
            written, total = written + 1, total + len(data)
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}") from None
    print(
        f"{site}: version {found.version}, good until {said(found.expires)}; written: {written} files, {total:,} bytes"
    )
    return 0
