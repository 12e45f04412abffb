"""How Django knows the schema."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """The one application with tables."""

    name = "fleet.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"
