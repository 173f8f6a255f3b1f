"""Django's admin site: who gets in, and by which door. Apart from its pages, which register with it."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, reverse_lazy
from django.utils.translation import gettext_lazy as _

# Signing in and out and changing the password have pages of their own, with a throttle and an audit; and Django's
# detour by content type to the page of a record answers with whatever host the request named.
LEFT_OUT = {"login", "logout", "password_change", "password_change_done", "view_on_site"}


class NevertwiceAdminSite(AdminSite):
    """For active accounts with the role of an admin. Others who are signed in get 403, visitors the sign-in page."""

    site_header = _("All records")
    site_title = _("Nevertwice")
    index_title = _("All records")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own records; Django's groups and the like mean nothing here, where the role decides."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        ours = [model for model in models if not model.__module__.startswith("django.")]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this person is an admin."""
        return request.user.is_authenticated and request.user.is_admin

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a view of the admin, and keep it out of every cache."""

        def only_admins(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        guarded = super().admin_view(view, cacheable)
        return only_admins

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's addresses of an admin without those that have pages of their own."""
        kept = [url for url in super().get_urls() if getattr(url, "name", None) not in LEFT_OUT]
        for url in kept:
            if isinstance(url, URLPattern):
                url.callback.login_url = reverse_lazy(settings.LOGIN_URL)  # type: ignore[attr-defined]
        return kept
