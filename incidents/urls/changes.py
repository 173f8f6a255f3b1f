"""Addresses of changes that belong to no incident."""

from django.urls import include, path

from ..views import changes

_changes = [
    path("", changes.change_list, name="change-list"),
    path("new/", changes.change_new, name="change-new"),
    path("echo/", changes.change_echo, name="change-echo"),
    path("<int:change_id>/", changes.change, name="change"),
]

urlpatterns = [path("changes/", include(_changes))]
