"""What a machine needs for GPIO lines beside Debian's packages; made once and kept beside the images."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hil.machine.image import cache

if TYPE_CHECKING:
    from hil.machine.guest import Guest

_SCRIPT: Final = Path(__file__).resolve().parents[1] / "extras.sh"


def install_extras(guest: Guest) -> None:
    """Put them into a machine that has its shared folder.

    Raises:
        subprocess.CalledProcessError: they can't be made; what went wrong is on standard error.
    """
    kernel = guest.console.check("uname -r").strip()
    made = subprocess.run([_SCRIPT, cache(), kernel], check=True, stdout=subprocess.PIPE, text=True)
    # As one file: the shared folder takes long over each.
    shutil.make_archive(str(guest.share / "extras"), "tar", made.stdout.splitlines()[-1])
    guest.console.check("tar --extract --no-same-owner --file /hil/extras.tar --directory / && depmod", 120)
