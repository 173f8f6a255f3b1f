"""Addresses of the list of incidents."""

from django.urls import path

from ..views import incident_list

urlpatterns = [
    path("incidents/", incident_list.incident_list, name="incident-list"),
    path("incidents/export.csv", incident_list.incident_export, name="incident-export"),
]
