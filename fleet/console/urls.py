"""Which page is where."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from fleet.console import rollouts, views

urlpatterns = [
    path("", views.gates, name="gates"),
    path("gates/<str:name>/", views.gate, name="gate"),
    path("gates/<str:name>/revoke", views.revoke, name="revoke"),
    path("gates/<str:name>/command", views.command, name="command"),
    path("claims/", views.claims, name="claims"),
    path("claims/<str:label>/withdraw", views.withdraw, name="withdraw"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views.OwnPassword.as_view(), name="password_change"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("rollouts/", rollouts.rollouts, name="rollouts"),
    path("rollouts/<int:number>/move", rollouts.move, name="rollout"),
]
