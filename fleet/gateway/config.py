"""The gateway's configuration: one TOML file, and a folder with one for each interface."""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from fleet.errors import FleetError
from fleet.gateway import adapter as adapters
from fleet.gateway.interface import Interface
from fleet.gateway.keys import guarded, load_key
from gate.credentials.code_issuers import CodeIssuer
from gate.credentials.code_issuers import load as load_issuer
from gate.errors import ConfigError, TrustError
from gate.net.trust import TlsTrust, pin_from
from gate.pseudonym import KEY_BYTES, PseudonymKey

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.gateway.door import Network

_TOKEN_KEY_BYTES: Final = 32
_MOST_BYTES: Final = 64 * 1024


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gates: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)]
    pseudonym_key: str
    health_codes: str
    interfaces: str
    counts: str
    token_key: str | None = None
    listen: Annotated[str, Meta(pattern=r"\A[0-9.]{7,15}:[0-9]{1,5}\Z")] = "127.0.0.1:8780"
    deadline_ms: Annotated[int, Meta(ge=100, le=700)] = 600
    cache_s: Annotated[int, Meta(ge=1, le=60)] = 10


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a gateway is started with; paths are absolute."""

    host: str
    port: int
    gates: tuple[Network, ...]
    """Addresses that are answered at all."""
    token_key: bytes | None = field(repr=False)
    """What tokens of gates are told by; None: all addresses are this machine's own, and nobody needs one."""
    pseudonyms: PseudonymKey
    interfaces: tuple[Interface, ...]
    counts: Path
    deadline_s: float
    cache_s: float


def load(path: Path) -> Config:
    """Read a configuration, the interfaces and their keys.

    Raises:
        FleetError: something of it can't be used; the message names the file and the key.
    """
    try:
        file = msgspec.convert(tomllib.loads(_text(path)), _File)
        gates = tuple(ipaddress.ip_network(text) for text in file.gates)
    except (ValueError, RecursionError) as fault:
        raise FleetError(f"{path}: {fault}") from None
    here = path.resolve().parent
    host, _, port = file.listen.partition(":")
    return Config(
        host,
        int(port),
        gates,
        _token_key(path, here, file.token_key, gates),
        PseudonymKey(_key(here / file.pseudonym_key, KEY_BYTES, "pseudonym key; it is the fleet's")),
        _interfaces(here / file.interfaces, here / file.health_codes),
        here / file.counts,
        file.deadline_ms / 1000,
        file.cache_s,
    )


def _interfaces(folder: Path, health_codes: Path) -> tuple[Interface, ...]:
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise FleetError(f"{folder}: no interface in it, so there is nobody to ask; see docs/gateway.md")
    issuers = _issuers(health_codes)
    found = tuple(_interface(file, issuers) for file in files)
    for what in ([one.adapter.id for one in found], [one.adapter.issuer for one in found if one.adapter.issuer]):
        if twice := {name for name in what if what.count(name) > 1}:
            raise FleetError(f"{folder}: {min(twice)} is there twice")
    return found


def _interface(file: Path, issuers: dict[str, CodeIssuer]) -> Interface:
    adapter = adapters.load(_text(file).encode(), str(file))
    tables = adapter.tables() if adapter.issuer is None else issuers.get(adapter.issuer)
    if tables is None or tables.answers is None:
        raise FleetError(f"{file}: nothing says what answers of {adapter.issuer} mean; see config/health-codes")
    try:
        ca_file = None if adapter.ca_file is None else file.parent / adapter.ca_file
        trust = TlsTrust(ca_file, frozenset(pin_from(text) for text in adapter.pins))
        return Interface(adapter, tables, load_key(file.parent / adapter.key), trust)
    except ConfigError as fault:
        raise FleetError(f"{file}: {fault}") from None


def _issuers(folder: Path) -> dict[str, CodeIssuer]:
    found = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            issuer = load_issuer(_text(file).encode())
        except TrustError as fault:
            raise FleetError(f"{file}: {fault}") from None
        found[issuer.id] = issuer
    return found


def _token_key(path: Path, here: Path, name: str | None, gates: tuple[Network, ...]) -> bytes | None:
    if name is not None:
        return _key(here / name, _TOKEN_KEY_BYTES, "key for tokens; fleet gateway-key FILE writes it")
    if not all(network.is_loopback for network in gates):
        raise FleetError(
            f"{path}: whoever has an address of these networks could ask about everybody; make a key by "
            f"fleet gateway-key FILE and write token_key, or let gates be of this machine alone (127.0.0.0/8)"
        )
    return None


def _key(path: Path, size: int, what: str) -> bytes:
    key = guarded(path, size)
    if len(key) != size:
        raise FleetError(f"{path}: is no {what}, {size} bytes")
    return key


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except OSError as fault:
        raise FleetError(f"{path}: can't be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise FleetError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
