"""What this project signs is what python-tuf's own client takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trust_bundles import FILES, UNTIL, contents, keys, root, rotated, write
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from gate.trust import publish
from gate.trust.bundle import open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FromFolder(FetcherInterface):
    """Serves a bundle's folder as a web server would."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield (self._folder / url.removeprefix("test://")).read_bytes()
        except FileNotFoundError:
            raise DownloadHTTPError("not found", 404) from None


def test_the_reference_client_fetches_a_bundle_as_it_is(tmp_path: Path) -> None:
    second = rotated(root=keys("2").root)
    newer = {"2.root.json": publish.make_root(second, UNTIL, 2, keys().root)}
    made = open_folder(write(tmp_path / "bundle", contents(5, signed_by=second) | newer), root())
    site = write(tmp_path / "site", publish.site(made))
    (tmp_path / "metadata").mkdir()
    (tmp_path / "files").mkdir()
    client = Updater(
        metadata_dir=str(tmp_path / "metadata"),
        metadata_base_url="test://",
        target_dir=str(tmp_path / "files"),
        target_base_url="test://",
        fetcher=FromFolder(site),
        bootstrap=root(),
    )
    client.refresh()
    for name, data in FILES.items():
        info = client.get_targetinfo(f"trust/{name}")
        assert info is not None
        path = client.download_target(info, str(tmp_path / "files" / name.replace("/", "-")))
        assert (tmp_path / "files" / path).read_bytes() == data
