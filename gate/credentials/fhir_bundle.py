"""A FHIR bundle (HL7 FHIR R4) as far as a gate needs it: whose it is, and its resources by type.

What the resources say is for rules; FHIR's own schema is not checked, since a rule that doesn't find what it asks for
does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gate.credentials.names import shown
from gate.errors import CredentialFault
from gate.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RESOURCES = 100
_PATIENT = "Patient"
_DAY_CHARACTERS = len("2000-01-01")

_Text = Annotated[str, Meta(max_length=255)]


class _ResourceType(Struct, rename="camel"):
    resource_type: Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z]{1,63}\Z")]


class _Entry(Struct):
    resource: dict[str, Any]


class Bundle(Struct, rename="camel"):
    """The form of a bundle: for structs that hold one."""

    resource_type: Annotated[str, Meta(pattern=r"^Bundle\Z")]  # faults of a Literal would quote what stands there
    entry: Annotated[list[_Entry], Meta(min_length=1, max_length=MAX_RESOURCES)]


class _Name(Struct):
    text: _Text | UnsetType = UNSET
    family: _Text | UnsetType = UNSET
    given: Annotated[list[_Text], Meta(max_length=10)] | UnsetType = UNSET


class _Patient(Struct, rename="camel"):
    name: Annotated[list[_Name], Meta(min_length=1, max_length=10)]
    birth_date: Annotated[str, Meta(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?\Z")] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Content:
    """What a bundle holds."""

    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    """None where only the year or the month is known, or nothing."""
    resources: Mapping[str, list[dict[str, Any]]] = field(repr=False)
    """By type and in their order, unchanged."""


def read(bundle: Bundle) -> Content:
    """Group the resources of a bundle, and find its only patient.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    resources: dict[str, list[dict[str, Any]]] = {}
    try:
        for entry in bundle.entry:
            resource_type = msgspec.convert(entry.resource, _ResourceType).resource_type
            resources.setdefault(resource_type, []).append(entry.resource)
        patients = [msgspec.convert(patient, _Patient) for patient in resources.get(_PATIENT, ())]
    except msgspec.ValidationError as error:
        # msgspec names the field and what was expected there, never the value.
        raise _unacceptable(str(error)) from error
    if len(patients) != 1:
        raise _unacceptable("not about exactly one patient")
    (patient,) = patients
    return Content(_display_name(patient.name[0]), _birth_date(patient.birth_date), resources)


def _display_name(name: _Name) -> str:
    parts = (*(name.given or ()), name.family or "")
    text = shown(" ".join(part for part in parts if part) or name.text or "")
    if not text:
        raise _unacceptable("a patient without a name")
    return text


def _birth_date(text: str | UnsetType) -> date | None:
    if text is UNSET or len(text) != _DAY_CHARACTERS:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _unacceptable("a day of birth that does not exist") from error


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"fhir: {what}")
