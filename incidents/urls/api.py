"""Addresses of the API."""

from django.urls import include, path

from ..api import changes

_v1 = [
    path("changes", changes.changes, name="api-changes"),
]

urlpatterns = [path("api/v1/", include(_v1))]
