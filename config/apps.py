"""The applications that only join: system checks, and where Django's admin is found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class CompositionConfig(AppConfig):
    """This package, so that its checks are found."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401


class AdminConfig(DjangoAdminConfig):
    """Django's admin, with our own site."""

    default_site = "incidents.admin_site.NevertwiceAdminSite"
