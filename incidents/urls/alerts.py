"""Addresses of what becomes of alerts."""

from django.urls import path

from ..views import alerts

urlpatterns = [
    path("alert-rules/", alerts.alert_rule_list, name="alert-rule-list"),
    path("alert-rules/new/", alerts.alert_rule_new, name="alert-rule-new"),
    path("alert-rules/try/", alerts.alert_trial, name="alert-trial"),
    path("alert-rules/<int:rule_id>/", alerts.alert_rule_edit, name="alert-rule-edit"),
    path("alerts/", alerts.alert_log, name="alert-log"),
    path("alerts/<int:receipt_id>/", alerts.alert_receipt, name="alert-receipt"),
    path("alerts/<int:receipt_id>/try-again/", alerts.alert_receipt_retry, name="alert-receipt-retry"),
]
