"""Addresses of channels."""

from django.urls import include, path

from ..views import webhooks

_webhook = [
    path("", webhooks.webhook, name="webhook"),
    path("edit/", webhooks.webhook_edit, name="webhook-edit"),
    path("secret/", webhooks.webhook_secret, name="webhook-secret"),
    path("test/", webhooks.webhook_test, name="webhook-test"),
    path("retire/", webhooks.webhook_retire, name="webhook-retire"),
    path("bring-back/", webhooks.webhook_bring_back, name="webhook-bring-back"),
]

urlpatterns = [
    path("channels/", webhooks.webhook_list, name="webhook-list"),
    path("channels/new/", webhooks.webhook_new, name="webhook-new"),
    path("channels/<int:webhook_id>/", include(_webhook)),
]
