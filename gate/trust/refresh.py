"""The newest bundle of a server, fetched into a folder of its own and verified whole before anybody believes it.

python-tuf follows the roots from the pinned one and fetches the metadata: what is past its end, or older than what it
fetched before, it refuses. Then ``gate.trust.bundle`` verifies all of it once more by its own, stricter rules, and
only what passed as metadata has its files fetched. A file that the gate has already is not fetched again.

Blocking, for a thread of its own.
"""

from __future__ import annotations

import io
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from gate.errors import NetworkFault, TrustError
from gate.trust import bundle, folder
from gate.trust.bundle import MAX_NEWER_ROOTS, ROLES
from gate.trust.metadata import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import IO

    from gate.net.client import Client
    from gate.trust.bundle import Bundle, Read

ANSWER_S: Final = 10.0
"""For the smallest file; a larger one gets a second more for every ``SLOWEST`` bytes of it."""
SLOWEST: Final = 32 * 1024
WHOLE_S: Final = 900.0
"""For all of a refresh."""

_OK: Final = 200
_CONFIG: Final = UpdaterConfig(
    max_root_rotations=MAX_NEWER_ROOTS,
    root_max_length=MAX_BYTES,
    timestamp_max_length=MAX_BYTES,
    snapshot_max_length=MAX_BYTES,
    targets_max_length=MAX_BYTES,
)


def fetch(
    server: Client,
    pinned_root: bytes,
    staging: Path,
    held: Path | None,
    heard: Callable[[datetime], None],
    wanted: Collection[str] = ROLES,
) -> Bundle:
    """The newest bundle that the server has.

    Args:
        server: where the files of ``gate.trust.publish.site`` lie.
        pinned_root: content of the root that was installed with the gate.
        staging: a folder for this alone; what is left in it saves requests and is believed no more than the network.
        held: folder of a bundle that the gate has already.
        heard: told what the server's clock shows, where it proved who it is.
        wanted: as for ``bundle.verify``; nothing else is fetched.

    Raises:
        NetworkFault: the server can't be reached, or does not give what it should.
        TrustError: what it gives is refused.
        OSError: the folder can't be written.
    """
    fetcher = _Fetcher(server, heard)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        updater = _metadata(fetcher, pinned_root, staging)
        with folder.reading(staging) as read:
            found = bundle.verify(_reader(updater, read, staging, held), pinned_root, wanted)
    except TrustError:
        shutil.rmtree(staging, ignore_errors=True)  # whatever it was, the next time begins anew
        raise
    except (RepositoryError, ValueError) as fault:
        shutil.rmtree(staging, ignore_errors=True)
        raise TrustError(_why(fault)) from None
    except DownloadError as fault:
        if fetcher.fault is not None:
            raise fetcher.fault from None
        raise TrustError(_why(fault)) from None
    for role in ROLES:
        shutil.rmtree(staging / role, ignore_errors=True)  # whoever takes the bundle has its own copy of the files
    return found


class _Fetcher(FetcherInterface):
    """What python-tuf fetches with: bounded in time and in size before anything is kept."""

    def __init__(self, server: Client, heard: Callable[[datetime], None]) -> None:
        self._server = server
        self._heard = heard
        self._ends = time.monotonic() + WHOLE_S
        self.fault: NetworkFault | None = None
        """Why nothing more could be fetched; python-tuf has no room for it in its own errors."""

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """In place of the library's, which learns of the bound too late."""
        yield io.BytesIO(b"".join(self._get(url, max_length)))

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._get(url, MAX_BYTES)

    def _get(self, path: str, most: int) -> Iterator[bytes]:
        deadline = min(ANSWER_S + most / SLOWEST, self._ends - time.monotonic())
        try:
            answer = self._server.request("GET", path, deadline_s=max(deadline, 0.0), most_bytes=most)
        except NetworkFault as fault:
            self.fault = fault
            raise DownloadError(path) from None
        if answer.date is not None:
            self._heard(answer.date)
        if answer.status != _OK:
            raise DownloadHTTPError(path, answer.status)
        yield answer.body


def _metadata(fetcher: _Fetcher, pinned_root: bytes, staging: Path) -> Updater:
    """Fetch all metadata; that of the delegated roles comes once a name of theirs is asked for."""
    updater = Updater(str(staging), "/", target_base_url="/", fetcher=fetcher, config=_CONFIG, bootstrap=pinned_root)
    updater.refresh()
    for role in ROLES:
        updater.get_targetinfo(f"{role}/-")
    return updater


def _reader(updater: Updater, read: Read, staging: Path, held: Path | None) -> Read:
    """Where the parts of the bundle are found; its files are fetched when they are asked for."""

    def part(name: str, limit: int) -> bytes | None:
        if name.endswith(".root.json"):
            return read(f"root_history/{name}", limit)
        if "/" not in name:
            return read(name, limit)
        described = updater.get_targetinfo(name)
        if described is None or described.length > limit:
            return None  # ``targets`` itself may list a file of the same name, which is none of the role's
        if held is not None and updater.find_cached_target(described, str(held / name)) is not None:
            with folder.reading(held) as own:
                return own(name, limit)
        if updater.find_cached_target(described, str(staging / name)) is None:
            updater.download_target(described, str(staging / name))
        return read(name, limit)

    return part


def _why(fault: Exception) -> str:
    """python-tuf's errors in our words: its own quote what they refuse."""
    match fault:
        case ExpiredMetadataError():
            return "the server's bundle is past its end: nothing newer was signed in time, or somebody keeps it back"
        case BadVersionNumberError():
            return "the server's bundle is older than what was fetched before"
        case UnsignedMetadataError():
            return "the server's bundle is not signed by enough of the keys that may sign it"
        case DownloadHTTPError():
            return f"the server has not all of its bundle (answer {fault.status_code})"
        case _:
            return "the server's bundle is not of its form; a captive portal in between looks like this too"
