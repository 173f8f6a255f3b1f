"""The application for what happens."""

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        from .domain.redaction import derived

        derived.register()
        post_migrate.connect(complete_database, sender=self)


def complete_database(*, using: str, apps: Apps = installed_apps, **_kwargs: object) -> None:
    """Add what migrations cannot keep, after each of them and each flush: triggers, and the rows all else needs."""
    from .ddl import install_ddl
    from .defaults import ensure_defaults

    try:
        apps.get_model("incidents", "SeverityLevel")
    except LookupError:
        # Migrated back to before the first table.
        return
    install_ddl(connections[using])
    ensure_defaults(using=using, apps=apps)
