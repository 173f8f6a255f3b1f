"""Addresses of imports and exports."""

from django.urls import path

from ..views import transfer

urlpatterns = [
    path("import/", transfer.import_page, name="postmortem-import"),
    path("<slug:reference>/export/<str:format>/", transfer.export_file, name="postmortem-export"),
]
