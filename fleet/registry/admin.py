"""The tables that a superuser keeps by hand; what gates and the audit have written is only shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from fleet.registry.models import AuditEntry, Claim, Device, District, Duty, Site


class _Shown(admin.ModelAdmin):
    """Nobody adds, changes or deletes one here."""

    def has_add_permission(self, _request: Any) -> bool:
        return False

    def has_change_permission(self, _request: Any, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: Any, _obj: Any = None) -> bool:
        return False


@admin.register(District)
class _Districts(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(Duty)
class _Duties(admin.ModelAdmin):
    list_display = ("user", "district", "may_change")


@admin.register(Site)
class _Sites(admin.ModelAdmin):
    list_display = ("name", "district")
    list_filter = ("district",)
    search_fields = ("name",)


@admin.register(Device)
class _Devices(_Shown):
    list_display = ("name", "site", "serial", "state", "enrolled_at")
    exclude = ("key",)
    search_fields = ("name", "serial")


@admin.register(Claim)
class _Claims(_Shown):
    list_display = ("label", "device", "serial", "site", "expires_at", "used_at", "withdrawn")
    exclude = ("secret", "used_by")


@admin.register(AuditEntry)
class _Audit(_Shown):
    list_display = ("at", "who", "what", "subject", "detail")
    search_fields = ("who", "subject")
