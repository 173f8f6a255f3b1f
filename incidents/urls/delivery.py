"""Addresses of the delivery log."""

from django.urls import path

from ..views import delivery

urlpatterns = [
    path("delivery/", delivery.delivery_log, name="delivery-log"),
    path("delivery/resend/", delivery.delivery_resend_all, name="delivery-resend-all"),
    path("delivery/<int:pk>/resend/", delivery.delivery_resend, name="delivery-resend"),
]
