"""Addresses of what is learned. Fixed words stand before the addresses that hold a reference."""

from . import lessons, reading, writing

urlpatterns = [*lessons.urlpatterns, *writing.urlpatterns, *reading.urlpatterns]
