"""Addresses of what is learned. Fixed words stand before the addresses that hold a reference."""

from django.urls import include, path

from . import insights, lessons, reading, search, transfer, writing

_postmortems = [*transfer.urlpatterns, *writing.urlpatterns, *reading.urlpatterns]

urlpatterns = [
    # Looked through only for addresses that begin so.
    path("postmortems/", include(_postmortems)),
    path("insights/", include(insights)),
    *lessons.urlpatterns,
    *search.urlpatterns,
]
