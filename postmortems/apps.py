"""The application for what is learned."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PostmortemsConfig(AppConfig):
    name = "postmortems"
    verbose_name = _("Postmortems")

    def ready(self) -> None:
        from incidents import markup

        from . import hooks

        hooks.register()
        markup.REFERENCES["A"] = "/actions/{}/"
