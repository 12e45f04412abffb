"""What is set for which gate: the table's rows by level, merged for each gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet.configuration.checks import base_of
from fleet.registry.levels import Level, Setting
from fleet.registry.models import Device, DeviceState
from gate.config_levels import Placed, Settings, merge
from gate.errors import WireFault
from gate.trust.settings import digest
from gate.wire.inventory import Inventory
from gate.wire.message import decode

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """One level of one part of the fleet."""

    level: Level
    id: int = 0
    """Of the district, site or gate; 0 for the fleet."""

    @property
    def columns(self) -> dict[str, int | None]:
        """What its rows have where."""
        return {
            f"{level.value}_id": self.id if level is self.level else None for level in Level if level is not Level.FLEET
        }


@dataclass(slots=True)
class Said:
    """All that is set."""

    by_place: dict[Place, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Said:
        """As it is in the table."""
        found = cls()
        for row in Setting.objects.all():
            found.at(_place(row))[row.name] = row.value
        return found

    def at(self, place: Place) -> dict[str, Any]:
        """What is set there; may be changed."""
        return self.by_place.setdefault(place, {})

    def changed(self, place: Place, name: str, value: Any) -> Said:
        """The same with another value (None: with none) at one place."""
        other = Said({one: dict(said) for one, said in self.by_place.items()})
        if value is None:
            other.at(place).pop(name, None)
        else:
            other.at(place)[name] = value
        return other

    def levels(self, device: Device) -> list[tuple[Place, Settings]]:
        """What is set for a gate, from the widest to the narrowest."""
        return [(place, self.by_place.get(place, {})) for place in places(device)]

    def merged(self, device: Device) -> dict[str, Placed[Place]]:
        """What holds for a gate of that, and where it comes from."""
        return merge(self.levels(device))

    def values(self, device: Device) -> dict[str, Any]:
        """The same without where it comes from: what is signed for it."""
        return {name: placed.value for name, placed in self.merged(device).items()}

    def digest(self, device: Device) -> str:
        """As the gate tells it."""
        return digest(self.values(device))


def places(device: Device) -> tuple[Place, ...]:
    """The levels of a gate, from the widest to the narrowest."""
    site = device.site
    return (
        Place(Level.FLEET),
        Place(Level.DISTRICT, site.district_id),
        Place(Level.SITE, site.id),
        Place(Level.DEVICE, device.id),
    )


def gates(place: Place | None = None) -> Any:
    """The gates at work that a level is about; None: all of them."""
    found = Device.objects.filter(state=DeviceState.ACTIVE).select_related("site__district", "report")
    match place:
        case Place(Level.DISTRICT, id_):
            return found.filter(site__district=id_)
        case Place(Level.SITE, id_):
            return found.filter(site=id_)
        case Place(Level.DEVICE, id_):
            return found.filter(id=id_)
        case _:
            return found


def with_bases(devices: Any) -> Iterator[tuple[Device, dict[str, Any] | None]]:
    """Gates, with what was set on each by hand, None where nobody knows."""
    for device in devices.order_by("site__name", "name").iterator(chunk_size=500):
        yield device, base(device)


def base(device: Device) -> dict[str, Any] | None:
    """What was set on a gate by hand, as it told last."""
    report = getattr(device, "report", None)
    if report is None or report.inventory is None:
        return None
    try:
        return base_of(decode(bytes(report.inventory), Inventory).base)
    except WireFault:
        return None


def _place(row: Setting) -> Place:
    for level, id_ in ((Level.DEVICE, row.device_id), (Level.SITE, row.site_id), (Level.DISTRICT, row.district_id)):
        if id_ is not None:
            return Place(level, id_)
    return Place(Level.FLEET)
