"""All addresses."""

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("admin/", admin.site.urls),
    path("", include("incidents.urls")),
]
