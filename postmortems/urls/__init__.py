"""Addresses of what is learned. Fixed words stand before the addresses that hold a reference."""

from . import lessons, reading, transfer, writing

urlpatterns = [*lessons.urlpatterns, *transfer.urlpatterns, *writing.urlpatterns, *reading.urlpatterns]
