"""Addresses of what is learned. Fixed words stand before the addresses that hold a reference."""

from django.urls import include, path

from . import lessons, reading, search, transfer, writing

_postmortems = [*transfer.urlpatterns, *writing.urlpatterns, *reading.urlpatterns]

urlpatterns = [
    # Looked through only for addresses that begin so.
    path("postmortems/", include(_postmortems)),
    *lessons.urlpatterns,
    *search.urlpatterns,
]
