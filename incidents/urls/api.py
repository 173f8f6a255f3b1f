"""Addresses of the API."""

from django.urls import include, path

from ..api import changes, hooks

_v1 = [
    path("changes", changes.changes, name="api-changes"),
    path("hooks/alertmanager", hooks.alertmanager, name="api-hook-alertmanager"),
    path("hooks/alert", hooks.alert, name="api-hook-alert"),
]

urlpatterns = [path("api/v1/", include(_v1))]
