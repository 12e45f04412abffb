"""One small rig for each driver: whoever adds a driver writes its rig and adds it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rigs_camera import CodesOnSocket
from rigs_codes import EngineOnPort, Gun, PicturesInFolder, PlainGunOnPort
from rigs_id_card import IdCardOnPort, IdCardOnUsb
from rigs_smartcard import CardInReader

if TYPE_CHECKING:
    from rig import Rig

RIGS: Final[tuple[type[Rig], ...]] = (
    IdCardOnPort,
    IdCardOnUsb,
    Gun,
    EngineOnPort,
    PlainGunOnPort,
    CardInReader,
    CodesOnSocket,
    PicturesInFolder,
)
"""In the order of the table."""
