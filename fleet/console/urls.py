"""Which page is where."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from fleet.console import (
    alarms,
    bulk,
    city,
    configuration,
    flags,
    gate_configuration,
    planned,
    retirement,
    rollouts,
    second_factor,
    sites,
    tables,
    views,
)
from fleet.console.lockout import LoginForm

urlpatterns = [
    path("", views.gates, name="gates"),
    path("gates.csv", tables.gates, name="gates-csv"),
    path("bulk/", bulk.preview, name="bulk"),
    path("bulk/do", bulk.carry_out, name="bulk-do"),
    path("import/sites", tables.sites, name="import-sites"),
    path("import/claims", tables.claims, name="import-claims"),
    path("gates/<str:name>/", views.gate, name="gate"),
    path("gates/<str:name>/revoke", views.revoke, name="revoke"),
    path("gates/<str:name>/command", views.command, name="command"),
    path("gates/<str:name>/retirement", retirement.certificate, name="retirement"),
    path("gates/<str:name>/configuration", gate_configuration.gate, name="gate-configuration"),
    path("configuration/", configuration.overview, name="configuration"),
    path("configuration/<str:kind>/<int:number>/", configuration.level, name="level"),
    path("configuration/<str:kind>/<int:number>/preview", configuration.preview, name="setting"),
    path("configuration/<str:kind>/<int:number>/do", configuration.carry_out, name="setting-do"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:number>/acknowledge", alarms.acknowledge, name="acknowledge"),
    path("flags/", flags.flags, name="flags"),
    path("flags/many", flags.many, name="flags-many"),
    path("flags/person", flags.person, name="flag-person"),
    path("flags/<int:number>/", flags.change, name="flag-change"),
    path("flags/<int:number>/decide", flags.decide, name="flag-decide"),
    path("sites/<int:number>/", sites.site, name="site"),
    path("sites/<int:number>/hours", planned.hours, name="hours"),
    path("sites/<int:number>/absence", planned.site_absence, name="site-absence"),
    path("gates/<str:name>/absence", planned.gate_absence, name="gate-absence"),
    path("absences/<int:number>/end", planned.end, name="absence-end"),
    path("city/", city.city, name="city"),
    path("claims/", views.claims, name="claims"),
    path("claims/<str:label>/withdraw", views.withdraw, name="withdraw"),
    path("login/", LoginView.as_view(authentication_form=LoginForm), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views.OwnPassword.as_view(), name="password_change"),
    path("second-factor/", second_factor.own, name="second-factor"),
    path("second-factor/begin", second_factor.begin, name="second-factor-begin"),
    path("second-factor/confirm", second_factor.confirm, name="second-factor-confirm"),
    path("second-factor/renew", second_factor.renew, name="second-factor-renew"),
    path("second-factor/remove", second_factor.remove, name="second-factor-remove"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("rollouts/", rollouts.rollouts, name="rollouts"),
    path("rollouts/<int:number>/move", rollouts.move, name="rollout"),
]
