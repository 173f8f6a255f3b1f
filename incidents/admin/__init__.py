"""Django's admin: all records, for admins, who change them there by the same domain functions as anywhere else."""

from . import catalogue, incidents, people, records, timeline

__all__ = ["catalogue", "incidents", "people", "records", "timeline"]
