"""All addresses: health, Django's admin, and those of the applications."""

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("postmortems.urls")),
    path("", include("incidents.urls")),
]
handler500 = "config.errors.server_error"
